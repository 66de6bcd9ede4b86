//! The node itself, pods in its namespace, or nobody known holds much.

use super::{Said, Scene};
use crate::report::{OwnerKind, RankRow, Severity};
use crate::words::{grouped, listed, percent};

const MUCH: f64 = 0.3;
/// Fewer ports are no matter.
const PORTS: u64 = 20;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let (holders, dest) = match scene.main_target() {
        Some(target) => (scene.holders(target.remote), target.dest.name.clone()),
        None => return None,
    };
    let all: u64 = holders.iter().map(|holder| holder.ports).sum();
    let is_host = |row: &RankRow| {
        matches!(row.owner.kind, OwnerKind::HostProcess | OwnerKind::Node) || row.owner.host_network == Some(true)
    };
    let unknown: u64 =
        holders.iter().filter(|h| h.row.owner.kind == OwnerKind::Unknown).map(|holder| holder.ports).sum();
    let host: u64 = holders.iter().filter(|holder| is_host(holder.row)).map(|holder| holder.ports).sum();
    if all < PORTS || ((unknown + host) as f64) < all as f64 * MUCH {
        return None;
    }
    let named: Vec<String> = holders
        .iter()
        .filter(|holder| holder.row.owner.kind == OwnerKind::Unknown || is_host(holder.row))
        .map(|holder| format!("{} ({})", holder.row.owner.label(), grouped(holder.ports)))
        .collect();
    let part = |ports: u64| percent(ports as f64 / all.max(1) as f64);
    let nobody = scene.node.call.as_ref().is_some_and(|call| call.owner.is_none() && call.unknown_held > 0);
    let mostly_unknown = nobody || unknown as f64 >= all as f64 * MUCH;
    Some(Said {
        severity: if mostly_unknown { Severity::Warning } else { Severity::Info },
        detail: format!(
            "Of the ports to {dest}, {} belong to nobody known and {} to the node's own namespace: {}.",
            part(unknown),
            part(host),
            listed(&named, 4)
        ),
        evidence: Vec::new(),
        advice: match mostly_unknown {
            true => "Do not name the next owner instead. A pod that ended has left the lists: take kubectl get pods, crictl \
                     pods and lsns during the trace, not after it"
                .to_owned(),
            false => "Processes in the node's namespace share one address; pstree -alp tells which pod, or which service of \
                      the node, each belongs to"
                .to_owned(),
        },
    })
}
