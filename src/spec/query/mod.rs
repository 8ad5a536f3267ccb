//! Version queries: what stands after `@` in `example.com/m@latest`.
//!
//! Implements [Version queries](https://go.dev/ref/mod#version-queries) of the Go Modules
//! Reference, as pure logic. A query is answered in steps, between which the caller does whatever
//! needs a network:
//!
//! 1. [`Query::parse`] finds out what is asked for and whether it makes sense.
//! 2. A query that [`is_direct`](Query::is_direct) names one revision, which is to be looked up;
//!    for any other, the list of versions is needed and [`Query::candidates`] sorts it.
//! 3. [`Candidates::needs_go_mod_of`] may ask whether one version has a go.mod of its own, then
//!    [`Candidates::pick`] gives the answer.
//! 4. If there is none: the latest commit, if [`Query::may_use_latest`] and
//!    [`Query::allows`] say so; else [`Query::fallback`], the current version; else
//!    [`NoMatchingVersionError`].
//!
//! | query               | versions it allows                                | which of them |
//! |---------------------|---------------------------------------------------|---------------|
//! | `latest`            | all                                               | highest       |
//! | `upgrade`           | those not lower than the current one              | highest       |
//! | `patch`             | the same with the current major and minor number  | highest       |
//! | `v1`, `v1.2`        | those that begin so, from `v1.0.0` or `v1.2.0` on | highest       |
//! | `<v1.2`, `<=v1.2.3` | lower ones, or also this one                      | highest       |
//! | `>v1.2.3`, `>=v1.2` | higher ones, or also this one                     | lowest        |
//! | `v1.2.3`            | this one                                          | direct        |
//! | anything else       | a branch, a tag or a commit                       | direct        |
//!
//! So `none`, which `go get` gives a meaning of its own, is a revision here.
//!
//! Releases are preferred to prereleases, whichever end is asked for. A `+incompatible` version
//! counts only if no compatible one is allowed, or the highest of these has no go.mod, or the
//! query or the current version names such a major version. `<=` and `>` refuse `v1` and `v1.2`, as
//! these could mean `v1.0.0` or everything that begins so.
//!
//! ```
//! use gomodfetch::spec::query::Query;
//!
//! let query = Query::parse("example.com/m", ">=v1.1", None)?;
//! let list = ["v1.0.0", "v1.1.0-rc1", "v1.2.0-rc1", "v1.2.0", "v1.3.0"];
//! let candidates = query.candidates(&list, |_| true);
//! assert_eq!(candidates.needs_go_mod_of(), None);
//! assert_eq!(candidates.pick(true), Some("v1.2.0"));
//! # Ok::<(), gomodfetch::spec::query::QueryError>(())
//! ```

mod candidates;
mod error;

use crate::spec::goversion::{is_toolchain, mod_compare, mod_is_prefix};
use crate::spec::goversion::{mod_is_prerelease, mod_is_valid, mod_major_minor};
use crate::spec::module::{self, Timestamp};

pub use candidates::Candidates;
pub use error::{NoMatchingVersionError, QueryError};

/// The build metadata of versions that leave the major version out of the module path.
const INCOMPATIBLE: &str = "+incompatible";

/// What a query asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The highest version.
    Latest,
    /// The highest version, but not lower than the current one.
    Upgrade,
    /// The highest version with the current major and minor number, not lower than the current one.
    Patch,
    /// The highest version that begins with this one and a dot.
    Prefix(String),
    /// The highest version that is lower than this one.
    Less(String),
    /// The highest version that is not higher than this one.
    LessOrEqual(String),
    /// The lowest version that is higher than this one.
    Greater(String),
    /// The lowest version that is not lower than this one.
    GreaterOrEqual(String),
    /// This version.
    Exact(String),
    /// A branch, a tag or a commit.
    Revision(String),
}

/// A version query for one module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    path: String,
    text: String,
    current: Option<String>,
    kind: Kind,
    prefer_incompatible: bool,
}

