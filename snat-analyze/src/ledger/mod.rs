//! What takes ports: so far the standing stock that snapshots show.

mod snapshot;

pub(crate) use snapshot::{Asks, Dump, Held, Snapshots, Socket, Tie, is_same_name, names, pid_in_name};
