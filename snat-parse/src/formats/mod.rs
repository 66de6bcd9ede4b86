//! The registry: one line a format. A new format is one file here, one folder in `fixtures/formats/`, one line below.

pub mod crictl_pods;
pub mod crictl_ps;
pub mod kubectl_nodes;
pub mod kubectl_pods;
pub mod lsns;
pub mod netstat;
pub mod pstree;
pub mod tcptracer;

use crate::format::Format;

/// Every format, in the order in which reports list them.
pub const FORMATS: &[&dyn Format] = &[
    &tcptracer::Tcptracer,
    &lsns::Lsns,
    &pstree::Pstree,
    &crictl_ps::CrictlPs,
    &crictl_pods::CrictlPods,
    &kubectl_pods::KubectlPods,
    &kubectl_nodes::KubectlNodes,
    &netstat::Netstat,
];

/// A format by its name.
pub fn by_name(name: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.meta().name == name)
}
