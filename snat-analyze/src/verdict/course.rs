//! What the course of a destination shows: a flat ceiling, an even rate, minutes at the limit.

use super::evidence::Course;

/// For so long a ceiling lasts at least.
const CEILING_S: f64 = 60.0;
const MINUTE_S: f64 = 60.0;

/// A minute of the trace, as a destination spent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Minute {
    /// Whether it held as much as was asked for.
    pub(super) held: bool,
    /// Whether it was connected to.
    pub(super) opened: bool,
}

impl Course {
    /// The most held.
    pub(crate) fn peak(&self) -> u32 {
        self.held.iter().copied().max().unwrap_or(0)
    }

    /// Whether so many ports or more are held for a minute on end, while connects go on. Those of a run's first bucket
    /// may be the last ones of the rise to it; they count only where there is no other bucket.
    pub(crate) fn has_ceiling(&self, least: f64) -> bool {
        self.is_usable()
            && runs(&self.held, least).into_iter().any(|(from, to)| {
                let later = if to - from > 1 { from + 1 } else { from };
                let opened = part(&self.opened, later, to).iter().any(|opened| *opened > 0);
                (to - from) as f64 * self.bucket_s >= CEILING_S && opened
            })
    }

    /// Whether each half of the trace has within ± 50 % of the connects that an even rate gives it. The last bucket may
    /// end behind the trace.
    pub(super) fn is_even(&self, seconds: f64) -> bool {
        if !self.is_usable() {
            return false;
        }
        let whole = self.opened.len() as f64 * self.bucket_s;
        let length = if seconds > whole - self.bucket_s { seconds.min(whole) } else { whole };
        let half = length / 2.0;
        let (mut first, mut all) = (0.0, 0.0);
        for (at, opened) in self.opened.iter().enumerate() {
            let from = at as f64 * self.bucket_s;
            let width = self.bucket_s.min(length - from);
            all += f64::from(*opened);
            if width > 0.0 {
                first += f64::from(*opened) * ((half - from) / width).clamp(0.0, 1.0);
            }
        }
        all > 0.0 && (0.25..=0.75).contains(&(first / all))
    }

    /// The first so many minutes; whether from `low` to `high` ports were held in each.
    pub(super) fn minutes(&self, count: usize, low: f64, high: f64) -> Vec<Minute> {
        if !self.is_usable() {
            return Vec::new();
        }
        let of = |at: usize| {
            let from = (at as f64 * MINUTE_S / self.bucket_s) as usize;
            let to = ((at + 1) as f64 * MINUTE_S / self.bucket_s).ceil() as usize;
            let held = part(&self.held, from, to).iter().any(|held| (low..=high).contains(&f64::from(*held)));
            Minute { held, opened: part(&self.opened, from, to).iter().any(|opened| *opened > 0) }
        };
        (0..count).map(of).collect()
    }

    fn is_usable(&self) -> bool {
        self.bucket_s.is_finite() && self.bucket_s > 0.0
    }
}

/// The values from one place to another, as far as there are any.
fn part(values: &[u32], from: usize, to: usize) -> &[u32] {
    values.get(from..to.min(values.len())).unwrap_or_default()
}

/// From where to where the values are not below `least`.
fn runs(values: &[u32], least: f64) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (at, _) in values.iter().enumerate().filter(|(_, value)| f64::from(**value) >= least) {
        match found.last_mut() {
            Some((_, to)) if *to == at => *to = at + 1,
            _ => found.push((at, at + 1)),
        }
    }
    found
}
