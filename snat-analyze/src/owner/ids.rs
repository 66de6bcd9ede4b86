//! Ids between process and pod: read from a shim's arguments, brought to the 13 digits that crictl prints.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

/// Digits that crictl prints of an id.
pub(crate) const SHORT: usize = 13;

/// The fewest digits that are taken for the beginning of an id.
const FEWEST: usize = 5;

/// What a shim's arguments say of its sandbox.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ShimId {
    /// Lower-case hex digits: all 64, or those before a cut.
    Hex(String),
    /// Somebody masked it.
    Masked,
    /// Cut off, or not there.
    Missing,
}

#[expect(clippy::expect_used, reason = "constant patterns, compiled by every test")]
static PATTERNS: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    [
        // containerd shim v2; the last word before a cut is glued to its neighbour: `-id0a1b…`
        r"(?:^|\s)-id\s*([0-9a-fA-F]{5,64})(?:[^0-9a-zA-Z]|$)",
        // containerd shim v1
        r"-workdir \S*/([0-9a-f]{64})",
        // conmon
        r"(?:^|\s)-c ([0-9a-f]{64})",
        r"/([0-9a-f]{64})/userdata",
    ]
    .map(|pattern| Regex::new(pattern).expect("a constant pattern"))
});

#[expect(clippy::expect_used, reason = "a constant pattern, compiled by every test")]
static MASKED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:^|\s)-id\s*([0-9a-zA-Z*]+)").expect("a constant pattern"));

impl ShimId {
    /// Reads the arguments as pstree prints them.
    pub(crate) fn read(args: &str) -> Self {
        if let Some(found) = PATTERNS.iter().find_map(|pattern| pattern.captures(args)) {
            return Self::Hex(found[1].to_ascii_lowercase());
        }
        match MASKED.captures(args) {
            Some(found) if found[1].chars().any(|c| !c.is_ascii_hexdigit()) => Self::Masked,
            _ => Self::Missing,
        }
    }
}

/// Whether a printed id was masked: other characters than hex digits.
pub(crate) fn is_masked(id: &str) -> bool {
    id.is_empty() || id.chars().any(|c| !c.is_ascii_hexdigit())
}

/// The 13 digits of a printed id that joins use; `None` for a masked or shorter one.
pub(crate) fn short(id: &str) -> Option<String> {
    (id.len() >= SHORT && !is_masked(id)).then(|| id[..SHORT].to_ascii_lowercase())
}

/// What a shim's id leads to among the ids that crictl printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// A key for the join; whether it is at least as long as crictl prints, and whether it is whole.
    Key { key: String, long: bool, whole: bool },
    /// Several ids begin like it.
    Ambiguous,
    /// Masked here or there.
    Masked,
    /// None begins like it, or there is none.
    Nothing,
}

/// All ids that crictl printed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Printed {
    /// In lower case, whole or cut to at least 13 digits.
    ids: BTreeSet<String>,
    masked: bool,
}

