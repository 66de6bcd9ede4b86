//! What the capture cannot show, in words: what, why of this capture, and what would show it.

use crate::ledger::Allocation;
use crate::report::{CannotKnow, Capture};

use super::judge::{Judged, missing};
use super::state::Missing;

/// The rows, the most decisive first.
pub(crate) fn cannot_know(
    judged: &[Judged],
    capture: &Capture,
    allocation: &Allocation,
    node_ip: Option<&str>,
) -> Vec<CannotKnow> {
    missing(judged).into_iter().map(|missing| row(missing, capture, allocation, node_ip)).collect()
}

fn row(missing: Missing, capture: &Capture, allocation: &Allocation, node_ip: Option<&str>) -> CannotKnow {
    let address = node_ip.unwrap_or("the node's address");
    let (what, why, how) = match missing {
        Missing::FailedConnects => (
            "failed connects",
            match (capture.events > 0, capture.snapshots.is_empty()) {
                (true, true) => "a tcptracer log holds successes only".to_owned(),
                (true, false) => {
                    "a tcptracer log holds successes only, and the snapshots show none that decides".to_owned()
                }
                (false, _) => "no log, and the snapshots show none that decides".to_owned(),
            },
            format!(
                "metric SnatConnectionCount, state Failed, backend {address}: above 0 settles it, even days later; or \
                 netstat -tanpo in every namespace, twice with some seconds between"
            ),
        ),
        Missing::DualStack => (
            "dual-stack pods",
            match capture.events {
                0 => "no log".to_owned(),
                events => format!("no IPv6 row in {events}: run with -4? That hides Java and .NET"),
            },
            "tcptracer -tv for at most 120 s beside the -t4v run, or netstat in every namespace".to_owned(),
        ),
        Missing::FullHold => (
            "a full hold",
            match capture.duration_s {
                Some(seconds) => format!(
                    "{seconds:.0} s, and a port is held for {} s after its close; under 300 s both phases of an exhaustion \
                     mislead",
                    allocation.hold_s
                ),
                None => "no trace with times".to_owned(),
            },
            "a trace of 600 s: tcptracer -t4v".to_owned(),
        ),
        Missing::Allocation => (
            "the allocation",
            allocation.explained.clone(),
            "kubectl get nodes -o wide, all of it; or az network lb outbound-rule list; then --nodes or --ports"
                .to_owned(),
        ),
        Missing::Path => (
            "the egress path",
            format!("{} is assumed; a NAT gateway and a user-defined route look alike here", allocation.profile),
            "az aks show --query networkProfile; then --profile".to_owned(),
        ),
        Missing::SnapshotCover => (
            "sockets of every place",
            match capture.snapshots.is_empty() {
                true => "no dump of sockets".to_owned(),
                false => "there are not two dumps of the node and of every pod on it".to_owned(),
            },
            "netstat -tanpo on the node and in the namespace of every pod, twice".to_owned(),
        ),
        Missing::LostSamples => (
            "what was lost",
            match capture.lost_samples {
                0 => "a dump of sockets is cut".to_owned(),
                lost => format!("the tracer lost {lost} samples"),
            },
            "the same again, for a shorter time".to_owned(),
        ),
    };
    CannotKnow { code: missing, what: what.to_owned(), why, capture: how }
}
