//! Templates with the answers that go gives, over data like that of `go list -m`.

use proptest::prelude::*;

use super::value::{Class, Value};
use super::{Functions, NoFunctions, Template};
use crate::spec::goproxy_json::GoTime;

const MODULE: Class = Class {
    name: "modinfo.ModulePublic",
    fields: &["Path", "Versions", "Replace", "Time", "Main", "Error", ""],
    text: Some(|fields| match fields.first() {
        Some(Value::Text(path)) => path.to_vec(),
        _ => Vec::new(),
    }),
};
const ERROR: Class = Class { name: "modinfo.ModuleError", fields: &["Err"], text: None };

fn data() -> Value {
    let replace = Value::pointer(
        MODULE,
        vec![
            Value::text("../r"),
            Value::Texts(None),
            Value::Pointer(MODULE, None),
            Value::time(None),
            Value::Bool(false),
            Value::Pointer(ERROR, None),
            Value::text("hidden"),
        ],
    );
    Value::pointer(
        MODULE,
        vec![
            Value::text("example.com/m"),
            Value::texts(["v1.0.0", "v1.1.0"]),
            replace,
            Value::time(GoTime::parse(b"2024-02-29T15:04:05Z").ok()),
            Value::Bool(true),
            Value::pointer(ERROR, vec![Value::text("gone")]),
            Value::text("hidden"),
        ],
    )
}

fn run(text: &str, functions: &dyn Functions) -> String {
    let mut out = Vec::new();
    let result = Template::parse("main", text)
        .and_then(|template| template.execute(&data(), functions, &mut out));
    let out = String::from_utf8_lossy(&out);
    match result {
        Ok(()) => out.into_owned(),
        Err(err) => format!("{out}! {err}"),
    }
}

#[test]
fn outputs() {
    for (text, want) in [
        ("{{.Path}}@{{.Main}}", "example.com/m@true"),
        ("{{.}} {{.Replace}} {{.Replace.Replace}}", "example.com/m ../r <nil>"),
        ("{{.Error}} {{.Error.Err}} {{.Replace.Error}}", "{gone} gone <nil>"),
        ("{{with .Replace}}{{.Path}}{{else}}none{{end}}", "../r"),
        ("{{if not .Main}}a{{else if .Error}}b{{else}}c{{end}}", "b"),
        ("{{range $i, $v := .Versions}}{{if $i}},{{end}}{{$v}}{{end}}", "v1.0.0,v1.1.0"),
        ("{{range .Versions}}{{.}}{{break}}{{end}}", "v1.0.0"),
        ("{{range .Replace.Versions}}x{{else}}empty{{end}}", "empty"),
        ("{{range 3}}{{.}}{{end}}", "012"),
        (
            "{{join .Versions \", \"}}|{{len .Versions}}|{{index .Versions 1}}",
            "v1.0.0, v1.1.0|2|v1.1.0",
        ),
        ("a {{- /* c */ -}} b {{- \"x\" -}} c", "abxc"),
        ("{{.Time.Format \"2006-01\"}} {{.Time.Year}} {{.Time.Month}}", "2024-02 2024 February"),
        ("{{.Time}}", "2024-02-29 15:04:05 +0000 UTC"),
        (
            "{{printf \"%s %q %v\" .Path .Path .Versions}}",
            "example.com/m \"example.com/m\" [v1.0.0 v1.1.0]",
        ),
        ("{{$x := .Path}}{{$x = \"y\"}}{{$x}}{{$.Path}}", "yexample.com/m"),
        ("{{and .Main .Path}} {{or .Replace.Main \"else\"}}", "example.com/m else"),
        ("{{eq .Path \"a\" \"example.com/m\"}} {{lt 1 2}} {{ne 1 1}}", "true true false"),
        (
            "{{define \"t\"}}<{{.}}>{{end}}{{template \"t\" .Path}}{{template \"t\"}}",
            "<example.com/m><<no value>>",
        ),
        ("{{block \"b\" .Path}}[{{.}}]{{end}}", "[example.com/m]"),
        ("{{.Path | printf \"%s-%s\" \"a\" | html}}", "a-example.com/m"),
        ("{{(index .Versions 0) | len}} {{slice .Path 0 7}}", "6 example"),
        ("{{print 1 2 \"a\" nil}} {{1e3}} {{'a'}} {{0x10}}", "1 2a<nil> 1000 97 16"),
    ] {
        assert_eq!(run(text, &NoFunctions), want, "{text}");
    }
}

