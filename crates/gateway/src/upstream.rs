//! One live connection to a tool server: greeted, held to its limits, asked one thing at a time or many.

mod greet;
mod headers;
mod http;
mod message;
mod rate;
mod sse;
mod stdio;

use crate::Secrets;
use crate::gateway::Sink;
use crate::mask::Mask;
use crate::registry::{Dir, Server, Speaks, Start};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use weir_model::act::Offer;

/// Why there is no result.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Broken {
    /// The server answered with an error; it is well.
    Error {
        /// The code of JSON-RPC, or the status of HTTP.
        code: i64,
        /// Its words.
        message: String,
        /// What it adds to them.
        data: Option<Value>,
    },
    /// Its time was up; it may be well.
    Time(Duration),
    /// The connection is gone.
    Gone(String),
    /// It answered what is no answer.
    Unfit(String),
}

impl Broken {
    /// In words for people and agents.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Error { code, message, .. } => {
                format!("it answered with error {code}: {message}")
            }
            Self::Time(limit) => format!("it did not answer within {limit:?}"),
            Self::Gone(why) => why.clone(),
            Self::Unfit(why) => format!("its answer is malformed: {why}"),
        }
    }
}

/// What a server says that nobody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    /// One of its lists is another now.
    Changed,
    /// It asks for the model, the person, the roots. It was told no.
    Asked(String),
}

/// Who hears it.
pub(crate) type Ear = Arc<dyn Fn(Heard) + Send + Sync>;

/// One request, and how its answer is awaited.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    pub(crate) params: Value,
    pub(crate) time_limit: Duration,
    /// Where progress and logs go that belong to it.
    pub(crate) sink: Option<Sink>,
    /// The schema of the tool that is called: it says which arguments are repeated in headers.
    pub(crate) schema: Option<&'a Value>,
}

/// The way to it.
enum Wire {
    Stdio(stdio::Pipe),
    Http(Box<http::Http>),
}

impl Wire {
    async fn ask(&self, ask: Ask<'_>) -> Result<Value, Broken> {
        match self {
            Self::Stdio(pipe) => pipe.ask(ask).await,
            Self::Http(http) => http.ask(ask).await,
        }
    }

    async fn tell(&self, method: &str, params: Value) {
        match self {
            Self::Stdio(pipe) => pipe.tell(method, &params),
            Self::Http(http) => http.tell(method, &params).await,
        }
    }

    /// From now on this revision is spoken.
    fn speak(&self, speaks: Speaks) {
        match self {
            // Every message says it itself, or none does.
            Self::Stdio(_) => {}
            Self::Http(http) => http.speak(speaks),
        }
    }

    fn is_alive(&self) -> bool {
        match self {
            Self::Stdio(pipe) => pipe.is_alive(),
            Self::Http(http) => http.is_alive(),
        }
    }

    async fn close(&self) {
        match self {
            Self::Stdio(pipe) => pipe.close("it was closed"),
            Self::Http(http) => http.close().await,
        }
    }
}

/// A tool server that was greeted.
pub(crate) struct Upstream {
    /// No other has it, nor ever had.
    pub(crate) id: u64,
    pub(crate) server: Arc<Server>,
    pub(crate) mask: Mask,
    wire: Wire,
    speaks: Speaks,
    capabilities: Value,
    /// Its lists may be others than those we know.
    pub(crate) stale: AtomicBool,
    used: Mutex<Instant>,
}

/// Where it is started, beyond what the registry says.
pub(crate) struct Site<'a> {
    /// Below this folder a server gets one of its own.
    pub(crate) folder: &'a Path,
    pub(crate) worktree: Option<&'a Path>,
}

impl Upstream {
    /// Starts or reaches `server`, and greets it. `ear` hears what it says unasked.
    pub(crate) async fn open(
        server: Arc<Server>,
        secrets: &dyn Secrets,
        site: Site<'_>,
        ear: Ear,
    ) -> Result<Self, Broken> {
        let (values, mask) = values(&server, secrets).await.map_err(Broken::Gone)?;
        let opened = Self::open_with(&server, &values, &site, &ear, &mask).await;
        // Its words may hold a secret: a server that is given one says it, when it complains.
        let (wire, greeted) = opened.map_err(|broken| masked(&mask, broken))?;
        static OPENED: AtomicU64 = AtomicU64::new(0);
        Ok(Self {
            id: OPENED.fetch_add(1, Ordering::Relaxed),
            server,
            mask,
            wire,
            speaks: greeted.speaks,
            capabilities: greeted.capabilities,
            stale: AtomicBool::new(false),
            used: Mutex::new(Instant::now()),
        })
    }

