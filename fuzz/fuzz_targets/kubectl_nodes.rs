//! `kubectl-nodes`: one section, and the typed rows.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    fuzz::section("kubectl-nodes", text);
    fuzz::rows(text, snat_parse::formats::kubectl_nodes::rows);
});
