//! The flows that are open or whose port is held: one table, in which a flow is half a cache line.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::lanes::NONE;

/// A flow to a destination, until no hold keeps its port any more.
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

/// Flows by way and local port. The table tells apart by a byte of the hash what to fetch, so most rows of new flows
/// fetch none.
#[derive(Clone, Debug)]
pub(super) struct Flows {
    table: HashTable<Flow>,
    seed: u64,
}

impl Default for Flows {
    fn default() -> Self {
        Self { table: HashTable::new(), seed: RandomState::default().hash_one(0_u8) }
    }
}

#[inline]
fn hash(seed: u64, way: u32, sport: u16) -> u64 {
    let key = (u64::from(way) << 16 | u64::from(sport)) ^ seed;
    let mixed = u128::from(key) * 0x9e37_79b9_7f4a_7c15;
    (mixed >> 64) as u64 ^ mixed as u64
}

impl Flows {
    /// Fetches a flow that is needed soon; what is returned is of no use but to be looked at.
    #[inline]
    pub(super) fn touch(&self, way: u32, sport: u16) -> u32 {
        self.find(way, sport).is_some().into()
    }

    #[inline]
    pub(super) fn find(&self, way: u32, sport: u16) -> Option<usize> {
        self.table.find_bucket_index(hash(self.seed, way, sport), |flow| flow.way == way && flow.sport == sport)
    }

    /// The flow in a place; places stand still until the next flow is put in or taken out.
    #[inline]
    pub(super) fn get(&self, at: usize) -> &Flow {
        let Some(flow) = self.table.get_bucket(at) else { unreachable!("a place that was found") };
        flow
    }

    #[inline]
    pub(super) fn get_mut(&mut self, at: usize) -> &mut Flow {
        let Some(flow) = self.table.get_bucket_mut(at) else { unreachable!("a place that was found") };
        flow
    }

    /// The flow of a way and a local port; a new one, of that lane, is neither open nor held yet.
    #[inline]
    pub(super) fn meet(&mut self, way: u32, lane: u32, sport: u16) -> usize {
        if let Some(at) = self.find(way, sport) {
            return at;
        }
        let seed = self.seed;
        let of = |flow: &Flow| hash(seed, flow.way, flow.sport);
        let flow = Flow::new(way, lane, sport);
        self.table.insert_unique(of(&flow), flow, of).bucket_index()
    }

    /// Takes a flow out.
    #[inline]
    pub(super) fn remove(&mut self, at: usize) {
        if let Ok(flow) = self.table.get_bucket_entry(at) {
            flow.remove();
        }
    }

    /// Flows whose close has not come, those that hold nothing aside.
    pub(super) fn open(&self) -> impl Iterator<Item = &Flow> {
        self.table.iter().filter(|flow| flow.open && !flow.double)
    }

    /// Flows that are open or held.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Slots, those free included.
    #[cfg(test)]
    pub(super) fn slots(&self) -> usize {
        self.table.allocation_size() / (size_of::<Flow>() + 1)
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
                    let place = flows.meet(way, at, sport);
                    assert!(!flows.get(place).open);
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
