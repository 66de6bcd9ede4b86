//! Where output goes: standard output, files, or both in one run.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::args::Asked;
use crate::exit::Failure;

/// Formats with their places, checked before any work is done.
#[derive(Clone, Debug)]
pub(crate) struct Outputs<F> {
    list: Vec<Asked<F>>,
    force: bool,
}

impl<F: Copy> Outputs<F> {
    /// Refuses two outputs at one place, a file that exists (without `force`), and one that is read from.
    pub(crate) fn of(mut list: Vec<Asked<F>>, usual: F, force: bool, read: &[PathBuf]) -> Result<Self, Failure> {
        if list.is_empty() {
            list.push(Asked { format: usual, path: None });
        }
        if list.iter().filter(|asked| asked.path.is_none()).count() > 1 {
            let message = "two outputs for standard output: give all but one a file, as in -o json=report.json";
            return Err(Failure::Usage(message.to_owned()));
        }
        let paths: Vec<&PathBuf> = list.iter().filter_map(|asked| asked.path.as_ref()).collect();
        for (at, path) in paths.iter().enumerate() {
            if paths[..at].contains(path) {
                return Err(Failure::Usage(format!("two outputs for {}", path.display())));
            }
            check(path, force, read)?;
        }
        Ok(Self { list, force })
    }

    /// The format on standard output, if any.
    pub(crate) fn on_screen(&self) -> Option<F> {
        self.list.iter().find(|asked| asked.path.is_none()).map(|asked| asked.format)
    }

    /// The formats that were asked for.
    pub(crate) fn formats(&self) -> impl Iterator<Item = F> {
        self.list.iter().map(|asked| asked.format)
    }

    /// Each with its place, for people.
    pub(crate) fn places(&self) -> impl Iterator<Item = (F, String)> {
        self.list.iter().map(|asked| {
            (asked.format, asked.path.as_ref().map_or("standard output".into(), |path| path.display().to_string()))
        })
    }

    /// Writes all: files first, so that a closed pipe costs none of them. The second argument says whether the output
    /// goes to a file.
    pub(crate) fn write(&self, render: impl Fn(F, bool, &mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        for asked in &self.list {
            let Some(path) = &asked.path else { continue };
            let mut bytes = Vec::new();
            render(asked.format, true, &mut bytes)?;
            let written = create(path, self.force).and_then(|mut file| file.write_all(&bytes));
            written.map_err(|error| Failure::File(path.clone(), error))?;
        }
        if let Some(format) = self.on_screen() {
            let mut out = BufWriter::new(io::stdout().lock());
            render(format, false, &mut out)?;
            out.flush()?;
        }
        Ok(())
    }
}

/// Whether a file may be written there.
pub(crate) fn check(path: &Path, force: bool, read: &[PathBuf]) -> Result<(), Failure> {
    let shown = path.display();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return Err(Failure::Usage(format!("cannot write {shown}: there is no such folder")));
    }
    if path.is_dir() {
        return Err(Failure::Usage(format!("cannot write {shown}: it is a folder")));
    }
    // A device or a pipe, as in `-o json=>(jq …)`, has nothing to lose.
    let existing = fs::metadata(path).is_ok_and(|meta| meta.is_file());
    let same = |read: &PathBuf| existing && fs::canonicalize(read).ok() == fs::canonicalize(path).ok();
    if read.iter().any(same) {
        return Err(Failure::Usage(format!("{shown} is read, and not written")));
    }
    if existing && !force {
        return Err(Failure::Usage(format!("{shown} exists: --force overwrites it")));
    }
    Ok(())
}

/// Creates a file; one that came to be since the check is overwritten by force only.
pub(crate) fn create(path: &Path, force: bool) -> io::Result<File> {
    let special = fs::metadata(path).is_ok_and(|meta| !meta.is_file());
    let mut options = OpenOptions::new();
    options.write(true);
    if force || special {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    options.open(path)
}
