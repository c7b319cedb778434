//! Reading the registry: what stands in the file, what it may not say, and where it says so.

use super::{Allowed, Dir, Pinning, Registry, Server, Sharing, Speaks, Start, Template};
use crate::names::is_server_name;
use globset::{GlobBuilder, GlobSetBuilder};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;
use weir_model::{Lease, Refusal};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    pin: Pinning,
    #[serde(default, rename = "server")]
    servers: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Spanned<String>,
    command: Option<Spanned<Vec<String>>>,
    #[serde(default)]
    env: BTreeMap<String, Spanned<String>>,
    dir: Option<Spanned<String>>,
    url: Option<Spanned<String>>,
    #[serde(default)]
    headers: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    tools: Vec<Spanned<String>>,
    #[serde(default)]
    prompts: Vec<Spanned<String>>,
    #[serde(default)]
    resources: Vec<Spanned<String>>,
    protocols: Option<Spanned<Vec<Spanned<String>>>>,
    time_limit: Option<Spanned<Lease>>,
    output_limit: Option<Spanned<u64>>,
    pin: Option<Pinning>,
    #[serde(default)]
    share: Sharing,
    #[serde(default)]
    names: Names,
    #[serde(default)]
    may_ask: bool,
}

#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Names {
    /// `server__tool`.
    #[default]
    Unique,
    /// As the server calls them.
    Plain,
}

/// More are a mistake.
const SERVERS_MAX: usize = 100;
const PATTERNS_MAX: usize = 500;
/// Longer than most tools take, shorter than most clients wait.
const TIME_LIMIT: Duration = Duration::from_secs(60);
const TIME_LIMIT_MAX: Duration = Duration::from_secs(3600);
/// A mebibyte is some 250,000 tokens: more than an agent can read.
const OUTPUT_LIMIT: usize = 1 << 20;
const OUTPUT_LIMITS: std::ops::RangeInclusive<u64> = 1024..=16 << 20;

/// What is wrong, and where.
struct Wrong(Range<usize>, String);

impl Registry {
    /// Reads `.weir/tools.toml`.
    ///
    /// # Errors
    /// `tools.malformed`, naming line and column and what is wrong there.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let file: File = toml::from_str(text)
            .map_err(|error| malformed(text, error.span().unwrap_or(0..0), error.message()))?;
        let read = servers(&file).map_err(|Wrong(at, what)| malformed(text, at, &what))?;
        Ok(Self { servers: read })
    }
}

