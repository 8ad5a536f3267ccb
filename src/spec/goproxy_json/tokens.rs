//! The JSON tokenizer: RFC 8259 as Go's `encoding/json` reads it.
//!
//! Grammar and limits are those of the go command, so that a proxy's answer is accepted here
//! exactly when it is accepted there:
//!
//! * white space is space, tab, CR and LF; control characters below 0x20 are refused in strings;
//! * a nesting of 10000 levels is allowed, one more is an error; the open containers lie in a
//!   vector, so that depth costs one byte a level and never the call stack;
//! * bytes that are no UTF-8 are allowed in strings; [`unquote`] turns each into U+FFFD, as it
//!   does with half a surrogate pair;
//! * numbers are checked but never converted: no field of these formats holds one.
//!
//! ```text
//! {"Version":"v1.0.0","Retracted":[]}
//!   ObjectStart  Key(Version)  String(v1.0.0)  Key(Retracted)  ArrayStart  ArrayEnd  ObjectEnd
//! ```

use super::error::JsonError;

/// The most containers that may be open at once.
const MAX_DEPTH: usize = 10_000;

/// One step of a document. Strings and keys are the bytes between the quotes, escapes and all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    ObjectStart,
    ObjectEnd,
    ArrayStart,
    ArrayEnd,
    Key(&'a [u8]),
    String(&'a [u8]),
    Number,
    Bool,
    Null,
}

#[derive(Clone, Copy)]
enum Container {
    Object,
    Array,
}

/// What the grammar allows next, white space aside.
#[derive(Clone, Copy)]
enum Expect {
    Value,
    FirstElement,
    FirstKey,
    Key,
    Colon,
    /// A comma or the closing bracket, after a key's value or an element.
    Separator,
    /// Nothing: the top-level value is complete.
    End,
}

/// A reader of the tokens of one document, or of several that follow one another.
#[derive(Clone)]
pub(super) struct Tokens<'a> {
    data: &'a [u8],
    at: usize,
    open: Vec<Container>,
    expect: Expect,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Tokens { data, at: 0, open: Vec::new(), expect: Expect::Value }
    }

    /// Reports whether every byte has been looked at; after an error, whether it lies in the
    /// data's early end.
    pub(super) fn is_exhausted(&self) -> bool {
        self.at >= self.data.len()
    }

    /// Passes over white space and returns the byte behind it, which stays unread.
    pub(super) fn skip_space(&mut self) -> Option<u8> {
        while let Some(byte) = self.peek() {
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// Lets another document follow the one just completed.
    pub(super) fn next_document(&mut self) {
        if matches!(self.expect, Expect::End) {
            self.expect = Expect::Value;
        }
    }

    /// The next token; `None` after a complete document, if only white space follows it.
    pub(super) fn next(&mut self) -> Result<Option<Token<'a>>, JsonError> {
        loop {
            let Some(byte) = self.skip_space() else {
                return match self.expect {
                    Expect::End => Ok(None),
                    _ => Err(JsonError::UnexpectedEnd),
                };
            };
            match (self.expect, self.open.last()) {
                (Expect::End, _) | (Expect::Separator, None) => {
                    return Err(JsonError::invalid(byte, "after top-level value"));
                }
                (Expect::FirstKey, _) if byte == b'}' => return self.close(Token::ObjectEnd),
                (Expect::FirstKey | Expect::Key, _) => {
                    if byte != b'"' {
                        let context = "looking for beginning of object key string";
                        return Err(JsonError::invalid(byte, context));
                    }
                    self.expect = Expect::Colon;
                    return Ok(Some(Token::Key(self.string()?)));
                }
                (Expect::Colon, _) => {
                    if byte != b':' {
                        return Err(JsonError::invalid(byte, "after object key"));
                    }
                    self.at += 1;
                    self.expect = Expect::Value;
                }
                (Expect::FirstElement, _) if byte == b']' => return self.close(Token::ArrayEnd),
                (Expect::FirstElement | Expect::Value, _) => return self.value(byte).map(Some),
                (Expect::Separator, Some(Container::Object)) => match byte {
                    b'}' => return self.close(Token::ObjectEnd),
                    b',' => {
                        self.at += 1;
                        self.expect = Expect::Key;
                    }
                    _ => return Err(JsonError::invalid(byte, "after object key:value pair")),
                },
                (Expect::Separator, Some(Container::Array)) => match byte {
                    b']' => return self.close(Token::ArrayEnd),
                    b',' => {
                        self.at += 1;
                        self.expect = Expect::Value;
                    }
                    _ => return Err(JsonError::invalid(byte, "after array element")),
                },
            }
        }
    }

    /// Passes over one value.
    pub(super) fn skip_value(&mut self) -> Result<(), JsonError> {
        match self.next()? {
            Some(first) => self.finish_value(first),
            None => Ok(()),
        }
    }

    /// Reads on until the value that `first` begins is complete.
    pub(super) fn finish_value(&mut self, first: Token<'a>) -> Result<(), JsonError> {
        if !matches!(first, Token::ObjectStart | Token::ArrayStart) {
            return Ok(());
        }
        let outside = self.open.len().saturating_sub(1);
        while self.open.len() > outside {
            self.next()?;
        }
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.data.get(self.at).copied()
    }

    fn value(&mut self, byte: u8) -> Result<Token<'a>, JsonError> {
        let token = match byte {
            b'{' => return self.open(Container::Object),
            b'[' => return self.open(Container::Array),
            b'"' => Token::String(self.string()?),
            b'-' | b'0'..=b'9' => self.number()?,
            b't' => self.word("true", Token::Bool)?,
            b'f' => self.word("false", Token::Bool)?,
            b'n' => self.word("null", Token::Null)?,
            _ => return Err(JsonError::invalid(byte, "looking for beginning of value")),
        };
        self.value_done();
        Ok(token)
    }

    fn value_done(&mut self) {
        self.expect = if self.open.is_empty() { Expect::End } else { Expect::Separator };
    }

    fn open(&mut self, container: Container) -> Result<Token<'a>, JsonError> {
        let (byte, token, expect) = match container {
            Container::Object => (b'{', Token::ObjectStart, Expect::FirstKey),
            Container::Array => (b'[', Token::ArrayStart, Expect::FirstElement),
        };
        if self.open.len() >= MAX_DEPTH {
            return Err(JsonError::invalid(byte, "exceeded max depth"));
        }
        self.at += 1;
        self.open.push(container);
        self.expect = expect;
        Ok(token)
    }

    fn close(&mut self, token: Token<'a>) -> Result<Option<Token<'a>>, JsonError> {
        self.at += 1;
        self.open.pop();
        self.value_done();
        Ok(Some(token))
    }

    /// Reads a string from its opening quote on.
    fn string(&mut self) -> Result<&'a [u8], JsonError> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek() {
                None => return Err(JsonError::UnexpectedEnd),
                Some(b'"') => break,
                Some(b'\\') => {
                    self.at += 1;
                    self.escape()?;
                }
                Some(byte) if byte < b' ' => {
                    return Err(JsonError::invalid(byte, "in string literal"));
                }
                Some(_) => self.at += 1,
            }
        }
        let raw = self.data.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(raw)
    }

    /// Reads an escape from behind its backslash on.
    fn escape(&mut self) -> Result<(), JsonError> {
        let letter = self.required(|b| br#""\/bfnrtu"#.contains(&b), "in string escape code")?;
        if letter == b'u' {
            for _ in 0..4 {
                let context = "in \\u hexadecimal character escape";
                self.required(|b| b.is_ascii_hexdigit(), context)?;
            }
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Token<'a>, JsonError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let digit = |b: u8| b.is_ascii_digit();
        if self.required(digit, "in numeric literal")? != b'0' {
            self.digits();
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.required(digit, "after decimal point in numeric literal")?;
            self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.required(digit, "in exponent of numeric literal")?;
            self.digits();
        }
        Ok(Token::Number)
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &'static str, token: Token<'a>) -> Result<Token<'a>, JsonError> {
        for letter in word.bytes() {
            let byte = self.peek_or_space();
            if byte != letter {
                let letter = char::from(letter);
                let context = format!("in literal {word} (expecting '{letter}')");
                return Err(JsonError::invalid(byte, context));
            }
            self.at += 1;
        }
        Ok(token)
    }

    /// Takes one byte that meets `test`; any other is an error described by `context`.
    fn required(
        &mut self,
        test: impl Fn(u8) -> bool,
        context: &'static str,
    ) -> Result<u8, JsonError> {
        match self.peek_or_space() {
            byte if test(byte) => {
                self.at += 1;
                Ok(byte)
            }
            byte => Err(JsonError::invalid(byte, context)),
        }
    }

    /// The end of the data counts as a space within a number, word or escape: that is what go's
    /// message names there, where elsewhere it says that the input ended.
    fn peek_or_space(&self) -> u8 {
        self.peek().unwrap_or(b' ')
    }
}

