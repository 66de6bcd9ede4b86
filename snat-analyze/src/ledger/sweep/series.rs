//! Largest values per bucket of time, for plots: bounded in buckets and in destinations.
//!
//! A sum has a series from the start. A destination's begins at the instant at which it first holds
//! [`SeriesRules::at_least`] ports. At most [`SeriesRules::keep`] destinations have one: when all are taken, a
//! destination comes in as soon as it holds more than the smallest peak among them, and that one (of equal ones, the
//! last that came in) leaves. So the fullest one always has a series, but one that came in again has lost what was
//! before. When the run outgrows [`SeriesRules::buckets`], buckets double and neighbours become one.

use super::step::SeriesRules;

/// The series of one spot: the largest `[held, open]` of every bucket from the origin on.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) spot: u32,
    /// The first instant; buckets that end before it hold nothing.
    pub(super) start: i64,
    pub(super) values: Vec<[u32; 2]>,
    is_sum: bool,
    /// Instant of the last change.
    last: i64,
    peak: u32,
    /// Rank by which it came in.
    entered: u64,
}

/// All series, on one grid.
#[derive(Debug)]
pub(super) struct Series {
    rules: SeriesRules,
    pub(super) origin: i64,
    pub(super) width: i64,
    pub(super) tracks: Vec<Track>,
    entered: u64,
    /// A destination that holds fewer cannot come in.
    needs: u32,
}

impl Series {
    pub(super) fn new(rules: SeriesRules) -> Self {
        let (width, needs) = (rules.bucket.max(1), rules.at_least.max(1));
        Self { rules, origin: 0, width, tracks: Vec::new(), entered: 0, needs }
    }

    pub(super) fn begin(&mut self, origin: i64) {
        self.origin = origin;
    }

    /// To be called before a change at `time`: the values stood since the last one.
    pub(super) fn before(&mut self, track: u32, time: i64, values: [u32; 2]) {
        let from = self.tracks[track as usize].last;
        if time <= from {
            return;
        }
        self.tracks[track as usize].last = time;
        let end = self.bucket(time - 1);
        for bucket in self.bucket(from)..=end {
            self.tracks[track as usize].note(bucket, values);
        }
    }

    /// To be called after an open, and at the end: the values of an instant count even if they do not last.
    pub(super) fn after(&mut self, track: u32, time: i64, values: [u32; 2]) {
        let bucket = self.bucket(time);
        let track = &mut self.tracks[track as usize];
        track.last = time;
        track.peak = track.peak.max(values[0]);
        track.note(bucket, values);
    }

    /// A series for a spot that has none, if it earns one; and the spot that lost its own for it.
    pub(super) fn enter(&mut self, spot: u32, is_sum: bool, time: i64, held: u32) -> Option<(u32, Option<u32>)> {
        if !is_sum && held < self.needs {
            return None;
        }
        self.entered += 1;
        let start = if is_sum { self.origin } else { time };
        let track = Track { spot, start, values: Vec::new(), is_sum, last: time, peak: held, entered: self.entered };
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
        Some((at as u32, Some(gone.spot)))
    }

    /// The bucket of an instant that has been noted.
    pub(super) fn bucket_of(&self, time: i64) -> usize {
        (time.saturating_sub(self.origin).max(0) / self.width) as usize
    }

    /// The bucket of an instant; doubles the buckets until there is one.
    fn bucket(&mut self, time: i64) -> usize {
        let offset = time.saturating_sub(self.origin).max(0);
        while offset / self.width >= self.rules.buckets.max(1) as i64 {
            self.width = self.width.saturating_mul(2);
            for track in &mut self.tracks {
                let max =
                    |pair: &[[u32; 2]]| pair.iter().fold([0, 0], |a, b: &[u32; 2]| [a[0].max(b[0]), a[1].max(b[1])]);
                track.values = track.values.chunks(2).map(max).collect();
            }
        }
        (offset / self.width) as usize
    }
}

impl Track {
    fn note(&mut self, bucket: usize, [held, open]: [u32; 2]) {
        if self.values.len() <= bucket {
            self.values.resize(bucket + 1, [0, 0]);
        }
        let value = &mut self.values[bucket];
        *value = [value[0].max(held), value[1].max(open)];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(buckets: usize, keep: usize) -> SeriesRules {
        SeriesRules { bucket: 10, buckets, at_least: 2, keep }
    }

    #[test]
    fn a_value_counts_in_every_bucket_that_it_stands_in() {
        let mut series = Series::new(rules(100, 4));
        series.begin(0);
        let Some((track, None)) = series.enter(0, true, 0, 0) else { panic!("a sum has a series") };
        series.before(track, 5, [0, 0]);
        series.after(track, 5, [3, 1]);
        series.before(track, 30, [3, 1]);
        series.before(track, 31, [1, 0]);
        series.after(track, 31, [1, 0]);
        assert_eq!(series.tracks[0].values, [[3, 1], [3, 1], [3, 1], [1, 0]], "released as the fourth one begins");
    }

    #[test]
    fn buckets_double_when_there_are_too_many() {
        let mut series = Series::new(rules(4, 4));
        series.begin(0);
        let Some((track, _)) = series.enter(0, true, 0, 0) else { panic!("a sum has a series") };
        for (time, held) in [(0, 1), (10, 5), (20, 2), (30, 3), (40, 4)] {
            series.after(track, time, [held, 0]);
        }
        assert_eq!((series.width, series.tracks[0].values.clone()), (20, vec![[5, 0], [3, 0], [4, 0]]));
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
}
