//! Public cases of SNAT trouble, told again as small captures: what the report has to say of each, and what it must not.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::VecDeque;
use std::fmt::Write;

use snat_analyze::report::{Missing, NodeReport, Reason, Severity, State, Strength, When};
use snat_analyze::{Analysis, Options, Profile, Source};

const NODE: &str = "10.240.0.4";
/// A pod that calls a few destinations all the time.
const WEB: &str = "web/frontend-0";
const WEB_IP: &str = "10.244.3.7";
/// Destinations of it.
const OTHERS: u16 = 5;

/// A capture of one node, as it grows.
#[derive(Default)]
struct Story {
    rows: Vec<(i64, String)>,
    pods: Vec<(String, String)>,
    files: Vec<(String, String)>,
    options: Options,
}

impl Story {
    /// A node with one pod, in a pool of so many nodes; the last of them is as old as that.
    fn of(nodes: usize, youngest: &str) -> Self {
        let mut text = "NAME          STATUS   ROLES   AGE   VERSION   INTERNAL-IP   EXTERNAL-IP   OS-IMAGE             KERNEL-VERSION      CONTAINER-RUNTIME\n".to_owned();
        for at in 0..nodes {
            let age = if at + 1 == nodes { youngest } else { "41d" };
            writeln!(
                text,
                "{:<13} Ready    agent   {age:<5} v1.30.4   {:<13} <none>        Ubuntu 22.04.5 LTS   5.15.0-1075-azure   containerd://1.7.22-1",
                format!("aks-np1-{at:03}"),
                format!("10.240.0.{}", at + 4),
            )
            .unwrap();
        }
        let mut story = Self { files: vec![("nodes.txt".to_owned(), text)], ..Self::default() };
        story.pod(WEB, WEB_IP);
        story
    }

    fn pod(&mut self, name: &str, ip: &str) {
        self.pods.push((name.to_owned(), ip.to_owned()));
    }

    /// A row of the log; each pod has a namespace of its own.
    fn row(&mut self, seconds: f64, kind: &str, ip: &str, sport: u16, to: (&str, u16)) {
        let time = (seconds * 1e9) as i64;
        let family = if to.0.contains(':') { 6 } else { 4 };
        let netns = match self.pods.iter().position(|(_, own)| own == ip) {
            Some(at) => 4_026_533_000 + at,
            None => 4_026_531_840,
        };
        self.rows.push((time, format!("{time} {kind} 77 app {family} {ip} {} {sport} {} {netns}", to.0, to.1)));
    }

    /// A connection that is opened and closed.
    fn flow(&mut self, at_s: f64, life_s: f64, ip: &str, sport: u16, to: (&str, u16)) {
        self.row(at_s, "connect", ip, sport, to);
        self.row(at_s + life_s, "close", ip, sport, to);
    }

    /// Connects at `rate` a second, each open for `life_s`, through a NAT with so many ports that holds each for 240 s
    /// more: what it refuses is not in the log.
    fn churn(&mut self, ip: &str, to: (&str, u16), (rate, life_s): (f64, f64), ports: usize, seconds: f64) {
        let mut frees = VecDeque::new();
        for at in 0..(rate * seconds) as usize {
            let time = at as f64 / rate;
            while frees.front().is_some_and(|free| *free <= time) {
                frees.pop_front();
            }
            if frees.len() < ports {
                frees.push_back(time + life_s + 240.0);
                self.flow(time, life_s, ip, 20_000 + (at % 40_000) as u16, to);
            }
        }
    }

    /// The pod that is always there calls each of its destinations every 10 s.
    fn background(&mut self, seconds: f64) {
        for at in 0..(seconds / 10.0) as u16 {
            for dest in 0..OTHERS {
                let time = f64::from(at) * 10.0 + 0.01 * f64::from(dest);
                self.flow(time, 0.2, WEB_IP, 1_024 + at * OTHERS + dest, (&format!("20.61.0.{dest}"), 443));
            }
        }
    }

