//! What a part of a tree holds, as one digest: it changes with what is in that part, and with nothing else.

mod support;

use std::collections::BTreeSet;
use support::{Repo, draft};
use weir_git::{BStr, CommitId, Written};

#[test]
fn the_digest_of_a_part_changes_with_that_part_alone() {
    let repo = Repo::with(&[("src/a.rs", "a\n"), ("src/b/c.rs", "c\n"), ("docs/x", "x\n")]);
    let trunk = repo.trunk();
    let covers = |path: &BStr| path.starts_with(b"src/");
    let digest = |commit: CommitId| {
        let tree = trunk.objects().tree(commit).expect("read");
        trunk.objects().digest_of(tree, covers).expect("read")
    };
    let first = digest(repo.head());
    assert_eq!(digest(repo.commit("elsewhere", &[("docs/x", "y\n"), ("new", "z\n")])), first);
    let mut seen = BTreeSet::from([first]);
    for change in [("src/a.rs", "b\n"), ("src/b/d.rs", "c\n"), ("src/b/c.rs", ""), ("src/e", "a\n")]
    {
        assert!(seen.insert(digest(repo.commit("in it", &[change]))), "{change:?}");
    }
    repo.git(&["update-index", "--chmod=+x", "src/e"]);
    repo.git(&["commit", "--quiet", "-m", "executable"]);
    assert!(seen.insert(digest(repo.head())), "what it is counts as well");
}

/// Three changes become one commit: its tree is that of the three merges, its parents are the tip and the changes.
#[test]
fn several_changes_become_one_commit_of_the_tree_that_their_merges_give() {
    let lines = |first: &str, last: &str| format!("{first}\n2\n3\n4\n5\n6\n7\n8\n{last}\n");
    let repo = Repo::with(&[("a", &lines("1", "9")), ("b", "b\n")]);
    let start = repo.head();
    let branch = |name: &str, path: &str, text: &str| {
        repo.git(&["checkout", "--quiet", "--detach", &start.to_string()]);
        repo.commit(name, &[(path, text)])
    };
    let changes = [
        branch("one", "a", &lines("one", "9")),
        branch("two", "a", &lines("1", "two")),
        branch("three", "c", "c\n"),
    ];
    repo.git(&["checkout", "--quiet", "main"]);
    let trunk = repo.trunk();
    let tip = trunk.tip().expect("a tip");
    let (mut before, mut parents) = (tip, vec![tip]);
    for change in changes {
        parents.push(change);
        let written =
            trunk.write_merge_as(before, change, &parents, &draft("all")).expect("merged");
        let Written::Commit { commit, .. } = written else { panic!("no conflict") };
        before = commit;
    }
    let landed = trunk.objects().commit(before).expect("written");
    assert_eq!(landed.parents, parents);
    // The same by hand, with git's own merges.
    for change in changes {
        repo.git(&["merge", "--quiet", "--no-edit", &change.to_string()]);
    }
    assert_eq!(
        trunk.objects().tree(before).expect("read").to_string(),
        repo.git(&["rev-parse", "HEAD^{tree}"])
    );
}
