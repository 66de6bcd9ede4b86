//! `pstree` (psmisc 22.15 to 23.7): the process tree; with `-a` one process a line and its arguments, without it
//! several processes a line.
//!
//! ```text
//! systemd,1 --system --deserialize 31
//!   `-containerd-shim,20946 -namespace k8s.io -id 9f3c1a77d2e04b5c… ...
//!       |-pause,20968
//!       |-.NET Host, v2,21011 /app/web.dll
//!       |   `-{.NET Host, v2},21044
//!       `-(sh,21999)
//! systemd(1)---containerd-shim(20946)-+-.NET Host, v2(21011)---{.NET Host, v2}(21044)
//!                                     `-pause(20968)
//! ```
//!
//! ```text
//! line  = indent [glyph] (node | chain)   a glyph is  |-  `-  ├─  └─ ; with -a four columns a level
//! node  = [n "*["] ["(" | "{"] name ["," pid] [")" | "}"] ["]"] ["," more] [blank args]
//! chain = process {joint process}         a joint is  ---  -+-  ───  ─┬─
//! process = [n "*["] name ["(" pid ["," more] ")"] ["]"]
//! ```
//!
//! Traps: `name` is the kernel's comm (15 characters), never the path, and may hold blanks, commas, parentheses; the PID
//! of a node is the last `,digits` that starts within them, but for `-g`, which puts the group behind it; the last word
//! before a cut is glued to its neighbour (`-id0a1b…`); a line that ends in `+` was cut, and if that is in the PID the
//! digits are a prefix and no PID; kernel threads are absent; where lines were left out (`...`) the column tells which
//! parents still hold; `-N net` puts the inode in brackets above each tree.

mod chain;
mod node;

use chain::{Chain, chain};
use node::{Node, has_group};

use crate::diag::{Reject, Skip};
use crate::format::{Format, Mark, Meta, Sheet};
use crate::line::Line;
use crate::noise;
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

/// The processes of one line.
#[derive(Debug)]
enum Found<'l> {
    Node(Node<'l>),
    Chain(Chain<'l>),
}

/// A chain where the line has `name(pid)`, else a node with arguments, else a chain without PIDs.
fn read(text: &str, groups: bool) -> Option<Found<'_>> {
    let text = text.trim_end();
    let node = node::line(text, groups).ok().map(|(_, node)| node).filter(is_named);
    // `bash(12,root)` holds a comma and digits, too, but its name then has a parenthesis that does not close.
    let told = node.as_ref().is_some_and(|node| {
        let open = node.name.matches('(').count() > node.name.matches(')').count();
        (node.pid.is_some() || node.cut_pid) && !open
    });
    if told {
        return node.map(Found::Node);
    }
    match chain(text).filter(|chain| chain.nodes.iter().all(is_named)) {
        Some(found) if found.pids || found.nodes.iter().any(|node| node.cut_pid) => Some(Found::Chain(found)),
        Some(found) if found.joined && !text.trim_start().contains("  ") => Some(Found::Chain(found)),
        _ => node.map(Found::Node),
    }
}

/// Whether the name is one that a process can have; a rule of a drawing, or a mark of a paste, is none.
fn is_named(node: &Node<'_>) -> bool {
    // systemctl and systemd-cgls print `├─1234 command`, tree prints `├── name`.
    let numbered = node.name.split_once(' ').is_some_and(|(word, _)| word.bytes().all(|b| b.is_ascii_digit()));
    let marked = node.name.starts_with(['#', '>', '*', '$', '"', '=', '^', '+', '-', '─']);
    node.name.contains(char::is_alphanumeric) && !marked && !numbered || node.name == "?"
}

impl Found<'_> {
    fn first(&self) -> Option<&Node<'_>> {
        match self {
            Self::Node(node) => Some(node),
            Self::Chain(chain) => chain.nodes.first(),
        }
    }

    fn has_pid(&self) -> bool {
        match self {
            Self::Node(node) => node.pid.is_some() || node.cut_pid,
            Self::Chain(chain) => chain.nodes.iter().any(|node| node.pid.is_some() || node.cut_pid),
        }
    }
}

/// A root: at the left edge of its block, with a PID and without a glyph.
fn is_root(node: &Node<'_>) -> bool {
    !node.glyph && node.pid.is_some() && !node.thread && node.name.len() <= 64
}

