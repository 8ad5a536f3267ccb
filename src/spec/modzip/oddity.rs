//! What in a zip could be read in another way than Go reads it.
//!
//! Go's reader trusts the directory and passes over everything else, so that two tools can see
//! two different modules in the same file: one unpacks what the local headers say, or starts from
//! the front, or finds a second directory in the comment. The `h1:` hash settles what the module
//! is, but only where go.sum or the checksum database knows it. A zip that is taken on trust alone
//! had better be plain, and the ones that go itself writes are: entry after entry without gaps,
//! the directory, the end record, nothing else.

use std::cmp::Ordering;
use std::fmt;

use super::directory::{END_RECORD_LEN, ZIP64_LOCATOR_LEN};
use super::fields::{Fields, ZIP64_EXTRA, extra_field};
use super::read::{Archive, Entry, Frame, Header, LocalHeader, ZipError};
use super::source::{ReadAt, read_up_to};
use crate::spec::quote::quote_bytes;

/// How many oddities are listed at most; one is enough to distrust a zip.
pub const MAX_ODDITIES: usize = 16;

/// Something that Go overlooks and that others may read differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Oddity {
    /// Bytes that belong to no entry, nor to the directory or the end record.
    Gap {
        /// Where they begin; 0 for data in front of the zip proper.
        at: u64,
        /// How many they are.
        len: u64,
    },
    /// Two structures share bytes.
    Overlap {
        /// Where the second one begins.
        at: u64,
    },
    /// The end record, or the directory on an entry, carries a comment.
    Comment,
    /// The end record counts another number of entries than there are.
    Count {
        /// The number that it tells.
        told: u64,
        /// The number of entries that were read.
        found: u64,
    },
    /// Something about one entry.
    Entry {
        /// Its full name.
        name: Vec<u8>,
        /// What is odd.
        what: EntryOddity,
    },
}

/// Something odd about one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryOddity {
    /// The local header has another name than the directory.
    LocalName,
    /// The local header has another method.
    LocalMethod,
    /// The local header has other flags.
    LocalFlags,
    /// The local header has another checksum.
    LocalChecksum,
    /// The local header has other sizes.
    LocalSize,
    /// The descriptor after the data is missing or has other sizes.
    Descriptor,
    /// The entry is marked as encrypted; go reads it as if it weren't.
    Encrypted,
    /// There is no checksum, so that go checks none.
    NoChecksum,
    /// The attributes tell another kind of file than the name: go makes a regular file of a
    /// symbolic link or a device, with what the entry holds as its content.
    FileKind,
    /// The entry is a directory and has data all the same.
    DirectoryData,
    /// The name is not ASCII and not marked as UTF-8.
    NameEncoding,
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap { at: 0, len } => write!(f, "{len} bytes stand before the first entry"),
            Self::Gap { at, len } => write!(f, "{len} bytes at offset {at} belong to no entry"),
            Self::Overlap { at } => write!(f, "what begins at offset {at} overlaps with an entry"),
            Self::Comment => f.write_str("there is a comment"),
            Self::Count { told, found } => {
                write!(f, "{told} entries are announced and {found} are there")
            }
            Self::Entry { name, what } => write!(f, "{}: {what}", quote_bytes(name)),
        }
    }
}

impl fmt::Display for EntryOddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LocalName => "name differs between local header and directory",
            Self::LocalMethod => "method differs between local header and directory",
            Self::LocalFlags => "flags differ between local header and directory",
            Self::LocalChecksum => "checksum differs between local header and directory",
            Self::LocalSize => "size differs between local header and directory",
            Self::Descriptor => "data descriptor does not match the directory",
            Self::Encrypted => "marked as encrypted",
            Self::NoChecksum => "has no checksum",
            Self::FileKind => "marked as another kind of file than its name tells",
            Self::DirectoryData => "directory with data",
            Self::NameEncoding => "name is not ASCII and not marked as UTF-8",
        })
    }
}

