//! What would decide a verdict, or make it surer.

use super::evidence::Evidence;
use super::state::{Missing, State};
use super::table::{Case, Outcome, ROUNDS, answering_hang, has_full_hold};

/// What is missing, the most decisive first. `settled`: the number of ports is known, or makes no difference.
pub(super) fn missing(evidence: &Evidence, case: Option<&Case<'_>>, outcome: &Outcome, settled: bool) -> Vec<Missing> {
    if evidence.metric.is_some() && case.is_some() {
        // The NAT has counted; only the number of ports may be open.
        return if settled { Vec::new() } else { vec![Missing::Allocation] };
    }
    let trace = evidence.trace.as_ref();
    let snapshots = evidence.snapshots;
    let seen = snapshots.is_some_and(|snapshots| snapshots.rounds >= ROUNDS);
    let all = [
        (Missing::FailedConnects, !seen || answering_hang(evidence)),
        (Missing::DualStack, trace.is_some_and(|trace| !trace.dual_stack)),
        (Missing::FullHold, !has_full_hold(evidence) || case.is_some_and(Case::rises_unseen)),
        (Missing::Allocation, !settled),
        (Missing::Path, case.is_some()),
        (Missing::SnapshotCover, snapshots.is_some_and(|snapshots| !snapshots.covers)),
        (
            Missing::LostSamples,
            trace.is_some_and(|trace| trace.lost_samples > 0) || snapshots.is_some_and(|snapshots| snapshots.cut),
        ),
    ];
    let all = all.into_iter().filter(|(_, is)| *is).map(|(what, _)| what);
    match outcome.state {
        // What was seen is enough; a longer or wider look would not take it back.
        State::Exhausted => all
            .filter(|what| match what {
                Missing::FailedConnects => outcome.row == 6,
                Missing::Allocation | Missing::Path => true,
                _ => false,
            })
            .collect(),
        _ => all.collect(),
    }
}
