//! The state at the end, as what a sweep has found.

use std::mem;

use super::flows::Flow;
use super::lives::ByGroup;
use super::replay::{OPEN, OpenEnds, Peak, Place, Replay, Series, Spot, Timeline};
use super::stage::Stage;
use super::step::Rules;

/// `span`: smallest and largest TIME; `None` where the run has none. What is left of the stage is of no use any more.
pub(super) fn replay(stage: &mut Stage, rules: &Rules, span: Option<(i64, i64)>, lives: &mut ByGroup) -> Replay {
    let timed = span.is_some();
    stage.finish(span.map(|(_, high)| high));
    let window = span
        .map(|(low, high)| {
            (rules.since.map_or(low, |since| since.max(low)), rules.until.map_or(high, |until| until.min(high)))
        })
        .filter(|(low, high)| low <= high);
    let timeline = window.map(|_| timeline(stage));
    let open = open(stage);
    let shares = stage.counters.shares();
    let expected_used_ports = stage.pools.each_ref().map(|pool| timed.then(|| pool.used.peak()));
    let doubles = stage.doubles.iter().filter(|(_, pairs)| **pairs > 0);
    let doubles = doubles.map(|((proxy, app), pairs)| ((*proxy as usize, *app as usize), *pairs)).collect();
    let lives = lives.all(&mut stage.lives);
    let which = &stage.which;
    let holds = stage.releases.holds();
    let held: Vec<Vec<Peak>> = (0..stage.counters.spots.len() as u32)
        .map(|spot| {
            let known = which.iter().filter(|hold| **hold < holds);
            known.map(|hold| stage.counters.held(spot, *hold)).collect()
        })
        .collect();
    let counted = mem::take(&mut stage.counters.places).into_iter().zip(mem::take(&mut stage.counters.spots));
    let spots = counted.zip(held).zip(shares).map(|(((place, spot), held), (groups, cells))| Spot {
        place,
        public: spot.is_public(),
        connects: groups.iter().map(|share| share.connects).sum(),
        closes: groups.iter().map(|share| share.closes).sum(),
        lone_mapped: spot.lone_mapped,
        lone_plain: spot.lone_plain,
        open: spot.peak_of_open(),
        past_idle: spot.past_idle,
        held,
        groups,
        cells,
    });
    Replay {
        timed,
        window,
        holds: rules.holds.clone(),
        counts: stage.counts,
        spots: spots.collect(),
        expected_used_ports,
        timeline,
        doubles,
        reached: mem::take(&mut stage.reached),
        open,
        lives,
    }
}

/// OpenEnds of what is open at the end, in an order that no hash shows in.
fn open(stage: &Stage) -> Vec<OpenEnds> {
    let ends = |flow: &Flow| {
        let known = &stage.lanes.get(flow.lane).ends;
        known.public.then_some((known.group as usize, flow.sport, known.daddr, known.dport))
    };
    let mut found: Vec<OpenEnds> = stage.flows.open().filter_map(ends).collect();
    found.sort_unstable();
    found.truncate(OPEN);
    found
}

fn timeline(stage: &mut Stage) -> Timeline {
    let tracks = mem::take(&mut stage.series.tracks);
    let series = &stage.series;
    let mut found: Vec<Series> = tracks
        .into_iter()
        .filter_map(|track| {
            let place = stage.counters.places.get_index(track.spot as usize)?;
            Some(Series { place: *place, from: series.bucket_of(track.start), values: track.values })
        })
        .collect();
    found.sort_by_key(|series| (matches!(series.place, Place::Dest { .. }), series.place));
    Timeline { origin: series.origin, width: series.width, widened: series.widened, series: found }
}
