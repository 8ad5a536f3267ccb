//! What a server has been given to keep (PUT), as a web server with DAV keeps it.

use std::collections::BTreeMap;
use std::pin::Pin;

use bytes::Bytes;
use hyper::body::{Body as _, Incoming};

use super::reply::Reply;
use super::requests::Request;

/// Files by their path.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    files: BTreeMap<String, Bytes>,
}

impl Shelf {
    /// The paths of all files, sorted.
    pub fn paths(&self) -> Vec<&str> {
        self.files.keys().map(String::as_str).collect()
    }

    /// A file.
    pub fn get(&self, path: &str) -> Option<&Bytes> {
        self.files.get(path)
    }

    /// Puts a file there.
    pub fn insert(&mut self, path: &str, content: impl Into<Bytes>) {
        self.files.insert(path.to_owned(), content.into());
    }

    /// Takes a file away.
    pub fn remove(&mut self, path: &str) {
        self.files.remove(path);
    }

    /// Keeps the body of a request, unless it is not to replace what is there.
    pub fn put(&mut self, request: &Request, path: &str, body: Bytes) -> Reply {
        if request.header("if-none-match") == Some("*") && self.files.contains_key(path) {
            return Reply::error(412, "it is there");
        }
        self.insert(path, body);
        Reply::error(201, "created")
    }
}

/// The whole body of a request; nothing if it breaks off.
pub async fn read(mut body: Incoming) -> Option<Bytes> {
    let mut data = Vec::new();
    while let Some(frame) =
        std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
    {
        data.extend_from_slice(frame.ok()?.data_ref()?);
    }
    Some(data.into())
}
