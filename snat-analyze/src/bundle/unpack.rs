//! Compressions and texts of other encodings, as readers. Nothing here is written anywhere, and what a decoder keeps
//! of what it unpacked is taken from the budget.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use bzip2::read::MultiBzDecoder;
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::bufread::GzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::held::{Budget, Share};
use super::shape::{Broken, front};

/// How a stream is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Xz,
    Zstd,
    Bzip2,
}

/// Bytes that are read from a compressed stream at a time.
const BUFFER: usize = 1 << 16;

impl Packing {
    /// By its first bytes.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        const MAGIC: [(&[u8], Packing); 4] = [
            (b"\x1f\x8b", Packing::Gzip),
            (b"\xfd7zXZ\0", Packing::Xz),
            (b"\x28\xb5\x2f\xfd", Packing::Zstd),
            (b"BZh", Packing::Bzip2),
        ];
        let found = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, packing)| *packing);
        // Three letters could begin a text; behind them stands the size of the blocks.
        found.filter(|packing| *packing != Self::Bzip2 || head.get(3).is_some_and(|b| (b'1'..=b'9').contains(b)))
    }

    /// The stream unpacked; streams one behind another are one. `trailing` tells whether other bytes came behind them.
    pub(super) fn unpack<'r>(
        self,
        reader: impl Read + 'r,
        budget: &Budget,
        trailing: &Rc<Cell<bool>>,
    ) -> Box<dyn Read + 'r> {
        match self {
            Self::Gzip => {
                let source = BufReader::with_capacity(BUFFER, reader);
                Box::new(GzipMembers { member: Some(GzDecoder::new(source)), trailing: trailing.clone() })
            }
            Self::Bzip2 => match budget.take(BZIP2, "bzip2") {
                Ok(share) => Box::new(Windowed { reader: MultiBzDecoder::new(reader), _share: share }),
                Err(error) => Box::new(Broken(Some(error))),
            },
            Self::Xz => {
                let (head, reader) = front(reader, XZ_HEAD);
                let window = xz_window(&head).max(XZ_LEAST);
                match budget.take(window, "an xz window") {
                    Ok(share) => {
                        let kib = u32::try_from(window >> 10).unwrap_or(u32::MAX).saturating_add(XZ_OVERHEAD_KIB);
                        let reader = BufReader::with_capacity(BUFFER, reader);
                        Box::new(Windowed { reader: XzReader::new_mem_limit(reader, true, kib), _share: share })
                    }
                    Err(error) => Box::new(Broken(Some(error))),
                }
            }
            Self::Zstd => {
                let source = Ahead { head: Vec::new(), reader: BufReader::with_capacity(BUFFER, reader) };
                Box::new(ZstdFrames { source: Some(source), frame: None, budget: budget.clone() })
            }
        }
    }
}

/// What bzip2 needs at its largest block, 900 kB.
const BZIP2: u64 = 4 << 20;

/// A decoder with its share of the budget.
struct Windowed<R> {
    reader: R,
    _share: Share,
}

impl<R: Read> Read for Windowed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

/// Members of gzip, one behind another.
struct GzipMembers<R: BufRead> {
    member: Option<GzDecoder<R>>,
    trailing: Rc<Cell<bool>>,
}

impl<R: BufRead> Read for GzipMembers<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let got = member.read(buffer)?;
            if got > 0 || buffer.is_empty() {
                return Ok(got);
            }
            let Some(mut source) = self.member.take().map(GzDecoder::into_inner) else { break };
            // A tape pads with zeros.
            while let Some(0) = source.fill_buf()?.first() {
                source.consume(1);
            }
            match source.fill_buf()?.first() {
                None => {}
                Some(0x1f) => self.member = Some(GzDecoder::new(source)),
                Some(_) => self.trailing.set(true),
            }
        }
        Ok(0)
    }
}

