//! Paths: where a field leads, whichever way it is spelled.

use weir_model::act::{Effect, Extent, WriteHow};

use super::marks::{BELOW, LIVE, is_pattern, is_unknown, matches, shown, unmarked};
use super::walk::Walk;

/// How many symbolic links of this command's own making are followed.
const LINKS_MAX: usize = 16;

/// Names that keep secrets: a pattern that matches one of them reads it, whatever else it matches.
const SECRET_NAMES: [&str; 23] = [
    ".env",
    ".env.local",
    ".env.production",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".pgpass",
    ".git-credentials",
    ".ssh",
    ".aws",
    ".gnupg",
    ".kube",
    ".docker",
    ".config",
    "id_rsa",
    "id_ed25519",
    "credentials",
    "shadow",
    "passwd",
    "sudoers",
    "environ",
    "authorized_keys",
    "etc",
];

/// Where a field leads.
enum Lead {
    /// Nowhere: standard input, a descriptor, a device that keeps nothing.
    Nowhere,
    /// Somewhere that is known only when the command runs.
    Unknown,
    /// To these paths.
    To(Vec<Spot>),
}

/// A path, and how much of it.
struct Spot {
    path: String,
    extent: Extent,
}

impl Walk<'_> {
    /// Writes down that a path is read.
    pub(super) fn reads(&mut self, field: &str, extent: Extent) {
        match self.lead(field, extent) {
            Lead::Nowhere => {}
            Lead::Unknown => {
                self.opaque(&format!(
                    "what is read is known only when it runs: `{}`",
                    shown(field)
                ));
            }
            Lead::To(spots) => {
                for Spot { path, extent } in spots {
                    self.find(Effect::Reads { path, extent });
                }
            }
        }
    }

    /// Writes down that a path is written.
    pub(super) fn writes(&mut self, field: &str, how: WriteHow, extent: Extent) {
        match self.lead(field, extent) {
            Lead::Nowhere => {}
            Lead::Unknown => {
                self.opaque(&format!(
                    "what is written is known only when it runs: `{}`",
                    shown(field)
                ));
            }
            Lead::To(spots) => {
                for Spot { path, extent } in spots {
                    if path.starts_with("/dev/")
                        && path != "/dev/shm"
                        && !path.starts_with("/dev/shm/")
                    {
                        self.controls("device");
                    }
                    if how != WriteHow::Attributes {
                        self.state.texts.insert(path.clone(), None);
                    }
                    self.find(Effect::Writes { path, how, extent });
                }
            }
        }
    }

    /// The paths that a field leads to, none when that is not known.
    pub(super) fn paths(&self, field: &str) -> Vec<String> {
        match self.lead(field, Extent::One) {
            Lead::Nowhere | Lead::Unknown => Vec::new(),
            Lead::To(spots) => spots.into_iter().map(|spot| spot.path).collect(),
        }
    }

    fn lead(&self, field: &str, extent: Extent) -> Lead {
        let field = field.strip_prefix("file://").unwrap_or(field);
        if field.is_empty() || field == "-" {
            return Lead::Nowhere;
        }
        if is_unknown(field) {
            return Lead::Unknown;
        }
        let folders =
            if field.starts_with('/') { &["/".to_owned()][..] } else { &self.state.folders[..] };
        if folders.is_empty() {
            return Lead::Unknown;
        }
        let mut spots = Vec::new();
        for folder in folders {
            match self.lead_from(folder, field, extent) {
                Some(more) => spots.extend(more),
                None => return Lead::Unknown,
            }
        }
        spots.retain(|spot| !is_void(&spot.path));
        if spots.is_empty() { Lead::Nowhere } else { Lead::To(spots) }
    }

    fn lead_from(&self, folder: &str, field: &str, extent: Extent) -> Option<Vec<Spot>> {
        let mut path: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
        let written: Vec<&str> =
            field.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
        let owned;
        for (at, name) in written.iter().enumerate() {
            if is_pattern(name) {
                let behind = &written[at + 1..];
                if behind.contains(&"..") {
                    return None;
                }
                let deep = name.contains(BELOW) || !behind.is_empty() || extent == Extent::Tree;
                let base = self.real(&format!("/{}", path.join("/")));
                let mut spots = Vec::new();
                let meant = SECRET_NAMES.iter().filter(|secret| {
                    let written = name.chars().any(|c| !matches!(c, LIVE | '*' | '?'));
                    let behind_too = behind.iter().any(|name| SECRET_NAMES.contains(name));
                    (written || behind_too) && matches(name, secret)
                });
                for secret in meant {
                    let rest: String =
                        behind.iter().map(|name| format!("/{}", unmarked(name))).collect();
                    // The parts behind it may be patterns, too: then it is everything below.
                    let deep =
                        behind.iter().any(|name| name.contains(LIVE)) || extent == Extent::Tree;
                    let rest = if deep { String::new() } else { rest };
                    let path = self.real(&format!("{}/{secret}{rest}", base.trim_end_matches('/')));
                    spots
                        .push(Spot { path, extent: if deep { Extent::Tree } else { Extent::One } });
                }
                let extent = if deep { Extent::Tree } else { Extent::Many };
                spots.insert(0, Spot { path: base, extent });
                return Some(spots);
            }
            if *name == ".." {
                // Above a link is above where it leads.
                owned = self.real(&format!("/{}", path.join("/")));
                path = owned.split('/').filter(|name| !name.is_empty()).collect();
                path.pop();
                let kept: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
                let rest = written[at + 1..].join("/");
                let folder = format!("/{}", kept.join("/"));
                return if rest.is_empty() {
                    Some(vec![Spot { path: self.real(&folder), extent }])
                } else {
                    self.lead_from(&folder, &rest, extent)
                };
            }
            path.push(name);
        }
        let path = self.real(&format!("/{}", path.join("/")));
        Some(vec![Spot { path, extent }])
    }

    /// A path with links followed: those on the disk, those that this command made, and those of `/proc`.
    fn real(&self, path: &str) -> String {
        let mut path = path.to_owned();
        for _ in 0..LINKS_MAX {
            let before = path.clone();
            path = self.without_proc(&path);
            for (from, to) in &self.state.links {
                if path == *from {
                    path = to.clone();
                } else if let Some(rest) =
                    path.strip_prefix(from.as_str()).filter(|rest| rest.starts_with('/'))
                {
                    path = format!("{}{rest}", to.trim_end_matches('/'));
                }
            }
            path = self.place.files.real(&path);
            if path == before {
                break;
            }
        }
        path
    }

    fn without_proc(&self, path: &str) -> String {
        let Some(rest) = path.strip_prefix("/proc/") else { return path.to_owned() };
        let mut parts = rest.splitn(3, '/');
        let (process, link) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let rest = parts.next().unwrap_or("");
        let is_process = matches!(process, "self" | "thread-self")
            || process.bytes().all(|b| b.is_ascii_digit());
        match (is_process, link, self.state.folder()) {
            (true, "root", _) => format!("/{rest}"),
            (true, "cwd", Some(folder)) => {
                format!("{folder}/{rest}").trim_end_matches('/').to_owned()
            }
            _ => path.to_owned(),
        }
    }
}

/// Whether a path keeps nothing and tells nothing.
fn is_void(path: &str) -> bool {
    matches!(
        path,
        "/dev/null"
            | "/dev/zero"
            | "/dev/full"
            | "/dev/random"
            | "/dev/urandom"
            | "/dev/tty"
            | "/dev/stdin"
            | "/dev/stdout"
            | "/dev/stderr"
    ) || path.starts_with("/dev/fd/")
        || path.starts_with("/proc/self/fd/")
}
