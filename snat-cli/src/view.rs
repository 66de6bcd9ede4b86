//! What of the ranking is shown, the same in every format: `--namespace`, `--sort-by`, `--top`. Ranks and shares stay
//! those of the node, so that one owner has one rank in every view.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeSet;

use snat_analyze::Report;
use snat_analyze::report::{NodeReport, RankRow};

use crate::args::SortBy;
use crate::exit::Failure;

#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    pub(crate) namespace: Option<String>,
    pub(crate) sort_by: Option<SortBy>,
    /// Rows; `Some(0)` is all, `None` is up to the format.
    pub(crate) top: Option<usize>,
}

impl View {
    /// Whether there is something to show: a namespace without an owner is a typing mistake, most of the time.
    pub(crate) fn check(&self, report: &Report) -> Result<(), Failure> {
        let Some(namespace) = &self.namespace else { return Ok(()) };
        if report.nodes.iter().any(|node| node.ranking.iter().any(|row| self.has(row))) {
            return Ok(());
        }
        let all = report.nodes.iter().flat_map(|node| &node.ranking);
        let there: BTreeSet<&str> = all.filter_map(|row| row.owner.namespace.as_deref()).collect();
        let there = match there.is_empty() {
            true => "no owner is known by namespace".to_owned(),
            false => format!("there is {}", there.into_iter().collect::<Vec<_>>().join(", ")),
        };
        Err(Failure::Usage(format!("no owner in namespace {namespace:?} here: {there}")))
    }

    fn has(&self, row: &RankRow) -> bool {
        self.namespace.as_ref().is_none_or(|namespace| row.owner.namespace.as_ref() == Some(namespace))
    }

    /// Owners of the namespace in the order that was asked for, not yet cut. What a row does not know comes last; equal
    /// ones keep the order of the report.
    pub(crate) fn rows<'r>(&self, node: &'r NodeReport) -> Vec<&'r RankRow> {
        let mut rows: Vec<&RankRow> = node.ranking.iter().filter(|row| self.has(row)).collect();
        match self.sort_by {
            None => {}
            Some(SortBy::Connections) => rows.sort_by_key(|row| Reverse(row.connects_public)),
            Some(SortBy::Rate) => {
                let rate = |row: &RankRow| row.rate_per_s.unwrap_or(-1.0);
                rows.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
            }
            Some(SortBy::Ports) => rows.sort_by_key(|row| Reverse((row.ports_at_node_peak, row.ports_peak))),
            Some(SortBy::Article) => rows.sort_by_key(|row| Reverse(row.article_count)),
        }
        rows
    }

    /// The report with its rankings filtered, sorted and cut, for the formats that programs read.
    pub(crate) fn cut<'r>(&self, report: &'r Report) -> Cow<'r, Report> {
        if self.namespace.is_none() && self.sort_by.is_none() && self.top.is_none_or(|top| top == 0) {
            return Cow::Borrowed(report);
        }
        let mut report = report.clone();
        for node in &mut report.nodes {
            let mut rows: Vec<RankRow> = self.rows(node).into_iter().cloned().collect();
            if let Some(top) = self.top.filter(|top| *top > 0) {
                rows.truncate(top);
            }
            node.ranking = rows;
        }
        Cow::Owned(report)
    }
}
