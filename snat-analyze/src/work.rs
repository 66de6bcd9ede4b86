//! One capture, from what was read to what is said about it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use snat_parse::Section;

use crate::analysis::{OWN_HOLDS, ruling};
use crate::capture::{Capture, EntryData};
use crate::error::Error;
use crate::findings::{self, Agreement, Holding, Scene};
use crate::fold::{self, Group, GroupKey, Map, PidKey, Run};
use crate::ledger::{Allocation, Asks, Book, Draft, Snapshots, Tie};
use crate::mesh;
use crate::options::Options;
use crate::owner::{self, Asked, Facts, Graph};
use crate::rank::{self, Counted, Ranked, place};
use crate::remedies;
use crate::report::{self, JoinTally, NodeReport, Notice, SameEvents, State};
use crate::verdict;
use crate::what_if;

/// What is said about a node, and what that was said from.
pub(crate) struct Worked {
    pub(crate) report: NodeReport,
    pub(crate) facts: Facts,
    pub(crate) groups: Map<GroupKey, Group>,
    pub(crate) graph: Graph,
    pub(crate) book: Book,
}

/// Reports on one capture. `widen` may ask the graph about more than the log and the snapshots do.
pub(crate) fn work(
    entries: &mut [EntryData],
    paths: &[Arc<str>],
    capture: Capture,
    options: &Options,
    widen: impl FnOnce(&mut Asked, &Facts, Option<&str>),
) -> Result<Worked, Error> {
    let mut runs = Vec::new();
    let mut lost_samples = 0;
    for at in &capture.own {
        lost_samples += entries[*at].lost_samples;
        for mut run in std::mem::take(&mut entries[*at].runs) {
            run.at_entry(*at);
            runs.push(run);
        }
    }
    let (runs, same) = without_repeats(runs);
    let same_events = same
        .into_iter()
        .map(|(left_out, counted)| SameEvents { left_out: place(paths, &left_out), counted: place(paths, &counted) })
        .collect();
    let sweep = ruling(options).sweep;
    let times: Vec<f64> = runs.iter().filter_map(|run| run.seconds(&sweep)).collect();
    let seconds = (!times.is_empty() && times.len() == runs.len()).then(|| rank::rounded(times.iter().sum()));
    let has_netns = runs.iter().any(|run| run.has_netns);
    let sum = |of: fn(&Run) -> u64| runs.iter().map(of).sum::<u64>();
    let mut counts = report::Capture {
        duration_s: seconds,
        runs: runs.len() as u64,
        same_events,
        events: sum(|run| run.events),
        ipv6_events: sum(|run| run.ipv6_events),
        accepts: sum(|run| run.accepts),
        closes: sum(|run| run.closes),
        lost_samples,
        since_s: options.since_s,
        until_s: options.until_s,
        events_outside: sum(|run| run.outside),
        gaps: gaps(&runs, paths),
        ..report::Capture::default()
    };
    let mut runs = runs;
    let has_runs = !runs.is_empty();
    // What needs no ledger comes first: they may be kept meanwhile.
    let drafts: Vec<Draft> = runs.iter_mut().filter_map(Draft::of).collect();
    let groups = fold::merge(runs);
    counts.connects_of_other_pids = other_pids(&groups);
    let mut asked = owner::asked(&groups);
    asked.sockets = Asks::of(&capture.facts.dumps).addrs.difference(&asked.addrs).copied().collect();
    widen(&mut asked, &capture.facts, capture.node.name.as_deref());
    let graph = Graph::build(&capture.facts, &asked, capture.node.name.as_deref())?;
    let claims = owner::resolve(&groups, &graph);
    let snapshots = Snapshots::of(&Tie {
        graph: &graph,
        facts: &capture.facts,
        groups: &groups,
        claims: &claims,
        rules: &options.rules,
        node_ip: capture.node.internal_ip.as_deref().and_then(|ip| ip.parse().ok()),
        node: capture.node.name.as_deref(),
        entries: paths,
    });
    (counts.connects_by_class, counts.connects_documentation) = rank::by_class(&groups, &options.rules);
    let containers = owner::containers(&capture.facts);
    let pool = capture.node.name.as_deref().and_then(|name| capture.facts.pool_size(name));
    let book = Book::of(drafts, |pid, is_proxy_user| is_proxy(&capture.facts, pid, is_proxy_user));
    counts.flows = has_runs.then(|| book.flows());
    counts.unmatched_closes = book.unmatched_closes();
    counts.ports_peak_sum = book.ports_peak_sum();
    counts.expected_used_ports_metric = book.expected_used_ports();
    let allocation = Allocation::of(&options.profile, &options.overrides, pool);
    let cut_netstat = |section: &Section| section.format == Some("netstat") && !section.cut.is_empty();
    let judged = verdict::judge(&verdict::Sources {
        book: &book,
        stock: (!snapshots.dumps.is_empty()).then_some(&snapshots.stock),
        allocation: &allocation,
        profile: &options.profile,
        overrides: &options.overrides,
        lost_samples,
        dual_stack: counts.ipv6_events > 0,
        cut: capture.own.iter().flat_map(|at| &entries[*at].sections).any(cut_netstat),
    });
    let call = verdict::call(&judged);
    let counted = Counted {
        groups: &groups,
        claims: &claims,
        rules: &options.rules,
        has_netns,
        seconds,
        containers: &containers,
        node_addresses: &graph.node_addresses,
        addresses: &graph.addresses,
        entries: paths,
        snapshots: &snapshots,
        book: &book,
        has_log: counts.events > 0,
        call: &call,
        threads: options.threads,
    };
    let connects_public = counts.connects_by_class.get("public").copied().unwrap_or(0);
    counts.connects_public = (counts.events > 0).then_some(connects_public);
    let (ranking, destinations) = counted.ranking(connects_public);
    let timeline = counted.timeline(options.timeline, &ranking);
    let callers = callers(&ranking, &groups, &claims, &graph);
    let whom = verdict::callee(&ranking, &call);
    let ranking: Vec<_> = ranking.into_iter().map(|ranked| ranked.row).collect();
    counts.established_public =
        (!snapshots.dumps.is_empty()).then(|| snapshots.owners.values().map(|held| held.established_public).sum());
    let stock = (!snapshots.dumps.is_empty()).then_some(&snapshots.stock);
    let agreement = stock
        .filter(|_| counts.events > 0)
        .and_then(|stock| Some(Agreement::of(&book.open_at_end()?, &stock.established, &stock.locals)));
    counts.snapshots.clone_from(&snapshots.dumps);
    counts.joins.clone_from(&graph.joins);
    counts.joins.extend(snapshots.joins.iter().cloned());
    let owners = ranking.len() as u64;
    let (verdict, cannot_know) = match counts.events > 0 || !counts.snapshots.is_empty() {
        true => (
            judged.iter().map(verdict::Judged::report).collect(),
            verdict::cannot_know(&judged, &counts, &allocation, capture.node.internal_ip.as_deref()),
        ),
        false => (Vec::new(), Vec::new()),
    };
    let what_if = what_if::rows(&options.what_if, OWN_HOLDS, &book, &options.overrides, pool);
    let mut report = NodeReport {
        node: capture.node,
        capture: counts,
        allocation,
        owners,
        ranking,
        destinations,
        timeline,
        verdict,
        cannot_know,
        phone_test: None,
        call: whom,
        findings: Vec::new(),
        remedies: Vec::new(),
        what_if,
    };
    // Where ports were not short nobody needs to be called.
    if report.main_verdict().is_some_and(|main| main.state == State::NotByThisNode) {
        report.call = None;
    }
    report.phone_test = verdict::phone_test(report.main_verdict());
    if !report.verdict.is_empty() {
        let known = graph.addresses.values().flatten().chain(&graph.node_addresses).copied().collect();
        let scene = Scene {
            node: &report,
            judged: &judged,
            stock,
            agreement,
            callers,
            known: &known,
            profile: &options.profile,
            overrides: &options.overrides,
            sums: book.sums(),
            holding: Holding::of(&report.ranking),
        };
        let (findings, remedies) = (findings::find(&scene), remedies::remedies(&scene));
        (report.findings, report.remedies) = (findings, remedies);
    }
    Ok(Worked { report, facts: capture.facts, groups, graph, book })
}

