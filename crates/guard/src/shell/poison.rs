//! Variables that make a program run, load or fetch something else.

use weir_model::act::Extent;

use super::marks::{is_unknown, unmarked};
use super::walk::{Stream, Walk};

/// Variables whose value is a command that some program runs.
const COMMANDS: [&str; 45] = [
    "PAGER",
    "GIT_PAGER",
    "MANPAGER",
    "EDITOR",
    "VISUAL",
    "GIT_EDITOR",
    "GIT_SEQUENCE_EDITOR",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_ASKPASS",
    "SSH_ASKPASS",
    "SUDO_ASKPASS",
    "GIT_EXTERNAL_DIFF",
    "GIT_PROXY_COMMAND",
    "LESSOPEN",
    "LESSCLOSE",
    "BROWSER",
    "PROMPT_COMMAND",
    "RSYNC_RSH",
    "CVS_RSH",
    "SVN_SSH",
    "FCEDIT",
    "SYSTEMD_EDITOR",
    "SYSTEMD_PAGER",
    "AWS_PAGER",
    "GH_PAGER",
    "GH_EDITOR",
    "BAT_PAGER",
    "ACK_PAGER",
    "ACK_PAGER_COLOR",
    "FZF_DEFAULT_COMMAND",
    "DELTA_PAGER",
    "RUSTC_WRAPPER",
    "RUSTC",
    "CC",
    "CXX",
    "LD",
    "AR",
    "MAKE",
    "SHELL",
    "HGEDITOR",
    "SVN_EDITOR",
    "KUBE_EDITOR",
    "TEXEDIT",
    "PYTHONBREAKPOINT",
];

/// Variables that load code or move where programs, libraries or settings are found.
const LOADERS: [&str; 49] = [
    "BASH_ENV",
    "ENV",
    "ZDOTDIR",
    "SHELLOPTS",
    "BASHOPTS",
    "PS4",
    "PS1",
    "GLOBIGNORE",
    "PYTHONSTARTUP",
    "PYTHONHOME",
    "PYTHONINSPECT",
    "PYTHONUSERBASE",
    "NODE_PATH",
    "RUBYOPT",
    "RUBYLIB",
    "PERL5LIB",
    "PERL5OPT",
    "PERL5DB",
    "PERLLIB",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "CLASSPATH",
    "LUA_INIT",
    "LUA_PATH",
    "LUA_CPATH",
    "GCONV_PATH",
    "LOCPATH",
    "HOSTALIASES",
    "TERMINFO",
    "TERMCAP",
    "OPENSSL_CONF",
    "OPENSSL_ENGINES",
    "OPENSSL_MODULES",
    "GLIBC_TUNABLES",
    "NLSPATH",
    "MAKEFLAGS",
    "MAKEFILES",
    "TAR_OPTIONS",
    "GREP_OPTIONS",
    "ACK_OPTIONS",
    "ACKRC",
    "RIPGREP_CONFIG_PATH",
    "FZF_DEFAULT_OPTS_FILE",
    "LESSKEYIN",
    "NPM_CONFIG_SCRIPT_SHELL",
    "HOME",
    "XDG_CONFIG_HOME",
    "COMPILER_PATH",
];

/// Variables of git that change nothing but words and names.
const GIT_HARMLESS: [&str; 12] = [
    "GIT_TERMINAL_PROMPT",
    "GIT_MERGE_AUTOEDIT",
    "GIT_OPTIONAL_LOCKS",
    "GIT_LFS_SKIP_SMUDGE",
    "GIT_ADVICE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_DATE",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_DATE",
];

/// Values that make a program of [`COMMANDS`] do nothing worth a word.
const NOTHING: [&str; 12] = [
    "",
    "cat",
    "less",
    "more",
    "less -FRX",
    "true",
    ":",
    "vim",
    "vi",
    "nano",
    "emacs",
    "/bin/bash",
];

