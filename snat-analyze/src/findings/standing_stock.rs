//! Connections that stay open, or that only the peer has closed.

use super::scene::label;
use super::{Said, Scene};
use crate::report::Severity;
use crate::words::{grouped, secs};

const OF_PORTS: f64 = 0.25;
const MUCH: f64 = 0.5;
/// Connections that their own process does not close are no chance any more.
const LEFT: u64 = 10;
/// Where no node has a number of its own.
const WITHOUT_PORTS: u64 = 100;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let stands = |target: &super::scene::Target<'_>| target.dest.open_at_end.max(target.dest.established);
    let targets = scene.targets();
    let fullest = targets.iter().max_by_key(|target| stands(target)).filter(|target| match scene.ports() {
        Some(_) => scene.share(stands(target) as f64) >= OF_PORTS,
        None => stands(target) >= WITHOUT_PORTS,
    });
    let left = targets.iter().max_by_key(|target| target.dest.close_wait);
    let left = left.filter(|target| target.dest.close_wait >= LEFT);
    let mut said = Vec::new();
    let mut evidence = Vec::new();
    if let Some(target) = fullest {
        let own = scene
            .node
            .destinations
            .iter()
            .find(|dest| dest.port == Some(target.remote.1) && dest.addr.parse() == Ok(target.remote.0));
        let old = own.and_then(|dest| dest.open_past_idle).filter(|old| *old > 0);
        let idle = scene.node.allocation.idle_s.unwrap_or_default();
        let old =
            old.map(|old| format!(", {} of them for longer than {}", grouped(old), secs(idle))).unwrap_or_default();
        said.push(format!(
            "{} connections to {} are open at once{old}; ports there are held by {}",
            grouped(stands(target)),
            target.dest.name,
            scene.who(target.remote)
        ));
        evidence.extend(scene.lines(target.remote));
    }
    if let Some(target) = left {
        let owners = scene.stock.into_iter().flat_map(|stock| &stock.close_wait);
        let most = owners.filter(|((_, to), _)| *to == target.remote).max_by_key(|(_, count)| **count);
        let by = most.map(|((owner, _), _)| format!(" ({})", label(owner))).unwrap_or_default();
        said.push(format!(
            "{} connections to {} are in CLOSE_WAIT: the peer has closed them, the process{by} has not",
            grouped(target.dest.close_wait),
            target.dest.name
        ));
    }
    if said.is_empty() {
        return None;
    }
    let much = fullest.is_some_and(|target| scene.share(stands(target) as f64) >= MUCH);
    Some(Said {
        severity: if much || left.is_some() { Severity::Warning } else { Severity::Info },
        detail: format!("{}.", said.join("; ")),
        evidence,
        advice: "Bound the pools, and close what is not used: a response body that nobody reads to its end keeps its \
                 connection. CLOSE_WAIT is a leak in the program. Only connections without any traffic are dropped by the \
                 NAT's idle timeout"
            .to_owned(),
    })
}
