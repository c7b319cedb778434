//! The code, for agents: few tools, short answers, each cut to the room that the agent gives it.

use super::tools::{hints, read, tool};
use crate::api::view::{
    Comparing, Grepping, Looking, grepped, here, impacts, mapped, outlined, searched, symbols,
};
use crate::door::Door;
use crate::reply::Problem;
use crate::wire::view::{Envelope, GrepFile, SearchHit};
use crate::wire::{
    GrepAnswer, ImpactAnswer, MapAnswer, OutlineAnswer, SearchAnswer, SymbolAnswer, WhoAnswer,
};
use rmcp::model::Tool;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// `view_search`
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Searching {
    /// What: words, a text, or a regular expression.
    what: String,
    /// `words`, if left out: by meaning, best files first. `text`: exactly as written. `regex`: each match in one line.
    #[serde(default, rename = "as")]
    #[schema(inline)]
    written: As,
    /// For `text` and `regex`: whether capitals and small letters are the same.
    #[serde(default)]
    ignore_case: bool,
    /// For `text` and `regex`: in these paths only, `src/**`.
    #[serde(default)]
    paths: Option<String>,
    /// For `text` and `regex`: lines to show around each match.
    #[serde(default)]
    context: usize,
    /// `mine` (your worktree), if left out; `base`, the commit it stands on; `tip`, the trunk.
    #[serde(default)]
    from: Option<String>,
    /// How long the answer may be, in tokens; 2000 if left out.
    #[serde(default)]
    tokens: Option<usize>,
}

/// How what is looked for is meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum As {
    #[default]
    Words,
    Text,
    Regex,
}

/// The answer: pieces that speak of the words, or files in which the text stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Searched {
    /// For words: the best first, each file once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hits: Vec<SearchHit>,
    /// For a text or an expression: the files in which it stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    files: Vec<GrepFile>,
    /// Words that stand nowhere in the view.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unknown: Vec<String>,
    /// What it was answered from.
    envelope: Envelope,
}

pub(super) fn all() -> Vec<Tool> {
    vec![
        tool::<Searching, Searched>(
            "view_search",
            "Search the code by words or meaning, or for a text or regular expression as grep does. Sees your \
             uncommitted edits, and says who else is changing what it shows.",
            hints("Search the code", true, true),
        ),
        tool::<Comparing, SymbolAnswer>(
            "view_symbol",
            "Where a symbol (`Retry::next`) is defined, its text, and how many uses are known; what changed of it since you \
             branched.",
            hints("Look up a symbol", true, true),
        ),
        tool::<Looking, OutlineAnswer>(
            "view_outline",
            "What a file, or every file below a folder, defines: signatures with their lines.",
            hints("Outline files", true, true),
        ),
        tool::<Comparing, ImpactAnswer>(
            "view_impact",
            "Before you change a symbol or file, or of a change (`C2`): who uses it (and how that is known), which tests \
             reach it, who owns it, which open changes touch it, whose uncommitted edits it breaks.",
            hints("See what a change reaches", true, true),
        ),
        tool::<Looking, WhoAnswer>(
            "view_who",
            "Who is changing a symbol, a path, or anything, right now, in a worktree of their own; and who wrote it.",
            hints("See who is where", true, true),
        ),
        tool::<Looking, MapAnswer>(
            "view_map",
            "The repository on a page, the most used first; name paths of your task to have those before all.",
            hints("Map the repository", true, true),
        ),
    ]
}

pub(super) async fn search(door: &Door, arguments: Value) -> Result<Searched, Problem> {
    let Searching { what, written, ignore_case, paths, context, from, tokens } = read(arguments)?;
    match written {
        As::Words => {
            let SearchAnswer { hits, unknown, envelope } =
                searched(door, Looking { what, from, tokens }).await?;
            Ok(Searched { hits, files: Vec::new(), unknown, envelope })
        }
        As::Text | As::Regex => {
            let regex = written == As::Regex;
            let it = Grepping { what, regex, ignore_case, paths, context, from, tokens };
            let GrepAnswer { files, envelope } = grepped(door, it).await?;
            Ok(Searched { hits: Vec::new(), files, unknown: Vec::new(), envelope })
        }
    }
}

pub(super) async fn symbol(door: &Door, arguments: Value) -> Result<SymbolAnswer, Problem> {
    symbols(door, read(arguments)?).await
}

pub(super) async fn outline(door: &Door, arguments: Value) -> Result<OutlineAnswer, Problem> {
    outlined(door, read(arguments)?).await
}

pub(super) async fn impact(door: &Door, arguments: Value) -> Result<ImpactAnswer, Problem> {
    impacts(door, read(arguments)?).await
}

pub(super) async fn who(door: &Door, arguments: Value) -> Result<WhoAnswer, Problem> {
    here(door, read(arguments)?).await
}

pub(super) async fn map(door: &Door, arguments: Value) -> Result<MapAnswer, Problem> {
    mapped(door, read(arguments)?).await
}
