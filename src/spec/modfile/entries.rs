//! Changes to lists of directives that keep their lines in step.
//!
//! Implements [go.mod file formatting](https://go.dev/ref/mod#go-mod-file-format) of the Go
//! Modules Reference where it merges directives: those that say something once more, or that
//! others override, go away.

use std::collections::HashSet;
use std::hash::Hash;

use super::directive::{Directive, Godebug, Replace};
use super::syntax::{FileSyntax, LineId};
use super::text::auto_quote;
use crate::spec::module::Version;

/// Sets a directive that can stand only once; `add` adds a line for it if it isn't there.
pub(super) fn set_only(
    syntax: &mut FileSyntax,
    present: &mut Option<Directive<String>>,
    [verb, value]: [&str; 2],
    add: impl FnOnce(&mut FileSyntax, &[&str]) -> LineId,
) {
    let texts = [verb, value];
    let line = match present {
        Some(present) => {
            syntax.set_line(present.line, &texts);
            present.line
        }
        None => add(syntax, &texts),
    };
    *present = Some(Directive { says: value.to_owned(), line });
}

/// Removes a directive that can stand only once.
pub(super) fn drop_only<T>(syntax: &mut FileSyntax, present: &mut Option<Directive<T>>) {
    if let Some(entry) = present.take() {
        syntax.remove_line(entry.line);
    }
}

/// Removes directives. Their lines stay, empty, until the clean-up.
pub(super) fn drop_where<T>(
    syntax: &mut FileSyntax,
    list: &mut Vec<Directive<T>>,
    unwanted: impl Fn(&T) -> bool,
) {
    for entry in list.extract_if(.., |entry| unwanted(&entry.says)) {
        syntax.remove_line(entry.line);
    }
}

/// Gives the first directive that is `wanted` another meaning and line, and removes other such;
/// tells whether there was one.
pub(super) fn update_first<T>(
    syntax: &mut FileSyntax,
    list: &mut Vec<Directive<T>>,
    wanted: impl Fn(&T) -> bool,
    change: impl FnOnce(&mut T),
    texts: &[&str],
) -> bool {
    let Some(first) = list.iter().position(|entry| wanted(&entry.says)) else {
        return false;
    };
    for entry in list.extract_if(first + 1.., |entry| wanted(&entry.says)) {
        syntax.remove_line(entry.line);
    }
    if let Some(entry) = list.get_mut(first) {
        change(&mut entry.says);
        syntax.set_line(entry.line, texts);
    }
    true
}

/// Adds a directive unless it is there; tells whether it wasn't.
pub(super) fn add_unique(
    syntax: &mut FileSyntax,
    list: &mut Vec<Directive<String>>,
    [verb, path]: [&str; 2],
) -> bool {
    let unique = !list.iter().any(|entry| entry.says == path);
    if unique {
        let line = syntax.append_line(&[verb, path]);
        list.push(Directive { says: path.to_owned(), line });
    }
    unique
}

/// Adds a line behind a related one. Without one it goes to the end of the file, whether or not
/// there is a block that it could join.
pub(super) fn add_near<T>(
    syntax: &mut FileSyntax,
    related: Option<&Directive<T>>,
    texts: &[&str],
) -> LineId {
    match related {
        Some(related) => syntax.add_line_after(related.line, texts),
        None => syntax.insert_statement(syntax.statements.len(), texts),
    }
}

pub(super) fn add_godebug(
    syntax: &mut FileSyntax,
    list: &mut Vec<Directive<Godebug>>,
    key: &str,
    value: &str,
) {
    let texts = ["godebug", &format!("{key}={value}")];
    let set = |godebug: &mut Godebug| value.clone_into(&mut godebug.value);
    if !update_first(syntax, list, |godebug| godebug.key == key, set, &texts) {
        let line = syntax.append_line(&texts);
        let says = Godebug { key: key.to_owned(), value: value.to_owned() };
        list.push(Directive { says, line });
    }
}

pub(super) fn add_replace(
    syntax: &mut FileSyntax,
    list: &mut Vec<Directive<Replace>>,
    old: &Version,
    new: &Version,
) {
    let (old_path, new_path) = (auto_quote(&old.path), auto_quote(&new.path));
    let mut texts = vec!["replace", &old_path, &old.version, "=>", &new_path, &new.version];
    texts.retain(|text| !text.is_empty());

    let any = old.version.is_empty();
    let same = |r: &Replace| r.old.path == old.path && (any || r.old.version == old.version);
    // As in go, the changed directive keeps its old version until the file is parsed again.
    if !update_first(syntax, list, same, |replace| replace.new = new.clone(), &texts) {
        let related = list.iter().rfind(|replace| replace.old.path == old.path);
        let line = add_near(syntax, related, &texts);
        let says = Replace { old: old.clone(), new: new.clone() };
        list.push(Directive { says, line });
    }
}

/// Takes out the replacements that later ones of the same module and version override, and
/// returns their lines.
pub(super) fn take_overridden(list: &mut Vec<Directive<Replace>>) -> HashSet<LineId> {
    let mut lines = HashSet::new();
    list.reverse();
    take_duplicates(list, |replace| replace.old.clone(), &mut lines);
    list.reverse();
    lines
}

/// Takes out all but the first directive of each key, and adds their lines to `lines`.
pub(super) fn take_duplicates<T, K: Eq + Hash>(
    list: &mut Vec<Directive<T>>,
    key: impl Fn(&T) -> K,
    lines: &mut HashSet<LineId>,
) {
    let mut seen = HashSet::new();
    let duplicates = list.extract_if(.., |entry| !seen.insert(key(&entry.says)));
    lines.extend(duplicates.map(|entry| entry.line));
}
