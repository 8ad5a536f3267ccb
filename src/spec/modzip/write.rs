//! Making a module zip, from the first file to the last, with bounded memory.
//!
//! Implements [Module zip files](https://go.dev/ref/mod#zip-files). The headers are those that go
//! writes: no times, no modes, checksum and sizes behind the data. The compressed data is not what
//! go's own compressor would make of the same content, and need not be: what counts is the `h1:` hash.
//!
//! ```text
//! { local header, path@version/name, deflated content, checksum and sizes }
//! { directory entry } [ zip64 end record, its locator ] end record
//! ```
//!
//! ```
//! use gomodfetch::spec::modzip::{Archive, Inflater, Writer, hash_zip};
//! use gomodfetch::spec::module::Version;
//!
//! let mut zip = Writer::new(Vec::new(), &Version::new("example.com/m", "v1.0.0"));
//! zip.start(b"go.mod", 21).unwrap();
//! zip.write(b"module example.com/m\n").unwrap();
//! let bytes = zip.finish().unwrap();
//! let archive = Archive::open(&bytes[..]).unwrap();
//! assert!(hash_zip(&archive, &mut Inflater::exact()).unwrap().starts_with("h1:"));
//! ```

use std::io::{self, Write};

use flate2::{Compress, Compression, FlushCompress, Status};

use super::choose::{CreateError, CreateReason};
use crate::spec::module::Version;

/// The level at which go compresses.
const LEVEL: u32 = 5;
/// How much compressed data is collected before it is written, in bytes.
const PIECE: usize = 32 << 10;
/// The version of the format that is needed to read the zip: 2.0, or 4.5 for its zip64 end record.
const VERSION: u16 = 20;
const ZIP64_VERSION: u16 = 45;
/// Checksum and sizes stand behind the data.
const DESCRIBED: u16 = 1 << 3;
/// The name is UTF-8, and says so where other encodings would read it differently.
const UTF8: u16 = 1 << 11;
const DEFLATED: u16 = 8;

/// A module zip that is being written.
pub struct Writer<W> {
    out: W,
    /// `path@version/`.
    prefix: String,
    /// How many bytes have been written.
    position: u64,
    entries: u64,
    directory: Vec<u8>,
    current: Option<Current>,
    compress: Compress,
    piece: Vec<u8>,
}

/// The file whose content is being written.
struct Current {
    name: Vec<u8>,
    flags: u16,
    /// Where its local header stands.
    offset: u64,
    /// Where its data begins.
    start: u64,
    crc: crc32fast::Hasher,
    size: u64,
    declared: u64,
}

impl<W: Write> Writer<W> {
    /// The zip of `module`, written to `out`, which should be buffered: headers come in small pieces.
    pub fn new(out: W, module: &Version) -> Self {
        Self {
            out,
            prefix: format!("{}@{}/", module.path, module.version),
            position: 0,
            entries: 0,
            directory: Vec::new(),
            current: None,
            compress: Compress::new(Compression::new(LEVEL), false),
            piece: Vec::with_capacity(PIECE),
        }
    }

    /// Begins the file `path` (within the module), which will have at most `size` bytes.
    ///
    /// # Errors
    /// When the name is too long or nothing can be written.
    pub fn start(&mut self, path: &[u8], size: u64) -> Result<(), CreateError> {
        self.end_file()?;
        let name = [self.prefix.as_bytes(), path].concat();
        let name_len = u16::try_from(name.len()).map_err(|_| CreateReason::LongName)?;
        let flags = DESCRIBED | if needs_utf8(&name) { UTF8 } else { 0 };
        let offset = self.position;
        let mut header = b"PK\x03\x04".to_vec();
        header.extend(VERSION.to_le_bytes());
        header.extend(flags.to_le_bytes());
        header.extend(DEFLATED.to_le_bytes());
        // Time, date, checksum and the two sizes.
        header.extend([0; 16]);
        header.extend(name_len.to_le_bytes());
        header.extend([0; 2]);
        header.extend(&name);
        self.put(&header)?;
        self.compress.reset();
        self.current = Some(Current {
            name,
            flags,
            offset,
            start: self.position,
            crc: crc32fast::Hasher::new(),
            size: 0,
            declared: size,
        });
        Ok(())
    }

