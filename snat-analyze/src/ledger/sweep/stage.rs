//! Rows in order, applied one after the other.

use crate::fold::Map;

use super::counts::Counters;
use super::flows::{Flow, Flows};
use super::lives::Lives;
use super::mesh::{Home, Mesh, Waiting};
use super::ports::Pool;
use super::release::Releases;
use super::replay::{Counts, Place};
use super::series::Series;
use super::step::{FlowKey, Now, Rules, SECOND, Step, StepKind};

/// A row whose ends are known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    kind: StepKind,
    key: FlowKey,
    mapped: bool,
    public: bool,
    proxy: bool,
    home: Home,
    group: u32,
    cell: u32,
}

impl Row {
    pub(super) fn of(step: &Step) -> Option<Self> {
        Some(Self {
            kind: step.kind,
            key: step.key()?,
            mapped: step.is_mapped(),
            public: step.public,
            proxy: step.proxy,
            home: step.netns.map_or(Home::Addr(step.saddr), Home::Netns),
            group: step.group as u32,
            cell: step.cell as u32,
        })
    }
}

const MINUTE: i64 = 60 * SECOND;
/// So many minutes are told apart: a week.
const MINUTES: usize = 10_080;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Before,
    Inside,
    Behind,
}

/// The state of a replay at one instant.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    timed: bool,
    since: Option<i64>,
    until: Option<i64>,
    idle: Option<i64>,
    phase: Phase,
    /// Time of the first row.
    first: Option<i64>,
    pub(super) flows: Flows,
    pub(super) releases: Releases,
    /// For each of the rules' holds which of the different ones it is.
    pub(super) which: Vec<usize>,
    main: usize,
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
    serial: u64,
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
            phase: if timed { Phase::Before } else { Phase::Inside },
            first: None,
            flows: Flows::default(),
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
        }
    }

    /// Applies a row. `time` never goes back, and is meaningless in a run without TIME.
    pub(super) fn apply(&mut self, time: i64, row: Row) {
        let Some(now) = self.advance(time) else { return };
        match row.kind {
            StepKind::Connect => self.connect(&row, now),
            StepKind::Accept => self.accept(&row, now),
            StepKind::Close => self.close(&row, now),
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
        for flow in self.flows.open().filter(|flow| flow.opened.is_some_and(past)) {
            flow.seats().for_each(|seat| self.counters.spot_mut(seat.spot).past_idle += 1);
        }
        self.counters.settle();
    }

    fn release(&mut self, time: i64) {
        for hold in 0..self.releases.holds() {
            while let Some(due) = self.releases.next(hold, time) {
                if hold == self.main {
                    let flow = *self.flows.get(due.flow);
                    self.changes(&flow, Now { time: Some(due.time), measured: true });
                    self.give_back(due.flow);
                    flow.seats().for_each(|seat| self.counters.release(seat));
                } else {
                    due.spots.into_iter().flatten().for_each(|spot| self.counters.release_other(spot, hold));
                }
                if hold + 1 == self.releases.holds() {
                    self.flows.remove(due.flow);
                }
            }
        }
    }

    fn connect(&mut self, row: &Row, now: Now) {
        self.counts.connects += u64::from(now.measured);
        self.flows.end_accepted(&row.key);
        self.serial += 1;
        let double = self.pair(row, now);
        let at = self.flow(row);
        let flow = *self.flows.get(at);
        if now.measured {
            self.counts.reopened += u64::from(flow.open);
            let kept = flow.place.is_some_and(|place| self.releases.keeps(self.main, place));
            self.counts.reused += u64::from(kept);
        }
        let again = self.flows.get_mut(at);
        (again.serial, again.counted) = (self.serial, false);
        if flow.double {
            (again.open, again.double) = (false, false);
        }
        if double {
            self.opens_as_double(at, row, now);
        } else {
            self.take(at, row, true, now);
            self.opened(at, now);
        }
        if now.measured {
            let flow = *self.flows.get(at);
            flow.seats().for_each(|seat| self.counters.connect(seat));
        }
    }

    /// Counts a connect in its buckets, and its destination among those that were reached in that minute.
    fn opened(&mut self, at: u32, now: Now) {
        let Some(time) = now.time.filter(|_| now.measured) else { return };
        let flow = *self.flows.get(at);
        for seat in flow.seats() {
            if let Some(track) = self.counters.spot(seat.spot).track {
                self.series.opened(track);
            }
        }
        let minute = (time.saturating_sub(self.series.origin) / MINUTE).max(0) as usize;
        let spot = self.counters.spot_mut(flow.seat.spot);
        if flow.sum.is_some() && minute < MINUTES && spot.minute.replace(minute) != Some(minute) {
            let reached = &mut self.reached[usize::from(flow.key.daddr.is_ipv6())];
            if reached.len() <= minute {
                reached.resize(minute + 1, 0);
            }
            reached[minute] += 1;
        }
    }

    /// Looks for the other connect of a pair: whether this one is an application's whose proxy waits. Is it a proxy's,
    /// the application's flow holds no port from here on.
    fn pair(&mut self, row: &Row, now: Now) -> bool {
        let Some(time) = now.time else { return false };
        let own = Waiting { time, key: row.key, home: row.home, serial: self.serial, cell: row.cell };
        let Some(other) = self.mesh.connect(own, row.proxy) else { return false };
        let (proxy, app) = if row.proxy { (own, other) } else { (other, own) };
        let found = self.flows.find(&app.key).filter(|at| self.flows.get(*at).serial == app.serial);
        if let Some(at) = found {
            self.is_double(at, now);
        }
        let counts = now.measured && (found.is_some() || !row.proxy);
        *self.doubles.entry((proxy.cell, app.cell)).or_default() += u64::from(counts);
        !row.proxy
    }

    /// A proxy makes the connect of a flow again.
    fn is_double(&mut self, at: u32, now: Now) {
        let flow = *self.flows.get(at);
        self.drop_port(at, now);
        if flow.counted {
            flow.seats().for_each(|seat| self.counters.close_undone(seat));
        }
        self.flows.get_mut(at).double = true;
        if !flow.open {
            self.flows.remove(at);
        }
    }

    /// A connect that a proxy has made already: the flow is there for its close alone.
    fn opens_as_double(&mut self, at: u32, row: &Row, now: Now) {
        self.drop_port(at, now);
        let mut flow = *self.flows.get(at);
        for seat in [Some(&mut flow.seat), flow.sum.as_mut()].into_iter().flatten() {
            seat.cell = self.counters.cell(seat.spot, row.cell);
        }
        (flow.cell, flow.open, flow.double, flow.opened) = (row.cell, true, true, now.time);
        *self.flows.get_mut(at) = flow;
    }

    /// Takes a flow's port away.
    fn drop_port(&mut self, at: u32, now: Now) {
        let flow = *self.flows.get(at);
        self.changes(&flow, now);
        let keeps = |hold: &usize| flow.place.map_or(flow.open, |place| self.releases.keeps(*hold, place));
        let kept: Vec<usize> = (0..self.releases.holds()).filter(keeps).collect();
        if let Some(place) = flow.place {
            self.releases.cancel(place);
        }
        for seat in flow.seats() {
            for hold in &kept {
                if *hold == self.main {
                    self.counters.release(seat);
                } else {
                    self.counters.release_other(seat.spot, *hold);
                }
            }
            if flow.open {
                self.counters.shut(seat);
            }
        }
        self.give_back(at);
        self.flows.get_mut(at).place = None;
    }

    /// The other end called: neither this flow nor its close takes a port. The row of an outbound flow that is open says
    /// nothing about it.
    fn accept(&mut self, row: &Row, now: Now) {
        self.counts.accepts += u64::from(now.measured);
        self.flows.accept(row.group, row.key);
    }

    fn close(&mut self, row: &Row, now: Now) {
        let one = u64::from(now.measured);
        self.counts.closes += one;
        let found = self.flows.find(&row.key);
        if let Some(at) = found.filter(|at| self.flows.get(*at).open) {
            self.shut(at, row, now);
        } else if self.flows.end_accepted(&row.key) {
            self.counts.inbound += one;
        } else if self.flows.accepts(row.group, row.key.sport) {
            self.counts.inbound_guessed += one;
        } else if row.mapped {
            self.counts.lone_mapped += one;
            if let Some(time) = now.time {
                let at = self.flow(row);
                self.serial += 1;
                self.flows.get_mut(at).serial = self.serial;
                self.take(at, row, false, now);
                self.hold(at, time);
                let flow = *self.flows.get(at);
                for seat in flow.seats().filter(|_| now.measured) {
                    self.counters.close(seat);
                    self.counters.spot_mut(seat.spot).lone_mapped += 1;
                }
            }
        } else {
            self.counts.lone_plain += one;
            let places = [Some(dest(&row.key)), row.public.then(|| sum(&row.key))];
            for place in places.into_iter().flatten() {
                if let Some(spot) = self.counters.spots.get_mut(&place) {
                    spot.lone_plain += one;
                }
            }
        }
    }

    /// The flow of a row; a new one is neither open nor held yet.
    fn flow(&mut self, row: &Row) -> u32 {
        if let Some(at) = self.flows.find(&row.key) {
            return at;
        }
        let seat = self.counters.seat(dest(&row.key), row.public, row.group, row.cell);
        let public = self.counters.spot(seat.spot).public;
        let sum = public.then(|| self.counters.seat(sum(&row.key), true, row.group, row.cell));
        self.flows.insert(Flow {
            key: row.key,
            seat,
            sum,
            cell: row.cell,
            opened: None,
            open: false,
            place: None,
            number: None,
            serial: 0,
            double: false,
            counted: false,
        })
    }

    /// Gives the flow its port where it has none, and to the row's process. Holds that still keep the port go on with
    /// it: one port.
    fn take(&mut self, at: u32, row: &Row, opens: bool, now: Now) {
        let mut flow = *self.flows.get(at);
        self.changes(&flow, now);
        // The shorter a hold, the sooner it has let go.
        let gone = match flow.place {
            Some(place) => (0..self.releases.holds()).take_while(|hold| !self.releases.keeps(*hold, place)).count(),
            None if flow.open => 0,
            None => self.releases.holds(),
        };
        if let Some(place) = flow.place.take() {
            self.releases.cancel(place);
        }
        for seat in [Some(&mut flow.seat), flow.sum.as_mut()].into_iter().flatten() {
            if flow.cell != row.cell {
                let from = *seat;
                seat.cell = self.counters.cell(seat.spot, row.cell);
                self.counters.hand_over(from, *seat, flow.open, self.timed && gone <= self.main, now);
            }
            for hold in 0..gone {
                self.counters.hold(*seat, hold, now);
            }
            if opens && !flow.open {
                self.counters.open(*seat, now);
            }
        }
        flow.cell = row.cell;
        if gone > self.main && flow.sum.is_some() {
            let pool = &mut self.pools[usize::from(row.key.daddr.is_ipv6())];
            flow.number = Some(pool.take(&mut self.counters.spot_mut(flow.seat.spot).numbers, now));
        }
        if opens {
            (flow.open, flow.opened) = (true, now.time);
        }
        *self.flows.get_mut(at) = flow;
        for seat in flow.seats() {
            self.raised(seat.spot, now);
        }
    }

    /// The close of an open flow.
    fn shut(&mut self, at: u32, row: &Row, now: Now) {
        let flow = *self.flows.get(at);
        if !flow.double {
            self.changes(&flow, now);
            for seat in flow.seats() {
                self.counters.shut(seat);
                if now.measured {
                    self.counters.close(seat);
                }
            }
            self.flows.get_mut(at).counted = now.measured;
        }
        let Some(time) = now.time else {
            self.flows.remove(at);
            return;
        };
        if let Some(opened) = flow.opened.filter(|_| now.measured) {
            let group = row.group as usize;
            if self.lives.len() <= group {
                self.lives.resize_with(group + 1, Lives::default);
            }
            self.lives[group].add(time.saturating_sub(opened).max(0) as u64);
        }
        if flow.double {
            self.flows.remove(at);
        } else {
            self.hold(at, time);
        }
    }

    /// Starts the holds of a flow.
    fn hold(&mut self, at: u32, time: i64) {
        let flow = self.flows.get_mut(at);
        let spots = [Some(flow.seat.spot), flow.sum.map(|sum| sum.spot)];
        let place = self.releases.push(time, at, spots);
        (flow.open, flow.place) = (false, Some(place));
    }

    /// The main hold has let go of the flow's port number.
    fn give_back(&mut self, at: u32) {
        let flow = self.flows.get_mut(at);
        if let Some(number) = flow.number.take() {
            let pool = &mut self.pools[usize::from(flow.key.daddr.is_ipv6())];
            pool.give_back(&mut self.counters.spot_mut(flow.seat.spot).numbers, number);
        }
    }

    /// Before a change: the series take note of what stood until now.
    fn changes(&mut self, flow: &Flow, now: Now) {
        let Some(time) = now.time else { return };
        for seat in flow.seats() {
            if let Some(track) = self.counters.spot(seat.spot).track {
                self.series.before(track, time, &mut self.counters);
            }
        }
    }

    /// After a spot may have got more: its series takes note, or begins.
    fn raised(&mut self, at: u32, now: Now) {
        let Some(time) = now.time.filter(|_| now.measured) else { return };
        let values = self.counters.values(at);
        let spot = self.counters.spot(at);
        if !spot.public {
            return;
        }
        if let Some(track) = spot.track {
            self.series.after(track, time, &mut self.counters);
        } else if let Some((track, gone)) = self.series.enter(at, self.counters.is_sum(at), time, values[0]) {
            if let Some(gone) = gone {
                self.counters.spot_mut(gone).track = None;
            }
            self.counters.spot_mut(at).track = Some(track);
            self.series.after(track, time, &mut self.counters);
        }
    }
}

fn dest(key: &FlowKey) -> Place {
    Place::Dest { addr: key.daddr, port: key.dport }
}

fn sum(key: &FlowKey) -> Place {
    Place::Sum { v6: key.daddr.is_ipv6() }
}
