//! Floats as Go's `strconv.FormatFloat` writes them.

/// From this exponent on, `g` without a precision writes one.
const SHORTEST_EXPONENT: i32 = 6;
/// No number has more decimal places, or significant digits, that are not zero; and Rust formats
/// no more than 65,535.
const EXACT: usize = 1100;
const MANTISSA_BITS: u32 = 52;
const EXPONENT_BIAS: i32 = 1075;

/// `value` by one of the verbs `b e E f g G x X`; without a precision, with as many digits as tell
/// it from all others.
pub(super) fn format(value: f64, verb: char, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let value = value.abs();
    if value.is_infinite() {
        return if sign.is_empty() { "+Inf".to_owned() } else { "-Inf".to_owned() };
    }
    let text = match verb {
        'b' => binary(value),
        'e' | 'E' => exponential(value, precision, verb),
        'f' => match precision {
            Some(digits) => {
                let exact = digits.min(EXACT);
                format!("{value:.exact$}") + &"0".repeat(digits - exact)
            }
            None => format!("{value}"),
        },
        'x' | 'X' => hexadecimal(value, precision, verb),
        _ => general(value, precision, verb),
    };
    format!("{sign}{text}")
}

/// `d.ddde±dd`
fn exponential(value: f64, precision: Option<usize>, verb: char) -> String {
    let text = match precision.map(|digits| digits.min(EXACT)) {
        Some(digits) => format!("{value:.digits$e}"),
        None => format!("{value:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let zeros = "0".repeat(precision.unwrap_or(0).saturating_sub(EXACT));
    with_exponent(&format!("{mantissa}{zeros}"), verb, exponent)
}

fn with_exponent(mantissa: &str, mark: char, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}{mark}{sign}{:02}", exponent.abs())
}

/// The shorter of the other two forms, without trailing zeros.
fn general(value: f64, precision: Option<usize>, verb: char) -> String {
    let mark = if verb == 'G' { 'E' } else { 'e' };
    let digits = precision.map(|digits| digits.max(1));
    let text = match digits {
        Some(digits) => format!("{value:.*e}", (digits - 1).min(EXACT)),
        None => format!("{value:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let significant: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let significant = significant.trim_end_matches('0');
    let count = significant.len().max(1);
    let limit = match digits {
        None => SHORTEST_EXPONENT,
        Some(digits) => {
            let digits = i32::try_from(digits).unwrap_or(i32::MAX);
            let count = i32::try_from(count).unwrap_or(i32::MAX);
            // A precision beyond what is needed does not bring back the long form.
            if digits > count && count > exponent { count } else { digits }
        }
    };
    if value != 0.0 && (exponent < -4 || exponent >= limit) {
        let (first, rest) = significant.split_at_checked(1).unwrap_or((significant, ""));
        let point = if rest.is_empty() { "" } else { "." };
        return with_exponent(&format!("{first}{point}{rest}"), mark, exponent);
    }
    plain(significant, exponent)
}

/// Digits of which the first stands for `10^exponent`.
fn plain(digits: &str, exponent: i32) -> String {
    if digits.is_empty() {
        return "0".to_owned();
    }
    match usize::try_from(exponent + 1) {
        Ok(whole) if whole > 0 => match digits.split_at_checked(whole) {
            Some((whole, "")) => whole.to_owned(),
            Some((whole, fraction)) => format!("{whole}.{fraction}"),
            None => format!("{digits:0<whole$}"),
        },
        _ => {
            let zeros = usize::try_from(-exponent - 1).unwrap_or_default();
            format!("0.{}{digits}", "0".repeat(zeros))
        }
    }
}

/// Mantissa and exponent as they are kept: `value = mantissa * 2^exponent`.
fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let mantissa = bits & ((1 << MANTISSA_BITS) - 1);
    match i32::try_from(bits >> MANTISSA_BITS & 0x7ff).unwrap_or_default() {
        0 => (mantissa, 1 - EXPONENT_BIAS),
        exponent => (mantissa | 1 << MANTISSA_BITS, exponent - EXPONENT_BIAS),
    }
}

/// `ddddp±ddd`
fn binary(value: f64) -> String {
    let (mantissa, exponent) = parts(value);
    format!("{mantissa}p{exponent:+}")
}

/// `0x1.hhhhp±dd`
fn hexadecimal(value: f64, precision: Option<usize>, verb: char) -> String {
    let (mut mantissa, mut exponent) = parts(value);
    if mantissa == 0 {
        exponent = 0;
    } else {
        // One digit before the point, 60 bits after it.
        let shift = mantissa.leading_zeros().saturating_sub(3);
        mantissa <<= shift;
        exponent += 60 - i32::try_from(shift).unwrap_or_default();
    }
    if let Some(digits) = precision.filter(|digits| *digits < 15) {
        let extra = u32::try_from(60 - 4 * digits).unwrap_or_default();
        let rest = mantissa & ((1 << extra) - 1);
        mantissa >>= extra;
        let half = 1 << (extra - 1);
        if rest > half || (rest == half && mantissa & 1 == 1) {
            mantissa += 1;
        }
        mantissa <<= extra;
        if mantissa >> 61 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let fraction = format!("{:015x}", mantissa & ((1 << 60) - 1));
    let fraction = match precision {
        Some(digits) => {
            let zeros = "0".repeat(digits.saturating_sub(fraction.len()));
            (fraction + &zeros).get(..digits).unwrap_or_default().to_owned()
        }
        None => fraction.trim_end_matches('0').to_owned(),
    };
    let point = if fraction.is_empty() { "" } else { "." };
    let text = with_exponent(&format!("0x{}{point}{fraction}", mantissa >> 60), 'p', exponent);
    if verb == 'X' { text.to_ascii_uppercase() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_precision_is_taken() {
        let fixed = super::format(1.5, 'f', Some(200_000));
        assert_eq!((fixed.len(), &fixed[..5]), (200_002, "1.500"));
        let scientific = super::format(1.5, 'e', Some(200_000));
        assert_eq!(scientific.len(), 200_006);
        assert!(scientific.starts_with("1.500") && scientific.ends_with("0e+00"));
        assert_eq!(super::format(1.5, 'g', Some(200_000)), "1.5");
    }

    #[test]
    fn forms() {
        for (value, verb, precision, want) in [
            (1e6, 'g', None, "1e+06"),
            (100000.0, 'g', None, "100000"),
            (0.0001, 'g', None, "0.0001"),
            (0.00001, 'g', None, "1e-05"),
            (123456789.0, 'g', Some(3), "1.23e+08"),
            (100.0, 'g', Some(5), "100"),
            (1e6, 'G', Some(10), "1000000"),
            (-1.5, 'e', Some(2), "-1.50e+00"),
            (2.0, 'f', Some(3), "2.000"),
            (0.0, 'g', None, "0"),
            (1.5, 'x', None, "0x1.8p+00"),
            (1.999, 'x', Some(0), "0x1p+01"),
            (1.0, 'b', None, "4503599627370496p-52"),
            (f64::INFINITY, 'g', None, "+Inf"),
        ] {
            assert_eq!(format(value, verb, precision), want, "{value} {verb} {precision:?}");
        }
    }
}
