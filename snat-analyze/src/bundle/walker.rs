//! The walk itself: what to do with a folder, a file, a stream of each shape.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::rc::Rc;

use super::held::{Budget, Held, Taken};
use super::limits::{Limits, Meter, Metered, Unpacked, is_bomb};
use super::shape::{Broken, Shape, ZIP, front, peek};
use super::source::{EntryName, Source, code, label};
use super::watch::{Watch, Watched};
use super::{Visit, unpack, wrapper};
use crate::error::Error;
use crate::report::Notice;

pub(super) struct Walker<'a> {
    pub(super) limits: &'a Limits,
    pub(super) budget: Budget,
    watch: Watch<'a>,
    notices: Vec<Notice>,
    /// Notices by their code: of each only so many are kept.
    said: BTreeMap<String, u64>,
    bundle: String,
    entries: usize,
    /// Bytes of their paths.
    paths: usize,
    /// Archives and compressions that were opened.
    opened: usize,
    total: Meter,
    /// Bytes of the file that is read, as it lies there.
    packed: Meter,
    /// What `total` was when it was begun.
    before: u64,
    /// Whether it was said that the file unpacks to too much.
    is_bomb: bool,
}

/// Bytes that the paths of all entries may have.
const PATHS: usize = 16 << 20;

/// A whole file may have so many times the bytes that one compressed stream may unpack to from any size.
const WHOLE: u64 = 16;

/// Notices of one code that are kept; of more only the number is said.
const NOTICES: u64 = 1000;

impl<'a> Walker<'a> {
    pub(super) fn new(limits: &'a Limits, visit: &'a mut dyn Visit) -> Self {
        let total = Meter::default();
        Self {
            limits,
            budget: Budget::new(limits.held),
            watch: Watch::new(visit, total.clone()),
            notices: Vec::new(),
            said: BTreeMap::new(),
            bundle: String::new(),
            entries: 0,
            paths: 0,
            opened: 0,
            total,
            packed: Meter::default(),
            before: 0,
            is_bomb: false,
        }
    }

    /// All notices, in an order that does not depend on that of the members.
    pub(super) fn into_notices(mut self) -> Vec<Notice> {
        for (code, said) in std::mem::take(&mut self.said) {
            if said > NOTICES {
                let message = format!("and {} more of these", said - NOTICES);
                self.notices.push(Notice { bundle: self.bundle.clone(), node: None, entry: None, code, message });
            }
        }
        self.notices.sort();
        self.notices
    }

    /// Reads one source, which goes by the name `bundle`.
    pub(super) fn source(&mut self, source: Source, bundle: String, base: &str) -> Result<(), Error> {
        self.bundle = bundle;
        self.begin(base);
        match source {
            Source::Reader { reader, .. } => self.top(reader, base),
            Source::Texts { texts, .. } => {
                for (path, bytes) in texts {
                    self.begin(&path);
                    if self.is_over() {
                        break;
                    }
                    let reader = self.watched(Metered::new(io::Cursor::new(bytes), self.packed.clone()));
                    self.stream(reader, Some(&path), &path, 1);
                }
            }
            Source::Path(path) => self.path(&path, base)?,
        }
        if self.watch.is_stopped() { Err(Error::Cancelled) } else { Ok(()) }
    }

    fn path(&mut self, path: &Path, base: &str) -> Result<(), Error> {
        let unreadable = |source| Error::Unreadable { bundle: path.display().to_string(), source };
        let meta = fs::metadata(path).map_err(unreadable)?;
        if meta.is_dir() {
            let list = fs::read_dir(path).map_err(unreadable)?;
            self.folder(list, "");
        } else if meta.is_file() {
            let file = fs::File::open(path).map_err(unreadable)?;
            self.file(file, None, base, 0);
        } else {
            // A pipe, as in `snat-analyze <(zcat log.gz)`.
            self.top(Box::new(fs::File::open(path).map_err(unreadable)?), base);
        }
        Ok(())
    }

    /// A file or stream of its own begins.
    fn begin(&mut self, path: &str) {
        self.at(path);
        (self.packed, self.before, self.is_bomb) = (Meter::default(), self.total.bytes(), false);
    }

    /// What is read from here on.
    pub(super) fn at(&self, path: &str) {
        self.watch.at(EntryName { bundle: self.bundle.clone(), path: path.to_owned() });
    }

