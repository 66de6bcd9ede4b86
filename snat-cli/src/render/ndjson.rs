//! `-o ndjson`: the report in one object a line. The first has the version; each says by `kind` what it is, and those of
//! a node say by `node` of which. Put together they hold what `-o json` holds.

use std::io::{self, Write};

use serde::Serialize;
use snat_analyze::Report;
use snat_analyze::profile::Allocation;
use snat_analyze::report::{
    Callee, CannotKnow, Capture, Finding, Input, Node, NodeDestination, Notice, PhoneTest, RankRow, Remedy,
    RunTimeline, Tool, Verdict, WhatIf,
};

use crate::render::{json, words};

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Line<'a> {
    Report {
        schema_version: u32,
        tool: &'a Tool,
    },
    Node {
        node: &'a Node,
        owners: u64,
        allocation: &'a Allocation,
        capture: &'a Capture,
        verdict: &'a [Verdict],
        cannot_know: &'a [CannotKnow],
        call: Option<&'a Callee>,
        phone_test: Option<&'a PhoneTest>,
        findings: &'a [Finding],
        remedies: &'a [Remedy],
        #[serde(skip_serializing_if = "<[WhatIf]>::is_empty")]
        what_if: &'a [WhatIf],
    },
    Owner {
        /// Name of the node; its place in the report where it has none.
        node: &'a str,
        #[serde(flatten)]
        row: &'a RankRow,
    },
    Destination {
        node: &'a str,
        #[serde(flatten)]
        destination: &'a NodeDestination,
    },
    Timeline {
        node: &'a str,
        #[serde(flatten)]
        run: &'a RunTimeline,
    },
    Input(&'a Input),
    Notice(&'a Notice),
}

/// Writes the report, a line an object.
pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut line = |line: Line<'_>| json::write_line(&line, out);
    line(Line::Report { schema_version: report.schema_version, tool: &report.tool })?;
    for (at, node) in report.nodes.iter().enumerate() {
        let name = words::short_name(&node.node, at);
        line(Line::Node {
            node: &node.node,
            owners: node.owners,
            allocation: &node.allocation,
            capture: &node.capture,
            verdict: &node.verdict,
            cannot_know: &node.cannot_know,
            call: node.call.as_ref(),
            phone_test: node.phone_test.as_ref(),
            findings: &node.findings,
            remedies: &node.remedies,
            what_if: &node.what_if,
        })?;
        for row in &node.ranking {
            line(Line::Owner { node: &name, row })?;
        }
        for destination in &node.destinations {
            line(Line::Destination { node: &name, destination })?;
        }
        for run in node.timeline.iter().flat_map(|timeline| &timeline.runs) {
            line(Line::Timeline { node: &name, run })?;
        }
    }
    report.inputs.iter().try_for_each(|input| line(Line::Input(input)))?;
    report.notices.iter().try_for_each(|notice| line(Line::Notice(notice)))
}
