//! `crictl ps -a` (cri-tools 1.11 to 1.36): one row a container, with the sandbox (POD ID) that it lives in.
//!
//! ```text
//! CONTAINER           IMAGE               CREATED              STATE               NAME                ATTEMPT             POD ID              POD                              NAMESPACE
//! 61b5e4e382e13       fc26fa0d648fc       About a minute ago   Running             canary              0                   e93341e2dda09       canary-5bdf7d6c8f-p4c7n          default
//! ```
//!
//! ```text
//! row = container blanks [image blanks] created blanks state blanks name blanks attempt [pod-id [pod [namespace]]]
//! ```
//!
//! Traps: the header grew (`POD ID` in 1.12, `POD` in 1.24, `NAMESPACE` in 1.32) and was `CONTAINER ID` up to 1.14;
//! CREATED holds blanks; IMAGE may be empty; POD is `unknown` for a container without labels; the sandbox's own
//! `pause` is never listed.

use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::combinator::opt;
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use crate::block::{Block, is_inside};
use crate::format::{Format, Mark, Meta, Sheet};
use crate::header::{CellError, CellText, Layout, Padded, cell, number_cell, required, text_cell};
use crate::lex::{ago, blanks, is_id, word};
use crate::line::Line;
use crate::table::{Record, Rows, Table, columns};

/// `crictl ps`.
#[derive(Debug)]
pub struct CrictlPs;

columns! {
    /// One container.
    pub struct Row {
        /// Container id: 13 hex digits, or 64 with `--no-trunc`.
        container: String = "container",
        /// Image id or reference.
        image: String = "image",
        /// The phrase of the CREATED column.
        created: String = "created",
        /// `Running`, `Exited`, `Created`, `Unknown`.
        state: String = "state",
        /// Container name in the pod.
        name: String = "name",
        /// Restarts of this container so far.
        attempt: u64 = "attempt",
        /// Sandbox id, the first 13 of 64 hex digits.
        pod_id: String = "pod_id",
        /// Pod name.
        pod: String = "pod",
        /// Pod namespace, from cri-tools 1.32 on.
        namespace: String = "namespace",
    }
}

const STATES: [&str; 4] = ["Running", "Exited", "Created", "Unknown"];

fn state(input: &str) -> IResult<&str, &str> {
    let old = preceded(opt(tag("CONTAINER_")), alt((tag("RUNNING"), tag("EXITED"), tag("CREATED"), tag("UNKNOWN"))));
    alt((tag("Running"), tag("Exited"), tag("Created"), tag("Unknown"), old)).parse(input)
}

/// The state in crictl's present spelling.
fn known_state(text: &str) -> Option<&'static str> {
    let bare = text.strip_prefix("CONTAINER_").unwrap_or(text);
    STATES.into_iter().find(|known| bare.eq_ignore_ascii_case(known))
}

fn row(input: &str) -> IResult<&str, Vec<CellText<'static, '_>>> {
    let (input, container) = preceded(opt(blanks), word).parse(input)?;
    let (input, _) = blanks(input)?;
    let (input, image) =
        opt(terminated(nom::combinator::verify(word, not_created), (blanks, nom::combinator::peek(ago))))
            .parse(input)?;
    let (input, (created, _, state, _, name)) = (ago, blanks, state, blanks, word).parse(input)?;
    let (input, attempt) = opt(preceded(blanks, word)).parse(input)?;
    let (input, pod_id) = opt(preceded(blanks, word)).parse(input)?;
    let (input, pod) = opt(preceded(blanks, word)).parse(input)?;
    let (input, namespace) = opt(preceded(blanks, word)).parse(input)?;
    let cells = [
        ("CONTAINER", Some(container)),
        ("IMAGE", image),
        ("CREATED", Some(created)),
        ("STATE", Some(state)),
        ("NAME", Some(name)),
        ("ATTEMPT", attempt),
        ("POD ID", pod_id),
        ("POD", pod),
        ("NAMESPACE", namespace),
    ];
    Ok((input, cells.into_iter().filter_map(|(title, cell)| cell.map(|cell| (title, cell))).collect()))
}

/// An empty IMAGE must not swallow the first word of CREATED.
fn not_created(word: &str) -> bool {
    !matches!(word, "Less" | "About")
}

