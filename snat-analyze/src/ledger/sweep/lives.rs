//! How long flows lived: exact for few, in buckets under one per cent of width each for many.

use std::mem;

use prefetch_index::prefetch_index;

use crate::crew::{Crew, Post, Rank};

/// Lives kept one by one.
const EXACT: usize = 4_096;
/// Buckets of a power of two: each is 1/64 of its lower end wide, its middle under 0.8 % off.
const PARTS: u32 = 6;

/// Lives of flows with both ends in the trace.
#[derive(Clone, Debug)]
pub(crate) enum Lives {
    /// Nanoseconds.
    Exact(Vec<u64>),
    /// Number of lives by bucket.
    Buckets(Vec<u64>),
}

/// A life: the group, and nanoseconds.
pub(super) type Life = (u32, u64);

/// The lives of flows by group. Each goes to a place of its own, and nothing else needs them before the run is over, so many
/// are added at once, by whoever has time.
#[derive(Debug)]
pub(super) enum ByGroup {
    Here(Vec<Lives>),
    Apart(Post<Vec<Lives>, Vec<Life>>),
}

/// So many at least are handed over at once, and so many times may wait.
const MANY: usize = if cfg!(test) { 64 } else { 4_096 };
const WAITING: usize = if cfg!(test) { 2 } else { 16 };

/// The places of so many lives are asked for before these are added.
const AHEAD: usize = 32;

impl Default for ByGroup {
    fn default() -> Self {
        Self::Here(Vec::new())
    }
}

impl ByGroup {
    /// From now on they are added elsewhere, where others may do so.
    pub(super) fn part(&mut self, crew: &Crew) {
        if let Self::Here(groups) = mem::take(self) {
            *self = crew.post(Rank::Lives, groups, WAITING, add_all).map_or_else(Self::Here, Self::Apart);
        }
    }

    /// Takes lives, and leaves none, or few.
    pub(super) fn take(&mut self, lives: &mut Vec<Life>) {
        match self {
            Self::Here(groups) => add_all(groups, lives),
            Self::Apart(post) if lives.len() >= MANY => {
                // A panic is told of where it is joined.
                *lives = post.hand_over(mem::take(lives), Vec::new).unwrap_or_default();
            }
            Self::Apart(_) => {}
        }
    }

    /// All, by number of the group, with those that were not taken so far.
    pub(super) fn all(&mut self, lives: &mut Vec<Life>) -> Vec<Lives> {
        let mut groups = match mem::take(self) {
            Self::Here(groups) => groups,
            Self::Apart(post) => post.join().0,
        };
        add_all(&mut groups, lives);
        groups
    }
}

/// Adds lives, and leaves none.
fn add_all(groups: &mut Vec<Lives>, lives: &mut Vec<Life>) {
    let mut buckets = [0; AHEAD];
    for lives in lives.chunks(AHEAD) {
        for ((group, life), at) in lives.iter().zip(&mut buckets) {
            *at = bucket(*life);
            if let Some(Lives::Buckets(counts)) = groups.get(*group as usize) {
                prefetch_index(counts, *at);
            }
        }
        for ((group, life), at) in lives.iter().zip(&buckets) {
            match groups.get_mut(*group as usize) {
                Some(Lives::Exact(lives)) if lives.len() < EXACT => lives.push(*life),
                Some(Lives::Buckets(counts)) if *at < counts.len() => counts[*at] += 1,
                _ => add(groups, *group as usize, *life),
            }
        }
    }
    lives.clear();
}

#[cold]
fn add(groups: &mut Vec<Lives>, group: usize, life: u64) {
    if groups.len() <= group {
        groups.resize_with(group + 1, Lives::default);
    }
    groups[group].add(life);
}

impl Default for Lives {
    fn default() -> Self {
        Self::Exact(Vec::new())
    }
}

impl Lives {
    /// Adds the life of one flow, ns.
    pub(super) fn add(&mut self, life: u64) {
        match self {
            Self::Exact(lives) if lives.len() < EXACT => lives.push(life),
            Self::Exact(lives) => {
                let mut buckets = Vec::new();
                lives.iter().chain([&life]).for_each(|life| count(&mut buckets, bucket(*life), 1));
                *self = Self::Buckets(buckets);
            }
            Self::Buckets(buckets) => count(buckets, bucket(life), 1),
        }
    }

