//! The command `snat-analyze`: arguments to plan, plan to report, report to a renderer. The only crate that prints.

mod args;
mod cmd;
mod config;
mod exit;
mod rejects;
mod render;

use std::process::ExitCode;

fn main() -> ExitCode {
    let (typed, rules) = config::parse();
    let done = std::panic::catch_unwind(|| cmd::run(typed, rules));
    exit::code(done.unwrap_or(Err(exit::Failure::Internal)))
}
