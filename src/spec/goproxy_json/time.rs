//! Points in time as `.info` files and version lists carry them.
//!
//! Implements the `Time` field of [GOPROXY protocol](https://go.dev/ref/mod#goproxy-protocol) of
//! the Go Modules Reference: an RFC 3339 time stamp, which in practice is whatever Go's
//! `time.Parse(time.RFC3339, …)` accepts, and that is a little more than the RFC:
//!
//! ```text
//! time     = year "-" month "-" day "T" hour ":" minute ":" second [ fraction ] zone
//! year     = 4 digits, 0000 to 9999          hour     = 1 or 2 digits, 0 to 23
//! month    = 2 digits, 01 to 12              minute   = 2 digits, 00 to 59
//! day      = 2 digits, valid in the month    second   = 2 digits, 00 to 59 (no leap second)
//! fraction = "." or ",", then digits; those past nanoseconds are dropped
//! zone     = "Z", or sign, 2 digits up to 24, ":", 2 digits up to 60
//! ```
//!
//! Writing is strict: trailing zeros of the fraction go, a zero offset is `Z`, and a year that has
//! not four digits or an offset of 24 hours and more cannot be written at all.
//!
//! ```
//! use gomodfetch::spec::goproxy_json::GoTime;
//!
//! let time = GoTime::parse(b"2024-05-01T9:30:00,250+02:00").unwrap();
//! assert_eq!(time.to_rfc3339().unwrap(), "2024-05-01T09:30:00.25+02:00");
//! ```

use crate::spec::module::Timestamp;

/// The layout's name in error messages.
const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";
const SECONDS_PER_MINUTE: i64 = 60;

/// A point in time to the nanosecond, and the offset from UTC in which it is written.
///
/// Equality compares both; [`GoTime::is_before`] looks at the point in time alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GoTime {
    /// Since 1970-01-01T00:00:00Z, leap seconds not counted.
    seconds: i64,
    nanoseconds: u32,
    /// Minutes east of UTC.
    offset: i32,
}

impl Default for GoTime {
    fn default() -> Self {
        GoTime::ZERO
    }
}

impl GoTime {
    /// `0001-01-01T00:00:00Z`, which stands for a time that is not known.
    pub const ZERO: GoTime = GoTime::from_unix(-62_135_596_800);

    /// The time that many seconds after 1970-01-01T00:00:00Z, written in UTC.
    pub const fn from_unix(seconds: i64) -> GoTime {
        GoTime { seconds, nanoseconds: 0, offset: 0 }
    }

    /// The time so many nanoseconds after 1970-01-01T00:00:00Z, written with an offset of so many
    /// minutes; `None` where it is too far away.
    pub fn from_parts(nanoseconds: i128, offset: i32) -> Option<GoTime> {
        const PER_SECOND: i128 = 1_000_000_000;
        Some(GoTime {
            seconds: i64::try_from(nanoseconds.div_euclid(PER_SECOND)).ok()?,
            nanoseconds: u32::try_from(nanoseconds.rem_euclid(PER_SECOND)).ok()?,
            offset,
        })
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub const fn unix_seconds(&self) -> i64 {
        self.seconds
    }

    /// The fraction of the second, in nanoseconds.
    pub const fn nanoseconds(&self) -> u32 {
        self.nanoseconds
    }

    /// The offset from UTC that it is written in, in minutes east.
    pub const fn offset_minutes(&self) -> i32 {
        self.offset
    }

    /// Reports whether this point in time is earlier than `other`, whatever their offsets.
    pub fn is_before(&self, other: &GoTime) -> bool {
        (self.seconds, self.nanoseconds) < (other.seconds, other.nanoseconds)
    }

    /// Reads a time stamp as Go's `time.Parse(time.RFC3339, …)` does, which accepts more than RFC
    /// 3339: an hour of one digit, a comma before the fraction, and offsets of up to 24:60.
    pub fn parse(text: &[u8]) -> Result<GoTime, TimeParseError> {
        let mut input = Input { whole: text, rest: text };
        let year = input.year()?;
        input.mark("-")?;
        let month = input.two_digits("01")?;
        input.check((1..=12).contains(&month), "month")?;
        input.mark("-")?;
        let day = input.two_digits("02")?;
        input.mark("T")?;
        let hour = input.one_or_two_digits("15")?;
        input.check(hour <= 23, "hour")?;
        input.mark(":")?;
        let minute = input.two_digits("04")?;
        input.check(minute <= 59, "minute")?;
        input.mark(":")?;
        let second = input.two_digits("05")?;
        input.check(second <= 59, "second")?;
        let nanoseconds = input.fraction();
        let offset = input.zone()?;
        if !input.rest.is_empty() {
            return Err(input.extra_text());
        }
        let digits = format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}");
        // All but the day have been found to be in range.
        let local = Timestamp::parse(&digits).ok_or_else(|| input.out_of_range("day"))?;
        let seconds = local.unix() - i64::from(offset) * SECONDS_PER_MINUTE;
        Ok(GoTime { seconds, nanoseconds, offset })
    }

