//! The way of a row: who it is of and where it goes, each found by the numbers that the reader gave them, and counted
//! there until the run is over.

use std::hash::BuildHasher;
use std::net::IpAddr;
use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use snat_parse::formats::tcptracer::{Batch, BatchRow, Event, Kind};
use snat_parse::{Addr, AddrRef};

use super::pairs::{Known, NONE, Pair, PairKey, Pairs};
use super::same::{Front, front};
use super::{Cell, Dest, DestKey, Group, GroupKey, Last, Map, PIDS_PER_GROUP, PidKey, mark};
use crate::mesh;

/// So many rows before a pair is needed, what says where it is comes to the processor's cache, and so many before, the pair.
pub(super) const FAR: usize = 32;
pub(super) const NEAR: usize = 16;

/// Of as many rows it is kept where they lead to.
const SOON: usize = 64;

const _: () = assert!(NEAR < FAR && FAR < SOON && SOON.is_power_of_two());

/// Where a row leads to, as far as it was asked for: the row's own key decides whether it is so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lead {
    /// What its pair is found by.
    hash: u64,
    pub(super) pair: u32,
}

/// The leads of rows that come soon, by the last digits of their place.
#[derive(Clone, Debug)]
pub(super) struct Soon([Lead; SOON]);

impl Default for Soon {
    fn default() -> Self {
        Self([Lead { hash: 0, pair: NONE }; SOON])
    }
}

impl Soon {
    #[inline(always)]
    pub(super) fn of(&mut self, at: usize) -> &mut Lead {
        &mut self.0[at % SOON]
    }
}

/// Groups are told of so many callers at once.
const CALLS: usize = if cfg!(test) { 100 } else { 1 << 14 };

/// Where the events of a process are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Places of the group, and of the cell in it.
    pub(super) group: u32,
    pub(super) cell: u32,
    /// The cell's dense number.
    pub(super) number: u32,
}

/// A process, as rows show it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) place: Place,
    pub(super) marks: Marks,
    /// Rows inside of what is measured that the group is not told of yet.
    rows: u64,
    /// The last local port that accepted: most often it is the next one, too.
    last_accept: Option<u16>,
}

/// What is yes or no of a process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    /// There was a row of it.
    is_met: bool,
    /// No later row can change the cell's name.
    named: bool,
    pub(super) is_proxy: bool,
    pub(super) has_netns: bool,
    /// The socket is one of IPv6.
    pub(super) v6: bool,
}

impl Origin {
    /// One without a row so far.
    const UNMET: Self = {
        let marks = Marks { is_met: false, named: false, is_proxy: false, has_netns: false, v6: false };
        Self { place: Place { group: 0, cell: 0, number: 0 }, marks, rows: 0, last_accept: None }
    };
}

/// A process on its way to one destination.
#[derive(Clone, Debug)]
struct Target {
    daddr: IpAddr,
    dport: u16,
    place: Place,
    front: Front,
    /// Connects inside of what is measured.
    connects: u64,
    /// Place of the destination in the cell.
    dest: u32,
    /// What the ledgers call it.
    alias: u32,
    /// Its last line, once there is one behind the first that this does not give again.
    line: u64,
    text: Vec<u8>,
    /// A later one that the text gives again, or the first line where there is none: its line, time and local port.
    again: Option<(u64, i64, u16)>,
    /// Number of the remote address that the text, or the first line where there is none, is of.
    remote: u32,
    /// The last batch that it was seen in by a row that no other gives again, and the last such row there.
    batch: u32,
    last_at: u32,
}

impl Target {
    /// Its last line, whether the text is that or gives it again; 0 while that is the first one.
    fn last_line(&self) -> u64 {
        self.again.map_or(self.line, |(line, ..)| line)
    }
}

/// All processes and destinations of a run.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) groups: Map<GroupKey, Group>,
    cells: u32,
    /// What the numbers of origins and remotes mean changes with it.
    generation: Option<u32>,
    /// By number.
    origins: Vec<Origin>,
    /// Who called that the groups are not told of yet, and how often, by group and number of the address.
    calls: Map<u64, (Addr, u64)>,
    pairs: Pairs,
    /// Remote ports of targets, a bit for each: of most rows that came in, no more has to be looked for.
    dports: Vec<u64>,
    targets: Vec<Target>,
    /// Places of targets.
    by_target: HashTable<u32>,
    hasher: RandomState,
    batch: u32,
    /// Targets whose last line is to be kept when the batch is over.
    touched: Vec<u32>,
    /// Of destinations without a whole address and port: group, cell and destination.
    odd: Vec<[usize; 3]>,
}

