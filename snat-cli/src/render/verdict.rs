//! The verdict in words: what is concluded, by which numbers, and whom to call. Nothing is computed here that the report
//! does not hold.

use snat_analyze::report::{
    Callee, CannotKnow, Confidence, Finding, Missing, NodeReport, Reason, Remedy, Severity, State, Verdict, When,
};

use super::style::{Tone, count, percent};
use super::words;

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
    let Some(main) = node.main_verdict() else { return Vec::new() };
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
pub(super) fn cannot_know(rows: &[CannotKnow]) -> Vec<String> {
    let row = |(at, row): (usize, &CannotKnow)| format!("{} {}: {} → {}", at + 1, row.what, row.why, row.capture);
    rows.iter().enumerate().map(row).collect()
}

/// What is fastest of all that would decide it.
pub(super) fn fastest(node: &NodeReport) -> Option<String> {
    let first = node.cannot_know.iter().find(|row| row.code == Missing::FailedConnects)?;
    let (fastest, _) = first.capture.split_once("; or ")?;
    Some(format!("Fastest: {fastest}."))
}

/// What stands between the answer and the ranking: what it rests on, what it takes for granted, what it does not see.
pub(super) fn grounds(node: &NodeReport) -> Vec<(&'static str, String)> {
    let Some(main) = node.main_verdict() else { return Vec::new() };
    let proof = match main.state {
        State::Exhausted => exhausted(main),
        State::AtRisk => at_risk(main),
        State::NotByThisNode => not_by_this_node(node, main),
        _ => return Vec::new(),
    };
    let taken = if main.state == State::NotByThisNode { "counted" } else { "assumed" };
    vec![("proof", proof.join("; ")), (taken, assumed(node, main)), ("not seen", words::not_seen(node))]
}

fn exhausted(main: &Verdict) -> Vec<String> {
    let numbers = &main.numbers;
    let mut proof = Vec::new();
    match main.reason {
        Reason::Metric => proof.push("counted by the NAT itself".to_owned()),
        Reason::Ceiling => proof.push("at the ceiling for a minute and more while connects went on".to_owned()),
        _ => {
            let above = numbers.ports.is_some_and(|ports| numbers.held_most > ports);
            proof.push(if above { "at the ceiling" } else { "at the ceiling, never above" }.to_owned());
        }
    }
    if numbers.hang_resent > 0 {
        proof.push(format!("{} SYN_SENT sent again", count(numbers.hang_resent)));
    }
    if numbers.others_answer > 0 {
        proof.push(format!("{} other public destinations still connect", count(numbers.others_answer)));
    }
    if numbers.others_hang > 0 {
        proof.push(format!("but {} others hang, too", count(numbers.others_hang)));
    }
    proof
}

fn at_risk(main: &Verdict) -> Vec<String> {
    let numbers = &main.numbers;
    let mut proof = vec![format!("{} held at once", count(numbers.held))];
    if let Some(plateau) = numbers.plateau.filter(|plateau| *plateau > numbers.held as f64) {
        proof.push(format!("settles at {} at this rate", whole(plateau)));
    }
    proof.push(match (numbers.snapshot_rounds, numbers.hang_resent) {
        (0, _) => "whether connects fail was not captured".to_owned(),
        (_, 0) => "none hangs in the snapshots".to_owned(),
        (_, hang) => format!("{} SYN_SENT sent again", count(hang)),
    });
    proof
}

fn not_by_this_node(node: &NodeReport, main: &Verdict) -> Vec<String> {
    let numbers = &main.numbers;
    let mut proof = Vec::new();
    if let Some(window) = main.window {
        proof.push(format!("{} s > {} s hold", whole(window.seconds), numbers.hold_s));
    }
    if numbers.snapshots_cover {
        proof.push(format!("{} rounds of the sockets of every place", count(numbers.snapshot_rounds)));
    }
    proof.push(match node.capture.lost_samples {
        0 => "no samples lost".to_owned(),
        lost => format!("{} samples lost", count(lost)),
    });
    proof
}

/// The number of ports and the path, and what they rest on.
fn assumed(node: &NodeReport, main: &Verdict) -> String {
    let allocation = &node.allocation;
    let mut text = match (main.measured_allocation_at_least, main.numbers.ports_known) {
        (Some(measured), _) => format!("{} ports, measured: they were taken at once", count(measured)),
        _ => allocation.explained.clone(),
    };
    if let (State::NotByThisNode, Some(nodes)) = (main.state, main.numbers.same_up_to_nodes) {
        text.push_str(&format!(". Still 'no' for pools up to {} nodes", count(nodes)));
    }
    let given = allocation.given.iter().any(|given| given == "ports");
    let path = if given { "as given" } else { "not in the bundle" };
    format!("{text}; egress by {} ({path})", allocation.profile)
}

