//! BCC `tcptracer`, every flag combination, and the libbpf tool of the same name: one row an event.
//!
//! ```text
//! Tracing TCP established connections. Ctrl-C to end.
//! TIME(ns)      TYPE         PID    COMM             IP SADDR            DADDR            SPORT  DPORT  NETNS
//! 0             connect      1843217 .NET TP Worker   4  10.244.3.9       20.51.14.8       40112  443    4026533011
//! 10000000412733connect      77                      4  10.244.3.9       20.51.14.8       40114  443    4026533011
//! ```
//!
//! ```text
//! event = [time] [uid] type pid comm tail
//! tail  = ip saddr daddr sport dport [netns] end      anchored at the right: comm is what is left between
//! type  = connect | accept | close | unknown          with -v;  C | A | X | U | -  without
//! time  = ["-"] digits                                with -t -v, nanoseconds;  digits "." 3 digits  seconds, -t alone
//! ```
//!
//! Traps: time and type touch from 10^13 ns (2 h 46 min) or 10,000 s on; comm holds blanks, digits, anything, and may
//! be empty; a seven-digit PID moves the row by one; a warning can be written into the middle of a record; the last
//! record of a killed run is cut; a second banner starts a run with a clock of its own.
//!
//! The row shape tells the flags, so no header is needed and a wrong one does no harm.

mod batch;
mod dictionary;
mod grammar;
mod plain;
mod stream;

pub use batch::{Batch, BatchRow, Columns};
pub use grammar::{Event, Kind, event};
pub use plain::printed_again;
pub use stream::{Fates, LineFormat, Reader, Sink};

use crate::format::{Format, Mark, Meta, Sheet};
use crate::lex::Addr;
use crate::line::Line;
use crate::table::{Record, Rows, Table, columns};

/// `tcptracer`.
#[derive(Debug)]
pub struct Tcptracer;

columns! {
    /// One event with storage of its own. The streaming way uses [`Event`] and [`Columns`] instead.
    pub struct Row {
        /// Nanoseconds since the first event of the run; may be negative.
        time: i64 = "time",
        /// `connect`, `accept`, `close`, `unknown`.
        kind: String = "type",
        /// Process id in the node's own PID space.
        pid: u64 = "pid",
        /// Name of the thread, up to 15 bytes.
        comm: String = "comm",
        /// Address family of the socket, 4 or 6.
        ip: u64 = "ip",
        /// Local address.
        saddr: Addr = "saddr",
        /// Remote address.
        daddr: Addr = "daddr",
        /// Local port.
        sport: u64 = "sport",
        /// Remote port.
        dport: u64 = "dport",
        /// Inode of the socket's network namespace.
        netns: u64 = "netns",
        /// User id; the libbpf tool only.
        uid: u64 = "uid",
    }
}

impl Row {
    fn of(event: &Event<'_>) -> Self {
        Self {
            time: event.time,
            kind: Some(event.kind.name().to_owned()),
            pid: event.pid.map(u64::from),
            comm: Some(String::from_utf8_lossy(event.comm).into_owned()),
            ip: event.ip.map(u64::from),
            saddr: Some(event.saddr.to_addr()),
            daddr: Some(event.daddr.to_addr()),
            sport: event.sport.map(u64::from),
            dport: event.dport.map(u64::from),
            netns: event.netns,
            uid: event.uid.map(u64::from),
        }
    }
}

/// The events of a batch as a table, with storage of their own.
pub fn table(batch: &Batch<'_>) -> Table {
    let mut table = Table::new::<Row>();
    for at in 0..batch.len() {
        let text = String::from_utf8_lossy(batch.text(at));
        table.push(batch.line(at), &text, Row::of(&batch.event(at)), Vec::new());
    }
    table
}

/// The typed rows of a text that is one dump.
pub fn rows(text: &[u8]) -> Rows<Row> {
    Rows::read(&Tcptracer, text, |sheet, out| {
        stream::read_sheet(sheet, &mut |batch| {
            for at in 0..batch.len() {
                let text = String::from_utf8_lossy(batch.text(at));
                out.take(batch.line(at), &text, Row::of(&batch.event(at)), Vec::new());
            }
        });
    })
}

impl Format for Tcptracer {
    fn meta(&self) -> Meta {
        Meta {
            name: "tcptracer",
            tool: "tcptracer (BCC)",
            command: "timeout -s INT -k 30 600 /usr/share/bcc/tools/tcptracer -tv > tcptracer.log",
            columns: Row::COLUMNS,
        }
    }

    fn mark(&self, lines: &[Line<'_>], at: usize) -> Mark {
        let Some(line) = lines.get(at) else { return Mark::No };
        let text = line.body().as_bytes();
        if grammar::is_banner(text) || grammar::is_header(text) {
            Mark::Header
        } else if event(text).is_ok() {
            Mark::Row
        } else if stream::lost_samples(text).is_some() {
            Mark::Inside
        } else {
            Mark::No
        }
    }

    fn parse(&self, sheet: &mut Sheet<'_>) -> Table {
        let mut found = Table::new::<Row>();
        stream::read_sheet(sheet, &mut |batch| found = table(batch));
        found
    }
}
