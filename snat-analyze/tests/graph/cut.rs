//! Graphs cut down to a pod or a namespace.

use std::collections::BTreeSet;

use snat_analyze::graph::{NodeGraph, VertexKind};
use snat_analyze::{GraphReport, Source};

use crate::check::{built, check, graph_of, ids, members, story};
use crate::texts::{LSNS, SANDBOXES, TREE, WEB};

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
        said.contains("no pod web/frontend-6d5f4c7b9-kx7rb here; nearest: web/frontend-6d5f4c7b9-kx7rd,"),
        "{said}"
    );
    let said = error(report.only(Some("dns-77d8fcb9f6"), None));
    assert!(said.contains("nearest: kube-system/coredns-77d8fcb9f6-8tkmv"), "{said}");
    let said = error(report.only(None, Some(4_026_532_715)));
    assert!(said.contains("no network namespace 4026532715 here; nearest: 4026532714,"), "{said}");
    let said = error(report.only(Some("report-builder-0"), Some(4_026_532_714)));
    assert!(said.contains("no way from network namespace 4026532714 to pod report-builder-0 here"), "{said}");
    assert_eq!(report, before);
}

#[test]
fn the_beginning_of_a_name_is_enough_where_it_is_one_pod_s() {
    for asked in ["coredns", "kube-system/coredns", "kube-system/coredns-77d8fcb9f6"] {
        assert_eq!(late().only(Some(asked), None).unwrap(), ["pod:kube-system/coredns-77d8fcb9f6-8tkmv"], "{asked}");
    }
    let mut report = late();
    let before = report.clone();
    let said = report.only(Some("payments-api"), None).expect_err("two pods").to_string();
    assert!(said.starts_with("2 pods begin like payments-api: name one of default/payments-api-"), "{said}");
    assert!(report.only(Some(""), None).is_err());
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
