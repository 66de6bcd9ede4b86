//! The timeline drawn: the fullest destination against the ports that there are, then a line for each of the others and
//! for their owners.

use std::io::{self, Write};

use snat_analyze::report::{RunTimeline, Series, SeriesKind, main_of};
use snat_analyze::timeline::{NodeTimeline, TimelineReport};

use super::chart;
use crate::render::style::{Screen, Tone, count, left, middle, percent, printable, right, width, wrap};
use crate::render::{verdict, words};

/// Lines of the large chart.
const HEIGHT: usize = 8;
/// Columns of the numbers beside it.
const SCALE: usize = 8;

pub(super) fn write(report: &TimelineReport, top: usize, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    for (at, node) in report.nodes.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        head(node, screen, out)?;
        match &node.timeline {
            Some(timeline) => {
                for run in &timeline.runs {
                    writeln!(out)?;
                    if timeline.runs.len() > 1 {
                        writeln!(out, "run {}", run.run)?;
                    }
                    draw(node, run, top, screen, out)?;
                }
            }
            None if node.capture.events == 0 => writeln!(out, "\nNo event of a tcptracer log was read.")?,
            None => writeln!(out, "\nThe log has no TIME: how many ports were held when is not known.")?,
        }
        let doubts = words::course(&node.capture);
        if !doubts.is_empty() {
            writeln!(out, "\n{}", screen.paint(Tone::Strong, "Doubts"))?;
        }
        for doubt in doubts {
            for (at, part) in wrap(&printable(&doubt), screen.prose().saturating_sub(5)).into_iter().enumerate() {
                writeln!(out, "{}{part}", if at == 0 { "   " } else { "     " })?;
            }
        }
    }
    Ok(())
}

/// Which node, how long, how many ports.
fn head(node: &NodeTimeline, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let name = printable(&words::node_name(&node.node));
    let text = format!("{name}  {}", printable(&words::extent(&node.capture).join(", ")));
    for (at, line) in wrap(&text, screen.width).into_iter().enumerate() {
        match line.strip_prefix(name.as_str()).filter(|_| at == 0) {
            Some(rest) => writeln!(out, "{}{rest}", screen.paint(Tone::Strong, &name))?,
            None => writeln!(out, "{line}")?,
        }
    }
    if let Some(main) = main_of(&node.verdict) {
        let title = verdict::title(main.state);
        let text = format!("{title}: {}", verdict::sentence(main));
        for (at, line) in wrap(&printable(&text), screen.prose()).into_iter().enumerate() {
            match line.strip_prefix(title).filter(|_| at == 0) {
                Some(rest) => writeln!(out, "{}{rest}", screen.paint(verdict::tone(main.state), title))?,
                None => writeln!(out, "{line}")?,
            }
        }
    }
    let allocation = &node.allocation;
    let text = format!("A port counts until {} s after its close. Limit {}", allocation.hold_s, allocation.explained);
    for line in wrap(&printable(&text), screen.prose()) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn draw(node: &NodeTimeline, run: &RunTimeline, top: usize, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let is_dest = |series: &&Series| series.kind == SeriesKind::Destination;
    let dests: Vec<&Series> = run.series.iter().filter(is_dest).collect();
    if let Some(fullest) = dests.first() {
        large(node, run, fullest, screen, out)?;
        writeln!(out)?;
    }
    let sums = run.series.iter().filter(|series| !is_dest(series) && series.ports_peak > 0);
    let shown: Vec<&Series> = dests.iter().copied().take(top).chain(sums).collect();
    if shown.is_empty() {
        return writeln!(out, "No port to a public address was held.");
    }
    lines(&shown, run, top, screen, out)?;
    let hidden = dests.len().saturating_sub(top) as u64;
    let mut notes = Vec::new();
    if hidden > 0 {
        notes.push(format!("destinations not shown: {hidden}; --top 0 shows all"));
    }
    if run.destinations_not_shown > 0 {
        notes.push(format!(
            "destinations that held too few ports to be followed: {}",
            count(run.destinations_not_shown)
        ));
    }
    for note in notes {
        writeln!(out, "{note}")?;
    }
    Ok(())
}

/// The fullest destination against the ports that there are.
fn large(
    node: &NodeTimeline,
    run: &RunTimeline,
    series: &Series,
    screen: Screen,
    out: &mut dyn Write,
) -> io::Result<()> {
    let ports = node.allocation.ports;
    let of =
        ports.map(|ports| format!(", {} of {}", percent(Some(series.ports_peak as f64 / ports as f64)), count(ports)));
    let at = series.at_s.map(|at| format!(" at {}", seconds(at))).unwrap_or_default();
    writeln!(
        out,
        "{} held {} ports{at}{}",
        screen.paint(Tone::Strong, &printable(&super::name(series))),
        count(series.ports_peak),
        of.unwrap_or_default()
    )?;
    let room = screen.width.saturating_sub(SCALE + 2).min(200);
    let full = ports.unwrap_or(0).max(series.ports_peak);
    let drawn = chart::columns(series.held.len(), room);
    let rows = chart::area(&series.held, full, HEIGHT, room);
    for (at, row) in rows.into_iter().enumerate() {
        let above = (HEIGHT - at) as u64;
        let height = |line: u64| full * line / HEIGHT as u64;
        // The line that the limit lies in is marked, wherever that is.
        let is_limit = ports.is_some_and(|ports| height(above - 1) < ports && ports <= height(above));
        let number = match ports.filter(|_| is_limit) {
            Some(ports) => count(ports),
            None if above.is_multiple_of(2) => count(height(above)),
            None => String::new(),
        };
        let row = if is_limit { limit(&row, drawn) } else { row };
        let axis = if is_limit { "╞" } else { "┤" };
        writeln!(out, "{} {axis}{}", right(&number, SCALE), screen.paint(Tone::Bar, row.trim_end()))?;
    }
    writeln!(out, "{} {}", right("0", SCALE), "└".to_owned() + &"─".repeat(drawn))?;
    let (from, to) = (seconds(run.start_s), seconds(run.end_s));
    let gap = drawn.saturating_sub(width(&from) + width(&to)).max(1);
    writeln!(out, "{}{from}{}{to}", " ".repeat(SCALE + 2), " ".repeat(gap))
}

/// The line of the chart that the limit lies in, drawn where nothing reaches it.
fn limit(row: &str, columns: usize) -> String {
    let mut row: Vec<char> = row.chars().collect();
    row.resize(columns.max(row.len()), ' ');
    row.into_iter().map(|cell| if cell == ' ' { '╌' } else { cell }).collect()
}

/// Label, the most, when that was, values, and what the full height is.
type Line<'a> = (String, u64, Option<f64>, &'a [u32], u64);

