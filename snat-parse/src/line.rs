//! Lines with numbers, and what a terminal or a paste adds to them.

use std::borrow::Cow;

/// One line of an entry, cleaned for reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// 1-based number in the entry.
    pub number: u64,
    /// The text without line end, colour codes and byte order mark; bytes that are not UTF-8 are replaced.
    pub text: Cow<'a, str>,
    /// Bytes of the line in the entry, with its line end.
    pub bytes: u64,
    /// Whether a line feed ends it. Only the last line of an entry may be without.
    pub ended: bool,
    /// Whether the line was too long to keep: `text` is empty.
    pub overlong: bool,
    /// Bytes at the start of `text` that a paste put before the tool's own output (`# `, `> `, ` * `, `3. `).
    pub skip: usize,
    /// The text with the rules of a Markdown table as blanks, where the line is a row of one.
    pub unruled: Option<String>,
}

impl<'a> Line<'a> {
    /// Cleans one line; `raw` is without its line feed.
    pub fn new(number: u64, raw: &'a [u8], ended: bool) -> Self {
        let bytes = raw.len() as u64 + u64::from(ended);
        let text = match clean(raw) {
            Cow::Borrowed(kept) => String::from_utf8_lossy(kept),
            Cow::Owned(kept) => Cow::Owned(String::from_utf8_lossy(&kept).into_owned()),
        };
        Self { number, text, bytes, ended, overlong: false, skip: 0, unruled: None }
    }

    /// The text as the tool printed it, without what a paste put before it.
    pub fn body(&self) -> &str {
        self.unruled.as_deref().unwrap_or_else(|| self.text.get(self.skip..).unwrap_or_default())
    }

    /// Whether nothing but blanks stands on the line.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Blanks before the first character, counted in characters; a tab counts as one.
    pub fn indent(&self) -> usize {
        self.text.chars().take_while(|c| c.is_whitespace()).count()
    }
}

/// All lines of a text held in memory, cleaned.
pub fn lines(text: &[u8]) -> Vec<Line<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (raw, next, ended) = match rest.iter().position(|&b| b == b'\n') {
            Some(end) => (&rest[..end], &rest[end + 1..], true),
            None => (rest, &rest[rest.len()..], false),
        };
        found.push(Line::new(found.len() as u64 + 1, raw, ended));
        rest = next;
    }
    found
}

/// Whether a line holds a byte that [`clean`] would take out.
pub(crate) fn needs_cleaning(raw: &[u8]) -> bool {
    raw.starts_with(BOM)
        || raw.iter().any(|&b| matches!(b, 0 | 0x1b | b'\r' | 0x08 | 0x0f | 0x0e | 0x0c | NBSP_LEAD | b'&'))
}

const BOM: &[u8] = b"\xef\xbb\xbf";
/// First byte of U+00A0 in UTF-8, and of U+00A0 to U+00BF in general.
const NBSP_LEAD: u8 = 0xc2;
const NBSP: &[u8] = b"\xc2\xa0";

