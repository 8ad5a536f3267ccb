//! The content of entries: inflated, checked and hashed in one pass.
//!
//! An entry yields exactly as many bytes as the directory tells, with the CRC-32 that it tells, or
//! an error. Go decides these cases so, in this order:
//!
//! | case                                            | error                                     |
//! |-------------------------------------------------|-------------------------------------------|
//! | no local header at the told place               | `EOF`, `zip: not a valid zip file`        |
//! | a directory of told size 0                      | none: empty, whatever its data            |
//! | a directory of another size                     | `zip: not a valid zip file`               |
//! | method other than 0 and 8                       | `zip: unsupported compression algorithm`  |
//! | more content than told                          | `zip: not a valid zip file`               |
//! | mistake in compressed data                      | `flate: corrupt input before offset 17`   |
//! | less content than told                          | `unexpected EOF`                          |
//! | no room for the descriptor                      | `unexpected EOF`                          |
//! | checksum of descriptor or content not as told   | `zip: checksum error`                     |
//!
//! Without a descriptor, a checksum of 0 is none and is not compared.
//!
//! What is small is inflated in one go and handed out when all is checked; what is larger
//! than [`WHOLE`] is handed out in pieces, and the error, if any, comes after some of them. Either
//! way never more than the told size comes out.

use std::io::{BufRead, BufReader};

use flate2::{Decompress, FlushDecompress, Status};
use sha2::{Digest as _, Sha256};

use super::deflate;
use super::fields::Fields;
use super::read::{Archive, DEFLATED, Entry, Header, STORED, ZipError};
use super::source::{ReadAt, Section, read_up_to, slice};
use crate::spec::dirhash::FileDigest;

/// Up to this size, in bytes, content and compressed data of an entry are held in memory.
pub const WHOLE: u64 = 4 << 20;

/// How much larger content is handed out at once.
const PIECE: usize = 64 << 10;

/// Inflates entries. It has its own buffers and is meant to be used again and again, one
/// for each thread.
pub struct Inflater {
    stream: Decompress,
    /// A decoder for what is held in memory as a whole.
    fast: Option<libdeflater::Decompressor>,
    data: Vec<u8>,
    content: Vec<u8>,
}

impl Inflater {
    /// Takes exactly the compressed data that Go takes.
    #[must_use]
    pub fn exact() -> Self {
        Self { stream: Decompress::new(false), fast: None, data: Vec::new(), content: Vec::new() }
    }

    /// Inflates half as fast again, but also takes data that uses codes which RFC 1951 reserves;
    /// Go refuses it. No compressor writes such data, but a hostile zip may contain it: then its
    /// files are those that their checksums tell, and yet go cannot read the zip. Good where the
    /// content is compared with a hash that is known beforehand, as that of a zip in go.sum: nothing but
    /// the right files can come out then.
    #[must_use]
    pub fn fast() -> Self {
        Self { fast: Some(libdeflater::Decompressor::new()), ..Self::exact() }
    }

