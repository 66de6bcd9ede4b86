//! Flows that came in: what their closes are known by.

use std::collections::HashSet;
use std::net::IpAddr;

use foldhash::fast::RandomState;

use super::step::FlowKey;

/// Accepted flows of a side that are known to be open, at least the latest of them.
const ACCEPTED: usize = 32_768;

/// Flows that came in, by both ends. Most are of IPv4, which take less.
#[derive(Clone, Debug, Default)]
struct Inbound {
    v4: HashSet<V4, RandomState>,
    others: HashSet<FlowKey, RandomState>,
}

/// Both ends of a flow of IPv4: group, address, and both ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct V4([u32; 3]);

impl V4 {
    fn of(key: &FlowKey) -> Option<Self> {
        let IpAddr::V4(addr) = key.daddr else { return None };
        Some(Self([key.group, addr.to_bits(), u32::from(key.sport) << 16 | u32::from(key.dport)]))
    }
}

impl Inbound {
    fn insert(&mut self, key: FlowKey) {
        match V4::of(&key) {
            Some(key) => self.v4.insert(key),
            None => self.others.insert(key),
        };
    }

    fn remove(&mut self, key: &FlowKey) -> bool {
        match V4::of(key) {
            Some(key) => self.v4.remove(&key),
            None => self.others.remove(key),
        }
    }

    fn len(&self) -> usize {
        self.v4.len() + self.others.len()
    }

    fn clear(&mut self) {
        self.v4.clear();
        self.others.clear();
    }
}

/// Accepted flows that have not closed: the latest, and those before them. Older ones are forgotten; a close of theirs
/// is known by its local port still.
#[derive(Clone, Debug)]
pub(super) struct Accepted {
    flows: [Inbound; 2],
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
    /// A local port of a group accepts, whoever called.
    pub(super) fn listens(&mut self, group: u32, sport: u16) {
        self.ports.insert(port(group, sport));
        self.any[usize::from(sport) >> 6] |= 1 << (sport & 63);
    }

    /// An accept row.
    pub(super) fn accept(&mut self, key: FlowKey) {
        self.listens(key.group, key.sport);
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
        self.flows.iter().map(Inbound::len).sum()
    }
}

fn port(group: u32, sport: u16) -> u64 {
    u64::from(group) << 16 | u64::from(sport)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flows_of_both_families_are_known_by_all_of_their_ends() {
        let key = |group, sport, daddr: &str, dport| FlowKey { group, sport, daddr: daddr.parse().unwrap(), dport };
        let keys = [
            key(1, 80, "10.0.0.1", 4_000),
            key(2, 80, "10.0.0.1", 4_000),
            key(1, 81, "10.0.0.1", 4_000),
            key(1, 80, "10.0.0.2", 4_000),
            key(1, 80, "10.0.0.1", 4_001),
            key(1, 80, "::ffff:10.0.0.1", 4_000),
            key(1, 80, "2001:db8::1", 4_000),
        ];
        for (at, out) in keys.iter().enumerate() {
            let mut accepted = Accepted::default();
            for (_, other) in keys.iter().enumerate().filter(|(other, _)| *other != at) {
                accepted.accept(*other);
            }
            assert!(!accepted.end(out), "{out:?}");
            accepted.accept(*out);
            assert!(accepted.len() == keys.len() && accepted.end(out) && !accepted.end(out), "{out:?}");
            assert_eq!(accepted.len(), keys.len() - 1);
        }
    }

    #[test]
    fn the_latest_are_known_and_the_oldest_forgotten() {
        let addr = |at: usize| match at % 2 {
            0 => IpAddr::from([10, 0, (at >> 8) as u8, at as u8]),
            _ => IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, (at >> 8) as u16, at as u16]),
        };
        let key = |at| FlowKey { group: (at >> 16) as u32, sport: 80, daddr: addr(at), dport: 9 };
        let mut accepted = Accepted::default();
        (0..3 * ACCEPTED - 2).for_each(|at| accepted.accept(key(at)));
        assert_eq!(accepted.len(), 2 * ACCEPTED - 2);
        // Accepted again, it is both among the latest and among those before.
        let again = key(2 * ACCEPTED - 1);
        accepted.accept(again);
        assert!(accepted.end(&again) && !accepted.end(&again));
        assert!(!accepted.end(&key(ACCEPTED - 1)) && accepted.end(&key(ACCEPTED)) && accepted.end(&key(ACCEPTED + 1)));
    }
}
