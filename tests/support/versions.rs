//! What the registry must know of module versions: their order, pseudo-versions, and the escaping of
//! upper-case letters in file names and URLs.

use std::cmp::Ordering;

/// Splits `"example.com/a v1.0.0"` or `"example.com/a@v1.0.0"` into path and version.
pub fn split(module: &str) -> (&str, &str) {
    let parts = module.split_once('@').or_else(|| module.split_once(' '));
    let (path, version) = parts.unwrap_or_else(|| panic!("no version in {module:?}"));
    (path.trim(), version.trim())
}

/// Orders versions as semantic versioning does; build metadata does not count.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a_numbers, a_pre) = parts(a);
    let (b_numbers, b_pre) = parts(b);
    let numbers = a_numbers
        .split('.')
        .zip(b_numbers.split('.'))
        .map(|(x, y)| compare_numbers(x, y))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal);
    numbers.then_with(|| match (a_pre, b_pre) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(x), Some(y)) => compare_prereleases(x, y),
    })
}

/// Whether the version is a pre-release, pseudo-versions included.
pub fn is_prerelease(version: &str) -> bool {
    parts(version).1.is_some()
}

/// The timestamp (`yyyymmddhhmmss`) of a pseudo-version, or nothing for any other version.
pub fn pseudo_timestamp(version: &str) -> Option<&str> {
    let (rest, revision) = parts(version).1?.rsplit_once('-')?;
    // Alone in v0.0.0-20240102030405-0123456789ab, after a dot where it follows a tag: v1.2.4-0.2024….
    let timestamp = rest.rsplit_once('.').map_or(rest, |(_, last)| last);
    let is_revision = revision.len() == 12 && revision.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_time = timestamp.len() == 14 && timestamp.bytes().all(|b| b.is_ascii_digit());
    (is_revision && is_time).then_some(timestamp)
}

/// Writes each upper-case letter as `!` and the lower-case one.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_uppercase() {
            escaped.push('!');
        }
        escaped.push(c.to_ascii_lowercase());
    }
    escaped
}

/// The reverse of [`escape`]; nothing when the text holds an upper-case letter or a stray `!`.
pub fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '!' => plain.push(chars.next().filter(char::is_ascii_lowercase)?.to_ascii_uppercase()),
            'A'..='Z' => return None,
            _ => plain.push(c),
        }
    }
    Some(plain)
}

/// The numbers and the pre-release of a version.
fn parts(version: &str) -> (&str, Option<&str>) {
    let version = version.strip_prefix('v').unwrap_or(version);
    let version = version.split_once('+').map_or(version, |(before, _)| before);
    match version.split_once('-') {
        Some((numbers, pre)) => (numbers, Some(pre)),
        None => (version, None),
    }
}

/// Numbers have no leading zeros: the longer one is the larger, at any length.
fn compare_numbers(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn compare_prereleases(a: &str, b: &str) -> Ordering {
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(x), Some(y)) => match (is_number(x), is_number(y)) {
                (true, true) => compare_numbers(x, y),
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => x.cmp(y),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}
