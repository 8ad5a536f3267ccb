//! The `godebug` settings that go.mod and go.work may name.
//!
//! A setting is `key=value`, or `default=goVERSION`. The keys are those of Go 1.26; an unknown one is
//! an error, since it may be a misspelling of one that matters.
//!
//! Implements <https://go.dev/doc/godebug>.

use thiserror::Error;

use crate::spec::goversion;
use crate::spec::quote::quote;

/// The keys, sorted.
const KNOWN: &[&str] = &[
    "allowmultiplevcs",
    "asynctimerchan",
    "containermaxprocs",
    "cryptocustomrand",
    "dataindependenttiming",
    "decoratemappings",
    "embedfollowsymlinks",
    "execerrdot",
    "fips140",
    "fips140ems",
    "gocachehash",
    "gocachetest",
    "gocacheverify",
    "gotestjsonbuildtext",
    "gotypesalias",
    "htmlmetacontenturlescape",
    "http2client",
    "http2debug",
    "http2server",
    "httpcookiemaxnum",
    "httplaxcontentlength",
    "httpmuxgo121",
    "httpservecontentkeepheaders",
    "installgoroot",
    "jstmpllitinterp",
    "multipartfiles",
    "multipartmaxheaders",
    "multipartmaxparts",
    "multipathtcp",
    "netdns",
    "netedns0",
    "panicnil",
    "randautoseed",
    "randseednop",
    "rsa1024min",
    "tarinsecurepath",
    "tls10server",
    "tls3des",
    "tlsmaxrsasize",
    "tlsmlkem",
    "tlsrsakex",
    "tlssecpmlkem",
    "tlssha1",
    "tlsunsafeekm",
    "updatemaxprocs",
    "urlmaxqueryparams",
    "urlstrictcolons",
    "winreadlinkvolume",
    "winsymlink",
    "x509keypairleaf",
    "x509negativeserial",
    "x509rsacrt",
    "x509sha256skid",
    "x509usefallbackroots",
    "x509usepolicies",
    "zipinsecurepath",
];

/// Keys that once had a meaning, and the minor version of Go that took it away.
const REMOVED: &[(&str, u32)] = &[("x509sha1", 24)];

/// A setting that is refused, in go's words.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "the message of each says what it means")]
pub enum GodebugError {
    #[error("key contains space")]
    KeySpace,
    #[error("value contains space")]
    ValueSpace,
    #[error("key contains comma")]
    KeyComma,
    #[error("value contains comma")]
    ValueComma,
    #[error("value for default= must be goVERSION")]
    DefaultVersion,
    #[error("default={value} too new (toolchain is go{local})")]
    DefaultTooNew { value: String, local: String },
    #[error("use of removed godebug {}, see https://go.dev/doc/godebug#go-1{minor}", quote(key))]
    Removed { key: String, minor: u32 },
    #[error("unknown godebug {}", quote(.0))]
    Unknown(String),
}

/// Checks one setting; `local` is the version of Go whose rules are followed.
///
/// # Errors
/// When the key is unknown, or key or value is malformed.
pub fn check(key: &str, value: &str, local: &str) -> Result<(), GodebugError> {
    let has_space = |text: &str| text.contains([' ', '\t']);
    if has_space(key) {
        return Err(GodebugError::KeySpace);
    }
    if has_space(value) {
        return Err(GodebugError::ValueSpace);
    }
    if key.contains(',') {
        return Err(GodebugError::KeyComma);
    }
    if value.contains(',') {
        return Err(GodebugError::ValueComma);
    }
    if key == "default" {
        let version = value.strip_prefix("go").filter(|version| goversion::is_valid(version));
        let version = version.ok_or(GodebugError::DefaultVersion)?;
        if goversion::compare(version, local).is_gt() {
            return Err(GodebugError::DefaultTooNew { value: value.into(), local: local.into() });
        }
        return Ok(());
    }
    if KNOWN.binary_search(&key).is_ok() {
        return Ok(());
    }
    Err(match REMOVED.iter().find(|(removed, _)| *removed == key) {
        Some((_, minor)) => GodebugError::Removed { key: key.to_owned(), minor: *minor },
        None => GodebugError::Unknown(key.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_sorted() {
        assert!(KNOWN.is_sorted());
    }

    #[test]
    fn settings() {
        for (key, value, want) in [
            ("panicnil", "1", ""),
            ("default", "go1.21", ""),
            ("default", "1.21", "value for default= must be goVERSION"),
            ("default", "go1.99", "default=go1.99 too new (toolchain is go1.26.1)"),
            ("panicnill", "1", "unknown godebug \"panicnill\""),
            (
                "x509sha1",
                "1",
                "use of removed godebug \"x509sha1\", see https://go.dev/doc/godebug#go-124",
            ),
            ("a b", "1", "key contains space"),
            ("panicnil", "1,2", "value contains comma"),
        ] {
            let got =
                check(key, value, "1.26.1").err().map_or(String::new(), |err| err.to_string());
            assert_eq!(got, want, "{key}={value}");
        }
    }
}
