//! A folder for one session: a small repository of its own that borrows the trunk's objects.
//!
//! A real clone rather than a linked work tree: an agent may do in it what it likes (branches, stashes,
//! `git gc`, even `rm -rf .git`), and neither the trunk nor another session notices.

use crate::checkout::lay_out;
use crate::error::io_failed;
use crate::git::{git, succeed};
use crate::trunk::{LEFTOVER, write_whole};
use crate::{CommitId, Error, Person, Trunk};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use weir_model::Refusal;

/// What a session's folder shall be.
#[derive(Debug, Clone)]
pub struct WorktreeSpec {
    /// The branch to be on, named after the task.
    pub branch: String,
    /// The commit to start from.
    pub at: CommitId,
    /// How to reach the trunk.
    pub remote: Remote,
    /// Who commits there, if it is not the user.
    pub person: Option<Person>,
    /// More settings: full key (`section.name` or `section.subsection.name`) and value.
    pub config: Vec<(String, String)>,
}

/// Weir as a remote of git.
#[derive(Clone)]
pub struct Remote {
    /// The URL of the trunk.
    pub url: String,
    /// The session's token, sent as `Authorization: Bearer …` to that URL and to no other.
    pub token: Option<String>,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A token is never shown.
        let token = self.token.as_ref().map(|_| "…");
        f.debug_struct("Remote").field("url", &self.url).field("token", &token).finish()
    }
}

/// A session's folder. It stays when this is dropped: the session's work is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worktree {
    folder: PathBuf,
}

/// Beside `.git/config`, which agents and tools edit, so that a new token replaces one whole file.
const SETTINGS: &str = "weir.config";

impl Worktree {
    /// Makes `folder`, which must not exist, with the files of `spec.at`, on `spec.branch`, with the
    /// remote `weir`: `git fetch weir` brings the trunk, `git push weir` submits. It is there whole
    /// or not at all.
    ///
    /// # Errors
    /// `worktree.exists`, `worktree.setting`, `worktree.branch`, `commit.unknown`; failures of the disk.
    pub fn create(trunk: &Trunk, folder: &Path, spec: &WorktreeSpec) -> Result<Self, Error> {
        trunk.objects().tree(spec.at)?;
        check_branch(&spec.branch)?;
        let settings = spell_settings(trunk, spec)?;
        if fs::symlink_metadata(folder).is_ok() {
            return Err(exists(folder).into());
        }
        let doing = || io_failed(format!("make `{}`", folder.display()));
        let parent = folder.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(doing())?;
        let fresh = tempfile::Builder::new().prefix(LEFTOVER).tempdir_in(parent).map_err(doing())?;
        lay_out(fresh.path(), trunk.dir())?;
        let git_dir = fresh.path().join(".git");
        write_private(&git_dir, &settings).map_err(doing())?;
        include(&git_dir).map_err(doing())?;
        check_out(fresh.path(), trunk, spec)?;
        fs::rename(fresh.path(), folder).map_err(doing())?;
        // It is there no more under its old name, so there is nothing to remove.
        drop(fresh.keep());
        Ok(Self { folder: folder.to_owned() })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Replaces the settings of an existing folder, when the token or the URL is another. A folder that
    /// lost its `.git` is refused with `worktree.gone`, and so is one whose `.git` leads elsewhere: the
    /// token would be written there.
    pub fn renew(trunk: &Trunk, folder: &Path, spec: &WorktreeSpec) -> Result<Self, Error> {
        let git_dir = folder.join(".git");
        if !fs::symlink_metadata(&git_dir).is_ok_and(|found| found.is_dir()) {
            let sentence = format!("`{}` is no work tree of a session", folder.display());
            return Err(Refusal::new("worktree.gone", sentence).hint("make a new one").into());
        }
        let settings = spell_settings(trunk, spec)?;
        write_private(&git_dir, &settings).map_err(io_failed("renew the settings of a session"))?;
        Ok(Self { folder: folder.to_owned() })
    }
}

fn exists(folder: &Path) -> Refusal {
    Refusal::new("worktree.exists", format!("`{}` is there already", folder.display()))
        .hint("work in it, or name another folder")
}

fn check_branch(branch: &str) -> Result<(), Refusal> {
    let full = format!("refs/heads/{branch}");
    let valid = gix::validate::reference::name(full.as_str().into()).is_ok();
    if !valid || branch.starts_with('-') || branch == "HEAD" {
        let sentence = format!("`{}` is no name for a branch", branch.escape_default());
        return Err(Refusal::new("worktree.branch", sentence));
    }
    Ok(())
}

fn spell_settings(trunk: &Trunk, spec: &WorktreeSpec) -> Result<String, Refusal> {
    let (url, name) = (&spec.remote.url, trunk.name());
    let mut settings = vec![
        ("remote.weir.url".to_owned(), url.clone()),
        ("remote.weir.fetch".to_owned(), "+refs/heads/*:refs/remotes/weir/*".to_owned()),
        ("remote.weir.push".to_owned(), format!("HEAD:refs/for/{name}")),
        (format!("branch.{}.remote", spec.branch), "weir".to_owned()),
        (format!("branch.{}.merge", spec.branch), trunk.branch()),
        ("remote.pushDefault".to_owned(), "weir".to_owned()),
    ];
    if let Some(token) = &spec.remote.token {
        let header = format!("Authorization: Bearer {token}");
        settings.push((format!("http.{url}.extraHeader"), header));
    }
    if let Some(person) = &spec.person {
        settings.push(("user.name".to_owned(), person.name.clone()));
        settings.push(("user.email".to_owned(), person.email.clone()));
    }
    settings.extend_from_slice(&spec.config);
    let lines = settings.iter().map(|(key, value)| spell(key, value));
    lines.collect::<Result<Vec<_>, _>>().map(|lines| lines.concat())
}

/// One setting as git's configuration spells it. Not through `git config`: its command line, and with
/// it the token, could be read by everybody on the machine.
fn spell(key: &str, value: &str) -> Result<String, Refusal> {
    let malformed = || {
        let sentence = format!("`{}` cannot be set to that", key.escape_default());
        Refusal::new("worktree.setting", sentence).hint("give `section.name` and one line of text")
    };
    let plain = |part: &str| {
        let rest = part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        rest && part.starts_with(|c: char| c.is_ascii_alphabetic())
    };
    let (section, rest) = key.split_once('.').ok_or_else(malformed)?;
    let (subsection, name) = match rest.rsplit_once('.') {
        Some((subsection, name)) => (Some(subsection), name),
        None => (None, rest),
    };
    // A line break or a control character has no business in a header, a name or a path.
    let texts = [subsection.unwrap_or_default(), value];
    if !plain(section) || !plain(name) || texts.iter().any(|text| text.contains(char::is_control)) {
        return Err(malformed());
    }
    let escape = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let subsection = subsection.map(|s| format!(" \"{}\"", escape(s))).unwrap_or_default();
    Ok(format!("[{section}{subsection}]\n\t{name} = \"{}\"\n", escape(value)))
}

/// Writes the settings for our eyes only: the file is made with mode 0600 before a byte is in it.
fn write_private(git_dir: &Path, settings: &str) -> io::Result<()> {
    let file = git_dir.join(SETTINGS);
    // A temporary file is private from its first moment, and keeps its mode when renamed.
    write_whole(&file, settings.as_bytes())?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600))
}

