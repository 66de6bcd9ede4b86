//! The real captures: open peaks against what happened on the node, held ports against numbers worked out apart.

use std::collections::HashMap;
use std::io::Read;
use std::net::IpAddr;

use snat_parse::Addr;
use snat_parse::formats::tcptracer::rows;

use super::{Place, Replay, Rules, SECOND, Step, StepKind, Steps};
use crate::egress::{Class, classify};

fn log(capture: &str) -> Vec<u8> {
    let file = fixtures::bytes(&format!("captures/{capture}.tar.gz")).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file.as_slice()));
    let mut text = Vec::new();
    let mut entries = archive.entries().unwrap().map(Result::unwrap);
    let mut entry = entries.find(|entry| entry.path().unwrap().ends_with("tcptracer.log")).unwrap();
    entry.read_to_end(&mut text).unwrap();
    text
}

fn replay(capture: &str, holds: &[i64]) -> Replay {
    let mut sweep = Steps::new(&Rules { holds: holds.to_vec(), ..Rules::default() });
    let (mut groups, mut cells) = (HashMap::new(), HashMap::new());
    let port = |port: Option<u64>| port.and_then(|port| u16::try_from(port).ok());
    for row in rows(&log(capture)).rows {
        let (line, row) = (row.line, row.row);
        let kind = match row.kind.as_deref() {
            Some("connect") => StepKind::Connect,
            Some("accept") => StepKind::Accept,
            Some("close") => StepKind::Close,
            _ => continue,
        };
        let count = groups.len();
        let group = *groups.entry((row.netns, row.saddr.clone())).or_insert(count);
        let count = cells.len();
        let cell = *cells.entry((group, row.pid)).or_insert(count);
        let daddr = row.daddr.clone().unwrap();
        sweep.step(Step {
            time: row.time,
            line,
            kind,
            family: row.ip.map(|ip| ip as u8),
            netns: row.netns,
            saddr: row.saddr.as_ref().and_then(Addr::ip),
            sport: port(row.sport),
            daddr: daddr.ip(),
            dport: port(row.dport),
            group,
            cell,
            proxy: false,
            public: classify(&daddr, port(row.dport), &[]) == Some(Class::Public),
        });
    }
    sweep.finish()
}

#[test]
fn every_destination_was_open_as_often_as_it_was() {
    for capture in ["node-late", "node-mid"] {
        let truth = fixtures::bytes(&format!("captures/{capture}.truth.json")).unwrap();
        let truth: serde_json::Value = serde_json::from_slice(&truth).unwrap();
        let found = replay(capture, &[240 * SECOND]);
        let mut compared = 0;
        for dest in truth["destinations_in_tv_log"].as_array().unwrap() {
            let addr: IpAddr = dest["dst"].as_str().unwrap().parse().unwrap();
            let port = dest["port"].as_u64().unwrap() as u16;
            let spot = found.spot(Place::Dest { addr: addr.to_canonical(), port }).unwrap();
            let name = format!("{capture}: {addr}:{port}");
            assert_eq!(Some(u64::from(spot.open.peak)), dest["max_concurrent"].as_u64(), "{name}");
            assert_eq!(Some(u64::from(spot.open.now)), dest["open_at_end"].as_u64(), "{name}");
            assert_eq!(Some(spot.connects), dest["connects"].as_u64(), "{name}");
            compared += 1;
        }
        assert!(compared >= 8, "{capture}");
    }
}

#[test]
fn held_ports_of_both_captures() {
    let spot = |found: &Replay, addr: &str, port: u16| {
        found.spot(Place::Dest { addr: addr.parse().unwrap(), port }).unwrap().clone()
    };
    let late = replay("node-late", &[240 * SECOND]);
    let standing = spot(&late, "20.60.10.4", 443);
    assert_eq!((standing.open.peak, standing.held[0].peak), (450, 450));
    assert_eq!(spot(&late, "198.51.100.7", 8443).held[0].peak, 520);

    let mid = replay("node-mid", &[240 * SECOND]);
    let standing = spot(&mid, "20.60.10.4", 443);
    assert_eq!((standing.open.peak, standing.held[0].peak), (450, 450));
    // The verdict's example: 352 closes in 48.5 s come to about 1,743 ports.
    let churn = spot(&mid, "198.51.100.7", 8443);
    assert_eq!((churn.closes, churn.held[0].peak), (352, 352));
    let plateau = mid.plateau(churn.open.now, churn.closes, 240 * SECOND).unwrap();
    assert!((plateau - 1_743.0).abs() < 25.0, "{plateau}");
}
