//! The stories below `fixtures/bundles/`: who owns what, held against the truth that was written by hand, and the whole
//! report held against the one that was blessed (`BLESS=1` writes it anew).

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::collections::BTreeMap;
use std::path::Path;

use snat_analyze::report::{Confidence, NodeReport, OwnerKind, RankRow, Report, UnknownReason};
use snat_analyze::{Analysis, Options, Source};

fn report(bundle: &Path) -> Report {
    Analysis::of(vec![Source::from(bundle)], &Options::default())
        .unwrap_or_else(|e| panic!("{}: {e}", bundle.display()))
}

fn story(name: &str) -> Report {
    report(&fixtures::fixture(&format!("bundles/{name}/bundle")))
}

/// `node, kind, namespace, name` to public connects.
fn owners(report: &Report) -> BTreeMap<[String; 4], u64> {
    let mut found = BTreeMap::new();
    for node in &report.nodes {
        // A name that only the folder gave is not in the truth.
        let named = node.node.source != Some(snat_analyze::report::NodeSource::Folder);
        let name = node.node.name.clone().filter(|_| named).unwrap_or_default();
        for row in &node.ranking {
            let owner = &row.owner;
            let comm = owner.comm.clone().unwrap_or_default();
            let key = match owner.kind {
                OwnerKind::Pod => {
                    ["pod".into(), owner.namespace.clone().unwrap_or_default(), owner.pod.clone().unwrap()]
                }
                OwnerKind::HostProcess => ["host-process".into(), String::new(), comm],
                OwnerKind::Node => ["node".into(), String::new(), comm],
                OwnerKind::Unknown => {
                    let parts: Vec<String> =
                        owner.netns.iter().map(u64::to_string).chain(owner.addrs.clone()).collect();
                    ["unknown".into(), String::new(), parts.join(" ")]
                }
            };
            let [kind, namespace, pod] = key;
            *found.entry([name.clone(), kind, namespace, pod]).or_default() += row.connects_public.unwrap_or(0);
        }
    }
    found
}

#[test]
fn every_story_has_its_owners() {
    for (name, folder) in fixtures::bundles().unwrap() {
        let (_, rows) = fixtures::read_csv(&folder.join("truth.csv")).unwrap();
        let truth: BTreeMap<[String; 4], u64> = rows
            .into_iter()
            .map(|row| ([row[0].clone(), row[1].clone(), row[2].clone(), row[3].clone()], row[4].parse().unwrap()))
            .collect();
        assert_eq!(owners(&report(&folder.join("bundle"))), truth, "{name}");
    }
}

#[test]
fn every_story_has_its_report() {
    for (name, folder) in fixtures::bundles().unwrap() {
        let got = serde_json::to_string_pretty(&report(&folder.join("bundle"))).unwrap() + "\n";
        let path = folder.join("report.json");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &got).unwrap();
            continue;
        }
        let want =
            std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}; BLESS=1 writes it", path.display()));
        for (at, (got, want)) in got.lines().zip(want.lines()).enumerate() {
            assert_eq!(got, want, "{name}: {}:{}", path.display(), at + 1);
        }
        assert_eq!(got.lines().count(), want.lines().count(), "{name}");
        let back: Report = serde_json::from_str(&want).expect("the report reads back");
        assert_eq!(serde_json::to_string_pretty(&back).unwrap() + "\n", got, "{name}");
    }
}

fn first(report: &Report) -> &RankRow {
    &report.nodes[0].ranking[0]
}

fn row<'r>(node: &'r NodeReport, pod: &str) -> &'r RankRow {
    node.ranking.iter().find(|row| row.owner.pod.as_deref() == Some(pod)).expect("the pod's row")
}

#[test]
fn the_article_s_pod_wins_by_the_whole_id_and_keeps_its_387() {
    let report = story("article-hex");
    let first = first(&report);
    assert_eq!(first.owner.pod.as_deref(), Some("nginx"));
    assert_eq!((first.rank, first.connects_public, first.article_count), (Some(1), Some(194), Some(387)));
    assert_eq!(first.confidence, Confidence::Certain);
    let steps: Vec<&str> = first.evidence.iter().map(|edge| edge.edge.as_str()).collect();
    assert_eq!(steps, ["netns-pid", "pid-sandbox", "sandbox-pod"]);
}

#[test]
fn masked_ids_name_nobody() {
    let report = story("article-masked");
    let first = first(&report);
    assert_eq!(
        (first.owner.kind, first.owner.reason, first.rank),
        (OwnerKind::Unknown, Some(UnknownReason::IdMasked), None)
    );
    assert_eq!((first.connects_public, first.article_count), (Some(194), Some(387)));
}

