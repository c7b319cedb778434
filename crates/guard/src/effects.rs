//! What an act comes to, whichever tool it is done with: the one way from a client's words to effects.

use crate::policy::Scope;
use crate::shell::{self, Place};
use weir_model::act::{Act, Effect, Extent, FileChange, Tool};

/// More files in one call are not looked at one by one.
const FILES_MAX: usize = 400;

/// Where an act of this scope is done: the folder its client tells, or the work tree when it tells none.
pub fn place<'a>(scope: &'a Scope, cwd: &'a str, files: &'a dyn shell::Files) -> Place<'a> {
    let tree = scope.worktree.as_deref().unwrap_or_default();
    let cwd = if cwd.starts_with('/') { cwd } else { tree };
    Place { cwd, home: &scope.home, tree, files }
}

/// What `act` comes to, done at `place`. A moment without a tool comes to nothing.
pub fn of(act: &Act, place: &Place<'_>) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut add = |effect: Effect| {
        if !effects.contains(&effect) {
            effects.push(effect);
        }
    };
    match &act.tool {
        Tool::Shell { command } => return shell::effects(command, place),
        Tool::Read { paths } if paths.len() > FILES_MAX => add(too_many(paths.len())),
        Tool::Read { paths } => paths.iter().map(|path| reads(path, place)).for_each(add),
        Tool::Write { files } if files.len() > FILES_MAX => add(too_many(files.len())),
        Tool::Write { files } => files.iter().map(|file| writes(file, place)).for_each(add),
        Tool::Web { url, .. } => add(Effect::Sends {
            // What a search engine answers is what anybody wrote, and no host of ours.
            host: url.as_deref().map_or_else(|| "*".to_owned(), host_of),
            carries: false,
        }),
        Tool::Mcp { server, name, .. } => {
            add(Effect::Calls { server: server.clone(), name: name.clone() });
        }
        Tool::Subagent { kind, .. } => {
            add(Effect::Spawns { kind: kind.clone().unwrap_or_default() });
        }
        Tool::Prompt { .. } => add(Effect::Prompts),
        Tool::Unknown { name, .. } => {
            add(Effect::Opaque { why: format!("the tool `{}` is not known", name.escape_debug()) })
        }
        Tool::Inward { .. } | Tool::None => {}
    }
    effects
}

fn too_many(count: usize) -> Effect {
    Effect::Opaque { why: format!("it names {count} files at once") }
}

fn reads(path: &str, place: &Place<'_>) -> Effect {
    let is_pattern = path.contains(['*', '?', '[', '{']);
    let fixed = if is_pattern { before_pattern(path) } else { path };
    let path = resolve(fixed, place);
    let is_folder = place.files.thing(&path) == Some(shell::Thing::Folder);
    let extent = match (is_pattern, is_folder) {
        (true, _) => Extent::Many,
        (false, true) => Extent::Tree,
        (false, false) => Extent::One,
    };
    Effect::Reads { path, extent }
}

fn writes(file: &FileChange, place: &Place<'_>) -> Effect {
    Effect::Writes { path: resolve(&file.path, place), how: file.how, extent: Extent::One }
}

/// The folder in which a pattern begins to stand for several names.
fn before_pattern(path: &str) -> &str {
    let cut = path.find(['*', '?', '[', '{']).unwrap_or(path.len());
    let head = path.get(..cut).unwrap_or_default();
    head.rfind('/').map_or("", |slash| head.get(..=slash).unwrap_or_default())
}

/// The path that a client's tool opens: absolute, without `.` and `..`, symbolic links followed. `..` after a link
/// leads where the link leads, as the system takes it.
pub fn resolve(path: &str, place: &Place<'_>) -> String {
    let bare = path.strip_prefix("file://").unwrap_or(path);
    let whole = match bare.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", place.home),
        Some(_) | None if bare.starts_with('/') => bare.to_owned(),
        Some(_) | None => format!("{}/{bare}", place.cwd),
    };
    let mut real = String::from("/");
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                let parent = real.rfind('/').unwrap_or(0);
                real.truncate(parent.max(1));
            }
            name => {
                if !real.ends_with('/') {
                    real.push('/');
                }
                real.push_str(name);
                real = place.files.real(&real);
            }
        }
    }
    real
}

