//! What a row does: connects take ports, closes begin holds, accepts are remembered.

use super::flows::{Flow, Found, Known};
use super::lanes::{Ends, Lane, NONE};
use super::lines::Seat;
use super::mesh::Waiting;
use super::parts::Spots;
use super::release::Closed;
use super::replay::Place;
use super::seats::EARLY;
use super::spot::Opened;
use super::stage::{Move, Stage};
use super::step::{FlowKey, Now, SECOND, StepKind};

const MINUTE: i64 = 60 * SECOND;
/// So many minutes are told apart: a week.
const MINUTES: usize = 10_080;

fn key(sport: u16, ends: &Ends) -> FlowKey {
    FlowKey { group: ends.group, sport, daddr: ends.daddr, dport: ends.dport }
}

impl Stage {
    #[inline(always)]
    pub(super) fn connect(&mut self, row: &Move, now: Now) {
        let one = u64::from(now.measured());
        self.counts.connects += one;
        if self.accepted.any(row.sport) {
            self.accepted.end(&key(row.sport, &self.lanes.get(row.lane).ends));
        }
        self.serial = self.serial.wrapping_add(1);
        if let Some(time) = now.time() {
            self.release(time);
        }
        let way = self.counters.sit(row.lane, &self.lanes);
        if !self.has_room() && self.counted_beyond(way, row.sport, now) {
            self.opened(self.counters.of_lane(row.lane), now);
            self.counters.lane_mut(row.lane).connects += one;
            return;
        }
        let double = self.pair(row, way, now);
        match self.flows.find_or_seat(row.tag, (way, row.sport), &self.releases, &self.counters) {
            Err(seat) if self.timed && !double => self.opens(row, way, seat, now.time().unwrap_or(EARLY), now),
            known => self.opens_again(row, way, known.ok(), double, now),
        }
    }

    /// The connect of a flow that is new, in a run that has TIME. Series are not over before `over`.
    #[inline(always)]
    fn opens(&mut self, row: &Move, way: u32, seat: Option<Seat>, over: i64, now: Now) {
        let minute = now.time().filter(|_| now.measured()).map(|time| self.minute(time));
        let minute = minute.filter(|minute| *minute < MINUTES).map(|minute| minute as u16);
        let told = (self.series.needs, minute);
        let Some(opened) = self.counters.opens(row.lane, &mut self.pools, told, over, now) else {
            return self.opens_behind(row, way, seat, now);
        };
        let mut flow = Flow::new(way, row.lane, row.sport);
        (flow.number, flow.serial) = (opened.number, self.serial);
        flow.open(now.time().unwrap_or_default());
        self.flows.insert(row.tag, flow, seat, &self.releases);
        if opened.unnoted || opened.unnoted_sum {
            self.notes(row.lane, opened, now);
        }
        if opened.other_peak {
            self.other_reaches(row.lane, now);
        }
        if opened.reaches {
            self.reached(opened.sum, self.minute);
        }
    }

    /// The same behind what a series is filling, which takes note of what stood until now.
    #[cold]
    #[inline(never)]
    fn opens_behind(&mut self, row: &Move, way: u32, seat: Option<Seat>, now: Now) {
        self.changed(self.counters.of_lane(row.lane), now);
        self.opens(row, way, seat, EARLY, now);
    }

    /// The first other hold keeps more than ever, unless it has let go of some by now.
    #[cold]
    #[inline(never)]
    fn other_reaches(&mut self, lane: u32, now: Now) {
        self.catch_up();
        self.counters.of_lane(lane).each(|spot| self.counters.spot_mut(spot).other_reaches(now));
    }

    /// Series that need more than a note of a connect.
    #[cold]
    fn notes(&mut self, lane: u32, of: Opened, now: Now) {
        let Some(time) = now.time() else { return };
        let spots = self.counters.of_lane(lane);
        for (spot, _) in [(spots.spot, of.unnoted), (spots.sum, of.unnoted_sum)].into_iter().filter(|(_, is)| *is) {
            self.rises(spot, time);
            let opened = &mut self.counters.spot_mut(spot).filling.opened;
            *opened = opened.wrapping_add(1);
        }
    }

