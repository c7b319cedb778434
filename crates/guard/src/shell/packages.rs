//! Package managers and the runners that come with them: what is installed, and whose code runs.

mod managers;
mod runner;
mod stays;

use weir_model::act::{Effect, RunKind};

use super::marks::shown;
use super::walk::{Stream, Walk};
use managers::{MANAGERS, Manager};

/// Options of package managers whose value is the next word.
const VALUED: &str = "--prefix -C --cwd --filter -F --workspace -w --registry --index-url -i --extra-index-url -f --find-links -r \
    --requirement -c --constraint -t --target --python --package -p --directory --project --group --extra --features \
    --target-dir --manifest-path --bin --example --test --profile --config --color -Z -j --jobs --platform --tag --depth --loglevel \
    --cache-dir --data-dir --log --proxy --timeout -n --name --solver --channel --root --version --git --path --branch --rev --message-format -d --working-dir --gemfile --source -v --omit --include --dist";

/// Runs a package manager.
pub(super) fn call(
    walk: &mut Walk<'_>,
    name: &str,
    arguments: &[String],
    stdin: &Stream,
) -> Option<Stream> {
    let manager = MANAGERS.iter().find(|manager| has(manager.names, name))?;
    walk.manager(manager, name, arguments, stdin);
    Some(Stream::Unknown)
}

