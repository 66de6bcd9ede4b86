//! The command `snat-analyze`: arguments to plan, plan to report, report to a renderer. The only crate that prints.

mod args;
mod cmd;
mod config;
mod exit;
mod line;
mod outputs;
mod progress;
mod rejects;
mod render;
mod settings;
mod view;

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Cheaper than the C library for what a report keeps: docs/decisions/0006.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let (typed, command, matches) = line::parse();
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| cmd::run(&typed.common, command, matches)));
    exit::code(done.unwrap_or(Err(exit::Failure::Internal)))
}
