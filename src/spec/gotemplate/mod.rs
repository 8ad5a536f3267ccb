//! Go templates: what `-f` takes.
//!
//! Implements what [text/template](https://pkg.go.dev/text/template) does with the data of
//! `go list -m -f`, by the rules of Go 1.26, error messages included: actions, pipelines, variables,
//! `if`, `with`, `range`, `define`, `block`, `template`, trimming, comments, Go's own functions and
//! those that `go list` adds (`join`, `context`, `module`).
//!
//! - `lex` and `parse` read a template into the nodes of `node`, with the constants of `literal`.
//! - [`value`] has the values that it works with, `methods` and `time` what can be called on them.
//! - `module` turns a module's description into such a value.
//! - `exec` executes it, `funcs` has the functions, `fmt` and `float` write values.
//!
//! What a template may cost is bounded, where Go's is not: its nesting, the depth of templates that
//! call each other, its steps and its output.
//!
//! ```
//! use gomodfetch::spec::gotemplate::{NoFunctions, Template, value::{Class, Value}};
//!
//! const PAIR: Class = Class { name: "main.Pair", fields: &["Path", "Versions"], text: None };
//! let data = Value::pointer(PAIR, vec![Value::text("example.com/m"), Value::texts(["v1", "v2"])]);
//! let template = Template::parse("main", "{{.Path}}:{{range .Versions}} {{.}}{{end}}")?;
//! let mut out = Vec::new();
//! template.execute(&data, &NoFunctions, &mut out)?;
//! assert_eq!(out, b"example.com/m: v1 v2");
//! # Ok::<(), gomodfetch::spec::gotemplate::TemplateError>(())
//! ```

mod exec;
mod float;
mod fmt;
mod funcs;
mod lex;
mod literal;
mod methods;
mod module;
mod node;
mod parse;
mod time;
pub mod value;

use thiserror::Error;

pub(in crate::spec) use literal::unquote;
use value::Value;

/// Why a template can't be parsed or executed, in go's words.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct TemplateError(String);

/// A parsed template.
#[derive(Debug)]
pub struct Template {
    name: String,
    text: String,
    trees: parse::Trees,
}

/// The functions that need to know more than their arguments.
pub trait Functions {
    /// `context`: the settings of a build.
    fn context(&self) -> Value;

    /// `module`: the module of a path, or of `path@version`.
    fn module(&self, path: &[u8]) -> Value;
}

/// Functions that know nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFunctions;

impl Functions for NoFunctions {
    fn context(&self) -> Value {
        Value::Nothing
    }

    fn module(&self, _path: &[u8]) -> Value {
        Value::Nothing
    }
}

impl Template {
    /// Parses a template; `name` is how errors name it.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn parse(name: &str, text: &str) -> Result<Template, TemplateError> {
        let trees =
            parse::parse(name, text, &|name| funcs::find(name).is_some()).map_err(TemplateError)?;
        Ok(Template { name: name.to_owned(), text: text.to_owned(), trees })
    }

    /// Executes it with `data` as its dot, and appends to `out` what it writes. After an error that
    /// is what was written before.
    ///
    /// # Errors
    /// When it asks for what the data don't have, or costs too much.
    pub fn execute(
        &self,
        data: &Value,
        functions: &dyn Functions,
        out: &mut Vec<u8>,
    ) -> Result<(), TemplateError> {
        exec::execute(self, self.name.as_bytes(), data, functions, out).map_err(TemplateError)
    }
}

#[cfg(test)]
mod tests;
