//! Text to sections: which lines belong to which format.
//!
//! Every format marks every line (yes: header; yes: row; unsure; no). A section starts at a line that one format alone
//! says yes to, goes on while that format recognises lines, and ends where another format says yes or where too many
//! lines in a row are foreign to it. Sections tile the text; what nobody claims is a section without a format.

use std::ops::Range;

use crate::format::{Format, Mark, parse_section};
use crate::line::Line;
use crate::noise;

/// Lines of one format, or of none.
#[derive(Clone)]
pub struct Claim {
    /// Who claims the lines; `None` is unknown.
    pub format: Option<&'static dyn Format>,
    /// Indices of the lines.
    pub lines: Range<usize>,
}

impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claim")
            .field("format", &self.format.map(|x| x.meta().name))
            .field("lines", &self.lines)
            .finish()
    }
}

/// So many foreign lines in a row end a section; fewer are rejects within it.
const MAX_FOREIGN: usize = 4;

/// A section that goes on.
struct Open {
    format: &'static dyn Format,
    start: usize,
    /// One past the last line that the format recognised.
    end: usize,
    /// The last header in it.
    header: Option<usize>,
    /// Whether it has a row.
    rows: bool,
    /// Whether all lines since the last one that the format recognised are neutral.
    clean: bool,
    foreign: usize,
}

impl Open {
    fn at(format: &'static dyn Format, mark: Mark, at: usize) -> Self {
        let header = (mark == Mark::Header).then_some(at);
        Self { format, start: at, end: at + 1, header, rows: mark == Mark::Row, clean: true, foreign: 0 }
    }

