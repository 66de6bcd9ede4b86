//! `-o FORMAT[=PATH]`.

use std::ffi::OsStr;
use std::marker::PhantomData;
use std::path::PathBuf;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error, ValueEnum};

/// A format, and the file that it goes to; standard output without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked<F> {
    pub(crate) format: F,
    pub(crate) path: Option<PathBuf>,
}

/// Reads [`Asked`]: the names are those of the enumeration, so that help and completions list them.
#[derive(Clone, Debug)]
pub(crate) struct Formats<F>(PhantomData<F>);

impl<F> Default for Formats<F> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<F: ValueEnum + Clone + Send + Sync + 'static> TypedValueParser for Formats<F> {
    type Value = Asked<F>;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<Asked<F>, Error> {
        let bad = |kind: ErrorKind, text: &str| {
            let mut error = Error::new(kind).with_cmd(command);
            if let Some(arg) = arg {
                error.insert(ContextKind::InvalidArg, ContextValue::String(arg.to_string()));
            }
            error.insert(ContextKind::InvalidValue, ContextValue::String(text.to_owned()));
            let names = F::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            let names = names.map(|name| name.get_name().to_owned()).collect();
            error.insert(ContextKind::ValidValue, ContextValue::Strings(names));
            error
        };
        let shown = value.to_string_lossy();
        // A path may be anything; a name is plain text, so bytes and text split at the same place.
        let (name, path) = match shown.split_once('=') {
            None => (shown.as_ref(), None),
            Some((name, _)) => {
                let bytes = value.as_encoded_bytes();
                let tail = std::str::from_utf8(bytes.get(name.len() + 1..).unwrap_or_default());
                let tail = tail.map_err(|_| bad(ErrorKind::InvalidUtf8, &shown))?;
                (name, Some(tail))
            }
        };
        let format = F::from_str(name, false).map_err(|_| bad(ErrorKind::InvalidValue, &shown))?;
        match path {
            Some("") => Err(bad(ErrorKind::InvalidValue, &shown)),
            // As everywhere, - is standard output.
            None | Some("-") => Ok(Asked { format, path: None }),
            Some(path) => Ok(Asked { format, path: Some(PathBuf::from(path)) }),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(F::value_variants().iter().filter_map(ValueEnum::to_possible_value)))
    }
}
