//! Line feeds that stand alone are taken many at once, unless the sink asks for every line that was not understood: then
//! one by one, as all other lines are. Both ways give the same sections, in pieces of any size.

use fixtures::Random;
use snat_parse::{Entry, EntryReader, Ignore, Keep};

const ROW: &str = "0             connect      77     curl             4  10.244.3.9       20.51.14.8       40114  443    4026533011\n";

/// What stands between the line feeds.
const PIECES: [&str; 12] = [
    ROW,
    ROW,
    "some other words on a line of their own\n",
    "Tracing TCP established connections. Ctrl-C to end.\n",
    "TIME(ns)      TYPE         PID    COMM             IP SADDR            DADDR            SPORT  DPORT  NETNS\n",
    "0             connect      77     curl      Possibly lost 7 samples\n",
    "       4  10.244.3.9       20.51.14.8       40114  443    4026533011\n",
    "0             connect      77     cu\n",
    "tcp        0      0 10.244.3.9:40000        20.51.14.8:443          ESTABLISHED 1/dotnet\n",
    "        NS TYPE NPROCS   PID USER COMMAND\n4026532785 net       3 19832 root bash\n",
    "\r\n",
    "  \t\n",
];

fn read(text: &[u8], size: usize, keep: Keep) -> Entry {
    let mut reader = EntryReader::new(keep);
    text.chunks(size).for_each(|piece| reader.feed(piece, &mut Ignore));
    reader.finish(&mut Ignore)
}

/// The fates sum to the lines, the sections tile the entry.
#[track_caller]
fn whole(entry: &Entry, text: &[u8]) {
    let lines = text.split_inclusive(|b| *b == b'\n').count() as u64;
    assert_eq!((entry.lines, entry.bytes), (lines, text.len() as u64));
    let mut next = 1;
    for section in &entry.sections {
        assert_eq!((section.first_line, section.tally.lines()), (next, section.lines));
        next += section.lines;
    }
    assert_eq!(next, entry.lines + 1);
    assert_eq!(entry.sections.iter().map(|section| section.bytes).sum::<u64>(), entry.bytes);
}

#[test]
fn many_at_once_are_the_same_as_one_by_one() {
    let mut random = Random::new(11);
    let mut below = |limit: u64| random.below(limit);
    let mut unread = 0;
    for _ in 0..400 {
        let mut text = String::new();
        for _ in 0..1 + below(8) {
            if below(3) > 0 {
                text.push_str(PIECES[below(PIECES.len() as u64) as usize]);
            }
            text.push_str(&"\n".repeat([0, 1, 2, 20, 200][below(5) as usize]));
        }
        if below(4) == 0 {
            text.pop();
        }
        let mut keep = Keep::default();
        (keep.beside_log, keep.alone) = (200 + below(6_000) as usize, 200 + below(12_000) as usize);
        let at_once = read(text.as_bytes(), 1 << 20, keep);
        whole(&at_once, text.as_bytes());
        unread += u32::from(at_once.sections.iter().any(|section| section.cut.contains(&snat_parse::Cut::NotLookedAt)));
        let found = format!("{at_once:?}");
        for size in [1, 7, 100] {
            assert_eq!(found, format!("{:?}", read(text.as_bytes(), size, keep)), "{text:?} in pieces of {size}");
        }
        keep.rejects = true;
        assert_eq!(found, format!("{:?}", read(text.as_bytes(), 1 << 20, keep)), "{text:?} one by one");
    }
    assert!((50..350).contains(&unread), "{unread} texts were too long to keep");
}

#[test]
fn nothing_but_line_feeds() {
    let text = vec![b'\n'; 100_000];
    let mut keep = Keep::default();
    keep.alone = 64 * 1_000;
    let entry = read(&text, 4_096, keep);
    whole(&entry, &text);
    let lines: Vec<_> =
        entry.sections.iter().map(|section| (section.format, section.first_line, section.lines)).collect();
    assert_eq!(lines, [(None, 1, 1_000), (None, 1_001, 99_000)]);
    let log = [ROW.as_bytes(), &text].concat();
    let entry = read(&log, 4_096, keep);
    whole(&entry, &log);
    assert_eq!((entry.sections.len(), entry.sections[0].rows, entry.sections[0].lines), (1, 1, 100_001));
}
