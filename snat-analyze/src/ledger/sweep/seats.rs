//! A flow's counters, all of them at once: those of its process and of its group on a destination, that of the
//! destination, and, where that is public, those of the sum.

use std::iter;

use super::counts::Counters;
use super::lanes::NONE;
use super::parts::{InSum, LaneCount, OfGroup};
use super::ports::{Numbers, Pool};
use super::spot::{Opened, Spot};
use super::step::Now;

/// Where a flow of one lane is counted.
struct Seat<'a> {
    /// The lane's number.
    at: u32,
    lane: &'a mut LaneCount,
    /// `None` where the lane stands for it.
    way: Option<&'a mut OfGroup>,
    spot: &'a mut Spot,
    numbers: &'a mut Numbers,
    of_sum: Option<SumSeat<'a>>,
}

/// The same in the sum over all public destinations of a family.
struct SumSeat<'a> {
    process: &'a mut InSum,
    /// `None` where the process stands for it.
    group: Option<&'a mut OfGroup>,
    spot: &'a mut Spot,
}

/// Where a flow is counted whose close has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shut {
    pub(super) group: u32,
    pub(super) spot: u32,
    pub(super) is_public: bool,
}

impl Seat<'_> {
    /// A port that the main hold keeps from now on.
    #[inline(always)]
    fn takes(&mut self, now: Now) {
        self.lane.changes(self.at, self.spot);
        self.lane.own.add(self.spot, now);
        if let Some(way) = &mut self.way {
            way.held.add(&self.spot.held, now);
        }
        if let Some(sum) = &mut self.of_sum {
            sum.process.part.add(sum.spot, now);
            if let Some(group) = &mut sum.group {
                group.held.add(&sum.spot.held, now);
            }
        }
    }

    /// The destination's counters, and the sum's.
    fn spots(&mut self) -> impl Iterator<Item = &mut Spot> {
        iter::once(&mut *self.spot).chain(self.of_sum.as_mut().map(|sum| &mut *sum.spot))
    }

    /// The main hold keeps a port no more.
    #[inline(always)]
    fn gives_up(&mut self) {
        self.lane.changes(self.at, self.spot);
        self.lane.own.take(self.spot);
        if let Some(way) = &mut self.way {
            way.held.take(&self.spot.held);
        }
        self.spot.held.take();
        if let Some(sum) = &mut self.of_sum {
            sum.process.part.take(sum.spot);
            if let Some(group) = &mut sum.group {
                group.held.take(&sum.spot.held);
            }
            sum.spot.held.take();
        }
    }
}

/// A destination's counters, and those of a sum.
#[inline(always)]
fn both(spots: &mut [Spot], spot: usize, sum: usize) -> (&mut Spot, &mut Spot) {
    if spot > sum {
        let (before, from) = spots.split_at_mut(spot);
        (&mut from[0], &mut before[sum])
    } else {
        let (before, from) = spots.split_at_mut(sum);
        (&mut before[spot], &mut from[0])
    }
}

