//! Objects that nobody could look at: a megabyte of a pack can be a commit of a gigabyte.
//!
//! Files have limits of their own, which the guard knows, and are never loaded to be told how large they are. Commits,
//! folders and tags are read whole, by git as by us, so they are weighed before anybody reads one.

use crate::error::read_failed;
use crate::{Error, Objects};
use gix::objs::Kind;
use std::fs;
use std::path::Path;
use weir_model::Refusal;

/// What a commit or a tag may say, in bytes. The longest messages that people write are half of this; a push may bring
/// a thousand commits, and all that they say is looked through.
const MESSAGE_BYTES_MAX: u64 = 128 << 10;

/// What a folder may take, in bytes: some 400,000 entries.
const FOLDER_BYTES_MAX: u64 = 16 << 20;

/// Refuses a push if the packs below `dir`, its quarantine, hold what is too large to be read whole.
pub(crate) fn weigh(dir: &Path, objects: &Objects) -> Result<(), Error> {
    let doing = || crate::error::io_failed("look at a push");
    let repo = objects.repo();
    for entry in fs::read_dir(dir.join("objects/pack")).map_err(doing())? {
        let path = entry.map_err(doing())?.path();
        if path.extension().is_none_or(|extension| extension != "idx") {
            continue;
        }
        let index = gix::odb::pack::index::File::at(&path, repo.object_hash())
            .map_err(read_failed("read the index of a push"))?;
        for object in index.iter() {
            let header = repo.find_header(object.oid);
            let header = header.map_err(read_failed("read what a push brings"))?;
            let max = match header.kind() {
                Kind::Commit | Kind::Tag => MESSAGE_BYTES_MAX,
                Kind::Tree => FOLDER_BYTES_MAX,
                Kind::Blob => continue,
            };
            if header.size() > max {
                return Err(too_heavy(header.kind(), &object.oid, header.size(), max).into());
            }
        }
    }
    Ok(())
}

fn too_heavy(kind: Kind, id: &gix::ObjectId, size: u64, max: u64) -> Refusal {
    let sentence = format!("{kind} `{id}` has {size} bytes, the most for one is {max}");
    Refusal::new("push.too_large", sentence).hint(match kind {
        Kind::Commit | Kind::Tag => "say less in its message: `git rebase` can change it",
        Kind::Tree | Kind::Blob => "spread its files over more folders",
    })
}
