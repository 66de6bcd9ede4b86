//! The series of the replays as a timeline: by destination and owner, on a grid as fine as it was asked for.

use super::book::{Book, Page, seconds};
use super::sweep::{Bucket, Place, wider};
use crate::fold::{GroupKey, PidKey};
use crate::rank::rounded;
use crate::report::{OwnerRef, OwnerSeries, RunTimeline, Series, SeriesKind, Timeline};

/// How much of a timeline is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Destinations, the fullest first; the sums over all come besides.
    pub destinations: usize,
    /// Buckets of a run, at most.
    pub buckets: usize,
}

impl Detail {
    /// What a report shows: enough for a small plot.
    pub const BRIEF: Self = Self { destinations: 4, buckets: 60 };
    /// All that the ledger keeps.
    pub const WHOLE: Self = Self { destinations: usize::MAX, buckets: usize::MAX };
}

impl Default for Detail {
    fn default() -> Self {
        Self::BRIEF
    }
}

impl Book {
    /// Ports held over time. `owner`: the place of the owner of a process among `owners`.
    pub(crate) fn timeline(
        &self,
        detail: Detail,
        owners: &[OwnerRef],
        owner: impl Fn(&GroupKey, &PidKey) -> Option<usize>,
    ) -> Option<Timeline> {
        let runs: Vec<RunTimeline> =
            self.pages.iter().enumerate().filter_map(|(at, page)| page.timeline(at, detail, owners, &owner)).collect();
        (!runs.is_empty()).then_some(Timeline { runs })
    }
}

impl Page {
    fn timeline(
        &self,
        run: usize,
        detail: Detail,
        owners: &[OwnerRef],
        owner: &impl Fn(&GroupKey, &PidKey) -> Option<usize>,
    ) -> Option<RunTimeline> {
        let found = self.replay.timeline.as_ref()?;
        let of_cell: Vec<Option<usize>> =
            self.cells.iter().map(|(group, pid)| owner(&self.groups[*group], pid)).collect();
        // Sums come first; of destinations the fullest.
        let held = |place: Place| self.spot(place).and_then(|spot| spot.held.first().copied()).unwrap_or_default();
        let mut series: Vec<_> = found.series.iter().collect();
        series.sort_by_key(|series| {
            let held = held(series.place);
            (matches!(series.place, Place::Dest { .. }), std::cmp::Reverse(held.peak), held.at, series.place)
        });
        let kept = series.iter().filter(|series| matches!(series.place, Place::Dest { .. })).count();
        let sums = series.len() - kept;
        series.truncate(sums.saturating_add(detail.destinations));
        let all =
            self.replay.spots.iter().filter(|spot| spot.public && matches!(spot.place, Place::Dest { .. })).count();
        let (mut by, mut widened) = (1, found.widened);
        let buckets = series.iter().map(|series| series.values.len()).max().unwrap_or(0);
        while buckets.div_ceil(by) > detail.buckets.max(1) {
            by *= wider(widened) as usize;
            widened += 1;
        }
        let series: Vec<Series> = series
            .into_iter()
            .map(|found| {
                let held = held(found.place);
                let mut grid: Vec<Bucket> = Vec::new();
                for (at, bucket) in found.values.iter().enumerate() {
                    match grid.get_mut(at / by) {
                        Some(into) => into.join(bucket.clone()),
                        None => grid.push(bucket.clone()),
                    }
                }
                let (kind, addr, port) = match found.place {
                    Place::Sum { v6: false } => (SeriesKind::Ipv4, None, None),
                    Place::Sum { v6: true } => (SeriesKind::Ipv6, None, None),
                    Place::Dest { addr, port } => (SeriesKind::Destination, Some(addr.to_string()), Some(port)),
                };
                Series {
                    kind,
                    addr,
                    port,
                    proto: "tcp".into(),
                    ports_peak: u64::from(held.peak),
                    at_s: held.at.map(seconds).map(rounded),
                    from: (found.from / by) as u64,
                    held: grid.iter().map(|bucket| bucket.held).collect(),
                    open: grid.iter().map(|bucket| bucket.open).collect(),
                    owners: by_owner(&grid, &of_cell, owners),
                }
            })
            .collect();
        let shown = series.len() - sums;
        Some(RunTimeline {
            run: run as u64 + 1,
            start_s: rounded(seconds(found.origin)),
            end_s: self.replay.window.map_or(0.0, |(_, end)| rounded(seconds(end))),
            bucket_s: rounded(seconds(found.width.saturating_mul(by as i64))),
            buckets: buckets.div_ceil(by) as u64,
            series,
            destinations_not_shown: (all - shown.min(all)) as u64,
        })
    }
}

/// The parts of every bucket, by owner; the owner that held most at once first.
fn by_owner(grid: &[Bucket], of_cell: &[Option<usize>], owners: &[OwnerRef]) -> Vec<OwnerSeries> {
    let mut found: Vec<(usize, Vec<u32>)> = Vec::new();
    let mut at_row: Vec<Option<usize>> = vec![None; owners.len()];
    for (at, bucket) in grid.iter().enumerate() {
        for (cell, ports) in &bucket.parts {
            let Some(row) = of_cell.get(*cell as usize).copied().flatten() else { continue };
            let place = *at_row[row].get_or_insert_with(|| {
                found.push((row, vec![0; grid.len()]));
                found.len() - 1
            });
            found[place].1[at] += ports;
        }
    }
    found.sort_by_key(|(row, held)| (std::cmp::Reverse(held.iter().max().copied()), *row));
    found.into_iter().map(|(row, held)| OwnerSeries { owner: owners[row].clone(), held }).collect()
}
