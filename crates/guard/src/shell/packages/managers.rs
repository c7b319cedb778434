//! The package managers, and what their words come to.

/// Words of package managers, by what they come to.
pub(super) struct Manager {
    pub(super) names: &'static str,
    /// Installs what is named, or what a manifest says.
    pub(super) installs: &'static str,
    /// Installs exactly a lock file.
    pub(super) locked: &'static str,
    /// Runs code of the work tree.
    pub(super) project: &'static str,
    /// Runs a program of a package that may be fetched first: the command behind it counts.
    pub(super) fetches: &'static str,
    /// Runs a program of the project's own packages: the command behind it counts.
    pub(super) runs: &'static str,
    /// Only looks; may ask a registry.
    pub(super) looks: &'static str,
    /// Publishes, logs in, removes: changes what others see, or the machine.
    pub(super) controls: &'static str,
}

/// What is left out of a row is nothing.
const NONE: Manager = Manager {
    names: "",
    installs: "",
    locked: "",
    project: "",
    fetches: "",
    runs: "",
    looks: "",
    controls: "",
};

pub(super) const MANAGERS: [Manager; 22] = [
    Manager {
        names: "npm cnpm",
        installs: "install i add isntall in ins update up upgrade link ln rebuild dedupe ddp install-test it",
        locked: "ci clean-install ic install-clean",
        project: "test t tst start stop restart run run-script rum urn pack prune uninstall remove rm r un unlink version init create pkg shrinkwrap set-script",
        runs: "exec x",
        looks: "ls list ll la view info show v search find outdated audit explain why help docs bugs repo root bin prefix ping fund query config c get doctor cache whoami -v -l help-search completion sbom diff stars org team profile token access",
        controls: "publish unpublish deprecate owner login logout adduser dist-tag star unstar hook edit",
        ..NONE
    },
    Manager {
        names: "pnpm",
        installs: "install i add update up upgrade link import fetch rebuild rb dedupe self-update env setup",
        project: "test t start run run-script build lint dev typecheck format check remove rm uninstall un prune pack init create deploy patch store recursive -r",
        fetches: "dlx",
        runs: "exec",
        looks: "ls list ll la view info outdated audit why root bin licenses config help server cat-file cat-index find-hash doctor",
        controls: "publish login logout",
        ..NONE
    },
    Manager {
        names: "yarn yarnpkg",
        installs: "install add upgrade up upgrade-interactive global link set dedupe rebuild import up",
        project: "test start run build lint dev remove unlink pack init create workspace workspaces plugin format typecheck check version stage unplug generate-lock-entry serve prettier eslint tsc jest vitest",
        fetches: "dlx",
        runs: "exec node",
        looks: "list info why outdated audit licenses bin config help versions check cache constraints search owner",
        controls: "publish login logout npm tag team",
        ..NONE
    },
    Manager { names: "npx bunx pnpx", ..NONE },
    Manager {
        names: "bun",
        installs: "install i add a update upgrade link create c",
        project: "test build dev remove rm unlink init patch start pm repl",
        fetches: "x",
        runs: "exec",
        looks: "outdated why audit info help",
        controls: "publish",
        ..NONE
    },
    Manager {
        names: "deno",
        installs: "install add update upgrade i",
        project: "test bench task check lint fmt compile bundle cache coverage doc init remove uninstall serve jupyter vendor",
        fetches: "x",
        looks: "info types outdated completions help",
        controls: "publish deploy",
        ..NONE
    },
    Manager {
        names: "pip pip3",
        installs: "install download wheel",
        project: "uninstall",
        looks: "list show freeze check search index config debug hash help inspect cache completion",
        ..NONE
    },
    Manager {
        names: "uv",
        installs: "add sync lock",
        project: "build remove init venv version format",
        runs: "run",
        looks: "tree export cache help self python",
        controls: "publish auth",
        ..NONE
    },
    Manager { names: "uvx", ..NONE },
    Manager {
        names: "pipx",
        installs: "install inject upgrade upgrade-all reinstall reinstall-all",
        fetches: "run",
        looks: "list environment ensurepath completions",
        controls: "uninstall uninstall-all uninject",
        ..NONE
    },
    Manager {
        names: "poetry pdm rye hatch pipenv conda mamba micromamba",
        installs: "install add update lock sync upgrade create use fetch",
        project: "build remove test fmt lint init new version export check uninstall clean env rm",
        runs: "run shell",
        looks: "show list info search tree config about graph verify requirements scripts help dep lists cache self activate deactivate",
        controls: "publish login",
        ..NONE
    },
    Manager {
        names: "cargo",
        installs: "install add update fetch vendor binstall",
        project: "build b check c test t run r bench clippy fmt fix doc d clean rustc rustdoc nextest miri llvm-cov expand tarpaulin insta udeps machete hack make watch package init new remove rm xtask tauri leptos dylint criterion flamegraph bloat asm sqlx deb wasi lambda component mutants outdated sort semver-checks swift public-api readme criterion about careful release-dry zigbuild cross show-asm hakari rdme spellcheck workspaces generate fuzz kani sweep",
        looks: "tree metadata search info locate-project pkgid read-manifest verify-project version help audit deny license generate-lockfile -V -vV report geiger modules depgraph cache crev vet",
        controls: "publish yank owner login logout uninstall release",
        ..NONE
    },
    Manager {
        names: "go",
        installs: "get install mod",
        project: "build run test vet fmt generate fix clean tool work",
        looks: "list env version doc help bug telemetry",
        ..NONE
    },
    Manager {
        names: "gem",
        installs: "install update fetch i",
        project: "build unpack",
        fetches: "exec",
        looks: "list search query info environment env which specification dependency contents outdated help stale check sources rdoc server",
        controls: "push yank owner uninstall signin signout cleanup pristine cert lock",
        ..NONE
    },
    Manager {
        names: "bundle bundler",
        installs: "install update add lock outdated-fix",
        project: "package pack cache clean init gem binstubs remove console rake open doctor inject pristine",
        runs: "exec e",
        looks: "list show info outdated check config env platform viz help version audit licenses",
        ..NONE
    },
    Manager {
        names: "composer",
        installs: "install update require create-project i u r global",
        project: "run-script run exec test dump-autoload dumpautoload remove reinstall init archive bump check lint validate",
        looks: "show info outdated search why depends why-not prohibits licenses status diagnose audit config browse home fund suggests about list help check-platform-reqs clear-cache",
        controls: "self-update selfupdate",
        ..NONE
    },
    Manager {
        names: "apt apt-get aptitude dnf yum zypper apk brew port pkg snap flatpak pacman yay paru emerge xbps-install choco winget scoop nix-env rpm dpkg guix opkg eopkg swupd tlmgr",
        installs: "install upgrade update dist-upgrade full-upgrade add groupinstall reinstall tap refresh in up dup fetch source build-dep bundle download localinstall sync",
        looks: "list search show info policy outdated deps uses leaves doctor config help files provides whatprovides repolist history depends rdepends cat home desc log changelog -l --list -L --listfiles -s --status -S --search -p -q -qa -qi -ql -Q -Qi -Ql -Qs -Ss -Si find version --prefix --cellar --version check-update dot madison pkgnames stats analyze why whohas dirs repositories remotes remote-ls remote-info -e se if lr --repo --cache --caskroom --env formulae casks commands options missing services",
        controls: "remove purge autoremove uninstall autoclean clean del erase rm cleanup unlink link untap pin unpin hold unhold mark edit-sources moo reset disable enable switch connect interface revert",
        ..NONE
    },
    Manager {
        names: "apt-cache apt-file dpkg-query apt-mark pkg-config pkgconf",
        looks: "show search policy depends rdepends pkgnames stats dump showpkg showsrc madison list find update -l -L -S -s -W --list --show --search showhold showauto showmanual --libs --cflags --modversion --exists --list-all --version dotty unmet",
        controls: "hold unhold auto manual gencaches",
        ..NONE
    },
    Manager {
        names: "rustup",
        installs: "install update toolchain target component self default override",
        runs: "run",
        looks: "show which doc check man completions --version help",
        controls: "uninstall set",
        ..NONE
    },
    Manager {
        names: "nvm fnm volta nodenv pyenv rbenv asdf mise rtx sdk goenv jenv tfenv n phpenv plenv",
        installs: "install i use u plugin local global shell pin upgrade up sync plugins add default reshim rehash alias prune trust latest lts",
        runs: "exec run x",
        looks: "ls list current version versions which where ls-remote list-remote env help doctor whence root prefix shims commands completions init --version list-all ls-available info settings tasks hook-env activate bin-paths outdated registry",
        controls: "uninstall remove rm deactivate unalias implode self-update selfupdate unpin",
        ..NONE
    },
    Manager {
        names: "nix guix-shell nix-shell devbox flox devenv",
        installs: "install profile add update flake channel develop shell build init generate",
        project: "fmt check",
        fetches: "run",
        looks: "search show info list eval path-info store log why-depends derivation hash help doctor repl",
        controls: "remove rm upgrade-nix collect-garbage",
        ..NONE
    },
    Manager {
        names: "helm-plugin krew code-extension",
        installs: "install upgrade update",
        looks: "list search info",
        controls: "uninstall",
        ..NONE
    },
];
