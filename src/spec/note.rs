//! Signed notes, the envelope in which a checksum database publishes its tree head.
//!
//! Implements the signatures behind
//! [Checksum database](https://go.dev/ref/mod#checksum-database) of the Go Modules Reference.
//!
//! ```text
//! note      = text "\n" signature { signature }
//! text      = lines, the last one ended too
//! signature = "— " name " " base64(hash data) "\n"
//! key       = name "+" hash "+" base64(algorithm public)
//! name      = no white space, no "+", not empty
//! hash      = the first 4 bytes of SHA-256(name "\n" algorithm public); in a key, 8 hex digits
//! algorithm = one byte; 1 is Ed25519, whose public keys have 32 bytes and signatures 64
//! ```
//!
//! The blank line that counts is the last one, so a text may have blank lines of its own. What is
//! signed is the text with its final newline. A note is valid UTF-8 without control characters
//! other than newline, has at most [`MAX_SIZE`] bytes and [`MAX_SIGNATURES`] signatures. One good
//! signature by a known key is enough; signatures by unknown keys are kept but mean nothing, and a
//! bad signature by a known key spoils the note.
//!
//! ```
//! use gomodfetch::spec::note::{self, Verifier};
//!
//! let key = "sum.example.com+fcd46cd2+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
//! let message = "\
//! go.sum database tree
//! 2
//! Ry8yqVKNq5Dc1iECgc4Cg/+RYVohpHqaxcAC67iTZ+Y=
//!
//! — sum.example.com /NRs0quxdYHe8Tp+kDxLSfPorMyfFMA9obijV7nqFQGeTMMdoxfA3yuiciRmXU8Jolqs3TPyITTDbP3JgSLnyfr89gI=
//! ";
//! let key = Verifier::parse(key).unwrap();
//! let note = note::open(message.as_bytes(), &[key]).unwrap();
//! assert_eq!(note.text, message.split_inclusive('\n').take(3).collect::<String>());
//! ```

use base64::Engine;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use ed25519_dalek::{Signature as Ed25519Signature, Verifier as _, VerifyingKey};
use sha2::{Digest, Sha256};

/// The most bytes a note may have.
pub const MAX_SIZE: usize = 1_000_000;

/// The most signature lines a note may have.
pub const MAX_SIGNATURES: usize = 100;

/// The algorithm byte of Ed25519, the only one there is.
const ED25519: u8 = 1;

const SIGNATURE_MARK: &str = "— ";

/// What is wrong with a verifier key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not of the form `name+hash+key`.
    #[error("malformed verifier id")]
    Malformed,
    /// The algorithm byte is not 1.
    #[error("unknown verifier algorithm")]
    UnknownAlgorithm,
    /// The hash is not that of this name and key: mistyped, or put together from two keys.
    #[error("invalid verifier hash")]
    WrongHash,
}

/// Why a note cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not of a note's form, or over its limits.
    #[error("malformed note")]
    Malformed,
    /// A well-formed note, but nobody we know has signed it.
    #[error("note has no verifiable signatures")]
    Unverified,
    /// The signature of a known key does not fit the text.
    #[error("invalid signature for key {name}+{hash:08x}")]
    InvalidSignature {
        /// The key's name.
        name: String,
        /// The key's hash.
        hash: u32,
    },
    /// Two known keys share name and hash, so it is unclear which one signed.
    #[error("ambiguous key {name}+{hash:08x}")]
    AmbiguousKey {
        /// The keys' name.
        name: String,
        /// The keys' hash.
        hash: u32,
    },
}

/// A public key that notes can be checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    hash: u32,
    public: [u8; 32],
}

impl Verifier {
    /// Reads a key of the form `name+hash+key`.
    pub fn parse(key: &str) -> Result<Verifier, KeyError> {
        // Base64 has "+" among its digits, so the third part is all that is left.
        let mut parts = key.splitn(3, '+');
        let mut part = || parts.next().unwrap_or_default();
        let (name, hash_digits, encoded) = (part(), part(), part());

        let hash = match u32::from_str_radix(hash_digits, 16) {
            Ok(hash) if hash_digits.len() == 8 => hash,
            _ => return Err(KeyError::Malformed),
        };
        let key = decode_base64(encoded).ok_or(KeyError::Malformed)?;
        let (algorithm, public) = key.split_first().ok_or(KeyError::Malformed)?;
        if !is_valid_name(name) {
            return Err(KeyError::Malformed);
        }
        if hash != key_hash(name, &key) {
            return Err(KeyError::WrongHash);
        }
        if *algorithm != ED25519 {
            return Err(KeyError::UnknownAlgorithm);
        }
        let public = public.try_into().map_err(|_| KeyError::Malformed)?;
        Ok(Verifier { name: name.to_owned(), hash, public })
    }

