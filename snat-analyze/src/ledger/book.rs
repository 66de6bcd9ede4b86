//! The replays of a capture's runs, asked by destination and by owner.
//!
//! A destination is counted per run: of several runs the one in which it was fullest speaks for it. Values at the node's
//! peak add up over groups and processes, so an owner's part is exact; an owner's own peak is exact where one group or
//! process has it, and a bound where several were added.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use super::profile::Reuse;
use super::stock::Remote;
use super::sweep::{Ended, Lives, OPEN, Place, Replay, Share as SpotShare, Spot};
use crate::fold::{DestKey, GroupKey, Map, PidKey, Run};
use crate::owner::Share;
use crate::report::Flows;
use crate::verdict::{Course, course};

/// Local and remote end.
pub(crate) type EndPair = (Remote, Remote);

/// Nanoseconds as seconds.
pub(super) fn seconds(ns: i64) -> f64 {
    ns as f64 / 1e9
}

/// One run, with what its dense numbers mean.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) replay: Replay,
    pub(super) groups: Vec<GroupKey>,
    /// Group and process.
    pub(super) cells: Vec<(usize, PidKey)>,
    /// Spots by their place.
    places: Map<Place, usize>,
    /// The spots where each group has a part, and each process, ascending.
    of_groups: Vec<Vec<u32>>,
    of_cells: Vec<Vec<u32>>,
}

/// A run whose ledgers may still be kept, with what its dense numbers mean.
#[derive(Debug)]
pub(crate) struct Draft {
    ledgers: Ended,
    groups: Vec<GroupKey>,
    /// By number.
    cells: Vec<DraftCell>,
}

/// A process of a run.
#[derive(Debug)]
struct DraftCell {
    number: usize,
    group: usize,
    pid: PidKey,
    is_proxy_user: bool,
}

impl Draft {
    /// Takes the ledgers out of a run.
    pub(crate) fn of(run: &mut Run) -> Option<Self> {
        let ledgers = run.take_ledgers()?;
        let groups = run.groups.keys().cloned().collect();
        let mut cells: Vec<DraftCell> = Vec::new();
        for (group, known) in run.groups.values().enumerate() {
            cells.extend(known.cells.iter().map(|(pid, cell)| DraftCell {
                number: cell.number,
                group,
                pid: *pid,
                is_proxy_user: cell.is_proxy_user,
            }));
        }
        cells.sort_unstable_by_key(|cell| cell.number);
        Some(Self { ledgers, groups, cells })
    }
}

/// All runs of a capture.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(super) pages: Vec<Page>,
    pub(crate) mesh: Mesh,
    /// The public destination that was fullest: its run, and the spot there.
    fullest: Option<(usize, usize)>,
}

/// Connects that a proxy of their namespace made again within a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mesh {
    /// Left out of what is held: the process is known to be a proxy.
    pub(crate) left_out: u64,
    /// Counted all the same: the thread is named like a proxy's, and nothing else says so.
    pub(crate) suspected: u64,
}

/// Ports of one destination.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DestPorts {
    /// Connections open at once, at most.
    pub(crate) open_peak: u64,
    /// Ports held at once, at most, with the profile's hold; `None` without times.
    pub(crate) ports_peak: Option<u64>,
    /// The same if every close had been a reset.
    pub(crate) ports_peak_reset: Option<u64>,
    /// When that peak was, s of the trace.
    pub(crate) at_s: Option<f64>,
    /// Open at the end, and of those the ones that are older than the idle time.
    pub(crate) open_at_end: u64,
    pub(crate) open_past_idle: Option<u64>,
}

/// Ports of one owner.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct OwnerPorts {
    pub(crate) ports_peak: Option<u64>,
    pub(crate) ports_peak_is_bound: bool,
    pub(crate) ports_at_node_peak: Option<u64>,
    pub(crate) ports_share: Option<f64>,
    pub(crate) plateau: Option<f64>,
    pub(crate) median_life_s: Option<f64>,
}

/// What needs most ports under some rules.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fullest {
    pub(crate) name: String,
    /// Held at once, at most.
    pub(crate) held: u64,
    /// Where that settles.
    pub(crate) plateau: Option<f64>,
}

