//! The values that a template works with, and Go's types for them.
//!
//! Templates look at values through Go's reflection, and error messages name Go's types. So each
//! value knows its type, a pointer may be nil, and a struct has a [`Class`] with the names of its
//! fields.

use std::fmt;
use std::sync::Arc;

use crate::spec::goproxy_json::GoTime;

/// A value.
#[derive(Debug, Clone)]
pub enum Value {
    /// No value at all: what an untyped `nil` is.
    Nothing,
    /// `bool`
    Bool(bool),
    /// `int`, or a type made of it.
    Int(Int, i64),
    /// `uint8`, an element of a text.
    Byte(u8),
    /// `float64`
    Float(f64),
    /// `complex128`
    Complex(f64, f64),
    /// `string`, which need not be UTF-8.
    Text(Arc<[u8]>),
    /// `[]string`; `None` is nil.
    Texts(Option<Arc<[Arc<[u8]>]>>),
    /// `[]uint8`
    Bytes(Arc<[u8]>),
    /// A struct.
    Struct(Struct),
    /// A pointer to a struct of this class; `None` is nil.
    Pointer(Class, Option<Struct>),
}

/// A struct.
#[derive(Debug, Clone)]
pub enum Struct {
    /// One with fields, in the order of its class.
    Fields(Class, Arc<[Value]>),
    /// A `time.Time`.
    Time(GoTime),
}

/// Makes the text of a struct from its fields.
pub type TextOf = fn(&[Value]) -> Vec<u8>;

/// The type of a struct.
#[derive(Debug, Clone, Copy)]
pub struct Class {
    /// Its name with that of its package.
    pub name: &'static str,
    /// The fields, in order.
    pub fields: &'static [&'static str],
    /// The text of a pointer to it, if it has a `String` method.
    pub text: Option<TextOf>,
}

/// `time.Time`, whose fields can't be got at.
pub const TIME: Class = Class { name: "time.Time", fields: &["wall", "ext", "loc"], text: None };

impl PartialEq for Class {
    fn eq(&self, other: &Class) -> bool {
        self.name == other.name
    }
}

impl Eq for Class {}

/// The types whose values are whole numbers with a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Int {
    /// `int`
    Int,
    /// `int64`
    Int64,
    /// `time.Month`
    Month,
    /// `time.Weekday`
    Weekday,
    /// `time.Duration`
    Duration,
}

/// The type of a value, or one that a function asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// `bool`
    Bool,
    /// Whole numbers.
    Int(Int),
    /// `uint8`
    Byte,
    /// `float64`
    Float,
    /// `complex128`
    Complex,
    /// `string`
    Text,
    /// `[]string`
    Texts,
    /// `[]uint8`
    Bytes,
    /// A struct.
    Struct(Class),
    /// A pointer to one.
    Pointer(Class),
    /// `interface {}`: any value.
    Any,
    /// `reflect.Value`: any value, seen as it is.
    Reflected,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Bool => f.write_str("bool"),
            Type::Int(Int::Int) => f.write_str("int"),
            Type::Int(Int::Int64) => f.write_str("int64"),
            Type::Int(Int::Month) => f.write_str("time.Month"),
            Type::Int(Int::Weekday) => f.write_str("time.Weekday"),
            Type::Int(Int::Duration) => f.write_str("time.Duration"),
            Type::Byte => f.write_str("uint8"),
            Type::Float => f.write_str("float64"),
            Type::Complex => f.write_str("complex128"),
            Type::Text => f.write_str("string"),
            Type::Texts => f.write_str("[]string"),
            Type::Bytes => f.write_str("[]uint8"),
            Type::Struct(class) => f.write_str(class.name),
            Type::Pointer(class) => write!(f, "*{}", class.name),
            Type::Any => f.write_str("interface {}"),
            Type::Reflected => f.write_str("reflect.Value"),
        }
    }
}

