//! Entries to captures, one a node: which dumps belong together, and which node they are of.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use snat_parse::Section;

use crate::bundle::EntryName;
use crate::fold::{GroupKey, Run};
use crate::ledger::pid_in_name;
use crate::owner::Facts;
use crate::report::{Node, NodeSource};

/// One entry, read.
#[derive(Debug)]
pub(crate) struct EntryData {
    pub(crate) name: EntryName,
    pub(crate) sections: Vec<Section>,
    pub(crate) runs: Vec<Run>,
    pub(crate) lost_samples: u64,
    /// Host name of the first shell prompt in it.
    pub(crate) prompt_host: Option<String>,
}

impl EntryData {
    /// Folder that the entry lies in, with its bundle before it.
    fn folder(&self) -> String {
        let inner = self.name.path.rsplit_once(['/', '!']).map_or("", |(folder, _)| folder);
        format!("{}/{inner}", self.name.bundle).trim_end_matches('/').to_owned()
    }

    fn has(&self, format: &str) -> bool {
        self.sections.iter().any(|section| section.format == Some(format))
    }

    /// Whether it says something of one node only that another node's dumps could contradict.
    fn is_anchor(&self) -> bool {
        !self.runs.is_empty() || self.has("lsns")
    }

    /// Whether every dump in it is of the whole cluster.
    fn is_cluster_wide(&self) -> bool {
        let mut formats = self.sections.iter().filter_map(|section| section.format).peekable();
        formats.peek().is_some() && formats.all(|format| matches!(format, "kubectl-pods" | "kubectl-nodes"))
    }
}

/// The entries of one node.
#[derive(Debug)]
pub(crate) struct Capture {
    pub(crate) node: Node,
    /// Indices of entries that are this node's own.
    pub(crate) own: BTreeSet<usize>,
    pub(crate) facts: Facts,
}

/// Entries to captures. Entries that lie outside all of several captures and are not of the whole cluster belong to
/// none: their PIDs and namespaces mean something on one node only.
pub(crate) fn captures(entries: &[EntryData]) -> Vec<Capture> {
    let folders: BTreeSet<String> = entries.iter().filter(|entry| entry.is_anchor()).map(EntryData::folder).collect();
    // A folder above others is one capture with them, unless they are of different nodes.
    let mut groups: Vec<(String, Option<Identity>)> = Vec::new();
    for folder in folders {
        let inside: BTreeSet<usize> = (0..entries.len()).filter(|at| entries[*at].folder() == folder).collect();
        let identity = identity(entries, &inside);
        let same = groups.iter_mut().find(|(_, other)| match (&identity, other) {
            (Some(own), Some(other)) => own == other,
            _ => true,
        });
        match same {
            Some((_, other)) if other.is_none() => *other = identity,
            Some(_) => {}
            None => groups.push((folder, identity)),
        }
    }
    if groups.len() < 2 {
        let own: BTreeSet<usize> = (0..entries.len()).collect();
        return vec![capture(entries, own)];
    }
    // Each entry belongs to the capture whose anchors lie nearest above or beside it.
    let mut own: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); groups.len()];
    for (at, entry) in entries.iter().enumerate() {
        let folder = entry.folder();
        let depth = |other: &str| common_depth(&folder, other);
        let best = groups.iter().map(|(other, _)| depth(other)).max().unwrap_or(0);
        let nearest: Vec<usize> = (0..groups.len()).filter(|g| depth(&groups[*g].0) == best).collect();
        if entry.is_cluster_wide() {
            own.iter_mut().for_each(|set| {
                set.insert(at);
            });
        } else if let [only] = nearest[..] {
            own[only].insert(at);
        } else if entry.is_anchor()
            && let Some(found) = identity(entries, &BTreeSet::from([at]))
            && let Some(same) = groups.iter().position(|(_, other)| other.as_ref() == Some(&found))
        {
            own[same].insert(at);
        }
    }
    let mut found: Vec<Capture> = own.into_iter().map(|own| capture(entries, own)).collect();
    found.sort_by(|a, b| (&a.node.name, &a.node.internal_ip).cmp(&(&b.node.name, &b.node.internal_ip)));
    found
}

