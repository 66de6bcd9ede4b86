//! What was read, and what was not.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One section of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Input {
    /// Base name of the bundle, `-` for standard input.
    pub bundle: String,
    /// The node that it was counted for; null for none or all.
    pub node: Option<String>,
    /// Path in the bundle.
    pub entry: String,
    /// 1-based line that the section starts on.
    pub first_line: u64,
    /// Format name, or `unknown`.
    pub format: String,
    /// The tool that an unknown section looks like it is from, by its first lines, and that is not read yet: `ss`,
    /// `conntrack`, `iptables-save`; missing where nothing is recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks_like: Option<String>,
    /// Bytes of its lines.
    pub bytes: u64,
    /// Lines.
    pub lines: u64,
    /// Rows.
    pub rows: u64,
    /// Lines that start a row.
    pub data: u64,
    /// Lines that go on with one.
    pub continuation: u64,
    /// Lines without data.
    pub skipped: u64,
    /// Lines that could not be read.
    pub rejected: u64,
    /// Skipped and rejected lines by their reason.
    pub reasons: BTreeMap<String, u64>,
    /// What the fates count.
    pub tallies: String,
    /// Where the section was cut: `no-header`, `last-line`, `not-looked-at`, `size-at-cap`.
    pub cut: Vec<String>,
    /// The first lines that could not be read, and cells that were masked or cut.
    pub diagnostics: Vec<InputDiagnostic>,
}

/// A line that could not be read, or a cell that is null for a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputDiagnostic {
    /// 1-based line of the entry.
    pub line: u64,
    /// Reason name.
    pub code: String,
    /// What was found and what was expected.
    pub message: String,
}

/// Something that happened while a bundle was read, or a dump that is missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Notice {
    /// Base name of the bundle.
    pub bundle: String,
    /// The node that it concerns; null for all or none.
    pub node: Option<String>,
    /// Path in the bundle; null where it concerns the whole.
    pub entry: Option<String>,
    /// What happened, as a word.
    pub code: String,
    /// What happened, as a lower-case fragment.
    pub message: String,
}
