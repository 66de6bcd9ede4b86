//! Allocations: the table row by row, and what decides before what.

use super::allocation::{Allocation, Overrides, PoolSize, Why};
use super::profile::{Found, Profile};

fn of(profile: &str, overrides: Overrides, pool: Option<PoolSize>) -> Allocation {
    Allocation::of(&Profile::named(profile).expect("a profile"), &overrides, pool)
}

fn listed(nodes: u64) -> Option<PoolSize> {
    Some(PoolSize { nodes, ..PoolSize::default() })
}

#[test]
fn the_table_row_by_row() {
    let rows = [(1, 50, 1024), (51, 100, 512), (101, 200, 256), (201, 400, 128), (401, 800, 64), (801, 1000, 32)];
    for profile in ["azure-lb-aks", "azure-lb"] {
        for (first, last, ports) in rows {
            for nodes in [first, last] {
                let got = of(profile, Overrides::default(), listed(nodes));
                assert_eq!((got.ports, got.why), (Some(ports), Why::NodeList), "{nodes} nodes");
                // Addresses multiply, up to 1,024.
                for addresses in [1, 2, 3, 100] {
                    let given = Overrides { outbound_ips: Some(addresses), ..Overrides::default() };
                    let got = of(profile, given, listed(nodes));
                    assert_eq!(got.ports, Some((ports * addresses).min(1024)), "{nodes} nodes, {addresses} addresses");
                    assert!(!got.assumed);
                }
            }
        }
    }
}

#[test]
fn a_second_address_helps_from_51_nodes_on() {
    let with = |nodes, addresses| {
        let given = Overrides { outbound_ips: Some(addresses), nodes: Some(nodes), ..Overrides::default() };
        of("azure-lb-aks", given, None)
    };
    assert_eq!([with(50, 1).ports, with(50, 2).ports], [Some(1024), Some(1024)]);
    assert_eq!([with(51, 1).ports, with(51, 2).ports], [Some(512), Some(1024)]);
    assert_eq!(with(51, 2).explained, "1,024 ports, the default of 51 nodes as given behind 2 outbound addresses");
    // With a number that somebody set, addresses add nothing.
    let given = Overrides { ports: Some(2048), outbound_ips: Some(2), ..Overrides::default() };
    assert_eq!(of("azure-lb-aks", given, listed(24)).ports, Some(2048));
}

#[test]
fn without_a_node_list_the_default_is_assumed_and_said_to_be() {
    let got = of("azure-lb-aks", Overrides::default(), None);
    assert_eq!((got.ports, got.why, got.assumed), (Some(1024), Why::AssumedDefault, true));
    assert_eq!(got.explained, "1,024 ports, assumed (no whole node list; 512 or less from 51 nodes on)");
    let given = Overrides { outbound_ips: Some(2), ..Overrides::default() };
    assert_eq!(
        of("azure-lb-aks", given, None).explained,
        "1,024 ports, assumed (no whole node list, 2 outbound addresses as given; 512 or less from 101 nodes on)"
    );
    assert_eq!((got.hold_s, got.hold_reset_s, got.idle_s), (240.0, 15.0, Some(1800.0)));
    assert_eq!(got.uncertain, ["hold_s", "hold_reset_s"]);
}

#[test]
fn one_address_is_assumed_only_where_more_would_matter() {
    let small = of("azure-lb-aks", Overrides::default(), listed(23));
    assert_eq!(small.explained, "1,024 ports, the default of 23 nodes as listed");
    let large = of("azure-lb-aks", Overrides::default(), listed(60));
    assert_eq!(large.explained, "512 ports, the default of 60 nodes as listed, 1 outbound address assumed");
    assert_eq!((small.assumed, large.assumed), (false, true));
}

#[test]
fn overrides_win_and_are_named() {
    let all = Overrides {
        ports: Some(4000),
        outbound_ips: Some(7),
        nodes: Some(112),
        hold_s: Some(60.0),
        hold_reset_s: Some(0.0),
        idle_s: Some(240.0),
    };
    assert_eq!(all.check(), Ok(()));
    let got = of("azure-lb-aks", all, listed(23));
    assert_eq!((got.ports, got.why, got.assumed), (Some(4000), Why::Given, false));
    assert_eq!(got.explained, "4,000 ports as given");
    assert_eq!(got.given, ["ports", "outbound_ips", "nodes", "hold_s", "hold_reset_s", "idle_s"]);
    assert_eq!((got.hold_s, got.hold_reset_s, got.idle_s), (60.0, 0.0, Some(240.0)));
    assert_eq!((got.uncertain, got.warnings), (vec![], vec![]));
    let nodes = of("azure-lb-aks", Overrides { nodes: Some(60), ..Overrides::default() }, listed(23));
    assert_eq!((nodes.ports, nodes.why), (Some(512), Why::GivenNodes));
    assert_eq!(nodes.warnings, ["the node list has 23 nodes"]);
    // 0 is what Azure prints where nobody set a number.
    let zero = of("azure-lb-aks", Overrides { ports: Some(0), ..Overrides::default() }, listed(60));
    assert_eq!((zero.ports, zero.why, zero.given), (Some(512), Why::NodeList, vec![]));
    assert!(zero.explained.ends_with("; 0, as given, says that nobody set a number"), "{}", zero.explained);
}