/// The header of an xz stream and the largest of a block.
const XZ_HEAD: usize = 12 + 1024;
/// A window is given at least so many bytes, those of `xz -6`: a later block may ask for more than the first one.
const XZ_LEAST: u64 = 8 << 20;
/// What the decoder counts beside its window.
const XZ_OVERHEAD_KIB: u32 = 128;

/// The window of the first block of xz; 0 where that cannot be told, and the decoder will say why.
fn xz_window(head: &[u8]) -> u64 {
    let Some([flags, rest @ ..]) = head.get(13..) else { return 0 };
    // The sizes, one byte of seven bits after the other; then id, length and properties of each filter.
    let mut rest = rest.iter().copied();
    let mut number = || {
        let mut value = 0u64;
        for (at, byte) in rest.by_ref().take(9).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    };
    let sizes = u32::from(flags & 0x40 != 0) + u32::from(flags & 0x80 != 0);
    for _ in 0..sizes {
        number();
    }
    for _ in 0..=flags & 3 {
        let (Some(id), Some(length)) = (number(), number()) else { return 0 };
        for _ in 0..length.min(XZ_HEAD as u64) {
            let Some(property) = number() else { return 0 };
            if id == 0x21 {
                let bits = property & 0x3f;
                return if bits >= 40 { u64::from(u32::MAX) } else { (2 | bits & 1) << (bits / 2 + 11) };
            }
        }
    }
    0
}

/// Bytes that can be looked at before they are read.
struct Ahead<R> {
    head: Vec<u8>,
    reader: R,
}

impl<R: Read> Ahead<R> {
    /// So many of the next bytes, or what is left.
    fn look(&mut self, bytes: usize) -> io::Result<&[u8]> {
        let more = bytes.saturating_sub(self.head.len());
        self.reader.by_ref().take(more as u64).read_to_end(&mut self.head)?;
        Ok(&self.head)
    }
}

impl<R: Read> Read for Ahead<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.head.is_empty() {
            return self.reader.read(buffer);
        }
        let got = self.head.len().min(buffer.len());
        buffer[..got].copy_from_slice(&self.head[..got]);
        self.head.drain(..got);
        Ok(got)
    }
}

/// Zstandard frames, one behind another.
struct ZstdFrames<R: Read> {
    source: Option<Ahead<R>>,
    frame: Option<(StreamingDecoder<Ahead<R>, FrameDecoder>, Share)>,
    budget: Budget,
}

/// The largest header of a frame.
const ZSTD_HEAD: usize = 18;

impl<R: Read> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some((frame, _)) = &mut self.frame {
                let got = frame.read(buffer)?;
                if got > 0 || buffer.is_empty() {
                    return Ok(got);
                }
                self.source = self.frame.take().map(|(frame, _)| frame.into_inner());
            }
            let Some(mut source) = self.source.take() else { return Ok(0) };
            let head = source.look(ZSTD_HEAD)?;
            if head.is_empty() {
                return Ok(0);
            }
            // A frame that is to be skipped: of users, or the table of a seekable file.
            if let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, ..] = *head {
                let length = u64::from(u32::from_le_bytes([a, b, c, d]));
                io::copy(&mut source.by_ref().take(8 + length), &mut io::sink())?;
                self.source = Some(source);
                continue;
            }
            // The decoder's ring holds a power of two.
            let window = zstd_window(head).max(1 << 10).checked_next_power_of_two().unwrap_or(u64::MAX);
            let share = self.budget.take(window, "a zstd window")?;
            let frame = StreamingDecoder::new_with_max_window_size(source, window).map_err(io::Error::other)?;
            self.frame = Some((frame, share));
        }
    }
}

