//! What the pages refer to is there, and they name no proxy of others.

use std::collections::BTreeSet;

use super::page::{self, Page};

/// Hosts that may stand on the pages: made-up ones, this machine, the service of a compose file, and pages to read.
const HOSTS: [&str; 6] =
    ["example.com", "corp.example", "127.0.0.1", "athens", "go.dev", "rustup.rs"];

#[test]
fn links_lead_somewhere() {
    let pages = page::all();
    let mut broken = Vec::new();
    let mut followed = 0;
    for page in &pages {
        let dir = page::root().join(&page.name);
        let dir = dir.parent().expect("a folder");
        for link in links(&page.text) {
            if link.starts_with("https://") {
                continue;
            }
            followed += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target =
                if file.is_empty() { page::root().join(&page.name) } else { dir.join(file) };
            let Ok(text) = std::fs::read_to_string(&target) else {
                broken.push(format!("{}: {link}", page.name));
                continue;
            };
            if !anchor.is_empty() && !anchors(&text).contains(anchor) {
                broken.push(format!("{}: no such heading: {link}", page.name));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(followed > 20, "{followed} links only");
}

#[test]
fn each_page_is_in_the_index() {
    let index = Page::of("README.md");
    let listed: BTreeSet<String> =
        links(&index.text).iter().map(|link| format!("docs/{link}")).collect();
    for page in page::all() {
        let itself = page.name == "README.md" || page.name == "docs/README.md";
        assert!(itself || listed.contains(&page.name), "{} is not in docs/README.md", page.name);
    }
    let readme = std::fs::read_to_string(page::root().join("README.md")).expect("README.md");
    assert!(readme.contains("(docs/README.md)"), "README.md does not lead to docs/README.md");
}

#[test]
fn no_proxy_of_others_is_named() {
    for page in page::all() {
        for (at, _) in page.text.match_indices("://") {
            let rest = &page.text[at + 3..];
            let end = rest.find(|c: char| !(c.is_alphanumeric() || ".-".contains(c)));
            let host = &rest[..end.unwrap_or(rest.len())];
            // file:///DIR has none, `https://…` neither.
            let fine = |known: &str| host == known || host.ends_with(&format!(".{known}"));
            assert!(
                host.is_empty() || HOSTS.iter().any(|known| fine(known)),
                "{}: {host}",
                page.name
            );
        }
    }
}

/// The targets of `[text](target)`, outside of code.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        for part in line.split("](").skip(1).filter(|_| !fenced) {
            found.extend(part.split_once(')').map(|(target, _)| target.to_owned()));
        }
    }
    // A link may be broken over two lines only within its text.
    found
}

/// The anchors of the headings of a page, as they are made of their text.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
            title.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
        })
        .collect()
}
