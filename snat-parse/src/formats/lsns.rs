//! `lsns -t net` (util-linux 2.28 to 2.42): one row a namespace, with the lowest PID that lives in it.
//!
//! ```text
//!         NS TYPE NPROCS   PID USER    NETNSID NSFS                                                COMMAND
//! 4026532182 net      18     1 root unassigned                                                     /lib/systemd/systemd --system
//! 4026532399 net       2  3599 root          1 /run/netns/cni-1e2aadac-e96b-6edc-e4ec-f2193279bbbb /pause
//!                                              /run/docker/netns/default
//! ```
//!
//! ```text
//! row     = ns type nprocs [pid] user [netnsid] [nsfs] [command]      by titles, else by shape
//! wrapped = blanks nsfs                                               one more mount point of the row above
//! ```
//!
//! Traps: NETNSID and NSFS are there from 2.32 on and only with `-t net`; from 2.39 a namespace without process has
//! NPROCS 0 and no PID; NSFS wraps; COMMAND wears tree art from 2.38 on; PID is the lowest, not the oldest.

use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::character::complete::digit1;
use nom::combinator::{opt, peek, recognize, verify};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use crate::format::{Format, Mark, Meta, Sheet};
use crate::header::{CellError, CellText, Layout, Padded, cell, number_cell, required, text_cell};
use crate::lex::{blanks, count, rest_of_line, word};
use crate::line::Line;
use crate::table::{Record, Rows, Table, columns};

/// `lsns`.
#[derive(Debug)]
pub struct Lsns;

columns! {
    /// One namespace.
    pub struct Row {
        /// Inode of the namespace: the NETNS of tcptracer.
        ns: u64 = "ns",
        /// `net`, `mnt`, `pid`, …
        kind: String = "type",
        /// Processes in it.
        nprocs: u64 = "nprocs",
        /// The lowest PID in it; null where nothing but a mount or a file keeps it.
        pid: u64 = "pid",
        /// Owner, as a name or a number.
        user: String = "user",
        /// Id relative to the caller's namespace, or `unassigned`.
        netnsid: String = "netnsid",
        /// Where it is mounted.
        nsfs: Vec<String> = "nsfs",
        /// Command line of that PID, without tree art.
        command: String = "command",
    }
}

const TYPES: [&str; 8] = ["net", "mnt", "uts", "ipc", "pid", "user", "cgroup", "time"];
const TITLES: [&str; 13] =
    ["NS", "TYPE", "PATH", "NPROCS", "PID", "PPID", "COMMAND", "UID", "USER", "NETNSID", "NSFS", "PNS", "ONS"];

fn inode(input: &str) -> IResult<&str, &str> {
    let whole = verify(digit1, |digits: &str| digits.len() >= 9);
    // `4026532xx1`: enough of it is left to tell what it was.
    let masked = verify(masked, |text: &str| text.len() >= 9 && text.starts_with("40"));
    alt((terminated(whole, peek(alt((blanks, nom::combinator::eof)))), masked)).parse(input)
}

/// Whether a number is one that the kernel gives to namespaces: from 4026531832 on, in 32 bits. Seconds since 1970 are
/// not. A masked one begins like it.
fn is_inode(text: &str) -> bool {
    match text.parse::<u64>() {
        Ok(number) => (4_026_531_832..=u64::from(u32::MAX)).contains(&number),
        Err(_) => text.starts_with("402653"),
    }
}

fn kind(input: &str) -> IResult<&str, &str> {
    verify(word, |text: &str| TYPES.contains(&text)).parse(input)
}

fn netnsid(input: &str) -> IResult<&str, &str> {
    alt((tag("unassigned"), recognize(count))).parse(input)
}

/// A mount point of a namespace; a command line may begin with a slash, too, but not there.
fn nsfs(input: &str) -> IResult<&str, &str> {
    verify(word, is_mount_point).parse(input)
}

fn is_mount_point(text: &str) -> bool {
    text.starts_with('/') && (text.contains("/netns/") || text.contains("/ns/") || text.ends_with("/netns"))
}

