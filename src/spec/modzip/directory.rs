//! Finding the directory of a zip and reading its records; see [`read`](super::read) for what
//! counts as one.

use super::fields::{Fields, ZIP64_EXTRA, extra_field};
use super::read::{Header, ZipError};
use super::source::{ReadAt, read_up_to, slice};

const RECORD: u32 = 0x0201_4b50;
pub(super) const RECORD_LEN: usize = 46;
const END_RECORD: [u8; 4] = *b"PK\x05\x06";
pub(super) const END_RECORD_LEN: u64 = 22;
const ZIP64_LOCATOR: u32 = 0x0706_4b50;
pub(super) const ZIP64_LOCATOR_LEN: u64 = 20;
const ZIP64_END: u32 = 0x0606_4b50;
const ZIP64_END_LEN: usize = 56;

/// What the end record says, or the zip64 end record in its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    /// Where the end record stands.
    pub(super) at: u64,
    /// Where the zip64 end record begins and ends, if it counts.
    pub(super) zip64: Option<(u64, u64)>,
    pub(super) comment_len: u16,
    pub(super) records: u64,
    directory_size: u64,
    directory_offset: u64,
}

/// Finds the end record, first in the last KiB, where it nearly always is.
pub(super) fn find_end<R: ReadAt>(source: &R, size: u64) -> Result<End, ZipError> {
    for window in [1024, 65 * 1024] {
        let window = size.min(window);
        let mut buf = vec![0; window as usize];
        let tail = read_up_to(source, &mut buf, size - window)?;
        if let Some(place) = find_end_record(tail) {
            let end =
                parse_end(tail.get(place..).unwrap_or_default(), size - window + place as u64);
            return read_zip64_end(source, size, end);
        }
        if window == size {
            break;
        }
    }
    Err(ZipError::Format)
}

fn find_end_record(tail: &[u8]) -> Option<usize> {
    let place = tail
        .windows(END_RECORD_LEN as usize)
        .rposition(|record| record.starts_with(&END_RECORD))?;
    let record = tail.get(place..)?;
    let comment_len = Fields(record.get(20..)?).u16();
    (record.len() >= END_RECORD_LEN as usize + usize::from(comment_len)).then_some(place)
}

fn parse_end(record: &[u8], at: u64) -> End {
    let mut fields = Fields(record);
    fields.skip(10);
    End {
        at,
        zip64: None,
        records: fields.u16().into(),
        directory_size: fields.u32().into(),
        directory_offset: fields.u32().into(),
        comment_len: fields.u16(),
    }
}

/// Replaces what the end record says by what the zip64 end record says, if there is one.
fn read_zip64_end<R: ReadAt>(source: &R, size: u64, end: End) -> Result<End, ZipError> {
    // That the directory's size is compared with 16 bits is go's choice.
    let full = end.records == 0xffff
        || end.directory_size == 0xffff
        || end.directory_offset == 0xffff_ffff;
    let Some(locator_at) = end.at.checked_sub(ZIP64_LOCATOR_LEN).filter(|_| full) else {
        return Ok(end);
    };
    let mut buf = [0; ZIP64_LOCATOR_LEN as usize];
    let mut locator = Fields(read_up_to(source, &mut buf, locator_at)?);
    let (signature, disk) = (locator.u32(), locator.u32());
    let at = locator.u64();
    let disks = locator.u32();
    // A place that is negative as a signed number is passed over, as by go.
    if (signature, disk, disks) != (ZIP64_LOCATOR, 0, 1) || at > i64::MAX as u64 {
        return Ok(end);
    }
    let mut buf = [0; ZIP64_END_LEN];
    if at >= size || read_up_to(source, &mut buf, at)?.len() < ZIP64_END_LEN {
        return Err(ZipError::Eof);
    }
    let mut record = Fields(&buf);
    if record.u32() != ZIP64_END {
        return Err(ZipError::Format);
    }
    let rest_len = record.u64();
    record.skip(20);
    Ok(End {
        zip64: Some((at, at.saturating_add(12).saturating_add(rest_len))),
        records: record.u64(),
        directory_size: record.u64(),
        directory_offset: record.u64(),
        ..end
    })
}

/// Where the directory begins, and what is to be added to the offsets that its records tell.
pub(super) fn place_directory<R: ReadAt>(
    source: &R,
    size: u64,
    end: &End,
) -> Result<(u64, i64), ZipError> {
    let (Ok(length), Ok(told)) =
        (i64::try_from(end.directory_size), i64::try_from(end.directory_offset))
    else {
        return Err(ZipError::Format);
    };
    let end_at = end.zip64.map_or(end.at, |(at, _)| at).cast_signed();
    let base = end_at.wrapping_sub(length).wrapping_sub(told);
    let directory = u64::try_from(base.wrapping_add(told)).map_err(|_| ZipError::Format)?;
    if directory >= size {
        return Err(ZipError::Format);
    }
    if base > 0 && Records::new(source, size, told.cast_unsigned()).next().is_ok() {
        return Ok((told.cast_unsigned(), 0));
    }
    Ok((directory, base))
}

