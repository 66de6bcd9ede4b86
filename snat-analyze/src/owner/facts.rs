//! Tables to facts: what the dumps of one node say about namespaces, processes, sandboxes, pods and nodes.

use std::collections::BTreeMap;
use std::net::IpAddr;

use snat_parse::{Addr, Column, Cut, Section, Table};

use super::ids::ShimId;
use super::nodes::{NodeList, NodeRow, age_s};
use crate::fold::Mark;
use crate::ledger::{Dump, Socket};

/// A pod's name. The namespace is unknown where only a list without namespaces names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PodKey {
    pub(crate) namespace: Option<String>,
    pub(crate) name: String,
}

impl std::fmt::Display for PodKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{namespace}/{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// A row of lsns, of type net.
#[derive(Clone, Debug)]
pub(crate) struct Namespace {
    pub(crate) ns: u64,
    pub(crate) pid: Option<u32>,
    pub(crate) command: Option<String>,
    /// Whether a mount below `/run/netns/cni-` shows that the runtime made it for a sandbox.
    pub(crate) cni: bool,
    pub(crate) mark: Mark,
}

/// A row of pstree, with the shim that it hangs from.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) name: String,
    pub(crate) mark: Mark,
    pub(crate) shim: Option<Shim>,
    /// Whether the tree shows all its ancestors, up to PID 1.
    pub(crate) rooted: bool,
    /// Whether it hangs right from its shim: the first process of a container, or the one that holds a sandbox open.
    pub(crate) main: bool,
}

/// The runtime's monitor process above the processes of a pod.
#[derive(Clone, Debug)]
pub(crate) struct Shim {
    pub(crate) id: ShimId,
    pub(crate) pid: Option<u32>,
    pub(crate) mark: Mark,
}

/// A sandbox or container id that crictl prints, and the pod that it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Sandbox {
    /// As printed.
    pub(crate) id: String,
    pub(crate) pod: Option<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) container: Option<String>,
    /// The sandbox's own id, not that of a container in it.
    pub(crate) is_sandbox: bool,
    pub(crate) ready: Option<bool>,
    /// STATE as printed, of what the row is of.
    pub(crate) state: Option<String>,
    pub(crate) image: Option<String>,
    pub(crate) attempt: Option<u64>,
    /// The sandbox on a container's row.
    pub(crate) within: Option<String>,
    pub(crate) mark: Mark,
}

/// A row of the pod list.
#[derive(Clone, Debug)]
pub(crate) struct PodRow {
    pub(crate) key: PodKey,
    pub(crate) ip: Option<IpAddr>,
    pub(crate) node: Option<String>,
    pub(crate) life: Life,
    /// STATUS as printed.
    pub(crate) status: Option<String>,
    pub(crate) mark: Mark,
}

/// Whether a pod still holds its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Life {
    /// It ended; its address may be somebody else's by now.
    Finished,
    /// Its containers failed; it may have ended or be about to restart.
    Doubtful,
    /// It lives.
    Live,
}

/// All facts of one capture.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) namespaces: Vec<Namespace>,
    pub(crate) processes: Vec<Process>,
    pub(crate) sandboxes: Vec<Sandbox>,
    pub(crate) pods: Vec<PodRow>,
    pub(crate) nodes: Vec<NodeRow>,
    /// Snapshots of sockets.
    pub(crate) dumps: Vec<Dump>,
    /// Whether there is any dump of that kind, be it empty.
    pub(crate) has_lsns: bool,
    /// Which of the nodes were listed together.
    pub(crate) node_lists: Vec<NodeList>,
}

/// Cells of a table by column name. A missing column reads as nulls; that none is missing is a test of `schema`.
struct Cells<'t> {
    table: &'t Table,
    entry: usize,
}

impl<'t> Cells<'t> {
    fn text(&self, name: &str, at: usize) -> Option<&'t str> {
        match self.table.column(name) {
            Some(Column::Text(cells)) => cells.get(at).and_then(|cell| cell.as_deref()),
            _ => None,
        }
    }

    fn owned(&self, name: &str, at: usize) -> Option<String> {
        self.text(name, at).map(str::to_owned)
    }

    fn number(&self, name: &str, at: usize) -> Option<u64> {
        match self.table.column(name) {
            Some(Column::U64(cells)) => cells.get(at).copied().flatten(),
            _ => None,
        }
    }

    fn pid(&self, name: &str, at: usize) -> Option<u32> {
        self.number(name, at).and_then(|pid| u32::try_from(pid).ok())
    }

    fn flag(&self, name: &str, at: usize) -> bool {
        matches!(self.table.column(name), Some(Column::Bool(cells)) if cells.get(at).copied().flatten() == Some(true))
    }

    fn addr(&self, name: &str, at: usize) -> Option<Addr> {
        match self.table.column(name) {
            Some(Column::Addr(cells)) => cells.get(at).cloned().flatten(),
            _ => None,
        }
    }

    fn ip(&self, name: &str, at: usize) -> Option<IpAddr> {
        self.addr(name, at).as_ref().and_then(Addr::ip)
    }

    fn list(&self, name: &str, at: usize) -> &'t [String] {
        match self.table.column(name) {
            Some(Column::List(cells)) => cells.get(at).and_then(|cell| cell.as_deref()).unwrap_or_default(),
            _ => &[],
        }
    }

    fn mark(&self, at: usize) -> Mark {
        Mark { entry: self.entry, line: self.table.lines()[at], text: self.table.texts()[at].as_str().into() }
    }
}

