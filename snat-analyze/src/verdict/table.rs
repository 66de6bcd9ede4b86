//! The decision table: one function a row, and the first row that matches wins.
//!
//! Rows 3 to 8 look at one destination, for no port of one is taken from another: all destinations that need three
//! quarters of the ports, else the one that needs most. No row adds destinations up.

use std::cmp::Ordering;

use super::evidence::{Dest, Evidence, Quota, Tier, Trace};
use super::missing::missing;
use super::state::{Missing, Reason, State, Strength};

/// So many connects that were sent again and hang are no chance.
const HANG: u64 = 5;
/// So many other destinations tell a path that is dead from a destination that is.
const OTHERS: usize = 3;
/// A trace of this length shows a rate.
const RATE_S: f64 = 120.0;
/// A shorter one shows nothing of what comes.
const GLIMPSE_S: f64 = 30.0;
/// A trace of this length cannot fall into the pause of an exhausted node.
const LONG_S: f64 = 300.0;
/// So far back the sockets in TIME_WAIT tell.
const TIME_WAIT_S: f64 = 60.0;
/// Dumps of sockets that together show that nothing hangs.
pub(super) const ROUNDS: u64 = 2;

/// What a row says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Outcome {
    /// Number of the row, from 1.
    pub(crate) row: u8,
    pub(crate) state: State,
    pub(crate) reason: Reason,
    pub(crate) strength: Strength,
    /// The destination it is about, in the evidence's list.
    pub(crate) dest: Option<usize>,
    /// Seconds from the end of the trace until no port is left toward that destination, if it goes on like that.
    pub(crate) full_in_s: Option<f64>,
    /// Ports that the node had at least, whatever anybody says: a ceiling, or connections open at once.
    pub(crate) measured_allocation_at_least: Option<u64>,
}

/// What the table says of a node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ruled {
    pub(crate) outcome: Outcome,
    /// Ports that it was decided by.
    pub(crate) ports: Option<u64>,
    /// Seconds back from the end of the trace that are known of.
    pub(crate) look_back_s: f64,
    /// What it would be with every number of ports that the evidence names.
    pub(crate) tiers: Vec<(Tier, State)>,
    /// The largest pool up to which it is the same.
    pub(crate) same_up_to_nodes: Option<u64>,
    /// What would decide it, or make it surer, the most decisive first.
    pub(crate) missing: Vec<Missing>,
}

/// Says what may be concluded.
pub(crate) fn decide(evidence: &Evidence) -> Ruled {
    let look_back_s = look_back(evidence);
    let Some(quota) = &evidence.quota else {
        let outcome = row_1(evidence);
        let missing = missing(evidence, None, &outcome, false);
        return Ruled { outcome, ports: None, look_back_s, tiers: Vec::new(), same_up_to_nodes: None, missing };
    };
    let case = Case::new(evidence, quota.ports, quota.known);
    let mut outcome = first(&case);
    if let Some((case, outcome)) = measured(evidence, quota).filter(|_| !matches!(outcome.row, 2 | 4)) {
        let missing = missing(evidence, Some(&case), &outcome, true);
        let ports = Some(case.ports);
        return Ruled { outcome, ports, look_back_s, tiers: Vec::new(), same_up_to_nodes: None, missing };
    }
    let of = |tier: &Tier| first(&Case::new(evidence, tier.ports, quota.known)).state;
    let tiers: Vec<(Tier, State)> = quota.tiers.iter().map(|tier| (*tier, of(tier))).collect();
    let same = tiers.iter().take_while(|(_, state)| *state == outcome.state).last();
    let same_up_to_nodes = same.map(|(tier, _)| tier.up_to_nodes);
    let agree = in_play(evidence, quota.least, &tiers).all(|(_, state)| *state == outcome.state);
    let no_matter = quota.known || !tiers.is_empty() && agree;
    if outcome.state == State::NotByThisNode && !no_matter {
        outcome = case.says(11, State::CannotTell, Reason::AllocationUnknown, Strength::Low, outcome.dest);
    }
    let settled = match outcome.row {
        3 => false,
        // It hangs where it would with that number.
        4 => true,
        _ => quota.known || no_matter && outcome.state != State::CannotTell,
    };
    let missing = missing(evidence, Some(&case), &outcome, settled);
    Ruled { outcome, ports: Some(quota.ports), look_back_s, tiers, same_up_to_nodes, missing }
}

