//! What the disk says of paths that an act names.

use rustix::fs::{Mode, OFlags};
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use weir_guard::shell::{Files, Thing};

/// A script longer than this is not looked into.
const SCRIPT_BYTES_MAX: u64 = 64 << 10;
/// So many links in one path are a loop, as the system has it.
const LINKS_MAX: usize = 40;

/// The machine's own files. Scripts are read below `tree` only: what lies elsewhere is not the project's.
#[derive(Debug, Clone, Copy)]
pub struct Disk<'a> {
    /// The top of the work tree.
    pub tree: &'a str,
}

impl Files for Disk<'_> {
    fn real(&self, absolute: &str) -> String {
        follow(Path::new(absolute)).to_string_lossy().into_owned()
    }

    fn thing(&self, absolute: &str) -> Option<Thing> {
        match std::fs::metadata(absolute) {
            Ok(found) if found.is_dir() => Some(Thing::Folder),
            Ok(_) => Some(Thing::File),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(Thing::Nothing),
            Err(_) => None,
        }
    }

    fn script(&self, absolute: &str) -> Option<String> {
        let real = std::fs::canonicalize(absolute).ok()?;
        if self.tree.is_empty() || !real.starts_with(self.tree) {
            return None;
        }
        // A pipe is not waited for, nor what became one since somebody looked.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = std::fs::File::from(rustix::fs::open(&real, flags, Mode::empty()).ok()?);
        let found = file.metadata().ok()?;
        if !found.is_file() || found.len() > SCRIPT_BYTES_MAX {
            return None;
        }
        let mut text = String::new();
        file.take(SCRIPT_BYTES_MAX).read_to_string(&mut text).ok()?;
        Some(text)
    }
}

/// The path with the links of all that exists followed; what does not exist is taken as it is written.
fn follow(path: &Path) -> PathBuf {
    let mut real = PathBuf::from("/");
    let mut left: Vec<PathBuf> = vec![path.to_owned()];
    let mut links = 0;
    while let Some(next) = left.pop() {
        let mut parts = next.components();
        let Some(part) = parts.next() else { continue };
        let rest = parts.as_path();
        if !rest.as_os_str().is_empty() {
            left.push(rest.to_owned());
        }
        match part {
            Component::RootDir | Component::Prefix(_) => real = PathBuf::from("/"),
            Component::CurDir => {}
            Component::ParentDir => {
                real.pop();
            }
            Component::Normal(name) => {
                let step = real.join(name);
                match std::fs::read_link(&step) {
                    Ok(target) if links < LINKS_MAX => {
                        links += 1;
                        left.push(target);
                    }
                    Ok(_) | Err(_) => real = step,
                }
            }
        }
    }
    real
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_are_followed_where_they_are_and_the_rest_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = std::fs::canonicalize(folder.path()).expect("real");
        let at = |path: &str| root.join(path).to_string_lossy().into_owned();
        std::fs::create_dir(root.join("there")).expect("a folder");
        symlink("there", root.join("near")).expect("a link");
        symlink("/etc", root.join("far")).expect("a link");
        symlink("loop", root.join("loop")).expect("a link");
        symlink("../x/y", root.join("there/up")).expect("a link");
        let disk = Disk { tree: &at("") };
        for (path, real) in [
            (at("near/new/file"), at("there/new/file")),
            (at("far/passwd"), "/etc/passwd".to_owned()),
            (at("near/up"), at("x/y")),
            (at("near/../far"), "/etc".to_owned()),
            (at("nothing/here"), at("nothing/here")),
        ] {
            assert_eq!(disk.real(&path), real, "{path}");
        }
        assert!(disk.real(&at("loop/x")).starts_with(&at("")), "a loop ends");
        assert_eq!(disk.thing(&at("there")), Some(Thing::Folder));
        assert_eq!(disk.thing(&at("nothing")), Some(Thing::Nothing));
    }

    #[test]
    fn only_small_files_of_the_tree_are_looked_into() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = std::fs::canonicalize(folder.path()).expect("real");
        let path = |name: &str| root.join(name).to_string_lossy().into_owned();
        std::fs::write(root.join("run.sh"), "ls\n").expect("written");
        std::fs::write(root.join("large.sh"), vec![b'a'; 100_000]).expect("written");
        symlink("/etc/passwd", root.join("link.sh")).expect("a link");
        let tree = path("");
        let disk = Disk { tree: tree.trim_end_matches('/') };
        assert_eq!(disk.script(&path("run.sh")).as_deref(), Some("ls\n"));
        for name in ["large.sh", "link.sh", "nothing.sh"] {
            assert_eq!(disk.script(&path(name)), None, "{name}");
        }
        assert_eq!(disk.script("/etc/passwd"), None);
    }
}
