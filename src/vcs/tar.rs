//! Archives in tar's form, as `git archive` writes them: names first, then content by position.
//!
//! What is read: the header of POSIX.1-1988, and of the extended headers of POSIX.1-2001 (`x`, `g`) the
//! records `path`, `linkpath` and `size`. Numbers are octal, or binary with the first bit set. Whatever else
//! stands in an archive is refused or passed over.
//!
//! The names in an archive are the repository's: they are checked by whoever uses them.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use crate::error::{Error, ErrorKind};
use crate::sys::error::at;
use crate::sys::file::TempFile;
use crate::vcs::{Entry, EntryKind, Tree, no_file};

/// Bytes of a block.
const BLOCK: usize = 512;
/// Most files of a tree, as for module zips.
pub const MAX_ENTRIES: usize = 512 << 10;
/// Most bytes of all their names, as for module zips.
pub const MAX_NAMES: usize = 64 << 20;
/// Largest extended header.
const MAX_HEADER: u64 = 1 << 20;

/// A tree in an archive.
pub struct TarTree {
    file: TempFile,
    entries: Vec<Entry>,
    /// Where the content of each begins.
    offsets: Vec<u64>,
}

impl TarTree {
    /// Reads what is in the archive `file`, of which only what is below `prefix` (`prefix/sub/`)
    /// counts; the names are without it.
    ///
    /// # Errors
    /// When it is no archive, or beyond all bounds.
    pub fn new(file: TempFile, prefix: &[u8]) -> Result<TarTree, Error> {
        let reader = file.reader()?;
        let listed = list(std::io::BufReader::new(reader), prefix);
        let (entries, offsets) = listed.map_err(|err| match err {
            TarError::Io(err) => at("read", file.path())(err).into(),
            err => Error::new(ErrorKind::Security, err),
        })?;
        Ok(TarTree { file, entries, offsets })
    }
}

impl Tree for TarTree {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn open(&self, index: usize) -> Result<Box<dyn Read + '_>, Error> {
        let (Some(entry), Some(offset)) = (self.entries.get(index), self.offsets.get(index)) else {
            return Err(no_file());
        };
        let mut file: File = self.file.reader()?;
        file.seek(SeekFrom::Start(*offset)).map_err(at("seek", self.file.path()))?;
        Ok(Box::new(file.take(entry.size)))
    }
}

/// Why an archive can't be read.
#[derive(Debug, thiserror::Error)]
pub enum TarError {
    /// The file can't be read.
    #[error("{0}")]
    Io(std::io::Error),
    /// It ends in the middle, or isn't one.
    #[error("malformed archive of repository")]
    Malformed,
    /// There is more in it than may be.
    #[error("repository has too many files")]
    TooMany,
}

impl From<std::io::Error> for TarError {
    fn from(err: std::io::Error) -> TarError {
        match err.kind() {
            std::io::ErrorKind::UnexpectedEof => TarError::Malformed,
            _ => TarError::Io(err),
        }
    }
}

/// What an extended header says of the next entry.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

