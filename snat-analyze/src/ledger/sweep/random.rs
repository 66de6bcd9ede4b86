//! Random logs, small and full of accidents: the sweep against the oracle.

use std::collections::BTreeMap;
use std::net::IpAddr;

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::crew::Crew;

use super::oracle::{Oracle, solve};
use super::{Counts, Lives, Replay, Rules, SECOND, SeriesRules, Step, StepKind, Steps};

/// Times stand on this grid, so that ties are common.
const UNIT: i64 = SECOND / 2;

const GROUPS: [(Option<u64>, &str); 3] = [(Some(1), "10.0.0.1"), (Some(1), "10.0.0.2"), (None, "10.0.0.1")];
/// The two families, a destination that costs nothing, two ports of one address.
const DESTS: [(&str, u16, bool); 5] = [
    ("20.0.0.1", 443, true),
    ("20.0.0.1", 80, true),
    ("10.1.1.1", 443, false),
    ("2001:db8::1", 443, true),
    ("20.0.0.2", 443, true),
];

/// A row as the generator draws it.
#[derive(Clone, Debug)]
struct Draw {
    pause: i64,
    back: i64,
    kind: StepKind,
    group: usize,
    port: u16,
    dest: usize,
    pid: usize,
    mapped: bool,
    masked: u8,
}

fn draw() -> impl Strategy<Value = Draw> {
    let kind = prop_oneof![5 => Just(StepKind::Connect), 5 => Just(StepKind::Close), 1 => Just(StepKind::Accept)];
    let pause = prop_oneof![4 => Just(0), 4 => 1..4_i64, 1 => 4..60_i64];
    let dest = prop_oneof![6 => Just(0_usize), 5 => 1..5_usize];
    (pause, 0..=4_i64, kind, 0..3_usize, 1..4_u16, dest, 0..3_usize, prop::bool::weighted(0.15), 0..60_u8).prop_map(
        |(pause, back, kind, group, port, dest, pid, mapped, masked)| Draw {
            pause,
            back,
            kind,
            group,
            port,
            dest,
            pid,
            mapped,
            masked,
        },
    )
}

/// Rows in the order of a log: each at most two seconds behind the newest before it.
fn log(draws: &[Draw], timed: bool, mesh: bool) -> Vec<Step> {
    let mut newest = -3 * SECOND;
    let mut steps = Vec::new();
    for (line, draw) in draws.iter().enumerate() {
        newest += draw.pause * UNIT;
        let (netns, saddr) = GROUPS[draw.group];
        let (daddr, dport, public) = DESTS[draw.dest];
        let daddr: IpAddr = daddr.parse().unwrap();
        steps.push(Step {
            time: (timed && draw.masked != 1).then_some(newest - draw.back * UNIT),
            line: line as u64 + 2,
            kind: draw.kind,
            family: Some(if draw.mapped || daddr.is_ipv6() { 6 } else { 4 }),
            netns,
            saddr: Some(saddr.parse().unwrap()),
            sport: (draw.masked != 2).then_some(if draw.masked == 3 { 0 } else { draw.port }),
            daddr: (draw.masked != 4).then_some(daddr),
            dport: Some(dport),
            group: draw.group,
            cell: draw.group * 3 + draw.pid,
            public,
            // One process of each group.
            proxy: mesh && draw.pid == 2,
        });
    }
    steps
}

fn rules() -> impl Strategy<Value = Rules> {
    let hold = prop_oneof![Just(1), Just(UNIT), Just(3 * SECOND), Just(15 * SECOND), Just(30 * SECOND)];
    let edge = || prop::option::weighted(0.25, (-10..80_i64).prop_map(|at| at * UNIT));
    let idle = || prop::option::weighted(0.5, (0..40_i64).prop_map(|idle| idle * UNIT));
    (prop::collection::vec(hold, 1..5), edge(), edge(), idle(), 1..5_u32, 1..9_usize, 1..9_i64).prop_map(
        |(holds, since, until, idle, at_least, buckets, bucket)| Rules {
            holds,
            since,
            until,
            idle,
            series: SeriesRules { bucket: bucket * UNIT, buckets, at_least, keep: 64, parts: 100_000 },
            ..Rules::default()
        },
    )
}

/// Every number of the sweep is the oracle's.
pub(super) fn check(steps: &[Step], rules: &Rules) {
    let mut told = Steps::new(rules);
    steps.iter().for_each(|step| told.step(*step));
    let (all, mesh) = told.finish_both();
    same(all, solve(steps, rules, false));
    assert_eq!(mesh.is_some(), steps.iter().any(|step| step.proxy && step.kind == StepKind::Connect));
    mesh.into_iter().for_each(|mesh| same(mesh, solve(steps, rules, true)));
}

