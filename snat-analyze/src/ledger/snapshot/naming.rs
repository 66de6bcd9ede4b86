//! What the name of a dump's entry says, and whether two tools mean one process by their names.

use crate::owner::PodKey;

pub(super) fn base_name(path: &str) -> &str {
    path.rsplit(['/', '!']).next().unwrap_or(path)
}

/// Whether the entry's name holds `<namespace>_<pod>`.
pub(crate) fn names(path: &str, pod: &PodKey) -> bool {
    let name = base_name(path);
    pod.namespace.as_ref().is_some_and(|namespace| is_token(name, &format!("{namespace}_{}", pod.name)))
}

/// The PID in a name like `netstat-12345.txt`: the one number there.
pub(crate) fn pid_in_name(path: &str) -> Option<u32> {
    let name = base_name(path).to_ascii_lowercase();
    let name = name.strip_prefix("netstat").map(|rest| rest.trim_start_matches(['-', '_', '.']))?;
    let (digits, rest) = name.split_at(name.bytes().take_while(u8::is_ascii_digit).count());
    let is_alone = rest.is_empty() || (rest.starts_with('.') && !rest.contains(|c: char| c.is_ascii_digit()));
    digits.parse().ok().filter(|_| is_alone)
}

/// Whether `token` stands in the name with nothing of a longer name beside it.
fn is_token(name: &str, token: &str) -> bool {
    let ends = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric());
    name.match_indices(token).any(|(at, _)| {
        let behind = &name[at + token.len()..];
        // A container's name may follow the pod's.
        ends(name[..at].chars().next_back()) && (behind.is_empty() || behind.starts_with(['.', '_']))
    })
}

/// Whether the kernel's name of a process (15 characters) and netstat's name of its program (its first argument, cut)
/// are of the same one.
pub(crate) fn is_same_name(comm: &str, program: &str) -> bool {
    let base = program.rsplit('/').next().unwrap_or(program);
    let first = |text: &str| text.split([' ', ':']).next().unwrap_or_default().to_owned();
    let starts = |a: &str, b: &str| !a.is_empty() && !b.is_empty() && (a.starts_with(b) || b.starts_with(a));
    starts(comm, program) || starts(comm, base) || starts(&first(comm), &first(program))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_in_a_name_is_its_only_number() {
        assert_eq!(pid_in_name("late.tar.gz!node/netstat-12345.txt"), Some(12345));
        assert_eq!(pid_in_name("netstat_77"), Some(77));
        for name in ["netstat-2026-11-24.txt", "netstat.txt", "netstat-web-0.txt", "12345.txt", "netstat-1.2.txt"] {
            assert_eq!(pid_in_name(name), None, "{name}");
        }
    }

    #[test]
    fn names_of_two_tools_meet() {
        for (comm, program) in [
            ("kubelet", "kubelet"),
            ("containerd-shim", "containerd-shi"),
            ("nginx", "nginx: mast"),
            ("redis-server", "./src/redis-se"),
            ("sshd", "sshd: root@pts/0"),
        ] {
            assert!(is_same_name(comm, program), "{comm} {program}");
        }
        assert!(!is_same_name("kubelet", "java") && !is_same_name("", "java"));
    }

    #[test]
    fn tokens_end_where_names_end() {
        assert!(is_token("netstat-default_web-0.txt", "default_web-0"));
        assert!(is_token("default_web-0_app.netstat.txt", "default_web-0"));
        assert!(!is_token("netstat-default_web-01.txt", "default_web-0"));
        assert!(!is_token("netstat-mydefault_web-0.txt", "default_web-0"));
        assert!(!is_token("netstat-default_web-0-abc.txt", "default_web-0"));
    }
}