/// What one owner has on one destination.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct OnDest {
    /// Ports at the destination's peak.
    pub(crate) held: u64,
    /// Where they settle.
    pub(crate) plateau: f64,
    /// The destination's peak.
    pub(crate) of: u64,
}

/// A group of the log, and the part of it that is meant.
pub(crate) type Part<'a> = (&'a GroupKey, &'a Share);

impl Book {
    /// What was found of the runs. One whose proxies are all known for what they are is taken without the connects that they
    /// make again.
    pub(crate) fn of(drafts: Vec<Draft>, is_proxy: impl Fn(PidKey, bool) -> bool) -> Self {
        let mut mesh = Mesh::default();
        let mut page = |draft: Draft| {
            let Draft { ledgers, groups, cells } = draft;
            let (mut replay, less) = ledgers.found()?;
            if let Some(less) = less.filter(|less| !less.doubles.is_empty()) {
                let pairs: u64 = less.doubles.iter().map(|(_, pairs)| pairs).sum();
                let is = |number: usize| {
                    let mut cells = cells.iter().filter(|cell| cell.number == number);
                    cells.next().is_some_and(|cell| is_proxy(cell.pid, cell.is_proxy_user))
                };
                let known = less.doubles.iter().all(|((proxy, _), _)| is(*proxy));
                if known {
                    mesh.left_out += pairs;
                    replay = less;
                } else {
                    mesh.suspected += pairs;
                }
            }
            let places = replay.spots.iter().enumerate().map(|(at, spot)| (spot.place, at)).collect();
            let cells = cells.into_iter().map(|cell| (cell.group, cell.pid)).collect();
            let of_groups = spots_of(&replay.spots, |spot| &spot.groups);
            let of_cells = spots_of(&replay.spots, |spot| &spot.cells);
            Some(Page { replay, groups, cells, places, of_groups, of_cells })
        };
        let pages: Vec<Page> = drafts.into_iter().filter_map(&mut page).collect();
        let fullest = fullest(&pages);
        Self { pages, mesh, fullest }
    }

    /// The runs.
    pub(crate) fn replays(&self) -> impl Iterator<Item = &Replay> {
        self.pages.iter().map(|page| &page.replay)
    }

    /// Local and remote ends of the public flows that are open at the end of the last run; `None` where there are more
    /// than are kept.
    pub(crate) fn open_at_end(&self) -> Option<BTreeSet<EndPair>> {
        let page = self.pages.last()?;
        let local = |group: usize| page.groups.get(group).and_then(|key| key.saddr.ip());
        let open = page.replay.open.iter().filter_map(|(group, sport, daddr, dport)| {
            Some(((local(*group)?.to_canonical(), *sport), (*daddr, *dport)))
        });
        (page.replay.open.len() < OPEN).then(|| open.collect())
    }

    /// What became of the rows.
    pub(crate) fn flows(&self) -> Flows {
        let mut flows = Flows::default();
        for page in &self.pages {
            let counts = page.replay.counts;
            flows.inbound_closes += counts.inbound;
            flows.inbound_closes_guessed += counts.inbound_guessed;
            flows.lone_closes_mapped += counts.lone_mapped;
            flows.lone_closes += counts.lone_plain;
            flows.opened_again += counts.reused;
            flows.opened_while_open += counts.reopened;
            flows.without_ends += counts.unkeyed;
            flows.late += counts.late;
            flows.beyond_bound += counts.beyond;
            let sums = page.replay.spots.iter().filter(|spot| matches!(spot.place, Place::Sum { .. }));
            for sum in sums {
                flows.open_at_end += u64::from(sum.open.now);
                flows.open_past_idle += u64::from(sum.past_idle);
            }
        }
        (flows.mesh_doubles, flows.mesh_doubles_suspected) = (self.mesh.left_out, self.mesh.suspected);
        flows
    }

    /// Closes without a connect that are not inbound, of all runs.
    pub(crate) fn unmatched_closes(&self) -> u64 {
        self.pages.iter().map(|page| page.replay.counts.lone_mapped + page.replay.counts.lone_plain).sum()
    }

    /// Whether some run has times, so that holds are known.
    pub(crate) fn is_timed(&self) -> bool {
        self.pages.iter().any(|page| page.replay.timed)
    }

