//! Templates parsed into [`Node`]s.

use std::collections::HashMap;

use super::lex::{Item, Kind, Lexer};
use super::literal::{INVALID, Number, unquote};
use super::node::{Branch, Command, Expr, ExprKind, Node, NodeKind, Pipe};
use crate::spec::quote::quote;

/// How deep parentheses and control structures may be nested in each other.
const MAX_DEPTH: usize = 100;

/// The templates by their names.
pub(super) type Trees = HashMap<Vec<u8>, Vec<Node>>;

/// What is wrong, in go's words.
type Failure = String;

/// Parses `text`, whose templates are `name` and those that it defines. `is_function` tells which
/// functions there are.
pub(super) fn parse(
    name: &str,
    text: &str,
    is_function: &dyn Fn(&str) -> bool,
) -> Result<Trees, Failure> {
    let mut parser = Parser {
        name,
        lexer: Lexer::new(text),
        is_function,
        trees: Trees::new(),
        tree: Tree::new(),
        depth: 0,
    };
    parser.whole()?;
    Ok(parser.trees)
}

struct Parser<'a> {
    name: &'a str,
    lexer: Lexer<'a>,
    is_function: &'a dyn Fn(&str) -> bool,
    trees: Trees,
    tree: Tree,
    depth: usize,
}

/// The state that each defined template has for itself.
struct Tree {
    /// Tokens put back; the first is the one that was read last.
    tokens: [Item; 3],
    peeked: usize,
    variables: Vec<String>,
    /// The line of the action under way; 0 if there is none.
    action_line: usize,
    ranges: usize,
}

impl Tree {
    fn new() -> Tree {
        Tree {
            tokens: [Item::none(), Item::none(), Item::none()],
            peeked: 0,
            variables: vec!["$".to_owned()],
            action_line: 0,
            ranges: 0,
        }
    }
}

/// What an action between delimiters turned out to be.
enum Parsed {
    Node(Node),
    End,
    Else,
}

impl Parsed {
    fn name(&self) -> &'static str {
        match self {
            Parsed::Else => "{{else}}",
            _ => "{{end}}",
        }
    }
}

