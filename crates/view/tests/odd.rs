//! Odd repositories: files without end, other repositories inside, links in circles, and history that was rewritten.

mod repository;

use bstr::{BStr, ByteSlice as _};
use repository::{Repository, git};
use std::collections::BTreeSet;
use std::path::Path;
use weir_git::{CommitId, Error, Trunk, inspect};
use weir_view::answer::Envelope;
use weir_view::ask::Budget;
use weir_view::fact::Covered;
use weir_view::pool::{Blob, Pool};
use weir_view::search::Query;
use weir_view::since::difference;
use weir_view::tree::{View, text_of};

fn begin(root: &Path) -> Trunk {
    std::fs::create_dir(root).expect("made");
    git(root, &["init", "-q", "-b", "main"]);
    std::fs::write(root.join("a.rs"), "pub fn first() {}\n").expect("written");
    git(root, &["add", "-A"]);
    git(root, &["commit", "-qm", "begin"]);
    let source = inspect(root, None).expect("a repository");
    Trunk::open_or_create(&source, &source.home(), "main").expect("a trunk")
}

fn head(root: &Path) -> CommitId {
    git(root, &["rev-parse", "HEAD"]).parse().expect("a commit")
}

fn see(pool: &Pool, trunk: &Trunk, commit: CommitId) -> Result<View, Error> {
    View::of_commit(pool, trunk.objects(), commit, &|_| true)
}

fn paths(view: &View) -> Vec<String> {
    view.files().map(|(path, _)| path.to_str_lossy().into_owned()).collect()
}

#[test]
fn a_file_of_a_million_lines_is_searched_and_one_that_is_too_large_is_named() {
    let place = tempfile::tempdir().expect("a folder");
    let root = place.path().join("repo");
    let trunk = begin(&root);
    let long: String =
        (0..1_000_000).map(|line| format!("const C: u8 = {};\n", line % 7)).collect();
    let long = long.replacen("const C: u8 = 3;", "// needleless 3\n", 1);
    assert!(long.len() > 16 << 20, "too large");
    std::fs::write(root.join("too_large.rs"), &long).expect("written");
    let lines: String =
        (0..1_000_000).map(|line| if line == 700_000 { "needle;\n" } else { "one;\n" }).collect();
    std::fs::write(root.join("long.rs"), lines).expect("written");
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-qm", "generated"]);
    let tip = head(&root);
    trunk.keep(tip).expect("kept");
    let pool = Pool::kept_in(place.path().join("view"));
    let view = see(&pool, &trunk, tip).expect("seen");
    assert_eq!(view.unread(), 1);
    let uncovered = view.uncovered(&pool);
    assert_eq!(uncovered.get("too_long").map(|(files, _)| *files), Some(1), "{uncovered:?}");
    let number = view.blob_at(BStr::new("long.rs")).expect("there");
    let blob = pool.blob(number).expect("read");
    assert_eq!(blob.fact.covered, Covered::TooLong);
    let query = Query { text: "needle", files_max: 5, meaning: None };
    let found = pool.index().search(&query, &view).expect("a question");
    let hit = found.hits.first().expect("found");
    assert!(hit.path == "long.rs" && hit.lines.first <= 700_001 && 700_001 <= hit.lines.last);
}

#[test]
fn other_repositories_and_links_in_circles_are_not_followed() {
    let place = tempfile::tempdir().expect("a folder");
    let root = place.path().join("repo");
    let trunk = begin(&root);
    let first = head(&root).to_string();
    std::os::unix::fs::symlink(".", root.join("loop")).expect("linked");
    std::fs::create_dir(root.join("sub")).expect("made");
    std::os::unix::fs::symlink("../loop/sub/round", root.join("sub/round")).expect("linked");
    std::os::unix::fs::symlink("/etc/passwd", root.join("out.rs")).expect("linked");
    git(&root, &["add", "-A"]);
    let submodule = format!("160000,{first},vendor");
    git(&root, &["update-index", "--add", "--cacheinfo", &submodule]);
    git(&root, &["commit", "-qm", "odd"]);
    let tip = head(&root);
    trunk.keep(tip).expect("kept");
    let view = see(&Pool::default(), &trunk, tip).expect("seen");
    assert_eq!(paths(&view), ["a.rs"]);
}

#[test]
fn a_file_whose_bytes_git_lacks_is_unread_and_the_others_are_seen() {
    let place = tempfile::tempdir().expect("a folder");
    let root = place.path().join("repo");
    let trunk = begin(&root);
    std::fs::write(root.join("lost.rs"), "pub fn lost() {}\n").expect("written");
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-qm", "lost"]);
    forget(&root, "lost.rs");
    let view = see(&Pool::default(), &trunk, head(&root)).expect("seen");
    assert_eq!((paths(&view), view.unread()), (vec!["a.rs".to_owned()], 1));
}

/// Takes the bytes of a file away from git.
fn forget(root: &Path, path: &str) {
    let blob = git(root, &["rev-parse", &format!("HEAD:{path}")]);
    let (folder, name) = blob.split_at(2);
    std::fs::remove_file(root.join(".git/objects").join(folder).join(name)).expect("removed");
}

/// The files of which the text is said to be gone.
fn no_text(envelope: &Envelope) -> Vec<&str> {
    let without = envelope.not_covered.iter().filter(|one| one.why == "no_text");
    without.flat_map(|one| &one.such_as).map(String::as_str).collect()
}

