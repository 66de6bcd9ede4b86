//! `netstat` of net-tools (1.60 to 2.10), of busybox, and of Windows (`-ano`): one row a socket.
//!
//! ```text
//! Active Internet connections (servers and established)
//! Proto Recv-Q Send-Q Local Address           Foreign Address         State       User       Inode      PID/Program name     Timer
//! tcp        0      0 10.244.3.9:40112        20.51.14.8:443          ESTABLISHED 0          41215      50/sshd: root@pts/0  keepalive (7113.43/0/0)
//! tcp6       0      0 fd00:10:244:1::15:50123 2603:1030:20e:3:::51236 ESTABLISHED 0          41216      -                    off (0.00/0/0)
//!   TCP    10.0.0.4:49674         20.190.1.2:443         ESTABLISHED     1234
//! ```
//!
//! ```text
//! row     = proto recv-q send-q endpoint endpoint [state] [user inode] [pid "/" program | "-"] [timer]
//! windows = ("TCP" | "UDP") endpoint endpoint [state] [pid] [offload]
//! endpoint = address ":" port            split at the last colon; an IPv6 address has no brackets
//! ```
//!
//! Traps: `grep` takes the titles away, so a row is told by its shape alone; state words and titles are translated;
//! a program is the rest of the line (`sshd: root@pts/0`) and may hold blanks and slashes; without `-W` an IPv6
//! address is cut to fit 23 characters with its port, and what is left may be another valid address; `tcp6` with dotted
//! addresses is IPv4; `-e` names the user, with blanks nowhere; UNIX sockets follow in the same dump.

use std::sync::LazyLock;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::{char, digit1};
use nom::combinator::{all_consuming, opt, recognize, rest, verify};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};
use regex::Regex;

use crate::diag::{Reject, Skip};
use crate::format::{Format, Mark, Meta, Sheet};
use crate::lex::{Addr, blanks, looks_masked, masked_number, text_addr, word};
use crate::line::Line;
use crate::table::{Record, Rows, Table, Take, columns};

/// `netstat`.
#[derive(Debug)]
pub struct Netstat;

columns! {
    /// One socket.
    pub struct Row {
        /// `tcp`, `tcp6`, `udp`, `udp6`, … as printed; busybox prints `tcp` for IPv6, too.
        proto: String = "proto",
        /// Bytes received and not read yet; 1 for the FIN of a CLOSE_WAIT.
        recv_q: u64 = "recv_q",
        /// Bytes sent and not acknowledged yet.
        send_q: u64 = "send_q",
        /// Local address.
        local_addr: Addr = "local_addr",
        /// Local port; null for `*`, a mask or a service name.
        local_port: u64 = "local_port",
        /// Remote address.
        remote_addr: Addr = "remote_addr",
        /// Remote port; null for `*`, a mask or a service name.
        remote_port: u64 = "remote_port",
        /// State as printed, in whatever language; see [`State::of`].
        state: String = "state",
        /// Process, in the PID space of where netstat ran.
        pid: u64 = "pid",
        /// Name of the program, at most 19 characters with its PID.
        program: String = "program",
        /// Owner of the socket, as a number or a name.
        user: String = "user",
        /// Inode of the socket.
        inode: u64 = "inode",
        /// Timer, as printed.
        timer: String = "timer",
        /// Whether an address is masked, a host name, or cut to the column's width.
        cut: bool = "cut",
    }
}

/// State of a connection, whatever the language that netstat spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Both ends talk.
    Established,
    /// A connect waits for its answer.
    SynSent,
    /// An answer to a connect waits for the last step.
    SynRecv,
    /// Closed by this end.
    FinWait1,
    /// Closed by this end, and the other knows.
    FinWait2,
    /// Over; the port rests.
    TimeWait,
    /// No connection.
    Close,
    /// Closed by the other end, and the program here has not noticed.
    CloseWait,
    /// Closed by both, the last answer is missing.
    LastAck,
    /// Waits for connections.
    Listen,
    /// Closed by both at once.
    Closing,
    /// A word that this list does not have.
    Other,
}

