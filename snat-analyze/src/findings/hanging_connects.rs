//! Connects without an answer, to a destination that answers others.

use super::{Said, Scene};
use crate::report::Severity;
use crate::words::{grouped, listed};

/// So many are no chance.
const MANY: u64 = 5;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let mut targets = scene.targets();
    targets.retain(|target| target.dest.answers && target.dest.hang_resent > 0);
    targets.sort_by_key(|target| std::cmp::Reverse(target.dest.hang_resent));
    let most = targets.first()?.dest.hang_resent;
    let said: Vec<String> =
        targets.iter().map(|target| format!("{} to {}", grouped(target.dest.hang_resent), target.dest.name)).collect();
    let mut owners: Vec<(String, u64)> = Vec::new();
    for row in &scene.node.ranking {
        owners.extend(row.hang.filter(|hang| *hang > 0).map(|hang| (row.owner.label(), hang)));
    }
    owners.sort_by_key(|(_, hang)| std::cmp::Reverse(*hang));
    let owners: Vec<String> = owners.into_iter().map(|(owner, hang)| format!("{owner} ({})", grouped(hang))).collect();
    let by = if owners.is_empty() { String::new() } else { format!(", by {}", listed(&owners, 3)) };
    Some(Said {
        severity: if most >= MANY { Severity::Warning } else { Severity::Info },
        detail: format!("SYN_SENT and sent again at once: {}{by}.", listed(&said, 4)),
        evidence: Vec::new(),
        advice:
            "These are the failures that a trace of tcptracer does not show. Whether it is the ports: the same from a \
                 neighbour node, and to an address that nobody else uses"
                .to_owned(),
    })
}
