//! Changes to the `require` directives of a go.mod.
//!
//! Implements [`require` directive](https://go.dev/ref/mod#go-mod-file-require) and
//! [Automatic updates](https://go.dev/ref/mod#go-mod-file-updates) of the Go Modules Reference.
//!
//! From Go 1.17 on a go.mod lists all modules that its packages need, also those that no package
//! of the main module imports. These are marked `// indirect`, and kept in a block of their own:
//!
//! ```text
//! require (                                         require example.com/a v1.0.0
//!     example.com/a v1.0.0                     →
//!     example.com/b v1.1.0 // indirect              require (
//! )                                                     example.com/b v1.1.0 // indirect
//!                                                       example.com/c v1.2.0 // indirect
//!                                                   )
//! ```
//!
//! A block belongs to one kind if all of its lines do, and none of them (and not the block) has
//! another comment than `// indirect`. Lines move between the last blocks of the two kinds; those
//! of other blocks, which somebody has arranged, stay where they are.

use std::collections::HashMap;

use super::directive::{Directive, Require};
use super::entries::{drop_where, update_first};
use super::gomod::{File, is_indirect};
use super::syntax::{Block, BlockId, Element, FileSyntax, Line, LineId, Span, Statement, Tokens};
use super::text::{auto_quote, trim};
use crate::spec::module::Version;

impl File {
    /// Requires a module, on the first line that already does so; other such lines go away. The
    /// line keeps its comments, and a new one is marked as direct.
    pub fn add_require(&mut self, module: &Version) {
        let texts = ["require", &auto_quote(&module.path), &module.version];
        let same = |require: &Require| require.module.path == module.path;
        let set = |require: &mut Require| require.module.version = module.version.clone();
        if !update_first(&mut self.syntax, &mut self.require, same, set, &texts) {
            self.add_new_require(module, false);
        }
    }

    /// Adds a requirement behind the others, even if there is one on the same module.
    pub fn add_new_require(&mut self, module: &Version, indirect: bool) {
        let texts = ["require", &auto_quote(&module.path), &module.version];
        let line = self.syntax.append_line(&texts);
        set_indirect(&mut self.syntax, line, indirect);
        let says = Require { module: module.clone(), indirect };
        self.require.push(Directive { says, line });
    }

    /// Takes the requirements on a module away.
    pub fn drop_require(&mut self, path: &str) {
        drop_where(&mut self.syntax, &mut self.require, |require| &*require.module.path == path);
    }

    /// Makes these requirements, and no others, those of the file. If one path comes more than
    /// once, the last counts.
    ///
    /// The first line of each module stays where it is, with its comments; new ones join the last
    /// block. This is how a go.mod is updated before Go 1.17.
    pub fn set_require(&mut self, requirements: &[Require]) {
        let mut missing = by_path(requirements);
        let syntax = &mut self.syntax;
        self.require.retain_mut(|entry| {
            let Some(wanted) = missing.remove(&*entry.module.path) else {
                syntax.remove_line(entry.line);
                return false;
            };
            update(syntax, entry, wanted);
            true
        });
        for requirement in requirements {
            if let Some(wanted) = missing.remove(&*requirement.module.path) {
                self.add_new_require(&wanted.module, wanted.indirect);
            }
        }
        self.sort_blocks();
    }

    /// Makes these requirements, and no others, those of the file, direct and indirect ones in
    /// blocks of their own. If one path comes more than once, the last counts.
    ///
    /// This is how a go.mod is updated from Go 1.17 on. If it has but one block of both kinds,
    /// without comments on it, that one is split.
    pub fn set_require_separate_indirect(&mut self, requirements: &[Require]) {
        let syntax = &mut self.syntax;
        let layout = Layout::of(syntax);
        let (direct, indirect) = layout.make_blocks(syntax);

        let mut missing = by_path(requirements);
        self.require.retain_mut(|entry| {
            let Some(wanted) = missing.remove(&*entry.module.path) else {
                syntax.remove_line(entry.line);
                return false;
            };
            update(syntax, entry, wanted);
            let (own, other) =
                if wanted.indirect { (indirect, direct) } else { (direct, indirect) };
            let block = layout.blocks.get(&entry.line);
            if layout.one_block || block == Some(&other) {
                entry.line = move_line(syntax, entry.line, own);
            }
            true
        });
        for requirement in requirements {
            if let Some(Require { module, indirect: marked }) =
                missing.remove(&*requirement.module.path)
            {
                let texts = [&auto_quote(&module.path), &*module.version];
                let tokens = syntax.add_tokens(&texts);
                let line = syntax.add_line(Line { tokens, in_block: true, ..Line::default() });
                set_indirect(syntax, line, *marked);
                syntax.block_mut(if *marked { indirect } else { direct }).lines.push(line);
                let says = Require { module: module.clone(), indirect: *marked };
                self.require.push(Directive { says, line });
            }
        }
        self.sort_blocks();
    }
}

