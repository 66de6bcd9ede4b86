//! The configuration file: what a site sets once. Everything in it stands below the environment and the command line.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use crate::args::{Color, CommonArgs, LimitArgs, Output, SECONDS, SortBy, WHOLE};
use crate::exit::Failure;

/// Keys of the file. One that is not known is an error: a typing mistake must not go unseen.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Settings {
    /// Where it was read; none where there is no file.
    #[serde(skip)]
    pub(crate) path: Option<PathBuf>,
    pub(crate) output: Option<Output>,
    pub(crate) namespace: Option<String>,
    pub(crate) sort_by: Option<SortBy>,
    #[serde(deserialize_with = "whole")]
    pub(crate) top: Option<usize>,
    pub(crate) snat: Vec<String>,
    pub(crate) no_snat: Vec<String>,
    pub(crate) profile: Option<String>,
    #[serde(deserialize_with = "whole")]
    pub(crate) ports: Option<u64>,
    #[serde(deserialize_with = "whole")]
    pub(crate) outbound_ips: Option<u64>,
    #[serde(deserialize_with = "whole")]
    pub(crate) nodes: Option<u64>,
    #[serde(deserialize_with = "seconds")]
    pub(crate) hold: Option<f64>,
    #[serde(deserialize_with = "seconds")]
    pub(crate) hold_reset: Option<f64>,
    #[serde(deserialize_with = "seconds")]
    pub(crate) idle: Option<f64>,
    pub(crate) color: Option<Color>,
    pub(crate) quiet: Option<bool>,
    pub(crate) verbose: Option<bool>,
    pub(crate) progress: Option<bool>,
    pub(crate) max_bytes: Option<ByteSize>,
    #[serde(deserialize_with = "whole")]
    pub(crate) max_entries: Option<usize>,
    #[serde(deserialize_with = "whole")]
    pub(crate) max_ratio: Option<u64>,
    #[serde(deserialize_with = "whole")]
    pub(crate) max_depth: Option<usize>,
    pub(crate) max_dumps: Option<ByteSize>,
    pub(crate) max_line: Option<ByteSize>,
}

/// Settings that the environment knows, without their prefix; the command line's own variables are among them.
pub(crate) const VARIABLES: [&str; 24] = [
    "COLOR",
    "CONFIG",
    "HOLD",
    "HOLD_RESET",
    "IDLE",
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_DUMPS",
    "MAX_ENTRIES",
    "MAX_LINE",
    "MAX_RATIO",
    "NAMESPACE",
    "NODES",
    "NO_PROGRESS",
    "NO_SNAT",
    "OUTBOUND_IPS",
    "OUTPUT",
    "PORTS",
    "PROFILE",
    "QUIET",
    "SNAT",
    "SORT_BY",
    "TOP",
    "VERBOSE",
];

/// What they begin with.
pub(crate) const PREFIX: &str = "SNAT_ANALYZE_";

impl Settings {
    /// Reads the file that was named, or the one at its usual place, which may be absent.
    pub(crate) fn read(common: &CommonArgs) -> Result<Self, Failure> {
        if common.no_config {
            return Ok(Self::default());
        }
        match &common.config {
            Some(path) => Self::from_file(path),
            // Something else than a file there, or a link that leads nowhere, is an error and not passed over.
            None => match usual_path().filter(|path| fs::symlink_metadata(path).is_ok()) {
                Some(path) => Self::from_file(&path),
                None => Ok(Self::default()),
            },
        }
    }

    fn from_file(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::Usage(format!("cannot read the configuration {}: {error}", path.display())))?;
        let mut settings: Self = toml::from_str(&text)
            .map_err(|error| Failure::Usage(format!("{}: {}", path.display(), error.to_string().trim_end())))?;
        settings.path = Some(path.to_path_buf());
        Ok(settings)
    }

    /// Limits of the file below those that were given.
    pub(crate) fn limits(&self, given: &LimitArgs) -> LimitArgs {
        LimitArgs {
            max_bytes: given.max_bytes.or(self.max_bytes),
            max_entries: given.max_entries.or(self.max_entries),
            max_ratio: given.max_ratio.or(self.max_ratio),
            max_depth: given.max_depth.or(self.max_depth),
            max_dumps: given.max_dumps.or(self.max_dumps),
            max_line: given.max_line.or(self.max_line),
        }
    }
}

/// A whole number; what else stands there is said in people's words.
fn whole<'de, D: Deserializer<'de>, N: TryFrom<u64>>(from: D) -> Result<Option<N>, D::Error> {
    struct Whole;
    impl Visitor<'_> for Whole {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(WHOLE)
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<u64, E> {
            u64::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
            Ok(number)
        }
    }
    let number = from.deserialize_u64(Whole)?;
    N::try_from(number).map(Some).map_err(|_| D::Error::invalid_value(Unexpected::Unsigned(number), &Whole))
}

/// The same of a time.
fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    struct Seconds;
    impl Visitor<'_> for Seconds {
        type Value = f64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(SECONDS)
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<f64, E> {
            self.visit_f64(number as f64)
        }

        fn visit_f64<E: Error>(self, number: f64) -> Result<f64, E> {
            match number.is_finite() && number >= 0.0 {
                true => Ok(number),
                false => Err(E::invalid_value(Unexpected::Float(number), &self)),
            }
        }
    }
    from.deserialize_f64(Seconds).map(Some)
}

/// `$XDG_CONFIG_HOME/snat-analyze/config.toml`, else below `~/.config`. A relative XDG path is invalid and ignored,
/// as its specification says.
fn usual_path() -> Option<PathBuf> {
    let xdg = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = xdg.or_else(|| env::home_dir().map(|home| home.join(".config")))?;
    Some(base.join("snat-analyze").join("config.toml"))
}

/// A variable's value, if it is set and not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(format!("{PREFIX}{name}")).ok().filter(|value| !value.is_empty())
}

/// A variable's list: commas between its items.
pub(crate) fn list(name: &str) -> Vec<String> {
    let value = variable(name).unwrap_or_default();
    value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// Variables that begin like ours and are none.
pub(crate) fn strays() -> Vec<String> {
    let mut found: Vec<String> = env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.strip_prefix(PREFIX).is_some_and(|rest| !VARIABLES.contains(&rest)))
        .collect();
    found.sort();
    found
}
