//! What a repository shows, and what is proposed.

use super::*;
use proptest::prelude::*;

/// The commands proposed for files given as `name: contents`.
fn commands(files: &[(&str, &str)]) -> Vec<String> {
    let root: Vec<(&str, &[u8])> =
        files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    propose(&root).into_iter().map(|proposal| proposal.check.run).collect()
}

const TESTED: (&str, &str) = ("package.json", r#"{"scripts": {"test": "vitest run"}}"#);
const PINNED: &str = r#"{"scripts": {"test": "jest"}, "packageManager": "pnpm@9.1.0"}"#;
const UNTESTED: &str = r#"{"scripts": {"test": "echo \"Error: no test specified\" && exit 1"}}"#;
const CRATE: (&str, &str) = ("Cargo.toml", "[package]\nname = \"a\"\n");
const POETRY: &str = "[tool.poetry.group.dev.dependencies]\npytest = \"^8\"\n";

#[test]
fn one_kind_of_evidence_gives_one_check() {
    let rows: &[(&[(&str, &str)], &str)] = &[
        (&[CRATE], "cargo test"),
        (&[("Cargo.toml", "\u{feff}[package]\nname = \"a\"\n")], "cargo test"),
        (&[("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n")], "cargo test --workspace"),
        (&[("Cargo.toml", "[package]\nname = \"a\"\n[workspace]\n")], "cargo test --workspace"),
        (&[TESTED], "npm install && npm test"),
        (&[TESTED, ("package-lock.json", "")], "npm ci && npm test"),
        (&[TESTED, ("npm-shrinkwrap.json", "")], "npm ci && npm test"),
        (&[TESTED, ("pnpm-lock.yaml", "")], "pnpm install --frozen-lockfile && pnpm test"),
        (&[TESTED, ("yarn.lock", "")], "yarn install --frozen-lockfile && yarn test"),
        (
            &[TESTED, ("yarn.lock", ""), (".yarnrc.yml", "")],
            "yarn install --immutable && yarn test",
        ),
        (&[("package.json", PINNED)], "pnpm install && pnpm test"),
        (&[("package.json", PINNED), ("package-lock.json", "")], "npm ci && npm test"),
        (&[("pytest.ini", "")], "python3 -m pytest -q"),
        (&[("conftest.py", "")], "python3 -m pytest -q"),
        (&[("setup.cfg", "[metadata]\n[tool:pytest]\n")], "python3 -m pytest -q"),
        (&[("tox.ini", "[tox]\n[pytest]\r\n")], "python3 -m pytest -q"),
        (&[("pyproject.toml", "[tool.pytest.ini_options]\n")], "python3 -m pytest -q"),
        (
            &[("pyproject.toml", "[project]\ndependencies = [\"PyTest >= 8\"]\n")],
            "python3 -m pytest -q",
        ),
        (
            &[("pyproject.toml", "[project.optional-dependencies]\ntest = [\"pytest[x]~=8\"]\n")],
            "python3 -m pytest -q",
        ),
        (
            &[("pyproject.toml", "[dependency-groups]\ndev = [\"ruff\", \"pytest_cov\"]\n")],
            "python3 -m pytest -q",
        ),
        (&[("pyproject.toml", POETRY)], "python3 -m pytest -q"),
        (&[("requirements-dev.txt", "ruff\n pytest==8.1 # tests\n")], "python3 -m pytest -q"),
        (&[("go.mod", "// a module\nmodule example.org/a\n\ngo 1.24\n")], "go test ./..."),
        (&[("Makefile", "all:\n\tcc a.c\ntest: all\n\t./a\n")], "make test"),
        (&[("Makefile", "check:\n\t./a\n")], "make check"),
        (&[("Makefile", "check:\n\t./a\ntest:\n\t./a\n")], "make test"),
        (&[("Makefile", "build \\\n  test &: all\n")], "make test"),
        (&[("Makefile", "test:: ; ./a X=1\n")], "make test"),
        (&[("makefile", "check:\n"), ("Makefile", "test:\n")], "make check"),
    ];
    for (files, expected) in rows {
        assert_eq!(commands(files), [*expected], "{files:?}");
    }
}

#[test]
fn thin_evidence_gives_none() {
    let rows: &[&[(&str, &str)]] = &[
        &[],
        &[("README.md", "run cargo test")],
        &[("Cargo.toml", "[package\nname")],
        &[("Cargo.toml", "[profile.release]\nstrip = true\n")],
        &[("Cargo.toml", "package = 1\nworkspace = 2\n")],
        &[("package.json", UNTESTED)],
        &[("package.json", r#"{"scripts": {"test": "  "}}"#)],
        &[("package.json", r#"{"scripts": {"test": 1}}"#)],
        &[("package.json", r#"{"scripts": []}"#)],
        &[("package.json", r#"{"scripts": {"build": "tsc"}}"#)],
        &[("package.json", "{,}")],
        &[("package.json", "[]")],
        &[("package-lock.json", "{}")],
        &[("setup.cfg", "# [tool:pytest] one day\n")],
        &[("tox.ini", "[tox]\ncommands = pytest\n")],
        &[("pyproject.toml", "[tool.ruff]\n")],
        &[("pyproject.toml", "[project]\ndependencies = \"pytest\"\n")],
        &[("pyproject.toml", "[project]\ndependencies = [\"my-pytest\"]\n")],
        &[("requirements.txt", "# pytest\nflask\n")],
        &[("notes-requirements.txt", "pytest\n")],
        &[("go.mod", "")],
        &[("go.mod", "module // forgotten\n")],
        &[("Makefile", "all:\n\ttest: x\n")],
        &[("Makefile", "test := 1\ncheck ::= 2\n")],
        &[("Makefile", "URL = http://test: x\n")],
        &[("Makefile", "# test: is not here\n.PHONY: test check\n")],
        &[("Makefile", "test: CFLAGS += -g\n")],
        &[("Makefile", "define text\ntest: x\nendef\n")],
        &[("Makefile", "test-all: all\ntests:\n")],
        &[("GNUmakefile", "all:\n"), ("Makefile", "test:\n")],
    ];
    for files in rows {
        assert_eq!(commands(files), Vec::<String>::new(), "{files:?}");
    }
}

#[test]
fn several_kinds_give_several_checks_and_make_only_speaks_alone() {
    let files = [
        ("Makefile", "test:\n\tcargo test\n"),
        ("go.mod", "module a\n"),
        ("pytest.ini", ""),
        TESTED,
        CRATE,
    ];
    let expected =
        ["cargo test", "npm install && npm test", "python3 -m pytest -q", "go test ./..."];
    assert_eq!(commands(&files), expected);
}

#[test]
fn what_is_not_text_or_too_large_is_left_alone() {
    let large = format!("[package]\nname = \"a\"\n{}", " ".repeat(CONTENTS_MAX));
    assert_eq!(propose(&[("Cargo.toml", large.as_bytes())]), []);
    assert_eq!(propose(&[("Cargo.toml", b"[package]\nname = \"\xff\"\n")]), []);
}

/// Every file name whose contents are read.
const READ: [&str; 11] = [
    "Cargo.toml",
    "package.json",
    "pyproject.toml",
    "setup.cfg",
    "tox.ini",
    "requirements.txt",
    "go.mod",
    "GNUmakefile",
    "makefile",
    "Makefile",
    "pytest.ini",
];

proptest! {
    #[test]
    fn no_bytes_panic_and_every_proposal_is_a_valid_check(
        files in prop::collection::vec(
            (0..READ.len(), prop_oneof![
                prop::collection::vec(any::<u8>(), 0..200),
                "(?s)(test|check|define|endef|module|\\[|\\]|[:=#\t\n\\\\; a])*".prop_map(String::into_bytes),
            ]),
            0..6,
        ),
    ) {
        let root: Vec<(&str, &[u8])> =
            files.iter().map(|(index, bytes)| (READ[*index], bytes.as_slice())).collect();
        let proposals = propose(&root);
        let mut names: Vec<&str> = proposals.iter().map(|p| p.check.name.as_str()).collect();
        names.dedup();
        prop_assert_eq!(names.len(), proposals.len());
        for proposal in &proposals {
            prop_assert!(!proposal.why.contains(char::is_control));
        }
    }
}
