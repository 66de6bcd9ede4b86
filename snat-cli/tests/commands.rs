//! The commands beside `report`, from outside: rows, the doctor, the lists, and lines that were not understood.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn run(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snat-analyze"));
    command
        .args(args)
        .env_remove("COLUMNS")
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn fixture(path: &str) -> String {
    fixtures::fixture(path).display().to_string()
}

fn rows(out: &Output) -> Vec<Value> {
    text(&out.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// A folder of its own for one test, gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn every_row_has_every_column_of_its_format() {
    let listed: Value = serde_json::from_slice(&run(&["formats", "-o", "json"]).stdout).unwrap();
    let columns = |format: &str| -> Vec<String> {
        let all = listed.as_array().unwrap();
        let own = all.iter().find(|own| own["name"] == format).expect("a listed format");
        own["columns"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap().to_owned()).collect()
    };
    for case in fixtures::cases().unwrap().iter().filter(|case| case.kind == "ok") {
        let done = run(&["parse", &case.path.display().to_string()]);
        assert_eq!(done.status.code(), Some(0), "{}", case.path.display());
        for row in rows(&done) {
            let row = row.as_object().unwrap();
            assert_eq!(row["format"], case.format.as_str());
            assert!(row["line"].as_u64().unwrap() > 0);
            for column in columns(&case.format) {
                assert!(row.contains_key(&column), "{}: no {column}", case.path.display());
            }
        }
    }
}

#[test]
fn parse_says_what_became_of_every_line() {
    let done = run(&["parse", &fixture("formats/netstat/ok/german.txt")]);
    assert_eq!(text(&done.stderr), "2 rows from 4 lines: data 2, skipped 2 (banner 1, header 1), rejected 0\n");
    let row = &rows(&done)[0];
    assert_eq!((row["state"].as_str(), row["remote_port"].as_u64()), (Some("VERBUNDEN"), Some(443)));
    assert_eq!((&row["user"], row["cut"].as_bool()), (&Value::Null, Some(false)));
    let masked = rows(&run(&["parse", &fixture("formats/netstat/ok/masked.txt")]));
    assert_eq!((masked[0]["local_addr"].as_str(), &masked[0]["local_port"]), (Some("10.x.x.x"), &Value::Null));
    assert_eq!((&masked[0]["pid"], masked[0]["cut"].as_bool()), (&Value::Null, Some(true)));
    let said = text(&run(&["parse", &fixture("formats/netstat/ok/masked.txt")]).stderr);
    assert!(said.contains("masked.txt:1: masked-number: PID is masked: xxxxx7"), "{said}");
}

#[test]
fn parse_reads_standard_input_and_columns_that_it_does_not_know() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_snat-analyze"))
        .args(["parse", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let dump = std::fs::read(fixture("formats/kubectl-pods/ok/extra-show-labels.txt")).unwrap();
    child.stdin.take().unwrap().write_all(&dump).unwrap();
    let rows = rows(&child.wait_with_output().unwrap());
    assert_eq!(rows[0]["extra"]["LABELS"], "app=api,pod-template-hash=6c9d7f8b5");
}

#[test]
fn exit_codes_of_parse() {
    let folder = Folder::new("exit-codes");
    let broken = fixture("formats/netstat/err/words-among-rows.txt");
    assert_eq!(run(&["parse", &broken]).status.code(), Some(0));
    assert_eq!(run(&["parse", &broken, "--strict"]).status.code(), Some(3));
    assert_eq!(run(&["parse", &fixture("formats/netstat/ok/german.txt"), "--strict"]).status.code(), Some(0));
    // A format without a row is recognised all the same; nothing, and an empty file, are not.
    let empty = run(&["parse", &fixture("formats/netstat/ok/empty-dump.txt")]);
    assert_eq!((empty.status.code(), empty.stdout.len()), (Some(0), 0));
    for path in [fixture("none/java-log.txt"), folder.write("empty", "")] {
        let done = run(&["parse", &path]);
        assert_eq!(done.status.code(), Some(2), "{path}");
        assert!(text(&done.stderr).contains("nothing recognised"), "{}", text(&done.stderr));
    }
    for args in [&["parse", "/no/such/file"][..], &["parse", &broken, "--format", "nmap"], &["parse"]] {
        assert_eq!(run(args).status.code(), Some(2), "{args:?}");
    }
    let two = run(&["parse", &fixture("captures/node-late.tar.gz")]);
    assert_eq!(two.status.code(), Some(2));
    assert!(text(&two.stderr).contains("entries: see inspect"), "{}", text(&two.stderr));
}

#[test]
fn with_a_format_given_the_others_are_skipped() {
    let page = fixture("mixed/one-terminal.txt");
    let all = rows(&run(&["parse", &page]));
    let formats: Vec<&str> = all.iter().map(|row| row["format"].as_str().unwrap()).collect();
    assert_eq!(formats, ["lsns", "lsns", "pstree", "pstree", "pstree", "crictl-pods", "netstat"]);
    let done = run(&["parse", &page, "--format", "netstat"]);
    assert_eq!(rows(&done).len(), 1);
    assert!(text(&done.stderr).contains("other-format"), "{}", text(&done.stderr));
    let log = run(&["parse", &fixture("mixed/log-between-lists.txt"), "--format", "tcptracer"]);
    assert_eq!(rows(&log).len(), 2);
    let no_log = run(&["parse", &fixture("mixed/log-between-lists.txt"), "--format", "kubectl-nodes"]);
    assert_eq!(rows(&no_log).len(), 1);
    assert_eq!(run(&["parse", &page, "--format", "kubectl-nodes"]).status.code(), Some(2));
}

#[test]
fn lines_that_were_not_understood_go_to_a_file() {
    let folder = Folder::new("rejects");
    let path = folder.0.join("rejects.tsv").display().to_string();
    let bundle = Folder::new("rejects-bundle");
    let err = std::fs::read_to_string(fixture("formats/netstat/err/words-among-rows.txt")).unwrap();
    bundle.write("netstat.txt", &err.replace("hangs", "hangs \x1b[2J"));
    bundle.write("what.txt", "one\ntwo\n");
    let done = run(&["report", &bundle.0.display().to_string(), "--rejects", &path]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let got = std::fs::read_to_string(&path).unwrap();
    let want = "netstat.txt:4\tnot-a-row\tthis is the pod that hangs \nwhat.txt:1\tunknown-format\tone\nwhat.txt:2\tunknown-format\ttwo\n";
    assert_eq!(got.replace("?[2J", ""), want);
    assert!(!got.contains('\x1b'));
    // What is there is not overwritten.
    let again = run(&["report", &bundle.0.display().to_string(), "--rejects", &path]);
    assert_eq!((again.status.code(), again.stdout.len()), (Some(2), 0));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), got);
    // The other commands have it, too, and the sums agree with the tallies.
    for command in ["parse", "inspect"] {
        let path = folder.0.join(command).display().to_string();
        let file = bundle.0.join("netstat.txt").display().to_string();
        assert_eq!(run(&[command, &file, "--rejects", &path]).status.code(), Some(0));
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1, "{command}");
    }
    let late = fixture("captures/node-late.tar.gz");
    let path = folder.0.join("late").display().to_string();
    let report: Value =
        serde_json::from_slice(&run(&["report", &late, "-o", "json", "--rejects", &path]).stdout).unwrap();
    let unknown: u64 = report["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["rejected"].as_u64().unwrap() + i["reasons"]["unknown-format"].as_u64().unwrap_or(0))
        .sum();
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count() as u64, unknown);
}

