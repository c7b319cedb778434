//! Everything known about one id, and which ids hang together with it.

use super::See;
use super::queue::short;
use crate::wire::{Commit, Link, Thing};
use weir_model::{AnyId, CandidateId, ChangeId, Refusal, RevisionId, TaskId};

impl See<'_> {
    /// What an id stands for, unless the folds cannot know: an event and a body are in the ledger, a commit in git.
    ///
    /// # Errors
    /// `*.unknown` when there is nothing by that id.
    pub(crate) fn thing(&self, id: &AnyId) -> Result<Option<Thing>, Refusal> {
        let folds = self.folds;
        let thing = match id {
            AnyId::Task(task) => folds.work.task(*task).map(|task| Thing::Task(self.task(task))),
            AnyId::Session(session) => {
                folds.guard.session(*session).map(|known| Thing::Session(self.session(known)))
            }
            AnyId::Change(change) => {
                folds.review.change(*change).map(|change| Thing::Change(self.change(change)))
            }
            AnyId::Revision(revision) => {
                folds.review.revision(*revision).map(|known| Thing::Revision(self.revision(known)))
            }
            AnyId::Person(person) => {
                folds.guard.person(*person).map(|person| Thing::Person(self.person(person)))
            }
            AnyId::Token(token) => {
                folds.guard.token(*token).map(|token| Thing::Token(self.token(token)))
            }
            AnyId::Candidate(candidate) => folds
                .queue
                .candidate(*candidate)
                .map(|known| Thing::Candidate(self.candidate(known))),
            AnyId::Landing(landing) => {
                folds.queue.landing(*landing).map(|known| Thing::Landing(self.landing(known)))
            }
            AnyId::Approval(approval) => {
                folds.acts.approval(*approval).map(|known| Thing::Approval(self.approval(known)))
            }
            AnyId::Commit(name) => return Ok(self.commit(name).map(Thing::Commit)),
            AnyId::Event(_) | AnyId::Body(_) => return Ok(None),
        };
        thing.map(Some).ok_or_else(|| unknown(id))
    }

    /// What `id` hangs together with.
    pub(crate) fn links(&self, id: &AnyId) -> Vec<Link> {
        let mut links = Vec::new();
        match id {
            AnyId::Task(task) => self.around_task(*task, &mut links),
            AnyId::Change(change) => self.around_change(*change, &mut links),
            AnyId::Revision(revision) => {
                links.push(self.link(&revision.change, "its change"));
                self.around_revision(*revision, &mut links);
            }
            AnyId::Session(session) => self.around_session(*session, &mut links),
            AnyId::Person(person) => {
                let tokens = self.folds.guard.tokens().filter(|token| token.person == *person);
                links.extend(tokens.map(|token| self.link(&token.id, "a token of theirs")));
                let sessions = self.folds.guard.sessions().filter(|known| known.person == *person);
                links.extend(sessions.map(|known| self.link(&known.id, "an agent of theirs")));
            }
            AnyId::Token(token) => {
                let person = self.folds.guard.token(*token).map(|token| token.person);
                links.extend(person.map(|person| self.link(&person, "whose")));
            }
            AnyId::Candidate(candidate) => self.around_candidate(*candidate, &mut links),
            AnyId::Landing(landing) => {
                if let Some(known) = self.folds.queue.landing(*landing) {
                    links.push(self.link(&known.candidate, "the tested merge"));
                    for revision in &known.revisions {
                        links.push(self.link(revision, "what landed"));
                        links.extend(self.task_of(*revision));
                    }
                    links.push(self.link(&known.to, "the commit on the trunk"));
                }
            }
            AnyId::Approval(approval) => {
                if let Some(known) = self.folds.acts.approval(*approval) {
                    links.push(self.link(&known.session, "asked by"));
                    links.push(self.link(&known.decision, "the decision that asked"));
                }
            }
            AnyId::Commit(name) => {
                let ids = self.ids_of_commit(name).into_iter();
                links.extend(ids.map(|(id, how)| Link { id, how, title: None }));
            }
            AnyId::Event(_) | AnyId::Body(_) => {}
        }
        links
    }

    fn around_task(&self, task: TaskId, links: &mut Vec<Link>) {
        let Some(known) = self.folds.work.task(task) else { return };
        links.push(self.link(&known.person, "cut by"));
        links.extend(known.after.iter().map(|first| self.link(first, "comes after")));
        let after = self.folds.work.tasks().filter(|other| other.after.contains(&task));
        links.extend(after.map(|other| self.link(&other.id, "comes before")));
        links.extend(known.state.hold().map(|hold| self.link(&hold.session, "claimed by")));
        if let Some(change) = self.folds.review.change_of(task) {
            links.push(self.link(&change.id, "its change"));
            self.around_revision(change.latest().id, links);
        }
    }

    fn around_change(&self, change: ChangeId, links: &mut Vec<Link>) {
        let Some(known) = self.folds.review.change(change) else { return };
        links.push(self.link(&known.task, "its task"));
        links.extend(known.revisions.iter().map(|one| self.link(&one.id, "a revision")));
        self.around_revision(known.latest().id, links);
    }

    fn around_revision(&self, revision: RevisionId, links: &mut Vec<Link>) {
        let queue = &self.folds.queue;
        let tested = queue.candidates().filter(|candidate| candidate.has(revision));
        links.extend(tested.map(|candidate| self.link(&candidate.id, "tested as")));
        let landed = queue.landings().filter(|landing| landing.revisions.contains(&revision));
        links.extend(landed.map(|landing| self.link(&landing.id, "landing")));
        if let Some(known) = self.folds.review.revision(revision) {
            links.push(self.link(&known.session, "brought by"));
            links.push(self.link(&known.person, "answered for by"));
            links.push(self.link(&known.commit, "its commit"));
        }
    }

    fn around_session(&self, session: weir_model::SessionId, links: &mut Vec<Link>) {
        let Some(known) = self.folds.guard.session(session) else { return };
        links.push(self.link(&known.person, "answered for by"));
        links.extend(known.parent.map(|parent| self.link(&parent, "spawned by")));
        links.extend(known.children.iter().map(|child| self.link(child, "spawned")));
        links.extend(self.folds.work.held_by(session).map(|task| self.link(&task, "holds")));
        let brought = self.folds.review.changes().flat_map(|change| &change.revisions);
        let brought = brought.filter(|revision| revision.session == session);
        links.extend(brought.map(|revision| self.link(&revision.id, "brought")));
    }

    fn around_candidate(&self, candidate: CandidateId, links: &mut Vec<Link>) {
        let Some(known) = self.folds.queue.candidate(candidate) else { return };
        for revision in known.revisions() {
            links.push(self.link(&revision, "a revision under test"));
            links.extend(self.task_of(revision));
        }
        let landings = self.folds.queue.landings().filter(|one| one.candidate == candidate);
        links.extend(landings.map(|landing| self.link(&landing.id, "landing")));
        links.push(self.link(&known.onto, "built on"));
        links.push(self.link(&known.commit, "the merge"));
        let logs = known.runs.iter().flat_map(|run| &run.results);
        links.extend(logs.map(|result| Link {
            id: format!("sha256:{}", result.log),
            how: format!("the output of check {}", result.check),
            title: None,
        }));
    }

    fn task_of(&self, revision: RevisionId) -> Option<Link> {
        let change = self.folds.review.change(revision.change)?;
        Some(self.link(&change.task, "for task"))
    }

    fn link(&self, id: &impl ToString, how: &str) -> Link {
        let id = id.to_string();
        let title = id.parse().ok().and_then(|id| self.title_of(&id)).filter(|t| !t.is_empty());
        Link { id, how: how.to_owned(), title }
    }

    fn title_of(&self, id: &AnyId) -> Option<String> {
        let guard = &self.folds.guard;
        match id {
            AnyId::Task(task) => Some(self.title(*task)),
            AnyId::Revision(revision) => Some(self.revision_title(*revision)),
            AnyId::Change(change) => {
                self.folds.review.change(*change).map(|change| change.latest().title.clone())
            }
            AnyId::Session(session) => guard.session(*session).map(|known| known.agent.clone()),
            AnyId::Person(person) => guard.person(*person).map(|person| person.name.clone()),
            AnyId::Token(token) => guard.token(*token).map(|token| token.label.clone()),
            AnyId::Candidate(candidate) => {
                let known = self.folds.queue.candidate(*candidate)?;
                Some(self.titles(known.revisions()))
            }
            AnyId::Landing(landing) => {
                let known = self.folds.queue.landing(*landing)?;
                Some(self.titles(known.revisions.iter().copied()))
            }
            AnyId::Approval(approval) => {
                self.folds.acts.approval(*approval).map(|known| known.asking.line.clone())
            }
            AnyId::Event(_) | AnyId::Commit(_) | AnyId::Body(_) => None,
        }
    }

    fn commit(&self, name: &str) -> Option<Commit> {
        let ids = self.ids_of_commit(name);
        let (review, queue) = (&self.folds.review, &self.folds.queue);
        let tip = queue.tip().filter(|tip| tip.starts_with(name));
        let of_revision = review.changes().flat_map(|change| &change.revisions);
        let named = of_revision.flat_map(|one| [&one.commit, &one.base]);
        let named = named.chain(queue.candidates().flat_map(|one| [&one.commit, &one.onto]));
        let full = tip.or_else(|| named.map(String::as_str).find(|full| full.starts_with(name)))?;
        let mut roles: Vec<String> =
            ids.into_iter().map(|(id, how)| format!("{how} `{id}`")).collect();
        if tip.is_some() {
            roles.insert(0, format!("the tip of {}", queue.trunk()));
        }
        let commit = full.to_owned();
        Some(Commit { commit, roles, title: None, author: None, at: None })
    }

    /// The ids a commit belongs to, and how. At most ten: one commit is the base of many.
    fn ids_of_commit(&self, name: &str) -> Vec<(String, String)> {
        let mut ids = Vec::new();
        for revision in self.folds.review.changes().rev().flat_map(|change| &change.revisions) {
            if revision.commit.starts_with(name) {
                ids.push((revision.id.to_string(), "the commit of revision".to_owned()));
            } else if revision.base.starts_with(name) {
                ids.push((revision.id.to_string(), "the base of revision".to_owned()));
            }
        }
        for candidate in self.folds.queue.candidates().rev() {
            if candidate.commit.starts_with(name) {
                ids.push((candidate.id.to_string(), "the merge of candidate".to_owned()));
            } else if candidate.onto.starts_with(name) {
                ids.push((candidate.id.to_string(), "the tip under candidate".to_owned()));
            }
        }
        ids.truncate(10);
        ids
    }
}

