//! Lines that stand between and inside dumps and are none: prompts, messages, fences. Named, never guessed at: a line
//! that matches nothing here and no grammar is a reject.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

use crate::diag::Skip;

#[expect(clippy::expect_used, reason = "the patterns are constants and the tests compile each")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

#[expect(clippy::expect_used, reason = "the patterns are constants and the tests compile each")]
static NOISE: LazyLock<RegexSet> =
    LazyLock::new(|| RegexSet::new(PATTERNS.iter().map(|(_, text)| *text)).expect("constant patterns"));

/// In this order; the first that matches names the line.
const PATTERNS: &[(Skip, &str)] = &[
    (Skip::Blank, r"^\s*$"),
    (Skip::LostSamples, r"^\s*Possibly lost \d+ samples\s*$"),
    (Skip::LostSamples, r"^Lost \d+ events on CPU #\d+!\s*$"),
    (Skip::Interrupt, r"^\s*\^C\s*$"),
    (Skip::Elided, r"^[\s|│#>*]*(\.{3,}|…|\[\.\.\.\]|<snip>|\(\.\.\.\))\s*$"),
    (Skip::Fence, r"^\s*(>\s*)?(```|~~~)\s*[\w+-]*\s*$"),
    (Skip::Fence, r"^[\s|:+=-]*-{3}[\s|:+=-]*$"),
    // root@node:/# lsns   [root@node ~]# lsns   / # netstat   bash-5.1# x   PS C:\> x   $ x   user@host:~$ x
    (Skip::Prompt, r"^(\^C)?\s*(\[?2?00~)?\[?[\w.-]+@[\w.-]+[: ][^#$]*\]?\s?[#$](\s.*)?$"),
    (Skip::Prompt, r"^\s*(\S*/)?\s?[#$] \S.*$"),
    (Skip::Prompt, r"^\s*(/|~)?\s?[#$]\s*$"),
    (Skip::Prompt, r"^\s*(ba|da|z)?sh-[\d.]+[#$](\s.*)?$"),
    (Skip::Prompt, r"^\s*/\S*[#$](\s.*)?$"),
    (Skip::Prompt, r"^\s*PS [A-Za-z]:\\[^>]*>.*$"),
    (Skip::Prompt, r"^\s*(sudo |kubectl |crictl |lsns |pstree |python3? |ssh |nsenter |docker )[-\w/].*$"),
    (Skip::Prompt, r"^Script (started|done)( on|,) .*$"),
    (Skip::Traceback, r"^Traceback \(most recent call last\):$"),
    (Skip::Traceback, r#"^  File ".*", line \d+(, in .*)?$"#),
    (Skip::Traceback, r"^    (\w+[.(\[]|raise |return |callback ).*$"),
    (Skip::Traceback, r"^(KeyboardInterrupt|Exception ignored on calling ctypes callback function).*$"),
    (Skip::Message, r#"^(time=".*" level=\w+|(WARN|ERRO|FATA|INFO|DEBU)\[\d+\]) .*$"#),
    (Skip::Message, r"^[IWEF]\d{4} \d{2}:\d{2}:\d{2}\.\d+ .*$"),
    (Skip::Message, r"^(\S*: )?(warning|error|fatal|WARNING|Error|ERROR|Warning): .*$"),
    (
        Skip::Message,
        r"^(Error from server|error: |Unable to |No resources found|Defaulted container|Process \d+ not found).*$",
    ),
    (Skip::Message, r"^(modprobe|lsns|pstree|crictl|kubectl|bash|sh|sudo|-bash|chdir\S*): .*$"),
    (
        Skip::Message,
        r"^(In file included from|Exception: |cannot attach kprobe|usage: |chdir\(|Last login: |\[sudo\] password).*$",
    ),
    (Skip::Message, r"^\d+ warnings? generated\.$"),
    (Skip::Message, r"^(command terminated with exit code|Welcome to |Every \d+[.,]\d+s: ).*$"),
];

/// The name of a line that holds no data of any format, or `None`.
///
/// Asked only after every grammar declined: some patterns (a prompt, a traceback's indented lines) could fit data, too.
pub(crate) fn name(line: &str) -> Option<Skip> {
    NOISE.matches(line).iter().next().map(|at| PATTERNS[at].0)
}

/// Whether a line is noise wherever it stands, and may therefore join the section beside it.
pub(crate) fn is_neutral(line: &str) -> bool {
    matches!(name(line), Some(Skip::Blank | Skip::Prompt | Skip::Fence | Skip::Elided | Skip::Interrupt))
}

static PROMPT_HOST: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*\[?[a-z_][\w-]*@([A-Za-z0-9][\w.-]*)(?::[^#$]*|\s[^#$\]]*\])[#$](?:\s|$)"));

/// The host of a prompt such as `root@node:/#` or `[root@node ~]#`.
pub(crate) fn prompt_host(line: &str) -> Option<&str> {
    PROMPT_HOST.captures(line).and_then(|found| found.get(1)).map(|host| host.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_names() {
        for (line, want) in [
            ("", Some(Skip::Blank)),
            ("Possibly lost 4096 samples", Some(Skip::LostSamples)),
            ("^C", Some(Skip::Interrupt)),
            ("root@aks-np-1234-vmss000000:/# lsns -t net", Some(Skip::Prompt)),
            ("[root@node ~]# crictl ps -a", Some(Skip::Prompt)),
            ("/usr/share/bcc/tools# python3 tcptracer -t4v", Some(Skip::Prompt)),
            ("/ # netstat -ptn", Some(Skip::Prompt)),
            ("$ kubectl get pods", Some(Skip::Prompt)),
            ("PS C:\\> kubectl get nodes", Some(Skip::Prompt)),
            (
                "WARN[0000] runtime connect using default endpoints: [unix:///var/run/dockershim.sock]",
                Some(Skip::Message),
            ),
            ("E0209 07:33:47.702320  159566 remote_runtime.go:390] \"ListContainers\" err=x", Some(Skip::Message)),
            ("KeyboardInterrupt", Some(Skip::Traceback)),
            ("```output", Some(Skip::Fence)),
            ("  |   ...", Some(Skip::Elided)),
            ("Process 26298 not found.", Some(Skip::Message)),
        ] {
            assert_eq!(name(line), want, "{line:?}");
        }
    }

    #[test]
    fn prompts_name_their_host() {
        assert_eq!(prompt_host("root@aks-np-1-vmss000000:/# lsns -t net"), Some("aks-np-1-vmss000000"));
        assert_eq!(prompt_host("[root@node-1 ~]# crictl ps"), Some("node-1"));
        assert_eq!(prompt_host("mail me@example.com: # of pods"), None);
    }

    #[test]
    fn rows_are_no_noise() {
        for line in [
            "4026532785 net  3      19832 root  bash",
            "systemd,1 --system",
            "0             connect      3234   kubelet          4  10.240.0.6       10.240.0.1       59686  6443   4026532182",
            "default       web-6c9d7f8b5-abcde       2/2     Running       3 (5h12m ago)        7d3h",
        ] {
            assert_eq!(name(line), None, "{line:?}");
        }
    }
}
