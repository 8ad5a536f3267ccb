//! What came from a source stored in the caches of GOCACHEPROXY, for others.
//!
//! A file is stored once it is verified and stands in the module cache. That goes on in the background; the
//! end of a run waits for it. Where a file is already, the cache keeps its own (`If-None-Match: *`, or the
//! look of the system), so that two who store the same don't harm each other. A failure is no failure of the
//! run: it is told with `-v`, and after `MAX_FAILS` in a row nothing more is stored there.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::error::Error;
use crate::event::{Event, Observer};
use crate::net::{Network, SafeUrl, Upload};
use crate::source::cache_proxy::{Cache, CacheProxies};
use crate::source::file::store_file;
use crate::spec::module::Version;

/// Files that are stored at once.
const AT_ONCE: usize = 8;
/// How long nothing may be taken of a file that is stored, or no answer come.
const STALL: Duration = Duration::from_secs(15);
/// Failures in a row after which nothing more is stored.
const MAX_FAILS: u32 = 3;

/// What is being stored in one run.
pub struct Uploads {
    tasks: Mutex<JoinSet<()>>,
    shared: Arc<Shared>,
}

struct Shared {
    network: Network,
    observer: Arc<dyn Observer>,
    turns: Semaphore,
    fails: AtomicU32,
}

impl Uploads {
    /// Nothing yet.
    pub fn new(network: Network, observer: Arc<dyn Observer>) -> Uploads {
        let (turns, fails) = (Semaphore::new(AT_ONCE), AtomicU32::new(0));
        let shared = Arc::new(Shared { network, observer, turns, fails });
        Uploads { tasks: Mutex::default(), shared }
    }

    /// Stores a file of the module cache in all caches, without waiting for it. When all have it, or have
    /// failed, `then` is done, which may block.
    pub fn store(
        &self,
        caches: &CacheProxies,
        module: &Version,
        extension: &'static str,
        file: &Path,
        then: Option<Box<dyn FnOnce() + Send>>,
    ) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that are done need not be kept.
        while tasks.try_join_next().is_some() {}
        let (shared, caches) = (Arc::clone(&self.shared), caches.all().to_vec());
        let (module, file) = (module.clone(), file.to_owned());
        tasks.spawn(async move {
            let all = caches.iter().map(|cache| shared.store(cache, &module, extension, &file));
            futures_util::future::join_all(all).await;
            if let Some(then) = then {
                let _ = tokio::task::spawn_blocking(then).await;
            }
        });
    }

    /// Waits until everything is stored, or has failed.
    pub async fn finish(&self) {
        let mut tasks = {
            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *tasks)
        };
        while tasks.join_next().await.is_some() {}
    }
}

impl Shared {
    async fn store(&self, cache: &Cache, module: &Version, extension: &str, file: &Path) {
        let Ok(_turn) = self.turns.acquire().await else { return };
        if self.fails.load(Ordering::Relaxed) >= MAX_FAILS {
            return;
        }
        let Ok(url) = cache.file_url(module, extension) else { return };
        match self.put(&url, file.to_owned()).await {
            Ok(()) => self.fails.store(0, Ordering::Relaxed),
            Err(err) => {
                self.fails.fetch_add(1, Ordering::Relaxed);
                let (url, reason) = (url.to_string(), err.to_string());
                self.observer.event(&Event::NotStored { url, reason });
            }
        }
    }

    async fn put(&self, url: &SafeUrl, file: PathBuf) -> Result<(), Error> {
        if url.scheme() == "file" {
            let url = url.clone();
            return super::zip::blocking(move || Ok(store_file(&file, &url)?)).await;
        }
        let upload = Upload::new(file);
        let mut put = std::pin::pin!(self.network.put(url, &upload));
        let mut seen = 0;
        loop {
            tokio::select! {
                result = put.as_mut() => return Ok(result?),
                () = tokio::time::sleep(STALL) => {
                    let now = upload.progress();
                    if now == seen {
                        return Err(upload.stalled(url, STALL).into());
                    }
                    seen = now;
                }
            }
        }
    }
}
