//! What no numbers can bring about.

use proptest::prelude::*;

use super::evidence::{Course, Dest, Evidence, Metric, Quota, Snapshot, Trace};
use super::state::{Missing, Reason, State};
use super::table::{Ruled, decide};
use super::table_tests::{calm, unknown};

fn any_dest() -> impl Strategy<Value = Dest> {
    let ports = prop_oneof![4 => 0..1_300_u64, 1 => Just(1_024_u64), 1 => any::<u64>()];
    let plateau = proptest::option::of(0.0..3_000.0);
    let values =
        || proptest::collection::vec(prop_oneof![3 => 0..1_300_u32, 2 => 1_000..1_024_u32, 1 => any::<u32>()], 0..12);
    let bucket_s = prop_oneof![0.0..1.0, Just(30.0), Just(60.0), 0.0..1e9];
    let course = (bucket_s, values(), values()).prop_map(|(bucket_s, held, opened)| Course {
        bucket_s,
        held,
        opened,
        open: Vec::new(),
    });
    let numbers = (ports.clone(), ports.clone(), ports.clone(), ports, 0..9_u64, any::<bool>());
    (numbers, plateau, proptest::option::of(0.0..20.0), course).prop_map(|(numbers, plateau, rate_per_s, course)| {
        let (held, held_reset, open, held_at_end, hang_resent, answers) = numbers;
        Dest {
            held,
            held_reset,
            open,
            plateau,
            held_at_end,
            rate_per_s,
            hang_resent,
            answers,
            course,
            ..Dest::default()
        }
    })
}

fn any_evidence() -> impl Strategy<Value = Evidence> {
    let quota = (prop_oneof![Just(1_024_u64), any::<u64>(), 0..2_000_u64], any::<bool>(), any::<bool>());
    let quota = proptest::option::weighted(0.9, quota).prop_map(|quota| {
        quota.map(|(ports, known, tiers)| {
            let mut of = Evidence::default();
            unknown(&mut of);
            let tiers = if tiers { of.quota.unwrap().tiers } else { Vec::new() };
            Quota { ports, known, tiers, least: 0 }
        })
    });
    let metric = proptest::option::weighted(0.2, (0..3_u64, 0..1_500_u64));
    let seconds = prop_oneof![0.0..1_000.0, Just(300.0), Just(1e12)];
    let trace = (seconds, 0..2_u64, any::<bool>(), proptest::collection::vec(0..8_u32, 0..12));
    let trace = proptest::option::weighted(0.9, trace).prop_map(|trace| {
        trace.map(|(seconds, lost_samples, dual_stack, reached)| Trace {
            seconds,
            window: (0.0, seconds),
            lost_samples,
            dual_stack,
            reached,
        })
    });
    let snapshots = (proptest::bool::weighted(0.8), proptest::bool::weighted(0.2), 0..4_u64, any::<bool>());
    let snapshots = proptest::option::weighted(0.8, snapshots).prop_map(|snapshots| {
        snapshots.map(|(covers, cut, rounds, time_wait)| Snapshot { covers, cut, rounds, time_wait })
    });
    let dests = proptest::collection::vec(any_dest(), 0..6);
    (quota, metric, trace, snapshots, 0.0..700.0, dests).prop_map(|(quota, metric, trace, snapshots, hold_s, dests)| {
        let metric = metric.map(|(failed, used)| Metric { failed, used });
        Evidence { quota, metric, trace, snapshots, hold_s, dests }
    })
}

fn holds(evidence: &Evidence, ruled: &Ruled) -> Result<(), TestCaseError> {
    let outcome = ruled.outcome;
    prop_assert!(outcome.dest.is_none_or(|at| at < evidence.dests.len()));
    prop_assert!(outcome.full_in_s.is_none_or(|seconds| seconds.is_finite() && seconds >= 0.0));
    prop_assert!(ruled.missing.is_sorted());
    if outcome.state == State::NotByThisNode && outcome.reason != Reason::Metric {
        prop_assert!(evidence.trace.as_ref().is_some_and(|trace| trace.dual_stack), "a trace of all sockets");
        prop_assert!(evidence.snapshots.is_some_and(|snapshots| snapshots.covers), "and a second source");
        prop_assert_eq!(&ruled.missing, &[Missing::Path]);
    }
    if outcome.state == State::NotByThisNode {
        let quota = evidence.quota.as_ref().unwrap();
        prop_assert!(quota.known || !quota.tiers.is_empty());
    }
    if outcome.state == State::Exhausted && outcome.reason != Reason::Metric {
        let dest = &evidence.dests[outcome.dest.unwrap()];
        let ports = ruled.ports.unwrap();
        prop_assert!(dest.held.max(dest.open) as f64 >= 0.9 * ports as f64 - 1e-9);
        prop_assert!(dest.hang_resent >= 5 || dest.held_reset.max(dest.open) as f64 >= 0.9 * ports as f64 - 1e-9);
    }
    if outcome.state == State::CannotTell && outcome.reason == Reason::EvidenceMissing {
        prop_assert!(ruled.missing.iter().any(|what| *what != Missing::Path), "it says what would decide it");
    }
    Ok(())
}

proptest! {
    // PROPTEST_CASES asks for more.
    #![proptest_config({
        let asked = ProptestConfig::default();
        ProptestConfig { cases: asked.cases.max(4_000), failure_persistence: None, ..asked }
    })]

    #[test]
    fn whatever_the_numbers(evidence in any_evidence()) {
        let ruled = decide(&evidence);
        holds(&evidence, &ruled)?;
        prop_assert_eq!(ruled, decide(&evidence));
    }

    #[test]
    fn whatever_is_taken_from_a_calm_node(evidence in any_evidence(), keep in 0..6_usize) {
        // All but one part is that of a calm node.
        let mut calm = calm();
        match keep {
            0 => calm.quota = evidence.quota,
            1 => calm.metric = evidence.metric,
            2 => calm.trace = evidence.trace,
            3 => calm.snapshots = evidence.snapshots,
            4 => calm.hold_s = evidence.hold_s,
            _ => calm.dests = evidence.dests,
        }
        holds(&calm, &decide(&calm))?;
    }
}

/// The generator reaches every row.
#[test]
fn every_row_happens() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut rows = std::collections::BTreeSet::new();
    for at in 0..6_000 {
        let any = any_evidence().new_tree(&mut runner).unwrap().current();
        // Some of them on a node that is else calm, and on one that reaches nobody.
        let mut other = Evidence { dests: any.dests.clone(), ..calm() };
        if let (2, Some(trace)) = (at % 3, &mut other.trace) {
            trace.reached.fill(1);
        }
        rows.insert(decide(if at % 3 == 0 { &any } else { &other }).outcome.row);
    }
    assert_eq!(rows.into_iter().collect::<Vec<_>>(), (1..=11).collect::<Vec<_>>());
}
