//! One process as `pstree -a` prints it: `name,pid args`, one a line.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while};
use nom::combinator::{opt, rest};
use nom::sequence::terminated;
use nom::{IResult, Parser};

use crate::lex::number;

/// A process or thread, and where its name starts, in characters of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node<'l> {
    pub(super) column: usize,
    pub(super) glyph: bool,
    pub(super) name: &'l str,
    pub(super) thread: bool,
    pub(super) count: u64,
    pub(super) pid: Option<u64>,
    pub(super) cut_pid: bool,
    pub(super) args: &'l str,
}

fn indent(input: &str) -> IResult<&str, &str> {
    take_while(|c: char| matches!(c, ' ' | '\t' | '|' | '│')).parse(input)
}

fn glyph(input: &str) -> IResult<&str, &str> {
    alt((tag("`-"), tag("\\`-"), tag("├─"), tag("└─"), tag("+-"), tag("-"))).parse(input)
}

/// What stands before a node: how many characters, and whether a glyph hangs it from a line above.
pub(super) fn branch(input: &str) -> IResult<&str, (usize, bool)> {
    let whole = input;
    let (input, space) = indent(input)?;
    let (input, found) = opt(glyph).parse(input)?;
    // `|-` begins with a bar that the indent has taken; a dash alone is a glyph only behind one.
    if found == Some("-") && !space.ends_with(['|', '│']) || found.is_none() && space.contains(['|', '│']) {
        return Err(nom::Err::Error(nom::error::Error::new(whole, nom::error::ErrorKind::Tag)));
    }
    // Markdown escapes the backtick; the tool printed no backslash.
    let escaped = usize::from(found == Some("\\`-"));
    let column = whole[..whole.len() - input.len()].chars().count() - escaped;
    Ok((input, (column, found.is_some())))
}

/// `3*[`
pub(super) fn times(input: &str) -> IResult<&str, u64> {
    terminated(number::<u64>, tag("*[")).parse(input)
}

/// `line` of the grammar above. `groups` says that the number behind the PID is its process group (`-g`).
pub(super) fn line(input: &str, groups: bool) -> IResult<&str, Node<'_>> {
    let (input, (column, glyph)) = branch(input)?;
    let (input, count) = opt(times).parse(input)?;
    let (input, body) = rest(input)?;
    let mut found = node(body, groups);
    found.column = column;
    found.glyph = glyph;
    found.count = count.unwrap_or(1);
    Ok((input, found))
}

