//! The files that `weir init` writes, to be read, changed and committed by people.
//!
//! Promise: [`weir_toml`] is a valid `weir.toml` whatever the trunk and the checks are called. Each key is
//! there with a line that explains it; a line `#key = value` shows a default and does nothing.

use crate::propose::Proposal;
use std::fmt::Write as _;
use weir_model::config::{Check, Config, Enforcement, Meaning, Offline, Unguarded};

/// A commented `weir.toml` for `trunk`, with these checks.
pub fn weir_toml(trunk: &str, checks: &[Proposal]) -> String {
    let mut text = HEAD.to_owned();
    line(&mut text, "trunk", &quoted(trunk));
    text.push_str(CHECKS);
    if checks.is_empty() {
        text.push_str(NO_CHECKS);
    }
    for (index, proposal) in checks.iter().enumerate() {
        check(&mut text, proposal, index == 0);
    }
    let Config { queue, review, sessions, push, guard, view, .. } = Config::default();
    text.push_str(QUEUE);
    default_line(&mut text, "workers", &queue.workers.to_string());
    text.push_str(REVIEW);
    default_line(&mut text, "approvals", &review.approvals.to_string());
    text.push_str(SESSIONS);
    default_line(&mut text, "length", &quoted(&sessions.length.to_string()));
    text.push_str(CLAIM);
    default_line(&mut text, "claim", &quoted(&sessions.claim.to_string()));
    text.push_str(PUSH);
    default_line(&mut text, "bytes_max", &push.bytes_max.to_string());
    text.push_str(FILE);
    default_line(&mut text, "file_bytes_max", &push.file_bytes_max.to_string());
    text.push_str(GUARD);
    let enforcement = match guard.enforcement {
        Enforcement::On => "on",
        Enforcement::Shadow => "shadow",
    };
    default_line(&mut text, "enforcement", &quoted(enforcement));
    text.push_str(PRICE);
    default_line(
        &mut text,
        "cents_per_million_tokens",
        &guard.cents_per_million_tokens.to_string(),
    );
    text.push_str(OFFLINE);
    let offline = match guard.offline {
        Offline::Refuse => "refuse",
        Offline::Bundle => "bundle",
    };
    default_line(&mut text, "offline", &quoted(offline));
    text.push_str(UNGUARDED);
    let unguarded = match guard.unguarded {
        Unguarded::Record => "record",
        Unguarded::Refuse => "refuse",
    };
    default_line(&mut text, "unguarded", &quoted(unguarded));
    text.push_str(MEANING);
    let meaning = match view.meaning {
        Meaning::Embedded => "embedded",
        Meaning::Off => "off",
    };
    default_line(&mut text, "meaning", &quoted(meaning));
    text
}

const HEAD: &str = "\
# What this repository asks of Weir. Weir reads this file from the trunk, never from the change under test:
# a change to it counts from the moment it lands. A line `#key = value` shows a default.

# The branch that changes land on.
";

const CHECKS: &str = "
# The checks, in the order they run, on every change merged onto the tip of the trunk. A change lands only
# if all pass, and only as the very tree they ran on.
#   name          unique: `a` to `z`, `0` to `9`, `-` and `_`
#   run           a line for `sh -c`, run at the root of a clean tree
#   time_limit    how long it may run: `90s`, `30m`, `2h`
#   output_limit  how many bytes of its output are kept; the middle is left out
#   paths         the files that it looks at: `[\"src/**\"]`. Whatever else changes, its verdict stays
#   toolchain     files of the machine and variables on which it depends, too: `[\"/usr/bin/cc\", \"$CC\"]`
";

const NO_CHECKS: &str = "#
# None was found in this repository, so nothing is tested before it lands. For example:
# [[check]]
# name = \"test\"
# run = \"make test\"
";

const QUEUE: &str = "
[queue]
# How many candidates are tested at once: the first change that waits, the second on top of it, and so on.
# With 1, each waits for the one before it.
";

const REVIEW: &str = "
[review]
# How many people must approve a revision before it may land. Nobody approves what they, their agent or its
# children made.
";

const SESSIONS: &str = "
[sessions]
# How long the token of an agent's session lives.
";

const CLAIM: &str = "\
# How long a claim on a task lives without being renewed.
";

const PUSH: &str = "
[push]
# The largest push, in bytes as git sends it.
";

const FILE: &str = "\
# The largest single file, in bytes.
";

const GUARD: &str = "
[guard]
# Whether what the policies in `.weir/policy/` say about acts of agents holds: `on`, or `shadow` to record
# it and allow everything, which shows what they would do before they do it.
";

const PRICE: &str = "\
# What a million tokens cost, in hundredths of a currency: policies see what a session has spent as
# `principal.tokens` and `principal.cents`.
";

const OFFLINE: &str = "\
# What an attached client's hook does that reaches no server: `refuse` everything, or decide by the last
# signed `bundle` of policies, for an hour at most. Then only what needs nobody's yes is allowed.
";

const UNGUARDED: &str = "\
# What becomes of a change whose session has a client attached, and a hook that told of nothing that was
# done: `record` takes it and shows the session as unguarded, `refuse` does not take it.
";

const MEANING: &str = "
[view]
# Whether a search of the code also finds words that mean about the same: `embedded`, by a table that Weir
# brings along, or `off`.
";

