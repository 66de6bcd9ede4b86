//! Every row at its thresholds and beside them, what decides before what, and pools of unknown size.

use super::evidence::{Course, Dest, Evidence, Metric, Quota, Snapshot, Tier, Trace};
use super::state::{Missing, Reason, State, Strength};
use super::table::{Outcome, decide};
use Reason::*;
use State::*;

/// A destination that holds so many ports all the time and goes on being connected to.
fn dest(name: &str, held: u32) -> Dest {
    Dest {
        name: name.to_owned(),
        held: u64::from(held),
        held_reset: u64::from(held),
        answers: true,
        course: Course { bucket_s: 30.0, held: vec![held; 20], opened: vec![5; 20], open: Vec::new() },
        ..Dest::default()
    }
}

/// Ten minutes of a node with 1,000 ports, 100 of them held, and everything captured.
pub(super) fn calm() -> Evidence {
    let cold = ["b", "c", "d"].map(|name| Dest { name: name.to_owned(), answers: true, ..Dest::default() });
    Evidence {
        quota: Some(Quota { ports: 1_000, known: true, tiers: Vec::new(), least: 0 }),
        metric: None,
        trace: Some(Trace {
            seconds: 600.0,
            window: (0.0, 600.0),
            lost_samples: 0,
            dual_stack: true,
            reached: vec![4; 10],
        }),
        snapshots: Some(Snapshot { covers: true, cut: false, rounds: 2, time_wait: true }),
        hold_s: 240.0,
        dests: [dest("a", 100)].into_iter().chain(cold).collect(),
    }
}

fn with(change: impl FnOnce(&mut Evidence)) -> Evidence {
    let mut evidence = calm();
    change(&mut evidence);
    evidence
}

/// The same with another first destination.
fn hot(held: u32, change: impl FnOnce(&mut Evidence)) -> Evidence {
    with(|evidence| {
        evidence.dests[0] = dest("a", held);
        change(evidence);
    })
}

/// At the limit, and connects hang.
fn full(held: u32) -> Evidence {
    hot(held, |it| it.dests[0].hang_resent = 5)
}

/// A trace alone, of half a hold, that rises to a plateau.
fn rising(plateau: f64) -> Evidence {
    with(|it| {
        it.trace = Some(Trace { seconds: 120.0, reached: vec![4; 2], ..it.trace.clone().unwrap() });
        it.snapshots = None;
        let course = Course { bucket_s: 30.0, held: vec![75, 150, 225, 300], opened: vec![75; 4], open: Vec::new() };
        it.dests[0] = Dest {
            plateau: Some(plateau),
            held_at_end: 300,
            rate_per_s: Some(2.5),
            held_reset: 30,
            course,
            ..dest("a", 300)
        };
    })
}

fn row(evidence: &Evidence) -> (u8, State, Reason) {
    let Outcome { row, state, reason, .. } = decide(evidence).outcome;
    (row, state, reason)
}

fn number(evidence: &Evidence) -> u8 {
    row(evidence).0
}

/// The default of a pool whose size is not known.
pub(super) fn unknown(evidence: &mut Evidence) {
    let tiers = [(50, 1_024), (100, 512), (200, 256), (400, 128), (800, 64), (1_000, 32)];
    let tiers = tiers.map(|(up_to_nodes, ports)| Tier { ports, up_to_nodes }).to_vec();
    evidence.quota = Some(Quota { ports: 1_024, known: false, tiers, least: 0 });
}

#[test]
fn row_1_no_number_of_its_own() {
    let ruled = decide(&hot(2_000, |it| {
        it.quota = None;
        it.metric = Some(Metric { failed: 3, used: 0 });
    }));
    assert_eq!((ruled.outcome.row, ruled.outcome.state, ruled.outcome.reason), (1, CannotTell, SharedPorts));
    assert_eq!((ruled.ports, ruled.missing), (None, vec![Missing::Allocation]), "the path is known");
}