    /// Appends to the file that was begun last.
    ///
    /// # Errors
    /// When the file becomes larger than it was said to be, or can't be written.
    pub fn write(&mut self, content: &[u8]) -> Result<(), CreateError> {
        let Some(current) = &mut self.current else { return Ok(()) };
        current.size += content.len() as u64;
        if current.size > current.declared {
            let path = current.name.get(self.prefix.len()..).unwrap_or_default();
            let path = String::from_utf8_lossy(path).into_owned();
            return Err(CreateReason::Grown(path).into());
        }
        current.crc.update(content);
        self.deflate(content, FlushCompress::None).map_err(CreateReason::Io)?;
        Ok(())
    }

    /// Ends the zip.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn finish(mut self) -> Result<W, CreateError> {
        self.end_file()?;
        let offset = self.position;
        let directory = std::mem::take(&mut self.directory);
        self.put(&directory)?;
        let size = directory.len() as u64;
        let end = end_records(self.entries, size, offset, self.position);
        self.put(&end)?;
        self.out.flush().map_err(CreateReason::Io)?;
        Ok(self.out)
    }

    /// Writes what follows the content of a file, and notes its line of the directory.
    fn end_file(&mut self) -> Result<(), CreateError> {
        if self.current.is_none() {
            return Ok(());
        }
        self.deflate(&[], FlushCompress::Finish).map_err(CreateReason::Io)?;
        let Some(current) = self.current.take() else { return Ok(()) };
        let crc = current.crc.finalize();
        let compressed = self.position - current.start;
        // Neither reaches 4 GiB: all files together have at most 500 MiB.
        let sizes = [narrow(compressed), narrow(current.size)].concat();
        let described = [&b"PK\x07\x08"[..], &crc.to_le_bytes(), &sizes].concat();
        self.put(&described)?;

        let line = &mut self.directory;
        line.extend(b"PK\x01\x02");
        line.extend(VERSION.to_le_bytes());
        line.extend(VERSION.to_le_bytes());
        line.extend(current.flags.to_le_bytes());
        line.extend(DEFLATED.to_le_bytes());
        line.extend([0; 4]);
        line.extend(crc.to_le_bytes());
        line.extend(sizes);
        line.extend(u16::try_from(current.name.len()).unwrap_or(u16::MAX).to_le_bytes());
        // Extra fields, comment, disk, attributes.
        line.extend([0; 12]);
        line.extend(narrow(current.offset));
        line.extend(current.name);
        self.entries += 1;
        Ok(())
    }

    fn deflate(&mut self, mut content: &[u8], flush: FlushCompress) -> io::Result<()> {
        loop {
            let before = self.compress.total_in();
            let status = self
                .compress
                .compress_vec(content, &mut self.piece, flush)
                .map_err(io::Error::other)?;
            let taken = usize::try_from(self.compress.total_in() - before).unwrap_or(usize::MAX);
            content = content.get(taken..).unwrap_or_default();
            let is_full = self.piece.len() == self.piece.capacity();
            if is_full || status == Status::StreamEnd {
                let piece = std::mem::take(&mut self.piece);
                let put = self.put_io(&piece);
                self.piece = piece;
                self.piece.clear();
                put?;
            }
            let is_done = match flush {
                FlushCompress::Finish => status == Status::StreamEnd,
                _ => content.is_empty() && !is_full,
            };
            if is_done {
                return Ok(());
            }
        }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), CreateError> {
        Ok(self.put_io(bytes).map_err(CreateReason::Io)?)
    }

    fn put_io(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.position += bytes.len() as u64;
        Ok(())
    }
}

/// The end of a zip whose directory of `size` bytes stands at `offset` and ends at `position`.
fn end_records(entries: u64, size: u64, offset: u64, position: u64) -> Vec<u8> {
    let mut end = Vec::new();
    let fits = entries < u64::from(u16::MAX);
    if !fits {
        end.extend(b"PK\x06\x06");
        end.extend(44_u64.to_le_bytes());
        end.extend(ZIP64_VERSION.to_le_bytes());
        end.extend(ZIP64_VERSION.to_le_bytes());
        // The number of this disk, and of the directory's.
        end.extend([0; 8]);
        for number in [entries, entries, size, offset] {
            end.extend(number.to_le_bytes());
        }
        end.extend(b"PK\x06\x07\0\0\0\0");
        end.extend(position.to_le_bytes());
        end.extend(1_u32.to_le_bytes());
    }
    let count = u16::try_from(entries).unwrap_or(u16::MAX);
    end.extend(b"PK\x05\x06\0\0\0\0");
    end.extend(count.to_le_bytes());
    end.extend(count.to_le_bytes());
    // Once something doesn't fit, go has readers look for everything in the zip64 record.
    end.extend(if fits { narrow(size) } else { narrow(u64::MAX) });
    end.extend(if fits { narrow(offset) } else { narrow(u64::MAX) });
    end.extend([0; 2]);
    end
}

