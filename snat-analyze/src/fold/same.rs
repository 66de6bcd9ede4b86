//! Whether two runs show the same events under other flags (a `-4` run beside one without, a `-p` run beside all).
//!
//! Each run keeps a sketch: the connects whose hashes are the smallest, with their times. Of two runs of the same
//! events the smaller one's connects below both thresholds are all in the larger one's sketch, and the clocks differ by
//! one constant. The hash is fixed, so that the sketch depends on the events alone.

use std::collections::BTreeMap;
use std::net::IpAddr;

use snat_parse::AddrRef;
use snat_parse::formats::tcptracer::Event;

use super::Run;

/// Connects that a sketch keeps.
const KEPT: usize = 512;

/// The connects of a run with the smallest hashes, and the time of the first of each.
#[derive(Clone, Debug)]
pub(super) struct Sketch {
    kept: BTreeMap<u64, Option<i64>>,
    /// The largest that is kept, once there are enough.
    below: u64,
}

impl Default for Sketch {
    fn default() -> Self {
        Self { kept: BTreeMap::new(), below: u64::MAX }
    }
}

impl Sketch {
    /// Takes note of a connect, by the [`front`] of its event and its local and remote port.
    #[inline]
    pub(super) fn connect(&mut self, front: Front, ports: [u16; 2], time: Option<i64>) {
        let hash = hash(front, ports);
        if hash < self.below {
            self.keep(hash, time);
        }
    }

    fn keep(&mut self, hash: u64, time: Option<i64>) {
        self.kept.entry(hash).or_insert(time);
        if self.kept.len() > KEPT {
            self.kept.pop_last();
            self.below = self.kept.last_key_value().map_or(0, |(largest, _)| *largest);
        }
    }

    /// Every connect below this hash is kept.
    fn threshold(&self) -> u64 {
        self.below
    }
}

/// The state of the hash behind both addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Front(u64);

impl Front {
    /// Of no connect.
    #[cfg(test)]
    pub(super) const NOTHING: Self = Self(0);
}

#[inline]
fn add(state: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(state, |state, byte| (state ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// The part of the hash that all connects between two addresses share.
pub(super) fn front(event: &Event<'_>) -> Front {
    let addrs = [event.saddr, event.daddr].into_iter();
    Front(addrs.fold(0xcbf2_9ce4_8422_2325, |state, addr| match addr {
        AddrRef::Ip(IpAddr::V4(ip)) => add(state, &ip.octets()),
        AddrRef::Ip(IpAddr::V6(ip)) => add(state, &ip.octets()),
        AddrRef::Printed(text) => add(state, text),
    }))
}

/// FNV-1a over the 4-tuple: fixed on every machine. Ports that are masked are 0.
#[inline]
fn hash(Front(state): Front, ports: [u16; 2]) -> u64 {
    let mut state = ports.into_iter().fold(state, |state, port| add(state, &port.to_le_bytes()));
    // FNV leaves the high bits of short inputs poor; one more round spreads them.
    state ^= state >> 32;
    state = state.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    state ^ (state >> 29)
}

/// Fewer common connects say nothing.
const ENOUGH: usize = 5;

/// Clocks of two tools drift by less than this, in nanoseconds.
const STEP: i64 = 1_000_000_000;

/// Whether two runs show the same events: nearly all connects of the one that has fewer are in the other, in step.
pub(crate) fn same_events(a: &Run, b: &Run) -> bool {
    let (small, large) = if a.connects <= b.connects { (a, b) } else { (b, a) };
    let limit = small.sketch.threshold().min(large.sketch.threshold());
    let mut asked = 0;
    let mut shifts: Vec<i64> = Vec::new();
    let mut common = 0;
    for (hash, time) in small.sketch.kept.range(..limit) {
        asked += 1;
        if let Some(other) = large.sketch.kept.get(hash) {
            common += 1;
            if let (Some(time), Some(other)) = (time, other) {
                shifts.push(time.saturating_sub(*other));
            }
        }
    }
    if common < ENOUGH.min(asked.max(1)) || common * 10 < asked * 9 || asked < ENOUGH {
        return false;
    }
    shifts.sort_unstable();
    let Some(middle) = shifts.get(shifts.len() / 2).copied() else { return true };
    let in_step = shifts.iter().filter(|shift| shift.abs_diff(middle) <= STEP as u64).count();
    in_step * 10 >= shifts.len() * 9
}