    /// Hands the content of an entry to `sink`, in pieces if it is large, and tells its SHA-256.
    /// For a directory nothing is handed out.
    ///
    /// # Errors
    /// See the table at the top of this file; what was handed out before an error is worthless.
    /// Errors of `sink` are passed on.
    pub fn extract<R: ReadAt, E: From<ZipError>>(
        &mut self,
        archive: &Archive<R>,
        entry: &Entry<'_>,
        mut sink: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<FileDigest, E> {
        let header = entry.header;
        let data = Data::locate(archive, entry)?;
        if entry.is_dir() {
            return match header.uncompressed {
                0 => Ok(Sha256::digest([]).into()),
                _ => Err(ZipError::Format.into()),
            };
        }
        match header.method {
            STORED | DEFLATED => {}
            _ => return Err(ZipError::Algorithm.into()),
        }
        if header.uncompressed > WHOLE || data.len > WHOLE {
            return self.extract_pieces(&data, sink);
        }
        let content = self.inflate(&data)?;
        data.check_crc32(crc32fast::hash(content))?;
        sink(content)?;
        Ok(Sha256::digest(content).into())
    }

    /// The SHA-256 of the content of an entry.
    ///
    /// # Errors
    /// As for [`extract`](Self::extract).
    pub fn digest<R: ReadAt>(
        &mut self,
        archive: &Archive<R>,
        entry: &Entry<'_>,
    ) -> Result<FileDigest, ZipError> {
        self.extract(archive, entry, |_| Ok(()))
    }

    /// The whole content of an entry, of the told size; its checksum is left to the caller.
    fn inflate<'b, R: ReadAt>(&'b mut self, entry: &'b Data<'_, R>) -> Result<&'b [u8], ZipError> {
        let Self { stream, fast, data, content } = self;
        let data = match entry.source.as_bytes() {
            Some(bytes) => slice(bytes, entry.offset, entry.len),
            None => read_up_to(entry.source, grown(data, entry.len), entry.offset)?,
        };
        let size = entry.header.uncompressed;
        if entry.header.method == STORED {
            return match data.len() as u64 {
                len if len > size => Err(ZipError::Format),
                len if len < size => Err(ZipError::UnexpectedEof),
                _ => Ok(data),
            };
        }
        let content = grown(content, size);
        let inflated = match fast {
            Some(fast) => fast.deflate_decompress(data, content).ok().map(|len| len as u64),
            None => {
                stream.reset(false);
                let status = stream.decompress(data, content, FlushDecompress::Finish);
                matches!(status, Ok(Status::StreamEnd)).then(|| stream.total_out())
            }
        };
        match inflated {
            Some(len) if len == size => Ok(content),
            Some(_) => Err(ZipError::UnexpectedEof),
            None => Err(entry.find_fault()),
        }
    }

    fn extract_pieces<R: ReadAt, E: From<ZipError>>(
        &mut self,
        entry: &Data<'_, R>,
        mut sink: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<FileDigest, E> {
        let mut reader = entry.reader();
        let mut tally = Tally::new(entry.header.uncompressed);
        if entry.header.method == STORED {
            loop {
                let data = reader.fill_buf().map_err(ZipError::from)?;
                let piece = slice(data, 0, PIECE as u64);
                if piece.is_empty() {
                    break;
                }
                tally.add(piece)?;
                sink(piece)?;
                let len = piece.len();
                reader.consume(len);
            }
        } else {
            self.stream.reset(false);
            let content = grown(&mut self.content, PIECE as u64);
            loop {
                let (total_in, total_out) = (self.stream.total_in(), self.stream.total_out());
                let data = reader.fill_buf().map_err(ZipError::from)?;
                let is_end = data.is_empty();
                let status = self.stream.decompress(data, content, FlushDecompress::None);
                let piece = slice(content, 0, self.stream.total_out() - total_out);
                let Ok(status) = status else { return Err(entry.find_fault().into()) };
                tally.add(piece)?;
                sink(piece)?;
                if status == Status::StreamEnd {
                    break;
                }
                if is_end && piece.is_empty() {
                    return Err(entry.find_fault().into());
                }
                reader.consume((self.stream.total_in() - total_in) as usize);
            }
        }
        let (crc32, digest) = tally.finish()?;
        entry.check_crc32(crc32)?;
        Ok(digest)
    }
}

/// The first `len` bytes of a buffer, which grows where needed and never shrinks.
fn grown(buf: &mut Vec<u8>, len: u64) -> &mut [u8] {
    let len = len as usize;
    if buf.len() < len {
        buf.resize(len, 0);
    }
    buf.get_mut(..len).unwrap_or_default()
}

/// The data of an entry.
struct Data<'a, R> {
    source: &'a R,
    header: &'a Header,
    offset: u64,
    /// How many bytes there are: as many as the directory tells, or what the file has.
    len: u64,
    /// Where a descriptor would be.
    descriptor_at: u64,
}

impl<'a, R: ReadAt> Data<'a, R> {
    fn locate(archive: &'a Archive<R>, entry: &Entry<'a>) -> Result<Self, ZipError> {
        let offset = archive.data_offset(entry)?;
        let len = entry.header.compressed.min(archive.size().saturating_sub(offset));
        // A told size near 2⁶⁴ counts as negative here, in Go and so for us.
        let end = offset.wrapping_add(entry.header.compressed);
        let descriptor_at = end.min(archive.size());
        Ok(Self { source: archive.source(), header: entry.header, offset, len, descriptor_at })
    }

