//! What governs agents: policies, hooks, their settings, CI, and what makes a shell or git run code later.

use super::below;

/// Of a path in lower case: `relative` to the worktree, below the home, and absolute.
pub(super) fn governs(relative: Option<&str>, in_home: Option<&str>, path: &str) -> bool {
    // What a client keeps for a session alone; it tells the agent to write there.
    let plan = in_home
        .is_some_and(|rest| below(rest, ".claude/plans").is_some_and(|rest| !rest.is_empty()));
    if plan {
        return false;
    }
    relative.is_some_and(in_worktree) || in_home.is_some_and(at_home) || anywhere(path)
}

/// Folders of agents and of git, wherever they lie: clients read those of parent folders, too.
const FOLDERS: [&str; 14] = [
    ".git",
    ".claude",
    ".codex",
    ".gemini",
    ".antigravity",
    ".agents",
    ".cursor",
    ".copilot",
    ".opencode",
    ".weir",
    ".husky",
    ".githooks",
    ".buildkite",
    ".circleci",
];

const FILES: [&str; 12] = [
    ".mcp.json",
    ".claude.json",
    "opencode.json",
    "opencode.jsonc",
    ".cursorrules",
    ".envrc",
    ".pre-commit-config.yaml",
    "lefthook.yml",
    "lefthook.yaml",
    ".lefthook.yml",
    ".gitconfig",
    ".gitmodules",
];

fn anywhere(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    path.split('/').any(|part| FOLDERS.contains(&part)) || FILES.contains(&name)
}

/// Read at the root of a repository only.
const ROOT_FILES: [&str; 15] = [
    "weir.toml",
    ".gitlab-ci.yml",
    "jenkinsfile",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    ".travis.yml",
    ".drone.yml",
    ".woodpecker.yml",
    ".appveyor.yml",
    "appveyor.yml",
    "cloudbuild.yaml",
    "codeowners",
    "docs/codeowners",
    ".vscode/settings.json",
    ".vscode/tasks.json",
];

const ROOT_FOLDERS: [&str; 8] = [
    ".github/workflows",
    ".github/actions",
    ".github/hooks",
    ".gitlab",
    ".woodpecker",
    ".teamcity",
    ".ci",
    ".tekton",
];

fn in_worktree(relative: &str) -> bool {
    ROOT_FILES.contains(&relative)
        || relative == ".github/codeowners"
        || ROOT_FOLDERS.iter().any(|folder| below(relative, folder).is_some())
}

/// What a shell, a desktop or the user's git runs by itself.
const HOME: [&str; 23] = [
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".bash_aliases",
    ".profile",
    ".zshrc",
    ".zshenv",
    ".zprofile",
    ".zlogin",
    ".config/fish",
    ".config/git",
    ".config/opencode",
    ".config/weir",
    ".config/autostart",
    ".config/systemd",
    ".config/mise",
    ".config/direnv",
    ".local/bin",
    ".cargo/config.toml",
    ".ssh/config",
    ".ssh/rc",
    "library/launchagents",
];

fn at_home(in_home: &str) -> bool {
    HOME.iter().any(|place| below(in_home, place).is_some())
}
