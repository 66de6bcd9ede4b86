//! How many ports the node has, why so many, and for how long a closed connection keeps one.
//!
//! The order of what decides, best first: a number given; the table of the profile by a number of nodes given; the same
//! by a whole node list; the table's first row, which is then an assumption. A gateway's ports are no node's, so there
//! is no number.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::profile::{Found, Holder, PerAddress, PoolTable, Profile};
use super::profile_error::ProfileError;
use super::sourced::Sourced;
use crate::words::{grouped, plural};

/// What the user says in place of the profile and the bundle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Overrides {
    /// Ports of the node. 0 is what Azure prints where nobody set a number: the default by pool size, as if not given.
    pub ports: Option<u64>,
    /// Outbound addresses of the load balancer.
    pub outbound_ips: Option<u64>,
    /// Nodes behind the load balancer, of all pools together.
    pub nodes: Option<u64>,
    /// Seconds that a port stays taken after a FIN.
    pub hold_s: Option<f64>,
    /// The same after a RST.
    pub hold_reset_s: Option<f64>,
    /// Seconds without traffic after which a connection gives its port back.
    pub idle_s: Option<f64>,
}

impl Overrides {
    /// Whether the numbers make sense.
    ///
    /// # Errors
    /// Names the field and what was expected.
    pub fn check(&self) -> Result<(), ProfileError> {
        for (key, number) in [("outbound_ips", self.outbound_ips), ("nodes", self.nodes)] {
            if number == Some(0) {
                return Err(ProfileError::expected(key, "a whole number above 0"));
            }
        }
        let times = [("hold_s", self.hold_s), ("hold_reset_s", self.hold_reset_s), ("idle_s", self.idle_s)];
        for (key, seconds) in times {
            if seconds.is_some_and(|seconds| !seconds.is_finite() || seconds < 0.0) {
                return Err(ProfileError::expected(key, "a number of seconds, 0 or more"));
            }
        }
        Ok(())
    }
}

/// Nodes behind the load balancer, by a whole node list. Counted are those that are not ready and those of Windows, too;
/// virtual-kubelet nodes are none of its members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolSize {
    /// Nodes in the list.
    pub nodes: u64,
    /// Of those, joined less than an hour before the list was made.
    pub young: u64,
    /// Lines of the list that could not be read; each may be a node more.
    pub unread: u64,
}

/// How many ports the node has, and for how long a closed connection keeps one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Allocation {
    /// Name of the profile.
    pub profile: String,
    /// Ports of the node, of TCP and of UDP each; null where no node has a number of its own.
    pub ports: Option<u64>,
    /// What the number of ports rests on.
    pub why: Why,
    /// The same for people: a lower-case fragment.
    pub explained: String,
    /// Whether the number rests on something that neither the user nor the bundle says. That nobody set another number
    /// than the default is not said by a node list either; it is not counted here.
    pub assumed: bool,
    /// Fields that the user gave: `ports`, `outbound_ips`, `nodes`, `hold_s`, `hold_reset_s`, `idle_s`.
    pub given: Vec<String>,
    /// Of `hold_s`, `hold_reset_s` and `idle_s`, those from the profile that its sources leave open.
    pub uncertain: Vec<String>,
    /// What else to know about the number, one lower-case fragment each.
    pub warnings: Vec<String>,
    /// Seconds that a TCP connection keeps its port after a FIN.
    pub hold_s: f64,
    /// The same after a RST.
    pub hold_reset_s: f64,
    /// Seconds without traffic after which a TCP connection gives its port back; null where it never does.
    pub idle_s: Option<f64>,
}

/// What the number of ports rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Why {
    /// The number was given.
    Given,
    /// The profile's table, by the number of nodes that was given.
    GivenNodes,
    /// The profile's table, by a whole node list.
    NodeList,
    /// The profile has one number, and nobody can change it.
    Fixed,
    /// The default, with nothing to choose it by.
    AssumedDefault,
    /// The ports are the gateway's: what this node may take depends on others.
    UnknownSharedGateway,
}

impl Why {
    /// The word that reports print.
    pub fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::GivenNodes => "given-nodes",
            Self::NodeList => "node-list",
            Self::Fixed => "fixed",
            Self::AssumedDefault => "assumed-default",
            Self::UnknownSharedGateway => "unknown-shared-gateway",
        }
    }
}

