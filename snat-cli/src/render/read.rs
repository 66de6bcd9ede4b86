//! The sentences about a bundle's files that the report and the doctor share: what was read, what was not understood,
//! what was not read, what is missing.

use std::collections::{BTreeMap, BTreeSet};

use snat_analyze::report::{Input, NodeReport, Notice};

use crate::render::style::count;

/// Entries that are listed under one heading.
pub(crate) const LISTED: usize = 6;

/// Bundle and path of an entry.
type Entry<'a> = (&'a str, &'a str);

fn entry(input: &Input) -> Entry<'_> {
    (&input.bundle, &input.entry)
}

fn files(files: usize) -> String {
    if files == 1 { "1 file".to_owned() } else { format!("{files} files") }
}

/// Whole files, and parts of others.
fn with_parts(whole: usize, parts: usize) -> String {
    match (whole, parts) {
        (whole, 0) => files(whole),
        (0, parts) => format!("parts of {}", files(parts)),
        (whole, parts) => format!("{} and parts of {}", files(whole), files(parts)),
    }
}

/// Sections that no format claims; lines behind a dump that were left unread are told as rejects.
fn unknown(inputs: &[Input]) -> impl Iterator<Item = &Input> {
    inputs.iter().filter(|input| input.format == "unknown" && input.rejected == 0)
}

/// What was read, by format.
pub(crate) fn read(inputs: &[Input], notices: &[Notice], node: &NodeReport, several: bool) -> String {
    let own: Vec<&Input> =
        inputs.iter().filter(|input| !several || input.node.is_none() || input.node == node.node.name).collect();
    // Rows, and the entries that they are in.
    let mut formats: BTreeMap<&str, (u64, BTreeSet<Entry<'_>>)> = BTreeMap::new();
    for input in &own {
        let (rows, entries) = formats.entry(&input.format).or_default();
        *rows += input.rows;
        entries.insert(entry(input));
    }
    let unknown = formats.remove("unknown");
    let mut parts: Vec<String> = formats
        .iter()
        .map(|(format, (rows, entries))| match entries.len() {
            1 => format!("{format} {}", count(*rows)),
            more => format!("{format} {} in {}", count(*rows), files(more)),
        })
        .collect();
    if let Some((_, entries)) = unknown {
        let known: BTreeSet<Entry<'_>> =
            own.iter().filter(|input| input.format != "unknown").map(|input| entry(input)).collect();
        let split = entries.intersection(&known).count();
        parts.push(format!("not understood: {}", with_parts(entries.len() - split, split)));
    }
    let is_of = |notice: &&Notice| {
        let path = notice.entry.as_deref().unwrap_or_default();
        !is_loss(notice) && own.iter().any(|input| input.entry.starts_with(path))
    };
    let opened: Vec<String> = notices.iter().filter(is_of).filter_map(said).collect();
    let more = opened.len().saturating_sub(LISTED);
    let mut text = format!("rows of {}", parts.join(", "));
    for said in opened.into_iter().take(LISTED) {
        text.push_str(&format!("; {said}"));
    }
    if more > 0 {
        text.push_str(&format!("; … and {more} more such files"));
    }
    text
}

/// What looks alike, with the lines of it and where they are.
#[derive(Default)]
struct Kind<'a> {
    lines: u64,
    entries: BTreeMap<&'a str, bool>,
}

