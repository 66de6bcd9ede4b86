//! Sockets to public destinations that stand at an instant: established ones, and connects that hang.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::owner::OwnerKey;

use super::book::EndPair;
use super::snapshot::SocketKey;

/// Remote address and port.
pub(crate) type Remote = (IpAddr, u16);

/// A connect without an answer.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hanging {
    /// Whether the timer says that it was sent again.
    pub(super) resent: bool,
    /// Whether nothing of its ends is masked, so that it is known in another dump.
    pub(super) told_apart: bool,
    pub(super) owner: Option<OwnerKey>,
}

/// One dump of one place.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Round<'a> {
    /// Everything in it, to tell a copy from a second look.
    pub(super) rows: BTreeSet<(SocketKey<'a>, Option<&'a str>)>,
    pub(super) established: BTreeMap<Remote, u64>,
    pub(super) hanging: BTreeMap<(Remote, SocketKey<'a>), Hanging>,
    /// The peer has closed, the process has not.
    pub(super) close_wait: BTreeMap<(Option<OwnerKey>, Remote), u64>,
    pub(super) time_wait: bool,
    /// Whether it shows more than established connections.
    pub(super) all_states: bool,
}

/// What stands towards one destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Established sockets, the most of a place's dumps, over all places: two dumps are two times.
    pub(crate) established: u64,
    /// Connects that hang, in the same way.
    pub(crate) hang: u64,
    /// Of those, the ones that were sent again: by their timer, or because they hang in two dumps.
    pub(crate) hang_resent: u64,
    /// Connections that the peer has closed and the process has not.
    pub(crate) close_wait: u64,
}

/// What all dumps show.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stock {
    pub(crate) dests: BTreeMap<Remote, Standing>,
    /// Hanging connects of an owner to a destination, those sent again.
    pub(crate) hang: BTreeMap<(OwnerKey, Remote), u64>,
    /// The same of connections that the peer has closed and the process has not.
    pub(crate) close_wait: BTreeMap<(OwnerKey, Remote), u64>,
    /// Local and remote ends of the established connections to public destinations, and the local addresses that dumps
    /// were made of.
    pub(crate) established: BTreeSet<EndPair>,
    pub(crate) locals: BTreeSet<IpAddr>,
    /// Pods that a dump is of, and those that the pod list has on the node; `None` without a list.
    pub(crate) pods: Option<(u64, u64)>,
    /// Whether a dump is of the node itself.
    pub(crate) node: bool,
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
            let looks =
                |key: &(Remote, SocketKey<'_>)| rounds.iter().filter(|round| round.hanging.contains_key(key)).count();
            let mut most: BTreeMap<Remote, Standing> = BTreeMap::new();
            let mut of_owner: BTreeMap<(OwnerKey, Remote), u64> = BTreeMap::new();
            let mut of_owner_left: BTreeMap<(OwnerKey, Remote), u64> = BTreeMap::new();
            for round in rounds {
                let established = |(dest, established): (&Remote, &u64)| {
                    (*dest, Standing { established: *established, ..Standing::default() })
                };
                let mut now: BTreeMap<Remote, Standing> = round.established.iter().map(established).collect();
                let mut owners: BTreeMap<(OwnerKey, Remote), u64> = BTreeMap::new();
                for ((owner, dest), left) in &round.close_wait {
                    now.entry(*dest).or_default().close_wait += left;
                    if let Some(owner) = owner {
                        let slot = of_owner_left.entry((owner.clone(), *dest)).or_default();
                        *slot = (*left).max(*slot);
                    }
                }
                for (key, hanging) in &round.hanging {
                    let resent = hanging.resent || (hanging.told_apart && looks(key) > 1);
                    let standing = now.entry(key.0).or_default();
                    standing.hang += 1;
                    standing.hang_resent += u64::from(resent);
                    if let Some(owner) = hanging.owner.as_ref().filter(|_| resent) {
                        *owners.entry((owner.clone(), key.0)).or_default() += 1;
                    }
                }
                for (dest, now) in now {
                    let most = most.entry(dest).or_default();
                    most.established = most.established.max(now.established);
                    most.hang = most.hang.max(now.hang);
                    most.hang_resent = most.hang_resent.max(now.hang_resent);
                    most.close_wait = most.close_wait.max(now.close_wait);
                }
                for (key, count) in owners {
                    let slot = of_owner.entry(key).or_default();
                    *slot = count.max(*slot);
                }
            }
            for (dest, most) in most {
                let all = stock.dests.entry(dest).or_default();
                all.established += most.established;
                all.hang += most.hang;
                all.hang_resent += most.hang_resent;
                all.close_wait += most.close_wait;
            }
            for (key, count) in of_owner {
                *stock.hang.entry(key).or_default() += count;
            }
            for (key, count) in of_owner_left {
                *stock.close_wait.entry(key).or_default() += count;
            }
        }
        stock.rounds = fewest.unwrap_or(0);
        stock
    }
}
