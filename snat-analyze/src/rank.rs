//! Claims to ranked rows: connects counted by owner and destination, evidence gathered, order made total.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use snat_parse::Addr;

use crate::apart::of_all;
use crate::egress::{Class, Rule, classify};
use crate::fold::{Dest, DestKey, Group, GroupKey, Map, Mark, PidKey};
use crate::ledger::{Book, Detail, Held, OnDest, OwnerPorts, Part, Remote, Snapshots};
use crate::owner::{Claim, Dissent, Edge, OwnerKey, PodKey, Share};
use crate::report::{
    Confidence, Contradiction, Destination, Evidence, NodeDestination, Owner, OwnerKind, OwnerRef, Place, RankRow,
    Timeline, UnknownReason,
};

/// What the rows are made from.
pub(crate) struct Counted<'a> {
    pub(crate) groups: &'a Map<GroupKey, Group>,
    pub(crate) claims: &'a [Vec<Claim>],
    pub(crate) rules: &'a [Rule],
    pub(crate) has_netns: bool,
    pub(crate) seconds: Option<f64>,
    pub(crate) containers: &'a BTreeMap<PodKey, BTreeSet<String>>,
    pub(crate) node_addresses: &'a BTreeSet<IpAddr>,
    pub(crate) addresses: &'a BTreeMap<PodKey, BTreeSet<IpAddr>>,
    /// Entry paths by index.
    pub(crate) entries: &'a [Arc<str>],
    pub(crate) snapshots: &'a Snapshots,
    pub(crate) book: &'a Book,
    /// Whether any event was read: without one no connect is known, not even none.
    pub(crate) has_log: bool,
    pub(crate) call: &'a Call,
    /// Threads that there may be.
    pub(crate) threads: usize,
}

/// What the first row is chosen by: it is the one whose owner gets the call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    /// The destinations that decide: those that fill up most of the node's ports, else the fullest.
    pub(crate) binding: Vec<Remote>,
    /// Whether the trace is too short to show how full it gets, so that what is held goes by where it settles.
    pub(crate) settles: bool,
}

/// What an owner is ranked by, the largest first.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    /// Ports, or where they settle, and hanging connects to the binding destination where that is most.
    ports: f64,
    /// Hanging connects to public destinations.
    hang: u64,
    /// Ports to all public destinations.
    demand: f64,
    connects: u64,
    established: u64,
}

impl Weight {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.ports
            .total_cmp(&other.ports)
            .then(self.hang.cmp(&other.hang))
            .then(self.demand.total_cmp(&other.demand))
            .then(self.connects.cmp(&other.connects))
            .then(self.established.cmp(&other.established))
    }
}

/// One row, and what it was ranked by.
pub(crate) struct Ranked {
    pub(crate) owner: OwnerKey,
    pub(crate) row: RankRow,
    /// What it has on each binding destination, in their order, and the connects that hang there.
    pub(crate) on: Vec<(OnDest, u64)>,
}

/// Lines that are quoted for one step, and for one contradiction.
const PLACES: usize = 3;

/// Connects of one owner to one destination.
struct Sum<'a> {
    class: Option<Class>,
    connects: u64,
    first: &'a Mark,
    /// The one of the last connect.
    last: &'a Dest,
}

impl<'a> Sum<'a> {
    /// Adds those of another process.
    fn add(&mut self, other: &Sum<'a>) {
        let order = |mark: &Mark| (mark.entry, mark.line);
        self.connects += other.connects;
        if order(other.first) < order(self.first) {
            self.first = other.first;
        }
        if other.last.last_at() > self.last.last_at() {
            self.last = other.last;
        }
    }
}

/// What an owner is told of: its claims, each with its group, and what the snapshots show.
#[derive(Default)]
struct Claimed<'a> {
    claims: Vec<(&'a GroupKey, &'a Group, &'a Claim)>,
    held: Option<&'a Held>,
}

/// One owner, gathered.
#[derive(Default)]
struct Gathered<'a> {
    netns: BTreeSet<u64>,
    addrs: BTreeSet<Addr>,
    pids: BTreeSet<u32>,
    comm: Option<String>,
    /// By process, and then by destination.
    dests: Vec<(&'a DestKey, Sum<'a>)>,
    confidence: Option<(bool, Confidence)>,
    reason: Option<UnknownReason>,
    host: bool,
    /// Whether the log has events of it.
    in_log: bool,
    established_public: Option<u64>,
    parts: Vec<Part<'a>>,
    edges: BTreeMap<(usize, String, String, &'static str), Vec<Mark>>,
    dissent: BTreeSet<Dissent>,
}

