//! Modules, as templates see them: Go's struct `modinfo.ModulePublic` and those in it.

use super::value::{Class, Value};
use crate::spec::goproxy_json::{ModulePublic, Origin};

const MODULE: Class = Class {
    name: "modinfo.ModulePublic",
    fields: &[
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
        // Not a field: what the `String` method gives.
        "",
    ],
    text: Some(text),
};
const ERROR: Class = Class { name: "modinfo.ModuleError", fields: &["Err"], text: None };
const ORIGIN: Class = Class {
    name: "codehost.Origin",
    fields: &["VCS", "URL", "Subdir", "Hash", "TagPrefix", "TagSum", "Ref", "RepoSum"],
    text: None,
};

fn text(fields: &[Value]) -> Vec<u8> {
    match fields.last() {
        Some(Value::Text(text)) => text.to_vec(),
        _ => Vec::new(),
    }
}

impl From<&ModulePublic> for Value {
    fn from(module: &ModulePublic) -> Value {
        let inner = |module: &Option<Box<ModulePublic>>| match module {
            Some(module) => Value::from(&**module),
            None => Value::Pointer(MODULE, None),
        };
        let path = |path: &std::path::Path| Value::text(path.as_os_str().as_encoded_bytes());
        Value::pointer(
            MODULE,
            vec![
                Value::text(&module.path),
                Value::text(&module.version),
                Value::text(&module.query),
                Value::texts(&module.versions),
                inner(&module.replace),
                Value::time(module.time),
                inner(&module.update),
                Value::Bool(module.main),
                Value::Bool(module.indirect),
                path(&module.dir),
                path(&module.go_mod),
                Value::text(&module.go_version),
                Value::texts(&module.retracted),
                Value::text(&module.deprecated),
                match &module.error {
                    Some(text) => Value::pointer(ERROR, vec![Value::text(text)]),
                    None => Value::Pointer(ERROR, None),
                },
                Value::text(&module.sum),
                Value::text(&module.go_mod_sum),
                match &module.origin {
                    Some(origin) => origin_value(origin),
                    None => Value::Pointer(ORIGIN, None),
                },
                Value::Bool(module.reuse),
                Value::text(module.text()),
            ],
        )
    }
}

fn origin_value(origin: &Origin) -> Value {
    let fields = [
        &origin.vcs,
        &origin.url,
        &origin.subdir,
        &origin.hash,
        &origin.tag_prefix,
        &origin.tag_sum,
        &origin.reference,
        &origin.repo_sum,
    ];
    Value::pointer(ORIGIN, fields.into_iter().map(Value::text).collect())
}
