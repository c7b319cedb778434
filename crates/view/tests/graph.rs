//! Who uses what, in small repositories of several languages: what resolves is told apart from what has the same name.

use bstr::BStr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use weir_git::{CommitId, Trunk, inspect};
use weir_view::answer::UsedAt;
use weir_view::ask::{Asked, Budget};
use weir_view::modules::Manifests;
use weir_view::pool::{Blob, Pool};
use weir_view::tree::{View, text_of};

fn git(dir: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.arg("-C").arg(dir).args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(arguments);
    let output = command.output().expect("git runs");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

/// Who uses `name` in a repository of these files: `path:line within how`.
fn users(files: &[(&str, &str)], name: &str) -> Vec<String> {
    let place = tempfile::tempdir().expect("a folder");
    let root = place.path().join("repo");
    std::fs::create_dir(&root).expect("made");
    git(&root, &["init", "-q", "-b", "main"]);
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-qm", "begin"]);
    let source = inspect(&root, None).expect("a repository");
    let trunk = Trunk::open_or_create(&source, &source.home(), "main").expect("a trunk");
    let objects = trunk.objects();
    let tip: CommitId = git(&root, &["rev-parse", "HEAD"]).parse().expect("a commit");
    trunk.keep(tip).expect("kept");
    let pool = Pool::default();
    let view = View::of_commit(&pool, objects, tip, &|_| true).expect("seen");
    let text = |blob: &Blob| text_of(objects, blob).ok().map(Arc::<str>::from);
    let manifests = Manifests::read(&view, |path: &BStr| {
        Some(text(&*pool.blob(view.blob_at(path)?)?)?.to_string())
    });
    let asked = Asked {
        pool: &pool,
        view: &view,
        manifests: &manifests,
        text: &text,
        compiled: &[],
        meaning: None,
    };
    let answer = asked.impact(name, Budget::new(None));
    assert!(!answer.of.is_empty(), "nothing is called {name}: {:?}", answer.alike);
    let shown = |used: &UsedAt| {
        let within = used.within.as_deref().unwrap_or("-");
        format!("{}:{} {within} {}", used.path, used.line, used.how)
    };
    answer.users.iter().chain(&answer.tests).map(shown).collect()
}

/// What a macro is made of is bound where it is expanded: the same name is all that is known.
#[test]
fn the_names_in_a_macro_of_rust_are_bound_elsewhere() {
    let lib = "pub mod lane;\n\nuse lane::join;\n\nmacro_rules! all {\n    () => {\n        join();\n    };\n}\n\npub fn go() {\n    join();\n}\n";
    let files = [
        ("Cargo.toml", "[package]\nname = \"a\"\n"),
        ("src/lib.rs", lib),
        ("src/lane.rs", "pub fn join() {}\n"),
    ];
    let found = users(&files, "lane::join");
    for expected in ["src/lib.rs:12 go import", "src/lib.rs:7 all name"] {
        assert!(found.iter().any(|it| it == expected), "{expected} in {found:#?}");
    }
}

#[test]
fn rust_follows_modules_crates_and_what_is_passed_on() {
    let files = [
        ("a/Cargo.toml", "[package]\nname = \"one-a\"\n"),
        ("a/src/lib.rs", "pub mod lane;\npub use lane::join;\n"),
        ("a/src/lane.rs", "pub fn join() {}\n\npub fn twice() {\n    join();\n}\n"),
        ("b/Cargo.toml", "[package]\nname = \"b\"\n"),
        ("b/src/lib.rs", "use one_a::join;\n\npub fn go() {\n    join();\n}\n"),
        ("b/src/path.rs", "pub fn by_path() {\n    one_a::lane::join();\n}\n"),
        ("b/src/own.rs", "fn join() {}\n\npub fn not_ours() {\n    join();\n}\n"),
        ("b/src/value.rs", "pub fn maybe(thread: Handle) {\n    thread.join();\n}\n"),
        ("c.py", "def f():\n    join()\n"),
    ];
    let found = users(&files, "lane::join");
    for expected in [
        "a/src/lane.rs:4 twice import",
        "b/src/lib.rs:4 go import",
        "b/src/path.rs:2 by_path import",
        "b/src/value.rs:2 maybe name",
    ] {
        assert!(found.iter().any(|one| one == expected), "{expected}: {found:#?}");
    }
    assert!(!found.iter().any(|one| one.contains("own.rs")), "its own is its own: {found:#?}");
    assert!(!found.iter().any(|one| one.contains("c.py")), "another language: {found:#?}");
}

#[test]
fn python_follows_packages_aliases_and_what_is_passed_on() {
    let files = [
        ("src/app/__init__.py", "from .tools import mend as mend\n"),
        ("src/app/tools.py", "def mend():\n    pass\n"),
        ("src/app/use.py", "from .tools import mend as fix\n\ndef go():\n    fix()\n"),
        ("src/app/mod.py", "from . import tools\n\ndef by_module():\n    tools.mend()\n"),
        ("tests/test_a.py", "from app import mend\n\ndef test_it():\n    mend()\n"),
        ("src/app/other.py", "def mend():\n    pass\n\ndef own():\n    mend()\n"),
    ];
    let found = users(&files, "tools.mend");
    for expected in [
        "src/app/use.py:4 go import",
        "src/app/mod.py:4 by_module import",
        "tests/test_a.py:4 test_it import",
    ] {
        assert!(found.iter().any(|one| one == expected), "{expected}: {found:#?}");
    }
    assert!(!found.iter().any(|one| one.contains("other.py")), "{found:#?}");
}

#[test]
fn scripts_follow_relative_imports_and_doors() {
    let files = [
        ("src/mend.ts", "export function mend(): void {}\n"),
        ("src/index.ts", "export { mend } from './mend'\n"),
        (
            "src/a.ts",
            "import { mend as fix } from './mend.js'\n\nexport function go() {\n  fix()\n}\n",
        ),
        ("src/deep/b.tsx", "import { mend } from '..'\n\nexport const b = () => {\n  mend()\n}\n"),
        ("src/c.ts", "import { mend } from 'elsewhere'\n\nexport function not() {\n  mend()\n}\n"),
    ];
    let found = users(&files, "mend");
    assert!(found.iter().any(|one| one.starts_with("src/a.ts:4 go import")), "{found:#?}");
    assert!(
        found.iter().any(|one| one.starts_with("src/deep/b.tsx:4") && one.ends_with("import")),
        "{found:#?}"
    );
    assert!(!found.iter().any(|one| one.starts_with("src/c.ts")), "what is installed: {found:#?}");
}

#[test]
fn a_plain_name_means_what_its_innermost_scope_defines() {
    let tests = "def test_one():\n    def cli():\n        pass\n    run(cli)\n\n\n\
                 def test_other():\n    def cli():\n        pass\n    run(cli)\n    run(cli=1)\n\n\n\
                 def test_bound(cli):\n    run(cli)\n";
    let files = [
        ("app/__init__.py", "def cli():\n    pass\n"),
        ("app/cli.py", "import cli\n\ncli.cli()\n"),
        ("test_it.py", tests),
    ];
    assert_eq!(users(&files, "test_one.cli"), ["test_it.py:4 test_one import"]);
    assert_eq!(users(&files, "test_other.cli"), ["test_it.py:10 test_other import"]);
    let outer = users(&files, "app.cli");
    assert!(
        !outer.iter().any(|one| one.ends_with("import")),
        "a package is not below itself: {outer:#?}"
    );
    assert!(!outer.iter().any(|one| one.starts_with("test_it.py")), "{outer:#?}");
}

#[test]
fn a_name_before_a_dot_is_a_module_or_a_type_and_nothing_else() {
    let files = [
        ("door.py", "class Lane:\n    def push(self):\n        pass\n\n\ndef push():\n    pass\n"),
        (
            "use.py",
            "import door\nfrom door import Lane\n\ndoor.push()\nLane.push(1)\ndoor.Lane.push(1)\ndoor.other.push()\n",
        ),
    ];
    let function = users(&files, "door::push");
    let resolved = |found: &[String], line: &str| {
        found.iter().any(|one| one.starts_with(line) && one.ends_with("import"))
    };
    assert!(resolved(&function, "use.py:4"), "{function:#?}");
    for line in ["use.py:5", "use.py:6", "use.py:7"] {
        assert!(!resolved(&function, line), "{line}: {function:#?}");
    }
    let method = users(&files, "Lane.push");
    assert!(resolved(&method, "use.py:5") && resolved(&method, "use.py:6"), "{method:#?}");
    assert!(!resolved(&method, "use.py:4") && !resolved(&method, "use.py:7"), "{method:#?}");
}

#[test]
fn scripts_follow_defaults_and_what_configurations_call_files() {
    let files = [
        ("tsconfig.json", "{\"compilerOptions\": {\"paths\": {\"@in/*\": [\"./src/*\"]}}}"),
        ("src/mend.ts", "export default function mend(): void {}\n"),
        ("src/index.ts", "export { default as mend } from './mend'\n"),
        ("src/a.ts", "import mend from './mend'\n\nmend()\n"),
        ("src/b.ts", "import repair from './mend'\n\nrepair()\n"),
        ("test/c.ts", "import { mend } from '@in/index'\n\nmend()\n"),
    ];
    assert_eq!(
        users(&files, "mend"),
        ["src/a.ts:3 - import", "src/b.ts:3 - import", "test/c.ts:3 - import"]
    );
}

#[test]
fn packages_of_go_and_java_need_no_import_within() {
    let go = [
        ("go.mod", "module example.org/x\n"),
        ("lane/lane.go", "package lane\n\nfunc Join() {}\n"),
        ("lane/use.go", "package lane\n\nfunc inside() {\n\tJoin()\n}\n"),
        (
            "main.go",
            "package main\n\nimport \"example.org/x/lane\"\n\nfunc main() {\n\tlane.Join()\n}\n",
        ),
        ("other/o.go", "package other\n\nfunc Join() {}\n\nfunc own() {\n\tJoin()\n}\n"),
    ];
    let found = users(&go, "lane.Join");
    for expected in ["lane/use.go:4 inside import", "main.go:6 main import"] {
        assert!(found.iter().any(|one| one == expected), "{expected}: {found:#?}");
    }
    assert!(!found.iter().any(|one| one.starts_with("other/")), "{found:#?}");
    let java = [
        (
            "src/a/b/Lane.java",
            "package a.b;\n\npublic class Lane {\n  public static void join() {}\n}\n",
        ),
        (
            "src/a/b/Near.java",
            "package a.b;\n\nclass Near {\n  void go() {\n    Lane.join();\n  }\n}\n",
        ),
        (
            "src/c/Far.java",
            "package c;\n\nimport a.b.Lane;\n\nclass Far {\n  void go() {\n    Lane.join();\n  }\n}\n",
        ),
    ];
    let found = users(&java, "Lane.join");
    let resolved =
        |path: &str| found.iter().any(|one| one.starts_with(path) && one.ends_with("import"));
    assert!(resolved("src/c/Far.java:7"), "{found:#?}");
}