fn row<'l>(input: &'l str, layout: Option<&Layout>) -> IResult<&'l str, Vec<CellText<'static, 'l>>> {
    let has = |title: &str| layout.is_none_or(|l| l.has(title));
    let (input, ns) = preceded(opt(blanks), inode).parse(before_inode(input))?;
    let (input, (_, kind, _)) = (blanks, kind, blanks).parse(input)?;
    let (input, nprocs) = terminated(alt((recognize(count), masked)), blanks).parse(input)?;
    // A user may be a number: then the PID is there only if two numbers follow, or there are processes.
    let (input, pid) = if nprocs == "0" {
        opt(terminated(recognize(count), (blanks, peek(count), peek(blanks)))).parse(input)?
    } else {
        opt(terminated(alt((recognize(count), masked)), blanks)).parse(input)?
    };
    let (input, user) = word(input)?;
    let (input, netnsid) = if has("NETNSID") { opt(preceded(blanks, netnsid)).parse(input)? } else { (input, None) };
    let (input, nsfs) = if has("NSFS") { opt(preceded(blanks, nsfs)).parse(input)? } else { (input, None) };
    let (input, command) = rest_of_line(input)?;
    let cells = [
        ("NS", Some(ns)),
        ("TYPE", Some(kind)),
        ("NPROCS", Some(nprocs)),
        ("PID", pid),
        ("USER", Some(user)),
        ("NETNSID", netnsid),
        ("NSFS", nsfs),
        ("COMMAND", Some(command)),
    ];
    Ok((input, cells.into_iter().filter_map(|(title, cell)| cell.map(|cell| (title, cell))).collect()))
}

fn masked(input: &str) -> IResult<&str, &str> {
    verify(word, |text: &str| matches!(crate::lex::masked_number(text.as_bytes()), Ok(([], _)))).parse(input)
}

/// Whether the columns are those of `lsns -t TYPE`, so that a row without some of its cells can be told by its shape.
fn is_default(layout: &Layout) -> bool {
    let default = ["NS", "TYPE", "NPROCS", "PID", "USER", "NETNSID", "NSFS", "COMMAND"];
    let mut rest = default.iter();
    layout.starts_with(&default[..5]) && layout.titles.iter().all(|title| rest.any(|name| *name == title.name))
}

/// The line without tree art before the inode (`-T` with NS as its tree column).
fn before_inode(line: &str) -> &str {
    let art = |c: char| matches!(c, '│' | '├' | '└' | '─' | '|' | '`' | '-' | ' ' | '\t');
    let bare = line.trim_start_matches(art);
    if bare.starts_with(|c: char| c.is_ascii_digit()) { bare } else { line }
}

/// Whether a word can stand in that column.
fn holds(title: &str, word: &str) -> bool {
    let number = |word: &str| matches!(crate::lex::int_bytes(word.as_bytes()), Ok(([], _)));
    match title {
        "NS" => inode(word).is_ok_and(|(rest, _)| rest.is_empty()),
        "TYPE" => TYPES.contains(&word),
        "PATH" => word.starts_with("/proc/"),
        "NPROCS" | "PID" | "PPID" | "UID" | "PNS" | "ONS" => number(word),
        "NETNSID" => word == "unassigned" || number(word),
        "NSFS" => is_mount_point(word),
        _ => true,
    }
}

