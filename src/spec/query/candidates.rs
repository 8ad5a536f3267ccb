//! The choice among the versions that fit a query.

use super::INCOMPATIBLE;

/// The best versions that a query found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates {
    prefer_lowest: bool,
    all_certain: bool,
    last_compatible: Option<String>,
    certain: Choice,
    doubtful: Choice,
    /// The highest compatible version; unless it has a go.mod, `doubtful` counts too.
    doubtful_after: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Choice {
    release: Option<String>,
    prerelease: Option<String>,
}

impl Choice {
    fn offer(&mut self, version: &str, is_prerelease: bool, keep_lowest: bool) {
        let best = if is_prerelease { &mut self.prerelease } else { &mut self.release };
        if best.is_none() || !keep_lowest {
            *best = Some(version.to_owned());
        }
    }
}

impl Candidates {
    /// No versions yet. With `all_certain`, `+incompatible` ones count in any case.
    pub(super) fn new(prefer_lowest: bool, all_certain: bool) -> Self {
        Self {
            prefer_lowest,
            all_certain,
            last_compatible: None,
            certain: Choice::default(),
            doubtful: Choice::default(),
            doubtful_after: None,
        }
    }

    /// Takes in one more version that fits, higher than those before.
    pub(super) fn offer(&mut self, version: &str, is_prerelease: bool) {
        if !self.all_certain && self.doubtful_after.is_none() {
            if version.ends_with(INCOMPATIBLE) {
                self.doubtful_after = self.last_compatible.take();
            } else {
                self.last_compatible = Some(version.to_owned());
            }
        }
        let doubtful = self.doubtful_after.is_some();
        let choice = if doubtful { &mut self.doubtful } else { &mut self.certain };
        choice.offer(version, is_prerelease, self.prefer_lowest);
    }

    /// The version of which [`Candidates::pick`] wants to know whether it has a go.mod of its own;
    /// `None` if no such question comes up.
    ///
    /// If it has, its authors have turned to modules, and the `+incompatible` versions above it
    /// don't count.
    pub fn needs_go_mod_of(&self) -> Option<&str> {
        self.doubtful_after.as_deref()
    }

    /// The version that the query means; `None` if the list has none.
    pub fn pick(&self, has_go_mod: bool) -> Option<&str> {
        let mut choices = [Some(&self.certain), (!has_go_mod).then_some(&self.doubtful)];
        if !self.prefer_lowest {
            choices.reverse();
        }
        let best = |of: fn(&Choice) -> Option<&str>| choices.into_iter().flatten().find_map(of);
        best(|c| c.release.as_deref()).or_else(|| best(|c| c.prerelease.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use crate::spec::query::Query;

    #[test]
    fn incompatible_versions_wait_for_a_go_mod() {
        let picks = |query: &str, current: &str, list: &str| {
            let list: Vec<&str> = list.split_whitespace().collect();
            let query = Query::parse("example.com/m", query, Some(current)).unwrap();
            let candidates = query.candidates(&list, |v| v != "v1.1.0");
            let asked = candidates.needs_go_mod_of().unwrap_or("-");
            let pick = |has_go_mod| candidates.pick(has_go_mod).unwrap_or("-");
            format!("{asked}: {} or {}", pick(true), pick(false))
        };
        // v1.1.0 is retracted, so that v1.0.0 is the highest compatible version.
        let list = "v1.0.0 v1.1.0 v2.0.0+incompatible v3.0.0+incompatible";
        assert_eq!(picks("latest", "", list), "v1.0.0: v1.0.0 or v3.0.0+incompatible");
        assert_eq!(picks(">v1.0.0", "", list), "-: v2.0.0+incompatible or v2.0.0+incompatible");
        assert_eq!(picks("<v3.0.0", "", list), "-: v2.0.0+incompatible or v2.0.0+incompatible");
        assert_eq!(
            picks("upgrade", "v2.0.0+incompatible", list),
            "-: v3.0.0+incompatible or v3.0.0+incompatible"
        );
        let list = "v1.0.0-rc1 v2.0.0+incompatible";
        assert_eq!(picks("latest", "", list), "v1.0.0-rc1: v1.0.0-rc1 or v2.0.0+incompatible");
        assert_eq!(picks(">=v0.1.0", "", list), "v1.0.0-rc1: v1.0.0-rc1 or v2.0.0+incompatible");
    }
}
