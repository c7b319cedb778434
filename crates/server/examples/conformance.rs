//! A server for the official conformance suite of the protocol: `cargo xtask test --conformance` starts it.
//!
//! A space in a temporary repository, with a fixture tool server behind the gateway: beside Weir's own tools at `/mcp`,
//! alone at `/mcp/tools`. The suite shows no token, so that this program adds one to every request. It prints its address, and
//! ends when its standard input does.
//!
//!     conformance PATH-OF-WEIR-TOOLSERVER

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::map_request;
use futures::future::BoxFuture;
use std::error::Error;
use std::io::Read as _;
use std::process::Command;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use weir_engine::{Options, Space};
use weir_gateway::{Call, Decide, Gateway, MemoryPins, Note, Parts, Registry, Secrets, Verdict};

/// Allows everything: what is tried here is the protocol.
struct Open;

impl Decide for Open {
    fn decide<'a>(&'a self, _: &'a Call) -> BoxFuture<'a, Verdict> {
        Box::pin(async { Verdict::Allow })
    }

    fn note(&self, note: Note) -> BoxFuture<'_, ()> {
        if let Note::Down { .. } | Note::Quarantined { .. } = &note {
            eprintln!("{note:?}");
        }
        Box::pin(async {})
    }
}

impl Secrets for Open {
    fn secret<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Option<String>> {
        Box::pin(async { None })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let fixture = std::env::args().nth(1).ok_or("which tool server?")?;
    let folder = tempfile::tempdir()?;
    let repo = folder.path().join("repo");
    std::fs::create_dir(&repo)?;
    std::fs::create_dir(folder.path().join("trees"))?;
    std::fs::write(repo.join("weir.toml"), "[[check]]\nname = \"test\"\nrun = \"true\"\n")?;
    for line in [&["init", "-q", "-b", "main"][..], &["add", "."], &["commit", "-qm", "Begin"]] {
        let who = ["-c", "user.name=Weir", "-c", "user.email=weir@example.org"];
        let status = Command::new("git").current_dir(&repo).args(who).args(line).status()?;
        if !status.success() {
            return Err("git could not make a repository".into());
        }
    }
    let trees = Some(folder.path().join("trees"));
    let (space, found) = Space::open(&Options { trees, drive: false, ..Options::here(&repo) })?;
    let token = std::fs::read_to_string(&found.owner_token)?;
    let mut shown = HeaderValue::from_str(&format!("Bearer {}", token.trim()))?;
    shown.set_sensitive(true);
    let registry = Registry::parse(&format!(
        "[[server]]\nname = \"fixture\"\ncommand = [{fixture:?}]\nnames = \"plain\"\nshare = \"all\"\n\
         may_ask = true\ntools = [\"*\"]\nprompts = [\"*\"]\nresources = [\"test://*\"]\n"
    ))?;
    let parts = Parts {
        decide: Arc::new(Open),
        secrets: Arc::new(Open),
        pins: Arc::new(MemoryPins::default()),
        folder: folder.path().join("tools"),
    };
    let served = tokio::runtime::Runtime::new()?.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}", listener.local_addr()?);
        let gateway = Gateway::new(registry, parts);
        let closing = CancellationToken::new();
        let router = weir_server::router(
            space.engine().clone(),
            &base,
            Some(gateway.clone()),
            closing.clone(),
        );
        let router = router.layer(map_request(move |mut request: Request| {
            let shown = shown.clone();
            async move {
                request.headers_mut().entry(header::AUTHORIZATION).or_insert(shown);
                request
            }
        }));
        println!("{base}");
        let ended = tokio::task::spawn_blocking(|| {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
        });
        let closed = closing.clone();
        tokio::spawn(async move {
            let _ = ended.await;
            closed.cancel();
        });
        let served =
            axum::serve(listener, router).with_graceful_shutdown(closing.cancelled_owned());
        let served = served.await;
        gateway.close().await;
        served
    });
    drop(space);
    Ok(served?)
}
