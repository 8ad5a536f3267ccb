//! Constants in templates: Go's numbers, characters and strings.
//!
//! A number has no type of its own: it is kept in every form that can hold it, and what it is used
//! for decides.

use crate::spec::quote::quote;

/// The error of a quoted text that is malformed.
pub(super) const INVALID: &str = "invalid syntax";

/// A number, as far as each type can hold it.
#[derive(Debug, Clone)]
pub(super) struct Number {
    pub int: Option<i64>,
    pub uint: Option<u64>,
    pub float: Option<f64>,
    pub complex: Option<(f64, f64)>,
    /// As it stands in the template.
    pub text: String,
}

impl Number {
    fn new(text: &str) -> Number {
        Number { int: None, uint: None, float: None, complex: None, text: text.to_owned() }
    }

    /// Reads `'x'`.
    pub fn character(text: &str) -> Result<Number, String> {
        let inner = text.strip_prefix('\'').unwrap_or_default();
        let (code, tail) = unquote_char(inner, '\'').ok_or_else(|| INVALID.to_owned())?;
        if tail != "'" {
            return Err(format!("malformed character constant: {text}"));
        }
        let code = match code {
            Unquoted::Byte(byte) => u32::from(byte),
            Unquoted::Char(c) => u32::from(c),
        };
        let mut number = Number::new(text);
        number.int = Some(i64::from(code));
        number.uint = Some(u64::from(code));
        number.float = Some(f64::from(code));
        Ok(number)
    }

    /// Reads `1+2i`.
    pub fn complex(text: &str) -> Result<Number, String> {
        let body = text.strip_suffix('i').unwrap_or(text);
        let signs = body.char_indices().skip(1).filter(|&(i, c)| {
            let before = body.get(..i).and_then(|before| before.chars().next_back());
            matches!(c, '+' | '-') && !matches!(before, Some('e' | 'E' | 'p' | 'P'))
        });
        let parts = signs.last().and_then(|(i, _)| body.split_at_checked(i));
        let (real, imaginary) = parts
            .and_then(|(re, im)| Some((parse_float(re)?, parse_float(im)?)))
            .ok_or_else(|| "syntax error scanning complex number".to_owned())?;
        let mut number = Number::new(text);
        number.set_complex(real, imaginary);
        Ok(number)
    }

    /// Reads any other number.
    pub fn parse(text: &str) -> Result<Number, String> {
        let mut number = Number::new(text);
        if let Some(imaginary) = text.strip_suffix('i').and_then(parse_float) {
            number.set_complex(0.0, imaginary);
            return Ok(number);
        }
        number.uint = parse_uint(text);
        number.int = parse_int(text);
        if number.int == Some(0) && number.uint.is_none() {
            number.uint = Some(0);
        }
        number.float = match (number.int, number.uint) {
            (Some(int), _) => Some(int as f64),
            (None, Some(uint)) => Some(uint as f64),
            (None, None) => parse_float(text),
        };
        if let (None, None, Some(float)) = (number.int, number.uint, number.float) {
            // A whole number that only a float can hold is too large.
            if !text.contains(['.', 'e', 'E', 'p', 'P']) {
                return Err(format!("integer overflow: {}", quote(text)));
            }
            number.set_float(float);
        }
        if number.float.is_none() {
            return Err(format!("illegal number syntax: {}", quote(text)));
        }
        Ok(number)
    }

    fn set_float(&mut self, float: f64) {
        self.float = Some(float);
        self.int = as_int(float);
        self.uint = as_uint(float);
    }

    fn set_complex(&mut self, real: f64, imaginary: f64) {
        self.complex = Some((real, imaginary));
        if imaginary == 0.0 {
            self.set_float(real);
        }
    }
}

/// The whole number that a float is.
fn as_int(float: f64) -> Option<i64> {
    let range = -9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0;
    (range.contains(&float) && float.fract() == 0.0).then_some(float as i64)
}

fn as_uint(float: f64) -> Option<u64> {
    let range = 0.0..18_446_744_073_709_551_616.0;
    (range.contains(&float) && float.fract() == 0.0).then_some(float as u64)
}

