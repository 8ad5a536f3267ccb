//! How many files may be open at once.

/// Raises the soft limit on open files to the hard one, as every Go program does at its start.
///
/// Locks, temporary files and connections of many modules at once are more than the default of
/// some systems (256 on macOS). Failing to is no error: the work then meets the limit, if at all.
pub fn raise_open_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        if limit.current != limit.maximum {
            limit.current = limit.maximum;
            let _ = setrlimit(Resource::Nofile, limit);
        }
    }
}
