//! What a commit says, and what a new one shall say.

use crate::error::read_failed;
use crate::objects::tree_of;
use crate::{CommitId, Error, TreeId};
use bstr::{BString, ByteSlice as _};
use weir_model::Timestamp;

/// A name and an address, as in a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
}

/// Who, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Who.
    pub person: Person,
    /// When, to the second.
    pub at: Timestamp,
}

/// What a commit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its name.
    pub id: CommitId,
    /// Its content.
    pub tree: TreeId,
    /// What it was made from.
    pub parents: Vec<CommitId>,
    /// Who wrote it.
    pub author: Signature,
    /// Who recorded it.
    pub committer: Signature,
    /// The first line of its message.
    pub subject: String,
    /// Its whole message, in whatever bytes it was written.
    pub message: BString,
}

/// What a new commit shall say. The same draft on the same parents and tree is the same commit, to
/// the bit: time arrives from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The whole message; the first line is the subject.
    pub message: String,
    /// Who wrote it.
    pub author: Signature,
    /// Who recorded it.
    pub committer: Signature,
}

impl Commit {
    pub(crate) fn read(commit: &gix::Commit<'_>) -> Result<Self, Error> {
        let doing = || read_failed(format!("read commit `{}`", commit.id));
        let decoded = commit.decode().map_err(doing())?;
        let message = decoded.message.to_owned();
        Ok(Self {
            id: CommitId(commit.id),
            tree: tree_of(commit)?,
            parents: decoded.parents().map(CommitId).collect(),
            author: Signature::read(decoded.author().ok()),
            committer: Signature::read(decoded.committer().ok()),
            subject: message.lines().next().unwrap_or_default().to_str_lossy().into_owned(),
            message,
        })
    }
}

impl Signature {
    /// Old histories hold signatures that nobody can read; their commits count all the same.
    fn read(signature: Option<gix::actor::SignatureRef<'_>>) -> Self {
        let text = |bytes: &gix::bstr::BStr| bytes.to_str_lossy().into_owned();
        let person =
            |s: &gix::actor::SignatureRef<'_>| Person { name: text(s.name), email: text(s.email) };
        let seconds = signature.as_ref().and_then(|s| s.time().ok()).map_or(0, |time| time.seconds);
        Self {
            person: signature
                .as_ref()
                .map_or(Person { name: String::new(), email: String::new() }, person),
            at: Timestamp::from_millis(seconds.saturating_mul(1000)),
        }
    }

    /// As a commit spells it. What would break its line is left out, and time is told in UTC.
    fn spell(&self) -> String {
        let clean = |text: &str| {
            let plain: String = text.chars().filter(|c| !"<>\n\0".contains(*c)).collect();
            plain.trim().to_owned()
        };
        let (name, email) = (clean(&self.person.name), clean(&self.person.email));
        let name = if name.is_empty() { "weir".to_owned() } else { name };
        // Git has no time before 1970.
        format!("{name} <{email}> {} +0000", self.at.as_millis().max(0) / 1000)
    }
}

impl Draft {
    /// The bytes of the commit.
    pub(crate) fn spell(&self, tree: TreeId, parents: &[CommitId]) -> Vec<u8> {
        let mut text = format!("tree {tree}\n");
        for parent in parents {
            text.push_str(&format!("parent {parent}\n"));
        }
        let (author, committer) = (self.author.spell(), self.committer.spell());
        let message = self.message.replace('\0', "");
        let message = message.trim_end();
        text.push_str(&format!("author {author}\ncommitter {committer}\n\n{message}\n"));
        text.into_bytes()
    }
}
