//! The flows that are open or whose port is held: a table, in lines of the cache, says where each of them is. What is
//! known of those that are held is with their releases.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use prefetch_index::prefetch_index;

use super::counts::Counters;
use super::lanes::NONE;
use super::lines::{CHUNK, Line, Lines, OPEN, SEATS, Seat, Seats, first, nowhere, put};
use super::release::{Closed, Releases};

/// A flow to a destination that is open, or about to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    /// With the local port what tells it from others.
    pub(super) way: u32,
    /// Where it is counted, and for which process.
    pub(super) lane: u32,
    /// Time of the connect row while it is open, place in the queue of releases while it is held.
    stamp: i64,
    /// Port number of the first-free simulation; of use while it is open or the main hold keeps it.
    pub(super) number: u32,
    /// Number of its last connect in the run.
    pub(super) serial: u32,
    pub(super) sport: u16,
    pub(super) open: bool,
    /// Its close has come; some hold keeps the port.
    held: bool,
    /// A proxy makes it again: it holds no port.
    pub(super) double: bool,
    /// Its close was counted.
    pub(super) counted: bool,
}

impl Flow {
    /// One that is neither open nor held yet.
    pub(super) fn new(way: u32, lane: u32, sport: u16) -> Self {
        Self {
            way,
            lane,
            stamp: 0,
            number: NONE,
            serial: 0,
            sport,
            open: false,
            held: false,
            double: false,
            counted: false,
        }
    }

    /// One that is held from that place of the queue on.
    fn held(closed: &Closed, way: u32, place: u64) -> Self {
        let Closed { lane, number, serial, sport, .. } = *closed;
        let counted = closed.is_counted();
        Self { number, serial, counted, held: true, stamp: place as i64, ..Self::new(way, lane, sport) }
    }

    /// Place in the queue of releases.
    pub(super) fn place(&self) -> Option<u64> {
        self.held.then_some(self.stamp as u64)
    }

    /// Time of the connect row of an open flow; meaningless in a run without TIME.
    pub(super) fn opened(&self) -> i64 {
        self.stamp
    }

    /// It opens at this time.
    pub(super) fn open(&mut self, time: i64) {
        (self.open, self.held, self.stamp) = (true, false, time);
    }

    /// No hold keeps it.
    pub(super) fn let_go(&mut self) {
        self.held = false;
    }
}

/// A flow that is open, or that was woken, until the next one is put in or taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    seat: Seat,
    /// Where it is among those that are open.
    at: u32,
}

/// A flow that is open, or the seat of one that is held and its place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Open(Found),
    Held(Seat, u64),
}

/// Flows by way and local port: cache lines, which are looked at as a whole. A flow that finds no seat in its line takes
/// one in a later line, and those that it passes know. An open flow is taken out, or held from then on; a held one is
/// void when it leaves the queue, so that its release looks nothing up.
#[derive(Clone, Debug)]
pub(super) struct Flows {
    lines: Lines,
    seed: u64,
    /// Flows that are open, and places that are not taken.
    open: Vec<Flow>,
    vacant: Vec<u32>,
}

impl Flows {
    pub(super) fn new(releases: &Releases) -> Self {
        let seed = RandomState::default().hash_one(CHUNK);
        Self { lines: Lines::new(releases), seed, open: Vec::new(), vacant: Vec::new() }
    }

    /// The hash of a way and a local port.
    #[inline(always)]
    pub(super) fn tag(&self, way: u32, sport: u16) -> u32 {
        let key = (u64::from(way) << 16 | u64::from(sport)) ^ self.seed;
        let mixed = u128::from(key) * 0x9e37_79b9_7f4a_7c15;
        ((mixed >> 64) as u64 ^ mixed as u64) as u32 & !OPEN
    }

    /// Asks for what says where a flow is that is needed soon.
    #[inline(always)]
    pub(super) fn fetch(&self, tag: u32) {
        self.lines.fetch(tag as usize);
    }

    /// Asks for an open flow that is needed soon, when it is there where its line says that it is.
    #[inline(always)]
    pub(super) fn fetch_open(&self, tag: u32) {
        let line = self.lines.get(tag as usize);
        let seat = first(line.open_ones(tag));
        if seat < SEATS {
            prefetch_index(&self.open, line.places[seat] as usize);
        }
    }

