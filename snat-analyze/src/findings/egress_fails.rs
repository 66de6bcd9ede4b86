//! Connects fail wherever they go.

use super::{Said, Scene};
use crate::report::{Reason, Severity};
use crate::words::{grouped, listed};

/// Destinations that all hang.
const OTHERS: usize = 3;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let targets = scene.targets();
    let hanging: Vec<_> = targets.iter().filter(|target| target.dest.hang_resent > 0).collect();
    let none_answers = hanging.len() >= OTHERS && !targets.iter().any(|target| target.dest.answers);
    let by_verdict = scene.main().is_some_and(|main| main.reason == Reason::EgressPath);
    if !none_answers && !by_verdict {
        return None;
    }
    let names: Vec<String> =
        hanging.iter().map(|target| format!("{} ({})", target.dest.name, grouped(target.dest.hang_resent))).collect();
    let others = if none_answers { "nothing public was reached" } else { "hardly anything else was reached then" };
    Some(Said {
        severity: Severity::Critical,
        detail: format!(
            "Connects hang to {}, and {others}: the way out is broken, full ports or not.",
            listed(&names, 4)
        ),
        evidence: Vec::new(),
        advice:
            "Look at the route table and the firewall of the subnet, network policies, the load balancer's outbound \
                 rule, and whether the cluster has an outbound type at all (az aks show --query networkProfile)"
                .to_owned(),
    })
}
