//! One line of netstat to its sockets.
//!
//! ```text
//! row     = proto recv-q send-q endpoint endpoint [state] [user inode] [pid "/" program | "-"] [timer]
//! windows = ("TCP" | "UDP") endpoint endpoint [state] [pid] [offload]
//! endpoint = address ":" port            split at the last colon; an IPv6 address has no brackets
//! ```

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::{char, digit1};
use nom::combinator::{all_consuming, opt, recognize, rest, verify};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use super::state::State;
use crate::lex::{Addr, blanks, looks_masked, masked_number, text_addr, word};

/// Address and port of one end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) addr: Option<Addr>,
    /// The address as printed.
    pub(super) host: String,
    pub(super) port: Option<u64>,
    /// The address is not whole, for sure.
    pub(super) cut: bool,
    /// The field is as wide as the column, and an IPv6 address: it may have lost its end.
    pub(super) full: bool,
    /// An IPv6 field wider than the column: nothing is cut here.
    pub(super) wide: bool,
    /// What is null or not whole, and why.
    pub(super) note: Option<(&'static str, String)>,
}

/// Width of the address columns without `-W`.
const ADDRESS_WIDTH: usize = 23;

/// `address:port`, `*:*`, masked, or named.
fn endpoint(text: &str) -> Option<Endpoint> {
    let (host, port) = text.rsplit_once(':')?;
    let mut end = Endpoint { host: host.to_owned(), ..Endpoint::default() };
    match port {
        // Markdown escapes the star.
        "*" | "\\*" => {}
        _ if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            end.port = Some(port.parse().ok().filter(|port| *port <= 65_535)?);
        }
        _ if matches!(masked_number(port.as_bytes()), Ok(([], _))) => {
            end.note = Some(("masked-number", format!("a port is masked: {text:.60}")));
        }
        _ if is_service(port) => end.note = Some(("named-port", format!("a port is a service name: {text:.60}"))),
        _ => return None,
    }
    let colons = host.matches(':').count();
    let v6 = colons >= 2 && !host.contains('.');
    end.full = v6 && text.chars().count() == ADDRESS_WIDTH;
    end.wide = v6 && text.chars().count() > ADDRESS_WIDTH;
    match text_addr(host) {
        _ if matches!(host, "*" | "\\*") => {}
        Some(addr) => {
            if addr.is_cut() {
                end.cut = true;
                end.note = Some(("masked-address", format!("an address is masked: {text:.60}")));
            }
            end.addr = Some(addr);
        }
        None if v6 && host.bytes().all(|b| b.is_ascii_hexdigit() || b == b':') && host.len() > 4 => {
            end.cut = true;
            end.addr = Some(Addr::Printed(host.into()));
            end.note = Some(("cut-address", format!("an address is cut to its column: {text:.60}")));
        }
        None if is_host(host) => {
            end.cut = true;
            end.addr = Some(Addr::Printed(host.into()));
            end.note = Some(("named-address", format!("an address is a host name: {text:.60}")));
        }
        None => return None,
    }
    Some(end)
}

/// A service name of `/etc/services`, maybe cut.
fn is_service(text: &str) -> bool {
    text.len() <= 16
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'+' | b'.' | b'/'))
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

/// A host name, maybe cut to its column.
fn is_host(text: &str) -> bool {
    !looks_masked(text.as_bytes())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

/// A line taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts<'l> {
    pub(super) proto: &'l str,
    pub(super) queues: Option<(&'l str, &'l str)>,
    pub(super) local: Endpoint,
    pub(super) remote: Endpoint,
    pub(super) state: Option<&'l str>,
    pub(super) user: Option<(&'l str, &'l str)>,
    pub(super) process: Option<&'l str>,
    pub(super) program: Option<&'l str>,
    pub(super) timer: Option<&'l str>,
    /// What is left and fits nothing.
    pub(super) odd: &'l str,
}

