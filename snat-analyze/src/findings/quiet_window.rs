//! The trace shows a quiet node: it may lie outside of the incident.

use super::scene::GLIMPSE_S;
use super::{Said, Scene};
use crate::report::{Severity, State};
use crate::words::{grouped, percent, secs};

/// A node that needs less than this part of its ports is quiet.
const QUIET: f64 = 0.1;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let main = scene.main()?;
    let (seconds, ports) = (scene.seconds().filter(|seconds| *seconds >= GLIMPSE_S)?, scene.ports()?);
    let most = scene.targets().iter().map(|target| target.wants()).fold(0.0, f64::max);
    let hangs = scene.targets().iter().any(|target| target.dest.hang > 0);
    if main.state == State::Exhausted || hangs || most >= ports as f64 * QUIET {
        return None;
    }
    let rate = scene.node.capture.connects_public.unwrap_or(0) as f64 / seconds;
    Some(Said {
        severity: Severity::Info,
        detail: format!(
            "In these {} no destination needed more than {} of {} ports ({}), at {rate:.2} public connects a second.",
            secs(seconds),
            grouped(most.round() as u64),
            grouped(ports),
            percent(most / ports as f64)
        ),
        evidence: Vec::new(),
        advice: "Was the incident going on while this was taken? A log has no time of day. If it was before, only the metric \
                 of failed SNAT connections can tell; if it comes back, trace for 600 s then"
            .to_owned(),
    })
}
