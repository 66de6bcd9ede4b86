//! What rules look at.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use crate::egress::Class;
use crate::fold::Map;
use crate::ledger::{Overrides, Profile, Remote, Stock};
use crate::owner::OwnerKey;
use crate::report::{Destination, NodeReport, OwnerKind, Place, RankRow, State, Verdict};
use crate::verdict::{Course, Dest, Judged};
use crate::words::grouped;

use super::Agreement;

/// One node, as far as it is known.
pub(crate) struct Scene<'a> {
    /// The report, less its findings.
    pub(crate) node: &'a NodeReport,
    pub(crate) judged: &'a [Judged],
    /// `None` without any dump of sockets.
    pub(crate) stock: Option<&'a Stock>,
    /// `None` where the trace or the snapshots are missing.
    pub(crate) agreement: Option<Agreement>,
    /// Who called the first owner, most calls first.
    pub(crate) callers: Vec<(String, u64)>,
    /// Addresses of pods and nodes.
    pub(crate) known: &'a BTreeSet<IpAddr>,
    pub(crate) profile: &'a Profile,
    pub(crate) overrides: &'a Overrides,
    /// IPv4 connects to all public destinations over time, of each run with times.
    pub(crate) sums: Vec<Course>,
    pub(crate) holding: Holding<'a>,
}

/// By destination, the owners that connect there in the order of the ranking, with what they have there.
pub(crate) struct Holding<'a>(Map<Remote, Vec<(&'a RankRow, &'a Destination)>>);

impl<'a> Holding<'a> {
    pub(crate) fn of(ranking: &'a [RankRow]) -> Self {
        let mut all: Map<Remote, Vec<(&RankRow, &Destination)>> = Map::default();
        for row in ranking {
            for dest in &row.destinations {
                if let (Some(port), Ok(addr)) = (dest.port, dest.addr.parse()) {
                    all.entry((addr, port)).or_default().push((row, dest));
                }
            }
        }
        Self(all)
    }

    fn on(&self, remote: Remote) -> &[(&'a RankRow, &'a Destination)] {
        self.0.get(&remote).map_or(&[], Vec::as_slice)
    }
}

/// A public destination.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) dest: &'a Dest,
    pub(crate) remote: Remote,
    /// Where what is held settles; not told by a glimpse of a trace.
    pub(crate) plateau: Option<f64>,
}

/// A shorter trace shows nothing of what comes.
pub(crate) const GLIMPSE_S: f64 = 30.0;

impl Target<'_> {
    /// Ports that it needs: held at most, or where that settles.
    pub(crate) fn wants(&self) -> f64 {
        self.held().max(self.plateau.unwrap_or(0.0))
    }

    /// Held at most; what is open is held.
    pub(crate) fn held(&self) -> f64 {
        self.dest.held.max(self.dest.open) as f64
    }
}

/// An owner on a destination.
pub(crate) struct Holder<'a> {
    pub(crate) row: &'a RankRow,
    /// Ports that it held there at most; its connects where no times are known.
    pub(crate) ports: u64,
}

