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
        /// Id relative to the caller's namespace; null for `unassigned`.
        netnsid: u64 = "netnsid",
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
    verify(digit1, |digits: &str| digits.len() >= 9).parse(input)
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
    let (input, ns) = preceded(opt(blanks), inode).parse(input)?;
    let (input, (_, kind, _)) = (blanks, kind, blanks).parse(input)?;
    let (input, nprocs) = terminated(recognize(count), blanks).parse(input)?;
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
    const RIGHT: &'static [&'static str] = &["NS", "NPROCS", "PID", "PPID", "UID", "NETNSID", "PNS", "ONS"];

    fn is_header(layout: &Layout) -> bool {
        layout.titles.len() >= 2
            && layout.has("NS")
            && layout.titles.iter().all(|title| TITLES.contains(&title.name.as_str()))
    }

    fn shape<'l>(line: &'l str, layout: Option<&Layout>) -> Option<Vec<CellText<'static, 'l>>> {
        let default_order = layout.is_none_or(|l| l.starts_with(&["NS", "TYPE", "NPROCS", "PID", "USER"]));
        default_order.then(|| row(line, layout).ok()).flatten().map(|(_, cells)| cells)
    }

    fn row(cells: &[CellText<'_, '_>], notes: &mut Vec<(&'static str, String)>) -> Result<Row, CellError> {
        let has_type = cells.iter().any(|(title, _)| *title == "TYPE");
        let kind = cell(cells, "TYPE").filter(|text| TYPES.contains(text)).map(str::to_owned);
        let netnsid =
            if cell(cells, "NETNSID") == Some("unassigned") { None } else { number_cell(cells, "NETNSID", notes)? };
        Ok(Row {
            ns: required(number_cell(cells, "NS", notes)?, cells, "NS")?,
            kind: if has_type { required(kind, cells, "TYPE")? } else { kind },
            nprocs: number_cell(cells, "NPROCS", notes)?,
            pid: number_cell(cells, "PID", notes)?,
            user: text_cell(cells, "USER"),
            netnsid,
            nsfs: cell(cells, "NSFS").map(|text| text.split(',').map(str::to_owned).collect()),
            command: cell(cells, "COMMAND").map(|text| without_tree(text).to_owned()),
        })
    }

    fn knows(title: &str) -> bool {
        matches!(title, "NS" | "TYPE" | "NPROCS" | "PID" | "USER" | "NETNSID" | "NSFS" | "COMMAND")
    }

    /// Without a header only the default columns are told from anything else.
    fn is_row(line: &str) -> bool {
        Self::shape(line, None).is_some()
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
            Mark::No if lines.get(at).is_some_and(|line| wrapped(&line.text).is_some()) => Mark::Inside,
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
    Rows::read(text, Lsns::read)
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
        assert_eq!((row.pid, row.user.as_deref(), row.netnsid, row.command), (None, Some("root"), Some(3), None));
        assert_eq!(row.nsfs, Some(vec!["/run/netns/cni-5c0d".to_owned()]));
        let numeric = read("4026532851 net       0       65535          3 /run/netns/cni-5c0d ").expect("a row");
        assert_eq!((numeric.pid, numeric.user.as_deref(), numeric.netnsid), (None, Some("65535"), Some(3)));
    }

    #[test]
    fn tree_art_is_taken_off_and_dashes_of_a_command_stay() {
        assert_eq!(without_tree("│ └─/usr/bin/sleep infinity"), "/usr/bin/sleep infinity");
        assert_eq!(without_tree("| `-sh -c a|-b"), "sh -c a|-b");
        assert_eq!(without_tree("sh -c a|-b"), "sh -c a|-b");
    }
}
