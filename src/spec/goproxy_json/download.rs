//! What `go mod download -json` prints, and what `-reuse` reads of it again.
//!
//! Implements [`go mod download`](https://go.dev/ref/mod#go-mod-download) of the Go Modules
//! Reference: a stream of indented objects, one per module, each followed by a newline.
//!
//! ```
//! use gomodfetch::spec::goproxy_json::ModuleJson;
//!
//! let module = ModuleJson {
//!     path: "example.com/m".to_string(),
//!     version: "v1.0.0".to_string(),
//!     error: "not found".to_string(),
//!     ..ModuleJson::default()
//! };
//! let want = "{\n\t\"Path\": \"example.com/m\",\n\t\"Version\": \"v1.0.0\",\n\t\"Error\": \"not found\"\n}\n";
//! assert_eq!(module.encode_indented(), want.as_bytes());
//! ```

use std::path::PathBuf;

use super::decode::Decoder;
use super::encode::JsonWriter;
use super::error::JsonError;
use super::tokens::{Token, Tokens, unquote};
use super::{ModulePublic, Origin, bytes_of};

/// The name of the Go struct that the go command reads a reuse file's objects into.
const MODULE: &str = "ModulePublic";

/// The fields of a reuse file's object. A `list -m -json` output is accepted as well, so there
/// are more of them than in a [`ModuleJson`], and some of that one's (`Info`, `Zip`) are unknown.
const FIELDS: [&str; 19] = [
    "Path",
    "Version",
    "Query",
    "Versions",
    "Replace",
    "Time",
    "Update",
    "Main",
    "Indirect",
    "Dir",
    "GoMod",
    "GoVersion",
    "Retracted",
    "Deprecated",
    "Error",
    "Sum",
    "GoModSum",
    "Origin",
    "Reuse",
];

/// The outcome of one module's download; what is empty, absent or false is not printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModuleJson {
    /// The module path.
    pub path: String,
    /// The version.
    pub version: String,
    /// The query that led to the version, if it was another text.
    pub query: String,
    /// Why it could not be had.
    pub error: String,
    /// The cached `.info` file.
    pub info: PathBuf,
    /// The cached `.mod` file.
    pub go_mod: PathBuf,
    /// The cached `.zip` file.
    pub zip: PathBuf,
    /// The unpacked tree.
    pub dir: PathBuf,
    /// The `h1:` checksum of the zip, as in `go.sum`.
    pub sum: String,
    /// The `h1:` checksum of the `go.mod` file, as in `go.sum`.
    pub go_mod_sum: String,
    /// Where the version was found, if that was asked for and is known.
    pub origin: Option<Origin>,
    /// Whether nothing was downloaded, because the module of an earlier run is unchanged.
    pub reuse: bool,
}

impl ModuleJson {
    /// The object in its printed form, the final newline included.
    pub fn encode_indented(&self) -> Vec<u8> {
        let mut object = JsonWriter::indented().object(|m| {
            m.string_unless_empty("Path", &self.path);
            m.string_unless_empty("Version", &self.version);
            m.string_unless_empty("Query", &self.query);
            m.string_unless_empty("Error", &self.error);
            m.string_unless_empty("Info", bytes_of(&self.info));
            m.string_unless_empty("GoMod", bytes_of(&self.go_mod));
            m.string_unless_empty("Zip", bytes_of(&self.zip));
            m.string_unless_empty("Dir", bytes_of(&self.dir));
            m.string_unless_empty("Sum", &self.sum);
            m.string_unless_empty("GoModSum", &self.go_mod_sum);
            if let Some(origin) = &self.origin {
                m.object("Origin", |o| origin.encode(o));
            }
            if self.reuse {
                m.bool("Reuse", true);
            }
        });
        object.push(b'\n');
        object
    }
}

