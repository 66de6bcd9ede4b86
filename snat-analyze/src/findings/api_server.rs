//! Connections to the API server: by its Service address, they take ports in a public cluster.

use std::net::IpAddr;

use super::{Said, Scene};
use crate::egress::Class;
use crate::report::{OwnerKind, Severity};
use crate::words::{grouped, listed};

/// Fewer are no matter.
const CONNECTS: u64 = 10;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    // The first address of a range of Services is the API server's.
    let first = |addr: &IpAddr| matches!(addr, IpAddr::V4(v4) if v4.octets()[2..] == [0, 1]);
    let services: Vec<(IpAddr, Option<u16>, u64)> = scene
        .service_like()
        .into_iter()
        .filter(|(addr, port, connects)| first(addr) && *port == Some(443) && *connects >= CONNECTS)
        .collect();
    let (addr, _, connects) = services.first()?;
    let kubelet = scene.node.ranking.iter().filter(|row| {
        matches!(row.owner.kind, OwnerKind::HostProcess | OwnerKind::Node)
            && row.owner.comm.as_deref().is_some_and(|comm| comm.starts_with("kubelet"))
    });
    let public = kubelet.flat_map(|row| &row.destinations).filter(|dest| dest.class == Some(Class::Public));
    let mut candidates: Vec<String> =
        public.filter(|dest| dest.port == Some(443)).map(|dest| dest.addr.clone()).collect();
    candidates.sort();
    candidates.dedup();
    let candidates = match candidates.is_empty() {
        true => String::new(),
        false => format!(" It may be {}, which kubelet talks to.", listed(&candidates, 3)),
    };
    Some(Said {
        severity: Severity::Info,
        detail: format!(
            "{} connects go to {addr}:443, the API server's Service address by its look. They are not counted: whether its \
             real address is public is not in the bundle.{candidates}",
            grouped(*connects)
        ),
        evidence: Vec::new(),
        advice: format!(
            "In a cluster that is not private they leave by the NAT: --snat {addr}:443 counts them. kubectl get endpoints \
             kubernetes shows the real address"
        ),
    })
}
