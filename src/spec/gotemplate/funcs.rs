//! The functions of templates: Go's own, and those that `go list` adds.

use std::sync::Arc;

use super::fmt;
use super::value::{Struct, Type, Value};
use crate::spec::unicode::is_printable;

/// Largest text that a function makes.
const MAX_TEXT: usize = 64 << 20;

/// What a function takes and gives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signature {
    /// The fixed parameters.
    pub fixed: &'static [Type],
    /// The type of any number of further ones.
    pub rest: Option<Type>,
    /// Empty where it gives one value; else how many it gives, or the type of the second, which a
    /// template can't take.
    pub results: &'static str,
}

impl Signature {
    /// A function with these parameters.
    pub const fn of(fixed: &'static [Type]) -> Signature {
        Signature { fixed, rest: None, results: "" }
    }

    const fn and_more(fixed: &'static [Type], rest: Type) -> Signature {
        Signature { fixed, rest: Some(rest), results: "" }
    }

    /// Why a template can't call it, in go's words.
    pub fn unfit(&self, name: &str) -> Option<String> {
        match self.results {
            "" => None,
            count if count.starts_with(|c: char| c.is_ascii_digit()) => {
                Some(format!("function {name} has {count} return values; should be 1 or 2"))
            }
            second => Some(format!(
                "invalid function signature for {name}: second return value should be error; is \
                 {second}"
            )),
        }
    }
}

/// What the function `name` takes, if there is one.
pub(super) fn find(name: &str) -> Option<Signature> {
    const ONE: &[Type] = &[Type::Reflected];
    const TWO: &[Type] = &[Type::Reflected, Type::Reflected];
    Some(match name {
        "and" | "or" | "call" | "index" | "slice" | "eq" => {
            Signature::and_more(ONE, Type::Reflected)
        }
        "html" | "js" | "urlquery" | "print" | "println" => Signature::and_more(&[], Type::Any),
        "printf" => Signature::and_more(&[Type::Text], Type::Any),
        "len" | "not" => Signature::of(ONE),
        "ne" | "lt" | "le" | "gt" | "ge" => Signature::of(TWO),
        "join" => Signature::of(&[Type::Texts, Type::Text]),
        "context" => Signature::of(&[]),
        "module" => Signature::of(&[Type::Text]),
        _ => return None,
    })
}

/// Calls a function that needs nothing but its arguments; `callee` is how the template names what
/// `call` is to call.
pub(super) fn call(name: &str, args: &[Value], callee: &str) -> Result<Value, String> {
    let text = |bytes: Vec<u8>| {
        if bytes.len() > MAX_TEXT {
            Err("text too large".to_owned())
        } else {
            Ok(Value::text(bytes))
        }
    };
    let first = || args.first().cloned().unwrap_or(Value::Nothing);
    let second = || args.get(1).cloned().unwrap_or(Value::Nothing);
    let rest = args.get(1..).unwrap_or_default();
    match name {
        "call" => Err(match first().kind() {
            None => "call of nil".to_owned(),
            Some(kind) => format!("non-function {callee} of type {kind}"),
        }),
        "html" => text(escape_html(&as_text(args))),
        "js" => text(escape_js(&as_text(args))),
        "urlquery" => text(escape_query(&as_text(args))),
        "print" => text(fmt::print(args)),
        "println" => text(fmt::println(args)),
        "printf" => match args.split_first() {
            Some((Value::Text(format), args)) => text(fmt::printf(format, args)),
            _ => text(Vec::new()),
        },
        "index" => index(first(), rest),
        "slice" => slice(&first(), rest),
        "len" => length(&first()),
        "not" => Ok(Value::Bool(!first().is_true())),
        "eq" => equal(&first(), rest).map(Value::Bool),
        "ne" => equal(&first(), rest).map(|equal| Value::Bool(!equal)),
        "lt" => less(&first(), &second()).map(Value::Bool),
        "le" => less_or_equal(&first(), &second()).map(Value::Bool),
        "gt" => less_or_equal(&first(), &second()).map(|less| Value::Bool(!less)),
        "ge" => less(&first(), &second()).map(|less| Value::Bool(!less)),
        "join" => match (args.first(), args.get(1)) {
            (Some(Value::Texts(Some(texts))), Some(Value::Text(separator))) => {
                text(texts.iter().map(|text| &**text).collect::<Vec<_>>().join(&**separator))
            }
            _ => text(Vec::new()),
        },
        _ => Ok(Value::Nothing),
    }
}

