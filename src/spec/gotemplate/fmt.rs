//! `print`, `printf` and `println`: values as Go's package fmt writes them.

use super::time;
use super::value::{Class, Int, Struct, TIME, Value};
use crate::spec::quote::quote_bytes;

mod numbers;

/// The largest width, precision or argument number that is taken for one.
const MAX_NUMBER: i64 = 1_000_000;

/// Values with spaces between them where neither is a text, as `fmt.Sprint` has it.
pub(super) fn print(args: &[Value]) -> Vec<u8> {
    let mut printer = Printer::default();
    let mut after_text = false;
    for (i, arg) in args.iter().enumerate() {
        let is_text = matches!(arg, Value::Text(_));
        if i > 0 && !is_text && !after_text {
            printer.out.push(b' ');
        }
        printer.arg(arg, 'v');
        after_text = is_text;
    }
    printer.out
}

/// Values with spaces between them and a newline after them.
pub(super) fn println(args: &[Value]) -> Vec<u8> {
    let mut printer = Printer::default();
    for (i, arg) in args.iter().enumerate() {
        if i > 0 {
            printer.out.push(b' ');
        }
        printer.arg(arg, 'v');
    }
    printer.out.push(b'\n');
    printer.out
}

/// Values by a format.
pub(super) fn printf(format: &[u8], args: &[Value]) -> Vec<u8> {
    let mut printer = Printer::default();
    printer.format(format, args);
    printer.out
}

#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    /// `%+v`: with the names of fields.
    plus_v: bool,
    /// `%#v`: in Go's syntax.
    sharp_v: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

#[derive(Default)]
struct Printer {
    out: Vec<u8>,
    flags: Flags,
    /// Whether a wrong verb is being told, and methods are not to be called.
    erroring: bool,
    reordered: bool,
    good_number: bool,
}

impl Printer {
    fn push(&mut self, text: &str) {
        self.out.extend(text.bytes());
    }

    fn format(&mut self, format: &[u8], args: &[Value]) {
        let mut at = 0;
        let mut number = 0;
        while let Some(rest) = format.get(at..).filter(|rest| !rest.is_empty()) {
            self.good_number = true;
            let text = rest.iter().take_while(|byte| **byte != b'%').count();
            self.out.extend(rest.iter().take(text));
            at += text;
            if at >= format.len() {
                break;
            }
            at += 1;
            self.flags = Flags::default();
            while let Some(flag) = format.get(at) {
                match flag {
                    b'#' => self.flags.sharp = true,
                    b'0' => self.flags.zero = true,
                    b'+' => self.flags.plus = true,
                    b'-' => self.flags.minus = true,
                    b' ' => self.flags.space = true,
                    _ => break,
                }
                at += 1;
            }
            let mut after_index;
            (number, at, after_index) = self.arg_number(number, format, at, args.len());
            if format.get(at) == Some(&b'*') {
                at += 1;
                let width = int_arg(args, &mut number);
                if width.is_none() {
                    self.push("%!(BADWIDTH)");
                }
                if width.is_some_and(|width| width < 0) {
                    self.flags.minus = true;
                    self.flags.zero = false;
                }
                self.flags.width = width.and_then(|w| usize::try_from(w.unsigned_abs()).ok());
                after_index = false;
            } else {
                (self.flags.width, at) = parse_number(format, at);
                if after_index && self.flags.width.is_some() {
                    self.good_number = false;
                }
            }
            if format.get(at) == Some(&b'.') && at + 1 < format.len() {
                at += 1;
                if after_index {
                    self.good_number = false;
                }
                (number, at, after_index) = self.arg_number(number, format, at, args.len());
                if format.get(at) == Some(&b'*') {
                    at += 1;
                    let precision = int_arg(args, &mut number);
                    self.flags.precision = precision.and_then(|p| usize::try_from(p).ok());
                    if self.flags.precision.is_none() {
                        self.push("%!(BADPREC)");
                    }
                    after_index = false;
                } else {
                    let (precision, after) = parse_number(format, at);
                    at = after;
                    self.flags.precision = Some(precision.unwrap_or(0));
                }
            }
            if !after_index {
                (number, at, _) = self.arg_number(number, format, at, args.len());
            }
            let Some((verb, length)) = first_char(format.get(at..).unwrap_or_default()) else {
                self.push("%!(NOVERB)");
                break;
            };
            at += length;
            if verb == '%' {
                self.out.push(b'%');
            } else if !self.good_number {
                self.push(&format!("%!{verb}(BADINDEX)"));
            } else if let Some(arg) = args.get(number) {
                if matches!(verb, 'v' | 'w') {
                    self.flags.sharp_v = std::mem::take(&mut self.flags.sharp);
                    self.flags.plus_v = std::mem::take(&mut self.flags.plus);
                }
                self.arg(arg, verb);
                number += 1;
            } else {
                self.push(&format!("%!{verb}(MISSING)"));
            }
        }
        if !self.reordered && number < args.len() {
            self.flags = Flags::default();
            self.push("%!(EXTRA ");
            for (i, arg) in args.iter().skip(number).enumerate() {
                if i > 0 {
                    self.push(", ");
                }
                if let Some(kind) = arg.kind() {
                    self.push(&format!("{kind}="));
                }
                self.arg(arg, 'v');
            }
            self.out.push(b')');
        }
    }