/// Reads records one after another.
pub(super) struct Records<'a, R> {
    window: Window<'a, R>,
    /// Where the next record begins.
    pub(super) at: u64,
}

/// What the directory says of an entry.
pub(super) struct Record<'a> {
    pub(super) header: Header,
    pub(super) name: &'a [u8],
    pub(super) has_comment: bool,
}

impl<'a, R: ReadAt> Records<'a, R> {
    pub(super) fn new(source: &'a R, size: u64, at: u64) -> Self {
        Self { window: Window { source, size, piece: Vec::new(), piece_at: 0 }, at }
    }

    /// The record at the current place; after an error the place is the same.
    pub(super) fn next(&mut self) -> Result<Record<'_>, ZipError> {
        let mut fields = Fields(self.window.take(self.at, RECORD_LEN as u64)?);
        if fields.u32() != RECORD {
            return Err(ZipError::Format);
        }
        let creator = fields.u16();
        fields.skip(2);
        let (flags, method) = (fields.u16(), fields.u16());
        fields.skip(4);
        let crc32 = fields.u32();
        let (compressed, uncompressed) = (fields.u32().into(), fields.u32().into());
        let (name_len, extra_len, comment_len) = (fields.u16(), fields.u16(), fields.u16());
        fields.skip(4);
        let attributes = fields.u32();
        let offset = fields.u32().into();
        let mut header =
            Header { creator, flags, method, crc32, compressed, uncompressed, offset, attributes };

        let text_at = self.at + RECORD_LEN as u64;
        let text_len = u64::from(name_len) + u64::from(extra_len) + u64::from(comment_len);
        let text = self.window.take(text_at, text_len)?;
        let (name, rest) = text.split_at_checked(name_len.into()).unwrap_or_default();
        header.widen(slice(rest, 0, extra_len.into()))?;
        self.at = text_at + text_len;
        Ok(Record { header, name, has_comment: comment_len > 0 })
    }
}

impl Header {
    /// Takes sizes and offset that are all ones from the zip64 extra field, in this order.
    ///
    /// An uncompressed size of 2³²-1 may also stand for itself; the others must be given.
    fn widen(&mut self, extra: &[u8]) -> Result<(), ZipError> {
        const FULL: u32 = u32::MAX;
        let mut wanted: [Option<&mut u64>; 2] = [&mut self.uncompressed, &mut self.compressed]
            .map(|n| (*n == u64::from(FULL)).then_some(n));
        let mut offset_wanted = self.offset == i64::from(FULL);
        if let Some(field) = extra_field(extra, ZIP64_EXTRA) {
            let mut field = Fields(field);
            for size in wanted.iter_mut().filter_map(Option::take) {
                *size = field.next_u64().ok_or(ZipError::Format)?;
            }
            if std::mem::take(&mut offset_wanted) {
                self.offset = field.next_u64().ok_or(ZipError::Format)?.cast_signed();
            }
        }
        let [_, compressed_wanted] = wanted;
        if compressed_wanted.is_some() || offset_wanted {
            return Err(ZipError::Format);
        }
        Ok(())
    }
}

/// A view of the file that moves on, for structures that follow each other.
struct Window<'a, R> {
    source: &'a R,
    size: u64,
    /// A piece of the file and where it begins; unused if the file is in memory.
    piece: Vec<u8>,
    piece_at: u64,
}

impl<R: ReadAt> Window<'_, R> {
    /// Bytes that are read at once; the longest record has more (196,651).
    const PIECE: u64 = 64 << 10;

    /// Exactly `len` bytes from `at` on.
    fn take(&mut self, at: u64, len: u64) -> Result<&[u8], ZipError> {
        if len == 0 {
            return Ok(&[]);
        }
        let taken = match self.source.as_bytes() {
            Some(bytes) => slice(bytes, at, len),
            None => self.take_from_piece(at, len)?,
        };
        match taken.len() as u64 {
            0 => Err(ZipError::Eof),
            n if n < len => Err(ZipError::UnexpectedEof),
            _ => Ok(taken),
        }
    }

    fn take_from_piece(&mut self, at: u64, len: u64) -> Result<&[u8], ZipError> {
        let piece_end = self.piece_at + self.piece.len() as u64;
        if at < self.piece_at || at.saturating_add(len) > piece_end {
            let rest = self.size.saturating_sub(at);
            self.piece.resize(rest.min(len.max(Self::PIECE)) as usize, 0);
            let filled = read_up_to(self.source, &mut self.piece, at)?.len();
            self.piece.truncate(filled);
            self.piece_at = at;
        }
        Ok(slice(&self.piece, at - self.piece_at, len))
    }
}
