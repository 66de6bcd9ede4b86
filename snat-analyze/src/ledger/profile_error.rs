//! Why a text is no profile.

use std::fmt;

/// Why a text is no profile: where, which key, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProfileError {
    /// 1-based line of the text; `None` where several lines make up what is wrong.
    pub line: Option<usize>,
    /// The key with those of the tables around it: `tcp.hold_s`. Empty at the top.
    pub key: String,
    /// What was found and what was expected, as a fragment.
    pub message: String,
}

impl ProfileError {
    pub(super) fn expected(key: &str, what: impl fmt::Display) -> Self {
        Self { line: None, key: key.to_owned(), message: format!("expected {what}") }
    }

    pub(super) fn of_toml(text: &str, error: &toml::de::Error) -> Self {
        let message = error.message().trim().replace('\n', ", ");
        let Some((before, spanned, after)) = error
            .span()
            .and_then(|span| Some((text.get(..span.start)?, text.get(span.clone())?, text.get(span.end..)?)))
        else {
            return Self { line: None, key: String::new(), message };
        };
        let line = before.matches('\n').count() + 1;
        let mut path = path_at(before);
        // An unknown key is pointed at itself, any other fault at the value behind its key.
        if after.trim_start().starts_with('=') {
            path.push(&text[before.trim_end_matches(is_key).len()..before.len() + spanned.len()]);
        } else if is_head(before, spanned) {
            path = vec![spanned.trim_matches(['[', ']'])];
        }
        path.retain(|key| !key.is_empty());
        Self { line: Some(line), key: path.join("."), message }
    }
}

/// Whether what is pointed at is the head of a table: `[tcp]`, which lacks a key.
fn is_head(before: &str, spanned: &str) -> bool {
    before.is_empty() || (before.ends_with('\n') && spanned.starts_with('['))
}

/// Of bare keys, and the dots between them.
fn is_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// The keys around the end of a TOML text that may break off anywhere, outermost first; some may be empty.
fn path_at(text: &str) -> Vec<&str> {
    let (mut table, mut around, mut key, mut word) = ("", Vec::new(), "", "");
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (taken, after) = rest.split_at(rest.find(|c| !is_key(c)).unwrap_or(rest.len()));
        if !taken.is_empty() {
            (word, rest) = (taken, after);
            continue;
        }
        rest = &rest[first.len_utf8()..];
        match first {
            '=' => key = word,
            '[' if around.is_empty() && key.is_empty() => {
                let (head, after) = rest.split_once('\n').unwrap_or((rest, ""));
                (table, rest) = (head.split(']').next().unwrap_or(head), after);
            }
            '{' | '[' => around.push(std::mem::take(&mut key)),
            '}' | ']' => {
                around.pop();
                key = "";
            }
            '\n' if around.is_empty() => key = "",
            ',' => key = "",
            '#' => rest = rest.find('\n').map_or("", |end| &rest[end..]),
            '"' | '\'' => rest = rest.split_once(first).map_or("", |(_, after)| after),
            _ => {}
        }
    }
    [table].into_iter().chain(around).chain([key]).collect()
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ProfileError {}
