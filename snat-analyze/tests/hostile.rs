//! Archives that mean harm, or were damaged: each is named, and the log beside it is read all the same.

#![expect(clippy::unwrap_used, reason = "a test")]

mod support;

use std::io::{Read, Write};

use snat_analyze::{Analysis, Options, Report, Source};
use support::{
    LOG, PODS, ZipList, analyze, bzip2, codes, entries, file, gzip, header, member, names_nginx, pax, read, stream,
    tar, tar_of, xz, zip, zstd,
};

/// A tar of these members, and the log and its pods behind them.
fn beside(members: &[Vec<u8>]) -> Vec<u8> {
    let good = [file("pods.txt", PODS.as_bytes()), file("tcptracer.log", LOG.as_bytes())];
    tar_of(&[members, &good].concat())
}

fn with(name: &str, bytes: &[u8]) -> Report {
    let report = read(beside(&[file(name, bytes)]));
    names_nginx(&report);
    report
}

/// A GNU file with holes: data at these offsets, and the size that it claims.
fn sparse(name: &str, stretches: &[(u64, &[u8])], size: u64) -> Vec<u8> {
    let data: Vec<u8> = stretches.iter().flat_map(|(_, bytes)| bytes.to_vec()).collect();
    let mut header = header(name.as_bytes(), b'S', data.len() as u64);
    let gnu = header.as_gnu_mut().unwrap();
    let number = |field: &mut [u8; 12], value: u64| match value < 1 << 33 {
        true => field[..11].copy_from_slice(format!("{value:011o}").as_bytes()),
        false => {
            field[0] = 0x80;
            field[4..].copy_from_slice(&value.to_be_bytes());
        }
    };
    for (slot, (at, bytes)) in gnu.sparse.iter_mut().zip(stretches.iter().copied().chain([(size, &[][..])])) {
        number(&mut slot.offset, at);
        number(&mut slot.numbytes, bytes.len() as u64);
    }
    number(&mut gnu.realsize, size);
    header.set_cksum();
    member(&header, &data)
}

#[test]
fn a_file_with_holes_is_read_and_a_giant_one_is_left() {
    let lines = LOG.lines().map(|line| format!("{line}\n")).collect::<String>();
    let report = read(tar_of(&[file("pods.txt", PODS.as_bytes()), sparse("a.log", &[(0, lines.as_bytes())], 8192)]));
    names_nginx(&report);
    assert_eq!(codes(&report), [("sparse", "a.log")]);
    for size in [1 << 33, 1 << 50, u64::MAX >> 1] {
        let report = read(beside(&[sparse("giant", &[(0, b"words\n")], size)]));
        names_nginx(&report);
        assert_eq!(codes(&report), [("limit", "giant"), ("sparse", "giant")], "{size}");
    }
    let report = read(beside(&[sparse("late", &[(1 << 52, b"words\n")], (1 << 52) + 6)]));
    names_nginx(&report);
    assert_eq!(codes(&report), [("limit", "late"), ("sparse", "late")]);
}

#[test]
fn files_with_holes_of_posix_tars_are_read_without_them() {
    let (first, second) = LOG.split_at(LOG.len() - 113);
    let mut map = format!("2\n0\n{}\n1048576\n{}\n", first.len(), second.len()).into_bytes();
    map.resize(512, 0);
    let data = [&map, LOG.as_bytes()].concat();
    let made_up = header(b"./GNUSparseFile.7/a.log", b'0', data.len() as u64);
    let new = [
        pax(&[
            ("GNU.sparse.major", "1"),
            ("GNU.sparse.minor", "0"),
            ("GNU.sparse.name", "a.log"),
            ("GNU.sparse.realsize", "1048700"),
        ]),
        member(&made_up, &data),
    ]
    .concat();
    let old = [
        pax(&[("GNU.sparse.size", "1048700"), ("GNU.sparse.numblocks", "2"), ("GNU.sparse.map", "0,9,1048576,9")]),
        file("a.log", LOG.as_bytes()),
    ]
    .concat();
    for bytes in [new, old] {
        let report = read(tar_of(&[file("pods.txt", PODS.as_bytes()), bytes]));
        names_nginx(&report);
        assert_eq!(codes(&report), [("sparse", "a.log")]);
        assert_eq!(entries(&report), ["a.log", "pods.txt"]);
    }
    let no_map = [pax(&[("GNU.sparse.major", "1")]), file("broken", &[b'x'; 3000])].concat();
    let report = read(beside(&[no_map]));
    names_nginx(&report);
    assert_eq!(codes(&report), [("cut-archive", "broken"), ("sparse", "broken")]);
}

