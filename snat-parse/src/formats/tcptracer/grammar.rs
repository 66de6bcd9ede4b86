//! The one grammar of tcptracer's lines.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while};
use nom::combinator::{all_consuming, opt, value};
use nom::error::{Error, ErrorKind};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use crate::lex::{AddrRef, addr_ref, int_bytes, masked_number};

/// What happened to the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An outbound connection was established.
    Connect,
    /// An inbound connection was accepted.
    Accept,
    /// The last reference to a socket went away.
    Close,
    /// The tool printed a type that it has no word for.
    Unknown,
}

impl Kind {
    /// The tool's own word, the one of `-v`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Accept => "accept",
            Self::Close => "close",
            Self::Unknown => "unknown",
        }
    }
}

/// One line, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Nanoseconds since the first event of the run; null without `-t` and where masked.
    pub time: Option<i64>,
    /// connect, accept, close.
    pub kind: Kind,
    /// Process id; null where masked.
    pub pid: Option<u32>,
    /// Thread name as printed, without the padding behind it. Usually UTF-8, but a cut character is possible.
    pub comm: &'a [u8],
    /// Address family of the socket, 4 or 6.
    pub ip: Option<u8>,
    /// Local address.
    pub saddr: AddrRef<'a>,
    /// Remote address.
    pub daddr: AddrRef<'a>,
    /// Local port; null where masked.
    pub sport: Option<u16>,
    /// Remote port; null where masked.
    pub dport: Option<u16>,
    /// Inode of the socket's network namespace; null without `-v`, with `-N`, and where masked.
    pub netns: Option<u64>,
    /// User id; the libbpf tool only.
    pub uid: Option<u32>,
    /// Whether a cell is null or cut because somebody masked it.
    pub masked: bool,
}

type Res<'a, T> = IResult<&'a [u8], T>;

fn fail<'a, T>(input: &'a [u8], kind: ErrorKind) -> Res<'a, T> {
    Err(nom::Err::Error(Error::new(input, kind)))
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

#[inline]
fn space0(input: &[u8]) -> Res<'_, ()> {
    let end = input.iter().position(|b| !is_blank(*b)).unwrap_or(input.len());
    Ok((&input[end..], ()))
}

#[inline]
fn space1(input: &[u8]) -> Res<'_, ()> {
    match input.first() {
        Some(b) if is_blank(*b) => space0(&input[1..]),
        _ => fail(input, ErrorKind::Space),
    }
}

/// Nanoseconds, seconds with three decimals, or a mask; `None` is a masked time. The flag says whether it was seconds.
fn time(input: &[u8]) -> Res<'_, (Option<i64>, bool)> {
    let (after, minus) = opt(tag(&b"-"[..])).parse(input)?;
    match int_bytes(after) {
        Ok((rest, whole)) => {
            let (rest, millis) = opt(preceded(tag(&b"."[..]), three_digits)).parse(rest)?;
            let scale = |v: u64| i64::try_from(v).ok().map(|v| if minus.is_some() { -v } else { v });
            let found = match millis {
                None => scale(whole),
                Some(millis) => whole
                    .checked_mul(1_000)
                    .and_then(|s| s.checked_add(millis))
                    .and_then(|ms| ms.checked_mul(1_000_000))
                    .and_then(scale),
            };
            // `3xxx9` starts with digits, too.
            if rest.first().is_some_and(|b| matches!(b, b'x' | b'*'))
                && let Ok((rest, _)) = masked_number(after)
            {
                return Ok((rest, (None, false)));
            }
            match found {
                Some(found) => Ok((rest, (Some(found), millis.is_some()))),
                None => fail(input, ErrorKind::TooLarge),
            }
        }
        Err(error) => match masked_number(after) {
            Ok((rest, _)) => Ok((rest, (None, false))),
            Err(_) => Err(error),
        },
    }
}

fn three_digits(input: &[u8]) -> Res<'_, u64> {
    match input {
        [a, b, c, rest @ ..] if [a, b, c].iter().all(|d| d.is_ascii_digit()) => {
            Ok((rest, u64::from(a - b'0') * 100 + u64::from(b - b'0') * 10 + u64::from(c - b'0')))
        }
        _ => fail(input, ErrorKind::Digit),
    }
}

/// The type as a word; the flag of [`kind`] is false.
#[inline]
fn word_kind(input: &[u8]) -> Res<'_, Kind> {
    let (word, kind) = match input.first() {
        Some(b'c') if input.starts_with(b"connect") => (7, Kind::Connect),
        Some(b'c') if input.starts_with(b"close") => (5, Kind::Close),
        Some(b'a') if input.starts_with(b"accept") => (6, Kind::Accept),
        Some(b'u') if input.starts_with(b"unknown") => (7, Kind::Unknown),
        _ => return fail(input, ErrorKind::Tag),
    };
    Ok((&input[word..], kind))
}