    /// The argument that `[n]` names, if that stands here.
    fn arg_number(
        &mut self,
        number: usize,
        format: &[u8],
        at: usize,
        count: usize,
    ) -> (usize, usize, bool) {
        let rest = format.get(at..).unwrap_or_default();
        if rest.first() != Some(&b'[') {
            return (number, at, false);
        }
        self.reordered = true;
        let end = rest.iter().position(|byte| *byte == b']').filter(|_| rest.len() >= 3);
        let Some(end) = end else {
            self.good_number = false;
            return (number, at + 1, false);
        };
        let (index, after) = parse_number(rest.get(..end).unwrap_or_default(), 1);
        let after_bracket = at + end + 1;
        match index.filter(|_| after == end) {
            Some(index) if (1..=count).contains(&index) => (index - 1, after_bracket, true),
            index => {
                self.good_number = false;
                (number, after_bracket, index.is_some())
            }
        }
    }

    fn arg(&mut self, arg: &Value, verb: char) {
        match verb {
            'T' => {
                let name = arg.type_name();
                match arg {
                    Value::Nothing => self.pad(name.as_bytes()),
                    _ => self.text(name.as_bytes()),
                }
            }
            'p' if !matches!(arg, Value::Nothing) => self.pointer(arg, 'p'),
            _ => self.value(arg, verb, 0),
        }
    }

    fn value(&mut self, value: &Value, verb: char, depth: usize) {
        if !self.erroring && self.by_method(value, verb) {
            return;
        }
        match value {
            Value::Nothing if verb == 'v' => self.pad(b"<nil>"),
            Value::Nothing => self.bad_verb(value, verb),
            Value::Bool(truth) if matches!(verb, 't' | 'v') => {
                self.pad(if *truth { b"true" } else { b"false" });
            }
            Value::Int(_, number) => {
                self.integer(value, number.unsigned_abs(), *number < 0, true, verb)
            }
            Value::Byte(byte) => self.integer(value, u64::from(*byte), false, false, verb),
            Value::Float(number) => self.float(value, *number, verb),
            Value::Complex(re, im) => self.complex(value, *re, *im, verb),
            Value::Text(text) => self.string(value, text, verb),
            Value::Bytes(bytes) => self.bytes(bytes, verb),
            Value::Texts(texts) => self.texts(texts.as_deref(), verb, depth),
            Value::Struct(of) => self.fields(of, verb, depth),
            Value::Pointer(_, Some(to)) if depth == 0 => {
                self.out.push(b'&');
                self.fields(to, verb, 1);
            }
            Value::Pointer(..) => self.pointer(value, verb),
            _ => self.bad_verb(value, verb),
        }
    }

