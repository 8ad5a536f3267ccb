//! Pages that a fake server holds, and the repositories that they lead to.

use std::collections::HashMap;
use std::sync::Mutex;

use bytes::Bytes;

use super::*;
use crate::net::error::RequestCause;

/// Pages by address, and what was asked for.
#[derive(Default)]
struct Pages {
    pages: HashMap<String, (u16, String)>,
    asked: Mutex<Vec<String>>,
}

impl Transport for Pages {
    fn get<'a>(&'a self, url: &'a SafeUrl, _: Ask) -> BoxFuture<'a, Result<Response, NetError>> {
        Box::pin(async move {
            let asked = url.secret().to_string();
            self.asked.lock().unwrap().push(asked.clone());
            let Some((status, page)) = self.pages.get(&asked) else {
                let text = "dial tcp: refused".to_owned();
                let cause = RequestCause::Connect;
                return Err(NetError::Request { url: url.to_string(), text, cause });
            };
            let page = Bytes::from(page.clone());
            Ok(Response {
                url: url.clone(),
                status: *status,
                status_text: format!("{status} Whatever"),
                media_type: "text/plain".into(),
                length: None,
                extra: crate::net::Extra::default(),
                tried: None,
                body: Box::pin(futures_util::stream::iter([Ok(Piece::Data(page))])),
            })
        })
    }

    fn length<'a>(
        &'a self,
        _: &'a SafeUrl,
        _: Ask,
    ) -> BoxFuture<'a, Result<Option<u64>, NetError>> {
        Box::pin(async { Ok(None) })
    }
}

fn tag(content: &str) -> String {
    format!("<html><head><meta name=\"go-import\" content=\"{content}\"></head>")
}

fn discovery(pages: &[(&str, u16, String)]) -> (Discovery, Arc<Pages>) {
    let pages =
        pages.iter().map(|(url, status, page)| ((*url).to_owned(), (*status, page.clone())));
    let pages = Arc::new(Pages { pages: pages.collect(), asked: Mutex::default() });
    let rules = Rules {
        insecure: Arc::new(|path| path.starts_with("insecure.example")),
        allows: Arc::new(|system, root| match system {
            System::Git | System::Hg => Ok(()),
            _ => Err(Error::message(ErrorKind::Other, format!("no {} for {root}", system.name()))),
        }),
        git_protocols: String::new(),
    };
    let ping: Ping = Arc::new(|_, url| Box::pin(async move { url.ends_with("there/r") }));
    (Discovery::new(pages.clone(), pages.clone(), rules, ping), pages)
}

fn shown(place: &Place) -> String {
    match place {
        Place::Proxy(url) => format!("proxy {url}"),
        Place::Repository(Repository { system, url, root, subdirectory }) => {
            format!("{} {url} {root} {subdirectory}", system.name()).trim_end().to_owned()
        }
    }
}

async fn find(pages: &[(&str, u16, String)], path: &str) -> String {
    match discovery(pages).0.find(path).await {
        Ok(place) => shown(&place),
        Err(err) => {
            assert_eq!(err.kind(), ErrorKind::NotFound);
            err.to_string()
        }
    }
}

#[tokio::test]
async fn paths_that_tell_all() {
    for (path, want) in [
        ("github.com/u/r/x", "git https://github.com/u/r github.com/u/r"),
        ("chiselapp.com/user/u/repository/r", "no fossil for chiselapp.com/user/u/repository/r"),
        (
            "there.example/there/r.git/x",
            "git https://there.example/there/r there.example/there/r.git",
        ),
        ("there.example/not/r.hg", "no secure protocol found for repository"),
        ("insecure.example/not/r.hg", "no protocol found for repository"),
        (
            "insecure.example/there/r.git",
            "git git://insecure.example/there/r insecure.example/there/r.git",
        ),
        ("example.com/r.svn", "no svn for example.com/r.svn"),
        ("example.net/x", "no modules on example.net"),
    ] {
        assert_eq!(find(&[], path).await, want, "{path}");
    }
}

