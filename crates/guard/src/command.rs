//! What may be asked of the guard, and the one way in.

use crate::{Caller, Guard, people, session, token};
use weir_model::event::Mandate;
use weir_model::event::guard::{Event, Right, Role, TokenKind};
use weir_model::{Context, Digest, Lease, PersonId, Refusal, SessionId, TaskId, TokenId};

/// A wish. Who asks is not in it: that comes from the door, as a [`Caller`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Begin the space, with its first person as owner. Weir's own, at the first start.
    OpenSpace {
        /// Its name, as people call it.
        name: String,
        /// The first person's name.
        owner: String,
    },
    /// Let a person in.
    AddPerson {
        /// How people will call them.
        name: String,
        /// What they may do.
        role: Role,
    },
    /// Change what a person may do. Whoever loses the right to claim loses their sessions.
    SetRole {
        /// Whose.
        person: PersonId,
        /// What they may do from now on.
        role: Role,
    },
    /// Let a person go, with their tokens, links and sessions.
    RemovePerson {
        /// Who.
        person: PersonId,
    },
    /// Issue a token for oneself or, as an owner, for another.
    IssueToken {
        /// Whose it will be.
        person: PersonId,
        /// What its owner will call it.
        label: String,
        /// Where it will be used.
        usage: TokenKind,
        /// The most it may do.
        rights: Vec<Right>,
        /// SHA-256 of the secret.
        hash: Digest,
        /// How long it lives.
        lease: Lease,
    },
    /// Revoke a token.
    RevokeToken {
        /// Which.
        token: TokenId,
    },
    /// Make a link by which a browser signs in, once, with all that the person's role allows.
    OfferSignIn {
        /// Who may use it.
        person: PersonId,
        /// SHA-256 of the code in the link.
        hash: Digest,
        /// How long it waits to be used.
        lease: Lease,
    },
    /// Use such a link. The code is the authority: any caller will do, [`Caller::weir`] at best.
    RedeemSignIn {
        /// SHA-256 of the code.
        hash: Digest,
        /// SHA-256 of the secret that the browser's cookie will carry.
        browser: Digest,
        /// How long the browser stays signed in.
        lease: Lease,
    },
    /// Open a session: a person for an agent (or for themself), or a session for a child.
    OpenSession {
        /// What the agent is called.
        agent: String,
        /// The session that spawns it: that of the caller, or none when a person asks.
        parent: Option<SessionId>,
        /// What it may do; for a child, its parent's layers first, then its own.
        mandate: Mandate,
        /// SHA-256 of its token's secret.
        hash: Digest,
        /// How long it lives; a child's life is cut to what its parent has left.
        lease: Lease,
    },
    /// End a session and all that it spawned.
    EndSession {
        /// Which.
        session: SessionId,
        /// In words.
        why: String,
    },
    /// Put on record that the git boundary refused a push.
    RecordRefusedPush {
        /// By whom, when the token said so.
        session: Option<SessionId>,
        /// For which task, when that is known.
        task: Option<TaskId>,
        /// The ref that was asked for.
        target: String,
        /// The refusal's code.
        code: String,
        /// The refusal's sentence.
        sentence: String,
    },
}

/// Whether `caller` may have what it asks for, and what then happens.
///
/// No events means that it is already so: asking again after a lost reply is safe.
///
/// # Errors
/// A [`Refusal`] that names by whom it can be lifted, where anybody can.
pub fn decide(
    guard: &Guard,
    command: Command,
    caller: &Caller,
    ctx: &Context,
) -> Result<Vec<Event>, Refusal> {
    debug_assert_eq!(caller.actor, ctx.by, "the door that made the caller made the context");
    if guard.space.is_none() && !matches!(command, Command::OpenSpace { .. }) {
        return Err(Refusal::new("space.not_open", "this space has no people yet")
            .hint("start it with `weir up`"));
    }
    // A caller may have been let in a moment ago and lost its rights since.
    guard.still_valid(caller, ctx.now)?;
    match command {
        Command::OpenSpace { name, owner } => people::open_space(guard, name, owner, caller),
        Command::AddPerson { name, role } => people::add(guard, name, role, caller),
        Command::SetRole { person, role } => people::set_role(guard, person, role, caller),
        Command::RemovePerson { person } => people::remove(guard, person, caller),
        Command::IssueToken { person, label, usage, rights, hash, lease } => {
            let wish = token::Wish { person, label, usage, rights, hash };
            token::issue(guard, wish, ctx.now + lease, caller)
        }
        Command::RevokeToken { token } => token::revoke(guard, token, caller),
        Command::OfferSignIn { person, hash, lease } => {
            token::offer(guard, person, hash, ctx.now + lease, caller)
        }
        Command::RedeemSignIn { hash, browser, lease } => {
            token::redeem(guard, hash, browser, ctx.now, lease)
        }
        Command::OpenSession { agent, parent, mandate, hash, lease } => {
            let wish = session::Wish { agent, parent, mandate, hash };
            session::open(guard, wish, ctx.now + lease, caller, ctx.now)
        }
        Command::EndSession { session, why } => session::end(guard, session, why, caller),
        Command::RecordRefusedPush { session, task, target, code, sentence } => {
            session::may_speak_for(guard, session, caller)?;
            let (target, sentence) = (cut(target), cut(sentence));
            Ok(vec![Event::PushRefused { session, task, target, code: cut(code), sentence }])
        }
    }
}

/// What came over the wire may be long; the ledger keeps enough to know it again.
fn cut(mut text: String) -> String {
    const BYTES_MAX: usize = 2000;
    if text.len() > BYTES_MAX {
        text.truncate(text.floor_char_boundary(BYTES_MAX));
        text.push('…');
    }
    text
}
