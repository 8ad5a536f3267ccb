//! Functions called, and the arguments that they are given.

use super::super::funcs::{self, Signature};
use super::super::literal::Number;
use super::super::node::{Expr, ExprKind};
use super::super::value::{Int, Type, Value};
use super::{At, Failure, State};
use crate::spec::quote::quote;

impl<'t> State<'t> {
    pub(super) fn function(
        &mut self,
        dot: &Value,
        name: &str,
        place: At<'t>,
        args: &'t [Expr],
        last: Option<Value>,
    ) -> Result<Value, Failure> {
        let Some(signature) = funcs::find(name) else {
            return self.fail(format!("{} is not a defined function", quote(name)));
        };
        if matches!(name, "and" | "or") {
            return self.and_or(dot, name, signature, args, last);
        }
        let callee = match (args.get(1), &last) {
            (Some(callee), _) => callee.to_string(),
            (None, Some(last)) => match last {
                Value::Text(text) => String::from_utf8_lossy(text).into_owned(),
                other => format!("<{} Value>", other.type_name()),
            },
            (None, None) => String::new(),
        };
        let args = self.arguments(dot, name, signature, args, last)?;
        let result = match (name, args.first()) {
            ("context", _) => Ok(self.functions.context()),
            ("module", Some(Value::Text(path))) => Ok(self.functions.module(path)),
            _ => funcs::call(name, &args, &callee),
        };
        result.or_else(|err| {
            self.at = place;
            self.fail(format!("error calling {name}: {err}"))
        })
    }

    /// These look at no more arguments than they need.
    fn and_or(
        &mut self,
        dot: &Value,
        name: &str,
        signature: Signature,
        args: &'t [Expr],
        last: Option<Value>,
    ) -> Result<Value, Failure> {
        let args = args.get(1..).unwrap_or_default();
        self.check_count(name, signature, args.len(), last.is_some())?;
        let mut value = Value::Nothing;
        for arg in args {
            value = self.argument(dot, Some(Type::Reflected), arg)?;
            if value.is_true() == (name == "or") {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }

    fn check_count(
        &self,
        name: &str,
        signature: Signature,
        given: usize,
        has_last: bool,
    ) -> Result<(), Failure> {
        let count = given + usize::from(has_last);
        let wanted = signature.fixed.len();
        if signature.rest.is_some() {
            if count < wanted {
                return self.fail(format!(
                    "wrong number of args for {name}: want at least {wanted} got {given}"
                ));
            }
        } else if count != wanted {
            return self
                .fail(format!("wrong number of args for {name}: want {wanted} got {count}"));
        }
        match signature.unfit(name) {
            Some(text) => self.fail(text),
            None => Ok(()),
        }
    }

    /// The arguments of a call, each of the type that is asked for. `args` begins with what is
    /// called; it is empty where nothing else can follow.
    pub(super) fn arguments(
        &mut self,
        dot: &Value,
        name: &str,
        signature: Signature,
        args: &'t [Expr],
        last: Option<Value>,
    ) -> Result<Vec<Value>, Failure> {
        let args = args.get(1..).unwrap_or_default();
        self.check_count(name, signature, args.len(), last.is_some())?;
        let wanted = |at: usize| signature.fixed.get(at).copied().or(signature.rest);
        let mut values = Vec::with_capacity(args.len() + 1);
        for (at, arg) in args.iter().enumerate() {
            values.push(self.argument(dot, wanted(at), arg)?);
        }
        if let Some(last) = last {
            values.push(self.fit(last, wanted(args.len()))?);
        }
        Ok(values)
    }

    /// A value that can be given where `wanted` is asked for.
    pub(super) fn fit(&self, value: Value, wanted: Option<Type>) -> Result<Value, Failure> {
        let Some(wanted) = wanted else { return Ok(value) };
        let Some(kind) = value.kind() else {
            return match wanted.can_be_nil() {
                true => Ok(wanted.nil()),
                false => self.fail(format!("invalid value; expected {wanted}")),
            };
        };
        if matches!(wanted, Type::Any | Type::Reflected) || kind == wanted {
            return Ok(value);
        }
        match (value, wanted) {
            (Value::Pointer(class, Some(to)), Type::Struct(of)) if class == of => {
                Ok(Value::Struct(to))
            }
            (Value::Pointer(class, None), Type::Struct(of)) if class == of => {
                self.fail(format!("dereference of nil pointer of type {wanted}"))
            }
            _ => self.fail(format!("wrong type for value; expected {wanted}; got {kind}")),
        }
    }

    pub(super) fn argument(
        &mut self,
        dot: &Value,
        wanted: Option<Type>,
        expr: &'t Expr,
    ) -> Result<Value, Failure> {
        self.at = At::Expr(expr);
        self.step()?;
        match &expr.kind {
            ExprKind::Dot => return self.fit(dot.clone(), wanted),
            ExprKind::Nil => {
                let Some(wanted) = wanted else { return Ok(Value::Nothing) };
                return match wanted.can_be_nil() {
                    true => Ok(wanted.nil()),
                    false => self.fail(format!("cannot assign nil to {wanted}")),
                };
            }
            ExprKind::Field(_) | ExprKind::Variable(_) | ExprKind::Chain(..) => {
                let value = self.fields(dot, expr, &[], None)?;
                return self.fit(value, wanted);
            }
            ExprKind::Pipe(pipe) => {
                let value = self.deeper(|state| state.pipeline(dot, pipe))?;
                return self.fit(value, wanted);
            }
            ExprKind::Identifier(name) => {
                let value = self.function(dot, name, At::Expr(expr), &[], None)?;
                return self.fit(value, wanted);
            }
            _ => {}
        }
        let wrong = |expected: &str| format!("expected {expected}; found {expr}");
        match (wanted.unwrap_or(Type::Any), &expr.kind) {
            (Type::Any | Type::Reflected, _) => self.constant(dot, expr),
            (Type::Bool, ExprKind::Bool(truth)) => Ok(Value::Bool(*truth)),
            (Type::Bool, _) => self.fail(wrong("bool")),
            (Type::Text, ExprKind::String { text, .. }) => Ok(Value::text(text)),
            (Type::Text, _) => self.fail(wrong("string")),
            (Type::Int(kind), ExprKind::Number(Number { int: Some(int), .. })) => {
                Ok(Value::Int(kind, *int))
            }
            (Type::Int(Int::Int | Int::Int64 | Int::Month | Int::Weekday | Int::Duration), _) => {
                self.fail(wrong("integer"))
            }
            (wanted, _) => self.fail(format!("can't handle {expr} for arg of type {wanted}")),
        }
    }
}
