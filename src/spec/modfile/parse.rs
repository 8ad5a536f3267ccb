//! The grammar of go.mod and go.work files: from tokens to the tree.
//!
//! Implements [Grammar](https://go.dev/ref/mod#go-mod-file-grammar) of the Go Modules Reference,
//! and the rules by which comments find the element that they belong to:
//!
//! - Comments on lines of their own go before the element that follows. At the top level a blank
//!   line between the two makes them a group that stands alone; within a block it doesn't.
//! - A comment behind something goes to the last element that ended before it and that began and
//!   ended on one line. If there is none, it goes in front of the file.
//!
//! Only a `(` that is the last but not the first token of a line opens a block (with `)` behind
//! it, an empty one); elsewhere parentheses are tokens like others. Blocks don't nest, so neither
//! does this parser.
//!
//! The tree of a file of many tiny lines is much larger than the file. So the number of lines, and of
//! words and comments on them, is limited, at a hundred times what the largest real files have.

use super::error::{Error, ErrorKind};
use super::lex::{Kind, Lexer, Token};
use super::syntax::{Block, BlockId, Comments, Element, FileSyntax, Line, LineId, Span, Statement};

/// The most lines that say something. A file of 16 MiB has as many if its lines are 32 bytes long.
const MAX_LINES: usize = 1 << 19;
/// The most words and comments.
const MAX_PIECES: usize = 1 << 21;

/// Parses a file up to its first error.
pub(super) fn parse(file: &str, data: &[u8]) -> Result<FileSyntax, Error> {
    let mut lexer = Lexer::new(file, data);
    let next = lexer.next()?;
    let syntax = FileSyntax::over(file, data);
    let mut parser = Parser { lexer, next, syntax, last: None, lines: 0, pieces: 0 };
    parser.file()?;
    Ok(parser.syntax)
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    next: Token,
    syntax: FileSyntax,
    /// The element that a comment here would stand behind.
    last: Option<Element>,
    lines: usize,
    pieces: usize,
}

