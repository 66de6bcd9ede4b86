//! Counters: of a destination over the node, and of every group and every process on it.
//!
//! A process on a destination is a lane, a group on it a way: their ports are counted there, those of a way with its lane
//! while that is alone. What can be worked out of the lanes when the run is over (connects, closes, open flows of ways
//! and sums) is not counted before.

use foldhash::fast::RandomState;
use indexmap::IndexSet;
use prefetch_index::prefetch_index;

use super::lanes::{Lanes, NONE};
use super::parts::{InSum, LaneCount, NO_SUM, OfGroup, OfProcess, Spots, Stand, Sum};
use super::ports::Numbers;
use super::release::Closed;
use super::replay::{Part, Peak, Place, Share};
use super::spot::{Filling, Role, Spot};
use super::step::Now;
use super::tally::{Count, Own};

/// All counters.
#[derive(Clone, Debug)]
pub(super) struct Counters {
    /// In the order of [`Counters::spots`].
    pub(super) places: IndexSet<Place, RandomState>,
    pub(super) spots: Vec<Spot>,
    /// Of each spot.
    pub(super) numbers: Vec<Numbers>,
    /// Ports that the other holds but the first keep of each spot, one after the other.
    others: Vec<Count>,
    pub(super) lanes: Vec<LaneCount>,
    /// Where each lane stands.
    stands: Vec<Stand>,
    pub(super) ways: Vec<OfGroup>,
    /// The group of each process.
    pub(super) groups: Vec<u32>,
    /// IPv4 and IPv6.
    pub(super) sums: [Sum; 2],
    /// Which of the different holds the parts follow.
    pub(super) main: usize,
    pub(super) holds: usize,
    /// Parts while they are put together.
    scratch: Vec<(u32, u32)>,
}

/// Closed flows are asked for so many before: their lanes, and then what those lead to.
const FAR: usize = 48;
const NEAR: usize = 24;

/// Shares of one spot's groups, and of its processes.
pub(super) type Shares = (Vec<Share>, Vec<Share>);

impl Counters {
    pub(super) fn new(main: usize, holds: usize) -> Self {
        Self {
            places: IndexSet::default(),
            spots: Vec::new(),
            numbers: Vec::new(),
            others: Vec::new(),
            lanes: Vec::new(),
            stands: Vec::new(),
            ways: Vec::new(),
            groups: Vec::new(),
            sums: Default::default(),
            main,
            holds,
            scratch: Vec::new(),
        }
    }

    /// A lane has become known: where its flows are counted is seen with the first of them.
    pub(super) fn know(&mut self, lane: u32, way: u32, (group, process): (u32, u32)) {
        if self.groups.len() <= process as usize {
            self.groups.resize(process as usize + 1, NONE);
        }
        self.groups[process as usize] = group;
        if self.lanes.len() <= lane as usize {
            self.lanes.resize(lane as usize + 1, LaneCount::NOWHERE);
            self.stands.resize(lane as usize + 1, Stand::NOWHERE);
        }
        let lane = &mut self.lanes[lane as usize];
        (lane.way, lane.process) = (way, process);
    }

    /// A lane that was counted nowhere so far gets its counters. A destination is public or not for good. Returns its way.
    #[inline(always)]
    pub(super) fn sit(&mut self, lane: u32, lanes: &Lanes) -> u32 {
        let LaneCount { sits, way, .. } = self.lanes[lane as usize];
        if !sits {
            self.sit_down(lane, lanes);
        }
        way
    }

    /// Where a lane is counted that had a flow.
    #[inline(always)]
    pub(super) fn of_lane(&self, lane: u32) -> Spots {
        let LaneCount { spot, sum, .. } = self.lanes[lane as usize];
        Spots { spot, sum: self.sums.get(usize::from(sum)).map_or(NONE, |sum| sum.spot) }
    }

