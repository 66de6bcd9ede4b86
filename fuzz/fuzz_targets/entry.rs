//! One entry with detection: whole, and again in pieces.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::entry(input));
