//! What takes ports: so far the standing stock that snapshots show; and the rules that say how many there are and for
//! how long each is taken.

mod allocation;
#[cfg(test)]
mod allocation_tests;
mod book;
mod profile;
mod profile_error;
#[cfg(test)]
mod profile_tests;
mod snapshot;
mod sourced;
mod stock;
mod sweep;
mod timeline;

pub use allocation::{Allocation, Overrides, PoolSize, Why};
pub(crate) use book::{Book, Draft, EndPair, OnDest, OwnerPorts, Part};
pub use profile::{Fixed, Found, Holder, Path, PerAddress, PoolTable, Profile, Quota, Reuse, Tcp, Tier, Udp};
pub use profile_error::ProfileError;
pub(crate) use snapshot::{Asks, Dump, Held, Snapshots, Socket, Tie, is_same_name, names, pid_in_name};
pub use sourced::Sourced;
pub(crate) use stock::{Remote, Stock};
pub(crate) use sweep::{
    Bucket, Ended, Ends, Home, Ledgers, Place as SweepPlace, Replay, Row, Rules as SweepRules, SECOND, Spot, StepKind,
};
pub use timeline::Detail;
