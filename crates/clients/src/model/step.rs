//! A step in nobody's words, and the tool call it becomes at a client.
//!
//! A client tells the model in every request which tools it has, with a JSON schema each. So no table by client and
//! version is needed: the first known name that is offered is taken, and the arguments are fitted to its schema.

use super::ask::{Kind, Offer};
use serde_json::{Map, Value, json};

/// One tool call of the model.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Runs a command line in the shell.
    Shell(String),
    /// Reads a file.
    Read(String),
    /// Writes a new file: its path, its text.
    Write(String, String),
    /// Replaces a text in a file: the path, the old text, the new.
    Edit(String, String, String),
    /// Calls a tool of an MCP server: the server, the tool, the arguments.
    Mcp(String, String, Value),
    /// Starts a sub-agent with this prompt. Most clients wait for it before the model goes on.
    Agent(String),
    /// Waits for the sub-agent that was started last, at a client that does not wait by itself. At others, nothing
    /// is said and the next turn is taken.
    Join,
    /// Calls a tool by the client's own name for it, with these arguments.
    Own(String, Value),
}

/// Why a step cannot be said to a client.
#[derive(Debug, PartialEq)]
pub(crate) enum Unsaid {
    /// The tool must be looked up first, by this call.
    LookUp(Offer, Value),
    /// Nothing that is offered does it.
    NotOffered(String),
}

impl Step {
    /// The offered tool that does it, and the arguments it is called with.
    #[expect(clippy::result_large_err, reason = "a test says it once a turn")]
    pub(crate) fn call(&self, offers: &[Offer]) -> Result<(Offer, Value), Unsaid> {
        let found = self.names().iter().find_map(|name| offer_named(name, offers));
        let Some(offer) = found else {
            return match (self, look_up(self, offers)) {
                // A client without a tool for reading reads with its shell.
                (Self::Read(path), _) => Self::Shell(format!("cat '{path}'")).call(offers),
                (_, Some((search, arguments))) => Err(Unsaid::LookUp(search, arguments)),
                (_, None) => Err(Unsaid::NotOffered(not_offered(self, offers))),
            };
        };
        let arguments = match self {
            Self::Own(_, arguments) | Self::Mcp(_, _, arguments) => arguments.clone(),
            Self::Shell(_)
            | Self::Read(_)
            | Self::Write(..)
            | Self::Edit(..)
            | Self::Agent(_)
            | Self::Join => fit(self.arguments(&offer.name), &offer.schema),
        };
        Ok((offer.clone(), arguments))
    }

    /// What clients call the tool that does this, the likelier first.
    fn names(&self) -> Vec<String> {
        let known: &[&str] = match self {
            Self::Shell(_) => {
                &["Bash", "exec_command", "shell_command", "run_shell_command", "bash", "shell"]
            }
            Self::Read(_) => &["Read", "read_file", "read"],
            Self::Write(..) => &["Write", "write_file", "write", "apply_patch"],
            Self::Edit(..) => &["Edit", "replace", "edit", "apply_patch"],
            Self::Agent(_) => &["Agent", "Task", "task", "spawn_agent", "invoke_agent"],
            Self::Join => &[WAIT],
            Self::Mcp(server, tool, _) => {
                let spellings = [
                    format!("mcp__{server}__{tool}"),
                    format!("mcp_{server}_{tool}"),
                    format!("{server}_{tool}"),
                    tool.clone(),
                ];
                return spellings.to_vec();
            }
            Self::Own(name, _) => return vec![name.clone()],
        };
        known.iter().map(|name| (*name).to_owned()).collect()
    }

