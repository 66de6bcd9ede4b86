//! What to do, in the order of time, with the numbers of this node; and what is often tried and will not help here.

use crate::findings::Scene;
use crate::ledger::{Found, Path, PoolTable, Why};
use crate::report::{Remedy, State, When};
use crate::words::{grouped, percent, plural, secs, whole};

/// An upgrade adds a node for a while.
const SURGE: u64 = 1;
/// Connections that live for less are closed by those who made them.
const SHORT_S: f64 = 60.0;
/// Below this part of the ports nothing needs to be done.
const NEED: f64 = 0.5;
/// The same where no node has a number of its own.
const WITHOUT_PORTS: f64 = 100.0;
/// Ports of one address of an Azure NAT gateway, and for how long it holds one after a close.
const GATEWAY: (u64, f64) = (64_512, 65.0);

/// Nothing where ports were not short and will not be.
pub(crate) fn remedies(scene: &Scene<'_>) -> Vec<Remedy> {
    let (Some(main), Some(target)) = (scene.main(), scene.main_target()) else { return Vec::new() };
    let need = target.wants() + target.dest.hang_resent as f64;
    let needed = match (main.state, scene.ports()) {
        (State::NotByThisNode, _) => false,
        (State::Exhausted | State::AtRisk, _) => true,
        (_, Some(ports)) => need >= ports as f64 * NEED,
        (_, None) => need >= WITHOUT_PORTS,
    };
    if !needed {
        return Vec::new();
    }
    let case = Case { scene, need };
    let mut found = Vec::new();
    if let (Path::LoadBalancer, Found::PoolSize(table), Some(ports)) =
        (scene.profile.path, &scene.profile.quota.found, scene.ports())
    {
        found.push(case.more_ports(table, ports));
        found.extend(case.more_addresses(table, ports));
    }
    if scene.ports().is_some() {
        found.push(case.spread());
    }
    found.push(case.private_link());
    if scene.profile.path == Path::LoadBalancer {
        found.push(case.nat_gateway());
    }
    found.push(case.idle_timeout());
    found.push(case.reuse());
    found.push(no(
        "restart",
        format!(
            "Restarting pods frees no port: each stays taken for {} after its connection, and the new pods connect again",
            secs(scene.hold_s())
        ),
    ));
    found.push(no(
        "kernel-timers",
        "Timers of the kernel (tcp_fin_timeout, tcp_tw_reuse) end sockets on the node, not what the NAT holds"
            .to_owned(),
    ));
    if let Found::PoolSize(table) = &scene.profile.quota.found {
        found.push(case.more_nodes(table));
    }
    found.sort_by_key(|remedy| remedy.when);
    found
}

fn no(code: &str, what: String) -> Remedy {
    Remedy { code: code.to_owned(), when: When::DoesNotHelp, what, command: None }
}

struct Case<'a> {
    scene: &'a Scene<'a>,
    /// Ports that the fullest destination needs, by what was seen.
    need: f64,
}

