//! Events to groups, in constant memory: what a log of any length is kept as until owners are known.
//!
//! A group is (run, namespace, local address). Below it a level by PID, bounded; below that the destinations. Memory
//! follows groups, processes and destinations, not lines.

mod merge;
mod pairs;
mod rows;
mod same;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::RandomState;
use indexmap::IndexMap;
use snat_parse::formats::tcptracer::{Batch, Event, Kind, Sink, printed_again};
use snat_parse::{Addr, AddrRef, place_text};

pub(crate) use merge::merge;
pub(crate) use same::same_events;

use crate::crew::Crew;
use crate::egress::{Class, Rule, classify};
use crate::ledger::{Ended, Ends, Home, Ledgers, Row, SECOND, StepKind, SweepRules};

use pairs::NONE;
use rows::{Origin, Rows, Soon};
use same::{Sketch, front};

/// Processes that are kept apart in one group; the connects of others are counted together.
pub(crate) const PIDS_PER_GROUP: usize = 256;

/// Addresses that called a group and are kept apart.
const CALLERS: usize = 256;

/// Maps keep their first-seen order, so that the hash never shows.
pub(crate) type Map<K, V> = IndexMap<K, V, RandomState>;

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    /// Index of the entry.
    pub(crate) entry: usize,
    pub(crate) line: u64,
    pub(crate) text: Arc<str>,
}

/// Where events of a group come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct GroupKey {
    /// `None` where the log has no NETNS column.
    pub(crate) netns: Option<u64>,
    pub(crate) saddr: Addr,
}

/// A process of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum PidKey {
    Pid(u32),
    /// The cell was masked.
    Masked,
    /// Beyond the bound.
    Other,
}

/// Remote address and port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct DestKey {
    pub(crate) addr: Addr,
    pub(crate) port: Option<u16>,
}

impl DestKey {
    /// Orders as the keys do, and is compared faster: many are sorted by it.
    pub(crate) fn order(&self) -> (u8, u128, Option<&str>, Option<u16>) {
        match &self.addr {
            Addr::Ip(IpAddr::V4(ip)) => (0, ip.to_bits().into(), None, self.port),
            Addr::Ip(IpAddr::V6(ip)) => (1, ip.to_bits(), None, self.port),
            Addr::Printed(text) => (2, 0, Some(text), self.port),
        }
    }
}

/// Connects to one destination.
#[derive(Clone, Debug)]
pub(crate) struct Dest {
    pub(crate) connects: u64,
    pub(crate) first: Mark,
    /// `None` where it is the first.
    last: Option<Last>,
    /// The batch that it was last seen in, and the row there.
    batch: u32,
    last_at: u32,
}

/// The last line of a destination: of several processes of an owner only one is quoted, so it is printed when it is asked
/// for.
#[derive(Clone, Debug)]
struct Last {
    entry: usize,
    line: u64,
    /// The line, or one that gives it again with this time and local port; `None` where the first one does.
    text: Option<Vec<u8>>,
    again: Option<(i64, u16)>,
}

impl From<Mark> for Last {
    fn from(Mark { entry, line, text }: Mark) -> Self {
        Self { entry, line, text: Some(text.as_bytes().to_vec()), again: None }
    }
}

impl Dest {
    /// Entry and line of the last connect.
    pub(crate) fn last_at(&self) -> (usize, u64) {
        self.last.as_ref().map_or((self.first.entry, self.first.line), |last| (last.entry, last.line))
    }

    /// The line of the last connect.
    pub(crate) fn last(&self) -> Mark {
        let Some(Last { entry, line, text, again }) = &self.last else { return self.first.clone() };
        let text = text.as_deref().unwrap_or(self.first.text.as_bytes());
        let printed = again.and_then(|(time, sport)| printed_again(text, time, sport));
        Mark { entry: *entry, line: *line, text: quoted(printed.as_deref().unwrap_or(text)) }
    }

