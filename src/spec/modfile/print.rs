//! The standard layout of go.mod and go.work files, which is that of the go command.
//!
//! Implements [go.mod file formatting](https://go.dev/ref/mod#go-mod-file-format) of the Go
//! Modules Reference as far as layout goes (edits sort and merge): one blank line between
//! statements, a TAB in front of the lines of a block, one space between tokens (none inside
//! brackets and before a comma) and before a comment that follows something, at most one blank
//! line in a row and none at either end. Comments before a closing parenthesis stand as far left
//! as it does.
//!
//! ```text
//! module   example.com/m             module example.com/m
//! require(                     →
//! example.com/a   v1.0.0 //why       require (
//!                                        example.com/a v1.0.0 //why
//! )                                  )
//! ```

use super::syntax::{BlockId, Comments, Element, FileSyntax, Span, Statement, Tokens};
use super::text::trim;

/// Writes a file in standard layout.
pub(super) fn print(syntax: &FileSyntax) -> Vec<u8> {
    let mut printer = Printer { syntax, out: Vec::new(), pending: Vec::new(), in_block: false };
    printer.file();
    let mut out = printer.out;
    while matches!(out[..], [b'\n'] | [.., b'\n', b'\n']) {
        out.pop();
    }
    out
}

struct Printer<'a> {
    syntax: &'a FileSyntax,
    out: Vec<u8>,
    /// Comments to write at the end of this line.
    pending: Vec<Span>,
    in_block: bool,
}

