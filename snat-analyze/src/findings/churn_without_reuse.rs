//! Many short connections to one destination: each one holds a port long after its end.

use super::scene::is;
use super::{Said, Scene};
use crate::report::Severity;
use crate::words::{percent, secs, whole};

/// Connects that show a habit.
const CONNECTS: u64 = 60;
/// Lives that are short.
const SHORT_S: f64 = 10.0;
const OF_PORTS: f64 = 0.25;
const MUCH: f64 = 0.75;
/// An owner that makes so much of them makes them all.
const MOST: f64 = 0.95;
/// Where no node has a number of its own.
const WITHOUT_PORTS: f64 = 100.0;
const NAMED: usize = 3;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let seconds = scene.seconds()?;
    let mut found: Vec<(f64, String)> = Vec::new();
    let mut evidence = Vec::new();
    let mut targets = scene.targets();
    targets.sort_by(|a, b| b.wants().total_cmp(&a.wants()));
    for target in targets {
        let much = match scene.ports() {
            Some(_) => scene.share(target.wants()) >= OF_PORTS,
            None => target.wants() >= WITHOUT_PORTS,
        };
        // Most of them end within the trace.
        let ends = target.dest.closes * 2 >= target.dest.connects;
        if target.dest.connects < CONNECTS || !much || !ends {
            continue;
        }
        let Some(first) = scene.holders(target.remote).into_iter().next() else { continue };
        let Some(life) = first.row.median_life_s.filter(|life| *life < SHORT_S) else { continue };
        let rate = target.dest.rate_per_s.unwrap_or(target.dest.connects as f64 / seconds);
        let own = first.row.destinations.iter().filter(|dest| is(dest, target.remote)).map(|dest| dest.connects);
        let part = own.sum::<u64>() as f64 / target.dest.connects.max(1) as f64;
        let part = if part < MOST { format!(" ({} of them)", percent(part)) } else { String::new() };
        let carried =
            scene.ports().filter(|_| scene.hold_s() > 0.0).map(|ports| ports as f64 / (life + scene.hold_s()));
        let carried = carried.map(|most| format!("; these ports carry {most:.1} a second")).unwrap_or_default();
        found.push((
            scene.share(target.wants()),
            format!(
                "{}: {rate:.1} connects a second ({} a minute) by {}{part}, open for {} and then held for {}{carried}",
                target.dest.name,
                whole(rate * 60.0),
                first.row.owner.label(),
                secs(life),
                secs(scene.hold_s())
            ),
        ));
        evidence.extend(scene.lines(target.remote));
        if found.len() == NAMED {
            break;
        }
    }
    let most = found.first()?.0;
    Some(Said {
        severity: if most >= MUCH { Severity::Warning } else { Severity::Info },
        detail: format!("{}.", found.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(". ")),
        evidence,
        advice: format!(
            "Keep connections open and use them again: a pool, HTTP keep-alive, one client for the life of the process. What \
             is open for a second holds its port for {}",
            secs(scene.hold_s() + 1.0)
        ),
    })
}