    async fn open_with(
        server: &Server,
        values: &[(String, String)],
        site: &Site<'_>,
        ear: &Ear,
        mask: &Mask,
    ) -> Result<(Wire, greet::Greeted), Broken> {
        let mut speaks = server.speaks.clone();
        loop {
            let wire = match &server.start {
                Start::Stdio { program, args, dir, .. } => {
                    let (dir, own) = folder(dir, site).map_err(Broken::Gone)?;
                    let started = stdio::Start {
                        program,
                        args,
                        env: values,
                        dir,
                        own,
                        limit: server.output_limit,
                    };
                    Wire::Stdio(stdio::Pipe::start(started, Arc::clone(ear), mask.clone())?)
                }
                Start::Http { url, .. } => Wire::Http(Box::new(http::Http::new(
                    url,
                    values,
                    mask,
                    server.output_limit,
                    ear,
                ))),
            };
            match greet::greet(&wire, &speaks, server).await {
                Ok(greeted) => return Ok((wire, greeted)),
                // Some servers end at the first message that is not `initialize`.
                Err(Broken::Gone(_))
                    if speaks.first() == Some(&Speaks::July2026) && speaks.len() > 1 =>
                {
                    speaks.retain(|speaks| speaks.is_legacy());
                }
                Err(broken) => return Err(broken),
            }
        }
    }

    /// Asks; what comes back holds no secret.
    pub(crate) async fn ask(&self, mut ask: Ask<'_>, extras: &Extras) -> Result<Replied, Broken> {
        self.touch();
        if !self.speaks.is_legacy() {
            ask.params = greet::with_meta(ask.params, extras);
        }
        let answered = self.wire.ask(ask).await;
        self.touch();
        let mut value = answered.map_err(|broken| masked(&self.mask, broken))?;
        let masked = self.mask.value(&mut value);
        match value {
            Value::Object(result) => Ok(Replied { result, masked }),
            other => Err(Broken::Unfit(format!("a result is an object, not {}", kind_of(&other)))),
        }
    }

    /// Whether it says that it has `capability`.
    pub(crate) fn offers(&self, capability: &str) -> bool {
        self.capabilities.get(capability).is_some_and(Value::is_object)
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.wire.is_alive()
    }

    pub(crate) fn has_changed(&self) -> bool {
        self.stale.swap(false, Ordering::AcqRel)
    }

