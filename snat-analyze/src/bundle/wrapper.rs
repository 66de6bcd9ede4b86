//! Texts that a run-command wraps in JSON, as `az … -o json` prints them:
//!
//! ```text
//! az vmss run-command invoke   {"value":[{"code":"ProvisioningState/succeeded","message":"Enable succeeded: \n[stdout]\n…\n[stderr]\n…"}]}
//!   on Windows                 {"value":[{"code":"ComponentStatus/StdOut/succeeded","message":"…"}, …]}
//!   before 2.0.50              {"output":[{"code":"ProvisioningState/succeeded","message":"…"}],"status":"Succeeded"}
//!   the answer of the service  {"properties":{"output":{"value":[…]}}}
//!   --query value[0].message   "Enable succeeded: \n[stdout]\n…"
//! az vm run-command show       {"instanceView":{"executionState":"Succeeded","output":"…","error":"…"}}
//! az aks command invoke        {"exitCode":0,"logs":"…"}
//! ```
//!
//! Each text becomes an entry `outer.json!PATH`, where the path is that of the text in the JSON, as jq writes it but
//! for the leading dot: `value[0].message`; `text` is a JSON that is one string. Where the text has marks for them,
//! what went to standard output and to standard error are entries of their own, `value[0].message!stdout`. A second
//! document behind the first has `#2:` before its paths.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Bytes of a JSON text that may be a wrapper.
pub(super) const MOST: u64 = 16 << 20;
/// Bytes that tell whether it may be one.
pub(super) const HEAD: usize = 64;
/// Texts of one document; more were wrapped by nobody.
const TEXTS: usize = 1000;
/// What a run-command gives back at most, the last bytes of what was printed.
const CAP: usize = 4096;

/// A text out of a wrapper.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text {
    /// Where it was in the JSON.
    pub(super) path: String,
    /// What was printed.
    pub(super) text: String,
}

/// A wrapper that was opened.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) texts: Vec<Text>,
    /// Whether the JSON breaks off.
    cut: bool,
}

impl Opened {
    /// What was found in it.
    pub(super) fn said(&self) -> String {
        let first = self.texts.first().map_or("", |text| &text.path);
        match self.texts.len() {
            0 => "output of a run-command in JSON: nothing was printed".to_owned(),
            1 => format!("output of a run-command in JSON, opened: {first}"),
            more => format!("output of a run-command in JSON, opened: {more} texts, the first {first}"),
        }
    }

    /// What of it is lost, if anything.
    pub(super) fn lost(&self) -> Option<String> {
        let mut lost = Vec::new();
        let full: Vec<&str> = self.texts.iter().filter(|t| is_full(&t.text)).map(|t| t.path.as_str()).collect();
        if let Some(first) = full.first() {
            lost.push(format!(
                "a run-command gives back the last {CAP} bytes, so the beginning of {first} is lost: let it write a file"
            ));
        }
        if self.cut {
            lost.push("the JSON breaks off, so the last text may go on".to_owned());
        }
        (!lost.is_empty()).then(|| lost.join("; "))
    }
}

fn is_full(text: &str) -> bool {
    (CAP - 1..=CAP + 1).contains(&text.len())
}

/// Whether a text with this beginning may be a wrapper: JSON, and more than a bracket of a log line.
pub(super) fn may_be(head: &[u8]) -> bool {
    let mut head = without_mark(head).iter().filter(|byte| !byte.is_ascii_whitespace());
    match (head.next(), head.next()) {
        (Some(b'{'), Some(b'"')) | (Some(b'['), Some(b'{' | b'"')) | (Some(b'"'), Some(_)) => true,
        // Nothing but white space so far.
        (Some(b'{' | b'['), None) => true,
        _ => false,
    }
}

fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// The texts of one wrapper, or of several one behind another; none where any of it is something else.
pub(super) fn open(bytes: &[u8]) -> Option<Opened> {
    let bytes = without_mark(bytes);
    let mut texts = Vec::new();
    let (mut at, mut documents, mut cut) = (0, 0, false);
    loop {
        let rest = bytes.get(at..)?;
        if rest.iter().all(u8::is_ascii_whitespace) {
            break;
        }
        let found = match read(rest) {
            Ok((found, bytes)) => {
                at += bytes;
                found
            }
            Err(error) if error.is_eof() => {
                (at, cut) = (bytes.len(), true);
                closed(rest).find_map(|whole| read(&whole).ok())?.0
            }
            Err(_) => return None,
        };
        if found.is_empty() {
            return None;
        }
        documents += 1;
        let parts = found.into_iter().flat_map(parts);
        texts.extend(parts.filter(|part| !part.text.is_empty()).map(|part| match documents {
            1 => part,
            more => Text { path: format!("#{more}:{}", part.path), ..part },
        }));
    }
    (documents > 0).then_some(Opened { texts, cut })
}

/// The texts of the first document, and how many bytes it has.
fn read(bytes: &[u8]) -> Result<(Vec<Text>, usize), serde_json::Error> {
    let mut documents = serde_json::Deserializer::from_slice(bytes).into_iter::<Document>();
    let document = documents.next().transpose()?;
    Ok((document.map_or_else(Vec::new, |document| document.0), documents.byte_offset()))
}

/// A document, of which the texts are kept.
struct Document(Vec<Text>);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(document: D) -> Result<Self, D::Error> {
        let mut found = Vec::new();
        Node { path: String::new(), role: Role::Outer, depth: 0, found: &mut found }.deserialize(document)?;
        Ok(Self(found))
    }
}