impl Padded for CrictlPs {
    type Row = Row;
    const SPACED: &'static [&'static str] = &["CONTAINER ID", "POD ID"];
    const TITLES: &'static [&'static str] =
        &["CONTAINER", "CONTAINER ID", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD", "NAMESPACE"];

    fn is_header(layout: &Layout) -> bool {
        (layout.has("CONTAINER") || layout.has("CONTAINER ID")) && layout.has_all(&["IMAGE", "STATE", "ATTEMPT"])
    }

    fn shape<'l>(line: &'l str, layout: Option<&Layout>) -> Option<Vec<CellText<'static, 'l>>> {
        let (rest, cells) = row(line).ok()?;
        let known = |title: &str| layout.is_none_or(|l| l.has(title) || matches!(title, "CONTAINER"));
        (rest.trim().is_empty() && cells.iter().all(|(title, _)| known(title))).then_some(cells)
    }

    fn row(cells: &[CellText<'_, '_>], notes: &mut Vec<(&'static str, String)>) -> Result<Row, CellError> {
        let container = text_cell(cells, "CONTAINER").or_else(|| text_cell(cells, "CONTAINER ID"));
        let known = cell(cells, "STATE").and_then(known_state);
        let container = required(container.filter(|id| is_id(id)), cells, "CONTAINER")?;
        Ok(Row {
            container,
            image: text_cell(cells, "IMAGE"),
            created: required(text_cell(cells, "CREATED").filter(|c| ago(c).is_ok()), cells, "CREATED")?,
            state: required(known.map(str::to_owned), cells, "STATE")?,
            name: required(text_cell(cells, "NAME"), cells, "NAME")?,
            attempt: number_cell(cells, "ATTEMPT", notes)?,
            pod_id: text_cell(cells, "POD ID"),
            pod: text_cell(cells, "POD"),
            namespace: text_cell(cells, "NAMESPACE"),
        })
    }

    /// `crictl ps -v`: `ID:`, `PodID:`, `Name:`, …, labels; the pod and its namespace are in the labels.
    fn block(lines: &[Line<'_>]) -> Option<(Row, usize)> {
        let block = Block::read(lines)?;
        let own = |key: &str| block.field(key).map(str::to_owned);
        let label = |name: &str| block.label(name).map(str::to_owned);
        let state = block.field("State").map(|s| known_state(s).unwrap_or(s).to_owned());
        let row = Row {
            container: own("ID"),
            image: own("Image"),
            created: own("Created"),
            state,
            name: own("Name"),
            attempt: own("Attempt").and_then(|n| n.parse().ok()),
            pod_id: Some(own("PodID")?),
            pod: label("io.kubernetes.pod.name"),
            namespace: own("Namespace").or_else(|| label("io.kubernetes.pod.namespace")),
        };
        Some((row, block.lines))
    }

    fn knows(title: &str) -> bool {
        matches!(
            title,
            "CONTAINER"
                | "CONTAINER ID"
                | "IMAGE"
                | "CREATED"
                | "STATE"
                | "NAME"
                | "ATTEMPT"
                | "POD ID"
                | "POD"
                | "NAMESPACE"
        )
    }
}

impl Format for CrictlPs {
    fn meta(&self) -> Meta {
        Meta { name: "crictl-ps", tool: "crictl (cri-tools)", command: "crictl ps -a", columns: Row::COLUMNS }
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
    Rows::read(&CrictlPs, text, CrictlPs::read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<Row> {
        CrictlPs::shape(line, None).and_then(|cells| CrictlPs::row(&cells, &mut Vec::new()).ok())
    }

    #[test]
    fn rows_of_all_header_versions_are_read_by_shape() {
        let base = "6b5f00aa11bb2       fb0e1d2c3b4a5       Less than a second ago   Running             ubuntu              12";
        let old = read(base).expect("1.11");
        assert_eq!((old.attempt, old.pod_id), (Some(12), None));
        let new = read(&format!("{base}   9f3c1a77d2e04   web-0   default")).expect("1.32");
        assert_eq!(new.pod_id.as_deref(), Some("9f3c1a77d2e04"));
        assert_eq!((new.pod.as_deref(), new.namespace.as_deref()), (Some("web-0"), Some("default")));
    }

    #[test]
    fn an_empty_image_does_not_shift_the_row() {
        let row = read("aaaaaaaaaaaaa                                   About an hour ago      Created             x                   0                   bbbbbbbbbbbbb       y-0").expect("a row");
        assert_eq!(
            (row.image, row.created.as_deref(), row.name.as_deref()),
            (None, Some("About an hour ago"), Some("x"))
        );
    }

    #[test]
    fn docker_ps_is_not_ours() {
        assert_eq!(CrictlPs::header("CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES"), None);
        assert_eq!(read("3c902d2962f7   nginx   \"/docker-entry\"   2 days ago   Up 2 days   80/tcp   web"), None);
    }
}