/// Order in which the steps of the way are shown.
const EDGES: [&str; 6] = ["address-pod", "netns-pid", "pid-process", "pid-sandbox", "sandbox-pod", "netstat-pod"];

impl<'a> Gathered<'a> {
    fn edge(&mut self, edge: &Edge) {
        let order = EDGES.iter().position(|name| *name == edge.edge).unwrap_or(EDGES.len());
        let marks = self.edges.entry((order, edge.from.clone(), edge.to.clone(), edge.edge)).or_default();
        for mark in &edge.marks {
            if marks.len() < PLACES && !marks.contains(mark) {
                marks.push(mark.clone());
            }
        }
    }

    /// The owner is as sure as its least sure group with public connects; without any, as its least sure group.
    fn confidence(&mut self, public: bool, confidence: Confidence) {
        self.confidence = Some(match self.confidence {
            Some((was_public, _)) if public && !was_public => (true, confidence),
            Some((was_public, was)) if public == was_public => (public, was.min(confidence)),
            Some(kept) => kept,
            None => (public, confidence),
        });
    }
}

/// Connects by class; the second is those to documentation ranges among the public ones.
pub(crate) fn by_class(groups: &Map<GroupKey, Group>, rules: &[Rule]) -> (BTreeMap<String, u64>, u64) {
    let mut found: BTreeMap<Option<Class>, u64> = BTreeMap::new();
    let mut documentation = 0;
    for (key, connects) in all_dests(groups) {
        let class = classify(&key.addr, key.port, rules);
        *found.entry(class).or_default() += connects;
        if class == Some(Class::Public) && key.addr.ip().is_some_and(crate::egress::is_documentation) {
            documentation += connects;
        }
    }
    let name = |class: Option<Class>| class.map_or("unreadable", Class::name).to_owned();
    (found.into_iter().map(|(class, connects)| (name(class), connects)).collect(), documentation)
}

fn all_dests(groups: &Map<GroupKey, Group>) -> impl Iterator<Item = (&DestKey, u64)> {
    let cells = groups.values().flat_map(|group| group.cells.values());
    cells.flat_map(|cell| cell.dests.iter().map(|(key, dest)| (key, dest.connects)))
}

