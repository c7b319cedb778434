//! `/v1/view`: the code, as everybody sees it.

use crate::door::Door;
use crate::reply::{Problem, Reply};
use crate::wire::{Refused, WhoAnswer};
use axum::Json;
use axum::extract::{Query, rejection::QueryRejection};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use weir_engine::view::{
    GrepAnswer, HistoryAnswer, ImpactAnswer, MapAnswer, OutlineAnswer, SearchAnswer, SymbolAnswer,
};
use weir_engine::{Grep, Since, Where, Written};
use weir_model::Refusal;

/// What is asked of the view.
#[derive(Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Looking {
    /// What: words, a symbol such as `Retry::next`, or a path such as `src/retry.rs`.
    #[serde(default)]
    #[param(example = "Retry::next")]
    pub(crate) what: String,
    /// From where: `mine` (your own worktree, with what you have not committed), `base` (the commit it stands on), or
    /// `tip` (the trunk). `mine` if left out; without a worktree it is the trunk.
    #[serde(default)]
    pub(crate) from: Option<String>,
    /// How long the answer may be, in tokens of about four characters; 2000 if left out.
    #[serde(default)]
    pub(crate) tokens: Option<usize>,
}

/// What is asked of the view, and with what it is compared.
#[derive(Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Comparing {
    /// What: a symbol such as `Retry::next`; for what a change would reach also a path, or a change such as `C2`.
    #[serde(default)]
    #[param(example = "Retry::next")]
    pub(crate) what: String,
    /// From where: `mine` (your own worktree), `base` (the commit it stands on), or `tip` (the trunk). `mine` if left
    /// out.
    #[serde(default)]
    pub(crate) from: Option<String>,
    /// Also what differs: since `base` (who came and went, and what changed, on the trunk and in your worktree since you
    /// branched) or since `tip` (in your worktree beside the trunk).
    #[serde(default)]
    pub(crate) since: Option<String>,
    /// How long the answer may be, in tokens of about four characters; 2000 if left out.
    #[serde(default)]
    pub(crate) tokens: Option<usize>,
}

impl Comparing {
    fn places(&self) -> Result<(Where, Option<Since>), Refusal> {
        let from = self.from.as_deref().unwrap_or_default().parse()?;
        Ok((from, self.since.as_deref().map(str::parse).transpose()?))
    }
}

impl Looking {
    fn from(&self) -> Result<Where, Refusal> {
        self.from.as_deref().unwrap_or_default().parse()
    }
}

type Asked = Result<Query<Looking>, QueryRejection>;
type Compared = Result<Query<Comparing>, QueryRejection>;

fn looking(asked: Asked) -> Result<Looking, Problem> {
    Ok(asked.map(|Query(looking)| looking).map_err(malformed)?)
}

fn comparing(asked: Compared) -> Result<Comparing, Problem> {
    Ok(asked.map(|Query(comparing)| comparing).map_err(malformed)?)
}

fn malformed(rejection: QueryRejection) -> Refusal {
    Refusal::new("request.malformed", rejection.body_text())
        .hint("there are `what`, `from` and `tokens`; for a symbol and an impact also `since`")
}

/// Search the code
///
/// By words, or by what is meant; the best pieces first, each with its place.
#[utoipa::path(get, path = "/v1/view/search", tag = "view", params(Looking),
    responses((status = 200, body = SearchAnswer), (status = "default", body = Refused)))]
pub(crate) async fn search(door: Door, asked: Asked) -> Reply<SearchAnswer> {
    Ok(Json(searched(&door, looking(asked)?).await?))
}

/// The same for MCP.
pub(crate) async fn searched(door: &Door, it: Looking) -> Result<SearchAnswer, Problem> {
    let from = it.from()?;
    Ok(door.engine().view_search(&door.caller, from, it.what, it.tokens).await?)
}

/// What text is looked for in the view.
#[derive(Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Grepping {
    /// The text, or the regular expression.
    #[serde(default)]
    #[param(example = "Retry::next(")]
    pub(crate) what: String,
    /// Whether it is a regular expression: the syntax of Rust's `regex`, each match within one line. Otherwise each
    /// character stands for itself.
    #[serde(default)]
    pub(crate) regex: bool,
    /// Whether capitals and small letters are the same.
    #[serde(default)]
    pub(crate) ignore_case: bool,
    /// Files at these paths only: `src/**`, `**/*.rs`, `{src,tests}/**`.
    #[serde(default)]
    pub(crate) paths: Option<String>,
    /// So many lines before and after each match, 20 at most; none if left out.
    #[serde(default)]
    pub(crate) context: usize,
    /// From where: `mine`, `base` or `tip`, as for the others.
    #[serde(default)]
    pub(crate) from: Option<String>,
    /// How long the answer may be, in tokens of about four characters; 2000 if left out.
    #[serde(default)]
    pub(crate) tokens: Option<usize>,
}

/// Find a text in the code
///
/// An exact text, or a regular expression: the lines where it stands, sources first.
#[utoipa::path(get, path = "/v1/view/grep", tag = "view", params(Grepping),
    responses((status = 200, body = GrepAnswer), (status = "default", body = Refused)))]
