//! What the benches of the view share: a real repository, the real `weir up`, sessions with worktrees, and callers that
//! keep their connections.

#![allow(dead_code, reason = "each bench uses a part of it")]

use serde_json::Value;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Error, Read as _, Result, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A repository with a server, and worktrees of sessions. Both end with it.
pub(crate) struct Field {
    bin: PathBuf,
    place: tempfile::TempDir,
    repo: PathBuf,
    address: String,
    pub(crate) trees: Vec<Tree>,
}

/// A session in its worktree.
pub(crate) struct Tree {
    pub(crate) folder: PathBuf,
    token: String,
    /// Files that may be edited, as git lists them.
    pub(crate) files: Vec<PathBuf>,
}

/// What the command line of a bench says.
pub(crate) struct Options {
    pub(crate) mirrors: Option<PathBuf>,
    pub(crate) repository: String,
    pub(crate) worktrees: usize,
    pub(crate) count: usize,
}

impl Options {
    /// `--mirrors DIR`, `--repository OWNER/NAME`, `--worktrees N`, `--count N`.
    pub(crate) fn read(count: usize) -> Result<Self> {
        let (mirrors, repository) = (None, "tokio-rs/tokio".to_owned());
        let mut options = Self { mirrors, repository, worktrees: 50, count };
        let mut arguments = std::env::args().skip(1);
        while let (Some(name), Some(value)) = (arguments.next(), arguments.next()) {
            let number = || value.parse().map_err(|_| Error::other(format!("{name}: no number")));
            match name.as_str() {
                "--mirrors" => options.mirrors = Some(value.into()),
                "--repository" => options.repository = value,
                "--worktrees" => options.worktrees = number()?,
                "--count" => options.count = number()?,
                _ => return Err(Error::other(format!("there is no `{name}`"))),
            }
        }
        Ok(options)
    }
}

impl Field {
    /// Clones the repository, starts the server, and claims a task in a worktree for each session.
    pub(crate) fn plant(bin: &Path, options: &Options, sessions: usize) -> Result<Self> {
        let place = tempfile::tempdir()?;
        let repo = place.path().join("repository");
        let mirror = options
            .mirrors
            .as_ref()
            .map(|all| all.join(options.repository.replace('/', "+")).join("repo"));
        let from = mirror.filter(|mirror| mirror.is_dir()).map_or_else(
            || format!("https://github.com/{}", options.repository),
            |mirror| mirror.display().to_string(),
        );
        run(Command::new("git").args(["clone", "-q", &from]).arg(&repo))?;
        run(Command::new("git").current_dir(&repo).args(["checkout", "-q", "-B", "main"]))?;
        let mut field =
            Self { bin: bin.to_owned(), place, repo, address: String::new(), trees: Vec::new() };
        let up = field.weir(&["up", "--detach", "--listen", "127.0.0.1:0"])?;
        let url = up["url"].as_str().or_else(|| up["page"].as_str()).unwrap_or_default();
        for number in 0..sessions {
            let title = format!("Task {number}");
            let task = field.weir(&["task", "create", &title, "--paths", "**"])?;
            let id = task["id"].as_str().unwrap_or_default();
            let claim = field.weir(&["task", "claim", id, "--agent", &format!("agent{number}")])?;
            let folder = PathBuf::from(claim["worktree"].as_str().unwrap_or_default());
            let session = std::fs::read(folder.join(".git/weir-session.json"))?;
            let session: Value = serde_json::from_slice(&session)?;
            let told = session["url"].as_str().unwrap_or(url);
            field.address = told.trim_start_matches("http://").trim_end_matches('/').to_owned();
            let token = session["token"].as_str().unwrap_or_default().to_owned();
            let listed = Command::new("git").current_dir(&folder).args(["ls-files"]).output()?;
            let listed = String::from_utf8_lossy(&listed.stdout);
            let files = listed.lines().filter(|path| is_source(path)).map(PathBuf::from).collect();
            field.trees.push(Tree { folder, token, files });
        }
        Ok(field)
    }

