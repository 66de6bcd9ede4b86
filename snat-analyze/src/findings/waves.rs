//! Connects come in waves as long as a port is held: as much as there are ports, then silence.

use super::{Said, Scene};
use crate::report::Severity;
use crate::words::{grouped, secs};

/// How near to the number of ports the connects of one hold have to come.
const NEAR: f64 = 0.05;
/// A silence is so long at least, and this part of a hold.
const SILENCE_S: f64 = 15.0;
const OF_HOLD: f64 = 0.1;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let (ports, hold) = (scene.ports()? as f64, scene.hold_s());
    for target in scene.targets() {
        let course = &target.dest.course;
        if !(course.bucket_s > 0.0 && hold > 0.0) {
            continue;
        }
        let window = (hold / course.bucket_s).ceil().max(1.0) as usize;
        let Some((end, most)) = fullest_window(&course.opened, window) else { continue };
        if (most as f64 - ports).abs() > ports * NEAR {
            continue;
        }
        let least = (SILENCE_S.max(hold * OF_HOLD) / course.bucket_s).ceil() as usize;
        let quiet = longest_silence(&course.opened, end + 1 - window.min(end + 1));
        if quiet < least {
            continue;
        }
        return Some(Said {
            severity: Severity::Warning,
            detail: format!(
                "{} connects to {} in {}, as many as there are ports ({}), then none for {}.",
                grouped(most),
                target.dest.name,
                secs(hold),
                grouped(ports as u64),
                secs(quiet as f64 * course.bucket_s)
            ),
            evidence: scene.lines(target.remote),
            advice: "That is what a NAT without free ports makes of steady demand: nobody connects until the first port comes \
                     free. A snapshot in a pause (netstat -tanpo, twice) would show the connects that hang"
                .to_owned(),
        });
    }
    None
}

/// The last place of the window with the most, and how much that is.
fn fullest_window(opened: &[u32], window: usize) -> Option<(usize, u64)> {
    let mut sum = 0_u64;
    let mut best: Option<(usize, u64)> = None;
    for (at, own) in opened.iter().enumerate() {
        sum += u64::from(*own);
        if at >= window {
            sum -= u64::from(opened[at - window]);
        }
        if best.is_none_or(|(_, most)| sum > most) {
            best = Some((at, sum));
        }
    }
    best
}

/// The longest stretch without any from there on, once there was one.
fn longest_silence(opened: &[u32], from: usize) -> usize {
    let (mut most, mut now, mut begun) = (0, 0, false);
    for own in opened.iter().skip(from) {
        begun |= *own > 0;
        now = if *own == 0 && begun { now + 1 } else { 0 };
        most = most.max(now);
    }
    most
}