    /// The name of the key's owner, for a checksum database its `host[/path]`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The hash that tells apart several keys of one name.
    pub fn hash(&self) -> u32 {
        self.hash
    }

    /// Whether `signature` is this key's signature of `text`.
    pub fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        // A key that is no point on the curve has signed nothing.
        match (VerifyingKey::from_bytes(&self.public), Ed25519Signature::from_slice(signature)) {
            (Ok(key), Ok(signature)) => key.verify(text, &signature).is_ok(),
            _ => false,
        }
    }
}

/// One signature of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The name of the key that signed.
    pub name: String,
    /// The hash of the key that signed.
    pub hash: u32,
    /// The signature as it stands in the note: base64 of the key hash and the signature proper.
    pub base64: String,
}

/// A note with at least one good signature by a known key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The text, with its final newline.
    pub text: String,
    /// The signatures that were checked, one for each key.
    pub signatures: Vec<Signature>,
    /// The signatures by unknown keys, without repetitions.
    pub unverified: Vec<Signature>,
}

/// Opens `message`, checking the signatures of those who are `known`.
pub fn open(message: &[u8], known: &[Verifier]) -> Result<Note, NoteError> {
    if message.len() > MAX_SIZE {
        return Err(NoteError::Malformed);
    }
    let message = str::from_utf8(message).map_err(|_| NoteError::Malformed)?;
    if message.bytes().any(|b| b < b' ' && b != b'\n') {
        return Err(NoteError::Malformed);
    }
    let blank = message.rfind("\n\n").ok_or(NoteError::Malformed)?;
    let (text, block) = message.split_at(blank + 1);
    let block = block.strip_prefix('\n').and_then(|block| block.strip_suffix('\n'));
    let block = block.ok_or(NoteError::Malformed)?;

    let mut note = Note { text: text.to_owned(), signatures: vec![], unverified: vec![] };
    for (count, line) in block.split('\n').enumerate() {
        let (signature, data) = parse_signature(line).ok_or(NoteError::Malformed)?;
        if count >= MAX_SIGNATURES {
            return Err(NoteError::Malformed);
        }
        let Signature { name, hash, .. } = &signature;
        let mut keys = known.iter().filter(|key| key.name == *name && key.hash == *hash);
        match (keys.next(), keys.next()) {
            (None, _) => {
                if !note.unverified.contains(&signature) {
                    note.unverified.push(signature);
                }
            }
            (Some(_), Some(_)) => {
                return Err(NoteError::AmbiguousKey { name: name.clone(), hash: *hash });
            }
            (Some(key), None) => {
                // The first signature by a key counts; later ones are not looked at.
                if note.signatures.iter().any(|have| have.name == *name && have.hash == *hash) {
                    continue;
                }
                if !key.verify(text.as_bytes(), &data) {
                    return Err(NoteError::InvalidSignature { name: name.clone(), hash: *hash });
                }
                note.signatures.push(signature);
            }
        }
    }
    if note.signatures.is_empty() {
        return Err(NoteError::Unverified);
    }
    Ok(note)
}

/// A signature line without its newline, taken apart: who signed, and the signature's bytes.
fn parse_signature(line: &str) -> Option<(Signature, Vec<u8>)> {
    let (name, base64) = line.strip_prefix(SIGNATURE_MARK)?.split_once(' ')?;
    let bytes = decode_base64(base64)?;
    let (hash, data) = bytes.split_first_chunk::<4>()?;
    if !is_valid_name(name) || data.is_empty() {
        return None;
    }
    let hash = u32::from_be_bytes(*hash);
    let signature = Signature { name: name.to_owned(), hash, base64: base64.to_owned() };
    Some((signature, data.to_vec()))
}

fn is_valid_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+')
}

fn key_hash(name: &str, key: &[u8]) -> u32 {
    let digest = Sha256::new().chain_update(name).chain_update(b"\n").chain_update(key).finalize();
    let [a, b, c, d, ..]: [u8; 32] = digest.into();
    u32::from_be_bytes([a, b, c, d])
}

/// Decodes standard base64 as Go does: padding is needed, but unused bits at the end may be set.
pub(super) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    LENIENT.decode(text).ok()
}

