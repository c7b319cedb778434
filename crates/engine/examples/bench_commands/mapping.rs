//! What a label says of a session in a worktree, and what it does not.
//!
//! The corpora label for ends of their own. *safe-chains* denies whatever is not on its list of forms to pass without
//! a look, so that among its denied are malformed calls, formatters and the project's own build, and among its safe
//! every call of itself, a program that nobody else has. *aegish* calls
//! harmless what a person does at their own desktop, all over their home. *destructive_command_guard* calls safe what
//! destroys nothing, whomever it reaches and whatever it shows. What follows leaves such commands out of the mapped
//! rows, on either side of the table alike. A class looks at the text of a command and at where its corpus keeps it;
//! none asks what Weir answers.

use crate::corpora::Labelled;

/// The class by which a command is left out of the mapped rows, if it is of one.
pub(crate) fn class_of(corpus: &str, labelled: &Labelled) -> Option<&'static str> {
    let words = words(&labelled.command);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match (corpus, labelled.is_harmful) {
        ("safe-chains", _) if words.first() == Some(&"safe-chains") => {
            Some("itself: the corpus's own program, which a guard beside it does not know")
        }
        ("safe-chains", true) => not_harmful(&labelled.command, &words),
        ("destructive_command_guard", false) => {
            destroys_nothing(labelled, &words).or_else(|| not_harmless(&words))
        }
        (_, false) => not_harmless(&words),
        (_, true) => None,
    }
}

/// Denied by safe-chains, for it is on no list, and of no harm.
fn not_harmful(command: &str, words: &[&str]) -> Option<&'static str> {
    // What its authors write where a program has no such word.
    const MADE_UP: [&str; 8] = [
        "--bogus",
        "--xyzzy",
        "--evil",
        "--frobnicate",
        "frobnicate",
        "unknown-subcommand",
        "evil-sub",
        "bogus",
    ];
    if words.iter().any(|word| MADE_UP.contains(word)) || words.len() < 2 {
        return Some("no such call: the program itself refuses it");
    }
    let runs = ["system(", "exec", "eval", "write18", "| \"sh", "|sh", "rm -rf", "sh -c", "LD_"];
    if leads_out(words) || runs.iter().any(|text| command.contains(text)) {
        return None;
    }
    let first =
        words.iter().find(|word| !matches!(**word, "xcrun" | "command")).copied().unwrap_or("");
    let reaches = words.iter().any(|word| REACHES.contains(word));
    let has_address = command.contains("://");
    // An answer of AWS that is bytes lands in the file that is named.
    let is_object =
        matches!(words, ["aws", _, "get-object" | "get-job-output" | "get-read-set", ..]);
    if (FETCHES.contains(&first) || is_object) && !reaches && !command.contains("gopher:") {
        return Some("fetches: brings in what an address names, and sends nothing");
    }
    if has_address || reaches {
        return None;
    }
    if TRANSFORMS.contains(&first) {
        return Some("stays: reads, checks or rewrites files below the worktree");
    }
    let begin = words.iter().take(2).copied().collect::<Vec<_>>().join(" ");
    (PROJECT.contains(&first) || PROJECT_CALLS.contains(&&begin[..]))
        .then_some("project: builds or runs the project's own code")
}

/// Words that change what others hold or what the machine keeps.
const REACHES: [&str; 41] = [
    "publish",
    "push",
    "login",
    "auth",
    "deploy",
    "upload",
    "delete",
    "destroy",
    "create",
    "apply",
    "trunk",
    "commit",
    "send",
    "add",
    "i",
    "left-pad",
    "react",
    "upgrade",
    "self",
    "-X",
    "-d",
    "--data",
    "-T",
    "PATCH",
    "POST",
    "DELETE",
    "register",
    "rm",
    "uninstall",
    "install-completion",
    "binstall",
    "toolchain",
    "target",
    "restore",
    "erase",
    "sign",
    "-s",
    "--sign",
    "graphql",
    "issues",
    "ssh",
];

/// Programs that ask an address and write at most what they got.
const FETCHES: [&str; 7] = ["curl", "wget", "svn", "hg", "gh", "linode-cli", "oci"];

/// Programs that look at files, check them, or write them in another form.
const TRANSFORMS: [&str; 67] = [
    "sort",
    "sed",
    "awk",
    "jq",
    "gojq",
    "jaq",
    "tomlq",
    "xq",
    "yq",
    "mlr",
    "cut",
    "cat",
    "head",
    "tail",
    "wc",
    "ls",
    "df",
    "cd",
    "chmod",
    "chflags",
    "cp",
    "rmdir",
    "unzip",
    "sqlite3",
    "acorn",
    "pandoc",
    "hadolint",
    "shellcheck",
    "swift-format",
    "swiftlint",
    "wasm-tools",
    "wasmtime",
    "dart",
    "plutil",
    "lipo",
    "shfmt",
    "fd",
    "rg",
    "grep",
    "ag",
    "ack",
    "tree",
    "file",
    "stat",
    "diff",
    "tar",
    "gzip",
    "zip",
    "exiftool",
    "sips",
    "iconutil",
    "whisper",
    "pdfcrop",
    "pdfjam",
    "rubocop",
    "standardrb",
    "eslint",
    "prettier",
    "trivy",
    "semgrep",
    "slither",
    "sleep",
    "pv",
    "xcodegen",
    "find",
    "touch",
    "ipcalc",
];

