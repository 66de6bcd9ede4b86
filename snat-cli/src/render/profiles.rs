//! `profiles`: the built-in ones for people.

use std::io::{self, Write};

use snat_analyze::Profile;
use snat_analyze::profile::{Found, Holder};

use crate::render::style::{Screen, count, left, wrap};

/// Writes them: what each is of, how many ports there are, how long one is held.
pub(crate) fn table(screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let indent = 18;
    let profiles = Profile::NAMES.iter().filter_map(|name| Profile::named(name));
    for (at, profile) in profiles.enumerate() {
        let default = if at == 0 { " (the default)" } else { "" };
        let tcp = &profile.tcp;
        let idle = tcp.idle_s.as_ref().map_or("for ever".to_owned(), |idle| format!("{} s", idle.value));
        let lines = [
            format!("{}{default}", profile.about),
            format!("ports: {}", ports(&profile)),
            format!(
                "held {} s after a close, {} s after a reset, idle {idle}",
                tcp.hold_s.value, tcp.hold_reset_s.value
            ),
        ];
        let lines = lines.iter().flat_map(|line| wrap(line, screen.width.saturating_sub(indent)));
        for (at, line) in lines.enumerate() {
            writeln!(out, "{}{line}", left(if at == 0 { &profile.name } else { "" }, indent))?;
        }
    }
    Ok(())
}

/// How many ports there are, and whose.
fn ports(profile: &Profile) -> String {
    let whose = match profile.quota.of {
        Holder::Node => "of a node",
        _ => "of the gateway, shared by all nodes behind it",
    };
    match &profile.quota.found {
        Found::PoolSize(table) => {
            let ports = |row: Option<&snat_analyze::profile::Tier>| row.map_or(0, |row| row.ports.get());
            let (most, least) = (ports(table.tiers.first()), ports(table.tiers.last()));
            format!("{} to {} {whose}, fewer the more nodes there are", count(most), count(least))
        }
        Found::Fixed(fixed) => format!("{} {whose}", count(fixed.ports.value.get())),
        Found::PerAddress(per) => format!("{} for each address {whose}", count(per.ports.value.get())),
        _ => whose.to_owned(),
    }
}
