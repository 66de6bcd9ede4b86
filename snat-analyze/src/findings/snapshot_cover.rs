//! Snapshots show some of the places that connections come from, not all.

use super::{Said, Scene};
use crate::report::Severity;
use crate::words::{grouped, plural};

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let stock = scene.stock?;
    let (seen, all) = stock.pods?;
    if seen >= all && stock.node {
        return None;
    }
    let node = if stock.node { "and the node itself" } else { "and not the node itself" };
    Some(Said {
        severity: Severity::Info,
        detail: format!(
            "There are dumps of sockets of {} of {} with an address of their own, {node}, in {}.",
            grouped(seen),
            plural(all, "pod", "pods"),
            plural(stock.rounds, "round", "rounds")
        ),
        evidence: Vec::new(),
        advice: "What hangs in the others is not known. On the node: for every /run/netns/*, nsenter --net=… netstat -tanpo, \
                 and once without nsenter; twice, with half a minute between"
            .to_owned(),
    })
}
