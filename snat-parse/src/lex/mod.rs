//! Leaves of the grammars: numbers, addresses, durations, words. All of them are nom parsers.

mod addr;
mod number;
mod words;

pub use addr::{Addr, AddrRef};
pub(crate) use addr::{addr_ref, is_cut_addr, looks_masked, text_addr};
pub(crate) use number::{int_bytes, masked_number, number};
pub(crate) use words::{age, ago, blanks, count, is_api_name, is_id, rest_of_line, word};
