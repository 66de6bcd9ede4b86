//! The same answers by brute force: one object a port taken, asked again at every instant. Slow, and written down from
//! the rules alone.

use std::collections::{BTreeMap, BTreeSet};

use super::{Bucket, Counts, Part, Peak, Place, Rules, Series, Share, Spot, Step, StepKind};

/// Ends of a flow, with everything that tells flows apart.
type Key = (Option<u64>, String, u16, String, u16);

/// A port taken by a row: a connect, or the lone close of a v4-mapped socket.
struct Taken {
    key: Key,
    spots: Vec<Place>,
    group: usize,
    cell: usize,
    /// Row that took it.
    row: usize,
    is_connect: bool,
    /// Row that closed the flow.
    closed: Option<usize>,
    /// The next row that took a port for the same flow: from there on the port is that one's.
    next: Option<usize>,
    /// The row from which on it holds nothing, because a proxy makes the connect again.
    double: Option<usize>,
}

/// An instant: rows up to `rows` (exclusive) have taken effect, and `time` is what the clock shows.
#[derive(Clone, Copy, PartialEq)]
struct Instant {
    rows: usize,
    time: i64,
}

pub(super) struct Oracle {
    pub(super) counts: Counts,
    pub(super) spots: Vec<Spot>,
    pub(super) expected_used_ports: [Peak; 2],
    pub(super) width: i64,
    pub(super) series: Vec<Series>,
    /// Sorted, by group.
    pub(super) lives: BTreeMap<usize, Vec<u64>>,
    /// By the processes of the proxy and the application.
    pub(super) doubles: BTreeMap<(usize, usize), u64>,
    pub(super) reached: [Vec<u32>; 2],
}

struct World<'a> {
    rules: &'a Rules,
    timed: bool,
    /// Times of the rows.
    times: Vec<i64>,
    taken: Vec<Taken>,
}

impl World<'_> {
    fn is_open(&self, port: &Taken, at: Instant) -> bool {
        port.is_connect
            && port.row < at.rows
            && port.closed.is_none_or(|row| row >= at.rows)
            && port.double.is_none_or(|row| row >= at.rows)
            && port.next.is_none_or(|row| row >= at.rows)
    }

    fn is_held(&self, port: &Taken, at: Instant, hold: i64) -> bool {
        port.row < at.rows
            && port.double.is_none_or(|row| row >= at.rows)
            && port.next.is_none_or(|row| row >= at.rows)
            && port.closed.is_none_or(|row| row >= at.rows || at.time < self.times[row] + hold)
    }

    fn count(&self, at: Instant, hold: Option<i64>, of: impl Fn(&Taken) -> bool) -> u32 {
        let is = |port: &&Taken| of(port) && hold.map_or(self.is_open(port, at), |hold| self.is_held(port, at, hold));
        self.taken.iter().filter(is).count() as u32
    }

    fn peak(&self, instants: &[Instant], end: Instant, value: impl Fn(Instant) -> u32) -> (Peak, Option<Instant>) {
        let mut best: (u32, Option<Instant>) = (0, None);
        for at in instants {
            if value(*at) > best.0 {
                best = (value(*at), Some(*at));
            }
        }
        let at = best.1.map(|at| at.time).filter(|_| self.timed);
        (Peak { now: value(end), peak: best.0, at }, best.1)
    }
}

/// Rows with a time each (masked ones have that of the row before them), those without ends left out.
fn ordered(steps: &[Step]) -> (bool, Vec<(i64, Step)>) {
    let Some(first) = steps.iter().find_map(|step| step.time) else {
        return (false, steps.iter().map(|step| (0, *step)).collect());
    };
    let mut last = first;
    let mut rows = Vec::new();
    for step in steps {
        last = step.time.unwrap_or(last);
        rows.push((last, *step));
    }
    rows.sort_by_key(|(time, step)| (*time, step.line));
    (true, rows)
}

fn has_ends(step: &Step) -> bool {
    step.saddr.is_some() && step.daddr.is_some() && step.sport.unwrap_or(0) != 0 && step.dport.unwrap_or(0) != 0
}

