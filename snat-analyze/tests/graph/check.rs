//! What holds for every graph, and how tests find their way in one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use snat_analyze::graph::{GraphEdge, NodeGraph, Vertex, VertexKind};
use snat_analyze::report::Place;
use snat_analyze::{GraphReport, Options, Quiet, Source};

pub(crate) type Texts = BTreeMap<String, String>;

pub(crate) fn graph_of(source: Source) -> GraphReport {
    GraphReport::of(vec![source], &Options::default(), &mut Quiet).unwrap()
}

pub(crate) fn story(name: &str) -> GraphReport {
    graph_of(Source::Path(fixtures::fixture(&format!("bundles/{name}/bundle"))))
}

/// An archive of texts, its members in that order.
pub(crate) fn archive<'t>(texts: impl IntoIterator<Item = (&'t str, &'t str)>) -> Source {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, text) in texts {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    let bytes = tar.into_inner().unwrap();
    Source::Reader { name: "b.tar".into(), reader: Box::new(std::io::Cursor::new(bytes)) }
}

pub(crate) fn built(texts: &[(&str, &str)]) -> GraphReport {
    let report = graph_of(archive(texts.iter().copied()));
    let texts = texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    check(&report, &texts, "built");
    report
}

pub(crate) fn vertex<'g>(node: &'g NodeGraph, id: &str) -> &'g Vertex {
    let ids = || node.vertices.iter().map(|vertex| vertex.id.as_str()).collect::<Vec<_>>().join(" ");
    node.vertices.iter().find(|vertex| vertex.id == id).unwrap_or_else(|| panic!("no {id} in {}", ids()))
}

pub(crate) fn edge<'g>(node: &'g NodeGraph, name: &str, from: &str, to: &str) -> &'g GraphEdge {
    let found = node.edges.iter().find(|edge| edge.edge == name && edge.from == from && edge.to == to);
    found.unwrap_or_else(|| panic!("no {name} from {from} to {to}"))
}

pub(crate) fn ids(node: &NodeGraph, kind: VertexKind) -> Vec<&str> {
    node.vertices.iter().filter(|vertex| vertex.kind == kind).map(|vertex| vertex.id.as_str()).collect()
}

/// Ends of all ways over steps of these names.
pub(crate) fn reach(node: &NodeGraph, from: &str, steps: &[&str]) -> BTreeSet<String> {
    let mut waiting = vec![from.to_owned()];
    let mut found = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        let next = node.edges.iter().filter(|edge| edge.from == id && steps.contains(&edge.edge.as_str()));
        waiting.extend(next.map(|edge| edge.to.clone()));
        found.insert(id);
    }
    found
}

pub(crate) const BY_NAMESPACE: [&str; 3] = ["netns-pid", "pid-sandbox", "sandbox-pod"];

/// Kind, number and text: the order of the vertices.
pub(crate) fn order(id: &str, kind: VertexKind) -> (VertexKind, Option<u64>, String) {
    let text = id.split_once(':').unwrap().1;
    let numbered = matches!(kind, VertexKind::Netns | VertexKind::Pid);
    (kind, text.parse().ok().filter(|_| numbered), text.to_owned())
}

