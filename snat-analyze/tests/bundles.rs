//! Bundles of every shape, honest and hostile, built in code.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use snat_analyze::{Analysis, Error, Options, Report, Source};

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

/// A tar of files, in that order.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        // Names as they are: `append_data` would refuse the hostile ones.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn special(name: &str, kind: tar::EntryType, target: &str) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    if !target.is_empty() {
        header.set_link_name(target).unwrap();
    }
    header.set_size(0);
    header.set_cksum();
    header.as_bytes().to_vec()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn source(bytes: Vec<u8>) -> Source {
    Source::Reader { name: "bundle".into(), reader: Box::new(io::Cursor::new(bytes)) }
}

fn analyze(bytes: Vec<u8>) -> Result<Report, Error> {
    Analysis::of(vec![source(bytes)], &Options::default())
}

fn good() -> Vec<(&'static str, &'static [u8])> {
    vec![("tcptracer.log", LOG.as_bytes()), ("pods.txt", PODS.as_bytes())]
}

fn codes(report: &Report) -> Vec<(String, Option<String>)> {
    let missing = |code: &str| code.starts_with("missing-") || code.starts_with("no-match-");
    report.notices.iter().filter(|n| !missing(&n.code)).map(|n| (n.code.clone(), n.entry.clone())).collect()
}

#[track_caller]
fn names_nginx(report: &Report) {
    let first = &report.nodes[0].ranking[0];
    assert_eq!((first.owner.pod.as_deref(), first.connects_public), (Some("nginx"), Some(2)));
}

#[test]
fn members_in_any_order_give_the_same_bytes() {
    let json = |report: Report| serde_json::to_string(&report).unwrap();
    for name in ["two-nodes", "host-network", "same-events"] {
        let folder = fixtures::fixture(&format!("bundles/{name}/bundle"));
        let mut files: Vec<(String, Vec<u8>)> = fixtures::files(&folder)
            .unwrap()
            .into_iter()
            .map(|path| {
                (path.strip_prefix(&folder).unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap())
            })
            .collect();
        let build = |files: &[(String, Vec<u8>)]| {
            let list: Vec<(&str, &[u8])> =
                files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
            json(analyze(gzip(&tar(&list))).unwrap())
        };
        let forward = build(&files);
        for turn in 1..files.len() {
            files.rotate_left(1);
            assert_eq!(build(&files), forward, "{name} turned by {turn}");
        }
        files.reverse();
        assert_eq!(build(&files), forward, "{name} reversed");
    }
}

#[test]
fn tar_gzip_and_nested_archives_are_opened() {
    let inner = tar(&good());
    for bytes in [
        inner.clone(),
        gzip(&inner),
        tar(&[("logs/inner.tar.gz", &gzip(&inner))]),
        gzip(&tar(&[("inner.tar", &inner)])),
    ] {
        names_nginx(&analyze(bytes).unwrap());
    }
    let nested = analyze(tar(&[("logs/inner.tar.gz", &gzip(&inner))])).unwrap();
    assert!(nested.inputs.iter().any(|input| input.entry == "logs/inner.tar.gz!pods.txt"), "{:?}", nested.inputs);
    let alone = analyze(gzip(LOG.as_bytes())).unwrap();
    assert_eq!((alone.inputs.len(), alone.inputs[0].entry.as_str()), (1, "bundle"));
}

#[test]
fn a_cut_archive_is_read_up_to_the_cut() {
    let whole =
        gzip(&tar(&[("tcptracer.log", LOG.as_bytes()), ("pods.txt", PODS.as_bytes()), ("zz.txt", &[b'z'; 60_000])]));
    let tail = whole.len().saturating_sub(40);
    for cut in (0..tail).step_by(9).chain(tail..whole.len()) {
        match analyze(whole[..cut].to_vec()) {
            Ok(report) => {
                assert!(!codes(&report).is_empty(), "cut at {cut}: nothing is said");
                for input in &report.inputs {
                    assert_eq!(input.data + input.continuation + input.skipped + input.rejected, input.lines);
                }
            }
            Err(Error::NothingRecognised { .. }) => {}
            Err(error) => panic!("cut at {cut}: {error}"),
        }
    }
    let flat = tar(&good());
    let report = analyze(flat[..flat.len() - 1300].to_vec()).unwrap();
    assert!(codes(&report).iter().any(|(code, _)| code == "cut-archive"), "{:?}", report.notices);
    assert_eq!(report.nodes[0].capture.events, 2);
}

