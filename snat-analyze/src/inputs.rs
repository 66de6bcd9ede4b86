//! What was read, section by section, as rows of the report.

use std::collections::BTreeMap;

use snat_parse::{Diagnostics, Section};

use crate::capture::{Capture, EntryData};
use crate::report::{Input, InputDiagnostic};

/// One row a section.
pub(crate) fn inputs(entries: &[EntryData], captures: &[Capture]) -> Vec<Input> {
    let mut rows = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let mut owners = captures.iter().filter(|capture| capture.own.contains(&at));
        let node = match (owners.next(), owners.next()) {
            (Some(only), None) => only.node.name.clone(),
            _ => None,
        };
        if entry.sections.is_empty() {
            rows.push(Input { entry: entry.name.path.clone(), ..empty(entry, node.clone()) });
        }
        rows.extend(entry.sections.iter().map(|section| input(entry, section, node.clone())));
    }
    rows
}

fn empty(entry: &EntryData, node: Option<String>) -> Input {
    Input {
        bundle: entry.name.bundle.clone(),
        node,
        entry: entry.name.path.clone(),
        first_line: 1,
        format: "unknown".into(),
        looks_like: None,
        bytes: 0,
        lines: 0,
        rows: 0,
        data: 0,
        continuation: 0,
        skipped: 0,
        rejected: 0,
        reasons: BTreeMap::new(),
        tallies: "lines".into(),
        cut: Vec::new(),
        diagnostics: Vec::new(),
    }
}

fn input(entry: &EntryData, section: &Section, node: Option<String>) -> Input {
    let tally = &section.tally;
    let skipped = tally.skipped.iter().map(|(reason, lines)| (reason.name().to_owned(), *lines));
    let rejected = tally.rejected.iter().map(|(reason, lines)| (reason.name().to_owned(), *lines));
    Input {
        first_line: section.first_line,
        format: section.format.unwrap_or("unknown").to_owned(),
        looks_like: section.looks_like.map(str::to_owned),
        bytes: section.bytes,
        lines: section.lines,
        rows: section.rows,
        data: tally.data,
        continuation: tally.continuation,
        skipped: tally.skipped_lines(),
        rejected: tally.rejected_lines(),
        reasons: skipped.chain(rejected).collect(),
        cut: section.cut.iter().map(|cut| cut.name().to_owned()).collect(),
        diagnostics: diagnostics(&section.diagnostics),
        ..empty(entry, node)
    }
}

/// So many diagnostics of a section go into the report.
const DIAGNOSTICS: usize = 20;

fn diagnostics(found: &Diagnostics) -> Vec<InputDiagnostic> {
    let row = |d: &snat_parse::Diagnostic| InputDiagnostic {
        line: d.line,
        code: d.code.to_owned(),
        message: d.message.clone(),
    };
    found.kept().iter().take(DIAGNOSTICS).map(row).collect()
}
