//! What a row does: connects take ports, closes begin holds, accepts are remembered.

use super::counts::LaneCount;
use super::lanes::{Ends, NONE};
use super::lives::Lives;
use super::mesh::Waiting;
use super::release::Closed;
use super::replay::Place;
use super::stage::{Move, Stage};
use super::step::{FlowKey, Now, SECOND, StepKind};

const MINUTE: i64 = 60 * SECOND;
/// So many minutes are told apart: a week.
const MINUTES: usize = 10_080;

fn key(sport: u16, ends: &Ends) -> FlowKey {
    FlowKey { group: ends.group, sport, daddr: ends.daddr, dport: ends.dport }
}

impl Stage {
    pub(super) fn connect(&mut self, row: &Move, now: Now) {
        self.counts.connects += u64::from(now.measured);
        if self.accepted.any(row.sport) {
            self.accepted.end(&key(row.sport, &self.lanes.get(row.lane).ends));
        }
        self.serial = self.serial.wrapping_add(1);
        let count = self.counters.sit(row.lane, &self.lanes);
        if self.counted_beyond(row, now) {
            self.opened(&count, now);
            self.counters.lane_mut(row.lane).connects += u64::from(now.measured);
            return;
        }
        let double = self.pair(row, now);
        let at = self.flows.meet(row.way, row.lane, row.sport);
        let flow = self.flows.get_mut(at);
        (flow.serial, flow.counted) = (self.serial, false);
        if now.measured {
            self.counts.reopened += u64::from(flow.open);
            let kept = flow.place().is_some_and(|place| self.releases.keeps(self.main, place));
            self.counts.reused += u64::from(kept);
        }
        if flow.double {
            (flow.open, flow.double) = (false, false);
        }
        if double {
            self.opens_as_double(at, row, now);
        } else {
            self.take(at, row, true, now);
        }
        if !double {
            self.opened(&count, now);
        }
        if now.measured {
            self.counters.lane_mut(row.lane).connects += 1;
        }
    }

    /// Counts a connect in its buckets, and its destination among those that were reached in that minute.
    fn opened(&mut self, count: &LaneCount, now: Now) {
        let Some(time) = now.time.filter(|_| now.measured) else { return };
        for spot in count.spots() {
            let track = self.counters.spot(spot).track;
            if track != NONE {
                self.series.opened(track);
            }
        }
        if !count.is_public() {
            return;
        }
        let minute = self.minute(time);
        let spot = self.counters.spot_mut(count.spot);
        if minute < MINUTES && spot.minute.replace(minute) != Some(minute) {
            let reached = &mut self.reached[usize::from(spot.v6)];
            if reached.len() <= minute {
                reached.resize(minute + 1, 0);
            }
            reached[minute] += 1;
        }
    }

    /// The minute of an instant that is measured; times do not go back.
    #[inline]
    fn minute(&mut self, time: i64) -> usize {
        if time >= self.minute_ends {
            self.minute = (time.saturating_sub(self.series.origin) / MINUTE).max(0) as usize;
            let next = (self.minute as i64 + 1).saturating_mul(MINUTE);
            self.minute_ends = self.series.origin.saturating_add(next);
        }
        self.minute
    }

    /// Looks for the other connect of a pair: whether this one is an application's whose proxy waits. Is it a proxy's,
    /// the application's flow holds no port from here on.
    fn pair(&mut self, row: &Move, now: Now) -> bool {
        let Some(time) = now.time else { return false };
        let own = Waiting { time, lane: row.lane, way: row.way, sport: row.sport, serial: self.serial };
        let Some(other) = self.mesh.connect(own, row.proxy, &self.lanes) else { return false };
        let (proxy, app) = if row.proxy { (own, other) } else { (other, own) };
        let found = self.flows.find(app.way, app.sport).filter(|at| self.flows.get(*at).serial == app.serial);
        if let Some(at) = found {
            self.is_double(at, now);
        }
        let counts = now.measured && (found.is_some() || !row.proxy);
        let [proxy, app] = [proxy, app].map(|connect| self.lanes.get(connect.lane).ends.cell);
        *self.doubles.entry((proxy, app)).or_default() += u64::from(counts);
        !row.proxy
    }

