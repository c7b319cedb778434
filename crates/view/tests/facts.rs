//! What holds of any fact of any bytes, in any language.

use proptest::prelude::*;
use weir_grammar::Language;
use weir_view::fact::{Covered, Fact, KEPT_MAX, PARSED_BYTES_MAX, extract};

/// Chunks are all lines in order, definitions lie in the file, and what is around something stands before it.
fn sound(fact: &Fact, bytes: &[u8]) -> Result<(), String> {
    let newlines = bytes.iter().filter(|byte| **byte == b'\n').count();
    let lines = newlines + usize::from(!bytes.is_empty() && !bytes.ends_with(b"\n"));
    if fact.covered == Covered::Binary {
        return if fact.chunks.is_empty() { Ok(()) } else { Err("chunks of no text".into()) };
    }
    if fact.lines as usize != lines {
        return Err(format!("{} lines of {lines}", fact.lines));
    }
    let mut next = 1;
    for chunk in &fact.chunks {
        if chunk.first != next || chunk.last < chunk.first {
            return Err(format!("chunk {chunk:?} where line {next} is due"));
        }
        next = chunk.last + 1;
    }
    if next != fact.lines + 1 {
        return Err(format!("chunks end before line {next} of {}", fact.lines));
    }
    let mut before = 0;
    for (at, definition) in fact.definitions.iter().enumerate() {
        let lines = definition.lines;
        let doc = definition.doc.unwrap_or(lines);
        let inside =
            |l: weir_view::fact::Lines| 1 <= l.first && l.first <= l.last && l.last <= fact.lines;
        let order = before <= lines.first;
        let around = definition.within.is_none_or(|within| {
            let around = fact.definitions[within as usize].lines;
            (within as usize) < at && around.first <= lines.first && lines.last <= around.last
        });
        let short = definition.signature.chars().count() <= 240;
        if !(inside(lines)
            && inside(doc)
            && order
            && around
            && short
            && !definition.name.is_empty())
        {
            return Err(format!("definition {at}: {definition:?}"));
        }
        before = lines.first;
    }
    let definitions = fact.definitions.len();
    for used in &fact.uses {
        let around = used.within.is_none_or(|within| (within as usize) < definitions);
        if !(around && 1 <= used.line && used.line <= fact.lines) {
            return Err(format!("{used:?}"));
        }
    }
    Ok(())
}

fn language() -> impl Strategy<Value = Option<Language>> {
    prop_oneof![Just(None), prop::sample::select(&Language::ALL[..]).prop_map(Some)]
}

/// Pieces of which all sixteen languages are made, so that parsers get further than their first token.
fn code() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&str] = &[
        "fn ",
        "def ",
        "class ",
        "a",
        "B",
        "c.d",
        "::",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "<",
        ">",
        ":",
        ";",
        ",",
        "=",
        "=>",
        "->",
        "\n",
        "\n\n",
        "\n    ",
        "\t",
        " ",
        "# x\n",
        "// y\n",
        "/* z\n*/",
        "\"s\"",
        "'t'",
        "`u`",
        "\"\"\"",
        "import ",
        "use ",
        "from ",
        "export ",
        "pub ",
        "struct ",
        "enum ",
        "interface ",
        "func ",
        "function ",
        "var ",
        "const ",
        "let ",
        "@a ",
        "#[b]\n",
        "#include <c>\n",
        "if ",
        "end\n",
        "do\n",
        "<?php ",
        "$v",
        "CREATE TABLE t (",
        "SELECT ",
        "<<EOF\n",
        "EOF\n",
        "é",
        "\u{200b}",
        "\r\n",
        "impl ",
        "trait ",
        "type ",
        "object ",
        "val ",
        "namespace ",
        "module ",
        "require 'x'\n",
        "${",
        "%",
    ];
    prop::collection::vec(prop::sample::select(PIECES), 0..120)
        .prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_fact_of_any_bytes_is_sound(
        language in language(),
        bytes in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let fact = extract(language, &bytes);
        prop_assert_eq!(sound(&fact, &bytes), Ok(()));
    }

    #[test]
    fn a_fact_of_any_code_is_sound_and_always_the_same(language in language(), bytes in code()) {
        let fact = extract(language, &bytes);
        prop_assert_eq!(sound(&fact, &bytes), Ok(()));
        prop_assert_eq!(extract(language, &bytes), fact);
    }

    #[test]
    fn no_piece_is_long_where_lines_are_short(
        language in language(),
        lines in prop::collection::vec("[ ]{0,12}[a-z(){};]{0,60}", 0..120),
    ) {
        let text = lines.join("\n");
        let fact = extract(language, text.as_bytes());
        prop_assert_eq!(sound(&fact, text.as_bytes()), Ok(()));
        for chunk in &fact.chunks {
            let size: usize = text.split('\n')
                .skip(chunk.first as usize - 1).take((chunk.last - chunk.first) as usize + 1)
                .map(|line| line.len() + 1).sum();
            prop_assert!(size <= 1801, "{chunk:?} has {size} bytes");
        }
    }
}