/// What holds for every graph.
pub(crate) fn check(report: &GraphReport, texts: &Texts, name: &str) {
    for node in &report.nodes {
        let kinds: BTreeMap<&str, VertexKind> =
            node.vertices.iter().map(|vertex| (vertex.id.as_str(), vertex.kind)).collect();
        let orders: Vec<_> = node.vertices.iter().map(|vertex| order(&vertex.id, vertex.kind)).collect();
        assert!(orders.is_sorted_by(|a, b| a < b), "{name}: vertices in order, each once");
        for vertex in &node.vertices {
            assert_eq!(vertex.id.split_once(':').unwrap().0, vertex.kind.name(), "{name}");
            assert!(is_spelled(vertex), "{name}: {}", vertex.id);
            assert!(!vertex.label.is_empty() && vertex.places.len() <= 3, "{name}: {}", vertex.id);
            stands(&vertex.places, texts, name);
            for other in &vertex.candidates {
                assert!(kinds.contains_key(other.as_str()), "{name}: {other}");
            }
            // A way ends at a pod, at a process of the node or at an address, or it says why.
            let goes_on = node.edges.iter().any(|edge| edge.from == vertex.id);
            let is_end = matches!(vertex.kind, VertexKind::Pod | VertexKind::Process | VertexKind::Addr);
            assert!(goes_on || is_end || vertex.reason.is_some(), "{name}: {} ends silently", vertex.id);
        }
        let key = |edge: &GraphEdge| {
            let end = |id: &str| order(id, kinds[id]);
            (end(&edge.from), end(&edge.to), edge.edge.clone())
        };
        for edge in &node.edges {
            let (from, to) = (kinds.get(edge.from.as_str()), kinds.get(edge.to.as_str()));
            assert!(from.is_some() && from < to, "{name}: {} from {} to {}", edge.edge, edge.from, edge.to);
            assert!((1..=3).contains(&edge.places.len()), "{name}: {} rests on nothing", edge.edge);
            stands(&edge.places, texts, name);
            let says = |id: &str| {
                let text = id.split_once(':').unwrap().1.split('@').next().unwrap();
                let text = text.rsplit('/').next().unwrap();
                edge.places.iter().any(|place| line(place, texts).contains(text))
            };
            assert!(says(&edge.from) || says(&edge.to), "{name}: {edge:?}");
        }
        let keys: Vec<_> = node.edges.iter().map(key).collect();
        assert!(keys.is_sorted_by(|a, b| a < b), "{name}: edges in order, each once");
        for join in &node.joins {
            assert_eq!(join.matched + join.unmatched, join.left, "{name}: {}", join.join);
        }
    }
    let wire = serde_json::to_string(report).unwrap();
    assert_eq!(&serde_json::from_str::<GraphReport>(&wire).unwrap(), report, "{name}");
}

/// Whether an id is spelled as the command line's documents have it.
pub(crate) fn is_spelled(vertex: &Vertex) -> bool {
    let (text, apart) = match vertex.id.split_once(':').unwrap().1.rsplit_once('@') {
        Some((text, of)) => (text, !of.is_empty()),
        None => (vertex.id.split_once(':').unwrap().1, false),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let hex = |text: &str| text.len() == 13 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    match vertex.kind {
        VertexKind::Netns => digits(text) && !apart,
        VertexKind::Pid => apart || digits(text),
        VertexKind::Sandbox | VertexKind::Container => apart || hex(text),
        VertexKind::Addr => apart || text.parse::<std::net::IpAddr>().is_ok(),
        _ => !text.is_empty(),
    }
}

pub(crate) fn line<'t>(place: &Place, texts: &'t Texts) -> &'t str {
    let text = texts.get(&*place.entry).unwrap_or_else(|| panic!("no entry {}", place.entry));
    text.lines().nth(place.line as usize - 1).expect("the line")
}

pub(crate) fn stands(places: &[Place], texts: &Texts, name: &str) {
    let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for place in places {
        let line = squeeze(line(place, texts));
        let text = squeeze(&place.text);
        assert!(line.starts_with(text.trim_end_matches('…')), "{name}: {}:{}", place.entry, place.line);
    }
}

pub(crate) fn texts_below(folder: &Path) -> Texts {
    let read = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    let name = |path: &Path| path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
    fixtures::files(folder).unwrap().iter().map(|path| (name(path), read(path))).collect()
}

pub(crate) fn members(path: &Path) -> Texts {
    let file = flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap());
    let mut found = Texts::new();
    for member in tar::Archive::new(file).entries().unwrap() {
        let mut member = member.unwrap();
        let name = member.path().unwrap().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut member, &mut bytes).unwrap();
        found.insert(name, String::from_utf8_lossy(&bytes).into_owned());
    }
    found
}