    /// The last connect, of which the text stands for itself.
    fn into_last(self) -> Last {
        let Some(last) = self.last else { return Last::from(self.first) };
        Last { text: last.text.or_else(|| Some(self.first.text.as_bytes().to_vec())), ..last }
    }
}

/// Events of one process of a group.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    /// Dense over the run, for the ledger.
    pub(crate) number: usize,
    /// Whether it ran as the user that a mesh's proxies run as.
    pub(crate) is_proxy_user: bool,
    /// Thread name of its first connect, else of its first event.
    pub(crate) comm: Option<String>,
    pub(crate) comm_of_connect: bool,
    pub(crate) first: Mark,
    pub(crate) connects: u64,
    pub(crate) dests: Map<DestKey, Dest>,
}

/// Events of one group.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) rows: u64,
    pub(crate) first: Mark,
    pub(crate) cells: Map<PidKey, Cell>,
    /// Local ports that accepted.
    pub(crate) accepts: BTreeSet<u16>,
    /// Who called, and how often: the first so many.
    pub(crate) callers: Map<Addr, u64>,
}

/// What the ledger is kept by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ruling {
    /// Which destinations take a port.
    pub(crate) rules: Vec<Rule>,
    pub(crate) sweep: SweepRules,
    /// Who works on it; what is found never depends on that.
    pub(crate) crew: Crew,
}

/// A time without any event.
#[derive(Clone, Debug)]
pub(crate) struct Gap {
    pub(crate) ns: i64,
    /// The event that ended it.
    pub(crate) until: Mark,
}

/// Shorter ones are no gaps.
const GAP: i64 = 30 * SECOND;
/// So many of a run are kept.
const GAPS: usize = 4;

/// Where an event lies to what is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Before,
    Inside,
    Behind,
}

/// One run of the tracer.
#[derive(Debug)]
pub(crate) struct Run {
    /// The first event.
    pub(crate) first: Mark,
    /// There when the entry is over, like all that follows from them.
    pub(crate) groups: Map<GroupKey, Group>,
    /// Like the next three: known when the entry is over.
    pub(crate) events: u64,
    pub(crate) connects: u64,
    pub(crate) accepts: u64,
    pub(crate) closes: u64,
    /// Events of IPv6 sockets.
    pub(crate) ipv6_events: u64,
    /// Smallest and largest TIME.
    pub(crate) span: Option<(i64, i64)>,
    /// Events outside of the window that was asked for; those before it are known to the ledger all the same.
    pub(crate) outside: u64,
    /// Times without any event, longest first.
    pub(crate) gaps: Vec<Gap>,
    /// TIME of the last row that has one.
    last: Option<i64>,
    pub(crate) has_netns: bool,
    /// Events by kind.
    kinds: [u64; 4],
    /// What was held when; later the ledgers of a log that is over.
    ledgers: Option<Ledgers>,
    ended: Option<Ended>,
    rows: Rows,
    sketch: Sketch,
}

/// Folds the events of one entry.
#[derive(Debug, Default)]
pub(crate) struct Fold {
    ruling: Ruling,
    runs: Vec<Run>,
    current: Option<u32>,
    soon: Soon,
}

impl Fold {
    pub(crate) fn by(ruling: Ruling) -> Self {
        Self { ruling, ..Self::default() }
    }

    pub(crate) fn into_runs(mut self) -> Vec<Run> {
        self.runs.iter_mut().for_each(Run::finish);
        self.runs
    }
}

/// The place of an event; its entry gets its number when all entries are read and sorted ([`Run::at_entry`]).
fn mark(batch: &Batch<'_>, at: usize) -> Mark {
    Mark { entry: 0, line: batch.line(at), text: quoted(batch.text(at)) }
}

/// A line as evidence quotes it.
fn quoted(line: &[u8]) -> Arc<str> {
    match std::str::from_utf8(line) {
        Ok(line) => place_text(line).as_ref().into(),
        Err(_) => place_text(&String::from_utf8_lossy(line)).as_ref().into(),
    }
}

