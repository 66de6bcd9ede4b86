//! Texts that once ended the process or did not end: long lines, repeated titles, deep chains. They run on a small
//! stack; each comes back with a fate for every line.

#![expect(clippy::unwrap_used, reason = "a test")]

use snat_parse::{Entry, EntryReader, Ignore, Keep};

/// Reads the text with half a MiB of stack.
fn read(text: String, what: &'static str) -> Entry {
    let lines = text.lines().count() as u64;
    let thread = std::thread::Builder::new().name(what.to_owned()).stack_size(512 << 10);
    let reading = thread.spawn(move || {
        let mut reader = EntryReader::new(Keep::default());
        reader.feed(text.as_bytes(), &mut Ignore);
        reader.finish(&mut Ignore)
    });
    let entry = reading.unwrap().join().unwrap();
    let told: u64 = entry.sections.iter().map(|section| section.tally.lines()).sum();
    assert_eq!(told, lines, "{what}");
    entry
}

fn rows(entry: &Entry) -> u64 {
    entry.sections.iter().map(|section| section.rows).sum()
}

#[test]
fn titles_glued_into_a_long_word_do_not_overflow_the_stack() {
    assert_eq!(rows(&read("NS".repeat(100_000), "glued titles")), 0);
    assert_eq!(rows(&read(format!("NS {}\n", "PID".repeat(50_000)), "glued titles behind one")), 0);
}

#[test]
fn titles_that_repeat_do_not_multiply() {
    let text = format!("NS {}TYPE\n4026531840 {}bad\n", "PID ".repeat(40), "1 ".repeat(20));
    assert_eq!(rows(&read(text, "repeated titles")), 0);
    let text = format!("NS {}COMMAND\n4026531840 {}bad\n", "NETNSID NSFS PPID ".repeat(9), "1 ".repeat(14));
    assert_eq!(rows(&read(text, "titles that may be empty")), 0);
}

#[test]
fn rows_of_netstat_in_one_line_do_not_overflow_the_stack() {
    let row = "tcp        0      0 10.244.3.9:40000        20.51.14.8:443          ESTABLISHED 1/dotnet   ";
    let entry = read(row.repeat(1000), "netstat in one line");
    let rejected: u64 = entry.sections.iter().map(|section| section.tally.rejected_lines()).sum();
    assert_eq!((rows(&entry), rejected), (0, 1), "what cannot be told apart is a reject, not one socket of many");
    assert_eq!(rows(&read(row.repeat(100), "shorter")), 100);
}

#[test]
fn messages_among_rows_are_looked_at_once() {
    let row = "tcp        0      0 10.244.3.9:40000        20.51.14.8:443          ESTABLISHED 1/dotnet\n";
    let text = format!("{row}{}Error: x\n{}{row}", "\n".repeat(20_000), "netstat: warning: something\n".repeat(20_000));
    assert_eq!(rows(&read(text, "messages")), 2);
}

#[test]
fn a_long_chain_of_processes_is_one_pass() {
    let chain: Vec<String> = (1..20_000).map(|pid| format!("sh({pid})")).collect();
    assert_eq!(rows(&read(chain.join("---") + "\n", "chain")), 19_999);
    let deep: String = (1..1_500).map(|depth| format!("{}`-sh,{depth}\n", " ".repeat(2 * depth))).collect();
    assert!(rows(&read(format!("init,1\n{deep}"), "depth")) > 1_000);
}

#[test]
fn records_without_an_end_are_one_pass() {
    let record = "ID: 8e2c1a77d2e04\nPodID: 5c1f0b96a4d7e\nName: a\n";
    read(record.repeat(5_000), "records");
    read(format!("{}\n", "CONTAINER ".repeat(20_000)), "header of many titles");
    read(format!("{}\n", "a=b ".repeat(50_000)), "long line");
}
