//! Connects come in bursts, at a fixed interval: a timer, a schedule, a resync.

use super::{Said, Scene};
use crate::report::Severity;
use crate::words::{grouped, percent, secs};

/// Only series this fine show bursts.
const FINE_S: f64 = 5.0;
/// A burst is so many times the average, and so many connects.
const TIMES: f64 = 4.0;
const CONNECTS: u32 = 8;
const BURSTS: usize = 3;
/// Intervals differ by so much at most, and bursts hold so much of all connects.
const EVEN: f64 = 0.2;
const OF_ALL: f64 = 0.6;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let mut targets = scene.targets();
    targets.sort_by(|a, b| b.wants().total_cmp(&a.wants()));
    targets.into_iter().find_map(|target| {
        let course = &target.dest.course;
        if !(course.bucket_s > 0.0 && course.bucket_s <= FINE_S) {
            return None;
        }
        let bursts = bursts(&course.opened)?;
        let period = bursts.period * course.bucket_s;
        let start = scene.main()?.window?.from_s;
        Some(Said {
            severity: Severity::Info,
            detail: format!(
                "{} bursts of about {} connects to {}, one every {}, the first at {:.0} s of the trace; {} of all connects \
                 to it. By {}.",
                grouped(bursts.count as u64),
                grouped(bursts.size),
                target.dest.name,
                secs(period),
                start + bursts.first as f64 * course.bucket_s,
                percent(bursts.part),
                scene.who(target.remote)
            ),
            evidence: scene.lines(target.remote),
            advice: "Spread them: a random delay for each replica, a longer interval, a bounded number of workers. The ports \
                     of one burst come free together, a hold later"
                .to_owned(),
        })
    })
}

struct Bursts {
    count: usize,
    /// Buckets from one to the next.
    period: f64,
    /// Bucket of the first.
    first: usize,
    /// Connects of one.
    size: u64,
    /// Part of all connects that lies in them.
    part: f64,
}

fn bursts(opened: &[u32]) -> Option<Bursts> {
    let all: u64 = opened.iter().map(|own| u64::from(*own)).sum();
    let average = all as f64 / opened.len().max(1) as f64;
    let is = |own: u32| own >= CONNECTS && f64::from(own) >= average * TIMES;
    let mut found: Vec<(usize, usize, u64)> = Vec::new();
    for (at, own) in opened.iter().enumerate().filter(|(_, own)| is(**own)) {
        match found.last_mut() {
            Some((_, last, sum)) if *last + 1 == at => (*last, *sum) = (at, *sum + u64::from(*own)),
            _ => found.push((at, at, u64::from(*own))),
        }
    }
    let gaps: Vec<f64> = found.windows(2).map(|pair| (pair[1].0 - pair[0].0) as f64).collect();
    if found.len() < BURSTS {
        return None;
    }
    let period = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let even = gaps.iter().all(|gap| (gap - period).abs() <= (period * EVEN).max(1.0));
    let inside: u64 = found.iter().map(|(_, _, sum)| sum).sum();
    let part = inside as f64 / all.max(1) as f64;
    (even && period >= 2.0 && part >= OF_ALL).then(|| Bursts {
        count: found.len(),
        period,
        first: found[0].0,
        size: inside / found.len() as u64,
        part,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_are_told_from_steady_demand() {
        let every = |period: usize| (0..300).map(|at| if at % period == 7 { 40 } else { 0 }).collect::<Vec<u32>>();
        let found = bursts(&every(60)).expect("bursts");
        assert_eq!((found.count, found.period, found.first, found.size), (5, 60.0, 7, 40));
        assert!(bursts(&[5; 300]).is_none(), "steady");
        assert!(bursts(&[0; 0]).is_none(), "nothing");
        let mut uneven = vec![0; 300];
        [5, 20, 140, 290].into_iter().for_each(|at| uneven[at] = 40);
        assert!(bursts(&uneven).is_none(), "uneven");
    }
}
