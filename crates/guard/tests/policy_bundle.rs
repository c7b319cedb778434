//! Bundles: what is valid, what is refused and where, and that a floor holds.

use proptest::prelude::*;
use weir_guard::policy::{Bundle, DEFAULT, Enforcement, Scope, effect_in_short, ruling};
use weir_model::PathSet;
use weir_model::act::{Act, Answer, Client, Moment, Ruling, Tool};

fn scope() -> Scope {
    Scope {
        session: "S1".to_owned(),
        agent: "builder".to_owned(),
        person: "ada".to_owned(),
        worktree: Some("/w".to_owned()),
        home: "/home/ada".to_owned(),
        mandate: vec![PathSet::everything()],
        ..Scope::default()
    }
}

fn judged(bundle: &Bundle, scope: &Scope, line: &str) -> Ruling {
    let short = effect_in_short(line, scope).expect(line);
    let tool = match (&short.effect, short.arguments) {
        (weir_model::act::Effect::Calls { server, name }, Some(arguments)) => {
            Tool::Mcp { server: server.clone(), name: name.clone(), arguments }
        }
        _ => Tool::None,
    };
    let act = Act {
        client: Some(Client::Codex),
        moment: Moment::BeforeTool,
        conversation: String::new(),
        subagent: None,
        call: None,
        cwd: "/w".to_owned(),
        mode: None,
        tool,
    };
    ruling(bundle, scope, &act, &[short.effect])
}

