//! The go-import tags of a page.

use std::collections::HashSet;

use super::Tag;
use super::tokens::{PageError, Token, Tokens};

/// The go-import tags in the head of a page, those of proxies first. A prefix for which there is a
/// proxy is listed with that alone.
///
/// Reading ends with the head or where the body begins. What is no markup after the first tag is passed
/// over in silence.
///
/// # Errors
/// The page can't be read, and nothing was found before that.
pub fn tags(page: &[u8]) -> Result<Vec<Tag>, PageError> {
    let mut tags = Vec::new();
    let mut tokens = Tokens::new(page);
    loop {
        let token = match tokens.next() {
            Ok(Some(token)) => token,
            Err(err) if tags.is_empty() => return Err(err),
            Ok(None) | Err(_) => break,
        };
        match token {
            Token::Start { name, .. } if name.eq_ignore_ascii_case("body") => break,
            Token::End { name } if name.eq_ignore_ascii_case("head") => break,
            Token::Start { name, attributes } if name.eq_ignore_ascii_case("meta") => {
                tags.extend(go_import(&attributes));
            }
            _ => {}
        }
    }
    let (mut list, others): (Vec<Tag>, Vec<Tag>) =
        tags.into_iter().partition(|tag| tag.vcs == "mod");
    let by_proxy: HashSet<String> = list.iter().map(|tag| tag.prefix.clone()).collect();
    list.extend(others.into_iter().filter(|tag| !by_proxy.contains(&tag.prefix)));
    Ok(list)
}

