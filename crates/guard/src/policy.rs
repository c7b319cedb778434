//! Policies: what an agent is about to do is judged by rules that a person can read, test and replay.
//!
//! Invariants: (1) a policy counts only after it was held against Weir's schema, strictly; (2) a repository
//! cannot weaken the organization's floor, nor can the order of policies change an answer; (3) what cannot be
//! evaluated forbids, and what no policy permits is denied; (4) the same bundle, scope and act give the same
//! ruling on every machine, for ever.
//! Deliberately absent: files, clocks, signatures, approvals. Texts and facts come in; a ruling goes out.
//!
//! Reading order: [`Bundle`] (the rules, parsed once), [`Scope`] (what is known of who acts), [`ruling`]; then
//! [`explain`], [`test`], [`replay`] and [`analyze`], which are rulings made again; and [`claims`], what can be proved.

mod analyze;
mod bundle;
mod cases;
mod cedar;
mod default;
mod explain;
mod host;
mod judge;
mod known;
mod place;
mod prove;
mod question;
mod replay;
mod rule;
mod scope;
mod sealed;
mod short;
mod sieve;
mod slice;
mod source;
mod words;

pub use analyze::{Finding, What, analyze};
pub use bundle::Bundle;
pub use cases::{Analyse, Outcome, test};
pub use default::{DEFAULT, SCHEMA};
pub use explain::{Change, Explained, Explanation, Fact, Matched, explain};
pub use judge::{ruling, ruling_by_all};
pub use known::{is_secret, is_trusted};
pub use prove::{Claim, claims, proved};
pub use replay::{Otherwise, Recorded, Replay, replay};
pub use rule::{Kind, Layer, Rule};
pub use scope::{Enforcement, Scope, Spent};
pub use sealed::Sealed;
pub use short::{Short, effect_in_short};
pub use source::Fault;
