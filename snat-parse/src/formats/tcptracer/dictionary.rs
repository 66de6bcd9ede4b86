//! What many rows share, kept once: the process that a row is of, and remote addresses. A row has their numbers.
//!
//! Numbers are dense, in the order in which values were first seen, and stand until the dictionary is emptied: that
//! begins a new generation.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::formats::tcptracer::Event;
use crate::formats::tcptracer::plain::{
    Even, Key, LONG_ORIGIN, LONG_REMOTE, ORIGIN, OriginKey, Printed, REMOTE, RemoteKey,
};
use crate::lex::{Addr, AddrRef};

/// Values that are kept. More, and all are forgotten when the chunk is done with.
const ROOM: usize = 1 << 16;

/// What rows of one process from one address have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) pid: Option<u32>,
    /// Number of the thread name.
    pub(super) comm: u32,
    pub(super) ip: Option<u8>,
    /// Number of the local address.
    pub(super) saddr: u32,
    pub(super) netns: Option<u64>,
    pub(super) uid: Option<u32>,
}

/// Values of one kind, each once, with their numbers.
#[derive(Clone, Debug)]
struct Values<T> {
    values: Vec<T>,
    /// Whether a plain row prints the value with that number.
    printed: Vec<bool>,
    numbers: HashTable<u32>,
}

impl<T> Default for Values<T> {
    fn default() -> Self {
        Self { values: Vec::new(), printed: Vec::new(), numbers: HashTable::new() }
    }
}

impl<T> Values<T> {
    /// The number of a value. `hash` is the same for what `is` calls the same.
    #[inline]
    fn number(
        &mut self,
        hash: u64,
        is: impl Fn(&T) -> bool,
        make: impl FnOnce() -> T,
        hash_of: impl Fn(&T) -> u64,
    ) -> u32 {
        if let Some(found) = self.numbers.find(hash, |at| is(&self.values[*at as usize])) {
            return *found;
        }
        let next = self.values.len() as u32;
        self.values.push(make());
        self.printed.push(false);
        self.numbers.insert_unique(hash, next, |at| hash_of(&self.values[*at as usize]));
        next
    }

    /// A number for the same value as one way of printing it has it.
    fn printed(&mut self, number: u32) -> u32
    where
        T: Clone,
    {
        if !std::mem::replace(&mut self.printed[number as usize], true) {
            return number;
        }
        self.values.push(self.values[number as usize].clone());
        self.printed.push(true);
        self.values.len() as u32 - 1
    }

    fn clear(&mut self) {
        self.values.clear();
        self.printed.clear();
        self.numbers.clear();
    }
}

/// A key that starts where a cache line does.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct Place<const N: usize>(Key<N>);

/// Keys and their numbers, each in the one place that it may stand in: nearly all that are looked up are found here.
/// There is something in every place, or nothing in any.
#[derive(Clone, Debug, Default)]
struct Recent<const N: usize> {
    keys: Vec<Place<N>>,
    /// Apart, so that a short key of an origin is one line.
    numbers: Vec<u32>,
}

impl<const N: usize> Recent<N> {
    /// Of the number of a place.
    const BITS: u32 = 12;

    #[inline(always)]
    fn place(mixed: u64) -> usize {
        (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - Self::BITS)) as usize
    }

    #[inline(always)]
    fn find(&self, key: &Key<N>) -> Option<u32> {
        let place = Self::place(key.mixed());
        let Place(known) = self.keys.get(place)?;
        if known == key { self.numbers.get(place).copied() } else { None }
    }

    fn put(&mut self, key: &Key<N>, number: u32) {
        if self.keys.is_empty() {
            self.keys.resize(1 << Self::BITS, Place(*key));
            self.numbers.resize(1 << Self::BITS, number);
        }
        let place = Self::place(key.mixed());
        (self.keys[place], self.numbers[place]) = (Place(*key), number);
    }

    fn clear(&mut self) {
        self.keys.clear();
        self.numbers.clear();
    }
}

