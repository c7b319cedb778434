//! The default set against what agents do and what attackers try, as tables.

use std::sync::LazyLock;
use weir_guard::policy::{Bundle, Scope, effect_in_short, ruling};
use weir_model::PathSet;
use weir_model::act::{Act, Client, Effect, Moment, Ruling, Taint, Tool};

static SHIPPED: LazyLock<Bundle> = LazyLock::new(Bundle::shipped);

fn scope() -> Scope {
    Scope {
        session: "S1".to_owned(),
        agent: "builder".to_owned(),
        person: "ada".to_owned(),
        worktree: Some("/home/ada/.cache/weir/w/t1".to_owned()),
        home: "/home/ada".to_owned(),
        mandate: vec![PathSet::new(["src/**", "tests/**", "*.md"]).expect("patterns")],
        tools: ["docs".to_owned(), "fs/read".to_owned()].into(),
        ..Scope::default()
    }
}

fn act(tool: Tool) -> Act {
    Act {
        client: Some(Client::Claude),
        moment: Moment::BeforeTool,
        conversation: "c1".to_owned(),
        subagent: None,
        call: None,
        cwd: "/home/ada/.cache/weir/w/t1".to_owned(),
        mode: None,
        tool,
    }
}

fn shell() -> Act {
    act(Tool::Shell { command: String::new() })
}

fn effects(line: &str, scope: &Scope) -> Vec<Effect> {
    let parts = line.split(" + ");
    parts.map(|part| effect_in_short(part, scope).expect(part).effect).collect()
}

fn judged(line: &str, scope: &Scope) -> Ruling {
    ruling(&SHIPPED, scope, &shell(), &effects(line, scope))
}

/// Rows are `effects | answer policy`, as in `read ~/.ssh/id_rsa | deny secret_read`.
fn check(scope: &Scope, table: &str) {
    for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (line, expected) = row.split_once(" | ").expect(row);
        let ruling = ruling(&SHIPPED, scope, &shell(), &effects(line.trim(), scope));
        let policies = ruling.reasons.iter().map(|reason| {
            reason.policy.strip_prefix("default.").unwrap_or(&reason.policy).to_owned()
        });
        let mut policies: Vec<_> = policies.collect();
        policies.dedup();
        let found = [vec![ruling.answer.to_string()], policies].concat().join(" ");
        assert_eq!(found, expected.trim(), "{row}\n{ruling:#?}");
    }
}

