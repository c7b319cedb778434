//! `weir tool`

use crate::error::CommandError;
use crate::here::Here;
use crate::render;
use crate::ui::Ui;
use clap::Subcommand;
use std::fs::DirBuilder;
use std::io::Read as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use weir_engine::{SECRETS, check_secret_name};
use weir_gateway::SECRET_BYTES_MIN;
use weir_model::Refusal;
use weir_model::act::Offer;
use weir_server::wire::{Done, ToolApproval, ToolOffer, ToolServers};

/// See the tool servers behind the gateway, approve what they say of themselves, keep their secrets
///
/// `.weir/tools.toml` on the trunk says which there are; docs/tools.md tells of it.
#[derive(Debug, Subcommand)]
pub(crate) enum ToolCommand {
    /// List the tool servers, and what of their tools waits for a person
    List,
    /// Show how a tool describes itself now, with the digest that an approval binds to
    Show {
        /// The server, as the registry names it
        #[arg(value_name = "SERVER")]
        of: String,
        /// The tool, as its server calls it
        tool: String,
        /// It is a prompt
        #[arg(long)]
        prompt: bool,
    },
    /// Approve how a tool describes itself: exactly the description of this digest
    Approve {
        /// The server, as the registry names it
        #[arg(value_name = "SERVER")]
        of: String,
        /// The tool, as its server calls it
        tool: String,
        /// The digest that `weir tool show` printed, or its first eight letters or more
        digest: String,
        /// It is a prompt
        #[arg(long)]
        prompt: bool,
    },
    #[command(subcommand)]
    Secret(SecretCommand),
}

/// Keep the secrets of tool servers: they are filled in by the gateway, and no agent sees them
///
/// They are files of this machine that only you can read, under `.git/weir`; the ledger has none of them.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Keep a secret: its value is read from standard input
    Set {
        /// Its name, as `{secret:NAME}` in the registry has it
        name: String,
    },
    /// List the names of the secrets that are kept
    List,
    /// Forget a secret
    Remove {
        /// Its name
        name: String,
    },
}

pub(crate) fn run(ui: &mut Ui, here: &Here, command: ToolCommand) -> Result<(), CommandError> {
    match command {
        ToolCommand::List => {
            let found: ToolServers = here.client()?.get("/v1/tools")?;
            ui.answer(&found, |found, page| render::tool_servers(page, found))
        }
        ToolCommand::Show { of, tool, prompt } => {
            let found = offer(here, &of, &tool, prompt)?;
            ui.answer(&found, |found, page| render::tool_offer(page, found))
        }
        ToolCommand::Approve { of, tool, digest, prompt } => {
            let found = offer(here, &of, &tool, prompt)?;
            let seen = found.description.to_string();
            let hex = seen.rsplit(':').next().unwrap_or(&seen);
            let named = digest.rsplit(':').next().unwrap_or(&digest);
            if named.len() < 8 || !hex.starts_with(named) {
                let sentence = format!("`{tool}` of `{of}` does not describe itself so now");
                let hint = format!("look at it first: `weir tool show {of} {tool}`");
                return Err(Refusal::new("tool.changed", sentence).hint(hint).into());
            }
            let ToolOffer { server, kind, name, description, .. } = found;
            let approval = ToolApproval { server, kind, name, description };
            let done: Done = here.client()?.post("/v1/tools/approve", &approval)?;
            ui.answer(&done, |_, page| {
                page.line(format!("Approved `{}` of `{}`.", approval.name, approval.server));
            })
        }
        ToolCommand::Secret(command) => secret(ui, here, command),
    }
}

fn offer(here: &Here, server: &str, tool: &str, prompt: bool) -> Result<ToolOffer, CommandError> {
    let found: ToolServers = here.client()?.get("/v1/tools")?;
    let kind = if prompt { Offer::Prompt } else { Offer::Tool };
    let is_it = |one: &ToolOffer| one.server == server && one.kind == kind && one.name == tool;
    found.offers.into_iter().find(is_it).ok_or_else(|| {
        let sentence = format!("no {} `{tool}` of `{server}` was ever seen", kind.as_str());
        let hint = "a server is looked at when an agent first asks for its tools: `weir tool list`";
        Refusal::new("tool.unknown", sentence).hint(hint).into()
    })
}

fn secret(ui: &mut Ui, here: &Here, command: SecretCommand) -> Result<(), CommandError> {
    let folder = here.repository()?.home().join(SECRETS);
    match command {
        SecretCommand::Set { name } => {
            check_secret_name(&name)?;
            let mut value = String::new();
            let read = std::io::stdin().take(64 << 10).read_to_string(&mut value);
            read.map_err(CommandError::doing("read the secret from standard input"))?;
            let value = value.trim_end_matches(['\r', '\n']);
            if value.len() < SECRET_BYTES_MIN || value.contains(['\n', '\r', '\0']) {
                let sentence = format!("a secret is one line of at least {SECRET_BYTES_MIN} bytes");
                let hint = format!("for example `printenv TOKEN | weir tool secret set {name}`");
                return Err(Refusal::new("secret.malformed", sentence).hint(hint).into());
            }
            let doing = CommandError::doing(format!("make `{}`", folder.display()));
            DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(doing)?;
            weir_engine::write_private(&folder.join(&name), &format!("{value}\n"))?;
            ui.status(format_args!("Kept `{name}`: servers get it when they are next started."));
            Ok(())
        }
        SecretCommand::List => {
            let names = kept(&folder)?;
            ui.answer(&names, |names, page| {
                for name in names {
                    page.line(name.clone());
                }
                if names.is_empty() {
                    page.line("no secret is kept");
                }
            })
        }
        SecretCommand::Remove { name } => {
            check_secret_name(&name)?;
            match std::fs::remove_file(folder.join(&name)) {
                Ok(()) => {
                    ui.status(format_args!("Forgot `{name}`."));
                    Ok(())
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    let sentence = format!("no secret `{name}` is kept");
                    let hint = "`weir tool secret list` names those that are";
                    Err(Refusal::new("secret.unknown", sentence).hint(hint).into())
                }
                Err(error) => Err(CommandError::failed(format!("forget `{name}`"), error)),
            }
        }
    }
}

fn kept(folder: &PathBuf) -> Result<Vec<String>, CommandError> {
    let doing = || CommandError::doing(format!("read `{}`", folder.display()));
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(doing()(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(doing())?.file_name().to_string_lossy().into_owned();
        if check_secret_name(&name).is_ok() && !name.ends_with(".draft") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