fn go_import(attributes: &[(String, String)]) -> Option<Tag> {
    let value = |wanted: &str| {
        let mut found = attributes.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.next().map_or("", |(_, value)| value)
    };
    if value("name") != "go-import" {
        return None;
    }
    let words: Vec<&str> = value("content").split_whitespace().take(5).collect();
    let (prefix, vcs, repository, subdirectory) = match *words {
        [prefix, vcs, repository] => (prefix, vcs, repository, ""),
        [prefix, vcs, repository, subdirectory] => (prefix, vcs, repository, subdirectory),
        _ => return None,
    };
    Some(Tag {
        prefix: prefix.to_owned(),
        vcs: vcs.to_owned(),
        repository: repository.to_owned(),
        subdirectory: subdirectory.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(page: &str) -> String {
        match tags(page.as_bytes()) {
            Ok(tags) => tags
                .iter()
                .map(|tag| {
                    let Tag { prefix, vcs, repository, subdirectory } = tag;
                    format!("{prefix} {vcs} {repository} {subdirectory}").trim_end().to_owned()
                })
                .collect::<Vec<_>>()
                .join("; "),
            Err(err) => err.to_string(),
        }
    }

    #[test]
    fn tags_as_people_write_them() {
        for (page, want) in [
            ("", ""),
            ("<meta name=\"go-import\" content=\"a git b\">", "a git b"),
            ("<META NAME='go-import' CONTENT='a git b'/>", "a git b"),
            ("<meta content=\"a\n git\tb d\" name=go-import>", "a git b d"),
            ("<meta name=\"go-import\" content=\"a git\">", ""),
            ("<meta name=\"go-import\" content=\"a git b c d\">", ""),
            ("<meta name=\"Go-Import\" content=\"a git b\">", ""),
            ("<meta name=go-import x:content=\"a git b\">", "a git b"),
            (
                "<!DOCTYPE html><html><head><script async src='x.js'></script>\
                 <link rel=a href=\"b&c=&amp;&nbsp;&#x2f;\"><meta charset=utf-8>\
                 <meta name=go-import content=\"a git https://b/&#x63;&amp;d\"></head>",
                "a git https://b/c&d",
            ),
            ("<body><meta name=go-import content=\"a git b\">", ""),
            ("</HEAD><meta name=go-import content=\"a git b\">", ""),
            // Those of proxies displace others of their prefix, and come first.
            (
                "<meta name=go-import content=\"a git b\"><meta name=go-import content=\"c git d\">\
                 <meta name=go-import content=\"a mod e\">",
                "a mod e; c git d",
            ),
        ] {
            assert_eq!(told(page), want, "{page:?}");
        }
    }

    #[test]
    fn pages_that_are_no_pages() {
        let good = "<meta name=go-import content=\"a git b\">";
        for (page, want) in [
            ("plain text", ""),
            ("<", "XML syntax error on line 1: unexpected EOF"),
            ("\n\n< a>", "XML syntax error on line 3: expected element name after <"),
            ("</ a>", "XML syntax error on line 1: expected element name after </"),
            ("</a b>", "XML syntax error on line 1: invalid characters between </a and >"),
            ("<? x?>", "XML syntax error on line 1: expected target name after <?"),
            ("<a /b>", "XML syntax error on line 1: expected /> in element"),
            ("<a 1=2>", "XML syntax error on line 1: invalid XML name: 1"),
            ("<a =2>", "XML syntax error on line 1: expected attribute name in element"),
            ("<a:b:c>", "XML syntax error on line 1: expected element name after <"),
            ("<a b=\"<\">", "XML syntax error on line 1: unescaped < inside quoted string"),
            ("<a b=\"c", "XML syntax error on line 1: unexpected EOF"),
            ("<!-x", "XML syntax error on line 1: invalid sequence <!- not part of <!--"),
            (
                "<!-- a -- b -->",
                "XML syntax error on line 1: invalid sequence \"--\" not allowed in comments",
            ),
            ("<![CDAT[", "XML syntax error on line 1: invalid <![ sequence"),
            ("<![CDATA[ x", "XML syntax error on line 1: unexpected EOF in CDATA section"),
            ("a ]]> b", "XML syntax error on line 1: unescaped ]]> not in CDATA section"),
            ("a \u{1} b", "XML syntax error on line 1: illegal character code U+0001"),
            (
                "<?xml version=\"1.1\"?>",
                "xml: unsupported version \"1.1\"; only version 1.0 is supported",
            ),
            (
                "<?xml version='1.0' encoding=\"latin1\"?>",
                "xml: opening charset \"latin1\": can't decode XML document using charset \"latin1\"",
            ),
            ("<?xml version='1.0' encoding='UTF-8'?><a/>", ""),
            ("<?xml encoding='ascii'?>", ""),
        ] {
            assert_eq!(told(page), want, "{page:?}");
            assert_eq!(told(&format!("{good}{page}")), "a git b", "{page:?}");
        }
        assert_eq!(
            tags(b"\xff").unwrap_err().to_string(),
            "XML syntax error on line 1: invalid UTF-8"
        );
    }

    #[test]
    fn what_surrounds_a_tag_does_not_matter() {
        for before in [
            "<!DOCTYPE html PUBLIC \"-//W3C//DTD '> XHTML\" '\"'>",
            "<!DOCTYPE html [<!ENTITY a \"b\"> <!-- > --> <!-x>]>",
            "<!-- <body> - -->",
            "<![CDATA[<body>]]>",
            "<?php echo '<body>' ?>",
            "<title>a & b &unknown; &#; &#99999999; c</title>",
            "<a b c = d e='f\r\ng'>",
        ] {
            let page = format!("{before}<meta name=go-import content='a git b'>");
            assert_eq!(told(&page), "a git b", "{before}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(page in prop::collection::vec(
            prop_oneof![
                Just("<"), Just(">"), Just("meta"), Just(" "), Just("name=go-import"), Just("\""),
                Just("content=\""), Just("&"), Just("#x"), Just(";"), Just("!"), Just("--"),
                Just("[CDATA["), Just("]]>"), Just("?"), Just("xml"), Just("/"), Just("é"), Just("\n"),
            ],
            0..40,
        )) {
            let _ = tags(page.concat().as_bytes());
        }

        #[test]
        fn no_bytes_panic(page: Vec<u8>) {
            let _ = tags(&page);
        }
    }
}