impl Query {
    /// Parses what stands after `@`, for the module `path` of which `current` is selected.
    ///
    /// A current version that is empty or `none` is the same as none at all. For the main module
    /// `upgrade` and `patch` are not to be asked: it stays what it is.
    ///
    /// # Errors
    /// The query cannot be answered, whatever versions there are.
    pub fn parse(path: &str, text: &str, current: Option<&str>) -> Result<Self, QueryError> {
        let current = current.filter(|v| !v.is_empty() && *v != "none");
        if let Some(current) = current.filter(|v| !mod_is_valid(path, v)) {
            let (path, current) = (path.to_owned(), current.to_owned());
            return Err(QueryError::InvalidCurrent { path, current });
        }
        if path == "std" || path == "cmd" {
            let (path, query) = (path.to_owned(), text.to_owned());
            return Err(QueryError::StandardLibrary { path, query });
        }
        let kind = parse_kind(path, text, current)?;
        let names_incompatible = kind.version().is_some_and(|v| !goes_with_path(path, v));
        Ok(Self {
            path: path.to_owned(),
            text: text.to_owned(),
            current: current.map(str::to_owned),
            prefer_incompatible: names_incompatible
                || current.is_some_and(|v| v.ends_with(INCOMPATIBLE)),
            kind,
        })
    }

    /// What is asked for.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Reports whether the query names one revision, which is to be looked up as it stands, and not
    /// a choice among versions.
    pub fn is_direct(&self) -> bool {
        matches!(self.kind, Kind::Exact(_) | Kind::Revision(_))
    }

    /// For a direct query: what to look up next if the text itself could not be found. It is the
    /// same version without its build metadata. If this can't be found either, the first error
    /// is the answer.
    pub fn without_metadata(&self) -> Option<String> {
        let canonical = module::canonical_version(&self.text);
        (self.is_direct() && !canonical.is_empty() && canonical != self.text).then_some(canonical)
    }

    /// Reports whether `version` fits the query, exclusions and retractions aside.
    pub fn allows(&self, version: &str) -> bool {
        let compare = |bound: &str| mod_compare(&self.path, version, bound);
        match &self.kind {
            Kind::Latest | Kind::Revision(_) => true,
            Kind::Upgrade => self.not_below_current(version),
            Kind::Patch => {
                let current = self.current.as_deref().unwrap_or_default();
                let series = mod_major_minor(&self.path, current);
                self.in_series(version, &series) && self.not_below_current(version)
            }
            // Prereleases of v1.2.0 begin with `v1.2.` too, but come before it.
            Kind::Prefix(series) => self.in_series(version, series) && compare(series).is_ge(),
            Kind::Less(bound) => compare(bound).is_lt(),
            Kind::LessOrEqual(bound) => compare(bound).is_le(),
            Kind::Greater(bound) => compare(bound).is_gt(),
            Kind::GreaterOrEqual(bound) => compare(bound).is_ge(),
            Kind::Exact(bound) => compare(bound).is_eq(),
        }
    }

    fn not_below_current(&self, version: &str) -> bool {
        let current = self.current.as_ref();
        current.is_none_or(|current| mod_compare(&self.path, version, current).is_ge())
    }

    /// Reports whether `version` is one of those that begin with `series` and a dot. The Go
    /// version `1.21` is in the series of that name.
    fn in_series(&self, version: &str, series: &str) -> bool {
        match version.strip_prefix(series) {
            Some("") => is_toolchain(&self.path),
            Some(rest) => rest.starts_with('.'),
            None => false,
        }
    }

    /// Sorts out the versions among which the query chooses.
    ///
    /// `versions` is the list of the module in ascending order; `usable` says of a version
    /// that it is neither excluded nor retracted.
    pub fn candidates<S: AsRef<str>>(
        &self,
        versions: &[S],
        usable: impl Fn(&str) -> bool,
    ) -> Candidates {
        let mut candidates = Candidates::new(self.prefers_lower(), self.prefer_incompatible);
        for v in versions.iter().map(AsRef::as_ref).filter(|v| self.allows(v) && usable(v)) {
            candidates.offer(v, mod_is_prerelease(&self.path, v));
        }
        candidates
    }

