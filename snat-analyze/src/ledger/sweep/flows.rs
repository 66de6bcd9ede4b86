//! The flows that are open or whose port is held. The open ones are few: a table of them, in buckets of a cache line, says
//! where each is. What is known of those that are held is with their releases.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use prefetch_index::prefetch_index;

use super::held::Held;
use super::lanes::NONE;
use super::release::{Closed, Releases};

/// A flow to a destination that is open, or about to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    /// With the local port what tells it from others.
    pub(super) way: u32,
    /// Where it is counted, and for which process.
    pub(super) lane: u32,
    /// Time of the connect row while it is open, place in the queue of releases while it is held.
    stamp: i64,
    /// Port number of the first-free simulation; of use while it is open or the main hold keeps it.
    pub(super) number: u32,
    /// Number of its last connect in the run.
    pub(super) serial: u32,
    pub(super) sport: u16,
    pub(super) open: bool,
    /// Its close has come; some hold keeps the port.
    held: bool,
    /// A proxy makes it again: it holds no port.
    pub(super) double: bool,
    /// Its close was counted.
    pub(super) counted: bool,
}

impl Flow {
    /// One that is neither open nor held yet.
    pub(super) fn new(way: u32, lane: u32, sport: u16) -> Self {
        Self {
            way,
            lane,
            stamp: 0,
            number: NONE,
            serial: 0,
            sport,
            open: false,
            held: false,
            double: false,
            counted: false,
        }
    }

    /// One that is held from that place of the queue on.
    fn held(closed: &Closed, place: u64) -> Self {
        let Closed { way, lane, number, serial, sport, .. } = *closed;
        let counted = closed.is_counted();
        Self { number, serial, counted, held: true, stamp: place as i64, ..Self::new(way, lane, sport) }
    }

    /// Place in the queue of releases.
    pub(super) fn place(&self) -> Option<u64> {
        self.held.then_some(self.stamp as u64)
    }

    /// Time of the connect row of an open flow; meaningless in a run without TIME.
    pub(super) fn opened(&self) -> i64 {
        self.stamp
    }

    /// It opens at this time.
    pub(super) fn open(&mut self, time: i64) {
        (self.open, self.held, self.stamp) = (true, false, time);
    }

    /// No hold keeps it.
    pub(super) fn let_go(&mut self) {
        self.held = false;
    }
}

/// The buckets of a table with few flows.
const LEAST: usize = 16;

/// Flows of a bucket.
const SEATS: usize = 7;

/// Where flows that are open are found: a cache line, which is looked at as a whole, so that there is no branch for each
/// of them. A flow that finds no seat in its bucket takes one in a later bucket, and those that it passes know.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Bucket {
    /// The hashes of their ways and local ports, [`FREE`] where a seat is; the last is the number of flows that passed.
    tags: [u32; SEATS + 1],
    /// Their places among the flows that are open.
    places: [u32; SEATS + 1],
}

/// The hash of no flow.
const FREE: u32 = 0;
/// Hashes of flows have it: so they are not [`FREE`], and no number of flows is one of them.
const TAKEN: u32 = 1 << 31;

/// Seats as bytes, the first in the lowest: all bits are set of those that are meant.
type Seats = u64;

/// The first of the seats that are meant.
#[inline(always)]
fn first(seats: Seats) -> usize {
    seats.trailing_zeros() as usize / 8
}

impl Bucket {
    #[inline(always)]
    fn passed(&mut self) -> &mut u32 {
        &mut self.tags[SEATS]
    }

    /// The seats with that hash; of that of no flow, the last place may be among them.
    #[inline(always)]
    fn same(&self, tag: u32) -> Seats {
        let mut same = [0; SEATS + 1];
        for (same, known) in same.iter_mut().zip(&self.tags) {
            *same = if *known == tag { u8::MAX } else { 0 };
        }
        Seats::from_le_bytes(same)
    }

