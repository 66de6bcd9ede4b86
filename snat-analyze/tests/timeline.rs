//! Ports over time, the window that is measured, doubles of a mesh, gaps: the ledger as the report shows it.

#![expect(clippy::unwrap_used, reason = "a test")]

use snat_analyze::report::{Capture, NodeReport, SeriesKind};
use snat_analyze::timeline::{Detail, TimelineReport};
use snat_analyze::{Analysis, Options, Quiet, Source};

fn node(sources: Vec<Source>, options: &Options) -> NodeReport {
    let mut report = Analysis::of(sources, options).unwrap();
    assert_eq!(report.nodes.len(), 1);
    report.nodes.remove(0)
}

fn late(options: &Options) -> NodeReport {
    node(vec![Source::from(fixtures::fixture("captures/node-late.tar.gz").as_path())], options)
}

/// `time (s) type pid comm saddr daddr sport dport`.
type Row = (f64, &'static str, u32, &'static str, &'static str, &'static str, u16, u16);

/// Rows in the layout of `-tv`.
fn log(rows: &[Row]) -> String {
    let rows = rows.iter().map(|(time, kind, pid, comm, saddr, daddr, sport, dport)| {
        let time = (time * 1e9) as i64;
        format!("{time} {kind} {pid} {comm} 4 {saddr} {daddr} {sport} {dport} 4026533100\n")
    });
    rows.collect()
}

fn of_log(text: &str, options: &Options) -> NodeReport {
    node(vec![Source::texts("case", [("log", text)])], options)
}

#[test]
fn owners_add_up_to_their_destination_in_every_bucket() {
    let bundle = fixtures::fixture("captures/node-late.tar.gz");
    let report = TimelineReport::of(vec![Source::from(bundle.as_path())], &Options::default(), &mut Quiet).unwrap();
    let run = &report.nodes[0].timeline.as_ref().unwrap().runs[0];
    assert_eq!((run.bucket_s, run.buckets, run.series.len()), (1.0, 69, 9));
    for series in &run.series {
        assert_eq!((series.held.len(), series.open.len()), (69, 69));
        for (at, held) in series.held.iter().enumerate() {
            let owners: u32 = series.owners.iter().map(|owner| owner.held[at]).sum();
            assert_eq!(owners, *held, "{series:?} at {at}");
        }
        assert_eq!(series.held.iter().copied().max(), Some(u32::try_from(series.ports_peak).unwrap()));
    }
    let fullest = run.series.iter().find(|series| series.kind == SeriesKind::Destination).unwrap();
    assert_eq!((fullest.addr.as_deref(), fullest.port, fullest.ports_peak), (Some("198.51.100.7"), Some(8443), 520));
    let most = |at: usize| fullest.owners[at].held.iter().max().copied();
    assert_eq!((most(0), most(1)), (Some(500), Some(20)), "as the truth of the capture says");
}

#[test]
fn a_report_has_a_coarse_timeline() {
    let brief = late(&Options::default()).timeline.unwrap();
    let run = &brief.runs[0];
    assert_eq!((run.bucket_s, run.buckets, run.destinations_not_shown), (5.0, 14, 3));
    assert_eq!(run.series.iter().filter(|series| series.kind == SeriesKind::Destination).count(), 4);
    let mut options = Options::default();
    options.timeline = Detail { destinations: 1, buckets: 1 };
    let least = late(&options).timeline.unwrap();
    assert_eq!(least.runs[0].buckets, 1);
    assert_eq!(least.runs[0].series.last().unwrap().held, [520]);
}

#[test]
fn only_the_window_is_counted_and_what_was_opened_before_is_known() {
    let mut options = Options::default();
    (options.since_s, options.until_s) = (Some(20.0), Some(40.0));
    let (whole, part) = (late(&Options::default()).capture, late(&options));
    assert_eq!(part.capture.events + part.capture.events_outside, whole.events);
    assert_eq!((part.capture.events, part.capture.duration_s), (397, Some(20.0)));
    assert_eq!((part.capture.since_s, part.capture.until_s), (Some(20.0), Some(40.0)));
    let row = |pod: &str| part.ranking.iter().find(|row| row.owner.pod.as_deref() == Some(pod)).unwrap();
    let standing = row("payments-api-7d9c6b8f5d-x2k4p");
    assert_eq!((standing.connects_public, standing.ports_peak), (Some(0), Some(300)), "opened before");
    let dest = &standing.destinations.iter().find(|dest| dest.addr == "20.60.10.4").unwrap();
    assert_eq!((dest.connects, dest.ports_peak, dest.first.line > 0), (0, Some(300), true));
    // No row in it.
    (options.since_s, options.until_s) = (Some(1e6), None);
    let nothing = late(&options);
    assert_eq!((nothing.capture.events, nothing.capture.events_outside), (0, whole.events));
}

