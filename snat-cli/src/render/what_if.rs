//! `--what-if`: the ledger under other rules, side by side with those that there are.

use std::io::{self, Write};

use snat_analyze::report::NodeReport;

use crate::render::style::{Screen, Tone, count, left, middle, percent, printable, right, width, wrap};

/// One line of the table.
struct Row {
    profile: String,
    ports: String,
    hold: String,
    held: String,
    settles: String,
    share: String,
    destination: String,
}

/// Writes the table, if other rules were asked for.
pub(crate) fn write(node: &NodeReport, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    if node.what_if.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", screen.paint(Tone::Strong, "Under other rules"))?;
    let rows = rows(node);
    let name = rows.iter().map(|row| width(&row.profile)).max().unwrap_or(0).min(28);
    // Gaps, and the columns with numbers.
    let room = screen.width.saturating_sub(name + 3 + 9 + 8 + 8 + 9 + 7).max(12);
    let line = |row: &Row| {
        let [ports, hold, held, settles, share] =
            [(&row.ports, 8), (&row.hold, 7), (&row.held, 7), (&row.settles, 8), (&row.share, 6)]
                .map(|(text, room)| right(text, room));
        let name = left(&middle(&row.profile, name), name);
        format!("   {name} {ports} {hold} {held} {settles} {share} {}", middle(&row.destination, room))
    };
    let titles = Row {
        profile: "RULES".into(),
        ports: "PORTS".into(),
        hold: "HOLD".into(),
        held: "HELD".into(),
        settles: "SETTLES".into(),
        share: "SHARE".into(),
        destination: "FULLEST".into(),
    };
    writeln!(out, "{}", screen.paint(Tone::Strong, &line(&titles)))?;
    for row in &rows {
        writeln!(out, "{}", line(row).trim_end())?;
    }
    let note = "PORTS: of the node; \"shared\" where all nodes behind the gateway take from one stock, so that this node's \
                part says nothing of what is left. HELD: most at once. SETTLES: where that ends at this rate. SHARE: the \
                larger of both, of PORTS. What a NAT refused is not in a trace: under rules with more ports there would be \
                more.";
    for line in wrap(note, screen.prose().saturating_sub(3)) {
        writeln!(out, "   {}", screen.paint(Tone::Dim, &line))?;
    }
    writeln!(out)
}

fn rows(node: &NodeReport) -> Vec<Row> {
    let number = |value: Option<u64>| value.map_or("-".to_owned(), count);
    let whole = |value: Option<f64>| value.map_or("-".to_owned(), |value| count(value.round().max(0.0) as u64));
    let mut rows = Vec::new();
    if let Some(main) = node.main_verdict() {
        let numbers = &main.numbers;
        let most = (numbers.held as f64).max(numbers.plateau.unwrap_or(0.0));
        rows.push(Row {
            profile: format!("{} (now)", printable(&node.allocation.profile)),
            ports: numbers.ports.map_or("shared".to_owned(), count),
            hold: format!("{} s", numbers.hold_s),
            held: count(numbers.held),
            settles: whole(numbers.plateau),
            share: percent(numbers.ports.map(|ports| most / ports.max(1) as f64)),
            destination: printable(numbers.destination.as_deref().unwrap_or("-")),
        });
    }
    rows.extend(node.what_if.iter().map(|row| Row {
        profile: printable(&row.profile),
        ports: row.ports.map_or("shared".to_owned(), count),
        hold: format!("{} s", row.hold_s),
        held: number(row.held),
        settles: whole(row.plateau),
        share: percent(row.share),
        destination: printable(row.destination.as_deref().unwrap_or("-")),
    }));
    rows
}