    /// The most port numbers in use at once, were each connect given the lowest that its destination leaves free; the
    /// larger of both address families.
    pub(crate) fn expected_used_ports(&self) -> Option<u64> {
        let all = self.pages.iter().flat_map(|page| page.replay.expected_used_ports);
        all.flatten().map(|peak| u64::from(peak.peak)).max()
    }

    /// The most ports held at once over all public destinations together, of the fuller address family.
    pub(crate) fn ports_peak_sum(&self) -> Option<u64> {
        let sums = [false, true].map(|v6| Place::Sum { v6 });
        let spots = self.pages.iter().flat_map(|page| sums.iter().filter_map(|place| page.spot(*place)));
        spots.filter_map(|spot| spot.held.first()).map(|held| u64::from(held.peak)).max()
    }

    pub(crate) fn dest(&self, key: &DestKey) -> Option<DestPorts> {
        let place = place(key)?;
        let spots = self.pages.iter().filter_map(|page| page.spot(place));
        let best = spots.reduce(|best, spot| if peak(spot) > peak(best) { spot } else { best })?;
        let held = best.held.first();
        Some(DestPorts {
            open_peak: u64::from(best.open.peak),
            ports_peak: held.map(|held| u64::from(held.peak)),
            ports_peak_reset: best.held.get(1).map(|held| u64::from(held.peak)),
            at_s: held.and_then(|held| held.at).map(seconds),
            open_at_end: u64::from(best.open.now),
            open_past_idle: held.map(|_| u64::from(best.past_idle)),
        })
    }

    /// What needs most ports under one of the sweep's holds: a destination; an address with all its ports, added up; or
    /// all together.
    pub(crate) fn fullest_under(&self, hold: usize, reuse: Reuse) -> Option<Fullest> {
        let mut found: BTreeMap<String, (u64, Option<f64>)> = BTreeMap::new();
        for page in &self.pages {
            let own = page.replay.holds.get(hold).copied().unwrap_or_default();
            // Of several runs the one in which it was fullest; within a run what shares a name is added up.
            let mut of_run: BTreeMap<String, (u64, Option<f64>)> = BTreeMap::new();
            for spot in page.replay.spots.iter().filter(|spot| spot.public) {
                let name = match (spot.place, reuse) {
                    (Place::Dest { addr, port }, Reuse::AddressPort) => SocketAddr::new(addr, port).to_string(),
                    (Place::Dest { addr, .. }, Reuse::Address) => addr.to_string(),
                    (Place::Sum { v6: false }, Reuse::Flow) => "all IPv4 destinations".to_owned(),
                    (Place::Sum { v6: true }, Reuse::Flow) => "all IPv6 destinations".to_owned(),
                    _ => continue,
                };
                let held = spot.held.get(hold).map_or(0, |held| u64::from(held.peak));
                let plateau = page.replay.plateau(spot.open.now, spot.closes, own);
                let sum = of_run.entry(name).or_default();
                sum.0 += held;
                sum.1 = match (sum.1, plateau) {
                    (Some(sum), Some(own)) => Some(sum + own),
                    (sum, own) => sum.or(own),
                };
            }
            for (name, (held, plateau)) in of_run {
                let most = found.entry(name).or_default();
                *most = (most.0.max(held), most.1.into_iter().chain(plateau).reduce(f64::max));
            }
        }
        let wants = |(held, plateau): &(u64, Option<f64>)| (*held as f64).max(plateau.unwrap_or(0.0));
        let best = found.into_iter().reduce(|best, next| if wants(&next.1) > wants(&best.1) { next } else { best });
        best.map(|(name, (held, plateau))| Fullest { name, held, plateau })
    }

    /// Connects to all public IPv4 destinations over time, of each run; an empty course where it has no times.
    pub(crate) fn sums(&self) -> Vec<Course> {
        let sum = |page: &Page| {
            let timeline = page.replay.timeline.as_ref()?;
            let series = timeline.series.iter().find(|series| series.place == Place::Sum { v6: false })?;
            Some(course(timeline.width, &series.values))
        };
        self.pages.iter().map(|page| sum(page).unwrap_or_default()).collect()
    }

