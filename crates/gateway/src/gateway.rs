//! The gateway itself: lists what may be seen, and carries out what was allowed.

mod answer;
mod catalog;
mod fit;
mod links;

pub use answer::{Answer, Happening, Manner, Sink};

use crate::decide::{Act, Call, Caller, Decide, Note, Outcome, Secrets, Verdict};
use crate::names;
use crate::pins::Pins;
use crate::registry::{Registry, Server};
use crate::upstream::{Ask, Broken, Extras, ListOf, Replied};
use answer::LEVELS;
use catalog::Entry;
use fit::{WORDS_MAX, fit, passed, words};
use futures::FutureExt as _;
use futures::future::join_all;
use links::Links;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use weir_model::act::{Offer, Quarantine};
use weir_model::{Digest, Refusal, SessionId};

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let servers = self.0.servers();
        f.debug_tuple("Gateway")
            .field(&servers.iter().map(|server| &server.name).collect::<Vec<_>>())
            .finish()
    }
}

/// What the gateway is made of.
#[derive(Clone)]
pub struct Parts {
    /// Decides every call and keeps the record.
    pub decide: Arc<dyn Decide>,
    /// Knows the secrets.
    pub secrets: Arc<dyn Secrets>,
    /// Knows which descriptions were approved.
    pub pins: Arc<dyn Pins>,
    /// Where servers get folders of their own. Nothing that an agent can write.
    pub folder: PathBuf,
}

/// One endpoint before all tool servers. Cheap to clone. Lives in a tokio runtime.
#[derive(Clone)]
pub struct Gateway(Arc<Shared>);

struct Shared {
    parts: Parts,
    registry: RwLock<Arc<Vec<Arc<Server>>>>,
    pins: RwLock<Arc<dyn Pins>>,
    links: Links,
    read: catalog::Read,
    /// Which quarantines were already noted.
    said: Mutex<BTreeSet<(String, Offer, String, Digest)>>,
    /// The tools that were shown, by the names that agents call them.
    shown: Mutex<BTreeMap<String, Value>>,
    /// From which level on a caller wants logs.
    levels: Mutex<BTreeMap<String, String>>,
    /// How many calls each caller has under way.
    busy: Mutex<BTreeMap<String, Arc<Semaphore>>>,
    calls: AtomicU64,
}

/// How many calls a caller may have under way at once: more than any client makes, less than hurts.
const CALLS_MAX: usize = 32;
/// Who lists waits no longer for one server: the others are not to be hidden by one that hangs.
const LIST_WAIT: Duration = Duration::from_secs(10);
/// The largest arguments, in bytes of JSON.
const ARGUMENTS_MAX: usize = 512 << 10;

impl Gateway {
    /// A gateway before the servers of `registry`. None is started yet.
    pub fn new(registry: Registry, parts: Parts) -> Self {
        let links =
            Links::new(Arc::clone(&parts.decide), Arc::clone(&parts.secrets), parts.folder.clone());
        Self(Arc::new(Shared {
            registry: RwLock::new(shared(registry)),
            pins: RwLock::new(Arc::clone(&parts.pins)),
            links,
            read: catalog::Read::default(),
            said: Mutex::default(),
            shown: Mutex::default(),
            levels: Mutex::default(),
            busy: Mutex::default(),
            calls: AtomicU64::new(1),
            parts,
        }))
    }

