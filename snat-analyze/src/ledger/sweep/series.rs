//! Largest values per bucket of time, for plots: bounded in buckets, in destinations and in parts.
//!
//! A sum has a series from the start. A destination's begins at the instant at which it first holds
//! [`SeriesRules::at_least`] ports. At most [`SeriesRules::keep`] destinations have one: when all are taken, a
//! destination comes in as soon as it holds more than the smallest peak among them, and that one (of equal ones, the
//! last that came in) leaves. So the fullest one always has a series, but one that came in again has lost what was
//! before.
//!
//! Every bucket also knows what each process held at the first instant at which the bucket's value was largest: these
//! parts add up to it. When the run outgrows [`SeriesRules::buckets`], or all parts together
//! [`SeriesRules::parts`], buckets become wider ([`wider`]) and neighbours become one.

use std::cmp::Reverse;

use super::counts::Counters;
use super::step::SeriesRules;

/// One bucket of a series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// The most ports held in it.
    pub(crate) held: u32,
    /// The most flows open in it.
    pub(crate) open: u32,
    /// Connects in it.
    pub(crate) opened: u32,
    /// Who held how many of `held`, by the fold's dense number of the process, ascending; they add up to it.
    pub(crate) parts: Vec<(u32, u32)>,
}

impl Bucket {
    /// Makes one of two neighbours; `later` is the second.
    pub(crate) fn join(&mut self, later: Self) {
        self.open = self.open.max(later.open);
        self.opened = self.opened.saturating_add(later.opened);
        if later.held > self.held {
            (self.held, self.parts) = (later.held, later.parts);
        }
    }
}

/// The series of one spot: every bucket from the origin on. What is noted of the bucket that is being filled is with the
/// spot ([`super::spot::Filling`]).
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) spot: u32,
    /// The first instant; buckets that end before it hold nothing.
    pub(super) start: i64,
    pub(super) values: Vec<Bucket>,
    is_sum: bool,
    /// The most in the buckets that are over, and on coming in.
    peak: u32,
    /// Rank by which it came in.
    entered: u64,
    /// The bucket that is being filled; `None` before the first.
    filling: Option<usize>,
}

/// All series, on one grid.
#[derive(Clone, Debug)]
pub(super) struct Series {
    rules: SeriesRules,
    pub(super) origin: i64,
    pub(super) width: i64,
    /// How often the buckets became wider.
    pub(super) widened: usize,
    pub(super) tracks: Vec<Track>,
    entered: u64,
    /// A destination that holds fewer cannot come in.
    pub(super) needs: u32,
    /// Parts that are kept.
    parts: usize,
}

/// By what buckets of the `widened`th width are multiplied next: seconds become 5 s, 15 s, 1 min, 5 min, 15 min, 1 h,
/// then twice as much each time.
pub(crate) fn wider(widened: usize) -> i64 {
    [5, 3, 4, 5, 3, 4].get(widened).copied().unwrap_or(2)
}

impl Series {
    pub(super) fn new(rules: SeriesRules) -> Self {
        let (width, needs) = (rules.bucket.max(1), rules.at_least.max(1));
        Self { rules, origin: 0, width, widened: 0, tracks: Vec::new(), entered: 0, needs, parts: 0 }
    }

    pub(super) fn begin(&mut self, origin: i64) {
        self.origin = origin;
    }

    /// Before a change of a spot: its series takes note of what stood until now, where a bucket is over.
    #[inline(always)]
    pub(super) fn changes(&mut self, spot: u32, time: i64, counters: &mut Counters) {
        if counters.spot(spot).until < time {
            self.cross(counters.spot(spot).track, time, counters);
        }
    }

    /// The same behind the bucket that is being filled: the values stood since the last one.
    #[cold]
    #[inline(never)]
    fn cross(&mut self, track: u32, time: i64, counters: &mut Counters) {
        let at = track as usize;
        self.bucket(time.saturating_sub(1), counters);
        let mut from = counters.spot(self.tracks[at].spot).until;
        while from < time {
            self.note(at, self.bucket_of(from), counters);
            from = self.ends(self.bucket_of(from));
        }
    }

    /// To be called after an open behind the bucket that is being filled, or at its end: the values of an instant count
    /// even if they do not last.
    pub(super) fn reach(&mut self, track: u32, time: i64, counters: &mut Counters) {
        let bucket = self.bucket(time, counters);
        self.note(track as usize, bucket, counters);
    }

    /// The values of a spot count for a bucket.
    fn note(&mut self, at: usize, bucket: usize, counters: &mut Counters) {
        let spot = self.tracks[at].spot;
        if self.tracks[at].filling == Some(bucket) {
            return counters.spot_mut(spot).note();
        }
        self.flush(at, counters);
        self.tracks[at].filling = Some(bucket);
        counters.fill(spot, self.ends(bucket));
        // One bucket is all that there can be in the end, however many parts it has.
        while self.parts > self.rules.parts && self.tracks.iter().any(|track| track.values.len() > 1) {
            self.widen(counters);
        }
    }

    /// The first instant behind a bucket.
    fn ends(&self, bucket: usize) -> i64 {
        self.origin.saturating_add_unsigned((bucket as u64 + 1).saturating_mul(self.width.unsigned_abs()))
    }

