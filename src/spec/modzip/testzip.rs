//! A writer of zips for tests, which writes whatever it is told, right or wrong.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// A zip to be written. The fields may be changed at will before.
#[derive(Debug, Clone, Default)]
pub(crate) struct TestZip {
    /// What stands in front; offsets do not count it.
    pub(crate) before: Vec<u8>,
    pub(crate) entries: Vec<TestEntry>,
    /// What stands between the entries and the directory; offsets count it.
    pub(crate) between: Vec<u8>,
    /// The number of entries that the end record tells, if it is not to be the true one.
    pub(crate) count: Option<u64>,
    /// The same for size and offset of the directory.
    pub(crate) directory_size: Option<u64>,
    pub(crate) directory_offset: Option<u64>,
    /// Whether to write a zip64 end record and its locator.
    pub(crate) zip64: bool,
    pub(crate) comment: Vec<u8>,
    /// What follows the end record and is not counted as its comment.
    pub(crate) after: Vec<u8>,
}

/// What one of the two headers of an entry tells.
#[derive(Debug, Clone, Default)]
pub(crate) struct TestHeader {
    pub(crate) name: Vec<u8>,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc32: u32,
    pub(crate) compressed: u64,
    pub(crate) uncompressed: u64,
    pub(crate) extra: Vec<u8>,
}

/// An entry to be written.
#[derive(Debug, Clone, Default)]
pub(crate) struct TestEntry {
    /// What stands before the local header.
    pub(crate) gap: Vec<u8>,
    pub(crate) local: TestHeader,
    pub(crate) data: Vec<u8>,
    pub(crate) descriptor: Vec<u8>,
    /// What the directory tells.
    pub(crate) central: TestHeader,
    pub(crate) creator: u16,
    pub(crate) attributes: u32,
    pub(crate) comment: Vec<u8>,
    /// The offset that the directory tells, if it is not to be the true one.
    pub(crate) offset: Option<u64>,
    pub(crate) signature: Option<[u8; 4]>,
}

impl TestEntry {
    /// A file whose data is as given.
    pub(crate) fn stored(name: impl Into<Vec<u8>>, content: impl Into<Vec<u8>>) -> Self {
        let content = content.into();
        Self::with_data(name, &content, 0, content.clone())
    }

    /// A file whose data is compressed.
    pub(crate) fn deflated(name: impl Into<Vec<u8>>, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref();
        Self::with_data(name, content, 8, deflate(content))
    }

    /// A file with this content, in this compressed form.
    pub(crate) fn with_data(
        name: impl Into<Vec<u8>>,
        content: &[u8],
        method: u16,
        data: Vec<u8>,
    ) -> Self {
        let central = TestHeader {
            name: name.into(),
            flags: 0x800,
            method,
            crc32: crc32fast::hash(content),
            compressed: data.len() as u64,
            uncompressed: content.len() as u64,
            extra: Vec::new(),
        };
        Self { local: central.clone(), central, data, ..Self::default() }
    }

    /// Moves checksum and sizes behind the data, as Go writes them.
    pub(crate) fn described(mut self) -> Self {
        let TestHeader { crc32, compressed, uncompressed, .. } = self.central;
        self.descriptor = b"PK\x07\x08".to_vec();
        self.descriptor.extend(crc32.to_le_bytes());
        self.descriptor.extend(narrow(compressed));
        self.descriptor.extend(narrow(uncompressed));
        self.central.flags |= 8;
        self.local =
            TestHeader { crc32: 0, compressed: 0, uncompressed: 0, ..self.central.clone() };
        self
    }

    /// Changes what both headers tell.
    pub(crate) fn told(mut self, change: impl Fn(&mut TestHeader)) -> Self {
        change(&mut self.local);
        change(&mut self.central);
        self
    }

    /// Changes anything.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl TestZip {
    /// A plain zip of these entries.
    pub(crate) fn of(entries: impl IntoIterator<Item = TestEntry>) -> Self {
        Self { entries: entries.into_iter().collect(), ..Self::default() }
    }

    /// Changes anything.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Writes the zip.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut directory = Vec::new();
        for entry in &self.entries {
            out.extend(&entry.gap);
            let offset = entry.offset.unwrap_or(out.len() as u64);
            out.extend(entry.signature.unwrap_or(*b"PK\x03\x04"));
            out.extend(20_u16.to_le_bytes());
            write_common(&mut out, &entry.local);
            out.extend(&entry.local.name);
            out.extend(&entry.local.extra);
            out.extend(&entry.data);
            out.extend(&entry.descriptor);

            directory.extend(b"PK\x01\x02");
            directory.extend(entry.creator.to_le_bytes());
            directory.extend(20_u16.to_le_bytes());
            write_common(&mut directory, &entry.central);
            directory.extend((entry.comment.len() as u16).to_le_bytes());
            directory.extend([0; 4]);
            directory.extend(entry.attributes.to_le_bytes());
            directory.extend(narrow(offset));
            directory.extend(&entry.central.name);
            directory.extend(&entry.central.extra);
            directory.extend(&entry.comment);
        }
        out.extend(&self.between);
        let count = self.count.unwrap_or(self.entries.len() as u64);
        let size = self.directory_size.unwrap_or(directory.len() as u64);
        let offset = self.directory_offset.unwrap_or(out.len() as u64);
        out.extend(directory);
        if self.zip64 {
            let at = out.len() as u64;
            out.extend(b"PK\x06\x06");
            out.extend(44_u64.to_le_bytes());
            out.extend([0; 12]);
            for number in [count, count, size, offset] {
                out.extend(number.to_le_bytes());
            }
            out.extend(b"PK\x06\x07\0\0\0\0");
            out.extend(at.to_le_bytes());
            out.extend(1_u32.to_le_bytes());
        }
        let [count, size, offset] = if self.zip64 { [u64::MAX; 3] } else { [count, size, offset] };
        out.extend(b"PK\x05\x06\0\0\0\0");
        for number in [count, count] {
            out.extend((number as u16).to_le_bytes());
        }
        out.extend(narrow(size));
        out.extend(narrow(offset));
        out.extend((self.comment.len() as u16).to_le_bytes());
        out.extend(&self.comment);
        out.extend(&self.after);
        [self.before.clone(), out].concat()
    }
}

/// An extra field with sizes, and the offset, that do not fit into 32 bits.
pub(crate) fn zip64_extra(numbers: &[u64]) -> Vec<u8> {
    let mut extra = vec![1, 0, numbers.len() as u8 * 8, 0];
    extra.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    extra
}

/// Compresses.
pub(crate) fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// The part that local header and directory have in common.
fn write_common(out: &mut Vec<u8>, header: &TestHeader) {
    out.extend(header.flags.to_le_bytes());
    out.extend(header.method.to_le_bytes());
    out.extend([0; 4]);
    out.extend(header.crc32.to_le_bytes());
    out.extend(narrow(header.compressed));
    out.extend(narrow(header.uncompressed));
    out.extend((header.name.len() as u16).to_le_bytes());
    out.extend((header.extra.len() as u16).to_le_bytes());
}

fn narrow(number: u64) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}
