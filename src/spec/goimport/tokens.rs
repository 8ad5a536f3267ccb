//! The markup of a page, read as go's XML reader does when it is told not to be strict.
//!
//! It takes attributes without values, values without quotes, entities that it doesn't know; and
//! still refuses what browsers take, such as `--` in a comment, a `<` in a value, or bytes that are not
//! UTF-8. Which pages can be read decides which modules can be found, so both are followed.
//!
//! Names outside of ASCII are judged by the fifth edition of XML 1.0, which takes more than go does: no
//! tag that matters has such a name.

use thiserror::Error;

use crate::spec::quote::quote;

/// A page can't be read any further.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PageError {
    /// It is no markup.
    #[error("XML syntax error on line {line}: {text}")]
    Syntax {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        text: String,
    },
    /// It says that it is another version of XML.
    #[error("xml: unsupported version {}; only version 1.0 is supported", quote(.0))]
    Version(String),
    /// It says that it is neither UTF-8 nor ASCII.
    #[error(
        "xml: opening charset {}: can't decode XML document using charset {}",
        quote(.0),
        quote(.0)
    )]
    Charset(String),
}

/// A piece of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// `<name attributes>`. Names are without what stands before a colon.
    Start { name: String, attributes: Vec<(String, String)> },
    /// `</name>`.
    End { name: String },
    /// Anything else.
    Other,
}

/// The tokens of a page, one after another.
pub(super) struct Tokens<'a> {
    data: &'a [u8],
    at: usize,
    line: u64,
    /// The name of an element that ended with `/>`, whose end is still to be told.
    open: Option<String>,
}