/// Signing, which only tests need: they play the part of the database.
#[cfg(test)]
pub(crate) mod signing {
    use super::{ED25519, SIGNATURE_MARK, key_hash};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use ed25519_dalek::{Signer as _, SigningKey};

    /// A private key with a name.
    pub(crate) struct Signer {
        name: String,
        key: SigningKey,
    }

    impl Signer {
        /// The signer of this name whose private key is `seed` thirty-two times.
        pub(crate) fn new(name: &str, seed: u8) -> Signer {
            Signer { name: name.to_owned(), key: SigningKey::from_bytes(&[seed; 32]) }
        }

        fn public(&self) -> Vec<u8> {
            [&[ED25519], self.key.verifying_key().as_bytes().as_slice()].concat()
        }

        pub(crate) fn hash(&self) -> u32 {
            key_hash(&self.name, &self.public())
        }

        /// The key that this signer's notes can be checked with.
        pub(crate) fn verifier_key(&self) -> String {
            format!("{}+{:08x}+{}", self.name, self.hash(), STANDARD.encode(self.public()))
        }

        /// This signer's signature line for `text`.
        pub(crate) fn line(&self, text: &str) -> String {
            let signature = self.key.sign(text.as_bytes()).to_bytes();
            let data = [self.hash().to_be_bytes().as_slice(), &signature].concat();
            format!("{SIGNATURE_MARK}{} {}\n", self.name, STANDARD.encode(data))
        }

