//! Questions: one effect of an act in the words of the schema, before any policy sees it.

mod arguments;
mod thing;

pub(super) use thing::{Sort, Thing, Value, Verb};

use super::host::HostFacts;
use super::place::PlaceFacts;
use super::scope::Scope;
use weir_model::act::{Act, Client, Effect, Extent, GitOperation, RunKind, Taint, Tool, WriteHow};

/// One effect, as policies see it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Question {
    pub(super) verb: Verb,
    pub(super) principal: Thing,
    pub(super) resource: Thing,
    pub(super) context: Vec<(&'static str, Value)>,
}

/// What all effects of one act share.
#[derive(Debug, Clone)]
pub(super) struct Asker {
    principal: Thing,
    context: Vec<(&'static str, Value)>,
}

impl Asker {
    /// From who acts, and what the whole act comes to.
    pub(super) fn new(scope: &Scope, act: &Act, effects: &[Effect]) -> Self {
        let deletes = effects
            .iter()
            .filter(|effect| matches!(effect, Effect::Writes { how: WriteHow::Delete, .. }));
        let reads_secrets = effects.iter().any(|effect| match effect {
            Effect::Reads { path, extent } => PlaceFacts::of(path, *extent, scope).secret,
            Effect::Writes { .. }
            | Effect::Runs { .. }
            | Effect::Sends { .. }
            | Effect::Git { .. }
            | Effect::Installs { .. }
            | Effect::Calls { .. }
            | Effect::Spawns { .. }
            | Effect::Prompts
            | Effect::Controls { .. }
            | Effect::Opaque { .. } => false,
        });
        let context = vec![
            ("tool", Value::text(tool_name(&act.tool))),
            ("effects", Value::count(effects.len())),
            ("deletes", Value::count(deletes.count())),
            ("secrets", Value::Yes(reads_secrets || scope.taints.contains(&Taint::Secrets))),
        ];
        Self { principal: principal(scope, act), context }
    }

