//! Which flows are held: where in the queue of releases each of them is.
//!
//! Flows leave the queue in the order in which they came, so nothing is taken out here: what is said of a place that is not
//! in the queue any more is void. A bucket is a cache line that is written in turn, so that the seat whose turn it is has
//! the oldest that is said there. Is that in the queue still, another seat may be void, or that of the same flow which has
//! opened since; where there is none, the next bucket takes the new one, and this one says so.

use super::release::Releases;

/// Flows of a bucket.
const SEATS: usize = 7;
/// The buckets of few flows.
const LEAST: usize = 16;

/// Hashes of flows, and the last bits of their places in the queue.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Bucket {
    tags: [u32; SEATS],
    places: [u32; SEATS],
    /// The last place that the next bucket had to take.
    over: u32,
    /// Which is written next.
    next: u32,
}

/// Buckets by the hashes of flows.
#[derive(Clone, Debug)]
pub(super) struct Held {
    buckets: Vec<Bucket>,
}

impl Held {
    pub(super) fn new(releases: &Releases) -> Self {
        Self { buckets: empty(LEAST, releases) }
    }

    #[inline(always)]
    fn home(&self, tag: u32) -> usize {
        tag as usize & (self.buckets.len() - 1)
    }

    /// Fetches the bucket of a flow that is needed soon; what is returned is of no use but to be looked at.
    #[inline(always)]
    pub(super) fn touch(&self, tag: u32) -> u32 {
        self.buckets[self.home(tag)].over
    }

    /// The place of a flow that is held, by the hash of its way and local port.
    #[inline(always)]
    pub(super) fn find(&self, tag: u32, way: u32, sport: u16, releases: &Releases) -> Option<u64> {
        let mut at = self.home(tag);
        // Once around is enough, whatever the buckets say.
        for _ in 0..self.buckets.len() {
            let bucket = &self.buckets[at];
            let may_be = bucket.tags.iter().fold(false, |may_be, known| may_be | (*known == tag));
            if may_be && let Some(place) = bucket.find(tag, way, sport, releases) {
                return Some(place);
            }
            if !releases.is_in_queue(bucket.over) {
                return None;
            }
            at = (at + 1) & (self.buckets.len() - 1);
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
        let mut at = self.home(tag);
        for _ in 0..self.buckets.len() {
            let most = self.buckets.len() - 1;
            let bucket = &mut self.buckets[at];
            if let Some(seat) = bucket.seat(tag, releases) {
                (bucket.tags[seat], bucket.places[seat]) = (tag, place);
                bucket.next = if seat + 1 == SEATS { 0 } else { seat as u32 + 1 };
                return true;
            }
            bucket.over = releases.later(bucket.over, place);
            at = (at + 1) & most;
        }
        false
    }

    /// Twice as many buckets, with all that is in the queue: each bucket becomes two.
    #[cold]
    fn grow(&mut self, releases: &Releases) {
        let old = std::mem::take(&mut self.buckets);
        let mut buckets = old.len();
        loop {
            buckets *= 2;
            self.buckets = empty(buckets, releases);
            let mut seats = old.iter().flat_map(Bucket::seats).filter(|(_, place)| releases.is_in_queue(*place));
            if seats.all(|(tag, place)| self.put(tag, place, releases)) {
                return;
            }
        }
    }

    /// Buckets that the next one has to be asked for.
    #[cfg(test)]
    pub(super) fn full(&self, releases: &Releases) -> usize {
        self.buckets.iter().filter(|bucket| releases.is_in_queue(bucket.over)).count()
    }

    #[cfg(test)]
    pub(super) fn seats(&self) -> usize {
        self.buckets.len() * SEATS
    }
}

impl Bucket {
    /// All, the oldest first.
    fn seats(&self) -> impl Iterator<Item = (u32, u32)> {
        let first = self.next as usize;
        (first..first + SEATS).map(|seat| (self.tags[seat % SEATS], self.places[seat % SEATS]))
    }

    /// The seat that a flow of this hash may take.
    #[inline(always)]
    fn seat(&self, tag: u32, releases: &Releases) -> Option<usize> {
        let seat = self.next as usize % SEATS;
        if releases.is_in_queue(self.places[seat]) { self.other_seat(tag, releases) } else { Some(seat) }
    }

    /// A flow that opens and closes again and again takes the seat that it had, so that it fills no buckets.
    #[cold]
    fn other_seat(&self, tag: u32, releases: &Releases) -> Option<usize> {
        let is_void = |seat: &usize| !releases.is_in_queue(self.places[*seat]);
        let is_over = |seat: &usize| {
            let place = releases.place(self.places[*seat]);
            self.tags[*seat] == tag && releases.get(place).is_some_and(|closed| closed.is_cancelled())
        };
        (0..SEATS).find(is_void).or_else(|| (0..SEATS).find(is_over))
    }

    #[cold]
    fn find(&self, tag: u32, way: u32, sport: u16, releases: &Releases) -> Option<u64> {
        let known = self.tags.iter().zip(self.places).filter(|(known, _)| **known == tag);
        let mut places =
            known.filter(|(_, place)| releases.is_in_queue(*place)).map(|(_, place)| releases.place(place));
        places.find(|place| {
            releases
                .get(*place)
                .is_some_and(|closed| closed.way == way && closed.sport == sport && !closed.is_cancelled())
        })
    }
}

/// Buckets that say nothing.
fn empty(buckets: usize, releases: &Releases) -> Vec<Bucket> {
    let void = (releases.base() as u32).wrapping_sub(1);
    vec![Bucket { tags: [0; SEATS], places: [void; SEATS], over: void, next: 0 }; buckets]
}