    /// Seats that are taken.
    fn seats(&self) -> impl Iterator<Item = usize> {
        (0..SEATS).filter(|seat| self.tags[*seat] != FREE)
    }
}

/// A flow that is open, or was woken, until the next one is put in or taken out: eight times the bucket, and the seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found(usize);

impl Found {
    #[inline(always)]
    fn bucket(self) -> usize {
        self.0 / 8
    }

    #[inline(always)]
    fn seat(self) -> usize {
        self.0 % 8
    }
}

/// A flow that is open, or the place of one that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Open(Found),
    Held(u64),
}

/// Flows by way and local port. Nothing is left behind by those that are taken out, so that the table does not grow with
/// the log.
#[derive(Clone, Debug)]
pub(super) struct Flows {
    buckets: Vec<Bucket>,
    len: usize,
    seed: u64,
    /// Flows that are open, and places that are not taken.
    open: Vec<Flow>,
    vacant: Vec<u32>,
    held: Held,
}

impl Flows {
    pub(super) fn new(releases: &Releases) -> Self {
        let seed = RandomState::default().hash_one(LEAST);
        let (buckets, held) = (vec![Bucket::default(); LEAST], Held::new(releases));
        Self { buckets, len: 0, seed, open: Vec::new(), vacant: Vec::new(), held }
    }

    /// The hash of a way and a local port.
    #[inline(always)]
    pub(super) fn tag(&self, way: u32, sport: u16) -> u32 {
        let key = (u64::from(way) << 16 | u64::from(sport)) ^ self.seed;
        let mixed = u128::from(key) * 0x9e37_79b9_7f4a_7c15;
        ((mixed >> 64) as u64 ^ mixed as u64) as u32 | TAKEN
    }

    #[inline(always)]
    fn next(&self, at: usize) -> usize {
        (at + 1) & (self.buckets.len() - 1)
    }

    #[inline(always)]
    fn home(&self, tag: u32) -> usize {
        tag as usize & (self.buckets.len() - 1)
    }

    /// Asks for what says where a flow is that is needed soon.
    #[inline(always)]
    pub(super) fn fetch(&self, tag: u32) {
        self.held.fetch(tag);
        prefetch_index(&self.buckets, self.home(tag));
    }

    /// The flow of a way and a local port, of which the hash is given, if it is open.
    #[inline(always)]
    pub(super) fn find_open(&self, tag: u32, way: u32, sport: u16) -> Option<Found> {
        let mut at = self.home(tag);
        loop {
            let bucket = &self.buckets[at];
            let mut same = bucket.same(tag);
            while same != 0 {
                let seat = first(same);
                let flow = &self.open[bucket.places[seat] as usize];
                if flow.way == way && flow.sport == sport {
                    return Some(Found(at * 8 + seat));
                }
                same &= !(Seats::from(u8::MAX) << (8 * seat));
            }
            if bucket.tags[SEATS] == 0 {
                return None;
            }
            at = self.next(at);
        }
    }

    /// The same, or the place in the queue where it is held.
    #[inline(always)]
    pub(super) fn find(&self, tag: u32, way: u32, sport: u16, releases: &Releases) -> Option<Known> {
        if let Some(place) = self.held.find(tag, way, sport, releases) {
            return Some(Known::Held(place));
        }
        self.find_open(tag, way, sport).map(Known::Open)
    }

    /// The number of a flow's last connect.
    pub(super) fn serial(&self, known: Known, releases: &Releases) -> Option<u32> {
        match known {
            Known::Open(found) => Some(self.get(found).serial),
            Known::Held(place) => releases.get(place).map(|closed| closed.serial),
        }
    }

    #[inline(always)]
    fn place(&self, found: Found) -> usize {
        self.buckets[found.bucket()].places[found.seat()] as usize
    }

    /// A flow that is open, or was woken.
    #[inline(always)]
    pub(super) fn get(&self, found: Found) -> &Flow {
        &self.open[self.place(found)]
    }