    fn prefers_lower(&self) -> bool {
        matches!(self.kind, Kind::Greater(_) | Kind::GreaterOrEqual(_))
    }

    /// Reports whether, if the list has no candidate, the latest commit may be the answer. It must
    /// still fit: see [`Query::allows`].
    pub fn may_use_latest(&self) -> bool {
        match self.kind {
            Kind::Latest => true,
            Kind::Upgrade | Kind::Patch => {
                self.current.as_deref().is_none_or(module::is_pseudo_version)
            }
            _ => false,
        }
    }

    /// The version that remains the answer to `upgrade` and `patch` if there is no other: the
    /// current one (unless it is excluded or retracted, which then is the error).
    pub fn fallback(&self) -> Option<&str> {
        match self.kind {
            Kind::Upgrade | Kind::Patch => self.current.as_deref(),
            _ => None,
        }
    }

    /// The current version, if it is to be kept although a version was picked: `upgrade` and
    /// `patch` never move from a pseudo-version to what is older by the clock. `picked` is the
    /// commit time of the picked version, [`Timestamp::ZERO`] if that is not known.
    pub fn kept_for_age(&self, picked: Timestamp) -> Option<&str> {
        let current = self.fallback()?;
        let time = module::pseudo_version_time(current).ok()?;
        (picked != Timestamp::ZERO && picked < time).then_some(current)
    }

    /// The error to report if nothing is the answer.
    pub fn no_match(&self) -> NoMatchingVersionError {
        NoMatchingVersionError {
            query: self.text.clone(),
            current: self.fallback().map(str::to_owned),
        }
    }
}

/// Reports whether `text` as a query for the module `path` names a revision and not a choice
/// among versions. Exclusions and retractions count for the latter alone.
pub fn is_revision_query(path: &str, text: &str) -> bool {
    let keyword = matches!(text, "latest" | "upgrade" | "patch");
    let series = mod_is_valid(path, text) && mod_is_prefix(path, text);
    !keyword && !text.starts_with(['<', '>']) && !series
}

impl Kind {
    /// The version that the query spells out.
    fn version(&self) -> Option<&str> {
        match self {
            Self::Prefix(v)
            | Self::Less(v)
            | Self::LessOrEqual(v)
            | Self::Greater(v)
            | Self::GreaterOrEqual(v)
            | Self::Exact(v) => Some(v),
            Self::Latest | Self::Upgrade | Self::Patch | Self::Revision(_) => None,
        }
    }
}

fn parse_kind(path: &str, text: &str, current: Option<&str>) -> Result<Kind, QueryError> {
    match text {
        "latest" => return Ok(Kind::Latest),
        "upgrade" => return Ok(Kind::Upgrade),
        "patch" if current.is_none() => {
            return Err(QueryError::NoPatchBase { path: path.to_owned() });
        }
        "patch" => return Ok(Kind::Patch),
        _ => {}
    }
    let bound = |version: &str, may_be_short: bool| {
        let (version, query) = (version.to_owned(), text.to_owned());
        if !mod_is_valid(path, &version) {
            Err(QueryError::InvalidVersion { version, query })
        } else if !may_be_short && mod_is_prefix(path, &version) {
            Err(QueryError::AmbiguousVersion { version, query })
        } else {
            Ok(version)
        }
    };
    if let Some(v) = text.strip_prefix("<=") {
        bound(v, false).map(Kind::LessOrEqual)
    } else if let Some(v) = text.strip_prefix('<') {
        bound(v, true).map(Kind::Less)
    } else if let Some(v) = text.strip_prefix(">=") {
        bound(v, true).map(Kind::GreaterOrEqual)
    } else if let Some(v) = text.strip_prefix('>') {
        bound(v, false).map(Kind::Greater)
    } else {
        Ok(match mod_is_valid(path, text) {
            true if mod_is_prefix(path, text) => Kind::Prefix(text.to_owned()),
            true => Kind::Exact(text.to_owned()),
            false => Kind::Revision(text.to_owned()),
        })
    }
}