/// The text of a [`Token::String`] or [`Token::Key`]: escapes resolved, bad UTF-8 replaced.
pub(super) fn unquote(raw: &[u8]) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(slash) = rest.iter().position(|&b| b == b'\\') {
        let (plain, escape) = rest.split_at(slash);
        push_replacing(&mut text, plain);
        let (c, tail) = unescape(escape);
        text.push(c);
        rest = tail;
    }
    push_replacing(&mut text, rest);
    text
}

/// Every single bad byte becomes one U+FFFD; the standard library's lossy conversion would use
/// one for a whole truncated sequence.
fn push_replacing(text: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
}

/// The character that the escape at the start of `bytes` stands for, and what follows it.
fn unescape(bytes: &[u8]) -> (char, &[u8]) {
    let Some((unit, tail)) = utf16_unit(bytes) else {
        return match bytes {
            [b'\\', b'b', tail @ ..] => ('\u{8}', tail),
            [b'\\', b'f', tail @ ..] => ('\u{c}', tail),
            [b'\\', b'n', tail @ ..] => ('\n', tail),
            [b'\\', b'r', tail @ ..] => ('\r', tail),
            [b'\\', b't', tail @ ..] => ('\t', tail),
            [b'\\', same, tail @ ..] => (char::from(*same), tail),
            _ => (char::REPLACEMENT_CHARACTER, &[]),
        };
    };
    if let Some(c) = char::from_u32(unit.into()) {
        return (c, tail);
    }
    // Half a surrogate pair: the other half may follow; anything else stands for itself.
    if let Some((low, tail)) = utf16_unit(tail)
        && let Some(Ok(c)) = char::decode_utf16([unit, low]).next()
    {
        return (c, tail);
    }
    (char::REPLACEMENT_CHARACTER, tail)
}

