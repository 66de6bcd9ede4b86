//! What a row does: connects take ports, closes begin holds, accepts are remembered.

use super::counts::Seats;
use super::flows::Flow;
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
        let seats = self.counters.sit(row.lane, &self.lanes);
        let double = self.pair(row, &seats, now);
        let at = self.flow(row);
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
            self.opened(&seats, now);
        }
        if now.measured {
            self.counters.seats_mut(row.lane).connects += 1;
        }
    }

    /// Counts a connect in its buckets, and its destination among those that were reached in that minute.
    fn opened(&mut self, seats: &Seats, now: Now) {
        let Some(time) = now.time.filter(|_| now.measured) else { return };
        for seat in seats.iter() {
            if let Some(track) = self.counters.spot(seat.spot).track {
                self.series.opened(track);
            }
        }
        if !seats.is_public() {
            return;
        }
        let minute = (time.saturating_sub(self.series.origin) / MINUTE).max(0) as usize;
        let spot = self.counters.spot_mut(seats.own.spot);
        if minute < MINUTES && spot.minute.replace(minute) != Some(minute) {
            let reached = &mut self.reached[usize::from(seats.v6)];
            if reached.len() <= minute {
                reached.resize(minute + 1, 0);
            }
            reached[minute] += 1;
        }
    }

    /// Looks for the other connect of a pair: whether this one is an application's whose proxy waits. Is it a proxy's,
    /// the application's flow holds no port from here on.
    fn pair(&mut self, row: &Move, seats: &Seats, now: Now) -> bool {
        let Some(time) = now.time else { return false };
        let own = Waiting {
            time,
            route: seats.route,
            way: row.way,
            sport: row.sport,
            serial: self.serial,
            cell: seats.process,
        };
        let Some(other) = self.mesh.connect(own, row.proxy) else { return false };
        let (proxy, app) = if row.proxy { (own, other) } else { (other, own) };
        let found = self.flows.find(app.way, app.sport).filter(|at| self.flows.get(*at).serial == app.serial);
        if let Some(at) = found {
            self.is_double(at, now);
        }
        let counts = now.measured && (found.is_some() || !row.proxy);
        *self.doubles.entry((proxy.cell, app.cell)).or_default() += u64::from(counts);
        !row.proxy
    }

    /// A proxy makes the connect of a flow again.
    fn is_double(&mut self, at: usize, now: Now) {
        self.drop_port(at, now);
        let flow = self.flows.get_mut(at);
        flow.double = true;
        if flow.counted {
            let seats = self.counters.seats_mut(flow.lane);
            seats.closes = seats.closes.saturating_sub(1);
        }
        if !flow.open {
            self.flows.remove(at);
        }
    }

    /// A connect that a proxy has made already: the flow is there for its close alone.
    fn opens_as_double(&mut self, at: usize, row: &Move, now: Now) {
        self.drop_port(at, now);
        self.counters.sit(row.lane, &self.lanes);
        let flow = self.flows.get_mut(at);
        flow.open(now.time.unwrap_or_default());
        (flow.lane, flow.double) = (row.lane, true);
    }

    /// Takes a flow's port away.
    fn drop_port(&mut self, at: usize, now: Now) {
        let flow = *self.flows.get(at);
        let seats = *self.counters.seats(flow.lane);
        self.changes(&seats, now);
        let keeps = |hold: usize| flow.place().map_or(flow.open, |place| self.releases.keeps(hold, place));
        // The shorter a hold, the sooner it has let go.
        let kept = (0..self.releases.holds()).find(|hold| keeps(*hold)).unwrap_or(self.releases.holds());
        if let Some(place) = flow.place() {
            self.releases.cancel(place);
        }
        for seat in seats.iter() {
            for hold in kept..self.releases.holds() {
                if hold == self.main {
                    self.counters.release(seat);
                } else {
                    self.counters.release_other(seat.spot, hold);
                }
            }
            if flow.open {
                self.counters.shut(seat);
            }
        }
        if kept <= self.main {
            self.give_back(&seats, flow.number);
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
            self.counts.lone_mapped += one;
            let Some(time) = now.time else { return };
            let lane = self.lanes.know(ends);
            let row = Move { way: lane.way, lane: lane.lane, ..*row };
            let at = self.flow(&row);
            self.serial = self.serial.wrapping_add(1);
            self.flows.get_mut(at).serial = self.serial;
            self.take(at, &row, false, now);
            self.hold(at, time);
            if now.measured {
                let seats = self.counters.seats_mut(row.lane);
                seats.closes += 1;
                let seats = *seats;
                seats.iter().for_each(|seat| self.counters.spot_mut(seat.spot).lone_mapped += 1);
            }
        } else {
            self.counts.lone_plain += one;
            let dest = Place::Dest { addr: ends.daddr, port: ends.dport };
            let sum = Place::Sum { v6: ends.daddr.is_ipv6() };
            for place in [Some(dest), ends.public.then_some(sum)].into_iter().flatten() {
                if let Some(spot) = self.counters.spots.get_mut(&place) {
                    spot.lone_plain += one;
                }
            }
        }
    }

    /// The flow of a row; a new one is neither open nor held yet.
    fn flow(&mut self, row: &Move) -> usize {
        if let Some(at) = self.flows.find(row.way, row.sport) {
            return at;
        }
        self.counters.sit(row.lane, &self.lanes);
        self.flows.insert(Flow::new(row.way, row.lane, row.sport))
    }

    /// Gives the flow its port where it has none, and to the row's process. Holds that still keep the port go on with
    /// it: one port.
    fn take(&mut self, at: usize, row: &Move, opens: bool, now: Now) {
        let flow = *self.flows.get(at);
        let before = *self.counters.seats(flow.lane);
        self.changes(&before, now);
        // The shorter a hold, the sooner it has let go.
        let gone = match flow.place() {
            Some(place) => (0..self.releases.holds()).take_while(|hold| !self.releases.keeps(*hold, place)).count(),
            None if flow.open => 0,
            None => self.releases.holds(),
        };
        if let Some(place) = flow.place() {
            self.releases.cancel(place);
        }
        let seats = self.counters.sit(row.lane, &self.lanes);
        for (from, seat) in before.iter().zip(seats.iter()) {
            if flow.lane != row.lane {
                self.counters.hand_over(from, seat, flow.open, self.timed && gone <= self.main, now);
            }
            for hold in 0..gone {
                self.counters.hold(seat, hold, now);
            }
            if opens && !flow.open {
                self.counters.open(seat, now);
            }
        }
        let mut number = flow.number;
        if gone > self.main {
            number = match seats.is_public() {
                true => {
                    let numbers = &mut self.counters.spot_mut(seats.own.spot).numbers;
                    self.pools[usize::from(seats.v6)].take(numbers, now)
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
        for seat in seats.iter() {
            self.raised(seat.spot, now);
        }
    }

    /// The close of an open flow.
    fn shut(&mut self, at: usize, now: Now) {
        self.counts.closes += u64::from(now.measured);
        let flow = *self.flows.get(at);
        let seats = *self.counters.seats(flow.lane);
        if !flow.double {
            self.changes(&seats, now);
            seats.iter().for_each(|seat| self.counters.shut(seat));
            self.counters.seats_mut(flow.lane).closes += u64::from(now.measured);
            self.flows.get_mut(at).counted = now.measured;
        }
        let Some(time) = now.time else {
            self.flows.remove(at);
            return;
        };
        if now.measured {
            let group = seats.group as usize;
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
    pub(super) fn give_back(&mut self, seats: &Seats, number: u32) {
        if number != NONE {
            let numbers = &mut self.counters.spot_mut(seats.own.spot).numbers;
            self.pools[usize::from(seats.v6)].give_back(numbers, number);
        }
    }

    /// Before a change: the series take note of what stood until now.
    #[inline]
    pub(super) fn changes(&mut self, seats: &Seats, now: Now) {
        let Some(time) = now.time else { return };
        for seat in seats.iter() {
            if let Some(track) = self.counters.spot(seat.spot).track {
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
        if let Some(track) = spot.track {
            return self.series.after(track, time, &mut self.counters);
        }
        let held = self.counters.values(at)[0];
        if let Some((track, gone)) = self.series.enter(at, self.counters.is_sum(at), time, held) {
            if let Some(gone) = gone {
                self.counters.spot_mut(gone).track = None;
            }
            self.counters.spot_mut(at).track = Some(track);
            self.series.after(track, time, &mut self.counters);
        }
    }
}