/// The window that a frame's header asks for; 0 where it is none, and the decoder will say why.
fn zstd_window(head: &[u8]) -> u64 {
    let Some([descriptor, rest @ ..]) = head.get(4..) else { return 0 };
    if descriptor & 0x20 == 0 {
        let Some(window) = rest.first() else { return 0 };
        let base = 1u64 << (10 + (window >> 3));
        return base + base / 8 * u64::from(window & 7);
    }
    // One segment: the window is the content.
    let skipped = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let size = [1, 2, 4, 8][usize::from(descriptor >> 6)];
    let bytes = rest.iter().skip(skipped).take(size).rev();
    bytes.fold(0, |value, byte| value << 8 | u64::from(*byte)) + if size == 2 { 256 } else { 0 }
}

/// Whether a text begins like UTF-16: by its mark, or by Latin letters with a zero byte behind or before each.
pub(super) fn utf16(head: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let head = &head[..head.len() & !1];
    if head.starts_with(b"\xff\xfe") {
        return Some(encoding_rs::UTF_16LE);
    }
    if head.starts_with(b"\xfe\xff") {
        return Some(encoding_rs::UTF_16BE);
    }
    let zeros = |at: usize| head.chunks_exact(2).filter(|pair| pair[at] == 0 && pair[1 - at] != 0).count();
    let most = |zeros: usize| head.len() >= 16 && zeros * 10 >= head.len() / 2 * 9;
    match (most(zeros(1)), most(zeros(0))) {
        (true, false) => Some(encoding_rs::UTF_16LE),
        (false, true) => Some(encoding_rs::UTF_16BE),
        _ => None,
    }
}

/// A text of that encoding as UTF-8.
pub(super) fn decode<'r>(reader: impl Read + 'r, encoding: &'static encoding_rs::Encoding) -> Box<dyn Read + 'r> {
    Box::new(DecodeReaderBytesBuilder::new().encoding(Some(encoding)).bom_override(true).build(reader))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_is_told_with_and_without_its_mark() {
        let little: Vec<u8> = "NAME   READY   STATUS".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "NAME   READY   STATUS".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(utf16(&little), Some(encoding_rs::UTF_16LE));
        assert_eq!(utf16(&big), Some(encoding_rs::UTF_16BE));
        assert_eq!(utf16(b"\xff\xfea\0"), Some(encoding_rs::UTF_16LE));
        assert_eq!(utf16(b"NAME   READY   STATUS"), None);
        assert_eq!(utf16(&[0; 64]), None);
        let mut text = String::new();
        decode(&little[..], encoding_rs::UTF_16LE).read_to_string(&mut text).expect("a text");
        assert_eq!(text, "NAME   READY   STATUS");
    }

    #[test]
    fn windows_are_read_from_the_headers() {
        // Of `xz -6`, `xz -9` with a filter before it, and `zstd -3`; then one segment of 300 bytes.
        let xz = |block: &[u8]| xz_window(&[&b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46\x02"[..], block].concat());
        assert_eq!(xz(b"\0\x21\x01\x16\0\0\0"), 8 << 20);
        assert_eq!(xz(b"\x01\x04\0\x21\x01\x1c"), 64 << 20);
        assert_eq!(xz(b"\xc0\x80\x01\x05\x21\x01\x16"), 8 << 20);
        assert_eq!(xz(b""), 0);
        assert_eq!(zstd_window(b"\x28\xb5\x2f\xfd\x04\x58rest"), 2 << 20);
        assert_eq!(zstd_window(b"\x28\xb5\x2f\xfd\x60\x2c\0rest"), 300);
        assert_eq!(zstd_window(b"\x28\xb5\x2f\xfd"), 0);
    }

    #[test]
    fn a_window_beyond_the_budget_is_refused() {
        let budget = Budget::new(32 << 20);
        let stream = b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46\x02\0\x21\x01\x1c\0\0\0";
        let mut reader = Packing::Xz.unpack(&stream[..], &budget, &Rc::default());
        let error = reader.read(&mut [0; 16]).expect_err("64 MiB of 32");
        assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
        assert_eq!(budget.left(), 32 << 20);
    }
}
