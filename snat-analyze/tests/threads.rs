//! What is found depends neither on the number of threads nor on the pieces that a log comes in.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fmt::Write;
use std::io::{Cursor, Read};

use snat_analyze::{Analysis, Options, Source};

/// A log that is long enough for a thread of its own: closes, accepts and their strangers, connects that are reused,
/// IPv4 addresses on IPv6 sockets, masked cells, and a proxy that begins in the middle.
fn log(rows: usize) -> String {
    let mut text = String::from("Tracing TCP established connections. Ctrl-C to end.\n");
    let mut state = 1_u64;
    for at in 0..rows {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let draw = |below: u64, shift: u32| (state >> shift) % below;
        let kind = ["connect", "close", "connect", "close", "accept"][draw(5, 33) as usize];
        let (pod, sport, dest) = (draw(40, 36), 1_024 + draw(900, 40), draw(60, 50));
        let comm = if at > rows / 2 && pod == 3 { "envoy" } else { "OkHttp https:" };
        let (ip, prefix) = if draw(50, 24) == 0 { (6, "::ffff:") } else { (4, "") };
        let port = if draw(400, 20) == 0 { "xxx".to_owned() } else { (443 + dest % 3).to_string() };
        writeln!(
            text,
            "{} {kind} {} {comm} {ip} {prefix}10.244.0.{pod} {prefix}20.60.{dest}.4 {sport} {port} {}",
            at as u64 * 2_500_000,
            100 + pod,
            4_026_533_000 + pod
        )
        .unwrap();
    }
    text
}

/// Gives so many bytes at once at most.
struct Pieces(Cursor<Vec<u8>>, usize);

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = self.1.min(buffer.len());
        self.0.read(&mut buffer[..most])
    }
}

fn report(text: &str, piece: usize, threads: usize) -> String {
    let mut options = Options::default();
    options.threads = threads;
    let source = Source::reader("tcptracer.log", Pieces(Cursor::new(text.as_bytes().to_vec()), piece));
    serde_json::to_string(&Analysis::of(vec![source], &options).unwrap()).unwrap()
}

#[test]
fn threads_and_pieces_change_no_byte() {
    let text = log(70_000);
    let whole = report(&text, 64 << 20, 1);
    for threads in [0, 1, 2, 4, 16] {
        for piece in [64, 4_099, 1 << 18, 64 << 20] {
            // The smallest pieces take long, and once is enough.
            if piece > 64 || threads == 2 {
                assert!(report(&text, piece, threads) == whole, "{threads} threads, pieces of {piece}");
            }
        }
    }
}
