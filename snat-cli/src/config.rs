//! What was typed, what the environment says and what the file says to what will be done: validated, in one place,
//! before any work. Of each setting the first of these holds that has it:
//!
//! | | `--top 3` | `SNAT_ANALYZE_TOP=3` | `top = 3` in the file | the default |
//! |---|---|---|---|---|
//! | place | 1 | 2 | 3 | 4 |
//!
//! Rules of `snat` and `no-snat` add up instead: the file's first, then the environment's, then those of the command
//! line, so that among equal prefixes the nearer one decides.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, ValueEnum};
use snat_analyze::egress::Rule;
use snat_analyze::profile::{Overrides, Profile};
use snat_analyze::{Limits, Options, Source};

use crate::args::{Asked, Color, CommonArgs, FailOn, LimitArgs, NatArgs, Output, ReportArgs, WindowArgs};
use crate::exit::Failure;
use crate::outputs::Outputs;
use crate::render::{Screen, printable};
use crate::settings::{self, Settings};
use crate::view::View;

/// A line of the plan: what, its value, and where it comes from.
pub(crate) type Line = (&'static str, String, String);

/// What holds for every command.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) color: Color,
    pub(crate) quiet: bool,
    pub(crate) progress: bool,
    verbose: bool,
    /// Matches of the command that was called.
    matches: ArgMatches,
}

impl Shared {
    pub(crate) fn of(common: &CommonArgs, matches: ArgMatches) -> Result<Self, Failure> {
        let settings = Settings::read(common)?;
        // How near a flag is set: by the command line, the environment, the file; what is off in a nearer layer is off.
        let layer =
            |id: &str, value: bool, file: Option<bool>| match has(&matches, id).then(|| matches.value_source(id)) {
                Some(Some(ValueSource::CommandLine)) => (3, value),
                Some(Some(ValueSource::EnvVariable)) => (2, value),
                _ => file.map_or((0, false), |value| (1, value)),
            };
        let (quiet_at, quiet) = layer("quiet", common.quiet, settings.quiet);
        let (verbose_at, verbose) = layer("verbose", common.verbose, settings.verbose);
        // Of both the nearer wins; of two in one layer the silent one.
        let quiet = quiet && (!verbose || quiet_at >= verbose_at);
        let verbose = verbose && !quiet;
        let off = settings.progress.map(|progress| !progress);
        let (_, no_progress) = layer("no_progress", common.no_progress, off);
        Ok(Self {
            color: common.color.or(settings.color).unwrap_or_default(),
            quiet,
            verbose,
            progress: !quiet && !no_progress,
            settings,
            matches,
        })
    }

    pub(crate) fn screen(&self) -> Screen {
        Screen::of_terminal(self.color)
    }

    /// Limits of the command line, the environment and the file.
    pub(crate) fn limits(&self, given: &LimitArgs) -> Limits {
        self.settings.limits(given).limits()
    }

