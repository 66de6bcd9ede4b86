//! Parts: what one process or one group has of a destination, or of the sum over all public ones.

use super::counts::Spot;
use super::lanes::NONE;
use super::step::Now;
use super::tally::{Count, Own};

/// The part that a process has, which series ask for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OfProcess<C> {
    pub(super) held: Own<C>,
    /// Of the bucket that the spot's series is filling.
    pub(super) bucket_epoch: u32,
}

impl<C: Count> OfProcess<C> {
    pub(super) fn new(spot: &Spot) -> Self {
        Self { held: Own::new(&spot.held), bucket_epoch: spot.filling.epoch }
    }

    /// Like [`Own::settle`], for the peak of the bucket.
    #[inline]
    pub(super) fn settle_bucket(&mut self, epoch: u32) {
        if self.bucket_epoch != epoch {
            (self.held.at_bucket, self.bucket_epoch) = (self.held.now, epoch);
        }
    }

    #[inline]
    pub(super) fn add(&mut self, spot: &Spot, now: Now) {
        self.settle_bucket(spot.filling.epoch);
        self.held.add(&spot.held, now);
    }

    #[inline]
    pub(super) fn take(&mut self, spot: &Spot) {
        self.settle_bucket(spot.filling.epoch);
        self.held.take(&spot.held);
    }
}

/// What changes of a lane with most rows, in half a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(super) struct LaneCount {
    pub(super) own: OfProcess<u16>,
    /// Flows that are open.
    pub(super) open: u16,
    /// Connects, and closes that began a hold, that [`LaneRest`] is not told of yet.
    pub(super) connects: u16,
    pub(super) closes: u16,
    /// Whether it has a flow so far.
    pub(super) sits: bool,
    /// Whether its spot looks at it when the bucket is over.
    pub(super) waits: bool,
    pub(super) way: u32,
    pub(super) process: u32,
}

/// The rest of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LaneRest {
    /// Place among the lanes of its spot.
    pub(super) seat: u32,
    pub(super) connects: u64,
    pub(super) closes: u64,
}

impl LaneCount {
    /// Of a lane without a flow so far.
    pub(super) const NOWHERE: Self = {
        let own = OfProcess { held: Own::NOTHING, bucket_epoch: 0 };
        Self { own, open: 0, connects: 0, closes: 0, sits: false, waits: false, way: NONE, process: NONE }
    };

    /// Its ports will be others: the spot looks at it when the bucket is over.
    #[inline]
    pub(super) fn changes(&mut self, at: u32, spot: &mut Spot) {
        if !self.waits {
            self.waits = true;
            spot.waiting.push(at);
        }
    }
}

/// Where the flows of a way are counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spots {
    pub(super) way: u32,
    /// Its destination.
    pub(super) spot: u32,
    /// The sum over all public destinations of the family, if it is one; else [`NONE`].
    pub(super) sum: u32,
}

impl Spots {
    /// Its destination, and the sum if that is public.
    #[inline(always)]
    pub(super) fn each(self, mut tell: impl FnMut(u32)) {
        tell(self.spot);
        if self.sum != NONE {
            tell(self.sum);
        }
    }

    /// Whether the destination is public.
    #[inline]
    pub(super) fn is_public(self) -> bool {
        self.sum != NONE
    }
}

/// The part that a group has of a destination, or of a sum.
#[derive(Clone, Copy, Debug)]
pub(super) struct OfGroup<C> {
    pub(super) held: Own<C>,
    /// Its spot; [`NONE`] where none of its flows was counted so far.
    pub(super) spot: u32,
    /// The sum that a destination is part of, or [`NONE`].
    pub(super) sum: u32,
    pub(super) group: u32,
}

impl<C: Count> OfGroup<C> {
    pub(super) fn nowhere() -> Self {
        Self { held: Own::default(), spot: NONE, sum: NONE, group: NONE }
    }
}

/// Parts of the sum over all public destinations of a family.
#[derive(Clone, Debug)]
pub(super) struct Sum {
    /// [`NONE`] before the first flow.
    pub(super) spot: u32,
    /// By number of the process; `None` where it has no flow of the sum.
    pub(super) processes: Vec<Option<OfProcess<u32>>>,
    /// By number of the group.
    pub(super) groups: Vec<OfGroup<u32>>,
}

impl Default for Sum {
    fn default() -> Self {
        Self { spot: NONE, processes: Vec::new(), groups: Vec::new() }
    }
}