    /// Every argument that a tool of this kind is known to want; what it does not know is left out.
    fn arguments(&self, tool: &str) -> Value {
        match self {
            Self::Shell(command) => json!({"command": command, "cmd": command,
                "description": "run a command", "is_background": false}),
            Self::Read(path) => with_path(path, json!({})),
            Self::Write(path, text) => {
                let added: String = text.lines().map(|line| format!("+{line}\n")).collect();
                let patch = patch(&format!("*** Add File: {path}\n{added}"));
                with_path(path, json!({"content": text, "input": patch, "patchText": patch}))
            }
            Self::Edit(path, old, new) => {
                let removed: String = old.lines().map(|line| format!("-{line}\n")).collect();
                let added: String = new.lines().map(|line| format!("+{line}\n")).collect();
                let patch = patch(&format!("*** Update File: {path}\n@@\n{removed}{added}"));
                with_path(
                    path,
                    json!({"old_string": old, "new_string": new, "oldString": old,
                        "newString": new, "instruction": "edit", "input": patch,
                        "patchText": patch}),
                )
            }
            Self::Agent(prompt) => {
                let kind = if tool == "task" { "general" } else { "general-purpose" };
                json!({"description": "a part of the task", "prompt": prompt, "message": prompt,
                    "subagent_type": kind, "run_in_background": false, "task_name": "part",
                    "agent_name": "generalist"})
            }
            Self::Mcp(_, _, arguments) | Self::Own(_, arguments) => arguments.clone(),
            // Which sub-agents, only the record knows.
            Self::Join => json!({}),
        }
    }

    /// A call of the tool that waits for these sub-agents.
    pub(crate) fn join(agents: &[String]) -> Self {
        Self::Own(WAIT.to_owned(), json!({"targets": agents}))
    }

    /// Whether the client has no use for it.
    pub(crate) fn is_moot(&self, offers: &[Offer]) -> bool {
        *self == Self::Join && offer_named(WAIT, offers).is_none()
    }
}

/// The tool of a client whose sub-agents run beside it.
const WAIT: &str = "wait_agent";

/// Names are compared as they are, and of a tool in a namespace also with it in front.
fn offer_named<'o>(name: &str, offers: &'o [Offer]) -> Option<&'o Offer> {
    let full = |offer: &Offer| match &offer.namespace {
        Some(namespace) if namespace.ends_with('_') => format!("{namespace}{}", offer.name),
        Some(namespace) => format!("{namespace}__{}", offer.name),
        None => offer.name.clone(),
    };
    offers.iter().find(|offer| full(offer) == name || offer.name == name)
}

fn look_up(step: &Step, offers: &[Offer]) -> Option<(Offer, Value)> {
    let query = match step {
        Step::Mcp(server, tool, _) => {
            (format!("mcp__{server}__{tool}"), format!("{server} {tool}"))
        }
        Step::Agent(_) => ("Agent".to_owned(), "spawn agent".to_owned()),
        Step::Shell(_)
        | Step::Read(_)
        | Step::Write(..)
        | Step::Edit(..)
        | Step::Own(..)
        | Step::Join => {
            return None;
        }
    };
    let search = offers.iter().find(|offer| offer.kind == Kind::Search)?;
    // One client wants exact names after a keyword, the other words that describe the tool.
    let arguments = match search.name.as_str() {
        "ToolSearch" => json!({"query": format!("select:{}", query.0), "max_results": 10}),
        _ => json!({"query": query.1, "limit": 8}),
    };
    Some((search.clone(), arguments))
}

fn not_offered(step: &Step, offers: &[Offer]) -> String {
    let names: Vec<&str> = offers.iter().map(|offer| offer.name.as_str()).collect();
    format!("the client offers no tool for {step:?}; it offers {}", names.join(", "))
}

fn with_path(path: &str, mut arguments: Value) -> Value {
    for key in ["file_path", "filePath", "path", "absolute_path", "target_file"] {
        arguments[key] = json!(path);
    }
    arguments
}

fn patch(body: &str) -> String {
    format!("*** Begin Patch\n{body}*** End Patch\n")
}

