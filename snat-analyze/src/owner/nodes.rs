//! The node list, and how many nodes it shows.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::Range;

use super::facts::Facts;
use crate::ledger::PoolSize;

/// A row of the node list.
#[derive(Clone, Debug)]
pub(crate) struct NodeRow {
    pub(crate) name: String,
    pub(crate) internal_ip: Option<IpAddr>,
    pub(crate) virtual_kubelet: bool,
    /// AGE in seconds, cut down to the units that kubectl prints.
    pub(crate) age_s: Option<u64>,
}

/// One dump of the node list.
#[derive(Clone, Debug)]
pub(crate) struct NodeList {
    /// Its rows in [`Facts::nodes`].
    pub(crate) rows: Range<usize>,
    /// Whether it has its header and no tool cut it. That its last line does not end is no such cut: pastes are like that.
    pub(crate) whole: bool,
    /// Lines that could not be read, a last one that does not end among them.
    pub(crate) rejected: u64,
}

/// A node that joined more lately than that, in seconds, may have moved the others to another row of the table.
const YOUNG: u64 = 3600;

impl Facts {
    /// Whether there is a list with its header and at least two rows: one row is what `grep` leaves, and then the header
    /// is gone, too.
    pub(crate) fn nodes_whole(&self) -> bool {
        self.node_lists.iter().any(|list| list.is_whole(self))
    }

    /// Nodes of the pool, by the longest whole list that has the captured node in it. Lists are not added up: two of them
    /// may be of different times or clusters.
    pub(crate) fn pool_size(&self, captured: &str) -> Option<PoolSize> {
        let whole = self.node_lists.iter().filter(|list| list.is_whole(self));
        whole
            .filter(|list| list.names(self).contains(captured))
            .map(|list| list.size(self))
            .max_by_key(|size| size.nodes)
    }
}

impl NodeList {
    fn rows<'f>(&self, facts: &'f Facts) -> &'f [NodeRow] {
        facts.nodes.get(self.rows.clone()).unwrap_or_default()
    }

    fn names<'f>(&self, facts: &'f Facts) -> BTreeSet<&'f str> {
        self.rows(facts).iter().map(|row| row.name.as_str()).collect()
    }

    fn is_whole(&self, facts: &Facts) -> bool {
        self.whole && self.names(facts).len() >= 2
    }

    fn size(&self, facts: &Facts) -> PoolSize {
        let members = || self.rows(facts).iter().filter(|row| !row.virtual_kubelet);
        let count = |rows: &mut dyn Iterator<Item = &NodeRow>| {
            rows.map(|row| row.name.as_str()).collect::<BTreeSet<_>>().len() as u64
        };
        PoolSize {
            nodes: count(&mut members()),
            young: count(&mut members().filter(|row| row.age_s.is_some_and(|age| age < YOUNG))),
            unread: self.rejected,
        }
    }
}