/// A line for each destination, and below it one for each of its owners.
fn lines(shown: &[&Series], run: &RunTimeline, top: usize, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let mut rows: Vec<Line<'_>> = Vec::new();
    for series in shown {
        rows.push((super::name(series), series.ports_peak, series.at_s, &series.held, series.ports_peak));
        let most = |held: &[u32]| u64::from(held.iter().copied().max().unwrap_or(0));
        rows.push(("  of those open".to_owned(), most(&series.open), None, &series.open, series.ports_peak));
        for owner in series.owners.iter().take(top) {
            let label = format!("  {}", words::label_of(&owner.owner));
            rows.push((label, most(&owner.held), None, &owner.held, series.ports_peak));
        }
        if series.owners.len() > top {
            let more = series.owners.len() - top;
            rows.push((format!("  and {more} more"), 0, None, &[], 0));
        }
    }
    let name = rows.iter().map(|row| width(&printable(&row.0))).max().unwrap_or(0).min(screen.width * 2 / 5).max(19);
    let room = screen.width.saturating_sub(name + 17).min(200);
    let span = format!("{} to {}", seconds(run.start_s), seconds(run.end_s));
    let title = format!("{} {} {}  {span}", left("DESTINATION, OWNER", name), right("MOST", 6), right("AT", 8));
    writeln!(out, "{}", screen.paint(Tone::Dim, &title))?;
    for (label, most, at, values, full) in rows {
        let label = left(&middle(&printable(&label), name), name);
        let label = if label.starts_with(' ') { label } else { screen.paint(Tone::Strong, &label) };
        if values.is_empty() && full == 0 {
            writeln!(out, "{}", label.trim_end())?;
            continue;
        }
        let at = at.map(seconds).unwrap_or_default();
        let line = chart::line(values, full, room);
        let line = screen.paint(Tone::Bar, line.trim_end());
        writeln!(out, "{}", format!("{label} {} {}  {line}", right(&count(most), 6), right(&at, 8)).trim_end())?;
    }
    let bucket = seconds(run.bucket_s);
    let text = format!(
        "A line is as high as its destination's most. MOST of an owner: when its destination held most, within {bucket}. \
         {} values of {bucket} each.",
        count(run.buckets)
    );
    for line in wrap(&text, screen.prose().saturating_sub(3)) {
        writeln!(out, "   {}", screen.paint(Tone::Dim, &line))?;
    }
    Ok(())
}

/// Seconds of the trace.
fn seconds(seconds: f64) -> String {
    if (seconds - seconds.round()).abs() < 0.05 { format!("{seconds:.0} s") } else { format!("{seconds:.1} s") }
}
