//! The txtar format: several text files in one text.
//!
//! A comment, then files, each opened by a marker line `-- name --`; the file is what follows, up to the
//! next marker or the end. There is no escaping and no way to say something wrong: whatever is not a
//! marker is text. A missing last newline is added.
//!
//! ```text
//! Two files.
//! -- go.mod --
//! module example.com/m
//! -- sub/x.go --
//! package sub
//! ```

use std::fmt;
use std::fs;
use std::path::{Component, Path};

/// A comment and files, in the order in which they stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Archive {
    /// The text before the first marker.
    pub comment: String,
    /// The files.
    pub files: Vec<File>,
}

/// One file of an [`Archive`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The name as written, with `/` between its elements.
    pub name: String,
    /// The text; empty, or ending with a newline.
    pub text: String,
}

impl Archive {
    /// Reads an archive; every text is one.
    pub fn parse(text: &str) -> Self {
        let mut archive = Archive::default();
        for line in text.split_inclusive('\n') {
            if let Some(name) = marker(line) {
                archive.files.push(File { name: name.to_owned(), text: String::new() });
            } else {
                let current = match archive.files.last_mut() {
                    Some(file) => &mut file.text,
                    None => &mut archive.comment,
                };
                current.push_str(line);
                if !line.ends_with('\n') {
                    current.push('\n');
                }
            }
        }
        archive
    }

    /// The text of the file called `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        let file = self.files.iter().find(|file| file.name == name)?;
        Some(&file.text)
    }

    /// Writes the files below `dir`, making the directories that they need.
    ///
    /// A name that leads out of `dir` is a mistake of the test and panics.
    pub fn write_to(&self, dir: &Path) {
        for file in &self.files {
            write_file(dir, &file.name, file.text.as_bytes());
        }
    }
}

impl fmt::Display for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.comment)?;
        for file in &self.files {
            write!(f, "-- {} --\n{}", file.name, file.text)?;
        }
        Ok(())
    }
}

/// Writes one file below `dir`; `name` has `/` between its elements.
pub fn write_file(dir: &Path, name: &str, data: &[u8]) {
    let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    assert!(inside && !name.is_empty(), "not a name below a folder: {name:?}");
    let path = dir.join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).unwrap_or_else(|err| panic!("{}: {err}", parent.display()));
    }
    fs::write(&path, data).unwrap_or_else(|err| panic!("{}: {err}", path.display()));
}

/// The file name in a marker line.
fn marker(line: &str) -> Option<&str> {
    let line = line.strip_suffix('\n').unwrap_or(line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    let name = line.strip_prefix("-- ")?.strip_suffix(" --")?.trim();
    (!name.is_empty()).then_some(name)
}