/// Keeps what the schema knows and fills in what it requires.
fn fit(arguments: Value, schema: &Value) -> Value {
    let (Value::Object(mut arguments), Some(properties)) =
        (arguments.clone(), schema.get("properties").and_then(Value::as_object))
    else {
        return arguments;
    };
    arguments.retain(|name, _| properties.contains_key(name));
    let mut fitted: Map<String, Value> = arguments;
    for (name, value) in &mut fitted {
        let wants = properties[name].get("type").and_then(Value::as_str).unwrap_or_default();
        // One shell tool wants the words of a command, not its line.
        if wants == "array" && value.is_string() {
            *value = json!(["bash", "-lc", value]);
        }
    }
    for name in super::ask::items(schema, "required").filter_map(Value::as_str) {
        if !fitted.contains_key(name) {
            let property = properties.get(name).cloned().unwrap_or_default();
            fitted.insert(name.to_owned(), super::answer::sample(&property));
        }
    }
    Value::Object(fitted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(name: &str, properties: &[(&str, &str)], required: &[&str]) -> Offer {
        let properties: Map<String, Value> = properties
            .iter()
            .map(|(name, kind)| ((*name).to_owned(), json!({"type": kind})))
            .collect();
        let schema = json!({"type": "object", "properties": properties, "required": required});
        Offer { name: name.to_owned(), schema, ..Offer::default() }
    }

    #[test]
    fn a_step_becomes_the_tool_that_the_client_offers() {
        let shell = Step::Shell("ls".to_owned());
        let write = Step::Write("a".to_owned(), "x\n".to_owned());
        let note = Step::Mcp("probe".to_owned(), "note".to_owned(), json!({"text": "t"}));
        let rows = [
            (&shell, offer("Bash", &[("command", "string")], &[]), json!({"command": "ls"})),
            (
                &shell,
                offer("exec_command", &[("cmd", "string"), ("tty", "boolean")], &["cmd", "tty"]),
                json!({"cmd": "ls", "tty": false}),
            ),
            (
                &shell,
                offer("shell", &[("command", "array")], &[]),
                json!({"command": ["bash", "-lc", "ls"]}),
            ),
            (
                &write,
                offer("write", &[("filePath", "string"), ("content", "string")], &[]),
                json!({"filePath": "a", "content": "x\n"}),
            ),
            (
                &write,
                offer("apply_patch", &[("input", "string")], &[]),
                json!({"input": "*** Begin Patch\n*** Add File: a\n+x\n*** End Patch\n"}),
            ),
            (&note, offer("mcp__probe__note", &[], &[]), json!({"text": "t"})),
            (&note, offer("probe_note", &[], &[]), json!({"text": "t"})),
        ];
        for (step, offer, arguments) in rows {
            let other = Offer { name: "other".to_owned(), ..Offer::default() };
            assert_eq!(step.call(&[other, offer.clone()]), Ok((offer, arguments)));
        }
    }

    #[test]
    fn a_tool_in_a_namespace_is_found_by_its_whole_name() {
        let note = Offer {
            name: "note".to_owned(),
            namespace: Some("mcp__probe".to_owned()),
            ..Offer::default()
        };
        let step = Step::Mcp("probe".to_owned(), "note".to_owned(), json!({}));
        assert_eq!(step.call(std::slice::from_ref(&note)), Ok((note, json!({}))));
    }

    #[test]
    fn what_is_not_offered_is_looked_up_or_said_to_be_missing() {
        let step = Step::Mcp("probe".to_owned(), "note".to_owned(), json!({}));
        let search =
            Offer { name: "tool_search".to_owned(), kind: Kind::Search, ..Offer::default() };
        let query = json!({"query": "probe note", "limit": 8});
        assert_eq!(step.call(std::slice::from_ref(&search)), Err(Unsaid::LookUp(search, query)));
        assert!(matches!(step.call(&[]), Err(Unsaid::NotOffered(_))));
        let read = Step::Read("a b".to_owned());
        let bash = offer("Bash", &[("command", "string")], &[]);
        assert_eq!(
            read.call(std::slice::from_ref(&bash)),
            Ok((bash, json!({"command": "cat 'a b'"})))
        );
    }
}
