//! `weir up`

mod address;
mod detach;
mod doors;

use crate::client::Client;
use crate::error::CommandError;
use crate::here::{Here, Repository};
use crate::ui::Ui;
use address::Listen;
use doors::Doors;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use weir_engine::{Found, Options, Space, Store};
use weir_model::{Position, Refusal};
use weir_server::Serving;
use weir_server::webhook::Webhook;

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
    /// Go on without acknowledged records that the disk lost, as an earlier start said, and record that
    ///
    /// Names the last record that is left. What was decided in those after it did not happen, a token that was revoked
    /// there included. A backup that has them is better.
    #[arg(long, value_name = "POSITION", conflicts_with = "store")]
    accept_loss: Option<Position>,
    /// A folder with an organization's policies, which those of the repository can only make stricter
    #[arg(long, value_name = "FOLDER")]
    policy_floor: Option<PathBuf>,
    /// Post what waits for a person, and what was answered, to this address: `https://…`
    ///
    /// As signed JSON, until it is taken; see docs/approvals.md. No file of a repository can name one, for agents write
    /// there.
    #[arg(
        long,
        value_name = "URL",
        env = "WEIR_WEBHOOK",
        hide_env_values = true,
        requires = "webhook_secret"
    )]
    webhook: Option<String>,
    /// The file with the secret that signs what is posted; only its owner may read it
    #[arg(long, value_name = "FILE", env = "WEIR_WEBHOOK_SECRET", requires = "webhook")]
    webhook_secret: Option<PathBuf>,
    /// How many folders of one worktree are watched for file events [default: 16384]
    ///
    /// A worktree with more, or one that the system gives no watches for, is looked through every second instead: others
    /// then hear of its edits later, and each answer says so. With 0 none is watched.
    #[arg(long, value_name = "NUMBER")]
    watches_max: Option<usize>,
    /// Start it in the background and return when it answers
    #[arg(long)]
    detach: bool,
}

/// How long a start may take before it is called stuck: a large ledger without a snapshot replays in seconds.
const START: Duration = Duration::from_secs(60);

pub(crate) fn run(ui: &mut Ui, here: &Here, args: UpArgs) -> Result<(), CommandError> {
    log_to_stderr();
    if args.detach {
        return detach::detach(ui, here);
    }
    let options = Options {
        trunk: args.trunk.clone(),
        accept_loss: args.accept_loss,
        floor: args.policy_floor.clone(),
        watches_max: args.watches_max,
        store: match args.store.clone() {
            Some(url) => Store::Postgres { url, schema: args.schema.clone() },
            None => Store::Embedded,
        },
        ..Options::here(&here.dir)
    };
    ui.progress(format_args!("opening the ledger"));
    let started = Instant::now();
    loop {
        match Space::open(&options) {
            Ok((space, found)) => return serve(ui, &space, &found, &args),
            Err(weir_engine::Error::Refused(refusal)) if refusal.code == "space.in_use" => {
                if let Some(weir) = answering(&here.repository()?)? {
                    let doors = Doors::of_running(&weir)?;
                    ui.answer(&doors, doors::show)?;
                    ui.status(format_args!("It was already running."));
                    return Ok(());
                }
                // It is still starting, or it was killed and the last of its children has the lock for a moment.
                if started.elapsed() > START {
                    return Err(refusal.into());
                }
                ui.progress(format_args!("another start is under way"));
                std::thread::sleep(Duration::from_millis(50));
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
    let webhook = webhook(args, found)?;
    let served = runtime.block_on(async {
        let mut ends = Ends::listen()?;
        let listener = listen.bind().await?;
        let address = listener.local_addr().map_err(CommandError::doing("bind an address"))?;
        let url = format!("http://{}", reachable(address));
        let public = args.public.as_ref().map(|url| url.trim_end_matches('/').to_owned());
        space.engine().set_remote(format!("{}/git", public.as_ref().unwrap_or(&url)));
        let shutdown = CancellationToken::new();
        let engine = space.engine().clone();
        let serving = Serving { public, tools: Some(engine.gateway()?), webhook };
        let server = tokio::spawn(weir_server::serve(engine, listener, serving, shutdown.clone()));
        let space_url = url.clone();
        let known = found.clone();
        let doors = tokio::task::spawn_blocking(move || {
            let token = weir_courier::read_private(&known.owner_token)?;
            let token = token.map(|(_, text)| text.trim().to_owned());
            Doors::of_own(&Client::new(&space_url, token), &known)
        });
        let doors = doors.await.map_err(CommandError::doing("ask the server"))??;
        space.announce(&url)?;
        listen.remember(address);
        say(ui, &doors, found, address)?;
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

/// Where to post what waits for a person, if that was asked for.
fn webhook(args: &UpArgs, found: &Found) -> Result<Option<Webhook>, CommandError> {
    let (Some(url), Some(file)) = (&args.webhook, &args.webhook_secret) else { return Ok(None) };
    let Some((_, secret)) = weir_courier::read_private(file)? else {
        let sentence = format!("there is no file `{}` with the webhook's secret", file.display());
        return Err(Refusal::new("webhook.secret", sentence)
            .hint("`openssl rand -hex 32 > FILE && chmod 600 FILE` makes one")
            .into());
    };
    Ok(Some(Webhook::new(url, &secret, &found.home.join("private"))?))
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

/// The server of a repository, if it answers.
fn answering(repository: &Repository) -> Result<Option<Client>, CommandError> {
    let Some(running) = repository.running()? else { return Ok(None) };
    let weir = Client::new(&running.url, repository.owner_token()?);
    let answers = weir.get::<weir_server::wire::Space>("/v1/space").is_ok();
    Ok(answers.then_some(weir))
}

/// What the server has to say while it runs: warnings, unless `WEIR_LOG` asks for more.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("WEIR_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    let format = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let format = format.with_ansi(std::env::var_os("NO_COLOR").is_none());
    // Words that do not fit on a full disk are lost, and whatever said them goes on: to be told of it on the same
    // stderr would end its thread.
    let format = format.log_internal_errors(false);
    // Fails only when somebody listens already.
    let _ = format.try_init();
}