fn unknown(id: &AnyId) -> Refusal {
    let (code, what) = match id {
        AnyId::Task(_) => ("task.unknown", "task"),
        AnyId::Session(_) => ("session.unknown", "session"),
        AnyId::Change(_) => ("change.unknown", "change"),
        AnyId::Revision(_) => ("revision.unknown", "revision"),
        AnyId::Person(_) => ("person.unknown", "person"),
        AnyId::Token(_) => ("token.unknown", "token"),
        AnyId::Candidate(_) => ("candidate.unknown", "candidate"),
        AnyId::Landing(_) => ("landing.unknown", "landing"),
        AnyId::Approval(_) => ("approval.unknown", "request"),
        AnyId::Event(_) => ("event.unknown", "event"),
        AnyId::Commit(_) => ("commit.unknown", "commit that Weir had to do with"),
        AnyId::Body(_) => ("body.unknown", "body"),
    };
    let shown = match id {
        AnyId::Commit(name) => short(name).to_owned(),
        other => other.to_string(),
    };
    Refusal::new(code, format!("there is no {what} `{shown}`"))
        .hint("see what there is: `weir status`")
}

/// The same refusal, for what only the disk can look up.
pub(crate) fn unknown_on_disk(id: &AnyId) -> Refusal {
    unknown(id)
}

/// Whether a record names `id`: in its event, or as its author. A revision names its change too.
pub(crate) fn names(record: &weir_ledger::Record, id: &AnyId) -> bool {
    let spelled = id.to_string();
    let quoted = |text: &str| record.body.contains(&format!("\"{text}\""));
    match id {
        AnyId::Change(_) => quoted(&spelled) || record.body.contains(&format!("\"{spelled}.")),
        AnyId::Event(position) => record.position == *position,
        AnyId::Commit(name) => record.body.contains(&format!("\"{name}")),
        AnyId::Body(digest) => quoted(&digest.to_string()),
        AnyId::Person(_) | AnyId::Session(_) => record.by == spelled || quoted(&spelled),
        AnyId::Task(_)
        | AnyId::Revision(_)
        | AnyId::Token(_)
        | AnyId::Candidate(_)
        | AnyId::Landing(_)
        | AnyId::Approval(_) => quoted(&spelled),
    }
}
