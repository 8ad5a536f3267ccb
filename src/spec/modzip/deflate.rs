//! Where compressed data goes wrong, to the byte.
//!
//! The message of go tells how many bytes had been taken in when the mistake was noticed
//! (`flate: corrupt input before offset 17`), and no library says the same number. So, once an
//! entry is known to be bad, its data is walked through again here, after [RFC 1951] and in Go's
//! order of reading: a byte is taken in when the bits at hand do not suffice. Nothing is inflated,
//! only counted; speed does not matter.
//!
//! [RFC 1951]: https://www.rfc-editor.org/rfc/rfc1951

use std::io::BufRead;

use super::read::ZipError;

/// Walks through compressed data out of which at most `limit` bytes may come; hands back how many
/// do. What follows the last block is not looked at.
///
/// # Errors
/// [`ZipError::Corrupt`] with Go's offset, [`ZipError::UnexpectedEof`] if the data ends early,
/// [`ZipError::Format`] if more than `limit` bytes come.
pub(super) fn walk(input: impl BufRead, limit: u64) -> Result<u64, ZipError> {
    let mut walk = Walk { input: Bits { input, bits: 0, len: 0, offset: 0 }, inflated: 0, limit };
    while !walk.block()? {}
    Ok(walk.inflated)
}

/// How many symbols of either alphabet have a meaning; a few more can be encoded.
const LITERALS: usize = 286;
const DISTANCES: usize = 30;
const END_OF_BLOCK: usize = 256;
/// How far back a copy may reach.
const WINDOW: u64 = 32 << 10;
/// The order in which the code for code lengths is given.
const LENGTH_ORDER: [usize; 19] =
    [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

struct Walk<I> {
    input: Bits<I>,
    inflated: u64,
    limit: u64,
}

impl<I: BufRead> Walk<I> {
    /// Walks through a block; tells whether it was the last.
    fn block(&mut self) -> Result<bool, ZipError> {
        self.input.need(3)?;
        let is_last = self.input.take(1)? == 1;
        match self.input.take(2)? {
            0 => self.stored_block()?,
            1 => {
                let lengths: Vec<u8> = (0..288)
                    .map(|symbol| match symbol {
                        144..=255 => 9,
                        256..=279 => 7,
                        _ => 8,
                    })
                    .collect();
                let literals = Code::new(&lengths).ok_or(self.input.corrupt())?;
                self.compressed_block(&literals, None)?;
            }
            2 => {
                let (literals, distances) = self.input.read_codes()?;
                self.compressed_block(&literals, Some(&distances))?;
            }
            _ => return Err(self.input.corrupt()),
        }
        Ok(is_last)
    }

    fn stored_block(&mut self) -> Result<(), ZipError> {
        self.input.drop_bits();
        let [len, complement] = [self.input.take_aligned()?, self.input.take_aligned()?];
        if len != !complement {
            return Err(self.input.corrupt());
        }
        for _ in 0..len {
            self.input.next_byte()?;
            self.count(1)?;
        }
        Ok(())
    }

    fn compressed_block(
        &mut self,
        literals: &Code,
        distances: Option<&Code>,
    ) -> Result<(), ZipError> {
        loop {
            let symbol = self.input.decode(literals)?;
            let (base, extra_bits) = match symbol {
                0..END_OF_BLOCK => {
                    self.count(1)?;
                    continue;
                }
                END_OF_BLOCK => return Ok(()),
                257..265 => (symbol - 254, 0),
                265..285 => {
                    let extra_bits = (symbol - 261) / 4;
                    ((((symbol - 265) % 4 + 4) << extra_bits) + 3, extra_bits)
                }
                285 => (258, 0),
                _ => return Err(self.input.corrupt()),
            };
            let len = base as u64 + u64::from(self.input.take(extra_bits)?);
            let symbol = match distances {
                Some(code) => self.input.decode(code)?,
                None => (self.input.take(5)?.reverse_bits() >> (32 - 5)) as usize,
            };
            let (base, extra_bits) = match symbol {
                0..4 => (symbol + 1, 0),
                4..DISTANCES => {
                    let extra_bits = symbol / 2 - 1;
                    (((symbol % 2 + 2) << extra_bits) + 1, extra_bits)
                }
                _ => return Err(self.input.corrupt()),
            };
            let distance = base as u64 + u64::from(self.input.take(extra_bits)?);
            if distance > self.inflated.min(WINDOW) {
                return Err(self.input.corrupt());
            }
            self.count(len)?;
        }
    }

    fn count(&mut self, inflated: u64) -> Result<(), ZipError> {
        self.inflated += inflated;
        if self.inflated > self.limit { Err(ZipError::Format) } else { Ok(()) }
    }
}

/// The input, lowest bit first.
struct Bits<I> {
    input: I,
    /// Bits that were taken in and not used yet, and how many they are.
    bits: u32,
    len: usize,
    /// How many bytes were taken in.
    offset: u64,
}

impl<I: BufRead> Bits<I> {
    fn corrupt(&self) -> ZipError {
        ZipError::Corrupt { offset: self.offset }
    }

    fn next_byte(&mut self) -> Result<u8, ZipError> {
        let byte = *self.input.fill_buf()?.first().ok_or(ZipError::UnexpectedEof)?;
        self.input.consume(1);
        self.offset += 1;
        Ok(byte)
    }

    /// Makes sure that there are so many bits, at most 15.
    fn need(&mut self, len: usize) -> Result<(), ZipError> {
        while self.len < len {
            self.bits |= u32::from(self.next_byte()?) << self.len;
            self.len += 8;
        }
        Ok(())
    }

    fn take(&mut self, len: usize) -> Result<u32, ZipError> {
        self.need(len)?;
        let taken = self.bits & ((1 << len) - 1);
        self.drop(len);
        Ok(taken)
    }

    fn drop(&mut self, len: usize) {
        self.bits >>= len;
        self.len -= len;
    }

    fn drop_bits(&mut self) {
        (self.bits, self.len) = (0, 0);
    }

    fn take_aligned(&mut self) -> Result<u16, ZipError> {
        Ok(u16::from_le_bytes([self.next_byte()?, self.next_byte()?]))
    }

    /// Reads the two codes that a block with codes of its own begins with.
    fn read_codes(&mut self) -> Result<(Code, Code), ZipError> {
        self.need(14)?;
        let literals = self.take(5)? as usize + 257;
        let distances = self.take(5)? as usize + 1;
        let given = self.take(4)? as usize + 4;
        if literals > LITERALS || distances > DISTANCES {
            return Err(self.corrupt());
        }
        let mut lengths = [0; LENGTH_ORDER.len()];
        for place in LENGTH_ORDER.iter().take(given) {
            let length = self.take(3)? as u8;
            lengths.get_mut(*place).into_iter().for_each(|to| *to = length);
        }
        let code = Code::new(&lengths).ok_or(self.corrupt())?;
        let lengths = self.read_lengths(&code, literals + distances)?;
        let (of_literals, of_distances) = lengths.split_at_checked(literals).unwrap_or_default();
        let codes = Code::new(of_literals).zip(Code::new(of_distances));
        let (mut literals, distances) = codes.ok_or(self.corrupt())?;
        // Each block must come to its end, so Go never asks for fewer bits than the end takes.
        let end_len = of_literals.get(END_OF_BLOCK).copied().unwrap_or_default();
        literals.min = literals.min.max(end_len.into());
        Ok((literals, distances))
    }

    fn read_lengths(&mut self, code: &Code, count: usize) -> Result<Vec<u8>, ZipError> {
        let mut lengths = Vec::with_capacity(count);
        while lengths.len() < count {
            let (value, least, extra_bits) = match self.decode(code)? {
                symbol @ 0..16 => (symbol as u8, 1, 0),
                16 => (*lengths.last().ok_or(self.corrupt())?, 3, 2),
                17 => (0, 3, 3),
                _ => (0, 11, 7),
            };
            let times = least + self.take(extra_bits)? as usize;
            if lengths.len() + times > count {
                return Err(self.corrupt());
            }
            lengths.resize(lengths.len() + times, value);
        }
        Ok(lengths)
    }

    /// Reads a symbol.
    fn decode(&mut self, code: &Code) -> Result<usize, ZipError> {
        self.need(code.min)?;
        // The symbols of each length are consecutive numbers, read with the highest bit first,
        // and follow on those of the length before.
        let (mut number, mut first, mut index) = (0, 0, 0);
        for (len, count) in (1..=code.max).zip(code.counts) {
            self.need(len)?;
            number = number << 1 | (self.bits >> (len - 1) & 1) as usize;
            first <<= 1;
            if number < first + count {
                self.drop(len);
                let symbol = code.symbols.get(index + number - first);
                return symbol.copied().ok_or(self.corrupt());
            }
            first += count;
            index += count;
        }
        Err(self.corrupt())
    }
}

/// A Huffman code.
struct Code {
    /// How many symbols have the length 1, 2, and so on.
    counts: [usize; 15],
    /// The symbols by their length.
    symbols: Vec<usize>,
    /// The least number of bits that are asked for, and the length of the longest symbol.
    min: usize,
    max: usize,
}

impl Code {
    /// The code in which the symbols from 0 on have these lengths; 0 says that there is none.
    ///
    /// There must be neither more nor fewer symbols than can be told apart, except that there may
    /// be no symbol at all, or a single one of length 1.
    fn new(lengths: &[u8]) -> Option<Self> {
        let mut used: Vec<(usize, usize)> = lengths
            .iter()
            .enumerate()
            .filter(|(_, len)| **len > 0)
            .map(|(symbol, len)| (usize::from(*len), symbol))
            .collect();
        used.sort_unstable();
        let space: usize = used.iter().map(|(len, _)| 1 << 15 >> len).sum();
        let counts = std::array::from_fn(|i| used.iter().filter(|(len, _)| *len == i + 1).count());
        let lone = matches!(*used, [] | [(1, _)]);
        (lone || space == 1 << 15).then(|| Self {
            counts,
            min: used.first().map_or(0, |(len, _)| *len),
            max: used.last().map_or(0, |(len, _)| *len),
            symbols: used.into_iter().map(|(_, symbol)| symbol).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testzip::deflate;
    use super::*;
    use flate2::{Decompress, FlushDecompress, Status};
    use proptest::prelude::*;

    fn outcome(hex: &str, limit: u64) -> String {
        let digits: Vec<u8> = hex.chars().map(|c| c.to_digit(16).unwrap() as u8).collect();
        let data: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        match walk(&data[..], limit) {
            Ok(inflated) => inflated.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn mistakes_are_noticed_where_go_notices_them() {
        let corrupt = |offset| format!("flate: corrupt input before offset {offset}");
        let cut_short = || "unexpected EOF".to_owned();
        for (data, want) in [
            ("", cut_short()),
            ("0300", "0".to_owned()),
            ("0300ff", "0".to_owned()),
            ("07", corrupt(1)),
            ("010000ffff", "0".to_owned()),
            ("010300fcff616263", "3".to_owned()),
            ("010300fcff6162", cut_short()),
            ("010300fcff", cut_short()),
            ("010300fc", cut_short()),
            ("010300fdff616263", corrupt(5)),
            // A letter and a copy of three, from one byte back; from two; by a reserved distance.
            ("4b040200", "4".to_owned()),
            ("4b0402", cut_short()),
            ("4b044200", corrupt(3)),
            ("4b043e00", corrupt(3)),
            // A reserved length.
            ("4b1c0300", corrupt(3)),
            // Codes with too many literals, too many distances, too short lengths, and one that
            // begins with a repetition.
            ("f500000000000000", corrupt(3)),
            ("051e000000000000", corrupt(3)),
            ("050092000000000000", corrupt(4)),
            ("050012000000000000", corrupt(4)),
        ] {
            assert_eq!(outcome(data, 100), want, "{data}");
        }
    }

    #[test]
    fn the_limit_is_not_passed() {
        let too_much = ZipError::Format.to_string();
        assert_eq!(outcome("4b040200", 4), "4");
        assert_eq!(outcome("4b040200", 3), too_much);
        assert_eq!(outcome("010300fcff616263", 2), too_much);
        // Whatever comes afterwards.
        assert_eq!(outcome("010300fcff6162", 1), too_much);
        assert_eq!(outcome("4b044200", 0), too_much);
    }

    /// What another decoder says: how many bytes come out, or none if it refuses the data.
    fn inflated_len(data: &[u8]) -> Option<u64> {
        let mut decoder = Decompress::new(false);
        let mut content = vec![0; 1 << 16];
        let status = decoder.decompress(data, &mut content, FlushDecompress::Finish);
        matches!(status, Ok(Status::StreamEnd)).then(|| decoder.total_out())
    }

    proptest! {
        #[test]
        fn agrees_with_another_decoder_on_noise(data in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(walk(&data[..], 1 << 16).ok(), inflated_len(&data));
        }

        #[test]
        fn agrees_with_another_decoder_on_damage(
            words in prop::collection::vec("func |return |if err != nil|[a-z]{1,9}|\n", 0..300),
            damage in prop::collection::vec((any::<prop::sample::Index>(), 0..8_u8), 0..3),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let mut data = deflate(words.concat().as_bytes());
            for (place, bit) in &damage {
                let place = place.index(data.len());
                data[place] ^= 1 << bit;
            }
            if let Some(cut) = cut {
                data.truncate(cut.index(data.len()));
            }
            prop_assert_eq!(walk(&data[..], 1 << 16).ok(), inflated_len(&data));
        }
    }
}
