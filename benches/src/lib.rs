//! Generated input for benchmarks: tcptracer logs in the tool's exact layout, seeded, with their truth.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};

use fixtures::Random;

/// The lines that BCC's tool prints before its rows under `-t -v`.
pub const HEAD: &str = "Tracing TCP established connections. Ctrl-C to end.\n\
TIME(ns)      TYPE         PID    COMM             IP SADDR            DADDR            SPORT  DPORT  NETNS   \n";

/// Pods of the generated node.
const PODS: u64 = 120;
/// Nanoseconds from one line to the next: the rate does not depend on the length.
const STEP: u64 = 250_000;
/// Connections that are open at a time.
const OPEN: usize = 4000;

const COMMS: [&str; 8] =
    ["curl", "java", ".NET TP Worker", "http-nio-8080-e", "OkHttp https://", "python3", "node", "grpc-default-ex"];

/// Connects to public addresses, by the pod's address. An IPv6 connect counts for the pod's IPv6 address.
pub type Truth = BTreeMap<String, u64>;

/// What connect and close share.
#[derive(Clone, Debug)]
struct Flow {
    pod: u64,
    pid: u64,
    comm: &'static str,
    v6: bool,
    daddr: String,
    sport: u64,
    dport: u64,
}

fn saddr(pod: u64, v6: bool) -> String {
    if v6 { format!("fd00:10:244:{:x}::5", pod + 1) } else { format!("10.244.{}.{}", pod / 250, pod % 250 + 2) }
}

impl Flow {
    fn new(random: &mut Random, at: u64) -> (Self, bool) {
        // A few pods make most of the connections.
        let pod = random.below(PODS).min(random.below(PODS));
        let v6 = random.below(20) == 0;
        let public = random.below(4) != 0;
        // Each pod has a handful of destinations of its own, and shares the hot ones.
        let own = (pod * 7 + random.below(6)) % 200;
        let daddr = match (v6, public) {
            (false, true) if random.below(3) == 0 => "20.60.10.4".to_owned(),
            (false, true) => format!("20.61.0.{own}"),
            (false, false) => format!("10.0.5.{own}"),
            (true, true) => format!("2603:1030:20e:3::{:x}", own + 1),
            (true, false) => format!("fd12:3456:789a:1::{:x}", own + 1),
        };
        let comm = COMMS[(pod % COMMS.len() as u64) as usize];
        let pid = 4000 + pod * 20 + random.below(3);
        let dport = [443, 443, 443, 8443, 5432][random.below(5) as usize];
        (Self { pod, pid, comm, v6, daddr, sport: 32_768 + at % 28_000, dport }, public)
    }

    fn write(&self, out: &mut impl Write, time: u64, kind: &str) -> io::Result<()> {
        let (source, dest) = match self.v6 {
            true => (format!("[{}]", saddr(self.pod, true)), format!("[{}]", self.daddr)),
            false => (saddr(self.pod, false), self.daddr.clone()),
        };
        let (ip, netns) = (if self.v6 { 6 } else { 4 }, 4_026_532_000 + self.pod * 77);
        writeln!(
            out,
            "{time:<14}{kind:<12} {:<6} {:<16} {ip:<2} {source:<16} {dest:<16} {:<6} {:<6} {netns:<8}",
            self.pid, self.comm, self.sport, self.dport
        )
    }
}

/// Writes a log of `lines` rows below its two head lines.
///
/// # Errors
/// Where `out` cannot be written.
pub fn write_log(out: &mut impl Write, lines: u64, seed: u64) -> io::Result<Truth> {
    let mut random = Random::new(seed);
    let mut open: VecDeque<Flow> = VecDeque::new();
    let mut truth: Truth = (0..PODS).map(|pod| (saddr(pod, false), 0)).collect();
    out.write_all(HEAD.as_bytes())?;
    for at in 0..lines {
        let time = at * STEP + random.below(STEP);
        let roll = random.below(100);
        if roll < 4 {
            let (mut flow, _) = Flow::new(&mut random, at);
            (flow.sport, flow.dport) = (8080, flow.sport);
            flow.write(out, time, "accept")?;
        } else if open.len() >= OPEN || (roll < 45 && !open.is_empty()) {
            if let Some(flow) = open.pop_front() {
                flow.write(out, time, "close")?;
            }
        } else {
            let (flow, public) = Flow::new(&mut random, at);
            if public {
                *truth.entry(saddr(flow.pod, flow.v6)).or_default() += 1;
            }
            flow.write(out, time, "connect")?;
            open.push_back(flow);
        }
    }
    Ok(truth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_log() {
        let make = |seed| {
            let mut out = Vec::new();
            let truth = write_log(&mut out, 500, seed).expect("a log in memory");
            (out, truth)
        };
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
        assert_eq!(make(1).0.iter().filter(|b| **b == b'\n').count(), 502);
    }

    #[test]
    fn what_is_generated_is_read_as_it_was_meant() {
        let mut log = Vec::new();
        let truth = write_log(&mut log, 20_000, 7).expect("a log in memory");
        let source = snat_analyze::Source::Reader { name: "log".into(), reader: Box::new(io::Cursor::new(log)) };
        let report = snat_analyze::Analysis::of(vec![source], &snat_analyze::Options::default()).expect("a report");
        let mut got: Truth = truth.keys().map(|addr| (addr.clone(), 0)).collect();
        for row in &report.nodes[0].ranking {
            *got.entry(row.owner.addrs[0].clone()).or_default() += row.connects_public.unwrap_or(0);
        }
        let nonzero = |counts: Truth| counts.into_iter().filter(|(_, connects)| *connects > 0).collect::<Truth>();
        assert_eq!(nonzero(got), nonzero(truth));
        assert!(report.inputs.iter().all(|input| input.rejected == 0));
    }
}
