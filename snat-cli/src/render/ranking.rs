//! The ranking as a table: the columns that fit, the names cut in their middle.

use std::io::{self, Write};

use snat_analyze::report::{NodeReport, OwnerKind, RankRow};

use crate::args::SortBy;
use crate::render::style::{Screen, Tone, bar, count, left, middle, percent, printable, right, width};
use crate::render::words::{self, HOST};
use crate::view::View;

/// Narrower than this a table has no room for every column.
const NARROW: usize = 72;
/// From these widths on there is room for more than the names need.
const FOR_BARS: usize = 100;
const FOR_RATE: usize = 130;
const FOR_ADDRESS: usize = 150;

/// One column: its title, its cells, and how it is set.
struct Column {
    title: &'static str,
    cells: Vec<String>,
    set: Set,
}

enum Set {
    Right(usize),
    Left,
    /// Coloured by the row's certainty.
    Sure,
    /// Coloured as a bar.
    Bar(usize),
    /// Cut to what the others leave, by the function.
    Cut(usize, fn(&str, usize) -> String),
}

impl Column {
    fn new(title: &'static str, rows: &[&RankRow], set: Set, cell: impl Fn(&RankRow) -> String) -> Self {
        Self { title, cells: rows.iter().map(|row| printable(&cell(row))).collect(), set }
    }

    /// Columns that its widest cell takes.
    fn widest(&self) -> usize {
        self.cells.iter().map(|cell| width(cell)).max().unwrap_or(0).max(width(self.title))
    }

    fn room(&self) -> usize {
        match self.set {
            Set::Right(least) => self.widest().max(least),
            Set::Cut(room, _) | Set::Bar(room) => room,
            Set::Left | Set::Sure => self.widest(),
        }
    }
}

/// Writes the rows that the view and the screen have room for, and what the numbers mean.
pub(crate) fn write(node: &NodeReport, view: &View, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let all = view.rows(node);
    let shown = &all[..screen.rows(view.top).unwrap_or(usize::MAX).min(all.len())];
    let standing = node.ranking.iter().any(|row| row.established_public.is_some());
    let peak = view.sort_by == Some(SortBy::Ports) || screen.width >= FOR_RATE;
    let columns = columns(shown, standing, peak, screen);
    let gap = if screen.width >= FOR_BARS { "  " } else { " " };
    line(&columns, gap, None, out, |_, text| screen.paint(Tone::Strong, &text))?;
    for (at, row) in shown.iter().enumerate() {
        line(&columns, gap, Some(at), out, |column, text| match column.set {
            Set::Sure => screen.paint(words::tone(row), &text),
            Set::Bar(_) => screen.paint(Tone::Bar, &text),
            _ => text,
        })?;
    }
    let hidden = all.len() - shown.len();
    if hidden > 0 {
        writeln!(out, "   … and {hidden} more; --top 0 shows all")?;
    }
    if let Some(left_out) = words::left_out(node, view) {
        writeln!(out, "   {left_out}")?;
    }
    writeln!(out)
}

/// What the columns are.
pub(crate) fn legend(node: &NodeReport, view: &View, screen: Screen) -> String {
    let standing = node.ranking.iter().any(|row| row.established_public.is_some());
    let peak = view.sort_by == Some(SortBy::Ports) || screen.width >= FOR_RATE;
    let mut notes: Vec<String> = Vec::new();
    let decides = node.main_verdict().and_then(|main| main.numbers.destination.as_ref());
    if words::fullest(node).is_some() {
        notes.push(OWN.to_owned());
        notes.extend(decides.filter(|_| peak).map(|dest| format!("AT PEAK: held to {dest}.")));
        if screen.width >= FOR_RATE {
            notes.push("PLATEAU: where its ports to one destination settle at this rate.".to_owned());
        }
    }
    notes.push("PUBLIC: connects to public addresses.".to_owned());
    if standing {
        notes.push("ESTAB: established outbound sockets to them in the snapshots, each once.".to_owned());
    }
    if node.ranking.iter().any(|row| row.hang.is_some_and(|hang| hang > 0)) {
        notes.push("HANG: connects to them without an answer that were sent again, in the snapshots.".to_owned());
    }
    notes.push(RECIPE.to_owned());
    if let Some(dest) = decides {
        notes.push(format!("#: by the ports and hanging connects to what decides ({dest}), then to all."));
    }
    notes.push("SURE: how sure that these connects are this owner's.".to_owned());
    notes.join(" ")
}

