//! Where the bytes of a zip come from: memory, or a file that is read in pieces.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

/// Bytes that can be read at any place, by several threads at once.
pub trait ReadAt {
    /// How many bytes there are.
    ///
    /// # Errors
    /// Those of the file.
    fn size(&self) -> io::Result<u64>;

    /// Reads bytes from `offset` on into `buf` and says how many; fewer than asked for need not
    /// mean that the end is near, but none (for a `buf` that is not empty) means that `offset` is
    /// at or past the end.
    ///
    /// # Errors
    /// Those of the file.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// All bytes, where they are in memory already: then nothing is copied on the way.
    fn as_bytes(&self) -> Option<&[u8]> {
        None
    }
}

impl ReadAt for [u8] {
    fn size(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = slice(self, offset, buf.len() as u64);
        if let Some(to) = buf.get_mut(..rest.len()) {
            to.copy_from_slice(rest);
        }
        Ok(rest.len())
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        Some(self)
    }
}

/// A zip in memory that belongs to whoever holds this: a vector, shared bytes, an `Arc<[u8]>`.
#[derive(Debug, Clone)]
pub struct InMemory<T>(pub T);

impl<T: AsRef<[u8]>> ReadAt for InMemory<T> {
    fn size(&self) -> io::Result<u64> {
        self.0.as_ref().size()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.as_ref().read_at(buf, offset)
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        Some(self.0.as_ref())
    }
}

impl ReadAt for File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    #[cfg(unix)]
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buf, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, buf, offset)
    }
}

macro_rules! forward_to_target {
    ($($pointer:ty),*) => {$(
        impl<R: ReadAt + ?Sized> ReadAt for $pointer {
            fn size(&self) -> io::Result<u64> {
                (**self).size()
            }

            fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
                (**self).read_at(buf, offset)
            }

            fn as_bytes(&self) -> Option<&[u8]> {
                (**self).as_bytes()
            }
        }
    )*};
}

forward_to_target!(&R, Arc<R>);

/// The at most `len` bytes from `offset` on; fewer, or none, where the end comes before.
pub(super) fn slice(bytes: &[u8], offset: u64, len: u64) -> &[u8] {
    let start = usize::try_from(offset).map_or(bytes.len(), |start| start.min(bytes.len()));
    let rest = bytes.get(start..).unwrap_or_default();
    let len = usize::try_from(len).map_or(rest.len(), |len| len.min(rest.len()));
    rest.get(..len).unwrap_or_default()
}

/// Reads until `buf` is full or the end is reached, and hands back what was read.
pub(super) fn read_up_to<'b, R: ReadAt + ?Sized>(
    source: &R,
    buf: &'b mut [u8],
    offset: u64,
) -> io::Result<&'b [u8]> {
    let mut filled = 0;
    while let Some(rest) = buf.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match source.read_at(rest, offset.saturating_add(filled as u64)) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            Err(err) => return Err(err),
        }
    }
    Ok(buf.get(..filled).unwrap_or_default())
}

/// A part of a source, to be read from begin to end.
pub(super) struct Section<'a, R> {
    source: &'a R,
    offset: u64,
    left: u64,
}

impl<'a, R> Section<'a, R> {
    pub(super) fn new(source: &'a R, offset: u64, len: u64) -> Self {
        Self { source, offset, left: len }
    }
}

impl<R: ReadAt> Read for Section<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = usize::try_from(self.left).map_or(buf.len(), |left| left.min(buf.len()));
        let n = self.source.read_at(buf.get_mut(..len).unwrap_or_default(), self.offset)?;
        self.offset += n as u64;
        self.left -= n as u64;
        Ok(n)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::io::Write as _;

    /// A file that hands out a few bytes at a time.
    pub(in super::super) struct Dribble<'a>(pub(in super::super) &'a [u8]);

    impl ReadAt for Dribble<'_> {
        fn size(&self) -> io::Result<u64> {
            self.0.size()
        }

        fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
            let len = buf.len().min(7);
            self.0.read_at(&mut buf[..len], offset)
        }
    }

    #[test]
    fn all_sources_read_the_same() {
        let bytes: Vec<u8> = (0..100).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let sources: [&dyn ReadAt; 5] = [
            &&bytes[..],
            &InMemory(bytes.clone()),
            &file,
            &Dribble(&bytes),
            &Arc::new(Dribble(&bytes)),
        ];
        for (i, source) in sources.into_iter().enumerate() {
            assert_eq!(source.size().unwrap(), 100);
            for (offset, len, want) in [
                (0, 100, 0..100),
                (3, 20, 3..23),
                (90, 20, 90..100),
                (100, 5, 100..100),
                (7, 0, 7..7),
            ] {
                let mut buf = vec![0; len];
                assert_eq!(read_up_to(source, &mut buf, offset).unwrap(), &bytes[want], "{i}");
            }
            let mut section = Vec::new();
            Section::new(&source, 10, 30).read_to_end(&mut section).unwrap();
            assert_eq!(section, &bytes[10..40]);
            assert_eq!(source.as_bytes().is_some(), i < 2);
        }
    }

    #[test]
    fn slices_end_where_the_bytes_end() {
        for (offset, len, want) in
            [(0, 3, "abc"), (1, 1, "b"), (2, u64::MAX, "c"), (3, 1, ""), (u64::MAX, u64::MAX, "")]
        {
            assert_eq!(slice(b"abc", offset, len), want.as_bytes());
        }
    }
}
