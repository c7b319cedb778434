//! The least HTTP that a git client needs, around the room's functions. The server has its own glue.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use weir_git::{Body, Decision, Error, Push, Quarantine, Trunk};

/// What is decided about a push, with its objects at hand.
pub type Judge = dyn Fn(&Push, &Quarantine) -> Vec<Decision> + Send + Sync;

/// Serves `trunk` at the URL that it gives, until the runtime ends. Accepted pushes become
/// `refs/weir/changes/C1/<n>`.
pub async fn serve(trunk: Trunk, max_bytes: u64, judge: Arc<Judge>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/repo.git", listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (trunk, judge) = (trunk.clone(), judge.clone());
            // A client that goes in the middle is its own affair.
            tokio::spawn(async move { drop(converse(stream, trunk, max_bytes, judge).await) });
        }
    });
    url
}

async fn converse(stream: TcpStream, trunk: Trunk, max: u64, judge: Arc<Judge>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if stream.read_line(&mut first).await? == 0 {
            return Ok(());
        }
        let mut headers = HashMap::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        if headers.contains_key("expect") {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        let body = read_body(&mut stream, &headers).await?;
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let (kind, answer) = answer(&trunk, &path, &headers, &body, max, &judge).await;
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            answer.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&answer).await?;
        stream.flush().await?;
    }
}

async fn read_body(
    stream: &mut BufReader<TcpStream>,
    headers: &HashMap<String, String>,
) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if headers.get("transfer-encoding").is_some_and(|encoding| encoding == "chunked") {
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let size = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
            stream.take(size).read_to_end(&mut body).await?;
            stream.read_line(&mut line).await?;
            if size == 0 {
                return Ok(body);
            }
        }
    }
    let length = headers.get("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    stream.take(length).read_to_end(&mut body).await?;
    Ok(body)
}

async fn answer(
    trunk: &Trunk,
    path: &str,
    headers: &HashMap<String, String>,
    body: &[u8],
    max: u64,
    judge: &Arc<Judge>,
) -> (&'static str, Vec<u8>) {
    let protocol = headers.get("git-protocol").map(String::as_str);
    let encoding = headers.get("content-encoding").map(String::as_str);
    let mut body = Body::new(body, encoding, 1 << 30).expect("known to git");
    if path.ends_with("service=git-upload-pack") {
        let refs = trunk.advertise_fetch(protocol).await.expect("listed");
        ("application/x-git-upload-pack-advertisement", refs)
    } else if path.ends_with("service=git-receive-pack") {
        let refs = trunk.advertise_push().expect("listed");
        ("application/x-git-receive-pack-advertisement", refs)
    } else if path.ends_with("git-upload-pack") {
        let mut out = Vec::new();
        trunk.serve_fetch(protocol, &mut body, &mut out).await.expect("served");
        ("application/x-git-upload-pack-result", out)
    } else {
        ("application/x-git-receive-pack-result", receive(trunk, &mut body, max, judge).await)
    }
}

async fn receive(trunk: &Trunk, body: &mut Body<&[u8]>, max: u64, judge: &Arc<Judge>) -> Vec<u8> {
    let Some(push) = Push::read(body).await.expect("read") else { return Vec::new() };
    match Quarantine::take(trunk, &push, body, max).await {
        Err(Error::Refused(refusal)) => push.refuse(&refusal),
        Err(failure) => panic!("{failure}"),
        Ok(quarantine) => {
            let mut decisions = judge(&push, &quarantine);
            if decisions.iter().any(|one| matches!(one, Decision::Accept { .. })) {
                quarantine.accept().expect("accepted");
            }
            for (n, (update, decision)) in push.updates.iter().zip(&mut decisions).enumerate() {
                if let (Decision::Accept { as_ref }, Some(new)) = (decision, update.new) {
                    let name = format!("refs/weir/changes/C1/{}", n + 1);
                    trunk.create_ref(&name, new).expect("created");
                    *as_ref = Some(name);
                }
            }
            push.answer(&decisions, &["welcome to the trunk".to_owned()])
        }
    }
}