#[test]
fn failures() {
    for (text, want) in [
        (
            "{{.Foo}}",
            "1:2: executing \"main\" at <.Foo>: can't evaluate field Foo in type *modinfo.ModulePublic",
        ),
        (
            "{{.Path.X}}",
            "1:7: executing \"main\" at <.Path.X>: can't evaluate field X in type string",
        ),
        (
            "{{.Replace.Replace.Path}}",
            "1:10: executing \"main\" at <.Replace.Replace.Path>: nil pointer evaluating *modinfo.ModulePublic.Path",
        ),
        (
            "{{.Replace.Time.Format \"x\"}}",
            "1:10: executing \"main\" at <.Replace.Time.Format>: error calling Format: value method time.Time.Format called using nil *Time pointer",
        ),
        (
            "a\n{{index .Versions 5}}",
            "2:2: executing \"main\" at <index .Versions 5>: error calling index: index out of range: 5",
        ),
        (
            "{{.Path 1}}",
            "1:2: executing \"main\" at <.Path>: Path has arguments but cannot be invoked as function",
        ),
        (
            "{{range .Replace}}{{end}}",
            "1:8: executing \"main\" at <.Replace>: range can't iterate over {../r [] <nil> <nil> false <nil>}",
        ),
        ("{{len 1}}", "1:2: executing \"main\" at <len 1>: error calling len: len of type int"),
        (
            "{{range .Main}}{{end}}",
            "1:8: executing \"main\" at <.Main>: range can't iterate over true",
        ),
        (
            "{{template \"x\"}}",
            "1:11: executing \"main\" at <{{template \"x\"}}>: template \"x\" not defined",
        ),
        (
            "{{join .Path \",\"}}",
            "1:7: executing \"main\" at <.Path>: wrong type for value; expected []string; got string",
        ),
        (
            "{{.Time.Date}}",
            "1:7: executing \"main\" at <.Time.Date>: function Date has 3 return values; should be 1 or 2",
        ),
        ("{{nil}}", "1:2: executing \"main\" at <nil>: nil is not a command"),
        ("{{", "1: unclosed action"),
        ("{{if}}{{end}}", "1: missing value for if"),
        ("{{end}}", "1: unexpected {{end}}"),
        ("{{if .Main}}", "1: unexpected EOF"),
        ("{{foo}}", "1: function \"foo\" not defined"),
        ("{{$x}}", "1: undefined variable \"$x\""),
        ("{{.Path | 1}}", "1: non executable command in pipeline stage 2"),
        ("{{break}}", "1: {{break}} outside {{range}}"),
        ("{{\"a}}", "1: unterminated quoted string"),
        ("{{.a\n.b&}}", "2: bad character U+0026 '&' in action started at main:1"),
        ("{{1.2.3}}", "1: unexpected \".3\" in operand"),
    ] {
        let got = run(text, &NoFunctions);
        let got = got.split_once("! template: main:").map(|(_, got)| got);
        assert_eq!(got, Some(want), "{text}");
    }
}

#[test]
fn costs_are_bounded() {
    let nested = format!("{}x{}", "{{if .}}".repeat(5000), "{{end}}".repeat(5000));
    assert!(run(&nested, &NoFunctions).contains("max expression depth exceeded"));
    let parens = format!("{{{{{}1{}}}}}", "(".repeat(5000), ")".repeat(5000));
    assert!(run(&parens, &NoFunctions).contains("max expression depth exceeded"));
    let endless = "{{define \"t\"}}{{template \"t\" .}}{{end}}{{template \"t\" .}}";
    assert!(run(endless, &NoFunctions).contains("exceeded maximum template depth"));
    let long = "{{range 4000000000}}{{end}}";
    assert!(run(long, &NoFunctions).contains("exceeded the limit"));
}

proptest! {
    #[test]
    fn any_text_is_a_template_or_an_error(
        text in proptest::collection::vec(
            prop_oneof![
                Just("{{"), Just("}}"), Just(" -}}"), Just("{{- "), Just(".Path"), Just(".Time"),
                Just("."), Just("$x"), Just(":="), Just("="), Just("|"), Just("("), Just(")"),
                Just("range "), Just("if "), Just("with "), Just("else"), Just("end"),
                Just("define "), Just("template "), Just("\"t\""), Just("printf "), Just("index "),
                Just("len "), Just("eq "), Just("1"), Just("-1.5e3"), Just("'a'"), Just(" "),
                Just("\n"), Just("nil"), Just(","), Just("true"), Just("é"), Just("/*"), Just("*/"),
                Just("break"), Just("slice "), Just("%v%[2]*.3d"),
            ],
            0..24,
        )
    ) {
        run(&text.concat(), &NoFunctions);
    }
}
