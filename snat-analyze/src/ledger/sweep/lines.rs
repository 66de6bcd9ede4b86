//! Where flows are: a table in lines of the cache, each of which says it of seven.

use std::ops::Range;

use prefetch_index::prefetch_index;
use wide::u32x8;

use super::release::Releases;

/// Lines that are made at once.
pub(super) const CHUNK: usize = 1 << 10;

/// Flows of a line.
pub(super) const SEATS: usize = 7;

/// What a cache line says of flows.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Line {
    /// Their hashes; the last place: how many open flows passed the line.
    pub(super) tags: [u32; SEATS + 1],
    /// Where they are, among those that are open or in the queue of releases, of which the last bits are kept; the last
    /// place: the last place in the queue of a held flow that passed the line.
    pub(super) places: [u32; SEATS + 1],
}

/// The flow of a hash is open.
pub(super) const OPEN: u32 = 1 << 31;

/// Seats of a line as bits, the first the lowest: those are set that are meant. Looked at as a whole, so that there is no
/// branch for each of them.
pub(super) type Seats = u32;

const ALL: Seats = (1 << SEATS) - 1;

/// The first of the seats that are meant; [`SEATS`] or more where there is none.
#[inline(always)]
pub(super) fn first(seats: Seats) -> usize {
    seats.trailing_zeros() as usize
}

/// As many lines as a power of two, in chunks, so that they stay where they are when there are more; behind the last one comes
/// the first.
#[derive(Clone, Debug)]
pub(super) struct Lines(Vec<Box<[Line; CHUNK]>>);

impl Lines {
    /// Few, that say nothing.
    pub(super) fn new(releases: &Releases) -> Self {
        Self(vec![chunk(releases)])
    }

    /// Twice as many; the new ones say nothing.
    pub(super) fn double(&mut self, releases: &Releases) {
        self.0.extend((0..self.0.len()).map(|_| chunk(releases)).collect::<Vec<_>>());
    }

    /// Flows that they may have: no more than five of eight seats are taken.
    #[inline(always)]
    pub(super) fn room(&self) -> usize {
        self.len() * SEATS * 5 / 8
    }

    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.0.len() * CHUNK
    }

    #[inline(always)]
    fn chunk(&self, at: usize) -> usize {
        (at / CHUNK) & (self.0.len() - 1)
    }

    #[inline(always)]
    pub(super) fn get(&self, at: usize) -> &Line {
        &self.0[self.chunk(at)][at % CHUNK]
    }

    #[inline(always)]
    pub(super) fn get_mut(&mut self, at: usize) -> &mut Line {
        let chunk = self.chunk(at);
        &mut self.0[chunk][at % CHUNK]
    }

    /// Where a flow of that hash may be, the likeliest place first. Once around is enough, whatever the lines say.
    #[inline(always)]
    pub(super) fn around(&self, tag: u32) -> Range<usize> {
        tag as usize..tag as usize + self.len()
    }

    /// Asks for a line that is needed soon.
    #[inline(always)]
    pub(super) fn fetch(&self, at: usize) {
        prefetch_index(self.0[self.chunk(at)].as_slice(), at % CHUNK);
    }
}

/// Lines that say nothing.
fn chunk(releases: &Releases) -> Box<[Line; CHUNK]> {
    Box::new([Line::void_of(releases); CHUNK])
}

impl Line {
    /// One that says nothing.
    pub(super) fn void_of(releases: &Releases) -> Self {
        Self { tags: [0; SEATS + 1], places: [nowhere(releases); SEATS + 1] }
    }

    #[inline(always)]
    pub(super) fn passed(&mut self) -> &mut u32 {
        &mut self.tags[SEATS]
    }

    #[inline(always)]
    pub(super) fn over(&mut self) -> &mut u32 {
        &mut self.places[SEATS]
    }

    /// Whether the next line has to be asked for a flow that is open.
    #[inline(always)]
    pub(super) fn is_passed(&self) -> bool {
        self.tags[SEATS] != 0
    }

    /// The same of one that is held.
    #[inline(always)]
    pub(super) fn is_passed_by_held(&self, releases: &Releases) -> bool {
        releases.is_in_queue(self.places[SEATS])
    }

    /// The seats of an open flow that may be it.
    #[inline(always)]
    pub(super) fn open_ones(&self, tag: u32) -> Seats {
        u32x8::new(self.tags).simd_eq(u32x8::splat(tag | OPEN)).to_bitmask() & ALL
    }

    /// The same of one that is open or held.
    #[inline(always)]
    pub(super) fn ones(&self, tag: u32) -> Seats {
        (u32x8::new(self.tags) | u32x8::splat(OPEN)).simd_eq(u32x8::splat(tag | OPEN)).to_bitmask() & ALL
    }

    /// The seats that nobody has: what is said of a place that is not in the queue any more is void.
    #[inline(always)]
    pub(super) fn void(&self, releases: &Releases) -> Seats {
        let in_queue = releases.in_queue();
        let open = u32x8::new(self.tags).to_bitmask();
        let held = (u32x8::new(self.places) - u32x8::splat(in_queue.base)).simd_lt(u32x8::splat(in_queue.len));
        !(open | held.to_bitmask()) & ALL
    }
}

/// A line, and a seat in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) line: usize,
    pub(super) seat: usize,
}

/// Gives a flow a seat; `None` where there is none.
#[inline(always)]
pub(super) fn put(lines: &mut Lines, tag: u32, place: u32, releases: &Releases) -> Option<Seat> {
    for at in lines.around(tag) {
        let line = lines.get_mut(at);
        let seat = first(line.void(releases));
        if seat < SEATS {
            (line.tags[seat], line.places[seat]) = (tag, place);
            return Some(Seat { line: at, seat });
        }
        if tag & OPEN != 0 {
            *line.passed() += 1;
        } else {
            *line.over() = releases.later(*line.over(), place);
        }
    }
    None
}

/// The last bits of a place that is not in the queue.
pub(super) fn nowhere(releases: &Releases) -> u32 {
    (releases.base() as u32).wrapping_sub(1)
}