    /// The connect of one that was open or held before, or that a proxy has made already, or in a run without TIME.
    #[inline(never)]
    fn opens_again(&mut self, row: &Move, way: u32, known: Option<Known>, double: bool, now: Now) {
        let new = || Flow::new(way, row.lane, row.sport);
        let at = known.and_then(|known| self.flows.wake(known, way, &self.releases));
        let at = at.unwrap_or_else(|| self.flows.insert(row.tag, new(), None, &self.releases));
        let flow = self.flows.get_mut(at);
        (flow.serial, flow.counted) = (self.serial, false);
        if now.measured() {
            self.counts.reopened += u64::from(flow.open);
            let kept = flow.place().is_some_and(|place| self.releases.keeps(self.main, place));
            self.counts.reused += u64::from(kept);
        }
        if flow.double {
            (flow.open, flow.double) = (false, false);
        }
        if double {
            self.opens_as_double(at, row.lane, now);
        } else {
            self.take(at, row.lane, true, now);
            self.opened(self.counters.of_lane(row.lane), now);
        }
        self.counters.lane_mut(row.lane).connects += u64::from(now.measured());
    }

    /// Counts a connect in its buckets, and its destination among those that were reached in that minute.
    fn opened(&mut self, spots: Spots, now: Now) {
        if now.time().is_some() && now.measured() {
            spots.each(|spot| {
                // Of use where the spot has a series, and set back when a bucket begins.
                let opened = &mut self.counters.spot_mut(spot).filling.opened;
                *opened = opened.wrapping_add(1);
            });
        }
        self.reaches(spots, now);
    }

    /// Counts a connect's destination among those that were reached in that minute.
    fn reaches(&mut self, spots: Spots, now: Now) {
        let Some(time) = now.time().filter(|_| now.measured() && spots.is_public()) else { return };
        let minute = self.minute(time);
        let spot = self.counters.spot_mut(spots.spot);
        if minute < MINUTES && spot.minute != minute as u16 {
            spot.minute = minute as u16;
            let sum = u8::from(spot.v6);
            self.reached(sum, minute);
        }
    }

    #[cold]
    fn reached(&mut self, sum: u8, minute: usize) {
        let reached = &mut self.reached[usize::from(sum)];
        if reached.len() <= minute {
            reached.resize(minute + 1, 0);
        }
        reached[minute] += 1;
    }

    /// The minute of an instant that is measured; times do not go back.
    #[inline(always)]
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
    #[inline(always)]
    fn pair(&mut self, row: &Move, way: u32, now: Now) -> bool {
        let Some(time) = now.time() else { return false };
        // Made where it is kept: a copy would wait for each of its parts.
        let serial = self.serial;
        let own = || Waiting { time, lane: row.lane, way, sport: row.sport, serial };
        !self.mesh.keeps(own) && self.looks_for_pair(own(), row.bits.is_proxy(), now)
    }

    #[cold]
    #[inline(never)]
    fn looks_for_pair(&mut self, own: Waiting, is_proxy: bool, now: Now) -> bool {
        let other = self.mesh.connect(own, is_proxy, &self.lanes);
        other.is_some_and(|other| self.is_pair(own, other, is_proxy, now))
    }

    /// Both connects of a pair; the later one is a proxy's, or an application's: whether it is the latter.
    fn is_pair(&mut self, own: Waiting, other: Waiting, is_proxy: bool, now: Now) -> bool {
        let (proxy, app) = if is_proxy { (own, other) } else { (other, own) };
        let is_it = |known: &Known| self.flows.serial(*known, &self.releases) == Some(app.serial);
        let tag = self.flows.tag(app.way, app.sport);
        let found = self.flows.find(tag, (app.way, app.sport), &self.releases, &self.counters).filter(is_it);
        if let Some(at) = found.and_then(|known| self.flows.wake(known, app.way, &self.releases)) {
            self.is_double(at, now);
        }
        let counts = now.measured() && (found.is_some() || !is_proxy);
        let [proxy, app] = [proxy, app].map(|connect| self.lanes.get(connect.lane).ends.cell);
        *self.doubles.entry((proxy, app)).or_default() += u64::from(counts);
        !is_proxy
    }

    /// A proxy makes the connect of a flow again.
    fn is_double(&mut self, at: Found, now: Now) {
        self.drop_port(at, now);
        let flow = self.flows.get_mut(at);
        flow.double = true;
        if flow.counted {
            let count = self.counters.lane_mut(flow.lane);
            count.closes = count.closes.saturating_sub(1);
        }
        if !flow.open {
            self.flows.remove(at, &self.releases);
        }
    }

    /// A connect that a proxy has made already: the flow is there for its close alone.
    fn opens_as_double(&mut self, at: Found, lane: u32, now: Now) {
        self.drop_port(at, now);
        let flow = self.flows.get_mut(at);
        flow.open(now.time().unwrap_or_default());
        (flow.lane, flow.double) = (lane, true);
    }

