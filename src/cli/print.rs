//! What is printed: errors in go's form, hints after them, and results on standard output.

use std::io::{IsTerminal, Write};

use crate::config::Explained;
use crate::error::Error;
use crate::ops::dry_run::{Forecast, Plan};
use crate::ops::prewarm::{self, Outcome, Said};
use crate::ops::vendoring::Difference;
use crate::spec::goproxy_json::{JsonWriter, ModuleJson};
use crate::spec::module::Version;
use crate::sys::tty::printable;

/// Prints errors to standard error.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    hints: bool,
}

impl Printer {
    /// Hints are printed if asked for, on a terminal, and in continuous integration.
    pub fn new(asked: bool, ci: bool) -> Printer {
        Printer { hints: asked || ci || std::io::stderr().is_terminal() }
    }

    /// Whether hints are printed.
    pub fn shows_hints(&self) -> bool {
        self.hints
    }

    /// Prints a line that is no error.
    pub fn note(&self, text: &str) {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        // Nothing is left to be done if standard error is gone.
        let _ = write!(std::io::stderr(), "{}{end}", printable(text));
    }

    /// Prints `err` as go does, `go: ` before it unless it is one of those that go prints bare, and
    /// gives the exit code that goes with it.
    pub fn error(&self, err: &Error) -> u8 {
        self.error_of("", err)
    }

    /// The same, with what the error is about before it.
    pub fn error_of(&self, what: &str, err: &Error) -> u8 {
        let prefix = if err.is_bare() { "" } else { "go: " };
        let mut text = format!("{}{prefix}{}", printable(what), printable(&err.to_string()));
        if !text.ends_with('\n') {
            text.push('\n');
        }
        if self.hints {
            for hint in err.hints() {
                text.push_str(&format!("hint: {}\n", printable(hint)));
            }
        }
        // Nothing is left to be done if standard error is gone.
        let _ = std::io::stderr().write_all(text.as_bytes());
        err.exit_code()
    }
}

/// Prints the objects of `-json` to standard output, each at once or all in the end.
#[derive(Debug)]
pub struct Results {
    json: bool,
    stream: bool,
    pending: Vec<u8>,
    failed: Option<std::io::Error>,
}

impl Results {
    /// Prints nothing unless `json`, and at once only if `stream`.
    pub fn new(json: bool, stream: bool) -> Results {
        Results { json, stream, pending: Vec::new(), failed: None }
    }

    /// Takes one more module.
    pub fn module(&mut self, module: &ModuleJson) {
        if !self.json {
            return;
        }
        self.pending.extend(module.encode_indented());
        if self.stream
            && let Err(err) = self.flush()
        {
            self.failed.get_or_insert(err);
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        out.write_all(&std::mem::take(&mut self.pending))?;
        out.flush()
    }

    /// Prints what is left.
    ///
    /// # Errors
    /// When standard output can't be written to; now or earlier.
    pub fn finish(&mut self) -> std::io::Result<()> {
        match self.failed.take() {
            Some(err) => Err(err),
            None => self.flush(),
        }
    }
}

/// Files of a vendor directory that are not what they should be, a line each.
///
/// # Errors
/// When standard output can't be written to.
pub fn differences(differences: &[Difference]) -> std::io::Result<()> {
    let line = |d: &Difference| format!("{}: {}\n", d.kind.word(), d.name.display());
    let text: String = differences.iter().map(line).collect();
    let mut out = std::io::stdout().lock();
    out.write_all(printable(&text).as_bytes())?;
    out.flush()
}

/// What a dry run found: a line for each zip to fetch, and a summary.
pub fn plan_text(plan: &Plan) -> String {
    let (mut count, mut bytes, mut present) = (0, 0, 0);
    let mut is_known = true;
    let mut text = String::new();
    for planned in &plan.modules {
        match &planned.forecast {
            Err(_) => {}
            Ok(Forecast::Present) => present += 1,
            Ok(Forecast::Fetch { size, from }) => {
                count += 1;
                bytes += size.unwrap_or(0);
                is_known &= size.is_some();
                let Version { path, version } = &planned.module;
                let size = size.map_or("of unknown size".to_owned(), human);
                text.push_str(&format!("{path} {version}: {size} from {from}\n"));
            }
        }
    }
    let at_least = if is_known { "" } else { "at least " };
    text.push_str(&format!(
        "{count} zips to fetch, {at_least}{}; {present} are in the cache\n",
        human(bytes)
    ));
    if plan.go_mods > 0 {
        text.push_str(&format!(
            "{} go.mod files ({}) were fetched to find this out, and not kept\n",
            plan.go_mods,
            human(plan.go_mod_bytes)
        ));
    }
    printable(&text)
}

/// The same as a JSON object for each module.
pub fn plan_json(plan: &Plan) -> Vec<u8> {
    let mut out = Vec::new();
    for planned in &plan.modules {
        out.extend(JsonWriter::indented().object(|o| {
            o.string("Path", &*planned.module.path);
            o.string("Version", &*planned.module.version);
            match &planned.forecast {
                Err(err) => o.string("Error", err.to_string()),
                Ok(Forecast::Present) => o.bool("Present", true),
                Ok(Forecast::Fetch { size, from }) => {
                    if let Some(size) = size {
                        o.int("Size", i64::try_from(*size).unwrap_or(i64::MAX));
                    }
                    o.string("From", from);
                }
            }
        }));
        out.push(b'\n');
    }
    out
}

/// What something is said of: `a: `, or `a and 2 other projects: `.
pub fn of_projects<T>(said: &Said<T>) -> String {
    let first = said.first.display();
    match said.others {
        0 => format!("{first}: "),
        1 => format!("{first} and 1 other project: "),
        others => format!("{first} and {others} other projects: "),
    }
}

/// What came of all projects, in one line. `bytes` is what came over the network for it.
pub fn projects_text(outcome: &prewarm::Outcome, bytes: u64) -> String {
    let Outcome { modules, downloaded, unpacked, failed, .. } = outcome;
    let counted = |number: usize, what: &str| match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    };
    let there = modules.saturating_sub(downloaded + unpacked + failed);
    let size = if bytes > 0 { format!(" ({})", human(bytes)) } else { String::new() };
    let unpacked = if *unpacked > 0 { format!("{unpacked} unpacked, ") } else { String::new() };
    let failed = if *failed > 0 { format!(", {failed} failed") } else { String::new() };
    format!(
        "{}, {}: {downloaded} downloaded{size}, {unpacked}{there} there already{failed}\n",
        counted(outcome.projects.len(), "project"),
        counted(*modules, "module"),
    )
}