fn letter_kind(input: &[u8]) -> Res<'_, Kind> {
    let kind = match input.first() {
        Some(b'C') => Kind::Connect,
        Some(b'A') => Kind::Accept,
        Some(b'X') => Kind::Close,
        Some(b'U' | b'-') => Kind::Unknown,
        _ => return fail(input, ErrorKind::OneOf),
    };
    Ok((&input[1..], kind))
}

/// What stands before the PID.
#[derive(Clone, Copy, Debug, Default)]
struct Front {
    time: Option<i64>,
    masked_time: bool,
    uid: Option<u32>,
}

/// `[time] [uid] type blank`. A whole number right before a letter is a UID: with nanoseconds the type is a word.
fn front(input: &[u8]) -> Res<'_, (Front, Kind)> {
    let (input, ()) = space0(input)?;
    let words = terminated(word_kind, space1);
    let letters = terminated(letter_kind, space1);
    let mut kind = alt((words, letters));
    if let Ok((rest, kind)) = kind.parse(input) {
        return Ok((rest, (Front::default(), kind)));
    }
    let (after, (time, seconds)) = time(input)?;
    let front = Front { time, masked_time: time.is_none(), uid: None };
    let (after, ()) = space0(after)?;
    if let Ok((rest, kind)) = word_kind(after)
        && let Ok((rest, ())) = space1(rest)
    {
        return Ok((rest, (front, kind)));
    }
    if !seconds {
        let (rest, kind) = terminated(letter_kind, space1).parse(after)?;
        let uid = time.and_then(|uid| u32::try_from(uid).ok());
        return Ok((rest, (Front { time: None, masked_time: false, uid }, kind)));
    }
    let (after, uid) = opt(terminated(int_bytes, space1)).parse(after)?;
    let (rest, kind) = terminated(letter_kind, space1).parse(after)?;
    let uid = uid.and_then(|uid| u32::try_from(uid).ok());
    Ok((rest, (Front { uid, ..front }, kind)))
}

/// A number of type `T`, or a masked one, up to the next blank.
#[inline]
fn cell<T: TryFrom<u64>>(input: &[u8]) -> Res<'_, Option<T>> {
    if let Ok((rest, number)) = int_bytes(input)
        && rest.first().is_none_or(|b| is_blank(*b))
    {
        return match T::try_from(number) {
            Ok(number) => Ok((rest, Some(number))),
            Err(_) => fail(input, ErrorKind::TooLarge),
        };
    }
    let (rest, _) = masked_number(input)?;
    if rest.first().is_none_or(|b| is_blank(*b)) { Ok((rest, None)) } else { fail(input, ErrorKind::Digit) }
}

/// What stands behind the COMM.
#[derive(Clone, Copy, Debug)]
struct Tail<'a> {
    ip: u8,
    saddr: AddrRef<'a>,
    daddr: AddrRef<'a>,
    sport: Option<u16>,
    dport: Option<u16>,
    netns: Option<Option<u64>>,
}

/// `ip saddr daddr sport dport [netns]` up to the end of the line.
#[inline]
fn tail(input: &[u8]) -> Res<'_, Tail<'_>> {
    let (input, ip) = match input {
        [ip @ (b'4' | b'6'), rest @ ..] => (rest, ip - b'0'),
        _ => return fail(input, ErrorKind::OneOf),
    };
    let (input, ()) = space1(input)?;
    let (input, saddr) = addr_ref(input)?;
    let (input, ()) = space1(input)?;
    let (input, daddr) = addr_ref(input)?;
    let (input, ()) = space1(input)?;
    let (input, sport) = cell::<u16>(input)?;
    let (input, ()) = space1(input)?;
    let (input, dport) = cell::<u16>(input)?;
    let (input, ()) = space0(input)?;
    let (input, netns) =
        if input.is_empty() { (input, None) } else { cell::<u64>(input).map(|(rest, n)| (rest, Some(n)))? };
    let (input, ()) = space0(input)?;
    if input.is_empty() {
        Ok((input, Tail { ip, saddr, daddr, sport, dport, netns }))
    } else {
        fail(input, ErrorKind::Eof)
    }
}

/// COMM is printed sixteen characters wide.
const COMM_WIDTH: usize = 16;