#[test]
fn the_window_of_a_log_without_time_changes_nothing() {
    let text = "connect 77 curl 4 10.244.3.9 20.51.14.8 40114 443 4026533011\n";
    let mut options = Options::default();
    options.since_s = Some(5.0);
    let node = of_log(text, &options);
    assert_eq!((node.capture.events, node.capture.events_outside, node.timeline), (1, 0, None));
}

fn mesh_flows(capture: &Capture) -> (u64, u64) {
    let flows = capture.flows.as_ref().unwrap();
    (flows.mesh_doubles, flows.mesh_doubles_suspected)
}

#[test]
fn a_connect_that_a_proxy_makes_again_takes_one_port() {
    let folder = fixtures::fixture("bundles/mesh/bundle");
    let known = node(vec![Source::from(folder.as_path())], &Options::default());
    let peak = |node: &NodeReport, addr: &str| {
        node.destinations.iter().find(|dest| dest.addr == addr).map(|dest| (dest.connects, dest.ports_peak))
    };
    assert_eq!(mesh_flows(&known.capture), (10, 0));
    assert_eq!(peak(&known, "20.60.10.4"), Some((24, Some(14))), "connects stay, ten ports go");
    assert_eq!(peak(&known, "20.50.7.9"), Some((3, Some(3))), "what the proxy does not make again stays");
    // Without the process list the thread's name is all there is: nothing leaves the ledger.
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let files = ["tcptracer.log", "kubectl-pods.txt", "kubectl-nodes.txt"];
    let guessed = node(vec![Source::texts("b", files.map(|name| (name, text(name))))], &Options::default());
    assert_eq!(mesh_flows(&guessed.capture), (0, 10));
    assert_eq!(peak(&guessed, "20.60.10.4"), Some((24, Some(24))));
    // Another name for the process: the same, whatever the thread is called.
    let mut texts = files.map(|name| (name, text(name))).to_vec();
    texts.push(("pstree.txt", text("pstree-apl.txt").replace("envoy,9120", "server,9120")));
    assert_eq!(mesh_flows(&node(vec![Source::texts("b", texts)], &Options::default()).capture), (0, 10));
}

#[test]
fn a_proxy_is_known_by_its_user() {
    // The libbpf tool prints no namespace: one local address is one pod.
    let text = "TIME(s)  UID   T PID    COMM         IP SADDR            DADDR            SPORT DPORT\n\
        0.000    1000  C 90     checkout     4  10.244.3.20      20.60.10.4       41000 443\n\
        0.003    1337  C 91     proxy        4  10.244.3.20      20.60.10.4       51000 443\n";
    let node = of_log(text, &Options::default());
    assert_eq!((node.capture.events, mesh_flows(&node.capture)), (2, (1, 0)));
    assert_eq!(node.destinations[0].ports_peak, Some(1));
}

#[test]
fn a_gap_is_said_and_a_quiet_node_has_none() {
    let at = |times: &[f64]| {
        let rows: Vec<_> = (0..)
            .zip(times)
            .map(|(port, time)| (*time, "connect", 90, "curl", "10.244.3.20", "20.60.10.4", 40_000 + port, 443))
            .collect();
        of_log(&log(&rows), &Options::default()).capture.gaps
    };
    let busy = |from: f64| (0..100).map(move |at| from + f64::from(at) * 0.1);
    let gaps = at(&busy(0.0).chain(busy(9_000.0)).collect::<Vec<f64>>());
    assert_eq!(gaps.iter().map(|gap| (gap.seconds, gap.until.line)).collect::<Vec<_>>(), [(8990.1, 101)]);
    assert_eq!(at(&[0.0, 100.0, 230.0, 290.0]).len(), 0, "seldom is not a gap");
}

#[test]
fn a_connection_older_than_the_idle_time_may_hold_nothing() {
    let text = log(&[
        (0.0, "connect", 90, "curl", "10.244.3.20", "20.60.10.4", 40_000, 443),
        (100.0, "connect", 90, "curl", "10.244.3.20", "20.60.10.4", 40_001, 443),
        (130.0, "connect", 90, "curl", "10.244.3.20", "20.60.10.5", 40_002, 443),
    ]);
    let mut options = Options::default();
    options.overrides.idle_s = Some(60.0);
    let node = of_log(&text, &options);
    let dest = &node.destinations[0];
    assert_eq!((dest.open_at_end, dest.open_past_idle, dest.ports_peak), (Some(2), Some(1), Some(2)));
    let flows = node.capture.flows.unwrap();
    assert_eq!((flows.open_at_end, flows.open_past_idle, node.allocation.idle_s), (3, 1, Some(60.0)));
}