    /// Says something on standard error, unless that is to be quiet.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            crate::exit::say(text);
        }
    }

    /// Rules of all layers, and the lines that the plan has for them.
    pub(crate) fn rules(&self) -> Result<(Vec<Rule>, Vec<Line>), Failure> {
        let (mut rules, mut lines) = (Vec::new(), Vec::new());
        for (text, snat, from) in all_rules(self) {
            let name = if snat { "snat" } else { "no-snat" };
            let rule = Rule::parse(&text, snat).map_err(|error| {
                let from = if from == "command line" { String::new() } else { format!(" (of the {from})") };
                Failure::Usage(format!("--{name}{from} {error}"))
            })?;
            rules.push(rule);
            lines.push((name, text, from.to_owned()));
        }
        Ok((rules, lines))
    }

    /// Options of what replays a log, and the lines that the plan has for the rules, the NAT and the window.
    pub(crate) fn measured(
        &self,
        node: Option<String>,
        limits: &LimitArgs,
        nat: &NatArgs,
        window: &WindowArgs,
    ) -> Result<(Options, Vec<Line>), Failure> {
        let mut options = Options::default();
        options.node = node;
        options.limits = self.limits(limits);
        let (rules, mut said) = self.rules()?;
        options.rules = rules;
        let nat = Nat::of(nat, self)?;
        said.extend(nat.said(self));
        (options.profile, options.overrides) = (nat.profile, nat.overrides);
        let window = Window::of(window)?;
        said.extend(window.said());
        (options.since_s, options.until_s) = (window.since, window.until);
        Ok((options, said))
    }

    /// Where a setting comes from. `in_file`: whether the file has it.
    fn origin(&self, id: &str, in_file: bool) -> &'static str {
        match has(&self.matches, id).then(|| self.matches.value_source(id)).flatten() {
            Some(ValueSource::CommandLine) => "command line",
            Some(ValueSource::EnvVariable) => "environment",
            _ if in_file => "file",
            _ => "default",
        }
    }

    /// `-v`: what will be done, a line a setting, with where it comes from.
    pub(crate) fn plan(&self, sources: &[Source], limits: &Limits, more: &[Line]) {
        if !self.verbose {
            return;
        }
        let file = self.settings.path.as_ref().map_or("none".to_owned(), |path| path.display().to_string());
        let mut lines = vec![("config", file, String::new())];
        lines.extend(sources.iter().map(|source| ("bundle", name_of(source), String::new())));
        lines.extend(more.iter().cloned());
        let color = format!("{:?}", self.color).to_lowercase();
        lines.push(("color", color, self.origin("color", self.settings.color.is_some()).to_owned()));
        let progress = if self.progress { "on a terminal" } else { "no" };
        lines.push(("progress", progress.to_owned(), String::new()));
        let size = |bytes: u64| bytesize::ByteSize(bytes).to_string();
        let file = &self.settings;
        for (name, id, value, in_file) in [
            ("max-bytes", "max_bytes", size(limits.bytes), file.max_bytes.is_some()),
            ("max-entries", "max_entries", limits.entries.to_string(), file.max_entries.is_some()),
            ("max-ratio", "max_ratio", limits.ratio.to_string(), file.max_ratio.is_some()),
            ("max-depth", "max_depth", limits.depth.to_string(), file.max_depth.is_some()),
            ("max-dumps", "max_dumps", size(limits.dumps as u64), file.max_dumps.is_some()),
            ("max-line", "max_line", size(limits.line as u64), file.max_line.is_some()),
        ] {
            lines.push((name, value, self.origin(id, in_file).to_owned()));
        }
        for (name, value, from) in lines {
            let from = if from.is_empty() { from } else { format!(" ({from})") };
            crate::exit::say(&printable(&format!("{name:<14}{value}{from}")));
        }
    }
}

fn name_of(source: &Source) -> String {
    match source {
        Source::Path(path) => path.display().to_string(),
        _ => "standard input".to_owned(),
    }
}

/// A validated plan of `report`.
pub(crate) struct Plan {
    pub(crate) sources: Vec<Source>,
    pub(crate) options: Options,
    pub(crate) outputs: Outputs<Output>,
    pub(crate) view: View,
    pub(crate) rejects: Option<PathBuf>,
    pub(crate) fail_on: Option<FailOn>,
    pub(crate) force: bool,
    pub(crate) read: Vec<PathBuf>,
    pub(crate) screen: Screen,
}