/// Words for states: the kernel's own, those of Windows, and translations.
const STATES: &[(State, &[&str])] = &[
    (
        State::Established,
        &[
            "ESTABLISHED",
            "VERBUNDEN",
            "HERGESTELLT",
            "SPOJENO",
            "ETABLERAD",
            "ESTABELECIDA",
            "ESTABELECIDO",
            "ESTABLERT",
            "ESTABLECIDO",
            "ESTABLECIDA",
            "ÉTABLIE",
            "ETABLIE",
            "ÉTABLI",
            "STABILITA",
            "STABILITO",
            "УСТАНОВЛЕНО",
            "ESTAB",
        ],
    ),
    (State::SynSent, &["SYN_SENT", "SYN_GESENDET"]),
    (State::SynRecv, &["SYN_RECV", "SYN_RECEIVED", "SYN_RCVD", "SYN_EMPFANGEN"]),
    (State::FinWait1, &["FIN_WAIT1", "FIN_WAIT_1"]),
    (State::FinWait2, &["FIN_WAIT2", "FIN_WAIT_2"]),
    (State::TimeWait, &["TIME_WAIT", "WARTEND"]),
    (State::Close, &["CLOSE", "CLOSED"]),
    (State::CloseWait, &["CLOSE_WAIT", "SCHLIESSEN_WARTEN"]),
    (State::LastAck, &["LAST_ACK", "LETZTE_ACK"]),
    (
        State::Listen,
        &["LISTEN", "LISTENING", "ABHÖREN", "HÖRT", "OUÇA", "OUVINDO", "ESCUCHAR", "LYSSNAR", "ÉCOUTE", "POSLOUCHÁ"],
    ),
    (State::Closing, &["CLOSING"]),
];

impl State {
    /// The state that a word of the STATE column means.
    pub fn of(text: &str) -> Self {
        STATES.iter().find(|(_, words)| words.contains(&text)).map_or(Self::Other, |(state, _)| *state)
    }
}

/// Address and port of one end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Endpoint {
    addr: Option<Addr>,
    /// The address as printed.
    host: String,
    port: Option<u64>,
    /// The address is not whole, for sure.
    cut: bool,
    /// The field is as wide as the column, and an IPv6 address: it may have lost its end.
    full: bool,
    /// An IPv6 field wider than the column: nothing is cut here.
    wide: bool,
    /// What is null or not whole, and why.
    note: Option<(&'static str, String)>,
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
struct Parts<'l> {
    proto: &'l str,
    queues: Option<(&'l str, &'l str)>,
    local: Endpoint,
    remote: Endpoint,
    state: Option<&'l str>,
    user: Option<(&'l str, &'l str)>,
    process: Option<&'l str>,
    program: Option<&'l str>,
    timer: Option<&'l str>,
    /// What is left and fits nothing.
    odd: &'l str,
}

impl Parts<'_> {
    /// Whether nothing but this tool prints such a line; else it is one only among others.
    fn is_sure(&self) -> bool {
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

fn read(text: &str) -> Option<Parts<'_>> {
    let text = text.trim_end();
    row(text).or_else(|_| windows(text)).ok().map(|(_, parts)| parts)
}

/// The sockets of a line: one, or several where the line feeds between them were lost.
fn split(text: &str) -> Vec<Parts<'_>> {
    let Some(first) = read(text) else { return Vec::new() };
    if text.len() > JOINED_BYTES {
        return vec![first];
    }
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
    starts.iter().zip(ends).filter_map(|(start, end)| read(&text[*start..end])).collect()
}

/// The place itself, or the start of the character that it lies in.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// In a longer line no lost line feeds are looked for.
const JOINED_BYTES: usize = 16 << 10;
/// No socket is printed in fewer.
const ROW_BYTES: usize = 24;

#[expect(clippy::expect_used, reason = "the patterns are constants and the tests compile each")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

