//! The bundle doctor: which step of the way each dump serves, what is missing or half there, and how to capture it.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use snat_parse::formats::by_name;

use crate::capture::{Capture, EntryData};
use crate::owner::{Graph, Life, ShimId};
use crate::report::{CannotKnow, Input, Node, NodeSource, Notice, Tool, Verdict};

/// What a bundle holds and lacks: the model of `inspect`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Inspection {
    /// Version of the report's model, which this shares.
    pub schema_version: u32,
    /// What made it.
    pub tool: Tool,
    /// One row a captured node; none where nothing was recognised.
    pub nodes: Vec<Examined>,
    /// One row a section of an entry.
    pub inputs: Vec<Input>,
    /// What happened while the bundle was read.
    pub notices: Vec<Notice>,
}

impl Inspection {
    /// JSON Schema of this model.
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(Self)
    }
}

/// One node, step by step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Examined {
    /// Which node.
    pub node: Node,
    /// The steps in their order.
    pub steps: Vec<Step>,
    /// What may be concluded about the node's ports, as in the report; empty without a log and a snapshot.
    pub verdict: Vec<Verdict>,
    /// What it lacks, what would decide most first.
    pub cannot_know: Vec<CannotKnow>,
}

/// One step of the way from the log to the pods, and what serves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Step {
    /// Its name: `connects`, `address-pod`, `netns-pid`, `pid-sandbox`, `sandbox-pod`, `node`, `sockets`.
    pub step: String,
    /// Whether it can be made.
    pub state: StepState,
    /// Formats that serve it; one of them is enough.
    pub formats: Vec<String>,
    /// What is there.
    pub found: Vec<String>,
    /// What is lost, or why only half of it is there.
    pub lost: Vec<String>,
    /// Commands that capture it; none where nothing is missing.
    pub capture: Vec<String>,
    /// What goes wrong with those commands.
    pub traps: Vec<String>,
}

/// Whether a step can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StepState {
    /// All that it needs is there.
    Ok,
    /// Something is there, and something is lost.
    Partial,
    /// Nothing is there.
    Missing,
}

impl StepState {
    /// The word that reports print.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Partial => "partial",
            Self::Missing => "missing",
        }
    }
}

/// A step before anything is known of it.
struct Plan {
    step: &'static str,
    formats: &'static [&'static str],
    missing: &'static str,
    capture: &'static [&'static str],
    traps: &'static [&'static str],
}

const PLANS: [Plan; 7] = [
    Plan {
        step: "connects",
        formats: &["tcptracer"],
        missing: "no tcptracer log: connects cannot be counted",
        capture: &["timeout -s INT -k 30 600 /usr/share/bcc/tools/tcptracer -tv > tcptracer.log"],
        traps: &[
            "end it with INT, never TERM: the last rows would be lost; `tool & kill -INT $!` in a script does nothing, \
             and the timeout of busybox does not work",
            "BCC is in the Ubuntu node images before 26.04 and in the bcc-tools package of Azure Linux; it is absent on \
             Ubuntu 26.04, Flatcar and OS Guard",
            "write it to a file: run-command gives back the last 4,096 bytes only",
        ],
    },
    Plan {
        step: "address-pod",
        formats: &["kubectl-pods"],
        missing: "no kubectl get pods: the way from an address to its pod is missing",
        capture: &["kubectl get pods -A -o wide > pods.txt"],
        traps: &["take it while the trace runs: a deleted pod leaves nothing but its address"],
    },
    Plan {
        step: "netns-pid",
        formats: &["lsns"],
        missing: "no lsns: the way from a namespace to a process is missing, and the node's own namespace is told by its \
                  address only",
        capture: &["lsns -t net -o NS,TYPE,NPROCS,PID,USER,NETNSID,NSFS,COMMAND > lsns.txt"],
        traps: &[
            "as root and on the node itself (chroot /host, or nsenter -t 1 -m -p), while the trace runs: inodes are \
                  reused within minutes",
        ],
    },
    Plan {
        step: "pid-sandbox",
        formats: &["pstree"],
        missing: "no pstree: the way from a process to its sandbox is missing",
        capture: &["pstree -alp > pstree.txt"],
        traps: &[
            "with -l, or the ids are cut at the width of the screen, which is 132 columns in a pipe; with -a, or there \
                  are no ids at all",
        ],
    },
    Plan {
        step: "sandbox-pod",
        formats: &["crictl-pods", "crictl-ps"],
        missing: "no crictl: the way from a sandbox to its pod is missing",
        capture: &["crictl pods > crictl-pods.txt", "crictl ps -a > crictl-ps.txt"],
        traps: &["take both: the first has sandboxes without containers, the second names containers"],
    },
    Plan {
        step: "node",
        formats: &["kubectl-nodes"],
        missing: "no kubectl get nodes: the size of the pool, and with it the default of ports for each node, is not known",
        capture: &["kubectl get nodes -o wide > nodes.txt"],
        traps: &["the whole list, not one line of it"],
    },
    Plan {
        step: "sockets",
        formats: &["netstat"],
        missing: "no netstat",
        capture: &[
            "for p in $(lsns -t net -n -o PID); do nsenter --net=/proc/$p/ns/net netstat -antpW > netstat-$p.txt; done",
        ],
        traps: &[
            "netstat is in no AKS node image: run it in a debug pod that shares the node's PIDs and has net-tools",
        ],
    },
];