#[test]
fn row_2_the_nat_s_own_count_goes_before_all_that_is_seen() {
    for (failed, used, state) in
        [(0, 0, NotByThisNode), (0, 749, NotByThisNode), (0, 750, AtRisk), (1, 0, Exhausted), (9, 999, Exhausted)]
    {
        for mut evidence in [calm(), full(1_000), full(1_200), rising(2_000.0)] {
            evidence.metric = Some(Metric { failed, used });
            let ruled = decide(&evidence);
            assert_eq!((ruled.outcome.row, ruled.outcome.state), (2, state), "{failed} failed, {used} used");
            assert_eq!((ruled.outcome.reason, ruled.outcome.strength), (Reason::Metric, Strength::Confirmed));
            assert_eq!(ruled.missing, []);
        }
    }
    let more = decide(&with(|it| it.metric = Some(Metric { failed: 0, used: 1_500 })));
    assert_eq!(more.outcome.measured_allocation_at_least, Some(1_500));
}

#[test]
fn row_3_more_than_there_is() {
    assert_eq!(number(&full(1_100)), 4);
    assert_eq!(row(&full(1_101)), (3, CannotTell, AllocationDisproved));
    let open = |open| hot(1_000, |it| it.dests[0].open = open);
    assert_ne!(number(&open(1_000)), 3);
    let ruled = decide(&open(1_001));
    assert_eq!((ruled.outcome.row, ruled.outcome.strength), (3, Strength::Confirmed));
    assert_eq!(ruled.outcome.measured_allocation_at_least, Some(1_001));
    assert!(ruled.missing.contains(&Missing::Allocation), "although somebody says it");
    let held = decide(&full(1_101)).outcome;
    assert_eq!((held.strength, held.measured_allocation_at_least), (Strength::High, None), "or the hold is shorter");
    // Whichever of the destinations it is.
    let second = with(|it| {
        it.dests[0] = Dest { hang_resent: 9, ..dest("a", 1_000) };
        it.dests[1] = dest("b", 1_101);
    });
    assert_eq!((number(&second), decide(&second).outcome.dest), (3, Some(1)));
}

#[test]
fn row_4_at_the_limit_and_connects_hang_while_others_are_reached() {
    for (held, expected) in [(899, 7), (900, 4), (970, 4), (1_000, 4), (1_100, 4)] {
        assert_eq!(number(&full(held)), expected, "{held}");
    }
    let ruled = decide(&full(1_000));
    assert_eq!((ruled.outcome.state, ruled.outcome.reason), (Exhausted, CeilingAndFailures));
    assert_eq!((ruled.outcome.strength, ruled.missing), (Strength::High, vec![Missing::Path]));
    let hang = |hang| hot(940, |it| it.dests[0].hang_resent = hang);
    assert_eq!((number(&hang(4)), number(&hang(5))), (7, 4));
    assert_eq!(number(&hot(940, |it| it.dests[0].hang = 50)), 7, "not sent again: they may be on their way");
    // Three others in one minute of those, and the destination itself.
    let reached = |reached: Vec<u32>| {
        let mut evidence = full(940);
        evidence.trace.as_mut().unwrap().reached = reached;
        number(&evidence)
    };
    assert_eq!((reached(vec![3; 10]), reached(vec![]), reached(vec![0, 3, 4])), (7, 7, 4));
    let mut evidence = full(940);
    evidence.dests[0].course.opened = vec![0; 20];
    assert_eq!(number(&evidence), 7, "the destination was not reached");
    evidence.dests[0].course.opened[2] = 1;
    assert_eq!(number(&evidence), 4);
    evidence.trace.as_mut().unwrap().reached = [4, 3, 4].to_vec();
    assert_eq!(number(&evidence), 7, "in another minute");
    // Below the limit in the minute in which others were reached.
    let mut evidence = full(940);
    evidence.dests[0].course.held[..10].fill(899);
    evidence.trace.as_mut().unwrap().reached = [4, 4, 4, 4, 4, 3, 3, 3, 3, 3].to_vec();
    assert_eq!(number(&evidence), 7);
    evidence.dests[0].course.held[9] = 900;
    assert_eq!(number(&evidence), 4);
    // Nor without a course.
    evidence.dests[0].course = Course::default();
    assert_eq!(number(&evidence), 7);
}

