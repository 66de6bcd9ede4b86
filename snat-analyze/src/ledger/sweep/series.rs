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

/// The series of one spot: every bucket from the origin on.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) spot: u32,
    /// The first instant; buckets that end before it hold nothing.
    pub(super) start: i64,
    pub(super) values: Vec<Bucket>,
    is_sum: bool,
    /// Instant of the last change.
    last: i64,
    peak: u32,
    /// Rank by which it came in.
    entered: u64,
    /// The bucket that is being filled, and its largest values so far; `None` before the first.
    filling: Option<(usize, [u32; 2])>,
    /// The first instant behind that bucket.
    until: i64,
    /// Connects in that bucket.
    opened: u32,
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
    needs: u32,
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

    /// To be called before a change at `time`: the values stood since the last one.
    pub(super) fn before(&mut self, track: u32, time: i64, counters: &mut Counters) {
        let at = track as usize;
        if time <= self.tracks[at].last {
            return;
        }
        if time <= self.tracks[at].until {
            self.tracks[at].last = time;
            return self.note_more(at, counters);
        }
        self.bucket(time - 1);
        let mut from = self.tracks[at].last;
        self.tracks[at].last = time;
        while from < time {
            self.note(at, self.bucket_of(from), counters);
            from = self.ends(self.bucket_of(from));
        }
    }

    /// To be called after an open, and at the end: the values of an instant count even if they do not last.
    pub(super) fn after(&mut self, track: u32, time: i64, counters: &mut Counters) {
        let at = track as usize;
        let same = time < self.tracks[at].until;
        let bucket = if same { 0 } else { self.bucket(time) };
        self.tracks[at].last = time;
        let held = counters.values(self.tracks[at].spot)[0];
        self.tracks[at].peak = self.tracks[at].peak.max(held);
        if same { self.note_more(at, counters) } else { self.note(at, bucket, counters) }
    }

    /// A connect, in the bucket that is being filled.
    pub(super) fn opened(&mut self, track: u32) {
        self.tracks[track as usize].opened += 1;
    }

    /// The values of a spot count for a bucket.
    fn note(&mut self, at: usize, bucket: usize, counters: &mut Counters) {
        if self.tracks[at].filling.is_some_and(|(filling, _)| filling == bucket) {
            return self.note_more(at, counters);
        }
        self.flush(at, counters);
        let ends = self.ends(bucket);
        let track = &mut self.tracks[at];
        let values = counters.values(track.spot);
        (track.filling, track.until) = (Some((bucket, values)), ends);
        counters.bucket_peak(track.spot);
        // One bucket is all that there can be in the end, however many parts it has.
        while self.parts > self.rules.parts && self.tracks.iter().any(|track| track.values.len() > 1) {
            self.widen();
        }
    }

    /// They count for the bucket that is being filled.
    #[inline]
    fn note_more(&mut self, at: usize, counters: &mut Counters) {
        let track = &mut self.tracks[at];
        let [held, open] = counters.values(track.spot);
        if let Some((_, [most, most_open])) = &mut track.filling {
            *most_open = open.max(*most_open);
            if held > *most {
                *most = held;
                counters.bucket_peak(track.spot);
            }
        }
    }

    /// The first instant behind a bucket.
    fn ends(&self, bucket: usize) -> i64 {
        self.origin.saturating_add((bucket as i64 + 1).saturating_mul(self.width))
    }

    /// The bucket that is being filled is over.
    fn flush(&mut self, at: usize, counters: &mut Counters) {
        let track = &mut self.tracks[at];
        let Some((bucket, [held, open])) = track.filling.take() else { return };
        let opened = std::mem::take(&mut track.opened);
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
    pub(super) fn enter(&mut self, spot: u32, is_sum: bool, time: i64, held: u32) -> Option<(u32, Option<u32>)> {
        if !is_sum && held < self.needs {
            return None;
        }
        self.entered += 1;
        let start = if is_sum { self.origin } else { time };
        let track = Track {
            spot,
            start,
            values: Vec::new(),
            is_sum,
            last: time,
            peak: held,
            entered: self.entered,
            filling: None,
            until: i64::MIN,
            opened: 0,
        };
        let others = || self.tracks.iter().enumerate().filter(|(_, track)| !track.is_sum);
        if is_sum || others().count() < self.rules.keep {
            self.tracks.push(track);
            return Some((self.tracks.len() as u32 - 1, None));
        }
        let (at, least) = others().min_by_key(|(_, track)| (track.peak, std::cmp::Reverse(track.entered)))?;
        if held <= least.peak {
            self.needs = least.peak + 1;
            return None;
        }
        let gone = std::mem::replace(&mut self.tracks[at], track);
        self.parts = self.parts.saturating_sub(gone.values.iter().map(|bucket| bucket.parts.len()).sum());
        Some((at as u32, Some(gone.spot)))
    }

    /// The bucket of an instant that has been noted.
    pub(super) fn bucket_of(&self, time: i64) -> usize {
        (time.saturating_sub(self.origin).max(0) / self.width) as usize
    }

    /// The bucket of an instant; makes them wider until there is one.
    fn bucket(&mut self, time: i64) -> usize {
        while self.bucket_of(time) >= self.rules.buckets.max(1) {
            self.widen();
        }
        self.bucket_of(time)
    }

    fn widen(&mut self) {
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
            if let Some((bucket, _)) = &mut track.filling {
                *bucket /= by as usize;
                let next = (*bucket as i64 + 1).saturating_mul(self.width);
                track.until = self.origin.saturating_add(next);
            }
        }
        self.parts = self.tracks.iter().flat_map(|track| &track.values).map(|bucket| bucket.parts.len()).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(buckets: usize, keep: usize) -> SeriesRules {
        SeriesRules { bucket: 10, buckets, at_least: 2, keep, parts: 100 }
    }

    #[test]
    fn the_fuller_one_takes_the_place_of_the_least() {
        let mut series = Series::new(rules(4, 2));
        assert!(series.enter(1, false, 0, 1).is_none(), "too few");
        assert_eq!(series.enter(1, false, 0, 2), Some((0, None)));
        assert_eq!(series.enter(2, false, 1, 2), Some((1, None)));
        assert_eq!(series.enter(3, false, 2, 2), None, "not more than the least");
        assert_eq!(series.enter(3, false, 3, 3), Some((1, Some(2))), "the last that came in leaves");
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
