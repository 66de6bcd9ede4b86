//! Counters: of a destination over the node, and of every group and every process on it.
//!
//! A process on a destination is a lane, a group on it a way: their ports are counted there. What can be worked out of
//! the lanes when the run is over (connects, closes, open flows of ways and sums) is not counted before.

use foldhash::fast::RandomState;
use indexmap::IndexSet;

use super::lanes::{Lanes, NONE};
use super::ports::Numbers;
use super::replay::{Place, Share};
use super::step::Now;
use super::tally::{Own, Tally};

/// The part that a process has, which series ask for.
#[derive(Clone, Copy, Debug, Default)]
struct OfProcess {
    held: Own,
    /// Ports held at the largest value of the bucket that the spot's series is filling.
    at_bucket: u32,
    bucket_epoch: u32,
}

impl OfProcess {
    fn new(spot: &Spot) -> Self {
        Self { held: Own::new(&spot.held), at_bucket: 0, bucket_epoch: spot.bucket_epoch }
    }

    /// Like [`Own::settle`], for the peak of the bucket.
    #[inline]
    fn settle_bucket(&mut self, epoch: u32) {
        if self.bucket_epoch != epoch {
            (self.at_bucket, self.bucket_epoch) = (self.held.now, epoch);
        }
    }

    #[inline]
    fn add(&mut self, spot: &Spot, now: Now) {
        self.settle_bucket(spot.bucket_epoch);
        self.held.add(&spot.held, now);
    }

    #[inline]
    fn take(&mut self, spot: &Spot) {
        self.settle_bucket(spot.bucket_epoch);
        self.held.take(&spot.held);
    }
}

/// Where the flows of a lane are counted, and all that is counted of it alone, in a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct LaneCount {
    own: OfProcess,
    /// Flows that are open.
    open: u32,
    /// Its destination; [`NONE`] of a lane without a flow so far.
    pub(super) spot: u32,
    /// The sum over all public destinations of the family, if it is one; else [`NONE`].
    pub(super) sum: u32,
    pub(super) way: u32,
    pub(super) process: u32,
    /// Place among the lanes of its spot; the highest bit is set while it waits there to be looked at.
    seat: u32,
    pub(super) connects: u64,
    /// Closes that began a hold.
    pub(super) closes: u64,
}

impl LaneCount {
    /// Of a lane without a flow so far.
    const NOWHERE: Self = {
        let own = OfProcess { held: Own::NOTHING, at_bucket: 0, bucket_epoch: 0 };
        let (spot, sum, way, process, seat) = (NONE, NONE, NONE, NONE, 0);
        Self { own, open: 0, spot, sum, way, process, seat, connects: 0, closes: 0 }
    };

    /// Its destination, and the sum if that is public.
    #[inline]
    pub(super) fn spots(&self) -> impl Iterator<Item = u32> + use<> {
        [self.spot, self.sum].into_iter().filter(|spot| *spot != NONE)
    }

    /// Whether the destination is public.
    pub(super) fn is_public(&self) -> bool {
        self.sum != NONE
    }

    /// Its ports will be others: the spot looks at it when the bucket is over.
    #[inline]
    fn changes(&mut self, at: u32, spot: &mut Spot) {
        if self.seat & WAITS == 0 {
            self.seat |= WAITS;
            spot.waiting.push(at);
        }
    }
}

/// Bit of [`LaneCount::seat`].
const WAITS: u32 = 1 << 31;

/// The part that a group has.
#[derive(Clone, Copy, Debug)]
struct OfGroup {
    held: Own,
    /// Its spot, [`NONE`] where none of its flows was counted so far, and the group.
    spot: u32,
    group: u32,
}

impl OfGroup {
    const NOWHERE: Self = Self { held: Own::NOTHING, spot: NONE, group: NONE };
}

/// Parts of the sum over all public destinations of a family.
#[derive(Clone, Debug)]
struct Sum {
    /// [`NONE`] before the first flow.
    spot: u32,
    /// By number of the process; `None` where it has no flow of the sum.
    processes: Vec<Option<OfProcess>>,
    /// By number of the group.
    groups: Vec<OfGroup>,
}

