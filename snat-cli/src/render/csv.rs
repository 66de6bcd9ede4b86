//! `-o csv`: the ranking, a row an owner, for spreadsheets. Lists are joined by blanks; what is not known is empty. A
//! spreadsheet takes a cell that begins like a formula for one, so such text gets an apostrophe.

use std::borrow::Cow;
use std::io::{self, Write};

use snat_analyze::Report;
use snat_analyze::report::{OwnerKind, RankRow};

use crate::render::style::printable;
use crate::render::words;

/// Names of the columns, in their order; new ones come at the end.
const COLUMNS: [&str; 30] = [
    "node",
    "rank",
    "kind",
    "namespace",
    "pod",
    "workload",
    "host_network",
    "connects_public",
    "share",
    "rate_per_s",
    "established_public",
    "article_count",
    "confidence",
    "reason",
    "top_destination",
    "top_destination_connects",
    "comm",
    "containers",
    "addrs",
    "netns",
    "pids",
    "contradictions",
    "evidence",
    "ports_at_node_peak",
    "ports_share",
    "ports_peak",
    "ports_peak_is_bound",
    "plateau",
    "median_life_s",
    "hang",
];

/// Writes the rankings of all nodes, one below the other.
pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    record(&mut writer, COLUMNS)?;
    for (at, node) in report.nodes.iter().enumerate() {
        let name = words::short_name(&node.node, at);
        for row in &node.ranking {
            let cells = cells(&name, row);
            record(&mut writer, cells.iter().map(|cell| safe(cell).into_owned()))?;
        }
    }
    writer.flush()
}

/// Writes a row; a closed pipe stays one, which the writer's own error would hide.
pub(super) fn record<W: Write, T: AsRef<[u8]>>(
    writer: &mut csv::Writer<W>,
    cells: impl IntoIterator<Item = T>,
) -> io::Result<()> {
    writer.write_record(cells).map_err(|error| match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    })
}

fn cells(node: &str, row: &RankRow) -> [String; 30] {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let fraction = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let numbers = |list: &[u64]| list.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
    let owner = &row.owner;
    let unknown = owner.kind == OwnerKind::Unknown;
    let top = words::top_destination(row);
    let places = row.evidence.iter().filter_map(|step| step.places.first());
    let places: Vec<String> = places.map(|place| format!("{}:{}", place.entry, place.line)).collect();
    let doubts: Vec<String> =
        row.contradictions.iter().map(|found| format!("{}: {} ({})", found.route, found.owner, found.why)).collect();
    [
        node.to_owned(),
        number(row.rank),
        kind(owner.kind).to_owned(),
        text(&owner.namespace),
        text(&owner.pod),
        text(&owner.workload),
        owner.host_network.map(|own| own.to_string()).unwrap_or_default(),
        number(row.connects_public),
        fraction(row.share),
        fraction(row.rate_per_s),
        number(row.established_public),
        number(row.article_count),
        if unknown { String::new() } else { row.confidence.name().to_owned() },
        owner.reason.map(|reason| reason.name().to_owned()).unwrap_or_default(),
        if top.is_some() { words::top(row) } else { String::new() },
        number(top.map(|top| top.connects)),
        text(&owner.comm),
        owner.containers.join(" "),
        owner.addrs.join(" "),
        numbers(&owner.netns),
        numbers(&owner.pids),
        doubts.join("; "),
        places.join(" "),
        number(row.ports_at_node_peak),
        fraction(row.ports_share),
        number(row.ports_peak),
        row.ports_peak.map(|_| row.ports_peak_is_bound.to_string()).unwrap_or_default(),
        fraction(row.plateau),
        fraction(row.median_life_s),
        number(row.hang),
    ]
}

/// As the report spells it.
pub(super) fn kind(kind: OwnerKind) -> &'static str {
    match kind {
        OwnerKind::Pod => "pod",
        OwnerKind::HostProcess => "host-process",
        OwnerKind::Node => "node",
        OwnerKind::Unknown => "unknown",
    }
}

/// A cell that is no formula and moves no cursor.
pub(super) fn safe(cell: &str) -> Cow<'_, str> {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    match (formula, printable(cell)) {
        (true, text) => Cow::Owned(format!("'{text}")),
        (false, text) if text == cell => Cow::Borrowed(cell),
        (false, text) => Cow::Owned(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        assert_eq!(["=1+1", "+x", "-x", "@x", "\tx"].map(|cell| safe(cell).into_owned().starts_with('\'')), [true; 5]);
        assert_eq!(safe("default"), "default");
        assert_eq!(safe("a\x1b[2J"), "a?[2J");
    }
}
