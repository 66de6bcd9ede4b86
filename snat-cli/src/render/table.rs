//! `-o table`: for an engineer with a customer on the phone. Who, how sure, what that rests on, what was not understood.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use snat_analyze::Report;
use snat_analyze::report::{Input, NodeReport, NodeSource, Notice, Owner, OwnerKind, RankRow, SnapshotDump};

use crate::render::style::{Screen, count, end, left, middle, percent, printable, right, width, wrap};

/// Owners whose evidence is shown.
const EXPLAINED: usize = 3;
/// Entries that are listed under one heading.
const LISTED: usize = 6;
/// Widest that prose is set.
const PROSE: usize = 110;
/// Narrower than this a table has no room for every column.
const NARROW: usize = 72;

/// Writes the report for a screen of that width.
pub(crate) fn write(report: &Report, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let several = report.nodes.len() > 1;
    for (at, node) in report.nodes.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        head(node, out, screen)?;
        read(&report.inputs, node, several, out, screen)?;
        if !node.ranking.is_empty() {
            ranking(node, out, screen)?;
            why(node, out, screen)?;
        }
        doubts(node, out, screen)?;
    }
    not_understood(report, out, screen)?;
    notices(&report.notices, out, screen)?;
    blind(out, screen)
}

/// Which node, how long, and the answer in a sentence.
fn head(node: &NodeReport, out: &mut dyn Write, screen: Screen) -> io::Result<()> {
    let name = node.node.name.as_deref().unwrap_or("node of unknown name");
    let ip = node.node.internal_ip.as_deref().map(|ip| format!(" ({ip})")).unwrap_or_default();
    let capture = &node.capture;
    let mut facts = Vec::new();
    facts.extend(capture.duration_s.map(|seconds| format!("{seconds:.0} s")));
    facts.push(format!("{} events", count(capture.events)));
    if capture.runs > 1 {
        facts.push(format!("{} runs", capture.runs));
    }
    if capture.lost_samples > 0 {
        facts.push(format!("{} samples lost", count(capture.lost_samples)));
    }
    facts.extend(node.node.pool_size.map(|nodes| format!("{nodes} nodes listed")));
    facts.extend(match node.node.source {
        Some(NodeSource::NodeList) | None => None,
        Some(NodeSource::Pods) => Some("name from its pods".to_owned()),
        Some(NodeSource::Prompt) => Some("name from a prompt".to_owned()),
        Some(NodeSource::Folder) => Some("name from the folder".to_owned()),
        Some(_) => Some("name found otherwise".to_owned()),
    });
    for line in wrap(&printable(&format!("{name}{ip}  {}", facts.join(", "))), screen.width) {
        writeln!(out, "{line}")?;
    }
    for line in wrap(&printable(&answer(node)), screen.width.min(PROSE)) {
        writeln!(out, "{line}")?;
    }
    writeln!(out)
}

fn answer(node: &NodeReport) -> String {
    let capture = &node.capture;
    let connects: u64 = capture.connects_by_class.values().sum();
    let Some(public) = capture.connects_public else { return standing(node) };
    let all = format!("{} of {} connects went to public addresses", count(public), count(connects));
    match node.ranking.first().map(|first| (first, first.connects_public.unwrap_or(0))) {
        Some((first, made)) if made > 0 => {
            let share = percent(first.share);
            let made = count(made);
            match first.owner.kind {
                OwnerKind::Unknown => {
                    let who = label(&first.owner);
                    let who = who.strip_prefix("unknown: ").unwrap_or(&who);
                    format!("{all}. The largest part, {made} ({share}), has no known owner: {who}.")
                }
                _ => format!("{all}. The most by {}: {made} ({share}).", label(&first.owner)),
            }
        }
        _ => format!("{all}."),
    }
}

/// The answer without a log: what the snapshots show.
fn standing(node: &NodeReport) -> String {
    let none = "No event of a tcptracer log was read: who makes the connections cannot be said";
    let Some(all) = node.capture.established_public else { return format!("{none}.") };
    let held = format!("{none}. By snapshots {} sockets to public addresses are established", count(all));
    match node.ranking.first().and_then(|first| Some((first, first.established_public?))) {
        Some((first, most)) if most > 0 => format!("{held}, the most by {}: {}.", label(&first.owner), count(most)),
        _ => format!("{held}."),
    }
}

/// Behind the name of a pod in the node's own namespace.
const HOST: &str = " (host)";

