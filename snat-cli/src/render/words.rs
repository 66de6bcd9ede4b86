//! The sentences that every renderer for people shares. From a report to text, nothing is computed here that the report
//! does not hold; the text is not yet safe for a terminal or a page, which is up to the renderer.

use snat_analyze::report::{
    Capture, Confidence, Destination, Gap, JoinTally, Node, NodeDestination, NodeReport, NodeSource, Owner, OwnerKind,
    OwnerRef, RankRow, SnapshotDump,
};

use crate::args::SortBy;
use crate::render::read::LISTED;
use crate::render::style::{Tone, count, percent};
use crate::view::View;

/// Behind the name of a pod in the node's own namespace.
pub(crate) const HOST: &str = " (host)";
/// Owners of the fullest destination that are named.
const HOLDERS: usize = 3;
/// Keys without a match that are named.
const KEYS: usize = 3;

/// What these captures cannot show.
pub(crate) fn not_shown(nodes: &[NodeReport]) -> String {
    let logs: Vec<&NodeReport> = nodes.iter().filter(|node| node.capture.events > 0).collect();
    if logs.is_empty() {
        return "connections that failed, hung or ended before the snapshots, and UDP.".to_owned();
    }
    let mut text = "failed and hanging connects, UDP, connections opened before the trace".to_owned();
    if logs.iter().any(|node| node.capture.ipv6_events == 0) {
        let whose = if logs.len() > 1 { "a log here" } else { "the log" };
        text.push_str(&format!(
            ", and, as {whose} has no IPv6 row (-4?), every dual-stack socket, the default in Java and .NET"
        ));
    }
    let short = |node: &&&NodeReport| node.capture.duration_s.is_some_and(|trace| trace < node.allocation.hold_s);
    if let Some(node) = logs.iter().find(short) {
        let whose = if logs.len() > 1 { "A trace here" } else { "The trace" };
        text.push_str(&format!(
            ". {whose} is shorter than a port is held ({} s): it does not show how full it gets",
            node.allocation.hold_s
        ));
    }
    text + "."
}

/// What the answer about a node does not cover.
pub(crate) fn not_seen(node: &NodeReport) -> String {
    let capture = &node.capture;
    let mut parts = vec!["UDP".to_owned()];
    if !capture.snapshots.is_empty() {
        parts.push("attempts given up before a snapshot".to_owned());
    } else {
        parts.push("connects that failed".to_owned());
    }
    if capture.events > 0 && capture.ipv6_events == 0 {
        parts.push("dual-stack sockets, as of Java and .NET (no IPv6 row: -4?)".to_owned());
    }
    if capture.events > 0 {
        parts.push("anything before the trace".to_owned());
    }
    parts.join("; ")
}

/// A time that is short, most of the time.
pub(crate) fn seconds(seconds: f64) -> String {
    match seconds {
        _ if seconds < 0.05 => "<0.1 s".to_owned(),
        _ if seconds < 10.0 => format!("{seconds:.1} s"),
        _ => format!("{seconds:.0} s"),
    }
}

/// Which node.
pub(crate) fn node_name(node: &Node) -> String {
    let name = node.name.as_deref().unwrap_or("node of unknown name");
    node.internal_ip.as_deref().map_or_else(|| name.to_owned(), |ip| format!("{name} ({ip})"))
}

/// Its name, else its address, else its place in the report.
pub(crate) fn short_name(node: &Node, at: usize) -> String {
    node.name.clone().or_else(|| node.internal_ip.clone()).unwrap_or_else(|| format!("#{}", at + 1))
}

/// How long, how much, how the name is known.
pub(crate) fn facts(node: &NodeReport) -> String {
    let mut facts = extent(&node.capture);
    facts.extend(node.node.pool_size.map(|nodes| format!("{nodes} nodes listed")));
    facts.extend(match node.node.source {
        Some(NodeSource::NodeList) | None => None,
        Some(NodeSource::Pods) => Some("node known by its pods' addresses".to_owned()),
        Some(NodeSource::Prompt) => Some("node known by a shell prompt".to_owned()),
        Some(NodeSource::Folder) => Some("named after the folder".to_owned()),
        Some(_) => Some("name found otherwise".to_owned()),
    });
    facts.join(", ")
}

