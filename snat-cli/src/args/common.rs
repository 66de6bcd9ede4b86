//! Options that every command has, and those of every command that opens a bundle.

use std::path::PathBuf;

use bytesize::ByteSize;
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, ValueEnum};
use snat_analyze::Limits;

use super::number::{above_zero, instant, seconds, size, threads, whole};

const COMMON: &str = "Common options";
const NAT: &str = "Ports: how many there are, and how long each is held";
const LIMITS: &str = "Limits: what lies beyond is not read, and said";

#[derive(Args, Debug)]
pub(crate) struct CommonArgs {
    /// When colours are used; also NO_COLOR, CLICOLOR_FORCE, TERM=dumb [default: auto]
    #[arg(long, global = true, value_name = "WHEN", value_enum, help_heading = COMMON)]
    #[arg(env = "SNAT_ANALYZE_COLOR", hide_env_values = true)]
    pub(crate) color: Option<Color>,

    /// Nothing on standard error but errors
    #[arg(short, long, global = true, help_heading = COMMON)]
    #[arg(env = "SNAT_ANALYZE_QUIET", hide_env_values = true)]
    #[arg(action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub(crate) quiet: bool,

    /// Say on standard error what will be done, and where each setting comes from
    #[arg(short, long, global = true, help_heading = COMMON)]
    #[arg(env = "SNAT_ANALYZE_VERBOSE", hide_env_values = true)]
    #[arg(action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub(crate) verbose: bool,

    /// No progress on the terminal
    #[arg(long, global = true, help_heading = COMMON)]
    #[arg(env = "SNAT_ANALYZE_NO_PROGRESS", hide_env_values = true)]
    #[arg(action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub(crate) no_progress: bool,

    /// The configuration file [default: snat-analyze/config.toml below $XDG_CONFIG_HOME or ~/.config]
    #[arg(long, global = true, value_name = "PATH", help_heading = COMMON)]
    #[arg(env = "SNAT_ANALYZE_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,

