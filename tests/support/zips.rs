//! Zip archives: sound ones in two shapes, and broken ones by byte surgery.
//!
//! [`sized`] writes them through the crate `zip`, with sizes in the local headers. [`streamed`] writes
//! them as the `go` command's own writer does: every entry deflated, sizes and CRC only in a data
//! descriptor behind it and in the central directory, no time stamps. It takes any names, duplicates
//! and any number of entries. [`Surgery`] then changes single fields of either.

use std::io::{Cursor, Write as _};

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// A name as it stands in the zip, and the content.
pub type Entry = (String, Vec<u8>);

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
const END: u32 = 0x0605_4b50;
const END64: u32 = 0x0606_4b50;
const END64_LOCATOR: u32 = 0x0706_4b50;

/// The flag of an entry whose sizes follow its data.
const FLAG_DESCRIPTOR: u16 = 0x8;
/// The flag of a name in UTF-8, set where ASCII does not do.
const FLAG_UTF8: u16 = 0x800;
/// Format version 2.0, the lowest with deflate.
const VERSION: u16 = 20;
const DEFLATE: u16 = 8;

/// A zip with sizes in its local headers, deflated.
pub fn sized(entries: &[Entry]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, data) in entries {
        writer
            .start_file(name.as_str(), options)
            .unwrap_or_else(|err| panic!("zip entry {name}: {err}"));
        writer.write_all(data).expect("written to memory");
    }
    writer.finish().expect("written to memory").into_inner()
}

/// A zip as the `go` command's writer makes it: a data descriptor behind every entry.
pub fn streamed(entries: &[Entry]) -> Vec<u8> {
    let mut zip = Vec::new();
    let mut central = Vec::new();
    for (name, data) in entries {
        let offset = zip.len();
        let flags = FLAG_DESCRIPTOR | if name.is_ascii() { 0 } else { FLAG_UTF8 };
        put32(&mut zip, LOCAL);
        put16s(&mut zip, &[VERSION, flags, DEFLATE, 0, 0]);
        zip.extend([0; 12]);
        put16s(&mut zip, &[narrow16(name.len()), 0]);
        zip.extend(name.as_bytes());

        let compressed = deflate(data);
        let crc = crc32fast::hash(data);
        zip.extend(&compressed);
        let sizes = [crc, narrow32(compressed.len()), narrow32(data.len())];
        put32(&mut zip, DESCRIPTOR);
        sizes.iter().for_each(|size| put32(&mut zip, *size));

        put32(&mut central, CENTRAL);
        put16s(&mut central, &[VERSION, VERSION, flags, DEFLATE, 0, 0]);
        sizes.iter().for_each(|size| put32(&mut central, *size));
        put16s(&mut central, &[narrow16(name.len()), 0, 0, 0, 0]);
        put32(&mut central, 0);
        put32(&mut central, narrow32(offset));
        central.extend(name.as_bytes());
    }
    finish(&mut zip, &central, entries.len());
    zip
}

/// Appends the central directory and the end records, those of zip64 where the count needs them.
fn finish(zip: &mut Vec<u8>, central: &[u8], count: usize) {
    let start = zip.len();
    zip.extend(central);
    let narrow_count = u16::try_from(count).unwrap_or(u16::MAX);
    if narrow_count == u16::MAX {
        let end64 = zip.len() as u64;
        put32(zip, END64);
        put64(zip, 44);
        put16s(zip, &[45, 45]);
        zip.extend([0; 8]);
        put64(zip, count as u64);
        put64(zip, count as u64);
        put64(zip, central.len() as u64);
        put64(zip, start as u64);
        put32(zip, END64_LOCATOR);
        put32(zip, 0);
        put64(zip, end64);
        put32(zip, 1);
    }
    put32(zip, END);
    put16s(zip, &[0, 0, narrow_count, narrow_count]);
    put32(zip, narrow32(central.len()));
    put32(zip, narrow32(start));
    put16s(zip, &[0]);
}

