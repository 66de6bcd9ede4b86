//! The plain row: what `-t -v` prints for a whole event, read by its layout.
//!
//! ```text
//! time<14 kind<12 _ pid<6 _ comm<16 _ ip _ _ saddr<16 _ daddr<16 _ sport<6 _ dport<6 _ netns
//! ```
//!
//! Numbers are read eight digits at a time. The cells that few values go through (process, thread name, local address,
//! namespace; the remote address) are not read at all, but looked up as they are printed: they are what the grammar
//! said they are when it first saw them. So this may decline a line, and can never disagree with the grammar.

use std::io::Write;

use crate::formats::tcptracer::{Event, Kind};

/// Bytes that a row may take, and that must be there.
const WINDOW: usize = 192;
/// Widths of the layout.
const TIME: usize = 14;
const KIND: usize = 13;
const PID: usize = 6;
const COMM: usize = 16;
const ADDR: usize = 16;
const PORT: usize = 7;

/// Words of what a row prints, where addresses take no more than their cells, and where they do.
pub(super) const ORIGIN: usize = 8;
pub(super) const LONG_ORIGIN: usize = 11;
pub(super) const REMOTE: usize = 2;
pub(super) const LONG_REMOTE: usize = 7;

/// PID, thread name, family, local address and namespace as printed.
pub(super) type OriginKey = Printed<ORIGIN, LONG_ORIGIN>;

/// The remote address as printed.
pub(super) type RemoteKey = Printed<REMOTE, LONG_REMOTE>;

/// What a row prints.
#[derive(Clone, Copy, Debug)]
pub(super) enum Printed<const S: usize, const L: usize> {
    Short(Key<S>),
    Long(Key<L>),
}

/// Cells as printed, with their lengths.
#[derive(Clone, Copy, Debug, Eq)]
pub(super) struct Key<const N: usize>([u64; N]);

impl<const N: usize> PartialEq for Key<N> {
    /// All words at once: keys that are compared are nearly always the same.
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }
}

impl<const N: usize> Key<N> {
    /// Two words at a time: each in both halves of a product.
    #[inline(always)]
    pub(super) fn hash(&self, seed: u64) -> u64 {
        self.0.chunks(2).fold(seed, |state, words| {
            let (first, second) = (words[0], words.get(1).copied().unwrap_or_default());
            let product = u128::from(first ^ 0x9e37_79b9_7f4a_7c15) * u128::from(second ^ seed);
            state.rotate_left(17) ^ (product >> 64) as u64 ^ product as u64
        })
    }
}

/// A row whose layout and numbers are plain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain {
    pub(super) time: i64,
    pub(super) kind: Kind,
    pub(super) sport: u16,
    pub(super) dport: u16,
    pub(super) netns: u64,
    pub(super) origin: OriginKey,
    pub(super) remote: RemoteKey,
    /// Where cells start.
    comm: usize,
    saddr: usize,
    daddr: usize,
    ports: usize,
    /// Bytes of the text, and with its line end.
    pub(super) text: usize,
    pub(super) whole: usize,
}

type Window = [u8; WINDOW];

const HIGH: u64 = 0x8080_8080_8080_8080;
const BLANKS: u64 = 0x2020_2020_2020_2020;

#[inline(always)]
fn word(row: &Window, at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*row.get(at..)?.first_chunk()?))
}

/// How many of eight bytes are digits before the first that is none, and the number that they make.
#[inline(always)]
fn eight(bytes: u64) -> (u32, u64) {
    let values = bytes ^ 0x3030_3030_3030_3030;
    // A carry goes to later bytes only, and those before the first that is no digit make none.
    let others = (values.wrapping_add(0x7676_7676_7676_7676) | values) & HIGH;
    let digits = others.trailing_zeros() / 8;
    let values = values.checked_shl(64 - 8 * digits).unwrap_or(0);
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8);
    let fours = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let others = (pairs >> 16 & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    (digits, fours.wrapping_add(others) >> 32)
}