    /// Holds to another registry from now on. Servers that are not in it, or are otherwise in it, are ended.
    pub async fn set_registry(&self, registry: Registry) {
        let new = shared(registry);
        let old = {
            let mut current = self.0.registry.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, Arc::clone(&new))
        };
        self.0.shown.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let same = |name: &str| old.iter().any(|one| one.name == name && new.contains(one));
        self.0.links.end(|server, _| !same(server)).await;
    }

    /// Holds to other pins from now on.
    pub fn set_pins(&self, pins: Arc<dyn Pins>) {
        *self.0.pins.write().unwrap_or_else(PoisonError::into_inner) = pins;
    }

    /// Ends whatever belongs to `session`; nothing of it is left when this returns.
    pub async fn forget(&self, session: SessionId) {
        self.forget_caller(&session.to_string()).await;
    }

    /// Ends whatever belongs to the caller of this key.
    pub async fn forget_caller(&self, key: &str) {
        self.0.levels.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        self.0.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        self.0.links.end(|_, whose| whose == key).await;
    }

    /// The keys of the callers that connections are kept for.
    pub fn callers(&self) -> BTreeSet<String> {
        self.0.links.callers()
    }

    /// Ends every server.
    pub async fn close(&self) {
        self.0.links.end(|_, _| true).await;
    }

    /// From which level on `caller` wants logs. Anything but a level of the protocol is refused.
    ///
    /// # Errors
    /// `tool.level` when there is no such level.
    pub fn set_log_level(&self, caller: &Caller, level: &str) -> Result<(), Refusal> {
        if !LEVELS.contains(&level) {
            let sentence = format!("there is no level `{}`", level.escape_debug());
            return Err(Refusal::new("tool.level", sentence).hint(LEVELS.join(", ")));
        }
        let mut levels = self.0.levels.lock().unwrap_or_else(PoisonError::into_inner);
        levels.insert(caller.key.clone(), level.to_owned());
        Ok(())
    }

    /// The level that `caller` set, if it did.
    pub fn log_level(&self, caller: &Caller) -> Option<String> {
        self.0.levels.lock().unwrap_or_else(PoisonError::into_inner).get(&caller.key).cloned()
    }

    /// Whether any server may have prompts, and any resources: what a client is told that there is.
    pub fn offers(&self) -> (bool, bool) {
        let servers = self.0.servers();
        let prompts = servers.iter().any(|server| !server.prompts.is_empty());
        (prompts, servers.iter().any(|server| !server.resources.is_empty()))
    }

    /// Every tool, or prompt, that `caller` may use, as the agent sees it. A server that cannot be asked has none, which
    /// is noted.
    pub async fn list(&self, caller: &Caller, kind: Offer) -> Vec<Value> {
        let wanted = |server: &&Arc<Server>| match kind {
            Offer::Tool => !server.tools.is_empty(),
            Offer::Prompt => !server.prompts.is_empty(),
        };
        let servers = self.0.servers();
        let lists = servers.iter().filter(wanted).map(|server| self.0.list(server, caller, kind));
        let entries = join_all(lists).await.into_iter().flatten();
        let usable = entries.filter(|entry| entry.quarantine.is_none());
        let list: Vec<Value> = usable.map(|entry| entry.listed.shown(&entry.name)).collect();
        if kind == Offer::Tool {
            let mut shown = self.0.shown.lock().unwrap_or_else(PoisonError::into_inner);
            let named = |tool: &Value| Some((tool.get("name")?.as_str()?.to_owned(), tool.clone()));
            shown.extend(list.iter().filter_map(named));
        }
        list
    }

    /// The tool that an agent calls `name`, as it was shown last to anybody: for what a door must check before it knows
    /// who calls.
    pub fn shown(&self, name: &str) -> Option<Value> {
        self.0.shown.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Every resource that `caller` may read.
    pub async fn resources(&self, caller: &Caller) -> Vec<Map<String, Value>> {
        self.0.resources(caller, || ListOf::RESOURCES, "uri").await
    }

    /// Every template of resources that `caller` may read.
    pub async fn templates(&self, caller: &Caller) -> Vec<Map<String, Value>> {
        self.0.resources(caller, || ListOf::TEMPLATES, "uriTemplate").await
    }

    /// Calls the tool that the agent calls `name`.
    pub async fn call(
        &self,
        caller: &Caller,
        name: &str,
        arguments: Map<String, Value>,
        manner: Manner,
    ) -> Answer {
        self.named(caller, Offer::Tool, Act::CallTool, name, arguments, manner).await
    }

    /// Gets the prompt that the agent calls `name`.
    pub async fn prompt(
        &self,
        caller: &Caller,
        name: &str,
        arguments: Map<String, Value>,
        manner: Manner,
    ) -> Answer {
        self.named(caller, Offer::Prompt, Act::GetPrompt, name, arguments, manner).await
    }

    /// Reads a resource.
    pub async fn read(&self, caller: &Caller, uri: &str, manner: Manner) -> Answer {
        let servers = self.0.servers();
        // The first that may have it: the registry's order is its author's.
        let server = servers.iter().find(|server| server.resources.allows(uri));
        let call = self.0.new_call(caller, Act::ReadResource, uri, Map::new());
        let Some(server) = server else {
            return self.0.deny(call, unlisted("resource", uri)).await;
        };
        let call = Call { server: server.name.clone(), ..call };
        let params = json!({"uri": uri});
        self.0.carry_out(call, server, None, "resources/read", params, manner).await
    }

    /// Asks for completions of one argument of the prompt that the agent calls `name`, or of the template `name`.
    pub async fn complete(
        &self,
        caller: &Caller,
        kind: Option<Offer>,
        name: &str,
        argument: Value,
        context: Option<Value>,
    ) -> Answer {
        let arguments = Map::from_iter([("argument".to_owned(), argument.clone())]);
        let call = self.0.new_call(caller, Act::Complete, name, arguments);
        let (server, reference) = match kind {
            Some(kind) => match self.0.find(caller, kind, name).await {
                Ok((entry, server)) => {
                    (server, json!({"type": "ref/prompt", "name": entry.listed.name}))
                }
                Err(refusal) => return self.0.deny(call, refusal).await,
            },
            None => {
                let servers = self.0.servers();
                match servers.iter().find(|server| server.resources.allows(name)) {
                    Some(server) => {
                        (Arc::clone(server), json!({"type": "ref/resource", "uri": name}))
                    }
                    None => return self.0.deny(call, unlisted("resource", name)).await,
                }
            }
        };
        let call = Call { server: server.name.clone(), ..call };
        let mut params = json!({"ref": reference, "argument": argument});
        if let Some(context) = context {
            params["context"] = context;
        }
        let manner = Manner::default();
        self.0.carry_out(call, &server, None, "completion/complete", params, manner).await
    }

    async fn named(
        &self,
        caller: &Caller,
        kind: Offer,
        act: Act,
        name: &str,
        arguments: Map<String, Value>,
        manner: Manner,
    ) -> Answer {
        let call = self.0.new_call(caller, act, name, arguments);
        let (entry, server) = match self.0.find(caller, kind, name).await {
            Ok(found) => found,
            Err(refusal) => return self.0.deny(call, refusal).await,
        };
        let tool = entry.listed.name.clone();
        let params = json!({"name": tool, "arguments": call.arguments});
        let call = Call { server: server.name.clone(), tool, ..call };
        let method = match kind {
            Offer::Tool => "tools/call",
            Offer::Prompt => "prompts/get",
        };
        self.0.carry_out(call, &server, Some(entry), method, params, manner).await
    }
}

