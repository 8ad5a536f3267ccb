//! The package clause and the imports of a source file, read byte by byte and not one further.
//!
//! Reading stops behind the last import, so that what a newer Go allows in the rest of a file does not
//! matter. What stands there is no Go is told, with the imports before it.

use crate::spec::imports::HeaderError;

/// What was read.
#[derive(Debug, Clone)]
pub struct Header<'a> {
    /// The text up to the end of the imports; all of it where it is no Go.
    pub text: &'a [u8],
    /// The name on the package clause; empty if there is none.
    pub package: String,
    /// The imports, with their quotes.
    pub imports: Vec<String>,
    /// What is wrong.
    pub error: Option<HeaderError>,
    /// Whether the end of the text was reached, so that it may be only a part of the file.
    pub reached_end: bool,
}

impl<'a> Header<'a> {
    /// Reads the beginning of a file.
    pub fn parse(data: &'a [u8]) -> Header<'a> {
        let data = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
        let mut reader = Reader { data, at: 0, peeked: 0, error: None, at_end: false };
        let mut imports = Vec::new();
        reader.keyword("package");
        let package = reader.identifier();
        while reader.peek(true) == b'i' {
            reader.keyword("import");
            if reader.peek(true) == b'(' {
                reader.next(false);
                while reader.peek(true) != b')' && reader.error.is_none() {
                    reader.import(&mut imports);
                }
                reader.next(false);
            } else {
                reader.import(&mut imports);
            }
        }
        let mut header =
            Header { text: data, package, imports, error: reader.error, reached_end: false };
        match reader.error {
            None if !reader.at_end => {
                // The last byte that was looked at belongs to what follows.
                header.text = data.get(..reader.at.saturating_sub(1)).unwrap_or(data);
            }
            None => header.reached_end = true,
            Some(HeaderError::Syntax) => {
                header.reached_end = true;
                let rest = data.get(reader.at..).unwrap_or_default();
                if rest.contains(&0) {
                    header.error = Some(HeaderError::Nul);
                }
            }
            Some(HeaderError::Nul) => {}
        }
        header
    }
}

struct Reader<'a> {
    data: &'a [u8],
    /// How much was read.
    at: usize,
    /// The byte that was read and not taken yet; zero if there is none.
    peeked: u8,
    error: Option<HeaderError>,
    at_end: bool,
}

fn is_identifier(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_' || c >= 0x80
}

impl Reader<'_> {
    fn syntax_error(&mut self) {
        self.error.get_or_insert(HeaderError::Syntax);
    }

    fn read(&mut self) -> u8 {
        match self.data.get(self.at) {
            None => {
                self.at_end = true;
                0
            }
            Some(&c) => {
                self.at += 1;
                if c == 0 {
                    self.error.get_or_insert(HeaderError::Nul);
                }
                c
            }
        }
    }

    /// The next byte, which stays; with `skip` the next that is neither space nor comment. Zero at the
    /// end and after an error.
    fn peek(&mut self, skip: bool) -> u8 {
        if self.error.is_some() {
            return 0;
        }
        let mut c = match self.peeked {
            0 => self.read(),
            c => c,
        };
        while skip && self.error.is_none() && !self.at_end {
            match c {
                b' ' | b'\x0c' | b'\t' | b'\r' | b'\n' | b';' => c = self.read(),
                b'/' => {
                    self.comment();
                    c = self.read();
                }
                _ => break,
            }
        }
        self.peeked = c;
        c
    }

    /// Reads a comment, whose first slash was read.
    fn comment(&mut self) {
        match self.read() {
            b'/' => while self.error.is_none() && !self.at_end && self.read() != b'\n' {},
            b'*' => {
                let mut before = 0;
                while self.error.is_none() {
                    let c = self.read();
                    if self.at_end {
                        self.syntax_error();
                    }
                    if before == b'*' && c == b'/' {
                        break;
                    }
                    before = c;
                }
            }
            _ => self.syntax_error(),
        }
    }

    fn next(&mut self, skip: bool) -> u8 {
        let c = self.peek(skip);
        self.peeked = 0;
        c
    }

    fn keyword(&mut self, word: &str) {
        self.peek(true);
        for c in word.bytes() {
            if self.next(false) != c {
                self.syntax_error();
                return;
            }
        }
        if is_identifier(self.peek(false)) {
            self.syntax_error();
        }
    }

    fn identifier(&mut self) -> String {
        if !is_identifier(self.peek(true)) {
            self.syntax_error();
            return String::new();
        }
        let mut name = Vec::new();
        loop {
            match self.peek(false) {
                c if is_identifier(c) => name.push(c),
                _ => break,
            }
            self.peeked = 0;
        }
        String::from_utf8_lossy(&name).into_owned()
    }

    fn import(&mut self, imports: &mut Vec<String>) {
        match self.peek(true) {
            b'.' => self.peeked = 0,
            c if is_identifier(c) => drop(self.identifier()),
            _ => {}
        }
        self.string(imports);
    }

    fn string(&mut self, imports: &mut Vec<String>) {
        let quote = self.next(true);
        if !matches!(quote, b'`' | b'"') {
            self.syntax_error();
            return;
        }
        let start = self.at.saturating_sub(1);
        while self.error.is_none() {
            let c = self.next(false);
            if c == quote {
                let quoted = self.data.get(start..self.at).unwrap_or_default();
                imports.push(String::from_utf8_lossy(quoted).into_owned());
                return;
            }
            if self.at_end || (quote == b'"' && c == b'\n') {
                self.syntax_error();
            }
            if quote == b'"' && c == b'\\' {
                self.next(false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_ends_where_the_imports_end() {
        let header = Header::parse(b"// a\n\npackage p\n\nimport \"x\"\n\n// b\nvar y\n");
        assert_eq!(header.text, b"// a\n\npackage p\n\nimport \"x\"\n\n// b\n");
        assert!(!header.reached_end && header.error.is_none());
    }

    #[test]
    fn what_is_no_go() {
        for (text, imports, error) in [
            ("package", 0, Some(HeaderError::Syntax)),
            ("package p; import \"a\"; import b", 1, Some(HeaderError::Syntax)),
            ("package p\nimport \"a\nb\"", 0, Some(HeaderError::Syntax)),
            ("/* never closed", 0, Some(HeaderError::Syntax)),
            ("/x", 0, Some(HeaderError::Syntax)),
            ("packagex p", 0, Some(HeaderError::Syntax)),
            ("package p\nimport(\"a\";\"b\"", 2, Some(HeaderError::Syntax)),
            ("package p\nvar \0", 0, None),
            ("package p\nimport x \0", 0, Some(HeaderError::Nul)),
            ("nonsense \0", 0, Some(HeaderError::Nul)),
        ] {
            let header = Header::parse(text.as_bytes());
            assert_eq!((header.imports.len(), header.error), (imports, error), "{text:?}");
        }
    }
}