/// Up to fifteen digits, and their number.
#[inline(always)]
fn digits(row: &Window, at: usize) -> Option<(usize, u64)> {
    let (first, high) = eight(word(row, at)?);
    if first < 8 {
        return Some((first as usize, high));
    }
    let (more, low) = eight(word(row, at + 8)?);
    const TENS: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];
    Some((8 + more as usize, high * TENS.get(more as usize)? + low))
}

/// A port in its cell of seven bytes, the last of them blank.
#[inline(always)]
fn port(row: &Window, at: usize) -> Option<u16> {
    let bytes = word(row, at)?;
    let (digits, number) = eight(bytes);
    let padding = (bytes ^ BLANKS) << 8 >> (8 + 8 * digits.min(6));
    let plain = digits > 0 && digits < 7 && padding == 0 && !leads_with_zero(bytes, digits as usize);
    plain.then(|| u16::try_from(number).ok())?
}

/// Numbers are printed as they are: so a row can be printed again.
#[inline(always)]
fn leads_with_zero(bytes: u64, digits: usize) -> bool {
    digits > 1 && bytes as u8 == b'0'
}

const fn text(bytes: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*bytes)
}

#[inline(always)]
fn kind(row: &Window, at: usize) -> Option<Kind> {
    // The last eight of thirteen bytes overlap the first.
    match (word(row, at)?, word(row, at + KIND - 8)?) {
        (first, last) if first == text(b"connect ") && last == text(b"ct      ") => Some(Kind::Connect),
        (first, BLANKS) if first == text(b"close   ") => Some(Kind::Close),
        (first, last) if first == text(b"accept  ") && last == text(b"t       ") => Some(Kind::Accept),
        _ => None,
    }
}

/// Where the cell behind an address starts: it is padded to sixteen, and longer with IPv6.
#[inline(always)]
fn behind_addr(row: &Window, at: usize) -> Option<usize> {
    if *row.get(at + ADDR)? == b' ' {
        return Some(at + ADDR + 1);
    }
    let rest = row.get(at + ADDR..)?;
    Some(at + ADDR + rest.iter().take(32).position(|b| *b == b' ')? + 1)
}

/// Stretches of up to eight bytes a word; what is longer than the words is `None`.
#[inline]
fn long<const N: usize>(row: &Window, from: usize, to: usize) -> Option<[u64; N]> {
    let mut words = [0; N];
    let mut bytes = row.get(from..to)?.chunks(8);
    for (word, bytes) in words.iter_mut().zip(&mut bytes) {
        let mut eight = [0; 8];
        eight.get_mut(..bytes.len())?.copy_from_slice(bytes);
        *word = u64::from_le_bytes(eight);
    }
    bytes.next().is_none().then_some(words)
}

/// The row at the start of `rest`, if it is a plain one and followed by enough.
#[inline(always)]
pub(super) fn plain(rest: &[u8]) -> Option<Plain> {
    let row: &Window = rest.first_chunk()?;
    let (time_digits, time) = digits(row, 0)?;
    if time_digits == 0 || leads_with_zero(word(row, 0)?, time_digits) {
        return None;
    }
    let base = time_digits.max(TIME);
    if !row.get(time_digits..base)?.iter().all(|b| *b == b' ') {
        return None;
    }
    let kind = kind(row, base)?;
    let pid = base + KIND;
    let (pid_digits, _) = eight(word(row, pid)?);
    let comm = pid + (pid_digits as usize).max(PID) + 1;
    let saddr = comm + COMM + 4;
    let daddr = behind_addr(row, saddr)?;
    let ports = behind_addr(row, daddr)?;
    let sport = port(row, ports)?;
    let dport = port(row, ports + PORT)?;
    let netns_at = ports + 2 * PORT;
    let (netns_digits, netns) = digits(row, netns_at)?;
    let text = netns_at + netns_digits;
    let whole = match (*row.get(text)?, *row.get(text + 1)?) {
        (b'\n', _) => text + 1,
        (b'\r', b'\n') => text + 2,
        _ => return None,
    };
    // Shorter ones are padded.
    if netns_digits < 8 {
        return None;
    }
    let length = daddr - pid;
    let lengths = (length as u64) << 32 | netns_digits as u64;
    let origin = if length <= 48 {
        let mut words = [0; ORIGIN];
        for (at, slot) in words.iter_mut().take(5).enumerate() {
            *slot = word(row, pid + 8 * at)?;
        }
        (words[5], words[6], words[7]) = (word(row, daddr - 8)?, netns, lengths);
        Printed::Short(Key(words))
    } else {
        let mut words = [0; LONG_ORIGIN];
        let cells: [u64; LONG_ORIGIN - 2] = long(row, pid, daddr)?;
        words[..LONG_ORIGIN - 2].copy_from_slice(&cells);
        (words[LONG_ORIGIN - 2], words[LONG_ORIGIN - 1]) = (netns, lengths);
        Printed::Long(Key(words))
    };
    let remote = if ports - daddr == ADDR + 1 {
        Printed::Short(Key([word(row, daddr)?, word(row, daddr + 8)?]))
    } else {
        let mut words = [0; LONG_REMOTE];
        let cells: [u64; LONG_REMOTE - 1] = long(row, daddr, ports)?;
        words[..LONG_REMOTE - 1].copy_from_slice(&cells);
        words[LONG_REMOTE - 1] = (ports - daddr) as u64;
        Printed::Long(Key(words))
    };
    Some(Plain {
        time: i64::try_from(time).ok()?,
        kind,
        sport,
        dport,
        netns,
        origin,
        remote,
        comm,
        saddr,
        daddr,
        ports,
        text,
        whole,
    })
}