impl Parts<'_> {
    /// Whether nothing but this tool prints such a line; else it is one only among others.
    pub(super) fn is_sure(&self) -> bool {
        let known = self.state.is_some_and(|state| State::of(state) != State::Other);
        let numeric = |end: &Endpoint| {
            end.addr.as_ref().is_none_or(|addr| addr.ip().is_some() || looks_masked(end.host.as_bytes()))
        };
        let numeric = numeric(&self.local) && numeric(&self.remote);
        let stateless = !self.proto.to_ascii_lowercase().starts_with("tcp");
        let windows = self.proto.starts_with(|c: char| c.is_ascii_uppercase());
        self.odd.is_empty()
            && (known
                || numeric && !windows && (stateless || self.state.is_some())
                || windows && stateless && self.remote.port.is_none())
    }
}

fn proto(input: &str) -> IResult<&str, &str> {
    verify(word, |text: &str| {
        matches!(
            text,
            "tcp" | "tcp6" | "udp" | "udp6" | "udplite" | "udpl" | "udpl6" | "raw" | "raw6" | "sctp" | "mptcp"
        )
    })
    .parse(input)
}

fn queue(input: &str) -> IResult<&str, &str> {
    verify(word, |text: &str| {
        text.bytes().all(|b| b.is_ascii_digit()) || matches!(masked_number(text.as_bytes()), Ok(([], _)))
    })
    .parse(input)
}

fn ends(input: &str) -> IResult<&str, (Endpoint, Endpoint)> {
    let end = |input| nom::combinator::map_opt(word, endpoint).parse(input);
    let (input, (local, _, remote)) = (end, blanks, end).parse(input)?;
    Ok((input, (local, remote)))
}

/// A word in capitals of whatever alphabet: `ESTABLISHED`, `FIN_WAIT2`, `ABHÖREN`. One that a cut or a wrong code page
/// took a letter from is still one.
fn state(input: &str) -> IResult<&str, &str> {
    let capital = |c: char| c.is_alphabetic() && !c.is_lowercase() || matches!(c, '_' | '1' | '2' | '\u{fffd}');
    verify(word, |text: &str| text.chars().all(capital) && text.chars().any(char::is_alphabetic)).parse(input)
}

/// A state that touches the PID behind it: `ESTABLISHED4226/(squid)`.
fn glued_state(input: &str) -> IResult<&str, &str> {
    let (_, text) = word(input)?;
    let letters = text.find(|c: char| c.is_ascii_digit() && text.contains('/')).unwrap_or(0);
    // `FIN_WAIT2` ends in a digit of its own.
    let known = |at: &usize| text.get(..*at).is_some_and(|state| State::of(state) != State::Other) && *at < text.len();
    match [letters + 1, letters].into_iter().find(known) {
        Some(at) => Ok((&input[at..], &input[..at])),
        None => Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Verify))),
    }
}

/// `user inode` of `-e`.
fn owner(input: &str) -> IResult<&str, (&str, &str)> {
    let user = verify(word, |text: &str| !text.contains('/') && text != "-");
    (user, blanks, terminated(digit1, nom::combinator::peek(alt((blanks, nom::combinator::eof)))))
        .map(|(user, _, inode)| (user, inode))
        .parse(input)
}

/// `off (0.00/0/0)`, `keepalive (7215.63/0/0)`, and the same in other languages: a word and figures.
fn timer(input: &str) -> IResult<&str, &str> {
    let name = verify(word, |text: &str| text.starts_with(char::is_alphabetic) && !text.contains('/'));
    let figures =
        verify(take_while1(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '/' | '-')), |text: &str| {
            text.contains('/')
        });
    recognize((name, blanks, char('('), figures, opt(char(')')))).parse(input)
}

/// `50/sshd: root@pts/0`, `-`, `xxxxx3/telnet`; the rest of the line.
fn process(input: &str) -> IResult<&str, &str> {
    let pid = take_while1(|c: char| c.is_ascii_digit() || matches!(c, 'x' | 'X' | '*'));
    alt((all_consuming(tag("-")), recognize((pid, char('/'), rest)))).parse(input)
}

