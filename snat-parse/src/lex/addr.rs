//! IP addresses as the tools print them: dotted, bracketed, v4-mapped, cut or masked.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nom::IResult;
use nom::error::{Error, ErrorKind};

/// An address of a row. The canonical form of `::ffff:a.b.c.d` is `a.b.c.d`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Addr {
    /// A whole address.
    Ip(IpAddr),
    /// Masked or cut (`10.x.x.x`): as printed, without brackets.
    Printed(Box<str>),
}

impl Addr {
    /// The address, unless it was masked or cut.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(ip) => Some(*ip),
            Self::Printed(_) => None,
        }
    }

    /// Whether part of the address is missing.
    pub fn is_cut(&self) -> bool {
        matches!(self, Self::Printed(_))
    }
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Printed(text) => f.write_str(text),
        }
    }
}

/// [`Addr`] borrowed from the line that it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddrRef<'a> {
    /// A whole address.
    Ip(IpAddr),
    /// Masked or cut: as printed, without brackets.
    Printed(&'a [u8]),
}

impl AddrRef<'_> {
    /// The address with storage of its own.
    pub fn to_addr(self) -> Addr {
        match self {
            Self::Ip(ip) => Addr::Ip(ip),
            Self::Printed(text) => Addr::Printed(String::from_utf8_lossy(text).into()),
        }
    }
}

fn fail<T>(input: &[u8]) -> IResult<&[u8], T> {
    Err(nom::Err::Error(Error::new(input, ErrorKind::Verify)))
}

/// One address, up to the next blank: dotted, IPv6 with or without brackets and zone, or masked.
pub(crate) fn addr_ref(input: &[u8]) -> IResult<&[u8], AddrRef<'_>> {
    if let Some((rest, ip)) = dotted(input)
        && rest.first().is_none_or(|b| b.is_ascii_whitespace())
    {
        return Ok((rest, AddrRef::Ip(IpAddr::V4(ip))));
    }
    let end = input.iter().position(u8::is_ascii_whitespace).unwrap_or(input.len());
    let (word, rest) = input.split_at(end);
    let bare = word.strip_prefix(b"[").and_then(|w| w.strip_suffix(b"]")).unwrap_or(word);
    let zoneless = bare.iter().position(|&b| b == b'%').map_or(bare, |at| &bare[..at]);
    if let Some(ip) = std::str::from_utf8(zoneless).ok().and_then(|t| t.parse::<Ipv6Addr>().ok()) {
        return Ok((rest, AddrRef::Ip(ip.to_canonical())));
    }
    if looks_masked(bare) { Ok((rest, AddrRef::Printed(bare))) } else { fail(input) }
}

/// `a.b.c.d` at the start of the input. Leading zeros are read as decimal, as the tools never print any.
fn dotted(input: &[u8]) -> Option<(&[u8], Ipv4Addr)> {
    let mut parts = [0u8; 4];
    let mut at = 0;
    for (index, part) in parts.iter_mut().enumerate() {
        if index > 0 {
            if input.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
        let mut value: u32 = 0;
        let start = at;
        while let Some(digit) = input.get(at).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
            value = value * 10 + u32::from(digit);
            at += 1;
            if at - start > 3 {
                return None;
            }
        }
        if at == start {
            return None;
        }
        *part = u8::try_from(value).ok()?;
    }
    Some((&input[at..], Ipv4Addr::from(parts)))
}

/// Dots or colons between hex digits and mask characters, with at least one mask or a cut somewhere.
pub(crate) fn looks_masked(word: &[u8]) -> bool {
    let shape = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b'.' | b':' | b'x' | b'X' | b'*' | b'#');
    let dots = word.iter().filter(|b| **b == b'.').count();
    let colons = word.iter().filter(|b| **b == b':').count();
    let masked = word.iter().any(|b| matches!(b, b'x' | b'X' | b'*' | b'#'));
    word.iter().all(shape) && masked && (dots == 3 || colons >= 2)
}

/// The start of a dotted address, as a line that the screen's edge cut ends: `10.244.`, `10.244.3`.
pub(crate) fn is_cut_addr(text: &str) -> bool {
    let mut parts = text.split('.');
    let octets = parts.by_ref().filter(|part| !part.is_empty()).count();
    (1..4).contains(&octets)
        && text.contains('.')
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && text.split('.').rev().skip(1).all(|part| part.parse::<u8>().is_ok())
}

/// An address that takes up the whole text; `None` for a masked or cut one that is not even that.
pub(crate) fn text_addr(text: &str) -> Option<Addr> {
    match addr_ref(text.as_bytes()) {
        Ok(([], found)) => Some(found.to_addr()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_one_form() {
        for text in ["10.244.3.9", "[::ffff:10.244.3.9]", "::ffff:10.244.3.9", "[::ffff:af4:309]"] {
            assert_eq!(text_addr(text).map(|a| a.to_string()).as_deref(), Some("10.244.3.9"), "{text}");
        }
        assert_eq!(text_addr("[fe80::1%eth0]").map(|a| a.to_string()).as_deref(), Some("fe80::1"));
    }

    #[test]
    fn masks_stay_as_printed() {
        let masked = text_addr("10.x.x.x").expect("a masked address");
        assert!(masked.is_cut() && masked.to_string() == "10.x.x.x");
        assert!(text_addr("2603:xxxx::1").is_some_and(|a| a.is_cut()));
    }

    #[test]
    fn words_and_impossible_octets_are_no_addresses() {
        for text in ["256.1.1.1", "1.2.3", "1.2.3.4.5", "curl", "", "443", "ab", "1.2.3.4444", "a.b.c.d"] {
            assert_eq!(text_addr(text), None, "{text}");
        }
    }
}
