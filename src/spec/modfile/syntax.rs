//! The concrete syntax tree of a go.mod or go.work file.
//!
//! Implements [Grammar](https://go.dev/ref/mod#go-mod-file-grammar) of the Go Modules Reference,
//! as far as it says what a file consists of. The parser makes the tree, the printer writes it,
//! edits change it.
//!
//! ```text
//! file  = { group | line | block }
//! group = comment { comment }                                     ended by a blank line
//! line  = token { token } EOL
//! block = token { token } "(" EOL { token { token } EOL } ")" EOL
//! ```
//!
//! The tree keeps tokens and comments as the file spells them, so that what isn't edited stays as
//! it was. Each comment belongs to the element that it stands before, or behind on the same line.
//! In front of a line of a block, an empty comment stands for blank lines; all others follow from
//! the layout.
//!
//! Tokens and comments point into one buffer with all text, and lines, blocks and groups lie in
//! tables. A hostile file of many tiny lines then costs tens of bytes a line instead of hundreds,
//! and a [`LineId`] stays valid while blocks come and go around its line.

use std::ops::Range;
use std::sync::Arc;

/// A place in a file. Both numbers count from 1; they are 0 for what an edit made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character within the line; a byte that is not UTF-8 counts as one.
    pub column: usize,
}

/// A token or a comment: a piece of the buffer of its [`FileSyntax`].
///
/// In four bytes each, for there may be millions; no file is as large as they can count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// The empty comment that stands for blank lines.
    pub(super) const BLANK: Self = Self { start: 0, end: 0 };

    pub(super) fn new(start: usize, end: usize) -> Self {
        let [start, end] = [start, end].map(|at| u32::try_from(at).unwrap_or(u32::MAX));
        Self { start, end }
    }

    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub(super) fn is_blank(self) -> bool {
        self.start == self.end
    }
}

/// A run of tokens, in the table of its [`FileSyntax`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tokens {
    start: u32,
    end: u32,
}

impl Tokens {
    fn new(start: usize, end: usize) -> Self {
        let Span { start, end } = Span::new(start, end);
        Self { start, end }
    }

    pub(super) fn len(self) -> usize {
        self.range().len()
    }

    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The first token alone, and those behind it.
    pub(super) fn split_first(self) -> (Self, Self) {
        let middle = self.end.min(self.start + 1);
        (Self { end: middle, ..self }, Self { start: middle, ..self })
    }
}

/// The comments of one element. Most have none, so the lists are made when needed.
#[derive(Debug, Clone, Default)]
pub(super) struct Comments(Option<Box<CommentLists>>);

#[derive(Debug, Clone, Default)]
struct CommentLists {
    before: Vec<Span>,
    suffix: Vec<Span>,
}

impl Comments {
    pub(super) fn new(before: Vec<Span>, suffix: Vec<Span>) -> Self {
        let none = before.is_empty() && suffix.is_empty();
        Self((!none).then(|| Box::new(CommentLists { before, suffix })))
    }

    /// Whole-line comments in front of the element.
    pub(super) fn before(&self) -> &[Span] {
        self.0.as_ref().map_or(&[], |lists| &lists.before)
    }

    /// Comments behind the element, on its line.
    pub(super) fn suffix(&self) -> &[Span] {
        self.0.as_ref().map_or(&[], |lists| &lists.suffix)
    }

    pub(super) fn set_before(&mut self, before: Vec<Span>) {
        if !(before.is_empty() && self.0.is_none()) {
            self.0.get_or_insert_default().before = before;
        }
    }

    pub(super) fn set_suffix(&mut self, suffix: Vec<Span>) {
        if !(suffix.is_empty() && self.0.is_none()) {
            self.0.get_or_insert_default().suffix = suffix;
        }
    }

    pub(super) fn push_suffix(&mut self, comment: Span) {
        let suffix = &mut self.0.get_or_insert_default().suffix;
        // Hardly ever are there two, and a vector grows to four places at once.
        suffix.reserve_exact(1);
        suffix.push(comment);
    }
}

/// The identity of a line within its [`FileSyntax`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LineId(usize);

/// The identity of a block within its [`FileSyntax`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct BlockId(usize);

/// The identity of a group of comments within its [`FileSyntax`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GroupId(usize);

/// An element of the top level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Statement {
    Group(GroupId),
    Line(LineId),
    Block(BlockId),
}

/// An element that comments can belong to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Element {
    Statement(Statement),
    LeftParenthesis(BlockId),
    RightParenthesis(BlockId),
}

/// A directive on a line of its own, or a line of a block.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    pub(super) comments: Comments,
    pub(super) start: Position,
    /// Without the directive if the line stands in a block.
    pub(super) tokens: Tokens,
    pub(super) in_block: bool,
    /// The next clean-up takes this line away; it has no tokens.
    pub(super) removed: bool,
}

/// Lines in parentheses that share their first tokens, in practice one: the directive.
#[derive(Debug, Clone, Default)]
pub(super) struct Block {
    pub(super) comments: Comments,
    pub(super) start: Position,
    pub(super) tokens: Tokens,
    /// Comments at the opening parenthesis.
    pub(super) left: Comments,
    pub(super) lines: Vec<LineId>,
    /// Comments at the closing parenthesis, those behind the last line among them.
    pub(super) right: Comments,
}