    /// Takes a flow's port away.
    fn drop_port(&mut self, at: Found, now: Now) {
        self.catch_up();
        let flow = *self.flows.get(at);
        let spots = self.counters.of_way(flow.way);
        self.changed(spots, now);
        let keeps = |hold: usize| flow.place().map_or(flow.open, |place| self.releases.keeps(hold, place));
        // The shorter a hold, the sooner it has let go.
        let kept = (0..self.releases.holds()).find(|hold| keeps(*hold)).unwrap_or(self.releases.holds());
        if let Some(place) = flow.place() {
            self.releases.cancel(place);
        }
        for hold in kept..self.releases.holds() {
            if hold == self.main {
                self.counters.lets_go(flow.lane, flow.number, &mut self.pools, EARLY);
            } else {
                self.counters.release_other(spots, hold);
            }
        }
        if flow.open {
            self.counters.closes(flow.lane, 0, EARLY);
        }
        let flow = self.flows.get_mut(at);
        flow.number = NONE;
        flow.let_go();
    }

    /// The other end called: neither this flow nor its close takes a port. The row of an outbound flow that is open says
    /// nothing about it.
    pub(super) fn accept(&mut self, sport: u16, ends: &Ends, now: Now) {
        self.counts.accepts += u64::from(now.measured());
        self.accepted.accept(key(sport, ends));
    }

    #[inline(always)]
    pub(super) fn close(&mut self, row: &Move, now: Now) {
        match self.flows.find_open(row.tag, self.counters.lane(row.lane).way, row.sport) {
            Some(at) => self.shut(at, now),
            None => {
                let ends = self.lanes.get(row.lane).ends;
                self.lone(row, &ends, now);
            }
        }
    }

    /// A row whose way was not known when it came; a connect's may be now.
    pub(super) fn stranger(&mut self, row: &Move, ends: &Ends, now: Now) {
        if row.bits.kind() == StepKind::Accept {
            return self.accept(row.sport, ends, now);
        }
        let way = self.lanes.way(ends);
        match way.and_then(|way| self.flows.find_open(self.flows.tag(way, row.sport), way, row.sport)) {
            Some(at) => self.shut(at, now),
            None => self.lone(row, ends, now),
        }
    }