pub(crate) async fn grep(
    door: Door,
    asked: Result<Query<Grepping>, QueryRejection>,
) -> Reply<GrepAnswer> {
    let malformed = |rejection: QueryRejection| {
        Refusal::new("request.malformed", rejection.body_text()).hint(
            "there are `what`, `regex`, `ignore_case`, `paths`, `context`, `from` and `tokens`",
        )
    };
    Ok(Json(grepped(&door, asked.map(|Query(it)| it).map_err(malformed)?).await?))
}

/// The same for MCP.
pub(crate) async fn grepped(door: &Door, it: Grepping) -> Result<GrepAnswer, Problem> {
    let from: Where = it.from.as_deref().unwrap_or_default().parse()?;
    let written = if it.regex { Written::Regex } else { Written::Exact };
    let (pattern, any_case, paths) = (it.what, it.ignore_case, it.paths);
    let grep = Grep { pattern, written, any_case, paths, context: it.context };
    Ok(door.engine().view_grep(&door.caller, from, grep, it.tokens).await?)
}

/// A symbol
///
/// Where it is defined, its text, and how many uses are known, and how. All that are called so, when more are. With
/// `since`, who came and went, and what changed.
#[utoipa::path(get, path = "/v1/view/symbol", tag = "view", params(Comparing),
    responses((status = 200, body = SymbolAnswer), (status = "default", body = Refused)))]
pub(crate) async fn symbol(door: Door, asked: Compared) -> Reply<SymbolAnswer> {
    Ok(Json(symbols(&door, comparing(asked)?).await?))
}

/// The same for MCP.
pub(crate) async fn symbols(door: &Door, it: Comparing) -> Result<SymbolAnswer, Problem> {
    let places = it.places()?;
    Ok(door.engine().view_symbol(&door.caller, places, it.what, it.tokens).await?)
}

/// What files define
///
/// Of the file at a path, or of all below it.
#[utoipa::path(get, path = "/v1/view/outline", tag = "view", params(Looking),
    responses((status = 200, body = OutlineAnswer), (status = "default", body = Refused)))]
pub(crate) async fn outline(door: Door, asked: Asked) -> Reply<OutlineAnswer> {
    Ok(Json(outlined(&door, looking(asked)?).await?))
}

/// The same for MCP.
pub(crate) async fn outlined(door: &Door, it: Looking) -> Result<OutlineAnswer, Problem> {
    let from = it.from()?;
    Ok(door.engine().view_outline(&door.caller, from, it.what, it.tokens).await?)
}

/// What a change would reach
///
/// Of a symbol, of the file at a path, or of all that a change touches: who uses it and how that is known, which tests
/// reach it, who owns it, which open changes touch it.
#[utoipa::path(get, path = "/v1/view/impact", tag = "view", params(Comparing),
    responses((status = 200, body = ImpactAnswer), (status = "default", body = Refused)))]
pub(crate) async fn impact(door: Door, asked: Compared) -> Reply<ImpactAnswer> {
    Ok(Json(impacts(&door, comparing(asked)?).await?))
}

/// The same for MCP.
pub(crate) async fn impacts(door: &Door, it: Comparing) -> Result<ImpactAnswer, Problem> {
    let places = it.places()?;
    Ok(door.engine().view_impact(&door.caller, places, it.what, it.tokens).await?)
}

/// What happened to the code
///
/// Of a symbol, or of the file or folder at a path: which commits changed it, who wrote it, and what changes with it.
#[utoipa::path(get, path = "/v1/view/history", tag = "view", params(Looking),
    responses((status = 200, body = HistoryAnswer), (status = "default", body = Refused)))]
pub(crate) async fn history(door: Door, asked: Asked) -> Reply<HistoryAnswer> {
    let it = looking(asked)?;
    let from = it.from()?;
    Ok(Json(door.engine().view_history(&door.caller, from, it.what, it.tokens).await?))
}

/// Who is changing what, right now
///
/// Of a symbol or a path, with who wrote it; or of everything. Seen from what lies in the worktrees of sessions: nobody has
/// to announce it.
#[utoipa::path(get, path = "/v1/view/who", tag = "view", params(Looking),
    responses((status = 200, body = WhoAnswer), (status = "default", body = Refused)))]
pub(crate) async fn who(door: Door, asked: Asked) -> Reply<WhoAnswer> {
    Ok(Json(here(&door, looking(asked)?).await?))
}

/// The same for MCP.
pub(crate) async fn here(door: &Door, it: Looking) -> Result<WhoAnswer, Problem> {
    Ok(door.engine().view_who(&door.caller, it.what).await?)
}

/// The repository on a page
///
/// What is used most, from most places, first; what belongs to the paths that are named before all.
#[utoipa::path(get, path = "/v1/view/map", tag = "view", params(Looking),
    responses((status = 200, body = MapAnswer), (status = "default", body = Refused)))]
pub(crate) async fn map(door: Door, asked: Asked) -> Reply<MapAnswer> {
    Ok(Json(mapped(&door, looking(asked)?).await?))
}

/// The same for MCP.
pub(crate) async fn mapped(door: &Door, it: Looking) -> Result<MapAnswer, Problem> {
    let from = it.from()?;
    let near = it.what.split_whitespace().map(str::to_owned).collect();
    Ok(door.engine().view_map(&door.caller, from, near, it.tokens).await?)
}
