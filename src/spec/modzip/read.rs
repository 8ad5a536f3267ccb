//! The directory of a zip: which entries there are and where their data begins.
//!
//! A zip ends in its directory, one record per entry, and an end record that says where the
//! directory begins:
//!
//! ```text
//! [ local header | name | extra | data | descriptor? ]…  [ record | name | extra | comment ]…
//!     [ zip64 end record | zip64 locator ]?  [ end record | comment ]
//! ```
//!
//! Many files can be read as a zip in more than one way; the way of Go's reader is the one that
//! counts, since hashes were computed through it:
//!
//! - the end record is the last place in the final 65 KiB that has its signature; a file in
//!   which the comment of that one reaches past the end is not a zip;
//! - the directory is expected right before the end record, whatever offset the latter tells; the
//!   difference is taken as the size of something that stands before the zip and added to all
//!   offsets, unless a record is found at the told offset itself;
//! - records are read until something else comes; their number must agree with the end
//!   record's in the lowest 16 bits;
//! - names, sizes and checksums are those of the directory. Of a local header only the signature
//!   and the lengths of name and extra count.
//!
//! Names repeat if the zip repeats them. Whatever differs between this reading and others is
//! listed by [`Archive::oddities`].

use std::io;

use thiserror::Error;

use super::directory::{End, RECORD_LEN, Records, find_end, place_directory};
use super::fields::Fields;
use super::source::{ReadAt, read_up_to};

/// How many entries a zip may have: a guard of ours. A record takes 46 bytes and more, so that a
/// zip of 500 MiB could hold 11 million, which no module has but which would fill the memory.
pub const MAX_ENTRIES: usize = 1 << 19;

/// How long all names together may be, in bytes; for the same reason.
pub const MAX_NAMES: usize = 64 << 20;

/// Data as it is.
pub(super) const STORED: u16 = 0;
/// Data compressed with DEFLATE, RFC 1951.
pub(super) const DEFLATED: u16 = 8;

const LOCAL_HEADER: u32 = 0x0403_4b50;
const LOCAL_HEADER_LEN: u64 = 30;

/// A zip cannot be read, or an entry of it.
#[derive(Debug, Error)]
pub enum ZipError {
    /// A structure is not where it should be, or an entry is longer than the directory says.
    #[error("zip: not a valid zip file")]
    Format,
    /// An entry is compressed by a method other than 0 and 8.
    #[error("zip: unsupported compression algorithm")]
    Algorithm,
    /// The content of an entry does not have the CRC-32 that the directory or the descriptor says.
    #[error("zip: checksum error")]
    Checksum,
    /// The compressed data breaks the rules of DEFLATE.
    #[error("flate: corrupt input before offset {offset}")]
    Corrupt {
        /// How many bytes of the data had been taken in when this was noticed.
        offset: u64,
    },
    /// A structure begins where the file ends.
    #[error("EOF")]
    Eof,
    /// The file ends within a structure, or an entry is shorter than the directory says.
    #[error("unexpected EOF")]
    UnexpectedEof,
    /// An entry lies in front of the file.
    #[error("negative offset")]
    NegativeOffset,
    /// There are more entries, or longer names, than we care to remember.
    #[error(
        "zip: too many files (limits are {MAX_ENTRIES} entries and {MAX_NAMES} bytes of names)"
    )]
    TooManyFiles,
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What the directory says of an entry, besides its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Who made the entry: the upper byte tells the meaning of `attributes`.
    pub creator: u16,
    /// Bit 0: encrypted; bit 3: a descriptor follows the data; bit 11: the name is UTF-8.
    pub flags: u16,
    /// How the data is compressed: 0 not at all, 8 with DEFLATE; others cannot be read.
    pub method: u16,
    /// The CRC-32 of the content.
    pub crc32: u32,
    /// How many bytes the data takes in the zip.
    pub compressed: u64,
    /// How many bytes the content has.
    pub uncompressed: u64,
    /// Where the local header stands in the file; hostile zips tell negative places.
    pub offset: i64,
    /// The file mode, for a Unix creator in the upper 16 bits.
    pub attributes: u32,
}

impl Header {
    /// Whether a descriptor with checksum and sizes follows the data.
    #[must_use]
    pub fn has_descriptor(&self) -> bool {
        self.flags & 8 != 0
    }
}

