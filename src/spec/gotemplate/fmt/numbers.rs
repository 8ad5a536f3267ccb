//! The verbs for numbers.

use super::super::float;
use super::super::value::Value;
use super::{Printer, to_ascii};
use crate::spec::quote::quote_char;
use crate::spec::unicode::is_printable;

impl Printer {
    pub(super) fn integer(
        &mut self,
        value: &Value,
        number: u64,
        negative: bool,
        signed: bool,
        verb: char,
    ) {
        match verb {
            'v' if self.flags.sharp_v && !signed => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.digits(format!("{number:x}"), number == 0, negative, 'x');
                self.flags.sharp = sharp;
            }
            'v' | 'd' => self.digits(number.to_string(), number == 0, negative, 'd'),
            'b' => self.digits(format!("{number:b}"), number == 0, negative, verb),
            'o' | 'O' => self.digits(format!("{number:o}"), number == 0, negative, verb),
            'x' => self.digits(format!("{number:x}"), number == 0, negative, verb),
            'X' => self.digits(format!("{number:X}"), number == 0, negative, verb),
            'c' => {
                let c = character(number, negative);
                self.pad(c.to_string().as_bytes());
            }
            'q' => {
                let quoted = quote_char(character(number, negative));
                let quoted = if self.flags.plus { to_ascii(&quoted) } else { quoted };
                self.pad(quoted.as_bytes());
            }
            'U' => self.code_point(if negative { number.wrapping_neg() } else { number }),
            _ => self.bad_verb(value, verb),
        }
    }

    fn digits(&mut self, digits: String, is_zero: bool, negative: bool, verb: char) {
        let has_sign = negative || self.flags.plus || self.flags.space;
        let wanted = match self.flags.precision {
            Some(0) if is_zero => {
                let width = self.flags.width.unwrap_or(0);
                self.out.extend(std::iter::repeat_n(b' ', width));
                return;
            }
            Some(precision) => precision,
            None if self.flags.zero && !self.flags.minus => {
                self.flags.width.unwrap_or(0).saturating_sub(usize::from(has_sign))
            }
            None => 0,
        };
        let mut text = "0".repeat(wanted.saturating_sub(digits.len())) + &digits;
        if self.flags.sharp {
            match verb {
                'b' => text.insert_str(0, "0b"),
                'o' | 'O' if !text.starts_with('0') => text.insert(0, '0'),
                'x' | 'X' => text.insert_str(0, if verb == 'x' { "0x" } else { "0X" }),
                _ => {}
            }
        }
        if verb == 'O' {
            text.insert_str(0, "0o");
        }
        if negative {
            text.insert(0, '-');
        } else if self.flags.plus {
            text.insert(0, '+');
        } else if self.flags.space {
            text.insert(0, ' ');
        }
        self.pad_with_spaces(text.as_bytes());
    }

    fn code_point(&mut self, number: u64) {
        let digits = self.flags.precision.unwrap_or(0).max(4);
        let mut text = format!("U+{number:0digits$X}");
        let c = u32::try_from(number).ok().and_then(char::from_u32);
        if let Some(c) = c.filter(|c| self.flags.sharp && is_printable(*c)) {
            text.push_str(&format!(" '{c}'"));
        }
        self.pad_with_spaces(text.as_bytes());
    }

    pub(super) fn float(&mut self, value: &Value, number: f64, verb: char) {
        let (verb, default) = match verb {
            'v' => ('g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => (verb, None),
            'f' | 'e' | 'E' => (verb, Some(6)),
            'F' => ('f', Some(6)),
            _ => return self.bad_verb(value, verb),
        };
        let precision = self.flags.precision.or(default);
        let text = float::format(number, verb, precision);
        let (sign, body) = match text.strip_prefix('-') {
            Some(body) => ("-", body),
            None => ("+", text.strip_prefix('+').unwrap_or(&text)),
        };
        let sign = if sign == "+" && self.flags.space && !self.flags.plus { " " } else { sign };
        if body.starts_with(['I', 'N']) {
            let shows = if body.starts_with('N') {
                self.flags.space || self.flags.plus
            } else {
                // An infinity keeps its sign.
                true
            };
            let text = if shows { format!("{sign}{body}") } else { body.to_owned() };
            return self.pad_with_spaces(text.as_bytes());
        }
        let body = if self.flags.sharp && verb != 'b' {
            with_point(body, verb, precision)
        } else {
            body.to_owned()
        };
        if self.flags.plus || sign != "+" {
            let width = self.flags.width.unwrap_or(0);
            if self.flags.zero && !self.flags.minus && width > body.len() + 1 {
                self.push(sign);
                self.padding(width - body.len() - 1);
                self.push(&body);
            } else {
                self.pad(format!("{sign}{body}").as_bytes());
            }
        } else {
            self.pad(body.as_bytes());
        }
    }

    pub(super) fn complex(&mut self, value: &Value, re: f64, im: f64, verb: char) {
        if !"vbgGxXfFeE".contains(verb) {
            return self.bad_verb(value, verb);
        }
        let plus = self.flags.plus;
        self.out.push(b'(');
        self.float(value, re, verb);
        self.flags.plus = true;
        self.float(value, im, verb);
        self.push("i)");
        self.flags.plus = plus;
    }
}

/// A float with a decimal point and with the trailing zeros that `#` keeps.
fn with_point(body: &str, verb: char, precision: Option<usize>) -> String {
    let mut missing = match verb {
        'g' | 'G' | 'x' => precision.unwrap_or(6),
        _ => 0,
    };
    let marks: &[char] = if matches!(verb, 'x' | 'X') { &['p', 'P'] } else { &['e', 'E'] };
    let (number, tail) = match body.find(marks) {
        Some(at) => body.split_at_checked(at).unwrap_or((body, "")),
        None => (body, ""),
    };
    let mut seen = false;
    for c in number.chars().filter(|c| *c != '.') {
        seen |= c != '0';
        missing = missing.saturating_sub(usize::from(seen));
    }
    let mut text = number.to_owned();
    if !number.contains('.') {
        missing = missing.saturating_sub(usize::from(number == "0"));
        text.push('.');
    }
    text.extend(std::iter::repeat_n('0', missing));
    text + tail
}

fn character(number: u64, negative: bool) -> char {
    let number = if negative { None } else { u32::try_from(number).ok() };
    number.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}