    /// The question that one of the effects asks.
    pub(super) fn question(&self, scope: &Scope, act: &Act, effect: &Effect) -> Question {
        let mut context = self.context.clone();
        let (verb, resource) = match effect {
            Effect::Reads { path, extent } => (Verb::Read, place(path, *extent, scope)),
            Effect::Writes { path, how, extent } => {
                let verb = match how {
                    WriteHow::Change => Verb::Write,
                    WriteHow::Delete => Verb::Delete,
                    WriteHow::Attributes => Verb::Attributes,
                    WriteHow::Link => Verb::Link,
                };
                (verb, place(path, *extent, scope))
            }
            Effect::Runs { program, kind } => (Verb::Run, self::program(program, *kind)),
            Effect::Sends { host, carries } => {
                (if *carries { Verb::Send } else { Verb::Fetch }, self::host(host))
            }
            Effect::Git { operation } => git(operation, scope, &mut context),
            Effect::Installs { manager, packages, locked } => {
                // A folder of the project is not a new package.
                let local = |package: &String| package == "." || package.starts_with("./");
                let named = packages.iter().any(|package| !local(package));
                context.extend([
                    ("packages", Value::Texts(packages.clone())),
                    ("named", Value::Yes(named)),
                    ("locked", Value::Yes(*locked)),
                ]);
                let attributes = vec![("name", Value::text(manager))];
                (Verb::Install, Thing::new(Sort::Manager, manager, attributes))
            }
            Effect::Calls { server, name } => (Verb::Call, self::tool(server, name, scope, act)),
            Effect::Spawns { kind } => {
                let attributes = vec![("kind", Value::text(kind))];
                (Verb::Spawn, Thing::new(Sort::Subagent, kind, attributes))
            }
            Effect::Prompts => {
                (Verb::Prompt, Thing::new(Sort::Conversation, &act.conversation, Vec::new()))
            }
            Effect::Controls { what } => {
                let program = what.split_whitespace().next().unwrap_or_default();
                let attributes =
                    vec![("what", Value::text(what)), ("program", Value::text(program))];
                (Verb::Control, Thing::new(Sort::Control, what, attributes))
            }
            Effect::Opaque { why } => {
                let attributes = vec![("why", Value::text(why))];
                (Verb::Opaque, Thing::new(Sort::Unknown, why, attributes))
            }
        };
        Question { verb, principal: self.principal.clone(), resource, context }
    }
}

impl Question {
    /// The value of a fact that a sentence names.
    pub(super) fn fact(&self, name: &str, scope: &Scope) -> Option<String> {
        let text = |value: &Value| value.to_string();
        match name {
            "session" => Some(self.principal.id.clone()),
            "worktree" => scope.worktree.clone(),
            "trunk" => Some(scope.trunk.clone()),
            "agent" | "person" | "client" => self.principal.get(name).map(text),
            "host" | "program" | "manager" | "tool" | "remote" => {
                self.resource.get("name").map(text)
            }
            "refs" | "packages" => {
                self.context.iter().find(|(key, _)| *key == name).map(|(_, value)| text(value))
            }
            "path" => match self.resource.get("relative").map(text) {
                Some(relative) if !relative.is_empty() => Some(relative),
                Some(_) | None => self.resource.get("path").map(text),
            },
            name => self.resource.get(name).map(text),
        }
    }
}

/// The client of a call that came to the tool gateway.
const GATEWAY: &str = "gateway";

fn principal(scope: &Scope, act: &Act) -> Thing {
    let subagent = act.subagent.as_ref();
    let kind = subagent.and_then(|one| one.kind.as_deref()).unwrap_or_default();
    let client = act.client.map_or(GATEWAY, Client::name);
    let attributes = vec![
        ("agent", Value::text(&scope.agent)),
        ("person", Value::text(&scope.person)),
        ("client", Value::text(client)),
        ("mode", Value::text(act.mode.as_deref().unwrap_or_default())),
        ("subagent", Value::Yes(subagent.is_some())),
        ("kind", Value::text(kind)),
        ("depth", Value::count(scope.parents.len())),
        ("has_worktree", Value::Yes(scope.worktree.is_some())),
        ("untrusted", Value::Yes(scope.taints.contains(&Taint::Untrusted))),
        ("secrets", Value::Yes(scope.taints.contains(&Taint::Secrets))),
        ("tokens", Value::number(scope.spent.tokens)),
        ("cents", Value::number(scope.spent.cents)),
    ];
    let mut parents: Vec<_> = scope.parents.iter().map(|id| (Sort::Session, id.clone())).collect();
    parents.extend([
        (Sort::Agent, scope.agent.clone()),
        (Sort::Person, scope.person.clone()),
        (Sort::Client, client.to_owned()),
    ]);
    Thing { parents, ..Thing::new(Sort::Session, &scope.session, attributes) }
}

fn place(path: &str, extent: Extent, scope: &Scope) -> Thing {
    let facts = PlaceFacts::of(path, extent, scope);
    let relative = facts.relative.clone().unwrap_or_default();
    let id = match &facts.relative {
        Some(relative) if relative.is_empty() => ".".to_owned(),
        Some(relative) => relative.clone(),
        None => facts.path.clone(),
    };
    let name = facts.path.rsplit('/').next().unwrap_or_default();
    let extent = match extent {
        Extent::One => "one",
        Extent::Many => "many",
        Extent::Tree => "tree",
    };
    let attributes = vec![
        ("path", Value::text(&facts.path)),
        ("relative", Value::Text(relative)),
        ("name", Value::text(name)),
        ("extent", Value::text(extent)),
        ("inside_worktree", Value::Yes(facts.relative.is_some())),
        ("in_mandate", Value::Yes(facts.in_mandate)),
        ("is_root", Value::Yes(facts.is_root)),
        ("build_output", Value::Yes(facts.build_output)),
        ("governs", Value::Yes(facts.governs)),
        ("secret", Value::Yes(facts.secret)),
        ("holds_secrets", Value::Yes(facts.holds_secrets)),
        ("holds_governing", Value::Yes(facts.holds_governing)),
        ("temporary", Value::Yes(facts.temporary)),
        ("system", Value::Yes(facts.system)),
        ("toolchain", Value::Yes(facts.toolchain)),
        ("device", Value::Yes(facts.device)),
        ("stream", Value::Yes(facts.stream)),
    ];
    Thing { parents: folders(&id), ..Thing::new(Sort::Path, &id, attributes) }
}

/// The folders that a path is in, itself first: `a/b`, `a`, `.`; or `/a/b`, `/a`, `/`.
fn folders(id: &str) -> Vec<(Sort, String)> {
    let root = if id.starts_with('/') { "/" } else { "." };
    let ends = id.match_indices('/').map(|(at, _)| at).filter(|at| *at > 0);
    let mut ends: Vec<_> = ends.collect();
    ends.push(id.len());
    let mut folders: Vec<_> =
        ends.iter().rev().map(|end| (Sort::Folder, id[..*end].to_owned())).collect();
    if id != root {
        folders.push((Sort::Folder, root.to_owned()));
    }
    folders
}

fn program(program: &str, kind: RunKind) -> Thing {
    let kind = match kind {
        RunKind::Known => "known",
        RunKind::Project => "project",
        RunKind::Foreign => "foreign",
    };
    let attributes = vec![("name", Value::text(program)), ("kind", Value::text(kind))];
    Thing::new(Sort::Program, program, attributes)
}

fn host(name: &str) -> Thing {
    let name = name.trim_end_matches('.').to_lowercase();
    let facts = HostFacts::of(&name);
    let attributes = vec![
        ("name", Value::text(&name)),
        ("known", Value::Yes(facts.known)),
        ("loopback", Value::Yes(facts.loopback)),
        ("private", Value::Yes(facts.private)),
        ("metadata", Value::Yes(facts.metadata)),
        ("registry", Value::Yes(facts.registry)),
        ("drop_box", Value::Yes(facts.drop_box)),
    ];
    let mut parents = vec![(Sort::Domain, name.clone())];
    parents
        .extend(name.match_indices('.').map(|(at, _)| (Sort::Domain, name[at + 1..].to_owned())));
    Thing { parents, ..Thing::new(Sort::Host, &name, attributes) }
}

fn git(
    operation: &GitOperation,
    scope: &Scope,
    context: &mut Vec<(&'static str, Value)>,
) -> (Verb, Thing) {
    let repository = || Thing::new(Sort::Repository, ".", Vec::new());
    match operation {
        GitOperation::Look => (Verb::GitLook, repository()),
        GitOperation::Record => (Verb::GitRecord, repository()),
        GitOperation::Discard => (Verb::GitDiscard, repository()),
        GitOperation::Rewrite => (Verb::GitRewrite, repository()),
        GitOperation::Drop => (Verb::GitDrop, repository()),
        GitOperation::SkipHooks => (Verb::GitSkipHooks, repository()),
        GitOperation::Fetch { remote } => (Verb::GitFetch, self::remote(remote, scope)),
        GitOperation::Push { remote, refs, force, delete } => {
            let gate = format!("refs/for/{}", scope.trunk);
            let weir = scope.entrances.contains(remote);
            let to_gate = weir && !force && !delete && refs.iter().all(|name| *name == gate);
            context.extend([
                ("refs", Value::Texts(refs.clone())),
                ("force", Value::Yes(*force)),
                ("deletes_ref", Value::Yes(*delete)),
                ("protected", Value::Yes(refs.iter().any(|name| is_protected(name, scope)))),
                ("to_gate", Value::Yes(to_gate)),
            ]);
            (Verb::GitPush, self::remote(remote, scope))
        }
        GitOperation::Configure { key } => {
            let key = key.to_lowercase();
            let attributes = vec![
                ("key", Value::text(&key)),
                ("harmless", Value::Yes(setting_is_harmless(&key))),
                ("runs_code", Value::Yes(setting_runs_code(&key))),
            ];
            (Verb::GitConfigure, Thing::new(Sort::Setting, &key, attributes))
        }
    }
}

fn remote(name: &str, scope: &Scope) -> Thing {
    let weir = scope.entrances.contains(name);
    let attributes = vec![("name", Value::text(name)), ("weir", Value::Yes(weir))];
    Thing::new(Sort::Remote, name, attributes)
}

/// The trunk, and what the space names; `main` and `refs/heads/main` are one ref.
fn is_protected(name: &str, scope: &Scope) -> bool {
    let branch = |name: &str| name.strip_prefix("refs/heads/").unwrap_or(name).to_owned();
    let named = branch(name);
    named == scope.trunk || scope.protected.iter().any(|protected| branch(protected) == named)
}

/// What says who one is, or how git talks.
fn setting_is_harmless(key: &str) -> bool {
    const SECTIONS: [&str; 6] = ["user.", "color.", "advice.", "column.", "rerere.", "i18n."];
    const KEYS: [&str; 12] = [
        "pull.rebase",
        "pull.ff",
        "init.defaultbranch",
        "merge.conflictstyle",
        "diff.algorithm",
        "diff.colormoved",
        "diff.renames",
        "fetch.prune",
        "core.quotepath",
        "core.longpaths",
        "rebase.autosquash",
        "log.date",
    ];
    SECTIONS.iter().any(|section| key.starts_with(section)) || KEYS.contains(&key)
}

/// What names a program that git will run, where hooks are, or whom git talks to in another's name.
fn setting_runs_code(key: &str) -> bool {
    const SECTIONS: [&str; 11] = [
        "alias.",
        "filter.",
        "include.",
        "includeif.",
        "credential.",
        "pager.",
        "browser.",
        "difftool.",
        "mergetool.",
        "guitool.",
        "trailer.",
    ];
    const KEYS: [&str; 12] = [
        "core.hookspath",
        "core.fsmonitor",
        "core.sshcommand",
        "core.editor",
        "core.pager",
        "core.askpass",
        "core.gitproxy",
        "core.worktree",
        "diff.external",
        "sequence.editor",
        "gpg.program",
        "safe.directory",
    ];
    const ENDS: [&str; 11] = [
        ".insteadof",
        ".pushinsteadof",
        ".textconv",
        ".command",
        ".driver",
        ".uploadpack",
        ".receivepack",
        ".vcs",
        ".program",
        ".proxy",
        ".hookspath",
    ];
    SECTIONS.iter().any(|section| key.starts_with(section))
        || KEYS.contains(&key)
        || ENDS.iter().any(|end| key.ends_with(end))
}

/// How Weir's own tool server is called.
const WEIR_SERVER: &str = "weir";

fn tool(server: &str, name: &str, scope: &Scope, act: &Act) -> Thing {
    let listed = scope.tools.contains(server) || scope.tools.contains(&format!("{server}/{name}"));
    // The arguments are those of the call that is made; a command line that reaches a tool has none to show.
    let (tags, whole) = match &act.tool {
        Tool::Mcp { server: of, name: called, arguments } if of == server && called == name => {
            arguments::flatten(arguments)
        }
        Tool::Mcp { .. }
        | Tool::Shell { .. }
        | Tool::Read { .. }
        | Tool::Write { .. }
        | Tool::Web { .. }
        | Tool::Subagent { .. }
        | Tool::Prompt { .. }
        | Tool::Inward { .. }
        | Tool::Unknown { .. }
        | Tool::None => (Vec::new(), false),
    };
    let attributes = vec![
        ("server", Value::text(server)),
        ("name", Value::text(name)),
        ("weir", Value::Yes(server == WEIR_SERVER)),
        ("listed", Value::Yes(listed)),
        ("all_arguments", Value::Yes(whole)),
    ];
    let parents = vec![(Sort::Server, server.to_owned())];
    Thing { parents, tags, ..Thing::new(Sort::Tool, &format!("{server}/{name}"), attributes) }
}

fn tool_name(tool: &Tool) -> &'static str {
    match tool {
        Tool::Shell { .. } => "shell",
        Tool::Read { .. } => "read",
        Tool::Write { .. } => "write",
        Tool::Web { .. } => "web",
        Tool::Mcp { .. } => "mcp",
        Tool::Subagent { .. } => "subagent",
        Tool::Prompt { .. } => "prompt",
        Tool::Inward { .. } => "inward",
        Tool::Unknown { .. } => "unknown",
        Tool::None => "none",
    }
}
