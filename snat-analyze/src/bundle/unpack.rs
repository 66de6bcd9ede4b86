//! Compressions and texts of other encodings, as readers. Nothing here is written anywhere, and windows are bounded.

use std::io::{self, BufReader, Read};

use bzip2::read::MultiBzDecoder;
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;

/// How a stream is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Xz,
    Zstd,
    Bzip2,
}

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

    /// The stream unpacked; streams one behind another are one.
    pub(super) fn unpack<'r>(self, reader: impl Read + 'r) -> Box<dyn Read + 'r> {
        let reader = BufReader::with_capacity(1 << 16, reader);
        match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(reader)),
            Self::Bzip2 => Box::new(MultiBzDecoder::new(reader)),
            Self::Xz => Box::new(XzReader::new_mem_limit(reader, true, WINDOW_KIB)),
            Self::Zstd => Box::new(ZstdFrames { source: Some(reader), frame: None }),
        }
    }
}

/// What a decoder may keep of what it unpacked: `xz -9` asks for 64 MiB, `zstd --ultra` for 128.
const WINDOW_KIB: u32 = 128 << 10;

/// A frame as it is unpacked.
type Frame<R> = StreamingDecoder<R, ruzstd::decoding::FrameDecoder>;

/// Zstandard frames, one behind another.
struct ZstdFrames<R: Read> {
    source: Option<BufReader<R>>,
    frame: Option<Box<Frame<BufReader<R>>>>,
}

impl<R: Read> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let got = frame.read(buffer)?;
                if got > 0 || buffer.is_empty() {
                    return Ok(got);
                }
                self.source = self.frame.take().map(|frame| frame.into_inner());
            }
            let Some(mut source) = self.source.take() else { return Ok(0) };
            if io::BufRead::fill_buf(&mut source)?.is_empty() {
                return Ok(0);
            }
            let limit = u64::from(WINDOW_KIB) << 10;
            let frame = StreamingDecoder::new_with_max_window_size(source, limit);
            self.frame = Some(Box::new(frame.map_err(io::Error::other)?));
        }
    }
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
}
