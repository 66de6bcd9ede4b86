//! Outputs from outside: one report in every format, files beside standard output, widths, closed pipes.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snat-analyze"));
    command.args(args).env_remove("COLUMNS").env("XDG_CONFIG_HOME", "/nonexistent").stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn capture() -> String {
    fixtures::fixture("captures/node-late.tar.gz").display().to_string()
}

fn stories() -> Vec<String> {
    let list = std::fs::read_dir(fixtures::fixture("bundles")).unwrap();
    let mut found: Vec<String> = list.map(|e| e.unwrap().path().join("bundle").display().to_string()).collect();
    found.sort();
    assert!(found.len() > 8, "{found:?}");
    found
}

/// A folder of its own for one test, gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// `12345` as people's formats print it.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let (head, tail) = digits.split_at(digits.len().saturating_sub(3));
    if head.is_empty() { tail.to_owned() } else { format!("{head},{tail}") }
}

#[test]
fn the_first_owner_is_the_same_in_every_format() {
    for bundle in [capture(), stories().remove(0)] {
        let json: Value = serde_json::from_slice(&run(&["-o", "json", &bundle]).stdout).unwrap();
        let first = &json["nodes"][0]["ranking"][0];
        let (owner, public) = (&first["owner"], first["connects_public"].as_u64().unwrap());
        let (namespace, pod) = (owner["namespace"].as_str().unwrap(), owner["pod"].as_str().unwrap());
        let (recipe, sure) = (first["article_count"].as_u64().unwrap(), first["confidence"].as_str().unwrap());
        let share = format!("{:.0}%", first["share"].as_f64().unwrap() * 100.0);

        let lines = text(&run(&["-o", "ndjson", &bundle]).stdout);
        let owners: Vec<Value> =
            lines.lines().map(|l| serde_json::from_str(l).unwrap()).filter(|l: &Value| l["kind"] == "owner").collect();
        let mut same = owners[0].clone();
        same.as_object_mut().unwrap().retain(|key, _| key != "kind" && key != "node");
        assert_eq!(&same, first, "ndjson");
        assert_eq!(owners.len(), json["nodes"][0]["ranking"].as_array().unwrap().len());

        let table = run(&["-o", "csv", &bundle]).stdout;
        let mut reader = csv::Reader::from_reader(table.as_slice());
        let head = reader.headers().unwrap().clone();
        let row = reader.records().next().expect("a row").unwrap();
        let cell = |name: &str| row.get(head.iter().position(|column| column == name).unwrap()).unwrap().to_owned();
        assert_eq!((cell("namespace"), cell("pod")), (namespace.to_owned(), pod.to_owned()));
        assert_eq!((cell("connects_public"), cell("article_count")), (public.to_string(), recipe.to_string()));
        assert_eq!((cell("confidence"), cell("rank")), (sure.to_owned(), "1".to_owned()));
        assert_eq!(cell("share").parse::<f64>().unwrap(), first["share"].as_f64().unwrap());

        for format in ["table", "wide", "markdown"] {
            let shown = text(&command(&["-o", format, &bundle]).env("COLUMNS", "200").output().unwrap().stdout);
            let line = shown
                .lines()
                .find(|line| line.trim_start_matches(['|', ' ']).starts_with("1 ") && line.contains(pod))
                .unwrap_or_else(|| panic!("{format}: no first owner\n{shown}"));
            for part in [&format!("{namespace}/{pod}"), &grouped(public), &share, &grouped(recipe), sure] {
                assert!(line.contains(part), "{format}: no {part} in {line}");
            }
        }
    }
}

#[test]
fn ndjson_holds_what_json_holds() {
    let bundle = stories().pop().unwrap();
    let json: Value = serde_json::from_slice(&run(&["-o", "json", &bundle]).stdout).unwrap();
    let text = text(&run(&["-o", "ndjson", &bundle]).stdout);
    let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let of = |kind: &str| -> Vec<Value> {
        let own = lines.iter().filter(|line| line["kind"] == kind).cloned();
        own.map(|mut line| {
            line.as_object_mut().unwrap().remove("kind");
            line
        })
        .collect()
    };
    assert_eq!(of("report")[0]["schema_version"], json["schema_version"]);
    assert_eq!(Value::from(of("input")), json["inputs"]);
    assert_eq!(Value::from(of("notice")), json["notices"]);
    let nodes = json["nodes"].as_array().unwrap();
    assert_eq!(of("node").len(), nodes.len());
    for (line, node) in of("node").iter().zip(nodes) {
        assert_eq!((&line["node"], &line["capture"]), (&node["node"], &node["capture"]));
        let own = |kind: &str, list: &str| {
            let named = of(kind).into_iter().filter(|line| line["node"] == node["node"]["name"]);
            let rows: Vec<Value> = named
                .map(|mut line| {
                    line.as_object_mut().unwrap().remove("node");
                    line
                })
                .collect();
            assert_eq!(Value::from(rows), node[list], "{kind}");
        };
        own("owner", "ranking");
        own("destination", "destinations");
    }
}

