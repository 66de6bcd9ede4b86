//! `-o markdown`: for a case or an issue. The answer and the ranking are open, the proof is folded; at most 60 lines for
//! a bundle of one node.

use std::io::{self, Write};

use snat_analyze::Report;
use snat_analyze::report::{NodeReport, OwnerKind, RankRow};

use crate::render::style::{count, percent, printable};
use crate::render::{read, verdict, words};
use crate::view::View;

/// Owners of a node that are listed without `--top`.
const OWNERS: usize = 6;
/// The same where there are several nodes.
const OWNERS_OF_SEVERAL: usize = 3;
/// Owners that are proved, and the steps of each.
const PROVED: usize = 2;
const STEPS: usize = 2;
/// Findings, and things to do, that are listed.
const FIRST: usize = 3;
/// Lines about what is doubtful, was read, was not, and is missing.
const REMARKS: usize = 8;

/// Writes the report.
pub(crate) fn write(report: &Report, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let several = report.nodes.len() > 1;
    let mut others = Vec::new();
    for node in &report.nodes {
        writeln!(out, "### SNAT ports: {}\n", text(&words::node_name(&node.node)))?;
        if let Some(main) = node.main_verdict() {
            let call = verdict::call(node).map(|call| format!(" {call}")).unwrap_or_default();
            let others: String = verdict::others(node).into_iter().map(|other| format!(" {other}")).collect();
            let unknown: Vec<&str> = node.cannot_know.iter().map(|row| row.what.as_str()).collect();
            let unknown = match unknown.is_empty() {
                true => String::new(),
                false => format!(" Not known, most decisive first: {}.", unknown.join("; ")),
            };
            let said = format!("{}{others}{call}{unknown}", verdict::sentence(main));
            writeln!(out, "**{}**: {}\\", verdict::title(main.state), text(&said))?;
        }
        writeln!(out, "**{}**\n", text(&words::answer(node, view)))?;
        if let Some(ports) = words::ports(node) {
            writeln!(out, "{}\n", text(&ports))?;
        }
        if !node.ranking.is_empty() {
            ranking(node, view, several, out)?;
            why(node, view, if several { 1 } else { PROVED }, out)?;
        }
        if !several {
            let lines = |all: Vec<String>| all.iter().map(|line| text(line)).collect::<Vec<_>>();
            let found = first(lines(verdict::findings(node)));
            let what = first(lines(verdict::remedies(node)));
            fold("Findings, and what to do", &found.into_iter().chain(what).collect::<Vec<_>>(), out)?;
        }
        let read = read::read(&report.inputs, &report.notices, node, several);
        let mut lines = vec![format!("Read: {}; {read}", words::facts(node))];
        lines.extend(words::doubts(node).into_iter().map(|line| format!("Doubt: {line}")));
        let name = node.node.name.as_deref().filter(|_| several).map(|name| format!("{name}: ")).unwrap_or_default();
        others.extend(lines.into_iter().map(|line| format!("{name}{line}")));
    }
    others.extend(read::not_understood(&report.inputs).into_iter().map(|line| format!("Not understood: {line}")));
    others.extend(read::not_read(&report.notices).into_iter().map(|line| format!("Not read: {line}")));
    others.extend(read::missing(&report.notices).into_iter().map(|line| format!("Missing: {line}")));
    remarks("Doubts, and what was read", others, out)?;
    writeln!(out, "Not shown: {}\n", text(&words::not_shown(&report.nodes)))?;
    writeln!(out, "{} {}", text(&report.tool.name), text(&report.tool.version))
}