/// A document that breaks off, with what closes it: where it breaks off within a text, behind that; else before the
/// last comma, too, because half a name or word cannot be closed.
fn closed(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let (mut open, mut in_text, mut escape, mut comma) = (Vec::new(), false, 0..0, None);
    for (at, byte) in bytes.iter().enumerate() {
        match (in_text, byte) {
            // The rest of an escape, which has two bytes, or six.
            (true, b'u') if escape.contains(&at) && at == escape.start + 1 => escape.end = at + 5,
            (true, _) if escape.contains(&at) => {}
            (true, b'\\') => escape = at..at + 2,
            (_, b'"') => in_text = !in_text,
            (true, _) => {}
            (false, b'{') => open.push(b'}'),
            (false, b'[') => open.push(b']'),
            (false, b'}' | b']') => drop(open.pop()),
            (false, b',') => comma = Some((at, open.len())),
            (false, _) => {}
        }
    }
    let depth = open.len();
    let first = if in_text {
        // An escape that is cut goes, and a letter of several bytes.
        let end = if escape.end > bytes.len() { escape.start } else { bytes.len() };
        let end = (end.saturating_sub(3)..end).find(|at| is_cut_letter(&bytes[*at..end])).unwrap_or(end);
        (end, "\"", depth)
    } else {
        (bytes.len(), "", depth)
    };
    let second = comma.map(|(at, depth)| (at, "", depth));
    [Some(first), second].into_iter().flatten().map(move |(end, quote, depth)| {
        let close = open.iter().take(depth).rev().copied();
        bytes[..end].iter().copied().chain(quote.bytes()).chain(close).collect()
    })
}

/// Whether these bytes begin a letter that needs more of them.
fn is_cut_letter(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
}

/// What was printed to each stream, where the text has the marks that the agent of Linux puts in. The line feed before
/// the second mark is the agent's, not the command's.
fn parts(text: Text) -> Vec<Text> {
    let Some(at) = text.text.find("[stdout]\n").filter(|at| *at < 64) else { return vec![text] };
    let rest = &text.text[at + "[stdout]\n".len()..];
    let (out, err) = match rest.rfind("\n[stderr]").map(|at| (&rest[..at], &rest[at + "\n[stderr]".len()..])) {
        Some((out, err)) => (out, err.strip_prefix('\n').unwrap_or(err)),
        None => match rest.strip_prefix("[stderr]") {
            Some(err) => ("", err.strip_prefix('\n').unwrap_or(err)),
            None => (rest, ""),
        },
    };
    let part = |name: &str, text: &str| Text { path: name.to_owned(), text: text.to_owned() };
    vec![part(&format!("{}!stdout", text.path), out), part(&format!("{}!stderr", text.path), err)]
}

fn push<E: Error>(found: &mut Vec<Text>, text: Text) -> Result<(), E> {
    if found.len() == TEXTS {
        return Err(E::custom("more texts than a run-command gives back"));
    }
    found.push(text);
    Ok(())
}

/// What a value of a wrapper is to those around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The document, or a list of documents.
    Outer,
    /// Something in one.
    Inner,
}

/// Wrappers are no deeper than this.
const DEEPEST: usize = 6;

/// Collects the texts below a value.
struct Node<'f> {
    path: String,
    role: Role,
    depth: usize,
    found: &'f mut Vec<Text>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Option<String>, D::Error> {
        if self.depth > DEEPEST {
            value.deserialize_ignored_any(IgnoredAny)?;
            return Ok(None);
        }
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    /// A text, where the value is one.
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<String>, E> {
        if self.role == Role::Outer && text.contains('\n') {
            let path = if self.path.is_empty() { "text".to_owned() } else { self.path };
            push(self.found, Text { path, text: text.to_owned() })?;
            return Ok(None);
        }
        Ok(Some(text.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Option<String>, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Option<String>, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Option<String>, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Option<String>, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Option<String>, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<String>, A::Error> {
        for at in 0usize.. {
            let path = format!("{}[{at}]", self.path);
            let node = Node { path, role: self.role, depth: self.depth + 1, found: &mut *self.found };
            if list.next_element_seed(node)?.is_none() {
                break;
            }
        }
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<String>, A::Error> {
        let (mut code, mut texts, mut is_status, mut is_command) = (None, Vec::new(), false, false);
        while let Some(key) = map.next_key::<String>()? {
            let path = if self.path.is_empty() { key.clone() } else { format!("{}.{key}", self.path) };
            match key.as_str() {
                "code" | "message" | "logs" | "output" | "error" | "value" | "properties" | "instanceView" => {
                    let node =
                        Node { path: path.clone(), role: Role::Inner, depth: self.depth + 1, found: &mut *self.found };
                    match (map.next_value_seed(node)?, key.as_str()) {
                        (Some(text), "code") => code = Some(text),
                        (Some(text), "message" | "logs" | "output" | "error") => texts.push((key, path, text)),
                        _ => {}
                    }
                }
                "executionState" => (is_status, _) = (true, map.next_value::<IgnoredAny>()?),
                "exitCode" | "provisioningState" => (is_command, _) = (true, map.next_value::<IgnoredAny>()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let ran =
            code.is_some_and(|code| ["ProvisioningState/", "ComponentStatus/"].iter().any(|c| code.starts_with(c)));
        for (key, path, text) in texts {
            let belongs = match key.as_str() {
                "message" => ran,
                "logs" => is_command,
                _ => is_status,
            };
            if belongs {
                push(self.found, Text { path, text })?;
            }
        }
        Ok(None)
    }
}
