//! `weir up`

mod address;
mod doors;

use crate::client::Client;
use crate::error::CommandError;
use crate::here::{Here, Repository};
use crate::ui::Ui;
use address::Listen;
use doors::Doors;
use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use weir_engine::{Found, Options, Space, Store};
use weir_model::Refusal;
use weir_server::Serving;

/// Start Weir for the repository you stand in, and say where everything is
///
/// Everything is kept under `.git/weir`, and refs under `refs/weir` keep git from pruning what Weir uses: no tracked
/// file is touched, nor your checkout or your branches. A second `weir up` finds the first and prints the same. It
/// runs until Ctrl-C or `weir down`.
#[derive(Debug, clap::Args)]
pub(crate) struct UpArgs {
    /// Where to listen [default: 127.0.0.1, on the port of last time or the first free one from 7747]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// The address that others use, when it is another: behind a proxy that ends TLS
    #[arg(long, value_name = "URL")]
    public: Option<String>,
    /// The branch that changes land on [default: found by itself]
    #[arg(long, value_name = "BRANCH")]
    trunk: Option<String>,
    /// Keep the ledger in PostgreSQL instead of under `.git/weir`: `postgres://…`
    #[arg(long, value_name = "URL", env = "WEIR_STORE", hide_env_values = true)]
    store: Option<String>,
    /// The schema of that database which holds this space alone
    #[arg(long, value_name = "NAME", default_value = "weir")]
    schema: String,
    /// Start it in the background and return when it answers
    #[arg(long)]
    detach: bool,
}

/// How long a start may take before it is called stuck: a large ledger without a snapshot replays in seconds.
const START: Duration = Duration::from_secs(60);
/// How long to look for the server of another start before trying whether the space is free after all.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

