//! `-o table`: for an engineer with a customer on the phone. Who, how sure, what that rests on, what was not understood.

use std::io::{self, Write};

use snat_analyze::Report;
use snat_analyze::report::{NodeReport, RankRow, State};

use crate::render::style::{Screen, Tone, end, left, middle, printable, right, width, wrap};
use crate::render::{ranking, read, verdict, what_if, words};
use crate::view::View;

/// Owners whose evidence is shown.
const EXPLAINED: usize = 3;

/// Writes the report for a screen of that width.
pub(crate) fn write(report: &Report, view: &View, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let several = report.nodes.len() > 1;
    for (at, node) in report.nodes.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        head(node, out, screen)?;
        grounds(node, out, screen)?;
        let open = is_open(node);
        if open {
            missing(node, out, screen)?;
        }
        if !node.ranking.is_empty() {
            ranking::write(node, view, screen, out)?;
        }
        if let Some(now) = verdict::now(node) {
            plain(&now, out, screen)?;
            writeln!(out)?;
        }
        list("Findings (snat-analyze explain CODE)", &verdict::findings(node), out, screen)?;
        list("What to do", &verdict::remedies(node), out, screen)?;
        what_if::write(node, screen, out)?;
        if !open {
            list(UNKNOWN, &verdict::cannot_know(&node.cannot_know), out, screen)?;
        }
        if let Some(ports) = words::ports(node) {
            paragraph("ports", &ports, out, screen)?;
        }
        paragraph("connects", &words::answer(node, view), out, screen)?;
        paragraph("read", &read::read(&report.inputs, &report.notices, node, several), out, screen)?;
        if !node.ranking.is_empty() {
            paragraph("columns", &ranking::legend(node, view, screen), out, screen)?;
        }
        writeln!(out)?;
        if !node.ranking.is_empty() {
            why(node, view, out, screen)?;
        }
        list("Doubts", &words::doubts(node), out, screen)?;
    }
    list("Not understood", &read::not_understood(&report.inputs), out, screen)?;
    list("Not read", &read::not_read(&report.notices), out, screen)?;
    list("Missing", &read::missing(&report.notices), out, screen)?;
    match report.nodes.iter().all(|node| !verdict::grounds(node).is_empty()) {
        // It is said already.
        true => Ok(()),
        false => paragraph("not shown", &words::not_shown(&report.nodes), out, screen),
    }
}

/// What is not known, where that is not what it is all about.
const UNKNOWN: &str = "Not known, most decisive first (→ what would show it)";

/// Whether the verdict is open, so that what is missing comes first.
fn is_open(node: &NodeReport) -> bool {
    node.main_verdict().is_some_and(|main| matches!(main.state, State::CannotTell | State::AtRisk))
}

/// Which node, how long, and the answer in a sentence.
fn head(node: &NodeReport, out: &mut dyn Write, screen: Screen) -> io::Result<()> {
    let name = printable(&words::node_name(&node.node));
    let main = node.main_verdict();
    let text = printable(&format!("{name}  {}", words::facts(node)));
    let title = main.map(|main| (verdict::title(main.state), verdict::tone(main.state)));
    if let Some((title, tone)) = title {
        write!(out, "{}  ", screen.paint(tone, title))?;
    }
    // What stands before the name takes its room on the first line.
    let taken = title.map_or(0, |(title, _)| title.len() + 2);
    let lines = wrap(&format!("{}{text}", "x".repeat(taken)), screen.width);
    for (at, line) in lines.into_iter().enumerate() {
        let line = if at == 0 { line.get(taken..).unwrap_or_default().to_owned() } else { line };
        match line.strip_prefix(name.as_str()).filter(|_| at == 0) {
            Some(rest) => writeln!(out, "{}{}", screen.paint(Tone::Strong, &name), rest.trim_end())?,
            None => writeln!(out, "{}", line.trim_end())?,
        }
    }
    let mut sentences: Vec<String> = Vec::new();
    sentences.extend(main.map(verdict::sentence));
    sentences.extend(verdict::but(node));
    sentences.extend(verdict::call(node));
    sentences.extend(verdict::others(node));
    for line in sentences.iter().flat_map(|text| wrap(&printable(text), screen.prose())) {
        writeln!(out, "{line}")?;
    }
    writeln!(out)
}

/// What the answer rests on, takes for granted and does not see.
fn grounds(node: &NodeReport, out: &mut dyn Write, screen: Screen) -> io::Result<()> {
    let grounds = verdict::grounds(node);
    for (word, text) in &grounds {
        let room = screen.width.saturating_sub(GROUNDS).min(PROSE);
        for (at, line) in wrap(&printable(text), room).into_iter().enumerate() {
            let word = if at == 0 { *word } else { "" };
            writeln!(out, "  {}{line}", screen.paint(Tone::Dim, &left(word, GROUNDS - 2)))?;
        }
    }
    if grounds.is_empty() { Ok(()) } else { writeln!(out) }
}