#[test]
fn a_deleted_pod_s_connections_never_go_to_the_present_holder() {
    let report = story("reused-namespace");
    let first = first(&report);
    assert_eq!((first.owner.kind, first.owner.reason), (OwnerKind::Unknown, Some(UnknownReason::ReusedNamespace)));
    assert_eq!(first.contradictions[0].owner, "pod:web/web-6c9d7f8b5-bcdfg");
    assert!(!first.contradictions[0].places.is_empty());
    // Loopback of the gone pod's process is nobody's, that of the present one's is its own, and the doubt is said.
    let web = row(&report.nodes[0], "web-6c9d7f8b5-bcdfg");
    assert_eq!(web.owner.addrs, ["10.244.1.31", "127.0.0.1"]);
    assert!(web.contradictions.iter().any(|found| found.route == "address"));
}

#[test]
fn the_living_pod_has_the_address_before_the_finished_one() {
    let report = story("finished-pod");
    assert_eq!(first(&report).owner.pod.as_deref(), Some("api-5f7b9c4d88-lq9zn"));
    let finished = row(&report.nodes[0], "report-29388961-x2k4p");
    assert_eq!((finished.confidence, finished.owner.workload.as_deref()), (Confidence::Likely, Some("report")));
}

#[test]
fn the_node_s_namespace_goes_by_process_whatever_the_address() {
    let report = story("host-network");
    let agent = row(&report.nodes[0], "node-agent-hq7zt");
    assert_eq!((agent.owner.host_network, agent.confidence), (Some(true), Confidence::Likely));
    assert_eq!(agent.owner.addrs, ["10.240.0.4", "10.244.1.1"]);
    let node = report.nodes[0].ranking.iter().find(|row| row.owner.kind == OwnerKind::Node).expect("a row of the node");
    assert_eq!(node.owner.candidates, ["kube-system/kube-proxy-x9v2c", "kube-system/node-agent-hq7zt"]);
    assert_eq!(node.confidence, Confidence::Weak);
}

fn established(report: &Report) -> BTreeMap<String, Option<u64>> {
    let name = |row: &RankRow| {
        let owner = &row.owner;
        owner.pod.clone().or(owner.comm.clone()).unwrap_or_else(|| owner.addrs.join(" "))
    };
    report.nodes[0].ranking.iter().map(|row| (name(row), row.established_public)).collect()
}

#[test]
fn each_socket_of_the_snapshots_is_counted_once_and_tied_to_its_owner() {
    // By hand from the dumps: five IPv4 and one IPv6 of api, without its listener, what that accepted, what is private,
    // closed or on loopback; two of web, shown twice; the node's six by process, shown twice.
    let want = [
        ("10.240.0.4", Some(1)),
        ("10.244.1.77", Some(2)),
        ("api-5f7b9c4d88-lq9zn", Some(6)),
        ("idle-0", Some(0)),
        ("kubelet", Some(2)),
        ("node-agent-hq7zt", Some(3)),
        ("web-6c9d7f8b5-bcdfg", Some(2)),
    ];
    let want: BTreeMap<String, Option<u64>> = want.map(|(name, number)| (name.to_owned(), number)).into();
    for name in ["snapshots", "snapshots-alone"] {
        let report = story(name);
        assert_eq!(established(&report), want, "{name}");
        let capture = &report.nodes[0].capture;
        assert_eq!(capture.established_public, Some(16), "{name}");
        for dump in &capture.snapshots {
            let fates = [
                dump.repeated,
                dump.listening,
                dump.not_established,
                dump.inbound,
                dump.not_public,
                dump.unclear,
                dump.established_public,
            ];
            assert_eq!(fates.iter().sum::<u64>(), dump.rows, "{name}: {}:{}", dump.entry, dump.first_line);
        }
        let join = capture.joins.iter().find(|join| join.join == "netstat-pod").expect("the join of the sockets");
        assert_eq!((join.left, join.matched, join.unmatched), (41, 37, 4), "{name}");
    }
    // Without a log no connect is known, not even none, and the ranking goes by what stands.
    let alone = story("snapshots-alone");
    let first = first(&alone);
    assert_eq!((first.connects_public, first.owner.pod.as_deref()), (None, Some("api-5f7b9c4d88-lq9zn")));
    assert_eq!(alone.nodes[0].capture.connects_public, None);
}

#[test]
fn sockets_of_the_node_and_of_pods_in_one_file_are_told_apart_row_by_row() {
    // One file of `grep ESTABLISHED` over dumps of the node and of two pods: three of the node by process, three of api
    // whose ports are masked, one of web that stands there twice. The dump of PID 4684 is empty.
    let report = story("snapshots-in-one");
    let want = [
        ("api-5f7b9c4d88-lq9zn", Some(3)),
        ("idle-0", Some(0)),
        ("kubelet", Some(2)),
        ("node-agent-hq7zt", Some(1)),
        ("web-6c9d7f8b5-bcdfg", Some(1)),
    ];
    let want: BTreeMap<String, Option<u64>> = want.map(|(name, number)| (name.to_owned(), number)).into();
    assert_eq!(established(&report), want);
    let dumps: Vec<_> = report.nodes[0].capture.snapshots.iter().map(|dump| (dump.rows, dump.repeated)).collect();
    assert_eq!(dumps, [(8, 1), (0, 0)]);
}

