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

#[test]
fn the_profiles_of_the_documents_are_profiles_and_so_is_what_the_command_prints() {
    let folder = Folder::new("profiles");
    let bundle = fixture("bundles/log-and-pods/bundle");
    let allocation = |file: &str| {
        let done = run(&["--profile", file, "-o", "json", &bundle]);
        assert_eq!(done.status.code(), Some(0), "{file}: {}", text(&done.stderr));
        let json: Value = serde_json::from_slice(&done.stdout).unwrap();
        json["nodes"][0]["allocation"].clone()
    };
    for page in ["README.md", "docs/profiles.md"] {
        let shown = std::fs::read_to_string(fixtures::workspace().join(page)).unwrap();
        let example = shown.split("```toml\n").nth(1).expect("an example").split("```").next().unwrap();
        assert_eq!(allocation(&folder.write("own.toml", example))["ports"], 2048, "{page}");
    }
    let page = std::fs::read_to_string(fixtures::workspace().join("docs/profiles.md")).unwrap();
    for name in snat_analyze::Profile::NAMES {
        let printed = text(&run(&["profiles", name]).stdout);
        assert_eq!(allocation(&folder.write("printed.toml", &printed)), allocation(name), "{name}");
        assert!(page.contains(&format!("| `{name}`")), "{name} is not in docs/profiles.md");
    }
}

