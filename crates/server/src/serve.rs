//! Serving: one listener, every door, and an end that lets what is under way finish.

use crate::walls::walls;
use crate::webhook::{self, Webhook};
use crate::weir::Weir;
use crate::{api, git, mcp, pages};
use axum::Router;
use axum::middleware::from_fn_with_state;
use std::io;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use weir_engine::Engine;
use weir_gateway::Gateway;

/// How to serve.
#[derive(Debug, Clone, Default)]
pub struct Serving {
    /// The address that people and agents use, when it is not the listener's own: behind a proxy that ends TLS,
    /// `https://weir.example.org`. Without a path.
    pub public: Option<String>,
    /// The gateway to other tool servers: their tools stand beside Weir's own at `/mcp`, and alone at `/mcp/tools`.
    pub tools: Option<Gateway>,
    /// Where events are posted that wait for a person.
    pub webhook: Option<Webhook>,
}

/// How long what is under way may take once the end was asked for: a push, not a stream of events.
const GRACE: Duration = Duration::from_secs(10);

/// Serves `engine` on `listener` until `shutdown` is cancelled, and then until what is under way is done.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    engine: Engine,
    listener: TcpListener,
    serving: Serving,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let own = format!("http://{}", listener.local_addr()?);
    let base = serving.public.unwrap_or(own);
    let tools = serving.tools.clone();
    let posting = serving.webhook.map(|webhook| {
        let (engine, base, closing) = (engine.clone(), base.clone(), shutdown.clone());
        tokio::spawn(async move { webhook::post(engine, &base, webhook, closing).await })
    });
    let router = router(engine, &base, serving.tools, shutdown.clone());
    let server =
        // Made once: a router that is served as it is would be copied, all its routes, for each connection.
        axum::serve(listener, router.into_make_service())
            .with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let served = tokio::select! {
        served = server => served,
        () = async { shutdown.cancelled().await; tokio::time::sleep(GRACE).await } => {
            tracing::warn!("connections were still open {GRACE:?} after the end was asked for");
            Ok(())
        }
    };
    if let Some(tools) = tools {
        tools.close().await;
    }
    if let Some(posting) = posting {
        // What was not taken is posted by the next start.
        posting.abort();
    }
    served
}

/// All doors, as a router: what [`serve`] serves, for tests that need no socket. `base` is the public address;
/// `closing` ends the streams that would otherwise stay open for ever.
pub fn router(
    engine: Engine,
    base: &str,
    tools: Option<Gateway>,
    closing: CancellationToken,
) -> Router {
    let weir = Weir::new(engine, base, closing);
    Router::new()
        .merge(api::router())
        .merge(pages::router())
        .merge(git::router())
        .merge(mcp::router(&weir, tools))
        .fallback(api::nothing_here)
        .layer(from_fn_with_state(weir.clone(), walls))
        .with_state(weir)
}
