//! Dumps that a run-command gave back in JSON.

#![expect(clippy::unwrap_used, reason = "a test")]

mod support;

use serde_json::{Value, json};
use support::{LOG, LSNS, PODS, analyze, codes, entries, gzip, names_nginx, read, tar};

/// As the agent of Linux writes it.
fn linux(out: &str, err: &str) -> Value {
    json!({"code": "ProvisioningState/succeeded", "displayStatus": "Provisioning succeeded", "level": "Info",
        "message": format!("Enable succeeded: \n[stdout]\n{out}\n[stderr]\n{err}"), "time": null})
}

fn bundle(json: &[u8]) -> Vec<u8> {
    tar(&[("pods.txt", PODS.as_bytes()), ("run.json", json)])
}

#[test]
fn every_wrapper_is_opened() {
    let message = linux(LOG, "")["message"].clone();
    for (json, path) in [
        (json!({"value": [linux(LOG, "")]}), "value[0].message!stdout"),
        (
            json!({"endTime": "2020-07-20T14:45:16+00:00", "error": null, "name": "807c0bd6", "output": [linux(LOG, "")],
                "startTime": "2020-07-20T14:45:00+00:00", "status": "Succeeded"}),
            "output[0].message!stdout",
        ),
        (
            json!({"properties": {"output": {"value": [linux(LOG, "")]}}, "name": "008ed18d", "status": "Succeeded"}),
            "properties.output.value[0].message!stdout",
        ),
        (json!([linux(LOG, "")]), "[0].message!stdout"),
        (message.clone(), "text!stdout"),
        (json!([message]), "[0]!stdout"),
        (json!(LOG), "text"),
        (
            json!({"value": [{"code": "ComponentStatus/StdOut/succeeded", "message": LOG, "time": null},
                {"code": "ComponentStatus/StdErr/succeeded", "message": "", "time": null}]}),
            "value[0].message",
        ),
        (
            json!({"exitCode": 0, "finishedAt": "2025-01-01T00:00:10+00:00", "id": "a887ecf4", "logs": LOG,
                "provisioningState": "Succeeded", "reason": null, "startedAt": "2025-01-01T00:00:00+00:00"}),
            "logs",
        ),
        (
            json!({"name": "trace", "instanceView": {"executionState": "Succeeded", "exitCode": 0, "output": LOG, "error": ""}}),
            "instanceView.output",
        ),
    ] {
        let want = ["pods.txt".to_owned(), format!("run.json!{path}")];
        for text in [json.to_string(), format!("\u{feff}\n{}\n", serde_json::to_string_pretty(&json).unwrap())] {
            let report = read(bundle(text.as_bytes()));
            names_nginx(&report);
            assert_eq!(entries(&report), want);
            assert_eq!(codes(&report), [("wrapper", "run.json")]);
            let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let packed = read(bundle(&gzip(&utf16)));
            names_nginx(&packed);
            assert_eq!(entries(&packed), want);
        }
    }
}

#[test]
fn lines_are_those_of_the_text_and_both_streams_are_read() {
    let out = format!("Linux aks-n-1\n{LOG}\n$ lsns -t net\n{LSNS}");
    let json = json!({"value": [linux(&out, "tcptracer: lost 3 events\n")]}).to_string();
    let report = read(bundle(json.as_bytes()));
    names_nginx(&report);
    assert_eq!(entries(&report), ["pods.txt", "run.json!value[0].message!stderr", "run.json!value[0].message!stdout"]);
    let lines = |format: &str| report.inputs.iter().find(|input| input.format == format).map(|input| input.first_line);
    assert_eq!((lines("tcptracer"), lines("lsns")), (Some(2), Some(7)));
    // A file on its own is a bundle, and goes by its name.
    let alone = read(json.into_bytes());
    assert_eq!(entries(&alone), ["-!value[0].message!stderr", "-!value[0].message!stdout"]);
}

#[test]
fn wrappers_behind_one_another_are_all_opened() {
    let one = json!({"value": [linux(LOG, "")]});
    let two = json!({"exitCode": 0, "logs": LSNS});
    for between in ["\n", "", "\n\n  "] {
        let text = format!("{one}{between}{}\n", serde_json::to_string_pretty(&two).unwrap());
        let report = read(bundle(text.as_bytes()));
        names_nginx(&report);
        assert_eq!(entries(&report), ["pods.txt", "run.json!#2:logs", "run.json!value[0].message!stdout"]);
        assert_eq!(codes(&report), [("wrapper", "run.json")]);
    }
}

