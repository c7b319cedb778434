//! The trunk beside the user's repository: what it borrows, what it never touches, how it lands.

mod support;

use std::fs;
use std::sync::Barrier;
use std::thread;
use support::{Repo, draft, git_in};
use weir_git::{BString, Created, Landed, Trunk, Written, inspect};

#[test]
fn starts_where_the_users_branch_is_and_touches_nothing_of_the_users() {
    let repo = Repo::with(&[("a", "a")]);
    repo.write("a", "not committed");
    repo.write("untracked", "x");
    let before = repo.fingerprint();
    let trunk = repo.trunk();
    assert_eq!(trunk.tip().expect("a tip"), repo.head());
    assert_eq!(repo.fingerprint(), before);
    let refs = repo.git(&["for-each-ref", "--format=%(refname)"]);
    assert_eq!(refs, format!("refs/heads/main\nrefs/weir/keep/{}", repo.head()));
}

#[test]
fn opens_the_same_trunk_again_wherever_it_went() {
    let repo = Repo::with(&[("a", "a")]);
    let (start, trunk) = (repo.head(), repo.trunk());
    let Written::Commit { commit, .. } = trunk
        .write_merge(start, repo.commit("more", &[("b", "b")]), &draft("land"))
        .expect("written")
    else {
        panic!("no conflict")
    };
    assert_eq!(trunk.land(start, commit).expect("landed"), Landed::Landed);
    assert_eq!(repo.trunk().tip().expect("a tip"), commit);
    assert_eq!(trunk.user_tip().expect("read"), Some(repo.head()));

    // A repository that moves takes its trunk along, and the trunk finds its lender again.
    let moved = repo.root.path().join("moved");
    fs::rename(&repo.dir, &moved).expect("moved");
    let source = inspect(&moved, None).expect("found");
    let trunk = Trunk::open_or_create(&source, &source.home(), "main").expect("opens");
    assert_eq!(trunk.objects().commit(commit).expect("read").subject, "land");
    assert_eq!(trunk.objects().commit(start).expect("lent").subject, "first");
}

#[test]
fn what_a_crash_left_half_made_is_redone() {
    let repo = Repo::with(&[("a", "a")]);
    let home = repo.dir.join(".git/weir");
    fs::create_dir_all(home.join("building-x1/objects")).expect("leftover");
    fs::write(home.join("building-x1/HEAD"), "half").expect("leftover");
    repo.trunk();
    let names: Vec<_> =
        fs::read_dir(&home).expect("home").map(|e| e.expect("entry").file_name()).collect();
    assert!(!names.iter().any(|name| name == "building-x1"), "{names:?}");
}

#[test]
fn two_who_make_it_at_once_get_the_same() {
    let repo = Repo::with(&[("a", "a")]);
    let tips: Vec<_> = thread::scope(|scope| {
        let made: Vec<_> = (0..4).map(|_| scope.spawn(|| repo.trunk().tip())).collect();
        made.into_iter().map(|one| one.join().expect("no panic")).collect()
    });
    assert!(tips.into_iter().all(|tip| tip.is_ok_and(|tip| tip == repo.head())));
}

#[test]
fn the_users_gc_cannot_take_away_what_is_borrowed() {
    let repo = Repo::with(&[("a", "a")]);
    let (start, trunk) = (repo.head(), repo.trunk());
    repo.git(&["checkout", "--quiet", "--orphan", "fresh"]);
    repo.commit("another beginning", &[("b", "b")]);
    repo.git(&["branch", "--quiet", "-M", "fresh", "main"]);
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    repo.git(&["gc", "--quiet", "--prune=now"]);
    assert_eq!(trunk.objects().commit(start).expect("still there").subject, "first");
    assert_eq!(git_in(trunk.dir(), &["fsck", "--full", "--no-dangling"]), "");
}

#[test]
fn what_a_merge_gives_is_ours_even_if_the_user_had_it_lying_about() {
    let repo = Repo::with(&[("d/a", "1\n2\n3\n"), ("b", "b")]);
    let start = repo.head();
    let ours = repo.commit("ours", &[("d/a", "0\n2\n3\n")]);
    repo.git(&["checkout", "--quiet", "-b", "side", &start.to_string()]);
    let theirs = repo.commit("theirs", &[("d/a", "1\n2\n4\n")]);
    let trunk = repo.trunk();
    trunk.keep(theirs).expect("kept");
    // The user tries the same merge, and throws it away.
    repo.git(&["merge-tree", "--write-tree", &ours.to_string(), &theirs.to_string()]);
    let Written::Commit { commit, .. } =
        trunk.write_merge(ours, theirs, &draft("land")).expect("written")
    else {
        panic!("no conflict")
    };
    repo.git(&["prune", "--expire=now"]);
    assert_eq!(trunk.land(ours, commit).expect("runs"), Landed::Landed);
    assert_eq!(git_in(trunk.dir(), &["fsck", "--full", "--no-dangling"]), "");
}

