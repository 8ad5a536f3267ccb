//! Who served what in a run, told at its end (`--summary`, `-x`).

use std::collections::BTreeMap;

use indicatif::DecimalBytes;

use crate::event::{Answer, Event};

/// What is known of every source.
#[derive(Debug, Default)]
pub struct Summary {
    sources: BTreeMap<String, Served>,
    spared: Option<Spared>,
}

/// What `--needed` left alone.
#[derive(Debug, Default)]
struct Spared {
    modules: u64,
    bytes: u64,
    unknown: u64,
}

#[derive(Debug, Default)]
struct Served {
    zips: u64,
    go_mods: u64,
    others: u64,
    bytes: u64,
    skipped: u64,
    barred: u64,
}

impl Summary {
    /// Takes in one event.
    pub fn add(&mut self, event: &Event) {
        match event {
            Event::SourceAnswered { source, what, bytes } => {
                let served = self.of(source);
                served.bytes += bytes;
                match what {
                    Answer::Zip => served.zips += 1,
                    Answer::GoMod => served.go_mods += 1,
                    Answer::Other => served.others += 1,
                }
            }
            Event::SourceSkipped { source } => self.of(source).skipped += 1,
            Event::FallbackBarred { source } => self.of(source).barred += 1,
            Event::Spared { modules, bytes, unknown } => {
                // A run may be of many projects.
                let all = self.spared.get_or_insert_default();
                all.modules += modules;
                all.bytes += bytes;
                all.unknown += unknown;
            }
            _ => {}
        }
    }

    fn of(&mut self, source: &str) -> &mut Served {
        self.sources.entry(source.to_owned()).or_default()
    }

    /// The summary, a line for each thing there is to say of a source.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (source, served) in &self.sources {
            let Served { zips, go_mods, others, bytes, skipped, barred } = served;
            if zips + go_mods + others > 0 {
                let size = DecimalBytes(*bytes);
                lines.push(format!(
                    "# {source} served {}, {}, {}; {size}",
                    counted(*zips, "zip"),
                    counted(*go_mods, "go.mod file"),
                    counted(*others, "other answer")
                ));
            }
            if *skipped > 0 {
                lines.push(format!(
                    "# {source} was skipped {}, since it kept failing",
                    counted(*skipped, "time")
                ));
            }
            if *barred > 0 {
                lines.push(format!(
                    "# {source} failed {}, and the next entry of GOPROXY was not asked: write `|` \
                     in place of `,` behind it to go on after any error",
                    counted(*barred, "time")
                ));
            }
        }
        if let Some(Spared { modules, bytes, unknown }) = &self.spared {
            let size = DecimalBytes(*bytes);
            let rest = match unknown {
                0 => String::new(),
                _ => format!(", not counting {unknown} of unknown size"),
            };
            lines.push(format!("# --needed spared {}: {size}{rest}", counted(*modules, "module")));
        }
        lines
    }
}

/// `1 zip`, `2 zips`.
fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_tells_each_source() {
        let mut summary = Summary::default();
        let answered = |source: &str, what, bytes| Event::SourceAnswered {
            source: source.to_owned(),
            what,
            bytes,
        };
        summary.add(&answered("https://b.example", Answer::Zip, 1_500_000));
        summary.add(&answered("https://b.example", Answer::GoMod, 500));
        summary.add(&answered("https://b.example", Answer::Other, 0));
        summary.add(&Event::SourceSkipped { source: "https://a.example".to_owned() });
        summary.add(&Event::FallbackBarred { source: "https://b.example".to_owned() });
        summary.add(&Event::BytesReceived { count: 7 });
        summary.add(&Event::Spared { modules: 2, bytes: 1_000_000, unknown: 0 });
        summary.add(&Event::Spared { modules: 1, bytes: 0, unknown: 1 });
        assert_eq!(
            summary.lines(),
            [
                "# https://a.example was skipped 1 time, since it kept failing",
                "# https://b.example served 1 zip, 1 go.mod file, 1 other answer; 1.50 MB",
                "# https://b.example failed 1 time, and the next entry of GOPROXY was not asked: \
                 write `|` in place of `,` behind it to go on after any error",
                "# --needed spared 3 modules: 1.00 MB, not counting 1 of unknown size",
            ]
        );
    }
}
