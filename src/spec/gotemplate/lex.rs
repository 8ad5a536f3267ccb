//! The tokens of a template: text, and what stands between `{{` and `}}`.
//!
//! A token is made when the parser asks for it, since errors name the line of the last one that was
//! looked at. White space inside of an action is a token, because it separates arguments.
//!
//! | text          | tokens                                             |
//! |---------------|----------------------------------------------------|
//! | `a{{.B.C -}}` | `Text(a) LeftDelim Field(.B) Field(.C) RightDelim` |
//! | `{{/* x */}}` | none                                               |

use crate::spec::quote::quote;
use crate::spec::unicode::{is_decimal_digit, is_letter, is_printable};

const LEFT: &str = "{{";
const RIGHT: &str = "}}";
const LEFT_COMMENT: &str = "/*";
const RIGHT_COMMENT: &str = "*/";
/// Bytes of a trim marker: the minus sign and the space beside it.
const TRIM_MARKER: usize = 2;
/// Bytes of a token that an error shows.
const SHOWN: usize = 10;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    Bool,
    /// A printable ASCII character that means nothing by itself.
    Char,
    CharConstant,
    Complex,
    /// `=`
    Assign,
    /// `:=`
    Declare,
    Eof,
    /// A name after a dot.
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    /// A name after `$`, or `$` alone.
    Variable,
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl Kind {
    fn of_word(word: &str) -> Option<Kind> {
        Some(match word {
            "block" => Kind::Block,
            "break" => Kind::Break,
            "continue" => Kind::Continue,
            "define" => Kind::Define,
            "else" => Kind::Else,
            "end" => Kind::End,
            "if" => Kind::If,
            "nil" => Kind::Nil,
            "range" => Kind::Range,
            "template" => Kind::Template,
            "with" => Kind::With,
            _ => return None,
        })
    }

    fn is_keyword(self) -> bool {
        matches!(
            self,
            Kind::Block
                | Kind::Break
                | Kind::Continue
                | Kind::Dot
                | Kind::Define
                | Kind::Else
                | Kind::End
                | Kind::If
                | Kind::Nil
                | Kind::Range
                | Kind::Template
                | Kind::With
        )
    }
}

/// A token.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub kind: Kind,
    /// Where it begins, in bytes.
    pub pos: usize,
    /// Its text; of an error, what is wrong.
    pub text: String,
    /// The line it begins on, counted from 1.
    pub line: usize,
}

impl Item {
    /// The token before the first one.
    pub fn none() -> Item {
        Item { kind: Kind::Eof, pos: 0, text: String::new(), line: 0 }
    }

    /// How errors show it.
    pub fn shown(&self) -> String {
        match self.kind {
            Kind::Eof => "EOF".to_owned(),
            Kind::Error => self.text.clone(),
            kind if kind.is_keyword() => format!("<{}>", self.text),
            _ if self.text.len() > SHOWN => {
                let cut: String = self.text.chars().take(SHOWN).collect();
                format!("{}...", quote(&cut))
            }
            _ => quote(&self.text),
        }
    }
}

/// Cuts a template into tokens.
pub(super) struct Lexer<'a> {
    input: &'a str,
    pos: usize,
    start: usize,
    at_eof: bool,
    paren_depth: usize,
    line: usize,
    start_line: usize,
    inside_action: bool,
}

/// What comes after a step of the lexer.
enum Next {
    Emit(Item),
    Text,
    LeftDelim,
    Comment,
    RightDelim,
}

impl<'a> Lexer<'a> {
    pub fn new(input: &'a str) -> Lexer<'a> {
        Lexer {
            input,
            pos: 0,
            start: 0,
            at_eof: false,
            paren_depth: 0,
            line: 1,
            start_line: 1,
            inside_action: false,
        }
    }

    /// The next token; after the last, `Eof` for ever.
    pub fn next_item(&mut self) -> Item {
        let mut next = if self.inside_action { self.inside_action() } else { Next::Text };
        loop {
            next = match next {
                Next::Emit(item) => return item,
                Next::Text => self.text(),
                Next::LeftDelim => self.left_delim(),
                Next::Comment => self.comment(),
                Next::RightDelim => self.right_delim(),
            };
        }
    }

    fn rest(&self) -> &'a str {
        self.input.get(self.pos..).unwrap_or_default()
    }

