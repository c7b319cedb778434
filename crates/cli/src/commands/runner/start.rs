//! `weir runner start`: who we are, where we work, and when we stop.

use super::post::{Ended, Post, Word};
use crate::client::Client;
use crate::error::CommandError;
use crate::here::Here;
use crate::ui::Ui;
use rustix::process::Signal;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use weir_git::{Mirror, Remote};
use weir_model::{Digest, Lease, Refusal};

/// Take runs of checks from a server, run them here, and tell what came of them
///
/// Needs git, whatever the checks need, and a token of `weir runner token`; the server is the one of `WEIR_URL`. Each run is a
/// clean tree of a candidate, fetched into a clone of this runner's own, with the limits of `weir.toml`. What it took is its
/// own for as long as it says so every few seconds: if it dies, another takes over. It runs until Ctrl-C, and gives back what
/// it holds then.
#[derive(Debug, clap::Args)]
pub(crate) struct StartArgs {
    /// How many runs to take at once
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    places: u32,
    /// What verdicts depend on of this machine [default: its system, processor, name and `PATH`]
    ///
    /// A verdict is taken over only where the environment is the same: give several machines one name if they are alike, such
    /// as that of the image that they run.
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// What to call this process [default: the machine and the number of the process]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The file with the token; only its owner may read it [default: `WEIR_TOKEN`, or a stored server's]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Where to keep the clone and the trees [default: in the user's cache folder]
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// For how long the server waits for a word before it gives a run to another: 5s to 10m
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = lease)]
    lease: Lease,
}

fn lease(text: &str) -> Result<Lease, String> {
    let lease: Lease = text.parse().map_err(|refusal: Refusal| refusal.sentence)?;
    let fine = (Duration::from_secs(5)..=Duration::from_secs(600)).contains(&lease.length());
    if fine { Ok(lease) } else { Err("a lease is between `5s` and `10m`".to_owned()) }
}

/// How long checks that were told to end are waited for.
const END: Duration = Duration::from_secs(10);