/// Numbers by what a plain row prints.
#[derive(Clone, Debug)]
struct ByPrint<const S: usize, const L: usize> {
    short: HashTable<(Key<S>, u32)>,
    recent: Recent<S>,
    long: HashTable<(Key<L>, u32)>,
    recent_long: Recent<L>,
}

impl<const S: usize, const L: usize> Default for ByPrint<S, L> {
    fn default() -> Self {
        Self {
            short: HashTable::new(),
            recent: Recent::default(),
            long: HashTable::new(),
            recent_long: Recent::default(),
        }
    }
}

impl<const S: usize, const L: usize> ByPrint<S, L> {
    fn find(&mut self, printed: &Printed<S, L>, seed: u64) -> Option<u32> {
        match printed {
            Printed::Short(key) => self.find_short(key, seed),
            Printed::Long(key) => self.find_long(key, seed),
        }
    }

    fn find_short(&mut self, key: &Key<S>, seed: u64) -> Option<u32> {
        self.recent.find(key).or_else(|| self.find_older(key, seed))
    }

    fn find_older(&mut self, key: &Key<S>, seed: u64) -> Option<u32> {
        let (_, number) = *self.short.find(key.hash(seed), |(known, _)| known == key)?;
        self.recent.put(key, number);
        Some(number)
    }

    #[inline(never)]
    fn find_long(&mut self, key: &Key<L>, seed: u64) -> Option<u32> {
        if let Some(number) = self.recent_long.find(key) {
            return Some(number);
        }
        let (_, number) = *self.long.find(key.hash(seed), |(known, _)| known == key)?;
        self.recent_long.put(key, number);
        Some(number)
    }

    /// Adds what is not there.
    fn insert(&mut self, printed: &Printed<S, L>, number: u32, seed: u64) {
        match printed {
            Printed::Short(key) => {
                self.short.insert_unique(key.hash(seed), (*key, number), |(key, _)| key.hash(seed));
            }
            Printed::Long(key) => {
                self.long.insert_unique(key.hash(seed), (*key, number), |(key, _)| key.hash(seed));
            }
        }
    }

    fn len(&self) -> usize {
        self.short.len() + self.long.len()
    }

    fn clear(&mut self) {
        self.short.clear();
        self.recent.clear();
        self.long.clear();
        self.recent_long.clear();
    }
}

/// All that rows share.
#[derive(Clone, Debug)]
pub(super) struct Dictionary {
    pub(super) generation: u32,
    hasher: RandomState,
    /// Of the hash of keys.
    seed: u64,
    origins: Values<Origin>,
    comms: Values<Box<[u8]>>,
    addrs: Values<Addr>,
    /// Numbers by how a plain row prints them.
    by_origin: ByPrint<ORIGIN, LONG_ORIGIN>,
    by_remote: ByPrint<REMOTE, LONG_REMOTE>,
}

impl Default for Dictionary {
    fn default() -> Self {
        let hasher = RandomState::default();
        Self {
            generation: 0,
            seed: hasher.hash_one(0_u8) | 1,
            hasher,
            origins: Values::default(),
            comms: Values::default(),
            addrs: Values::default(),
            by_origin: ByPrint::default(),
            by_remote: ByPrint::default(),
        }
    }
}

/// Hash of a text as its bytes, of an address as its number.
fn addr_hash(hasher: &RandomState, addr: AddrRef<'_>) -> u64 {
    match addr {
        AddrRef::Ip(ip) => hasher.hash_one(ip),
        AddrRef::Printed(text) => hasher.hash_one(text),
    }
}

#[inline]
fn borrowed(addr: &Addr) -> AddrRef<'_> {
    match addr {
        Addr::Ip(ip) => AddrRef::Ip(*ip),
        Addr::Printed(text) => AddrRef::Printed(text.as_bytes()),
    }
}

fn origin_hash(hasher: &RandomState, origin: &Origin) -> u64 {
    let Origin { pid, comm, ip, saddr, netns, uid } = *origin;
    hasher.hash_one((pid, comm, ip, saddr, netns, uid))
}