impl Default for Sum {
    fn default() -> Self {
        Self { spot: NONE, processes: Vec::new(), groups: Vec::new() }
    }
}

/// A destination, or the sum over all public ones of a family.
///
/// What every row needs is in the first cache line, the numbers are in the second.
#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub(super) struct Spot {
    pub(super) open: Tally,
    /// Ports that the main hold keeps.
    held: Tally,
    /// Changes with every largest value of the bucket that is being filled.
    bucket_epoch: u32,
    /// Its series, or [`NONE`].
    pub(super) track: u32,
    pub(super) public: bool,
    pub(super) v6: bool,
    pub(super) is_sum: bool,
    pub(super) numbers: Numbers,
    pub(super) lone_mapped: u64,
    pub(super) lone_plain: u64,
    pub(super) past_idle: u32,
    /// The last minute with a connect.
    pub(super) minute: Option<usize>,
    /// Processes that go to a destination, ascending, with their seats.
    order: Vec<(u32, u32)>,
    /// By seat, the ports that each held at the largest value of the last bucket, those aside that have changed since.
    seats: Vec<u32>,
    /// Lanes whose ports may be others than their seats say.
    waiting: Vec<u32>,
}

/// All counters.
#[derive(Clone, Debug)]
pub(super) struct Counters {
    /// In the order of [`Counters::spots`].
    pub(super) places: IndexSet<Place, RandomState>,
    pub(super) spots: Vec<Spot>,
    /// Ports that the other holds keep of each spot, under one after the other.
    others: Vec<Tally>,
    pub(super) lanes: Vec<LaneCount>,
    ways: Vec<OfGroup>,
    /// IPv4 and IPv6.
    sums: [Sum; 2],
    /// Which of the different holds the parts follow.
    main: usize,
    holds: usize,
}

/// Shares of one spot's groups, and of its processes.
pub(super) type Shares = (Vec<Share>, Vec<Share>);

impl Counters {
    pub(super) fn new(main: usize, holds: usize) -> Self {
        Self {
            places: IndexSet::default(),
            spots: Vec::new(),
            others: Vec::new(),
            lanes: Vec::new(),
            ways: Vec::new(),
            sums: Default::default(),
            main,
            holds,
        }
    }

    /// The counters of a lane; one that was nowhere so far gets them here. A destination is public or not for good.
    #[inline]
    pub(super) fn sit(&mut self, lane: u32, lanes: &Lanes) -> LaneCount {
        match self.lanes.get(lane as usize) {
            Some(count) if count.spot != NONE => *count,
            _ => self.sit_down(lane, lanes),
        }
    }

    #[cold]
    fn sit_down(&mut self, lane: u32, lanes: &Lanes) -> LaneCount {
        self.lanes.resize(self.lanes.len().max(lanes.len()), LaneCount::NOWHERE);
        let known = lanes.get(lane);
        let ends = known.ends;
        let v6 = ends.daddr.is_ipv6();
        let spot = self.meet(Place::Dest { addr: ends.daddr, port: ends.dport }, ends.public, v6);
        let here = &mut self.spots[spot as usize];
        let (place, seat) = (here.order.partition_point(|(of, _)| *of < ends.cell), here.seats.len() as u32);
        here.order.insert(place, (ends.cell, seat));
        here.seats.push(0);
        let (public, own) = (here.public, OfProcess::new(here));
        meet_group(&mut self.ways, known.way, spot, ends.group, here);
        let sum = if public { self.sit_in_sum(v6, ends.group, ends.cell) } else { NONE };
        let (way, process) = (known.way, ends.cell);
        let count = LaneCount { own, spot, sum, way, process, seat, ..LaneCount::NOWHERE };
        self.lanes[lane as usize] = count;
        count
    }