/// Cuts a row at its blanks, for any order of columns: each word must be what its column holds, a cell that may be empty
/// may be missing, and COMMAND takes what is left. For headers that do not stand over their columns.
fn by_order<'l>(line: &'l str, layout: &Layout) -> Option<Vec<CellText<'static, 'l>>> {
    let known = |name: &str| TITLES.iter().find(|known| **known == name).copied();
    // What may stand in a column that is not known, nobody knows.
    let titles = layout.titles.iter().map(|title| known(&title.name)).collect::<Option<Vec<&'static str>>>()?;
    let line = if titles.first() == Some(&"NS") { before_inode(line.trim_start()) } else { line };
    let mut words: Vec<(usize, &'l str)> = Vec::new();
    for word in line.split_whitespace() {
        words.push((word.as_ptr() as usize - line.as_ptr() as usize, word));
    }
    // More words than this are no row of this tool; the search below is bounded by it.
    if words.len() > 512 {
        return None;
    }
    let mut search =
        Search { line, has_processes: None, has_pid: None, cells: Vec::new(), found: None, ambiguous: false, steps: 0 };
    search.place(&titles, &words);
    search.found.filter(|_| !search.ambiguous)
}

/// Steps of one search. A row of this tool takes a few dozen.
const STEPS: usize = 20_000;

/// The search for the one way to give the words of a row to its titles.
struct Search<'l> {
    line: &'l str,
    /// Whether NPROCS, where it was placed, says that there are processes: PID is not empty then, and empty else.
    has_processes: Option<bool>,
    /// Whether PID, where it was placed, is not empty.
    has_pid: Option<bool>,
    cells: Vec<CellText<'static, 'l>>,
    found: Option<Vec<CellText<'static, 'l>>>,
    /// Two ways, or too many steps: the row is not told by its words.
    ambiguous: bool,
    steps: usize,
}

impl<'l> Search<'l> {
    fn place(&mut self, titles: &[&'static str], words: &[(usize, &'l str)]) {
        self.steps += 1;
        self.ambiguous |= self.steps > STEPS;
        if self.ambiguous {
            return;
        }
        let Some((title, rest)) = titles.split_first() else {
            if words.is_empty() {
                let again = self.found.as_ref().is_some_and(|found| *found != self.cells);
                self.ambiguous |= again;
                self.found = Some(self.cells.clone());
            }
            return;
        };
        if *title == "COMMAND" {
            // Every title behind it takes at most one word.
            for take in words.len().saturating_sub(rest.len())..=words.len() {
                let text = match (words.first(), take.checked_sub(1).and_then(|last| words.get(last))) {
                    (Some((start, _)), Some((end, word))) => &self.line[*start..end + word.len()],
                    _ => "",
                };
                self.with(title, text, rest, &words[take..]);
            }
            return;
        }
        if let Some(((_, word), left)) = words.split_first()
            && holds(title, word)
        {
            match *title {
                "NPROCS" => {
                    let has = *word != "0";
                    if self.has_pid.is_none_or(|pid| pid == has) {
                        self.has_processes = Some(has);
                        self.with(title, word, rest, left);
                        self.has_processes = None;
                    }
                }
                "PID" if self.has_processes == Some(false) || *word == "0" => {}
                "PID" => {
                    self.has_pid = Some(true);
                    self.with(title, word, rest, left);
                    self.has_pid = None;
                }
                title => self.with(title, word, rest, left),
            }
        }
        match *title {
            "PID" if self.has_processes != Some(true) => {
                self.has_pid = Some(false);
                self.with(title, "", rest, words);
                self.has_pid = None;
            }
            "PPID" if self.has_processes != Some(true) && self.has_pid != Some(true) => {
                self.with(title, "", rest, words);
            }
            "NETNSID" | "NSFS" => self.with(title, "", rest, words),
            _ => {}
        }
    }

    fn with(&mut self, title: &'static str, cell: &'l str, titles: &[&'static str], words: &[(usize, &'l str)]) {
        self.cells.push((title, cell));
        self.place(titles, words);
        self.cells.pop();
    }
}

