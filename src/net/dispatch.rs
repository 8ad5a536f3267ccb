//! One transport made of several: each address goes to the one whose base it lies below.

use crate::net::{Ask, BoxFuture, NetError, Response, SafeUrl, Transport};

/// Transports by the addresses that they are for.
pub struct Dispatch<T> {
    bases: Vec<(String, T)>,
    rest: T,
}

impl<T: Transport> Dispatch<T> {
    /// `rest` for everything, until others are added.
    pub fn new(rest: T) -> Dispatch<T> {
        Dispatch { bases: Vec::new(), rest }
    }

    /// `transport` for the address `base` and all below it. Of two bases the longer one holds.
    pub fn add(&mut self, base: &str, transport: T) {
        self.bases.push((base.trim_end_matches('/').to_owned(), transport));
        self.bases.sort_by_key(|(base, _)| std::cmp::Reverse(base.len()));
    }

    fn of(&self, url: &SafeUrl) -> &T {
        let url = url.secret();
        let host = url.host_str().unwrap_or_default();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let address = format!("{}://{host}{port}{}", url.scheme(), url.path());
        let found = self.bases.iter().find(|(base, _)| {
            let rest = address.strip_prefix(base.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        found.map_or(&self.rest, |(_, transport)| transport)
    }
}

impl<T: Transport> Transport for Dispatch<T> {
    fn get<'a>(&'a self, url: &'a SafeUrl, ask: Ask) -> BoxFuture<'a, Result<Response, NetError>> {
        self.of(url).get(url, ask)
    }

    fn length<'a>(
        &'a self,
        url: &'a SafeUrl,
        ask: Ask,
    ) -> BoxFuture<'a, Result<Option<u64>, NetError>> {
        self.of(url).length(url, ask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Named(&'static str);

    impl Transport for Named {
        fn get<'a>(&'a self, _: &'a SafeUrl, _: Ask) -> BoxFuture<'a, Result<Response, NetError>> {
            Box::pin(async { Err(NetError::Refused(self.0.to_owned())) })
        }
        fn length<'a>(
            &'a self,
            _: &'a SafeUrl,
            _: Ask,
        ) -> BoxFuture<'a, Result<Option<u64>, NetError>> {
            Box::pin(async { Err(NetError::Refused(self.0.to_owned())) })
        }
    }

    #[tokio::test]
    async fn the_longest_base_holds() {
        let mut dispatch = Dispatch::new(Named("rest"));
        dispatch.add("https://a.example", Named("a"));
        dispatch.add("https://a.example/go/", Named("a/go"));
        dispatch.add("https://b.example:8443", Named("b"));
        for (url, want) in [
            ("https://a.example", "a"),
            ("https://u:p@a.example/x/y", "a"),
            ("https://a.example/go", "a/go"),
            ("https://a.example/go/x", "a/go"),
            ("https://a.example/gopher", "a"),
            ("https://a.example.org/x", "rest"),
            ("http://a.example/x", "rest"),
            ("https://b.example/x", "rest"),
            ("https://b.example:8443/x", "b"),
        ] {
            let url = SafeUrl::new(url::Url::parse(url).unwrap());
            let ask = Ask::default();
            assert_eq!(dispatch.get(&url, ask).await.err().unwrap().to_string(), want, "{url}");
            assert_eq!(dispatch.length(&url, ask).await.unwrap_err().to_string(), want, "{url}");
        }
    }
}
