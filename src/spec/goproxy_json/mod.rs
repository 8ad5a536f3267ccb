//! The documents of the GOPROXY protocol and of the go command's own JSON.
//!
//! Implements [GOPROXY protocol](https://go.dev/ref/mod#goproxy-protocol) and the cache layout of
//! [Module cache](https://go.dev/ref/mod#module-cache) of the Go Modules Reference, and the
//! output of [`go mod download -json`](https://go.dev/ref/mod#go-mod-download):
//!
//! | document | read by | written by |
//! |---|---|---|
//! | `@latest`, `@v/VERSION.info` | [`RevInfo::decode`] | [`RevInfo::for_disk`], [`RevInfo::encode`] |
//! | `@v/list` | [`parse_versions`], [`latest_from_list`] | [`render_version_list`] |
//! | `go mod download -json` | [`decode_reuse`] | [`ModuleJson::encode_indented`] |
//! | `go list -m -json` | [`decode_reuse`] | [`ModulePublic::encode_indented`] |
//!
//! The bytes matter in both directions. An `.info` file in the cache is what go would have made
//! of the proxy's answer, so decoding must keep what `encoding/json` keeps and encoding must
//! write it the same way:
//!
//! ```
//! use gomodfetch::spec::goproxy_json::RevInfo;
//!
//! let answer = br#"{"version":"v1.0.0", "TIME":"2024-05-01T10:00:00+00:00", "Size":[1e999]}"#;
//! let info = RevInfo::decode(answer).unwrap();
//! let file = br#"{"Version":"v1.0.0","Time":"2024-05-01T10:00:00Z"}"#;
//! assert_eq!(info.encode().unwrap(), file);
//! ```
//!
//! The `serde_json` crate stays out of use here, because it accepts other documents and keeps
//! other values. Go matches keys without regard to case, lets a later duplicate replace or, for
//! objects, amend an earlier one, takes `null` as "leave it", replaces bad UTF-8 and lone
//! surrogates by U+FFFD, never looks at the size of a number that it ignores, nests 10000 deep, and
//! reports bad syntax before a wrong type, wherever the two stand. The error texts are go's too.
//!
//! [`JsonWriter`] is the encoder by itself, for every other object that go prints.

mod decode;
mod download;
mod encode;
mod error;
mod list;
mod module;
mod time;
mod tokens;

use std::path::Path;

use crate::spec::module::pseudo;

use decode::Decoder;
use tokens::Token;

pub use download::{ModuleJson, decode_reuse};
pub use encode::{ArrayWriter, JsonWriter, ObjectWriter};
pub use error::JsonError;
pub use list::{latest_from_list, parse_versions, render_version_list};
pub use module::ModulePublic;
pub use time::{GoTime, TimeEncodeError, TimeParseError};

/// What is known of one version: the content of `@v/VERSION.info` and `@latest`.
///
/// A document may leave out any of it. Whether [`RevInfo::version`] is the version that was
/// asked for is the caller's to check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevInfo {
    /// The canonical version, a pseudo-version if there is no tag.
    pub version: String,
    /// When it was committed.
    pub time: GoTime,
    /// Where it came from, if the proxy says so.
    pub origin: Option<Origin>,
}

/// Where a version was found: a repository, and what of it the version depends on.
///
/// An empty field is unset. None of it is covered by a checksum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The version control system, such as `git`.
    pub vcs: String,
    /// The repository.
    pub url: String,
    /// The directory within the repository, empty for its root.
    pub subdir: String,
    /// The commit.
    pub hash: String,
    /// What the tags that decided about the version begin with.
    pub tag_prefix: String,
    /// A checksum of these tags.
    pub tag_sum: String,
    /// The full name of the tag or branch that points to the commit, such as `refs/tags/v1.0.0`.
    pub reference: String,
    /// A checksum of everything in the repository that has a name.
    pub repo_sum: String,
}

