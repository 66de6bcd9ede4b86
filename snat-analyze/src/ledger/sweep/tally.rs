//! Values that go up and down, their peaks, and the part that somebody has of them at the peak.

use super::replay::{Part, Peak};
use super::step::Now;

/// Nothing happened so far: no TIME is so small.
const NEVER: i64 = i64::MIN;

/// A value over the node, and the largest that it was.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Level {
    pub(super) now: u32,
    pub(super) peak: u32,
}

impl Level {
    /// One more; whether that is a new peak.
    #[inline(always)]
    pub(super) fn add(&mut self, now: Now) -> bool {
        self.now += 1;
        let is_peak = self.is_above(now);
        if is_peak {
            self.peak = self.now;
        }
        is_peak
    }

    /// Whether it is larger than it was at any instant that was measured.
    #[inline(always)]
    pub(super) fn is_above(self, now: Now) -> bool {
        now.measured() && self.now > self.peak
    }

    #[inline(always)]
    pub(super) fn take(&mut self) {
        self.take_all(1);
    }

    /// So many less.
    #[inline(always)]
    pub(super) fn take_all(&mut self, gone: u32) {
        self.now = self.now.saturating_sub(gone);
    }
}

/// The first instant at which a value was largest: kept apart from it, as it is asked for seldom.
#[derive(Clone, Copy, Debug)]
pub(super) struct PeakAt(i64);

impl Default for PeakAt {
    fn default() -> Self {
        Self(NEVER)
    }
}

impl PeakAt {
    /// One more; whether that is a new peak.
    #[inline(always)]
    pub(super) fn add(&mut self, value: &mut Level, now: Now) -> bool {
        let is_peak = value.add(now);
        if is_peak {
            self.0 = now.time().unwrap_or(NEVER);
        }
        is_peak
    }

    /// The value is what it is from this instant on.
    pub(super) fn reach(&mut self, value: &mut Level, now: Now) {
        if value.is_above(now) {
            (value.peak, self.0) = (value.now, now.time().unwrap_or(NEVER));
        }
    }

    /// Measuring starts: what is there now is the first value.
    pub(super) fn begin(&mut self, value: &mut Level, at: i64) {
        value.peak = value.now;
        self.0 = if value.now > 0 { at } else { NEVER };
    }

    pub(super) fn peak(self, value: Level) -> Peak {
        Peak { now: value.now, peak: value.peak, at: (self.0 != NEVER).then_some(self.0) }
    }
}

/// A value with the instant of its peak.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub(super) value: Level,
    at: PeakAt,
}

impl Count {
    #[inline(always)]
    pub(super) fn add(&mut self, now: Now) {
        self.at.add(&mut self.value, now);
    }

    #[inline(always)]
    pub(super) fn take(&mut self) {
        self.value.take();
    }

    pub(super) fn begin(&mut self, at: i64) {
        self.at.begin(&mut self.value, at);
    }

    pub(super) fn peak(&self) -> Peak {
        self.at.peak(self.value)
    }
}

/// A value that has parts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) value: Level,
    /// One more with every new peak, so that parts know that theirs is out of date.
    epoch: u32,
}

impl Tally {
    #[inline(always)]
    pub(super) fn add(&mut self, at: &mut PeakAt, now: Now) {
        let is_peak = at.add(&mut self.value, now);
        self.epoch = self.epoch.wrapping_add(u32::from(is_peak));
    }

    #[inline(always)]
    pub(super) fn take(&mut self) {
        self.value.take();
    }

    /// Measuring starts: what is there now is the first value.
    pub(super) fn begin(&mut self, from: &mut PeakAt, at: i64) {
        from.begin(&mut self.value, at);
        self.epoch = self.epoch.wrapping_add(1);
    }
}

/// The part of the ports held that one group or process has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Own {
    pub(super) now: u32,
    pub(super) peak: u32,
    /// Value at the tally's peak of that epoch.
    at_peak: u32,
    epoch: u32,
}

impl Own {
    /// Of nobody.
    pub(super) const NOTHING: Self = Self { now: 0, peak: 0, at_peak: 0, epoch: 0 };

    /// One that had nothing at the peaks so far.
    pub(super) fn new(of: &Tally) -> Self {
        Self { epoch: of.epoch, ..Self::NOTHING }
    }

    /// To be called before every change: since the last one the value stood still, so it also is what it was at any
    /// peak in between.
    #[inline(always)]
    pub(super) fn settle(&mut self, of: &Tally) {
        if self.epoch != of.epoch {
            (self.at_peak, self.epoch) = (self.now, of.epoch);
        }
    }

    #[inline(always)]
    pub(super) fn add(&mut self, of: &Tally, now: Now) {
        self.settle(of);
        self.now += 1;
        if now.measured() {
            self.peak = self.peak.max(self.now);
        }
    }

    #[inline(always)]
    pub(super) fn take(&mut self, of: &Tally) {
        self.settle(of);
        self.now = self.now.saturating_sub(1);
    }

    /// Measuring starts.
    pub(super) fn begin(&mut self) {
        self.peak = self.now;
    }

    pub(super) fn part(&self) -> Part {
        Part { now: self.now, peak: self.peak, at_node_peak: self.at_peak }
    }
}