/// Takes out what is not part of a tool's output: byte order mark, carriage returns, colour codes, terminal titles,
/// character-set shifts, form feeds, NULs; a backspace takes the character before it along. Line drawing of a VT100
/// becomes the characters that it draws, a no-break space a blank, an entity of HTML its
/// character.
pub(crate) fn clean(raw: &[u8]) -> Cow<'_, [u8]> {
    if !needs_cleaning(raw) {
        return Cow::Borrowed(raw);
    }
    let raw = raw.strip_prefix(BOM).unwrap_or(raw);
    let mut kept = Vec::with_capacity(raw.len());
    let mut at = 0;
    let mut drawing = false;
    while at < raw.len() {
        match raw[at] {
            0x1b => {
                match raw.get(at + 1..at + 3) {
                    Some(b"(0") => drawing = true,
                    Some(b"(B" | b"(A") => drawing = false,
                    _ => {}
                }
                at += escape_len(&raw[at..]);
            }
            0 | b'\r' | 0x0e | 0x0f | 0x0c => at += 1,
            NBSP_LEAD if raw[at..].starts_with(NBSP) => {
                kept.push(b' ');
                at += NBSP.len();
            }
            b'&' if entity(&raw[at..]).is_some() => {
                let (length, byte) = entity(&raw[at..]).unwrap_or((1, b'&'));
                kept.push(byte);
                at += length;
            }
            byte if drawing && line_drawing(byte).is_some() => {
                kept.extend_from_slice(line_drawing(byte).unwrap_or_default().as_bytes());
                at += 1;
            }
            0x08 => {
                kept.pop();
                at += 1;
            }
            byte => {
                kept.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(kept)
}

/// The character of HTML that a web page wrote for one that the tools print: length of the entity, and what it stands for.
fn entity(text: &[u8]) -> Option<(usize, u8)> {
    const ENTITIES: [(&[u8], u8); 9] = [
        (b"&lt;", b'<'),
        (b"&gt;", b'>'),
        (b"&amp;", b'&'),
        (b"&quot;", b'"'),
        (b"&#39;", b'\''),
        (b"&#96;", b'`'),
        (b"&#124;", b'|'),
        (b"&nbsp;", b' '),
        (b"&#x27;", b'\''),
    ];
    ENTITIES.iter().find(|(name, _)| text.starts_with(name)).map(|(name, byte)| (name.len(), *byte))
}

/// What a VT100 draws for a letter once `ESC ( 0` has chosen its line-drawing set: the pieces that pstree uses.
fn line_drawing(letter: u8) -> Option<&'static str> {
    Some(match letter {
        b'q' => "─",
        b'x' => "│",
        b't' => "├",
        b'm' => "└",
        b'w' => "┬",
        _ => return None,
    })
}

/// Length of the escape sequence at the start: CSI `ESC [ … final`, OSC `ESC ] … BEL|ESC \`, charset `ESC ( x`.
/// One that the end of the line cuts reaches to the end; a lone escape is one byte.
fn escape_len(text: &[u8]) -> usize {
    match text.get(1) {
        Some(b'[') => match text[2..].iter().position(|b| (0x40..=0x7e).contains(b)) {
            Some(end) => 2 + end + 1,
            None => text.len(),
        },
        Some(b']') => {
            let bell = text.iter().position(|&b| b == 0x07).map(|end| end + 1);
            let string_end = text.windows(2).skip(1).position(|w| w == b"\x1b\\").map(|end| end + 3);
            match (bell, string_end) {
                (Some(a), Some(b)) => a.min(b),
                (Some(a), None) | (None, Some(a)) => a,
                (None, None) => text.len(),
            }
        }
        Some(b'(' | b')' | b'*' | b'+') => text.len().min(3),
        Some(_) => 2,
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(raw: &str) -> String {
        String::from_utf8_lossy(&clean(raw.as_bytes())).into_owned()
    }

    #[test]
    fn colours_titles_and_carriage_returns_go() {
        assert_eq!(cleaned("\u{feff}\x1b[1;32mname\x1b[0m,12\r"), "name,12");
        assert_eq!(cleaned("\x1b]0;root@node\x07# lsns"), "# lsns");
        assert_eq!(cleaned("\x1b]0;t\x1b\\x"), "x");
        assert_eq!(cleaned("\x1b(0\x0fmq\x1b(Bmqsh"), "└─mqsh");
        assert_eq!(cleaned("a\u{a0}b\0c é µ"), "a bc é µ");
        assert_eq!(cleaned("&lt;none&gt; a&b &#124;-x"), "<none> a&b |-x");
        assert_eq!(cleaned("lsx\x08ns"), "lsns");
    }

    #[test]
    fn a_cut_escape_takes_the_rest_and_never_panics() {
        for cut in ["a\x1b", "a\x1b[", "a\x1b[1;3", "a\x1b]0;title", "a\x1b("] {
            assert_eq!(cleaned(cut), "a", "{cut:?}");
        }
    }

    #[test]
    fn lines_are_numbered_and_the_last_may_be_open() {
        let found = lines(b"a\r\n\nb");
        let seen: Vec<_> = found.iter().map(|l| (l.number, l.text.as_ref(), l.bytes, l.ended)).collect();
        assert_eq!(seen, [(1, "a", 3, true), (2, "", 1, true), (3, "b", 1, false)]);
        assert!(lines(b"").is_empty());
    }
}
