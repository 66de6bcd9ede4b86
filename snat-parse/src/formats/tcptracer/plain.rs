//! The plain row: what `-t -v` prints for a whole event, read by its layout.
//!
//! ```text
//! time<14 kind<12 _ pid<6 _ comm<16 _ ip _ _ saddr<16 _ daddr<16 _ sport<6 _ dport<6 _ netns
//! ```
//!
//! Numbers are read eight digits at a time. The cells that few values go through (process, thread name, local address,
//! namespace; the remote address) are not read at all, but looked up as they are printed: they are what the grammar
//! said they are when it first saw them. So this may decline a line, and can never disagree with the grammar.
//!
//! Nearly all rows are even: their cells lie where the layout has them, and are read there. Others are plain still, but
//! where a cell starts is told by those before it.

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

/// Where cells of an even row start, counted from the thread name on.
const IP: usize = COMM + 1;
const SADDR: usize = IP + 3;
const DADDR: usize = SADDR + ADDR + 1;
const SPORT: usize = DADDR + ADDR + 1;
const DPORT: usize = SPORT + PORT;
const NETNS: usize = DPORT + PORT;
/// Digits of a namespace of an even row, and its line feed.
const NETNS_DIGITS: usize = 10;
const END: usize = NETNS + NETNS_DIGITS;

/// Words of what a row prints, where its cells are those of an even row, and where they are not.
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
    /// For the place of a key: of a process what is its own and its thread's, of an address all.
    #[inline(always)]
    pub(super) fn mixed(&self) -> u64 {
        let words = &self.0;
        let name = if N > REMOTE { words[1].rotate_left(20) ^ words[2 % N].rotate_left(36) } else { 0 };
        words[0] ^ words[N - 1].rotate_left(4) ^ name
    }

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

/// An even row from its thread name on, with its line feed.
type Tail = [u8; END + 1];

const HIGH: u64 = 0x8080_8080_8080_8080;
const BLANKS: u64 = 0x2020_2020_2020_2020;

#[inline(always)]
fn word<const N: usize>(row: &[u8; N], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*row.get(at..)?.first_chunk()?))
}

/// The highest bit of each of eight bytes that is no digit, or that may be none because one before it is not; and their
/// values.
#[inline(always)]
fn values(bytes: u64) -> (u64, u64) {
    let values = bytes ^ 0x3030_3030_3030_3030;
    // A carry goes to later bytes only, and those before the first that is no digit make none.
    ((values.wrapping_add(0x7676_7676_7676_7676) | values) & HIGH, values)
}

/// The number that eight values make.
#[inline(always)]
fn number(values: u64) -> u64 {
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8);
    let fours = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let others = (pairs >> 16 & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    fours.wrapping_add(others) >> 32
}

/// How many of eight bytes are digits before the first that is none, and the number that they make.
#[inline(always)]
fn eight(bytes: u64) -> (u32, u64) {
    let (others, values) = values(bytes);
    let digits = others.trailing_zeros() / 8;
    (digits, number(values.checked_shl(64 - 8 * digits).unwrap_or(0)))
}

/// A number in a cell of fewer than eight bytes: how many digits it has, the number, and zero if what is left of the
/// cell is blank. It is not zero where eight bytes are digits.
#[inline(always)]
fn padded<const BYTES: u32>(text: u64) -> (u32, u64, u64) {
    let (others, values) = values(text);
    // Of the first that is no digit this is the highest bit.
    let end = others.trailing_zeros();
    let left = (text ^ BLANKS) << (64 - 8 * BYTES) >> (57 - 8 * BYTES);
    (end / 8, number((values << 8).wrapping_shl(!end)), left.wrapping_shr(end))
}

const TENS: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// Up to fifteen digits, and their number.
#[inline(always)]
fn digits(row: &Window, at: usize) -> Option<(usize, u64)> {
    let (first, high) = eight(word(row, at)?);
    if first < 8 {
        return Some((first as usize, high));
    }
    let (more, low) = eight(word(row, at + 8)?);
    Some((8 + more as usize, high * TENS.get(more as usize)? + low))
}

/// A port in its cell of seven bytes, the last of them blank.
#[inline(always)]
fn port<const N: usize>(row: &[u8; N], at: usize) -> Option<u16> {
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

/// Kinds by two bits of their second letter, with the first and the last eight of their thirteen bytes. None has the
/// bits of the first one.
const KINDS: [(u64, u64, Kind); 4] = {
    let close = (text(b"close   "), BLANKS, Kind::Close);
    let accept = (text(b"accept  "), text(b"t       "), Kind::Accept);
    let connect = (text(b"connect "), text(b"ct      "), Kind::Connect);
    [close, accept, close, connect]
};

/// Kinds follow each other at random: so there is no branch for each.
#[inline(always)]
fn kind(row: &Window, at: usize) -> Option<Kind> {
    let (first, last) = (word(row, at)?, word(row, at + KIND - 8)?);
    let (known, rest, kind) = KINDS[(first >> 9 & 3) as usize];
    ((first ^ known) | (last ^ rest) == 0).then_some(kind)
}

/// What an even row prints of its process: the first eight bytes of the PID, which say where the thread name starts,
/// what there is from there up to the remote address, and the first and the last eight of the namespace.
#[inline(always)]
fn origin(pid: u64, cells: &[u8; DADDR], netns: [u64; 2]) -> Option<Key<ORIGIN>> {
    let cell = |at| word(cells, at);
    Some(Key([pid, cell(0)?, cell(8)?, cell(16)?, cell(24)?, cell(DADDR - 8)?, netns[0], netns[1]]))
}

/// A row whose cells may be those of an even one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Even<'a> {
    row: &'a Window,
    tail: &'a Tail,
    /// Bytes of the text; with its line end it takes one more.
    pub(super) text: usize,
}