/// Columns before the text of a ground, and the most that it is set to.
const GROUNDS: usize = 12;
const PROSE: usize = 100;
/// From this width on what is missing is a table.
const TABLE: usize = 96;
/// Columns of what is missing, and of what would show it.
const WHAT: usize = 22;
const BY: usize = 20;

/// What is missing, the most decisive first, a line each where there is room; and what is fastest.
fn missing(node: &NodeReport, out: &mut dyn Write, screen: Screen) -> io::Result<()> {
    if node.cannot_know.is_empty() {
        return Ok(());
    }
    let title = "Missing, most decisive first (commands: inspect BUNDLE)";
    writeln!(out, "{}", screen.paint(Tone::Strong, title))?;
    for (at, row) in node.cannot_know.iter().enumerate() {
        let number = right(&(at + 1).to_string(), 3);
        if screen.width < TABLE {
            let text = printable(&format!("{}: {} → {}", row.what, row.why, row.by));
            for (at, part) in wrap(&text, screen.width.saturating_sub(5)).into_iter().enumerate() {
                writeln!(out, "{} {part}", if at == 0 { &number } else { "   " })?;
            }
            continue;
        }
        let room = screen.prose().saturating_sub(4 + WHAT + 2 + BY + 2);
        for (at, part) in wrap(&printable(&row.why), room).into_iter().enumerate() {
            let (number, what, by) = if at == 0 { (&*number, &*row.what, &*row.by) } else { ("   ", "", "") };
            let line = format!("{number} {}  {}  {by}", left(&printable(what), WHAT), left(&part, room));
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    if let Some(text) = verdict::fastest(node) {
        plain(&text, out, screen)?;
    }
    if let Some((command, reading)) = verdict::phone(node) {
        plain(&reading, out, screen)?;
        // To be copied: never broken.
        writeln!(out, "  $ {}", printable(&command))?;
    }
    writeln!(out)
}

/// A sentence without indent.
fn plain(text: &str, out: &mut dyn Write, screen: Screen) -> io::Result<()> {
    wrap(&printable(text), screen.prose()).into_iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// A paragraph behind a word, indented.
fn paragraph(word: &str, text: &str, out: &mut dyn Write, screen: Screen) -> io::Result<()> {
    let indent = 11;
    for (at, line) in wrap(&printable(text), screen.prose().saturating_sub(indent)).into_iter().enumerate() {
        writeln!(out, "{}{line}", screen.paint(Tone::Dim, &left(if at == 0 { word } else { "" }, indent)))?;
    }
    Ok(())
}

/// The steps that the first owners rest on.
fn why(node: &NodeReport, view: &View, out: &mut dyn Write, screen: Screen) -> io::Result<()> {
    let rows: Vec<&RankRow> = view.rows(node).into_iter().filter(|row| words::counts(row)).take(EXPLAINED).collect();
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", screen.paint(Tone::Strong, "Why"))?;
    for row in rows {
        let rank = row.rank.map_or("-".to_owned(), |rank| rank.to_string());
        let sure = match row.owner.reason {
            Some(reason) => reason.name(),
            None => row.confidence.name(),
        };
        writeln!(
            out,
            "{} {}: {}",
            right(&rank, 2),
            middle(&printable(&words::label(&row.owner)), screen.width.saturating_sub(sure.len() + 5)),
            screen.paint(words::tone(row), sure)
        )?;
        let steps: Vec<(String, String, String)> = row
            .evidence
            .iter()
            .map(|edge| {
                let step = printable(&format!("{} → {}", edge.from, edge.to));
                let place = edge.places.first();
                let at = place.map(|place| printable(&format!("{}:{}", place.entry, place.line))).unwrap_or_default();
                (step, at, place.map(|place| printable(&squeezed(&place.text))).unwrap_or_default())
            })
            .collect();
        let room = screen.width.saturating_sub(5);
        let at_width = steps.iter().map(|(_, at, _)| width(at)).max().unwrap_or(0).min(room / 3);
        let step_width = steps.iter().map(|(step, _, _)| width(step)).max().unwrap_or(0).min(room - at_width - 2);
        let text_width = room.saturating_sub(step_width + at_width + 4);
        for (step, at, text) in steps {
            let text = if text_width >= 20 { end(&text, text_width) } else { String::new() };
            let line = format!(
                "     {}  {}  {text}",
                left(&middle(&step, step_width), step_width),
                left(&middle(&at, at_width), at_width)
            );
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    writeln!(out)
}

/// Runs of blanks as one: a padded row fits a line then.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn list(title: &str, lines: &[String], out: &mut dyn Write, screen: Screen) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", screen.paint(Tone::Strong, title))?;
    for line in lines {
        for (at, part) in wrap(&printable(line), screen.prose().saturating_sub(5)).into_iter().enumerate() {
            writeln!(out, "{}{part}", if at == 0 { "   " } else { "     " })?;
        }
    }
    writeln!(out)
}