/// What else hangs, where ports were not short.
pub(super) fn but(node: &NodeReport) -> Option<String> {
    node.main_verdict().filter(|main| main.state == State::NotByThisNode)?;
    let found = node.findings.iter().find(|found| found.code == "unreachable-peer")?;
    Some(format!("But {}", found.detail))
}

/// What to do at once.
pub(super) fn now(node: &NodeReport) -> Option<String> {
    let first = node.remedies.iter().find(|remedy| remedy.when == When::Now)?;
    let no = node.remedies.iter().any(|remedy| remedy.code == "restart");
    let open = node.main_verdict().is_some_and(|main| main.state == State::CannotTell);
    let when = if open { "If it is the ports" } else { "Now" };
    Some(format!("{when}: {}.{}", first.what, if no { " Restarting pods frees no port." } else { "" }))
}

/// All that can be done, and what does not help.
pub(super) fn remedies(node: &NodeReport) -> Vec<String> {
    let row = |remedy: &Remedy| {
        let when = match remedy.when {
            When::Now => "now",
            When::ThisWeek => "this week",
            When::ForGood => "for good",
            _ => "does not help",
        };
        let command = remedy.command.as_ref().map(|command| format!(": {command}")).unwrap_or_default();
        format!("{when}: {}{command}", remedy.what)
    };
    node.remedies.iter().map(row).collect()
}

/// What stands out; what to do about it where it is more than good to know.
pub(super) fn findings(node: &NodeReport) -> Vec<String> {
    let row = |found: &Finding| {
        let advice = match found.severity {
            Severity::Info => String::new(),
            _ => format!(" → {}.", found.advice),
        };
        format!("{} {}: {}{advice}", found.severity.name(), found.code, found.detail)
    };
    node.findings.iter().map(row).collect()
}

/// The test for the phone: the command, and what to make of it.
pub(super) fn phone(node: &NodeReport) -> Option<(String, String)> {
    let test = node.phone_test.as_ref()?;
    Some((test.command.clone(), format!("On the phone: this, {}.", test.reading)))
}

/// Where it goes, if that is past what there is.
fn settles(verdict: &Verdict) -> String {
    let numbers = &verdict.numbers;
    let (Some(plateau), Some(dest)) = (numbers.plateau, &numbers.destination) else { return String::new() };
    let full = numbers.full_in_s.map(|seconds| match seconds >= 1.0 {
        true => format!(" and is full {} s after the trace", whole(seconds)),
        false => " and is full".to_owned(),
    });
    match full {
        Some(full) => format!(" If it goes on: {dest} wants {}{full}.", whole(plateau)),
        None => String::new(),
    }
}

/// Whom to call; nobody where ports were not short, or where too much belongs to nobody known.
pub(super) fn call(node: &NodeReport) -> Option<String> {
    call_by(node.main_verdict()?, node.call.as_ref()?, &node.allocation.profile)
}

/// The same of a verdict and of who is to be called.
pub(super) fn call_by(main: &Verdict, call: &Callee, profile: &str) -> Option<String> {
    if main.state == State::NotByThisNode {
        return None;
    }
    let Some(owner) = &call.owner else {
        return (call.unknown_held > 0).then(|| {
            format!(
                "Nobody to call yet: {} of the ports to {} belong to nobody known, more than the next owner has or 30%.",
                count(call.unknown_held),
                call.destination
            )
        });
    };
    let label = owner.label();
    let whose = call.workload.as_ref().filter(|_| call.pods > 1).unwrap_or(&label);
    let sure = match call.confidence {
        Confidence::Certain => "",
        Confidence::Likely => " (likely)",
        Confidence::Weak => " (by a weak hint)",
    };
    let managed = match owner.namespace.as_deref() == Some("kube-system") && profile == MANAGED {
        true => ", Microsoft-managed,",
        false => "",
    };
    let who = if call.pods > 1 { format!("its {} pods here", call.pods) } else { "it".to_owned() };
    let held = (call.held > 0).then(|| {
        let each = call.life_s.map(|life| format!(", each open for {}", words::seconds(life))).unwrap_or_default();
        format!("{who} held {} of the {} ports there ({}){each}", count(call.held), count(call.of), percent(call.share))
    });
    let hang = (call.hang > 0).then(|| {
        let whose = if held.is_some() { "the connects that hang" } else { "connects that hang there" };
        format!("{} of {whose} are its own", count(call.hang))
    });
    let did: Vec<String> = held.into_iter().chain(hang).collect();
    if did.is_empty() {
        return None;
    }
    let verb = if main.state == State::CannotTell { "Ask first" } else { "Call" };
    Some(format!("{verb} the owner of {whose}{sure}{managed}: {}.", did.join("; ")))
}

/// Add-ons in `kube-system` are run by the cloud under these rules.
const MANAGED: &str = "azure-lb-aks";

fn whole(number: f64) -> String {
    count(number.round().max(0.0) as u64)
}
