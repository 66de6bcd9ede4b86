//! What the engineer was sent, as a stream of entries: a folder, a tar, a zip, a compressed one of these (gzip, xz, zstd,
//! bzip2), one in another, a single file, any reader; texts in UTF-16, too, and what a run-command wraps in JSON.
//!
//! Nothing is unpacked to disk, no link is followed, no name from a bundle is used as a path. An archive that breaks
//! off is read up to there; the rest of the bundle is still read.

mod held;
mod limits;
mod shape;
mod source;
mod tarred;
mod unpack;
mod walker;
mod watch;
mod wrapper;
mod zipped;

pub use limits::Limits;
pub use source::{EntryName, Source};
pub use watch::Progress;

use std::io::{self, Read};
use std::ops::ControlFlow;

use crate::error::Error;
use crate::report::Notice;
use walker::Walker;

/// Takes the entries. An error of the reader is the end of the entry and goes back to the caller.
pub trait Visit {
    /// One entry, from its first byte on.
    ///
    /// # Errors
    /// Those of the reader; the rest of the bundle is read all the same.
    fn entry(&mut self, name: EntryName, reader: &mut dyn Read) -> io::Result<()>;

    /// Asked between entries, and every so often while a part of an archive is passed over that is no entry; `Break`
    /// ends the walk with [`Error::Cancelled`]. To end it from within an entry, return an error there and break here.
    fn progress(&mut self, _at: &Progress<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Reads all sources, entry by entry. Problems within a bundle become notices.
///
/// ```
/// use std::io::{self, Read};
/// use snat_analyze::{EntryName, Limits, Source, Visit, walk};
///
/// #[derive(Default)]
/// struct Sizes(Vec<(String, usize)>);
///
/// impl Visit for Sizes {
///     fn entry(&mut self, name: EntryName, reader: &mut dyn Read) -> io::Result<()> {
///         let mut bytes = Vec::new();
///         reader.read_to_end(&mut bytes)?;
///         self.0.push((name.path, bytes.len()));
///         Ok(())
///     }
/// }
///
/// let mut sizes = Sizes::default();
/// let source = Source::texts("case 42", [("a.txt", "words\n"), ("b.txt", "")]);
/// let notices = walk(vec![source], &Limits::default(), &mut sizes)?;
/// assert_eq!(sizes.0, [("a.txt".to_owned(), 6), ("b.txt".to_owned(), 0)]);
/// assert!(notices.is_empty());
/// # Ok::<(), snat_analyze::Error>(())
/// ```
///
/// # Errors
/// Where a source cannot be opened, or [`Visit::progress`] breaks off.
pub fn walk(sources: Vec<Source>, limits: &Limits, visit: &mut dyn Visit) -> Result<Vec<Notice>, Error> {
    let mut names: Vec<String> = Vec::new();
    let mut walker = Walker::new(limits, visit);
    for source in sources {
        let base = source.name();
        let again = names.iter().filter(|name| **name == base).count();
        names.push(base.clone());
        let bundle = if again == 0 { base.clone() } else { format!("{base}#{}", again + 1) };
        walker.source(source, bundle, &base)?;
    }
    Ok(walker.into_notices())
}