/// The form of a value that is printed: what a pointer points to, unless the pointer itself has a
/// text.
pub(super) fn printable(value: &Value) -> Value {
    match value {
        Value::Nothing => Value::text("<no value>"),
        Value::Pointer(class, Some(to @ Struct::Fields(..))) if class.text.is_none() => {
            Value::Struct(to.clone())
        }
        _ => value.clone(),
    }
}

fn as_text(args: &[Value]) -> Vec<u8> {
    let args: Vec<Value> = args.iter().map(printable).collect();
    fmt::print(&args)
}

fn index_of(index: &Value, limit: usize) -> Result<usize, String> {
    let number = match index {
        Value::Int(_, number) => *number,
        Value::Byte(byte) => i64::from(*byte),
        Value::Nothing => return Err("cannot index slice/array with nil".to_owned()),
        _ => return Err(format!("cannot index slice/array with type {}", index.type_name())),
    };
    let at = usize::try_from(number).ok().filter(|at| *at <= limit);
    at.ok_or_else(|| format!("index out of range: {number}"))
}

fn index(item: Value, indexes: &[Value]) -> Result<Value, String> {
    if matches!(item, Value::Nothing) {
        return Err("index of untyped nil".to_owned());
    }
    let mut item = item;
    for index in indexes {
        let (inner, is_nil) = item.indirect();
        if is_nil {
            return Err("index of nil pointer".to_owned());
        }
        let length = length_of(&inner);
        let Some(length) = length else {
            return Err(format!("can't index item of type {}", inner.type_name()));
        };
        let at = index_of(index, length)?;
        let found = match &inner {
            Value::Text(bytes) | Value::Bytes(bytes) => {
                bytes.get(at).map(|byte| Value::Byte(*byte))
            }
            Value::Texts(Some(texts)) => texts.get(at).map(|text| Value::Text(Arc::clone(text))),
            _ => None,
        };
        item = found.ok_or(match inner {
            Value::Text(_) => "reflect: string index out of range",
            _ => "reflect: slice index out of range",
        })?;
    }
    Ok(item)
}

fn slice(item: &Value, indexes: &[Value]) -> Result<Value, String> {
    if matches!(item, Value::Nothing) {
        return Err("slice of untyped nil".to_owned());
    }
    let (item, is_nil) = item.indirect();
    if is_nil {
        return Err("slice of nil pointer".to_owned());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()));
    }
    let Some(length) = length_of(&item) else {
        return Err(format!("can't slice item of type {}", item.type_name()));
    };
    if indexes.len() == 3 && matches!(item, Value::Text(_)) {
        return Err("cannot 3-index slice a string".to_owned());
    }
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = index_of(index, length)?;
    }
    let [from, to, limit] = bounds;
    if from > to {
        return Err(format!("invalid slice index: {from} > {to}"));
    }
    if to > limit {
        return Err(format!("invalid slice index: {to} > {limit}"));
    }
    Ok(match &item {
        Value::Text(text) => Value::text(text.get(from..to).unwrap_or_default()),
        Value::Bytes(bytes) => Value::Bytes(Arc::from(bytes.get(from..to).unwrap_or_default())),
        Value::Texts(Some(texts)) => {
            Value::Texts(Some(Arc::from(texts.get(from..to).unwrap_or_default())))
        }
        _ => item.clone(),
    })
}

