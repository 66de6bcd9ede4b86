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
    let nodes = scene.node.node.pool_size?;
    let at_the_step = table.tiers.windows(2).find(|pair| pair[0].nodes.get() == nodes);
    let (severity, detail) = match (crossed, at_the_step) {
        (Some(crossed), _) => (Severity::Warning, crossed.clone()),
        (None, Some(pair)) => (
            Severity::Info,
            format!(
                "{} nodes are the last with {} ports each: with one more, as an upgrade adds for a while, each has {}",
                grouped(nodes),
                grouped(pair[0].ports.get()),
                grouped(pair[1].ports.get())
            ),
        ),
        _ => return None,
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