/// Looks at a variable that is set.
pub(super) fn assigned(walk: &mut Walk<'_>, name: &str, value: &str) {
    let upper = name.to_ascii_uppercase();
    let upper = upper.as_str();
    let is_command = COMMANDS.contains(&upper)
        || (upper.ends_with("_COMMAND")
            || upper.ends_with("_CMD")
            || upper.ends_with("_EDITOR")
            || upper.ends_with("_PAGER")
            || upper.ends_with("_WRAPPER")
            || upper.ends_with("_RUNNER"));
    if matches!(upper, "LESSOPEN" | "LESSCLOSE") && !value.is_empty() {
        walk.opaque(&format!("`{name}` makes programs run what it says"));
    }
    if is_command {
        if is_unknown(value) {
            walk.opaque(&format!("`{name}` makes programs run what is known only when it runs"));
        } else if !NOTHING.contains(&value) {
            walk.apart(|walk| walk.script(&unmarked(value), &Stream::Unknown));
        }
        return;
    }
    let harmless = match upper {
        "PATH" => walk.is_known_path(value),
        "PYTHONPATH" => value.split(':').all(|folder| {
            folder.is_empty()
                || walk.paths(folder).first().is_some_and(|path| walk.is_in_tree(path))
        }),
        "NODE_OPTIONS" => {
            !["require", "import", "loader", "-r"].iter().any(|bad| value.contains(bad))
                && !is_unknown(value)
        }
        "RUSTFLAGS" | "CARGO_BUILD_RUSTFLAGS" => !value.contains("linker") && !is_unknown(value),
        "HTTP_PROXY" | "HTTPS_PROXY" | "ALL_PROXY" => {
            walk.sends(value, true);
            true
        }
        "KUBECONFIG"
        | "AWS_CONFIG_FILE"
        | "NETRC"
        | "CURL_HOME"
        | "AWS_SHARED_CREDENTIALS_FILE" => {
            walk.reads(value, Extent::One);
            upper != "CURL_HOME"
        }
        "HOME" => value == walk.place.home,
        _ if LOADERS.contains(&upper) => false,
        _ if upper.starts_with("LD_") || upper.starts_with("DYLD_") => false,
        _ if upper.starts_with("BASH_FUNC_") => false,
        // Where a program looks for its own programs.
        _ if ["BIN_PATH", "PLUGIN_PATH", "PLUGIN_DIR", "PLUGINS_DIR"]
            .iter()
            .any(|end| upper.ends_with(end)) =>
        {
            false
        }
        _ if upper.starts_with("GIT_TRACE") => matches!(value, "" | "0" | "1" | "2" | "true"),
        _ if upper.starts_with("GIT_") => GIT_HARMLESS.contains(&upper),
        _ if upper.starts_with("NPM_CONFIG_")
            || upper.starts_with("PIP_")
            || upper.starts_with("UV_") =>
        {
            ![
                "INDEX",
                "REGISTRY",
                "SCRIPT",
                "SHELL",
                "GLOBAL",
                "PREFIX",
                "USERCONFIG",
                "CONFIG_FILE",
                "TARGET",
            ]
            .iter()
            .any(|bad| upper[4..].trim_start_matches("CONFIG_").contains(bad))
        }
        _ => true,
    };
    if !harmless {
        walk.opaque(&format!("`{name}` changes what programs load or run"));
    }
}

impl Walk<'_> {
    /// Whether a search path finds the system's programs first, or tools where everybody keeps them.
    fn is_known_path(&self, value: &str) -> bool {
        let usual = [
            "/usr/bin",
            "/bin",
            "/usr/sbin",
            "/sbin",
            "/usr/local/bin",
            "/usr/local/sbin",
            "/opt/homebrew/bin",
            "/usr/games",
            "/snap/bin",
        ];
        let ends =
            ["node_modules/.bin", ".venv/bin", "venv/bin", ".cargo/bin", ".local/bin", "go/bin"];
        let mut system = false;
        value.split(':').all(|folder| {
            system |= folder == "/usr/bin";
            system || usual.contains(&folder) || ends.iter().any(|end| folder.ends_with(end))
        })
    }
}
