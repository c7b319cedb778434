//! Policies, as people look at them: explained, tested, replayed, analyzed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_model::{Position, SessionId, Timestamp};

/// A file of policies or of their tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyFile {
    /// Its name, without folders.
    #[schema(example = "network.cedar")]
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Policies to be looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyFiles {
    /// The policies, as they would stand in `.weir/policy/`.
    #[serde(default)]
    pub files: Vec<PolicyFile>,
    /// Their tests, as they would stand in `.weir/policy/tests/`.
    #[serde(default)]
    pub tests: Vec<PolicyFile>,
    /// For a replay: only what was asked since so long ago; everything unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "7d")]
    pub since: Option<weir_model::Lease>,
    /// For an analysis: prove what can be proved, by a solver, if one is installed where the server runs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub prove: bool,
}

/// The policies in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Policies {
    /// The digest of all of them.
    pub bundle: String,
    /// The commit that holds them; none for those that Weir ships.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Why what stands on the trunk is not in force, when it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Their names, with the layer and the place that each stands in.
    pub rules: Vec<PolicyRule>,
}

/// One policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyRule {
    /// Its name.
    pub name: String,
    /// `floor`, `repository` or `default`.
    pub layer: String,
    /// What it answers: `allow`, `ask`, `deny`.
    pub answer: String,
}

/// A reason, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ground {
    /// The policy.
    pub policy: String,
    /// What it answers.
    pub answer: String,
    /// What is so.
    pub sentence: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Why a decision fell so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// The decision.
    #[schema(value_type = String, example = "E31")]
    pub decision: Position,
    /// Who acted.
    #[schema(value_type = String, example = "S1")]
    pub session: SessionId,
    /// What was asked, in one line.
    pub what: String,
    /// What the policies in force now answer.
    pub answer: String,
    /// Whether they are those that judged then.
    pub is_in_force: bool,
    /// Why, strongest first.
    pub grounds: Vec<Ground>,
    /// What policies in shadow mode would have said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shadow: Vec<Ground>,
    /// Each effect, as policies saw it.
    pub effects: Vec<ExplainedEffect>,
    /// What, were it so, would change the answer.
    pub changes: Vec<PolicyChange>,
}

/// One effect, as policies saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExplainedEffect {
    /// What it is.
    pub asks: String,
    /// What it gets by itself.
    pub answer: String,
    /// The policies that matched, with the place each stands in.
    pub matched: Vec<String>,
    /// The facts that these look at: `resource.secret = true`.
    pub facts: Vec<String>,
}

/// What would change the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyChange {
    /// What would have to be so.
    pub what: String,
    /// What the act would get.
    pub answer: String,
}

/// What became of one test of policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyTest {
    /// The file it stands in.
    pub file: String,
    /// Its line.
    pub line: u32,
    /// What it is called.
    pub name: String,
    /// Whether it got what it expects.
    pub passed: bool,
    /// What it got and expects, when it did not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sentence: String,
}

/// What other policies would have decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Replayed {
    /// How many decisions were made again.
    pub decided: u64,
    /// How many come out otherwise.
    pub changed: u64,
    /// The first two hundred of those.
    pub items: Vec<ReplayedOne>,
}

/// A decision that comes out otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayedOne {
    /// The decision.
    #[schema(value_type = String, example = "E31")]
    pub decision: Position,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who acted.
    #[schema(value_type = String, example = "S1")]
    pub session: SessionId,
    /// What was asked, in one line.
    pub what: String,
    /// What the policies in force say.
    pub old: String,
    /// What the others would.
    pub new: String,
    /// Why.
    pub why: String,
}

/// What policies mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyAnalysis {
    /// What was found, what opens a wall first.
    pub items: Vec<PolicyFinding>,
    /// How many.
    pub total: u64,
    /// The solver by which proofs were found; none when none was asked for, or none is installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "cvc5 1.0.3")]
    pub solver: Option<String>,
}

/// Something that whoever changes policies should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyFinding {
    /// `wider`, `stricter`, `always_denies`, `contradicts`, `never_matches`, `shadowed`; `not_wider` where a proof was
    /// asked for.
    pub what: String,
    /// What it is about.
    pub about: String,
    /// What is so.
    pub sentence: String,
    /// A question that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// Whether it holds of every question there is, and not only of those that were tried.
    pub proved: bool,
}