    /// Whether the line goes on with the section. `foreign` says that no other format says yes to it.
    fn takes(&self, mark: Mark, lines: &[Line<'_>], at: usize, foreign: bool) -> bool {
        match mark {
            Mark::Header | Mark::Row => true,
            Mark::Inside => self.clean,
            // A message of a shell or a tool is no row, wherever its words stand.
            Mark::No if noise::name(lines[at].body()).is_some() => false,
            Mark::No => foreign && self.header.is_some_and(|header| self.format.fits(&lines[header], &lines[at])),
        }
    }

    fn claim(self) -> Claim {
        Claim { format: Some(self.format), lines: self.start..self.end }
    }
}

/// The one format that a file's name speaks of: all words of the format's name are in it (`crictl-pods-node3.txt`).
pub fn by_file_name(name: &str, formats: &[&'static dyn Format]) -> Option<&'static dyn Format> {
    let base = name.rsplit(['/', '!', '\\']).next().unwrap_or(name).to_ascii_lowercase();
    let named = |format: &&&'static dyn Format| format.meta().name.split('-').all(|word| base.contains(word));
    let mut found = formats.iter().filter(named);
    match (found.next(), found.next()) {
        (Some(format), None) => Some(*format),
        _ => None,
    }
}

/// Cuts lines into sections. The claims tile the lines in their order. `named` is the format that the file's name
/// speaks of: it breaks a tie between formats, and decides over lines of which it alone is unsure.
pub fn sections(lines: &[Line<'_>], formats: &[&'static dyn Format], named: Option<&'static dyn Format>) -> Vec<Claim> {
    let mut claims = by_content(lines, formats, named);
    for claim in claims.iter_mut().filter(|claim| claim.format.is_none()) {
        claim.format = named.filter(|format| is_all_of(*format, &lines[claim.lines.clone()]));
    }
    claims
}

/// Whether the format reads rows in the lines, and rejects none of them.
fn is_all_of(format: &'static dyn Format, lines: &[Line<'_>]) -> bool {
    let unsure = (0..lines.len()).any(|at| format.mark(lines, at) == Mark::Inside);
    unsure && {
        let parsed = parse_section(format, lines);
        !parsed.table.is_empty() && parsed.tally.rejected_lines() == 0
    }
}

fn by_content(lines: &[Line<'_>], formats: &[&'static dyn Format], named: Option<&'static dyn Format>) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    let mut open: Option<Open> = None;
    let mut marks: Vec<(&'static dyn Format, Mark)> = Vec::with_capacity(formats.len());
    for at in 0..lines.len() {
        // A blank line begins nothing; asked for each of a million of them, formats that look ahead take their time.
        if open.is_none() && lines[at].is_blank() {
            continue;
        }
        marks.clear();
        marks.extend(formats.iter().map(|format| (*format, format.mark(lines, at))));
        let yes = sole(&marks, named);
        let mark_of = |wanted: &dyn Format| {
            let name = wanted.meta().name;
            marks.iter().find(|(format, _)| format.meta().name == name).map_or(Mark::No, |(_, mark)| *mark)
        };
        let start = |format: &'static dyn Format| Open::at(format, mark_of(format), at);
        let Some(section) = &mut open else {
            open = yes.map(start);
            continue;
        };
        let mark = mark_of(section.format);
        if section.rows && section.format.restarts(&lines[at]) {
            let format = section.format;
            claims.extend(open.replace(start(format)).map(Open::claim));
            continue;
        }
        let other = yes.filter(|format| format.meta().name != section.format.meta().name);
        if section.takes(mark, lines, at, other.is_none()) {
            match mark {
                Mark::Header => section.header = Some(at),
                _ => section.rows = true,
            }
            section.end = at + 1;
            section.clean = true;
            section.foreign = 0;
            continue;
        }
        section.clean &= noise::is_neutral(lines[at].body());
        if other.is_none() {
            if noise::name(lines[at].body()).is_some() {
                continue;
            }
            section.foreign += 1;
            if section.foreign <= MAX_FOREIGN {
                continue;
            }
        }
        claims.extend(open.take().map(Open::claim));
        open = other.map(start);
    }
    if let Some(mut section) = open {
        // A last line that ends in the middle is the section's own, cut.
        if section.end + 1 == lines.len() && lines.last().is_some_and(|line| !line.ended) {
            section.end = lines.len();
        }
        claims.push(section.claim());
    }
    tile(claims, lines)
}

/// The one format that says yes: to a header before all, else to a row. Among several the named one.
fn sole(marks: &[(&'static dyn Format, Mark)], named: Option<&'static dyn Format>) -> Option<&'static dyn Format> {
    for wanted in [Mark::Header, Mark::Row] {
        let mut yes = marks.iter().filter(|(_, mark)| *mark == wanted);
        match (yes.next(), yes.next()) {
            (Some((format, _)), None) => return Some(*format),
            (Some(_), Some(_)) => {
                let is_named = |format: &&dyn Format| named.is_some_and(|n| n.meta().name == format.meta().name);
                return marks.iter().filter(|(_, mark)| *mark == wanted).map(|(f, _)| *f).find(|f| is_named(f));
            }
            (None, _) => {}
        }
    }
    None
}

/// Fills the gaps: prompts, blank lines and fences join the section below them, or above at the end; other lines are
/// unknown.
fn tile(claims: Vec<Claim>, lines: &[Line<'_>]) -> Vec<Claim> {
    let neutral = |range: Range<usize>| range.clone().all(|at| noise::is_neutral(lines[at].body()));
    let mut tiled: Vec<Claim> = Vec::new();
    let mut next = 0;
    for mut claim in claims {
        let gap = next..claim.lines.start;
        // The neutral lines right above belong to this section; what is above them is unknown.
        let start = gap.clone().rev().take_while(|at| noise::is_neutral(lines[*at].body())).last().unwrap_or(gap.end);
        if start > gap.start {
            tiled.push(Claim { format: None, lines: gap.start..start });
        }
        claim.lines.start = start;
        next = claim.lines.end;
        tiled.push(claim);
    }
    if next < lines.len() {
        match tiled.last_mut() {
            Some(last) if neutral(next..lines.len()) => last.lines.end = lines.len(),
            _ => tiled.push(Claim { format: None, lines: next..lines.len() }),
        }
    }
    tiled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::FORMATS;
    use crate::line::lines;

    fn cut(text: &str) -> Vec<(Option<&'static str>, usize)> {
        let lines = lines(text.as_bytes());
        let found = sections(&lines, FORMATS, None);
        assert_eq!(found.iter().map(|c| c.lines.len()).sum::<usize>(), lines.len(), "sections tile");
        found.iter().map(|c| (c.format.map(|f| f.meta().name), c.lines.len())).collect()
    }

    #[test]
    fn one_paste_with_three_dumps() {
        let text = "root@n:/# lsns -t net\n        NS TYPE NPROCS   PID USER COMMAND\n4026532785 net       3 19832 root bash\n\
                    root@n:/# pstree -aps 19832\nsystemd,1\n  `-containerd-shim,20946 -namespace k8s.io\n\nsome words\n\
                    POD ID              CREATED              STATE               NAME                NAMESPACE           ATTEMPT\n";
        assert_eq!(cut(text), [(Some("lsns"), 3), (Some("pstree"), 3), (None, 2), (Some("crictl-pods"), 1)]);
    }

    #[test]
    fn a_file_s_name_decides_over_what_is_unsure_and_over_nothing_else() {
        let named = |name: &str, text: &str| {
            let lines = lines(text.as_bytes());
            let found = sections(&lines, FORMATS, by_file_name(name, FORMATS));
            found.iter().map(|c| c.format.map(|f| f.meta().name)).collect::<Vec<_>>()
        };
        // One process without children: a name, a comma and a number, as many lines have.
        assert_eq!(named("node3/pstree-3238.txt", "sleep,3238 infinity\n"), [Some("pstree")]);
        assert_eq!(named("note.txt", "sleep,3238 infinity\n"), [None]);
        assert_eq!(named("pstree.txt", "some words\nsleep,3238 infinity\n"), [None]);
        // What the content says stands.
        let lsns = "        NS TYPE NPROCS   PID USER COMMAND\n4026532785 net       3 19832 root bash\n";
        assert_eq!(named("pstree.txt", lsns), [Some("lsns")]);
        assert_eq!(by_file_name("crictl-pods.txt", FORMATS).map(|f| f.meta().name), Some("crictl-pods"));
        assert_eq!(by_file_name("kubectl-pods-and-nodes.txt", FORMATS).map(|f| f.meta().name), None);
    }

    #[test]
    fn nothing_of_ours_is_one_unknown_section() {
        assert_eq!(cut("a\nb\n\n"), [(None, 3)]);
        assert_eq!(cut(""), []);
    }
}
