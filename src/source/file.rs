//! `file://` proxies: a tree of files in the proxy layout, such as another machine's cache/download.

use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt;

use crate::net::{Ask, BoxFuture, Extra, NetError, Piece, Response, SafeUrl, Transport};
use crate::sys::IoError;
use crate::sys::error::{at, reason};
use crate::sys::file::{self, TempFile};

/// Bytes read from a file at a time.
const PIECE: usize = 128 << 10;

/// A [`Transport`] that opens files, and leaves every other scheme to the one below it.
pub struct FileTransport<T> {
    below: T,
}

impl<T: Transport> FileTransport<T> {
    /// Files first, `below` for the rest.
    pub fn new(below: T) -> FileTransport<T> {
        FileTransport { below }
    }
}

impl<T: Transport> Transport for FileTransport<T> {
    fn get<'a>(&'a self, url: &'a SafeUrl, ask: Ask) -> BoxFuture<'a, Result<Response, NetError>> {
        if url.scheme() == "file" {
            Box::pin(async move { open(url) })
        } else {
            self.below.get(url, ask)
        }
    }

    fn length<'a>(
        &'a self,
        url: &'a SafeUrl,
        ask: Ask,
    ) -> BoxFuture<'a, Result<Option<u64>, NetError>> {
        if url.scheme() == "file" {
            Box::pin(async move { Ok(open(url)?.length) })
        } else {
            self.below.length(url, ask)
        }
    }
}

fn open(url: &SafeUrl) -> Result<Response, NetError> {
    let path = file_path(url)?;
    let failed = |err: &std::io::Error| NetError::File {
        url: url.to_string(),
        text: reason(err),
        not_found: err.kind() == std::io::ErrorKind::NotFound,
        forbidden: err.kind() == std::io::ErrorKind::PermissionDenied,
    };
    let meta = std::fs::metadata(&path).map_err(|err| failed(&err))?;
    if !meta.is_file() {
        let what = if meta.is_dir() { "is a directory" } else { "not a regular file" };
        return Err(failed(&std::io::Error::other(what)));
    }
    let file = std::fs::File::open(&path).map_err(|err| failed(&err))?;
    Ok(Response {
        url: url.clone(),
        status: 200,
        status_text: "OK".into(),
        media_type: String::new(),
        length: Some(meta.len()),
        extra: Extra::default(),
        tried: None,
        body: futures_util::stream::iter(Pieces { file, url: url.clone(), done: false }).boxed(),
    })
}

/// Puts a copy of `file` where a file URL says, unless there is one already. Blocks.
///
/// # Errors
/// When it can't be read or written; nothing is left behind then.
pub fn store_file(file: &Path, url: &SafeUrl) -> Result<(), NetError> {
    let target = file_path(url)?;
    let failed = |text: String| NetError::Put { url: url.to_string(), text };
    if target.exists() {
        return Ok(());
    }
    let (Some(dir), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(failed("no such place".to_owned()));
    };
    let copy = || -> Result<(), IoError> {
        file::create_dir_all(dir)?;
        let mut temp = TempFile::create(dir, &name.to_string_lossy())?;
        let mut source = std::fs::File::open(file).map_err(at("open", file))?;
        let mut piece = vec![0; PIECE];
        loop {
            match source.read(&mut piece).map_err(at("read", file))? {
                0 => return temp.persist(&target),
                count => temp.write_all(piece.get(..count).unwrap_or_default())?,
            }
        }
    };
    copy().map_err(|err| failed(err.to_string()))
}

/// The path that a file URL names on this system.
fn file_path(url: &SafeUrl) -> Result<PathBuf, NetError> {
    let decoded = url.secret().to_file_path();
    let path = decoded.map_err(|()| NetError::Refused(format!("invalid file URL: {url}")))?;
    if !Path::new(&path).is_absolute() {
        return Err(NetError::Refused(format!("path is not absolute: {url}")));
    }
    Ok(path)
}

/// The content of a file, piece by piece.
struct Pieces {
    file: std::fs::File,
    url: SafeUrl,
    done: bool,
}

impl Iterator for Pieces {
    type Item = Result<Piece, NetError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let mut piece = Vec::with_capacity(PIECE);
        match (&self.file).take(PIECE as u64).read_to_end(&mut piece) {
            Ok(0) => None,
            Ok(_) => Some(Ok(Piece::Data(Bytes::from(piece)))),
            Err(err) => {
                self.done = true;
                let (url, text) = (self.url.to_string(), reason(&err));
                Some(Err(NetError::Body { url, text, silent: false }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;
    impl Transport for Nothing {
        fn get<'a>(
            &'a self,
            url: &'a SafeUrl,
            _: Ask,
        ) -> BoxFuture<'a, Result<Response, NetError>> {
            Box::pin(async move { Err(NetError::Refused(format!("asked {url}"))) })
        }
        fn length<'a>(
            &'a self,
            url: &'a SafeUrl,
            _: Ask,
        ) -> BoxFuture<'a, Result<Option<u64>, NetError>> {
            Box::pin(async move { Err(NetError::Refused(format!("asked {url}"))) })
        }
    }

    #[tokio::test]
    async fn reads_files_and_says_what_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        let big = vec![7u8; PIECE * 2 + 5];
        std::fs::write(dir.path().join("some file"), &big).unwrap();
        let base = SafeUrl::new(url::Url::from_directory_path(dir.path()).unwrap());
        let ask = Ask::default();
        let transport = FileTransport::new(Nothing);
        let response = transport.get(&base.join("some%20file"), ask).await.unwrap();
        let length = transport.length(&base.join("some%20file"), ask).await;
        assert_eq!(length, Ok(Some(big.len() as u64)));
        let budget = crate::sys::budget::Budget::new(1 << 30);
        assert!(*response.bytes(1 << 30, &budget).await.unwrap() == *big);
        let missing = transport.get(&base.join("other"), ask).await.err().unwrap();
        assert!(missing.is_not_found());
        assert!(missing.to_string().ends_with("other: no such file or directory"), "{missing}");
        let directory = transport.get(&base.join(""), ask).await.err().unwrap();
        assert!(!directory.is_not_found());
        let source = dir.path().join("some file");
        for name in ["a/b/c", "a/b/c"] {
            assert_eq!(store_file(&source, &base.join(name)), Ok(()));
            assert!(std::fs::read(dir.path().join(name)).unwrap() == big);
        }
        assert_eq!(std::fs::read_dir(dir.path().join("a/b")).unwrap().count(), 1);
        let err = store_file(&source, &base.join("a/b/c/d")).unwrap_err().to_string();
        assert!(err.starts_with("Put \"file://") && err.contains("a/b/c"), "{err}");
        let http = SafeUrl::new(url::Url::parse("http://example.com/x").unwrap());
        assert!(transport.get(&http, ask).await.is_err());
    }
}
