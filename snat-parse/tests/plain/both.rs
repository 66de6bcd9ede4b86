//! The two readers, and that they tell the same.

use snat_parse::Fate;
use snat_parse::formats::tcptracer::{Batch, BatchRow, Columns, Fates, LineFormat, Reader, printed_again};

/// What a reader told of its lines.
#[derive(Debug, PartialEq)]
enum Told {
    Claim {
        line: u64,
        raw: Vec<u8>,
        bytes: u64,
        fate: Fate,
        why: Option<String>,
    },
    Other {
        line: u64,
        raw: Vec<u8>,
        bytes: u64,
        ended: bool,
    },
    Note {
        line: u64,
        code: &'static str,
        message: String,
    },
    /// Rows that were taken by their layout: first line, lines, bytes.
    Rows(u64, u64, u64),
}

#[derive(Default)]
struct Tellings(Vec<Told>);

impl Fates for Tellings {
    fn claim(&mut self, line: u64, raw: &[u8], bytes: u64, fate: Fate, why: Option<&str>) {
        self.0.push(Told::Claim { line, raw: raw.to_vec(), bytes, fate, why: why.map(str::to_owned) });
    }

    fn rows(&mut self, first: u64, lines: u64, bytes: u64) {
        self.0.push(Told::Rows(first, lines, bytes));
    }

    fn other(&mut self, line: u64, raw: &[u8], bytes: u64, ended: bool) {
        self.0.push(Told::Other { line, raw: raw.to_vec(), bytes, ended });
    }

    fn note(&mut self, line: u64, code: &'static str, message: &str) {
        self.0.push(Told::Note { line, code, message: message.to_owned() });
    }
}

/// The same log through both readers, piece by piece.
#[derive(Default)]
pub(super) struct Both {
    whole: Reader,
    columns: Columns,
    lone: Reader,
    lone_columns: Columns,
    /// Rows that were taken by their layout.
    pub(super) plain: u64,
    /// Generation of the numbers, and the highest of them.
    pub(super) generation: u32,
    pub(super) highest: u32,
}

impl Both {
    /// Reads further lines; the last of them are to be more than the layout looks ahead.
    #[track_caller]
    pub(super) fn read(&mut self, text: &[u8]) {
        let mut told = Tellings::default();
        self.columns.clear();
        self.whole.read(text, &mut self.columns, &mut told);
        let batch = Batch::new(&self.columns, text);
        self.generation = batch.generation();
        let numbers = (0..batch.len()).flat_map(|at| [batch.row(at).origin, batch.row(at).remote]);
        self.highest = numbers.fold(self.highest, u32::max);
        let mut wanted = Tellings::default();
        let mut row = 0;
        for line in text.split_inclusive(|b| *b == b'\n') {
            self.lone_columns.clear();
            self.lone.read(line, &mut self.lone_columns, &mut wanted);
            let alone = Batch::new(&self.lone_columns, line);
            for at in 0..alone.len() {
                let seen = || format!("row {row} of {:?}", String::from_utf8_lossy(alone.text(at)));
                assert!(row < batch.len(), "no {}", seen());
                let place = |batch: &Batch<'_>, at: usize| (batch.line(at), batch.run(at));
                assert_eq!(batch.text(row), alone.text(at), "{}", seen());
                assert_eq!(batch.event(row), alone.event(at), "{}", seen());
                assert_eq!(place(&batch, row), place(&alone, at), "{}", seen());
                if let BatchRow { is_plain: true, time: Some(time), sport: Some(sport), .. } = batch.row(row) {
                    let again = printed_again(batch.text(row), time, sport);
                    assert_eq!(again.as_deref(), Some(batch.text(row)), "{}", seen());
                }
                row += 1;
            }
        }
        assert_eq!(batch.len(), row, "rows that the grammar does not know");
        self.same_fates(told.0, wanted.0);
        let sums = |reader: &Reader| (reader.lines(), reader.rows(), reader.runs(), reader.lost_samples());
        assert_eq!(sums(&self.whole), sums(&self.lone));
    }

    #[track_caller]
    fn same_fates(&mut self, told: Vec<Told>, wanted: Vec<Told>) {
        let mut wanted = wanted.into_iter();
        for told in told {
            let Told::Rows(first, lines, bytes) = told else {
                assert_eq!(Some(told), wanted.next());
                continue;
            };
            let mut sum = 0;
            for at in first..first + lines {
                match wanted.next() {
                    Some(Told::Claim { line, bytes, fate: Fate::Data, why: None, .. }) if line == at => sum += bytes,
                    other => panic!("line {at} is a plain row and {other:?}"),
                }
            }
            assert_eq!(sum, bytes, "bytes from line {first} on");
            self.plain += lines;
        }
        assert_eq!(wanted.next(), None);
    }

    #[track_caller]
    pub(super) fn end(&mut self) {
        let mut told = [Tellings::default(), Tellings::default()];
        self.columns.clear();
        self.lone_columns.clear();
        self.whole.end(&mut self.columns, &mut told[0]);
        self.lone.end(&mut self.lone_columns, &mut told[1]);
        let events = |columns: &Columns| {
            let batch = Batch::new(columns, &[]);
            (0..batch.len()).map(|at| format!("{:?} {:?}", batch.event(at), batch.text(at))).collect::<Vec<_>>()
        };
        assert_eq!(events(&self.columns), events(&self.lone_columns));
        assert_eq!(told[0].0, told[1].0);
    }
}
