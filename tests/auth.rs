//! Credentials and private modules: GOAUTH, HTTP proxies that want a password, client certificates, and who
//! hears of a private module at all. Where there is a real `go`, it is given the same.

mod support;

#[path = "auth/certificates.rs"]
mod certificates;
#[cfg(unix)]
#[path = "auth/commands.rs"]
mod commands;
#[cfg(unix)]
#[path = "auth/git.rs"]
mod git;
#[cfg(unix)]
#[path = "auth/helper.rs"]
mod helper;
#[path = "auth/private.rs"]
mod private;
#[path = "auth/proxies.rs"]
mod proxies;