impl Plan {
    /// Validates the arguments.
    pub(crate) fn of(args: ReportArgs, shared: &Shared) -> Result<Self, Failure> {
        let file = &shared.settings;
        let (mut options, said_options) = shared.measured(args.node, &args.limits, &args.nat, &args.window)?;
        options.threads = args.threads.count();
        options.what_if = args.what_if.iter().map(|name| profile("what-if", name)).collect::<Result<_, _>>()?;
        let (output, output_from) = match (args.output.is_empty(), settings::variable("OUTPUT"), file.output) {
            (false, _, _) => (args.output, "command line"),
            (true, Some(text), _) => {
                let format = Output::from_str(&text, false)
                    .map_err(|_| Failure::Usage(format!("{}OUTPUT={text:?} is no format", settings::PREFIX)))?;
                (vec![Asked { format, path: None }], "environment")
            }
            (true, None, Some(format)) => (vec![Asked { format, path: None }], "file"),
            (true, None, None) => (Vec::new(), "default"),
        };
        let outputs = Outputs::of(output, Output::Table, args.force, &args.bundles)?;
        let view = View {
            namespace: args.namespace.or_else(|| file.namespace.clone()),
            sort_by: args.sort_by.or(file.sort_by),
            top: args.top.or(file.top),
        };
        let sources = crate::cmd::sources(args.bundles.clone())?;
        let screen = shared.screen();
        let mut more: Vec<Line> = outputs
            .places()
            .map(|(format, place)| ("output", format!("{} → {place}", name(format)), output_from.to_owned()))
            .collect();
        more.push(("screen", screen.said(), String::new()));
        more.push(("node", options.node.clone().unwrap_or("all".into()), shared.origin("node", false).to_owned()));
        let namespace = view.namespace.clone().unwrap_or("all".into());
        more.push(("namespace", namespace, shared.origin("namespace", file.namespace.is_some()).to_owned()));
        let sort = view.sort_by.map_or("rank".to_owned(), name);
        more.push(("sort-by", sort, shared.origin("sort_by", file.sort_by.is_some()).to_owned()));
        let top = view.top.map_or("what fits the screen".to_owned(), |top| top.to_string());
        more.push(("top", top, shared.origin("top", file.top.is_some()).to_owned()));
        more.extend(said_options);
        more.extend(args.what_if.iter().map(|name| ("what-if", name.clone(), "command line".to_owned())));
        if let Some(path) = &args.rejects {
            more.push(("rejects", path.display().to_string(), String::new()));
        }
        shared.plan(&sources, &options.limits, &more);
        Ok(Self {
            sources,
            options,
            outputs,
            view,
            rejects: args.rejects,
            fail_on: args.fail_on,
            force: args.force,
            read: args.bundles,
            screen,
        })
    }
}

/// Where a profile of one's own starts.
const OWN: &str = "`snat-analyze profiles azure-lb-aks` prints a file to start from";

/// The built-in profile of that name, or the one in that file.
fn profile(option: &str, name: &str) -> Result<Profile, Failure> {
    if let Some(profile) = Profile::named(name) {
        return Ok(profile);
    }
    let text = std::fs::read_to_string(name).map_err(|error| {
        let names = Profile::NAMES.join(", ");
        Failure::Usage(format!("--{option} {name}: neither one of {names} nor a file: {error}; {OWN}"))
    })?;
    Profile::parse(&text).map_err(|error| Failure::Usage(format!("--{option} {name}: {error}; {OWN}")))
}

/// The NAT's rules, of all layers.
struct Nat {
    profile: Profile,
    overrides: Overrides,
}

impl Nat {
    fn of(args: &NatArgs, shared: &Shared) -> Result<Self, Failure> {
        let file = &shared.settings;
        let profile = match args.profile.as_ref().or(file.profile.as_ref()) {
            None => Profile::default(),
            Some(name) => profile("profile", name)?,
        };
        let overrides = Overrides {
            ports: args.ports.or(file.ports),
            outbound_ips: args.outbound_ips.or(file.outbound_ips),
            nodes: args.nodes.or(file.nodes),
            hold_s: args.hold.or(file.hold),
            hold_reset_s: args.hold_reset.or(file.hold_reset),
            idle_s: args.idle.or(file.idle),
        };
        // The command line is checked when it is read: what is wrong here is the file's.
        overrides.check().map_err(|error| {
            let key = error.key.trim_end_matches("_s").replace('_', "-");
            Failure::Usage(format!("{key} of the configuration: {}", error.message))
        })?;
        Ok(Self { profile, overrides })
    }

