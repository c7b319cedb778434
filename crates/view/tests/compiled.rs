//! What compilers' indexes say, in small repositories: it holds for the files that were indexed, and for no others.

mod repository;

use bstr::BString;
use proptest::prelude::*;
use repository::{Repository, index};
use std::sync::Arc;
use weir_git::{BlobId, Edited, Edits, blob_of};
use weir_view::across::{Break, Lines, Side, breaks, written};
use weir_view::compiled::{Compiled, Taken};
use weir_view::modules::Manifests;
use weir_view::pool::Blob;
use weir_view::scip::{Index, Unreadable};
use weir_view::shelf::Shelf;
use weir_view::touched::between;
use weir_view::tree::{View, text_of};

/// Two classes with a method of one name, and calls that nothing but types tell apart.
const LANES: &str = "class Lane:\n    def push(self):\n        pass\n\n\nclass Door:\n    def push(self):\n        pass\n";
const CALLS: &str = "def one(it):\n    it.push()\n\n\ndef other(it):\n    it.push()\n\n\ndef third(it):\n    it.push()\n";

/// What a compiler knows of them: the first call is of `Lane`, the second of `Door`, of the third it says nothing.
fn lanes() -> Vec<u8> {
    index(
        "scip-python",
        &[
            (
                "lanes.py",
                &[
                    (0, 6, 10, "p Lane#", true),
                    (1, 8, 12, "p Lane#push().", true),
                    (5, 6, 10, "p Door#", true),
                    (6, 8, 12, "p Door#push().", true),
                ],
            ),
            (
                "calls.py",
                &[
                    (0, 4, 7, "p one().", true),
                    (1, 7, 11, "p Lane#push().", false),
                    (5, 7, 11, "p Door#push().", false),
                ],
            ),
        ],
    )
}

#[test]
fn a_compiler_confirms_and_refutes_what_names_only_suggest() {
    let repository = Repository::of(&[("lanes.py", LANES), ("calls.py", CALLS)]);
    assert_eq!(
        repository.users("Lane.push", &[]),
        ["calls.py:2 one name", "calls.py:6 other name", "calls.py:10 third name"],
        "before"
    );
    let (compiled, taken) = repository.compiled(&lanes()).expect("an index");
    assert_eq!(taken, Taken { files: 2, unknown: 0, otherwise: 0, words: 7 });
    let compiled = [Arc::new(compiled)];
    assert_eq!(
        repository.users("Lane.push", &compiled),
        ["calls.py:2 one compiler", "calls.py:10 third name"],
        "what the index says nothing of stays as it was"
    );
    assert_eq!(repository.refuted("Lane.push", &compiled), 1, "and is counted");
    assert_eq!(
        repository.users("Door.push", &compiled),
        ["calls.py:6 other compiler", "calls.py:10 third name"]
    );
}

/// What lies in a worktree over the tip.
fn edited(repository: &Repository, files: &[(&str, &str)]) -> View {
    let edit = |(path, text): &(&str, &str)| {
        let bytes: Arc<[u8]> = text.as_bytes().into();
        (BString::from(*path), Edited { blob: blob_of(&bytes), bytes })
    };
    let changed = files.iter().map(edit).collect();
    repository.view().with(&repository.pool, &Edits { changed, ..Edits::default() })
}

#[test]
fn what_edits_break_in_edits_of_others_is_known_by_a_compiler_too() {
    let indexed = Repository::of(&[("lanes.py", LANES), ("calls.py", CALLS)]);
    let (compiled, _) = indexed.compiled(&lanes()).expect("an index");
    let repository = Repository::of(&[("lanes.py", LANES)]);
    let (pool, base, manifests) = (&repository.pool, repository.view(), Manifests::default());
    let removed = LANES.replacen("    def push(self):\n        pass\n", "    pass\n", 1);
    let (ours, theirs) = (
        edited(&repository, &[("lanes.py", &removed)]),
        // As it was indexed where they committed it.
        edited(&repository, &[("calls.py", CALLS)]),
    );
    let text = |blob: &Blob| text_of(repository.trunk.objects(), blob).ok().map(Arc::<str>::from);
    let touches = [&ours, &theirs].map(|view| between(pool, (&base, view), &text));
    let calls = theirs.blob_at("calls.py".into());
    let lines =
        Lines::from([("calls.py".to_owned(), Arc::new(written(pool, (None, calls), &text)))]);
    let side = |view, touches, written| Side { view, manifests: &manifests, touches, written };
    let nothing = Lines::new();
    let sides = (side(&ours, &touches[0], &nothing), side(&theirs, &touches[1], &lines));
    let told = |compiled: &[Arc<Compiled>]| {
        let found = breaks(pool, (&sides.0, &sides.1), &|| compiled.to_vec());
        let one = |one: &Break| {
            let (touched, used) = (&one.touched, &one.used);
            format!("{} {}:{} {:?}", touched.told(), used.path, used.line, used.how)
        };
        found.iter().map(one).collect::<Vec<_>>()
    };
    assert_eq!(told(&[]), [""; 0], "two things are called so");
    assert_eq!(told(&[Arc::new(compiled)]), ["removed Lane.push calls.py:2 Compiler"]);
}