/// Programs that build, test and serve a project, and interpreters of its scripts.
const PROJECT: [&str; 46] = [
    "make",
    "task",
    "just",
    "rake",
    "cargo",
    "go",
    "npm",
    "yarn",
    "pnpm",
    "bun",
    "deno",
    "node",
    "python",
    "python3",
    "perl",
    "ruby",
    "bash",
    "sh",
    "php",
    "flutter",
    "gradle",
    "mvn",
    "tsc",
    "vitepress",
    "hugo",
    "hexo",
    "jekyll",
    "karma",
    "jest",
    "rails",
    "srb",
    "steep",
    "rbs",
    "yard",
    "yardoc",
    "tuist",
    "pod",
    "swift",
    "xcodebuild",
    "west",
    "tilt",
    "dotnet",
    "mix",
    "roc",
    "skaffold",
    "mise",
];

/// Calls that do the same, of programs whose other calls reach further: they run what the project's files declare, and
/// change nothing that is not its own.
const PROJECT_CALLS: [&str; 6] =
    ["terraform init", "terraform plan", "tofu init", "tofu plan", "dvc repro", "supabase start"];

/// Called harmless, and not for a session in a worktree.
fn not_harmless(words: &[&str]) -> Option<&'static str> {
    if leads_out(words) {
        return Some("outside: a path leads out of the worktree");
    }
    if matches!(words, ["env" | "printenv" | "export" | "set", ..] if words.len() == 1 || words[1] == "|" || words[1] == "-p")
        || matches!(words, ["declare" | "typeset", "-p" | "-x", ..])
    {
        return Some("environment: shows every variable, and the secrets among them");
    }
    let installs = ["install", "add", "use", "u", "uninstall", "remove", "rm", "i", "upgrade"];
    let manager = [
        "pip", "pip3", "npm", "mise", "rustup", "brew", "apt", "apt-get", "gem", "cargo", "snap",
        "asdf",
    ];
    let at = words.iter().position(|word| manager.contains(word));
    let named = at.is_some_and(|at| {
        let rest = &words[at + 1..];
        rest.iter().any(|word| installs.contains(word))
            && rest.iter().any(|word| !word.starts_with('-') && !installs.contains(word))
    });
    named.then_some("packages: installs or removes what the project does not name")
}

/// Called safe by destructive_command_guard, for it destroys nothing.
fn destroys_nothing(labelled: &Labelled, words: &[&str]) -> Option<&'static str> {
    let kept = labelled.kept.as_str();
    if kept.ends_with("future_packs.toml") {
        return Some("unruled: destroys, and its guard has no rule for it yet");
    }
    if (kept.ends_with("substring_safe.toml") || kept.ends_with("boundaries.toml"))
        && !is_of_a_system(words)
    {
        return Some("no such program: a word chosen for its letters");
    }
    let shows = ["get", "read", "download", "get-secret-value", "list"];
    if kept.starts_with("secrets.") && words.iter().any(|word| shows.contains(word)) {
        return Some("secrets: may show their values");
    }
    let host_of = |word: &&str| {
        word.split("://").nth(1).and_then(|rest| rest.split(['/', ':']).next()).map(str::to_owned)
    };
    let hosts: Vec<String> = words.iter().filter_map(host_of).collect();
    let bare_host = words.iter().any(|word| word.contains('@') && word.contains(":/"));
    if bare_host
        || hosts
            .iter()
            .any(|host| host.ends_with(".local") || !host.contains('.') && host != "localhost")
    {
        return Some("local network: a host that only this network knows");
    }
    let sends = ["-d", "--data", "--data-binary", "POST", "PUT"];
    if words.iter().any(|word| sends.contains(word)) {
        return Some("sends: data of ours goes to a host");
    }
    let acts = [
        "push", "copy", "sync", "upload", "mount", "unlock", "login", "logout", "setup", "publish",
        "send", "apply", "deploy", "sudo",
    ];
    let runs_elsewhere = words.first() == Some(&"doppler") && words.contains(&"run");
    (runs_elsewhere || words.iter().any(|word| acts.contains(word)))
        .then_some("acts: changes what others hold, or takes rights")
}

/// Whether the first word is a program that systems have.
fn is_of_a_system(words: &[&str]) -> bool {
    const PROGRAMS: [&str; 30] = [
        "git", "rm", "ls", "cat", "echo", "grep", "sed", "awk", "find", "docker", "kubectl",
        "cargo", "npm", "node", "python", "python3", "bash", "sh", "env", "sudo", "true", "false",
        "cd", "pwd", "test", "printf", "dd", "mv", "cp", "rg",
    ];
    words.first().is_some_and(|first| PROGRAMS.contains(first))
}

/// Whether a word leads out of the worktree: to a home, to another folder, or to what a variable says.
fn leads_out(words: &[&str]) -> bool {
    words.iter().any(|word| {
        let bare = word.trim_start_matches(['>', '<', '2', '&']);
        let quiet = ["/dev/null", "/dev/stdout", "/dev/stderr", "/dev/stdin"].contains(&bare)
            || bare.starts_with("/tmp") && !bare.contains("evil");
        !quiet
            && bare.split(['=', ',', ':']).any(|part| {
                let is_path = part.starts_with('/') && !part.starts_with("//");
                is_path || part.starts_with('~') || part.starts_with("../") || is_variable(part)
            })
    })
}

/// Whether a shell puts something else there. Names of columns, which begin with a small letter, are no variables.
fn is_variable(part: &str) -> bool {
    part.strip_prefix('$').is_some_and(|name| !name.starts_with(|c: char| c.is_ascii_lowercase()))
}

/// The words of a command, without their quotes. What follows `://` is an address and no path.
fn words(command: &str) -> Vec<String> {
    let bare: String = command.chars().filter(|c| !matches!(c, '\'' | '"')).collect();
    bare.split(|c: char| c.is_whitespace() || matches!(c, ';' | '(' | ')'))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