/// An entry of a zip.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Its place in the directory, from 0 on.
    pub index: usize,
    /// The full name, `path@version/` included; any bytes.
    pub name: &'a [u8],
    /// The rest.
    pub header: &'a Header,
}

impl Entry<'_> {
    /// Whether this is a directory: only its name tells, by a slash at the end.
    #[must_use]
    pub fn is_dir(&self) -> bool {
        self.name.ends_with(b"/")
    }
}

/// A zip whose directory has been read.
#[derive(Debug)]
pub struct Archive<R> {
    source: R,
    size: u64,
    headers: Vec<Header>,
    /// All names one after another, and where each begins.
    names: Vec<u8>,
    name_starts: Vec<u32>,
    pub(super) frame: Frame,
}

/// What surrounds the entries.
#[derive(Debug)]
pub(super) struct Frame {
    /// Where the first record of the directory stands.
    pub(super) directory: u64,
    /// Where the last record ends.
    pub(super) directory_end: u64,
    pub(super) has_comments: bool,
    pub(super) end: End,
}

impl<R: ReadAt> Archive<R> {
    /// Reads the directory.
    ///
    /// # Errors
    /// [`ZipError::Format`], [`ZipError::Eof`] or [`ZipError::UnexpectedEof`] if this is no zip;
    /// [`ZipError::TooManyFiles`] if it is an absurd one.
    pub fn open(source: R) -> Result<Self, ZipError> {
        let size = source.size()?;
        let end = find_end(&source, size)?;
        let (directory, base) = place_directory(&source, size, &end)?;
        // What is announced may be a lie, but no more records than this fit into the file.
        let expected = end.records.min(size / RECORD_LEN as u64).min(MAX_ENTRIES as u64) as usize;
        let mut name_starts = Vec::with_capacity(expected + 1);
        name_starts.push(0);
        let mut archive = Self {
            source,
            size,
            headers: Vec::with_capacity(expected),
            names: Vec::new(),
            name_starts,
            frame: Frame { directory, directory_end: directory, has_comments: false, end },
        };
        archive.read_directory(base)?;
        Ok(archive)
    }

    fn read_directory(&mut self, base: i64) -> Result<(), ZipError> {
        let mut records = Records::new(&self.source, self.size, self.frame.directory);
        let stopped_by = loop {
            match records.next() {
                Ok(record) => {
                    self.names.extend_from_slice(record.name);
                    let end = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
                    self.name_starts.push(end);
                    let offset = record.header.offset.wrapping_add(base);
                    self.headers.push(Header { offset, ..record.header });
                    self.frame.has_comments |= record.has_comment;
                    self.frame.directory_end = records.at;
                    if self.headers.len() > MAX_ENTRIES || self.names.len() > MAX_NAMES {
                        return Err(ZipError::TooManyFiles);
                    }
                }
                Err(err @ (ZipError::Format | ZipError::UnexpectedEof)) => break err,
                Err(err) => return Err(err),
            }
        };
        // The end record counts in 16 bits, and larger zips without zip64 exist: go compares no
        // more than these bits of the zip64 end record's number either.
        if self.headers.len() as u64 & 0xffff != self.frame.end.records & 0xffff {
            return Err(stopped_by);
        }
        Ok(())
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.headers.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }

    /// The size of the zip in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The bytes that the zip is read from.
    pub fn source(&self) -> &R {
        &self.source
    }