    /// The account of an owner: it is the parts that were claimed for it.
    pub(crate) fn account(&self, parts: &[Part<'_>]) -> Account<'_> {
        let units = self.pages.iter().map(|page| page.units(parts)).collect();
        Account { book: self, units, median_life_s: self.median_life(parts) }
    }

    /// Over flows with both ends in the trace; not known for a part of a group.
    fn median_life(&self, parts: &[Part<'_>]) -> Option<f64> {
        let mut all: Option<Lives> = None;
        for page in &self.pages {
            for (key, share) in parts {
                let Some(at) = page.groups.iter().position(|group| group == *key) else { continue };
                if !matches!(share, Share::Whole) {
                    return None;
                }
                if let Some(lives) = page.replay.lives.get(at) {
                    match &mut all {
                        Some(all) => all.merge(lives),
                        None => all = Some(lives.clone()),
                    }
                }
            }
        }
        all.and_then(|lives| lives.median_s())
    }
}

/// One owner's part of the book.
pub(crate) struct Account<'b> {
    book: &'b Book,
    /// Of each run.
    units: Vec<Units>,
    median_life_s: Option<f64>,
}

impl Account<'_> {
    /// What it held, over all.
    pub(crate) fn ports(&self) -> OwnerPorts {
        let mut ports = OwnerPorts { median_life_s: self.median_life_s, ..OwnerPorts::default() };
        if !self.book.is_timed() {
            return ports;
        }
        let (mut most, mut bound) = (0, false);
        for (page, units) in self.book.pages.iter().zip(&self.units) {
            let hold = page.replay.holds.first().copied().unwrap_or_default();
            for spot in page.spots_of(units).filter(|spot| is_public_dest(spot)) {
                let own = units.on(spot);
                if own.peak > most {
                    (most, bound) = (own.peak, own.units > 1);
                }
                let settles = page.replay.plateau(own.open, own.closes, hold).filter(|_| own.units > 0);
                ports.plateau = ports.plateau.into_iter().chain(settles).reduce(f64::max);
            }
        }
        (ports.ports_peak, ports.ports_peak_is_bound) = (Some(most), bound);
        if let Some((run, spot)) = self.book.fullest {
            let spot = &self.book.pages[run].replay.spots[spot];
            let own = self.units[run].on(spot).at_node_peak;
            let all = spot.held.first().map_or(0, |held| u64::from(held.peak));
            ports.ports_at_node_peak = Some(own);
            ports.ports_share = (all > 0).then(|| own as f64 / all as f64);
        }
        ports
    }

    /// What it held to one destination when that was fullest, and where its own part settles.
    pub(crate) fn on(&self, remote: Remote) -> OnDest {
        self.at(Place::Dest { addr: remote.0, port: remote.1 })
    }

    /// The same over all public destinations together.
    pub(crate) fn on_all(&self) -> OnDest {
        let families = [false, true].map(|v6| self.at(Place::Sum { v6 }));
        families.into_iter().fold(OnDest::default(), |all, one| OnDest {
            held: all.held + one.held,
            plateau: all.plateau + one.plateau,
            of: all.of + one.of,
        })
    }

    fn at(&self, place: Place) -> OnDest {
        let pages = self.book.pages.iter().zip(&self.units).filter(|(page, _)| page.replay.timed);
        let spots = pages.filter_map(|(page, units)| Some((page, units, page.spot(place)?)));
        let Some((page, units, spot)) =
            spots.reduce(|best, next| if peak(next.2) > peak(best.2) { next } else { best })
        else {
            return OnDest::default();
        };
        let own = units.on(spot);
        let hold = page.replay.holds.first().copied().unwrap_or_default();
        OnDest {
            held: own.at_node_peak,
            plateau: page.replay.plateau(own.open, own.closes, hold).unwrap_or(own.at_node_peak as f64),
            of: spot.held.first().map_or(0, |held| u64::from(held.peak)),
        }
    }

    /// What it held to one destination at most; added over groups and processes it is a bound.
    pub(crate) fn dest(&self, key: &DestKey) -> Option<u64> {
        let place = place(key)?;
        let timed = self.book.pages.iter().zip(&self.units).filter(|(page, _)| page.replay.timed);
        timed.filter_map(|(page, units)| Some(units.on(page.spot(place)?).peak)).max()
    }
}

/// The public destination that was fullest, with its run: the largest peak, then the earlier, then by address and port.
fn fullest(pages: &[Page]) -> Option<(usize, usize)> {
    let spots = |run: usize| pages[run].replay.spots.iter().enumerate().map(move |(at, spot)| (run, at, spot));
    let held = |spot: &Spot| spot.held.first().copied().unwrap_or_default();
    (0..pages.len())
        .flat_map(spots)
        .filter(|(_, _, spot)| is_public_dest(spot) && held(spot).peak > 0)
        .min_by_key(|(_, _, spot)| (std::cmp::Reverse(held(spot).peak), held(spot).at, spot.place))
        .map(|(run, at, _)| (run, at))
}

/// By number of the group or process, the spots where it has a part.
fn spots_of(spots: &[Spot], shares: impl Fn(&Spot) -> &[SpotShare]) -> Vec<Vec<u32>> {
    let mut found: Vec<Vec<u32>> = Vec::new();
    for (at, spot) in spots.iter().enumerate() {
        for share in shares(spot) {
            if found.len() <= share.of {
                found.resize_with(share.of + 1, Vec::new);
            }
            found[share.of].push(at as u32);
        }
    }
    found
}

fn is_public_dest(spot: &Spot) -> bool {
    spot.public && matches!(spot.place, Place::Dest { .. })
}

/// What places are ordered by where a destination's runs differ: held, then open.
fn peak(spot: &Spot) -> (u32, u32) {
    (spot.held.first().map_or(0, |held| held.peak), spot.open.peak)
}

fn place(key: &DestKey) -> Option<Place> {
    Some(Place::Dest { addr: key.addr.ip()?, port: key.port? })
}

/// Dense numbers of the groups and processes of one owner in one run.
struct Units {
    groups: BTreeSet<usize>,
    cells: BTreeSet<usize>,
}

/// What they have on one destination.
#[derive(Default)]
struct Own {
    units: usize,
    peak: u64,
    at_node_peak: u64,
    open: u32,
    closes: u64,
}

impl Page {
    pub(super) fn spot(&self, place: Place) -> Option<&Spot> {
        self.places.get(&place).map(|at| &self.replay.spots[*at])
    }

