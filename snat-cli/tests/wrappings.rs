//! The same capture in every wrapping gives the same JSON, once `bundle` is blanked and what each wrapping puts before
//! the names of the entries (`outer!`, the root folder) is cut.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Names and bytes of the capture's files, without their root folder.
fn files() -> Vec<(String, Vec<u8>)> {
    let packed = std::fs::File::open(fixtures::fixture("captures/node-late.tar.gz")).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed));
    let mut found = Vec::new();
    for member in archive.entries().unwrap() {
        let mut member = member.unwrap();
        if member.header().entry_type().is_file() {
            let name = member.path().unwrap().display().to_string();
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes).unwrap();
            found.push((name.strip_prefix("node-late/").unwrap().to_owned(), bytes));
        }
    }
    assert!(found.len() > 20);
    found
}

fn tar(files: &[(String, Vec<u8>)], root: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, format!("{root}{name}"), bytes.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zip(files: &[(String, Vec<u8>)], root: &str) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(format!("{root}{name}"), zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// The report of a path, or of standard input, as JSON that no longer tells the wrapping.
fn report(argument: &str, input: Option<&Path>, prefix: &str) -> String {
    let stdin = input.map_or(Stdio::null(), |path| Stdio::from(std::fs::File::open(path).unwrap()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_snat-analyze"));
    let done =
        command.args(["-o", "json", argument]).env("XDG_CONFIG_HOME", "/nonexistent").stdin(stdin).output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!((done.status.code(), said.as_str()), (Some(0), ""), "{argument}");
    let mut report: Value = serde_json::from_slice(&done.stdout).unwrap();
    blank(&mut report, prefix);
    serde_json::to_string_pretty(&report).unwrap()
}

/// Blanks every `bundle`, and cuts the prefix of every `entry`.
fn blank(value: &mut Value, prefix: &str) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("bundle", value) => *value = Value::Null,
                    ("entry", Value::String(entry)) => {
                        *entry =
                            entry.strip_prefix(prefix).unwrap_or_else(|| panic!("{entry} without {prefix}")).to_owned();
                    }
                    (_, value) => blank(value, prefix),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| blank(value, prefix)),
        _ => {}
    }
}

#[test]
fn a_capture_is_the_same_in_every_wrapping() {
    let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("wrappings");
    let _ = std::fs::remove_dir_all(&place);
    let folder = place.join("node-late");
    let files = files();
    for (name, bytes) in &files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let want = report(&folder.display().to_string(), None, "");
    let mut backwards = files.clone();
    backwards.reverse();
    let (plain, rooted) = (tar(&files, ""), tar(&files, "case/"));
    let wrapped: Vec<(&str, Vec<u8>, &str)> = vec![
        ("plain.tar", plain.clone(), ""),
        ("backwards.tar", tar(&backwards, ""), ""),
        ("dotted.tar", tar(&files, "./"), ""),
        ("capture.tar.gz", gzip(&plain), ""),
        ("rooted.tar.gz", gzip(&rooted), "case/"),
        ("capture.tar.xz", xz(&plain), ""),
        (
            "capture.tar.zst",
            ruzstd::encoding::compress_to_vec(&plain[..], ruzstd::encoding::CompressionLevel::Fastest),
            "",
        ),
        ("capture.zip", zip(&files, ""), ""),
        ("rooted.zip", zip(&files, "case/"), "case/"),
        ("zip-in.tar", tar(&[("inner.zip".into(), zip(&files, ""))], ""), "inner.zip!"),
        ("rooted-zip-in.tar.gz", gzip(&tar(&[("a/inner.zip".into(), zip(&files, "case/"))], "")), "a/inner.zip!case/"),
        ("tar.xz-in.zip", zip(&[("inner.tar.xz".into(), xz(&plain))], ""), "inner.tar.xz!"),
        ("no-ending", gzip(&plain), ""),
    ];
    let same = |what: &str, got: String| {
        let first = got.lines().zip(want.lines()).find(|(got, want)| got != want);
        assert!(got == want, "{what}: {first:?}");
    };
    for (name, bytes, prefix) in &wrapped {
        let path = place.join(name);
        std::fs::write(&path, bytes).unwrap();
        same(name, report(&path.display().to_string(), None, prefix));
        same(&format!("{name} on standard input"), report("-", Some(&path), prefix));
    }
    std::fs::remove_dir_all(&place).unwrap();
}
