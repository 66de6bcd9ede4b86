//! The way of a bundle, from its sources to its report.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use snat_parse::{Diagnostics, EntryReader, Keep, Section};

use crate::bundle::{self, EntryName, Limits, Source, Visit};
use crate::capture::{Capture, EntryData, captures};
use crate::error::Error;
use crate::fold::{self, Fold, Group, GroupKey, Map, PidKey, Run};
use crate::ledger::{Asks, Snapshots, Tie};
use crate::options::Options;
use crate::owner::{self, Graph};
use crate::rank::{self, Counted, place};
use crate::report::{self, Input, InputDiagnostic, NodeReport, Notice, Report, SCHEMA_VERSION, SameEvents, Tool};

/// An analysis of bundles.
#[derive(Clone, Copy, Debug)]
pub struct Analysis;

impl Analysis {
    /// Reads the sources and reports on them.
    ///
    /// # Errors
    /// Where a source cannot be opened, nothing in them is recognised, or `options.node` names no captured node.
    pub fn of(sources: Vec<Source>, options: &Options) -> Result<Report, Error> {
        let mut reading = Reading { limits: &options.limits, entries: Vec::new() };
        let notices = bundle::walk(sources, &options.limits, &mut reading)?;
        let mut entries = reading.entries;
        // The order of members in an archive must not show.
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        if entries.iter().all(|entry| entry.sections.iter().all(|section| section.format.is_none())) {
            return Err(nothing(&entries, &notices));
        }
        let captures = captures(&entries);
        let chosen = choose(captures, options.node.as_deref())?;
        let inputs = inputs(&entries, &chosen);
        let paths: Vec<String> = entries.iter().map(|entry| entry.name.path.clone()).collect();
        let mut notices = notices;
        let mut nodes = Vec::new();
        for capture in chosen {
            let formats = formats(&entries, &capture);
            let node = node_report(&mut entries, &paths, capture, options)?;
            notices.extend(missing(&node, &formats, &entries));
            nodes.push(node);
        }
        let tool = Tool { name: "snat-analyze".into(), version: env!("CARGO_PKG_VERSION").into() };
        Ok(Report { schema_version: SCHEMA_VERSION, tool, nodes, inputs, notices })
    }
}

fn nothing(entries: &[EntryData], notices: &[Notice]) -> Error {
    let line = |notice: &Notice| format!("{}: {}", notice.entry.as_deref().unwrap_or(&notice.bundle), notice.message);
    Error::NothingRecognised { entries: entries.len(), notices: notices.iter().map(line).collect() }
}

/// Bytes that are read from an entry at a time.
const BUFFER: usize = 1 << 18;

struct Reading<'a> {
    limits: &'a Limits,
    entries: Vec<EntryData>,
}

impl Visit for Reading<'_> {
    fn entry(&mut self, name: EntryName, reader: &mut dyn Read) -> io::Result<()> {
        let mut keep = Keep::default();
        keep.line = self.limits.line;
        let mut parser = EntryReader::new(keep);
        let mut fold = Fold::default();
        let mut buffer = vec![0; BUFFER];
        let ended = loop {
            match reader.read(&mut buffer) {
                Ok(0) => break Ok(()),
                Ok(got) => parser.feed(&buffer[..got], &mut fold),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        // What was read before an error is still a dump, cut at its end.
        let entry = parser.finish(&mut fold);
        let lines = entry.lines;
        self.entries.push(EntryData {
            name,
            sections: entry.sections,
            runs: fold.into_runs(),
            lost_samples: entry.lost_samples,
            prompt_host: entry.prompt_host,
        });
        ended.map_err(|error| io::Error::new(error.kind(), format!("after line {lines}: {error}")))
    }
}

/// The captures that are reported: all, or the one that was asked for.
fn choose(captures: Vec<Capture>, asked: Option<&str>) -> Result<Vec<Capture>, Error> {
    let Some(asked) = asked else { return Ok(captures) };
    let names: Vec<String> = captures
        .iter()
        .filter_map(|capture| {
            let ip = capture.node.internal_ip.as_deref().map(|ip| format!(" ({ip})")).unwrap_or_default();
            capture.node.name.as_ref().map(|name| format!("{name}{ip}")).or_else(|| capture.node.internal_ip.clone())
        })
        .collect();
    let is = |found: &Option<String>| found.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(asked));
    let found: Vec<Capture> =
        captures.into_iter().filter(|capture| is(&capture.node.name) || is(&capture.node.internal_ip)).collect();
    if found.is_empty() { Err(Error::NoSuchNode { asked: asked.to_owned(), nodes: names }) } else { Ok(found) }
}

