//! The dumps as rounds of places: what stands towards each public destination, and whether every place was looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use snat_parse::formats::netstat::State;

use super::{Index, Of, Spot, Tie, Vague, is_inbound};
use crate::egress::{Class, classify};
use crate::ledger::stock::{Hanging, Round, Stock};
use crate::owner::{Life, OwnerKey, PodKey};

/// What the dumps show of each public destination: place by place, and there dump by dump.
pub(super) fn stock(
    tie: &Tie<'_>,
    index: &Index<'_>,
    of: &[Of<'_>],
    listening: &BTreeMap<Spot<'_>, BTreeSet<u16>>,
) -> Stock {
    let mut rounds: BTreeMap<Spot<'_>, BTreeSet<Round<'_>>> = BTreeMap::new();
    let (mut established, mut locals) = (BTreeSet::new(), BTreeSet::new());
    for (at, dump) in tie.facts.dumps.iter().enumerate() {
        let place = of[at].place(at);
        let mut round = Round::default();
        let mut vague = Vague::default();
        for socket in &dump.sockets {
            let state = socket.state();
            let key = vague.key(socket);
            if !round.rows.insert((key, socket.state.as_deref())) {
                continue;
            }
            locals.extend(socket.local_ip().map(|ip| ip.to_canonical()));
            round.time_wait |= state == Some(State::TimeWait);
            round.all_states |= !matches!(state, Some(State::Established) | None);
            let listens = &listening[&place];
            let outbound = socket.tcp && !socket.is_listening() && !is_inbound(socket, listens, index);
            let public = || match (&socket.remote.0, socket.remote.1) {
                (Some(addr), Some(port)) if classify(addr, Some(port), tie.rules) == Some(Class::Public) => {
                    Some((addr.ip()?, port))
                }
                _ => None,
            };
            let Some(dest) = outbound.then(public).flatten() else { continue };
            let owner = || match &of[at] {
                Of::Node => Some(tie.process(socket, index).0),
                Of::Pod(pod, _) => Some(OwnerKey::Pod(pod.clone())),
                Of::Rows if tie.is_node(socket) => Some(tie.process(socket, index).0),
                Of::Rows => tie.by_address(socket, index).map(|(owner, _, _)| owner),
                Of::Nobody(_) => None,
            };
            match state {
                Some(State::Established) => {
                    *round.established.entry(dest).or_default() += 1;
                    let local = (socket.local_ip(), socket.local.1);
                    if let (Some(ip), Some(port)) = local {
                        established.insert(((ip.to_canonical(), port), (dest.0.to_canonical(), dest.1)));
                    }
                }
                Some(State::CloseWait) => *round.close_wait.entry((owner(), dest)).or_default() += 1,
                Some(State::SynSent) => {
                    let resent = socket.resent.is_some_and(|times| times > 0);
                    let hanging = Hanging { resent, told_apart: !socket.is_vague(), owner: owner() };
                    round.hanging.insert((dest, key), hanging);
                }
                _ => {}
            }
        }
        // A copy of a dump is no second look.
        rounds.entry(place).or_default().insert(round);
    }
    let required = required(tie);
    let is_there = |pod: &PodKey| rounds.keys().any(|place| *place == Spot::Pod(pod));
    let whole = rounds.values().flatten().any(|round| round.all_states);
    let covers =
        whole && rounds.contains_key(&Spot::Node) && required.as_ref().is_some_and(|all| all.iter().all(is_there));
    let pods = required.map(|all| (all.iter().filter(|pod| is_there(pod)).count() as u64, all.len() as u64));
    let node = rounds.contains_key(&Spot::Node);
    Stock { established, locals, pods, node, ..Stock::of(rounds.values(), covers) }
}

/// Pods that live on the node, with an address of their own; `None` where no list says so.
fn required(tie: &Tie<'_>) -> Option<BTreeSet<PodKey>> {
    let (rows, _) = tie.facts.pods_of(tie.node);
    let own = |ip: &IpAddr| !tie.graph.node_addresses.contains(ip);
    let pods: BTreeSet<PodKey> = rows
        .into_iter()
        .filter(|row| row.life != Life::Finished && row.ip.as_ref().is_some_and(own))
        .map(|row| row.key.clone())
        .collect();
    (!tie.facts.pods.is_empty()).then_some(pods)
}