    /// The flow of a way and a local port, of which the hash is given, if it is open.
    #[inline(always)]
    pub(super) fn find_open(&self, tag: u32, way: u32, sport: u16) -> Option<Found> {
        for at in self.lines.around(tag) {
            let line = self.lines.get(at);
            let mut may_be = line.open_ones(tag);
            while may_be != 0 {
                let seat = first(may_be);
                let place = line.places[seat];
                let flow = &self.open[place as usize];
                if flow.way == way && flow.sport == sport {
                    return Some(Found { seat: Seat { line: at, seat }, at: place });
                }
                may_be &= may_be - 1;
            }
            if !line.is_passed() {
                return None;
            }
        }
        None
    }

    /// The same, or one that is held. Counters know the ways of lanes.
    #[inline(always)]
    pub(super) fn find(
        &self,
        tag: u32,
        (way, sport): (u32, u16),
        releases: &Releases,
        counters: &Counters,
    ) -> Option<Known> {
        for at in self.lines.around(tag) {
            let line = self.lines.get(at);
            let may_be = line.ones(tag);
            if may_be != 0
                && let Some(known) = self.known(at, may_be, (way, sport), releases, counters)
            {
                return Some(known);
            }
            if !line.is_passed() && !line.is_passed_by_held(releases) {
                return None;
            }
        }
        None
    }

    /// The same, and where one that is new goes, if that is seen.
    #[inline(always)]
    pub(super) fn find_or_seat(
        &self,
        tag: u32,
        ends: (u32, u16),
        releases: &Releases,
        counters: &Counters,
    ) -> Result<Known, Option<Seat>> {
        let at = tag as usize;
        let line = self.lines.get(at);
        if line.ones(tag) == 0 && !line.is_passed() && !line.is_passed_by_held(releases) {
            let seat = first(line.void(releases));
            return Err((seat < SEATS).then_some(Seat { line: at, seat }));
        }
        self.find_far(tag, ends, releases, counters).ok_or(None)
    }

    /// The same of one that its line does not decide.
    #[cold]
    #[inline(never)]
    fn find_far(&self, tag: u32, ends: (u32, u16), releases: &Releases, counters: &Counters) -> Option<Known> {
        self.find(tag, ends, releases, counters)
    }

    /// Which of the seats that may be it is the flow of a way and a local port.
    #[cold]
    fn known(
        &self,
        at: usize,
        may_be: Seats,
        ends: (u32, u16),
        releases: &Releases,
        counters: &Counters,
    ) -> Option<Known> {
        let line = self.lines.get(at);
        (0..SEATS).filter(|seat| may_be >> seat & 1 == 1).find_map(|seat| {
            let place = line.places[seat];
            let (is_open, seat) = (line.tags[seat] & OPEN != 0, Seat { line: at, seat });
            if is_open {
                let flow = &self.open[place as usize];
                return ((flow.way, flow.sport) == ends).then_some(Known::Open(Found { seat, at: place }));
            }
            let place = releases.is_in_queue(place).then(|| releases.place(place))?;
            let closed = releases.get(place)?;
            let is_it = (counters.way(closed.lane), closed.sport) == ends && !closed.is_cancelled();
            is_it.then_some(Known::Held(seat, place))
        })
    }

    /// The number of a flow's last connect.
    pub(super) fn serial(&self, known: Known, releases: &Releases) -> Option<u32> {
        match known {
            Known::Open(found) => Some(self.get(found).serial),
            Known::Held(_, place) => releases.get(place).map(|closed| closed.serial),
        }
    }

    /// A flow that is open, or was woken.
    #[inline(always)]
    pub(super) fn get(&self, found: Found) -> &Flow {
        &self.open[found.at as usize]
    }

    #[inline(always)]
    pub(super) fn get_mut(&mut self, found: Found) -> &mut Flow {
        &mut self.open[found.at as usize]
    }

    /// Puts a flow that is held among those that are open: it will be open or held anew, and its place is to be
    /// cancelled. The way is that of the flow.
    pub(super) fn wake(&mut self, known: Known, way: u32, releases: &Releases) -> Option<Found> {
        match known {
            Known::Open(found) => Some(found),
            Known::Held(seat, place) => {
                let at = self.keep(Flow::held(releases.get(place)?, way, place));
                self.change(seat, |tag| *tag |= OPEN, at, |line| *line.passed() += 1);
                Some(Found { seat, at })
            }
        }
    }

    /// A flow that was among those that are open is held from now on; it has just joined the queue, at that place.
    #[inline(always)]
    pub(super) fn hold(&mut self, found: Found, place: u64, releases: &Releases) {
        let place = place as u32;
        self.change(
            found.seat,
            |tag| *tag &= !OPEN,
            place,
            |line| {
                *line.passed() -= 1;
                *line.over() = releases.later(*line.over(), place);
            },
        );
        self.give_up(found.at);
    }

