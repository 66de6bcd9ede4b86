//! What the engineer was sent, as a stream of entries: a folder, a tar, a zip, a compressed one of these (gzip, xz, zstd,
//! bzip2), one in another, a single file, any reader; texts in UTF-16, too.
//!
//! Nothing is unpacked to disk, no link is followed, no name from a bundle is used as a path. An archive that breaks
//! off is read up to there; the rest of the bundle is still read.

mod limits;
mod unpack;
mod watch;

pub use limits::Limits;
pub use watch::Progress;

use std::fs;
use std::io::{self, Read, Seek};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::report::Notice;
use limits::{Meter, Metered, Unpacked};
use unpack::Packing;
use watch::{Watch, Watched};

/// Where a bundle comes from.
pub enum Source {
    /// A folder, an archive or a file. The path itself may be a link; links below it are not followed.
    Path(PathBuf),
    /// Anything that can be read, with the name that it goes by in the report.
    Reader {
        /// `-` for standard input.
        name: String,
        /// Its bytes: an archive, or one dump.
        reader: Box<dyn Read + Send>,
    },
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(path) => f.debug_tuple("Path").field(path).finish(),
            Self::Reader { name, .. } => f.debug_struct("Reader").field("name", name).finish_non_exhaustive(),
        }
    }
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Self::Path(path)
    }
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        Self::Path(path.to_path_buf())
    }
}

impl Source {
    /// The base name that reports use.
    fn name(&self) -> String {
        match self {
            Self::Reader { name, .. } => name.clone(),
            Self::Path(path) => {
                let whole = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
                let base = path.file_name().or(whole.file_name());
                base.map_or_else(|| path.to_string_lossy().into_owned(), |name| name.to_string_lossy().into_owned())
            }
        }
    }
}

/// Where an entry lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct EntryName {
    /// Base name of the bundle.
    pub bundle: String,
    /// Path in the bundle.
    pub path: String,
}

/// Takes the entries. An error of the reader is the end of the entry and goes back to the caller.
pub trait Visit {
    /// One entry, from its first byte on.
    ///
    /// # Errors
    /// Those of the reader; the rest of the bundle is read all the same.
    fn entry(&mut self, name: EntryName, reader: &mut dyn Read) -> io::Result<()>;