    /// The time stamp to write, with as many digits of the fraction as it needs.
    pub fn to_rfc3339(&self) -> Result<String, TimeEncodeError> {
        let offset = i64::from(self.offset) * SECONDS_PER_MINUTE;
        let local = Timestamp::from_unix(self.seconds.saturating_add(offset));
        let digits = local.ok_or(TimeEncodeError::Year)?.to_string();
        let part = |range| digits.get(range).unwrap_or_default();
        let (year, month, day) = (part(0..4), part(4..6), part(6..8));
        let (hour, minute, second) = (part(8..10), part(10..12), part(12..14));
        let mut text = format!("{year}-{month}-{day}T{hour}:{minute}:{second}");
        if self.nanoseconds != 0 {
            let digits = format!("{:09}", self.nanoseconds);
            text.push('.');
            text.push_str(digits.trim_end_matches('0'));
        }
        let (hours, minutes) = (self.offset.abs() / 60, self.offset.abs() % 60);
        match self.offset {
            0 => text.push('Z'),
            _ if hours > 23 => return Err(TimeEncodeError::ZoneHour),
            ..0 => text.push_str(&format!("-{hours:02}:{minutes:02}")),
            1.. => text.push_str(&format!("+{hours:02}:{minutes:02}")),
        }
        Ok(text)
    }
}

/// Why a text is no time stamp.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeParseError {
    /// Its form is wrong.
    #[error(
        "parsing time {} as \"{LAYOUT}\": cannot parse {} as \"{element}\"",
        quote(text),
        quote(rest)
    )]
    Syntax {
        /// The whole text.
        text: Vec<u8>,
        /// What was left of it.
        rest: Vec<u8>,
        /// The element of the layout that stands there.
        element: &'static str,
    },
    /// A number is too large, or the day is none of the month's.
    #[error("parsing time {}: {element} out of range", quote(text))]
    OutOfRange {
        /// The whole text.
        text: Vec<u8>,
        /// What the number is, such as `month`.
        element: &'static str,
    },
    /// Something follows the time.
    #[error("parsing time {}: extra text: {}", quote(text), quote(rest))]
    ExtraText {
        /// The whole text.
        text: Vec<u8>,
        /// What follows.
        rest: Vec<u8>,
    },
}

/// Why a time cannot be written as a time stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeEncodeError {
    /// The year has not four digits.
    #[error("year outside of range [0,9999]")]
    Year,
    /// The offset from UTC is 24 hours or more, which can be read but not written.
    #[error("timezone hour outside of range [0,23]")]
    ZoneHour,
}

/// The text while it is read from left to right.
struct Input<'a> {
    whole: &'a [u8],
    rest: &'a [u8],
}

