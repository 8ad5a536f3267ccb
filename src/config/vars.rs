//! The table of all variables: name, where it may stand, default and meaning, each stated once.
//!
//! Implements [Environment variables](https://go.dev/ref/mod#environment-variables) of the Go
//! Modules Reference, for those that matter to a downloader, plus the variables of the operating
//! system that Go's HTTP, TLS and home-directory rules read. The page for people is rendered from
//! this table by [`markdown`]; the built-in host names and the key of the checksum database
//! stand here and nowhere else.

/// The release of Go that is followed where no installed Go says otherwise.
pub const FOLLOWED_GO: &str = "1.26.8";

/// The module whose versions are Go toolchains; the checksum database must know each of them.
pub const TOOLCHAIN_MODULE: &str = "golang.org/toolchain";

/// The checksum databases that GOSUMDB may name without a key: name and verifier key.
pub const KNOWN_SUMDBS: &[(&str, &str)] =
    &[("sum.golang.org", "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")];

/// Values of GOSUMDB that stand for another value. The one alias is the same database under a
/// host that can be reached from mainland China.
pub const SUMDB_ALIASES: &[(&str, &str)] =
    &[("sum.golang.google.cn", "sum.golang.org https://sum.golang.google.cn")];

/// Public module proxies, which are asked only where somebody wants it (`mirrors --known`): the one that
/// go asks unless told otherwise, and two that can be reached from mainland China.
pub const KNOWN_PROXIES: &[(&str, &str)] = &[
    ("https://proxy.golang.org", "Google"),
    ("https://goproxy.cn", "Qiniu Cloud"),
    ("https://goproxy.io", "the GOPROXY.IO project"),
];

/// A small public module, path and version, to ask proxies for where no other is named.
pub const PROBED_MODULE: (&str, &str) = ("golang.org/x/mod", "v0.17.0");

/// A variable that is read.
#[derive(Debug, PartialEq, Eq)]
pub struct Var {
    /// Its name, such as `GOPROXY`.
    pub name: &'static str,
    /// A second spelling, read where the first is not set.
    pub alias: Option<&'static str>,
    /// Where it may be set.
    pub scope: Scope,
    /// What holds where it is not set.
    pub fallback: Fallback,
    /// Whether its value may hold URLs with a user name and password, which are never shown.
    pub urls: bool,
    /// What it means, in one line.
    pub doc: &'static str,
}

/// Where a variable may be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In the environment, in the `go env` file and in the go.env of an installed Go.
    Go,
    /// In the environment alone.
    Environment,
    /// In the environment alone, and only to find other things: not listed among the settings.
    System,
}

