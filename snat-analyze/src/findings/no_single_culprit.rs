//! Many pods take the ports, none of them most: one workload, or many.

use super::{Said, Scene};
use crate::report::Severity;
use crate::words::{grouped, percent, plural};

/// The first pod has less than this part, so many others share the rest, and together they need this part of the ports.
const FIRST: f64 = 0.3;
const OWNERS: usize = 4;
const OF_PORTS: f64 = 0.25;
/// Where no node has a number of its own.
const WITHOUT_PORTS: f64 = 100.0;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let target = scene.main_target()?;
    let much = match scene.ports() {
        Some(_) => scene.share(target.wants()) >= OF_PORTS,
        None => target.wants() >= WITHOUT_PORTS,
    };
    let holders = scene.holders(target.remote);
    let all: u64 = holders.iter().map(|holder| holder.ports).sum();
    let first = holders.first()?;
    let share = first.ports as f64 / all.max(1) as f64;
    let holding = holders.iter().filter(|holder| holder.ports > 0).count();
    if !much || share >= FIRST || holding < OWNERS {
        return None;
    }
    let call = scene.node.call.as_ref();
    let workload = call
        .filter(|call| call.pods > 1 && call.destination == target.dest.name)
        .and_then(|call| Some((call, call.workload.as_ref()?)));
    let together = match workload {
        Some((call, workload)) => format!(
            " The {} of {workload} together held {} ({}).",
            plural(call.pods, "pod", "pods"),
            grouped(call.held),
            percent(call.share.unwrap_or_default())
        ),
        None => String::new(),
    };
    Some(Said {
        severity: Severity::Info,
        detail: format!(
            "{} owners share the ports to {}; the first has {} of them. {}.{together}",
            grouped(holding as u64),
            target.dest.name,
            percent(share),
            scene.who(target.remote)
        ),
        evidence: scene.lines(target.remote),
        advice: "Restarting or moving one pod changes little. Ask what they have in common: a library, a proxy setting, the \
                 same dependency; or give the node more ports"
            .to_owned(),
    })
}
