//! `inflate FILE.gz`: unpacks it with the library that the program unpacks with, and prints how many bytes came out. What
//! remains of a report's time beyond this is ours.

use std::fs::File;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use flate2::read::MultiGzDecoder;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "inflate: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> io::Result<()> {
    let path = std::env::args_os().nth(1).ok_or_else(|| io::Error::other("usage: inflate FILE.gz"))?;
    let mut unpacked = MultiGzDecoder::new(File::open(path)?);
    let mut piece = vec![0; 1 << 16];
    let mut bytes = 0_u64;
    loop {
        match unpacked.read(&mut piece)? {
            0 => break,
            read => bytes += read as u64,
        }
    }
    writeln!(io::stdout(), "{bytes}")
}
