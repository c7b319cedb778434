//! What the tests with real clients share.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::Command;
use weir_clients::{Place, Programs, enclosure};

/// The installed clients, and an enclosure around this test. None when the test has been run in it already.
pub(crate) fn enclosed(test: &str) -> Option<Programs> {
    if !enclosure::is_inside() {
        if let Some(status) = enclosure::enter(&[test, "--exact", "--ignored", "--nocapture"]) {
            assert!(status.success(), "the enclosed run failed");
            return None;
        }
        eprintln!("this machine allows no namespaces: only proxies keep the clients in");
    }
    let named = std::env::var_os("WEIR_CLIENTS").map(PathBuf::from);
    let installed =
        named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/clients"));
    match Programs::at(&installed) {
        Ok(programs) => Some(programs),
        Err(why) => panic!("{why}"),
    }
}

/// Whether `WEIR_CLIENTS_ONLY`, a part of a name, selects it; without it, everything is selected.
pub(crate) fn is_selected(name: &str) -> bool {
    std::env::var("WEIR_CLIENTS_ONLY").map_or(true, |only| name.contains(&only))
}

/// Makes the tree of a place a repository with one commit.
pub(crate) fn repository(place: &Place) {
    std::fs::write(place.tree.join("a.txt"), "hello\n").expect("written");
    let as_ann = ["-c", "user.name=ann", "-c", "user.email=ann@river.example"];
    let steps: [&[&str]; 3] = [
        &["init", "--quiet", "--initial-branch=main"],
        &["add", "--all"],
        &["commit", "--quiet", "--message", "begin"],
    ];
    for step in steps {
        let done = Command::new("git").args(as_ann).args(step).current_dir(&place.tree).status();
        assert!(done.expect("git runs").success(), "git {step:?}");
    }
}
