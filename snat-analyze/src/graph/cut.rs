//! A graph cut down to a pod or a namespace.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{GraphReport, NodeGraph, Vertex, VertexKind};
use crate::error::Error;

impl GraphReport {
    /// Keeps what is on a way through a pod, through a namespace, or through both where both are given; nodes of which
    /// nothing is left go.
    ///
    /// A pod is `<namespace>/<name>`, or a name alone, which may be several pods'; the beginning of either is enough
    /// where it is one pod's. With a pod stay what leads to it, and
    /// what its own namespaces, not the node's, lead to; with a namespace what that leads to, and the addresses of the
    /// pods there. Returns the pods that were meant, as ids of their vertices.
    ///
    /// # Errors
    /// [`Error::NotInGraph`] where there is no such pod or namespace, or no way through both, and
    /// [`Error::SeveralInGraph`] where several pods begin like that. The graph is then as it was.
    pub fn only(&mut self, pod: Option<&str>, netns: Option<u64>) -> Result<Vec<String>, Error> {
        let meant = match pod {
            Some(asked) => self.meant(asked)?,
            None => BTreeSet::new(),
        };
        let space = netns.map(|netns| format!("netns:{netns}"));
        if let Some(space) = &space
            && !self.nodes.iter().any(|node| node.vertices.iter().any(|vertex| vertex.id == *space))
        {
            let all = self.labels(VertexKind::Netns);
            return Err(not_there(format!("network namespace {}", netns.unwrap_or_default()), &all));
        }
        let mut kept = Vec::new();
        for node in &self.nodes {
            let ways = Ways::of(node);
            let by_pod = pod.map(|_| ways.through_pods(&meant));
            let by_space = space.as_deref().map(|space| ways.through_space(space));
            kept.push(match (by_pod, by_space) {
                (Some(a), Some(b)) => Ways::of_both(&a, &b, &meant, space.as_deref()),
                (Some(only), None) | (None, Some(only)) => only,
                (None, None) => node.vertices.iter().map(|vertex| vertex.id.as_str()).collect(),
            });
        }
        if (pod.is_some() || netns.is_some()) && kept.iter().all(BTreeSet::is_empty) {
            let asked =
                format!("way from network namespace {} to pod {}", netns.unwrap_or_default(), pod.unwrap_or_default());
            return Err(Error::NotInGraph { asked, there: Vec::new() });
        }
        let kept: Vec<BTreeSet<String>> =
            kept.into_iter().map(|ids| ids.into_iter().map(str::to_owned).collect()).collect();
        for (node, ids) in self.nodes.iter_mut().zip(&kept) {
            node.vertices.retain(|vertex| ids.contains(&vertex.id));
            node.edges.retain(|edge| ids.contains(&edge.from) && ids.contains(&edge.to));
            node.contradictions.retain(|found| ids.contains(&found.owner) || ids.contains(&found.instead_of));
        }
        if pod.is_some() || netns.is_some() {
            self.nodes.retain(|node| !node.vertices.is_empty());
        }
        Ok(meant.into_iter().collect())
    }

    /// The pods that a name means: the one that is spelled like it, else those of that name in any namespace, or whose
    /// namespace is not known.
    fn meant(&self, asked: &str) -> Result<BTreeSet<String>, Error> {
        let asked = asked.strip_prefix("pod:").unwrap_or(asked);
        let all = self.labels(VertexKind::Pod);
        let of = |is: &dyn Fn(&str) -> bool| -> BTreeSet<String> {
            all.iter().filter(|label| is(label)).map(|label| format!("pod:{label}")).collect()
        };
        let name = asked.rsplit('/').next().unwrap_or(asked);
        let mut found = of(&|label| label == asked);
        if !asked.contains('/') {
            found.extend(of(&|label| label.rsplit('/').next() == Some(asked)));
        } else if found.is_empty() {
            found = of(&|label| label == name);
        }
        if !found.is_empty() {
            return Ok(found);
        }
        // The beginning of a name is enough where it is one pod's: workloads are known by it.
        let starts = |label: &str| match asked.contains('/') {
            true => label.starts_with(asked),
            false => label.rsplit('/').next().is_some_and(|name| name.starts_with(asked)),
        };
        let alike: BTreeSet<&str> = all.iter().copied().filter(|label| !asked.is_empty() && starts(label)).collect();
        match alike.len() {
            0 => Err(not_there(format!("pod {asked}"), &all)),
            1 => Ok(alike.into_iter().map(|label| format!("pod:{label}")).collect()),
            _ => Err(Error::SeveralInGraph {
                asked: format!("pods begin like {asked}"),
                there: alike.into_iter().map(str::to_owned).collect(),
            }),
        }
    }

