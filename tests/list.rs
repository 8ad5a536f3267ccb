//! `gomodfetch list` where it has ways of its own: what is asked for at once, and templates of all
//! kinds. What `go` does is compared in the lane `oracle.rs`.

mod support;

#[path = "list/flight.rs"]
mod flight;
#[path = "list/templates.rs"]
mod templates;
