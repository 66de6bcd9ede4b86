//! The proxy of a service mesh makes the connects of its pod again.

use super::{Said, Scene};
use crate::report::Severity;
use crate::words::plural;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let flows = scene.node.capture.flows.as_ref()?;
    let (severity, detail) = match (flows.mesh_doubles, flows.mesh_doubles_suspected) {
        (0, 0) => return None,
        (known, 0) => (
            Severity::Info,
            format!(
                "{} were made again by the proxy of their pod, known by its process: each pair holds one port here",
                plural(known, "connect", "connects")
            ),
        ),
        (_, suspected) => (
            Severity::Warning,
            format!(
                "{} may have been made again by a proxy, by the name of a thread alone: both are counted, so ports may be \
                 counted twice",
                plural(suspected, "connect", "connects")
            ),
        ),
    };
    Some(Said {
        severity,
        detail: format!("{detail}."),
        evidence: Vec::new(),
        advice: "pstree -alp of the node tells proxies by their process. The first of the two never leaves the pod: it is sent \
                 to the proxy inside"
            .to_owned(),
    })
}
