//! Where edits put their lines: the changes that all of them make to the tree.
//!
//! Implements [go.mod file formatting](https://go.dev/ref/mod#go-mod-file-format) of the Go
//! Modules Reference, for both kinds of files. A new line joins the last block of its directive, or
//! makes a block with the last line of it; a block that shrinks to one line becomes that line:
//!
//! ```text
//! require example.com/a v1.0.0  →  require (
//!                                      example.com/a v1.0.0
//!                                      example.com/b v1.0.0
//!                                  )
//! ```

use std::cmp::Ordering;
use std::collections::HashSet;

use super::syntax::{Block, BlockId, Comments, FileSyntax, Line, LineId, Statement, Tokens};

/// A place among the statements: the number of one, and of a line in it if that is a block.
struct Place {
    statement: usize,
    line: Option<usize>,
}

impl FileSyntax {
    /// Adds a line behind the last one of its directive, or at the end of the file.
    pub(super) fn append_line(&mut self, texts: &[&str]) -> LineId {
        let last = self.statements.iter().rposition(|&s| self.has_verb(s, texts));
        self.insert_line(last.map(|statement| Place { statement, line: None }), texts)
    }

    /// Adds a line behind another: in its block if that is of the same directive, making a block
    /// of the two if there is none yet; otherwise behind the statement.
    pub(super) fn add_line_after(&mut self, hint: LineId, texts: &[&str]) -> LineId {
        let place = self.find(hint);
        self.insert_line(place, texts)
    }

    /// Adds a line in front of statement number `n`.
    pub(super) fn insert_statement(&mut self, n: usize, texts: &[&str]) -> LineId {
        let tokens = self.add_tokens(texts);
        let id = self.add_line(Line { tokens, ..Line::default() });
        self.statements.insert(n, Statement::Line(id));
        id
    }

    /// The directive of a line or block; a removed line has none.
    pub(super) fn verb(&self, statement: Statement) -> Option<&[u8]> {
        match statement {
            Statement::Group(_) => None,
            Statement::Line(id) => self.token(self.line(id).tokens, 0),
            Statement::Block(id) => self.token(self.block(id).tokens, 0),
        }
    }

    fn has_verb(&self, statement: Statement, texts: &[&str]) -> bool {
        self.verb(statement).is_some_and(|verb| texts.first().map(|t| t.as_bytes()) == Some(verb))
    }

    fn find(&self, line: LineId) -> Option<Place> {
        self.statements.iter().enumerate().find_map(|(n, &statement)| {
            let line = match statement {
                Statement::Group(_) => return None,
                Statement::Line(id) => (id == line).then_some(None)?,
                Statement::Block(id) => {
                    Some(self.block(id).lines.iter().position(|&id| id == line)?)
                }
            };
            Some(Place { statement: n, line })
        })
    }

    fn insert_line(&mut self, place: Option<Place>, texts: &[&str]) -> LineId {
        let Some(Place { statement: n, line }) = place else {
            return self.insert_statement(self.statements.len(), texts);
        };
        let block = match self.statements[n] {
            statement if !self.has_verb(statement, texts) => None,
            Statement::Group(_) => None,
            Statement::Line(id) => Some(self.wrap_line(n, id)),
            Statement::Block(id) => Some(id),
        };
        let Some(block) = block else {
            return self.insert_statement(n + 1, texts);
        };
        let tokens = self.add_tokens(texts.get(1..).unwrap_or_default());
        let id = self.add_line(Line { tokens, in_block: true, ..Line::default() });
        let lines = &mut self.block_mut(block).lines;
        lines.insert(line.map_or(lines.len(), |line| line + 1), id);
        id
    }

    /// Makes a block around the line that is statement number `n`.
    pub(super) fn wrap_line(&mut self, n: usize, id: LineId) -> BlockId {
        let line = self.line_mut(id);
        let (verb, rest) = line.tokens.split_first();
        line.tokens = rest;
        line.in_block = true;
        let block = self.add_block(Block { tokens: verb, lines: vec![id], ..Block::default() });
        self.statements[n] = Statement::Block(block);
        block
    }

    /// Gives a line other tokens, the directive first.
    pub(super) fn set_line(&mut self, id: LineId, texts: &[&str]) {
        let tokens = self.add_tokens(texts);
        let line = self.line_mut(id);
        line.tokens = if line.in_block { tokens.split_first().1 } else { tokens };
        line.removed = false;
    }

    /// Marks a line, and the comments behind it, for removal by [`clean_up`](Self::clean_up).
    pub(super) fn remove_line(&mut self, id: LineId) {
        let line = self.line_mut(id);
        line.comments.set_suffix(Vec::new());
        line.tokens = Tokens::default();
        line.removed = true;
    }

    /// Takes away removed lines and empty blocks, and makes blocks of one line that line, unless
    /// comments stand in front of the closing parenthesis.
    pub(super) fn clean_up(&mut self) {
        let statements = std::mem::take(&mut self.statements);
        self.statements = statements.into_iter().filter_map(|s| self.clean_statement(s)).collect();
    }

    fn clean_statement(&mut self, statement: Statement) -> Option<Statement> {
        let id = match statement {
            Statement::Group(_) => return Some(statement),
            Statement::Line(id) => return (!self.line(id).removed).then_some(statement),
            Statement::Block(id) => id,
        };
        let mut lines = std::mem::take(&mut self.block_mut(id).lines);
        lines.retain(|&line| !self.line(line).removed);
        let kept = match lines[..] {
            [] => return None,
            [line] if self.block(id).right.before().is_empty() => {
                self.unwrap_line(id, line);
                Statement::Line(line)
            }
            _ => statement,
        };
        self.block_mut(id).lines = lines;
        Some(kept)
    }

    /// Makes a line of a block stand for itself. Comments at the parentheses have no place there.
    fn unwrap_line(&mut self, block: BlockId, id: LineId) {
        let (block, line) = (self.block(block), self.line(id));
        let comments = Comments::new(
            [block.comments.before(), line.comments.before()].concat(),
            [line.comments.suffix(), block.comments.suffix()].concat(),
        );
        let tokens = self.join_tokens(block.tokens, line.tokens);
        *self.line_mut(id) = Line { comments, tokens, ..Line::default() };
    }

    /// Takes lines away at once, and all blocks without lines.
    pub(super) fn delete_lines(&mut self, lines: &HashSet<LineId>) {
        let mut statements = std::mem::take(&mut self.statements);
        statements.retain(|&statement| match statement {
            Statement::Group(_) => true,
            Statement::Line(id) => !lines.contains(&id),
            Statement::Block(id) => {
                let kept = &mut self.block_mut(id).lines;
                kept.retain(|id| !lines.contains(id));
                !kept.is_empty()
            }
        });
        self.statements = statements;
    }

    /// Sorts the lines of each block; `compare` gets the block's directive and the tokens of two
    /// lines. Lines that it doesn't tell apart keep their order.
    pub(super) fn sort_lines(&mut self, compare: impl Fn(&[u8], &[&[u8]], &[&[u8]]) -> Ordering) {
        for statement in self.statements.clone() {
            let Statement::Block(id) = statement else { continue };
            let lines = std::mem::take(&mut self.block_mut(id).lines);
            let verb = self.verb(statement).unwrap_or_default();
            let mut keyed: Vec<(Vec<&[u8]>, LineId)> = lines
                .into_iter()
                .map(|line| (self.tokens(self.line(line).tokens).collect(), line))
                .collect();
            keyed.sort_by(|(a, _), (b, _)| compare(verb, a, b));
            self.block_mut(id).lines = keyed.into_iter().map(|(_, line)| line).collect();
        }
    }
}