/// `mesh`: without the ports of connects that a proxy makes again.
pub(super) fn solve(steps: &[Step], rules: &Rules, mesh: bool) -> Oracle {
    let (timed, rows) = ordered(steps);
    let mut counts =
        Counts { unkeyed: steps.iter().filter(|step| !has_ends(step)).count() as u64, ..Counts::default() };
    let highest = steps.iter().filter_map(|step| step.time).max().unwrap_or(0);
    let rows: Vec<(i64, Step)> = rows
        .into_iter()
        .filter(|(time, step)| has_ends(step) && (!timed || rules.until.is_none_or(|until| *time <= until)))
        .collect();
    let since = rules.since.filter(|_| timed).unwrap_or(i64::MIN);
    let inside = |time: i64| time >= since;
    let mut world = World { rules, timed, times: rows.iter().map(|row| row.0).collect(), taken: Vec::new() };

    let mut accepted: BTreeSet<Key> = BTreeSet::new();
    let mut ports: BTreeSet<(usize, u16)> = BTreeSet::new();
    let mut lives: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    let mut publics: BTreeMap<Place, bool> = BTreeMap::new();
    let mut plain: BTreeMap<Place, u64> = BTreeMap::new();
    let hold = rules.holds[0];
    let longest = *rules.holds.iter().max().unwrap();
    let mut doubles: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    // Connects that have no other of a pair yet: row, and whether a proxy's.
    let mut single: Vec<(usize, bool)> = Vec::new();
    for (at, (time, step)) in rows.iter().enumerate() {
        let key: Key = (
            step.netns,
            step.saddr.unwrap().to_string(),
            step.sport.unwrap(),
            step.daddr.unwrap().to_string(),
            step.dport.unwrap(),
        );
        let one = u64::from(inside(*time));
        let last = world.taken.iter().rposition(|port| port.key == key);
        let open = last.filter(|last| world.taken[*last].is_connect && world.taken[*last].closed.is_none());
        let dest = Place::Dest { addr: step.daddr.unwrap(), port: step.dport.unwrap() };
        let sum = Place::Sum { v6: step.daddr.unwrap().is_ipv6() };
        let mut take = |world: &mut World<'_>, is_connect: bool| {
            let public = *publics.entry(dest).or_insert(step.public);
            if let Some(last) = last {
                world.taken[last].next = Some(at);
            }
            world.taken.push(Taken {
                key: key.clone(),
                spots: if public { vec![dest, sum] } else { vec![dest] },
                group: step.group,
                cell: step.cell,
                row: at,
                is_connect,
                closed: (!is_connect).then_some(at),
                next: None,
                double: None,
            });
        };
        match step.kind {
            StepKind::Connect => {
                counts.connects += one;
                accepted.remove(&key);
                counts.reopened += one * u64::from(open.is_some());
                let way = |row: usize| {
                    let step = &rows[row].1;
                    (step.netns, step.saddr.filter(|_| step.netns.is_none()), step.daddr, step.dport)
                };
                let other = |(row, proxy): &(usize, bool)| {
                    *proxy != step.proxy && way(*row) == way(at) && rows[*row].0 >= *time - 1_000_000_000
                };
                let found = single.iter().position(other).filter(|_| mesh && timed).map(|place| single.remove(place).0);
                if found.is_none() {
                    single.push((at, step.proxy));
                }
                let app = found.filter(|_| step.proxy).and_then(|row| {
                    let kept = |closed: usize| *time < world.times[closed] + longest;
                    let is = |port: &Taken| port.row == row && port.next.is_none() && port.closed.is_none_or(kept);
                    world.taken.iter().position(is)
                });
                if let Some(app) = app {
                    world.taken[app].double = Some(at);
                    *doubles.entry((step.cell, world.taken[app].cell)).or_default() += one;
                }
                if let Some(proxy) = found.filter(|_| !step.proxy) {
                    *doubles.entry((rows[proxy].1.cell, step.cell)).or_default() += one;
                }
                let kept = |last: usize| {
                    let is = |closed: usize| *time < world.times[closed] + hold;
                    world.taken[last].double.is_none() && world.taken[last].closed.is_some_and(is)
                };
                counts.reused += one * u64::from(timed && last.is_some_and(kept));
                take(&mut world, true);
                if found.is_some() && !step.proxy {
                    world.taken.last_mut().unwrap().double = Some(at);
                }
            }
            StepKind::Accept => {
                counts.accepts += one;
                accepted.insert(key);
                ports.insert((step.group, step.sport.unwrap()));
            }
            StepKind::Close => {
                counts.closes += one;
                if let Some(open) = open {
                    world.taken[open].closed = Some(at);
                    if timed && inside(*time) {
                        let life = time - world.times[world.taken[open].row];
                        lives.entry(step.group).or_default().push(life as u64);
                    }
                } else if accepted.remove(&key) {
                    counts.inbound += one;
                } else if ports.contains(&(step.group, step.sport.unwrap())) {
                    counts.inbound_guessed += one;
                } else if step.family == Some(6) && step.daddr.unwrap().is_ipv4() {
                    counts.lone_mapped += one;
                    if timed {
                        take(&mut world, false);
                    }
                } else {
                    counts.lone_plain += one;
                    for place in if step.public { vec![dest, sum] } else { vec![dest] } {
                        if world.taken.iter().any(|port| port.spots.contains(&place)) {
                            *plain.entry(place).or_default() += one;
                        }
                    }
                }
            }
        }
    }
    lives.values_mut().for_each(|lives| lives.sort_unstable());

    // What is measured: the state at the start of the window, and the state after every row in it.
    let end_time = if timed { rules.until.unwrap_or(i64::MAX).min(highest) } else { 0 };
    let end = Instant { rows: rows.len(), time: end_time };
    let last_row = ordered(steps).1.iter().filter(|(_, step)| has_ends(step)).map(|row| row.0).max();
    let starts = last_row.is_some_and(|last| last >= since) && rules.until.is_none_or(|until| since <= until);
    let mut instants = Vec::new();
    let origin = since.max(world.times.first().copied().unwrap_or(i64::MIN));
    if timed && starts && since > i64::MIN {
        let before = world.times.iter().filter(|time| **time < origin).count();
        instants.push(Instant { rows: before, time: origin });
    }
    for (at, time) in world.times.iter().enumerate() {
        if inside(*time) {
            instants.push(Instant { rows: at + 1, time: *time });
        }
    }

    let places: BTreeSet<Place> = world.taken.iter().flat_map(|port| port.spots.clone()).collect();
    let spots =
        places.iter().map(|place| spot(&world, *place, &instants, end, &rows, since, &publics, &plain)).collect();
    let expected_used_ports = [false, true].map(|v6| used_ports(&world, v6, &instants, end));
    let mut reached: [BTreeMap<i64, BTreeSet<Place>>; 2] = Default::default();
    for port in world.taken.iter().filter(|port| port.is_connect && port.double != Some(port.row)) {
        let time = world.times[port.row];
        if timed && inside(time) && port.spots.len() == 2 {
            let v6 = matches!(port.spots[1], Place::Sum { v6: true });
            reached[usize::from(v6)].entry((time - origin) / 60_000_000_000).or_default().insert(port.spots[0]);
        }
    }
    let reached = reached.map(|minutes| {
        let last = minutes.keys().last().map_or(0, |last| *last + 1);
        (0..last).map(|minute| minutes.get(&minute).map_or(0, |dests| dests.len() as u32)).collect()
    });
    let (width, series) = if timed && !instants.is_empty() {
        timeline(&world, &places, &publics, &instants, end, origin)
    } else {
        (0, Vec::new())
    };
    doubles.retain(|_, count| *count > 0);
    Oracle { counts, spots, expected_used_ports, width, series, lives, doubles, reached }
}

