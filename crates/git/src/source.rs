//! The user's repository, found from any folder inside it, and whether Weir can stand beside it.
//!
//! What works: a work tree, a linked work tree, a bare repository, a detached head, submodules (their
//! links are carried along), LFS pointers (plain files), file names of any bytes, blobs of any size.
//! What is refused, with the way out: no commits, a shallow or partial clone (merge bases or objects
//! are missing), an object format other than SHA-1, no branch to be the trunk.

use crate::error::read_failed;
use crate::git::{bare_git, git_version, output};
use crate::{CommitId, Error};
use gix::bstr::ByteSlice as _;
use gix::sec::trust::Mapping;
use std::path::{Path, PathBuf};
use weir_model::Refusal;

/// Where a repository's head is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// On a branch that has commits.
    Branch(String),
    /// On a branch without a commit.
    Unborn(String),
    /// On a commit, on no branch.
    Detached(CommitId),
}

/// A branch and where it points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its name, without `refs/heads/`.
    pub name: String,
    /// Its newest commit.
    pub tip: CommitId,
}

/// A user's repository that Weir can stand beside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Where its files are; `None` for a bare repository.
    pub work_tree: Option<PathBuf>,
    /// The git directory of the work tree that was found.
    pub git_dir: PathBuf,
    /// The git directory that all its work trees share: objects, branches, configuration.
    pub common_dir: PathBuf,
    /// Where its head is.
    pub head: Head,
    /// The branch that is, or most probably is, its trunk.
    pub trunk: Branch,
    /// All its branches, in alphabetical order: what else could be the trunk.
    pub branches: Vec<Branch>,
}

impl Source {
    /// Whether it has no work tree.
    pub fn is_bare(&self) -> bool {
        self.work_tree.is_none()
    }

    /// Where Weir keeps what belongs to this repository: `.git/weir`, shared by all its work trees.
    pub fn home(&self) -> PathBuf {
        self.common_dir.join("weir")
    }
}

/// Names that people give to a trunk, in the order in which they are tried.
const USUAL_TRUNKS: [&str; 4] = ["main", "master", "trunk", "develop"];

/// Finds the repository that `dir` lies in, and its trunk: `trunk` if given, else the branch that
/// `origin` calls its default, else a usual name, else the current branch.
///
/// # Errors
/// Refuses with `repo.not_found`, `repo.no_commits`, `repo.shallow`, `repo.partial`,
/// `repo.object_format`, `repo.detached`, `trunk.unknown`, `git.missing` or `git.too_old`.
pub fn inspect(dir: &Path, trunk: Option<&str>) -> Result<Source, Error> {
    git_version()?;
    let repo = discover(dir)?;
    refuse_incomplete(&repo)?;
    let head = head(&repo)?;
    let branches = branches(&repo)?;
    let trunk = find_trunk(&repo, &head, &branches, trunk)?;
    let absolute = |path: &Path| {
        let doing = || format!("resolve `{}`", path.display());
        path.canonicalize().map_err(|source| Error::Io { doing: doing(), source })
    };
    Ok(Source {
        work_tree: repo.workdir().map(absolute).transpose()?,
        git_dir: absolute(repo.git_dir())?,
        common_dir: absolute(repo.common_dir())?,
        head,
        trunk,
        branches,
    })
}

/// What git calls the user in this repository, by the user's own settings, if they have any.
///
/// Git itself is asked, with the user's environment: only it knows every file that a setting may come from, and
/// a name is all that is taken from them.
pub fn user_name(source: &Source) -> Option<String> {
    let mut command = std::process::Command::new("git");
    command.arg("--git-dir").arg(&source.git_dir).args(["config", "--get", "user.name"]);
    let printed = command.stdin(std::process::Stdio::null()).output().ok()?;
    let name = String::from_utf8(printed.stdout).ok()?.trim().to_owned();
    (printed.status.success() && !name.is_empty()).then_some(name)
}

fn discover(dir: &Path) -> Result<gix::Repository, Error> {
    let isolated = gix::open::Options::isolated;
    let options = Mapping { full: isolated(), reduced: isolated() };
    let found = gix::ThreadSafeRepository::discover_opts(dir, Default::default(), options);
    found.map(|repo| repo.to_thread_local()).map_err(|error| why_not_found(dir, error))
}

/// Asks git itself, which knows more kinds of repositories, what is the matter.
fn why_not_found(dir: &Path, error: gix::Error) -> Error {
    let ask = |what: &str| {
        let mut command = bare_git();
        command.arg("-C").arg(dir).args(["rev-parse", what]);
        let answer = output(&mut command, None, "ask git about the repository").ok()?;
        answer.status.success().then(|| String::from_utf8_lossy(&answer.stdout).trim().to_owned())
    };
    match (ask("--git-dir"), ask("--show-object-format")) {
        (None, _) => not_found(dir).into(),
        (Some(_), Some(format)) if format != "sha1" => object_format(&format).into(),
        (Some(_), _) => read_failed(format!("open the repository at `{}`", dir.display()))(error),
    }
}

fn not_found(dir: &Path) -> Refusal {
    let sentence = format!("`{}` is in no git repository", dir.display());
    Refusal::new("repo.not_found", sentence)
        .hint("go into a git repository, or make one: `git init && git add . && git commit`")
}

fn object_format(format: &str) -> Refusal {
    let sentence =
        format!("this repository names its objects by `{format}`, and Weir reads `sha1`");
    Refusal::new("repo.object_format", sentence)
        .hint("use a repository in git's default object format")
}

