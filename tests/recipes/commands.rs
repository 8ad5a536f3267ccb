//! Every command line of ours on the pages is one that the program understands.

use std::ffi::OsString;

use clap::error::ErrorKind;
use gomodfetch::cli::{flags, spelling};

use super::page::{self, Page};

/// How a word can end a command.
const ENDS: [char; 8] = [';', '&', '|', ')', '`', '<', '>', '\n'];

#[test]
fn command_lines_are_understood() {
    let pages = page::all();
    let mut wrong = Vec::new();
    for page in &pages {
        let lines = command_lines(page);
        for (line, inline, words) in &lines {
            // A command that is only named does not need its arguments.
            if let Err(err) = understood(words, *inline && words.len() == 2) {
                wrong.push(format!("{}:{line}: {}\n    {err}", page.name, words.join(" ")));
            }
        }
        let recipe = page.name != "docs/README.md";
        assert!(!recipe || lines.len() >= 2, "{}: {} commands", page.name, lines.len());
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn what_is_no_command_line_is_told() {
    let words = |text: &str| {
        let code = page::Code { line: 1, text: text.to_owned(), ..page::Code::default() };
        let page = Page { name: "x".to_owned(), text: String::new(), code: vec![code] };
        command_lines(&page).into_iter().map(|(_, _, words)| words.join(" ")).collect::<Vec<_>>()
    };
    assert_eq!(words("run: key=$(gomodfetch cache-key .)\n"), ["gomodfetch cache-key ."]);
    assert_eq!(
        words("RUN --x gomodfetch download \\\n  --locked && go build\n"),
        ["gomodfetch download --locked"]
    );
    assert_eq!(words("\"onCreate\": \"gomodfetch prewarm .\"\n"), ["gomodfetch prewarm ."]);
    assert_eq!(words("gomodfetch download -json   # objects\n"), ["gomodfetch download -json"]);
    assert_eq!(words("COPY --from=gomodfetch /a/gomodfetch /b/\n"), Vec::<String>::new());
    assert_eq!(words("# gomodfetch is told\n"), Vec::<String>::new());
    assert_eq!(words("cargo install --tag v1 gomodfetch\n"), Vec::<String>::new());
    let unknown = ["gomodfetch", "download", "--no-such"].map(str::to_owned);
    assert!(understood(&unknown, false).is_err());
    assert!(understood(&["gomodfetch", "downlod"].map(str::to_owned), true).is_err());
    let named = ["gomodfetch", "prewarm"].map(str::to_owned);
    assert!(understood(&named, false).is_err() && understood(&named, true).is_ok());
}

fn understood(words: &[String], named: bool) -> Result<(), String> {
    let args = words.iter().map(OsString::from);
    let args = spelling::to_gnu(args, &flags::go_flags()).map_err(|err| err.to_string())?;
    match flags::command().try_get_matches_from(args) {
        Err(err) if named && err.kind() == ErrorKind::MissingRequiredArgument => Ok(()),
        Err(err) if err.use_stderr() => {
            Err(err.to_string().lines().next().unwrap_or("").to_owned())
        }
        _ => Ok(()),
    }
}

/// The command lines in the code of a page, with the line on which the code starts and whether that is text.
fn command_lines(page: &Page) -> Vec<(usize, bool, Vec<String>)> {
    let mut found = Vec::new();
    for code in &page.code {
        let text = code.text.replace("\\\n", " ");
        for line in text.lines() {
            for (at, _) in line.match_indices("gomodfetch ") {
                let before = &line[..at];
                let begins = before.is_empty() || before.ends_with([' ', '"', '\'', '(', '\t']);
                // `… AS gomodfetch`, and what stands behind a program's name, are at the end of a line.
                if begins && !before.contains('#') {
                    let quoted = before.matches('"').count() % 2 == 1;
                    found.push((code.line, code.inline, words(&line[at..], quoted)));
                }
            }
        }
    }
    found
}

/// The words of a command up to its end; `quoted`: it stands within double quotes.
fn words(text: &str, quoted: bool) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in text.chars() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (Some(_), _) => word.get_or_insert_default().push(letter),
            (None, '"') if quoted => break,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, _) if ENDS.contains(&letter) => break,
            (None, _) if letter.is_whitespace() => words.extend(word.take()),
            (None, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}