/// The length of what has one.
pub(super) fn length_of(value: &Value) -> Option<usize> {
    match value {
        Value::Text(bytes) | Value::Bytes(bytes) => Some(bytes.len()),
        Value::Texts(texts) => Some(texts.as_ref().map_or(0, |texts| texts.len())),
        _ => None,
    }
}

fn length(item: &Value) -> Result<Value, String> {
    let (item, is_nil) = item.indirect();
    if is_nil {
        return Err("len of nil pointer".to_owned());
    }
    match (length_of(&item), item.kind()) {
        (Some(length), _) => Ok(Value::int(i64::try_from(length).unwrap_or(i64::MAX))),
        (None, None) => Err("reflect: call of reflect.Value.Type on zero Value".to_owned()),
        (None, Some(kind)) => Err(format!("len of type {kind}")),
    }
}

/// What can be compared, by its kind.
#[derive(PartialEq)]
enum Basic<'v> {
    Bool(bool),
    Complex(f64, f64),
    Int(i64),
    Float(f64),
    Text(&'v [u8]),
    Uint(u64),
}

fn basic(value: &Value) -> Option<Basic<'_>> {
    Some(match value {
        Value::Bool(truth) => Basic::Bool(*truth),
        Value::Int(_, number) => Basic::Int(*number),
        Value::Byte(byte) => Basic::Uint(u64::from(*byte)),
        Value::Float(number) => Basic::Float(*number),
        Value::Complex(re, im) => Basic::Complex(*re, *im),
        Value::Text(text) => Basic::Text(text),
        _ => return None,
    })
}

fn incompatible(a: &Value, b: &Value) -> String {
    format!("incompatible types for comparison: {} and {}", a.type_name(), b.type_name())
}

fn shown(value: &Value) -> String {
    String::from_utf8_lossy(&fmt::print(std::slice::from_ref(value))).into_owned()
}

fn equal(first: &Value, others: &[Value]) -> Result<bool, String> {
    if others.is_empty() {
        return Err("missing argument for comparison".to_owned());
    }
    for other in others {
        let truth = match (basic(first), basic(other)) {
            (Some(Basic::Int(a)), Some(Basic::Uint(b)))
            | (Some(Basic::Uint(b)), Some(Basic::Int(a))) => u64::try_from(a) == Ok(b),
            (Some(a), Some(b)) => {
                if std::mem::discriminant(&a) != std::mem::discriminant(&b) {
                    return Err(incompatible(first, other));
                }
                a == b
            }
            (None, None) => same(first, other)?,
            _ if first.kind().is_some() && other.kind().is_some() => {
                return Err(incompatible(first, other));
            }
            _ => false,
        };
        if truth {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether two values that are no basic ones are the same.
fn same(a: &Value, b: &Value) -> Result<bool, String> {
    let discriminant = std::mem::discriminant::<Value>;
    let has_value = a.kind().is_some() && b.kind().is_some();
    if has_value && discriminant(a) != discriminant(b) {
        let (kind_a, kind_b) = (a.type_name(), b.type_name());
        let (a, b) = (shown(a), shown(b));
        return Err(format!("non-comparable types {a}: {kind_a}, {kind_b}: {b}"));
    }
    if a.is_nil() || b.is_nil() {
        return Ok(a.is_nil() == b.is_nil());
    }
    match (a, b) {
        (Value::Struct(Struct::Time(a)), Value::Struct(Struct::Time(b)))
        | (Value::Pointer(_, Some(Struct::Time(a))), Value::Pointer(_, Some(Struct::Time(b)))) => {
            Ok(a == b)
        }
        (
            Value::Pointer(_, Some(Struct::Fields(_, a))),
            Value::Pointer(_, Some(Struct::Fields(_, b))),
        ) => Ok(Arc::ptr_eq(a, b)),
        (Value::Pointer(..), Value::Pointer(..)) => Ok(false),
        _ => Err(format!("non-comparable type {}: {}", shown(b), b.type_name())),
    }
}

fn less(a: &Value, b: &Value) -> Result<bool, String> {
    let bad = || "invalid type for comparison".to_owned();
    match (basic(a).ok_or_else(bad)?, basic(b).ok_or_else(bad)?) {
        (Basic::Int(a), Basic::Uint(b)) => Ok(u64::try_from(a).is_ok_and(|a| a < b) || a < 0),
        (Basic::Uint(a), Basic::Int(b)) => Ok(u64::try_from(b).is_ok_and(|b| a < b)),
        (Basic::Float(a), Basic::Float(b)) => Ok(a < b),
        (Basic::Int(a), Basic::Int(b)) => Ok(a < b),
        (Basic::Text(a), Basic::Text(b)) => Ok(a < b),
        (Basic::Uint(a), Basic::Uint(b)) => Ok(a < b),
        (Basic::Bool(_), Basic::Bool(_)) | (Basic::Complex(..), Basic::Complex(..)) => Err(bad()),
        _ => Err(incompatible(a, b)),
    }
}

fn less_or_equal(a: &Value, b: &Value) -> Result<bool, String> {
    Ok(less(a, b)? || equal(a, std::slice::from_ref(b))?)
}

fn escape_html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            0 => out.extend("\u{fffd}".bytes()),
            b'"' => out.extend(b"&#34;"),
            b'\'' => out.extend(b"&#39;"),
            b'&' => out.extend(b"&amp;"),
            b'<' => out.extend(b"&lt;"),
            b'>' => out.extend(b"&gt;"),
            _ => out.push(*byte),
        }
    }
    out
}

