//! Which repositories Weir can stand beside, and what it says of the others.

mod support;

use std::fs;
use support::{Repo, git_in};
use weir_git::{Head, inspect};

fn refused(repo: &Repo, trunk: Option<&str>) -> (String, String) {
    let before = repo.fingerprint();
    let error = inspect(&repo.dir, trunk).expect_err("a refusal");
    assert_eq!(repo.fingerprint(), before, "a refusal changes nothing");
    let refusal = error.refusal().unwrap_or_else(|| panic!("a refusal, not {error:?}"));
    (refusal.code.to_string(), refusal.hint.clone().expect("a next step"))
}

#[test]
fn is_found_from_any_folder_inside() {
    let repo = Repo::with(&[("src/deep/a.txt", "a")]);
    let source = inspect(&repo.dir.join("src/deep"), None).expect("found");
    let dir = repo.dir.canonicalize().expect("exists");
    assert_eq!(source.work_tree.as_deref(), Some(dir.as_path()));
    assert_eq!(source.common_dir, dir.join(".git"));
    assert_eq!(source.home(), dir.join(".git/weir"));
    assert_eq!(source.head, Head::Branch("main".to_owned()));
    assert_eq!((source.trunk.name.as_str(), source.trunk.tip), ("main", repo.head()));
}

#[test]
fn a_linked_work_tree_leads_to_the_repository_it_shares() {
    let repo = Repo::with(&[("a", "a")]);
    repo.git(&["worktree", "add", "--quiet", "-b", "side", "../side"]);
    let source = inspect(&repo.root.path().join("side"), None).expect("found");
    assert_eq!(source.common_dir, repo.dir.join(".git").canonicalize().expect("exists"));
    assert_ne!(source.git_dir, source.common_dir);
    assert_eq!((source.head, source.trunk.name.as_str()), (Head::Branch("side".into()), "main"));
}

#[test]
fn a_bare_repository_works() {
    let repo = Repo::with(&[("a", "a")]);
    repo.git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
    let source = inspect(&repo.root.path().join("bare.git"), None).expect("found");
    assert!(source.is_bare());
    assert_eq!(source.trunk.tip, repo.head());
}

#[test]
fn a_detached_head_works_where_there_is_a_trunk() {
    let repo = Repo::with(&[("a", "a")]);
    repo.git(&["checkout", "--quiet", "--detach"]);
    let source = inspect(&repo.dir, None).expect("found");
    assert_eq!((&source.head, source.trunk.name.as_str()), (&Head::Detached(repo.head()), "main"));
    repo.git(&["branch", "--quiet", "-D", "main"]);
    assert_eq!(refused(&repo, None).0, "repo.detached");
    assert_eq!(refused(&repo, Some("main")).0, "repo.detached");
}

#[test]
fn the_trunk_is_the_one_named_else_the_default_of_origin_else_a_usual_name_else_the_current() {
    let repo = Repo::with(&[("a", "a")]);
    let trunk = |asked: Option<&str>| inspect(&repo.dir, asked).map(|source| source.trunk.name);
    repo.git(&["branch", "develop"]);
    repo.git(&["branch", "master"]);
    assert_eq!(trunk(None).expect("found"), "main");
    assert_eq!(trunk(Some("develop")).expect("found"), "develop");
    let (code, hint) = refused(&repo, Some("nope"));
    assert_eq!(code, "trunk.unknown");
    assert!(hint.contains("`develop`, `main`, `master`"), "{hint}");

    repo.git(&["branch", "--quiet", "-M", "main", "work"]);
    assert_eq!(trunk(None).expect("found"), "master");
    repo.git(&["branch", "--quiet", "-D", "master", "develop"]);
    assert_eq!(trunk(None).expect("found"), "work", "the current branch, in the end");
    repo.git(&["branch", "other"]);
    repo.git(&["checkout", "--quiet", "--detach"]);
    assert_eq!(refused(&repo, None).0, "trunk.unknown");
}

#[test]
fn the_default_of_origin_is_found_even_when_it_was_never_checked_out() {
    let repo = Repo::with(&[("a", "a")]);
    repo.git(&["branch", "--quiet", "-M", "main", "release"]);
    let start = repo.head();
    git_in(repo.root.path(), &["clone", "--quiet", "repo", "clone"]);
    let clone = repo.root.path().join("clone");
    git_in(&clone, &["checkout", "--quiet", "-b", "main"]);
    git_in(&clone, &["branch", "--quiet", "-D", "release"]);
    let source = inspect(&clone, None).expect("found");
    assert_eq!((source.trunk.name.as_str(), source.trunk.tip), ("release", start));
}

#[test]
fn what_weir_cannot_stand_beside_is_refused_with_the_way_out() {
    let nowhere = tempfile::TempDir::new().expect("a temporary folder");
    let error = inspect(nowhere.path(), None).expect_err("no repository");
    assert_eq!(error.refusal().expect("a refusal").code, "repo.not_found");

    let (code, hint) = refused(&Repo::empty(), None);
    assert_eq!((code.as_str(), hint.contains("git commit")), ("repo.no_commits", true));

    let repo = Repo::with(&[("a", "a")]);
    repo.commit("second", &[("a", "b")]);
    let url = format!("file://{}", repo.dir.display());
    let clone = |name: &str, option: &str| {
        git_in(repo.root.path(), &["clone", "--quiet", option, &url, name]);
        inspect(&repo.root.path().join(name), None).expect_err("refused")
    };
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    let shallow = clone("shallow", "--depth=1");
    assert_eq!(shallow.refusal().expect("a refusal").code, "repo.shallow");
    assert!(shallow.to_string().contains("git fetch --unshallow"));
    let partial = clone("partial", "--filter=blob:none");
    assert_eq!(partial.refusal().expect("a refusal").code, "repo.partial");

    let other = nowhere.path().join("sha256");
    git_in(nowhere.path(), &["init", "--quiet", "--object-format=sha256", "sha256"]);
    let error = inspect(&other, None).expect_err("refused");
    assert_eq!(error.refusal().expect("a refusal").code, "repo.object_format");
}

#[test]
fn a_broken_ref_does_not_hide_the_good_ones() {
    let repo = Repo::with(&[("a", "a")]);
    fs::write(repo.dir.join(".git/refs/heads/broken"), "1".repeat(40) + "\n").expect("written");
    fs::write(repo.dir.join(".git/refs/heads/garbage"), "garbage").expect("written");
    let source = inspect(&repo.dir, None).expect("found");
    assert_eq!(source.branches.len(), 1);
}
