//! The examples do what they say.

#[expect(dead_code, reason = "its main is not called")]
#[path = "../examples/report.rs"]
mod report;
#[expect(dead_code, reason = "its main is not called")]
#[path = "../examples/texts.rs"]
mod texts;
#[expect(dead_code, reason = "its main is not called")]
#[path = "../examples/watch.rs"]
mod watch;

use snat_analyze::{Error, Source};

#[test]
fn report_names_the_first_owner() {
    let said = report::first_owner(fixtures::fixture("bundles/two-nodes/bundle")).unwrap();
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(said.lines().all(|line| line.contains("public connects")), "{said}");
    assert!(report::first_owner("no/such/bundle".into()).is_err());
}

#[test]
fn texts_of_one_source_are_joined() {
    let together = texts::named_texts().unwrap();
    assert_eq!(together.nodes[0].ranking[0].owner.pod.as_deref(), Some("nginx"));
    assert_eq!(
        together.inputs.iter().map(|input| input.entry.as_str()).collect::<Vec<_>>(),
        ["pods.txt", "tcptracer.log"]
    );
    let alone = texts::one_reader(&b"0 connect 77 curl 4 10.244.3.9 20.51.14.8 40114 443 4026533011\n"[..]).unwrap();
    assert_eq!(alone.nodes[0].ranking[0].owner.pod, None);
}

#[test]
fn watch_tells_and_stops() {
    let log = "0 connect 77 curl 4 10.244.3.9 20.51.14.8 40114 443 4026533011\n".repeat(20_000) + "0 connect words\n";
    let source = || Source::texts("case", [("a.log", log.as_bytes()), ("b.txt", b"words\n")]);
    let mut watcher = watch::Watcher::new(u64::MAX);
    assert!(watch::watched(source(), &mut watcher).is_ok());
    assert_eq!(watcher.told[0], "a.log from byte 0");
    assert!(watcher.told.contains(&format!("b.txt from byte {}", log.len())), "{:?}", watcher.told);
    assert!(watcher.told.iter().any(|line| line.starts_with("a.log:20001: ")), "{:?}", watcher.told);
    let mut watcher = watch::Watcher::new(1000);
    assert!(matches!(watch::watched(source(), &mut watcher), Err(Error::Cancelled)));
    assert_eq!(watcher.told, ["a.log from byte 0"]);
}
