//! `formats`: what is read.

use crate::args::{FormatsArgs, PlainOutput};
use crate::config::Shared;
use crate::exit::Failure;
use crate::outputs::Outputs;
use crate::render;

pub(crate) fn run(args: FormatsArgs, shared: &Shared) -> Result<(), Failure> {
    let outputs = Outputs::of(args.output, PlainOutput::Table, args.force, &[])?;
    let screen = shared.screen();
    outputs.write(|format, file, out| match format {
        PlainOutput::Table => render::formats::table(if file { screen.of_file() } else { screen }, out),
        PlainOutput::Json => render::json::write(&render::formats::list(), out),
    })
}
