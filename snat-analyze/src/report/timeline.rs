//! Ports held over time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::OwnerRef;

/// Ports held over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Timeline {
    /// One for each run of the tracer: they have no common clock.
    pub runs: Vec<RunTimeline>,
}

/// Ports held over time in one run of the tracer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RunTimeline {
    /// 1 for the first.
    pub run: u64,
    /// Where the first bucket starts, in seconds of the trace.
    pub start_s: f64,
    /// Where the last one ends.
    pub end_s: f64,
    /// Width of a bucket.
    pub bucket_s: f64,
    /// Buckets.
    pub buckets: u64,
    /// The sums over all public destinations by address family, then destinations, the fullest first.
    pub series: Vec<Series>,
    /// Public destinations without a series here: less full ones.
    pub destinations_not_shown: u64,
}

/// What a series is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SeriesKind {
    /// All public IPv4 destinations together, as if no port were used for two.
    Ipv4,
    /// The same of IPv6.
    Ipv6,
    /// One destination.
    Destination,
}

/// A destination over time, or the sum over all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Series {
    /// What it is of.
    pub kind: SeriesKind,
    /// Remote address; null for a sum.
    pub addr: Option<String>,
    /// Remote port; null for a sum.
    pub port: Option<u16>,
    /// `tcp`.
    pub proto: String,
    /// Ports held at once, at most.
    pub ports_peak: u64,
    /// When that was, in seconds of the trace.
    pub at_s: Option<f64>,
    /// The first bucket in which it is known: a destination that held few ports is not followed.
    pub from: u64,
    /// The most ports held in each bucket.
    pub held: Vec<u32>,
    /// The most connections open in each bucket.
    pub open: Vec<u32>,
    /// Who held how many of `held`; they add up to it. The owner that held most first.
    pub owners: Vec<OwnerSeries>,
}

/// An owner's part of a series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OwnerSeries {
    /// Who.
    pub owner: OwnerRef,
    /// Ports held when the series was at its largest in each bucket.
    pub held: Vec<u32>,
}
