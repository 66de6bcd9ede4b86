//! Counters: of a destination over the node, and of every group and every process on it.

use foldhash::fast::RandomState;
use indexmap::IndexSet;

use crate::fold::Map;

use super::lanes::{Lanes, NONE};
use super::ports::Numbers;
use super::replay::Place;
use super::step::Now;

/// A value over the node, and its peak: the first instant at which it was largest.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) now: u32,
    pub(super) peak: u32,
    pub(super) at: Option<i64>,
    /// One more with every new peak, so that shares know that theirs is out of date.
    epoch: u32,
}

impl Tally {
    pub(super) fn add(&mut self, now: Now) {
        self.now += 1;
        if now.measured && self.now > self.peak {
            (self.peak, self.at) = (self.now, now.time);
            self.epoch += 1;
        }
    }

    pub(super) fn take(&mut self) {
        self.now = self.now.saturating_sub(1);
    }

    /// Measuring starts: what is there now is the first value.
    pub(super) fn begin(&mut self, at: i64) {
        (self.peak, self.at) = (self.now, (self.now > 0).then_some(at));
        self.epoch += 1;
    }
}

/// The part of a [`Tally`] that one group or process has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Own {
    pub(super) now: u32,
    pub(super) peak: u32,
    /// Value at the tally's peak of that epoch.
    pub(super) at_peak: u32,
    epoch: u32,
}

impl Own {
    /// To be called before every change: since the last one the value stood still, so it also is what it was at any
    /// peak in between.
    fn settle(&mut self, of: &Tally) {
        if self.epoch != of.epoch {
            (self.at_peak, self.epoch) = (self.now, of.epoch);
        }
    }

    fn add(&mut self, of: &Tally, now: Now) {
        self.settle(of);
        self.now += 1;
        if now.measured {
            self.peak = self.peak.max(self.now);
        }
    }

    fn take(&mut self, of: &Tally) {
        self.settle(of);
        self.now = self.now.saturating_sub(1);
    }
}

/// One group or process on one destination, in a cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub(super) struct Part {
    pub(super) open: Own,
    pub(super) held: Own,
    /// Ports held at the largest value of the bucket that the spot's series is filling; only processes have it.
    at_bucket: u32,
    bucket_epoch: u64,
    /// Summed up from the lanes when the run is over.
    pub(super) connects: u64,
    pub(super) closes: u64,
}

impl Part {
    /// Like [`Own::settle`], for the peak of the bucket.
    fn settle_bucket(&mut self, epoch: u64) {
        if self.bucket_epoch != epoch {
            (self.at_bucket, self.bucket_epoch) = (self.held.now, epoch);
        }
    }
}

/// A destination, or the sum over all public ones of a family.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) public: bool,
    pub(super) open: Tally,
    /// Its series.
    pub(super) track: Option<u32>,
    pub(super) numbers: Numbers,
    /// Summed up from the lanes when the run is over; `closes` are those that began a hold.
    pub(super) connects: u64,
    pub(super) closes: u64,
    pub(super) lone_mapped: u64,
    pub(super) lone_plain: u64,
    pub(super) past_idle: u32,
    /// The last minute with a connect.
    pub(super) minute: Option<usize>,
    /// Changes with every largest value of the bucket that is being filled.
    bucket_epoch: u64,
    /// Its processes' places among all, by the number of the process.
    cells: Vec<(u32, u32)>,
}

/// Where a flow is counted: places of its destination, its group there and its process there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) spot: u32,
    pub(super) group: u32,
    pub(super) cell: u32,
}

/// Where the flows of a lane are counted: its destination, and the sum over all public ones if it is one. With all else
/// that most rows need of the lane, in a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Seats {
    pub(super) own: Seat,
    sum: Seat,
    pub(super) connects: u64,
    /// Closes that began a hold.
    pub(super) closes: u64,
    /// Of the lane, see [`super::lanes`].
    pub(super) group: u32,
    pub(super) process: u32,
    pub(super) route: u32,
    pub(super) v6: bool,
}

impl Seats {
    /// Of a lane without a flow so far.
    const NOWHERE: Self = {
        let seat = Seat { spot: NONE, group: NONE, cell: NONE };
        Self { own: seat, sum: seat, connects: 0, closes: 0, group: NONE, process: NONE, route: NONE, v6: false }
    };

    /// Whether the destination is public.
    pub(super) fn is_public(&self) -> bool {
        self.sum.spot != NONE
    }

    /// One, or two.
    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = Seat> + use<> {
        [self.own, self.sum].into_iter().take(1 + usize::from(self.is_public()))
    }
}

/// The parts of all groups, or of all processes.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    /// Spot, and group or process.
    keys: IndexSet<(u32, u32), RandomState>,
    parts: Vec<Part>,
}

