//! The way of a row: who it is of and where it goes, each looked up once, and counted there until the run is over.

use std::net::IpAddr;

use snat_parse::formats::tcptracer::{Batch, Event, Kind};
use snat_parse::{Addr, AddrRef, place_text};

use super::index::{Index, mixed};
use super::same::{Front, front};
use super::{Cell, Dest, DestKey, Group, GroupKey, Map, Mark, PIDS_PER_GROUP, PidKey, mark};
use crate::mesh;

/// Processes that are found at once. More, and all are looked up anew.
const SOURCES: usize = 65_536;

/// Rows that are looked up at once.
pub(super) const AHEAD: usize = 32;

/// Where the events of a process are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Places of the group, and of the cell in it.
    pub(super) group: u32,
    pub(super) cell: u32,
    /// The cell's dense number.
    pub(super) number: u32,
}

/// A process, as a row shows it.
#[derive(Clone, Copy, Debug)]
struct Source {
    netns: Option<u64>,
    saddr: IpAddr,
    pid: Option<u32>,
    place: Place,
    /// No later row can change the cell's name.
    named: bool,
    /// Rows inside of what is measured that the group is not told of yet.
    rows: u64,
}

/// A process on its way to one destination: what every row of it needs, in a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Target {
    daddr: IpAddr,
    dport: u16,
    /// The cell's dense number.
    number: u32,
    /// What the hash of all its connects begins with.
    pub(super) front: Front,
    /// Connects inside of what is measured.
    connects: u64,
    /// The last batch that it was seen in, and the row there.
    batch: u32,
    last_at: u32,
}

/// What is needed of a target when a batch or the run is over.
#[derive(Clone, Debug)]
struct Aside {
    place: Place,
    /// Place of the destination in the cell.
    dest: u32,
    /// Its last line, once there is one behind the first.
    line: u64,
    text: Vec<u8>,
}

/// All processes and destinations of a run.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) groups: Map<GroupKey, Group>,
    cells: u32,
    sources: Vec<Source>,
    by_source: Index,
    targets: Vec<Target>,
    asides: Vec<Aside>,
    by_target: Index,
    batch: u32,
    /// Targets that were seen in this batch.
    touched: Vec<u32>,
    /// Of destinations without a whole address and port: group, cell and destination.
    odd: Vec<[usize; 3]>,
}

#[inline]
fn words(addr: IpAddr) -> (u64, u64) {
    match addr {
        IpAddr::V4(ip) => (u64::from(u32::from(ip)), 0),
        IpAddr::V6(ip) => {
            let ip = u128::from(ip);
            ((ip >> 64) as u64, ip as u64 | 1 << 63)
        }
    }
}

impl Rows {
    #[inline]
    fn source(&self, event: &Event<'_>, saddr: IpAddr) -> (u32, Option<u32>) {
        let (high, low) = words(saddr);
        let pid = event.pid.map_or(1 << 32, u64::from);
        let hash = self.by_source.hash(mixed(high ^ pid, low), event.netns.unwrap_or(u64::MAX));
        let is = |at: u32| {
            let source = &self.sources[at as usize];
            source.pid == event.pid && source.netns == event.netns && source.saddr == saddr
        };
        (hash, self.by_source.find(hash, is))
    }

    /// Fetches what the next rows need, all at once: one after the other it takes several times as long.
    pub(super) fn touch(&mut self, batch: &Batch<'_>, rows: std::ops::Range<usize>) {
        let mut near = [u32::MAX; AHEAD];
        for (near, at) in near.iter_mut().zip(rows) {
            let event = batch.event(at);
            if let (AddrRef::Ip(saddr), AddrRef::Ip(daddr), Some(dport)) = (event.saddr, event.daddr, event.dport)
                && let (_, Some(source)) = self.source(&event, saddr)
            {
                let place = self.sources[source as usize].place;
                *near = self.by_target.touch(self.target_hash(place, daddr, dport));
            }
        }
        let number = |at: u32| self.targets.get(at as usize).map_or(0, |target| target.number);
        std::hint::black_box(near.into_iter().fold(0, |touched, at| touched ^ number(at)));
    }

    /// The place of an event's process; the event is counted to its group.
    #[inline]
    pub(super) fn place(&mut self, event: &Event<'_>, batch: &Batch<'_>, at: usize, one: u64) -> Place {
        let AddrRef::Ip(saddr) = event.saddr else {
            let place = self.meet(event, batch, at);
            self.groups[place.group as usize].rows += one;
            return place;
        };
        let (hash, found) = self.source(event, saddr);
        let found = match found {
            Some(found) => found as usize,
            None => self.new_source(hash, saddr, event, batch, at),
        };
        let source = &mut self.sources[found];
        source.rows += one;
        let place = source.place;
        if !source.named || event.uid == Some(mesh::UID) {
            let named = self.name(place, event);
            self.sources[found].named = named;
        }
        place
    }

