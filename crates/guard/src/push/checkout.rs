//! What would be dangerous to check out, on this machine or on another: names that reach into `.git` or out
//! of the tree. Git has its own walls against most of these; one that is off or old must not matter.

use super::{Changed, Entry, shown};
use crate::name::invisible;
use bstr::{BStr, ByteSlice as _};
use weir_model::Refusal;

/// The longest path and part that common file systems hold (Linux: `PATH_MAX`, `NAME_MAX`).
const PATH_BYTES_MAX: usize = 4000;
const PART_BYTES_MAX: usize = 255;

/// Files that git reads before anybody looks: as a link they read from elsewhere (as in `git fsck`).
const READ_BY_GIT: [&str; 4] = [".gitmodules", ".gitattributes", ".gitignore", ".mailmap"];

/// Whether a changed path may be checked out anywhere.
pub(super) fn is_safe(changed: &Changed<'_>) -> Result<(), Refusal> {
    let path = changed.path;
    // A path that goes away is not checked out: taking an old danger out must be possible.
    let Some(new) = changed.new else { return Ok(()) };
    if let Some(why) = unsafe_path(path) {
        let sentence = format!("{} {why}", shown(path));
        return Err(Refusal::new("push.unsafe_path", sentence)
            .hint("rename it in every commit; nobody can lift this"));
    }
    match new {
        Entry::File { .. } | Entry::Submodule => Ok(()),
        Entry::Link { target } => match unsafe_link(path, target) {
            None => Ok(()),
            Some(why) => {
                let sentence = format!("the link {} {why}", shown(path));
                Err(Refusal::new("push.unsafe_link", sentence).hint(
                    "link within the tree, by a relative path with `..` at its start only; nobody \
                     can lift this",
                ))
            }
        },
    }
}

fn unsafe_path(path: &BStr) -> Option<&'static str> {
    if path.len() > PATH_BYTES_MAX {
        return Some("is longer than file systems allow");
    }
    if path.contains(&0) {
        return Some("contains a zero byte");
    }
    for part in path.split(|byte| *byte == b'/') {
        if part.is_empty() {
            return Some("has an empty part");
        }
        if part.len() > PART_BYTES_MAX {
            return Some("has a part that is longer than file systems allow");
        }
    }
    // To Windows a backslash separates as well.
    for part in parts(path) {
        if matches!(part, b"." | b"..") {
            return Some("leads somewhere else");
        }
        if is_dot_git(part) {
            return Some("would reach into `.git`");
        }
    }
    None
}

fn unsafe_link(path: &BStr, target: &BStr) -> Option<&'static str> {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let name = folded(name);
    if READ_BY_GIT.iter().any(|read| name == *read) {
        return Some("is a file that git itself reads, and must not be a link");
    }
    if target.is_empty() || target.contains(&0) {
        return Some("points at nothing that could be");
    }
    let drive = target.get(1) == Some(&b':') && target[0].is_ascii_alphabetic();
    if matches!(target[0], b'/' | b'\\') || drive {
        return Some("points out of the tree: it begins at the root of the machine");
    }
    // Only at its start can `..` be counted: behind a folder that is itself a link, it leads anywhere.
    let mut ups = 0;
    let mut descended = false;
    for part in parts(target) {
        match part {
            b"" | b"." => {}
            b".." if descended => return Some("turns back with `..` behind a folder"),
            b".." => ups += 1,
            part if is_dot_git(part) => return Some("points into `.git`"),
            _ => descended = true,
        }
    }
    let depth = path.iter().filter(|byte| **byte == b'/').count();
    (ups > depth).then_some("points out of the tree")
}

fn parts(path: &BStr) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| matches!(byte, b'/' | b'\\'))
}

/// `.git`, and every spelling that some file system takes for it: any case; dots and spaces at its end, a
/// stream behind a colon, and the short name `git~1` (NTFS); characters that print nothing (HFS+).
fn is_dot_git(part: &[u8]) -> bool {
    let name = folded(part);
    let name = name.split(':').next().unwrap_or_default();
    let name = name.trim_end_matches(['.', ' ']);
    name == ".git" || name == "git~1"
}

fn folded(part: &[u8]) -> String {
    let visible = part.chars().filter(|c| !invisible(*c));
    visible.flat_map(char::to_lowercase).collect()
}