/// `\x20` of `-r`, which has no blank within a cell, as the characters that they stand for.
fn unescaped(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains("\\x20") && !text.starts_with("\\xe2") {
        return text.into();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\x") {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        match rest.get(at + 2..at + 4).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &rest[at + 4..];
            }
            None => {
                bytes.extend_from_slice(b"\\x");
                rest = &rest[at + 2..];
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned().into()
}

/// COMMAND without the tree art that `--tree` puts before it.
fn without_tree(command: &str) -> &str {
    let art = |c: char| matches!(c, '│' | '├' | '└' | '─' | '|' | '`' | '-' | ' ');
    let branch = ["├─", "└─", "|-", "`-"];
    match branch.iter().filter_map(|b| command.find(b).map(|at| at + b.len())).min() {
        Some(end) if command[..end].chars().all(art) => &command[end..],
        _ => command,
    }
}

impl Padded for Lsns {
    type Row = Row;
    const TITLES: &'static [&'static str] = &TITLES;
    const ANY_ORDER: bool = true;
    const RIGHT: &'static [&'static str] = &["NS", "NPROCS", "PID", "PPID", "UID", "NETNSID", "PNS", "ONS"];

    fn is_header(layout: &Layout) -> bool {
        (2..=2 * TITLES.len()).contains(&layout.titles.len())
            && layout.has("NS")
            // A column that a later version may bring, among those known.
            && layout.titles.iter().filter(|title| !TITLES.contains(&title.name.as_str())).count() * 3
                <= layout.titles.len()
    }

    fn shape<'l>(line: &'l str, layout: Option<&Layout>) -> Option<Vec<CellText<'static, 'l>>> {
        let default_order = layout.is_none_or(is_default);
        let default = default_order.then(|| row(line, layout).ok()).flatten().map(|(_, cells)| cells);
        default.or_else(|| by_order(line, layout?))
    }

    fn row(cells: &[CellText<'_, '_>], notes: &mut Vec<(&'static str, String)>) -> Result<Row, CellError> {
        let has_type = cells.iter().any(|(title, _)| *title == "TYPE");
        let kind = cell(cells, "TYPE").filter(|text| TYPES.contains(text)).map(str::to_owned);
        let netnsid = match cell(cells, "NETNSID") {
            Some("unassigned") => Some("unassigned".to_owned()),
            _ => number_cell(cells, "NETNSID", notes)?.map(|id| id.to_string()),
        };
        let ns = cell(cells, "NS").map(before_inode);
        let ns = number_cell(&[("NS", ns.unwrap_or_default())], "NS", notes)?;
        Ok(Row {
            ns: if notes.is_empty() { required(ns, cells, "NS")? } else { ns },
            kind: if has_type { required(kind, cells, "TYPE")? } else { kind },
            nprocs: number_cell(cells, "NPROCS", notes)?,
            pid: number_cell(cells, "PID", notes)?,
            user: text_cell(cells, "USER"),
            netnsid,
            nsfs: cell(cells, "NSFS").map(|text| text.split(',').map(str::to_owned).collect()),
            command: cell(cells, "COMMAND").map(|text| without_tree(&unescaped(text)).to_owned()),
        })
    }

    fn knows(title: &str) -> bool {
        matches!(title, "NS" | "TYPE" | "NPROCS" | "PID" | "USER" | "NETNSID" | "NSFS" | "COMMAND")
    }

    /// Without a header only the default columns are told from anything else, and only with the number of a namespace.
    fn is_row(line: &str) -> bool {
        Self::shape(line, None).is_some_and(|cells| cell(&cells, "NS").map(before_inode).is_some_and(is_inode))
    }

    fn plausible(title: &str, cell: &str) -> bool {
        let cell = if title == "NS" { before_inode(cell) } else { cell };
        holds(title, cell) || title == "NSFS" && cell.split(',').all(is_mount_point) || masked(cell).is_ok()
    }

    fn extend(row: &mut Row, line: &str) -> bool {
        let Some(mount) = wrapped(line) else { return false };
        row.nsfs.get_or_insert_default().push(mount.to_owned());
        true
    }
}

/// One more mount point of the row above: nothing else on the line but tree art.
fn wrapped(line: &str) -> Option<&str> {
    let only = line.trim().trim_end_matches(['│', '|', ' ']).trim_end();
    (line.starts_with(char::is_whitespace) && is_mount_point(only) && !only.contains(char::is_whitespace))
        .then_some(only)
}