/// Sections of no known format, rejected lines, cuts.
pub(crate) fn not_understood(inputs: &[Input]) -> Vec<String> {
    let mut lines = no_known_format(inputs);
    let rejected: Vec<&Input> = inputs.iter().filter(|input| input.rejected > 0).collect();
    for input in rejected.iter().take(LISTED) {
        let first = input.diagnostics.iter().find(|d| input.reasons.contains_key(&d.code));
        let first = first.map(|d| format!(", first at line {}: {}", d.line, d.message)).unwrap_or_default();
        lines.push(format!(
            "{}: {} of {} lines rejected{first}",
            input.entry,
            count(input.rejected),
            count(input.lines)
        ));
    }
    if rejected.len() > LISTED {
        lines.push(format!("… and rejected lines in {} more sections", rejected.len() - LISTED));
    }
    let cut: Vec<String> = inputs
        .iter()
        .filter(|input| !input.cut.is_empty())
        .map(|input| format!("{} ({})", input.entry, input.cut.join(", ")))
        .collect();
    if !cut.is_empty() {
        let more = if cut.len() > LISTED { format!(", … and {} more", cut.len() - LISTED) } else { String::new() };
        lines.push(format!("cut: {}{more}", cut.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ")));
        if inputs.iter().any(|input| input.cut.iter().any(|cut| cut == "not-looked-at")) {
            lines.push("what was not looked at is beyond what is kept of dumps: --max-dumps raises that".to_owned());
        }
    }
    lines
}

/// Sections that no format claims, those that look alike in one line.
pub(crate) fn no_known_format(inputs: &[Input]) -> Vec<String> {
    let known: BTreeSet<Entry<'_>> = inputs.iter().filter(|input| input.format != "unknown").map(entry).collect();
    let mut kinds: BTreeMap<Option<&str>, Kind<'_>> = BTreeMap::new();
    let empty: BTreeSet<&str> = unknown(inputs).filter(|input| input.lines == 0).map(|input| &*input.entry).collect();
    for input in unknown(inputs).filter(|input| input.lines > 0) {
        let kind = kinds.entry(input.looks_like.as_deref()).or_default();
        kind.lines += input.lines;
        kind.entries.insert(&input.entry, known.contains(&entry(input)));
    }
    // What no tool is told of comes last.
    let told = kinds.iter().filter(|(tool, _)| tool.is_some());
    let untold = kinds.iter().filter(|(tool, _)| tool.is_none());
    let mut lines: Vec<String> = told.chain(untold).map(|(tool, kind)| kind.said(*tool)).collect();
    if !empty.is_empty() {
        let what = if empty.len() == 1 { "1 empty file".to_owned() } else { format!("{} empty files", empty.len()) };
        lines.push(format!("{what}: {}", listed(empty.iter().copied(), empty.len())));
    }
    lines
}

/// The first of so many names.
fn listed<'a>(names: impl Iterator<Item = &'a str>, all: usize) -> String {
    let named: Vec<&str> = names.take(LISTED).collect();
    let more = all.saturating_sub(LISTED);
    let more = if more > 0 { format!(", … and {more} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}

impl Kind<'_> {
    fn said(&self, tool: Option<&str>) -> String {
        let parts = self.entries.values().filter(|part| **part).count();
        let many = with_parts(self.entries.len() - parts, parts);
        let one = self.entries.len() == 1 && parts == 0;
        let looks = match (tool, one) {
            (Some(tool), true) => format!("{many} looks like {tool}, which is not read yet"),
            (Some(tool), false) => format!("{many} look like {tool}, which is not read yet"),
            (None, _) => format!("{many} of no known format"),
        };
        let them = if one { "it" } else { "them" };
        let help = match tool {
            Some("ss") => format!(": read {them} by hand, or send netstat"),
            Some("conntrack") => format!(": read {them} by hand"),
            _ => String::new(),
        };
        let named = listed(self.entries.keys().copied(), self.entries.len());
        let lines = if self.lines == 1 { "1 line".to_owned() } else { format!("{} lines", count(self.lines)) };
        format!("{looks}{help}. {lines} in {named}")
    }
}

/// Dumps that are missing.
pub(crate) fn missing(notices: &[Notice]) -> Vec<String> {
    let of = notices.iter().filter(|notice| notice.entry.is_none());
    first(of.map(|notice| match &notice.node {
        Some(node) => format!("{node}: {}", notice.message),
        None => notice.message.clone(),
    }))
}

/// Whether something is lost, or may be; else the notice only says how it was read.
pub(crate) fn is_loss(notice: &Notice) -> bool {
    notice.code != "wrapper"
}

/// Entries that were left unread, or read otherwise than they lie there.
pub(crate) fn not_read(notices: &[Notice]) -> Vec<String> {
    first(notices.iter().filter(|notice| is_loss(notice)).filter_map(said))
}

/// Entries of which there is something to know, and that were read.
pub(crate) fn opened(notices: &[Notice]) -> Vec<String> {
    first(notices.iter().filter(|notice| !is_loss(notice)).filter_map(said))
}

fn said(notice: &Notice) -> Option<String> {
    Some(format!("{}: {}", notice.entry.as_ref()?, notice.message))
}

fn first(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = lines.collect();
    let hidden = lines.len().saturating_sub(2 * LISTED);
    lines.truncate(2 * LISTED);
    if hidden > 0 {
        lines.push(format!("… and {hidden} more in -o json"));
    }
    lines
}
