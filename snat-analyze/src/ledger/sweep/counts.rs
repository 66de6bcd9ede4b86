//! Counters: of a destination over the node, and of every group and every process on it.

use crate::fold::Map;

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
    epoch: u64,
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
    epoch: u64,
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

/// One group or process on one destination.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Part {
    pub(super) connects: u64,
    pub(super) closes: u64,
    pub(super) open: Own,
    pub(super) held: Own,
    /// Ports held at the largest value of the bucket that the spot's series is filling; only processes have it.
    at_bucket: u32,
    bucket_epoch: u64,
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
    pub(super) connects: u64,
    /// Closes that began a hold.
    pub(super) closes: u64,
    pub(super) lone_mapped: u64,
    pub(super) lone_plain: u64,
    pub(super) open: Tally,
    pub(super) past_idle: u32,
    /// One for each of the different holds; none in a run without TIME.
    pub(super) held: Vec<Tally>,
    pub(super) numbers: Numbers,
    /// Its series.
    pub(super) track: Option<u32>,
    /// The last minute with a connect.
    pub(super) minute: Option<usize>,
    /// Changes with every largest value of the bucket that is being filled.
    bucket_epoch: u64,
    /// Its processes' places among all.
    cells: Vec<u32>,
}

/// Where a flow is counted: places of its destination, its group there and its process there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) spot: u32,
    pub(super) group: u32,
    pub(super) cell: u32,
}

/// All counters. Parts are kept by (spot, group) and by (spot, cell).
#[derive(Clone, Debug)]
pub(super) struct Counters {
    pub(super) spots: Map<Place, Spot>,
    pub(super) groups: Map<(u32, u32), Part>,
    pub(super) cells: Map<(u32, u32), Part>,
    /// Which of the different holds the parts follow.
    main: usize,
    holds: usize,
}

impl Counters {
    pub(super) fn new(main: usize, holds: usize) -> Self {
        Self { spots: Map::default(), groups: Map::default(), cells: Map::default(), main, holds }
    }

    /// The seat of a flow; a destination is public or not for good.
    pub(super) fn seat(&mut self, place: Place, public: bool, group: u32, cell: u32) -> Seat {
        let entry = self.spots.entry(place);
        let spot = entry.index() as u32;
        let found = entry.or_insert_with(|| Spot {
            public,
            connects: 0,
            closes: 0,
            lone_mapped: 0,
            lone_plain: 0,
            open: Tally::default(),
            past_idle: 0,
            held: vec![Tally::default(); self.holds],
            numbers: Numbers::default(),
            track: None,
            minute: None,
            bucket_epoch: 0,
            cells: Vec::new(),
        });
        let epochs = found.epochs(self.main);
        let group = part(&mut self.groups, spot, group, epochs);
        Seat { spot, group, cell: self.cell(spot, cell) }
    }

    /// The part of a process on a spot.
    pub(super) fn cell(&mut self, spot: u32, cell: u32) -> u32 {
        let found = &mut self.spots[spot as usize];
        let known = self.cells.len();
        let at = part(&mut self.cells, spot, cell, found.epochs(self.main));
        if at as usize == known {
            found.cells.push(at);
        }
        at
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
        let parts = [&mut self.groups[seat.group as usize], &mut self.cells[seat.cell as usize]];
        (&mut self.spots[seat.spot as usize], parts)
    }

    pub(super) fn connect(&mut self, seat: Seat) {
        let (spot, parts) = self.row(seat);
        spot.connects += 1;
        parts.into_iter().for_each(|part| part.connects += 1);
    }

    pub(super) fn close(&mut self, seat: Seat) {
        let (spot, parts) = self.row(seat);
        spot.closes += 1;
        parts.into_iter().for_each(|part| part.closes += 1);
    }

