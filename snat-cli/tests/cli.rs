//! The command line from outside: exit codes, what goes to which stream, widths, closed pipes, hostile text.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

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

fn story(name: &str) -> String {
    fixtures::fixture(&format!("bundles/{name}/bundle")).display().to_string()
}

fn columns(line: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(line)
}

#[test]
fn report_is_the_default_command() {
    let short = run(&[&capture()]);
    assert_eq!(short.status.code(), Some(0));
    assert_eq!(short.stdout, run(&["report", &capture()]).stdout);
    assert!(short.stderr.is_empty(), "{}", text(&short.stderr));
    assert!(text(&short.stdout).contains("default/orders-worker"));
}

#[test]
fn the_table_fits_every_width_and_loses_no_row() {
    for bundle in std::iter::once(capture()).chain(fixtures::bundles().unwrap().keys().map(|name| story(name))) {
        for width in [60, 80, 100, 132, 200] {
            let done = command(&[&bundle, "--top", "0"]).env("COLUMNS", width.to_string()).output().unwrap();
            let shown = text(&done.stdout);
            for line in shown.lines() {
                // A single word may be longer than the line, and a command that is there to be copied; nothing else is.
                let whole = line.split_whitespace().count() <= 2 || line.starts_with("  $ ");
                assert!(columns(line) <= width || whole, "{bundle} at {width}: {line}");
            }
            assert!(shown.contains("OWNER") && shown.contains("PUBLIC"), "{bundle}");
        }
    }
}

#[test]
fn top_cuts_the_ranking_in_every_format_and_says_so() {
    let table = text(&run(&[&capture(), "--top", "2"]).stdout);
    assert!(table.contains("10 more; --top 0 shows all"), "{table}");
    let json: serde_json::Value =
        serde_json::from_slice(&run(&[&capture(), "--top", "2", "-o", "json"]).stdout).unwrap();
    assert_eq!(json["nodes"][0]["ranking"].as_array().unwrap().len(), 2);
    let whole: serde_json::Value =
        serde_json::from_slice(&run(&[&capture(), "--top", "0", "-o", "json"]).stdout).unwrap();
    assert_eq!(whole["nodes"][0]["ranking"].as_array().unwrap().len(), 12);
}

