//! One file an output format. A renderer lays out; it never computes.

pub(crate) mod formats;
pub(crate) mod inspect;
pub(crate) mod json;
pub(crate) mod rows;
mod style;
pub(crate) mod table;

pub(crate) use style::{Screen, printable};
