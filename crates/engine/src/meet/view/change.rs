//! What a change that was pushed would reach, and which other open changes touch the same.

use super::others::Others;
use super::{Base, Looked};
use crate::{Engine, Error, Failure};
use std::collections::BTreeSet;
use std::sync::Arc;
use weir_git::CommitId;
use weir_guard::Caller;
use weir_model::{ChangeId, Refusal, SessionId};
use weir_review::Change;
use weir_view::answer::{ImpactAnswer, Meets};
use weir_view::ask::{Budget, defined};
use weir_view::symbol::{Symbol, outline};
use weir_view::touched::{Touch, Touched, Touches, between};

/// So many other changes are held against it.
const OTHERS_MAX: usize = 32;

impl Engine {
    /// What the latest revision of a change would reach on the trunk: of all definitions that it touches.
    pub(super) async fn impact_of_change(
        &self,
        caller: &Caller,
        change: ChangeId,
        tokens: Option<usize>,
    ) -> Result<ImpactAnswer, Error> {
        self.may_look(caller)?;
        let (engine, session) = (self.clone(), super::session_of(caller));
        let asked = tokio::task::spawn_blocking(move || engine.reached(session, change, tokens));
        asked.await.map_err(|error| Failure::Other(format!("could not look: {error}")))?
    }

    fn reached(
        &self,
        session: Option<SessionId>,
        change: ChangeId,
        tokens: Option<usize>,
    ) -> Result<ImpactAnswer, Error> {
        let Some(it) = self.read(|folds| folds.review.change(change).cloned()) else {
            let sentence = format!("there is no change `{change}`");
            return Err(Refusal::new("change.unknown", sentence).into());
        };
        if let Some(session) = session {
            self.own(session)?;
        }
        let (after, touches) = self.touches_of(&it)?;
        let trunk = self.base(self.trunk().tip()?)?;
        let (looked, after) = (Looked::at(trunk), Looked::at(after));
        let paths: BTreeSet<String> = touches.keys().cloned().collect();
        let all = || touches.values().flat_map(|all| all.iter());
        let named = |looked: &Looked, touched: &Touched| -> Option<Symbol> {
            let found = outline(&self.0.seeing.pool, &looked.view, touched.path.as_str().into());
            found.into_iter().find(|symbol| symbol.qualified == touched.name)
        };
        // Who uses it uses it as it is on the trunk; what is new has no users there yet.
        let used: Vec<Symbol> = all()
            .filter(|one| one.touch != Touch::Added)
            .filter_map(|one| named(&looked, one))
            .collect();
        let new = all().filter(|one| one.touch == Touch::Added);
        let new: Vec<Symbol> = new.filter_map(|one| named(&after, one)).collect();
        let mut answer = self.asked(&looked, |asked| {
            let mut answer = asked.reach(&used, &paths, false, Budget::new(tokens));
            answer.together = self.together_with(asked, &paths, &mut answer.envelope).together;
            answer
        });
        answer.of.extend(new.iter().map(defined));
        answer.touches = all().map(told).collect();
        (answer.changes, answer.meets) = self.meets(&it, &touches)?;
        let shown: Vec<(&str, &str)> =
            all().map(|one| (one.path.as_str(), one.name.as_str())).collect();
        Others::of_everyone(self, session).tell(&mut answer.envelope, &shown, "");
        Ok(answer)
    }

    /// Open changes that touch the same files, and those of them that touch the same definitions.
    fn meets(&self, it: &Change, touches: &Touches) -> Result<(Vec<String>, Vec<Meets>), Error> {
        let others: Vec<Change> = self.read(|folds| {
            let open = folds.review.changes().filter(|one| one.is_open() && one.id != it.id);
            let same = |one: &&Change| one.latest().paths.iter().any(|at| touches.contains_key(at));
            open.filter(same).cloned().collect()
        });
        let mut meets = Vec::new();
        for other in others.iter().take(OTHERS_MAX) {
            let (_, theirs) = self.touches_of(other)?;
            let is_ours = |one: &&Touched| {
                let ours = touches.get(&one.path);
                ours.is_some_and(|ours| ours.iter().any(|our| our.name == one.name))
            };
            let same: Vec<String> =
                theirs.values().flat_map(|all| all.iter()).filter(is_ours).map(told).collect();
            if !same.is_empty() {
                meets.push(Meets { change: other.id.to_string(), touches: same });
            }
        }
        Ok((others.iter().map(|other| other.id.to_string()).collect(), meets))
    }

    /// What the latest revision of a change touches, and what is there with it.
    fn touches_of(&self, change: &Change) -> Result<(Arc<Base>, Touches), Error> {
        let latest = change.latest();
        let commit = |id: &str| id.parse::<CommitId>();
        let before = self.base(commit(&latest.base)?)?;
        let after = self.base(commit(&latest.commit)?)?;
        let text = |blob: &weir_view::pool::Blob| self.text(blob);
        let touches = between(&self.0.seeing.pool, (&before.view, &after.view), &text);
        Ok((after, touches))
    }
}

fn told(touched: &Touched) -> String {
    let now = touched.now.as_deref().map(|name| format!(" to {name}")).unwrap_or_default();
    format!("{} {} {}{now}", touched.touch.name(), touched.path, touched.name)
}
