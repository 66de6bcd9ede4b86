//! Every file below `fixtures/formats/` is a test: what it parses to stands beside it as CSV. Set `BLESS=1` to write
//! the expectations anew, and read the difference before you commit it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::BTreeSet;

use fixtures::Case;
use snat_parse::formats::{FORMATS, by_name};
use snat_parse::{Column, EntryReader, Ignore, Keep, Section, lines, parse_text};

fn bless() -> bool {
    std::env::var_os("BLESS").is_some()
}

fn sections(text: &[u8]) -> Vec<Section> {
    let mut reader = EntryReader::new(Keep::default());
    reader.feed(text, &mut Ignore);
    reader.finish(&mut Ignore).sections
}

fn cell(column: &Column, at: usize) -> String {
    let text = match column {
        Column::I64(cells) => cells[at].map(|n| n.to_string()),
        Column::U64(cells) => cells[at].map(|n| n.to_string()),
        Column::Bool(cells) => cells[at].map(|b| b.to_string()),
        Column::Text(cells) => cells[at].clone(),
        Column::Addr(cells) => cells[at].as_ref().map(|a| a.to_string()),
        Column::List(cells) => cells[at].as_ref().map(|l| l.join(";")),
        _ => panic!("a kind of column that this test does not know"),
    };
    text.unwrap_or_default()
}

#[track_caller]
fn same(case: &Case, titles: Vec<String>, rows: Vec<Vec<String>>) {
    let path = case.expected();
    if bless() {
        return fixtures::write_csv(&path, &titles, &rows).unwrap();
    }
    let (want_titles, want_rows) =
        fixtures::read_csv(&path).unwrap_or_else(|e| panic!("{}: {e}; BLESS=1 writes it", path.display()));
    assert_eq!(titles, want_titles, "{}", path.display());
    for (at, (got, want)) in rows.iter().zip(&want_rows).enumerate() {
        assert_eq!(got, want, "{}:{}", path.display(), at + 2);
    }
    assert_eq!(rows.len(), want_rows.len(), "{}: rows", path.display());
}

#[test]
fn ok_cases_parse_to_their_tables_without_a_reject() {
    for case in fixtures::cases().unwrap().iter().filter(|case| case.kind == "ok") {
        let text = case.text().unwrap();
        let lines = lines(&text);
        let parsed = parse_text(by_name(&case.format).expect("a format"), &text);
        assert_eq!(parsed.tally.rejected_lines(), 0, "{}: {:?}", case.path.display(), parsed.diagnostics.kept());
        assert_eq!(parsed.tally.lines(), lines.len() as u64);
        // Cells of columns that the format does not know are wanted where the file's name says so, and nowhere else.
        let name = case.path.file_name().unwrap().to_string_lossy().into_owned();
        let extra = parsed.table.extra().iter().any(|cells| !cells.is_empty());
        assert_eq!(extra, name.starts_with("extra-"), "{}: an unknown column", case.path.display());
        let titles = std::iter::once("line").chain(parsed.table.columns().map(|(name, _)| name));
        let titles = titles.chain(extra.then_some("extra")).map(str::to_owned).collect();
        let row = |at: usize| {
            let cells = parsed.table.columns().map(|(_, column)| cell(column, at));
            let more = parsed.table.extra()[at].iter().map(|(title, cell)| format!("{title}={cell}"));
            let more = extra.then(|| more.collect::<Vec<_>>().join(";"));
            std::iter::once(parsed.table.lines()[at].to_string()).chain(cells).chain(more).collect()
        };
        same(case, titles, (0..parsed.table.len()).map(row).collect());
    }
}

#[test]
fn every_fixture_is_claimed_by_its_own_format_alone() {
    for case in fixtures::cases().unwrap() {
        let sections = sections(&case.text().unwrap());
        let claimed: BTreeSet<&str> = sections.iter().filter_map(|section| section.format).collect();
        assert_eq!(claimed, BTreeSet::from([case.format.as_str()]), "{}", case.path.display());
    }
}

#[test]
fn err_cases_give_the_named_rejects_and_lose_nothing_else() {
    for case in fixtures::cases().unwrap().iter().filter(|case| case.kind == "err") {
        let text = case.text().unwrap();
        let mut rows = Vec::new();
        let mut lines_seen = 0;
        let mut rejected = 0;
        for section in sections(&text) {
            lines_seen += section.tally.lines();
            rejected += section.tally.rejected_lines();
            for found in section.diagnostics.kept() {
                rows.push(vec![found.line.to_string(), found.code.to_owned(), found.message.clone()]);
            }
        }
        assert_eq!(lines_seen, lines(&text).len() as u64, "{}", case.path.display());
        assert!(rejected > 0 || !rows.is_empty(), "{}: nothing wrong with it", case.path.display());
        same(case, ["line", "code", "message"].map(str::to_owned).to_vec(), rows);
    }
}

#[test]
fn texts_of_other_tools_are_nobody_s() {
    let mut seen = 0;
    for path in fixtures::files(&fixtures::fixture("none")).unwrap() {
        let sections = sections(&std::fs::read(&path).unwrap());
        let claimed: Vec<_> = sections.iter().filter_map(|s| Some((s.format?, s.first_line, s.rows))).collect();
        assert!(claimed.is_empty(), "{}: {claimed:?}", path.display());
        seen += 1;
    }
    assert!(seen > 20, "the fixtures were not found");
}

#[test]
fn several_dumps_in_one_file_are_sections_that_tile_it() {
    for path in fixtures::files(&fixtures::fixture("mixed")).unwrap() {
        if path.extension().is_none_or(|e| e != "txt") {
            continue;
        }
        let sections = sections(&std::fs::read(&path).unwrap());
        let row = |s: &Section| {
            let cells = [s.first_line, s.lines, s.rows, s.tally.rejected_lines()].map(|n| n.to_string());
            std::iter::once(s.format.unwrap_or("unknown").to_owned()).chain(cells).collect()
        };
        let case = Case { format: String::new(), kind: String::new(), path };
        let titles = ["format", "first_line", "lines", "rows", "rejected"].map(str::to_owned).to_vec();
        same(&case, titles, sections.iter().map(row).collect());
    }
}

#[test]
fn every_format_has_fixtures_and_a_name_of_its_own() {
    let names: BTreeSet<&str> = FORMATS.iter().map(|format| format.meta().name).collect();
    assert_eq!(names.len(), FORMATS.len());
    let cases = fixtures::cases().unwrap();
    for name in &names {
        for kind in ["ok", "err"] {
            assert!(cases.iter().any(|case| case.format == *name && case.kind == kind), "{name} has no {kind} fixture");
        }
    }
    for case in &cases {
        assert!(names.contains(case.format.as_str()), "{}: no such format", case.path.display());
    }
    for format in FORMATS {
        let meta = format.meta();
        let columns: BTreeSet<&str> = meta.columns.iter().map(|(column, _)| *column).collect();
        assert_eq!(columns.len(), meta.columns.len(), "{}: two columns of one name", meta.name);
        assert!(!meta.command.is_empty() && !meta.tool.is_empty(), "{}", meta.name);
    }
}