pub(super) fn run(ui: &mut Ui, here: &Here, args: StartArgs) -> Result<(), CommandError> {
    let weir = client(here, args.token_file.as_deref())?;
    let stop = listen()?;
    let machine = machine();
    let (folder, _alone) = own_folder(args.folder, weir.url())?;
    let mirror =
        Mirror::open_or_create(&folder.join("clone.git")).map_err(|error| match error {
            weir_git::Error::Refused(refusal) => refusal.into(),
            other => CommandError::failed("make a clone to fetch into", other),
        })?;
    let name = args.name.unwrap_or_else(|| format!("{machine}-{}", std::process::id()));
    let environment = args.environment.unwrap_or_else(|| environment(&machine));
    let remote =
        Remote { url: format!("{}/git", weir.url()), token: weir.token().map(str::to_owned) };
    let (say, hear) = mpsc::channel();
    ui.status(format_args!(
        "Runner {name} takes {} at once for {}, as environment {environment}. It runs until Ctrl-C.",
        args.places,
        weir.url()
    ));
    let post = Arc::new(Post {
        weir,
        name,
        environment,
        places: args.places,
        lease: args.lease,
        mirror: Mutex::new(mirror),
        remote,
        trees: folder.join("trees"),
        stop,
        asking: Mutex::default(),
        holds: Mutex::default(),
        facts: Mutex::default(),
        say,
    });
    for place in 0..args.places as usize {
        let post = Arc::clone(&post);
        let thread = std::thread::Builder::new().name(format!("place-{place}"));
        let body = move || post.serve(place);
        thread.spawn(body).map_err(CommandError::doing("start a place for runs"))?;
    }
    let mut open = args.places;
    let mut stopping: Option<Instant> = None;
    let mut failed = None;
    while open > 0 && stopping.is_none_or(|since| since.elapsed() < END) {
        match hear.recv_timeout(Duration::from_millis(100)) {
            Ok(Word::Ran(ran)) => ui.item(&ran, |ran, page| page.line(ran.to_string()))?,
            Ok(Word::Note(note)) => ui.warn(format_args!("{}", crate::words::line(&note))),
            Ok(Word::Ended(Ended::Stopped)) => open -= 1,
            Ok(Word::Ended(Ended::Failed(error))) => {
                open -= 1;
                post.stop.store(true, Ordering::SeqCst);
                failed.get_or_insert(error);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if stopping.is_none() && post.stop.load(Ordering::SeqCst) {
            stopping = Some(Instant::now());
            ui.status(format_args!("Stopping: what is held goes back."));
            post.leave();
        }
    }
    failed.map_or(Ok(()), Err)
}

fn client(here: &Here, file: Option<&Path>) -> Result<Client, CommandError> {
    let weir = here.client()?;
    let Some(file) = file else { return Ok(weir) };
    let Some((_, token)) = weir_courier::read_private(file)? else {
        let sentence = format!("there is no file `{}` with the runner's token", file.display());
        return Err(Refusal::new("runner.no_token", sentence)
            .hint("an owner issues one: `weir runner token NAME`")
            .into());
    };
    Ok(Client::new(weir.url(), Some(token.trim().to_owned())))
}

/// Told to stop once, we give back what we hold; told twice, we end.
fn listen() -> Result<Arc<AtomicBool>, CommandError> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [Signal::INT, Signal::TERM] {
        let doing = || CommandError::doing("listen for signals");
        signal_hook::flag::register_conditional_shutdown(signal.as_raw(), 1, Arc::clone(&stop))
            .map_err(doing())?;
        signal_hook::flag::register(signal.as_raw(), Arc::clone(&stop)).map_err(doing())?;
    }
    Ok(stop)
}

/// What the machine is called.
fn machine() -> String {
    let mut ask = Command::new("uname");
    let said = ask.arg("-n").stdin(Stdio::null()).stderr(Stdio::null()).output();
    let said = said.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned());
    let plain: String = said.unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    if plain.is_empty() { "machine".to_owned() } else { plain.chars().take(50).collect() }
}

/// Of this machine alone, for nobody says that another is like it; and another `PATH` may find other programs.
fn environment(machine: &str) -> String {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = Digest::of(path.as_encoded_bytes()).to_string();
    let (system, processor) = (std::env::consts::OS, std::env::consts::ARCH);
    format!("{system}-{processor}@{machine}-{}", path.get(..8).unwrap_or_default())
}

/// A folder that no other runner works in, and what keeps others out. The clone of an earlier one is found again.
fn own_folder(folder: Option<PathBuf>, url: &str) -> Result<(PathBuf, File), CommandError> {
    let fixed = folder.is_some();
    let base = folder.unwrap_or_else(|| {
        let of_url = Digest::of(url.as_bytes()).to_string();
        cache().join("weir-runner").join(of_url.get(..16).unwrap_or(&of_url))
    });
    for number in 1..=1000 {
        let folder = if fixed { base.clone() } else { base.join(number.to_string()) };
        let doing = || CommandError::doing(format!("work in `{}`", folder.display()));
        std::fs::create_dir_all(&folder).map_err(doing())?;
        let file = File::options().create(true).append(true).open(folder.join("lock"));
        let file = file.map_err(doing())?;
        match file.try_lock() {
            Ok(()) => return Ok((folder, file)),
            Err(std::fs::TryLockError::WouldBlock) if !fixed => {}
            Err(std::fs::TryLockError::WouldBlock) => break,
            Err(std::fs::TryLockError::Error(error)) => return Err(doing()(error)),
        }
    }
    let sentence = format!("another runner works in `{}`", base.display());
    Err(Refusal::new("runner.in_use", sentence).hint("name another with `--folder`").into())
}

fn cache() -> PathBuf {
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|it| it.is_absolute());
    let own = || std::env::home_dir().map(|home| home.join(".cache"));
    named.or_else(own).unwrap_or_else(std::env::temp_dir)
}
