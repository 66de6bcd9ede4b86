//! The verdict from bundle to report: a simulated NAT that refuses, a node that was not short, and captures that cannot tell.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fmt::Write;

use snat_analyze::report::{Missing, NodeReport, Reason, State, Strength};
use snat_analyze::{Analysis, Options, Profile, Source};

const PODS: &str = "\
NAMESPACE   NAME                   READY   STATUS    RESTARTS   AGE   IP           NODE          NOMINATED NODE   READINESS GATES
payments    payments-api-0         1/1     Running   0          6h    10.244.3.9   aks-np1-000   <none>           <none>
web         frontend-0             1/1     Running   0          6h    10.244.3.7   aks-np1-000   <none>           <none>
";

fn nodes(count: usize) -> String {
    let mut text = "NAME          STATUS   ROLES   AGE   VERSION   INTERNAL-IP   EXTERNAL-IP   OS-IMAGE             KERNEL-VERSION      CONTAINER-RUNTIME\n".to_owned();
    for at in 0..count {
        let name = format!("aks-np1-{at:03}");
        writeln!(
            text,
            "{name:<13} Ready    agent   41d   v1.30.4   {:<13} <none>        Ubuntu 22.04.5 LTS   5.15.0-1075-azure   containerd://1.7.22-1",
            format!("10.240.0.{}", at + 4)
        )
        .unwrap();
    }
    text
}

/// Rows of the log, made in any order.
#[derive(Default)]
struct Log(Vec<(i64, String)>);

impl Log {
    fn row(&mut self, seconds: f64, kind: &str, saddr: &str, sport: u16, daddr: &str) {
        let time = (seconds * 1e9) as i64;
        let ip = if daddr.contains(':') { 6 } else { 4 };
        let netns = 4_026_533_000 + saddr.len() as u64;
        self.0.push((time, format!("{time} {kind} 77 app {ip} {saddr} {daddr} {sport} 443 {netns}")));
    }

    fn text(mut self) -> String {
        self.0.sort();
        self.0.into_iter().map(|(_, row)| row + "\n").collect()
    }
}

/// Connects at `rate` a second from one pod to one destination, each closed after 0.3 s, through a NAT with so many ports
/// that holds each for 240 s: what is refused is not in the log. A few other destinations are called all the time.
fn through_a_nat(rate: f64, ports: usize, seconds: f64) -> Log {
    let mut log = Log::default();
    let mut frees: std::collections::VecDeque<f64> = Default::default();
    for at in 0..(rate * seconds) as usize {
        let time = at as f64 / rate;
        while frees.front().is_some_and(|free| *free <= time) {
            frees.pop_front();
        }
        if frees.len() < ports {
            frees.push_back(time + 0.3 + 240.0);
            let sport = 20_000 + (at % 40_000) as u16;
            log.row(time, "connect", "10.244.3.9", sport, "20.60.10.4");
            log.row(time + 0.3, "close", "10.244.3.9", sport, "20.60.10.4");
        }
    }
    for at in 0..(seconds / 10.0) as usize {
        for dest in 0..5_u16 {
            let (time, sport) = (at as f64 * 10.0 + 0.01 * f64::from(dest), 1_024 + at as u16 * 5 + dest);
            log.row(time, "connect", "10.244.3.7", sport, &format!("20.61.0.{dest}"));
            log.row(time + 0.2, "close", "10.244.3.7", sport, &format!("20.61.0.{dest}"));
        }
    }
    log
}

const TITLE: &str = "Active Internet connections (servers and established)\n\
    Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name     Timer\n";

/// A dump with a listening socket, and so many connects that hang and were sent again.
fn netstat(local: &str, hanging: u16, remote: &str, more: &str) -> String {
    let mut text = format!(
        "{TITLE}tcp        0      0 {local}:8080        0.0.0.0:*               LISTEN      77/app               off (0.00/0/0)\n{more}"
    );
    for at in 0..hanging {
        writeln!(
            text,
            "tcp        0      1 {local}:{:<8} {remote:<23} SYN_SENT    77/app               on (1.02/2/0)",
            60_000 + at
        )
        .unwrap();
    }
    text
}

fn report(files: &[(&str, String)]) -> NodeReport {
    report_by(files, |_| {})
}

fn report_by(files: &[(&str, String)], with: impl Fn(&mut Options)) -> NodeReport {
    let texts: Vec<(&str, String)> = files.iter().map(|(name, text)| (*name, text.clone())).collect();
    let mut options = Options::default();
    with(&mut options);
    Analysis::of(vec![Source::texts("case", texts)], &options).unwrap().nodes.remove(0)
}