#[test]
fn ordinary_work_needs_nobody() {
    check(
        &scope(),
        "
        read src/main.rs                                  | allow
        read . + read src/** + read **                    | allow
        read .env.example                                 | allow
        read /usr/include/stdio.h + read /etc/os-release  | allow
        read ~/.cargo/registry/src/serde/lib.rs           | allow
        read ~                                            | allow
        read /proc/cpuinfo + read /dev/null               | allow
        read tests/fixtures/cert.pem                      | allow
        read .weir/policy/a.cedar + read .github/workflows/ci.yml | allow
        write src/main.rs + write src/new/mod.rs          | allow
        write README.md                                   | allow
        write target/debug/x + write node_modules/a/b.js  | allow
        write /tmp/x + write /dev/null                    | allow
        write ~/.claude/plans/today.md                    | ask outside_change
        delete src/old.rs                                 | allow
        delete target/** + delete node_modules/**         | allow
        delete /tmp/work/**                               | allow
        attributes src/run.sh                             | allow
        link src/b                                        | allow
        run cargo + run cargo project + run rg            | allow
        run ./scripts/test.sh project                     | allow
        git look + git record + git rewrite               | allow
        git fetch origin + git fetch weir                 | allow
        git push weir refs/for/main                       | allow
        git push weir                                     | allow
        git configure user.email                          | allow
        install npm locked + install cargo                | allow
        install pip . + install npm ./tools/x             | allow
        fetch docs.rs + fetch registry.npmjs.org          | allow
        fetch localhost + send 127.0.0.1                  | allow
        call docs search + call fs read + call weir task_next | allow
        spawn Explore + prompt                            | allow
        ",
    );
}

#[test]
fn a_session_stays_inside_its_worktree_and_its_mandate() {
    check(
        &scope(),
        "
        read ~/other/src/main.rs                 | ask outside_read
        read /home/eve/x                         | ask outside_read
        read ~/.cache/weir/w/t2/src/a.rs         | ask outside_read
        write ~/other/src/main.rs                | ask outside_change
        write /etc/hosts                         | deny system_change
        write /usr/local/bin/x                   | deny system_change
        write /dev/sda                           | deny system_change
        read /dev/sda                            | deny device_read
        read /var/run/docker.sock                | deny device_read
        read /proc/1/mem                         | deny device_read
        write lib/other.rs                       | deny outside_mandate
        write src/a.rs + write lib/other.rs      | deny outside_mandate
        delete lib/other.rs                      | deny outside_mandate
        attributes **                            | ask governs_below root_attributes
        link ~/.bashrc                           | ask governs outside_change
        ",
    );
    let nowhere = Scope { worktree: None, ..scope() };
    check(
        &nowhere,
        "
        write /srv/x                             | deny no_worktree system_change
        write /home/ada/x                        | deny no_worktree
        write /tmp/x                             | allow
        read /usr/bin/env                        | allow
        ",
    );
    let narrowed = Scope {
        mandate: vec![PathSet::everything(), PathSet::new(["src/a/**"]).expect("patterns")],
        ..scope()
    };
    check(&narrowed, "write src/a/x.rs | allow\nwrite src/b/x.rs | deny outside_mandate");
}

#[test]
fn secrets_stay_unread() {
    check(
        &scope(),
        "
        read .env                                | deny secret_read
        read .ENV.production                     | deny secret_read
        read src/id_rsa                          | deny secret_read
        read ~/.ssh/id_ed25519                   | deny secret_read
        read ~/.ssh/**                           | ask outside_read secrets_below
        read ~/.aws/credentials                  | deny secret_read
        read ~/.claude/.credentials.json         | deny secret_read
        read ~/.codex/auth.json                  | deny secret_read
        read ~/.cargo/credentials.toml           | deny secret_read
        read ~/.npmrc                            | deny secret_read
        read .npmrc                              | allow
        read ~/.bash_history                     | deny secret_read
        read /etc/shadow                         | deny secret_read
        read /proc/self/environ                  | deny secret_read
        read /proc/self/root/home/ada/.netrc     | deny secret_read
        read /repo/.git/weir/key                 | deny secret_read
        read ~/**                                | ask outside_read secrets_below
        read /**                                 | ask outside_read secrets_below
        read /etc/**                             | ask secrets_below
        write src/.env                           | ask secret_change
        write ~/.ssh/authorized_keys             | deny secret_change_outside
        ",
    );
}

/// T15, T16, T18: what governs the agent, from inside and through the home.
#[test]
fn nothing_that_governs_is_changed_without_a_person() {
    let wide = Scope { mandate: vec![PathSet::everything()], ..scope() };
    check(
        &wide,
        "
        write .weir/policy/paths.cedar           | ask governs
        write weir.toml                          | ask governs
        write .claude/settings.json              | ask governs
        write sub/.claude/settings.local.json    | ask governs
        write .codex/config.toml                 | ask governs
        write .gemini/settings.json              | ask governs
        write .cursor/hooks.json                 | ask governs
        write opencode.json + write .mcp.json    | ask governs
        write .github/workflows/ci.yml           | ask governs
        write .gitlab-ci.yml + write Jenkinsfile | ask governs
        write .husky/pre-commit                  | ask governs
        write .git/hooks/pre-push                | ask governs
        write .git/config                        | ask governs
        delete .git                              | ask governs
        link .git/hooks                          | ask governs
        write ~/.claude/settings.json            | ask governs outside_change
        write ~/.bashrc                          | ask governs outside_change
        write ** + write ~/**                    | ask governs_below outside_change
        write .github/**                         | ask governs_below
        write src/** + write *                   | allow
        git skip_hooks                           | deny skip_hooks
        git configure core.hooksPath             | deny configure_runs_code
        git configure core.fsmonitor             | deny configure_runs_code
        git configure alias.st                   | deny configure_runs_code
        git configure filter.x.clean             | deny configure_runs_code
        git configure url.https://x/.insteadOf   | deny configure_runs_code
        git configure remote.origin.url          | ask configure
        ",
    );
}

#[test]
fn deletion_in_bulk_is_asked_and_of_everything_refused() {
    let wide = Scope { mandate: vec![PathSet::everything()], ..scope() };
    check(
        &wide,
        "
        delete src/**                            | ask bulk_delete
        delete src/*                             | ask bulk_delete
        delete **                                | deny root_delete
        delete .                                 | deny root_delete
        delete *                                 | ask bulk_delete
        delete ~/**                              | deny root_delete
        delete ~/*                               | deny root_delete
        delete /**                               | deny root_delete
        delete /home/**                          | deny root_delete
        delete /tmp/**                           | deny root_delete
        delete /tmp/*                            | ask bulk_delete
        delete ~/other/**                        | ask bulk_delete outside_change
        ",
    );
    let many: Vec<_> = (0..25).map(|n| format!("delete src/{n}.rs")).collect();
    let ruling = judged(&many.join(" + "), &wide);
    assert_eq!(ruling.reasons[0].policy, "default.many_deletes");
}

#[test]
fn git_keeps_what_others_hold() {
    check(
        &scope(),
        "
        git push origin main                     | deny protected_ref push_elsewhere
        git push origin refs/heads/main          | deny protected_ref push_elsewhere
        git push origin topic                    | deny push_elsewhere
        git push origin topic force              | deny force_push push_elsewhere
        git push weir refs/for/main force        | deny force_push push_elsewhere
        git push weir refs/heads/main            | deny protected_ref push_elsewhere
        git push weir refs/for/other             | deny push_elsewhere
        git push origin topic delete             | deny push_elsewhere ref_delete
        git push                                 | deny push_elsewhere
        git push https://evil.example/x          | deny push_elsewhere
        git discard                              | ask discard
        git drop                                 | ask drop
        ",
    );
    let plain = Scope { entrances: ["weir".to_owned(), String::new()].into(), ..scope() };
    check(&plain, "git push | allow");
    let protected = Scope { protected: vec!["refs/heads/release".to_owned()], ..scope() };
    check(&protected, "git push origin release | deny protected_ref push_elsewhere");
}

#[test]
fn the_network_goes_by_rule() {
    check(
        &scope(),
        "
        fetch *                                  | ask unknown_host
        send example.org                         | ask data_out
        send API.GitHub.com.                     | ask data_out
        send crates.io                           | ask data_out
        send x.webhook.site                      | deny drop_box
        fetch pastebin.com                       | ask drop_box_fetch
        fetch 169.254.169.254                    | deny metadata_service
        fetch 2852039166                         | deny metadata_service
        fetch 10.0.0.7                           | ask private_network
        fetch printer.local                      | ask private_network
        install npm left-pad                     | ask new_package
        install npm left-pad locked              | allow
        install pip . requests                   | ask new_package
        ",
    );
}

/// T21: each step is allowed, the three together are not, in whatever order they came.
#[test]
fn untrusted_words_secrets_and_a_way_out_never_meet() {
    let with = |taints: &[Taint]| Scope { taints: taints.iter().copied().collect(), ..scope() };
    let ordinary = "
        read src/a.rs + write src/a.rs           | allow
        run cargo project                        | allow
        git push weir refs/for/main              | allow
        fetch registry.npmjs.org + send localhost | allow
        call weir task_next                      | allow
        ";
    for taints in [&[][..], &[Taint::Untrusted], &[Taint::Secrets]] {
        check(&with(taints), ordinary);
    }
    check(&with(&[Taint::Untrusted]), "fetch docs.rs | allow\nsend example.org | ask data_out");
    check(&with(&[Taint::Secrets]), "fetch docs.rs | ask secrets_by_address");
    let both = with(&[Taint::Untrusted, Taint::Secrets]);
    check(&both, ordinary);
    check(
        &both,
        "
        send example.org                         | deny way_out
        fetch docs.rs                            | deny way_out_by_address
        fetch github.com                         | deny way_out_by_address
        send registry.npmjs.org                  | deny way_out
        git push origin topic                    | deny push_elsewhere way_out_by_push
        call docs search                         | ask way_out_by_tool
        control npm publish                      | deny way_out_by_publishing
        ",
    );
    // The act itself counts: it reads the secret that it would send.
    let untrusted = with(&[Taint::Untrusted]);
    let ruling = judged("read .env + send example.org", &untrusted);
    let policies: Vec<_> = ruling.reasons.iter().map(|reason| reason.policy.as_str()).collect();
    assert_eq!(policies, ["default.secret_read", "default.way_out"]);
}

#[test]
fn what_cannot_be_told_is_asked_and_the_machine_is_left_alone() {
    check(
        &scope(),
        "
        opaque eval of a variable                | ask opaque
        run ./downloaded foreign                 | ask foreign_program
        control kill                             | ask control
        control sudo                             | deny machine
        control mount                            | deny machine
        control npm publish                      | ask control
        control useradd eve                      | deny machine
        call shop buy                            | ask unlisted_tool
        call fs write                            | ask unlisted_tool
        read src/a.rs + opaque x + control sudo  | deny machine
        ",
    );
    let deep = ["S1", "S2", "S3", "S4"].map(str::to_owned).to_vec();
    check(&Scope { parents: deep, ..scope() }, "spawn Explore | deny too_deep");
}

#[test]
fn a_tool_whose_effects_nobody_told_is_not_allowed_silently() {
    let bundle = &*SHIPPED;
    let unknown = act(Tool::Unknown { name: "Teleport".to_owned(), arguments: String::new() });
    let ruled = ruling(bundle, &scope(), &unknown, &[]);
    assert_eq!(ruled.reasons[0].policy, "default.opaque");
    assert!(ruled.reasons[0].sentence.contains("`Teleport`"), "{}", ruled.reasons[0].sentence);
    let (server, name, arguments) = ("shop".to_owned(), "buy".to_owned(), "{}".to_owned());
    let call = act(Tool::Mcp { server, name, arguments });
    assert_eq!(ruling(bundle, &scope(), &call, &[]).reasons[0].policy, "default.unlisted_tool");
    let many = vec![Effect::Prompts; 2000];
    assert_eq!(ruling(bundle, &scope(), &shell(), &many).reasons[0].policy, "default.opaque");
}

/// T25: what a reader sees of a path cannot hide or reorder the rest.
#[test]
fn reasons_show_what_is_so_and_what_to_do() {
    let ruling = judged("read \"~/x\u{202e}gpj.sh\"", &scope());
    let reason = &ruling.reasons[0];
    assert_eq!(reason.sentence, "`/home/ada/x\\u{202e}gpj.sh` lies outside your worktree");
    let hint = "read what lies below `/home/ada/.cache/weir/w/t1`; a person can let you read this";
    assert_eq!(reason.hint.as_deref(), Some(hint));
    assert_eq!(reason.effect, Some(0));
}
