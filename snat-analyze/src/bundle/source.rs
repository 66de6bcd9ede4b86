//! Where bundles come from, and what their entries are called.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Where a bundle comes from.
#[non_exhaustive]
pub enum Source {
    /// A folder, an archive or a file. The path itself may be a link; links below it are not followed.
    Path(PathBuf),
    /// Anything that can be read, with the name that it goes by in the report.
    Reader {
        /// `-` for standard input.
        name: String,
        /// Its bytes: an archive, or one dump.
        reader: Box<dyn Read + Send>,
    },
    /// Dumps in memory that belong to one bundle, like the files of a folder; an archive among them is opened.
    Texts {
        /// The name that the bundle goes by in the report.
        name: String,
        /// Path in the bundle, and bytes.
        texts: Vec<(String, Vec<u8>)>,
    },
}

impl Source {
    /// Anything that can be read: an archive, or one dump.
    ///
    /// ```
    /// use snat_analyze::{Analysis, Options, Source};
    ///
    /// let log = "0 connect 77 curl 4 10.244.3.9 20.51.14.8 40114 443 4026533011\n";
    /// let source = Source::reader("tcptracer.log", log.as_bytes());
    /// let report = Analysis::of(vec![source], &Options::default())?;
    /// assert_eq!(report.nodes[0].capture.connects_public, Some(1));
    /// # Ok::<(), snat_analyze::Error>(())
    /// ```
    pub fn reader(name: impl Into<String>, reader: impl Read + Send + 'static) -> Self {
        Self::Reader { name: name.into(), reader: Box::new(reader) }
    }

    /// Dumps in memory that belong to one bundle. Each path names an entry, and may help to tell what it holds.
    ///
    /// ```
    /// use snat_analyze::{Analysis, Options, Source};
    ///
    /// let log = "0 connect 77 curl 4 10.244.3.9 20.51.14.8 40114 443 4026533011\n";
    /// let pods = "\
    /// NAMESPACE  NAME   READY  STATUS   RESTARTS  AGE  IP          NODE  NOMINATED NODE  READINESS GATES
    /// default    nginx  1/1    Running  0         6h   10.244.3.9  n-1   <none>          <none>
    /// ";
    /// let source = Source::texts("case 42", [("tcptracer.log", log), ("pods.txt", pods)]);
    /// let report = Analysis::of(vec![source], &Options::default())?;
    /// assert_eq!(report.nodes[0].ranking[0].owner.pod.as_deref(), Some("nginx"));
    /// # Ok::<(), snat_analyze::Error>(())
    /// ```
    pub fn texts<N: Into<String>, B: Into<Vec<u8>>>(
        name: impl Into<String>,
        texts: impl IntoIterator<Item = (N, B)>,
    ) -> Self {
        let texts = texts.into_iter().map(|(path, bytes)| (path.into(), bytes.into())).collect();
        Self::Texts { name: name.into(), texts }
    }

    /// The base name that reports use.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Reader { name, .. } | Self::Texts { name, .. } => name.clone(),
            Self::Path(path) => {
                let whole = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
                let base = path.file_name().or(whole.file_name());
                base.map_or_else(|| path.to_string_lossy().into_owned(), |name| name.to_string_lossy().into_owned())
            }
        }
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(path) => f.debug_tuple("Path").field(path).finish(),
            Self::Reader { name, .. } => f.debug_struct("Reader").field("name", name).finish_non_exhaustive(),
            Self::Texts { name, texts } => {
                let paths: Vec<&str> = texts.iter().map(|(path, _)| path.as_str()).collect();
                f.debug_struct("Texts").field("name", name).field("paths", &paths).finish_non_exhaustive()
            }
        }
    }
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Self::Path(path)
    }
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        Self::Path(path.to_path_buf())
    }
}

/// Where an entry lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct EntryName {
    /// Base name of the bundle.
    pub bundle: String,
    /// Path in the bundle. A member of an archive within it stands behind `!`; a second member of one archive with
    /// the same path ends in `#2`, the next in `#3`.
    pub path: String,
}

/// Bytes of a member's name that are kept: as many as a path of Linux may have.
const NAME: usize = 4096;

/// A member's name as a label: separators of one kind, no `./` before it, of bounded length.
pub(super) fn label(raw: &[u8]) -> String {
    let mut name = String::from_utf8_lossy(&raw[..raw.len().min(NAME)]).into_owned();
    if raw.len() > NAME {
        name.push('…');
    }
    match name.strip_prefix("./") {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => name,
    }
}

/// The kind of error that says that a limit was reached.
pub(super) fn code(error: &io::Error) -> &'static str {
    if error.kind() == io::ErrorKind::QuotaExceeded { "limit" } else { "cut-archive" }
}