pub(crate) fn run(ui: &mut Ui, here: &Here, args: UpArgs) -> Result<(), CommandError> {
    log_to_stderr();
    if args.detach {
        return detach(ui, here);
    }
    let options = Options {
        trunk: args.trunk.clone(),
        store: match args.store.clone() {
            Some(url) => Store::Postgres { url, schema: args.schema.clone() },
            None => Store::Embedded,
        },
        ..Options::here(&here.dir)
    };
    ui.progress(format_args!("opening the ledger"));
    let begun = Instant::now();
    loop {
        match Space::open(&options) {
            Ok((space, found)) => return serve(ui, &space, &found, &args),
            Err(weir_engine::Error::Refused(refusal)) if refusal.code == "space.in_use" => {
                let repository = here.repository()?;
                ui.progress(format_args!("another start is under way"));
                if let Some(weir) = wait_for(&repository, LOOK_AGAIN)? {
                    let doors = Doors::of_running(&weir)?;
                    ui.answer(&doors, doors::show)?;
                    ui.status(format_args!("It was already running."));
                    return Ok(());
                }
                // Whoever had it may be gone: killed a moment ago, its last child still on its way.
                if begun.elapsed() >= START {
                    return Err(refusal.into());
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn serve(ui: &mut Ui, space: &Space, found: &Found, args: &UpArgs) -> Result<(), CommandError> {
    let doing = CommandError::doing("start the threads of the server");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(doing)?;
    let listen = Listen::new(args.listen, &found.home);
    let served = runtime.block_on(async {
        let mut ends = Ends::listen()?;
        let listener = listen.bind().await?;
        let address = listener.local_addr().map_err(CommandError::doing("bind an address"))?;
        let url = format!("http://{}", reachable(address));
        let public = args.public.as_ref().map(|url| url.trim_end_matches('/').to_owned());
        space.engine().set_remote(format!("{}/git", public.as_ref().unwrap_or(&url)));
        let shutdown = CancellationToken::new();
        let serving = Serving { public };
        let engine = space.engine().clone();
        let server = tokio::spawn(weir_server::serve(engine, listener, serving, shutdown.clone()));
        let space_url = url.clone();
        let token = found.owner_token.clone();
        let doors = tokio::task::spawn_blocking(move || {
            let token = crate::here::read_private(&token)?.map(|(_, text)| text.trim().to_owned());
            Doors::of_running(&Client::new(&space_url, token))
        });
        let doors = doors.await.map_err(CommandError::doing("ask the server"))??;
        space.announce(&url)?;
        listen.remember(address);
        say(ui, &doors.with(found), found, address)?;
        ends.next().await;
        ui.status(format_args!(
            "Stopping: what is under way may finish. Ctrl-C again does not wait."
        ));
        shutdown.cancel();
        tokio::select! {
            served = server => match served {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(CommandError::failed("serve", error)),
                Err(error) => Err(CommandError::failed("serve", error)),
            },
            () = ends.next() => Ok(()),
        }
    });
    // Whoever looks from now on must not be sent to a port that may soon be another's.
    let _ = std::fs::remove_file(found.home.join("server.json"));
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

fn say(ui: &mut Ui, doors: &Doors, found: &Found, address: SocketAddr) -> Result<(), CommandError> {
    ui.answer(doors, doors::show)?;
    for note in &found.notes {
        ui.warn(format_args!("{note}"));
    }
    if !address.ip().is_loopback() {
        ui.warn(format_args!(
            "{address} can be reached from other machines, and tokens travel in the clear: put a proxy with TLS \
             in front, and name it with `--public`"
        ));
    }
    ui.status(format_args!("It runs until Ctrl-C or `weir down`."));
    Ok(())
}

/// The address by which this machine reaches what listens on `address`.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// The signals that end a server.
struct Ends {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Ends {
    fn listen() -> Result<Self, CommandError> {
        let on = |kind| signal(kind).map_err(CommandError::doing("listen for signals"));
        Ok(Self {
            interrupt: on(SignalKind::interrupt())?,
            terminate: on(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The same command again, on its own, with its words in a file.
fn detach(ui: &mut Ui, here: &Here) -> Result<(), CommandError> {
    let repository = here.repository()?;
    let doing = || CommandError::doing("start the server in the background");
    let path = std::env::temp_dir().join(format!("weir-up-{}.log", std::process::id()));
    let log = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path);
    let log = log.map_err(doing())?;
    let arguments = std::env::args_os().skip(1).filter(|argument| argument != "--detach");
    let mut child = std::process::Command::new(std::env::current_exe().map_err(doing())?)
        .args(arguments)
        .current_dir(&here.dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        // A group of its own: the Ctrl-C of this terminal is not for it.
        .process_group(0)
        .spawn()
        .map_err(doing())?;
    ui.progress(format_args!("waiting for the server"));
    let started = Instant::now();
    while started.elapsed() < START {
        if let Some(weir) = wait_for(&repository, Duration::ZERO)? {
            let _ = std::fs::remove_file(&path);
            let doors = Doors::of_running(&weir)?;
            ui.answer(&doors, doors::show)?;
            ui.status(format_args!("It runs in the background until `weir down`."));
            return Ok(());
        }
        if let Some(status) = child.try_wait().map_err(doing())?
            && !status.success()
        {
            let said = std::fs::read_to_string(&path).unwrap_or_default();
            let _ = std::fs::remove_file(&path);
            return Err(repeat(&said));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(CommandError::failed("start the server in the background", "it does not answer"))
}

/// What a child said before it ended, as our own error.
fn repeat(said: &str) -> CommandError {
    let mut lines = said.lines();
    let error = lines.find_map(|line| {
        let (code, sentence) = line.strip_prefix("error[")?.split_once("]: ")?;
        Some((code.to_owned(), sentence.to_owned()))
    });
    let json = said.lines().find_map(|line| serde_json::from_str::<Refusal>(line).ok());
    match (json, error) {
        (Some(refusal), _) => refusal.into(),
        (None, Some((code, sentence))) => {
            let hint = lines.find_map(|line| line.strip_prefix("hint: ").map(str::to_owned));
            Refusal { code: code.into(), sentence, hint }.into()
        }
        (None, None) => CommandError::failed("start the server in the background", said.trim()),
    }
}

/// The server of a repository, once it answers; `None` when it does not within `patience`.
fn wait_for(repository: &Repository, patience: Duration) -> Result<Option<Client>, CommandError> {
    let started = Instant::now();
    loop {
        if let Some(running) = repository.running()? {
            let weir = Client::new(&running.url, repository.owner_token()?);
            if weir.get::<weir_server::wire::Space>("/v1/space").is_ok() {
                return Ok(Some(weir));
            }
        }
        if started.elapsed() >= patience {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// What the server has to say while it runs: warnings, unless `WEIR_LOG` asks for more.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("WEIR_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    let format = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Fails only when somebody listens already.
    let _ = format.with_ansi(std::env::var_os("NO_COLOR").is_none()).try_init();
}
