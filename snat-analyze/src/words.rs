//! Numbers and lists in sentences.

/// 1,024.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// 1 node, 1,024 nodes.
pub(crate) fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A number that is a measure, to the nearest whole one.
pub(crate) fn whole(number: f64) -> String {
    grouped(number.round().max(0.0) as u64)
}

/// 7 %; below one the first decimal.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 9.95 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

/// A time: 0.3 s, 240 s.
pub(crate) fn secs(seconds: f64) -> String {
    match seconds {
        _ if seconds > 0.0 && seconds < 0.05 => "less than 0.1 s".to_owned(),
        _ if seconds < 10.0 => format!("{seconds:.1} s"),
        _ => format!("{} s", whole(seconds)),
    }
}

/// The first of them, and how many more there are.
pub(crate) fn listed(all: &[String], most: usize) -> String {
    let more = all.len().saturating_sub(most);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{}{more}", all.iter().take(most).cloned().collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!((grouped(7), grouped(1_024), grouped(1_234_567)), ("7".into(), "1,024".into(), "1,234,567".into()));
        assert_eq!((plural(1, "pod", "pods"), plural(0, "pod", "pods")), ("1 pod".into(), "0 pods".into()));
        assert_eq!((percent(0.025), percent(0.5), percent(0.0)), ("2.5 %".into(), "50 %".into(), "0 %".into()));
        assert_eq!((secs(0.31), secs(240.0)), ("0.3 s".into(), "240 s".into()));
        let names: Vec<String> = ["a", "b", "c"].map(String::from).to_vec();
        assert_eq!((listed(&names, 2), listed(&names, 3)), ("a, b, and 1 more".into(), "a, b, c".into()));
    }
}