/// `[4026531840]`: the namespace that the tree below is of.
fn is_group(text: &str) -> bool {
    let inner = text.trim().strip_prefix('[').and_then(|t| t.strip_suffix(']'));
    inner.is_some_and(|digits| digits.len() >= 9 && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether the last line before this one that is not blank is a prompt at which this tool was called, or the namespace
/// that a tree of `-N` is of.
fn called(lines: &[Line<'_>], at: usize) -> bool {
    let above = lines[..at].iter().rev().find(|line| !line.is_blank());
    above.is_some_and(|line| {
        let text = line.body();
        if is_group(text) {
            return true;
        }
        text.contains("pstree ")
            && (noise::name(text) == Some(Skip::Prompt) || text.trim_start().starts_with("pstree "))
    })
}

/// Whether the next line that is not blank hangs from a name at that column.
fn has_child(lines: &[Line<'_>], at: usize, column: usize) -> bool {
    let below = lines[at + 1..].iter().find(|line| !line.is_blank());
    let hangs = |found: Found<'_>| found.first().is_some_and(|node| node.glyph && node.column > column);
    below.and_then(|line| read(line.body(), false)).is_some_and(hangs)
}

/// Names that PID 1 has.
fn is_init(name: &str) -> bool {
    matches!(name, "systemd" | "init" | "launchd" | "tini" | "docker-init" | "dumb-init")
}

impl Format for Pstree {
    fn meta(&self) -> Meta {
        Meta { name: "pstree", tool: "pstree (psmisc)", command: "pstree -alp", columns: Row::COLUMNS }
    }

    fn mark(&self, lines: &[Line<'_>], at: usize) -> Mark {
        let Some(line) = lines.get(at) else { return Mark::No };
        let Some(found) = read(line.body(), false) else {
            let below = lines.get(at + 1).and_then(|line| read(line.body(), false));
            let root = below.is_some_and(|found| found.first().is_some_and(is_root));
            return match is_group(line.body()) {
                true if root => Mark::Header,
                true => Mark::Inside,
                false => Mark::No,
            };
        };
        let Some(node) = found.first() else { return Mark::No };
        let child_below = || has_child(lines, at, node.column);
        match &found {
            _ if node.glyph && found.has_pid() => Mark::Row,
            _ if node.glyph => Mark::Inside,
            Found::Chain(chain) if chain.joined && chain.pids => Mark::Header,
            Found::Chain(chain) if chain.pids && (child_below() || called(lines, at)) => Mark::Header,
            Found::Chain(chain) if chain.pids => Mark::Inside,
            Found::Chain(chain) if chain.joined && (child_below() || called(lines, at) || is_init(node.name)) => {
                Mark::Header
            }
            Found::Chain(_) => Mark::No,
            Found::Node(node) if is_root(node) && (child_below() || called(lines, at)) => Mark::Header,
            Found::Node(node) if is_root(node) && !node.name.contains(' ') && !node.args.contains("  ") => Mark::Inside,
            Found::Node(node) if node.pid.is_none() && is_init(node.name) && child_below() => Mark::Header,
            Found::Node(_) => Mark::No,
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
    Rows::read(&Pstree, text, read_rows)
}

/// Whether the numbers behind the PIDs are process groups: nearly every line has one then.
fn has_groups(lines: &[Line<'_>]) -> bool {
    let told =
        lines.iter().filter(|line| matches!(read(line.body(), false), Some(Found::Node(node)) if node.pid.is_some()));
    let (mut all, mut with) = (0, 0);
    for line in told {
        all += 1;
        with += usize::from(has_group(line.body()));
    }
    with > 0 && with * 10 >= all * 9
}

/// The lines above that a process may hang from: column of the name, and PID.
struct Above(Vec<(usize, Option<u64>)>);

impl Above {
    /// Lines were left out here: what is as deep as that may be somebody else by now. The root still holds.
    fn gap(&mut self, text: &str) {
        let column = text.chars().take_while(|c| matches!(c, ' ' | '\t' | '|' | '│')).count();
        let root = self.0.first().map(|(column, _)| *column);
        self.0.retain(|(other, _)| *other < column || Some(*other) == root);
    }
}

fn read_rows(sheet: &mut Sheet<'_>, out: &mut dyn Take<Row>) {
    let lines = sheet.lines;
    let groups = has_groups(lines);
    let mut above = Above(Vec::new());
    let mut namespace: Option<&str> = None;
    for (at, line) in lines.iter().enumerate() {
        let text = line.body();
        if is_group(text) {
            above.0.clear();
            namespace = Some(text.trim().trim_matches(['[', ']']));
            sheet.skip(at, Skip::Header);
            continue;
        }
        let found = match read(text, groups) {
            Some(found) if found.first().is_some_and(|node| node.glyph || is_root(node)) => found,
            // Trees without PIDs have roots without.
            Some(found @ Found::Chain(Chain { joined: true, .. })) => found,
            Some(Found::Node(node)) if is_init(node.name) && has_child(lines, at, node.column) => Found::Node(node),
            _ => {
                if matches!(noise::name(text), None | Some(Skip::Elided)) {
                    above.gap(text);
                }
                sheet.not_a_row(at, Reject::NotARow, "no process behind a glyph or at the left edge");
                continue;
            }
        };
        if noise::name(text).is_some() && !found.has_pid() {
            above.gap(text);
            sheet.not_a_row(at, Reject::NotARow, "noise");
            continue;
        }
        if !line.ended && !found.has_pid() {
            sheet.not_a_row(at, Reject::CutLine, "the entry ends within this line");
            continue;
        }
        sheet.data(at);
        let nodes = match found {
            Found::Node(node) => vec![node],
            Found::Chain(chain) => chain.nodes,
        };
        // The digits of an open last line may be the start of more.
        let open_pid = !line.ended && text.ends_with(|c: char| c.is_ascii_digit());
        let last = nodes.len() - 1;
        for (index, node) in nodes.into_iter().enumerate() {
            if index == 0 && !node.glyph {
                above.0.clear();
            }
            // The columns grow from the root on, so what no longer holds is at the end.
            while above.0.last().is_some_and(|(column, _)| *column >= node.column) {
                above.0.pop();
            }
            let cut = node.cut_pid || open_pid && index == last && node.args.is_empty() && node.pid.is_some();
            if cut {
                sheet.note(at, "cut-pid", format!("the line was cut within the PID of {}", node.name));
            }
            let pid = node.pid.filter(|_| !cut);
            let row = Row {
                pid,
                ppid: above.0.last().and_then(|(_, pid)| *pid),
                depth: Some(above.0.len() as u64),
                name: Some(node.name.to_owned()),
                args: (!node.args.is_empty()).then(|| node.args.to_owned()),
                thread: Some(node.thread),
                count: Some(node.count),
            };
            above.0.push((node.column, pid));
            let extra = namespace.map(|inode| ("NETNS".to_owned(), inode.to_owned()));
            out.take(line.number, &line.text, row, extra.into_iter().collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Vec<(String, Option<u64>, Option<u64>)> {
        let found = rows(text.as_bytes());
        assert_eq!(found.tally.rejected_lines(), 0, "{:?}", found.diagnostics);
        found.rows.into_iter().map(|r| (r.row.name.unwrap_or_default(), r.row.pid, r.row.ppid)).collect()
    }

    #[test]
    fn parents_across_lines_of_chains() {
        let text = "systemd(1)---shim(20)-+-app(21)-+-{app}(44)\n                      |         `-{app}(45)\n                      `-pause(22)\n";
        let want = [
            ("systemd", 1, None),
            ("shim", 20, Some(1)),
            ("app", 21, Some(20)),
            ("{app}", 44, Some(21)),
            ("{app}", 45, Some(21)),
            ("pause", 22, Some(20)),
        ];
        assert_eq!(tree(text), want.map(|(name, pid, ppid)| (name.to_owned(), Some(pid), ppid)).to_vec());
    }

    #[test]
    fn left_out_lines_take_their_column_s_parents_along() {
        let text = "systemd,1\n  |-containerd-shim,20 -id aaaa\n  ...\n  |   |-nginx,30\n";
        assert_eq!(tree(text)[2], ("nginx".to_owned(), Some(30), Some(1)));
        let text = "systemd,1\n  |-shim,20\n  |   |-a,21\n  |   ...\n  |   |-b,30\n";
        assert_eq!(tree(text)[3], ("b".to_owned(), Some(30), Some(20)));
    }

    #[test]
    fn groups_of_namespaces_and_of_processes() {
        let text = "[4026532182]\nsystemd,1,1 --system\n  |-containerd,2697,2697\n  |   |-{containerd},2698,2697\n";
        let want = [("systemd", 1, None), ("containerd", 2697, Some(1)), ("{containerd}", 2698, Some(2697))];
        assert_eq!(tree(text), want.map(|(name, pid, ppid)| (name.to_owned(), Some(pid), ppid)).to_vec());
    }

    #[test]
    fn trees_without_pids_are_rows_without() {
        let text = "systemd-+-agetty\n        |-containerd---10*[{containerd}]\n        `-sshd\n";
        assert_eq!(
            tree(text).iter().map(|(name, pid, _)| (name.as_str(), *pid)).collect::<Vec<_>>(),
            [("systemd", None), ("agetty", None), ("containerd", None), ("{containerd}", None), ("sshd", None)]
        );
    }
}