fn goes_with_path(path: &str, version: &str) -> bool {
    module::split_path_version(path)
        .is_some_and(|(_, path_major)| module::match_path_major(version, path_major))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PATH: &str = "example.com/m";
    const LIST: &str = "v0.9.0 v1.0.0-rc1 v1.0.0 v1.1.0-rc1 v1.1.0 v1.1.1 v1.2.0-rc1 v1.2.0-rc2 \
                        v2.0.0+incompatible v2.1.0-rc1+incompatible";

    /// What the query comes to over [`LIST`] if the compatible versions have a go.mod.
    fn answer(path: &str, query: &str, current: &str, list: &str) -> String {
        let list: Vec<&str> = list.split_whitespace().collect();
        match Query::parse(path, query, Some(current)) {
            Err(err) => err.to_string(),
            Ok(query) if query.is_direct() => "direct".to_owned(),
            Ok(query) => {
                let candidates = query.candidates(&list, |_| true);
                candidates.pick(true).unwrap_or("nothing").to_owned()
            }
        }
    }

    #[test]
    fn answers() {
        // query, current version ("-" if none): answer
        let cases = r#"
            latest - : v1.1.1
            upgrade - : v1.1.1
            upgrade v1.1.0 : v1.1.1
            upgrade v1.2.0-rc1 : v1.2.0-rc2
            upgrade v1.3.0 : v2.0.0+incompatible
            upgrade v2.1.0+incompatible : nothing
            upgrade v2.0.0+incompatible : v2.0.0+incompatible
            patch v1.1.0 : v1.1.1
            patch v1.2.0-rc1 : v1.2.0-rc2
            patch v0.3.0 : nothing
            patch - : can't query version "patch" of module example.com/m: no existing version is required
            v1 - : v1.1.1
            v1.0 - : v1.0.0
            v1.2 - : nothing
            v2 - : v2.0.0+incompatible
            v2.1 - : nothing
            <v1.1 - : v1.0.0
            <v1.1.0 v1.0.0 : v1.0.0
            <=v1.1.0 - : v1.1.0
            <=v1.2.0-rc1 - : v1.1.1
            <v0.9.0 - : nothing
            <v2.0.0 - : v1.1.1
            <v3.0.0 - : v2.0.0+incompatible
            >v1.0.0 - : v1.1.0
            >=v1.1.0 - : v1.1.0
            >=v1 - : v1.0.0
            >v1.1.1 - : v1.2.0-rc1
            >v2.0.0 - : v2.1.0-rc1+incompatible
            >=v2 - : v2.0.0+incompatible
            v1.1.0 - : direct
            v1.1.0-rc9 - : direct
            main - : direct
            none - : direct
            <=v1.1 - : ambiguous semantic version "v1.1" in range "<=v1.1"
            >v1 - : ambiguous semantic version "v1" in range ">v1"
            >=1.0.0 - : invalid semantic version "1.0.0" in range ">=1.0.0"
            < - : invalid semantic version "" in range "<"
            latest main : invalid previous version example.com/m@main
        "#;
        for line in cases.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (question, wanted) = line.split_once(" : ").unwrap();
            let (query, current) = question.split_once(' ').unwrap();
            let current = if current == "-" { "none" } else { current };
            assert_eq!(answer(PATH, query, current, LIST), wanted, "{line}");
        }
    }

    #[test]
    fn go_versions_have_rules_of_their_own() {
        let go = "1.20 1.20.1 1.21rc1 1.21.0 1.21.3 1.22rc1";
        for (query, wanted) in [
            ("latest", "1.21.3"),
            ("1.20", "direct"),
            ("1.21", "1.21.3"),
            ("1.22", "nothing"),
            (">1.21.0", "1.21.3"),
            ("<=1.21", "ambiguous semantic version \"1.21\" in range \"<=1.21\""),
        ] {
            assert_eq!(answer("go", query, "", go), wanted, "{query}");
        }
        assert_eq!(answer("go", "1.23", "", "1.22 1.23"), "1.23");
        assert_eq!(answer("toolchain", "go1.21", "", "go1.21rc1 go1.21.0 go1.21.9"), "go1.21.9");
        assert_eq!(
            answer("std", "latest", "", ""),
            "can't query specific version (\"latest\") of standard-library module \"std\""
        );
    }

    #[test]
    fn what_is_left_without_candidates() {
        let pseudo = "v1.2.4-0.20210304050607-0123abcd";
        // query, current: may be the latest commit, may stay
        for (query, current, latest, stays) in [
            ("latest", "v1.0.0", true, false),
            ("upgrade", "", true, false),
            ("upgrade", "v1.0.0", false, true),
            ("upgrade", pseudo, true, true),
            ("patch", pseudo, true, true),
            ("v1", "v1.0.0", false, false),
        ] {
            let parsed = Query::parse(PATH, query, Some(current)).unwrap();
            assert_eq!(parsed.may_use_latest(), latest, "{query} {current}");
            assert_eq!(parsed.fallback(), stays.then_some(current), "{query} {current}");
            let suffix =
                if stays { format!(" (current version is {current})") } else { String::new() };
            let wanted = format!("no matching versions for query \"{query}\"{suffix}");
            assert_eq!(parsed.no_match().to_string(), wanted);
        }
    }

    #[test]
    fn never_back_in_time_from_a_pseudo_version() {
        let time = |digits| Timestamp::parse(digits).unwrap();
        let pseudo = "v1.2.4-0.20210304050607-0123abcd";
        let kept = |query, current, picked| {
            let query = Query::parse(PATH, query, Some(current)).unwrap();
            query.kept_for_age(picked).map(str::to_owned)
        };
        assert_eq!(kept("upgrade", pseudo, time("20210304050606")).as_deref(), Some(pseudo));
        assert_eq!(kept("upgrade", pseudo, time("20210304050607")), None);
        assert_eq!(kept("upgrade", pseudo, Timestamp::ZERO), None);
        assert_eq!(kept("latest", pseudo, time("20200101000000")), None);
        assert_eq!(kept("upgrade", "v1.2.3", time("20200101000000")), None);
    }

    #[test]
    fn metadata_is_dropped_on_second_thought() {
        let second = |query| Query::parse(PATH, query, None).unwrap().without_metadata();
        assert_eq!(second("v1.0.0+meta").as_deref(), Some("v1.0.0"));
        assert_eq!(second("v2.0.0+incompatible"), None);
        assert_eq!(second("v1.0.0"), None);
        assert_eq!(second("main"), None);
        assert_eq!(second("v1"), None);
    }

    #[test]
    fn revision_queries() {
        for (text, is_revision) in [
            ("v1.0.0", true),
            ("main", true),
            ("none", true),
            ("", true),
            ("v1", false),
            ("v1.2", false),
            ("latest", false),
            ("<x", false),
            (">=v1.0.0", false),
        ] {
            assert_eq!(is_revision_query(PATH, text), is_revision, "{text}");
        }
        assert!(!is_revision_query("go", "1.21") && is_revision_query("go", "1.21.0"));
    }

    proptest! {
        #[test]
        fn picks_are_allowed(
            op in "(<|<=|>|>=|)", bound in "v[0-2](\\.[0-2](\\.[0-2](-rc)?)?)?",
            mut list in prop::collection::vec("v[0-2]\\.[0-2]\\.[0-2](-rc)?", 0..9),
        ) {
            crate::spec::semver::sort(&mut list);
            if let Ok(query) = Query::parse(PATH, &format!("{op}{bound}"), None) {
                let candidates = query.candidates(&list, |_| true);
                let pick = candidates.pick(true);
                prop_assert!(pick.is_none_or(|v| query.allows(v) && list.iter().any(|w| w == v)));
                let possible = list.iter().any(|v| query.allows(v));
                prop_assert_eq!(pick.is_some(), possible);
            }
        }

        #[test]
        fn any_text_parses_or_fails(path in "\\PC{0,9}", text in "[<>=v0-9.a-z]{0,9}", current in "\\PC{0,5}") {
            if let Ok(query) = Query::parse(&path, &text, Some(&current)) {
                let candidates = query.candidates(&["v1.0.0"], |_| true);
                prop_assert_eq!(candidates.pick(true).is_some(), query.allows("v1.0.0"));
            }
        }
    }
}
