//! What can be told of a path by its name and its place alone.
//!
//! Names are compared without regard to case, and without characters that nobody sees: on many machines
//! `.ENV` and `.env` are one file. What is told here is a reason to look twice, never proof of harmlessness.

mod governs;
mod secret;

use super::scope::Scope;
use bstr::BStr;
use weir_model::act::Extent;

/// What a path is, for one session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PlaceFacts {
    /// Absolute.
    pub(super) path: String,
    /// Below the worktree, without a leading slash; `None` outside, empty for the worktree itself.
    pub(super) relative: Option<String>,
    pub(super) in_mandate: bool,
    pub(super) is_root: bool,
    pub(super) build_output: bool,
    pub(super) governs: bool,
    pub(super) secret: bool,
    pub(super) holds_secrets: bool,
    pub(super) holds_governing: bool,
    pub(super) temporary: bool,
    pub(super) system: bool,
    pub(super) toolchain: bool,
    pub(super) device: bool,
    pub(super) stream: bool,
}

impl PlaceFacts {
    /// Of an absolute path without `.` and `..`.
    pub(super) fn of(path: &str, extent: Extent, scope: &Scope) -> Self {
        let path = through_proc(path);
        let relative = scope.worktree.as_deref().and_then(|tree| below(path, tree));
        let (folded, home) = (fold(path), fold(&scope.home));
        let inside = relative.is_some();
        let in_home = below(&folded, &home).filter(|_| !home.is_empty() && home != "/");
        let is_home = in_home == Some("");
        let in_home = in_home.filter(|_| !inside);
        let temporary = scope.temporary.iter().any(|folder| {
            // A home below /tmp is a home.
            let nested = !home.is_empty() && below(&home, &fold(folder)).is_some();
            below(path, folder).is_some() && !(nested && in_home.is_some())
        });
        let device = is_device(&folded);
        let stream = is_stream(&folded);
        let is_root = path == "/"
            || relative == Some("")
            || is_home
            || scope.temporary.iter().any(|folder| folder == path);
        let relative_folded = relative.map(fold);
        // Where the worktree lies says nothing about what is in it.
        let seen =
            relative_folded.as_ref().map_or_else(|| folded.clone(), |rest| format!("/{rest}"));
        Self {
            in_mandate: relative.is_some_and(|relative| in_mandate(relative, extent, scope)),
            is_root,
            build_output: relative_folded.as_deref().is_some_and(is_build_output),
            governs: governs::governs(relative_folded.as_deref(), in_home, &seen),
            secret: secret::is_secret(relative_folded.as_deref(), in_home, &seen),
            holds_secrets: extent != Extent::One && secret::lie_below(&folded, &home),
            holds_governing: extent == Extent::Tree && {
                // Above or at a root that agents, git and shells look into; below one, the folder's own name tells.
                let tree = scope.worktree.as_deref();
                let above = |root: &str| !root.is_empty() && below(root, path).is_some();
                above(&scope.home) || tree.is_some_and(above) || relative == Some(".github")
            },
            temporary: temporary && !inside,
            system: !inside && in_home.is_none() && is_system(&folded) && !temporary,
            toolchain: !inside && in_home.is_some_and(is_toolchain),
            device: device && !stream,
            stream,
            relative: relative.map(str::to_owned),
            path: path.to_owned(),
        }
    }
}

/// `/proc/self/root/x` is another name of `/x`.
fn through_proc(path: &str) -> &str {
    let mut path = path;
    while let Some(rest) = path.strip_prefix("/proc/") {
        let mut parts = rest.splitn(3, '/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(_), Some("root"), None) => return "/",
            (Some(process), Some("root"), Some(_)) => {
                path = &path["/proc/".len() + process.len() + "/root".len()..];
            }
            _ => break,
        }
    }
    path
}

/// What is left of `path` below `folder`: empty when it is the folder.
pub(super) fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    let folder = folder.trim_end_matches('/');
    let rest = path.strip_prefix(folder)?;
    match rest.strip_prefix('/') {
        Some(rest) => Some(rest.trim_end_matches('/')),
        None => rest.is_empty().then_some(rest),
    }
}

/// As machines compare that do not mind case, and as readers see it.
fn fold(text: &str) -> String {
    let unseen = |c: char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    text.chars().filter(|c| !unseen(*c)).flat_map(char::to_lowercase).collect()
}

/// Every layer must allow it; a path that stands for more must be allowed with all it stands for, so a name
/// that no pattern lists is tried in its place.
fn in_mandate(relative: &str, extent: Extent, scope: &Scope) -> bool {
    let slash = if relative.is_empty() { "" } else { "/" };
    let tried = match extent {
        Extent::One => relative.to_owned(),
        Extent::Many => format!("{relative}{slash}\u{1}"),
        Extent::Tree => format!("{relative}{slash}\u{1}/\u{1}"),
    };
    let layers = &scope.mandate;
    !layers.is_empty() && layers.iter().all(|layer| layer.contains(BStr::new(tried.as_bytes())))
}