#[test]
fn standard_input_reads_like_the_file() {
    let archive = std::fs::read(capture()).unwrap();
    let mut child = command(&["-", "-o", "json"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(&archive));
    let done = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let piped = text(&done.stdout).replace("\"bundle\": \"-\"", "\"bundle\": \"node-late.tar.gz\"");
    assert_eq!(piped, text(&run(&[&capture(), "-o", "json"]).stdout));
}

#[test]
fn usage_and_unreadable_input_are_2_in_every_format() {
    let empty = std::env::temp_dir().join(format!("snat-empty-{}.txt", std::process::id()));
    std::fs::write(&empty, "nothing of ours\n").unwrap();
    let empty_path = empty.display().to_string();
    for format in ["table", "json"] {
        for (args, word) in [
            (vec!["no/such/bundle"], "cannot read no/such/bundle"),
            (vec![empty_path.as_str()], "nothing recognised"),
            (vec!["--node", "nobody", &capture()], "no node \"nobody\""),
            (vec!["--no-snat", "nginx", &capture()], "--no-snat \"nginx\" is no address block"),
            (vec!["-", "-"], "only once"),
            (vec!["--no-such-option", "x"], "unexpected argument"),
            (vec!["-o", "html", "x"], "invalid value"),
        ] {
            let mut args: Vec<&str> = args;
            if !args.contains(&"-o") {
                args.extend(["-o", format]);
            }
            let done = run(&args);
            assert_eq!(done.status.code(), Some(2), "{args:?}");
            assert!(done.stdout.is_empty(), "{args:?}");
            assert!(text(&done.stderr).contains(word), "{args:?}: {}", text(&done.stderr));
        }
    }
    std::fs::remove_file(empty).unwrap();
}

#[test]
fn rules_move_destinations_in_and_out_of_the_count() {
    let public = |args: &[&str]| -> u64 {
        let mut all = vec!["-o", "json"];
        let bundle = capture();
        all.push(&bundle);
        all.extend(args);
        let json: serde_json::Value = serde_json::from_slice(&run(&all).stdout).unwrap();
        json["nodes"][0]["capture"]["connects_public"].as_u64().unwrap()
    };
    assert_eq!(public(&[]), 1213);
    assert_eq!(public(&["--no-snat", "20.60.10.4"]), 1213 - 450);
    assert_eq!(public(&["--no-snat", "20.60.10.4:80"]), 1213);
    assert_eq!(public(&["--no-snat", "0.0.0.0/0", "--snat", "20.60.10.4:443", "--no-snat", "2000::/3"]), 450);
    // Of equal prefixes the later option decides, whichever of the two it is.
    assert_eq!(public(&["--no-snat", "20.60.10.4", "--snat", "20.60.10.4"]), 1213);
    assert_eq!(public(&["--snat", "20.60.10.4", "--no-snat", "20.60.10.4"]), 1213 - 450);
}

#[test]
fn a_closed_pipe_is_success() {
    let capture = capture();
    for args in [
        &[capture.as_str(), "-o", "json"][..],
        &["timeline", capture.as_str(), "-o", "json"],
        &["timeline", capture.as_str(), "-o", "csv"],
    ] {
        let mut child = command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut [0; 1]).unwrap();
        drop(out);
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let said = said.lines().filter(|line| !line.contains("were not understood")).collect::<String>();
        assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn text_from_a_bundle_never_moves_the_cursor() {
    let folder = std::env::temp_dir().join(format!("snat-hostile-{}", std::process::id()));
    let evil = "\u{9b}2J\u{202e}ev\x07il\x1b]0;owned";
    std::fs::create_dir_all(&folder).unwrap();
    let row = |comm: &str, n: u32| {
        format!("{n:<14}connect      77     {comm:<16} 4  10.244.3.9       20.51.14.8       {n:<6} 443    4026533011\n")
    };
    let log: String = ["a\x1b[31mb", "\u{9b}2J", "\u{202e}x", "c\x07d", "e\x08f"]
        .iter()
        .zip(1000..)
        .map(|(c, n)| row(c, n))
        .collect();
    std::fs::write(folder.join("tcptracer.log"), log + "junk \x1b[2J\u{9b}0m line\n" + &row("z", 2000)).unwrap();
    std::fs::write(folder.join(format!("{}.txt", evil.replace('/', "_"))), "unknown\n").unwrap();
    let pods = "NAMESPACE   NAME        READY   STATUS    RESTARTS   AGE   IP           NODE     NOMINATED NODE   READINESS GATES\n\
         default     ng\u{9b}inx\u{202e}   1/1     Running   0          6h    10.244.3.9   n\u{7f}-1   <none>           <none>\n";
    std::fs::write(folder.join("pods.txt"), pods).unwrap();
    let path = folder.display().to_string();
    for format in ["table", "json"] {
        let done = run(&[&path, "-o", format]);
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
        let out = text(&done.stdout);
        let bad =
            |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if let Some(found) = out.chars().find(|c| bad(*c)) {
            panic!("{format} holds {found:?}");
        }
    }
    let missing = folder.join("no\u{9b}2J\x1b[2Jsuch");
    let done = run(&[&missing.display().to_string()]);
    assert!(!text(&done.stderr).chars().any(|c| c.is_control() && c != '\n'));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn no_network_call_is_made() {
    let traced = Command::new("strace").arg("-V").output();
    if !traced.is_ok_and(|done| done.status.success()) {
        skipped("strace is not installed");
        return;
    }
    let log: PathBuf = std::env::temp_dir().join(format!("snat-strace-{}", std::process::id()));
    let done = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=%network", "-e", "signal=none", "-o"])
        .arg(&log)
        .args([env!("CARGO_BIN_EXE_snat-analyze"), "report", &capture()])
        .output()
        .unwrap();
    let calls = std::fs::read_to_string(&log).unwrap_or_default();
    let _ = std::fs::remove_file(&log);
    if calls.is_empty() && !done.status.success() {
        skipped(&format!("strace may not trace here: {}", text(&done.stderr)));
        return;
    }
    assert!(done.status.success(), "{}", text(&done.stderr));
    let found: Vec<&str> = calls.lines().filter(|line| is_call(line)).collect();
    assert!(found.is_empty(), "network calls: {found:?}");
}

/// Whether a line of strace names a system call: `26865 socket(AF_INET, …`. A thread that ends while strace
/// looks at it leaves `26865 ???( <detached ...>`, which names none.
fn is_call(line: &str) -> bool {
    let line = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
    line.split_once('(')
        .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_'))
}

#[test]
fn lines_of_strace_that_name_a_call() {
    assert!(is_call("26865 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3"));
    assert!(is_call("connect(3, {sa_family=AF_INET <unfinished ...>"));
    for line in ["26865 ???( <detached ...>", "26865 +++ exited with 0 +++", "26865 <... exit_group resumed>)", ""] {
        assert!(!is_call(line), "{line}");
    }
}

#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
