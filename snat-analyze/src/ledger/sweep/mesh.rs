//! Mesh doubles: an application's connect that a proxy of its namespace makes again, and that alone leaves the node.
//!
//! A connect of an application and one of a proxy, from one namespace to one address and port, are a pair where at most
//! a second lies between them; each is in one pair, and the oldest that waits comes first. From the later of the two on
//! the application's flow holds no port.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use foldhash::fast::RandomState;

use super::lanes::Lanes;
use super::step::SECOND;

/// Between the two connects of a pair lies no more.
const APART: i64 = SECOND;

/// Connects, or ways, that are kept before any is given up.
const ROOM: usize = 1_024;

/// A connect that waits for the other of its pair.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) time: i64,
    /// From where to where, and the process.
    pub(super) lane: u32,
    /// The flow.
    pub(super) way: u32,
    pub(super) sport: u16,
    /// Tells the connects of one flow apart.
    pub(super) serial: u32,
}

/// What an application and its proxy share: the namespace, or the local address where the log has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Home {
    Netns(u64),
    Addr(Option<IpAddr>),
}

/// Connects of the last second: those of applications, and those of proxies.
#[derive(Clone, Debug, Default)]
pub(super) struct Queues([VecDeque<Waiting>; 2]);

/// Connects that may still be one of a pair.
#[derive(Clone, Debug)]
pub(super) enum Mesh {
    /// No proxy connected so far: the connects of the last second, and some before them.
    Quiet {
        recent: VecDeque<Waiting>,
        /// So many, and those that are too old are given up.
        room: usize,
    },
    Pairs {
        waiting: HashMap<u32, Queues, RandomState>,
        /// So many ways, and those without anybody who waits are given up.
        room: usize,
    },
}

impl Default for Mesh {
    fn default() -> Self {
        Self::Quiet { recent: VecDeque::new(), room: ROOM }
    }
}

impl Mesh {
    /// From now on connects are paired.
    pub(super) fn begin(&mut self, lanes: &mut Lanes) {
        let Self::Quiet { recent, .. } = std::mem::take(self) else { return };
        lanes.ask_for_routes();
        let mut waiting: HashMap<u32, Queues, RandomState> = HashMap::default();
        // Those that are too old are given up when the next one of their way comes.
        for app in recent {
            waiting.entry(lanes.get(app.lane).route).or_default().0[0].push_back(app);
        }
        *self = Self::Pairs { waiting, room: ROOM };
    }

    /// Whether connects are paired.
    pub(super) fn is_on(&self) -> bool {
        matches!(self, Self::Pairs { .. })
    }

    /// Keeps a connect where no proxy connected so far, and there is room; else false.
    #[inline(always)]
    pub(super) fn keeps(&mut self, new: impl FnOnce() -> Waiting) -> bool {
        match self {
            Self::Quiet { recent, room } if recent.len() < *room => {
                recent.push_back(new());
                true
            }
            _ => false,
        }
    }

    /// A connect, and the other of its pair, if that waits. Times do not go back.
    pub(super) fn connect(&mut self, new: Waiting, proxy: bool, lanes: &Lanes) -> Option<Waiting> {
        let old = |waiting: &Waiting| waiting.time < new.time.saturating_sub(APART);
        match self {
            Self::Quiet { recent, room } => {
                if recent.len() >= *room {
                    recent.drain(..recent.partition_point(old));
                    *room = recent.len().saturating_mul(2).max(ROOM);
                }
                recent.push_back(new);
                None
            }
            Self::Pairs { waiting, room } => {
                if waiting.len() >= *room {
                    waiting
                        .retain(|_, queues| queues.0.iter().any(|queue| queue.back().is_some_and(|last| !old(last))));
                    *room = waiting.len().saturating_mul(2).max(ROOM);
                }
                let Queues(queues) = waiting.entry(lanes.get(new.lane).route).or_default();
                for queue in queues.iter_mut() {
                    while queue.front().is_some_and(old) {
                        queue.pop_front();
                    }
                }
                let [apps, proxies] = queues;
                let (own, other) = if proxy { (proxies, apps) } else { (apps, proxies) };
                let found = other.pop_front();
                if found.is_none() {
                    own.push_back(new);
                }
                found
            }
        }
    }
}
