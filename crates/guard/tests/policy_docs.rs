//! What docs/policy.md shows is valid, its tests pass, and it names all that the schema has.

use weir_guard::policy::{Bundle, DEFAULT, SCHEMA, test};

const TEXT: &str = include_str!("../../../docs/policy.md");

/// Blocks of code and what they are of, in order.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let fenced = TEXT.split("```").skip(1).step_by(2);
    fenced.map(|block| block.split_once('\n').expect("a block has lines")).collect()
}

#[test]
fn the_examples_are_valid_and_do_what_is_said() {
    let mut policies = Vec::new();
    let mut cases = 0;
    for (at, (of, text)) in blocks().into_iter().enumerate() {
        match of {
            "cedar" => policies.push((format!("example{at}.cedar"), text.to_owned())),
            "toml" => {
                let bundle = Bundle::parse(&policies, &[]).expect("valid");
                let outcomes = test(&bundle, "docs/policy.md", text, &|_, _| Vec::new());
                for outcome in outcomes.expect("readable") {
                    assert!(outcome.passed, "{}: {}", outcome.name, outcome.sentence);
                    cases += 1;
                }
            }
            other => panic!("a block of `{other}` is not tested"),
        }
    }
    assert!(cases >= 8, "{cases} cases");
}

#[test]
fn every_word_of_the_schema_and_every_shipped_file_is_named() {
    let declared = SCHEMA.lines().map(|line| line.split("//").next().unwrap_or_default());
    for line in declared {
        let Some((name, of)) = line.split_once(": ") else { continue };
        let kind = ["String", "Bool", "Long", "Set<String>"]
            .iter()
            .any(|kind| of.trim().starts_with(kind));
        if kind && name.trim().chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            assert!(
                TEXT.contains(&format!("`{}`", name.trim())),
                "docs/policy.md does not name `{name}`"
            );
        }
    }
    for (name, _) in DEFAULT {
        assert!(TEXT.contains(&format!("`{name}`")), "docs/policy.md does not name `{name}`");
    }
}