fn codes(node: &NodeReport) -> Vec<&str> {
    node.findings.iter().map(|found| found.code.as_str()).collect()
}

#[test]
fn a_nat_that_refuses_is_seen_by_its_ceiling_and_what_hangs() {
    for rate in [5.0, 10.0, 20.0] {
        let node = report(&[
            ("tcptracer.log", through_a_nat(rate, 1_024, 600.0).text()),
            ("pods.txt", PODS.to_owned()),
            ("nodes.txt", nodes(23)),
            ("netstat-payments_payments-api-0.txt", netstat("10.244.3.9", 61, "20.60.10.4:443", "")),
        ]);
        let verdict = &node.verdict[0];
        assert_eq!(
            (verdict.state, verdict.reason, verdict.confidence, verdict.row),
            (State::Exhausted, Reason::CeilingAndFailures, Strength::High, 4),
            "{rate}: {verdict:?}"
        );
        let numbers = &verdict.numbers;
        assert_eq!((numbers.ports, numbers.ports_known, numbers.hang_resent), (Some(1_024), true, 61));
        assert!((1_014..=1_026).contains(&numbers.held), "{rate}: {numbers:?}");
        let first = &node.ranking[0];
        assert_eq!((first.owner.pod.as_deref(), first.hang), (Some("payments-api-0"), Some(61)));
    }
}

#[test]
fn without_what_fails_a_ceiling_is_strong_and_below_it_is_never_exhausted() {
    let of = |rate: f64, seconds: f64| {
        let log = through_a_nat(rate, 1_024, seconds).text();
        report(&[("tcptracer.log", log), ("pods.txt", PODS.to_owned()), ("nodes.txt", nodes(23))]).verdict[0].clone()
    };
    // 3 a second settle at 720 ports: no lack of any.
    let low = of(3.0, 600.0);
    assert_eq!((low.state, low.row), (State::CannotTell, 11), "{low:?}");
    for seconds in [60.0, 180.0, 300.0, 600.0] {
        for rate in [5.0, 10.0, 20.0] {
            let found = of(rate, seconds);
            assert_ne!(found.state, State::NotByThisNode, "{rate} for {seconds}: {found:?}");
            assert!(found.state != State::Exhausted || found.numbers.held >= 993, "{rate} for {seconds}: {found:?}");
        }
    }
}

/// A node with little demand, IPv6 rows, and everything that a no needs.
fn quiet(rounds: usize, dual: bool, seconds: f64) -> NodeReport {
    quiet_among(23, rounds, dual, seconds)
}

fn quiet_among(count: usize, rounds: usize, dual: bool, seconds: f64) -> NodeReport {
    let mut log = through_a_nat(0.4, 1_024, seconds);
    if dual {
        log.row(1.0, "connect", "fd00::9", 40_000, "2603:1030::1");
    }
    let standing = "tcp        0      0 10.240.0.4:39000        20.70.1.1:443           ESTABLISHED 900/kubelet          off (0.00/0/0)\n";
    let mut files = vec![("tcptracer.log", log.text()), ("pods.txt", PODS.to_owned()), ("nodes.txt", nodes(count))];
    let names = [
        ["n1/host.txt", "n1/netstat-payments_payments-api-0.txt", "n1/netstat-web_frontend-0.txt"],
        ["n2/host.txt", "n2/netstat-payments_payments-api-0.txt", "n2/netstat-web_frontend-0.txt"],
    ];
    for (round, [host, api, web]) in names.into_iter().enumerate().take(rounds) {
        // Something differs between two looks; what hangs goes to a peer that nobody reached.
        let other = |local: &str| {
            let port = 50_000 + round;
            format!(
                "tcp        0      0 {local}:{port}        10.0.5.20:5432          ESTABLISHED 77/app               off (0.00/0/0)\n"
            )
        };
        files.push((host, netstat("10.240.0.4", 0, "", &(standing.to_owned() + &other("10.240.0.4")))));
        files.push((api, netstat("10.244.3.9", 38, "52.168.12.7:5671", &other("10.244.3.9"))));
        files.push((web, netstat("10.244.3.7", 0, "", &other("10.244.3.7"))));
    }
    report(&files)
}

