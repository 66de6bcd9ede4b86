//! Rules and their pages belong together.

use std::collections::BTreeSet;

use super::*;

#[test]
fn every_rule_has_its_page() {
    let codes: BTreeSet<&str> = RULES.iter().map(|rule| rule.code).collect();
    assert_eq!(codes.len(), RULES.len(), "a name is there twice");
    for rule in &RULES {
        let mut lines = rule.page.lines();
        assert_eq!(lines.next().unwrap(), format!("# {}", rule.title), "{}", rule.code);
        let heads: Vec<&str> = rule.page.lines().filter(|line| line.starts_with("## ")).collect();
        let want =
            ["## What it means", "## How it is computed", "## What speaks against it", "## What to do", "## Source"];
        assert_eq!(heads, want, "{}", rule.code);
        assert!(rule.page.lines().all(|line| line.chars().count() <= 120), "{}: a line is too long", rule.code);
        assert!(super::rule(rule.code).is_some());
    }
    assert!(super::rule("nothing").is_none());
}

#[test]
fn agreement_counts_each_side_once() {
    let ends = |local: &str, port: u16| ((local.parse().unwrap(), port), ("20.1.1.1".parse().unwrap(), 443));
    let open = [ends("10.0.0.1", 1), ends("10.0.0.1", 2), ends("10.0.0.9", 3)].into();
    let established = [ends("10.0.0.1", 2), ends("10.0.0.1", 4)].into();
    let found = Agreement::of(&open, &established, &["10.0.0.1".parse().unwrap()].into());
    assert_eq!(found, Agreement { both: 1, trace_only: 1, snapshot_only: 1 });
}
