//! Connects without an answer, to a destination that answers others.

use super::{Said, Scene};
use crate::report::Severity;
use crate::words::grouped;

/// So many are no chance.
const MANY: u64 = 5;
const NAMED: usize = 4;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let mut targets = scene.targets();
    targets.retain(|target| target.dest.answers && target.dest.hang_resent > 0);
    targets.sort_by_key(|target| std::cmp::Reverse(target.dest.hang_resent));
    let most = targets.first()?.dest.hang_resent;
    let said: Vec<String> = targets
        .iter()
        .map(|target| {
            let (hang, by) = (grouped(target.dest.hang_resent), scene.who_hangs(target.remote));
            format!("{hang} to {}{by}", target.dest.name)
        })
        .collect();
    Some(Said {
        severity: if most >= MANY { Severity::Warning } else { Severity::Info },
        detail: format!("SYN_SENT and sent again, at one time: {}.", said[..said.len().min(NAMED)].join("; ")),
        evidence: Vec::new(),
        advice:
            "These are the failures that a trace of tcptracer does not show. Whether it is the ports: the same from a \
                 neighbour node, and to an address that nobody else uses"
                .to_owned(),
    })
}
