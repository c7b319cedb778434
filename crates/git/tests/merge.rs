//! Two ways, one answer: what is merged in memory and what git would land.

mod support;

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::Stdio;
use support::{Repo, draft, git_command, git_in};
use weir_git::{Chained, CommitId, Link, Linked, Merged, Merger, TreeId, Trunk, Written};

/// Builds `base` and, on it, `ours` and `theirs`, in one process.
fn three(files: [&Files; 3]) -> (Repo, [CommitId; 3]) {
    let repo = Repo::empty();
    let mut import = git_command(&repo.dir)
        .args(["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("git runs");
    let mut stream = Vec::new();
    for (name, files) in ["main", "ours", "theirs"].into_iter().zip(files) {
        let from = if name == "main" { "" } else { "from refs/heads/main\n" };
        write!(stream, "commit refs/heads/{name}\ncommitter A <a@x> 1700000000 +0000\ndata 1\nx\n{from}deleteall\n")
            .expect("written");
        for (path, (mode, text)) in files {
            write!(stream, "M {mode} inline {path}\ndata {}\n{text}\n", text.len())
                .expect("written");
        }
    }
    import.stdin.take().expect("piped").write_all(&stream).expect("written");
    assert!(import.wait().expect("ends").success());
    let ids = ["main", "ours", "theirs"].map(|name| repo.rev(name));
    (repo, ids)
}

/// One more change from where the others began.
fn branch_of(repo: &Repo, files: &Files) -> CommitId {
    let mut import = git_command(&repo.dir)
        .args(["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("git runs");
    let mut stream = Vec::new();
    write!(stream, "commit refs/heads/more\ncommitter A <a@x> 1700000000 +0000\ndata 1\nx\nfrom refs/heads/main^0\ndeleteall\n")
        .expect("written");
    for (path, (mode, text)) in files {
        write!(stream, "M {mode} inline {path}\ndata {}\n{text}\n", text.len()).expect("written");
    }
    import.stdin.take().expect("piped").write_all(&stream).expect("written");
    assert!(import.wait().expect("ends").success());
    repo.rev("more")
}

type Files = BTreeMap<String, (&'static str, String)>;

fn files(list: &[(&str, &str)]) -> Files {
    list.iter().map(|(path, text)| ((*path).to_owned(), ("100644", (*text).to_owned()))).collect()
}

/// What the merge in memory and git give.
fn both(trunk: &Trunk, onto: CommitId, change: CommitId) -> (Merged, Merged) {
    let mut merger = Merger::new(trunk.objects());
    let chained = merger.chain(onto, &[change]).expect("chained");
    (merged(chained), trunk.merge(onto, change).expect("merged"))
}

fn merged(chained: Chained) -> Merged {
    match chained {
        Chained::Clean { tree } => Merged::Clean { tree },
        Chained::Conflict { paths, .. } => Merged::Conflict { paths },
    }
}

#[test]
fn both_ways_agree_on_the_plain_cases() {
    let base = [("a", "1\n2\n3\n4\n5\n"), ("b", "x\n"), ("d/e", "e\n")];
    let with = |path: &str, text: &str| {
        let mut files = files(&base);
        files.insert(path.to_owned(), ("100644", text.to_owned()));
        files
    };
    let mut gone = files(&base);
    gone.remove("b");
    let table: [(Files, Files, Option<&[&str]>); 6] = [
        (with("a", "0\n2\n3\n4\n5\n"), with("a", "1\n2\n3\n4\n6\n"), None),
        (with("new", "n\n"), with("d/other", "o\n"), None),
        (with("a", "0\n2\n3\n4\n5\n"), with("a", "9\n2\n3\n4\n5\n"), Some(&["a"])),
        (with("new", "n\n"), with("new", "m\n"), Some(&["new"])),
        (with("b", "y\n"), gone.clone(), Some(&["b"])),
        (gone.clone(), gone, None),
    ];
    for (ours, theirs, conflict) in table {
        let (repo, [_, ours, theirs]) = three([&files(&base), &ours, &theirs]);
        let (in_memory, merged) = both(&repo.trunk(), ours, theirs);
        assert_eq!(in_memory, merged);
        match (merged, conflict) {
            (Merged::Clean { .. }, None) => {}
            (Merged::Conflict { paths }, Some(expected)) => assert_eq!(paths, expected),
            (merged, conflict) => panic!("{merged:?} where {conflict:?} was due"),
        }
    }
}

/// Each is merged from where it parts from all before it, so one that was made on another brings only its own.
#[test]
fn changes_are_chained_through_the_tip() {
    let lines = |edits: &[(usize, &str)]| -> String {
        let edited = |at: usize| edits.iter().find(|(line, _)| *line == at).map(|edit| edit.1);
        (0..12).map(|at| format!("{}\n", edited(at).unwrap_or("as it was"))).collect()
    };
    let repo = Repo::with(&[("a", &lines(&[]))]);
    let branch = |name: &str, from: &str, edits: &[(usize, &str)]| {
        repo.git(&["checkout", "--quiet", "-b", name, from]);
        repo.commit(name, &[("a", &lines(edits))])
    };
    let start = repo.head();
    let first = branch("first", "main", &[(0, "first")]);
    let second = branch("second", "main", &[(6, "second")]);
    let on_first = branch("on-first", "first", &[(0, "first, better"), (11, "more")]);
    let against = branch("against", "main", &[(6, "against")]);
    let crossed = {
        repo.git(&["checkout", "--quiet", "-b", "crossed", "first"]);
        repo.git(&["merge", "--quiet", "-m", "both", "second"]);
        repo.commit("crossed", &[("a", &lines(&[(0, "first"), (6, "second"), (3, "crossed")]))])
    };
    let trunk = repo.trunk();
    let mut merger = Merger::new(trunk.objects());
    let holds =
        |tree: weir_git::TreeId| git_in(trunk.dir(), &["cat-file", "-p", &tree.to_string()]);
    let clean: [&[CommitId]; 6] = [
        &[],
        &[first],
        &[first, second],
        &[second, first, on_first],
        &[on_first, first, second],
        &[second, first, crossed],
    ];
    for changes in clean {
        let chained = merged(merger.chain(start, changes).expect("chained"));
        let Merged::Clean { tree } = by_git(&trunk, start, changes) else {
            panic!("no conflict: {changes:?}")
        };
        assert_eq!(chained, Merged::Clean { tree }, "{changes:?} is {}", holds(tree));
    }
    let chained = merger.chain(start, &[first, second, against]).expect("chained");
    assert_eq!(chained, Chained::Conflict { at: 2, paths: vec!["a".into()] });
    let by_git = by_git(&trunk, start, &[first, second, against]);
    assert!(matches!(by_git, Merged::Conflict { .. }));
}

/// One moved a file that the other deleted, and the folder where it was is the same on both sides.
#[test]
fn a_file_that_left_a_folder_on_both_sides_may_have_moved() {
    let base = files(&[("a", "1\n"), ("d/a", "9\n"), ("d/b", "b\n")]);
    let ours = files(&[("a", "1\n"), ("g/a", "9\n"), ("d/b", "b\n")]);
    let theirs = files(&[("a", "1\n"), ("d/b", "b\n")]);
    let (repo, [_, ours, theirs]) = three([&base, &ours, &theirs]);
    for (onto, change) in [(ours, theirs), (theirs, ours)] {
        let (in_memory, merged) = both(&repo.trunk(), onto, change);
        assert_eq!(merged, Merged::Conflict { paths: vec!["g/a".into()] });
        assert_eq!(in_memory, merged);
    }
}

/// What git makes of it, a commit at a time.
fn by_git(trunk: &Trunk, start: CommitId, changes: &[CommitId]) -> Merged {
    let (mut tip, mut last) = (start, trunk.objects().tree(start).expect("read"));
    for change in changes {
        match trunk.write_merge(tip, *change, &draft("step")).expect("merged") {
            Written::Commit { commit, tree } => (tip, last) = (commit, tree),
            Written::Conflict { paths } => return Merged::Conflict { paths },
        }
    }
    Merged::Clean { tree: last }
}

/// The last link of a chain that merges.
fn linked(merger: &mut Merger, onto: CommitId, changes: &[CommitId]) -> Link {
    let mut link = merger.begin(onto).expect("begun");
    for change in changes {
        link = match merger.go_on(&link, *change).expect("merged") {
            Linked::Clean(next) => next,
            conflict @ Linked::Conflict { .. } => panic!("{conflict:?}"),
        };
    }
    link
}

/// All that a tree reaches, read by git; fails where anything is missing.
fn all_of(trunk: &Trunk, tree: TreeId) -> String {
    git_in(trunk.dir(), &["rev-list", "--objects", &tree.to_string()])
}

/// Two lines of one file, and one that moved beside them.
fn chain_of_three(repo: &Repo) -> [CommitId; 3] {
    let branch = |name: &str, path: &str, text: &str| {
        repo.git(&["checkout", "--quiet", "-b", name, "main"]);
        repo.commit(name, &[(path, text)])
    };
    let first = branch("first", "d/e/a", "first\n2\n3\n4\n5\n6\n7\n8\n");
    let second = branch("second", "d/e/a", "1\n2\n3\n4\nsecond\n6\n7\n8\n");
    repo.git(&["checkout", "--quiet", "-b", "moved", "main"]);
    repo.git(&["mv", "d/e/a", "d/moved"]);
    [first, second, repo.commit_all("moved")]
}

#[test]
fn what_a_chain_gave_is_the_trunks_own() {
    let repo = Repo::with(&[("d/e/a", "1\n2\n3\n4\n5\n6\n7\n8\n"), ("x/y", "y\n")]);
    let start = repo.head();
    let changes = chain_of_three(&repo);
    // The user has tried the very merge by hand, and thrown it away: git would write nothing of it again.
    repo.git(&["checkout", "--quiet", "--detach", "first"]);
    repo.git(&["-c", "merge.directoryRenames=false", "merge", "--quiet", "-m", "x", "second"]);
    repo.git(&["-c", "merge.directoryRenames=false", "merge", "--quiet", "-m", "x", "moved"]);
    let tried = repo.git(&["rev-parse", "HEAD^{tree}"]);
    repo.git(&["checkout", "--quiet", "main"]);
    let trunk = repo.trunk();
    let mut merger = Merger::new(trunk.objects());
    let link = linked(&mut merger, start, &changes);
    assert_eq!(link.tree().to_string(), tried);
    // A new tip needs no more than its folders on the way and the file.
    trunk.own_link(&merger, &link).expect("written");
    let own = |dir: &std::path::Path| git_in(dir, &["count-objects"]);
    let written = own(trunk.dir());
    assert!(written.starts_with("3 objects"), "{written}: the root, `d` and `d/moved`");
    trunk.own_link(&merger, &link).expect("again");
    assert_eq!(own(trunk.dir()), written, "once is enough");
    // Gone with the user's next gc; the changes have refs, as an accepted push gets one.
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    repo.git(&["prune", "--expire=now"]);
    assert!(all_of(&repo.trunk(), link.tree()).contains("d/moved"));
    let commit = trunk.write_commit(link.tree(), &[start], &draft("all")).expect("written");
    assert_eq!(trunk.land(start, commit).expect("runs"), weir_git::Landed::Landed);
    trunk.join_packs().expect("joined");
    assert_eq!(git_in(trunk.dir(), &["fsck", "--no-dangling", "--full", "--strict"]), "");
}

/// By those of what it is merged onto, as git goes: also where a link before it changed them.
#[test]
fn a_chain_goes_by_the_attributes_of_each_link() {
    let repo = Repo::with(&[("LOG", "1\n"), ("OTHER", "1\n2\n3\n4\n5\n")]);
    let start = repo.head();
    let branch = |name: &str, path: &str, text: &str| {
        repo.git(&["checkout", "--quiet", "-b", name, "main"]);
        repo.commit(name, &[(path, text)])
    };
    let union = branch("union", ".gitattributes", "LOG merge=union\nOTHER -merge\n");
    let (one, two) = (branch("one", "LOG", "1\none\n"), branch("two", "LOG", "1\ntwo\n"));
    let top = branch("top", "OTHER", "top\n2\n3\n4\n5\n");
    let end = branch("end", "OTHER", "1\n2\n3\n4\nend\n");
    let trunk = repo.trunk();
    let mut merger = Merger::new(trunk.objects());
    let table: [(&[CommitId], bool); 6] = [
        (&[one, two], false),
        (&[union, one, two], true),
        (&[one, union, two], true),
        (&[top, end], true),
        (&[union, top, end], false),
        (&[top, end, union, one, two], true),
    ];
    for (changes, merges) in table {
        let chained = merged(merger.chain(start, changes).expect("chained"));
        assert_eq!(chained, by_git(&trunk, start, changes), "{changes:?}");
        assert_eq!(matches!(chained, Merged::Clean { .. }), merges, "{changes:?}");
    }
}

/// One chain goes on from another's link, in whatever order they are asked for.
#[test]
fn chains_share_their_links() {
    let repo = Repo::with(&[("d/e/a", "1\n2\n3\n4\n5\n6\n7\n8\n"), ("x/y", "y\n")]);
    let start = repo.head();
    let [first, second, moved] = chain_of_three(&repo);
    let trunk = repo.trunk();
    let mut merger = Merger::new(trunk.objects());
    let begun = merger.begin(start).expect("begun");
    let mut next = |link: &Link, change: CommitId| match merger.go_on(link, change) {
        Ok(Linked::Clean(next)) => next,
        other => panic!("{other:?}"),
    };
    let (one, other) = (next(&begun, first), next(&begun, moved));
    let (one_more, other_more) = (next(&one, moved), next(&other, second));
    let (all, again) = (next(&one_more, second), next(&other_more, first));
    assert_eq!(next(&all, second).tree(), all.tree(), "it is in there");
    assert_eq!(all.tree(), again.tree());
    let expected = by_git(&trunk, start, &[first, moved, second]);
    assert_eq!(expected, Merged::Clean { tree: all.tree() });
}

/// What a merger knows of a trunk must not outlive a trunk that was rewritten.
#[test]
fn a_merger_forgets_a_trunk_that_was_rewritten() {
    let repo = Repo::with(&[("a", "1\n2\n3\n4\n5\n6\n7\n")]);
    let dropped = repo.commit("dropped", &[("a", "dropped\n2\n3\n4\n5\n6\n7\n")]);
    repo.git(&["checkout", "--quiet", "-b", "change"]);
    let change = repo.commit("change", &[("a", "dropped\n2\n3\n4\n5\n6\nchange\n")]);
    repo.git(&["checkout", "--quiet", "-b", "rewritten", "main~1"]);
    let rewritten = repo.commit("rewritten", &[("b", "b\n")]);
    let trunk = repo.trunk();
    let mut merger = Merger::new(trunk.objects());
    let tree = |chained| match chained {
        Chained::Clean { tree } => tree,
        conflict => panic!("{conflict:?}"),
    };
    let before = tree(merger.chain(dropped, &[change]).expect("chained"));
    assert_eq!(before, trunk.objects().tree(change).expect("read"));
    let after = tree(merger.chain(rewritten, &[change]).expect("chained"));
    assert_eq!(trunk.merge(rewritten, change).expect("merged"), Merged::Clean { tree: after });
}

#[test]
fn a_merger_goes_by_the_attributes_of_the_tip_it_merges_onto() {
    let repo = Repo::with(&[("LOG", "1\n")]);
    let start = repo.head();
    repo.git(&["checkout", "--quiet", "-b", "one"]);
    let one = repo.commit("one", &[("LOG", "1\none\n")]);
    repo.git(&["checkout", "--quiet", "-b", "two", "main"]);
    let two = repo.commit("two", &[("LOG", "1\ntwo\n")]);
    let trunk = repo.trunk();
    let mut merger = Merger::new(trunk.objects());
    let chained = merger.chain(start, &[one, two]).expect("chained");
    assert_eq!(chained, Chained::Conflict { at: 1, paths: vec!["LOG".into()] });
    repo.git(&["checkout", "--quiet", "main"]);
    let union = repo.commit("union", &[(".gitattributes", "LOG merge=union\n")]);
    assert_eq!(trunk.land(start, union).expect("runs"), weir_git::Landed::Landed);
    let chained = merger.chain(union, &[one, two]).expect("chained");
    assert!(matches!(chained, Chained::Clean { .. }), "a union: {chained:?}");
}

/// Also where git is asked, which takes what was merged before, and gives back what the next is merged onto.
#[test]
fn a_merge_in_memory_writes_nothing() {
    let numbers = |edits: &[(usize, &str)]| -> String {
        let edited = |at: usize| edits.iter().find(|(line, _)| *line == at).map(|edit| edit.1);
        (0..12).map(|at| format!("{}\n", edited(at).unwrap_or(&at.to_string()))).collect()
    };
    let repo = Repo::with(&[("d/a", &numbers(&[]))]);
    let branch = |name: &str, edits: &[(usize, &str)]| {
        repo.git(&["checkout", "--quiet", "-b", name, "main"]);
        repo.commit(name, &[("d/a", &numbers(edits))])
    };
    let start = repo.head();
    let (first, second) = (branch("first", &[(0, "first")]), branch("second", &[(4, "second")]));
    repo.git(&["checkout", "--quiet", "-b", "moved", "main"]);
    repo.git(&["mv", "d/a", "moved"]);
    let moved = repo.commit_all("moved");
    let (third, fourth) = (branch("third", &[(8, "third")]), branch("fourth", &[(11, "fourth")]));
    let trunk = repo.trunk();
    let before = git_in(trunk.dir(), &["count-objects"]);
    let changes = [first, second, moved, third, fourth];
    let mut merger = Merger::new(trunk.objects());
    let chained = merger.chain(start, &changes).expect("chained");
    assert_eq!(git_in(trunk.dir(), &["count-objects"]), before);
    let all = [(0, "first"), (4, "second"), (8, "third"), (11, "fourth")];
    repo.git(&["checkout", "--quiet", "moved"]);
    let meant = repo.commit("meant", &[("moved", &numbers(&all))]);
    let tree = trunk.objects().tree(meant).expect("read");
    assert_eq!(chained, Chained::Clean { tree });
}

/// A folder of files that are alike moved on the one side, and the other edits one of them: which came from which is a
/// question of each beside each. Line by line it took minutes.
#[test]
fn a_folder_of_files_alike_that_moved_is_merged_in_time() {
    let text = |file: usize, edited: &str| -> String {
        let line = |at: usize| match at {
            200 => format!("    {edited}\n"),
            _ => {
                format!(
                    "    let value_{at} = compute({});\n",
                    if at.is_multiple_of(40) { file } else { 0 }
                )
            }
        };
        (0..400).map(line).collect()
    };
    let folder = |name: &str, edited: &dyn Fn(usize) -> &'static str| -> Files {
        let file = |n: usize| (format!("{name}/f{n}"), ("100644", text(n, edited(n))));
        (0..300).map(file).collect()
    };
    let base = folder("old", &|_| "");
    let ours = folder("new/place", &|_| "moved");
    let theirs = folder("old", &|n| if n == 7 { "edited" } else { "" });
    let mut both_lines = theirs.clone();
    if let Some((_, text)) = both_lines.get_mut("old/f7") {
        *text = text.replace("value_300", "edited");
    }
    let (repo, [_, ours, theirs]) = three([&base, &ours, &both_lines]);
    let (in_memory, merged) = both(&repo.trunk(), ours, theirs);
    assert_eq!(in_memory, merged);
}

/// Thousands of lines of which few are unlike, edited everywhere on both sides.
#[test]
fn a_file_of_thousands_of_lines_alike_is_merged_in_time() {
    let text = |edited: &dyn Fn(usize) -> bool, with: &str| -> Files {
        let line = |at: usize| match (edited(at), at % 7) {
            (true, _) => format!("    {with}\n"),
            (false, 0) => "}\n".to_owned(),
            (false, 1) => "#[test]\n".to_owned(),
            (false, 2) => format!("fn case_{}() {{\n", at / 70),
            (false, _) => "    .with_status(101)\n".to_owned(),
        };
        files(&[("tests.rs", &(0..30_000).map(line).collect::<String>())])
    };
    for every in [3, 50] {
        let base = text(&|_| false, "");
        let ours = text(&|at| at < 15_000 && at % every == 0, "ours");
        let theirs = text(&|at| at > 15_010 && at % every == 0, "theirs");
        let (repo, [_, ours, theirs]) = three([&base, &ours, &theirs]);
        let (in_memory, merged) = both(&repo.trunk(), ours, theirs);
        assert_eq!(in_memory, merged);
    }
}

#[test]
fn a_written_merge_is_the_same_commit_every_time_and_holds_the_merged_tree() {
    let base = files(&[("a", "1\n2\n3\n")]);
    let (ours, theirs) = (files(&[("a", "0\n2\n3\n")]), files(&[("a", "1\n2\n4\n")]));
    let (repo, [_, ours, theirs]) = three([&base, &ours, &theirs]);
    let trunk = repo.trunk();
    let written =
        trunk.write_merge(ours, theirs, &draft("Land C1\n\nTask: T1\n")).expect("written");
    assert_eq!(
        written,
        trunk.write_merge(ours, theirs, &draft("Land C1\n\nTask: T1\n")).expect("again")
    );
    let Written::Commit { commit, tree } = written else { panic!("no conflict") };
    let read = trunk.objects().commit(commit).expect("read");
    assert_eq!((read.tree, read.parents), (tree, vec![ours, theirs]));
    assert_eq!(read.message, "Land C1\n\nTask: T1\n");
    let shown =
        git_in(trunk.dir(), &["show", "--no-patch", "--format=%an|%ae|%aI", &commit.to_string()]);
    assert_eq!(shown, "Weir|weir@x.test|2023-11-14T22:13:20Z");
    assert_eq!(git_in(trunk.dir(), &["fsck", "--no-dangling", "--full"]), "");
}

#[test]
fn a_hostile_name_cannot_break_out_of_its_line() {
    let repo = Repo::with(&[("a", "a")]);
    let trunk = repo.trunk();
    let tree = trunk.objects().tree(repo.head()).expect("read");
    let mut evil = draft("message\0with a nul");
    evil.author.person.name = "A\ncommitter B <b@x> 1 +0000\0<".to_owned();
    evil.author.person.email = ">".to_owned();
    evil.committer.person.name = " ".to_owned();
    evil.committer.at = weir_model::Timestamp::from_millis(-1);
    let commit = trunk.write_commit(tree, &[repo.head()], &evil).expect("written");
    let read = trunk.objects().commit(commit).expect("read");
    assert_eq!(read.author.person.name, "Acommitter B b@x 1 +0000");
    assert_eq!((read.committer.person.name.as_str(), read.committer.at.as_millis()), ("weir", 0));
    assert_eq!(git_in(trunk.dir(), &["fsck", "--no-dangling", "--full", "--strict"]), "");
}

#[test]
fn histories_with_nothing_in_common_are_refused() {
    let repo = Repo::with(&[("a", "a")]);
    let first = repo.head();
    repo.git(&["checkout", "--quiet", "--orphan", "other"]);
    let other = repo.commit("other", &[("b", "b")]);
    let trunk = repo.trunk();
    let refused = trunk.merge(first, other).expect_err("unrelated");
    assert_eq!(refused.refusal().expect("a refusal").code, "merge.unrelated");
    let mut merger = Merger::new(trunk.objects());
    let refused = merger.chain(first, &[other]).expect_err("unrelated");
    assert_eq!(refused.refusal().expect("a refusal").code, "merge.unrelated");
}

#[test]
fn attributes_of_the_tree_say_what_may_be_merged() {
    let text = |file: &str, lock: &str| {
        let attributes = "LOG merge=union\n*.lock -merge\n";
        files(&[(".gitattributes", attributes), ("LOG", file), ("a.lock", lock)])
    };
    let base = text("1\n", "1\n2\n3\n4\n");
    let (repo, [_, ours, theirs]) =
        three([&base, &text("1\nours\n", "1\n2\n3\n4\n"), &text("1\ntheirs\n", "1\n2\n3\n4\n")]);
    let (in_memory, merged) = both(&repo.trunk(), ours, theirs);
    assert!(matches!(merged, Merged::Clean { .. }), "a union: {merged:?}");
    assert_eq!(in_memory, merged);
    let (repo, [_, ours, theirs]) =
        three([&base, &text("1\n", "0\n2\n3\n4\n"), &text("1\n", "1\n2\n3\n5\n")]);
    let (in_memory, merged) = both(&repo.trunk(), ours, theirs);
    assert!(matches!(merged, Merged::Conflict { .. }), "not line by line: {merged:?}");
    assert_eq!(in_memory, merged);
}

/// A small tree: a few paths, some of which are folders to others, of few lines each.
fn tree() -> impl Strategy<Value = Files> {
    let paths = prop::sample::select(vec!["a", "b", "d/a", "d/b", "d/e/a", "f"]);
    let mode = prop::sample::select(vec!["100644", "100644", "100755"]);
    // Each line is another: where lines repeat, more than one diff is right, and with it the merge.
    let lines = prop::sample::subsequence((b'1'..=b'9').collect::<Vec<_>>(), 0..9);
    let text =
        lines.prop_map(|lines| lines.into_iter().flat_map(|c| [char::from(c), '\n']).collect());
    let file = (mode, text);
    prop::collection::btree_map(paths.prop_map(str::to_owned), file, 1..6)
}

#[derive(Debug, Clone)]
enum Edit {
    Line(usize, usize, &'static str),
    Delete(usize),
    Add(&'static str, String),
    Executable(usize),
    Rename(usize, &'static str),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let line = prop::sample::select(vec!["x\n", "y\n", "z\n", ""]);
    let new = prop::sample::select(vec!["b", "d/n", "g", "h/a"]);
    let edit = prop_oneof![
        5 => (0usize..6, 0usize..9, line).prop_map(|(file, at, text)| Edit::Line(file, at, text)),
        1 => (0usize..6).prop_map(Edit::Delete),
        1 => (new, "[uvw]\n").prop_map(|(path, text)| Edit::Add(path, text)),
        1 => (0usize..6).prop_map(Edit::Executable),
        1 => (0usize..6, prop::sample::select(vec!["moved", "d/moved", "g/a"])).prop_map(|(file, to)| Edit::Rename(file, to)),
    ];
    prop::collection::vec(edit, 0..4)
}

fn apply(base: &Files, edits: &[Edit]) -> Files {
    let mut files = base.clone();
    for edit in edits {
        let nth = |n: usize| files.keys().nth(n % files.len().max(1)).cloned();
        match edit {
            Edit::Line(n, at, text) => {
                let Some(path) = nth(*n) else { continue };
                let Some((_, content)) = files.get_mut(&path) else { continue };
                let mut lines: Vec<&str> = content.split_inclusive('\n').collect();
                let at = at % (lines.len() + 1);
                if at < lines.len() {
                    lines[at] = text
                } else {
                    lines.push(text)
                }
                *content = lines.concat();
            }
            Edit::Delete(n) => {
                if let Some(path) = nth(*n) {
                    files.remove(&path);
                }
            }
            Edit::Add(path, text) => {
                files.insert((*path).to_owned(), ("100644", text.clone()));
            }
            Edit::Rename(n, to) => {
                if let Some(file) = nth(*n).and_then(|path| files.remove(&path)) {
                    files.insert((*to).to_owned(), file);
                }
            }
            Edit::Executable(n) => {
                let Some(path) = nth(*n) else { continue };
                files.entry(path).and_modify(|(mode, _)| *mode = "100755");
            }
        }
    }
    files
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_ways_agree_on_random_trees(base in tree(), ours in edits(), theirs in edits()) {
        let (ours, theirs) = (apply(&base, &ours), apply(&base, &theirs));
        let (repo, [base, ours, theirs]) = three([&base, &ours, &theirs]);
        let (in_memory, merged) = both(&repo.trunk(), ours, theirs);
        let mut merger = Merger::new(repo.trunk().objects());
        let chained = crate::merged(merger.chain(base, &[ours, theirs]).expect("chained"));
        match (&in_memory, &chained, &merged) {
            // Where a file and a folder have one name, git names the commit in the path.
            (Merged::Conflict { .. }, Merged::Conflict { .. }, Merged::Conflict { .. }) => {}
            _ => prop_assert!(in_memory == merged && chained == merged, "{in_memory:?}, {chained:?}: {merged:?}"),
        }
    }

    /// Three changes one upon another are what git makes of them a commit at a time, and what is written of it is all.
    #[test]
    fn a_chain_is_what_git_makes_of_it(base in tree(), changes in prop::collection::vec(edits(), 3)) {
        let sides: Vec<Files> = changes.iter().map(|edits| apply(&base, edits)).collect();
        let (repo, [start, one, two]) = three([&base, &sides[0], &sides[1]]);
        let three = branch_of(&repo, &sides[2]);
        let trunk = repo.trunk();
        let mut merger = Merger::new(trunk.objects());
        let mut link = merger.begin(start).expect("begun");
        let mut tip = start;
        for change in [one, two, three] {
            let by_git = trunk.write_merge(tip, change, &draft("step")).expect("merged");
            match (merger.go_on(&link, change).expect("merged"), by_git) {
                (Linked::Clean(next), Written::Commit { commit, tree }) => {
                    prop_assert_eq!(next.tree(), tree);
                    (link, tip) = (next, commit);
                }
                (Linked::Conflict { .. }, Written::Conflict { .. }) => {}
                other => prop_assert!(false, "{:?}", other),
            }
        }
        // In a trunk that git has not written it to.
        let fresh = tempfile::tempdir().expect("a folder");
        let source = weir_git::inspect(&repo.dir, None).expect("a repository");
        let fresh = Trunk::open_or_create(&source, fresh.path(), "main").expect("a trunk");
        fresh.own_link(&merger, &link).expect("written");
        prop_assert!(!all_of(&fresh, link.tree()).is_empty());
        prop_assert_eq!(git_in(fresh.dir(), &["fsck", "--no-dangling", "--full"]), "");
    }

    /// Where lines repeat, more than one difference is right, and with it more than one merge.
    #[test]
    fn both_ways_agree_where_lines_repeat(
        base in lines_repeated(),
        ours in lines_edited(),
        theirs in lines_edited(),
    ) {
        let sides = [&base, &edited(&base, &ours), &edited(&base, &theirs)].map(|lines| {
            files(&[("a", &lines.iter().map(|line| format!("{line}\n")).collect::<String>())])
        });
        let (repo, [_, ours, theirs]) = three([&sides[0], &sides[1], &sides[2]]);
        let (in_memory, merged) = both(&repo.trunk(), ours, theirs);
        prop_assert_eq!(in_memory, merged);
    }
}

/// A few lines over and over, or each another.
fn lines_repeated() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        1 => prop::collection::vec(0u8..4, 0..24),
        2 => Just((10u8..60).collect::<Vec<_>>()).prop_shuffle(),
    ]
}

type LineEdits = Vec<(prop::sample::Index, usize, Vec<u8>)>;

fn lines_edited() -> impl Strategy<Value = LineEdits> {
    let edit = (
        any::<prop::sample::Index>(),
        0usize..4,
        prop::collection::vec(prop_oneof![0u8..5, 10u8..60], 0..4),
    );
    prop::collection::vec(edit, 1..4)
}

fn edited(base: &[u8], edits: &LineEdits) -> Vec<u8> {
    let mut lines = base.to_vec();
    for (at, gone, new) in edits {
        let at = at.index(lines.len() + 1);
        let end = (at + gone).min(lines.len());
        lines.splice(at..end, new.iter().copied());
    }
    lines
}
