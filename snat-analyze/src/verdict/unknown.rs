//! What the capture cannot show, in words: what, why of this capture, and what would show it.

use std::net::SocketAddr;

use crate::ledger::Allocation;
use crate::report::{CannotKnow, Capture, PhoneTest, State, Verdict};
use crate::words::grouped;

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

/// The NAT's own count of connects that it refused, as each calls it.
fn metric(profile: &str, address: &str) -> String {
    match profile {
        "azure-natgw" => "metric SNAT Connection Count, state Failed, of the NAT gateway".to_owned(),
        "aws-natgw" => "metric ErrorPortAllocation of the NAT gateway".to_owned(),
        "gcp-nat" => "metric nat/dropped_sent_packets_count, reason OUT_OF_RESOURCES".to_owned(),
        "linux-masquerade" => "insert_failed of conntrack -S on the node".to_owned(),
        _ => format!("metric SnatConnectionCount, state Failed, backend {address}"),
    }
}

fn row(missing: Missing, capture: &Capture, allocation: &Allocation, node_ip: Option<&str>) -> CannotKnow {
    let address = node_ip.unwrap_or("the node's address");
    let (what, by, why, how) = match missing {
        Missing::FailedConnects => (
            "failed connects",
            "metric, or netstat",
            match (capture.events > 0, capture.snapshots.is_empty()) {
                (true, true) => "a log of tcptracer holds successes only".to_owned(),
                (true, false) => "the log holds successes only, the snapshots none that decides".to_owned(),
                (false, _) => "no log, and the snapshots show none that decides".to_owned(),
            },
            format!(
                "{}: above 0 settles it, even days later; or netstat -tanpo in every namespace, twice with some seconds \
                 between",
                metric(&allocation.profile, address)
            ),
        ),
        Missing::DualStack => (
            "dual-stack pods",
            "tcptracer -tv",
            match capture.events {
                0 => "no log".to_owned(),
                events => format!("no IPv6 row in {}: run with -4? Hides Java and .NET", grouped(events)),
            },
            "tcptracer -tv for at most 120 s beside the -t4v run, or netstat in every namespace".to_owned(),
        ),
        Missing::FullHold => (
            "a full hold",
            "trace of 600 s",
            match capture.duration_s {
                Some(seconds) => {
                    format!("{seconds:.0} s, hold {} s; under 300 s a pause can mislead", allocation.hold_s)
                }
                None => "no trace with times".to_owned(),
            },
            "a trace of 600 s: tcptracer -t4v".to_owned(),
        ),
        Missing::Allocation => (
            "the allocation",
            if allocation.profile.starts_with("azure-lb") { "kubectl get nodes" } else { "the NAT's settings" },
            allocation.explained.clone(),
            match allocation.profile.starts_with("azure-lb") {
                true => {
                    "kubectl get nodes -o wide, all of it; or az network lb outbound-rule list; then --nodes or --ports"
                }
                false => "the settings of the NAT: its ports, its addresses; then --ports, --outbound-ips or --profile",
            }
            .to_owned(),
        ),
        Missing::Path => (
            "the egress path",
            if allocation.profile.starts_with("azure-") { "az aks show" } else { "the subnet's routes" },
            format!("{} assumed; NAT gateway and UDR look alike", allocation.profile),
            match allocation.profile.starts_with("azure-") {
                true => "az aks show --query networkProfile; then --profile",
                false => "the routes of the subnet, and the NAT that they lead to; then --profile",
            }
            .to_owned(),
        ),
        Missing::SnapshotCover => (
            "sockets of every place",
            "netstat per pod",
            match capture.snapshots.is_empty() {
                true => "no dump of sockets".to_owned(),
                false => "there are not two dumps of the node and of every pod on it".to_owned(),
            },
            "netstat -tanpo on the node and in the namespace of every pod, twice".to_owned(),
        ),
        Missing::LostSamples => (
            "what was lost",
            "trace again",
            match (capture.lost_samples, capture.flows.as_ref().map_or(0, |flows| flows.beyond_bound)) {
                (0, beyond @ 1..) => format!("{} connections were too many for the ledger", grouped(beyond)),
                (0, 0) => "a dump of sockets is cut".to_owned(),
                (lost, _) => format!("the tracer lost {lost} samples"),
            },
            "the same again, for a shorter time".to_owned(),
        ),
    };
    CannotKnow { code: missing, what: what.to_owned(), why, capture: how, by: by.to_owned() }
}

/// The test that tells a lack of ports from a broken path; where the verdict is open and there is a destination to try.
pub(crate) fn phone_test(main: Option<&Verdict>) -> Option<PhoneTest> {
    let main = main.filter(|main| matches!(main.state, State::AtRisk | State::CannotTell))?;
    let hot: SocketAddr = main.numbers.destination.as_deref()?.parse().ok()?;
    let (ip, port) = (hot.ip(), hot.port());
    Some(PhoneTest {
        command: format!("timeout 5 bash -c '</dev/tcp/{ip}/{port}' && echo ok || echo FAIL"),
        reading:
            "ten times on the node; the same to a public address that nobody uses; the same from a neighbour node. Hot \
                  fails, cold works, neighbour works: SNAT on this node. All fail: the path"
                .to_owned(),
    })
}
