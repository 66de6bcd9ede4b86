//! Parts: what one process or one group has of a destination, or of the sum over all public ones.

use super::lanes::NONE;
use super::spot::Spot;
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
        Self { held: Own::new(&spot.held), at_bucket: 0, bucket_epoch: spot.bucket_epoch }
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
        self.settle_bucket(spot.bucket_epoch);
        self.held.add(&spot.held, now);
    }

    #[inline(always)]
    pub(super) fn take(&mut self, spot: &Spot) {
        self.settle_bucket(spot.bucket_epoch);
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
    /// The sum that its destination is part of, that of IPv4 or that of IPv6, or [`NO_SUM`]; of meaning when it has a flow.
    pub(super) sum: u8,
    /// Whether its way has flows of other lanes, too: if not, what it holds is what the way holds.
    pub(super) shares: bool,
    /// Whether its spot looks at it when the bucket is over.
    pub(super) waits: bool,
}

/// The destination takes no port of the node.
pub(super) const NO_SUM: u8 = 2;

impl LaneCount {
    /// Of a lane without a flow so far.
    pub(super) const NOWHERE: Self = {
        let own = OfProcess { held: Own::NOTHING, at_bucket: 0, bucket_epoch: 0 };
        let (open, way, spot, process, seat, connects, closes) = (0, NONE, NONE, NONE, 0, 0, 0);
        let (sits, sum, shares, waits) = (false, NO_SUM, false, false);
        Self { own, open, way, spot, process, seat, connects, closes, sits, sum, shares, waits }
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

/// The destination and the sum of a lane, in four bytes: what a hold that is not the main one needs of it, and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stand(u32);

impl Stand {
    /// Of a lane without a flow so far.
    pub(super) const NOWHERE: Self = Self(u32::MAX);

    /// A billion destinations are more than there are.
    pub(super) fn of(spot: u32, sum: u8) -> Self {
        Self(spot << 2 | u32::from(sum))
    }

    #[inline(always)]
    pub(super) fn spot(self) -> usize {
        (self.0 >> 2) as usize
    }

    /// [`NO_SUM`] where there is none.
    #[inline(always)]
    pub(super) fn sum(self) -> usize {
        (self.0 & 3) as usize
    }
}

/// Where the flows of a way are counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spots {
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

/// The part that a process has of a sum.
#[derive(Clone, Copy, Debug)]
pub(super) struct InSum {
    pub(super) part: OfProcess,
    pub(super) group: u32,
    /// Whether it has a flow of the sum so far.
    pub(super) sits: bool,
    /// Whether others of its group have one, too.
    pub(super) shares: bool,
}

impl InSum {
    /// Of a process without a flow of the sum so far.
    pub(super) const NOWHERE: Self = {
        let part = OfProcess { held: Own::NOTHING, at_bucket: 0, bucket_epoch: 0 };
        Self { part, group: NONE, sits: false, shares: false }
    };
}

/// The part that a group has of a destination, or of a sum.
#[derive(Clone, Copy, Debug)]
pub(super) struct OfGroup {
    /// Out of date while there is one alone.
    pub(super) held: Own,
    /// The lane, or the process, that alone is counted there, or [`NONE`].
    pub(super) alone: u32,
    /// Its spot; [`NONE`] where none of its flows was counted so far.
    pub(super) spot: u32,
    /// The sum that a destination is part of, or [`NONE`].
    pub(super) sum: u32,
    pub(super) group: u32,
}

impl OfGroup {
    pub(super) const NOWHERE: Self = Self { held: Own::NOTHING, alone: NONE, spot: NONE, sum: NONE, group: NONE };

    /// One more is counted here, a lane or a process. The one that was alone, if it was; and whether there are others.
    pub(super) fn meets(&mut self, new: u32, is_first: bool) -> (Option<u32>, bool) {
        let before = std::mem::replace(&mut self.alone, if is_first { new } else { NONE });
        (Some(before).filter(|before| *before != NONE), !is_first)
    }
}

/// Parts of the sum over all public destinations of a family.
#[derive(Clone, Debug)]
pub(super) struct Sum {
    /// [`NONE`] before the first flow.
    pub(super) spot: u32,
    /// By number of the process.
    pub(super) processes: Vec<InSum>,
    /// By number of the group.
    pub(super) groups: Vec<OfGroup>,
}

impl Default for Sum {
    fn default() -> Self {
        Self { spot: NONE, processes: Vec::new(), groups: Vec::new() }
    }
}