    #[cold]
    fn sit_down(&mut self, lane: u32, lanes: &Lanes) {
        let known = lanes.get(lane);
        let ends = known.ends;
        let v6 = ends.daddr.is_ipv6();
        let role = if ends.public { Role::Public } else { Role::Private };
        // Lanes of one way are counted there together.
        let met = self.ways.get(known.way as usize).map(|way| way.spot).filter(|spot| *spot != NONE);
        let spot = met.unwrap_or_else(|| self.meet(Place::Dest { addr: ends.daddr, port: ends.dport }, role, v6));
        let here = &mut self.spots[spot as usize];
        let (place, seat) = (here.order.partition_point(|(of, _)| *of < ends.cell), here.seats.len() as u32);
        here.order.insert(place, (ends.cell, seat));
        here.seats.push(0);
        let sum = if here.is_public() { u8::from(v6) } else { NO_SUM };
        let own = OfProcess::new(here);
        let (way, is_first) = meet_group(&mut self.ways, known.way, spot, ends.group, here);
        let (before, shares) = way.meets(lane, is_first);
        if let Some(before) = before {
            let before = &mut self.lanes[before as usize];
            (way.held, before.shares) = (before.own.held, true);
        }
        let count = &mut self.lanes[lane as usize];
        (count.own, count.seat, count.spot) = (own, seat, spot);
        (count.sits, count.sum, count.shares) = (true, sum, shares);
        self.stands[lane as usize] = Stand::of(spot, sum);
        if sum != NO_SUM {
            self.ways[known.way as usize].sum = self.sit_in_sum(v6, ends.group, ends.cell);
        }
    }

    fn sit_in_sum(&mut self, v6: bool, group: u32, process: u32) -> u32 {
        let spot = self.meet(Place::Sum { v6 }, Role::Sum, v6);
        let sum = &mut self.sums[usize::from(v6)];
        sum.spot = spot;
        let here = &self.spots[spot as usize];
        if sum.processes.len() <= process as usize {
            sum.processes.resize(process as usize + 1, InSum::NOWHERE);
        }
        if !sum.processes[process as usize].sits {
            let (of_group, is_first) = meet_group(&mut sum.groups, group, spot, group, here);
            let (before, shares) = of_group.meets(process, is_first);
            if let Some(before) = before {
                let before = &mut sum.processes[before as usize];
                (of_group.held, before.shares) = (before.part.held, true);
            }
            sum.processes[process as usize] = InSum { part: OfProcess::new(here), group, sits: true, shares };
        }
        spot
    }

    fn meet(&mut self, place: Place, role: Role, v6: bool) -> u32 {
        let (at, is_new) = self.places.insert_full(place);
        if is_new {
            self.others.resize(self.others.len() + self.holds.saturating_sub(2), Count::default());
            self.numbers.push(Numbers::default());
            self.spots.push(Spot { role, v6, ..Spot::default() });
        }
        at as u32
    }

    /// The first hold that is not the main one.
    pub(super) fn first_other(&self) -> Option<usize> {
        (0..self.holds).find(|hold| *hold != self.main)
    }

    /// Of the holds but the main one and the first other one, where the ports are counted that this keeps of a spot;
    /// `None` for that first other one.
    #[inline(always)]
    fn other(&self, spot: u32, hold: usize) -> Option<usize> {
        let other = (hold - usize::from(hold > self.main)).checked_sub(1)?;
        Some(spot as usize * (self.holds - 2) + other)
    }

    /// A port that a hold keeps of a spot, one that is not the main one.
    fn take_other(&mut self, spot: u32, hold: usize, now: Now) {
        match self.other(spot, hold) {
            None => {
                let spot = self.spot_mut(spot);
                spot.other_at.add(&mut spot.other, now);
            }
            Some(other) => self.others[other].add(now),
        }
    }

    /// Ports that a hold keeps of a spot.
    pub(super) fn held(&self, at: u32, hold: usize) -> Peak {
        let spot = self.spot(at);
        if hold == self.main {
            return spot.held_at.peak(spot.held.value);
        }
        match self.other(at, hold) {
            None => spot.other_at.peak(spot.other),
            Some(other) => self.others[other].peak(),
        }
    }

    /// Where the flows of a way that had any are counted.
    #[inline]
    pub(super) fn of_way(&self, way: u32) -> Spots {
        let OfGroup { spot, sum, .. } = self.ways[way as usize];
        Spots { spot, sum }
    }

    /// The way of a lane.
    #[inline]
    pub(super) fn way(&self, lane: u32) -> u32 {
        self.lanes[lane as usize].way
    }

    /// Asks for a lane that is needed soon.
    #[inline(always)]
    pub(super) fn fetch_lane(&self, lane: u32) {
        prefetch_index(&self.lanes, lane as usize);
    }

