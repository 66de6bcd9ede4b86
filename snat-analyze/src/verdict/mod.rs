//! The verdict: what may be concluded about the node's ports, and what not.
//!
//! ```text
//! ledger, snapshots, allocation ─► gather ─► Evidence ─► table ─► Ruled ─► judge ─► the report
//! ```

mod callee;
mod course;
mod evidence;
mod gather;
mod judge;
mod missing;
mod state;
mod table;
#[cfg(test)]
mod table_random;
#[cfg(test)]
mod table_tests;
mod unknown;

pub(crate) use callee::callee;
pub(crate) use evidence::{Course, Dest, Evidence, Quota, Snapshot, Tier, Trace};
pub(crate) use gather::{Sources, course};
pub(crate) use judge::{Judged, call, judge};
pub use state::{Missing, Reason, State, Strength};
pub(crate) use unknown::{cannot_know, phone_test};