impl Case<'_> {
    fn nodes(&self) -> Option<u64> {
        self.scene.nodes()
    }

    /// Twice what there is, or twice what was seen to be needed: survivors show the least of it only.
    fn more_ports(&self, table: &PoolTable, ports: u64) -> Remedy {
        let step = table.multiple_of.as_ref().map_or(8, |step| step.value.get());
        let of_address = table.ports_per_address.as_ref().map_or(64_000, |ports| ports.value.get());
        let offer = (2 * ports).max((2.0 * self.need).ceil() as u64).next_multiple_of(step).min(of_address);
        let now = self.scene.overrides.outbound_ips.unwrap_or(1);
        let room = match self.nodes() {
            Some(nodes) => {
                let addresses = (offer * (nodes + SURGE)).div_ceil(of_address);
                let fits = match addresses <= now {
                    true => format!("that fits {}", plural(addresses, "outbound address", "outbound addresses")),
                    false => format!("that needs {}", plural(addresses, "outbound address", "outbound addresses")),
                };
                (
                    format!("{fits} ({} with one for upgrades)", plural(nodes + SURGE, "node", "nodes")),
                    Some(addresses.max(now)),
                )
            }
            None => (
                format!(
                    "each outbound address has room for {}; how many there are is not known",
                    plural(of_address / offer.max(1), "node", "nodes")
                ),
                None,
            ),
        };
        let ips = room.1.map_or_else(|| "M".to_owned(), |addresses| addresses.to_string());
        Remedy {
            code: "more-ports".to_owned(),
            when: When::Now,
            what: format!(
                "{} ports for each node: {}. What was seen is the least that is needed: measure again afterwards",
                grouped(offer),
                room.0
            ),
            command: Some(format!(
                "az aks update -g RG -n CLUSTER --load-balancer-outbound-ports {offer} \
                 --load-balancer-managed-outbound-ip-count {ips}"
            )),
        }
    }

    /// Another address gives the nodes of a large pool with the default more; nobody else.
    fn more_addresses(&self, table: &PoolTable, ports: u64) -> Option<Remedy> {
        let allocation = &self.scene.node.allocation;
        if allocation.why == Why::Given {
            let what = "More outbound addresses give no node more ports: the number for each is set, and they only make \
                        room for more nodes";
            return Some(no("more-addresses", what.to_owned()));
        }
        let nodes = self.nodes()?;
        let now = self.scene.overrides.outbound_ips.unwrap_or(1);
        let with_one_more = table.ports(nodes, now + 1);
        Some(match with_one_more > ports {
            true => Remedy {
                code: "more-addresses".to_owned(),
                when: When::Now,
                what: format!(
                    "One more outbound address gives each of the {} nodes {} ports instead of {}",
                    grouped(nodes),
                    grouped(with_one_more),
                    grouped(ports)
                ),
                command: Some(format!(
                    "az aks update -g RG -n CLUSTER --load-balancer-managed-outbound-ip-count {}",
                    now + 1
                )),
            },
            false => no(
                "more-addresses",
                format!(
                    "More outbound addresses give no node more ports: by default {} is the most, and {} nodes have it with {}",
                    grouped(table.at_most.value.get()),
                    grouped(nodes),
                    plural(now, "address", "addresses")
                ),
            ),
        })
    }

    fn spread(&self) -> Remedy {
        let call = self.scene.node.call.as_ref();
        let what = match call.and_then(|call| Some((call, call.workload.as_ref()?))) {
            Some((call, workload)) if call.pods > 1 => format!(
                "Spread the {} of {workload} over more nodes (topology spread constraints): each node has ports of its own",
                plural(call.pods, "pod", "pods")
            ),
            Some((_, workload)) => format!(
                "Run {workload} as several pods on several nodes (topology spread constraints): each node has ports of its own"
            ),
            None => "Spread what connects most over more nodes: each node has ports of its own".to_owned(),
        };
        Remedy { code: "spread".to_owned(), when: When::Now, what, command: None }
    }

    fn private_link(&self) -> Remedy {
        let dest = self.scene.main_target().map(|target| target.dest.name.clone()).unwrap_or_default();
        Remedy {
            code: "private-link".to_owned(),
            when: When::ThisWeek,
            what: format!(
                "If {dest} is a service of the cloud (storage, database, key vault, registry), a private endpoint takes it off \
                 the NAT. Ask whether there is one already whose name still resolves to the public address, or a service \
                 endpoint: then these connections take no port at all"
            ),
            command: None,
        }
    }

    fn nat_gateway(&self) -> Remedy {
        let rate = self.scene.main_target().and_then(|target| target.dest.rate_per_s);
        let open = self.scene.main_target().map_or(0, |target| target.dest.open_at_end);
        let there = rate.map(|rate| {
            format!(
                "; this node would hold about {} of them, {} after a close",
                whole(open as f64 + rate * GATEWAY.1),
                secs(GATEWAY.1)
            )
        });
        Remedy {
            code: "nat-gateway".to_owned(),
            when: When::ThisWeek,
            what: format!(
                "A NAT gateway gives out {} ports for each of its addresses on demand{}. outboundType managedNATGateway (the \
                 cluster's own network, no way back) or userAssignedNATGateway; the egress addresses change, for allow-lists \
                 of partners, and connections are cut",
                grouped(GATEWAY.0),
                there.unwrap_or_default()
            ),
            command: None,
        }
    }

    /// It ends connections that nobody uses; a closed one is held for its time all the same.
    fn idle_timeout(&self) -> Remedy {
        let target = self.scene.main_target();
        let held = target.map_or(0, |target| target.dest.held);
        let open = target.map_or(0, |target| target.dest.open.min(held));
        let closed = held - open;
        // What lives for seconds is not idle.
        let life = self.scene.node.call.as_ref().and_then(|call| call.life_s);
        if life.is_some_and(|life| life < SHORT_S) && closed * 2 <= held {
            let what = "A shorter idle timeout frees nothing here: connections live for seconds, and are not idle";
            return no("idle-timeout", what.to_owned());
        }
        if closed * 2 > held {
            return no(
                "idle-timeout",
                format!(
                    "A shorter idle timeout frees nothing here: {} of the {} ports were held for connections that were closed",
                    percent(closed as f64 / held.max(1) as f64),
                    grouped(held)
                ),
            );
        }
        let idle = self.scene.node.allocation.idle_s.map(|idle| format!(" (now {})", secs(idle))).unwrap_or_default();
        Remedy {
            code: "idle-timeout".to_owned(),
            when: When::ThisWeek,
            what: format!(
                "{} of the {} ports are of open connections: a shorter idle timeout{idle} drops those without traffic; clients \
                 then need keepalives, or resets (enableTcpReset) to notice",
                grouped(open),
                grouped(held)
            ),
            command: None,
        }
    }

    fn reuse(&self) -> Remedy {
        let call = self.scene.node.call.as_ref();
        let rate = self.scene.main_target().and_then(|target| target.dest.rate_per_s);
        let life = call.and_then(|call| call.life_s);
        let busy = rate.zip(life).map(|(rate, life)| {
            format!(
                ": at {rate:.1} connects a second, open for {}, about {} would do",
                secs(life),
                plural((rate * life).ceil().max(1.0) as u64, "open connection", "open connections")
            )
        });
        Remedy {
            code: "reuse".to_owned(),
            when: When::ForGood,
            what: format!(
                "Keep connections open and use them again (pool, HTTP keep-alive, one client for the life of the process, \
                 back-off on retries){}",
                busy.unwrap_or_default()
            ),
            command: None,
        }
    }

    fn more_nodes(&self, table: &PoolTable) -> Remedy {
        let lower = self.nodes().filter(|_| self.scene.node.allocation.why != Why::Given).and_then(|nodes| {
            let step = table.tiers.windows(2).find(|pair| nodes <= pair[0].nodes.get())?;
            Some(format!(
                "; from {} nodes on each has {} instead of {}",
                grouped(step[0].nodes.get() + 1),
                grouped(step[1].ports.get()),
                grouped(step[0].ports.get())
            ))
        });
        no("more-nodes", format!("More nodes alone give this one no port more{}", lower.unwrap_or_default()))
    }
}