impl Counted<'_> {
    fn class(&self, dest: &DestKey) -> Option<Class> {
        classify(&dest.addr, dest.port, self.rules)
    }

    /// Destinations of the node.
    fn destinations(&self) -> Vec<NodeDestination> {
        let mut sums: Map<&DestKey, u64> = Map::default();
        for (key, connects) in all_dests(self.groups) {
            *sums.entry(key).or_default() += connects;
        }
        let mut found: Vec<_> = sums.into_iter().collect();
        found.sort_by_cached_key(|(key, connects)| (std::cmp::Reverse(*connects), key.order()));
        let row = |(key, connects): (&DestKey, u64)| {
            let ports = self.book.dest(key);
            NodeDestination {
                addr: key.addr.to_string(),
                port: key.port,
                proto: "tcp".into(),
                class: self.class(key),
                connects,
                open_peak: ports.map(|ports| ports.open_peak),
                ports_peak: ports.and_then(|ports| ports.ports_peak),
                ports_peak_reset: ports.and_then(|ports| ports.ports_peak_reset),
                at_s: ports.and_then(|ports| ports.at_s).map(rounded),
                open_at_end: ports.map(|ports| ports.open_at_end),
                open_past_idle: ports.and_then(|ports| ports.open_past_idle),
            }
        };
        found.into_iter().map(row).collect()
    }

    /// The ranking: ports and hanging connects on a binding destination first. And all destinations, by connects.
    pub(crate) fn ranking(&self, connects_public: u64) -> (Vec<Ranked>, Vec<NodeDestination>) {
        let mut owners: BTreeMap<&OwnerKey, Claimed<'_>> = BTreeMap::new();
        for ((key, group), claims) in self.groups.iter().zip(self.claims) {
            for claim in claims {
                owners.entry(&claim.owner).or_default().claims.push((key, group, claim));
            }
        }
        for (owner, held) in &self.snapshots.owners {
            owners.entry(owner).or_default().held = Some(held);
        }
        let candidates = self.candidates();
        let row = |(owner, claimed): (&OwnerKey, Claimed<'_>)| {
            let gathered = self.gathered(owner, &claimed);
            let (weight, on, row) = self.row(owner, gathered, connects_public, &candidates);
            (weight, Ranked { owner: owner.clone(), row, on })
        };
        let owners = owners.into_iter().collect();
        let (mut rows, destinations) = of_all(self.threads, owners, row, || self.destinations());
        // OwnerKey orders pods by namespace and name, then host processes, the node, the unknown ones.
        rows.sort_by(|(x, a), (y, b)| y.cmp(x).then_with(|| a.owner.cmp(&b.owner)));
        let mut rank = 0;
        let ranked = rows.into_iter().map(|(_, mut ranked)| {
            if ranked.row.owner.kind != OwnerKind::Unknown {
                rank += 1;
                ranked.row.rank = Some(rank);
            }
            ranked
        });
        (ranked.collect(), destinations)
    }

    fn gathered<'a>(&self, owner: &OwnerKey, claimed: &Claimed<'a>) -> Gathered<'a> {
        let mut gathered = Gathered::default();
        for (key, group, claim) in &claimed.claims {
            self.gather(&mut gathered, key, group, claim);
        }
        gathered.dests.sort_by_cached_key(|(key, _)| key.order());
        gathered.dests.dedup_by(|(key, sum), (kept, all)| {
            let is_same = key == kept;
            if is_same {
                all.add(sum);
            }
            is_same
        });
        if let Some(held) = claimed.held {
            self.hold(&mut gathered, owner, held);
        }
        gathered
    }

    /// Adds what the snapshots show; an owner that the trace does not know rests on them alone.
    fn hold(&self, into: &mut Gathered<'_>, owner: &OwnerKey, held: &Held) {
        into.established_public = Some(into.established_public.unwrap_or(0) + held.established_public);
        if into.confidence.is_none() {
            into.confidence = Some((false, held.confidence));
            into.addrs.extend(held.addrs.iter().cloned());
            into.pids.extend(held.pids.iter().copied());
            if matches!(owner, OwnerKey::Unknown { .. }) {
                into.reason = Some(UnknownReason::NoAddress);
            }
        }
        into.host |= held.host;
        for edge in &held.edges {
            into.edge(edge);
        }
    }

    fn gather<'a>(&self, into: &mut Gathered<'a>, key: &'a GroupKey, group: &'a Group, claim: &'a Claim) {
        into.parts.push((key, &claim.share));
        let held = |pid: &PidKey| match &claim.share {
            Share::Whole => true,
            Share::Cells(cells) => cells.contains(pid),
        };
        let mut public = false;
        for (pid, cell) in group.cells.iter().filter(|(pid, _)| held(pid)) {
            if let PidKey::Pid(pid) = pid {
                into.pids.insert(*pid);
            }
            into.comm = into.comm.take().or_else(|| cell.comm.clone());
            for (dest, counts) in &cell.dests {
                let class = self.class(dest);
                public |= class == Some(Class::Public);
                let Dest { connects, first, .. } = counts;
                into.dests.push((dest, Sum { class, connects: *connects, first, last: counts }));
            }
        }
        into.in_log = true;
        into.netns.extend(key.netns);
        into.addrs.insert(key.saddr.clone());
        into.confidence(public, claim.confidence);
        into.reason = into.reason.or(claim.reason);
        into.host |= claim.host;
        for edge in &claim.edges {
            into.edge(edge);
        }
        into.dissent.extend(claim.dissent.iter().cloned());
    }

    /// Rows of the log with these namespaces and addresses, of all types: the manual recipe's unit, rightly read.
    fn article_count(&self, gathered: &Gathered<'_>) -> Option<u64> {
        // Of several runs one may be without NETNS.
        if !self.has_netns || (gathered.in_log && gathered.netns.is_empty()) {
            return None;
        }
        let of = |(netns, saddr): (&u64, &Addr)| {
            let key = GroupKey { netns: Some(*netns), saddr: saddr.clone() };
            self.groups.get(&key).map_or(0, |group| group.rows)
        };
        let pairs = gathered.netns.iter().flat_map(|netns| gathered.addrs.iter().map(move |saddr| (netns, saddr)));
        Some(pairs.map(of).sum())
    }

    /// Pods that live in the node's namespace.
    fn candidates(&self) -> Vec<String> {
        let host = |ips: &BTreeSet<IpAddr>| !ips.is_disjoint(self.node_addresses);
        self.addresses.iter().filter(|(_, ips)| host(ips)).map(|(pod, _)| pod.to_string()).collect()
    }

    fn row(
        &self,
        owner: &OwnerKey,
        gathered: Gathered<'_>,
        all: u64,
        candidates: &[String],
    ) -> (Weight, Vec<(OnDest, u64)>, RankRow) {
        let public = gathered.dests.iter().filter(|(_, sum)| sum.class == Some(Class::Public));
        let connects_public: u64 = public.map(|(_, sum)| sum.connects).sum();
        let article_count = self.article_count(&gathered);
        let evidence = gathered.edges.into_iter().map(|((_, from, to, edge), marks)| Evidence {
            edge: edge.to_owned(),
            from,
            to,
            places: self.places(marks),
        });
        let contradictions = gathered.dissent.into_iter().map(|dissent| Contradiction {
            route: dissent.route.to_owned(),
            owner: dissent.owner,
            instead_of: dissent.instead_of,
            why: dissent.why.to_owned(),
            places: self.places(dissent.marks),
        });
        let account = self.book.account(&gathered.parts);
        let mut ports = if gathered.in_log { account.ports() } else { OwnerPorts::default() };
        let hang = self.snapshots.stock.hang.iter().filter(|((of, _), _)| of == owner);
        let hang: Vec<(Remote, u64)> = hang.map(|((_, remote), count)| (*remote, *count)).collect();
        let hangs_on =
            |remote: Remote| hang.iter().filter(|(to, _)| *to == remote).map(|(_, count)| count).sum::<u64>();
        let counts = |on: &OnDest| if self.call.settles { on.plateau } else { on.held as f64 };
        let mut weight = Weight {
            hang: hang.iter().map(|(_, count)| count).sum(),
            demand: counts(&account.on_all()),
            connects: connects_public,
            established: gathered.established_public.unwrap_or(0),
            ..Weight::default()
        };
        let mut ranked: Option<OnDest> = None;
        let mut on_binding = Vec::new();
        for remote in &self.call.binding {
            let (on, hang) = (account.on(*remote), hangs_on(*remote));
            on_binding.push((on, hang));
            let own = counts(&on) + hang as f64;
            if ranked.is_none() || own > weight.ports {
                (weight.ports, ranked) = (own, Some(on));
            }
        }
        if let (Some(on), true) = (ranked, ports.ports_at_node_peak.is_some()) {
            ports.ports_at_node_peak = Some(on.held);
            ports.ports_share = (on.of > 0).then(|| on.held as f64 / on.of as f64);
        }
        let mut dests = gathered.dests;
        // Of those with as many connects the first by address and port comes first, as it does already.
        dests.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.connects));
        let destinations = dests.into_iter().map(|(key, sum)| Destination {
            addr: key.addr.to_string(),
            port: key.port,
            proto: "tcp".into(),
            class: sum.class,
            connects: sum.connects,
            ports_peak: account.dest(key),
            first: self.place(sum.first),
            last: self.place(&sum.last.last()),
        });
        let mut row = Owner {
            netns: gathered.netns.into_iter().collect(),
            addrs: gathered.addrs.iter().map(Addr::to_string).collect(),
            pids: gathered.pids.into_iter().map(u64::from).collect(),
            ..Owner::default()
        };
        match owner {
            OwnerKey::Pod(pod) => {
                row.kind = OwnerKind::Pod;
                row.namespace.clone_from(&pod.namespace);
                row.pod = Some(pod.name.clone());
                row.workload = Some(workload(&pod.name).to_owned());
                row.containers =
                    self.containers.get(pod).map(|names| names.iter().cloned().collect()).unwrap_or_default();
                row.host_network = match self.addresses.get(pod) {
                    _ if gathered.host => Some(true),
                    Some(ips) if !ips.is_empty() && !self.node_addresses.is_empty() => {
                        Some(!ips.is_disjoint(self.node_addresses))
                    }
                    _ => None,
                };
            }
            OwnerKey::HostProcess(name) => {
                row.kind = OwnerKind::HostProcess;
                row.comm = Some(name.clone());
            }
            OwnerKey::Node(comm) => {
                row.kind = OwnerKind::Node;
                row.comm.clone_from(comm);
                row.candidates = candidates.to_vec();
            }
            OwnerKey::Unknown { .. } => {
                row.kind = OwnerKind::Unknown;
                row.comm = gathered.comm;
                row.reason = gathered.reason;
            }
        }
        let row = RankRow {
            rank: None,
            owner: row,
            hang: (weight.hang > 0 || gathered.established_public.is_some()).then_some(weight.hang),
            connects_public: self.has_log.then_some(connects_public),
            established_public: gathered.established_public,
            share: (all > 0).then(|| rounded(connects_public as f64 / all as f64)),
            rate_per_s: self
                .seconds
                .filter(|seconds| *seconds > 0.0 && self.has_log)
                .map(|seconds| rounded(connects_public as f64 / seconds)),
            article_count,
            median_life_s: ports.median_life_s.map(rounded),
            ports_peak: ports.ports_peak,
            ports_peak_is_bound: ports.ports_peak_is_bound,
            ports_at_node_peak: ports.ports_at_node_peak,
            ports_share: ports.ports_share.map(rounded),
            plateau: ports.plateau.map(rounded),
            destinations: destinations.collect(),
            confidence: gathered.confidence.map_or(Confidence::Weak, |(_, confidence)| confidence),
            contradictions: contradictions.collect(),
            evidence: evidence.collect(),
        };
        (weight, on_binding, row)
    }

    fn places(&self, marks: impl IntoIterator<Item = Mark>) -> Vec<Place> {
        marks.into_iter().take(PLACES).map(|mark| self.place(&mark)).collect()
    }

    fn place(&self, mark: &Mark) -> Place {
        place(self.entries, mark)
    }
}

