//! Which flows are held: where in the queue of releases each of them is.
//!
//! Flows leave the queue in the order in which they came, so nothing is taken out here: what is said of a place that is not
//! in the queue any more is void. A bucket is a cache line that is written in turn, so that the seat whose turn it is has
//! the oldest that is said there. Is that in the queue still, another seat may be void, or that of the same flow which has
//! opened since; where there is none, the next bucket takes the new one, and this one says so.

use prefetch_index::prefetch_index;

use super::release::Releases;
use super::wide::{Line, Wide};

/// Flows of a bucket.
const SEATS: usize = 7;
/// The buckets of few flows.
const LEAST: usize = 16;

/// A bucket: hashes of flows, the last bits of their places in the queue, the last place that the next bucket had to
/// take, and which seat is written next.
#[derive(Clone, Copy, Debug)]
struct Bucket<'a>(&'a Line);

const PLACES: usize = SEATS;
const OVER: usize = 2 * SEATS;
const TURN: usize = OVER + 1;

/// Buckets by the hashes of flows.
#[derive(Clone, Debug)]
pub(super) struct Held {
    buckets: Wide,
}

impl Held {
    pub(super) fn new(releases: &Releases) -> Self {
        Self { buckets: empty(LEAST, releases) }
    }

    /// Asks for the bucket of a flow that is needed soon.
    #[inline(always)]
    pub(super) fn fetch(&self, tag: u32) {
        let buckets: &[Line] = &self.buckets;
        prefetch_index(buckets, tag as usize & (buckets.len() - 1));
    }

    /// The place of a flow that is held, by the hash of its way and local port.
    #[inline(always)]
    pub(super) fn find(&self, tag: u32, way: u32, sport: u16, releases: &Releases) -> Option<u64> {
        let buckets: &[Line] = &self.buckets;
        let most = buckets.len() - 1;
        let mut at = tag as usize & most;
        // Once around is enough, whatever the buckets say.
        for _ in 0..=most {
            let bucket = Bucket(&buckets[at]);
            let may_be = bucket.tags().iter().fold(false, |may_be, known| may_be | (*known == tag));
            if may_be && let Some(place) = bucket.find(tag, way, sport, releases) {
                return Some(place);
            }
            if !releases.is_in_queue(bucket.0[OVER]) {
                return None;
            }
            at = (at + 1) & most;
        }
        None
    }

    /// Adds the flow that was the last to join the queue.
    #[inline(always)]
    pub(super) fn insert(&mut self, tag: u32, place: u64, releases: &Releases) {
        if releases.len() * 8 > self.buckets.len() * SEATS * 5 {
            self.grow(releases);
        }
        while !self.put(tag, place as u32, releases) {
            self.grow(releases);
        }
    }

    /// False where there is no room.
    #[inline(always)]
    fn put(&mut self, tag: u32, place: u32, releases: &Releases) -> bool {
        let buckets: &mut [Line] = &mut self.buckets;
        let most = buckets.len() - 1;
        let mut at = tag as usize & most;
        for _ in 0..=most {
            let line = &mut buckets[at];
            if let Some(seat) = Bucket(line).seat(tag, releases) {
                (line[seat], line[PLACES + seat]) = (tag, place);
                line[TURN] = if seat + 1 == SEATS { 0 } else { seat as u32 + 1 };
                return true;
            }
            line[OVER] = releases.later(line[OVER], place);
            at = (at + 1) & most;
        }
        false
    }

    /// Twice as many buckets, with all that is in the queue: each bucket becomes two.
    #[cold]
    fn grow(&mut self, releases: &Releases) {
        let mut buckets = self.buckets.len() * 2;
        let old = std::mem::replace(&mut self.buckets, empty(buckets, releases));
        while !self.put_all(&old, releases) {
            buckets *= 2;
            self.buckets = empty(buckets, releases);
        }
    }

    /// All that others say of what is in the queue; false where there is no room.
    fn put_all(&mut self, old: &[Line], releases: &Releases) -> bool {
        for line in old {
            let bucket = Bucket(line);
            let turn = bucket.turn();
            // The oldest first.
            for seat in (turn..SEATS).chain(0..turn) {
                let (tag, place) = (bucket.tags()[seat], bucket.places()[seat]);
                if releases.is_in_queue(place) && !self.put(tag, place, releases) {
                    return false;
                }
            }
        }
        true
    }

    /// Buckets that the next one has to be asked for.
    #[cfg(test)]
    pub(super) fn full(&self, releases: &Releases) -> usize {
        self.buckets.iter().filter(|line| releases.is_in_queue(line[OVER])).count()
    }

    #[cfg(test)]
    pub(super) fn seats(&self) -> usize {
        self.buckets.len() * SEATS
    }
}

impl<'a> Bucket<'a> {
    #[inline(always)]
    fn tags(self) -> &'a [u32] {
        &self.0[..SEATS]
    }

    #[inline(always)]
    fn places(self) -> &'a [u32] {
        &self.0[PLACES..OVER]
    }

    #[inline(always)]
    fn turn(self) -> usize {
        self.0[TURN] as usize % SEATS
    }

    /// The seat that a flow of this hash may take.
    #[inline(always)]
    fn seat(self, tag: u32, releases: &Releases) -> Option<usize> {
        let seat = self.turn();
        if releases.is_in_queue(self.places()[seat]) { self.other_seat(tag, releases) } else { Some(seat) }
    }

    /// A flow that opens and closes again and again takes the seat that it had, so that it fills no buckets.
    #[cold]
    fn other_seat(self, tag: u32, releases: &Releases) -> Option<usize> {
        let is_void = |seat: &usize| !releases.is_in_queue(self.places()[*seat]);
        let is_over = |seat: &usize| {
            let place = releases.place(self.places()[*seat]);
            self.tags()[*seat] == tag && releases.get(place).is_some_and(|closed| closed.is_cancelled())
        };
        (0..SEATS).find(is_void).or_else(|| (0..SEATS).find(is_over))
    }

    #[cold]
    fn find(self, tag: u32, way: u32, sport: u16, releases: &Releases) -> Option<u64> {
        let known = self.tags().iter().zip(self.places()).filter(|(known, _)| **known == tag);
        let mut places =
            known.filter(|(_, place)| releases.is_in_queue(**place)).map(|(_, place)| releases.place(*place));
        places.find(|place| {
            releases
                .get(*place)
                .is_some_and(|closed| closed.way == way && closed.sport == sport && !closed.is_cancelled())
        })
    }
}

/// Buckets that say nothing.
fn empty(buckets: usize, releases: &Releases) -> Wide {
    let void = (releases.base() as u32).wrapping_sub(1);
    let mut line = [0; 16];
    line[PLACES..=OVER].fill(void);
    Wide::new(buckets, line)
}
