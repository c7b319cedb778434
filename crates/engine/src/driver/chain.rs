//! Building candidates: revisions merged onto the tip one after another, and what the commit says.

use super::{Drive, repair};
use crate::{Error, rules};
use std::collections::BTreeMap;
use weir_git::{CommitId, Draft, Link, Linked, Merger, Objects, Person, Signature, TreeId};
use weir_model::config::Check;
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

/// The merges onto one tip that were made already, in memory: what is tested next mostly begins as what was tested last.
pub(super) struct Chains {
    merger: Merger,
    onto: Option<CommitId>,
    links: BTreeMap<Vec<RevisionId>, Link>,
    /// The checks that would count on a tip, by what they are read from.
    gates: Vec<(Vec<weir_git::Entry>, Vec<Check>)>,
}

impl Chains {
    fn new(objects: &Objects) -> Self {
        let (links, gates) = (BTreeMap::new(), Vec::new());
        Self { merger: Merger::new(objects), onto: None, links, gates }
    }

    /// Begins with `onto` as it is, and forgets what was merged onto another.
    fn begin(&mut self, onto: CommitId) -> Result<Link, Error> {
        if self.onto != Some(onto) || self.merger.is_full() {
            self.links.clear();
            self.gates.clear();
        }
        self.onto = Some(onto);
        Ok(self.merger.begin(onto)?)
    }

    /// The checks that would count if a commit of `tree` were the tip.
    fn checks(&mut self, tree: TreeId) -> Result<&[Check], Error> {
        let sources = rules::sources(self.merger.reader(), tree)?;
        let at = match self.gates.iter().position(|(known, _)| *known == sources) {
            Some(at) => at,
            None => {
                self.gates.push((sources, rules::checks(self.merger.reader(), tree)?));
                self.gates.len() - 1
            }
        };
        Ok(self.gates.get(at).map_or(&[], |(_, checks)| checks))
    }
}

impl Drive {
    /// Merges `revisions` onto `onto`, one after another, each onto what those before it gave, and writes what is to be
    /// tested. None of them: `onto`.
    pub(super) fn chain(
        &mut self,
        onto: CommitId,
        revisions: &[RevisionId],
    ) -> Result<Chained, Error> {
        let entries = self.entries(revisions)?;
        let fresh = || Chains::new(self.engine.0.trunk.objects());
        let mut chains = self.chains.take().unwrap_or_else(fresh);
        let chained = self.candidate(&mut chains, onto, &entries)?;
        // Not after a failure: then nobody knows what the merger holds.
        self.chains = Some(chains);
        Ok(chained)
    }

    fn candidate(
        &self,
        chains: &mut Chains,
        onto: CommitId,
        entries: &[Entry],
    ) -> Result<Chained, Error> {
        let links = match self.links(chains, onto, entries)? {
            Ok(links) => links,
            Err(stopped) => return Ok(stopped),
        };
        let trunk = &self.engine.0.trunk;
        let Some(whole) = links.last() else {
            let tree = trunk.objects().tree(onto)?;
            return Ok(Chained::Whole { steps: Vec::new(), commit: onto, tree });
        };
        let step = |(entry, link): (&Entry, &Link)| {
            let (revision, tree) = (entry.revision, link.tree().to_string());
            Step { revision, tree }
        };
        let steps = entries.iter().zip(&links).map(step).collect();
        trunk.own_link(&chains.merger, whole)?;
        let (tree, parents, draft) = (whole.tree(), parents(onto, entries)?, self.draft(entries)?);
        Ok(Chained::Whole { steps, commit: trunk.write_commit(tree, &parents, &draft)?, tree })
    }

    /// The merges one after another, a link for each; or why there are no more.
    fn links(
        &self,
        chains: &mut Chains,
        onto: CommitId,
        entries: &[Entry],
    ) -> Result<Result<Vec<Link>, Chained>, Error> {
        let ids: Vec<RevisionId> = entries.iter().map(|entry| entry.revision).collect();
        let mut before = chains.begin(onto)?;
        let mut stood = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            let (revision, so_far) = (entry.revision, &ids[..=at]);
            if let [.., other, _] = *so_far
                && self.changes_gate(chains, before.tree())
            {
                return Ok(Err(Chained::Behind { revision, other }));
            }
            let known = chains.links.get(so_far).cloned();
            let link = match known
                .map_or_else(|| self.link(chains, onto, &before, entry), |known| Ok(Ok(known)))?
            {
                Ok(link) => link,
                Err(repair) => {
                    stood.push(before);
                    let other = self.in_the_way(chains, onto, &stood, entry)?;
                    return Ok(Err(match other.and_then(|other| ids.get(other)) {
                        Some(&other) => Chained::Behind { revision, other },
                        None => Chained::Refused { revision, repair },
                    }));
                }
            };
            chains.links.insert(so_far.to_vec(), link.clone());
            stood.push(std::mem::replace(&mut before, link));
        }
        stood.push(before);
        Ok(Ok(stood.split_off(1)))
    }

    /// Behind which of those before it, by its place, `entry` does not merge: the first of them with which it does not,
    /// found by halves. `stood` is what there was before each of them, and after the last. None: it does not even merge
    /// onto the tip.
    fn in_the_way(
        &self,
        chains: &mut Chains,
        onto: CommitId,
        stood: &[Link],
        entry: &Entry,
    ) -> Result<Option<usize>, Error> {
        let mut merges_behind = |count: usize| -> Result<bool, Error> {
            let link = stood.get(count).map(|before| self.link(chains, onto, before, entry));
            Ok(link.transpose()?.is_some_and(|link| link.is_ok()))
        };
        if !merges_behind(0)? {
            return Ok(None);
        }
        // It merges behind so many, and not behind so many.
        let (mut merges, mut conflicts) = (0, stood.len().saturating_sub(1));
        while conflicts - merges > 1 {
            let middle = merges + (conflicts - merges) / 2;
            if merges_behind(middle)? { merges = middle } else { conflicts = middle }
        }
        Ok(Some(merges))
    }

    /// Whether other checks would count once this is the tip. Rules that cannot be read are other rules.
    fn changes_gate(&self, chains: &mut Chains, tree: TreeId) -> bool {
        let there = chains.checks(tree).ok();
        self.read(|folds| there != folds.queue.gate().map(|gate| gate.checks.as_slice()))
    }

    /// Merges an entry onto what was merged before it, and judges what that comes to; or says what its owner has to mend.
    fn link(
        &self,
        chains: &mut Chains,
        onto: CommitId,
        before: &Link,
        entry: &Entry,
    ) -> Result<Result<Link, Repair>, Error> {
        let merger = &mut chains.merger;
        let merged = merger.go_on(before, entry.commit.parse()?).map_err(Error::from);
        let judged = merged.and_then(|merged| {
            if let Linked::Clean(link) = &merged {
                let trees = [before.tree(), link.tree()];
                self.engine.judge_merge(entry.revision, merger.reader(), onto, trees)?;
            }
            Ok(merged)
        });
        match judged {
            Ok(Linked::Clean(link)) => Ok(Ok(link)),
            Ok(Linked::Conflict { paths }) => {
                Ok(Err(repair::conflict(self.engine.0.trunk.name(), &paths)))
            }
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
