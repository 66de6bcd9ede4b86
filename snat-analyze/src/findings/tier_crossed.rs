//! The number of nodes is at a step of the port table.

use super::{Said, Scene};
use crate::ledger::{Found, Why};
use crate::report::Severity;
use crate::words::grouped;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let allocation = &scene.node.allocation;
    let Found::PoolSize(table) = &scene.profile.quota.found else { return None };
    if !matches!(allocation.why, Why::NodeList | Why::GivenNodes) {
        return None;
    }
    let crossed = allocation.warnings.iter().find(|warning| warning.contains("the tier may have been crossed"));
    let nodes = scene.nodes()?;
    let addresses = scene.overrides.outbound_ips.unwrap_or(1);
    let (now, next) = (table.ports(nodes, addresses), table.ports(nodes + 1, addresses));
    let is_listed = scene.overrides.nodes.is_none();
    let (severity, detail) = match crossed.filter(|_| is_listed) {
        Some(crossed) => (Severity::Warning, crossed.clone()),
        None if next < now => (
            Severity::Info,
            format!(
                "{} nodes are the last with {} ports each: with one more, as an upgrade adds for a while, each has {}",
                grouped(nodes),
                grouped(now),
                grouped(next)
            ),
        ),
        None => return None,
    };
    Some(Said {
        severity,
        detail: format!("{detail}."),
        evidence: Vec::new(),
        advice: "When a pool grows over a step, half of what each node had is taken back, and connections on those ports time \
                 out. A number that is set (allocatedOutboundPorts) has no steps"
            .to_owned(),
    })
}