/// On a full disk git leaves the pack it could not finish: that would be the last of the room, and nobody's.
#[test]
fn half_a_pack_is_not_left_behind() {
    let repo = Repo::with(&[("a", "a")]);
    let trunk = repo.trunk();
    let packs = trunk.dir().join("objects/pack");
    let left = || {
        fs::write(packs.join("tmp_pack_kDj5mo"), "PACK").expect("left");
        fs::write(packs.join(".tmp-123-pack-4f.idx"), "").expect("left");
    };
    let remain = || fs::read_dir(&packs).expect("a folder").count();
    left();
    repo.trunk();
    assert_eq!(remain(), 0, "by whoever was killed");
    left();
    fs::write(trunk.dir().join("config"), "[no configuration").expect("written");
    trunk.join_packs().expect_err("git cannot");
    assert_eq!(remain(), 0, "by what failed");
}

#[test]
fn moves_by_compare_and_swap_and_says_the_same_when_asked_again() {
    let repo = Repo::with(&[("a", "a")]);
    let (first, second) = (repo.head(), repo.commit("second", &[("a", "b")]));
    let third = repo.commit("third", &[("a", "c")]);
    repo.git(&["reset", "--quiet", "--hard", &first.to_string()]);
    let trunk = repo.trunk();
    assert_eq!(trunk.land(first, second).expect("runs"), Landed::Landed);
    assert_eq!(trunk.land(first, second).expect("runs"), Landed::Landed);
    assert_eq!(trunk.land(first, third).expect("runs"), Landed::Moved { actual: second });
    assert_eq!(trunk.tip().expect("a tip"), second);
    let nowhere = "1".repeat(40).parse().expect("well formed");
    trunk.land(second, nowhere).expect_err("no such commit");
    assert_eq!(trunk.tip().expect("a tip"), second);
}

#[test]
fn of_many_who_land_at_once_one_wins() {
    let repo = Repo::with(&[("a", "a")]);
    let (start, trunk) = (repo.head(), repo.trunk());
    for round in 0..5 {
        let from = trunk.tip().expect("a tip");
        let tree = trunk.objects().tree(start).expect("a tree");
        let landers: Vec<_> = (0..4)
            .map(|n| trunk.write_commit(tree, &[from], &draft(&format!("{round}.{n}"))))
            .collect::<Result<_, _>>()
            .expect("written");
        let barrier = Barrier::new(landers.len());
        let results: Vec<_> = thread::scope(|scope| {
            let race = |to| {
                let (barrier, trunk) = (&barrier, &trunk);
                scope.spawn(move || {
                    barrier.wait();
                    (to, trunk.land(from, to).expect("runs"))
                })
            };
            let racing: Vec<_> = landers.into_iter().map(race).collect();
            racing.into_iter().map(|one| one.join().expect("no panic")).collect()
        });
        let actual = trunk.tip().expect("a tip");
        for (to, landed) in results {
            let expected = if to == actual { Landed::Landed } else { Landed::Moved { actual } };
            assert_eq!(landed, expected);
        }
    }
}

#[test]
fn a_lock_that_a_killed_git_left_does_not_stop_the_trunk_for_ever() {
    let repo = Repo::with(&[("a", "a")]);
    let (start, trunk) = (repo.head(), repo.trunk());
    let leave = |name: &str| {
        let lock = trunk.dir().join(format!("{name}.lock"));
        fs::create_dir_all(lock.parent().expect("a folder")).expect("a folder");
        let left = fs::File::create(&lock).expect("a lock");
        let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
        left.set_modified(long_ago).expect("set");
        lock
    };
    let name = "refs/weir/changes/C1/1";
    let lock = leave(name);
    assert_eq!(trunk.create_ref(name, start).expect("created"), Created::Created);
    assert!(!lock.exists());

    // Git takes all three when it moves the branch that `HEAD` names.
    let mut at = start;
    for name in ["refs/heads/main", "packed-refs", "HEAD"] {
        let lock = leave(name);
        let next = repo.commit(name, &[("a", name)]);
        assert_eq!(trunk.land(at, next).expect(name), Landed::Landed, "{name}");
        assert!(!lock.exists(), "{name}");
        at = next;
    }

    let lock = leave("refs/weir/candidates/Q1");
    let _ = repo.trunk();
    assert!(!lock.exists(), "opening sweeps the locks of refs that nobody writes again");
}