/// Looks at one capture, step by step.
pub(crate) fn examine(entries: &[EntryData], capture: &Capture) -> Examined {
    let formats: BTreeSet<&str> =
        capture.own.iter().flat_map(|at| &entries[*at].sections).filter_map(|section| section.format).collect();
    let steps = PLANS.iter().map(|plan| {
        let here: Vec<&&str> = plan.formats.iter().filter(|name| formats.contains(**name)).collect();
        let (found, lost) = match plan.step {
            "connects" if here.is_empty() && has_empty_log(entries, capture) => {
                let why = "its log is empty: the tool was ended by TERM, or before it had written its first rows";
                (Vec::new(), vec![why.to_owned()])
            }
            "sockets" if here.is_empty() => (Vec::new(), vec![no_sockets(entries, capture)]),
            _ if here.is_empty() => (Vec::new(), vec![plan.missing.to_owned()]),
            "connects" => connects(entries, capture),
            "address-pod" => address_pod(capture),
            "netns-pid" => netns_pid(capture),
            "pid-sandbox" => pid_sandbox(capture),
            "sandbox-pod" => sandbox_pod(capture),
            "node" => node(capture),
            _ => sockets(entries, capture),
        };
        let state = match (here.is_empty(), lost.is_empty()) {
            (true, _) => StepState::Missing,
            (false, true) => StepState::Ok,
            (false, false) => StepState::Partial,
        };
        let needed = |texts: &[&str]| match state {
            StepState::Ok => Vec::new(),
            _ => texts.iter().map(|text| (*text).to_owned()).collect(),
        };
        Step {
            step: plan.step.to_owned(),
            state,
            formats: plan.formats.iter().map(|name| (*name).to_owned()).collect(),
            found,
            lost,
            capture: needed(plan.capture),
            traps: needed(plan.traps),
        }
    });
    Examined { node: capture.node.clone(), steps: steps.collect(), verdict: Vec::new(), cannot_know: Vec::new() }
}

/// What is not seen without netstat, as far as the log leaves it open, and what was sent in its place.
fn no_sockets(entries: &[EntryData], capture: &Capture) -> String {
    let runs: Vec<_> = capture.own.iter().flat_map(|at| &entries[*at].runs).collect();
    let events: u64 = runs.iter().map(|run| run.events).sum();
    let ipv6: u64 = runs.iter().map(|run| run.ipv6_events).sum();
    let unseen = match (events, ipv6) {
        (0, _) => "which sockets are open is not seen",
        (_, 0) => {
            "what was open before the trace, and every dual-stack socket (the log has no IPv6 row, as under -4), is not \
             seen"
        }
        _ => "what was open before the trace is not seen",
    };
    let is_ss = |entry: &&EntryData| entry.sections.iter().any(|section| section.looks_like == Some("ss"));
    let sent = match capture.own.iter().map(|at| &entries[*at]).filter(is_ss).count() {
        0 => String::new(),
        1 => "; 1 file looks like ss, which is not read yet".to_owned(),
        files => format!("; {files} files look like ss, which is not read yet"),
    };
    format!("no netstat: {unseen}{sent}")
}

/// Notices of the steps that nothing serves, for those without which owners are not found.
pub(crate) fn notices(examined: &Examined, bundle: &str) -> Vec<Notice> {
    let needed = |step: &&Step| !matches!(step.step.as_str(), "node" | "sockets");
    let mut found = Vec::new();
    for step in examined.steps.iter().filter(needed).filter(|step| step.state == StepState::Missing) {
        let name = step.formats.first().map(String::as_str).unwrap_or_default();
        let command = by_name(name).map(|format| format.meta().command).unwrap_or_default();
        found.push(Notice {
            bundle: bundle.to_owned(),
            node: examined.node.name.clone(),
            entry: None,
            code: format!("missing-{name}"),
            message: format!("{}; capture it with: {command}", step.lost.join("; ")),
        });
    }
    found
}