    /// Adds those of another group.
    pub(crate) fn merge(&mut self, other: &Self) {
        match other {
            Self::Exact(lives) => lives.iter().for_each(|life| self.add(*life)),
            Self::Buckets(more) => {
                let mut buckets = match std::mem::take(self) {
                    Self::Buckets(buckets) => buckets,
                    Self::Exact(lives) => {
                        let mut buckets = Vec::new();
                        lives.iter().for_each(|life| count(&mut buckets, bucket(*life), 1));
                        buckets
                    }
                };
                more.iter().enumerate().for_each(|(bucket, more)| count(&mut buckets, bucket, *more));
                *self = Self::Buckets(buckets);
            }
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Exact(lives) => lives.len() as u64,
            Self::Buckets(buckets) => buckets.iter().sum(),
        }
    }

    /// The middle one in seconds; of an even number, the mean of the middle two.
    pub(crate) fn median_s(&self) -> Option<f64> {
        let last = self.len().checked_sub(1)?;
        let (low, high) = (last / 2, last - last / 2);
        let (low, high) = match self {
            Self::Exact(lives) => {
                let mut lives = lives.clone();
                lives.sort_unstable();
                (*lives.get(low as usize)? as f64, *lives.get(high as usize)? as f64)
            }
            Self::Buckets(buckets) => (nth(buckets, low)?, nth(buckets, high)?),
        };
        Some((low + high) / 2.0 / 1e9)
    }
}

/// Values below 128 have a bucket each; above, the highest seven bits decide.
#[inline(always)]
fn bucket(life: u64) -> usize {
    let shift = life.max(1).ilog2().saturating_sub(PARTS);
    ((shift << PARTS) as u64 + (life >> shift)) as usize
}

/// The middle of a bucket.
fn middle(bucket: usize) -> f64 {
    let (bucket, one) = (bucket as u64, 1_u64 << PARTS);
    let shift = (bucket >> PARTS).saturating_sub(1);
    let low = (bucket - (shift << PARTS)) as f64;
    let width = 2_f64.powi(shift as i32);
    if bucket < 2 * one { low } else { (low + 0.5) * width }
}

fn count(buckets: &mut Vec<u64>, bucket: usize, more: u64) {
    if buckets.len() <= bucket {
        buckets.resize(bucket + 1, 0);
    }
    buckets[bucket] += more;
}

fn nth(buckets: &[u64], at: u64) -> Option<f64> {
    let mut seen = 0;
    buckets.iter().enumerate().find_map(|(bucket, count)| {
        seen += count;
        (seen > at).then(|| middle(bucket))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_go_to_their_groups() {
        for threads in [1, 2, 4] {
            let crew = Crew::new(threads);
            let (mut by_group, mut groups) = (ByGroup::default(), vec![Lives::default(); 3]);
            let mut lives = Vec::new();
            for life in 0..20_000 {
                let group = life % 7 % 3;
                lives.push((group as u32, life * 1_000));
                groups[group as usize].add(life * 1_000);
                if life % 100 == 0 {
                    by_group.take(&mut lives);
                }
                if life == 1_000 {
                    by_group.part(&crew);
                }
            }
            let found = by_group.all(&mut lives);
            assert_eq!(found.iter().map(Lives::len).sum::<u64>(), 20_000);
            for (found, expected) in found.iter().zip(&groups) {
                assert_eq!((found.len(), found.median_s()), (expected.len(), expected.median_s()));
            }
        }
    }

    #[test]
    fn a_bucket_is_never_more_than_a_hundredth_off() {
        let mut life = 1_u64;
        while life < u64::MAX / 3 {
            for value in [life, life + life / 3, life * 2 - 1] {
                let error = (middle(bucket(value)) - value as f64).abs() / value as f64;
                assert!(error <= 0.01, "{value}: {error}");
            }
            life *= 2;
        }
        assert_eq!((middle(bucket(0)), middle(bucket(1)), middle(bucket(127))), (0.0, 1.0, 127.0));
    }

    #[test]
    fn the_median_of_few_is_exact_and_of_many_close() {
        let mut lives = Lives::default();
        assert_eq!(lives.median_s(), None);
        for life in [4_000_000_000, 1_000_000_000, 2_000_000_000, 9_000_000_000] {
            lives.add(life);
        }
        assert_eq!(lives.median_s(), Some(3.0));
        let mut many = Lives::default();
        (1..=100_001).for_each(|life| many.add(life * 1_000_000));
        assert!(matches!(many, Lives::Buckets(_)) && many.len() == 100_001);
        assert!(many.median_s().is_some_and(|median| (median / 50.001 - 1.0).abs() < 0.01));
        lives.merge(&many);
        assert_eq!(lives.len(), 100_005);
        many.merge(&Lives::Exact(vec![1]));
        assert_eq!(many.len(), 100_002);
    }
}
