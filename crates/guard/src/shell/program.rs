//! Programs: which one a name or a path stands for, and what is done with each.

use weir_model::act::{Effect, RunKind};

use super::walk::{Stream, Walk};
use super::{
    builtins, code, databases, find, git, hooks, net, packages, scripts, special, tables, verbs,
    wrappers,
};

/// Folders whose programs are the system's.
const SYSTEM: [&str; 14] = [
    "/bin/",
    "/sbin/",
    "/usr/bin/",
    "/usr/sbin/",
    "/usr/local/bin/",
    "/usr/local/sbin/",
    "/opt/homebrew/bin/",
    "/usr/games/",
    "/snap/bin/",
    "/usr/lib/git-core/",
    "/opt/local/bin/",
    "/lib/",
    "/lib64/",
    "/usr/lib/",
];

/// Folders of a project or a home whose programs are tools by their name.
const TOOLS: [&str; 6] =
    ["node_modules/.bin/", ".venv/bin/", "venv/bin/", ".cargo/bin/", ".local/bin/", "go/bin/"];

/// Files that say what a project's tools run.
const MANIFESTS: [&str; 22] = [
    "package.json",
    "Makefile",
    "makefile",
    "GNUmakefile",
    "composer.json",
    "Gemfile",
    "Rakefile",
    "CMakeLists.txt",
    "build.rs",
    "setup.py",
    "setup.cfg",
    "conftest.py",
    "tox.ini",
    "noxfile.py",
    "justfile",
    "Justfile",
    "build.gradle",
    "pom.xml",
    "Taskfile.yml",
    "config.toml",
    "Cargo.toml",
    "pyproject.toml",
];

