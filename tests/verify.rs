//! `verify`: what is wrong with a cache is found, told apart and named, and nothing is changed by that.
//!
//! What go says of the same damage is compared in `oracle/cases/verify.txt`; here stand what we say
//! beyond it, and what go overlooks or does not survive.

mod support;

#[path = "verify/cache.rs"]
mod cache;
#[path = "verify/common.rs"]
mod common;
#[path = "verify/damage.rs"]
mod damage;
#[path = "verify/go_sum.rs"]
mod go_sum;
#[cfg(unix)]
#[path = "verify/hostile.rs"]
mod hostile;
#[path = "verify/repair.rs"]
mod repair;
#[path = "verify/sumdb.rs"]
mod sumdb;
