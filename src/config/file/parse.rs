//! One gomodfetch.toml read: text to [`SettingsFile`], or an error that names the line.

use std::path::{Path, PathBuf};

use thiserror::Error;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::rules::{CHOOSING, Rules};
use super::{Choice, Whose, key};
use crate::config::goproxy::{Proxy, ProxyList, mask_list};
use crate::sys::IoError;

/// Proxies and routes that a file may have, each.
const MAX_TABLES: usize = 256;
/// Bytes of the patterns of a route, and of its list of proxies.
const MAX_TEXT: usize = 4096;

/// What is wrong with a gomodfetch.toml.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FileError {
    /// It can't be read, or is too large.
    #[error(transparent)]
    Read(#[from] IoError),
    /// It is no UTF-8.
    #[error("{}: not UTF-8", .0.display())]
    Utf8(PathBuf),
    /// A line can't be understood.
    #[error("{}:{line}: {text}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        text: String,
    },
}

/// What one gomodfetch.toml says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsFile {
    /// How one of several proxies joined by `|` is chosen.
    pub choice: Option<Choice>,
    /// What holds for every proxy of which nothing else is said.
    pub defaults: Rules,
    /// What is said of one proxy.
    pub proxies: Vec<ProxyTable>,
    /// Routes, in the order of the file.
    pub routes: Vec<Route>,
    /// Each value with its name, its line and its text, for people.
    pub told: Vec<(String, String, usize)>,
}

/// What is said of one proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyTable {
    /// What it is known by: [`key`].
    pub key: String,
    /// The proxy.
    pub proxy: Proxy,
    /// How it is to be treated.
    pub rules: Rules,
    /// Whether the routes of a project may lead to it.
    pub projects: bool,
}

/// Modules that have a list of proxies of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Patterns of module path prefixes, as in GOPRIVATE.
    pub patterns: String,
    /// The proxies, as in GOPROXY.
    pub list: ProxyList,
    /// Whether it holds for modules that GONOPROXY names, too.
    pub private: bool,
    /// The line it begins at.
    pub line: usize,
}

impl SettingsFile {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// On the first line that can't be understood, or that this file may not have.
    pub fn parse(path: &Path, data: &[u8], whose: Whose) -> Result<SettingsFile, FileError> {
        let text = std::str::from_utf8(data).map_err(|_| FileError::Utf8(path.to_owned()))?;
        let reader = Reader { path, text, whose };
        let table = DeTable::parse(text).map_err(|err| {
            let at = err.span().map_or(0, |span| span.start);
            reader.error(at, err.message().trim_end().replace('\n', "; "))
        })?;
        reader.file(table.get_ref())
    }
}

type Table<'t> = DeTable<'t>;
type Value<'t> = Spanned<DeValue<'t>>;

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    whose: Whose,
}

