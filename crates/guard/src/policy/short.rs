//! Effects in a short form that people write: `read src/a.rs`, `delete build/**`, `git push origin main force`.

use super::scope::Scope;
use weir_model::act::{Effect, Extent, GitOperation, RunKind, WriteHow};

/// An effect that somebody wrote down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Short {
    /// The effect.
    pub effect: Effect,
    /// The arguments of a tool's call, JSON.
    pub arguments: Option<String>,
}

/// Reads the short form of an effect.
///
/// Relative paths are below the worktree, `~/` is the home; `x/*` is what lies in `x`, `x/**` all below. What
/// holds spaces stands in double quotes.
///
/// # Errors
/// In words, with what would be understood.
pub fn effect_in_short(text: &str, scope: &Scope) -> Result<Short, String> {
    let words = words(text)?;
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some(verb) = (!words.is_empty()).then(|| words.remove(0)) else {
        return Err("an effect begins with a verb, such as `read src/a.rs`".to_owned());
    };
    let mut arguments = None;
    let effect = match verb {
        "read" => {
            let (path, extent) = place(one(&words, "read PATH")?, scope)?;
            Effect::Reads { path, extent }
        }
        "write" | "delete" | "attributes" | "link" => {
            let (path, extent) = place(one(&words, "write PATH")?, scope)?;
            let how = match verb {
                "delete" => WriteHow::Delete,
                "attributes" => WriteHow::Attributes,
                "link" => WriteHow::Link,
                _ => WriteHow::Change,
            };
            Effect::Writes { path, how, extent }
        }
        "run" => {
            let (program, kind) = match words[..] {
                [program] | [program, "known"] => (program, RunKind::Known),
                [program, "project"] => (program, RunKind::Project),
                [program, "foreign"] => (program, RunKind::Foreign),
                _ => return Err(usage("run PROGRAM [known | project | foreign]")),
            };
            Effect::Runs { program: program.to_owned(), kind }
        }
        "fetch" | "send" => {
            let host = one(&words, "fetch HOST")?.to_owned();
            Effect::Sends { host, carries: verb == "send" }
        }
        "git" => Effect::Git { operation: git(&words)? },
        "install" => {
            let locked = flag(&mut words, "locked");
            let Some((manager, packages)) = words.split_first() else {
                return Err(usage("install MANAGER [PACKAGE …] [locked]"));
            };
            let packages = packages.iter().map(|package| (*package).to_owned()).collect();
            Effect::Installs { manager: (*manager).to_owned(), packages, locked }
        }
        "call" => {
            let (server, name) = match words[..] {
                [server, name] => (server, name),
                [server, name, json] => {
                    arguments = Some(json.to_owned());
                    (server, name)
                }
                _ => return Err(usage("call SERVER TOOL [ARGUMENTS]")),
            };
            Effect::Calls { server: server.to_owned(), name: name.to_owned() }
        }
        "spawn" => Effect::Spawns { kind: words.join(" ") },
        "prompt" => Effect::Prompts,
        "control" if !words.is_empty() => Effect::Controls { what: words.join(" ") },
        "opaque" => Effect::Opaque { why: words.join(" ") },
        other => {
            return Err(format!(
                "`{}` is not a verb: there are `read`, `write`, `delete`, `attributes`, `link`, `run`, `fetch`, \
                 `send`, `git`, `install`, `call`, `spawn`, `prompt`, `control`, `opaque`",
                other.escape_debug()
            ));
        }
    };
    Ok(Short { effect, arguments })
}

fn git(words: &[&str]) -> Result<GitOperation, String> {
    Ok(match *words {
        ["look"] => GitOperation::Look,
        ["record"] => GitOperation::Record,
        ["discard"] => GitOperation::Discard,
        ["rewrite"] => GitOperation::Rewrite,
        ["drop"] => GitOperation::Drop,
        ["skip_hooks"] => GitOperation::SkipHooks,
        ["fetch"] => GitOperation::Fetch { remote: String::new() },
        ["fetch", remote] => GitOperation::Fetch { remote: remote.to_owned() },
        ["configure", key] => GitOperation::Configure { key: key.to_owned() },
        ["push", ref rest @ ..] => {
            let mut rest = rest.to_vec();
            let (force, delete) = (flag(&mut rest, "force"), flag(&mut rest, "delete"));
            let (remote, refs) =
                rest.split_first().map_or(("", &[][..]), |(first, rest)| (*first, rest));
            let refs = refs.iter().map(|name| (*name).to_owned()).collect();
            GitOperation::Push { remote: remote.to_owned(), refs, force, delete }
        }
        _ => {
            return Err(usage(
                "git look | record | discard | rewrite | drop | skip_hooks | fetch [REMOTE] | configure KEY | \
                 push [REMOTE [REF …]] [force] [delete]",
            ));
        }
    })
}