/// The entries below `prefix`, and where the content of each begins.
///
/// # Errors
/// See [`TarError`].
pub fn list(
    mut archive: impl Read + Seek,
    prefix: &[u8],
) -> Result<(Vec<Entry>, Vec<u64>), TarError> {
    let (mut entries, mut offsets) = (Vec::new(), Vec::new());
    let mut names = 0;
    let mut at = 0u64;
    let mut extended = Extended::default();
    loop {
        let mut block = [0; BLOCK];
        match archive.read_exact(&mut block) {
            Err(err) if err.kind() == std::io::ErrorKind::UnexpectedEof && at == 0 => {
                return Err(TarError::Malformed);
            }
            result => result?,
        }
        at += BLOCK as u64;
        if block.iter().all(|byte| *byte == 0) {
            return Ok((entries, offsets));
        }
        check_sum(&block)?;
        let said = number(field(&block, 124, 12))?;
        let kind = block.get(156).copied().unwrap_or_default();
        if matches!(kind, b'x' | b'g') {
            let data = content(&mut archive, said)?;
            at += padded(said)?;
            if kind == b'x' {
                extended = records(&data)?;
            }
            continue;
        }
        let Extended { path, link, size } = std::mem::take(&mut extended);
        let path = path.unwrap_or_else(|| full_name(&block));
        let size = size.unwrap_or(said);
        let what = match kind {
            b'0' | 0 => EntryKind::File,
            b'2' => EntryKind::Symlink,
            _ => EntryKind::Other,
        };
        // Folders are no files; a link has no content here.
        let stored = if what == EntryKind::File { size } else { 0 };
        if let Some(name) = path.strip_prefix(prefix)
            && kind != b'5'
            && !name.is_empty()
            && !name.ends_with(b"/")
        {
            names += name.len();
            if entries.len() >= MAX_ENTRIES || names > MAX_NAMES {
                return Err(TarError::TooMany);
            }
            let length = match &link {
                Some(link) if what == EntryKind::Symlink => link.len() as u64,
                _ => stored,
            };
            let size = if what == EntryKind::File { stored } else { length };
            entries.push(Entry { path: name.to_vec(), kind: what, size });
            offsets.push(at);
        }
        let skip = padded(stored)?;
        at = at.checked_add(skip).ok_or(TarError::Malformed)?;
        archive.seek(SeekFrom::Start(at))?;
    }
}

fn field(block: &[u8; BLOCK], from: usize, length: usize) -> &[u8] {
    block.get(from..from + length).unwrap_or_default()
}

/// A text that ends at the first zero byte.
fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn full_name(block: &[u8; BLOCK]) -> Vec<u8> {
    let name = text(field(block, 0, 100));
    match text(field(block, 345, 155)) {
        b"" => name.to_vec(),
        prefix => [prefix, b"/", name].concat(),
    }
}

fn number(field: &[u8]) -> Result<u64, TarError> {
    if let [first, rest @ ..] = field
        && first & 0x80 != 0
    {
        let start = u64::from(first & 0x7f);
        return rest
            .iter()
            .try_fold(start, |value, byte| value.checked_mul(256)?.checked_add(u64::from(*byte)))
            .ok_or(TarError::Malformed);
    }
    let digits = text(field).trim_ascii();
    digits
        .iter()
        .try_fold(0u64, |value, digit| match digit {
            b'0'..=b'7' => value.checked_mul(8)?.checked_add(u64::from(digit - b'0')),
            _ => None,
        })
        .ok_or(TarError::Malformed)
}

/// The sum over a header's bytes, its own field counted as blanks, keeps other files from being read
/// as archives.
fn check_sum(block: &[u8; BLOCK]) -> Result<(), TarError> {
    let is_own = |at: usize| (148..156).contains(&at);
    let bytes = block.iter().enumerate();
    let sum: u64 = bytes.map(|(at, byte)| u64::from(if is_own(at) { b' ' } else { *byte })).sum();
    match number(field(block, 148, 8))? == sum {
        true => Ok(()),
        false => Err(TarError::Malformed),
    }
}

fn padded(size: u64) -> Result<u64, TarError> {
    size.checked_next_multiple_of(BLOCK as u64).ok_or(TarError::Malformed)
}

/// The content of an extended header, padding read over.
fn content(archive: &mut impl Read, size: u64) -> Result<Vec<u8>, TarError> {
    if size > MAX_HEADER {
        return Err(TarError::TooMany);
    }
    let mut data = Vec::new();
    archive.take(padded(size)?).read_to_end(&mut data)?;
    if (data.len() as u64) < size {
        return Err(TarError::Malformed);
    }
    data.truncate(usize::try_from(size).map_err(|_| TarError::Malformed)?);
    Ok(data)
}