impl Counted<'_> {
    /// Ports held over time, by the owners of the ranking.
    pub(crate) fn timeline(&self, detail: Detail, ranking: &[Ranked]) -> Option<Timeline> {
        let owners: Vec<OwnerRef> = ranking.iter().map(|ranked| OwnerRef::from(&ranked.row.owner)).collect();
        let places: BTreeMap<&OwnerKey, usize> =
            ranking.iter().enumerate().map(|(at, ranked)| (&ranked.owner, at)).collect();
        self.book.timeline(detail, &owners, |group, pid| {
            let claims = self.claims.get(self.groups.get_index_of(group)?)?;
            let claim = claims.iter().find(|claim| match &claim.share {
                Share::Whole => true,
                Share::Cells(cells) => cells.contains(pid),
            });
            places.get(&claim?.owner).copied()
        })
    }
}

/// To six decimals: more would be noise, and a number reads back as it was written.
pub(crate) fn rounded(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

/// A mark with its entry's path.
pub(crate) fn place(entries: &[Arc<str>], mark: &Mark) -> Place {
    Place { entry: entries.get(mark.entry).cloned().unwrap_or_default(), line: mark.line, text: mark.text.clone() }
}

/// Letters that Kubernetes' own random suffixes are made of: no vowels, nothing that looks like another.
const SUFFIX: &str = "bcdfghjklmnpqrstvwxz2456789";

/// A pod's name without what its controller appended: `web-6c9d7f8b5-abcde`, `agent-hq7zt`, `db-0`,
/// `import-29388960-7wvbk`.
pub(crate) fn workload(pod: &str) -> &str {
    let random = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.chars().all(|c| SUFFIX.contains(c))
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let Some((front, last)) = pod.rsplit_once('-') else { return pod };
    if random(last, 5..=5) {
        return match front.rsplit_once('-') {
            Some((name, hash)) if random(hash, 6..=10) || (hash.len() >= 8 && digits(hash)) => name,
            _ => front,
        };
    }
    if digits(last) && last.len() <= 4 { front } else { pod }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controllers_suffixes_are_taken_off() {
        for (pod, want) in [
            ("payments-api-7d9c6b8f5d-x2k4p", "payments-api"),
            ("node-agent-hq7zt", "node-agent"),
            ("sessions-cache-0", "sessions-cache"),
            ("nightly-import-29388960-7wvbk", "nightly-import"),
            ("nginx", "nginx"),
            ("web-server", "web-server"),
            ("my-cache", "my-cache"),
        ] {
            assert_eq!(workload(pod), want, "{pod}");
        }
    }
}
