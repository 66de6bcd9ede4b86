//! How a stream begins, and readers that put back what was looked at.

use std::io::{self, Read};

use super::unpack::{self, Packing};

/// How a stream begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Packed(Packing),
    Tar,
    Zip,
    Utf16(&'static encoding_rs::Encoding),
    /// An archive or a compression that is not read.
    Foreign(&'static str),
    Plain,
}

/// So many bytes are looked at to tell the shape: one block of a tar.
const BLOCK: usize = 512;

fn shape(head: &[u8]) -> Shape {
    const FOREIGN: [(&[u8], &str); 3] =
        [(b"7z\xbc\xaf\x27\x1c", "7z archive"), (b"Rar!\x1a\x07", "RAR archive"), (b"MSCF", "cabinet")];
    if let Some(packing) = Packing::of(head) {
        return Shape::Packed(packing);
    }
    if ZIP.iter().any(|magic| head.starts_with(magic)) {
        return Shape::Zip;
    }
    if let Some((_, name)) = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Shape::Foreign(name);
    }
    match unpack::utf16(head) {
        _ if is_tar(head) => Shape::Tar,
        Some(encoding) => Shape::Utf16(encoding),
        None => Shape::Plain,
    }
}

/// How a zip begins: with a member, or with its end where it is empty.
pub(super) const ZIP: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// A tar header says so itself, or its checksum does.
fn is_tar(head: &[u8]) -> bool {
    let Ok(block) = <&[u8; BLOCK]>::try_from(head.get(..BLOCK).unwrap_or_default()) else { return false };
    if &block[257..262] == b"ustar" {
        return true;
    }
    let sum: u32 =
        block.iter().enumerate().map(|(at, b)| if (148..156).contains(&at) { 32 } else { u32::from(*b) }).sum();
    let stored = block[148..156]
        .iter()
        .filter(|b| b.is_ascii_digit())
        .fold(0u32, |n, b| n.wrapping_mul(8).wrapping_add(u32::from(b - b'0')));
    block[0] != 0 && block[148..154].iter().any(u8::is_ascii_digit) && stored == sum
}

/// Reads up to one block, so that the shape can be told, and gives it back before the rest.
pub(super) fn peek<'r>(reader: Box<dyn Read + 'r>) -> (Shape, Box<dyn Read + 'r>) {
    let (head, reader) = front(reader, BLOCK);
    (shape(&head), reader)
}

/// The first bytes, up to so many, and a reader that begins with them.
pub(super) fn front<'r>(mut reader: impl Read + 'r, bytes: usize) -> (Vec<u8>, Box<dyn Read + 'r>) {
    let mut head = Vec::with_capacity(bytes);
    let ended = reader.by_ref().take(bytes as u64).read_to_end(&mut head);
    let start = io::Cursor::new(head.clone());
    match ended {
        // The error comes again behind what was read before it.
        Err(error) => (head, Box::new(start.chain(Broken(Some(error))))),
        Ok(_) => (head, Box::new(start.chain(reader))),
    }
}

/// Fails once.
pub(super) struct Broken(pub(super) Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Reads to the end; how many of the bytes there are not zero.
pub(super) fn rest(mut reader: impl Read) -> io::Result<u64> {
    let mut found = 0;
    let mut block = [0; 1 << 14];
    loop {
        match reader.read(&mut block) {
            Ok(0) => return Ok(found),
            Ok(got) => found += block[..got].iter().filter(|b| **b != 0).count() as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
