//! What `go list -m` tells of a module.
//!
//! Implements the struct of <https://go.dev/ref/mod#go-list-m> in its two forms: the JSON object of
//! `-json`, with the members in go's order, and the line of text that is printed without it. The
//! third, what templates see, is in [`gotemplate`](crate::spec::gotemplate).

use std::path::PathBuf;

use super::encode::{JsonWriter, ObjectWriter};
use super::error::JsonError;
use super::time::GoTime;
use super::{Origin, bytes_of};

/// A module as `list -m` describes it; what is empty, absent or false is not told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModulePublic {
    /// The module path.
    pub path: String,
    /// The version; empty for main modules and directories.
    pub version: String,
    /// The query that led to the version, if it was another text.
    pub query: String,
    /// The versions that there are, with `-versions`.
    pub versions: Vec<String>,
    /// What replaces it.
    pub replace: Option<Box<ModulePublic>>,
    /// When the version was made.
    pub time: Option<GoTime>,
    /// A newer version, with `-u`.
    pub update: Option<Box<ModulePublic>>,
    /// Whether it is a main module.
    pub main: bool,
    /// Whether the main module needs it only for others.
    pub indirect: bool,
    /// The folder with its files, if there is one.
    pub dir: PathBuf,
    /// Its go.mod file, if there is one.
    pub go_mod: PathBuf,
    /// The version on its go line.
    pub go_version: String,
    /// Why its author took the version back, with `-retracted` or `-u`.
    pub retracted: Vec<String>,
    /// Why it should not be used any more, with `-u`.
    pub deprecated: String,
    /// What could not be found out.
    pub error: Option<String>,
    /// The `h1:` checksum of its zip in go.sum.
    pub sum: String,
    /// The `h1:` checksum of its go.mod file in go.sum.
    pub go_mod_sum: String,
    /// Where the version was found.
    pub origin: Option<Origin>,
    /// Whether it was taken from the file that `-reuse` names.
    pub reuse: bool,
}

impl ModulePublic {
    /// The indented object with its final newline; with only the members named in `fields`, if
    /// there are any.
    ///
    /// # Errors
    /// Only where a time has no RFC 3339 form.
    pub fn encode_indented(&self, fields: &[String]) -> Result<Vec<u8>, JsonError> {
        self.check_times(fields)?;
        let mut object = JsonWriter::indented().object(|out| self.write(out, fields));
        object.push(b'\n');
        Ok(object)
    }

    fn check_times(&self, fields: &[String]) -> Result<(), JsonError> {
        let wants = |name: &str| fields.is_empty() || fields.iter().any(|field| field == name);
        if let Some(time) = self.time.filter(|_| wants("Time")) {
            time.to_rfc3339()?;
        }
        for (name, inner) in [("Replace", &self.replace), ("Update", &self.update)] {
            if let Some(inner) = inner.as_ref().filter(|_| wants(name)) {
                inner.check_times(&[])?;
            }
        }
        Ok(())
    }

