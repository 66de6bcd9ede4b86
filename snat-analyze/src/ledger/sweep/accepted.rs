//! Flows that came in: what their closes are known by.

use std::collections::HashSet;

use foldhash::fast::RandomState;

use super::step::FlowKey;

/// Accepted flows that are known to be open, at least the latest of them.
const ACCEPTED: usize = 32_768;

/// Accepted flows that have not closed: the latest, and those before them. Older ones are forgotten; a close of theirs
/// is known by its local port still.
#[derive(Clone, Debug)]
pub(super) struct Accepted {
    flows: [HashSet<FlowKey, RandomState>; 2],
    /// Groups and local ports that accepted, as one number.
    ports: HashSet<u64, RandomState>,
    /// A bit for each local port that accepted in any group: most rows need no more.
    any: Box<[u64; 1 << 10]>,
}

impl Default for Accepted {
    fn default() -> Self {
        Self { flows: Default::default(), ports: HashSet::default(), any: Box::new([0; 1 << 10]) }
    }
}

impl Accepted {
    /// An accept row.
    pub(super) fn accept(&mut self, key: FlowKey) {
        self.ports.insert(port(key.group, key.sport));
        self.any[usize::from(key.sport) >> 6] |= 1 << (key.sport & 63);
        let [latest, before] = &mut self.flows;
        if latest.len() >= ACCEPTED {
            // Both keep their room.
            std::mem::swap(before, latest);
            latest.clear();
        }
        latest.insert(key);
    }

    /// Whether a local port accepted in any group.
    #[inline(always)]
    pub(super) fn any(&self, port: u16) -> bool {
        self.any[usize::from(port) >> 6] >> (port & 63) & 1 == 1
    }

    /// Takes an accepted flow out, if it is one.
    pub(super) fn end(&mut self, key: &FlowKey) -> bool {
        // Both: one that was accepted again is in one of them or in each.
        let [latest, before] = &mut self.flows;
        latest.remove(key) | before.remove(key)
    }

    /// Whether the local port accepted in this group before.
    pub(super) fn accepts(&self, group: u32, sport: u16) -> bool {
        self.any(sport) && self.ports.contains(&port(group, sport))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.flows.iter().map(HashSet::len).sum()
    }
}

fn port(group: u32, sport: u16) -> u64 {
    u64::from(group) << 16 | u64::from(sport)
}
