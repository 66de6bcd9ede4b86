//! More ports were taken than there are: the number, the hold or the path is another one.

use super::{Said, Scene};
use crate::report::{Reason, Severity};
use crate::verdict::{Course, Dest};
use crate::words::{grouped, secs};

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let main = scene.main().filter(|main| main.reason == Reason::AllocationDisproved)?;
    let target = scene.main_target()?;
    let ports = main.numbers.ports?;
    let open = target.dest.open > ports;
    let what = match open {
        true => format!(
            "{} connections to {} were open at once, and the node is taken to have {} ports: it has more, or this path \
             takes none",
            grouped(target.dest.open),
            target.dest.name,
            grouped(ports)
        ),
        false => {
            let fits = match longest_hold(target.dest, ports, scene.hold_s()) {
                Some(hold) => format!("The longest hold that fits these ports is about {}", secs(hold)),
                None => "Which hold would fit these ports is not known".to_owned(),
            };
            format!(
                "{} held {} with a hold of {}. {fits}. If it is held for {}, the node had at least {} ports",
                target.dest.name,
                scene.of_ports(target.held()),
                secs(scene.hold_s()),
                secs(scene.hold_s()),
                grouped(target.dest.held)
            )
        }
    };
    Some(Said {
        severity: Severity::Warning,
        detail: format!("{what}."),
        evidence: scene.lines(target.remote),
        advice: "Connects that worked prove it: a node without ports gets no more of them. Ask for az network lb \
                 outbound-rule list and az aks show (networkProfile), then run again with --ports or --profile; --no-snat \
                 where the destination is reached by a service endpoint"
            .to_owned(),
    })
}

/// The longest hold with which what was held stays within the ports, from the connects of each bucket and what was open
/// then; to a bucket's width, and rather too short.
fn longest_hold(dest: &Dest, ports: u64, hold_s: f64) -> Option<f64> {
    let Course { bucket_s, opened, open, .. } = &dest.course;
    if *bucket_s <= 0.0 || bucket_s.is_nan() || opened.is_empty() || dest.open > ports {
        return None;
    }
    let mut sum = 0_u64;
    let opened: Vec<u64> = opened
        .iter()
        .map(|own| {
            sum += u64::from(*own);
            sum
        })
        .collect();
    let closed: Vec<u64> =
        opened.iter().zip(open).map(|(opened, open)| opened.saturating_sub(u64::from(*open))).collect();
    let held =
        |at: usize, hold: usize| opened[at] - at.checked_sub(hold).map_or(0, |then| closed[then].min(opened[at]));
    let fits = |hold: usize| (0..closed.len()).all(|at| held(at, hold) <= ports);
    let most = (hold_s / bucket_s) as usize;
    (0..=most).rev().find(|hold| fits(*hold)).map(|hold| hold as f64 * bucket_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_hold_that_fits_is_found() {
        // Ten connects in every second, all closed at once: with a hold of h seconds, 10 h are held.
        let course = Course { bucket_s: 1.0, held: Vec::new(), opened: vec![10; 300], open: vec![0; 300] };
        let dest = Dest { course, held: 2_400, ..Dest::default() };
        assert_eq!(longest_hold(&dest, 1_000, 240.0), Some(100.0));
        assert_eq!(longest_hold(&dest, 5_000, 240.0), Some(240.0));
        let stands = Dest { open: 20, ..dest };
        assert_eq!(longest_hold(&stands, 10, 240.0), None, "what is open is held whatever the hold");
    }
}