    /// Asked between entries, and every so often while a part of an archive is passed over that is no entry; `Break`
    /// ends the walk with [`Error::Cancelled`]. To end it from within an entry, return an error there and break here.
    fn progress(&mut self, _at: &Progress<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Reads all sources, entry by entry. Problems within a bundle become notices.
///
/// # Errors
/// Where a source cannot be opened, or [`Visit::progress`] breaks off.
pub fn walk(sources: Vec<Source>, limits: &Limits, visit: &mut dyn Visit) -> Result<Vec<Notice>, Error> {
    let mut names: Vec<String> = Vec::new();
    let total = Meter::default();
    let watch = Watch::new(visit, total.clone());
    let mut walker = Walker { limits, watch, notices: Vec::new(), bundle: String::new(), entries: 0, total };
    for source in sources {
        let base = source.name();
        let again = names.iter().filter(|name| **name == base).count();
        names.push(base.clone());
        walker.bundle = if again == 0 { base.clone() } else { format!("{base}#{}", again + 1) };
        walker.at(&base);
        let given = match &source {
            Source::Path(path) => path.display().to_string(),
            Source::Reader { .. } => base.clone(),
        };
        let unreadable = |source| Error::Unreadable { bundle: given.clone(), source };
        match source {
            Source::Reader { reader, .. } => walker.top(reader, &base),
            Source::Path(path) => {
                let meta = fs::metadata(&path).map_err(unreadable)?;
                if meta.is_dir() {
                    let list = fs::read_dir(&path).map_err(unreadable)?;
                    walker.folder(list, "");
                } else if meta.is_file() {
                    let file = fs::File::open(&path).map_err(unreadable)?;
                    walker.file(file, None, &base, 0);
                } else {
                    // A pipe, as in `snat-analyze <(zcat log.gz)`.
                    walker.top(Box::new(fs::File::open(&path).map_err(unreadable)?), &base);
                }
            }
        }
        if walker.watch.is_stopped() {
            return Err(Error::Cancelled);
        }
    }
    walker.notices.sort();
    Ok(walker.notices)
}

struct Walker<'a> {
    limits: &'a Limits,
    watch: Watch<'a>,
    notices: Vec<Notice>,
    bundle: String,
    entries: usize,
    total: Meter,
}

/// How a stream begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
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
const ZIP: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

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
fn peek<'r>(mut reader: Box<dyn Read + 'r>) -> (Shape, Box<dyn Read + 'r>) {
    let mut head = Vec::with_capacity(BLOCK);
    let mut block = [0; BLOCK];
    let mut error = None;
    while head.len() < BLOCK {
        match reader.read(&mut block[..BLOCK - head.len()]) {
            Ok(0) => break,
            Ok(got) => head.extend_from_slice(&block[..got]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => {
                error = Some(e);
                break;
            }
        }
    }
    let shape = shape(&head);
    let start = io::Cursor::new(head);
    match error {
        // The error comes again behind what was read before it.
        Some(error) => (shape, Box::new(start.chain(Broken(Some(error))))),
        None => (shape, Box::new(start.chain(reader))),
    }
}

struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Reads to the end; how many of the bytes there are not zero.
fn rest(mut reader: impl Read) -> io::Result<u64> {
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

impl<'a> Walker<'a> {
    /// What is read from here on.
    fn at(&self, path: &str) {
        self.watch.at(EntryName { bundle: self.bundle.clone(), path: path.to_owned() });
    }

    fn notice(&mut self, entry: Option<&str>, code: &str, message: impl Into<String>) {
        self.notices.push(Notice {
            bundle: self.bundle.clone(),
            node: None,
            entry: entry.map(str::to_owned),
            code: code.to_owned(),
            message: message.into(),
        });
    }

    /// One file or reader: an archive is opened under its own name, anything else is the only entry.
    fn top(&mut self, reader: Box<dyn Read + 'a>, base: &str) {
        let reader = Watched::new(reader, self.watch.clone());
        self.stream(Box::new(reader), None, base, 0);
    }

    /// A folder of the bundle, in the order of the names.
    fn folder(&mut self, list: fs::ReadDir, prefix: &str) {
        let mut found: Vec<fs::DirEntry> = Vec::new();
        for entry in list {
            match entry {
                Ok(entry) => found.push(entry),
                Err(error) => {
                    self.notice(Some(prefix), "unreadable", format!("folder cannot be listed to its end: {error}"))
                }
            }
        }
        found.sort_by_key(fs::DirEntry::file_name);
        for entry in found {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            self.at(&path);
            if self.is_over() {
                return;
            }
            let kind = match entry.file_type() {
                Ok(kind) => kind,
                Err(error) => {
                    self.notice(Some(&path), "unreadable", format!("not read: {error}"));
                    continue;
                }
            };
            if kind.is_symlink() {
                self.notice(Some(&path), "link", "a link: not followed");
            } else if kind.is_dir() {
                match fs::read_dir(entry.path()) {
                    Ok(list) => self.folder(list, &path),
                    Err(error) => self.notice(Some(&path), "unreadable", format!("folder not read: {error}")),
                }
            } else if kind.is_file() {
                match fs::File::open(entry.path()) {
                    Ok(file) => self.file(file, Some(&path), &path, 1),
                    Err(error) => self.notice(Some(&path), "unreadable", format!("not read: {error}")),
                }
            } else {
                self.notice(Some(&path), "special-file", "neither file nor folder: not read");
            }
        }
    }

    /// A file of the machine: a zip is read where it lies, anything else as a stream.
    fn file(&mut self, mut file: fs::File, outer: Option<&str>, name: &str, depth: usize) {
        let mut head = [0; 4];
        let read = file.read(&mut head).and_then(|got| file.seek(io::SeekFrom::Start(0)).map(|_| got));
        match read {
            Ok(got) if ZIP.contains(&&head[..got]) => {
                let bytes = file.metadata().map_or(0, |meta| meta.len());
                self.zip(io::BufReader::new(file), bytes, outer, name, depth + 1);
            }
            Ok(_) => self.stream(Box::new(Watched::new(file, self.watch.clone())), outer, name, depth),
            Err(error) => self.notice(Some(name), "unreadable", format!("not read: {error}")),
        }
    }

    /// A stream of any shape. `outer` is what names members of an archive here; `name` is the entry's, if it is one.
    fn stream<'r>(&mut self, reader: Box<dyn Read + 'r>, outer: Option<&str>, name: &str, depth: usize)
    where
        'a: 'r,
    {
        let (shape, reader) = peek(reader);
        if depth > self.limits.depth && matches!(shape, Shape::Packed(_) | Shape::Tar | Shape::Zip) {
            return self.notice(
                Some(name),
                "limit",
                format!("archives nested deeper than {} are not opened", self.limits.depth),
            );
        }
        match shape {
            Shape::Plain => self.plain(reader, name),
            Shape::Foreign(what) => self.notice(
                Some(name),
                "not-read",
                format!("{what}: read are folders, tar, zip, gzip, xz, zstd, bzip2 and text"),
            ),
            Shape::Utf16(encoding) => self.plain(unpack::decode(reader, encoding), name),
            Shape::Packed(packing) => {
                let packed = Meter::default();
                let unpacked = packing.unpack(Metered::new(reader, packed.clone()));
                let unpacked = Unpacked::new(unpacked, packed, Meter::default(), self.limits);
                let unpacked = Watched::new(unpacked, self.watch.clone());
                self.stream(Box::new(unpacked), outer, name, depth + 1);
            }
            // The list of a zip's members stands at its end: within a stream it is read into memory first.
            Shape::Zip => {
                let mut bytes = Vec::new();
                let most = self.limits.held as u64;
                match reader.take(most + 1).read_to_end(&mut bytes) {
                    Ok(_) if bytes.len() as u64 > most => {
                        let message = format!(
                            "a zip in a stream or in another archive is opened up to {most} bytes: save it as a file of its own"
                        );
                        self.notice(Some(name), "limit", message);
                    }
                    Ok(_) => {
                        let length = bytes.len() as u64;
                        self.zip(io::Cursor::new(bytes), length, outer, name, depth + 1);
                    }
                    Err(error) => self.notice(Some(name), "cut-archive", format!("not opened: {error}")),
                }
            }
            Shape::Tar => self.tar(reader, outer, name, depth + 1),
        }
    }

    fn tar<'r>(&mut self, reader: Box<dyn Read + 'r>, outer: Option<&str>, name: &str, depth: usize)
    where
        'a: 'r,
    {
        let mut archive = tar::Archive::new(reader);
        if let Err((last, error)) = self.members(&mut archive, outer, depth) {
            let code = if error.kind() == io::ErrorKind::QuotaExceeded { "limit" } else { "cut-archive" };
            return self.notice(outer, code, format!("the archive breaks off after {last}: {error}"));
        }
        if self.is_over() {
            return;
        }
        // Behind the last member a compressed archive still has its checksum, and somebody may have appended more.
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
        outer: Option<&str>,
        depth: usize,
    ) -> Result<(), (String, io::Error)> {
        let mut last = String::from("its beginning");
        let members = archive.entries().map_err(|error| (last.clone(), error))?;
        for member in members {
            let member = member.map_err(|error| (last.clone(), error))?;
            let raw = String::from_utf8_lossy(&member.path_bytes()).into_owned();
            let inner = raw.strip_prefix("./").unwrap_or(&raw).to_owned();
            let path = outer.map_or_else(|| inner.clone(), |outer| format!("{outer}!{inner}"));
            self.at(&path);
            let kind = member.header().entry_type();
            if kind.is_file() || kind == tar::EntryType::Continuous {
                self.stream(Box::new(member), Some(&path), &path, depth);
            } else if kind.is_symlink() || kind.is_hard_link() {
                self.notice(Some(&path), "link", "a link: not followed");
            } else if !kind.is_dir() && !kind.is_pax_global_extensions() {
                self.notice(Some(&path), "special-file", "neither file nor folder: not read");
            }
            last = path;
            if self.is_over() {
                break;
            }
        }
        Ok(())
    }

    /// All members of a zip that is so many bytes long.
    fn zip(&mut self, file: impl Read + io::Seek, bytes: u64, outer: Option<&str>, name: &str, depth: usize) {
        let mut archive = match zip::ZipArchive::new(file) {
            Ok(archive) => archive,
            Err(error) => {
                return self.notice(
                    Some(name),
                    "cut-archive",
                    format!("no zip that can be opened, or a cut one: {error}"),
                );
            }
        };
        // Members may lie over one another, so what all of them unpack to is held against the whole archive.
        let (packed, unpacked) = (Meter::default(), Meter::default());
        packed.add(bytes);
        for at in 0..archive.len() {
            let (raw, encrypted) = match archive.by_index_raw(at) {
                Ok(member) => (String::from_utf8_lossy(member.name_raw()).into_owned(), member.encrypted()),
                Err(error) => {
                    self.notice(Some(name), "cut-archive", format!("member {} cannot be found: {error}", at + 1));
                    continue;
                }
            };
            let inner = raw.strip_prefix("./").unwrap_or(&raw).replace('\\', "/");
            let path = outer.map_or_else(|| inner.clone(), |outer| format!("{outer}!{inner}"));
            self.at(&path);
            if encrypted {
                self.notice(Some(&path), "encrypted", "encrypted: not read");
                continue;
            }
            match archive.by_index(at) {
                Ok(member) if member.is_dir() => {}
                Ok(member) if member.is_symlink() => self.notice(Some(&path), "link", "a link: not followed"),
                Ok(member) => {
                    let member = Unpacked::new(member, packed.clone(), unpacked.clone(), self.limits);
                    let member = Watched::new(member, self.watch.clone());
                    self.stream(Box::new(member), Some(&path), &path, depth);
                }
                Err(error) => self.notice(Some(&path), "not-read", format!("not read: {error}")),
            }
            if self.is_over() {
                break;
            }
        }
    }

    /// Whether a limit on all bundles together is reached, or somebody asks to stop.
    fn is_over(&self) -> bool {
        self.watch.asks_to_stop() || self.entries > self.limits.entries || self.total.bytes() > self.limits.bytes
    }

    fn plain<'r>(&mut self, reader: Box<dyn Read + 'r>, name: &str) {
        self.entries += 1;
        if self.entries > self.limits.entries {
            if self.entries == self.limits.entries + 1 {
                self.notice(
                    Some(name),
                    "limit",
                    format!("more than {} entries: this one and all after it are not read", self.limits.entries),
                );
            }
            return;
        }
        let left = self.limits.bytes.saturating_sub(self.total.bytes());
        let mut reader = Metered::new(reader.take(left.saturating_add(1)), self.total.clone());
        let entry = EntryName { bundle: self.bundle.clone(), path: name.to_owned() };
        if let Err(error) = self.watch.entry(entry, &mut reader) {
            let code = if error.kind() == io::ErrorKind::QuotaExceeded { "limit" } else { "cut-archive" };
            self.notice(Some(name), code, format!("read up to here only: {error}"));
        } else if self.total.bytes() > self.limits.bytes {
            self.notice(
                Some(name),
                "limit",
                format!("more than {} bytes in all: read up to here only", self.limits.bytes),
            );
        }
    }
}
