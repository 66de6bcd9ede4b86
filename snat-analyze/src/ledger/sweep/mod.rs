//! The exact sweep: the rows of one run of the tracer replayed into ports held over time.
//!
//! ```text
//! Row ─► order: by (time, line) ─► moves ─┬─ flows: which connect a close belongs to
//!                                         ├─ release: when every hold lets go of a closed flow's port
//!                                         ├─ counts: now, peak, and every group's part at the node's peak
//!                                         ├─ ports: first-free simulation · series: values per minute · lives
//!                                         └─► replay: what was found
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
mod lives;
mod mesh;
mod moves;
mod order;
mod ports;
mod release;
mod replay;
mod report;
mod series;
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
pub(crate) use ledgers::Ledgers;
pub(crate) use lives::Lives;
pub(crate) use mesh::Home;
#[cfg(test)]
pub(crate) use replay::{Counts, Part, Peak, Series, Share};
pub(crate) use replay::{OPEN, Place, Replay, Spot};
pub(crate) use series::{Bucket, wider};
#[cfg(test)]
pub(crate) use step::SeriesRules;
pub(crate) use step::{Row, Rules, SECOND, StepKind};
#[cfg(test)]
pub(crate) use steps::Step;

use lanes::{Lane, NONE};
use order::Order;
use stage::{Move, Stage};
use step::Bits;

/// Replays one run, row by row.
#[derive(Clone, Debug)]
pub(crate) struct Sweep {
    rules: Rules,
    clock: Clock,
    stage: Stage,
    order: Order<Move>,
    /// Smallest and largest TIME; the other way round before the first.
    span: (i64, i64),
    unkeyed: u64,
}

/// Whether the run has TIME.
#[derive(Clone, Debug)]
enum Clock {
    /// Not known yet: rows without TIME so far, with their lines.
    Unknown(Vec<(u64, Move)>),
    /// TIME of the row before; a row whose own is masked takes it over.
    Runs(i64),
    None,
}

/// What a sweep keeps.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// Open, held and accepted flows.
    pub(crate) flows: usize,
    /// Places for flows, those free included.
    pub(crate) slots: usize,
    /// Closed flows that wait for their release, those opened again since included.
    pub(crate) queue: usize,
    /// Rows that wait for earlier ones.
    pub(crate) pending: usize,
    /// Destinations, and their parts by group and by process.
    pub(crate) counters: usize,
    /// Buckets of all series.
    pub(crate) buckets: usize,
}

impl Sweep {
    pub(crate) fn new(rules: &Rules) -> Self {
        Self {
            stage: Stage::new(rules, true),
            rules: rules.clone(),
            clock: Clock::Unknown(Vec::new()),
            order: Order::new(),
            span: (i64::MAX, i64::MIN),
            unkeyed: 0,
        }
    }

    /// The same so far, and from now on without the ports of connects that a proxy makes again. To be asked for before
    /// the first connect of a proxy.
    pub(crate) fn less_doubles(&mut self) -> Self {
        self.order.hand_on(&mut |rows| self.stage.apply_all(rows));
        let mut other = self.clone();
        other.stage.mesh.begin(&other.stage.lanes);
        other
    }

    /// The numbers of a connect's ends, for [`Sweep::hear`].
    pub(crate) fn know(&mut self, ends: &Ends) -> Lane {
        self.stage.know(ends)
    }

    /// Takes the next row of the log, whose ends a connect has made known; `time` is of no meaning where the row has
    /// none.
    #[inline]
    fn hear(&mut self, time: i64, line: u64, row: Move) {
        self.time(row.bits.is_timed().then_some(time));
        self.push(line, row);
    }

    /// Takes the next row of the log, one that is no connect.
    pub(crate) fn stranger(&mut self, row: &Row, ends: &Ends) {
        self.time(row.time);
        let lane = self.stage.wait(ends);
        self.push(row.line, Move { lane, way: NONE, sport: row.sport, bits: Bits::of(row).stranger() });
    }

    /// Takes the next row of the log, one behind what is measured: it says what time it is.
    pub(crate) fn behind(&mut self, row: &Row) {
        self.time(row.time);
        self.push(row.line, Move { lane: NONE, way: NONE, sport: row.sport, bits: Bits::of(row).only_time() });
    }

    /// Takes the next row of the log, one that is not replayed: an end is masked, or a port is 0.
    pub(crate) fn unkeyed(&mut self, time: Option<i64>) {
        self.time(time);
        self.unkeyed += 1;
    }

    #[inline]
    fn push(&mut self, line: u64, row: Move) {
        match &mut self.clock {
            Clock::Runs(time) => {
                let time = *time;
                self.order.push(time, line, row, &mut |rows| self.stage.apply_all(rows));
            }
            Clock::Unknown(rows) => {
                rows.push((line, row));
                if rows.len() > order::PENDING {
                    self.has_no_time();
                }
            }
            Clock::None => self.stage.apply(0, &row),
        }
    }

    #[inline]
    fn time(&mut self, time: Option<i64>) {
        let Some(time) = time else { return };
        let (low, high) = &mut self.span;
        (*low, *high) = ((*low).min(time), (*high).max(time));
        match &mut self.clock {
            Clock::Runs(last) => *last = time,
            Clock::Unknown(_) => self.time_is_known(time),
            Clock::None => {}
        }
    }

    /// The first TIME of the run: rows before it, whose own is masked, take it over.
    #[cold]
    fn time_is_known(&mut self, time: i64) {
        if let Clock::Unknown(rows) = &mut self.clock {
            let rows = std::mem::take(rows);
            self.clock = Clock::Runs(time);
            for (line, row) in rows {
                self.order.push(time, line, row, &mut |rows| self.stage.apply_all(rows));
            }
        }
    }

    fn has_no_time(&mut self) {
        if let Clock::Unknown(rows) = &mut self.clock {
            let rows = std::mem::take(rows);
            self.clock = Clock::None;
            self.stage.again(&self.rules);
            rows.into_iter().for_each(|(_, row)| self.stage.apply(0, &row));
        }
    }

    /// The log is over.
    pub(crate) fn finish(mut self) -> Replay {
        self.has_no_time();
        self.order.drain(&mut |rows| self.stage.apply_all(rows));
        let timed = matches!(self.clock, Clock::Runs(_));
        self.stage.counts.late = self.order.late;
        self.stage.counts.unkeyed = self.unkeyed;
        let span = Some(self.span).filter(|(low, high)| timed && low <= high);
        report::replay(self.stage, &self.rules, span)
    }

    /// What is kept at the moment.
    #[cfg(test)]
    pub(crate) fn size(&self) -> Size {
        Size {
            flows: self.stage.flows.len() + self.stage.accepted.len(),
            slots: self.stage.flows.slots(),
            queue: self.stage.releases.len(),
            pending: self.order.pending(),
            counters: self.stage.counters.spots.len() + self.stage.counters.lanes.len(),
            buckets: self.stage.series.tracks.iter().map(|track| track.values.len()).sum(),
        }
    }
}