impl<R: ReadAt> Archive<R> {
    /// Lists what Go overlooks, at most [`MAX_ODDITIES`] of it. A zip that go wrote has none.
    ///
    /// # Errors
    /// As for [`Archive::data_offset`], for the first entry without local header.
    pub fn oddities(&self) -> Result<Vec<Oddity>, ZipError> {
        let mut found = Vec::new();
        let frame = &self.frame;
        if frame.end.records != self.len() as u64 {
            found.push(Oddity::Count { told: frame.end.records, found: self.len() as u64 });
        }
        if frame.has_comments || frame.end.comment_len > 0 {
            found.push(Oddity::Comment);
        }
        let mut spans = frame.spans();
        spans.reserve(self.len());
        let mut text = Vec::new();
        let mut headers_len = 0;
        for entry in self.entries() {
            let local = self.local_header(&entry)?;
            // Very many entries could share one long header, which need not be read so often.
            headers_len += local.data_offset - entry.header.offset.unsigned_abs();
            if headers_len > self.size() {
                found.push(Oddity::Overlap { at: entry.header.offset.unsigned_abs() });
                return Ok(found);
            }
            let mut note = |what| found.push(Oddity::Entry { name: entry.name.to_owned(), what });
            check_entry(&entry, &mut note);
            self.compare_local_header(&entry, &local, &mut text, &mut note)?;
            let end = self.entry_end(&entry, &local, &mut note)?;
            spans.push((entry.header.offset.unsigned_abs(), end));
            if found.len() >= MAX_ODDITIES {
                found.truncate(MAX_ODDITIES);
                return Ok(found);
            }
        }
        spans.sort_unstable();
        find_gaps(&spans, self.size(), &mut found);
        Ok(found)
    }

    /// Notes where the local header contradicts the directory. `text` is lent to be used again.
    fn compare_local_header(
        &self,
        entry: &Entry<'_>,
        local: &LocalHeader,
        text: &mut Vec<u8>,
        note: &mut impl FnMut(EntryOddity),
    ) -> Result<(), ZipError> {
        let header = entry.header;
        let text_len = u64::from(local.name_len) + u64::from(local.extra_len);
        text.resize(text_len as usize, 0);
        let text = read_up_to(self.source(), text, local.data_offset - text_len)?;
        let (name, extra) = text.split_at_checked(local.name_len.into()).unwrap_or_default();
        if name != entry.name {
            note(EntryOddity::LocalName);
        }
        if local.method != header.method {
            note(EntryOddity::LocalMethod);
        }
        if local.flags != header.flags {
            note(EntryOddity::LocalFlags);
        }
        // Where a descriptor follows, checksum and sizes may have been unknown until then.
        let left_open = |is_zero: bool| is_zero && header.has_descriptor();
        if local.crc32 != header.crc32 && !left_open(local.crc32 == 0) {
            note(EntryOddity::LocalChecksum);
        }
        let mut wide = extra_field(extra, ZIP64_EXTRA).map(Fields);
        let mut widen = |size: u32| match &mut wide {
            Some(wide) if size == u32::MAX => wide.u64(),
            _ => size.into(),
        };
        let sizes = [local.uncompressed, local.compressed].map(&mut widen);
        if sizes != [header.uncompressed, header.compressed] && !left_open(sizes == [0, 0]) {
            note(EntryOddity::LocalSize);
        }
        Ok(())
    }

    /// Where the entry ends, including the descriptor, if it has one.
    fn entry_end(
        &self,
        entry: &Entry<'_>,
        local: &LocalHeader,
        note: &mut impl FnMut(EntryOddity),
    ) -> Result<u64, ZipError> {
        let header = entry.header;
        let data_end = local.data_offset.saturating_add(header.compressed);
        if !header.has_descriptor() {
            return Ok(data_end);
        }
        let mut buf = [0; 24];
        let found = match data_end < self.size() {
            true => read_up_to(self.source(), &mut buf, data_end)?,
            false => &[],
        };
        Ok(match descriptor_len(header, found) {
            Some(len) => data_end + len,
            None => {
                note(EntryOddity::Descriptor);
                data_end
            }
        })
    }
}

