//! The trunk: a bare repository of Weir's own that borrows the user's objects and owns its refs.

use crate::error::io_failed;
use crate::git::{bare_git, git, succeed};
use crate::refs::{remove_dead_lock, sweep_dead_locks};
use crate::upkeep::remove_half_packs;
use crate::{CommitId, Error, Objects, Source, quarantine};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use weir_model::Refusal;

/// Where changes land. Cheap to clone; every clone sees what the others write.
#[derive(Clone)]
pub struct Trunk {
    dir: PathBuf,
    home: PathBuf,
    name: String,
    user_dir: PathBuf,
    objects: Objects,
}

impl Trunk {
    /// Opens `<home>/trunk.git`, or makes it: borrowing the objects of `source`, with its branch
    /// `name` starting where the user's branch is now. What an earlier crash left half-made is removed.
    ///
    /// Walks no history, so it is as fast on a large repository as on a small one.
    ///
    /// # Errors
    /// `trunk.unknown` when neither the trunk nor the user has such a branch; failures of the disk.
    pub fn open_or_create(source: &Source, home: &Path, name: &str) -> Result<Self, Error> {
        fs::create_dir_all(home).map_err(io_failed(format!("make `{}`", home.display())))?;
        // One at a time, so that a leftover is one: its maker is dead, or it would hold the lock.
        let _alone = lock(&home.join("trunk.lock"))?;
        remove_leftovers(home)?;
        quarantine::remove_dead(home);
        let dir = home.join("trunk.git");
        if dir.exists() {
            lend_objects(&dir, &source.common_dir)?;
            sweep_dead_locks(&dir.join("refs"));
            remove_half_packs(&dir);
        } else {
            build(source, home, name, &dir)?;
        }
        let trunk = Self {
            objects: Objects::open(&dir)?,
            dir,
            home: home.to_owned(),
            name: name.to_owned(),
            user_dir: source.common_dir.clone(),
        };
        // An existing trunk may be asked for a branch that it has not held before.
        if trunk.try_tip()?.is_none() {
            let start = start_of(source, name)?;
            trunk.keep(start)?;
            trunk.create_ref(&trunk.branch(), start)?;
        }
        Ok(trunk)
    }

    /// The bare repository.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The folder that it lies in, with all else of Weir's that belongs to the repository.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The name of its branch, without `refs/heads/`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The full name of its branch.
    pub fn branch(&self) -> String {
        format!("refs/heads/{}", self.name)
    }

    /// Its objects and the user's, to be read.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The newest commit of the user's own branch of the same name, if there is one: it may have moved
    /// on without us.
    pub fn user_tip(&self) -> Result<Option<CommitId>, Error> {
        Objects::open(&self.user_dir)?.read_ref(&self.branch())
    }

    /// Keeps `commit`, and all that it reaches, in the user's repository, so that it can be built upon
    /// here: we borrow those objects, and the user's `git gc` would prune what no ref of the user's
    /// names. Git itself writes the ref, for it knows every format that the user's refs may be in.
    pub fn keep(&self, commit: CommitId) -> Result<(), Error> {
        keep(&self.user_dir, commit)
    }

    /// A hardened `git` on this trunk.
    pub(crate) fn git(&self) -> std::process::Command {
        git(&self.dir)
    }
}

/// One ref a commit: one for the start and one for each time the user's branch is taken in again.
fn keep(user_dir: &Path, commit: CommitId) -> Result<(), Error> {
    let name = format!("refs/weir/keep/{commit}");
    let mut command = git(user_dir);
    command.args(["update-ref", &name, &commit.to_string()]);
    let doing = "keep the start of the trunk in the user's repository";
    match succeed(&mut command, None, doing) {
        Err(_) if remove_dead_lock(user_dir, &name) => succeed(&mut command, None, doing).map(drop),
        kept => kept.map(drop),
    }
}

fn start_of(source: &Source, name: &str) -> Result<CommitId, Error> {
    let mut known = std::iter::once(&source.trunk).chain(&source.branches);
    let found = known.find(|branch| branch.name == name).map(|branch| branch.tip);
    found.ok_or_else(|| {
        Refusal::new("trunk.unknown", format!("there is no branch `{name}`"))
            .hint("name a branch that exists: `git branch` lists them")
            .into()
    })
}