    fn reader(&self) -> Box<dyn BufRead + '_> {
        match self.source.as_bytes() {
            Some(bytes) => Box::new(slice(bytes, self.offset, self.len)),
            None => {
                let section = Section::new(self.source, self.offset, self.len);
                Box::new(BufReader::with_capacity(PIECE, section))
            }
        }
    }

    /// Tells what is wrong with compressed data that could not be inflated.
    fn find_fault(&self) -> ZipError {
        match deflate::walk(self.reader(), self.header.uncompressed) {
            Err(fault) => fault,
            Ok(_) => ZipError::Corrupt { offset: self.len },
        }
    }

    /// Compares the checksum of the content with those that are told.
    fn check_crc32(&self, crc32: u32) -> Result<(), ZipError> {
        let told = self.header.crc32;
        if !self.header.has_descriptor() {
            return if told == 0 || told == crc32 { Ok(()) } else { Err(ZipError::Checksum) };
        }
        let mut buf = [0; 16];
        let found = read_up_to(self.source, &mut buf, self.descriptor_at)?;
        let descriptor = found.strip_prefix(b"PK\x07\x08").unwrap_or(found);
        if descriptor.len() < 12 {
            return Err(ZipError::UnexpectedEof);
        }
        match Fields(descriptor).u32() {
            at_end if at_end == told && told == crc32 => Ok(()),
            _ => Err(ZipError::Checksum),
        }
    }
}

/// What has come out of an entry so far.
struct Tally {
    left: u64,
    crc32: crc32fast::Hasher,
    sha256: Sha256,
}

impl Tally {
    fn new(size: u64) -> Self {
        Self { left: size, crc32: crc32fast::Hasher::new(), sha256: Sha256::new() }
    }

    fn add(&mut self, piece: &[u8]) -> Result<(), ZipError> {
        self.left = self.left.checked_sub(piece.len() as u64).ok_or(ZipError::Format)?;
        self.crc32.update(piece);
        self.sha256.update(piece);
        Ok(())
    }

