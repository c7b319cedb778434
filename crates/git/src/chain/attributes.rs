//! Which files may be merged line by line: what the attributes of the tree say that is merged onto.

use super::DOING;
use crate::Error;
use crate::error::read_failed;
use bstr::{BStr, ByteSlice as _};
use gix::ObjectId;
use gix::attrs::StateRef;
use gix::attrs::search::Outcome;
use gix::worktree::Stack;
use gix::worktree::stack::state::attributes::Source;

/// The attributes of one tree. To read them the whole tree is listed, so that is done only where a file has to be merged,
/// and again only where they differ.
#[derive(Default)]
pub(super) struct Attributes {
    onto: Option<ObjectId>,
    known: Option<Known>,
}

struct Known {
    tree: ObjectId,
    /// None: they cannot be read here.
    read: Option<(Stack, Outcome)>,
}

const FILE: &[u8] = b".gitattributes";

impl Attributes {
    /// Goes on to another tree that is merged onto.
    pub(super) fn follow(&mut self, onto: ObjectId) {
        self.onto = Some(onto);
    }

    /// Whether git would merge the file at `path` line by line, with no driver of its own. What cannot be told is not so:
    /// then git is asked.
    pub(super) fn is_text(&mut self, repo: &gix::Repository, path: &BStr) -> bool {
        let Some(onto) = self.onto else { return false };
        let same = |known: &Known| {
            known.tree == onto || differ(repo, known.tree, onto).is_ok_and(|differ| !differ)
        };
        let known = match self.known.take().filter(same) {
            Some(known) => Known { tree: onto, ..known },
            None => Known { tree: onto, read: read(repo, onto).ok() },
        };
        let Some((stack, found)) = &mut self.known.insert(known).read else { return false };
        let Ok(at) = stack.at_entry(path, None, &repo.objects) else { return false };
        at.matching_attributes(found);
        found.iter_selected().all(|merge| match merge.assignment.state {
            StateRef::Set | StateRef::Unspecified => true,
            StateRef::Unset | StateRef::Value(_) => false,
        })
    }
}

fn read(repo: &gix::Repository, tree: ObjectId) -> Result<(Stack, Outcome), Error> {
    let doing = || read_failed::<gix::Error>("read the attributes of a tree");
    let index = repo.index_from_tree(&tree).map_err(doing())?;
    let stack = repo.attributes_only(&index, Source::IdMapping).map_err(doing())?.detach();
    let found = stack.selected_attribute_matches(["merge"]);
    Ok((stack, found))
}

/// Whether two trees differ in any file of attributes.
fn differ(repo: &gix::Repository, one: ObjectId, other: ObjectId) -> Result<bool, Error> {
    let doing = || read_failed::<gix::Error>("compare attributes");
    let one = repo.find_tree(one).map_err(doing())?;
    let other = repo.find_tree(other).map_err(doing())?;
    let mut changes = one.changes().map_err(doing())?;
    changes.options(|options| {
        options.track_rewrites(None);
    });
    let mut differ = false;
    let walked = changes.for_each_to_obtain_tree(&other, |change| {
        let path = change.location();
        differ |= path.rsplit_once_str("/").map_or(path.as_bytes(), |(_, name)| name) == FILE;
        Ok(std::ops::ControlFlow::Continue(()))
    });
    walked.map_err(read_failed(DOING))?;
    Ok(differ)
}