    /// A close without an open flow.
    #[inline(never)]
    fn lone(&mut self, row: &Move, ends: &Ends, now: Now) {
        if let Some(time) = now.time() {
            self.release(time);
        }
        let one = u64::from(now.measured());
        self.counts.closes += one;
        let known = self.accepted.any(row.sport);
        if known && self.accepted.end(&key(row.sport, ends)) {
            self.counts.inbound += one;
        } else if known && self.accepted.accepts(ends.group, row.sport) {
            self.counts.inbound_guessed += one;
        } else if row.bits.is_mapped() {
            let Some(time) = now.time() else {
                self.counts.lone_mapped += one;
                return;
            };
            let lane = row.bits.has_lane().then(|| Lane { lane: row.lane, way: self.counters.way(row.lane) });
            let Lane { lane, way } = lane.unwrap_or_else(|| self.ask(ends));
            if !self.has_room() && self.counted_beyond(way, row.sport, now) {
                return;
            }
            self.counts.lone_mapped += one;
            self.counters.sit(lane, &self.lanes);
            let spots = self.counters.of_lane(lane);
            let tag = self.flows.tag(way, row.sport);
            let known = self.flows.find(tag, (way, row.sport), &self.releases, &self.counters);
            let at = known.and_then(|known| self.flows.wake(known, way, &self.releases));
            let at =
                at.unwrap_or_else(|| self.flows.insert(tag, Flow::new(way, lane, row.sport), None, &self.releases));
            self.serial = self.serial.wrapping_add(1);
            self.flows.get_mut(at).serial = self.serial;
            self.take(at, lane, false, now);
            self.hold(at, time);
            self.counters.lane_mut(lane).closes += one;
            spots.each(|spot| self.counters.spot_mut(spot).lone_mapped += one);
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
    fn take(&mut self, at: Found, lane: u32, opens: bool, now: Now) {
        self.catch_up();
        let flow = *self.flows.get(at);
        self.changed(self.counters.of_way(flow.way), now);
        // The shorter a hold, the sooner it has let go.
        let gone = match flow.place() {
            Some(place) => (0..self.releases.holds()).take_while(|hold| !self.releases.keeps(*hold, place)).count(),
            None if flow.open => 0,
            None => self.releases.holds(),
        };
        if let Some(place) = flow.place() {
            self.releases.cancel(place);
        }
        if flow.lane != lane {
            self.counters.hand_over(flow.lane, lane, flow.open, self.timed && gone <= self.main, now);
        }
        self.counters.take(lane, gone, opens && !flow.open, now);
        let spots = self.counters.of_way(flow.way);
        let number = if gone > self.main { self.number(spots, now) } else { flow.number };
        let flow = self.flows.get_mut(at);
        (flow.lane, flow.number) = (lane, number);
        flow.let_go();
        if opens {
            flow.open(now.time().unwrap_or_default());
        }
        self.raised(spots, now);
    }

    /// A port number for a flow, if its destination is public.
    #[inline(always)]
    fn number(&mut self, spots: Spots, now: Now) -> u32 {
        if !spots.is_public() {
            return NONE;
        }
        let v6 = self.counters.spot(spots.spot).v6;
        self.pools[usize::from(v6)].take(&mut self.counters.numbers[spots.spot as usize], now)
    }

    /// The close of an open flow.
    #[inline(always)]
    fn shut(&mut self, at: Found, now: Now) {
        let one = u64::from(now.measured());
        let flow = self.flows.get_mut(at);
        let Some(time) = now.time().filter(|_| !flow.double) else { return self.shut_odd(at, now) };
        let (lane, opened) = (flow.lane, flow.opened());
        flow.counted = now.measured();
        self.counts.closes += one;
        match self.counters.closes(lane, one, time) {
            Some(group) => self.shut_within(at, opened, group, now),
            None => self.shut_behind(at, lane, opened, now),
        }
    }

    /// The same behind what a series is filling: it takes note of what stood until now, and of that what is due is gone.
    #[cold]
    #[inline(never)]
    fn shut_behind(&mut self, at: Found, lane: u32, opened: i64, now: Now) {
        if let Some(time) = now.time() {
            self.release(time);
        }
        self.changed(self.counters.of_lane(lane), now);
        if let Some(group) = self.counters.closes(lane, u64::from(now.measured()), EARLY) {
            self.shut_within(at, opened, group, now);
        }
    }

    #[inline(always)]
    fn shut_within(&mut self, at: Found, opened: i64, group: u32, now: Now) {
        let Some(time) = now.time() else { return };
        if now.measured() {
            self.lives.push((group, time.saturating_sub(opened).max(0) as u64));
        }
        self.hold(at, time);
    }

    /// The close of an open flow that a proxy makes again, or in a run without TIME.
    #[cold]
    #[inline(never)]
    fn shut_odd(&mut self, at: Found, now: Now) {
        let one = u64::from(now.measured());
        self.counts.closes += one;
        let flow = self.flows.get_mut(at);
        let (way, lane, double, opened) = (flow.way, flow.lane, flow.double, flow.opened());
        if !double {
            flow.counted = now.measured();
            self.counters.closes(lane, one, EARLY);
        }
        if let Some(time) = now.time().filter(|_| now.measured()) {
            self.lives.push((self.counters.group(way), time.saturating_sub(opened).max(0) as u64));
        }
        self.flows.remove(at, &self.releases);
    }

    /// Starts the holds of a flow, which is counted there.
    #[inline(always)]
    fn hold(&mut self, at: Found, time: i64) {
        let place = self.releases.push(time, Closed::of(self.flows.get(at)));
        self.flows.hold(at, place, &self.releases);
    }

    /// Before a change where a lane is counted.
    #[inline(always)]
    fn changed(&mut self, spots: Spots, now: Now) {
        if let Some(time) = now.time() {
            spots.each(|spot| self.series.changes(spot, time, &mut self.counters));
        }
    }

    /// After spots may have got more.
    #[inline]
    fn raised(&mut self, spots: Spots, now: Now) {
        // Only public destinations have series.
        if spots.is_public()
            && let Some(time) = now.time().filter(|_| now.measured())
        {
            spots.each(|spot| self.rises(spot, time));
        }
    }

    /// After a public spot may have got more: its series takes note, or begins.
    #[inline]
    pub(super) fn rises(&mut self, at: u32, time: i64) {
        let spot = self.counters.spot_mut(at);
        if spot.track == NONE {
            if spot.is_sum() || spot.held.value.now >= self.series.needs {
                self.enters(at, time);
            }
        } else if time < spot.until {
            spot.note();
        } else {
            self.series.reach(spot.track, time, &mut self.counters);
        }
    }

    #[cold]
    fn enters(&mut self, at: u32, time: i64) {
        let Some((track, gone)) = self.series.enter(at, time, &self.counters) else { return };
        if let Some(gone) = gone {
            let gone = self.counters.spot_mut(gone);
            (gone.track, gone.until) = (NONE, i64::MAX);
        }
        let spot = self.counters.spot_mut(at);
        (spot.track, spot.filling.opened) = (track, 0);
        self.series.reach(track, time, &mut self.counters);
    }
}