/// The host of an address, in lower case and without port; `*` when it has none that can be told.
fn host_of(url: &str) -> String {
    let Some((_, rest)) = url.split_once("://") else {
        return if url.contains(char::is_whitespace) { "*".to_owned() } else { host_of_rest(url) };
    };
    host_of_rest(rest)
}

fn host_of_rest(rest: &str) -> String {
    // A backslash ends the host for browsers, and not for other readers: such an address has no one host.
    if rest.contains(['\\', '\t', '\n', '\r']) {
        return "*".to_owned();
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    if host.is_empty() { "*".to_owned() } else { host.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::{Files, NoFiles, Thing};
    use proptest::prelude::*;
    use weir_model::act::{Client, Moment, WriteHow};

    /// `/w/link` leads to `/etc`, `/w/src` is a folder.
    struct Linked;

    impl Files for Linked {
        fn real(&self, absolute: &str) -> String {
            match absolute.strip_prefix("/w/link") {
                Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("/etc{rest}"),
                Some(_) | None => absolute.to_owned(),
            }
        }
        fn thing(&self, absolute: &str) -> Option<Thing> {
            (absolute == "/w/src").then_some(Thing::Folder)
        }
        fn script(&self, _: &str) -> Option<String> {
            None
        }
    }

    fn act(tool: Tool) -> Act {
        let (client, moment) = (Some(Client::Claude), Moment::BeforeTool);
        let (conversation, cwd) = (String::new(), "/w".into());
        Act { client, moment, conversation, subagent: None, call: None, cwd, mode: None, tool }
    }

    fn place(files: &dyn Files) -> Place<'_> {
        Place { cwd: "/w", home: "/home/a", tree: "/w", files }
    }

    #[test]
    fn a_path_leads_where_the_system_would_go() {
        for (said, real) in [
            ("a", "/w/a"),
            ("./a/../b", "/w/b"),
            ("/w//a/.", "/w/a"),
            ("~/x", "/home/a/x"),
            ("~", "/home/a"),
            ("~other/x", "/w/~other/x"),
            ("link/passwd", "/etc/passwd"),
            ("link/../x", "/x"),
            ("../../../..", "/"),
            ("file:///etc/passwd", "/etc/passwd"),
        ] {
            assert_eq!(resolve(said, &place(&Linked)), real, "{said}");
        }
    }

    #[test]
    fn what_files_are_read_for() {
        let read = |path: &str| of(&act(Tool::Read { paths: vec![path.into()] }), &place(&Linked));
        let reads = |path: &str, extent| vec![Effect::Reads { path: path.into(), extent }];
        assert_eq!(read("a"), reads("/w/a", Extent::One));
        assert_eq!(read("src"), reads("/w/src", Extent::Tree));
        assert_eq!(read("src/**/*.rs"), reads("/w/src", Extent::Many));
        assert_eq!(read("link/*"), reads("/etc", Extent::Many));
        let how = WriteHow::Delete;
        let file = FileChange { path: "link/x".into(), how, preview: String::new() };
        assert_eq!(
            of(&act(Tool::Write { files: vec![file] }), &place(&Linked)),
            [Effect::Writes { path: "/etc/x".into(), how, extent: Extent::One }]
        );
    }

    #[test]
    fn the_host_of_an_address() {
        for (url, host) in [
            ("https://Example.org/a?b#c", "example.org"),
            ("https://user:pw@example.org:8443", "example.org"),
            ("https://good.org@evil.org/", "evil.org"),
            ("http://[::1]:80/x", "::1"),
            ("example.org/x", "example.org"),
            ("https://good.org\\@evil.org", "*"),
            ("https:///x", "*"),
            ("not an address", "*"),
            ("", "*"),
        ] {
            assert_eq!(host_of(url), host, "{url}");
        }
    }

    proptest! {
        #[test]
        fn no_path_and_no_address_panics(path in ".{0,60}", url in ".{0,60}") {
            let resolved = resolve(&path, &place(&NoFiles));
            prop_assert!(resolved.starts_with('/'));
            prop_assert!(!resolved.split('/').any(|part| part == ".."));
            let _ = host_of(&url);
        }
    }
}
