//! `man`: the manual page, from the definition of the command line.

use std::io::{self, Write};

use clap_mangen::Man;

use crate::args;
use crate::exit::Failure;

/// The examples, which no line may be filled or adjusted in.
fn as_it_stands(text: &str, out: &mut Vec<u8>) -> io::Result<()> {
    writeln!(out, ".SH EXAMPLES\n.nf")?;
    for line in text.lines() {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        let guard = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
        writeln!(out, "{guard}{line}")?;
    }
    writeln!(out, ".fi")
}

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
    let examples = page.get_after_long_help().map(|text| text.to_string()).unwrap_or_default();
    let page = page.after_long_help("").after_help("");
    let version = page.get_version().is_some();
    let has_commands = page.has_subcommands();
    let man = Man::new(page);
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if has_commands {
        man.render_subcommands_section(&mut text)?;
    }
    as_it_stands(&examples, &mut text)?;
    if version {
        man.render_version_section(&mut text)?;
    }
    let mut out = io::stdout().lock();
    out.write_all(&text)?;
    out.flush()?;
    Ok(())
}