fn common_depth(a: &str, b: &str) -> usize {
    a.split(['/', '!']).zip(b.split(['/', '!'])).take_while(|(a, b)| a == b).count()
}

fn capture(entries: &[EntryData], own: BTreeSet<usize>) -> Capture {
    let mut facts = Facts::default();
    for at in &own {
        for section in &entries[*at].sections {
            facts.add(*at, section);
        }
    }
    for dump in &mut facts.dumps {
        dump.pid = pid_in_name(&entries[dump.entry].name.path);
    }
    facts.unify();
    let node = node(entries, &own, &facts);
    Capture { node, own, facts }
}

/// What tells two nodes apart.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Identity {
    Name(String),
    Address(IpAddr),
}

/// Who the node of these entries is, judged with the lists of all.
fn identity(entries: &[EntryData], own: &BTreeSet<usize>) -> Option<Identity> {
    let mut facts = Facts::default();
    for (at, entry) in entries.iter().enumerate() {
        for section in &entry.sections {
            if own.contains(&at) || matches!(section.format, Some("kubectl-pods" | "kubectl-nodes")) {
                facts.add(at, section);
            }
        }
    }
    let seen = Seen::of(entries, own, &facts);
    seen.by_node_list(&facts)
        .map(|(name, _)| Identity::Name(name))
        .or_else(|| seen.by_pods(&facts).map(Identity::Name))
        .or_else(|| seen.host_address().map(Identity::Address))
}

/// Addresses that the log shows, and which of them are in the node's own namespace.
struct Seen {
    /// Connections by local address.
    addrs: BTreeMap<IpAddr, u64>,
    host: BTreeMap<IpAddr, u64>,
}

impl Seen {
    fn of(entries: &[EntryData], own: &BTreeSet<usize>, facts: &Facts) -> Self {
        let hosts: BTreeSet<u64> = facts.namespaces.iter().filter(|row| row.pid == Some(1)).map(|row| row.ns).collect();
        let mut seen = Self { addrs: BTreeMap::new(), host: BTreeMap::new() };
        for run in own.iter().flat_map(|at| &entries[*at].runs) {
            for (GroupKey { netns, saddr }, group) in &run.groups {
                let Some(ip) = saddr.ip().filter(|ip| !ip.is_loopback()) else { continue };
                *seen.addrs.entry(ip).or_default() += group.rows;
                if netns.is_some_and(|netns| hosts.contains(&netns)) {
                    *seen.host.entry(ip).or_default() += group.rows;
                }
            }
        }
        // Without a log the sockets of the snapshots tell.
        if seen.addrs.is_empty() {
            for socket in facts.dumps.iter().filter(|dump| own.contains(&dump.entry)).flat_map(|dump| &dump.sockets) {
                if let Some(ip) = socket.local.0.as_ref().and_then(snat_parse::Addr::ip)
                    && !ip.is_loopback()
                    && !ip.is_unspecified()
                {
                    *seen.addrs.entry(ip).or_default() += 1;
                }
            }
        }
        seen
    }

    /// The node whose INTERNAL-IP is an address of the node's namespace, else of any.
    fn by_node_list(&self, facts: &Facts) -> Option<(String, IpAddr)> {
        let listed = |addrs: &BTreeMap<IpAddr, u64>| {
            let mut found: Vec<_> = facts
                .nodes
                .iter()
                .filter_map(|node| node.internal_ip.map(|ip| (node.name.clone(), ip)))
                .filter_map(|(name, ip)| addrs.get(&ip).map(|rows| (*rows, name, ip)))
                .collect();
            found.sort();
            found.pop().map(|(_, name, ip)| (name, ip))
        };
        listed(&self.host).or_else(|| listed(&self.addrs))
    }

