//! The methods that templates can call: those of `time.Time`, of what they give, and `String`.
//!
//! Methods that take or change what a template can't make (readers of JSON and of binary forms) are
//! left out.

use super::fmt::own_text;
use super::funcs::Signature;
use super::time::{self, Parts};
use super::value::{Class, Int, Struct, TIME, Type, Value};
use crate::spec::goproxy_json::GoTime;

const PER_SECOND: i128 = 1_000_000_000;
/// Nanoseconds from Go's zero time to 1970.
const ZERO_TO_UNIX: i128 = 62_135_596_800 * PER_SECOND;

/// `time.Location`: its name, and its minutes east of UTC.
const LOCATION: Class =
    Class { name: "time.Location", fields: &["name", "offset"], text: Some(location_text) };

fn location_text(fields: &[Value]) -> Vec<u8> {
    match fields.first() {
        Some(Value::Text(name)) => name.to_vec(),
        _ => Vec::new(),
    }
}

/// A method of a value.
#[derive(Clone, Copy)]
pub(super) struct Method {
    pub signature: Signature,
    /// Whether it needs the struct that a pointer points to.
    of_value: bool,
}

/// What the method `name` of `receiver` asks for, if there is one.
pub(super) fn find(receiver: &Value, name: &str) -> Option<Method> {
    const TEXT: Signature = Signature::of(&[]);
    let on_value = |signature| Some(Method { signature, of_value: true });
    match receiver.kind()? {
        Type::Pointer(class) if class == TIME => time_signature(name).and_then(on_value),
        Type::Struct(class) if class == TIME => time_signature(name).and_then(on_value),
        Type::Pointer(class) if class.text.is_some() && name == "String" => {
            Some(Method { signature: TEXT, of_value: false })
        }
        Type::Int(Int::Month | Int::Weekday) if name == "String" => on_value(TEXT),
        Type::Int(Int::Duration) => duration_signature(name).and_then(on_value),
        _ => None,
    }
}

fn time_signature(name: &str) -> Option<Signature> {
    const NONE: Signature = Signature::of(&[]);
    const OTHER: Signature = Signature::of(&[Type::Struct(TIME)]);
    const DURATION: Signature = Signature::of(&[Type::Int(Int::Duration)]);
    const I: Type = Type::Int(Int::Int);
    Some(match name {
        "String" | "GoString" | "IsZero" | "Year" | "Month" | "Day" | "Weekday" | "Hour"
        | "Minute" | "Second" | "Nanosecond" | "YearDay" | "UTC" | "Local" | "Location"
        | "Unix" | "UnixMilli" | "UnixMicro" | "UnixNano" | "IsDST" | "MarshalJSON"
        | "MarshalText" => NONE,
        "Format" => Signature::of(&[Type::Text]),
        "AppendFormat" => Signature::of(&[Type::Bytes, Type::Text]),
        "AppendText" => Signature::of(&[Type::Bytes]),
        "After" | "Before" | "Compare" | "Equal" | "Sub" => OTHER,
        "Add" | "Truncate" | "Round" => DURATION,
        "AddDate" => Signature::of(&[I, I, I]),
        "In" => Signature::of(&[Type::Pointer(LOCATION)]),
        "Date" | "Clock" => Signature { results: "3", ..NONE },
        "ISOWeek" | "Zone" => Signature { results: "int", ..NONE },
        "ZoneBounds" => Signature { results: "time.Time", ..NONE },
        _ => return None,
    })
}

fn duration_signature(name: &str) -> Option<Signature> {
    Some(match name {
        "String" | "Nanoseconds" | "Microseconds" | "Milliseconds" | "Seconds" | "Minutes"
        | "Hours" | "Abs" => Signature::of(&[]),
        "Truncate" | "Round" => Signature::of(&[Type::Int(Int::Duration)]),
        _ => return None,
    })
}

/// Calls a method that was found, with arguments of the types it asks for.
pub(super) fn call(
    receiver: &Value,
    name: &str,
    method: Method,
    args: &[Value],
) -> Result<Value, String> {
    if let Value::Pointer(class, None) = receiver {
        return Err(if method.of_value {
            let short = class.name.rsplit('.').next().unwrap_or_default();
            let class = class.name;
            format!("value method {class}.{name} called using nil *{short} pointer")
        } else {
            "runtime error: invalid memory address or nil pointer dereference".to_owned()
        });
    }
    match receiver {
        Value::Pointer(_, Some(Struct::Time(time))) | Value::Struct(Struct::Time(time)) => {
            of_time(time, name, args)
        }
        Value::Int(Int::Duration, nanoseconds) if name != "String" => {
            Ok(of_duration(*nanoseconds, name, args))
        }
        _ => Ok(own_text(receiver).flatten().map_or(Value::Nothing, Value::text)),
    }
}

fn since_unix(time: &GoTime) -> i128 {
    i128::from(time.unix_seconds()) * PER_SECOND + i128::from(time.nanoseconds())
}