impl<'a> Scene<'a> {
    pub(crate) fn main(&self) -> Option<&'a Verdict> {
        self.node.main_verdict()
    }

    pub(crate) fn is(&self, state: State) -> Option<&'a Verdict> {
        self.main().filter(|main| main.state == state)
    }

    /// Ports of the node.
    pub(crate) fn ports(&self) -> Option<u64> {
        self.main().and_then(|main| main.numbers.ports)
    }

    /// Part of the node's ports; 0 where it has no number of its own.
    pub(crate) fn share(&self, ports: f64) -> f64 {
        self.ports().filter(|all| *all > 0).map_or(0.0, |all| ports / all as f64)
    }

    /// `520 of 1,024 ports`, or `520 ports`.
    pub(crate) fn of_ports(&self, ports: f64) -> String {
        let own = grouped(ports.round().max(0.0) as u64);
        self.ports().map_or_else(|| format!("{own} ports"), |all| format!("{own} of {} ports", grouped(all)))
    }

    /// Nodes behind the NAT: as given, else as listed.
    pub(crate) fn nodes(&self) -> Option<u64> {
        self.overrides.nodes.or(self.node.node.pool_size)
    }

    /// Seconds that were traced, of the run that the verdict is about: runs do not add up to a longer look.
    pub(crate) fn seconds(&self) -> Option<f64> {
        self.main()?.window.map(|window| window.seconds).filter(|seconds| *seconds > 0.0)
    }

    pub(crate) fn hold_s(&self) -> f64 {
        self.node.allocation.hold_s
    }

    /// Public destinations, the one that needs most ports first in each family.
    pub(crate) fn targets(&self) -> Vec<Target<'a>> {
        let glimpse = self.seconds().is_none_or(|seconds| seconds < GLIMPSE_S);
        let target = move |(dest, remote): (&'a Dest, Remote)| Target {
            dest,
            remote,
            plateau: dest.plateau.filter(|_| !glimpse),
        };
        let of = |judged: &'a Judged| judged.dests().map(target);
        self.judged.iter().flat_map(of).collect()
    }

    /// The one that the verdict is about.
    pub(crate) fn main_target(&self) -> Option<Target<'a>> {
        let name = self.main()?.numbers.destination.as_deref()?;
        self.targets().into_iter().find(|target| target.dest.name == name)
    }

    /// Who connects there, those with most ports first.
    pub(crate) fn holders(&self, remote: Remote) -> Vec<Holder<'a>> {
        let mut found: Vec<Holder<'a>> = Vec::new();
        for (row, dest) in self.holding.on(remote) {
            let ports = dest.ports_peak.unwrap_or(dest.connects);
            match found.last_mut().filter(|last| std::ptr::eq(last.row, *row)) {
                Some(last) => last.ports = last.ports.max(ports),
                None => found.push(Holder { row, ports }),
            }
        }
        found.sort_by_key(|holder| std::cmp::Reverse(holder.ports));
        found
    }

    /// The same in words: `default/orders (500), web/frontend (20), and 3 more`.
    pub(crate) fn who(&self, remote: Remote) -> String {
        let holders = self.holders(remote);
        let named = |holder: &Holder<'_>| format!("{} ({})", holder.row.owner.label(), grouped(holder.ports));
        crate::words::listed(&holders.iter().map(named).collect::<Vec<_>>(), 3)
    }

    /// Whose connects hang there: `, by default/orders (38)`; nothing where no snapshot tells.
    pub(crate) fn who_hangs(&self, remote: Remote) -> String {
        let hang = self.stock.into_iter().flat_map(|stock| &stock.hang);
        let mut found: Vec<(&OwnerKey, u64)> =
            hang.filter(|((_, to), _)| *to == remote).map(|((owner, _), hang)| (owner, *hang)).collect();
        found.sort_by_key(|(_, hang)| std::cmp::Reverse(*hang));
        let named: Vec<String> =
            found.into_iter().map(|(owner, hang)| format!("{} ({})", label(owner), grouped(hang))).collect();
        if named.is_empty() { String::new() } else { format!(", by {}", crate::words::listed(&named, 3)) }
    }

    /// The first and the last connect of the two that hold most.
    pub(crate) fn lines(&self, remote: Remote) -> Vec<Place> {
        let holders = self.holders(remote);
        let rows = holders.iter().take(2).flat_map(|holder| &holder.row.destinations);
        let mut found: Vec<Place> =
            rows.filter(|dest| is(dest, remote)).flat_map(|dest| [dest.first.clone(), dest.last.clone()]).collect();
        found.dedup();
        found
    }

    /// Connects to all public IPv4 destinations in the run of that number, from 1.
    pub(crate) fn sum(&self, run: u64) -> Option<&Course> {
        self.sums.get(usize::try_from(run).ok()?.checked_sub(1)?)
    }

    /// Owners that are known, in the order of the ranking.
    pub(crate) fn named(&self) -> impl Iterator<Item = &'a RankRow> {
        self.node.ranking.iter().filter(|row| row.owner.kind != OwnerKind::Unknown)
    }

    /// Destinations that look private and belong to no pod and no node, with the connects there.
    pub(crate) fn service_like(&self) -> Vec<(IpAddr, Option<u16>, u64)> {
        let private = self.node.destinations.iter().filter(|dest| dest.class == Some(Class::Private));
        let of = |dest: &crate::report::NodeDestination| Some((dest.addr.parse().ok()?, dest.port, dest.connects));
        private.filter_map(of).filter(|(addr, _, _)| !self.known.contains(addr)).collect()
    }
}

/// Whether a destination of an owner is that one.
pub(crate) fn is(dest: &Destination, (addr, port): Remote) -> bool {
    dest.port == Some(port) && dest.addr.parse().is_ok_and(|own: IpAddr| own == addr)
}

/// As destinations are spelled.
pub(crate) fn name((addr, port): Remote) -> String {
    SocketAddr::new(addr, port).to_string()
}

/// A pod by its name alone.
pub(crate) fn label(owner: &OwnerKey) -> String {
    match owner {
        OwnerKey::Pod(pod) => pod.to_string(),
        other => other.spelled(),
    }
}
