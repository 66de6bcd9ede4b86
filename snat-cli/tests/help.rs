//! What `--help` shows is what the program prints; the manual pages and completions that are kept are its own.
//! `BLESS=1` rewrites them.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The bundle that the examples are about.
const STORY: &str = "bundles/article-hex";
/// Lines of a long output that are shown when an example is new.
const SHOWN: usize = 12;

fn run(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snat-analyze"));
    command.args(args).current_dir(fixtures::fixture(STORY)).env("COLUMNS", "78");
    command.env("XDG_CONFIG_HOME", "/nonexistent").env_remove("CLICOLOR_FORCE").stdin(Stdio::null()).output().unwrap()
}

fn texts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/help");
    fixtures::files(&folder).unwrap()
}

fn blessing() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// Compares a file with what it should be, or rewrites it.
fn kept(path: &Path, want: &str) {
    if blessing() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, want).unwrap();
        return;
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    let shown = path.display();
    let first = found.lines().zip(want.lines()).position(|(a, b)| a != b);
    let at = first.unwrap_or_else(|| found.lines().count().min(want.lines().count())) + 1;
    assert!(found == want, "{shown}:{at} is not what the program prints; BLESS=1 rewrites it");
}

/// The text with the output of each of its examples put in again: behind `  $ command`, up to the next of them or a
/// line that begins at the margin. `  …` at the end stands for the rest of a long output, with as many lines before it
/// as there were.
fn played(text: &str) -> String {
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(command) = line.strip_prefix("  $ snat-analyze ") else { continue };
        let mut before: Vec<&str> = Vec::new();
        while let Some(next) =
            lines.next_if(|next| next.is_empty() || (next.starts_with("  ") && !next.starts_with("  $ ")))
        {
            before.push(next);
        }
        while before.last().is_some_and(|line| line.is_empty()) {
            before.pop();
        }
        let args: Vec<&str> = command.split_whitespace().collect();
        let done = run(&args);
        let want = if command.contains("--format netstat") { 2 } else { 0 };
        assert_eq!(done.status.code(), Some(want), "{command}");
        let printed = [done.stdout, done.stderr].concat();
        let printed: Vec<String> = String::from_utf8(printed).unwrap().lines().map(str::to_owned).collect();
        let cut = before.last() == Some(&"  …");
        let room = match (cut, before.len()) {
            (true, 1) => SHOWN,
            (true, more) => more - 1,
            (false, _) => printed.len(),
        };
        for line in printed.iter().take(room) {
            // A line of JSON or of a script may be long; what is cut says so.
            let shown: String = line.chars().take(116).collect();
            let more = if shown.len() < line.len() { "…" } else { "" };
            out.push_str(format!("  {shown}{more}").trim_end());
            out.push('\n');
        }
        if printed.len() > room {
            out.push_str("  …\n");
        }
        if lines.peek().is_some() {
            out.push('\n');
        }
    }
    out
}

#[test]
fn the_examples_of_the_help_are_true() {
    let texts = texts();
    assert!(texts.len() > 8, "{texts:?}");
    for path in texts {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("  $ snat-analyze "), "{}: no example", path.display());
        kept(&path, &played(&text));
    }
}

#[test]
fn every_command_teaches_by_examples() {
    let list = String::from_utf8(run(&["--help"]).stdout).unwrap();
    let commands = list.split("Commands:").nth(1).expect("a list of commands");
    let names: Vec<&str> = commands
        .lines()
        .take_while(|line| !line.starts_with("Arguments:"))
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(names.contains(&"report") && names.contains(&"man"), "{names:?}");
    for name in names {
        let help = String::from_utf8(run(&[name, "--help"]).stdout).unwrap();
        assert!(help.contains(&format!("  $ snat-analyze {name}")), "{name}: no example in its help");
    }
}

#[test]
fn bash_completes_options_and_values_of_every_command() {
    let script = String::from_utf8(run(&["completions", "bash"]).stdout).unwrap();
    let complete = |words: &[&str]| {
        let last = words.len() - 1;
        let shell = format!(
            "{script}\nCOMP_WORDS=({}); COMP_CWORD={last}; _snat__analyze snat-analyze '{}' '{}'; echo \"${{COMPREPLY[@]}}\"",
            words.join(" "),
            words[last],
            words[last - 1]
        );
        let done = Command::new("bash").args(["--norc", "-c", &shell]).output().ok()?;
        Some(String::from_utf8(done.stdout).unwrap().trim().to_owned())
    };
    // Without bash there is nothing to complete.
    let Some(found) = complete(&["snat-analyze", "graph", "--p"]) else { return };
    assert_eq!(found, "--pod");
    assert_eq!(complete(&["snat-analyze", "report", "-o", "m"]).unwrap(), "markdown");
    assert_eq!(complete(&["snat-analyze", "completions", "z"]).unwrap(), "zsh");
    assert_eq!(complete(&["snat-analyze", "ins"]).unwrap(), "inspect");
}

#[test]
fn the_manual_and_the_completions_are_current() {
    let docs = fixtures::workspace().join("docs");
    let output = |args: &[&str]| {
        let done = run(args);
        assert!(done.status.success(), "{args:?}");
        String::from_utf8(done.stdout).unwrap()
    };
    kept(&docs.join("man/snat-analyze.1"), &output(&["man"]));
    for name in [
        "report",
        "parse",
        "inspect",
        "graph",
        "timeline",
        "formats",
        "explain",
        "profiles",
        "schema",
        "completions",
        "man",
    ] {
        kept(&docs.join(format!("man/snat-analyze-{name}.1")), &output(&["man", name]));
    }
    for (shell, file) in [
        ("bash", "snat-analyze.bash"),
        ("zsh", "_snat-analyze"),
        ("fish", "snat-analyze.fish"),
        ("powershell", "_snat-analyze.ps1"),
    ] {
        kept(&docs.join("completions").join(file), &output(&["completions", shell]));
    }
    for command in ["report", "inspect", "graph", "timeline"] {
        kept(&docs.join(format!("{command}.schema.json")), &output(&["schema", command]));
    }
    assert_eq!(run(&["man", "nothing"]).status.code(), Some(2));
}
