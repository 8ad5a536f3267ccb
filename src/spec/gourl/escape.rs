//! Escaping in the parts of a URL.
//!
//! Implements sections 2 and 3 of RFC 3986 as Go's `net/url` does. A byte that may not stand for
//! itself in a part of a URL is written as `%` and two hexadecimal digits. A host is the exception:
//! it may escape only what isn't ASCII (and the `%` that introduces the zone of an address).
//!
//! | part         | stand for themselves besides letters, digits and `-_.~` |
//! |--------------|----------------------------------------------------------|
//! | user info    | `$ & + , ; =`                                            |
//! | host, zone   | ``! $ & ' ( ) * + , ; = : [ ] < > "``                    |
//! | path         | `$ & + , / : ; = @`                                      |
//! | fragment     | `$ & + , / : ; = ? @ ! ( ) *`                            |

use std::borrow::Cow;

use super::parse::UrlErrorReason;

/// The parts of a URL, in which different characters stand for themselves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    UserInfo,
    Host,
    /// The zone of an IPv6 address.
    Zone,
    Path,
    Fragment,
}

impl Part {
    /// Reports whether a byte stands for itself when a URL is written.
    fn is_literal(self, byte: u8) -> bool {
        let others: &[u8] = match self {
            Part::UserInfo => b"$&+,;=",
            Part::Host | Part::Zone => b"!$&'()*+,;=:[]<>\"",
            Part::Path => b"$&+,/:;=@",
            Part::Fragment => b"$&+,/:;=?@!()*",
        };
        byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || others.contains(&byte)
    }
}

/// Escapes what may not stand for itself.
pub(super) fn escape(bytes: &[u8], part: Part) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.iter().all(|&byte| part.is_literal(byte)) => Cow::Borrowed(text),
        _ => {
            let mut text = String::with_capacity(bytes.len() + 8);
            for &byte in bytes {
                if part.is_literal(byte) {
                    text.push(char::from(byte));
                } else {
                    text.push_str(&format!("%{byte:02X}"));
                }
            }
            Cow::Owned(text)
        }
    }
}

/// Takes the escapes out of a part.
pub(super) fn unescape(text: &str, part: Part) -> Result<Vec<u8>, UrlErrorReason> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            let in_host = matches!(part, Part::Host | Part::Zone);
            if in_host && first.is_ascii() && !part.is_literal(*first) {
                return Err(UrlErrorReason::HostCharacter(char::from(*first)));
            }
            bytes.push(*first);
            continue;
        }
        let bad = || UrlErrorReason::Escape([b"%", after.get(..2).unwrap_or(after)].concat());
        let [high, low, after @ ..] = after else {
            return Err(bad());
        };
        let byte = match (hex(*high), hex(*low)) {
            (Some(high), Some(low)) => high << 4 | low,
            _ => return Err(bad()),
        };
        let is_percent = byte == b'%';
        let allowed = match part {
            // A host may only escape what isn't ASCII, or introduce a zone.
            Part::Host => !byte.is_ascii() || is_percent,
            Part::Zone => is_percent || byte == b' ' || Part::Host.is_literal(byte),
            _ => true,
        };
        if !allowed {
            return Err(bad());
        }
        bytes.push(byte);
        rest = after;
    }
    Ok(bytes)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// The text of a path or fragment: as it was written if that is well-formed and still means
/// the same, else escaped anew.
pub(super) fn written<'a>(bytes: &'a [u8], raw: &'a str, part: Part) -> Cow<'a, str> {
    let may_stand = |byte: u8| part.is_literal(byte) || b"!$&'()*+,;=:@[]%".contains(&byte);
    if !raw.is_empty()
        && raw.bytes().all(may_stand)
        && unescape(raw, part).is_ok_and(|unescaped| unescaped == bytes)
    {
        return Cow::Borrowed(raw);
    }
    escape(bytes, part)
}
