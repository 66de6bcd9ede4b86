//! The first owner connects for others: a proxy, a gateway, an ingress.

use super::{Said, Scene};
use crate::report::{RankRow, Severity};
use crate::words::{grouped, listed};

/// Parts of names that proxies and gateways have.
const NAMES: [&str; 14] = [
    "egress",
    "ingressgateway",
    "ingress-gateway",
    "squid",
    "haproxy",
    "nginx-ingress",
    "ingress-nginx",
    "traefik",
    "envoy",
    "tinyproxy",
    "privoxy",
    "mitmproxy",
    "ztunnel",
    "waypoint",
];

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let first = scene.named().next().filter(|row| row.connects_public.or(row.established_public).unwrap_or(0) > 0)?;
    let name = is_proxy(first)?;
    let callers: Vec<String> =
        scene.callers.iter().map(|(who, calls)| format!("{who} ({})", grouped(*calls))).collect();
    let by = match callers.is_empty() {
        true => "Who calls it is not in the trace: no accept of it was seen".to_owned(),
        false => format!("It was called by {}", listed(&callers, 6)),
    };
    Some(Said {
        severity: Severity::Info,
        detail: format!("{} is named like one that connects for others ({name}). {by}.", first.owner.label()),
        evidence: Vec::new(),
        advice: "The owner of the proxy can pool connections for all; those who call it make the demand".to_owned(),
    })
}

/// The part of the owner's name that says so.
fn is_proxy(row: &RankRow) -> Option<&'static str> {
    let owner = &row.owner;
    let own = [&owner.pod, &owner.comm].into_iter().flatten().chain(&owner.containers);
    let own: Vec<String> = own.map(|name| name.to_ascii_lowercase()).collect();
    NAMES.into_iter().find(|name| own.iter().any(|own| own.contains(name)))
}
