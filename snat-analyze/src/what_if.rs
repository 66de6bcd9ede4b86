//! The ledger under the rules of other NATs, side by side.

use crate::ledger::{Allocation, Book, Holder, Overrides, PoolSize, Profile, SECOND};
use crate::rank::rounded;
use crate::report::WhatIf;

/// How long each profile holds a port, ns: what the sweep has to follow beside its own holds.
pub(crate) fn holds(profiles: &[Profile]) -> impl Iterator<Item = i64> {
    profiles.iter().map(|profile| (profile.tcp.hold_s.value * SECOND as f64).round() as i64)
}

/// One row a profile. `first`: the place of the first one's hold among those of the sweep. Ports and holds that the user
/// gave are those of the NAT that there is, and say nothing of others; nodes and addresses stay.
pub(crate) fn rows(
    profiles: &[Profile],
    first: usize,
    book: &Book,
    overrides: &Overrides,
    pool: Option<PoolSize>,
) -> Vec<WhatIf> {
    let kept = Overrides { ports: None, hold_s: None, hold_reset_s: None, idle_s: None, ..*overrides };
    let row = |(at, profile): (usize, &Profile)| {
        let allocation = Allocation::of(profile, &kept, pool);
        let fullest = book.fullest_under(first + at, profile.tcp.reuse.value);
        let most = fullest.as_ref().map(|found| (found.held as f64).max(found.plateau.unwrap_or(0.0)));
        let share = |ports: u64| most.map(|most| rounded(most / ports.max(1) as f64));
        let per_destination = profile.quota.per_destination.as_ref().map(|most| most.value.get());
        WhatIf {
            profile: profile.name.clone(),
            ports: allocation.ports.filter(|_| profile.quota.of == Holder::Node),
            explained: allocation.explained,
            per_destination,
            hold_s: allocation.hold_s,
            hold_reset_s: allocation.hold_reset_s,
            share: allocation.ports.filter(|_| profile.quota.of == Holder::Node).and_then(share),
            held: fullest.as_ref().filter(|_| book.is_timed()).map(|found| found.held),
            plateau: fullest.as_ref().and_then(|found| found.plateau).map(rounded),
            destination: fullest.map(|found| found.name),
        }
    };
    profiles.iter().enumerate().map(row).collect()
}