    /// A caller in a session's name.
    pub(crate) fn caller(&self, session: usize) -> Result<Caller> {
        Caller::connect(&self.address, &self.trees[session].token)
    }

    /// How much memory the server holds, in MB.
    pub(crate) fn resident_mb(&self) -> Option<u64> {
        let told = std::fs::read(self.repo.join(".git/weir/server.json")).ok()?;
        let told: Value = serde_json::from_slice(&told).ok()?;
        let status = std::fs::read_to_string(format!("/proc/{}/status", told["pid"])).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? / 1024)
    }

    fn weir(&self, arguments: &[&str]) -> Result<Value> {
        let mut command = Command::new(&self.bin);
        command.args(arguments).arg("--json").current_dir(&self.repo).stdin(Stdio::null());
        command.env("XDG_CACHE_HOME", self.place.path().join("cache"));
        command.env("XDG_CONFIG_HOME", self.place.path().join("config"));
        let output = command.output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Error::other(format!("weir {arguments:?}: {said}")));
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        let _ = self.weir(&["down"]);
    }
}

fn is_source(path: &str) -> bool {
    [".rs", ".py", ".go", ".ts", ".java"].iter().any(|ending| path.ends_with(ending))
}

fn run(command: &mut Command) -> Result<()> {
    match command.status()?.success() {
        true => Ok(()),
        false => Err(Error::other(format!("{command:?} failed"))),
    }
}

/// A connection that is kept.
pub(crate) struct Caller {
    stream: BufReader<TcpStream>,
    head: String,
}

impl Caller {
    fn connect(address: &str, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let head = format!("Host: {address}\r\nAuthorization: Bearer {token}\r\n\r\n");
        Ok(Self { stream: BufReader::new(stream), head })
    }

    /// Asks `/v1/view/<of>?what=<what>`, and waits for the whole answer.
    pub(crate) fn ask(&mut self, of: &str, what: &str) -> Result<String> {
        let request = format!("GET /v1/view/{of}?what={} HTTP/1.1\r\n{}", escaped(what), self.head);
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (mut line, mut length, mut is_ok) = (String::new(), 0, false);
        loop {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(Error::other("the server hung up"));
            }
            let told = line.trim_end().to_ascii_lowercase();
            if told.is_empty() {
                break;
            }
            is_ok |= told.starts_with("http/1.1 200");
            if let Some(value) = told.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(|_| Error::other("no length"))?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        let body = String::from_utf8_lossy(&body).into_owned();
        if is_ok { Ok(body) } else { Err(Error::other(format!("{of} {what}: {body}"))) }
    }
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => all.push(byte.into()),
            other => drop(write!(all, "%{other:02X}")),
        }
        all
    })
}

/// The same numbers at every run.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }

    /// How long until the next of arrivals that do not know of each other, `rate` of them a second.
    pub(crate) fn until_next(&mut self, rate: f64) -> Duration {
        let uniform = (self.below(1 << 30) as f64 + 1.0) / f64::from(1 << 30);
        Duration::from_secs_f64(-uniform.ln() / rate)
    }
}

/// The measure below which this part of all lies.
pub(crate) fn part(sorted: &[Duration], part: f64) -> f64 {
    let at = ((sorted.len() as f64 * part).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(at).map_or(f64::NAN, |found| found.as_secs_f64() * 1_000.0)
}

/// Adds a function to the end of a file, as an agent's client would: the whole file is written again.
pub(crate) fn edit(tree: &Tree, file: usize, name: &str) -> Result<Instant> {
    let at = tree.folder.join(&tree.files[file]);
    let mut text = std::fs::read_to_string(&at)?;
    let _ = match at.extension().and_then(|ending| ending.to_str()) {
        Some("py") => write!(text, "\ndef {name}():\n    pass\n"),
        Some("go") => write!(text, "\nfunc {name}() {{}}\n"),
        Some("ts") => write!(text, "\nexport function {name}() {{}}\n"),
        _ => write!(text, "\npub fn {name}() {{}}\n"),
    };
    std::fs::write(&at, text)?;
    Ok(Instant::now())
}
