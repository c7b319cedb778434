//! The greeting: which revision is spoken, and what the server offers.

use super::{Ask, Broken, Extras, Wire};
use crate::registry::{Server, Speaks};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub(super) struct Greeted {
    pub(super) speaks: Speaks,
    pub(super) capabilities: Value,
}

/// A server of an earlier revision may say nothing at all to what it does not know.
const DISCOVER_LIMIT: Duration = Duration::from_secs(5);

/// Greets in the newest revision that both allow.
pub(super) async fn greet(
    wire: &Wire,
    speaks: &[Speaks],
    server: &Server,
) -> Result<Greeted, Broken> {
    let deadline = Instant::now() + server.time_limit;
    let legacy: Vec<Speaks> = speaks.iter().copied().filter(|speaks| speaks.is_legacy()).collect();
    if speaks.contains(&Speaks::July2026) {
        wire.speak(Speaks::July2026);
        let limit = if legacy.is_empty() { server.time_limit } else { DISCOVER_LIMIT };
        match discover(wire, limit.min(server.time_limit)).await {
            Ok(greeted) => return Ok(greeted),
            Err(broken @ Broken::Gone(_)) => return Err(broken),
            Err(broken) if legacy.is_empty() => return Err(broken),
            // It speaks an earlier one, or none.
            Err(Broken::Error { .. } | Broken::Time(_) | Broken::Unfit(_)) => {}
        }
    }
    let left = deadline.saturating_duration_since(Instant::now());
    initialize(wire, &legacy, left).await
}

async fn discover(wire: &Wire, time_limit: Duration) -> Result<Greeted, Broken> {
    let params = with_meta(json!({}), &Extras::default());
    let ask = Ask { method: "server/discover", params, time_limit, sink: None, schema: None };
    let mut found = wire.ask(ask).await?;
    let versions = found.get("supportedVersions").and_then(Value::as_array);
    let ours = json!(Speaks::July2026.as_str());
    if !versions.is_some_and(|versions| versions.contains(&ours)) {
        return Err(Broken::Unfit("it was found, and does not speak 2026-07-28".to_owned()));
    }
    let capabilities = found.get_mut("capabilities").map(Value::take).unwrap_or_default();
    Ok(Greeted { speaks: Speaks::July2026, capabilities })
}

async fn initialize(
    wire: &Wire,
    legacy: &[Speaks],
    time_limit: Duration,
) -> Result<Greeted, Broken> {
    let Some(first) = legacy.first() else {
        return Err(Broken::Unfit("it speaks no revision that the registry allows".to_owned()));
    };
    wire.speak(*first);
    // No capabilities: whoever has none is asked for nothing.
    let params = json!({
        "protocolVersion": first.as_str(), "capabilities": {}, "clientInfo": client_info(),
    });
    let ask = Ask { method: "initialize", params, time_limit, sink: None, schema: None };
    let mut greeted = wire.ask(ask).await?;
    let spoken = greeted.get("protocolVersion").and_then(Value::as_str).unwrap_or_default();
    let speaks = Speaks::named(spoken).filter(|speaks| legacy.contains(speaks));
    let speaks = speaks.ok_or_else(|| {
        let spoken: String = spoken.chars().take(40).collect();
        Broken::Unfit(format!(
            "it speaks `{}`, which the registry does not allow",
            spoken.escape_debug()
        ))
    })?;
    wire.speak(speaks);
    wire.tell("notifications/initialized", json!({})).await;
    let capabilities = greeted.get_mut("capabilities").map(Value::take).unwrap_or_default();
    Ok(Greeted { speaks, capabilities })
}

fn client_info() -> Value {
    json!({"name": "weir", "version": env!("CARGO_PKG_VERSION")})
}

/// A request of the stateless revision says itself what used to be agreed on at the beginning.
pub(super) fn with_meta(mut params: Value, extras: &Extras) -> Value {
    let mut meta = match params.get_mut("_meta").map(Value::take) {
        Some(meta @ Value::Object(_)) => meta,
        _ => json!({}),
    };
    let capabilities = extras.capabilities.clone().unwrap_or_else(|| json!({}));
    meta["io.modelcontextprotocol/protocolVersion"] = json!(Speaks::July2026.as_str());
    meta["io.modelcontextprotocol/clientInfo"] = client_info();
    meta["io.modelcontextprotocol/clientCapabilities"] = capabilities;
    if let Some(level) = &extras.log_level {
        meta["io.modelcontextprotocol/logLevel"] = json!(level);
    }
    params["_meta"] = meta;
    params
}
