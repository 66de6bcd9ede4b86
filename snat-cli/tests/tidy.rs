//! The house rules, as tests: layout, who may depend on whom, no network crate, a README that tells the truth.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

const CRATES: [&str; 5] = ["snat-parse", "snat-analyze", "snat-cli", "fixtures", "benches"];

fn read(path: &str) -> String {
    std::fs::read_to_string(fixtures::workspace().join(path)).unwrap_or_else(|error| format!("{path}: {error}"))
}

/// Names of the crates below one package, or below the whole workspace.
fn tree(package: &[&str]) -> BTreeSet<String> {
    let done = Command::new(env!("CARGO"))
        .current_dir(fixtures::workspace())
        .args(["tree", "--offline", "--locked", "-e", "normal", "--prefix", "none"])
        .args(package)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8(done.stdout).unwrap();
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// Sources of a crate, tests aside.
fn sources(name: &str) -> Vec<PathBuf> {
    let all = fixtures::files(&fixtures::workspace().join(name).join("src")).unwrap();
    all.into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs")).collect()
}

#[test]
fn the_tree_has_no_network_and_no_runtime_crate() {
    let tree = tree(&["--workspace"]);
    for name in [
        "tokio",
        "mio",
        "socket2",
        "reqwest",
        "hyper",
        "h2",
        "object_store",
        "rustls",
        "openssl",
        "openssl-sys",
        "async-std",
        "smol",
        "ureq",
        "curl",
        "quinn",
        "native-tls",
    ] {
        assert!(!tree.contains(name), "{name} is in the tree");
    }
    assert!(tree.contains("polars") && tree.contains("nom"), "the tree was not read");
}

#[test]
fn every_format_has_a_fuzz_target() {
    let manifest = read("fuzz/Cargo.toml");
    for format in snat_parse::formats::FORMATS {
        let name = format.meta().name.replace('-', "_");
        let target = read(&format!("fuzz/fuzz_targets/{name}.rs"));
        assert!(target.contains(format.meta().name), "{name}: another format is fuzzed");
        assert!(
            manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")),
            "{name} is no target of fuzz/Cargo.toml"
        );
    }
}

#[test]
fn crates_know_only_what_they_may() {
    let parse = tree(&["-p", "snat-parse"]);
    for name in ["polars", "polars-core", "clap", "serde", "tar", "flate2", "snat-analyze"] {
        assert!(!parse.contains(name), "snat-parse knows {name}");
    }
    let analyze = tree(&["-p", "snat-analyze"]);
    for name in ["clap", "terminal_size", "snat-cli", "fixtures"] {
        assert!(!analyze.contains(name), "snat-analyze knows {name}");
    }
}

#[test]
fn libraries_touch_no_machine() {
    let forbidden: [(&str, &[&str]); 2] = [
        ("snat-parse", &["std::fs", "std::env", "std::process", "std::time", "std::thread", "std::io::std"]),
        (
            "snat-analyze",
            &[
                "std::env",
                "std::process",
                "std::time",
                "SystemTime",
                "io::stdin",
                "io::stdout",
                "io::stderr",
                "std::net::Tcp",
            ],
        ),
    ];
    for (name, words) in forbidden {
        for path in sources(name) {
            let text = std::fs::read_to_string(&path).unwrap();
            for word in words {
                assert!(!text.contains(word), "{}: {word}", path.display());
            }
        }
    }
    // Only the bundle reader opens files, only frames touch polars, and no format knows another.
    for path in sources("snat-analyze") {
        let text = std::fs::read_to_string(&path).unwrap();
        let shown = path.display().to_string();
        assert!(!text.contains("std::fs") || shown.contains("/bundle/"), "{shown}: std::fs");
        assert!(!text.contains("polars::") || shown.contains("/frames/"), "{shown}: polars");
    }
    for path in sources("snat-parse").iter().filter(|path| path.display().to_string().contains("/formats/")) {
        let text = std::fs::read_to_string(path).unwrap();
        let name = path.components().rev().find_map(|part| {
            let part = part.as_os_str().to_string_lossy().into_owned();
            ["lsns", "pstree", "crictl_ps", "crictl_pods", "kubectl_pods", "kubectl_nodes", "tcptracer"]
                .into_iter()
                .find(|f| part.trim_end_matches(".rs") == *f)
        });
        let Some(own) = name else { continue };
        for other in ["lsns", "pstree", "crictl_ps", "crictl_pods", "kubectl_pods", "kubectl_nodes", "tcptracer"] {
            assert!(other == own || !text.contains(&format!("formats::{other}")), "{}: knows {other}", path.display());
        }
    }
}

#[test]
fn the_layout_is_the_one_that_is_written_down() {
    let root = read("Cargo.toml");
    for name in CRATES {
        assert!(
            read(&format!("{name}/Cargo.toml")).contains(&format!("name = \"{name}\"")),
            "{name}: folder and crate differ"
        );
        assert!(root.contains(&format!("\"{name}\"")), "{name} is no member");
    }
    for file in [
        "README.md",
        "CHANGELOG.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "deny.toml",
        ".ci/run",
        "docs/architecture.md",
        "docs/adding-a-format.md",
        "docs/performance.md",
    ] {
        assert!(fixtures::workspace().join(file).is_file(), "{file} is missing");
    }
    let decisions = fixtures::files(&fixtures::workspace().join("docs/decisions")).unwrap();
    assert!(!decisions.is_empty());
}

#[test]
fn no_file_is_a_giant() {
    for name in ["snat-parse", "snat-analyze", "snat-cli"] {
        for path in sources(name) {
            let lines = std::fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= 800, "{}: {lines} lines", path.display());
        }
    }
}

#[test]
fn the_readme_s_quick_start_is_two_commands_and_ci_runs_the_second() {
    let readme = read("README.md");
    let section = readme.split("## Quick start").nth(1).expect("the section").split("\n## ").next().unwrap();
    let block = section.split("```").nth(1).expect("a fenced block");
    let commands: Vec<&str> = block.lines().skip(1).filter(|line| !line.trim().is_empty()).collect();
    assert_eq!(commands.len(), 2, "{commands:?}");
    assert!(commands[0].starts_with("cargo run --release") && commands[0].contains("fixtures/"), "{}", commands[0]);
    assert!(read(".ci/run").contains(commands[1]), "CI does not run {}", commands[1]);
    let bundle = commands[0].split_whitespace().find(|word| word.starts_with("fixtures/")).unwrap();
    assert!(fixtures::workspace().join(bundle).exists(), "{bundle}");
    // The report that the README shows is the one that the program prints.
    let shown = readme.split("```text\n").nth(1).expect("a pasted report").split("```").next().unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_snat-analyze"))
        .arg(fixtures::workspace().join(bundle))
        .env("COLUMNS", "80")
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(done.stdout).unwrap().trim_end(), shown.trim_end());
}