    /// Writes what the value's own method says, if it has one that fits.
    fn by_method(&mut self, value: &Value, verb: char) -> bool {
        if verb == 'w' {
            self.bad_verb(value, verb);
            return true;
        }
        if self.flags.sharp_v {
            let time = match value {
                Value::Struct(Struct::Time(time)) | Value::Pointer(_, Some(Struct::Time(time))) => {
                    Some(time::to_go_text(time))
                }
                Value::Pointer(class, None) if *class == TIME => Some(b"<nil>".to_vec()),
                _ => None,
            };
            let Some(text) = time else { return false };
            self.text(&text);
            return true;
        }
        if !matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') {
            return false;
        }
        match own_text(value) {
            None => false,
            Some(Some(text)) => {
                self.string(value, &text, verb);
                true
            }
            // A method that meets a nil pointer.
            Some(None) => {
                self.push("<nil>");
                true
            }
        }
    }

    fn bad_verb(&mut self, value: &Value, verb: char) {
        self.push(&format!("%!{verb}("));
        match value.kind() {
            Some(kind) => {
                self.push(&format!("{kind}="));
                let before = std::mem::replace(&mut self.erroring, true);
                self.value(value, 'v', 0);
                self.erroring = before;
            }
            None => self.push("<nil>"),
        }
        self.out.push(b')');
    }

    fn padding(&mut self, count: usize) {
        let with = if self.flags.zero && !self.flags.minus { b'0' } else { b' ' };
        self.out.extend(std::iter::repeat_n(with, count));
    }

    /// Writes a text in the width that is asked for.
    fn pad(&mut self, text: &[u8]) {
        let missing = self.flags.width.unwrap_or(0).saturating_sub(count_chars(text));
        if self.flags.minus {
            self.out.extend(text);
            self.padding(missing);
        } else {
            self.padding(missing);
            self.out.extend(text);
        }
    }

    fn pad_with_spaces(&mut self, text: &[u8]) {
        let zero = std::mem::replace(&mut self.flags.zero, false);
        self.pad(text);
        self.flags.zero = zero;
    }

    fn cut<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let Some(precision) = self.flags.precision else { return text };
        let mut rest = text;
        for _ in 0..precision {
            match first_char(rest) {
                Some((_, length)) => rest = rest.get(length..).unwrap_or_default(),
                None => return text,
            }
        }
        text.get(..text.len() - rest.len()).unwrap_or(text)
    }

    fn text(&mut self, text: &[u8]) {
        self.pad(self.cut(text));
    }

    fn string(&mut self, value: &Value, text: &[u8], verb: char) {
        match verb {
            'v' if self.flags.sharp_v => self.quoted(text),
            'v' | 's' => self.text(text),
            'x' | 'X' => self.hex(text, verb),
            'q' => self.quoted(text),
            _ => self.bad_verb(value, verb),
        }
    }

    fn quoted(&mut self, text: &[u8]) {
        let text = self.cut(text);
        if self.flags.sharp && can_backquote(text) {
            self.pad(&[b"`", text, b"`"].concat());
        } else if self.flags.plus {
            self.pad(to_ascii(&quote_bytes(text)).as_bytes());
        } else {
            self.pad(quote_bytes(text).as_bytes());
        }
    }

    fn hex(&mut self, bytes: &[u8], verb: char) {
        let length = self.flags.precision.unwrap_or(usize::MAX).min(bytes.len());
        let bytes = bytes.get(..length).unwrap_or_default();
        let mark = if self.flags.sharp { format!("0{verb}") } else { String::new() };
        let digits = bytes.iter().map(|byte| match verb {
            'X' => format!("{byte:02X}"),
            _ => format!("{byte:02x}"),
        });
        let text = if self.flags.space {
            digits.map(|digits| format!("{mark}{digits}")).collect::<Vec<_>>().join(" ")
        } else if bytes.is_empty() {
            String::new()
        } else {
            mark + &digits.collect::<String>()
        };
        self.pad(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8], verb: char) {
        match verb {
            's' => self.text(bytes),
            'x' | 'X' => self.hex(bytes, verb),
            'q' => self.quoted(bytes),
            'v' | 'd' if self.flags.sharp_v => {
                let list: Vec<String> = bytes.iter().map(|byte| format!("{byte:#x}")).collect();
                self.push(&format!("[]byte{{{}}}", list.join(", ")));
            }
            _ => {
                self.out.push(b'[');
                for (i, byte) in bytes.iter().enumerate() {
                    if i > 0 {
                        self.out.push(b' ');
                    }
                    let verb = if verb == 'v' { 'd' } else { verb };
                    self.value(&Value::Byte(*byte), verb, 1);
                }
                self.out.push(b']');
            }
        }
    }

    fn texts(&mut self, texts: Option<&[std::sync::Arc<[u8]>]>, verb: char, depth: usize) {
        let (open, separator, close) = if self.flags.sharp_v {
            if texts.is_none() {
                return self.push("[]string(nil)");
            }
            ("[]string{", ", ", "}")
        } else {
            ("[", " ", "]")
        };
        self.push(open);
        for (i, text) in texts.unwrap_or_default().iter().enumerate() {
            if i > 0 {
                self.push(separator);
            }
            self.value(&Value::Text(std::sync::Arc::clone(text)), verb, depth + 1);
        }
        self.push(close);
    }

    fn fields(&mut self, of: &Struct, verb: char, depth: usize) {
        let (class, values): (Class, &[Value]) = match of {
            Struct::Fields(class, values) => (*class, values),
            Struct::Time(_) => (TIME, &[]),
        };
        let separator = if self.flags.sharp_v { ", " } else { " " };
        if self.flags.sharp_v {
            self.push(class.name);
        }
        self.out.push(b'{');
        // What a class keeps for its text has no name, and is no field.
        let fields = class.fields.iter().zip(values).filter(|(name, _)| !name.is_empty());
        for (i, (name, value)) in fields.enumerate() {
            if i > 0 {
                self.push(separator);
            }
            if self.flags.plus_v || self.flags.sharp_v {
                self.push(&format!("{name}:"));
            }
            self.value(value, verb, depth + 1);
        }
        self.out.push(b'}');
    }

    /// Addresses are those of another program anyway: the one of a value that is there is told as
    /// the beginning of Go's heap.
    fn pointer(&mut self, value: &Value, verb: char) {
        const ADDRESS: u64 = 0xc0_0000_0000;
        let address = match value {
            Value::Pointer(_, None) | Value::Texts(None) => 0,
            Value::Pointer(..) | Value::Texts(_) | Value::Bytes(_) => ADDRESS,
            _ => return self.bad_verb(value, verb),
        };
        let hex =
            |sharp: bool| if sharp { format!("{address:#x}") } else { format!("{address:x}") };
        match verb {
            'v' if self.flags.sharp_v => {
                let shown = if address == 0 { "nil".to_owned() } else { hex(true) };
                self.push(&format!("({})({shown})", value.type_name()));
            }
            'v' if address == 0 => self.pad(b"<nil>"),
            'v' | 'p' => {
                let text = hex(!self.flags.sharp);
                self.pad(text.as_bytes());
            }
            'b' | 'o' | 'd' | 'x' | 'X' => self.integer(value, address, false, false, verb),
            _ => self.bad_verb(value, verb),
        }
    }
}

