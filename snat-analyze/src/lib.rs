//! Which pod uses up the SNAT ports of a Kubernetes node: captures read, joined, counted, reported.
//!
//! ```text
//! Source ─► bundle: entries ─► snat-parse ─┬─ events ─► fold: groups in constant memory ─┐
//!                                          └─ tables ─► facts ─► frames: joins ─► owners ┴─► rank ─► Report
//! ```
//!
//! Nothing here prints, reads the clock, the environment or the machine that it runs on. A bundle is never unpacked,
//! a link in it never followed.
//!
//! ```
//! use snat_analyze::{Analysis, Options, Source};
//!
//! let log = "\
//! 0             connect      77     curl             4  10.244.3.9       20.51.14.8       40114  443    4026533011
//! 52000000      close        77     curl             4  10.244.3.9       20.51.14.8       40114  443    4026533011
//! ";
//! let source = Source::reader("tcptracer.log", log.as_bytes());
//! let report = Analysis::of(vec![source], &Options::default())?;
//! let row = &report.nodes[0].ranking[0];
//! assert_eq!((row.connects_public, row.article_count), (Some(1), Some(2)));
//! # Ok::<(), snat_analyze::Error>(())
//! ```
//!
//! Sources are paths, readers, or texts in memory ([`Source`]); [`Analysis`] joins and counts, [`Inspection`] says what
//! is there, [`walk`] gives the entries only; [`Observe`] is told how far the reading is and may end it; [`Limits`] is
//! what a bundle may cost. `examples/` has a program for each.

mod analysis;
mod apart;
mod bundle;
mod capture;
mod crew;
pub mod doctor;
pub mod egress;
mod error;
pub mod findings;
mod fold;
mod frames;
pub mod graph;
mod inputs;
mod ledger;
mod mesh;
mod options;
mod owner;
mod rank;
mod reading;
mod remedies;
/// Profiles: how many ports a NAT gives a node, and when a closed connection gives its port back.
pub mod profile {
    pub use crate::ledger::{
        Allocation, Fixed, Found, Holder, Overrides, Path, PerAddress, PoolSize, PoolTable, Profile, ProfileError,
        Quota, Reuse, Sourced, Tcp, Tier, Udp, Why,
    };
}
pub mod report;
pub mod timeline;
mod verdict;
mod what_if;
mod words;
mod work;

pub use analysis::{Analysis, Observe, Quiet};
pub use bundle::{EntryName, Limits, Progress, Source, Visit, walk};
pub use doctor::Inspection;
pub use error::Error;
pub use graph::GraphReport;
pub use options::Options;
pub use profile::Profile;
pub use report::Report;
pub use timeline::TimelineReport;
