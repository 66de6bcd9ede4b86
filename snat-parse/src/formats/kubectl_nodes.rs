//! `kubectl get nodes`, narrow or wide.
//!
//! ```text
//! NAME                                STATUS   ROLES   AGE   VERSION    INTERNAL-IP   EXTERNAL-IP   OS-IMAGE                         KERNEL-VERSION         CONTAINER-RUNTIME
//! aks-nodepool1-30418842-vmss000000   Ready    agent   41d   v1.32.13   10.240.0.4    <none>        Debian GNU/Linux 12 (bookworm)   6.1.0-45-cloud-amd64   containerd://1.6.20~ds1
//! ```
//!
//! ```text
//! row  = name status roles age version [internal-ip external-ip wide]
//! wide = os-image kernel-version runtime      cut at two blanks, else the runtime by its "://" and the kernel before it
//! ```
//!
//! Traps: OS-IMAGE holds blanks, some KERNEL-VERSIONs too; ROLES is `<none>` or a list; an external address means
//! that the node leaves by itself.

use nom::branch::alt;
use nom::combinator::{opt, recognize, verify};
use nom::sequence::preceded;
use nom::{IResult, Parser};

use crate::format::{Format, Mark, Meta, Sheet};
use crate::header::{CellError, CellText, Layout, Padded, addr_cell, cell, required, text_cell};
use crate::lex::{Addr, age, blanks, is_api_name, is_cut_addr, rest_of_line, text_addr, word};
use crate::line::Line;
use crate::table::{Record, Rows, Table, columns};

/// `kubectl get nodes`.
#[derive(Debug)]
pub struct KubectlNodes;

columns! {
    /// One node.
    pub struct Row {
        /// Node name.
        name: String = "name",
        /// Conditions: `Ready`, `NotReady,SchedulingDisabled`.
        status: String = "status",
        /// Roles.
        roles: String = "roles",
        /// Age of the node.
        age: String = "age",
        /// Version of its kubelet.
        version: String = "version",
        /// Its address in the cluster.
        internal_ip: Addr = "internal_ip",
        /// Its own public address, where it has one.
        external_ip: Addr = "external_ip",
        /// Operating system.
        os_image: String = "os_image",
        /// Kernel.
        kernel_version: String = "kernel_version",
        /// Container runtime and version.
        container_runtime: String = "container_runtime",
    }
}

fn status(input: &str) -> IResult<&str, &str> {
    let condition =
        |text: &str| text.split(',').next().is_some_and(|first| matches!(first, "Ready" | "NotReady" | "Unknown"));
    verify(word, condition).parse(input)
}

fn version(input: &str) -> IResult<&str, &str> {
    recognize(verify(word, |text: &str| {
        text.strip_prefix('v').is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit()))
    }))
    .parse(input)
}

/// An address, `<none>`, or what the end of a cut line left of either.
fn ip_word(input: &str) -> IResult<&str, &str> {
    let (after, text) = word(input)?;
    let cut = after.trim().is_empty() && ("<none>".starts_with(text) || is_cut_addr(text));
    if text == "<none>" || text_addr(text).is_some() || cut {
        Ok((after, text))
    } else {
        Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Verify)))
    }
}

/// `key=value,…` of `--show-labels`.
fn labels(input: &str) -> IResult<&str, &str> {
    verify(word, |text: &str| text.contains('=') && text.contains(['/', ','])).parse(input)
}

fn row(input: &str) -> IResult<&str, Vec<CellText<'static, '_>>> {
    let name = verify(word, is_api_name);
    let (input, (_, name, _, status)) = (opt(blanks), name, blanks, status).parse(input)?;
    // ROLES came with Kubernetes 1.8.
    let with_roles = (blanks, word, blanks, age).map(|(_, roles, _, age)| (Some(roles), age));
    let (input, (roles, age)) = alt((with_roles, preceded(blanks, age).map(|age| (None, age)))).parse(input)?;
    let (input, version) = preceded(blanks, version).parse(input)?;
    let mut cells = vec![("NAME", name), ("STATUS", status)];
    cells.extend(roles.map(|roles| ("ROLES", roles)));
    cells.extend([("AGE", age), ("VERSION", version)]);
    let (input, internal) = opt(preceded(blanks, ip_word)).parse(input)?;
    let (input, external) = opt(preceded(blanks, ip_word)).parse(input)?;
    cells.extend(internal.map(|ip| ("INTERNAL-IP", ip)));
    cells.extend(external.map(|ip| ("EXTERNAL-IP", ip)));
    // A page may have taken `<none>` for one of its own marks.
    if external.is_none() && !(internal.is_some() && input.contains("://")) {
        let (input, labels) = opt(preceded(blanks, labels)).parse(input)?;
        cells.extend(labels.map(|labels| ("LABELS", labels)));
        return Ok((input, cells));
    }
    let (input, wide) = rest_of_line(input)?;
    let (wide, last) = match wide.rsplit_once(char::is_whitespace) {
        Some((before, last)) if labels(last).is_ok() && before.contains("://") => (before.trim_end(), Some(last)),
        _ => (wide, None),
    };
    cells.extend(["OS-IMAGE", "KERNEL-VERSION", "CONTAINER-RUNTIME"].into_iter().zip(wide_cells(wide)));
    cells.extend(last.map(|labels| ("LABELS", labels)));
    Ok((input, cells))
}

