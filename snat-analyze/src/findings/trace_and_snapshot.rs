//! Open connections by the trace and established ones in the snapshots differ.

use super::{Said, Scene};
use crate::report::Severity;
use crate::words::{grouped, percent};

/// Fewer that differ are the time between the two.
const DIFFER: u64 = 10;
const PART: f64 = 0.2;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let found = scene.agreement?;
    let differ = found.trace_only + found.snapshot_only;
    let all = differ + found.both;
    if differ < DIFFER || (differ as f64) < all as f64 * PART {
        return None;
    }
    let hidden = scene.node.capture.ipv6_events == 0 && found.snapshot_only > 0;
    let java = if hidden { ", or are dual-stack sockets, which -4 hides" } else { "" };
    Some(Said {
        severity: Severity::Info,
        detail: format!(
            "Of the public connections of the places that snapshots are of, {} are open at the end of the trace and in a \
             snapshot, {} only in a snapshot, {} only at the end of the trace: {} differ.",
            grouped(found.both),
            grouped(found.snapshot_only),
            grouped(found.trace_only),
            percent(differ as f64 / all as f64)
        ),
        evidence: Vec::new(),
        advice: format!(
            "A snapshot has no common time with the trace. Those only there were open at another time, were opened before the \
             trace{java}: then they take ports that the trace does not count. Those only in the trace may have ended \
             unseen. Take snapshots right after the trace"
        ),
    })
}