type Found = (Vec<String>, Vec<String>);

fn rows(number: usize, what: &str) -> String {
    format!("{number} {what}")
}

/// Whether an entry that is called like a log of the tracer holds nothing at all.
fn has_empty_log(entries: &[EntryData], capture: &Capture) -> bool {
    let is_empty = |entry: &EntryData| entry.sections.iter().all(|section| section.lines == 0);
    entries
        .iter()
        .enumerate()
        .filter(|(at, entry)| is_empty(entry) && (capture.own.contains(at) || entries.len() == 1))
        .any(|(_, entry)| entry.name.path.rsplit(['/', '!']).next().is_some_and(|name| name.contains("tcptracer")))
}

fn connects(entries: &[EntryData], capture: &Capture) -> Found {
    let runs: Vec<_> = capture.own.iter().flat_map(|at| &entries[*at].runs).collect();
    let events: u64 = runs.iter().map(|run| run.events).sum();
    let lost_samples: u64 = capture.own.iter().map(|at| entries[*at].lost_samples).sum();
    let mut lost = Vec::new();
    if events == 0 {
        lost.push("the log holds no event: it was cut, or killed before its first rows were written".to_owned());
    } else {
        if runs.iter().any(|run| !run.has_netns) {
            lost.push("no NETNS column: run it with -v, or namespaces tell nothing".to_owned());
        }
        if runs.iter().any(|run| run.span.is_none()) {
            lost.push("no TIME column: run it with -t, or there are no rates".to_owned());
        }
    }
    if lost_samples > 0 {
        lost.push(format!("the tracer lost {lost_samples} samples"));
    }
    (
        vec![format!(
            "{events} events in {}",
            if runs.len() == 1 { "1 run".to_owned() } else { format!("{} runs", runs.len()) }
        )],
        lost,
    )
}

fn address_pod(capture: &Capture) -> Found {
    let pods = &capture.facts.pods;
    let with_ip = pods.iter().filter(|row| row.ip.is_some()).count();
    let mut lost = Vec::new();
    if !pods.is_empty() && with_ip == 0 {
        lost.push("the pod list has no addresses: -o wide prints them".to_owned());
    }
    if let Some(node) = &capture.node.name
        && pods.iter().any(|row| row.node.is_some())
        && !pods.iter().any(|row| row.node.as_deref() == Some(node))
    {
        lost.push(match capture.node.source {
            Some(NodeSource::Folder) => format!("which node it is, no list says: none has the folder's name {node}"),
            _ => format!("the pod list has no pod of {node}"),
        });
    }
    if pods.is_empty() {
        lost.push("the pod list is empty".to_owned());
    }
    (vec![rows(pods.len(), "pods"), rows(with_ip, "with an address")], lost)
}

fn netns_pid(capture: &Capture) -> Found {
    let rows_of = &capture.facts.namespaces;
    let mut lost = Vec::new();
    if rows_of.is_empty() {
        lost.push("no row of type net: run it with -t net".to_owned());
    } else if !rows_of.iter().any(|row| row.pid == Some(1)) {
        lost.push("no row of PID 1: it was not run as root in the node's own PID namespace".to_owned());
    }
    (vec![rows(rows_of.len(), "network namespaces")], lost)
}

fn pid_sandbox(capture: &Capture) -> Found {
    let facts = &capture.facts;
    let shims: BTreeSet<&ShimId> = facts.processes.iter().filter_map(|row| Some(&row.shim.as_ref()?.id)).collect();
    let whole = shims.iter().filter(|id| matches!(id, ShimId::Hex(id) if id.len() >= crate::owner::SHORT)).count();
    let mut lost = Vec::new();
    if facts.processes.is_empty() {
        lost.push("no PID in any tree: run it with -p".to_owned());
    } else if shims.is_empty() {
        lost.push("no process of a pod: no containerd-shim or conmon is above any of them".to_owned());
    } else if shims.iter().any(|id| matches!(id, ShimId::Missing)) {
        lost.push("ids of sandboxes are missing: run it with -a and -l".to_owned());
    } else if shims.iter().any(|id| matches!(id, ShimId::Masked)) {
        lost.push("ids of sandboxes are masked".to_owned());
    } else if whole < shims.len() {
        lost.push("ids of sandboxes are cut: run it with -l".to_owned());
    }
    // Each namespace that lsns lists has a process, which a tree of the whole node shows.
    let shown: BTreeSet<u32> = facts.processes.iter().map(|row| row.pid).collect();
    let spaces: BTreeMap<u64, u32> = facts.namespaces.iter().filter_map(|row| Some((row.ns, row.pid?))).collect();
    let alone = spaces.values().filter(|pid| !shown.contains(pid)).count();
    if alone > 0 && !shown.is_empty() {
        lost.push(format!(
            "{alone} of {} namespaces of lsns have no process in a tree: pstree -alp without a PID shows all",
            spaces.len()
        ));
    }
    (vec![rows(facts.processes.len(), "processes"), rows(whole, "ids of sandboxes")], lost)
}

