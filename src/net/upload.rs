//! A file that is sent to a server, to be stored there.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;

use crate::net::error::NetError;
use crate::net::url::SafeUrl;

/// Bytes read from the file at a time.
const PIECE: u64 = 64 << 10;

/// A file to be sent.
#[derive(Debug)]
pub struct Upload {
    file: PathBuf,
    sent: Arc<AtomicU64>,
}

impl Upload {
    /// This file.
    pub fn new(file: PathBuf) -> Upload {
        Upload { file, sent: Arc::default() }
    }

    /// Counts what is taken of the file; it changes as long as something goes on.
    pub fn progress(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// That nothing goes on any more.
    pub fn stalled(&self, url: &SafeUrl, after: Duration) -> NetError {
        let text = format!("nothing was taken for {} seconds", after.as_secs());
        NetError::Put { url: url.to_string(), text }
    }

    /// Opens the file: its length, and its content in pieces.
    pub(super) fn open(
        &self,
    ) -> std::io::Result<(u64, impl Iterator<Item = std::io::Result<Bytes>> + Send + use<>)> {
        let file = std::fs::File::open(&self.file)?;
        let length = file.metadata()?.len();
        let (sent, mut left) = (Arc::clone(&self.sent), length);
        let pieces = std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let mut piece = Vec::new();
            let read = (&file).take(PIECE.min(left)).read_to_end(&mut piece);
            // A file that has become shorter can't be sent any more.
            let read = match read {
                Ok(0) => Err(std::io::ErrorKind::UnexpectedEof.into()),
                read => read,
            };
            sent.fetch_add(1, Ordering::Relaxed);
            left = read.as_ref().map_or(0, |count| left.saturating_sub(*count as u64));
            Some(read.map(|_| Bytes::from(piece)))
        });
        Ok((length, pieces))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_in_pieces_and_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("f");
        for size in [0, 1, 200_000] {
            std::fs::write(&file, vec![b'x'; size]).unwrap();
            let upload = Upload::new(file.clone());
            let (length, pieces) = upload.open().unwrap();
            let data: Vec<u8> = pieces.flat_map(|piece| piece.unwrap()).collect();
            assert_eq!((length, data.len()), (size as u64, size));
            assert_eq!(upload.progress(), (size as u64).div_ceil(PIECE));
        }
        let upload = Upload::new(file.clone());
        let (_, mut pieces) = upload.open().unwrap();
        std::fs::write(&file, "").unwrap();
        assert!(pieces.next().unwrap().is_err() && pieces.next().is_none());
    }
}
