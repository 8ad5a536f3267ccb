//! Numbers in the headers of a zip, and the extra fields that headers carry.

/// The kind of extra field that holds sizes and offset of more than 32 bits.
pub(super) const ZIP64_EXTRA: u16 = 1;

/// Little-endian numbers one after another. What lies past the end reads as zero: callers make
/// sure of the length, where it matters.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl Fields<'_> {
    pub(super) fn skip(&mut self, n: usize) {
        self.0 = self.0.get(n..).unwrap_or_default();
    }

    pub(super) fn u16(&mut self) -> u16 {
        self.next().map(u16::from_le_bytes).unwrap_or_default()
    }

    pub(super) fn u32(&mut self) -> u32 {
        self.next().map(u32::from_le_bytes).unwrap_or_default()
    }

    pub(super) fn u64(&mut self) -> u64 {
        self.next_u64().unwrap_or_default()
    }

    pub(super) fn next_u64(&mut self) -> Option<u64> {
        self.next().map(u64::from_le_bytes)
    }

    fn next<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }
}

/// The first extra field of this kind. Fields are a kind, a length and as many bytes; what follows
/// one that is cut short is passed over.
pub(super) fn extra_field(extra: &[u8], kind: u16) -> Option<&[u8]> {
    let mut fields = Fields(extra);
    while fields.0.len() >= 4 {
        let (found, len) = (fields.u16(), fields.u16());
        let (field, rest) = fields.0.split_at_checked(len.into())?;
        if found == kind {
            return Some(field);
        }
        fields = Fields(rest);
    }
    None
}