fn has(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

impl Walk<'_> {
    fn manager(&mut self, manager: &Manager, name: &str, arguments: &[String], stdin: &Stream) {
        if matches!(name, "npx" | "bunx" | "pnpx" | "uvx") {
            self.runner(name, arguments, false, stdin);
            return;
        }
        if matches!(name, "nix-shell" | "devbox" | "nix")
            && let Some(at) = arguments
                .iter()
                .position(|field| matches!(&field[..], "--run" | "--command" | "-c"))
        {
            self.runs(name, RunKind::Known);
            self.install(name, &[], arguments);
            let rest = arguments[at + 1..].join(" ");
            self.words(&rest, stdin);
            return;
        }
        let mut fields = arguments.iter().enumerate().peekable();
        let mut action = None;
        while let Some((at, field)) = fields.next() {
            if let (Some(toolchain), "cargo") = (field.strip_prefix('+'), name) {
                if toolchain.contains('/') || toolchain.starts_with(['-', '+', '.']) {
                    self.opaque("`cargo` runs a toolchain of another place");
                }
                continue;
            }
            let is_word = !field.starts_with('-')
                || has(manager.looks, field)
                || has(manager.installs, field);
            if is_word {
                action = Some((at, field.as_str()));
                break;
            }
            self.manager_option(name, field, fields.peek().map(|(_, next)| next.as_str()));
            match field.split_once('=') {
                Some((option, value)) => self.stays(name, option, value),
                None if has(VALUED, field) => {
                    if let Some((_, value)) = fields.next() {
                        self.stays(name, field, value);
                    }
                }
                None => {}
            }
        }
        let Some((at, action)) = action else {
            // Without a word, some install what the manifest says.
            self.runs(name, RunKind::Known);
            if matches!(name, "yarn" | "yarnpkg" | "bundle" | "bundler")
                && !arguments
                    .iter()
                    .any(|field| matches!(&field[..], "--version" | "-v" | "--help"))
            {
                self.install(name, &[], arguments);
            } else if let Some(field) = arguments.iter().find(|field| {
                matches!(&field.chars().nth(1), Some('S' | 'R' | 'U' | 'i' | 'e' | 'P' | 'r'))
            }) && matches!(name, "pacman" | "yay" | "paru" | "rpm" | "dpkg" | "nix-env")
            {
                self.controls(&format!("{name} {field}"));
            }
            return;
        };
        let rest = &arguments[at + 1..];
        for (place, field) in rest.iter().enumerate() {
            self.manager_option(name, field, rest.get(place + 1).map(String::as_str));
        }
        if has(manager.fetches, action) {
            self.runner(name, rest, action == "dlx", stdin);
        } else if has(manager.runs, action) {
            if name == "rustup" && rest.first().is_some_and(|toolchain| toolchain.contains('/')) {
                self.opaque("`rustup run` takes a toolchain of another place");
            }
            self.stays_options(name, rest);
            self.inner(name, rest, stdin);
        } else if has(manager.locked, action) {
            self.install(name, &[], &["--frozen-lockfile".to_owned()]);
        } else if name == "go" && action == "mod" {
            let word = rest.first().map_or("", String::as_str);
            self.runs(name, RunKind::Known);
            if matches!(word, "download" | "tidy" | "vendor") {
                self.install(name, &[], &["--locked".to_owned()]);
            }
        } else if has(manager.installs, action) && !shows_only(name, action, rest) {
            let mut named: Vec<String> = words(rest);
            if name == "rustup" && matches!(action, "toolchain" | "target" | "component") {
                // The first word says what is done with the rest.
                named = named.split_off(1.min(named.len()));
            }
            if is_of_the_machine(manager) && !named.iter().any(|package| !is_local(package)) {
                // No manifest of a project stands behind it: what is there already, or a file, is installed.
                self.controls(&format!("{name} {action}"));
            }
            self.stays_all(name, rest);
            self.install(name, &named, arguments);
        } else if name == "go" && action == "run" {
            self.go_run(rest);
        } else if has(manager.project, action) {
            self.runs(name, RunKind::Project);
            self.targets(name, &arguments[at..], rest);
            // Behind `--` stand the arguments of the program that is run, except where that is a tool of its own.
            let runs_own = !matches!(action, "fmt" | "mutants" | "clippy" | "fix");
            let own = rest.iter().position(|field| field == "--").filter(|_| runs_own);
            self.stays_all(name, &rest[..own.unwrap_or(rest.len())]);
        } else if has(manager.looks, action) || has(manager.installs, action) {
            self.runs(name, RunKind::Known);
            self.looked(name, action, rest);
            if name == "rustup" {
                self.stays_all(name, rest);
            }
        } else if has(manager.controls, action) {
            self.runs(name, RunKind::Known);
            self.controls(&format!("{name} {action}"));
        } else if matches!(name, "yarn" | "pnpm" | "composer" | "bun" | "make") {
            // A script of the manifest by its name.
            self.runs(name, RunKind::Project);
            self.targets(name, &arguments[at..], rest);
        } else {
            let asks = super::program::asks_about_itself(arguments);
            self.runs(name, if asks { RunKind::Known } else { RunKind::Foreign });
            if !asks {
                self.strange(name, action);
            }
        }
    }

    /// Words that only look until they are given something to change.
    fn looked(&mut self, name: &str, action: &str, rest: &[String]) {
        let first = rest.iter().find(|field| !field.starts_with('-')).map_or("", String::as_str);
        let changes = match action {
            "config" | "c" => {
                matches!(first, "set" | "delete" | "rm" | "edit" | "unset" | "create" | "--edit")
                    || name == "composer" && rest.len() > 1
                    || name == "bundle" && rest.len() > 1 && first != "get" && first != "list"
            }
            "cache" => matches!(
                first,
                "clean" | "clear" | "purge" | "remove" | "prune" | "rm" | "delete" | "add"
            ),
            "audit" => rest.iter().any(|field| field == "fix" || field == "--fix"),
            "token" | "access" | "org" | "team" | "profile" | "owner" => {
                !matches!(first, "list" | "ls" | "get" | "")
            }
            "self" => first != "version",
            "python" => !matches!(first, "list" | "find" | "dir"),
            // Without `-` it writes itself into the start files of the shell.
            "init" => {
                !rest.iter().any(|field| field == "-")
                    || rest.iter().any(|field| field == "--install")
            }
            "env" => name == "go" && rest.iter().any(|field| field == "-w" || field == "-u"),
            "services" => !matches!(first, "list" | "info" | ""),
            "store" => !matches!(first, "ls" | "info" | "verify"),
            "settings" | "tasks" => !matches!(first, "" | "ls" | "get" | "list" | "info"),
            "sources" => rest.iter().any(|field| {
                field.starts_with("-a")
                    || field.starts_with("-r")
                    || field.starts_with("--add")
                    || field.starts_with("--remove")
            }),
            "export" | "generate-lockfile" => false,
            _ => false,
        };
        if changes {
            self.controls(&format!("{name} {action}"));
        }
        let asks = [
            "view",
            "info",
            "show",
            "search",
            "find",
            "outdated",
            "audit",
            "ping",
            "ls-remote",
            "list-remote",
            "index",
            "policy",
            "whoami",
        ];
        // Some look only at what the machine keeps of it.
        let keeps = matches!(
            name,
            "apt-cache"
                | "apt-file"
                | "dpkg-query"
                | "apt-mark"
                | "dpkg"
                | "rpm"
                | "pkg-config"
                | "pkgconf"
        ) || matches!(
            (name, action),
            (
                "conda" | "mamba" | "micromamba" | "snap" | "pip" | "pip3" | "poetry",
                "info" | "show" | "list"
            )
        );
        if asks.contains(&action) && !keeps {
            self.sends(registry(name), false);
        }
    }

    fn install(&mut self, name: &str, packages: &[String], arguments: &[String]) {
        let locks = [
            "--locked",
            "--frozen",
            "--frozen-lockfile",
            "--immutable",
            "--require-hashes",
            "--deployment",
            "--no-update",
        ];
        let locked =
            packages.is_empty() && arguments.iter().any(|field| locks.contains(&field.as_str()));
        let packages: Vec<String> = packages.iter().map(|package| shown(package)).collect();
        self.find(Effect::Installs { manager: name.to_owned(), packages, locked });
    }

    /// Options that move settings, programs or sources to another place.
    fn manager_option(&mut self, name: &str, field: &str, next: Option<&str>) {
        let option = field.split('=').next().unwrap_or(field);
        let value = field.split_once('=').map(|(_, value)| value).or(next).unwrap_or("");
        match option {
            "--script-shell" | "--node-options" | "--userconfig" | "--globalconfig"
            | "--use-yarnrc" | "--editor" => {
                self.opaque(&format!("`{name} {option}` changes what runs"));
            }
            "--config" if name == "cargo" => self.opaque("`cargo --config` changes what runs"),
            "-exec" | "-toolexec" | "-vettool" | "-overlay" if name == "go" => {
                self.opaque(&format!("`go {option}` runs a program"));
            }
            "-C" | "--cwd" | "--prefix" | "--dir" | "--directory" | "--manifest-path"
            | "--project" | "--root" | "--target" | "-d" | "--working-dir"
                if value.starts_with(['/', '~', '.']) =>
            {
                let inside = self.paths(value).iter().all(|path| self.is_in_tree(path));
                if !inside {
                    self.opaque(&format!("`{name} {option}` works at another place"));
                }
            }
            _ => {}
        }
    }
}

