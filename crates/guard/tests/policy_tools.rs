//! Explanations, replays and sealed bundles: rulings made again.

use proptest::prelude::*;
use std::sync::LazyLock;
use weir_guard::policy::{
    Bundle, Explanation, Recorded, Scope, effect_in_short, explain, replay, ruling, ruling_by_all,
    test,
};
use weir_model::act::{Act, Answer, Client, Effect, Moment, Subagent, Taint, Tool};
use weir_model::{PathSet, Timestamp};

static SHIPPED: LazyLock<Bundle> = LazyLock::new(Bundle::shipped);

fn scope() -> Scope {
    Scope {
        session: "S1".to_owned(),
        agent: "builder".to_owned(),
        person: "ada".to_owned(),
        worktree: Some("/w".to_owned()),
        home: "/home/ada".to_owned(),
        mandate: vec![PathSet::new(["src/**"]).expect("patterns")],
        ..Scope::default()
    }
}

fn act() -> Act {
    Act {
        client: Some(Client::Gemini),
        moment: Moment::BeforeTool,
        conversation: String::new(),
        subagent: None,
        call: None,
        cwd: "/w".to_owned(),
        mode: None,
        tool: Tool::None,
    }
}

fn effects(line: &str) -> Vec<Effect> {
    line.split(" + ").map(|part| effect_in_short(part, &scope()).expect(part).effect).collect()
}

fn with(own: &str) -> Bundle {
    Bundle::parse(&[("own.cedar".to_owned(), own.to_owned())], &[]).expect("valid")
}

fn changes(explanation: &Explanation) -> Vec<String> {
    let changes = explanation.changes.iter();
    changes.map(|change| format!("{}: {}", change.answer, change.what)).collect()
}

#[test]
fn an_explanation_says_which_policy_which_facts_and_what_would_change_it() {
    let said = explain(&SHIPPED, &scope(), &act(), &effects("read ~/.ssh/id_rsa"));
    let one = &said.effects[0];
    assert_eq!((one.asks.as_str(), one.answer), ("to read `/home/ada/.ssh/id_rsa`", Answer::Deny));
    assert_eq!(one.matched[0].policy, "default.secret_read");
    assert!(one.matched[0].place.starts_with("default secrets.cedar:"), "{}", one.matched[0].place);
    assert!(one.matched[0].text.contains("resource.secret"));
    let facts: Vec<_> =
        one.facts.iter().map(|fact| format!("{}={}", fact.name, fact.value)).collect();
    assert!(facts.contains(&"resource.secret=true".to_owned()), "{facts:?}");
    assert!(facts.contains(&"resource.inside_worktree=false".to_owned()), "{facts:?}");
    assert_eq!(changes(&said), ["allow: another path, such as `/w/src/notes`"]);
}

#[test]
fn the_smallest_change_stands_alone_and_two_only_where_one_is_not_enough() {
    let tainted = Scope { taints: [Taint::Untrusted, Taint::Secrets].into(), ..scope() };
    let said =
        |scope: &Scope, line: &str| changes(&explain(&SHIPPED, scope, &act(), &effects(line)));
    assert_eq!(
        said(&tainted, "fetch docs.rs"),
        [
            "allow: it stays on this machine",
            "allow: a session that has not read secrets",
            "ask: a session that has not read what outsiders wrote",
        ]
    );
    assert_eq!(
        said(&scope(), "write lib/a.rs"),
        ["allow: another path, such as `/w/src/notes`", "allow: a mandate that covers `lib/a.rs`"]
    );
    assert_eq!(
        said(&scope(), "git push origin main force"),
        ["allow: it is pushed to Weir: `git push weir HEAD:refs/for/main`"]
    );
    assert_eq!(
        said(&scope(), "send example.org"),
        [
            "allow: no data of ours goes out with it",
            "allow: it stays on this machine",
            "allow: a person says yes to exactly this",
        ]
    );
    assert_eq!(said(&scope(), "opaque eval"), ["allow: a person says yes to exactly this"]);
    let pair = said(&scope(), "read .env + write lib/a.rs");
    assert!(pair[0].starts_with("allow: ") && pair[0].contains(", and "), "{pair:?}");
    let both = said(&scope(), "read src/a.rs");
    assert!(both.contains(&"deny: the session has no worktree".to_owned()) || !both.is_empty());
}

#[test]
fn tests_of_policies_say_what_failed_and_where() {
    let text = "[[case]]\ndoes = [\"read .env\"]\nexpect = \"allow\"\n\n\
                [[case]]\nname = \"named\"\ncommand = \"cat .env\"\nexpect = \"deny\"\npolicy = \"default.secret_read\"\n";
    let analyse = |act: &Act, scope: &Scope| {
        assert_eq!(act.tool, Tool::Shell { command: "cat .env".to_owned() });
        vec![effect_in_short("read .env", scope).expect("short").effect]
    };
    let outcomes = test(&SHIPPED, "a.toml", text, &analyse).expect("readable");
    let shown: Vec<_> = outcomes
        .iter()
        .map(|one| {
            format!("{}:{} {} {} {}", one.file, one.line, one.passed, one.name, one.sentence)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "a.toml:1 false read .env it got deny by `default.secret_read`, and expects allow",
            "a.toml:5 true named deny by `default.secret_read`",
        ]
    );
    let faults: &[(&str, &str)] = &[
        ("[[case]]\nexpect = \"maybe\"", "a.toml:2:10: "),
        ("[[case]]\ndoes = [\"raed x\"]\nexpect = \"deny\"", "a.toml:2:9: `raed` is not a verb"),
        ("[[case]]\nexpect = \"deny\"", "a.toml:1:1: a case needs `does` or `command`"),
        (
            "[[case]]\ndoes = [\"read x\"]\nexpect = \"deny\"\npolicy = \"default.nix\"",
            "a.toml:4:10: no policy is called `default.nix`",
        ),
        ("[[cas]]", "a.toml:1:"),
        ("[scope]\ntaint = []", "a.toml:2:1: "),
    ];
    for (text, expected) in faults {
        let faults = test(&SHIPPED, "a.toml", text, &|_, _| Vec::new()).expect_err(text);
        assert!(faults[0].to_string().starts_with(expected), "{text}\n{}", faults[0]);
    }
}