    /// Something else is said at a seat; the lines that its flow passed are told.
    #[inline(always)]
    fn change(&mut self, seat: Seat, tag: impl Fn(&mut u32), place: u32, passed: impl Fn(&mut Line)) {
        let most = self.lines.len() - 1;
        let line = self.lines.get_mut(seat.line);
        let mut at = line.tags[seat.seat] as usize & most;
        tag(&mut line.tags[seat.seat]);
        line.places[seat.seat] = place;
        let last = seat.line & most;
        while at != last {
            passed(self.lines.get_mut(at));
            at = (at + 1) & most;
        }
    }

    /// A place among the flows that are open.
    #[inline(always)]
    fn keep(&mut self, flow: Flow) -> u32 {
        match self.vacant.pop() {
            Some(at) => {
                self.open[at as usize] = flow;
                at
            }
            None => {
                self.open.push(flow);
                self.open.len() as u32 - 1
            }
        }
    }

    #[inline(always)]
    fn give_up(&mut self, at: u32) {
        self.open[at as usize].open = false;
        self.vacant.push(at);
    }

    /// Adds a flow that is not there, at its seat where that is seen.
    #[inline(always)]
    pub(super) fn insert(&mut self, tag: u32, flow: Flow, seat: Option<Seat>, releases: &Releases) -> Found {
        let at = self.keep(flow);
        match seat.filter(|_| self.len() + releases.held() <= self.lines.room()) {
            Some(seat) => {
                let line = self.lines.get_mut(seat.line);
                (line.tags[seat.seat], line.places[seat.seat]) = (tag | OPEN, at);
                Found { seat, at }
            }
            None => Found { seat: self.takes_seat(tag, at, releases), at },
        }
    }

    /// An open flow takes a seat, wherever there is one.
    #[cold]
    fn takes_seat(&mut self, tag: u32, place: u32, releases: &Releases) -> Seat {
        if self.len() + releases.held() > self.lines.room() {
            self.grow(releases);
        }
        loop {
            if let Some(seat) = put(&mut self.lines, tag | OPEN, place, releases) {
                return seat;
            }
            self.grow(releases);
        }
    }

    /// Twice as many lines: of each, one or the other of two takes the flows whose own line it was.
    #[cold]
    fn grow(&mut self, releases: &Releases) {
        let in_queue = releases.in_queue();
        let before = self.lines.len();
        self.lines.double(releases);
        let mut strangers = Vec::new();
        for at in 0..before {
            let line = std::mem::replace(self.lines.get_mut(at), Line::void_of(releases));
            let mut taken = [0; 2];
            for (tag, place) in line.tags.into_iter().zip(line.places).take(SEATS) {
                if tag & OPEN == 0 && !in_queue.has(place) {
                    continue;
                }
                if tag as usize & (before - 1) != at {
                    strangers.push((tag, place));
                    continue;
                }
                let is_second = usize::from(tag as usize & before != 0);
                let into = self.lines.get_mut(at + is_second * before);
                (into.tags[taken[is_second]], into.places[taken[is_second]]) = (tag, place);
                taken[is_second] += 1;
            }
        }
        for (tag, place) in strangers {
            // There is one: no more than half of the seats are taken.
            put(&mut self.lines, tag, place, releases);
        }
    }

    /// Takes out a flow that is among those that are open.
    pub(super) fn remove(&mut self, found: Found, releases: &Releases) {
        self.change(found.seat, |tag| *tag = 0, nowhere(releases), |line| *line.passed() -= 1);
        self.give_up(found.at);
    }

    /// Flows whose close has not come, those that hold nothing aside.
    pub(super) fn open(&self) -> impl Iterator<Item = &Flow> {
        self.open.iter().filter(|flow| flow.open && !flow.double)
    }