#[inline]
fn key(number: u32, row: &BatchRow) -> PairKey {
    PairKey { number, remote: row.remote, dport: row.dport.unwrap_or(0) }
}

fn target_hash(hasher: &RandomState, place: Place, daddr: IpAddr, dport: u16) -> u64 {
    hasher.hash_one((place.number, daddr, dport))
}

impl Rows {
    /// A batch comes.
    pub(super) fn begin(&mut self, batch: &Batch<'_>) {
        self.batch += 1;
        if self.generation.replace(batch.generation()) != Some(batch.generation()) {
            self.forget_numbers();
        }
    }

    /// What is known by numbers goes to what is known by values.
    fn forget_numbers(&mut self) {
        self.tell_calls();
        for origin in self.origins.drain(..).filter(|origin| origin.marks.is_met) {
            self.groups[origin.place.group as usize].rows += origin.rows;
        }
        for pair in self.pairs.drain() {
            let target = &mut self.targets[pair.target as usize];
            (target.connects, target.remote) = (target.connects + pair.connects, NONE);
            if pair.line > target.last_line() {
                target.again = Some((pair.line, pair.time, pair.sport));
            }
        }
    }

    /// Asks for what says where the pairs of rows are that come soon.
    #[inline(always)]
    pub(super) fn fetch_far(&self, batch: &Batch<'_>, rows: Range<usize>, soon: &mut Soon) {
        for at in rows {
            let row = batch.row(at);
            if let Some(origin) = self.origins.get(row.origin as usize) {
                let hash = self.pairs.hash(key(origin.place.number, &row));
                self.pairs.fetch_slot(hash);
                soon.of(at).hash = hash;
            }
        }
    }

    /// Asks for the pairs of rows that come sooner.
    #[inline(always)]
    pub(super) fn fetch_near(&self, rows: Range<usize>, soon: &mut Soon) {
        for at in rows {
            let lead = soon.of(at);
            lead.pair = self.pairs.fetch(lead.hash);
        }
    }

    /// Where the pair of a row is, if a connect has made it known to this generation: most likely where it was asked for.
    #[inline(always)]
    pub(super) fn known(&self, number: u32, row: &BatchRow, asked: u32) -> Option<Known> {
        self.pairs.find_at(asked, key(number, row))
    }

    /// The process of a row, and its dense number; the row is counted to its group.
    #[inline(always)]
    pub(super) fn origin(&mut self, row: &BatchRow, batch: &Batch<'_>, at: usize, one: u64) -> (Marks, u32) {
        match self.origins.get_mut(row.origin as usize) {
            Some(origin) if origin.marks.named || (origin.marks.is_met && row.kind != Kind::Connect) => {
                origin.rows += one;
                (origin.marks, origin.place.number)
            }
            _ => self.meet_origin(row, batch, at, one),
        }
    }

    /// The process of a row whose number was met.
    pub(super) fn of(&self, row: &BatchRow) -> Origin {
        self.origins[row.origin as usize]
    }

    /// The same of one that is new, or that has no name yet.
    #[cold]
    fn meet_origin(&mut self, row: &BatchRow, batch: &Batch<'_>, at: usize, one: u64) -> (Marks, u32) {
        let number = row.origin as usize;
        let mut origin = match self.origins.get(number) {
            Some(origin) if origin.marks.is_met => *origin,
            _ => self.new_origin(number, batch, at),
        };
        origin.rows += one;
        if !origin.marks.named && row.kind == Kind::Connect {
            origin.marks.named = self.name(origin.place, &batch.event(at));
        }
        self.origins[number] = origin;
        (origin.marks, origin.place.number)
    }

    fn new_origin(&mut self, number: usize, batch: &Batch<'_>, at: usize) -> Origin {
        let event = batch.event(at);
        let place = self.meet(&event, batch, at);
        if self.origins.len() <= number {
            self.origins.resize(number + 1, Origin::UNMET);
        }
        let (named, is_proxy) = (self.name(place, &event), is_proxy(&event));
        let (has_netns, v6) = (event.netns.is_some(), event.ip == Some(6));
        Origin { place, marks: Marks { is_met: true, named, is_proxy, has_netns, v6 }, rows: 0, last_accept: None }
    }