#[test]
fn dumps_of_tools_that_are_not_read_are_called_by_their_name_in_report_and_doctor() {
    let folder = Folder::new("looks-like");
    for file in ["tcptracer.log", "kubectl-pods.txt"] {
        let story = fixtures::fixture("bundles/log-and-pods/bundle").join(file);
        std::fs::copy(story, folder.0.join(file)).unwrap();
    }
    let head = "State  Recv-Q Send-Q Local Address:Port  Peer Address:Port\n";
    for name in ["a", "b"] {
        folder.write(
            &format!("namespace_with-a-rather-long-name-{name}.ss.txt"),
            &format!("{head}ESTAB 0 0 10.0.0.1:1 10.0.0.2:2\n"),
        );
    }
    folder.write("nf.txt", "tcp 6 431892 ESTABLISHED src=10.244.3.9 dst=20.60.10.4 sport=1 dport=443\n");
    folder.write("nothing.txt", "");
    folder.write("note.txt", "words\n");
    let bundle = folder.0.display().to_string();
    let rejects = folder.0.parent().unwrap().join("looks-like.tsv");
    let rejects = rejects.to_str().unwrap();
    let squeezed = |out: &Output| text(&out.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    let report = run(&["--force", "--rejects", rejects, &bundle]);
    let doctor = run(&["inspect", &bundle]);
    for shown in [squeezed(&report), squeezed(&doctor)] {
        for part in [
            "2 files look like ss, which is not read yet: read them by hand, or send netstat. 4 lines in",
            "1 file looks like conntrack, which is not read yet: read it by hand. 1 line in nf.txt",
            "1 file of no known format. 1 line in note.txt",
            "1 empty file: nothing.txt",
        ] {
            assert!(shown.contains(part), "no {part:?} in {shown}");
        }
    }
    assert!(squeezed(&report).contains("not understood: 5 files"));
    assert!(squeezed(&doctor).contains("is not seen; 2 files look like ss, which is not read yet"));
    let lines = std::fs::read_to_string(rejects).unwrap();
    std::fs::remove_file(rejects).unwrap();
    assert_eq!(lines.lines().filter(|line| line.contains("\tunknown-format\t")).count(), 6, "{lines}");
    let json: Value = serde_json::from_slice(&run(&["inspect", "-o", "json", &bundle]).stdout).unwrap();
    let looks: Vec<&Value> = json["inputs"].as_array().unwrap().iter().map(|input| &input["looks_like"]).collect();
    assert_eq!(looks.iter().filter(|looks| **looks == "ss").count(), 2);
    // The steps come before the files.
    let doctor = text(&doctor.stdout);
    assert!(doctor.find("To capture what is missing").unwrap() < doctor.find("ENTRY").unwrap(), "{doctor}");
}

#[test]
fn the_json_of_a_run_command_that_was_read_is_no_complaint() {
    let folder = Folder::new("wrapped");
    let log = std::fs::read_to_string(fixtures::fixture("bundles/log-and-pods/bundle/tcptracer.log")).unwrap();
    let message = format!("Enable succeeded: \n[stdout]\n{log}\n[stderr]\n");
    let json = serde_json::json!({"value": [{"code": "ProvisioningState/succeeded", "message": message}]});
    folder.write("run.json", &json.to_string());
    let bundle = folder.0.display().to_string();
    let done = run(&[&bundle]);
    let shown = text(&done.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("run.json: output of a run-command in JSON, opened: value[0].message!stdout"), "{shown}");
    assert!(!shown.contains("Not read"), "{shown}");
    let done = run(&["-o", "csv", &bundle]);
    assert_eq!((done.status.code(), text(&done.stderr).as_str()), (Some(0), ""));
    let doctor = text(&run(&["inspect", &bundle]).stdout);
    assert!(doctor.contains("Read from within") && !doctor.contains("Not read"), "{doctor}");
}

#[test]
fn a_zip_without_its_end_is_said_first() {
    let folder = Folder::new("cut-zip");
    let path = folder.0.join("case.zip");
    std::fs::write(&path, b"PK\x03\x04 and so on, but not to the end").unwrap();
    for args in [vec![path.to_str().unwrap()], vec!["-o", "json", path.to_str().unwrap()]] {
        let done = run(&args);
        let said = text(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{said}");
        assert!(said.starts_with("snat-analyze: nothing could be read: case.zip: the zip is cut off"), "{said}");
    }
}

#[test]
fn who_holds_the_fullest_destination_is_said_where_that_is_not_the_first_owner() {
    let folder = Folder::new("holders");
    let mut log = String::new();
    let mut row = |at: u64, kind: &str, from: &str, to: &str, port: u64| {
        log.push_str(&format!("{at} {kind} 77 app 4 {from} {to} {port} 443 4026533011\n"));
    };
    // Many to many places by the first owner, fewer to one place by the second.
    (0..9).for_each(|n| row(n, "connect", "10.244.3.9", &format!("20.60.10.{n}"), 40000 + n));
    (0..5).for_each(|n| row(20 + n, "connect", "10.244.3.8", "20.70.10.1", 50000 + n));
    folder.write("tcptracer.log", &log);
    let shown = text(&run(&[&folder.0.display().to_string()]).stdout);
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("20.70.10.1:443 held 5 of 1,024 ports, <1%. Held by unknown:"), "{shown}");
    assert!(shown.contains("10.244.3.8 5. A port counts"), "{shown}");
}

#[test]
fn what_is_not_shown_fits_the_capture() {
    let folder = Folder::new("not-shown");
    let log = |ip: u8, seconds: u64| {
        let row = |at: u64| {
            format!("{} connect 77 app {ip} 10.244.3.9 20.60.10.1 {} 443 4026533011\n", at * 1_000_000_000, 40000 + at)
        };
        format!("{}{}", row(0), row(seconds))
    };
    let tail = |log: &str| {
        folder.write("tcptracer.log", log);
        let shown = text(&run(&[&folder.0.display().to_string()]).stdout);
        let doctor = text(&run(&["inspect", &folder.0.display().to_string()]).stdout);
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown = squeezed(&shown);
        (shown.split("not shown ").nth(1).unwrap().to_owned(), squeezed(&doctor).contains("(the log has no IPv6 row"))
    };
    let (shown, doctor) = tail(&log(4, 10));
    assert!(
        shown.contains("no IPv6 row") && shown.contains("shorter than a port is held (240 s)") && doctor,
        "{shown}"
    );
    let (shown, doctor) = tail(&log(6, 300));
    assert_eq!(shown, "failed and hanging connects, UDP, connections opened before the trace.");
    assert!(!doctor);
}

#[test]
fn every_finding_is_explained_by_its_page() {
    let list = text(&run(&["explain"]).stdout);
    for rule in &snat_analyze::findings::RULES {
        let done = run(&["explain", rule.code]);
        let page =
            std::fs::read_to_string(fixtures::workspace().join(format!("docs/findings/{}.md", rule.code))).unwrap();
        assert_eq!((done.status.code(), text(&done.stdout)), (Some(0), page), "{}", rule.code);
        assert!(list.lines().any(|line| line.split(' ').next() == Some(rule.code)), "{}", rule.code);
        let index = std::fs::read_to_string(fixtures::workspace().join("docs/findings/README.md")).unwrap();
        assert!(
            index.contains(&format!("| [`{0}`]({0}.md) |", rule.code)) && index.contains(rule.title),
            "{}",
            rule.code
        );
    }
}
