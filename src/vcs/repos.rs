//! The repositories of a run, each opened once however many modules are in it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::Semaphore;

use crate::error::{Error, ErrorKind};
use crate::event::Observer;
use crate::spec::goimport::System;
use crate::vcs::Repo;
use crate::vcs::git::{FOREIGN, Git};
use crate::vcs::run::{Call, Runner, Settings};
use crate::vcs::whole::Whole;

/// Threads that wait for repositories at once.
const THREADS: usize = 64;

type Opened = OnceLock<Result<Arc<dyn Repo>, Error>>;

/// Opens repositories. When it is dropped, programs that still run for it are ended.
pub struct Repos {
    shared: Arc<Shared>,
    threads: Semaphore,
}

struct Shared {
    runner: Arc<Runner>,
    opened: Mutex<HashMap<(String, String), Arc<Opened>>>,
}

/// A handle to open repositories with, where waiting holds up nobody.
#[derive(Clone)]
pub struct Opener(Arc<Shared>);

impl Repos {
    /// No repositories yet; programs are run with `settings`, and told to `observer`.
    pub fn new(settings: Settings, observer: Arc<dyn Observer>) -> Repos {
        let runner = Arc::new(Runner::new(settings, observer));
        let shared = Arc::new(Shared { runner, opened: Mutex::default() });
        Repos { shared, threads: Semaphore::new(THREADS) }
    }

    /// Does `work`, which may wait, on a thread of its own.
    ///
    /// # Errors
    /// Those of `work`; or that it broke off.
    pub async fn wait_for<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Opener) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let _turn = self.threads.acquire().await;
        let opener = Opener(Arc::clone(&self.shared));
        let done = tokio::task::spawn_blocking(move || work(&opener)).await;
        done.unwrap_or_else(|_| Err(Error::message(ErrorKind::Interrupted, "interrupted")))
    }
}

impl Repos {
    /// Whether a repository of the version control system `vcs` answers at `url`.
    pub async fn ping(&self, vcs: &str, url: String) -> bool {
        let (program, words): (_, &[&str]) = match vcs {
            "git" => ("git", &["ls-remote", "--end-of-options"]),
            "hg" => ("hg", &["identify", "--"]),
            "svn" => ("svn", &["info", "--"]),
            "bzr" => ("bzr", &["info", "--"]),
            _ => return false,
        };
        let ping = self.wait_for(move |opener| {
            let runner = &opener.0.runner;
            let dir = runner.settings().temp_dir.clone();
            let args = words.iter().copied().chain([&*url]);
            let call = Call::new(program, &dir, args).unset(FOREIGN).network();
            Ok(runner.run(&call).is_ok())
        });
        ping.await.unwrap_or(false)
    }
}

impl Drop for Repos {
    fn drop(&mut self) {
        self.shared.runner.stop();
    }
}

impl Opener {
    /// The repository at `url` of the version control system `vcs`, such as `git`.
    ///
    /// # Errors
    /// When there is no such system, or the repository can't be opened; once and for all.
    pub fn open(&self, vcs: &str, url: &str) -> Result<Arc<dyn Repo>, Error> {
        let cell = {
            let mut opened = self.0.opened.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(opened.entry((vcs.to_owned(), url.to_owned())).or_default())
        };
        cell.get_or_init(|| self.open_new(vcs, url)).clone()
    }

    fn open_new(&self, vcs: &str, url: &str) -> Result<Arc<dyn Repo>, Error> {
        let runner = Arc::clone(&self.0.runner);
        match vcs {
            "git" => Ok(Arc::new(Git::open(runner, url)?)),
            vcs => match System::of(vcs) {
                Some(system) => Ok(Arc::new(Whole::open(runner, system, url)?)),
                None => {
                    let text = format!("unknown vcs: {vcs} {url}");
                    Err(Error::message(ErrorKind::Other, text))
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_system_that_there_is_not() {
        let settings = Settings {
            dir: "/nowhere".into(),
            temp_dir: "/nowhere".into(),
            path: Default::default(),
            set: Vec::new(),
            interactive: false,
            stall: Duration::from_secs(1),
            probe: Arc::new(|_| Box::pin(async { false })),
        };
        let repos = Repos::new(settings, Arc::new(crate::event::Silent));
        let opened = repos.wait_for(|opener| opener.open("cvs", "https://h.example").map(drop));
        let text = "unknown vcs: cvs https://h.example";
        assert_eq!(opened.await.unwrap_err().to_string(), text);
        assert!(!repos.ping("cvs", "https://h.example".to_owned()).await);
        // Nor is there any program.
        assert!(!repos.ping("git", "https://h.example".to_owned()).await);
    }
}
