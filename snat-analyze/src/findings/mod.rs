//! Findings: what stands out in a capture. One rule a file, and one page each in `docs/findings/`.
//!
//! A rule looks at a `Scene` and says what it sees, or nothing. It computes nothing that the ledger, the verdict or the
//! owners do not hold already. To add one: its file, its page, its line in [`RULES`], and a test that it can say no.

mod agreement;
mod allocation_disproved;
mod api_server;
mod at_risk;
mod churn_without_reuse;
mod cluster_ip_doubt;
mod dual_stack_blind_spot;
mod egress_fails;
mod exhausted;
mod failures_without_demand;
mod hanging_connects;
mod host_or_unknown;
mod lost_samples;
mod many_owners_one_address;
mod mesh_doubles;
mod no_single_culprit;
mod one_hot_destination;
mod proxy_on_top;
mod quiet_window;
mod quota_lower;
mod recipe_differs;
mod routes_contradict;
mod scene;
mod snapshot_cover;
mod sql_redirect;
mod standing_stock;
mod synchronised_bursts;
#[cfg(test)]
mod tests;
mod tier_crossed;
mod trace_and_snapshot;
mod tracer_stopped;
mod unreachable_peer;
mod waves;

use crate::report::{Finding, Place, Severity};

pub(crate) use agreement::Agreement;
pub(crate) use scene::{Holding, Scene, name};

/// What a rule looks for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Rule {
    /// Its name: `snat-analyze explain CODE`.
    pub code: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// Its page, as Markdown.
    pub page: &'static str,
    find: fn(&Scene<'_>) -> Option<Said>,
}

/// What a rule says.
pub(crate) struct Said {
    severity: Severity,
    detail: String,
    evidence: Vec<Place>,
    advice: String,
}

macro_rules! rule {
    ($module:ident, $code:literal, $title:literal) => {
        Rule {
            code: $code,
            title: $title,
            page: include_str!(concat!("../../../docs/findings/", $code, ".md")),
            find: $module::find,
        }
    };
}

/// All rules, in the order in which findings of equal severity stand.
pub const RULES: [Rule; 30] = [
    rule!(exhausted, "exhausted", "All ports toward a destination were taken, and connects failed"),
    rule!(egress_fails, "egress-fails", "Connects fail wherever they go"),
    rule!(at_risk, "at-risk", "Few ports are left toward a destination"),
    rule!(allocation_disproved, "allocation-disproved", "More ports were taken than the node is thought to have"),
    rule!(quota_lower, "quota-lower", "The node has fewer ports than believed"),
    rule!(waves, "waves", "Connects come in waves as long as a port is held"),
    rule!(failures_without_demand, "failures-without-demand", "Connects hang while ports are left"),
    rule!(unreachable_peer, "unreachable-peer", "Connects hang to a peer that answers nobody"),
    rule!(hanging_connects, "hanging-connects", "Connects hang to a peer that answers others"),
    rule!(one_hot_destination, "one-hot-destination", "One destination takes most of the ports"),
    rule!(churn_without_reuse, "churn-without-reuse", "Many short connections to one destination"),
    rule!(standing_stock, "standing-stock", "Many connections stay open, or are never closed"),
    rule!(synchronised_bursts, "synchronised-bursts", "Connects come in bursts, at a fixed interval"),
    rule!(no_single_culprit, "no-single-culprit", "No single pod takes the ports"),
    rule!(proxy_on_top, "proxy-on-top", "The first owner connects for others"),
    rule!(many_owners_one_address, "many-owners-one-address", "Many workloads meet at one address"),
    rule!(sql_redirect, "azure-sql-redirect", "Azure SQL takes two connections for each login"),
    rule!(host_or_unknown, "host-or-unknown", "The node itself, or nobody known, holds much"),
    rule!(tier_crossed, "tier-crossed", "The number of nodes is at a step of the port table"),
    rule!(routes_contradict, "routes-contradict", "What says whose a connection is disagrees"),
    rule!(recipe_differs, "recipe-differs", "The manual recipe names somebody else"),
    rule!(trace_and_snapshot, "trace-and-snapshot", "Trace and snapshots show different connections"),
    rule!(mesh_doubles, "mesh-doubles", "A service mesh makes connects twice"),
    rule!(dual_stack_blind_spot, "dual-stack-blind-spot", "Sockets of Java and .NET may be missing from the trace"),
    rule!(tracer_stopped, "tracer-stopped", "Connects stop in the trace while connections still end"),
    rule!(lost_samples, "lost-samples", "The tracer lost samples"),
    rule!(snapshot_cover, "snapshot-cover", "Snapshots show some places, not all"),
    rule!(quiet_window, "quiet-window", "The trace shows a quiet node"),
    rule!(api_server, "api-server", "Connections to the API server may take ports"),
    rule!(cluster_ip_doubt, "cluster-ip-doubt", "Service addresses may stand for public ones"),
];

/// The rule of that name.
///
/// ```
/// let rule = snat_analyze::findings::rule("one-hot-destination").expect("a rule");
/// assert!(rule.page.contains("## How it is computed"));
/// ```
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code == code)
}

/// What all rules say of a scene, the worst first.
pub(crate) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let finding = |rule: &Rule| {
        let said = (rule.find)(scene)?;
        Some(Finding {
            code: rule.code.to_owned(),
            severity: said.severity,
            title: rule.title.to_owned(),
            detail: said.detail,
            evidence: said.evidence,
            advice: said.advice,
            doc: format!("docs/findings/{}.md", rule.code),
        })
    };
    let mut found: Vec<Finding> = RULES.iter().filter_map(finding).collect();
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}