/// Where `,digits` stand that may be the PID: the comma and the end of the digits. The kernel's name before it has at
/// most 15 characters, that of a kernel worker 63.
fn candidates(inner: &str, open: usize) -> Vec<(usize, usize)> {
    let limit = if inner.starts_with("kworker/") { 63 } else { 15 };
    let mut found = Vec::new();
    for (comma, _) in inner.match_indices(',') {
        if escaped_chars(&inner[..comma]) > limit + usize::from(open > 0) {
            break;
        }
        let digits = inner[comma + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let end = comma + 1 + digits;
        let ends_well = inner[end..].is_empty() || inner[end..].starts_with([' ', ')', '}', ',', ']', '+']);
        if digits > 0 && ends_well {
            found.push((comma, end));
            // Behind it stands what only an argument begins with: `cut,99 -f1,2`.
            if inner[end..].starts_with(" -") || inner[end..].starts_with(" /") {
                break;
            }
        }
    }
    found
}

/// Whether the PID is followed by another number at once, as the process group of `-g` is.
pub(super) fn has_group(text: &str) -> bool {
    let Ok((body, _)) = branch(text) else { return false };
    let word = body.split(' ').next().unwrap_or_default();
    let mut parts = word.rsplit(',');
    let number = |part: Option<&str>| part.is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    number(parts.next()) && number(parts.next()) && parts.next().is_some()
}

/// Name, PID and arguments. Never fails: a line without `,digits` is a name and, behind a blank, its arguments.
fn node(body: &str, groups: bool) -> Node<'_> {
    let (open, close) = match body.as_bytes().first() {
        Some(b'(') => (1, ")"),
        Some(b'{') => (1, "}"),
        _ => (0, ""),
    };
    let inner = &body[open..];
    let thread = close == "}";
    let mut found = candidates(inner, open);
    if groups
        && let [.., (comma, end), (_, last)] = found[..]
        && inner[end..last].starts_with(',')
    {
        // `name,pid,pgid`: both numbers lie within the name's reach.
        found.truncate(found.len() - 1);
        debug_assert!(comma < end);
    }
    let Some((comma, end)) = found.last().copied() else {
        // The bracket of a counted subtree closes behind its last process.
        let bare = body.trim_end_matches(']');
        let (name, args) = if open == 1 { (bare.trim_end(), "") } else { bare.split_once(' ').unwrap_or((bare, "")) };
        let name = if thread { name } else { name.trim_start_matches('(').trim_end_matches(')') };
        let args = args.trim_end();
        return Node { column: 0, glyph: false, name, thread, count: 1, pid: None, cut_pid: false, args };
    };
    let after = &inner[end..];
    let cut_pid = after == "+";
    let name = inner[..comma].strip_suffix(close).unwrap_or(&inner[..comma]);
    // A thread's braces close before the comma: they belong to its name.
    let name = if thread { &body[..open + name.len() + usize::from(inner[..comma].ends_with('}'))] } else { name };
    let after = after.strip_prefix(close).filter(|_| !close.is_empty()).unwrap_or(after);
    let args = if cut_pid { "" } else { attributes(after.trim_start_matches(']')).trim() };
    let pid = if cut_pid { None } else { number::<u64>(&inner[comma + 1..end]).ok().map(|(_, pid)| pid) };
    Node { column: 0, glyph: false, name, thread, count: 1, pid, cut_pid, args }
}

/// What is left behind `,user`, `,pgid`, `` ,`context' `` and namespace names, glued to the PID by their options.
fn attributes(after: &str) -> &str {
    match after.strip_prefix(',') {
        Some(_) => after.split_once(' ').map_or("", |(_, args)| args),
        None => after,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Node<'_> {
        line(text, false).map(|(_, node)| node).expect("a node")
    }

    #[track_caller]
    fn check(text: &str, name: &str, pid: Option<u64>, args: &str) {
        let node = read(text);
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
        let heap = read("  |-2*[{containerd-shim}]");
        assert_eq!((heap.name, heap.count, heap.thread, heap.pid), ("{containerd-shim}", 2, true, None));
    }

    #[test]
    fn options_that_put_more_behind_the_pid() {
        check("  |-sleep,3238,`unconfined' infinity", "sleep", Some(3238), "infinity");
        check("  |-dnsmasq,900,dnsmasq -C /etc/d", "dnsmasq", Some(900), "-C /etc/d");
        check("  |-pause,3599,net,mnt", "pause", Some(3599), "");
        let (_, node) = line("  |-sh,12,11 -c x", true).expect("a node");
        assert_eq!((node.name, node.pid, node.args), ("sh", Some(12), "-c x"));
        assert!(
            has_group("  |-{containerd},2698,2697") && !has_group("  |-containerd,2697") && !has_group("  |-a,b,1")
        );
    }

    #[test]
    fn digits_before_a_cut_are_no_pid() {
        let node = read("  `-containerd-shim,931+");
        assert!(node.cut_pid && node.pid.is_none());
    }

    #[test]
    fn both_alphabets_have_the_same_columns() {
        for text in ["      `-java,21100 -cp x", "      └─java,21100 -cp x"] {
            let node = read(text);
            assert_eq!((node.column, node.glyph), (8, true));
        }
        assert_eq!(read("  |   |-x,5").column, 8);
    }
}