/// Callers of the first owner that are told of.
const CALLERS: usize = 16;

/// Who called the first owner that is known, by its accepts: the pod that has the address, else the address.
fn callers(
    ranking: &[Ranked],
    groups: &Map<GroupKey, Group>,
    claims: &[Vec<owner::Claim>],
    graph: &Graph,
) -> Vec<(String, u64)> {
    let Some(first) = ranking.iter().find(|ranked| ranked.row.rank == Some(1)) else { return Vec::new() };
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    for (group, claims) in groups.values().zip(claims) {
        if !claims.iter().any(|claim| claim.owner == first.owner) {
            continue;
        }
        for (addr, calls) in &group.callers {
            let holder = addr.ip().and_then(|ip| graph.holder(ip)).map(|holder| holder.pod.to_string());
            *found.entry(holder.unwrap_or_else(|| addr.to_string())).or_default() += calls;
        }
    }
    let mut found: Vec<(String, u64)> = found.into_iter().filter(|(_, calls)| *calls > 0).collect();
    found.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
    found.truncate(CALLERS);
    found
}

/// Whether a process that looks like a proxy of a mesh is one: by its user, or by the name of the process.
fn is_proxy(facts: &Facts, pid: PidKey, is_proxy_user: bool) -> bool {
    let PidKey::Pid(pid) = pid else { return false };
    let named = |process: &owner::Process| process.pid == pid && mesh::is_proxy(process.name.as_bytes());
    is_proxy_user || facts.processes.iter().any(named)
}