/// The columns that are read below, by format. A test holds them against the formats themselves.
#[cfg(test)]
const SCHEMA: &[(&str, &[&str])] = &[
    ("lsns", &["ns", "type", "pid", "nsfs", "command"]),
    ("pstree", &["pid", "depth", "name", "args", "thread"]),
    ("crictl-ps", &["container", "image", "state", "name", "attempt", "pod_id", "pod", "namespace"]),
    ("crictl-pods", &["pod_id", "state", "name", "namespace"]),
    ("kubectl-pods", &["namespace", "name", "status", "ip", "node"]),
    ("kubectl-nodes", &["name", "age", "version", "internal_ip"]),
    ("netstat", &["proto", "local_addr", "local_port", "remote_addr", "remote_port", "state", "pid", "program"]),
];

impl Facts {
    /// Rows of the pods that may be on a node, and whether the list says of any that it is there.
    pub(crate) fn pods_of(&self, node: Option<&str>) -> (Vec<&PodRow>, bool) {
        let here = |row: &&PodRow| match (node, &row.node) {
            (Some(node), Some(own)) => own.eq_ignore_ascii_case(node),
            _ => true,
        };
        let listed = self.pods.iter().any(|row| row.node.is_some() && here(&row));
        (self.pods.iter().filter(|row| !listed || here(row)).collect(), listed && node.is_some())
    }

    /// Takes over the rows of one section of that entry.
    pub(crate) fn add(&mut self, entry: usize, section: &Section) {
        let (Some(format), Some(table)) = (section.format, &section.table) else { return };
        let first_line = section.first_line;
        let cells = Cells { table, entry };
        let rows = 0..table.len();
        match format {
            "lsns" => {
                self.has_lsns = true;
                self.namespaces.extend(rows.filter_map(|at| namespace(&cells, at)));
            }
            "pstree" => {
                self.processes.extend(processes(&cells));
                self.namespaces.extend(namespaces_of_trees(&cells));
            }
            "netstat" => {
                let sockets = rows.map(|at| socket(&cells, at)).collect();
                self.dumps.push(Dump { entry, first_line, pid: None, sockets });
            }
            "crictl-ps" => rows.for_each(|at| self.sandboxes.extend(container(&cells, at))),
            "crictl-pods" => self.sandboxes.extend(rows.filter_map(|at| sandbox(&cells, at))),
            "kubectl-pods" => self.pods.extend(rows.filter_map(|at| pod(&cells, at))),
            "kubectl-nodes" => {
                let first = self.nodes.len();
                self.nodes.extend(rows.filter_map(|at| node(&cells, at)));
                let lost = [Cut::NoHeader, Cut::NotLookedAt, Cut::SizeAtCap];
                self.node_lists.push(NodeList {
                    rows: first..self.nodes.len(),
                    whole: !section.cut.iter().any(|cut| lost.contains(cut)),
                    rejected: section.tally.rejected_lines(),
                });
            }
            _ => {}
        }
    }

    /// Brings pod names of different lists together: a name without namespace takes the one that another list gives
    /// it, if there is only one; and whether a failed pod lives is asked of its sandbox.
    pub(crate) fn unify(&mut self) {
        let mut namespaces: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut note = |name: &str, namespace: &Option<String>| {
            if let Some(namespace) = namespace {
                let known = namespaces.entry(name.to_owned()).or_default();
                if !known.contains(namespace) {
                    known.push(namespace.clone());
                }
            }
        };
        for row in &self.pods {
            note(&row.key.name, &row.key.namespace);
        }
        for row in &self.sandboxes {
            if let Some(pod) = &row.pod {
                note(pod, &row.namespace);
            }
        }
        let only = |name: &str| match namespaces.get(name).map(Vec::as_slice) {
            Some([only]) => Some(only.clone()),
            _ => None,
        };
        for row in &mut self.pods {
            if row.key.namespace.is_none() {
                row.key.namespace = only(&row.key.name);
            }
        }
        for row in &mut self.sandboxes {
            if let (None, Some(pod)) = (&row.namespace, &row.pod) {
                row.namespace = only(pod);
            }
        }
        let ready: BTreeMap<PodKey, bool> = self
            .sandboxes
            .iter()
            .filter_map(|row| Some((row.key()?, row.ready?)))
            .fold(BTreeMap::new(), |mut map, (key, ready)| {
                *map.entry(key).or_default() |= ready;
                map
            });
        for row in &mut self.pods {
            if row.life == Life::Doubtful
                && let Some(ready) = ready.get(&row.key)
            {
                row.life = if *ready { Life::Live } else { Life::Finished };
            }
        }
    }
}

