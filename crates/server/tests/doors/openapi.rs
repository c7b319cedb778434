//! The committed description of the API is the one that the code makes.

use std::path::Path;

#[test]
fn the_committed_document_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let made = weir_server::openapi();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &made).expect("written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "docs/openapi.json is not what the code says: run the tests once with UPDATE_OPENAPI=1, and read the diff"
    );
}

#[test]
fn every_route_says_what_it_does_and_gives() {
    let document: serde_json::Value =
        serde_json::from_str(&weir_server::openapi()).expect("a document");
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, route) in methods.as_object().expect("methods") {
            assert!(route["summary"].is_string(), "{method} {path} says nothing");
            assert!(route["responses"]["default"].is_object(), "{method} {path} never refuses?");
        }
    }
}