impl Parser<'_> {
    fn take(&mut self) -> Result<Token, Error> {
        if !matches!(self.next.kind, Kind::Newline | Kind::EndOfFile) {
            self.pieces += 1;
            if self.pieces > MAX_PIECES {
                return Err(self.lexer.error(ErrorKind::TooManyWords(MAX_PIECES)));
            }
        }
        Ok(std::mem::replace(&mut self.next, self.lexer.next()?))
    }

    /// Counts what will have a place in one of the tables: a line, a block, a group of comments.
    fn count_line(&mut self) -> Result<(), Error> {
        self.lines += 1;
        match self.lines > MAX_LINES {
            true => Err(self.lexer.error(ErrorKind::TooManyLines(MAX_LINES))),
            false => Ok(()),
        }
    }

    fn file(&mut self) -> Result<(), Error> {
        let mut comments = Vec::new();
        loop {
            match self.next.kind {
                Kind::Comment => comments.push(self.take()?.span),
                Kind::Newline | Kind::EndOfFile => {
                    if !comments.is_empty() {
                        self.count_line()?;
                        let id = self.syntax.add_group(std::mem::take(&mut comments));
                        self.push(Statement::Group(id));
                        self.last = Some(Element::Statement(Statement::Group(id)));
                    }
                    if self.take()?.kind == Kind::EndOfFile {
                        return Ok(());
                    }
                }
                _ => self.statement(Comments::new(std::mem::take(&mut comments), Vec::new()))?,
            }
        }
    }

    fn push(&mut self, statement: Statement) {
        self.syntax.statements.push(statement);
    }

    /// Parses a line or a block at the top level.
    fn statement(&mut self, comments: Comments) -> Result<(), Error> {
        let start = self.next.start;
        let mut tokens = self.syntax.start_tokens();
        loop {
            let token = self.take()?;
            if token.kind == Kind::LeftParenthesis && tokens.len() > 0 {
                let right = match self.next.kind {
                    Kind::RightParenthesis => Some(self.take()?),
                    _ => None,
                };
                if self.next.kind.ends_line() {
                    self.count_line()?;
                    let block = Block { comments, start, tokens, ..Block::default() };
                    let id = self.syntax.add_block(block);
                    self.push(Statement::Block(id));
                    return self.block(id, right);
                }
                self.syntax.push_token(&mut tokens, token.span);
                if let Some(right) = right {
                    self.syntax.push_token(&mut tokens, right.span);
                }
                continue;
            }
            self.syntax.push_token(&mut tokens, token.span);
            if self.next.kind.ends_line() {
                let line = Line { comments, start, tokens, ..Line::default() };
                let id = self.end_line(line, token.end_line)?;
                self.push(Statement::Line(id));
                return Ok(());
            }
        }
    }

    /// Adds a line that ends with its tokens, and takes the end of it.
    fn end_line(&mut self, line: Line, end_line: usize) -> Result<LineId, Error> {
        self.count_line()?;
        let one_line = line.start.line == end_line;
        let id = self.syntax.add_line(line);
        if one_line {
            self.last = Some(Element::Statement(Statement::Line(id)));
        }
        self.take_line_end()?;
        Ok(id)
    }

    /// Takes the end of a line, and the comment there if there is one.
    fn take_line_end(&mut self) -> Result<(), Error> {
        let Token { kind, span, .. } = self.take()?;
        if kind == Kind::SuffixComment {
            match self.last {
                Some(element) => self.syntax.comments_mut(element).push_suffix(span),
                None => self.syntax.before.push(span),
            }
        }
        Ok(())
    }

    /// Parses a block from behind its `(`, or behind its `)` if that follows at once.
    fn block(&mut self, id: BlockId, right: Option<Token>) -> Result<(), Error> {
        self.last = Some(Element::LeftParenthesis(id));
        let right = match right {
            Some(right) => right,
            None => self.block_lines(id)?,
        };
        self.last = Some(Element::RightParenthesis(id));
        if self.syntax.block(id).start.line == right.start.line {
            self.last = Some(Element::Statement(Statement::Block(id)));
        }
        if !self.next.kind.ends_line() {
            return Err(self.lexer.error(ErrorKind::TextAfterBlock));
        }
        self.take_line_end()
    }

    /// Parses the lines of a block, and the `)` behind them.
    fn block_lines(&mut self, id: BlockId) -> Result<Token, Error> {
        let mut lines = Vec::new();
        let mut comments = Vec::new();
        loop {
            match self.next.kind {
                Kind::SuffixComment => self.take_line_end()?,
                Kind::Comment => comments.push(self.take()?.span),
                Kind::Newline => {
                    self.take()?;
                    let wanted = match comments.last() {
                        Some(&comment) => !Span::is_blank(comment),
                        None => !lines.is_empty(),
                    };
                    if wanted {
                        comments.push(Span::BLANK);
                    }
                }
                Kind::EndOfFile => {
                    let start = self.syntax.block(id).start;
                    let file = self.syntax.name.clone();
                    return Err(self.lexer.error(ErrorKind::UnterminatedBlock { file, start }));
                }
                Kind::RightParenthesis => {
                    if comments == [Span::BLANK] {
                        comments.clear();
                    }
                    let block = self.syntax.block_mut(id);
                    block.lines = lines;
                    block.right.set_before(comments);
                    return self.take();
                }
                Kind::LeftParenthesis | Kind::Word => {
                    lines.push(self.block_line(std::mem::take(&mut comments))?);
                }
            }
        }
    }

    fn block_line(&mut self, before: Vec<Span>) -> Result<LineId, Error> {
        let start = self.next.start;
        let comments = Comments::new(before, Vec::new());
        let mut tokens = self.syntax.start_tokens();
        loop {
            let token = self.take()?;
            self.syntax.push_token(&mut tokens, token.span);
            if self.next.kind.ends_line() {
                let line = Line { comments, start, tokens, in_block: true, removed: false };
                return self.end_line(line, token.end_line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_ends_the_parsing() {
        let cases = [
            ("a /* b */\n", "go.mod:1:3: mod files must use // comments (not /* */ comments)"),
            ("a\nb/*\n", "go.mod:2:2: mod files must use // comments (not /* */ comments)"),
            ("/*", "go.mod:1: mod files must use // comments (not /* */ comments)"),
            ("a \"b", "go.mod:1:3: unexpected EOF in string"),
            ("a `b", "go.mod:1:3: unexpected EOF in string"),
            ("a \"b\\", "go.mod:1:3: unexpected EOF in string"),
            ("a \"b\nc\"", "go.mod:1:5: unexpected newline in string"),
            ("a `b\\\nc`", "go.mod:1:6: unexpected newline in string"),
            ("ä \0", r"go.mod:1:3: unexpected input character '\x00'"),
            ("\u{a0}", r"go.mod:1: unexpected input character '\u00a0'"),
            ("a\u{b}", r"go.mod:1:2: unexpected input character '\v'"),
            ("a\u{2028}", r"go.mod:1:2: unexpected input character '\u2028'"),
            ("\u{feff}a", r"go.mod:1: unexpected input character '\ufeff'"),
            ("a\r\u{e0001}", r"go.mod:1:3: unexpected input character '\U000e0001'"),
            ("a\n b (\nc\n", "go.mod:4: syntax error (unterminated block started at go.mod:2:2)"),
            ("a (\nb // c", "go.mod:2:7: syntax error (unterminated block started at go.mod:1:1)"),
            ("a (\n) b\n", "go.mod:2:4: syntax error (expected newline after closing paren)"),
            ("a (\n) \"b\n", "go.mod:2:5: unexpected newline in string"),
        ];
        for (text, message) in cases {
            match parse("go.mod", text.as_bytes()) {
                Ok(_) => panic!("{text:?} has no error"),
                Err(error) => assert_eq!(error.to_string(), message, "{text:?}"),
            }
        }
    }

    #[test]
    fn more_than_any_file_has_is_refused() {
        let fails = |text: &str| parse("go.mod", text.as_bytes()).err().map(|err| err.to_string());
        let lines = |piece: &str| format!("a (\n{})\n", piece.repeat(MAX_LINES - 1));
        assert_eq!(fails(&lines("b\n")), None);
        assert_eq!(
            fails(&(lines("b\n") + "c\n")).unwrap(),
            "go.mod:524291: too many lines (max is 524288)"
        );
        assert_eq!(fails(&"//\n\n".repeat(MAX_LINES)), None);
        assert!(fails(&"//\n\n".repeat(MAX_LINES + 1)).unwrap().contains("too many lines"));
        assert!(fails(&"a()\n".repeat(MAX_LINES + 1)).unwrap().contains("too many lines"));
        assert_eq!(fails(&"a ".repeat(MAX_PIECES)), None);
        assert!(
            fails(&"a ".repeat(MAX_PIECES + 1))
                .unwrap()
                .ends_with("too many words and comments (max is 2097152)")
        );
        for piece in ["a ", "//\n", "a b(\n) //\n"] {
            assert!(
                fails(&piece.repeat(MAX_PIECES + 1)).unwrap().contains("too many"),
                "{piece:?}"
            );
        }
        let word = |len| format!("a\nb {} c\n", "x".repeat(len));
        assert_eq!(fails(&word(64 << 10)), None);
        assert_eq!(
            fails(&word((64 << 10) + 1)).unwrap(),
            "go.mod:2:3: too long word (max is 65536 bytes)"
        );
        // Blank lines and white space cost nothing.
        assert_eq!(fails(&"\n \t".repeat(MAX_PIECES)), None);
    }

    #[test]
    fn lines_know_where_they_began() {
        let syntax =
            parse("go.mod", "ä \"\\\n\"\n// c\n  b (\n\tc\n \u{fffd}\n)\n".as_bytes()).unwrap();
        let mut places = Vec::new();
        for &statement in &syntax.statements {
            let lines = match statement {
                Statement::Group(_) => vec![],
                Statement::Line(id) => vec![id],
                Statement::Block(id) => {
                    let block = syntax.block(id);
                    places.push((block.start.line, block.start.column));
                    block.lines.clone()
                }
            };
            let positions = lines.into_iter().map(|line| syntax.position(line));
            places.extend(positions.map(|place| (place.line, place.column)));
        }
        assert_eq!(places, [(1, 1), (4, 3), (5, 2), (6, 2)]);
    }
}
