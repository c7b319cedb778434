//! What is shared: facts made once for all views, kept on disk over a start, let go when nobody holds them.

use bstr::{BStr, BString};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;
use weir_git::{CommitId, Edited, Edits, Objects, Trunk, blob_of, inspect};
use weir_view::ask::{Asked, Budget};
use weir_view::modules::Manifests;
use weir_view::pool::{Blob, CameFrom, Pool};
use weir_view::tree::{View, text_of};

fn git(dir: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.arg("-C").arg(dir).args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(arguments);
    let output = command.output().expect("git runs");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

/// A repository whose commits are looked at.
struct Place {
    folder: TempDir,
    trunk: Trunk,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("repo");
        std::fs::create_dir(&root).expect("made");
        git(&root, &["init", "-q", "-b", "main"]);
        git(&root, &["commit", "-qm", "begin", "--allow-empty"]);
        let source = inspect(&root, None).expect("a repository");
        let trunk = Trunk::open_or_create(&source, &source.home(), "main").expect("a trunk");
        Self { folder, trunk }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    /// A commit in which these files are so.
    fn commit(&self, files: &[(&str, &str)]) -> CommitId {
        for (path, text) in files {
            let path = self.root().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        git(&self.root(), &["add", "-A", "-f"]);
        git(&self.root(), &["commit", "-qm", "more", "--allow-empty"]);
        let tip = git(&self.root(), &["rev-parse", "HEAD"]).parse().expect("a commit");
        self.trunk.keep(tip).expect("kept");
        tip
    }

    fn objects(&self) -> &Objects {
        self.trunk.objects()
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("view")
    }

    fn pool(&self) -> Pool {
        Pool::kept_in(self.store())
    }

    fn view(&self, pool: &Pool, commit: CommitId) -> View {
        let is_shown = |path: &BStr| !path.ends_with(b".env");
        View::of_commit(pool, self.objects(), commit, &is_shown).expect("seen")
    }

    /// What is answered to some questions: all that a fact is good for.
    fn answers(&self, pool: &Pool, view: &View) -> String {
        let text = |blob: &Blob| text_of(self.objects(), blob).ok().map(Arc::<str>::from);
        let manifests = Manifests::read(view, |path: &BStr| {
            Some(text(&*pool.blob(view.blob_at(path)?)?)?.to_string())
        });
        let (manifests, text) = (&manifests, &text);
        let asked = Asked { pool, view, manifests, text, compiled: &[], meaning: None };
        let budget = || Budget::new(Some(100_000));
        let found = asked.search("retry a failed push", budget()).expect("a question");
        let told = (found, asked.symbol("retry", budget()), asked.outline("", budget()));
        format!(
            "{told:#?}\n{:#?}\n{:#?}",
            asked.impact("retry", budget()),
            asked.map(&[], budget())
        )
    }
}

const FILES: &[(&str, &str)] = &[
    ("src/lib.rs", "pub mod push;\npub mod retry;\npub use retry::retry;\n"),
    ("src/push.rs", "use crate::retry;\n\n/// Pushes.\npub fn push() {\n    retry::retry(3);\n}\n"),
    (
        "src/retry.rs",
        "/// Tries a failed push again.\npub fn retry(times: u32) -> bool {\n    times > 0\n}\n",
    ),
    ("a.h", "namespace a { int retry(int times); }\n"),
    ("b.h", "int retry(int times);\n"),
    ("README.md", "# Retry\n\nWhat a push does when it failed.\n"),
    ("bin/run", "#!/usr/bin/env python3\ndef retry():\n    return push()\n"),
    ("py/m.py", "from m import retry as again\n\ndef go():\n    again()\n"),
    ("pixel.png", "\u{0}\u{1}binary"),
    (".env", "SECRET=retry-the-password\n"),
];

fn edits(files: &[(&str, &str)]) -> Edits {
    let edited = |(path, text): &(&str, &str)| {
        let bytes: Arc<[u8]> = text.as_bytes().into();
        (BString::from(*path), Edited { blob: blob_of(&bytes), bytes })
    };
    Edits { changed: files.iter().map(edited).collect(), ..Edits::default() }
}

#[test]
fn a_start_brings_in_what_is_on_disk_and_parses_nothing() {
    let place = Place::new();
    let commit = place.commit(FILES);
    let (fresh, written) = {
        let pool = place.pool();
        let view = place.view(&pool, commit);
        assert_eq!(pool.came_from(), CameFrom { made: 9, brought: 0 });
        (place.answers(&pool, &view), pool.written())
    };
    assert_eq!(written.1, 9, "what is not shown is not kept");
    let pool = place.pool();
    let view = place.view(&pool, commit);
    assert_eq!(pool.came_from(), CameFrom { made: 0, brought: 9 });
    assert_eq!(place.answers(&pool, &view), fresh);
    // Another view of the same, and one of another commit, share all that they can.
    place.view(&pool, commit);
    let next = place.commit(&[("src/more.rs", "pub fn more() {}\n"), ("copy.md", FILES[5].1)]);
    place.view(&pool, next);
    assert_eq!(pool.came_from(), CameFrom { made: 1, brought: 9 });
    // And without a disk the answer is the same.
    let memory = Pool::default();
    assert_eq!(place.answers(&memory, &place.view(&memory, commit)), fresh);
}

#[test]
fn a_damaged_store_changes_no_answer() {
    let place = Place::new();
    let commit = place.commit(FILES);
    let fresh = {
        let pool = place.pool();
        place.answers(&pool, &place.view(&pool, commit))
    };
    let file = place.store().join("facts");
    let good = std::fs::read(&file).expect("read");
    let mut made_again = 0;
    for nth in 0..24 {
        let mut bad = good.clone();
        let at = nth * good.len() / 24 + nth;
        match nth % 3 {
            0 => bad.truncate(at),
            1 => bad[at] ^= 0x10,
            _ => bad[at..(at + 700).min(good.len())].fill(0xa5),
        }
        std::fs::write(&file, &bad).expect("written");
        let pool = place.pool();
        let view = place.view(&pool, commit);
        assert_eq!(place.answers(&pool, &view), fresh, "damaged at {at}");
        made_again += pool.came_from().made;
        drop((view, pool));
        let pool = place.pool();
        place.view(&pool, commit);
        assert_eq!(pool.came_from().made, 0, "whole again after {at}");
    }
    assert!(made_again > 24, "{made_again}");
}

#[test]
fn edits_are_not_written_down_until_they_are_committed() {
    let place = Place::new();
    let commit = place.commit(FILES);
    let edit = ("src/push.rs", "pub fn push() {\n    let password = hunter_two();\n}\n");
    let pool = place.pool();
    let base = place.view(&pool, commit);
    let mine = base.with(&pool, &edits(&[edit]));
    assert!(place.answers(&pool, &mine).contains("push"));
    assert_eq!(pool.written().1, 9);
    let next = place.commit(&[edit]);
    place.view(&pool, next);
    assert_eq!((pool.written().1, pool.came_from().made), (10, 10), "made once, now written");
    drop((base, mine, pool));
    let pool = place.pool();
    place.view(&pool, next);
    assert_eq!(pool.came_from().made, 0);
}

#[test]
fn the_edits_of_a_long_session_do_not_pile_up() {
    let place = Place::new();
    let pool = Pool::default();
    let base = place.view(&pool, place.commit(FILES));
    let (mut mine, mut most) = (None, 0);
    for keystroke in 0..3_000 {
        let text = format!("pub fn push() {{\n    retry({keystroke});\n}}\n");
        let view = base.with(&pool, &edits(&[("src/push.rs", &text)]));
        let number = view.blob_at(BStr::new("src/push.rs")).expect("there");
        assert_eq!(pool.blob(number).map(|blob| blob.id), Some(blob_of(text.as_bytes())));
        mine = Some(view);
        most = most.max(pool.len());
    }
    assert!(most < 1_000, "{most} blobs at once");
    pool.tend();
    assert_eq!(pool.len(), 10, "nine of the commit, and the last edit");
    let answer = place.answers(&pool, mine.as_ref().expect("the last"));
    let memory = Pool::default();
    let alone = place.view(&memory, base.commit());
    let alone =
        alone.with(&memory, &edits(&[("src/push.rs", "pub fn push() {\n    retry(2999);\n}\n")]));
    assert_eq!(answer, place.answers(&memory, &alone), "as if the others had never been");
    drop((base, mine));
    pool.tend();
    assert_eq!(pool.len(), 0, "nobody holds anything");
}

#[test]
fn readers_see_what_they_hold_while_others_come_and_go() {
    let place = Place::new();
    let pool = Pool::default();
    let base = place.view(&pool, place.commit(FILES));
    let fresh = place.answers(&pool, &base);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for writer in 0..3 {
            let (pool, base, stop) = (&pool, &base, &stop);
            scope.spawn(move || {
                let mut before: BTreeMap<u32, View> = BTreeMap::new();
                for turn in 0..400 {
                    let text = format!("pub fn of_{writer}() {{\n    retry({});\n}}\n", turn % 90);
                    let view = base.with(pool, &edits(&[("src/push.rs", &text)]));
                    for number in view.held() {
                        assert!(pool.blob(number).is_some(), "held, and gone: {number}");
                    }
                    before.insert(turn % 5, view);
                }
                stop.store(true, Ordering::Relaxed);
            });
        }
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                pool.tend();
            }
        });
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                assert_eq!(place.answers(&pool, &base), fresh);
            }
        });
    });
}

#[test]
fn commits_that_are_read_at_once_are_read_once() {
    let place = Place::new();
    let commit = place.commit(FILES);
    let pool = place.pool();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| place.view(&pool, commit));
        }
    });
    assert_eq!(pool.came_from().made, 9);
}