/// Folders that tools make and make again, by their usual names.
const BUILD_OUTPUT: [&str; 29] = [
    "target",
    "node_modules",
    "dist",
    "build",
    "out",
    "_build",
    "__pycache__",
    ".venv",
    "venv",
    ".tox",
    ".nox",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".next",
    ".nuxt",
    ".svelte-kit",
    ".turbo",
    ".parcel-cache",
    ".cache",
    ".gradle",
    ".dart_tool",
    ".nyc_output",
    "coverage",
    "htmlcov",
    "obj",
    "tmp",
    "deriveddata",
    ".eggs",
];

fn is_build_output(relative: &str) -> bool {
    relative.split('/').any(|part| {
        BUILD_OUTPUT.contains(&part)
            || part.ends_with(".egg-info")
            || part.starts_with("cmake-build-")
    })
}

const SYSTEM: [&str; 20] = [
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/boot", "/opt",
    "/var", "/sys", "/proc", "/run", "/srv", "/snap", "/nix", "/system", "/library", "/private",
];

fn is_system(path: &str) -> bool {
    SYSTEM.iter().any(|folder| below(path, folder).is_some())
}

/// In the home: compilers, caches of packages, and start files that hold no secrets. Caches of Weir are not
/// among them: the worktrees of others lie there.
const TOOLCHAINS: [&str; 34] = [
    ".cargo",
    ".rustup",
    ".npm",
    ".nvm",
    ".fnm",
    ".volta",
    ".yarn",
    ".pnpm-store",
    ".bun",
    ".deno",
    ".cache",
    ".local/bin",
    ".local/lib",
    ".local/share/pnpm",
    ".local/share/uv",
    ".local/share/mise",
    ".local/pipx",
    ".pyenv",
    ".rbenv",
    ".gem",
    ".bundle",
    ".gradle",
    ".m2",
    ".sdkman",
    ".jenv",
    ".goenv",
    "go",
    ".asdf",
    ".nuget",
    ".dotnet",
    ".gitconfig",
    ".config/git",
    "library/caches",
    ".tool-versions",
];

fn is_toolchain(in_home: &str) -> bool {
    let ours =
        below(in_home, ".cache/weir").is_some() || below(in_home, "library/caches/weir").is_some();
    !ours && TOOLCHAINS.iter().any(|folder| below(in_home, folder).is_some())
}

const STREAMS: [&str; 10] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/stdin",
    "/dev/stdout",
    "/dev/stderr",
    "/dev/tty",
    "/dev/ptmx",
];