#[test]
fn a_no_needs_a_full_hold_both_families_and_two_looks_at_every_place() {
    let node = quiet(2, true, 604.0);
    let verdict = &node.verdict[0];
    assert_eq!((verdict.state, verdict.row), (State::NotByThisNode, 10), "{verdict:?}\n{:?}", node.cannot_know);
    assert!(verdict.numbers.held_most < 200);
    // 60 nodes behind one address have 512 each, behind more addresses more: no all the same.
    let among = quiet_among(60, 2, true, 604.0);
    let numbers = &among.verdict[0].numbers;
    assert_eq!((among.verdict[0].state, numbers.ports), (State::NotByThisNode, Some(512)), "{:?}", among.verdict[0]);
    assert_eq!((numbers.ports_known, numbers.same_up_to_nodes), (false, Some(200)));
    assert!(codes(&among).contains(&"unreachable-peer") && among.remedies.is_empty(), "{:?}", codes(&among));
    let missing = |node: &NodeReport| node.cannot_know.iter().map(|row| row.code).collect::<Vec<_>>();
    for (node, what) in [
        (quiet(1, true, 604.0), Missing::SnapshotCover),
        (quiet(2, false, 604.0), Missing::DualStack),
        (quiet(2, true, 200.0), Missing::FullHold),
    ] {
        assert_eq!(node.verdict[0].state, State::CannotTell, "{what:?}: {:?}", node.verdict[0]);
        let found = missing(&node);
        assert!(
            found.contains(&what) || (what == Missing::SnapshotCover && found.contains(&Missing::FailedConnects)),
            "{what:?}: {found:?}"
        );
    }
}

/// Snapshots of the pod alone, one for each list of (remote, state, local port as printed).
fn looks(rounds: &[&[(&str, &str, &str)]]) -> NodeReport {
    let names = ["n1/netstat-payments_payments-api-0.txt", "n2/netstat-payments_payments-api-0.txt"];
    let files = names.into_iter().zip(rounds).map(|(name, rows)| {
        let row = |(remote, state, port): &(&str, &str, &str)| {
            format!(
                "tcp        0      1 10.244.3.9:{port:<8} {remote:<23} {state:<11} 77/app               on (1.02/0/0)\n"
            )
        };
        (name, netstat("10.244.3.9", 0, "", &rows.iter().map(row).collect::<String>()))
    });
    let mut files: Vec<(&str, String)> = files.collect();
    files.extend([("pods.txt", PODS.to_owned()), ("nodes.txt", nodes(23))]);
    report(&files)
}

#[test]
fn two_looks_are_two_times_and_a_socket_in_both_is_one() {
    let (remote, open, sent) = ("20.60.10.4:443", "ESTABLISHED", "SYN_SENT");
    let numbers = |rounds: &[&[(&str, &str, &str)]]| {
        let numbers = looks(rounds).verdict[0].numbers.clone();
        (numbers.held, numbers.hang, numbers.hang_resent)
    };
    // Other sockets at another time are not open at once.
    let first = [(remote, open, "40001"), (remote, open, "40002"), (remote, sent, "50001"), (remote, sent, "50002")];
    let second = [(remote, open, "40003"), (remote, open, "40004"), (remote, sent, "50001"), (remote, sent, "50003")];
    assert_eq!(numbers(&[&first, &second]), (2, 2, 1), "one hangs in both");
    assert_eq!(numbers(&[&first, &first]), (2, 2, 0), "a copy is no second look");
    // Rows that nothing tells apart are counted by their number, and are nobody's in another dump.
    let masked = [(remote, open, "40xxx"), (remote, open, "40xxx"), (remote, sent, "5xxxx"), (remote, sent, "5xxxx")];
    let later = [masked[0], masked[2], masked[3], (remote, sent, "5xxxx")];
    assert_eq!(numbers(&[&masked, &later]), (2, 3, 0));
}

#[test]
fn both_captures_cannot_tell_and_name_who_settles_highest() {
    for (bundle, plateau) in [("node-late", 1_700.0..1_900.0), ("node-mid", 1_740.0..1_746.0)] {
        let Some(path) = fixtures::shared(&format!("captures/{bundle}")) else { return };
        let node = Analysis::of(vec![Source::from(path.as_path())], &Options::default()).unwrap().nodes.remove(0);
        let verdict = &node.verdict[0];
        assert_eq!((verdict.state, verdict.row), (State::CannotTell, 11), "{bundle}: {verdict:?}");
        assert_eq!(verdict.numbers.destination.as_deref(), Some("198.51.100.7:8443"), "{bundle}");
        assert!(verdict.numbers.plateau.is_some_and(|found| plateau.contains(&found)), "{bundle}: {verdict:?}");
        assert_eq!(node.ranking[0].owner.workload.as_deref(), Some("orders-worker"), "{bundle}");
        let first: Vec<Missing> = node.cannot_know.iter().map(|row| row.code).take(2).collect();
        assert_eq!(first, [Missing::FailedConnects, Missing::FullHold], "{bundle}");
    }
}