    /// What was read since the last token.
    fn word(&self) -> &'a str {
        self.input.get(self.start..self.pos).unwrap_or_default()
    }

    fn next(&mut self) -> Option<char> {
        let Some(c) = self.rest().chars().next() else {
            self.at_eof = true;
            return None;
        };
        self.pos += c.len_utf8();
        if c == '\n' {
            self.line += 1;
        }
        Some(c)
    }

    fn backup(&mut self) {
        if self.at_eof {
            return;
        }
        let before = self.input.get(..self.pos).unwrap_or_default();
        if let Some(c) = before.chars().next_back() {
            self.pos -= c.len_utf8();
            if c == '\n' {
                self.line -= 1;
            }
        }
    }

    fn peek(&mut self) -> Option<char> {
        let c = self.next();
        self.backup();
        c
    }

    fn take(&mut self, kind: Kind) -> Item {
        let text = self.word().to_owned();
        let item = Item { kind, pos: self.start, text, line: self.start_line };
        self.start = self.pos;
        self.start_line = self.line;
        item
    }

    fn emit(&mut self, kind: Kind) -> Next {
        Next::Emit(self.take(kind))
    }

    fn count_lines(&mut self) {
        self.line += self.word().matches('\n').count();
    }

    fn ignore(&mut self) {
        self.count_lines();
        self.start = self.pos;
        self.start_line = self.line;
    }

    fn accept(&mut self, valid: &str) -> bool {
        if self.next().is_some_and(|c| valid.contains(c)) {
            return true;
        }
        self.backup();
        false
    }

    fn accept_run(&mut self, valid: &str) {
        while self.next().is_some_and(|c| valid.contains(c)) {}
        self.backup();
    }

    /// Ends everything: what follows is `Eof`.
    fn fail(&mut self, text: impl Into<String>) -> Next {
        let item =
            Item { kind: Kind::Error, pos: self.start, text: text.into(), line: self.start_line };
        self.start = 0;
        self.pos = 0;
        self.input = "";
        Next::Emit(item)
    }

    fn text(&mut self) -> Next {
        let Some(x) = self.rest().find(LEFT) else {
            self.pos = self.input.len();
            if self.pos > self.start {
                self.count_lines();
                return self.emit(Kind::Text);
            }
            return self.emit(Kind::Eof);
        };
        if x > 0 {
            self.pos += x;
            let after = self.input.get(self.pos + LEFT.len()..).unwrap_or_default();
            let text = self.word();
            let trimmed = if has_left_trim_marker(after) {
                text.len() - text.trim_end_matches(is_space).len()
            } else {
                0
            };
            self.pos -= trimmed;
            self.count_lines();
            let item = self.take(Kind::Text);
            self.pos += trimmed;
            self.ignore();
            if !item.text.is_empty() {
                return Next::Emit(item);
            }
        }
        Next::LeftDelim
    }

    fn left_delim(&mut self) -> Next {
        self.pos += LEFT.len();
        let marker = if has_left_trim_marker(self.rest()) { TRIM_MARKER } else { 0 };
        if self.rest().get(marker..).is_some_and(|rest| rest.starts_with(LEFT_COMMENT)) {
            self.pos += marker;
            self.ignore();
            return Next::Comment;
        }
        let item = self.take(Kind::LeftDelim);
        self.inside_action = true;
        self.pos += marker;
        self.ignore();
        self.paren_depth = 0;
        Next::Emit(item)
    }

    fn comment(&mut self) -> Next {
        self.pos += LEFT_COMMENT.len();
        let Some(x) = self.rest().find(RIGHT_COMMENT) else {
            return self.fail("unclosed comment");
        };
        self.pos += x + RIGHT_COMMENT.len();
        let Some(trims) = self.right_delim_here() else {
            return self.fail("comment ends before closing delimiter");
        };
        self.count_lines();
        self.start = self.pos;
        self.start_line = self.line;
        self.pos += RIGHT.len() + if trims { TRIM_MARKER } else { 0 };
        if trims {
            self.skip_space();
        }
        self.ignore();
        Next::Text
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.pos += rest.len() - rest.trim_start_matches(is_space).len();
    }

    /// Whether a closing delimiter stands here, and whether it trims what follows.
    fn right_delim_here(&self) -> Option<bool> {
        let rest = self.rest();
        if ends_with_trim(rest) {
            return Some(true);
        }
        rest.starts_with(RIGHT).then_some(false)
    }

    fn right_delim(&mut self) -> Next {
        let trims = self.right_delim_here() == Some(true);
        if trims {
            self.pos += TRIM_MARKER;
            self.ignore();
        }
        self.pos += RIGHT.len();
        let item = self.take(Kind::RightDelim);
        if trims {
            self.skip_space();
            self.ignore();
        }
        self.inside_action = false;
        Next::Emit(item)
    }

    fn inside_action(&mut self) -> Next {
        if self.right_delim_here().is_some() {
            return match self.paren_depth {
                0 => Next::RightDelim,
                _ => self.fail("unclosed left paren"),
            };
        }
        let Some(c) = self.next() else { return self.fail("unclosed action") };
        match c {
            c if is_space(c) => {
                self.backup();
                self.space()
            }
            '=' => self.emit(Kind::Assign),
            ':' => match self.next() {
                Some('=') => self.emit(Kind::Declare),
                _ => self.fail("expected :="),
            },
            '|' => self.emit(Kind::Pipe),
            '"' => self.quoted('"', Kind::String, "unterminated quoted string"),
            '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant"),
            '`' => self.raw_string(),
            '$' if self.at_terminator() => self.emit(Kind::Variable),
            '$' => self.field_or_variable(Kind::Variable),
            '.' if !self.rest().is_empty()
                && !self.rest().starts_with(|c: char| c.is_ascii_digit()) =>
            {
                self.field_or_variable(Kind::Field)
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.backup();
                self.number()
            }
            c if is_alphanumeric(c) => {
                self.backup();
                self.identifier()
            }
            '(' => {
                self.paren_depth += 1;
                self.emit(Kind::LeftParen)
            }
            ')' => match self.paren_depth.checked_sub(1) {
                Some(depth) => {
                    self.paren_depth = depth;
                    self.emit(Kind::RightParen)
                }
                None => self.fail("unexpected right paren"),
            },
            ' '..='~' => self.emit(Kind::Char),
            c => self.fail(format!("unrecognized character in action: {}", code_point(c))),
        }
    }

    fn space(&mut self) -> Next {
        let mut count = 0;
        while self.peek().is_some_and(is_space) {
            self.next();
            count += 1;
        }
        // The space before a minus sign can belong to a trim marker.
        let last = self.input.get(self.pos - 1..).unwrap_or_default();
        if ends_with_trim(last) {
            self.backup();
            if count == 1 {
                return Next::RightDelim;
            }
        }
        self.emit(Kind::Space)
    }

    fn identifier(&mut self) -> Next {
        let after = self.skip_alphanumeric();
        if !self.at_terminator() {
            return self.bad_character(after);
        }
        match self.word() {
            "true" | "false" => self.emit(Kind::Bool),
            word => self.emit(Kind::of_word(word).unwrap_or(Kind::Identifier)),
        }
    }

    fn field_or_variable(&mut self, kind: Kind) -> Next {
        if self.at_terminator() {
            return self.emit(if kind == Kind::Variable { kind } else { Kind::Dot });
        }
        let after = self.skip_alphanumeric();
        if !self.at_terminator() {
            return self.bad_character(after);
        }
        self.emit(kind)
    }

    /// Gives the character after the word.
    fn skip_alphanumeric(&mut self) -> Option<char> {
        loop {
            match self.next() {
                Some(c) if is_alphanumeric(c) => {}
                after => {
                    self.backup();
                    return after;
                }
            }
        }
    }

    fn bad_character(&mut self, c: Option<char>) -> Next {
        self.fail(format!(
            "bad character {}",
            c.map_or("U+FFFFFFFFFFFFFFFF".to_owned(), code_point)
        ))
    }

    /// Whether a word may end here.
    fn at_terminator(&mut self) -> bool {
        match self.peek() {
            None | Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(c) => is_space(c) || self.rest().starts_with(RIGHT),
        }
    }

    fn quoted(&mut self, end: char, kind: Kind, unterminated: &str) -> Next {
        loop {
            match self.next() {
                Some('\\') => {
                    if matches!(self.next(), None | Some('\n')) {
                        return self.fail(unterminated);
                    }
                }
                None | Some('\n') => return self.fail(unterminated),
                Some(c) if c == end => return self.emit(kind),
                Some(_) => {}
            }
        }
    }

    fn raw_string(&mut self) -> Next {
        loop {
            match self.next() {
                None => return self.fail("unterminated raw quoted string"),
                Some('`') => return self.emit(Kind::RawString),
                Some(_) => {}
            }
        }
    }

    fn number(&mut self) -> Next {
        if !self.scan_number() {
            return self.bad_number();
        }
        if matches!(self.peek(), Some('+' | '-')) {
            // Complex: 1+2i, without spaces.
            if !self.scan_number() || !self.word().ends_with('i') {
                return self.bad_number();
            }
            return self.emit(Kind::Complex);
        }
        self.emit(Kind::Number)
    }

    fn bad_number(&mut self) -> Next {
        self.fail(format!("bad number syntax: {}", quote(self.word())))
    }

    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        let (mut decimal, mut hex) = (true, false);
        if self.accept("0") {
            if self.accept("xX") {
                (digits, decimal, hex) = ("0123456789abcdefABCDEF_", false, true);
            } else if self.accept("oO") {
                (digits, decimal) = ("01234567_", false);
            } else if self.accept("bB") {
                (digits, decimal) = ("01_", false);
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        if (decimal && self.accept("eE")) || (hex && self.accept("pP")) {
            self.accept("+-");
            self.accept_run("0123456789_");
        }
        self.accept("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || is_letter(c) || is_decimal_digit(c)
}

/// A minus sign and a space.
fn has_left_trim_marker(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|rest| rest.starts_with(is_space))
}

/// A space, a minus sign and the closing delimiter.
fn ends_with_trim(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_space)
        && chars.as_str().strip_prefix('-').is_some_and(|rest| rest.starts_with(RIGHT))
}

/// `U+0078 'x'`; without the character itself where it can't be printed.
fn code_point(c: char) -> String {
    let number = u32::from(c);
    if is_printable(c) { format!("U+{number:04X} '{c}'") } else { format!("U+{number:04X}") }
}