fn same(mut got: Replay, want: Oracle) {
    assert_eq!(got.counts, want.counts);
    got.spots.sort_by_key(|spot| spot.place);
    assert_eq!(got.spots, want.spots);
    for (got, want) in got.expected_used_ports.iter().zip(want.expected_used_ports) {
        assert_eq!(got.unwrap_or_default(), want, "expected used ports");
    }
    let sorted = |(group, lives): (usize, &Lives)| {
        let Lives::Exact(lives) = lives else { panic!("few lives") };
        let mut lives = lives.clone();
        lives.sort_unstable();
        (group, lives)
    };
    let lives = got.lives.iter().enumerate().map(sorted).filter(|(_, lives)| !lives.is_empty());
    assert_eq!(lives.collect::<BTreeMap<usize, Vec<u64>>>(), want.lives);
    let doubles: BTreeMap<(usize, usize), u64> = got.doubles.iter().copied().filter(|(_, count)| *count > 0).collect();
    assert_eq!(doubles, want.doubles);
    assert_eq!(got.reached, want.reached);
    let timeline = got.timeline.clone().unwrap_or_default();
    assert_eq!(timeline.series, want.series);
    assert!(timeline.series.is_empty() || timeline.width == want.width);
    for spot in &got.spots {
        let sum = |shares: &[super::Share]| shares.iter().map(|share| share.held.at_node_peak).sum::<u32>();
        let peak = spot.held.first().map_or(0, |held| held.peak);
        assert_eq!((sum(&spot.groups), sum(&spot.cells)), (peak, peak), "parts add up");
        for group in &spot.groups {
            let of = spot.cells.iter().filter(|cell| cell.of / 3 == group.of).copied().collect::<Vec<_>>();
            assert_eq!(sum(&of), group.held.at_node_peak, "processes add up to their group");
        }
    }
}

proptest! {
    // PROPTEST_CASES asks for more.
    #![proptest_config({
        let asked = ProptestConfig::default();
        ProptestConfig { cases: asked.cases.max(2_000), failure_persistence: None, ..asked }
    })]

    #[test]
    fn the_sweep_is_the_oracle(
        draws in prop::collection::vec(draw(), 1..70),
        timed in prop::bool::weighted(0.9),
        mesh in prop::bool::weighted(0.4),
        rules in rules(),
    ) {
        check(&log(&draws, timed, mesh), &rules);
    }
}

/// Where rows are handed over, and to whom, shows in nothing.
#[test]
fn pieces_do_not_show() {
    let (mut runner, mut doubles) = (proptest::test_runner::TestRunner::deterministic(), 0);
    for at in 0..12 {
        let draws = prop::collection::vec(draw(), 3_000..3_001).new_tree(&mut runner).unwrap().current();
        let rules = rules().new_tree(&mut runner).unwrap().current();
        let mut steps = log(&draws, at % 4 > 0, true);
        // The first proxy comes when much has been handed over already.
        let half = steps.len() / 2;
        steps.iter_mut().take(half).for_each(|step| step.proxy = false);
        let found = |most: usize, apart: bool| {
            let mut told = Steps::new(&rules).cut(most, apart);
            steps.iter().for_each(|step| told.step(*step));
            told.finish_both()
        };
        let want = found(usize::MAX, false);
        doubles += want.1.iter().map(|mesh| mesh.doubles.len()).sum::<usize>();
        let want = format!("{want:?}");
        for (most, apart) in [(1, false), (7, false), (64, true), (512, false), (512, true), (1, true)] {
            assert_eq!(format!("{:?}", found(most, apart)), want, "{most} {apart}");
        }
        for threads in [1, 2, 3, 16] {
            let mut told = Steps::by(&Crew::new(threads), &rules);
            steps.iter().for_each(|step| told.step(*step));
            assert_eq!(format!("{:?}", told.finish_both()), want, "{threads} threads");
        }
    }
    assert!(doubles > 20, "{doubles}");
}

/// The generator makes the accidents that the comparison is for.
#[test]
fn accidents_happen() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut all, mut series, mut doubles) = (Counts::default(), 0, 0);
    for _ in 0..200 {
        let draws = prop::collection::vec(draw(), 1..70).new_tree(&mut runner).unwrap().current();
        let rules = rules().new_tree(&mut runner).unwrap().current();
        let mut told = Steps::new(&rules).with_mesh();
        log(&draws, true, true).into_iter().for_each(|step| told.step(step));
        let found = told.finish_both().1.unwrap();
        assert_eq!(found.counts.late, 0, "within the window");
        let counts = found.counts;
        all.reopened += counts.reopened;
        all.reused += counts.reused;
        all.inbound += counts.inbound;
        all.inbound_guessed += counts.inbound_guessed;
        all.lone_mapped += counts.lone_mapped;
        all.lone_plain += counts.lone_plain;
        all.unkeyed += counts.unkeyed;
        doubles += found.doubles.iter().map(|(_, count)| count).sum::<u64>();
        series += found.timeline.map_or(0, |timeline| timeline.series.len());
    }
    let least =
        [all.reopened, all.reused, all.inbound, all.inbound_guessed, all.lone_mapped, all.lone_plain, all.unkeyed];
    assert!(least.iter().all(|count| *count >= 20) && series > 200 && doubles > 60, "{all:?} {doubles}");
}