    fn write(&self, out: &mut ObjectWriter<'_>, fields: &[String]) {
        let wants = |name: &str| fields.is_empty() || fields.iter().any(|field| field == name);
        let text = |out: &mut ObjectWriter<'_>, name: &str, value: &[u8]| {
            if wants(name) {
                out.string_unless_empty(name, value);
            }
        };
        let list = |out: &mut ObjectWriter<'_>, name: &str, values: &[String]| {
            if wants(name) && !values.is_empty() {
                out.array(name, |list| values.iter().for_each(|value| list.string(value)));
            }
        };
        let flag = |out: &mut ObjectWriter<'_>, name: &str, value: bool| {
            if value && wants(name) {
                out.bool(name, true);
            }
        };
        let module = |out: &mut ObjectWriter<'_>, name: &str, value: &Option<Box<ModulePublic>>| {
            if let Some(inner) = value.as_ref().filter(|_| wants(name)) {
                out.object(name, |out| inner.write(out, &[]));
            }
        };
        text(out, "Path", self.path.as_bytes());
        text(out, "Version", self.version.as_bytes());
        text(out, "Query", self.query.as_bytes());
        list(out, "Versions", &self.versions);
        module(out, "Replace", &self.replace);
        if let Some(time) = self.time.filter(|_| wants("Time")) {
            out.string("Time", time.to_rfc3339().unwrap_or_default());
        }
        module(out, "Update", &self.update);
        flag(out, "Main", self.main);
        flag(out, "Indirect", self.indirect);
        text(out, "Dir", bytes_of(&self.dir));
        text(out, "GoMod", bytes_of(&self.go_mod));
        text(out, "GoVersion", self.go_version.as_bytes());
        list(out, "Retracted", &self.retracted);
        text(out, "Deprecated", self.deprecated.as_bytes());
        if let Some(error) = self.error.as_ref().filter(|_| wants("Error")) {
            out.object("Error", |out| out.string("Err", error));
        }
        text(out, "Sum", self.sum.as_bytes());
        text(out, "GoModSum", self.go_mod_sum.as_bytes());
        if let Some(origin) = self.origin.as_ref().filter(|_| wants("Origin")) {
            out.object("Origin", |out| origin.encode(out));
        }
        flag(out, "Reuse", self.reuse);
    }

    /// The line of text: path and version, an update in brackets, and what replaces it.
    pub fn text(&self) -> String {
        let mut text = self.path.clone();
        self.push_version(&mut text);
        if let Some(replace) = &self.replace {
            text.push_str(" => ");
            text.push_str(&replace.path);
            replace.push_version(&mut text);
        }
        text
    }

    fn push_version(&self, text: &mut String) {
        if !self.version.is_empty() {
            text.push_str(&format!(" {}", self.marked_version()));
            if let Some(update) = &self.update {
                text.push_str(&format!(" [{}]", update.marked_version()));
            }
        }
        if !self.deprecated.is_empty() {
            text.push_str(" (deprecated)");
        }
    }

    fn marked_version(&self) -> String {
        let mark = if self.retracted.is_empty() { "" } else { " (retracted)" };
        format!("{}{mark}", self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> ModulePublic {
        ModulePublic {
            path: "example.com/a".to_owned(),
            version: "v1.0.0".to_owned(),
            time: GoTime::parse(b"2024-05-01T10:00:00Z").ok(),
            update: Some(Box::new(ModulePublic {
                path: "example.com/a".to_owned(),
                version: "v1.1.0".to_owned(),
                ..ModulePublic::default()
            })),
            retracted: vec!["bad".to_owned()],
            deprecated: "use b".to_owned(),
            replace: Some(Box::new(ModulePublic {
                path: "../a".to_owned(),
                ..ModulePublic::default()
            })),
            error: Some("x".to_owned()),
            ..ModulePublic::default()
        }
    }

    #[test]
    fn lines() {
        let want = "example.com/a v1.0.0 (retracted) [v1.1.0] (deprecated) => ../a";
        assert_eq!(sample().text(), want);
    }

    #[test]
    fn objects() {
        let all = String::from_utf8(sample().encode_indented(&[]).unwrap()).unwrap();
        let members = all.lines().filter_map(|line| {
            let member = line.strip_prefix("\t\"")?;
            member.split('"').next()
        });
        let members: Vec<&str> = members.collect();
        let want =
            ["Path", "Version", "Replace", "Time", "Update", "Retracted", "Deprecated", "Error"];
        assert_eq!(members, want);
        let fields = ["Error".to_owned(), "Path".to_owned(), "Sum".to_owned()];
        let some = sample().encode_indented(&fields).unwrap();
        let want =
            "{\n\t\"Path\": \"example.com/a\",\n\t\"Error\": {\n\t\t\"Err\": \"x\"\n\t}\n}\n";
        assert_eq!(String::from_utf8(some).unwrap(), want);
        assert_eq!(ModulePublic::default().encode_indented(&[]).unwrap(), b"{}\n");
    }
}