    /// Asks for the spot of a lane, which is there already, and for its way where others go it, too.
    #[inline(always)]
    pub(super) fn fetch_spot(&self, lane: u32) {
        if let Some(LaneCount { spot, way, shares, .. }) = self.lanes.get(lane as usize) {
            if *shares {
                prefetch_index(&self.ways, *way as usize);
            }
            self.fetch_spot_at(*spot);
        }
    }

    #[inline(always)]
    fn fetch_spot_at(&self, spot: u32) {
        prefetch_index(&self.spots, spot as usize);
        prefetch_index(&self.numbers, spot as usize);
    }

    /// Asks for what the main hold needs that lets go of closed flows one after the other: lanes, and what those lead to later.
    #[inline(always)]
    pub(super) fn fetch_closed(&self, closed: &[Closed]) {
        if let Some(later) = closed.get(FAR) {
            self.fetch_lane(later.lane);
        }
        if let Some(later) = closed.get(NEAR) {
            self.fetch_spot(later.lane);
        }
    }

    /// The same for another hold, which needs no more of a lane than where it stands.
    #[inline(always)]
    pub(super) fn fetch_closed_of_other(&self, closed: &[Closed]) {
        if let Some(later) = closed.get(FAR) {
            prefetch_index(&self.stands, later.lane as usize);
        }
        if let Some(later) = closed.get(NEAR) {
            prefetch_index(&self.spots, self.stands[later.lane as usize].spot());
        }
    }

    #[inline(always)]
    pub(super) fn lane(&self, lane: u32) -> &LaneCount {
        &self.lanes[lane as usize]
    }

    #[inline]
    pub(super) fn lane_mut(&mut self, lane: u32) -> &mut LaneCount {
        &mut self.lanes[lane as usize]
    }

    #[inline]
    pub(super) fn spot(&self, at: u32) -> &Spot {
        &self.spots[at as usize]
    }

    #[inline]
    pub(super) fn spot_mut(&mut self, at: u32) -> &mut Spot {
        &mut self.spots[at as usize]
    }

    /// The spot of a place, if any flow was counted there.
    pub(super) fn find(&mut self, place: &Place) -> Option<&mut Spot> {
        self.places.get_index_of(place).map(|at| &mut self.spots[at])
    }

    /// Ports that some of the other holds keep from now on.
    #[cold]
    pub(super) fn take_others(&mut self, spots: Spots, from: usize, to: usize, now: Now) {
        let main = self.main;
        for hold in (0..self.holds).filter(|hold| *hold != main).skip(from).take(to - from) {
            spots.each(|spot| self.take_other(spot, hold, now));
        }
    }

    /// A hold that is not the main one lets go of a port of a destination.
    #[inline(always)]
    pub(super) fn release_other(&mut self, spots: Spots, hold: usize) {
        spots.each(|spot| self.let_other_go(spot, hold));
    }

    /// The same of a closed flow.
    #[inline(always)]
    pub(super) fn release_other_of(&mut self, closed: &Closed, hold: usize) {
        let stand = self.stands[closed.lane as usize];
        let sum = self.sums.get(stand.sum()).map_or(NONE, |sum| sum.spot);
        self.release_other(Spots { spot: stand.spot() as u32, sum }, hold);
    }

    /// The same of the first other hold, for the destination alone: the ports that are gone of the sums are added up.
    #[inline(always)]
    pub(super) fn release_first_other(&mut self, closed: &Closed, of_sums: &mut [u32; 2]) {
        let stand = self.stands[closed.lane as usize];
        self.spots[stand.spot()].other.take();
        if let Some(gone) = of_sums.get_mut(stand.sum()) {
            *gone += 1;
        }
    }

    /// And for the sums.
    pub(super) fn release_first_other_of(&mut self, of_sums: [u32; 2]) {
        for (sum, gone) in self.sums.iter().zip(of_sums).filter(|(_, gone)| *gone > 0) {
            self.spots[sum.spot as usize].other.take_all(gone);
        }
    }

    #[inline(always)]
    fn let_other_go(&mut self, spot: u32, hold: usize) {
        match self.other(spot, hold) {
            None => self.spots[spot as usize].other.take(),
            Some(other) => self.others[other].take(),
        }
    }

