//! GOSUMDB: which checksum database is asked.
//!
//! Implements GOSUMDB in [Environment variables](https://go.dev/ref/mod#environment-variables) and
//! [Checksum database](https://go.dev/ref/mod#checksum-database) of the Go Modules Reference.
//!
//! ```text
//! GOSUMDB = "off" | ( name | key ) [ SP URL ]
//! key     = name "+" hash "+" base64, see spec::note
//! name    = host [ ":" port ] [ "/" path ], in which nothing is escaped
//! ```
//!
//! A name alone must be known ([`KNOWN_SUMDBS`]). With a URL the database is asked there and
//! nowhere else; without one the proxies are tried first, then `https://name`. An alias
//! ([`SUMDB_ALIASES`]) is one only as the whole value, and so is `off`.
//!
//! What is wrong is told when the database is needed, not before.
//!
//! ```
//! use gomodfetch::config::gosumdb::SumDb;
//!
//! assert_eq!(SumDb::parse("off").unwrap(), SumDb::Off);
//! let err = SumDb::parse("sum.example.com").unwrap_err();
//! assert_eq!(err.to_string(), "invalid GOSUMDB: malformed verifier id");
//! ```

use thiserror::Error;

use super::vars::{KNOWN_SUMDBS, SUMDB_ALIASES};
use crate::spec::gourl::{GoUrl, RequestUrl, UrlError};
use crate::spec::note::{KeyError, Verifier};

/// The value of GOSUMDB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SumDb {
    /// No database.
    Off,
    /// This one.
    On(Box<SumDbServer>),
}

/// A checksum database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SumDbServer {
    /// Its name, under which files are kept and signatures made.
    pub name: String,
    /// The key in the form `name+hash+key`.
    pub vkey: String,
    /// The key, to check signatures with.
    pub verifier: Verifier,
    /// `https://name`, for when no proxy serves the database.
    pub direct: RequestUrl,
    /// Where it is asked, bypassing proxies, if GOSUMDB says so.
    pub url: Option<RequestUrl>,
}

