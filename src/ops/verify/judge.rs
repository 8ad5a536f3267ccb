//! What an inspection means, and how it is said.
//!
//! go's lines come first, in its words: `path version: zip has been modified (FILE)`. Lines that
//! begin with a tab follow: which of zip, tree and recorded hash is wrong, which of them agree, and
//! which files differ.

use crate::error::{Error, ErrorKind};
use crate::spec::module::Version;
use crate::store::inspect::{Content, Differences, Inspection, Names, TreeState};
pub use crate::store::repair::Damage;
use crate::sys::tty::printable;

/// A hash of a module's content from outside of its place in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    /// Who knows it: `go.sum`, or the name of a checksum database.
    pub name: String,
    /// The hash.
    pub hash: String,
}

impl From<(String, String)> for Trusted {
    fn from((name, hash): (String, String)) -> Trusted {
        Trusted { name, hash }
    }
}

/// What is known of one module after it was looked at.
#[derive(Debug)]
pub struct Report {
    /// The module.
    pub module: Version,
    /// What is wrong, in the order in which it is told; nothing if nothing is.
    findings: Vec<Finding>,
    /// Which parts are wrong.
    pub damage: Damage,
    /// The hashes that the parts have.
    pub seen: Vec<String>,
    /// Whether the `.mod` in the cache is wrong.
    pub go_mod: bool,
    /// Whether the `.info` in the cache is wrong.
    pub info: bool,
    /// Whether what is wrong was put right.
    pub repaired: bool,
}

impl Report {
    /// A module of which nothing is known.
    pub fn new(module: Version) -> Report {
        let (findings, seen, damage) = (Vec::new(), Vec::new(), Damage::default());
        Report { module, findings, damage, seen, go_mod: false, info: false, repaired: false }
    }

    /// Says one thing more about the module, in one line.
    pub fn add(&mut self, kind: ErrorKind, text: &str) {
        self.findings.push((kind, one_line(text)));
    }

    /// The same in several lines, which are harmless.
    pub fn add_lines(&mut self, kind: ErrorKind, text: String) {
        self.findings.push((kind, text));
    }

    /// Says something below what was said last.
    pub fn detail(&mut self, text: &str) {
        if let Some((_, finding)) = self.findings.last_mut() {
            finding.push_str("\n\t");
            finding.push_str(text);
        }
    }

    /// Whether nothing is wrong, or no longer.
    pub fn is_fine(&self) -> bool {
        self.findings.is_empty() || self.repaired
    }

    /// Whether anything is wrong that could be fetched again.
    pub fn is_damaged(&self) -> bool {
        self.damage.any() || self.go_mod || self.info
    }

    /// What is wrong, as it is printed.
    pub fn errors(&self) -> impl Iterator<Item = Error> {
        let Version { path, version } = &self.module;
        let findings = self.findings.iter();
        findings.map(move |(kind, text)| {
            Error::message(*kind, format!("{path} {version}: {text}")).bare()
        })
    }
}

/// Judges what lies in the cache by what is recorded there and by what others know. Of those, the
/// last one counts most.
pub fn judge(module: Version, inspection: &Inspection, known: &[Trusted]) -> Report {
    let case = Case { inspection, known };
    let mut report = Report::new(module);
    report.seen = case.parts().map(|(_, hash)| hash.to_owned()).collect();
    report.findings = case.go_lines();
    if report.findings.is_empty() {
        report.findings.extend(case.contradiction());
    }
    if !report.findings.is_empty() {
        let (damage, details) = case.diagnose();
        report.damage = damage;
        let files = (damage.zip || damage.tree).then(|| case.files(damage));
        for detail in details.iter().chain(files.iter().flatten()) {
            report.detail(detail);
        }
    }
    report
}

/// The hashes of several who should agree, one in a line.
pub fn table<'a>(hashes: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let hashes: Vec<(&str, &str)> = hashes.into_iter().collect();
    let width = hashes.iter().map(|(name, _)| name.len()).max().unwrap_or_default() + 1;
    let line = |(name, hash): &(&str, &str)| {
        format!("\n\t{:width$} {}", format!("{}:", one_line(name)), one_line(hash))
    };
    hashes.iter().map(line).collect()
}

type Finding = (ErrorKind, String);