    /// The node whose pods' addresses appear most; a tie names nobody.
    fn by_pods(&self, facts: &Facts) -> Option<String> {
        let mut of_node: BTreeMap<&str, BTreeSet<IpAddr>> = BTreeMap::new();
        for row in &facts.pods {
            if let (Some(node), Some(ip)) = (&row.node, row.ip)
                && self.addrs.contains_key(&ip)
            {
                of_node.entry(node).or_default().insert(ip);
            }
        }
        let most = of_node.values().map(BTreeSet::len).max()?;
        let mut best = of_node.iter().filter(|(_, ips)| ips.len() == most);
        match (best.next(), best.next()) {
            (Some((name, _)), None) => Some((*name).to_owned()),
            _ => None,
        }
    }

    /// The only address of the node's namespace.
    fn host_address(&self) -> Option<IpAddr> {
        let mut v4 = self.host.keys().filter(|ip| ip.is_ipv4());
        match (v4.next(), v4.next()) {
            (Some(only), None) => Some(*only),
            _ => None,
        }
    }
}

/// The address that living pods of one node share is the node's.
fn shared_address(facts: &Facts, name: &str) -> Option<IpAddr> {
    let mut of: BTreeMap<IpAddr, BTreeSet<&crate::owner::PodKey>> = BTreeMap::new();
    for row in facts.pods.iter().filter(|row| row.node.as_deref() == Some(name)) {
        if let Some(ip) = row.ip {
            of.entry(ip).or_default().insert(&row.key);
        }
    }
    of.into_iter().find(|(_, pods)| pods.len() > 1).map(|(ip, _)| ip)
}

fn node(entries: &[EntryData], own: &BTreeSet<usize>, facts: &Facts) -> Node {
    let seen = Seen::of(entries, own, facts);
    let listed_ip = |name: &str| facts.nodes.iter().find(|node| node.name == name).and_then(|node| node.internal_ip);
    let (name, ip, source) = if let Some((name, ip)) = seen.by_node_list(facts) {
        (Some(name), Some(ip), Some(NodeSource::NodeList))
    } else if let Some(name) = seen.by_pods(facts) {
        let ip = listed_ip(&name).or_else(|| shared_address(facts, &name)).or_else(|| seen.host_address());
        (Some(name), ip, Some(NodeSource::Pods))
    } else if let Some(host) = own.iter().find_map(|at| entries[*at].prompt_host.clone()) {
        let ip = listed_ip(&host).or_else(|| seen.host_address());
        (Some(host), ip, Some(NodeSource::Prompt))
    } else if let Some(folder) = folder_name(entries, own) {
        let ip = listed_ip(&folder).or_else(|| seen.host_address());
        (Some(folder), ip, Some(NodeSource::Folder))
    } else {
        (None, seen.host_address(), None)
    };
    let pool_size = name.as_deref().and_then(|name| facts.pool_size(name)).map(|pool| pool.nodes);
    Node { name, internal_ip: ip.map(|ip| ip.to_string()), pool_size, source }
}

/// The folder that the node's own dumps lie in: inside the bundle, else the bundle itself. Standard input and loose
/// files have none.
fn folder_name(entries: &[EntryData], own: &BTreeSet<usize>) -> Option<String> {
    let anchor = own.iter().map(|at| &entries[*at]).find(|entry| entry.is_anchor())?;
    let inner = anchor.name.path.rsplit_once(['/', '!']).map(|(folder, _)| folder);
    let last = match inner {
        Some(folder) => folder.rsplit(['/', '!']).next().unwrap_or(folder),
        None if anchor.name.path == anchor.name.bundle => return None,
        None => &anchor.name.bundle,
    };
    let last = [
        ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tar.bz2", ".tbz2", ".tar", ".zip", ".gz", ".xz", ".zst",
        ".bz2",
    ]
    .iter()
    .find_map(|end| last.strip_suffix(end))
    .unwrap_or(last);
    Some(last.to_owned()).filter(|name| !name.is_empty() && name != "-")
}
