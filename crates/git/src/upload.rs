//! Clone and fetch, for any git client, over smart HTTP.
//!
//! Git serves them itself (`upload-pack`): negotiation, partial clones and protocol 2 are a program of
//! their own, which nothing in Rust replaces yet. Clients see branches and the revisions of changes.

use crate::error::io_failed;
use crate::git::{not_started, said};
use crate::pkt;
use crate::quarantine::read_end;
use crate::{Error, Trunk};
use std::process::Stdio;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::process::{Child, Command};

/// The last entry that matches a ref decides.
const CONFIG: [&str; 7] = [
    "uploadpack.hideRefs=refs",
    "uploadpack.hideRefs=!refs/heads",
    "uploadpack.hideRefs=!refs/weir/changes",
    // What failed its checks, so that its owner can see it fail.
    "uploadpack.hideRefs=!refs/weir/candidates",
    "uploadpack.allowFilter=true",
    "uploadpack.allowRefInWant=false",
    // We hold no bitmaps, and one fetch shall not take every core.
    "pack.threads=2",
];

impl Trunk {
    /// The body of the answer to `GET …/info/refs?service=git-upload-pack`
    /// (`application/x-git-upload-pack-advertisement`). `protocol` is the request's `Git-Protocol`.
    pub async fn advertise_fetch(&self, protocol: Option<&str>) -> Result<Vec<u8>, Error> {
        let doing = "list refs for a fetch";
        let mut command = self.upload_pack(protocol);
        command.args(["--http-backend-info-refs", "."]).stdin(Stdio::null());
        let mut child = command.spawn().map_err(|source| not_started(source, doing))?;
        let mut refs = Vec::new();
        if let Some(stdout) = &mut child.stdout {
            stdout.read_to_end(&mut refs).await.map_err(io_failed(doing))?;
        }
        finish(child, doing).await?;
        let mut out = Vec::new();
        // Protocol 2 begins with its version; the older ones with the service, as git's own server does.
        if !refs.starts_with(b"000eversion 2\n") {
            pkt::write(&mut out, b"# service=git-upload-pack\n");
            pkt::flush(&mut out);
        }
        out.extend(refs);
        Ok(out)
    }

    /// Answers one `POST …/git-upload-pack`: reads the request from `body` and writes the answer
    /// (`application/x-git-upload-pack-result`) to `out` as it comes. If the client goes, or this
    /// future is dropped, so does the process that serves it.
    pub async fn serve_fetch<R, W>(
        &self,
        protocol: Option<&str>,
        body: &mut R,
        out: &mut W,
    ) -> Result<(), Error>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let doing = "serve a fetch";
        let mut command = self.upload_pack(protocol);
        command.args(["--timeout=600", "."]).stdin(Stdio::piped());
        let mut child = command.spawn().map_err(|source| not_started(source, doing))?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let ask = async {
            let Some(mut stdin) = stdin else { return Ok(()) };
            match tokio::io::copy(body, &mut stdin).await {
                // It has heard enough; what it says next tells whether it was pleased.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
                other => other.map(drop).map_err(io_failed("read a fetch")),
            }
        };
        let tell = async {
            let Some(mut stdout) = stdout else { return Ok(()) };
            tokio::io::copy(&mut stdout, out).await.map_err(io_failed("answer a fetch"))?;
            out.flush().await.map_err(io_failed("answer a fetch"))
        };
        // A client may be slow to close a request that was answered: the answer ends it.
        let ask = async {
            match ask.await {
                Ok(()) => std::future::pending().await,
                failed => failed,
            }
        };
        tokio::select! {
            told = tell => told?,
            failed = ask => failed?,
        }
        finish(child, doing).await
    }

    fn upload_pack(&self, protocol: Option<&str>) -> Command {
        let mut command = self.git();
        for setting in CONFIG {
            command.arg("-c").arg(setting);
        }
        command.args(["upload-pack", "--strict", "--stateless-rpc"]).current_dir(self.dir());
        // From the network, into an environment: only what the protocol is made of.
        let plain = |text: &&str| {
            let allowed = |b: u8| b.is_ascii_alphanumeric() || b"=:-._".contains(&b);
            text.len() <= 64 && text.bytes().all(allowed)
        };
        if let Some(protocol) = protocol.filter(plain) {
            command.env("GIT_PROTOCOL", protocol);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut command = Command::from(command);
        command.kill_on_drop(true);
        command
    }
}

async fn finish(mut child: Child, doing: &str) -> Result<(), Error> {
    let mut told = Vec::new();
    read_end(&mut child.stderr.take(), &mut told).await;
    let status = child.wait().await.map_err(io_failed(doing))?;
    if status.success() { Ok(()) } else { Err(said(doing, &told)) }
}