fn by_path(requirements: &[Require]) -> HashMap<&str, &Require> {
    requirements.iter().map(|require| (&*require.module.path, require)).collect()
}

/// How the requirements of a file are laid out. Numbers are those of statements.
#[derive(Default)]
struct Layout {
    /// The last line or block of only direct requirements.
    last_direct: Option<usize>,
    /// The last line or block of only indirect requirements.
    last_indirect: Option<usize>,
    /// The last line or block of any.
    last: Option<usize>,
    /// There is only one line or block, and no comment on it.
    one_block: bool,
    /// The block of each line that is in one.
    blocks: HashMap<LineId, BlockId>,
}

impl Layout {
    fn of(syntax: &FileSyntax) -> Self {
        let mut layout = Self::default();
        for (n, statement) in syntax.statements.iter().enumerate() {
            if syntax.verb(*statement) != Some(b"require") {
                continue;
            }
            let lines = match statement {
                Statement::Group(_) => continue,
                Statement::Line(line) => std::slice::from_ref(line),
                Statement::Block(id) => {
                    let lines = &syntax.block(*id).lines;
                    layout.blocks.extend(lines.iter().map(|&line| (line, *id)));
                    lines
                }
            };
            let plain = !is_commented(syntax, *statement);
            layout.one_block = plain && layout.last.is_none();
            layout.last = Some(n);
            let all = |indirect| {
                let fits = |&line: &LineId| {
                    let commented = is_commented(syntax, Statement::Line(line));
                    !commented && is_indirect(syntax, line) == indirect
                };
                plain && !lines.is_empty() && lines.iter().all(fits)
            };
            if all(false) {
                layout.last_direct = Some(n);
            }
            if all(true) {
                layout.last_indirect = Some(n);
            }
        }
        layout
    }

    /// Finds or makes the blocks of direct and of indirect requirements. They may be empty, or
    /// have one line: the clean-up will care for that.
    fn make_blocks(&self, syntax: &mut FileSyntax) -> (BlockId, BlockId) {
        let (direct, direct_place, indirect_place) = match (self.last_direct, self.last_indirect) {
            (Some(n), indirect) => (as_block(syntax, n), n, indirect),
            (None, Some(n)) => (insert_block(syntax, n), n, Some(n + 1)),
            (None, None) => {
                let n = self.last.map_or(syntax.statements.len(), |last| last + 1);
                (insert_block(syntax, n), n, None)
            }
        };
        let indirect = match indirect_place {
            Some(n) => as_block(syntax, n),
            None => insert_block(syntax, direct_place + 1),
        };
        (direct, indirect)
    }
}

/// The block that is statement number `n`, or a new one around the line that is.
fn as_block(syntax: &mut FileSyntax, n: usize) -> BlockId {
    match syntax.statements.get(n) {
        Some(Statement::Block(id)) => *id,
        Some(Statement::Line(line)) => syntax.wrap_line(n, *line),
        _ => insert_block(syntax, n),
    }
}

fn insert_block(syntax: &mut FileSyntax, n: usize) -> BlockId {
    let tokens = syntax.add_tokens(&["require"]);
    let id = syntax.add_block(Block { tokens, ..Block::default() });
    syntax.statements.insert(n, Statement::Block(id));
    id
}

/// Reports whether there are comments on a line, or on a block as such, other than `// indirect`.
fn is_commented(syntax: &FileSyntax, statement: Statement) -> bool {
    let comments = syntax.comments(Element::Statement(statement));
    let only_mark = match comments.suffix() {
        [] => true,
        [comment] => comment_body(syntax, *comment) == b"indirect",
        _ => false,
    };
    !comments.before().is_empty() || !only_mark
}

/// The text of a comment, without the slashes and the white space around it.
fn comment_body(syntax: &FileSyntax, comment: Span) -> &[u8] {
    let text = syntax.text(comment);
    trim(text.strip_prefix(b"//").unwrap_or(text))
}

/// Moves a line, with its comments, to the end of a block.
fn move_line(syntax: &mut FileSyntax, id: LineId, block: BlockId) -> LineId {
    let old = syntax.line_mut(id);
    let mut line = Line { in_block: true, ..old.clone() };
    if !old.in_block {
        (_, line.tokens) = old.tokens.split_first();
    }
    old.tokens = Tokens::default();
    old.removed = true;
    let id = syntax.add_line(line);
    syntax.block_mut(block).lines.push(id);
    id
}

