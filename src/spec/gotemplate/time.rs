//! What templates can do with times: the methods of `time.Time`, and layouts.
//!
//! A layout shows how the reference time would be written: `Mon Jan 2 15:04:05 MST 2006`.

use crate::spec::goproxy_json::GoTime;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
/// What `String` writes.
const DEFAULT_LAYOUT: &str = "2006-01-02 15:04:05.999999999 -0700 MST";
const SECONDS_PER_DAY: i64 = 86_400;

/// The name of a month, counted from 1.
pub(super) fn month_name(month: i64) -> String {
    name_of(&MONTHS, month - 1).map_or_else(|| format!("%!Month({month})"), str::to_owned)
}

/// The name of a day of the week, Sunday being 0.
pub(super) fn weekday_name(day: i64) -> String {
    name_of(&WEEKDAYS, day).map_or_else(|| format!("%!Weekday({day})"), str::to_owned)
}

fn name_of(names: &[&'static str], at: i64) -> Option<&'static str> {
    usize::try_from(at).ok().and_then(|at| names.get(at).copied())
}

/// A time taken apart, in the offset it is written in.
pub(super) struct Parts {
    pub year: i64,
    /// From 1.
    pub month: i64,
    pub day: i64,
    /// From 1.
    pub year_day: i64,
    /// Sunday is 0.
    pub weekday: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
    pub nanosecond: u32,
    /// Minutes east of UTC.
    pub offset: i64,
}

impl Parts {
    pub fn of(time: &GoTime) -> Parts {
        let offset = i64::from(time.offset_minutes());
        let seconds = time.unix_seconds().saturating_add(offset * 60);
        let days = seconds.div_euclid(SECONDS_PER_DAY);
        let rest = seconds.rem_euclid(SECONDS_PER_DAY);
        let (year, month, day) = civil(days);
        Parts {
            year,
            month,
            day,
            year_day: days - days_before(year) + 1,
            weekday: (days + 4).rem_euclid(7),
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
            nanosecond: time.nanoseconds(),
            offset,
        }
    }

    /// The zone's name: that of UTC, or its offset.
    pub fn zone(&self) -> String {
        if self.offset == 0 {
            return "UTC".to_owned();
        }
        let (sign, minutes) = self.signed_offset();
        match minutes % 60 {
            0 => format!("{sign}{:02}", minutes / 60),
            rest => format!("{sign}{:02}{rest:02}", minutes / 60),
        }
    }

    fn signed_offset(&self) -> (char, i64) {
        (if self.offset < 0 { '-' } else { '+' }, self.offset.abs())
    }

    fn offset_text(&self, form: Zone) -> String {
        if form.z_for_utc && self.offset == 0 {
            return "Z".to_owned();
        }
        let (sign, minutes) = self.signed_offset();
        let colon = if form.colon { ":" } else { "" };
        let mut text = format!("{sign}{:02}", minutes / 60);
        if form.parts > 1 {
            text.push_str(&format!("{colon}{:02}", minutes % 60));
        }
        if form.parts > 2 {
            text.push_str(&format!("{colon}00"));
        }
        text
    }
}

/// Days from 1970 to a date, whose month and day may lie outside of their ranges.
pub(super) fn days_of(year: i64, month: i64, day: i64) -> Option<i64> {
    const MAX: i64 = 1 << 40;
    if [year, month, day].iter().any(|part| !(-MAX..=MAX).contains(part)) {
        return None;
    }
    let (year, month) = (year + (month - 1).div_euclid(12), (month - 1).rem_euclid(12) + 1);
    let is_leap = days_before(year + 1) - days_before(year) == 366;
    let lengths = [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before: i64 = lengths.iter().take(usize::try_from(month - 1).unwrap_or_default()).sum();
    Some(days_before(year) + before + day - 1)
}

/// Days from 1970 to the beginning of a year.
fn days_before(year: i64) -> i64 {
    let before = year - 1;
    let leap = before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
    before * 365 + leap - 719_162
}

/// Year, month and day of a number of days after 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    // Of an era of 400 years that begins with March.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// How an offset from UTC is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Zone {
    z_for_utc: bool,
    colon: bool,
    /// Hours, minutes, seconds: how many of them.
    parts: u8,
}

/// An element of a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    LongMonth,
    Month,
    MonthNumber,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperPm,
    LowerPm,
    ZoneName,
    Offset(Zone),
    /// A separator and as many digits; without trailing zeros if so.
    Fraction {
        comma: bool,
        digits: usize,
        trims: bool,
    },
}

const OFFSETS: [(&str, u8, bool); 5] = [
    ("07:00:00", 3, true),
    ("070000", 3, false),
    ("07:00", 2, true),
    ("0700", 2, false),
    ("07", 1, false),
];

/// The time written by a layout.
pub(super) fn format(time: &GoTime, layout: &[u8]) -> Vec<u8> {
    let parts = Parts::of(time);
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(rest) = layout.get(at..).filter(|rest| !rest.is_empty()) {
        match element(layout, at) {
            None => {
                out.extend(rest.first());
                at += 1;
            }
            Some((element, length)) => {
                write(&mut out, element, &parts);
                at += length;
            }
        }
    }
    out
}

/// What `String` gives.
pub(super) fn to_text(time: &GoTime) -> Vec<u8> {
    format(time, DEFAULT_LAYOUT.as_bytes())
}

/// What `GoString` gives.
pub(super) fn to_go_text(time: &GoTime) -> Vec<u8> {
    let parts = Parts::of(time);
    let month = match name_of(&MONTHS, parts.month - 1) {
        Some(name) => format!("time.{name}"),
        None => parts.month.to_string(),
    };
    let zone =
        if parts.offset == 0 { "time.UTC".to_owned() } else { "time.Location(\"\")".to_owned() };
    format!(
        "time.Date({}, {month}, {}, {}, {}, {}, {}, {zone})",
        parts.year, parts.day, parts.hour, parts.minute, parts.second, parts.nanosecond
    )
    .into_bytes()
}

/// The element of a layout that begins at a place, and its length.
fn element(layout: &[u8], at: usize) -> Option<(Element, usize)> {
    let rest = layout.get(at..)?;
    let starts = |text: &str| rest.starts_with(text.as_bytes());
    let pick = |choices: &[(&str, Element)]| {
        choices.iter().find(|(text, _)| starts(text)).map(|(text, e)| (*e, text.len()))
    };
    match rest.first()? {
        b'J' => {
            // `Jan` is only an element where no further lower-case letter makes it another word.
            if starts("January") {
                return Some((Element::LongMonth, 7));
            }
            (starts("Jan") && !is_lower(rest.get(3))).then_some((Element::Month, 3))
        }
        b'M' => {
            if starts("Monday") {
                return Some((Element::LongWeekday, 6));
            }
            if starts("Mon") && !is_lower(rest.get(3)) {
                return Some((Element::Weekday, 3));
            }
            starts("MST").then_some((Element::ZoneName, 3))
        }
        b'0' => pick(&[
            ("002", Element::ZeroYearDay),
            ("01", Element::ZeroMonth),
            ("02", Element::ZeroDay),
            ("03", Element::ZeroHour12),
            ("04", Element::ZeroMinute),
            ("05", Element::ZeroSecond),
            ("06", Element::Year),
        ]),
        b'1' if starts("15") => Some((Element::Hour, 2)),
        b'1' => Some((Element::MonthNumber, 1)),
        b'2' if starts("2006") => Some((Element::LongYear, 4)),
        b'2' => Some((Element::Day, 1)),
        b'_' if starts("__2") => Some((Element::UnderYearDay, 3)),
        // `_2006` is an underscore and a year.
        b'_' if starts("_2") && !starts("_2006") => Some((Element::UnderDay, 2)),
        b'3' => Some((Element::Hour12, 1)),
        b'4' => Some((Element::Minute, 1)),
        b'5' => Some((Element::Second, 1)),
        b'P' if starts("PM") => Some((Element::UpperPm, 2)),
        b'p' if starts("pm") => Some((Element::LowerPm, 2)),
        b'-' | b'Z' => {
            let z_for_utc = rest.first() == Some(&b'Z');
            let digits = rest.get(1..)?;
            let found = OFFSETS.iter().find(|(text, _, _)| digits.starts_with(text.as_bytes()))?;
            let (text, parts, colon) = *found;
            Some((Element::Offset(Zone { z_for_utc, colon, parts }), text.len() + 1))
        }
        b'.' | b',' => {
            let digit = *rest.get(1).filter(|digit| matches!(digit, b'0' | b'9'))?;
            let digits = rest.iter().skip(1).take_while(|byte| **byte == digit).count();
            let next = rest.get(1 + digits);
            let comma = rest.first() == Some(&b',');
            let fraction = Element::Fraction { comma, digits, trims: digit == b'9' };
            (!next.is_some_and(u8::is_ascii_digit)).then_some((fraction, digits + 1))
        }
        _ => None,
    }
}

fn is_lower(byte: Option<&u8>) -> bool {
    byte.is_some_and(u8::is_ascii_lowercase)
}

fn write(out: &mut Vec<u8>, element: Element, parts: &Parts) {
    let short = |name: String| name.get(..3).unwrap_or(&name).to_owned();
    let hour12 = if parts.hour % 12 == 0 { 12 } else { parts.hour % 12 };
    let text = match element {
        Element::LongMonth => month_name(parts.month),
        Element::Month => short(month_name(parts.month)),
        Element::MonthNumber => parts.month.to_string(),
        Element::ZeroMonth => format!("{:02}", parts.month),
        Element::LongWeekday => weekday_name(parts.weekday),
        Element::Weekday => short(weekday_name(parts.weekday)),
        Element::Day => parts.day.to_string(),
        Element::UnderDay => format!("{:2}", parts.day),
        Element::ZeroDay => format!("{:02}", parts.day),
        Element::UnderYearDay => format!("{:3}", parts.year_day),
        Element::ZeroYearDay => format!("{:03}", parts.year_day),
        Element::Hour => format!("{:02}", parts.hour),
        Element::Hour12 => hour12.to_string(),
        Element::ZeroHour12 => format!("{hour12:02}"),
        Element::Minute => parts.minute.to_string(),
        Element::ZeroMinute => format!("{:02}", parts.minute),
        Element::Second => parts.second.to_string(),
        Element::ZeroSecond => format!("{:02}", parts.second),
        Element::LongYear => format!("{:04}", parts.year),
        Element::Year => format!("{:02}", parts.year.rem_euclid(100)),
        Element::UpperPm => (if parts.hour >= 12 { "PM" } else { "AM" }).to_owned(),
        Element::LowerPm => (if parts.hour >= 12 { "pm" } else { "am" }).to_owned(),
        Element::ZoneName => parts.zone(),
        Element::Offset(zone) => parts.offset_text(zone),
        Element::Fraction { comma, digits, trims } => {
            let all = format!("{:09}", parts.nanosecond);
            let mut shown: String =
                all.chars().chain(std::iter::repeat('0')).take(digits.min(9)).collect();
            if trims {
                shown.truncate(shown.trim_end_matches('0').len());
            }
            match (shown.is_empty(), comma) {
                (true, _) => shown,
                (false, true) => format!(",{shown}"),
                (false, false) => format!(".{shown}"),
            }
        }
    };
    out.extend(text.bytes());
}

/// The text of a `time.Duration`.
pub(super) fn duration_text(nanoseconds: i64) -> String {
    let total = nanoseconds.unsigned_abs();
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let fraction = |unit: u64| {
        let digits = unit.to_string().len() - 1;
        let rest = format!("{:0digits$}", total % unit);
        let rest = rest.trim_end_matches('0');
        if rest.is_empty() || unit == 1 { String::new() } else { format!(".{rest}") }
    };
    match total {
        0 => "0s".to_owned(),
        1..1_000 => format!("{sign}{total}ns"),
        1_000..1_000_000 => format!("{sign}{}{}µs", total / 1_000, fraction(1_000)),
        1_000_000..1_000_000_000 => format!("{sign}{}{}ms", total / 1_000_000, fraction(1_000_000)),
        _ => {
            let seconds = total / 1_000_000_000;
            let mut text = sign.to_owned();
            if seconds >= 3600 {
                text.push_str(&format!("{}h", seconds / 3600));
            }
            if seconds >= 60 {
                text.push_str(&format!("{}m", seconds / 60 % 60));
            }
            format!("{text}{}{}s", seconds % 60, fraction(1_000_000_000))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts() {
        let time = GoTime::parse(b"2024-02-29T15:04:05.120+05:30").unwrap();
        for (layout, want) in [
            ("2006-01-02T15:04:05Z07:00", "2024-02-29T15:04:05+05:30"),
            ("Mon Jan _2 3:4:5PM 06 MST", "Thu Feb 29 3:4:5PM 24 +0530"),
            ("Monday, January 2; 002 __2", "Thursday, February 29; 060  60"),
            (".000 .999999 ,9", ".120 .12 ,1"),
            ("Janet _2006 -0700 Z07 -07:00:00", "Janet _2024 +0530 +05 +05:30:00"),
        ] {
            assert_eq!(String::from_utf8(format(&time, layout.as_bytes())).unwrap(), want);
        }
        assert_eq!(to_text(&time), b"2024-02-29 15:04:05.12 +0530 +0530");
        assert_eq!(to_text(&GoTime::ZERO), b"0001-01-01 00:00:00 +0000 UTC");
    }

    #[test]
    fn durations() {
        for (nanoseconds, want) in [
            (0, "0s"),
            (999, "999ns"),
            (-1_500, "-1.5µs"),
            (2_000_000, "2ms"),
            (90_500_000_000, "1m30.5s"),
            (3_600_000_000_000, "1h0m0s"),
        ] {
            assert_eq!(duration_text(nanoseconds), want);
        }
    }
}
