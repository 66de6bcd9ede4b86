//! Destination to egress class: whether a connection to it takes a SNAT port.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use snat_parse::Addr;

/// What a destination is to the node's NAT. Only `public` takes a SNAT port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Class {
    /// Left through the load balancer: takes a port.
    Public,
    /// RFC 1918, and fc00::/7.
    Private,
    /// RFC 6598, 100.64.0.0/10.
    Cgnat,
    /// This host.
    Loopback,
    /// 169.254.0.0/16 and fe80::/10.
    LinkLocal,
    /// 168.63.129.16 and 169.254.169.254: the platform's own.
    Platform,
    /// Never routed to the internet: this network, benchmarking, multicast, class E.
    Reserved,
    /// Public by its address, and taken out by `--no-snat`.
    Overridden,
}

impl Class {
    /// The word that reports print.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Cgnat => "cgnat",
            Self::Loopback => "loopback",
            Self::LinkLocal => "link-local",
            Self::Platform => "platform",
            Self::Reserved => "reserved",
            Self::Overridden => "overridden",
        }
    }
}

/// Blocks by class; the first that holds the address decides, an address in none is public. The ranges and their
/// reasons are those of the IANA special-purpose registries and of the Azure documentation.
const BLOCKS_V4: &[(Ipv4Addr, u8, Class)] = &[
    (Ipv4Addr::new(168, 63, 129, 16), 32, Class::Platform),
    (Ipv4Addr::new(169, 254, 169, 254), 32, Class::Platform),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Class::Private),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Class::Private),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Class::Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Class::Cgnat),
    (Ipv4Addr::new(127, 0, 0, 0), 8, Class::Loopback),
    (Ipv4Addr::new(169, 254, 0, 0), 16, Class::LinkLocal),
    (Ipv4Addr::new(0, 0, 0, 0), 8, Class::Reserved),
    (Ipv4Addr::new(192, 0, 0, 0), 24, Class::Reserved),
    (Ipv4Addr::new(192, 0, 2, 0), 24, Class::Reserved),
    (Ipv4Addr::new(192, 88, 99, 0), 24, Class::Reserved),
    (Ipv4Addr::new(198, 18, 0, 0), 15, Class::Reserved),
    (Ipv4Addr::new(224, 0, 0, 0), 3, Class::Reserved),
];

/// The same for IPv6.
const BLOCKS_V6: &[(Ipv6Addr, u8, Class)] = &[
    (Ipv6Addr::LOCALHOST, 128, Class::Loopback),
    (Ipv6Addr::UNSPECIFIED, 128, Class::Reserved),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, Class::LinkLocal),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, Class::Private),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, Class::Reserved),
];

/// Documentation ranges: nobody answers there on the internet, so in a capture they are public addresses that somebody
/// masked. Public, and noted.
const DOCUMENTATION: [IpNet; 3] = [
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(198, 51, 100, 0), 24)),
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(203, 0, 113, 0), 24)),
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32)),
];

/// Whether the address is of a documentation range.
pub fn is_documentation(ip: IpAddr) -> bool {
    DOCUMENTATION.iter().any(|net| net.contains(&ip))
}

/// Class of an address by its number alone.
pub fn natural(ip: IpAddr) -> Class {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let bits = u32::from(ip);
            let holds =
                |(net, length, _): &&(Ipv4Addr, u8, Class)| (bits ^ u32::from(*net)) >> (32 - u32::from(*length)) == 0;
            BLOCKS_V4.iter().find(holds).map_or(Class::Public, |(_, _, class)| *class)
        }
        IpAddr::V6(ip) => {
            let bits = u128::from(ip);
            let holds = |(net, length, _): &&(Ipv6Addr, u8, Class)| {
                (bits ^ u128::from(*net)) >> (128 - u32::from(*length)) == 0
            };
            BLOCKS_V6.iter().find(holds).map_or(Class::Public, |(_, _, class)| *class)
        }
    }
}

/// Class of a masked address by its readable prefix; `None` where the prefix leaves it open (`172.x.x.x`).
fn masked(text: &str) -> Option<Class> {
    let octets: Vec<Option<u8>> = text.split('.').map(|part| part.parse().ok()).collect();
    let [first, second, ..] = octets[..] else { return None };
    let low = Ipv4Addr::new(first?, second.unwrap_or(0), 0, 0);
    let high = Ipv4Addr::new(first?, second.unwrap_or(255), 255, 255);
    // The blocks inside public space are single addresses or small; a mask over them stays what the rest is.
    let probe = |ip: Ipv4Addr| natural(IpAddr::V4(ip));
    let inside = BLOCKS_V4.iter().any(|(net, length, _)| *length <= 16 && *net > low && *net <= high);
    (probe(low) == probe(high) && !inside).then(|| probe(high))
}

/// `CIDR[:PORT]` of `--snat` and `--no-snat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    net: IpNet,
    port: Option<u16>,
    /// Whether it takes a port there, or takes none.
    pub snat: bool,
}

impl Rule {
    /// Reads `10.0.0.0/8`, `10.0.0.1:443`, `2001:db8::/32`, `[2001:db8::1]:443`.
    ///
    /// # Errors
    /// Where the text is no address block, with what was expected.
    pub fn parse(text: &str, snat: bool) -> Result<Self, RuleError> {
        let error = || RuleError(text.to_owned());
        let whole = |block: &str| {
            let block = block.strip_prefix('[').and_then(|b| b.strip_suffix(']')).unwrap_or(block);
            IpNet::from_str(block).ok().or_else(|| IpAddr::from_str(block).ok().map(IpNet::from))
        };
        if let Some(net) = whole(text) {
            return Ok(Self { net, port: None, snat });
        }
        let (block, port) = text.rsplit_once(':').ok_or_else(error)?;
        // An IPv6 block before a port needs its brackets.
        if block.contains(':') && !block.ends_with(']') {
            return Err(error());
        }
        Ok(Self { net: whole(block).ok_or_else(error)?, port: Some(port.parse().map_err(|_| error())?), snat })
    }