    /// Read no configuration file
    #[arg(long, global = true, help_heading = COMMON)]
    pub(crate) no_config: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Color {
    /// On a terminal that can
    #[default]
    Auto,
    /// Also in a file or a pipe
    Always,
    /// Not at all
    Never,
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct RuleArgs {
    /// Connections to this block take a SNAT port, whatever its class (repeatable; the longer prefix wins, then the later
    /// option)
    #[arg(long, value_name = "CIDR[:PORT]")]
    pub(crate) snat: Vec<String>,

    /// Connections to this block take none: a service endpoint, a public range of the virtual network (repeatable)
    #[arg(long, value_name = "CIDR[:PORT]")]
    pub(crate) no_snat: Vec<String>,
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct NatArgs {
    /// Rules of the NAT: azure-lb-aks, azure-lb, azure-natgw, aws-natgw, gcp-nat, linux-masquerade, or a TOML file like
    /// those, which `snat-analyze profiles NAME` prints [default: azure-lb-aks]
    #[arg(long, value_name = "NAME|FILE", help_heading = NAT, env = "SNAT_ANALYZE_PROFILE", hide_env_values = true)]
    pub(crate) profile: Option<String>,

    /// Ports that the node has, where that is known; 0, as Azure prints it, is that nobody set a number [default: by the
    /// profile]
    #[arg(long, value_name = "N", help_heading = NAT, env = "SNAT_ANALYZE_PORTS", hide_env_values = true)]
    #[arg(value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub(crate) ports: Option<u64>,

    /// Outbound addresses of the load balancer or the gateway [default: by the profile]
    #[arg(long, value_name = "N", help_heading = NAT, env = "SNAT_ANALYZE_OUTBOUND_IPS", hide_env_values = true)]
    #[arg(value_parser = above_zero, allow_negative_numbers = true)]
    pub(crate) outbound_ips: Option<u64>,

    /// Nodes that share them [default: what a whole list of nodes says]
    #[arg(long, value_name = "N", help_heading = NAT, env = "SNAT_ANALYZE_NODES", hide_env_values = true)]
    #[arg(value_parser = above_zero, allow_negative_numbers = true)]
    pub(crate) nodes: Option<u64>,

    /// Seconds that a port is held after a close [default: by the profile]
    #[arg(long, value_name = "S", help_heading = NAT, env = "SNAT_ANALYZE_HOLD", hide_env_values = true)]
    #[arg(value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) hold: Option<f64>,

    /// The same after a reset [default: by the profile]
    #[arg(long, value_name = "S", help_heading = NAT, env = "SNAT_ANALYZE_HOLD_RESET", hide_env_values = true)]
    #[arg(value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) hold_reset: Option<f64>,

    /// Seconds without traffic after which a connection gives its port back: of those that are open for longer nobody
    /// knows whether they hold one [default: by the profile]
    #[arg(long, value_name = "S", help_heading = NAT, env = "SNAT_ANALYZE_IDLE", hide_env_values = true)]
    #[arg(value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) idle: Option<f64>,
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct WindowArgs {
    /// Measure from this second of the trace on; what was opened before is known
    #[arg(long, value_name = "S", value_parser = instant, allow_negative_numbers = true)]
    pub(crate) since: Option<f64>,

    /// Measure up to this second of the trace
    #[arg(long, value_name = "S", value_parser = instant, allow_negative_numbers = true)]
    pub(crate) until: Option<f64>,
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ThreadArgs {
    /// Threads that may be used; the result never depends on it [default: as many as there are cores]
    #[arg(long, value_name = "N", value_parser = threads, allow_negative_numbers = true)]
    pub(crate) threads: Option<usize>,
}

impl ThreadArgs {
    /// As given, else one a core.
    pub(crate) fn count(&self) -> usize {
        self.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
    }
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct LimitArgs {
    /// Bytes of all entries together, unpacked [default: 1TiB]
    #[arg(long, value_name = "SIZE", help_heading = LIMITS, env = "SNAT_ANALYZE_MAX_BYTES", hide_env_values = true)]
    #[arg(value_parser = size, allow_negative_numbers = true)]
    pub(crate) max_bytes: Option<ByteSize>,

    /// Entries of all bundles together [default: 30000]
    #[arg(long, value_name = "N", help_heading = LIMITS, env = "SNAT_ANALYZE_MAX_ENTRIES", hide_env_values = true)]
    #[arg(value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(crate) max_entries: Option<usize>,

    /// Unpacked bytes for each packed one, where it is more than 64MiB [default: 500]
    #[arg(long, value_name = "N", help_heading = LIMITS, env = "SNAT_ANALYZE_MAX_RATIO", hide_env_values = true)]
    #[arg(value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub(crate) max_ratio: Option<u64>,

    /// Archives in archives [default: 4]
    #[arg(long, value_name = "N", help_heading = LIMITS, env = "SNAT_ANALYZE_MAX_DEPTH", hide_env_values = true)]
    #[arg(value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(crate) max_depth: Option<usize>,

    /// Bytes of dumps whose rows are kept, the log aside; they take about twelvefold memory [default: 12MiB]
    #[arg(long, value_name = "SIZE", help_heading = LIMITS, env = "SNAT_ANALYZE_MAX_DUMPS", hide_env_values = true)]
    #[arg(value_parser = size, allow_negative_numbers = true)]
    pub(crate) max_dumps: Option<ByteSize>,

    /// Bytes of one line [default: 1MiB]
    #[arg(long, value_name = "SIZE", help_heading = LIMITS, env = "SNAT_ANALYZE_MAX_LINE", hide_env_values = true)]
    #[arg(value_parser = size, allow_negative_numbers = true)]
    pub(crate) max_line: Option<ByteSize>,
}

impl LimitArgs {
    /// Those that were given, over the defaults.
    pub(crate) fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        if let Some(bytes) = self.max_bytes {
            limits.bytes = bytes.as_u64();
        }
        if let Some(entries) = self.max_entries {
            limits.entries = entries;
        }
        if let Some(ratio) = self.max_ratio {
            limits.ratio = ratio;
        }
        if let Some(depth) = self.max_depth {
            limits.depth = depth;
        }
        let size = |size: ByteSize| usize::try_from(size.as_u64()).unwrap_or(usize::MAX);
        if let Some(dumps) = self.max_dumps {
            limits.dumps = size(dumps);
        }
        if let Some(line) = self.max_line {
            limits.line = size(line);
        }
        limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_the_defaults_that_hold() {
        let limits = Limits::default();
        let size = |bytes: u64| ByteSize(bytes).to_string().replace(".0 ", "").replace(' ', "");
        let command = crate::args::command();
        for (id, want) in [
            ("max_bytes", size(limits.bytes)),
            ("max_entries", limits.entries.to_string()),
            ("max_ratio", limits.ratio.to_string()),
            ("max_depth", limits.depth.to_string()),
            ("max_dumps", size(limits.dumps as u64)),
            ("max_line", size(limits.line as u64)),
        ] {
            let arg = command.get_arguments().find(|arg| arg.get_id() == id);
            let help = arg.and_then(clap::Arg::get_help).map(ToString::to_string).unwrap_or_default();
            assert!(help.ends_with(&format!("[default: {want}]")), "{id}: {help}, but {want}");
        }
    }
}
