//! The exact sweep: the rows of one run of the tracer replayed into ports held over time.
//!
//! ```text
//! Row ─► ledgers: order by (time, line) ─► moves ─┬─ flows: which connect a close belongs to
//!           (where the log is folded) (of a side) ├─ release: when every hold lets go of a closed flow's port
//!                                                 ├─ counts: now, peak, and every group's part at the node's peak
//!                                                 ├─ ports: first-free simulation · series: values per bucket · lives
//!                                                 └─► replay: what was found
//! ```
//!
//! A port of a destination is held on [open, close + hold). Rows take effect in the order (time, line); before each one
//! every hold that ends at or before its time is released. Memory follows the flows that are open or held, and the
//! pairs of destination and process; not the length of the log.

mod accepted;
mod counts;
mod flows;
mod lanes;
mod ledgers;
mod lines;
mod lives;
mod mesh;
mod moves;
mod order;
mod parts;
mod ports;
mod release;
mod replay;
mod report;
mod seats;
mod series;
mod spot;
mod stage;
mod step;
mod tally;

#[cfg(test)]
mod by_hand;
#[cfg(test)]
mod captures;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod random;
#[cfg(test)]
mod steps;

pub(crate) use lanes::Ends;
pub(crate) use ledgers::{Ended, Ledgers};
pub(crate) use lives::Lives;
pub(crate) use mesh::Home;
#[cfg(test)]
pub(crate) use replay::{Counts, Part, Peak, Series};
pub(crate) use replay::{OPEN, Place, Replay, Share, Spot};
pub(crate) use series::{Bucket, wider};
#[cfg(test)]
pub(crate) use step::SeriesRules;
pub(crate) use step::{Row, Rules, SECOND, StepKind};
#[cfg(test)]
pub(crate) use steps::{Step, Steps};

use crate::crew::Crew;

use lanes::Lane;
use lives::ByGroup;
use stage::Stage;
use step::Told;

/// Replays one run: rows in the order of their times, each of them with its time.
#[derive(Debug)]
struct Sweep {
    rules: Rules,
    stage: Stage,
    lives: ByGroup,
}

/// What is known of a run when its log is over, besides its rows.
#[derive(Clone, Copy, Debug)]
struct End {
    /// Smallest and largest TIME; `None` where the run has none.
    span: Option<(i64, i64)>,
    late: u64,
    unkeyed: u64,
}

/// What a sweep keeps.
#[cfg(test)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// Open, held and accepted flows.
    pub(crate) flows: usize,
    /// Places for flows, those free included.
    pub(crate) slots: usize,
    /// Closed flows that wait for their release, those opened again since included.
    pub(crate) queue: usize,
    /// Rows that wait for earlier ones, or to be handed over.
    pub(crate) pending: usize,
    /// Ends that are kept for rows that wait.
    pub(crate) waiting: usize,
    /// Destinations, and their parts by group and by process.
    pub(crate) counters: usize,
    /// Buckets of all series.
    pub(crate) buckets: usize,
}

impl Sweep {
    fn new(rules: &Rules) -> Self {
        Self { stage: Stage::new(rules, true), rules: rules.clone(), lives: ByGroup::default() }
    }

    /// The same so far, and from now on without the ports of connects that a proxy makes again. To be asked for before
    /// the first connect of a proxy.
    fn less_doubles(&mut self) -> Self {
        let lives = self.lives.all(&mut self.stage.lives);
        self.lives = ByGroup::Here(lives.clone());
        let (rules, stage) = (self.rules.clone(), self.stage.clone());
        let mut other = Self { rules, stage, lives: ByGroup::Here(lives) };
        other.stage.mesh.begin(&mut other.stage.lanes);
        other
    }

    /// Others may do what can be done apart from the rows.
    fn part(&mut self, crew: &Crew) {
        self.lives.part(crew);
    }

    /// The run has no TIME: what was applied so far is to be applied again.
    fn has_no_time(&mut self) {
        // There are none without times.
        self.lives = ByGroup::Here(Vec::new());
        self.stage.again(&self.rules);
    }

    /// The numbers of a connect's ends.
    fn know(&mut self, ends: &Ends) -> Lane {
        self.stage.know(ends)
    }

    /// Takes the next rows, by the numbers of their targets; `strangers` are the ends of those that have no target. How many are
    /// of no lane.
    fn apply(&mut self, rows: &[(i64, Told)], lanes: &[Lane], strangers: &[Ends]) -> u64 {
        let unknown = self.stage.apply_all(rows, lanes, strangers);
        self.lives.take(&mut self.stage.lives);
        unknown
    }

    /// The log is over: what was found. What is left is of no use any more.
    fn finish(&mut self, end: &End) -> Replay {
        self.stage.counts.late = end.late;
        self.stage.counts.unkeyed = end.unkeyed;
        report::replay(&mut self.stage, &self.rules, end.span, &mut self.lives)
    }

    /// What is kept at the moment.
    #[cfg(test)]
    fn size(&self) -> Size {
        Size {
            flows: self.stage.flows.len() + self.stage.releases.held() + self.stage.accepted.len(),
            slots: self.stage.flows.slots(),
            queue: self.stage.releases.len(),
            pending: 0,
            waiting: 0,
            counters: self.stage.counters.spots.len() + self.stage.counters.lanes.len(),
            buckets: self.stage.series.tracks.iter().map(|track| track.values.len()).sum(),
        }
    }
}