/// The length of the descriptor that these bytes begin with, if it agrees with the directory.
///
/// Its signature may be absent, and nothing but the sizes tells how wide they are.
fn descriptor_len(header: &Header, found: &[u8]) -> Option<u64> {
    let descriptor = found.strip_prefix(b"PK\x07\x08").unwrap_or(found);
    let mut narrow = Fields(descriptor);
    if descriptor.len() < 12 || narrow.u32() != header.crc32 {
        return None;
    }
    let mut wide = Fields(narrow.0);
    let sizes = [header.compressed, header.uncompressed];
    let len = if [(); 2].map(|()| u64::from(narrow.u32())) == sizes {
        12
    } else if descriptor.len() >= 20 && [(); 2].map(|()| wide.u64()) == sizes {
        20
    } else {
        return None;
    };
    Some((found.len() - descriptor.len() + len) as u64)
}

/// Notes what is odd about a record of the directory by itself.
fn check_entry(entry: &Entry<'_>, note: &mut impl FnMut(EntryOddity)) {
    let header = entry.header;
    if header.flags & 1 != 0 {
        note(EntryOddity::Encrypted);
    }
    if header.flags & 0x800 == 0 && !entry.name.is_ascii() {
        note(EntryOddity::NameEncoding);
    }
    if header.crc32 == 0 && header.uncompressed > 0 && !header.has_descriptor() {
        note(EntryOddity::NoChecksum);
    }
    if entry.is_dir() && header.compressed > 0 {
        note(EntryOddity::DirectoryData);
    }
    if told_kind(header).is_some_and(|kind| kind != if entry.is_dir() { DIR } else { REGULAR }) {
        note(EntryOddity::FileKind);
    }
}

const DIR: u32 = 0x4000;
const REGULAR: u32 = 0x8000;

/// The kind of file that the attributes tell, as in the mode of a Unix file, if they tell one.
fn told_kind(header: &Header) -> Option<u32> {
    match header.creator >> 8 {
        // Unix, macOS.
        3 | 19 => Some(header.attributes >> 16 & 0xf000).filter(|kind| *kind != 0),
        // FAT, NTFS, VFAT: one bit for directories, which many leave out.
        0 | 11 | 14 => (header.attributes & 0x10 != 0).then_some(DIR),
        _ => None,
    }
}

impl Frame {
    /// The directory and the end records, as begin and end.
    fn spans(&self) -> Vec<(u64, u64)> {
        let end = &self.end;
        let mut spans = vec![
            (self.directory, self.directory_end),
            (end.at, end.at + END_RECORD_LEN + u64::from(end.comment_len)),
        ];
        if let Some(zip64) = end.zip64 {
            spans.push(zip64);
            spans.push((end.at - ZIP64_LOCATOR_LEN, end.at));
        }
        spans
    }
}

