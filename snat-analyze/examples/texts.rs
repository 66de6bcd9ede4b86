//! Dumps that are in memory, or come from a reader: no file is needed.

use std::io::Read;

use snat_analyze::{Analysis, Error, Options, Report, Source};

const LOG: &str = "\
TIME(ns)      TYPE         PID    COMM             IP SADDR            DADDR            SPORT  DPORT  NETNS
0             connect      77     curl             4  10.244.3.9       20.51.14.8       40114  443    4026533011
9000000       connect      77     curl             4  10.244.3.9       20.51.14.8       40115  443    4026533011
";
const PODS: &str = "\
NAMESPACE   NAME    READY   STATUS    RESTARTS   AGE   IP           NODE   NOMINATED NODE   READINESS GATES
default     nginx   1/1     Running   0          6h    10.244.3.9   n-1    <none>           <none>
";

fn main() -> Result<(), Error> {
    let (together, alone) = (named_texts()?, one_reader(LOG.as_bytes())?);
    #[expect(clippy::print_stdout, reason = "an example prints")]
    {
        println!("together: {:?}", together.nodes[0].ranking[0].owner.pod);
        println!("alone:    {:?}", alone.nodes[0].ranking[0].owner.pod);
    }
    Ok(())
}

/// Several dumps of one capture are one source, so that they are joined.
pub(crate) fn named_texts() -> Result<Report, Error> {
    let source = Source::texts("case 42", [("tcptracer.log", LOG), ("pods.txt", PODS)]);
    Analysis::of(vec![source], &Options::default())
}

/// A reader is one dump, or an archive of any kind.
pub(crate) fn one_reader(reader: impl Read + Send + 'static) -> Result<Report, Error> {
    Analysis::of(vec![Source::reader("from a socket", reader)], &Options::default())
}
