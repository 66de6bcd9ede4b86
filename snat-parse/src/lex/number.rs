//! Numbers. Overflow is an error, never a wrap.

use nom::IResult;
use nom::Parser;
use nom::bytes::complete::take_while1;
use nom::character::complete::digit1;
use nom::combinator::{map_res, verify};
use nom::error::{Error, ErrorKind};

/// An unsigned decimal number that fits `u64`, from bytes, at the speed of the hot path.
pub(crate) fn int_bytes(input: &[u8]) -> IResult<&[u8], u64> {
    let mut value: u64 = 0;
    let mut at = 0;
    while let Some(digit) = input.get(at).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
        // Nineteen digits always fit; only then does a step need its check.
        value = if at < 19 {
            value * 10 + u64::from(digit)
        } else {
            let next = value.checked_mul(10).and_then(|v| v.checked_add(u64::from(digit)));
            next.ok_or_else(|| nom::Err::Error(Error::new(input, ErrorKind::TooLarge)))?
        };
        at += 1;
    }
    if at == 0 {
        return Err(nom::Err::Error(Error::new(input, ErrorKind::Digit)));
    }
    Ok((&input[at..], value))
}

/// An unsigned decimal number that fits its type.
pub(crate) fn number<T: std::str::FromStr>(input: &str) -> IResult<&str, T> {
    map_res(digit1, str::parse).parse(input)
}

/// A number that somebody masked: digits with `x`, `X`, `*` or `.` among them (`3xxx9`, `xxxx`, `40265xxxxx`).
pub(crate) fn masked_number(input: &[u8]) -> IResult<&[u8], &[u8]> {
    verify(take_while1(|b: u8| b.is_ascii_digit() || matches!(b, b'x' | b'X' | b'*')), |text: &[u8]| {
        text.iter().any(|b| !b.is_ascii_digit())
    })
    .parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overflow_is_an_error() {
        assert_eq!(int_bytes(b"18446744073709551615 x"), Ok((&b" x"[..], u64::MAX)));
        assert!(int_bytes(b"18446744073709551616").is_err());
        assert!(int_bytes(b"99999999999999999999").is_err());
        assert!(int_bytes(b"x").is_err());
        assert_eq!(number::<u32>("4294967295,"), Ok((",", u32::MAX)));
        assert!(number::<u32>("4294967296").is_err());
    }

    #[test]
    fn masks_are_no_numbers_and_numbers_are_no_masks() {
        assert!(masked_number(b"3xxx9 ").is_ok());
        assert!(masked_number(b"39").is_err());
    }
}