    /// Finds or makes the group and the cell of an event.
    fn meet(&mut self, event: &Event<'_>, batch: &Batch<'_>, at: usize) -> Place {
        let entry = self.groups.entry(GroupKey { netns: event.netns, saddr: event.saddr.to_addr() });
        let group_at = entry.index() as u32;
        let group = entry.or_insert_with(|| Group {
            rows: 0,
            first: mark(batch, at),
            cells: Map::default(),
            accepts: Default::default(),
            callers: Default::default(),
        });
        let mut pid = event.pid.map_or(PidKey::Masked, PidKey::Pid);
        if group.cells.len() >= PIDS_PER_GROUP && !group.cells.contains_key(&pid) {
            pid = PidKey::Other;
        }
        let entry = group.cells.entry(pid);
        let cell_at = entry.index() as u32;
        let next = self.cells as usize;
        let cell = entry.or_insert_with(|| Cell {
            number: next,
            is_proxy_user: false,
            comm: None,
            comm_of_connect: false,
            first: mark(batch, at),
            connects: 0,
            dests: Map::default(),
        });
        let number = cell.number as u32;
        self.cells = self.cells.max(number + 1);
        Place { group: group_at, cell: cell_at, number }
    }

    /// Takes note of the name and the user; whether no later row can change the name.
    fn name(&mut self, place: Place, event: &Event<'_>) -> bool {
        let Some((pid, cell)) = self.groups[place.group as usize].cells.get_index_mut(place.cell as usize) else {
            return false;
        };
        cell.name(*pid, event);
        cell.is_proxy_user |= event.uid == Some(mesh::UID);
        *pid == PidKey::Other || (cell.comm.is_some() && cell.comm_of_connect)
    }

    /// What a row is counted by, where [`Rows::known`] found it.
    #[inline(always)]
    pub(super) fn pair_at(&mut self, known: Known) -> &mut Pair {
        self.pairs.get_mut(known)
    }

    /// The same, if a connect has made the row's pair known to this generation.
    pub(super) fn pair(&mut self, place: Place, row: &BatchRow) -> Option<&mut Pair> {
        let known = self.pairs.find(key(place.number, row))?;
        Some(self.pairs.get_mut(known))
    }

    /// Whether there is a target with this remote port.
    pub(super) fn goes_to(&self, dport: u16) -> bool {
        self.dports.get(usize::from(dport) / 64).is_some_and(|bits| bits >> (dport % 64) & 1 == 1)
    }