#[test]
fn a_replay_tells_what_comes_out_otherwise() {
    let new = with(
        "@id(\"no_reads\") @answer(\"ask\") forbid (principal, action == Action::\"read\", resource);",
    );
    let recorded = |line: &str| Recorded { scope: scope(), act: act(), effects: effects(line) };
    let all = [recorded("read src/a.rs"), recorded("write src/a.rs"), recorded("read .env")];
    let found = replay(&SHIPPED, &new, &all);
    assert_eq!((found.decided, found.changed.len(), found.changed[0].at), (3, 1, 0));
    assert_eq!(found.counts(), [((Answer::Allow, Answer::Ask), 1)].into());
    let json = serde_json::to_string(&all[0]).expect("data");
    assert_eq!(serde_json::from_str::<Recorded>(&json).expect("reads back"), all[0]);
}

#[test]
fn a_sealed_bundle_rules_as_the_one_it_was_made_of() {
    let bundle = with(
        "@id(\"x\") @answer(\"ask\") forbid (principal, action == Action::\"read\", resource);",
    );
    let (issued, expires) = (Timestamp::from_millis(5), Timestamp::from_millis(9));
    let text = bundle.to_text(issued, expires);
    let sealed = Bundle::from_text(&text).expect("written a moment ago");
    assert_eq!((sealed.issued, sealed.expires), (issued, expires));
    assert_eq!(sealed.bundle.digest(), bundle.digest());
    for line in ["read src/a.rs", "read .env", "write src/a.rs"] {
        let ruled = |bundle: &Bundle| ruling(bundle, &scope(), &act(), &effects(line));
        assert_eq!(ruled(&bundle), ruled(&sealed.bundle), "{line}");
    }
    for odd in [
        text.replace("@id", "@di"),
        text.replace("ask", "deny"),
        text.replace("\"weir_policy_bundle\":1", "\"weir_policy_bundle\":2"),
        text[..text.len() / 2].to_owned(),
        String::new(),
    ] {
        assert_eq!(Bundle::from_text(&odd).expect_err("odd").code, "bundle.malformed");
    }
}

fn named() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "read src/a.rs",
        "read .env",
        "read ~/x",
        "write src/gen/a.rs",
        "write lib/a",
        "delete src/**",
        "run cargo project",
        "run x foreign",
        "fetch docs.rs",
        "send a.example.org",
        "git record",
        "git push origin main",
        "install npm x",
        "call fs read",
        "spawn Explore",
        "prompt",
        "control kill",
    ])
    .prop_map(str::to_owned)
}

static OWN: LazyLock<Bundle> = LazyLock::new(|| {
    with(
        "@id(\"a\") forbid (principal, action in Action::\"change\", resource in Folder::\"src/gen\");
         @id(\"b\") @answer(\"ask\") forbid (principal in Agent::\"builder\", action, resource) when { context.effects > 2 };
         @id(\"c\") forbid (principal in Client::\"codex\", action in [Action::\"run\", Action::\"git\"], resource);
         @id(\"d\") @shadow(\"true\") forbid (principal, action, resource in Domain::\"example.org\");
         @id(\"e\") forbid (principal == Session::\"S2\", action, resource is Path in Folder::\".\");
         @id(\"f\") @answer(\"ask\") forbid (principal in Session::\"S9\", action, resource == Program::\"cargo\");",
    )
});

proptest! {
    /// Slices leave out nothing that could have matched, and more effects never get a milder answer.
    #[test]
    fn a_slice_is_the_whole_and_more_is_never_milder(
        lines in prop::collection::vec(named(), 1..4),
        client in prop::sample::select(Client::ALL.to_vec()),
        session in prop::sample::select(vec!["S1", "S2", "S9"]),
        parents in prop::collection::vec(prop::sample::select(vec!["S9", "S3"]), 0..2),
        subagent in any::<bool>(),
        taints in prop::collection::btree_set(prop::sample::select(vec![Taint::Untrusted, Taint::Secrets]), 0..2),
    ) {
        let parents = parents.into_iter().map(str::to_owned).collect();
        let scope = Scope { session: session.to_owned(), parents, taints, ..scope() };
        let subagent = subagent.then(|| Subagent { id: "a".to_owned(), kind: None });
        let act = Act { client: Some(client), subagent, ..act() };
        let effects: Vec<Effect> = lines.iter().flat_map(|line| effects(line)).collect();
        let sliced = ruling(&OWN, &scope, &act, &effects);
        prop_assert_eq!(&sliced, &ruling_by_all(&OWN, &scope, &act, &effects));
        let fewer = ruling(&OWN, &scope, &act, &effects[1..]);
        prop_assert!(fewer.answer <= sliced.answer);
    }
}
