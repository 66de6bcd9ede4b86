//! One destination takes most of the ports.

use super::{Said, Scene};
use crate::report::Severity;
use crate::words::{grouped, percent, whole};

/// Part of what all destinations together hold, and of the node's ports.
const OF_ALL: f64 = 0.5;
const OF_PORTS: f64 = 0.25;
const MUCH: f64 = 0.75;
/// Where no node has a number of its own: so many ports are worth a word.
const WITHOUT_PORTS: f64 = 100.0;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let target = scene.targets().into_iter().max_by(|a, b| a.wants().total_cmp(&b.wants()))?;
    let all: u64 = match scene.node.capture.ports_peak_sum {
        Some(sum) => sum,
        None => scene.targets().iter().map(|target| target.held() as u64).sum(),
    };
    let of_all = target.held() / (all.max(1) as f64);
    let of_ports = scene.share(target.wants());
    let much = match scene.ports() {
        Some(_) => of_ports >= OF_PORTS,
        None => target.wants() >= WITHOUT_PORTS,
    };
    if of_all < OF_ALL || !much {
        return None;
    }
    let plateau = target.plateau.filter(|plateau| *plateau > target.held());
    let settles = plateau.map(|plateau| format!(", and settles at {}", whole(plateau))).unwrap_or_default();
    Some(Said {
        severity: if of_ports >= MUCH { Severity::Warning } else { Severity::Info },
        detail: format!(
            "{} held {}{settles}: {} of the {} that all destinations together held at most. By {}.",
            target.dest.name,
            scene.of_ports(target.held()),
            percent(of_all.min(1.0)),
            grouped(all),
            scene.who(target.remote)
        ),
        evidence: scene.lines(target.remote),
        advice: "A port serves one connection to each destination, so this one destination decides. Look for one client \
                 per request, pools per host name that share one address, or a bulk job; a private endpoint takes it off \
                 the NAT altogether"
            .to_owned(),
    })
}
