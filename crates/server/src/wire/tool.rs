//! Tool servers: which there are, what they offer, what of that waits for a person.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_model::act::Offer;
use weir_model::{Digest, Timestamp};

/// The tool servers, and all that anybody has seen of what they offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToolServers {
    /// In the order of the registry.
    pub servers: Vec<ToolServer>,
    /// Why the registry on the trunk is not in force, when it is not; the one before it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// What they offer, as far as an agent has asked for it; what is quarantined first.
    pub offers: Vec<ToolOffer>,
}

/// One tool server, as the registry has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToolServer {
    /// The first part of its tools' names.
    #[schema(example = "issues")]
    pub name: String,
    /// Its command, or its address.
    #[schema(example = "issue-server --stdio")]
    pub reached: String,
    /// The revisions of the protocol that may be spoken with it.
    pub protocols: Vec<String>,
    /// Which tools an agent may use.
    pub tools: Vec<String>,
    /// Which prompts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<String>,
    /// Which resources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The secrets that it is given, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// What was seen of it last that should not be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noticed: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub noticed_at: Option<Timestamp>,
}

/// A tool or prompt of a tool server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToolOffer {
    /// Whose.
    #[schema(example = "issues")]
    pub server: String,
    /// `tool` or `prompt`.
    #[schema(value_type = String, example = "tool")]
    pub kind: Offer,
    /// What its server calls it.
    #[schema(example = "search")]
    pub name: String,
    /// `approved` or `quarantined`.
    #[schema(example = "approved")]
    pub state: String,
    /// The digest of its description: of what waits, or of what was approved.
    #[schema(value_type = String)]
    pub description: Digest,
    /// Why it is kept from agents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Whether a person's yes ends that.
    #[serde(default)]
    pub can_be_approved: bool,
    /// How it describes itself now; only of what waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Since when it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
}

/// A person's yes to a description: to exactly the one that they saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToolApproval {
    /// Whose.
    pub server: String,
    /// `tool` or `prompt`.
    #[schema(value_type = String, example = "tool")]
    pub kind: Offer,
    /// What its server calls it.
    pub name: String,
    /// The digest of what was seen.
    #[schema(value_type = String)]
    pub description: Digest,
}
