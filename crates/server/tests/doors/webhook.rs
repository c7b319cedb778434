//! A webhook, before a real listener that fails, hangs, and then takes what it is told.

use crate::support::House;
use axum::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use weir_server::webhook::{Pace, Webhook, post};

const SECRET: &str = "a secret of some length";

/// What a listener heard: the headers, in lower case, and the body.
struct Heard {
    headers: BTreeMap<String, String>,
    text: String,
}

impl Heard {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }
}

/// What a listener does when it has heard a request.
#[derive(Clone, Copy)]
enum Then {
    Say(u16),
    Hang,
    Close,
}

/// Listens, does in turn what it is told, and takes everything from then on.
async fn listener(script: &'static [Then]) -> (String, mpsc::UnboundedReceiver<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let (sender, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let (mut nth, mut hanging) = (0, Vec::new());
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let Some(one) = hear(&mut stream).await else { continue };
            let then = script.get(nth).copied().unwrap_or(Then::Say(204));
            nth += 1;
            match then {
                Then::Say(status) => {
                    let reply = format!(
                        "HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    );
                    let _ = stream.write_all(reply.as_bytes()).await;
                }
                Then::Hang => hanging.push(stream),
                Then::Close => drop(stream),
            }
            if sender.send(one).is_err() {
                return;
            }
        }
    });
    (url, heard)
}

async fn hear(stream: &mut TcpStream) -> Option<Heard> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let headers: BTreeMap<String, String> = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect();
            let length: usize = headers.get("content-length")?.parse().ok()?;
            if body.len() >= length {
                return Some(Heard { headers, text: body.to_owned() });
            }
        }
        let mut more = [0; 4096];
        match stream.read(&mut more).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(more.get(..count)?),
        }
    }
}

/// A house whose webhook posts to `url`, until what is given back is cancelled.
fn posting(house: &House, url: &str) -> CancellationToken {
    let milliseconds = Duration::from_millis;
    let pace =
        Pace { answer: milliseconds(300), first: milliseconds(10), longest: milliseconds(50) };
    let webhook = Webhook::new(url, SECRET, house.folder.path()).expect("an address").at(pace);
    let (engine, closing) = (house.engine.clone(), CancellationToken::new());
    let until = closing.clone();
    tokio::spawn(async move { post(engine, "https://weir.example", webhook, until).await });
    closing
}

fn place_in(folder: &Path) -> Option<String> {
    let files = std::fs::read_dir(folder).expect("a folder").flatten();
    let mut places =
        files.filter(|file| file.file_name().to_string_lossy().starts_with("webhook-"));
    std::fs::read_to_string(places.next()?.path()).ok()
}

async fn wait_for(so: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(60), async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    waited.await.expect("it comes to that");
}

/// Its first place is written down: from then on nothing is missed.
async fn begun(folder: &Path) {
    wait_for(|| place_in(folder).is_some()).await;
}

async fn bash(house: &House, agent: &str, cwd: &Path, command: &str) -> String {
    let payload = json!({"session_id": "c1", "cwd": cwd, "hook_event_name": "PreToolUse",
        "tool_name": "Bash", "tool_input": {"command": command}, "tool_use_id": "t"});
    let path = "/v1/hook/claude?event=PreToolUse";
    house.ask(agent, Method::POST, path, Some(payload)).await.text
}

async fn agent(house: &House) -> String {
    let agent = house.agent("claude").await;
    let attach = json!({"client": "claude", "version": "1", "worktree": house.folder.path()});
    assert_eq!(house.post("/v1/sessions/S1/attach", attach).await.status, 200);
    agent
}

/// The signature, as the documentation says that a receiver checks it.
fn holds(heard: &Heard) -> bool {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let header = &heard.headers["weir-signature"];
    let (time, hex) =
        header.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")).expect("both");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
    mac.update(format!("{time}.{}", heard.text).as_bytes());
    let own: String =
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    own == hex
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_posted_until_it_is_taken_and_nothing_waits_for_it() {
    let house = House::new();
    let agent = agent(&house).await;
    let folder = house.folder.path().to_owned();
    let (url, mut heard) =
        listener(&[Then::Say(500), Then::Hang, Then::Close, Then::Say(302)]).await;
    let closing = posting(&house, &url);
    begun(&folder).await;
    let secret = ["ghp", "k3J9xQv7Lm2Zt8Rb5Wc1Yn6Pf4Hd0Gs7Ta9E"].join("_");
    let asked =
        bash(&house, &agent, &folder, &format!("NPM_TOKEN={secret} npm install left-pad")).await;
    assert!(asked.contains("A1"), "{asked}");
    let mut first: Option<Value> = None;
    for nth in 0..5 {
        let one = heard.recv().await.expect("it is tried again");
        assert!(holds(&one), "try {nth}");
        assert_eq!(one.headers["weir-event"], "approval.asked");
        let body = one.json();
        assert_eq!(one.headers["weir-id"], body["id"].as_str().expect("an id"));
        assert!(!one.text.contains(&secret), "{}", one.text);
        assert_eq!(first.get_or_insert_with(|| body.clone()), &body, "the same again");
        if nth == 1 {
            // It hangs, and agents go on.
            assert!(!bash(&house, &agent, &folder, "ls").await.contains("deny"));
        }
    }
    let body = first.expect("heard");
    assert_eq!((&body["event"], &body["agent"]["id"]), (&json!("approval.asked"), &json!("S1")));
    assert_eq!(
        (&body["approval"]["id"], &body["approval"]["state"]),
        (&json!("A1"), &json!("waiting"))
    );
    assert_eq!(body["link"], "https://weir.example/show/A1");
    assert!(body["approval"]["act"].is_null() && body["approval"]["effects"].is_null());

    house.post("/v1/approvals/A1/allow", json!({})).await;
    let given = heard.recv().await.expect("told").json();
    assert_eq!(
        (&given["event"], &given["approval"]["state"]),
        (&json!("approval.given"), &json!("granted"))
    );
    assert_eq!(given["approval"]["answered_by"]["id"], "P1");
    closing.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_while_it_was_down_is_told_and_what_was_told_is_not() {
    let house = House::new();
    let agent = agent(&house).await;
    let folder = house.folder.path().to_owned();
    bash(&house, &agent, &folder, "npm install before").await;
    let (url, mut heard) = listener(&[]).await;
    let closing = posting(&house, &url);
    begun(&folder).await;
    bash(&house, &agent, &folder, "npm install then").await;
    // Of what was before, nothing is told.
    let first = heard.recv().await.expect("told").json();
    assert_eq!(first["approval"]["what"], "npm install then");
    // Its place is written down once it was told: only then is this no longer told again.
    let place = first["id"].as_str().expect("an id").to_owned();
    wait_for(|| place_in(&folder).as_deref() == Some(place.as_str())).await;
    closing.cancel();
    house.post("/v1/approvals/A1/refuse", json!({"why": "not this"})).await;
    let closing = posting(&house, &url);
    let refused = heard.recv().await.expect("told").json();
    assert_eq!(refused["event"], "approval.refused");
    assert_eq!(refused["approval"]["comment"], "not this");
    closing.cancel();
}