fn usage(form: &str) -> String {
    format!("write it as `{form}`")
}

fn one<'w>(words: &[&'w str], form: &str) -> Result<&'w str, String> {
    match words {
        [word] => Ok(word),
        _ => Err(usage(form)),
    }
}

fn flag(words: &mut Vec<&str>, name: &str) -> bool {
    let before = words.len();
    words.retain(|word| *word != name);
    words.len() < before
}

fn place(text: &str, scope: &Scope) -> Result<(String, Extent), String> {
    let (text, extent) = match text {
        "**" => (".", Extent::Tree),
        "*" => (".", Extent::Many),
        "/**" => ("/", Extent::Tree),
        "/*" => ("/", Extent::Many),
        text => match (text.strip_suffix("/**"), text.strip_suffix("/*")) {
            (Some(folder), _) => (folder, Extent::Tree),
            (None, Some(folder)) => (folder, Extent::Many),
            (None, None) => (text, Extent::One),
        },
    };
    let below = |root: &str, rest: &str| format!("{}/{rest}", root.trim_end_matches('/'));
    let path = if text.starts_with('/') {
        text.to_owned()
    } else if let Some(rest) = text.strip_prefix('~') {
        below(&scope.home, rest.trim_start_matches('/'))
    } else {
        let tree = scope.worktree.as_deref();
        let tree = tree.ok_or("a relative path needs a worktree: give one, or an absolute path")?;
        below(tree, text)
    };
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Ok((format!("/{}", parts.join("/")), extent))
}

/// Words between spaces; in double quotes a word may hold spaces, and `\"` is a quote.
fn words(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' if quoted => word.get_or_insert_default().extend(chars.next()),
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    if quoted {
        return Err("a `\"` without its other".to_owned());
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scope() -> Scope {
        Scope { worktree: Some("/w".to_owned()), home: "/home/ada".to_owned(), ..Scope::default() }
    }

    #[test]
    fn the_short_form_says_what_it_looks_like() {
        let rows: &[(&str, &str)] = &[
            ("read src/../a.rs", r#"{"effect":"reads","path":"/w/a.rs","extent":"one"}"#),
            (
                "delete ~/**",
                r#"{"effect":"writes","path":"/home/ada","how":"delete","extent":"tree"}"#,
            ),
            (
                "write \"a b\"/*",
                r#"{"effect":"writes","path":"/w/a b","how":"change","extent":"many"}"#,
            ),
            ("read /*", r#"{"effect":"reads","path":"/","extent":"many"}"#),
            ("run x foreign", r#"{"effect":"runs","program":"x","kind":"foreign"}"#),
            ("send example.org", r#"{"effect":"sends","host":"example.org","carries":true}"#),
            (
                "git push origin main force",
                r#"{"effect":"git","operation":{"git":"push","remote":"origin","refs":["main"],"force":true,"delete":false}}"#,
            ),
            (
                "install npm locked",
                r#"{"effect":"installs","manager":"npm","packages":[],"locked":true}"#,
            ),
        ];
        for (text, expected) in rows {
            let short = effect_in_short(text, &scope()).expect(text);
            assert_eq!(serde_json::to_string(&short.effect).expect("data"), *expected, "{text}");
        }
        let call =
            effect_in_short(r#"call fs read "{\"path\": \"/x\"}""#, &scope()).expect("a call");
        assert_eq!(call.arguments.as_deref(), Some("{\"path\": \"/x\"}"));
        for text in ["", "red a", "read", "read a b", "git", "git push \"", "run a b c"] {
            assert!(effect_in_short(text, &scope()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*", verb in "(read|write|git push|install|call|run) .{0,20}") {
            let _ = effect_in_short(&text, &scope());
            let _ = effect_in_short(&verb, &scope());
        }
    }
}