    /// Gives a flow's port to another process of its group; the node's value stays.
    pub(super) fn hand_over(&mut self, from: u32, to: u32, open: bool, held: bool, now: Now) {
        fn step(part: &mut OfProcess, spot: &Spot, adds: bool, now: Now) {
            if adds { part.add(spot, now) } else { part.take(spot) }
        }
        for (lane, adds) in [(from, false), (to, true)] {
            let spots = self.of_way(self.way(lane));
            let count = &mut self.lanes[lane as usize];
            if open {
                count.open = if adds { count.open + 1 } else { count.open.saturating_sub(1) };
            }
            if !held {
                continue;
            }
            let spot = &mut self.spots[spots.spot as usize];
            count.changes(lane, spot);
            step(&mut count.own, spot, adds, now);
            if spots.is_public() {
                let spot = &self.spots[spots.sum as usize];
                let of_sum = &mut self.sums[usize::from(spot.v6)].processes[count.process as usize];
                step(&mut of_sum.part, spot, adds, now);
            }
        }
    }

    /// Ports held to the spot under the main hold, and flows open.
    #[inline]
    pub(super) fn values(&self, spot: u32) -> [u32; 2] {
        let spot = self.spot(spot);
        [spot.held.value.now, spot.open.now]
    }

    /// What is noted of the bucket that the spot's series is filling.
    #[inline]
    pub(super) fn filling(&self, spot: u32) -> &Filling {
        &self.spot(spot).filling
    }

    /// The spot's series fills a new bucket, for which the values of now are the first that count.
    pub(super) fn fill(&mut self, spot: u32, until: i64) {
        let most = self.values(spot);
        let spot = self.spot_mut(spot);
        (spot.until, spot.filling.most) = (until, most);
        spot.bucket_epoch = spot.bucket_epoch.wrapping_add(1);
    }

    /// Who held how many ports at the bucket's largest value, by number, ascending.
    pub(super) fn bucket_parts(&mut self, at: u32) -> Vec<(u32, u32)> {
        let Self { spots, lanes, sums, scratch, .. } = self;
        let spot = &mut spots[at as usize];
        let epoch = spot.bucket_epoch;
        scratch.clear();
        if spot.is_sum() {
            let processes = sums[usize::from(spot.v6)].processes.iter_mut().enumerate();
            scratch.extend(processes.filter(|(_, of_sum)| of_sum.sits).filter_map(|(of, of_sum)| {
                let part = &mut of_sum.part;
                part.settle_bucket(epoch);
                (part.at_bucket > 0).then_some((of as u32, part.at_bucket))
            }));
        } else {
            let seats = &mut spot.seats;
            spot.waiting.retain(|lane| {
                let count = &mut lanes[*lane as usize];
                count.own.settle_bucket(epoch);
                let at_bucket = count.own.at_bucket;
                seats[count.seat as usize] = at_bucket;
                // What has changed since the bucket was largest is looked at again.
                count.waits = count.own.held.now != at_bucket;
                count.waits
            });
            let held = spot.order.iter().map(|(of, seat)| (*of, seats[*seat as usize]));
            scratch.extend(held.filter(|(_, held)| *held > 0));
        }
        // Kept for as long as the run: as large as it is, and no larger.
        scratch.clone()
    }

    /// The group of a way that had a flow.
    #[inline]
    pub(super) fn group(&self, way: u32) -> u32 {
        self.ways[way as usize].group
    }

    /// Measuring starts at this instant.
    pub(super) fn begin(&mut self, at: i64) {
        for spot in &mut self.spots {
            spot.open_at.begin(&mut spot.open, at);
            spot.held.begin(&mut spot.held_at, at);
            spot.other_at.begin(&mut spot.other, at);
        }
        self.others.iter_mut().for_each(|held| held.begin(at));
        self.lanes.iter_mut().for_each(|lane| lane.own.held.begin());
        self.ways.iter_mut().for_each(|way| way.held.begin());
        for sum in &mut self.sums {
            sum.processes.iter_mut().for_each(|of_sum| of_sum.part.held.begin());
            sum.groups.iter_mut().for_each(|group| group.held.begin());
        }
    }

