//! Sockets to public destinations that stand at an instant: established ones, and connects that hang.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::owner::OwnerKey;

use super::snapshot::{End, SocketKey};

/// Remote address and port.
pub(crate) type Remote = (IpAddr, u16);

/// One dump of one place.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Round<'a> {
    /// Everything in it, to tell a copy from a second look.
    pub(super) rows: BTreeSet<(SocketKey<'a>, Option<&'a str>)>,
    pub(super) established: BTreeSet<(Remote, &'a End)>,
    /// Connects without an answer: whether the timer says that they were sent again, and whose they are.
    pub(super) hanging: BTreeMap<(Remote, &'a End), (bool, Option<OwnerKey>)>,
    pub(super) time_wait: bool,
    /// Whether it shows more than established connections.
    pub(super) all_states: bool,
}

/// What stands towards one destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Established sockets, each once.
    pub(crate) established: u64,
    /// Connects that hang, the most of a place's dumps, over all places.
    pub(crate) hang: u64,
    /// Of those, the ones that were sent again: by their timer, or because they hang in two dumps.
    pub(crate) hang_resent: u64,
}

/// What all dumps show.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stock {
    pub(crate) dests: BTreeMap<Remote, Standing>,
    /// Hanging connects of an owner to a destination, those sent again.
    pub(crate) hang: BTreeMap<(OwnerKey, Remote), u64>,
    /// Whether there is a dump of the node and of every pod on it, in all states.
    pub(crate) covers: bool,
    /// Dumps of the place that has the fewest, copies aside; 0 without any.
    pub(crate) rounds: u64,
    pub(crate) time_wait: bool,
}

impl Stock {
    /// `places`: the dumps of each place.
    pub(super) fn of<'r, 'a: 'r>(places: impl Iterator<Item = &'r BTreeSet<Round<'a>>>, covers: bool) -> Self {
        let mut stock = Self { covers, ..Self::default() };
        let mut fewest: Option<u64> = None;
        for rounds in places {
            fewest = Some(fewest.unwrap_or(u64::MAX).min(rounds.len() as u64));
            stock.time_wait |= rounds.iter().any(|round| round.time_wait);
            let established: BTreeSet<_> = rounds.iter().flat_map(|round| round.established.iter().copied()).collect();
            for (dest, _) in established {
                stock.dests.entry(dest).or_default().established += 1;
            }
            let looks = |key: &(Remote, &End)| rounds.iter().filter(|round| round.hanging.contains_key(key)).count();
            let mut most: BTreeMap<Remote, (u64, u64)> = BTreeMap::new();
            let mut of_owner: BTreeMap<(OwnerKey, Remote), u64> = BTreeMap::new();
            for round in rounds {
                let mut now: BTreeMap<Remote, (u64, u64)> = BTreeMap::new();
                let mut owners: BTreeMap<(OwnerKey, Remote), u64> = BTreeMap::new();
                for (key, (timer, owner)) in &round.hanging {
                    let resent = *timer || looks(key) > 1;
                    let slot = now.entry(key.0).or_default();
                    (slot.0, slot.1) = (slot.0 + 1, slot.1 + u64::from(resent));
                    if let Some(owner) = owner.as_ref().filter(|_| resent) {
                        *owners.entry((owner.clone(), key.0)).or_default() += 1;
                    }
                }
                for (dest, (hang, resent)) in now {
                    let slot = most.entry(dest).or_default();
                    *slot = (slot.0.max(hang), slot.1.max(resent));
                }
                for (key, count) in owners {
                    let slot = of_owner.entry(key).or_default();
                    *slot = count.max(*slot);
                }
            }
            for (dest, (hang, resent)) in most {
                let slot = stock.dests.entry(dest).or_default();
                (slot.hang, slot.hang_resent) = (slot.hang + hang, slot.hang_resent + resent);
            }
            for (key, count) in of_owner {
                *stock.hang.entry(key).or_default() += count;
            }
        }
        stock.rounds = fewest.unwrap_or(0);
        stock
    }
}
