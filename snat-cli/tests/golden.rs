//! The whole command line against expected sessions: `tests/cmd/*.trycmd`, and `*.toml` where standard input matters.
//! `TRYCMD=overwrite` rewrites them.

#[test]
fn sessions_are_as_expected() {
    trycmd::TestCases::new()
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .case("tests/cmd/*.trycmd")
        .case("tests/cmd/pipe.toml");
}