/// What the manual procedure would have counted.
const RECIPE: &str = "RECIPE: what awk '{print $6,$10}' would count if it read the columns rightly: every row of the \
    owner's addresses, closes, accepts and private destinations too.";

/// What the ports of an owner are.
const OWN: &str = "PORTS: the most that it held to one public destination at once (≤: added over its parts).";

/// One line of the table: the titles, or the row of that place.
fn line(
    columns: &[Column],
    gap: &str,
    row: Option<usize>,
    out: &mut dyn Write,
    paint: impl Fn(&Column, String) -> String,
) -> io::Result<()> {
    let last = columns.len().saturating_sub(1);
    for (at, column) in columns.iter().enumerate() {
        let cell = row.map_or(column.title, |row| &column.cells[row]);
        let room = column.room();
        let text = match column.set {
            Set::Right(_) => right(cell, room),
            // Nothing stands behind the last one.
            _ if at == last => cell.to_owned(),
            Set::Cut(_, cut) => left(&cut(cell, room), room),
            Set::Left | Set::Sure | Set::Bar(_) => left(cell, room),
        };
        write!(out, "{}{}", if at > 0 { gap } else { "" }, paint(column, text))?;
    }
    writeln!(out)
}

fn columns(rows: &[&RankRow], standing: bool, peak: bool, screen: Screen) -> Vec<Column> {
    let number = |value: Option<u64>| value.map_or("-".to_owned(), count);
    let listed = |texts: &[String]| if texts.is_empty() { "-".to_owned() } else { texts.join(" ") };
    let (wide, room) = (screen.wide, screen.width);
    let held = rows.iter().any(|row| row.ports_at_node_peak.is_some());
    let mut columns = vec![
        Column::new("#", rows, Set::Right(2), |row| row.rank.map_or("-".to_owned(), |rank| rank.to_string())),
        Column::new("OWNER", rows, Set::Cut(0, fit), |row| words::label(&row.owner)),
        Column::new("PUBLIC", rows, Set::Right(6), |row| number(row.connects_public)),
    ];
    let mut add = |wanted: bool, column: Column| {
        if wanted {
            columns.push(column);
        }
    };
    // On a narrow screen the share gives way: it says what PUBLIC says.
    let tight = if held { 2 * usize::from(standing) } else { usize::from(standing) };
    add(room >= [0, NARROW, FOR_BARS][tight], Column::new("SHARE", rows, Set::Right(5), |row| percent(row.share)));
    let bar_room = if room >= FOR_ADDRESS { 20 } else { 10 };
    let bars = rows.iter().any(|row| row.share.is_some());
    add(
        bars && room >= if peak || tight > 0 { FOR_RATE } else { FOR_BARS },
        Column::new("", rows, Set::Bar(bar_room), |row| bar(row.share.unwrap_or(0.0), bar_room)),
    );
    let rate = |row: &RankRow| row.rate_per_s.map_or("-".to_owned(), |rate| format!("{rate:.1}"));
    add(room >= FOR_RATE, Column::new("RATE/S", rows, Set::Right(6), rate));
    // Where it was sorted by and there is no room for both it takes the place of PORTS.
    add(held && (room >= NARROW || !peak), Column::new("PORTS", rows, Set::Right(5), words::own_ports));
    add(held && peak, Column::new("AT PEAK", rows, Set::Right(7), |row| number(row.ports_at_node_peak)));
    // Where connects hang, they say more than the recipe.
    let hangs = rows.iter().any(|row| row.hang.is_some_and(|hang| hang > 0));
    add(hangs, Column::new("HANG", rows, Set::Right(4), |row| number(row.hang)));
    let plateau = |row: &RankRow| row.plateau.map_or("-".to_owned(), |plateau| count(plateau.round() as u64));
    add(held && room >= FOR_RATE, Column::new("PLATEAU", rows, Set::Right(7), plateau));
    let life = |row: &RankRow| row.median_life_s.map_or("-".to_owned(), words::seconds);
    add(held && room >= FOR_ADDRESS, Column::new("LIFE", rows, Set::Right(6), life));
    add(
        standing && (room >= NARROW || !peak),
        Column::new("ESTAB", rows, Set::Right(5), |row| number(row.established_public)),
    );
    add(true, Column::new("TOP DESTINATION", rows, Set::Cut(0, middle), words::top));
    add(
        room >= FOR_ADDRESS,
        Column::new("ADDRESS", rows, Set::Left, |row| match row.owner.addrs.as_slice() {
            [] => "-".to_owned(),
            [first, rest @ ..] if !wide && !rest.is_empty() => format!("{first} +{}", rest.len()),
            all => all.join(" "),
        }),
    );
    let netns = |row: &RankRow| listed(&row.owner.netns.iter().map(u64::to_string).collect::<Vec<_>>());
    add(wide, Column::new("NETNS", rows, Set::Left, netns));
    add(
        wide,
        Column::new("PIDS", rows, Set::Left, |row| {
            listed(&row.owner.pids.iter().map(u64::to_string).collect::<Vec<_>>())
        }),
    );
    add(wide, Column::new("CONTAINERS", rows, Set::Left, |row| listed(&row.owner.containers)));
    add(wide, Column::new("COMM", rows, Set::Left, |row| row.owner.comm.clone().unwrap_or("-".into())));
    add(!hangs || room >= FOR_BARS, Column::new("RECIPE", rows, Set::Right(6), |row| number(row.article_count)));
    add(
        true,
        Column::new("SURE", rows, Set::Sure, |row| match row.owner.kind {
            OwnerKind::Unknown => "-".to_owned(),
            _ => row.confidence.name().to_owned(),
        }),
    );
    share_out(&mut columns, screen);
    columns
}

