//! Parts: what one process or one group has of a destination, or of the sum over all public ones.

use super::counts::Spot;
use super::lanes::NONE;
use super::step::Now;
use super::tally::Own;

/// The part that a process has, which series ask for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OfProcess {
    pub(super) held: Own,
    /// Ports held at the largest value of the bucket that the spot's series is filling.
    pub(super) at_bucket: u32,
    bucket_epoch: u32,
}

impl OfProcess {
    pub(super) fn new(spot: &Spot) -> Self {
        Self { held: Own::new(&spot.held), at_bucket: 0, bucket_epoch: spot.filling.epoch }
    }

    /// Like [`Own::settle`], for the peak of the bucket.
    #[inline(always)]
    pub(super) fn settle_bucket(&mut self, epoch: u32) {
        if self.bucket_epoch != epoch {
            (self.at_bucket, self.bucket_epoch) = (self.held.now, epoch);
        }
    }

    #[inline(always)]
    pub(super) fn add(&mut self, spot: &Spot, now: Now) {
        self.settle_bucket(spot.filling.epoch);
        self.held.add(&spot.held, now);
    }

    #[inline(always)]
    pub(super) fn take(&mut self, spot: &Spot) {
        self.settle_bucket(spot.filling.epoch);
        self.held.take(&spot.held);
    }
}

/// What is counted of a lane, in a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct LaneCount {
    pub(super) own: OfProcess,
    /// Flows that are open.
    pub(super) open: u32,
    pub(super) way: u32,
    /// The way's spot, once it has a flow.
    pub(super) spot: u32,
    pub(super) process: u32,
    /// Place among the lanes of its spot.
    pub(super) seat: u32,
    pub(super) connects: u64,
    /// Closes that began a hold.
    pub(super) closes: u64,
    /// Whether it has a flow so far.
    pub(super) sits: bool,
    /// Whether its destination is a public one, and one of IPv6; of meaning when it has a flow.
    pub(super) public: bool,
    pub(super) v6: bool,
    /// Whether its spot looks at it when the bucket is over.
    pub(super) waits: bool,
}

impl LaneCount {
    /// Of a lane without a flow so far.
    pub(super) const NOWHERE: Self = {
        let own = OfProcess { held: Own::NOTHING, at_bucket: 0, bucket_epoch: 0 };
        let (open, way, spot, process, seat, connects, closes) = (0, NONE, NONE, NONE, 0, 0, 0);
        let (sits, public, v6, waits) = (false, false, false, false);
        Self { own, open, way, spot, process, seat, connects, closes, sits, public, v6, waits }
    };

    /// Its ports will be others: the spot looks at it when the bucket is over.
    #[inline(always)]
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
pub(super) struct OfGroup {
    pub(super) held: Own,
    /// Its spot; [`NONE`] where none of its flows was counted so far.
    pub(super) spot: u32,
    /// The sum that a destination is part of, or [`NONE`].
    pub(super) sum: u32,
    pub(super) group: u32,
}

impl OfGroup {
    pub(super) const NOWHERE: Self = Self { held: Own::NOTHING, spot: NONE, sum: NONE, group: NONE };
}

/// Parts of the sum over all public destinations of a family.
#[derive(Clone, Debug)]
pub(super) struct Sum {
    /// [`NONE`] before the first flow.
    pub(super) spot: u32,
    /// By number of the process; `None` where it has no flow of the sum.
    pub(super) processes: Vec<Option<OfProcess>>,
    /// By number of the group.
    pub(super) groups: Vec<OfGroup>,
}

impl Default for Sum {
    fn default() -> Self {
        Self { spot: NONE, processes: Vec::new(), groups: Vec::new() }
    }
}
