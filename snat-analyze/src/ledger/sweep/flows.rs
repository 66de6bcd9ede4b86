//! The flows that are open or whose port is held. The open ones are few: a table of them, in which a flow is an eighth of a
//! cache line, says where each is. What is known of those that are held is with their releases.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use super::held::Held;
use super::lanes::NONE;
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
    fn held(closed: &Closed, place: u64) -> Self {
        let Closed { way, lane, number, serial, sport, .. } = *closed;
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

/// The slots of a table with few flows.
const LEAST: usize = 64;

/// Where a flow that is open is found.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// The hash of its way and local port: its last bits say where it is looked for first.
    tag: u32,
    /// Its place among the flows that are open; [`NONE`] in a free slot.
    at: u32,
}

const FREE: Slot = Slot { tag: 0, at: NONE };

/// A flow that is open, or was woken, until the next one is put in or taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found(usize);

/// A flow that is open, or the place of one that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Open(Found),
    Held(u64),
}

/// Flows by way and local port. Those that are open: open addressing, the next slot is tried next, and nothing is left behind
/// by those that are taken out, so that the table does not grow with the log.
#[derive(Clone, Debug)]
pub(super) struct Flows {
    slots: Vec<Slot>,
    len: usize,
    seed: u64,
    /// Flows that are open, and places that are not taken.
    open: Vec<Flow>,
    vacant: Vec<u32>,
    held: Held,
}

impl Flows {
    pub(super) fn new(releases: &Releases) -> Self {
        let seed = RandomState::default().hash_one(LEAST);
        let held = Held::new(releases);
        Self { slots: vec![FREE; LEAST], len: 0, seed, open: Vec::new(), vacant: Vec::new(), held }
    }

    /// The hash of a way and a local port.
    #[inline(always)]
    pub(super) fn tag(&self, way: u32, sport: u16) -> u32 {
        tag(self.seed, way, sport)
    }

    #[inline(always)]
    fn next(&self, at: usize) -> usize {
        (at + 1) & (self.slots.len() - 1)
    }

    #[inline(always)]
    fn first(&self, tag: u32) -> usize {
        tag as usize & (self.slots.len() - 1)
    }

    /// Fetches what says whether a flow is held; what is returned is of no use but to be looked at.
    #[inline(always)]
    pub(super) fn touch(&self, tag: u32) -> u32 {
        self.held.touch(tag)
    }

    /// The flow of a way and a local port, of which the hash is given, if it is open.
    #[inline(always)]
    pub(super) fn find_open(&self, tag: u32, way: u32, sport: u16) -> Option<Found> {
        let mut at = self.first(tag);
        loop {
            let slot = self.slots[at];
            if slot.at == NONE {
                return None;
            }
            if slot.tag == tag {
                let flow = &self.open[slot.at as usize];
                if flow.way == way && flow.sport == sport {
                    return Some(Found(at));
                }
            }
            at = self.next(at);
        }
    }

    /// The same, or the place in the queue where it is held.
    #[inline(always)]
    pub(super) fn find(&self, tag: u32, way: u32, sport: u16, releases: &Releases) -> Option<Known> {
        if let Some(place) = self.held.find(tag, way, sport, releases) {
            return Some(Known::Held(place));
        }
        self.find_open(tag, way, sport).map(Known::Open)
    }

    /// The number of a flow's last connect.
    pub(super) fn serial(&self, known: Known, releases: &Releases) -> Option<u32> {
        match known {
            Known::Open(found) => Some(self.get(found).serial),
            Known::Held(place) => releases.get(place).map(|closed| closed.serial),
        }
    }

    /// A flow that is open, or was woken.
    #[inline(always)]
    pub(super) fn get(&self, found: Found) -> &Flow {
        &self.open[self.slots[found.0].at as usize]
    }

    #[inline(always)]
    pub(super) fn get_mut(&mut self, found: Found) -> &mut Flow {
        &mut self.open[self.slots[found.0].at as usize]
    }

    /// Puts a flow that is held among those that are open: it will be open or held anew, and its place is to be
    /// cancelled.
    pub(super) fn wake(&mut self, known: Known, releases: &Releases) -> Option<Found> {
        match known {
            Known::Open(found) => Some(found),
            Known::Held(place) => {
                let closed = releases.get(place)?;
                Some(self.insert(self.tag(closed.way, closed.sport), Flow::held(closed, place)))
            }
        }
    }

    /// A flow that was among those that are open is held from now on; it has just joined the queue, at that place.
    #[inline(always)]
    pub(super) fn hold(&mut self, found: Found, place: u64, releases: &Releases) {
        let (tag, seed) = (self.slots[found.0].tag, self.seed);
        self.held.insert(tag, place, releases, |way, sport| self::tag(seed, way, sport));
        self.remove(found);
    }

    /// Adds a flow that is not there.
    #[inline(always)]
    pub(super) fn insert(&mut self, tag: u32, flow: Flow) -> Found {
        if self.len * 8 >= self.slots.len() * 5 {
            self.grow();
        }
        let place = match self.vacant.pop() {
            Some(place) => {
                self.open[place as usize] = flow;
                place
            }
            None => {
                self.open.push(flow);
                self.open.len() as u32 - 1
            }
        };
        let at = self.free(tag);
        self.slots[at] = Slot { tag, at: place };
        self.len += 1;
        Found(at)
    }

