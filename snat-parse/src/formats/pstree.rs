//! `pstree -a` (psmisc 22.15 to 23.7): the process tree, one process a line, with its arguments.
//!
//! ```text
//! systemd,1 --system --deserialize 31
//!   `-containerd-shim,20946 -namespace k8s.io -id 9f3c1a77d2e04b5c… ...
//!       |-pause,20968
//!       |-.NET Host, v2,21011 /app/web.dll
//!       |   `-{.NET Host, v2},21044
//!       `-(sh,21999)
//! ```
//!
//! ```text
//! line = indent [glyph] node            a glyph is  |-  `-  ├─  └─ ; four columns a level
//! node = [n "*["] ["(" | "{"] name ["," pid] [")" | "}"] ["]"] [blank args]
//! ```
//!
//! Traps: `name` is the kernel's comm (15 characters), never the path, and may hold blanks and commas; the PID is the
//! last `,digits` that starts within them; the last word before a cut is glued to its neighbour (`-id0a1b…`); a line
//! that ends in `+` was cut, and if that is in the PID the digits are a prefix and no PID; kernel threads are absent.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while};
use nom::combinator::{opt, rest};
use nom::sequence::terminated;
use nom::{IResult, Parser};

use crate::diag::Reject;
use crate::format::{Format, Mark, Meta, Sheet};
use crate::lex::number;
use crate::line::Line;
use crate::table::{Record, Rows, Table, Take, columns};

/// `pstree`.
#[derive(Debug)]
pub struct Pstree;

columns! {
    /// One process or thread.
    pub struct Row {
        /// Its PID; null where the dump has none or cut it.
        pid: u64 = "pid",
        /// PID of the line that it hangs from.
        ppid: u64 = "ppid",
        /// Levels below the root that it was printed under.
        depth: u64 = "depth",
        /// The kernel's name of it; a thread keeps its braces, the parentheses of `(x)` are taken off.
        name: String = "name",
        /// Arguments, without the command itself.
        args: String = "args",
        /// Whether it is a thread.
        thread: bool = "thread",
        /// How many equal ones the line stands for (`3*[x]`).
        count: u64 = "count",
    }
}

/// A line taken apart: where its name starts, in characters, and what stands there.
#[derive(Debug, PartialEq, Eq)]
struct Node<'l> {
    column: usize,
    glyph: bool,
    name: &'l str,
    thread: bool,
    count: u64,
    pid: Option<u64>,
    cut_pid: bool,
    args: &'l str,
}

fn indent(input: &str) -> IResult<&str, &str> {
    take_while(|c: char| matches!(c, ' ' | '\t' | '|' | '│' | '\u{a0}')).parse(input)
}

fn glyph(input: &str) -> IResult<&str, &str> {
    alt((tag("`-"), tag("├─"), tag("└─"), tag("+-"), tag("-"))).parse(input)
}

/// `line` of the grammar above.
fn line(input: &str) -> IResult<&str, Node<'_>> {
    let whole = input;
    let (input, space) = indent(input)?;
    let (input, found) = opt(glyph).parse(input)?;
    // `|-` begins with a bar that the indent has taken; a dash alone is a glyph only behind one.
    if found == Some("-") && !space.ends_with(['|', '│']) || found.is_none() && space.contains(['|', '│']) {
        return Err(nom::Err::Error(nom::error::Error::new(whole, nom::error::ErrorKind::Tag)));
    }
    let column = whole[..whole.len() - input.len()].chars().count();
    let (input, times) = opt(terminated(number::<u64>, tag("*["))).parse(input)?;
    let (input, body) = rest(input)?;
    let mut node = node(body);
    node.column = column;
    node.glyph = found.is_some();
    node.count = times.unwrap_or(1);
    Ok((input, node))
}

