//! The sheet, the icon and the script: inside the binary, with their content's hash in their name, so that a browser
//! may keep them for ever and never keeps an old one.

use crate::reply::Problem;
use axum::extract::Path;
use axum::http::header;
use axum::response::IntoResponse;
use std::sync::LazyLock;
use weir_model::Digest;

const STYLE: &str = include_str!("../../../../web/weir.css");
const ICON: &str = include_str!("../../../../web/weir.svg");
const SCRIPT: &str = include_str!("../../../../web/weir.js");

/// The sheet's name.
pub(super) static STYLE_NAME: LazyLock<String> = LazyLock::new(|| named("weir", STYLE, "css"));
/// The icon's name.
pub(super) static ICON_NAME: LazyLock<String> = LazyLock::new(|| named("weir", ICON, "svg"));
/// The script's name.
pub(super) static SCRIPT_NAME: LazyLock<String> = LazyLock::new(|| named("weir", SCRIPT, "js"));

fn named(stem: &str, content: &str, kind: &str) -> String {
    let digest = Digest::of(content.as_bytes()).to_string();
    format!("{stem}-{}.{kind}", digest.get(..12).unwrap_or(&digest))
}

/// `GET /assets/{name}`: for everybody, for there is nothing to know from it.
pub(super) async fn asset(Path(name): Path<String>) -> Result<impl IntoResponse, Problem> {
    let (kind, content) = if name == *STYLE_NAME {
        ("text/css; charset=utf-8", STYLE)
    } else if name == *SCRIPT_NAME {
        ("text/javascript; charset=utf-8", SCRIPT)
    } else if name == *ICON_NAME {
        ("image/svg+xml", ICON)
    } else {
        return Err(crate::api::nothing_here().await);
    };
    let for_ever = "public, max-age=31536000, immutable";
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, for_ever)], content))
}