/// Reads a `-reuse` file: objects one after another, with or without white space between them.
///
/// Those without an origin are left out, since nothing could tell whether they are still true. What is
/// told of replacements and newer versions is checked, and not kept.
pub fn decode_reuse(data: &[u8]) -> Result<Vec<ModulePublic>, JsonError> {
    let mut tokens = Tokens::new(data);
    let mut entries = Vec::new();
    while let Some(mut decoder) = Decoder::of_next_document(&mut tokens)? {
        let Module(module) = Module::decode(&mut decoder)?;
        decoder.finish()?;
        if module.origin.is_some() {
            entries.push(ModulePublic { reuse: true, ..module });
        }
    }
    Ok(entries)
}

/// An object of the stream, as far as it matters.
#[derive(Default)]
struct Module(ModulePublic);

impl Module {
    /// Reads one object. `Replace` and `Update` hold objects of the same form to any depth; these
    /// are only checked, in a loop, so that their depth does not matter.
    fn decode(decoder: &mut Decoder<'_>) -> Result<Module, JsonError> {
        let mut outermost = Module::default();
        let mut inner = Module::default();
        let mut depth = 0;
        let first = decoder.value()?;
        if decoder.enters_object(first, "modinfo.ModulePublic")? {
            depth = 1;
        }
        while depth > 0 {
            let Some(key) = decoder.key()? else {
                depth -= 1;
                decoder.leave();
                continue;
            };
            let Some(field) = FIELDS.into_iter().find(|name| key.is(name)) else {
                decoder.skip()?;
                continue;
            };
            decoder.enter(MODULE, field);
            if matches!(field, "Replace" | "Update") {
                let first = decoder.value()?;
                if decoder.enters_object(first, "modinfo.ModulePublic")? {
                    depth += 1;
                    continue;
                }
            } else {
                let module = if depth == 1 { &mut outermost } else { &mut inner };
                module.decode_field(field, decoder)?;
            }
            decoder.leave();
        }
        Ok(outermost)
    }

    fn decode_field(
        &mut self,
        field: &'static str,
        decoder: &mut Decoder<'_>,
    ) -> Result<(), JsonError> {
        let Module(module) = self;
        match field {
            "Path" => decoder.text(&mut module.path),
            "Version" => decoder.text(&mut module.version),
            "Query" => decoder.text(&mut module.query),
            "GoVersion" => decoder.text(&mut module.go_version),
            "Deprecated" => decoder.text(&mut module.deprecated),
            "Sum" => decoder.text(&mut module.sum),
            "GoModSum" => decoder.text(&mut module.go_mod_sum),
            "Error" => self.decode_error(decoder),
            "Origin" => Origin::decode(decoder, &mut module.origin),
            "Time" => decoder.time(module.time.get_or_insert_default()),
            "Versions" => decoder.texts(&mut module.versions),
            "Retracted" => decoder.texts(&mut module.retracted),
            "GoMod" => {
                let mut path = module.go_mod.to_string_lossy().into_owned();
                decoder.text(&mut path)?;
                module.go_mod = path.into();
                Ok(())
            }
            "Main" | "Indirect" | "Reuse" => decoder.skip_bool(),
            _ => decoder.text(&mut String::new()),
        }
    }

