//! What git would not show of a folder: the rules of its `.gitignore` files, and those of the repository's own list.
//!
//! The files are an agent's: none is read through a link, none beyond a bound, and a pipe in its place is not waited for.

use super::stance::folders_of_git;
use bstr::{BStr, BString, ByteSlice as _};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rustix::fs::{FileType, Mode, OFlags, fstat, openat};
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;

/// The rules of one file, and those that hold where it says nothing.
#[derive(Debug)]
pub(super) struct Rules {
    above: Option<Arc<Rules>>,
    /// The folder that they are for.
    folder: BString,
    own: Gitignore,
}

/// The file of rules for what is below its folder.
pub(super) const RULES: &str = ".gitignore";
/// A longer list would take longer to make sense of than a walk without it.
const RULES_BYTES_MAX: u64 = 1 << 20;

impl Rules {
    /// The list that the repository of a folder keeps for itself.
    pub(super) fn of_repository(root: &Path) -> Option<Arc<Self>> {
        let (_, shared) = folders_of_git(root)?;
        let list = File::open(shared.join("info")).ok()?;
        Self::with(None, BStr::new(""), &text(list, "exclude")?)
    }

    /// Those that hold in `folder`, which lies open at `at` and has a file of rules, where `above` hold around it.
    pub(super) fn within(
        above: Option<Arc<Self>>,
        folder: &BStr,
        at: impl AsFd,
    ) -> Option<Arc<Self>> {
        match text(at, RULES) {
            Some(text) => Self::with(above, folder, &text),
            None => above,
        }
    }

    fn with(above: Option<Arc<Self>>, folder: &BStr, text: &[u8]) -> Option<Arc<Self>> {
        let mut builder = GitignoreBuilder::new("");
        // What is no rule is none, and the others hold.
        for line in text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).lines() {
            let _ = builder.add_line(None, &line.to_str_lossy());
        }
        match builder.build() {
            Ok(own) if !own.is_empty() => {
                Some(Arc::new(Self { above, folder: folder.to_owned(), own }))
            }
            Ok(_) | Err(_) => above,
        }
    }

    /// Whether git would not show what lies at a path: the innermost rules that say anything of it decide.
    pub(super) fn ignore(&self, path: &BStr, is_dir: bool) -> bool {
        let mut rules = Some(self);
        while let Some(here) = rules {
            let below = path.strip_prefix(here.folder.as_slice()).unwrap_or(path);
            let below = below.strip_prefix(b"/").unwrap_or(below);
            match here.own.matched(OsStr::from_bytes(below), is_dir) {
                Match::None => rules = here.above.as_deref(),
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
            }
        }
        false
    }
}

/// What a file of rules says.
fn text(folder: impl AsFd, name: &str) -> Option<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(folder, name, flags, Mode::empty()).ok()?;
    if FileType::from_raw_mode(fstat(&file).ok()?.st_mode) != FileType::RegularFile {
        return None;
    }
    let mut text = Vec::new();
    File::from(file).take(RULES_BYTES_MAX).read_to_end(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::super::glance::tests::git;
    use super::*;
    use std::fs;

    fn rules(above: Option<&Arc<Rules>>, folder: &str, text: &str) -> Option<Arc<Rules>> {
        Rules::with(above.cloned(), folder.into(), text.as_bytes())
    }

    #[test]
    fn the_innermost_rules_that_say_anything_decide() {
        let outer = rules(None, "", "*.log\n/out/\n[a-\n!kept.log\n").expect("rules");
        let inner = rules(Some(&outer), "src", "!mine.log\n/deep\n").expect("rules");
        for (rules, path, is_dir, is_ignored) in [
            (&outer, "a.log", false, true),
            (&outer, "src/a.log", false, true),
            (&outer, "src/kept.log", false, false),
            (&outer, "out", true, true),
            (&outer, "out", false, false),
            (&outer, "src/out", true, false),
            (&inner, "src/mine.log", false, false),
            (&inner, "src/other.log", false, true),
            (&inner, "src/deep", true, true),
            (&inner, "src/x/deep", true, false),
        ] {
            assert_eq!(rules.ignore(path.into(), is_dir), is_ignored, "{path}");
        }
        assert!(rules(None, "", "# nothing\n\n").is_none());
        let same = rules(Some(&outer), "src", "").expect("those above");
        assert!(Arc::ptr_eq(&same, &outer), "a file without rules adds none");
    }

    #[test]
    fn rules_are_read_from_files_and_from_nothing_else() {
        let place = tempfile::tempdir().expect("a folder");
        let root = place.path();
        git(root, &["init", "-q", "-b", "main"]);
        fs::write(root.join(".git/info/exclude"), "*.own\n").expect("written");
        git(root, &["commit", "-qm", "one", "--allow-empty"]);
        let tree = root.join("tree");
        git(root, &["worktree", "add", "-q", "--detach", &tree.display().to_string()]);
        for root in [root, &tree] {
            let rules = Rules::of_repository(root).expect("its own");
            assert!(rules.ignore("a.own".into(), false), "also of what is linked to it");
        }
        let open = || File::open(root).expect("opened");
        fs::write(root.join("list"), "*.no\n").expect("written");
        fs::rename(root.join("list"), root.join(RULES)).expect("moved");
        assert!(Rules::within(None, "".into(), open()).is_some());
        fs::rename(root.join(RULES), root.join("list")).expect("moved");
        std::os::unix::fs::symlink("list", root.join(RULES)).expect("linked");
        assert!(Rules::within(None, "".into(), open()).is_none(), "git follows no link to rules");
        fs::remove_file(root.join(RULES)).expect("removed");
        let (kind, mode) = (FileType::Fifo, 0o600.into());
        rustix::fs::mknodat(open(), RULES, kind, mode, 0).expect("a pipe");
        assert!(Rules::within(None, "".into(), open()).is_none(), "nobody waits for a writer");
    }
}