#[test]
fn a_bomb_is_left_and_the_rest_is_read() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![b'0'; 4 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    let mut options = Options::default();
    options.limits.ratio_from = 1 << 20;
    let bytes = tar(&[("a-bomb.gz", &bomb), ("tcptracer.log", LOG.as_bytes()), ("pods.txt", PODS.as_bytes())]);
    let report = Analysis::of(vec![source(bytes)], &options).unwrap();
    names_nginx(&report);
    assert_eq!(codes(&report), [("limit".to_owned(), Some("a-bomb.gz".to_owned()))]);
}

#[test]
fn limits_on_bytes_entries_and_depth_are_said() {
    let mut options = Options::default();
    options.limits.entries = 2;
    let many = tar(&[("a.txt", b"x\n"), ("tcptracer.log", LOG.as_bytes()), ("zz.txt", b"z\n")]);
    let report = Analysis::of(vec![source(many)], &options).unwrap();
    assert_eq!(codes(&report), [("limit".to_owned(), Some("zz.txt".to_owned()))]);
    let mut options = Options::default();
    options.limits.bytes = 300;
    let report = Analysis::of(vec![source(tar(&good()))], &options).unwrap();
    assert!(codes(&report).iter().any(|(code, _)| code == "limit"));
    let mut deep = tar(&good());
    for _ in 0..8 {
        deep = gzip(&tar(&[("deeper", &deep)]));
    }
    let deep = tar(&[("deep", &deep), ("tcptracer.log", LOG.as_bytes())]);
    let report = analyze(deep).unwrap();
    assert!(
        codes(&report)
            .iter()
            .any(|(code, entry)| code == "limit" && entry.as_deref().is_some_and(|e| e.starts_with("deep!")))
    );
}

#[test]
fn hostile_names_are_labels_and_links_are_not_followed() {
    let mut bytes = tar(&[
        ("../../etc/passwd", b"root\n"),
        ("/abs/tcptracer.log", LOG.as_bytes()),
        ("esc\x1b[2J.txt", PODS.as_bytes()),
    ]);
    bytes.truncate(bytes.len() - 1024);
    bytes.extend(special("link", tar::EntryType::Symlink, "/etc/passwd"));
    bytes.extend(special("hard", tar::EntryType::Link, "/etc/passwd"));
    bytes.extend(special("device", tar::EntryType::Char, ""));
    bytes.extend([0; 1024]);
    let report = analyze(bytes).unwrap();
    names_nginx(&report);
    let mut found = codes(&report);
    found.sort();
    assert_eq!(
        found,
        [
            ("link".into(), Some("hard".into())),
            ("link".into(), Some("link".into())),
            ("special-file".into(), Some("device".into()))
        ]
    );
    assert!(report.inputs.iter().any(|input| input.entry == "../../etc/passwd" && input.format == "unknown"));
}