#[expect(clippy::too_many_arguments, reason = "a test")]
fn spot(
    world: &World<'_>,
    place: Place,
    instants: &[Instant],
    end: Instant,
    rows: &[(i64, Step)],
    since: i64,
    publics: &BTreeMap<Place, bool>,
    plain: &BTreeMap<Place, u64>,
) -> Spot {
    let here = |port: &Taken| port.spots.contains(&place);
    let rules_idle = world.rules.idle;
    let main = world.timed.then(|| world.rules.holds[0]);
    let connects = |of: &dyn Fn(&Taken) -> bool| {
        let is = |port: &&Taken| of(port) && port.is_connect && rows[port.row].0 >= since;
        world.taken.iter().filter(is).count() as u64
    };
    let closes = |of: &dyn Fn(&Taken) -> bool| {
        let ends = |port: &Taken| port.double.is_none() && port.closed.is_some_and(|row| rows[row].0 >= since);
        let is = |port: &&Taken| of(port) && ends(port);
        world.taken.iter().filter(is).count() as u64
    };
    let (open, _) = world.peak(instants, end, |at| world.count(at, None, here));
    let held = if world.timed { world.rules.holds.clone() } else { Vec::new() };
    let held: Vec<(Peak, Option<Instant>)> =
        held.iter().map(|hold| world.peak(instants, end, |at| world.count(at, Some(*hold), here))).collect();
    let shares = |number: fn(&Taken) -> usize| {
        let all: BTreeSet<usize> = world.taken.iter().filter(|port| here(port)).map(number).collect();
        let part = |of: usize, hold: Option<i64>, at: Option<Instant>| {
            let value = |at: Instant| world.count(at, hold, |port| here(port) && number(port) == of);
            let (peak, _) = world.peak(instants, end, value);
            Part { now: peak.now, peak: peak.peak, at_node_peak: at.map_or(0, value) }
        };
        let share = |of: usize| Share {
            of,
            connects: connects(&|port| here(port) && number(port) == of),
            closes: closes(&|port| here(port) && number(port) == of),
            open: part(of, None, None).now,
            held: main.map_or(Part::default(), |main| part(of, Some(main), held[0].1)),
        };
        all.into_iter().map(share).collect::<Vec<Share>>()
    };
    let mapped = |port: &&Taken| here(port) && !port.is_connect && rows[port.row].0 >= since;
    Spot {
        place,
        public: matches!(place, Place::Sum { .. }) || publics[&place],
        connects: connects(&here),
        closes: closes(&here),
        lone_mapped: world.taken.iter().filter(mapped).count() as u64,
        lone_plain: plain.get(&place).copied().unwrap_or(0),
        open,
        past_idle: {
            let long = |port: &Taken| rules_idle.is_some_and(|idle| end.time - rows[port.row].0 > idle);
            world.count(end, None, |port| here(port) && world.timed && long(port))
        },
        held: held.iter().map(|held| held.0).collect(),
        groups: shares(|port| port.group),
        cells: shares(|port| port.cell),
    }
}