fn copy(from: &Path, to: &Path, keep: impl Fn(&str) -> bool) {
    for path in fixtures::files(from).unwrap() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if keep(&name) {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

#[test]
fn the_doctor_says_what_is_missing_and_how_to_get_it() {
    let story = fixtures::fixture("bundles/snapshots/bundle");
    let whole: Value =
        serde_json::from_slice(&run(&["inspect", &story.display().to_string(), "-o", "json"]).stdout).unwrap();
    let state = |of: &Value, step: &str| -> String {
        let steps = of["nodes"][0]["steps"].as_array().unwrap();
        steps.iter().find(|s| s["step"] == step).expect("the step")["state"].as_str().unwrap().to_owned()
    };
    for (step, want) in [
        ("connects", "ok"),
        ("address-pod", "ok"),
        ("netns-pid", "missing"),
        ("pid-sandbox", "ok"),
        ("sandbox-pod", "ok"),
        ("node", "ok"),
        ("sockets", "ok"),
    ] {
        assert_eq!(state(&whole, step), want, "{step}");
    }
    // Half of the files gone, one list without addresses, one tree without arguments.
    let half = Folder::new("half");
    copy(&story, &half.0, |name| !name.starts_with("netstat") && !name.starts_with("nodes"));
    half.write("pods.txt", "NAME                   READY   STATUS    RESTARTS   AGE\napi-5f7b9c4d88-lq9zn   1/1     Running   0          3d\n");
    half.write("pstree.txt", "systemd(1)---containerd-shim(9906)---node-agent(9950)\n");
    let half_path = half.0.display().to_string();
    let found: Value = serde_json::from_slice(&run(&["inspect", &half_path, "-o", "json"]).stdout).unwrap();
    for (step, want) in
        [("address-pod", "partial"), ("pid-sandbox", "partial"), ("node", "missing"), ("sockets", "missing")]
    {
        assert_eq!(state(&found, step), want, "{step}");
    }
    let table = text(&run(&["inspect", &half_path]).stdout);
    for words in [
        "-o wide prints them",
        "run it with -a and -l",
        "$ lsns -t net -o",
        "$ kubectl get nodes -o wide",
        "never TERM",
    ] {
        assert_eq!(table.contains(words), words != "never TERM", "{words}\n{table}");
    }
    let lines: Vec<&str> = table.lines().filter(|line| !line.starts_with("  $ ")).collect();
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{table}");
}

#[test]
fn the_doctor_lists_what_it_does_not_know_and_sees_cuts() {
    let folder = Folder::new("cuts");
    folder.write("note.txt", "hello\n");
    let done = run(&["inspect", &folder.0.display().to_string()]);
    assert_eq!(done.status.code(), Some(2));
    assert!(text(&done.stdout).contains("note.txt") && text(&done.stderr).contains("nothing recognised"));
    // The last 4,096 bytes of a dump, as run-command gives them back.
    let row = "tcp        0      0 10.244.7.21:41002       20.50.8.9:443           ESTABLISHED 21011/dotnet         \n";
    let long = row.repeat(60);
    folder.write("run-command.txt", &long[long.len() - 4096..]);
    let done = run(&["inspect", &folder.0.display().to_string(), "-o", "json"]);
    let found: Value = serde_json::from_slice(&done.stdout).unwrap();
    let cut: Vec<&Value> =
        found["inputs"].as_array().unwrap().iter().flat_map(|i| i["cut"].as_array().unwrap()).collect();
    assert!(cut.iter().any(|cut| *cut == "size-at-cap"), "{cut:?}");
}

#[test]
fn the_schema_is_the_one_that_is_documented() {
    let got = text(&run(&["schema"]).stdout);
    let path = fixtures::workspace().join("docs/report.schema.json");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &got).unwrap();
    }
    let want = std::fs::read_to_string(&path).expect("docs/report.schema.json; BLESS=1 writes it");
    assert!(got == want, "docs/report.schema.json has drifted from the types; BLESS=1 writes it anew");
    let schema: Value = serde_json::from_str(&got).unwrap();
    assert_eq!(schema["additionalProperties"], false, "unknown fields are refused");
}

#[test]
fn the_list_of_formats_is_the_registry() {
    let table = text(&run(&["formats"]).stdout);
    for format in snat_parse::formats::FORMATS {
        let meta = format.meta();
        assert!(table.contains(meta.name) && table.contains(meta.command), "{}", meta.name);
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_snat-analyze"))
        .args(["formats", "-o", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert!(done.stderr.is_empty(), "a closed pipe is no error: {}", text(&done.stderr));
}
