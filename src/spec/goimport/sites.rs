//! Module paths that tell where their repository is, without a page.
//!
//! | path                                             | repository                              |
//! |--------------------------------------------------|-----------------------------------------|
//! | `github.com/U/R`, `bitbucket.org/U/R`            | git, at `https://` and these elements   |
//! | `hub.jazz.net/git/U/R`, `git.openstack.org/U/R`  | the same                                |
//! | `git.apache.org/R.git`                           | the same                                |
//! | `chiselapp.com/user/U/repository/R`              | fossil, the same                        |
//! | `HOST/PATH.VCS`                                  | of that system; its scheme is tried out |
//!
//! Further elements are the directory within. `launchpad.net` is known too, but its pages go first
//! ([`launchpad`]).

use thiserror::Error;

use super::{System, has_prefix};
use crate::spec::quote::quote;

/// A repository that a path tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The system.
    pub system: System,
    /// The beginning of the path that stands for the whole repository.
    pub root: String,
    /// Its address.
    pub repository: Address,
}

/// The address of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// All of it.
    Url(String),
    /// What follows the `://` behind the scheme, which has to be tried out.
    WithoutScheme(String),
}

/// A path of a well-known host that can't be one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "the message of each says what it means")]
pub enum SiteError {
    #[error("no modules on example.net")]
    ExampleNet,
    #[error("rsc.io is not a module")]
    RscIo,
    #[error("invalid {host} import path {}", quote(path))]
    Path { host: &'static str, path: String },
    #[error("invalid version control suffix in {0}/ path")]
    Suffix(&'static str),
}

/// Where the repository of `path` is, as far as the path alone tells it.
///
/// # Errors
/// [`SiteError`].
pub fn find(path: &str) -> Result<Option<Site>, SiteError> {
    if has_prefix(path, "example.net") {
        return Err(SiteError::ExampleNet);
    }
    if path == "rsc.io" {
        return Err(SiteError::RscIo);
    }
    for (host, elements, has_suffix, system) in HOSTS {
        if !has_prefix(path, host) {
            continue;
        }
        let parts: Vec<&str> = path.split('/').collect();
        let rest = parts.get(elements.len()..);
        let fits = parts.len() >= elements.len()
            && elements.iter().zip(&parts).all(|(element, part)| element.fits(part))
            && rest.is_some_and(|rest| rest.iter().all(|part| Element::Word.fits(part)))
            // Fossil's have no directories.
            && (*system == System::Git || parts.len() == elements.len());
        let Some(root) = parts.get(..elements.len()).filter(|_| fits) else {
            return Err(SiteError::Path { host, path: path.to_owned() });
        };
        let root = root.join("/");
        if !has_suffix && System::ALL.iter().any(|system| ends_with_name(&root, *system)) {
            return Err(SiteError::Suffix(host));
        }
        let repository = Address::Url(format!("https://{root}"));
        return Ok(Some(Site { system: *system, root, repository }));
    }
    Ok(with_suffix(path))
}

/// The repository of a path on launchpad.net, where its page doesn't tell it.
///
/// The second is what it is where the first does not exist: of `launchpad.net/P/S/…`, `S` may be a series of
/// the project or a directory in it.
pub fn launchpad(path: &str) -> Option<(Site, Option<(String, Site)>)> {
    let rest = path.strip_prefix("launchpad.net/")?;
    let parts: Vec<&str> = rest.split('/').collect();
    let word = |part: &&str| Element::Word.fits(part);
    let site = |parts: &[&str]| {
        let root = format!("launchpad.net/{}", parts.join("/"));
        let repository = Address::Url(format!("https://{root}"));
        Site { system: System::Bzr, root, repository }
    };
    match *parts {
        [project, ..] if word(&project) && parts.iter().all(word) => match *parts {
            [_, series, ..] => {
                let probe = format!("/{project}/{series}/.bzr/branch-format");
                Some((site(&[project, series]), Some((probe, site(&[project])))))
            }
            _ => Some((site(&[project]), None)),
        },
        [owner, project, branch, ref rest @ ..]
            if owner.strip_prefix('~').is_some_and(|owner| word(&owner))
                && (project == "+junk" || word(&project))
                && word(&branch)
                && rest.iter().all(word) =>
        {
            Some((site(&[owner, project, branch]), None))
        }
        _ => None,
    }
}

/// An element of a well-known path.
#[derive(Clone, Copy)]
enum Element {
    Is(&'static str),
    /// Letters, digits, `_`, `.`, `-`.
    Word,
    /// Small letters and digits.
    Small,
    /// Letters and digits.
    Alphanumeric,
    /// Small letters, digits, `_`, `.`, `-`, and `.git` at the end.
    DotGit,
}

use Element::{Alphanumeric, DotGit, Is, Small, Word};

impl Element {
    fn fits(self, part: &str) -> bool {
        let all = |allowed: fn(u8) -> bool| !part.is_empty() && part.bytes().all(allowed);
        match self {
            Is(text) => part == text,
            Word => all(|c| c.is_ascii_alphanumeric() || b"_.-".contains(&c)),
            Small => all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()),
            Alphanumeric => all(|c| c.is_ascii_alphanumeric()),
            DotGit => {
                let small = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
                part.strip_suffix(".git").is_some_and(|name| {
                    !name.is_empty() && name.bytes().all(|c| small(c) || b"_.-".contains(&c))
                })
            }
        }
    }
}

/// The host, the elements of a root, whether it may end with the name of a system, and its system.
type Host = (&'static str, &'static [Element], bool, System);

const HOSTS: &[Host] = &[
    ("github.com", &[Is("github.com"), Word, Word], false, System::Git),
    ("bitbucket.org", &[Is("bitbucket.org"), Word, Word], false, System::Git),
    ("hub.jazz.net/git", &[Is("hub.jazz.net"), Is("git"), Small, Word], false, System::Git),
    ("git.apache.org", &[Is("git.apache.org"), DotGit], true, System::Git),
    ("git.openstack.org", &[Is("git.openstack.org"), Word, Word], true, System::Git),
    (
        "chiselapp.com",
        &[Is("chiselapp.com"), Is("user"), Alphanumeric, Is("repository"), Word],
        true,
        System::Fossil,
    ),
];

fn ends_with_name(root: &str, system: System) -> bool {
    root.strip_suffix(system.name()).is_some_and(|rest| rest.ends_with('.'))
}

/// `HOST/PATH.VCS/…`. The host may begin at any element, as long as nothing before it would do.
fn with_suffix(path: &str) -> Option<Site> {
    let mut starts = std::iter::once(0).chain(path.match_indices('/').map(|(at, _)| at + 1));
    starts.find_map(|start| suffix_from(path.get(start..)?))
}

fn suffix_from(path: &str) -> Option<Site> {
    let (host, rest) = path.split_once('/')?;
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    if port.is_some_and(|port| port.is_empty() || !port.bytes().all(|c| c.is_ascii_digit())) {
        return None;
    }
    // The host may begin in the middle of the element, too.
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
    let other = name.char_indices().rfind(|(_, c)| !allowed(*c));
    let begin = other.map_or(0, |(at, c)| at + c.len_utf8());
    let name = name.get(begin..)?;
    let has_inner_dot = name.get(1..name.len().checked_sub(1)?)?.contains('.');
    if !has_inner_dot {
        return None;
    }
    let bare = |part: &str| Word.fits(part.strip_prefix('~').unwrap_or(part));
    if !rest.split('/').all(bare) {
        return None;
    }
    let mut end = host.len();
    for part in rest.split('/') {
        end += 1 + part.len();
        let word = part.strip_prefix('~').unwrap_or(part);
        let system = word.rsplit_once('.').filter(|(name, _)| !name.is_empty());
        if let Some(system) = system.and_then(|(_, suffix)| System::of(suffix)) {
            let root = path.get(begin..end)?;
            let repository = root.get(..root.len() - system.name().len() - 1)?.to_owned();
            let repository = Address::WithoutScheme(repository);
            return Some(Site { system, root: root.to_owned(), repository });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(site: &Site) -> String {
        let address = match &site.repository {
            Address::Url(url) => url.clone(),
            Address::WithoutScheme(rest) => format!("?{rest}"),
        };
        format!("{} {} {address}", site.system.name(), site.root)
    }

    #[test]
    fn well_known_hosts() {
        for (path, want) in [
            ("github.com/u/r", "git github.com/u/r https://github.com/u/r"),
            ("github.com/u/r.x/v2/sub", "git github.com/u/r.x https://github.com/u/r.x"),
            ("github.com/u", "invalid github.com import path \"github.com/u\""),
            ("github.com/u/r/~x", "invalid github.com import path \"github.com/u/r/~x\""),
            ("github.com/u/r.git", "invalid version control suffix in github.com/ path"),
            ("github.com/u/r.fossil/x", "invalid version control suffix in github.com/ path"),
            ("bitbucket.org/u/r/x", "git bitbucket.org/u/r https://bitbucket.org/u/r"),
            ("hub.jazz.net/git/u1/r/x", "git hub.jazz.net/git/u1/r https://hub.jazz.net/git/u1/r"),
            (
                "hub.jazz.net/git/U/r",
                "invalid hub.jazz.net/git import path \"hub.jazz.net/git/U/r\"",
            ),
            ("hub.jazz.net/u/r", ""),
            ("git.apache.org/r.git/x", "git git.apache.org/r.git https://git.apache.org/r.git"),
            ("git.apache.org/r", "invalid git.apache.org import path \"git.apache.org/r\""),
            (
                "git.openstack.org/u/r.git/x",
                "git git.openstack.org/u/r.git https://git.openstack.org/u/r.git",
            ),
            (
                "chiselapp.com/user/u/repository/r",
                "fossil chiselapp.com/user/u/repository/r https://chiselapp.com/user/u/repository/r",
            ),
            (
                "chiselapp.com/user/u/repository/r/x",
                "invalid chiselapp.com import path \"chiselapp.com/user/u/repository/r/x\"",
            ),
            ("example.net/x", "no modules on example.net"),
            ("rsc.io", "rsc.io is not a module"),
            ("rsc.io/x", ""),
            ("github.community/u/r", ""),
        ] {
            let told = match find(path) {
                Ok(site) => site.as_ref().map(shown).unwrap_or_default(),
                Err(err) => err.to_string(),
            };
            assert_eq!(told, want, "{path}");
        }
    }

    #[test]
    fn paths_with_the_name_of_a_system() {
        for (path, want) in [
            ("example.com/r.git", "git example.com/r.git ?example.com/r"),
            ("example.com/a/~b/r.hg/c/d.git", "hg example.com/a/~b/r.hg ?example.com/a/~b/r"),
            ("example.com:8080/r.svn", "svn example.com:8080/r.svn ?example.com:8080/r"),
            ("example.com/.git", ""),
            ("example.com/~.git", ""),
            ("example.com/~a.git", "git example.com/~a.git ?example.com/~a"),
            ("example.com/r.git.x", ""),
            ("example.com/r.git/a~b", ""),
            ("localhost/r.git", ""),
            ("example.com/r.cvs", ""),
            ("example.com/~~x/foo.com/r.git", "git foo.com/r.git ?foo.com/r"),
        ] {
            let told = find(path).unwrap().as_ref().map(shown).unwrap_or_default();
            assert_eq!(told, want, "{path}");
        }
    }

    #[test]
    fn launchpad_has_projects_series_and_branches() {
        for (path, want) in [
            ("launchpad.net/p", "bzr launchpad.net/p https://launchpad.net/p"),
            (
                "launchpad.net/p/s/x",
                "bzr launchpad.net/p/s https://launchpad.net/p/s, or without /p/s/.bzr/branch-format \
                 bzr launchpad.net/p https://launchpad.net/p",
            ),
            ("launchpad.net/~u/p/b/x", "bzr launchpad.net/~u/p/b https://launchpad.net/~u/p/b"),
            (
                "launchpad.net/~u/+junk/b",
                "bzr launchpad.net/~u/+junk/b https://launchpad.net/~u/+junk/b",
            ),
            ("launchpad.net/~u/p", ""),
            ("launchpad.net/", ""),
            ("launchpad.com/p", ""),
        ] {
            let told = launchpad(path).map(|(site, other)| {
                let other =
                    other.map(|(probe, other)| format!(", or without {probe} {}", shown(&other)));
                shown(&site) + &other.unwrap_or_default()
            });
            assert_eq!(told.unwrap_or_default(), want, "{path}");
        }
    }
}
