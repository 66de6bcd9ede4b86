//! Widths, number shapes, and text from bundles, decided once for every renderer.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;

use anstyle::{AnsiColor, Style};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::args::Color;

/// What the report is laid out for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Screen {
    /// Columns.
    pub(crate) width: usize,
    /// Every column and every owner, whatever the width.
    pub(crate) wide: bool,
    /// Owners that fit.
    owners: usize,
    color: bool,
    /// Colours in files, too.
    always: bool,
}

/// Columns where neither a terminal nor `COLUMNS` says.
const WIDTH: usize = 80;
/// Owners where no terminal says how many fit.
const OWNERS: usize = 20;
/// Lines that the rest of a table takes, evidence aside.
const OTHER_LINES: usize = 10;
/// Widest that prose is set.
const PROSE: usize = 110;
/// A table that is as wide as it gets.
const ENDLESS: usize = 100_000;

impl Screen {
    /// `COLUMNS` if it is set, else the terminal, else 80 columns.
    pub(crate) fn of_terminal(color: Color) -> Self {
        let terminal = std::io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
        let width = columns().or(terminal.map(|(width, _)| usize::from(width.0))).unwrap_or(WIDTH);
        let owners = terminal.map_or(OWNERS, |(_, height)| usize::from(height.0).saturating_sub(OTHER_LINES).max(10));
        let color_on = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never,
        };
        Self { width: limited(width), wide: false, owners, color: color_on, always: color == Color::Always }
    }

    /// The same for a file: no terminal says how wide and how long.
    pub(crate) fn of_file(self) -> Self {
        let width = limited(columns().unwrap_or(WIDTH));
        Self { width, owners: OWNERS, color: self.always, ..self }
    }

    /// The same without an edge.
    pub(crate) fn wide(self) -> Self {
        Self { width: ENDLESS, wide: true, ..self }
    }

    /// Owners that are shown; `None` is all. Without `--top` the screen decides.
    pub(crate) fn rows(self, top: Option<usize>) -> Option<usize> {
        match top {
            Some(0) => None,
            Some(top) => Some(top),
            None => (!self.wide).then_some(self.owners),
        }
    }

    /// Columns that prose is set to.
    pub(crate) fn prose(self) -> usize {
        self.width.min(PROSE)
    }

    /// For people: `80 columns, no colours`.
    pub(crate) fn said(self) -> String {
        format!("{} columns, {}colours", self.width, if self.color { "" } else { "no " })
    }

    /// The text in that tone, where there are colours.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        // Blanks behind a text stay out of it: an underline or a background would show them.
        let body = text.trim_end();
        if !self.color || body.is_empty() {
            return text.to_owned();
        }
        let style = tone.style();
        format!("{style}{body}{style:#}{}", &text[body.len()..])
    }
}

fn columns() -> Option<usize> {
    std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok()).filter(|width| *width > 0)
}

fn limited(width: usize) -> usize {
    width.clamp(60, 240)
}

/// What a colour says. The sixteen colours of the terminal, so that they fit its theme; nothing is told by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Titles and names.
    Strong,
    /// What is there for those who look.
    Dim,
    /// Certain, ok.
    Good,
    /// Likely, partial.
    Fair,
    /// Weak, unknown, missing.
    Poor,
    /// A bar.
    Bar,
}

impl Tone {
    fn style(self) -> Style {
        let of = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
        match self {
            Self::Strong => Style::new().bold(),
            Self::Dim => Style::new().dimmed(),
            Self::Good => of(AnsiColor::Green),
            Self::Fair => of(AnsiColor::Yellow),
            Self::Poor => of(AnsiColor::Red),
            Self::Bar => of(AnsiColor::Cyan),
        }
    }
}

/// A share as a bar of at most `room` columns, in eighths; what is not quite nothing shows.
pub(crate) fn bar(share: f64, room: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let whole = room as f64 * 8.0;
    let eighths = if share > 0.0 { ((share.min(1.0) * whole).round() as usize).max(1) } else { 0 };
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

/// Text that came from a bundle, safe for a terminal: control characters and those that turn the writing direction
/// become `?`.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if is_unsafe(c) { '?' } else { c }).collect()
}

/// Control characters (C0, DEL, C1), line separators, direction marks and invisible tags.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}' | '\u{ffa0}' | '\u{fff9}'
                ..='\u{fffb}'
        )
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// `1234567` as `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A share as a whole percentage; what is not quite nothing says so.
pub(crate) fn percent(share: Option<f64>) -> String {
    match share {
        None => "-".to_owned(),
        Some(share) if share > 0.0 && share < 0.005 => "<1%".to_owned(),
        Some(share) => format!("{:.0}%", share * 100.0),
    }
}

/// Columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text in at most `room` columns, cut in the middle: both ends of a name tell.
pub(crate) fn middle(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let back = room.saturating_sub(1) / 2;
    let front = room.saturating_sub(1) - back;
    let mut end = fitting(text.graphemes(true).rev(), back);
    end.reverse();
    [&fitting(text.graphemes(true), front).concat(), "…", &end.concat()].concat()
}

