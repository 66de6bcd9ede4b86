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
//! Traps: `grep` takes the titles away, so a row is told by its shape alone; state words and titles are translated;
//! a program is the rest of the line (`sshd: root@pts/0`) and may hold blanks and slashes; without `-W` an IPv6
//! address is cut to fit 23 characters with its port, and what is left may be another valid address; `tcp6` with dotted
//! addresses is IPv4; `-e` names the user, with blanks nowhere; UNIX sockets follow in the same dump.

mod line;
mod state;

use std::sync::LazyLock;

use regex::Regex;

use self::line::{Endpoint, Parts, read, split};
pub use self::state::State;
use self::state::is_open;
use crate::diag::{Reject, Skip};
use crate::format::{Format, Mark, Meta, Sheet};
use crate::lex::Addr;
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