fn malformed(text: &str, at: Range<usize>, what: &str) -> Refusal {
    let before = text.get(..at.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    let what = what.lines().collect::<Vec<_>>().join(" ");
    let sentence = format!("`.weir/tools.toml`, line {line}, column {column}: {what}");
    Refusal::new("tools.malformed", sentence).hint("docs/tools.md shows a valid one")
}

fn servers(file: &File) -> Result<Vec<Server>, Wrong> {
    let mut servers: Vec<Server> = Vec::new();
    for entry in &file.servers {
        let name = &entry.name;
        if servers.len() == SERVERS_MAX {
            return Err(wrong(name, format!("more than {SERVERS_MAX} servers")));
        }
        if servers.iter().any(|other| &other.name == name.get_ref()) {
            return Err(wrong(name, format!("two servers are called `{}`", name.get_ref())));
        }
        servers.push(server(entry, file.pin)?);
        // Two servers may call a tool by the same name, and then only one of them would be meant.
        if servers.len() > 1 && servers.iter().any(|server| server.plain_names) {
            return Err(wrong(name, "`names = \"plain\"` is for a registry of one server"));
        }
    }
    Ok(servers)
}

fn server(entry: &Entry, pin: Pinning) -> Result<Server, Wrong> {
    let name = &entry.name;
    if !is_server_name(name.get_ref()) {
        return Err(wrong(name, "a server's `name` is 1 to 20 of `a`-`z`, `0`-`9`, `-`"));
    }
    let time_limit = match &entry.time_limit {
        Some(limit) if limit.get_ref().length() > TIME_LIMIT_MAX => {
            return Err(wrong(limit, "a `time_limit` is at most `1h`"));
        }
        Some(limit) => limit.get_ref().length(),
        None => TIME_LIMIT,
    };
    let output_limit = match &entry.output_limit {
        Some(limit) if !OUTPUT_LIMITS.contains(limit.get_ref()) => {
            return Err(wrong(limit, "an `output_limit` is between 1024 and 16777216 bytes"));
        }
        Some(limit) => usize::try_from(*limit.get_ref()).unwrap_or(OUTPUT_LIMIT),
        None => OUTPUT_LIMIT,
    };
    Ok(Server {
        name: name.get_ref().clone(),
        start: start(entry)?,
        speaks: speaks(entry)?,
        tools: allowed(&entry.tools)?,
        prompts: allowed(&entry.prompts)?,
        resources: allowed(&entry.resources)?,
        time_limit,
        output_limit,
        pinning: entry.pin.unwrap_or(pin),
        sharing: entry.share,
        plain_names: entry.names == Names::Plain,
        may_ask: entry.may_ask,
    })
}

fn start(entry: &Entry) -> Result<Start, Wrong> {
    match (&entry.command, &entry.url) {
        (Some(command), None) => {
            if let Some(value) = entry.headers.values().next() {
                return Err(wrong(value, "`headers` go with a `url`; a `command` has an `env`"));
            }
            stdio(entry, command)
        }
        (None, Some(url)) => {
            if let Some(value) = entry.env.values().next().or(entry.dir.as_ref()) {
                return Err(wrong(value, "`env` and `dir` go with a `command`"));
            }
            http(entry, url)
        }
        (Some(_), Some(url)) => Err(wrong(url, "a server has a `command` or a `url`, not both")),
        (None, None) => {
            let what =
                format!("the server `{}` has neither `command` nor `url`", entry.name.get_ref());
            Err(wrong(&entry.name, what))
        }
    }
}

fn stdio(entry: &Entry, command: &Spanned<Vec<String>>) -> Result<Start, Wrong> {
    let Some((program, args)) = command.get_ref().split_first() else {
        return Err(wrong(command, "a `command` names at least a program"));
    };
    if program.is_empty() || (program.contains('/') && !program.starts_with('/')) {
        // It would be looked up where an agent can write.
        return Err(wrong(command, "a program is a bare name or an absolute path"));
    }
    if args.iter().any(|arg| arg.contains("{secret:")) {
        let what = "a secret among the arguments is seen by every process: put it into `env`";
        return Err(wrong(command, what));
    }
    let has_nul = command.get_ref().iter().any(|part| part.contains('\0'));
    if has_nul {
        return Err(wrong(command, "a `command` holds no NUL"));
    }
    let mut env = BTreeMap::new();
    for (variable, value) in &entry.env {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if variable.is_empty() || !variable.chars().all(good) || value.get_ref().contains('\0') {
            return Err(wrong(value, "a variable's name is letters, digits and `_`"));
        }
        if variable.starts_with("WEIR_") {
            return Err(wrong(value, "variables called `WEIR_…` are Weir's own"));
        }
        env.insert(variable.clone(), template(value)?);
    }
    let dir = match &entry.dir {
        None => Dir::Own,
        Some(dir) if dir.get_ref() == "worktree" => Dir::Worktree,
        Some(dir) if dir.get_ref().starts_with('/') => Dir::At(dir.get_ref().into()),
        Some(dir) => return Err(wrong(dir, "a `dir` is `worktree` or an absolute path")),
    };
    Ok(Start::Stdio { program: program.clone(), args: args.to_vec(), env, dir })
}

/// What the gateway itself says to a server.
const OWN_HEADERS: [&str; 8] = [
    "accept",
    "connection",
    "content-length",
    "content-type",
    "host",
    "last-event-id",
    "transfer-encoding",
    "te",
];

fn http(entry: &Entry, url: &Spanned<String>) -> Result<Start, Wrong> {
    let parsed: Option<ureq::http::Uri> = url.get_ref().parse().ok();
    let authority = parsed.as_ref().and_then(|uri| uri.authority());
    let (Some(uri), Some(authority)) = (&parsed, authority) else {
        return Err(wrong(url, "a `url` is `https://host/path`"));
    };
    let loopback = ["localhost", "127.0.0.1", "[::1]"].contains(&authority.host());
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if loopback => {}
        _ => return Err(wrong(url, "a `url` is `https`, or `http` on the loopback")),
    }
    if authority.as_str().contains('@') || url.get_ref().contains("{secret:") {
        return Err(wrong(url, "a `url` holds no secret: put it into `headers`"));
    }
    let mut headers = BTreeMap::new();
    for (name, value) in &entry.headers {
        let lower = name.to_ascii_lowercase();
        if ureq::http::HeaderName::from_bytes(lower.as_bytes()).is_err() {
            return Err(wrong(value, format!("`{}` is no name of a header", name.escape_debug())));
        }
        if OWN_HEADERS.contains(&lower.as_str()) || lower.starts_with("mcp-") {
            return Err(wrong(value, format!("the header `{lower}` is the gateway's own")));
        }
        if value.get_ref().chars().any(char::is_control) {
            return Err(wrong(value, "a header holds no control characters"));
        }
        headers.insert(lower, template(value)?);
    }
    Ok(Start::Http { url: url.get_ref().clone(), headers })
}