    fn labels(&self, kind: VertexKind) -> BTreeSet<&str> {
        let vertices = self.nodes.iter().flat_map(|node| &node.vertices);
        vertices.filter(|vertex| vertex.kind == kind).map(|vertex| vertex.label.as_str()).collect()
    }
}

/// So many names are said of what is there.
const NEAR: usize = 5;

fn not_there(asked: String, all: &BTreeSet<&str>) -> Error {
    let name = asked.rsplit([' ', '/']).next().unwrap_or(&asked);
    let mut near: Vec<(usize, &str)> =
        all.iter().map(|label| (distance(name, label.rsplit('/').next().unwrap_or(label)), *label)).collect();
    near.sort_unstable();
    Error::NotInGraph { there: near.into_iter().take(NEAR).map(|(_, label)| label.to_owned()).collect(), asked }
}

/// Letters to change, add or take away; a name within another is nearer than any change.
fn distance(a: &str, b: &str) -> usize {
    if !a.is_empty() && (b.contains(a) || a.contains(b)) {
        return 0;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, from) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = at + 1;
        for (to, other) in b.iter().enumerate() {
            let change = corner + usize::from(from != *other);
            corner = row[to + 1];
            row[to + 1] = change.min(corner + 1).min(row[to] + 1);
        }
    }
    row[b.len()]
}

/// The edges of a node in both directions.
struct Ways<'g> {
    vertices: BTreeMap<&'g str, &'g Vertex>,
    forward: BTreeMap<&'g str, Vec<&'g str>>,
    back: BTreeMap<&'g str, Vec<&'g str>>,
}

impl<'g> Ways<'g> {
    fn of(node: &'g NodeGraph) -> Self {
        let vertices = node.vertices.iter().map(|vertex| (vertex.id.as_str(), vertex)).collect();
        let mut ways = Self { vertices, forward: BTreeMap::new(), back: BTreeMap::new() };
        for edge in &node.edges {
            ways.forward.entry(&edge.from).or_default().push(&edge.to);
            ways.back.entry(&edge.to).or_default().push(&edge.from);
        }
        ways
    }

    /// What leads to the pods, and what their namespaces lead to.
    fn through_pods(&self, meant: &BTreeSet<String>) -> BTreeSet<&'g str> {
        let starts = meant.iter().filter_map(|id| self.vertices.get_key_value(id.as_str()).map(|(id, _)| *id));
        let mut kept = reach(&self.back, starts);
        let spaces: Vec<&str> = kept
            .iter()
            .copied()
            .filter(|id| self.vertices.get(id).is_some_and(|v| v.kind == VertexKind::Netns && !v.node))
            .collect();
        kept.extend(reach(&self.forward, spaces));
        kept
    }

    /// What the namespace leads to, and the addresses of the pods there.
    fn through_space(&self, space: &str) -> BTreeSet<&'g str> {
        let start = self.vertices.get_key_value(space).map(|(id, _)| *id);
        let mut kept = reach(&self.forward, start);
        let pods = kept.iter().filter(|id| self.vertices.get(*id).is_some_and(|v| v.kind == VertexKind::Pod));
        let is_addr = |id: &&&str| self.vertices.get(*id).is_some_and(|v| v.kind == VertexKind::Addr);
        let addrs: Vec<&str> = pods.filter_map(|id| self.back.get(id)).flatten().filter(is_addr).copied().collect();
        kept.extend(addrs);
        kept
    }

    /// What is in both; nothing where the pods are not among it, or the namespace is not.
    fn of_both(
        a: &BTreeSet<&'g str>,
        b: &BTreeSet<&'g str>,
        meant: &BTreeSet<String>,
        space: Option<&str>,
    ) -> BTreeSet<&'g str> {
        let both: BTreeSet<&str> = a.intersection(b).copied().collect();
        let is_way = meant.iter().any(|id| both.contains(id.as_str())) && space.is_some_and(|id| both.contains(id));
        if is_way { both } else { BTreeSet::new() }
    }
}

fn reach<'g>(edges: &BTreeMap<&'g str, Vec<&'g str>>, starts: impl IntoIterator<Item = &'g str>) -> BTreeSet<&'g str> {
    let mut waiting: Vec<&str> = starts.into_iter().collect();
    let mut found = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if found.insert(id) {
            waiting.extend(edges.get(id).into_iter().flatten());
        }
    }
    found
}