/// OS image, kernel and runtime: three cells two blanks apart, else told by what they look like.
fn wide_cells(wide: &str) -> Vec<&str> {
    let apart: Vec<&str> = wide.split("  ").map(str::trim).filter(|part| !part.is_empty()).collect();
    // Fewer than three is a line that the screen's edge cut, unless the runtime stands at its end.
    if apart.len() == 3 || wide.is_empty() || (apart.len() < 3 && !wide.contains("://")) {
        return apart;
    }
    match wide.rsplit_once(char::is_whitespace) {
        Some((before, runtime)) if runtime.contains("://") => {
            match before.trim_end().rsplit_once(char::is_whitespace) {
                Some((os, kernel)) => vec![os.trim(), kernel, runtime],
                None => vec![before.trim(), "", runtime],
            }
        }
        _ => vec![wide],
    }
}

impl Padded for KubectlNodes {
    type Row = Row;
    const TITLES: &'static [&'static str] = &[
        "NAME",
        "STATUS",
        "ROLES",
        "AGE",
        "VERSION",
        "INTERNAL-IP",
        "EXTERNAL-IP",
        "OS-IMAGE",
        "KERNEL-VERSION",
        "CONTAINER-RUNTIME",
        "LABELS",
    ];

    fn is_header(layout: &Layout) -> bool {
        layout.has_all(&["NAME", "STATUS", "ROLES", "AGE", "VERSION"])
            || (layout.starts_with(&["NAME", "STATUS"]) && layout.has("VERSION"))
    }

    fn shape<'l>(line: &'l str, _: Option<&Layout>) -> Option<Vec<CellText<'static, 'l>>> {
        row(line).ok().filter(|(rest, _)| rest.trim().is_empty()).map(|(_, cells)| cells)
    }

    fn row(cells: &[CellText<'_, '_>], notes: &mut Vec<(&'static str, String)>) -> Result<Row, CellError> {
        let whole = |found: Option<&str>, grammar: fn(&str) -> IResult<&str, &str>| {
            found.filter(|text| grammar(text).is_ok_and(|(rest, _)| rest.is_empty())).map(str::to_owned)
        };
        Ok(Row {
            name: required(whole(cell(cells, "NAME"), word), cells, "NAME")?,
            status: required(whole(cell(cells, "STATUS"), status), cells, "STATUS")?,
            roles: text_cell(cells, "ROLES"),
            age: required(whole(cell(cells, "AGE"), age), cells, "AGE")?,
            version: required(whole(cell(cells, "VERSION"), version), cells, "VERSION")?,
            internal_ip: addr_cell(cells, "INTERNAL-IP", notes)?,
            external_ip: addr_cell(cells, "EXTERNAL-IP", notes)?,
            os_image: text_cell(cells, "OS-IMAGE"),
            kernel_version: text_cell(cells, "KERNEL-VERSION"),
            container_runtime: text_cell(cells, "CONTAINER-RUNTIME"),
        })
    }

    fn knows(title: &str) -> bool {
        matches!(
            title,
            "NAME"
                | "STATUS"
                | "ROLES"
                | "AGE"
                | "VERSION"
                | "INTERNAL-IP"
                | "EXTERNAL-IP"
                | "OS-IMAGE"
                | "KERNEL-VERSION"
                | "CONTAINER-RUNTIME"
        )
    }
}

impl Format for KubectlNodes {
    fn meta(&self) -> Meta {
        Meta { name: "kubectl-nodes", tool: "kubectl", command: "kubectl get nodes -o wide", columns: Row::COLUMNS }
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
    Rows::read(&KubectlNodes, text, KubectlNodes::read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<Row> {
        KubectlNodes::shape(line, None).and_then(|cells| KubectlNodes::row(&cells, &mut Vec::new()).ok())
    }

    #[test]
    fn wide_cells_are_told_apart_even_when_squeezed() {
        let wide = "n1   Ready   <none>   41d   v1.32.13   10.240.0.4   <none>   Debian GNU/Linux 12 (bookworm)   6.1.0-45   containerd://1.6.20";
        let row = read(wide).expect("a row");
        assert_eq!(
            (row.os_image.as_deref(), row.kernel_version.as_deref()),
            (Some("Debian GNU/Linux 12 (bookworm)"), Some("6.1.0-45"))
        );
        assert_eq!(read(&wide.split_whitespace().collect::<Vec<_>>().join(" ")), Some(row));
    }

    #[test]
    fn deployments_are_no_nodes() {
        assert_eq!(read("web   1/1   1   1   5d"), None);
        assert_eq!(read("web   Running   0   5d   v1"), None);
    }
}