    #[cold]
    fn grow(&mut self) {
        let more = vec![FREE; self.slots.len() * 2];
        for slot in std::mem::replace(&mut self.slots, more).into_iter().filter(|slot| slot.at != NONE) {
            let at = self.free(slot.tag);
            self.slots[at] = slot;
        }
    }

    #[inline(always)]
    fn free(&self, tag: u32) -> usize {
        let mut at = self.first(tag);
        while self.slots[at].at != NONE {
            at = self.next(at);
        }
        at
    }

    /// Takes out a flow that is among those that are open. The slots behind it move up, so that none is cut off from its
    /// first slot.
    #[inline(always)]
    pub(super) fn remove(&mut self, found: Found) {
        let mut hole = found.0;
        self.vacant.push(self.slots[hole].at);
        let mask = self.slots.len() - 1;
        self.len -= 1;
        let mut next = hole;
        loop {
            next = (next + 1) & mask;
            let slot = self.slots[next];
            if slot.at == NONE {
                break;
            }
            let first = slot.tag as usize;
            if next.wrapping_sub(first) & mask >= next.wrapping_sub(hole) & mask {
                self.slots[hole] = slot;
                hole = next;
            }
        }
        self.slots[hole] = FREE;
    }

    /// Flows whose close has not come, those that hold nothing aside.
    pub(super) fn open(&self) -> impl Iterator<Item = &Flow> {
        let open = self.slots.iter().filter(|slot| slot.at != NONE).map(|slot| &self.open[slot.at as usize]);
        open.filter(|flow| flow.open && !flow.double)
    }

    /// Flows that are open.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Room for flows, free or not.
    #[cfg(test)]
    pub(super) fn slots(&self) -> usize {
        self.slots.len() + self.held.seats()
    }
}

#[inline(always)]
fn tag(seed: u64, way: u32, sport: u16) -> u32 {
    let key = (u64::from(way) << 16 | u64::from(sport)) ^ seed;
    let mixed = u128::from(key) * 0x9e37_79b9_7f4a_7c15;
    ((mixed >> 64) as u64 ^ mixed as u64) as u32
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::parts::Spots;
    use super::*;

    /// A table beside a map, through many accidents.
    #[test]
    fn the_table_is_a_map() {
        let mut releases = Releases::new(&[1_000]).0;
        let (mut flows, mut map) = (Flows::new(&releases), BTreeMap::new());
        let mut random = fixtures::Random::new(7);
        for at in 0..60_000_u32 {
            let (way, sport) = (random.below(40) as u32, random.below(100) as u16);
            let tag = flows.tag(way, sport);
            let known = flows.find(tag, way, sport, &releases);
            assert_eq!(known.and_then(|known| flows.serial(known, &releases)), map.get(&(way, sport)).copied());
            match known {
                Some(known) => {
                    let open = flows.find_open(tag, way, sport).is_some();
                    let found = flows.wake(known, &releases).unwrap();
                    let place = flows.get(found).place();
                    assert_eq!(place.is_none(), open);
                    place.into_iter().for_each(|place| releases.cancel(place));
                    if random.one_in(2) {
                        flows.remove(found);
                        map.remove(&(way, sport));
                    } else {
                        let spots = Spots { way, spot: 0, sum: NONE };
                        let place = releases.push(i64::from(at), Closed::of(flows.get(found), spots));
                        flows.hold(found, place, &releases);
                    }
                }
                None => {
                    flows.insert(tag, Flow { serial: at, ..Flow::new(way, 0, sport) });
                    map.insert((way, sport), at);
                }
            }
            while let Some((_, closed)) = releases.next(0, i64::from(at)) {
                map.remove(&(closed.way, closed.sport));
            }
            assert_eq!(flows.len() + releases.held(), map.len());
        }
        assert!(map.len() > 500 && flows.slots() <= 8_192, "{} in {}", map.len(), flows.slots());
    }

    #[test]
    fn flows_that_open_again_and_again_fill_no_buckets() {
        let mut releases = Releases::new(&[1_000_000]).0;
        let mut flows = Flows::new(&releases);
        for at in 0..60_000_u32 {
            let (way, sport) = (1, (at % 3) as u16);
            let tag = flows.tag(way, sport);
            let known = flows.find(tag, way, sport, &releases);
            assert_eq!(known.is_some(), at >= 3);
            let found = match known {
                Some(known) => flows.wake(known, &releases).unwrap(),
                None => flows.insert(tag, Flow::new(way, 0, sport)),
            };
            flows.get(found).place().into_iter().for_each(|place| releases.cancel(place));
            let spots = Spots { way, spot: 0, sum: NONE };
            let place = releases.push(i64::from(at), Closed::of(flows.get(found), spots));
            flows.hold(found, place, &releases);
        }
        assert_eq!((releases.len(), releases.held(), flows.held.full(&releases)), (60_000, 3, 0));
    }

    #[test]
    fn a_flow_is_an_eighth_of_a_cache_line() {
        assert_eq!((size_of::<Slot>(), size_of::<Flow>(), size_of::<(i64, Closed)>()), (8, 32, 32));
    }
}
