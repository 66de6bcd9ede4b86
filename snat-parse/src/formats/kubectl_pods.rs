//! `kubectl get pods`, of one namespace or all, narrow or wide (server 1.16 to 1.35).
//!
//! ```text
//! NAMESPACE     NAME                      READY   STATUS    RESTARTS         AGE    IP            NODE                                NOMINATED NODE   READINESS GATES
//! default       web-6c9d7f8b5-abcde       2/2     Running   3 (5h12m ago)    7d3h   10.244.1.17   aks-nodepool1-12345678-vmss000000   <none>           <none>
//! ```
//!
//! ```text
//! row = [namespace] name ready status restarts ["(" age " ago)"] age [ip node nominated gates] [labels …]
//! ```
//!
//! Traps: `READY` (`n/m`) is the anchor, since names and namespaces have no shape of their own; RESTARTS holds blanks
//! since 1.22; `-o wide` prints only the first address of a dual-stack pod; a finished pod keeps its last address.

use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::character::complete::{char, digit1};
use nom::combinator::{opt, recognize, verify};
use nom::multi::many0;
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use crate::format::{Format, Mark, Meta, Sheet};
use crate::header::{CellError, CellText, Layout, Padded, addr_cell, cell, number_cell, required, text_cell};
use crate::lex::{Addr, age, blanks, is_api_name, is_cut_addr, text_addr, word};
use crate::line::Line;
use crate::table::{Record, Rows, Table, columns};

/// `kubectl get pods`.
#[derive(Debug)]
pub struct KubectlPods;

columns! {
    /// One pod.
    pub struct Row {
        /// Namespace; only printed with `-A`.
        namespace: String = "namespace",
        /// Pod name.
        name: String = "name",
        /// Ready containers of all, `1/2`.
        ready: String = "ready",
        /// The STATUS column: a phase or the reason behind it.
        status: String = "status",
        /// Restarts of its containers.
        restarts: u64 = "restarts",
        /// How long ago the last restart was.
        restarts_ago: String = "restarts_ago",
        /// Age of the pod.
        age: String = "age",
        /// The first pod address.
        ip: Addr = "ip",
        /// Node name.
        node: String = "node",
        /// Node that the scheduler nominated.
        nominated_node: String = "nominated_node",
        /// Readiness gates, `1/1`.
        readiness_gates: String = "readiness_gates",
    }
}

fn ready(input: &str) -> IResult<&str, &str> {
    recognize((digit1, char('/'), digit1)).parse(input)
}

fn status(input: &str) -> IResult<&str, &str> {
    verify(word, |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic())).parse(input)
}

/// `3` or `3 (5h12m ago)`.
fn restarts(input: &str) -> IResult<&str, &str> {
    let ago = delimited(char('('), (word, blanks, tag("ago")), char(')'));
    recognize((alt((digit1, tag("<invalid>"))), opt((blanks, ago)))).parse(input)
}

/// `ADDED` and so on of `--output-watch-events`.
fn event(input: &str) -> IResult<&str, &str> {
    verify(word, |text: &str| matches!(text, "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR")).parse(input)
}

/// A name of the API, with its kind before it where several kinds are listed (`pod/web-0`).
fn api_name(input: &str) -> IResult<&str, &str> {
    verify(word, |text: &str| is_api_name(text) && ready(text).is_err()).parse(input)
}

/// Name and READY, of which the blanks between were lost: a name never ends in `n/m`, and READY begins with one digit.
fn glued(input: &str) -> IResult<&str, (&str, &str)> {
    let (after, text) = word(input)?;
    let parts = |at: usize| Some((text.get(..at.checked_sub(1)?)?, text.get(at - 1..)?));
    match text.find('/').filter(|at| *at > 5).and_then(parts) {
        Some((name, count)) if is_api_name(name) && ready(count).is_ok_and(|(rest, _)| rest.is_empty()) => {
            Ok((after, (name, count)))
        }
        _ => Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Verify))),
    }
}

