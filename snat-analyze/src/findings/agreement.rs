//! Open connections by the trace beside established ones in the snapshots.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::ledger::EndPair;

/// Public connections of the places that a snapshot is of, by who knows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Agreement {
    pub(crate) both: u64,
    /// Open at the end of the trace, and in no snapshot.
    pub(crate) trace_only: u64,
    /// Established in a snapshot, and not open at the end of the trace.
    pub(crate) snapshot_only: u64,
}

impl Agreement {
    /// `locals`: the addresses that snapshots are of.
    pub(crate) fn of(open: &BTreeSet<EndPair>, established: &BTreeSet<EndPair>, locals: &BTreeSet<IpAddr>) -> Self {
        let open: BTreeSet<&EndPair> = open.iter().filter(|(local, _)| locals.contains(&local.0)).collect();
        let both = established.iter().filter(|ends| open.contains(ends)).count() as u64;
        Self { both, trace_only: open.len() as u64 - both, snapshot_only: established.len() as u64 - both }
    }
}