impl Counters {
    /// Where a flow of a lane is counted, of one that had a flow.
    #[inline(always)]
    fn seat(&mut self, at: u32) -> Seat<'_> {
        let Self { lanes, ways, spots, numbers, sums, .. } = self;
        let lane = &mut lanes[at as usize];
        let way = if lane.shares { Some(&mut ways[lane.way as usize]) } else { None };
        let numbers = &mut numbers[lane.spot as usize];
        let Some(sum) = sums.get_mut(usize::from(lane.sum)) else {
            let spot = &mut spots[lane.spot as usize];
            return Seat { at, lane, way, spot, numbers, of_sum: None };
        };
        let (spot, of_all) = both(spots, lane.spot as usize, sum.spot as usize);
        let process = &mut sum.processes[lane.process as usize];
        let group = if process.shares { Some(&mut sum.groups[process.group as usize]) } else { None };
        Seat { at, lane, way, spot, numbers, of_sum: Some(SumSeat { process, group, spot: of_all }) }
    }

    /// Whether a series of a lane's has to take note of what stood until this instant, before anything changes.
    #[inline(always)]
    pub(super) fn is_over(&self, at: u32, time: i64) -> bool {
        let lane = &self.lanes[at as usize];
        let sum = self.sums.get(usize::from(lane.sum)).map(|sum| &self.spots[sum.spot as usize]);
        self.spots[lane.spot as usize].until.min(sum.map_or(i64::MAX, |sum| sum.until)) < time
    }

    /// The connect of a flow that is new: it is open, takes a number, and all holds will keep its port. To be asked for
    /// where there is a hold, and where [`Counters::is_over`] is false. `minute` is that of the instant, where it is
    /// measured and told apart.
    #[inline(always)]
    pub(super) fn opens(
        &mut self,
        at: u32,
        pools: &mut [Pool; 2],
        (needs, minute): (u32, Option<u16>),
        now: Now,
    ) -> Opened {
        let time = now.time().unwrap_or(i64::MIN);
        let others = self.holds > 1;
        let mut seat = self.seat(at);
        seat.lane.open += 1;
        seat.lane.connects += u64::from(now.measured());
        seat.takes(now);
        let other_peak = seat.spot.opens(others, now);
        let sum = seat.lane.sum;
        let mut opened = Opened { number: NONE, unnoted: false, unnoted_sum: false, other_peak, reaches: false, sum };
        if let Some(sum) = &mut seat.of_sum {
            opened.other_peak |= sum.spot.opens(others, now);
            if now.measured() {
                opened.unnoted = !seat.spot.notes(time, needs);
                opened.unnoted_sum = !sum.spot.notes(time, needs);
            }
            if let Some(minute) = minute {
                opened.reaches = seat.spot.minute != minute;
                seat.spot.minute = minute;
            }
            opened.number = pools[usize::from(seat.lane.sum)].take(seat.numbers, now);
        }
        if self.holds > 2 {
            self.take_others(self.of_lane(at), 1, self.holds - 1, now);
        }
        opened
    }

    /// One open flow less: its close has come, and is counted so often. To be asked for where [`Counters::is_over`] is
    /// false, or there are no series.
    #[inline(always)]
    pub(super) fn closes(&mut self, at: u32, closes: u64) -> Shut {
        let lane = &mut self.lanes[at as usize];
        let (spot, process) = (lane.spot, lane.process);
        lane.open = lane.open.saturating_sub(1);
        lane.closes += closes;
        self.spots[spot as usize].open.take();
        let sum = self.sums.get(usize::from(lane.sum));
        if let Some(sum) = sum {
            self.spots[sum.spot as usize].open.take();
        }
        Shut { group: self.groups[process as usize], spot, is_public: sum.is_some() }
    }

    /// A port that the holds before `gone` keep from now on, and, where it `opens`, one more open flow.
    pub(super) fn take(&mut self, at: u32, gone: usize, opens: bool, now: Now) {
        let is_held = gone > self.main;
        let mut seat = self.seat(at);
        seat.lane.open += u32::from(opens);
        if is_held {
            seat.takes(now);
            seat.spots().for_each(|spot| spot.holds_one_more(now));
        }
        if opens {
            seat.spots().for_each(|spot| spot.opens_one_more(now));
        }
        self.take_others(self.of_lane(at), 0, gone - usize::from(is_held), now);
    }

    /// The main hold lets go of a port, and of its number. To be asked for where [`Counters::is_over`] is false.
    #[inline(always)]
    pub(super) fn lets_go(&mut self, at: u32, number: u32, pools: &mut [Pool; 2]) {
        let mut seat = self.seat(at);
        seat.gives_up();
        if number != NONE {
            pools[usize::from(seat.lane.sum)].give_back(seat.numbers, number);
        }
    }

    /// The main hold lets go of a port.
    pub(super) fn release(&mut self, at: u32) {
        self.seat(at).gives_up();
    }
}
