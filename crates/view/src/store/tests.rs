//! Whatever happened to the file: what is got back is what was put, or nothing.

use super::{KEPT_DAYS, Store, pack, value::Kept};
use crate::fact::extract;
use crate::pool::Key;
use crate::search::Piece;
use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use weir_git::blob_of;
use weir_grammar::{Language, Told};

fn first_day() -> u32 {
    20_000
}

/// Some blobs, with what is kept of each.
fn kept(count: u32) -> Vec<(Key, Kept)> {
    let one = |nth: u32| {
        let text = format!("pub fn name_{nth}(of: Other) -> u32 {{\n    retry({nth})\n}}\n")
            .repeat(nth as usize % 7);
        let told = if nth.is_multiple_of(3) { Told::Nothing } else { Told::Is(Language::Rust) };
        let language = told.language(text.as_bytes());
        let fact = extract(language, text.as_bytes());
        let piece = Piece::of(&fact, &text);
        ((blob_of(format!("{nth}").as_bytes()), told), Kept { language, fact, piece })
    };
    (0..count).map(one).collect()
}

fn put(store: &Store, all: &[(Key, Kept)]) {
    for (key, Kept { language, fact, piece }) in all {
        store.put(*key, pack(*language, fact, piece).expect("packed"));
    }
    store.flush();
}

fn open(folder: &Path) -> Store {
    Store::open(folder, first_day).expect("opened")
}

/// How many are got back, and that none is another.
fn got(store: &Store, all: &[(Key, Kept)]) -> usize {
    let is_back = |(key, kept): &&(Key, Kept)| match store.get(*key) {
        Some(found) => {
            assert_eq!(&found, kept, "what is got back is what was put");
            true
        }
        None => false,
    };
    all.iter().filter(is_back).count()
}

#[test]
fn what_was_put_is_there_after_a_start() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path().join("view");
    let all = kept(40);
    put(&open(&folder), &all);
    let store = open(&folder);
    assert_eq!(got(&store, &all), 40);
    assert_eq!(store.extent().1, 40);
    let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join("facts"))), (0o700, 0o600));
}

#[test]
fn a_bit_that_flipped_anywhere_is_never_believed() {
    let place = tempfile::tempdir().expect("a folder");
    let all = kept(12);
    put(&open(place.path()), &all);
    let file = place.path().join("facts");
    let good = std::fs::read(&file).expect("read");
    let mut lost = 0;
    for at in (0..good.len()).step_by(17) {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        std::fs::write(&file, &bad).expect("written");
        let store = open(place.path());
        let before = got(&store, &all);
        lost += all.len() - before;
        // What was lost is put again, and all is as it was.
        put(&store, &all);
        assert_eq!(got(&store, &all), 12, "at {at}");
        drop(store);
        assert_eq!(got(&open(place.path()), &all), 12, "at {at}, after a start");
    }
    assert!(lost > 0, "the flips hit something");
}

#[test]
fn a_file_that_was_cut_off_anywhere_keeps_what_is_whole() {
    let place = tempfile::tempdir().expect("a folder");
    let all = kept(12);
    put(&open(place.path()), &all);
    let file = place.path().join("facts");
    let good = std::fs::read(&file).expect("read");
    let mut last = 0;
    for length in (0..good.len()).step_by(19) {
        std::fs::write(&file, &good[..length]).expect("written");
        let store = open(place.path());
        let found = got(&store, &all);
        assert!(found >= last, "more of the file is more of the facts");
        last = found;
        put(&store, &all[found..]);
        drop(store);
        assert_eq!(got(&open(place.path()), &all), 12, "cut at {length}");
    }
    assert_eq!(last, 11);
    // A machine that stopped may leave zeros where a file grew.
    let mut zeros = good[..good.len() / 2].to_vec();
    zeros.resize(good.len(), 0);
    std::fs::write(&file, &zeros).expect("written");
    let found = got(&open(place.path()), &all);
    assert!((1..12).contains(&found), "{found}");
}

#[test]
fn a_store_of_another_version_is_begun_anew() {
    let place = tempfile::tempdir().expect("a folder");
    let all = kept(5);
    let file = place.path().join("facts");
    for foreign in [&b"SQLite format 3\0 and what belongs to it"[..], b"", b"short"] {
        std::fs::write(&file, foreign).expect("written");
        let store = open(place.path());
        assert_eq!(got(&store, &all), 0);
        put(&store, &all);
        drop(store);
        assert_eq!(got(&open(place.path()), &all), 5);
    }
    let mut other = std::fs::read(&file).expect("read");
    // The version of the extractor.
    other[20] ^= 1;
    std::fs::write(&file, &other).expect("written");
    assert_eq!(open(place.path()).extent().1, 0);
}

#[test]
fn where_nothing_can_be_kept_is_said_and_no_more() {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(place.path().join("facts")).expect("a folder where the file belongs");
    assert!(Store::open(place.path(), first_day).is_err());
}

static DAY: AtomicU32 = AtomicU32::new(20_000);

fn some_day() -> u32 {
    DAY.load(Ordering::Relaxed)
}

#[test]
fn what_nobody_held_for_long_leaves_the_disk() {
    let place = tempfile::tempdir().expect("a folder");
    let open = || Store::open(place.path(), some_day).expect("opened");
    // Large enough that the file is worth writing anew.
    let mut all = kept(60);
    let noise = |seed: u32| -> String {
        let mut state = u64::from(seed) * 7_919 + 1;
        let mut word = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            format!("w{:x} ", state >> 20)
        };
        (0..3_500).map(|_| word()).collect()
    };
    for (at, (_, kept)) in (0..).zip(&mut all) {
        let text = noise(at);
        kept.language = None;
        kept.fact = extract(None, text.as_bytes());
        kept.piece = Piece::of(&kept.fact, &text);
    }
    let store = open();
    put(&store, &all);
    let (whole, _) = store.extent();
    assert!(whole > 3 << 19, "{whole}");
    DAY.fetch_add(KEPT_DAYS, Ordering::Relaxed);
    // Ten of them are brought in, and ten are held by somebody all the time.
    assert_eq!(got(&store, &all[..10]), 10);
    let held: HashSet<Key> = all[10..20].iter().map(|(key, _)| *key).collect();
    store.tidy(held);
    store.flush();
    assert_eq!(store.extent().1, 60, "until the last of the days");
    drop(store);
    DAY.fetch_add(1, Ordering::Relaxed);
    let store = open();
    store.tidy(HashSet::new());
    store.flush();
    let (left, facts) = store.extent();
    assert_eq!((facts, got(&store, &all[..20]), got(&store, &all[20..])), (20, 20, 0));
    assert!(left < whole / 2, "{left} of {whole}");
    drop(store);
    assert_eq!(got(&open(), &all), 20, "and so after a start");
    // A clock that stood far ahead and was set right drops nothing.
    DAY.store(20_000, Ordering::Relaxed);
    let store = open();
    store.tidy(HashSet::new());
    store.flush();
    assert_eq!(got(&store, &all), 20);
}
