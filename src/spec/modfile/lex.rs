//! The tokens of a go.mod or go.work file.
//!
//! Implements [Lexical elements](https://go.dev/ref/mod#go-mod-file-lexical) of the Go Modules
//! Reference:
//!
//! ```text
//! white space   space, TAB, CR; a newline ends a line
//! comment       "//" to the end of the line; "/*" is an error
//! punctuation   ( ) [ ] { } , and, as part of a word, =>
//! string        "…" with escapes, or `…`; neither may run over the end of a line
//! word          any other printable characters, up to white space, punctuation or a comment
//! ```
//!
//! A quotation mark within a word is part of the word. A backslash in `"…"` takes the next
//! character with it whatever that is, even the end of the line: such a string is one token of two
//! lines, which has no meaning but a layout.

use super::error::{Error, ErrorKind};
use super::syntax::{Position, Span};
use super::text::split_char;
use crate::spec::unicode::is_printable;

/// The most bytes of a word or string. Errors quote them.
const MAX_WORD: usize = 64 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    EndOfFile,
    Newline,
    /// A comment on a line of its own.
    Comment,
    /// A comment behind something else.
    SuffixComment,
    LeftParenthesis,
    RightParenthesis,
    /// Anything that only has a meaning to directives: words, strings, other punctuation.
    Word,
}

impl Kind {
    /// Whether the token ends a line; comments take the end of their line with them.
    pub(super) fn ends_line(self) -> bool {
        matches!(self, Self::EndOfFile | Self::Newline | Self::SuffixComment)
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// The text; without the end of the line in the case of a comment.
    pub(super) span: Span,
    pub(super) start: Position,
    /// The line on which the token ends.
    pub(super) end_line: usize,
}

/// Cuts a file into tokens.
pub(super) struct Lexer<'a> {
    file: &'a str,
    input: &'a [u8],
    offset: usize,
    position: Position,
    /// Nothing but white space was seen on this line.
    at_line_start: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(file: &'a str, input: &'a [u8]) -> Self {
        let position = Position { line: 1, column: 1 };
        Self { file, input, offset: 0, position, at_line_start: true }
    }

    /// An error at the place up to which the file was read.
    pub(super) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(self.file, self.position, kind)
    }

    pub(super) fn next(&mut self) -> Result<Token, Error> {
        while matches!(self.peek_byte(), Some(b' ' | b'\t' | b'\r')) {
            self.advance();
        }
        if self.rest().starts_with(b"//") {
            return Ok(self.comment());
        }
        self.refuse_block_comment()?;

        let (start, offset) = (self.position, self.offset);
        let kind = match self.peek() {
            None => Kind::EndOfFile,
            Some('\n') => self.single(Kind::Newline),
            Some('(') => self.single(Kind::LeftParenthesis),
            Some(')') => self.single(Kind::RightParenthesis),
            Some('[' | ']' | '{' | '}' | ',') => self.single(Kind::Word),
            Some(quote @ ('"' | '`')) => self.string(quote)?,
            Some(c) if is_word_char(c) => self.word()?,
            Some(c) => return Err(self.error(ErrorKind::UnexpectedChar(c))),
        };
        self.at_line_start = kind == Kind::Newline;
        if self.offset - offset > MAX_WORD {
            return Err(Error::new(self.file, start, ErrorKind::TooLongWord(MAX_WORD)));
        }
        let span = Span::new(offset, self.offset);
        Ok(Token { kind, span, start, end_line: self.position.line })
    }

    fn comment(&mut self) -> Token {
        let (start, offset) = (self.position, self.offset);
        let mut end = self.input.len();
        while let Some(c) = self.advance() {
            if c == '\n' {
                end = self.offset - 1;
                break;
            }
        }
        // A CR belongs to the end of the line only if there is an LF.
        if end < self.input.len() && self.input.get(offset..end).is_some_and(|t| t.ends_with(b"\r"))
        {
            end -= 1;
        }
        let kind = if self.at_line_start { Kind::Comment } else { Kind::SuffixComment };
        self.at_line_start = true;
        Token { kind, span: Span::new(offset, end), start, end_line: start.line }
    }

    fn single(&mut self, kind: Kind) -> Kind {
        self.advance();
        kind
    }

    fn string(&mut self, quote: char) -> Result<Kind, Error> {
        let start = self.position;
        self.advance();
        loop {
            if self.peek() == Some('\n') {
                return Err(self.error(ErrorKind::NewlineInString));
            }
            let c = self.advance();
            if c == Some(quote) {
                return Ok(Kind::Word);
            }
            let escaped = if c == Some('\\') && quote == '"' { self.advance() } else { c };
            if escaped.is_none() {
                return Err(Error::new(self.file, start, ErrorKind::EndInString));
            }
        }
    }

    fn word(&mut self) -> Result<Kind, Error> {
        loop {
            // Most words have no other characters.
            let plain = self.rest().iter().take_while(|byte| is_plain(**byte)).count();
            self.offset += plain;
            self.position.column += plain;
            if !self.peek().is_some_and(is_word_char) || self.rest().starts_with(b"//") {
                return Ok(Kind::Word);
            }
            self.refuse_block_comment()?;
            self.advance();
        }
    }

    fn refuse_block_comment(&self) -> Result<(), Error> {
        match self.rest().starts_with(b"/*") {
            true => Err(self.error(ErrorKind::BlockComment)),
            false => Ok(()),
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.input.get(self.offset..).unwrap_or_default()
    }

    fn peek_byte(&self) -> Option<u8> {
        self.input.get(self.offset).copied()
    }

    fn peek(&self) -> Option<char> {
        split_char(self.rest()).map(|(c, _)| c)
    }

    /// Goes past one character.
    fn advance(&mut self) -> Option<char> {
        let (c, length) = split_char(self.rest())?;
        self.offset += length;
        if c == '\n' {
            self.position.line += 1;
            self.position.column = 1;
        } else {
            self.position.column += 1;
        }
        Some(c)
    }
}

/// Whether this is a character of its own that belongs into any word.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+' | b'~')
}

fn is_word_char(c: char) -> bool {
    is_printable(c) && !matches!(c, ' ' | '(' | ')' | '[' | ']' | '{' | '}' | ',')
}