/// The owner in at most `room` columns; that it lives in the node's namespace is never cut away.
fn fit(owner: &str, room: usize) -> String {
    match owner.strip_suffix(HOST) {
        Some(name) => format!("{}{HOST}", middle(name, room.saturating_sub(width(HOST)))),
        None => middle(owner, room),
    }
}

/// Who, in one text.
fn label(owner: &Owner) -> String {
    match owner.kind {
        OwnerKind::Pod => {
            let name = owner.pod.as_deref().unwrap_or("?");
            let name =
                owner.namespace.as_ref().map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}"));
            if owner.host_network == Some(true) { format!("{name}{HOST}") } else { name }
        }
        OwnerKind::HostProcess => format!("node process {}", owner.comm.as_deref().unwrap_or("?")),
        OwnerKind::Node => format!("node, thread {}", owner.comm.as_deref().unwrap_or("of unknown name")),
        OwnerKind::Unknown => {
            let netns = owner.netns.first().map(|netns| format!("netns {netns}, ")).unwrap_or_default();
            format!("unknown: {netns}{}", owner.addrs.first().map(String::as_str).unwrap_or("?"))
        }
    }
}

/// Bundle and path of entries.
type Entries<'a> = BTreeSet<(&'a str, &'a str)>;

/// What was read, by format.
fn read(inputs: &[Input], node: &NodeReport, several: bool, out: &mut dyn Write, screen: Screen) -> io::Result<()> {
    // Rows, and the entries that they are in.
    let mut formats: BTreeMap<&str, (u64, Entries<'_>)> = BTreeMap::new();
    for input in inputs.iter().filter(|input| !several || input.node.is_none() || input.node == node.node.name) {
        let (rows, entries) = formats.entry(&input.format).or_default();
        *rows += if input.format == "unknown" { input.lines } else { input.rows };
        entries.insert((&input.bundle, &input.entry));
    }
    let unknown = formats.remove("unknown");
    let files = |entries: usize| if entries == 1 { "1 file".to_owned() } else { format!("{entries} files") };
    let mut parts: Vec<String> = formats
        .iter()
        .map(|(format, (rows, entries))| match entries.len() {
            1 => format!("{format} {}", count(*rows)),
            more => format!("{format} {} in {}", count(*rows), files(more)),
        })
        .collect();
    if let Some((_, entries)) = unknown {
        parts.push(format!("not recognised: parts of {}", files(entries.len())));
    }
    paragraph("read", &format!("rows of {}", parts.join(", ")), out, screen)?;
    writeln!(out)
}

/// A paragraph behind a word, indented.
fn paragraph(word: &str, text: &str, out: &mut dyn Write, screen: Screen) -> io::Result<()> {
    let indent = 11;
    for (at, line) in wrap(&printable(text), screen.width.min(PROSE).saturating_sub(indent)).into_iter().enumerate() {
        writeln!(out, "{}{line}", left(if at == 0 { word } else { "" }, indent))?;
    }
    Ok(())
}

fn ranking(node: &NodeReport, out: &mut dyn Write, screen: Screen) -> io::Result<()> {
    let shown: Vec<&RankRow> = node.ranking.iter().take(screen.owners.unwrap_or(usize::MAX)).collect();
    let gap = if screen.width >= 100 { "  " } else { " " };
    let owners: Vec<String> = shown.iter().map(|row| printable(&label(&row.owner))).collect();
    let tops: Vec<String> = shown.iter().map(|row| printable(&top(row))).collect();
    let standing = shown.iter().any(|row| row.established_public.is_some());
    let estab = |text: &str| if standing { format!("{gap}{}", right(text, 5)) } else { String::new() };
    // On a narrow screen the share gives way: it says what PUBLIC says.
    let shared = |text: &str| {
        if standing && screen.width < NARROW { String::new() } else { format!("{gap}{}", right(text, 5)) }
    };
    // Fixed columns: rank, public, recipe, sure, and the gaps between them; SHARE and ESTAB where they are shown.
    let fixed = 2 + 6 + 6 + 7 + gap.len() * 5 + width(&estab("")) + width(&shared(""));
    let room = screen.width.saturating_sub(fixed);
    let widest =
        |texts: &[String], title: &str| texts.iter().map(|text| width(text)).max().unwrap_or(0).max(width(title));
    // A whole IPv4 destination is worth more than the middle of a name, whose both ends tell.
    let top_width = widest(&tops, "TOP DESTINATION").min((room * 2 / 5).max(21.min(room.saturating_sub(20)))).max(15);
    let owner_width = widest(&owners, "OWNER").min(room.saturating_sub(top_width));
    let titles = ["#", "PUBLIC", "SHARE", "RECIPE", "SURE"];
    writeln!(
        out,
        "{}{gap}{}{gap}{}{}{}{gap}{}{gap}{}{gap}{}",
        right(titles[0], 2),
        left("OWNER", owner_width),
        right(titles[1], 6),
        shared(titles[2]),
        estab("ESTAB"),
        left("TOP DESTINATION", top_width),
        right(titles[3], 6),
        titles[4]
    )?;
    for ((row, owner), top) in shown.iter().zip(&owners).zip(&tops) {
        writeln!(
            out,
            "{}{gap}{}{gap}{}{}{}{gap}{}{gap}{}{gap}{}",
            right(&row.rank.map_or("-".to_owned(), |rank| rank.to_string()), 2),
            left(&fit(owner, owner_width), owner_width),
            right(&row.connects_public.map_or("-".to_owned(), count), 6),
            shared(&percent(row.share)),
            estab(&row.established_public.map_or("-".to_owned(), count)),
            left(&middle(top, top_width), top_width),
            right(&row.article_count.map_or("-".to_owned(), count), 6),
            if row.owner.kind == OwnerKind::Unknown { "-" } else { row.confidence.name() }
        )?;
    }
    let hidden = node.owners.saturating_sub(shown.len() as u64);
    if hidden > 0 {
        writeln!(out, "   … and {hidden} more; --top 0 shows all")?;
    }
    let note = "PUBLIC: connects to public addresses. RECIPE: what awk '{print $6,$10}' would count if it read the columns \
                rightly: every row of the owner's addresses, closes, accepts and private destinations too.";
    let note = if standing {
        format!("{note} ESTAB: established outbound sockets to public addresses in the snapshots, each once.")
    } else {
        note.to_owned()
    };
    for line in wrap(&note, screen.width.min(PROSE).saturating_sub(3)) {
        writeln!(out, "   {line}")?;
    }
    writeln!(out)
}

/// The public destination with the most connects; without any, the one with the most.
fn top(row: &RankRow) -> String {
    let public = row.destinations.iter().find(|dest| dest.class == Some(snat_analyze::egress::Class::Public));
    let Some(dest) = public.or(row.destinations.first()) else { return "-".to_owned() };
    let addr = if dest.addr.contains(':') { format!("[{}]", dest.addr) } else { dest.addr.clone() };
    dest.port.map_or_else(|| addr.clone(), |port| format!("{addr}:{port}"))
}

/// Whether the owner makes connections that take ports: by the trace, else by the snapshots.
fn counts(row: &RankRow) -> bool {
    row.connects_public.or(row.established_public).is_some_and(|number| number > 0)
}

/// The steps that the first owners rest on.
fn why(node: &NodeReport, out: &mut dyn Write, screen: Screen) -> io::Result<()> {
    let rows: Vec<&RankRow> = node.ranking.iter().filter(|row| counts(row)).take(EXPLAINED).collect();
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "Why")?;
    for row in rows {
        let rank = row.rank.map_or("-".to_owned(), |rank| rank.to_string());
        let sure = match row.owner.reason {
            Some(reason) => reason.name(),
            None => row.confidence.name(),
        };
        writeln!(
            out,
            "{} {}: {sure}",
            right(&rank, 2),
            middle(&printable(&label(&row.owner)), screen.width.saturating_sub(18))
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

/// Contradictions, unknown owners, lost rows of joins.
fn doubts(node: &NodeReport, out: &mut dyn Write, screen: Screen) -> io::Result<()> {
    let mut lines: Vec<String> = Vec::new();
    for row in &node.ranking {
        let who = label(&row.owner);
        if let Some(reason) = row.owner.reason
            && row.contradictions.is_empty()
        {
            lines.push(format!("{who}: {}", reason.name()));
        }
        for found in &row.contradictions {
            let places: Vec<String> =
                found.places.iter().map(|place| format!("{}:{}", place.entry, place.line)).collect();
            lines.push(format!("{who}: by {} {}, but {} ({})", found.route, found.owner, found.why, places.join(", ")));
        }
        if !row.owner.candidates.is_empty() && counts(row) {
            lines.push(format!("{who}: process not known; may be {}", row.owner.candidates.join(", ")));
        }
    }
    for same in &node.capture.same_events {
        lines.push(format!(
            "the run at {}:{} shows the same events as the one at {}:{}: counted once",
            same.left_out.entry, same.left_out.line, same.counted.entry, same.counted.line
        ));
    }
    if node.capture.connects_documentation > 0 {
        lines.push(format!(
            "{} public connects go to documentation addresses (masked?), counted as public",
            count(node.capture.connects_documentation)
        ));
    }
    if node.capture.connects_of_other_pids > 0 {
        lines.push(format!(
            "{} connects of processes beyond the 256 kept apart in a namespace",
            count(node.capture.connects_of_other_pids)
        ));
    }
    let sum = |of: fn(&SnapshotDump) -> u64| node.capture.snapshots.iter().map(of).sum::<u64>();
    let (unowned, unclear) = (sum(|dump| dump.unowned), sum(|dump| dump.unclear));
    if unowned > 0 {
        let all = node.capture.established_public.unwrap_or(0);
        lines.push(format!(
            "{} of {} established public sockets in the snapshots have no known owner",
            count(unowned),
            count(all)
        ));
    }
    if unclear > 0 {
        lines.push(format!(
            "{} sockets in the snapshots are of a state with an unknown name, or to an address masked beyond its class: not counted",
            count(unclear)
        ));
    }
    let hidden = lines.len().saturating_sub(LISTED);
    lines.truncate(LISTED);
    if hidden > 0 {
        lines.push(format!("… and {hidden} more in -o json"));
    }
    let lost: Vec<String> = node
        .capture
        .joins
        .iter()
        .filter(|join| join.unmatched > 0)
        .map(|join| format!("{} {} of {}", join.join, count(join.unmatched), count(join.left)))
        .collect();
    if !lost.is_empty() {
        lines.push(format!("joins without a match: {}", lost.join(", ")));
    }
    list("Doubts", &lines, out, screen)
}

fn list(title: &str, lines: &[String], out: &mut dyn Write, screen: Screen) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "{title}")?;
    for line in lines {
        for (at, part) in wrap(&printable(line), screen.width.min(PROSE).saturating_sub(5)).into_iter().enumerate() {
            writeln!(out, "{}{part}", if at == 0 { "   " } else { "     " })?;
        }
    }
    writeln!(out)
}

/// Sections of no known format, rejected lines, cuts.
fn not_understood(report: &Report, out: &mut dyn Write, screen: Screen) -> io::Result<()> {
    let mut lines: Vec<String> = Vec::new();
    // Lines behind a dump that were left unread are told below, as rejects.
    let unknown: Vec<&Input> =
        report.inputs.iter().filter(|input| input.format == "unknown" && input.rejected == 0).collect();
    let entries: BTreeSet<&str> = unknown.iter().map(|input| input.entry.as_str()).collect();
    if !entries.is_empty() {
        let named: Vec<&str> = entries.iter().take(LISTED).copied().collect();
        let more =
            if entries.len() > LISTED { format!(", … and {} more", entries.len() - LISTED) } else { String::new() };
        let all: u64 = unknown.iter().map(|input| input.lines).sum();
        lines.push(format!("no known format: {} lines in {}{more}", count(all), named.join(", ")));
    }
    let rejected: Vec<&Input> = report.inputs.iter().filter(|input| input.rejected > 0).collect();
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
    let cut: Vec<String> = report
        .inputs
        .iter()
        .filter(|input| !input.cut.is_empty())
        .map(|input| format!("{} ({})", input.entry, input.cut.join(", ")))
        .collect();
    if !cut.is_empty() {
        let more = if cut.len() > LISTED { format!(", … and {} more", cut.len() - LISTED) } else { String::new() };
        lines.push(format!("cut: {}{more}", cut.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ")));
    }
    list("Not understood", &lines, out, screen)
}

fn notices(notices: &[Notice], out: &mut dyn Write, screen: Screen) -> io::Result<()> {
    let mut lines: Vec<String> = notices
        .iter()
        .map(|notice| match (&notice.entry, &notice.node) {
            (Some(entry), _) => format!("{entry}: {}", notice.message),
            (None, Some(node)) => format!("{node}: {}", notice.message),
            (None, None) => notice.message.clone(),
        })
        .collect();
    let hidden = lines.len().saturating_sub(2 * LISTED);
    lines.truncate(2 * LISTED);
    if hidden > 0 {
        lines.push(format!("… and {hidden} more in -o json"));
    }
    list("Missing", &lines, out, screen)
}

/// What no tcptracer log can show.
fn blind(out: &mut dyn Write, screen: Screen) -> io::Result<()> {
    let text = "failed and hanging connects, UDP, connections opened before the trace, and under -4 every dual-stack socket \
                (the default in Java and .NET). Ports stay held about 240 s after a close: connects are not ports.";
    paragraph("not shown", text, out, screen)
}