/// Gives the names and the destinations what the other columns leave. A whole IPv4 destination is worth more than the
/// middle of a name, whose both ends tell.
fn share_out(columns: &mut [Column], screen: Screen) {
    let gap = if screen.width >= FOR_BARS { 2 } else { 1 };
    let gaps = columns.len().saturating_sub(1) * gap;
    // SURE is counted with its longest word, so that the layout does not depend on who is sure.
    let fixed: usize = columns
        .iter()
        .map(|column| match column.set {
            Set::Cut(..) => 0,
            Set::Sure => column.room().max(7),
            _ => column.room(),
        })
        .sum();
    let room = screen.width.saturating_sub(fixed + gaps);
    let mut flexible: Vec<&mut Column> =
        columns.iter_mut().filter(|column| matches!(column.set, Set::Cut(..))).collect();
    let [owner, top] = flexible.as_mut_slice() else { return };
    let top_room = top.widest().min((room * 2 / 5).max(21.min(room.saturating_sub(20)))).max(15);
    let owner_room = owner.widest().min(room.saturating_sub(top_room));
    for (column, room) in [(owner, owner_room), (top, top_room)] {
        if let Set::Cut(own, _) = &mut column.set {
            *own = room;
        }
    }
}

/// The owner in at most `room` columns; that it lives in the node's namespace is never cut away.
fn fit(owner: &str, room: usize) -> String {
    match owner.strip_suffix(HOST) {
        Some(name) => format!("{}{HOST}", middle(name, room.saturating_sub(width(HOST)))),
        None => middle(owner, room),
    }
}
