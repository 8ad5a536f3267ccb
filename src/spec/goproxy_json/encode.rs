//! A writer of JSON documents in the form of Go's `json.Marshal` and `json.MarshalIndent`.
//!
//! The compact form has no white space at all. The indented form puts each member and element
//! on a line of its own behind one tab per level, has a space after the colon, and still writes an
//! empty object or array as `{}` or `[]`. Neither ends in a newline.
//!
//! Strings are written as bytes, since paths and messages need not be UTF-8:
//!
//! | in the string | in the document |
//! |---|---|
//! | `"` and `\` | `\"` and `\\` |
//! | BS, FF, LF, CR, TAB | `\b` `\f` `\n` `\r` `\t` |
//! | other bytes below 0x20, and `<` `>` `&` | `\u00NN`, hexadecimal digits in lower case |
//! | U+2028 and U+2029 | `\u2028` and `\u2029` |
//! | each byte that is no UTF-8 | `\ufffd` |
//! | everything else, U+007F and U+FFFD included | itself |
//!
//! ```
//! use gomodfetch::spec::goproxy_json::JsonWriter;
//!
//! let document = JsonWriter::indented().object(|module| {
//!     module.string("Path", "example.com/a&b");
//!     module.array("Versions", |versions| versions.string("v1.0.0"));
//! });
//! let want = b"{\n\t\"Path\": \"example.com/a\\u0026b\",\n\t\"Versions\": [\n\t\t\"v1.0.0\"\n\t]\n}";
//! assert_eq!(document, want);
//! ```

/// Makes one document, which is an object or an array.
pub struct JsonWriter {
    out: Vec<u8>,
    indented: bool,
    depth: usize,
}

/// Writes the members of an object, in the order of the calls.
pub struct ObjectWriter<'w> {
    writer: &'w mut JsonWriter,
    is_empty: bool,
}

/// Writes the elements of an array.
pub struct ArrayWriter<'w> {
    writer: &'w mut JsonWriter,
    is_empty: bool,
}

impl JsonWriter {
    /// A writer of the form without white space.
    pub fn compact() -> JsonWriter {
        JsonWriter { out: Vec::new(), indented: false, depth: 0 }
    }

    /// A writer of the form that is indented with tabs.
    pub fn indented() -> JsonWriter {
        JsonWriter { out: Vec::new(), indented: true, depth: 0 }
    }

