//! Profiles: what a NAT is known to do, as data. One TOML file each in `profiles/`, and files of one's own.
//!
//! ```toml
//! name = "my-nat"
//! about = "the firewall in front of the cluster"
//! path = "nat-gateway"                       # load-balancer, nat-gateway, node
//! quota = { of = "gateway", per_destination = 64000, found.per-address = { ports = 64000 } }
//! tcp = { reuse = "address-port", hold_s = 60, hold_reset_s = 10, idle_s = 3600 }
//! udp = { reuse = "address", hold_s = 0, idle_s = 30 }
//! ```

use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use super::profile_error::ProfileError;
use super::sourced::{Plain, Sourced, bare};

/// The rules of one NAT.
///
/// ```
/// use snat_analyze::Profile;
///
/// let profile = Profile::named("azure-natgw").expect("a built-in profile");
/// assert_eq!(profile.tcp.hold_s.value, 65.0);
/// assert_eq!(profile.tcp.hold_s.source.as_deref(), Some("NAT-res"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Profile {
    /// Its name, as `--profile` takes it.
    pub name: String,
    /// What it is of, as a fragment.
    pub about: String,
    /// Which way the connections leave.
    pub path: Path,
    /// How many ports there are, and whose they are.
    pub quota: Quota,
    /// What a TCP connection takes, and for how long.
    pub tcp: Tcp,
    /// What a UDP flow takes, and for how long.
    pub udp: Udp,
}

/// Which way the connections leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Path {
    /// A load balancer with ports for each node.
    LoadBalancer,
    /// A gateway that several machines leave by.
    NatGateway,
    /// The node itself.
    Node,
}

/// How many ports there are, and whose they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Quota {
    /// Whose.
    pub of: Holder,
    /// How the number is found.
    pub found: Found,
    /// Connections at once to one destination through one address of the NAT.
    pub per_destination: Option<Sourced<NonZeroU64>>,
    /// Connections at once to all destinations through all addresses.
    pub in_all: Option<Sourced<NonZeroU64>>,
}

/// Who the ports are given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Holder {
    /// Each node has its own.
    Node,
    /// All who leave by the gateway share them.
    Gateway,
}

/// How the number of ports is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Found {
    /// By the number of nodes.
    PoolSize(PoolTable),
    /// One number.
    Fixed(Fixed),
    /// So many for each address of the gateway.
    PerAddress(PerAddress),
}

/// Ports of a node by the number of nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PoolTable {
    /// Where the rows were read.
    pub source: Option<String>,
    /// Rows, fewest nodes first.
    pub tiers: Vec<Tier>,
    /// A node never has more by this table, however many addresses there are.
    pub at_most: Sourced<NonZeroU64>,
    /// Outbound addresses unless somebody set another number; 1 where nothing is said.
    pub addresses: Option<Sourced<NonZeroU64>>,
    /// Ports of one outbound address, which the nodes share: the bound of a number that somebody sets.
    pub ports_per_address: Option<Sourced<NonZeroU64>>,
    /// What a number that somebody sets has to be a multiple of.
    pub multiple_of: Option<Sourced<NonZeroU64>>,
}

/// One row: pools up to so many nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Most nodes of a pool in this row.
    #[serde(deserialize_with = "bare")]
    pub nodes: NonZeroU64,
    /// Ports of each node for each outbound address.
    #[serde(deserialize_with = "bare")]
    pub ports: NonZeroU64,
}

impl PoolTable {
    /// Ports of a node in a pool of that size behind so many addresses. A pool larger than the last row has its ports.
    pub fn ports(&self, nodes: u64, addresses: u64) -> u64 {
        let row = self.tiers.iter().find(|tier| nodes <= tier.nodes.get()).or(self.tiers.last());
        row.map_or(0, |tier| tier.ports.get().saturating_mul(addresses)).min(self.at_most.value.get())
    }

    /// The most nodes that the table has a row for.
    pub fn largest(&self) -> u64 {
        self.tiers.last().map_or(0, |tier| tier.nodes.get())
    }
}

/// One number of ports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Fixed {
    /// How many.
    pub ports: Sourced<NonZeroU64>,
    /// Whether it is a default that somebody may have changed.
    #[serde(default)]
    pub adjustable: bool,
}

/// Ports by the gateway's addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PerAddress {
    /// Ports of each address.
    pub ports: Sourced<NonZeroU64>,
    /// The most addresses that it can have.
    pub addresses_at_most: Option<Sourced<NonZeroU64>>,
}