#[test]
fn markdown_of_a_node_is_short_and_closes_what_it_opens() {
    let odd = Folder::new("many-remarks");
    for file in fixtures::files(Path::new(&stories()[3])).unwrap() {
        std::fs::copy(&file, odd.0.join(file.file_name().unwrap())).unwrap();
    }
    #[cfg(unix)]
    (0..30).for_each(|n| std::os::unix::fs::symlink("/nowhere", odd.0.join(format!("link-{n}"))).unwrap());
    for bundle in stories().into_iter().chain([capture(), odd.0.display().to_string()]) {
        let shown = text(&run(&["-o", "markdown", &bundle]).stdout);
        let nodes = shown.matches("### ").count();
        assert!(nodes <= 2 && shown.lines().count() <= 60, "{bundle}: {}", shown.lines().count());
        assert_eq!(shown.matches("<details>").count(), shown.matches("</details>").count(), "{bundle}");
        assert!(shown.contains("<details>"), "{bundle}");
    }
}

#[test]
fn everything_for_people_fits_every_width() {
    for bundle in stories().into_iter().chain([capture()]) {
        for columns in [60, 72, 80, 100, 131, 160, 200, 240] {
            for args in [vec!["report", &bundle], vec!["inspect", &bundle], vec!["graph", &bundle], vec!["formats"]] {
                let out = command(&args).env("COLUMNS", columns.to_string()).output().unwrap();
                for line in text(&out.stdout).lines() {
                    // A command to be copied is never cut, nor a format's.
                    let copied = line.trim_start().starts_with("$ ") || args[0] == "formats";
                    assert!(line.width() <= columns || copied, "{args:?} at {columns}: {line}");
                    assert_eq!(line.trim_end(), line, "{args:?} at {columns}");
                    assert!(!line.contains('\x1b'));
                }
            }
        }
    }
}