/// How long, how much, and of which part of the trace.
pub(crate) fn extent(capture: &Capture) -> Vec<String> {
    let mut facts = Vec::new();
    facts.extend(capture.duration_s.map(|seconds| format!("{} s", count(seconds.round() as u64))));
    match (capture.since_s, capture.until_s) {
        (None, None) => {}
        (Some(since), None) => facts.push(format!("from {since} s of the trace on")),
        (None, Some(until)) => facts.push(format!("up to {until} s of the trace")),
        (Some(since), Some(until)) => facts.push(format!("from {since} s to {until} s of the trace")),
    }
    facts.push(format!("{} events", count(capture.events)));
    if capture.events_outside > 0 {
        facts.push(format!("{} events outside", count(capture.events_outside)));
    }
    if capture.runs > 1 {
        facts.push(format!("{} runs", capture.runs));
    }
    if capture.lost_samples > 0 {
        facts.push(format!("{} samples lost", count(capture.lost_samples)));
    }
    facts
}

/// Doubts about the course of the trace and of its connections.
pub(crate) fn course(capture: &Capture) -> Vec<String> {
    let mut found = Vec::new();
    if let [first, rest @ ..] = capture.gaps.as_slice() {
        let long = |gap: &Gap| count(gap.seconds.round() as u64);
        let more =
            rest.iter().map(|gap| format!(", for {} s before {}:{}", long(gap), gap.until.entry, gap.until.line));
        found.push(format!(
            "no row for {} s before {}:{}{}: traces that were joined, a clock that was set, or a quiet node? Rates and \
             plateaus are over the whole time, and ports came free in between",
            long(first),
            first.until.entry,
            first.until.line,
            more.collect::<String>()
        ));
    }
    if capture.since_s.is_some() || capture.until_s.is_some() {
        if capture.events == 0 && capture.events_outside > 0 {
            found.push("no row of the log lies in the window".to_owned());
        } else if capture.events > 0 && capture.duration_s.is_none() {
            found.push("the log has no TIME: the window changes nothing".to_owned());
        }
    }
    let Some(flows) = &capture.flows else { return found };
    let mut say = |number: u64, text: &str| {
        if number > 0 {
            found.push(format!("{} {text}", count(number)));
        }
    };
    say(flows.mesh_doubles, "connects were made again by the proxy of their pod: those ports are counted once");
    say(
        flows.mesh_doubles_suspected,
        "connects may have been made again by a proxy (threads of such a name), so that their ports are counted twice: \
         pstree -p of the node would tell",
    );
    say(flows.opened_while_open, "connects have the ends of a connection that is open: closes were lost");
    say(flows.late, "rows came over 2 s behind later ones, and were taken as if they were of then");
    say(
        flows.beyond_bound,
        "connections came while ten million of their kind, to public destinations or not, were open or held, more than the \
         ledger follows: ports held are at least what is said",
    );
    say(flows.without_ends, "rows have a masked address or port: they are counted, but not in the ports");
    say(
        flows.open_past_idle,
        "connections are open for longer than the idle time: were they silent, they hold no port any more",
    );
    found
}

/// The answer in a sentence; where one namespace was asked for, in two.
pub(crate) fn answer(node: &NodeReport, view: &View) -> String {
    let whole = whole(node);
    let Some(namespace) = &view.namespace else { return whole };
    let by_connects = View { sort_by: Some(SortBy::Connections), ..view.clone() };
    let rows = by_connects.rows(node);
    let made = |row: &RankRow| row.connects_public.or(row.established_public);
    match rows.first().and_then(|first| Some((first, made(first)?))) {
        Some((first, most)) => {
            let name = first.owner.pod.as_deref().unwrap_or("?");
            format!("{whole} In namespace {namespace} the most by {name}: {} ({}).", count(most), percent(first.share))
        }
        None => format!("{whole} In namespace {namespace}: nobody."),
    }
}

/// The owner with the most of something; of equal ones the first.
fn most_of(node: &NodeReport, of: impl Fn(&RankRow) -> Option<u64>) -> Option<&RankRow> {
    node.ranking.iter().reduce(|best, row| if of(row) > of(best) { row } else { best })
}

