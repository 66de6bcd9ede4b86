//! Leaves of the grammars: numbers, addresses, durations, words. All of them are nom parsers.

mod addr;
mod number;
mod words;

pub use addr::{Addr, AddrRef};
pub(crate) use addr::{addr_ref, text_addr};
pub(crate) use number::{int_bytes, masked_number, number};
pub(crate) use words::{age, ago, blanks, count, rest_of_line, word};