    fn sit_in_sum(&mut self, v6: bool, group: u32, process: u32) -> u32 {
        let spot = self.meet(Place::Sum { v6 }, true, v6);
        let sum = &mut self.sums[usize::from(v6)];
        sum.spot = spot;
        let here = &self.spots[spot as usize];
        meet_group(&mut sum.groups, group, spot, group, here);
        if sum.processes.len() <= process as usize {
            sum.processes.resize(process as usize + 1, None);
        }
        sum.processes[process as usize].get_or_insert_with(|| OfProcess::new(here));
        spot
    }

    fn meet(&mut self, place: Place, public: bool, v6: bool) -> u32 {
        let (at, is_new) = self.places.insert_full(place);
        if is_new {
            self.others.resize(self.others.len() + self.holds.saturating_sub(1), Tally::default());
            let is_sum = matches!(place, Place::Sum { .. });
            self.spots.push(Spot { public, v6, is_sum, track: NONE, ..Spot::default() });
        }
        at as u32
    }

    /// The place among the others of a hold that is not the main one.
    #[inline]
    fn other(&self, spot: u32, hold: usize) -> usize {
        spot as usize * (self.holds - 1) + hold - usize::from(hold > self.main)
    }

    /// Ports that a hold keeps of a spot.
    pub(super) fn held(&self, spot: u32, hold: usize) -> &Tally {
        if hold == self.main { &self.spots[spot as usize].held } else { &self.others[self.other(spot, hold)] }
    }

    /// Fetches the counters of a lane that are needed soon; what is returned is of no use but to be looked at.
    #[inline]
    pub(super) fn touch(&self, lane: u32) -> u32 {
        self.lanes.get(lane as usize).map_or(0, |lane| lane.spot)
    }

    /// The same of a spot.
    #[inline]
    pub(super) fn touch_spot(&self, spot: u32) -> u32 {
        self.spots.get(spot as usize).map_or(0, |spot| spot.held.now ^ spot.numbers.touch(NONE))
    }

    /// The same of a port number.
    #[inline]
    pub(super) fn touch_number(&self, spot: u32, number: u32) -> u32 {
        self.spots.get(spot as usize).map_or(0, |spot| spot.held.now ^ spot.numbers.touch(number))
    }

    /// The same of its group.
    #[inline]
    pub(super) fn touch_way(&self, way: u32) -> u32 {
        self.ways.get(way as usize).map_or(0, |way| way.spot)
    }

    #[inline]
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

    /// A port that the holds before `gone` keep from now on, and, where it `opens`, one more open flow.
    #[inline]
    pub(super) fn take(&mut self, lane: u32, gone: usize, opens: bool, now: Now) {
        let count = &mut self.lanes[lane as usize];
        let (own, sum) = (count.spot, count.sum);
        count.open += u32::from(opens);
        let spot = &mut self.spots[own as usize];
        let way = &mut self.ways[count.way as usize];
        if gone > self.main {
            count.changes(lane, spot);
            count.own.add(spot, now);
            way.held.add(&spot.held, now);
            spot.held.add(now);
        }
        if opens {
            spot.open.add(now);
        }
        if sum != NONE {
            let (process, group) = (count.process as usize, way.group as usize);
            let spot = &mut self.spots[sum as usize];
            if gone > self.main {
                let parts = &mut self.sums[usize::from(spot.v6)];
                parts.processes[process].iter_mut().for_each(|part| part.add(spot, now));
                parts.groups[group].held.add(&spot.held, now);
                spot.held.add(now);
            }
            if opens {
                spot.open.add(now);
            }
        }
        for hold in (0..gone).filter(|hold| *hold != self.main) {
            for spot in [own, sum].into_iter().filter(|spot| *spot != NONE) {
                let other = self.other(spot, hold);
                self.others[other].add(now);
            }
        }
    }

    /// One open flow less.
    #[inline]
    pub(super) fn shut(&mut self, lane: u32) {
        let count = &mut self.lanes[lane as usize];
        count.open = count.open.saturating_sub(1);
        for spot in count.spots() {
            self.spots[spot as usize].open.take();
        }
    }