impl Sink for Fold {
    fn events(&mut self, batch: &Batch<'_>) {
        let mut at = 0;
        while at < batch.len() {
            let run = batch.run(at);
            if self.current != Some(run) {
                self.current = Some(run);
                if let Some(run) = self.runs.last_mut() {
                    run.finish();
                    run.settle();
                }
                self.runs.push(Run::new(mark(batch, at), &self.ruling));
            }
            let Some(run) = self.runs.last_mut() else { return };
            run.rows.begin(batch);
            let end = batch.run_end(at);
            run.rows.fetch_far(batch, at..end.min(at + rows::FAR), &mut self.soon);
            run.rows.fetch_near(at..end.min(at + rows::NEAR), &mut self.soon);
            for at in at..end {
                // One at a time: what is asked for all at once is waited for.
                let one = |ahead: usize| (at + ahead).min(end)..(at + ahead + 1).min(end);
                run.rows.fetch_far(batch, one(rows::FAR), &mut self.soon);
                run.rows.fetch_near(one(rows::NEAR), &mut self.soon);
                run.event(batch, at, self.soon.of(at).pair, &self.ruling);
            }
            at = end;
            run.rows.end(batch);
        }
    }
}

impl Run {
    fn new(first: Mark, ruling: &Ruling) -> Self {
        Self {
            first,
            groups: Map::default(),
            events: 0,
            connects: 0,
            accepts: 0,
            closes: 0,
            ipv6_events: 0,
            span: None,
            outside: 0,
            gaps: Vec::new(),
            last: None,
            has_netns: false,
            kinds: [0; 4],
            ledgers: Some(Ledgers::new(&ruling.sweep, &ruling.crew)),
            ended: None,
            rows: Rows::default(),
            sketch: Sketch::default(),
        }
    }

    /// No more events. The ledgers may still be kept elsewhere.
    fn finish(&mut self) {
        let Some(ledgers) = self.ledgers.take() else { return };
        self.ended = Some(ledgers.end());
        self.events = self.kinds.iter().sum();
        (self.connects, self.accepts, self.closes) =
            (self.of_kind(Kind::Connect), self.of_kind(Kind::Accept), self.of_kind(Kind::Close));
        self.groups = self.rows.finish();
    }

    /// The ledgers are done with all events.
    pub(crate) fn settle(&mut self) {
        self.ended.iter_mut().for_each(Ended::settle);
    }

    /// The ledgers, once there are no more events.
    pub(crate) fn take_ledgers(&mut self) -> Option<Ended> {
        self.ended.take()
    }

    fn of_kind(&self, kind: Kind) -> u64 {
        self.kinds[kind as usize]
    }

    /// Entries get their final numbers only when all are read and sorted.
    pub(crate) fn at_entry(&mut self, entry: usize) {
        self.first.entry = entry;
        self.gaps.iter_mut().for_each(|gap| gap.until.entry = entry);
        for group in self.groups.values_mut() {
            group.first.entry = entry;
            for cell in group.cells.values_mut() {
                cell.first.entry = entry;
                for dest in cell.dests.values_mut() {
                    dest.first.entry = entry;
                    dest.last.iter_mut().for_each(|last| last.entry = entry);
                }
            }
        }
    }

    /// Seconds from the smallest to the largest TIME, of the window if one was asked for.
    pub(crate) fn seconds(&self, ruling: &SweepRules) -> Option<f64> {
        let (low, high) = self.span?;
        let (low, high) =
            (ruling.since.map_or(low, |since| since.max(low)), ruling.until.map_or(high, |until| until.min(high)));
        Some(high.saturating_sub(low).max(0) as f64 / 1e9)
    }

    /// Where the event lies to the window; a masked TIME is that of the row before.
    fn when(&self, ruling: &SweepRules) -> When {
        match self.last {
            Some(time) if ruling.until.is_some_and(|until| until < time) => When::Behind,
            Some(time) if ruling.since.is_some_and(|since| time < since) => When::Before,
            _ => When::Inside,
        }
    }

