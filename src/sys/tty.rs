//! Text from servers and archives, made safe for a terminal.

/// `text` with control characters (other than newline and tab) shown as escapes, so that no server
/// can move the cursor, change colours or hide what was printed before.
pub fn printable(text: &str) -> String {
    let is_harmless = |c: char| c == '\n' || c == '\t' || !is_control(c);
    if text.chars().all(is_harmless) {
        return text.to_owned();
    }
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if is_harmless(c) {
            out.push(c);
        } else {
            out.extend(c.escape_default());
        }
        out
    })
}

/// Controls, and the invisible marks that reorder text.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_shown_not_sent() {
        assert_eq!(printable("a\x1b[31mb"), "a\\u{1b}[31mb");
        assert_eq!(printable("tab\tand\nline"), "tab\tand\nline");
        assert_eq!(printable("x\u{202e}y"), "x\\u{202e}y");
        assert_eq!(printable("ünïcödé"), "ünïcödé");
        assert_eq!(printable("cr\rlf"), "cr\\rlf");
    }
}
