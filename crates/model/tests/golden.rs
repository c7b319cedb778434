//! The bytes of every event kind, as the ledger keeps them: what was written once is read for ever.
//!
//! `golden/<stream>/<kind>.jsonl` holds a line for each sample below. A new kind gets its file with
//! `UPDATE_GOLDEN=1`, which writes only what is not there: a committed file never changes.

#![expect(clippy::disallowed_methods, reason = "golden files are files")]

#[path = "golden/samples.rs"]
mod samples;

use proptest::prelude::*;
use samples::{KINDS, kind, samples};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use weir_model::Event;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Every committed file: its stream, its kind, its lines.
fn committed() -> Vec<(String, String, Vec<String>)> {
    let mut found = Vec::new();
    for stream in Event::STREAMS {
        let Ok(files) = fs::read_dir(folder().join(stream)) else { continue };
        for file in files.map(|file| file.expect("an entry").path()) {
            let kind = file.file_stem().expect("a name").to_string_lossy().into_owned();
            let text = fs::read_to_string(&file).expect("a golden file");
            found.push((stream.to_owned(), kind, text.lines().map(str::to_owned).collect()));
        }
    }
    found.sort();
    found
}

/// The lines that the samples come to, by file.
fn expected() -> BTreeMap<(String, String), Vec<String>> {
    let mut files: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for event in samples() {
        let file = (event.stream().to_owned(), kind(&event).to_owned());
        files.entry(file).or_default().push(event.to_json());
    }
    files
}

#[test]
fn every_kind_is_written_as_it_always_was() {
    for ((stream, kind), lines) in expected() {
        let path = folder().join(&stream).join(format!("{kind}.jsonl"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() && !path.exists() {
            fs::create_dir_all(folder().join(&stream)).expect("a folder");
            fs::write(&path, lines.join("\n") + "\n").expect("written");
        }
        let golden = fs::read_to_string(&path)
            .unwrap_or_else(|_| panic!("`{kind}` has no golden file: run with UPDATE_GOLDEN=1"));
        assert_eq!(golden.lines().collect::<Vec<_>>(), lines, "the shape of `{kind}` changed");
    }
}

#[test]
fn whatever_was_written_is_read_for_ever() {
    let mut samples: BTreeMap<_, Vec<Event>> = BTreeMap::new();
    samples_by_kind(&mut samples);
    for (stream, kind, lines) in committed() {
        let read: Vec<Event> = lines
            .iter()
            .map(|line| Event::from_json(&stream, line).unwrap_or_else(|no| panic!("{kind}: {no}")))
            .collect();
        // A kind that nothing writes any more is read into what came after it.
        if let Some(samples) = samples.get(kind.as_str()) {
            assert_eq!(&read, samples, "`{kind}` reads as something else");
        }
    }
}

fn samples_by_kind(into: &mut BTreeMap<&'static str, Vec<Event>>) {
    for event in samples() {
        into.entry(kind(&event)).or_default().push(event);
    }
}

#[test]
fn no_kind_is_without_a_sample_and_no_two_share_a_name() {
    let sampled: BTreeSet<_> = samples().iter().map(kind).collect();
    let all: BTreeSet<_> = KINDS.iter().copied().collect();
    assert_eq!(all.len(), KINDS.len(), "two kinds share a name");
    assert_eq!(sampled, all, "a kind has no sample, or a sample no kind");
    for event in samples() {
        let tagged = format!("{{\"kind\":\"{}\"", kind(&event));
        assert!(event.to_json().starts_with(&tagged), "{}", event.to_json());
    }
}

#[test]
fn a_stream_holds_only_its_own_kinds() {
    for event in samples() {
        for stream in Event::STREAMS.iter().filter(|stream| **stream != event.stream()) {
            let refusal = Event::from_json(stream, &event.to_json()).expect_err(stream);
            assert_eq!(refusal.code, "event.unknown");
        }
    }
}

fn any_stream() -> impl Strategy<Value = String> {
    prop_oneof![proptest::sample::select(Event::STREAMS.to_vec()).prop_map(str::to_owned), ".*"]
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(stream in any_stream(), text in ".*") {
        let _ = Event::from_json(&stream, &text);
    }

    /// A true event with some bytes cut out and others put in: much nearer to what is read than any text.
    #[test]
    fn no_damaged_event_makes_reading_panic(
        which in any::<proptest::sample::Index>(),
        from in any::<proptest::sample::Index>(),
        cut in 0usize..40,
        put in ".{0,20}",
    ) {
        let events = samples();
        let event = which.get(&events);
        let mut text: Vec<char> = event.to_json().chars().collect();
        let from = from.index(text.len());
        let to = (from + cut).min(text.len());
        text.splice(from..to, put.chars());
        let text: String = text.into_iter().collect();
        if let Ok(read) = Event::from_json(event.stream(), &text) {
            // What can be read can be written, and is then read as the same.
            prop_assert_eq!(Event::from_json(read.stream(), &read.to_json()).expect("written"), read);
        }
    }
}