impl Allocation {
    /// The allocation of a node under a profile. `pool` is what a whole node list says. The overrides are believed; see
    /// [`Overrides::check`].
    pub fn of(profile: &Profile, overrides: &Overrides, pool: Option<PoolSize>) -> Self {
        let mut quota = quota(profile, overrides, pool);
        if overrides.ports == Some(0) {
            quota.explained.push_str("; 0, as given, says that nobody set a number");
        }
        // What is given and changes nothing is said.
        let found = &profile.quota.found;
        let idle = [
            ("number of nodes", overrides.nodes.is_some() && !matches!(found, Found::PoolSize(_))),
            ("number of outbound addresses", overrides.outbound_ips.is_some() && matches!(found, Found::Fixed(_))),
        ];
        for (what, _) in idle.iter().filter(|(_, idle)| *idle) {
            quota.warnings.push(format!("the {what} that was given has no bearing on the ports of {}", profile.name));
        }
        let tcp = &profile.tcp;
        let times = [
            ("hold_s", overrides.hold_s.is_some(), Some(&tcp.hold_s)),
            ("hold_reset_s", overrides.hold_reset_s.is_some(), Some(&tcp.hold_reset_s)),
            ("idle_s", overrides.idle_s.is_some(), tcp.idle_s.as_ref()),
        ];
        let open = |(_, given, own): &(_, bool, Option<&Sourced<f64>>)| !given && own.is_some_and(|own| own.uncertain);
        let numbers = [
            ("ports", overrides.ports.is_some_and(|ports| ports > 0)),
            ("outbound_ips", overrides.outbound_ips.is_some()),
            ("nodes", overrides.nodes.is_some()),
        ];
        let given = numbers.into_iter().chain(times.iter().map(|(name, given, _)| (*name, *given)));
        Self {
            profile: profile.name.clone(),
            ports: quota.ports,
            why: quota.why,
            explained: quota.explained,
            assumed: quota.assumed,
            given: given.filter(|(_, given)| *given).map(|(name, _)| name.to_owned()).collect(),
            uncertain: times.iter().filter(|time| open(time)).map(|(name, ..)| (*name).to_owned()).collect(),
            warnings: quota.warnings,
            hold_s: overrides.hold_s.unwrap_or(tcp.hold_s.value),
            hold_reset_s: overrides.hold_reset_s.unwrap_or(tcp.hold_reset_s.value),
            idle_s: overrides.idle_s.or(tcp.idle_s.as_ref().map(|idle| idle.value)),
        }
    }
}

/// The part of an allocation that is about the number of ports.
struct Ports {
    ports: Option<u64>,
    why: Why,
    explained: String,
    assumed: bool,
    warnings: Vec<String>,
}

fn quota(profile: &Profile, overrides: &Overrides, pool: Option<PoolSize>) -> Ports {
    let table = match &profile.quota.found {
        Found::PoolSize(table) => Some(table),
        Found::Fixed(_) | Found::PerAddress(_) => None,
    };
    if let Some(ports) = overrides.ports.filter(|ports| *ports > 0) {
        let warnings = table.map(|table| refusals(table, ports, overrides, pool)).unwrap_or_default();
        let explained = format!("{} ports as given", grouped(ports));
        return Ports { ports: Some(ports), why: Why::Given, explained, assumed: false, warnings };
    }
    match &profile.quota.found {
        Found::PoolSize(table) => by_pool_size(table, overrides, pool),
        Found::Fixed(fixed) if profile.quota.of == Holder::Node => {
            let ports = fixed.ports.value.get();
            let (why, explained) = if fixed.adjustable {
                (Why::AssumedDefault, format!("{} ports, assumed (the default of {})", grouped(ports), profile.about))
            } else {
                (Why::Fixed, format!("{} ports, as {} has them", grouped(ports), profile.about))
            };
            Ports { ports: Some(ports), why, explained, assumed: fixed.adjustable, warnings: Vec::new() }
        }
        Found::Fixed(fixed) => shared(profile, &format!("{} ports", grouped(fixed.ports.value.get()))),
        Found::PerAddress(per) => shared(profile, &per_address(per, overrides.outbound_ips)),
    }
}

fn per_address(per: &PerAddress, addresses: Option<u64>) -> String {
    let ports = grouped(per.ports.value.get());
    match (addresses, &per.addresses_at_most) {
        (Some(addresses), _) => format!("{ports} ports for each of {}", plural(addresses, "address", "addresses")),
        (None, Some(most)) => format!("{ports} ports for each of at most {} addresses", grouped(most.value.get())),
        (None, None) => format!("{ports} ports for each address"),
    }
}

fn shared(profile: &Profile, all: &str) -> Ports {
    let to_one = profile.quota.per_destination.as_ref();
    let to_one = to_one.map(|cap| format!(", {} at once to one destination", grouped(cap.value.get())));
    let explained = format!(
        "unknown: the ports of {} are shared by all nodes behind it ({all}{})",
        profile.about,
        to_one.unwrap_or_default()
    );
    Ports { ports: None, why: Why::UnknownSharedGateway, explained, assumed: false, warnings: Vec::new() }
}

