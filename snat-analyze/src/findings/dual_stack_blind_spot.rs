//! A trace without any row of an IPv6 socket: -4 hides dual-stack sockets, too.

use super::{Said, Scene};
use crate::report::Severity;
use crate::words::grouped;

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let capture = &scene.node.capture;
    if capture.events == 0 || capture.ipv6_events > 0 {
        return None;
    }
    Some(Said {
        severity: Severity::Info,
        detail: format!(
            "None of {} rows is of an IPv6 socket: the tracer ran with -4, most likely. Java and .NET connect to IPv4 \
             addresses through such sockets by default, and then have no row at all.",
            grouped(capture.events)
        ),
        evidence: Vec::new(),
        advice: "Run tcptracer -tv beside the -t4v run, for at most 120 s: for longer it loses IPv4 connects. Or take \
                 netstat -tanpo in every namespace"
            .to_owned(),
    })
}