    /// The bucket that is being filled is over.
    fn flush(&mut self, at: usize, counters: &mut Counters) {
        let track = &mut self.tracks[at];
        let Some(bucket) = track.filling.take() else { return };
        let [held, open] = counters.filling(track.spot).most;
        let opened = std::mem::take(&mut counters.spot_mut(track.spot).filling.opened);
        track.peak = track.peak.max(held);
        if track.values.len() <= bucket {
            track.values.resize(bucket + 1, Bucket::default());
        }
        let parts = counters.bucket_parts(track.spot);
        let slot = &mut track.values[bucket];
        let before = slot.parts.len();
        slot.join(Bucket { held, open, opened, parts });
        self.parts = (self.parts + slot.parts.len()).saturating_sub(before);
    }

    /// The run is over.
    pub(super) fn finish(&mut self, counters: &mut Counters) {
        for at in 0..self.tracks.len() {
            self.flush(at, counters);
        }
    }

    /// A series for a spot that has none, if it earns one; and the spot that lost its own for it.
    pub(super) fn enter(&mut self, spot: u32, time: i64, counters: &Counters) -> Option<(u32, Option<u32>)> {
        let (held, is_sum) = (counters.values(spot)[0], counters.spot(spot).is_sum());
        if !is_sum && held < self.needs {
            return None;
        }
        self.entered += 1;
        let start = if is_sum { self.origin } else { time };
        let (entered, values) = (self.entered, Vec::new());
        let track = Track { spot, start, values, is_sum, peak: held, entered, filling: None };
        let others = || self.tracks.iter().enumerate().filter(|(_, track)| !track.is_sum);
        if is_sum || others().count() < self.rules.keep {
            self.tracks.push(track);
            return Some((self.tracks.len() as u32 - 1, None));
        }
        let peak = |track: &Track| track.peak.max(counters.filling(track.spot).most[0]);
        let least = others().map(|(at, track)| (peak(track), Reverse(track.entered), at)).min();
        let (peak, _, at) = least?;
        if held <= peak {
            self.needs = peak + 1;
            return None;
        }
        let gone = std::mem::replace(&mut self.tracks[at], track);
        self.parts = self.parts.saturating_sub(gone.values.iter().map(|bucket| bucket.parts.len()).sum());
        Some((at as u32, Some(gone.spot)))
    }

    /// The bucket of an instant that has been noted.
    pub(super) fn bucket_of(&self, time: i64) -> usize {
        // Twice as much may lie between two times as they reach themselves.
        (time.max(self.origin).abs_diff(self.origin) / self.width.unsigned_abs()) as usize
    }

    /// The bucket of an instant; makes them wider until there is one.
    fn bucket(&mut self, time: i64, counters: &mut Counters) -> usize {
        while self.bucket_of(time) >= self.rules.buckets.max(1) {
            self.widen(counters);
        }
        self.bucket_of(time)
    }

    fn widen(&mut self, counters: &mut Counters) {
        let by = wider(self.widened);
        (self.width, self.widened) = (self.width.saturating_mul(by), self.widened + 1);
        for track in &mut self.tracks {
            // What is being filled has its parts with the counters still; it is joined when it is over.
            let mut joined: Vec<Bucket> = Vec::new();
            for (at, bucket) in std::mem::take(&mut track.values).into_iter().enumerate() {
                match joined.get_mut(at / by as usize) {
                    Some(into) => into.join(bucket),
                    None => joined.push(bucket),
                }
            }
            track.values = joined;
            if let Some(bucket) = &mut track.filling {
                *bucket /= by as usize;
                let next = (*bucket as i64 + 1).saturating_mul(self.width);
                counters.spot_mut(track.spot).until = self.origin.saturating_add(next);
            }
        }
        self.parts = self.tracks.iter().flat_map(|track| &track.values).map(|bucket| bucket.parts.len()).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::super::spot::Spot;
    use super::*;

    fn rules(buckets: usize, keep: usize) -> SeriesRules {
        SeriesRules { bucket: 10, buckets, at_least: 2, keep, parts: 100 }
    }

    #[test]
    fn the_fuller_one_takes_the_place_of_the_least() {
        let (mut series, mut counters) = (Series::new(rules(4, 2)), Counters::new(0, 1));
        counters.spots.resize(4, Spot::default());
        let mut enter = |spot, time, held| {
            counters.spots[spot as usize].held.value.now = held;
            series.enter(spot, time, &counters)
        };
        assert!(enter(1, 0, 1).is_none(), "too few");
        assert_eq!(enter(1, 0, 2), Some((0, None)));
        assert_eq!(enter(2, 1, 2), Some((1, None)));
        assert_eq!(enter(3, 2, 2), None, "not more than the least");
        assert_eq!(enter(3, 3, 3), Some((1, Some(2))), "the last that came in leaves");
    }

    #[test]
    fn widths_are_those_that_people_count_in() {
        let widths: Vec<i64> = (0..8)
            .scan(1, |width, at| {
                *width *= wider(at);
                Some(*width)
            })
            .collect();
        assert_eq!(widths, [5, 15, 60, 300, 900, 3_600, 7_200, 14_400]);
    }

    #[test]
    fn of_two_neighbours_the_fuller_one_gives_the_parts_and_the_first_of_equal_ones() {
        let bucket = |held, open, part| Bucket { held, open, opened: 1, parts: vec![(part, held)] };
        let mut joined = bucket(3, 1, 7);
        joined.join(bucket(3, 2, 8));
        assert_eq!(joined, Bucket { opened: 2, ..bucket(3, 2, 7) });
        joined.join(bucket(4, 0, 9));
        assert_eq!(joined, Bucket { opened: 3, ..bucket(4, 2, 9) });
    }
}
