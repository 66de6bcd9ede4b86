//! Small logs whose answer is known, the rates of the model, and that memory does not follow the log's length.

use std::net::IpAddr;

use super::{Peak, Place, Replay, Rules, SECOND, SeriesRules, Size, Step, StepKind, Steps};

const MS: i64 = 1_000_000;

fn dest() -> Place {
    Place::Dest { addr: "20.0.0.1".parse().unwrap(), port: 443 }
}

/// A row of the first group and process, to the one destination.
fn row(time: i64, line: u64, kind: StepKind, sport: u16) -> Step {
    Step {
        time: Some(time),
        line,
        kind,
        family: Some(4),
        netns: Some(1),
        saddr: Some("10.0.0.1".parse().unwrap()),
        sport: Some(sport),
        daddr: Some("20.0.0.1".parse().unwrap()),
        dport: Some(443),
        group: 0,
        cell: 0,
        public: true,
        proxy: false,
    }
}

fn holds(seconds: &[i64]) -> Rules {
    Rules { holds: seconds.iter().map(|hold| hold * SECOND).collect(), ..Rules::default() }
}

fn replay(rules: &Rules, steps: &[Step]) -> Replay {
    let mut sweep = Steps::new(rules);
    steps.iter().for_each(|step| sweep.step(*step));
    sweep.finish()
}

/// Connections of a millisecond, one every `gap` ns, for `length` ns; each local port rests longer than any hold.
fn churn(rules: &Rules, gap: i64, length: i64) -> Replay {
    let mut sweep = Steps::new(rules);
    for at in 0..length / gap {
        let (time, line, sport) = (at * gap, at as u64 * 2, (at % 60_000) as u16 + 1_024);
        sweep.step(row(time, line, StepKind::Connect, sport));
        sweep.step(row(time + MS, line + 1, StepKind::Close, sport));
    }
    sweep.finish()
}

fn held(replay: &Replay, hold: usize) -> Peak {
    replay.spot(dest()).unwrap().held[hold]
}

#[test]
fn the_rates_that_fill_an_allocation() {
    // Ports, and the rates that the model prints for 240 s and for 15 s.
    for (ports, fin, rst) in [
        (1_024, 4.27, 68.0),
        (512, 2.13, 34.0),
        (256, 1.07, 17.0),
        (128, 0.53, 8.5),
        (64, 0.27, 4.3),
        (32, 0.13, 2.1),
        (3_200, 13.3, 213.3),
    ] {
        for (hold, printed) in [(240, fin), (15, rst)] {
            let gap = hold * SECOND / ports;
            let exact = churn(&holds(&[hold]), gap, 2 * hold * SECOND);
            assert!((i64::from(held(&exact, 0).peak) - ports).abs() <= 1, "{ports} ports, {hold} s");
            assert_eq!(exact.expected_used_ports[0].map(|used| used.peak), Some(held(&exact, 0).peak));
            let gap = (1e9 / printed) as i64;
            let peak = f64::from(held(&churn(&holds(&[hold]), gap, 2 * hold * SECOND), 0).peak);
            assert!((peak - printed * hold as f64).abs() <= 1.0, "{printed}/s, {hold} s: {peak}");
        }
    }
}

#[test]
fn a_short_trace_shows_less_than_the_plateau() {
    let found = churn(&holds(&[240, 15]), SECOND * 10 / 43, 60 * SECOND);
    let spot = found.spot(dest()).unwrap();
    assert_eq!(spot.held[0].peak, 258, "4.3/s for 60 s");
    let plateau = found.plateau(spot.open.now, spot.closes, found.holds[0]).unwrap();
    assert!((plateau - 1_032.0).abs() < 6.0, "{plateau}");
    assert!((64..=66).contains(&spot.held[1].peak), "a reset keeps a port for 15 s");
}