impl Format for Lsns {
    fn meta(&self) -> Meta {
        Meta {
            name: "lsns",
            tool: "lsns (util-linux)",
            command: "lsns -t net -o NS,TYPE,NPROCS,PID,USER,NETNSID,NSFS,COMMAND",
            columns: Row::COLUMNS,
        }
    }

    fn mark(&self, lines: &[Line<'_>], at: usize) -> Mark {
        match <Self as Padded>::mark(lines, at) {
            Mark::No if lines.get(at).is_some_and(|line| wrapped(line.body()).is_some()) => Mark::Inside,
            mark => mark,
        }
    }

    fn fits(&self, header: &Line<'_>, line: &Line<'_>) -> bool {
        <Self as Padded>::fits(header, line)
    }

    fn parse(&self, sheet: &mut Sheet<'_>) -> Table {
        Self::table(sheet)
    }
}

/// The typed rows of a text that is one dump.
pub fn rows(text: &[u8]) -> Rows<Row> {
    Rows::read(&Lsns, text, Lsns::read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<Row> {
        Lsns::shape(line, None).and_then(|cells| Lsns::row(&cells, &mut Vec::new()).ok())
    }

    #[test]
    fn the_article_s_left_aligned_row_is_read_by_shape() {
        let row = read("4026532785 net  3      19832 root  bash").expect("a row");
        assert_eq!(
            (row.ns, row.nprocs, row.pid, row.command.as_deref()),
            (Some(4026532785), Some(3), Some(19832), Some("bash"))
        );
    }

    #[test]
    fn a_namespace_without_process_has_no_pid() {
        let row = read("4026532851 net       0       root           3 /run/netns/cni-5c0d ").expect("a row");
        assert_eq!(
            (row.pid, row.user.as_deref(), row.netnsid, row.command),
            (None, Some("root"), Some("3".into()), None)
        );
        assert_eq!(row.nsfs, Some(vec!["/run/netns/cni-5c0d".to_owned()]));
        let numeric = read("4026532851 net       0       65535          3 /run/netns/cni-5c0d ").expect("a row");
        assert_eq!(
            (numeric.pid, numeric.user.as_deref(), numeric.netnsid.as_deref()),
            (None, Some("65535"), Some("3"))
        );
    }

    #[test]
    fn columns_in_any_order_under_a_header_that_stands_elsewhere() {
        let text = "NS           TYPE   NPROCS   PID PPID USER UID COMMAND      PNS         ONS\n\
                    4026531837   user      141     1     0 root   0 /sbin/init    0           0\n\
                    ├─4026531862 mnt         1    62     2 root   0 kdevtmpfs     0  4026531837\n";
        let found = rows(text.as_bytes());
        let seen: Vec<_> = found.rows.iter().map(|r| (r.row.ns, r.row.pid, r.row.command.as_deref())).collect();
        assert_eq!(
            seen,
            [(Some(4026531837), Some(1), Some("/sbin/init")), (Some(4026531862), Some(62), Some("kdevtmpfs"))]
        );
    }

    #[test]
    fn raw_rows_have_their_blanks_back() {
        let row = read(r"4026532182 net 18 1 root unassigned  /lib/systemd/systemd\x20--system").expect("a row");
        assert_eq!(
            (row.netnsid.as_deref(), row.command.as_deref()),
            (Some("unassigned"), Some("/lib/systemd/systemd --system"))
        );
        let row = read(r"4026532323 net 1 3238 root unassigned  \xe2\x94\x94\xe2\x94\x80/usr/bin/sleep\x20infinity")
            .expect("a row");
        assert_eq!(row.command.as_deref(), Some("/usr/bin/sleep infinity"));
    }

    #[test]
    fn tree_art_is_taken_off_and_dashes_of_a_command_stay() {
        assert_eq!(without_tree("│ └─/usr/bin/sleep infinity"), "/usr/bin/sleep infinity");
        assert_eq!(without_tree("| `-sh -c a|-b"), "sh -c a|-b");
        assert_eq!(without_tree("sh -c a|-b"), "sh -c a|-b");
    }
}
