//! Connects stop in the trace while connections still end: the tracer has lost track of new ones.

use super::{Said, Scene};
use crate::report::{SeriesKind, Severity};
use crate::words::{grouped, secs};

/// The last part of a trace without any connect: so long, and this part of it.
const SILENCE_S: f64 = 120.0;
const OF_TRACE: f64 = 0.25;
/// Connects a second before that, and connections that ended since.
const RATE: f64 = 0.5;
const ENDED: u32 = 5;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    // Only sockets of both families fill that note.
    if scene.node.capture.ipv6_events == 0 {
        return None;
    }
    let runs = scene.node.timeline.iter().flat_map(|timeline| &timeline.runs);
    for run in runs {
        let length = run.end_s - run.start_s;
        let Some(course) = scene.sum(run.run) else { continue };
        let Some(last) = course.opened.iter().rposition(|opened| *opened > 0) else { continue };
        let ends = (last + 1) as f64 * course.bucket_s;
        let silence = length - ends;
        let before: u64 = course.opened.iter().map(|opened| u64::from(*opened)).sum();
        let open = run.series.iter().find(|series| series.kind == SeriesKind::Ipv4).map(|series| &series.open);
        let at = (ends / run.bucket_s) as usize;
        let ended = open.and_then(|open| Some(open.get(at)?.saturating_sub(*open.last()?))).unwrap_or(0);
        if silence < SILENCE_S || silence < length * OF_TRACE || (before as f64) < ends * RATE || ended < ENDED {
            continue;
        }
        return Some(Said {
            severity: Severity::Warning,
            detail: format!(
                "{} connects in {}, then none for {}, while {} connections ended.",
                grouped(before),
                secs(ends),
                secs(silence),
                grouped(u64::from(ended))
            ),
            evidence: Vec::new(),
            advice: "Without -4 the tracer keeps a note of each connect of a dual-stack socket and never takes it back: after \
                     10,240 of them IPv4 connects vanish. What comes after is no quiet node. Trace again with -t4v, and -tv \
                     for at most 120 s beside it"
                .to_owned(),
        });
    }
    None
}