fn speaks(entry: &Entry) -> Result<Vec<Speaks>, Wrong> {
    let Some(protocols) = &entry.protocols else { return Ok(Speaks::ALL.into()) };
    let mut speaks = Vec::new();
    for revision in protocols.get_ref() {
        let known = Speaks::named(revision.get_ref()).ok_or_else(|| {
            let known = Speaks::ALL.map(Speaks::as_str).join("`, `");
            wrong(revision, format!("a protocol is one of `{known}`"))
        })?;
        speaks.push(known);
    }
    speaks.sort_by(|a, b| b.cmp(a));
    speaks.dedup();
    if speaks.is_empty() { Err(wrong(protocols, "no protocol is allowed")) } else { Ok(speaks) }
}

fn allowed(patterns: &[Spanned<String>]) -> Result<Allowed, Wrong> {
    let mut set = GlobSetBuilder::new();
    for (index, pattern) in patterns.iter().enumerate() {
        if index == PATTERNS_MAX {
            return Err(wrong(pattern, format!("more than {PATTERNS_MAX} patterns")));
        }
        // Names are no paths: `*` also goes over `/` and `\`.
        let built = GlobBuilder::new(pattern.get_ref())
            .literal_separator(false)
            .backslash_escape(true)
            .build();
        set.add(built.map_err(|error| wrong(pattern, error.kind().to_string()))?);
    }
    let span = patterns.first().map_or(0..0, Spanned::span);
    let set = set.build().map_err(|error| Wrong(span, error.kind().to_string()))?;
    let patterns = patterns.iter().map(|pattern| pattern.get_ref().clone()).collect();
    Ok(Allowed { patterns, set })
}

fn template(text: &Spanned<String>) -> Result<Template, Wrong> {
    Template::parse(text.get_ref()).map_err(|what| wrong(text, what))
}