    /// Lines of the plan.
    fn said(&self, shared: &Shared) -> Vec<Line> {
        let (file, of) = (&shared.settings, &self.overrides);
        let whole = |value: Option<u64>| value.map(|value| value.to_string());
        let seconds = |value: Option<f64>| value.map(|value| format!("{value} s"));
        let lines = [
            ("profile", "profile", Some(self.profile.name.clone()), file.profile.is_some()),
            ("ports", "ports", whole(of.ports), file.ports.is_some()),
            ("outbound-ips", "outbound_ips", whole(of.outbound_ips), file.outbound_ips.is_some()),
            ("nodes", "nodes", whole(of.nodes), file.nodes.is_some()),
            ("hold", "hold", seconds(of.hold_s), file.hold.is_some()),
            ("hold-reset", "hold_reset", seconds(of.hold_reset_s), file.hold_reset.is_some()),
            ("idle", "idle", seconds(of.idle_s), file.idle.is_some()),
        ];
        let line = |(name, id, value, in_file): (_, &str, Option<String>, bool)| {
            (name, value.unwrap_or("by the profile".into()), shared.origin(id, in_file).to_owned())
        };
        lines.into_iter().map(line).collect()
    }
}

/// What is measured of the trace.
struct Window {
    since: Option<f64>,
    until: Option<f64>,
}

impl Window {
    fn of(args: &WindowArgs) -> Result<Self, Failure> {
        if let (Some(since), Some(until)) = (args.since, args.until)
            && since > until
        {
            return Err(Failure::Usage(format!("--since {since} is behind --until {until}: nothing lies between")));
        }
        Ok(Self { since: args.since, until: args.until })
    }

    /// Lines of the plan, where there is a window.
    fn said(&self) -> Vec<Line> {
        let line = |name, value: Option<f64>| {
            value.map(|value| (name, format!("{value} s of the trace"), "command line".to_owned()))
        };
        line("since", self.since).into_iter().chain(line("until", self.until)).collect()
    }
}

pub(crate) fn name(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// Rules of all layers, those of the nearer ones later: text, whether it takes a port, and whence.
fn all_rules(shared: &Shared) -> Vec<(String, bool, &'static str)> {
    let mut found = Vec::new();
    let file = &shared.settings;
    let environment = (settings::list("SNAT"), settings::list("NO_SNAT"));
    for (snat, no_snat, from) in [(&file.snat, &file.no_snat, "file"), (&environment.0, &environment.1, "environment")]
    {
        found.extend(snat.iter().map(|text| (text.clone(), true, from)));
        found.extend(no_snat.iter().map(|text| (text.clone(), false, from)));
    }
    found.extend(rules_in_order(&shared.matches).into_iter().map(|(text, snat)| (text, snat, "command line")));
    found
}

/// Whether the command has that argument.
fn has(matches: &ArgMatches, name: &str) -> bool {
    matches.ids().any(|id| id.as_str() == name)
}

/// `--snat` and `--no-snat` in the order of the command line, which decides between equal prefixes.
fn rules_in_order(matches: &ArgMatches) -> Vec<(String, bool)> {
    let mut found: Vec<(usize, String, bool)> = Vec::new();
    for (name, snat) in [("snat", true), ("no_snat", false)].into_iter().filter(|(name, _)| has(matches, name)) {
        let at = matches.indices_of(name).into_iter().flatten();
        let values = matches.get_many::<String>(name).into_iter().flatten();
        found.extend(at.zip(values).map(|(at, value)| (at, value.clone(), snat)));
    }
    found.sort();
    found.into_iter().map(|(_, text, snat)| (text, snat)).collect()
}