impl Input<'_> {
    fn mark(&mut self, mark: &'static str) -> Result<(), TimeParseError> {
        self.rest = self.rest.strip_prefix(mark.as_bytes()).ok_or_else(|| self.syntax(mark))?;
        Ok(())
    }

    fn year(&mut self) -> Result<i64, TimeParseError> {
        match self.rest {
            [a, b, c, d, tail @ ..] => {
                let year = number(&[*a, *b, *c, *d]).ok_or_else(|| self.syntax("2006"))?;
                self.rest = tail;
                Ok(year)
            }
            _ => Err(self.syntax("2006")),
        }
    }

    fn two_digits(&mut self, element: &'static str) -> Result<i64, TimeParseError> {
        match self.rest {
            [a @ b'0'..=b'9', b @ b'0'..=b'9', tail @ ..] => {
                self.rest = tail;
                Ok(i64::from(a - b'0') * 10 + i64::from(b - b'0'))
            }
            _ => Err(self.syntax(element)),
        }
    }

    fn one_or_two_digits(&mut self, element: &'static str) -> Result<i64, TimeParseError> {
        match self.rest {
            [_, b'0'..=b'9', ..] => self.two_digits(element),
            [a @ b'0'..=b'9', tail @ ..] => {
                self.rest = tail;
                Ok(i64::from(a - b'0'))
            }
            _ => Err(self.syntax(element)),
        }
    }

    /// The fraction in nanoseconds; a separator without a digit is left for [`Input::zone`].
    fn fraction(&mut self) -> u32 {
        let [b'.' | b',', digits @ ..] = self.rest else {
            return 0;
        };
        let count = digits.iter().take_while(|b| b.is_ascii_digit()).count();
        if count == 0 {
            return 0;
        }
        let (digits, tail) = digits.split_at(count);
        self.rest = tail;
        let padded = digits.iter().chain(std::iter::repeat(&b'0')).take(9);
        padded.fold(0, |nanoseconds, b| nanoseconds * 10 + u32::from(b - b'0'))
    }

    /// The offset from UTC in minutes.
    fn zone(&mut self) -> Result<i32, TimeParseError> {
        match self.rest {
            [b'Z', tail @ ..] => {
                self.rest = tail;
                Ok(0)
            }
            [sign, h1, h2, b':', m1, m2, tail @ ..] => {
                // A range is checked even where the sign is wrong, and that error comes first.
                let hours = number(&[*h1, *h2]);
                let minutes = hours.and_then(|_| number(&[*m1, *m2]));
                self.check(minutes.is_none_or(|m| m <= 60), "time zone offset minute")?;
                self.check(hours.is_none_or(|h| h <= 24), "time zone offset hour")?;
                let (hours, minutes) = hours.zip(minutes).ok_or_else(|| self.syntax("Z07:00"))?;
                let sign = match sign {
                    b'+' => 1,
                    b'-' => -1,
                    _ => return Err(self.syntax("Z07:00")),
                };
                self.rest = tail;
                Ok(sign * (hours * 60 + minutes) as i32)
            }
            _ => Err(self.syntax("Z07:00")),
        }
    }

    fn check(&self, in_range: bool, element: &'static str) -> Result<(), TimeParseError> {
        if in_range { Ok(()) } else { Err(self.out_of_range(element)) }
    }

    fn syntax(&self, element: &'static str) -> TimeParseError {
        let (text, rest) = (self.whole.to_vec(), self.rest.to_vec());
        TimeParseError::Syntax { text, rest, element }
    }

    fn out_of_range(&self, element: &'static str) -> TimeParseError {
        TimeParseError::OutOfRange { text: self.whole.to_vec(), element }
    }

    fn extra_text(&self) -> TimeParseError {
        TimeParseError::ExtraText { text: self.whole.to_vec(), rest: self.rest.to_vec() }
    }
}