impl Walk<'_> {
    /// Runs what a first word stands for.
    pub(super) fn program(&mut self, name: &str, arguments: &[String], stdin: &Stream) -> Stream {
        if !name.contains('/') {
            return self.tool(plain_name(name), arguments, stdin);
        }
        if let Some(base) = SYSTEM.iter().find_map(|folder| name.strip_prefix(folder))
            && !base.split('/').any(|part| part == "..")
        {
            let base = base.rsplit('/').next().unwrap_or(base);
            return self.tool(plain_name(base), arguments, stdin);
        }
        let paths = self.paths(name);
        let [path] = &paths[..] else {
            self.opaque("a program is run from a folder that is known only when it runs");
            return Stream::Unknown;
        };
        let path = path.clone();
        if let Some(tool) = self.state.copies.get(&path).cloned() {
            return self.tool(&tool, arguments, stdin);
        }
        if let Some(base) = SYSTEM.iter().find_map(|folder| path.strip_prefix(folder)) {
            let base = base.rsplit('/').next().unwrap_or(base);
            return self.tool(plain_name(base), arguments, stdin);
        }
        if let Some(at) =
            TOOLS.iter().find_map(|folder| path.find(folder).map(|at| at + folder.len()))
        {
            let base = path[at..].to_owned();
            return self.tool(plain_name(&base), arguments, stdin);
        }
        self.run_file(&path, arguments, stdin)
    }

    /// Runs a file that is not the system's: the project's own, or anybody's.
    pub(super) fn run_file(&mut self, path: &str, arguments: &[String], stdin: &Stream) -> Stream {
        // What this very command wrote is no code of the project yet.
        let fresh = self.state.texts.get(path).cloned();
        let kind = match (&fresh, self.is_in_tree(path)) {
            (None, true) => RunKind::Project,
            _ => RunKind::Foreign,
        };
        self.runs(path, kind);
        self.targets(path.rsplit('/').next().unwrap_or(path), arguments, arguments);
        // Code that is told an address may send to it.
        for field in arguments
            .iter()
            .filter(|field| field.starts_with("http://") || field.starts_with("https://"))
        {
            self.sends(field, true);
        }
        match fresh {
            Some(Some(text)) => self.looked_into(&text, arguments, stdin, true),
            Some(None) => self.opaque("a program runs that this command writes first"),
            None => {
                if let Some(text) = self.place.files.script(path) {
                    self.looked_into(&text, arguments, stdin, false);
                }
            }
        }
        Stream::Unknown
    }

    /// Whether what a project would run was written by this very command: files that are named, or those that
    /// say what a tool runs.
    fn is_fresh(&self, arguments: &[String]) -> bool {
        let is_manifest = |path: &String| {
            let base = path.rsplit('/').next().unwrap_or(path);
            MANIFESTS.contains(&base)
        };
        self.state.texts.keys().any(is_manifest)
            || arguments.iter().any(|field| {
                !field.starts_with('-')
                    && self.paths(field).iter().any(|path| self.state.texts.contains_key(path))
            })
    }

    /// Whether a path is inside the work tree.
    pub(super) fn is_in_tree(&self, path: &str) -> bool {
        // Nobody's work tree holds nothing.
        !self.place.tree.is_empty()
            && path
                .strip_prefix(self.place.tree)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// What is known of a shell script's text counts; what is not understood in one of the project's does not,
    /// for it is the project's code like any other.
    fn looked_into(&mut self, text: &str, arguments: &[String], stdin: &Stream, fresh: bool) {
        let first = text.lines().next().unwrap_or("");
        if first.starts_with("#!") && !first.ends_with("sh") {
            return;
        }
        let arguments = arguments.to_vec();
        if fresh {
            self.apart(|walk| {
                walk.state.arguments = arguments;
                walk.script(text, stdin);
            });
            return;
        }
        let inner = self.found_by(|walk| {
            walk.state.arguments = arguments;
            walk.script(text, stdin);
        });
        for effect in inner {
            match effect {
                Effect::Opaque { .. } | Effect::Runs { .. } => {}
                Effect::Reads { .. }
                | Effect::Writes { .. }
                | Effect::Sends { .. }
                | Effect::Git { .. }
                | Effect::Installs { .. }
                | Effect::Calls { .. }
                | Effect::Spawns { .. }
                | Effect::Prompts
                | Effect::Controls { .. } => self.find(effect),
            }
        }
    }

    /// Runs a tool by its name.
    pub(super) fn tool(&mut self, name: &str, arguments: &[String], stdin: &Stream) -> Stream {
        if let ([only], false) = (arguments, name == "test" || name == "echo")
            && only == "--version"
            && tables::is_known(name)
        {
            self.runs(name, RunKind::Known);
            return Stream::Unknown;
        }
        type Handler = fn(&mut Walk<'_>, &str, &[String], &Stream) -> Option<Stream>;
        const HANDLERS: [Handler; 13] = [
            builtins::call,
            hooks::call,
            wrappers::call,
            scripts::call,
            git::call,
            find::call,
            net::call,
            code::call,
            packages::call,
            databases::call,
            special::call,
            verbs::call,
            tables::call,
        ];
        let before = self.count();
        // What the program itself is told to write is not there yet when it starts.
        let is_fresh = !self.state.texts.is_empty() && self.is_fresh(arguments);
        for handler in HANDLERS {
            if let Some(output) = handler(self, name, arguments, stdin) {
                if is_fresh && self.ran_project_since(before) {
                    self.opaque("code runs that this command writes first");
                }
                return output;
            }
        }
        let kind = if asks_about_itself(arguments) { RunKind::Known } else { RunKind::Foreign };
        self.runs(name, kind);
        Stream::Unknown
    }
}

/// Whether a program is only asked for its help, its version, or the completions that it writes for a shell. Every
/// program that reads its arguments answers that and ends, whatever words of its own stand before a question for help.
pub(super) fn asks_about_itself(arguments: &[String]) -> bool {
    let Some((last, words)) = arguments.split_last() else { return false };
    let is_word = |word: &String| {
        word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') && !word.starts_with('-')
    };
    match &last[..] {
        "--help" => words.len() <= 3 && words.iter().all(is_word),
        "--version" => words.len() <= 1 && words.iter().all(is_word),
        shell if hooks::SHELLS.contains(&shell) => {
            matches!(words, [word] if matches!(&word[..], "completion" | "completions"))
        }
        _ => false,
    }
}

/// A program's name without what only says which version or system it is for.
pub(super) fn plain_name(name: &str) -> &str {
    let name = name.strip_suffix(".exe").unwrap_or(name);
    for family in [
        "python", "pip", "pypy", "ruby", "perl", "php", "node", "lua", "gcc", "g++", "clang",
        "clang++",
    ] {
        if let Some(rest) = name.strip_prefix(family) {
            let version = rest.strip_prefix('-').unwrap_or(rest);
            if !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
                return &name[..family.len()];
            }
        }
    }
    name
}