/// Takes a sign off.
fn signed(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn parse_int(text: &str) -> Option<i64> {
    let (negative, digits) = signed(text);
    let magnitude = i128::from(parse_uint(digits)?);
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// Reads a whole number in the base that its prefix names.
fn parse_uint(text: &str) -> Option<u64> {
    if !has_good_underscores(text) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let (digits, base) = match lower.strip_prefix('0') {
        Some(rest) if rest.starts_with('x') => (rest.get(1..)?, 16),
        Some(rest) if rest.starts_with('o') => (rest.get(1..)?, 8),
        Some(rest) if rest.starts_with('b') => (rest.get(1..)?, 2),
        Some(rest) if !rest.is_empty() => (rest, 8),
        _ => (&*lower, 10),
    };
    let digits = digits.replace('_', "");
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(&digits, base).ok()
}

fn parse_float(text: &str) -> Option<f64> {
    let (negative, digits) = signed(text);
    if !has_good_underscores(digits)
        || !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
    {
        return None;
    }
    let plain = digits.replace('_', "").to_ascii_lowercase();
    let value = match plain.strip_prefix("0x") {
        Some(hex) => parse_hex_float(hex)?,
        None => plain.parse::<f64>().ok().filter(|value| value.is_finite())?,
    };
    Some(if negative { -value } else { value })
}

/// Reads `1.8p3` in hexadecimal; the exponent is required.
fn parse_hex_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let mut exponent: i32 = exponent.parse().ok().filter(|e| i32::abs(*e) < 5000)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0.0;
    for digit in whole.chars().chain(fraction.chars()) {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    exponent -= 4 * i32::try_from(fraction.len()).ok()?;
    // In two steps, since the power alone can be out of range where the product is not.
    let half = exponent / 2;
    let value = value * f64::powi(2.0, half) * f64::powi(2.0, exponent - half);
    value.is_finite().then_some(value)
}

/// Whether each underscore stands between digits, or after the prefix of the base.
fn has_good_underscores(text: &str) -> bool {
    if !text.contains('_') {
        return true;
    }
    let (_, digits) = signed(text);
    let bytes = digits.as_bytes();
    // What stood before: nothing, a digit (0), an underscore, or something else (!).
    let mut before = b'^';
    let mut rest = bytes;
    let mut hex = false;
    if let [b'0', mark @ (b'b' | b'B' | b'o' | b'O' | b'x' | b'X'), tail @ ..] = bytes {
        hex = mark.eq_ignore_ascii_case(&b'x');
        before = b'0';
        rest = tail;
    }
    for byte in rest {
        if byte.is_ascii_digit() || (hex && byte.is_ascii_hexdigit()) {
            before = b'0';
        } else if *byte == b'_' {
            if before != b'0' {
                return false;
            }
            before = b'_';
        } else {
            if before == b'_' {
                return false;
            }
            before = b'!';
        }
    }
    before != b'_'
}

/// What a quoted text says; `None` if it is malformed.
pub(in crate::spec) fn unquote(quoted: &str) -> Option<Vec<u8>> {
    if let Some(raw) = quoted.strip_prefix('`') {
        let raw = raw.strip_suffix('`')?;
        return (!raw.contains('`')).then(|| raw.replace('\r', "").into_bytes());
    }
    let mut rest = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let (unquoted, tail) = unquote_char(rest, '"')?;
        match unquoted {
            Unquoted::Byte(byte) => text.push(byte),
            Unquoted::Char(c) => text.extend(c.encode_utf8(&mut [0; 4]).bytes()),
        }
        rest = tail;
    }
    Some(text)
}

enum Unquoted {
    /// From `\xff` or `\377`.
    Byte(u8),
    Char(char),
}

/// The first character of what stands between quotes, and what follows it.
fn unquote_char(text: &str, quote: char) -> Option<(Unquoted, &str)> {
    let mut chars = text.chars();
    let first = chars.next()?;
    if first == quote || first == '\n' {
        return None;
    }
    if first != '\\' {
        return Some((Unquoted::Char(first), chars.as_str()));
    }
    let mark = chars.next()?;
    let rest = chars.as_str();
    let plain = |c| Some((Unquoted::Char(c), rest));
    match mark {
        'a' => plain('\x07'),
        'b' => plain('\x08'),
        'f' => plain('\x0c'),
        'n' => plain('\n'),
        'r' => plain('\r'),
        't' => plain('\t'),
        'v' => plain('\x0b'),
        '\\' => plain('\\'),
        '\'' | '"' if mark == quote => plain(mark),
        'x' => {
            let (code, rest) = hex(rest, 2)?;
            Some((Unquoted::Byte(u8::try_from(code).ok()?), rest))
        }
        'u' | 'U' => {
            let (code, rest) = hex(rest, if mark == 'u' { 4 } else { 8 })?;
            Some((Unquoted::Char(char::from_u32(code)?), rest))
        }
        '0'..='7' => {
            let digits = text.get(1..4)?;
            let code = digits.chars().all(|c| matches!(c, '0'..='7'));
            let code = code.then(|| u16::from_str_radix(digits, 8).ok())??;
            Some((Unquoted::Byte(u8::try_from(code).ok()?), text.get(4..)?))
        }
        _ => None,
    }
}

fn hex(text: &str, count: usize) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(count)?;
    let all = digits.chars().all(|c| c.is_ascii_hexdigit());
    Some((all.then(|| u32::from_str_radix(digits, 16).ok())??, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, int, float) in [
            ("42", Some(42), Some(42.0)),
            ("-0", Some(0), Some(0.0)),
            ("0x1F", Some(31), Some(31.0)),
            ("017", Some(15), Some(15.0)),
            ("0b1_01", Some(5), Some(5.0)),
            ("1e3", Some(1000), Some(1000.0)),
            ("1.5", None, Some(1.5)),
            ("0x1.8p1", Some(3), Some(3.0)),
            ("18446744073709551615", None, Some(18446744073709551615.0)),
        ] {
            let number = Number::parse(text).unwrap();
            assert_eq!((number.int, number.float), (int, float), "{text}");
        }
        for (text, want) in [
            ("99999999999999999999", "integer overflow: \"99999999999999999999\""),
            ("1__0", "illegal number syntax: \"1__0\""),
            ("+", "illegal number syntax: \"+\""),
            ("08", "integer overflow: \"08\""),
        ] {
            assert_eq!(Number::parse(text).unwrap_err(), want);
        }
        assert_eq!(Number::complex("1-2.5e+1i").unwrap().complex, Some((1.0, -25.0)));
    }

    #[test]
    fn texts() {
        for (quoted, want) in [
            (r#""a\tb\"\x41\101\u00e9""#, Some("a\tb\"AA\u{e9}")),
            ("`raw\\n\r`", Some("raw\\n")),
            (r#""\'""#, None),
            (r#""\400""#, None),
            (r#""\ud800""#, None),
        ] {
            assert_eq!(unquote(quoted), want.map(|text| text.as_bytes().to_vec()), "{quoted}");
        }
        assert_eq!(Number::character("'\\''").unwrap().int, Some(39));
        assert!(Number::character("''").is_err());
        assert!(Number::character("'ab'").unwrap_err().starts_with("malformed character"));
    }
}
