//! The graph: held against the truth of the real captures, the stories, and texts built here.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use snat_analyze::graph::{Broken, GraphEdge, NodeGraph, Vertex, VertexKind};
use snat_analyze::report::{Confidence, OwnerKind, Report};
use snat_analyze::{Analysis, GraphReport, Options, Quiet, Source};

const CAPTURES: [&str; 2] = ["node-late", "node-mid"];

type Texts = BTreeMap<String, String>;

fn graph_of(source: Source) -> GraphReport {
    GraphReport::of(vec![source], &Options::default(), &mut Quiet).unwrap()
}

fn story(name: &str) -> GraphReport {
    graph_of(Source::Path(fixtures::fixture(&format!("bundles/{name}/bundle"))))
}

/// An archive of texts, its members in that order.
fn archive<'t>(texts: impl IntoIterator<Item = (&'t str, &'t str)>) -> Source {
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

fn built(texts: &[(&str, &str)]) -> GraphReport {
    let report = graph_of(archive(texts.iter().copied()));
    let texts = texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    check(&report, &texts, "built");
    report
}

fn vertex<'g>(node: &'g NodeGraph, id: &str) -> &'g Vertex {
    let ids = || node.vertices.iter().map(|vertex| vertex.id.as_str()).collect::<Vec<_>>().join(" ");
    node.vertices.iter().find(|vertex| vertex.id == id).unwrap_or_else(|| panic!("no {id} in {}", ids()))
}

fn edge<'g>(node: &'g NodeGraph, name: &str, from: &str, to: &str) -> &'g GraphEdge {
    let found = node.edges.iter().find(|edge| edge.edge == name && edge.from == from && edge.to == to);
    found.unwrap_or_else(|| panic!("no {name} from {from} to {to}"))
}

fn ids(node: &NodeGraph, kind: VertexKind) -> Vec<&str> {
    node.vertices.iter().filter(|vertex| vertex.kind == kind).map(|vertex| vertex.id.as_str()).collect()
}

/// Ends of all ways over steps of these names.
fn reach(node: &NodeGraph, from: &str, steps: &[&str]) -> BTreeSet<String> {
    let mut waiting = vec![from.to_owned()];
    let mut found = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        let next = node.edges.iter().filter(|edge| edge.from == id && steps.contains(&edge.edge.as_str()));
        waiting.extend(next.map(|edge| edge.to.clone()));
        found.insert(id);
    }
    found
}

const BY_NAMESPACE: [&str; 3] = ["netns-pid", "pid-sandbox", "sandbox-pod"];

/// Kind, number and text: the order of the vertices.
fn order(id: &str, kind: VertexKind) -> (VertexKind, Option<u64>, String) {
    let text = id.split_once(':').unwrap().1;
    let numbered = matches!(kind, VertexKind::Netns | VertexKind::Pid);
    (kind, text.parse().ok().filter(|_| numbered), text.to_owned())
}

/// What holds for every graph.
fn check(report: &GraphReport, texts: &Texts, name: &str) {
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
fn is_spelled(vertex: &Vertex) -> bool {
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

fn line<'t>(place: &snat_analyze::report::Place, texts: &'t Texts) -> &'t str {
    let text = texts.get(&place.entry).unwrap_or_else(|| panic!("no entry {}", place.entry));
    text.lines().nth(place.line as usize - 1).expect("the line")
}

fn stands(places: &[snat_analyze::report::Place], texts: &Texts, name: &str) {
    let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for place in places {
        let line = squeeze(line(place, texts));
        let text = squeeze(&place.text);
        assert!(line.starts_with(text.trim_end_matches('…')), "{name}: {}:{}", place.entry, place.line);
    }
}

fn texts_below(folder: &Path) -> Texts {
    let read = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    let name = |path: &Path| path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
    fixtures::files(folder).unwrap().iter().map(|path| (name(path), read(path))).collect()
}

