//! The merge of most changes: only the folders that the change touched are looked into, however far the trunk has gone.
//!
//! A whole merge compares each side with where they began, and looks for renames. The trunk has gone far, so that costs
//! the same again for each of a hundred changes. But a rename, of a file or a whole folder, matters only if both sides
//! touched the path that went or the path that came. So wherever one side alone touched a path its word counts; where both
//! wrote a file its lines are merged; and every other case, of which most are conflicts, is git's.

use super::{DOING, Merger, lines};
use crate::error::read_failed;
use crate::objects::read_blob;
use crate::{Blob, BlobId, Error, Reader};
use bstr::{BStr, ByteSlice as _};
use gix::ObjectId;
use gix::objs::Write as _;
use gix::objs::tree::{EntryKind, EntryMode, EntryRef};

/// How one side has an entry.
type Side = Option<(EntryMode, ObjectId)>;

/// What came of one entry.
enum Came {
    /// This, or nothing: it is deleted.
    To(Side),
    /// It takes git.
    Unclear,
}

/// Deeper than any path that git checks out.
const DEPTH_MAX: usize = 1024;
/// Longer than what people write by hand. It is held three times, and merged once more.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// Merges three trees; `None` where it takes git.
pub(super) fn trees(
    merger: &mut Merger,
    base: ObjectId,
    ours: ObjectId,
    theirs: ObjectId,
) -> Result<Option<ObjectId>, Error> {
    merger.attributes.follow(ours);
    let merged = folder(merger, [base, ours, theirs], BStr::new(""), 0)?;
    match merged {
        Some(Some(tree)) => Ok(Some(tree)),
        Some(None) => Ok(Some(merger.reader.0.empty_tree().id().detach())),
        None => Ok(None),
    }
}

/// A folder that both sides changed: its new tree, or nothing if it is empty; `None` where it is unclear.
fn folder(
    merger: &mut Merger,
    sides: [ObjectId; 3],
    path: &BStr,
    depth: usize,
) -> Result<Option<Option<ObjectId>>, Error> {
    if depth > DEPTH_MAX {
        return Ok(None);
    }
    let mut read = [Vec::new(), Vec::new(), Vec::new()];
    for (bytes, side) in read.iter_mut().zip(sides) {
        *bytes = merger.reader.0.find_tree(side).map_err(read_failed(DOING))?.detach().data;
    }
    let mut lists = [Vec::new(), Vec::new(), Vec::new()];
    for (list, bytes) in lists.iter_mut().zip(&read) {
        for entry in gix::objs::TreeRefIter::from_bytes(bytes, sides[0].kind()) {
            list.push(entry.map_err(read_failed(DOING))?);
        }
    }
    let mut merged = Merged::default();
    let mut at = [0; 3];
    loop {
        let heads: [Option<&EntryRef<'_>>; 3] =
            std::array::from_fn(|side| lists[side].get(at[side]));
        // Git keeps entries in one order, in which a folder's name ends with a slash.
        let Some(first) = heads.into_iter().flatten().min() else { break };
        let all = heads.map(|head| head.filter(|head| head.cmp(&first).is_eq()));
        for (at, entry) in at.iter_mut().zip(&all) {
            *at += usize::from(entry.is_some());
        }
        let known = all.map(|entry| entry.map(|entry| (entry.mode, entry.oid.to_owned())));
        let Came::To(entry) = decide(merger, known, path, first.filename, depth)? else {
            return Ok(None);
        };
        merged.push(first.filename, entry, known[0].is_none());
    }
    if merged.holds_a_name_twice() {
        return Ok(None);
    }
    if merged.bytes.is_empty() {
        return Ok(Some(None));
    }
    let written = merger.reader.0.write_buf(gix::objs::Kind::Tree, &merged.bytes);
    Ok(Some(Some(written.map_err(read_failed(DOING))?)))
}

/// A tree as git spells it, entry by entry.
#[derive(Default)]
struct Merged<'n> {
    bytes: Vec<u8>,
    names: Vec<&'n BStr>,
    /// Those that were not there where the sides began.
    new: Vec<&'n BStr>,
}

impl<'n> Merged<'n> {
    fn push(&mut self, name: &'n BStr, entry: Side, is_new: bool) {
        let Some((mode, id)) = entry else { return };
        self.bytes.extend_from_slice(mode.as_bytes(&mut Default::default()));
        self.bytes.push(b' ');
        self.bytes.extend_from_slice(name);
        self.bytes.push(0);
        self.bytes.extend_from_slice(id.as_bytes());
        self.names.push(name);
        if is_new {
            self.new.push(name);
        }
    }

    /// One side made a file and the other a folder of the same name.
    fn holds_a_name_twice(&self) -> bool {
        let times = |new: &BStr| self.names.iter().filter(|name| **name == new).count();
        self.new.iter().any(|new| times(new) > 1)
    }
}

fn decide(
    merger: &mut Merger,
    [base, ours, theirs]: [Side; 3],
    folder_path: &BStr,
    name: &BStr,
    depth: usize,
) -> Result<Came, Error> {
    if theirs == base {
        return Ok(Came::To(ours));
    }
    if ours == base {
        return Ok(Came::To(theirs));
    }
    // Both touched it. What is gone on one side may have been renamed there, and what came may have been, too.
    let (Some(base), Some(ours), Some(theirs)) = (base, ours, theirs) else {
        return Ok(Came::Unclear);
    };
    let modes = [base.0, ours.0, theirs.0];
    // Folders that are the same now may both lack a file, which one side moved elsewhere.
    if ours == theirs && !modes.iter().any(|mode| mode.is_tree()) {
        return Ok(Came::To(Some(ours)));
    }
    let mut path = folder_path.to_owned();
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    if modes.iter().all(|mode| mode.is_tree()) {
        let merged = folder(merger, [base.1, ours.1, theirs.1], path.as_bstr(), depth + 1)?;
        return Ok(match merged {
            Some(tree) => Came::To(tree.map(|tree| (ours.0, tree))),
            None => Came::Unclear,
        });
    }
    let kind = ours.0.kind();
    let is_file = matches!(kind, EntryKind::Blob | EntryKind::BlobExecutable);
    if !is_file || modes.iter().any(|mode| mode.kind() != kind) {
        return Ok(Came::Unclear);
    }
    let merged = file(merger, [base.1, ours.1, theirs.1], path.as_bstr())?;
    Ok(merged.map_or(Came::Unclear, |blob| Came::To(Some((ours.0, blob)))))
}

/// Merges three versions of a file; `None` where it takes git.
fn file(
    merger: &mut Merger,
    [base, ours, theirs]: [ObjectId; 3],
    path: &BStr,
) -> Result<Option<ObjectId>, Error> {
    let Merger { reader: Reader(repo), attributes, .. } = merger;
    if !attributes.is_text(repo, path) {
        return Ok(None);
    }
    let read = |id: ObjectId| match read_blob(repo, BlobId(id), FILE_BYTES_MAX)? {
        Blob::Whole(bytes) => Ok::<_, Error>(Some(bytes)),
        Blob::TooLarge { .. } => Ok(None),
    };
    let (Some(base), Some(ours), Some(theirs)) = (read(base)?, read(ours)?, read(theirs)?) else {
        return Ok(None);
    };
    let Some(text) = lines::merge(&base, &ours, &theirs) else { return Ok(None) };
    let written = repo.write_buf(gix::objs::Kind::Blob, &text);
    Ok(Some(written.map_err(read_failed(DOING))?))
}
