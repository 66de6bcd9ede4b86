//! The way of a bundle, from its sources to its report.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::ops::ControlFlow;

use snat_parse::formats::tcptracer::{Batch, Sink};
use snat_parse::{Diagnostics, EntryReader, Keep, Section};

use crate::bundle::{self, EntryName, Limits, Progress, Source, Visit};
use crate::capture::{Capture, EntryData, captures};
use crate::doctor::{self, Inspection};
use crate::error::Error;
use crate::findings::{self, Agreement, Scene};
use crate::fold::{self, Cell, Fold, Group, GroupKey, Map, PidKey, Ruling, Run};
use crate::ledger::{Allocation, Asks, Book, SECOND, Snapshots, SweepRules, Tie};
use crate::mesh;
use crate::options::Options;
use crate::owner::{self, Asked, Facts, Graph};
use crate::rank::{self, Counted, Ranked, place};
use crate::remedies;
use crate::report::{
    self, Input, InputDiagnostic, JoinTally, NodeReport, Notice, Report, SCHEMA_VERSION, SameEvents, State, Tool,
};
use crate::verdict;
use crate::what_if;

/// An analysis of bundles.
#[derive(Clone, Copy, Debug)]
pub struct Analysis;

impl Analysis {
    /// Reads the sources and reports on them.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use snat_analyze::{Analysis, Options, Source};
    ///
    /// // A folder, an archive in an archive, or one dump.
    /// let report = Analysis::of(vec![Source::from(Path::new("bundle.tar.gz"))], &Options::default())?;
    /// for row in report.nodes.iter().flat_map(|node| &node.ranking) {
    ///     println!("{:?} {:?}", row.owner.pod, row.connects_public);
    /// }
    /// # Ok::<(), snat_analyze::Error>(())
    /// ```
    ///
    /// # Errors
    /// Where a source cannot be opened, nothing in them is recognised, or `options.node` names no captured node.
    pub fn of(sources: Vec<Source>, options: &Options) -> Result<Report, Error> {
        Self::observed(sources, options, &mut Quiet)
    }

    /// The same, with somebody who is told on the way.
    ///
    /// # Errors
    /// Those of [`Analysis::of`], and [`Error::Cancelled`] where the observer asks to stop.
    pub fn observed(sources: Vec<Source>, options: &Options, observer: &mut dyn Observe) -> Result<Report, Error> {
        let (mut entries, notices) = read(sources, options, observer)?;
        if is_nothing(&entries) {
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
            let bundle = entries.first().map(|entry| entry.name.bundle.clone()).unwrap_or_default();
            notices.extend(doctor::notices(&doctor::examine(&entries, &capture), &bundle));
            let node = work(&mut entries, &paths, capture, options, |_, _, _| {})?.report;
            notices.extend(no_match(node.node.name.as_deref(), &node.capture.joins, &formats, &bundle));
            nodes.push(node);
        }
        Ok(Report { schema_version: SCHEMA_VERSION, tool: tool(), nodes, inputs, notices })
    }
}

impl Inspection {
    /// Reads the sources and says what is in them; nothing recognised is no error here.
    ///
    /// ```
    /// use snat_analyze::{Inspection, Options, Quiet, Source};
    ///
    /// let lsns = "        NS TYPE NPROCS   PID USER COMMAND\n4026532785 net       3 19832 root bash\n";
    /// let source = Source::texts("case 42", [("lsns.txt", lsns), ("note.txt", "words\n")]);
    /// let found = Inspection::of(vec![source], &Options::default(), &mut Quiet)?;
    /// let formats: Vec<&str> = found.inputs.iter().map(|input| input.format.as_str()).collect();
    /// assert_eq!(formats, ["lsns", "unknown"]);
    /// # Ok::<(), snat_analyze::Error>(())
    /// ```
    ///
    /// # Errors
    /// Where a source cannot be opened, `options.node` names no captured node, or the observer asks to stop.
    pub fn of(sources: Vec<Source>, options: &Options, observer: &mut dyn Observe) -> Result<Self, Error> {
        let (mut entries, notices) = read(sources, options, observer)?;
        let captures = if is_nothing(&entries) { Vec::new() } else { captures(&entries) };
        let chosen = choose(captures, options.node.as_deref())?;
        let inputs = inputs(&entries, &chosen);
        let paths: Vec<String> = entries.iter().map(|entry| entry.name.path.clone()).collect();
        let mut nodes = Vec::new();
        for capture in chosen {
            let mut examined = doctor::examine(&entries, &capture);
            let found = work(&mut entries, &paths, capture, options, |_, _, _| {})?.report;
            (examined.verdict, examined.cannot_know) = (found.verdict, found.cannot_know);
            nodes.push(examined);
        }
        Ok(Self { schema_version: SCHEMA_VERSION, tool: tool(), nodes, inputs, notices })
    }
}

