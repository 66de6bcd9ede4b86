//! Who uses most SNAT ports in a bundle: `cargo run -p snat-analyze --example report -- BUNDLE`.

use std::path::PathBuf;

use snat_analyze::{Analysis, Error, Options, Source};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: report BUNDLE")?;
    #[expect(clippy::print_stdout, reason = "an example prints")]
    {
        println!("{}", first_owner(path.into())?);
    }
    Ok(())
}

/// One line for each node: the owner with most public connects, and where the log was.
pub(crate) fn first_owner(path: PathBuf) -> Result<String, Error> {
    let report = Analysis::of(vec![Source::Path(path)], &Options::default())?;
    let mut lines = Vec::new();
    for node in &report.nodes {
        let name = node.node.name.as_deref().unwrap_or("a node without a name");
        let Some(first) = node.ranking.first() else { continue };
        let owner = match (&first.owner.namespace, &first.owner.pod) {
            (Some(namespace), Some(pod)) => format!("{namespace}/{pod}"),
            _ => format!("{:?}", first.owner.kind),
        };
        let connects = first.connects_public.map_or("?".to_owned(), |connects| connects.to_string());
        lines.push(format!("{name}: {owner}, {connects} public connects"));
    }
    Ok(lines.join("\n"))
}
