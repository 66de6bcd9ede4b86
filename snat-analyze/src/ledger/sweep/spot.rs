//! What is counted of a destination, or of the sum over all public ones of a family.

use super::lanes::NONE;
use super::replay::Peak;
use super::step::Now;
use super::tally::{Level, PeakAt, Tally};

/// What is noted of the bucket of time that a spot's series is filling.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Filling {
    /// The largest values so far: ports held, flows open.
    pub(super) most: [u32; 2],
    /// Connects.
    pub(super) opened: u32,
}

/// Behind all times.
const NEVER: i64 = i64::MAX;

/// What a spot stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Role {
    /// A destination that takes no port of the node.
    #[default]
    Private,
    Public,
    /// The sum over all public destinations of a family.
    Sum,
}

/// A destination, or the sum over all public ones of a family. What rows need most often is in the first cache line.
#[derive(Clone, Debug)]
#[repr(C, align(128))]
pub(super) struct Spot {
    /// Ports that the main hold keeps, and those that the first other one does.
    pub(super) held: Tally,
    pub(super) other: Level,
    pub(super) open: Level,
    /// The first instant behind the bucket that its series is filling; [`NEVER`] where there is no series.
    pub(super) until: i64,
    /// Changes with every largest value of that bucket.
    pub(super) bucket_epoch: u32,
    /// Its series, or [`NONE`].
    pub(super) track: u32,
    /// The last minute with a connect, or [`NO_MINUTE`].
    pub(super) minute: u16,
    pub(super) role: Role,
    pub(super) v6: bool,
    pub(super) filling: Filling,
    pub(super) held_at: PeakAt,
    pub(super) other_at: PeakAt,
    pub(super) open_at: PeakAt,
    pub(super) lone_mapped: u64,
    pub(super) lone_plain: u64,
    pub(super) past_idle: u32,
    /// Processes that go to a destination, ascending, with their seats.
    pub(super) order: Vec<(u32, u32)>,
    /// By seat, the ports that each held at the largest value of the last bucket, those aside that have changed since.
    pub(super) seats: Vec<u32>,
    /// Lanes whose ports may be others than their seats say.
    pub(super) waiting: Vec<u32>,
}

/// More than there are.
pub(super) const NO_MINUTE: u16 = u16::MAX;

impl Default for Spot {
    fn default() -> Self {
        Self {
            held: Tally::default(),
            other: Level::default(),
            open: Level::default(),
            until: NEVER,
            bucket_epoch: 0,
            track: NONE,
            minute: NO_MINUTE,
            role: Role::Private,
            v6: false,
            filling: Filling::default(),
            held_at: PeakAt::default(),
            other_at: PeakAt::default(),
            open_at: PeakAt::default(),
            lone_mapped: 0,
            lone_plain: 0,
            past_idle: 0,
            order: Vec::new(),
            seats: Vec::new(),
            waiting: Vec::new(),
        }
    }
}

impl Spot {
    #[inline(always)]
    pub(super) fn is_public(&self) -> bool {
        self.role != Role::Private
    }

    #[inline(always)]
    pub(super) fn is_sum(&self) -> bool {
        self.role == Role::Sum
    }

    /// The values of now count for the bucket that is being filled.
    #[inline(always)]
    pub(super) fn note(&mut self) {
        let (held, filling) = (self.held.value.now, &mut self.filling);
        filling.most[1] = filling.most[1].max(self.open.now);
        if held > filling.most[0] {
            filling.most[0] = held;
            self.bucket_epoch = self.bucket_epoch.wrapping_add(1);
        }
    }

    /// A flow opens, and takes a port that the main hold keeps, and the first other one where there are `others`. Whether that
    /// one may have a new peak: it may have let go of some already.
    #[inline(always)]
    pub(super) fn opens(&mut self, others: bool, now: Now) -> bool {
        self.holds_one_more(now);
        self.opens_one_more(now);
        self.other.now += u32::from(others);
        self.other.is_above(now)
    }

    /// The first other hold has let go of what was due: what it keeps now counts.
    pub(super) fn other_reaches(&mut self, now: Now) {
        self.other_at.reach(&mut self.other, now);
    }

    /// A port that the main hold keeps.
    #[inline(always)]
    pub(super) fn holds_one_more(&mut self, now: Now) {
        self.held.add(&mut self.held_at, now);
    }

    #[inline(always)]
    pub(super) fn opens_one_more(&mut self, now: Now) {
        self.open_at.add(&mut self.open, now);
    }

    /// Flows that are open.
    pub(super) fn peak_of_open(&self) -> Peak {
        self.open_at.peak(self.open)
    }

    /// Whether the spot's series, or that it has none, needs no more than a note of a connect at this instant; then it
    /// is taken.
    #[inline(always)]
    pub(super) fn notes(&mut self, time: i64, needs: u32) -> bool {
        if self.track == NONE {
            return !self.is_sum() && self.held.value.now < needs;
        }
        let notes = time < self.until;
        if notes {
            self.note();
            self.filling.opened = self.filling.opened.wrapping_add(1);
        }
        notes
    }
}

/// What a connect of a new flow came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened {
    /// Its port number, where its destination is public; else [`NONE`].
    pub(super) number: u32,
    /// Whether the series of its destination, and of the sum, need more than a note.
    pub(super) unnoted: bool,
    pub(super) unnoted_sum: bool,
    /// Whether the first other hold may have a new peak.
    pub(super) other_peak: bool,
    /// Whether it is the first of its minute that reaches its destination.
    pub(super) reaches: bool,
    /// The sum that it is part of.
    pub(super) sum: u8,
}