fn node_report(
    entries: &mut [EntryData],
    paths: &[String],
    capture: Capture,
    options: &Options,
) -> Result<NodeReport, Error> {
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
    let times: Vec<f64> = runs.iter().filter_map(Run::seconds).collect();
    let seconds = (!times.is_empty() && times.len() == runs.len()).then(|| rank::rounded(times.iter().sum()));
    let has_netns = runs.iter().any(|run| run.has_netns);
    let sum = |of: fn(&Run) -> u64| runs.iter().map(of).sum::<u64>();
    let mut counts = report::Capture {
        duration_s: seconds,
        runs: runs.len() as u64,
        same_events,
        events: sum(|run| run.events),
        accepts: sum(|run| run.accepts),
        closes: sum(|run| run.closes),
        lost_samples,
        ..report::Capture::default()
    };
    let groups = fold::merge(runs);
    counts.connects_of_other_pids = other_pids(&groups);
    let mut asked = owner::asked(&groups);
    asked.sockets = Asks::of(&capture.facts.dumps).addrs.difference(&asked.addrs).copied().collect();
    let graph = Graph::build(&capture.facts, &asked, capture.node.name.as_deref())?;
    let claims = owner::resolve(&groups, &graph);
    let snapshots = Snapshots::of(&Tie {
        graph: &graph,
        facts: &capture.facts,
        groups: &groups,
        claims: &claims,
        rules: &options.rules,
        node_ip: capture.node.internal_ip.as_deref().and_then(|ip| ip.parse().ok()),
        entries: paths,
    });
    let containers = owner::containers(&capture.facts);
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
        has_log: counts.events > 0,
    };
    (counts.connects_by_class, counts.connects_documentation) = counted.by_class();
    let connects_public = counts.connects_by_class.get("public").copied().unwrap_or(0);
    counts.connects_public = (counts.events > 0).then_some(connects_public);
    let ranking = counted.ranking(connects_public);
    let destinations = counted.destinations();
    counts.established_public =
        (!snapshots.dumps.is_empty()).then(|| snapshots.owners.values().map(|held| held.established_public).sum());
    counts.snapshots = snapshots.dumps;
    counts.joins = graph.joins;
    counts.joins.extend(snapshots.joins);
    Ok(NodeReport { node: capture.node, capture: counts, owners: ranking.len() as u64, ranking, destinations })
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
    for run in runs {
        match kept.iter().take(COMPARED).find(|other| fold::same_events(other, &run)) {
            Some(other) => left_out.push((run.first, other.first.clone())),
            None => kept.push(run),
        }
    }
    kept.sort_by_key(|run| (run.first.entry, run.first.line));
    left_out.sort();
    (kept, left_out)
}

fn formats(entries: &[EntryData], capture: &Capture) -> BTreeSet<&'static str> {
    capture.own.iter().flat_map(|at| &entries[*at].sections).filter_map(|section| section.format).collect()
}

/// Which step each dump serves, and what is lost without it.
const STEPS: [(&[&str], &str); 5] = [
    (&["tcptracer"], "no tcptracer log: connects cannot be counted"),
    (
        &["lsns"],
        "no lsns: the way from a namespace to a process is missing, and the node's own namespace is told by its address only",
    ),
    (&["pstree"], "no pstree: the way from a process to its sandbox is missing"),
    (&["crictl-pods", "crictl-ps"], "no crictl: the way from a sandbox to its pod is missing"),
    (&["kubectl-pods"], "no kubectl get pods: the way from an address to its pod is missing"),
];

/// Dumps that are not there, and a log that belongs to another node or time.
fn missing(node: &NodeReport, formats: &BTreeSet<&'static str>, entries: &[EntryData]) -> Vec<Notice> {
    let bundle = entries.first().map(|entry| entry.name.bundle.clone()).unwrap_or_default();
    let notice = |code: String, message: String| Notice {
        bundle: bundle.clone(),
        node: node.node.name.clone(),
        entry: None,
        code,
        message,
    };
    let mut found = Vec::new();
    for (names, what) in STEPS {
        if !names.iter().any(|name| formats.contains(name)) {
            let command =
                snat_parse::formats::by_name(names[0]).map(|format| format.meta().command).unwrap_or_default();
            found.push(notice(format!("missing-{}", names[0]), format!("{what}; capture it with: {command}")));
        }
    }
    for join in &node.capture.joins {
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

/// One row a section.
fn inputs(entries: &[EntryData], captures: &[Capture]) -> Vec<Input> {
    let mut rows = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let mut owners = captures.iter().filter(|capture| capture.own.contains(&at));
        let node = match (owners.next(), owners.next()) {
            (Some(only), None) => only.node.name.clone(),
            _ => None,
        };
        if entry.sections.is_empty() {
            rows.push(Input { entry: entry.name.path.clone(), ..empty(entry, node.clone()) });
        }
        rows.extend(entry.sections.iter().map(|section| input(entry, section, node.clone())));
    }
    rows
}

fn empty(entry: &EntryData, node: Option<String>) -> Input {
    Input {
        bundle: entry.name.bundle.clone(),
        node,
        entry: entry.name.path.clone(),
        first_line: 1,
        format: "unknown".into(),
        bytes: 0,
        lines: 0,
        rows: 0,
        data: 0,
        continuation: 0,
        skipped: 0,
        rejected: 0,
        reasons: BTreeMap::new(),
        tallies: "lines".into(),
        cut: Vec::new(),
        diagnostics: Vec::new(),
    }
}

fn input(entry: &EntryData, section: &Section, node: Option<String>) -> Input {
    let tally = &section.tally;
    let skipped = tally.skipped.iter().map(|(reason, lines)| (reason.name().to_owned(), *lines));
    let rejected = tally.rejected.iter().map(|(reason, lines)| (reason.name().to_owned(), *lines));
    Input {
        first_line: section.first_line,
        format: section.format.unwrap_or("unknown").to_owned(),
        bytes: section.bytes,
        lines: section.lines,
        rows: section.rows,
        data: tally.data,
        continuation: tally.continuation,
        skipped: tally.skipped_lines(),
        rejected: tally.rejected_lines(),
        reasons: skipped.chain(rejected).collect(),
        cut: section.cut.iter().map(|cut| cut.name().to_owned()).collect(),
        diagnostics: diagnostics(&section.diagnostics),
        ..empty(entry, node)
    }
}

/// So many diagnostics of a section go into the report.
const DIAGNOSTICS: usize = 20;

fn diagnostics(found: &Diagnostics) -> Vec<InputDiagnostic> {
    let row = |d: &snat_parse::Diagnostic| InputDiagnostic {
        line: d.line,
        code: d.code.to_owned(),
        message: d.message.clone(),
    };
    found.kept().iter().take(DIAGNOSTICS).map(row).collect()
}