/// A whole file.
#[derive(Debug, Clone, Default)]
pub struct FileSyntax {
    pub(super) name: Arc<str>,
    /// Comments in front of everything.
    pub(super) before: Vec<Span>,
    pub(super) statements: Vec<Statement>,
    groups: Vec<Comments>,
    lines: Vec<Line>,
    blocks: Vec<Block>,
    tokens: Vec<Span>,
    text: Vec<u8>,
}

impl FileSyntax {
    /// A file without statements, whose buffer already holds the text to parse.
    pub(super) fn over(name: &str, text: &[u8]) -> Self {
        Self { name: name.into(), text: text.to_vec(), ..Self::default() }
    }

    /// The name of the file, which opens the texts of errors in it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the line began in the file that was parsed.
    pub fn position(&self, line: LineId) -> Position {
        self.line(line).start
    }

    pub(super) fn text(&self, span: Span) -> &[u8] {
        self.text.get(span.range()).unwrap_or_default()
    }

    pub(super) fn add_text(&mut self, text: &[u8]) -> Span {
        let start = self.text.len();
        self.text.extend_from_slice(text);
        Span::new(start, self.text.len())
    }

    pub(super) fn spans(&self, tokens: Tokens) -> &[Span] {
        self.tokens.get(tokens.range()).unwrap_or_default()
    }

    /// The texts of a run of tokens.
    pub(super) fn tokens(&self, tokens: Tokens) -> impl Iterator<Item = &[u8]> {
        self.spans(tokens).iter().map(|&span| self.text(span))
    }

    /// The text of token number `n` of a run, if it is that long.
    pub(super) fn token(&self, tokens: Tokens, n: usize) -> Option<&[u8]> {
        self.spans(tokens).get(n).map(|&span| self.text(span))
    }

    /// Gives token number `n` of a run, if it is that long, another text.
    pub(super) fn set_token(&mut self, tokens: Tokens, n: usize, text: &[u8]) {
        if self.token(tokens, n).is_some_and(|old| old != text) {
            self.tokens[tokens.start as usize + n] = self.add_text(text);
        }
    }

    pub(super) fn add_tokens<T: AsRef<[u8]>>(&mut self, texts: &[T]) -> Tokens {
        let mut tokens = self.start_tokens();
        for text in texts {
            let span = self.add_text(text.as_ref());
            self.push_token(&mut tokens, span);
        }
        tokens
    }

    /// An empty run at the end of the table.
    pub(super) fn start_tokens(&self) -> Tokens {
        Tokens::new(self.tokens.len(), self.tokens.len())
    }

    /// Appends to the last run of the table.
    pub(super) fn push_token(&mut self, tokens: &mut Tokens, token: Span) {
        self.tokens.push(token);
        *tokens = Tokens::new(tokens.start as usize, self.tokens.len());
    }

    /// One run with the tokens of two.
    pub(super) fn join_tokens(&mut self, a: Tokens, b: Tokens) -> Tokens {
        let start = self.tokens.len();
        self.tokens.extend_from_within(a.range());
        self.tokens.extend_from_within(b.range());
        Tokens::new(start, self.tokens.len())
    }

    pub(super) fn line(&self, id: LineId) -> &Line {
        &self.lines[id.0]
    }

    pub(super) fn line_mut(&mut self, id: LineId) -> &mut Line {
        &mut self.lines[id.0]
    }

    pub(super) fn add_line(&mut self, line: Line) -> LineId {
        self.lines.push(line);
        LineId(self.lines.len() - 1)
    }

    pub(super) fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.0]
    }

    pub(super) fn block_mut(&mut self, id: BlockId) -> &mut Block {
        &mut self.blocks[id.0]
    }

    pub(super) fn add_block(&mut self, block: Block) -> BlockId {
        self.blocks.push(block);
        BlockId(self.blocks.len() - 1)
    }

    pub(super) fn add_group(&mut self, comments: Vec<Span>) -> GroupId {
        self.groups.push(Comments::new(comments, Vec::new()));
        GroupId(self.groups.len() - 1)
    }

    pub(super) fn comments(&self, element: Element) -> &Comments {
        match element {
            Element::Statement(Statement::Group(id)) => &self.groups[id.0],
            Element::Statement(Statement::Line(id)) => &self.line(id).comments,
            Element::Statement(Statement::Block(id)) => &self.block(id).comments,
            Element::LeftParenthesis(id) => &self.block(id).left,
            Element::RightParenthesis(id) => &self.block(id).right,
        }
    }

    pub(super) fn comments_mut(&mut self, element: Element) -> &mut Comments {
        match element {
            Element::Statement(Statement::Group(id)) => &mut self.groups[id.0],
            Element::Statement(Statement::Line(id)) => &mut self.line_mut(id).comments,
            Element::Statement(Statement::Block(id)) => &mut self.block_mut(id).comments,
            Element::LeftParenthesis(id) => &mut self.block_mut(id).left,
            Element::RightParenthesis(id) => &mut self.block_mut(id).right,
        }
    }
}
