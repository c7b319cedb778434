//! The pages: rendered here, whole without a script, and kept true by a small one.
//!
//! What is written by people and agents is text to a page and never markup: maud escapes it. What a page may do it
//! does by forms, each of which carries what only a page of this caller can know.

mod agents;
mod assets;
mod door;
mod forms;
mod now;
mod parts;
mod queue;
mod shell;
mod show;
mod sign_in;
mod thing;
mod tools;
mod view;

use crate::weir::Weir;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

/// The largest form: a task's longest text, every byte of it escaped, and room for the rest.
const FORM_BYTES_MAX: usize = 256 << 10;

/// The routes of the pages.
pub(crate) fn router() -> Router<Weir> {
    Router::new()
        .route("/", get(now::page))
        .route("/agents", get(agents::page))
        .route("/queue", get(queue::page))
        .route("/queue/{change}", get(queue::change))
        .route("/view", get(view::page))
        .route("/show/{id}", get(show::page))
        .route("/sign-in/{code}", get(sign_in::ask).post(sign_in::redeem))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/act/task", post(forms::create_task))
        .route("/act/withdraw/{task}", post(forms::withdraw))
        .route("/act/approve/{revision}", post(forms::approve))
        .route("/act/reject/{revision}", post(forms::reject))
        .route("/act/session", post(forms::open_session))
        .route("/act/allow/{approval}", post(forms::allow))
        .route("/act/refuse/{approval}", post(forms::refuse))
        .route("/act/pause", post(forms::pause))
        .route("/act/resume", post(forms::let_go))
        .route("/act/tool", post(tools::approve))
        .route("/act/end/{session}", post(forms::end_session))
        .route("/assets/{name}", get(assets::asset))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}