/// The same as a JSON object for each project.
pub fn projects_json(outcome: &prewarm::Outcome) -> Vec<u8> {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let mut out = Vec::new();
    for project in &outcome.projects {
        out.extend(JsonWriter::indented().object(|o| {
            o.string("Dir", &*project.place.dir.to_string_lossy());
            o.string("File", project.place.file_name());
            o.int("Modules", count(project.modules));
            o.int("Downloaded", count(project.downloaded));
            if !project.errors.is_empty() {
                let texts: Vec<String> = project.errors.iter().map(ToString::to_string).collect();
                o.string("Error", texts.join("\n"));
            }
        }));
        out.push(b'\n');
    }
    out
}

/// A number of bytes for people: `512 B`, `1.5 kB`, `20.3 MB`.
fn human(bytes: u64) -> String {
    let mut units = ["kB", "MB", "GB", "TB"].into_iter();
    let mut value = bytes as f64;
    let mut unit = "B";
    while value >= 999.95
        && let Some(next) = units.next()
    {
        value /= 1000.0;
        unit = next;
    }
    match unit {
        "B" => format!("{bytes} B"),
        _ => format!("{value:.1} {unit}"),
    }
}

/// How many modules were unpacked, were there already, and failed, in a line.
pub fn unpacked([unpacked, present, failed]: [usize; 3]) -> String {
    let noun = if unpacked == 1 { "module" } else { "modules" };
    let failed = if failed == 0 { String::new() } else { format!(", {failed} failed") };
    format!("{unpacked} {noun} unpacked, {present} there already{failed}\n")
}

/// The settings as a table for people, or as bare values, one a line, if `bare`.
pub fn env_text(settings: &[Explained], bare: bool) -> Vec<u8> {
    let mut text = String::new();
    for setting in settings {
        if bare {
            text.push_str(&format!("{}\n", setting.value));
        } else {
            text.push_str(&format!("{}='{}'  # {}\n", setting.name, setting.value, setting.origin));
        }
    }
    printable(&text).into_bytes()
}

/// The settings as a JSON array of objects.
pub fn env_json(settings: &[Explained]) -> Vec<u8> {
    let mut out = JsonWriter::indented().array(|list| {
        for setting in settings {
            list.object(|o| {
                o.string("Name", &*setting.name);
                o.string("Value", &setting.value);
                o.string("Origin", setting.origin.to_string());
                o.string("Doc", setting.doc);
            });
        }
    });
    out.push(b'\n');
    out
}
