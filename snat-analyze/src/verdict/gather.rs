//! Ledger, snapshots and allocation to evidence, for each address family.

use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::{
    Allocation, Book, Bucket, Found, Overrides, Profile, Remote, Replay, Spot, Stock, SweepPlace, Why,
};

use super::{Course, Dest, Evidence, Quota, Snapshot, Tier, Trace};

/// What evidence is gathered from.
pub(crate) struct Sources<'a> {
    pub(crate) book: &'a Book,
    /// `None` without any dump of sockets.
    pub(crate) stock: Option<&'a Stock>,
    pub(crate) allocation: &'a Allocation,
    pub(crate) profile: &'a Profile,
    pub(crate) overrides: &'a Overrides,
    pub(crate) lost_samples: u64,
    /// Whether the log has rows of IPv6 sockets.
    pub(crate) dual_stack: bool,
    /// Whether a dump of sockets is cut.
    pub(crate) cut: bool,
}

/// What is known of one family, with the destinations in the order of [`Evidence::dests`].
pub(crate) struct Gathered {
    pub(crate) v6: bool,
    pub(crate) evidence: Evidence,
    pub(crate) remotes: Vec<Remote>,
}

/// Evidence of both families; one without any public destination is left out, except that IPv4 is always there.
pub(crate) fn gather(sources: &Sources<'_>) -> Vec<Gathered> {
    [false, true].into_iter().filter_map(|v6| family(sources, v6)).collect()
}

fn family(sources: &Sources<'_>, v6: bool) -> Option<Gathered> {
    let replays: Vec<&Replay> = sources.book.replays().filter(|replay| replay.timed).collect();
    // Each destination speaks by the run in which it was fullest.
    let mut found: BTreeMap<Remote, (&Replay, &Spot)> = BTreeMap::new();
    for replay in &replays {
        for spot in replay.spots.iter().filter(|spot| spot.public) {
            let SweepPlace::Dest { addr, port } = spot.place else { continue };
            if addr.is_ipv6() != v6 {
                continue;
            }
            let kept = found.entry((addr, port)).or_insert((replay, spot));
            if weight(replay, spot) > weight(kept.0, kept.1) {
                *kept = (replay, spot);
            }
        }
    }
    let standing: BTreeMap<Remote, _> = sources
        .stock
        .iter()
        .flat_map(|stock| &stock.dests)
        .filter(|((addr, _), _)| addr.is_ipv6() == v6)
        .map(|(dest, standing)| (*dest, *standing))
        .collect();
    let all: BTreeSet<Remote> = found.keys().chain(standing.keys()).copied().collect();
    if v6 && all.is_empty() {
        return None;
    }
    let mut dests: Vec<(Remote, Dest)> = all
        .into_iter()
        .map(|remote| {
            let mut dest = Dest { name: name(remote), ..Dest::default() };
            if let Some((replay, spot)) = found.get(&remote) {
                traced(&mut dest, replay, spot);
            }
            if let Some(standing) = standing.get(&remote) {
                dest.hang = standing.hang;
                dest.hang_resent = standing.hang_resent;
                (dest.established, dest.close_wait) = (standing.established, standing.close_wait);
                dest.answers |= standing.established > 0;
                if replays.is_empty() {
                    (dest.held, dest.held_reset) = (standing.established, standing.established);
                    (dest.open, dest.held_at_end) = (standing.established, standing.established);
                }
            }
            (remote, dest)
        })
        .collect();
    let want = |dest: &Dest| (dest.held as f64).max(dest.plateau.unwrap_or(0.0));
    dests.sort_by(|(a, x), (b, y)| {
        want(y).total_cmp(&want(x)).then(y.hang_resent.cmp(&x.hang_resent)).then(y.hang.cmp(&x.hang)).then(a.cmp(b))
    });
    // The trace is the run that the first destination speaks by.
    let speaks = dests.first().and_then(|(remote, _)| found.get(remote)).map(|(replay, _)| *replay);
    let trace = speaks.or(replays.first().copied()).and_then(|replay| {
        let (low, high) = replay.window?;
        Some(Trace {
            seconds: replay.seconds()?,
            window: (low as f64 / 1e9, high as f64 / 1e9),
            // What the ledger could not follow is lost to it as well.
            lost_samples: sources.lost_samples + replays.iter().map(|replay| replay.counts.beyond).sum::<u64>(),
            dual_stack: sources.dual_stack,
            reached: replay.reached[usize::from(v6)].clone(),
        })
    });
    let snapshots = sources.stock.map(|stock| Snapshot {
        covers: stock.covers,
        cut: sources.cut,
        rounds: stock.rounds,
        time_wait: stock.time_wait,
    });
    let (remotes, dests) = dests.into_iter().unzip();
    let hold_s = sources.allocation.hold_s;
    let evidence = Evidence { quota: quota(sources), metric: None, trace, snapshots, hold_s, dests };
    Some(Gathered { v6, evidence, remotes })
}

fn weight(replay: &Replay, spot: &Spot) -> (u32, u64) {
    (spot.held.first().map_or(0, |held| held.peak), replay.seconds().map_or(0, |seconds| seconds as u64))
}

/// What the ledger says of a destination.
fn traced(dest: &mut Dest, replay: &Replay, spot: &Spot) {
    let peak = |hold: usize| spot.held.get(hold).map_or(0, |held| u64::from(held.peak));
    (dest.held, dest.held_reset, dest.open) = (peak(0), peak(1), u64::from(spot.open.peak));
    let hold = replay.holds.first().copied().unwrap_or_default();
    dest.plateau = replay.plateau(spot.open.now, spot.closes, hold);
    dest.held_at_end = spot.held.first().map_or(0, |held| u64::from(held.now));
    dest.rate_per_s = replay.seconds().filter(|s| *s > 0.0).map(|seconds| spot.connects as f64 / seconds);
    (dest.connects, dest.closes, dest.open_at_end) = (spot.connects, spot.closes, u64::from(spot.open.now));
    dest.answers = spot.connects > 0 || spot.open.peak > 0;
    if let Some(timeline) = &replay.timeline
        && let Some(series) = timeline.series.iter().find(|series| series.place == spot.place)
    {
        dest.course = course(timeline.width, &series.values);
    }
}

/// A series as a course.
pub(crate) fn course(width: i64, values: &[Bucket]) -> Course {
    Course {
        bucket_s: width as f64 / 1e9,
        held: values.iter().map(|bucket| bucket.held).collect(),
        opened: values.iter().map(|bucket| bucket.opened).collect(),
        open: values.iter().map(|bucket| bucket.open).collect(),
    }
}

/// The node's ports; where the size of the pool is not known, what they may be.
fn quota(sources: &Sources<'_>) -> Option<Quota> {
    let ports = sources.allocation.ports?;
    let mut tiers = Vec::new();
    if sources.allocation.assumed
        && let Found::PoolSize(table) = &sources.profile.quota.found
    {
        for tier in &table.tiers {
            let overrides = Overrides { nodes: Some(tier.nodes.get()), ..*sources.overrides };
            if let Some(ports) = Allocation::of(sources.profile, &overrides, None).ports {
                tiers.push(Tier { ports, up_to_nodes: tier.nodes.get() });
            }
        }
    }
    let counted = matches!(sources.allocation.why, Why::NodeList | Why::GivenNodes);
    Some(Quota { ports, known: !sources.allocation.assumed, tiers, least: if counted { ports } else { 0 } })
}

fn name((addr, port): Remote) -> String {
    std::net::SocketAddr::new(addr, port).to_string()
}