    /// A hold lets go of a port.
    #[inline]
    pub(super) fn release(&mut self, lane: u32, hold: usize) {
        let count = &mut self.lanes[lane as usize];
        let (own, sum) = (count.spot, count.sum);
        if hold != self.main {
            for spot in [own, sum].into_iter().filter(|spot| *spot != NONE) {
                let other = self.other(spot, hold);
                self.others[other].take();
            }
            return;
        }
        let spot = &mut self.spots[own as usize];
        let way = &mut self.ways[count.way as usize];
        count.changes(lane, spot);
        count.own.take(spot);
        way.held.take(&spot.held);
        spot.held.take();
        if sum != NONE {
            let spot = &mut self.spots[sum as usize];
            let parts = &mut self.sums[usize::from(spot.v6)];
            parts.processes[count.process as usize].iter_mut().for_each(|part| part.take(spot));
            parts.groups[way.group as usize].held.take(&spot.held);
            spot.held.take();
        }
    }

    /// Gives a flow's port to another process of its group; the node's value stays.
    pub(super) fn hand_over(&mut self, from: u32, to: u32, open: bool, held: bool, now: Now) {
        for (lane, adds) in [(from, false), (to, true)] {
            let count = &mut self.lanes[lane as usize];
            if open {
                count.open = if adds { count.open + 1 } else { count.open.saturating_sub(1) };
            }
            if !held {
                continue;
            }
            let step = |part: &mut OfProcess, spot: &Spot| if adds { part.add(spot, now) } else { part.take(spot) };
            let spot = &mut self.spots[count.spot as usize];
            count.changes(lane, spot);
            step(&mut count.own, spot);
            if count.is_public() {
                let spot = &self.spots[count.sum as usize];
                let parts = &mut self.sums[usize::from(spot.v6)].processes[count.process as usize];
                parts.iter_mut().for_each(|part| step(part, spot));
            }
        }
    }

    /// Ports held to the spot under the main hold, and flows open.
    #[inline]
    pub(super) fn values(&self, spot: u32) -> [u32; 2] {
        let spot = self.spot(spot);
        [spot.held.now, spot.open.now]
    }

    /// The values of now are the largest of the bucket that the spot's series is filling.
    #[inline]
    pub(super) fn bucket_peak(&mut self, spot: u32) {
        let epoch = &mut self.spot_mut(spot).bucket_epoch;
        *epoch = epoch.wrapping_add(1);
    }

    /// Who held how many ports at the bucket's largest value, by number, ascending.
    pub(super) fn bucket_parts(&mut self, at: u32) -> Vec<(u32, u32)> {
        let spot = &mut self.spots[at as usize];
        let epoch = spot.bucket_epoch;
        if spot.is_sum {
            let processes = self.sums[usize::from(spot.v6)].processes.iter_mut().enumerate();
            let held = processes.filter_map(|(of, part)| {
                let part = part.as_mut()?;
                part.settle_bucket(epoch);
                (part.at_bucket > 0).then_some((of as u32, part.at_bucket))
            });
            return held.collect();
        }
        let (lanes, seats) = (&mut self.lanes, &mut spot.seats);
        spot.waiting.retain(|lane| {
            let count = &mut lanes[*lane as usize];
            count.own.settle_bucket(epoch);
            let (at_bucket, seat) = (count.own.at_bucket, count.seat & !WAITS);
            seats[seat as usize] = at_bucket;
            // What has changed since the bucket was largest is looked at again.
            let waits = count.own.held.now != at_bucket;
            count.seat = if waits { count.seat } else { seat };
            waits
        });
        let held = spot.order.iter().map(|(of, seat)| (*of, seats[*seat as usize]));
        held.filter(|(_, held)| *held > 0).collect()
    }

    /// The group of a lane.
    #[inline]
    pub(super) fn group(&self, lane: u32) -> u32 {
        self.ways[self.lane(lane).way as usize].group
    }

