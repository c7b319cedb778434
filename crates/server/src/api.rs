//! The HTTP API, under `/v1`: one function a route. Parse, call, show.
//!
//! The document at `/openapi.json` is made from these functions and the types they name, so it cannot drift from
//! them; `docs/openapi.json` is its committed copy, which a test compares.

pub(crate) mod acts;
pub(crate) mod audit;
pub(crate) mod changes;
pub(crate) mod events;
pub(crate) mod guard;
pub(crate) mod indexes;
pub(crate) mod look;
pub(crate) mod people;
pub(crate) mod queue;
pub(crate) mod runners;
pub(crate) mod sessions;
pub(crate) mod tasks;
pub(crate) mod tools;
pub(crate) mod view;

use crate::reply::Problem;
use crate::weir::Weir;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::{Json, Router};
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weir_model::Refusal;

/// The largest JSON body: a task's longest text, every letter of it escaped, and room for the rest.
const BODY_BYTES_MAX: usize = 512 << 10;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Weir",
        description = "The coordination layer between coding agents, people and a git repository.\n\nEvery \
            refusal is a `Refused`: match on its `code`. Send a token as `Authorization: Bearer weir_…`."
    ),
    modifiers(&Tokens),
    security(("token" = []))
)]
struct Document;

struct Tokens;

impl utoipa::Modify for Tokens {
    fn modify(&self, document: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A person's token (`weir_p_…`) or a session's (`weir_s_…`)."));
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("token", SecurityScheme::Http(scheme.build()));
    }
}

fn described() -> (Router<Weir>, OpenApi) {
    use utoipa::OpenApi as _;
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(look::space))
        .routes(routes!(look::status))
        .routes(routes!(look::show))
        .routes(routes!(look::body))
        .routes(routes!(tasks::list, tasks::create))
        .routes(routes!(tasks::get))
        .routes(routes!(tasks::claim))
        .routes(routes!(tasks::claim_next))
        .routes(routes!(tasks::release))
        .routes(routes!(tasks::withdraw))
        .routes(routes!(sessions::list, sessions::open))
        .routes(routes!(sessions::end))
        .routes(routes!(acts::attach))
        .merge(hooks())
        .routes(routes!(changes::list))
        .routes(routes!(changes::get))
        .routes(routes!(changes::approve))
        .routes(routes!(changes::reject))
        .routes(routes!(queue::get))
        .routes(routes!(queue::explain))
        .routes(routes!(queue::trace))
        .routes(routes!(queue::freeze, queue::thaw))
        .routes(routes!(queue::set_class))
        .routes(routes!(runners::list))
        .routes(routes!(runners::take))
        .routes(routes!(runners::renew))
        .merge(reports())
        .routes(routes!(runners::give_back))
        .routes(routes!(runners::leave))
        .routes(routes!(acts::detach))
        .routes(routes!(acts::checked))
        .routes(routes!(acts::agents))
        .routes(routes!(acts::list))
        .routes(routes!(acts::get))
        .routes(routes!(acts::allow))
        .routes(routes!(acts::refuse))
        .routes(routes!(acts::pause))
        .routes(routes!(acts::resume))
        .routes(routes!(acts::proposals))
        .routes(routes!(view::search))
        .routes(routes!(view::grep))
        .routes(routes!(view::symbol))
        .routes(routes!(view::outline))
        .routes(routes!(view::impact))
        .routes(routes!(view::who))
        .routes(routes!(view::map))
        .routes(routes!(view::history))
        .routes(routes!(indexes::list, indexes::import))
        .routes(routes!(tools::list))
        .routes(routes!(tools::approve))
        .routes(routes!(guard::policies))
        .routes(routes!(guard::explain))
        .routes(routes!(guard::test))
        .routes(routes!(guard::replay))
        .routes(routes!(guard::analyze))
        .routes(routes!(people::list, people::add))
        .routes(routes!(people::set_role))
        .routes(routes!(people::remove))
        .routes(routes!(people::list_tokens, people::issue_token))
        .routes(routes!(people::revoke_token))
        .routes(routes!(people::offer_sign_in))
        .routes(routes!(events::log))
        .routes(routes!(events::stream))
        .routes(routes!(audit::key))
        .routes(routes!(audit::checkpoint))
        .routes(routes!(audit::proof))
        .routes(routes!(audit::export))
        .split_for_parts()
}

/// What clients tell of themselves may be much larger than what others send.
fn hooks() -> OpenApiRouter<Weir> {
    OpenApiRouter::new()
        .routes(routes!(acts::hook))
        .routes(routes!(acts::alone))
        .layer(DefaultBodyLimit::max(weir_hook::PAYLOAD_MAX + 1))
}

/// What checks print may be larger; the route says how large.
fn reports() -> OpenApiRouter<Weir> {
    OpenApiRouter::new().routes(routes!(runners::report)).layer(DefaultBodyLimit::disable())
}

/// The routes, and the document that describes them.
pub(crate) fn router() -> Router<Weir> {
    let (router, document) = described();
    let text = to_text(&document);
    router
        .route(
            "/openapi.json",
            axum::routing::get(|| async {
                ([(axum::http::header::CONTENT_TYPE, "application/json")], text)
            }),
        )
        .method_not_allowed_fallback(async || Problem {
            status: StatusCode::METHOD_NOT_ALLOWED,
            refused: Box::new(
                Refusal::new("route.method", "this route does not take that method")
                    .hint("`/openapi.json` lists what there is")
                    .into(),
            ),
        })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// The OpenAPI document, as it is committed and served.
pub fn openapi() -> String {
    to_text(&described().1)
}

fn to_text(document: &OpenApi) -> String {
    let text = document.to_pretty_json().expect("a document of plain data");
    text + "\n"
}

/// What is answered where there is nothing.
pub(crate) async fn nothing_here() -> Problem {
    Refusal::new("route.unknown", "there is nothing at this address")
        .hint("`/openapi.json` lists what there is")
        .into()
}

/// It was done.
pub(crate) fn done() -> Json<crate::wire::Done> {
    Json(crate::wire::Done { done: true })
}
