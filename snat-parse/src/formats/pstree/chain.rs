//! Several processes on one line, as `pstree` prints them without `-a`: `a(1)---b(2)-+-c(3)`.

use crate::formats::pstree::node::{Node, branch, times};

/// Bytes of a name and its attributes.
const NAME_BYTES: usize = 512;

/// What joins two processes of one line. The longer ones first.
const JOINTS: [&str; 4] = ["─┬─", "───", "-+-", "---"];

/// A line taken apart into its processes, left to right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain<'l> {
    pub(super) nodes: Vec<Node<'l>>,
    /// Whether some process has its PID.
    pub(super) pids: bool,
    /// Whether two processes stand on the line, or a joint ends it.
    pub(super) joined: bool,
}

/// Reads a line of at least one process. `None` where the line is none, or has arguments.
pub(super) fn chain(text: &str) -> Option<Chain<'_>> {
    let text = text.trim_end();
    let (rest, (column, glyph)) = branch(text).ok()?;
    let mut found = Chain { nodes: Vec::new(), pids: false, joined: false };
    let mut at = text.len() - rest.len();
    let (mut column, mut glyph) = (column, glyph);
    loop {
        let (node, used) = process(&text[at..])?;
        let plain = !found.nodes.is_empty() && node.name.is_empty();
        if node.name.is_empty() && !plain {
            return None;
        }
        found.pids |= node.pid.is_some();
        let length = text[at..at + used].chars().count();
        if !plain {
            found.nodes.push(Node { column, glyph, ..node });
        }
        (at, column) = (at + used, column + length);
        let after = &text[at..];
        if after.is_empty() {
            return Some(found);
        }
        if let Some(joint) = JOINTS.iter().find(|joint| after.starts_with(**joint)) {
            found.joined = true;
            at += joint.len();
            column += joint.chars().count();
            glyph = true;
            // A line that is cut behind a joint.
            if matches!(&text[at..], "" | "+" | "...") {
                return Some(found);
            }
            continue;
        }
        // A cut within a joint.
        if matches!(after, "-" | "--" | "-+" | "+" | "─" | "──" | "─┬") {
            found.joined = true;
            return Some(found);
        }
        // The line feed before a sibling was lost: its branch stands on the same line, behind the blanks of its own.
        if found.nodes.len() > 1
            && after.starts_with(' ')
            && let Ok((rest, (_, true))) = branch(after)
            && let Some(last) = found.nodes.last()
        {
            column = last.column;
            glyph = true;
            at = text.len() - rest.len();
            continue;
        }
        // A remark that somebody wrote behind the process.
        let hangs = found.joined || found.nodes.iter().any(|node| node.glyph);
        if after.starts_with(' ') && hangs && found.pids && !after.trim_start().starts_with('[') {
            return Some(found);
        }
        return None;
    }
}

