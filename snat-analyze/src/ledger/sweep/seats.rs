//! A flow's counters, all of them at once: those of its process and of its group on a destination, that of the
//! destination, and, where that is public, those of the sum.

use super::counts::Counters;
use super::lanes::NONE;
use super::parts::{LaneCount, OfGroup, Sum};
use super::ports::Pool;
use super::spot::{Opened, Spot};
use super::step::Now;

/// No series is over at it.
pub(super) const EARLY: i64 = i64::MIN;

impl LaneCount {
    /// A port that the main hold keeps from now on.
    #[inline(always)]
    fn takes(&mut self, at: u32, ways: &mut [OfGroup], spot: &mut Spot, now: Now) {
        self.changes(at, spot);
        self.own.add(spot, now);
        if self.shares {
            ways[self.way as usize].held.add(&spot.held, now);
        }
    }

    /// The main hold keeps a port no more; nor does the destination.
    #[inline(always)]
    fn gives_up(&mut self, at: u32, ways: &mut [OfGroup], spot: &mut Spot) {
        self.changes(at, spot);
        self.own.take(spot);
        if self.shares {
            ways[self.way as usize].held.take(&spot.held);
        }
        spot.held.take();
    }
}

impl Sum {
    /// A port of a process that the main hold keeps from now on.
    #[inline(always)]
    fn takes(&mut self, process: u32, spot: &Spot, now: Now) {
        let process = &mut self.processes[process as usize];
        process.part.add(spot, now);
        if process.shares {
            self.groups[process.group as usize].held.add(&spot.held, now);
        }
    }

    /// The main hold keeps a port no more; nor does the sum.
    #[inline(always)]
    fn gives_up(&mut self, process: u32, spot: &mut Spot) {
        let process = &mut self.processes[process as usize];
        process.part.take(spot);
        if process.shares {
            self.groups[process.group as usize].held.take(&spot.held);
        }
        spot.held.take();
    }
}

/// Whether a series has to take note of what stood until this instant, before anything changes.
#[inline(always)]
fn is_over(spots: &[Spot], spot: u32, sum: Option<&Sum>, time: i64) -> bool {
    let of_sum = sum.map_or(i64::MAX, |sum| spots[sum.spot as usize].until);
    spots[spot as usize].until.min(of_sum) < time
}

impl Counters {
    /// The connect of a flow that is new, where there is a hold: it is open, takes a number, and all holds will keep its port.
    /// `minute` is that of the instant, where it is measured and told apart. `None` where a series is over before `over`.
    #[inline(always)]
    pub(super) fn opens(
        &mut self,
        at: u32,
        pools: &mut [Pool; 2],
        (needs, minute): (u32, Option<u16>),
        over: i64,
        now: Now,
    ) -> Option<Opened> {
        let time = now.time().unwrap_or(EARLY);
        let Self { lanes, ways, spots, numbers, sums, holds, .. } = self;
        let (lane, others) = (&mut lanes[at as usize], *holds > 1);
        let sum = sums.get_mut(usize::from(lane.sum));
        if is_over(spots, lane.spot, sum.as_deref(), over) {
            return None;
        }
        let spot = &mut spots[lane.spot as usize];
        lane.open += 1;
        lane.connects += u64::from(now.measured());
        lane.takes(at, ways, spot, now);
        let mut opened = Opened {
            number: NONE,
            unnoted: false,
            unnoted_sum: false,
            other_peak: spot.opens(others, now),
            reaches: false,
            sum: lane.sum,
        };
        if let Some(sum) = sum {
            opened.unnoted = now.measured() && !spot.notes(time, needs);
            if let Some(minute) = minute {
                opened.reaches = spot.minute != minute;
                spot.minute = minute;
            }
            opened.number = pools[usize::from(lane.sum)].take(&mut numbers[lane.spot as usize], now);
            let of_all = &mut spots[sum.spot as usize];
            sum.takes(lane.process, of_all, now);
            opened.other_peak |= of_all.opens(others, now);
            opened.unnoted_sum = now.measured() && !of_all.notes(time, needs);
        }
        if *holds > 2 {
            self.take_others(self.of_lane(at), 1, self.holds - 1, now);
        }
        Some(opened)
    }

    /// One open flow less: its close has come at that time, and is counted so often. Its group; `None` where a series is over.
    #[inline(always)]
    pub(super) fn closes(&mut self, at: u32, closes: u64, time: i64) -> Option<u32> {
        let Self { lanes, spots, sums, groups, .. } = self;
        let lane = &mut lanes[at as usize];
        let sum = sums.get(usize::from(lane.sum));
        if is_over(spots, lane.spot, sum, time) {
            return None;
        }
        lane.open = lane.open.saturating_sub(1);
        lane.closes += closes;
        spots[lane.spot as usize].open.take();
        if let Some(sum) = sum {
            spots[sum.spot as usize].open.take();
        }
        Some(groups[lane.process as usize])
    }

    /// A port that the holds before `gone` keep from now on, and, where it `opens`, one more open flow.
    pub(super) fn take(&mut self, at: u32, gone: usize, opens: bool, now: Now) {
        let is_held = gone > self.main;
        let Self { lanes, ways, spots, sums, .. } = self;
        let lane = &mut lanes[at as usize];
        lane.open += u32::from(opens);
        let spot = &mut spots[lane.spot as usize];
        if is_held {
            lane.takes(at, ways, spot, now);
        }
        let more = |spot: &mut Spot| {
            if is_held {
                spot.holds_one_more(now);
            }
            if opens {
                spot.opens_one_more(now);
            }
        };
        more(spot);
        if let Some(sum) = sums.get_mut(usize::from(lane.sum)) {
            let of_all = &mut spots[sum.spot as usize];
            if is_held {
                sum.takes(lane.process, of_all, now);
            }
            more(of_all);
        }
        self.take_others(self.of_lane(at), 0, gone - usize::from(is_held), now);
    }

    /// The main hold lets go of a port at that time, and of its number; false where a series is over.
    #[inline(always)]
    pub(super) fn lets_go(&mut self, at: u32, number: u32, pools: &mut [Pool; 2], time: i64) -> bool {
        let Self { lanes, ways, spots, numbers, sums, .. } = self;
        let lane = &mut lanes[at as usize];
        let sum = sums.get_mut(usize::from(lane.sum));
        if is_over(spots, lane.spot, sum.as_deref(), time) {
            return false;
        }
        lane.gives_up(at, ways, &mut spots[lane.spot as usize]);
        if let Some(sum) = sum {
            sum.gives_up(lane.process, &mut spots[sum.spot as usize]);
        }
        if number != NONE {
            pools[usize::from(lane.sum)].give_back(&mut numbers[lane.spot as usize], number);
        }
        true
    }
}
