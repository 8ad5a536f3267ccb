//! Pseudo-versions: names for commits that have no version tag.
//!
//! Implements [Pseudo-versions](https://go.dev/ref/mod#pseudo-versions) of the Go Modules Reference.
//! A pseudo-version is a semantic version made of a base, the commit's time in UTC, to the second,
//! and an abbreviated revision, so that commits order after their base and before the next tag:
//!
//! ```text
//! base                 pseudo-version
//! (none)               vX.0.0-yyyymmddhhmmss-abcdefabcdef
//! vX.Y.Z               vX.Y.(Z+1)-0.yyyymmddhhmmss-abcdefabcdef
//! vX.Y.Z-pre           vX.Y.Z-pre.0.yyyymmddhhmmss-abcdefabcdef
//! ```
//!
//! Build metadata of the base, such as `+incompatible`, is appended.
//!
//! ```
//! use gomodfetch::spec::module::{Timestamp, pseudo_version, pseudo_version_base};
//!
//! let time = Timestamp::from_unix(1_577_934_245).unwrap();
//! let v = pseudo_version("v1", "v1.2.3", time, "0123456789ab");
//! assert_eq!(v, "v1.2.4-0.20200102030405-0123456789ab");
//! assert_eq!(pseudo_version_base(&v).unwrap(), "v1.2.3");
//! ```

use std::fmt;

use super::error::{InvalidVersionError, VersionReason};
use crate::spec::semver;

/// A second in UTC, from the year 0 to the year 9999, as pseudo-versions carry it.
///
/// It displays as the fourteen digits `yyyymmddhhmmss`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp {
    /// Seconds since the beginning of 1970.
    unix: i64,
}

const SECONDS_PER_DAY: i64 = 86_400;

impl Timestamp {
    /// The beginning of the year 1, Go's zero time.
    pub const ZERO: Self = Self { unix: -62_135_596_800 };

    /// From seconds since the beginning of 1970; `None` outside the years 0 to 9999.
    pub fn from_unix(unix: i64) -> Option<Self> {
        let first = days_from_civil(0, 1, 1) * SECONDS_PER_DAY;
        let end = days_from_civil(10_000, 1, 1) * SECONDS_PER_DAY;
        (first..end).contains(&unix).then_some(Self { unix })
    }

    /// Seconds since the beginning of 1970.
    pub fn unix(self) -> i64 {
        self.unix
    }

    /// Reads the fourteen digits `yyyymmddhhmmss`; `None` if they are not such or no real time.
    pub fn parse(digits: &str) -> Option<Self> {
        if digits.len() != 14 || !digits.bytes().all(|c| c.is_ascii_digit()) {
            return None;
        }
        let field = |at: std::ops::Range<usize>| digits.get(at)?.parse::<i64>().ok();
        let (year, month, day) = (field(0..4)?, field(4..6)?, field(6..8)?);
        let (hour, minute, second) = (field(8..10)?, field(10..12)?, field(12..14)?);
        if hour > 23 || minute > 59 || second > 59 || !(1..=12).contains(&month) || day < 1 {
            return None;
        }
        let days = days_from_civil(year, month, day);
        // A day past the end of its month would count as one of the next month.
        (civil_from_days(days) == (year, month, day))
            .then_some(Self { unix: days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second })
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.unix.div_euclid(SECONDS_PER_DAY));
        let second = self.unix.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
///
/// Years are counted from March here, so that the leap day is the last day of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12 + 1;
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// Makes a pseudo-version.
///
/// `major` (`v0` if empty) is used only without a base; `base` is the latest version that the
/// commit descends from, or empty; `revision` is what identifies the commit, for git and hg the
/// first twelve digits of its hash.
pub fn pseudo_version(major: &str, base: &str, time: Timestamp, revision: &str) -> String {
    let build = semver::build(base);
    let canonical = semver::canonical(base);
    if canonical.is_empty() {
        let major = if major.is_empty() { "v0" } else { major };
        return format!("{major}.0.0-{time}-{revision}");
    }
    if !semver::prerelease(base).is_empty() {
        return format!("{canonical}.0.{time}-{revision}{build}");
    }
    let (minor, patch) = canonical.rsplit_once('.').unwrap_or_default();
    format!("{minor}.{}-0.{time}-{revision}{build}", semver::increment(patch))
}

/// The pseudo-version with zero time and revision, which stands for a version that isn't known
/// yet, for example of a module that is replaced.
pub fn zero_pseudo_version(major: &str) -> String {
    pseudo_version(major, "", Timestamp::ZERO, "000000000000")
}

/// Reports whether `version` is a pseudo-version.
pub fn is_pseudo_version(version: &str) -> bool {
    parse(version).is_some()
}

/// Reports whether `version` is the zero pseudo-version of its major version.
pub fn is_zero_pseudo_version(version: &str) -> bool {
    version == zero_pseudo_version(semver::major(version))
}

/// The commit time of a pseudo-version.
///
/// # Errors
/// `version` is no pseudo-version, or its digits are no time.
pub fn pseudo_version_time(version: &str) -> Result<Timestamp, InvalidVersionError> {
    let digits = parts(version)?.time;
    Timestamp::parse(digits).ok_or_else(|| {
        InvalidVersionError::pseudo(version, VersionReason::MalformedTime(digits.to_owned()))
    })
}

/// The revision of a pseudo-version.
///
/// # Errors
/// `version` is no pseudo-version.
pub fn pseudo_version_rev(version: &str) -> Result<&str, InvalidVersionError> {
    Ok(parts(version)?.revision)
}

/// The version that a pseudo-version is based on, with its build metadata; empty if it has none.
///
/// # Errors
/// `version` is no pseudo-version, or there can be no version that it is based on.
pub fn pseudo_version_base(version: &str) -> Result<String, InvalidVersionError> {
    let Parts { base, build, .. } = parts(version)?;
    let fail = |reason| Err(InvalidVersionError::pseudo(version, reason));
    match base {
        Base::None if build.is_empty() => Ok(String::new()),
        Base::None => fail(VersionReason::BuildWithoutBase(build.to_owned())),
        Base::Prerelease(base) => Ok(format!("{base}{build}")),
        Base::ReleaseBefore(next) => {
            let (minor, patch) = next.rsplit_once('.').unwrap_or_default();
            match semver::decrement(patch) {
                Some(patch) => Ok(format!("{minor}.{patch}{build}")),
                None => fail(VersionReason::NegativePatch(next.to_owned())),
            }
        }
    }
}

struct Parts<'a> {
    base: Base<'a>,
    time: &'a str,
    revision: &'a str,
    build: &'a str,
}

