//! Records of several lines, as `crictl -v` prints them: `Key: value`, and lists of `name -> value` below a key.

use crate::line::Line;

/// One record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Block<'l> {
    fields: Vec<(&'l str, &'l str)>,
    labels: Vec<(&'l str, &'l str)>,
    /// Lines that it takes.
    pub(crate) lines: usize,
}

impl<'l> Block<'l> {
    /// The record that starts with the first of these lines, an `ID:` of at least 13 hex digits.
    pub(crate) fn read(lines: &'l [Line<'_>]) -> Option<Self> {
        let (key, id) = field(lines.first()?.body())?;
        if key != "ID" || id.len() < 13 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let mut block = Self { fields: vec![(key, id)], labels: Vec::new(), lines: 1 };
        let mut list = "";
        for line in &lines[1..] {
            let text = line.body();
            if let Some((name, value)) = label(text) {
                if list == "Labels" {
                    block.labels.push((name, value));
                }
            } else {
                match field(text) {
                    Some(("ID", _)) => break,
                    Some((key, value)) => {
                        list = if value.is_empty() { key } else { "" };
                        block.fields.push((key, value));
                    }
                    None => break,
                }
            }
            block.lines += 1;
        }
        (block.lines > 2).then_some(block)
    }

    /// Value of a key.
    pub(crate) fn field(&self, key: &str) -> Option<&'l str> {
        self.fields.iter().find(|(name, _)| *name == key).map(|(_, value)| *value).filter(|value| !value.is_empty())
    }

    /// Value of a label.
    pub(crate) fn label(&self, name: &str) -> Option<&'l str> {
        self.labels.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    }
}

/// Keys of the records of crictl.
const KEYS: [&str; 14] = [
    "PodID",
    "Namespace",
    "Name",
    "Attempt",
    "State",
    "Image",
    "Image Ref",
    "Created",
    "Labels",
    "Annotations",
    "UID",
    "Status",
    "Runtime",
    "Runtime Handler",
];

/// Whether a line may lie within a record, not at its start.
pub(crate) fn is_inside(text: &str) -> bool {
    label(text).is_some() || field(text).is_some_and(|(key, _)| KEYS.contains(&key))
}

/// `Key: value` at the left edge, with one or two words as the key.
fn field(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.split_once(':')?;
    let word = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_uppercase()) && part.bytes().all(|b| b.is_ascii_alphabetic())
    };
    let words = key.split(' ').count();
    ((1..=2).contains(&words) && key.split(' ').all(word) && (value.is_empty() || value.starts_with(' ')))
        .then(|| (key, value.trim()))
}

/// `<tab>name -> value`
fn label(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.strip_prefix(['\t', ' '])?.split_once(" ->")?;
    Some((name.trim(), value.trim()))
}