#[test]
fn members_of_one_name_are_all_read() {
    let again = LOG.replace("curl", "wget").replace("40114", "50114");
    let report = read(beside(&[file("a.txt", b"1\n"), file("a.txt", b"2\n"), file("./a.txt", again.as_bytes())]));
    assert_eq!(codes(&report), [("duplicate", "a.txt#2"), ("duplicate", "a.txt#3")]);
    assert_eq!(entries(&report), ["a.txt", "a.txt#2", "a.txt#3", "pods.txt", "tcptracer.log"]);
    let mut list = ZipList::new();
    for text in ["first\n", LOG] {
        let at = list.local("a.log", 0, text.as_bytes(), text.len() as u32);
        list.listed("a.log", 0, at, text.len() as u32, text.len() as u32, crc(text.as_bytes()));
    }
    let report = read(tar(&[("in.zip", &list.finish()), ("pods.txt", PODS.as_bytes())]));
    names_nginx(&report);
    assert_eq!(codes(&report), [("duplicate", "in.zip")]);
    assert!(report.notices.iter().any(|n| n.message.contains("1 members")), "{:?}", report.notices);
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[test]
fn names_are_labels_however_odd_and_never_long() {
    let long = "n".repeat(2 << 20);
    let gnu_long = |name: &[u8]| {
        [member(&header(b"././@LongLink", b'L', name.len() as u64), name), file("short", b"words\n")].concat()
    };
    for name in ["../../etc/x", "/etc/x", "C:\\x", "a\x1b[2Jb", "..", "", ".", "./"] {
        let report = read(beside(&[file(name, b"words\n")]));
        names_nginx(&report);
        assert!(codes(&report).is_empty(), "{name:?}: {:?}", codes(&report));
        let report = with("in.zip", &zip(&[(name, b"words\n")]));
        // A zip's folders end in a slash.
        assert_eq!(entries(&report)[0].starts_with("in.zip!"), name != "./", "{:?}", entries(&report));
    }
    let report = read(beside(&[pax(&[("path", "nul\0byte")]), file("short", b"words\n")]));
    assert!(entries(&report).contains(&"nul\0byte"));
    let report = read(beside(&[gnu_long(&long.as_bytes()[..100_000])]));
    names_nginx(&report);
    assert!(entries(&report).iter().all(|entry| entry.len() < 5000));
    // Megabytes of a name end the archive, not the bundle.
    let too_long = tar_of(&[gnu_long(long.as_bytes())]);
    assert_eq!(codes(&with("long.tar", &too_long)), [("limit", "long.tar")]);
    let too_long = tar_of(&[pax(&[("comment", &long)]), file("x", b"")]);
    assert_eq!(codes(&with("long.tar", &too_long)), [("limit", "long.tar")]);
}

#[test]
fn members_that_are_no_files_are_named() {
    let kinds =
        [(b'1', "link"), (b'2', "link"), (b'3', "special-file"), (b'4', "special-file"), (b'6', "special-file")];
    let odd: Vec<Vec<u8>> = kinds.iter().map(|(kind, _)| member(&header(&[b'k', *kind], *kind, 0), b"")).collect();
    let report = read(beside(&odd));
    names_nginx(&report);
    let want: Vec<(&str, String)> = kinds.iter().map(|(kind, code)| (*code, format!("k{}", *kind as char))).collect();
    assert_eq!(codes(&report), want.iter().map(|(code, entry)| (*code, entry.as_str())).collect::<Vec<_>>());
    // Of very many only so many are listed.
    let many: Vec<Vec<u8>> = (0..1500).map(|n| member(&header(format!("l{n}").as_bytes(), b'2', 0), b"")).collect();
    let report = read(beside(&many));
    names_nginx(&report);
    assert_eq!(codes(&report).len(), 1001);
    assert!(report.notices.iter().any(|n| n.code == "link" && n.message == "and 500 more of these"));
}

#[test]
fn sizes_that_lie_break_off_their_own_archive_only() {
    let sized = |size: &dyn Fn(&mut tar::Header)| {
        let mut header = header(b"lie", b'0', 6);
        size(&mut header);
        header.set_cksum();
        tar_of(&[member(&header, b"words\n")])
    };
    let base_256 = |bytes: [u8; 12]| move |header: &mut tar::Header| header.as_old_mut().size = bytes;
    let octal = |digits: &'static [u8; 12]| move |header: &mut tar::Header| header.as_old_mut().size = *digits;
    for (what, tar) in [
        ("beyond the end", sized(&octal(b"00000777777\0"))),
        ("eight gigabytes", sized(&octal(b"77777777777\0"))),
        ("negative", sized(&base_256([0xff; 12]))),
        ("the largest", sized(&base_256([0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))),
        ("no number", sized(&octal(b"words words!"))),
        ("of an extension", tar_of(&[pax(&[("size", "18446744073709551615")]), file("lie", b"words\n")])),
        ("of an extension, negative", tar_of(&[pax(&[("size", "-1")]), file("lie", b"words\n")])),
    ] {
        let report = with("lying.tar", &tar);
        let said = codes(&report);
        assert!(what.contains("extension, neg") || said == [("cut-archive", "lying.tar")], "{what}: {said:?}");
    }
    let mut list = ZipList::new();
    let at = list.local("lie", 0, b"words\n", 6);
    list.listed("lie", 0, at, 0x7fff_ffff, 0x7fff_ffff, 0);
    list.listed("nowhere", 0, 0x7fff_ffff, 6, 6, 0);
    let report = with("lying.zip", &list.finish());
    assert!(codes(&report).contains(&("cut-archive", "lying.zip")), "{:?}", codes(&report));
}

#[test]
fn members_over_one_another_are_read_once() {
    let text = "words\n".repeat(100);
    let mut list = ZipList::new();
    let at = list.local("a.log", 0, text.as_bytes(), text.len() as u32);
    for n in 0..2000 {
        list.listed(&format!("{n:05}.log"), 0, at, text.len() as u32, text.len() as u32, crc(text.as_bytes()));
    }
    let report = with("over.zip", &list.finish());
    let said = codes(&report);
    assert_eq!(said.iter().filter(|(code, _)| *code == "overlap").count(), 1001);
    assert_eq!(entries(&report), ["over.zip!00000.log", "pods.txt", "tcptracer.log"]);
}

#[test]
fn a_gzip_may_be_cut_anywhere() {
    let text: String = (0..400).map(|n| format!("line {n} is {}\n", n * n)).collect();
    let whole = gzip(text.as_bytes());
    for cut in (2..whole.len()).step_by(41).chain(whole.len() - 9..whole.len()) {
        let report = with("cut.gz", &whole[..cut]);
        assert_eq!(codes(&report), [("cut-archive", "cut.gz")], "cut at {cut}");
    }
}

#[test]
fn gzips_behind_one_another_are_one_and_garbage_behind_them_is_said() {
    let (first, second) = LOG.split_at(200);
    let two = [gzip(first.as_bytes()), gzip(second.as_bytes())].concat();
    let padded = [&two[..], &[0; 700]].concat();
    for bytes in [&two, &padded] {
        let report = read(tar(&[("a.log", bytes), ("pods.txt", PODS.as_bytes())]));
        names_nginx(&report);
        assert!(codes(&report).is_empty(), "{:?}", codes(&report));
    }
    let garbage = [&two[..], b"garbage"].concat();
    let report = read(tar(&[("a.log", &garbage), ("pods.txt", PODS.as_bytes())]));
    names_nginx(&report);
    assert_eq!(codes(&report), [("trailing-data", "a.log")]);
    // A frame of zstd that is to be skipped, between two that are not.
    let skipped = [b"\x53\x2a\x4d\x18\x05\0\0\0", &b"12345"[..]].concat();
    let frames = [&skipped[..], &zstd(first.as_bytes()), &skipped, &zstd(second.as_bytes()), &skipped].concat();
    let bundle = tar(&[("a.zst", &[zstd(b""), frames.clone()].concat()), ("pods.txt", PODS.as_bytes())]);
    names_nginx(&read(bundle));
}

#[test]
fn empty_things_are_entries_or_nothing_at_all() {
    for (name, bytes, seen) in [
        ("empty.txt", Vec::new(), true),
        ("empty.gz", gzip(b""), true),
        ("empty.xz", xz(b""), true),
        ("empty.bz2", bzip2(b""), true),
        ("empty.zst", zstd(b""), true),
        ("empty.zip", zip(&[]), false),
        ("empty.tar.gz", gzip(&[0; 1024]), true),
        ("in.zip", zip(&[("empty", b"")]), false),
    ] {
        let report = with(name, &bytes);
        assert!(codes(&report).is_empty(), "{name}: {:?}", codes(&report));
        assert_eq!(entries(&report).contains(&name), seen, "{name}: {:?}", entries(&report));
    }
}

#[test]
fn bombs_of_every_kind_and_nesting_are_left() {
    let mut options = Options::default();
    (options.limits.ratio, options.limits.ratio_from) = (100, 1 << 20);
    let zeros = vec![0u8; 3 << 20];
    let packed = gzip(&zeros);
    let twice = gzip(&packed);
    for (what, name, bytes) in [
        ("gzip", "b.gz", packed.clone()),
        ("bzip2", "b.bz2", bzip2(&zeros)),
        ("xz", "b.xz", xz(&zeros)),
        ("zstd", "b.zst", zstd(&zeros)),
        ("zip", "b.zip", zip(&[("b", &zeros)])),
        ("twice", "b.gz.gz", twice),
        ("tar in gzip in zip", "b.zip", zip(&[("b.tgz", &gzip(&tar(&[("b", &zeros)])))])),
        ("zip in zip", "b.zip", zip(&[("b.zip", &zip(&[("b", &zeros)]))])),
    ] {
        let source = stream(beside(&[file(name, &bytes)]));
        let report = Analysis::of(vec![source], &options).unwrap();
        names_nginx(&report);
        let said = codes(&report);
        assert!(
            said.iter().all(|(code, at)| *code == "limit" && at.starts_with("b.")) && !said.is_empty(),
            "{what}: {said:?}"
        );
    }
}

#[test]
fn a_chain_of_archives_is_followed_to_its_bound() {
    for pack in [|b: &[u8]| gzip(b), |b: &[u8]| zip(&[("r", b)]), |b: &[u8]| tar(&[("r", b)]), |b: &[u8]| zstd(b)] {
        let chain = (0..30).fold(LOG.as_bytes().to_vec(), |inner, _| pack(&inner));
        let said = with("chain", &chain);
        assert_eq!(codes(&said).iter().map(|(code, _)| *code).collect::<Vec<_>>(), ["limit"]);
    }
}

#[test]
fn what_is_held_is_bounded_for_all_nesting_together() {
    let mut options = Options::default();
    options.limits.held = 3 << 20;
    let noise: Vec<u8> = (0..250_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let one = zip(&[("noise", &noise)]);
    let bundle = |bytes: &[u8]| beside(&[file("a.zip", bytes)]);
    let report = Analysis::of(vec![stream(bundle(&one))], &options).unwrap();
    assert!(codes(&report).is_empty(), "{:?}", codes(&report));
    // The inner ones are held beside the outer ones.
    let nested = zip(&[("b.zip", &zip(&[("c.zip", &one)]))]);
    let report = Analysis::of(vec![stream(bundle(&nested))], &options).unwrap();
    names_nginx(&report);
    assert_eq!(codes(&report), [("limit", "a.zip!b.zip!c.zip")]);
    // And so are windows; a list of members that takes more is not read at all.
    let report = Analysis::of(vec![stream(beside(&[file("a.xz", &xz(b"words\n"))]))], &options).unwrap();
    names_nginx(&report);
    assert_eq!(codes(&report), [("limit", "a.xz")]);
    let mut list = ZipList::new();
    for n in 0..9000 {
        list.listed(&format!("{n}"), 0, 0, 0, 0, 0);
    }
    let mut bytes = ZipList::new();
    bytes.local("x", 0, b"", 0);
    let report = Analysis::of(vec![stream(bundle(&[bytes.finish(), list.finish()].concat()))], &options).unwrap();
    names_nginx(&report);
    assert_eq!(codes(&report), [("limit", "a.zip")]);
}

#[test]
fn entries_and_bytes_are_bounded_in_every_form() {
    let mut options = Options::default();
    options.limits.entries = 20;
    let many: Vec<Vec<u8>> = (0..50).map(|n| file(&format!("{n}"), b"x\n")).collect();
    let archives: Vec<Vec<u8>> = (0..50).map(|n| file(&format!("{n}.zip"), &zip(&[]))).collect();
    for members in [many, archives] {
        let mut members = members;
        members.insert(0, file("tcptracer.log", LOG.as_bytes()));
        let report = Analysis::of(vec![stream(tar_of(&members))], &options).unwrap();
        assert_eq!(codes(&report).len(), 1, "{:?}", codes(&report));
        assert_eq!(codes(&report)[0].0, "limit");
    }
}

/// A line of 64 MiB, made while it is read.
#[test]
fn a_line_without_an_end_is_one_reject_and_the_rest_is_read() {
    let line = std::io::repeat(b'x').take(64 << 20);
    let reader = std::io::Cursor::new(LOG.as_bytes()).chain(line).chain(&b"\n"[..]);
    let report = Analysis::of(vec![Source::reader("log", reader)], &Options::default()).unwrap();
    assert_eq!(report.nodes[0].capture.events, 2);
    assert_eq!(report.inputs.iter().map(|input| input.lines).sum::<u64>(), 5);
}

#[test]
fn nothing_is_written_anywhere() {
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("written");
    let inside = folder.join("a/b");
    std::fs::create_dir_all(&inside).unwrap();
    let bundle = beside(&[
        file("../out.txt", b"words\n"),
        file("out.gz", &gzip(&tar(&[("../../out.txt", b"words\n")]))),
        file("out.zip", &zip(&[("../out.txt", b"words\n")])),
    ]);
    let path = inside.join("bundle.tar");
    std::fs::File::create(&path).unwrap().write_all(&bundle).unwrap();
    let list = || {
        let mut paths = fixtures::files(&folder).unwrap();
        paths.sort();
        paths
    };
    let before = list();
    names_nginx(&Analysis::of(vec![Source::from(path.as_path())], &Options::default()).unwrap());
    assert_eq!(list(), before);
    assert_eq!(before, [path]);
    assert!(!std::path::Path::new("../out.txt").exists());
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(analyze(tar(&[("x", b"")])).is_err());
}

#[test]
fn paths_together_are_bounded() {
    let members: Vec<Vec<u8>> = (0..6000)
        .map(|n| {
            let name = format!("{n:05}{}", "n".repeat(4000));
            [member(&header(b"././@LongLink", b'L', name.len() as u64), name.as_bytes()), file("short", b"x\n")]
                .concat()
        })
        .collect();
    let report = read(tar_of(&[vec![file("tcptracer.log", LOG.as_bytes())], members].concat()));
    assert_eq!(report.nodes[0].capture.events, 2);
    assert_eq!(codes(&report).len(), 1);
    assert!(report.inputs.len() < 4200, "{}", report.inputs.len());
}

#[test]
fn a_file_of_many_small_bombs_ends() {
    let mut options = Options::default();
    (options.limits.ratio, options.limits.ratio_from) = (10, 1 << 16);
    let small = gzip(&vec![0u8; 1 << 16]);
    let bombs: Vec<Vec<u8>> = (0..200).map(|n| file(&format!("{n:03}.gz"), &small)).collect();
    let packed = gzip(&tar_of(&[vec![file("a.log", LOG.as_bytes())], bombs].concat()));
    let source = Source::texts("case", [("bombs.tgz", packed), ("tcptracer.log", LOG.as_bytes().to_vec())]);
    let report = Analysis::of(vec![source], &options).unwrap();
    assert_eq!(codes(&report).len(), 1, "{:?}", codes(&report));
    assert!(report.inputs.len() < 30, "{}", report.inputs.len());
    assert!(entries(&report).contains(&"tcptracer.log"));
}
