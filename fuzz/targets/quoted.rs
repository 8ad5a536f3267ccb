//! The one case in which the layout of go.mod and go.work is not their own layout.

/// Whether a word may stand in `data` that is nothing but a bracket in quotes. Go takes these quotes
/// away (`module "("` becomes `module (`) and then can't read the file any more; so do we.
pub fn has_lone_bracket(data: &[u8]) -> bool {
    let is_quote = |byte: u8| byte == b'"' || byte == b'`';
    data.contains(&b'\\')
        || data.windows(3).any(|w| is_quote(w[0]) && b"()[]{},".contains(&w[1]) && is_quote(w[2]))
}