#[test]
fn row_4_by_snapshots_alone() {
    let alone = |held, answers: usize| {
        let mut evidence = full(held);
        evidence.trace = None;
        evidence.dests[0].course = Course::default();
        evidence.dests[0].open = u64::from(held);
        evidence.dests.truncate(1 + answers);
        evidence
    };
    assert_eq!((number(&alone(899, 3)), number(&alone(900, 3))), (7, 4));
    assert_eq!(decide(&alone(1_000, 3)).outcome.strength, Strength::Strong);
    assert_eq!(number(&alone(1_000, 2)), 7, "two others");
    assert_eq!(number(&alone(1_001, 3)), 3, "open at once");
    let mut silent = alone(1_000, 3);
    silent.dests[0].answers = false;
    assert_eq!(number(&silent), 7);
    // What is open is held, whether or not somebody said so.
    let mut evidence = alone(1_000, 3);
    evidence.dests[0].held = 0;
    assert_eq!(number(&evidence), 4);
}

#[test]
fn row_5_others_hang_just_the_same() {
    let with = |reached, others: usize| {
        let mut evidence = full(1_000);
        evidence.trace.as_mut().unwrap().reached = vec![reached; 10];
        evidence.dests[1..=others].iter_mut().for_each(|dest| dest.hang_resent = 1);
        evidence
    };
    assert_eq!(row(&with(3, 3)), (5, CannotTell, EgressPath));
    assert_eq!(row(&with(3, 2)), (6, Exhausted, Ceiling), "two others hang");
    let spread = decide(&with(4, 3)).outcome;
    assert_eq!((spread.row, spread.strength), (4, Strength::Moderate), "hanging everywhere speaks against it");
    let mut evidence = with(3, 3);
    evidence.trace = None;
    evidence.dests[1].answers = false;
    assert_eq!(number(&evidence), 5);
    let mut evidence = with(3, 3);
    evidence.dests[0].course.opened = vec![0; 20];
    assert_eq!(number(&evidence), 7, "without the destination it is three others");
    evidence.trace.as_mut().unwrap().reached = vec![2; 10];
    assert_eq!(number(&evidence), 5);
}

#[test]
fn row_6_a_flat_ceiling_whose_failures_nobody_captured() {
    let blind = |held, change: &dyn Fn(&mut Evidence)| {
        hot(held, |it| {
            it.snapshots = None;
            change(it);
        })
    };
    let as_is = |_: &mut Evidence| ();
    assert_eq!((number(&blind(969, &as_is)), number(&blind(970, &as_is))), (7, 6));
    let ruled = decide(&blind(1_000, &as_is));
    assert_eq!((ruled.outcome.state, ruled.outcome.strength), (Exhausted, Strength::Strong));
    assert_eq!(ruled.missing, [Missing::FailedConnects, Missing::Path]);
    // The rule of resets.
    let reset = |reset| blind(1_000, &move |it: &mut Evidence| it.dests[0].held_reset = reset);
    assert_eq!((number(&reset(899)), number(&reset(900))), (7, 6));
    let mut hangs = reset(0);
    hangs.dests[0].hang_resent = 5;
    assert_eq!(number(&hangs), 4, "or connects that hang");
    // A minute on end.
    let course = |held: Vec<u32>, opened: Vec<u32>| {
        blind(1_000, &move |it: &mut Evidence| {
            it.dests[0].course =
                Course { bucket_s: 30.0, held: held.clone(), opened: opened.clone(), open: Vec::new() };
        })
    };
    assert_eq!(number(&course(vec![0, 970, 970, 0], vec![5; 4])), 6);
    assert_eq!(number(&course(vec![970, 0, 970, 969, 970], vec![5; 5])), 7, "with gaps");
    assert_eq!(number(&course(vec![0, 970, 970, 0], vec![5, 5, 0, 5])), 7, "the rise to it, and nothing more");
    assert_eq!(number(&course(vec![], vec![])), 7);
    let mut wide = course(vec![1_000], vec![1]);
    wide.dests[0].course.bucket_s = 60.0;
    assert_eq!(number(&wide), 6);
    // Looked for and not found.
    assert_eq!(number(&hot(1_000, |_| ())), 7);
    assert_eq!(number(&hot(1_000, |it| it.dests[0].hang_resent = 1)), 6);
    for less in 0..3 {
        let evidence = hot(1_000, |it| {
            let snapshots = it.snapshots.as_mut().unwrap();
            match less {
                0 => snapshots.rounds = 1,
                1 => snapshots.covers = false,
                _ => snapshots.cut = true,
            }
        });
        assert_eq!(number(&evidence), 6);
    }
}