#[test]
fn what_git_forgot_after_it_was_read_is_told_by_what_it_says_and_its_text_is_said_to_be_gone() {
    let push = "use crate::retry::pause;\n\npub fn push() {\n    pause();\n}\n";
    let repository = Repository::of(&[
        ("Cargo.toml", "[package]\nname = \"river\"\n"),
        ("CODEOWNERS", "* @river\n"),
        ("src/lib.rs", "pub mod push;\npub mod retry;\n"),
        ("src/retry.rs", "/// Waits.\npub fn pause() {}\n"),
        ("src/push.rs", push),
    ]);
    let before = repository.view();
    let edited = push.replace("pause();", "pause(); pause();");
    repository.commit("ann", "twice", &[("src/push.rs", &edited)], &[]);
    let after = repository.view();
    let ask = || {
        repository.ask_of(&after, &[], |asked| {
            let budget = || Budget::new(None);
            let found = asked.search("what waits", budget()).expect("a question");
            let since = repository.ask_of(&before, &[], |was| difference("push", was, asked));
            (asked.symbol("pause", budget()), asked.impact("pause", budget()), found, since)
        })
    };
    let (symbol, impact, found, since) = ask();
    assert_eq!(impact.owners, ["@river"]);
    assert!(found.hits.iter().any(|hit| hit.path == "src/retry.rs" && hit.text.is_some()));
    assert_eq!(since.definitions.first().map(|one| one.touch.as_str()), Some("changed"));
    for envelope in [&symbol.envelope, &impact.envelope, &found.envelope] {
        assert_eq!(no_text(envelope), [""; 0]);
    }

    for path in ["src/retry.rs", "src/push.rs", "CODEOWNERS", "Cargo.toml"] {
        forget(&repository.root, path);
    }
    let (symbol, impact, found, since) = ask();
    let told = symbol.symbols.first().expect("what it says is known");
    assert_eq!((told.signature.as_str(), &told.code), ("pub fn pause()", &None));
    assert_eq!(told.users.map(|users| users.import), Some(1));
    assert_eq!(no_text(&symbol.envelope), ["Cargo.toml", "src/retry.rs"]);
    assert_eq!(symbol.envelope.cut, None, "more tokens would not help");
    assert_eq!(impact.users.len(), 1);
    assert_eq!(impact.owners, [""; 0]);
    assert_eq!(no_text(&impact.envelope), ["Cargo.toml", "CODEOWNERS"]);
    assert!(found.hits.iter().any(|hit| hit.path == "src/retry.rs" && hit.text.is_none()));
    let lost: BTreeSet<&str> = no_text(&found.envelope).into_iter().collect();
    assert!(lost.contains("src/retry.rs"), "{lost:?}");
    assert_eq!(since.definitions.first().map(|one| one.touch.as_str()), Some("may have changed"));
}

#[test]
fn history_that_was_rewritten_is_said_to_be_gone_and_the_rest_goes_on() {
    let place = tempfile::tempdir().expect("a folder");
    let root = place.path().join("repo");
    let trunk = begin(&root);
    let first = head(&root);
    trunk.keep(first).expect("kept");
    std::fs::write(root.join("b.rs"), "pub fn second() {}\n").expect("written");
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-qm", "to be undone"]);
    let undone = head(&root);
    let pool = Pool::kept_in(place.path().join("view"));
    let before = see(&pool, &trunk, undone).expect("seen while it was there");
    git(&root, &["reset", "-q", "--hard", "HEAD~"]);
    git(&root, &["reflog", "expire", "--expire=now", "--all"]);
    git(&root, &["gc", "--quiet", "--prune=now"]);

    let gone = see(&pool, &trunk, undone).expect_err("git has forgotten it");
    assert!(gone.to_string().contains(&undone.to_string()), "{gone}");
    // Whoever still looks at it is answered by what was made of it, and told where the text is missing.
    assert_eq!(paths(&before), ["a.rs", "b.rs"]);
    let number = before.blob_at(BStr::new("b.rs")).expect("there");
    let blob = pool.blob(number).expect("held");
    assert!(text_of(trunk.objects(), &blob).is_err());
    let text = |blob: &Blob| text_of(trunk.objects(), blob).ok();
    let view = see(&pool, &trunk, first).expect("the rest is there");
    let number = view.blob_at(BStr::new("a.rs")).expect("there");
    assert_eq!(text(&pool.blob(number).expect("held")).as_deref(), Some("pub fn first() {}\n"));
    // The same bytes in another commit: nothing is made again.
    std::fs::write(root.join("c.rs"), "pub fn second() {}\n").expect("written");
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-qm", "again"]);
    let made = pool.came_from().made;
    let again = see(&pool, &trunk, head(&root)).expect("seen");
    assert_eq!((paths(&again).len(), pool.came_from().made), (2, made));
}

#[test]
fn a_name_that_many_things_have_is_followed_so_far_and_each_use_is_told_once() {
    let files: Vec<(String, String)> = (0..160)
        .map(|nth| {
            (
                format!("m{nth}.py"),
                format!("class A{nth}:\n    def same(self):\n        self.x.same()\n"),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let repository = Repository::of(&files);
    let answer =
        |name: &str| repository.ask(&[], |asked| asked.impact(name, Budget::new(Some(50_000))));
    let many = answer("same");
    assert_eq!(many.of.len(), 160);
    let cut = many.envelope.cut.unwrap_or_default();
    assert!(cut.contains("of 160 definitions"), "{cut}");
    let mut places: Vec<_> = many.users.iter().map(|used| (&used.path, used.line)).collect();
    let told = places.len();
    places.dedup();
    assert_eq!((places.len(), told), (160, 160), "by name alone each may be of any");
    let one = answer("A7.same");
    assert_eq!((one.of.len(), one.envelope.cut), (1, None));
    assert_eq!(one.users.len(), 160);
}