    /// A row of an IPv6 socket, to a private address: dual-stack sockets were traced.
    fn dual_stack(&mut self) {
        self.row(1.0, "connect", WEB_IP, 40_000, ("fd00:10:240::20", 443));
    }

    /// A dump of sockets of a place, with one that listens and one to a private address, so that each dump is another
    /// look; then rows of (remote, state, resent), each from a port of its own that is the same in each dump.
    fn sockets(&mut self, round: u16, name: &str, ip: &str, rows: &[(&str, &str, u8)]) {
        let mut text = "Active Internet connections (servers and established)\n\
            Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name     Timer\n"
            .to_owned();
        let mut row = |local: String, remote: &str, state: &str, timer: String| {
            writeln!(text, "tcp        0      0 {local:<23} {remote:<23} {state:<11} 77/app               {timer}")
                .unwrap();
        };
        row(format!("{ip}:8080"), "0.0.0.0:*", "LISTEN", "off (0.00/0/0)".to_owned());
        row(format!("{ip}:{}", 50_000 + round), "10.0.5.20:5432", "ESTABLISHED", "off (0.00/0/0)".to_owned());
        for (at, (remote, state, resent)) in rows.iter().enumerate() {
            let timer =
                if *state == "SYN_SENT" { format!("on (1.02/{resent}/0)") } else { "off (0.00/0/0)".to_owned() };
            row(format!("{ip}:{}", 60_000 + at), remote, state, timer);
        }
        self.files.push((format!("n{round}/netstat-{}.txt", name.replace('/', "_")), text));
    }

    /// Two dumps of the node and of every pod on it, with these rows in that pod.
    fn all_sockets_twice(&mut self, of: &str, rows: &[(&str, &str, u8)]) {
        for round in 1..=2 {
            for (name, ip) in self.pods.clone() {
                self.sockets(round, &name, &ip, if name == of { rows } else { &[] });
            }
            self.sockets(round, "host", NODE, &[]);
        }
    }

    fn told(mut self) -> NodeReport {
        self.rows.sort();
        let log: String = self.rows.into_iter().map(|(_, row)| row + "\n").collect();
        let mut pods = "NAMESPACE   NAME                   READY   STATUS    RESTARTS   AGE   IP           NODE          NOMINATED NODE   READINESS GATES\n".to_owned();
        for (name, ip) in &self.pods {
            let (namespace, name) = name.split_once('/').unwrap();
            writeln!(
                pods,
                "{namespace:<11} {name:<22} 1/1     Running   0          6h    {ip:<12} aks-np1-000   <none>           <none>"
            )
            .unwrap();
        }
        self.files.push(("pods.txt".to_owned(), pods));
        if !log.is_empty() {
            self.files.push(("tcptracer.log".to_owned(), log));
        }
        Analysis::of(vec![Source::texts("case", self.files)], &self.options).unwrap().nodes.remove(0)
    }
}

/// State and reason of IPv4.
fn verdict(node: &NodeReport) -> (State, Reason) {
    (node.verdict[0].state, node.verdict[0].reason)
}

fn severity(node: &NodeReport, code: &str) -> Option<Severity> {
    node.findings.iter().find(|finding| finding.code == code).map(|finding| finding.severity)
}

fn detail<'n>(node: &'n NodeReport, code: &str) -> &'n str {
    node.findings.iter().find(|finding| finding.code == code).map(|finding| finding.detail.as_str()).unwrap_or_default()
}

/// All these findings, and none of those.
#[track_caller]
fn finds(node: &NodeReport, these: &[&str], none: &[&str]) {
    let found: Vec<&str> = node.findings.iter().map(|finding| finding.code.as_str()).collect();
    let lacks: Vec<&&str> = these.iter().filter(|code| !found.contains(code)).collect();
    let extra: Vec<&&str> = none.iter().filter(|code| found.contains(code)).collect();
    assert!(lacks.is_empty() && extra.is_empty(), "lacks {lacks:?}, has {extra:?} of {found:?}");
}

