//! `explain`: the page of a finding, offline.

use std::io::{self, Write};

use snat_analyze::findings::rule;

use crate::config::Shared;
use crate::exit::Failure;
use crate::render;

pub(crate) fn run(code: Option<&str>, shared: &Shared) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match code.and_then(rule) {
        Some(rule) => out.write_all(rule.page.as_bytes())?,
        None => render::explain::table(shared.screen(), &mut out)?,
    }
    out.flush()?;
    Ok(())
}