    /// All parts of processes and groups that were counted anywhere, with their spots.
    fn parts(&mut self) -> impl Iterator<Item = (&mut Own, u32)> {
        let lanes = self.lanes.iter_mut().map(|lane| (&mut lane.own.held, lane.spot));
        let ways = self.ways.iter_mut().map(|way| (&mut way.held, way.spot));
        let sums = self.sums.iter_mut().flat_map(|sum| {
            let spot = sum.spot;
            let processes = sum.processes.iter_mut().flatten().map(move |part| (&mut part.held, spot));
            processes.chain(sum.groups.iter_mut().map(|group| (&mut group.held, group.spot)))
        });
        lanes.chain(ways).chain(sums).filter(|(_, spot)| *spot != NONE)
    }

    /// Measuring starts at this instant.
    pub(super) fn begin(&mut self, at: i64) {
        for spot in &mut self.spots {
            spot.open.begin(at);
            spot.held.begin(at);
        }
        self.others.iter_mut().for_each(|held| held.begin(at));
        self.parts().for_each(|(own, _)| own.peak = own.now);
    }

    /// The run is over: brings all parts up to their spot's last peak.
    pub(super) fn settle(&mut self) {
        let spots = std::mem::take(&mut self.spots);
        self.parts().for_each(|(own, spot)| own.settle(&spots[spot as usize].held));
        self.spots = spots;
    }

    /// What groups and processes had of each spot, to be asked for when all is settled. By number, ascending.
    pub(super) fn shares(&self) -> Vec<Shares> {
        let mut found: Vec<Shares> = vec![(Vec::new(), Vec::new()); self.spots.len()];
        let share = |of: usize, held: &Own| Share { of, connects: 0, closes: 0, open: 0, held: held.part() };
        let add = |share: &mut Share, lane: &LaneCount| {
            share.connects += lane.connects;
            share.closes += lane.closes;
            share.open += lane.open;
        };
        let mut of_ways: Vec<Share> = self.ways.iter().map(|way| share(way.group as usize, &way.held)).collect();
        let mut of_sums = self.sums.each_ref().map(|sum| {
            let nobody = OfProcess::default();
            let processes = sum.processes.iter().enumerate();
            let processes: Vec<Share> =
                processes.map(|(of, part)| share(of, &part.as_ref().unwrap_or(&nobody).held)).collect();
            let groups: Vec<Share> = sum.groups.iter().enumerate().map(|(of, group)| share(of, &group.held)).collect();
            (groups, processes)
        });
        for lane in self.lanes.iter().filter(|lane| lane.spot != NONE) {
            let mut own = share(lane.process as usize, &lane.own.held);
            add(&mut own, lane);
            found[lane.spot as usize].1.push(own);
            add(&mut of_ways[lane.way as usize], lane);
            if lane.is_public() {
                let (groups, processes) = &mut of_sums[usize::from(self.spots[lane.sum as usize].v6)];
                add(&mut groups[self.ways[lane.way as usize].group as usize], lane);
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
            let met = sum.processes.iter().zip(processes).filter(|(part, _)| part.is_some());
            of_processes.extend(met.map(|(_, share)| share));
        }
        for (groups, processes) in &mut found {
            groups.sort_by_key(|share| share.of);
            processes.sort_by_key(|share| share.of);
        }
        found
    }
}

/// Finds or makes the part of a group.
fn meet_group(parts: &mut Vec<OfGroup>, at: u32, spot: u32, group: u32, here: &Spot) {
    if parts.len() <= at as usize {
        parts.resize(at as usize + 1, OfGroup::NOWHERE);
    }
    let part = &mut parts[at as usize];
    if part.spot == NONE {
        *part = OfGroup { held: Own::new(&here.held), spot, group };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_a_cache_line() {
        assert_eq!((size_of::<LaneCount>(), size_of::<OfGroup>()), (64, 24));
        assert_eq!(std::mem::offset_of!(Spot, numbers), 64);
    }
}