#[test]
fn a_socket_s_owner_quotes_its_line() {
    let report = story("snapshots");
    let agent = row(&report.nodes[0], "node-agent-hq7zt");
    let edge = agent.evidence.iter().find(|edge| edge.edge == "netstat-pod").expect("the edge of the socket");
    assert_eq!(edge.from, "pid:9950");
    // The dump from within the container names it PID 1, the one of the node its own PID: that one tells.
    assert!(edge.places[0].text.contains("9950/node-agent"), "{:?}", edge.places);
}

#[test]
fn two_nodes_share_lists_and_nothing_else() {
    let report = story("two-nodes");
    let names: Vec<_> = report.nodes.iter().map(|node| node.node.name.as_deref().unwrap()).collect();
    assert_eq!(names, ["aks-np1-11112222-vmss000000", "aks-np1-11112222-vmss000001"]);
    // The same namespace number and PIDs on both, another pod behind them.
    assert_eq!(report.nodes[0].ranking[0].owner.netns, report.nodes[1].ranking[0].owner.netns);
    assert_ne!(report.nodes[0].ranking[0].owner.pod, report.nodes[1].ranking[0].owner.pod);
    for input in &report.inputs {
        let own = input.entry.starts_with("node-");
        assert_eq!(input.node.is_some(), own, "{}", input.entry);
    }
    let mut options = Options::default();
    for asked in ["aks-np1-11112222-vmss000001", "10.240.0.5"] {
        options.node = Some(asked.to_owned());
        let source = Source::Path(fixtures::fixture("bundles/two-nodes/bundle"));
        let one = Analysis::of(vec![source], &options).unwrap();
        assert_eq!((one.nodes.len(), one.nodes[0].node.internal_ip.as_deref()), (1, Some("10.240.0.5")));
    }
    options.node = Some("nobody".to_owned());
    let source = Source::Path(fixtures::fixture("bundles/two-nodes/bundle"));
    let error = Analysis::of(vec![source], &options).expect_err("no such node").to_string();
    assert!(error.contains("nobody") && error.contains("10.240.0.4"), "{error}");
}

#[test]
fn the_same_events_under_other_flags_count_once() {
    let report = story("same-events");
    let capture = &report.nodes[0].capture;
    assert_eq!((capture.runs, capture.same_events.len(), capture.connects_public), (2, 1, Some(53)));
    assert_eq!(&*capture.same_events[0].left_out.entry, "tcptracer-t4v.log");
}

#[test]
fn a_nested_namespace_belongs_to_the_pod_around_it() {
    let report = story("nested-namespace");
    let runner = row(&report.nodes[0], "runner-0");
    assert_eq!(runner.owner.netns, [4026532800, 4026532810, 4026532820]);
    assert_eq!(runner.owner.addrs, ["10.244.1.60", "172.17.0.2", "172.18.0.2"]);
}

#[test]
fn every_join_says_what_it_lost_and_every_step_has_a_place() {
    for (name, folder) in fixtures::bundles().unwrap() {
        let report = report(&folder.join("bundle"));
        for node in &report.nodes {
            assert!(!node.capture.joins.is_empty(), "{name}");
            for join in &node.capture.joins {
                assert_eq!(join.matched + join.unmatched, join.left, "{name}: {}", join.join);
            }
            let connects: u64 = node.ranking.iter().flat_map(|row| &row.destinations).map(|dest| dest.connects).sum();
            assert_eq!(
                connects,
                node.capture.connects_by_class.values().sum::<u64>(),
                "{name}: connects without an owner"
            );
            for row in &node.ranking {
                if row.owner.kind == OwnerKind::Pod {
                    let pod =
                        format!("{}/{}", row.owner.namespace.as_deref().unwrap(), row.owner.pod.as_deref().unwrap());
                    assert!(
                        row.evidence.iter().any(|edge| edge.to == format!("pod:{pod}")),
                        "{name}: nothing leads to {pod}"
                    );
                }
                for edge in &row.evidence {
                    assert!(!edge.places.is_empty(), "{name}: {} rests on nothing", edge.edge);
                }
            }
        }
        for input in &report.inputs {
            assert_eq!(
                input.data + input.continuation + input.skipped + input.rejected,
                input.lines,
                "{name}: {}",
                input.entry
            );
        }
    }
}
