//! `weir person`

use crate::error::CommandError;
use crate::here::Here;
use crate::render;
use crate::table::{Cell, Look, Table};
use crate::ui::Ui;
use clap::Subcommand;
use weir_model::PersonId;
use weir_model::event::guard::Role;
use weir_server::wire::{Done, List, NewPerson, NewRole, Person};

/// Let people in, say what they may do, and let them go
#[derive(Debug, Subcommand)]
pub(crate) enum PersonCommand {
    /// Let somebody in
    ///
    /// Give them a token with `weir token issue`, or a link with `weir sign-in-link`.
    Add {
        /// What people call them; unique in the space
        name: String,
        /// What they may do
        #[arg(long, value_parser = role, value_name = "ROLE", default_value = "member")]
        role: Role,
    },
    /// List people
    List,
    /// Give somebody another role
    Role {
        /// Who
        person: PersonId,
        /// `owner`: everything; `member`: tasks, claims, approvals; `auditor`: reading only
        #[arg(value_parser = role)]
        role: Role,
    },
    /// Let somebody go: their tokens and sessions end with them
    Remove {
        /// Who
        person: PersonId,
    },
}

/// A role, as the ledger spells it.
fn role(text: &str) -> Result<Role, String> {
    serde_json::from_value(text.into())
        .map_err(|_| "a role is `owner`, `member` or `auditor`".to_owned())
}

pub(crate) fn run(ui: &mut Ui, here: &Here, command: PersonCommand) -> Result<(), CommandError> {
    let weir = here.client()?;
    match command {
        PersonCommand::Add { name, role } => {
            let person: Person = weir.post("/v1/people", &NewPerson { name, role })?;
            ui.answer(&person, |person, page| render::person(page, person))?;
            ui.status(format_args!("Let them in: `weir sign-in-link --person {}`.", person.id));
            Ok(())
        }
        PersonCommand::List => {
            let people: List<Person> = weir.get("/v1/people")?;
            ui.answer(&people, |people, page| {
                let mut table = Table::new(&["person", "role", "name"]);
                for person in &people.items {
                    let role = match person.removed {
                        true => Cell::new("gone", Look::Dim),
                        false => person.role.into(),
                    };
                    let id = Cell::new(person.id, Look::Strong);
                    table.row([id, role, person.name.as_str().into()]);
                }
                page.table(&table, "nobody");
                render::rest(page, people);
            })
        }
        PersonCommand::Role { person, role } => {
            let path = format!("/v1/people/{person}/role");
            let done: Done = weir.put(&path, &NewRole { role })?;
            ui.answer(&done, |_, page| page.line(format!("{person} is {role} from now on.")))
        }
        PersonCommand::Remove { person } => {
            let done: Done = weir.delete(&format!("/v1/people/{person}"))?;
            ui.answer(&done, |_, page| {
                page.line(format!("{person} is gone, with all their tokens and sessions."));
            })
        }
    }
}
