//! A clean checkout for the gate: exactly the files of one revision, byte for byte.
//!
//! It has a `.git` of its own, borrowing the trunk's objects, because build scripts ask git for
//! versions and file lists; nothing done in it reaches the trunk. Git writes the files, for it has
//! thirty years of hostile file names behind it: no path leaves the folder, no link is followed.
//! Every conversion that attributes may ask for is off, so that what is tested is what was hashed.

use crate::error::{io_failed, read_failed};
use crate::git::{bare_git, git, succeed};
use crate::trunk::lend_objects;
use crate::{CommitId, Error, Mode, Objects, TreeId, Trunk};
use bstr::{BStr, BString, ByteSlice as _};
use gix::ObjectId;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// A folder with the files of one revision; it is removed when this is dropped.
#[derive(Debug)]
pub struct Checkout {
    folder: PathBuf,
    tree: TreeId,
}

impl Checkout {
    /// Checks `commit` out into `folder`, which must not exist or be empty, and compares every file
    /// with the tree: what this returns is that tree.
    ///
    /// Submodules are empty folders. File names of any bytes, executable bits and links are kept.
    ///
    /// # Errors
    /// `commit.unknown`; failures of the disk; a tree that git will not check out (`../x`, `.git/x`).
    pub fn clean(trunk: &Trunk, folder: &Path, commit: CommitId) -> Result<Self, Error> {
        Self::of(trunk.dir(), trunk.objects(), folder, commit)
    }