/// Managers of the machine, not of a project.
fn is_of_the_machine(manager: &Manager) -> bool {
    ["apt", "rustup", "pipx"].iter().any(|name| has(manager.names, name))
}

/// A folder or a file, no package of a registry.
fn is_local(package: &str) -> bool {
    package == "." || package.starts_with("./")
}

/// The registry that a manager asks, when nobody set another.
fn registry(name: &str) -> &'static str {
    match name {
        "npm" | "cnpm" | "pnpm" | "yarn" | "yarnpkg" | "bun" | "npx" => "registry.npmjs.org",
        "pip" | "pip3" | "uv" | "pipx" | "poetry" | "pdm" | "rye" | "hatch" | "pipenv" => {
            "pypi.org"
        }
        "cargo" => "index.crates.io",
        "go" => "proxy.golang.org",
        "gem" | "bundle" | "bundler" => "rubygems.org",
        "composer" => "repo.packagist.org",
        "brew" => "formulae.brew.sh",
        "conda" | "mamba" | "micromamba" => "conda.anaconda.org",
        "apt" | "apt-get" | "aptitude" => "deb.debian.org",
        "snap" => "api.snapcraft.io",
        "flatpak" => "dl.flathub.org",
        "dnf" | "yum" => "mirrors.fedoraproject.org",
        "zypper" => "download.opensuse.org",
        "apk" => "dl-cdn.alpinelinux.org",
        "pacman" | "yay" | "paru" => "archlinux.org",
        "nix" | "nix-env" => "cache.nixos.org",
        "choco" => "community.chocolatey.org",
        "rustup" => "static.rust-lang.org",
        "nvm" | "fnm" | "volta" | "n" | "nodenv" => "nodejs.org",
        "pyenv" => "www.python.org",
        "rbenv" => "cache.ruby-lang.org",
        "goenv" => "go.dev",
        "sdk" => "api.sdkman.io",
        "tfenv" => "releases.hashicorp.com",
        "asdf" | "mise" | "rtx" => "github.com",
        _ => "*",
    }
}

/// Words that install, said in a way that shows only.
fn shows_only(name: &str, action: &str, rest: &[String]) -> bool {
    let first = rest.iter().find(|field| !field.starts_with('-')).map_or("", String::as_str);
    let dry =
        rest.iter().any(|field| matches!(&field[..], "--dry-run" | "--help" | "-h" | "--simulate"));
    dry || match (name, action) {
        ("rustup", "toolchain" | "target" | "component" | "override") => first == "list",
        ("rustup", "default") => first.is_empty(),
        ("poetry", "env") => matches!(first, "info" | "list"),
        (_, "plugin" | "plugins") => matches!(first, "list" | "ls" | "list-all"),
        (_, "flake") => matches!(first, "show" | "check" | "metadata" | "info"),
        (_, "profile" | "channel") => matches!(first, "list" | "history" | "--list"),
        ("brew", "tap") => first.is_empty(),
        ("brew", "bundle") => matches!(first, "list" | "check" | "dump"),
        ("pyenv" | "rbenv" | "nodenv" | "asdf" | "mise", "local" | "global" | "shell") => {
            first.is_empty()
        }
        ("pyenv" | "rbenv" | "nodenv", "install") => {
            rest.iter().any(|field| field == "-l" || field == "--list")
        }
        _ => false,
    }
}

/// The packages among the words behind `install`.
fn words(rest: &[String]) -> Vec<String> {
    let mut named = Vec::new();
    let mut rest = rest.iter();
    while let Some(field) = rest.next() {
        if !field.starts_with('-') {
            named.push(field.clone());
        } else if has(VALUED, field) {
            let value = rest.next();
            // A list of requirements, or a package from another place, is what is installed.
            if matches!(&field[..], "-r" | "--requirement" | "--git" | "--path") {
                named.extend(value.map(|value| format!("{field} {value}")));
            }
        }
    }
    named
}
