//! The node has fewer ports than believed: by a ceiling that was measured, or by the size of the pool.

use super::{Said, Scene};
use crate::ledger::Found;
use crate::report::Severity;
use crate::words::{grouped, secs};

/// Below this part of what is believed a ceiling is another number.
const BELOW: f64 = 0.9;
/// How even a ceiling is, and how many connects have to hang.
const FLAT: f64 = 0.97;
const ABOVE: f64 = 1.1;
const HANG: u64 = 5;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    measured(scene).or_else(|| by_pool(scene))
}

/// A destination that stays at one number while connects to it hang.
fn measured(scene: &Scene<'_>) -> Option<Said> {
    // What was believed, and not what a ceiling put in its place.
    let believed = scene.node.allocation.ports?;
    let flat = |target: &super::scene::Target<'_>| {
        let peak = f64::from(target.dest.course.peak());
        peak > 0.0
            && peak < believed as f64 * BELOW
            && target.dest.hang_resent >= HANG
            && target.dest.course.has_ceiling(peak * FLAT)
    };
    let target = scene.targets().into_iter().find(flat)?;
    let ceiling = u64::from(target.dest.course.peak());
    // Another one held more: it was no ceiling of the node.
    if scene.targets().iter().any(|other| other.held() > ceiling as f64 * ABOVE) {
        return None;
    }
    let tier = match &scene.profile.quota.found {
        Found::PoolSize(table) => table.tiers.iter().find(|tier| {
            let ports = tier.ports.get() as f64;
            (ceiling as f64 - ports).abs() <= ports * 0.03
        }),
        _ => None,
    };
    let default = tier
        .map(|tier| format!(": the default of a pool of up to {} nodes is {}", tier.nodes, grouped(tier.ports.get())))
        .unwrap_or_default();
    Some(Said {
        severity: Severity::Warning,
        detail: format!(
            "{} stands at {} ports while {} connects to it hang, and the node is believed to have {}{default}.",
            target.dest.name,
            grouped(ceiling),
            grouped(target.dest.hang_resent),
            grouped(believed)
        ),
        evidence: scene.lines(target.remote),
        advice: "A setting made by hand at the load balancer is taken back when AKS reconciles it, and scaling out lowers the \
                 default. Look at az network lb outbound-rule list (allocatedOutboundPorts; 0 is the default) and the \
                 metric AllocatedSnatPorts of this node"
            .to_owned(),
    })
}

/// The default of a large pool is less than people have in mind.
fn by_pool(scene: &Scene<'_>) -> Option<Said> {
    let (ports, Found::PoolSize(table)) = (scene.node.allocation.ports?, &scene.profile.quota.found) else {
        return None;
    };
    let nodes = scene.nodes()?;
    let most = table.tiers.first()?.ports.get();
    let default = table.ports(nodes, 1);
    if ports != default || default >= most || scene.node.allocation.given.iter().any(|given| given == "ports") {
        return None;
    }
    Some(Said {
        severity: Severity::Info,
        detail: format!(
            "{} nodes share the load balancer: {} ports for each, not the {} of a small pool. One destination gets \
             {:.1} short connections a second from this node.",
            grouped(nodes),
            grouped(ports),
            grouped(most),
            ports as f64 / scene.hold_s().max(1.0)
        ),
        evidence: Vec::new(),
        advice: format!(
            "More nodes lower the default further; a number that is set (allocatedOutboundPorts) does not change with them. \
             A port is held for {} after its connection",
            secs(scene.hold_s())
        ),
    })
}
