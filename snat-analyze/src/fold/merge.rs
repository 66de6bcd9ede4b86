//! The groups of several runs as one set.

use snat_parse::Addr;

use super::{CALLERS, Cell, Group, GroupKey, Map, PIDS_PER_GROUP, PidKey, Run};

/// All counted runs of a capture together, as one set of groups, in an order that no input order shows in.
pub(crate) fn merge(runs: Vec<Run>) -> Map<GroupKey, Group> {
    let mut merged: Map<GroupKey, Group> = Map::default();
    for run in runs {
        for (key, group) in run.groups {
            match merged.get_mut(&key) {
                Some(into) => into.add(group),
                None => {
                    merged.insert(key, group);
                }
            }
        }
    }
    merged.sort_keys();
    merged
}

impl Group {
    pub(super) fn called(&mut self, by: Addr, times: u64) {
        if let Some(known) = self.callers.get_mut(&by) {
            *known += times;
        } else if self.callers.len() < CALLERS {
            self.callers.insert(by, times);
        }
    }

    fn add(&mut self, other: Group) {
        self.rows += other.rows;
        other.callers.into_iter().for_each(|(by, times)| self.called(by, times));
        self.accepts.extend(other.accepts);
        for (pid, cell) in other.cells {
            let pid =
                if self.cells.len() >= PIDS_PER_GROUP && !self.cells.contains_key(&pid) { PidKey::Other } else { pid };
            match self.cells.get_mut(&pid) {
                Some(into) => into.add(pid, cell),
                None => {
                    self.cells.insert(pid, cell);
                }
            }
        }
    }
}

impl Cell {
    fn add(&mut self, pid: PidKey, other: Cell) {
        self.connects += other.connects;
        if pid == PidKey::Other {
            self.comm = None;
        } else if self.comm.is_none() || (other.comm_of_connect && !self.comm_of_connect) {
            self.comm = other.comm.or(self.comm.take());
            self.comm_of_connect |= other.comm_of_connect;
        }
        for (key, dest) in other.dests {
            match self.dests.get_mut(&key) {
                Some(into) => {
                    into.connects += dest.connects;
                    into.last = Some(dest.into_last());
                }
                None => {
                    self.dests.insert(key, dest);
                }
            }
        }
    }
}
