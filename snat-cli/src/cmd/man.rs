//! `man`: the manual page, from the definition of the command line.

use std::io::{self, Write};

use clap_mangen::Man;

use crate::args;
use crate::exit::Failure;

pub(crate) fn run(command: Option<&str>) -> Result<(), Failure> {
    let mut whole = args::command();
    whole.build();
    let page = match command {
        None => whole,
        Some(name) => match whole.find_subcommand(name) {
            Some(found) => {
                // Pages of commands are named as their programs would be, as git does it.
                let name = format!("snat-analyze-{name}");
                found.clone().name(name).version(env!("CARGO_PKG_VERSION"))
            }
            None => {
                let names: Vec<&str> = whole.get_subcommands().map(clap::Command::get_name).collect();
                let message = format!("there is no command {name:?}: there is {}", names.join(", "));
                return Err(Failure::Usage(message));
            }
        },
    };
    let mut text = Vec::new();
    Man::new(page).render(&mut text)?;
    let mut out = io::stdout().lock();
    out.write_all(&text)?;
    out.flush()?;
    Ok(())
}
