//! Pages with go-import tags: read as by go's own XML reader, to the same end or the same complaint.

use std::fs;
use std::process::Command;

use gomodfetch::spec::goimport::page;

use super::go::Go;
use super::random::Random;

/// How many pages are tried.
const PAGES: usize = 20_000;

/// Prints for each page on standard input, one quoted string a line, its tags or its error.
const READER: &str = r#"
package main

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

func charset(name string, r io.Reader) (io.Reader, error) {
	if n := strings.ToLower(name); n == "utf-8" || n == "ascii" {
		return r, nil
	}
	return nil, fmt.Errorf("can't decode XML document using charset %q", name)
}

func value(start xml.StartElement, key string) string {
	for _, a := range start.Attr {
		if strings.EqualFold(a.Name.Local, key) {
			return a.Value
		}
	}
	return ""
}

func read(page string) (tags []string, err error) {
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.CharsetReader = false, charset
	for {
		token, err := d.RawToken()
		if err == io.EOF || err != nil && len(tags) > 0 {
			return tags, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if strings.EqualFold(t.Name.Local, "body") {
				return tags, nil
			}
			if strings.EqualFold(t.Name.Local, "meta") && value(t, "name") == "go-import" {
				if words := strings.Fields(value(t, "content")); len(words) == 3 || len(words) == 4 {
					tags = append(tags, strings.Join(words, " "))
				}
			}
		case xml.EndElement:
			if strings.EqualFold(t.Name.Local, "head") {
				return tags, nil
			}
		}
	}
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		page, err := strconv.Unquote(in.Text())
		if err != nil {
			panic(err)
		}
		if tags, err := read(page); err != nil {
			fmt.Printf("error %q\n", string([]rune(err.Error())))
		} else {
			fmt.Printf("%q\n", tags)
		}
	}
}
"#;

/// What pages are made of.
const PIECES: &[&str] = &[
    "<meta name=go-import content=\"a git b\">",
    "<meta name=\"go-import\" content='a hg b c' />",
    "<META content=\"a&amp;\tgit\r\nb\" NAME=go-import>",
    "<meta ",
    "name=go-import ",
    "content=\"x svn y\"",
    "<head>",
    "</head>",
    "<body>",
    "</body ",
    "<!DOCTYPE html>",
    "<!DOCTYPE a [<!-- \" -->",
    "<!-- ",
    "-->",
    "--",
    "<![CDATA[",
    "]]>",
    "]",
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>",
    "<?xml version='1.1' ?>",
    "<?xml encoding='latin1'?>",
    "<?a",
    "?>",
    "<",
    ">",
    "/",
    "/>",
    "=",
    "\"",
    "'",
    "&",
    "&lt;",
    "&#x41;",
    "&#65",
    "&#xD800;",
    "&#99999999999999999999;",
    "&quot",
    ";",
    "#",
    ":",
    "a:b",
    "a:b:c",
    " ",
    "\n",
    "\r",
    "\t",
    "é",
    "\\x01",
    "\\xff",
    "\\xc3",
    "\u{fffe}",
    "\\x00",
    "text",
    "1",
    "-",
    "!",
];

#[test]
fn pages() {
    let Some(go) = Go::find("pages") else { return };
    let place = tempfile::tempdir().expect("a temporary folder");
    let mut random = Random::new(7);
    let mut lines = String::new();
    let mut pages = Vec::new();
    for _ in 0..PAGES {
        // Of a page, and of the line that quotes it for Go.
        let (mut page, mut line) = (Vec::new(), String::from("\""));
        for _ in 0..random.below(14) {
            let piece = random.pick(PIECES);
            match piece.strip_prefix("\\x") {
                Some(hex) => {
                    page.push(u8::from_str_radix(hex, 16).expect("hex"));
                    line += piece;
                }
                None => {
                    page.extend_from_slice(piece.as_bytes());
                    for c in piece.chars() {
                        line += &match c {
                            '"' => "\\\"".to_owned(),
                            '\n' => "\\n".to_owned(),
                            '\r' => "\\r".to_owned(),
                            c => c.to_string(),
                        };
                    }
                }
            }
        }
        lines += &(line + "\"\n");
        pages.push(page);
    }
    fs::write(place.path().join("pages"), lines).expect("a writable folder");
    fs::write(place.path().join("main.go"), READER).expect("a writable folder");
    let done = Command::new(go.program())
        .args(["run", "main.go"])
        .current_dir(place.path())
        .envs([("GOTOOLCHAIN", "local"), ("GOENV", "off"), ("GOFLAGS", ""), ("GOWORK", "off")])
        .stdin(fs::File::open(place.path().join("pages")).expect("the pages"))
        .output()
        .expect("go can be run");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let by_go = String::from_utf8(done.stdout).expect("text");
    assert_eq!(by_go.lines().count(), PAGES);
    for (page, by_go) in pages.iter().zip(by_go.lines()) {
        let shown = String::from_utf8_lossy(page);
        let by_us = match page::tags(page) {
            Ok(tags) => {
                let tags: Vec<String> = tags
                    .iter()
                    .map(|tag| {
                        let words = [&tag.prefix, &tag.vcs, &tag.repository, &tag.subdirectory];
                        let words: Vec<&str> = words.map(String::as_str).into();
                        gomodfetch::spec::quote::quote(words.join(" ").trim_end_matches(' '))
                    })
                    .collect();
                format!("[{}]", tags.join(" "))
            }
            Err(err) => format!("error {}", gomodfetch::spec::quote::quote(&err.to_string())),
        };
        assert_eq!(by_us, by_go, "{shown:?}");
    }
}