/// Builds the trunk beside its place and renames it into it: it is there whole or not at all.
fn build(source: &Source, home: &Path, name: &str, dir: &Path) -> Result<(), Error> {
    let start = start_of(source, name)?;
    keep(&source.common_dir, start)?;
    let fresh = tempfile::Builder::new()
        .prefix(LEFTOVER)
        .tempdir_in(home)
        .map_err(io_failed("make a folder for the trunk"))?;
    // Git itself lays out a repository: its formats grow with its versions, ours would not.
    let mut init = bare_git();
    init.args(["init", "--quiet", "--bare", "--template=", "--object-format=sha1"]);
    init.arg(format!("--initial-branch={name}"));
    init.env("GIT_DEFAULT_REF_FORMAT", "files").arg(fresh.path());
    succeed(&mut init, None, "make the trunk")?;
    configure(fresh.path())?;
    lend_objects(fresh.path(), &source.common_dir)?;
    let mut start_branch = git(fresh.path());
    start_branch.args(["update-ref", &format!("refs/heads/{name}"), &start.to_string()]);
    succeed(&mut start_branch, None, "start the trunk's branch")?;
    sync_dir(fresh.path())?;
    fs::rename(fresh.path(), dir).map_err(io_failed("put the trunk into its place"))?;
    // It is there no more under its old name, so there is nothing to remove.
    drop(fresh.keep());
    sync_dir(home)
}

/// What gix, which reads no command line of ours, must know to merge as git does.
fn configure(dir: &Path) -> Result<(), Error> {
    let doing = || io_failed("configure the trunk");
    let mut config = File::options().append(true).open(dir.join("config")).map_err(doing())?;
    let text = "[diff]\n\talgorithm = histogram\n\trenameLimit = 1000\n\
                [merge]\n\trenames = true\n\tdirectoryRenames = false\n\trenameLimit = 1000\n\
                [gc]\n\tauto = 0\n";
    config.write_all(text.as_bytes()).and_then(|()| config.sync_all()).map_err(doing())
}

/// Makes `git_dir` see the objects of `lender`, by an absolute path: git ignores relative ones when
/// a third repository borrows from the second. Written anew when the lender has moved.
pub(crate) fn lend_objects(git_dir: &Path, lender: &Path) -> Result<(), Error> {
    let mut line = lender.join("objects").into_os_string().into_encoded_bytes();
    if line.contains(&b'\n') {
        let sentence =
            "the path of this repository has a line break in it, which git cannot borrow from";
        return Err(Refusal::new("repo.path", sentence).hint("move it to a plainer path").into());
    }
    line.push(b'\n');
    let info = git_dir.join("objects/info");
    let file = info.join("alternates");
    if fs::read(&file).is_ok_and(|existing| existing == line) {
        return Ok(());
    }
    let doing = || io_failed("share the user's objects");
    fs::create_dir_all(&info).map_err(doing())?;
    write_whole(&file, &line).map_err(doing())
}

/// Writes a file so that it is there whole or not at all.
pub(crate) fn write_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = file.parent().unwrap_or(Path::new("."));
    let mut fresh = tempfile::NamedTempFile::new_in(dir)?;
    fresh.write_all(bytes)?;
    fresh.as_file().sync_all()?;
    fresh.persist(file)?;
    File::open(dir)?.sync_all()
}

/// Makes the names in a folder durable, as `fsync` of a file does for its bytes.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), Error> {
    let synced = File::open(dir).and_then(|dir| dir.sync_all());
    synced.map_err(io_failed(format!("make `{}` durable", dir.display())))
}

/// Holds `file` alone until the guard is dropped, or its process dies.
pub(crate) fn lock(file: &Path) -> Result<File, Error> {
    let doing = || io_failed(format!("lock `{}`", file.display()));
    let lock = File::options().create(true).append(true).open(file).map_err(doing())?;
    lock.lock().map_err(doing())?;
    Ok(lock)
}

/// The start of the names of what is being built, and of nothing that anyone would miss.
pub(crate) const LEFTOVER: &str = "building-";

/// Removes what a crash left half-made.
fn remove_leftovers(home: &Path) -> Result<(), Error> {
    let doing = || io_failed(format!("look through `{}`", home.display()));
    for entry in fs::read_dir(home).map_err(doing())? {
        let entry = entry.map_err(doing())?;
        if entry.file_name().as_encoded_bytes().starts_with(LEFTOVER.as_bytes()) {
            // A git that outlived its process may still be writing into it: then the next start finds it again.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}