/// The raw deflate stream of the data, ended as Go ends it: by a last block that is stored and empty.
pub fn deflate(data: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    if !data.is_empty() {
        let mut encoder = DeflateEncoder::new(&mut stream, Compression::default());
        encoder.write_all(data).expect("written to memory");
        // A flush ends at a whole byte. The encoder's own last block, which follows, is not wanted.
        encoder.flush().expect("written to memory");
        let flushed = encoder.get_ref().len();
        drop(encoder);
        stream.truncate(flushed);
    }
    stream.extend([0x01, 0x00, 0x00, 0xff, 0xff]);
    stream
}

/// Which of the two headers of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// The one before the data.
    Local,
    /// The one in the central directory, which readers believe.
    Central,
}

/// A field of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The general purpose flags (16 bits); bit 0 means encrypted.
    Flags,
    /// The compression method (16 bits): 0 stored, 8 deflated.
    Method,
    /// The CRC-32 of the content.
    Crc,
    /// The size of the compressed data.
    Compressed,
    /// The size of the content.
    Uncompressed,
    /// Who made the entry (16 bits, central only); 3 in the high byte is Unix.
    MadeBy,
    /// The external attributes (central only); Unix modes in the upper half.
    Attributes,
    /// Where the local header starts (central only).
    Offset,
}

impl Field {
    /// Offset in the local header, offset in the central header, width.
    fn place(self) -> (Option<usize>, usize, usize) {
        match self {
            Field::Flags => (Some(6), 8, 2),
            Field::Method => (Some(8), 10, 2),
            Field::Crc => (Some(14), 16, 4),
            Field::Compressed => (Some(18), 20, 4),
            Field::Uncompressed => (Some(22), 24, 4),
            Field::MadeBy => (None, 4, 2),
            Field::Attributes => (None, 38, 4),
            Field::Offset => (None, 42, 4),
        }
    }
}

/// Changes to the bytes of a zip; each step panics when the zip has no such place.
///
/// ```text
/// Surgery::on(zip).set("a@v1/x.go", Header::Central, Field::Uncompressed, 7).finish()
/// ```
pub struct Surgery {
    bytes: Vec<u8>,
}

/// Where an entry lies.
struct Spot {
    name: Vec<u8>,
    local: usize,
    central: usize,
    data: std::ops::Range<usize>,
}

impl Surgery {
    /// Starts with a sound zip without a comment.
    pub fn on(zip: impl Into<Vec<u8>>) -> Self {
        Self { bytes: zip.into() }
    }

