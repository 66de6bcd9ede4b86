//! Rows in order, applied one after the other: the state of a replay, and how time goes on in it.

use crate::fold::Map;

use super::accepted::Accepted;
use super::counts::Counters;
use super::flows::Flows;
use super::lanes::{Ends, Lanes, NONE};
use super::lives::Lives;
use super::mesh::Mesh;
use super::order::HANDED;
use super::ports::Pool;
use super::release::{Closed, Releases};
use super::replay::Counts;
use super::series::Series;
use super::step::{Now, Rules, StepKind};

/// A row on its way through the order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    pub(super) kind: StepKind,
    pub(super) mapped: bool,
    pub(super) proxy: bool,
    pub(super) sport: u16,
    /// [`NONE`] where it was not known when the row came.
    pub(super) way: u32,
    /// If the way is not known, where the ends are kept meanwhile; [`NONE`] of a row that only says what time it is.
    pub(super) lane: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Before,
    Inside,
    Behind,
}

/// The state of a replay at one instant.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) timed: bool,
    since: Option<i64>,
    until: Option<i64>,
    idle: Option<i64>,
    /// Flows that there may be.
    most: usize,
    phase: Phase,
    /// Time of the first row.
    first: Option<i64>,
    pub(super) lanes: Lanes,
    /// Ends of rows that are not applied yet and whose way was not known.
    waiting: Vec<Ends>,
    vacant: Vec<u32>,
    pub(super) flows: Flows,
    pub(super) accepted: Accepted,
    pub(super) releases: Releases,
    /// For each of the rules' holds which of the different ones it is.
    pub(super) which: Vec<usize>,
    pub(super) main: usize,
    pub(super) counters: Counters,
    /// IPv4 and IPv6.
    pub(super) pools: [Pool; 2],
    pub(super) series: Series,
    pub(super) lives: Vec<Lives>,
    /// Public destinations that a connect went to, by minute: IPv4 and IPv6.
    pub(super) reached: [Vec<u32>; 2],
    pub(super) counts: Counts,
    pub(super) mesh: Mesh,
    /// Pairs by the processes of the proxy and of the application.
    pub(super) doubles: Map<(u32, u32), u64>,
    pub(super) serial: u32,
    /// The minute that was counted in last, and the instant at which it is over.
    pub(super) minute: usize,
    pub(super) minute_ends: i64,
}

impl Stage {
    pub(super) fn new(rules: &Rules, timed: bool) -> Self {
        let (releases, which) = match (timed, rules.holds.as_slice()) {
            (false, _) => Releases::new(&[]),
            (true, []) => Releases::new(&[0]),
            (true, holds) => Releases::new(holds),
        };
        let main = which.first().copied().unwrap_or(0);
        Self {
            timed,
            since: rules.since,
            until: rules.until,
            idle: rules.idle,
            most: rules.flows,
            phase: if timed { Phase::Before } else { Phase::Inside },
            first: None,
            lanes: Lanes::default(),
            waiting: Vec::new(),
            vacant: Vec::new(),
            flows: Flows::default(),
            accepted: Accepted::default(),
            main,
            counters: Counters::new(main, releases.holds()),
            releases,
            which,
            pools: Default::default(),
            series: Series::new(rules.series.clone()),
            lives: Vec::new(),
            reached: Default::default(),
            counts: Counts::default(),
            mesh: Mesh::default(),
            doubles: Map::default(),
            serial: 0,
            minute: 0,
            minute_ends: i64::MIN,
        }
    }

    /// The same run, from its start and without TIME: what is known of ends stays.
    pub(super) fn again(&mut self, rules: &Rules) {
        let new = Self::new(rules, false);
        let old = std::mem::replace(self, new);
        (self.lanes, self.waiting, self.vacant) = (old.lanes, old.waiting, old.vacant);
        if old.mesh.is_on() {
            self.mesh.begin(&self.lanes);
        }
    }

    /// Keeps the ends of a row until it is applied.
    pub(super) fn wait(&mut self, ends: &Ends) -> u32 {
        match self.vacant.pop() {
            Some(at) => {
                self.waiting[at as usize] = *ends;
                at
            }
            None => {
                self.waiting.push(*ends);
                self.waiting.len() as u32 - 1
            }
        }
    }

    /// Applies rows. Times never go back, and are meaningless in a run without TIME.
    pub(super) fn apply_all(&mut self, rows: &[(i64, Move)]) {
        std::hint::black_box(self.fetch(rows));
        rows.iter().for_each(|(time, row)| self.apply(*time, row));
    }