/// Gives a requirement another version and mark.
fn update(syntax: &mut FileSyntax, entry: &mut Directive<Require>, wanted: &Require) {
    let line = syntax.line_mut(entry.line);
    let version = if line.in_block {
        // The blank line has lost its sense where requirements change places.
        if matches!(line.comments.before(), [comment] if comment.is_blank()) {
            line.comments.set_before(Vec::new());
        }
        1
    } else {
        2
    };
    let tokens = line.tokens;
    syntax.set_token(tokens, version, wanted.module.version.as_bytes());
    set_indirect(syntax, entry.line, wanted.indirect);
    entry.says = wanted.clone();
}

/// Puts `// indirect` behind the line or takes it away; what else the comment says stays.
fn set_indirect(syntax: &mut FileSyntax, line: LineId, indirect: bool) {
    if is_indirect(syntax, line) == indirect {
        return;
    }
    let mut suffix = syntax.line(line).comments.suffix().to_vec();
    let old = suffix.first().map_or(&b""[..], |&comment| comment_body(syntax, comment));
    let new = match (indirect, old) {
        (true, b"") => Some(b"// indirect".to_vec()),
        (true, old) => Some([b"// indirect; ", old].concat()),
        (false, b"indirect") => None,
        (false, old) => Some([b"//", old.strip_prefix(b"indirect;").unwrap_or(old)].concat()),
    };
    match new {
        None => suffix.clear(),
        Some(text) => {
            let comment = syntax.add_text(&text);
            match suffix.first_mut() {
                Some(first) => *first = comment,
                None => suffix.push(comment),
            }
        }
    }
    syntax.line_mut(line).comments.set_suffix(suffix);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Requirements as `path@version`, with `!` behind indirect ones.
    fn requirements(list: &str) -> Vec<Require> {
        let require = |item: &str| {
            let name = item.strip_suffix('!').unwrap_or(item);
            let (path, version) = name.split_once('@').unwrap();
            Require { module: Version::new(path, version), indirect: name != item }
        };
        list.split_whitespace().map(require).collect()
    }

    /// Checks the text after an edit, and that the file says the same as its text.
    #[track_caller]
    fn check(before: &str, edit: impl Fn(&mut File), after: &str) {
        let mut file = File::parse("go.mod", before.as_bytes(), None).unwrap();
        edit(&mut file);
        file.cleanup();
        let text = String::from_utf8(file.format()).unwrap();
        assert_eq!(text, after, "{before}");

        let says = |file: &File| {
            let mut list: Vec<_> =
                file.require.iter().map(|r| (r.module.clone(), r.indirect)).collect();
            list.sort();
            list
        };
        let again = File::parse("go.mod", text.as_bytes(), None).unwrap();
        assert_eq!(says(&file), says(&again), "{before}");
    }

    #[test]
    fn single_requirements() {
        let add = |path: &'static str| {
            move |file: &mut File| file.add_require(&Version::new(path, "v1.9.0"))
        };
        check("module m\n", add("a"), "module m\n\nrequire a v1.9.0\n");
        check("require b v1.0.0\n", add("a"), "require (\n\tb v1.0.0\n\ta v1.9.0\n)\n");
        check(
            "require a v1.0.0 // c\nrequire a v1.1.0\nrequire b v1.0.0 // indirect\n",
            add("a"),
            "require a v1.9.0 // c\n\nrequire b v1.0.0 // indirect\n",
        );
        check(
            "require (\na v1.0.0\nb v1.0.0\n)\n",
            |file| file.add_new_require(&Version::new("a", "v1.9.0"), true),
            "require (\n\ta v1.0.0\n\tb v1.0.0\n\ta v1.9.0 // indirect\n)\n",
        );
        check(
            "require (\na v1.0.0\nb v1.0.0\n// end\n)\nrequire a v1.1.0\n",
            |file| file.drop_require("a"),
            "require (\n\tb v1.0.0\n// end\n)\n",
        );
    }

    #[test]
    fn the_mark_of_indirect_requirements() {
        let cases = [
            ("", "// indirect"),
            (" //", "// indirect"),
            (" // c", "// indirect; c"),
            (" //indirect c", "// indirect; indirect c"),
            (" //indirect", "//indirect"),
            (" // indirect;  c", "// indirect;  c"),
        ];
        for (before, after) in cases {
            let set = |file: &mut File| file.set_require(&requirements("a@v1.0.0!"));
            check(
                &format!("require a v1.0.0{before}\n"),
                set,
                &format!("require a v1.0.0 {after}\n"),
            );
        }
        let cases = [
            ("", ""),
            (" // c", " // c"),
            (" // indirect", ""),
            (" //indirect; c", " // c"),
            (" // indirect;  c", " //  c"),
            (" // indirect;", " // indirect;"),
        ];
        for (before, after) in cases {
            let set = |file: &mut File| file.set_require(&requirements("a@v1.0.0"));
            check(
                &format!("require a v1.0.0{before}\n"),
                set,
                &format!("require a v1.0.0{after}\n"),
            );
        }
    }

    #[test]
    fn requirements_in_place() {
        let set = |list: &'static str| move |file: &mut File| file.set_require(&requirements(list));
        check(
            "module m\n",
            set("b@v1.0.0! a@v1.0.0"),
            "module m\n\nrequire (\n\ta v1.0.0\n\tb v1.0.0 // indirect\n)\n",
        );
        check(
            "require a v1.0.0 // why\n\nrequire (\nd v1.0.0 // indirect\n\nb v1.0.0\n\
             a v1.1.0\n)\n\nrequire c v1.0.0\n",
            set("a@v1.2.0 b@v1.2.0! e@v1.2.0! e@v1.3.0"),
            "require a v1.2.0 // why\n\nrequire (\n\tb v1.2.0 // indirect\n\te v1.3.0\n)\n",
        );
        check("require (\na v1.0.0\n)\n", set(""), "");
    }

    #[track_caller]
    fn separate(before: &str, list: &str, after: &str) {
        check(before, |file| file.set_require_separate_indirect(&requirements(list)), after);
    }

    #[test]
    fn one_block_is_split() {
        separate("module m\n", "a@v1.0.0", "module m\n\nrequire a v1.0.0\n");
        separate(
            "module m\n\nrequire (\nc v1.0.0\nb v1.0.0 // indirect\na v1.0.0 // indirect\n\
             )\n\ntool t\n",
            "a@v1.0.0 b@v1.1.0! d@v1.0.0! e@v1.0.0",
            "module m\n\nrequire (\n\ta v1.0.0\n\te v1.0.0\n)\n\nrequire (\n\
             \tb v1.1.0 // indirect\n\td v1.0.0 // indirect\n)\n\ntool t\n",
        );
        separate(
            "require a v1.0.0 // indirect\n",
            "a@v1.0.0 b@v1.0.0!",
            "require a v1.0.0\n\nrequire b v1.0.0 // indirect\n",
        );
    }

    #[test]
    fn lines_move_between_the_last_plain_blocks() {
        separate(
            "require (\na v1.0.0\nb v1.0.0\n)\n\nrequire (\nc v1.0.0 // indirect\n\
             d v1.0.0 // indirect\n)\n",
            "a@v1.0.0! b@v1.0.0 c@v1.0.0 d@v1.0.0! e@v1.0.0! f@v1.0.0",
            "require (\n\tb v1.0.0\n\tc v1.0.0\n\tf v1.0.0\n)\n\nrequire (\n\
             \ta v1.0.0 // indirect\n\td v1.0.0 // indirect\n\te v1.0.0 // indirect\n)\n",
        );
        separate(
            "require (\nc v1.0.0 // indirect\nd v1.0.0 // indirect\n)\n",
            "c@v1.0.0! d@v1.0.0! a@v1.0.0",
            "require a v1.0.0\n\nrequire (\n\tc v1.0.0 // indirect\n\td v1.0.0 // indirect\n)\n",
        );
        separate(
            "require a v1.0.0\nrequire (\nb v1.0.0 // indirect\nc v1.0.0\n)\n",
            "a@v1.0.0! b@v1.0.0 c@v1.0.0!",
            "require a v1.0.0 // indirect\n\nrequire (\n\tb v1.0.0\n\tc v1.0.0 // indirect\n)\n",
        );
    }

    #[test]
    fn commented_lines_stay_where_they_are() {
        separate(
            "// arranged\nrequire (\na v1.0.0\nb v1.0.0 // indirect\n)\n",
            "a@v1.0.0! b@v1.0.0 c@v1.0.0 d@v1.0.0!",
            "// arranged\nrequire (\n\ta v1.0.0 // indirect\n\tb v1.0.0\n)\n\n\
             require c v1.0.0\n\nrequire d v1.0.0 // indirect\n",
        );
        separate(
            "require (\na v1.0.0 // pinned\nb v1.0.0\n)\n",
            "a@v1.0.0 b@v1.0.0 c@v1.0.0!",
            "require (\n\ta v1.0.0 // pinned\n\tb v1.0.0\n)\n\nrequire c v1.0.0 // indirect\n",
        );
    }

    #[test]
    fn duplicates_and_unwanted_lines_go_away() {
        separate(
            "require (\na v1.0.0\na v1.1.0\n\nb v1.0.0\n\nc v1.0.0\n)\n\
             require d v1.0.0 // indirect\n",
            "a@v1.2.0 c@v1.0.0",
            "require (\n\ta v1.2.0\n\tc v1.0.0\n)\n",
        );
        separate("require (\na v1.0.0\n)\nmodule m\n", "", "module m\n");
    }
}
