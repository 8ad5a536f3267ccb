//! A readable report of how two texts differ, line by line.

use std::fmt::Write as _;

/// Beyond this many cells the table of common lines is not worth its memory.
const MAX_CELLS: usize = 4_000_000;
/// How many unchanged lines are shown on each side of a change.
const CONTEXT: usize = 3;

/// The lines of both texts, `-` before what only `expected` has and `+` before what only `actual` has;
/// empty when they are equal.
pub fn lines(expected: &str, actual: &str) -> String {
    if expected == actual {
        return String::new();
    }
    let old: Vec<&str> = expected.split_inclusive('\n').collect();
    let new: Vec<&str> = actual.split_inclusive('\n').collect();
    if old.len().saturating_mul(new.len()) > MAX_CELLS {
        return format!("{} lines against {}, too many to compare\n", old.len(), new.len());
    }
    render(&edits(&old, &new))
}

/// Panics with a report when the texts differ; `what` names them.
#[track_caller]
pub fn assert_same(what: &str, expected: &str, actual: &str) {
    let report = lines(expected, actual);
    assert!(report.is_empty(), "{what} (- expected, + actual):\n{report}");
}

/// One line and the sign that stands before it: `' '`, `'-'` or `'+'`.
type Edit<'a> = (char, &'a str);

/// The edit script of a longest common subsequence.
fn edits<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Edit<'a>> {
    // common[i][j]: the length of a longest common subsequence of old[i..] and new[j..].
    let mut common = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = if old[i] == new[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut script) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            script.push((' ', old[i]));
            i += 1;
            j += 1;
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            script.push(('-', old[i]));
            i += 1;
        } else {
            script.push(('+', new[j]));
            j += 1;
        }
    }
    script
}

fn render(script: &[Edit<'_>]) -> String {
    let near_change = |at: usize| {
        let from = at.saturating_sub(CONTEXT);
        let to = (at + CONTEXT + 1).min(script.len());
        script[from..to].iter().any(|(sign, _)| *sign != ' ')
    };
    let mut report = String::new();
    let mut skipping = false;
    for (at, (sign, line)) in script.iter().enumerate() {
        if !near_change(at) {
            if !skipping {
                report.push_str("  …\n");
            }
            skipping = true;
            continue;
        }
        skipping = false;
        // The sign of a control character is not shown by a terminal, its escape is.
        let text: String = line
            .trim_end_matches('\n')
            .chars()
            .flat_map(|c| match c {
                '\t' => vec!['\t'],
                c if c.is_control() => c.escape_default().collect(),
                c => vec![c],
            })
            .collect();
        let _ = writeln!(report, "{sign} {text}");
        if !line.ends_with('\n') {
            report.push_str("\\ no newline at the end\n");
        }
    }
    report
}
