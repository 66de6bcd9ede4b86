//! Profiles: the built-in ones, one of one's own, and texts that are none.

use toml::{Table, Value};

use super::profile::{Found, Holder, Path, Profile, Reuse};

fn built_in() -> impl Iterator<Item = (&'static str, &'static str, Profile)> {
    Profile::NAMES.into_iter().map(|name| {
        let text = Profile::text(name).expect("a text");
        (name, text, Profile::parse(text).unwrap_or_else(|error| panic!("{name}: {error}")))
    })
}

#[test]
fn built_in_profiles_parse_under_their_names() {
    for (name, _, profile) in built_in() {
        assert_eq!(profile.name, name);
        assert_eq!(Profile::named(name), Some(profile));
    }
    assert_eq!(Profile::NAMES[0], "azure-lb-aks");
    assert_eq!(Profile::named("azure"), None);
}

/// Numbers without a source in their table or one around it, and all sources.
fn unsourced(value: &Value, key: &str, sourced: bool, bare: &mut Vec<String>, sources: &mut Vec<String>) {
    match value {
        Value::Table(table) => {
            let own = table.get("source").and_then(Value::as_str);
            sources.extend(own.map(str::to_owned));
            for (name, value) in table {
                unsourced(value, &format!("{key}.{name}"), sourced || own.is_some(), bare, sources);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| unsourced(value, key, sourced, bare, sources)),
        Value::Integer(_) | Value::Float(_) if !sourced => bare.push(key.to_owned()),
        _ => {}
    }
}

#[test]
fn every_number_has_a_source_and_every_source_is_spelled_out() {
    for (name, text, _) in built_in() {
        let (mut bare, mut sources) = (Vec::new(), Vec::new());
        let table: Table = text.parse().unwrap();
        unsourced(&Value::Table(table), "", false, &mut bare, &mut sources);
        assert_eq!(bare, Vec::<String>::new(), "{name}");
        assert!(!sources.is_empty());
        for source in sources {
            assert!(text.lines().any(|line| line.starts_with(&format!("# {source}: "))), "{name}: what is {source}?");
        }
    }
}

#[test]
fn the_numbers_are_those_of_the_model() {
    let row = |name: &str| {
        let profile = Profile::named(name).unwrap();
        let tcp = profile.tcp;
        (tcp.hold_s.value, tcp.hold_reset_s.value, tcp.idle_s.map(|idle| idle.value), profile.quota.of)
    };
    assert_eq!(row("azure-lb-aks"), (240.0, 15.0, Some(1800.0), Holder::Node));
    assert_eq!(row("azure-lb"), (240.0, 15.0, Some(240.0), Holder::Node));
    assert_eq!(row("azure-natgw"), (65.0, 16.0, Some(240.0), Holder::Gateway));
    assert_eq!(row("aws-natgw"), (60.0, 60.0, Some(350.0), Holder::Gateway));
    assert_eq!(row("gcp-nat"), (120.0, 30.0, Some(1200.0), Holder::Node));
    assert_eq!(row("linux-masquerade"), (120.0, 10.0, Some(86_400.0), Holder::Node));
}

#[test]
fn what_the_model_leaves_open_is_marked() {
    let lb = Profile::named("azure-lb-aks").unwrap();
    assert!(lb.tcp.hold_s.uncertain && lb.tcp.hold_reset_s.uncertain && lb.udp.reuse.uncertain);
    assert_eq!((lb.udp.reuse.value, lb.tcp.reuse.value), (Reuse::Address, Reuse::AddressPort));
    let aws = Profile::named("aws-natgw").unwrap();
    assert!(aws.tcp.hold_s.uncertain && aws.tcp.hold_reset_s.uncertain && aws.udp.idle_s.uncertain);
    let gcp = Profile::named("gcp-nat").unwrap();
    assert!(gcp.tcp.hold_s.uncertain && gcp.tcp.hold_reset_s.uncertain);
    let gateway = Profile::named("azure-natgw").unwrap();
    assert!(!gateway.tcp.hold_s.uncertain && !gateway.tcp.hold_reset_s.uncertain);
}

const OWN: &str = r#"
name = "my-nat"
about = "the firewall in front of the cluster"
path = "nat-gateway"
quota = { of = "gateway", per_destination = 64000, found.per-address = { ports = 64000 } }
tcp = { reuse = "address-port", hold_s = 60, hold_reset_s = { value = 2.5, note = "measured" } }
udp = { reuse = "flow", hold_s = 0, idle_s = 30 }
"#;

#[test]
fn a_profile_of_ones_own_needs_no_sources() {
    let own = Profile::parse(OWN).unwrap();
    assert_eq!((own.name.as_str(), own.path), ("my-nat", Path::NatGateway));
    assert_eq!((own.tcp.hold_s.value, own.tcp.hold_s.source), (60.0, None));
    assert_eq!((own.tcp.hold_reset_s.value, own.tcp.hold_reset_s.note.as_deref()), (2.5, Some("measured")));
    assert_eq!((own.udp.reuse.value, own.tcp.idle_s), (Reuse::Flow, None));
    assert!(matches!(own.quota.found, Found::PerAddress(per) if per.ports.value.get() == 64_000));
}

/// What is said of a text with one change.
fn refused(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    Profile::parse(&text.replacen(from, to, 1)).expect_err("no profile").to_string()
}

#[test]
fn errors_say_line_key_and_what_was_expected() {
    let cases = [
        (
            "hold_s = { value = 240,",
            "hold_s = { value = -1,",
            "line 38: tcp.hold_s.value: found -1, expected a number of seconds, 0 or more",
        ),
        (
            "ports = 1024 }",
            "ports = 0 }",
            "line 20: quota.found.pool-size.tiers.ports: found 0, expected a whole number above 0",
        ),
        (
            "at_most = { value = 1024,",
            "at_most = { value = 1e3,",
            "line 28: quota.found.pool-size.at_most.value: found 1000.0, expected a whole number above 0",
        ),
        (
            "{ nodes = 100,",
            "{ nodes = 50,",
            "quota.found.pool-size.tiers: expected more nodes in each row than before, found 50 after 50",
        ),
        (
            "hold_reset_s",
            "hold_rst_s",
            "line 39: tcp.hold_rst_s: unknown field `hold_rst_s`, expected one of `reuse`, `hold_s`, `hold_reset_s`, `hold_syn_s`, `idle_s`",
        ),
        (
            "\"address-port\"",
            "\"port\"",
            "line 35: tcp.reuse.value: found \"port\", expected \"address-port\", \"address\" or \"flow\"",
        ),
        ("value = 240, ", "", "line 38: tcp.hold_s: missing field `value`"),
        ("\"node\"", "\"gateway\"", "quota.of: expected \"node\", because the quota is found by pool size"),
        ("[tcp]", "[tcp", "line 34: tcp: unclosed table, expected `]`"),
    ];
    for (from, to, want) in cases {
        assert_eq!(refused(Profile::text("azure-lb-aks").unwrap(), from, to), want);
    }
    let cases = [
        ("hold_s = 60", "hold_s = nan", "line 6: tcp.hold_s: found NaN, expected a number of seconds, 0 or more"),
        ("hold_s = 60", "hold_s = \"60\"", "line 6: tcp.hold_s: found \"60\", expected a number of seconds, 0 or more"),
        (
            "hold_s = 60",
            "hold_s = true",
            "line 6: tcp.hold_s: invalid type: boolean `true`, expected a number of seconds, 0 or more, or a table with it as `value`",
        ),
        ("hold_s = 60, ", "", "line 6: tcp: missing field `hold_s`"),
        (
            "per-address",
            "per-node",
            "line 5: quota.found.per-node: unknown variant `per-node`, expected one of `pool-size`, `fixed`, `per-address`",
        ),
        ("\"gateway\"", "\"node\"", "quota.of: expected \"gateway\", because the quota is found per address"),
        ("\"my-nat\"", "\"my\\nnat\"", "name: expected a text on one line"),
        (OWN, "", "line 1: missing field `name`"),
    ];
    for (from, to, want) in cases {
        assert_eq!(refused(OWN, from, to), want);
    }
}

/// Texts that break off anywhere are refused, never worse.
#[test]
fn no_cut_of_a_profile_panics() {
    for text in Profile::NAMES.into_iter().filter_map(Profile::text).chain([OWN]) {
        for cut in (0..text.len()).step_by(11).filter(|cut| text.is_char_boundary(*cut)) {
            if let Err(error) = Profile::parse(&text[..cut]) {
                assert!(!error.message.is_empty());
            }
        }
    }
}