/// What is wrong with GOSUMDB.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SumDbError {
    /// The database is needed and there is none.
    #[error("checksum database disabled by GOSUMDB=off")]
    Disabled,
    /// Nothing but blanks, or a file that sets it to nothing.
    #[error("missing GOSUMDB")]
    Missing,
    /// More than name and URL.
    #[error("invalid GOSUMDB: too many fields")]
    TooManyFields,
    /// Neither a known name nor a key.
    #[error("invalid GOSUMDB: {0}")]
    Key(#[from] KeyError),
    /// A key whose name is not a host with a path.
    #[error("invalid sumdb name (must be host[/path]): {name} {parts}")]
    Name {
        /// The name.
        name: String,
        /// What it was taken for.
        parts: String,
    },
    /// Something else than a URL behind the name.
    #[error("invalid GOSUMDB URL: {0}")]
    Url(#[from] UrlError),
    /// A URL of a scheme that isn't https, http or file.
    #[error("unsupported scheme: {0}")]
    Scheme(String),
}

impl SumDb {
    /// Takes the value of GOSUMDB apart.
    pub fn parse(text: &str) -> Result<SumDb, SumDbError> {
        if text == "off" {
            return Ok(SumDb::Off);
        }
        let text = lookup(SUMDB_ALIASES, text).unwrap_or(text);
        let fields: Vec<&str> = text.split_whitespace().collect();
        let (key, address) = match fields.as_slice() {
            [] => return Err(SumDbError::Missing),
            [key] => (*key, None),
            [key, address] => (*key, Some(*address)),
            _ => return Err(SumDbError::TooManyFields),
        };
        let vkey = lookup(KNOWN_SUMDBS, key).unwrap_or(key);
        let verifier = Verifier::parse(vkey)?;
        Ok(SumDb::On(Box::new(SumDbServer {
            name: verifier.name().to_owned(),
            vkey: vkey.to_owned(),
            direct: direct_url(verifier.name())?,
            verifier,
            url: address.map(parse_address).transpose()?,
        })))
    }

    /// The database, where one is needed.
    pub fn server(&self) -> Result<&SumDbServer, SumDbError> {
        match self {
            SumDb::Off => Err(SumDbError::Disabled),
            SumDb::On(server) => Ok(server),
        }
    }
}

fn lookup(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    let row = table.iter().find(|(known, _)| *known == name);
    row.map(|&(_, value)| value)
}

/// The URL of the database itself.
fn direct_url(name: &str) -> Result<RequestUrl, SumDbError> {
    let invalid = |parts: String| SumDbError::Name { name: name.to_owned(), parts };
    let url = GoUrl::parse(&format!("https://{name}")).map_err(|err| invalid(err.to_string()))?;
    if name.ends_with('/') || !url.is_plain_name() {
        return Err(invalid(url.dump()));
    }
    url.to_request().map_err(|err| invalid(err.to_string()))
}

/// The URL that bypasses proxies. Without a scheme it means https.
fn parse_address(address: &str) -> Result<RequestUrl, SumDbError> {
    let url = GoUrl::parse(address)?;
    let url = match url.scheme() {
        "https" | "http" | "file" => url,
        "" => {
            let host = address.strip_prefix("//").unwrap_or(address);
            GoUrl::parse(&format!("https://{host}"))?
        }
        _ => return Err(SumDbError::Scheme(url.to_string())),
    };
    Ok(url.to_request()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys made for these tests: names with what follows from them, and the key of 32 ascending
    /// bytes.
    const KEY: &str = "AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

    fn told(text: &str) -> String {
        match SumDb::parse(text) {
            Ok(SumDb::Off) => "off".to_owned(),
            Ok(SumDb::On(server)) => {
                assert_eq!(Verifier::parse(&server.vkey).as_ref(), Ok(&server.verifier));
                let url = server.url.map(|url| format!(" at {url}"));
                format!("{} or {}{}", server.name, server.direct, url.unwrap_or_default())
            }
            Err(err) => format!("error: {err}"),
        }
    }

    #[test]
    fn databases() {
        let key = format!("example.com/db+d58d01fb+{KEY}");
        let port = format!("127.0.0.1:1/a+ee11977d+{KEY}");
        for (text, want) in [
            ("off", "off"),
            (&key, "example.com/db or https://example.com/db"),
            (&format!(" {key}\t"), "example.com/db or https://example.com/db"),
            (&port, "127.0.0.1:1/a or https://127.0.0.1:1/a"),
            (
                &format!("{key} http://u:pw@db.example/x"),
                "example.com/db or https://example.com/db at http://u:xxxxx@db.example/x",
            ),
            (
                &format!("{key} db.example"),
                "example.com/db or https://example.com/db at https://db.example",
            ),
            (
                &format!("{key} //db.example/x"),
                "example.com/db or https://example.com/db at https://db.example/x",
            ),
            (&format!("{key} file:///d"), "example.com/db or https://example.com/db at file:///d"),
        ] {
            assert_eq!(told(text), want, "{text:?}");
        }
    }

    #[test]
    fn errors() {
        let key = format!("example.com/db+d58d01fb+{KEY}");
        for (text, want) in [
            ("", "missing GOSUMDB"),
            (" ", "missing GOSUMDB"),
            ("a b c", "invalid GOSUMDB: too many fields"),
            (" off", "invalid GOSUMDB: malformed verifier id"),
            ("off x", "invalid GOSUMDB: malformed verifier id"),
            ("OFF", "invalid GOSUMDB: malformed verifier id"),
            ("x+00000000+AAAA", "invalid GOSUMDB: invalid verifier hash"),
            (
                &format!("{key} ://x"),
                r#"invalid GOSUMDB URL: parse "://x": missing protocol scheme"#,
            ),
            (
                &format!("{key} %zz"),
                r#"invalid GOSUMDB URL: parse "%zz": invalid URL escape "%zz""#,
            ),
            (
                &format!("{key} 10.0.0.1:80"),
                "invalid GOSUMDB URL: parse \"10.0.0.1:80\": first path segment in URL cannot contain colon",
            ),
            (&format!("{key} ftp://u:pw@x"), "unsupported scheme: ftp://u:xxxxx@x"),
            (
                &format!("example.com/+445d67cd+{KEY}"),
                "invalid sumdb name (must be host[/path]): example.com/ {Scheme:https Opaque: User: Host:example.com Path:/ Fragment: RawQuery: RawPath: RawFragment: ForceQuery:false OmitHost:false}",
            ),
            (
                &format!("u:p@example.com+6b4bb37c+{KEY}"),
                "invalid sumdb name (must be host[/path]): u:p@example.com {Scheme:https Opaque: User:u:xxxxx Host:example.com Path: Fragment: RawQuery: RawPath: RawFragment: ForceQuery:false OmitHost:false}",
            ),
            (
                &format!("example.com/%41+87d16dcf+{KEY}"),
                "invalid sumdb name (must be host[/path]): example.com/%41 {Scheme:https Opaque: User: Host:example.com Path:/A Fragment: RawQuery: RawPath:/%41 RawFragment: ForceQuery:false OmitHost:false}",
            ),
            (
                &format!("/x+32d2c965+{KEY}"),
                "invalid sumdb name (must be host[/path]): /x {Scheme:https Opaque: User: Host: Path:/x Fragment: RawQuery: RawPath: RawFragment: ForceQuery:false OmitHost:false}",
            ),
            (
                &format!("a:b+3bbae277+{KEY}"),
                r#"invalid sumdb name (must be host[/path]): a:b parse "https://a:b": invalid port ":b" after host"#,
            ),
        ] {
            assert_eq!(told(text), format!("error: {want}"), "{text:?}");
        }
    }

    #[test]
    fn the_known_database_and_its_alias_have_one_key() {
        let server = |text: &str| SumDb::parse(text).unwrap().server().cloned().unwrap();
        for (name, key) in KNOWN_SUMDBS {
            let known = server(name);
            assert_eq!((known.name.as_str(), known.vkey.as_str()), (*name, *key));
            assert_eq!(known.url, None);
            for (alias, _) in SUMDB_ALIASES {
                let other = server(alias);
                assert_eq!(other.verifier, known.verifier);
                assert_eq!(other.url.unwrap().to_string(), format!("https://{alias}"));
                // An alias with a URL behind it is none.
                assert!(SumDb::parse(&format!("{alias} x")).is_err());
            }
        }
    }

    #[test]
    fn off_is_told_where_a_database_is_needed() {
        let err = SumDb::Off.server().unwrap_err();
        assert_eq!(err.to_string(), "checksum database disabled by GOSUMDB=off");
    }

    #[test]
    fn passwords_are_not_shown() {
        let db =
            SumDb::parse(&format!("example.com/db+d58d01fb+{KEY} https://u:secret@x")).unwrap();
        assert!(!format!("{db:?}").contains("secret"));
        assert_eq!(db.server().unwrap().url.as_ref().unwrap().secret().password(), Some("secret"));
    }
}
