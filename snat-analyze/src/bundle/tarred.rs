//! Members of a tar, in the order in which they stand there.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use super::limits::{Fenced, Meter, Unpacked};
use super::shape::rest;
use super::source::code;
use super::walker::{Names, Walker};

/// Bytes that the headers of one member may have: long names, extensions, the list of its holes.
const HEADERS: u64 = 1 << 20;
/// A tar's unit.
const BLOCK: u64 = 512;

impl<'a> Walker<'a> {
    pub(super) fn tar<'r>(&mut self, reader: Box<dyn Read + 'r>, outer: Option<&str>, name: &str, depth: usize)
    where
        'a: 'r,
    {
        let fence = Fence { passed: Meter::default(), mark: Rc::default() };
        let reader = Fenced::new(reader, fence.passed.clone(), fence.mark.clone());
        let mut archive = tar::Archive::new(reader);
        if let Err((last, error)) = self.members(&mut archive, &fence, outer, depth) {
            return self.notice(outer, code(&error), format!("the archive breaks off after {last}: {error}"));
        }
        if self.is_over() {
            return;
        }
        // Behind the last member a compressed archive still has its checksum, and somebody may have appended more.
        fence.mark.set(u64::MAX);
        match rest(archive.into_inner()) {
            Ok(0) => {}
            Ok(more) => {
                self.notice(outer, "trailing-data", format!("{more} bytes behind the end of {name} are not read"))
            }
            Err(error) => {
                self.notice(outer, "cut-archive", format!("{name} breaks off behind its last member: {error}"))
            }
        }
    }

    /// All members; an error comes with the name of the last one before it.
    fn members<R: Read>(
        &mut self,
        archive: &mut tar::Archive<R>,
        fence: &Fence,
        outer: Option<&str>,
        depth: usize,
    ) -> Result<(), (String, io::Error)> {
        let mut last = String::from("its beginning");
        let mut names = Names::default();
        let mut members = archive.entries().map_err(|error| (last.clone(), error))?;
        let mut end = 0;
        loop {
            fence.mark.set(u64::saturating_add(end, HEADERS));
            let Some(member) = members.next() else { return Ok(()) };
            let mut member = member.map_err(|error| (last.clone(), error))?;
            fence.mark.set(u64::MAX);
            let kind = member.header().entry_type();
            let is_file = kind.is_file() || kind == tar::EntryType::Continuous || kind.is_gnu_sparse();
            let extended = if is_file { Extended::of(&mut member) } else { Extended::default() };
            let raw = extended.raw_size(&member).unwrap_or(u64::MAX);
            end = fence.passed.bytes().saturating_add(raw.checked_next_multiple_of(BLOCK).unwrap_or(u64::MAX));
            let name = extended.name.as_deref().map_or_else(|| member.path_bytes(), Into::into).into_owned();
            let path = if is_file { self.member(&mut names, outer, &name) } else { Self::member_path(outer, &name) };
            self.at(&path);
            if self.is_over() {
                return Ok(());
            }
            if kind.is_gnu_sparse() {
                if member.size() > raw {
                    self.notice(Some(&path), "sparse", "a file with holes: read as zeros");
                }
                let filled = Unpacked::from_here(member, fence.passed.clone(), self.limits);
                let filled = self.watched(filled);
                self.stream(filled, Some(&path), &path, depth);
            } else if let (true, Some(form)) = (is_file, extended.sparse) {
                self.notice(Some(&path), "sparse", "a file with holes: they are left out");
                match form.skip_map(&mut member) {
                    Ok(()) => self.stream(Box::new(member), Some(&path), &path, depth),
                    Err(error) => self.notice(Some(&path), code(&error), format!("not read: {error}")),
                }
            } else if is_file {
                self.stream(Box::new(member), Some(&path), &path, depth);
            } else if kind.is_symlink() || kind.is_hard_link() {
                self.notice(Some(&path), "link", "a link: not followed");
            } else if !kind.is_dir() && !kind.is_pax_global_extensions() {
                self.notice(Some(&path), "special-file", "neither file nor folder: not read");
            }
            last = path;
            if self.is_over() {
                return Ok(());
            }
        }
    }
}

/// Bounds what is read of a tar while a header is expected.
struct Fence {
    passed: Meter,
    mark: Rc<Cell<u64>>,
}

/// What the extensions of a member say beyond its header.
#[derive(Default)]
struct Extended {
    size: Option<u64>,
    /// The name of a file with holes; the header has one that was made up.
    name: Option<Vec<u8>>,
    sparse: Option<PaxSparse>,
}

/// A file with holes in the forms of POSIX tars: what stands in the archive is the data, one stretch behind another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PaxSparse {
    /// 0.0 and 0.1: where the stretches belong is said in the extensions.
    Beside,
    /// 1.0: it is said in front of the data.
    Before,
}

impl Extended {
    fn of<R: Read>(member: &mut tar::Entry<'_, R>) -> Self {
        let mut found = Self::default();
        let Ok(Some(extensions)) = member.pax_extensions() else { return found };
        for extension in extensions.flatten() {
            match extension.key_bytes() {
                b"size" => found.size = extension.value().ok().and_then(|value| value.parse().ok()),
                b"GNU.sparse.name" => found.name = Some(extension.value_bytes().to_vec()),
                b"GNU.sparse.major" if extension.value_bytes() != b"0" => found.sparse = Some(PaxSparse::Before),
                b"GNU.sparse.map" | b"GNU.sparse.size" => found.sparse = found.sparse.or(Some(PaxSparse::Beside)),
                _ => {}
            }
        }
        found
    }

    /// The bytes that the member takes in the archive; its size is another one where it has holes.
    fn raw_size<R: Read>(&self, member: &tar::Entry<'_, R>) -> io::Result<u64> {
        match member.header().entry_type().is_gnu_sparse() {
            true => self.size.map_or_else(|| member.header().entry_size(), Ok),
            false => Ok(member.size()),
        }
    }
}

impl PaxSparse {
    /// Passes over what stands before the data: the number of stretches, then offset and length of each, a line for
    /// each number, filled up to whole blocks.
    fn skip_map(self, reader: &mut impl Read) -> io::Result<()> {
        if self == Self::Beside {
            return Ok(());
        }
        let invalid = || io::Error::new(io::ErrorKind::InvalidData, "no list of the stretches between holes");
        let mut block = [0; BLOCK as usize];
        let (mut lines, mut count) = (0u64, 0u64);
        for _ in 0..HEADERS / BLOCK {
            reader.read_exact(&mut block)?;
            for byte in block {
                match byte {
                    b'\n' => lines += 1,
                    b'0'..=b'9' if lines == 0 => {
                        count = count
                            .checked_mul(10)
                            .and_then(|n| n.checked_add(u64::from(byte - b'0')))
                            .ok_or_else(invalid)?;
                    }
                    b'0'..=b'9' => {}
                    _ => return Err(invalid()),
                }
                if lines > 0 && count.checked_mul(2).and_then(|n| n.checked_add(1)) == Some(lines) {
                    return Ok(());
                }
            }
        }
        Err(invalid())
    }
}