#[test]
fn it_says_nothing_of_a_file_that_has_changed_since() {
    let indexed = Repository::of(&[("lanes.py", LANES), ("calls.py", CALLS)]);
    let (compiled, _) = indexed.compiled(&lanes()).expect("an index");
    let compiled = [Arc::new(compiled)];
    let elsewhere = Repository::of(&[("deep/lanes.py", LANES), ("deep/calls.py", CALLS)]);
    assert_eq!(
        elsewhere.users("Lane.push", &compiled),
        ["deep/calls.py:2 one compiler", "deep/calls.py:10 third name"],
        "the same bytes at other paths are the same files"
    );
    let changed = format!("# A line more.\n{CALLS}");
    let later = Repository::of(&[("lanes.py", LANES), ("calls.py", &changed)]);
    assert_eq!(
        later.users("Lane.push", &compiled),
        ["calls.py:3 one name", "calls.py:7 other name", "calls.py:11 third name"]
    );
    let changed = format!("# A line more.\n{LANES}");
    let later = Repository::of(&[("lanes.py", &changed), ("calls.py", CALLS)]);
    assert_eq!(
        later.users("Lane.push", &compiled),
        ["calls.py:2 one name", "calls.py:6 other name", "calls.py:10 third name"]
    );
}

#[test]
fn an_index_of_other_bytes_is_not_taken() {
    let other = Repository::of(&[("lanes.py", "x = 1\n"), ("elsewhere.py", CALLS)]);
    let (_, taken) = other.compiled(&lanes()).expect("an index");
    assert_eq!((taken.files, taken.unknown, taken.otherwise), (0, 1, 1));
}

#[test]
fn what_is_kept_outlives_the_server_and_a_damaged_file() {
    let repository = Repository::of(&[("lanes.py", LANES), ("calls.py", CALLS)]);
    let folder = tempfile::tempdir().expect("a folder");
    let (compiled, _) = repository.compiled(&lanes()).expect("an index");
    let shelf = Shelf::open(folder.path());
    assert!(shelf.all().is_empty());
    shelf.put(compiled.clone(), "P1".to_owned(), 5).expect("kept");
    let shelf = Shelf::open(folder.path());
    let all = shelf.all();
    assert_eq!((all.len(), all[0].by.as_str(), all[0].at), (1, "P1", 5));
    assert_eq!(*all[0].index, compiled);
    // The same again replaces it, and older ones give way.
    shelf.put(compiled.clone(), "P2".to_owned(), 5).expect("kept");
    assert_eq!(Shelf::open(folder.path()).all().len(), 1);
    assert_eq!(Shelf::open(folder.path()).all()[0].by, "P2");
    for entry in std::fs::read_dir(folder.path()).expect("a folder") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("read");
        std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("written");
    }
    assert!(Shelf::open(folder.path()).all().is_empty());
}

#[test]
fn what_is_no_index_is_said_to_be_none() {
    let nothing = |_: &str| None;
    let whole = lanes();
    for (bytes, what) in [
        (&b""[..], "nothing"),
        (b"{\"documents\": []}", "JSON"),
        (&whole[..whole.len() - 1], "cut off"),
        (&[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f][..], "a length beyond its end"),
    ] {
        assert_eq!(
            Compiled::read(bytes, "c", &nothing).map(|_| ()),
            Err(Unreadable::Broken),
            "{what}"
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_are_too_hostile(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        walk(&bytes);
    }

    #[test]
    fn nor_is_an_index_that_was_damaged(at in 0usize..400, byte: u8, cut in 0usize..400) {
        let mut bytes = lanes();
        let end = bytes.len();
        bytes[at % end] = byte;
        bytes.truncate(cut.max(end / 2) % (end + 1));
        walk(&bytes);
    }
}

/// Everything that is read of an index, with files that it may speak of.
fn walk(bytes: &[u8]) {
    let file = |path: &str| {
        let text = if path == "calls.py" { CALLS } else { LANES };
        let blob: BlobId = "0123456789012345678901234567890123456789".parse().ok()?;
        Some((blob, Arc::from(text.as_bytes())))
    };
    if let Ok((compiled, taken)) = Compiled::read(bytes, "c", &file) {
        assert_eq!(Compiled::from_bytes(&compiled.to_bytes()), Some(compiled));
        assert!(taken.words <= bytes.len());
    }
    if let Ok(index) = Index::of(bytes) {
        for document in index.documents().flatten() {
            let lines: Vec<&str> = CALLS.split('\n').collect();
            for found in document.occurrences().flatten() {
                let _ = found.word(&lines, document.columns);
            }
        }
    }
}
