//! Targets of a project's tools that, by their names, reach further than its work tree: what is for others to see, and
//! what drops data for good.

use super::walk::Walk;

/// Programs that move a database from one shape to the next.
const MIGRATORS: [&str; 14] = [
    "flyway",
    "liquibase",
    "dbmate",
    "goose",
    "migrate",
    "sqitch",
    "knex",
    "sequelize",
    "typeorm",
    "mikro-orm",
    "prisma",
    "aerich",
    "manage.py",
    "django-admin",
];

impl Walk<'_> {
    /// Looks at the words that a tool of the project is given.
    pub(super) fn targets(&mut self, name: &str, words: &[String], arguments: &[String]) {
        let reaches = |word: &&String| releases(word) || drops(word);
        let told = words.iter().find(reaches).filter(|_| !only_builds(name, arguments));
        let pair = words.windows(2).find(|pair| drops(&pair.join(":")));
        let loses = arguments
            .iter()
            .find(|field| matches!(&field[..], "--force-reset" | "--accept-data-loss"));
        let deed = words.iter().find(|word| MIGRATORS.contains(&name) && is_deed(word));
        if let Some(word) = told.or_else(|| pair.and_then(|pair| pair.last())).or(loses).or(deed) {
            self.controls(&format!("{name} {}", super::marks::shown(word)));
        }
    }
}

/// Whether a target, by its name, is for others to see.
fn releases(target: &str) -> bool {
    ["deploy", "publish"].iter().any(|word| {
        let behind = target.strip_prefix(word);
        let before = target.strip_suffix(word);
        behind.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '-']))
            || before.is_some_and(|rest| rest.ends_with([':', '-']))
    })
}

/// Whether a target, by its name, drops what a database holds: `db:drop`, `ecto.reset`, `migrate:fresh`.
fn drops(target: &str) -> bool {
    const DATA: [&str; 7] =
        ["db", "database", "ecto", "migrate", "migration", "migrations", "schema"];
    let mut parts = target.split([':', '.', '-', '_']);
    parts.clone().any(|part| DATA.contains(&part)) && parts.any(is_deed)
}

fn is_deed(word: &str) -> bool {
    const DEEDS: [&str; 12] = [
        "drop", "reset", "purge", "wipe", "fresh", "nuke", "destroy", "truncate", "flush", "clean",
        "revert", "dropall",
    ];
    DEEDS.iter().any(|deed| word.eq_ignore_ascii_case(deed)) || word == "drop-all"
}

/// Whether a word that names a release builds one here only: `dotnet publish` lays files out in a folder, and tells
/// others only by a profile or a container that it is given.
fn only_builds(name: &str, arguments: &[String]) -> bool {
    let tells = ["profile", "container", "registry", "deploy", "url", "=/", "=~", "=.."];
    name == "dotnet"
        && !arguments.iter().any(|field| {
            let lower = field.to_ascii_lowercase();
            tells.iter().any(|word| lower.contains(word))
        })
}
