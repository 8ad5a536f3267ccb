//! Headers of answers that decide how a request is repeated.
//!
//! - `Retry-After` ([RFC 9110, 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)): seconds, or a
//!   date in one of three forms ([5.6.7](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7));
//! - `Content-Range` ([14.4](https://www.rfc-editor.org/rfc/rfc9110#section-14.4)): which bytes an answer
//!   of status 206 holds;
//! - `ETag` and `Last-Modified` as validators: whether two answers are of the same content.
//!
//! All of them are foreign text: what is malformed is as if it were not there.

use std::time::{Duration, SystemTime};

use crate::net::Extra;

/// How long a server wants to be left alone, from `now` on; zero where the time has passed.
pub fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a very long time.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(http_date(text)?))?;
    Some(at.duration_since(now).unwrap_or_default())
}

/// The bytes that an answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentRange {
    /// The first one, counted from 0.
    pub first: u64,
    /// The last one.
    pub last: u64,
    /// How many there are in the whole; not always told.
    pub total: Option<u64>,
}

/// `bytes 5-9/10` or `bytes 5-9/*`; nothing that contradicts itself.
pub fn content_range(text: &str) -> Option<ContentRange> {
    let number = |text: &str| -> Option<u64> {
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
    };
    let (unit, rest) = text.trim().split_once(' ')?;
    let (range, total) = rest.trim().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    let total = match total {
        "*" => None,
        total => Some(number(total)?),
    };
    let is_sound = first <= last && total.is_none_or(|total| last < total);
    (unit.eq_ignore_ascii_case("bytes") && is_sound).then_some(ContentRange { first, last, total })
}

/// What tells this content from another under the same address: a strong ETag, or a date.
pub fn validator(extra: &Extra) -> Option<String> {
    let is_strong = |tag: &&String| tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"');
    let date = |date: &&String| http_date(date).is_some();
    let tag = extra.etag.as_ref().filter(is_strong);
    tag.or(extra.last_modified.as_ref().filter(date)).cloned()
}

/// Seconds since 1970: `Sun, 06 Nov 1994 08:49:37 GMT`, or one of the two obsolete forms.
fn http_date(text: &str) -> Option<u64> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let (day, month, year, time) = match words[..] {
        [_, day, month, year, time, "GMT"] => (day, month, number(year, 4)?, time),
        [_, date, time, "GMT"] => {
            let mut parts = date.split('-');
            let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
            // Two digits, of this century unless that is far away.
            let year = number(year, 2)?;
            (day, month, if year < 70 { 2000 + year } else { 1900 + year }, time)
        }
        [_, month, day, time, year] => (day, month, number(year, 4)?, time),
        _ => return None,
    };
    let months =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|name| *name == month)? as u64 + 1;
    let day = number(day, 2)?;
    let mut parts = time.split(':');
    let (hour, minute, second) =
        (number(parts.next()?, 2)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let is_sound = (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    if !is_sound || year < 1970 || parts.next().is_some() {
        return None;
    }
    Some(((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

/// A number of one to `most` digits.
fn number(text: &str, most: usize) -> Option<u64> {
    let is_number = text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// Days from 1970 to a date; years of four digits, from 1970 on.
fn days(year: u64, month: u64, day: u64) -> u64 {
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let leap_days = year / 4 - year / 100 + year / 400;
    // From the first of March of the year 0 to 1970 there are 719468 days.
    (year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1).saturating_sub(719_468)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn retry_after_in_seconds_and_dates() {
        // 1994-11-06 08:49:37
        let now = at(784_111_777 - 100);
        for (text, want) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("99999999999999999999999", Some(u64::from(u32::MAX))),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(100)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(100)),
            ("Sun Nov  6 08:49:37 1994", Some(100)),
            ("Sat, 05 Nov 1994 08:49:37 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sun, 06 Nov 1994 24:00:00 GMT", None),
            ("Sun, 00 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1901 08:49:37 GMT", None),
            ("-1", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
        ] {
            assert_eq!(retry_after(text, now), want.map(Duration::from_secs), "{text:?}");
        }
        let leap = at(0);
        let day = |text| retry_after(text, leap).map(|wait| wait.as_secs() / 86400);
        assert_eq!(day("Thu, 29 Feb 2024 00:00:00 GMT"), Some(19782));
        assert_eq!(day("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(day("Fri, 01 Mar 2024 00:00:00 GMT"), Some(19783));
    }

    #[test]
    fn ranges_that_make_sense() {
        let range = |first, last, total| Some(ContentRange { first, last, total });
        for (text, want) in [
            ("bytes 5-9/10", range(5, 9, Some(10))),
            ("Bytes 0-0/*", range(0, 0, None)),
            ("bytes 5-10/10", None),
            ("bytes 5-4/10", None),
            ("bytes */10", None),
            ("bytes +5-9/10", None),
            ("pages 5-9/10", None),
            ("bytes 5-99999999999999999999/*", None),
            ("", None),
        ] {
            assert_eq!(content_range(text), want, "{text:?}");
        }
    }

    #[test]
    fn weak_tags_prove_nothing() {
        let extra = |etag: Option<&str>, date: Option<&str>| Extra {
            etag: etag.map(str::to_owned),
            last_modified: date.map(str::to_owned),
            ..Extra::default()
        };
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        for (extra, want) in [
            (extra(Some("\"a\""), date), Some("\"a\"")),
            (extra(Some("W/\"a\""), date), date),
            (extra(Some("\"\""), None), None),
            (extra(Some("a"), None), None),
            (extra(None, Some("yesterday")), None),
        ] {
            assert_eq!(validator(&extra).as_deref(), want, "{extra:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,60}", seconds in 0u64..1 << 40) {
            let _ = retry_after(&text, at(seconds));
            let _ = content_range(&text);
        }

        #[test]
        fn dates_are_read_as_they_are_written(day in 0u64..40_000, second in 0u64..86_400) {
            let text = imf(day, second);
            prop_assert_eq!(http_date(&text), Some(day * 86_400 + second), "{}", text);
        }

        #[test]
        fn ranges_are_read_as_they_are_written(first: u32, more: u32, rest: Option<u32>) {
            let (first, last) = (u64::from(first), u64::from(first) + u64::from(more));
            let total = rest.map(|rest| last + 1 + u64::from(rest));
            let shown = total.map_or("*".to_owned(), |total| total.to_string());
            let text = format!("bytes {first}-{last}/{shown}");
            prop_assert_eq!(content_range(&text), Some(ContentRange { first, last, total }));
        }
    }

    /// A date by counting, the slow and obvious way.
    fn imf(day: u64, second: u64) -> String {
        let is_leap = |year: u64| {
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
        };
        let (mut year, mut month, mut rest) = (1970, 0, day);
        let lengths =
            |year| [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        while rest >= 365 + u64::from(is_leap(year)) {
            rest -= 365 + u64::from(is_leap(year));
            year += 1;
        }
        while rest >= lengths(year)[month] {
            rest -= lengths(year)[month];
            month += 1;
        }
        let names =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        format!(
            "Day, {:02} {} {year} {hour:02}:{minute:02}:{second:02} GMT",
            rest + 1,
            names[month]
        )
    }
}
