//! Progress: on a terminal and only there, and gone at the end. `script` makes the terminal.

use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_snat-analyze");

/// A log that takes longer than half a second to come.
fn slow() -> String {
    let log = fixtures::fixture("bundles/log-and-pods/bundle/tcptracer.log");
    let log = log.display();
    format!("(cat '{log}'; sleep 0.7; cat '{log}'; sleep 0.2; cat '{log}')")
}

fn script(shell: &str) -> Command {
    let mut command = Command::new("script");
    command.args(["-qec", shell, "/dev/null"]).env("TERM", "xterm").env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

/// What a terminal would show; `None` without `script`.
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn on_terminal(shell: &str) -> Option<Output> {
    let done = script(shell).stdin(Stdio::null()).output();
    if done.is_err() {
        eprintln!("skipped: script is not installed");
    }
    done.ok()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn progress_is_shown_on_a_terminal_and_cleared() {
    let Some(done) = on_terminal(&format!("{} | '{BINARY}' -o csv - > /dev/null", slow())) else { return };
    let shown = text(&done.stdout);
    assert!(shown.contains(" read, ") && shown.contains("B/s"), "{shown:?}");
    // Nothing printable stands behind the last time that the line was cleared.
    let cleared = shown.rfind("\x1b[2K").expect("a cleared line");
    let rest = shown[cleared..].replace("\x1b[2K", "");
    assert!(!rest.contains("read"), "{rest:?}");
    for quiet in ["--no-progress", "-q"] {
        let done = on_terminal(&format!("{} | '{BINARY}' {quiet} -o csv - > /dev/null", slow())).unwrap();
        assert_eq!(text(&done.stdout).trim(), "", "{quiet}");
    }
}

#[test]
fn there_is_no_progress_in_a_pipe() {
    let done =
        Command::new("sh").args(["-c", &format!("{} | '{BINARY}' -o json - > /dev/null", slow())]).output().unwrap();
    assert_eq!((done.status.code(), text(&done.stderr).as_str()), (Some(0), ""));
}

#[test]
fn ctrl_c_leaves_a_clean_terminal() {
    // The key as a terminal gets it, while the line stands there; the shell says the exit code.
    let shell =
        format!("({}; sleep 20) | sh -c \"trap : INT; '{BINARY}' -o csv - > /dev/null; echo ended \\$? .\"", slow());
    let child = script(&shell).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else { return };
    let mut keys = child.stdin.take().unwrap();
    let mut screen = child.stdout.take().unwrap();
    let mut until = |mark: &str| {
        let mut shown = String::new();
        let mut buffer = [0; 4096];
        while !shown.contains(mark) {
            let got = screen.read(&mut buffer).unwrap();
            assert!(got > 0, "no {mark:?}: {shown:?}");
            shown.push_str(&text(&buffer[..got]));
        }
        shown
    };
    until("2.70 KiB read");
    keys.write_all(b"\x03").unwrap();
    keys.flush().unwrap();
    let rest = until(" .");
    // Whoever feeds the pipe may not hear the key, and would be waited for.
    child.kill().unwrap();
    child.wait().unwrap();
    let cleared = rest.rfind("\x1b[2K").unwrap_or_else(|| panic!("not cleared: {rest:?}"));
    assert!(!rest[cleared..].contains(" read, "), "{rest:?}");
    assert!(rest.contains("ended 130 ."), "{rest:?}");
}
