//! `--rejects`: every line that was not understood, in a file of its own.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use snat_analyze::{EntryName, Observe};

use crate::exit::Failure;
use crate::outputs;
use crate::render::printable;

/// Writes the lines; without a file it wants none.
#[derive(Default)]
pub(crate) struct Rejects {
    out: Option<(PathBuf, Box<dyn Write>)>,
    failed: Option<io::Error>,
}

impl Rejects {
    /// Opens the file; `read` are those that must not be written.
    pub(crate) fn to(path: Option<&Path>, force: bool, read: &[PathBuf]) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::default()) };
        let out: Box<dyn Write> = if path.as_os_str() == "-" {
            Box::new(io::stderr())
        } else {
            outputs::check(path, force, read)?;
            let file = outputs::create(path, force).map_err(|error| Failure::File(path.to_path_buf(), error))?;
            Box::new(BufWriter::new(file))
        };
        Ok(Self { out: Some((path.to_path_buf(), out)), failed: None })
    }

    /// All lines are told.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Some((path, mut out)) = self.out else { return Ok(()) };
        match self.failed {
            Some(error) => Err(Failure::File(path, error)),
            None => out.flush().map_err(|error| Failure::File(path, error)),
        }
    }
}

impl Observe for Rejects {
    fn wants_lines(&self) -> bool {
        self.out.is_some()
    }

    fn not_understood(&mut self, entry: &EntryName, line: u64, reason: &'static str, text: &[u8]) {
        if let (Some((_, out)), None) = (&mut self.out, &self.failed) {
            // One line stays one line, and nothing in it moves a cursor.
            let text = printable(&String::from_utf8_lossy(text));
            self.failed = writeln!(out, "{}:{line}\t{reason}\t{text}", printable(&entry.path)).err();
        }
    }
}
