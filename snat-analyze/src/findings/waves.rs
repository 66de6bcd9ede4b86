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
        // A job that is over is silent, too: what tells is that connects come again, or that some hang.
        let quiet = longest_silence(&course.opened, end + 1 - window.min(end + 1), target.dest.hang > 0);
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

/// The longest stretch without any from there on, once there was one; the last stretch counts if it is `open`.
fn longest_silence(opened: &[u32], from: usize, open: bool) -> usize {
    let (mut most, mut now, mut begun) = (0, 0, false);
    for own in opened.iter().skip(from) {
        if *own > 0 {
            (most, now) = (most.max(now), 0);
            begun = true;
        } else if begun {
            now += 1;
        }
    }
    if open { most.max(now) } else { most }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_counts_if_connects_come_again_or_hang() {
        let opened = [0, 0, 0, 4, 0, 0, 4, 0, 0, 0];
        assert_eq!((longest_silence(&opened, 0, false), longest_silence(&opened, 0, true)), (2, 3));
        assert_eq!(longest_silence(&opened, 4, false), 0);
    }

    #[test]
    fn the_fullest_window_is_found() {
        assert_eq!(fullest_window(&[1, 2, 3, 0, 5], 2), Some((2, 5)));
        assert_eq!(fullest_window(&[], 2), None);
    }
}