#[test]
fn row_7_three_quarters() {
    assert_eq!(row(&hot(749, |_| ())), (10, NotByThisNode, DemandBelowTheLimit));
    assert_eq!(row(&hot(750, |_| ())), (7, AtRisk, NearTheLimit));
    // Several destinations never add up.
    let many = with(|it| it.dests = (0..20).map(|_| dest("x", 700)).collect());
    assert_eq!(number(&many), 10);
}

#[test]
fn row_8_fills_up() {
    assert_eq!(row(&rising(750.0)), (8, AtRisk, FillsUp));
    assert_eq!(number(&rising(749.9)), 11);
    assert_eq!(decide(&rising(999.0)).outcome.full_in_s, None, "it settles below the last port");
    assert_eq!(decide(&rising(1_000.0)).outcome.full_in_s, Some(280.0));
    let seconds = |seconds| {
        let mut evidence = rising(1_000.0);
        evidence.trace.as_mut().unwrap().seconds = seconds;
        evidence
    };
    assert_eq!((number(&seconds(119.9)), number(&seconds(120.0))), (11, 8));
    assert_eq!(decide(&seconds(48.0)).outcome.full_in_s, Some(280.0), "said, if it goes on");
    assert_eq!((number(&seconds(239.9)), number(&seconds(240.0))), (8, 11));
    // What closed in the minute before counts.
    let mut looks_back = seconds(179.9);
    looks_back.snapshots = Some(Snapshot { time_wait: true, rounds: 1, ..Snapshot::default() });
    assert_eq!((number(&looks_back), decide(&looks_back).look_back_s), (8, 239.9));
    looks_back.trace.as_mut().unwrap().seconds = 180.0;
    assert_eq!(number(&looks_back), 11);
    // Half of what an even rate gives to a half, and one and a half times.
    let opened = |opened: [u32; 4]| {
        let mut evidence = rising(1_000.0);
        evidence.dests[0].course.opened = opened.to_vec();
        number(&evidence)
    };
    assert_eq!((opened([25, 0, 75, 0]), opened([75, 0, 0, 25])), (8, 8));
    assert_eq!((opened([24, 0, 76, 0]), opened([76, 0, 24, 0]), opened([0; 4])), (11, 11, 11));
}

#[test]
fn row_9_hangs_where_ports_are_left() {
    let hang = |at: usize, hang: u64| with(|it| it.dests[at].hang_resent = hang);
    assert_eq!(row(&hang(0, 5)), (9, CannotTell, FailuresWithoutDemand));
    assert_eq!(decide(&hang(2, 5)).outcome.dest, Some(2), "a cold destination");
    assert_eq!(row(&hang(0, 4)), (11, CannotTell, EvidenceMissing));
    assert!(decide(&hang(0, 1)).missing.contains(&Missing::FailedConnects));
    let never = with(|it| {
        it.dests[2].hang_resent = 38;
        it.dests[2].answers = false;
    });
    assert_eq!(number(&never), 10, "a peer that nobody reached");
}