    /// A proxy makes the connect of a flow again.
    fn is_double(&mut self, at: usize, now: Now) {
        self.drop_port(at, now);
        let flow = self.flows.get_mut(at);
        flow.double = true;
        if flow.counted {
            let count = self.counters.lane_mut(flow.lane);
            count.closes = count.closes.saturating_sub(1);
        }
        if !flow.open {
            self.flows.remove(at);
        }
    }

    /// A connect that a proxy has made already: the flow is there for its close alone.
    fn opens_as_double(&mut self, at: usize, row: &Move, now: Now) {
        self.drop_port(at, now);
        let flow = self.flows.get_mut(at);
        flow.open(now.time.unwrap_or_default());
        (flow.lane, flow.double) = (row.lane, true);
    }

    /// Takes a flow's port away.
    fn drop_port(&mut self, at: usize, now: Now) {
        let flow = *self.flows.get(at);
        self.changes(flow.lane, now);
        let keeps = |hold: usize| flow.place().map_or(flow.open, |place| self.releases.keeps(hold, place));
        // The shorter a hold, the sooner it has let go.
        let kept = (0..self.releases.holds()).find(|hold| keeps(*hold)).unwrap_or(self.releases.holds());
        if let Some(place) = flow.place() {
            self.releases.cancel(place);
        }
        (kept..self.releases.holds()).for_each(|hold| self.counters.release(flow.lane, hold));
        if flow.open {
            self.counters.shut(flow.lane);
        }
        if kept <= self.main {
            self.give_back(flow.lane, flow.number);
        }
        let flow = self.flows.get_mut(at);
        flow.number = NONE;
        flow.let_go();
    }

    /// The other end called: neither this flow nor its close takes a port. The row of an outbound flow that is open says
    /// nothing about it.
    pub(super) fn accept(&mut self, sport: u16, ends: &Ends, now: Now) {
        self.counts.accepts += u64::from(now.measured);
        self.accepted.accept(key(sport, ends));
    }

    pub(super) fn close(&mut self, row: &Move, now: Now) {
        match self.flows.find(row.way, row.sport).filter(|at| self.flows.get(*at).open) {
            Some(at) => self.shut(at, now),
            None => {
                let ends = self.lanes.get(row.lane).ends;
                self.lone(row, &ends, now);
            }
        }
    }

    /// A row whose way was not known when it came; a connect's may be now.
    pub(super) fn stranger(&mut self, row: &Move, ends: &Ends, now: Now) {
        if row.kind == StepKind::Accept {
            return self.accept(row.sport, ends, now);
        }
        let found = self.lanes.way(ends).and_then(|way| self.flows.find(way, row.sport));
        match found.filter(|at| self.flows.get(*at).open) {
            Some(at) => self.shut(at, now),
            None => self.lone(row, ends, now),
        }
    }

    /// A close without an open flow.
    fn lone(&mut self, row: &Move, ends: &Ends, now: Now) {
        let one = u64::from(now.measured);
        self.counts.closes += one;
        let known = self.accepted.any(row.sport);
        if known && self.accepted.end(&key(row.sport, ends)) {
            self.counts.inbound += one;
        } else if known && self.accepted.accepts(ends.group, row.sport) {
            self.counts.inbound_guessed += one;
        } else if row.mapped {
            let Some(time) = now.time else {
                self.counts.lone_mapped += one;
                return;
            };
            let lane = self.lanes.know(ends);
            let row = Move { way: lane.way, lane: lane.lane, ..*row };
            if self.counted_beyond(&row, now) {
                return;
            }
            self.counts.lone_mapped += one;
            self.counters.sit(row.lane, &self.lanes);
            let at = self.flows.meet(row.way, row.lane, row.sport);
            self.serial = self.serial.wrapping_add(1);
            self.flows.get_mut(at).serial = self.serial;
            self.take(at, &row, false, now);
            self.hold(at, time);
            if now.measured {
                let count = self.counters.lane_mut(row.lane);
                count.closes += 1;
                count.spots().for_each(|spot| self.counters.spot_mut(spot).lone_mapped += 1);
            }
        } else {
            self.counts.lone_plain += one;
            let dest = Place::Dest { addr: ends.daddr, port: ends.dport };
            let sum = Place::Sum { v6: ends.daddr.is_ipv6() };
            for place in [Some(dest), ends.public.then_some(sum)].into_iter().flatten() {
                if let Some(spot) = self.counters.find(&place) {
                    spot.lone_plain += one;
                }
            }
        }
    }