#[test]
fn links_in_a_folder_are_not_followed() {
    let folder = std::env::temp_dir().join(format!("snat-links-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("tcptracer.log"), LOG).unwrap();
    let _ = std::fs::remove_file(folder.join("round"));
    std::os::unix::fs::symlink(&folder, folder.join("round")).unwrap();
    let report = Analysis::of(vec![Source::from(folder.as_path())], &Options::default()).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(codes(&report), [("link".to_owned(), Some("round".to_owned()))]);
    assert_eq!(report.inputs.len(), 1);
}

#[test]
fn empty_and_foreign_bundles_are_errors_that_say_why() {
    for (bytes, word) in [
        (Vec::new(), "nothing recognised"),
        (b"some words\n".to_vec(), "nothing recognised"),
        (b"PK\x03\x04rest".to_vec(), "nothing could be read: bundle: the zip is cut off"),
        (b"\xfd7zXZ\0rest".to_vec(), "bundle"),
        (b"\x1f\x8bbroken".to_vec(), "bundle"),
    ] {
        let error = analyze(bytes).expect_err("no report").to_string();
        assert!(error.contains(word), "{error}");
    }
    let missing = Analysis::of(vec![Source::Path("no/such/bundle.tar.gz".into())], &Options::default());
    assert!(matches!(missing, Err(Error::Unreadable { .. })));
}

#[test]
fn each_missing_dump_is_named_with_the_command_that_makes_it() {
    let without = |left_out: &str| {
        let folder = fixtures::fixture("bundles/host-network/bundle");
        let files = fixtures::files(&folder).unwrap();
        let kept: Vec<(String, Vec<u8>)> = files
            .into_iter()
            .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
            .filter(|(name, _)| !name.starts_with(left_out))
            .collect();
        let list: Vec<(&str, &[u8])> = kept.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        analyze(tar(&list)).unwrap()
    };
    for (left_out, code) in [
        ("tcptracer", "missing-tcptracer"),
        ("lsns", "missing-lsns"),
        ("pstree", "missing-pstree"),
        ("crictl", "missing-crictl-pods"),
        ("kubectl-pods", "missing-kubectl-pods"),
    ] {
        let report = without(left_out);
        let notice = report.notices.iter().find(|notice| notice.code == code).expect(code);
        assert!(notice.message.contains("capture it with"), "{}", notice.message);
        if left_out != "tcptracer" {
            assert_eq!(report.nodes[0].capture.connects_public, Some(33), "without {left_out}");
            // That it lives in the node's namespace shows in the log, too.
            let agent = report.nodes[0].ranking.iter().find(|row| row.owner.pod.as_deref() == Some("node-agent-hq7zt"));
            let known = !matches!(left_out, "pstree" | "crictl");
            assert_eq!(agent.map(|row| row.owner.host_network), known.then_some(Some(true)), "without {left_out}");
        }
    }
}

#[test]
fn a_log_of_another_node_is_said_to_match_nothing() {
    let lsns = "        NS TYPE NPROCS   PID USER COMMAND\n4026539999 net       3 19832 root bash\n";
    let pods = PODS.replace("10.244.3.9", "10.9.9.9  ");
    let report = analyze(tar(&[
        ("tcptracer.log", LOG.as_bytes()),
        ("lsns.txt", lsns.as_bytes()),
        ("pods.txt", pods.as_bytes()),
    ]))
    .unwrap();
    let codes: Vec<&str> = report.notices.iter().map(|notice| notice.code.as_str()).collect();
    assert!(codes.contains(&"no-match-netns-pid") && codes.contains(&"no-match-address-pod"), "{codes:?}");
    assert_eq!(report.nodes[0].ranking[0].rank, None);
}

/// A reader that fails in the middle of a line.
struct Failing(io::Cursor<Vec<u8>>, u64);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.position() >= self.1 {
            return Err(io::Error::other("the disk is gone"));
        }
        let room = (self.1 - self.0.position()).min(buffer.len() as u64) as usize;
        self.0.read(&mut buffer[..room])
    }
}

#[test]
fn a_reader_that_fails_loses_nothing_before_it() {
    let at = LOG.len() as u64 - 30;
    let reader = Failing(io::Cursor::new(LOG.as_bytes().to_vec()), at);
    let source = Source::Reader { name: "log".into(), reader: Box::new(reader) };
    let report = Analysis::of(vec![source], &Options::default()).unwrap();
    assert_eq!(report.nodes[0].capture.events, 1);
    let notice = &report.notices[0];
    assert_eq!((notice.code.as_str(), notice.entry.as_deref()), ("cut-archive", Some("log")));
    assert!(
        notice.message.contains("after line 4") && notice.message.contains("the disk is gone"),
        "{}",
        notice.message
    );
}

#[test]
fn dumps_are_kept_up_to_a_bound_and_the_rest_is_rejected_and_said() {
    let head = "Proto Recv-Q Send-Q Local Address           Foreign Address         State      \n";
    let row = |n: u32| format!("tcp        0      0 10.244.3.9:{n}        20.60.10.4:443          ESTABLISHED\n");
    let text = |from: u32| head.to_owned() + &(from..from + 100).map(row).collect::<String>();
    let mut options = Options::default();
    options.limits.dumps = 12_000;
    let sources = vec![Source::texts("case", [("a.txt", text(10_000)), ("b.txt", text(20_000))])];
    let report = Analysis::of(sources, &options).unwrap();
    let sum = |of: fn(&snat_analyze::report::Input) -> u64| report.inputs.iter().map(of).sum::<u64>();
    assert!((60..150).contains(&sum(|input| input.rows)), "{}", sum(|input| input.rows));
    assert_eq!(sum(|input| input.lines), 202);
    let lost = sum(|input| input.reasons.get("not-looked-at").copied().unwrap_or(0));
    assert_eq!(sum(|input| input.rows) + lost + sum(|input| input.skipped), 202, "every row is kept or rejected");
    assert!(report.inputs.iter().any(|input| input.cut.iter().any(|cut| cut == "not-looked-at")));
    // Without the bound all are there.
    let sources = vec![Source::texts("case", [("a.txt", text(10_000)), ("b.txt", text(20_000))])];
    let report = Analysis::of(sources, &Options::default()).unwrap();
    assert_eq!(report.inputs.iter().map(|input| input.rows).sum::<u64>(), 200);
}