/// The texts in at most `room` columns, cut in the middle, or where they differ: those that differ stay distinct.
pub(crate) fn distinct(texts: &[String], room: usize) -> Vec<String> {
    let mut shown: Vec<String> = texts.iter().map(|text| middle(text, room)).collect();
    let mut alike: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (text, short) in texts.iter().zip(&shown) {
        alike.entry(short.clone()).or_default().insert(text);
    }
    for (short, group) in alike.iter().filter(|(_, group)| group.len() > 1) {
        // Fronts next to the middle first.
        let mut fronts: Vec<usize> = (0..room).collect();
        fronts.sort_by_key(|front| front.abs_diff(room / 2));
        let fitting = fronts.into_iter().find_map(|front| {
            let cuts: BTreeMap<&str, String> = group.iter().map(|text| (*text, cut(text, front, room))).collect();
            let all: BTreeSet<&String> = cuts.values().collect();
            let is_new = all.iter().all(|text| *text == short || !alike.contains_key(*text));
            (all.len() == cuts.len() && is_new).then_some(cuts)
        });
        // No cut tells them apart: they are numbered.
        let cuts = fitting.unwrap_or_else(|| {
            let numbered = |at: usize, text: &str| {
                let mark = format!("~{}", at + 1);
                format!("{}{mark}", middle(text, room.saturating_sub(mark.len())))
            };
            group.iter().enumerate().map(|(at, text)| (*text, numbered(at, text))).collect()
        });
        for (text, short) in texts.iter().zip(&mut shown) {
            if let Some(cut) = cuts.get(text.as_str()) {
                short.clone_from(cut);
            }
        }
    }
    shown
}

/// The text in `room` columns with so many of its beginning.
fn cut(text: &str, front: usize, room: usize) -> String {
    let mut end = fitting(text.graphemes(true).rev(), room.saturating_sub(front + 1));
    end.reverse();
    [&fitting(text.graphemes(true), front).concat(), "…", &end.concat()].concat()
}

/// The text in at most `room` columns, cut at its end.
pub(crate) fn end(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    fitting(text.graphemes(true), room.saturating_sub(1)).concat() + "…"
}

/// What people take for letters, as many as there is room for: marks stay with their letter.
fn fitting<'t>(letters: impl Iterator<Item = &'t str>, room: usize) -> Vec<&'t str> {
    let mut used = 0;
    letters
        .take_while(|letter| {
            used += width(letter);
            used <= room
        })
        .collect()
}

/// The text padded to `room` columns, left-aligned.
pub(crate) fn left(text: &str, room: usize) -> String {
    format!("{text}{}", " ".repeat(room.saturating_sub(width(text))))
}

/// The text padded to `room` columns, right-aligned.
pub(crate) fn right(text: &str, room: usize) -> String {
    format!("{}{text}", " ".repeat(room.saturating_sub(width(text))))
}

/// Words in lines of at most `room` columns; a word longer than a line stays whole.
pub(crate) fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if width(line) + 1 + width(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_a_bundle_moves_the_cursor() {
        assert_eq!(printable("a\x1b[2Jb\u{9b}c\u{202e}d\te\u{7f}"), "a?[2Jb?c?d?e?");
        assert_eq!(printable("größe 日本"), "größe 日本");
    }

    #[test]
    fn numbers_and_shares() {
        assert_eq!([count(0), count(999), count(1000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [percent(None), percent(Some(0.0)), percent(Some(0.001)), percent(Some(0.434))],
            ["-", "0%", "<1%", "43%"]
        );
    }

    #[test]
    fn bars_grow_with_their_share_and_fit() {
        assert_eq!(
            [bar(0.0, 4), bar(0.001, 4), bar(0.5, 4), bar(1.0, 4), bar(7.0, 4)],
            ["", "▏", "██", "████", "████"]
        );
        let widths: Vec<usize> = (0..=100).map(|percent| width(&bar(f64::from(percent) / 100.0, 10))).collect();
        assert!(widths.is_sorted() && widths[100] == 10, "{widths:?}");
    }

    #[test]
    fn names_that_differ_stay_distinct_when_cut() {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let texts = names(&[
            "upload/default_orders-worker-lq9zn.ss-tanpe.txt",
            "upload/default_payments-api-x2k4p.ss-tanpe.txt",
            "upload/default_sessions-cache-0.ss-tanpe.txt",
            "short.txt",
            "upload/default_orders-worker-lq9zn.ss-tanpe.txt",
        ]);
        for room in 12..50 {
            let shown = distinct(&texts, room);
            assert!(shown.iter().all(|text| width(text) <= room), "{shown:?}");
            assert_eq!(shown.iter().collect::<BTreeSet<_>>().len(), 4, "{room}: {shown:?}");
            assert_eq!(shown[0], shown[4]);
        }
        assert_eq!(distinct(&names(&["aaaa1bbbbbbb2cccc", "aaaa1bbbbbbb3cccc"]), 8), ["aa…2cccc", "aa…3cccc"]);
    }

    #[test]
    fn cut_text_fits_whatever_it_is_made_of() {
        assert_eq!(middle("payments/payments-api-x2k4p", 11), "payme…x2k4p");
        let texts =
            ["日本語日本語日本語", "ab日本cd日本", "plain", "☁️☁️☁️☁️☁️☁️", "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}"];
        for text in texts {
            for room in 1..20 {
                assert!(width(&middle(text, room)) <= room && width(&end(text, room)) <= room, "{text} in {room}");
            }
        }
    }
}
