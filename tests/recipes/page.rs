//! A page of the documentation, and the code in it.
//!
//! A fenced block may say after its language what it is; readers don't see that:
//!
//! - `file=PATH`: a file of the reader's project;
//! - `run=NAME`: commands, to be run in order.

use std::fs;
use std::path::{Path, PathBuf};

/// A page.
pub struct Page {
    /// Its name, relative to the repository.
    pub name: String,
    /// All of it.
    pub text: String,
    /// Its code, in order.
    pub code: Vec<Code>,
}

/// A fenced block, an indented one, or code within a line.
#[derive(Debug, Clone, Default)]
pub struct Code {
    /// The line of the page on which it starts, from 1.
    pub line: usize,
    /// Whether it stands within a line of text.
    pub inline: bool,
    /// `yaml`, `sh` and so on; empty where nothing is said.
    pub language: String,
    /// What `file=` or `run=` say.
    pub label: Option<String>,
    /// The code.
    pub text: String,
}

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages with recipes, and README.md.
pub fn all() -> Vec<Page> {
    let mut names: Vec<PathBuf> = fs::read_dir(root().join("docs"))
        .expect("docs")
        .map(|entry| entry.expect("an entry of docs").path())
        .collect();
    names.push(root().join("README.md"));
    names.sort();
    names.iter().map(|path| read(path)).collect()
}

impl Page {
    /// The page of this name in docs.
    pub fn of(name: &str) -> Self {
        read(&root().join("docs").join(name))
    }

    /// The file that the page tells the reader to make.
    #[track_caller]
    pub fn file(&self, path: &str) -> &str {
        self.labelled("file=", path)
    }

    /// The commands of this name.
    #[track_caller]
    pub fn script(&self, name: &str) -> &str {
        self.labelled("run=", name)
    }

    #[track_caller]
    fn labelled(&self, kind: &str, name: &str) -> &str {
        let label = format!("{kind}{name}");
        let mut found = self.code.iter().filter(|code| code.label.as_ref() == Some(&label));
        let code = found.next().unwrap_or_else(|| panic!("{}: no {label}", self.name));
        assert!(found.next().is_none(), "{}: {label} twice", self.name);
        &code.text
    }
}

fn read(path: &Path) -> Page {
    let text = fs::read_to_string(path).unwrap_or_else(|err| panic!("{}: {err}", path.display()));
    let name = path.strip_prefix(root()).expect("a page of ours").display().to_string();
    let code = code(&name, &text);
    Page { name, text, code }
}

fn code(page: &str, text: &str) -> Vec<Code> {
    let mut found: Vec<Code> = Vec::new();
    let mut fence: Option<Code> = None;
    let mut after_blank = true;
    let mut indented = false;
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(info) = line.trim_start().strip_prefix("```") {
            match fence.take() {
                Some(block) => found.push(block),
                None => fence = Some(opened(page, number, info)),
            }
        } else if let Some(block) = &mut fence {
            block.text.push_str(line);
            block.text.push('\n');
        } else if let Some(code) = line.strip_prefix("    ").filter(|_| after_blank || indented) {
            if indented && let Some(last) = found.last_mut() {
                last.text.push_str(&format!("{code}\n"));
            } else {
                let text = format!("{code}\n");
                found.push(Code { line: number, text, ..Code::default() });
            }
            indented = true;
            continue;
        } else {
            let whole = line.matches('`').count().is_multiple_of(2);
            assert!(whole || page == "README.md", "{page}:{number}: code broken over two lines");
            let spans = line.split('`').skip(1).step_by(2);
            let code = |text: &str| Code {
                line: number,
                inline: true,
                text: text.to_owned(),
                ..Code::default()
            };
            found.extend(spans.map(code));
        }
        indented = false;
        after_blank = line.trim().is_empty();
    }
    assert!(fence.is_none(), "{page}: a block that does not end");
    found
}

fn opened(page: &str, line: usize, info: &str) -> Code {
    let mut words = info.split_whitespace();
    let language = words.next().unwrap_or_default().to_owned();
    let label = words.next().map(str::to_owned);
    let known =
        label.as_ref().is_none_or(|word| word.starts_with("file=") || word.starts_with("run="));
    assert!(known && words.next().is_none(), "{page}:{line}: what does ```{info} say?");
    Code { line, language, label, ..Code::default() }
}
