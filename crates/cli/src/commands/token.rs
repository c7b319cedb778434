//! `weir token`

use crate::error::CommandError;
use crate::here::Here;
use crate::render;
use crate::table::{Cell, Look, Table};
use crate::ui::Ui;
use clap::Subcommand;
use weir_model::event::guard::{Right, TokenKind};
use weir_model::{Lease, PersonId, TokenId};
use weir_server::wire::{Done, IssuedToken, List, NewToken, Token};

/// Issue tokens to people and their scripts, list and revoke them
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Issue a token
    ///
    /// Its secret is printed this once; Weir keeps only its hash. Agents get sessions, not tokens: see
    /// `weir session open`.
    Issue {
        /// What to call it: `laptop`, `nightly`
        label: String,
        /// Whose it is [default: yours]
        #[arg(long)]
        person: Option<PersonId>,
        /// A thing it may do; may be given several times [default: all that its person may]
        #[arg(long, value_parser = right, value_name = "RIGHT")]
        right: Vec<Right>,
        /// How long it lives [default: as long as the space says]
        #[arg(long, value_name = "DURATION")]
        lease: Option<Lease>,
    },
    /// List tokens, without their secrets
    List,
    /// Revoke a token: from this instant it opens nothing
    Revoke {
        /// The token
        token: TokenId,
    },
}

/// A right, as the ledger spells it.
fn right(text: &str) -> Result<Right, String> {
    serde_json::from_value(text.into()).map_err(|_| {
        "a right is `read`, `task`, `claim`, `approve`, `admin` or, alone, `run`".to_owned()
    })
}

pub(crate) fn run(ui: &mut Ui, here: &Here, command: TokenCommand) -> Result<(), CommandError> {
    let weir = here.client()?;
    match command {
        TokenCommand::Issue { label, person, right, lease } => {
            let rights = (!right.is_empty()).then_some(right);
            let token = NewToken { person, label, rights, lease };
            let issued: IssuedToken = weir.post("/v1/tokens", &token)?;
            ui.answer(&issued, |issued, page| {
                page.pairs([
                    ("token", issued.token.to_string()),
                    ("secret", issued.secret.clone()),
                ]);
            })?;
            ui.status(format_args!(
                "It is shown this once. Use it with `weir sign-in {}`.",
                weir.url()
            ));
            Ok(())
        }
        TokenCommand::List => {
            let tokens: List<Token> = weir.get("/v1/tokens")?;
            ui.answer(&tokens, |tokens, page| {
                let mut table = Table::new(&["token", "ends", "used by", "person", "may", "label"]);
                for token in &tokens.items {
                    let ended = token.revoked || token.expires_at <= page.now();
                    let ends = match (token.revoked, ended) {
                        (true, _) => Cell::new("revoked", Look::Dim),
                        (false, _) => Cell::from(page.ago(token.expires_at)),
                    };
                    let look = if ended { Look::Dim } else { Look::Strong };
                    let usage = match token.usage {
                        TokenKind::Named => "programs",
                        TokenKind::Browser => "a browser",
                    };
                    table.row([
                        Cell::new(token.id, look),
                        ends,
                        usage.into(),
                        render::who(&token.person).into(),
                        render::list(&token.rights).into(),
                        token.label.as_str().into(),
                    ]);
                }
                page.table(&table, "no tokens");
                render::rest(page, tokens);
            })
        }
        TokenCommand::Revoke { token } => {
            let done: Done = weir.delete(&format!("/v1/tokens/{token}"))?;
            ui.answer(&done, |_, page| page.line(format!("Revoked {token}.")))
        }
    }
}