fn is_stream(path: &str) -> bool {
    let numbered = |folder: &str| {
        below(path, folder).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    STREAMS.contains(&path) || numbered("/dev/fd") || numbered("/proc/self/fd")
}

fn is_device(path: &str) -> bool {
    let device = below(path, "/dev").is_some_and(|rest| {
        !rest.is_empty()
            && below(rest, "shm").is_none()
            && below(rest, "fd").is_none_or(|n| !n.is_empty())
    });
    // A control socket gives what its service gives: that of docker, the machine.
    let run = below(path, "/run").or_else(|| below(path, "/var/run")).is_some();
    device || run && path.ends_with(".sock") || is_process(path)
}

/// The inside of a process: its memory, its folder, what it has open. A number of files below `/proc/N` are
/// harmless; these are not.
fn is_process(path: &str) -> bool {
    let Some(rest) = below(path, "/proc") else { return false };
    let mut parts = rest.split('/');
    let process = parts.next().unwrap_or_default();
    let of_process = process == "self"
        || process == "thread-self"
        || !process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit());
    let inner = match parts.next() {
        Some("task") => parts.nth(1),
        part => part,
    };
    let inside = ["mem", "cwd", "fd", "fdinfo", "map_files", "pagemap", "syscall", "stack"];
    rest == "kcore"
        || rest == "kmem"
        || of_process && inner.is_some_and(|part| inside.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use weir_model::PathSet;

    fn scope() -> Scope {
        Scope {
            worktree: Some("/w/t1".to_owned()),
            home: "/home/ada".to_owned(),
            mandate: vec![PathSet::new(["src/**", "*.md"]).expect("patterns")],
            ..Scope::default()
        }
    }

    fn named(facts: &PlaceFacts) -> String {
        let all = [
            (facts.relative.is_some(), "inside"),
            (facts.in_mandate, "mandated"),
            (facts.is_root, "root"),
            (facts.build_output, "built"),
            (facts.governs, "governs"),
            (facts.secret, "secret"),
            (facts.holds_secrets, "holds_secrets"),
            (facts.holds_governing, "holds_governing"),
            (facts.temporary, "temporary"),
            (facts.system, "system"),
            (facts.toolchain, "toolchain"),
            (facts.device, "device"),
            (facts.stream, "stream"),
        ];
        all.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_place_is_what_its_name_says() {
        let rows: &[(&str, &str)] = &[
            ("/w/t1/src/a.rs", "inside mandated"),
            ("/w/t1/lib/a.rs", "inside"),
            ("/w/t1", "inside root"),
            ("/w/t10/src/a.rs", ""),
            ("/w/t1/target/debug/x", "inside built"),
            ("/w/t1/web/node_modules/a/.env", "inside built secret"),
            ("/w/t1/.weir/policy/a.cedar", "inside governs"),
            ("/w/t1/WEIR.toml", "inside governs"),
            ("/w/t1/sub/.Claude/settings.json", "inside governs"),
            ("/w/t1/.git/hooks/pre-commit", "inside governs"),
            ("/w/t1/.g\u{200c}it/config", "inside governs"),
            ("/w/t1/.github/workflows/ci.yml", "inside governs"),
            ("/w/t1/.github/ISSUE_TEMPLATE.md", "inside"),
            ("/w/t1/.env", "inside secret"),
            ("/w/t1/.ENV.local", "inside secret"),
            ("/w/t1/.env.example", "inside"),
            ("/w/t1/src/id_rsa", "inside mandated secret"),
            ("/w/t1/tests/data/key.pem", "inside"),
            ("/w/t1/deploy/key.pem", "inside secret"),
            ("/home/ada/.ssh/id_ed25519", "secret"),
            ("/home/ada/.ssh/known_hosts", ""),
            ("/home/ada/.aws/credentials", "secret"),
            ("/home/ada/.cargo/registry/src/x/lib.rs", "toolchain"),
            ("/home/ada/.cargo/credentials.toml", "secret toolchain"),
            ("/home/ada/.cache/weir/worktrees/2/a.rs", ""),
            ("/home/ada/.bashrc", "governs"),
            ("/home/ada/.claude/settings.json", "governs"),
            ("/home/ada/.codex/auth.json", "governs secret"),
            ("/home/ada/other/src/a.rs", ""),
            ("/home/ada", "root"),
            ("/", "root"),
            ("/tmp", "root temporary"),
            ("/tmp/x/y", "temporary"),
            ("/usr/include/stdio.h", "system"),
            ("/etc/passwd", "system"),
            ("/etc/shadow", "secret system"),
            ("/proc/cpuinfo", "system"),
            ("/proc/self/environ", "secret system"),
            ("/proc/1/task/2/mem", "system device"),
            ("/proc/self/root/etc/shadow", "secret system"),
            ("/proc/self/root/proc/2/root/home/ada/.ssh/id_rsa", "secret"),
            ("/proc/self/cwd/.env", "secret system device"),
            ("/dev/null", "stream"),
            ("/dev/sda", "device"),
            ("/dev/shm/x", "temporary"),
            ("/dev/fd/0", "stream"),
            ("/var/run/docker.sock", "system device"),
        ];
        for (path, expected) in rows {
            assert_eq!(named(&PlaceFacts::of(path, Extent::One, &scope())), *expected, "{path}");
        }
    }

    #[test]
    fn what_stands_for_more_is_judged_as_more() {
        let rows: &[(&str, &str)] = &[
            ("/w/t1/src", "inside mandated"),
            ("/w/t1", "inside root holds_governing"),
            ("/w", "holds_governing"),
            ("/home/ada", "root holds_secrets holds_governing"),
            ("/home", "holds_secrets holds_governing"),
            ("/", "root holds_secrets holds_governing"),
            ("/etc", "holds_secrets system"),
            ("/proc", "holds_secrets system"),
            ("/home/ada/.ssh", "holds_secrets"),
            ("/usr/share", "system"),
        ];
        for (path, expected) in rows {
            assert_eq!(named(&PlaceFacts::of(path, Extent::Tree, &scope())), *expected, "{path}");
        }
        let markdown = PlaceFacts::of("/w/t1", Extent::Many, &scope());
        assert!(!markdown.in_mandate, "`*.md` is not all that lies in the worktree");
    }

    #[test]
    fn a_home_below_a_temporary_folder_is_a_home() {
        let scope =
            Scope { home: "/tmp/h".to_owned(), worktree: Some("/tmp/h/w".to_owned()), ..scope() };
        assert_eq!(named(&PlaceFacts::of("/tmp/h/.ssh/id_rsa", Extent::One, &scope)), "secret");
        assert_eq!(
            named(&PlaceFacts::of("/tmp/h/w/src/a", Extent::One, &scope)),
            "inside mandated"
        );
        assert_eq!(named(&PlaceFacts::of("/tmp/x", Extent::One, &scope)), "temporary");
    }

    proptest! {
        #[test]
        fn no_path_panics(path in ".*", parts in "(/(proc|self|root|\\.git|\\.\\.|é|)){0,8}") {
            for path in [path, parts] {
                for extent in [Extent::One, Extent::Many, Extent::Tree] {
                    PlaceFacts::of(&path, extent, &scope());
                }
            }
        }
    }
}