/// Is told what happens while bundles are read.
///
/// ```
/// use std::ops::ControlFlow;
/// use snat_analyze::{Analysis, Error, Observe, Options, Progress, Source};
///
/// /// Stops once so many bytes were read.
/// struct Most(u64);
///
/// impl Observe for Most {
///     fn progress(&mut self, at: &Progress<'_>) -> ControlFlow<()> {
///         if at.bytes > self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
///     }
/// }
///
/// let log = "0 connect 77 curl 4 10.244.3.9 20.51.14.8 40114 443 4026533011\n";
/// let read = |most| Analysis::observed(vec![Source::reader("log", log.as_bytes())], &Options::default(), &mut Most(most));
/// assert!(read(1000).is_ok());
/// assert!(matches!(read(10), Err(Error::Cancelled)));
/// ```
pub trait Observe {
    /// Whether [`Observe::not_understood`] is to be called.
    fn wants_lines(&self) -> bool {
        false
    }

    /// A line that was not understood: where, by which reason, and what stands on it. Entry by entry, but not in the
    /// order of the lines.
    fn not_understood(&mut self, _entry: &EntryName, _line: u64, _reason: &'static str, _text: &[u8]) {}

    /// How far the reading is: before the first read of each entry, after each buffer of it, and every so often while
    /// something is passed over that is no entry. `Break` ends the work with [`Error::Cancelled`]; nothing is read
    /// after it, and nothing is asked.
    fn progress(&mut self, _at: &Progress<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// An observer that wants to know nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Observe for Quiet {}

pub(crate) fn tool() -> Tool {
    Tool { name: "snat-analyze".into(), version: env!("CARGO_PKG_VERSION").into() }
}

/// All entries of the sources, in the order of their names: that of the members of an archive must not show.
pub(crate) fn read(
    sources: Vec<Source>,
    options: &Options,
    observer: &mut dyn Observe,
) -> Result<(Vec<EntryData>, Vec<Notice>), Error> {
    let mut reading = Reading {
        limits: &options.limits,
        ruling: ruling(options),
        entries: Vec::new(),
        observer,
        buffer: vec![0; BUFFER],
        bytes: 0,
        dumps: 0,
        going: ControlFlow::Continue(()),
    };
    let notices = bundle::walk(sources, &options.limits, &mut reading)?;
    let mut entries = reading.entries;
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((entries, notices))
}

/// Places of the ledger's own holds: the profile's after FIN, then after a reset. Those of other rules follow.
const OWN_HOLDS: usize = 2;

/// Holds of the ledger, and what it measures.
fn ruling(options: &Options) -> Ruling {
    let allocation = Allocation::of(&options.profile, &options.overrides, None);
    let own = [allocation.hold_s, allocation.hold_reset_s].map(|hold| (hold * SECOND as f64).round() as i64);
    let holds: Vec<i64> = own.into_iter().chain(what_if::holds(&options.what_if)).collect();
    let ns = |seconds: f64| (seconds * SECOND as f64).round() as i64;
    let sweep = SweepRules {
        holds,
        since: options.since_s.map(ns),
        until: options.until_s.map(ns),
        idle: allocation.idle_s.map(ns),
        ..SweepRules::default()
    };
    Ruling { rules: options.rules.clone(), sweep }
}

pub(crate) fn is_nothing(entries: &[EntryData]) -> bool {
    entries.iter().all(|entry| entry.sections.iter().all(|section| section.format.is_none()))
}

pub(crate) fn nothing(entries: &[EntryData], notices: &[Notice]) -> Error {
    let line = |notice: &Notice| format!("{}: {}", notice.entry.as_deref().unwrap_or(&notice.bundle), notice.message);
    Error::NothingRecognised { entries: entries.len(), notices: notices.iter().map(line).collect() }
}

/// Bytes that are read from an entry at a time.
const BUFFER: usize = 1 << 18;

struct Reading<'a> {
    limits: &'a Limits,
    ruling: Ruling,
    entries: Vec<EntryData>,
    observer: &'a mut dyn Observe,
    /// One for all entries: there may be many, and a heap with as many holes in it.
    buffer: Vec<u8>,
    /// Unpacked, of all entries.
    bytes: u64,
    /// Of those, the bytes of dumps whose rows are kept.
    dumps: usize,
    /// What the observer last said.
    going: ControlFlow<()>,
}

impl Reading<'_> {
    fn cancelled(&self) -> io::Result<()> {
        if self.going.is_break() { Err(io::Error::other("cancelled")) } else { Ok(()) }
    }
}

/// Events to the fold, lines that were not understood to the observer.
struct Ears<'a> {
    fold: &'a mut Fold,
    name: &'a EntryName,
    observer: &'a mut dyn Observe,
}

