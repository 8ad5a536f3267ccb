//! What `-mod` says: whether go.mod and go.sum may change, and whether vendor/ stands in for modules.
//!
//! | mode       | go.mod, go.sum        | the module graph is from           |
//! |------------|-----------------------|------------------------------------|
//! | `mod`      | are brought up to date | go.mod files                      |
//! | `readonly` | must be complete      | go.mod files whose sums are known  |
//! | `vendor`   | must be complete      | go.mod and vendor/modules.txt      |
//!
//! Implements <https://go.dev/ref/mod#build-commands> (`-mod`) and <https://go.dev/ref/mod#vendoring>.

use crate::error::{Error, ErrorKind};

/// One of the three modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Files are brought up to date.
    #[default]
    Mod,
    /// Files must be complete.
    Readonly,
    /// The same, and nothing is looked up outside of the vendor directory.
    Vendor,
}

impl Mode {
    /// The value of `-mod` that asks for it.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Mod => "mod",
            Mode::Readonly => "readonly",
            Mode::Vendor => "vendor",
        }
    }
}

/// The mode in use, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BuildMod {
    /// The mode.
    pub mode: Mode,
    /// Whether the user named it.
    pub explicit: bool,
    /// Why it was chosen; empty where there is nothing to say.
    pub reason: String,
    /// Whether go.sum may get sums that it lacks though go.mod must be complete: what is downloaded for
    /// builds that have no network is what those builds will look for there.
    pub adds_sums: bool,
}

impl BuildMod {
    /// The mode that the value of `-mod` names; nothing where it is empty.
    ///
    /// # Errors
    /// When it is none of the three.
    pub fn parse(value: &str) -> Result<Option<BuildMod>, Error> {
        let mode = match value {
            "" => return Ok(None),
            "mod" => Mode::Mod,
            "readonly" => Mode::Readonly,
            "vendor" => Mode::Vendor,
            _ => {
                let text = format!(
                    "-mod={value} not supported (can be '', 'mod', 'readonly', or 'vendor')"
                );
                return Err(Error::message(ErrorKind::Usage, text).bare());
            }
        };
        Ok(Some(BuildMod { mode, explicit: true, ..BuildMod::default() }))
    }

    /// Whether vendor/ stands in for modules.
    pub fn is_vendor(&self) -> bool {
        self.mode == Mode::Vendor
    }

    /// go's error where go.mod would have to change and must not.
    pub fn go_mod_dirty(&self) -> Error {
        let mode = self.mode.name();
        let text = if self.explicit {
            format!(
                "updates to go.mod needed, disabled by -mod={mode}; to update it:\n\tgo mod tidy"
            )
        } else if self.reason.is_empty() {
            "updates to go.mod needed; to update it:\n\tgo mod tidy".to_owned()
        } else {
            let reason = &self.reason;
            format!(
                "updates to go.mod needed, disabled by -mod={mode}\n\t({reason})\n\tto update \
                 it:\n\tgo mod tidy"
            )
        };
        Error::message(ErrorKind::Other, text)
    }

    /// go's error where something would have to be looked up and must not.
    pub fn query_disabled(&self) -> Error {
        let mode = self.mode.name();
        let text = if self.reason.is_empty() {
            format!("cannot query module due to -mod={mode}")
        } else {
            format!("cannot query module due to -mod={mode}\n\t({})", self.reason)
        };
        Error::message(ErrorKind::Other, text)
    }
}