    /// A close that counted does not any more.
    pub(super) fn close_undone(&mut self, seat: Seat) {
        let (spot, parts) = self.row(seat);
        spot.closes = spot.closes.saturating_sub(1);
        parts.into_iter().for_each(|part| part.closes = part.closes.saturating_sub(1));
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
        let main = self.main;
        let (spot, parts) = self.row(seat);
        let held = &mut spot.held[hold];
        if hold == main {
            parts.into_iter().for_each(|part| {
                part.settle_bucket(spot.bucket_epoch);
                part.held.add(held, now);
            });
        }
        held.add(now);
    }

    /// The main hold lets go of a port.
    pub(super) fn release(&mut self, seat: Seat) {
        let main = self.main;
        let (spot, parts) = self.row(seat);
        let held = &mut spot.held[main];
        parts.into_iter().for_each(|part| {
            part.settle_bucket(spot.bucket_epoch);
            part.held.take(held);
        });
        held.take();
    }

    /// Another hold lets go of a port.
    pub(super) fn release_other(&mut self, spot: u32, hold: usize) {
        self.spot_mut(spot).held[hold].take();
    }

    /// Gives a flow's port to another process of its group; the node's value stays.
    pub(super) fn hand_over(&mut self, from: Seat, to: Seat, open: bool, held: bool, now: Now) {
        let spot = &self.spots[from.spot as usize];
        let of = spot.held.get(self.main).filter(|_| held);
        for (cell, adds) in [(from.cell, false), (to.cell, true)] {
            let part = &mut self.cells[cell as usize];
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
        let spot = self.spot(spot);
        [spot.held.get(self.main).map_or(0, |held| held.now), spot.open.now]
    }

    /// The values of now are the largest of the bucket that the spot's series is filling.
    pub(super) fn bucket_peak(&mut self, spot: u32, epoch: u64) {
        self.spot_mut(spot).bucket_epoch = epoch;
    }

    /// Who held how many ports at the bucket's largest value, by number, ascending.
    pub(super) fn bucket_parts(&mut self, spot: u32) -> Vec<(u32, u32)> {
        let spot = &self.spots[spot as usize];
        let mut parts = Vec::new();
        for at in &spot.cells {
            let Some(((_, of), part)) = self.cells.get_index_mut(*at as usize) else { continue };
            part.settle_bucket(spot.bucket_epoch);
            if part.at_bucket > 0 {
                parts.push((*of, part.at_bucket));
            }
        }
        parts.sort_unstable();
        parts
    }

    /// Measuring starts at this instant.
    pub(super) fn begin(&mut self, at: i64) {
        for spot in self.spots.values_mut() {
            spot.open.begin(at);
            spot.held.iter_mut().for_each(|held| held.begin(at));
        }
        for part in self.groups.values_mut().chain(self.cells.values_mut()) {
            (part.open.peak, part.held.peak) = (part.open.now, part.held.now);
        }
    }

    /// Brings all parts up to their spot's last peak.
    pub(super) fn settle(&mut self) {
        for ((spot, _), part) in self.groups.iter_mut().chain(self.cells.iter_mut()) {
            let spot = &self.spots[*spot as usize];
            part.open.settle(&spot.open);
            if let Some(held) = spot.held.get(self.main) {
                part.held.settle(held);
            }
        }
    }
}

impl Spot {
    /// What stands for its peaks: of open flows, of held ports, of the bucket.
    fn epochs(&self, main: usize) -> [u64; 3] {
        [self.open.epoch, self.held.get(main).map_or(0, |held| held.epoch), self.bucket_epoch]
    }
}

/// Finds or makes a part; a new one had nothing at the peaks so far.
fn part(parts: &mut Map<(u32, u32), Part>, spot: u32, of: u32, [open, held, bucket]: [u64; 3]) -> u32 {
    let entry = parts.entry((spot, of));
    let at = entry.index() as u32;
    entry.or_insert_with(|| Part {
        open: Own { epoch: open, ..Own::default() },
        held: Own { epoch: held, ..Own::default() },
        bucket_epoch: bucket,
        ..Part::default()
    });
    at
}