    #[cold]
    fn new_source(&mut self, hash: u32, saddr: IpAddr, event: &Event<'_>, batch: &Batch<'_>, at: usize) -> usize {
        let place = self.meet(event, batch, at);
        if self.sources.len() >= SOURCES {
            self.tell_groups();
        }
        let source = Source { netns: event.netns, saddr, pid: event.pid, place, named: false, rows: 0 };
        self.by_source.insert(hash, self.sources.len() as u32);
        self.sources.push(source);
        self.sources.len() - 1
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
        let place = Place { group: group_at, cell: cell_at, number };
        self.name(place, event);
        place
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

    /// The groups are told of rows; which processes they were of may be forgotten.
    fn tell_groups(&mut self) {
        for source in self.sources.drain(..) {
            self.groups[source.place.group as usize].rows += source.rows;
        }
        self.by_source.clear();
    }

    /// What a process's row to a whole address and port is counted by, if a connect has made it known.
    #[inline]
    pub(super) fn target(&self, place: Place, daddr: IpAddr, dport: u16) -> Option<u32> {
        self.by_target.find(self.target_hash(place, daddr, dport), |at| {
            let target = &self.targets[at as usize];
            target.number == place.number && target.dport == dport && target.daddr == daddr
        })
    }

    #[inline]
    fn target_hash(&self, place: Place, daddr: IpAddr, dport: u16) -> u32 {
        let (high, low) = words(daddr);
        self.by_target.hash(high ^ u64::from(dport) << 32, low ^ u64::from(place.number) << 16)
    }

    #[cold]
    pub(super) fn new_target(
        &mut self,
        place: Place,
        event: &Event<'_>,
        (daddr, dport): (IpAddr, u16),
        (batch, at): (&Batch<'_>, usize),
    ) -> u32 {
        let dest = self.dest(place, DestKey { addr: Addr::Ip(daddr), port: Some(dport) }, batch, at) as u32;
        let found = self.targets.len() as u32;
        self.by_target.insert(self.target_hash(place, daddr, dport), found);
        let (number, front) = (place.number, front(event));
        self.targets.push(Target { daddr, dport, number, front, connects: 0, batch: 0, last_at: 0 });
        self.asides.push(Aside { place, dest, line: 0, text: Vec::new() });
        found
    }

    pub(super) fn target_mut(&mut self, at: u32) -> &mut Target {
        &mut self.targets[at as usize]
    }

    /// A connect to a target.
    #[inline]
    pub(super) fn count(&mut self, at: u32, row: usize, one: u64) {
        let target = &mut self.targets[at as usize];
        target.connects += one;
        target.last_at = row as u32;
        if target.batch != self.batch {
            target.batch = self.batch;
            self.touched.push(at);
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
            let first = mark(batch, at);
            Dest { connects: 0, last: first.clone(), first, batch: 0, last_at: 0 }
        });
        dest_at
    }

    pub(super) fn accepts(&mut self, place: Place, event: &Event<'_>, one: u64) {
        if event.kind == Kind::Accept {
            let group = &mut self.groups[place.group as usize];
            group.accepts.extend(event.sport);
            group.called(event.daddr.to_addr(), one);
        }
    }

    pub(super) fn begin(&mut self) {
        self.batch += 1;
    }

    /// The last line of a destination is kept once a batch, when it is known to be the last of it.
    pub(super) fn end(&mut self, batch: &Batch<'_>) {
        for at in self.touched.drain(..) {
            let row = self.targets[at as usize].last_at as usize;
            let aside = &mut self.asides[at as usize];
            aside.line = batch.line(row);
            aside.text.clear();
            aside.text.extend_from_slice(batch.text(row));
        }
        for [group, cell, dest] in self.odd.drain(..) {
            let found = &mut self.groups[group].cells[cell].dests[dest];
            found.last = mark(batch, found.last_at as usize);
        }
    }

    /// The run is over: what was counted aside goes to the groups.
    pub(super) fn finish(&mut self) -> Map<GroupKey, Group> {
        self.tell_groups();
        for (target, aside) in std::mem::take(&mut self.targets).into_iter().zip(std::mem::take(&mut self.asides)) {
            let cell = &mut self.groups[aside.place.group as usize].cells[aside.place.cell as usize];
            cell.connects += target.connects;
            let dest = &mut cell.dests[aside.dest as usize];
            dest.connects += target.connects;
            if aside.line > 0 {
                let text = place_text(&String::from_utf8_lossy(&aside.text));
                dest.last = Mark { entry: 0, line: aside.line, text };
            }
        }
        self.by_target.clear();
        std::mem::take(&mut self.groups)
    }
}