/// `41d`, `3d5h`, `2m7s` in seconds; `None` for `<unknown>`.
pub(super) fn age_s(text: &str) -> Option<u64> {
    let mut sum = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let (digits, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let unit = match after.chars().next()? {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'y' => 365 * 86_400,
            _ => return None,
        };
        sum = sum.checked_add(digits.parse::<u64>().ok()?.checked_mul(unit)?)?;
        rest = &after[1..];
    }
    (!text.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use snat_parse::{EntryReader, Ignore, Keep};

    use super::*;

    const HEAD: &str = "NAME  STATUS  ROLES  AGE  VERSION\n";

    fn row(name: &str, status: &str, age: &str, version: &str) -> String {
        format!("{name}   {status}   agent   {age}   {version}\n")
    }

    fn ready(names: &[&str]) -> String {
        names.iter().map(|name| row(name, "Ready", "41d", "v1.32.4")).collect()
    }

    /// The facts of dumps of node lists, each in an entry of its own.
    fn facts(texts: &[String]) -> Facts {
        let mut facts = Facts::default();
        for (at, text) in texts.iter().enumerate() {
            let mut reader = EntryReader::new(Keep::default()).named("kubectl-nodes.txt");
            reader.feed(text.as_bytes(), &mut Ignore);
            reader.finish(&mut Ignore).sections.iter().for_each(|section| facts.add(at, section));
        }
        facts
    }

    fn nodes(texts: &[String], captured: &str) -> Option<u64> {
        facts(texts).pool_size(captured).map(|size| size.nodes)
    }

    #[test]
    fn a_count_needs_a_header_two_rows_and_the_captured_node() {
        let two = ready(&["a-1", "a-2"]);
        assert_eq!(nodes(&[format!("{HEAD}{two}")], "a-2"), Some(2));
        assert_eq!(nodes(&[format!("{HEAD}{two}")], "a-3"), None);
        assert_eq!(nodes(std::slice::from_ref(&two), "a-1"), None);
        assert_eq!(nodes(&[format!("{HEAD}{}", ready(&["a-1"]))], "a-1"), None);
        assert_eq!(nodes(&[format!("{HEAD}{}", ready(&["a-1", "a-1"]))], "a-1"), None);
        assert_eq!(nodes(&[], "a-1"), None);
        // Of a paste without a last line end the last row is unread, and the rest is a list all the same.
        let three = format!("{HEAD}{}", ready(&["a-1", "a-2", "a-3"]));
        let size = facts(&[three.trim_end().to_owned()]).pool_size("a-1");
        assert_eq!(size, Some(PoolSize { nodes: 2, young: 0, unread: 1 }));
    }

    #[test]
    fn a_grep_beside_another_list_makes_neither_of_them_whole() {
        let other = format!("{HEAD}{}", ready(&["b-1", "b-2"]));
        assert_eq!(nodes(&[other.clone(), ready(&["a-1"])], "a-1"), None);
        let own = format!("{HEAD}{}", ready(&["a-1", "a-2", "a-3"]));
        assert_eq!(nodes(&[other, own.clone(), ready(&["a-9"])], "a-1"), Some(3));
        // The same list twice is one pool, and the longer one is the more whole.
        let later = format!("{HEAD}{}", ready(&["a-1", "a-2"]));
        assert_eq!(nodes(&[own.clone(), own, later], "a-1"), Some(3));
    }

    #[test]
    fn virtual_nodes_are_left_out_and_others_count() {
        let list = [
            row("a-1", "Ready", "41d", "v1.32.4"),
            row("virtual-node-aci-linux", "Ready", "41d", "v1.25.0-vk-azure-aci-1.6.1"),
            row("akswin000001", "NotReady,SchedulingDisabled", "2y45d", "v1.31.8"),
        ];
        assert_eq!(nodes(&[format!("{HEAD}{}", list.concat())], "a-1"), Some(2));
    }

    #[test]
    fn young_nodes_and_unread_lines_are_counted() {
        let list = [
            row("a-1", "Ready", "41d", "v1.32.4"),
            row("a-2", "Ready", "59m", "v1.32.4"),
            row("a-3", "Ready", "60m", "v1.32.4"),
            row("a-5", "Ready", "4m", "latest"),
            row("a-4", "Ready", "<unknown>", "v1.32.4"),
        ];
        let size = facts(&[format!("{HEAD}{}", list.concat())]).pool_size("a-1");
        assert_eq!(size, Some(PoolSize { nodes: 4, young: 1, unread: 1 }));
    }

    #[test]
    fn ages_are_summed_up() {
        let ages = [("41d", 41 * 86_400), ("2y45d", 775 * 86_400), ("3h27m", 12_420), ("2m7s", 127), ("0s", 0)];
        for (text, seconds) in ages {
            assert_eq!(age_s(text), Some(seconds), "{text}");
        }
        for text in ["<unknown>", "", "12", "m", "99999999999999999999d", "3ö"] {
            assert_eq!(age_s(text), None, "{text}");
        }
    }
}
