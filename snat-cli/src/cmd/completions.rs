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
    let mut text = String::from_utf8(text).map_err(io::Error::other)?;
    if shell == Shell::Bash {
        // The generator takes the hyphen of the program's name for the one of a command, in half of the places.
        text = text.replace("snat__subcmd__analyze", "snat__analyze");
    }
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}