impl Parser<'_> {
    fn next(&mut self) -> Item {
        if self.tree.peeked > 0 {
            self.tree.peeked -= 1;
        } else {
            self.tree.tokens[0] = self.lexer.next_item();
        }
        self.tree.tokens.get(self.tree.peeked).cloned().unwrap_or_else(Item::none)
    }

    fn backup(&mut self) {
        self.tree.peeked += 1;
    }

    fn backup2(&mut self, first: Item) {
        self.tree.tokens[1] = first;
        self.tree.peeked = 2;
    }

    fn backup3(&mut self, first: Item, second: Item) {
        self.tree.tokens[1] = second;
        self.tree.tokens[2] = first;
        self.tree.peeked = 3;
    }

    fn peek(&mut self) -> Item {
        let item = self.next();
        self.backup();
        item
    }

    fn next_non_space(&mut self) -> Item {
        loop {
            let item = self.next();
            if item.kind != Kind::Space {
                return item;
            }
        }
    }

    fn peek_non_space(&mut self) -> Item {
        let item = self.next_non_space();
        self.backup();
        item
    }

    fn fail<T>(&self, text: impl AsRef<str>) -> Result<T, Failure> {
        Err(format!("template: {}:{}: {}", self.name, self.tree.tokens[0].line, text.as_ref()))
    }

    fn unexpected<T>(&self, item: &Item, context: &str) -> Result<T, Failure> {
        let shown = item.shown();
        if item.kind != Kind::Error {
            return self.fail(format!("unexpected {shown} in {context}"));
        }
        let began = self.tree.action_line;
        if began == 0 || began == item.line {
            return self.fail(shown);
        }
        let in_action = if item.text.ends_with(" action") { "" } else { " in action" };
        self.fail(format!("{shown}{in_action} started at {}:{began}", self.name))
    }

    fn expect(&mut self, kinds: &[Kind], context: &str) -> Result<Item, Failure> {
        let item = self.next_non_space();
        if kinds.contains(&item.kind) { Ok(item) } else { self.unexpected(&item, context) }
    }

    fn deeper<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if self.depth >= MAX_DEPTH {
            return self.fail("max expression depth exceeded");
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn whole(&mut self) -> Result<(), Failure> {
        let mut root = Vec::new();
        loop {
            let item = self.peek();
            if item.kind == Kind::Eof {
                break;
            }
            if item.kind == Kind::LeftDelim {
                let delim = self.next();
                if self.next_non_space().kind == Kind::Define {
                    let outer = std::mem::replace(&mut self.tree, Tree::new());
                    self.definition()?;
                    self.tree = outer;
                    continue;
                }
                self.backup2(delim);
            }
            match self.text_or_action()? {
                Parsed::Node(node) => root.push(node),
                other => return self.fail(format!("unexpected {}", other.name())),
            }
        }
        self.add(self.name.as_bytes().to_vec(), root)
    }

    fn add(&mut self, name: Vec<u8>, root: Vec<Node>) -> Result<(), Failure> {
        let is_blank = |nodes: &[Node]| nodes.iter().all(Node::is_blank);
        let known = self.trees.get(&name).is_some_and(|known| !is_blank(known));
        if known {
            if is_blank(&root) {
                return Ok(());
            }
            let name = crate::spec::quote::quote_bytes(&name);
            return self.fail(format!("template: multiple definition of template {name}"));
        }
        self.trees.insert(name, root);
        Ok(())
    }

    fn definition(&mut self) -> Result<(), Failure> {
        const CONTEXT: &str = "define clause";
        let name = self.expect(&[Kind::String, Kind::RawString], CONTEXT)?;
        let Some(name) = unquote(&name.text) else { return self.fail(INVALID) };
        self.expect(&[Kind::RightDelim], CONTEXT)?;
        let (root, end) = self.item_list()?;
        if let Parsed::Else = end {
            return self.fail(format!("unexpected {} in {CONTEXT}", end.name()));
        }
        self.add(name, root)
    }

    /// Everything up to `end` or `else`.
    fn item_list(&mut self) -> Result<(Vec<Node>, Parsed), Failure> {
        let mut list = Vec::new();
        while self.peek_non_space().kind != Kind::Eof {
            match self.text_or_action()? {
                Parsed::Node(node) => list.push(node),
                end => return Ok((list, end)),
            }
        }
        self.fail("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Result<Parsed, Failure> {
        let item = self.next_non_space();
        match item.kind {
            Kind::Text => Ok(Parsed::Node(Node { pos: item.pos, kind: NodeKind::Text(item.text) })),
            Kind::LeftDelim => {
                self.tree.action_line = item.line;
                let parsed = self.action();
                self.tree.action_line = 0;
                parsed
            }
            _ => self.unexpected(&item, "input"),
        }
    }

    fn action(&mut self) -> Result<Parsed, Failure> {
        let item = self.next_non_space();
        let node = match item.kind {
            Kind::Block => self.block()?,
            Kind::Break => self.leave_loop(item.pos, "{{break}}", NodeKind::Break)?,
            Kind::Continue => self.leave_loop(item.pos, "{{continue}}", NodeKind::Continue)?,
            Kind::Else => {
                let next = self.peek_non_space();
                if !matches!(next.kind, Kind::If | Kind::With) {
                    self.expect(&[Kind::RightDelim], "else")?;
                }
                return Ok(Parsed::Else);
            }
            Kind::End => {
                self.expect(&[Kind::RightDelim], "end")?;
                return Ok(Parsed::End);
            }
            Kind::If => self.deeper(Self::if_control)?,
            Kind::Range => {
                self.deeper(|p| p.control("range")).map(|(pos, b)| (pos, NodeKind::Range(b)))?
            }
            Kind::With => self.deeper(Self::with_control)?,
            Kind::Template => self.template()?,
            _ => {
                self.backup();
                let pos = self.peek().pos;
                (pos, NodeKind::Action(self.pipeline("command", Kind::RightDelim)?))
            }
        };
        let (pos, kind) = node;
        Ok(Parsed::Node(Node { pos, kind }))
    }

    fn leave_loop(
        &mut self,
        pos: usize,
        name: &str,
        kind: NodeKind,
    ) -> Result<(usize, NodeKind), Failure> {
        self.expect(&[Kind::RightDelim], name)?;
        if self.tree.ranges == 0 {
            return self.fail(format!("{name} outside {{{{range}}}}"));
        }
        Ok((pos, kind))
    }

    fn if_control(&mut self) -> Result<(usize, NodeKind), Failure> {
        self.control("if").map(|(pos, branch)| (pos, NodeKind::If(branch)))
    }

    fn with_control(&mut self) -> Result<(usize, NodeKind), Failure> {
        self.control("with").map(|(pos, branch)| (pos, NodeKind::With(branch)))
    }

    fn control(&mut self, context: &str) -> Result<(usize, Branch), Failure> {
        let variables = self.tree.variables.len();
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        let is_range = context == "range";
        self.tree.ranges += usize::from(is_range);
        let (list, end) = self.item_list()?;
        self.tree.ranges -= usize::from(is_range);
        let mut otherwise = None;
        if let Parsed::Else = end {
            // `else if` stands for an `if` of its own, whose `end` is this one's too.
            let next = self.peek();
            let chained = match (context, next.kind) {
                ("if", Kind::If) => {
                    self.next();
                    Some(self.deeper(Self::if_control)?)
                }
                ("with", Kind::With) => {
                    self.next();
                    Some(self.deeper(Self::with_control)?)
                }
                _ => None,
            };
            otherwise = Some(match chained {
                Some((pos, kind)) => vec![Node { pos, kind }],
                None => {
                    let (list, end) = self.item_list()?;
                    if let Parsed::Else = end {
                        return self.fail(format!("expected end; found {}", end.name()));
                    }
                    list
                }
            });
        }
        self.tree.variables.truncate(variables);
        Ok((pipe.pos, Branch { pipe, list, otherwise }))
    }

    fn block(&mut self) -> Result<(usize, NodeKind), Failure> {
        const CONTEXT: &str = "block clause";
        let item = self.next_non_space();
        let name = self.template_name(&item, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Kind::RightDelim)?;
        let outer = std::mem::replace(&mut self.tree, Tree::new());
        let (root, end) = self.deeper(Self::item_list)?;
        if let Parsed::Else = end {
            self.tree = outer;
            return self.fail(format!("unexpected {} in {CONTEXT}", end.name()));
        }
        self.add(name.clone(), root)?;
        self.tree = outer;
        Ok((item.pos, NodeKind::Template { name, pipe: Some(pipe) }))
    }

    fn template(&mut self) -> Result<(usize, NodeKind), Failure> {
        const CONTEXT: &str = "template clause";
        let item = self.next_non_space();
        let name = self.template_name(&item, CONTEXT)?;
        let mut pipe = None;
        if self.next_non_space().kind != Kind::RightDelim {
            self.backup();
            pipe = Some(self.pipeline(CONTEXT, Kind::RightDelim)?);
        }
        Ok((item.pos, NodeKind::Template { name, pipe }))
    }

    fn template_name(&mut self, item: &Item, context: &str) -> Result<Vec<u8>, Failure> {
        match item.kind {
            Kind::String | Kind::RawString => match unquote(&item.text) {
                Some(name) => Ok(name),
                None => self.fail(INVALID),
            },
            _ => self.unexpected(item, context),
        }
    }

    fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipe, Failure> {
        let pos = self.peek_non_space().pos;
        let mut pipe =
            Pipe { pos, is_assignment: false, variables: Vec::new(), commands: Vec::new() };
        self.declarations(context, &mut pipe)?;
        loop {
            let item = self.next_non_space();
            match item.kind {
                kind if kind == end => {
                    self.check_pipeline(&pipe, context)?;
                    return Ok(pipe);
                }
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.backup();
                    pipe.commands.push(self.command()?);
                }
                _ => return self.unexpected(&item, context),
            }
        }
    }

    fn declarations(&mut self, context: &str, pipe: &mut Pipe) -> Result<(), Failure> {
        loop {
            let variable = self.peek_non_space();
            if variable.kind != Kind::Variable {
                return Ok(());
            }
            self.next();
            let after = self.peek();
            let next = self.peek_non_space();
            match next.kind {
                Kind::Assign | Kind::Declare => {
                    pipe.is_assignment = next.kind == Kind::Assign;
                    self.next_non_space();
                    pipe.variables.push(variable.text.clone());
                    self.tree.variables.push(variable.text);
                    return Ok(());
                }
                Kind::Char if next.text == "," => {
                    self.next_non_space();
                    pipe.variables.push(variable.text.clone());
                    self.tree.variables.push(variable.text);
                    if context == "range" && pipe.variables.len() < 2 {
                        let kind = self.peek_non_space().kind;
                        if matches!(kind, Kind::Variable | Kind::RightDelim | Kind::RightParen) {
                            continue;
                        }
                        return self.fail("range can only initialize variables");
                    }
                    return self.fail(format!("too many declarations in {context}"));
                }
                _ if after.kind == Kind::Space => self.backup3(variable, after),
                _ => self.backup2(variable),
            }
            return Ok(());
        }
    }

    fn check_pipeline(&self, pipe: &Pipe, context: &str) -> Result<(), Failure> {
        if pipe.commands.is_empty() {
            return self.fail(format!("missing value for {context}"));
        }
        for (i, command) in pipe.commands.iter().enumerate().skip(1) {
            if command.args.first().is_some_and(Expr::is_constant) {
                return self.fail(format!("non executable command in pipeline stage {}", i + 1));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<Command, Failure> {
        let pos = self.peek_non_space().pos;
        let mut args = Vec::new();
        loop {
            self.peek_non_space();
            args.extend(self.operand()?);
            let item = self.next();
            match item.kind {
                Kind::Space => continue,
                Kind::RightDelim | Kind::RightParen => self.backup(),
                Kind::Pipe => {}
                _ => return self.unexpected(&item, "operand"),
            }
            break;
        }
        if args.is_empty() {
            return self.fail("empty command");
        }
        Ok(Command { pos, args })
    }

    fn operand(&mut self) -> Result<Option<Expr>, Failure> {
        let Some(term) = self.term()? else { return Ok(None) };
        let first = self.peek();
        if first.kind != Kind::Field {
            return Ok(Some(term));
        }
        let mut names = Vec::new();
        while self.peek().kind == Kind::Field {
            names.push(self.next().text.trim_start_matches('.').to_owned());
        }
        let kind = match term.kind {
            ExprKind::Field(mut fields) => {
                fields.extend(names);
                ExprKind::Field(fields)
            }
            ExprKind::Variable(mut fields) => {
                fields.extend(names);
                ExprKind::Variable(fields)
            }
            _ if term.is_constant() => {
                let text = quote(&term.to_string());
                return self.fail(format!("unexpected . after term {text}"));
            }
            _ => ExprKind::Chain(Box::new(term), names),
        };
        Ok(Some(Expr { pos: first.pos, kind }))
    }

    fn term(&mut self) -> Result<Option<Expr>, Failure> {
        let item = self.next_non_space();
        let kind = match item.kind {
            Kind::Identifier => {
                if !(self.is_function)(&item.text) {
                    return self.fail(format!("function {} not defined", quote(&item.text)));
                }
                ExprKind::Identifier(item.text)
            }
            Kind::Dot => ExprKind::Dot,
            Kind::Nil => ExprKind::Nil,
            Kind::Variable => {
                if !self.tree.variables.contains(&item.text) {
                    return self.fail(format!("undefined variable {}", quote(&item.text)));
                }
                ExprKind::Variable(vec![item.text])
            }
            Kind::Field => {
                let name = item.text.strip_prefix('.').unwrap_or(&item.text);
                ExprKind::Field(vec![name.to_owned()])
            }
            Kind::Bool => ExprKind::Bool(item.text == "true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => {
                let number = match item.kind {
                    Kind::CharConstant => Number::character(&item.text),
                    Kind::Complex => Number::complex(&item.text),
                    _ => Number::parse(&item.text),
                };
                match number {
                    Ok(number) => ExprKind::Number(number),
                    Err(text) => return self.fail(text),
                }
            }
            Kind::LeftParen => {
                let pipe =
                    self.deeper(|p| p.pipeline("parenthesized pipeline", Kind::RightParen))?;
                ExprKind::Pipe(Box::new(pipe))
            }
            Kind::String | Kind::RawString => match unquote(&item.text) {
                Some(text) => ExprKind::String { quoted: item.text, text },
                None => return self.fail(INVALID),
            },
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        // A pipeline in parentheses begins with what stands in them.
        let pos = match &kind {
            ExprKind::Pipe(pipe) => pipe.pos,
            _ => item.pos,
        };
        Ok(Some(Expr { pos, kind }))
    }
}

impl Expr {
    /// Whether it is a value by itself, and can be given no arguments.
    fn is_constant(&self) -> bool {
        matches!(
            self.kind,
            ExprKind::Bool(_)
                | ExprKind::Dot
                | ExprKind::Nil
                | ExprKind::Number(_)
                | ExprKind::String { .. }
        )
    }
}