/// The bytes of a path, which need not be UTF-8.
fn bytes_of(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

impl RevInfo {
    /// Reads a document as Go's `json.Unmarshal` would.
    ///
    /// `null` is an empty `RevInfo`. The same rules hold for an answer from a proxy and for a file
    /// in the cache.
    pub fn decode(data: &[u8]) -> Result<RevInfo, JsonError> {
        let mut info = RevInfo::default();
        let mut decoder = Decoder::of_document(data)?;
        let first = decoder.value()?;
        if decoder.enters_object(first, "modfetch.RevInfo")? {
            while let Some(key) = decoder.key()? {
                if key.is("Version") {
                    decoder.field("RevInfo", "Version", |d| d.text(&mut info.version))?;
                } else if key.is("Time") {
                    decoder.field("RevInfo", "Time", |d| d.time(&mut info.time))?;
                } else if key.is("Origin") {
                    let origin = &mut info.origin;
                    decoder.field("RevInfo", "Origin", |d| Origin::decode(d, origin))?;
                } else {
                    decoder.skip()?;
                }
            }
        }
        decoder.finish()?;
        Ok(info)
    }

    /// The document on one line, without a newline, as Go's `json.Marshal` writes it.
    ///
    /// It fails only for a time that has no RFC 3339 form: one that was read with an offset of 24
    /// hours or more, or made from a second before year 0 or after year 9999.
    pub fn encode(&self) -> Result<Vec<u8>, JsonError> {
        let time = self.time.to_rfc3339()?;
        Ok(JsonWriter::compact().object(|info| {
            info.string("Version", &self.version);
            info.string("Time", &time);
            if let Some(origin) = &self.origin {
                info.object("Origin", |o| origin.encode(o));
            }
        }))
    }

    /// What of this goes into the cache: an origin without the conditions that tell how a query
    /// such as `latest` came to this version, since the file is found by the version alone.
    pub fn for_disk(&self) -> RevInfo {
        let mut info = self.clone();
        if let Some(origin) = &mut info.origin {
            origin.tag_prefix.clear();
            origin.tag_sum.clear();
            origin.repo_sum.clear();
            if pseudo::is_pseudo_version(&info.version) {
                origin.reference.clear();
            }
        }
        info
    }
}

impl Origin {
    /// The fields in JSON, in the order in which they are written.
    const FIELDS: [&str; 8] =
        ["VCS", "URL", "Subdir", "Hash", "TagPrefix", "TagSum", "Ref", "RepoSum"];

    /// What a result depends on that was found by way of two others; nothing if they contradict each
    /// other, or of either nothing is known.
    pub fn merged(one: Option<&Origin>, other: Option<&Origin>) -> Option<Origin> {
        let (one, other) = (one?, other?);
        if (&one.vcs, &one.url, &one.subdir) != (&other.vcs, &other.url, &other.subdir) {
            return None;
        }
        let clash = |a: &str, b: &str| !a.is_empty() && !b.is_empty() && a != b;
        let tag_sums = (!one.tag_sum.is_empty() && !other.tag_sum.is_empty())
            && (&one.tag_sum, &one.tag_prefix) != (&other.tag_sum, &other.tag_prefix);
        if tag_sums
            || clash(&one.hash, &other.hash)
            || clash(&one.repo_sum, &other.repo_sum)
            || clash(&one.reference, &other.reference)
        {
            return None;
        }
        let mut merged = one.clone();
        if !other.tag_sum.is_empty() {
            merged.tag_prefix.clone_from(&other.tag_prefix);
        }
        for (to, from) in [
            (&mut merged.hash, &other.hash),
            (&mut merged.tag_sum, &other.tag_sum),
            (&mut merged.repo_sum, &other.repo_sum),
            (&mut merged.reference, &other.reference),
        ] {
            if !from.is_empty() {
                to.clone_from(from);
            }
        }
        Some(merged)
    }

    /// Reads a `*codehost.Origin`: `null` removes one that is there, an object amends it.
    fn decode(decoder: &mut Decoder<'_>, slot: &mut Option<Origin>) -> Result<(), JsonError> {
        let first = decoder.value()?;
        if matches!(first, Token::Null) {
            *slot = None;
        } else if decoder.enters_object(first, "codehost.Origin")? {
            let origin = slot.get_or_insert_default();
            while let Some(key) = decoder.key()? {
                let mut fields = Self::FIELDS.into_iter().zip(origin.values_mut());
                match fields.find(|(name, _)| key.is(name)) {
                    Some((name, value)) => decoder.field("Origin", name, |d| d.text(value))?,
                    None => decoder.skip()?,
                }
            }
        }
        Ok(())
    }

    /// Writes the fields that are set.
    fn encode(&self, object: &mut ObjectWriter<'_>) {
        for (name, value) in Self::FIELDS.into_iter().zip(self.values()) {
            object.string_unless_empty(name, value);
        }
    }

    fn values(&self) -> [&String; 8] {
        let Origin { vcs, url, subdir, hash, tag_prefix, tag_sum, reference, repo_sum } = self;
        [vcs, url, subdir, hash, tag_prefix, tag_sum, reference, repo_sum]
    }

    fn values_mut(&mut self) -> [&mut String; 8] {
        let Origin { vcs, url, subdir, hash, tag_prefix, tag_sum, reference, repo_sum } = self;
        [vcs, url, subdir, hash, tag_prefix, tag_sum, reference, repo_sum]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TIME: &str = "2024-05-01T10:00:00Z";

    /// What a document becomes in the cache, or the error. In both, `'` stands for `"` and `@` for
    /// a time.
    fn cached(document: &str) -> String {
        let document = document.replace('\'', "\"").replace('@', TIME);
        match RevInfo::decode(document.as_bytes()).and_then(|info| info.for_disk().encode()) {
            Ok(file) => String::from_utf8(file).unwrap().replace('"', "'").replace(TIME, "@"),
            Err(err) => err.to_string(),
        }
    }

    #[test]
    fn documents_are_stored_in_one_form() {
        const EMPTY: &str = "{'Version':'','Time':'0001-01-01T00:00:00Z'}";
        const PLAIN: &str = "{'Version':'v1.0.0','Time':'@'}";
        let cases: &[(&str, &str)] = &[
            ("{'Version':'v1.0.0','Time':'@'}\n", PLAIN),
            ("{'Time':'@','Version':'v1.0.0','Origin':null,'Name':[{'x':1e999}],'':{}}", PLAIN),
            ("{'version':'v1.0.0','TIME':'@'}", PLAIN),
            ("{'ver\u{17f}ion':'v1.0.0','\\u0054ime':'@'}", PLAIN),
            ("{'Version':'v9.9.9','Time':'@','VERSION':'v1.0.0'}", PLAIN),
            ("{'Version':'v1.0.0','Time':'@','Version':null,'Time':null}", PLAIN),
            ("{}", EMPTY),
            (" null ", EMPTY),
            (
                "{'Origin':{'Hash':'abc','Ref':'refs/tags/v1.0.0','VCS':'git','Extra':[]}}",
                "{'Version':'','Time':'0001-01-01T00:00:00Z','Origin':{'VCS':'git','Hash':'abc',\
                 'Ref':'refs/tags/v1.0.0'}}",
            ),
            (
                "{'Time':'@','Origin':{'TagSum':'t1:x','TagPrefix':'sub/','RepoSum':'r1:x',\
                 'Subdir':'sub','URL':'https://example.com/r?a&b'}}",
                "{'Version':'','Time':'@','Origin':{'URL':'https://example.com/r?a\\u0026b',\
                 'Subdir':'sub'}}",
            ),
            // An object amends an earlier one, null removes it.
            (
                "{'Time':'@','Origin':{'VCS':'hg'},'origin':{'url':'u','vcs':null}}",
                "{'Version':'','Time':'@','Origin':{'VCS':'hg','URL':'u'}}",
            ),
            (
                "{'Time':'@','Origin':{'VCS':'hg'},'Origin':null,'Origin':{}}",
                "{'Version':'','Time':'@','Origin':{}}",
            ),
            // The branch that a pseudo-version was found on does not matter later.
            (
                "{'Version':'v0.0.0-20240501100000-abcdefabcdef','Time':'@',\
                 'Origin':{'Ref':'refs/heads/main','Hash':'abc'}}",
                "{'Version':'v0.0.0-20240501100000-abcdefabcdef','Time':'@',\
                 'Origin':{'Hash':'abc'}}",
            ),
        ];
        for (document, want) in cases {
            assert_eq!(cached(document), *want, "{document}");
        }
    }

    #[test]
    fn origins_are_merged_unless_they_contradict() {
        let origin = |text: &str| {
            let document = format!("{{'Origin':{text}}}").replace('\'', "\"");
            RevInfo::decode(document.as_bytes()).unwrap().origin
        };
        let cases: &[(&str, &str, &str)] = &[
            (
                "{'VCS':'git','Hash':'a'}",
                "{'VCS':'git','Ref':'r'}",
                "{'VCS':'git','Hash':'a','Ref':'r'}",
            ),
            ("{'Hash':'a'}", "{'Hash':'b'}", "null"),
            ("{'VCS':'git'}", "{'VCS':'hg'}", "null"),
            ("{'Subdir':'a'}", "{}", "null"),
            ("null", "{}", "null"),
            (
                "{'TagPrefix':'p','TagSum':'t'}",
                "{'Hash':'a'}",
                "{'Hash':'a','TagPrefix':'p','TagSum':'t'}",
            ),
            ("{'TagSum':'t'}", "{'TagPrefix':'p','TagSum':'t'}", "null"),
            ("{'TagPrefix':'p'}", "{'TagSum':'t'}", "{'TagSum':'t'}"),
            ("{'RepoSum':'a'}", "{'RepoSum':'b'}", "null"),
        ];
        for (one, other, want) in cases {
            let merged = Origin::merged(origin(one).as_ref(), origin(other).as_ref());
            assert_eq!(merged, origin(want), "{one} {other}");
        }
    }

    #[test]
    fn wrong_types_are_errors() {
        // DOCUMENT; what is found; the field, or nothing for the whole; the Go type wanted.
        let cases: &[(&str, &str, &str, &str)] = &[
            ("[]", "array", "", "modfetch.RevInfo"),
            ("'x'", "string", "", "modfetch.RevInfo"),
            ("0", "number", "", "modfetch.RevInfo"),
            ("{'Version':1}", "number", "RevInfo.Version", "string"),
            ("{'VERSION':true}", "bool", "RevInfo.Version", "string"),
            ("{'Version':[['x']],'Origin':1}", "array", "RevInfo.Version", "string"),
            ("{'Version':{},'Origin':1}", "object", "RevInfo.Version", "string"),
            ("{'Origin':'git'}", "string", "RevInfo.Origin", "codehost.Origin"),
            ("{'Origin':{'Ref':{}},'Version':1}", "object", "Origin.Origin.Ref", "string"),
            ("{'Origin':{},'Version':1}", "number", "RevInfo.Version", "string"),
        ];
        for (document, found, field, wanted) in cases {
            let place = match *field {
                "" => "value".to_string(),
                field => format!("struct field {field}"),
            };
            let want = format!("json: cannot unmarshal {found} into Go {place} of type {wanted}");
            assert_eq!(cached(document), want, "{document}");
        }
    }

    #[test]
    fn the_worst_error_is_reported() {
        let no_string = "Time.UnmarshalJSON: input is not a JSON string";
        let cases: &[(&str, &str)] = &[
            // Syntax before time before type.
            (
                "{'Version':1,'Time':2,}",
                "invalid character '}' looking for beginning of object key string",
            ),
            ("{'Version':1,'Time':2}", no_string),
            ("{'Time':{}}", no_string),
            ("{'Time':[]}", no_string),
            ("{'Time':true}", no_string),
            ("{'Version':'v1.0.0'", "unexpected end of JSON input"),
            ("{}{}", "invalid character '{' after top-level value"),
            (
                "{'Time':'2024-05-01'}",
                "parsing time \"2024-05-01\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"T\"",
            ),
            // Escapes in a time are not resolved.
            (
                "{'Time':'2024\\u002d05-01T10:00:00Z'}",
                "parsing time \"2024\\\\u002d05-01T10:00:00Z\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\\\\u002d05-01T10:00:00Z\" as \"-\"",
            ),
            (
                "{'Time':'2024-05-01T10:00:00+24:00'}",
                "json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: timezone hour outside of range [0,23]",
            ),
        ];
        for (document, want) in cases {
            assert_eq!(cached(document), *want, "{document}");
        }
    }

    #[test]
    fn the_disk_form_keeps_everything_else() {
        let origin = Origin {
            tag_prefix: "p".to_string(),
            tag_sum: "t".to_string(),
            reference: "refs/tags/v1.0.0".to_string(),
            hash: "h".to_string(),
            ..Origin::default()
        };
        let info = RevInfo { origin: Some(origin), ..RevInfo::default() };
        let kept = info.for_disk().origin.unwrap();
        assert_eq!((kept.hash.as_str(), kept.reference.as_str()), ("h", "refs/tags/v1.0.0"));
        assert_eq!((kept.tag_prefix.as_str(), kept.tag_sum.as_str()), ("", ""));
        assert_eq!(info.for_disk().for_disk(), info.for_disk());
    }

    fn origins() -> impl Strategy<Value = Origin> {
        proptest::array::uniform8(prop_oneof![Just(String::new()), any::<String>()]).prop_map(
            |texts| {
                let mut origin = Origin::default();
                for (value, text) in origin.values_mut().into_iter().zip(texts) {
                    *value = text;
                }
                origin
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_the_same(
            version in any::<String>(),
            seconds in -62_167_219_200i64..253_402_300_800,
            origin in proptest::option::of(origins()),
        ) {
            let info = RevInfo { version, time: GoTime::from_unix(seconds), origin };
            prop_assert_eq!(RevInfo::decode(&info.encode().unwrap()), Ok(info));
        }

        #[test]
        fn any_bytes_are_a_document_or_an_error(
            fragments in r#"([\[\]{},: ]|"(Origin|Time|Error|Replace|\\u[0-9d]{4})"|null|-?1e9|\PC){0,25}"#,
            noise in proptest::collection::vec(any::<u8>(), 0..4),
        ) {
            for data in [[fragments.as_bytes(), &noise].concat(), [&noise, fragments.as_bytes()].concat()] {
                let is_document = RevInfo::decode(&data).is_ok();
                let is_stream = !matches!(
                    decode_reuse(&data),
                    Err(JsonError::InvalidCharacter { .. } | JsonError::TruncatedStream)
                );
                prop_assert!(is_stream || !is_document);
            }
        }

        /// Re-encoding is stable from the first time on.
        #[test]
        fn documents_settle(
            document in r#"\{("(Version|time|Origin|ORIGIN|x)": ?("[a-z\\\\u0-9]{0,6}"|null|\{\}|\{"URL":"\PC"\}),){0,4}"a":[0-9tnul]{1,4}\}"#,
        ) {
            if let Ok(info) = RevInfo::decode(document.as_bytes()) {
                let file = info.encode().unwrap();
                prop_assert_eq!(RevInfo::decode(&file).unwrap().encode(), Ok(file));
            }
        }

        #[test]
        fn an_outcome_can_be_reused(
            path in any::<String>(),
            version in any::<String>(),
            query in any::<String>(),
            error in any::<String>(),
            origin in origins(),
        ) {
            let module = ModuleJson {
                path: path.clone(),
                version: version.clone(),
                query: query.clone(),
                error: error.clone(),
                origin: Some(origin.clone()),
                ..ModuleJson::default()
            };
            let error = Some(error).filter(|text| !text.is_empty());
            let origin = Some(origin);
            let entry =
                ModulePublic { path, version, query, error, origin, reuse: true, ..<_>::default() };
            prop_assert_eq!(decode_reuse(&module.encode_indented()), Ok(vec![entry]));
        }
    }
}