/// Reads `LENGTH KEY=VALUE\n`, again and again.
fn records(mut data: &[u8]) -> Result<Extended, TarError> {
    let mut extended = Extended::default();
    while !data.is_empty() {
        let blank = data.iter().position(|byte| *byte == b' ').ok_or(TarError::Malformed)?;
        let digits = data.get(..blank).unwrap_or_default();
        let length: usize = std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| digits.parse().ok())
            .ok_or(TarError::Malformed)?;
        let record = data.get(blank + 1..length).and_then(|record| record.strip_suffix(b"\n"));
        let record = record.ok_or(TarError::Malformed)?;
        data = data.get(length..).unwrap_or_default();
        let equals = record.iter().position(|byte| *byte == b'=').ok_or(TarError::Malformed)?;
        let (key, value) = record.split_at(equals);
        let value = value.get(1..).unwrap_or_default();
        match key {
            b"path" => extended.path = Some(value.to_vec()),
            b"linkpath" => extended.link = Some(value.to_vec()),
            b"size" => {
                let size = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                extended.size = Some(size.ok_or(TarError::Malformed)?);
            }
            _ => {}
        }
    }
    Ok(extended)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    /// A header and what follows it.
    fn member(name: &[u8], kind: u8, data: &[u8]) -> Vec<u8> {
        let mut block = [0u8; BLOCK];
        block[..name.len()].copy_from_slice(name);
        block[124..136].copy_from_slice(format!("{:011o}\0", data.len()).as_bytes());
        block[156] = kind;
        block[148..156].copy_from_slice(b"        ");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let mut all = block.to_vec();
        all.extend_from_slice(data);
        all.resize(all.len().next_multiple_of(BLOCK), 0);
        all
    }

    fn told(archive: Vec<u8>) -> String {
        match list(Cursor::new(&archive), b"prefix/") {
            Err(err) => err.to_string(),
            Ok((entries, offsets)) => {
                let all = entries.iter().zip(offsets).map(|(entry, at)| {
                    let name = String::from_utf8_lossy(&entry.path);
                    let data = archive.get(at as usize..).unwrap_or_default();
                    let size = entry.size.min(data.len() as u64) as usize;
                    let data = match entry.kind {
                        EntryKind::File => String::from_utf8_lossy(&data[..size]).into_owned(),
                        kind => format!("{kind:?}"),
                    };
                    format!("{name}={data};")
                });
                all.collect()
            }
        }
    }

    #[test]
    fn entries_and_their_content() {
        let end = vec![0; 2 * BLOCK];
        let long = [b"prefix/", &[b'x'; 200][..]].concat();
        let record = [format!("{} path=", long.len() + 10).as_bytes(), &long, b"\n"].concat();
        let archive = [
            member(b"pax_global_header", b'g', b"19 comment=0123456\n"),
            member(b"prefix/", b'5', b""),
            member(b"prefix/go.mod", b'0', b"module m\n"),
            member(b"prefix/link", b'2', b""),
            member(b"prefix/sub/", b'5', b""),
            member(b"other/x", b'0', b"no"),
            member(b"0.paxheader", b'x', &record),
            member(b"short", b'0', b"long"),
            end,
        ]
        .concat();
        let want = format!("go.mod=module m\n;link=Symlink;{}=long;", "x".repeat(200));
        assert_eq!(told(archive), want);
    }

    #[test]
    fn what_is_no_archive() {
        for archive in [
            Vec::new(),
            b"PK\x03\x04".repeat(200),
            member(b"prefix/x", b'0', b"x"),
            [member(b"p", b'x', b"999 path=x\n"), vec![0; BLOCK]].concat(),
        ] {
            assert_eq!(told(archive), "malformed archive of repository");
        }
        let huge = member(b"p", b'x', &vec![b' '; MAX_HEADER as usize + 1]);
        assert_eq!(told(huge), "repository has too many files");
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_archive_or_an_error(
            data in proptest::collection::vec(any::<u8>(), 0..2000),
            kind in any::<u8>(),
            name in proptest::collection::vec(any::<u8>(), 0..99),
        ) {
            let _ = list(Cursor::new(&data), b"");
            let archive = [member(&name, kind, &data), vec![0; 2 * BLOCK]].concat();
            let _ = list(Cursor::new(&archive), b"");
            let _ = records(&data);
        }
    }
}
