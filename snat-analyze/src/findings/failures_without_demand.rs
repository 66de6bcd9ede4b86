//! Connects hang while ports are left: the ninth row of the verdict.

use super::{Said, Scene};
use crate::report::{Reason, Severity};
use crate::words::{grouped, percent, secs};

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let main = scene.main().filter(|main| main.reason == Reason::FailuresWithoutDemand)?;
    let target = scene.main_target()?;
    let short = main.numbers.look_back_s < main.numbers.hold_s;
    let before = match short {
        true => format!(
            " But only {} are known of, and a port is held for {}: others may have been taken before.",
            secs(main.numbers.look_back_s),
            secs(main.numbers.hold_s)
        ),
        false => String::new(),
    };
    Some(Said {
        severity: Severity::Warning,
        detail: format!(
            "{} connects to {} hang while it held {} ({}).{before}",
            grouped(target.dest.hang_resent),
            target.dest.name,
            scene.of_ports(target.held()),
            percent(scene.share(target.held()))
        ),
        evidence: scene.lines(target.remote),
        advice: "Other causes of a SYN without an answer: the peer's backlog, a firewall with a limit of its own, a full \
                 connection table on the node (dmesg: nf_conntrack), or fewer ports than believed. The metric of failed \
                 SNAT connections tells them apart"
            .to_owned(),
    })
}