    /// Takes note of the event's TIME, and of a gap before it in what is measured.
    #[inline(always)]
    fn time(&mut self, time: i64, batch: &Batch<'_>, at: usize, ruling: &SweepRules) {
        self.last = Some(time);
        match &mut self.span {
            Some((_, high)) if *high <= time && time.saturating_sub(*high) < GAP => *high = time,
            _ => self.odd_time(time, batch, at, ruling),
        }
    }

    #[cold]
    fn odd_time(&mut self, time: i64, batch: &Batch<'_>, at: usize, ruling: &SweepRules) {
        let (low, high) = self.span.get_or_insert((time, time));
        let ns = time.saturating_sub(*high);
        (*low, *high) = ((*low).min(time), (*high).max(time));
        if ns >= GAP
            && self.when(ruling) == When::Inside
            && (self.gaps.len() < GAPS || self.gaps.last().is_some_and(|least| least.ns < ns))
        {
            self.gaps.push(Gap { ns, until: mark(batch, at) });
            self.gaps.sort_by_key(|gap| std::cmp::Reverse(gap.ns));
            self.gaps.truncate(GAPS);
        }
    }

    /// Counts one event, and tells the ledger of it. Where its pair is was `asked` for.
    #[inline(always)]
    fn event(&mut self, batch: &Batch<'_>, at: usize, asked: u32, ruling: &Ruling) {
        let row = batch.row(at);
        let (time, kind) = (row.time, row.kind);
        if let Some(time) = time {
            self.time(time, batch, at, &ruling.sweep);
        }
        let when = self.when(&ruling.sweep);
        let one = u64::from(when == When::Inside);
        self.kinds[kind as usize] += one;
        if when != When::Inside {
            self.outside += 1;
            if when == When::Behind {
                return self.behind(batch, at);
            }
        }
        let (origin, number) = self.rows.origin(&row, batch, at, one);
        self.has_netns |= origin.has_netns;
        self.ipv6_events += u64::from(origin.v6);
        let step = match kind {
            Kind::Connect => StepKind::Connect,
            Kind::Close => StepKind::Close,
            Kind::Accept | Kind::Unknown => return self.unknown(batch, at, one, ruling),
        };
        let Some(known) = self.rows.known(number, &row, asked) else {
            return self.unknown(batch, at, one, ruling);
        };
        let Some(ledgers) = &mut self.ledgers else { return };
        if origin.is_proxy && step == StepKind::Connect {
            ledgers.proxy_connects();
        }
        let (sport, line) = (row.sport.unwrap_or(0), batch.line(at));
        if sport == 0 {
            ledgers.unkeyed(time);
        } else {
            let (mapped, proxy) = (origin.v6 && known.v4, origin.is_proxy);
            ledgers.row(&Row { time, line, kind: step, sport, mapped, proxy }, known.alias);
        }
        if step != StepKind::Connect {
            return;
        }
        let pair = self.rows.pair_at(known);
        self.sketch.connect(pair.front, [sport, row.dport.unwrap_or(0)], time);
        pair.connects += one;
        match time {
            Some(time) if row.is_plain && pair.origin == row.origin => {
                (pair.line, pair.time, pair.sport) = (line, time, sport);
            }
            _ => {
                pair.origin = NONE;
                let target = pair.target;
                self.rows.keep_line(target, at);
            }
        }
    }