impl Parts {
    /// Finds or makes a part; a new one had nothing at the peaks so far.
    fn meet(&mut self, spot: u32, of: u32, (open, held, bucket_epoch): (u32, u32, u64)) -> u32 {
        let (at, is_new) = self.keys.insert_full((spot, of));
        if is_new {
            let own = |epoch| Own { epoch, ..Own::default() };
            self.parts.push(Part { open: own(open), held: own(held), bucket_epoch, ..Part::default() });
        }
        at as u32
    }

    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    /// Spot, group or process, and its part.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&(u32, u32), &Part)> {
        self.keys.iter().zip(&self.parts)
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = (&(u32, u32), &mut Part)> {
        self.keys.iter().zip(&mut self.parts)
    }
}

/// All counters. Parts are kept by (spot, group) and by (spot, cell).
#[derive(Clone, Debug)]
pub(super) struct Counters {
    pub(super) spots: Map<Place, Spot>,
    /// Ports held to each spot, under one hold after the other; none in a run without TIME.
    held: Vec<Tally>,
    pub(super) groups: Parts,
    pub(super) cells: Parts,
    /// By lane.
    pub(super) seats: Vec<Seats>,
    /// Which of the different holds the parts follow.
    main: usize,
    holds: usize,
}

impl Counters {
    pub(super) fn new(main: usize, holds: usize) -> Self {
        Self {
            spots: Map::default(),
            held: Vec::new(),
            groups: Parts::default(),
            cells: Parts::default(),
            seats: Vec::new(),
            main,
            holds,
        }
    }

    /// The seats of a lane; one that was nowhere so far gets them here. A destination is public or not for good.
    #[inline]
    pub(super) fn sit(&mut self, lane: u32, lanes: &Lanes) -> Seats {
        match self.seats.get(lane as usize) {
            Some(seats) if seats.own.spot != NONE => *seats,
            _ => self.sit_down(lane, lanes),
        }
    }

    #[cold]
    fn sit_down(&mut self, lane: u32, lanes: &Lanes) -> Seats {
        self.seats.resize(self.seats.len().max(lanes.len()), Seats::NOWHERE);
        let known = lanes.get(lane);
        let ends = known.ends;
        let v6 = ends.daddr.is_ipv6();
        let own = self.seat(Place::Dest { addr: ends.daddr, port: ends.dport }, ends.public, ends.group, ends.cell);
        let sum = match self.spot(own.spot).public {
            true => self.seat(Place::Sum { v6 }, true, ends.group, ends.cell),
            false => Seats::NOWHERE.sum,
        };
        let (group, process, route) = (ends.group, ends.cell, known.route);
        let seats = Seats { own, sum, group, process, route, v6, ..Seats::NOWHERE };
        self.seats[lane as usize] = seats;
        seats
    }

    fn seat(&mut self, place: Place, public: bool, group: u32, cell: u32) -> Seat {
        let entry = self.spots.entry(place);
        let spot = entry.index() as u32;
        let found = entry.or_insert_with(|| {
            self.held.resize(self.held.len() + self.holds, Tally::default());
            Spot {
                public,
                open: Tally::default(),
                track: None,
                numbers: Numbers::default(),
                connects: 0,
                closes: 0,
                lone_mapped: 0,
                lone_plain: 0,
                past_idle: 0,
                minute: None,
                bucket_epoch: 0,
                cells: Vec::new(),
            }
        });
        let main = self.held.get(spot as usize * self.holds + self.main).filter(|_| self.holds > 0);
        let epochs = (found.open.epoch, main.map_or(0, |held| held.epoch), found.bucket_epoch);
        let group = self.groups.meet(spot, group, epochs);
        let known = self.cells.len();
        let at = self.cells.meet(spot, cell, epochs);
        if at as usize == known {
            let place = found.cells.partition_point(|(of, _)| *of < cell);
            found.cells.insert(place, (cell, at));
        }
        Seat { spot, group, cell: at }
    }

    /// Ports that the holds keep of a spot, by hold.
    pub(super) fn held(&self, spot: u32) -> &[Tally] {
        &self.held[spot as usize * self.holds..][..self.holds]
    }

    /// Fetches the seats of a lane that are needed soon; what is returned is of no use but to be looked at.
    #[inline]
    pub(super) fn touch(&self, lane: u32) -> u32 {
        self.seats.get(lane as usize).map_or(0, |seats| seats.own.spot)
    }

    /// The same of the parts of its group and its process.
    #[inline]
    pub(super) fn touch_parts(&self, lane: u32) -> u32 {
        let Some(seats) = self.seats.get(lane as usize) else { return 0 };
        let now = |parts: &Parts, at: u32| parts.parts.get(at as usize).map_or(0, |part| part.open.now);
        now(&self.groups, seats.own.group) ^ now(&self.cells, seats.own.cell)
    }

    pub(super) fn seats(&self, lane: u32) -> &Seats {
        &self.seats[lane as usize]
    }

    pub(super) fn seats_mut(&mut self, lane: u32) -> &mut Seats {
        &mut self.seats[lane as usize]
    }

    pub(super) fn is_sum(&self, spot: u32) -> bool {
        self.spots.get_index(spot as usize).is_some_and(|(place, _)| matches!(place, Place::Sum { .. }))
    }

    pub(super) fn spot(&self, at: u32) -> &Spot {
        &self.spots[at as usize]
    }

