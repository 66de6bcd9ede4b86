//! `inspect -o table`: what is in the bundle, what was cut, what is missing, and the commands that capture it.

use std::io::{self, Write};

use snat_analyze::Inspection;
use snat_analyze::doctor::{Examined, StepState};
use snat_analyze::report::{Input, main_of};

use crate::render::style::{Screen, Tone, count, distinct, left, printable, right, width, wrap};
use crate::render::{read, verdict};

/// Reasons that every dump has and nobody asks about.
const PLAIN: [&str; 4] = ["banner", "header", "blank", "unknown-format"];
/// Lines that are quoted for one section.
const QUOTED: usize = 3;

/// Writes the inspection for a screen of that width: what is there and what is missing before the files.
pub(crate) fn write(inspection: &Inspection, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    for node in &inspection.nodes {
        steps(node, screen, out)?;
        if let Some(main) = main_of(&node.verdict) {
            let title = format!("{}. Missing for a verdict, most decisive first", verdict::title(main.state));
            list(&title, &verdict::cannot_know(&node.cannot_know), screen, out)?;
        }
        writeln!(out)?;
    }
    inputs(&inspection.inputs, screen, out)?;
    list("Not understood", &read::no_known_format(&inspection.inputs), screen, out)?;
    list("Read from within", &read::opened(&inspection.notices), screen, out)?;
    list("Not read", &read::not_read(&inspection.notices), screen, out)
}

/// A heading, and lines below it.
fn list(title: &str, lines: &[String], screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", screen.paint(Tone::Strong, title))?;
    lines.iter().try_for_each(|line| paragraph("  - ", "  - ", line, screen, out))
}

/// One line a section, and below it what is odd about it; those that no format claims are told together, unless there
/// is something odd about one.
fn inputs(all: &[Input], screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let is_listed = |input: &&Input| input.format != "unknown" || !remarks(input).is_empty();
    let inputs: Vec<&Input> = all.iter().filter(is_listed).collect();
    if inputs.is_empty() {
        return Ok(());
    }
    let places: Vec<String> = inputs
        .iter()
        .map(|input| match input.first_line {
            0 | 1 => printable(&input.entry),
            line => printable(&format!("{}:{line}", input.entry)),
        })
        .collect();
    // Fixed columns: format, rows, lines, skipped, rejected, and the gaps between six columns.
    let fixed = 13 + 9 + 9 + 9 + 8 + 5;
    let widest = places.iter().map(|place| width(place)).max().unwrap_or(0).max(5);
    let room = widest.min(screen.width.saturating_sub(fixed)).max(5);
    let titles = format!(
        "{} {} {} {} {} {}",
        left("ENTRY", room),
        left("FORMAT", 13),
        right("LINES", 9),
        right("ROWS", 9),
        right("SKIPPED", 9),
        right("REJECTED", 8)
    );
    writeln!(out, "{}", screen.paint(Tone::Strong, &titles))?;
    for (input, place) in inputs.into_iter().zip(distinct(&places, room)) {
        writeln!(
            out,
            "{} {} {} {} {} {}",
            left(&place, room),
            left(&input.format, 13),
            right(&count(input.lines), 9),
            right(&count(input.rows), 9),
            right(&count(input.skipped), 9),
            right(&count(input.rejected), 8)
        )?;
        for line in remarks(input) {
            for (at, part) in wrap(&printable(&line), screen.prose().saturating_sub(6)).into_iter().enumerate() {
                writeln!(out, "{}{part}", if at == 0 { "  - " } else { "    " })?;
            }
        }
    }
    let note = "SKIPPED: lines without data, such as titles and blank ones. REJECTED: lines that could not be read.";
    paragraph("  ", "  ", note, screen, out)
}

/// Cuts, reasons, the first lines that were not read.
fn remarks(input: &Input) -> Vec<String> {
    let mut lines: Vec<String> = input.cut.iter().map(|cut| cut_words(cut).to_owned()).collect();
    let reasons: Vec<String> = input
        .reasons
        .iter()
        .filter(|(reason, _)| !PLAIN.contains(&reason.as_str()))
        .map(|(reason, lines)| format!("{reason} {}", count(*lines)))
        .collect();
    if !reasons.is_empty() {
        lines.push(format!("lines without a row: {}", reasons.join(", ")));
    }
    lines.extend(input.diagnostics.iter().take(QUOTED).map(|d| format!("line {}: {}: {}", d.line, d.code, d.message)));
    let more = input.diagnostics.len().saturating_sub(QUOTED);
    if more > 0 {
        lines.push(format!("and {more} more such lines: -o json, or --rejects FILE"));
    }
    lines
}

fn cut_words(cut: &str) -> &str {
    match cut {
        "no-header" => "no header: its beginning may be lost",
        "last-line" => "its last line does not end: what came behind is lost",
        "not-looked-at" => "too many lines: not all were looked at; --max-dumps keeps more",
        "size-at-cap" => {
            "as large as run-command (4,096 bytes) or the AKS log collector (10 MiB) give back at most: its beginning is lost"
        }
        other => other,
    }
}

/// The steps of one node.
fn steps(node: &Examined, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let name = node.node.name.as_deref().unwrap_or("node of unknown name");
    let ip = node.node.internal_ip.as_deref().map(|ip| format!(" ({ip})")).unwrap_or_default();
    writeln!(out, "{}", screen.paint(Tone::Strong, &printable(&format!("{name}{ip}"))))?;
    for step in &node.steps {
        let text = match step.state {
            StepState::Missing => step.lost.join("; "),
            _ if step.lost.is_empty() => step.found.join(", "),
            _ => format!("{}; {}", step.found.join(", "), step.lost.join("; ")),
        };
        let tone = match step.state {
            StepState::Ok => Tone::Good,
            StepState::Partial => Tone::Fair,
            _ => Tone::Poor,
        };
        let first = format!("  {} {} ", left(step.state.name(), 7), left(&step.step, 12));
        let painted = first.replacen(step.state.name(), &screen.paint(tone, step.state.name()), 1);
        paragraph(&first, &painted, &text, screen, out)?;
    }
    let missing: Vec<_> = node.steps.iter().filter(|step| !step.capture.is_empty()).collect();
    if !missing.is_empty() {
        writeln!(out, "To capture what is missing:")?;
    }
    for step in missing {
        for command in &step.capture {
            // A command is never wrapped: it is there to be copied.
            writeln!(out, "  $ {}", printable(command))?;
        }
        for trap in &step.traps {
            paragraph("      - ", "      - ", trap, screen, out)?;
        }
    }
    Ok(())
}

/// A text behind its first words, which may be coloured, indented by them.
fn paragraph(first: &str, painted: &str, text: &str, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let indent = width(first);
    for (at, line) in wrap(&printable(text), screen.prose().saturating_sub(indent)).into_iter().enumerate() {
        let before = if at == 0 { painted.to_owned() } else { " ".repeat(indent) };
        writeln!(out, "{}", format!("{before}{line}").trim_end())?;
    }
    Ok(())
}