    /// The entry at this place of the directory.
    #[must_use]
    pub fn entry(&self, index: usize) -> Option<Entry<'_>> {
        let header = self.headers.get(index)?;
        let start = usize::try_from(*self.name_starts.get(index)?).ok()?;
        let end = usize::try_from(*self.name_starts.get(index + 1)?).ok()?;
        Some(Entry { index, name: self.names.get(start..end)?, header })
    }

    /// All entries in the order of the directory.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = Entry<'_>> {
        let starts_and_ends = self.name_starts.iter().zip(self.name_starts.iter().skip(1));
        self.headers.iter().zip(starts_and_ends).enumerate().map(
            |(index, (header, (start, end)))| {
                let name = self.names.get(*start as usize..*end as usize).unwrap_or_default();
                Entry { index, name, header }
            },
        )
    }

    /// Where the data of an entry begins, which only its local header tells.
    ///
    /// # Errors
    /// [`ZipError::Format`], [`ZipError::Eof`] or [`ZipError::NegativeOffset`] if there is no
    /// local header at the place that the directory tells.
    pub fn data_offset(&self, entry: &Entry<'_>) -> Result<u64, ZipError> {
        let local = self.local_header(entry)?;
        Ok(local.data_offset)
    }

    /// Reads the local header of an entry.
    pub(super) fn local_header(&self, entry: &Entry<'_>) -> Result<LocalHeader, ZipError> {
        let at = u64::try_from(entry.header.offset).map_err(|_| ZipError::NegativeOffset)?;
        if at.saturating_add(LOCAL_HEADER_LEN) > self.size {
            return Err(ZipError::Eof);
        }
        let mut buf = [0; LOCAL_HEADER_LEN as usize];
        if read_up_to(&self.source, &mut buf, at)?.len() < buf.len() {
            return Err(ZipError::Eof);
        }
        let mut fields = Fields(&buf);
        if fields.u32() != LOCAL_HEADER {
            return Err(ZipError::Format);
        }
        fields.skip(2);
        let (flags, method) = (fields.u16(), fields.u16());
        fields.skip(4);
        let (crc32, compressed, uncompressed) = (fields.u32(), fields.u32(), fields.u32());
        let (name_len, extra_len) = (fields.u16(), fields.u16());
        let data_offset = at + LOCAL_HEADER_LEN + u64::from(name_len) + u64::from(extra_len);
        Ok(LocalHeader {
            flags,
            method,
            crc32,
            compressed,
            uncompressed,
            name_len,
            extra_len,
            data_offset,
        })
    }
}

/// The header in front of the data of an entry.
#[derive(Debug)]
pub(super) struct LocalHeader {
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc32: u32,
    pub(super) compressed: u32,
    pub(super) uncompressed: u32,
    pub(super) name_len: u16,
    pub(super) extra_len: u16,
    pub(super) data_offset: u64,
}

#[cfg(test)]
mod tests {
    use super::super::source::tests::Dribble;
    use super::super::testzip::{TestEntry, TestZip, zip64_extra};
    use super::*;
    use proptest::prelude::*;

    /// The names in a zip, or what is wrong with it; the same whichever way it is read.
    fn names(zip: &[u8]) -> Result<String, String> {
        fn read<R: ReadAt>(source: R) -> Result<String, String> {
            let archive = Archive::open(source).map_err(|error| error.to_string())?;
            let names: Vec<_> =
                archive.entries().map(|entry| String::from_utf8_lossy(entry.name)).collect();
            assert_eq!(names.len(), archive.len());
            for (i, name) in names.iter().enumerate() {
                assert_eq!(String::from_utf8_lossy(archive.entry(i).unwrap().name), *name);
            }
            assert!(archive.entry(names.len()).is_none());
            Ok(names.join(" "))
        }
        let from_memory = read(zip);
        assert_eq!(read(Dribble(zip)), from_memory);
        from_memory
    }

    fn two_files() -> TestZip {
        TestZip::of([TestEntry::stored("a", "1"), TestEntry::deflated("b", "2").described()])
    }