    fn finish(self) -> Result<(u32, FileDigest), ZipError> {
        if self.left > 0 {
            return Err(ZipError::UnexpectedEof);
        }
        Ok((self.crc32.finalize(), self.sha256.finalize().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::tests::Dribble;
    use super::super::testzip::{TestEntry, TestZip, deflate, zip64_extra};
    use super::*;
    use proptest::prelude::*;

    /// The content of the last entry of a zip, or what is wrong with it; the same by all ways that
    /// lead to it.
    fn content(zip: &TestZip) -> Result<Vec<u8>, String> {
        fn extract<R: ReadAt>(source: R, inflater: &mut Inflater) -> Result<Vec<u8>, String> {
            let archive = Archive::open(source).unwrap();
            let entry = archive.entry(archive.len() - 1).unwrap();
            let mut content = Vec::new();
            let digest = inflater.extract(&archive, &entry, |piece| {
                content.extend_from_slice(piece);
                Ok::<(), ZipError>(())
            });
            assert!(content.len() as u64 <= entry.header.uncompressed);
            match digest {
                Ok(digest) => {
                    assert_eq!(digest, *Sha256::digest(&content));
                    Ok(content)
                }
                Err(error) => Err(error.to_string()),
            }
        }
        let zip = zip.bytes();
        let mut exact = Inflater::exact();
        let outcome = extract(&zip[..], &mut exact);
        assert_eq!(extract(Dribble(&zip), &mut exact), outcome);
        assert_eq!(extract(&zip[..], &mut Inflater::fast()), outcome);
        outcome
    }

    const TEXT: &[u8] = b"if err != nil { return err }";

    /// All kinds of plain entries with this content.
    fn plain(content: &[u8]) -> [TestEntry; 4] {
        let stored = TestEntry::stored("a", content);
        let deflated = TestEntry::deflated("a", content);
        [stored.clone().described(), stored, deflated.clone().described(), deflated]
    }

    #[test]
    fn content_comes_out() {
        for text in [&b""[..], b"1", TEXT, &TEXT.repeat(10_000)] {
            for entry in plain(text) {
                assert_eq!(content(&TestZip::of([entry])).as_deref(), Ok(text));
            }
        }
    }

    #[test]
    fn large_content_comes_out_in_pieces() {
        let text = TEXT.repeat(WHOLE as usize / TEXT.len() + 1);
        for entry in plain(&text) {
            let zip = TestZip::of([entry]).bytes();
            let archive = Archive::open(&zip[..]).unwrap();
            let mut pieces = Vec::new();
            let mut inflater = Inflater::exact();
            let digest = inflater.extract(&archive, &archive.entry(0).unwrap(), |piece| {
                pieces.push(piece.to_vec());
                Ok::<(), ZipError>(())
            });
            assert_eq!(digest.unwrap(), *Sha256::digest(&text));
            assert!(pieces.iter().all(|piece| piece.len() <= PIECE));
            assert!(pieces.concat() == text);
            assert!(inflater.data.len() + inflater.content.len() <= PIECE);
        }
    }

    #[test]
    fn bad_entries_are_told_as_go_tells_them() {
        const FORMAT: &str = "zip: not a valid zip file";
        const CUT_SHORT: &str = "unexpected EOF";
        const CHECKSUM: &str = "zip: checksum error";
        const METHOD: &str = "zip: unsupported compression algorithm";
        const CORRUPT: &str = "flate: corrupt input before offset 1";
        let stored = || TestEntry::stored("a", TEXT);
        let deflated = || TestEntry::deflated("a", TEXT);
        let size = TEXT.len() as u64;
        let told_size = |entry: TestEntry, size| entry.told(|header| header.uncompressed = size);
        let cases = [
            (FORMAT, told_size(stored(), size - 1)),
            (FORMAT, told_size(deflated(), size - 1)),
            (FORMAT, told_size(deflated(), 0)),
            (CUT_SHORT, told_size(stored(), size + 1)),
            (CUT_SHORT, told_size(deflated(), size + 1)),
            (CUT_SHORT, told_size(deflated(), 0xffff_ffff)),
            (CUT_SHORT, stored().told(|header| header.compressed -= 1)),
            (CUT_SHORT, deflated().told(|header| header.compressed -= 1)),
            (CUT_SHORT, deflated().told(|header| header.compressed = 0)),
            (FORMAT, stored().told(|header| header.compressed += 1)),
            (FORMAT, stored().told(|header| header.compressed = 9999)),
            (CHECKSUM, stored().told(|header| header.crc32 ^= 1)),
            (CHECKSUM, deflated().told(|header| header.crc32 ^= 1)),
            (CHECKSUM, deflated().described().with(|entry| entry.central.crc32 ^= 1)),
            (CHECKSUM, deflated().described().with(|entry| entry.descriptor[4] ^= 1)),
            (CHECKSUM, deflated().with(|entry| entry.central.flags |= 8)),
            (
                CHECKSUM,
                deflated().described().with(|entry| {
                    entry.central.crc32 = 0;
                    entry.descriptor[4..8].fill(0);
                }),
            ),
            (METHOD, stored().told(|header| header.method = 1)),
            (METHOD, deflated().told(|header| header.method = 9)),
            (METHOD, deflated().told(|header| header.method = 12)),
            (CORRUPT, deflated().with(|entry| entry.data[0] |= 6)),
            (CORRUPT, told_size(deflated().with(|entry| entry.data[0] |= 6), 1 << 30)),
            (FORMAT, stored().with(|entry| entry.signature = Some([0; 4]))),
            ("EOF", stored().with(|entry| entry.offset = Some(9999))),
            // A directory has no content, and no data that anyone looks at.
            (FORMAT, told_size(TestEntry::stored("d/", ""), 1)),
            ("EOF", TestEntry::stored("d/", "").with(|entry| entry.offset = Some(9999))),
        ];
        for (i, (want, entry)) in cases.into_iter().enumerate() {
            assert_eq!(content(&TestZip::of([entry])), Err(want.to_owned()), "case {i}");
        }
    }

    #[test]
    fn what_go_passes_over_is_passed_over() {
        let deflated = || TestEntry::deflated("a", TEXT);
        for entry in [
            // No checksum; one in the wrong place; sizes of a descriptor; no signature.
            deflated().told(|header| header.crc32 = 0),
            deflated().with(|entry| entry.local.crc32 = 7),
            deflated().described().with(|entry| entry.descriptor[8..].fill(9)),
            deflated().described().with(|entry| drop(entry.descriptor.drain(..4))),
            deflated().told(|header| header.flags |= 1),
            deflated().with(|entry| (entry.local.method, entry.local.uncompressed) = (0, 3)),
            deflated().with(|entry| entry.local.name = b"another".to_vec()),
            // Data after the last block.
            TestEntry::with_data("a", TEXT, 8, [deflate(TEXT), vec![7; 9]].concat()),
            deflated().with(|entry| {
                entry.central.compressed = u64::MAX;
                entry.central.extra = zip64_extra(&[entry.data.len() as u64]);
            }),
        ] {
            assert_eq!(content(&TestZip::of([entry])).as_deref(), Ok(TEXT));
        }
        let dir = TestEntry::stored("d/", "").with(|entry| {
            entry.data = b"data".to_vec();
            (entry.central.compressed, entry.central.crc32, entry.central.method) = (4, 1, 99);
        });
        assert_eq!(content(&TestZip::of([dir])).as_deref(), Ok(&b""[..]));
    }

    #[test]
    fn a_missing_descriptor_is_the_end() {
        // The data is said to reach over directory and end record, to the end of the file.
        let zip = |over: u64| {
            TestZip::of([TestEntry::deflated("a", TEXT).described().with(|entry| {
                entry.descriptor.clear();
                entry.central.compressed += 46 + 1 + 22 - over;
            })])
        };
        for over in [0, 3, 11] {
            assert_eq!(content(&zip(over)), Err("unexpected EOF".to_owned()));
        }
        assert_eq!(content(&zip(12)), Err("zip: checksum error".to_owned()));
    }

    #[test]
    fn bombs_are_stopped_at_the_told_size() {
        let bomb = deflate(&vec![0; 20 << 20]);
        for told in [0, 1, 100, WHOLE, WHOLE + 1, 5 << 20, (20 << 20) - 1] {
            let entry = TestEntry::with_data("a", b"", 8, bomb.clone())
                .told(|header| header.uncompressed = told);
            assert_eq!(content(&TestZip::of([entry])), Err(ZipError::Format.to_string()));
        }
    }

    #[test]
    fn reserved_codes_are_refused_as_by_go() {
        // A letter and a copy from a distance that has no meaning; the checksum is not compared.
        for data in [[0x4b, 0x04, 0x3e, 0x00], [0x4b, 0x1c, 0x03, 0x00]] {
            let entry = TestEntry::with_data("a", b"", 8, data.to_vec())
                .told(|header| (header.crc32, header.uncompressed) = (0, 259));
            let zip = TestZip::of([entry]).bytes();
            let archive = Archive::open(&zip[..]).unwrap();
            let error = Inflater::exact().digest(&archive, &archive.entry(0).unwrap()).unwrap_err();
            assert_eq!(error.to_string(), "flate: corrupt input before offset 3");
        }
    }

    #[test]
    fn errors_of_the_sink_are_passed_on() {
        #[derive(Debug, PartialEq)]
        struct Full;
        impl From<ZipError> for Full {
            fn from(error: ZipError) -> Self {
                panic!("{error}")
            }
        }
        for text in [TEXT.to_vec(), TEXT.repeat(200_000)] {
            for entry in plain(&text) {
                let zip = TestZip::of([entry]).bytes();
                let archive = Archive::open(&zip[..]).unwrap();
                let mut calls = 0;
                let outcome =
                    Inflater::exact().extract(&archive, &archive.entry(0).unwrap(), |_| {
                        calls += 1;
                        Err(Full)
                    });
                assert_eq!((outcome, calls), (Err(Full), 1));
            }
        }
    }

    proptest! {
        #[test]
        fn damage_is_noticed(
            place in any::<prop::sample::Index>(),
            bit in 0..8_u8,
            kind in 0..4_usize,
        ) {
            let mut entry = plain(TEXT)[kind].clone();
            let place = place.index(entry.data.len());
            entry.data[place] ^= 1 << bit;
            // Some bits of compressed data mean nothing; but other content never comes out.
            if let Ok(content) = content(&TestZip::of([entry])) {
                prop_assert_eq!(content, TEXT);
            }
        }
    }
}