impl Sink for Ears<'_> {
    fn events(&mut self, batch: &Batch<'_>) {
        self.fold.events(batch);
    }

    fn not_understood(&mut self, line: u64, reason: &'static str, text: &[u8]) {
        self.observer.not_understood(self.name, line, reason, text);
    }
}

impl Visit for Reading<'_> {
    fn entry(&mut self, name: EntryName, reader: &mut dyn Read) -> io::Result<()> {
        let mut keep = Keep::default();
        keep.line = self.limits.line;
        let room = self.limits.dumps.saturating_sub(self.dumps);
        (keep.alone, keep.beside_log) = (keep.alone.min(room), keep.beside_log.min(room));
        keep.rejects = self.observer.wants_lines();
        let mut parser = EntryReader::new(keep).named(&name.path);
        let mut fold = Fold::by(self.ruling.clone());
        let ended = loop {
            self.going = self.observer.progress(&Progress::new(&name, self.bytes));
            self.cancelled()?;
            match reader.read(&mut self.buffer) {
                Ok(0) => break Ok(()),
                Ok(got) => {
                    self.bytes += got as u64;
                    let mut ears = Ears { fold: &mut fold, name: &name, observer: &mut *self.observer };
                    parser.feed(&self.buffer[..got], &mut ears);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        // What was read before an error is still a dump, cut at its end.
        let entry = parser.finish(&mut Ears { fold: &mut fold, name: &name, observer: &mut *self.observer });
        let lines = entry.lines;
        let dumps = entry.sections.iter().filter(|section| section.table.is_some()).map(|section| section.bytes);
        self.dumps += usize::try_from(dumps.sum::<u64>()).unwrap_or(usize::MAX).min(room);
        self.entries.push(EntryData {
            name,
            sections: entry.sections,
            runs: fold.into_runs(),
            lost_samples: entry.lost_samples,
            prompt_host: entry.prompt_host,
        });
        ended.map_err(|error| io::Error::new(error.kind(), format!("after line {lines}: {error}")))
    }

    fn progress(&mut self, at: &Progress<'_>) -> ControlFlow<()> {
        if self.going.is_continue() {
            self.going = self.observer.progress(at);
        }
        self.going
    }
}

/// The captures that are reported: all, or the one that was asked for.
pub(crate) fn choose(captures: Vec<Capture>, asked: Option<&str>) -> Result<Vec<Capture>, Error> {
    let Some(asked) = asked else { return Ok(captures) };
    let names: Vec<String> = captures
        .iter()
        .filter_map(|capture| {
            let ip = capture.node.internal_ip.as_deref().map(|ip| format!(" ({ip})")).unwrap_or_default();
            capture.node.name.as_ref().map(|name| format!("{name}{ip}")).or_else(|| capture.node.internal_ip.clone())
        })
        .collect();
    let is = |found: &Option<String>| found.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(asked));
    let asked_name = asked.to_ascii_lowercase();
    let begins_or_ends = |capture: &Capture| {
        let name = capture.node.name.as_deref().unwrap_or_default().to_ascii_lowercase();
        !asked_name.is_empty() && (name.starts_with(&asked_name) || name.ends_with(&asked_name))
    };
    // A part of a name is enough where it is one node's.
    let (found, others): (Vec<Capture>, Vec<Capture>) =
        captures.into_iter().partition(|capture| is(&capture.node.name) || is(&capture.node.internal_ip));
    let near: Vec<Capture> = others.into_iter().filter(begins_or_ends).collect();
    match (found.is_empty(), near.len()) {
        (false, _) => Ok(found),
        (true, 1) => Ok(near),
        (true, _) => Err(Error::NoSuchNode { asked: asked.to_owned(), nodes: names }),
    }
}

/// What is said about a node, and what that was said from.
pub(crate) struct Worked {
    pub(crate) report: NodeReport,
    pub(crate) facts: Facts,
    pub(crate) groups: Map<GroupKey, Group>,
    pub(crate) graph: Graph,
}

/// Reports on one capture. `widen` may ask the graph about more than the log and the snapshots do.
pub(crate) fn work(
    entries: &mut [EntryData],
    paths: &[String],
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
    let book = Book::of(&mut runs, |pid, cell| is_proxy(&capture.facts, pid, cell));
    counts.flows = (!runs.is_empty()).then(|| book.flows());
    counts.unmatched_closes = book.unmatched_closes();
    counts.ports_peak_sum = book.ports_peak_sum();
    counts.expected_used_ports_metric = book.expected_used_ports();
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
    let containers = owner::containers(&capture.facts);
    let pool = capture.node.name.as_deref().and_then(|name| capture.facts.pool_size(name));
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
    };
    (counts.connects_by_class, counts.connects_documentation) = counted.by_class();
    let connects_public = counts.connects_by_class.get("public").copied().unwrap_or(0);
    counts.connects_public = (counts.events > 0).then_some(connects_public);
    let ranking = counted.ranking(connects_public);
    let timeline = counted.timeline(options.timeline, &ranking);
    let callers = callers(&ranking, &groups, &claims, &graph);
    let whom = verdict::callee(&ranking, &call);
    let ranking: Vec<_> = ranking.into_iter().map(|ranked| ranked.row).collect();
    let destinations = counted.destinations();
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
        };
        let (findings, remedies) = (findings::find(&scene), remedies::remedies(&scene));
        (report.findings, report.remedies) = (findings, remedies);
    }
    Ok(Worked { report, facts: capture.facts, groups, graph })
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
fn is_proxy(facts: &Facts, pid: PidKey, cell: &Cell) -> bool {
    let PidKey::Pid(pid) = pid else { return false };
    let named = |process: &owner::Process| process.pid == pid && mesh::is_proxy(process.name.as_bytes());
    cell.is_proxy_user || facts.processes.iter().any(named)
}

/// Gaps are told that are so many times as long as the time between two events is elsewhere.
const TIMES: f64 = 50.0;
const ROWS: u64 = 20;

/// Times without any event that stand out.
fn gaps(runs: &[Run], paths: &[String]) -> Vec<report::Gap> {
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

/// One row a section.
pub(crate) fn inputs(entries: &[EntryData], captures: &[Capture]) -> Vec<Input> {
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
        looks_like: None,
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
        looks_like: section.looks_like.map(str::to_owned),
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
