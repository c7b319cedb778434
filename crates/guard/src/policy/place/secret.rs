//! What holds secrets, by its name or its place.

use super::below;

/// Of a path in lower case: `relative` to the worktree, below the home, and absolute.
pub(super) fn is_secret(relative: Option<&str>, in_home: Option<&str>, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    // Keys that tests bring with them guard nothing.
    let fixture = relative.is_some_and(|relative| {
        relative.split('/').any(|part| FIXTURES.contains(&part)) && is_key_file(name)
    });
    !fixture && is_secret_name(name, in_home.is_some() && relative.is_none())
        || in_home.is_some_and(at_home)
        || anywhere(path, name)
}

const FIXTURES: [&str; 7] =
    ["test", "tests", "testdata", "fixtures", "spec", "examples", "__fixtures__"];

fn is_key_file(name: &str) -> bool {
    const ENDS: [&str; 8] = [".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".ppk", ".kdbx"];
    ENDS.iter().any(|end| name.ends_with(end))
}

const NAMES: [&str; 35] = [
    ".env",
    ".envrc",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ecdsa_sk",
    "id_ed25519",
    "id_ed25519_sk",
    ".netrc",
    "_netrc",
    ".pgpass",
    ".my.cnf",
    ".pypirc",
    ".git-credentials",
    ".dockercfg",
    ".htpasswd",
    ".vault-token",
    "credentials",
    "credentials.json",
    "credentials.toml",
    "credentials.yml",
    "credentials.yaml",
    ".credentials.json",
    "secrets.json",
    "secrets.toml",
    "secrets.yml",
    "secrets.yaml",
    "secrets.env",
    "terraform.tfstate",
    "wallet.dat",
    ".bash_history",
    ".zsh_history",
    ".python_history",
    ".psql_history",
    ".mysql_history",
];

fn is_secret_name(name: &str, at_home: bool) -> bool {
    const HARMLESS: [&str; 8] =
        ["example", "sample", "template", "tmpl", "dist", "defaults", "schema", "d.ts"];
    let harmless =
        HARMLESS.iter().any(|end| name.rsplit_once('.').is_some_and(|(_, last)| last == *end))
            || name.ends_with(".d.ts");
    let env = name.starts_with(".env.") || name.ends_with(".env");
    let account = name.ends_with(".json")
        && (name.starts_with("client_secret") || name.starts_with("service-account"));
    // A project's `.npmrc` says where packages are; the user's says who may publish them.
    let npmrc = at_home && name == ".npmrc";
    !harmless && (NAMES.contains(&name) || env || account || npmrc || is_key_file(name))
}

/// In the home: all that is below these.
const HOME: [&str; 39] = [
    ".aws",
    ".azure",
    ".kube",
    ".gnupg",
    ".password-store",
    ".docker/config.json",
    ".config/gcloud",
    ".config/gh",
    ".config/glab-cli",
    ".config/hub",
    ".config/op",
    ".config/doctl",
    ".config/rclone",
    ".config/sops",
    ".config/github-copilot",
    ".config/google-chrome",
    ".config/chromium",
    ".config/bravesoftware",
    ".config/weir",
    ".local/share/keyrings",
    ".local/share/kwalletd",
    ".local/share/opencode/auth.json",
    ".mozilla",
    ".thunderbird",
    ".electrum",
    ".bitcoin",
    ".ethereum",
    ".config/solana",
    ".codex/auth.json",
    ".gemini/oauth_creds.json",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".gem/credentials",
    ".m2/settings.xml",
    ".m2/settings-security.xml",
    ".terraform.d/credentials.tfrc.json",
    ".claude.json",
    "library/keychains",
    "library/application support/google/chrome",
];

fn at_home(in_home: &str) -> bool {
    let ssh = below(in_home, ".ssh").is_some_and(|rest| {
        const HARMLESS: [&str; 4] = ["", "config", "known_hosts", "known_hosts.old"];
        !HARMLESS.contains(&rest) && !rest.ends_with(".pub")
    });
    ssh || HOME.iter().any(|place| below(in_home, place).is_some())
}

/// On the machine: all that is below these.
const MACHINE: [&str; 9] = [
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/ssl/private",
    "/etc/kubernetes",
    "/run/secrets",
    "/var/run/secrets",
];

fn anywhere(path: &str, name: &str) -> bool {
    let host_key = name.starts_with("ssh_host_") && name.ends_with("_key");
    // Weir's own key and ledger.
    let weir = path
        .split_once("/.git/weir")
        .is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with('/'));
    let environment = below(path, "/proc").is_some() && matches!(name, "environ" | "auxv");
    host_key || weir || environment || MACHINE.iter().any(|place| below(path, place).is_some())
        // Whatever stands before it: another process's folder or root.
        || below(path, "/proc").is_some() && is_secret_name(name, false)
}

/// Whether secrets lie below a folder, both in lower case.
pub(super) fn lie_below(folder: &str, home: &str) -> bool {
    let on_machine = MACHINE.iter().chain(&["/proc/self/environ"]);
    let inside = |place: &str| below(place, folder).is_some();
    on_machine.copied().any(inside)
        || !home.is_empty()
            && (inside(&format!("{home}/.ssh/id"))
                || HOME.iter().any(|place| inside(&format!("{home}/{place}"))))
}
