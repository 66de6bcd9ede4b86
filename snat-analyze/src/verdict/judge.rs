//! Evidence and the table to what the report says.

use crate::ledger::Remote;
use crate::rank::{Call, rounded};
use crate::report::{Numbers, TierVerdict, Verdict, Window};

use super::Dest;
use super::gather::{Gathered, Sources, gather};
use super::state::Missing;
use super::table::{Ruled, decide};

/// The verdict on one address family.
pub(crate) struct Judged {
    gathered: Gathered,
    ruled: Ruled,
}

/// A destination that takes this part of the node's ports decides, however full another one is.
const BINDING: f64 = 0.75;

/// The verdicts, IPv4 first.
pub(crate) fn judge(sources: &Sources<'_>) -> Vec<Judged> {
    let judged = |gathered: Gathered| Judged { ruled: decide(&gathered.evidence), gathered };
    gather(sources).into_iter().map(judged).collect()
}

/// What the ranking goes by.
pub(crate) fn call(judged: &[Judged]) -> Call {
    let want = |held: u64, plateau: Option<f64>| (held as f64).max(plateau.unwrap_or(0.0));
    let mut all: Vec<(f64, bool, Remote)> = Vec::new();
    for Judged { gathered, ruled } in judged {
        let limit = ruled.ports.map(|ports| ports as f64 * BINDING);
        for (dest, remote) in gathered.evidence.dests.iter().zip(&gathered.remotes) {
            let want = want(dest.held, dest.plateau);
            all.push((want, limit.is_some_and(|limit| want >= limit), *remote));
        }
    }
    let mut binding: Vec<Remote> = all.iter().filter(|(_, binds, _)| *binds).map(|(_, _, remote)| *remote).collect();
    if binding.is_empty() {
        let fullest = all.iter().max_by(|a, b| a.0.total_cmp(&b.0).then(b.2.cmp(&a.2)));
        binding.extend(fullest.map(|(_, _, remote)| *remote));
    }
    let short = |judged: &Judged| judged.ruled.look_back_s < judged.gathered.evidence.hold_s;
    Call { binding, settles: judged.iter().any(|judged| judged.gathered.evidence.trace.is_some() && short(judged)) }
}

/// What keeps the verdict from being better, of all families, the most decisive first.
pub(crate) fn missing(judged: &[Judged]) -> Vec<Missing> {
    let mut found: Vec<Missing> = Vec::new();
    for missing in judged.iter().flat_map(|judged| &judged.ruled.missing) {
        if !found.contains(missing) {
            found.push(*missing);
        }
    }
    found
}

impl Judged {
    /// Public destinations of the family, the one that matters most first.
    pub(crate) fn dests(&self) -> impl Iterator<Item = (&Dest, Remote)> {
        self.gathered.evidence.dests.iter().zip(self.gathered.remotes.iter().copied())
    }

    pub(crate) fn report(&self) -> Verdict {
        let Self { gathered, ruled } = self;
        let (evidence, outcome) = (&gathered.evidence, &ruled.outcome);
        let dest = outcome.dest.and_then(|at| evidence.dests.get(at)).or(evidence.dests.first());
        let window = evidence.trace.as_ref().map(|trace| Window {
            from_s: rounded(trace.window.0),
            to_s: rounded(trace.window.1),
            seconds: rounded(trace.seconds),
        });
        let mut numbers = Numbers {
            ports: ruled.ports,
            ports_known: evidence.quota.as_ref().is_some_and(|quota| quota.known),
            tiers: ruled
                .tiers
                .iter()
                .map(|(tier, state)| TierVerdict { ports: tier.ports, up_to_nodes: tier.up_to_nodes, state: *state })
                .collect(),
            same_up_to_nodes: ruled.same_up_to_nodes,
            look_back_s: rounded(ruled.look_back_s),
            hold_s: evidence.hold_s,
            full_in_s: outcome.full_in_s.map(rounded),
            ..Numbers::default()
        };
        numbers.held_most = evidence.dests.iter().map(|dest| dest.held.max(dest.open)).max().unwrap_or(0);
        if let Some(dest) = dest {
            numbers.destination = Some(dest.name.clone());
            (numbers.held, numbers.held_reset, numbers.open) = (dest.held, dest.held_reset, dest.open);
            numbers.plateau = dest.plateau.map(rounded);
            (numbers.hang, numbers.hang_resent) = (dest.hang, dest.hang_resent);
        }
        let others = || evidence.dests.iter().filter(|other| numbers.destination.as_ref() != Some(&other.name));
        let answer = others().filter(|other| other.answers).count() as u64;
        let hang = others().filter(|other| other.hang_resent > 0).count() as u64;
        (numbers.others_answer, numbers.others_hang) = (answer, hang);
        if let Some(snapshots) = evidence.snapshots {
            (numbers.snapshot_rounds, numbers.snapshots_cover) = (snapshots.rounds, snapshots.covers);
        }
        Verdict {
            proto: "tcp".to_owned(),
            family: if gathered.v6 { "ipv6" } else { "ipv4" }.to_owned(),
            state: outcome.state,
            reason: outcome.reason,
            confidence: outcome.strength,
            row: outcome.row,
            window,
            numbers,
            measured_allocation_at_least: outcome.measured_allocation_at_least,
        }
    }
}
