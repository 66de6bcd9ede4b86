//! The shared texts, where they are: outputs as people paste them, and one node's dumps under every flag. Rows are
//! counted another way than the grammars do it: by one regular expression a format, over the whole text.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::collections::BTreeMap;
use std::path::Path;

use regex::Regex;
use snat_parse::{EntryReader, Ignore, Keep, Section};

fn sections(path: &Path, only: Option<&str>) -> Vec<Section> {
    let mut keep = Keep::default();
    keep.only = only.map(|name| snat_parse::formats::by_name(name).expect("a format"));
    let mut reader = EntryReader::new(keep);
    reader.feed(&std::fs::read(path).unwrap(), &mut Ignore);
    reader.finish(&mut Ignore).sections
}

fn rows(sections: &[Section]) -> BTreeMap<&'static str, u64> {
    let mut found = BTreeMap::new();
    for section in sections {
        if let Some(format) = section.format.filter(|_| section.rows > 0) {
            *found.entry(format).or_default() += section.rows;
        }
    }
    found
}

/// `"rows": 12` of an expectation.
fn expected(path: &Path) -> u64 {
    let text = std::fs::read_to_string(path.with_extension("json")).unwrap();
    let found = Regex::new(r#""rows":\s*(\d+)"#).unwrap().captures(&text).map(|found| found[1].to_owned());
    found.unwrap_or_else(|| panic!("{}: no count of rows", path.display())).parse().unwrap()
}

#[test]
fn pasted_outputs_have_the_rows_that_a_reader_counts() {
    for (folder, format) in [
        ("tcptracer", "tcptracer"),
        ("lsns", "lsns"),
        ("pstree", "pstree"),
        ("crictl_ps", "crictl-ps"),
        ("crictl_pods", "crictl-pods"),
        ("kubectl_pods", "kubectl-pods"),
        ("kubectl_nodes", "kubectl-nodes"),
        ("netstat", "netstat"),
        ("none", ""),
    ] {
        let Some(root) = fixtures::shared(&format!("corpus/{folder}")) else { return };
        for path in fixtures::files(&root).unwrap().into_iter().filter(|p| p.extension().is_some_and(|e| e == "txt")) {
            let want = expected(&path);
            let detected = rows(&sections(&path, None));
            assert_eq!(detected.get(format).copied().unwrap_or(0), want, "{} detected: {detected:?}", path.display());
            if format.is_empty() {
                assert!(detected.is_empty(), "{}: {detected:?}", path.display());
            } else {
                let given = rows(&sections(&path, Some(format)));
                assert_eq!(given.get(format).copied().unwrap_or(0), want, "{} given {format}", path.display());
            }
        }
    }
}

/// Format of a file of the variants by its name, and the rows that its text has; `None` for what this issue of the
/// program does not read.
fn counted(name: &str, text: &str) -> Option<(&'static str, usize)> {
    let matches = |pattern: &str| Regex::new(pattern).unwrap().find_iter(text).count();
    let file = name.rsplit('/').next().unwrap_or(name);
    let skipped = [".stderr", ".json", ".yaml", ".ps.txt"].iter().any(|end| name.ends_with(end))
        || ["conntrack/", "ss/", "host/"].iter().any(|folder| name.contains(folder));
    if skipped {
        return None;
    }
    let is_long = text.starts_with("ID:");
    let by_id = || if is_long { matches(r"(?m)^ID: ") } else { matches(r"(?m)^[0-9a-f]{13,64} ") };
    Some(if name.starts_with("tcptracer/") {
        ("tcptracer", matches(r"(?m)^\s*(?:-?[\d.]+\s*)?(?:\d+\s+)?(?:connect|accept|close|[CAX])\s+\d+ .*\n"))
    } else if file.contains("lsns") {
        ("lsns", matches(r"(?m)^\s*40265\d+ "))
    } else if file.contains("pstree") {
        let chains = matches(r"\(\d+\)");
        ("pstree", if chains > 0 { chains } else { matches(r"(?m)^[^\[\n].*$") })
    } else if name.contains("crictl") && file.contains("ps") && !file.contains("pods") {
        ("crictl-ps", if file.starts_with("ps-q") { 0 } else { by_id() })
    } else if name.contains("crictl") && file.contains("pods") {
        ("crictl-pods", by_id())
    } else if file.starts_with("nodes") {
        ("kubectl-nodes", matches(r"(?m) v1\."))
    } else if name.contains("kubectl/") {
        ("kubectl-pods", matches(r"(?m) \d+/\d+ .*$"))
    } else if name.contains("netstat/") {
        ("netstat", matches(r"(?m)^(tcp|udp)6? "))
    } else {
        return None;
    })
}

#[test]
fn every_flag_of_every_tool_gives_the_rows_that_its_text_has() {
    let Some(root) = fixtures::shared("captures/variants") else { return };
    let mut files = 0;
    for path in fixtures::files(&root).unwrap() {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        let Some((format, want)) = counted(&name, &text) else { continue };
        files += 1;
        let sections = sections(&path, None);
        let found = rows(&sections);
        let others: Vec<_> = found.keys().filter(|other| **other != format).collect();
        assert!(others.is_empty(), "{name}: {others:?}");
        assert_eq!(found.get(format).copied().unwrap_or(0), want as u64, "{name}");
        let rejected: u64 = sections.iter().map(|section| section.tally.rejected_lines()).sum();
        // The tracer was killed in the middle of a line.
        assert_eq!(rejected, u64::from(name.ends_with("tv-killed-by-SIGTERM.log")), "{name}");
    }
    assert!(files > 200, "only {files} files were looked at");
}