fn include(git_dir: &Path) -> io::Result<()> {
    let mut config = fs::read_to_string(git_dir.join("config"))?;
    config.push_str(&format!("[include]\n\tpath = {SETTINGS}\n"));
    write_whole(&git_dir.join("config"), config.as_bytes())
}

/// Git itself writes the files, for the reasons given in `checkout`; here with the conversions that the
/// repository asks for, as in any clone.
fn check_out(folder: &Path, trunk: &Trunk, spec: &WorktreeSpec) -> Result<(), Error> {
    let git_dir = folder.join(".git");
    let base = || {
        let mut command = git(&git_dir);
        command.arg("--work-tree").arg(folder).current_dir(folder);
        command
    };
    let mut remote = base();
    let tip = trunk.tip()?.to_string();
    remote.args(["update-ref", &format!("refs/remotes/weir/{}", trunk.name()), &tip]);
    succeed(&mut remote, None, "name the trunk in a session's folder")?;
    let mut command = base();
    command.args(["-c", "checkout.workers=0", "-c", "core.symlinks=true"]);
    command.args(["checkout", "--quiet", "--force", "--no-recurse-submodules", "--no-track", "-B"]);
    command.args([&spec.branch, &spec.at.to_string()]);
    succeed(&mut command, None, "check out the start of a session").map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_setting_breaks_out_of_its_line() {
        let spelled = spell("http.http://x/\"y\\.extraHeader", "a \"b\" \\c").expect("spelled");
        assert_eq!(
            spelled,
            "[http \"http://x/\\\"y\\\\\"]\n\textraHeader = \"a \\\"b\\\" \\\\c\"\n"
        );
        for (key, value) in [
            ("user", "x"),
            ("user.name", "x\n[core]\n\tsshCommand = evil"),
            ("a.\n.b", "x"),
            ("a]b.c", "x"),
            ("a.c d", "x"),
            (".a", "x"),
            ("a.", "x"),
        ] {
            assert_eq!(spell(key, value).expect_err(key).code, "worktree.setting");
        }
    }

    proptest! {
        #[test]
        fn a_setting_is_two_lines_or_none(key in ".*", value in ".*") {
            if let Ok(text) = spell(&key, &value) {
                prop_assert_eq!(text.lines().count(), 2);
            }
        }
    }
}