fn when(node: &NodeReport, code: &str) -> Option<When> {
    node.remedies.iter().find(|remedy| remedy.code == code).map(|remedy| remedy.when)
}

fn what<'n>(node: &'n NodeReport, code: &str) -> &'n str {
    node.remedies.iter().find(|remedy| remedy.code == code).map(|remedy| remedy.what.as_str()).unwrap_or_default()
}

/// The workload to call.
fn callee(node: &NodeReport) -> Option<&str> {
    node.call.as_ref()?.workload.as_deref()
}

fn decisive(node: &NodeReport) -> Option<Missing> {
    node.cannot_know.first().map(|row| row.code)
}

/// Azure/AKS#4697: ports at zero after each run of a tool that opens a connection for each query.
#[test]
fn steady_connects_to_a_database_without_a_pool_fill_the_ports() {
    let mut story = Story::of(3, "41d");
    story.pod("tools/atlantis-0", "10.244.3.9");
    story.churn("10.244.3.9", ("20.50.2.7", 5432), (5.0, 0.3), 1_024, 150.0);
    story.background(150.0);
    let node = story.told();
    assert_eq!(verdict(&node), (State::AtRisk, Reason::FillsUp));
    assert!(node.verdict[0].numbers.plateau.is_some_and(|plateau| (1_150.0..1_250.0).contains(&plateau)));
    finds(
        &node,
        &["at-risk", "churn-without-reuse", "one-hot-destination"],
        &["exhausted", "synchronised-bursts", "many-owners-one-address", "standing-stock", "waves"],
    );
    assert_eq!(severity(&node, "churn-without-reuse"), Some(Severity::Warning));
    let told = detail(&node, "churn-without-reuse");
    assert!(told.contains("300 a minute) by tools/atlantis-0") && told.contains("held for 240 s"), "{told}");
    assert_eq!(callee(&node), Some("tools/atlantis"));
    assert_eq!((when(&node, "private-link"), when(&node, "reuse")), (Some(When::ThisWeek), Some(When::ForGood)));
    assert!(what(&node, "private-link").contains("20.50.2.7:5432"));
    assert_eq!(
        (when(&node, "idle-timeout"), when(&node, "restart")),
        (Some(When::DoesNotHelp), Some(When::DoesNotHelp))
    );
}

/// external-secrets/external-secrets#6912: a client for each reconcile, all of them at once, to one key vault.
#[test]
fn a_resync_that_opens_clients_anew_comes_in_bursts() {
    let mut story = Story::of(3, "41d");
    story.pod("eso/external-secrets-0", "10.244.3.9");
    for burst in 0..10_u16 {
        for at in 0..220_u16 {
            let time = f64::from(burst) * 60.0 + f64::from(at) * 0.01;
            story.flow(time, 0.4, "10.244.3.9", 20_000 + burst * 220 + at, ("20.60.10.4", 443));
        }
    }
    story.background(600.0);
    let node = story.told();
    assert_eq!(verdict(&node), (State::AtRisk, Reason::NearTheLimit));
    finds(&node, &["synchronised-bursts", "churn-without-reuse"], &["exhausted", "waves", "standing-stock"]);
    let told = detail(&node, "synchronised-bursts");
    assert!(told.contains("10 bursts") && told.contains("20.60.10.4:443, one every 60 s"), "{told}");
    assert_eq!(callee(&node), Some("eso/external-secrets"));
    assert!(node.call.as_ref().unwrap().life_s.is_some_and(|life| life < 1.0));
    assert_eq!(when(&node, "reuse"), Some(When::ForGood));
}