#[test]
fn numbers_that_azure_refuses_are_said() {
    let given = |ports, outbound_ips, nodes| {
        let given = Overrides { ports: Some(ports), outbound_ips, nodes, ..Overrides::default() };
        of("azure-lb-aks", given, None).warnings
    };
    assert_eq!(given(1001, None, None), ["1,001 is no multiple of 8: it cannot have been set"]);
    assert_eq!(given(64_008, None, None), ["a node cannot have more than 64,000 ports"]);
    assert_eq!(given(10_000, Some(1), Some(7)), ["10,000 ports for each of 7 nodes do not fit 1 outbound address"]);
    assert_eq!(given(1000, Some(2), Some(128)), [""; 0]);
}

#[test]
fn overrides_that_make_no_sense_are_refused() {
    let refused = |overrides: Overrides| overrides.check().expect_err("an error").to_string();
    let none = Overrides::default();
    assert_eq!(refused(Overrides { nodes: Some(0), ..none }), "nodes: expected a whole number above 0");
    assert_eq!(refused(Overrides { outbound_ips: Some(0), ..none }), "outbound_ips: expected a whole number above 0");
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(Overrides { hold_s: Some(bad), ..none }), "hold_s: expected a number of seconds, 0 or more");
    }
}

#[test]
fn a_gateway_has_no_quota_of_a_node() {
    let got = of("azure-natgw", Overrides::default(), listed(23));
    assert_eq!((got.ports, got.why, got.assumed), (None, Why::UnknownSharedGateway, false));
    assert_eq!(
        got.explained,
        "unknown: the ports of Azure NAT gateway are shared by all nodes behind it (64,512 ports for each of at most \
         16 addresses, 50,000 at once to one destination)"
    );
    let given = of("azure-natgw", Overrides { outbound_ips: Some(2), ..Overrides::default() }, None);
    assert!(given.explained.contains("(64,512 ports for each of 2 addresses, "), "{}", given.explained);
    assert_eq!(of("aws-natgw", Overrides::default(), None).why, Why::UnknownSharedGateway);
    let given = of("azure-natgw", Overrides { ports: Some(900), ..Overrides::default() }, None);
    assert_eq!((given.ports, given.why), (Some(900), Why::Given));
}

#[test]
fn fixed_numbers_are_assumed_only_where_somebody_can_change_them() {
    let google = of("gcp-nat", Overrides::default(), listed(60));
    assert_eq!((google.ports, google.why, google.assumed), (Some(64), Why::AssumedDefault, true));
    let linux = of("linux-masquerade", Overrides::default(), None);
    assert_eq!((linux.ports, linux.why, linux.assumed), (Some(64_512), Why::Fixed, false));
    assert_eq!(linux.explained, "64,512 ports, as the node's own masquerading has them");
}

#[test]
fn a_tier_that_was_lately_crossed_is_said() {
    let with = |nodes, young, unread| {
        of("azure-lb-aks", Overrides::default(), Some(PoolSize { nodes, young, unread })).warnings
    };
    let crossed = "4 nodes joined less than 1 h ago: the tier may have been crossed (1,024 ports with 48, 512 with 53)";
    assert_eq!(with(52, 4, 0), [crossed]);
    // The node that an upgrade adds is gone again, the one that took its place is young.
    let surge = "1 node joined less than 1 h ago: the tier may have been crossed (1,024 ports with 49, 512 with 51)";
    assert_eq!(with(50, 1, 0), [surge]);
    for (nodes, young) in [(50, 0), (52, 0), (49, 1), (52, 1), (3, 3)] {
        assert_eq!(with(nodes, young, 0), [""; 0], "{nodes} nodes, {young} of them young");
    }
    assert_eq!(with(50, 0, 1), ["1 line of the node list could not be read: with 51 nodes it is 512 ports"]);
    assert_eq!(with(48, 0, 2), [""; 0]);
    let beyond = of("azure-lb-aks", Overrides::default(), listed(1001));
    assert_eq!((beyond.ports, beyond.assumed), (Some(32), true));
    assert_eq!(beyond.warnings, ["no default is published for more than 1,000 nodes"]);
}

#[test]
fn the_rates_of_the_model_follow() {
    let Found::PoolSize(table) = Profile::named("azure-lb-aks").unwrap().quota.found else { panic!("a table") };
    let rate = |nodes, hold: f64| (table.ports(nodes, 1) as f64 / hold * 100.0).round() / 100.0;
    let want = [(50, 4.27), (100, 2.13), (200, 1.07), (400, 0.53), (800, 0.27), (1000, 0.13)];
    for (nodes, per_second) in want {
        assert_eq!(rate(nodes, 240.0), per_second);
    }
}

#[test]
fn the_words_are_those_of_json() {
    for why in [Why::Given, Why::GivenNodes, Why::NodeList, Why::Fixed, Why::AssumedDefault, Why::UnknownSharedGateway]
    {
        assert_eq!(serde_json::to_value(why).unwrap(), why.name());
    }
    let got = of("azure-natgw", Overrides::default(), None);
    let json = serde_json::to_value(&got).unwrap();
    assert_eq!((json["ports"].is_null(), &json["why"]), (true, &"unknown-shared-gateway".into()));
    assert_eq!(serde_json::from_value::<Allocation>(json).unwrap(), got);
}

#[test]
fn what_is_given_and_changes_nothing_is_said() {
    let overrides = Overrides { nodes: Some(5), outbound_ips: Some(2), ..Overrides::default() };
    let warned = |name: &str| {
        let profile = Profile::named(name).expect("a built-in one");
        Allocation::of(&profile, &overrides, None).warnings.iter().filter(|text| text.contains("no bearing")).count()
    };
    assert_eq!(["azure-lb-aks", "azure-natgw", "gcp-nat", "linux-masquerade"].map(warned), [0, 1, 2, 2]);
}