fn ranking(node: &NodeReport, view: &View, several: bool, out: &mut dyn Write) -> io::Result<()> {
    let rows = view.rows(node);
    let most = match view.top {
        None if several => OWNERS_OF_SEVERAL,
        None => OWNERS,
        Some(0) => usize::MAX,
        Some(top) => top,
    };
    let shown = &rows[..most.min(rows.len())];
    let standing = node.ranking.iter().any(|row| row.established_public.is_some());
    let held = shown.iter().any(|row| row.ports_at_node_peak.is_some());
    let columns = format!("{}{}", if held { " Ports |" } else { "" }, if standing { " Estab |" } else { "" });
    writeln!(out, "| # | Owner | Public | Share |{columns} Top destination | Recipe | Sure |")?;
    writeln!(out, "|--:|---|--:|--:|{}---|--:|---|", "--:|".repeat(usize::from(held) + usize::from(standing)))?;
    let number = |value: Option<u64>| value.map_or("-".to_owned(), count);
    for row in shown {
        let ports = if held { format!(" {} |", words::own_ports(row)) } else { String::new() };
        let estab = if standing { format!(" {} |", number(row.established_public)) } else { String::new() };
        writeln!(
            out,
            "| {} | {} | {} | {} |{ports}{estab} {} | {} | {} |",
            row.rank.map_or("-".to_owned(), |rank| rank.to_string()),
            cell(&words::label(&row.owner)),
            number(row.connects_public),
            percent(row.share),
            cell(&words::top(row)),
            number(row.article_count),
            sure(row)
        )?;
    }
    let hidden = rows.len() - shown.len();
    if hidden > 0 {
        writeln!(out, "\n… and {hidden} more.")?;
    }
    if let Some(left_out) = words::left_out(node, view) {
        writeln!(out, "\n{left_out}.")?;
    }
    let ports = if held { "Ports: the most held to one public destination at once. " } else { "" };
    let estab = if standing { "Estab: established sockets to them in the snapshots. " } else { "" };
    writeln!(
        out,
        "\nPublic: connects to public addresses, Share: of all these. {ports}{estab}Recipe: rows that the awk recipe \
         would count. Sure: how sure that these connects are this owner's.\n"
    )
}

fn sure(row: &RankRow) -> &'static str {
    match row.owner.reason {
        Some(reason) => reason.name(),
        None if row.owner.kind == OwnerKind::Unknown => "-",
        None => row.confidence.name(),
    }
}

/// The lines that the first owners rest on.
fn why(node: &NodeReport, view: &View, proved: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = Vec::new();
    for row in view.rows(node).into_iter().filter(|row| words::counts(row)).take(proved) {
        lines.push(format!("{}: {}", code(&words::label(&row.owner)), sure(row)));
        for step in row.evidence.iter().take(STEPS) {
            let place = step.places.first();
            let place = place.map(|place| format!(": {}", code(&format!("{}:{}", place.entry, place.line))));
            lines.push(format!("  {} → {}{}", code(&step.from), code(&step.to), place.unwrap_or_default()));
        }
        let more = row.evidence.len().saturating_sub(STEPS);
        if more > 0 {
            lines.push(format!("  … and {more} more steps in `-o json`"));
        }
    }
    fold("Why", &lines, out)
}

/// The first of them, and how many more there are.
fn first(mut lines: Vec<String>) -> Vec<String> {
    let hidden = lines.len().saturating_sub(FIRST);
    lines.truncate(FIRST);
    if hidden > 0 {
        lines.push(format!("… and {hidden} more in -o json"));
    }
    lines
}

fn remarks(title: &str, mut lines: Vec<String>, out: &mut dyn Write) -> io::Result<()> {
    let hidden = lines.len().saturating_sub(REMARKS);
    lines.truncate(REMARKS);
    if hidden > 0 {
        lines.push(format!("… and {hidden} more in -o json"));
    }
    fold(title, &lines.iter().map(|line| text(line)).collect::<Vec<_>>(), out)
}

/// A list that opens at a click; a line with two blanks before it belongs to the one above. The lines are safe already.
fn fold(title: &str, lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "<details><summary>{title}</summary>\n")?;
    for line in lines {
        let inner = line.trim_start();
        writeln!(out, "{}- {inner}", &line[..line.len() - inner.len()])?;
    }
    writeln!(out, "\n</details>\n")
}

/// Text that is only text: nothing in it is a mark, a tag, a link or a mention.
fn text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    // Some sites make links of addresses that nobody marked.
    let plain = printable(text).replace("://", "\u{1}").replace("www.", "\u{2}");
    for c in plain.chars() {
        match c {
            '\u{1}' => safe.push_str("&#58;//"),
            '\u{2}' => safe.push_str("www&#46;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            // Behind a backslash these still make a mention or a reference on some sites.
            '@' => safe.push_str("&#64;"),
            '#' => safe.push_str("&#35;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => safe.extend(['\\', c]),
            _ => safe.push(c),
        }
    }
    safe
}

/// Text as code.
fn code(text: &str) -> String {
    format!("`{}`", printable(text).replace('`', "'"))
}

/// Text as code in a cell of a table, which a bar would end.
fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_a_bundle_is_no_markup() {
        assert_eq!(text("<img src=x> *a* [b](c) @d |"), "&lt;img src=x&gt; \\*a\\* \\[b\\](c) &#64;d \\|");
        assert_eq!((code("a`b|c\n"), cell("a|b")), ("`a'b|c?`".to_owned(), "`a\\|b`".to_owned()));
        assert_eq!(text("http://x www.y"), "http&#58;//x www&#46;y");
    }
}