/// Numbers each port by the rule, then counts the different numbers at every instant.
fn used_ports(world: &World<'_>, v6: bool, instants: &[Instant], end: Instant) -> Peak {
    if !world.timed {
        return Peak::default();
    }
    let hold = world.rules.holds[0];
    let mut numbers: Vec<Option<u32>> = Vec::new();
    for port in &world.taken {
        if !port.spots.contains(&Place::Sum { v6 }) || port.double == Some(port.row) {
            numbers.push(None);
            continue;
        }
        let before = Instant { rows: port.row, time: world.times[port.row] };
        let earlier = |other: &&(usize, &Taken)| world.is_held(other.1, before, hold);
        let own = world.taken.iter().enumerate().filter(|(at, other)| numbers.len() > *at && other.key == port.key);
        let ended = |other: &Taken| other.double == Some(port.row);
        let kept = own.filter(|other| !ended(other.1) && earlier(&other)).find_map(|(at, _)| numbers[at]);
        let rivals: BTreeSet<u32> = world.taken[..numbers.len()]
            .iter()
            .enumerate()
            .filter(|(_, other)| other.spots[0] == port.spots[0])
            .filter(|other| !ended(other.1) && earlier(&other))
            .filter_map(|(at, _)| numbers[at])
            .collect();
        numbers.push(kept.or_else(|| (0..).find(|number| !rivals.contains(number))));
    }
    let used = |at: Instant| {
        let held = world.taken.iter().zip(&numbers).filter(|(port, _)| world.is_held(port, at, hold));
        held.filter_map(|(_, number)| *number).collect::<BTreeSet<u32>>().len() as u32
    };
    world.peak(instants, end, used).0
}

