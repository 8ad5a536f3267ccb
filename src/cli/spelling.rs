//! go's way of writing flags: one dash, whole words, `-json=false`.
//!
//! go's spelling means what it means to go: `-json` is the flag `json` and never `-j -s -o -n`. A
//! word after one dash that is no flag of go is an error, in go's words; a single letter after one
//! dash and everything after two dashes is left to GNU's rules.

use std::ffi::{OsStr, OsString};

/// A word after one dash that is no flag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("flag provided but not defined: -{0}")]
pub struct UnknownFlag(String);

/// `args` with go's flags, whose names are `known`, in GNU's spelling.
///
/// # Errors
/// On a word after one dash that is not known.
pub fn to_gnu(
    args: impl IntoIterator<Item = OsString>,
    known: &[&str],
) -> Result<Vec<OsString>, UnknownFlag> {
    let mut out = Vec::new();
    let mut only_operands = false;
    for arg in args {
        only_operands |= arg == OsStr::new("--");
        out.push(if only_operands || out.is_empty() { arg } else { one(arg, known)? });
    }
    Ok(out)
}

fn one(arg: OsString, known: &[&str]) -> Result<OsString, UnknownFlag> {
    let Some(text) = arg.to_str() else { return Ok(arg) };
    let Some(word) = text.strip_prefix('-').filter(|word| !word.starts_with('-')) else {
        return Ok(arg);
    };
    let name = word.split_once('=').map_or(word, |(name, _)| name);
    if known.contains(&name) {
        return Ok(OsString::from(format!("--{word}")));
    }
    if name.chars().count() <= 1 {
        return Ok(arg);
    }
    Err(UnknownFlag(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let known = ["json", "x", "C"];
        for (line, want) in [
            ("p -json=false -x", "p --json=false --x"),
            ("p --json -C dir", "p --json --C dir"),
            ("p -v -", "p -v -"),
            ("p -- -json", "p -- -json"),
            ("p a@-x", "p a@-x"),
        ] {
            let args = line.split(' ').map(OsString::from);
            let got = to_gnu(args, &known).unwrap();
            let got: Vec<_> = got.iter().map(|arg| arg.to_str().unwrap()).collect();
            assert_eq!(got.join(" "), want);
        }
        let err = to_gnu(["p", "-jx"].map(OsString::from), &known).unwrap_err();
        assert_eq!(err.to_string(), "flag provided but not defined: -jx");
    }
}
