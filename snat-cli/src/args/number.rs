//! Numbers on the command line, with mistakes said in people's words.

use std::str::FromStr;

use bytesize::ByteSize;

/// What a whole number should have been; the configuration file says the same.
pub(crate) const WHOLE: &str = "a whole number, 0 or more";
/// The same of a time.
pub(crate) const SECONDS: &str = "a number of seconds, 0 or more";

/// 0 or more.
pub(super) fn whole<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("expected {WHOLE}"))
}

/// 1 or more.
pub(super) fn above_zero(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "expected a whole number above 0".to_owned())
}

/// 1 or more, and no more than a machine has.
pub(super) fn threads(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=1_024).contains(number));
    number.ok_or_else(|| "expected a whole number from 1 to 1024".to_owned())
}

/// A time that is not negative.
pub(super) fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0);
    seconds.ok_or_else(|| format!("expected {SECONDS}"))
}

/// An instant of the trace.
pub(super) fn instant(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds: &f64| seconds.is_finite());
    seconds.ok_or_else(|| "expected a number of seconds".to_owned())
}

/// Bytes with a unit.
pub(super) fn size(text: &str) -> Result<ByteSize, String> {
    text.parse().map_err(|_| "expected a number of bytes, or a size such as 512MiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_makes_sense_or_is_refused() {
        assert_eq!((whole::<u64>("0"), above_zero("7"), seconds("0.5")), (Ok(0), Ok(7), Ok(0.5)));
        for text in ["-1", "abc", "", "NaN", "inf", "-0.5"] {
            assert!(whole::<u64>(text).is_err() && above_zero(text).is_err() && seconds(text).is_err(), "{text}");
        }
        assert!(above_zero("0").is_err() && whole::<usize>("1.5").is_err() && size("x").is_err());
        assert_eq!(size("512MiB"), Ok(ByteSize(512 << 20)));
    }
}
