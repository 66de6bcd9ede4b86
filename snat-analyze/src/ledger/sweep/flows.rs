//! The flows that are open or whose port is held: one table, in which a flow is half a cache line.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use super::lanes::NONE;

/// A flow to a destination, until no hold keeps its port any more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    /// With the local port what tells it from others; [`NONE`] in a free slot.
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

    /// It closes, and is held from that place of the queue on.
    pub(super) fn hold(&mut self, place: u64) {
        (self.open, self.held, self.stamp) = (false, true, place as i64);
    }

    /// No hold keeps it.
    pub(super) fn let_go(&mut self) {
        self.held = false;
    }
}

/// The slots of a table with few flows.
const LEAST: usize = 64;

/// Flows by way and local port: open addressing, the next slot is tried next, so that one fetch finds most. Nothing is left
/// behind by flows that are taken out, so that the table does not grow with the log.
#[derive(Clone, Debug)]
pub(super) struct Flows {
    slots: Vec<Flow>,
    len: usize,
    seed: u64,
}

impl Default for Flows {
    fn default() -> Self {
        let seed = RandomState::default().hash_one(LEAST);
        Self { slots: vec![Flow::new(NONE, NONE, 0); LEAST], len: 0, seed }
    }
}

impl Flows {
    /// Where a flow is looked for first.
    fn slot(&self, way: u32, sport: u16) -> usize {
        let key = (u64::from(way) << 16 | u64::from(sport)) ^ self.seed;
        let mixed = u128::from(key) * 0x9e37_79b9_7f4a_7c15;
        ((mixed >> 64) as u64 ^ mixed as u64) as usize & (self.slots.len() - 1)
    }

    /// Fetches the slot of a flow that is needed soon; what is returned is of no use but to be looked at.
    pub(super) fn touch(&self, way: u32, sport: u16) -> u32 {
        self.slots[self.slot(way, sport)].way
    }

    pub(super) fn find(&self, way: u32, sport: u16) -> Option<usize> {
        let mut at = self.slot(way, sport);
        loop {
            let flow = &self.slots[at];
            if flow.way == way && flow.sport == sport {
                return Some(at);
            }
            if flow.way == NONE {
                return None;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// The flow in a slot; slots stand still until the next flow is put in or taken out.
    pub(super) fn get(&self, at: usize) -> &Flow {
        &self.slots[at]
    }

    pub(super) fn get_mut(&mut self, at: usize) -> &mut Flow {
        &mut self.slots[at]
    }

    /// The flow of a way and a local port; a new one, of that lane, is neither open nor held yet.
    #[inline]
    pub(super) fn meet(&mut self, way: u32, lane: u32, sport: u16) -> usize {
        let mut at = self.slot(way, sport);
        loop {
            let flow = &self.slots[at];
            if flow.way == way && flow.sport == sport {
                return at;
            }
            if flow.way == NONE {
                break;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        let flow = Flow::new(way, lane, sport);
        if self.len * 8 >= self.slots.len() * 5 {
            return self.insert(flow);
        }
        self.len += 1;
        self.slots[at] = flow;
        at
    }

    /// Puts in a flow that is not there.
    fn insert(&mut self, flow: Flow) -> usize {
        if self.len * 8 >= self.slots.len() * 5 {
            let more = vec![Flow::new(NONE, NONE, 0); self.slots.len() * 2];
            let old = std::mem::replace(&mut self.slots, more);
            for flow in old.into_iter().filter(|flow| flow.way != NONE) {
                self.put(flow);
            }
        }
        self.len += 1;
        self.put(flow)
    }

    fn put(&mut self, flow: Flow) -> usize {
        let mut at = self.slot(flow.way, flow.sport);
        while self.slots[at].way != NONE {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = flow;
        at
    }

    /// Takes a flow out; those behind it move up, so that none is cut off from its first slot.
    pub(super) fn remove(&mut self, mut hole: usize) {
        let mask = self.slots.len() - 1;
        self.len -= 1;
        let mut next = hole;
        loop {
            next = (next + 1) & mask;
            let flow = self.slots[next];
            if flow.way == NONE {
                break;
            }
            let first = self.slot(flow.way, flow.sport);
            if next.wrapping_sub(first) & mask >= next.wrapping_sub(hole) & mask {
                self.slots[hole] = flow;
                hole = next;
            }
        }
        self.slots[hole].way = NONE;
    }

    /// Flows whose close has not come, those that hold nothing aside.
    pub(super) fn open(&self) -> impl Iterator<Item = &Flow> {
        self.slots.iter().filter(|flow| flow.way != NONE && flow.open && !flow.double)
    }

    /// Flows that are open or held.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Slots, those free included.
    #[cfg(test)]
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A table beside a map, through many accidents.
    #[test]
    fn the_table_is_a_map() {
        let (mut flows, mut map) = (Flows::default(), BTreeMap::new());
        let mut state = 7_u64;
        for at in 0..60_000_u32 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (way, sport) = ((state >> 40) as u32 % 40, (state >> 33) as u16 % 100);
            let found = flows.find(way, sport);
            assert_eq!(found.map(|at| flows.get(at).lane), map.get(&(way, sport)).copied());
            match found {
                Some(at) => {
                    flows.remove(at);
                    map.remove(&(way, sport));
                }
                None => {
                    flows.insert(Flow::new(way, at, sport));
                    map.insert((way, sport), at);
                }
            }
            assert_eq!(flows.len(), map.len());
        }
        assert!(map.len() > 1_000 && flows.slots() <= 8_192, "{} in {}", map.len(), flows.slots());
    }

    #[test]
    fn a_flow_is_half_a_cache_line() {
        assert!(size_of::<Flow>() <= 32);
    }
}