/// What stands above the titles, in the languages that net-tools and Windows have it in, in small letters.
const TITLE: [&str; 17] = [
    "active internet connections",
    "aktive internetverbindungen",
    "connexions internet actives",
    "conexiones activas de internet",
    "conexões internet ativas",
    "connessioni internet attive",
    "aktiva internetanslutningar",
    "aktivní internetová spojení",
    "активные соединения с интернетом",
    "активные соединения",
    "激活internet连接",
    "稼働中のインターネット接続",
    "active connections",
    "aktive verbindungen",
    "connexions actives",
    "conexiones activas",
    "conexões ativas",
];

/// A title alone on its line, or with which sockets are shown in parentheses.
fn is_title(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    TITLE.iter().filter_map(|title| text.strip_prefix(title)).any(|rest| {
        let rest = rest.trim();
        rest.is_empty() || rest.starts_with(['(', '（']) && rest.ends_with([')', '）'])
    })
}

/// The titles: `Proto Recv-Q Send-Q …`, or `Proto  Local Address …` of Windows.
static TITLES: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\s*Proto\s+(\S+-Q\s*\S+-Q\s.*\S|\S.*\sPID\b.*)$"));

/// Titles of the sockets that a dump of all families goes on with.
static OTHER_TITLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\s*([Aa]ctive (UNIX domain sockets|Bluetooth connections|IPX sockets|X\.25 sockets)|Aktive Sockets in der|Sockets du domaine UNIX actives|Proto\s+RefCnt\s|Proto\s+RefZ|Proto\s+Destination\s)",
    )
});

/// `unix  2      [ ACC ]     STREAM     LISTENING     27680    2281/pulseaudio      /run/user/1000/pulse/native`
static OTHER_ROW: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\s*(unix\s+\d+\s+\[|rfcomm\s|l2cap\s)"));

/// The program behind a row of `netstat -anob` on Windows.
static OWNER_LINE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^ +\[([^\[\]/\\]+\.(?:exe|EXE))\]\s*$"));

/// Notes of netstat itself among its rows.
static MESSAGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\s*(\(?(Not all processes could be identified|No info could be read for)|will not be shown, you would have to be root|\(?Es konnten nicht alle Prozesse|netstat: |warning, got bogus |Can not obtain ownership information|getnameinfo failed|x: Can not obtain)",
    )
});

/// The titles of this tool, not those of macOS and AIX, whose rows are others.
fn is_titles(text: &str) -> bool {
    TITLES.is_match(text.trim_end()) && !text.contains("(state)")
}

impl Format for Netstat {
    fn meta(&self) -> Meta {
        Meta {
            name: "netstat",
            tool: "netstat (net-tools, busybox, Windows)",
            command: "netstat -antpW",
            columns: Row::COLUMNS,
        }
    }

