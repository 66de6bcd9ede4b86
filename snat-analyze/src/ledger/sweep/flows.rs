//! The flows that are open or whose port is held, and those that came in.

use std::collections::HashSet;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::counts::Seat;
use super::step::FlowKey;

/// A flow to a destination, until no hold keeps its port any more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    pub(super) key: FlowKey,
    /// Its destination.
    pub(super) seat: Seat,
    /// The sum over all public destinations, if its destination is one.
    pub(super) sum: Option<Seat>,
    /// The process, by the fold's number.
    pub(super) cell: u32,
    /// Time of the connect row, while the flow is open.
    pub(super) opened: Option<i64>,
    pub(super) open: bool,
    /// Place in the queue of releases; `None` while it is open.
    pub(super) place: Option<u64>,
    /// Port number of the first-free simulation, while the main hold keeps it.
    pub(super) number: Option<u32>,
    /// Number of its last connect in the run.
    pub(super) serial: u64,
    /// A proxy makes it again: it holds no port.
    pub(super) double: bool,
    /// Its close was counted.
    pub(super) counted: bool,
}

impl Flow {
    /// Where it is counted.
    pub(super) fn seats(&self) -> impl Iterator<Item = Seat> + use<> {
        [Some(self.seat), self.sum].into_iter().flatten()
    }
}

/// Accepted flows that are known to be open, at least the latest of them.
const ACCEPTED: usize = 32_768;

/// Flows by their ends. Places are used again, so that memory follows the flows that live.
#[derive(Clone, Debug, Default)]
pub(super) struct Flows {
    /// Places by the key that stands there: a table that does not hold the keys again.
    by_key: HashTable<u32>,
    hash: RandomState,
    flows: Vec<Flow>,
    free: Vec<u32>,
    /// Accepted flows that have not closed: the latest, and those before them. Older ones are forgotten; a close of
    /// theirs is known by its local port still.
    accepted: [HashSet<FlowKey, RandomState>; 2],
    /// Groups and local ports that accepted.
    ports: HashSet<(u32, u16), RandomState>,
}

impl Flows {
    pub(super) fn find(&self, key: &FlowKey) -> Option<u32> {
        let hash = self.hash.hash_one(key);
        self.by_key.find(hash, |at| self.flows[*at as usize].key == *key).copied()
    }

    pub(super) fn get(&self, at: u32) -> &Flow {
        &self.flows[at as usize]
    }

    pub(super) fn get_mut(&mut self, at: u32) -> &mut Flow {
        &mut self.flows[at as usize]
    }

    pub(super) fn insert(&mut self, flow: Flow) -> u32 {
        let at = match self.free.pop() {
            Some(at) => {
                self.flows[at as usize] = flow;
                at
            }
            None => {
                self.flows.push(flow);
                self.flows.len() as u32 - 1
            }
        };
        let (flows, hash) = (&self.flows, &self.hash);
        self.by_key.insert_unique(hash.hash_one(flow.key), at, |at| hash.hash_one(flows[*at as usize].key));
        at
    }

    pub(super) fn remove(&mut self, at: u32) {
        let flow = &mut self.flows[at as usize];
        flow.place = None;
        let hash = self.hash.hash_one(flow.key);
        if let Ok(found) = self.by_key.find_entry(hash, |found| *found == at) {
            found.remove();
            self.free.push(at);
        }
    }

    /// Flows whose close has not come, those that hold nothing aside.
    pub(super) fn open(&self) -> impl Iterator<Item = &Flow> {
        self.by_key.iter().map(|at| &self.flows[*at as usize]).filter(|flow| flow.open && !flow.double)
    }

    /// An accept row.
    pub(super) fn accept(&mut self, group: u32, key: FlowKey) {
        self.ports.insert((group, key.sport));
        let [latest, before] = &mut self.accepted;
        if latest.len() >= ACCEPTED {
            *before = std::mem::take(latest);
        }
        latest.insert(key);
    }

    /// Takes an accepted flow out, if it is one.
    pub(super) fn end_accepted(&mut self, key: &FlowKey) -> bool {
        // Both: one that was accepted again is in one of them or in each.
        let [latest, before] = &mut self.accepted;
        latest.remove(key) | before.remove(key)
    }

    /// Whether the local port accepted in this group before.
    pub(super) fn accepts(&self, group: u32, port: u16) -> bool {
        self.ports.contains(&(group, port))
    }

    /// Flows that are open or held, and accepted ones.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.by_key.len() + self.accepted.iter().map(HashSet::len).sum::<usize>()
    }

    /// Places, those free included.
    #[cfg(test)]
    pub(super) fn slots(&self) -> usize {
        self.flows.len()
    }
}
