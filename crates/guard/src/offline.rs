//! Without a server: what a hook may decide alone, by policies that were signed for its session, and how the ledger
//! hears of it afterwards.
//!
//! Invariants, which `tests/offline.rs` tries to break: (1) a leave counts for the one session and client that it was
//! made for, and only between the instants that it names; (2) alone, nothing is allowed but what would be allowed
//! without asking: there is nobody to ask, and no grant to be found; (3) what was met alone is carried on to the next
//! act; (4) a list of acts that is told twice is recorded once.
//! Deliberately absent: signatures, files and clocks. Whoever calls has opened the signed note, and keeps the list.

use crate::acts::{Acts, exactly, for_record, met};
use crate::effects;
use crate::policy::{self, Bundle, Scope, is_secret, is_trusted};
use crate::shell::Files;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use weir_model::act::{Act, Answer, Client, Reason, Ruling, Taint};
use weir_model::event::act::{Alone, Event, Step};
use weir_model::{Digest, PersonId, Refusal, SessionId, Timestamp};

/// How long a leave holds: a restart, an update, a short trip without a network. What people decide meanwhile (a pause,
/// a session that is ended) does not reach a hook before it ends.
pub const LEAVE: Duration = Duration::from_hours(1);
/// A clock of another machine may be this much behind.
const SKEW: Duration = Duration::from_mins(1);
/// More acts than this are not decided alone: somebody should have looked by then.
pub const ACTS_MAX: usize = 1_000;
/// An act that needs a longer line is not decided alone.
pub const LINE_BYTES_MAX: usize = 256 << 10;
/// A longer list does not grow: it must fit into one message to the server.
pub const LIST_BYTES_MAX: usize = 8 << 20;
/// Acts in one record of the ledger, whose events are bounded.
const BATCH_BYTES_MAX: usize = 512 << 10;

/// What a note with a leave begins with. No checkpoint of a ledger does, so that neither passes for the other.
const HEAD: &str = "weir leave";
/// The first of its kind. A reader that meets another refuses.
const FORM: u32 = 1;

/// What a hook may decide by while it reaches no server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leave {
    form: u32,
    /// Whose acts.
    pub session: SessionId,
    /// In which client.
    pub client: Client,
    /// When it was made.
    pub issued: Timestamp,
    /// From when on it does not count.
    pub expires: Timestamp,
    /// What was known of who acts.
    pub scope: Scope,
    /// The policies, as [`Bundle::to_text`] writes them.
    policies: String,
}

/// A leave that counts, with its policies read.
#[derive(Debug, Clone)]
pub struct Open {
    leave: Leave,
    bundle: Bundle,
}

/// An act that was decided alone, as the hook keeps it until the server hears of it: a line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    scope: String,
    bundle: Digest,
    /// The act and its answer.
    #[serde(flatten)]
    pub alone: Alone,
}

impl Leave {
    /// A leave for one client of a session, from `issued` on.
    pub fn new(
        (session, client): (SessionId, Client),
        scope: Scope,
        bundle: &Bundle,
        (issued, expires): (Timestamp, Timestamp),
    ) -> Self {
        let policies = bundle.to_text(issued, expires);
        Self { form: FORM, session, client, issued, expires, scope, policies }
    }

    /// The text to be signed.
    pub fn to_text(&self) -> String {
        let json = serde_json::to_string(self).expect("a leave is plain data");
        format!("{HEAD}\n{json}\n")
    }

    /// Reads a text whose signature was checked, for the hook of `client` in `session`.
    ///
    /// # Errors
    /// `leave.malformed`, `leave.foreign`, `leave.expired`, `leave.early`: then nothing is decided by it.
    pub fn open(
        text: &str,
        (session, client): (SessionId, Client),
        now: Timestamp,
    ) -> Result<Open, Refusal> {
        let json = text.strip_prefix(HEAD).and_then(|rest| rest.strip_prefix('\n'));
        let json = json.ok_or_else(|| malformed("it does not begin like one"))?;
        let leave: Self =
            serde_json::from_str(json).map_err(|error| malformed(&error.to_string()))?;
        if leave.form != FORM {
            return Err(malformed(&format!("it is of form {}", leave.form)));
        }
        if (leave.session, leave.client) != (session, client) {
            let (whose, of) = (leave.session, leave.client.title());
            let sentence = format!("it was made for {of} in session `{whose}`");
            return Err(Refusal::new("leave.foreign", sentence));
        }
        if leave.expires <= now {
            let sentence = format!("it held until {}", leave.expires);
            return Err(Refusal::new("leave.expired", sentence));
        }
        if now + SKEW < leave.issued {
            let sentence = format!("it holds from {} on, and this clock is behind", leave.issued);
            return Err(Refusal::new("leave.early", sentence));
        }
        let bundle = Bundle::from_text(&leave.policies)?.bundle;
        Ok(Open { leave, bundle })
    }
}

fn malformed(why: &str) -> Refusal {
    Refusal::new("leave.malformed", format!("it cannot be read: {why}"))
}

impl Open {
    /// When it was made.
    pub fn issued(&self) -> Timestamp {
        self.leave.issued
    }

    /// The work tree, absolute; empty when there is none.
    pub fn tree(&self) -> &str {
        self.leave.scope.worktree.as_deref().unwrap_or_default()
    }