/// A decimal number of a few digits.
fn number(digits: &[u8]) -> Option<i64> {
    digits
        .iter()
        .try_fold(0, |number, b| b.is_ascii_digit().then(|| number * 10 + i64::from(b - b'0')))
}

/// `text` in quotes, with control characters and all that is not ASCII as bytes of the form `\xNN`,
/// which is not how Go quotes elsewhere.
fn quote(text: &[u8]) -> String {
    let mut quoted = String::from("\"");
    for &byte in text {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            b' '..0x80 => quoted.push(char::from(byte)),
            _ => quoted.push_str(&format!("\\x{byte:02x}")),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What the text is written as again, or the error.
    fn rewritten(text: &str) -> String {
        match GoTime::parse(text.as_bytes()) {
            Ok(time) => time.to_rfc3339().unwrap_or_else(|err| err.to_string()),
            Err(err) => err.to_string(),
        }
    }

    #[test]
    fn times_are_rewritten_in_the_shortest_form() {
        let cases: &[(&str, &str)] = &[
            ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
            ("0000-01-01T00:00:00+09:00", "0000-01-01T00:00:00+09:00"),
            ("9999-12-31T23:59:59.999999999-23:59", "9999-12-31T23:59:59.999999999-23:59"),
            ("2021-07-04T12:00:00.120300Z", "2021-07-04T12:00:00.1203Z"),
            ("2021-07-04T12:00:00.000Z", "2021-07-04T12:00:00Z"),
            ("2021-07-04T12:00:00.0000000019Z", "2021-07-04T12:00:00.000000001Z"),
            ("2021-07-04T12:00:00,5Z", "2021-07-04T12:00:00.5Z"),
            ("2021-07-04T7:00:00Z", "2021-07-04T07:00:00Z"),
            ("2021-07-04T12:00:00+00:00", "2021-07-04T12:00:00Z"),
            ("2021-07-04T12:00:00-00:00", "2021-07-04T12:00:00Z"),
            ("2021-07-04T12:00:00-03:30", "2021-07-04T12:00:00-03:30"),
            ("2021-07-04T12:00:00+22:60", "2021-07-04T12:00:00+23:00"),
            ("2021-07-04T12:00:00+24:00", "timezone hour outside of range [0,23]"),
            ("2021-07-04T12:00:00-23:60", "timezone hour outside of range [0,23]"),
        ];
        for (text, want) in cases {
            assert_eq!(rewritten(text), *want, "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        // TEXT: the layout's element that does not match, and what stands there; or what is wrong.
        let cases: &[(&str, &str)] = &[
            ("", "2006 at "),
            ("24-07-04", "2006 at 24-07-04"),
            ("2021/07/04", "- at /07/04"),
            ("2021-7-04", "01 at 7-04"),
            ("2021-13-04", "month out of range"),
            ("2021-00-04", "month out of range"),
            ("2021-07-4T", "02 at 4T"),
            ("2021-07-04 12:00:00Z", "T at  12:00:00Z"),
            ("2021-07-04Tx", "15 at x"),
            ("2021-07-04T24:00:00Z", "hour out of range"),
            ("2021-07-04T12.00", ": at .00"),
            ("2021-07-04T12:0", "04 at 0"),
            ("2021-07-04T12:60:00Z", "minute out of range"),
            ("2021-07-04T12:00:0Z", "05 at 0Z"),
            ("2021-07-04T12:00:60Z", "second out of range"),
            ("2021-07-04T12:00:00", "Z07:00 at "),
            ("2021-07-04T12:00:00.Z", "Z07:00 at .Z"),
            ("2021-07-04T12:00:00z", "Z07:00 at z"),
            ("2021-07-04T12:00:00+0100", "Z07:00 at +0100"),
            ("2021-07-04T12:00:00+1a:00", "Z07:00 at +1a:00"),
            ("2021-07-04T12:00:00*01:00", "Z07:00 at *01:00"),
            ("2021-07-04T12:00:00*25:00", "time zone offset hour out of range"),
            ("2021-07-04T12:00:00+25:xx", "time zone offset hour out of range"),
            ("2021-07-04T12:00:00+25:61", "time zone offset minute out of range"),
            ("2021-02-29T12:00:00Z", "day out of range"),
            ("2021-07-00T12:00:00Z", "day out of range"),
            ("2021-02-30T12:00:00ZZ", "extra text: \"Z\""),
        ];
        for (text, want) in cases {
            let want = match want.split_once(" at ") {
                Some((element, rest)) => format!(
                    "parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": \
                     cannot parse \"{rest}\" as \"{element}\""
                ),
                None => format!("parsing time \"{text}\": {want}"),
            };
            assert_eq!(rewritten(text), want);
        }
    }

    #[test]
    fn messages_show_bytes_that_are_not_ascii() {
        let err = GoTime::parse(b"\"\\\x1f\x7f\xff\xc3\xa9").unwrap_err();
        let quoted = "\"\\\"\\\\\\x1f\u{7f}\\xff\\xc3\\xa9\"";
        assert!(err.to_string().contains(quoted), "{err}");
    }

    #[test]
    fn times_are_compared_as_points_in_time() {
        let parse = |text: &str| GoTime::parse(text.as_bytes()).unwrap();
        let ordered = [
            GoTime::ZERO,
            parse("1969-12-31T23:59:59.5Z"),
            GoTime::from_unix(0),
            parse("2021-07-04T13:00:00+02:00"),
            parse("2021-07-04T11:30:00Z"),
            parse("2021-07-04T11:30:00.000000001Z"),
        ];
        for (i, a) in ordered.iter().enumerate() {
            for (k, b) in ordered.iter().enumerate() {
                assert_eq!(a.is_before(b), i < k, "{a:?} and {b:?}");
            }
        }
        assert_eq!(parse("2021-07-04T13:00:00+02:00").unix_seconds(), 1_625_396_400);
        assert_eq!(GoTime::default().to_rfc3339().as_deref(), Ok("0001-01-01T00:00:00Z"));
    }

    #[test]
    fn only_years_of_four_digits_are_written() {
        for (seconds, want) in [
            (253_402_300_799, Ok("9999-12-31T23:59:59Z")),
            (253_402_300_800, Err(TimeEncodeError::Year)),
            (-62_167_219_200, Ok("0000-01-01T00:00:00Z")),
            (-62_167_219_201, Err(TimeEncodeError::Year)),
            (i64::MAX, Err(TimeEncodeError::Year)),
            (i64::MIN, Err(TimeEncodeError::Year)),
        ] {
            let written = GoTime::from_unix(seconds).to_rfc3339();
            assert_eq!(written.as_deref().map_err(|err| *err), want, "{seconds}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_can_be_read(
            seconds in -62_167_132_800i64..253_402_214_400,
            nanoseconds in prop_oneof![Just(0), 0u32..1_000_000_000, Just(120_000_000)],
            offset in -1439i32..1440,
        ) {
            let time = GoTime { seconds, nanoseconds, offset };
            let text = time.to_rfc3339().unwrap();
            prop_assert_eq!(GoTime::parse(text.as_bytes()), Ok(time));
        }

        #[test]
        fn any_text_is_a_time_or_an_error(
            text in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{1,2}:[0-9]{2}:[0-9]{2}([.,][0-9]*)?(Z|[+-][0-9]{2}:[0-9]{2})\\PC?",
            cut in 0usize..40,
        ) {
            let bytes = text.as_bytes();
            let _ = GoTime::parse(bytes.get(..cut).unwrap_or(bytes));
            if let Ok(time) = GoTime::parse(bytes) && let Ok(again) = time.to_rfc3339() {
                prop_assert_eq!(GoTime::parse(again.as_bytes()), Ok(time));
            }
        }
    }
}
