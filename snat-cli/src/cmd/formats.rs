//! `formats`: what is read.

use std::io::{self, BufWriter, Write};

use crate::args::{FormatsArgs, Output};
use crate::exit::Failure;
use crate::render::{self, Screen};

pub(crate) fn run(args: &FormatsArgs, screen: Screen) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    match args.output {
        Output::Table => render::formats::table(screen, &mut out)?,
        Output::Json => render::json::write(&render::formats::list(), &mut out)?,
    }
    out.flush()?;
    Ok(())
}