    #[test]
    fn what_go_takes_for_a_zip() {
        let inner = TestZip::of([TestEntry::stored("inner", "")]).bytes();
        type Change<'a> = &'a dyn Fn(&mut TestZip);
        let cases: [(&str, Change<'_>); 15] = [
            ("a b", &|_| {}),
            ("", &|zip| zip.entries.clear()),
            ("a b a", &|zip| zip.entries.push(TestEntry::stored("a", ""))),
            ("a b", &|zip| zip.before = b"#!/bin/sh\n".to_vec()),
            ("a b", &|zip| zip.between = vec![0; 1000]),
            ("a b", &|zip| zip.after = vec![0; 60_000]),
            ("a b", &|zip| zip.comment = vec![b'c'; 65_000]),
            ("inner", &|zip| zip.comment = inner.clone()),
            ("inner", &|zip| zip.after = inner.clone()),
            ("a b", &|zip| zip.zip64 = true),
            ("a b", &|zip| zip.count = Some(0x1_0002)),
            ("a b", &|zip| (zip.zip64, zip.count) = (true, Some(0xab_0002))),
            // A wrong offset does no harm, as the directory is right before its end; a wrong size
            // does none if the offset is right.
            ("a b", &|zip| zip.directory_offset = Some(9999)),
            ("a b", &|zip| zip.directory_offset = Some(0)),
            ("a b", &|zip| zip.directory_size = Some(5)),
        ];
        for (want, change) in cases {
            let zip = two_files().with(change);
            assert_eq!(names(&zip.bytes()).as_deref(), Ok(want), "{zip:?}");
        }
    }

    #[test]
    fn what_go_takes_for_no_zip() {
        const FORMAT: &str = "zip: not a valid zip file";
        const CUT_SHORT: &str = "unexpected EOF";
        type Change<'a> = &'a dyn Fn(&mut TestZip);
        let cases: [(&str, Change<'_>); 12] = [
            (FORMAT, &|zip| zip.after = vec![0; 70_000]),
            (FORMAT, &|zip| (zip.count, zip.comment) = (Some(1), vec![0; 100])),
            (CUT_SHORT, &|zip| zip.count = Some(3)),
            (FORMAT, &|zip| (zip.count, zip.comment) = (Some(3), vec![0; 100])),
            // The directory would begin before the file; at a place where there is none.
            (FORMAT, &|zip| zip.directory_size = Some(9999)),
            (FORMAT, &|zip| (zip.zip64, zip.directory_size) = (true, Some(u64::MAX))),
            (CUT_SHORT, &|zip| (zip.directory_size, zip.directory_offset) = (Some(0), Some(1))),
            // The zip64 end record is not at the place that its locator tells.
            (FORMAT, &|zip| (zip.zip64, zip.before) = (true, vec![0; 9])),
            // Numbers that do not fit, and are not given elsewhere, or only in part.
            (FORMAT, &|zip| zip.entries[1].central.compressed = u64::MAX),
            (FORMAT, &|zip| zip.entries[1].offset = Some(u64::MAX)),
            (FORMAT, &|zip| {
                let header = &mut zip.entries[1].central;
                (header.compressed, header.uncompressed) = (u64::MAX, u64::MAX);
                header.extra = zip64_extra(&[1]);
            }),
            (FORMAT, &|zip| {
                zip.entries[1].central.compressed = u64::MAX;
                zip.entries[1].central.extra = vec![1, 0, 9, 0, 1];
            }),
        ];
        for (i, (want, change)) in cases.into_iter().enumerate() {
            let zip = two_files().with(change).bytes();
            assert_eq!(names(&zip), Err(want.to_owned()), "case {i}");
        }
    }

    #[test]
    fn files_that_are_cut_are_no_zips() {
        let zip = two_files().bytes();
        for len in 0..zip.len() {
            assert_eq!(names(&zip[..len]), Err("zip: not a valid zip file".to_owned()), "{len}");
        }
    }

    #[test]
    fn a_name_may_not_reach_past_the_end() {
        let plain = TestZip::of([TestEntry::stored("a", "")]).bytes();
        let name_len_at = 31 + 28;
        for (name_len, want) in [
            (1, Ok("a")),
            // Then nothing is left to read another record from, or the end record is cut.
            (1 + 22, Err("EOF")),
            (1 + 23, Err("unexpected EOF")),
            (20, Ok("aPK\u{5}\u{6}\0\0\0\0\u{1}\0\u{1}\0/\0\0\0\u{1f}\0\0")),
        ] {
            let mut zip = plain.clone();
            zip[name_len_at] = name_len;
            assert_eq!(names(&zip).as_deref().map_err(|error| &**error), want, "{name_len}");
        }
    }

    #[test]
    fn numbers_of_64_bits_are_read() {
        let told = |extra: Vec<u8>, sizes: (u64, u64), offset: Option<u64>| {
            let entry = TestEntry::stored("a", "1").with(|entry| {
                entry.central.extra = extra;
                (entry.central.uncompressed, entry.central.compressed) = sizes;
                entry.offset = offset;
            });
            let zip = TestZip::of([entry]).bytes();
            let header = *Archive::open(&zip[..]).unwrap().entry(0).unwrap().header;
            (header.uncompressed, header.compressed, header.offset)
        };
        let full = u64::from(u32::MAX);
        assert_eq!(told(zip64_extra(&[7, 8, 9]), (full, full), Some(full)), (7, 8, 9));
        assert_eq!(told(zip64_extra(&[8, 9]), (1, full), Some(full)), (1, 8, 9));
        assert_eq!(told(zip64_extra(&[9]), (1, 1), Some(full)), (1, 1, 9));
        assert_eq!(told(zip64_extra(&[9]), (1, 1), None), (1, 1, 0));
        // Other fields are passed over; a second one of the kind as well.
        let fields = [vec![9, 9, 2, 0, 1, 2], zip64_extra(&[8]), zip64_extra(&[6])].concat();
        assert_eq!(told(fields, (1, full), None), (1, 8, 0));
        // An uncompressed size may stand for itself.
        assert_eq!(told(vec![], (full, 1), None), (full, 1, 0));
        assert_eq!(told(zip64_extra(&[u64::MAX]), (1, 1), Some(full)), (1, 1, -1));
    }

    #[test]
    fn data_begins_after_the_local_header() {
        let zip = two_files()
            .with(|zip| zip.before = b"front".to_vec())
            .with(|zip| zip.entries[1].local.extra = vec![0; 11])
            .bytes();
        let archive = Archive::open(&zip[..]).unwrap();
        let offsets: Vec<_> =
            archive.entries().map(|entry| archive.data_offset(&entry).unwrap()).collect();
        assert_eq!(offsets, [5 + 31, 5 + 32 + 31 + 11]);
    }

    #[test]
    fn without_local_header_there_is_no_data() {
        for (want, change) in [
            (
                "zip: not a valid zip file",
                (|entry| entry.signature = Some(*b"PK\x03\x05")) as fn(&mut TestEntry),
            ),
            ("zip: not a valid zip file", |entry| entry.offset = Some(1)),
            ("EOF", |entry| entry.offset = Some(9999)),
            ("EOF", |entry| entry.offset = Some(100)),
            ("negative offset", |entry| {
                entry.offset = Some(u64::MAX);
                entry.central.extra = zip64_extra(&[u64::MAX]);
            }),
        ] {
            let zip = TestZip::of([TestEntry::stored("a", "1").with(change)]).bytes();
            let archive = Archive::open(&zip[..]).unwrap();
            let error = archive.data_offset(&archive.entry(0).unwrap()).unwrap_err();
            assert_eq!(error.to_string(), want);
        }
    }

    #[test]
    fn too_many_entries_are_refused() {
        let record = {
            let zip = TestZip::of([TestEntry::stored("", "")]).bytes();
            zip[30..30 + RECORD_LEN].to_vec()
        };
        let open = |count: usize| {
            let mut zip = record.repeat(count);
            zip.extend(TestZip::default().bytes());
            let end = zip.len() - 22;
            zip[end + 10..end + 12].copy_from_slice(&(count as u16).to_le_bytes());
            zip[end + 12..end + 16].copy_from_slice(&(end as u32).to_le_bytes());
            Archive::open(&zip[..]).map(|archive| archive.len())
        };
        assert_eq!(open(70_000).unwrap(), 70_000);
        assert_eq!(open(MAX_ENTRIES).unwrap(), MAX_ENTRIES);
        assert!(matches!(open(MAX_ENTRIES + 1), Err(ZipError::TooManyFiles)));
    }

    #[test]
    fn too_long_names_are_refused() {
        let long = TestEntry::stored(vec![b'n'; 65_535], "");
        let zip = TestZip::of(vec![long; MAX_NAMES / 65_535 + 1]).bytes();
        assert!(matches!(Archive::open(&zip[..]), Err(ZipError::TooManyFiles)));
    }

    proptest! {
        #[test]
        fn noise_is_refused_and_not_feared(noise in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = names(&noise);
            let _ = names(&[&noise[..], b"PK\x05\x06\0\0\0\0", &noise[..]].concat());
            let _ = names(&[b"PK\x01\x02", &noise[..], b"PK\x05\x06\0\0\0\0\x01\0\x01\0"].concat());
        }
    }
}
