//! Memory that archives take: one budget for all that is held at once, in whatever nesting.

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

/// What is left of [`Limits::held`](super::Limits::held).
#[derive(Clone, Debug)]
pub(super) struct Budget(Rc<Cell<usize>>);

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        Self(Rc::new(Cell::new(bytes)))
    }

    pub(super) fn left(&self) -> usize {
        self.0.get()
    }

    /// Bytes that go back when the share is dropped.
    ///
    /// # Errors
    /// Where less is left; `what` needs them.
    pub(super) fn take(&self, bytes: u64, what: &str) -> io::Result<Share> {
        let mut share = Share { budget: self.clone(), bytes: 0 };
        if share.grow(bytes) {
            return Ok(share);
        }
        let message = format!("{what} needs {bytes} bytes of memory, and {} may be taken", self.left());
        Err(io::Error::new(io::ErrorKind::QuotaExceeded, message))
    }
}

/// A part of the budget.
#[derive(Debug)]
pub(super) struct Share {
    budget: Budget,
    bytes: usize,
}

impl Share {
    /// Whether so many more bytes could be had.
    fn grow(&mut self, bytes: u64) -> bool {
        let more = usize::try_from(bytes).ok().filter(|more| *more <= self.budget.left());
        let Some(more) = more else { return false };
        self.budget.0.set(self.budget.left() - more);
        self.bytes += more;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.0.set(self.budget.left() + self.bytes);
    }
}

/// Bytes of one piece. Pieces are added, so that nothing is ever held twice, as in a vector that grows.
const PIECE: usize = 1 << 18;

/// A stream that was read into memory.
#[derive(Debug)]
pub(super) struct Held {
    pieces: Vec<Vec<u8>>,
    bytes: u64,
    at: u64,
    share: Share,
}

/// How reading into memory ended.
pub(super) enum Taken {
    /// Everything is there.
    Whole(Held),
    /// More than may be held.
    TooMuch(Held),
    /// The reader failed behind these bytes.
    Broken(Held, io::Error),
}

impl Held {
    /// Reads to the end, or until `most` bytes or the budget are passed. `factor` times the bytes are taken from it.
    pub(super) fn read(mut reader: impl Read, most: u64, factor: u64, budget: &Budget) -> Taken {
        let share = Share { budget: budget.clone(), bytes: 0 };
        let mut held = Self { pieces: Vec::new(), bytes: 0, at: 0, share };
        loop {
            if held.bytes > most || !held.share.grow(PIECE as u64 * factor) {
                return Taken::TooMuch(held);
            }
            let mut piece = Vec::with_capacity(PIECE);
            let ended = (&mut reader).take(PIECE as u64).read_to_end(&mut piece);
            held.bytes += piece.len() as u64;
            let whole = piece.len() < PIECE;
            held.pieces.push(piece);
            match ended {
                Err(error) => return Taken::Broken(held, error),
                Ok(_) if held.bytes > most => return Taken::TooMuch(held),
                Ok(_) if whole => return Taken::Whole(held),
                Ok(_) => {}
            }
        }
    }

    /// All bytes in one piece, as long as the share is kept.
    pub(super) fn into_bytes(self) -> (Vec<u8>, Share) {
        let mut bytes = Vec::with_capacity(usize::try_from(self.bytes).unwrap_or_default());
        for piece in self.pieces {
            bytes.extend_from_slice(&piece);
        }
        (bytes, self.share)
    }

    pub(super) fn len(&self) -> u64 {
        self.bytes
    }
}

impl Read for Held {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = usize::try_from(self.at).unwrap_or(usize::MAX);
        let Some(rest) = self.pieces.get(at / PIECE).and_then(|piece| piece.get(at % PIECE..)) else { return Ok(0) };
        let got = rest.len().min(buffer.len());
        buffer[..got].copy_from_slice(&rest[..got]);
        self.at += got as u64;
        Ok(got)
    }
}

impl Seek for Held {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.bytes.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "seek to before the beginning"))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_read_and_sought_like_a_file() {
        let budget = Budget::new(8 * PIECE);
        let bytes: Vec<u8> = (0..PIECE as u32 + 1000).map(|n| (n % 251) as u8).collect();
        let Taken::Whole(mut held) = Held::read(&bytes[..], u64::MAX, 1, &budget) else { panic!("not whole") };
        assert_eq!((held.len(), budget.left()), (bytes.len() as u64, 6 * PIECE));
        let mut back = Vec::new();
        held.read_to_end(&mut back).expect("from memory");
        assert!(back == bytes);
        assert_eq!(held.seek(SeekFrom::End(-3)).expect("a seek"), bytes.len() as u64 - 3);
        back.clear();
        held.read_to_end(&mut back).expect("from memory");
        assert_eq!(back, bytes[bytes.len() - 3..]);
        assert!(held.seek(SeekFrom::Current(i64::MIN)).is_err());
        drop(held);
        assert_eq!(budget.left(), 8 * PIECE);
        assert!(matches!(Held::read(&bytes[..], 1000, 1, &budget), Taken::TooMuch(_)));
        assert!(matches!(Held::read(&bytes[..], u64::MAX, 8, &budget), Taken::TooMuch(_)), "the budget is for all");
        assert!(budget.take(9 << 20, "a window").is_err());
    }
}