    /// The run is over: brings all parts up to their spot's last peak.
    pub(super) fn settle(&mut self) {
        let (spots, ways) = (&self.spots, &mut self.ways);
        for lane in self.lanes.iter_mut().filter(|lane| lane.sits) {
            lane.own.held.settle(&spots[ways[lane.way as usize].spot as usize].held);
        }
        ways.iter_mut().filter(|way| way.spot != NONE).for_each(|way| way.held.settle(&spots[way.spot as usize].held));
        for sum in self.sums.iter_mut().filter(|sum| sum.spot != NONE) {
            let spot = &spots[sum.spot as usize].held;
            sum.processes.iter_mut().filter(|of_sum| of_sum.sits).for_each(|of_sum| of_sum.part.held.settle(spot));
            sum.groups.iter_mut().filter(|group| group.spot != NONE).for_each(|group| group.held.settle(spot));
        }
    }

    /// What groups and processes had of each spot, to be asked for when all is settled. By number, ascending.
    pub(super) fn shares(&self) -> Vec<Shares> {
        let mut found: Vec<Shares> = vec![(Vec::new(), Vec::new()); self.spots.len()];
        let share = |of: usize, held: Part| Share { of, connects: 0, closes: 0, open: 0, held };
        let add = |share: &mut Share, lane: &LaneCount| {
            share.connects += lane.connects;
            share.closes += lane.closes;
            share.open += lane.open;
        };
        let of_way = |way: &OfGroup| match way.alone {
            NONE => way.held,
            lane => self.lanes[lane as usize].own.held,
        };
        let mut of_ways: Vec<Share> =
            self.ways.iter().map(|way| share(way.group as usize, of_way(way).part())).collect();
        let mut of_sums = self.sums.each_ref().map(|sum| {
            let of_process = |of: usize| sum.processes[of].part.held;
            let of_group = |group: &OfGroup| match group.alone {
                NONE => group.held,
                process => of_process(process as usize),
            };
            let processes: Vec<Share> = (0..sum.processes.len()).map(|of| share(of, of_process(of).part())).collect();
            let groups = sum.groups.iter().enumerate().map(|(of, group)| share(of, of_group(group).part()));
            let groups: Vec<Share> = groups.collect();
            (groups, processes)
        });
        for lane in self.lanes.iter().filter(|lane| lane.sits) {
            let way = &self.ways[lane.way as usize];
            let mut own = share(lane.process as usize, lane.own.held.part());
            add(&mut own, lane);
            found[way.spot as usize].1.push(own);
            add(&mut of_ways[lane.way as usize], lane);
            if way.sum != NONE {
                let (groups, processes) = &mut of_sums[usize::from(self.spots[way.sum as usize].v6)];
                add(&mut groups[way.group as usize], lane);
                add(&mut processes[lane.process as usize], lane);
            }
        }
        for (way, share) in self.ways.iter().zip(of_ways).filter(|(way, _)| way.spot != NONE) {
            found[way.spot as usize].0.push(share);
        }
        for (sum, (groups, processes)) in self.sums.iter().zip(of_sums).filter(|(sum, _)| sum.spot != NONE) {
            let (of_groups, of_processes) = &mut found[sum.spot as usize];
            let met = sum.groups.iter().zip(groups).filter(|(group, _)| group.spot != NONE);
            of_groups.extend(met.map(|(_, share)| share));
            let met = sum.processes.iter().zip(processes).filter(|(of_sum, _)| of_sum.sits);
            of_processes.extend(met.map(|(_, share)| share));
        }
        for (groups, processes) in &mut found {
            groups.sort_by_key(|share| share.of);
            processes.sort_by_key(|share| share.of);
        }
        found
    }
}

/// Finds or makes the part of a group; whether it is new.
fn meet_group<'a>(parts: &'a mut Vec<OfGroup>, at: u32, spot: u32, group: u32, here: &Spot) -> (&'a mut OfGroup, bool) {
    if parts.len() <= at as usize {
        parts.resize(at as usize + 1, OfGroup::NOWHERE);
    }
    let part = &mut parts[at as usize];
    let is_new = part.spot == NONE;
    if is_new {
        *part = OfGroup { held: Own::new(&here.held), alone: NONE, spot, sum: NONE, group };
    }
    (part, is_new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_a_cache_line() {
        assert_eq!((size_of::<LaneCount>(), size_of::<OfGroup>(), size_of::<InSum>()), (64, 32, 32));
        assert_eq!((std::mem::offset_of!(Spot, held_at), size_of::<Spot>(), size_of::<Numbers>()), (64, 256, 64));
    }
}