/// Where nobody says how many ports there are, a ceiling with failures does: row 4 by what was held.
fn measured<'a>(evidence: &'a Evidence, quota: &Quota) -> Option<(Case<'a>, Outcome)> {
    let flat = evidence.dests.iter().filter(|dest| {
        let peak = u64::from(dest.course.peak());
        !quota.known && peak > 0 && dest.hang_resent >= HANG && dest.course.has_ceiling(share(peak, 97))
    });
    let ports = flat.map(|dest| u64::from(dest.course.peak())).max()?;
    let case = Case::new(evidence, ports, true);
    let outcome = first(&case);
    let measured_allocation_at_least = Some(ports);
    let strength = outcome.strength.min(Strength::Strong);
    (outcome.row == 4).then_some((case, Outcome { strength, measured_allocation_at_least, ..outcome }))
}

/// The tiers that are possible: not those below the `least` number, and a node with more connections open at once, or
/// more ports in use, than a tier has is in none of that size.
fn in_play<'a>(
    evidence: &'a Evidence,
    least: u64,
    tiers: &'a [(Tier, State)],
) -> impl Iterator<Item = &'a (Tier, State)> {
    let open = evidence.dests.iter().map(|dest| dest.open);
    let least = open.chain(evidence.metric.map(|metric| metric.used)).max().unwrap_or(0).max(least);
    tiers.iter().filter(move |(tier, _)| tier.ports >= least)
}

/// The evidence, judged by a number of ports.
pub(super) struct Case<'a> {
    evidence: &'a Evidence,
    ports: u64,
    known: bool,
    /// The destinations that are judged.
    binding: Vec<usize>,
}

impl<'a> Case<'a> {
    fn new(evidence: &'a Evidence, ports: u64, known: bool) -> Self {
        let near = |(at, dest): (usize, &Dest)| (needed(dest) >= share(ports, 75)).then_some(at);
        let mut binding: Vec<usize> = evidence.dests.iter().enumerate().filter_map(near).collect();
        if binding.is_empty() {
            // The first one of the fullest.
            let by = |one: &(usize, &Dest), other: &(usize, &Dest)| {
                needed(one.1).partial_cmp(&needed(other.1)).unwrap_or(Ordering::Equal).then(other.0.cmp(&one.0))
            };
            binding.extend(evidence.dests.iter().enumerate().max_by(by).map(|(at, _)| at));
        }
        Self { evidence, ports, known, binding }
    }

    fn dest(&self, at: usize) -> Option<&'a Dest> {
        self.evidence.dests.get(at)
    }

    fn share(&self, percent: u64) -> f64 {
        share(self.ports, percent)
    }

    fn says(&self, row: u8, state: State, reason: Reason, strength: Strength, dest: Option<usize>) -> Outcome {
        let ends = matches!(row, 7 | 8 | 11);
        let full_in_s = dest.and_then(|at| self.dest(at)).filter(|_| ends).and_then(|dest| self.full_in(dest));
        Outcome { row, state, reason, strength, dest, full_in_s, measured_allocation_at_least: None }
    }

    /// Seconds until the last port is taken; only where it settles above the last one, and where the trace is long
    /// enough to speak of a rate at all.
    fn full_in(&self, dest: &Dest) -> Option<f64> {
        if seconds(self.evidence) < GLIMPSE_S {
            return None;
        }
        dest.plateau.filter(|plateau| *plateau >= self.ports as f64)?;
        let left = self.ports.saturating_sub(dest.held_at_end) as f64;
        dest.rate_per_s.filter(|rate| *rate > 0.0).map(|rate| left / rate).filter(|seconds| seconds.is_finite())
    }

    /// Held from 90 to 110 % of the ports, and connects hang.
    fn is_at_limit_and_hangs(&self, dest: &Dest) -> bool {
        (self.share(90)..=self.share(110)).contains(&(held(dest) as f64)) && dest.hang_resent >= HANG
    }

    /// The minutes with 90 to 110 % of the ports held: whether the destination was reached, and how many others were.
    fn at_limit(&self, dest: &Dest, trace: &Trace) -> impl Iterator<Item = (bool, usize)> {
        let minutes = dest.course.minutes(trace.reached.len(), self.share(90), self.share(110));
        let both = minutes.into_iter().zip(&trace.reached);
        both.filter(|(minute, _)| minute.held)
            .map(|(minute, reached)| (minute.opened, (*reached as usize).saturating_sub(usize::from(minute.opened))))
    }

    /// Destinations beside this one that are so.
    fn others(&self, at: usize, is: impl Fn(&Dest) -> bool) -> usize {
        self.evidence.dests.iter().enumerate().filter(|(other, dest)| *other != at && is(dest)).count()
    }

    /// Whether the trace is shorter than a hold and what is held settles near the limit: then nobody saw the most.
    pub(super) fn rises_unseen(&self) -> bool {
        let near = |dest: &Dest| dest.plateau.is_some_and(|plateau| plateau >= self.share(75));
        seconds(self.evidence) < self.evidence.hold_s && self.evidence.dests.iter().any(near)
    }

    fn high(&self) -> Strength {
        if self.known { Strength::High } else { Strength::Moderate }
    }
}

