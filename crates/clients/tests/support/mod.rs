//! What the tests with real clients share.

use std::process::Command;
use weir_clients::Place;

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
