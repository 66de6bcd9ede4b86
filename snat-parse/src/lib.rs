//! Text dumps of node tools to tables, with every line accounted for.
//!
//! ```text
//! bytes ─► EntryReader ─► lines ─┬─ tcptracer, while reading ─► Columns ─► Sink
//!                                └─ the rest ─► detect: sections ─► Format::parse ─► Table
//!                                                          every line ─► one fate ─► Tally, Diagnostics
//! ```
//!
//! Nothing here opens a file, prints, or knows what the tables are for. Parsing never fails: what cannot be read is
//! counted, with its line and a reason.
//!
//! ```
//! use snat_parse::{EntryReader, Ignore, Keep};
//!
//! let text = "        NS TYPE NPROCS   PID USER COMMAND\n4026532785 net       3 19832 root bash\nwhat?\n";
//! let mut reader = EntryReader::new(Keep::default());
//! reader.feed(text.as_bytes(), &mut Ignore);
//! let entry = reader.finish(&mut Ignore);
//!
//! let lsns = &entry.sections[0];
//! assert_eq!((lsns.format, lsns.rows, lsns.tally.data, lsns.tally.skipped_lines()), (Some("lsns"), 1, 1, 1));
//! let unknown = &entry.sections[1];
//! assert_eq!((unknown.format, unknown.first_line, unknown.lines), (None, 3, 1));
//! ```

mod block;
mod detect;
mod diag;
mod entry;
mod foreign;
mod format;
pub mod formats;
mod header;
mod lex;
mod line;
mod noise;
mod paste;
mod table;

pub use detect::{Claim, by_file_name, sections};
pub use diag::{Diagnostic, Diagnostics, Fate, Reject, Skip, Tally};
pub use entry::{Cut, Entry, EntryReader, Ignore, Keep, Section};
pub use format::{Format, Mark, Meta, Parsed, Sheet, parse_section, parse_text};
pub use lex::{Addr, AddrRef};
pub use line::{Line, lines};
pub use table::{Column, Kind, Numbered, PLACE_CHARS, Rows, Table, place_text};
