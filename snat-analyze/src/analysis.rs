//! The way of a bundle, from its sources to its report.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::apart::free;
use crate::bundle::{self, EntryName, Progress, Source};
use crate::capture::{Capture, EntryData, captures};
use crate::crew::Crew;
use crate::doctor::{self, Inspection};
use crate::error::Error;
use crate::fold::Ruling;
use crate::inputs::inputs;
use crate::ledger::{Allocation, SECOND, SweepRules};
use crate::options::Options;
use crate::reading::Reading;
use crate::report::{Notice, Report, SCHEMA_VERSION, Tool};
use crate::what_if;
use crate::work::{Worked, formats, no_match, work};

/// An analysis of bundles.
#[derive(Clone, Copy, Debug)]
pub struct Analysis;

impl Analysis {
    /// Reads the sources and reports on them.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use snat_analyze::{Analysis, Options, Source};
    ///
    /// // A folder, an archive in an archive, or one dump.
    /// let report = Analysis::of(vec![Source::from(Path::new("bundle.tar.gz"))], &Options::default())?;
    /// for row in report.nodes.iter().flat_map(|node| &node.ranking) {
    ///     println!("{:?} {:?}", row.owner.pod, row.connects_public);
    /// }
    /// # Ok::<(), snat_analyze::Error>(())
    /// ```
    ///
    /// # Errors
    /// Where a source cannot be opened, nothing in them is recognised, or `options.node` names no captured node.
    pub fn of(sources: Vec<Source>, options: &Options) -> Result<Report, Error> {
        Self::observed(sources, options, &mut Quiet)
    }

    /// The same, with somebody who is told on the way.
    ///
    /// # Errors
    /// Those of [`Analysis::of`], and [`Error::Cancelled`] where the observer asks to stop.
    pub fn observed(sources: Vec<Source>, options: &Options, observer: &mut dyn Observe) -> Result<Report, Error> {
        let (mut entries, notices) = read(sources, options, observer)?;
        if is_nothing(&entries) {
            return Err(nothing(&entries, &notices));
        }
        let captures = captures(&entries);
        let chosen = choose(captures, options.node.as_deref())?;
        let inputs = inputs(&entries, &chosen);
        let paths: Vec<Arc<str>> = entries.iter().map(|entry| entry.name.path.as_str().into()).collect();
        let mut notices = notices;
        let mut nodes = Vec::new();
        for capture in chosen {
            let formats = formats(&entries, &capture);
            let bundle = entries.first().map(|entry| entry.name.bundle.clone()).unwrap_or_default();
            notices.extend(doctor::notices(&doctor::examine(&entries, &capture), &bundle));
            let Worked { report: node, facts, groups, graph, book } =
                work(&mut entries, &paths, capture, options, |_, _, _| {})?;
            if options.threads > 1 {
                free((facts, groups, graph, book));
            }
            notices.extend(no_match(node.node.name.as_deref(), &node.capture.joins, &formats, &bundle));
            nodes.push(node);
        }
        Ok(Report { schema_version: SCHEMA_VERSION, tool: tool(), nodes, inputs, notices })
    }
}

impl Inspection {
    /// Reads the sources and says what is in them; nothing recognised is no error here.
    ///
    /// ```
    /// use snat_analyze::{Inspection, Options, Quiet, Source};
    ///
    /// let lsns = "        NS TYPE NPROCS   PID USER COMMAND\n4026532785 net       3 19832 root bash\n";
    /// let source = Source::texts("case 42", [("lsns.txt", lsns), ("note.txt", "words\n")]);
    /// let found = Inspection::of(vec![source], &Options::default(), &mut Quiet)?;
    /// let formats: Vec<&str> = found.inputs.iter().map(|input| input.format.as_str()).collect();
    /// assert_eq!(formats, ["lsns", "unknown"]);
    /// # Ok::<(), snat_analyze::Error>(())
    /// ```
    ///
    /// # Errors
    /// Where a source cannot be opened, `options.node` names no captured node, or the observer asks to stop.
    pub fn of(sources: Vec<Source>, options: &Options, observer: &mut dyn Observe) -> Result<Self, Error> {
        let (mut entries, notices) = read(sources, options, observer)?;
        let captures = if is_nothing(&entries) { Vec::new() } else { captures(&entries) };
        let chosen = choose(captures, options.node.as_deref())?;
        let inputs = inputs(&entries, &chosen);
        let paths: Vec<Arc<str>> = entries.iter().map(|entry| entry.name.path.as_str().into()).collect();
        let mut nodes = Vec::new();
        for capture in chosen {
            let mut examined = doctor::examine(&entries, &capture);
            let found = work(&mut entries, &paths, capture, options, |_, _, _| {})?.report;
            (examined.verdict, examined.cannot_know) = (found.verdict, found.cannot_know);
            nodes.push(examined);
        }
        Ok(Self { schema_version: SCHEMA_VERSION, tool: tool(), nodes, inputs, notices })
    }
}