/// The first row that matches.
fn first(case: &Case<'_>) -> Outcome {
    let rows = [row_3, row_4, row_5, row_6, row_7, row_8];
    let by_dest = || rows.iter().find_map(|row| case.binding.iter().find_map(|at| row(case, *at, case.dest(*at)?)));
    row_2(case).or_else(by_dest).or_else(|| row_9(case)).or_else(|| row_10(case)).unwrap_or_else(|| row_11(case))
}

/// No node has ports of its own.
fn row_1(evidence: &Evidence) -> Outcome {
    let none = Case::new(evidence, u64::MAX, false);
    let dest = none.binding.first().copied();
    none.says(1, State::CannotTell, Reason::SharedPorts, Strength::High, dest)
}

/// The NAT has counted.
fn row_2(case: &Case<'_>) -> Option<Outcome> {
    let metric = case.evidence.metric?;
    let state = match metric.failed {
        0 if (metric.used as f64) < case.share(75) => State::NotByThisNode,
        0 => State::AtRisk,
        _ => State::Exhausted,
    };
    let outcome = case.says(2, state, Reason::Metric, Strength::Confirmed, case.binding.first().copied());
    let measured_allocation_at_least = Some(metric.used).filter(|used| *used > case.ports);
    Some(Outcome { measured_allocation_at_least, ..outcome })
}

/// More than there is: the number, the hold or the path is another one.
fn row_3(case: &Case<'_>, at: usize, dest: &Dest) -> Option<Outcome> {
    let open = dest.open > case.ports;
    if !open && held(dest) as f64 <= case.share(110) {
        return None;
    }
    let strength = if open { Strength::Confirmed } else { Strength::High };
    let outcome = case.says(3, State::CannotTell, Reason::AllocationDisproved, strength, Some(at));
    let most = case.evidence.dests.iter().map(|dest| dest.open).max();
    let measured_allocation_at_least = most.filter(|most| *most > case.ports);
    Some(Outcome { measured_allocation_at_least, ..outcome })
}

/// At the limit, connects hang, and in a minute of that others were reached, and the destination itself.
fn row_4(case: &Case<'_>, at: usize, dest: &Dest) -> Option<Outcome> {
    let reached = match &case.evidence.trace {
        None => dest.answers && case.others(at, |other| other.answers) >= OTHERS,
        Some(trace) => case.at_limit(dest, trace).any(|(opened, others)| opened && others >= OTHERS),
    };
    if !case.is_at_limit_and_hangs(dest) || !reached {
        return None;
    }
    // Ports that are short toward one destination do not make others hang.
    let spread = case.others(at, |other| other.hang_resent > 0) >= OTHERS;
    let strength = match (spread, &case.evidence.trace) {
        (true, _) => Strength::Moderate,
        (false, None) => Strength::Strong,
        (false, Some(_)) => Strength::High,
    };
    Some(case.says(4, State::Exhausted, Reason::CeilingAndFailures, strength, Some(at)))
}

/// As row 4, but others fail too.
fn row_5(case: &Case<'_>, at: usize, dest: &Dest) -> Option<Outcome> {
    let few = match &case.evidence.trace {
        None => case.others(at, |other| other.answers) < OTHERS,
        Some(trace) => {
            let most = case.at_limit(dest, trace).map(|(_, others)| others).max();
            most.is_some_and(|most| most < OTHERS)
        }
    };
    let hang = case.others(at, |other| other.hang_resent > 0) >= OTHERS;
    (case.is_at_limit_and_hangs(dest) && few && hang)
        .then(|| case.says(5, State::CannotTell, Reason::EgressPath, Strength::Moderate, Some(at)))
}