/// Refuses what lacks a part of its history or of its objects.
fn refuse_incomplete(repo: &gix::Repository) -> Result<(), Error> {
    if repo.object_hash() != gix::hash::Kind::Sha1 {
        return Err(object_format(&repo.object_hash().to_string()).into());
    }
    // A file that only a shallow clone has; other work trees share it.
    if repo.is_shallow().map_err(read_failed("see whether the repository is shallow"))? {
        let refusal = Refusal::new(
            "repo.shallow",
            "this is a shallow clone: without its history nothing can be merged into it safely",
        );
        return Err(refusal.hint("fetch the rest: `git fetch --unshallow`").into());
    }
    let config = repo.config_snapshot();
    let remotes = config.sections_by_name("remote").into_iter().flatten();
    let promised = remotes.into_iter().any(|remote| remote.value("promisor").is_some_and(is_true));
    if promised || config.string("extensions.partialClone").is_some() {
        let refusal = Refusal::new(
            "repo.partial",
            "this is a partial clone: some of its objects are only on its remote",
        );
        return Err(refusal.hint("clone it again without `--filter`").into());
    }
    Ok(())
}

fn is_true(value: bstr::BString) -> bool {
    !matches!(value.to_ascii_lowercase().as_slice(), b"false" | b"no" | b"off" | b"0")
}

fn head(repo: &gix::Repository) -> Result<Head, Error> {
    let head = repo.head().map_err(read_failed("read the head"))?;
    let name = head.referent_name().map(|name| name.shorten().to_str_lossy().into_owned());
    match (name, head.id()) {
        (Some(name), _) if head.is_unborn() => Ok(Head::Unborn(name)),
        (Some(name), _) => Ok(Head::Branch(name)),
        (None, Some(id)) => Ok(Head::Detached(CommitId(id.detach()))),
        // Neither a branch nor a commit: an empty head is as good as no commits.
        (None, None) => Ok(Head::Unborn(String::new())),
    }
}

/// All branches whose names can be written down and that point to a commit.
fn branches(repo: &gix::Repository) -> Result<Vec<Branch>, Error> {
    let doing = || read_failed::<gix::Error>("list the branches");
    let platform = repo.references().map_err(doing())?;
    let mut branches = Vec::new();
    for reference in platform.local_branches().map_err(doing())? {
        // One broken ref of many must not hide the others.
        let Ok(mut reference) = reference else { continue };
        let Ok(tip) = reference.peel_to_commit() else { continue };
        let tip = CommitId(tip.id);
        if let Ok(name) = reference.name().shorten().to_str() {
            branches.push(Branch { name: name.to_owned(), tip });
        }
    }
    branches.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(branches)
}

fn find_trunk(
    repo: &gix::Repository,
    head: &Head,
    branches: &[Branch],
    asked: Option<&str>,
) -> Result<Branch, Error> {
    let find = |name: &str| {
        let local = branches.iter().find(|branch| branch.name == name).cloned();
        local.or_else(|| remote_branch(repo, name))
    };
    if let Some(name) = asked {
        return find(name).ok_or_else(|| unknown_trunk(name, head, branches).into());
    }
    let current = match head {
        Head::Branch(name) => Some(name.as_str()),
        Head::Unborn(_) | Head::Detached(_) => None,
    };
    let default = default_of_origin(repo);
    let names = default.as_deref().into_iter().chain(USUAL_TRUNKS).chain(current);
    names.into_iter().find_map(find).ok_or_else(|| no_trunk(head, branches).into())
}

/// What `origin` calls its default branch, as of the last clone or `git remote set-head`.
fn default_of_origin(repo: &gix::Repository) -> Option<String> {
    let head = repo.try_find_reference("refs/remotes/origin/HEAD").ok()??;
    let target = head.target().try_name()?.as_bstr().to_str().ok()?.to_owned();
    target.strip_prefix("refs/remotes/origin/").map(str::to_owned)
}

/// A branch that was cloned but never checked out here.
fn remote_branch(repo: &gix::Repository, name: &str) -> Option<Branch> {
    let mut found = repo.try_find_reference(&format!("refs/remotes/origin/{name}")).ok()??;
    let tip = CommitId(found.peel_to_commit().ok()?.id);
    Some(Branch { name: name.to_owned(), tip })
}

fn unknown_trunk(name: &str, head: &Head, branches: &[Branch]) -> Refusal {
    match branches {
        [] => no_trunk(head, branches),
        _ => Refusal::new("trunk.unknown", format!("there is no branch `{name}`"))
            .hint(format!("name one that exists: {}", listed(branches))),
    }
}

fn no_trunk(head: &Head, branches: &[Branch]) -> Refusal {
    match (head, branches) {
        (Head::Detached(id), []) => Refusal::new(
            "repo.detached",
            format!("the head is on `{id:.10}`, and there is no branch"),
        )
        .hint("make a branch of it: `git switch -c main`"),
        (Head::Unborn(_) | Head::Branch(_), []) => {
            Refusal::new("repo.no_commits", "this repository has no commits yet")
                .hint("make the first one: `git add . && git commit`")
        }
        (Head::Detached(_) | Head::Unborn(_) | Head::Branch(_), _) => {
            Refusal::new("trunk.unknown", "no branch is called like a trunk")
                .hint(format!("name the trunk with `--trunk`, one of: {}", listed(branches)))
        }
    }
}

/// Enough names to choose from, not the thousand that some repositories have.
fn listed(branches: &[Branch]) -> String {
    const LISTED_MAX: usize = 10;
    let names = branches.iter().take(LISTED_MAX).map(|branch| format!("`{}`", branch.name));
    let mut text = names.collect::<Vec<_>>().join(", ");
    if let Some(more) = branches.len().checked_sub(LISTED_MAX).filter(|more| *more > 0) {
        text.push_str(&format!(" and {more} more"));
    }
    text
}