/// What a value's `String` method gives: nothing where it has none, and no text where it would
/// meet a nil pointer.
pub(super) fn own_text(value: &Value) -> Option<Option<Vec<u8>>> {
    match value {
        Value::Struct(Struct::Time(time)) | Value::Pointer(_, Some(Struct::Time(time))) => {
            Some(Some(time::to_text(time)))
        }
        Value::Pointer(class, None) if *class == TIME || class.text.is_some() => Some(None),
        Value::Pointer(_, Some(Struct::Fields(class, values))) => {
            class.text.map(|text| Some(text(values)))
        }
        Value::Int(Int::Month, month) => Some(Some(time::month_name(*month).into_bytes())),
        Value::Int(Int::Weekday, day) => Some(Some(time::weekday_name(*day).into_bytes())),
        Value::Int(Int::Duration, time) => Some(Some(time::duration_text(*time).into_bytes())),
        _ => None,
    }
}

/// The first character and its length in bytes; a byte that is no UTF-8 counts as U+FFFD.
fn first_char(text: &[u8]) -> Option<(char, usize)> {
    let chunk = text.get(..text.len().min(4)).unwrap_or_default().utf8_chunks().next()?;
    match chunk.valid().chars().next() {
        Some(c) => Some((c, c.len_utf8())),
        None => Some((char::REPLACEMENT_CHARACTER, 1)),
    }
}