/// A flat ceiling at the limit while connects go on, and what failed was not captured. A reset gives its port back
/// early; so the ceiling has to be there also if every close was one.
fn row_6(case: &Case<'_>, at: usize, dest: &Dest) -> Option<Outcome> {
    let looked_for = has_cover(case.evidence) && dest.hang_resent == 0;
    let is = !looked_for
        && held_reset(dest) as f64 >= case.share(90)
        && held(dest) as f64 >= case.share(97)
        && dest.course.has_ceiling(case.share(97));
    is.then(|| case.says(6, State::Exhausted, Reason::Ceiling, Strength::Strong, Some(at)))
}

/// Three quarters of the ports or more were held.
fn row_7(case: &Case<'_>, at: usize, dest: &Dest) -> Option<Outcome> {
    (held(dest) as f64 >= case.share(75))
        .then(|| case.says(7, State::AtRisk, Reason::NearTheLimit, case.high(), Some(at)))
}

/// What is held rises evenly, and settles at three quarters of the ports or above.
fn row_8(case: &Case<'_>, at: usize, dest: &Dest) -> Option<Outcome> {
    let seconds = seconds(case.evidence);
    let is = look_back(case.evidence) < case.evidence.hold_s
        && dest.plateau.is_some_and(|plateau| plateau >= case.share(75))
        && seconds >= RATE_S
        && dest.course.is_even(seconds);
    is.then(|| case.says(8, State::AtRisk, Reason::FillsUp, Strength::Moderate, Some(at)))
}

/// Connects hang where ports are left: to any destination, for it is the row that says that it was not the ports.
fn row_9(case: &Case<'_>) -> Option<Outcome> {
    let at = case.evidence.dests.iter().position(|dest| dest.answers && dest.hang_resent >= HANG)?;
    Some(case.says(9, State::CannotTell, Reason::FailuresWithoutDemand, Strength::Moderate, Some(at)))
}

/// Few ports for longer than a hold, seen by two kinds of sources of which one would show failures, and none is there.
/// That the answer is the same for every number of ports in play is seen to by [`decide`].
fn row_10(case: &Case<'_>) -> Option<Outcome> {
    let evidence = case.evidence;
    let traced = evidence.trace.as_ref().is_some_and(|trace| trace.dual_stack && trace.lost_samples == 0);
    let few = evidence.dests.iter().all(|dest| (held(dest) as f64) < case.share(75));
    let is = traced
        && has_cover(evidence)
        && has_full_hold(evidence)
        && few
        && !case.rises_unseen()
        && !answering_hang(evidence);
    let dest = case.binding.first().copied();
    is.then(|| case.says(10, State::NotByThisNode, Reason::DemandBelowTheLimit, Strength::High, dest))
}

/// Nothing decides it.
fn row_11(case: &Case<'_>) -> Outcome {
    let dest = case.binding.first().copied();
    case.says(11, State::CannotTell, Reason::EvidenceMissing, Strength::Low, dest)
}

/// Whether sockets were dumped everywhere, whole, and often enough to show that nothing hangs.
fn has_cover(evidence: &Evidence) -> bool {
    evidence.snapshots.is_some_and(|snapshots| snapshots.covers && !snapshots.cut && snapshots.rounds >= ROUNDS)
}

/// Whether the trace, and what sockets tell of the time before it, is longer than a hold, and than the pause of an
/// exhausted node.
pub(super) fn has_full_hold(evidence: &Evidence) -> bool {
    seconds(evidence) >= LONG_S && look_back(evidence) >= evidence.hold_s
}

/// Whether a connect hangs to a destination that answers.
pub(super) fn answering_hang(evidence: &Evidence) -> bool {
    evidence.dests.iter().any(|dest| dest.answers && dest.hang_resent > 0)
}

fn look_back(evidence: &Evidence) -> f64 {
    let time_wait = evidence.snapshots.is_some_and(|snapshots| snapshots.time_wait);
    seconds(evidence) + if time_wait { TIME_WAIT_S } else { 0.0 }
}

fn seconds(evidence: &Evidence) -> f64 {
    evidence.trace.as_ref().map_or(0.0, |trace| trace.seconds)
}

/// Held at once, at most. What is open is held, also where no trace says so.
fn held(dest: &Dest) -> u64 {
    dest.held.max(dest.open)
}

fn held_reset(dest: &Dest) -> u64 {
    dest.held_reset.max(dest.open)
}

fn needed(dest: &Dest) -> f64 {
    dest.plateau.unwrap_or(0.0).max(held(dest) as f64)
}

/// So many percent of the ports.
fn share(ports: u64, percent: u64) -> f64 {
    ports as f64 * percent as f64 / 100.0
}