/// Why the platform would not have taken a number that somebody gave.
fn refusals(table: &PoolTable, ports: u64, overrides: &Overrides, pool: Option<PoolSize>) -> Vec<String> {
    let mut found = Vec::new();
    let step = table.multiple_of.as_ref().map(|step| step.value.get());
    if let Some(step) = step.filter(|step| !ports.is_multiple_of(*step)) {
        found.push(format!("{} is no multiple of {step}: it cannot have been set", grouped(ports)));
    }
    let Some(each) = table.ports_per_address.as_ref().map(|each| each.value.get()) else { return found };
    if ports > each {
        found.push(format!("a node cannot have more than {} ports", grouped(each)));
    } else if let (Some(nodes), Some(addresses)) =
        (overrides.nodes.or(pool.map(|pool| pool.nodes)), overrides.outbound_ips)
        && nodes.saturating_mul(ports) > each.saturating_mul(addresses)
    {
        found.push(format!(
            "{} ports for each of {} do not fit {}",
            grouped(ports),
            plural(nodes, "node", "nodes"),
            plural(addresses, "outbound address", "outbound addresses"),
        ));
    }
    found
}

fn by_pool_size(table: &PoolTable, overrides: &Overrides, pool: Option<PoolSize>) -> Ports {
    let addresses =
        overrides.outbound_ips.or(table.addresses.as_ref().map(|addresses| addresses.value.get())).unwrap_or(1);
    let behind = plural(addresses, "outbound address", "outbound addresses");
    let ports = |nodes| table.ports(nodes, addresses);
    let (nodes, why, by) = match (overrides.nodes, pool) {
        (Some(nodes), _) => (nodes, Why::GivenNodes, "as given"),
        (None, Some(pool)) => (pool.nodes, Why::NodeList, "as listed"),
        (None, None) => {
            let most = ports(1);
            let less = table.tiers.windows(2).map(|pair| (pair[0].nodes.get() + 1, ports(pair[1].nodes.get())));
            let less = less.into_iter().find(|(_, less)| *less < most);
            let less = less.map(|(from, less)| format!("; {} or less from {} nodes on", grouped(less), grouped(from)));
            let behind = overrides.outbound_ips.map(|_| format!(", {behind} as given")).unwrap_or_default();
            let explained =
                format!("{} ports, assumed (no whole node list{behind}{})", grouped(most), less.unwrap_or_default());
            let warnings = Vec::new();
            return Ports { ports: Some(most), why: Why::AssumedDefault, explained, assumed: true, warnings };
        }
    };
    let own = ports(nodes);
    // An address more or less changes nothing where one gives all that a node can have.
    let assumes_addresses = overrides.outbound_ips.is_none() && table.ports(nodes, 1) != table.ports(nodes, u64::MAX);
    let mut explained = format!("{} ports, the default of {} {by}", grouped(own), plural(nodes, "node", "nodes"));
    if overrides.outbound_ips.is_some() {
        explained.push_str(&format!(" behind {behind}"));
    } else if assumes_addresses {
        explained.push_str(&format!(", {behind} assumed"));
    }
    let mut warnings = Vec::new();
    if let (Some(pool), Why::NodeList) = (pool, why) {
        warnings.extend(crossed(pool, ports));
    }
    if let (Some(pool), Why::GivenNodes) = (pool.filter(|pool| pool.nodes != nodes), why) {
        warnings.push(format!("the node list has {}", plural(pool.nodes, "node", "nodes")));
    }
    let beyond = nodes > table.largest();
    if beyond {
        warnings.push(format!("no default is published for more than {} nodes", grouped(table.largest())));
    }
    Ports { ports: Some(own), why, explained, assumed: assumes_addresses || beyond, warnings }
}

/// Where the pool may lately have been of another row: nodes that joined, and one that an upgrade adds for a while and
/// that is gone again; or nodes whose lines could not be read.
fn crossed(pool: PoolSize, ports: impl Fn(u64) -> u64) -> Vec<String> {
    let mut found = Vec::new();
    let before = pool.nodes.saturating_sub(pool.young).max(1);
    let at_most = pool.nodes + 1;
    if pool.young > 0 && ports(before) != ports(at_most) {
        found.push(format!(
            "{} joined less than 1 h ago: the tier may have been crossed ({} ports with {}, {} with {})",
            plural(pool.young, "node", "nodes"),
            grouped(ports(before)),
            grouped(before),
            grouped(ports(at_most)),
            grouped(at_most)
        ));
    }
    let all = pool.nodes + pool.unread;
    if ports(all) != ports(pool.nodes) {
        let lines = plural(pool.unread, "line", "lines");
        found.push(format!(
            "{lines} of the node list could not be read: with {} nodes it is {} ports",
            grouped(all),
            grouped(ports(all))
        ));
    }
    found
}