    /// Flows that are open.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.open.len() - self.vacant.len()
    }

    /// Room for flows, free or not.
    #[cfg(test)]
    pub(super) fn slots(&self) -> usize {
        self.lines.len() * SEATS
    }

    /// Lines that the next one has to be asked for.
    #[cfg(test)]
    fn full(&self, releases: &Releases) -> usize {
        let lines = (0..self.lines.len()).map(|at| self.lines.get(at));
        lines.filter(|line| line.is_passed() || line.is_passed_by_held(releases)).count()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// So much more than a way's number is that of its one lane.
    const LANE: u32 = 3;

    /// As many ways, each of them with one lane.
    fn ways(count: u32) -> Counters {
        let mut counters = Counters::new(0, 1);
        (0..count).for_each(|way| counters.know(way + LANE, way, (0, 0)));
        counters
    }

    /// A table beside a map, through many accidents.
    #[test]
    fn the_table_is_a_map() {
        let mut releases = Releases::new(&[1_000]).0;
        let (mut flows, mut map) = (Flows::new(&releases), BTreeMap::new());
        let counters = ways(40);
        let mut random = fixtures::Random::new(7);
        for at in 0..60_000_u32 {
            let (way, sport) = (random.below(40) as u32, random.below(100) as u16);
            let tag = flows.tag(way, sport);
            let found = flows.find_or_seat(tag, (way, sport), &releases, &counters);
            let known = flows.find(tag, (way, sport), &releases, &counters);
            assert_eq!(found.ok(), known);
            assert_eq!(known.and_then(|known| flows.serial(known, &releases)), map.get(&(way, sport)).copied());
            match found {
                Ok(known) => {
                    let open = flows.find_open(tag, way, sport).is_some();
                    let found = flows.wake(known, way, &releases).unwrap();
                    let place = flows.get(found).place();
                    assert_eq!(place.is_none(), open);
                    place.into_iter().for_each(|place| releases.cancel(place));
                    if random.one_in(2) {
                        flows.remove(found, &releases);
                        map.remove(&(way, sport));
                    } else {
                        let place = releases.push(i64::from(at), Closed::of(flows.get(found)));
                        flows.hold(found, place, &releases);
                    }
                }
                Err(seat) => {
                    flows.insert(tag, Flow { serial: at, ..Flow::new(way, way + LANE, sport) }, seat, &releases);
                    map.insert((way, sport), at);
                }
            }
            for (_, closed) in releases.all_due(0, i64::from(at)) {
                map.remove(&(closed.lane - LANE, closed.sport));
            }
            assert_eq!(flows.len() + releases.held(), map.len());
        }
        assert!(map.len() > 500 && flows.slots() <= 8_192, "{} in {}", map.len(), flows.slots());
    }

    /// So many that the table grows often.
    #[test]
    fn many_flows_are_found_while_they_are_open_and_while_they_are_held() {
        let mut releases = Releases::new(&[200_000]).0;
        let (mut flows, counters) = (Flows::new(&releases), ways(5));
        let ends = |at: u32| (at / 60_000, (at % 60_000) as u16 + 1);
        let tag = |flows: &Flows, at| flows.tag(ends(at).0, ends(at).1);
        for at in 0..300_000 {
            let (way, sport) = ends(at);
            let seat = flows.find_or_seat(tag(&flows, at), (way, sport), &releases, &counters).unwrap_err();
            flows.insert(tag(&flows, at), Flow { serial: at, ..Flow::new(way, way + LANE, sport) }, seat, &releases);
            assert!(flows.len() + releases.held() <= flows.lines.room());
            // Closes come 20,000 rows behind their connects.
            let Some(old) = at.checked_sub(20_000) else { continue };
            let found = flows.find_open(tag(&flows, old), ends(old).0, ends(old).1).unwrap();
            assert_eq!(flows.get(found).serial, old);
            let place = releases.push(i64::from(at), Closed::of(flows.get(found)));
            flows.hold(found, place, &releases);
            assert!(releases.all_due(0, i64::from(at)).len() <= 1);
        }
        let known = |at| flows.find(tag(&flows, at), ends(at), &releases, &counters);
        for at in 0..300_000 {
            // Those that closed before 100,000 have been released.
            let is = known(at).map(|known| (matches!(known, Known::Open(_)), flows.serial(known, &releases)));
            assert_eq!(is, (at >= 80_000).then_some((at >= 280_000, Some(at))), "{at}");
        }
    }

    #[test]
    fn flows_that_open_again_and_again_fill_no_lines() {
        let mut releases = Releases::new(&[1_000_000]).0;
        let (mut flows, counters) = (Flows::new(&releases), ways(2));
        for at in 0..60_000_u32 {
            let (way, sport) = (1, (at % 3) as u16);
            let tag = flows.tag(way, sport);
            let known = flows.find(tag, (way, sport), &releases, &counters);
            assert_eq!(known.is_some(), at >= 3);
            let found = match known {
                Some(known) => flows.wake(known, way, &releases).unwrap(),
                None => flows.insert(tag, Flow::new(way, way + LANE, sport), None, &releases),
            };
            flows.get(found).place().into_iter().for_each(|place| releases.cancel(place));
            let place = releases.push(i64::from(at), Closed::of(flows.get(found)));
            flows.hold(found, place, &releases);
        }
        assert_eq!((releases.len(), releases.held(), flows.full(&releases)), (60_000, 3, 0));
    }

    #[test]
    fn little_is_kept_of_a_flow() {
        assert_eq!((size_of::<Line>(), size_of::<Flow>(), size_of::<Closed>()), (64, 32, 20));
    }
}
