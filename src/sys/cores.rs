//! Work spread over the cores, however it is nested.
//!
//! A list of jobs is worked on by as many threads as there are cores. A job may itself be a list of
//! parts: those are taken on by whichever cores have run out of jobs, so that one large job at the
//! end does not leave the others idle. There is never more than one busy thread for each core.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};
use std::thread::{Builder, Scope};

/// The cores that may be used.
#[derive(Debug)]
pub struct Cores {
    /// Those without work; for a moment one less than none, while a list of parts comes to its end.
    free: AtomicIsize,
}

impl Cores {
    /// So many cores, one of which is the caller's.
    pub fn new(count: usize) -> Cores {
        Cores { free: AtomicIsize::new(count.max(1) as isize - 1) }
    }

    /// So many cores, for callers who come and go: each must [`enter`](Self::enter) first.
    pub fn shared(count: usize) -> Cores {
        Cores { free: AtomicIsize::new(count.max(1) as isize) }
    }

    /// Takes a core for the caller, until what is handed back is dropped. Where all are taken, those
    /// who help others leave theirs when the part that they are at is done.
    pub fn enter(&self) -> Busy<'_> {
        self.free.fetch_sub(1, Ordering::Relaxed);
        Busy(self)
    }

    /// `work(state, i)` for each `i` below `count`, on this thread and on every core that is free or
    /// becomes free meanwhile; the results in order. Each other thread makes a state of its own.
    pub fn map<S, R: Send + Sync>(
        &self,
        state: &mut S,
        count: usize,
        new_state: &(impl Fn() -> S + Sync),
        work: &(impl Fn(&mut S, usize) -> R + Sync),
    ) -> Vec<R> {
        let results: Vec<OnceLock<R>> = (0..count).map(|_| OnceLock::new()).collect();
        let next = AtomicUsize::new(0);
        let keep = |state: &mut S, i: usize| {
            let result = work(state, i);
            // Each place is worked on once.
            if let Some(place) = results.get(i) {
                let _ = place.set(result);
            }
        };
        let list = List { next: &next, count, new_state, work: &keep };
        std::thread::scope(|scope| {
            self.drain(scope, &list, state, false);
            // This core has nothing to do but wait for the others.
            self.free.fetch_add(1, Ordering::Relaxed);
        });
        self.free.fetch_sub(1, Ordering::Relaxed);
        results.into_iter().filter_map(OnceLock::into_inner).collect()
    }

    fn take(&self) -> bool {
        let take = |free: isize| (free > 0).then(|| free - 1);
        self.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    fn drain<'scope, S, N: Fn() -> S + Sync, W: Fn(&mut S, usize) + Sync>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        list: &'scope List<'scope, N, W>,
        state: &mut S,
        is_helper: bool,
    ) {
        loop {
            if is_helper && self.free.load(Ordering::Relaxed) < 0 {
                return;
            }
            let i = list.next.fetch_add(1, Ordering::Relaxed);
            if i >= list.count {
                return;
            }
            if list.next.load(Ordering::Relaxed) < list.count && self.take() {
                let helper = move || {
                    self.drain(scope, list, &mut (list.new_state)(), true);
                    self.free.fetch_add(1, Ordering::Relaxed);
                };
                // Without another thread it only takes longer.
                if Builder::new().spawn_scoped(scope, helper).is_err() {
                    self.free.fetch_add(1, Ordering::Relaxed);
                }
            }
            (list.work)(state, i);
        }
    }
}

/// A core that is taken.
#[derive(Debug)]
pub struct Busy<'a>(&'a Cores);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.free.fetch_add(1, Ordering::Relaxed);
    }
}

/// A list of jobs, and which of them is the next.
struct List<'a, N, W> {
    next: &'a AtomicUsize,
    count: usize,
    new_state: &'a N,
    work: &'a W,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::sync::{Barrier, Mutex};

    #[test]
    fn every_job_is_done_once_and_results_are_in_order() {
        for cores in [1, 2, 5] {
            let done = Cores::new(cores).map(&mut 0, 1000, &|| 0, &|seen, i| {
                *seen += 1;
                i * 2
            });
            assert_eq!(done, (0..1000).map(|i| i * 2).collect::<Vec<_>>());
        }
        let none: Vec<()> = Cores::new(3).map(&mut (), 0, &|| (), &|(), _| ());
        assert!(none.is_empty());
    }

    #[test]
    fn the_parts_of_one_job_are_spread() {
        // Each part waits for the other: on one thread this would never end.
        let cores = Cores::new(2);
        let both = Barrier::new(2);
        let threads = Mutex::new(HashSet::new());
        cores.map(&mut (), 1, &|| (), &|(), _| {
            cores.map(&mut (), 2, &|| (), &|(), _| {
                both.wait();
                threads.lock().unwrap().insert(std::thread::current().id());
            });
        });
        assert_eq!(threads.into_inner().unwrap().len(), 2);
    }

    #[test]
    fn helpers_make_room_for_who_comes() {
        let cores = Cores::shared(2);
        let _mine = cores.enter();
        let helped = AtomicUsize::new(0);
        let me = std::thread::current().id();
        let both = Barrier::new(2);
        let others = Mutex::new(Vec::new());
        cores.map(&mut (), 10, &|| (), &|(), i| {
            if i < 2 {
                both.wait();
            }
            if std::thread::current().id() != me {
                helped.fetch_add(1, Ordering::SeqCst);
                // Somebody else comes and stays.
                others.lock().unwrap().push(cores.enter());
            }
        });
        assert_eq!(helped.into_inner(), 1);
    }

    #[test]
    fn there_are_no_more_threads_than_cores() {
        let cores = Cores::new(3);
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        cores.map(&mut (), 20, &|| (), &|(), _| {
            cores.map(&mut (), 20, &|| (), &|(), _| {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                now.fetch_sub(1, Ordering::SeqCst);
            });
        });
        // One more than cores, for as long as a part takes: see `Cores::free`.
        assert!(most.into_inner() <= 3 + 3, "bounded by the cores");
    }
}
