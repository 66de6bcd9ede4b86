//! A value of a profile with where it was read: `65`, or `{ value = 65, source = "NAT-res", uncertain = true }`.

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU64;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

/// A value and its source. A profile of one's own may give the value alone; the built-in ones never do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Short name of the document that says so.
    pub source: Option<String>,
    /// Whether documents disagree, or none says it outright.
    pub uncertain: bool,
    /// What else is to be known about it.
    pub note: Option<String>,
}

/// What a profile's values are: read from one TOML value, and refused in plain words.
pub(crate) trait Plain: Sized {
    /// What is expected, as a fragment.
    const EXPECTED: &'static str;

    fn whole(_: i64) -> Option<Self> {
        None
    }

    fn real(_: f64) -> Option<Self> {
        None
    }

    fn word(_: &str) -> Option<Self> {
        None
    }
}

/// A number of ports, addresses or nodes.
impl Plain for NonZeroU64 {
    const EXPECTED: &'static str = "a whole number above 0";

    fn whole(number: i64) -> Option<Self> {
        u64::try_from(number).ok().and_then(Self::new)
    }
}

/// Seconds.
impl Plain for f64 {
    const EXPECTED: &'static str = "a number of seconds, 0 or more";

    fn whole(number: i64) -> Option<Self> {
        i32::try_from(number).ok().map(Self::from).and_then(Self::real)
    }

    fn real(number: f64) -> Option<Self> {
        (number.is_finite() && number >= 0.0).then_some(number)
    }
}

/// A value without its source.
struct Bare<T>(T);

impl<'de, T: Plain> Deserialize<'de> for Bare<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BareVisitor(PhantomData))
    }
}

/// For a field that never has a source of its own.
pub(super) fn bare<'de, T: Plain, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Bare::deserialize(deserializer).map(|Bare(value)| value)
}

struct BareVisitor<T>(PhantomData<T>);

impl<T: Plain> BareVisitor<T> {
    fn got<E: Error>(found: impl fmt::Display, value: Option<T>) -> Result<Bare<T>, E> {
        value.map(Bare).ok_or_else(|| E::custom(format_args!("found {found}, expected {}", T::EXPECTED)))
    }
}

impl<T: Plain> Visitor<'_> for BareVisitor<T> {
    type Value = Bare<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Bare<T>, E> {
        Self::got(number, T::whole(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Bare<T>, E> {
        Self::got(format_args!("{number:?}"), T::real(number))
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Bare<T>, E> {
        Self::got(format_args!("{word:?}"), T::word(word))
    }
}

/// The same as a table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound = "T: Plain")]
struct Table<T> {
    value: Bare<T>,
    source: Option<String>,
    #[serde(default)]
    uncertain: bool,
    note: Option<String>,
}

struct SourcedVisitor<T>(PhantomData<T>);

impl<T> From<Bare<T>> for Sourced<T> {
    fn from(Bare(value): Bare<T>) -> Self {
        Self { value, source: None, uncertain: false, note: None }
    }
}

impl<'de, T: Plain> Visitor<'de> for SourcedVisitor<T> {
    type Value = Sourced<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, or a table with it as `value`", T::EXPECTED)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Sourced<T>, E> {
        BareVisitor(PhantomData).visit_i64(number).map(Sourced::from)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Sourced<T>, E> {
        BareVisitor(PhantomData).visit_f64(number).map(Sourced::from)
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Sourced<T>, E> {
        BareVisitor(PhantomData).visit_str(word).map(Sourced::from)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Sourced<T>, A::Error> {
        let Table { value: Bare(value), source, uncertain, note } =
            Table::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Sourced { value, source, uncertain, note })
    }
}

impl<'de, T: Plain> Deserialize<'de> for Sourced<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourcedVisitor(PhantomData))
    }
}
