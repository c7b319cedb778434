//! The code, for agents: few tools, short answers, each cut to the room that the agent gives it.

use super::tools::{hints, read, tool};
use crate::api::view::{Looking, here, impacts, mapped, outlined, searched, symbols};
use crate::door::Door;
use crate::reply::Problem;
use crate::wire::{ImpactAnswer, MapAnswer, OutlineAnswer, SearchAnswer, SymbolAnswer, WhoAnswer};
use rmcp::model::Tool;
use serde_json::Value;

pub(super) fn all() -> Vec<Tool> {
    vec![
        tool::<Looking, SearchAnswer>(
            "view_search",
            "Search the code by words or meaning. Sees your uncommitted edits, and says who else is changing what it \
             shows.",
            hints("Search the code", true, true),
        ),
        tool::<Looking, SymbolAnswer>(
            "view_symbol",
            "Where a symbol (`Retry::next`) is defined, its text, and how many uses are known.",
            hints("Look up a symbol", true, true),
        ),
        tool::<Looking, OutlineAnswer>(
            "view_outline",
            "What a file, or every file below a folder, defines: signatures with their lines.",
            hints("Outline files", true, true),
        ),
        tool::<Looking, ImpactAnswer>(
            "view_impact",
            "Before you change a symbol or file: who uses it (and how that is known), which tests reach it, who owns it, \
             which open changes touch it.",
            hints("See what a change reaches", true, true),
        ),
        tool::<Looking, WhoAnswer>(
            "view_who",
            "Who is changing a symbol, a path, or anything, right now, in a worktree of their own.",
            hints("See who is where", true, true),
        ),
        tool::<Looking, MapAnswer>(
            "view_map",
            "The repository on a page, the most used first; name paths of your task to have those before all.",
            hints("Map the repository", true, true),
        ),
    ]
}

pub(super) async fn search(door: &Door, arguments: Value) -> Result<SearchAnswer, Problem> {
    searched(door, read(arguments)?).await
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
