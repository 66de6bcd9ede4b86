//! All ports toward a destination were taken, and connects failed: rows 2, 4 and 6 of the verdict.

use super::{Said, Scene};
use crate::report::{Reason, Severity, State};
use crate::words::grouped;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let main = scene.is(State::Exhausted)?;
    let target = scene.main_target();
    let numbers = &main.numbers;
    let dest = numbers.destination.clone().unwrap_or_else(|| "a destination".to_owned());
    let proof = match main.reason {
        Reason::Metric => "the NAT itself counted connects that failed".to_owned(),
        Reason::Ceiling => {
            "it stood at that ceiling for a minute and more while connects went on; what failed was not captured"
                .to_owned()
        }
        _ if numbers.others_hang > 0 => format!(
            "{} connects to it hang; {} other destinations connect, and {} others hang, too",
            grouped(numbers.hang_resent),
            grouped(numbers.others_answer),
            grouped(numbers.others_hang)
        ),
        _ => format!("{} connects to it hang while others connect", grouped(numbers.hang_resent)),
    };
    let who = target.map(|target| format!(" By {}.", scene.who(target.remote))).unwrap_or_default();
    Some(Said {
        severity: Severity::Critical,
        detail: format!("{dest} held {}, and {proof}.{who}", scene.of_ports(numbers.held as f64)),
        evidence: target.map(|target| scene.lines(target.remote)).unwrap_or_default(),
        advice: "More ports for each node, or the workload spread over more nodes, helps at once; reuse of connections ends \
                 it. Restarting pods frees no port"
            .to_owned(),
    })
}
