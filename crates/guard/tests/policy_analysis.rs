//! Analyses: what a change of policies opens, and what in a set of policies is in vain.

use std::sync::LazyLock;
use weir_guard::policy::{Bundle, Finding, What, analyze};
use weir_model::act::Answer;

static SHIPPED: LazyLock<Bundle> = LazyLock::new(Bundle::shipped);

fn about<'f>(findings: &'f [Finding], what: What, about: &str) -> Option<&'f Finding> {
    findings.iter().find(|finding| finding.what == what && finding.about == about)
}

#[test]
fn nothing_in_the_default_set_is_idle_or_in_vain() {
    let findings = analyze(&SHIPPED, &SHIPPED);
    let odd: Vec<_> = findings
        .iter()
        .filter(|finding| finding.what != What::Shadowed && finding.what != What::AlwaysDenies)
        .collect();
    // A single effect never has twenty deletions: that one is for whole acts.
    let names: Vec<_> = odd.iter().map(|finding| finding.about.as_str()).collect();
    assert_eq!(names, ["default.many_deletes"], "{odd:#?}");
    let denied: Vec<_> =
        findings.iter().filter(|finding| finding.what == What::AlwaysDenies).collect();
    assert_eq!(denied.len(), 1, "{denied:#?}");
    assert_eq!(denied[0].about, "git_skip_hooks");
}

#[test]
fn an_analysis_finds_what_got_wider_and_what_is_in_vain() {
    let own = r#"
        @id("never") forbid (principal, action == Action::"read", resource)
        when { resource.secret && resource.stream };
        @id("impossible") forbid (principal, action == Action::"read", resource)
        when { resource.secret && false };
        @id("covered") forbid (principal, action == Action::"read", resource)
        when { resource.secret && resource.name == ".env" };
        @id("vain") permit (principal, action == Action::"git_skip_hooks", resource);
        @id("closed") forbid (principal, action == Action::"prompt", resource);
        @id("gen") forbid (principal, action in Action::"change", resource in Folder::"src/gen");
        @id("who") forbid (principal in Agent::"mallory", action == Action::"run", resource);
        @id("like") forbid (principal, action == Action::"fetch", resource)
        when { resource.name like "*.internal.example" };
    "#;
    let files = [("own.cedar", own), ("network.cedar", "")];
    let files = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let new = Bundle::parse(&files, &[]).expect("valid");
    let findings = analyze(&SHIPPED, &new);
    let has = |what, name: &str| about(&findings, what, name).is_some();
    assert!(has(What::Wider, "send"), "{findings:#?}");
    assert!(!has(What::Wider, "read"));
    assert!(has(What::Stricter, "write") && has(What::Stricter, "prompt"));
    assert!(has(What::AlwaysDenies, "prompt"));
    assert!(has(What::NeverMatches, "repository.never"));
    let impossible = about(&findings, What::NeverMatches, "repository.impossible");
    assert!(impossible.is_some_and(|one| one.proved), "{findings:#?}");
    assert!(has(What::Shadowed, "repository.covered"));
    assert!(has(What::Contradicts, "repository.vain"));
    // A name that a policy mentions is tried.
    for tried in ["gen", "who", "like"] {
        assert!(!has(What::NeverMatches, &format!("repository.{tried}")), "{tried}");
    }
    let wider = about(&findings, What::Wider, "send").expect("above");
    assert!(wider.example.as_deref().is_some_and(|words| words.starts_with("to send data to `")));
    assert!(wider.sentence.contains(&Answer::Allow.to_string()), "{}", wider.sentence);
}