/// One process at the start of the text, and its length: `name(pid)`, `name(pid,user)`, `3*[sh]`, `{x}(12)`, `name`.
fn process(text: &str) -> Option<(Node<'_>, usize)> {
    let (count, inner) = match times(text) {
        Ok((inner, count)) => (count, inner),
        Err(_) => (1, text),
    };
    let start = text.len() - inner.len();
    // A name has at most 64 characters; what is further away belongs to somebody else.
    let far = (0..=inner.len().min(NAME_BYTES)).rev().find(|at| inner.is_char_boundary(*at)).unwrap_or(0);
    let near = &inner[..far];
    let is_joint = |at: &usize| JOINTS.iter().any(|joint| near[*at..].starts_with(joint));
    let joint = near.match_indices(['-', '─']).map(|(at, _)| at).find(is_joint);
    let is_thread = inner.starts_with('{');
    // The name may hold parentheses: the PID stands in the first ones that hold a number and end the process.
    for (open, _) in near[..joint.unwrap_or(far)].match_indices('(') {
        let digits = inner[open + 1..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            continue;
        }
        let behind = &inner[open + 1 + digits..];
        // Cut within the PID: its digits are a prefix.
        if behind == "+" {
            return Some((node(&inner[..open], is_thread, count, None, true), text.len()));
        }
        let close = match behind.as_bytes().first() {
            Some(b')') => 0,
            Some(b',') => behind.find(')')?,
            _ => continue,
        };
        let end = open + 1 + digits + close + 1;
        // The bracket of a counted subtree closes behind its last process.
        let end = end + inner[end..].bytes().take_while(|b| *b == b']').count();
        if !ends_process(&inner[end..]) {
            continue;
        }
        let pid = inner[open + 1..open + 1 + digits].parse().ok();
        return Some((node(&inner[..open], is_thread, count, pid, false), start + end));
    }
    // Without -p: up to the next joint.
    let end = match joint {
        Some(joint) => joint,
        None if far == inner.len() => far,
        None => return None,
    };
    let name = inner[..end].trim_end();
    let name = name.trim_end_matches(']');
    (!name.contains(['(', ')', '[', ']', '<', '>', '"', '=']))
        .then(|| (node(name, name.starts_with('{'), count, None, false), start + end))
}

fn ends_process(behind: &str) -> bool {
    behind.is_empty()
        || JOINTS.iter().any(|joint| behind.starts_with(*joint))
        || matches!(behind, "-" | "--" | "-+" | "+" | "─" | "──" | "─┬")
        || behind.starts_with(' ')
}

fn node(name: &str, thread: bool, count: u64, pid: Option<u64>, cut_pid: bool) -> Node<'_> {
    Node { column: 0, glyph: false, name, thread, count, pid, cut_pid, args: "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(usize, &str, Option<u64>)> {
        chain(text).map(|found| found.nodes.iter().map(|n| (n.column, n.name, n.pid)).collect()).unwrap_or_default()
    }

    #[test]
    fn several_processes_on_a_line() {
        assert_eq!(
            read("systemd(1)---containerd-shim(20946)-+-.NET Host, v2(21011)-+-{.NET Host, v2}(21044)"),
            [
                (0, "systemd", Some(1)),
                (13, "containerd-shim", Some(20946)),
                (38, ".NET Host, v2", Some(21011)),
                (61, "{.NET Host, v2}", Some(21044))
            ]
        );
        assert_eq!(
            read("           ├─containerd(15194)─┬─sh(2)"),
            [(13, "containerd", Some(15194)), (33, "sh", Some(2))]
        );
        assert_eq!(read("     |-my (odd) n,m(21090)"), [(7, "my (odd) n,m", Some(21090))]);
        assert_eq!(read("a(1)---b(2,root)---3*[sh]"), [(0, "a", Some(1)), (7, "b", Some(2)), (19, "sh", None)]);
    }

    #[test]
    fn cuts_give_no_false_pid() {
        let found = chain("systemd(1)-+-nginx(2+").expect("a chain");
        assert_eq!((found.nodes[1].name, found.nodes[1].pid, found.nodes[1].cut_pid), ("nginx", None, true));
        assert_eq!(read("systemd(1)-+-+"), [(0, "systemd", Some(1))]);
    }

    #[test]
    fn a_lost_line_feed_makes_a_sibling() {
        assert_eq!(
            read("a(1)───java(2)─┬─{java}(3)              ├─{java}(4)"),
            [(0, "a", Some(1)), (7, "java", Some(2)), (17, "{java}", Some(3)), (17, "{java}", Some(4))]
        );
    }

    #[test]
    fn other_tools_chains_are_none() {
        for text in [
            "Runner.Worker(1528) [ /home/runner/bin/Runner.Worker spawnclient 112 115 ]",
            "    \"ProcessTree\": \"xenoncli(2907621)|containerd-shim(330852)|containerd(17863)\",",
            "foo(12) bar",
        ] {
            assert_eq!(chain(text), None, "{text}");
        }
    }
}
