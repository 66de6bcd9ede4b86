//! Connects hang to a peer that nobody reached.

use super::{Said, Scene};
use crate::report::Severity;
use crate::words::grouped;

/// So many are no chance.
const MANY: u64 = 5;
const NAMED: usize = 4;
/// A trace of this length cannot lie in a pause as a whole.
const LONG_S: f64 = 300.0;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let targets = scene.targets();
    // Where nothing answers at all it is not the peer.
    if !targets.iter().any(|target| target.dest.answers) && targets.len() > 2 {
        return None;
    }
    let mut dead: Vec<_> =
        targets.into_iter().filter(|target| !target.dest.answers && target.dest.hang_resent >= MANY).collect();
    dead.sort_by_key(|target| std::cmp::Reverse(target.dest.hang_resent));
    let said: Vec<String> = dead
        .iter()
        .map(|target| {
            let hang = grouped(target.dest.hang_resent);
            format!("{hang} to {}{}", target.dest.name, scene.who_hangs(target.remote))
        })
        .collect();
    if said.is_empty() {
        return None;
    }
    let text = match (&dead[..], &said[..]) {
        ([only], _) => {
            let by = scene.who_hangs(only.remote);
            format!("{} connects hang to {}{by}", grouped(only.dest.hang_resent), only.dest.name)
        }
        (_, said) => format!("connects hang, {}", said[..said.len().min(NAMED)].join("; ")),
    };
    // A pause of an exhausted node is at most as long as a hold.
    let long = scene.seconds().is_some_and(|seconds| seconds >= LONG_S && seconds >= scene.hold_s());
    let so = match long {
        true if dead.len() > 1 => "blocked or dead peers, not a lack of ports",
        true => "a blocked or dead peer, not a lack of ports",
        false => "most likely a blocked or dead peer; in so short a trace a lack of ports can look the same",
    };
    Some(Said {
        severity: Severity::Warning,
        detail: format!("{text}, which nobody reached: {so}."),
        evidence: Vec::new(),
        advice: "Ask whether the peer is up, and for firewalls, network policies and routes on the way. A client that tries \
                 again without a pause may take a port for each try, for as long as the NAT keeps a SYN"
            .to_owned(),
    })
}