/// Splits `\uXXXX` off the start of `bytes`.
fn utf16_unit(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (digits, tail) = bytes.strip_prefix(b"\\u")?.split_at_checked(4)?;
    let unit = u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
    Some((unit, tail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The tokens of a document by one letter each, and the error that ends them.
    fn trace(document: &[u8]) -> String {
        let mut tokens = Tokens::new(document);
        let mut trace = String::new();
        loop {
            trace.push_str(&match tokens.next() {
                Ok(None) => return trace,
                Ok(Some(Token::ObjectStart)) => "{".to_string(),
                Ok(Some(Token::ObjectEnd)) => "}".to_string(),
                Ok(Some(Token::ArrayStart)) => "[".to_string(),
                Ok(Some(Token::ArrayEnd)) => "]".to_string(),
                Ok(Some(Token::Key(raw))) => format!("{}=", String::from_utf8_lossy(raw)),
                Ok(Some(Token::String(raw))) => format!("<{}>", String::from_utf8_lossy(raw)),
                Ok(Some(Token::Number)) => "#".to_string(),
                Ok(Some(Token::Bool)) => "?".to_string(),
                Ok(Some(Token::Null)) => "~".to_string(),
                Err(err) => return format!("{trace}!{err}"),
            });
        }
    }

    #[test]
    fn documents_fall_into_tokens() {
        let cases: &[(&str, &str)] = &[
            ("null", "~"),
            (" \t\r\n{ } ", "{}"),
            ("[[],{},[{}]]", "[[]{}[{}]]"),
            (r#"{"a":1,"b":[true,false,null,"x\"y"]}"#, r#"{a=#b=[??~<x\"y>]}"#),
            ("[0,-0,10,-12.50,1e5,1E+05,0.0e-0]", "[#######]"),
            (r#"["\\","\/","\u00eF"]"#, r#"[<\\><\/><\u00eF>]"#),
            ("\"\u{7f}\u{2028}\"", "<\u{7f}\u{2028}>"),
        ];
        for (document, tokens) in cases {
            assert_eq!(trace(document.as_bytes()), *tokens, "{document}");
        }
    }

    #[test]
    fn syntax_errors_say_what_stands_where() {
        let cases: &[(&[u8], &str)] = &[
            (b"", "!unexpected end of JSON input"),
            (b" \n", "!unexpected end of JSON input"),
            (b"<html>", "!invalid character '<' looking for beginning of value"),
            (b"\xef\xbb\xbf{}", "!invalid character '\u{ef}' looking for beginning of value"),
            (b"{}x", "{}!invalid character 'x' after top-level value"),
            (b"1 2", "#!invalid character '2' after top-level value"),
            (b"012", "#!invalid character '1' after top-level value"),
            (b"{a", "{!invalid character 'a' looking for beginning of object key string"),
            (
                b"{\"a\":1,}",
                "{a=#!invalid character '}' looking for beginning of object key string",
            ),
            (b"{\"a\"}", "{a=!invalid character '}' after object key"),
            (b"{\"a\":}", "{a=!invalid character '}' looking for beginning of value"),
            (b"{\"a\":1]", "{a=#!invalid character ']' after object key:value pair"),
            (b"[1}", "[#!invalid character '}' after array element"),
            (b"[1,]", "[#!invalid character ']' looking for beginning of value"),
            (b"[", "[!unexpected end of JSON input"),
            (b"\"abc", "!unexpected end of JSON input"),
            (b"\"a\nb\"", "!invalid character '\\n' in string literal"),
            (b"\"\\x\"", "!invalid character 'x' in string escape code"),
            (b"\"\\'\"", "!invalid character '\\'' in string escape code"),
            (b"\"\\u12\"", "!invalid character '\"' in \\u hexadecimal character escape"),
            (b"-x", "!invalid character 'x' in numeric literal"),
            (b"1.e", "!invalid character 'e' after decimal point in numeric literal"),
            (b"1e+", "!invalid character ' ' in exponent of numeric literal"),
            (b"tru", "!invalid character ' ' in literal true (expecting 'e')"),
            (b"fAlse", "!invalid character 'A' in literal false (expecting 'a')"),
            (b"nil", "!invalid character 'i' in literal null (expecting 'u')"),
        ];
        for (document, want) in cases {
            assert_eq!(trace(document), *want, "{}", String::from_utf8_lossy(document));
        }
    }

    #[test]
    fn nesting_is_bounded() {
        for (depth, want) in [
            (MAX_DEPTH, Ok(())),
            (MAX_DEPTH + 1, Err(JsonError::invalid(b'[', "exceeded max depth"))),
        ] {
            let document = ["[".repeat(depth), "]".repeat(depth)].concat();
            assert_eq!(Tokens::new(document.as_bytes()).skip_value(), want, "{depth} levels");
        }
    }

    #[test]
    fn strings_are_unquoted() {
        let cases: &[(&[u8], &str)] = &[
            (br#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (br"\u0000\u004b\u20AC", "\0K\u{20ac}"),
            (br"\ud83d\ude00", "\u{1f600}"),
            (br"\ud83d\ud83d\ude00", "\u{fffd}\u{1f600}"),
            (br"\ud83d!", "\u{fffd}!"),
            (br"\ud83d\n", "\u{fffd}\n"),
            (br"\ude00\ud83d", "\u{fffd}\u{fffd}"),
            (br"\ud83d\u0041", "\u{fffd}A"),
            (b"\xffa\xe2\x80", "\u{fffd}a\u{fffd}\u{fffd}"),
            (b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
            (b"\xef\xbf\xbd", "\u{fffd}"),
        ];
        for (raw, text) in cases {
            assert_eq!(unquote(raw), *text, "{}", raw.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_unquoted(raw in proptest::collection::vec(any::<u8>(), 0..40)) {
            let text = unquote(&raw);
            if let Ok(same) = str::from_utf8(&raw) && !same.contains('\\') {
                prop_assert_eq!(text, same);
            }
        }

        /// What starts is closed, and the reader never runs past the end.
        #[test]
        fn tokens_balance(document in r#"([\[\]{},: ]|"a"|"a":|1|true){0,20}"#) {
            let trace = trace(document.as_bytes());
            if !trace.contains('!') {
                let count = |c| trace.matches(c).count();
                prop_assert_eq!(count('['), count(']'));
                prop_assert_eq!(count('{'), count('}'));
                prop_assert!(!trace.is_empty());
            }
        }
    }
}
