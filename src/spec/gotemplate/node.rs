//! The parsed form of a template, and the text of its parts in error messages.

use std::fmt;

use super::literal::Number;

/// A part of a template that writes something or controls what is written.
#[derive(Debug)]
pub(super) struct Node {
    /// Where it begins, in bytes.
    pub pos: usize,
    pub kind: NodeKind,
}

#[derive(Debug)]
pub(super) enum NodeKind {
    Text(String),
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
    Template { name: Vec<u8>, pipe: Option<Pipe> },
    Break,
    Continue,
}

/// `if`, `with` or `range`.
#[derive(Debug)]
pub(super) struct Branch {
    pub pipe: Pipe,
    pub list: Vec<Node>,
    pub otherwise: Option<Vec<Node>>,
}

/// Commands, each of which gets the value of the one before as its last argument.
#[derive(Debug)]
pub(super) struct Pipe {
    pub pos: usize,
    /// Whether the variables are set anew rather than declared.
    pub is_assignment: bool,
    pub variables: Vec<String>,
    pub commands: Vec<Command>,
}

/// A value, or something that is called with arguments.
#[derive(Debug)]
pub(super) struct Command {
    pub pos: usize,
    /// At least one.
    pub args: Vec<Expr>,
}

/// An operand.
#[derive(Debug)]
pub(super) struct Expr {
    pub pos: usize,
    pub kind: ExprKind,
}

#[derive(Debug)]
pub(super) enum ExprKind {
    Bool(bool),
    Dot,
    Nil,
    Number(Number),
    String {
        quoted: String,
        text: Vec<u8>,
    },
    Identifier(String),
    Field(Vec<String>),
    /// The variable's name with its `$`, then fields.
    Variable(Vec<String>),
    Chain(Box<Expr>, Vec<String>),
    Pipe(Box<Pipe>),
}

impl Node {
    /// Whether it is nothing but white space.
    pub fn is_blank(&self) -> bool {
        match &self.kind {
            NodeKind::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            NodeKind::Text(text) => f.write_str(text),
            NodeKind::Action(pipe) => write!(f, "{{{{{pipe}}}}}"),
            NodeKind::If(branch) => write!(f, "{{{{if {}}}}}", branch.pipe),
            NodeKind::With(branch) => write!(f, "{{{{with {}}}}}", branch.pipe),
            NodeKind::Range(branch) => write!(f, "{{{{range {}}}}}", branch.pipe),
            NodeKind::Template { name, pipe } => {
                let name = crate::spec::quote::quote_bytes(name);
                write!(f, "{{{{template {name}")?;
                if let Some(pipe) = pipe {
                    write!(f, " {pipe}")?;
                }
                f.write_str("}}")
            }
            NodeKind::Break => f.write_str("{{break}}"),
            NodeKind::Continue => f.write_str("{{continue}}"),
        }
    }
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.variables.is_empty() {
            let sign = if self.is_assignment { "=" } else { ":=" };
            write!(f, "{} {sign} ", self.variables.join(", "))?;
        }
        for (i, command) in self.commands.iter().enumerate() {
            let separator = if i > 0 { " | " } else { "" };
            write!(f, "{separator}{command}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, arg) in self.args.iter().enumerate() {
            let separator = if i > 0 { " " } else { "" };
            write!(f, "{separator}{}", InParens(arg))?;
        }
        Ok(())
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Bool(value) => value.fmt(f),
            ExprKind::Dot => f.write_str("."),
            ExprKind::Nil => f.write_str("nil"),
            ExprKind::Number(number) => f.write_str(&number.text),
            ExprKind::String { quoted, .. } => f.write_str(quoted),
            ExprKind::Identifier(name) => f.write_str(name),
            ExprKind::Field(names) => write!(f, ".{}", names.join(".")),
            ExprKind::Variable(names) => f.write_str(&names.join(".")),
            ExprKind::Chain(expr, names) => write!(f, "{}.{}", InParens(expr), names.join(".")),
            ExprKind::Pipe(pipe) => pipe.fmt(f),
        }
    }
}

/// An operand that has parentheses around it where it is a pipeline.
struct InParens<'a>(&'a Expr);

impl fmt::Display for InParens<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            ExprKind::Pipe(pipe) => write!(f, "({pipe})"),
            _ => self.0.fmt(f),
        }
    }
}
