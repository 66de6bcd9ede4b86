//! Connects to Service addresses: what stands behind them may be public.

use std::net::IpAddr;

use super::{Said, Scene};
use crate::report::Severity;
use crate::words::{grouped, listed, plural};

/// The range that AKS gives to Services by default.
const SERVICES: [u8; 2] = [10, 0];
/// Fewer are no matter.
const CONNECTS: u64 = 20;
const OF_PUBLIC: f64 = 0.05;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let inside = |addr: &IpAddr| matches!(addr, IpAddr::V4(v4) if v4.octets()[..2] == SERVICES);
    // The API server has a rule of its own, and names are resolved within the cluster.
    let known = |addr: &IpAddr, port: Option<u16>| {
        matches!(addr, IpAddr::V4(v4) if v4.octets()[2..] == [0, 1]) || port == Some(53)
    };
    let mut found: Vec<(IpAddr, Option<u16>, u64)> =
        scene.service_like().into_iter().filter(|(addr, port, _)| inside(addr) && !known(addr, *port)).collect();
    found.sort_by_key(|(_, _, connects)| std::cmp::Reverse(*connects));
    let connects: u64 = found.iter().map(|(_, _, connects)| connects).sum();
    let public = scene.node.capture.connects_public.unwrap_or(0);
    if connects < CONNECTS || (connects as f64) < public as f64 * OF_PUBLIC {
        return None;
    }
    let named: Vec<String> = found
        .iter()
        .map(|(addr, port, connects)| {
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            format!("{addr}{port} ({})", grouped(*connects))
        })
        .collect();
    Some(Said {
        severity: Severity::Info,
        detail: format!(
            "{} go to {} in 10.0.0.0/16 that no listed pod or node has: {}. They are not counted.",
            plural(connects, "connect", "connects"),
            plural(found.len() as u64, "address", "addresses"),
            listed(&named, 4)
        ),
        evidence: Vec::new(),
        advice:
            "That is the usual range of Services in AKS, and a Service may stand for public addresses. kubectl get \
                 svc,endpointslices -A tells; --snat CIDR[:PORT] counts what does"
                .to_owned(),
    })
}
