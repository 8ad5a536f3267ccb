//! YAML as the services read it, and stricter: no key twice, and no word that some readers take for a boolean.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

use super::page;

/// Plain words that YAML 1.1, which GitLab reads, takes for booleans and YAML 1.2 for text.
const AMBIGUOUS: [&str; 6] = ["on", "off", "yes", "no", "y", "n"];

/// Reads the one document of a text.
#[track_caller]
pub fn parse(text: &str) -> Value {
    try_parse(text).unwrap_or_else(|err| panic!("{err}\n{text}"))
}

fn try_parse(text: &str) -> Result<Value, String> {
    let mut events = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|err| err.to_string())?;
        events.push((event, span.start.line()));
    }
    let documents = events.iter().filter(|(event, _)| matches!(event, Event::DocumentStart(_)));
    if documents.count() != 1 {
        return Err("not one document".to_owned());
    }
    let mut reader = Reader { events: events.into_iter(), anchors: BTreeMap::new() };
    loop {
        let (event, line) = reader.next()?;
        if !matches!(event, Event::StreamStart | Event::DocumentStart(_)) {
            return reader.node(event, line, false);
        }
    }
}

struct Reader<'a> {
    events: std::vec::IntoIter<(Event<'a>, usize)>,
    anchors: BTreeMap<usize, Value>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, usize), String> {
        self.events.next().ok_or_else(|| "it ends early".to_owned())
    }

    fn node(&mut self, event: Event<'a>, line: usize, is_key: bool) -> Result<Value, String> {
        let (value, anchor) = match event {
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                return known.ok_or_else(|| format!("line {line}: an alias of nothing"));
            }
            Event::Scalar(text, style, anchor, _) => (scalar(&text, style, line, is_key)?, anchor),
            Event::SequenceStart(anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        (event, line) => items.push(self.node(event, line, false)?),
                    }
                }
                (Value::Array(items), anchor)
            }
            Event::MappingStart(anchor, _) => {
                let mut map = Map::new();
                loop {
                    let (event, line) = match self.next()? {
                        (Event::MappingEnd, _) => break,
                        other => other,
                    };
                    let key = self.node(event, line, true)?;
                    let key = key.as_str().ok_or_else(|| format!("line {line}: a key"))?.to_owned();
                    let (event, at) = self.next()?;
                    let value = self.node(event, at, false)?;
                    if map.insert(key.clone(), value).is_some() {
                        return Err(format!("line {line}: {key} twice"));
                    }
                }
                (Value::Object(map), anchor)
            }
            other => return Err(format!("line {line}: {other:?}")),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }
}

fn scalar(text: &str, style: ScalarStyle, line: usize, is_key: bool) -> Result<Value, String> {
    if style != ScalarStyle::Plain || is_key {
        return Ok(Value::from(text));
    }
    match text {
        "" | "~" | "null" => Ok(Value::Null),
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        _ if AMBIGUOUS.contains(&text.to_ascii_lowercase().as_str()) => {
            Err(format!("line {line}: {text} without quotes is a boolean to many"))
        }
        _ => Ok(text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)),
    }
}

/// The text of a value, as an environment variable has it.
#[track_caller]
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        other => panic!("not a text: {other}"),
    }
}

/// The names and texts of an object; none if there is nothing.
#[track_caller]
pub fn texts(value: &Value) -> BTreeMap<String, String> {
    match value {
        Value::Null => BTreeMap::new(),
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        other => panic!("not an object: {other}"),
    }
}

/// The items of a list; none if there is nothing.
#[track_caller]
pub fn items(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().map(text).collect(),
        other => panic!("not a list: {other}"),
    }
}

/// Panics if an object has keys that the stand-in does not know.
#[track_caller]
pub fn only(value: &Value, known: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("not an object: {value}"));
    for key in object.keys() {
        assert!(known.contains(&key.as_str()), "the stand-in does not know {key}: {value}");
    }
}

#[test]
fn files_in_yaml_and_json_are_well_formed() {
    let mut read = 0;
    for page in page::all() {
        for code in page.code.iter().filter(|code| code.label.is_some()) {
            let place = format!("{}:{}", page.name, code.line);
            match code.language.as_str() {
                "yaml" => {
                    drop(try_parse(&code.text).unwrap_or_else(|err| panic!("{place}: {err}")))
                }
                "json" => drop(
                    serde_json::from_str::<Value>(&code.text)
                        .unwrap_or_else(|err| panic!("{place}: {err}")),
                ),
                "dockerfile" | "sh" => continue,
                other => panic!("{place}: nobody reads {other}"),
            }
            read += 1;
        }
    }
    assert!(read >= 4, "{read} files only");
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for text in
        ["a: 1\na: 2\n", "a: off\n", "a: [1\n", "a: *b\n", "a: 1\n---\nb: 1\n", "a:\n\tb: 1\n"]
    {
        assert!(try_parse(text).is_err(), "{text}");
    }
    let text = "a: &x {b: 'off', c: [1, true, z]}\nd: *x\non: |\n  e\n  f\n";
    let want = serde_json::json!({
        "a": {"b": "off", "c": [1, true, "z"]}, "d": {"b": "off", "c": [1, true, "z"]}, "on": "e\nf\n"
    });
    assert_eq!(parse(text), want);
}