impl<'a> Even<'a> {
    /// The row at the start of `rest`, if it ends where an even one does and is followed by enough.
    #[inline(always)]
    pub(super) fn of(rest: &'a [u8]) -> Option<Self> {
        let row: &Window = rest.first_chunk()?;
        // A PID of seven digits moves what is behind it.
        let comm = TIME + KIND + PID + 1 + usize::from(row[TIME + KIND + PID] != b' ');
        let tail: &Tail = row.get(comm..)?.first_chunk()?;
        (tail[END] == b'\n' && tail[SPORT - 1] == b' ').then_some(Self { row, tail, text: comm + END })
    }

    #[inline(always)]
    pub(super) fn kind(&self) -> Option<Kind> {
        kind(self.row, TIME)
    }

    #[inline(always)]
    pub(super) fn origin(&self) -> Option<Key<ORIGIN>> {
        let netns = [word(self.tail, NETNS)?, word(self.tail, END - 8)?];
        origin(word(self.row, TIME + KIND)?, self.tail.first_chunk()?, netns)
    }

    #[inline(always)]
    pub(super) fn remote(&self) -> Option<Key<REMOTE>> {
        Some(Key([word(self.tail, DADDR)?, word(self.tail, DADDR + 8)?]))
    }

    /// The time of a row that has a kind, of eight digits at least.
    #[inline(always)]
    pub(super) fn time(&self) -> Option<i64> {
        let (first, last) = (word(self.row, 0)?, word(self.row, 8)?);
        let (others, high) = values(first);
        // The kind ends the digits.
        let (digits, low, left) = padded::<6>(last);
        let plain = others == 0 && first as u8 != b'0' && left == 0;
        plain.then_some((number(high) * TENS[(digits & 7) as usize] + low) as i64)
    }

    /// Local and remote port, both above zero.
    #[inline(always)]
    pub(super) fn ports(&self) -> Option<(u16, u16)> {
        let (sport, dport) = (word(self.tail, SPORT)?, word(self.tail, DPORT)?);
        let digit = |bytes: u64| matches!(bytes as u8, b'1'..=b'9');
        if !digit(sport) || !digit(dport) {
            return None;
        }
        let ((_, sport, left), (_, dport, more)) = (padded::<7>(sport), padded::<7>(dport));
        // Six digits and seven are too much.
        (left | more | sport >> 16 | dport >> 16 == 0).then_some((sport as u16, dport as u16))
    }
}

/// Where the cell behind an address starts: it is padded to sixteen, and longer with IPv6.
#[inline(always)]
fn behind_addr(row: &Window, at: usize) -> Option<usize> {
    if *row.get(at + ADDR)? == b' ' {
        return Some(at + ADDR + 1);
    }
    (at + ADDR..at + ADDR + 32).step_by(8).find_map(|at| {
        let others = word(row, at)? ^ BLANKS;
        // The lowest that is set is that of the first blank.
        let blanks = others.wrapping_sub(0x0101_0101_0101_0101) & !others & HIGH;
        (blanks != 0).then_some(at + blanks.trailing_zeros() as usize / 8 + 1)
    })
}

/// Stretches of up to eight bytes a word; what is longer than the words is `None`.
#[inline]
fn long<const N: usize>(row: &Window, from: usize, to: usize) -> Option<[u64; N]> {
    let mut words = [0; N];
    let mut at = from;
    for slot in &mut words {
        if at >= to {
            break;
        }
        let others = 8_usize.saturating_sub(to - at);
        *slot = word(row, at)? << (8 * others) >> (8 * others);
        at += 8;
    }
    (at >= to).then_some(words)
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
    let is_even = pid_digits <= 7 && daddr == comm + DADDR && netns_digits == NETNS_DIGITS;
    let origin = if is_even {
        let netns = [word(row, netns_at)?, word(row, text - 8)?];
        Printed::Short(origin(word(row, pid)?, row.get(comm..)?.first_chunk()?, netns)?)
    } else {
        let lengths = ((daddr - pid) as u64) << 32 | netns_digits as u64;
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
    let mut row = [0; WINDOW];
    row.get_mut(..line.len())?.copy_from_slice(line);
    *row.get_mut(line.len())? = b'\n';
    let plain = plain(&row)?;
    let time_ends = line.iter().position(|b| !b.is_ascii_digit())?.max(TIME);
    let mut again = Vec::with_capacity(line.len() + TIME);
    write!(again, "{time:<TIME$}").ok()?;
    again.extend_from_slice(line.get(time_ends..plain.ports)?);
    write!(again, "{sport:<PORT$}").ok()?;
    again.extend_from_slice(line.get(plain.ports + PORT..)?);
    Some(again)
}