    fn mark(&self, lines: &[Line<'_>], at: usize) -> Mark {
        let Some(text) = lines.get(at).map(|line| line.body()) else { return Mark::No };
        if is_title(text) {
            // Other systems have the same title above other rows.
            let near = lines[at + 1..].iter().filter(|line| !line.is_blank()).take(3);
            let ours = |line: &Line<'_>| is_titles(line.body()) || read(line.body()).is_some();
            if near.into_iter().any(ours) { Mark::Header } else { Mark::Inside }
        } else if is_titles(text) && text.contains("-Q") {
            Mark::Header
        } else if let Some(parts) = read(text) {
            if parts.is_sure() { Mark::Row } else { Mark::Inside }
        } else if is_titles(text)
            || OTHER_TITLE.is_match(text)
            || OTHER_ROW.is_match(text)
            || OWNER_LINE.is_match(text)
            || MESSAGE.is_match(text)
        {
            Mark::Inside
        } else {
            Mark::No
        }
    }

    fn restarts(&self, line: &Line<'_>) -> bool {
        let text = line.body();
        is_title(text) || is_titles(text)
    }

    fn parse(&self, sheet: &mut Sheet<'_>) -> Table {
        let mut table = Table::new::<Row>();
        read_rows(sheet, &mut table);
        table
    }
}

/// The typed rows of a text that is one dump.
pub fn rows(text: &[u8]) -> Rows<Row> {
    Rows::read(&Netstat, text, read_rows)
}

fn read_rows(sheet: &mut Sheet<'_>, out: &mut dyn Take<Row>) {
    let lines = sheet.lines;
    let parts: Vec<Vec<Parts<'_>>> = lines.iter().map(|line| split(line.body())).collect();
    // With -W, and from busybox, an IPv6 address is whole, so one as wide as the column has lost nothing.
    let wide = parts.iter().flatten().any(|parts| parts.local.wide || parts.remote.wide);
    let mut open: Option<(usize, Row)> = None;
    for (at, found) in parts.into_iter().enumerate() {
        let text = lines[at].body();
        if let (Some((_, row)), Some(program)) = (&mut open, OWNER_LINE.captures(text).and_then(|c| c.get(1))) {
            row.program = Some(program.as_str().to_owned());
            sheet.continuation(at);
            continue;
        }
        if let Some((at, row)) = open.take() {
            out.take(lines[at].number, &lines[at].text, row, Vec::new());
        }
        if found.is_empty() {
            if is_title(text) {
                sheet.skip(at, Skip::Banner);
            } else if is_titles(text) {
                sheet.skip(at, Skip::Header);
            } else if OTHER_TITLE.is_match(text) || OTHER_ROW.is_match(text) {
                sheet.skip(at, Skip::OtherSocket);
            } else if MESSAGE.is_match(text) {
                sheet.skip(at, Skip::Message);
            } else {
                sheet.not_a_row(at, Reject::NotARow, format!("no socket: {:.60}", text.trim()));
            }
            continue;
        }
        let mut notes = Vec::new();
        let typed: Result<Vec<Row>, _> =
            found.into_iter().map(|found| typed(found, wide, lines[at].ended, text, &mut notes)).collect();
        match typed {
            Ok(mut rows) => {
                sheet.data(at);
                for (code, message) in notes {
                    sheet.note(at, code, message);
                }
                let last = rows.pop();
                for row in rows {
                    out.take(lines[at].number, &lines[at].text, row, Vec::new());
                }
                open = last.map(|row| (at, row));
            }
            Err((reason, message)) => sheet.reject(at, reason, message),
        }
    }
    if let Some((at, row)) = open {
        out.take(lines[at].number, &lines[at].text, row, Vec::new());
    }
}

/// Cells that are null for a reason, by the name of the reason.
type Notes = Vec<(&'static str, String)>;

fn typed(parts: Parts<'_>, wide: bool, ended: bool, text: &str, notes: &mut Notes) -> Result<Row, (Reject, String)> {
    let mut row = Row { proto: Some(parts.proto.to_owned()), ..Row::default() };
    if let Some((recv, send)) = parts.queues {
        row.recv_q = number(recv, "Recv-Q", notes)?;
        row.send_q = number(send, "Send-Q", notes)?;
    }
    let mut cut = false;
    let mut end = |mut end: Endpoint, name: &str| {
        notes.extend(end.note.take());
        if end.full && !wide && !end.cut {
            end.cut = true;
            // What is left may be another valid address, so it is not taken for one.
            end.addr = Some(Addr::Printed(end.host.into()));
            notes.push(("cut-address", format!("the {name} address fills its column and may be cut")));
        }
        cut |= end.cut;
        (end.addr, end.port)
    };
    (row.local_addr, row.local_port) = end(parts.local, "local");
    (row.remote_addr, row.remote_port) = end(parts.remote, "foreign");
    row.cut = Some(cut);
    row.state = parts.state.map(str::to_owned);
    if let Some((user, inode)) = parts.user {
        row.user = Some(user.to_owned());
        row.inode = number(inode, "Inode", notes)?;
    }
    match parts.process.map(|process| process.split_once('/').unwrap_or((process, ""))) {
        None | Some(("-", "")) => {}
        Some((pid, program)) => {
            row.pid = number(pid, "PID", notes)?;
            row.program = Some(program.trim().to_owned()).filter(|program| !program.is_empty());
        }
    }
    row.program = row.program.or(parts.program.map(str::to_owned));
    row.timer = parts.timer.map(str::to_owned);
    if !parts.odd.is_empty() {
        // A column cut at the screen's edge, or one that this format does not know: the socket itself is whole.
        notes.push(("odd-cell", format!("behind the state stands {:.40}, which no column holds", parts.odd)));
    }
    if !ended {
        cut_last(&mut row, text, notes);
    }
    Ok(row)
}

/// The last cell of a line that the entry ends in may have lost its end: digits of a port or a PID are a prefix then.
fn cut_last(row: &mut Row, text: &str, notes: &mut Notes) {
    if text.ends_with(char::is_whitespace) || row.timer.is_some() {
        return;
    }
    let cell = if row.program.is_some() {
        // Cut names are the rule with netstat.
        return;
    } else if row.pid.take().is_some() {
        "PID"
    } else if row.inode.take().is_some() {
        "Inode"
    } else if row.state.as_deref().is_some_and(is_open) {
        row.state = None;
        "State"
    } else if row.state.is_none() && row.user.is_none() && row.remote_port.take().is_some() {
        "Foreign Address"
    } else {
        return;
    };
    notes.push(("cut-cell", format!("the entry ends within {cell}")));
}

/// Whether a state may be the start of a longer word: `CLOSE` of `CLOSE_WAIT`, `ESTAB` of `ESTABLISHED`.
fn is_open(state: &str) -> bool {
    let mut words = STATES.iter().flat_map(|(_, words)| words.iter());
    State::of(state) == State::Other || words.any(|word| word.len() > state.len() && word.starts_with(state))
}

fn number(text: &str, title: &str, notes: &mut Notes) -> Result<Option<u64>, (Reject, String)> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err((Reject::NumberTooLarge, format!("{title} is {text:.40}"))),
        };
    }
    notes.push(("masked-number", format!("{title} is masked: {text:.40}")));
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Row {
        let found = rows(format!("{line}\n").as_bytes());
        assert_eq!(found.rows.len(), 1, "{line:?}: {:?}", found.diagnostics);
        found.rows[0].row.clone()
    }

    fn ends(row: &Row) -> (String, Option<u64>, String, Option<u64>) {
        let text = |addr: &Option<Addr>| addr.as_ref().map(Addr::to_string).unwrap_or_default();
        (text(&row.local_addr), row.local_port, text(&row.remote_addr), row.remote_port)
    }

    #[test]
    fn rows_of_net_tools_and_busybox() {
        let row =
            one("tcp        0      0 10.244.3.9:40112        20.51.14.8:443          ESTABLISHED 50/sshd: root@pts/0 ");
        assert_eq!(ends(&row), ("10.244.3.9".into(), Some(40112), "20.51.14.8".into(), Some(443)));
        assert_eq!((row.pid, row.program.as_deref(), row.cut), (Some(50), Some("sshd: root@pts/0"), Some(false)));
        let row = one(
            "tcp   12345678 131072 10.244.3.9:40130        13.70.1.2:5671          CLOSE_WAIT  77/./bin/a b/c      ",
        );
        assert_eq!((row.recv_q, row.program.as_deref()), (Some(12345678), Some("./bin/a b/c")));
        let row = one("tcp        0      0 ::ffff:10.244.3.9:40131 ::ffff:20.51.14.8:443   ESTABLISHED 9/java");
        assert_eq!(ends(&row), ("10.244.3.9".into(), Some(40131), "20.51.14.8".into(), Some(443)));
        let row = one(
            "udp        0      0 0.0.0.0:68              0.0.0.0:*                           0          58513       14077/dhclient  ",
        );
        assert_eq!((row.state, row.user.as_deref(), row.inode, row.pid), (None, Some("0"), Some(58513), Some(14077)));
        assert_eq!(row.remote_port, None);
        let row = one(
            "tcp6       0      0 10.0.0.10:6666          10.0.0.10:52970         ESTABLISHED keepalive (7215.63/0/0)",
        );
        assert_eq!((row.timer.as_deref(), row.pid), (Some("keepalive (7215.63/0/0)"), None));
        let row = one(
            "tcp        0      0 10.0.0.1:22   10.0.0.2:5 VERBUNDEN   root       1 -                    off (0.00/0/0)",
        );
        assert_eq!((row.state.as_deref(), row.user.as_deref(), row.program), (Some("VERBUNDEN"), Some("root"), None));
        assert_eq!(State::of("VERBUNDEN"), State::Established);
    }

    #[test]
    fn an_address_that_fills_its_column_is_no_address() {
        let row =
            one("tcp6       0      0 fd00:10:244:1::15:50123 2603:1030:20e:3:::51236 ESTABLISHED 1843217/nginx: mast ");
        assert_eq!((row.cut, row.local_port, row.remote_port), (Some(true), Some(50123), Some(51236)));
        assert!(row.local_addr.is_some_and(|a| a.is_cut()) && row.remote_addr.is_some_and(|a| a.is_cut()));
        // A wider one beside it shows that nothing is cut.
        let both = rows(
            b"tcp 0 0 2603:1030:20e:3:1111:2222:3333:4444:9090 2603:1030:20e:3::2c:51236 ESTABLISHED -\n\
            tcp6       0      0 fd00:10:244:1::15:50123 2603:1030:20e:3::1:5123 ESTABLISHED -\n",
        );
        assert_eq!(both.rows.iter().map(|r| r.row.cut).collect::<Vec<_>>(), [Some(false), Some(false)]);
    }

    #[test]
    fn masks_names_and_windows() {
        let row = one("    tcp        0      0 10.x.x.x:xxxx        20.x.x.x:443       ESTABLISHED xxxxx3/telnet");
        assert_eq!(ends(&row), ("10.x.x.x".into(), None, "20.x.x.x".into(), Some(443)));
        assert_eq!((row.pid, row.program.as_deref(), row.cut), (None, Some("telnet"), Some(true)));
        let row = one("tcp        0      0 ip-172-31-20-190.us:ssh 198.51.100.7:52034      ESTABLISHED 1/sshd");
        assert_eq!((row.local_port, row.cut), (None, Some(true)));
        let row = one("  TCP    [::1]:49674            [2603::1]:443          ABHÖREN         1234");
        assert_eq!((row.pid, row.state.as_deref(), row.proto.as_deref()), (Some(1234), Some("ABHÖREN"), Some("TCP")));
        let row = one("  UDP    0.0.0.0:123            *:*                                    1044");
        assert_eq!((row.remote_addr, row.pid), (None, Some(1044)));
    }

    #[test]
    fn neighbours_are_not_ours() {
        for line in [
            "tcp      6 86399 ESTABLISHED src=10.244.3.9 dst=20.51.14.8 sport=40112 dport=443",
            "tcp   ESTAB 0      0      10.244.3.9:40112 20.51.14.8:443",
            "tcp        0      0 192.168.1.2.49153      17.57.144.1.443        ESTABLISHED",
            "tcp6 0 0 12:30 14:30 LATE",
            "TCP 10.0.0.1:80 10.0.0.2:81",
            "0.0.0.0         10.0.0.1        0.0.0.0         UG        0 0          0 eth0",
        ] {
            assert_eq!(read(line), None, "{line:?}");
        }
    }

    #[test]
    fn the_number_of_an_open_last_line_is_none() {
        let found = rows(b"tcp 0 0 10.0.0.1:1000 20.0.0.1:44");
        assert_eq!((found.rows[0].row.remote_port, found.rows[0].row.local_port), (None, Some(1000)));
        let found = rows(b"tcp 0 0 10.0.0.1:1000 20.0.0.1:443 ESTABL");
        assert_eq!((found.rows[0].row.remote_port, found.rows[0].row.state.as_deref()), (Some(443), None));
    }
}
