//! The user's directories.
//!
//! Implements what Go's `os` package takes for them, on which the defaults of GOENV, GOPATH and
//! NETRC rest:
//!
//! | system  | home directory  | configuration directory             | cache directory       |
//! |---------|-----------------|-------------------------------------|-----------------------|
//! | Windows | `%USERPROFILE%` | `%AppData%`                         | `%LocalAppData%`      |
//! | macOS   | `$HOME`         | `$HOME/Library/Application Support` | `$HOME/Library/Caches` |
//! | others  | `$HOME`         | `$XDG_CONFIG_HOME`, else `$HOME/.config` | `$XDG_CACHE_HOME`, else `$HOME/.cache` |
//!
//! What the variables that begin with XDG name must be absolute.
//!
//! Temporary files are in `$TMPDIR`, else `/tmp`; on Windows in the first of `%TMP%`, `%TEMP%` and
//! `%USERPROFILE%`.

use std::path::PathBuf;

use super::env::Env;
use super::vars;

/// The variable that names the home directory.
pub const HOME_VAR: &str = if cfg!(windows) { vars::USERPROFILE.name } else { vars::HOME.name };

/// The home directory.
pub fn home_dir(env: &dyn Env) -> Option<PathBuf> {
    env.non_empty(HOME_VAR).map(PathBuf::from)
}

/// The directory for temporary files. Nothing is written there; a go.mod in it counts for nothing.
pub fn temp_dir(env: &dyn Env) -> PathBuf {
    let vars = match cfg!(windows) {
        true => &[vars::TMP, vars::TEMP, vars::USERPROFILE][..],
        false => &[vars::TMPDIR],
    };
    let set = vars.iter().find_map(|var| env.non_empty(var.name));
    set.map_or_else(|| PathBuf::from(TEMP_DIR), PathBuf::from)
}

/// The directory for temporary files where no variable names one.
const TEMP_DIR: &str = if cfg!(windows) { r"C:\Windows" } else { "/tmp" };

/// The directory for the user's settings, and the variable that it follows from.
pub fn user_config_dir(env: &dyn Env) -> Option<(PathBuf, &'static str)> {
    if cfg!(windows) {
        let name = vars::APPDATA.name;
        return Some((env.non_empty(name)?.into(), name));
    }
    if cfg!(target_os = "macos") {
        let dir = home_dir(env)?.join("Library").join("Application Support");
        return Some((dir, HOME_VAR));
    }
    let name = vars::XDG_CONFIG_HOME.name;
    match env.non_empty(name).map(PathBuf::from) {
        Some(dir) => dir.is_absolute().then_some((dir, name)),
        None => Some((home_dir(env)?.join(".config"), HOME_VAR)),
    }
}

/// The directory for what can be found out again.
pub fn user_cache_dir(env: &dyn Env) -> Option<PathBuf> {
    if cfg!(windows) {
        return env.non_empty(vars::LOCALAPPDATA.name).map(PathBuf::from);
    }
    if cfg!(target_os = "macos") {
        return Some(home_dir(env)?.join("Library").join("Caches"));
    }
    match env.non_empty(vars::XDG_CACHE_HOME.name).map(PathBuf::from) {
        Some(dir) => dir.is_absolute().then_some(dir),
        None => Some(home_dir(env)?.join(".cache")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::env::MapEnv;
    use super::*;

    #[cfg(unix)]
    #[test]
    fn temporary_files() {
        for (env, want) in
            [(&[][..], "/tmp"), (&[("TMPDIR", "")], "/tmp"), (&[("TMPDIR", "/t")], "/t")]
        {
            let env: MapEnv = env.iter().copied().collect();
            assert_eq!(temp_dir(&env), PathBuf::from(want));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn directories() {
        type Case<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>, Option<&'a str>);
        let cases: &[Case] = &[
            (&[("HOME", "/h")], Some("/h"), Some("/h/.config")),
            (&[("HOME", "h")], Some("h"), Some("h/.config")),
            (&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")], Some("/h"), Some("/x")),
            (&[("HOME", "/h"), ("XDG_CONFIG_HOME", "x")], Some("/h"), None),
            (&[("HOME", "/h"), ("XDG_CONFIG_HOME", "")], Some("/h"), Some("/h/.config")),
            (&[("HOME", "")], None, None),
            (&[("XDG_CONFIG_HOME", "/x")], None, Some("/x")),
        ];
        for &(vars, home, config) in cases {
            let env: MapEnv = vars.iter().copied().collect();
            assert_eq!(home_dir(&env), home.map(PathBuf::from), "{vars:?}");
            let cache = user_cache_dir(&env);
            assert_eq!(cache, home.map(|home| PathBuf::from(home).join(".cache")), "{vars:?}");
            let told = user_config_dir(&env).map(|(dir, _)| dir);
            assert_eq!(told, config.map(PathBuf::from), "{vars:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn cache_directories() {
        for (named, want) in [("", Some("/h/.cache")), ("/c", Some("/c")), ("c", None)] {
            let env = MapEnv::from([("HOME", "/h"), ("XDG_CACHE_HOME", named)]);
            assert_eq!(user_cache_dir(&env), want.map(PathBuf::from), "{named:?}");
        }
    }
}
