//! Style sheet and script, under names that change with their content, so that browsers may keep them forever.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("assets/style.css");
const SCRIPT: &str = include_str!("assets/script.js");
const ICON: &str = include_str!("assets/icon.svg");

struct Asset {
    name: String,
    content_type: &'static str,
    text: &'static str,
}

fn asset(stem: &str, extension: &str, content_type: &'static str, text: &'static str) -> Asset {
    let digest = Sha256::digest(text.as_bytes());
    let hash: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Asset {
        name: format!("{stem}-{hash}.{extension}"),
        content_type,
        text,
    }
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        asset("style", "css", "text/css; charset=utf-8", STYLE),
        asset("script", "js", "text/javascript; charset=utf-8", SCRIPT),
        asset("icon", "svg", "image/svg+xml", ICON),
    ]
});

fn path(index: usize) -> String {
    ASSETS
        .get(index)
        .map(|asset| format!("/assets/{}", asset.name))
        .unwrap_or_default()
}

/// Where the style sheet is.
pub(crate) fn style_path() -> String {
    path(0)
}

/// Where the script is.
pub(crate) fn script_path() -> String {
    path(1)
}

/// Where the icon is.
pub(crate) fn icon_path() -> String {
    path(2)
}

/// Answers one of the assets.
pub(crate) async fn serve(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => {
            let headers = [
                (CONTENT_TYPE, asset.content_type),
                (CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, asset.text).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