/// Gaps are told that are so many times as long as the time between two events is elsewhere.
const TIMES: f64 = 50.0;
const ROWS: u64 = 20;

/// Times without any event that stand out.
fn gaps(runs: &[Run], paths: &[Arc<str>]) -> Vec<report::Gap> {
    let mut found = Vec::new();
    for run in runs {
        let (Some((low, high)), rows) = (run.span, run.events + run.outside) else { continue };
        let quiet: i64 = run.gaps.iter().map(|gap| gap.ns).sum();
        let busy = high.saturating_sub(low).saturating_sub(quiet).max(0) as f64;
        let usual = busy / rows.max(1) as f64;
        // A handful of rows has no usual time between them.
        if rows < ROWS {
            continue;
        }
        let out = run.gaps.iter().filter(|gap| gap.ns as f64 > usual * TIMES);
        let gap = |gap: &fold::Gap| report::Gap {
            seconds: rank::rounded(gap.ns as f64 / 1e9),
            until: place(paths, &gap.until),
        };
        found.extend(out.map(gap));
    }
    found.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    found
}

fn other_pids(groups: &Map<GroupKey, Group>) -> u64 {
    groups.values().filter_map(|group| group.cells.get(&PidKey::Other)).map(|cell| cell.connects).sum()
}

/// Runs that each further one is compared with. More are no capture that a person made.
const COMPARED: usize = 64;

/// Runs without those that show the events of another run under other flags; of such a pair the one that shows more
/// is kept, then the one with namespaces, then with times, then the first.
fn without_repeats(mut runs: Vec<Run>) -> (Vec<Run>, Vec<(fold::Mark, fold::Mark)>) {
    runs.sort_by_key(|run| {
        (
            std::cmp::Reverse((run.connects, run.events, run.has_netns, run.span.is_some())),
            run.first.entry,
            run.first.line,
        )
    });
    let mut kept: Vec<Run> = Vec::new();
    let mut left_out = Vec::new();
    for mut run in runs {
        match kept.iter().take(COMPARED).find(|other| fold::same_events(other, &run)) {
            Some(other) => {
                run.settle();
                left_out.push((run.first, other.first.clone()));
            }
            None => kept.push(run),
        }
    }
    kept.sort_by_key(|run| (run.first.entry, run.first.line));
    left_out.sort();
    (kept, left_out)
}

pub(crate) fn formats(entries: &[EntryData], capture: &Capture) -> BTreeSet<&'static str> {
    capture.own.iter().flat_map(|at| &entries[*at].sections).filter_map(|section| section.format).collect()
}

/// A log that belongs to another node or time than the lists beside it.
pub(crate) fn no_match(
    node: Option<&str>,
    joins: &[JoinTally],
    formats: &BTreeSet<&'static str>,
    bundle: &str,
) -> Vec<Notice> {
    let notice = |code: String, message: String| Notice {
        bundle: bundle.to_owned(),
        node: node.map(str::to_owned),
        entry: None,
        code,
        message,
    };
    let mut found = Vec::new();
    for join in joins {
        let (list, left) = match join.join.as_str() {
            "netns-pid" if formats.contains("lsns") => ("lsns", "namespaces"),
            "address-pod" if formats.contains("kubectl-pods") => ("the pod list", "local addresses"),
            _ => continue,
        };
        if join.left > 0 && join.matched == 0 {
            let message = format!(
                "none of the log's {} {left} is in {list}: taken on another node or at another time?",
                join.left
            );
            found.push(notice(format!("no-match-{}", join.join), message));
        }
    }
    found
}