    /// The same, from the repository at `git_dir`, whose objects these are.
    ///
    /// # Errors
    /// As [`Checkout::clean`].
    pub fn of(
        git_dir: &Path,
        objects: &Objects,
        folder: &Path,
        commit: CommitId,
    ) -> Result<Self, Error> {
        let tree = objects.tree(commit)?;
        let doing = || io_failed(format!("make `{}`", folder.display()));
        fs::create_dir_all(folder).map_err(doing())?;
        if fs::read_dir(folder).map_err(doing())?.next().is_some() {
            return Err(doing()(std::io::ErrorKind::DirectoryNotEmpty.into()));
        }
        let folder = folder.canonicalize().map_err(doing())?;
        // From here on, dropping it removes what was done.
        let checkout = Self { folder, tree };
        lay_out(&checkout.folder, git_dir)?;
        fill(&checkout.folder, commit)?;
        verify(objects, tree, &checkout.folder)?;
        Ok(checkout)
    }

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What they are, by hash, as of the checkout.
    pub fn tree(&self) -> TreeId {
        self.tree
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        if fs::remove_dir_all(&self.folder).is_err() {
            // A check may have taken away its own right to delete; give it back, once.
            open_up(&self.folder);
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Makes every folder below `dir` writable for us. Links are not followed.
fn open_up(dir: &Path) {
    let _ = fs::set_permissions(dir, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}

/// Makes an empty repository in `folder` that borrows the objects of `lender`.
pub(crate) fn lay_out(folder: &Path, lender: &Path) -> Result<(), Error> {
    let mut init = bare_git();
    init.args(["init", "--quiet", "--template=", "--object-format=sha1"]).arg(folder);
    init.env("GIT_DEFAULT_REF_FORMAT", "files");
    succeed(&mut init, None, "make a repository")?;
    lend_objects(&folder.join(".git"), lender)
}

fn fill(folder: &Path, commit: CommitId) -> Result<(), Error> {
    let git_dir = folder.join(".git");
    let info = git_dir.join("info");
    // The attributes that win over every file in the tree.
    let attributes = "* -text -ident -filter -working-tree-encoding !eol\n";
    fs::create_dir_all(&info)
        .and_then(|()| fs::write(info.join("attributes"), attributes))
        .map_err(io_failed("prepare a checkout"))?;
    let mut command = git(&git_dir);
    command.arg("--work-tree").arg(folder).current_dir(folder);
    // It is thrown away soon: nothing in it needs to outlive a power cut.
    command.args(["-c", "core.fsync=none", "-c", "core.symlinks=true", "-c", "checkout.workers=0"]);
    command.args(["-c", "core.autocrlf=false", "-c", "advice.detachedHead=false"]);
    command.args(["checkout", "--quiet", "--force", "--no-recurse-submodules", "--detach"]);
    command.arg(commit.to_string());
    succeed(&mut command, None, "check out a revision").map(drop)
}

/// Compares what lies in `folder` with `tree`, reading every file: a second witness beside git.
fn verify(objects: &Objects, tree: TreeId, folder: &Path) -> Result<(), Error> {
    let mut expected = BTreeMap::new();
    list_tree(&objects.repo(), tree, BStr::new(""), &mut expected)?;
    let mut found = BTreeMap::new();
    list_folder(folder, BStr::new(""), &mut found)?;
    // An empty folder is all that is to be seen of a submodule.
    let differ = |path: &BString| read_failed("check out a revision")(format!("`{path}` differs"));
    for (path, (mode, id)) in &expected {
        let same = match (mode, found.remove(path)) {
            (Mode::Submodule, Some((Mode::Folder, _))) => true,
            (Mode::Folder, Some((Mode::Folder, _))) => true,
            (mode, Some((other, Some(content)))) => *mode == other && *id == content,
            (_, Some((_, None)) | None) => false,
        };
        if !same {
            return Err(differ(path));
        }
    }
    found.into_keys().next().map_or(Ok(()), |extra| Err(differ(&extra)))
}

fn list_tree(
    repo: &gix::Repository,
    tree: TreeId,
    prefix: &BStr,
    list: &mut BTreeMap<BString, (Mode, ObjectId)>,
) -> Result<(), Error> {
    let doing = || read_failed::<gix::Error>("read the tree of a checkout");
    for entry in repo.find_tree(tree.0).map_err(doing())?.iter() {
        let entry = entry.map_err(doing())?;
        let (mode, id) = (Mode::of(entry.mode()), entry.object_id());
        let path = joined(prefix, entry.filename());
        if mode == Mode::Folder {
            list_tree(repo, TreeId(id), path.as_bstr(), list)?;
        }
        list.insert(path, (mode, id));
    }
    Ok(())
}

fn list_folder(
    folder: &Path,
    prefix: &BStr,
    list: &mut BTreeMap<BString, (Mode, Option<ObjectId>)>,
) -> Result<(), Error> {
    let doing = |path: &Path| io_failed(format!("read `{}`", path.display()));
    for entry in fs::read_dir(folder).map_err(doing(folder))? {
        let path = entry.map_err(doing(folder))?.path();
        let name = path.file_name().map(|name| name.as_bytes()).unwrap_or_default();
        if prefix.is_empty() && name == b".git" {
            continue;
        }
        let name = joined(prefix, name.as_bstr());
        let kind = fs::symlink_metadata(&path).map_err(doing(&path))?;
        let seen = if kind.is_symlink() {
            let target = fs::read_link(&path).map_err(doing(&path))?;
            let target = target.as_os_str().as_bytes();
            (Mode::Link, Some(hash(target, target.len() as u64).map_err(doing(&path))?))
        } else if kind.is_dir() {
            list_folder(&path, name.as_bstr(), list)?;
            (Mode::Folder, None)
        } else {
            let executable = kind.permissions().mode() & 0o100 != 0;
            let file = fs::File::open(&path).map_err(doing(&path))?;
            let id = hash(file, kind.len()).map_err(doing(&path))?;
            (if executable { Mode::Executable } else { Mode::File }, Some(id))
        };
        list.insert(name, seen);
    }
    Ok(())
}

fn joined(prefix: &BStr, name: &BStr) -> BString {
    let mut path = prefix.to_owned();
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

/// The name that git gives to a blob of these bytes, computed without holding them.
fn hash(mut bytes: impl std::io::Read, size: u64) -> std::io::Result<ObjectId> {
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
    hasher.update(format!("blob {size}\0").as_bytes());
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match bytes.read(&mut buffer)? {
            0 => break,
            n => hasher.update(&buffer[..n]),
        }
    }
    hasher.try_finalize().map_err(std::io::Error::other)
}