fn wrong<T>(at: &Spanned<T>, what: impl Into<String>) -> Wrong {
    Wrong(at.span(), what.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_registry_is_read_with_its_defaults() {
        let registry = Registry::parse(
            r#"
            [[server]]
            name = "issues"
            command = ["issue-server", "--stdio"]
            env = { TOKEN = "{secret:issues}" }
            tools = ["issue_*", "search"]
            time_limit = "5s"

            [[server]]
            name = "docs"
            url = "https://docs.example.org/mcp"
            headers = { Authorization = "Bearer {secret:docs}" }
            tools = ["*"]
            protocols = ["2025-11-25", "2026-07-28"]
            pin = "person"
            share = "all"
            "#,
        )
        .expect("well formed");
        let issues = registry.server("issues").expect("there");
        assert!(issues.tools.allows("issue_close") && issues.tools.allows("search"));
        assert!(!issues.tools.allows("issues") && !issues.prompts.allows("search"));
        assert_eq!(
            (issues.time_limit, issues.output_limit),
            (Duration::from_secs(5), OUTPUT_LIMIT)
        );
        assert_eq!((issues.pinning, issues.sharing), (Pinning::First, Sharing::Session));
        let docs = registry.server("docs").expect("there");
        assert_eq!(docs.speaks, [Speaks::July2026, Speaks::November2025]);
        assert_eq!((docs.pinning, docs.sharing), (Pinning::Person, Sharing::All));
        assert!(registry.server("other").is_none());
        assert!(Registry::parse("").expect("empty").servers.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named_with_line_and_column() {
        let stdio = "[[server]]\nname = \"a\"\ncommand = [\"x\"]\n";
        let http = "[[server]]\nname = \"a\"\nurl = \"https://h/\"\n";
        let rows = [
            ("colour = 1".to_owned(), "line 1, column 1: unknown field `colour`"),
            ("[[server]]\nname = \"A\"".to_owned(), "line 2, column 8: a server's `name`"),
            ("[[server]]\nname = \"a\"".to_owned(), "line 2, column 8: the server `a` has neither"),
            (format!("{stdio}{stdio}"), "line 5, column 8: two servers are called `a`"),
            (
                format!("{stdio}url = \"https://h/\""),
                "line 4, column 7: a server has a `command` or",
            ),
            (
                format!("{stdio}names = \"plain\"\n[[server]]\nname=\"b\"\ncommand=[\"y\"]"),
                "line 6",
            ),
            (stdio.replace("\"x\"", "\"./x\""), "line 3, column 11: a program is a bare name"),
            (stdio.replace("\"x\"", "\"x\", \"{secret:a}\""), "seen by every process"),
            (stdio.replace("[\"x\"]", "[]"), "names at least a program"),
            (format!("{stdio}env = {{ WEIR_X = \"1\" }}"), "are Weir's own"),
            (format!("{stdio}env = {{ X = \"{{secret:\" }}"), "line 4, column 13"),
            (format!("{stdio}headers = {{ X = \"1\" }}"), "go with a `url`"),
            (format!("{stdio}dir = \"here\""), "`worktree` or an absolute path"),
            (format!("{stdio}protocols = [\"2026-07-28\", \"2024-11-05\"]"), "line 4, column 28"),
            (format!("{stdio}protocols = []"), "no protocol is allowed"),
            (format!("{stdio}time_limit = \"2h\""), "line 4, column 14"),
            (format!("{stdio}time_limit = \"soon\""), "line 4"),
            (format!("{stdio}output_limit = 1"), "line 4, column 16"),
            (format!("{stdio}tools = [\"a\", \"[\"]"), "line 4, column 15"),
            (http.replace("https://h/", "http://h/"), "line 3, column 7: a `url` is `https`, or"),
            (http.replace("https://h/", "https://me@h/"), "holds no secret"),
            (http.replace("https://h/", "/nowhere"), "`https://host/path`"),
            (format!("{http}headers = {{ Host = \"x\" }}"), "the gateway's own"),
            (format!("{http}headers = {{ Mcp-Name = \"x\" }}"), "the gateway's own"),
            (format!("{http}env = {{ X = \"1\" }}"), "go with a `command`"),
        ];
        for (text, expected) in rows {
            let refusal = Registry::parse(&text).expect_err(&text);
            assert_eq!(refusal.code, "tools.malformed");
            assert!(refusal.sentence.contains(expected), "{text}\n{}", refusal.sentence);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "(?s).*") {
            let _ = Registry::parse(&text);
        }

        #[test]
        fn no_value_makes_the_parser_panic(
            key in "(name|command|url|env|dir|headers|tools|protocols|time_limit|pin|names|share)",
            value in r#"("[ -~]{0,12}"|\["[ -~]{0,12}"\]|\{ a = "[ -~]{0,12}" \}|[0-9]{1,12})"#,
        ) {
            let _ = Registry::parse(&format!("[[server]]\nname = \"a\"\n{key} = {value}\n"));
        }
    }
}
