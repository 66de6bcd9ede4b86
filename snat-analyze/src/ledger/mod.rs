//! What takes ports: so far the standing stock that snapshots show.

mod snapshot;
#[cfg_attr(not(test), expect(dead_code, unused_imports, reason = "the fold is wired to it in the next step"))]
mod sweep;

pub(crate) use snapshot::{Asks, Dump, Held, Snapshots, Socket, Tie, is_same_name, names, pid_in_name};