/// Name, PID and arguments. Never fails: a line without `,digits` is a name and, behind a blank, its arguments.
fn node(body: &str) -> Node<'_> {
    let (open, close) = match body.as_bytes().first() {
        Some(b'(') => (1, ")"),
        Some(b'{') => (1, "}"),
        _ => (0, ""),
    };
    let inner = &body[open..];
    let thread = close == "}";
    let limit = if inner.starts_with("kworker/") { 63 } else { 15 };
    let mut found: Option<(usize, usize)> = None;
    for (comma, _) in inner.match_indices(',') {
        if escaped_chars(&inner[..comma]) > limit + usize::from(open > 0) {
            break;
        }
        let digits = inner[comma + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let end = comma + 1 + digits;
        let ends_well = inner[end..].is_empty() || inner[end..].starts_with([' ', ')', '}', ',', ']', '+']);
        if digits > 0 && ends_well {
            found = Some((comma, end));
            // Behind it stands what only an argument begins with: `cut,99 -f1,2`.
            if inner[end..].starts_with(" -") || inner[end..].starts_with(" /") {
                break;
            }
        }
    }
    let Some((comma, end)) = found else {
        let bare = body.strip_suffix(']').unwrap_or(body);
        let (name, args) = if open == 1 { (bare.trim_end(), "") } else { bare.split_once(' ').unwrap_or((bare, "")) };
        let name = if thread { name } else { name.trim_start_matches('(').trim_end_matches(')') };
        return Node {
            column: 0,
            glyph: false,
            name,
            thread,
            count: 1,
            pid: None,
            cut_pid: false,
            args: args.trim_end(),
        };
    };
    let after = &inner[end..];
    let cut_pid = after == "+";
    let name = inner[..comma].strip_suffix(close).unwrap_or(&inner[..comma]);
    // A thread's braces close before the comma: they belong to its name.
    let name = if thread { &body[..open + name.len() + usize::from(inner[..comma].ends_with('}'))] } else { name };
    let after = after.strip_prefix(close).filter(|_| !close.is_empty()).unwrap_or(after);
    let args = if cut_pid { "" } else { after.trim_start_matches(']').trim() };
    let pid = if cut_pid { None } else { number::<u64>(&inner[comma + 1..end]).ok().map(|(_, pid)| pid) };
    Node { column: 0, glyph: false, name, thread, count: 1, pid, cut_pid, args }
}

/// Characters that the kernel's name has, counting an escape (`\\`, `\303`) as one.
fn escaped_chars(name: &str) -> usize {
    let mut count = 0;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        count += 1;
        if c == '\\' {
            let octal = chars.peek().is_some_and(char::is_ascii_digit);
            for _ in 0..if octal { 3 } else { 1 } {
                chars.next();
            }
        }
    }
    count
}

fn read(text: &str) -> Option<Node<'_>> {
    line(text.trim_end()).ok().map(|(_, node)| node).filter(|node| !node.name.is_empty())
}

/// A root: at the left edge of its block, `name,pid` without a glyph.
fn is_root(node: &Node<'_>) -> bool {
    !node.glyph && node.pid.is_some() && !node.thread && node.name.len() <= 64
}

impl Format for Pstree {
    fn meta(&self) -> Meta {
        Meta { name: "pstree", tool: "pstree (psmisc)", command: "pstree -alp", columns: Row::COLUMNS }
    }