/// Azure/azure-functions-ux#2597: about 129 requests work, the next hang; the platform gives 128 ports.
#[test]
fn after_128_requests_of_128_ports_the_next_hang() {
    let mut story = Story::of(3, "41d");
    story.pod("apps/functions-0", "10.244.3.9");
    story.churn("10.244.3.9", ("20.60.10.4", 443), (2.0, 0.3), 128, 120.0);
    story.background(120.0);
    story.sockets(1, "apps/functions-0", "10.244.3.9", &[("20.60.10.4:443", "SYN_SENT", 2); 9]);
    story.options.overrides.ports = Some(128);
    let node = story.told();
    assert_eq!(verdict(&node), (State::Exhausted, Reason::CeilingAndFailures));
    let numbers = &node.verdict[0].numbers;
    assert_eq!((numbers.ports, numbers.held, numbers.hang_resent), (Some(128), 128, 9));
    finds(
        &node,
        &["exhausted", "hanging-connects", "churn-without-reuse"],
        &["quota-lower", "unreachable-peer", "failures-without-demand", "egress-fails"],
    );
    assert_eq!(severity(&node, "exhausted"), Some(Severity::Critical));
    assert_eq!(callee(&node), Some("apps/functions"));
    assert_eq!(node.call.as_ref().unwrap().hang, 9);
    assert_eq!((when(&node, "more-ports"), when(&node, "restart")), (Some(When::Now), Some(When::DoesNotHelp)));
}

/// dotnet/runtime#35508: many client pools, each for a name of its own, and all names at one address.
#[test]
fn many_small_pools_meet_at_one_address() {
    let mut story = Story::of(50, "41d");
    for at in 0..40_u16 {
        let ip = format!("10.244.4.{at}");
        story.pod(&format!("shops/shop{at:02}-0"), &ip);
        for turn in 0..52_u16 {
            let time = f64::from(turn) * 11.5 + f64::from(at) * 0.28;
            story.flow(time, 5.0, &ip, 20_000 + turn, ("23.227.38.74", 443));
        }
    }
    story.background(600.0);
    let node = story.told();
    assert_eq!(verdict(&node), (State::AtRisk, Reason::NearTheLimit));
    finds(
        &node,
        &["many-owners-one-address", "no-single-culprit", "one-hot-destination", "tier-crossed"],
        &["exhausted", "synchronised-bursts", "proxy-on-top"],
    );
    assert!(detail(&node, "many-owners-one-address").starts_with("40 workloads connect to 23.227.38.74"));
    assert_eq!(when(&node, "more-nodes"), Some(When::DoesNotHelp));
    assert!(what(&node, "more-nodes").contains("from 51 nodes on each has 512 instead of 1,024"));
    assert_eq!(when(&node, "more-addresses"), Some(When::DoesNotHelp));
}

/// jenkins-infra/helpdesk#3908: 3,200 ports, a shorter idle timeout and three addresses cured nothing.
#[test]
fn neither_addresses_nor_the_idle_timeout_help_against_churn_with_a_set_number() {
    let mut story = Story::of(23, "41d");
    story.pod("jenkins/mirrorbits-0", "10.244.3.9");
    story.churn("10.244.3.9", ("20.60.10.4", 443), (20.0, 0.3), 3_200, 600.0);
    story.background(600.0);
    (story.options.overrides.ports, story.options.overrides.outbound_ips) = (Some(3_200), Some(3));
    let node = story.told();
    assert_eq!(verdict(&node), (State::AtRisk, Reason::NearTheLimit));
    // Only the NAT's own count would say that connects failed.
    assert_eq!(decisive(&node), Some(Missing::FailedConnects));
    finds(&node, &["waves", "churn-without-reuse"], &["exhausted", "standing-stock", "quota-lower", "tier-crossed"]);
    assert_eq!(callee(&node), Some("jenkins/mirrorbits"));
    for code in ["more-addresses", "idle-timeout", "restart"] {
        assert_eq!(when(&node, code), Some(When::DoesNotHelp), "{code}");
    }
    assert!(what(&node, "more-addresses").contains("the number for each is set"));
    assert!(what(&node, "idle-timeout").contains("connections that were closed"));
    assert_eq!((when(&node, "private-link"), when(&node, "nat-gateway")), (Some(When::ThisWeek), Some(When::ThisWeek)));
}

