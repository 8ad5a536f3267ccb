//! What `mirrors` found, as a table, as JSON, and as a command that sets GOPROXY.

use crate::ops::mirrors::{Mirror, Outcome, Spread};
use crate::spec::goproxy_json::{JsonWriter, ObjectWriter};
use crate::sys::tty::printable;

/// The heads of the table.
const HEADS: [&str; 11] =
    ["", "proxy", "dns", "connect", "tls", "first byte", "zip", ".info", "list", "sumdb", "latest"];

/// A table for people, the best proxy first.
pub fn table(outcome: &Outcome) -> String {
    let mut rows = vec![HEADS.map(str::to_owned)];
    for (at, mirror) in outcome.mirrors.iter().enumerate() {
        let [dns, connect, tls] = mirror.steps.map(|step| millis(step.as_ref()));
        rows.push([
            if mirror.speed().is_some() { (at + 1).to_string() } else { "-".to_owned() },
            mirror.url.to_string(),
            dns,
            connect,
            tls,
            millis(mirror.first_byte.as_ref()),
            mirror.throughput.map_or("-".to_owned(), |speed| megabytes(&speed)),
            yes(mirror.info),
            yes(mirror.list),
            mirror.sumdb.map_or("-".to_owned(), yes),
            latest(mirror),
        ]);
    }
    let widths: Vec<usize> = (0..HEADS.len())
        .map(|column| rows.iter().map(|row| width(row, column)).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str(&format!(
        "{}, {} rounds: medians, with the least and the most; times in ms, zip in MB/s\n",
        outcome.module, outcome.rounds
    ));
    printable(&text)
}

fn width(row: &[String; 11], column: usize) -> usize {
    row.get(column).map_or(0, |cell| cell.chars().count())
}

fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

fn latest(mirror: &Mirror) -> String {
    match &mirror.latest {
        None => "-".to_owned(),
        Some(version) if mirror.is_fresh => version.clone(),
        Some(version) => format!("{version} (behind)"),
    }
}

/// `12.3 (11.9-14.0)`.
fn millis(micros: Option<&Spread>) -> String {
    let shown = |micros: u64| format!("{:.1}", micros as f64 / 1000.0);
    micros.map_or("-".to_owned(), |spread| spread_text(spread, shown))
}

fn megabytes(bytes: &Spread) -> String {
    spread_text(bytes, |bytes| format!("{:.1}", bytes as f64 / 1_000_000.0))
}

fn spread_text(spread: &Spread, shown: impl Fn(u64) -> String) -> String {
    format!("{} ({}-{})", shown(spread.median), shown(spread.least), shown(spread.most))
}

/// A JSON array with an object for each proxy, the best first.
pub fn json(outcome: &Outcome) -> String {
    let mut out = JsonWriter::indented().array(|list| {
        for (at, mirror) in outcome.mirrors.iter().enumerate() {
            list.object(|o| {
                o.string("URL", mirror.url.to_string());
                if mirror.speed().is_some() {
                    o.int("Rank", i64::try_from(at + 1).unwrap_or(i64::MAX));
                }
                o.string("Module", outcome.module.to_string());
                o.int("Rounds", i64::try_from(outcome.rounds).unwrap_or(i64::MAX));
                let names = ["DNSMicros", "ConnectMicros", "TLSMicros"];
                for (name, step) in names.iter().zip(&mirror.steps) {
                    spread(o, name, step.as_ref());
                }
                spread(o, "FirstByteMicros", mirror.first_byte.as_ref());
                spread(o, "ZipBytesPerSecond", mirror.throughput.as_ref());
                o.bool("Info", mirror.info);
                o.bool("Zip", mirror.zip);
                o.bool("List", mirror.list);
                if let Some(sumdb) = mirror.sumdb {
                    o.bool("SumDB", sumdb);
                }
                if let Some(latest) = &mirror.latest {
                    o.string("Latest", latest);
                    o.bool("Fresh", mirror.is_fresh);
                }
                if let Some(err) = &mirror.error {
                    o.string("Error", err.to_string());
                }
            });
        }
    });
    out.push(b'\n');
    String::from_utf8_lossy(&out).into_owned()
}

fn spread(o: &mut ObjectWriter<'_>, name: &str, spread: Option<&Spread>) {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    if let Some(spread) = spread {
        o.object(name, |o| {
            o.int("Median", number(spread.median));
            o.int("Least", number(spread.least));
            o.int("Most", number(spread.most));
        });
    }
}

/// The command that sets GOPROXY to `list`, for go or for a shell.
pub fn line(how: &str, list: &str) -> String {
    // No address holds a quote: it would stand in it as %27.
    let list = printable(list).replace('\'', "%27");
    match how {
        "go" => format!("go env -w GOPROXY='{list}'\n"),
        _ => format!("export GOPROXY='{list}'\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        let spread = Spread { median: 12_340, least: 11_900, most: 14_000 };
        assert_eq!(millis(Some(&spread)), "12.3 (11.9-14.0)");
        assert_eq!(megabytes(&spread), "0.0 (0.0-0.0)");
        assert_eq!(millis(None), "-");
    }

    #[test]
    fn nothing_gets_out_of_the_quotes() {
        assert_eq!(
            line("go", "https://a.example,off"),
            "go env -w GOPROXY='https://a.example,off'\n"
        );
        let text = line("shell", "https://a.example/'; rm x'");
        assert_eq!(text, "export GOPROXY='https://a.example/%27; rm x%27'\n");
    }
}