/// What ends a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Markup,
    Quote(u8),
    Cdata,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, line: 1, open: None }
    }

    /// The next token, or nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token>, PageError> {
        if let Some(name) = self.open.take() {
            return Ok(Some(Token::End { name }));
        }
        let Some(first) = self.get() else { return Ok(None) };
        if first != b'<' {
            self.unget();
            self.text(Until::Markup)?;
            return Ok(Some(Token::Other));
        }
        let token = match self.must_get()? {
            b'/' => self.end()?,
            b'?' => self.instruction()?,
            b'!' => self.declaration()?,
            _ => {
                self.unget();
                self.start()?
            }
        };
        Ok(Some(token))
    }

    fn end(&mut self) -> Result<Token, PageError> {
        let Some(name) = self.local_name()? else {
            return Err(self.wrong("expected element name after </"));
        };
        self.space();
        if self.must_get()? != b'>' {
            return Err(self.wrong(format!("invalid characters between </{name} and >")));
        }
        Ok(Token::End { name })
    }

    fn start(&mut self) -> Result<Token, PageError> {
        let Some(name) = self.local_name()? else {
            return Err(self.wrong("expected element name after <"));
        };
        let mut attributes = Vec::new();
        loop {
            self.space();
            match self.must_get()? {
                b'/' => {
                    if self.must_get()? != b'>' {
                        return Err(self.wrong("expected /> in element"));
                    }
                    self.open = Some(name.clone());
                    break;
                }
                b'>' => break,
                _ => self.unget(),
            }
            let Some(key) = self.local_name()? else {
                return Err(self.wrong("expected attribute name in element"));
            };
            self.space();
            let value = if self.must_get()? == b'=' {
                self.space();
                self.value()?
            } else {
                self.unget();
                key.clone()
            };
            attributes.push((key, value));
        }
        Ok(Token::Start { name, attributes })
    }

    fn value(&mut self) -> Result<String, PageError> {
        match self.must_get()? {
            quote @ (b'"' | b'\'') => return self.text(Until::Quote(quote)),
            _ => self.unget(),
        }
        let mut value = String::new();
        loop {
            match self.must_get()? {
                c if c.is_ascii_alphanumeric() || b"_:-".contains(&c) => value.push(c.into()),
                _ => {
                    self.unget();
                    return Ok(value);
                }
            }
        }
    }

    /// What follows `<?`.
    fn instruction(&mut self) -> Result<Token, PageError> {
        let Some(target) = self.name()? else {
            return Err(self.wrong("expected target name after <?"));
        };
        self.space();
        let start = self.at;
        let mut before = 0;
        loop {
            let c = self.must_get()?;
            if before == b'?' && c == b'>' {
                break;
            }
            before = c;
        }
        let content = self.data.get(start..self.at.saturating_sub(2)).unwrap_or_default();
        if target == "xml" {
            let content = String::from_utf8_lossy(content);
            let version = setting(&content, "version=");
            if !matches!(version, "" | "1.0") {
                return Err(PageError::Version(version.to_owned()));
            }
            let charset = setting(&content, "encoding=");
            let known = ["", "utf-8", "ascii"];
            if !known.iter().any(|known| charset.eq_ignore_ascii_case(known)) {
                return Err(PageError::Charset(charset.to_owned()));
            }
        }
        Ok(Token::Other)
    }

    /// What follows `<!`.
    fn declaration(&mut self) -> Result<Token, PageError> {
        match self.must_get()? {
            b'-' => {
                if self.must_get()? != b'-' {
                    return Err(self.wrong("invalid sequence <!- not part of <!--"));
                }
                let mut last = [0; 2];
                loop {
                    let c = self.must_get()?;
                    if last == *b"--" {
                        if c == b'>' {
                            break;
                        }
                        let text = "invalid sequence \"--\" not allowed in comments";
                        return Err(self.wrong(text));
                    }
                    last = [last[1], c];
                }
            }
            b'[' => {
                for expected in b"CDATA[" {
                    if self.must_get()? != *expected {
                        return Err(self.wrong("invalid <![ sequence"));
                    }
                }
                self.text(Until::Cdata)?;
            }
            _ => self.directive()?,
        }
        Ok(Token::Other)
    }

    /// The rest of a `<!DOCTYPE …>`, up to the `>` that belongs to it.
    fn directive(&mut self) -> Result<(), PageError> {
        let mut quoted = 0;
        let mut depth = 0_i64;
        loop {
            let mut c = self.must_get()?;
            if quoted == 0 && c == b'>' && depth == 0 {
                return Ok(());
            }
            loop {
                if c == quoted {
                    quoted = 0;
                } else if quoted != 0 {
                } else if c == b'\'' || c == b'"' {
                    quoted = c;
                } else if c == b'>' {
                    depth -= 1;
                } else if c == b'<'
                    && let Some(other) = self.skip_comment()?
                {
                    depth += 1;
                    c = other;
                    continue;
                }
                break;
            }
        }
    }

    /// Passes over `!-- … -->`; else gives the first byte that isn't part of the beginning.
    fn skip_comment(&mut self) -> Result<Option<u8>, PageError> {
        for expected in b"!--" {
            let c = self.must_get()?;
            if c != *expected {
                return Ok(Some(c));
            }
        }
        let mut last = [0; 2];
        loop {
            let c = self.must_get()?;
            if last == *b"--" && c == b'>' {
                return Ok(None);
            }
            last = [last[1], c];
        }
    }

    /// Text up to what ends it, with entities replaced and line ends made one.
    fn text(&mut self, until: Until) -> Result<String, PageError> {
        let mut text = Vec::new();
        // What was read last, as long as it is not part of an entity.
        let mut last = [0; 2];
        loop {
            let Some(c) = self.get() else {
                if until == Until::Cdata {
                    return Err(self.wrong("unexpected EOF in CDATA section"));
                }
                break;
            };
            let quoted = matches!(until, Until::Quote(_));
            if !quoted && last == *b"]]" && c == b'>' {
                if until == Until::Cdata {
                    text.truncate(text.len().saturating_sub(2));
                    break;
                }
                return Err(self.wrong("unescaped ]]> not in CDATA section"));
            }
            if c == b'<' && until != Until::Cdata {
                if quoted {
                    return Err(self.wrong("unescaped < inside quoted string"));
                }
                self.unget();
                break;
            }
            if until == Until::Quote(c) {
                break;
            }
            if c == b'&' && until != Until::Cdata {
                self.entity(&mut text)?;
                last = [0; 2];
                continue;
            }
            match c {
                b'\r' => text.push(b'\n'),
                b'\n' if last[1] == b'\r' => {}
                _ => text.push(c),
            }
            last = [last[1], c];
        }
        let text = String::from_utf8(text).map_err(|err| {
            // A character that is not allowed may stand before the bytes that are none.
            let valid = err.as_bytes().get(..err.utf8_error().valid_up_to()).unwrap_or_default();
            let valid = String::from_utf8_lossy(valid).into_owned();
            self.illegal(&valid).unwrap_or_else(|| self.wrong("invalid UTF-8"))
        })?;
        self.illegal(&text).map_or(Ok(text), Err)
    }

    /// The first character that XML does not have.
    fn illegal(&self, text: &str) -> Option<PageError> {
        let c = text.chars().find(|c| {
            matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}')
                || matches!(c, '\u{fffe}' | '\u{ffff}')
        })?;
        Some(self.wrong(format!("illegal character code U+{:04X}", u32::from(c))))
    }

    /// What follows `&`: the character that it stands for, or else itself as it is.
    fn entity(&mut self, text: &mut Vec<u8>) -> Result<(), PageError> {
        let start = text.len();
        text.push(b'&');
        let mut c = self.must_get()?;
        let mut character = None;
        if c == b'#' {
            text.push(c);
            c = self.must_get()?;
            let mut radix = 10;
            if c == b'x' {
                radix = 16;
                text.push(c);
                c = self.must_get()?;
            }
            let digits = text.len();
            while char::from(c).is_digit(radix) {
                text.push(c);
                c = self.must_get()?;
            }
            if c == b';' {
                let digits = text.get(digits..).unwrap_or_default();
                let digits = std::str::from_utf8(digits).unwrap_or_default();
                character = u64::from_str_radix(digits, radix).ok().and_then(of_number);
                text.push(c);
            } else {
                self.unget();
            }
        } else {
            self.unget();
            self.read_name(text)?;
            if self.must_get()? == b';' {
                character = match text.get(start + 1..).unwrap_or_default() {
                    b"lt" => Some('<'),
                    b"gt" => Some('>'),
                    b"amp" => Some('&'),
                    b"apos" => Some('\''),
                    b"quot" => Some('"'),
                    _ => None,
                };
                text.push(b';');
            } else {
                self.unget();
            }
        }
        if let Some(character) = character {
            text.truncate(start);
            text.extend(character.encode_utf8(&mut [0; 4]).bytes());
        }
        Ok(())
    }

    /// A name without what stands before its colon; nothing if there is none, or too many colons.
    fn local_name(&mut self) -> Result<Option<String>, PageError> {
        let Some(name) = self.name()? else { return Ok(None) };
        Ok(match name.split_once(':') {
            Some((_, local)) if local.contains(':') => None,
            Some((space, local)) if !space.is_empty() && !local.is_empty() => {
                Some(local.to_owned())
            }
            _ => Some(name),
        })
    }

    fn name(&mut self) -> Result<Option<String>, PageError> {
        let mut name = Vec::new();
        if !self.read_name(&mut name)? {
            return Ok(None);
        }
        match String::from_utf8(name) {
            Ok(name) if is_name(&name) => Ok(Some(name)),
            Ok(name) => Err(self.wrong(format!("invalid XML name: {name}"))),
            Err(err) => {
                let name = String::from_utf8_lossy(err.as_bytes()).into_owned();
                Err(self.wrong(format!("invalid XML name: {name}")))
            }
        }
    }

    /// Appends all bytes that may be part of a name; whether there are any.
    fn read_name(&mut self, name: &mut Vec<u8>) -> Result<bool, PageError> {
        let before = name.len();
        loop {
            let c = self.must_get()?;
            if c.is_ascii() && !c.is_ascii_alphanumeric() && !b"_:.-".contains(&c) {
                self.unget();
                return Ok(name.len() > before);
            }
            name.push(c);
        }
    }

    fn space(&mut self) {
        while let Some(c) = self.get() {
            if !b" \r\n\t".contains(&c) {
                self.unget();
                return;
            }
        }
    }

    fn must_get(&mut self) -> Result<u8, PageError> {
        self.get().ok_or_else(|| self.wrong("unexpected EOF"))
    }

    fn get(&mut self) -> Option<u8> {
        let c = *self.data.get(self.at)?;
        self.at += 1;
        self.line += u64::from(c == b'\n');
        Some(c)
    }

    /// Steps back over the byte that was read last.
    fn unget(&mut self) {
        self.at = self.at.saturating_sub(1);
        if self.data.get(self.at) == Some(&b'\n') {
            self.line -= 1;
        }
    }

    fn wrong(&self, text: impl Into<String>) -> PageError {
        PageError::Syntax { line: self.line, text: text.into() }
    }
}