impl Dictionary {
    /// Numbers of the event's process and of its remote address.
    pub(super) fn numbers(&mut self, event: &Event<'_>) -> (u32, u32) {
        let hasher = self.hasher.clone();
        let comm_hash = |comm: &[u8]| hasher.hash_one(comm);
        let comm = self.comms.number(
            comm_hash(event.comm),
            |known| **known == *event.comm,
            || event.comm.into(),
            |known| comm_hash(known),
        );
        let saddr = self.addr(event.saddr);
        let origin = Origin { pid: event.pid, comm, ip: event.ip, saddr, netns: event.netns, uid: event.uid };
        let hash = origin_hash(&hasher, &origin);
        let of = self.origins.number(hash, |known| *known == origin, || origin, |known| origin_hash(&hasher, known));
        (of, self.addr(event.daddr))
    }

    fn addr(&mut self, addr: AddrRef<'_>) -> u32 {
        let hasher = self.hasher.clone();
        // A masked address that is no UTF-8 is kept as its replacement, and hashed as that.
        let owned;
        let addr = match addr {
            AddrRef::Printed(text) if std::str::from_utf8(text).is_err() => {
                owned = addr.to_addr();
                borrowed(&owned)
            }
            _ => addr,
        };
        self.addrs.number(
            addr_hash(&hasher, addr),
            |known| borrowed(known) == addr,
            || addr.to_addr(),
            |known| addr_hash(&hasher, borrowed(known)),
        )
    }

    #[inline]
    pub(super) fn origin(&self, number: u32) -> &Origin {
        &self.origins.values[number as usize]
    }

    #[inline]
    pub(super) fn comm(&self, number: u32) -> &[u8] {
        &self.comms.values[number as usize]
    }

    #[inline]
    pub(super) fn addr_of(&self, number: u32) -> AddrRef<'_> {
        borrowed(&self.addrs.values[number as usize])
    }

    /// Numbers of what an even row prints, if both are in their places.
    #[inline(always)]
    pub(super) fn recent(&self, origin: &Key<ORIGIN>, remote: &Key<REMOTE>) -> Option<(u32, u32)> {
        Some((self.by_origin.recent.find(origin)?, self.by_remote.recent.find(remote)?))
    }

    /// The same if both were learnt; they are in their places then.
    #[inline(never)]
    pub(super) fn older(&mut self, row: Even<'_>) -> Option<(u32, u32)> {
        self.known(&Printed::Short(row.origin()?), &Printed::Short(row.remote()?))
    }

    /// Numbers of what a plain row prints, if both were learnt.
    pub(super) fn known(&mut self, origin: &OriginKey, remote: &RemoteKey) -> Option<(u32, u32)> {
        Some((self.by_origin.find(origin, self.seed)?, self.by_remote.find(remote, self.seed)?))
    }

    /// From now on the values of these numbers are known by how they are printed. Printed in another way they get
    /// another number, so that one tells how a plain row is printed.
    pub(super) fn learn(&mut self, (origin, of): (&OriginKey, u32), (remote, to): (&RemoteKey, u32)) {
        if self.by_origin.find(origin, self.seed).is_none() {
            let number = self.origins.printed(of);
            self.by_origin.insert(origin, number, self.seed);
        }
        if self.by_remote.find(remote, self.seed).is_none() {
            let number = self.addrs.printed(to);
            self.by_remote.insert(remote, number, self.seed);
        }
    }

    /// Forgets all where it is too much: numbers mean something else afterwards.
    pub(super) fn bound(&mut self) {
        let most = self.origins.values.len().max(self.addrs.values.len()).max(self.comms.values.len());
        if most.max(self.by_origin.len()).max(self.by_remote.len()) <= ROOM {
            return;
        }
        self.generation = self.generation.wrapping_add(1);
        self.origins.clear();
        self.comms.clear();
        self.addrs.clear();
        self.by_origin.clear();
        self.by_remote.clear();
    }
}
