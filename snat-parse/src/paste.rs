//! What people put before the lines of a tool when they paste them: `# ` of a shell note, `> ` of a mail, ` * ` of a
//! comment block, `3. ` of a list, `12:` of `grep -n`, the time of `ts` or of a log collector.
//!
//! A prefix is taken off only where that makes sense of the line: a run of lines that begin alike is looked at once with
//! and once without it, and stays as it is unless some format knows one of its lines without.

use crate::format::{Format, Mark};
use crate::line::Line;

/// Marks that open a line of a comment, a quotation or a list.
const MARKS: [&str; 12] = ["#", ">", "*", "//", "--", ";", "::", "REM ", "rem ", "+", "-", "!"];
/// Kind of a run of lines that begin with a time.
const TIME: &str = "time";
/// Kind of a run of Markdown table rows.
const TABLE: &str = "|";

/// Length of one paste prefix at the start of the text, blanks before and one blank behind it included, and what kind
/// it is. `None` where nothing follows that could be a line of its own.
pub(crate) fn prefix(text: &str) -> Option<(usize, &'static str)> {
    let front = text.trim_start();
    let before = text.len() - front.len();
    if let Some(length) = time(front) {
        return Some((before + length, TIME));
    }
    let numbered = front.bytes().take_while(u8::is_ascii_digit).count();
    if numbered > 0 && numbered <= 9 {
        let behind = &front[numbered..];
        // `12:` and `12-` of grep, `3.` and `3)` of a list, a number and a tab of `cat -n`.
        for (mark, kind) in [(".", "list"), (")", "list"), (":", "grep"), ("-", "grep"), ("\t", "cat")] {
            if let Some(rest) = behind.strip_prefix(mark) {
                return Some((text.len() - one_blank(rest).len(), kind));
            }
        }
        return None;
    }
    // The rules of a Markdown table are no prefix to take off: the whole row is rewritten.
    if front.starts_with('|') {
        return Some((0, TABLE));
    }
    // `file.txt:` and `file.txt:12:` of grep over several files.
    let file = front.find(':').filter(|at| front[..*at].contains(['.', '/']) && !front[..*at].contains([' ', '\t']));
    if let Some(at) = file {
        let behind = &front[at + 1..];
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        let number = if digits > 0 && behind[digits..].starts_with(':') { digits + 1 } else { 0 };
        return Some((before + at + 1 + number, "file"));
    }
    let mark = MARKS.iter().find(|mark| front.starts_with(**mark))?;
    if matches!(*mark, "-" | "+" | "!") && !front[1..].starts_with([' ', '\t']) {
        return None;
    }
    // `##` and `>>` are one mark, deeper.
    let rest = match *mark {
        "#" | ">" | "*" => front.trim_start_matches(*mark),
        mark => &front[mark.len()..],
    };
    let used = before + (front.len() - rest.len());
    Some((used + rest.len() - one_blank(rest).len(), mark))
}

/// Length of a time and one blank: `2026-11-24T10:00:00.123Z `, `2026-11-24 10:00:00 `, `Nov 24 10:00:00 `.
fn time(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let shape = |from: usize, shape: &str| {
        let Some(there) = bytes.get(from..from + shape.len()) else { return false };
        there.iter().zip(shape.bytes()).all(|(byte, wanted)| match wanted {
            b'0' => byte.is_ascii_digit(),
            b'a' => byte.is_ascii_alphabetic(),
            b'_' => byte.is_ascii_digit() || *byte == b' ',
            b'T' => matches!(byte, b'T' | b' '),
            wanted => *byte == wanted,
        })
    };
    if shape(0, "aaa _0 00:00:00 ") {
        return Some(16);
    }
    if !shape(0, "0000-00-00T00:00:00") {
        return None;
    }
    let mut at = 19;
    if matches!(bytes.get(at), Some(b'.' | b',')) {
        at += 1 + bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    }
    if bytes.get(at) == Some(&b'Z') {
        at += 1;
    } else if shape(at, "+00:00") || shape(at, "-00:00") {
        at += 6;
    }
    matches!(bytes.get(at), Some(b' ' | b'\t')).then_some(at + 1)
}

fn one_blank(text: &str) -> &str {
    text.strip_prefix([' ', '\t']).unwrap_or(text)
}

/// So many prefixes may stand before one another (`> # `).
const NESTED: usize = 2;

/// Every length that may be taken off the line, shortest first.
pub(crate) fn lengths(text: &str) -> impl Iterator<Item = usize> {
    let mut at = 0;
    (0..NESTED).map_while(move |_| {
        let (length, _) = prefix(&text[at..]).filter(|(_, kind)| *kind != TABLE)?;
        at += length;
        Some(at)
    })
}

