//! Rows in order, applied one after the other: the state of a replay, and how time goes on in it.

use crate::fold::Map;

use super::accepted::Accepted;
use super::counts::Counters;
use super::flows::Flows;
use super::lanes::{Ends, Lane, Lanes};
use super::lives::Life;
use super::mesh::Mesh;
use super::ports::Pool;
use super::release::Releases;
use super::replay::Counts;
use super::seats::EARLY;
use super::series::Series;
use super::step::{Bits, Now, Rules, StepKind, Told};

/// What rows need lies anywhere in memory, so it is asked for before: what their numbers lead to, and so many turns later what
/// that leads to, and so many turns behind that they are applied. A few rows a turn: what is asked for all at once is waited for.
const A_TURN: usize = 4;
const NEAR: usize = 6;
const ACTS: usize = 12;
/// Turns that rows are kept for; so often the hold that is late catches up.
const TURNS: usize = 16;

/// A row with what it is found by.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Move {
    time: i64,
    /// Of a stranger, which of their ends are its; the group of one that only says which port accepts; of no meaning where the
    /// row only says what time it is.
    pub(super) lane: u32,
    /// The hash of the lane's way and the local port.
    pub(super) tag: u32,
    pub(super) sport: u16,
    pub(super) bits: Bits,
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
    /// The last instant of what is measured, when that has begun; no TIME is so small as it is before, and without TIME.
    inside: i64,
    /// Time of the first row.
    first: Option<i64>,
    pub(super) lanes: Lanes,
    pub(super) flows: Flows,
    pub(super) accepted: Accepted,
    pub(super) releases: Releases,
    /// For each of the rules' holds which of the different ones it is.
    pub(super) which: Vec<usize>,
    pub(super) main: usize,
    /// Holds have let go of what was due at this instant.
    released: i64,
    pub(super) counters: Counters,
    /// IPv4 and IPv6.
    pub(super) pools: [Pool; 2],
    pub(super) series: Series,
    /// Of flows whose close came in; to be taken now and then.
    pub(super) lives: Vec<Life>,
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
        let (mut releases, which) = match (timed, rules.holds.as_slice()) {
            (false, _) => Releases::new(&[]),
            (true, []) => Releases::new(&[0]),
            (true, holds) => Releases::new(holds),
        };
        let main = which.first().copied().unwrap_or(0);
        let counters = Counters::new(main, releases.holds());
        // Of what the first other hold keeps nothing is asked but its peaks, so it lets go of many at once, where a longer one
        // says how long flows are known.
        if let Some(other) = counters.first_other().filter(|other| other + 1 < releases.holds()) {
            releases.be_late(other);
        }
        Self {
            timed,
            since: rules.since,
            until: rules.until,
            idle: rules.idle,
            most: rules.flows,
            phase: if timed { Phase::Before } else { Phase::Inside },
            inside: i64::MIN,
            first: None,
            lanes: Lanes::default(),
            flows: Flows::new(&releases),
            accepted: Accepted::default(),
            main,
            released: i64::MIN,
            counters,
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
        self.lanes = old.lanes;
        for (lane, known) in self.lanes.all().iter().enumerate() {
            self.counters.know(lane as u32, known.way, (known.ends.group, known.ends.cell));
        }
        if old.mesh.is_on() {
            self.mesh.begin(&mut self.lanes);
        }
    }

    /// The numbers of a connect's ends.
    pub(super) fn know(&mut self, ends: &Ends) -> Lane {
        let lane = self.lanes.know(ends);
        self.counted(lane, ends)
    }

    /// The same of ends that may not be those of a connect.
    pub(super) fn ask(&mut self, ends: &Ends) -> Lane {
        let lane = self.lanes.ask(ends);
        self.counted(lane, ends)
    }

    /// A lane, of which the counters know.
    fn counted(&mut self, lane: Lane, ends: &Ends) -> Lane {
        self.counters.know(lane.lane, lane.way, (ends.group, ends.cell));
        lane
    }

    /// Applies rows by the numbers of their targets; how many are of none. Times never go back, and are meaningless in a run
    /// without TIME.
    pub(super) fn apply_all(&mut self, rows: &[(i64, Told)], lanes: &[Lane], strangers: &[Ends]) -> u64 {
        let mut unknown = 0;
        let (mut stages, mut lens) = ([[Move::default(); A_TURN]; TURNS], [0; TURNS]);
        let mut chunks = rows.chunks(A_TURN);
        for turn in 0..rows.len().div_ceil(A_TURN) + ACTS {
            let [comes, is_near, acts] = [0, NEAR, ACTS].map(|ago| turn.wrapping_sub(ago) % TURNS);
            let next = chunks.next().unwrap_or_default();
            lens[comes] = next.len();
            for ((time, told), row) in next.iter().zip(&mut stages[comes]) {
                *row = self.comes(*time, *told, lanes, &mut unknown);
            }
            for row in &stages[is_near][..lens[is_near]] {
                // Of a stranger it is asked for in vain.
                self.counters.fetch_spot(row.lane);
                if row.bits.kind() == StepKind::Close {
                    self.flows.fetch_open(row.tag);
                }
            }
            for row in &stages[acts][..lens[acts]] {
                self.apply(row, strangers);
            }
            if turn % TURNS == 0 {
                self.catch_up();
            }
        }
        unknown
    }

    /// A row with what it is found by, which is asked for.
    #[inline(always)]
    fn comes(&self, time: i64, told: Told, lanes: &[Lane], unknown: &mut u64) -> Move {
        let Told { target, sport, mut bits } = told;
        let (mut lane, mut tag) = (target, 0);
        if bits.has_lane() {
            match lanes.get(target as usize) {
                Some(known) => {
                    (lane, tag) = (known.lane, self.flows.tag(known.way, sport));
                    self.flows.fetch(tag);
                    self.counters.fetch_lane(lane);
                }
                None => (*unknown, bits) = (*unknown + 1, bits.only_time()),
            }
        }
        Move { time, lane, tag, sport, bits }
    }

    /// Counts a row whose flow is not there, and for which there is no room; whether it is one.
    #[cold]
    pub(super) fn counted_beyond(&mut self, way: u32, sport: u16, now: Now) -> bool {
        let beyond =
            self.flows.find(self.flows.tag(way, sport), (way, sport), &self.releases, &self.counters).is_none();
        self.counts.beyond += u64::from(beyond && now.measured());
        beyond
    }

    /// Whether there is room for one more flow.
    #[inline(always)]
    pub(super) fn has_room(&self) -> bool {
        self.flows.len() + self.releases.held() < self.most
    }

    /// Applies a row.
    #[inline(always)]
    fn apply(&mut self, row: &Move, strangers: &[Ends]) {
        if row.time <= self.inside {
            return self.act(row, strangers, Now::at(row.time, true));
        }
        self.apply_odd(row, strangers);
    }

    /// The same where it is not known to be inside of what is measured.
    #[cold]
    #[inline(never)]
    fn apply_odd(&mut self, row: &Move, strangers: &[Ends]) {
        if let Some(now) = self.advance(row.time) {
            self.act(row, strangers, now);
        }
    }

    #[inline(always)]
    fn act(&mut self, row: &Move, strangers: &[Ends], now: Now) {
        if !row.bits.has_lane() {
            return self.act_odd(row, strangers, now);
        }
        match row.bits.kind() {
            StepKind::Connect => self.connect(row, now),
            StepKind::Close => self.close(row, now),
            // None comes this way: the other side has to be told of it, too.
            StepKind::Accept => {
                let ends = self.lanes.get(row.lane).ends;
                self.accept(row.sport, &ends, now);
            }
        }
    }

    /// The same of a row that is of no lane: of most it is enough that it is later now.
    #[inline(never)]
    fn act_odd(&mut self, row: &Move, strangers: &[Ends], now: Now) {
        if row.bits.is_stranger() {
            self.stranger(row, &strangers[row.lane as usize], now);
        } else if row.bits.is_only_port() {
            self.accepted.listens(row.lane, row.sport);
        }
    }

    /// Lets go of what is due; `None` behind the end of what is measured.
    fn advance(&mut self, time: i64) -> Option<Now> {
        if !self.timed {
            return Some(Now::UNTIMED);
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
                Some(Now::at(time, self.phase == Phase::Inside))
            }
        }
    }

    fn begin(&mut self, from: i64) {
        self.release(from);
        self.catch_up();
        (self.phase, self.inside) = (Phase::Inside, self.until.unwrap_or(i64::MAX));
        self.counters.begin(from);
        self.pools.iter_mut().for_each(|pool| pool.used.begin(from));
        self.series.begin(from);
        for spot in 0..self.counters.spots.len() as u32 {
            if self.counters.spot(spot).is_public() {
                self.rises(spot, from);
            }
        }
    }

    /// The run is over: lets go of what was due at its last instant.
    pub(super) fn finish(&mut self, last: Option<i64>) {
        let Some(end) = last.map(|last| self.until.map_or(last, |until| until.min(last))) else {
            self.counters.settle();
            return;
        };
        self.release(end);
        self.catch_up();
        for track in 0..self.series.tracks.len() as u32 {
            let spot = self.series.tracks[track as usize].spot;
            self.series.changes(spot, end, &mut self.counters);
            if end >= self.counters.spot(spot).until {
                self.series.reach(track, end, &mut self.counters);
            }
        }
        self.series.finish(&mut self.counters);
        let past = |opened: i64| self.idle.is_some_and(|idle| end.saturating_sub(opened) > idle);
        for flow in self.flows.open().filter(|flow| past(flow.opened())) {
            let spots = self.counters.of_way(flow.way);
            spots.each(|spot| self.counters.spot_mut(spot).past_idle += 1);
        }
        self.counters.settle();
    }

    /// Lets go of what is due. What a connect finds depends on it; a close needs it only where a series takes note, so
    /// most come without.
    #[inline(always)]
    pub(super) fn release(&mut self, time: i64) {
        self.released = time;
        if self.releases.is_due(time) {
            self.release_due(time);
        }
    }

    /// The hold that is late lets go of what was due.
    #[inline(never)]
    pub(super) fn catch_up(&mut self) {
        let Self { releases, counters, released, .. } = self;
        let Some(hold) = releases.late() else { return };
        let mut of_sums = [0; 2];
        releases.let_go(hold, *released, |_, closed, queue| {
            counters.fetch_closed_of_other(queue);
            counters.release_first_other(closed, &mut of_sums);
        });
        counters.release_first_other_of(of_sums);
    }

    #[inline(never)]
    fn release_due(&mut self, time: i64) {
        let Self { releases, counters, pools, series, main, .. } = self;
        let late = releases.late();
        for hold in (0..releases.holds()).filter(|hold| Some(*hold) != late) {
            releases.let_go(hold, time, |due, closed, queue| {
                if hold != *main {
                    counters.fetch_closed_of_other(queue);
                    return counters.release_other_of(closed, hold);
                }
                counters.fetch_closed(queue);
                if !counters.lets_go(closed.lane, closed.number, pools, due) {
                    counters.of_lane(closed.lane).each(|spot| series.changes(spot, due, counters));
                    counters.lets_go(closed.lane, closed.number, pools, EARLY);
                }
            });
        }
        releases.done();
    }
}
