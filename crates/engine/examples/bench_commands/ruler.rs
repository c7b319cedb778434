//! A ruler for the bench: whether anything in a command's effects is worth a question.
//!
//! It stands in for a set of policies, so that the analysis is measured and not somebody's rules. Worth a
//! question are: what is not understood; programs and code that nobody knows; writes outside of the work tree
//! and of the folder for temporary files, or to what governs the agent; the whole tree's deletion; secrets; data
//! that goes out, except to this machine and by a push; work that git would lose, forced and deleting pushes,
//! skipped hooks, changed settings of git; packages by name; changes of the machine and of what others hold.

use weir_guard::shell::Place;
use weir_model::act::{Effect, Extent, GitOperation, RunKind, WriteHow};

/// Names that keep secrets.
const SECRETS: [&str; 18] = [
    ".env",
    ".ssh",
    ".aws",
    ".gnupg",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".pgpass",
    ".git-credentials",
    ".kube",
    "id_rsa",
    "id_ed25519",
    "credentials",
    "shadow",
    "gshadow",
    "sudoers",
    "master.passwd",
    "secring.gpg",
];

/// Names that govern an agent, or run code later.
const GOVERNING: [&str; 14] = [
    ".git",
    ".weir",
    ".claude",
    ".codex",
    ".gemini",
    ".cursor",
    ".agents",
    ".opencode",
    ".husky",
    ".vscode",
    ".gitlab-ci.yml",
    "AGENTS.md",
    "CLAUDE.md",
    "workflows",
];

/// Folders whose contents, read whole, hold secrets.
const ROOTS: [&str; 5] = ["/", "/etc", "/root", "/home", "/proc"];

/// What is objected to, if anything is.
pub fn objection(effects: &[Effect], place: &Place<'_>) -> Option<String> {
    let pushes = effects
        .iter()
        .any(|effect| matches!(effect, Effect::Git { operation: GitOperation::Push { .. } }));
    effects.iter().find_map(|effect| match effect {
        Effect::Sends { .. } if pushes => None,
        effect => against(effect, place),
    })
}

fn against(effect: &Effect, place: &Place<'_>) -> Option<String> {
    match effect {
        Effect::Opaque { why } => Some(why.clone()),
        Effect::Runs { program, kind } => {
            (*kind == RunKind::Foreign).then(|| format!("`{program}` is not known"))
        }
        Effect::Controls { what } => Some(format!("controls {what}")),
        Effect::Writes { path, how, extent } => {
            let temporary = path.starts_with("/tmp/") || path == "/tmp" && *extent == Extent::Many;
            let is_bad = names(path, &GOVERNING)
                || is_secret(path)
                || !temporary && !is_below(path, place.tree)
                || *how == WriteHow::Delete && path == place.tree;
            is_bad.then(|| format!("writes {path}"))
        }
        Effect::Reads { path, extent } => {
            let whole = *extent == Extent::Tree
                && !is_below(path, place.tree)
                && (ROOTS.contains(&path.as_str()) || path == place.home);
            (is_secret(path) || whole).then(|| format!("reads {path}"))
        }
        Effect::Sends { host, carries } => {
            let here = matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1" | "0.0.0.0");
            (*carries && !here).then(|| format!("sends to {host}"))
        }
        Effect::Git { operation } => match operation {
            GitOperation::Discard
            | GitOperation::Drop
            | GitOperation::SkipHooks
            | GitOperation::Configure { .. } => Some(format!("{operation:?}")),
            GitOperation::Push { force, delete, .. } => {
                (*force || *delete).then(|| "pushes by force".to_owned())
            }
            GitOperation::Look
            | GitOperation::Record
            | GitOperation::Rewrite
            | GitOperation::Fetch { .. } => None,
        },
        Effect::Installs { packages, .. } => {
            (!packages.is_empty()).then(|| format!("installs {}", packages.join(" ")))
        }
        Effect::Calls { .. } | Effect::Spawns { .. } | Effect::Prompts => None,
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn names(path: &str, known: &[&str]) -> bool {
    path.split('/').any(|name| known.contains(&name))
}

fn is_secret(path: &str) -> bool {
    let base = path.rsplit('/').next().unwrap_or(path);
    let is_example =
        base.ends_with(".example") || base.ends_with(".sample") || base.ends_with(".template");
    let is_environment = base.starts_with(".env.") && !is_example;
    let is_key = [".pem", ".key", ".p12", ".pfx", ".kdbx"].iter().any(|end| base.ends_with(end));
    names(path, &SECRETS) || is_environment || is_key
}