    /// Fetches what rows need and what leaves with them: it lies anywhere in memory, and all at once it costs a fraction
    /// of one after the other. What is returned is of no use but to be looked at.
    fn fetch(&self, rows: &[(i64, Move)]) -> u32 {
        let mut touched = 0;
        let mut spots = [NONE; HANDED];
        for (spot, (_, row)) in spots.iter_mut().zip(rows) {
            touched ^= self.flows.touch(row.way, row.sport) ^ self.counters.touch_way(row.way);
            *spot = self.counters.touch(row.lane);
        }
        let mut gone = [(NONE, NONE); HANDED];
        if let Some((time, _)) = rows.last()
            && self.timed
        {
            for (gone, closed) in gone.iter_mut().zip(self.releases.leaving(*time)) {
                touched ^= self.flows.touch(closed.way, closed.sport) ^ self.counters.touch_way(closed.way);
                *gone = (self.counters.touch(closed.lane), closed.number);
            }
        }
        for spot in spots {
            touched ^= self.counters.touch_spot(spot);
        }
        for (spot, number) in gone {
            touched ^= self.counters.touch_number(spot, number);
        }
        touched
    }

    /// Counts a row whose flow is not there, and for which there is no room; whether it is one.
    #[inline]
    pub(super) fn counted_beyond(&mut self, row: &Move, now: Now) -> bool {
        let beyond = self.flows.len() >= self.most && self.flows.find(row.way, row.sport).is_none();
        self.counts.beyond += u64::from(beyond && now.measured);
        beyond
    }

    /// Applies a row.
    pub(super) fn apply(&mut self, time: i64, row: &Move) {
        let now = self.advance(time);
        if row.way == NONE {
            if row.lane != NONE {
                self.vacant.push(row.lane);
                let ends = self.waiting[row.lane as usize];
                now.into_iter().for_each(|now| self.stranger(row, &ends, now));
            }
            return;
        }
        let Some(now) = now else { return };
        match row.kind {
            StepKind::Connect => self.connect(row, now),
            StepKind::Accept => {
                let ends = self.lanes.get(row.lane).ends;
                self.accept(row.sport, &ends, now);
            }
            StepKind::Close => self.close(row, now),
        }
    }

    /// Lets go of what is due; `None` behind the end of what is measured.
    fn advance(&mut self, time: i64) -> Option<Now> {
        if !self.timed {
            return Some(Now { time: None, measured: true });
        }
        let first = *self.first.get_or_insert(time);
        if self.phase == Phase::Before && self.since.is_none_or(|since| since <= time) {
            let from = self.since.map_or(first, |since| since.max(first));
            if self.until.is_none_or(|until| from <= until) {
                self.begin(from);
            }
        }
        match self.until {
            Some(until) if until < time => {
                self.phase = Phase::Behind;
                self.release(until);
                None
            }
            _ => {
                self.release(time);
                Some(Now { time: Some(time), measured: self.phase == Phase::Inside })
            }
        }
    }

    fn begin(&mut self, from: i64) {
        self.release(from);
        self.phase = Phase::Inside;
        self.counters.begin(from);
        self.pools.iter_mut().for_each(|pool| pool.used.begin(from));
        self.series.begin(from);
        for spot in 0..self.counters.spots.len() as u32 {
            self.raised(spot, Now { time: Some(from), measured: true });
        }
    }

    /// The run is over: lets go of what was due at its last instant.
    pub(super) fn finish(&mut self, last: Option<i64>) {
        let Some(end) = last.map(|last| self.until.map_or(last, |until| until.min(last))) else {
            self.counters.settle();
            return;
        };
        self.release(end);
        for track in 0..self.series.tracks.len() as u32 {
            self.series.before(track, end, &mut self.counters);
            self.series.after(track, end, &mut self.counters);
        }
        self.series.finish(&mut self.counters);
        let past = |opened: i64| self.idle.is_some_and(|idle| end.saturating_sub(opened) > idle);
        for flow in self.flows.open().filter(|flow| past(flow.opened())) {
            let count = *self.counters.lane(flow.lane);
            count.spots().for_each(|spot| self.counters.spot_mut(spot).past_idle += 1);
        }
        self.counters.settle();
    }

    #[inline]
    fn release(&mut self, time: i64) {
        if self.releases.is_due(time) {
            self.release_due(time);
        }
    }

    fn release_due(&mut self, time: i64) {
        for hold in 0..self.releases.holds() {
            while let Some((time, closed)) = self.releases.next(hold, time) {
                self.let_go(hold, time, &closed);
            }
        }
        self.releases.done();
    }

    /// A hold lets go of a closed flow's port.
    fn let_go(&mut self, hold: usize, time: i64, closed: &Closed) {
        if hold == self.main {
            self.changes(closed.lane, Now { time: Some(time), measured: true });
            self.give_back(closed.lane, closed.number);
        }
        self.counters.release(closed.lane, hold);
        if hold + 1 == self.releases.holds()
            && let Some(at) = self.flows.find(closed.way, closed.sport)
        {
            self.flows.remove(at);
        }
    }
}