fn whole(node: &NodeReport) -> String {
    let capture = &node.capture;
    let connects: u64 = capture.connects_by_class.values().sum();
    let Some(public) = capture.connects_public else { return standing(node) };
    let all = format!("{} of {} connects went to public addresses", count(public), count(connects));
    match most_of(node, |row| row.connects_public).map(|first| (first, first.connects_public.unwrap_or(0))) {
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
    match most_of(node, |row| row.established_public).and_then(|first| Some((first, first.established_public?))) {
        Some((first, most)) if most > 0 => format!("{held}, the most by {}: {}.", label(&first.owner), count(most)),
        _ => format!("{held}."),
    }
}

/// Who, in one text.
pub(crate) fn label(owner: &Owner) -> String {
    label_of(&OwnerRef::from(owner))
}

/// The same in short.
pub(crate) fn label_of(owner: &OwnerRef) -> String {
    owner.label()
}

/// The public destination with the most connects; without any, the one with the most.
pub(crate) fn top_destination(row: &RankRow) -> Option<&Destination> {
    let public = row.destinations.iter().find(|dest| dest.class == Some(snat_analyze::egress::Class::Public));
    public.or(row.destinations.first())
}

/// The same as one text.
pub(crate) fn top(row: &RankRow) -> String {
    top_destination(row).map_or("-".to_owned(), |dest| dest_name(&dest.addr, dest.port))
}

/// Address and port.
pub(crate) fn dest_name(addr: &str, port: Option<u16>) -> String {
    let addr = if addr.contains(':') { format!("[{addr}]") } else { addr.to_owned() };
    port.map_or_else(|| addr.clone(), |port| format!("{addr}:{port}"))
}

/// The public destination that most ports were held to at once: then the earlier, then by name.
pub(crate) fn fullest(node: &NodeReport) -> Option<&NodeDestination> {
    let public = node.destinations.iter().filter(|dest| dest.class == Some(snat_analyze::egress::Class::Public));
    public.filter(|dest| dest.ports_peak.is_some_and(|peak| peak > 0)).min_by(|a, b| {
        let at = |dest: &NodeDestination| dest.at_s.unwrap_or(f64::MAX);
        let name = |dest: &NodeDestination| (dest.addr.parse::<std::net::IpAddr>().ok(), dest.port);
        b.ports_peak.cmp(&a.ports_peak).then(at(a).total_cmp(&at(b))).then_with(|| name(a).cmp(&name(b)))
    })
}

/// The most ports that an owner held to one destination; a bound says so.
pub(crate) fn own_ports(row: &RankRow) -> String {
    let bound = if row.ports_peak_is_bound && row.ports_peak.is_some_and(|peak| peak > 0) { "≤" } else { "" };
    row.ports_peak.map_or("-".to_owned(), |peak| format!("{bound}{}", count(peak)))
}

/// What was held at most, of how many, by whom where that is not the first owner, and what the numbers rest on.
pub(crate) fn ports(node: &NodeReport) -> Option<String> {
    let dest = fullest(node)?;
    let allocation = &node.allocation;
    let held = dest.ports_peak?;
    let name = dest_name(&dest.addr, dest.port);
    let of = match allocation.ports {
        Some(ports) => {
            let share = percent(Some(held as f64 / ports as f64));
            let over = match held > ports {
                true => ", more than there are: the number or the profile is not this node's",
                false => "",
            };
            format!("of {} ports, {share}{over}", count(ports))
        }
        None => "ports".to_owned(),
    };
    let holders = holders(node, dest).map(|holders| format!(" Held by {holders}.")).unwrap_or_default();
    let reset = dest.ports_peak_reset.filter(|reset| Some(*reset) != dest.ports_peak);
    let reset = reset.map(|reset| format!(" ({} if all were resets)", count(reset))).unwrap_or_default();
    Some(format!(
        "{name} held {} {of}.{holders} A port counts until {} s after its close{reset}. Limit {}",
        count(held),
        allocation.hold_s,
        allocation.explained
    ))
}

/// Who held the fullest destination, and how much at most, where that is another than the owner with the most connects.
fn holders(node: &NodeReport, dest: &NodeDestination) -> Option<String> {
    let held = |row: &RankRow| {
        let own = row.destinations.iter().find(|own| (&own.addr, own.port) == (&dest.addr, dest.port))?;
        own.ports_peak.filter(|ports| *ports > 0)
    };
    let mut rows: Vec<(&RankRow, u64)> = node.ranking.iter().filter_map(|row| Some((row, held(row)?))).collect();
    let first = most_of(node, |row| row.connects_public).and_then(held).unwrap_or(0);
    // Equal ones stay in the order of the ranking.
    rows.sort_by_key(|(_, ports)| std::cmp::Reverse(*ports));
    rows.first().filter(|(_, most)| *most > first)?;
    let named = rows.iter().take(HOLDERS).map(|(row, ports)| format!("{} {}", label(&row.owner), count(*ports)));
    let mut named: Vec<String> = named.collect();
    if rows.len() > HOLDERS {
        named.push(format!("{} more", rows.len() - HOLDERS));
    }
    Some(named.join(", "))
}

/// Whether the owner makes connections that take ports: by the trace, else by the snapshots.
pub(crate) fn counts(row: &RankRow) -> bool {
    row.connects_public.or(row.established_public).is_some_and(|number| number > 0)
}

/// Contradictions, unknown owners, lost rows of joins.
pub(crate) fn doubts(node: &NodeReport) -> Vec<String> {
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
    lines.extend(node.allocation.warnings.iter().cloned());
    lines.extend(course(&node.capture));
    if node.capture.unmatched_closes > 0 {
        lines.push(format!(
            "{} closes without a connect in the log: opened before the trace, or of dual-stack sockets",
            count(node.capture.unmatched_closes)
        ));
    }
    for same in &node.capture.same_events {
        lines.push(format!(
            "the run at {}:{} shows the same events as the one at {}:{}: counted once",
            same.left_out.entry, same.left_out.line, same.counted.entry, same.counted.line
        ));
    }
    if node.capture.connects_documentation > 0 {
        lines.push(format!(
            "{} public connects go to addresses for documentation (RFC 5737, 3849: somebody replaced the real ones?), counted \
             as public",
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
    let lost: Vec<String> = node.capture.joins.iter().filter(|join| join.unmatched > 0).map(no_match).collect();
    if !lost.is_empty() {
        lines.push(lost.join("; "));
    }
    lines
}

/// What the dumps do not tell of each other.
fn no_match(join: &JoinTally) -> String {
    let (one, many, is_not) = match join.join.as_str() {
        "netns-pid" => ("namespace", "namespaces", "in lsns"),
        "pid-process" => ("process of lsns", "processes of lsns", "in a process tree"),
        "connect-process" => ("connecting process", "connecting processes", "in a process tree"),
        "address-pod" => ("local address", "local addresses", "in the pod list"),
        "pid-sandbox" => ("sandbox of the process trees", "sandboxes of the process trees", "in crictl"),
        "sandbox-pod" => ("row of crictl", "rows of crictl", "of a pod in the pod list"),
        "netstat-pod" => ("socket of the snapshots", "sockets of the snapshots", "of a known owner"),
        other => (other, other, "matched"),
    };
    let what = if join.left == 1 { one } else { many };
    let verb = if join.unmatched == 1 { "is" } else { "are" };
    let named: Vec<&str> = join.missing.iter().take(KEYS).map(String::as_str).collect();
    let more = if join.unmatched > named.len() as u64 { ", …" } else { "" };
    let named = if named.is_empty() { String::new() } else { format!(" ({}{more})", named.join(", ")) };
    format!("{} of {} {what} {verb} not {is_not}{named}", count(join.unmatched), count(join.left))
}

/// Owners that `--namespace` leaves out; those without a known namespace may belong to it all the same.
pub(crate) fn left_out(node: &NodeReport, view: &View) -> Option<String> {
    let namespace = view.namespace.as_ref()?;
    let others: Vec<&RankRow> =
        node.ranking.iter().filter(|row| row.owner.namespace.as_ref() != Some(namespace)).collect();
    let unknown = others.iter().filter(|row| row.owner.kind == OwnerKind::Unknown).count();
    let unknown = if unknown > 0 { format!(", {unknown} of them unknown") } else { String::new() };
    (!others.is_empty()).then(|| format!("{} other owners are left out{unknown}", others.len()))
}

/// How an owner's certainty is coloured.
pub(crate) fn tone(row: &RankRow) -> Tone {
    match (row.owner.kind, row.confidence) {
        (OwnerKind::Unknown, _) | (_, Confidence::Weak) => Tone::Poor,
        (_, Confidence::Likely) => Tone::Fair,
        (_, Confidence::Certain) => Tone::Good,
    }
}