fn timeline(
    world: &World<'_>,
    places: &BTreeSet<Place>,
    publics: &BTreeMap<Place, bool>,
    instants: &[Instant],
    end: Instant,
    origin: i64,
) -> (i64, Vec<Series>) {
    let rules = &world.rules.series;
    let (mut width, mut widened) = (rules.bucket, [5, 3, 4, 5, 3, 4].into_iter());
    while (end.time - origin) / width >= rules.buckets as i64 {
        width *= widened.next().unwrap_or(2);
    }
    let bucket = |time: i64| ((time - origin) / width) as usize;
    // Where values can change: rows, releases, edges of buckets; at each the state that lasts.
    let mut times: BTreeSet<i64> = world.times.iter().copied().collect();
    times.extend(world.times.iter().map(|time| time + world.rules.holds[0]));
    times.extend((0..=bucket(end.time)).map(|at| origin + at as i64 * width));
    times.insert(end.time);
    let lasting = times.into_iter().filter(|time| (origin..=end.time).contains(time)).map(|time| {
        let rows = world.times.iter().filter(|other| **other <= time).count();
        Instant { rows, time }
    });
    let lasting: Vec<Instant> = lasting.collect();
    let mut series = Vec::new();
    for place in places {
        let is_sum = matches!(place, Place::Sum { .. });
        if !is_sum && !publics[place] {
            continue;
        }
        let here = |port: &Taken| port.spots.contains(place);
        let value = |at: Instant| [world.count(at, Some(world.rules.holds[0]), here), world.count(at, None, here)];
        // Rows that take a port of this place, and the start of the window.
        let takes = |at: &&Instant| {
            let holds = |port: &Taken| here(port) && port.double != Some(port.row);
            let by_row = |port: &Taken| holds(port) && port.row + 1 == at.rows && world.times[port.row] == at.time;
            world.taken.iter().any(by_row) || (**at == instants[0] && world.rules.since.is_some())
        };
        let raised: Vec<Instant> = instants.iter().filter(takes).copied().collect();
        let first = raised.iter().find(|at| is_sum || value(**at)[0] >= rules.at_least).copied();
        let Some(first) = first else { continue };
        let start = if is_sum { origin } else { first.time };
        let mut values = vec![Bucket::default(); bucket(end.time) + 1];
        let later = |at: &&Instant| at.time >= first.time && at.rows >= first.rows;
        let mut noted: Vec<Instant> = raised.iter().chain(&lasting).filter(later).copied().collect();
        noted.sort_by_key(|at| (at.time, at.rows));
        for at in noted {
            let (slot, [held, open]) = (&mut values[bucket(at.time)], value(at));
            slot.open = slot.open.max(open);
            if held > slot.held {
                let by = |cell: usize| {
                    let own = |port: &Taken| here(port) && port.cell == cell;
                    (cell as u32, world.count(at, Some(world.rules.holds[0]), own))
                };
                let cells: BTreeSet<usize> = world.taken.iter().map(|port| port.cell).collect();
                let parts = cells.into_iter().map(by).filter(|(_, ports)| *ports > 0).collect();
                (slot.held, slot.parts) = (held, parts);
            }
        }
        for port in world.taken.iter().filter(|port| port.is_connect && here(port) && port.double != Some(port.row)) {
            let time = world.times[port.row];
            if port.row + 1 >= first.rows && time >= world.rules.since.unwrap_or(i64::MIN) {
                values[bucket(time)].opened += 1;
            }
        }
        series.push(Series { place: *place, from: bucket(start), values });
    }
    series.sort_by_key(|series| (matches!(series.place, Place::Dest { .. }), series.place));
    (width, series)
}
