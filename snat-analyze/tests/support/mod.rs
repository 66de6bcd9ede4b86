//! Archives built in code, and short ways to read them.

#![expect(dead_code, reason = "no test uses all of it")]

use std::io::{Cursor, Write};

use snat_analyze::{Analysis, Error, Options, Report, Source};
use zip::write::SimpleFileOptions;

pub(crate) const LOG: &str = "\
Tracing TCP established connections. Ctrl-C to end.
TIME(ns)      TYPE         PID    COMM             IP SADDR            DADDR            SPORT  DPORT  NETNS   
0             connect      77     curl             4  10.244.3.9       20.51.14.8       40114  443    4026533011
9000000       connect      77     curl             4  10.244.3.9       20.51.14.8       40115  443    4026533011
";
pub(crate) const PODS: &str = "\
NAMESPACE   NAME    READY   STATUS    RESTARTS   AGE   IP           NODE   NOMINATED NODE   READINESS GATES
default     nginx   1/1     Running   0          6h    10.244.3.9   n-1    <none>           <none>
";
pub(crate) const LSNS: &str = "\
        NS TYPE NPROCS   PID USER    COMMAND
4026533011 net       3 19832 root    /usr/bin/curl
";

/// A tar header with that name as it is, and nothing checked.
pub(crate) fn header(name: &[u8], kind: u8, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.as_mut_bytes()[156] = kind;
    header.set_mode(0o644);
    header.set_size(size);
    header.set_cksum();
    header
}

/// A header and its bytes, filled up to whole blocks.
pub(crate) fn member(header: &tar::Header, bytes: &[u8]) -> Vec<u8> {
    let mut member = [header.as_bytes(), bytes].concat();
    member.resize(member.len().next_multiple_of(512), 0);
    member
}

pub(crate) fn file(name: &str, bytes: &[u8]) -> Vec<u8> {
    member(&header(name.as_bytes(), b'0', bytes.len() as u64), bytes)
}

/// A PAX header for the next member.
pub(crate) fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let mut text = String::new();
    for (key, value) in records {
        let rest = key.len() + value.len() + 3;
        let length = (1..9).map(|digits| rest + digits).find(|length| length.to_string().len() + rest == *length);
        text.push_str(&format!("{} {key}={value}\n", length.unwrap()));
    }
    member(&header(b"pax", b'x', text.len() as u64), text.as_bytes())
}

/// Members, and the end behind them.
pub(crate) fn tar_of(members: &[Vec<u8>]) -> Vec<u8> {
    [members.concat(), vec![0; 1024]].concat()
}

pub(crate) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    tar_of(&files.iter().map(|(name, bytes)| file(name, bytes)).collect::<Vec<_>>())
}

pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A zip by hand, so that it may lie: name, method, offset of the local header and sizes as the list has them.
pub(crate) struct ZipList {
    bytes: Vec<u8>,
    list: Vec<u8>,
    members: u16,
}

impl ZipList {
    pub(crate) fn new() -> Self {
        Self { bytes: Vec::new(), list: Vec::new(), members: 0 }
    }

    /// Adds a local header and its bytes; where it lies.
    pub(crate) fn local(&mut self, name: &str, method: u16, bytes: &[u8], size: u32) -> u32 {
        let at = self.bytes.len() as u32;
        self.bytes.extend(b"PK\x03\x04\x14\0\0\0");
        self.bytes.extend(method.to_le_bytes());
        self.bytes.extend([0; 8]);
        self.bytes.extend((bytes.len() as u32).to_le_bytes());
        self.bytes.extend(size.to_le_bytes());
        self.bytes.extend((name.len() as u16).to_le_bytes());
        self.bytes.extend([0, 0]);
        self.bytes.extend(name.as_bytes());
        self.bytes.extend(bytes);
        at
    }

    pub(crate) fn listed(&mut self, name: &str, method: u16, at: u32, packed: u32, size: u32, crc: u32) {
        self.list.extend(b"PK\x01\x02\x14\0\x14\0\0\0");
        self.list.extend(method.to_le_bytes());
        self.list.extend([0; 4]);
        for number in [crc, packed, size] {
            self.list.extend(number.to_le_bytes());
        }
        self.list.extend((name.len() as u16).to_le_bytes());
        self.list.extend([0; 12]);
        self.list.extend(at.to_le_bytes());
        self.list.extend(name.as_bytes());
        self.members += 1;
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        let mut bytes = self.bytes;
        let at = bytes.len() as u32;
        bytes.extend(&self.list);
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        bytes.extend(self.members.to_le_bytes());
        bytes.extend(self.members.to_le_bytes());
        bytes.extend((self.list.len() as u32).to_le_bytes());
        bytes.extend(at.to_le_bytes());
        bytes.extend([0, 0]);
        bytes
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

pub(crate) fn stream(bytes: Vec<u8>) -> Source {
    Source::reader("-", Cursor::new(bytes))
}

pub(crate) fn analyze(bytes: Vec<u8>) -> Result<Report, Error> {
    Analysis::of(vec![stream(bytes)], &Options::default())
}

pub(crate) fn read(bytes: Vec<u8>) -> Report {
    analyze(bytes).unwrap()
}

/// What was noticed of the reading: code and entry.
pub(crate) fn codes(report: &Report) -> Vec<(&str, &str)> {
    let odd = |code: &str| !code.starts_with("missing-") && !code.starts_with("no-match-");
    let found = report.notices.iter().filter(|n| odd(&n.code));
    found.map(|n| (n.code.as_str(), n.entry.as_deref().unwrap_or("-"))).collect()
}

pub(crate) fn entries(report: &Report) -> Vec<&str> {
    let mut entries: Vec<&str> = report.inputs.iter().map(|input| input.entry.as_str()).collect();
    entries.dedup();
    entries
}

/// The log and the list of pods that every hostile bundle has, too, were read.
#[track_caller]
pub(crate) fn names_nginx(report: &Report) {
    let first = &report.nodes[0].ranking[0];
    assert_eq!((first.owner.pod.as_deref(), first.connects_public), (Some("nginx"), Some(2)), "{:?}", codes(report));
}