#[test]
fn refs_keep_revisions_and_are_never_moved_by_accident() {
    let repo = Repo::with(&[("a", "a")]);
    let (first, second) = (repo.head(), repo.commit("second", &[("a", "b")]));
    let trunk = repo.trunk();
    let name = "refs/weir/changes/C5/1";
    assert_eq!(trunk.create_ref(name, first).expect("runs"), Created::Created);
    assert_eq!(trunk.create_ref(name, first).expect("runs"), Created::Created);
    assert_eq!(trunk.create_ref(name, second).expect("runs"), Created::Taken { actual: first });
    trunk.create_ref("refs/weir/changes/C5/2", second).expect("runs");
    trunk.create_ref("refs/weir/changes/C50/1", second).expect("runs");
    let listed = trunk.list_refs("refs/weir/changes/C5/").expect("listed");
    assert_eq!(listed, [(name.to_owned(), first), ("refs/weir/changes/C5/2".to_owned(), second)]);
    assert!(!trunk.delete_ref(name, second).expect("runs"), "another was meant");
    assert!(trunk.delete_ref(name, first).expect("runs"));
    assert!(trunk.delete_ref(name, first).expect("runs"), "it is gone, as asked");
    assert_eq!(trunk.read_ref(name).expect("runs"), None);
    assert_eq!(trunk.read_ref("main").expect("runs"), None, "names are full names");
    trunk.create_ref("refs/weir/changes/C5/2/x", first).expect_err("a clash");
    trunk.create_ref("refs/weir/../x", first).expect_err("no name for a ref");
}

#[test]
fn a_hook_or_a_configured_program_never_runs() {
    let repo = Repo::with(&[("a", "a"), (".gitattributes", "* merge=evil filter=evil\n")]);
    let trunk = repo.trunk();
    let touched = repo.root.path().join("touched");
    let touch = format!("touch {}", touched.display());
    for dir in [repo.dir.join(".git"), trunk.dir().to_owned()] {
        for hook in ["reference-transaction", "post-update", "post-index-change", "post-checkout"] {
            use std::os::unix::fs::PermissionsExt as _;
            let file = dir.join("hooks").join(hook);
            fs::create_dir_all(dir.join("hooks")).expect("a folder");
            fs::write(&file, format!("#!/bin/sh\n{touch}\n")).expect("a hook");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("executable");
        }
        let config = [
            ("core.fsmonitor", &touch),
            ("merge.evil.driver", &touch),
            ("filter.evil.smudge", &touch),
        ];
        for (key, value) in config {
            git_in(&dir, &["config", "--file", "config", key, value]);
        }
    }
    let start = trunk.tip().expect("a tip");
    let tree = trunk.objects().tree(start).expect("a tree");
    let commit = trunk.write_commit(tree, &[start], &draft("next")).expect("written");
    assert_eq!(trunk.land(start, commit).expect("runs"), Landed::Landed);
    trunk.keep(start).expect("kept");
    weir_git::Checkout::clean(&trunk, &repo.root.path().join("out"), commit).expect("checked out");
    assert!(!touched.exists(), "something ran");
}

#[test]
fn reads_what_git_reads() {
    use weir_git::Blob;
    let repo = Repo::with(&[("a", "one\n"), ("dir/b", "two\n")]);
    let first = repo.head();
    let second = repo.commit("second\n\nwith a body", &[("a", "one\nmore\n")]);
    let trunk = repo.trunk();
    let objects = trunk.objects();
    let commit = objects.commit(second).expect("read");
    assert_eq!((commit.subject.as_str(), commit.parents.as_slice()), ("second", &[first][..]));
    assert_eq!(commit.author.person.email, "ada@x.test");
    assert_eq!(commit.author.at.as_millis(), 1_700_000_000_000);
    assert_eq!(objects.merge_base(first, second).expect("read"), Some(first));
    assert!(objects.contains(second, first).expect("read"));
    assert!(!objects.contains(first, second).expect("read"));
    let path = BString::from("dir/b");
    let file = |max| objects.file(second, path.as_ref(), max).expect("read");
    assert_eq!(file(100), Some(Blob::Whole(b"two\n".to_vec())));
    assert_eq!(file(3), Some(Blob::TooLarge { size: 4 }));
    let none = |path: &str| objects.file(second, BString::from(path).as_ref(), 100).expect("read");
    assert_eq!((none("dir"), none("nope"), none("a/b")), (None, None, None));
    let root: Vec<_> = objects.root(second).expect("read").into_iter().map(|e| e.name).collect();
    assert_eq!(root, ["a", "dir"]);
    let since = objects.commits(Some(first), second, 10).expect("read");
    assert_eq!((since.commits.len(), since.more), (1, false));
    let all = objects.commits(None, second, 1).expect("read");
    assert_eq!((all.commits[0].id, all.more), (second, true));
    assert_eq!(objects.commit_by_prefix(&second.to_string()[..8]).expect("found"), second);
    let nowhere = "1".repeat(40).parse().expect("well formed");
    let unknown = objects.commit(nowhere).expect_err("not here");
    assert_eq!(unknown.refusal().expect("a refusal").code, "commit.unknown");
    let tree = objects.tree(second).expect("read");
    let not_a_commit = tree.to_string().parse().expect("well formed");
    assert_eq!(
        objects.commit(not_a_commit).expect_err("a tree").refusal().expect("a refusal").code,
        "commit.unknown"
    );
}
