//! What every route shares: the engine, and the names this server goes by.

use crate::see::Place;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use weir_engine::Engine;

/// The engine behind the doors. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Weir(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) place: Place,
    /// The host of the public address, in lower case.
    host: String,
    /// The cookie's name holds the port: browsers do not tell two servers on one host apart.
    pub(crate) cookie: String,
    /// Ends what would otherwise never end: streams of events, waits.
    pub(crate) closing: CancellationToken,
}

/// Names that reach only this machine, whatever a name server says.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

impl Weir {
    /// Serves `engine` under `base`, the public address without a path.
    pub(crate) fn new(engine: Engine, base: &str, closing: CancellationToken) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        let authority = base.split_once("://").map_or(base.as_str(), |(_, rest)| rest);
        let host = crate::walls::name_of(authority).to_ascii_lowercase();
        let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
        let digits = port.bytes().all(|byte| byte.is_ascii_digit()) && !port.is_empty();
        let cookie = if digits { format!("weir_{port}") } else { "weir".to_owned() };
        Self(Arc::new(Shared { engine, place: Place { base }, host, cookie, closing }))
    }

    /// Whether this server goes by `name`.
    pub(crate) fn is_ours(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        LOOPBACK.contains(&name.as_str()) || name == self.host
    }

    /// Whether browsers reach it over TLS only.
    pub(crate) fn is_secure(&self) -> bool {
        self.place.base.starts_with("https://")
    }
}

impl std::ops::Deref for Weir {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}