impl Printer<'_> {
    fn file(&mut self) {
        self.whole_line_comments(&self.syntax.before);
        for (n, &statement) in self.syntax.statements.iter().enumerate() {
            if n > 0 {
                self.new_line();
            }
            let comments = self.syntax.comments(Element::Statement(statement));
            self.comments_before(comments);
            match statement {
                // Its last comment has ended its line already.
                Statement::Group(_) => self.comments_behind(comments),
                Statement::Line(id) => {
                    self.tokens(self.syntax.line(id).tokens);
                    self.comments_behind(comments);
                    self.new_line();
                }
                Statement::Block(id) => {
                    self.block(id);
                    self.comments_behind(comments);
                    self.new_line();
                }
            }
        }
    }

    fn block(&mut self, id: BlockId) {
        let block = self.syntax.block(id);
        self.tokens(block.tokens);
        self.out.extend_from_slice(b" (");
        self.comments_behind(&block.left);
        self.in_block = true;
        for &line in &block.lines {
            let line = self.syntax.line(line);
            self.new_line();
            self.comments_before(&line.comments);
            self.tokens(line.tokens);
            self.comments_behind(&line.comments);
        }
        self.in_block = false;
        self.new_line();
        self.comments_before(&block.right);
        self.out.push(b')');
        self.comments_behind(&block.right);
    }

    fn tokens(&mut self, tokens: Tokens) {
        let mut glued = true;
        for token in self.syntax.tokens(tokens) {
            if !glued && !matches!(token, b"," | b")" | b"]" | b"}") {
                self.out.push(b' ');
            }
            self.out.extend_from_slice(token);
            glued = matches!(token, b"(" | b"[" | b"{");
        }
    }

    fn comments_before(&mut self, comments: &Comments) {
        if comments.before().is_empty() {
            return;
        }
        self.trim();
        if self.out.last().is_some_and(|&c| c != b'\n') {
            self.out.push(b'\n');
        }
        self.indent();
        self.whole_line_comments(comments.before());
    }

    fn whole_line_comments(&mut self, comments: &[Span]) {
        for &comment in comments {
            self.comment(comment);
            self.new_line();
        }
    }

    fn comments_behind(&mut self, comments: &Comments) {
        self.pending.extend_from_slice(comments.suffix());
    }

    fn comment(&mut self, comment: Span) {
        self.out.extend_from_slice(trim(self.syntax.text(comment)));
    }

    /// Ends the line, with the pending comments on it, and indents the next one.
    fn new_line(&mut self) {
        for (n, comment) in std::mem::take(&mut self.pending).into_iter().enumerate() {
            if n == 0 {
                self.out.push(b' ');
            } else {
                self.trim();
                self.out.push(b'\n');
                self.indent();
            }
            self.comment(comment);
        }
        self.trim();
        if !self.out.is_empty() && !self.out.ends_with(b"\n\n") {
            self.out.push(b'\n');
        }
        self.indent();
    }

    fn indent(&mut self) {
        if self.in_block {
            self.out.push(b'\t');
        }
    }

    /// Takes spaces and TABs away at the end of the line.
    fn trim(&mut self) {
        while matches!(self.out.last(), Some(b' ' | b'\t')) {
            self.out.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    #[track_caller]
    fn check(input: &str, output: &str) {
        let format = |text: &[u8]| print(&parse("go.mod", text).unwrap());
        let first = format(input.as_bytes());
        assert_eq!(str::from_utf8(&first), Ok(output), "{input:?}");
        assert_eq!(format(&first), first, "not a fixed point: {input:?}");
    }

    #[test]
    fn one_blank_line_between_statements() {
        check("", "");
        check("\n\n", "");
        check("a", "a\n");
        check("\n\na\nb\n\n\n\nc\n\n", "a\n\nb\n\nc\n");
        check("a\r\nb\r\n", "a\n\nb\n");
    }

    #[test]
    fn one_space_between_tokens() {
        check("a  b\tc\n", "a b c\n");
        check("a [ b,c ] d\n", "a [b, c] d\n");
        check("a (b)c{d }\n", "a (b) c {d}\n");
        check("a () b ( )c\n", "a () b () c\n");
        check("a => \"b  c\" `d  e`\n", "a => \"b  c\" `d  e`\n");
        check("( a\n) b\n", "(a\n\n) b\n");
    }

    #[test]
    fn blocks_are_indented() {
        check("a (\nb\n  c  d\n)\n", "a (\n\tb\n\tc d\n)\n");
        check("a b (\nc\n)\n", "a b (\n\tc\n)\n");
        check("a ()\n", "a (\n)\n");
        check("a (\n\n)\nb\n", "a (\n)\n\nb\n");
        check("a (\n(\n)\n", "a (\n\t(\n)\n");
        check("a (\n\n\nb\n\n\nc\n\n\n)\n", "a (\n\tb\n\n\tc\n)\n");
    }

    #[test]
    fn comments_stay_with_what_they_belong_to() {
        check("// 1\n//  2  \n\n//3\na // 4\n// 5", "// 1\n//  2\n\n//3\na // 4\n\n// 5\n");
        check("a//b\n", "a //b\n");
        check("a ( // 1\n// 2\nb // 3\n) // 4\n", "a ( // 1\n\t// 2\n\tb // 3\n) // 4\n");
        check("a (\nb\n\n\n// 1\n\n// 2\n\nc\n)\n", "a (\n\tb\n\n\t// 1\n\n\t// 2\n\n\tc\n)\n");
        check("a () // 1\n", "a (\n) // 1\n");
        check("a (\n// 1\n)\n", "a (\n// 1\n)\n");
        check("a (\nb\n// 1\n\n)\n", "a (\n\tb\n// 1\n\n)\n");
    }

    #[test]
    fn comments_behind_a_token_of_two_lines_go_to_the_element_before() {
        check("a\nb \"\\\n\" // 1\nc\n", "a // 1\n\nb \"\\\n\"\n\nc\n");
        check("b \"\\\n\" // 1\nc \"\\\n\" // 2\n", "// 1\n// 2\nb \"\\\n\"\n\nc \"\\\n\"\n");
        check("a ( // 1\n\"\\\n\" // 2\n)\n", "a ( // 1\n\t// 2\n\t\"\\\n\"\n)\n");
    }

    #[test]
    fn bytes_that_are_not_utf8_stay() {
        let syntax = parse("go.mod", b"a \xff\x80 // caf\xe9\n").unwrap();
        assert_eq!(print(&syntax), b"a \xff\x80 // caf\xe9\n");
    }
}
