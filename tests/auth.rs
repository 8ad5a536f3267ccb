//! Credentials and private modules: GOAUTH, HTTP proxies that want a password, client certificates, and who
//! hears of a private module at all. Where there is a real `go`, it is given the same.

mod support;

#[cfg(unix)]
#[path = "auth/commands.rs"]
mod commands;
#[cfg(unix)]
#[path = "auth/git.rs"]
mod git;
#[cfg(unix)]
#[path = "auth/helper.rs"]
mod helper;