    fn mark(&self, lines: &[Line<'_>], at: usize) -> Mark {
        let Some(node) = lines.get(at).and_then(|line| read(&line.text)) else { return Mark::No };
        let child_below = || {
            lines
                .get(at + 1)
                .and_then(|line| read(&line.text))
                .is_some_and(|below| below.glyph && below.column > node.column)
        };
        match node {
            _ if node.glyph && (node.pid.is_some() || node.cut_pid) => Mark::Row,
            _ if node.glyph => Mark::Inside,
            _ if is_root(&node) && child_below() => Mark::Header,
            _ if is_root(&node) && !node.name.contains(' ') && !node.args.contains("  ") => Mark::Inside,
            _ => Mark::No,
        }
    }

    fn parse(&self, sheet: &mut Sheet<'_>) -> Table {
        let mut table = Table::new::<Row>();
        read_rows(sheet, &mut table);
        table
    }
}

/// The typed rows of a text that is one dump.
pub fn rows(text: &[u8]) -> Rows<Row> {
    Rows::read(text, read_rows)
}

fn read_rows(sheet: &mut Sheet<'_>, out: &mut dyn Take<Row>) {
    // Column and PID of the lines above that a line may hang from.
    let mut above: Vec<(usize, Option<u64>)> = Vec::new();
    for at in 0..sheet.lines.len() {
        let line = &sheet.lines[at];
        let node = match read(&line.text) {
            Some(node) if node.glyph || is_root(&node) => node,
            _ => {
                sheet.not_a_row(at, Reject::NotARow, "no name,pid behind a glyph or at the left edge");
                continue;
            }
        };
        if crate::noise::name(&line.text).is_some() && node.pid.is_none() {
            sheet.not_a_row(at, Reject::NotARow, "noise");
            continue;
        }
        if !line.ended && node.pid.is_none() {
            sheet.not_a_row(at, Reject::CutLine, "the entry ends within this line");
            continue;
        }
        // The digits of an open last line may be the start of more.
        let open_pid = !line.ended
            && node.pid.is_some()
            && line.text.ends_with(|c: char| c.is_ascii_digit())
            && node.args.is_empty();
        if !node.glyph {
            above.clear();
        }
        above.retain(|(column, _)| *column < node.column);
        if node.cut_pid || open_pid {
            sheet.note(at, "cut-pid", format!("the line was cut within the PID of {}", node.name));
        }
        let pid = node.pid.filter(|_| !open_pid);
        let row = Row {
            pid,
            ppid: above.last().and_then(|(_, pid)| *pid),
            depth: Some(above.len() as u64),
            name: Some(node.name.to_owned()),
            args: (!node.args.is_empty()).then(|| node.args.to_owned()),
            thread: Some(node.thread),
            count: Some(node.count),
        };
        above.push((node.column, pid));
        sheet.data(at);
        out.take(line.number, &line.text, row, Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, name: &str, pid: Option<u64>, args: &str) {
        let node = read(text).expect("a node");
        assert_eq!((node.name, node.pid, node.args), (name, pid, args), "{text:?}");
    }

    #[test]
    fn names_with_blanks_and_commas() {
        check("systemd,1 --system --deserialize 31", "systemd", Some(1), "--system --deserialize 31");
        check(
            "      |-.NET Host, v2,21011 /app/web.dll --urlshttp://+:80",
            ".NET Host, v2",
            Some(21011),
            "/app/web.dll --urlshttp://+:80",
        );
        check("  `-.NET Pool W,1,24090 -Dx=1", ".NET Pool W,1", Some(24090), "-Dx=1");
        check("  |-sh,12 -c echo,34 a", "sh", Some(12), "-c echo,34 a");
    }

    #[test]
    fn threads_zombies_and_heaps() {
        check("      |   `-{.NET Host, v2},21044", "{.NET Host, v2}", Some(21044), "");
        check("      `-(sh,21999)", "sh", Some(21999), "");
        let heap = read("  |-2*[{containerd-shim}]").expect("a node");
        assert_eq!((heap.name, heap.count, heap.thread, heap.pid), ("{containerd-shim}", 2, true, None));
    }

    #[test]
    fn digits_before_a_cut_are_no_pid() {
        let node = read("  `-containerd-shim,931+").expect("a node");
        assert!(node.cut_pid && node.pid.is_none());
    }

    #[test]
    fn both_alphabets_have_the_same_columns() {
        for text in ["      `-java,21100 -cp x", "      └─java,21100 -cp x"] {
            assert_eq!(read(text).map(|n| (n.column, n.glyph)), Some((8, true)));
        }
        assert_eq!(read("  |   |-x,5").map(|n| n.column), Some(8));
    }
}
