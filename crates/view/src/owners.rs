//! `CODEOWNERS`: who is asked about which paths.

use globset::{GlobBuilder, GlobMatcher};

/// A line that names owners.
#[derive(Debug)]
pub struct Rule {
    pattern: Vec<GlobMatcher>,
    owners: Vec<String>,
}

/// The rules of a file. A line that cannot be read is passed over, as its hosts do.
pub fn rules(text: &str) -> Vec<Rule> {
    text.lines().filter_map(rule).collect()
}

/// The owners of a path, by the last rule that matches.
pub fn of<'a>(rules: &'a [Rule], path: &str) -> &'a [String] {
    let matches = |rule: &&Rule| rule.pattern.iter().any(|glob| glob.is_match(path));
    rules.iter().rev().find(matches).map_or(&[], |rule| rule.owners.as_slice())
}

fn rule(line: &str) -> Option<Rule> {
    let line = line.split('#').next()?.trim();
    let mut words = line.split_whitespace();
    let written = words.next().filter(|word| !word.starts_with('['))?;
    let anchored = written.trim_end_matches('/').contains('/');
    let path = written.trim_matches('/');
    let base = if anchored { path.to_owned() } else { format!("**/{path}") };
    // What names a folder is all that is in it.
    let globs = [base.clone(), format!("{base}/**")];
    let wanted = if written.ends_with('/') { &globs[1..] } else { &globs[..] };
    let build = |glob: &String| {
        let glob = GlobBuilder::new(glob).literal_separator(true).build();
        Some(glob.ok()?.compile_matcher())
    };
    let pattern = wanted.iter().map(build).collect::<Option<_>>()?;
    Some(Rule { pattern, owners: words.map(str::to_owned).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rule_that_matches_counts() {
        let rules = rules(
            "# all\n* @all\n*.rs @rust\n/docs/ @writers  # words\nsrc/queue @queue @lead\n/src/queue/secret.rs\n[section]\n",
        );
        for (path, expected) in [
            ("README.md", &["@all"][..]),
            ("a/b/c.rs", &["@rust"]),
            ("docs/a/b.md", &["@writers"]),
            ("x/docs/b.md", &["@all"]),
            ("src/queue/lane.rs", &["@queue", "@lead"]),
            ("src/queue/secret.rs", &[]),
        ] {
            assert_eq!(of(&rules, path), expected, "{path}");
        }
    }
}