fn row(input: &str) -> IResult<&str, Vec<CellText<'static, '_>>> {
    let (input, _) = opt(blanks).parse(input)?;
    let (input, event) = opt(terminated(event, blanks)).parse(input)?;
    let apart = (api_name, opt(preceded(blanks, api_name)), preceded(blanks, ready));
    let joined = alt((
        glued.map(|found| (None, found)),
        (terminated(api_name, blanks), glued).map(|(namespace, found)| (Some(namespace), found)),
    ));
    let (input, (namespace, name, ready)) = alt((
        apart.map(|(first, second, ready)| match second {
            Some(name) => (Some(first), name, ready),
            None => (None, first, ready),
        }),
        joined.map(|(namespace, (name, ready))| (namespace, name, ready)),
    ))
    .parse(input)?;
    let mut cells: Vec<CellText<'static, '_>> = Vec::new();
    cells.extend(event.map(|event| ("EVENT", event)));
    cells.extend(namespace.map(|namespace| ("NAMESPACE", namespace)));
    let (input, (_, status)) = (blanks, status).parse(input)?;
    cells.extend([("NAME", name), ("READY", ready), ("STATUS", status)]);
    let (input, restarts) = opt(preceded(blanks, restarts)).parse(input)?;
    let (input, age) = opt(preceded(blanks, age)).parse(input)?;
    cells.extend(restarts.map(|restarts| ("RESTARTS", restarts)));
    cells.extend(age.map(|age| ("AGE", age)));
    let (input, more) = many0(preceded(blanks, word)).parse(input)?;
    let is_ip =
        |text: &str| "<none>".starts_with(text) || text_addr(text).is_some() || more.len() == 1 && is_cut_addr(text);
    if more.len() > 5 || more.first().is_some_and(|ip| age.is_none() || !is_ip(ip) && !ip.contains('=')) {
        return Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Verify)));
    }
    if more.len() == 1 {
        cells.push((if is_ip(more[0]) { "IP" } else { "LABELS" }, more[0]));
    } else {
        cells.extend(["IP", "NODE", "NOMINATED NODE", "READINESS GATES", "LABELS"].into_iter().zip(more));
    }
    Ok((input, cells))
}