    #[inline(always)]
    pub(super) fn get_mut(&mut self, found: Found) -> &mut Flow {
        let place = self.place(found);
        &mut self.open[place]
    }

    /// Puts a flow that is held among those that are open: it will be open or held anew, and its place is to be
    /// cancelled.
    pub(super) fn wake(&mut self, known: Known, releases: &Releases) -> Option<Found> {
        match known {
            Known::Open(found) => Some(found),
            Known::Held(place) => {
                let closed = releases.get(place)?;
                Some(self.insert(self.tag(closed.way, closed.sport), Flow::held(closed, place)))
            }
        }
    }

    /// A flow that was among those that are open is held from now on; it has just joined the queue, at that place.
    #[inline(always)]
    pub(super) fn hold(&mut self, found: Found, place: u64, releases: &Releases) {
        self.held.insert(self.buckets[found.bucket()].tags[found.seat()], place, releases);
        self.remove(found);
    }

    /// Adds a flow that is not there.
    #[inline(always)]
    pub(super) fn insert(&mut self, tag: u32, flow: Flow) -> Found {
        if self.len * 8 >= self.buckets.len() * SEATS * 5 {
            self.grow();
        }
        let place = match self.vacant.pop() {
            Some(place) => {
                self.open[place as usize] = flow;
                place
            }
            None => {
                self.open.push(flow);
                self.open.len() as u32 - 1
            }
        };
        self.len += 1;
        self.sit(tag, place)
    }

    /// Gives a flow a seat; there is one.
    #[inline(always)]
    fn sit(&mut self, tag: u32, place: u32) -> Found {
        let mut at = self.home(tag);
        loop {
            let bucket = &mut self.buckets[at];
            let seat = first(bucket.same(FREE));
            if seat < SEATS {
                (bucket.tags[seat], bucket.places[seat]) = (tag, place);
                return Found(at * 8 + seat);
            }
            *bucket.passed() += 1;
            at = self.next(at);
        }
    }

    #[cold]
    fn grow(&mut self) {
        let more = vec![Bucket::default(); self.buckets.len() * 2];
        for bucket in std::mem::replace(&mut self.buckets, more) {
            for seat in bucket.seats() {
                self.sit(bucket.tags[seat], bucket.places[seat]);
            }
        }
    }

    /// Takes out a flow that is among those that are open.
    #[inline(always)]
    pub(super) fn remove(&mut self, found: Found) {
        let (end, seat) = (found.bucket(), found.seat());
        let bucket = &mut self.buckets[end];
        self.vacant.push(bucket.places[seat]);
        let tag = std::mem::replace(&mut bucket.tags[seat], FREE);
        let mut at = self.home(tag);
        while at != end {
            *self.buckets[at].passed() -= 1;
            at = self.next(at);
        }
        self.len -= 1;
    }

    /// Flows whose close has not come, those that hold nothing aside.
    pub(super) fn open(&self) -> impl Iterator<Item = &Flow> {
        let places = self.buckets.iter().flat_map(|bucket| bucket.seats().map(|seat| bucket.places[seat]));
        places.map(|place| &self.open[place as usize]).filter(|flow| flow.open && !flow.double)
    }

