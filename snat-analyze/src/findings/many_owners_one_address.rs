//! Many workloads meet at one address: one name, or many names in front of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::{Said, Scene};
use crate::egress::Class;
use crate::report::Severity;
use crate::words::{grouped, listed};

/// So many workloads are many.
const WORKLOADS: usize = 4;
const OF_PORTS: f64 = 0.1;
/// Where no node has a number of its own.
const WITHOUT_PORTS: f64 = 100.0;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let targets = scene.targets();
    let mut wants: BTreeMap<IpAddr, f64> = BTreeMap::new();
    for target in &targets {
        let most = wants.entry(target.remote.0).or_default();
        *most = most.max(target.wants());
    }
    wants.retain(|_, wants| match scene.ports() {
        Some(_) => scene.share(*wants) >= OF_PORTS,
        None => *wants >= WITHOUT_PORTS,
    });
    let mut found: BTreeMap<IpAddr, BTreeSet<String>> = BTreeMap::new();
    for row in scene.named() {
        let who = match (&row.owner.namespace, &row.owner.workload) {
            (Some(namespace), Some(workload)) => format!("{namespace}/{workload}"),
            _ => row.owner.label(),
        };
        let public = row.destinations.iter().filter(|dest| dest.class == Some(Class::Public));
        for addr in public.filter_map(|dest| dest.addr.parse().ok()).filter(|addr| wants.contains_key(addr)) {
            found.entry(addr).or_default().insert(who.clone());
        }
    }
    let (addr, who) = found
        .into_iter()
        .filter(|(_, who)| who.len() >= WORKLOADS)
        .max_by(|(a, _), (b, _)| wants[a].total_cmp(&wants[b]))?;
    let names: Vec<String> = who.into_iter().collect();
    let remote =
        targets.iter().filter(|target| target.remote.0 == addr).max_by(|a, b| a.wants().total_cmp(&b.wants()))?;
    Some(Said {
        severity: Severity::Info,
        detail: format!(
            "{} workloads connect to {addr}: {}. It held {}.",
            grouped(names.len() as u64),
            listed(&names, 5),
            scene.of_ports(remote.held())
        ),
        evidence: scene.lines(remote.remote),
        advice: "Front doors serve many names at one address, and client pools are kept for each name: many small pools then \
                 fill one destination. Which names there are no dump shows; the owners know"
            .to_owned(),
    })
}