    /// Where any of them has a part, in the order of the spots.
    fn spots_of(&self, units: &Units) -> impl Iterator<Item = &Spot> {
        let groups = units.groups.iter().filter_map(|group| self.of_groups.get(*group));
        let cells = units.cells.iter().filter_map(|cell| self.of_cells.get(*cell));
        let mut spots: Vec<u32> = groups.chain(cells).flatten().copied().collect();
        spots.sort_unstable();
        spots.dedup();
        spots.into_iter().map(|spot| &self.replay.spots[spot as usize])
    }

    fn units(&self, parts: &[Part<'_>]) -> Units {
        let mut units = Units { groups: BTreeSet::new(), cells: BTreeSet::new() };
        for (key, share) in parts {
            let Some(at) = self.groups.iter().position(|group| group == *key) else { continue };
            match share {
                Share::Whole => {
                    units.groups.insert(at);
                }
                Share::Cells(pids) => {
                    let own = |(group, pid): &(usize, PidKey)| *group == at && pids.contains(pid);
                    units.cells.extend(self.cells.iter().enumerate().filter(|(_, cell)| own(cell)).map(|(at, _)| at));
                }
            }
        }
        units
    }
}

/// The shares, which are ascending, of those that are asked for.
fn parts<'a>(of: &'a BTreeSet<usize>, shares: &'a [SpotShare]) -> impl Iterator<Item = &'a SpotShare> {
    of.iter().filter_map(|of| shares.get(shares.binary_search_by_key(of, |share| share.of).ok()?))
}

impl Units {
    fn on(&self, spot: &Spot) -> Own {
        parts(&self.groups, &spot.groups).chain(parts(&self.cells, &spot.cells)).fold(
            Own::default(),
            |mut own, share| {
                own.units += 1;
                own.peak += u64::from(share.held.peak);
                own.at_node_peak += u64::from(share.held.at_node_peak);
                own.open += share.open;
                own.closes += share.closes;
                own
            },
        )
    }
}