#[test]
fn no_node_has_ports_of_its_own_behind_a_gateway() {
    let files = [("tcptracer.log", through_a_nat(10.0, 60_000, 300.0).text()), ("pods.txt", PODS.to_owned())];
    let node = report_by(&files, |options| options.profile = Profile::named("aws-natgw").unwrap());
    let verdict = &node.verdict[0];
    assert_eq!((verdict.state, verdict.reason, verdict.row), (State::CannotTell, Reason::SharedPorts, 1));
    assert!(!codes(&node).contains(&"at-risk"), "{:?}", codes(&node));
    // What would give the node more ports is of no use where it has none of its own.
    let remedies: Vec<&str> = node.remedies.iter().map(|remedy| remedy.code.as_str()).collect();
    assert!(remedies.contains(&"reuse") && !remedies.contains(&"more-ports"), "{remedies:?}");
    assert!(node.cannot_know[0].capture.starts_with("metric ErrorPortAllocation"), "{:?}", node.cannot_know[0]);
}

#[test]
fn more_than_there_is_disproves_the_number_and_names_the_hold_that_fits() {
    // 10 a second with a hold of 240 s would be 2,400: with 1,024 ports a hold of 102 s fits.
    let files = |log: Log| vec![("tcptracer.log", log.text()), ("pods.txt", PODS.to_owned()), ("nodes.txt", nodes(23))];
    let node = report(&files(through_a_nat(10.0, 60_000, 400.0)));
    let verdict = &node.verdict[0];
    assert_eq!((verdict.state, verdict.reason), (State::CannotTell, Reason::AllocationDisproved), "{verdict:?}");
    let found = node.findings.iter().find(|found| found.code == "allocation-disproved").unwrap();
    assert!(found.detail.contains("The longest hold that fits these ports is about 102 s"), "{}", found.detail);
    // Open at once, whatever the hold.
    let mut log = Log::default();
    for at in 0..1_100_u16 {
        log.row(f64::from(at) * 0.1, "connect", "10.244.3.9", 20_000 + at, "20.60.10.4");
    }
    let node = report(&files(log));
    let verdict = &node.verdict[0];
    assert_eq!((verdict.reason, verdict.confidence), (Reason::AllocationDisproved, Strength::Confirmed));
    assert_eq!(verdict.measured_allocation_at_least, Some(1_100));
    assert!(codes(&node).contains(&"standing-stock"), "{:?}", codes(&node));
}

#[test]
fn where_others_fail_too_it_is_the_path() {
    // The hot destination stands at its limit; nothing else is reached, and three others hang.
    let mut log = Log::default();
    for at in 0..1_000_u16 {
        log.row(f64::from(at) * 0.3, "connect", "10.244.3.9", 20_000 + at, "20.60.10.4");
    }
    let hang =
        |remote: &str, from: u16| (0..6_u16).map(|at| hanging("10.244.3.9", from + at, remote)).collect::<String>();
    let others: String = (1..=3_u16).map(|at| hang(&format!("20.7{at}.1.1:443"), 61_000 + at * 100)).collect();
    let node = report(&[
        ("tcptracer.log", log.text()),
        ("pods.txt", PODS.to_owned()),
        ("nodes.txt", nodes(23)),
        ("netstat-payments_payments-api-0.txt", netstat("10.244.3.9", 9, "20.60.10.4:443", &others)),
    ]);
    let verdict = &node.verdict[0];
    assert_eq!((verdict.state, verdict.reason, verdict.row), (State::CannotTell, Reason::EgressPath, 5), "{verdict:?}");
    assert_eq!(codes(&node).first(), Some(&"egress-fails"), "{:?}", codes(&node));
}

/// One row of a connect that was sent again.
fn hanging(local: &str, port: u16, remote: &str) -> String {
    format!("tcp        0      1 {local}:{port:<8} {remote:<23} SYN_SENT    77/app               on (1.02/2/0)\n")
}