/// What holds where a variable is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// Nothing.
    Empty,
    /// What the go.env of a Go release says. It is one more file, the lowest: a `go env` file that
    /// sets the variable to nothing hides it.
    GoEnv(&'static str),
    /// This text, which takes the place of an empty value wherever that came from.
    Text(&'static str),
    /// Something worked out from other settings, described here in words.
    Computed(&'static str),
}

macro_rules! vars {
    ($($name:ident $(or $alias:ident)?: $scope:ident, $fallback:expr, $urls:ident, $doc:literal;)*) => {
        $(
            #[doc = $doc]
            pub const $name: Var = Var {
                name: stringify!($name),
                alias: vars!(@alias $($alias)?),
                scope: Scope::$scope,
                fallback: $fallback,
                urls: vars!(@$urls),
                doc: $doc,
            };
        )*

        /// Every variable, those of Go first, each group by name.
        pub const ALL: &[Var] = &[$($name),*];
    };
    (@alias) => { None };
    (@alias $alias:ident) => { Some(stringify!($alias)) };
    (@urls) => { true };
    (@plain) => { false };
}

use Fallback::{Computed, Empty, GoEnv, Text};

vars! {
    CGO_ENABLED: Go, Computed("`download --needed` takes files for both"), plain,
        "Whether files that import C belong to builds: `1` or `0`.";
    GO111MODULE: Go, Empty, plain,
        "Whether modules are in use at all: empty or `on`, `auto`, or `off`, which is an error here.";
    GOARCH: Go, Computed("this machine's"), plain,
        "The architecture that `download --needed` reads packages for, unless `--arch` names some.";
    GOAUTH: Go, Text("netrc"), plain,
        "How credentials for https are found: `off`, `netrc`, `git DIR` or commands, joined by `;`.";
    GOCACHEPROXY: Environment, Empty, urls,
        "URLs of caches, joined by `,`, that are asked before GOPROXY, for private modules too. Not known to go.";
    GOCACHEPROXY_WRITE: Environment, Empty, plain,
        "Whether what came from elsewhere is stored in them: `1` if so. Not known to go.";
    GOENV: Environment, Computed("`go/env` in the user's configuration directory"), plain,
        "The `go env` file, which holds settings below the environment; `off` for none.";
    GOFLAGS: Go, Empty, plain,
        "Flags for every command that has them, separated by spaces, each perhaps in quotes.";
    GOINSECURE: Go, Empty, plain,
        "Module path patterns that may be fetched from their origin without a secure connection.";
    GOMODCACHE: Go, Computed("`pkg/mod` in the first entry of GOPATH"), plain,
        "The module cache: an absolute directory.";
    GOMODFETCH_CLIENT_CERT: Environment, Empty, plain,
        "Certificates for servers that ask for one, joined by `;`: `HOST=CERT.pem,KEY.pem`. Not known to go.";
    GOMODFETCH_CONFIG: Environment, Computed("`gomodfetch/gomodfetch.toml` in the user's configuration directory"), plain,
        "The user's gomodfetch.toml; `off` to read neither it nor the project's.";
    GOMODFETCH_CONNECT_TIMEOUT: Environment, Text("30s"), plain,
        "How long a connection may take to be made: `500ms`, `10s`, `1m`.";
    GOMODFETCH_RETRIES: Environment, Text("5"), plain,
        "How often a request is tried again after what may pass: a broken connection, silence, 429, 5xx.";
    GOMODFETCH_RETRY_WAIT: Environment, Text("500ms"), plain,
        "The wait before the first retry; it doubles with each further one.";
    GOMODFETCH_STALL_TIMEOUT: Environment, Text("60s"), plain,
        "How long a server may send nothing; there is no limit on the whole.";
    GONOPROXY: Go, Computed("GOPRIVATE"), plain,
        "Module path patterns that are fetched from their origin and never from a proxy.";
    GONOSUMDB: Go, Computed("GOPRIVATE"), plain,
        "Module path patterns that the checksum database is not asked about.";
    GOOS: Go, Computed("this machine's"), plain,
        "The system that `download --needed` reads packages for, unless `--os` names some.";
    GOPATH: Go, Computed("`go` in the home directory"), plain,
        "Absolute directories; the first one holds the module cache and the database's tree head.";
    GOPRIVATE: Go, Empty, plain,
        "Module path patterns that are private: the default of GONOPROXY and GONOSUMDB.";
    GOPROXY: Go, GoEnv("https://proxy.golang.org,direct"), urls,
        "Module proxies in order; after `,` only 404 and 410 lead on, after `|` every error does.";
    GOROOT: Go, Computed("around the `go` program on PATH"), plain,
        "The installed Go, whose go.env and VERSION are read. None is needed.";
    GOSUMDB: Go, GoEnv("sum.golang.org"), urls,
        "The checksum database: a known name or name+hash+key, perhaps with a URL, or `off`.";
    GOTOOLCHAIN: Go, GoEnv("auto"), plain,
        "Which Go may be run: `local`, `auto`, `path`, a name such as `go1.26.1`, or name`+auto`, name`+path`.";
    GOVCS: Go, Empty, plain,
        "Which version control systems may be used for which module paths.";
    GOWORK: Go, Empty, plain,
        "The go.work file: empty or `auto` to look for one, `off` for none, or an absolute path.";

    CI: Environment, Empty, plain,
        "Set by continuous integration: no moving progress display.";
    GCM_INTERACTIVE: Environment, Text("never"), plain,
        "Whether git's credential manager may ask a person, when GOAUTH or a repository needs git.";
    GIT_ALLOW_PROTOCOL: Environment, Computed("`https:git+ssh:ssh`"), plain,
        "The schemes that count as secure for git repositories, joined by `:`.";
    GIT_TERMINAL_PROMPT: Environment, Text("0"), plain,
        "Whether git may ask for a name and a password at the terminal: `1` if so.";
    HTTPS_PROXY or https_proxy: Environment, Empty, urls,
        "The HTTP or SOCKS5 proxy for https; without a scheme it is an http URL.";
    HTTP_PROXY or http_proxy: Environment, Empty, urls,
        "The HTTP or SOCKS5 proxy for http; without a scheme it is an http URL.";
    NETRC: Environment, Computed("`.netrc` in the home directory"), plain,
        "The file with logins and passwords by host name.";
    NO_COLOR: Environment, Empty, plain,
        "Set to anything: no colours.";
    NO_PROXY or no_proxy: Environment, Empty, plain,
        "Hosts reached without proxy: names, .names, addresses, ranges, each perhaps with :port, or `*`.";
    SSL_CERT_DIR: Environment, Computed("the system's"), plain,
        "Directories of trusted certificates, joined by `:` (not on macOS and Windows).";
    SSL_CERT_FILE: Environment, Computed("the system's"), plain,
        "The file of trusted certificates (not on macOS and Windows).";

    APPDATA: System, Empty, plain,
        "Windows: the user's configuration directory.";
    HOME: System, Empty, plain,
        "The user's home directory.";
    LOCALAPPDATA: System, Empty, plain,
        "Windows: the directory for the user's caches.";
    PATH: System, Empty, plain,
        "Where programs are looked for: git and other version control, GOAUTH's commands, and `go`, which is never run.";
    REQUEST_METHOD: System, Empty, plain,
        "Set in a CGI program, where HTTP_PROXY is not to be trusted.";
    TEMP: System, Empty, plain,
        "Windows: the directory for temporary files, where TMP is not set.";
    TMP: System, Empty, plain,
        "Windows: the directory for temporary files.";
    TMPDIR: System, Computed("`/tmp`"), plain,
        "The directory for temporary files: a go.mod right in it is ignored.";
    USERPROFILE: System, Empty, plain,
        "Windows: the user's home directory.";
    XDG_CACHE_HOME: System, Computed("`.cache` in the home directory"), plain,
        "The directory for the user's caches.";
    XDG_CONFIG_HOME: System, Computed("`.config` in the home directory"), plain,
        "The user's configuration directory.";
}

/// The page about the variables, in Markdown.
pub fn markdown() -> String {
    let mut page = String::from("| variable | default | meaning |\n|---|---|---|\n");
    for var in ALL {
        let alias = var.alias.map(|a| format!(", `{a}`")).unwrap_or_default();
        let default = match var.fallback {
            Empty => String::new(),
            GoEnv(text) | Text(text) => format!("`{text}`"),
            Computed(words) => words.to_owned(),
        };
        let doc = var.doc.replace('|', "\\|");
        page.push_str(&format!("| `{}`{alias} | {default} | {doc} |\n", var.name));
    }
    page.push_str(
        "\nThe public proxies that `gomodfetch mirrors --known` measures besides those of GOPROXY:\n\n",
    );
    for (url, owner) in KNOWN_PROXIES {
        page.push_str(&format!("- <{url}>, of {owner}\n"));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_sorted_within_their_group() {
        let mut names: Vec<&str> = ALL.iter().map(|v| v.name).collect();
        for group in ALL.chunk_by(|a, b| a.scope_rank() == b.scope_rank()) {
            assert!(group.is_sorted_by_key(|v| v.name), "{group:?}");
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }

    impl Var {
        /// The groups of the table; GOENV stands among Go's variables.
        fn scope_rank(&self) -> u8 {
            match self.scope {
                _ if self.name.starts_with("GO") || self.name.starts_with("CGO") => 0,
                Scope::Go | Scope::Environment => 1,
                Scope::System => 2,
            }
        }
    }

    #[test]
    fn what_mirrors_asks_is_what_can_be_asked() {
        for (url, _) in KNOWN_PROXIES {
            let list = super::super::goproxy::ProxyList::parse(url, "").unwrap();
            assert_eq!(list.entries().len(), 1, "{url}");
        }
        assert!(crate::spec::module::check(PROBED_MODULE.0, PROBED_MODULE.1).is_ok());
    }

    #[test]
    fn docs_are_one_sentence_on_one_line() {
        for var in ALL {
            assert!(var.doc.ends_with('.') && !var.doc.contains('\n'), "{}", var.name);
        }
    }

    #[test]
    fn the_page_has_a_row_per_variable_and_no_stray_column() {
        let page = markdown();
        let rows: Vec<&str> = page.lines().take_while(|line| !line.is_empty()).collect();
        assert_eq!(rows.len(), 2 + ALL.len());
        for row in rows {
            let columns = row.replace("\\|", "").matches('|').count();
            assert_eq!(columns, 4, "{row}");
        }
        assert!(page.contains("| `HTTP_PROXY`, `http_proxy` |  | "));
        assert!(page.contains("| `GOAUTH` | `netrc` | "));
        assert!(
            KNOWN_PROXIES
                .iter()
                .all(|(url, owner)| page.contains(&format!("- <{url}>, of {owner}")))
        );
    }
}