#[test]
fn a_port_goes_over_to_who_opens_the_4_tuple_again() {
    let mut steps = vec![
        row(0, 2, StepKind::Connect, 1),
        row(SECOND, 3, StepKind::Close, 1),
        Step { cell: 1, ..row(9 * SECOND, 4, StepKind::Connect, 1) },
    ];
    let found = replay(&holds(&[240, 5]), &steps);
    let spot = found.spot(dest()).unwrap();
    assert_eq!((spot.held[0].peak, spot.held[0].at), (1, Some(0)), "one port");
    assert_eq!(spot.cells.iter().map(|cell| cell.held.now).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(spot.cells.iter().map(|cell| cell.held.at_node_peak).collect::<Vec<_>>(), [1, 0]);
    assert_eq!((found.counts.reused, found.counts.reopened), (1, 0));
    steps.push(row(10 * SECOND, 5, StepKind::Connect, 1));
    assert_eq!(replay(&holds(&[240]), &steps).counts.reopened, 1, "its close is lost");
}

#[test]
fn times_may_be_as_far_apart_as_can_be_printed() {
    for (first, last) in
        [(-1, i64::MAX), (i64::MIN + 1, i64::MAX), (i64::MIN + 1, 0), (-(1 << 62), i64::MAX), (0, i64::MAX)]
    {
        let steps = [
            row(first, 2, StepKind::Connect, 1),
            row(first, 3, StepKind::Close, 1),
            row(first, 4, StepKind::Connect, 2),
            row(last, 5, StepKind::Connect, 3),
            row(last, 6, StepKind::Close, 3),
        ];
        let series = SeriesRules { at_least: 1, ..SeriesRules::default() };
        let found = replay(&Rules { series, ..holds(&[240, 5]) }, &steps);
        assert_eq!((held(&found, 0).peak, held(&found, 0).at), (2, Some(first)), "{first} to {last}");
        assert_eq!((found.counts.connects, found.counts.closes), (3, 2));
        let values =
            &found.timeline.as_ref().unwrap().series.iter().find(|series| series.place == dest()).unwrap().values;
        assert_eq!((values[0].held, values[0].opened), (2, 2), "{first} to {last}");
        assert_eq!(values.last().map(|bucket| (bucket.held, bucket.opened)), Some((2, 1)), "{first} to {last}");
        // The one that stays open, in between.
        assert!(values[1..values.len() - 1].iter().all(|bucket| (bucket.held, bucket.opened) == (1, 0)));
    }
}

#[test]
fn a_hold_that_ends_makes_room_before_the_open_of_that_instant() {
    let steps = [
        row(0, 2, StepKind::Connect, 1),
        row(SECOND, 3, StepKind::Close, 1),
        row(6 * SECOND, 4, StepKind::Connect, 2),
        row(6 * SECOND, 5, StepKind::Close, 1),
    ];
    let found = replay(&holds(&[5]), &steps);
    assert_eq!(held(&found, 0), Peak { now: 1, peak: 1, at: Some(0) });
    assert_eq!(found.counts.lone_plain, 1, "a close behind the hold stands alone");
}

#[test]
fn closes_alone_count_by_their_kind() {
    let mapped = |time, line, sport| Step { family: Some(6), ..row(time, line, StepKind::Close, sport) };
    let steps = [
        row(0, 2, StepKind::Accept, 80),
        row(1, 3, StepKind::Close, 80),
        mapped(2, 4, 80),
        mapped(3, 5, 1),
        row(4, 6, StepKind::Close, 2),
        Step { sport: None, ..row(5, 7, StepKind::Close, 2) },
    ];
    let found = replay(&holds(&[240]), &steps);
    let counts = found.counts;
    assert_eq!((counts.inbound, counts.inbound_guessed), (1, 1));
    assert_eq!((counts.lone_mapped, counts.lone_plain, counts.unkeyed), (1, 1, 1));
    let spot = found.spot(dest()).unwrap();
    assert_eq!((spot.held[0].peak, spot.held[0].at, spot.open.peak), (1, Some(3), 0));
}

/// Found by the random logs: with a hold of nothing, a port that never was held had a peak of one.
#[test]
fn a_hold_of_nothing_is_the_shortest_there_is() {
    let lone = Step { family: Some(6), ..row(0, 2, StepKind::Close, 1) };
    let found = replay(&holds(&[0]), &[lone, row(1, 3, StepKind::Connect, 2)]);
    assert_eq!(held(&found, 0), Peak { now: 1, peak: 1, at: Some(0) });
}

#[test]
fn without_time_the_order_is_known_and_nothing_else() {
    let rows = [StepKind::Connect, StepKind::Connect, StepKind::Close, StepKind::Connect];
    let step = |(at, kind)| Step { time: None, ..row(0, at as u64, kind, [1, 2, 1, 3][at]) };
    let found = replay(&holds(&[240]), &rows.into_iter().enumerate().map(step).collect::<Vec<_>>());
    let spot = found.spot(dest()).unwrap();
    assert_eq!(spot.open, Peak { now: 2, peak: 2, at: None });
    assert!(spot.held.is_empty() && found.window.is_none() && found.timeline.is_none() && !found.timed);
    assert!(found.expected_used_ports == [None, None] && found.plateau(2, 1, SECOND).is_none());
    assert!(found.lives.is_empty());
}

#[test]
fn a_late_row_is_applied_when_it_comes() {
    let steps = [
        row(0, 2, StepKind::Connect, 1),
        row(SECOND, 3, StepKind::Connect, 2),
        row(9 * SECOND, 4, StepKind::Connect, 3),
        row(-SECOND, 5, StepKind::Close, 1),
    ];
    let found = replay(&holds(&[5]), &steps);
    assert_eq!((found.counts.late, found.window), (1, Some((-SECOND, 9 * SECOND))));
    assert_eq!(held(&found, 0), Peak { now: 2, peak: 2, at: Some(SECOND) }, "held from 1 s to 6 s");
}

#[test]
fn only_the_window_is_measured() {
    let mut steps: Vec<Step> = (0..10).map(|at| row(at, at as u64, StepKind::Connect, at as u16 + 1)).collect();
    steps.extend((0..10).map(|at| row(SECOND + at, 10 + at as u64, StepKind::Close, at as u16 + 1)));
    steps.push(row(30 * SECOND, 30, StepKind::Connect, 1));
    let window = |since, until| Rules { since: Some(since), until: Some(until), ..holds(&[5]) };
    let found = replay(&window(3 * SECOND, 20 * SECOND), &steps);
    let spot = found.spot(dest()).unwrap();
    assert_eq!((spot.connects, spot.open.peak), (0, 0));
    assert_eq!(spot.held[0], Peak { now: 0, peak: 10, at: Some(3 * SECOND) }, "what stood when it began");
    assert_eq!((spot.groups[0].held.peak, spot.groups[0].held.at_node_peak), (10, 10));
    assert_eq!(found.window, Some((3 * SECOND, 20 * SECOND)));
    assert_eq!(replay(&window(60 * SECOND, 90 * SECOND), &steps).window, None);
}

/// Rows at a constant rate, 100 connections a second: four processes, eight destinations, inbound calls between.
fn stream(sweep: &mut Steps, rows: std::ops::Range<u64>) {
    let addrs: Vec<IpAddr> = (1..=8).map(|at| format!("20.0.0.{at}").parse().unwrap()).collect();
    for line in rows {
        let (at, time) = (line / 2, line as i64 * 5 * MS);
        let kind = match (line % 2, at % 50) {
            (1, _) => StepKind::Close,
            (_, 7) => StepKind::Accept,
            _ => StepKind::Connect,
        };
        let sport = if at % 50 == 7 { 80 } else { (at % 50_000) as u16 + 1_024 };
        sweep.step(Step {
            daddr: Some(addrs[at as usize % 8]),
            cell: at as usize % 4,
            ..row(time - (at % 3) as i64 * 7 * MS, line, kind, sport)
        });
    }
}

#[test]
fn a_row_may_be_of_the_last_instant_of_all() {
    let rows = |last: &[Step]| {
        let first = [row(0, 1, StepKind::Connect, 1), row(MS, 2, StepKind::Close, 1)];
        replay(&holds(&[240, 15]), &[&first, last].concat())
    };
    let found = rows(&[row(i64::MAX, 3, StepKind::Connect, 2), row(i64::MAX, 4, StepKind::Close, 2)]);
    let spot = found.spot(dest()).unwrap();
    assert_eq!((spot.connects, spot.closes, spot.open.now), (2, 2, 0));
    assert_eq!(held(&found, 0), Peak { now: 0, peak: 1, at: Some(0) });
    // With nothing in the queue of releases, too.
    let found = replay(&holds(&[240, 15]), &[row(i64::MAX, 1, StepKind::Connect, 1)]);
    assert_eq!(held(&found, 1), Peak { now: 1, peak: 1, at: Some(i64::MAX) });
}

#[test]
fn memory_follows_the_rate_and_not_the_length() {
    let rules = Rules { series: SeriesRules { buckets: 8, ..SeriesRules::default() }, ..holds(&[240, 15]) };
    let mut sweep = Steps::new(&rules);
    stream(&mut sweep, 0..200_000);
    let short = sweep.size();
    stream(&mut sweep, 200_000..2_000_000);
    let long = sweep.size();
    let even = |size: Size| Size { buckets: 0, pending: 0, ..size };
    assert_eq!(even(long), even(short));
    assert!(
        long.queue < 25_000
            && long.pending < 8_192
            && long.flows <= long.slots
            && long.slots < 70_000
            && long.buckets <= 9 * 8,
        "{long:?}"
    );
}

/// The same of one that is not public.
fn inside(step: Step) -> Step {
    Step { daddr: Some("10.9.9.9".parse().unwrap()), public: false, ..step }
}

#[test]
fn flows_beyond_the_bound_are_counted_and_take_no_port() {
    let rules = Rules { flows: 2, ..holds(&[5]) };
    let mapped = Step { family: Some(6), ..row(3, 5, StepKind::Close, 9) };
    let mut steps: Vec<Step> = (0..3).map(|at| row(at, at as u64 + 2, StepKind::Connect, at as u16 + 1)).collect();
    steps.extend([mapped, row(4, 6, StepKind::Connect, 2), row(SECOND, 7, StepKind::Close, 1)]);
    // Of the two that are known one is released; there is room for one more.
    steps.extend([8, 9].map(|line| row(7 * SECOND, line, StepKind::Connect, line as u16)));
    let found = replay(&rules, &steps);
    let spot = found.spot(dest()).unwrap();
    assert_eq!((found.counts.beyond, found.counts.connects), (3, 6), "the third, the close alone, and the last");
    assert_eq!((spot.connects, spot.held[0].peak, spot.held[0].now, spot.lone_mapped), (6, 2, 2, 0));
    assert_eq!(found.counts.lone_mapped, 0);
    assert_eq!(spot.cells.iter().map(|cell| cell.held.now).sum::<u32>(), 2);
}

#[test]
fn others_do_not_take_the_room_of_flows_to_public_destinations() {
    let steps = (0..6).map(|at| row(at, at as u64 + 2, StepKind::Connect, at as u16 + 1));
    let steps: Vec<Step> = steps.map(|step| if step.sport <= Some(3) { inside(step) } else { step }).collect();
    for (flows, beyond) in [(2, 2), (3, 0)] {
        let found = replay(&Rules { flows, ..holds(&[5]) }, &steps);
        assert_eq!((found.counts.beyond, held(&found, 0).peak), (beyond, flows as u32));
    }
}

/// One process calls both kinds of destinations through the proxy.
#[test]
fn pairs_of_both_sides_are_counted_together() {
    let pair = |at: i64, sport: u16| {
        let app = row(at, at as u64, StepKind::Connect, sport);
        [app, Step { cell: 1, proxy: true, ..row(at + 1, at as u64 + 1, StepKind::Connect, sport + 1) }]
    };
    let mut steps = Steps::new(&holds(&[5]));
    pair(10, 1_000).into_iter().chain(pair(20, 2_000)).for_each(|step| steps.step(step));
    pair(30, 3_000).into_iter().for_each(|step| steps.step(inside(step)));
    let (all, mesh) = steps.finish_both();
    let mesh = mesh.unwrap();
    assert_eq!((all.doubles, mesh.doubles), (vec![], vec![((1, 0), 3)]));
    assert_eq!((mesh.counts.connects, mesh.spots.len()), (6, 3));
}

/// Who called from outside and who called from within find the same port.
#[test]
fn a_port_that_accepts_does_so_on_both_sides() {
    let (public, other) = (|step: Step| step, inside);
    for (calls, closes) in [(public as fn(Step) -> Step, other as fn(Step) -> Step), (other, public)] {
        let steps = [(0, 2, StepKind::Accept, calls), (SECOND, 3, StepKind::Close, closes)];
        let steps = steps.map(|(time, line, kind, of)| of(row(time, line, kind, 8_080)));
        let counts = replay(&holds(&[5]), &steps).counts;
        assert_eq!((counts.accepts, counts.inbound, counts.inbound_guessed, counts.lone_plain), (1, 0, 1, 0));
    }
}

/// Connections that came in and whose close is lost do not pile up; the close of a forgotten one is known by its port.
#[test]
fn accepted_flows_are_bounded() {
    let mut sweep = Steps::new(&holds(&[240]));
    let accept = |at: i64| {
        let remote: std::net::IpAddr = std::net::Ipv4Addr::from(0x0a00_0000 + at as u32).into();
        Step { daddr: Some(remote), ..row(at * 1_000_000, at as u64 + 2, StepKind::Accept, 8080) }
    };
    (0..300_000).for_each(|at| sweep.step(accept(at)));
    let size = sweep.size();
    assert!(size.flows < 70_000 && size.pending < 8_192 && size.waiting < 8_192, "{size:?}");
    for at in [5, 299_999] {
        sweep.step(Step { time: Some(400 * SECOND), line: 300_010, kind: StepKind::Close, ..accept(at) });
    }
    let counts = sweep.finish().counts;
    assert_eq!((counts.inbound, counts.inbound_guessed, counts.lone_plain), (1, 1, 0));
}

/// A connect that a proxy makes again while the longest hold alone still keeps its port: nothing is let go of twice.
#[test]
fn a_double_of_a_flow_that_most_holds_have_let_go_of() {
    let rules = Rules { holds: vec![200 * MS, 100 * MS, 10 * SECOND], ..Rules::default() };
    let proxy = Step { cell: 1, proxy: true, ..row(500 * MS, 4, StepKind::Connect, 3_000) };
    let mut steps = Steps::new(&rules);
    steps.step(row(0, 1, StepKind::Connect, 1_000));
    steps.step(row(50 * MS, 2, StepKind::Close, 1_000));
    steps.step(row(100 * MS, 3, StepKind::Connect, 2_000));
    steps.step(proxy);
    let (all, mesh) = steps.finish_both();
    let now = |replay: &Replay| [0, 1, 2].map(|hold| held(replay, hold).now);
    assert_eq!((now(&all), now(&mesh.unwrap())), ([2, 2, 3], [2, 2, 2]));
}
