//! Connects hang to a peer that nobody reached.

use super::{Said, Scene};
use crate::report::Severity;
use crate::words::{grouped, listed};

/// So many are no chance.
const MANY: u64 = 5;

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
    let text = match &said[..] {
        [_] => format!("{} connects hang to {}", grouped(dead[0].dest.hang_resent), dead[0].dest.name),
        _ => format!("connects hang, {}", listed(&said, 4)),
    };
    Some(Said {
        severity: Severity::Warning,
        detail: format!("{text}, which nobody reached: a blocked or dead peer, not a lack of ports."),
        evidence: Vec::new(),
        advice: "Ask whether the peer is up, and for firewalls, network policies and routes on the way. A client that tries \
                 again without a pause takes a port for each try at the NAT for as long as that keeps a SYN"
            .to_owned(),
    })
}
