//! `crictl pods` (cri-tools 1.11 to 1.36): one row a sandbox, the pod that it belongs to, and its namespace.
//!
//! ```text
//! POD ID              CREATED              STATE               NAME                      NAMESPACE           ATTEMPT             RUNTIME
//! 46ab4e241afbc       About a minute ago   NotReady            coredns-77d8fcb9f6-8tkmv  kube-system         0                   (default)
//! ```
//!
//! ```text
//! row = pod-id blanks created blanks state blanks name blanks namespace blanks attempt [blanks runtime]
//! ```
//!
//! Traps: RUNTIME came with 1.19; a NotReady row with the name of a Ready one is an older sandbox of the same pod.

use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::combinator::opt;
use nom::sequence::preceded;
use nom::{IResult, Parser};

use crate::block::{Block, is_inside};
use crate::format::{Format, Mark, Meta, Sheet};
use crate::header::{CellError, CellText, Layout, Padded, cell, number_cell, required, text_cell};
use crate::lex::{ago, blanks, is_id, word};
use crate::line::Line;
use crate::table::{Record, Rows, Table, columns};

/// `crictl pods`.
#[derive(Debug)]
pub struct CrictlPods;

columns! {
    /// One sandbox.
    pub struct Row {
        /// Sandbox id: 13 hex digits, or 64 with `--no-trunc`.
        pod_id: String = "pod_id",
        /// The phrase of the CREATED column.
        created: String = "created",
        /// `Ready` or `NotReady`.
        state: String = "state",
        /// Pod name.
        name: String = "name",
        /// Pod namespace.
        namespace: String = "namespace",
        /// Sandboxes of this pod so far.
        attempt: u64 = "attempt",
        /// Runtime handler; `(default)` where none is set.
        runtime: String = "runtime",
    }
}

/// The state in crictl's present spelling.
fn known_state(text: &str) -> Option<&'static str> {
    match text {
        "Ready" | "SANDBOX_READY" => Some("Ready"),
        "NotReady" | "SANDBOX_NOTREADY" => Some("NotReady"),
        _ => None,
    }
}

fn row(input: &str) -> IResult<&str, Vec<CellText<'static, '_>>> {
    let state = alt((tag("NotReady"), tag("Ready"), tag("SANDBOX_NOTREADY"), tag("SANDBOX_READY")));
    let (input, pod_id) = preceded(opt(blanks), word).parse(input)?;
    let (input, (_, created, _, state, _, name)) = (blanks, ago, blanks, state, blanks, word).parse(input)?;
    let (input, namespace) = opt(preceded(blanks, word)).parse(input)?;
    let (input, attempt) = opt(preceded(blanks, word)).parse(input)?;
    let (input, runtime) = opt(preceded(blanks, word)).parse(input)?;
    let cells = [
        ("POD ID", Some(pod_id)),
        ("CREATED", Some(created)),
        ("STATE", Some(state)),
        ("NAME", Some(name)),
        ("NAMESPACE", namespace),
        ("ATTEMPT", attempt),
        ("RUNTIME", runtime),
    ];
    Ok((input, cells.into_iter().filter_map(|(title, cell)| cell.map(|cell| (title, cell))).collect()))
}

impl Padded for CrictlPods {
    type Row = Row;
    const SPACED: &'static [&'static str] = &["POD ID"];
    const TITLES: &'static [&'static str] = &["POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT", "RUNTIME"];

    fn is_header(layout: &Layout) -> bool {
        layout.starts_with(&["POD ID", "CREATED", "STATE", "NAME"])
            || (layout.has_all(&["POD ID", "CREATED", "STATE", "NAME", "NAMESPACE"]) && !layout.has("IMAGE"))
    }

    fn shape<'l>(line: &'l str, layout: Option<&Layout>) -> Option<Vec<CellText<'static, 'l>>> {
        let (rest, cells) = row(line).ok()?;
        let known = |title: &str| layout.is_none_or(|l| l.has(title));
        (rest.trim().is_empty() && cells.iter().all(|(title, _)| known(title))).then_some(cells)
    }

    /// Without a header a row must reach its namespace.
    fn is_row(line: &str) -> bool {
        Self::shape(line, None)
            .is_some_and(|cells| cell(&cells, "NAMESPACE").is_some() && Self::row(&cells, &mut Vec::new()).is_ok())
    }

    fn row(cells: &[CellText<'_, '_>], notes: &mut Vec<(&'static str, String)>) -> Result<Row, CellError> {
        let state = cell(cells, "STATE").and_then(known_state);
        Ok(Row {
            pod_id: required(text_cell(cells, "POD ID").filter(|id| is_id(id)), cells, "POD ID")?,
            created: required(text_cell(cells, "CREATED").filter(|c| ago(c).is_ok()), cells, "CREATED")?,
            state: required(state.map(str::to_owned), cells, "STATE")?,
            name: required(text_cell(cells, "NAME"), cells, "NAME")?,
            namespace: text_cell(cells, "NAMESPACE"),
            attempt: number_cell(cells, "ATTEMPT", notes)?,
            runtime: text_cell(cells, "RUNTIME"),
        })
    }

    /// `crictl pods -v`: `ID:`, `Name:`, `UID:`, `Namespace:`, `Status:`, …
    fn block(lines: &[Line<'_>]) -> Option<(Row, usize)> {
        let block = Block::read(lines).filter(|block| block.field("PodID").is_none())?;
        let own = |key: &str| block.field(key).map(str::to_owned);
        let row = Row {
            pod_id: own("ID"),
            created: own("Created"),
            state: Some(known_state(block.field("Status").or_else(|| block.field("State"))?)?.to_owned()),
            name: Some(own("Name")?),
            namespace: own("Namespace"),
            attempt: own("Attempt").and_then(|n| n.parse().ok()),
            runtime: own("Runtime").or_else(|| own("Runtime Handler")),
        };
        Some((row, block.lines))
    }

    fn knows(title: &str) -> bool {
        matches!(title, "POD ID" | "CREATED" | "STATE" | "NAME" | "NAMESPACE" | "ATTEMPT" | "RUNTIME")
    }
}

impl Format for CrictlPods {
    fn meta(&self) -> Meta {
        Meta { name: "crictl-pods", tool: "crictl (cri-tools)", command: "crictl pods", columns: Row::COLUMNS }
    }

    fn mark(&self, lines: &[Line<'_>], at: usize) -> Mark {
        match <Self as Padded>::mark(lines, at) {
            Mark::No if lines.get(at..).is_some_and(|rest| Self::block(rest).is_some()) => Mark::Header,
            Mark::No if lines.get(at).is_some_and(|line| is_inside(line.body())) => Mark::Inside,
            mark => mark,
        }
    }

    fn fits(&self, header: &Line<'_>, line: &Line<'_>) -> bool {
        <Self as Padded>::fits(header, line)
    }

    fn parse(&self, sheet: &mut Sheet<'_>) -> Table {
        Self::table(sheet)
    }
}

/// The typed rows of a text that is one dump.
pub fn rows(text: &[u8]) -> Rows<Row> {
    Rows::read(&CrictlPods, text, CrictlPods::read)
}
