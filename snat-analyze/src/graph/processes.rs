//! PIDs, over their shims to sandboxes, or to the names of processes outside every pod.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, Id};
use super::model::{Broken, VertexKind};
use crate::owner::{Facts, Graph, Printed, Process, Resolved, Route, SHORT, Shim, ShimId, short};
use crate::report::Confidence;

/// PIDs that are on a way: those that lsns or the name of a dump names, and the processes right below a shim. Those of
/// the log and of the node's sockets are added where these are read.
pub(super) fn on_a_way(facts: &Facts) -> BTreeSet<u32> {
    let listed = facts.namespaces.iter().filter_map(|row| row.pid);
    let main = facts.processes.iter().filter(|row| row.main).map(|row| row.pid);
    listed.chain(main).chain(facts.dumps.iter().filter_map(|dump| dump.pid)).collect()
}

/// Where a row of a process tree leads to.
struct Target<'f> {
    row: &'f Process,
    to: Id,
    label: String,
    edge: &'static str,
    confidence: Confidence,
    reason: Option<Broken>,
    candidates: Vec<String>,
}

/// Adds the vertices of the PIDs, and their steps.
pub(super) fn add(draft: &mut Draft, facts: &Facts, graph: &Graph, pids: &BTreeSet<u32>) {
    let printed = Printed::of(facts.sandboxes.iter().map(|row| row.id.as_str()));
    let sandboxes: BTreeSet<String> =
        facts.sandboxes.iter().filter(|row| row.is_sandbox).filter_map(|row| short(&row.id)).collect();
    let mut rows: BTreeMap<u32, Vec<&Process>> = BTreeMap::new();
    for row in facts.processes.iter().filter(|row| pids.contains(&row.pid)) {
        rows.entry(row.pid).or_default().push(row);
    }
    for pid in pids {
        let rows = rows.get(pid).map(Vec::as_slice).unwrap_or_default();
        let id = Id::pid(*pid);
        let point = draft.point(&id, || pid.to_string());
        for row in rows {
            point.seen(&row.mark);
        }
        // Without its name in a tree it is called after its thread in the log.
        point.vertex.name = rows.first().map(|row| row.name.clone()).filter(|name| !name.is_empty());
        if let Some(name) = point.vertex.name.as_ref().or(point.vertex.comm.as_ref()) {
            point.vertex.label = format!("{pid} {name}");
        }
        let mut targets: Vec<Target<'_>> = rows.iter().filter_map(|row| target(row, &printed, &sandboxes)).collect();
        // What one dump cuts or masks another may show.
        if targets.iter().any(|target| target.reason.is_none()) {
            targets.retain(|target| target.reason.is_none());
        }
        let ends: BTreeSet<&Id> = targets.iter().map(|target| &target.to).collect();
        let torn = ends.len() > 1 && matches!(graph.process(*pid), Some(Route::Ambiguous { .. }));
        match (rows.is_empty(), targets.is_empty()) {
            (true, _) => point.broken(Broken::NotInTree),
            (false, true) => point.broken(Broken::TreeCut),
            _ if torn => point.broken(Broken::AmbiguousId),
            _ => {}
        }
        for target in targets {
            let label = target.label;
            let point = draft.point(&target.to, || label);
            if let Some(reason) = target.reason {
                point.broken(reason);
                point.vertex.candidates = target.candidates;
            }
            match &target.row.shim {
                Some(shim) if target.reason.is_some() => point.seen(&shim.mark),
                Some(_) => {}
                None => point.seen(&target.row.mark),
            }
            let confidence = if torn { Confidence::Weak } else { target.confidence };
            // The shim's line holds the id, so it comes first.
            let marks = target.row.shim.iter().map(|shim| &shim.mark).chain([&target.row.mark]);
            draft.step(target.edge, (&id, &target.to), confidence, None, marks);
        }
    }
}

/// Where a row leads to; `None` where its tree is cut above it.
fn target<'f>(row: &'f Process, printed: &Printed, sandboxes: &BTreeSet<String>) -> Option<Target<'f>> {
    let Some(shim) = &row.shim else {
        return row.rooted.then(|| Target {
            row,
            to: Id::named(VertexKind::Process, row.name.clone()),
            label: row.name.clone(),
            edge: "pid-process",
            confidence: Confidence::Certain,
            reason: None,
            candidates: Vec::new(),
        });
    };
    let sandbox = |text: String, label: String, confidence: Confidence, reason: Option<Broken>| Target {
        row,
        to: Id::named(VertexKind::Sandbox, text),
        label,
        edge: "pid-sandbox",
        confidence,
        reason,
        candidates: Vec::new(),
    };
    // Ids that nothing tells apart are those of their shims.
    let apart = |word: &str| format!("{word}@{}", shim.pid.unwrap_or(row.pid));
    let digits = match &shim.id {
        ShimId::Hex(digits) => Some(digits.as_str()),
        ShimId::Masked | ShimId::Missing => None,
    };
    let unlisted = |word: &str, reason: Broken| match digits.and_then(short) {
        Some(id) => sandbox(id.clone(), id, by_length(shim), Some(reason)),
        None => sandbox(apart(word), digits.unwrap_or(word).to_owned(), Confidence::Likely, Some(reason)),
    };
    Some(match printed.resolve(&shim.id) {
        Resolved::Key { key, .. } if sandboxes.contains(&key) => sandbox(key.clone(), key, by_length(shim), None),
        // A runtime with a monitor for each container.
        Resolved::Key { key, .. } => Target {
            to: Id::named(VertexKind::Container, key.clone()),
            edge: "pid-container",
            ..sandbox(key.clone(), key, by_length(shim), None)
        },
        Resolved::Masked => unlisted("masked", Broken::IdMasked),
        Resolved::Nothing if digits.is_some() => unlisted("unknown", Broken::NotListed),
        Resolved::Nothing => unlisted("unknown", Broken::NoId),
        Resolved::Ambiguous => {
            let digits = digits.unwrap_or_default();
            let alike = printed.alike(digits);
            let kind = |id: &String| {
                if sandboxes.contains(id) { VertexKind::Sandbox } else { VertexKind::Container }
            };
            Target {
                candidates: alike.iter().map(|id| Id::named(kind(id), id.clone()).spelled()).collect(),
                ..sandbox(apart("ambiguous"), digits.to_owned(), Confidence::Weak, Some(Broken::AmbiguousId))
            }
        }
    })
}

/// How sure an id makes a step, by its length.
fn by_length(shim: &Shim) -> Confidence {
    match &shim.id {
        ShimId::Hex(digits) if digits.len() == 64 => Confidence::Certain,
        ShimId::Hex(digits) if digits.len() >= SHORT => Confidence::Likely,
        _ => Confidence::Weak,
    }
}