    /// The document that is the object whose members `fill` writes.
    pub fn object(mut self, fill: impl FnOnce(&mut ObjectWriter<'_>)) -> Vec<u8> {
        self.write_object(fill);
        self.out
    }

    /// The document that is the array whose elements `fill` writes.
    pub fn array(mut self, fill: impl FnOnce(&mut ArrayWriter<'_>)) -> Vec<u8> {
        self.write_array(fill);
        self.out
    }

    fn write_object(&mut self, fill: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.out.push(b'{');
        self.depth += 1;
        let mut object = ObjectWriter { writer: self, is_empty: true };
        fill(&mut object);
        let is_empty = object.is_empty;
        self.close(b'}', is_empty);
    }

    fn write_array(&mut self, fill: impl FnOnce(&mut ArrayWriter<'_>)) {
        self.out.push(b'[');
        self.depth += 1;
        let mut array = ArrayWriter { writer: self, is_empty: true };
        fill(&mut array);
        let is_empty = array.is_empty;
        self.close(b']', is_empty);
    }

    fn close(&mut self, bracket: u8, is_empty: bool) {
        self.depth -= 1;
        if !is_empty {
            self.newline();
        }
        self.out.push(bracket);
    }

    fn separate(&mut self, is_first: bool) {
        if !is_first {
            self.out.push(b',');
        }
        self.newline();
    }

    fn newline(&mut self) {
        if self.indented {
            self.out.push(b'\n');
            self.out.extend(std::iter::repeat_n(b'\t', self.depth));
        }
    }

    fn write_bool(&mut self, value: bool) {
        self.out.extend(if value { "true" } else { "false" }.bytes());
    }

    fn write_int(&mut self, value: i64) {
        self.out.extend(value.to_string().bytes());
    }

    fn write_string(&mut self, value: &[u8]) {
        self.out.push(b'"');
        for chunk in value.utf8_chunks() {
            for c in chunk.valid().chars() {
                self.write_char(c);
            }
            for _ in chunk.invalid() {
                self.out.extend(br"\ufffd");
            }
        }
        self.out.push(b'"');
    }

    fn write_char(&mut self, c: char) {
        match c {
            '"' => self.out.extend(br#"\""#),
            '\\' => self.out.extend(br"\\"),
            '\u{8}' => self.out.extend(br"\b"),
            '\u{c}' => self.out.extend(br"\f"),
            '\n' => self.out.extend(br"\n"),
            '\r' => self.out.extend(br"\r"),
            '\t' => self.out.extend(br"\t"),
            '\0'..' ' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                self.out.extend(format!("\\u{:04x}", u32::from(c)).bytes());
            }
            _ => self.out.extend(c.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
}

impl ObjectWriter<'_> {
    /// Writes a member whose value is a string.
    pub fn string(&mut self, name: &str, value: impl AsRef<[u8]>) {
        self.name(name).write_string(value.as_ref());
    }

    /// Writes a member whose value is a string, if there is anything in it.
    pub fn string_unless_empty(&mut self, name: &str, value: impl AsRef<[u8]>) {
        if !value.as_ref().is_empty() {
            self.string(name, value);
        }
    }

    /// Writes a member whose value is a truth value.
    pub fn bool(&mut self, name: &str, value: bool) {
        self.name(name).write_bool(value);
    }

    /// Writes a member whose value is a whole number.
    pub fn int(&mut self, name: &str, value: i64) {
        self.name(name).write_int(value);
    }

    /// Writes a member whose value is an object.
    pub fn object(&mut self, name: &str, fill: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.name(name).write_object(fill);
    }

    /// Writes a member whose value is an array.
    pub fn array(&mut self, name: &str, fill: impl FnOnce(&mut ArrayWriter<'_>)) {
        self.name(name).write_array(fill);
    }

    fn name(&mut self, name: &str) -> &mut JsonWriter {
        self.writer.separate(self.is_empty);
        self.is_empty = false;
        self.writer.write_string(name.as_bytes());
        self.writer.out.extend(if self.writer.indented { ": " } else { ":" }.bytes());
        self.writer
    }
}

impl ArrayWriter<'_> {
    /// Writes an element that is a string.
    pub fn string(&mut self, value: impl AsRef<[u8]>) {
        self.element().write_string(value.as_ref());
    }

    /// Writes an element that is a truth value.
    pub fn bool(&mut self, value: bool) {
        self.element().write_bool(value);
    }

    /// Writes an element that is a whole number.
    pub fn int(&mut self, value: i64) {
        self.element().write_int(value);
    }

    /// Writes an element that is an object.
    pub fn object(&mut self, fill: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.element().write_object(fill);
    }

    /// Writes an element that is an array.
    pub fn array(&mut self, fill: impl FnOnce(&mut ArrayWriter<'_>)) {
        self.element().write_array(fill);
    }

    fn element(&mut self) -> &mut JsonWriter {
        self.writer.separate(self.is_empty);
        self.is_empty = false;
        self.writer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    use super::super::tokens::unquote;

    fn written(value: impl AsRef<[u8]>) -> String {
        let document = JsonWriter::compact().array(|a| a.string(value));
        let text = String::from_utf8(document).expect("a document is always UTF-8");
        text.strip_prefix("[\"").and_then(|t| t.strip_suffix("\"]")).unwrap().to_string()
    }

    #[test]
    fn strings_are_escaped_for_html_too() {
        let cases: &[(&[u8], &str)] = &[
            (b"h1:AbC+/=", "h1:AbC+/="),
            (br#"C:\go "x" 'y'"#, r#"C:\\go \"x\" 'y'"#),
            (b"\x00\x08\t\n\x0b\x0c\r\x1f", r"\u0000\b\t\n\u000b\f\r\u001f"),
            (b"<a&b>\x7f", "\\u003ca\\u0026b\\u003e\u{7f}"),
            ("\u{2027}\u{2028}\u{2029}\u{fffd}é".as_bytes(), "\u{2027}\\u2028\\u2029\u{fffd}é"),
            (b"a\xffb\xe2\x80", r"a\ufffdb\ufffd\ufffd"),
        ];
        for (value, want) in cases {
            assert_eq!(written(value), *want, "{}", value.escape_ascii());
        }
    }

    fn sample(object: &mut ObjectWriter<'_>) {
        object.string("s&", "x");
        object.string_unless_empty("no", "");
        object.string_unless_empty("yes", "y");
        object.bool("b", false);
        object.int("i", -7);
        object.object("empty", |_| {});
        object.array("none", |_| {});
        object.array("list", |list| {
            list.string("e");
            list.int(i64::MIN);
            list.bool(true);
            list.array(|_| {});
            list.object(|o| o.int("n", 0));
        });
    }

    #[test]
    fn the_compact_form_has_no_white_space() {
        let want = "{`s\\u0026`:`x`,`yes`:`y`,`b`:false,`i`:-7,`empty`:{},`none`:[],\
             `list`:[`e`,-9223372036854775808,true,[],{`n`:0}]}";
        let document = JsonWriter::compact().object(sample);
        assert_eq!(String::from_utf8(document).unwrap(), want.replace('`', "\""));
    }

    #[test]
    fn the_indented_form_has_a_line_per_member() {
        let want = "\
{
>`s\\u0026`: `x`,
>`yes`: `y`,
>`b`: false,
>`i`: -7,
>`empty`: {},
>`none`: [],
>`list`: [
>>`e`,
>>-9223372036854775808,
>>true,
>>[],
>>{
>>>`n`: 0
>>}
>]
}";
        let document = JsonWriter::indented().object(sample);
        let want = want.replace('`', "\"").replace('>', "\t");
        assert_eq!(String::from_utf8(document).unwrap(), want);
    }

    proptest! {
        #[test]
        fn strings_come_back(value in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(unquote(written(&value).as_bytes()), unquote_nothing(&value));
        }
    }

    /// The text of bytes in which no backslash begins an escape.
    fn unquote_nothing(value: &[u8]) -> String {
        let parts: Vec<String> = value.split(|&b| b == b'\\').map(unquote).collect();
        parts.join("\\")
    }
}