    /// Gives the flow its port where it has none, and to the row's process. Holds that still keep the port go on with
    /// it: one port.
    fn take(&mut self, at: usize, row: &Move, opens: bool, now: Now) {
        let flow = *self.flows.get(at);
        self.changes(flow.lane, now);
        // The shorter a hold, the sooner it has let go.
        let gone = match flow.place() {
            Some(place) => (0..self.releases.holds()).take_while(|hold| !self.releases.keeps(*hold, place)).count(),
            None if flow.open => 0,
            None => self.releases.holds(),
        };
        if let Some(place) = flow.place() {
            self.releases.cancel(place);
        }
        if flow.lane != row.lane {
            self.counters.hand_over(flow.lane, row.lane, flow.open, self.timed && gone <= self.main, now);
        }
        self.counters.take(row.lane, gone, opens && !flow.open, now);
        let count = *self.counters.lane(row.lane);
        let mut number = flow.number;
        if gone > self.main {
            number = match count.is_public() {
                true => {
                    let spot = self.counters.spot_mut(count.spot);
                    self.pools[usize::from(spot.v6)].take(&mut spot.numbers, now)
                }
                false => NONE,
            };
        }
        let flow = self.flows.get_mut(at);
        (flow.lane, flow.number) = (row.lane, number);
        flow.let_go();
        if opens {
            flow.open(now.time.unwrap_or_default());
        }
        count.spots().for_each(|spot| self.raised(spot, now));
    }

    /// The close of an open flow.
    fn shut(&mut self, at: usize, now: Now) {
        self.counts.closes += u64::from(now.measured);
        let flow = *self.flows.get(at);
        if !flow.double {
            self.changes(flow.lane, now);
            self.counters.shut(flow.lane);
            self.counters.lane_mut(flow.lane).closes += u64::from(now.measured);
            self.flows.get_mut(at).counted = now.measured;
        }
        let Some(time) = now.time else {
            self.flows.remove(at);
            return;
        };
        if now.measured {
            let group = self.counters.group(flow.lane) as usize;
            if self.lives.len() <= group {
                self.lives.resize_with(group + 1, Lives::default);
            }
            self.lives[group].add(time.saturating_sub(flow.opened()).max(0) as u64);
        }
        if flow.double {
            self.flows.remove(at);
        } else {
            self.hold(at, time);
        }
    }

    /// Starts the holds of a flow.
    fn hold(&mut self, at: usize, time: i64) {
        let flow = self.flows.get_mut(at);
        let place = self.releases.push(time, Closed::of(flow));
        flow.hold(place);
    }

    /// The main hold has let go of a flow's port number, if it had one.
    pub(super) fn give_back(&mut self, lane: u32, number: u32) {
        if number != NONE {
            let spot = self.counters.lane(lane).spot;
            let spot = self.counters.spot_mut(spot);
            self.pools[usize::from(spot.v6)].give_back(&mut spot.numbers, number);
        }
    }

    /// Before a change: the series take note of what stood until now.
    #[inline]
    pub(super) fn changes(&mut self, lane: u32, now: Now) {
        let Some(time) = now.time else { return };
        for spot in self.counters.lane(lane).spots() {
            let track = self.counters.spot(spot).track;
            if track != NONE {
                self.series.before(track, time, &mut self.counters);
            }
        }
    }

    /// After a spot may have got more: its series takes note, or begins.
    pub(super) fn raised(&mut self, at: u32, now: Now) {
        let Some(time) = now.time.filter(|_| now.measured) else { return };
        let spot = self.counters.spot(at);
        if !spot.public {
            return;
        }
        if spot.track != NONE {
            return self.series.after(spot.track, time, &mut self.counters);
        }
        let (is_sum, held) = (spot.is_sum, self.counters.values(at)[0]);
        if let Some((track, gone)) = self.series.enter(at, is_sum, time, held) {
            if let Some(gone) = gone {
                self.counters.spot_mut(gone).track = NONE;
            }
            self.counters.spot_mut(at).track = track;
            self.series.after(track, time, &mut self.counters);
        }
    }
}