#[tokio::test]
async fn pages() {
    let url = "https://example.com/a?go-get=1";
    for (page, want) in [
        (
            tag("example.com/a git https://r.example.com/a"),
            "git https://r.example.com/a example.com/a",
        ),
        (
            tag("example.com/a git https://r.example.com/a b/c"),
            "git https://r.example.com/a example.com/a b/c",
        ),
        (tag("example.com/a mod https://p.example.com"), "proxy https://p.example.com"),
        (
            tag("example.com/a cvs https://r.example.com/a"),
            "https://example.com/a?go-get=1: unknown vcs \"cvs\"",
        ),
        (tag("example.com/a svn https://r.example.com/a"), "no svn for example.com/a"),
        (
            tag("example.com/a git file:///etc"),
            "https://example.com/a?go-get=1: invalid repo root \"file:///etc\": file scheme disallowed",
        ),
        (
            tag("example.com/a git r.example.com"),
            "https://example.com/a?go-get=1: invalid repo root \"r.example.com\": no scheme",
        ),
        (
            tag("example.com/a git https://r.example.com -x"),
            "https://example.com/a?go-get=1: invalid subdirectory \"-x\": leading hyphen",
        ),
        (
            tag("example.org/a git https://r.example.com"),
            "parse https://example.com/a?go-get=1: no go-import meta tags (meta tag example.org/a did not match import path example.com/a)",
        ),
        ("hello".into(), "parse https://example.com/a?go-get=1: no go-import meta tags ()"),
        ("<".into(), "parsing example.com/a: XML syntax error on line 1: unexpected EOF"),
        (
            tag("example.com/a git https://r.example.com")
                + &tag("example.com/a hg https://r.example.com"),
            "git https://r.example.com example.com/a",
        ),
        (
            tag("example.com/a git https://r.example.com")
                .replace("</head>", &tag("example.com hg https://r")),
            "parse //example.com/a?go-get=1: multiple meta tags match import path \"example.com/a\"",
        ),
    ] {
        let told = find(&[(url, 200, page.clone())], "example.com/a").await;
        let told =
            told.strip_prefix("unrecognized import path \"example.com/a\": ").unwrap_or(&told);
        assert_eq!(told, want, "{page}");
    }
    // Any status will do for a page that tells something.
    let page = tag("example.com/a git https://r.example.com/a");
    let told = find(&[(url, 404, page)], "example.com/a").await;
    assert_eq!(told, "git https://r.example.com/a example.com/a");
    let told = find(&[(url, 404, "no such\nthing <".into())], "example.com/a").await;
    assert_eq!(
        told,
        "unrecognized import path \"example.com/a\": reading https://example.com/a?go-get=1: \
         404 Whatever\n\tserver response:\n\tno such\n\tthing <"
    );
    assert_eq!(
        find(&[], "example.com/a").await,
        "unrecognized import path \"example.com/a\": https fetch: \
         Get \"https://example.com/a?go-get=1\": dial tcp: refused"
    );
    assert_eq!(
        find(&[], "a/b").await,
        "unrecognized import path \"a/b\": import path does not begin with hostname"
    );
}

#[tokio::test]
async fn a_page_for_a_shorter_prefix_must_agree() {
    let urls = ["https://example.com/a/b?go-get=1", "https://example.com/a?go-get=1"];
    let good = tag("example.com/a git https://r.example.com");
    let other = tag("example.com/a git https://evil.example.com");
    let before = "unrecognized import path \"example.com/a/b\": ";
    for (page, want) in [
        (good.clone(), "git https://r.example.com example.com/a"),
        (
            other,
            "https://example.com/a/b?go-get=1 and //example.com/a?go-get=1 disagree about go-import for example.com/a",
        ),
        (
            String::new(),
            "fetching example.com/a: no go-import meta tag found in https://example.com/a?go-get=1",
        ),
        (
            "<".into(),
            "parsing https://example.com/a?go-get=1: XML syntax error on line 1: unexpected EOF",
        ),
    ] {
        let told =
            find(&[(urls[0], 200, good.clone()), (urls[1], 200, page)], "example.com/a/b").await;
        assert_eq!(told.strip_prefix(before).unwrap_or(&told), want);
    }
    let told = find(&[(urls[0], 200, good.clone())], "example.com/a/b").await;
    let want = "fetching example.com/a: Get \"https://example.com/a?go-get=1\": dial tcp: refused";
    assert_eq!(told.strip_prefix(before), Some(want));

    // One page for all paths below it.
    let all = [
        (urls[0], 200, good.clone()),
        (urls[1], 200, good.clone()),
        ("https://example.com/a/c?go-get=1", 200, good),
    ];
    let (discovery, pages) = discovery(&all);
    for path in ["example.com/a/b", "example.com/a/c", "example.com/a/b"] {
        assert_eq!(
            shown(&discovery.find(path).await.unwrap()),
            "git https://r.example.com example.com/a"
        );
    }
    assert_eq!(
        *pages.asked.lock().unwrap(),
        [urls[0], urls[1], "https://example.com/a/c?go-get=1"]
    );
}

#[tokio::test]
async fn http_only_where_the_user_says_so() {
    let page = tag("insecure.example/a git http://r.example.com");
    let told =
        find(&[("http://insecure.example/a?go-get=1", 200, page)], "insecure.example/a").await;
    assert_eq!(told, "git http://r.example.com insecure.example/a");
    assert_eq!(
        find(&[], "insecure.example/a").await,
        "unrecognized import path \"insecure.example/a\": http/https fetch: \
         Get \"http://insecure.example/a?go-get=1\": dial tcp: refused"
    );
    let page = tag("example.com/a git http://r.example.com");
    let told = find(&[("http://example.com/a?go-get=1", 200, page)], "example.com/a").await;
    assert!(told.contains("https fetch"), "{told}");
}

#[tokio::test]
async fn launchpad_where_its_page_says_nothing() {
    let told = find(&[], "launchpad.net/p/s").await;
    assert_eq!(told, "no bzr for launchpad.net/p");
    let probe = "https://code.launchpad.net/p/s/.bzr/branch-format";
    let told = find(&[(probe, 200, String::new())], "launchpad.net/p/s").await;
    assert_eq!(told, "no bzr for launchpad.net/p/s");
}
