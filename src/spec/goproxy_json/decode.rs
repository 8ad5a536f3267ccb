//! The decoder: what Go's `json.Unmarshal` does with a document and a struct.
//!
//! Syntax comes first: a document is scanned to its end before anything is stored, so a syntax
//! error is reported whatever else is wrong. A value of the wrong type is passed over, and the
//! first such error is reported at the end. An error of a type that reads itself (a time, a
//! module's error) ends the decoding at once and so takes precedence over it.

use super::error::JsonError;
use super::time::GoTime;
use super::tokens::{Token, Tokens, unquote};

/// A reader of one document that is known to be well-formed.
///
/// Each method that reads a value, like [`Decoder::text`], reads exactly one, of whatever type it
/// is, so that the next call of [`Decoder::key`] finds a key or the object's end.
pub(super) struct Decoder<'a> {
    tokens: Tokens<'a>,
    /// The fields that lead to the value being read, each with the Go struct that it is of.
    path: Vec<(&'static str, &'static str)>,
    wrong_type: Option<JsonError>,
}

/// An object's key, escapes resolved.
pub(super) struct Key(String);

impl Key {
    /// Reports whether the key is `name` but for case. `name` is ASCII; the letters beyond ASCII
    /// that have an ASCII one as their other case are ſ (U+017F) and K (U+212A).
    pub(super) fn is(&self, name: &str) -> bool {
        let folded = self.0.chars().map(|c| match c {
            '\u{17f}' => 'S',
            '\u{212a}' => 'K',
            _ => c.to_ascii_uppercase(),
        });
        folded.eq(name.chars().map(|c| c.to_ascii_uppercase()))
    }
}

impl<'a> Decoder<'a> {
    /// A reader of `data`, which holds one document and nothing else.
    pub(super) fn of_document(data: &'a [u8]) -> Result<Self, JsonError> {
        let mut tokens = Tokens::new(data);
        while tokens.next()?.is_some() {}
        Ok(Decoder::new(Tokens::new(data)))
    }

    /// A reader of the next of several documents, and `None` after the last. They need nothing
    /// between them where they stay apart without.
    pub(super) fn of_next_document(tokens: &mut Tokens<'a>) -> Result<Option<Self>, JsonError> {
        tokens.next_document();
        if tokens.skip_space().is_none() {
            return Ok(None);
        }
        let document = tokens.clone();
        match tokens.skip_value() {
            Ok(()) => Ok(Some(Decoder::new(document))),
            Err(_) if tokens.is_exhausted() => Err(JsonError::TruncatedStream),
            Err(err) => Err(err),
        }
    }

    fn new(tokens: Tokens<'a>) -> Self {
        Decoder { tokens, path: Vec::new(), wrong_type: None }
    }

    /// The first error about types, if there was one; to be called after the last value.
    pub(super) fn finish(self) -> Result<(), JsonError> {
        self.wrong_type.map_or(Ok(()), Err)
    }

    /// The first token of the next value.
    pub(super) fn value(&mut self) -> Result<Token<'a>, JsonError> {
        self.tokens.next()?.ok_or(JsonError::UnexpectedEnd)
    }

    /// The next key of the object being read; `None` is its end.
    pub(super) fn key(&mut self) -> Result<Option<Key>, JsonError> {
        Ok(match self.tokens.next()? {
            Some(Token::Key(raw)) => Some(Key(unquote(raw))),
            _ => None,
        })
    }

    /// Passes over a value.
    pub(super) fn skip(&mut self) -> Result<(), JsonError> {
        self.tokens.skip_value()
    }

    /// Reads the value of `field` of the Go struct `owner` by `read`.
    pub(super) fn field(
        &mut self,
        owner: &'static str,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        self.enter(owner, field);
        read(self)?;
        self.leave();
        Ok(())
    }

    /// Goes on to the value of `field` of the Go struct `owner`.
    pub(super) fn enter(&mut self, owner: &'static str, field: &'static str) {
        self.path.push((owner, field));
    }

    /// Ends what [`Decoder::enter`] began.
    pub(super) fn leave(&mut self) {
        self.path.pop();
    }

    /// Reports whether the value that `first` begins is an object; if it is not, it is over.
    pub(super) fn enters_object(
        &mut self,
        first: Token<'a>,
        wanted: &'static str,
    ) -> Result<bool, JsonError> {
        match first {
            Token::ObjectStart => return Ok(true),
            Token::Null => {}
            other => self.reject(other, wanted)?,
        }
        Ok(false)
    }

    /// Reads a `string`.
    pub(super) fn text(&mut self, text: &mut String) -> Result<(), JsonError> {
        match self.value()? {
            Token::String(raw) => *text = unquote(raw),
            Token::Null => {}
            other => self.reject(other, "string")?,
        }
        Ok(())
    }

    /// Reads a `[]string`, in place of one that was read before.
    pub(super) fn texts(&mut self, texts: &mut Vec<String>) -> Result<(), JsonError> {
        match self.value()? {
            Token::ArrayStart => {
                texts.clear();
                loop {
                    match self.value()? {
                        Token::ArrayEnd => return Ok(()),
                        Token::String(raw) => texts.push(unquote(raw)),
                        Token::Null => texts.push(String::new()),
                        other => self.reject(other, "string")?,
                    }
                }
            }
            Token::Null => {
                texts.clear();
                Ok(())
            }
            other => self.reject(other, "[]string"),
        }
    }

    /// Passes over a `bool`.
    pub(super) fn skip_bool(&mut self) -> Result<(), JsonError> {
        match self.value()? {
            Token::Bool | Token::Null => Ok(()),
            other => self.reject(other, "bool"),
        }
    }

    /// Reads a `time.Time`, which does not resolve escapes.
    pub(super) fn time(&mut self, time: &mut GoTime) -> Result<(), JsonError> {
        match self.value()? {
            Token::String(raw) => *time = GoTime::parse(raw)?,
            Token::Null => {}
            _ => return Err(JsonError::TimeIsNoString),
        }
        Ok(())
    }

    /// Reads a value by `read`, of a Go type that decodes itself: wrong types in it end the
    /// decoding, even where one was noted before.
    pub(super) fn strictly(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        let noted = self.wrong_type.take();
        read(self)?;
        match std::mem::replace(&mut self.wrong_type, noted) {
            Some(err) => Err(err),
            None => Ok(()),
        }
    }

    /// Passes over the value that `first` begins, which should have been of the Go type `wanted`.
    pub(super) fn reject(
        &mut self,
        first: Token<'a>,
        wanted: &'static str,
    ) -> Result<(), JsonError> {
        if self.wrong_type.is_none() {
            self.wrong_type = Some(self.wrong_type_error(first, wanted));
        }
        self.tokens.finish_value(first)
    }

    fn wrong_type_error(&self, first: Token<'a>, wanted: &'static str) -> JsonError {
        let found = match first {
            Token::String(_) | Token::Key(_) => "string",
            Token::Number => "number",
            Token::Bool => "bool",
            Token::Null => "null",
            Token::ArrayStart | Token::ArrayEnd => "array",
            Token::ObjectStart | Token::ObjectEnd => "object",
        };
        let Some((owner, _)) = self.path.last() else {
            return JsonError::WrongType { found, wanted };
        };
        let fields: Vec<&str> = self.path.iter().map(|(_, field)| *field).collect();
        let field = format!("{owner}.{}", fields.join("."));
        JsonError::WrongFieldType { found, field, wanted }
    }
}
