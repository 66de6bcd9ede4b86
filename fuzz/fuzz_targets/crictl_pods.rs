//! `crictl-pods`: one section, and the typed rows.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    fuzz::section("crictl-pods", text);
    fuzz::rows(text, snat_parse::formats::crictl_pods::rows);
});
