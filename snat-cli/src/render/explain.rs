//! `explain`: all findings as a list, for people.

use std::io::{self, Write};

use snat_analyze::findings::RULES;

use crate::render::style::{Screen, left, width, wrap};

/// Writes them, a line each.
pub(crate) fn table(screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let indent = RULES.iter().map(|rule| width(rule.code)).max().unwrap_or(0) + 2;
    for rule in &RULES {
        for (at, line) in wrap(rule.title, screen.width.saturating_sub(indent)).into_iter().enumerate() {
            writeln!(out, "{}{line}", left(if at == 0 { rule.code } else { "" }, indent))?;
        }
    }
    Ok(())
}