    fn holds(&self, ip: IpAddr, port: Option<u16>) -> bool {
        self.net.contains(&ip) && self.port.is_none_or(|own| port == Some(own))
    }
}

/// A text that is no `CIDR[:PORT]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError(String);

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no address block: expected CIDR[:PORT] such as 10.1.0.0/16, 10.0.0.1:443 or [2001:db8::1]:443",
            self.0
        )
    }
}

impl std::error::Error for RuleError {}

/// Class of a destination after the rules: the longer prefix wins, then the later rule. `None` where a masked address
/// leaves it open.
pub fn classify(addr: &Addr, port: Option<u16>, rules: &[Rule]) -> Option<Class> {
    let ip = match addr {
        Addr::Printed(text) => return masked(text),
        Addr::Ip(ip) => ip.to_canonical(),
    };
    let class = natural(ip);
    let rule = rules.iter().filter(|rule| rule.holds(ip, port)).max_by_key(|rule| rule.net.prefix_len());
    Some(match rule {
        Some(rule) if rule.snat => Class::Public,
        Some(_) if class == Class::Public => Class::Overridden,
        _ => class,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(text: &str) -> Class {
        natural(text.parse().expect("an address"))
    }

    #[test]
    fn the_table_of_ranges() {
        for (text, want) in [
            ("1.2.3.4", Class::Public),
            ("20.60.10.4", Class::Public),
            ("198.51.100.7", Class::Public),
            ("203.0.113.80", Class::Public),
            ("2001:db8::5", Class::Public),
            ("64:ff9b::1", Class::Public),
            ("10.255.255.255", Class::Private),
            ("11.0.0.0", Class::Public),
            ("172.15.255.255", Class::Public),
            ("172.16.0.0", Class::Private),
            ("172.32.0.0", Class::Public),
            ("192.168.1.1", Class::Private),
            ("fd00:10:244::1", Class::Private),
            ("100.63.255.255", Class::Public),
            ("100.64.0.1", Class::Cgnat),
            ("100.128.0.0", Class::Public),
            ("127.0.0.1", Class::Loopback),
            ("::1", Class::Loopback),
            ("168.63.129.16", Class::Platform),
            ("168.63.129.17", Class::Public),
            ("169.254.169.254", Class::Platform),
            ("169.254.10.10", Class::LinkLocal),
            ("fe80::1", Class::LinkLocal),
            ("0.1.2.3", Class::Reserved),
            ("192.0.2.1", Class::Reserved),
            ("198.19.255.255", Class::Reserved),
            ("224.0.0.1", Class::Reserved),
            ("255.255.255.255", Class::Reserved),
            ("ff02::1", Class::Reserved),
            ("::ffff:10.0.0.1", Class::Private),
            ("::ffff:20.0.0.1", Class::Public),
        ] {
            assert_eq!(class(text), want, "{text}");
        }
    }

    #[test]
    fn masks_are_classed_by_what_can_be_read() {
        for (text, want) in [
            ("20.x.x.x", Some(Class::Public)),
            ("10.x.x.x", Some(Class::Private)),
            ("192.168.x.x", Some(Class::Private)),
            ("172.x.x.x", None),
            ("192.x.x.x", None),
            ("x.x.x.x", None),
        ] {
            assert_eq!(masked(text), want, "{text}");
        }
    }

    #[test]
    fn the_longer_prefix_wins_then_the_later_rule() {
        let rules = |list: &[(&str, bool)]| -> Vec<Rule> {
            list.iter().map(|(text, snat)| Rule::parse(text, *snat).expect("a rule")).collect()
        };
        let ask = |text: &str, port, list: &[(&str, bool)]| {
            classify(&Addr::Ip(text.parse().expect("an address")), Some(port), &rules(list))
        };
        assert_eq!(ask("20.1.2.3", 443, &[("20.0.0.0/8", false)]), Some(Class::Overridden));
        assert_eq!(ask("20.1.2.3", 443, &[("20.1.2.3", true), ("20.0.0.0/8", false)]), Some(Class::Public));
        assert_eq!(ask("20.1.2.3", 443, &[("20.1.2.3", true), ("20.1.2.3", false)]), Some(Class::Overridden));
        assert_eq!(ask("10.0.0.1", 443, &[("10.0.0.1:443", true)]), Some(Class::Public));
        assert_eq!(ask("10.0.0.1", 80, &[("10.0.0.1:443", true)]), Some(Class::Private));
        assert_eq!(ask("10.0.0.1", 80, &[("10.0.0.0/8", false)]), Some(Class::Private));
    }

    #[test]
    fn what_is_no_block_is_said() {
        for text in ["", "10.0.0.0/33", "nginx", "10.0.0.1:http", "2001:db8::1:443:x", "10.0.0.1:99999"] {
            assert!(Rule::parse(text, true).is_err(), "{text}");
        }
        assert!(Rule::parse("[2001:db8::1]:443", true).is_ok_and(|rule| rule.port == Some(443)));
    }
}