    /// A pair that this generation does not know; a connect makes it known, and tells the ledgers of it where it is new to the
    /// run. Returns what they call its target.
    #[cold]
    pub(super) fn meet_pair(
        &mut self,
        place: Place,
        event: &Event<'_>,
        (daddr, dport): (IpAddr, u16),
        (batch, at): (&Batch<'_>, usize),
        tell: impl FnOnce() -> u32,
    ) -> Option<u32> {
        let hash = target_hash(&self.hasher, place, daddr, dport);
        let found = self.by_target.find(hash, |at| {
            let target = &self.targets[*at as usize];
            target.place.number == place.number && target.dport == dport && target.daddr == daddr
        });
        let (found, row) = (found.copied(), batch.row(at));
        let is_new = found.is_none();
        let target = match found {
            Some(found) => found,
            None if event.kind != Kind::Connect => return None,
            None => {
                let dest = self.dest(place, DestKey { addr: Addr::Ip(daddr), port: Some(dport) }, batch, at) as u32;
                let next = self.targets.len() as u32;
                self.dports.resize(1 << 10, 0);
                self.dports[usize::from(dport) / 64] |= 1 << (dport % 64);
                self.targets.push(Target {
                    daddr,
                    dport,
                    place,
                    front: front(event),
                    connects: 0,
                    dest,
                    alias: tell(),
                    line: 0,
                    text: Vec::new(),
                    again: None,
                    remote: row.remote,
                    batch: 0,
                    last_at: 0,
                });
                let hash_of = |at: &u32| {
                    let target = &self.targets[*at as usize];
                    target_hash(&self.hasher, target.place, target.daddr, target.dport)
                };
                self.by_target.insert_unique(hash, next, hash_of);
                next
            }
        };
        let key = PairKey { number: place.number, remote: row.remote, dport };
        let known = &self.targets[target as usize];
        let alias = known.alias;
        let mut pair = Pair::new(key, (target, alias), known.front, daddr.is_ipv4());
        if is_new && row.is_plain {
            let first = &self.groups[place.group as usize].cells[place.cell as usize].dests[known.dest as usize].first;
            // Unless something in it was not to be shown.
            pair.origin = if first.text.as_bytes() == batch.text(at) { row.origin } else { NONE };
        }
        self.pairs.insert(pair);
        Some(alias)
    }

    /// A connect of a pair whose last line is not given again by the one that is kept: kept itself, once a batch, when
    /// it is known to be the last of it.
    pub(super) fn keep_line(&mut self, target: u32, row: usize) {
        let known = &mut self.targets[target as usize];
        known.last_at = row as u32;
        if known.batch != self.batch {
            known.batch = self.batch;
            self.touched.push(target);
        }
    }

    /// A connect whose destination has no whole address or port, or whose own address is masked.
    pub(super) fn count_odd(&mut self, place: Place, event: &Event<'_>, batch: &Batch<'_>, at: usize, one: u64) {
        let dest_at = self.dest(place, DestKey { addr: event.daddr.to_addr(), port: event.dport }, batch, at);
        let (group, cell) = (place.group as usize, place.cell as usize);
        let cell_of = &mut self.groups[group].cells[cell];
        cell_of.connects += one;
        let dest = &mut cell_of.dests[dest_at];
        dest.connects += one;
        if dest.batch != self.batch {
            dest.batch = self.batch;
            self.odd.push([group, cell, dest_at]);
        }
        dest.last_at = at as u32;
    }

    fn dest(&mut self, place: Place, key: DestKey, batch: &Batch<'_>, at: usize) -> usize {
        let entry = self.groups[place.group as usize].cells[place.cell as usize].dests.entry(key);
        let dest_at = entry.index();
        entry.or_insert_with(|| {
            // The last line is known when the batch is over.
            Dest { connects: 0, first: mark(batch, at), last: None, batch: 0, last_at: 0 }
        });
        dest_at
    }

    /// A row that came in.
    pub(super) fn accepts(&mut self, row: &BatchRow, by: AddrRef<'_>, one: u64) {
        let origin = &mut self.origins[row.origin as usize];
        let group = origin.place.group;
        if origin.last_accept != row.sport {
            origin.last_accept = row.sport;
            self.groups[group as usize].accepts.extend(row.sport);
        }
        let key = u64::from(group) << 32 | u64::from(row.remote);
        self.calls.entry(key).or_insert_with(|| (by.to_addr(), 0)).1 += one;
        if self.calls.len() >= CALLS {
            self.tell_calls();
        }
    }

    /// The groups are told who called, in the order in which each was seen first.
    fn tell_calls(&mut self) {
        for (key, (by, times)) in std::mem::take(&mut self.calls) {
            self.groups[(key >> 32) as usize].called(by, times);
        }
    }

    /// The last line of a destination is kept once a batch, when it is known to be the last of it.
    pub(super) fn end(&mut self, batch: &Batch<'_>) {
        for at in self.touched.drain(..) {
            let target = &mut self.targets[at as usize];
            let row = target.last_at as usize;
            let mut pair_to = |remote: u32, change: &mut dyn FnMut(&mut Pair)| {
                let key = PairKey { number: target.place.number, remote, dport: target.dport };
                let known = self.pairs.find(key);
                known.into_iter().for_each(|known| change(self.pairs.get_mut(known)));
            };
            // The address may be printed in two ways: the text is that of one pair.
            let (last, mut later) = (batch.row(row), None);
            let remote = last.remote;
            if target.remote != remote {
                pair_to(target.remote, &mut |pair| {
                    later = (pair.line > batch.line(row)).then_some((pair.line, pair.time, pair.sport));
                    (pair.origin, pair.line) = (NONE, 0);
                });
            }
            match later {
                Some(_) => target.again = later,
                None => {
                    (target.line, target.again) = (batch.line(row), None);
                    target.text.clear();
                    target.text.extend_from_slice(batch.text(row));
                    target.remote = remote;
                    pair_to(remote, &mut |pair| {
                        pair.origin = if last.is_plain { last.origin } else { NONE };
                        pair.line = 0;
                    });
                }
            }
        }
        for [group, cell, dest] in self.odd.drain(..) {
            let found = &mut self.groups[group].cells[cell].dests[dest];
            found.last = Some(Last::from(mark(batch, found.last_at as usize)));
        }
    }

    /// The run is over: what was counted aside goes to the groups.
    pub(super) fn finish(&mut self) -> Map<GroupKey, Group> {
        self.forget_numbers();
        for target in std::mem::take(&mut self.targets) {
            let cell = &mut self.groups[target.place.group as usize].cells[target.place.cell as usize];
            cell.connects += target.connects;
            let dest = &mut cell.dests[target.dest as usize];
            dest.connects += target.connects;
            let line = target.last_line();
            if line > 0 {
                let again = target.again.map(|(_, time, sport)| (time, sport));
                let text = (target.line > 0).then_some(target.text);
                dest.last = Some(Last { entry: 0, line, text, again });
            }
        }
        self.by_target.clear();
        std::mem::take(&mut self.groups)
    }
}

/// Whether the process looks like a proxy of a mesh.
pub(super) fn is_proxy(event: &Event<'_>) -> bool {
    mesh::is_proxy(event.comm) || event.uid == Some(mesh::UID)
}