fn members(path: &Path) -> Texts {
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

/// What the report rests on is in the graph, and it counts the same for each pod.
fn agrees(graph: &GraphReport, report: &Report, name: &str) {
    for (node, other) in graph.nodes.iter().zip(&report.nodes) {
        assert_eq!(node.node, other.node, "{name}");
        let mut contradictions: Vec<_> = other.ranking.iter().flat_map(|row| row.contradictions.clone()).collect();
        contradictions.sort();
        contradictions.dedup();
        assert_eq!(node.contradictions, contradictions, "{name}");
        for row in &other.ranking {
            if row.owner.kind == OwnerKind::Pod {
                let pod = [row.owner.namespace.clone(), row.owner.pod.clone()].map(Option::unwrap).join("/");
                let found = vertex(node, &format!("pod:{pod}"));
                assert_eq!((found.connects_public, found.confidence), (row.connects_public, Some(row.confidence)));
            }
            for step in row.evidence.iter().filter(|step| step.edge != "netstat-pod") {
                // What is no id there is kept apart here.
                if !["sandbox:masked", "sandbox:ambiguous", "sandbox:unknown"].contains(&step.to.as_str()) {
                    edge(node, &step.edge, &step.from, &step.to);
                }
            }
        }
    }
    assert_eq!(graph.nodes.len(), report.nodes.len(), "{name}");
    assert_eq!((&graph.inputs, &graph.notices), (&report.inputs, &report.notices), "{name}");
}

#[test]
fn every_story_has_a_sound_graph_that_agrees_with_its_report() {
    for (name, folder) in fixtures::bundles().unwrap() {
        let path = folder.join("bundle");
        let graph = graph_of(Source::Path(path.clone()));
        check(&graph, &texts_below(&path), &name);
        let report = Analysis::of(vec![Source::Path(path)], &Options::default()).unwrap();
        agrees(&graph, &report, &name);
    }
}

fn truth(name: &str) -> Value {
    let text = std::fs::read_to_string(fixtures::fixture(&format!("captures/{name}.truth.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The graph of a real capture against the truth, with rows of its texts counted by hand.
fn holds_the_truth(graph: &GraphReport, texts: &Texts, name: &str) {
    let truth = truth(name);
    let [node] = graph.nodes.as_slice() else { panic!("{name}: one node") };
    let rows = |end: &str| -> Vec<&str> {
        let (_, text) = texts.iter().find(|(path, _)| path.ends_with(end)).unwrap();
        text.lines().skip(1).filter(|line| line.split_whitespace().next().is_some()).collect()
    };
    let listed: BTreeSet<String> =
        rows("lsns.txt").iter().map(|row| format!("netns:{}", row.split_whitespace().next().unwrap())).collect();
    let spaces: BTreeSet<String> = ids(node, VertexKind::Netns).into_iter().map(str::to_owned).collect();
    assert!(spaces.is_superset(&listed), "{name}");
    for id in spaces.difference(&listed) {
        assert_eq!(vertex(node, id).reason, Some(Broken::NoNamespaceRow), "{name}: {id}");
    }
    for id in &listed {
        let row = rows("lsns.txt").into_iter().find(|row| row.contains(&id[6..])).unwrap();
        edge(node, "netns-pid", id, &format!("pid:{}", row.split_whitespace().nth(3).unwrap()));
    }
    let containers = rows("crictl-ps.txt");
    assert_eq!(ids(node, VertexKind::Container).len(), containers.len(), "{name}");
    let sandboxes = rows("crictl-pods.txt");
    assert_eq!(ids(node, VertexKind::Sandbox).len(), sandboxes.len(), "{name}");
    let own = truth["node"].as_str().unwrap();
    let on_node = rows("kubectl-pods.txt").iter().filter(|row| row.contains(&format!(" {own} "))).count();
    assert_eq!(ids(node, VertexKind::Pod).len(), on_node, "{name}");

    let host = format!("netns:{}", truth["host_netns_inode"]);
    assert!(vertex(node, &host).node, "{name}");
    let mut of_space: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for pod in truth["pods"].as_array().unwrap() {
        let id = format!("pod:{}/{}", pod["namespace"].as_str().unwrap(), pod["name"].as_str().unwrap());
        let found = vertex(node, &id);
        assert_eq!(found.host_network, pod["host_network"].as_bool(), "{name}: {id}");
        assert_eq!(
            found.connects_public.unwrap_or(0),
            pod["in_tv_log"]["by_class"]["public"].as_u64().unwrap_or(0),
            "{name}: {id}"
        );
        for container in pod["containers"].as_array().unwrap() {
            let short = &container["id"].as_str().unwrap()[..13];
            // What ended before crictl was run may be gone from its list.
            if containers.iter().any(|row| row.starts_with(short)) {
                edge(node, "container-pod", &format!("container:{short}"), &id);
            }
        }
        if let Some(space) = pod["netns_inode_at_capture"].as_u64() {
            of_space.entry(format!("netns:{space}")).or_default().insert(id.clone());
        }
        for space in pod["netns_inode_in_log"].as_array().unwrap() {
            let all = reach(
                node,
                &format!("netns:{space}"),
                &["netns-address", "address-pod", "netns-pid", "pid-sandbox", "sandbox-pod"],
            );
            assert!(all.contains(&id), "{name}: no way from {space} to {id}");
        }
    }
    for (space, want) in of_space {
        let mut got = reach(node, &space, &BY_NAMESPACE);
        got.retain(|id| id.starts_with("pod:"));
        if space == host {
            // Only those whose processes the log or a dump shows.
            assert!(got.is_subset(&want), "{name}: {got:?}");
        } else {
            assert_eq!(got, want, "{name}: {space}");
        }
    }
}

#[test]
fn the_graphs_of_real_captures_hold_the_truth() {
    for name in CAPTURES {
        let path = fixtures::fixture(&format!("captures/{name}.tar.gz"));
        let texts = members(&path);
        let graph = graph_of(Source::Path(path.clone()));
        check(&graph, &texts, name);
        holds_the_truth(&graph, &texts, name);
        agrees(&graph, &Analysis::of(vec![Source::Path(path)], &Options::default()).unwrap(), name);
    }
}

#[test]
fn the_shared_captures_hold_the_truth_as_folders() {
    for name in CAPTURES {
        let Some(folder) = fixtures::shared(&format!("captures/{name}")) else { return };
        let graph = graph_of(Source::Path(folder.clone()));
        let texts = texts_below(&folder);
        check(&graph, &texts, name);
        holds_the_truth(&graph, &texts, name);
    }
}

const LSNS: &str = "\
        NS TYPE NPROCS   PID USER  COMMAND
4026531840 net     210     1 root  /sbin/init
4026532900 net       2  6990 65535 /pause
4026532910 net       1  7777 root  sleep infinity
";
const ID: &str = "524a620ed6ebbd1e711055808a1d8614a36d2e69b74418f11c3eec0e2fc57294";
const TREE: &str = "\
systemd,1 --system
  |-kubelet,900 --node-ip=10.240.0.4
  `-containerd-shim,6970 -namespace k8s.io -id 524a620ed6ebbd1e711055808a1d8614a36d2e69b74418f11c3eec0e2fc57294 -address /run
      |-nginx,7000 -g daemon off;
      `-pause,6990
";
const SANDBOXES: &str = "\
POD ID              CREATED             STATE               NAME                  NAMESPACE           ATTEMPT             RUNTIME
524a620ed6ebb       2 minutes ago       Ready               web-6c9d7f8b5-bcdfg   web                 0                   (default)
aaaaaaaaaaaaa       3 minutes ago       NotReady            old-0                 web                 0                   (default)
";
const CONTAINERS: &str = "\
CONTAINER           IMAGE               CREATED             STATE               NAME                ATTEMPT             POD ID              POD                   NAMESPACE
b1b2b3b4b5b6b       fc26fa0d648fc       2 minutes ago       Running             nginx               0                   524a620ed6ebb       web-6c9d7f8b5-bcdfg   web
";
const WEB: &str = "pod:web/web-6c9d7f8b5-bcdfg";

#[test]
fn lists_without_a_log_have_a_whole_graph() {
    let report = built(&[
        ("lsns.txt", LSNS),
        ("pstree.txt", TREE),
        ("crictl-pods.txt", SANDBOXES),
        ("crictl-ps.txt", CONTAINERS),
    ]);
    let node = &report.nodes[0];
    assert_eq!(ids(node, VertexKind::Pid), ["pid:1", "pid:6990", "pid:7000", "pid:7777"]);
    assert_eq!(vertex(node, "pid:7777").reason, Some(Broken::NotInTree));
    assert!(vertex(node, "netns:4026531840").node);
    let web = vertex(node, WEB);
    assert_eq!((web.events, web.connects, web.connects_public, web.confidence), (None, None, None, None));
    let sandbox = "sandbox:524a620ed6ebb";
    assert_eq!(edge(node, "pid-sandbox", "pid:6990", sandbox).confidence, Confidence::Certain);
    edge(node, "sandbox-container", sandbox, "container:b1b2b3b4b5b6b");
    let container = vertex(node, "container:b1b2b3b4b5b6b");
    assert_eq!((container.label.as_str(), container.state.as_deref()), ("nginx", Some("Running")));
    assert_eq!(vertex(node, "sandbox:aaaaaaaaaaaaa").state.as_deref(), Some("NotReady"));
    // Nothing leads there, but crictl lists it.
    edge(node, "sandbox-pod", "sandbox:aaaaaaaaaaaaa", "pod:web/old-0");
}

#[test]
fn a_log_without_lists_says_where_each_way_ends() {
    let mut log = String::from(
        "TIME(ns)      TYPE         PID    COMM             IP SADDR            DADDR            SPORT  DPORT  NETNS\n",
    );
    for (at, pid) in [70, 71, 72, 73, 80].iter().enumerate() {
        let comm = if *pid == 80 { "java" } else { "curl" };
        let time = 1_000_000 * (at + 1);
        log += &format!(
            "{time:<13} connect      {pid:<6} {comm:<16} 4  10.244.3.9       20.51.14.8       4011{at}  443    4026533011\n"
        );
    }
    let report = built(&[("tcptracer.log", &log)]);
    let node = &report.nodes[0];
    let space = vertex(node, "netns:4026533011");
    assert_eq!((space.connects_public, space.events, space.reason), (Some(5), Some(5), Some(Broken::NoNamespaceRow)));
    // Four short-lived processes of one name are one vertex, a single one stays apart.
    assert_eq!(ids(node, VertexKind::Pid), ["pid:curl@4026533011", "pid:80"]);
    let curl = vertex(node, "pid:curl@4026533011");
    assert_eq!((curl.processes, curl.connects, curl.reason), (Some(4), Some(4), Some(Broken::NotInTree)));
    assert_eq!(edge(node, "netns-pid", "netns:4026533011", "pid:curl@4026533011").connects, Some(4));
    assert_eq!(vertex(node, "addr:10.244.3.9").reason, Some(Broken::NoNamespaceRow));
}

#[test]
fn masked_ids_stay_apart() {
    let report = story("article-masked");
    let node = &report.nodes[0];
    assert_eq!(edge(node, "pid-sandbox", "pid:19832", "sandbox:masked@18520").confidence, Confidence::Likely);
    for id in ["sandbox:masked@18520", "sandbox:2xxxxxxxxf@default/nginx", "container:6b5xxxxb@default/nginx"] {
        assert_eq!(vertex(node, id).reason, Some(Broken::IdMasked), "{id}");
    }
    assert!(reach(node, "pid:19832", &BY_NAMESPACE).iter().all(|id| !id.starts_with("pod:")));
    edge(node, "container-pod", "container:6b5xxxxb@default/nginx", "pod:default/nginx");
}

#[test]
fn cut_ids_are_weak_or_ambiguous() {
    let tree = TREE.replace(ID, "524a62...");
    let node = &built(&[("lsns.txt", LSNS), ("pstree.txt", &tree), ("crictl-pods.txt", SANDBOXES)]).nodes[0];
    assert_eq!(edge(node, "pid-sandbox", "pid:6990", "sandbox:524a620ed6ebb").confidence, Confidence::Weak);

    let alike = SANDBOXES.replace("aaaaaaaaaaaaa", "524a62aaaaaaa");
    let node = &built(&[("lsns.txt", LSNS), ("pstree.txt", &tree), ("crictl-pods.txt", &alike)]).nodes[0];
    let cut = vertex(node, "sandbox:ambiguous@6970");
    assert_eq!((cut.label.as_str(), cut.reason), ("524a62", Some(Broken::AmbiguousId)));
    assert_eq!(cut.candidates, ["sandbox:524a620ed6ebb", "sandbox:524a62aaaaaaa"]);
    assert!(!reach(node, "netns:4026532900", &BY_NAMESPACE).contains(WEB));

    // Another dump that shows the whole id settles it.
    let node = &built(&[("lsns.txt", LSNS), ("a.txt", &tree), ("b.txt", TREE), ("crictl-pods.txt", &alike)]).nodes[0];
    assert!(reach(node, "netns:4026532900", &BY_NAMESPACE).contains(WEB));
    assert!(ids(node, VertexKind::Sandbox).iter().all(|id| !id.contains('@')));
}

#[test]
fn other_ends_have_their_reasons() {
    let none = TREE.replace(&format!("-id {ID} -address /run"), "...");
    let node = &built(&[("lsns.txt", LSNS), ("pstree.txt", &none)]).nodes[0];
    assert_eq!(vertex(node, "sandbox:unknown@6970").reason, Some(Broken::NoId));

    let node = &built(&[("lsns.txt", LSNS), ("pstree.txt", TREE)]).nodes[0];
    assert_eq!(vertex(node, "sandbox:524a620ed6ebb").reason, Some(Broken::NotListed));

    let cut = "bash,6990\n  |-sleep,6991 60\n  |-sleep,6992 60\n  `-sleep,6993 60\n";
    let node = &built(&[("lsns.txt", LSNS), ("pstree.txt", cut)]).nodes[0];
    assert_eq!(vertex(node, "pid:6990").reason, Some(Broken::TreeCut));

    let other = SANDBOXES.replace("web-6c9d7f8b5-bcdfg", "api-6c9d7f8b5-bcdfg");
    let texts = [("lsns.txt", LSNS), ("pstree.txt", TREE), ("a.txt", SANDBOXES), ("b.txt", &other)];
    let node = &built(&texts).nodes[0];
    let torn = vertex(node, "sandbox:524a620ed6ebb");
    assert_eq!(torn.reason, Some(Broken::AmbiguousId));
    for pod in [WEB, "pod:web/api-6c9d7f8b5-bcdfg"] {
        assert_eq!(edge(node, "sandbox-pod", &torn.id, pod).confidence, Confidence::Weak);
    }
}

#[test]
fn a_monitor_of_a_container_leads_to_the_container() {
    let tree = TREE.replace(ID, &format!("b1b2b3b4b5b6b{}", "0".repeat(51)));
    let node = &built(&[("lsns.txt", LSNS), ("pstree.txt", &tree), ("crictl-ps.txt", CONTAINERS)]).nodes[0];
    edge(node, "pid-container", "pid:7000", "container:b1b2b3b4b5b6b");
    edge(node, "container-pod", "container:b1b2b3b4b5b6b", WEB);
}

#[test]
fn dumps_twice_and_members_in_another_order_change_nothing() {
    let texts = [
        ("n/lsns.txt", LSNS),
        ("n/pstree.txt", TREE),
        ("n/crictl-pods.txt", SANDBOXES),
        ("n/crictl-ps.txt", CONTAINERS),
    ];
    let wire = |source: Source| serde_json::to_string(&graph_of(source)).unwrap();
    let once = wire(archive(texts));
    assert_eq!(once, wire(archive(texts)));
    assert_eq!(once, wire(archive(texts.into_iter().rev())));
    let again = [("n/z-lsns.txt", LSNS), ("n/z-pstree.txt", TREE), ("n/z-crictl-ps.txt", CONTAINERS)];
    let bare = |mut report: GraphReport| {
        let mut node = report.nodes.remove(0);
        node.vertices.iter_mut().for_each(|vertex| vertex.places.clear());
        node.edges.iter_mut().for_each(|edge| edge.places.clear());
        (node.vertices, node.edges)
    };
    assert_eq!(bare(graph_of(archive(texts))), bare(graph_of(archive(texts.into_iter().chain(again)))));
}

#[test]
fn nested_and_reused_namespaces_are_told() {
    let report = story("nested-namespace");
    let nested = vertex(&report.nodes[0], "netns:4026532810");
    assert!(nested.nested && !nested.node);
    assert!(reach(&report.nodes[0], &nested.id, &BY_NAMESPACE).contains("pod:ci/runner-0"));

    let report = story("reused-namespace");
    let gone = vertex(&report.nodes[0], "addr:10.244.1.30");
    assert_eq!((gone.reason, gone.connects_public), (Some(Broken::ReusedNamespace), Some(30)));
}

#[test]
fn a_pod_s_dump_of_sockets_tells_its_unlisted_address() {
    let report = story("snapshots-alone");
    let node = &report.nodes[0];
    edge(node, "netstat-pod", "addr:fd00:10:244:1::b", "pod:shop/api-5f7b9c4d88-lq9zn");
    assert_eq!(vertex(node, "addr:10.244.1.77").reason, Some(Broken::NoAddress));
    edge(node, "netstat-pid", "addr:10.240.0.4", "pid:9950");
}

fn late() -> GraphReport {
    graph_of(Source::Path(fixtures::fixture("captures/node-late.tar.gz")))
}

#[test]
fn a_graph_is_cut_to_a_pod() {
    let mut report = late();
    assert_eq!(report.only(Some("web/frontend-6d5f4c7b9-kx7rd"), None).unwrap(), ["pod:web/frontend-6d5f4c7b9-kx7rd"]);
    let node = &report.nodes[0];
    let all: Vec<&str> = node.vertices.iter().map(|vertex| vertex.id.as_str()).collect();
    let want = [
        "netns:4026532476",
        "addr:10.244.3.7",
        "addr:fd00:10:244:3::7",
        "pid:4476",
        "pid:4532",
        "sandbox:9edab251c4d41",
        "container:f47da26d7a5ea",
        "pod:web/frontend-6d5f4c7b9-kx7rd",
    ];
    assert_eq!(all, want);
    check(&report, &members(&fixtures::fixture("captures/node-late.tar.gz")), "cut");

    // In the node's namespace only what leads to the pod.
    let mut report = late();
    report.only(Some("node-agent-hq7zt"), None).unwrap();
    let node = &report.nodes[0];
    assert_eq!(ids(node, VertexKind::Pid), ["pid:9906", "pid:9950"]);
    assert_eq!(ids(node, VertexKind::Netns), ["netns:4026532182"]);
    assert_eq!(ids(node, VertexKind::Pod), ["pod:kube-system/node-agent-hq7zt"]);
}

#[test]
fn a_graph_is_cut_to_a_namespace() {
    let mut report = late();
    assert!(report.only(None, Some(4_026_532_714)).unwrap().is_empty());
    let node = &report.nodes[0];
    assert_eq!(ids(node, VertexKind::Netns), ["netns:4026532714"]);
    assert_eq!(ids(node, VertexKind::Addr), ["addr:10.244.3.10"]);
    assert_eq!(ids(node, VertexKind::Pid), ["pid:18298", "pid:18567"]);
    assert_eq!(ids(node, VertexKind::Pod), ["pod:payments/payments-api-7d9c6b8f5d-zz8mw"]);

    let mut both = late();
    both.only(Some("payments-api-7d9c6b8f5d-zz8mw"), Some(4_026_532_714)).unwrap();
    assert_eq!(ids(&both.nodes[0], VertexKind::Pid), ["pid:18298", "pid:18567"]);
}

#[test]
fn what_is_not_there_is_said_with_what_is_near() {
    let mut report = late();
    let before = report.clone();
    let error = |found: Result<Vec<String>, snat_analyze::Error>| found.expect_err("nothing").to_string();
    let said = error(report.only(Some("web/frontend-6d5f4c7b9-kx7rb"), None));
    assert!(
        said.contains("no pod web/frontend-6d5f4c7b9-kx7rb here: there is web/frontend-6d5f4c7b9-kx7rd,"),
        "{said}"
    );
    let said = error(report.only(Some("coredns"), None));
    assert!(said.contains("there is kube-system/coredns-77d8fcb9f6-8tkmv"), "{said}");
    let said = error(report.only(None, Some(4_026_532_715)));
    assert!(said.contains("no namespace 4026532715 here: there is 4026532714,"), "{said}");
    let said = error(report.only(Some("report-builder-0"), Some(4_026_532_714)));
    assert!(said.contains("no way from namespace 4026532714 to pod report-builder-0 here"), "{said}");
    assert_eq!(report, before);
}

#[test]
fn a_name_may_mean_several_pods_and_nodes_without_it_go() {
    let two = SANDBOXES.replace("old-0                 web", "web-6c9d7f8b5-bcdfg   abc");
    let mut report = built(&[("lsns.txt", LSNS), ("pstree.txt", TREE), ("crictl-pods.txt", &two)]);
    let meant = report.only(Some("web-6c9d7f8b5-bcdfg"), None).unwrap();
    assert_eq!(meant, ["pod:abc/web-6c9d7f8b5-bcdfg", WEB]);

    let mut report = story("two-nodes");
    assert_eq!(report.nodes.len(), 2);
    let pods = |node: &NodeGraph| ids(node, VertexKind::Pod).into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    let (first, second) = (pods(&report.nodes[0]), pods(&report.nodes[1]));
    let only = second.difference(&first).next().expect("a pod of the second node").clone();
    report.only(Some(&only), None).unwrap();
    assert_eq!(report.nodes.len(), 1);
    assert_eq!(report.nodes[0].node.name.as_deref(), Some("aks-np1-11112222-vmss000001"));
}

#[test]
fn the_schema_refuses_unknown_fields() {
    let schema = serde_json::to_value(GraphReport::schema()).unwrap();
    assert_eq!(schema["additionalProperties"], Value::Bool(false));
    let mut wire = serde_json::to_value(story("article-hex")).unwrap();
    wire["nodes"][0]["vertices"][0]["more"] = Value::Bool(true);
    assert!(serde_json::from_value::<GraphReport>(wire).is_err());
}
