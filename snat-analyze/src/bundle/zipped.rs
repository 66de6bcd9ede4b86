//! Members of a zip, in the order of its list.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use zip::CompressionMethod;

use super::held::Held;
use super::limits::{Fenced, Meter, Unpacked};
use super::unpack::Packing;
use super::walker::{Names, Walker};

/// What the list of members takes in memory for each of its bytes: a member has 46 of them at least.
const IN_MEMORY: u64 = 11;
/// Bytes that may be read beside the list while it is looked for.
const SEARCH: u64 = 1 << 20;

/// How zstd is numbered among the compressions.
const ZSTD: u16 = 93;

impl Walker<'_> {
    pub(super) fn zip_held(&mut self, held: Held, outer: Option<&str>, name: &str, depth: usize) {
        let bytes = held.len();
        self.zip(held, bytes, outer, name, depth);
    }

    /// All members of a zip that is so many bytes long.
    pub(super) fn zip(
        &mut self,
        mut file: impl Read + Seek,
        bytes: u64,
        outer: Option<&str>,
        name: &str,
        depth: usize,
    ) {
        let no_zip = |error: &dyn std::fmt::Display| format!("no zip that can be opened: {error}");
        let list = match List::find(&mut file) {
            Ok(Some(list)) => list,
            // The list of members stands at the end.
            Ok(None) => {
                let message = "the zip is cut off: its end is missing, and nothing in it can be read; ask for it again";
                return self.notice(Some(name), "cut-archive", message);
            }
            Err(error) => return self.notice(Some(name), "cut-archive", no_zip(&error)),
        };
        let _share = match self.budget.take(list.bytes.saturating_mul(IN_MEMORY), "the list of members") {
            Ok(share) => share,
            Err(error) => return self.notice(Some(name), "limit", format!("not opened: {error}")),
        };
        let mark = Rc::new(std::cell::Cell::new(list.bytes.saturating_add(SEARCH)));
        let mut archive = match zip::ZipArchive::new(Fenced::new(file, Meter::default(), mark.clone())) {
            Ok(archive) => archive,
            Err(error) => return self.notice(Some(name), "cut-archive", no_zip(&error)),
        };
        mark.set(u64::MAX);
        let hidden = list.members.saturating_sub(archive.len() as u64);
        if hidden > 0 {
            let message = format!("{hidden} members have the name of another one: of these the last is read");
            self.notice(Some(name), "duplicate", message);
        }
        // Members may lie over one another, so what all of them unpack to is held against the whole archive.
        let (packed, unpacked) = (Meter::default(), Meter::default());
        packed.add(bytes);
        let (mut names, mut taken) = (Names::default(), Taken::default());
        for at in 0..archive.len() {
            let member = match archive.by_index_raw(at) {
                Ok(member) => Member::of(&member),
                Err(error) => {
                    self.notice(Some(name), "cut-archive", format!("member {} cannot be found: {error}", at + 1));
                    continue;
                }
            };
            if member.is_dir {
                continue;
            }
            let path = self.member(&mut names, outer, &member.name);
            self.at(&path);
            if self.is_over() {
                break;
            }
            if member.encrypted {
                self.notice(Some(&path), "encrypted", "encrypted: not read");
            } else if member.is_symlink {
                self.notice(Some(&path), "link", "a link: not followed");
            } else if !taken.is_free(member.range) {
                self.notice(Some(&path), "overlap", "lies over another member: not read");
            } else if let Some(packing) = member.packing {
                // Its window is bounded only here.
                match archive.by_index_raw(at) {
                    Ok(raw) => self.packed(packing, raw, Some(&path), &path, depth),
                    Err(error) => self.notice(Some(&path), "not-read", format!("not read: {error}")),
                }
            } else {
                match archive.by_index(at) {
                    Ok(member) => {
                        let member = Unpacked::new(member, packed.clone(), unpacked.clone(), self.limits);
                        let member = self.watched(member);
                        self.stream(member, Some(&path), &path, depth);
                    }
                    Err(error) => self.notice(Some(&path), "not-read", format!("not read: {error}")),
                }
            }
            if self.is_over() {
                break;
            }
        }
    }
}

/// What is asked of a member before it is read.
struct Member {
    name: Vec<u8>,
    encrypted: bool,
    is_dir: bool,
    is_symlink: bool,
    packing: Option<Packing>,
    range: (u64, u64),
}

impl Member {
    fn of<R: Read + ?Sized>(member: &zip::read::ZipFile<'_, R>) -> Self {
        let start = member.data_start().unwrap_or_default();
        #[expect(deprecated, reason = "the only way to tell a method that the crate does not read")]
        let packing = match member.compression() {
            CompressionMethod::Xz => Some(Packing::Xz),
            CompressionMethod::Unsupported(ZSTD) => Some(Packing::Zstd),
            _ => None,
        };
        Self {
            name: member.name_raw().iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte }).collect(),
            encrypted: member.encrypted(),
            is_dir: member.is_dir(),
            is_symlink: member.is_symlink(),
            packing,
            range: (start, start.saturating_add(member.compressed_size())),
        }
    }
}

/// The stretches of a zip that belong to a member.
#[derive(Default)]
struct Taken(BTreeMap<u64, u64>);

impl Taken {
    /// Whether nobody has a byte of it yet; then it is taken.
    fn is_free(&mut self, (start, end): (u64, u64)) -> bool {
        if start >= end {
            return true;
        }
        let free = self.0.range(..end).next_back().is_none_or(|(_, before)| *before <= start);
        if free {
            self.0.insert(start, end);
        }
        free
    }
}

/// What the end of a zip says of its list of members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct List {
    members: u64,
    bytes: u64,
}

impl List {
    /// The last end record, which a comment of 64 KiB may follow; none where there is none.
    fn find(file: &mut (impl Read + Seek)) -> io::Result<Option<Self>> {
        const END: usize = 22;
        let length = file.seek(SeekFrom::End(0))?;
        let from = length.saturating_sub(END as u64 + (1 << 16) + 20);
        file.seek(SeekFrom::Start(from))?;
        let mut tail = Vec::new();
        file.take(1 << 17).read_to_end(&mut tail)?;
        let found = tail.windows(END).rposition(|end| end.starts_with(b"PK\x05\x06"));
        let mut list = None;
        if let Some(at) = found {
            let (members, bytes) = (number(&tail, at + 10, 2), number(&tail, at + 12, 4));
            list = Some(Self { members, bytes });
            if members == 0xffff || bytes == 0xffff_ffff {
                let locator = at.checked_sub(20).filter(|at| tail[*at..].starts_with(b"PK\x06\x07"));
                if let Some(locator) = locator {
                    file.seek(SeekFrom::Start(number(&tail, locator + 8, 8)))?;
                    let mut record = Vec::new();
                    file.take(56).read_to_end(&mut record)?;
                    if record.starts_with(b"PK\x06\x06") {
                        list = Some(Self { members: number(&record, 32, 8), bytes: number(&record, 40, 8) });
                    }
                }
            }
        }
        file.seek(SeekFrom::Start(0))?;
        Ok(list)
    }
}

/// A number of so many bytes, the lowest first; 0 where they are not there.
fn number(bytes: &[u8], at: usize, size: usize) -> u64 {
    let bytes = bytes.get(at..at + size).unwrap_or_default();
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}