#[test]
fn a_text_at_the_cap_has_lost_its_beginning_and_that_is_said() {
    let row = "0             connect      77     curl             4  10.244.3.9       20.51.14.8       40114  443    4026533011\n";
    let long = row.repeat(60);
    let json = json!({"value": [linux(&long[long.len() - 4096..], "")]}).to_string();
    let report = read(bundle(json.as_bytes()));
    let log = report.inputs.iter().find(|input| input.entry.ends_with("!stdout")).unwrap();
    assert!(log.cut.iter().any(|cut| cut == "size-at-cap"), "{:?}", log.cut);
    let said = report.notices.iter().find(|notice| notice.code == "cut-wrapper").unwrap();
    assert!(said.message.contains("the last 4096 bytes"), "{}", said.message);
    let short = json!({"value": [linux(LOG, "")]}).to_string();
    assert!(read(bundle(short.as_bytes())).notices.iter().all(|notice| !notice.message.contains("4096")));
}

#[test]
fn a_wrapper_that_breaks_off_is_opened_up_to_there() {
    let log = LOG.replace("curl ", "cürl ").replace('\n', "\r\n");
    let json = json!({"value": [linux(&log, "")]}).to_string();
    let from = json.find("20.51.14.8").unwrap() + 50;
    for cut in from..json.len() {
        let report = read(bundle(&json.as_bytes()[..cut]));
        let said = report.notices.iter().find(|notice| notice.code == "cut-wrapper");
        let said = said.unwrap_or_else(|| panic!("at {cut}"));
        assert!(said.message.contains("breaks off"), "{}", said.message);
        assert!(report.nodes[0].capture.events > 0, "cut at {cut}");
    }
}

#[test]
fn other_json_goes_to_the_parser_byte_for_byte() {
    let pods = json!({"apiVersion": "v1", "kind": "List", "items": [{"message": "a\nb", "code": "x"}]}).to_string();
    let status = json!({"kind": "Status", "code": 404, "message": "not\nfound"}).to_string();
    let wrapper = json!({"value": [linux(LOG, "")]}).to_string();
    let mixed = format!("{wrapper}\n{pods}\n");
    let deep = "[".repeat(100_000);
    let nested = format!("{}{wrapper}{}", "[".repeat(20), "]".repeat(20));
    for text in [
        pods.as_str(),
        &pods[..40],
        &status,
        &mixed,
        &wrapper[20..],
        &deep,
        &nested,
        "{}",
        "\"one word\"",
        "[ERROR] words\n",
        "{\"a",
        "[1,2",
        "\"",
        "{\"value\":[{\"code\":\"ProvisioningState/succeeded\",\"message\":\"\\ud800\n\"}]}",
    ] {
        let report = read(tar(&[("tcptracer.log", LOG.as_bytes()), ("x.json", text.as_bytes())]));
        assert_eq!(codes(&report), [], "{}", &text[..text.len().min(60)]);
        let bytes: u64 = report.inputs.iter().filter(|i| i.entry == "x.json").map(|i| i.bytes).sum();
        assert_eq!(bytes, text.len() as u64, "{}", &text[..text.len().min(60)]);
    }
    // Nothing was printed: that is said, and there is no entry.
    let empty = json!({"value": [linux("", "")]}).to_string();
    let report = read(tar(&[("tcptracer.log", LOG.as_bytes()), ("x.json", empty.as_bytes())]));
    assert_eq!((entries(&report), codes(&report)), (vec!["tcptracer.log"], vec![("wrapper", "x.json")]));
    assert!(analyze(empty.into_bytes()).is_err());
}

#[test]
fn a_json_beyond_the_bound_is_a_text() {
    let json = json!({"value": [linux(&"words\n".repeat(3 << 20), "")]}).to_string();
    let report = read(tar(&[("tcptracer.log", LOG.as_bytes()), ("x.json", json.as_bytes())]));
    assert_eq!(codes(&report), []);
    let bytes: u64 = report.inputs.iter().filter(|i| i.entry == "x.json").map(|i| i.bytes).sum();
    assert_eq!(bytes, json.len() as u64);
}
