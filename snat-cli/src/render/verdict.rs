//! The verdict in words: what is concluded, by which numbers, and whom to call. Nothing is computed here that the report
//! does not hold.

use snat_analyze::report::{CannotKnow, Confidence, NodeReport, OwnerKind, Reason, State, Verdict};

use super::style::{Tone, count, percent};
use super::words;

/// The verdict that the node is headed by: the worst, and of equal ones the first.
pub(super) fn main(node: &NodeReport) -> Option<&Verdict> {
    let order = |verdict: &&Verdict| match verdict.state {
        State::Exhausted => 0,
        State::AtRisk => 1,
        State::NotByThisNode => 3,
        _ => 2,
    };
    node.verdict.iter().min_by_key(order)
}

/// The state as a headline.
pub(super) fn title(state: State) -> &'static str {
    match state {
        State::Exhausted => "EXHAUSTED",
        State::AtRisk => "AT RISK",
        State::NotByThisNode => "NOT EXHAUSTED BY THIS NODE",
        _ => "CANNOT TELL",
    }
}

pub(super) fn tone(state: State) -> Tone {
    match state {
        State::Exhausted => Tone::Poor,
        State::NotByThisNode => Tone::Good,
        _ => Tone::Fair,
    }
}

/// What is concluded, in one or two sentences.
pub(super) fn sentence(verdict: &Verdict) -> String {
    let numbers = &verdict.numbers;
    let dest = numbers.destination.as_deref().unwrap_or("no destination");
    let held = count(numbers.held);
    let (of, share) = match numbers.ports {
        Some(ports) => (count(ports), percent(Some(numbers.held as f64 / ports as f64))),
        None => ("unknown".to_owned(), "-".to_owned()),
    };
    let most = numbers.ports.map(|ports| percent(Some(numbers.held_most as f64 / ports as f64))).unwrap_or_default();
    let time = verdict.window.map(|window| format!(" during these {} s", whole(window.seconds))).unwrap_or_default();
    let hang = count(numbers.hang_resent);
    match (verdict.state, verdict.reason) {
        (State::Exhausted, Reason::Metric) => {
            "The NAT itself counted connects that failed for want of a port.".to_owned()
        }
        (State::Exhausted, Reason::Ceiling) => format!(
            "{dest} held {held} of this node's {of} SNAT ports for a minute and more, and connects went on against that \
             ceiling. Whether any failed is not in this capture."
        ),
        (State::Exhausted, _) => {
            format!("{dest} held {held} of this node's {of} SNAT ports, and {hang} connects to it hang.")
        }
        (State::AtRisk, Reason::FillsUp) => {
            format!("{dest} held {held} of {of} SNAT ports ({share}).{}", settles(verdict))
        }
        (State::AtRisk, _) => {
            format!("{dest} held {held} of this node's {of} SNAT ports ({share}): little is left for it.")
        }
        (State::NotByThisNode, _) => format!(
            "The fullest destination, {dest}, needed {held} of {of} ports ({share}). SNAT was not short on this node{time}."
        ),
        (_, Reason::AllocationDisproved) => format!(
            "{dest} had {} connections open at once and held {held} ports, more than the {of} that the node is taken to have: \
             it has more, a port is held for a shorter time, or this path is not behind the NAT.",
            count(numbers.open)
        ),
        (_, Reason::EgressPath) => format!(
            "{dest} held {held} of {of} ports and {hang} connects to it hang, but those to others fail too: the way out is \
             broken, full ports or not."
        ),
        (_, Reason::FailuresWithoutDemand) => {
            let why = match numbers.look_back_s < numbers.hold_s {
                true => {
                    "the trace is shorter than a port is held, so others may have been taken before it; or it is not the ports"
                }
                false => "a lack of ports does not explain that",
            };
            format!(
                "{hang} connects to {dest} hang, which answers others, while it held {held} of {of} ports ({share}): {why}."
            )
        }
        (_, Reason::AllocationUnknown) => {
            let up_to = numbers.same_up_to_nodes.map(count).unwrap_or_else(|| "few".to_owned());
            format!(
                "{dest} needed {held} ports: enough in a pool of up to {up_to} nodes, too few in a larger one, and how many \
                 there are is not known."
            )
        }
        (_, Reason::SharedPorts) => {
            "The nodes share the ports of this NAT: what one node holds does not say whether they ran out.".to_owned()
        }
        _ if numbers.destination.is_none() => "No connect to a public address was seen.".to_owned(),
        _ => format!(
            "Nothing passes {most} of {of} ports{time}, but an exhausted node can look exactly like this.{}",
            settles(verdict)
        ),
    }
}

/// The verdicts on the other address families, a sentence each.
pub(super) fn others(node: &NodeReport) -> Vec<String> {
    let Some(main) = main(node) else { return Vec::new() };
    let others = node.verdict.iter().filter(|other| other.family != main.family);
    let said = |other: &Verdict| match (other.state == main.state && other.reason == main.reason, other.numbers.ports) {
        (true, Some(ports)) => {
            format!("{} likewise: at most {} of {} ports.", family(other), count(other.numbers.held_most), count(ports))
        }
        _ => format!("{}: {}. {}", family(other), title(other.state).to_lowercase(), sentence(other)),
    };
    others.map(said).collect()
}

fn family(verdict: &Verdict) -> &'static str {
    if verdict.family == "ipv6" { "IPv6" } else { "IPv4" }
}

/// What the capture cannot show: what and why, and what would show it.
pub(super) fn cannot_know(node: &NodeReport) -> Vec<String> {
    let row = |(at, row): (usize, &CannotKnow)| format!("{} {}: {} → {}", at + 1, row.what, row.why, row.capture);
    node.cannot_know.iter().enumerate().map(row).collect()
}

/// Where it goes, if that is past what there is.
fn settles(verdict: &Verdict) -> String {
    let numbers = &verdict.numbers;
    let (Some(plateau), Some(dest)) = (numbers.plateau, &numbers.destination) else { return String::new() };
    let full = numbers.full_in_s.map(|seconds| format!(" and is full {} s after the trace", whole(seconds)));
    match full {
        Some(full) => format!(" If it goes on: {dest} wants {}{full}.", whole(plateau)),
        None => String::new(),
    }
}

/// Whom to call; nobody where ports were not short.
pub(super) fn call(node: &NodeReport) -> Option<String> {
    let (first, main) = (node.ranking.first()?, main(node)?);
    let held = first.ports_at_node_peak.unwrap_or(0);
    if first.owner.kind == OwnerKind::Unknown || main.state == State::NotByThisNode || held == 0 {
        return None;
    }
    let hang = first.hang.filter(|hang| *hang > 0).map(|hang| format!(", and {} of its connects hang", count(hang)));
    let sure = match first.confidence {
        Confidence::Certain => "",
        Confidence::Likely => " (likely)",
        Confidence::Weak => " (by a weak hint)",
    };
    let call = if main.state == State::CannotTell { "Ask first" } else { "Call" };
    Some(format!(
        "{call} the owner of {}{sure}: it held {} of the ports to the destination that decides ({}){}.",
        words::label(&first.owner),
        count(held),
        percent(first.ports_share),
        hang.unwrap_or_default()
    ))
}

fn whole(number: f64) -> String {
    count(number.round().max(0.0) as u64)
}