    /// Decides an act alone, after those in `before`.
    pub fn decide(&self, before: &[Kept], act: &Act, files: &dyn Files, now: Timestamp) -> Kept {
        let mut scope = self.leave.scope.clone();
        let allowed = before.iter().filter(|kept| kept.is_allowed());
        let met: Vec<_> = allowed.flat_map(|kept| kept.meets(&scope)).collect();
        scope.taints.extend(met.into_iter().map(|(taint, _)| taint));
        let effects = effects::of(act, &effects::place(&scope, &act.cwd, files));
        let ruling = self.narrowed(policy::ruling(&self.bundle, &scope, act, &effects));
        Kept {
            scope: serde_json::to_string(&scope).expect("a scope is plain data"),
            bundle: self.bundle.digest(),
            alone: Alone { at: now, act: for_record(act), exactly: exactly(act), effects, ruling },
        }
    }

    /// Nobody can be asked: what a person would be asked for is denied, and a denial says what it rests on.
    fn narrowed(&self, mut ruling: Ruling) -> Ruling {
        let hint = match ruling.answer {
            Answer::Allow => return ruling,
            Answer::Ask => {
                "a person must say yes, and cannot be asked now: go on with something else, and do it again once \
                 Weir runs"
            }
            Answer::Deny => "a person starts Weir with `weir up`",
        };
        for reason in &mut ruling.reasons {
            reason.answer = Answer::Deny;
        }
        ruling.answer = Answer::Deny;
        ruling.reasons.push(Reason {
            policy: "offline".to_owned(),
            answer: Answer::Deny,
            sentence: format!(
                "Weir cannot be asked: this was decided by its policies of {}",
                self.leave.issued
            ),
            hint: Some(hint.to_owned()),
            effect: None,
        });
        ruling
    }
}

impl Kept {
    /// As a line of the list.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("an act is plain data")
    }

    /// A line of the list.
    ///
    /// # Errors
    /// `offline.malformed`: the list was written by somebody else.
    pub fn from_line(line: &str) -> Result<Self, Refusal> {
        serde_json::from_str(line).map_err(|error| {
            let sentence = format!("what was decided without Weir cannot be read: {error}");
            Refusal::new("offline.malformed", sentence)
        })
    }

    fn is_allowed(&self) -> bool {
        self.alone.ruling.answer == Answer::Allow
    }

    /// What the session carries from this on.
    fn meets(&self, scope: &Scope) -> Vec<(Taint, String)> {
        let Alone { act, effects, .. } = &self.alone;
        let (secret, trusted) =
            (|path: &str| is_secret(path, scope), |host: &str| is_trusted(host, scope));
        met(&act.tool, effects, secret, trusted)
    }
}

/// Whether a session may be given leave: neither a person nor a breaker holds it.
pub fn may_have_leave(acts: &Acts, lineage: &[SessionId], person: PersonId) -> bool {
    let breaker =
        |session: &SessionId| acts.session(*session)?.breaker.as_ref().map(|(step, _)| *step);
    acts.is_paused(lineage, person).is_none()
        && lineage.iter().all(|session| breaker(session).is_none_or(|step| step == Step::Told))
}

/// What goes on record of a list that the hook of `session` kept. What is on record already is not told again, and what
/// cannot be read is told as just that.
pub fn record(acts: &Acts, session: SessionId, list: &str) -> Vec<Event> {
    let lines: Vec<&str> = list.lines().collect();
    let Some(first) = lines.first() else { return Vec::new() };
    let list = Digest::of(first.as_bytes());
    let known = acts.session(session).map_or(0, |doing| doing.told_of(list));
    let (mut batches, mut tainted, mut unread) = (Vec::<Batch>::new(), Vec::new(), 0_u32);
    for (line, told) in lines.into_iter().zip(1_u32..).filter(|(_, told)| *told > known) {
        let kept = Kept::from_line(line).ok();
        let kept = kept.and_then(|kept| Some((serde_json::from_str(&kept.scope).ok()?, kept)));
        let Some((scope, kept)) = kept else {
            unread += 1;
            continue;
        };
        if kept.is_allowed() {
            for (taint, why) in kept.meets(&scope) {
                let is_new = !tainted.iter().any(|(known, _)| *known == taint);
                if is_new && !acts.carries(session, taint) {
                    tainted.push((taint, why));
                }
            }
        }
        match batches.last_mut().filter(|batch| batch.takes(&kept, line.len())) {
            Some(batch) => batch.add(kept, line.len(), told),
            None => batches.push(Batch::of(kept, line.len(), told)),
        }
    }
    let alone = batches.into_iter().map(|batch| batch.into_event(session, list));
    let tainted =
        tainted.into_iter().map(|(taint, why)| Event::SessionTainted { session, taint, why });
    let unread = (unread > 0).then(|| Event::Unguarded {
        session,
        why: format!("{unread} of the acts that its hook decided without a server cannot be read"),
    });
    alone.chain(tainted).chain(unread).collect()
}

/// Acts that share what was known, and fit into one record.
struct Batch {
    scope: String,
    bundle: Digest,
    bytes: usize,
    told: u32,
    acts: Vec<Alone>,
}

impl Batch {
    fn of(kept: Kept, bytes: usize, told: u32) -> Self {
        let Kept { scope, bundle, alone } = kept;
        Self { scope, bundle, bytes, told, acts: vec![alone] }
    }

    fn takes(&self, kept: &Kept, bytes: usize) -> bool {
        let fits = self.bytes + bytes <= BATCH_BYTES_MAX;
        fits && self.bundle == kept.bundle && self.scope == kept.scope
    }

    fn add(&mut self, kept: Kept, bytes: usize, told: u32) {
        self.bytes += bytes;
        self.told = told;
        self.acts.push(kept.alone);
    }

    fn into_event(self, session: SessionId, list: Digest) -> Event {
        let Self { scope, bundle, told, acts, .. } = self;
        Event::ActsAlone { session, scope, bundle, list, told, acts }
    }
}