fn escape_js(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' | '\'' | '"' => out.extend([b'\\', c as u8]),
                '<' | '>' | '&' | '=' | '\0'..' ' => {
                    out.extend(format!("\\u{:04X}", u32::from(c)).bytes());
                }
                ' '..='\x7f' => out.push(c as u8),
                c if is_printable(c) => out.extend(c.encode_utf8(&mut [0; 4]).bytes()),
                c => out.extend(format!("\\u{:04X}", u32::from(c)).bytes()),
            }
        }
        for byte in chunk.invalid() {
            // What can't be decoded is U+FFFD, which is printable, and stands there as it is.
            out.push(*byte);
        }
    }
    out
}

fn escape_query(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b' ' => out.push(b'+'),
            b'-' | b'_' | b'.' | b'~' => out.push(*byte),
            _ if byte.is_ascii_alphanumeric() => out.push(*byte),
            _ => out.extend(format!("%{byte:02X}").bytes()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        assert_eq!(escape_html(b"<a b='c'>&\0"), "&lt;a b=&#39;c&#39;&gt;&amp;\u{fffd}".as_bytes());
        assert_eq!(
            escape_js("\"<\u{e9}\u{a0}\n=".as_bytes()),
            "\\\"\\u003C\u{e9}\\u00A0\\u000A\\u003D".as_bytes()
        );
        assert_eq!(escape_query("a b/\u{e9}~".as_bytes()), b"a+b%2F%C3%A9~");
    }

    #[test]
    fn comparisons() {
        let (n, text) = (Value::int, Value::text("a"));
        assert_eq!(equal(&n(1), &[n(2), Value::Byte(1)]), Ok(true));
        assert_eq!(
            equal(&n(1), std::slice::from_ref(&text)).unwrap_err(),
            "incompatible types for comparison: int and string"
        );
        assert_eq!(equal(&Value::Texts(None), &[Value::Nothing]), Ok(true));
        assert_eq!(less(&n(-1), &Value::Byte(0)), Ok(true));
        assert_eq!(
            less(&text, &n(0)).unwrap_err(),
            "incompatible types for comparison: string and int"
        );
        assert_eq!(
            less(&Value::Bool(true), &Value::Bool(true)).unwrap_err(),
            "invalid type for comparison"
        );
    }
}