/// `row` of the grammar above.
fn row(input: &str) -> IResult<&str, Parts<'_>> {
    let (input, _) = opt(blanks).parse(input)?;
    let (input, (proto, _)) = (proto, blanks).parse(input)?;
    let (input, queues) = opt((queue, blanks, queue, blanks).map(|(recv, _, send, _)| (recv, send))).parse(input)?;
    let (input, (local, remote)) = ends(input)?;
    let (input, _) = opt(blanks).parse(input)?;
    // The timer stands last; the program before it may hold anything.
    let whole = input.trim_end();
    let starts = whole.match_indices([' ', '\t']).map(|(at, _)| at + 1).chain(std::iter::once(0));
    let timed = starts.filter_map(|at| match timer(&whole[at..]) {
        Ok(("", found)) => Some((at, found)),
        _ => None,
    });
    let (whole, timer) =
        timed.min_by_key(|(at, _)| *at).map_or((whole, None), |(at, t)| (whole[..at].trim_end(), Some(t)));
    let (whole, state) = opt(terminated(alt((glued_state, state)), opt(blanks))).parse(whole)?;
    // Somebody took the queues out: then only a state tells that this is a socket.
    if queues.is_none() && state.is_none_or(|state| State::of(state) == State::Other) {
        return Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Verify)));
    }
    let (whole, user) = opt(terminated(owner, opt(blanks))).parse(whole)?;
    let (odd, process) = opt(process).parse(whole)?;
    let parts = Parts { proto, queues, local, remote, state, user, process, program: None, timer, odd: odd.trim() };
    Ok(("", parts))
}

/// `windows` of the grammar above.
fn windows(input: &str) -> IResult<&str, Parts<'_>> {
    let (input, _) = opt(blanks).parse(input)?;
    let (input, (proto, _)) = (alt((tag("TCP"), tag("UDP"))), blanks).parse(input)?;
    let (input, (local, remote)) = ends(input)?;
    let (input, state) = opt(preceded(blanks, state)).parse(input)?;
    let (input, process) = opt(preceded(blanks, digit1)).parse(input)?;
    let offload = alt((tag("InHost"), tag("Offloading"), tag("Offloaded"), tag("Uploading")));
    let (input, _) = opt(preceded(blanks, offload)).parse(input)?;
    // `-b`, on one line: `RpcSs [svchost.exe]`.
    let program = input.trim().strip_suffix(']').and_then(|text| text.rsplit_once('[')).map(|(_, program)| program);
    let odd = if program.is_some() || input.contains("ownership information") { "" } else { input.trim() };
    let parts = Parts { proto, queues: None, local, remote, state, user: None, process, program, timer: None, odd };
    if parts.state.is_none() && parts.process.is_none() || !parts.odd.is_empty() {
        return Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Verify)));
    }
    Ok(("", parts))
}

pub(super) fn read(text: &str) -> Option<Parts<'_>> {
    let text = text.trim_end();
    row(text).or_else(|_| windows(text)).ok().map(|(_, parts)| parts)
}

/// The sockets of a line: one, or several where the line feeds between them were lost. None where not all of them can
/// be told: the line is a reject then, and no socket is lost without it.
pub(super) fn split(text: &str) -> Vec<Parts<'_>> {
    let Some(first) = read(text).filter(|_| text.len() <= JOINED_BYTES) else { return Vec::new() };
    let bytes = text.as_bytes();
    let blank = |at: usize| matches!(bytes[at - 1], b' ' | b'\t');
    let mut starts = vec![0];
    for (at, byte) in bytes.iter().enumerate().skip(1) {
        let near = starts.last().is_some_and(|last| at - last < ROW_BYTES);
        if !near
            && blank(at)
            && matches!(byte, b't' | b'u')
            && text.get(at..floor(text, at + 256)).is_some_and(|text| row(text).is_ok())
        {
            starts.push(at);
        }
    }
    if starts.len() == 1 {
        return vec![first];
    }
    let ends = starts.iter().skip(1).copied().chain(std::iter::once(text.len()));
    let all: Option<Vec<_>> = starts.iter().zip(ends).map(|(start, end)| read(&text[*start..end])).collect();
    all.unwrap_or_default()
}

/// The place itself, or the start of the character that it lies in.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// A longer line is no socket, and lost line feeds are not looked for in it.
const JOINED_BYTES: usize = 16 << 10;
/// No socket is printed in fewer.
const ROW_BYTES: usize = 24;
