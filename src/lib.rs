//! gomodfetch downloads Go modules into the cache that the `go` command uses.
//!
//! The layers, lowest first; each uses only those above it in this list, and everyone may use
//! [`spec`], [`event`] and [`error`]:
//!
//! | layer        | what it is                                                                |
//! |--------------|---------------------------------------------------------------------------|
//! | [`spec`]     | the rules of Go modules as pure functions                                 |
//! | [`sys`]      | the operating system, knowing nothing of Go                               |
//! | [`config`]   | what the user asked for, resolved once                                    |
//! | [`net`]      | bytes over HTTP                                                           |
//! | [`vcs`]      | repositories under version control                                        |
//! | [`source`]   | proxies and other places that modules come from                           |
//! | [`plan`]     | which modules are needed, without I/O                                     |
//! | [`verify`]   | the only maker of [`verify::Verified`]                                    |
//! | [`store`]    | the module cache                                                          |
//! | [`pipeline`] | presence, fetch, verify, publish                                          |
//! | [`ops`]      | one file for each thing a user can ask for                                |
//! | [`report`]   | observers: what is shown while work goes on                               |
//! | [`cli`]      | the command line                                                          |

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::disallowed_macros))]

pub mod cli;
pub mod config;
pub mod ctx;
pub mod error;
pub mod event;
pub mod net;
pub mod ops;
pub mod pipeline;
pub mod plan;
pub mod report;
pub mod source;
pub mod spec;
pub mod store;
pub mod sys;
pub mod vcs;
pub mod verify;