    pub(super) fn spot_mut(&mut self, at: u32) -> &mut Spot {
        &mut self.spots[at as usize]
    }

    /// The spot, and the parts of its group and process.
    fn row(&mut self, seat: Seat) -> (&mut Spot, [&mut Part; 2]) {
        let parts = [&mut self.groups.parts[seat.group as usize], &mut self.cells.parts[seat.cell as usize]];
        (&mut self.spots[seat.spot as usize], parts)
    }

    /// One more open flow.
    pub(super) fn open(&mut self, seat: Seat, now: Now) {
        let (spot, parts) = self.row(seat);
        parts.into_iter().for_each(|part| part.open.add(&spot.open, now));
        spot.open.add(now);
    }

    pub(super) fn shut(&mut self, seat: Seat) {
        let (spot, parts) = self.row(seat);
        parts.into_iter().for_each(|part| part.open.take(&spot.open));
        spot.open.take();
    }

    /// One more port that `hold` keeps.
    pub(super) fn hold(&mut self, seat: Seat, hold: usize, now: Now) {
        let held = &mut self.held[seat.spot as usize * self.holds + hold];
        if hold == self.main {
            let epoch = self.spots[seat.spot as usize].bucket_epoch;
            for part in [&mut self.groups.parts[seat.group as usize], &mut self.cells.parts[seat.cell as usize]] {
                part.settle_bucket(epoch);
                part.held.add(held, now);
            }
        }
        held.add(now);
    }

    /// The main hold lets go of a port.
    pub(super) fn release(&mut self, seat: Seat) {
        let held = &mut self.held[seat.spot as usize * self.holds + self.main];
        let epoch = self.spots[seat.spot as usize].bucket_epoch;
        for part in [&mut self.groups.parts[seat.group as usize], &mut self.cells.parts[seat.cell as usize]] {
            part.settle_bucket(epoch);
            part.held.take(held);
        }
        held.take();
    }

    /// Another hold lets go of a port.
    pub(super) fn release_other(&mut self, spot: u32, hold: usize) {
        self.held[spot as usize * self.holds + hold].take();
    }

    /// Gives a flow's port to another process of its group; the node's value stays.
    pub(super) fn hand_over(&mut self, from: Seat, to: Seat, open: bool, held: bool, now: Now) {
        let spot = &self.spots[from.spot as usize];
        let of = self.held.get(from.spot as usize * self.holds + self.main).filter(|_| held);
        for (cell, adds) in [(from.cell, false), (to.cell, true)] {
            let part = &mut self.cells.parts[cell as usize];
            let step = |own: &mut Own, of: &Tally| if adds { own.add(of, now) } else { own.take(of) };
            if open {
                step(&mut part.open, &spot.open);
            }
            if let Some(of) = of {
                part.settle_bucket(spot.bucket_epoch);
                step(&mut part.held, of);
            }
        }
    }

    /// Ports held to the spot under the main hold, and flows open.
    pub(super) fn values(&self, spot: u32) -> [u32; 2] {
        [self.held(spot).get(self.main).map_or(0, |held| held.now), self.spot(spot).open.now]
    }

    /// The values of now are the largest of the bucket that the spot's series is filling.
    pub(super) fn bucket_peak(&mut self, spot: u32, epoch: u64) {
        self.spot_mut(spot).bucket_epoch = epoch;
    }

    /// Who held how many ports at the bucket's largest value, by number, ascending.
    pub(super) fn bucket_parts(&mut self, spot: u32) -> Vec<(u32, u32)> {
        let spot = &self.spots[spot as usize];
        let mut parts = Vec::new();
        for (of, at) in &spot.cells {
            let part = &mut self.cells.parts[*at as usize];
            part.settle_bucket(spot.bucket_epoch);
            if part.at_bucket > 0 {
                parts.push((*of, part.at_bucket));
            }
        }
        parts
    }

    /// Measuring starts at this instant.
    pub(super) fn begin(&mut self, at: i64) {
        self.spots.values_mut().for_each(|spot| spot.open.begin(at));
        self.held.iter_mut().for_each(|held| held.begin(at));
        for part in self.groups.parts.iter_mut().chain(&mut self.cells.parts) {
            (part.open.peak, part.held.peak) = (part.open.now, part.held.now);
        }
    }

    /// The run is over: brings all parts up to their spot's last peak, and sums up what the lanes counted.
    pub(super) fn settle(&mut self) {
        for ((spot, _), part) in self.groups.iter_mut().chain(self.cells.iter_mut()) {
            part.open.settle(&self.spots[*spot as usize].open);
            if self.holds > 0 {
                part.held.settle(&self.held[*spot as usize * self.holds + self.main]);
            }
        }
        for lane in std::mem::take(&mut self.seats).iter().filter(|seats| seats.own.spot != NONE) {
            for seat in lane.iter() {
                let (spot, parts) = self.row(seat);
                (spot.connects, spot.closes) = (spot.connects + lane.connects, spot.closes + lane.closes);
                for part in parts {
                    (part.connects, part.closes) = (part.connects + lane.connects, part.closes + lane.closes);
                }
            }
        }
    }
}