fn of_time(time: &GoTime, name: &str, args: &[Value]) -> Result<Value, String> {
    let parts = Parts::of(time);
    let int = Value::int;
    let int64 = |number: i128| Value::Int(Int::Int64, wrapped(number));
    let now = since_unix(time);
    let moved = |nanoseconds: i128, offset: i32| {
        let time = GoTime::from_parts(nanoseconds, offset).unwrap_or(*time);
        Value::Struct(Struct::Time(time))
    };
    let number = |at: usize| match args.get(at) {
        Some(Value::Int(_, number)) => i128::from(*number),
        _ => 0,
    };
    let other = match args.first() {
        Some(Value::Struct(Struct::Time(other))) => since_unix(other),
        _ => 0,
    };
    let rfc3339 = || time.to_rfc3339();
    Ok(match name {
        "String" => Value::text(time::to_text(time)),
        "GoString" => Value::text(time::to_go_text(time)),
        "Format" => Value::text(time::format(time, text(args.first()))),
        "AppendFormat" => {
            let mut bytes = text(args.first()).to_vec();
            bytes.extend(time::format(time, text(args.get(1))));
            Value::Bytes(bytes.into())
        }
        "IsZero" => Value::Bool(now == since_unix(&GoTime::ZERO)),
        "Year" => int(parts.year),
        "Month" => Value::Int(Int::Month, parts.month),
        "Day" => int(parts.day),
        "Weekday" => Value::Int(Int::Weekday, parts.weekday),
        "Hour" => int(parts.hour),
        "Minute" => int(parts.minute),
        "Second" => int(parts.second),
        "Nanosecond" => int(i64::from(parts.nanosecond)),
        "YearDay" => int(parts.year_day),
        "UTC" | "Local" => moved(now, 0),
        "Location" => {
            let name = if parts.offset == 0 { "UTC" } else { "" };
            Value::pointer(LOCATION, vec![Value::text(name), int(parts.offset)])
        }
        "In" => match args.first() {
            Some(Value::Pointer(_, Some(location))) => match location.field("offset") {
                Some(Value::Int(_, offset)) => moved(now, i32::try_from(offset).unwrap_or(0)),
                _ => moved(now, 0),
            },
            _ => return Err("time: missing Location in call to Time.In".to_owned()),
        },
        "Unix" => int64(now.div_euclid(PER_SECOND)),
        "UnixMilli" => int64(now.div_euclid(1_000_000)),
        "UnixMicro" => int64(now.div_euclid(1_000)),
        "UnixNano" => int64(now),
        "After" => Value::Bool(now > other),
        "Before" => Value::Bool(now < other),
        "Equal" => Value::Bool(now == other),
        "Compare" => int(now.cmp(&other) as i64),
        "Sub" => Value::Int(Int::Duration, clamped(now - other)),
        "Add" => moved(now + number(0), time.offset_minutes()),
        "Truncate" | "Round" => {
            let step = number(0);
            let absolute = now + ZERO_TO_UNIX;
            let rest = if step > 0 { absolute.rem_euclid(step) } else { 0 };
            let up = name == "Round" && step > 0 && rest + rest >= step;
            moved(now - rest + if up { step } else { 0 }, time.offset_minutes())
        }
        "AddDate" => {
            let part = |now: i64, at| now.saturating_add(clamped(number(at)));
            let (year, month, day) =
                (part(parts.year, 0), part(parts.month, 1), part(parts.day, 2));
            let of_day = parts.hour * 3600 + parts.minute * 60 + parts.second - parts.offset * 60;
            match time::days_of(year, month, day) {
                None => moved(now, time.offset_minutes()),
                Some(days) => {
                    let seconds = i128::from(days) * 86_400 + i128::from(of_day);
                    let nanoseconds = seconds * PER_SECOND + i128::from(parts.nanosecond);
                    moved(nanoseconds, time.offset_minutes())
                }
            }
        }
        "IsDST" => Value::Bool(false),
        "MarshalJSON" => match rfc3339() {
            Ok(text) => Value::Bytes(format!("\"{text}\"").into_bytes().into()),
            Err(err) => return Err(format!("Time.MarshalJSON: {err}")),
        },
        "MarshalText" | "AppendText" => match rfc3339() {
            Ok(written) => {
                let mut bytes = text(args.first()).to_vec();
                bytes.extend(written.bytes());
                Value::Bytes(bytes.into())
            }
            Err(err) => return Err(format!("Time.{name}: {err}")),
        },
        _ => Value::Nothing,
    })
}

fn of_duration(nanoseconds: i64, name: &str, args: &[Value]) -> Value {
    let step = match args.first() {
        Some(Value::Int(_, step)) => *step,
        _ => 0,
    };
    match name {
        "Microseconds" => Value::Int(Int::Int64, nanoseconds / 1_000),
        "Milliseconds" => Value::Int(Int::Int64, nanoseconds / 1_000_000),
        "Nanoseconds" => Value::Int(Int::Int64, nanoseconds),
        "Seconds" => Value::Float(nanoseconds as f64 / 1e9),
        "Minutes" => Value::Float(nanoseconds as f64 / 6e10),
        "Hours" => Value::Float(nanoseconds as f64 / 3.6e12),
        "Abs" => Value::Int(Int::Duration, nanoseconds.saturating_abs()),
        _ if step <= 0 => Value::Int(Int::Duration, nanoseconds),
        "Truncate" => Value::Int(Int::Duration, nanoseconds - nanoseconds % step),
        _ => {
            let (now, step) = (i128::from(nanoseconds), i128::from(step));
            let rest = now.abs() % step;
            let rounded = now.abs() - rest + if rest + rest >= step { step } else { 0 };
            Value::Int(Int::Duration, clamped(rounded * now.signum()))
        }
    }
}

fn text(value: Option<&Value>) -> &[u8] {
    match value {
        Some(Value::Text(text) | Value::Bytes(text)) => text,
        _ => &[],
    }
}

/// What does not fit wraps around, as whole numbers do in Go.
fn wrapped(number: i128) -> i64 {
    number as i64
}

fn clamped(number: i128) -> i64 {
    let limits = (i128::from(i64::MIN), i128::from(i64::MAX));
    i64::try_from(number.clamp(limits.0, limits.1)).unwrap_or_default()
}