/// What a TCP connection takes. All times in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Tcp {
    /// Which flows cannot share a port.
    pub reuse: Sourced<Reuse>,
    /// After a FIN.
    pub hold_s: Sourced<f64>,
    /// After a RST.
    pub hold_reset_s: Sourced<f64>,
    /// A SYN without answer; missing where nothing is known.
    pub hold_syn_s: Option<Sourced<f64>>,
    /// Without traffic; missing where it holds for ever.
    pub idle_s: Option<Sourced<f64>>,
}

/// What a UDP flow takes. All times in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Udp {
    /// Which flows cannot share a port.
    pub reuse: Sourced<Reuse>,
    /// After the idle timeout.
    pub hold_s: Sourced<f64>,
    /// Without traffic: nothing else ends a flow.
    pub idle_s: Sourced<f64>,
    /// The same once both sides have sent for a while, where that differs.
    pub idle_stream_s: Option<Sourced<f64>>,
}

/// Which flows need a port of their own: those that have this in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reuse {
    /// Remote address and port.
    AddressPort,
    /// Remote address, whatever the port.
    Address,
    /// Nothing: every flow has a port of its own.
    Flow,
}

impl Plain for Reuse {
    const EXPECTED: &'static str = "\"address-port\", \"address\" or \"flow\"";

    fn word(word: &str) -> Option<Self> {
        match word {
            "address-port" => Some(Self::AddressPort),
            "address" => Some(Self::Address),
            "flow" => Some(Self::Flow),
            _ => None,
        }
    }
}

/// The built-in profiles; the first is the default.
const BUILT_IN: [(&str, &str); 6] = [
    ("azure-lb-aks", include_str!("../../profiles/azure-lb-aks.toml")),
    ("azure-lb", include_str!("../../profiles/azure-lb.toml")),
    ("azure-natgw", include_str!("../../profiles/azure-natgw.toml")),
    ("aws-natgw", include_str!("../../profiles/aws-natgw.toml")),
    ("gcp-nat", include_str!("../../profiles/gcp-nat.toml")),
    ("linux-masquerade", include_str!("../../profiles/linux-masquerade.toml")),
];

impl Default for Profile {
    /// The one that is assumed where nobody says otherwise: `azure-lb-aks`.
    #[expect(clippy::expect_used, reason = "built in, and a test parses every one that is")]
    fn default() -> Self {
        Self::named(Self::NAMES[0]).expect("a built-in profile")
    }
}

impl Profile {
    /// Names of the built-in profiles; the first is the default.
    pub const NAMES: [&str; BUILT_IN.len()] = {
        let mut names = [""; BUILT_IN.len()];
        let mut at = 0;
        while at < names.len() {
            names[at] = BUILT_IN[at].0;
            at += 1;
        }
        names
    };

    /// A built-in profile.
    pub fn named(name: &str) -> Option<Self> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        // That each of them parses is a test.
        Self::parse(text).ok()
    }

    /// The TOML text of a built-in profile: what a file of one's own starts from.
    pub fn text(name: &str) -> Option<&'static str> {
        BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }

    /// A profile from a TOML text.
    ///
    /// # Errors
    /// Where the text is no TOML, has an unknown key or lacks one, or a number makes no sense.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let profile: Self = toml::from_str(text).map_err(|error| ProfileError::of_toml(text, &error))?;
        profile.check()?;
        Ok(profile)
    }

    /// What single values do not show.
    fn check(&self) -> Result<(), ProfileError> {
        let printable = |text: &str| !text.trim().is_empty() && !text.chars().any(char::is_control);
        for (key, text) in [("name", &self.name), ("about", &self.about)] {
            if !printable(text) {
                return Err(ProfileError::expected(key, "a text on one line"));
            }
        }
        match (&self.quota.found, self.quota.of) {
            (Found::PoolSize(_), Holder::Gateway) => {
                Err(ProfileError::expected("quota.of", "\"node\", because the quota is found by pool size"))
            }
            (Found::PerAddress(_), Holder::Node) => {
                Err(ProfileError::expected("quota.of", "\"gateway\", because the quota is found per address"))
            }
            (Found::PoolSize(table), Holder::Node) => {
                let key = "quota.found.pool-size.tiers";
                if table.tiers.is_empty() {
                    return Err(ProfileError::expected(key, "at least one row"));
                }
                if let Some(pair) = table.tiers.windows(2).find(|pair| pair[0].nodes >= pair[1].nodes) {
                    let why =
                        format!("more nodes in each row than before, found {} after {}", pair[1].nodes, pair[0].nodes);
                    return Err(ProfileError::expected(key, why));
                }
                Ok(())
            }
            (Found::PerAddress(_), Holder::Gateway) | (Found::Fixed(_), _) => Ok(()),
        }
    }
}