/// Whether some format says yes to the line.
fn is_known(lines: &[Line<'_>], at: usize, formats: &[&'static dyn Format]) -> bool {
    formats.iter().any(|format| matches!(format.mark(lines, at), Mark::Header | Mark::Row))
}

/// Takes the prefixes of pasted runs off: sets [`Line::skip`] where a format knows a line of the run without it.
pub(crate) fn undress(lines: &mut [Line<'_>], formats: &[&'static dyn Format]) {
    let mut at = 0;
    while at < lines.len() {
        let Some((_, kind)) = prefix(&lines[at].text) else {
            at += 1;
            continue;
        };
        let end = at + run(&lines[at..], kind);
        undress_run(&mut lines[at..end], kind, formats);
        at = end;
    }
}

/// How many lines from the first on begin with that kind of prefix; blank lines may stand between them.
fn run(lines: &[Line<'_>], kind: &str) -> usize {
    let same = |line: &Line<'_>| prefix(&line.text).is_some_and(|(_, other)| other == kind);
    let mut end = 1;
    for (at, line) in lines.iter().enumerate().skip(1) {
        if same(line) {
            end = at + 1;
        } else if !line.is_blank() {
            break;
        }
    }
    end
}

fn undress_run(lines: &mut [Line<'_>], kind: &str, formats: &[&'static dyn Format]) {
    // A run whose lines are known as they are is no paste. No line of any tool here begins with a time.
    if kind != TIME && (0..lines.len()).any(|at| is_known(lines, at, formats)) {
        return;
    }
    if unrule(lines, formats) {
        return;
    }
    for depth in 1..=NESTED {
        let mut some = false;
        for line in lines.iter_mut() {
            let length = lengths(&line.text).take(depth).last();
            some |= length.is_some_and(|length| length > line.skip);
            line.skip = length.unwrap_or(0);
        }
        if !some {
            break;
        }
        if (0..lines.len()).any(|at| is_known(lines, at, formats)) {
            return;
        }
    }
    for line in lines {
        line.skip = 0;
    }
}

/// Rows of a Markdown table (`| a | b |`) with their rules as blanks, if some format knows one of them then.
fn unrule(lines: &mut [Line<'_>], formats: &[&'static dyn Format]) -> bool {
    let is_ruled = |line: &Line<'_>| line.text.trim_start().starts_with('|') && line.text.matches('|').count() >= 3;
    if !lines.iter().any(is_ruled) {
        return false;
    }
    for line in lines.iter_mut().filter(|line| is_ruled(line)) {
        line.unruled = Some(line.text.replace(['|', '`'], " "));
    }
    let known = (0..lines.len()).any(|at| is_known(lines, at, formats));
    if !known {
        lines.iter_mut().for_each(|line| line.unruled = None);
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::FORMATS;
    use crate::line::lines;

    fn bodies(text: &str) -> Vec<String> {
        let mut lines = lines(text.as_bytes());
        undress(&mut lines, FORMATS);
        lines.iter().map(|line| line.body().to_owned()).collect()
    }

    #[test]
    fn a_commented_table_loses_its_marks() {
        let text = "        # NS TYPE NPROCS PID USER COMMAND\n# 4026531840 net      37   1 root /sbin/init\n";
        assert_eq!(bodies(text), ["NS TYPE NPROCS PID USER COMMAND", "4026531840 net      37   1 root /sbin/init"]);
        let text = " > * 4026531840 net      37   1 root /sbin/init\n";
        assert_eq!(bodies(text), ["4026531840 net      37   1 root /sbin/init"]);
    }

    #[test]
    fn prompts_and_trees_keep_theirs() {
        let text = "# lsns -t net\n# echo done\n";
        assert_eq!(bodies(text), ["# lsns -t net", "# echo done"]);
        let text =
            "| NAME | READY | STATUS | RESTARTS | AGE |\n|---|---|---|---|---|\n| `web-0` | 1/1 | Running | 0 | 5d |\n";
        assert!(bodies(text)[2].starts_with("   web-0    1/1 "), "{:?}", bodies(text));
        let text = "systemd,1\n  |-sh,12\n  |   `-sleep,13 5\n";
        assert_eq!(bodies(text), ["systemd,1", "  |-sh,12", "  |   `-sleep,13 5"]);
    }

    #[test]
    fn numbers_of_lists_and_of_grep_go() {
        let row = "4026531840 net      37   1 root /sbin/init";
        for before in [
            "3. ",
            "12:",
            "12-",
            "2026-11-24T10:00:00.5+01:00 ",
            "Nov  4 10:00:00 ",
            "   7\t",
            "1) ",
            "node/lsns.txt:",
            "lsns.txt:12:",
        ] {
            assert_eq!(bodies(&format!("{before}{row}\n")), [row], "{before:?}");
        }
        assert_eq!(bodies(&format!("{row}\n")), [row]);
    }
}
