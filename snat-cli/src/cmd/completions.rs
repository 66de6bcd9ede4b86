//! `completions`: for a shell, from the definition of the command line.

use std::io::{self, Write};

use clap_complete::{Shell as Generator, generate};

use crate::args::{self, Shell};
use crate::exit::Failure;

pub(crate) fn run(shell: Shell) -> Result<(), Failure> {
    let generator = match shell {
        Shell::Bash => Generator::Bash,
        Shell::Zsh => Generator::Zsh,
        Shell::Fish => Generator::Fish,
        Shell::Powershell => Generator::PowerShell,
    };
    // The generator panics where it cannot write, so it writes to memory.
    let mut text = Vec::new();
    generate(generator, &mut args::command(), "snat-analyze", &mut text);
    let mut out = io::stdout().lock();
    out.write_all(&text)?;
    out.flush()?;
    Ok(())
}