/// Azure/AKS#1673 and #3288: the number that was set is taken back, and the node has the default.
#[test]
fn a_ceiling_at_the_default_disproves_the_4000_that_were_set() {
    let mut story = Story::of(23, "41d");
    story.pod("payments/api-0", "10.244.3.9");
    story.churn("10.244.3.9", ("20.60.10.4", 443), (10.0, 0.3), 1_024, 600.0);
    story.background(600.0);
    story.sockets(1, "payments/api-0", "10.244.3.9", &[("20.60.10.4:443", "SYN_SENT", 2); 61]);
    story.options.overrides.ports = Some(4_000);
    let node = story.told();
    assert_eq!(verdict(&node), (State::CannotTell, Reason::FailuresWithoutDemand));
    assert_eq!(decisive(&node), Some(Missing::FailedConnects));
    finds(&node, &["quota-lower", "failures-without-demand", "hanging-connects"], &["exhausted", "unreachable-peer"]);
    assert_eq!(severity(&node, "quota-lower"), Some(Severity::Warning));
    let told = detail(&node, "quota-lower");
    assert!(told.contains("believed to have 4,000: the default of a pool of up to 50 nodes is 1,024"), "{told}");
    assert_eq!(callee(&node), Some("payments/api"));
}

/// Azure/AKS#2220: drops after a node was added; 13 nodes, and demand far below the limit.
#[test]
fn demand_below_the_limit_is_not_exhaustion_by_this_node() {
    let mut story = Story::of(13, "20m");
    story.pod("shop/cart-0", "10.244.3.9");
    story.churn("10.244.3.9", ("20.60.10.4", 6380), (0.2, 1.0), 1_024, 604.0);
    story.background(604.0);
    story.dual_stack();
    story.all_sockets_twice("shop/cart-0", &[("20.60.10.4:6380", "ESTABLISHED", 0)]);
    let node = story.told();
    assert_eq!(verdict(&node), (State::NotByThisNode, Reason::DemandBelowTheLimit));
    assert_eq!((node.verdict[0].confidence, node.verdict[0].numbers.ports), (Strength::High, Some(1_024)));
    // A node that joined among 13 crosses no step of the table.
    finds(
        &node,
        &["quiet-window"],
        &["exhausted", "at-risk", "failures-without-demand", "one-hot-destination", "tier-crossed", "quota-lower"],
    );
    assert!(node.remedies.is_empty(), "{:?}", node.remedies);
    assert!(!node.cannot_know.iter().any(|row| row.code == Missing::FailedConnects));
}

/// Azure/AKS#637: 30 pods on a node, and some eight outbound connections.
#[test]
fn eight_standing_connections_of_thirty_pods_are_no_exhaustion_but_prove_nothing() {
    let mut story = Story::of(6, "41d");
    let to = ["20.70.1.1:5671", "20.70.1.2:443", "20.70.1.3:443", "20.70.1.4:443"];
    for at in 0..29_u16 {
        let (name, ip) = (format!("apps/worker{at:02}-0"), format!("10.244.4.{at}"));
        story.pod(&name, &ip);
        let rows = [(to[usize::from(at % 4)], "ESTABLISHED", 0)];
        story.sockets(1, &name, &ip, if at < 8 { &rows } else { &[] });
    }
    let node = story.told();
    assert_eq!(verdict(&node), (State::CannotTell, Reason::EvidenceMissing));
    assert_eq!(decisive(&node), Some(Missing::FailedConnects));
    assert_eq!((node.capture.established_public, node.verdict[0].numbers.held_most), (Some(8), 2));
    let pods: Vec<u64> = node.ranking.iter().filter_map(|row| row.established_public).filter(|own| *own > 0).collect();
    assert_eq!(pods, [1; 8]);
    finds(
        &node,
        &["snapshot-cover"],
        &["exhausted", "at-risk", "one-hot-destination", "standing-stock", "churn-without-reuse", "egress-fails"],
    );
    assert!(node.remedies.is_empty(), "{:?}", node.remedies);
}