    pub(super) fn watched<'r>(&self, reader: impl Read + 'r) -> Box<dyn Read + 'r>
    where
        'a: 'r,
    {
        Box::new(Watched::new(reader, self.watch.clone()))
    }

    pub(super) fn notice(&mut self, entry: Option<&str>, code: &str, message: impl Into<String>) {
        let said = self.said.entry(code.to_owned()).or_default();
        *said += 1;
        if *said <= NOTICES {
            self.notices.push(Notice {
                bundle: self.bundle.clone(),
                node: None,
                entry: entry.map(str::to_owned),
                code: code.to_owned(),
                message: message.into(),
            });
        }
    }

    /// One file or reader: an archive is opened under its own name, anything else is the only entry.
    fn top(&mut self, reader: Box<dyn Read + 'a>, base: &str) {
        let reader = self.watched(Metered::new(reader, self.packed.clone()));
        self.stream(reader, None, base, 0);
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
            self.begin(&path);
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
                self.packed.add(bytes);
                self.zip(io::BufReader::new(file), bytes, outer, name, depth + 1);
            }
            Ok(_) => {
                let reader = self.watched(Metered::new(file, self.packed.clone()));
                self.stream(reader, outer, name, depth);
            }
            Err(error) => self.notice(Some(name), "unreadable", format!("not read: {error}")),
        }
    }

    /// A stream of any shape. `outer` is what names members of an archive here; `name` is the entry's, if it is one.
    pub(super) fn stream<'r>(&mut self, reader: Box<dyn Read + 'r>, outer: Option<&str>, name: &str, depth: usize)
    where
        'a: 'r,
    {
        let (shape, reader) = peek(reader);
        if matches!(shape, Shape::Packed(_) | Shape::Tar | Shape::Zip) && !self.may_open(name, depth) {
            return;
        }
        match shape {
            Shape::Plain => self.text(reader, name),
            Shape::Foreign(what) => self.notice(
                Some(name),
                "not-read",
                format!("{what}: read are folders, tar, zip, gzip, xz, zstd, bzip2 and text"),
            ),
            Shape::Utf16(encoding) => self.text(unpack::decode(reader, encoding), name),
            Shape::Packed(packing) => self.packed(packing, reader, outer, name, depth + 1),
            // The list of a zip's members stands at its end: within a stream it is read into memory first.
            Shape::Zip => match Held::read(reader, u64::MAX, 1, &self.budget) {
                Taken::Whole(held) => self.zip_held(held, outer, name, depth + 1),
                Taken::TooMuch(_) => {
                    let message = format!(
                        "a zip in a stream or in another archive is held in memory, and {} bytes may be, with all around it: save it as a file of its own",
                        self.limits.held
                    );
                    self.notice(Some(name), "limit", message);
                }
                Taken::Broken(_, error) => self.notice(Some(name), code(&error), format!("not opened: {error}")),
            },
            Shape::Tar => self.tar(reader, outer, name, depth + 1),
        }
    }

    /// Whether one more archive may be opened there; if not, that is said.
    fn may_open(&mut self, name: &str, depth: usize) -> bool {
        self.opened += usize::from(depth > 0);
        let message = if depth > self.limits.depth {
            format!("archives nested deeper than {} are not opened", self.limits.depth)
        } else if self.opened == self.limits.entries.saturating_add(1) {
            format!("more than {} archives in archives: this one and all after it are not read", self.limits.entries)
        } else {
            return self.opened <= self.limits.entries;
        };
        self.notice(Some(name), "limit", message);
        false
    }

    /// A compressed stream; what comes out of it may be anything.
    pub(super) fn packed<'r>(
        &mut self,
        packing: unpack::Packing,
        reader: impl Read + 'r,
        outer: Option<&str>,
        name: &str,
        depth: usize,
    ) where
        'a: 'r,
    {
        let packed = Meter::default();
        let trailing = Rc::new(Cell::new(false));
        let unpacked = packing.unpack(Metered::new(reader, packed.clone()), &self.budget, &trailing);
        let unpacked = self.watched(Unpacked::new(unpacked, packed, Meter::default(), self.limits));
        self.stream(unpacked, outer, name, depth);
        if trailing.get() {
            self.notice(Some(name), "trailing-data", "what comes behind the compressed data is not read");
        }
    }

    /// A text: the wrapper of a run-command is opened, anything else is an entry as it is.
    fn text<'r>(&mut self, reader: Box<dyn Read + 'r>, name: &str) {
        let (head, mut reader) = front(reader, wrapper::HEAD);
        if !wrapper::may_be(&head) {
            return self.plain(reader, name);
        }
        // The bytes, these closed where they break off, the texts in them, and the parts of these.
        let (held, error) = match Held::read(&mut reader, wrapper::MOST, 4, &self.budget) {
            Taken::TooMuch(held) => return self.plain(held.chain(reader), name),
            Taken::Whole(held) => (held, None),
            Taken::Broken(held, error) => (held, Some(error)),
        };
        let (bytes, _share) = held.into_bytes();
        let Some(opened) = wrapper::open(&bytes) else {
            return self.plain(io::Cursor::new(bytes).chain(Broken(error)), name);
        };
        drop(bytes);
        self.notice(Some(name), "wrapper", opened.said());
        if let Some(lost) = opened.lost() {
            self.notice(Some(name), "cut-wrapper", lost);
        }
        for text in opened.texts {
            if self.is_over() {
                return;
            }
            self.plain(text.text.as_bytes(), &format!("{name}!{}", text.path));
        }
        if let Some(error) = error {
            self.notice(Some(name), code(&error), format!("read up to here only: {error}"));
        }
    }

    /// An entry.
    fn plain(&mut self, reader: impl Read, name: &str) {
        if self.has_all_entries() {
            return;
        }
        self.entries += 1;
        self.paths += name.len();
        if self.has_all_entries() {
            let message = format!(
                "more than {} entries, or {PATHS} bytes of their paths: this one and all after it are not read",
                self.limits.entries
            );
            return self.notice(Some(name), "limit", message);
        }
        let left = self.limits.bytes.saturating_sub(self.total.bytes());
        let mut reader = Metered::new(reader.take(left.saturating_add(1)), self.total.clone());
        let entry = EntryName { bundle: self.bundle.clone(), path: name.to_owned() };
        self.watch.at(entry.clone());
        if let Err(error) = self.watch.entry(entry, &mut reader) {
            // The visitor may have ended it.
            self.watch.asks_to_stop();
            self.notice(Some(name), code(&error), format!("read up to here only: {error}"));
        } else if self.total.bytes() > self.limits.bytes {
            self.notice(
                Some(name),
                "limit",
                format!("more than {} bytes in all: read up to here only", self.limits.bytes),
            );
        }
        let (from, ratio) = (self.limits.ratio_from.saturating_mul(WHOLE), self.limits.ratio);
        if !self.is_bomb && is_bomb(self.total.bytes() - self.before, self.packed.bytes(), ratio, from) {
            self.is_bomb = true;
            let message = format!("the file unpacks to more than {ratio} times its size: all after this is not read");
            self.notice(Some(name), "limit", message);
        }
    }

    /// Whether a limit on all bundles together or on the file is reached, or somebody asks to stop.
    pub(super) fn is_over(&self) -> bool {
        self.watch.asks_to_stop()
            || self.is_bomb
            || self.has_all_entries()
            || self.opened > self.limits.entries
            || self.total.bytes() > self.limits.bytes
    }

    fn has_all_entries(&self) -> bool {
        self.entries > self.limits.entries || self.paths > PATHS
    }

    /// The path of a member that is read: told apart from those before it in the same archive.
    pub(super) fn member(&mut self, names: &mut Names, outer: Option<&str>, raw: &[u8]) -> String {
        let path = Self::member_path(outer, raw);
        let mut unlike = path.clone();
        while !names.is_new(&unlike) {
            unlike = format!("{path}#{}", names.count(&path));
        }
        if unlike != path {
            self.notice(Some(&unlike), "duplicate", format!("{path} is there more than once: each is read"));
        }
        unlike
    }

    /// The path of a member that is not read.
    pub(super) fn member_path(outer: Option<&str>, raw: &[u8]) -> String {
        let inner = label(raw);
        outer.map_or_else(|| inner.clone(), |outer| format!("{outer}!{inner}"))
    }
}

/// The names in one archive, as hashes: there may be many.
#[derive(Default)]
pub(super) struct Names(std::collections::HashMap<u64, u32, foldhash::fast::FixedState>);

impl Names {
    fn key(&self, path: &str) -> u64 {
        use std::hash::BuildHasher;
        self.0.hasher().hash_one(path)
    }

    /// Whether the path was not there before.
    fn is_new(&mut self, path: &str) -> bool {
        let key = self.key(path);
        let seen = self.0.len();
        self.0.entry(key).or_insert(1);
        self.0.len() > seen
    }

    /// How often the path was asked for by now.
    fn count(&mut self, path: &str) -> u32 {
        let key = self.key(path);
        let count = self.0.entry(key).or_insert(0);
        *count += 1;
        *count
    }
}
