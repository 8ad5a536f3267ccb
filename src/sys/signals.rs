//! Signals that this process was started to ignore, and therefore goes on ignoring.
//!
//! `nohup` ignores SIGHUP for the programs that it starts, and a shell without job control ignores SIGINT
//! for those in the background. Whoever listens for a signal would undo that.

use std::io::Read;

/// Whether the signal of this number is ignored; `None` where the system does not say.
///
/// To be asked before anything listens for signals.
pub fn is_ignored(number: i32) -> Option<bool> {
    // Its size is not told: without room for it, it would be read in many small pieces.
    let mut status = String::with_capacity(4 << 10);
    std::fs::File::open("/proc/self/status").ok()?.read_to_string(&mut status).ok()?;
    has_bit(&status, number)
}

/// Looks for the number, counted from 1, in the line of a status that has ignored signals as bits.
fn has_bit(status: &str, number: i32) -> Option<bool> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
    let bit = u32::try_from(number).ok()?.checked_sub(1)?;
    Some(mask.checked_shr(bit)? & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_counted_from_one() {
        let status = "Name:\tx\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n";
        let ignored = |number| has_bit(status, number);
        assert_eq!([ignored(1), ignored(2), ignored(13)], [Some(true), Some(false), Some(true)]);
        assert_eq!([ignored(0), ignored(65), ignored(-1)], [None; 3]);
        assert_eq!(has_bit("Name:\tx\n", 1), None);
    }
}
