//! `--rejects`: every line that was not understood, in a file of its own.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use snat_analyze::{EntryName, Observe};

use crate::exit::Failure;
use crate::outputs;
use crate::render::printable;

/// Writes the lines; without a file it wants none.
#[derive(Default)]
pub(crate) struct Rejects {
    path: Option<PathBuf>,
    force: bool,
    /// Opened at the first line, so that a run that fails before leaves nothing.
    out: Option<BufWriter<File>>,
    failed: Option<io::Error>,
}

impl Rejects {
    /// Checks the place; `read` are those that must not be written, `others` those that will be.
    pub(crate) fn to<'p>(
        path: Option<&Path>,
        force: bool,
        read: &[PathBuf],
        mut others: impl Iterator<Item = &'p PathBuf>,
    ) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::default()) };
        if path.as_os_str() != "-" {
            let place = outputs::check(path, force, read)?;
            if others.any(|other| outputs::check(other, true, &[]).is_ok_and(|other| other == place)) {
                return Err(Failure::Usage(format!("two outputs for {}", path.display())));
            }
        }
        Ok(Self { path: Some(path.to_path_buf()), force, ..Self::default() })
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        if path.as_os_str() == "-" {
            return io::stderr().write_all(text.as_bytes());
        }
        let out = match &mut self.out {
            Some(out) => out,
            None => self.out.insert(BufWriter::new(outputs::create(path, self.force)?)),
        };
        out.write_all(text.as_bytes())
    }

    /// All lines are told; without any the file is there, and empty.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let written = match self.failed.take() {
            Some(error) => Err(error),
            None => self.write("").and_then(|()| self.out.as_mut().map_or(Ok(()), Write::flush)),
        };
        match (written, self.path) {
            (Err(error), Some(path)) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::File(path, error)),
            _ => Ok(()),
        }
    }
}

impl Observe for Rejects {
    fn wants_lines(&self) -> bool {
        self.path.is_some()
    }

    fn not_understood(&mut self, entry: &EntryName, line: u64, reason: &'static str, text: &[u8]) {
        if self.failed.is_none() {
            // One line stays one line, and nothing in it moves a cursor.
            let text = printable(&String::from_utf8_lossy(text));
            self.failed = self.write(&format!("{}:{line}\t{reason}\t{text}\n", printable(&entry.path))).err();
        }
    }
}
