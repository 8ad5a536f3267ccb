//! Templates executed.
//!
//! Errors name the place in the template that was looked at last, as go's do; so the order in which
//! parts are looked at is go's too.

use super::fmt;
use super::funcs::{self, printable};
use super::literal::Number;
use super::methods;
use super::node::{Branch, Command, Expr, ExprKind, Node, NodeKind, Pipe};
use super::value::{Type, Value};
use super::{Functions, Template};
use crate::spec::quote::{quote, quote_bytes};

mod call;

/// How deep templates may call each other, each level of control structures counting as well.
const MAX_DEPTH: usize = 400;
/// Parts of a template that are looked at before it counts as endless.
const MAX_STEPS: u64 = 20_000_000;
/// Bytes that one execution may write.
const MAX_OUTPUT: usize = 256 << 20;

/// What is wrong, in go's words.
type Failure = String;

/// What ends the walk through a list early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Onward,
    Break,
    Continue,
}

/// The part that was looked at last.
#[derive(Clone, Copy)]
enum At<'t> {
    Start,
    Node(&'t Node),
    Pipe(&'t Pipe),
    Command(&'t Command),
    Expr(&'t Expr),
}

pub(super) struct State<'t> {
    template: &'t Template,
    functions: &'t dyn Functions,
    /// The template that is being executed.
    name: &'t [u8],
    at: At<'t>,
    variables: Vec<(&'t str, Value)>,
    depth: usize,
    steps: u64,
    out: &'t mut Vec<u8>,
    began: usize,
}

/// Executes the template `name` with `data`.
pub(super) fn execute(
    template: &Template,
    name: &[u8],
    data: &Value,
    functions: &dyn Functions,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    let Some((name, root)) = template.trees.get_key_value(name) else {
        return Err(format!("template: {}: no such template", String::from_utf8_lossy(name)));
    };
    let began = out.len();
    let mut state = State {
        template,
        functions,
        name,
        at: At::Start,
        variables: vec![("$", data.clone())],
        depth: 0,
        steps: 0,
        out,
        began,
    };
    state.list(data, root).map(drop)
}

impl<'t> State<'t> {
    fn fail<T>(&self, text: impl AsRef<str>) -> Result<T, Failure> {
        let text = text.as_ref();
        let (pos, context) = match self.at {
            At::Start => return Err(format!("template: {}: {text}", self.template.name)),
            At::Node(node) => (node.pos, node.to_string()),
            At::Pipe(pipe) => (pipe.pos, pipe.to_string()),
            At::Command(command) => (command.pos, command.to_string()),
            At::Expr(expr) => (expr.pos, expr.to_string()),
        };
        let before = self.template.text.get(..pos).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        let column = pos - before.rfind('\n').map_or(0, |at| at + 1);
        let name = quote_bytes(self.name);
        Err(format!(
            "template: {}:{line}:{column}: executing {name} at <{context}>: {text}",
            self.template.name
        ))
    }

    fn step(&mut self) -> Result<(), Failure> {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.out.len() - self.began > MAX_OUTPUT {
            return self.fail("exceeded the limit of what one execution may do");
        }
        Ok(())
    }

    fn deeper<T>(
        &mut self,
        run: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if self.depth >= MAX_DEPTH {
            return self.fail(format!("exceeded maximum template depth ({MAX_DEPTH})"));
        }
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        result
    }

    fn list(&mut self, dot: &Value, nodes: &'t [Node]) -> Result<Flow, Failure> {
        for node in nodes {
            match self.walk(dot, node)? {
                Flow::Onward => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Onward)
    }

    fn walk(&mut self, dot: &Value, node: &'t Node) -> Result<Flow, Failure> {
        self.at = At::Node(node);
        self.step()?;
        match &node.kind {
            NodeKind::Text(text) => self.out.extend(text.bytes()),
            NodeKind::Action(pipe) => {
                let value = self.pipeline(dot, pipe)?;
                if pipe.variables.is_empty() {
                    self.at = At::Node(node);
                    self.out.extend(fmt::print(&[printable(&value)]));
                }
            }
            NodeKind::If(branch) => return self.deeper(|s| s.branch(dot, branch, false)),
            NodeKind::With(branch) => return self.deeper(|s| s.branch(dot, branch, true)),
            NodeKind::Range(branch) => {
                return self.deeper(|s| s.range(dot, branch));
            }
            NodeKind::Template { name, pipe } => self.template(dot, name, pipe.as_ref())?,
            NodeKind::Break => return Ok(Flow::Break),
            NodeKind::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Onward)
    }

    fn branch(&mut self, dot: &Value, branch: &'t Branch, sets: bool) -> Result<Flow, Failure> {
        let mark = self.variables.len();
        let value = self.pipeline(dot, &branch.pipe)?;
        let flow = if value.is_true() {
            self.list(if sets { &value } else { dot }, &branch.list)
        } else {
            self.list(dot, branch.otherwise.as_deref().unwrap_or_default())
        };
        self.variables.truncate(mark);
        flow
    }

    fn range(&mut self, dot: &Value, branch: &'t Branch) -> Result<Flow, Failure> {
        let outer = self.variables.len();
        let (over, _) = self.pipeline(dot, &branch.pipe)?.indirect();
        let flow = self.iterate(dot, branch, &over)?;
        self.variables.truncate(outer);
        // A `break` or `continue` in the list is the loop's own; one in `else` is an outer loop's.
        Ok(flow)
    }

    fn iterate(&mut self, dot: &Value, branch: &'t Branch, over: &Value) -> Result<Flow, Failure> {
        let shown = |value: &Value| {
            String::from_utf8_lossy(&fmt::print(std::slice::from_ref(value))).into_owned()
        };
        let count: usize = match over {
            Value::Int(_, _) | Value::Byte(_) => {
                if branch.pipe.variables.len() > 1 {
                    let shown = shown(over);
                    return self
                        .fail(format!("can't use {shown} to iterate over more than one variable"));
                }
                match over {
                    Value::Int(_, number) => usize::try_from(*number).unwrap_or(0),
                    Value::Byte(byte) => usize::from(*byte),
                    _ => 0,
                }
            }
            Value::Texts(_) | Value::Bytes(_) => funcs::length_of(over).unwrap_or(0),
            Value::Nothing => 0,
            _ => return self.fail(format!("range can't iterate over {}", shown(over))),
        };
        if count == 0 {
            return self.list(dot, branch.otherwise.as_deref().unwrap_or_default());
        }
        let mark = self.variables.len();
        for at in 0..count {
            let number = i64::try_from(at).unwrap_or(i64::MAX);
            let index = Value::int(number);
            let (index, element) = match over {
                Value::Int(kind, _) => (Value::Nothing, Value::Int(*kind, number)),
                Value::Byte(_) => (Value::Nothing, Value::Byte(u8::try_from(at).unwrap_or(0))),
                Value::Texts(Some(texts)) => {
                    (index, texts.get(at).map_or(Value::Nothing, |text| Value::Text(text.clone())))
                }
                Value::Bytes(bytes) => {
                    (index, bytes.get(at).map_or(Value::Nothing, |byte| Value::Byte(*byte)))
                }
                _ => (index, Value::Nothing),
            };
            self.step()?;
            self.set_loop_variables(&branch.pipe, index, &element)?;
            let flow = self.list(&element, &branch.list);
            self.variables.truncate(mark);
            if flow? == Flow::Break {
                break;
            }
        }
        Ok(Flow::Onward)
    }

    fn set_loop_variables(
        &mut self,
        pipe: &'t Pipe,
        index: Value,
        element: &Value,
    ) -> Result<(), Failure> {
        let names = &pipe.variables;
        let values = match names.len() {
            0 => return Ok(()),
            1 => vec![element.clone()],
            _ => vec![index, element.clone()],
        };
        let first = self.variables.len().saturating_sub(names.len());
        for (i, (name, value)) in names.iter().zip(values).enumerate() {
            if pipe.is_assignment {
                self.set_variable(name, value)?;
            } else if let Some(slot) = self.variables.get_mut(first + i) {
                slot.1 = value;
            }
        }
        Ok(())
    }

    fn set_variable(&mut self, name: &str, value: Value) -> Result<(), Failure> {
        match self.variables.iter_mut().rev().find(|(known, _)| *known == name) {
            Some(slot) => slot.1 = value,
            None => return self.fail(format!("undefined variable: {name}")),
        }
        Ok(())
    }

    fn template(
        &mut self,
        dot: &Value,
        name: &'t [u8],
        pipe: Option<&'t Pipe>,
    ) -> Result<(), Failure> {
        let template = self.template;
        let Some((name, root)) = template.trees.get_key_value(name) else {
            return self.fail(format!("template {} not defined", quote_bytes(name)));
        };
        let dot = match pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Value::Nothing,
        };
        self.deeper(|state| {
            let outer = (std::mem::replace(&mut state.name, name), state.at);
            let variables = std::mem::replace(&mut state.variables, vec![("$", dot.clone())]);
            state.list(&dot, root)?;
            (state.name, state.at) = outer;
            state.variables = variables;
            Ok(())
        })
    }

    fn pipeline(&mut self, dot: &Value, pipe: &'t Pipe) -> Result<Value, Failure> {
        self.at = At::Pipe(pipe);
        self.step()?;
        let mut value = None;
        for command in &pipe.commands {
            value = Some(self.command(dot, command, value.take())?);
        }
        let value = value.unwrap_or(Value::Nothing);
        for name in &pipe.variables {
            if pipe.is_assignment {
                self.set_variable(name, value.clone())?;
            } else {
                self.variables.push((name, value.clone()));
            }
        }
        Ok(value)
    }

    fn not_a_function(&self, args: &[Expr], last: Option<&Value>) -> Result<(), Failure> {
        match args.first() {
            Some(first) if args.len() > 1 || last.is_some() => {
                self.fail(format!("can't give argument to non-function {first}"))
            }
            _ => Ok(()),
        }
    }

    fn command(
        &mut self,
        dot: &Value,
        command: &'t Command,
        last: Option<Value>,
    ) -> Result<Value, Failure> {
        let args = &command.args;
        let Some(first) = args.first() else { return self.fail("empty command") };
        match &first.kind {
            ExprKind::Field(_) | ExprKind::Chain(..) | ExprKind::Variable(_) => {
                return self.fields(dot, first, args, last);
            }
            ExprKind::Identifier(name) => {
                self.at = At::Expr(first);
                return self.function(dot, name, At::Command(command), args, last);
            }
            ExprKind::Pipe(pipe) => {
                self.not_a_function(args, last.as_ref())?;
                return self.pipeline(dot, pipe);
            }
            _ => {}
        }
        self.at = At::Expr(first);
        self.not_a_function(args, last.as_ref())?;
        match &first.kind {
            ExprKind::Nil => self.fail("nil is not a command"),
            _ => self.constant(dot, first),
        }
    }

    /// A constant where nothing says of which type it is to be, or the dot.
    fn constant(&mut self, dot: &Value, expr: &'t Expr) -> Result<Value, Failure> {
        self.at = At::Expr(expr);
        match &expr.kind {
            ExprKind::Bool(truth) => Ok(Value::Bool(*truth)),
            ExprKind::Dot => Ok(dot.clone()),
            ExprKind::String { text, .. } => Ok(Value::text(text)),
            ExprKind::Number(number) => self.number(number),
            _ => self.fail(format!("can't evaluate command {}", quote(&expr.to_string()))),
        }
    }

    fn number(&self, number: &Number) -> Result<Value, Failure> {
        let text = &*number.text;
        if let Some((re, im)) = number.complex {
            return Ok(Value::Complex(re, im));
        }
        let is_hex = text.len() > 2
            && text.starts_with("0x") | text.starts_with("0X")
            && !text.contains(['p', 'P']);
        let looks_float = text.contains(['.', 'e', 'E', 'p', 'P']) && !text.starts_with('\'');
        match (number.int, number.float) {
            (_, Some(float)) if looks_float && !is_hex => Ok(Value::Float(float)),
            (Some(int), _) => Ok(Value::int(int)),
            _ if number.uint.is_some() => self.fail(format!("{text} overflows int")),
            _ => Ok(Value::Nothing),
        }
    }

    /// `.A.B`, `$x.A` or `(…).A`, of which the last may be a method with arguments.
    fn fields(
        &mut self,
        dot: &Value,
        expr: &'t Expr,
        args: &'t [Expr],
        last: Option<Value>,
    ) -> Result<Value, Failure> {
        self.at = At::Expr(expr);
        let (mut receiver, names): (Value, &'t [String]) = match &expr.kind {
            ExprKind::Field(names) => (dot.clone(), names),
            ExprKind::Variable(names) => {
                let Some((name, names)) = names.split_first() else {
                    return self.fail("empty variable");
                };
                let found = self.variables.iter().rev().find(|(known, _)| known == name);
                let Some((_, value)) = found else {
                    return self.fail(format!("undefined variable: {name}"));
                };
                let value = value.clone();
                if names.is_empty() {
                    self.not_a_function(args, last.as_ref())?;
                    return Ok(value);
                }
                (value, names)
            }
            ExprKind::Chain(inner, names) => {
                if matches!(inner.kind, ExprKind::Nil) {
                    return self.fail(format!("indirection through explicit nil in {expr}"));
                }
                (self.argument(dot, None, inner)?, names)
            }
            _ => return self.constant(dot, expr),
        };
        let Some((method, inner)) = names.split_last() else { return Ok(receiver) };
        for name in inner {
            receiver = self.field(dot, name, expr, &[], None, &receiver)?;
        }
        self.field(dot, method, expr, args, last, &receiver)
    }

    fn field(
        &mut self,
        dot: &Value,
        name: &str,
        expr: &'t Expr,
        args: &'t [Expr],
        last: Option<Value>,
        receiver: &Value,
    ) -> Result<Value, Failure> {
        let Some(kind) = receiver.kind() else { return Ok(Value::Nothing) };
        if let Some(method) = methods::find(receiver, name) {
            let args = self.arguments(dot, name, method.signature, args, last)?;
            return methods::call(receiver, name, method, &args).or_else(|err| {
                self.at = At::Expr(expr);
                self.fail(format!("error calling {name}: {err}"))
            });
        }
        let (target, is_nil) = receiver.indirect();
        let class = match (&target, kind) {
            (Value::Struct(of), _) => Some(of.class()),
            (_, Type::Pointer(class)) => Some(class),
            _ => None,
        };
        if class.is_some_and(|class| class.fields.contains(&name)) {
            if is_nil {
                return self.fail(format!("nil pointer evaluating {kind}.{name}"));
            }
            if !name.starts_with(|c: char| c.is_ascii_uppercase()) {
                return self.fail(format!("{name} is an unexported field of struct type {kind}"));
            }
            if args.len() > 1 || last.is_some() {
                return self
                    .fail(format!("{name} has arguments but cannot be invoked as function"));
            }
            if let Value::Struct(of) = &target {
                return Ok(of.field(name).unwrap_or(Value::Nothing));
            }
        }
        self.fail(format!("can't evaluate field {name} in type {kind}"))
    }
}