/// Whether a name has characters that common encodings read differently.
fn needs_utf8(name: &[u8]) -> bool {
    let plain = |c: &u8| (0x20..=0x7d).contains(c) && *c != b'\\';
    !name.iter().all(plain) && std::str::from_utf8(name).is_ok()
}

fn narrow(number: u64) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Archive, Inflater, check_zip};
    use super::*;

    fn module() -> Version {
        Version::new("example.com/m", "v1.0.0")
    }

    fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
        let mut zip = Writer::new(Vec::new(), &module());
        for (name, content) in files {
            zip.start(name.as_bytes(), content.len() as u64).unwrap();
            for piece in content.chunks(70_000) {
                zip.write(piece).unwrap();
            }
        }
        zip.finish().unwrap()
    }

    fn read(zip: &[u8]) -> Vec<(String, Vec<u8>)> {
        let archive = Archive::open(zip).unwrap();
        let checked = check_zip(&archive, &module()).unwrap();
        assert_eq!(archive.oddities().unwrap(), []);
        let files = checked.files.iter().map(|file| {
            let entry = archive.entry(file.index).unwrap();
            assert_eq!((entry.header.method, entry.header.flags & 8), (8, 8));
            let mut content = Vec::new();
            Inflater::exact()
                .extract(&archive, &entry, |piece| {
                    content.extend_from_slice(piece);
                    Ok::<(), super::super::ZipError>(())
                })
                .unwrap();
            (file.path.to_owned(), content)
        });
        files.collect()
    }

    proptest! {
        #[test]
        fn what_is_written_can_be_read(contents in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..300),
                (any::<u8>(), 0_usize..200_000).prop_map(|(c, n)| vec![c; n]),
                (any::<u32>(), 0_usize..200_000).prop_map(|(mut seed, n)| {
                    let next = || {
                        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        (seed >> 24) as u8
                    };
                    std::iter::repeat_with(next).take(n).collect()
                }),
            ],
            0..6,
        )) {
            let files: Vec<_> =
                contents.into_iter().enumerate().map(|(i, c)| (format!("d/f{i}"), c)).collect();
            prop_assert_eq!(read(&zip(&files)), files);
        }
    }

    #[test]
    fn headers_are_those_of_go() {
        let bytes = zip(&[("a~".into(), b"x".to_vec())]);
        // Go 1.26 writes these bytes before the data, and up to its size after it.
        assert_eq!(
            &bytes[..30],
            b"PK\x03\x04\x14\0\x08\x08\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x17\0\0\0"
        );
        let at = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
        assert_eq!(
            &bytes[at..at + 20],
            b"PK\x01\x02\x14\0\x14\0\x08\x08\x08\0\0\0\0\0\x83\x16\xdc\x8c"
        );
        assert_eq!(&bytes[at + 24..at + 46], b"\x01\0\0\0\x17\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    }

    #[test]
    fn very_many_files() {
        for count in [0, 65_534, 65_535] {
            let files: Vec<_> = (0..count).map(|i| (i.to_string(), Vec::new())).collect();
            let bytes = zip(&files);
            assert_eq!(Archive::open(&bytes[..]).unwrap().entries().count(), count);
            assert_eq!(bytes.windows(4).any(|w| w == b"PK\x06\x06"), count >= 65_535);
        }
    }

    #[test]
    fn a_file_that_grows_and_a_name_that_is_too_long() {
        let mut zip = Writer::new(Vec::new(), &module());
        zip.start(b"a", 3).unwrap();
        zip.write(b"ab").unwrap();
        let err = zip.write(b"cd").unwrap_err();
        assert_eq!(err.to_string(), "create zip: file \"a\" is larger than declared size");
        let err = zip.start(&[b'a'; 65_536], 0).unwrap_err();
        assert_eq!(err.to_string(), "create zip: zip: FileHeader.Name too long");
    }
}