    /// Flows that are open.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Room for flows, free or not.
    #[cfg(test)]
    pub(super) fn slots(&self) -> usize {
        self.buckets.len() * SEATS + self.held.seats()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A table beside a map, through many accidents.
    #[test]
    fn the_table_is_a_map() {
        let mut releases = Releases::new(&[1_000]).0;
        let (mut flows, mut map) = (Flows::new(&releases), BTreeMap::new());
        let mut random = fixtures::Random::new(7);
        for at in 0..60_000_u32 {
            let (way, sport) = (random.below(40) as u32, random.below(100) as u16);
            let tag = flows.tag(way, sport);
            let known = flows.find(tag, way, sport, &releases);
            assert_eq!(known.and_then(|known| flows.serial(known, &releases)), map.get(&(way, sport)).copied());
            match known {
                Some(known) => {
                    let open = flows.find_open(tag, way, sport).is_some();
                    let found = flows.wake(known, &releases).unwrap();
                    let place = flows.get(found).place();
                    assert_eq!(place.is_none(), open);
                    place.into_iter().for_each(|place| releases.cancel(place));
                    if random.one_in(2) {
                        flows.remove(found);
                        map.remove(&(way, sport));
                    } else {
                        let place = releases.push(i64::from(at), Closed::of(flows.get(found), (0, false)));
                        flows.hold(found, place, &releases);
                    }
                }
                None => {
                    flows.insert(tag, Flow { serial: at, ..Flow::new(way, 0, sport) });
                    map.insert((way, sport), at);
                }
            }
            for (_, closed) in releases.all_due(0, i64::from(at)) {
                map.remove(&(closed.way, closed.sport));
            }
            assert_eq!(flows.len() + releases.held(), map.len());
        }
        assert!(map.len() > 500 && flows.slots() <= 8_192, "{} in {}", map.len(), flows.slots());
    }

    /// So many that both tables grow often, and that of held flows gets memory of its own.
    #[test]
    fn many_flows_are_found_while_they_are_open_and_while_they_are_held() {
        let mut releases = Releases::new(&[200_000]).0;
        let mut flows = Flows::new(&releases);
        let ends = |at: u32| (at / 60_000, (at % 60_000) as u16 + 1);
        let tag = |flows: &Flows, at| flows.tag(ends(at).0, ends(at).1);
        for at in 0..300_000 {
            let (way, sport) = ends(at);
            flows.insert(tag(&flows, at), Flow { serial: at, ..Flow::new(way, 0, sport) });
            // Closes come 20,000 rows behind their connects.
            let Some(old) = at.checked_sub(20_000) else { continue };
            let found = flows.find_open(tag(&flows, old), ends(old).0, ends(old).1).unwrap();
            assert_eq!(flows.get(found).serial, old);
            let place = releases.push(i64::from(at), Closed::of(flows.get(found), (0, false)));
            flows.hold(found, place, &releases);
            assert!(releases.all_due(0, i64::from(at)).len() <= 1);
        }
        let known = |at| flows.find(tag(&flows, at), ends(at).0, ends(at).1, &releases);
        for at in 0..300_000 {
            // Those that closed before 100,000 have been released.
            let is = known(at).map(|known| (matches!(known, Known::Open(_)), flows.serial(known, &releases)));
            assert_eq!(is, (at >= 80_000).then_some((at >= 280_000, Some(at))), "{at}");
        }
    }

    #[test]
    fn flows_that_open_again_and_again_fill_no_buckets() {
        let mut releases = Releases::new(&[1_000_000]).0;
        let mut flows = Flows::new(&releases);
        for at in 0..60_000_u32 {
            let (way, sport) = (1, (at % 3) as u16);
            let tag = flows.tag(way, sport);
            let known = flows.find(tag, way, sport, &releases);
            assert_eq!(known.is_some(), at >= 3);
            let found = match known {
                Some(known) => flows.wake(known, &releases).unwrap(),
                None => flows.insert(tag, Flow::new(way, 0, sport)),
            };
            flows.get(found).place().into_iter().for_each(|place| releases.cancel(place));
            let place = releases.push(i64::from(at), Closed::of(flows.get(found), (0, false)));
            flows.hold(found, place, &releases);
        }
        assert_eq!((releases.len(), releases.held(), flows.held.full(&releases)), (60_000, 3, 0));
    }

    #[test]
    fn what_is_known_of_a_flow_is_half_a_cache_line() {
        assert_eq!((size_of::<Bucket>(), size_of::<Flow>(), size_of::<(i64, Closed)>()), (64, 32, 32));
    }
}