/// Azure/AKS#322: nothing gets out, and ports are suspected with three or four connections.
#[test]
fn four_flows_of_1024_do_not_use_up_the_ports() {
    for (state, held) in [("ESTABLISHED", 0), ("SYN_SENT", 4)] {
        let mut story = Story::of(3, "41d");
        story.pod("apps/worker-0", "10.244.3.9");
        for at in 0..60_u16 {
            story.flow(f64::from(at) * 10.0, 0.2, "10.244.3.9", 20_000 + at, ("10.0.5.20", 5432));
        }
        story.dual_stack();
        let to = ["20.70.1.1:443", "20.70.1.2:443", "20.70.1.3:443", "20.70.1.4:443"];
        story.all_sockets_twice("apps/worker-0", &to.map(|to| (to, state, 3)));
        let node = story.told();
        assert_eq!(verdict(&node), (State::NotByThisNode, Reason::DemandBelowTheLimit), "{state}");
        let numbers = &node.verdict[0].numbers;
        assert_eq!((numbers.ports, numbers.hang + numbers.others_hang), (Some(1_024), held), "{state}");
        assert!(numbers.held_most <= 1, "{state}: {numbers:?}");
        // Where they hang it is the way out, and not the peers.
        let broken = (held > 0).then_some(Severity::Critical);
        assert_eq!(severity(&node, "egress-fails"), broken, "{state}");
        finds(&node, &[], &["exhausted", "at-risk", "unreachable-peer", "one-hot-destination"]);
        assert!(node.remedies.is_empty(), "{:?}", node.remedies);
    }
}

/// Azure/AKS#1375: the dynamic ports of a Windows node run out, on the node and not at the NAT.
#[test]
fn a_windows_node_s_own_ports_are_not_those_of_the_nat() {
    let mut story = Story::of(3, "41d");
    let mut text =
        "\nActive Connections\n\n  Proto  Local Address          Foreign Address        State           PID\n"
            .to_owned();
    let mut row = |port: u16, remote: &str, state: &str| {
        writeln!(text, "  TCP    {:<22} {remote:<22} {state:<15} 1044", format!("{NODE}:{port}")).unwrap();
    };
    for at in 0..800_u16 {
        row(49_152 + at, &format!("10.240.0.{}:443", 10 + at % 100), "ESTABLISHED");
    }
    row(59_999, "20.70.1.1:443", "ESTABLISHED");
    story.files.push(("netstat-ano.txt".to_owned(), text));
    let node = story.told();
    assert_eq!(verdict(&node), (State::CannotTell, Reason::EvidenceMissing));
    assert_eq!(decisive(&node), Some(Missing::FailedConnects));
    // What goes to private addresses takes no port of the NAT.
    assert_eq!((node.capture.established_public, node.verdict[0].numbers.held_most), (Some(1), 1));
    finds(&node, &[], &["exhausted", "at-risk", "one-hot-destination", "standing-stock", "egress-fails"]);
    assert!(node.remedies.is_empty(), "{:?}", node.remedies);
}