/// The tail and what stands before it. Right-anchored, so that no COMM can be taken for it: usually the tail starts
/// behind the padding; else at the sixth or fifth word from the right.
#[inline]
fn comm_and_tail(input: &[u8]) -> Res<'_, (&[u8], Tail<'_>)> {
    if input.get(COMM_WIDTH) == Some(&b' ')
        && let Ok((rest, found)) = tail(&input[COMM_WIDTH + 1..])
    {
        return Ok((rest, (trim_end(&input[..COMM_WIDTH]), found)));
    }
    for words in [6, 5] {
        if let Some(at) = nth_word_from_right(input, words)
            && let Ok((rest, found)) = tail(&input[at..])
            && chars(trim_end(&input[..at])) <= COMM_WIDTH
        {
            return Ok((rest, (trim_end(&input[..at]), found)));
        }
    }
    fail(input, ErrorKind::Verify)
}

/// Characters of a text that is nearly always UTF-8: bytes that do not go on with one.
fn chars(text: &[u8]) -> usize {
    text.iter().filter(|b| **b & 0xc0 != 0x80).count()
}

fn trim_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|b| !is_blank(*b)).map_or(0, |at| at + 1);
    &text[..end]
}

/// Where the `n`th run of characters from the right starts.
fn nth_word_from_right(text: &[u8], n: usize) -> Option<usize> {
    let mut at = trim_end(text).len();
    for left in (0..n).rev() {
        let start = text[..at].iter().rposition(|b| is_blank(*b)).map_or(0, |blank| blank + 1);
        if start == at {
            return None;
        }
        if left == 0 {
            return Some(start);
        }
        at = trim_end(&text[..start]).len();
    }
    None
}

/// One whole line, without its line end.
///
/// # Errors
/// Where the line is no event of this tool.
pub fn event(line: &[u8]) -> Res<'_, Event<'_>> {
    let (input, (front, kind)) = front(line)?;
    let (input, ()) = space0(input)?;
    let (after_pid, pid) = cell::<u32>(input)?;
    // The PID is padded to six characters and a blank; what is blank beyond that belongs to the COMM.
    let printed = input.len() - after_pid.len();
    let padding = (printed.max(6) + 1 - printed).min(after_pid.len());
    let blanks = after_pid[..padding].iter().take_while(|b| is_blank(**b)).count();
    let (rest, (comm, tail)) = comm_and_tail(&after_pid[blanks..])?;
    let masked = front.masked_time
        || pid.is_none()
        || tail.sport.is_none()
        || tail.dport.is_none()
        || tail.netns == Some(None)
        || matches!(tail.saddr, AddrRef::Printed(_))
        || matches!(tail.daddr, AddrRef::Printed(_));
    let event = Event {
        time: front.time,
        kind,
        pid,
        comm,
        ip: Some(tail.ip),
        saddr: tail.saddr,
        daddr: tail.daddr,
        sport: tail.sport,
        dport: tail.dport,
        netns: tail.netns.flatten(),
        uid: front.uid,
        masked,
    };
    Ok((rest, event))
}

/// Whether a line is the start of a record that goes on elsewhere: time and type, or more, but no tail.
pub(super) fn is_head(line: &[u8]) -> bool {
    match front(line) {
        Ok((rest, (front, _))) => {
            (front.time.is_some() || front.masked_time) && (rest.is_empty() || cell::<u32>(rest).is_ok())
        }
        Err(_) => false,
    }
}

/// The line that BCC's tool prints first.
pub(super) fn is_banner(line: &[u8]) -> bool {
    let (line, ()) = space0(line).unwrap_or((line, ()));
    line.starts_with(b"Tracing TCP established connections.")
}

fn title<'a>(name: &'static str) -> impl Parser<&'a [u8], Output = (), Error = Error<&'a [u8]>> {
    value((), (space0, tag(name.as_bytes()), take_while(|b: u8| b == b' ' || b == b'\t')))
}

