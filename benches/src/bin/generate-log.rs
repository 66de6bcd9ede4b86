//! `generate-log LINES [SEED] [--truth PATH]`: a tcptracer log on standard output.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "generate-log: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(args: Vec<String>) -> io::Result<()> {
    let usage = || io::Error::other("usage: generate-log LINES [SEED] [--truth PATH]");
    let at = args.iter().position(|arg| arg == "--truth");
    let truth_path = at.map(|at| args.get(at + 1).cloned().ok_or_else(usage)).transpose()?;
    let numbers: Vec<u64> = args[..at.unwrap_or(args.len())]
        .iter()
        .map(|arg| arg.parse().map_err(|_| usage()))
        .collect::<io::Result<_>>()?;
    let lines = *numbers.first().ok_or_else(usage)?;
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let truth = benches::write_log(&mut out, lines, numbers.get(1).copied().unwrap_or(1))?;
    out.flush()?;
    if let Some(path) = truth_path {
        let rows: String = truth.iter().map(|(addr, connects)| format!("{addr}\t{connects}\n")).collect();
        std::fs::write(path, rows)?;
    }
    Ok(())
}
