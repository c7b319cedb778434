//! `/mcp`: the few tools an agent needs to take a task and bring a change, and those of other servers that the space
//! lists, over streamable HTTP.
//!
//! Without sessions of its own: who calls is in the token of every request, and all else is in the ledger. So both
//! eras of the protocol are one to us, `initialize` up to 2025-11-25 and `server/discover` from 2026-07-28, and no
//! request ever needs the process that answered the last one. All types of the protocol's library stay in here.

mod approvals;
mod both;
mod gate;
mod hints;
mod schema;
mod tools;
mod view;

use crate::door::{Credentials, Door};
use crate::reply::Problem;
use crate::weir::Weir;
use crate::wire::Refused;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use both::Both;
use gate::Gate;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData,
    Implementation, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
    Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use std::sync::Arc;
use tools::Called;
use weir_gateway::Gateway;

/// What an agent is told before anything else.
const INSTRUCTIONS: &str = "\
Weir gives you tasks and lands your changes. Nothing lands untested, and nothing outside your task's paths.
1. `task_list` shows what is ready; `task_claim` takes one (the oldest, if you name none).
2. Work only in the `worktree` of the claim, only within its `paths`, and commit. Claim again before `expires_at` \
to keep it.
3. Run the `submit` command of the claim: a plain `git push`. If it is refused, the output says why and what to do.
4. `change_status` with `wait_s` tells when it lands or comes back. If it comes back, its `repair` says what failed \
and how to reproduce it: fix, commit and push again, under the same claim.
5. Where a person must say yes first, go on with something else; `approval_status` shows what was answered.
6. `task_release` gives back what you will not finish. Any id that you see (`T1`, `C1.1`, `Q1`) can be shown: `show`.
A refusal has a code, a sentence and a hint: do what the hint says.";

/// The largest message: as much as the HTTP API takes.
const MESSAGE_BYTES_MAX: usize = 512 << 10;

/// The endpoints. With a gateway, the tools of other servers stand beside Weir's own, so that an agent needs one
/// connection; and at `/mcp/tools` they stand alone, for clients that want nothing else.
pub(crate) fn router(weir: &Weir, tools: Option<Gateway>) -> Router<Weir> {
    let Some(gateway) = tools else { return endpoint(weir, "/mcp", || Endpoint) };
    let gate = Gate { gateway };
    let both = Both { own: Endpoint, gate: gate.clone() };
    endpoint(weir, "/mcp", move || both.clone())
        .merge(endpoint(weir, "/mcp/tools", move || gate.clone()))
}

/// A server of the protocol at `path`, behind the door that every other is behind.
fn endpoint<S: ServerHandler>(
    weir: &Weir,
    path: &'static str,
    make: impl Fn() -> S + Send + Sync + 'static,
) -> Router<Weir> {
    // Host and origin were checked by the walls, for this door as for every other.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .disable_allowed_hosts()
        .with_max_request_body_bytes(MESSAGE_BYTES_MAX)
        .with_cancellation_token(weir.closing.child_token());
    let service = StreamableHttpService::new(
        move || Ok(make()),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    Router::new()
        .route_service(path, service)
        .route_layer(from_fn_with_state(weir.clone(), with_door))
}

/// Opens the door for the bearer, and carries it along to the tool. A cookie opens nothing here.
async fn with_door(
    State(weir): State<Weir>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let shown = Credentials::of(request.headers(), &weir.cookie).header;
    let door = Door::open(&weir, shown.ok_or_else(Problem::no_token)?).map_err(|mut problem| {
        // A 401 makes clients look for a way to sign in, and hide why: the session has ended.
        if problem.refused.code.starts_with("session.") {
            problem.status = StatusCode::FORBIDDEN;
        }
        problem
    })?;
    request.extensions_mut().insert(door);
    Ok(next.run(request).await)
}

#[derive(Clone)]
struct Endpoint;

impl ServerHandler for Endpoint {
    fn get_info(&self) -> ServerConfig {
        let name = Implementation::new("weir", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(name)
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let listed = tools::listed(&door_of(&context)?);
        // Said to be complete: the newer era asks for the word, and the library leaves it out for the older one.
        Ok(ListToolsResult::with_all_items(listed))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools::all().into_iter().find(|tool| tool.name == name)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let door = door_of(&context)?;
        let arguments = serde_json::Value::Object(request.arguments.unwrap_or_default());
        let called = tokio::select! {
            called = tools::call(&door, &request.name, arguments) => called,
            // The client gave up waiting: nobody reads the answer.
            () = context.ct.cancelled() => Called::Refused(gone()),
        };
        Ok(CallToolResponse::Complete(match called {
            Called::Done(value) => CallToolResult::structured(value),
            Called::Refused(problem) => {
                // As words alone: some clients hold whatever is JSON, even an error, against the tool's schema, and
                // then show neither.
                CallToolResult::error(vec![ContentBlock::text(in_words(&problem.refused))])
            }
            Called::NoSuchTool => {
                let message = format!("there is no tool `{}`", request.name.escape_debug());
                return Err(ErrorData::invalid_params(message, None));
            }
        }))
    }
}

/// The door that a request came by.
fn door_of(context: &RequestContext<RoleServer>) -> Result<Door, ErrorData> {
    let parts = context.extensions.get::<http::request::Parts>();
    let door = parts.and_then(|parts| parts.extensions.get::<Door>()).cloned();
    door.ok_or_else(|| ErrorData::internal_error("the call came by no door", None))
}

/// The three parts of a refusal, as the command line says them, but with tools for commands.
fn in_words(refused: &Refused) -> String {
    let hint = refused.hint.as_deref().map(hints::for_agents);
    let hint = hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    format!("error[{}]: {}{hint}", refused.code, refused.sentence)
}

fn gone() -> Problem {
    weir_model::Refusal::new("request.cancelled", "the call was cancelled").into()
}
