//! What the lists say: sandboxes, containers and pods of crictl, pods and addresses of kubectl.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, Id};
use super::model::{Broken, VertexKind};
use super::seen::address;
use crate::owner::{Facts, Graph, Life, PodKey, PodRow, Sandbox, is_masked, short};
use crate::report::Confidence;

/// Adds sandboxes and containers, and the steps to their pods.
pub(super) fn crictl(draft: &mut Draft, facts: &Facts) {
    let pods = Pods::of(facts);
    // The list of sandboxes says it best, then a container's row.
    let mut sandboxes: Vec<&Sandbox> = facts.sandboxes.iter().filter(|row| row.is_sandbox).collect();
    sandboxes.sort_by_key(|row| row.container.is_some());
    for row in sandboxes {
        let id = id(VertexKind::Sandbox, &row.id, row.pod.as_deref(), row.namespace.as_deref());
        let point = draft.point(&id, || row.id.clone());
        point.seen(&row.mark);
        if point.vertex.state.is_none() {
            point.vertex.state.clone_from(&row.state);
        }
        if short(&row.id).is_none() {
            point.broken(if is_masked(&row.id) { Broken::IdMasked } else { Broken::NoId });
        }
        let found = pods.of_row(row);
        if found.is_empty() {
            point.broken(Broken::NoPodName);
        }
        let confidence = if found.len() > 1 {
            point.broken(Broken::AmbiguousId);
            Confidence::Weak
        } else {
            Confidence::Certain
        };
        for key in found.into_iter().filter(|key| row.pod.as_ref() == Some(&key.name)) {
            let pod = pod(draft, &key);
            draft.step("sandbox-pod", (&id, &pod), confidence, None, [&row.mark]);
        }
    }
    for row in facts.sandboxes.iter().filter(|row| !row.is_sandbox) {
        container(draft, &pods, row);
    }
}

fn container(draft: &mut Draft, pods: &Pods, row: &Sandbox) {
    let id = id(VertexKind::Container, &row.id, row.pod.as_deref(), row.namespace.as_deref());
    let name = row.container.clone();
    let point = draft.point(&id, || row.id.clone());
    point.seen(&row.mark);
    // Of two dumps the first tells its state.
    if point.vertex.state.is_none() {
        let vertex = &mut point.vertex;
        vertex.label = name.clone().unwrap_or_else(|| row.id.clone());
        (vertex.name, vertex.image) = (name, row.image.clone());
        (vertex.state, vertex.attempt) = (row.state.clone(), row.attempt);
    }
    if short(&row.id).is_none() {
        point.broken(if is_masked(&row.id) { Broken::IdMasked } else { Broken::NoId });
    }
    let found = pods.of_row(row);
    if found.is_empty() {
        point.broken(Broken::NoPodName);
    }
    let confidence = if found.len() > 1 { Confidence::Weak } else { Confidence::Certain };
    if let Some(within) = &row.within {
        let sandbox = self::id(VertexKind::Sandbox, within, row.pod.as_deref(), row.namespace.as_deref());
        draft.step("sandbox-container", (&sandbox, &id), Confidence::Certain, None, [&row.mark]);
    }
    for key in found.into_iter().filter(|key| row.pod.as_ref() == Some(&key.name)) {
        let pod = pod(draft, &key);
        draft.step("container-pod", (&id, &pod), confidence, None, [&row.mark]);
    }
}

/// The first 13 digits; an id that was masked or cut stays apart by the pod on its row.
fn id(kind: VertexKind, printed: &str, pod: Option<&str>, namespace: Option<&str>) -> Id {
    match short(printed) {
        Some(short) => Id::named(kind, short),
        None => {
            let key = pod.map(|name| PodKey { namespace: namespace.map(str::to_owned), name: name.to_owned() });
            Id::named(kind, format!("{printed}@{}", key.map(|key| key.to_string()).unwrap_or_default()))
        }
    }
}

/// The pods that each id of crictl names.
struct Pods(BTreeMap<String, BTreeSet<PodKey>>);

impl Pods {
    fn of(facts: &Facts) -> Self {
        let mut found: BTreeMap<String, BTreeSet<PodKey>> = BTreeMap::new();
        for row in &facts.sandboxes {
            if let (Some(id), Some(key)) = (short(&row.id), row.key()) {
                found.entry(id).or_default().insert(key);
            }
        }
        for keys in found.values_mut() {
            // An older crictl prints the pod without its namespace.
            if keys.iter().any(|key| key.namespace.is_some()) {
                keys.retain(|key| key.namespace.is_some());
            }
        }
        Self(found)
    }

    /// One, or those that rows of the same id disagree about.
    fn of_row(&self, row: &Sandbox) -> BTreeSet<PodKey> {
        let by_sandbox = row.within.as_deref().and_then(short);
        let keys = |id: Option<String>| id.and_then(|id| self.0.get(&id)).cloned();
        match keys(by_sandbox).or_else(|| keys(short(&row.id))) {
            Some(keys) => keys,
            None => row.key().into_iter().collect(),
        }
    }
}

/// The vertex of a pod, made where it is new.
pub(super) fn pod(draft: &mut Draft, key: &PodKey) -> Id {
    let id = Id::named(VertexKind::Pod, key.to_string());
    draft.point(&id, || key.to_string());
    id
}

/// Adds what the pod list says of the node's pods: all of them where it says which are the node's, else those that
/// something else leads to.
pub(super) fn kubectl(draft: &mut Draft, facts: &Facts, graph: &Graph, node: Option<&str>) {
    let (rows, told) = facts.pods_of(node);
    let mut statuses: BTreeMap<&PodKey, (Life, &PodRow)> = BTreeMap::new();
    for row in rows {
        let id = Id::named(VertexKind::Pod, row.key.to_string());
        let address_seen = row.ip.is_some_and(|ip| draft.get(&address(ip, None)).is_some());
        let holds = row.ip.and_then(|ip| graph.holder(ip)).is_some_and(|holder| holder.pod == row.key);
        if !told && !address_seen && draft.get(&id).is_none() {
            continue;
        }
        draft.point(&id, || row.key.to_string()).seen(&row.mark);
        // Of two lists the one in which it lives, then the first.
        if statuses.get(&row.key).is_none_or(|(life, _)| row.life > *life) {
            statuses.insert(&row.key, (row.life, row));
        }
        if let Some(ip) = row.ip {
            let from = address(ip, None);
            draft.point(&from, || ip.to_string());
            let confidence = if holds { Confidence::Likely } else { Confidence::Weak };
            draft.step("address-pod", (&from, &id), confidence, None, [&row.mark]);
        }
    }
    for (key, (life, row)) in statuses {
        let id = pod(draft, key);
        let vertex = &mut draft.point(&id, String::new).vertex;
        vertex.state.clone_from(&row.status);
        vertex.finished = match life {
            Life::Finished => Some(true),
            Life::Live => Some(false),
            Life::Doubtful => None,
        };
        let own = graph.addresses.get(key).filter(|ips| !ips.is_empty() && !graph.node_addresses.is_empty());
        vertex.host_network = own.map(|ips| !ips.is_disjoint(&graph.node_addresses));
    }
}
