//! `profiles`: the built-in rules of NATs, as a list, or one as the TOML that a file of one's own starts from.

use std::io::{self, Write};

use snat_analyze::Profile;

use crate::config::Shared;
use crate::exit::Failure;
use crate::render;

pub(crate) fn run(name: Option<&str>, shared: &Shared) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match name.and_then(Profile::text) {
        Some(text) => out.write_all(text.as_bytes())?,
        None => render::profiles::table(shared.screen(), &mut out)?,
    }
    out.flush()?;
    Ok(())
}