        /// A note with this text and this signer's signature.
        pub(crate) fn sign(&self, text: &str) -> String {
            format!("{text}\n{}", self.line(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::signing::Signer;
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "first\n\nsecond after a blank line\n";

    fn verifier(signer: &Signer) -> Verifier {
        Verifier::parse(&signer.verifier_key()).unwrap()
    }

    #[test]
    fn keys() {
        let good = Signer::new("sum.example.com/path", 7).verifier_key();
        let key = Verifier::parse(&good).unwrap();
        assert_eq!(key.name(), "sum.example.com/path");
        assert_eq!(format!("{:08x}", key.hash()), good[21..29]);

        let (name, hash, encoded) = (&good[..20], &good[21..29], &good[30..]);
        let mangled = |hash: &str, encoded: &str| format!("{name}+{hash}+{encoded}");
        // A key whose hash is right, whatever its bytes are.
        let hashed = |name: &str, key: &[u8]| {
            let encoded = base64::engine::general_purpose::STANDARD.encode(key);
            format!("{name}+{:08x}+{encoded}", key_hash(name, key))
        };
        let cases = [
            (String::new(), KeyError::Malformed),
            ("sum.example.com".into(), KeyError::Malformed),
            (mangled("", encoded), KeyError::Malformed),
            (mangled(&hash[1..], encoded), KeyError::Malformed),
            (mangled(&format!("0{hash}"), encoded), KeyError::Malformed),
            (mangled("+1234567", encoded), KeyError::Malformed),
            (mangled("xyzxyzxy", encoded), KeyError::Malformed),
            (mangled(hash, ""), KeyError::Malformed),
            (mangled(hash, &encoded[1..]), KeyError::Malformed),
            (mangled(hash, &format!("{encoded}=")), KeyError::Malformed),
            (format!("other.example.com+{hash}+{encoded}"), KeyError::WrongHash),
            (mangled("00000000", encoded), KeyError::WrongHash),
            (hashed("a b", &[1; 33]), KeyError::Malformed),
            (hashed("a\u{a0}b", &[1; 33]), KeyError::Malformed),
            (hashed("", &[1; 33]), KeyError::Malformed),
            (hashed("a", &[1; 32]), KeyError::Malformed),
            (hashed("a", &[1; 34]), KeyError::Malformed),
            (hashed("a", &[2; 33]), KeyError::UnknownAlgorithm),
        ];
        for (key, want) in cases {
            assert_eq!(Verifier::parse(&key), Err(want), "{key}");
        }
        assert!(Verifier::parse(&mangled(&hash.to_uppercase(), encoded)).is_ok());
    }

    #[test]
    fn a_key_that_is_no_point_verifies_nothing() {
        // y = 2 is on no point of the curve.
        let mut key = [0; 33];
        key[0] = ED25519;
        key[1] = 2;
        let encoded = base64::engine::general_purpose::STANDARD.encode(key);
        let key = Verifier::parse(&format!("a+{:08x}+{encoded}", key_hash("a", &key))).unwrap();
        assert!(!key.verify(b"text\n", &[0; 64]));
    }

    #[test]
    fn opening() {
        let (ann, bob) = (Signer::new("ann", 1), Signer::new("bob", 2));
        let impostor = Signer::new("ann", 3);
        let note = open(ann.sign(TEXT).as_bytes(), &[verifier(&ann)]).unwrap();
        assert_eq!(note.text, TEXT);
        assert_eq!((note.signatures.len(), note.unverified.len()), (1, 0));
        assert_eq!(
            (note.signatures[0].name.as_str(), note.signatures[0].hash),
            ("ann", ann.hash())
        );

        // Two signers, in any order, the unknown one twice.
        let both = format!("{TEXT}\n{1}{0}{1}", ann.line(TEXT), bob.line(TEXT));
        let note = open(both.as_bytes(), &[verifier(&ann)]).unwrap();
        assert_eq!(note.signatures[0].name, "ann");
        assert_eq!(note.unverified.len(), 1);
        let note = open(both.as_bytes(), &[verifier(&ann), verifier(&bob)]).unwrap();
        assert_eq!((note.signatures.len(), note.unverified.len()), (2, 0));

        // Same name, other key: unknown, since its hash differs.
        assert_eq!(
            open(impostor.sign(TEXT).as_bytes(), &[verifier(&ann)]),
            Err(NoteError::Unverified)
        );
        assert_eq!(open(ann.sign(TEXT).as_bytes(), &[]), Err(NoteError::Unverified));
        assert_eq!(
            open(ann.sign(TEXT).as_bytes(), &[verifier(&ann), verifier(&ann)]).unwrap_err(),
            NoteError::AmbiguousKey { name: "ann".into(), hash: ann.hash() }
        );

        let forged = ann.sign(TEXT).replace("second", "2econd");
        let error = open(forged.as_bytes(), &[verifier(&ann)]).unwrap_err();
        assert_eq!(error.to_string(), format!("invalid signature for key ann+{:08x}", ann.hash()));
    }

    #[test]
    fn forms_that_are_no_note() {
        let ann = Signer::new("ann", 1);
        let good = ann.sign(TEXT);
        let line = ann.line(TEXT);
        let cases = [
            String::new(),
            "\n".into(),
            TEXT.into(),
            format!("{TEXT}{line}"),
            format!("{TEXT}\n"),
            good.trim_end().into(),
            format!("{good}\n"),
            format!("{good}trailing\n"),
            good.replace("— ", "- "),
            good.replace("— ann ", "— ann"),
            good.replace("— ann ", "— a+n "),
            good.replace("— ann ", "—  "),
            good.replace('=', ""),
            good.replace("first", "fir\tst"),
            good.replace("first", "fir\rst"),
            format!("{TEXT}\n— ann AAAAAA==\n"),
            format!("{TEXT}\n{}", line.repeat(MAX_SIGNATURES + 1)),
            ann.sign(&format!("{}\n", "x".repeat(MAX_SIZE))),
        ];
        for case in cases {
            let got = open(case.as_bytes(), &[verifier(&ann)]);
            assert_eq!(got, Err(NoteError::Malformed), "{:.80}", case);
        }
        assert_eq!(open(b"\xff\n\n", &[]), Err(NoteError::Malformed));
        let most = format!("{TEXT}\n{}", line.repeat(MAX_SIGNATURES));
        assert_eq!(open(most.as_bytes(), &[verifier(&ann)]).unwrap().signatures.len(), 1);
    }

    proptest! {
        #[test]
        fn never_panics(note in any::<Vec<u8>>(), key in ".*") {
            let _ = open(&note, &[]);
            let _ = Verifier::parse(&key);
        }

        #[test]
        fn round_trip_and_any_flipped_bit(text in "[a-z\n ]{0,60}\n", at in any::<prop::sample::Index>(), bit in 0..8_u32) {
            let ann = Signer::new("ann", 1);
            let mut message = ann.sign(&text).into_bytes();
            prop_assert_eq!(open(&message, &[verifier(&ann)]).unwrap().text, text.clone());
            let at = at.index(message.len());
            message[at] ^= 1_u8 << bit;
            // Base64's last digit has bits that nothing is stored in: flipping one changes nothing.
            if let Ok(note) = open(&message, &[verifier(&ann)]) {
                prop_assert_eq!(note.text, text);
                prop_assert!(at >= message.len() - 4, "a flipped bit at {} went unnoticed", at);
            }
        }
    }
}
