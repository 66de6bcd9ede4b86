//! Whom to call: the owner of the first row, with all pods of its workload; nobody where too much belongs to nobody known.

use crate::rank::{Call, Ranked, rounded};
use crate::report::{Callee, OwnerKind, OwnerRef};

/// Where nobody known has so much, no other name is given.
const UNKNOWN: f64 = 0.3;

/// `None` without a destination that anybody holds ports to.
pub(crate) fn callee(ranking: &[Ranked], call: &Call) -> Option<Callee> {
    let own = |ranked: &Ranked, at: usize| {
        let Some((on, hang)) = ranked.on.get(at) else { return 0.0 };
        *hang as f64 + if call.settles { on.plateau } else { on.held as f64 }
    };
    let is_unknown = |ranked: &Ranked| ranked.row.owner.kind == OwnerKind::Unknown;
    let first = ranking.iter().find(|ranked| !is_unknown(ranked));
    // The destination that the first row is ranked by.
    let of = first.or(ranking.first())?;
    let at = (0..call.binding.len()).reduce(|best, next| if own(of, next) > own(of, best) { next } else { best })?;
    let all: f64 = ranking.iter().map(|ranked| own(ranked, at)).sum();
    if all <= 0.0 {
        return None;
    }
    let unknown: f64 = ranking.iter().filter(|ranked| is_unknown(ranked)).map(|ranked| own(ranked, at)).sum();
    let first = first.filter(|first| {
        let own = own(first, at);
        own > 0.0 && unknown <= own && unknown <= all * UNKNOWN
    });
    let workload = first.and_then(|first| {
        let owner = &first.row.owner;
        Some(format!("{}/{}", owner.namespace.as_deref()?, owner.workload.as_deref()?))
    });
    let is_of = |ranked: &&Ranked| match first {
        Some(first) if workload.is_some() => {
            let (own, of) = (&ranked.row.owner, &first.row.owner);
            own.kind == OwnerKind::Pod && own.namespace == of.namespace && own.workload == of.workload
        }
        Some(first) => ranked.owner == first.owner,
        None => false,
    };
    let meant: Vec<&Ranked> = ranking.iter().filter(is_of).collect();
    let on = || meant.iter().filter_map(|ranked| ranked.on.get(at));
    let held: u64 = on().map(|(on, _)| on.held).sum();
    let of = ranking.iter().filter_map(|ranked| ranked.on.get(at)).map(|(on, _)| on.of).max().unwrap_or(0);
    Some(Callee {
        owner: first.map(|first| OwnerRef::from(&first.row.owner)),
        pods: if workload.is_some() { meant.iter().filter(|ranked| own(ranked, at) > 0.0).count() as u64 } else { 0 },
        workload,
        confidence: meant.iter().map(|ranked| ranked.row.confidence).min().unwrap_or_default(),
        destination: crate::findings::name(*call.binding.get(at)?),
        held,
        of,
        share: (of > 0).then(|| rounded(held as f64 / of as f64)),
        plateau: call.settles.then(|| rounded(on().map(|(on, _)| on.plateau).sum())),
        hang: on().map(|(_, hang)| hang).sum(),
        life_s: first.and_then(|first| first.row.median_life_s),
        unknown_held: ranking
            .iter()
            .filter(|ranked| is_unknown(ranked))
            .filter_map(|ranked| ranked.on.get(at))
            .map(|(on, _)| on.held)
            .sum(),
    })
}
