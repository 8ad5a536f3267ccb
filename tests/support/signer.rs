//! Signed addresses that expire, as object stores hand them out.
//!
//! A proxy redirects to a second host with `?signature=…`; that host takes each signature so many times
//! and then answers 403, as if its time were over. A client that was cut must ask the proxy again.
//!
//! ```text
//! let signer = Signer::for_uses(1);
//! proxy.fault(Fault::on("*.zip").redirect_signed(&store.url(), &signer));
//! store.fault(Fault::on("*").unless_signed(&signer).status(403).body("Request has expired"));
//! ```

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::requests::Request;

/// Signs addresses; clones are the same signer.
#[derive(Debug, Clone)]
pub struct Signer {
    uses: usize,
    /// How often each signature was taken.
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Signer {
    /// Every signature is taken so many times.
    pub fn for_uses(uses: usize) -> Self {
        Self { uses, taken: Arc::default() }
    }

    /// The query of a new signature.
    pub fn sign(&self) -> String {
        let mut taken = self.taken.lock().expect("no panic under the lock");
        let query = format!("signature=secret-signature-{}", taken.len());
        taken.insert(query.clone(), 0);
        query
    }

    /// How many signatures were handed out.
    pub fn signed(&self) -> usize {
        self.taken.lock().expect("no panic under the lock").len()
    }

    /// Whether the request has a signature that is not used up; this is one use of it.
    pub fn accepts(&self, request: &Request) -> bool {
        let mut taken = self.taken.lock().expect("no panic under the lock");
        let Some(count) = request.query.as_ref().and_then(|query| taken.get_mut(query)) else {
            return false;
        };
        *count += 1;
        *count <= self.uses
    }
}