enum Base<'a> {
    None,
    /// The base is the release before this version.
    ReleaseBefore(&'a str),
    /// The base is this version.
    Prerelease(&'a str),
}

fn parts(version: &str) -> Result<Parts<'_>, InvalidVersionError> {
    parse(version).ok_or_else(|| InvalidVersionError::pseudo(version, VersionReason::PseudoSyntax))
}

/// Works from the end, since a prerelease of the base may look like anything: build metadata,
/// revision, time, and what is left is the base with its mark.
fn parse(version: &str) -> Option<Parts<'_>> {
    if !semver::is_valid(version) {
        return None;
    }
    let build = semver::build(version);
    let (rest, revision) = version.strip_suffix(build)?.rsplit_once('-')?;
    let (rest, time) = rest.split_at_checked(rest.len().checked_sub(14)?)?;
    if revision.is_empty() || revision.contains('.') || !time.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let base = if let Some(core) = rest.strip_suffix('-') {
        // Without a base, minor and patch are zero.
        let major = core.strip_suffix(".0.0")?;
        (!major.contains(['.', '-'])).then_some(Base::None)?
    } else if let Some(next) = rest.strip_suffix("-0.").filter(|next| !next.contains('-')) {
        Base::ReleaseBefore(next)
    } else {
        Base::Prerelease(rest.strip_suffix(".0.")?)
    };
    Some(Parts { base, time, revision, build })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TIME: &str = "20210304050607";

    #[test]
    fn made_and_taken_apart() {
        // major, base, and the pseudo-version less time and revision
        let cases = [
            ("", "", "v0.0.0-"),
            ("v1", "", "v1.0.0-"),
            ("v12", "", "v12.0.0-"),
            ("v1", "v1.2.3", "v1.2.4-0."),
            ("v1", "v1.2.99", "v1.2.100-0."),
            ("v1", "v1.0.0", "v1.0.1-0."),
            ("v1", "v1.2.3-rc.1", "v1.2.3-rc.1.0."),
            ("v1", "v1.2.3-0", "v1.2.3-0.0."),
            ("v2", "v2.0.0+incompatible", "v2.0.1-0."),
            ("v2", "v2.0.0-a-b+incompatible", "v2.0.0-a-b.0."),
        ];
        let time = Timestamp::parse(TIME).unwrap();
        for (major, base, wanted) in cases {
            let v = pseudo_version(major, base, time, "0123abcd");
            assert_eq!(v, format!("{wanted}{TIME}-0123abcd{}", semver::build(base)));
            assert!(is_pseudo_version(&v), "{v}");
            assert_eq!(pseudo_version_base(&v).unwrap(), base, "{v}");
            assert_eq!(pseudo_version_rev(&v).unwrap(), "0123abcd", "{v}");
            assert_eq!(pseudo_version_time(&v).unwrap(), time, "{v}");
        }
    }

    #[test]
    fn look_alikes() {
        let cases = [
            "v1.0.0",
            "v1.0.0-rc.1",
            "v1.2.0-20210304050607-0123abcd",
            "v1.2.3-a-20210304050607-0123abcd",
            "v1.2.3-1.20210304050607-0123abcd",
            "v1.2.3-a0.20210304050607-0123abcd",
            "v1.2.3-0.2021030405060-0123abcd",
            "v1.2.3-0.020210304050607-0123abcd",
            "v1.2.3-0.20210304050607-",
            "v1.2.3-0.20210304050607-a.b",
            "v1.2.3-0.20210304050607",
            "v1.2-0.20210304050607-0123abcd",
            "1.0.0-20210304050607-0123abcd",
            "",
        ];
        for v in cases {
            assert!(!is_pseudo_version(v), "{v}");
            let wanted = format!("pseudo-version \"{v}\" invalid: syntax error");
            assert_eq!(pseudo_version_base(v).unwrap_err().to_string(), wanted);
            assert_eq!(pseudo_version_rev(v).unwrap_err().to_string(), wanted);
            assert_eq!(pseudo_version_time(v).unwrap_err().to_string(), wanted);
        }
    }

    #[test]
    fn impossible_bases_and_times() {
        let base = |v| pseudo_version_base(v).unwrap_err().to_string();
        assert_eq!(
            base("v2.0.0-20210304050607-abc+incompatible"),
            "pseudo-version \"v2.0.0-20210304050607-abc+incompatible\" invalid: \
             lacks base version, but has build metadata \"+incompatible\""
        );
        assert_eq!(
            base("v1.2.0-0.20210304050607-abc"),
            "pseudo-version \"v1.2.0-0.20210304050607-abc\" invalid: \
             version before v1.2.0 would have negative patch number"
        );
        let v = "v1.2.3-0.20210230050607-abc";
        assert_eq!(
            pseudo_version_time(v).unwrap_err().to_string(),
            format!("pseudo-version \"{v}\" invalid: malformed time \"20210230050607\"")
        );
    }

    #[test]
    fn zero() {
        assert_eq!(zero_pseudo_version("v3"), "v3.0.0-00010101000000-000000000000");
        assert!(is_zero_pseudo_version("v0.0.0-00010101000000-000000000000"));
        assert!(!is_zero_pseudo_version("v0.0.0-00010101000000-000000000001"));
        assert_eq!(Timestamp::parse("00010101000000"), Some(Timestamp::ZERO));
    }

    #[test]
    fn calendar() {
        let cases = [
            ("19700101000000", Some(0)),
            ("19691231235959", Some(-1)),
            ("20000229120000", Some(951_825_600)),
            ("00000101000000", Some(-62_167_219_200)),
            ("99991231235959", Some(253_402_300_799)),
            ("19000229000000", None),
            ("20230229000000", None),
            ("20230431000000", None),
            ("20230001000000", None),
            ("20231301000000", None),
            ("20230100000000", None),
            ("20230101240000", None),
            ("20230101006000", None),
            ("20230101000060", None),
            ("2023010100000", None),
            ("2023010100000x", None),
            ("+2023010100000", None),
        ];
        for (digits, unix) in cases {
            let time = Timestamp::parse(digits);
            assert_eq!(time.map(Timestamp::unix), unix, "{digits}");
            if let Some(time) = time {
                assert_eq!(time.to_string(), digits);
                assert_eq!(Timestamp::from_unix(time.unix()), Some(time));
            }
        }
        assert_eq!(Timestamp::from_unix(-62_167_219_201), None);
        assert_eq!(Timestamp::from_unix(253_402_300_800), None);
        assert_eq!(Timestamp::from_unix(i64::MIN), None);
    }

    proptest! {
        #[test]
        fn seconds_come_back(unix in -62_167_219_200_i64..=253_402_300_799) {
            let time = Timestamp::from_unix(unix).unwrap();
            prop_assert_eq!(Timestamp::parse(&time.to_string()), Some(time));
        }

        #[test]
        fn any_text_is_answered(v in "(v[0-9]\\.0\\.[0-9]-\\PC{0,4}[-.]?[0-9]{13,15}-\\PC{0,3}|\\PC*)") {
            prop_assert_eq!(is_pseudo_version(&v), pseudo_version_rev(&v).is_ok());
            prop_assert!(!is_pseudo_version(&v) || semver::is_valid(&v));
            let _ = (pseudo_version_base(&v), pseudo_version_time(&v));
        }
    }
}
