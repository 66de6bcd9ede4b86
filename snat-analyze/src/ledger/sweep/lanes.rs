//! Ends as small numbers: a row that a connect has made known is told apart by two of them and its local port.
//!
//! A way goes from a group to a destination; a way and a local port make a flow. A lane is the way of one process.
//! Rows that say nothing of a way that any connect took (those of accepted flows, mostly) get no numbers: there are as
//! many remote ends of such as the log has rows.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use foldhash::fast::RandomState;

use super::mesh::Home;
use super::step::hash_addr;

/// No number.
pub(super) const NONE: u32 = u32::MAX;

/// Both ends but the local port, and the process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    /// Dense number of (netns, saddr), given by the fold.
    pub(crate) group: u32,
    /// Dense number of (group, process), given by the fold.
    pub(crate) cell: u32,
    /// Where the mesh looks for the other of a pair.
    pub(crate) home: Home,
    pub(crate) daddr: IpAddr,
    pub(crate) dport: u16,
    /// Whether a connection to this destination takes a port of the node (egress class after the user's rules). One
    /// destination has one answer: the first one counts.
    pub(crate) public: bool,
}

/// The numbers of a lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lane {
    pub(super) lane: u32,
    pub(super) way: u32,
}

/// What a lane stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) ends: Ends,
    pub(super) way: u32,
    /// Namespace (or local address) and destination; [`NONE`] where nobody asked for routes.
    pub(super) route: u32,
}

/// Numbers of namespaces (or local addresses) with destinations.
type Routes = HashMap<(Home, IpAddr, u16), u32, RandomState>;

/// A group and a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct WayKey {
    group: u32,
    daddr: IpAddr,
    dport: u16,
}

impl Hash for WayKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.group) << 16 | u64::from(self.dport));
        hash_addr(self.daddr, state);
    }
}

impl WayKey {
    fn of(ends: &Ends) -> Self {
        Self { group: ends.group, daddr: ends.daddr, dport: ends.dport }
    }
}

/// All that connects made known, and what rows asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Lanes {
    ways: HashMap<WayKey, u32, RandomState>,
    /// By way and process, as one number, once a row asks for a lane that no connect has made known so far.
    by_process: Option<HashMap<u64, u32, RandomState>>,
    /// Once they are asked for.
    routes: Option<Routes>,
    lanes: Vec<Known>,
}

impl Lanes {
    /// The numbers of a connect's ends, which are told once; a lane gets them here, unless [`Lanes::ask`] has met it before.
    pub(super) fn know(&mut self, ends: &Ends) -> Lane {
        let next = self.ways.len() as u32;
        let way = *self.ways.entry(WayKey::of(ends)).or_insert(next);
        let next = self.lanes.len() as u32;
        let lane = self.by_process.as_mut().map_or(next, |lanes| *lanes.entry(by_process(way, ends)).or_insert(next));
        if lane == next {
            let route = self.routes.as_mut().map_or(NONE, |routes| route(routes, ends));
            self.lanes.push(Known { ends: *ends, way, route });
        }
        Lane { lane, way }
    }

    /// The same of ends that may be told again.
    pub(super) fn ask(&mut self, ends: &Ends) -> Lane {
        self.by_process.get_or_insert_with(|| {
            let lanes = self.lanes.iter().zip(0..);
            lanes.map(|(known, lane)| (by_process(known.way, &known.ends), lane)).collect()
        });
        self.know(ends)
    }

    /// From now on lanes know their routes.
    pub(super) fn ask_for_routes(&mut self) {
        let routes = self.routes.get_or_insert_default();
        self.lanes.iter_mut().for_each(|lane| lane.route = route(routes, &lane.ends));
    }

    /// The way between two ends, if a connect took it.
    pub(super) fn way(&self, ends: &Ends) -> Option<u32> {
        self.ways.get(&WayKey::of(ends)).copied()
    }

    pub(super) fn get(&self, lane: u32) -> &Known {
        &self.lanes[lane as usize]
    }

    /// All, by number.
    pub(super) fn all(&self) -> &[Known] {
        &self.lanes
    }
}

/// A way and a process as one number.
fn by_process(way: u32, ends: &Ends) -> u64 {
    u64::from(way) << 32 | u64::from(ends.cell)
}

fn route(routes: &mut Routes, ends: &Ends) -> u32 {
    let next = routes.len() as u32;
    *routes.entry((ends.home, ends.daddr, ends.dport)).or_insert(next)
}