fn count_chars(text: &[u8]) -> usize {
    text.utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum()
}

/// The number at a place, and the place after it.
fn parse_number(text: &[u8], at: usize) -> (Option<usize>, usize) {
    let mut number = 0;
    let mut end = at;
    while let Some(digit) = text.get(end).filter(|byte| byte.is_ascii_digit()) {
        if number > MAX_NUMBER {
            return (None, text.len());
        }
        number = number * 10 + i64::from(digit - b'0');
        end += 1;
    }
    if end == at { (None, end) } else { (usize::try_from(number).ok(), end) }
}

/// The next argument, if it is a number fit for a width.
fn int_arg(args: &[Value], number: &mut usize) -> Option<i64> {
    let arg = args.get(*number)?;
    *number += 1;
    let value = match arg {
        Value::Int(_, number) => *number,
        Value::Byte(byte) => i64::from(*byte),
        _ => return None,
    };
    (-MAX_NUMBER..=MAX_NUMBER).contains(&value).then_some(value)
}

/// Whether a text can stand between backquotes.
fn can_backquote(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| {
        !text
            .chars()
            .any(|c| c == '\u{feff}' || (c < ' ' && c != '\t') || matches!(c, '`' | '\x7f'))
    })
}

/// A quoted text with everything escaped that is not ASCII.
fn to_ascii(quoted: &str) -> String {
    let mut out = String::with_capacity(quoted.len());
    for c in quoted.chars() {
        match u32::from(c) {
            ..0x80 => out.push(c),
            code @ 0x80..0x10000 => out.push_str(&format!("\\u{code:04x}")),
            code => out.push_str(&format!("\\U{code:08x}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(format: &str, args: &[Value]) -> String {
        String::from_utf8(printf(format.as_bytes(), args)).unwrap()
    }

    #[test]
    fn verbs() {
        let text = || Value::text("hi");
        let n = Value::int;
        for (format, args, want) in [
            ("%s|%5s|%-5s|%.1s|%q|%x", vec![text(); 6], "hi|   hi|hi   |h|\"hi\"|6869"),
            ("%d %05d %+d %x %#X %o %O", vec![n(42); 7], "42 00042 +42 2a 0X2A 52 0o52"),
            ("%c %q %U %#U", vec![n(65); 4], "A 'A' U+0041 U+0041 'A'"),
            ("%v %t", vec![Value::Bool(true), Value::Bool(false)], "true false"),
            ("%d", vec![text()], "%!d(string=hi)"),
            ("%z %d", vec![n(1)], "%!z(int=1) %!d(MISSING)"),
            ("x", vec![n(1), Value::Nothing], "x%!(EXTRA int=1, <nil>)"),
            ("%[2]d %[1]d", vec![n(1), n(2)], "2 1"),
            ("%[3]d", vec![n(1)], "%!d(BADINDEX)"),
            ("%*d|%-*d|", vec![n(4), n(7), n(4), n(7)], "   7|7   |"),
            ("%!", vec![], "%!!(MISSING)"),
            ("%", vec![], "%!(NOVERB)"),
            ("%6.2f|%e|%g", vec![Value::Float(2.71875); 3], "  2.72|2.718750e+00|2.71875"),
            ("%v %#v", vec![Value::texts(["a", "b"]); 2], "[a b] []string{\"a\", \"b\"}"),
            ("%T %T", vec![text(), Value::Nothing], "string <nil>"),
            ("%v", vec![Value::Complex(1.0, -2.0)], "(1-2i)"),
            ("100%%", vec![], "100%"),
        ] {
            assert_eq!(shown(format, &args), want, "{format}");
        }
    }

    #[test]
    fn spaces_between_values() {
        let args = [Value::int(1), Value::int(2), Value::text("a"), Value::int(3), Value::Nothing];
        assert_eq!(print(&args), b"1 2a3 <nil>");
        assert_eq!(println(&args), b"1 2 a 3 <nil>\n");
    }
}