/// The titles, under any flags.
pub(super) fn is_header(line: &[u8]) -> bool {
    let time = alt((title("TIME(ns)"), title("TIME(s)")));
    let front = (opt(time), opt(title("UID")), alt((title("TYPE"), title("T"))));
    let back =
        (title("PID"), title("COMM"), title("IP"), title("SADDR"), title("DADDR"), title("SPORT"), title("DPORT"));
    all_consuming((front, back, opt(title("NETNS")))).parse(line).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Event<'_> {
        event(line.as_bytes()).map(|(_, event)| event).unwrap_or_else(|e| panic!("{line:?}: {e:?}"))
    }

    fn comm<'a>(event: &Event<'a>) -> std::borrow::Cow<'a, str> {
        String::from_utf8_lossy(event.comm)
    }

    #[test]
    fn the_hard_cases_of_one_run() {
        let e = read(
            "0             connect      1843217 .NET TP Worker   4  10.244.3.9       20.51.14.8       40112  443    4026533011",
        );
        assert_eq!(
            (e.time, e.kind, e.pid, comm(&e).as_ref(), e.netns),
            (Some(0), Kind::Connect, Some(1_843_217), ".NET TP Worker", Some(4_026_533_011))
        );
        let e = read(
            "-73114        close        904    my app  (v2)     4  10.244.3.9       10.0.0.10        40110  53     4026533011",
        );
        assert_eq!(
            (e.time, e.kind, comm(&e).as_ref(), e.dport),
            (Some(-73_114), Kind::Close, "my app  (v2)", Some(53))
        );
        let e = read(
            "10000000412733connect      77                      4  10.244.3.9       20.51.14.8       40114  443    4026533011",
        );
        assert_eq!((e.time, e.pid, comm(&e).as_ref()), (Some(10_000_000_412_733), Some(77), ""));
        let e = read(
            "884120        accept       1201   nginx 4          4  10.244.3.9       10.244.0.1       8080   51034  4026533011",
        );
        assert_eq!((e.kind, comm(&e).as_ref(), e.sport), (Kind::Accept, "nginx 4", Some(8080)));
        let e = read(
            "901223        close        1201   java             6  [::ffff:10.244.3.9] [::ffff:20.51.14.8] 40120  443    4026533011",
        );
        assert_eq!(
            (e.ip, e.saddr.to_addr().to_string(), e.daddr.to_addr().to_string()),
            (Some(6), "10.244.3.9".into(), "20.51.14.8".into())
        );
    }

    #[test]
    fn a_comm_that_looks_like_a_tail_is_a_comm() {
        let e = read(
            "5             connect      12     w 4 1.2.3.4 1 2  4  10.0.0.1         20.0.0.2         1234   443    4026533011",
        );
        assert_eq!((comm(&e).as_ref(), e.sport), ("w 4 1.2.3.4 1 2", Some(1234)));
        let e = read(
            "5             connect      12      lead            4  10.0.0.1         20.0.0.2         1234   443    4026533011",
        );
        assert_eq!(comm(&e).as_ref(), " lead");
    }

    #[test]
    fn seconds_letters_and_the_namesake() {
        let e = read("10000.123C  3234   kubelet          4  10.240.0.6       10.240.0.1       59686  6443  ");
        assert_eq!((e.time, e.kind, e.netns, e.uid), (Some(10_000_123_000_000), Kind::Connect, None, None));
        let e = read("0.050    1000  X 3234   kubelet      4  10.240.0.6       10.240.0.1       59688 6443");
        assert_eq!((e.time, e.uid, e.kind, comm(&e).as_ref()), (Some(50_000_000), Some(1000), Kind::Close, "kubelet"));
        let e = read("0     C 3234   kubelet      4  10.240.0.6       10.240.0.1       59688 6443");
        assert_eq!((e.time, e.uid), (None, Some(0)));
        let e = read("A  3234   kubelet          6  fd00::1 2001:db8::5 1 2");
        assert_eq!((e.kind, e.daddr.to_addr().to_string()), (Kind::Accept, "2001:db8::5".into()));
    }

    #[test]
    fn masks_null_the_cell_and_keep_the_row() {
        let e = read(
            "3xxx9       close        18627  curl             4  1.2.3.4           5.6.7.8          53746  80     4026532785",
        );
        assert_eq!((e.time, e.pid, comm(&e).as_ref(), e.masked), (None, Some(18627), "curl", true));
        let e = read("1 connect 18627 curl 4 10.x.x.x 20.x.x.x xxxxx 443 40265xxxxx");
        assert_eq!((e.sport, e.dport, e.netns, e.masked), (None, Some(443), None, true));
    }

    #[test]
    fn neighbours_are_not_ours() {
        for line in [
            "3234   kubelet      4  10.240.0.6       10.240.0.1       443",
            "TIME(s)  T  PID    COMM             IP SADDR            DADDR            SPORT  DPORT ",
            "tcp        0      0 10.244.3.9:40112        20.51.14.8:443          ESTABLISHED 1/dotnet",
            "0 connect 12 x 4 10.0.0.1 20.0.0.2 123456 443 4026533011",
            "",
        ] {
            assert!(event(line.as_bytes()).is_err(), "{line:?}");
        }
        assert!(!is_header(b"PID    COMM         IP SADDR            DADDR            DPORT"));
    }
}