fn sandbox_pod(capture: &Capture) -> Found {
    let sandboxes: Vec<_> = capture.facts.sandboxes.iter().filter(|row| row.is_sandbox).collect();
    let named = sandboxes.iter().filter(|row| row.pod.is_some()).count();
    let mut lost = Vec::new();
    if sandboxes.is_empty() {
        lost.push("no row has a POD ID: cri-tools before 1.12 print none in crictl ps".to_owned());
    } else if named == 0 {
        lost.push("no row names its pod: crictl pods does".to_owned());
    }
    (vec![rows(sandboxes.len(), "rows with a sandbox"), rows(named, "with its pod")], lost)
}

fn node(capture: &Capture) -> Found {
    let facts = &capture.facts;
    let mut lost = Vec::new();
    if !facts.nodes_whole() {
        lost.push("not the whole list: it has one row, or lost its header".to_owned());
    }
    match &capture.node.name {
        Some(name) if !facts.nodes.iter().any(|row| row.name == *name) => {
            lost.push(format!("the node list has no {name}"));
        }
        _ => {}
    }
    if facts.nodes.iter().all(|row| row.internal_ip.is_none()) {
        lost.push("the node list has no addresses: -o wide prints them".to_owned());
    }
    (vec![rows(facts.nodes.len(), "nodes")], lost)
}

fn sockets(entries: &[EntryData], capture: &Capture) -> Found {
    let facts = &capture.facts;
    let sockets: usize = facts.dumps.iter().map(|dump| dump.sockets.len()).sum();
    let mut lost = Vec::new();
    // Pods of this node that live in namespaces of their own, and those of them that have a dump.
    let node_ip = capture.node.internal_ip.as_deref().and_then(|ip| ip.parse().ok());
    let here = |row: &&crate::owner::PodRow| {
        row.life == Life::Live
            && row.ip.is_some()
            && row.ip != node_ip
            && capture.node.name.is_some()
            && row.node == capture.node.name
    };
    let pods: Vec<_> = facts.pods.iter().filter(here).collect();
    let seen: BTreeSet<_> = facts
        .dumps
        .iter()
        .flat_map(|dump| &dump.sockets)
        .filter_map(|socket| socket.local.0.as_ref().and_then(snat_parse::Addr::ip))
        .collect();
    // An empty dump is told by its name: the pod's, or a PID of it.
    let is_empty_of_pid = |dump: &crate::ledger::Dump| dump.sockets.is_empty() && dump.pid.is_some();
    let graph = facts
        .dumps
        .iter()
        .any(is_empty_of_pid)
        .then(|| Graph::build(facts, &crate::owner::Asked::default(), capture.node.name.as_deref()).ok());
    let empty = |pod: &crate::owner::PodKey| {
        let of_pid = |pid| graph.as_ref()?.as_ref()?.process(pid)?.pod().map(|found| found == pod);
        let mut dumps = facts.dumps.iter().filter(|dump| dump.sockets.is_empty());
        dumps.any(|dump| {
            let path = entries.get(dump.entry).map(|entry| entry.name.path.as_str()).unwrap_or_default();
            crate::ledger::names(path, pod) || dump.pid.and_then(of_pid) == Some(true)
        })
    };
    let covered = pods.iter().filter(|row| row.ip.is_some_and(|ip| seen.contains(&ip)) || empty(&row.key)).count();
    if covered < pods.len() {
        lost.push(format!("{covered} of {} pods of this node have sockets in a dump", pods.len()));
    }
    (vec![format!("{} dumps", facts.dumps.len()), rows(sockets, "sockets")], lost)
}