impl Sandbox {
    pub(crate) fn key(&self) -> Option<PodKey> {
        self.pod.clone().map(|name| PodKey { namespace: self.namespace.clone(), name })
    }
}

fn namespace(cells: &Cells<'_>, at: usize) -> Option<Namespace> {
    // Without a TYPE column the list was made for one type, and only `-t net` is any use here.
    if cells.text("type", at).is_some_and(|kind| kind != "net") {
        return None;
    }
    Some(Namespace {
        ns: cells.number("ns", at)?,
        pid: cells.pid("pid", at),
        command: cells.owned("command", at),
        cni: cells.list("nsfs", at).iter().any(|mount| mount.contains("/netns/cni-")),
        mark: cells.mark(at),
    })
}

impl Namespace {
    /// Whether its lowest PID is the process that holds a sandbox open.
    pub(crate) fn is_pause(&self) -> bool {
        let program = self.command.as_deref().and_then(|command| command.split_whitespace().next()).unwrap_or_default();
        program.rsplit('/').next() == Some("pause")
    }
}

/// Names that a runtime's monitor has in the kernel, cut at 15 characters.
fn is_shim(name: &str) -> bool {
    ["containerd-shim", "docker-containe", "conmon", "crio-conmon"].iter().any(|shim| name.starts_with(shim))
}

/// All processes of a dump. Threads are left out: the log knows processes only.
fn processes(cells: &Cells<'_>) -> Vec<Process> {
    let mut found = Vec::new();
    // The lines above that a line hangs from: depth, whether its root is PID 1, the nearest shim, whether it is one.
    let mut above: Vec<(u64, bool, Option<Shim>, bool)> = Vec::new();
    for at in 0..cells.table.len() {
        let depth = cells.number("depth", at).unwrap_or(0);
        above.retain(|(other, ..)| *other < depth);
        let pid = cells.pid("pid", at);
        let name = cells.text("name", at).unwrap_or_default();
        let rooted = above.last().map_or(depth == 0 && pid == Some(1), |(_, rooted, ..)| *rooted);
        let shim = above.last().and_then(|(_, _, shim, _)| shim.clone());
        let main = above.last().is_some_and(|(.., is_shim)| *is_shim);
        let thread = cells.flag("thread", at);
        if let Some(pid) = pid.filter(|_| !thread) {
            found.push(Process { pid, name: name.to_owned(), mark: cells.mark(at), shim: shim.clone(), rooted, main });
        }
        let read = || ShimId::read(cells.text("args", at).unwrap_or_default());
        let own = is_shim(name).then(|| Shim { id: read(), pid, mark: cells.mark(at) });
        above.push((depth, rooted, own.clone().or(shim), own.is_some()));
    }
    found
}

/// `pstree -N net` puts the namespace above each tree: the lowest PID below it stands for it, as in lsns.
fn namespaces_of_trees(cells: &Cells<'_>) -> Vec<Namespace> {
    let mut lowest: BTreeMap<u64, (u32, usize)> = BTreeMap::new();
    for at in 0..cells.table.len() {
        let inode = cells.table.extra()[at].iter().find(|(title, _)| title == "NETNS").map(|(_, inode)| inode.parse());
        if let (Some(Ok(inode)), Some(pid), false) = (inode, cells.pid("pid", at), cells.flag("thread", at)) {
            let kept = lowest.entry(inode).or_insert((pid, at));
            *kept = (*kept).min((pid, at));
        }
    }
    let row = |(ns, (pid, at)): (u64, (u32, usize))| {
        let command = cells.owned("name", at);
        Namespace { ns, pid: Some(pid), command, cni: false, mark: cells.mark(at) }
    };
    lowest.into_iter().map(row).collect()
}

/// A row of a netstat dump.
fn socket(cells: &Cells<'_>, at: usize) -> Socket {
    let end = |addr: &str, port: &str| {
        (cells.addr(addr, at), cells.number(port, at).and_then(|port| u16::try_from(port).ok()))
    };
    Socket {
        tcp: cells.text("proto", at).is_some_and(|proto| proto.to_ascii_lowercase().starts_with("tcp")),
        local: end("local_addr", "local_port"),
        remote: end("remote_addr", "remote_port"),
        state: cells.owned("state", at),
        pid: cells.pid("pid", at),
        program: cells.owned("program", at),
        resent: cells.text("timer", at).and_then(resent),
        mark: cells.mark(at),
    }
}