#[test]
fn several_outputs_in_one_run_are_those_of_one_each() {
    let folder = Folder::new("several-outputs");
    let bundle = &stories()[0];
    let (json, page) = (folder.path("report.json"), folder.path("case.md"));
    let out = run(&["-o", "table", "-o", &format!("json={json}"), "-o", &format!("markdown={page}"), bundle]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert_eq!(text(&out.stderr), "");
    assert_eq!(out.stdout, run(&[bundle]).stdout);
    assert_eq!(std::fs::read(&json).unwrap(), run(&["-o", "json", bundle]).stdout);
    assert_eq!(std::fs::read(&page).unwrap(), run(&["-o", "markdown", bundle]).stdout);
    // Refused before anything is read, and left as it was; with --force it is written.
    std::fs::write(&json, "mine").unwrap();
    let again = run(&["-o", &format!("json={json}"), bundle]);
    assert_eq!((again.status.code(), std::fs::read_to_string(&json).unwrap().as_str()), (Some(2), "mine"));
    let forced = run(&["--force", "-o", &format!("json={json}"), bundle]);
    assert_eq!((forced.status.code(), forced.stdout.len()), (Some(0), 0));
    assert_eq!(std::fs::read(&json).unwrap(), run(&["-o", "json", bundle]).stdout);
    // What fails leaves no file.
    let never = folder.path("never.json");
    assert_eq!(run(&["-o", &format!("json={never}"), "/nowhere"]).status.code(), Some(2));
    assert!(!Path::new(&never).exists());
    // The bundle itself is never written, forced or not.
    let own = folder.path("pods.txt");
    std::fs::copy(Path::new(bundle).join("kubectl-pods.txt"), &own).unwrap();
    assert_eq!(run(&["--force", "-o", &format!("json={own}"), &own]).status.code(), Some(2));
    assert_eq!(run(&["--force", "--rejects", &own, &own]).status.code(), Some(2));
    assert_eq!(std::fs::read(&own).unwrap(), std::fs::read(Path::new(bundle).join("kubectl-pods.txt")).unwrap());
}

#[test]
fn what_is_read_is_never_written() {
    let folder = Folder::new("evidence");
    std::fs::create_dir(folder.0.join("b")).unwrap();
    let bundle = folder.path("b");
    let log = folder.0.join("b/tcptracer.log");
    std::fs::copy(Path::new(&stories()[0]).join("tcptracer.log"), &log).unwrap();
    let before = std::fs::read(&log).unwrap();
    for arg in [
        format!("-ojson={bundle}/tcptracer.log"),
        format!("-ocsv={bundle}/../b/new.csv"),
        format!("--rejects={bundle}/r.tsv"),
    ] {
        let done = run(&["--force", &arg, &bundle]);
        assert_eq!(done.status.code(), Some(2), "{arg}");
        assert!(text(&done.stderr).contains("lies in a folder that is read"), "{}", text(&done.stderr));
    }
    assert_eq!(std::fs::read(&log).unwrap(), before);
    assert_eq!(std::fs::read_dir(&bundle).unwrap().count(), 1);
    // Two outputs at one place, however it is spelled.
    for args in [["-ojson=%/a", "-ocsv=%/../evidence/a"], ["-ojson=%/a", "--rejects=%/./a"]] {
        let args = args.map(|arg| arg.replace('%', &folder.0.display().to_string()));
        let done = run(&["--force", &args[0], &args[1], &bundle]);
        assert_eq!(done.status.code(), Some(2), "{args:?}");
        assert!(text(&done.stderr).contains("two outputs for"), "{}", text(&done.stderr));
    }
    assert!(!folder.0.join("a").exists());
    // A run that fails leaves no file of rejects; one without rejects leaves an empty one.
    let rejects = folder.path("r.tsv");
    assert_eq!(run(&["--rejects", &rejects, "/nowhere"]).status.code(), Some(2));
    assert!(!Path::new(&rejects).exists());
    assert_eq!(run(&["--rejects", &rejects, &bundle]).status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(&rejects).unwrap(), "");
}

#[test]
fn the_graph_counts_by_the_rules_of_the_report_and_says_what_was_left() {
    let bundle = &stories()[0];
    let public = |args: &[&str]| {
        let json: Value = serde_json::from_slice(&run(args).stdout).unwrap();
        json["nodes"][0]["vertices"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|v| v["kind"] == "netns")
            .map(|v| v["connects_public"].as_u64().unwrap_or(0))
            .sum::<u64>()
    };
    let all = public(&["graph", "-o", "json", bundle]);
    let none = public(&["graph", "-o", "json", "--no-snat", "0.0.0.0/0", bundle]);
    assert!(all > 0 && none == 0, "{all}, {none}");
    for format in ["tree", "dot", "mermaid"] {
        let done = run(&["graph", "-o", format, "--max-entries", "1", bundle]);
        assert!(text(&done.stderr).contains("more than 1 entries"), "{format}: {}", text(&done.stderr));
        assert_eq!(run(&["graph", "-q", "-o", format, "--max-entries", "1", bundle]).stderr, b"");
    }
    let csv = run(&["-o", "csv", "--max-entries", "1", bundle]);
    assert!(text(&csv.stderr).contains("more than 1 entries"));
}

#[test]
fn letters_that_turn_or_hide_text_are_no_longer_there() {
    let folder = Folder::new("letters");
    let odd = "a\u{61c}b\u{fff9}c\u{ad}d\u{3164}e\u{202e}f";
    let pods = format!(
        "NAMESPACE   NAME        READY   STATUS    RESTARTS   AGE   IP           NODE\n\
         default     {odd}   1/1     Running   0          6h    10.244.3.9   n-1\n"
    );
    std::fs::write(folder.0.join("pods.txt"), pods).unwrap();
    let log = "0 connect 77 x&#8238;&lt;y 4 10.244.3.9 20.51.14.8 1000 443 4026533011\n";
    std::fs::write(folder.0.join("tcptracer.log"), log).unwrap();
    let bundle = folder.0.display().to_string();
    let reports =
        ["table", "wide", "csv", "markdown", "json", "ndjson"].map(|format| vec!["report", "-o", format, &bundle]);
    let graphs = ["tree", "dot", "mermaid", "json"].map(|format| vec!["graph", "-o", format, &bundle]);
    for args in reports.into_iter().chain(graphs) {
        let out = text(&run(&args).stdout);
        let bad = |c: char| "\u{61c}\u{fff9}\u{ad}\u{3164}\u{202e}".contains(c);
        assert!(!out.contains(bad), "{args:?}");
        assert!(args[2] != "dot" || !out.contains("x&#8238;"), "an entity of the bundle's is one in the picture");
    }
}

#[test]
fn a_closed_pipe_is_success_in_every_format() {
    let bundle = capture();
    let reports =
        ["table", "wide", "json", "ndjson", "csv", "markdown"].map(|format| vec!["report", "-o", format, &bundle]);
    let graphs = ["tree", "json", "dot", "mermaid"].map(|format| vec!["graph", "-o", format, &bundle]);
    let others = [vec!["inspect", &bundle], vec!["schema"], vec!["completions", "zsh"], vec!["man"], vec!["formats"]];
    for args in reports.into_iter().chain(graphs).chain(others) {
        let mut child = command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let done = child.wait_with_output().unwrap();
        assert_eq!((done.status.code(), text(&done.stderr).as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn a_full_device_is_an_error() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let full = || Stdio::from(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    for args in [vec!["-o", "json", "x"], vec!["-o", "csv", "x"], vec!["man"]] {
        let bundle = stories()[0].clone();
        let args: Vec<&str> = args.into_iter().map(|arg| if arg == "x" { bundle.as_str() } else { arg }).collect();
        let done = command(&args).stdout(full()).output().unwrap();
        assert_eq!(done.status.code(), Some(1), "{args:?}");
        assert!(text(&done.stderr).contains("cannot write"), "{}", text(&done.stderr));
    }
}
