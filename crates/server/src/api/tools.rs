//! `/v1/tools`: the tool servers behind the gateway, and a person's yes to what they offer.

use super::done;
use crate::door::{Body, Door};
use crate::reply::Reply;
use crate::wire::{Done, Refused, ToolApproval, ToolServers};
use axum::Json;

/// The tool servers
///
/// As the registry on the trunk has them, with all that was seen of what they offer; what waits for a person first.
#[utoipa::path(get, path = "/v1/tools", tag = "tools",
    responses((status = 200, body = ToolServers), (status = "default", body = Refused)))]
pub(crate) async fn list(door: Door) -> Reply<ToolServers> {
    let servers = door.read(|see| Ok(see.tool_servers(door.engine())))?;
    Ok(Json(servers))
}

/// Approve how a tool describes itself
///
/// Exactly the description that was seen: if it has changed since, nothing is approved.
#[utoipa::path(post, path = "/v1/tools/approve", tag = "tools", request_body = ToolApproval,
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn approve(door: Door, Body(approval): Body<ToolApproval>) -> Reply<Done> {
    let ToolApproval { server, kind, name, description } = approval;
    door.engine().approve_tool(&door.caller, (&server, kind, &name), description).await?;
    Ok(done())
}