impl Reader<'_> {
    fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().iter().take(at);
        before.filter(|byte| **byte == b'\n').count() + 1
    }

    fn error(&self, at: usize, text: impl Into<String>) -> FileError {
        FileError::Line { path: self.path.to_owned(), line: self.line(at), text: text.into() }
    }

    fn unknown(&self, at: usize, key: &str) -> FileError {
        self.error(at, format!("unknown key {key}"))
    }

    fn file(&self, table: &Table<'_>) -> Result<SettingsFile, FileError> {
        let mut file = SettingsFile::default();
        for (key, value) in table {
            let at = value.span().start;
            match &**key.get_ref() {
                "choice" => {
                    self.own("choice", at)?;
                    let choice = value.get_ref().as_str().and_then(Choice::parse);
                    let wanted =
                        || self.error(at, "choice: want \"in-order\", \"fastest\" or \"spread\"");
                    let choice = choice.ok_or_else(wanted)?;
                    file.told.push(("choice".to_owned(), choice.to_string(), self.line(at)));
                    file.choice = Some(choice);
                }
                "defaults" => {
                    for (key, value) in self.table("defaults", value)? {
                        let at = key.span().start;
                        if !self.rule(&mut file.defaults, key.get_ref(), value)? {
                            return Err(self.unknown(at, key.get_ref()));
                        }
                        file.told.push(self.told("defaults", key.get_ref(), value));
                    }
                }
                "proxy" => {
                    for table in self.tables("proxy", value)? {
                        self.proxy(&mut file, table)?;
                    }
                }
                "route" => {
                    for table in self.tables("route", value)? {
                        self.route(&mut file, table)?;
                    }
                }
                other => return Err(self.unknown(key.span().start, other)),
            }
        }
        file.told.sort_by_key(|(_, _, line)| *line);
        Ok(file)
    }

    fn proxy(&self, file: &mut SettingsFile, table: &Value<'_>) -> Result<(), FileError> {
        let at = table.span().start;
        let mut rules = Rules::default();
        let (mut url, mut projects) = (None, false);
        for (name, value) in self.table("proxy", table)? {
            if name.get_ref() == "url" {
                url = Some(self.url(value)?);
            } else if name.get_ref() == "projects" {
                self.own("projects", value.span().start)?;
                projects = self.boolean("projects", value)?;
            } else if !self.rule(&mut rules, name.get_ref(), value)? {
                return Err(self.unknown(name.span().start, name.get_ref()));
            }
        }
        let Some(proxy) = url else { return Err(self.error(at, "[[proxy]] without url")) };
        let Some(key) = key(&proxy) else {
            return Err(self.error(at, "url: want the address of a proxy"));
        };
        if file.proxies.iter().any(|table| table.key == key) {
            return Err(self.error(at, format!("a second [[proxy]] for {key}")));
        }
        let whole = self.table("proxy", table)?.iter().filter(|(name, _)| name.get_ref() != "url");
        let told =
            whole.map(|(name, value)| self.told(&format!("proxy[{key}]"), name.get_ref(), value));
        file.told.extend(told);
        file.proxies.push(ProxyTable { key, proxy, rules, projects });
        Ok(())
    }

    /// The address of a proxy: no list, and nothing secret.
    fn url(&self, value: &Value<'_>) -> Result<Proxy, FileError> {
        let text = self.string("url", value)?;
        let at = value.span().start;
        let mut list = self.list("url", text, at)?.entries().to_vec();
        match list.pop().map(|entry| entry.proxy) {
            Some(Proxy::Url(url)) if list.is_empty() && !text.contains([',', '|']) => {
                match has_secret(&url) {
                    true => Err(self.error(at, "url: credentials belong into netrc or GOPROXY")),
                    false => Ok(Proxy::Url(url)),
                }
            }
            _ => Err(self.error(at, "url: want the address of a proxy")),
        }
    }

    fn route(&self, file: &mut SettingsFile, table: &Value<'_>) -> Result<(), FileError> {
        let at = table.span().start;
        let (mut patterns, mut list, mut private) = (None, None, false);
        for (name, value) in self.table("route", table)? {
            let (name, place) = (&**name.get_ref(), value.span().start);
            let told = match name {
                "match" => {
                    let text = self.string(name, value)?;
                    if text.split(',').all(|pattern| pattern.trim().is_empty()) {
                        return Err(self.error(place, "match: want module path patterns"));
                    }
                    patterns = Some(text.to_owned());
                    continue;
                }
                "goproxy" => {
                    let text = self.string(name, value)?;
                    let found = self.list(name, text, place)?;
                    let mut urls = found.entries().iter().filter_map(|entry| match &entry.proxy {
                        Proxy::Url(url) => Some(url),
                        _ => None,
                    });
                    if self.whose == Whose::Project && urls.any(has_secret) {
                        return Err(
                            self.error(place, "goproxy: a project's file holds no credentials")
                        );
                    }
                    list = Some(found);
                    mask_list(text)
                }
                "private" => {
                    self.own(name, place)?;
                    private = self.boolean(name, value)?;
                    private.to_string()
                }
                other => return Err(self.unknown(place, other)),
            };
            let name = format!("route[{}].{name}", file.routes.len());
            file.told.push((name, told, self.line(place)));
        }
        let Some(patterns) = patterns else {
            return Err(self.error(at, "[[route]] without match"));
        };
        let Some(list) = list else { return Err(self.error(at, "[[route]] without goproxy")) };
        let number = format!("route[{}].match", file.routes.len());
        let line = self.line(at);
        file.told.push((number, patterns.clone(), line));
        file.routes.push(Route { patterns, list, private, line });
        Ok(())
    }

    /// Refuses a key that is not for a project's file.
    fn own(&self, key: &str, at: usize) -> Result<(), FileError> {
        match self.whose {
            Whose::User => Ok(()),
            Whose::Project => {
                Err(self.error(at, format!("{key}: this belongs into the user's own file alone")))
            }
        }
    }

    fn boolean(&self, name: &str, value: &Value<'_>) -> Result<bool, FileError> {
        let wanted = || self.error(value.span().start, format!("{name}: want true or false"));
        value.get_ref().as_bool().ok_or_else(wanted)
    }

    /// Takes over a rule; whether it is one.
    fn rule(&self, rules: &mut Rules, key: &str, value: &Value<'_>) -> Result<bool, FileError> {
        if CHOOSING.contains(&key) {
            self.own(key, value.span().start)?;
        }
        match rules.set(key, value.get_ref()) {
            None => Ok(false),
            Some(Ok(())) => Ok(true),
            Some(Err(text)) => Err(self.error(value.span().start, format!("{key}: {text}"))),
        }
    }

    /// A rule as people wrote it.
    fn told(&self, table: &str, key: &str, value: &Value<'_>) -> (String, String, usize) {
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Boolean(on) => on.to_string(),
            _ => String::new(),
        };
        (format!("{table}.{key}"), text, self.line(value.span().start))
    }

    fn list(&self, name: &str, text: &str, at: usize) -> Result<ProxyList, FileError> {
        ProxyList::parse(text, "").map_err(|err| self.error(at, format!("{name}: {err}")))
    }

    fn string<'v>(&self, name: &str, value: &'v Value<'_>) -> Result<&'v str, FileError> {
        let at = value.span().start;
        let text = value.get_ref().as_str();
        let text = text.ok_or_else(|| self.error(at, format!("{name}: want a text")))?;
        if text.len() > MAX_TEXT {
            return Err(self.error(at, format!("{name}: longer than {MAX_TEXT} bytes")));
        }
        Ok(text)
    }

    fn table<'v, 't>(&self, name: &str, value: &'v Value<'t>) -> Result<&'v Table<'t>, FileError> {
        let wanted = || self.error(value.span().start, format!("{name}: want a table"));
        value.get_ref().as_table().ok_or_else(wanted)
    }

    fn tables<'v, 't>(
        &self,
        name: &str,
        value: &'v Value<'t>,
    ) -> Result<impl Iterator<Item = &'v Value<'t>>, FileError> {
        let at = value.span().start;
        let wanted = || self.error(at, format!("{name}: want tables, each under [[{name}]]"));
        let array = value.get_ref().as_array().ok_or_else(wanted)?;
        if array.len() > MAX_TABLES {
            return Err(self.error(at, format!("more than {MAX_TABLES} [[{name}]]")));
        }
        Ok(array.iter())
    }
}

/// Whether an address holds a user name, a password or a query.
fn has_secret(url: &crate::spec::gourl::RequestUrl) -> bool {
    let url = url.secret();
    !url.username().is_empty() || url.password().is_some() || url.query().is_some()
}
