//! `timeline -o csv`: a row for each time and destination, and one for each owner that held a port to it then.

use std::io::{self, Write};

use snat_analyze::report::{OwnerRef, SeriesKind};
use snat_analyze::timeline::TimelineReport;

use crate::render::csv::{kind, record, safe};
use crate::render::words;

/// Names of the columns, in their order; new ones come at the end.
const COLUMNS: [&str; 15] = [
    "node",
    "run",
    "time_s",
    "bucket_s",
    "series",
    "addr",
    "port",
    "proto",
    "kind",
    "namespace",
    "pod",
    "owner",
    "held",
    "open",
    "allocation",
];

pub(super) fn write(report: &TimelineReport, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    record(&mut writer, COLUMNS)?;
    for (at, node) in report.nodes.iter().enumerate() {
        let name = words::short_name(&node.node, at);
        let ports = node.allocation.ports.map(|ports| ports.to_string()).unwrap_or_default();
        for run in node.timeline.iter().flat_map(|timeline| &timeline.runs) {
            for series in &run.series {
                let what = match series.kind {
                    SeriesKind::Ipv4 => "ipv4",
                    SeriesKind::Ipv6 => "ipv6",
                    _ => "destination",
                };
                let from = usize::try_from(series.from).unwrap_or(0);
                for (bucket, (held, open)) in series.held.iter().zip(&series.open).enumerate().skip(from) {
                    let time = run.start_s + bucket as f64 * run.bucket_s;
                    let mut row = |owner: Option<&OwnerRef>, held: u32, open: Option<u32>| {
                        let port = series.port.map(|port| port.to_string()).unwrap_or_default();
                        let of = |text: Option<&String>| text.cloned().unwrap_or_default();
                        let cells: [String; 15] = [
                            name.clone(),
                            run.run.to_string(),
                            // A sum of rounded numbers may have a tail.
                            format!("{}", (time * 1e6).round() / 1e6),
                            run.bucket_s.to_string(),
                            what.to_owned(),
                            of(series.addr.as_ref()),
                            port,
                            series.proto.clone(),
                            owner.map_or("all", |owner| kind(owner.kind)).to_owned(),
                            of(owner.and_then(|owner| owner.namespace.as_ref())),
                            of(owner.and_then(|owner| owner.pod.as_ref())),
                            owner.map(words::label_of).unwrap_or_default(),
                            held.to_string(),
                            open.map(|open| open.to_string()).unwrap_or_default(),
                            ports.clone(),
                        ];
                        record(&mut writer, cells.iter().map(|cell| safe(cell).into_owned()))
                    };
                    row(None, *held, Some(*open))?;
                    for owner in &series.owners {
                        if let Some(held) = owner.held.get(bucket).filter(|held| **held > 0) {
                            row(Some(&owner.owner), *held, None)?;
                        }
                    }
                }
            }
        }
    }
    writer.flush()
}
