//! The tracer said that it lost samples.

use super::{Said, Scene};
use crate::report::Severity;
use crate::words::{percent, plural};

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let lost = scene.node.capture.lost_samples;
    if lost == 0 {
        return None;
    }
    let all = lost + scene.node.capture.events + scene.node.capture.events_outside;
    Some(Said {
        severity: Severity::Warning,
        detail: format!(
            "The tracer lost {} ({} of what it saw): connects and closes are missing, and ports with them.",
            plural(lost, "sample", "samples"),
            percent(lost as f64 / all.max(1) as f64)
        ),
        evidence: Vec::new(),
        advice: "Write to a file on the node, not through kubectl; keep standard error in a file of its own, where the losses \
                 are told; and trace again"
            .to_owned(),
    })
}