/// One check. The first also shows the limits it has without asking; a limit of its own is always written.
fn check(text: &mut String, proposal: &Proposal, show_defaults: bool) {
    let Check { name, run, time_limit, output_limit, paths: _, toolchain: _ } = &proposal.check;
    let _ = writeln!(text, "\n# {}", one_line(&proposal.why));
    text.push_str("[[check]]\n");
    line(text, "name", &quoted(name));
    line(text, "run", &quoted(run));
    let limits = [
        ("time_limit", quoted(&time_limit.to_string()), *time_limit == Check::default_time_limit()),
        ("output_limit", output_limit.to_string(), *output_limit == Check::default_output_limit()),
    ];
    for (key, value, is_default) in limits {
        match (is_default, show_defaults) {
            (false, _) => line(text, key, &value),
            (true, true) => default_line(text, key, &value),
            (true, false) => {}
        }
    }
}

fn line(text: &mut String, key: &str, value: &str) {
    let _ = writeln!(text, "{key} = {value}");
}

fn default_line(text: &mut String, key: &str, value: &str) {
    let _ = writeln!(text, "#{key} = {value}");
}

/// A TOML string. The JSON form is also a TOML basic string, but for two things: JSON leaves the delete
/// character as it is, which TOML forbids, and neither knows lone surrogates, which `&str` cannot hold.
fn quoted(value: &str) -> String {
    serde_json::Value::from(value).to_string().replace('\u{7f}', "\\u007f")
}

/// A comment ends with its line, and TOML forbids control characters in it.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `.weir/README.md`: what this folder is.
pub fn weir_readme() -> &'static str {
    "\
# .weir

What this repository tells Weir beside `weir.toml`. People review and commit what is here; like `weir.toml`,
it counts once it is on the trunk. Weir writes nothing here while it runs: its ledger and its blobs are in
`.git/weir`, which git does not track.

- `allowed-secrets`: what looks like a secret and is none, such as the keys of test fixtures. A push that adds
  anything else that looks like a secret is refused, and the refusal prints the line to add here.
"
}

/// `.weir/allowed-secrets`, with nothing allowed yet.
pub fn allowed_secrets_starter() -> &'static str {
    "\
# What looks like a secret and is none: one fingerprint a line, then why. The refusal of a push prints the
# fingerprint. The secret itself never stands here, and a real one does not become harmless by being listed:
# take it out of the commit, and out of use.
"
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use weir_model::time::Lease;

    fn proposal(name: &str, run: &str, why: &str) -> Proposal {
        let check = Check {
            name: name.to_owned(),
            run: run.to_owned(),
            time_limit: Check::default_time_limit(),
            output_limit: Check::default_output_limit(),
            paths: None,
            toolchain: Vec::new(),
        };
        Proposal { check, why: why.to_owned() }
    }

    /// What the file must mean: this trunk, these checks, and defaults.
    fn meant(trunk: &str, proposals: &[Proposal]) -> Config {
        let checks = proposals.iter().map(|proposal| proposal.check.clone()).collect();
        Config { trunk: Some(trunk.to_owned()), checks, ..Config::default() }
    }

    #[test]
    fn it_says_what_was_proposed() {
        let mut slow =
            proposal("slow", "make \"all\" test # 'now'\nmake more", "two\nlines \u{7f}");
        slow.check.time_limit = Lease::minutes(90);
        slow.check.output_limit = 5;
        let rows = [
            ("main", vec![]),
            ("main", vec![proposal("cargo-test", "cargo test", "`Cargo.toml` is there")]),
            ("feature/a\"b'c\\d", vec![proposal("a", "x", ""), slow]),
            ("größe-🌊", vec![proposal("b", "printf '\\t\\u0041'\t\u{0}\u{7f}", "]] = \"")]),
        ];
        for (trunk, proposals) in rows {
            let text = weir_toml(trunk, &proposals);
            assert_eq!(Config::parse(&text), Ok(meant(trunk, &proposals)), "{text}");
        }
    }

    /// With the defaults written out, the file means the same, and no key is missing.
    #[test]
    fn every_key_is_shown_with_its_true_default() {
        let proposals = [proposal("test", "make test", "why")];
        let text = weir_toml("main", &proposals);
        let is_default = |line: &str| {
            line.strip_prefix('#')
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
        };
        let lines = text.lines().map(|line| if is_default(line) { &line[1..] } else { line });
        let written_out: String = lines.flat_map(|line| [line, "\n"]).collect();
        let config = Config::parse(&written_out).expect("well formed");
        assert_eq!(config, meant("main", &proposals));

        let shown: toml::Table = written_out.parse().expect("well formed");
        let all = toml::Table::try_from(&config).expect("configuration is plain data");
        assert_eq!(shown, all);
    }

    #[test]
    fn no_line_is_too_long_to_read() {
        let text = weir_toml("main", &[]);
        let texts = [text.as_str(), weir_readme(), allowed_secrets_starter()];
        let longest = texts.iter().flat_map(|text| text.lines()).map(str::len).max();
        assert!(longest.is_some_and(|longest| longest <= 110), "{longest:?}");
    }

    proptest! {
        #[test]
        fn no_trunk_command_or_reason_breaks_it(
            trunk in "(?s).*",
            run in "(?s).*[a-z]",
            why in "(?s).*",
            name in "[a-z0-9_-]{1,40}",
        ) {
            let proposals = [proposal(&name, &run, &why)];
            let text = weir_toml(&trunk, &proposals);
            prop_assert_eq!(Config::parse(&text), Ok(meant(&trunk, &proposals)));
        }
    }
}
