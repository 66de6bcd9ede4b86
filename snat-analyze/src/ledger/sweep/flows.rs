//! The flows that are open or whose port is held: one table, in which a flow is an eighth of a cache line. What is known
//! of a flow is in a place of its own while it is open, and with its release while it is held.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

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
        let Closed { way, lane, number, serial, sport, counted, .. } = *closed;
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

/// Where a flow is found.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// The hash of its way and local port: its last bits say where it is looked for first.
    tag: u32,
    /// Its place among the flows that are open, or [`HELD`] and the last bits of its place in the queue of releases;
    /// [`NONE`] in a free slot.
    at: u32,
}

const FREE: Slot = Slot { tag: 0, at: NONE };
const HELD: u32 = 1 << 31;
/// Bits of a place that a slot has. A queue as long would take 32 GiB.
const PLACE: u32 = (1 << 30) - 1;

/// A slot, until the next flow is put in or taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found(usize);

/// Flows by way and local port: open addressing, the next slot is tried next, so that one fetch finds most. Nothing is left
/// behind by flows that are taken out, so that the table does not grow with the log.
#[derive(Clone, Debug)]
pub(super) struct Flows {
    slots: Vec<Slot>,
    len: usize,
    seed: u64,
    /// Flows that are open, and places that are not taken.
    open: Vec<Flow>,
    vacant: Vec<u32>,
}

impl Default for Flows {
    fn default() -> Self {
        let seed = RandomState::default().hash_one(LEAST);
        Self { slots: vec![FREE; LEAST], len: 0, seed, open: Vec::new(), vacant: Vec::new() }
    }
}

impl Flows {
    #[inline]
    fn tag(&self, way: u32, sport: u16) -> u32 {
        let key = (u64::from(way) << 16 | u64::from(sport)) ^ self.seed;
        let mixed = u128::from(key) * 0x9e37_79b9_7f4a_7c15;
        ((mixed >> 64) as u64 ^ mixed as u64) as u32
    }

    #[inline]
    fn next(&self, at: usize) -> usize {
        (at + 1) & (self.slots.len() - 1)
    }

    #[inline]
    fn first(&self, tag: u32) -> usize {
        tag as usize & (self.slots.len() - 1)
    }

    /// Fetches the slot of a flow that is needed soon; what is returned is of no use but to be looked at.
    #[inline]
    pub(super) fn touch(&self, way: u32, sport: u16) -> u32 {
        self.slots[self.first(self.tag(way, sport))].at
    }

    /// The slot of a flow, or the free one that it would get.
    #[inline]
    fn seek(&self, tag: u32, way: u32, sport: u16, releases: &Releases) -> (usize, bool) {
        let mut at = self.first(tag);
        loop {
            let slot = self.slots[at];
            if slot.at == NONE {
                return (at, false);
            }
            if slot.tag == tag && self.is(slot, way, sport, releases) {
                return (at, true);
            }
            at = self.next(at);
        }
    }

    #[inline]
    fn is(&self, slot: Slot, way: u32, sport: u16, releases: &Releases) -> bool {
        if slot.at & HELD == 0 {
            let flow = &self.open[slot.at as usize];
            return flow.way == way && flow.sport == sport;
        }
        releases.get(place(slot, releases)).is_some_and(|closed| closed.way == way && closed.sport == sport)
    }

    /// The flow of a way and a local port.
    #[inline]
    pub(super) fn find(&self, way: u32, sport: u16, releases: &Releases) -> Option<Found> {
        let (at, is_there) = self.seek(self.tag(way, sport), way, sport, releases);
        is_there.then_some(Found(at))
    }

    /// The same, if it is open.
    #[inline]
    pub(super) fn find_open(&self, way: u32, sport: u16, releases: &Releases) -> Option<Found> {
        self.find(way, sport, releases).filter(|found| self.slots[found.0].at & HELD == 0)
    }

    /// The number of a flow's last connect.
    pub(super) fn serial(&self, found: Found, releases: &Releases) -> Option<u32> {
        let slot = self.slots[found.0];
        if slot.at & HELD == 0 {
            return Some(self.open[slot.at as usize].serial);
        }
        releases.get(place(slot, releases)).map(|closed| closed.serial)
    }

    /// A flow that is open, or was woken.
    #[inline]
    pub(super) fn get(&self, found: Found) -> &Flow {
        &self.open[self.slots[found.0].at as usize]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, found: Found) -> &mut Flow {
        &mut self.open[self.slots[found.0].at as usize]
    }

    /// Puts a flow that is held among those that are open: it is one that will be open or held anew.
    pub(super) fn wake(&mut self, found: Found, releases: &Releases) {
        let slot = self.slots[found.0];
        if slot.at & HELD != 0 {
            let place = place(slot, releases);
            if let Some(closed) = releases.get(place) {
                self.slots[found.0].at = self.settle(Flow::held(closed, place));
            }
        }
    }

