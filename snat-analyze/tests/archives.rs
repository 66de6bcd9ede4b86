//! The same capture in every wrapping, and zips that mean harm: built in code, read in memory.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::io::{Cursor, Write};
use std::path::PathBuf;

use snat_analyze::{Analysis, Options, Report, Source};
use zip::write::SimpleFileOptions;

const LOG: &str = "\
Tracing TCP established connections. Ctrl-C to end.
TIME(ns)      TYPE         PID    COMM             IP SADDR            DADDR            SPORT  DPORT  NETNS   
0             connect      77     curl             4  10.244.3.9       20.51.14.8       40114  443    4026533011
9000000       connect      77     curl             4  10.244.3.9       20.51.14.8       40115  443    4026533011
";
const PODS: &str = "\
NAMESPACE   NAME    READY   STATUS    RESTARTS   AGE   IP           NODE   NOMINATED NODE   READINESS GATES
default     nginx   1/1     Running   0          6h    10.244.3.9   n-1    <none>           <none>
";

fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![("pods.txt", PODS.into()), ("tcptracer.log", LOG.into())]
}

fn tar(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fn utf16(text: &str, mark: bool, big: bool) -> Vec<u8> {
    let units = mark.then_some(0xfeff).into_iter().chain(text.replace('\n', "\r\n").encode_utf16().collect::<Vec<_>>());
    units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

fn stream(bytes: Vec<u8>) -> Source {
    Source::Reader { name: "-".into(), reader: Box::new(Cursor::new(bytes)) }
}

fn read(source: Source) -> Report {
    Analysis::of(vec![source], &Options::default()).unwrap()
}

/// A file of its own for one test, gone afterwards.
struct OnDisk(PathBuf);

impl OnDisk {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for OnDisk {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The report as JSON, with the bundle blanked and each entry's prefix cut.
fn plain(mut report: Report, prefix: &str) -> String {
    for input in &mut report.inputs {
        input.bundle.clear();
    }
    for notice in &mut report.notices {
        notice.bundle.clear();
    }
    // A bare archive may name the node, where nothing better does.
    for node in &mut report.nodes {
        node.node.source = None;
    }
    serde_json::to_string(&report).unwrap().replace(&format!("\"{prefix}"), "\"")
}

fn codes(report: &Report) -> Vec<(&str, Option<&str>)> {
    let odd = |code: &str| !code.starts_with("missing-") && !code.starts_with("no-match-");
    report.notices.iter().filter(|n| odd(&n.code)).map(|n| (n.code.as_str(), n.entry.as_deref())).collect()
}

#[test]
fn every_wrapping_reads_like_the_tar() {
    let files = files();
    let plain_tar = tar(&files);
    let want = plain(read(stream(plain_tar.clone())), "");
    let rooted: Vec<(&str, Vec<u8>)> = vec![("case/pods.txt", PODS.into()), ("case/tcptracer.log", LOG.into())];
    let backslashes: Vec<(&str, Vec<u8>)> = vec![("case\\pods.txt", PODS.into()), ("case\\tcptracer.log", LOG.into())];
    for (what, bytes, prefix) in [
        ("gzip", gzip(&plain_tar), ""),
        ("xz", xz(&plain_tar), ""),
        ("bzip2", bzip2(&plain_tar), ""),
        ("zstd", zstd(&plain_tar), ""),
        ("two zstd frames", [zstd(&plain_tar[..700]), zstd(&plain_tar[700..])].concat(), ""),
        ("zip", zip(&files), ""),
        ("zip with a root folder", zip(&rooted), "case/"),
        ("zip of Windows", zip(&backslashes), "case/"),
        ("zip in tar", tar(&[("inner.zip", zip(&files))]), "inner.zip!"),
        ("tar.xz in zip", zip(&[("inner.tar.xz", xz(&plain_tar))]), "inner.tar.xz!"),
        ("zip in zip in gzip", gzip(&zip(&[("a.zip", zip(&[("b.zip", zip(&files))]))])), "a.zip!b.zip!"),
        (
            "members packed alone",
            tar(&[("pods.txt", xz(PODS.as_bytes())), ("tcptracer.log", zstd(LOG.as_bytes()))]),
            "",
        ),
    ] {
        let streamed = read(stream(bytes.clone()));
        assert_eq!(codes(&streamed), [], "{what}");
        assert_eq!(plain(streamed, prefix), want, "{what} as a stream");
        let file = OnDisk::new(&format!("wrapping-{}", what.replace([' ', '.'], "-")), &bytes);
        assert_eq!(plain(read(Source::Path(file.0.clone())), prefix), want, "{what} as a file");
    }
}

#[test]
fn utf_16_of_powershell_reads_like_utf_8() {
    let want = read(stream(tar(&files())));
    for (mark, big) in [(true, false), (true, true), (false, false), (false, true)] {
        let files = vec![("pods.txt", utf16(PODS, mark, big)), ("tcptracer.log", utf16(LOG, mark, big))];
        let got = read(stream(tar(&files)));
        assert_eq!(got.nodes[0].ranking[0].owner, want.nodes[0].ranking[0].owner, "mark {mark}, big {big}");
        assert_eq!(got.inputs.iter().map(|i| (i.lines, i.rows)).collect::<Vec<_>>(), [(2, 1), (4, 2)]);
    }
}

#[test]
fn a_zip_s_odd_members_are_named_and_the_rest_is_read() {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let plain = SimpleFileOptions::default();
    writer.add_directory("logs/", plain).unwrap();
    writer.add_symlink("link", "/etc/passwd", plain).unwrap();
    writer.start_file("../../etc/evil.txt", plain).unwrap();
    writer.write_all(b"nothing\n").unwrap();
    writer.start_file("empty.txt", plain).unwrap();
    for (name, bytes) in files() {
        writer.start_file(name, plain).unwrap();
        writer.write_all(&bytes).unwrap();
    }
    let mut bytes = writer.finish().unwrap().into_inner();
    let report = read(stream(bytes.clone()));
    assert_eq!(codes(&report), [("link", Some("link"))]);
    assert!(report.inputs.iter().any(|input| input.entry == "../../etc/evil.txt"), "a hostile name is a label");
    assert_eq!(report.nodes[0].ranking[0].owner.pod.as_deref(), Some("nginx"));
    // The bit that says that a member is encrypted, in its own header and in the list.
    for magic in [&b"PK\x03\x04"[..], b"PK\x01\x02"] {
        let at = bytes.windows(4).enumerate().filter(|(_, w)| *w == magic).map(|(at, _)| at).nth(2).unwrap();
        let flags = at + if magic[2] == 3 { 6 } else { 8 };
        bytes[flags] |= 1;
    }
    let report = read(stream(bytes));
    assert!(codes(&report).contains(&("encrypted", Some("../../etc/evil.txt"))), "{:?}", codes(&report));
    assert_eq!(report.nodes[0].ranking[0].owner.pod.as_deref(), Some("nginx"));
}

#[test]
fn cut_and_lying_zips_lose_only_themselves() {
    let whole = zip(&files());
    for end in [4, 30, whole.len() / 2, whole.len() - 1] {
        let bundle =
            tar(&[("a-cut.zip", whole[..end].to_vec()), ("pods.txt", PODS.into()), ("tcptracer.log", LOG.into())]);
        let report = read(stream(bundle));
        assert_eq!(codes(&report), [("cut-archive", Some("a-cut.zip"))], "cut at {end}");
        assert_eq!(report.nodes[0].ranking[0].owner.pod.as_deref(), Some("nginx"));
    }
    // A checksum and a size that are not those of the member: what is there is read up to the fault.
    let mut lying = zip(&[("pods.txt", PODS.into()), ("tcptracer.log", LOG.repeat(50).into())]);
    let at = lying.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    lying[at + 16..at + 20].copy_from_slice(&7u32.to_le_bytes());
    lying[at + 20..at + 24].copy_from_slice(&40u32.to_le_bytes());
    let bundle = tar(&[("lying.zip", lying), ("pods.txt", PODS.into()), ("tcptracer.log", LOG.into())]);
    let report = read(stream(bundle));
    assert_eq!(report.nodes[0].ranking[0].owner.pod.as_deref(), Some("nginx"));
    assert!(!codes(&report).is_empty(), "a lie is said");
}

#[test]
fn a_zip_bomb_is_left_and_the_rest_is_read() {
    let mut options = Options::default();
    options.limits.ratio_from = 1 << 20;
    options.limits.ratio = 100;
    let zeros = vec![0u8; 8 << 20];
    let bomb = zip(&[("bomb.bin", zeros.clone()), ("pods.txt", PODS.into())]);
    let log = LOG.as_bytes().to_vec();
    for bundle in [
        tar(&[("bomb.zip", bomb.clone()), ("tcptracer.log", log.clone())]),
        tar(&[("bomb.xz", xz(&zeros)), ("tcptracer.log", log.clone())]),
        tar(&[("bomb.zst", zstd(&zeros)), ("tcptracer.log", log.clone())]),
        tar(&[("bomb.bz2", bzip2(&zeros)), ("tcptracer.log", log.clone())]),
    ] {
        let report = Analysis::of(vec![stream(bundle)], &options).unwrap();
        assert!(codes(&report).iter().any(|(code, _)| *code == "limit"), "{:?}", report.notices);
        assert_eq!(report.nodes[0].capture.connects_public, Some(2));
    }
    // In a stream a zip is held in memory, up to a limit.
    options.limits.held = 1000;
    let large = zip(&[("random", (0..4000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect())]);
    let report = Analysis::of(vec![stream(tar(&[("large.zip", large), ("tcptracer.log", log)]))], &options).unwrap();
    assert_eq!(codes(&report), [("limit", Some("large.zip"))]);
}

#[test]
fn a_source_that_is_a_broken_compression_says_so() {
    let bytes = xz(&tar(&files()));
    let report = read(stream(bytes[..bytes.len() - 20].to_vec()));
    assert!(codes(&report).iter().any(|(code, _)| *code == "cut-archive"), "{:?}", report.notices);
    assert_eq!(report.nodes[0].ranking[0].owner.pod.as_deref(), Some("nginx"));
    let nothing = Analysis::of(vec![stream(b"\xfd7zXZ\0rest of nothing".to_vec())], &Options::default());
    assert!(matches!(nothing, Err(snat_analyze::Error::NothingRecognised { .. })), "{nothing:?}");
}
