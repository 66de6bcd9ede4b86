//! `lsns`: one section, and the typed rows.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    fuzz::section("lsns", text);
    fuzz::rows(text, snat_parse::formats::lsns::rows);
});
