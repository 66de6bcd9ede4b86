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
        let mut taken: Vec<PathBuf> = Vec::new();
        for path in list.iter().filter_map(|asked| asked.path.as_ref()) {
            let place = check(path, force, read)?;
            if taken.contains(&place) && !is_special(&place) {
                return Err(Failure::Usage(format!("two outputs for {}", path.display())));
            }
            taken.push(place);
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

    /// The files that will be written.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.list.iter().filter_map(|asked| asked.path.as_ref())
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
            match create(path, self.force).and_then(|mut file| file.write_all(&bytes)) {
                // A pipe whose reader has enough is no fault, wherever it stands.
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    return Err(Failure::File(path.clone(), error));
                }
                _ => {}
            }
        }
        if let Some(format) = self.on_screen() {
            let mut out = BufWriter::new(io::stdout().lock());
            render(format, false, &mut out)?;
            out.flush()?;
        }
        Ok(())
    }
}

/// Whether a file may be written there; where that is, without links. What is read, or lies below a folder that is read,
/// is evidence, and never written.
pub(crate) fn check(path: &Path, force: bool, read: &[PathBuf]) -> Result<PathBuf, Failure> {
    let shown = path.display();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(folder) = fs::canonicalize(folder) else {
        return Err(Failure::Usage(format!("cannot write {shown}: there is no such folder")));
    };
    if path.is_dir() {
        return Err(Failure::Usage(format!("cannot write {shown}: it is a folder")));
    }
    let named = path.file_name().map_or_else(|| folder.clone(), |name| folder.join(name));
    let place = fs::canonicalize(path).unwrap_or(named);
    // A device or a pipe, as in `-o json=>(jq …)`, has nothing to lose.
    if is_special(&place) {
        return Ok(place);
    }
    for bundle in read.iter().filter_map(|bundle| fs::canonicalize(bundle).ok()) {
        if place == bundle {
            return Err(Failure::Usage(format!("{shown} is read, and not written")));
        }
        if place.starts_with(&bundle) {
            return Err(Failure::Usage(format!("{shown} lies in a folder that is read, and is not written there")));
        }
    }
    // A link that leads nowhere is there, too.
    if fs::symlink_metadata(path).is_ok() && !force {
        return Err(Failure::Usage(format!("{shown} exists: --force overwrites it")));
    }
    Ok(place)
}

/// Neither a file nor a folder: a device, a pipe.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

/// Creates a file; one that came to be since the check is overwritten by force only.
pub(crate) fn create(path: &Path, force: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force || is_special(path) {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    options.open(path)
}