    /// An event whose pair is not known to this generation of numbers, one that came in, or one without whole ends.
    #[cold]
    fn unknown(&mut self, batch: &Batch<'_>, at: usize, one: u64, ruling: &Ruling) {
        let (row, event) = (batch.row(at), batch.event(at));
        let (Some(kind), Some(ledgers)) = (step_kind(event.kind), &mut self.ledgers) else { return };
        let Origin { place, marks: origin, .. } = self.rows.of(&row);
        match kind {
            StepKind::Accept => self.rows.accepts(&row, event.daddr, one),
            StepKind::Connect if origin.is_proxy => ledgers.proxy_connects(),
            _ => {}
        }
        let (AddrRef::Ip(saddr), AddrRef::Ip(daddr), Some(dport @ 1..)) = (event.saddr, event.daddr, event.dport)
        else {
            ledgers.unkeyed(event.time);
            if kind == StepKind::Connect {
                let ports = [event.sport, event.dport].map(|port| port.unwrap_or(0));
                self.sketch.connect(front(&event), ports, event.time);
                self.rows.count_odd(place, &event, batch, at, one);
            }
            return;
        };
        let ends = || Ends {
            group: place.group,
            cell: place.number,
            home: event.netns.map_or(Home::Addr(Some(saddr)), Home::Netns),
            daddr,
            dport,
            public: classify(&Addr::Ip(daddr), Some(dport), &ruling.rules) == Some(Class::Public),
        };
        let looks_like_one = match kind {
            StepKind::Connect => true,
            StepKind::Close => self.rows.goes_to(dport),
            StepKind::Accept => false,
        };
        let target = if looks_like_one {
            self.rows.meet_pair(place, &event, (daddr, dport), (batch, at), || ledgers.know(&ends()))
        } else {
            None
        };
        let sport = event.sport.unwrap_or(0);
        let mapped = origin.v6 && daddr.is_ipv4();
        let told = Row { time: event.time, line: batch.line(at), kind, sport, mapped, proxy: origin.is_proxy };
        match target {
            _ if sport == 0 => ledgers.unkeyed(told.time),
            Some(target) => ledgers.row(&told, target),
            None => ledgers.stranger(&told, &ends()),
        }
        if kind == StepKind::Connect
            && let Some(pair) = self.rows.pair(place, &row)
        {
            self.sketch.connect(pair.front, [sport, dport], event.time);
            pair.connects += one;
            if pair.origin == NONE {
                let target = pair.target;
                self.rows.keep_line(target, at);
            }
        }
    }

    /// An event behind what is measured: the ledger is told of the time alone.
    #[cold]
    fn behind(&mut self, batch: &Batch<'_>, at: usize) {
        let event = batch.event(at);
        self.has_netns |= event.netns.is_some();
        self.ipv6_events += u64::from(event.ip == Some(6));
        let (Some(kind), Some(ledgers)) = (step_kind(event.kind), &mut self.ledgers) else { return };
        let proxy = rows::is_proxy(&event);
        if proxy && kind == StepKind::Connect {
            ledgers.proxy_connects();
        }
        let sport = event.sport.unwrap_or(0);
        match (event.saddr, event.daddr, event.dport) {
            (AddrRef::Ip(_), AddrRef::Ip(daddr), Some(1..)) if sport != 0 => {
                let mapped = event.ip == Some(6) && daddr.is_ipv4();
                ledgers.behind(&Row { time: event.time, line: batch.line(at), kind, sport, mapped, proxy });
            }
            _ => ledgers.unkeyed(event.time),
        }
    }
}

fn step_kind(kind: Kind) -> Option<StepKind> {
    match kind {
        Kind::Connect => Some(StepKind::Connect),
        Kind::Accept => Some(StepKind::Accept),
        Kind::Close => Some(StepKind::Close),
        Kind::Unknown => None,
    }
}

impl Cell {
    /// Keeps the thread name of the first connect; the processes beyond the bound share none.
    fn name(&mut self, pid: PidKey, event: &Event<'_>) {
        let connect = event.kind == Kind::Connect;
        if pid == PidKey::Other || (self.comm.is_some() && (!connect || self.comm_of_connect)) {
            return;
        }
        let comm = String::from_utf8_lossy(event.comm);
        // A blank one says nothing: it takes no name away.
        if !comm.trim().is_empty() {
            self.comm = Some(comm.into_owned());
            self.comm_of_connect = connect;
        }
    }
}
