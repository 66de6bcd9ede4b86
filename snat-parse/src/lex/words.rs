//! Words, blanks, and the phrases that Go's tools print for spans of time.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::{digit1, one_of, space1};
use nom::combinator::{opt, recognize, rest};
use nom::multi::many1;
use nom::{IResult, Parser};

use super::number;

/// One run of characters without blanks.
pub(crate) fn word(input: &str) -> IResult<&str, &str> {
    take_while1(|c: char| !c.is_whitespace()).parse(input)
}

/// Whether a word can be a name of the Kubernetes API: what people mask names with is let through.
pub(crate) fn is_api_name(text: &str) -> bool {
    let inner = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '/' | '_' | '*' | '<' | '>' | '{' | '}' | '$' | '…')
    };
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '<' | '{' | '$'))
        && text.chars().all(inner)
        && !text.starts_with("<none>")
}

/// Whether a word can be an id of the runtime: hex digits, some of them masked or cut.
pub(crate) fn is_id(text: &str) -> bool {
    let digit = |c: char| c.is_ascii_hexdigit() || matches!(c, 'x' | 'X' | '*' | '.' | '…');
    text.starts_with(|c: char| c.is_ascii_hexdigit() || matches!(c, 'x' | 'X' | '*')) && text.chars().all(digit)
}

/// At least one blank or tab.
pub(crate) fn blanks(input: &str) -> IResult<&str, &str> {
    space1(input)
}

/// What is left of the line, without the blanks around it.
pub(crate) fn rest_of_line(input: &str) -> IResult<&str, &str> {
    rest.map(str::trim).parse(input)
}

/// A whole number word: digits and then a blank or the end.
pub(crate) fn count(input: &str) -> IResult<&str, u64> {
    let (after, value) = number(input)?;
    let (after, ()) = end_of_word(after)?;
    Ok((after, value))
}

fn end_of_word(input: &str) -> IResult<&str, ()> {
    nom::combinator::peek(alt((space1, nom::combinator::eof))).map(|_| ()).parse(input)
}

/// The CREATED phrase of go-units: `Less than a second ago`, `About an hour ago`, `47 hours ago`.
pub(crate) fn ago(input: &str) -> IResult<&str, &str> {
    let unit = (
        alt((tag("second"), tag("minute"), tag("hour"), tag("day"), tag("week"), tag("month"), tag("year"))),
        opt(tag("s")),
    );
    let amount = alt((
        recognize((tag("Less"), space1, tag("than"), space1, tag("a"))),
        recognize((tag("About"), space1, alt((tag("an"), tag("a"))))),
        digit1,
    ));
    recognize((amount, space1, unit, opt((space1, tag("ago"))))).parse(input)
}

/// A Kubernetes age: `41d`, `3d5h`, `2m7s`, `<unknown>`, `<invalid>`; as a whole word.
pub(crate) fn age(input: &str) -> IResult<&str, &str> {
    let span = recognize(many1((digit1, one_of("smhdy"))));
    let (after, text) = alt((span, tag("<unknown>"), tag("<invalid>"), tag("<none>"))).parse(input)?;
    let (after, ()) = end_of_word(after)?;
    Ok((after, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phrase_of_go_units_is_read() {
        for text in [
            "Less than a second ago",
            "1 second ago",
            "59 seconds ago",
            "About a minute ago",
            "46 minutes ago",
            "About an hour ago",
            "47 hours ago",
            "13 days ago",
            "8 weeks ago",
            "23 months ago",
            "2 years ago",
        ] {
            assert_eq!(ago(text), Ok(("", text)));
        }
        assert!(ago("a while ago").is_err());
    }

    #[test]
    fn ages_are_whole_words() {
        assert_eq!(age("3d5h  10.0.0.1"), Ok(("  10.0.0.1", "3d5h")));
        assert!(age("3d5hx").is_err());
        assert!(age("12").is_err());
    }
}