    /// Sets a field in one header of an entry.
    pub fn set(mut self, entry: &str, header: Header, field: Field, value: u32) -> Self {
        let spot = self.spot(entry);
        let (local, central, width) = field.place();
        let at = match header {
            Header::Local => spot.local + local.expect("a field of local headers"),
            Header::Central => spot.central + central,
        };
        self.bytes[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
        self
    }

    /// Sets a field in both headers of an entry.
    pub fn set_both(self, entry: &str, field: Field, value: u32) -> Self {
        self.set(entry, Header::Local, field, value).set(entry, Header::Central, field, value)
    }

    /// Gives an entry the Unix mode that makes it a symbolic link, a device or what the mode says.
    pub fn unix_mode(self, entry: &str, mode: u32) -> Self {
        self.set(entry, Header::Central, Field::MadeBy, 0x0300 | u32::from(VERSION)).set(
            entry,
            Header::Central,
            Field::Attributes,
            mode << 16,
        )
    }

    /// Changes the name in one header, to one of the same length.
    pub fn rename(mut self, entry: &str, header: Header, name: &str) -> Self {
        assert_eq!(entry.len(), name.len(), "a name of another length: {name:?}");
        let spot = self.spot(entry);
        let at = match header {
            Header::Local => spot.local + 30,
            Header::Central => spot.central + 46,
        };
        self.bytes[at..at + name.len()].copy_from_slice(name.as_bytes());
        self
    }

    /// Inverts one byte of an entry's compressed data.
    pub fn damage(mut self, entry: &str, at: usize) -> Self {
        let data = self.spot(entry).data;
        assert!(at < data.len(), "{entry} has {} compressed bytes", data.len());
        self.bytes[data.start + at] ^= 0xff;
        self
    }

    /// Puts bytes before the zip, whose offsets then are too small.
    pub fn prepend(mut self, junk: &[u8]) -> Self {
        self.bytes.splice(0..0, junk.iter().copied());
        self
    }

    /// Puts bytes behind the zip.
    pub fn append(mut self, junk: &[u8]) -> Self {
        self.bytes.extend(junk);
        self
    }

    /// Puts bytes behind the zip and declares them its comment.
    pub fn comment(mut self, text: &[u8]) -> Self {
        let at = self.end() + 20;
        self.bytes[at..at + 2].copy_from_slice(&narrow16(text.len()).to_le_bytes());
        self.append(text)
    }

    /// Puts bytes between the last entry and the central directory, whose offset is corrected.
    pub fn insert_before_directory(mut self, junk: &[u8]) -> Self {
        let end = self.end();
        let start = self.get32(end + 16);
        let moved = narrow32(start + junk.len());
        self.bytes[end + 16..end + 20].copy_from_slice(&moved.to_le_bytes());
        self.bytes.splice(start..start, junk.iter().copied());
        self
    }

    /// Keeps only the first bytes.
    pub fn truncate(mut self, len: usize) -> Self {
        self.bytes.truncate(len);
        self
    }

    /// Declares another number of entries in the end record.
    pub fn set_count(mut self, count: u16) -> Self {
        let at = self.end() + 8;
        self.bytes[at..at + 2].copy_from_slice(&count.to_le_bytes());
        self.bytes[at + 2..at + 4].copy_from_slice(&count.to_le_bytes());
        self
    }

    /// The bytes as they now are.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// The last entry of that name in the central directory.
    fn spot(&self, entry: &str) -> Spot {
        let end = self.end();
        let count = usize::from(self.get16(end + 10));
        let mut central = self.get32(end + 16);
        let mut found = None;
        for _ in 0..count {
            let spot = self.spot_at(central);
            let lengths = [28, 30, 32].map(|field| usize::from(self.get16(central + field)));
            central += 46 + lengths.iter().sum::<usize>();
            if spot.name == entry.as_bytes() {
                found = Some(spot);
            }
        }
        found.unwrap_or_else(|| panic!("no entry {entry:?} in the zip"))
    }

    fn spot_at(&self, central: usize) -> Spot {
        let name_len = usize::from(self.get16(central + 28));
        let local = self.get32(central + 42);
        let data =
            local + 30 + usize::from(self.get16(local + 26)) + usize::from(self.get16(local + 28));
        Spot {
            name: self.bytes[central + 46..central + 46 + name_len].to_vec(),
            local,
            central,
            data: data..data + self.get32(central + 20),
        }
    }

    /// Where the end record starts.
    fn end(&self) -> usize {
        let signature = END.to_le_bytes();
        self.bytes
            .windows(signature.len())
            .rposition(|window| window == signature)
            .expect("an end record")
    }

    fn get16(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]])
    }

    fn get32(&self, at: usize) -> usize {
        let bytes = self.bytes[at..at + 4].try_into().expect("four bytes");
        u32::from_le_bytes(bytes) as usize
    }
}

fn put16s(out: &mut Vec<u8>, values: &[u16]) {
    values.iter().for_each(|value| out.extend(value.to_le_bytes()));
}

fn put32(out: &mut Vec<u8>, value: u32) {
    out.extend(value.to_le_bytes());
}

fn put64(out: &mut Vec<u8>, value: u64) {
    out.extend(value.to_le_bytes());
}

fn narrow16(value: usize) -> u16 {
    u16::try_from(value).expect("a length below 64 KiB")
}

fn narrow32(value: usize) -> u32 {
    u32::try_from(value).expect("a zip below 4 GiB")
}