    /// How long nobody has asked it anything.
    pub(crate) fn idle(&self) -> Duration {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    fn touch(&self) {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Ends it; nothing of it is left when this returns.
    pub(crate) async fn close(&self) {
        self.wire.close().await;
    }
}

/// What goes along with a request in the stateless revision.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extras {
    /// What the client can be asked for; empty unless its server may ask.
    pub(crate) capabilities: Option<Value>,
    /// From which level on the client wants logs.
    pub(crate) log_level: Option<String>,
}

/// A result, without secrets.
pub(crate) struct Replied {
    pub(crate) result: Map<String, Value>,
    /// Whether there was one.
    pub(crate) masked: bool,
}

fn masked(mask: &Mask, broken: Broken) -> Broken {
    let words = |text: String| mask.text(&text).unwrap_or(text);
    match broken {
        Broken::Error { code, message, mut data } => {
            if let Some(data) = &mut data {
                mask.value(data);
            }
            Broken::Error { code, message: words(message), data }
        }
        Broken::Gone(why) => Broken::Gone(words(why)),
        Broken::Unfit(why) => Broken::Unfit(words(why)),
        Broken::Time(limit) => Broken::Time(limit),
    }
}

/// Its environment or headers with the secrets filled in, and the mask over them.
async fn values(
    server: &Server,
    secrets: &dyn Secrets,
) -> Result<(Vec<(String, String)>, Mask), String> {
    let templates = match &server.start {
        Start::Stdio { env, .. } => env,
        Start::Http { headers, .. } => headers,
    };
    let mut known: Vec<(String, String)> = Vec::new();
    for name in templates.values().flat_map(|template| template.secrets()) {
        if known.iter().any(|(other, _)| other == name) {
            continue;
        }
        let value = secrets.secret(name).await;
        let value = value.ok_or_else(|| format!("there is no secret `{name}`"))?;
        if value.len() < crate::SECRET_BYTES_MIN {
            let least = crate::SECRET_BYTES_MIN;
            return Err(format!(
                "the secret `{name}` is shorter than {least} bytes: it could not be masked"
            ));
        }
        if value.chars().any(char::is_control) {
            return Err(format!("the secret `{name}` holds control characters"));
        }
        known.push((name.to_owned(), value));
    }
    let value_of =
        |name: &str| known.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
    let mut filled = Vec::new();
    for (name, template) in templates {
        let value =
            template.fill(value_of).map_err(|name| format!("there is no secret `{name}`"))?;
        filled.push((name.clone(), value));
    }
    Ok((filled, Mask::over(known.iter().map(|(_, value)| value.as_str()))))
}

/// Where it starts, and the folder that goes when it ends.
fn folder(
    dir: &Dir,
    site: &Site<'_>,
) -> Result<(std::path::PathBuf, Option<tempfile::TempDir>), String> {
    match dir {
        Dir::At(dir) => Ok((dir.clone(), None)),
        Dir::Worktree => match site.worktree {
            Some(worktree) => Ok((worktree.to_owned(), None)),
            None => {
                Err("it starts in the agent's worktree, and there is none: claim a task".to_owned())
            }
        },
        Dir::Own => {
            let own = std::fs::create_dir_all(site.folder)
                .and_then(|()| tempfile::Builder::new().prefix("tools-").tempdir_in(site.folder))
                .map_err(|error| format!("no folder could be made for it: {error}"))?;
            Ok((own.path().to_owned(), Some(own)))
        }
    }
}

/// A list that a server pages out.
pub(crate) struct ListOf {
    pub(crate) method: &'static str,
    pub(crate) member: &'static str,
}

impl ListOf {
    pub(crate) const RESOURCES: Self = Self { method: "resources/list", member: "resources" };
    pub(crate) const TEMPLATES: Self =
        Self { method: "resources/templates/list", member: "resourceTemplates" };

    pub(crate) fn of(kind: Offer) -> Self {
        match kind {
            Offer::Tool => Self { method: "tools/list", member: "tools" },
            Offer::Prompt => Self { method: "prompts/list", member: "prompts" },
        }
    }
}

/// A list has an end, or is none.
const PAGES_MAX: usize = 50;
const ENTRIES_MAX: usize = 2000;

impl Upstream {
    /// All pages of a list.
    pub(crate) async fn list(&self, list: ListOf) -> Result<Vec<Value>, Broken> {
        let deadline = Instant::now() + self.server.time_limit;
        let (mut entries, mut cursor) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let params = match cursor.take() {
                Some(cursor) => json!({"cursor": cursor}),
                None => json!({}),
            };
            let time_limit = deadline.saturating_duration_since(Instant::now());
            let ask = Ask { method: list.method, params, time_limit, sink: None, schema: None };
            let mut page = self.ask(ask, &Extras::default()).await?.result;
            match page.remove(list.member) {
                Some(Value::Array(more)) => entries.extend(more),
                _ => {
                    return Err(Broken::Unfit(format!(
                        "`{}` without `{}`",
                        list.method, list.member
                    )));
                }
            }
            if entries.len() > ENTRIES_MAX {
                return Err(Broken::Unfit(format!(
                    "`{}` has more than {ENTRIES_MAX} entries",
                    list.method
                )));
            }
            match page.remove("nextCursor") {
                Some(Value::String(next)) => cursor = Some(next),
                _ => return Ok(entries),
            }
        }
        Err(Broken::Unfit(format!("`{}` has more than {PAGES_MAX} pages", list.method)))
    }
}

pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
