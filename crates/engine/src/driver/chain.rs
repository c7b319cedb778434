//! Building candidates: revisions merged onto the tip one after another, and what the commit says.

use super::{Drive, repair};
use crate::Error;
use std::collections::BTreeMap;
use weir_git::{CommitId, Draft, Merged, Person, Signature, TreeId};
use weir_model::event::queue::Step;
use weir_model::event::review::Repair;
use weir_model::{Refusal, RevisionId};
use weir_queue::Entry;

/// What merging revisions onto the tip came to.
pub(super) enum Chained {
    /// All of them merge.
    Whole { steps: Vec<Step>, commit: CommitId, tree: TreeId },
    /// One has to wait for what becomes of another: it does not merge behind it, or that one changes the gate that it must
    /// pass.
    Behind { revision: RevisionId, other: RevisionId },
    /// The first does not merge onto the tip.
    Refused { revision: RevisionId, repair: Repair },
}

/// The merges onto one tip that were made already: what is tested next mostly begins as what was tested last.
#[derive(Default)]
pub(super) struct Chains {
    onto: Option<CommitId>,
    links: BTreeMap<Vec<RevisionId>, (CommitId, TreeId)>,
}

impl Drive {
    /// Merges `revisions` onto `onto`, one after another, each onto what those before it gave. None of them: `onto`.
    pub(super) fn chain(
        &mut self,
        onto: CommitId,
        revisions: &[RevisionId],
    ) -> Result<Chained, Error> {
        if self.chains.onto != Some(onto) {
            self.chains = Chains { onto: Some(onto), links: BTreeMap::new() };
        }
        let entries = self.entries(revisions)?;
        match self.links(onto, &entries, revisions)? {
            Chained::Whole { steps, tree, .. } if !entries.is_empty() => {
                let draft = self.draft(&entries)?;
                let trunk = &self.engine.0.trunk;
                let commit = trunk.write_commit(tree, &parents(onto, &entries)?, &draft)?;
                Ok(Chained::Whole { steps, commit, tree })
            }
            chained => Ok(chained),
        }
    }

    /// The merges one after another; of what they come to, the commit is not one that lasts.
    fn links(
        &mut self,
        onto: CommitId,
        entries: &[Entry],
        revisions: &[RevisionId],
    ) -> Result<Chained, Error> {
        let (mut steps, mut before) = (Vec::new(), onto);
        let mut whole = self.engine.0.trunk.objects().tree(onto)?;
        for (index, entry) in entries.iter().enumerate() {
            let (revision, so_far) = (entry.revision, &revisions[..=index]);
            let last = index.checked_sub(1).map(|last| revisions[last]);
            if let Some(other) = last
                && self.changes_gate(before)
            {
                return Ok(Chained::Behind { revision, other });
            }
            let known = self.chains.links.get(so_far).copied();
            let (commit, tree) = match known.map_or_else(
                || self.link(onto, before, &entries[..=index]),
                |known| Ok(Ok(known)),
            )? {
                Ok(link) => link,
                Err(repair) => {
                    let other = self.in_the_way(onto, &entries[..=index])?;
                    return Ok(match other {
                        Some(other) => Chained::Behind { revision, other },
                        None => Chained::Refused { revision, repair },
                    });
                }
            };
            self.chains.links.insert(so_far.to_vec(), (commit, tree));
            steps.push(Step { revision, tree: tree.to_string() });
            (before, whole) = (commit, tree);
        }
        Ok(Chained::Whole { steps, commit: before, tree: whole })
    }

    /// Behind which of those before it the last of `entries` does not merge: the first of them with which it does not,
    /// found by halves. None: it does not even merge onto the tip.
    fn in_the_way(&self, onto: CommitId, entries: &[Entry]) -> Result<Option<RevisionId>, Error> {
        let Some((last, before)) = entries.split_last() else { return Ok(None) };
        let merges_behind = |count: usize| -> Result<bool, Error> {
            let held = &before[..count];
            let ids: Vec<RevisionId> = held.iter().map(|entry| entry.revision).collect();
            let known = self.chains.links.get(&ids).map(|(commit, _)| *commit);
            let stands = if count == 0 { onto } else { known.unwrap_or(onto) };
            let chain: Vec<Entry> = held.iter().chain([last]).cloned().collect();
            Ok(self.link(onto, stands, &chain)?.is_ok())
        };
        if !merges_behind(0)? {
            return Ok(None);
        }
        // It merges behind so many, and not behind so many.
        let (mut merges, mut conflicts) = (0, before.len());
        while conflicts - merges > 1 {
            let middle = merges + (conflicts - merges) / 2;
            if merges_behind(middle)? { merges = middle } else { conflicts = middle }
        }
        Ok(before.get(merges).map(|entry| entry.revision))
    }