/// How often something was sent again, by a timer such as `on (2.34/3/0)`.
fn resent(timer: &str) -> Option<u32> {
    let (kind, numbers) = timer.split_once('(')?;
    let times = numbers.split('/').nth(1)?;
    (kind.trim() == "on").then(|| times.parse().ok()).flatten()
}

fn known(name: Option<String>) -> Option<String> {
    name.filter(|name| name != "unknown")
}

/// A row of `crictl ps` names its sandbox and, where the runtime has a monitor for each container, its own id.
fn container(cells: &Cells<'_>, at: usize) -> Vec<Sandbox> {
    let of = |id: Option<String>, is_sandbox| {
        id.map(|id| Sandbox {
            id,
            pod: known(cells.owned("pod", at)),
            namespace: known(cells.owned("namespace", at)),
            container: cells.owned("name", at),
            is_sandbox,
            ready: None,
            state: cells.owned("state", at).filter(|_| !is_sandbox),
            image: cells.owned("image", at).filter(|_| !is_sandbox),
            attempt: cells.number("attempt", at).filter(|_| !is_sandbox),
            within: cells.owned("pod_id", at).filter(|_| !is_sandbox),
            mark: cells.mark(at),
        })
    };
    of(cells.owned("pod_id", at), true).into_iter().chain(of(cells.owned("container", at), false)).collect()
}

fn sandbox(cells: &Cells<'_>, at: usize) -> Option<Sandbox> {
    Some(Sandbox {
        id: cells.owned("pod_id", at)?,
        pod: known(cells.owned("name", at)),
        namespace: known(cells.owned("namespace", at)),
        container: None,
        is_sandbox: true,
        ready: cells.text("state", at).map(|state| state == "Ready"),
        state: cells.owned("state", at),
        image: None,
        attempt: None,
        within: None,
        mark: cells.mark(at),
    })
}

fn pod(cells: &Cells<'_>, at: usize) -> Option<PodRow> {
    Some(PodRow {
        key: PodKey { namespace: cells.owned("namespace", at), name: pod_name(cells.text("name", at)?)? },
        ip: cells.ip("ip", at),
        node: cells.owned("node", at),
        life: life(cells.text("status", at).unwrap_or_default()),
        status: cells.owned("status", at),
        mark: cells.mark(at),
    })
}

/// The name without the kind that `kubectl get pods,services` puts before it; another kind is no pod.
fn pod_name(name: &str) -> Option<String> {
    match name.split_once('/') {
        Some(("pod" | "pods", name)) => Some(name.to_owned()),
        Some(_) => None,
        None => Some(name.to_owned()),
    }
}

/// STATUS is a phase or the reason behind it.
fn life(status: &str) -> Life {
    match status {
        "Completed"
        | "Succeeded"
        | "Failed"
        | "Evicted"
        | "Shutdown"
        | "NodeShutdown"
        | "Terminated"
        | "DeadlineExceeded"
        | "NodeLost"
        | "Preempting"
        | "NodeAffinity"
        | "OutOfcpu"
        | "OutOfmemory"
        | "OutOfpods"
        | "UnexpectedAdmissionError" => Life::Finished,
        "Error" | "OOMKilled" | "ContainerStatusUnknown" | "ContainerCannotRun" | "StartError" => Life::Doubtful,
        _ if status.starts_with("ExitCode:") || status.starts_with("Signal:") => Life::Doubtful,
        _ => Life::Live,
    }
}

fn node(cells: &Cells<'_>, at: usize) -> Option<NodeRow> {
    // `kubectl get nodes,pods` prints the kind before the name.
    let name = cells.text("name", at)?;
    let name = name.strip_prefix("node/").unwrap_or(name).to_owned();
    let version = cells.text("version", at).unwrap_or_default();
    let virtual_kubelet = name.starts_with("virtual-node") || version.contains("vk-") || version.contains("-vk");
    let age_s = cells.text("age", at).and_then(age_s);
    Some(NodeRow { internal_ip: cells.ip("internal_ip", at), virtual_kubelet, age_s, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formats_have_the_columns_that_are_read() {
        for (format, columns) in SCHEMA {
            let meta = snat_parse::formats::by_name(format).expect("a format").meta();
            for column in *columns {
                assert!(meta.columns.iter().any(|(name, _)| name == column), "{format} has no {column}");
            }
        }
    }

    #[test]
    fn finished_pods_are_told_from_failing_ones() {
        assert_eq!(life("Completed"), Life::Finished);
        assert_eq!(life("Error"), Life::Doubtful);
        for status in ["Running", "CrashLoopBackOff", "Terminating", "Init:0/1", "ImagePullBackOff"] {
            assert_eq!(life(status), Life::Live, "{status}");
        }
    }
}
