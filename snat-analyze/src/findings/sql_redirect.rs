//! Azure SQL sends its clients on to a second port: two connections for each login.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Said, Scene};
use crate::report::Severity;
use crate::words::{grouped, listed, percent};

const GATEWAY: u16 = 1433;
const REDIRECTED: std::ops::RangeInclusive<u16> = 11_000..=11_999;
/// How often a redirect follows is told by this part of them, and by so many logins.
const OF_LOGINS: f64 = 0.2;
const LOGINS: u64 = 5;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    // The second port may be at another address of the region, but it is one of those of the same network.
    let mut logins: BTreeMap<[u8; 2], (u64, IpAddr)> = BTreeMap::new();
    let mut onward: BTreeMap<[u8; 2], u64> = BTreeMap::new();
    for target in scene.targets() {
        let IpAddr::V4(addr) = target.remote.0 else { continue };
        let [a, b, _, _] = addr.octets();
        if target.remote.1 == GATEWAY {
            let slot = logins.entry([a, b]).or_insert((0, target.remote.0));
            slot.0 += target.dest.connects;
        } else if REDIRECTED.contains(&target.remote.1) {
            *onward.entry([a, b]).or_default() += target.dest.connects;
        }
    }
    let pairs = logins.into_iter().filter_map(|(net, (logins, addr))| Some((addr, logins, *onward.get(&net)?)));
    let pairs: Vec<(IpAddr, u64, u64)> =
        pairs.filter(|(_, logins, onward)| *logins >= LOGINS && *onward as f64 >= *logins as f64 * OF_LOGINS).collect();
    let (addr, _, _) = pairs.first()?;
    let said: Vec<String> = pairs
        .iter()
        .map(|(addr, logins, onward)| {
            let net = match addr {
                IpAddr::V4(v4) => format!("{}.{}.0.0/16", v4.octets()[0], v4.octets()[1]),
                IpAddr::V6(v6) => v6.to_string(),
            };
            format!(
                "{} connects to port 1433 in {net} and {} to ports 11000-11999 there ({})",
                grouped(*logins),
                grouped(*onward),
                percent(*onward as f64 / *logins as f64)
            )
        })
        .collect();
    Some(Said {
        severity: Severity::Info,
        detail: format!("{}.", listed(&said, 3)),
        evidence: scene.lines((*addr, GATEWAY)),
        advice: "With the connection policy Redirect a login takes a connection to the gateway and one to the database's \
                 own address, which may share a port; a pool pays that once. The policy Proxy has one, through the gateway, with more delay. A private \
                 endpoint takes neither"
            .to_owned(),
    })
}
