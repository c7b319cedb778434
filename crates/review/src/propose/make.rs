//! Makefiles: a rule for `test`, or else for `check`, written in the makefile itself.
//!
//! Deliberately absent: variables, `include` and pattern rules. A target that only GNU make's own
//! reading would find is not found, and the user writes one line of `weir.toml`.

use super::{Proposal, Root};

pub(super) fn propose(root: &Root<'_>) -> Option<Proposal> {
    // The order in which GNU make looks; it reads the first and no other.
    let name = ["GNUmakefile", "makefile", "Makefile"].into_iter().find(|name| root.has(name))?;
    let targets = targets(root.text(name)?);
    let target =
        ["test", "check"].into_iter().find(|wanted| targets.iter().any(|t| t == wanted))?;
    let why = format!("`{name}` has a rule for `{target}`");
    Some(Proposal::new(&format!("make-{target}"), format!("make {target}"), why))
}

/// The targets of explicit rules.
fn targets(makefile: &str) -> Vec<String> {
    let joined = makefile.replace("\r\n", "\n").replace("\\\n", " ");
    let mut targets = Vec::new();
    let mut in_define = false;
    for line in joined.lines() {
        match line.split_whitespace().next() {
            Some("define") => in_define = true,
            Some("endef") => in_define = false,
            Some(_) | None if in_define => {}
            // A tab begins a recipe, whatever stands in it.
            Some(_) if !line.starts_with('\t') => {
                targets.extend(rule(line).split_whitespace().map(str::to_owned));
            }
            Some(_) | None => {}
        }
    }
    targets
}

/// The left side of a rule; nothing, if the line is a comment, an assignment or anything else.
fn rule(line: &str) -> &str {
    let line = line.split_once('#').map_or(line, |(code, _)| code);
    let Some((left, right)) = line.split_once(':') else { return "" };
    let right = right.trim_start_matches(':');
    // `a := b`, `a ::= b`, and `test: CFLAGS = -g`, which sets a variable and makes no rule.
    let mut words = right.split(';').next().unwrap_or_default().split_whitespace();
    let assigns = words.any(|word| word.ends_with('='));
    if left.contains('=') || right.starts_with('=') || assigns { "" } else { left }
}
