//! Texts built here: what each dump adds, and where ways break off.

use snat_analyze::GraphReport;
use snat_analyze::Source;
use snat_analyze::graph::{Broken, VertexKind};
use snat_analyze::report::Confidence;

use crate::check::{BY_NAMESPACE, archive, built, edge, graph_of, ids, reach, story, vertex};

pub(crate) const LSNS: &str = "\
        NS TYPE NPROCS   PID USER  COMMAND
4026531840 net     210     1 root  /sbin/init
4026532900 net       2  6990 65535 /pause
4026532910 net       1  7777 root  sleep infinity
";
const ID: &str = "524a620ed6ebbd1e711055808a1d8614a36d2e69b74418f11c3eec0e2fc57294";
pub(crate) const TREE: &str = "\
systemd,1 --system
  |-kubelet,900 --node-ip=10.240.0.4
  `-containerd-shim,6970 -namespace k8s.io -id 524a620ed6ebbd1e711055808a1d8614a36d2e69b74418f11c3eec0e2fc57294 -address /run
      |-nginx,7000 -g daemon off;
      `-pause,6990
";
pub(crate) const SANDBOXES: &str = "\
POD ID              CREATED             STATE               NAME                  NAMESPACE           ATTEMPT             RUNTIME
524a620ed6ebb       2 minutes ago       Ready               web-6c9d7f8b5-bcdfg   web                 0                   (default)
aaaaaaaaaaaaa       3 minutes ago       NotReady            old-0                 web                 0                   (default)
";
const CONTAINERS: &str = "\
CONTAINER           IMAGE               CREATED             STATE               NAME                ATTEMPT             POD ID              POD                   NAMESPACE
b1b2b3b4b5b6b       fc26fa0d648fc       2 minutes ago       Running             nginx               0                   524a620ed6ebb       web-6c9d7f8b5-bcdfg   web
";
pub(crate) const WEB: &str = "pod:web/web-6c9d7f8b5-bcdfg";

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
