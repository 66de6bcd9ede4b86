//! The graph: held against the truth of the real captures, the stories, and texts built here.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

mod check;
mod cut;
mod texts;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use snat_analyze::graph::{Broken, VertexKind};
use snat_analyze::report::{OwnerKind, Report};
use snat_analyze::{Analysis, GraphReport, Options, Source};

use check::{BY_NAMESPACE, Texts, check, edge, graph_of, ids, members, reach, story, texts_below, vertex};

const CAPTURES: [&str; 2] = ["node-late", "node-mid"];

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

#[test]
fn the_schema_refuses_unknown_fields() {
    let schema = serde_json::to_value(GraphReport::schema()).unwrap();
    assert_eq!(schema["additionalProperties"], Value::Bool(false));
    let mut wire = serde_json::to_value(story("article-hex")).unwrap();
    wire["nodes"][0]["vertices"][0]["more"] = Value::Bool(true);
    assert!(serde_json::from_value::<GraphReport>(wire).is_err());
}
