//! Few ports are left: the seventh and the eighth row of the verdict.

use super::{Said, Scene};
use crate::report::{Severity, State};
use crate::words::whole;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let main = scene.is(State::AtRisk)?;
    let target = scene.main_target()?;
    let numbers = &main.numbers;
    let plateau = target.plateau.filter(|plateau| *plateau > numbers.held as f64);
    let settles = plateau.map(|plateau| format!(" At this rate it settles at {}.", whole(plateau))).unwrap_or_default();
    let full = match numbers.full_in_s {
        Some(seconds) if seconds >= 1.0 => format!(" Full {} s after the trace.", whole(seconds)),
        _ => String::new(),
    };
    Some(Said {
        severity: Severity::Warning,
        detail: format!(
            "{} held {}.{settles}{full} By {}.",
            target.dest.name,
            scene.of_ports(target.held()),
            scene.who(target.remote)
        ),
        evidence: scene.lines(target.remote),
        advice:
            "Look at the metric SnatConnectionCount, state Failed, of this node: above 0 it has happened already. Then \
                 more ports, or fewer connections, before the next peak"
                .to_owned(),
    })
}
