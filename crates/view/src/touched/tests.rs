//! What an edit of a file touches, and what is used on the lines that it wrote.

use crate::across::written;
use crate::pool::{Blob, BlobNo, Hold, Pool};
use crate::touched::{Touched, in_file};
use bstr::BStr;
use std::sync::Arc;
use weir_git::blob_of;
use weir_grammar::Told;

fn put(pool: &Pool, hold: &Hold, text: &str) -> Option<BlobNo> {
    let bytes: Arc<[u8]> = text.as_bytes().into();
    let told = Told::by("src/a.rs");
    (!text.is_empty()).then(|| pool.add(hold, (blob_of(&bytes), told), &bytes))
}

fn text(blob: &Blob) -> Option<Arc<str>> {
    Some(String::from_utf8_lossy(blob.kept()?).into())
}

#[test]
fn definitions_are_touched_as_people_would_say() {
    let one = "fn pause(tries: u32) -> u32 {\n    tries * 100\n}\n";
    let pair = "struct A;\nimpl A {\n    fn next(&self) -> u8 {\n        1\n    }\n}\n";
    let rows: [(&str, String, &[&str]); 10] = [
        (one, one.to_owned(), &[]),
        ("", one.to_owned(), &["added pause"]),
        (one, String::new(), &["removed pause"]),
        (one, format!("\n\n// Moved.\n{one}"), &[]),
        (one, one.replace("100", "200"), &["changed pause"]),
        (one, one.replace("tries: u32", "tries: u64"), &["reshaped pause"]),
        (one, one.replace("pause", "rest"), &["renamed pause to rest"]),
        // Another body, too: nobody knows that it is the same.
        (one, one.replace("pause", "rest").replace("100", "1"), &["added rest", "removed pause"]),
        (pair, pair.replace("next", "step"), &["renamed A::next to A::step"]),
        (pair, pair.replace("        1", "        2"), &["changed A::next"]),
    ];
    for (before, after, expected) in rows {
        let pool = Pool::default();
        let hold = pool.hold();
        let blobs = (put(&pool, &hold, before), put(&pool, &hold, &after));
        let found = in_file(&pool, BStr::new("src/a.rs"), blobs, &text);
        let told: Vec<String> = found.iter().map(Touched::told).collect();
        assert_eq!(told, expected, "{before}\n->\n{after}");
    }
}

#[test]
fn where_a_text_is_gone_heads_are_compared_and_bodies_may_have_changed() {
    let one = "fn pause(tries: u32) -> u32 {\n    tries * 100\n}\n\nfn push(tries: u32) {\n    pause(tries);\n}\n";
    let two = one.replace("100", "200").replace("push(tries: u32)", "push(tries: u64)");
    let pool = Pool::default();
    let hold = pool.hold();
    let blobs = (put(&pool, &hold, one), put(&pool, &hold, &two));
    for gone in [blobs.0, blobs.1] {
        let gone = gone.and_then(|number| pool.blob(number)).expect("it is there").id;
        let text = |blob: &Blob| text(blob).filter(|_| blob.id != gone);
        let found = in_file(&pool, BStr::new("src/a.rs"), blobs, &text);
        let told: Vec<String> = found.iter().map(Touched::told).collect();
        assert_eq!(told, ["may have changed pause", "reshaped push"]);
        let written = written(&pool, blobs, &text);
        assert!(written.iter().any(|one| &*one.name == "pause" && one.line == 6), "{written:?}");
    }
}

#[test]
fn what_an_edit_uses_stands_on_its_own_lines() {
    let before = "fn a() {\n    one();\n    two(x);\n}\n";
    for (after, expected) in [
        (before.to_owned(), &[][..]),
        (before.replace("two(x)", "two(y)"), &["3 two", "3 y"]),
        (format!("{before}fn b() {{\n    one();\n}}\n"), &["6 one"]),
        (format!("\n{before}"), &[]),
    ] {
        let pool = Pool::default();
        let hold = pool.hold();
        let blobs = (put(&pool, &hold, before), put(&pool, &hold, &after));
        let found = written(&pool, blobs, &text);
        let mut told: Vec<String> =
            found.iter().map(|one| format!("{} {}", one.line, one.name)).collect();
        told.sort();
        assert_eq!(told, expected, "{after}");
    }
}
