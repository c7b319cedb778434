//! `weir sign-in` and `weir sign-out`

use crate::client::{Client, is_loopback};
use crate::error::CommandError;
use crate::servers::{Servers, Stored};
use crate::ui::Ui;
use serde::Serialize;
use std::io::{IsTerminal as _, Read as _};
use weir_model::Refusal;
use weir_server::wire::Space;

/// Remember a server and a token for it
///
/// They are stored in `$XDG_CONFIG_HOME/weir/servers.toml`, which only you can read. The server is asked who you
/// are before anything is stored.
#[derive(Debug, clap::Args)]
pub(crate) struct SignInArgs {
    /// Where the server is, like `https://weir.example`
    url: String,
    /// The token; `-` reads it from stdin, which keeps it out of the shell's history
    #[arg(long, default_value = "-", env = "WEIR_TOKEN", hide_env_values = true)]
    token: String,
    /// What to call the server [default: its host]
    #[arg(long)]
    name: Option<String>,
    /// Send the token without encryption, to another machine
    #[arg(long)]
    plain_http: bool,
}

/// Forget a server and its token
///
/// The token itself lives on: revoke it with `weir token revoke`.
#[derive(Debug, clap::Args)]
pub(crate) struct SignOutArgs {
    /// What it was stored as
    name: String,
}

#[derive(Serialize)]
struct SignedIn {
    name: String,
    url: String,
    person: String,
    space: String,
}

pub(crate) fn run(ui: &mut Ui, args: SignInArgs) -> Result<(), CommandError> {
    let url = args.url.trim_end_matches('/').to_owned();
    let host = host(&url)?;
    let open = !url.starts_with("https://") && !is_loopback(&url);
    if open && !args.plain_http {
        let sentence =
            format!("`{url}` is not encrypted, so whoever is between could take the token");
        return Err(Refusal::new("server.not_private", sentence)
            .hint("use `https://`, or a tunnel; on a network you trust, `--plain-http`")
            .into());
    }
    if args.token == "-" && std::io::stdin().is_terminal() {
        ui.status(format_args!("Paste the token, then Enter and Ctrl-D:"));
    }
    let token = if args.token == "-" { read_token()? } else { args.token };
    let space: Space = Client::new(&url, Some(token.clone())).get("/v1/space")?;
    let name = args.name.unwrap_or(host);
    let mut servers = Servers::read()?;
    servers.put(name.clone(), Stored { url: url.clone(), token });
    let path = servers.write()?;
    let signed_in = SignedIn { name, url, person: space.you.name, space: space.name };
    ui.answer(&signed_in, |signed_in, page| {
        let SignedIn { name, person, space, .. } = signed_in;
        page.line(format!("Signed in to `{name}` (space `{space}`) as `{person}`."));
    })?;
    ui.status(format_args!("Stored in {}.", path.display()));
    Ok(())
}

pub(crate) fn forget(ui: &mut Ui, args: &SignOutArgs) -> Result<(), CommandError> {
    let mut servers = Servers::read()?;
    let stored = servers.remove(&args.name)?;
    servers.write()?;
    let forgotten = serde_json::json!({ "name": args.name, "url": stored.url });
    ui.answer(&forgotten, |_, page| page.line(format!("Forgot `{}`.", args.name)))
}

fn host(url: &str) -> Result<String, Refusal> {
    let uri = url.parse::<ureq::http::Uri>().ok();
    let known = uri.filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")));
    known.and_then(|uri| uri.host().map(str::to_owned)).ok_or_else(|| {
        Refusal::new("server.malformed", format!("`{}` is no address", url.escape_debug()))
            .hint("write it like `https://weir.example` or `http://127.0.0.1:7747`")
    })
}

fn read_token() -> Result<String, CommandError> {
    let mut text = String::new();
    // A token is short; whatever is longer was meant for another command.
    let stdin = std::io::stdin().take(4096);
    { stdin }
        .read_to_string(&mut text)
        .map_err(CommandError::doing("read the token from stdin"))?;
    Ok(text.trim().to_owned())
}