    /// Whether other checks would count once this is the tip. Rules that cannot be read are other rules.
    fn changes_gate(&self, commit: CommitId) -> bool {
        let there = crate::rules::read(self.engine.0.trunk.objects(), commit);
        let there = there.map(|found| found.gate.checks).ok();
        there != self.read(|folds| folds.queue.gate().map(|gate| gate.checks.clone()))
    }

    /// Merges the last of `entries` onto `before`, which holds the others, and judges what that comes to; or says what
    /// its owner has to mend.
    fn link(
        &self,
        onto: CommitId,
        before: CommitId,
        entries: &[Entry],
    ) -> Result<Result<(CommitId, TreeId), Repair>, Error> {
        let Some(entry) = entries.last() else { return Err(nothing().into()) };
        let change = entry.commit.parse()?;
        let trunk = &self.engine.0.trunk;
        let merged = trunk.merge_upon(before, change).map_err(Error::from);
        let judged = merged.and_then(|merged| {
            if let Merged::Clean { tree } = merged {
                self.engine.judge_merge(entry.revision, before, tree)?;
            }
            Ok(merged)
        });
        match judged {
            Ok(Merged::Clean { tree }) => {
                Ok(Ok((trunk.hold(tree, &parents(onto, entries)?)?, tree)))
            }
            Ok(Merged::Conflict { paths }) => Ok(Err(repair::conflict(trunk.name(), &paths))),
            // What may not be merged at all, its owner has to mend.
            Err(Error::Refused(refusal)) => Ok(Err(repair::refused(&refusal))),
            Err(failure) => Err(failure),
        }
    }

    /// The entries of revisions that wait.
    pub(super) fn entries(&self, revisions: &[RevisionId]) -> Result<Vec<Entry>, Error> {
        let entry = |revision: &RevisionId| {
            let known = self.read(|folds| folds.queue.entry(*revision).map(|(_, it)| it.clone()));
            let gone = || Refusal::new("queue.not_waiting", format!("`{revision}` does not wait"));
            known.ok_or_else(gone)
        };
        Ok(revisions.iter().map(entry).collect::<Result<_, _>>()?)
    }

    /// What the commit says that brings these to the trunk: every task and every change by its name. What one agent
    /// wrote is theirs; what several wrote is ours to have joined.
    pub(super) fn draft(&self, entries: &[Entry]) -> Result<Draft, Error> {
        let mut subjects = Vec::new();
        let mut authors: Vec<Person> = Vec::new();
        for entry in entries {
            let commit = self.engine.0.trunk.objects().commit(entry.commit.parse()?)?;
            subjects.push(commit.subject);
            if !authors.contains(&commit.author.person) {
                authors.push(commit.author.person);
            }
        }
        let (at, weir) =
            (self.engine.now(), Person { name: "Weir".into(), email: "weir@localhost".into() });
        let mut message = match subjects.as_slice() {
            [one] => format!("{one}\n"),
            [first, ..] => format!("{first}, and {} more\n", subjects.len() - 1),
            [] => return Err(nothing().into()),
        };
        if let [_, _, ..] = entries {
            message.push('\n');
            for (entry, subject) in entries.iter().zip(&subjects) {
                message.push_str(&format!("- {}: {subject}\n", entry.revision));
            }
        }
        message.push('\n');
        for Entry { revision, task, .. } in entries {
            message.push_str(&format!("Weir-Task: {task}\nWeir-Change: {revision}\n"));
        }
        let author = match authors.as_slice() {
            [one] => one.clone(),
            several => {
                for Person { name, email } in several {
                    message.push_str(&format!("Co-authored-by: {name} <{email}>\n"));
                }
                weir.clone()
            }
        };
        let (author, committer) =
            (Signature { person: author, at }, Signature { person: weir, at });
        Ok(Draft { message, author, committer })
    }
}

/// The tip and each change; one commit that two changes are is one parent.
pub(super) fn parents(onto: CommitId, entries: &[Entry]) -> Result<Vec<CommitId>, Error> {
    let mut parents = vec![onto];
    for entry in entries {
        let commit = entry.commit.parse()?;
        if !parents.contains(&commit) {
            parents.push(commit);
        }
    }
    Ok(parents)
}

fn nothing() -> Refusal {
    Refusal::new("candidate.empty", "a candidate holds at least one revision")
}