/// The character of a number; what is no character becomes the one that stands for such.
fn of_number(number: u64) -> Option<char> {
    let number = u32::try_from(number).ok().filter(|number| *number <= u32::from(char::MAX))?;
    Some(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// The quoted value behind `key` in an XML declaration, found as simply as go finds it; else nothing.
fn setting<'t>(content: &'t str, key: &str) -> &'t str {
    let mut rest = content;
    while let Some(at) = rest.find(key) {
        rest = rest.get(at + key.len()..).unwrap_or_default();
        let Some(quote) = rest.chars().next() else { return "" };
        rest = rest.get(quote.len_utf8()..).unwrap_or_default();
        if matches!(quote, '\'' | '"') {
            return rest.split_once(quote).map_or("", |(value, _)| value);
        }
    }
    ""
}

fn is_name(name: &str) -> bool {
    let first = |c: char| {
        c.is_ascii_alphabetic()
            || matches!(c, ':' | '_' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}')
            || matches!(c, '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}')
            || matches!(c, '\u{200c}' | '\u{200d}' | '\u{2070}'..='\u{218f}')
            || matches!(c, '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}')
            || matches!(c, '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
    };
    let other = |c: char| {
        c.is_ascii_digit()
            || matches!(c, '-' | '.' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}')
    };
    let mut chars = name.chars();
    chars.next().is_some_and(first) && chars.all(|c| first(c) || other(c))
}