fn shared(registry: Registry) -> Arc<Vec<Arc<Server>>> {
    Arc::new(registry.servers.into_iter().map(Arc::new).collect())
}

fn unlisted(kind: &str, name: &str) -> Refusal {
    let name: String = name.chars().take(200).collect();
    let sentence = format!("there is no {kind} `{}` that you may use", name.escape_debug());
    Refusal::new("tool.unlisted", sentence).hint("list them again; what is not listed is denied")
}

fn failed(server: &str, why: &str) -> Refusal {
    Refusal::new("tool.failed", format!("the tool server `{server}` failed: {why}"))
        .hint("what it was asked to do may or may not have happened: look before you try again")
}

fn quarantined(entry: &Entry, why: Quarantine) -> Refusal {
    let (kind, name) = (entry.listed.kind.as_str(), &entry.name);
    let sentence = format!("the {kind} `{name}` is kept from agents: {why}");
    Refusal::new("tool.quarantined", sentence)
        .hint("a person must look at it: `weir tool list`; go on without it until then")
}

impl Shared {
    fn servers(&self) -> Arc<Vec<Arc<Server>>> {
        Arc::clone(&self.registry.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn pins(&self) -> Arc<dyn Pins> {
        Arc::clone(&self.pins.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The entries of one server; none where it cannot be asked.
    async fn list(&self, server: &Arc<Server>, caller: &Caller, kind: Offer) -> Vec<Entry> {
        let listed = async {
            // Why it could not be reached was noted when it was tried.
            let upstream = self.links.get(server, caller).await.ok()?;
            Some(self.entries(&upstream, kind).await)
        };
        let broken = match tokio::time::timeout(LIST_WAIT, listed).await {
            Ok(Some(Ok(entries))) => return entries,
            Ok(Some(Err(broken))) => broken,
            Ok(None) => return Vec::new(),
            Err(_) => Broken::Gone(format!("it did not list what it has within {LIST_WAIT:?}")),
        };
        self.down(server, &broken).await;
        Vec::new()
    }

    async fn resources(
        &self,
        caller: &Caller,
        list: impl Fn() -> ListOf,
        member: &str,
    ) -> Vec<Map<String, Value>> {
        let mut all = Vec::new();
        for server in self.servers().iter().filter(|server| !server.resources.is_empty()) {
            let Ok(upstream) = self.links.get(server, caller).await else { continue };
            if !upstream.offers("resources") {
                continue;
            }
            match upstream.list(list()).await {
                Ok(entries) => {
                    all.extend(
                        entries.iter().filter_map(|one| catalog::resource(server, member, one)),
                    );
                }
                Err(broken) => self.down(server, &broken).await,
            }
        }
        all
    }

    async fn down(&self, server: &Server, broken: &Broken) {
        let note = Note::Down { server: server.name.clone(), why: broken.text() };
        self.parts.decide.note(note).await;
    }

    /// What the agent calls `name`, if it may use it.
    async fn find(
        &self,
        caller: &Caller,
        kind: Offer,
        name: &str,
    ) -> Result<(Entry, Arc<Server>), Refusal> {
        let missing = || unlisted(kind.as_str(), name);
        let servers = self.servers();
        let owner = names::server_of(name);
        let of_name =
            |server: &&Arc<Server>| server.plain_names || Some(server.name.as_str()) == owner;
        let server = servers.iter().find(of_name).ok_or_else(missing)?;
        let failed = |why: String| failed(&server.name, &why);
        let upstream = self.links.get(server, caller).await.map_err(failed)?;
        let entries =
            self.entries(&upstream, kind).await.map_err(|broken| failed(broken.text()))?;
        let entry = entries.into_iter().find(|entry| entry.name == name).ok_or_else(missing)?;
        match entry.quarantine {
            None => Ok((entry, Arc::clone(server))),
            Some(why) => Err(quarantined(&entry, why)),
        }
    }

    fn new_call(
        &self,
        caller: &Caller,
        act: Act,
        tool: &str,
        arguments: Map<String, Value>,
    ) -> Call {
        Call {
            id: self.calls.fetch_add(1, Ordering::Relaxed),
            caller: caller.clone(),
            server: String::new(),
            act,
            tool: tool.to_owned(),
            arguments: Value::Object(arguments),
        }
    }

    async fn deny(&self, call: Call, refusal: Refusal) -> Answer {
        self.parts.decide.note(Note::Denied { call, text: refusal.to_string() }).await;
        Answer::Refused(refusal)
    }

    /// The way of every call: bounds, decision, server, result, record.
    async fn carry_out(
        &self,
        call: Call,
        server: &Arc<Server>,
        entry: Option<Entry>,
        method: &str,
        params: Value,
        manner: Manner,
    ) -> Answer {
        if call.arguments.to_string().len() > ARGUMENTS_MAX {
            let sentence = format!("the arguments are larger than {ARGUMENTS_MAX} bytes");
            return self.deny(call, Refusal::new("tool.refused", sentence)).await;
        }
        let Ok(_busy) = self.busy(&call.caller).try_acquire_owned() else {
            let sentence = format!("you have {CALLS_MAX} calls under way");
            let refusal = Refusal::new("tool.busy", sentence).hint("wait until one of them ends");
            return self.deny(call, refusal).await;
        };
        let decided = AssertUnwindSafe(async { self.parts.decide.decide(&call).await });
        match decided.catch_unwind().await {
            Ok(Verdict::Allow) => {}
            // Whoever refused has recorded it.
            Ok(Verdict::Refuse { text }) => {
                return Answer::Refused(Refusal::new("tool.refused", text));
            }
            Err(_) => {
                let refusal = Refusal::new("tool.refused", "the decision failed, so it is no")
                    .hint("try again; if it fails again, tell a person");
                return self.deny(call, refusal).await;
            }
        }
        self.ask(call, server, entry, method, params, manner).await
    }

    async fn ask(
        &self,
        call: Call,
        server: &Arc<Server>,
        entry: Option<Entry>,
        method: &str,
        mut params: Value,
        manner: Manner,
    ) -> Answer {
        // Decided while it might have changed: what is called is what was decided.
        let upstream = match self.links.get(server, &call.caller).await {
            Ok(upstream) => upstream,
            Err(why) => {
                return self.ended(call, server, Err(Broken::Gone(why)), Instant::now()).await;
            }
        };
        let mut extras = Extras { capabilities: None, log_level: manner.log_level };
        if server.may_ask {
            extras.capabilities = manner.capabilities;
            for (name, value) in manner.answers {
                params[name] = value;
            }
        }
        let schema = entry.as_ref().and_then(|entry| entry.listed.description.get("inputSchema"));
        let ask = Ask { method, params, time_limit: server.time_limit, sink: manner.sink, schema };
        let started = Instant::now();
        let mut unheard = Unheard { shared: self, call: Some(call) };
        let replied = upstream.ask(ask, &extras).await;
        let call = unheard.call.take().expect("only its end takes it");
        let replied = replied.and_then(|replied| fit(replied, call.act, server));
        self.ended(call, server, replied, started).await
    }

    /// Notes how a call ended, and makes the agent's answer of it.
    async fn ended(
        &self,
        call: Call,
        server: &Server,
        replied: Result<Replied, Broken>,
        since: Instant,
    ) -> Answer {
        let took = since.elapsed();
        let (outcome, answer) = match replied {
            Ok(Replied { result, masked }) => {
                if masked {
                    let note =
                        Note::Masked { server: server.name.clone(), tool: call.tool.clone() };
                    self.parts.decide.note(note).await;
                }
                let bytes = Value::Object(result.clone()).to_string().len();
                let outcome = match result.get("isError") {
                    Some(Value::Bool(true)) => Outcome::Error { text: words(&result) },
                    _ => Outcome::Done { bytes },
                };
                (outcome, Answer::Done(result))
            }
            Err(Broken::Error { code, message, data }) => {
                let (code, message, data) = passed(code, message, data, server);
                let text: String = format!("{code}: {message}").chars().take(WORDS_MAX).collect();
                (Outcome::Error { text }, Answer::Error { code, message, data })
            }
            Err(broken) => {
                let text = broken.text();
                let refusal = failed(&server.name, &text);
                (Outcome::Failed { text }, Answer::Refused(refusal))
            }
        };
        self.parts.decide.note(Note::Ended { call, outcome, took }).await;
        answer
    }

    fn busy(&self, caller: &Caller) -> Arc<Semaphore> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        // Who calls nothing needs no place.
        busy.retain(|key, calls| *key == caller.key || calls.available_permits() < CALLS_MAX);
        let calls = busy.entry(caller.key.clone());
        Arc::clone(calls.or_insert_with(|| Arc::new(Semaphore::new(CALLS_MAX))))
    }
}

/// A call whose caller may give up while the server works; then that is what is noted.
struct Unheard<'a> {
    shared: &'a Shared,
    call: Option<Call>,
}

impl Drop for Unheard<'_> {
    fn drop(&mut self) {
        let (Some(call), Ok(runtime)) = (self.call.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        let decide = Arc::clone(&self.shared.parts.decide);
        let note = Note::Ended { call, outcome: Outcome::Cancelled, took: Duration::ZERO };
        runtime.spawn(async move { decide.note(note).await });
    }
}