/// Notes where one span does not begin where the one before it ends.
fn find_gaps(spans: &[(u64, u64)], size: u64, found: &mut Vec<Oddity>) {
    let mut at = 0;
    for &(start, end) in spans.iter().chain([&(size, size)]) {
        match start.cmp(&at) {
            Ordering::Greater => found.push(Oddity::Gap { at, len: start - at }),
            Ordering::Less => found.push(Oddity::Overlap { at: start }),
            Ordering::Equal => {}
        }
        at = at.max(end);
        if found.len() >= MAX_ODDITIES {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::tests::Dribble;
    use super::super::testzip::{TestEntry, TestZip, zip64_extra};
    use super::*;
    use proptest::prelude::*;

    fn oddities(zip: &TestZip) -> Vec<String> {
        let zip = zip.bytes();
        let found = Archive::open(&zip[..]).unwrap().oddities().unwrap();
        assert_eq!(Archive::open(Dribble(&zip)).unwrap().oddities().unwrap(), found);
        found.iter().map(Oddity::to_string).collect()
    }

    /// A stored file of 31 + 4 bytes, then a compressed one with descriptor, 31 + 6 + 16.
    fn plain() -> TestZip {
        TestZip::of([
            TestEntry::stored("a", "four"),
            TestEntry::deflated("b", "four").described(),
            TestEntry::stored("d/", ""),
        ])
    }

    #[test]
    fn plain_zips_are_not_odd() {
        let zip64_local = TestEntry::stored("a", "four").with(|entry| {
            (entry.local.compressed, entry.local.uncompressed) = (u64::MAX, u64::MAX);
            entry.local.extra = zip64_extra(&[4, 4]);
        });
        let zip64_descriptor = TestEntry::stored("a", "four").described().with(|entry| {
            entry.descriptor.truncate(8);
            entry.descriptor.extend([4_u64, 4].iter().flat_map(|size| size.to_le_bytes()));
        });
        let no_signature = TestEntry::stored("a", "four").described().with(|entry| {
            entry.descriptor.drain(..4);
        });
        let unix = TestEntry::stored("a", "four").with(|entry| {
            (entry.creator, entry.attributes) = (3 << 8, 0o100_644 << 16);
        });
        let unix_dir = TestEntry::stored("d/", "").with(|entry| {
            (entry.creator, entry.attributes) = (3 << 8, 0o040_755 << 16);
        });
        for zip in [
            TestZip::default(),
            plain(),
            plain().with(|zip| zip.zip64 = true),
            TestZip::of([zip64_local]),
            TestZip::of([zip64_descriptor]),
            TestZip::of([no_signature]),
            TestZip::of([unix, unix_dir]),
            TestZip::of([TestEntry::stored("é", "")]),
        ] {
            assert_eq!(oddities(&zip), [""; 0], "{zip:?}");
        }
    }

    #[test]
    fn what_others_may_read_differently_is_told() {
        type Change = fn(&mut TestZip);
        let cases: [(Change, &[&str]); 25] = [
            (|zip| zip.before = vec![0; 7], &["7 bytes stand before the first entry"]),
            (|zip| zip.entries[1].gap = vec![0; 3], &["3 bytes at offset 35 belong to no entry"]),
            (|zip| zip.between = vec![0; 2], &["2 bytes at offset 120 belong to no entry"]),
            (|zip| zip.after = vec![0; 5], &["5 bytes at offset 284 belong to no entry"]),
            (|zip| zip.comment = b"c".to_vec(), &["there is a comment"]),
            (|zip| zip.entries[0].comment = b"c".to_vec(), &["there is a comment"]),
            (
                |zip| zip.count = Some(0x1_0003),
                // The end record tells 3 as well; only the zip64 end record could tell more.
                &[],
            ),
            (
                |zip| (zip.count, zip.zip64) = (Some(0x1_0003), true),
                &["65539 entries are announced and 3 are there"],
            ),
            (
                |zip| zip.entries[1].offset = Some(0),
                &[
                    r#""b": name differs between local header and directory"#,
                    r#""b": method differs between local header and directory"#,
                    r#""b": flags differ between local header and directory"#,
                    r#""b": size differs between local header and directory"#,
                    r#""b": data descriptor does not match the directory"#,
                    "what begins at offset 0 overlaps with an entry",
                    "51 bytes at offset 37 belong to no entry",
                ],
            ),
            (
                |zip| zip.entries[0].local.name = b"A".to_vec(),
                &[r#""a": name differs between local header and directory"#],
            ),
            (
                |zip| zip.entries[0].local.method = 8,
                &[r#""a": method differs between local header and directory"#],
            ),
            (
                |zip| zip.entries[0].local.flags = 8,
                &[r#""a": flags differ between local header and directory"#],
            ),
            (
                |zip| zip.entries[0].local.crc32 = 0,
                &[r#""a": checksum differs between local header and directory"#],
            ),
            (
                |zip| zip.entries[1].local.crc32 = 7,
                &[r#""b": checksum differs between local header and directory"#],
            ),
            (
                |zip| zip.entries[0].local.uncompressed = 5,
                &[r#""a": size differs between local header and directory"#],
            ),
            (
                |zip| zip.entries[0].local.compressed = u64::MAX,
                &[r#""a": size differs between local header and directory"#],
            ),
            (
                |zip| zip.entries[1].descriptor[8] ^= 1,
                &[
                    r#""b": data descriptor does not match the directory"#,
                    "16 bytes at offset 72 belong to no entry",
                ],
            ),
            (
                |zip| zip.entries[1].descriptor.clear(),
                &[r#""b": data descriptor does not match the directory"#],
            ),
            (
                |zip| {
                    zip.entries[0].local.flags |= 1;
                    zip.entries[0].central.flags |= 1;
                },
                &[r#""a": marked as encrypted"#],
            ),
            (
                |zip| (zip.entries[0].local.crc32, zip.entries[0].central.crc32) = (0, 0),
                &[r#""a": has no checksum"#],
            ),
            (
                |zip| (zip.entries[0].creator, zip.entries[0].attributes) = (3 << 8, 0xa1ff << 16),
                &[r#""a": marked as another kind of file than its name tells"#],
            ),
            (
                |zip| zip.entries[0].attributes = 0x10,
                &[r#""a": marked as another kind of file than its name tells"#],
            ),
            (
                |zip| (zip.entries[2].creator, zip.entries[2].attributes) = (19 << 8, 0x81a4 << 16),
                &[r#""d/": marked as another kind of file than its name tells"#],
            ),
            (
                |zip| zip.entries[2] = TestEntry::with_data("d/", b"", 8, vec![3, 0]),
                &[r#""d/": directory with data"#],
            ),
            (
                |zip| {
                    zip.entries[0] = TestEntry::stored("\u{1b}é", "").with(|entry| {
                        (entry.local.flags, entry.central.flags) = (0, 0);
                    });
                },
                &[r#""\x1bé": name is not ASCII and not marked as UTF-8"#],
            ),
        ];
        for (i, (change, want)) in cases.into_iter().enumerate() {
            assert_eq!(oddities(&plain().with(change)), want, "case {i}");
        }
    }

    #[test]
    fn a_hidden_second_directory_leaves_a_gap() {
        let seen = TestZip::of([TestEntry::stored("seen", "")]).bytes();
        let hidden = TestZip::of([TestEntry::stored("hidden", "")]).bytes();
        let archive = Archive::open(&seen[..]).unwrap();
        assert_eq!(archive.oddities().unwrap(), []);
        let both = [hidden, seen].concat();
        let archive = Archive::open(&both[..]).unwrap();
        assert_eq!(archive.entry(0).unwrap().name, b"seen");
        assert_eq!(archive.oddities().unwrap(), [Oddity::Gap { at: 0, len: 110 }]);
    }

    #[test]
    fn the_list_is_bounded() {
        let odd = TestEntry::stored("a", "1").with(|entry| entry.local.method = 3);
        let many = TestZip::of(vec![odd; 100]).bytes();
        assert_eq!(Archive::open(&many[..]).unwrap().oddities().unwrap().len(), MAX_ODDITIES);
        let shared = TestEntry::stored("a", "").with(|entry| {
            entry.local.extra = vec![0; 1000];
            entry.offset = Some(0);
        });
        let many = TestZip::of(vec![shared; 100])
            .with(|zip| zip.entries.iter_mut().skip(1).for_each(|entry| entry.local.extra.clear()))
            .bytes();
        let found = Archive::open(&many[..]).unwrap().oddities().unwrap();
        assert_eq!(found, [Oddity::Overlap { at: 0 }]);
        let apart = TestEntry::stored("a", "1").with(|entry| entry.gap = vec![0]);
        let many = TestZip::of(vec![apart; 100]).bytes();
        assert_eq!(Archive::open(&many[..]).unwrap().oddities().unwrap().len(), MAX_ODDITIES);
    }

    proptest! {
        #[test]
        fn damage_is_not_feared(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let mut zip = plain().with(|zip| zip.zip64 = true).bytes();
            for (place, to) in damage {
                let place = place.index(zip.len());
                zip[place] = to;
            }
            if let Ok(archive) = Archive::open(&zip[..]) {
                let found = archive.oddities();
                prop_assert!(found.is_err() || found.unwrap().len() <= MAX_ODDITIES);
            }
        }
    }
}