#[test]
fn row_10_takes_every_one_of_its_ingredients() {
    let ruled = decide(&calm());
    assert_eq!((ruled.outcome.row, ruled.outcome.state, ruled.outcome.strength), (10, NotByThisNode, Strength::High));
    assert_eq!((ruled.missing, ruled.look_back_s), (vec![Missing::Path], 660.0));
    let trace = |change: fn(&mut Trace)| with(|it| change(it.trace.as_mut().unwrap()));
    let snapshots = |change: fn(&mut Snapshot)| with(|it| change(it.snapshots.as_mut().unwrap()));
    let cases = [
        (with(|it| it.trace = None), Missing::FullHold),
        (trace(|trace| trace.seconds = 299.9), Missing::FullHold),
        (with(|it| it.hold_s = 660.1), Missing::FullHold),
        (trace(|trace| trace.dual_stack = false), Missing::DualStack),
        (trace(|trace| trace.lost_samples = 1), Missing::LostSamples),
        (with(|it| it.snapshots = None), Missing::FailedConnects),
        (snapshots(|it| it.rounds = 1), Missing::FailedConnects),
        (snapshots(|it| it.covers = false), Missing::SnapshotCover),
        (snapshots(|it| it.cut = true), Missing::LostSamples),
        (with(|it| it.dests[1].hang_resent = 1), Missing::FailedConnects),
        (with(|it| it.quota.as_mut().unwrap().known = false), Missing::Allocation),
    ];
    for (evidence, missing) in cases {
        let ruled = decide(&evidence);
        assert_eq!((ruled.outcome.row, ruled.outcome.state), (11, CannotTell), "{missing:?}");
        let expected: Vec<Missing> =
            if missing < Missing::Path { vec![missing, Missing::Path] } else { vec![Missing::Path, missing] };
        assert_eq!(ruled.missing, expected);
    }
    assert_eq!(number(&trace(|trace| trace.seconds = 300.0)), 10);
    assert_eq!(number(&with(|it| it.hold_s = 660.0)), 10, "the look-back is a hold");
    assert_eq!(number(&with(|it| it.dests.clear())), 10, "nothing went out");
    // A trace shorter than a hold has not seen where it settles.
    let settles = |hold_s, plateau| {
        with(|it| {
            it.hold_s = hold_s;
            it.dests[0].plateau = Some(plateau);
        })
    };
    assert_eq!((number(&settles(660.0, 749.9)), number(&settles(660.0, 750.0))), (10, 11));
    assert_eq!(decide(&settles(660.0, 750.0)).missing, [Missing::FullHold, Missing::Path]);
    assert_eq!(number(&settles(600.0, 750.0)), 10, "it saw a whole hold");
}

#[test]
fn what_is_missing_is_said_the_most_decisive_first() {
    let poor = with(|it| {
        unknown(it);
        let trace = it.trace.as_mut().unwrap();
        (trace.seconds, trace.lost_samples, trace.dual_stack) = (48.0, 2, false);
        *it.snapshots.as_mut().unwrap() = Snapshot { rounds: 1, ..Snapshot::default() };
    });
    use Missing::*;
    let all = [FailedConnects, DualStack, FullHold, Allocation, Path, SnapshotCover, LostSamples];
    assert_eq!(decide(&poor).missing, all);
}

#[test]
fn the_order_of_the_rows() {
    // One destination fills up, the other is full: the earlier row wins, not the earlier destination.
    let mut evidence = rising(2_000.0);
    evidence.dests[1] = Dest { held: 800, answers: true, ..Dest::default() };
    assert_eq!((number(&evidence), decide(&evidence).outcome.dest), (7, Some(1)));
    evidence.dests[2] = Dest { hang_resent: 7, ..dest("c", 1_000) };
    evidence.trace.as_mut().unwrap().seconds = 600.0;
    assert_eq!((number(&evidence), decide(&evidence).outcome.dest), (4, Some(2)));
    evidence.dests[3].hang_resent = 50;
    assert_eq!(number(&evidence), 4, "before row 9");
}

#[test]
fn an_unknown_pool_size_that_makes_no_difference() {
    let ruled = decide(&hot(23, unknown));
    assert_eq!((ruled.outcome.row, ruled.outcome.state), (10, NotByThisNode));
    assert_eq!((ruled.same_up_to_nodes, ruled.ports, ruled.tiers.len()), (Some(1_000), Some(1_024), 6));
    assert_eq!(ruled.missing, [Missing::Path]);
    // The node has had 400 connections at once: it is in no pool of a smaller tier.
    let open = |open| {
        decide(&hot(380, |it| {
            unknown(it);
            it.dests[0].open = open;
        }))
    };
    assert_eq!((open(383).outcome.state, open(383).same_up_to_nodes), (NotByThisNode, Some(100)));
    assert_eq!(open(256).outcome.state, CannotTell);
}

