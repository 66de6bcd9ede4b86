//! Proxies of a service mesh: they make the connects of their pod's applications again, and those alone leave the node.

/// The user that sidecars run as: what it connects to is not sent to a proxy.
pub(crate) const UID: u32 = 1337;

/// Whether a process or thread is named like a proxy. Of a log that is a guess; of a process list it is not.
pub(crate) fn is_proxy(name: &[u8]) -> bool {
    let worker = |digits: &[u8]| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    matches!(name, b"envoy" | b"pilot-agent" | b"linkerd2-proxy" | b"ztunnel")
        || name.strip_prefix(b"wrk:worker_").is_some_and(worker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_known_by_whole_names() {
        for name in ["envoy", "wrk:worker_0", "wrk:worker_12", "pilot-agent", "linkerd2-proxy", "ztunnel"] {
            assert!(is_proxy(name.as_bytes()), "{name}");
        }
        for name in ["envoyer", "wrk:worker_", "wrk:worker_x", "nginx", ""] {
            assert!(!is_proxy(name.as_bytes()), "{name}");
        }
    }
}
