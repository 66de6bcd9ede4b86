//! What says whose a connection is disagrees, for one of the first owners.

use super::{Said, Scene};
use crate::report::Severity;
use crate::words::plural;

/// Owners that matter.
const FIRST: usize = 3;
const LINES: usize = 4;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let rows: Vec<_> = scene.node.ranking.iter().take(FIRST).filter(|row| !row.contradictions.is_empty()).collect();
    let first = rows.first()?.contradictions.first()?;
    let all: usize = rows.iter().map(|row| row.contradictions.len()).sum();
    let others = match all {
        1 => String::new(),
        more => format!(" {} in all.", plural(more as u64, "contradiction", "contradictions")),
    };
    let places = rows.iter().flat_map(|row| &row.contradictions).flat_map(|found| found.places.clone());
    Some(Said {
        severity: Severity::Warning,
        detail: format!("By {} it is {}, not {}: {}.{others}", first.route, first.owner, first.instead_of, first.why),
        evidence: places.take(LINES).collect(),
        advice: "Dumps from different times, a pod that ended, or an address or namespace that was used again. Take the lists \
                 again during a trace before you name somebody"
            .to_owned(),
    })
}