    /// Reads the error, which is a text in one command's output and `{"Err": text}` in another's.
    fn decode_error(&mut self, decoder: &mut Decoder<'_>) -> Result<(), JsonError> {
        match decoder.value()? {
            Token::Null => {
                self.0.error = None;
                Ok(())
            }
            Token::String(raw) => {
                self.0.error = Some(unquote(raw));
                Ok(())
            }
            first => decoder.strictly(|d| {
                let text = self.0.error.get_or_insert_default();
                if d.enters_object(first, "modinfo.moduleErrorNoMethods")? {
                    while let Some(key) = d.key()? {
                        match key.is("Err") {
                            true => d.field(MODULE, "Err", |d| d.text(text))?,
                            false => d.skip()?,
                        }
                    }
                }
                Ok(())
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The entries of a reuse file as `PATH@VERSION?QUERY!ERROR#HASH`, or the error. In the file,
    /// `'` stands for `"`.
    fn reused(file: &str) -> Result<Vec<String>, String> {
        let entries = decode_reuse(file.replace('\'', "\"").as_bytes());
        let show = |e: &ModulePublic| {
            let error = e.error.as_deref().unwrap_or("-");
            let hash = e.origin.as_ref().map(|origin| &*origin.hash).unwrap_or_default();
            format!("{}@{}?{}!{error}#{hash}", e.path, e.version, e.query)
        };
        entries.map(|e| e.iter().map(show).collect()).map_err(|err| err.to_string())
    }

    #[test]
    fn a_reused_module_keeps_its_go_mod_and_no_folder() {
        let file = br#"{"Path":"example.com/m","GoMod":"/c/m","Dir":"/c/d","Origin":{}}"#;
        let entries = decode_reuse(file).unwrap();
        let paths: Vec<_> = entries.iter().map(|e| (e.go_mod.as_path(), e.dir.as_path())).collect();
        assert_eq!(paths, [("/c/m".as_ref(), "".as_ref())]);
    }

    #[test]
    fn members_are_printed_in_order() {
        let module = ModuleJson {
            path: "example.com/m".to_string(),
            version: "v1.0.0".to_string(),
            query: "<=v1".to_string(),
            error: "e".to_string(),
            info: "/c/i".into(),
            go_mod: "/c/m".into(),
            zip: "/c/z".into(),
            dir: "/c/d".into(),
            sum: "h1:s=".to_string(),
            go_mod_sum: "h1:m=".to_string(),
            origin: Some(Origin { vcs: "git".to_string(), ..Origin::default() }),
            reuse: true,
        };
        let want = "\
{
>`Path`: `example.com/m`,
>`Version`: `v1.0.0`,
>`Query`: `\\u003c=v1`,
>`Error`: `e`,
>`Info`: `/c/i`,
>`GoMod`: `/c/m`,
>`Zip`: `/c/z`,
>`Dir`: `/c/d`,
>`Sum`: `h1:s=`,
>`GoModSum`: `h1:m=`,
>`Origin`: {
>>`VCS`: `git`
>},
>`Reuse`: true
}
";
        let printed = String::from_utf8(module.encode_indented()).unwrap();
        assert_eq!(printed, want.replace('`', "\"").replace('>', "\t"));
    }

    #[test]
    fn what_is_unset_is_not_printed() {
        assert_eq!(ModuleJson::default().encode_indented(), b"{}\n");
        let module = ModuleJson { origin: Some(Origin::default()), ..ModuleJson::default() };
        assert_eq!(module.encode_indented(), b"{\n\t\"Origin\": {}\n}\n");
    }

    #[test]
    fn entries_with_an_origin_are_reused() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            ("\n \n", &[]),
            ("null null", &[]),
            ("{'Path':'m'}", &[]),
            ("{'Path':'m','Origin':null}", &[]),
            ("{'Path':'m','Origin':{}}", &["m@?!-#"]),
            (
                "{'path':'m','Version':'v1.0.0','Query':'latest','Origin':{'Hash':'h'}}\n\
                 {'Path':'n'}{'Path':'o','Origin':{}}",
                &["m@v1.0.0?latest!-#h", "o@?!-#"],
            ),
            // An error has two forms, of which later ones amend or replace earlier ones.
            ("{'Origin':{},'Error':'not found'}", &["@?!not found#"]),
            ("{'Origin':{},'Error':{'err':'gone','x':1}}", &["@?!gone#"]),
            ("{'Origin':{},'Error':'a','Error':{}}", &["@?!a#"]),
            ("{'Origin':{},'Error':'a','Error':null}", &["@?!-#"]),
            // What is inside of other modules stays there.
            (
                "{'Path':'m','Replace':{'Path':'r','Origin':{'Hash':'x'},'Update':{'Path':'u'}},\
                 'Version':'v1.0.0','Origin':{'Hash':'h'}}",
                &["m@v1.0.0?!-#h"],
            ),
            // All other known fields hold what they may.
            (
                "{'Versions':['v1.0.0',null],'Retracted':null,'Time':'2024-05-01T10:00:00Z',\
                 'Main':false,'Indirect':null,'Reuse':true,'Dir':'','GoMod':null,'Update':null,\
                 'GoVersion':'1.26','Deprecated':'d','Sum':'','GoModSum':'','Zip':1,'Origin':{}}",
                &["@?!-#"],
            ),
        ];
        for (file, want) in cases {
            let want = want.iter().map(|entry| entry.to_string()).collect();
            assert_eq!(reused(file), Ok(want), "{file}");
        }
    }

    #[test]
    fn wrong_types_are_errors_even_where_nothing_is_kept() {
        // OBJECT; what is found; the field, or nothing for the whole; the Go type wanted.
        let cases: &[(&str, &str, &str, &str)] = &[
            ("1{}", "number", "", "modinfo.ModulePublic"),
            ("{'Path':1}", "number", "ModulePublic.Path", "string"),
            ("{'Versions':'v'}", "string", "ModulePublic.Versions", "[]string"),
            ("{'Retracted':['',{}]}", "object", "ModulePublic.Retracted", "string"),
            ("{'Main':'yes'}", "string", "ModulePublic.Main", "bool"),
            ("{'Dir':[]}", "array", "ModulePublic.Dir", "string"),
            ("{'Replace':[]}", "array", "ModulePublic.Replace", "modinfo.ModulePublic"),
            (
                "{'Replace':{'Update':{'Sum':1,'Path':2}},'Dir':3}",
                "number",
                "ModulePublic.Replace.Update.Sum",
                "string",
            ),
            ("{'Update':{'Origin':{'URL':[]}}}", "array", "Origin.Update.Origin.URL", "string"),
            ("{'Update':{},'Dir':true}", "bool", "ModulePublic.Dir", "string"),
            // The error's type decodes itself, so its errors go before earlier ones.
            ("{'Dir':1,'Error':{'Err':[],'err':1}}", "array", "ModulePublic.Error.Err", "string"),
            (
                "{'Dir':1,'Error':true}",
                "bool",
                "ModulePublic.Error",
                "modinfo.moduleErrorNoMethods",
            ),
            ("{'Dir':1,'Error':{'Err':null}}", "number", "ModulePublic.Dir", "string"),
        ];
        for (file, found, field, wanted) in cases {
            let place = match *field {
                "" => "value".to_string(),
                field => format!("struct field {field}"),
            };
            let want = format!("json: cannot unmarshal {found} into Go {place} of type {wanted}");
            assert_eq!(reused(file), Err(want), "{file}");
        }
    }

    #[test]
    fn a_broken_stream_is_an_error() {
        let cases: &[(&str, &str)] = &[
            ("{'Path':'m'", "unexpected EOF"),
            ("{} tru", "unexpected EOF"),
            ("{} 1e", "unexpected EOF"),
            ("{},{}", "invalid character ',' looking for beginning of value"),
            ("{}]", "invalid character ']' looking for beginning of value"),
            ("truex", "json: cannot unmarshal bool into Go value of type modinfo.ModulePublic"),
            (
                "{'Time':''}",
                "parsing time \"\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"2006\"",
            ),
            // Errors come in the order of the objects.
            ("{'Time':1}{'Path'", "Time.UnmarshalJSON: input is not a JSON string"),
        ];
        for (file, want) in cases {
            assert_eq!(reused(file), Err(want.to_string()), "{file}");
        }
    }

    #[test]
    fn depth_needs_no_call_stack() {
        let file =
            ["{'Replace':".repeat(9_999), "{'Path':1}".to_string(), "}".repeat(9_999)].concat();
        let small = std::thread::Builder::new().stack_size(64 << 10);
        let result = small.spawn(move || reused(&file)).unwrap().join().unwrap();
        let message = result.unwrap_err();
        assert!(message.ends_with(".Replace.Path of type string"), "{}", message.len());
        assert_eq!(message.matches("Replace").count(), 9_999);
    }
}