#[test]
fn an_unknown_pool_size_that_does_and_the_break_point() {
    // Three quarters of 512, 256, 128, 64 and 32.
    for (held, nodes) in
        [(25, 800), (47, 800), (48, 400), (95, 400), (96, 200), (191, 200), (192, 100), (383, 100), (384, 50)]
    {
        let ruled = decide(&hot(held, unknown));
        assert_eq!((ruled.outcome.row, ruled.outcome.state, ruled.outcome.reason), (11, CannotTell, AllocationUnknown));
        assert_eq!(ruled.same_up_to_nodes, Some(nodes), "{held}");
        assert_eq!(ruled.missing, [Missing::Allocation, Missing::Path]);
    }
    let counted = decide(&with(|it| {
        unknown(it);
        it.metric = Some(Metric { failed: 0, used: 400 });
    }));
    assert_eq!((counted.outcome.reason, counted.missing), (AllocationUnknown, vec![Missing::Allocation]));
    // Tiers of a pool whose size is known are only said.
    let mut known = hot(100, unknown);
    let quota = known.quota.as_mut().unwrap();
    (quota.known, quota.ports) = (true, 512);
    let ruled = decide(&known);
    assert_eq!((ruled.outcome.state, ruled.same_up_to_nodes), (NotByThisNode, Some(200)));
}

#[test]
fn near_the_default_of_an_unknown_pool() {
    let near = decide(&hot(800, unknown));
    assert_eq!((near.outcome.state, near.outcome.strength), (AtRisk, Strength::Moderate));
    assert_eq!((near.same_up_to_nodes, near.tiers[1].1), (Some(50), CannotTell));
    assert_eq!(near.missing, [Missing::Allocation, Missing::Path]);
    let mut full = full(1_020);
    unknown(&mut full);
    let ruled = decide(&full);
    assert_eq!((ruled.outcome.row, ruled.outcome.strength, ruled.ports), (4, Strength::High, Some(1_024)));
    assert_eq!(ruled.missing, [Missing::Path]);
}

#[test]
fn a_ceiling_with_failures_measures_the_ports() {
    let ceiling = |held: u32, change: fn(&mut Evidence)| {
        let mut evidence = full(held);
        unknown(&mut evidence);
        change(&mut evidence);
        evidence
    };
    for held in [30, 256, 700, 2_048] {
        let ruled = decide(&ceiling(held, |_| ()));
        assert_eq!((ruled.outcome.row, ruled.outcome.state, ruled.outcome.strength), (4, Exhausted, Strength::Strong));
        assert_eq!(ruled.outcome.measured_allocation_at_least, Some(u64::from(held)));
        assert_eq!((ruled.ports, ruled.tiers.len(), ruled.same_up_to_nodes), (Some(u64::from(held)), 0, None));
        assert_eq!(ruled.missing, [Missing::Path]);
    }
    assert_eq!(number(&ceiling(256, |it| it.quota.as_mut().unwrap().known = true)), 9);
    assert_eq!(number(&ceiling(256, |it| it.dests[0].hang_resent = 4)), 11);
    assert_eq!(number(&ceiling(256, |it| it.trace.as_mut().unwrap().reached.fill(3))), 9, "others are not reached");
    assert_eq!(number(&ceiling(256, |it| it.metric = Some(Metric { failed: 1, used: 0 }))), 2);
    // No ceiling: never a minute near its most.
    let peaks: fn(&mut Evidence) = |it| {
        it.dests[0].course.held.iter_mut().step_by(2).for_each(|held| *held = 248);
    };
    assert_eq!(number(&ceiling(256, peaks)), 9, "248 of 256 is below 97 %");
    // Another destination holds more: it is no ceiling of the node.
    assert_eq!(number(&ceiling(256, |it| it.dests[1] = dest("b", 300))), 9);
}

#[test]
fn a_gap_in_the_numbers_decides_nothing() {
    let empty = decide(&Evidence::default());
    assert_eq!((empty.outcome.row, empty.outcome.dest), (1, None));
    let only = Evidence { quota: calm().quota, ..Evidence::default() };
    assert_eq!(row(&only), (11, CannotTell, EvidenceMissing));
    assert_eq!(decide(&only).missing, [Missing::FailedConnects, Missing::FullHold, Missing::Path]);
}
