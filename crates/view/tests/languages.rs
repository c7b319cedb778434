//! What each language says: one small source each, and the table of what was understood of it.
//!
//! The tables are kept in `snapshots/`. They were read line by line against the sources, and so is every change of them.

use std::fmt::Write as _;
use std::path::Path;

use weir_grammar::Language;
use weir_view::fact::{Covered, Definition, Fact, extract};

/// A row a definition, a use and an import, as a person would tell them.
fn table(fact: &Fact) -> String {
    let mut out = String::new();
    let path = |mut within: Option<u32>| {
        let mut names = Vec::new();
        while let Some(definition) = within.map(|at| &fact.definitions[at as usize]) {
            names.push(definition.name.clone());
            within = definition.within;
        }
        names.reverse();
        names.join(".")
    };
    let mut line = |text: std::fmt::Arguments<'_>| {
        let _ = out.write_fmt(text);
        out.push('\n');
    };
    line(format_args!("{:?}, {} lines", fact.covered, fact.lines));
    line(format_args!("\ndefinitions"));
    for Definition { kind, name, within, lines, signature, doc, exported } in &fact.definitions {
        let around = path(*within);
        let dot = if around.is_empty() { "" } else { "." };
        let seen = if *exported { "" } else { " (not seen)" };
        let doc = doc.map(|doc| format!(" doc {}-{}", doc.first, doc.last)).unwrap_or_default();
        let (first, last) = (lines.first, lines.last);
        line(format_args!(
            "  {kind:?} {around}{dot}{name} {first}-{last}{doc}{seen} | {signature}"
        ));
    }
    line(format_args!("\nuses"));
    for used in &fact.uses {
        let qualifier = used.qualifier.as_ref().map(|q| format!("[{q}] ")).unwrap_or_default();
        let within = path(used.within);
        line(format_args!("  {} {:?} {qualifier}{} in {within}", used.line, used.role, used.name));
    }
    line(format_args!("\nimports"));
    for import in &fact.imports {
        let name = import.name.as_deref().unwrap_or("(whole)");
        let alias = import.alias.as_ref().map(|alias| format!(" as {alias}")).unwrap_or_default();
        let passed = if import.passed_on { " passed on" } else { "" };
        line(format_args!("  {} {} : {name}{alias}{passed}", import.line, import.from));
    }
    out
}

fn understood(file: &str) -> Result<String, std::io::Error> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sources").join(file);
    let bytes = std::fs::read(path)?;
    Ok(table(&extract(Language::of(file, &bytes), &bytes)))
}

macro_rules! languages {
    ($($name:ident $file:literal)*) => {$(
        #[test]
        fn $name() -> Result<(), std::io::Error> {
            insta::assert_snapshot!(stringify!($name), understood($file)?);
            Ok(())
        }
    )*};
}

languages! {
    rust "retry.rs"
    python "retry.py"
    typescript "retry.ts"
    tsx "retry.tsx"
    javascript "retry.js"
    go "retry.go"
    java "Retry.java"
    kotlin "Retry.kt"
    c "retry.c"
    cpp "retry.cpp"
    csharp "Retry.cs"
    ruby "retry.rb"
    php "retry.php"
    swift "Retry.swift"
    scala "Retry.scala"
    bash "retry.sh"
    sql "retry.sql"
}

#[test]
fn what_has_no_grammar_is_text() {
    let fact = extract(None, b"one\n\ntwo\n");
    assert_eq!((fact.covered, fact.lines), (Covered::Text, 3));
    assert_eq!(fact.chunks.len(), 1);
}
