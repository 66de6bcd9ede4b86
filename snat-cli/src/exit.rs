//! Exit codes, the same in every output format, and how a failure is said.

use std::io::{self, Write};
use std::process::ExitCode;

use snat_analyze::Error;

/// It ran.
pub(crate) const OK: u8 = 0;
/// A fault of this program.
pub(crate) const INTERNAL: u8 = 1;
/// Usage, unreadable input, or nothing recognised.
pub(crate) const USAGE: u8 = 2;
/// `parse --strict`: a line could not be read. `report --fail-on`: there is such a finding.
pub(crate) const STRICT: u8 = 3;
/// `report --fail-on`: there is none, and the verdict is cannot-tell.
pub(crate) const OPEN: u8 = 4;

/// Why there is no output.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The analysis says so.
    Analysis(Error),
    /// An option does not hold what it should.
    Usage(String),
    /// Standard output cannot be written; a closed pipe is none.
    Output(io::Error),
    /// A file that was asked for cannot be written.
    File(std::path::PathBuf, io::Error),
    /// Nothing was recognised; that is said already.
    Nothing,
    /// `--strict`: a line could not be read; which one is already said.
    Rejected,
    /// `--fail-on`: a finding of that severity; the report shows it.
    Finding,
    /// `--fail-on`: no such finding, and the verdict decides nothing; the report says so.
    CannotTell,
    /// A panic, already reported.
    Internal,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Analysis(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Ended from outside, as by Ctrl-C: 128 + the number of the signal.
pub(crate) const INTERRUPTED: u8 = 130;

/// Says something on standard error.
pub(crate) fn say(text: &str) {
    // Names in the text may come from a bundle.
    let lines = text.lines().map(crate::render::printable).collect::<Vec<_>>().join("\n");
    // Nobody is left to tell when standard error is gone, too.
    let _ = writeln!(io::stderr(), "snat-analyze: {lines}");
}

/// Says what went wrong on standard error and gives the exit code.
pub(crate) fn code(done: Result<(), Failure>) -> ExitCode {
    let (code, message) = match done {
        Ok(()) => return ExitCode::from(OK),
        Err(Failure::Rejected | Failure::Finding) => return ExitCode::from(STRICT),
        Err(Failure::CannotTell) => return ExitCode::from(OPEN),
        Err(Failure::Nothing) => (USAGE, "nothing recognised".to_owned()),
        Err(Failure::File(path, error)) => (INTERNAL, format!("cannot write {}: {error}", path.display())),
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::from(OK),
        Err(Failure::Output(error)) => (INTERNAL, format!("cannot write the output: {error}")),
        Err(Failure::Internal) => (INTERNAL, "internal error: please report it with the message above".to_owned()),
        Err(Failure::Usage(message)) => (USAGE, message),
        Err(Failure::Analysis(error @ Error::Join(_))) => (INTERNAL, error.to_string()),
        Err(Failure::Analysis(error)) => (USAGE, error.to_string()),
    };
    say(&message);
    ExitCode::from(code)
}
