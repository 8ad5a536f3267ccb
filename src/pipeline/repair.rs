//! A damaged module version fetched again.
//!
//! All under `V.lock`: first nobody is left to believe what is damaged (`Store::disarm`), so that a
//! failure from there on, a kill included, leaves something that is fetched again when it is needed.
//! Then the zip, the one in the cache if it is right, goes the way of any download: checked, unpacked,
//! verified, published.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::error::{Error, ErrorKind};
use crate::pipeline::Pipeline;
use crate::pipeline::zip::{Staging, ZipReady, interrupted};
use crate::spec::module::Version;
use crate::store::repair::Damage;
use crate::verify::{Hashed, Proof};

impl Pipeline {
    /// Fetches again what is damaged. `seen` are the hashes that zip, tree and `.ziphash` had: where
    /// neither go.sum nor the checksum database knows the module, what comes must be what one of them
    /// says.
    ///
    /// # Errors
    /// When it can't be had, or is not what it must be. Nobody believes the damaged parts then.
    pub async fn repair(
        &self,
        module: &Version,
        damage: Damage,
        seen: &[String],
    ) -> Result<(), Error> {
        let permit = Arc::clone(&self.zips).acquire_owned().await.map_err(|_| interrupted())?;
        let lock = self.lock(module).await?;
        self.store.disarm(&lock, module, damage)?;
        let parts = self.store.layout().parts();
        let arrived = AtomicBool::new(false);
        let staged = self.stage_locked(module, lock, &arrived, None, parts).await?;
        let verified = &staged.0;
        if verified.proof() == Proof::FirstUse
            && !seen.iter().any(|seen| seen == verified.content().hash())
        {
            let hash = verified.content().hash();
            let text = format!(
                "checksum mismatch\n\tdownloaded: {hash}\n\tneither go.sum nor a checksum database \
                 knows the module, and in the cache nothing has this hash"
            );
            return Err(Error::message(ErrorKind::Security, text).of_module(module));
        }
        let staging = Box::new(Staging::again(staged, permit));
        self.publish(module, ZipReady::Staged(staging)).await.map(drop)
    }

    /// Fetches a go.mod again, in place of one that is damaged.
    ///
    /// # Errors
    /// When it can't be had or verified. The damaged one is gone then.
    pub async fn repair_go_mod(&self, module: &Version) -> Result<(), Error> {
        self.store.remove_go_mod(module)?;
        self.go_mod(module).await.map(drop)
    }
}
