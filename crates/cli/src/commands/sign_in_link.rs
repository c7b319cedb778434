//! `weir sign-in-link`

use crate::error::CommandError;
use crate::here::Here;
use crate::ui::Ui;
use weir_model::PersonId;
use weir_server::wire::{NewSignIn, SignInLink};

/// Print a link that signs a browser in, once
#[derive(Debug, clap::Args)]
pub(crate) struct SignInLinkArgs {
    /// Whom it signs in [default: you]
    #[arg(long)]
    person: Option<PersonId>,
}

pub(crate) fn run(ui: &mut Ui, here: &Here, args: &SignInLinkArgs) -> Result<(), CommandError> {
    let ask = NewSignIn { person: args.person };
    let link: SignInLink = here.client()?.post("/v1/sign-in-links", &ask)?;
    ui.answer(&link, |link, page| page.line(&link.url))?;
    ui.status(format_args!("It works once, until {}.", link.expires_at));
    Ok(())
}