fn files(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn parsed(repository: &[(&str, &str)], floor: &[(&str, &str)]) -> Bundle {
    Bundle::parse(&files(repository), &files(floor)).expect("valid")
}

#[test]
fn the_default_set_is_valid_and_nothing_in_it_is_idle() {
    let bundle = Bundle::shipped();
    assert_eq!(bundle.warnings(), []);
    for rule in bundle.rules() {
        assert!(rule.name.starts_with("default."), "{}", rule.name);
    }
}

#[test]
fn a_fault_says_where_it_is() {
    let rows: &[(&str, &str)] = &[
        ("permit (principal, action, resource)", "1:"),
        ("@id(\"a\")\npermit (principal, action, resource) when { resource.pth == \"x\" };", "2:"),
        ("\n\n@id(\"a\")\nforbid (principal, action == Action::\"raed\", resource);", "4:"),
        ("permit (principal, action, resource);", "1:1: a policy needs a name"),
        ("@id(\"A b\")\npermit (principal, action, resource);", "1:1: `@id(\"A b\")`"),
        ("@id(\"a\") @anwser(\"ask\")\nforbid (principal, action, resource);", "1:1: `@anwser`"),
        ("@id(\"a\") @answer(\"maybe\")\nforbid (principal, action, resource);", "1:1: `@answer"),
        ("@id(\"a\") @answer(\"ask\")\npermit (principal, action, resource);", "1:1: `@answer`"),
        ("@id(\"a\") @shadow(\"yes\")\nforbid (principal, action, resource);", "1:1: `@shadow"),
        ("@id(\"a\") @reason(\"{pth}\")\nforbid (principal, action, resource);", "1:1: `@reason`"),
        (
            "@id(\"a\") forbid (principal, action, resource);\n@id(\"a\") forbid (principal, action, resource);",
            "2:1: `repository.a` is the name",
        ),
        ("@id(\"a\") permit (principal == ?principal, action, resource);", "1:"),
        (
            "@id(\"a\") forbid (principal, action == Action::\"read\", resource) when { resource.path }; ",
            "1:",
        ),
    ];
    for (text, expected) in rows {
        let faults = Bundle::parse(&files(&[("a.cedar", text)]), &[]).expect_err(text);
        let shown = faults[0].to_string();
        assert!(shown.starts_with(&format!("a.cedar:{expected}")), "{text}\n{shown}");
    }
}

#[test]
fn a_repository_adds_to_the_default_set_and_a_file_of_the_same_name_replaces_one() {
    let lock = "@id(\"generated\") @reason(\"`{path}` is generated\")
        forbid (principal, action in Action::\"change\", resource in Folder::\"src/gen\");";
    let bundle = parsed(&[("own.cedar", lock)], &[]);
    let ruled = judged(&bundle, &scope(), "write src/gen/a.rs");
    assert_eq!(ruled.reasons[0].policy, "repository.generated");
    assert_eq!(ruled.reasons[0].sentence, "`src/gen/a.rs` is generated");
    assert_eq!(judged(&bundle, &scope(), "write src/genuine.rs").answer, Answer::Allow);
    assert_eq!(judged(&bundle, &scope(), "send example.org").answer, Answer::Ask);

    let open = parsed(&[("network.cedar", "// anything goes")], &[]);
    assert_eq!(judged(&open, &scope(), "send example.org").answer, Answer::Allow);
    assert_eq!(judged(&open, &scope(), "read .env").answer, Answer::Deny);
}

#[test]
fn a_repository_cannot_weaken_the_floor() {
    let floor: &[(&str, &str)] = &[(
        "org.cedar",
        "@id(\"no_sending\") forbid (principal, action == Action::\"send\", resource);",
    )];
    let everything = "@id(\"all\") permit (principal, action, resource);";
    let names = [
        "ordinary",
        "paths",
        "secrets",
        "governance",
        "deletion",
        "git",
        "network",
        "flow",
        "packages",
    ];
    let mut open: Vec<_> =
        names.iter().map(|name| (format!("{name}.cedar"), String::new())).collect();
    open.extend(files(&[("org.cedar", everything), ("no_sending.cedar", "")]));
    let bundle = Bundle::parse(&open, &files(floor)).expect("valid");
    assert_eq!(judged(&bundle, &scope(), "read .env").answer, Answer::Allow);
    let ruled = judged(&bundle, &scope(), "send example.org");
    assert_eq!(
        (ruled.answer, ruled.reasons[0].policy.as_str()),
        (Answer::Deny, "floor.no_sending")
    );

    let faults = Bundle::parse(&[], &files(&[("org.cedar", everything)])).expect_err("a permit");
    assert!(faults[0].sentence.contains("a floor only forbids"), "{}", faults[0]);
}

#[test]
fn what_nothing_permits_is_denied_in_words() {
    let bundle = parsed(&[("ordinary.cedar", "")], &[]);
    let ruled = judged(&bundle, &scope(), "read src/a.rs");
    assert_eq!(ruled.reasons[0].policy, "weir.nothing_permits");
    assert_eq!(ruled.reasons[0].sentence, "no policy permits to read `src/a.rs`");
}

#[test]
fn what_cannot_be_evaluated_forbids() {
    let overflow = "@id(\"sum\") @answer(\"ask\")
        forbid (principal, action == Action::\"read\", resource)
        when { principal.tokens + 1 < 0 };";
    let bundle = parsed(&[("a.cedar", overflow)], &[]);
    assert_eq!(judged(&bundle, &scope(), "read src/a.rs").answer, Answer::Allow);
    let mut spent = scope();
    spent.spent.tokens = u64::MAX;
    let ruled = judged(&bundle, &spent, "read src/a.rs");
    assert_eq!((ruled.answer, ruled.reasons[0].policy.as_str()), (Answer::Ask, "repository.sum"));
    assert!(ruled.reasons[0].sentence.contains("could not be evaluated"));
}

#[test]
fn a_policy_in_shadow_is_told_and_not_enforced() {
    let shadow = "@id(\"strict\") @shadow(\"true\")
        forbid (principal, action == Action::\"write\", resource);";
    let bundle = parsed(&[("a.cedar", shadow)], &[]);
    let ruled = judged(&bundle, &scope(), "write src/a.rs");
    assert_eq!(
        (ruled.answer, ruled.shadow[0].policy.as_str()),
        (Answer::Allow, "repository.strict")
    );
    assert!(judged(&bundle, &scope(), "read .env").shadow.is_empty(), "no more than the answer");

    let watching = Scope { enforcement: Enforcement::Shadow, ..scope() };
    let ruled = judged(&Bundle::shipped(), &watching, "read .env");
    assert_eq!(
        (ruled.answer, ruled.shadow[0].policy.as_str()),
        (Answer::Allow, "default.secret_read")
    );
}

#[test]
fn arguments_of_tools_can_be_judged() {
    let text = "@id(\"prod\") @reason(\"`{tool}` of `{server}` would touch production\")
        forbid (principal, action == Action::\"call\", resource in Server::\"db\")
        unless { resource.hasTag(\"target.env\") && resource.getTag(\"target.env\") == \"test\"
                 && resource.all_arguments };";
    let bundle = parsed(&[("db.cedar", text)], &[]);
    let scope = Scope { tools: ["db".to_owned()].into(), ..scope() };
    for (arguments, answer) in [
        (r#"{\"target\": {\"env\": \"test\"}}"#, Answer::Allow),
        (r#"{\"target\": {\"env\": \"prod\"}}"#, Answer::Deny),
        (r#"{\"target.env\": \"test\", \"target\": {\"env\": \"prod\"}}"#, Answer::Deny),
        ("{}", Answer::Deny),
    ] {
        let line = format!("call db run \"{arguments}\"");
        assert_eq!(judged(&bundle, &scope, &line).answer, answer, "{arguments}");
    }
    assert_eq!(judged(&bundle, &scope, "call db run").answer, Answer::Deny);
}

#[test]
fn the_digest_is_of_what_is_said_and_not_of_the_order_it_was_read_in() {
    let (a, b) = (("a.cedar", "// a"), ("b.cedar", "// b"));
    let digest = |list: &[(&str, &str)]| parsed(list, &[]).digest();
    assert_eq!(digest(&[a, b]), digest(&[b, a]));
    assert_ne!(digest(&[a, b]), digest(&[a]));
    assert_ne!(digest(&[("a.cedar", "// ab")]), digest(&[("a.cedar", "// a"), ("b", "")]));
}

proptest! {
    #[test]
    fn no_text_of_a_policy_panics(text in ".{0,200}", parts in
        r#"(permit|forbid|\(|\)|principal|action|resource|,|;| when|\{|\}|@id|"a"|==|in|if|then|else|!|\.|\?|-|9)( (permit|forbid|\(|\)|principal|action|resource|,|;|when|\{|\}|@id|"a"|==|in|if|then|else|!|\.|\?|-|9)){0,40}"#)
    {
        for text in [text, parts] {
            let mut alone: Vec<_> = DEFAULT.iter().map(|(name, _)| ((*name).to_owned(), String::new())).collect();
            alone.push(("a.cedar".to_owned(), text));
            let _ = Bundle::parse(&alone, &[]);
        }
    }
}

/// As deep and as long as a policy may be, on a thread with as little room as tests get.
#[test]
fn bombs_of_nesting_are_refused_or_read_and_never_overflow() {
    let wrap = |body: &str| {
        format!(
            "@id(\"a\") forbid (principal, action == Action::\"read\", resource) when {{ {body} }};"
        )
    };
    let chains = [
        vec!["true"; 900].join(" && "),
        vec!["true"; 900].join(" || "),
        format!("1{} > 0", " + 1".repeat(1900)),
        format!("1{} > 0", " * 1".repeat(1900)),
        format!("resource{}", ".path".repeat(1500)),
        format!("{}true{}", "if true then ".repeat(300), " else true".repeat(300)),
        format!("{}true", "if true then true else ".repeat(320)),
        format!("{}true{}", "(".repeat(39), ")".repeat(39)),
        format!("{}1 > 0", "-".repeat(4000)),
        format!("{}true", "!".repeat(7000)),
        format!("resource{}", "[\"path\"]".repeat(900)),
        format!("resource in [{}]", vec!["Folder::\"a\""; 600].join(", ")),
    ];
    for body in chains {
        if let Ok(bundle) = Bundle::parse(&files(&[("a.cedar", &wrap(&body))]), &[]) {
            judged(&bundle, &scope(), "read src/a.rs");
        }
    }
}
