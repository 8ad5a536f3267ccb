//! A key of our own, to sign notes with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest, Sha256};

const NAME: &str = "sum.example.com";

/// A text that may be found signed: seeds hold it with its signature.
#[allow(dead_code, reason = "not every target needs it")]
pub const SIGNED: &str = "signed\n\nby the fuzzer\n";

/// Signs notes.
pub struct Signer {
    /// The verifier key.
    pub key: String,
    hash: [u8; 4],
    secret: SigningKey,
}

impl Signer {
    /// The one signer there is.
    pub fn new() -> Signer {
        let secret = SigningKey::from_bytes(&[7; 32]);
        let mut public = vec![1];
        public.extend_from_slice(secret.verifying_key().as_bytes());
        let digest = Sha256::new_with_prefix(NAME).chain_update("\n").chain_update(&public);
        let hash: [u8; 4] = std::array::from_fn({
            let digest = digest.finalize();
            move |at| digest[at]
        });
        let number = u32::from_be_bytes(hash);
        let key = format!("{NAME}+{number:08x}+{}", STANDARD.encode(&public));
        Signer { key, hash, secret }
    }

    /// A note with this text.
    pub fn sign(&self, text: &str) -> String {
        let mut signature = self.hash.to_vec();
        signature.extend_from_slice(&self.secret.sign(text.as_bytes()).to_bytes());
        format!("{text}\n\u{2014} {NAME} {}\n", STANDARD.encode(signature))
    }
}