/// Is told what happens while bundles are read.
///
/// ```
/// use std::ops::ControlFlow;
/// use snat_analyze::{Analysis, Error, Observe, Options, Progress, Source};
///
/// /// Stops once so many bytes were read.
/// struct Most(u64);
///
/// impl Observe for Most {
///     fn progress(&mut self, at: &Progress<'_>) -> ControlFlow<()> {
///         if at.bytes > self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
///     }
/// }
///
/// let log = "0 connect 77 curl 4 10.244.3.9 20.51.14.8 40114 443 4026533011\n";
/// let read = |most| Analysis::observed(vec![Source::reader("log", log.as_bytes())], &Options::default(), &mut Most(most));
/// assert!(read(1000).is_ok());
/// assert!(matches!(read(10), Err(Error::Cancelled)));
/// ```
pub trait Observe {
    /// Whether [`Observe::not_understood`] is to be called.
    fn wants_lines(&self) -> bool {
        false
    }

    /// A line that was not understood: where, by which reason, and what stands on it. Entry by entry, but not in the
    /// order of the lines.
    fn not_understood(&mut self, _entry: &EntryName, _line: u64, _reason: &'static str, _text: &[u8]) {}

    /// How far the reading is: before the first read of each entry, after each buffer of it, and every so often while
    /// something is passed over that is no entry. `Break` ends the work with [`Error::Cancelled`]; nothing is read
    /// after it, and nothing is asked.
    fn progress(&mut self, _at: &Progress<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// An observer that wants to know nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Observe for Quiet {}

pub(crate) fn tool() -> Tool {
    Tool { name: "snat-analyze".into(), version: env!("CARGO_PKG_VERSION").into() }
}

/// All entries of the sources, in the order of their names: that of the members of an archive must not show.
pub(crate) fn read(
    sources: Vec<Source>,
    options: &Options,
    observer: &mut dyn Observe,
) -> Result<(Vec<EntryData>, Vec<Notice>), Error> {
    let mut reading = Reading::new(&options.limits, ruling(options), observer);
    let notices = bundle::walk(sources, &options.limits, &mut reading)?;
    let mut entries = reading.into_entries();
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((entries, notices))
}

/// Places of the ledger's own holds: the profile's after FIN, then after a reset. Those of other rules follow.
pub(crate) const OWN_HOLDS: usize = 2;

/// Holds of the ledger, and what it measures.
pub(crate) fn ruling(options: &Options) -> Ruling {
    let allocation = Allocation::of(&options.profile, &options.overrides, None);
    let own = [allocation.hold_s, allocation.hold_reset_s].map(|hold| (hold * SECOND as f64).round() as i64);
    let holds: Vec<i64> = own.into_iter().chain(what_if::holds(&options.what_if)).collect();
    let ns = |seconds: f64| (seconds * SECOND as f64).round() as i64;
    let sweep = SweepRules {
        holds,
        since: options.since_s.map(ns),
        until: options.until_s.map(ns),
        idle: allocation.idle_s.map(ns),
        ..SweepRules::default()
    };
    Ruling { rules: options.rules.clone(), sweep, crew: Crew::new(options.threads) }
}

pub(crate) fn is_nothing(entries: &[EntryData]) -> bool {
    entries.iter().all(|entry| entry.sections.iter().all(|section| section.format.is_none()))
}

pub(crate) fn nothing(entries: &[EntryData], notices: &[Notice]) -> Error {
    let line = |notice: &Notice| format!("{}: {}", notice.entry.as_deref().unwrap_or(&notice.bundle), notice.message);
    Error::NothingRecognised { entries: entries.len(), notices: notices.iter().map(line).collect() }
}

/// The captures that are reported: all, or the one that was asked for.
pub(crate) fn choose(captures: Vec<Capture>, asked: Option<&str>) -> Result<Vec<Capture>, Error> {
    let Some(asked) = asked else { return Ok(captures) };
    let names: Vec<String> = captures
        .iter()
        .filter_map(|capture| {
            let ip = capture.node.internal_ip.as_deref().map(|ip| format!(" ({ip})")).unwrap_or_default();
            capture.node.name.as_ref().map(|name| format!("{name}{ip}")).or_else(|| capture.node.internal_ip.clone())
        })
        .collect();
    let is = |found: &Option<String>| found.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(asked));
    let asked_name = asked.to_ascii_lowercase();
    let begins_or_ends = |capture: &Capture| {
        let name = capture.node.name.as_deref().unwrap_or_default().to_ascii_lowercase();
        !asked_name.is_empty() && (name.starts_with(&asked_name) || name.ends_with(&asked_name))
    };
    // A part of a name is enough where it is one node's.
    let (found, others): (Vec<Capture>, Vec<Capture>) =
        captures.into_iter().partition(|capture| is(&capture.node.name) || is(&capture.node.internal_ip));
    let near: Vec<Capture> = others.into_iter().filter(begins_or_ends).collect();
    match (found.is_empty(), near.len()) {
        (false, _) => Ok(found),
        (true, 1) => Ok(near),
        (true, _) => Err(Error::NoSuchNode { asked: asked.to_owned(), nodes: names }),
    }
}
