//! The real captures, held against what really happened on the node.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;
use snat_analyze::report::{OwnerKind, Report};
use snat_analyze::{Analysis, Options, Source};

const CAPTURES: [&str; 2] = ["node-late", "node-mid"];

fn truth(name: &str) -> Value {
    let text = std::fs::read_to_string(fixtures::fixture(&format!("captures/{name}.truth.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn report(path: PathBuf) -> Report {
    Analysis::of(vec![Source::Path(path)], &Options::default()).unwrap()
}

fn public(by_class: &Value) -> u64 {
    by_class.get("public").and_then(Value::as_u64).unwrap_or(0)
}

#[test]
fn every_public_connect_has_its_true_owner() {
    for name in CAPTURES {
        let truth = truth(name);
        let report = report(fixtures::fixture(&format!("captures/{name}.tar.gz")));
        assert_eq!(report.nodes.len(), 1, "{name}");
        let node = &report.nodes[0];
        assert_eq!(node.node.name.as_deref(), truth["node"].as_str(), "{name}");
        assert_eq!(node.node.internal_ip.as_deref(), truth["node_ip"].as_str(), "{name}");
        let mut want: BTreeMap<(String, String), u64> = BTreeMap::new();
        for pod in truth["pods"].as_array().unwrap() {
            let key = (pod["namespace"].as_str().unwrap().to_owned(), pod["name"].as_str().unwrap().to_owned());
            want.insert(key, public(&pod["in_tv_log"]["by_class"]));
        }
        for (process, facts) in truth["not_in_any_pod"].as_object().unwrap() {
            want.insert((String::new(), process.clone()), public(&facts["by_class"]));
        }
        let mut got: BTreeMap<(String, String), u64> = want.keys().map(|key| (key.clone(), 0)).collect();
        for row in &node.ranking {
            assert_ne!(row.owner.kind, OwnerKind::Unknown, "{name}: {:?}", row.owner);
            let owner = row.owner.clone();
            let name = owner.pod.or(owner.comm).unwrap();
            *got.entry((owner.namespace.unwrap_or_default(), name)).or_default() += row.connects_public.unwrap_or(0);
        }
        assert_eq!(got, want, "{name}");
        assert_eq!(node.capture.connects_public, Some(want.values().sum::<u64>()), "{name}");
        let by_class: BTreeMap<String, u64> = serde_json::from_value(truth["totals"]["by_class"].clone()).unwrap();
        if name == "node-late" {
            assert_eq!(node.capture.connects_by_class, by_class);
        }
    }
}

#[test]
fn every_established_socket_has_its_true_owner() {
    for name in CAPTURES {
        let truth = truth(name);
        let want: BTreeMap<String, u64> = serde_json::from_value(truth["established_public"].clone()).unwrap();
        let report = report(fixtures::fixture(&format!("captures/{name}.tar.gz")));
        let mut got: BTreeMap<String, u64> = BTreeMap::new();
        for row in &report.nodes[0].ranking {
            let owner = row.owner.clone();
            let key =
                format!("{}/{}", owner.namespace.unwrap_or_default(), owner.pod.or(owner.comm).unwrap_or_default());
            *got.entry(key).or_default() += row.established_public.unwrap_or(0);
        }
        got.retain(|_, sockets| *sockets > 0);
        assert_eq!(got, want, "{name}");
        assert_eq!(report.nodes[0].capture.established_public, Some(want.values().sum()), "{name}");
    }
}

#[test]
fn every_step_quotes_the_line_it_rests_on() {
    for name in CAPTURES {
        let path = fixtures::fixture(&format!("captures/{name}.tar.gz"));
        let report = report(path.clone());
        let entries = members(&path);
        for edge in report.nodes[0].ranking.iter().flat_map(|row| &row.evidence) {
            for place in &edge.places {
                let text = entries.get(&*place.entry).expect("the entry");
                let line = text.lines().nth(place.line as usize - 1).expect("the line");
                let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(
                    squeeze(line).starts_with(squeeze(&place.text).trim_end_matches('…')),
                    "{}:{}",
                    place.entry,
                    place.line
                );
                let key = |end: &str| {
                    end.split_once(':').map(|(_, key)| key.rsplit('/').next().unwrap_or(key).to_owned()).unwrap()
                };
                assert!([&edge.from, &edge.to].iter().any(|end| line.contains(&key(end))), "{edge:?}");
            }
        }
    }
}

fn members(path: &PathBuf) -> BTreeMap<String, String> {
    let file = flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap());
    let mut found = BTreeMap::new();
    for member in tar::Archive::new(file).entries().unwrap() {
        let mut member = member.unwrap();
        let name = member.path().unwrap().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut member, &mut bytes).unwrap();
        found.insert(name, String::from_utf8_lossy(&bytes).into_owned());
    }
    found
}

#[test]
fn no_line_of_a_real_capture_is_rejected() {
    for name in CAPTURES {
        let report = report(fixtures::fixture(&format!("captures/{name}.tar.gz")));
        for input in &report.inputs {
            assert_eq!(input.rejected, 0, "{name}: {} {:?}", input.entry, input.diagnostics);
        }
    }
}

#[test]
fn folder_and_archive_of_the_shared_captures_agree() {
    for name in CAPTURES {
        let Some(folder) = fixtures::shared(&format!("captures/{name}")) else { return };
        let archive = fixtures::shared(&format!("captures/{name}.tar.gz")).expect("the archive beside the folder");
        let plain = |mut report: Report, prefix: &str| {
            for input in &mut report.inputs {
                input.bundle.clear();
                input.entry = input.entry.strip_prefix(prefix).unwrap_or(&input.entry).to_owned();
            }
            serde_json::to_string(&report).unwrap().replace(&format!("\"{prefix}"), "\"")
        };
        assert_eq!(plain(report(folder), ""), plain(report(archive), &format!("{name}/")), "{name}");
    }
}
