//! Package managers and the runners that come with them: what is installed, and whose code runs.

use weir_model::act::{Effect, Extent, RunKind, WriteHow};

use super::marks::{is_unknown, shown};
use super::walk::{Stream, Walk};

/// Words of package managers, by what they come to.
struct Manager {
    names: &'static str,
    /// Installs what is named, or what a manifest says.
    installs: &'static str,
    /// Installs exactly a lock file.
    locked: &'static str,
    /// Runs code of the work tree.
    project: &'static str,
    /// Runs a program of a package that may be fetched first: the command behind it counts.
    fetches: &'static str,
    /// Runs a program of the project's own packages: the command behind it counts.
    runs: &'static str,
    /// Only looks; may ask a registry.
    looks: &'static str,
    /// Publishes, logs in, removes: changes what others see, or the machine.
    controls: &'static str,
}

const MANAGERS: [Manager; 22] = [
    Manager {
        names: "npm cnpm",
        installs: "install i add isntall in ins update up upgrade link ln rebuild dedupe ddp install-test it",
        locked: "ci clean-install ic install-clean",
        project: "test t tst start stop restart run run-script rum urn pack prune uninstall remove rm r un unlink version init create pkg shrinkwrap set-script",
        fetches: "",
        runs: "exec x",
        looks: "ls list ll la view info show v search find outdated audit explain why help docs bugs repo root bin prefix ping fund query config c get doctor cache whoami -v -l help-search completion sbom diff stars org team profile token access",
        controls: "publish unpublish deprecate owner login logout adduser dist-tag star unstar hook edit",
    },
    Manager {
        names: "pnpm",
        installs: "install i add update up upgrade link import fetch rebuild rb dedupe self-update env setup",
        locked: "",
        project: "test t start run run-script build lint dev typecheck format check remove rm uninstall un prune pack init create deploy patch store recursive -r",
        fetches: "dlx",
        runs: "exec",
        looks: "ls list ll la view info outdated audit why root bin licenses config help server cat-file cat-index find-hash doctor",
        controls: "publish login logout",
    },
    Manager {
        names: "yarn yarnpkg",
        installs: "install add upgrade up upgrade-interactive global link set dedupe rebuild import up",
        locked: "",
        project: "test start run build lint dev remove unlink pack init create workspace workspaces plugin format typecheck check version stage unplug generate-lock-entry serve prettier eslint tsc jest vitest",
        fetches: "dlx",
        runs: "exec node",
        looks: "list info why outdated audit licenses bin config help versions check cache constraints search owner",
        controls: "publish login logout npm tag team",
    },
    Manager {
        names: "npx bunx pnpx",
        installs: "",
        locked: "",
        project: "",
        fetches: "",
        runs: "",
        looks: "",
        controls: "",
    },
    Manager {
        names: "bun",
        installs: "install i add a update upgrade link create c",
        locked: "",
        project: "test build dev remove rm unlink init patch start pm repl",
        fetches: "x",
        runs: "exec",
        looks: "outdated why audit info help",
        controls: "publish",
    },
    Manager {
        names: "deno",
        installs: "install add update upgrade i",
        locked: "",
        project: "test bench task check lint fmt compile bundle cache coverage doc init remove uninstall serve jupyter vendor",
        fetches: "x",
        runs: "",
        looks: "info types outdated completions help",
        controls: "publish deploy",
    },
    Manager {
        names: "pip pip3",
        installs: "install download wheel",
        locked: "",
        project: "uninstall",
        fetches: "",
        runs: "",
        looks: "list show freeze check search index config debug hash help inspect cache completion",
        controls: "",
    },
    Manager {
        names: "uv",
        installs: "add sync lock",
        locked: "",
        project: "build remove init venv version format",
        fetches: "",
        runs: "run",
        looks: "tree export cache help self python",
        controls: "publish auth",
    },
    Manager {
        names: "uvx",
        installs: "",
        locked: "",
        project: "",
        fetches: "",
        runs: "",
        looks: "",
        controls: "",
    },
    Manager {
        names: "pipx",
        installs: "install inject upgrade upgrade-all reinstall reinstall-all",
        locked: "",
        project: "",
        fetches: "run",
        runs: "",
        looks: "list environment ensurepath completions",
        controls: "uninstall uninstall-all uninject",
    },
    Manager {
        names: "poetry pdm rye hatch pipenv conda mamba micromamba",
        installs: "install add update lock sync upgrade create use fetch",
        locked: "",
        project: "build remove test fmt lint init new version export check uninstall clean env rm",
        fetches: "",
        runs: "run shell",
        looks: "show list info search tree config about graph verify requirements scripts help dep lists cache self activate deactivate",
        controls: "publish login",
    },
    Manager {
        names: "cargo",
        installs: "install add update fetch vendor binstall",
        locked: "",
        project: "build b check c test t run r bench clippy fmt fix doc d clean rustc rustdoc nextest miri llvm-cov expand tarpaulin insta udeps machete hack make watch package init new remove rm xtask tauri leptos dylint criterion flamegraph bloat asm sqlx deb wasi lambda component mutants outdated sort semver-checks public-api readme criterion about careful release-dry zigbuild cross show-asm hakari rdme spellcheck workspaces generate fuzz kani sweep",
        fetches: "",
        runs: "",
        looks: "tree metadata search info locate-project pkgid read-manifest verify-project version help audit deny license generate-lockfile -V -vV report geiger modules depgraph cache crev vet",
        controls: "publish yank owner login logout uninstall release",
    },
    Manager {
        names: "go",
        installs: "get install mod",
        locked: "",
        project: "build run test vet fmt generate fix clean tool work",
        fetches: "",
        runs: "",
        looks: "list env version doc help bug telemetry",
        controls: "",
    },
    Manager {
        names: "gem",
        installs: "install update fetch i",
        locked: "",
        project: "build unpack",
        fetches: "exec",
        runs: "",
        looks: "list search query info environment env which specification dependency contents outdated help stale check sources rdoc server",
        controls: "push yank owner uninstall signin signout cleanup pristine cert lock",
    },
    Manager {
        names: "bundle bundler",
        installs: "install update add lock outdated-fix",
        locked: "",
        project: "package pack cache clean init gem binstubs remove console rake open doctor inject pristine",
        fetches: "",
        runs: "exec e",
        looks: "list show info outdated check config env platform viz help version audit licenses",
        controls: "",
    },
    Manager {
        names: "composer",
        installs: "install update require create-project i u r global",
        locked: "",
        project: "run-script run exec test dump-autoload dumpautoload remove reinstall init archive bump check lint validate",
        fetches: "",
        runs: "",
        looks: "show info outdated search why depends why-not prohibits licenses status diagnose audit config browse home fund suggests about list help check-platform-reqs clear-cache",
        controls: "self-update selfupdate",
    },
    Manager {
        names: "apt apt-get aptitude dnf yum zypper apk brew port pkg snap flatpak pacman yay paru emerge xbps-install choco winget scoop nix-env rpm dpkg guix opkg eopkg swupd tlmgr",
        installs: "install upgrade update dist-upgrade full-upgrade add groupinstall reinstall tap refresh in up dup fetch source build-dep bundle download localinstall sync",
        locked: "",
        project: "",
        fetches: "",
        runs: "",
        looks: "list search show info policy outdated deps uses leaves doctor config help files provides whatprovides repolist history depends rdepends cat home desc log changelog -l --list -L --listfiles -s --status -S --search -p -q -qa -qi -ql -Q -Qi -Ql -Qs -Ss -Si find version --prefix --cellar --version check-update dot madison pkgnames stats analyze why whohas dirs repositories remotes remote-ls remote-info -e se if lr --repo --cache --caskroom --env formulae casks commands options missing services",
        controls: "remove purge autoremove uninstall autoclean clean del erase rm cleanup unlink link untap pin unpin hold unhold mark edit-sources moo reset disable enable switch connect interface revert",
    },
    Manager {
        names: "apt-cache apt-file dpkg-query apt-mark pkg-config pkgconf",
        installs: "",
        locked: "",
        project: "",
        fetches: "",
        runs: "",
        looks: "show search policy depends rdepends pkgnames stats dump showpkg showsrc madison list find update -l -L -S -s -W --list --show --search showhold showauto showmanual --libs --cflags --modversion --exists --list-all --version dotty unmet",
        controls: "hold unhold auto manual gencaches",
    },
    Manager {
        names: "rustup",
        installs: "install update toolchain target component self default override",
        locked: "",
        project: "",
        fetches: "",
        runs: "run",
        looks: "show which doc check man completions --version help",
        controls: "uninstall set",
    },
    Manager {
        names: "nvm fnm volta nodenv pyenv rbenv asdf mise rtx sdk goenv jenv tfenv n phpenv plenv",
        installs: "install i use u plugin local global shell pin upgrade up sync plugins add default reshim rehash alias prune trust latest lts",
        locked: "",
        project: "",
        fetches: "",
        runs: "exec run x",
        looks: "ls list current version versions which where ls-remote list-remote env help doctor whence root prefix shims commands completions init --version list-all ls-available info settings tasks hook-env activate bin-paths outdated registry",
        controls: "uninstall remove rm deactivate unalias implode self-update selfupdate unpin",
    },
    Manager {
        names: "nix guix-shell nix-shell devbox flox devenv",
        installs: "install profile add update flake channel develop shell build init generate",
        locked: "",
        project: "fmt check",
        fetches: "run",
        runs: "",
        looks: "search show info list eval path-info store log why-depends derivation hash help doctor repl",
        controls: "remove rm upgrade-nix collect-garbage",
    },
    Manager {
        names: "helm-plugin krew code-extension",
        installs: "install upgrade update",
        locked: "",
        project: "",
        fetches: "",
        runs: "",
        looks: "list search info",
        controls: "uninstall",
    },
];

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
            self.runner(name, arguments, stdin);
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
            self.runner(name, rest, stdin);
        } else if has(manager.runs, action) {
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
            // Behind `--` stand the arguments of the program that is run, except where that only formats.
            let own = rest.iter().position(|field| field == "--").filter(|_| action != "fmt");
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
        } else {
            let asks = super::program::asks_about_itself(arguments);
            self.runs(name, if asks { RunKind::Known } else { RunKind::Foreign });
            if !asks {
                self.strange(name, action);
            }
        }
    }

    /// `go run`: packages and files of the work tree are the project's; an import path fetches somebody's program.
    fn go_run(&mut self, rest: &[String]) {
        let target = rest.iter().find(|field| !field.starts_with('-')).map_or(".", String::as_str);
        let first = target.split('/').next().unwrap_or(target);
        let is_file = target.ends_with(".go") || target.starts_with(['.', '/', '~']);
        if !is_file && first.contains('.') {
            self.runs(target, RunKind::Foreign);
            self.install("go", &[target.to_owned()], &[]);
            return;
        }
        self.runs("go", RunKind::Project);
        self.stays_all("go", rest);
    }

    /// Arguments of a tool that runs a project's code: none of them may send it to another place.
    pub(super) fn stays_all(&mut self, name: &str, arguments: &[String]) {
        let mut before = "";
        for field in arguments {
            match field.split_once('=') {
                Some((option, value)) if option.starts_with('-') => self.stays(name, option, value),
                Some(_) => {}
                None if field.starts_with('-') => {}
                None => self.stays(name, before, field),
            }
            before = field;
        }
    }

    /// The same for the options before a command that is looked at by itself.
    fn stays_options(&mut self, name: &str, arguments: &[String]) {
        let begin = arguments.iter().take_while(|field| field.starts_with('-')).count();
        self.stays_all(name, &arguments[..(begin + 1).min(arguments.len())]);
    }

    /// What one option, or none, is given.
    pub(super) fn stays(&mut self, name: &str, option: &str, value: &str) {
        const PREFIXES: [&str; 6] =
            ["--base", "--baseURL", "--base-url", "--baseurl", "--public-path", "-run"];
        // What the machine itself brings is as trusted as its programs.
        const MACHINE: [&str; 9] = [
            "/usr/",
            "/opt/",
            "/nix/",
            "/lib/",
            "/lib64/",
            "/bin/",
            "/Library/",
            "/System/",
            "/Applications/",
        ];
        let leads =
            |part: &str| part.starts_with(['/', '~']) || part.starts_with("../") || part == "..";
        if PREFIXES.contains(&option) || is_unknown(value) {
            return;
        }
        for part in value.split(',').filter(|part| leads(part)) {
            let paths = self.paths(part);
            let of_machine = |path: &String| MACHINE.iter().any(|folder| path.starts_with(folder));
            if paths.iter().all(|path| self.is_in_tree(path) || of_machine(path)) {
                continue;
            }
            // A temporary folder takes what is written, and nothing is run from there.
            let temporary =
                paths.iter().all(|path| path.starts_with("/tmp/") || path.starts_with("/var/tmp/"));
            let bare = option.trim_start_matches('-').to_ascii_lowercase();
            if bare == "o"
                || ["out", "report", "log", "result", "dest"].iter().any(|word| bare.contains(word))
            {
                self.writes(part, WriteHow::Change, Extent::Tree);
            } else if !temporary || option.is_empty() || !bare.contains("cache") {
                self.opaque(&format!("`{name}` works at another place: `{}`", shown(part)));
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

    /// A runner that fetches the package that it runs, when it is not there.
    fn runner(&mut self, name: &str, arguments: &[String], stdin: &Stream) {
        let valued = [
            "-p",
            "--package",
            "--from",
            "--with",
            "--python",
            "--spec",
            "-c",
            "--call",
            "--index",
            "--registry",
        ];
        let mut fields = arguments.iter();
        let mut packages = Vec::new();
        let mut command: Vec<String> = Vec::new();
        let mut stays = false;
        while let Some(field) = fields.next() {
            let option = field.split('=').next().unwrap_or(field);
            if field == "--" {
                continue;
            }
            if !field.starts_with('-') {
                command.push(field.clone());
                command.extend(fields.by_ref().cloned());
                break;
            }
            stays |= matches!(option, "--no-install" | "--offline" | "--no");
            let value = match field.split_once('=') {
                Some((_, value)) => Some(value.to_owned()),
                None if valued.contains(&option) => fields.next().cloned(),
                None => None,
            };
            match (option, value) {
                ("-c" | "--call", Some(text)) => {
                    self.words(&text, stdin);
                }
                ("-p" | "--package" | "--from" | "--with" | "--spec", Some(package)) => {
                    packages.push(package)
                }
                _ => {}
            }
        }
        if let Some(program) = command.first().cloned() {
            let bare = bare_package(&program);
            if stays {
                self.inner(name, &command, stdin);
                return;
            }
            // A project's own tool stands in its packages, where a runner looks first.
            if super::tables::is_known(&bare) && packages.is_empty() && program == bare {
                self.inner(name, &command, stdin);
                return;
            }
            packages.push(program);
            self.runs(&bare, RunKind::Foreign);
        }
        if !packages.is_empty() {
            self.install(name, &packages, &[]);
        }
    }

    /// A command behind `run` and `exec`.
    fn inner(&mut self, name: &str, arguments: &[String], stdin: &Stream) {
        let valued = [
            "--with",
            "--python",
            "-p",
            "--package",
            "--group",
            "--extra",
            "--env-file",
            "--directory",
            "--project",
            "-n",
            "--name",
            "-c",
            "-C",
            "--install",
        ];
        let mut fields = arguments.iter().peekable();
        let mut module = false;
        while let Some(field) = fields.next_if(|field| field.starts_with('-')) {
            let option = field.split('=').next().unwrap_or(field);
            if matches!(option, "--with" | "--package" | "-p" | "--from") {
                let package = field
                    .split_once('=')
                    .map(|(_, value)| value.to_owned())
                    .or_else(|| fields.peek().map(|next| (*next).clone()));
                self.install(name, &package.into_iter().collect::<Vec<_>>(), &[]);
            }
            module |= matches!(option, "-m" | "--module");
            if valued.contains(&option) && !field.contains('=') {
                fields.next();
            }
        }
        let mut command: Vec<String> = fields.cloned().collect();
        if module {
            command.splice(0..0, ["python".to_owned(), "-m".to_owned()]);
        }
        match command.first() {
            None => self.runs(name, RunKind::Known),
            Some(first) if first.ends_with(".py") => {
                let file = first.clone();
                self.script_file(&file, &command[1..], stdin);
            }
            Some(_) if name == "rustup" => {
                self.call(&command[1..], stdin);
            }
            Some(_) => {
                self.call(&command, stdin);
            }
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

/// A package's name without its version and its scope's sign.
fn bare_package(package: &str) -> String {
    let end =
        package.char_indices().skip(1).find(|(_, c)| *c == '@').map_or(package.len(), |(at, _)| at);
    package[..end].split("==").next().unwrap_or(package).to_owned()
}