#[test]
fn a_text_longer_than_is_parsed_is_searched_and_nothing_more() {
    let text = "fn a() {}\n".repeat(PARSED_BYTES_MAX / 10 + 1);
    let fact = extract(Some(Language::Rust), text.as_bytes());
    assert_eq!(fact.covered, Covered::TooLong);
    assert!(fact.definitions.is_empty() && fact.chunks.len() > 1000);
    assert_eq!(sound(&fact, text.as_bytes()), Ok(()));
}

#[test]
fn a_million_lines_are_searched() {
    let text = "1,2,3\n".repeat(1_000_000);
    let fact = extract(None, text.as_bytes());
    assert_eq!((fact.covered, fact.lines), (Covered::Text, 1_000_000));
    assert_eq!(sound(&fact, text.as_bytes()), Ok(()));
}

#[test]
fn a_line_without_end_is_one_piece() {
    let text = "x".repeat(3_000_000);
    let fact = extract(None, text.as_bytes());
    assert_eq!((fact.lines, fact.chunks.len()), (1, 1));
}

#[test]
fn nothing_nests_too_deep() {
    let shapes = [
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("(\n", ")\n"),
        ("if (a) {", "}"),
        ("a(", ")"),
        ("<a>", "</a>"),
        ("f(() => {", "})"),
        ("class A {", "}"),
        ("def a():\n ", ""),
        ("fn a() {", "}"),
        ("a.", "b"),
        ("begin\n", "end\n"),
        ("!", ""),
        ("a::{", "}"),
        ("$(", ")"),
        ("use a::{", "}"),
    ];
    for language in Language::ALL {
        for (open, close) in shapes {
            let text = open.repeat(150) + &close.repeat(150);
            let fact = extract(Some(language), text.as_bytes());
            assert_eq!(sound(&fact, text.as_bytes()), Ok(()), "{language:?} {open:?}");
        }
    }
}

#[test]
fn what_nests_without_end_is_searched_and_nothing_more() {
    let nested = |open: &str, close: &str| open.repeat(30_000) + "1" + &close.repeat(30_000);
    for (language, text) in [
        (Language::Rust, format!("const A: u8 = {};\n", nested("(", ")"))),
        (Language::JavaScript, nested("[", "]")),
        (Language::Rust, "(".repeat(30_000)),
    ] {
        let fact = extract(Some(language), text.as_bytes());
        assert_eq!(fact.covered, Covered::TooCostly(language));
        assert_eq!(sound(&fact, text.as_bytes()), Ok(()));
    }
}

#[test]
fn no_more_is_kept_of_one_file_than_was_said() {
    let text = "a=b()\n".repeat(KEPT_MAX + 10);
    let fact = extract(Some(Language::Python), text.as_bytes());
    assert!(fact.definitions.len().abs_diff(KEPT_MAX) < 2 && fact.uses.len() == KEPT_MAX);
    assert_eq!(fact.covered, Covered::ParsedInPart(Language::Python));
    assert_eq!(sound(&fact, text.as_bytes()), Ok(()));
}

#[test]
fn what_holds_a_nul_near_its_beginning_is_no_text() {
    let mut bytes = b"fn a() {}\n".repeat(100);
    bytes[500] = 0;
    let fact = extract(Some(Language::Rust), &bytes);
    assert_eq!((fact.covered, fact.lines, fact.chunks.len()), (Covered::Binary, 0, 0));
}

#[test]
fn what_is_no_utf_8_is_understood_all_the_same() {
    let fact = extract(Some(Language::Rust), b"fn a\xff() {}\n\nfn b() { c(\"\xfe\") }\n");
    assert!(fact.definitions.iter().any(|definition| definition.name == "b"), "{fact:?}");
}

#[test]
fn an_empty_file_says_nothing() {
    for language in Language::ALL {
        let fact = extract(Some(language), b"");
        assert_eq!((fact.covered, fact.lines), (Covered::Parsed(language), 0));
        assert!(fact.chunks.is_empty() && fact.definitions.is_empty());
    }
}

#[test]
fn what_has_no_name_is_no_definition() {
    for text in
        ["use <use =\n    fn {::class ::\ndef ", "class", "class ", "object {", "class {}\nclass"]
    {
        let fact = extract(Some(Language::Scala), text.as_bytes());
        assert!(fact.definitions.iter().all(|found| !found.name.is_empty()), "{text}: {fact:?}");
    }
}