impl Type {
    /// Whether an untyped `nil` is a value of it.
    pub fn can_be_nil(self) -> bool {
        matches!(self, Type::Texts | Type::Bytes | Type::Pointer(_) | Type::Any | Type::Reflected)
    }

    /// The `nil` of a type that has one.
    pub fn nil(self) -> Value {
        match self {
            Type::Texts => Value::Texts(None),
            Type::Bytes => Value::Bytes(Arc::from([])),
            Type::Pointer(class) => Value::Pointer(class, None),
            _ => Value::Nothing,
        }
    }
}

impl Value {
    /// A text.
    pub fn text(text: impl AsRef<[u8]>) -> Value {
        Value::Text(Arc::from(text.as_ref()))
    }

    /// A list of texts; an empty one is nil, as lists are that nobody put anything into.
    pub fn texts(texts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Value {
        let texts: Vec<Arc<[u8]>> =
            texts.into_iter().map(|text| Arc::from(text.as_ref())).collect();
        Value::Texts((!texts.is_empty()).then(|| texts.into()))
    }

    /// An `int`.
    pub fn int(number: i64) -> Value {
        Value::Int(Int::Int, number)
    }

    /// A pointer to a struct with these fields.
    pub fn pointer(class: Class, fields: Vec<Value>) -> Value {
        Value::Pointer(class, Some(Struct::Fields(class, fields.into())))
    }

    /// A pointer to a time, or to none.
    pub fn time(time: Option<GoTime>) -> Value {
        Value::Pointer(TIME, time.map(Struct::Time))
    }

    /// Its type; `None` where there is no value.
    pub fn kind(&self) -> Option<Type> {
        Some(match self {
            Value::Nothing => return None,
            Value::Bool(_) => Type::Bool,
            Value::Int(kind, _) => Type::Int(*kind),
            Value::Byte(_) => Type::Byte,
            Value::Float(_) => Type::Float,
            Value::Complex(..) => Type::Complex,
            Value::Text(_) => Type::Text,
            Value::Texts(_) => Type::Texts,
            Value::Bytes(_) => Type::Bytes,
            Value::Struct(of) => Type::Struct(of.class()),
            Value::Pointer(class, _) => Type::Pointer(*class),
        })
    }

    /// The name of its type, for messages.
    pub fn type_name(&self) -> String {
        self.kind().map_or_else(|| "<nil>".to_owned(), |kind| kind.to_string())
    }

    /// Whether it counts as true: whether it is not empty.
    pub fn is_true(&self) -> bool {
        match self {
            Value::Nothing => false,
            Value::Bool(value) => *value,
            Value::Int(_, number) => *number != 0,
            Value::Byte(byte) => *byte != 0,
            Value::Float(number) => *number != 0.0,
            Value::Complex(re, im) => *re != 0.0 || *im != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::Bytes(bytes) => !bytes.is_empty(),
            Value::Texts(texts) => texts.as_ref().is_some_and(|texts| !texts.is_empty()),
            Value::Struct(_) => true,
            Value::Pointer(_, to) => to.is_some(),
        }
    }

    /// Whether it is nil, of whatever type.
    pub fn is_nil(&self) -> bool {
        match self {
            Value::Nothing => true,
            Value::Texts(texts) => texts.is_none(),
            Value::Pointer(_, to) => to.is_none(),
            _ => false,
        }
    }

    /// The struct that a pointer points to, or the value itself; the flag tells that the pointer
    /// is nil.
    pub fn indirect(&self) -> (Value, bool) {
        match self {
            Value::Pointer(_, Some(to)) => (Value::Struct(to.clone()), false),
            Value::Pointer(_, None) => (self.clone(), true),
            _ => (self.clone(), false),
        }
    }
}

impl Struct {
    /// Its type.
    pub fn class(&self) -> Class {
        match self {
            Struct::Fields(class, _) => *class,
            Struct::Time(_) => TIME,
        }
    }

    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<Value> {
        let Struct::Fields(class, values) = self else { return None };
        let at = class.fields.iter().position(|field| *field == name)?;
        values.get(at).cloned()
    }
}
