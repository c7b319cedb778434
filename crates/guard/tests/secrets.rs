//! Secrets of every kind are found where they stand, named without being repeated, and can be allowed.
//!
//! No secret is written here, not even a made-up one: they are put together when the tests run.

use bstr::BStr;
use proptest::prelude::*;
use weir_guard::secrets::{AllowedSecrets, Finding, judge, scan_added};

/// As random as secrets are, and the same every time: letters and digits.
fn random(length: usize) -> String {
    letters(length, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
}

fn letters(length: usize, alphabet: &[u8]) -> String {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).expect("31 bits")
    };
    (0..length).map(|_| char::from(alphabet[next() % alphabet.len()])).collect()
}

fn scan(text: &str, allowed: &AllowedSecrets) -> Vec<Finding> {
    let lines = (1..).zip(text.lines().map(str::as_bytes));
    scan_added(BStr::new("src/a.rs"), lines, allowed)
}

fn rules(text: &str) -> Vec<&'static str> {
    scan(text, &AllowedSecrets::default()).into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn each_kind_of_secret_is_found() {
    let hex = letters(32, b"0123456789abcdef");
    let base32 = letters(16, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    let long = random(64);
    let rows = [
        (format!("const T: &str = \"ghp_{}\";", random(36)), "github-token"),
        (format!("https://x:gho_{}@github.com", random(36)), "github-token"),
        (format!("ghs_{}", random(36)), "github-token"),
        (format!("GH=github_pat_{}_{}", random(22), random(59)), "github-token"),
        (format!("glpat-{}", random(20)), "gitlab-token"),
        (format!("aws_access_key_id = AKIA{base32}"), "aws-access-key"),
        (format!("aws_secret_access_key = {}/{}", random(20), random(19)), "aws-secret-key"),
        (format!("xoxb-2{}-{}", &base32[..10], random(24)), "slack-token"),
        (format!("stripe.api_key = 'sk_live_{}'", random(24)), "stripe-key"),
        (format!("key=AIza{}", random(35)), "google-api-key"),
        (format!("//registry.npmjs.org/:_authToken=npm_{}", random(36)), "npm-token"),
        (format!("password = pypi-AgEIcHlwaS5vcmc{}", random(90)), "pypi-token"),
        (
            format!("ANTHROPIC_API_KEY=sk-ant-api03-{}-{}AA", random(60), random(30)),
            "anthropic-key",
        ),
        (format!("OPENAI_API_KEY=sk-proj-{long}"), "openai-key"),
        (format!("OPENAI_API_KEY=sk-{}", random(48)), "openai-key"),
        (format!("Bearer eyJ{}.eyJ{}.{}", random(20), random(30), random(43)), "json-web-token"),
        (format!("weir_p_{}", random(43)), "weir-token"),
        (format!("git push http://x:weir_s_{}@127.0.0.1", random(43)), "weir-token"),
        (format!("password = \"{}\"", random(16)), "assigned-secret"),
        (format!("let api_key: &str = \"{hex}\";"), "assigned-secret"),
        (format!("  \"clientSecret\": \"{}\",", random(24)), "assigned-secret"),
        (format!("token := `{}`", random(24)), "assigned-secret"),
        (format!("if password == '{}' {{", random(20)), "assigned-secret"),
        (format!("config['db-password'] => '{}'", random(20)), "assigned-secret"),
        (format!("export SERVICE_TOKEN={}", random(30)), "assigned-secret"),
        (format!("DB_PASSWORD={}", random(20)), "assigned-secret"),
    ];
    for (line, rule) in rows {
        assert_eq!(rules(&line), [rule], "{line}");
        let far = format!("\n\n{line}\n");
        assert_eq!(scan(&far, &AllowedSecrets::default())[0].line, 3, "{line}");
    }
}

#[test]
fn what_only_looks_like_one_is_passed_over() {
    let rows = [
        "password = \"changeme\"",
        "password = \"<your password here 1A>\"",
        "token = \"${GITHUB_TOKEN}\"",
        "token: ${{ secrets.GITHUB_TOKEN }}",
        "API_TOKEN=$(cat /run/secrets/api-token-1)",
        "api_key = \"your_api_key_goes_here_1234\"",
        "api_key = os.environ[\"API_KEY_2\"]",
        "token = \"user_password_reset_v2\"",
        "secret = \"correct-horse-battery-staple\"",
        "let token = next_token(input2, Position::Start17);",
        "password_field = \"input#password-field-2\"",
        "assert_eq!(tokens, \"a1 b2 c3 d4 e5 f6 g7\");",
        "the secret: be kind, and \"never give up, 24 hours a day\"",
        "key = AKIAIOSFODNN7EXAMPLE",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "ghp_0000000000000000000000000000000000000000",
        "task-risk-desk-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ".sk-circle-fade-dot-loading-indicator-of-the-whole-page-12",
        "use weir_p_some_module_that_has_a_long_name_of_words;",
        "weir_session_token_hash_of_the_browser_in_the_cookie",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nis how a key begins, and then come many lines of base64",
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEn1LlwLN\n-----END PUBLIC KEY-----",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "checksum = \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
    ];
    for text in rows {
        assert_eq!(rules(text), Vec::<&str>::new(), "{text}");
    }
}

/// A key in PEM, each line between `before` and `after`.
fn pem(kind: &str, body: &str, before: &str, after: &str) -> String {
    let begin = format!("-----BEGIN {kind}PRIVATE KEY-----");
    let end = format!("-----END {kind}PRIVATE KEY-----");
    let lines = body.as_bytes().chunks(64).map(|line| str::from_utf8(line).expect("ASCII"));
    let lines = std::iter::once(begin.as_str()).chain(lines).chain([end.as_str()]);
    lines.map(|line| format!("{before}{line}{after}")).collect()
}

#[test]
fn a_private_key_is_found_however_it_is_written() {
    let body = random(200);
    let rows = [
        pem("", &body, "", "\n"),
        pem("RSA ", &body, "  ", "\n"),
        pem("OPENSSH ", &body, "    \"", "\\n\" +\n"),
        pem("EC ", &body, "# ", "\r\n"),
        format!("{{\"private_key\": \"{}\"}}", pem("", &body, "", "\\n")),
        format!("KEY=\"{}\"", pem("", &body, "", " ")),
        // Cut off, and followed by something else.
        pem("", &body, "", "\n").split("-----END").next().unwrap().to_owned() + "fn main() {}\n",
        pem("", &body, "", "\n").split("-----END").next().unwrap().to_owned(),
        pem("RSA ", &body, "", "\n").replacen(
            "KEY-----\n",
            "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF\n\n",
            1,
        ),
    ];
    for text in &rows {
        let found = scan(&format!("x\n{text}\ny\n"), &AllowedSecrets::default());
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!((found[0].rule, found[0].line), ("private-key", 2), "{text}");
    }
    // It is one key, however it is written, and another key is another.
    let prints = |text: &str| scan(text, &AllowedSecrets::default())[0].fingerprint;
    assert!(rows.iter().all(|text| prints(text) == prints(&rows[0])));
    assert_ne!(prints(&pem("", &random(199), "", "\n")), prints(&rows[0]));
    // Two keys in a row are two.
    assert_eq!(rules(&rows[0].repeat(2)), ["private-key", "private-key"]);
}

#[test]
fn the_refusal_says_where_and_what_and_never_the_secret() {
    let secrets = [format!("ghp_{}", random(36)), format!("glpat-{}", random(22))];
    let text = format!("a\nlet a = \"{}\"; let b = '{}';\n", secrets[0], secrets[1]);
    let found = scan(&text, &AllowedSecrets::default());
    let refusal = judge(&found).expect_err("there are two");
    assert_eq!(refusal.code, "push.secret");
    let told = format!("{refusal}\n{refusal:?}\n{found:?}");
    for part in ["`src/a.rs:2` (github-token)", "(gitlab-token)", "amend", ".weir/allowed-secrets"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(refusal.to_string().contains(&found[0].fingerprint.to_string()));
    for secret in &secrets {
        assert!(!told.contains(secret) && !told.contains(&secret[8..]), "{told}");
    }
    judge(&[]).expect("nothing found");
}

#[test]
fn an_owner_can_allow_one_secret_and_no_other() {
    let (one, other) = (format!("ghp_{}", random(36)), format!("ghp_{}", random(40)));
    let text = format!("{one} {other}");
    let found = scan(&text, &AllowedSecrets::default());
    assert_eq!(found.len(), 2);
    let file = format!("# Not secrets.\n\n  {} # a fixture\n", found[0].fingerprint);
    let allowed = AllowedSecrets::parse(&file).expect("well formed");
    assert_eq!(scan(&text, &allowed), found[1..]);
}

#[test]
fn a_bad_line_of_allowed_secrets_is_named_and_not_repeated() {
    let secret = random(64);
    for (text, line) in [(secret.clone(), "line 1"), (format!("#\n\n{} x", random(64)), "line 3")] {
        let refusal = AllowedSecrets::parse(&text).expect_err(&text);
        assert_eq!(refusal.code, "allowed_secrets.malformed");
        assert!(refusal.sentence.contains(line), "{refusal}");
        assert!(!refusal.to_string().contains(&secret));
    }
}

#[test]
fn the_time_is_linear_in_the_input() {
    // What grows with the square of its length, or its prefixes, would not come back from these.
    for unit in [
        "sk-",
        "eyJ",
        "eyJ.",
        "token='",
        "password=\"a1",
        "AKIA",
        "-----BEGIN PRIVATE KEY-----",
        "=:",
    ] {
        let line = unit.repeat(200_000 / unit.len());
        rules(&line);
        rules(&line.replace('-', "\n"));
    }
    let many = format!("ghp_{} ", random(36)).repeat(5_000);
    assert_eq!(rules(&many).len(), 1, "the same secret on one line is one finding");
}

proptest! {
    #[test]
    fn no_bytes_make_the_scanner_panic(lines in prop::collection::vec(any::<Vec<u8>>(), 0..20)) {
        let lines = (1..).zip(lines.iter().map(Vec::as_slice));
        scan_added(BStr::new(b"\xff"), lines, &AllowedSecrets::default());
    }

    #[test]
    fn no_near_miss_makes_the_scanner_panic(
        text in "(eyJ|sk-|ghp_|token *[:=]+ *\"|-----BEGIN [A-Z ]{0,9}PRIVATE KEY-----|\\\\n|\n|[a-zA-Z0-9.\"'é]{1,20}){0,30}",
    ) {
        let found = scan(&text, &AllowedSecrets::default());
        prop_assert_eq!(judge(&found).is_ok(), found.is_empty());
    }

    #[test]
    fn a_token_is_found_wherever_it_stands_and_never_repeated(
        before in "(.{0,20}[^a-zA-Z0-9])?", body in "[a-zA-Z0-9]{36}", after in "([^a-zA-Z0-9].{0,20})?",
    ) {
        let distinct: std::collections::BTreeSet<_> = body.bytes().collect();
        let lower = body.to_lowercase();
        prop_assume!(distinct.len() > 15 && !lower.contains("example"));
        let secret = format!("ghp_{body}");
        let line = format!("{before}{secret}{after}");
        let lines = [(1, line.as_bytes())];
        let found = scan_added(BStr::new("a"), lines, &AllowedSecrets::default());
        prop_assert!(found.iter().any(|finding| finding.rule == "github-token"), "{}", line);
        let told = format!("{found:?} {}", judge(&found).expect_err("found"));
        prop_assert!(!told.contains(&body));
    }

    #[test]
    fn no_text_makes_the_parser_of_allowed_secrets_panic(text in "(?s).*") {
        let _ = AllowedSecrets::parse(&text);
    }
}
