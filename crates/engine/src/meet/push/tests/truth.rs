//! Whose a task is, read from the records alone: a second opinion that shares no code with the folds.

use crate::Engine;
use std::collections::{BTreeMap, BTreeSet};
use weir_model::event::guard::Event as Guard;
use weir_model::event::review::Event as Review;
use weir_model::event::work::{Event as Work, Hold};
use weir_model::{Event, FencingToken, Position, RevisionId, SessionId, TaskId, Timestamp};

/// What the ledger says about one task, and about all sessions.
pub(super) struct Truth {
    task: TaskId,
    position: Position,
    last_at: Timestamp,
    /// The grant with the greatest fencing token there ever was.
    greatest: Option<Hold>,
    /// Whether that grant was neither given back nor used.
    stands: bool,
    sessions: BTreeMap<SessionId, (Option<SessionId>, Timestamp)>,
    ended: BTreeSet<SessionId>,
    /// The task's revisions, with the fencing token each was recorded under.
    pub(super) revisions: Vec<(RevisionId, FencingToken)>,
}

impl Truth {
    /// Nothing known yet; of what happened up to `position` nothing counts.
    pub(super) fn new(task: TaskId, position: Position) -> Self {
        Self {
            task,
            position,
            last_at: Timestamp::default(),
            greatest: None,
            stands: false,
            sessions: BTreeMap::new(),
            ended: BTreeSet::new(),
            revisions: Vec::new(),
        }
    }

    /// The fencing token under which `session` owns the task at `now`, if it does.
    pub(super) fn owns(&self, session: SessionId, now: Timestamp) -> Option<FencingToken> {
        let hold = self.greatest.filter(|hold| hold.session == session && self.stands)?;
        let mut elder = Some(session);
        while let Some(session) = elder {
            let (parent, expires_at) = self.sessions.get(&session)?;
            if self.ended.contains(&session) || *expires_at <= now {
                return None;
            }
            elder = *parent;
        }
        (now < hold.expires_at).then_some(hold.token)
    }

    /// Reads on, to the end.
    pub(super) fn follow(&mut self, engine: &Engine) {
        loop {
            let records = engine.log(self.position, 1000).expect("read");
            let Some(last) = records.last() else { return };
            self.position = last.position;
            for record in &records {
                assert!(self.last_at <= record.at, "time went back at {}", record.position);
                self.last_at = record.at;
                let event = Event::from_json(record.stream.as_str(), &record.body).expect("known");
                match event {
                    Event::Guard(event) => self.guard(event),
                    Event::Work(event) => self.work(event, record.at),
                    Event::Review(event) => self.review(event, record.at),
                    Event::Queue(_) | Event::Act(_) => {}
                }
            }
        }
    }

    fn guard(&mut self, event: Guard) {
        if let Guard::SessionOpened { session, parent, expires_at, .. } = event {
            self.sessions.insert(session, (parent, expires_at));
        } else if let Guard::SessionEnded { session, .. } = event {
            self.ended.insert(session);
        }
    }

    fn work(&mut self, event: Work, at: Timestamp) {
        match event {
            Work::TaskClaimed { task, hold } | Work::TaskReturned { task, hold: Some(hold) }
                if task == self.task =>
            {
                let before = self.greatest.replace(hold);
                assert!(before.is_none_or(|before| before.token < hold.token), "a token came back");
                let is_live = |before: Hold| self.stands && at < before.expires_at;
                assert!(!before.is_some_and(is_live), "a live claim was given to another");
                self.stands = true;
            }
            Work::ClaimRenewed { task, hold } if task == self.task => {
                let before = self.greatest.replace(hold).expect("a claim to renew");
                assert_eq!((before.session, before.token), (hold.session, hold.token));
                assert!(
                    self.stands && at < before.expires_at,
                    "a claim that had ended was renewed"
                );
            }
            Work::ClaimReleased { task, .. }
            | Work::TaskSubmitted { task, .. }
            | Work::TaskReturned { task, hold: None }
            | Work::TaskWithdrawn { task, .. }
                if task == self.task =>
            {
                self.stands = false;
            }
            Work::TaskCreated { .. }
            | Work::TaskClaimed { .. }
            | Work::ClaimRenewed { .. }
            | Work::ClaimReleased { .. }
            | Work::TaskSubmitted { .. }
            | Work::TaskReturned { .. }
            | Work::TaskDone { .. }
            | Work::TaskWithdrawn { .. } => {}
        }
    }

    fn review(&mut self, event: Review, at: Timestamp) {
        if let Review::RevisionSubmitted { revision, task, session, token, .. } = event
            && task == self.task
        {
            let owner = self.owns(session, at);
            assert_eq!(
                owner,
                Some(token),
                "{revision} was recorded for one who did not own the task"
            );
            self.revisions.push((revision, token));
        }
    }
}