#[test]
fn near_the_limit_and_on_the_way_to_it_are_at_risk() {
    let of = |rate: f64, seconds: f64| {
        let log = through_a_nat(rate, 1_024, seconds).text();
        report(&[("tcptracer.log", log), ("pods.txt", PODS.to_owned()), ("nodes.txt", nodes(23))])
    };
    let near = of(3.7, 600.0);
    assert_eq!((near.verdict[0].state, near.verdict[0].row), (State::AtRisk, 7), "{:?}", near.verdict[0]);
    let rising = of(3.9, 150.0);
    assert_eq!((rising.verdict[0].state, rising.verdict[0].row), (State::AtRisk, 8), "{:?}", rising.verdict[0]);
    for node in [near, rising] {
        assert!(codes(&node).contains(&"at-risk"), "{:?}", codes(&node));
        assert!(node.phone_test.as_ref().is_some_and(|test| test.command.contains("/dev/tcp/20.60.10.4/443")));
        let offer = node.remedies.iter().find(|remedy| remedy.code == "more-ports").unwrap();
        assert!(offer.what.starts_with("2,048 ports for each node: that fits 1 outbound address"), "{}", offer.what);
    }
}

#[test]
fn what_hangs_while_ports_are_left_is_no_lack_of_ports() {
    let node = report(&[
        ("tcptracer.log", through_a_nat(0.4, 1_024, 604.0).text()),
        ("pods.txt", PODS.to_owned()),
        ("nodes.txt", nodes(23)),
        ("netstat-payments_payments-api-0.txt", netstat("10.244.3.9", 7, "20.60.10.4:443", "")),
    ]);
    let verdict = &node.verdict[0];
    assert_eq!((verdict.state, verdict.reason, verdict.row), (State::CannotTell, Reason::FailuresWithoutDemand, 9));
    assert!(codes(&node).contains(&"failures-without-demand") && codes(&node).contains(&"hanging-connects"));
    assert!(!codes(&node).contains(&"exhausted"));
}

#[test]
fn other_rules_are_kept_side_by_side_and_change_nothing() {
    let files = [
        ("tcptracer.log", through_a_nat(10.0, 60_000, 300.0).text()),
        ("pods.txt", PODS.to_owned()),
        ("nodes.txt", nodes(23)),
    ];
    let plain = report(&files);
    let mut node = report_by(&files, |options| {
        options.what_if =
            ["azure-natgw", "gcp-nat", "linux-masquerade"].map(|name| Profile::named(name).unwrap()).to_vec();
    });
    let rows = std::mem::take(&mut node.what_if);
    assert_eq!(node, plain);
    let held: Vec<(&str, Option<u64>, Option<u64>)> =
        rows.iter().map(|row| (row.profile.as_str(), row.ports, row.held)).collect();
    // 10 a second, each open for 0.3 s: 10 × (hold + 0.3), and the one that opens.
    let [gateway, google, linux] = held[..] else { panic!("{held:?}") };
    assert_eq!((gateway.0, gateway.1), ("azure-natgw", None));
    assert!((650..=655).contains(&gateway.2.unwrap()), "{held:?}");
    assert_eq!((google.0, google.1), ("gcp-nat", Some(64)));
    assert!((1_200..=1_206).contains(&google.2.unwrap()) && linux.2 == google.2, "{held:?}");
}

#[test]
fn nobody_is_called_where_too_much_is_nobodys() {
    // The pod list lacks the pod that connects.
    let pods =
        PODS.lines().filter(|line| !line.starts_with("payments")).fold(String::new(), |all, line| all + line + "\n");
    let node = report(&[
        ("tcptracer.log", through_a_nat(5.0, 1_024, 600.0).text()),
        ("pods.txt", pods),
        ("nodes.txt", nodes(23)),
    ]);
    let call = node.call.as_ref().unwrap();
    assert_eq!((&call.owner, call.pods), (&None, 0), "{call:?}");
    assert!(call.unknown_held >= 1_000, "{call:?}");
    assert!(codes(&node).contains(&"host-or-unknown"), "{:?}", codes(&node));
    let known = report(&[
        ("tcptracer.log", through_a_nat(5.0, 1_024, 600.0).text()),
        ("pods.txt", PODS.to_owned()),
        ("nodes.txt", nodes(23)),
    ]);
    let call = known.call.as_ref().unwrap();
    assert_eq!(call.workload.as_deref(), Some("payments/payments-api"));
    assert_eq!((call.pods, call.unknown_held, call.held), (1, 0, call.of));
}

#[test]
fn waves_are_seen_where_a_nat_refuses_and_not_where_demand_is_steady() {
    let of = |ports: usize, rate: f64| {
        let log = through_a_nat(rate, ports, 600.0).text();
        report(&[("tcptracer.log", log), ("pods.txt", PODS.to_owned()), ("nodes.txt", nodes(23))])
    };
    assert!(codes(&of(1_024, 10.0)).contains(&"waves"));
    assert!(!codes(&of(60_000, 4.2)).contains(&"waves"), "steady, and nearly as many as there are ports");
}