struct Case<'a> {
    inspection: &'a Inspection,
    known: &'a [Trusted],
}

impl Case<'_> {
    /// What go says, in its order.
    fn go_lines(&self) -> Vec<Finding> {
        let Inspection { zip, tree, recorded, tree_state, .. } = self.inspection;
        let recorded = match recorded {
            Ok(recorded) => recorded,
            Err(_) if zip.is_absent() && *tree_state != TreeState::Complete => return Vec::new(),
            Err(err) => {
                let kind = match err.kind {
                    std::io::ErrorKind::PermissionDenied => ErrorKind::Other,
                    _ => ErrorKind::Security,
                };
                return vec![(kind, format!("missing ziphash: {}", one_line(&err.to_string())))];
            }
        };
        let mut lines = Vec::new();
        let zip_path = self.inspection.zip_path.display();
        match zip {
            Content::Absent => {}
            Content::Unreadable { text, is_damaged } => {
                return vec![(kind_of(*is_damaged), one_line(text))];
            }
            zip if zip.hash() == Some(recorded) => {}
            _ => lines.push(format!("zip has been modified ({zip_path})")),
        }
        let tree_path = self.inspection.tree_path.display();
        let mut lines: Vec<Finding> =
            lines.into_iter().map(|text| (ErrorKind::Security, text)).collect();
        match tree {
            Content::Absent => {}
            Content::Unreadable { text, is_damaged } => {
                lines.push((kind_of(*is_damaged), one_line(text)));
            }
            tree if tree.hash() == Some(recorded) => {}
            _ => {
                lines.push((ErrorKind::Security, format!("dir has been modified ({tree_path})")));
            }
        }
        lines
    }

    /// The parts that have a hash, by the name that messages give them.
    fn parts(&self) -> impl Iterator<Item = (&str, &str)> {
        let Inspection { zip, tree, recorded, .. } = self.inspection;
        let parts = [
            ("zip", zip.hash()),
            ("dir", tree.hash()),
            ("ziphash", recorded.as_deref().ok().filter(|hash| !hash.is_empty())),
        ];
        parts.into_iter().filter_map(|(name, hash)| Some((name, hash?)))
    }

    /// What go overlooks: others know another hash, or the zip can't be unpacked.
    fn contradiction(&self) -> Option<Finding> {
        let differs = |trusted: &Trusted| {
            let parts = self.parts().map(|(_, hash)| hash);
            parts
                .chain(self.known.iter().map(|other| &*other.hash))
                .any(|hash| hash != trusted.hash)
        };
        if self.parts().next().is_some() && self.known.iter().any(differs) {
            let known = self.known.iter().map(|trusted| (&*trusted.name, &*trusted.hash));
            let text = format!("checksum mismatch{}", table(self.parts().chain(known)));
            return Some((ErrorKind::Security, text));
        }
        let breaks = self.inspection.zip_breaks.as_ref()?;
        let text = format!("unzip {}: {breaks}", self.inspection.zip_path.display());
        Some((ErrorKind::Security, one_line(&text)))
    }

    /// Which parts are wrong, and what speaks for that.
    fn diagnose(&self) -> (Damage, Vec<String>) {
        let Inspection { zip, tree, recorded, .. } = self.inspection;
        let hash = recorded.as_deref().ok();
        let trusted = self.known.last();
        // What all should have: what others know, else what two of the three agree on.
        let right = match trusted {
            Some(trusted) => Some(&*trusted.hash),
            None => [(hash, zip.hash()), (hash, tree.hash()), (zip.hash(), tree.hash())]
                .into_iter()
                .find(|(a, b)| a.is_some() && a == b)
                .and_then(|(a, _)| a),
        };
        let is_wrong = |content: &Content| match content {
            Content::Absent => false,
            Content::Unreadable { is_damaged, .. } => *is_damaged,
            Content::Oversized => true,
            Content::Hash(hash) => right.is_some_and(|right| right != hash),
        };
        let damage = Damage {
            zip: is_wrong(zip) || self.inspection.zip_breaks.is_some(),
            tree: is_wrong(tree),
            ziphash: match recorded {
                Ok(hash) => right.is_some_and(|right| right != hash),
                Err(err) => err.kind != std::io::ErrorKind::PermissionDenied,
            },
        };
        let Some(right) = right else {
            // Nothing can be said for any of them.
            let all = Damage {
                zip: !zip.is_absent(),
                tree: !tree.is_absent(),
                ziphash: hash.is_some() || damage.ziphash,
            };
            return (all, self.without_proof());
        };
        let mut hashes = self.parts().map(|(_, hash)| hash);
        let first = hashes.next();
        if damage.zip && damage.tree && damage.ziphash && hashes.all(|hash| Some(hash) == first) {
            let text = "zip, tree and .ziphash agree: they were changed together";
            return (damage, vec![text.to_owned()]);
        }
        let missing = matches!(recorded, Err(err) if err.is_not_found());
        let wrong: Vec<&str> = [
            (damage.zip && zip.hash() != Some(right), "damaged zip"),
            (damage.zip && zip.hash() == Some(right), "a zip that go refuses to unpack"),
            (damage.tree, "edited tree"),
            (damage.ziphash && missing, "missing .ziphash"),
            (damage.ziphash && !missing, "wrong .ziphash"),
        ]
        .into_iter()
        .filter_map(|(is, text)| is.then_some(text))
        .collect();
        let mut agree: Vec<&str> = Vec::new();
        agree.extend(self.known.iter().filter(|k| k.hash == right).map(|k| &*k.name));
        agree.extend((hash == Some(right)).then_some(".ziphash"));
        agree.extend((zip.hash() == Some(right)).then_some("the zip"));
        agree.extend((tree.hash() == Some(right)).then_some("the tree"));
        if wrong.is_empty() {
            return (damage, Vec::new());
        }
        let mut text = wrong.join(" and ");
        if let Some((last, others)) = agree.split_last().filter(|(_, others)| !others.is_empty()) {
            text.push_str(&format!("; {} and {last} agree", others.join(", ")));
        }
        (damage, vec![text])
    }

    /// Where nothing is known from outside and no two parts agree.
    fn without_proof(&self) -> Vec<String> {
        let Inspection { zip, tree, recorded, .. } = self.inspection;
        let text = match (zip.hash(), tree.hash(), recorded) {
            (Some(_), Some(_), Ok(_)) => "zip, tree and .ziphash all differ from each other",
            (Some(_), None, Ok(_)) => "damaged zip or wrong .ziphash",
            (None, Some(_), Ok(_)) if zip.is_absent() => "edited tree or wrong .ziphash",
            (None, _, _) if !zip.is_absent() => "damaged zip",
            (_, None, _) if !tree.is_absent() => "edited tree",
            (_, _, Err(err)) if err.is_not_found() => "missing .ziphash",
            _ => return Vec::new(),
        };
        vec![text.to_owned()]
    }

    /// The files that differ.
    fn files(&self, damage: Damage) -> Vec<String> {
        let Some(differences) = &self.inspection.differences else {
            let is_edited = damage.tree && matches!(self.inspection.tree, Content::Hash(_));
            let without = "there is no zip to compare the files with";
            let absent = is_edited && self.inspection.zip.is_absent();
            return absent.then(|| without.to_owned()).into_iter().collect();
        };
        let Differences { changed, missing, extra, lists_folders } = differences;
        let labels = match damage.tree {
            true => ["changed", "missing", "extra"],
            false => ["changed in the zip", "only in the zip", "missing in the zip"],
        };
        let mut lines = Vec::new();
        for (label, names) in labels.into_iter().zip([changed, missing, extra]) {
            list(label, names, &mut lines);
        }
        if lines.is_empty() && *lists_folders {
            lines
                .push("the zip lists folders, which count in its hash and in no tree's".to_owned());
        }
        lines
    }
}

fn list(label: &str, names: &Names, lines: &mut Vec<String>) {
    lines.extend(names.first.iter().map(|name| format!("{label}: {}", one_line(name))));
    let more = names.count - names.first.len();
    if more > 0 {
        lines.push(format!("{label}: {more} more"));
    }
}

fn kind_of(is_damaged: bool) -> ErrorKind {
    if is_damaged { ErrorKind::Security } else { ErrorKind::Other }
}

/// A text that may hold names from elsewhere, made harmless and kept to one line.
fn one_line(text: &str) -> String {
    printable(text).replace('\n', "\\n").replace('\t', "\\t")
}
