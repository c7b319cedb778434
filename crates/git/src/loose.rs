//! Objects as git keeps them one by one: a file each, named by what is in it.

use crate::Error;
use crate::error::{io_failed, read_failed};
use crate::trunk::sync_dir;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use gix::ObjectId;
use gix::objs::Kind;
use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Where an object lies among `objects`.
pub(crate) fn place(objects: &Path, id: ObjectId) -> PathBuf {
    let name = id.to_string();
    objects.join(&name[..2]).join(&name[2..])
}

/// Writes an object that a crash may take again, or leave half-written.
pub(crate) fn write(objects: &Path, id: ObjectId, kind: Kind, bytes: &[u8]) -> io::Result<()> {
    let place = place(objects, id);
    fs::create_dir_all(place.parent().unwrap_or(objects))?;
    pack(File::create(place)?, kind, bytes)
}

/// Writes those of `ids` that are not there. Each is whole or not there at all, and when this returns, all of them are
/// durable. Git does the same with `core.fsync`, in a process of its own that would have to be told of each.
pub(crate) fn write_durably(
    objects: &Path,
    repo: &gix::Repository,
    ids: &BTreeSet<ObjectId>,
) -> Result<(), Error> {
    let doing = || io_failed("write what a merge gave");
    let mut folders = BTreeSet::new();
    for id in ids {
        let place = place(objects, *id);
        // Its bytes were made durable before it got its name; its name may still have been on the way when all ended.
        let folder = place.parent().unwrap_or(objects).to_owned();
        if !place.exists() {
            let object = repo.find_object(*id).map_err(read_failed("read what a merge gave"))?;
            if !folder.is_dir() {
                fs::create_dir_all(&folder).map_err(doing())?;
                folders.insert(objects.to_owned());
            }
            // As git names its own, so that it clears them away if we do not get to it.
            let mut builder = tempfile::Builder::new();
            builder.prefix("tmp_obj_").permissions(Permissions::from_mode(0o444));
            let file = builder.tempfile_in(&folder).map_err(doing())?;
            pack(file.as_file(), object.kind, &object.data).map_err(doing())?;
            file.as_file().sync_all().map_err(doing())?;
            file.persist(&place).map_err(|failed| doing()(failed.error))?;
        }
        folders.insert(folder);
    }
    folders.iter().try_for_each(|folder| sync_dir(folder))
}

fn pack(file: impl io::Write, kind: Kind, bytes: &[u8]) -> io::Result<()> {
    let mut packed = ZlibEncoder::new(file, Compression::fast());
    write!(packed, "{kind} {}\0", bytes.len())?;
    packed.write_all(bytes)?;
    packed.finish().map(drop)
}