    /// A flow that was among those that are open is held from that place of the queue on.
    #[inline]
    pub(super) fn hold(&mut self, found: Found, place: u64) {
        let slot = &mut self.slots[found.0];
        self.vacant.push(slot.at);
        slot.at = HELD | place as u32 & PLACE;
    }

    #[inline]
    fn settle(&mut self, flow: Flow) -> u32 {
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

    /// The flow of a way and a local port, awake, and whether it is new: then it is of that lane, and neither open nor
    /// held yet.
    #[inline]
    pub(super) fn meet(&mut self, way: u32, lane: u32, sport: u16, releases: &Releases) -> (Found, bool) {
        let tag = self.tag(way, sport);
        let (mut at, is_there) = self.seek(tag, way, sport, releases);
        if is_there {
            self.wake(Found(at), releases);
            return (Found(at), false);
        }
        if self.len * 8 >= self.slots.len() * 5 {
            self.grow();
            at = self.free(tag);
        }
        self.len += 1;
        self.slots[at] = Slot { tag, at: self.settle(Flow::new(way, lane, sport)) };
        (Found(at), true)
    }

    #[cold]
    fn grow(&mut self) {
        let more = vec![FREE; self.slots.len() * 2];
        for slot in std::mem::replace(&mut self.slots, more).into_iter().filter(|slot| slot.at != NONE) {
            let at = self.free(slot.tag);
            self.slots[at] = slot;
        }
    }

    fn free(&self, tag: u32) -> usize {
        let mut at = self.first(tag);
        while self.slots[at].at != NONE {
            at = self.next(at);
        }
        at
    }

    /// Takes out a flow that is among those that are open.
    pub(super) fn remove(&mut self, found: Found) {
        self.vacant.push(self.slots[found.0].at);
        self.clear(found.0);
    }

    /// Takes out a flow that is held from that place of the queue on.
    #[inline]
    pub(super) fn remove_held(&mut self, way: u32, sport: u16, place: u64) {
        let held = HELD | place as u32 & PLACE;
        let mut at = self.first(self.tag(way, sport));
        while self.slots[at].at != held {
            if self.slots[at].at == NONE {
                debug_assert!(false, "a flow that is held has a slot");
                return;
            }
            at = self.next(at);
        }
        self.clear(at);
    }

    /// Empties a slot; those behind it move up, so that none is cut off from its first slot.
    #[inline]
    fn clear(&mut self, mut hole: usize) {
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
        let open = self.slots.iter().filter(|slot| slot.at & HELD == 0).map(|slot| &self.open[slot.at as usize]);
        open.filter(|flow| flow.open && !flow.double)
    }

    /// Flows that are open or held.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Slots, those free included.
    #[cfg(test)]
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }
}

/// The place of a flow that is held.
#[inline]
fn place(slot: Slot, releases: &Releases) -> u64 {
    let base = releases.base();
    base + u64::from((slot.at & PLACE).wrapping_sub(base as u32) & PLACE)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A table beside a map, through many accidents.
    #[test]
    fn the_table_is_a_map() {
        let (mut flows, mut map, mut releases) = (Flows::default(), BTreeMap::new(), Releases::new(&[1_000]).0);
        let mut random = fixtures::Random::new(7);
        for at in 0..60_000_u32 {
            let (way, sport) = (random.below(40) as u32, random.below(100) as u16);
            let found = flows.find(way, sport, &releases);
            assert_eq!(found.and_then(|found| flows.serial(found, &releases)), map.get(&(way, sport)).copied());
            match found {
                Some(found) if random.one_in(2) => {
                    let open = flows.find_open(way, sport, &releases).is_some();
                    flows.wake(found, &releases);
                    let place = flows.get(found).place();
                    assert_eq!(place.is_none(), open);
                    place.into_iter().for_each(|place| releases.cancel(place));
                    flows.remove(found);
                    map.remove(&(way, sport));
                }
                Some(_) => {
                    let (found, is_new) = flows.meet(way, 0, sport, &releases);
                    flows.get(found).place().into_iter().for_each(|place| releases.cancel(place));
                    let place = releases.push(i64::from(at), Closed::of(flows.get(found), 0));
                    flows.hold(found, place);
                    assert!(!is_new);
                }
                None => {
                    let (found, is_new) = flows.meet(way, 0, sport, &releases);
                    flows.get_mut(found).serial = at;
                    map.insert((way, sport), at);
                    assert!(is_new && flows.get(found).place().is_none());
                }
            }
            while let Some((_, place, closed)) = releases.next(0, i64::from(at)) {
                flows.remove_held(closed.way, closed.sport, place);
                map.remove(&(closed.way, closed.sport));
            }
            assert_eq!(flows.len(), map.len());
        }
        assert!(map.len() > 500 && flows.slots() <= 8_192, "{} in {}", map.len(), flows.slots());
    }

    #[test]
    fn a_flow_is_an_eighth_of_a_cache_line() {
        assert_eq!((size_of::<Slot>(), size_of::<Flow>(), size_of::<(i64, Closed)>()), (8, 32, 32));
    }
}