impl Plain {
    /// Whether the grammar has read the line as this layout has it: then the cells that are looked up mean the same in
    /// every other line of the layout.
    pub(super) fn is(&self, event: &Event<'_>, line: &[u8]) -> bool {
        let cell = |from: usize, to: usize| line.get(from..to).unwrap_or_default();
        // One word at the start of its cell, and blanks.
        let is_word = |cell: &[u8]| {
            let end = cell.iter().position(|b| *b == b' ').unwrap_or(cell.len());
            end > 0 && cell[end..].iter().all(|b| *b == b' ') && !cell[..end].iter().any(u8::is_ascii_whitespace)
        };
        let comm = cell(self.comm, self.comm + COMM);
        let name = comm.iter().rposition(|b| *b != b' ').map_or(0, |at| at + 1);
        let apart = |at: usize| line.get(at) == Some(&b' ');
        line.len() == self.text
            && !event.masked
            && event.time == Some(self.time)
            && event.kind == self.kind
            && event.uid.is_none()
            && (event.sport, event.dport) == (Some(self.sport), Some(self.dport))
            && event.netns == Some(self.netns)
            && name > 0
            && event.comm == &comm[..name]
            && !comm[..name].ends_with(b"\t")
            && apart(self.comm - 1)
            && apart(self.comm + COMM)
            && apart(self.saddr - 1)
            && apart(self.saddr - 2)
            && is_word(cell(self.saddr, self.daddr))
            && is_word(cell(self.daddr, self.ports))
    }
}

/// A plain row of the same process to the same remote end, at another time (nanoseconds) and from another local port,
/// without a line end; `None` where `line` is no plain row.
///
/// ```
/// use snat_parse::formats::tcptracer::printed_again;
///
/// let line = b"7             connect      77     curl             4  10.244.3.9       20.51.14.8       40114  443    4026533011";
/// let other = printed_again(line, 10_000_000_041_273, 5).unwrap();
/// assert!(other.starts_with(b"10000000041273connect      77     curl  "));
/// assert!(other.ends_with(b" 20.51.14.8       5      443    4026533011"));
/// ```
pub fn printed_again(line: &[u8], time: i64, sport: u16) -> Option<Vec<u8>> {
    let mut row = line.to_vec();
    row.push(b'\n');
    row.resize(row.len() + WINDOW, 0);
    let plain = plain(&row)?;
    let time_ends = line.iter().position(|b| !b.is_ascii_digit())?.max(TIME);
    let mut again = Vec::with_capacity(line.len() + TIME);
    write!(again, "{time:<TIME$}").ok()?;
    again.extend_from_slice(line.get(time_ends..plain.ports)?);
    write!(again, "{sport:<PORT$}").ok()?;
    again.extend_from_slice(line.get(plain.ports + PORT..)?);
    Some(again)
}