/// keesschollaart81/CaseOnline.Azure.WebJobs.Extensions.Mqtt#131: endless tries to a broker that is dead.
#[test]
fn endless_tries_to_a_dead_broker_are_told_with_their_pod() {
    for (everywhere, state) in [(false, State::CannotTell), (true, State::NotByThisNode)] {
        let mut story = Story::of(3, "41d");
        story.pod("iot/mqtt-trigger-0", "10.244.3.9");
        story.background(604.0);
        story.dual_stack();
        let rows = [("52.168.12.7:8883", "SYN_SENT", 2); 38];
        match everywhere {
            true => story.all_sockets_twice("iot/mqtt-trigger-0", &rows),
            false => story.sockets(1, "iot/mqtt-trigger-0", "10.244.3.9", &rows),
        }
        let node = story.told();
        assert_eq!(node.verdict[0].state, state);
        assert_eq!(decisive(&node) == Some(Missing::FailedConnects), !everywhere);
        finds(
            &node,
            &["unreachable-peer"],
            &["exhausted", "hanging-connects", "failures-without-demand", "egress-fails", "one-hot-destination"],
        );
        let told = detail(&node, "unreachable-peer");
        assert!(told.contains("38 connects hang to 52.168.12.7:8883, by iot/mqtt-trigger-0 (38)"), "{told}");
        let hang =
            node.ranking.iter().find(|row| row.owner.pod.as_deref() == Some("mqtt-trigger-0")).and_then(|row| row.hang);
        assert_eq!(hang, Some(38));
    }
}

/// microsoft/azure-container-apps#517 and #1422: a token for each message, 30 replicas, and no data to rule ports out.
#[test]
fn a_glimpse_rules_nothing_out_and_asks_for_the_metric_first() {
    let mut story = Story::of(3, "41d");
    for at in 0..30_u16 {
        let ip = format!("10.244.4.{at}");
        story.pod(&format!("queue/consumer-{at}"), &ip);
        for turn in 0..2_u16 {
            let time = f64::from(turn) * 10.0 + f64::from(at) * 0.33;
            story.flow(time, 0.2, &ip, 20_000 + turn, ("20.190.151.7", 443));
        }
    }
    let node = story.told();
    assert_eq!(verdict(&node), (State::CannotTell, Reason::EvidenceMissing));
    assert_eq!(decisive(&node), Some(Missing::FailedConnects));
    assert!(node.cannot_know[0].capture.starts_with("metric SnatConnectionCount"), "{:?}", node.cannot_know[0]);
    assert!(node.phone_test.is_some());
    // What settles where is not told by so short a trace.
    finds(&node, &[], &["exhausted", "at-risk", "quiet-window", "failures-without-demand", "one-hot-destination"]);
    assert!(node.remedies.is_empty(), "{:?}", node.remedies);
    assert_eq!((callee(&node), node.call.as_ref().unwrap().pods), (Some("queue/consumer"), 30));
    // Lists alone say nothing at all of ports.
    let lists = Story::of(3, "41d").told();
    assert!(lists.verdict.is_empty() && lists.findings.is_empty() && lists.remedies.is_empty());
}

/// BedrockStreaming/tech.bedrockstreaming.com#277: programs that call each other through a public CDN, on AWS.
#[test]
fn a_gateway_s_ports_are_shared_and_the_hot_destination_is_named() {
    let mut story = Story::of(3, "41d");
    story.pod("tv/catalog-0", "10.244.3.9");
    story.churn("10.244.3.9", ("151.101.1.6", 443), (8.0, 0.2), 55_000, 300.0);
    story.background(300.0);
    story.options.profile = Profile::named("aws-natgw").unwrap();
    let node = story.told();
    assert_eq!(verdict(&node), (State::CannotTell, Reason::SharedPorts));
    let numbers = &node.verdict[0].numbers;
    assert_eq!((numbers.ports, numbers.destination.as_deref()), (None, Some("151.101.1.6:443")));
    assert!((470..=490).contains(&numbers.held), "held for 60 s: {numbers:?}");
    assert_eq!(decisive(&node), Some(Missing::FailedConnects));
    finds(
        &node,
        &["one-hot-destination", "churn-without-reuse"],
        &["exhausted", "at-risk", "quota-lower", "tier-crossed"],
    );
    assert!(detail(&node, "one-hot-destination").starts_with("151.101.1.6:443 held"));
    assert_eq!(callee(&node), Some("tv/catalog"));
}