impl Printed {
    pub(crate) fn of<'i>(ids: impl IntoIterator<Item = &'i str>) -> Self {
        let mut printed = Self::default();
        for id in ids {
            if is_masked(id) {
                printed.masked = true;
            } else if id.len() >= SHORT {
                printed.ids.insert(id.to_ascii_lowercase());
            }
        }
        printed
    }

    /// The ids that begin with these digits, cut to those that joins use.
    pub(crate) fn alike(&self, digits: &str) -> BTreeSet<String> {
        let begin = self.ids.range(digits.to_owned()..).take_while(|id| id.starts_with(digits));
        begin.map(|id| id[..SHORT].to_owned()).collect()
    }

    /// Brings an id to its key. A prefix under 13 digits must be that of one id only, and two whole ids that share
    /// their first 13 digits make every shorter one ambiguous.
    pub(crate) fn resolve(&self, id: &ShimId) -> Resolved {
        let digits = match id {
            ShimId::Masked => return Resolved::Masked,
            ShimId::Missing => return Resolved::Nothing,
            ShimId::Hex(digits) if digits.len() < FEWEST => return Resolved::Nothing,
            ShimId::Hex(digits) => digits.as_str(),
        };
        let stem = &digits[..digits.len().min(SHORT)];
        let alike = self.ids.range(stem.to_owned()..).take_while(|id| id.starts_with(stem));
        let mut distinct: Vec<&str> = Vec::new();
        // In order a print of 13 digits stands right before the longer prints of the same id, and goes with them.
        for id in alike.filter(|id| id.starts_with(digits) || digits.starts_with(id.as_str())) {
            match distinct.last_mut() {
                Some(last) if id.starts_with(*last) => *last = id,
                _ => distinct.push(id),
            }
        }
        match distinct.as_slice() {
            [] if self.masked => Resolved::Masked,
            [] => Resolved::Nothing,
            [only] => {
                Resolved::Key { key: only[..SHORT].to_owned(), long: digits.len() >= SHORT, whole: digits.len() == 64 }
            }
            _ => Resolved::Ambiguous,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "9f3c1a77d2e04b5c8a6f0e1d2c3b4a5968778695a4b3c2d1e0f9a8b7c6d5e4f3";

    fn resolve(id: &ShimId, printed: &[&str]) -> Resolved {
        Printed::of(printed.iter().copied()).resolve(id)
    }

    fn hex(id: &str) -> ShimId {
        ShimId::Hex(id.to_owned())
    }

    #[test]
    fn ids_are_read_from_whole_cut_and_glued_arguments() {
        assert_eq!(ShimId::read(&format!("-namespace k8s.io -id {ID} -address /run")), hex(ID));
        assert_eq!(ShimId::read(&format!("-namespace k8s.io -id {ID} ...")), hex(ID));
        assert_eq!(ShimId::read("-namespace k8s.io -id9f3c1a77d2e04b5c8a6f0e1d2"), hex("9f3c1a77d2e04b5c8a6f0e1d2"));
        assert_eq!(ShimId::read("-namespace k8s.io -id 9f3c1a77d2..."), hex("9f3c1a77d2"));
        assert_eq!(ShimId::read(&format!("-s -c {ID} -n k8s_x")), hex(ID));
        assert_eq!(ShimId::read(&format!("-workdir /var/lib/containerd/moby/{ID} -address x")), hex(ID));
        assert_eq!(ShimId::read("-namespace k8s.io -id 2xxxf..."), ShimId::Masked);
        assert_eq!(ShimId::read("-namespace k8s.io -id ..."), ShimId::Missing);
        assert_eq!(ShimId::read("-namespace k8s.io ..."), ShimId::Missing);
    }

    #[test]
    fn five_digits_are_enough_only_where_one_id_begins_with_them() {
        let printed = ["9f3c1a77d2e04", "9f3c1b0000000", "aaaaaaaaaaaaa"];
        assert_eq!(resolve(&hex("9f3c1"), &printed), Resolved::Ambiguous);
        assert_eq!(
            resolve(&hex("9f3c1a"), &printed),
            Resolved::Key { key: "9f3c1a77d2e04".into(), long: false, whole: false }
        );
        assert_eq!(resolve(&hex(ID), &printed), Resolved::Key { key: "9f3c1a77d2e04".into(), long: true, whole: true });
        assert_eq!(resolve(&hex("bbbbbbbbbbbbb"), &printed), Resolved::Nothing);
        assert_eq!(resolve(&hex("9f3c"), &printed), Resolved::Nothing);
    }

    #[test]
    fn masks_on_either_side_are_named() {
        assert_eq!(resolve(&ShimId::Masked, &["9f3c1a77d2e04"]), Resolved::Masked);
        assert_eq!(resolve(&hex(ID), &["2xxxxxxxxf"]), Resolved::Masked);
    }

    #[test]
    fn two_whole_ids_that_begin_alike_are_ambiguous_for_a_shorter_one() {
        let other = format!("{}{}", &ID[..SHORT], "0".repeat(64 - SHORT));
        assert_eq!(resolve(&hex(&ID[..SHORT]), &[ID, &other]), Resolved::Ambiguous);
        assert!(matches!(resolve(&hex(ID), &[ID, &other]), Resolved::Key { .. }));
        assert!(matches!(resolve(&hex(ID), &[&ID[..SHORT], ID]), Resolved::Key { .. }));
    }
}