impl Padded for KubectlPods {
    type Row = Row;
    const SPACED: &'static [&'static str] = &["NOMINATED NODE", "READINESS GATES"];
    const TITLES: &'static [&'static str] = &[
        "NAMESPACE",
        "NAME",
        "READY",
        "STATUS",
        "RESTARTS",
        "AGE",
        "IP",
        "NODE",
        "NOMINATED NODE",
        "READINESS GATES",
        "LABELS",
    ];

    fn is_header(layout: &Layout) -> bool {
        layout.has_all(&["NAME", "READY", "STATUS", "RESTARTS", "AGE"])
            || layout.titles.iter().position(|title| title.name == "NAME").is_some_and(|at| {
                let wanted = ["NAME", "READY", "STATUS"];
                // Other kinds have these three, too; what follows them tells.
                let ours =
                    ["RESTARTS", "IP", "NODE"].iter().any(|title| layout.has(title)) || layout.titles.len() == at + 3;
                ours && at <= 2
                    && wanted.iter().zip(&layout.titles[at..]).filter(|(name, title)| **name == title.name).count() == 3
            })
    }

    /// Without a header a row must reach its AGE.
    fn is_row(line: &str) -> bool {
        Self::shape(line, None).is_some_and(|cells| {
            // Reasons are written in capitals, of words of other tables few are.
            let reason =
                cell(&cells, "STATUS").is_some_and(|status| status.starts_with(|c: char| c.is_ascii_uppercase()));
            reason
                && ["AGE", "RESTARTS"].iter().all(|title| cell(&cells, title).is_some())
                && Self::row(&cells, &mut Vec::new()).is_ok()
        })
    }

    fn shape<'l>(line: &'l str, layout: Option<&Layout>) -> Option<Vec<CellText<'static, 'l>>> {
        let (rest, cells) = row(line).ok()?;
        // What stands before the name must be a column; behind it a header that lost its end has fewer than its rows.
        let known = |title: &str| !matches!(title, "NAMESPACE" | "EVENT") || layout.is_none_or(|l| l.has(title));
        (rest.trim().is_empty() && cells.iter().all(|(title, _)| known(title))).then_some(cells)
    }

    fn row(cells: &[CellText<'_, '_>], notes: &mut Vec<(&'static str, String)>) -> Result<Row, CellError> {
        let restarts_text = cell(cells, "RESTARTS").unwrap_or_default();
        let (number, ago) = match restarts_text.split_once('(') {
            Some((number, ago)) => (number.trim(), Some(ago.trim_end_matches(')').trim_end_matches(" ago").to_owned())),
            None => (restarts_text, None),
        };
        let name = required(text_cell(cells, "NAME").filter(|n| !n.contains(char::is_whitespace)), cells, "NAME")?;
        let namespace = text_cell(cells, "NAMESPACE").filter(|n| !n.contains(char::is_whitespace));
        let status_cell = cell(cells, "STATUS").filter(|s| status(s).is_ok());
        Ok(Row {
            namespace,
            name,
            ready: required(
                text_cell(cells, "READY").filter(|r| ready(r).is_ok_and(|(rest, _)| rest.is_empty())),
                cells,
                "READY",
            )?,
            status: match cell(cells, "STATUS") {
                None => {
                    notes.push(("cut-cell", "STATUS is empty".to_owned()));
                    None
                }
                _ => required(status_cell.map(str::to_owned), cells, "STATUS")?,
            },
            restarts: number_cell(&[("RESTARTS", number)], "RESTARTS", notes)?,
            restarts_ago: ago,
            age: match cell(cells, "AGE") {
                // A row that the screen's edge cut before its age.
                None if cell(cells, "IP").is_none() && cell(cells, "NODE").is_none() => None,
                found => {
                    let whole = found.filter(|a| age(a).is_ok_and(|(rest, _)| rest.is_empty()));
                    required(whole.map(str::to_owned), cells, "AGE")?
                }
            },
            ip: addr_cell(cells, "IP", notes)?,
            node: text_cell(cells, "NODE"),
            nominated_node: text_cell(cells, "NOMINATED NODE"),
            readiness_gates: text_cell(cells, "READINESS GATES"),
        })
    }

    fn knows(title: &str) -> bool {
        matches!(
            title,
            "NAMESPACE"
                | "NAME"
                | "READY"
                | "STATUS"
                | "RESTARTS"
                | "AGE"
                | "IP"
                | "NODE"
                | "NOMINATED NODE"
                | "READINESS GATES"
        )
    }
}

impl Format for KubectlPods {
    fn meta(&self) -> Meta {
        Meta { name: "kubectl-pods", tool: "kubectl", command: "kubectl get pods -A -o wide", columns: Row::COLUMNS }
    }

    fn mark(&self, lines: &[Line<'_>], at: usize) -> Mark {
        <Self as Padded>::mark(lines, at)
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
    Rows::read(&KubectlPods, text, KubectlPods::read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<Row> {
        KubectlPods::shape(line, None).and_then(|cells| KubectlPods::row(&cells, &mut Vec::new()).ok())
    }

    #[test]
    fn restarts_with_a_span_and_a_missing_address() {
        let row =
            read("default   web-0   0/1   CrashLoopBackOff   5 (5m18s ago)   10m   <none>   node-1   <none>   <none>")
                .expect("a row");
        assert_eq!(
            (row.restarts, row.restarts_ago.as_deref(), row.age.as_deref()),
            (Some(5), Some("5m18s"), Some("10m"))
        );
        assert_eq!((row.ip, row.node.as_deref()), (None, Some("node-1")));
    }

    #[test]
    fn one_namespace_has_no_namespace_cell() {
        let row = read("web-0   2/2   Running   0   3d5h").expect("a row");
        assert_eq!((row.namespace, row.name.as_deref()), (None, Some("web-0")));
    }

    #[test]
    fn deployments_and_stateful_sets_are_no_pods() {
        assert_eq!(read("web   1/1   1   1   5d"), None);
        assert_eq!(read("web   1/1   5d"), None);
        assert_eq!(KubectlPods::header("NAME   READY   UP-TO-DATE   AVAILABLE   AGE"), None);
    }
}
