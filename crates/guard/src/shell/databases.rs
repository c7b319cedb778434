//! Clients of databases: what their statements do.

use weir_model::act::{Extent, RunKind};

use super::marks::{is_unknown, unmarked};
use super::walk::{Stream, Walk};

/// Clients that take SQL, and the options that give it.
const SQL: [(&str, &[&str]); 10] = [
    ("psql", &["-c", "--command"]),
    ("mysql", &["-e", "--execute"]),
    ("mariadb", &["-e", "--execute"]),
    ("sqlite3", &[]),
    ("sqlite", &[]),
    ("duckdb", &["-c", "-s", "-cmd"]),
    ("sqlcmd", &["-Q", "-q"]),
    ("clickhouse-client", &["-q", "--query"]),
    ("cockroach", &["-e", "--execute"]),
    ("cqlsh", &["-e", "--execute"]),
];

/// Words that only look, at the begin of a statement.
const LOOKS: &str = "select show explain describe desc \\d \\dt \\l \\du \\dn \\df \\di \\dv \\conninfo \\timing \\x \\c \\q values \
    table with .tables .schema .databases .headers .mode .indexes .stats .dbinfo pragma help begin commit use status set .quit .exit .help .width list";

/// Commands of Redis that only look.
const REDIS: &str = "get mget keys scan exists ttl pttl type strlen hget hgetall hkeys hvals hlen hmget llen lrange lindex scard \
    smembers sismember zrange zcard zscore zcount zrank info ping dbsize time memory monitor-x object echo client-x slowlog lastsave role \
    xlen xrange xinfo getrange hexists hscan sscan zscan bitcount randomkey --scan --bigkeys --stat --latency latency command dump-x cluster";

/// Runs a client of a database.
pub(super) fn call(
    walk: &mut Walk<'_>,
    name: &str,
    arguments: &[String],
    stdin: &Stream,
) -> Option<Stream> {
    match name {
        "redis-cli" | "valkey-cli" | "keydb-cli" => walk.redis(name, arguments, stdin),
        "mongosh" | "mongo" => walk.mongo(name, arguments, stdin),
        "pg_dump" | "pg_dumpall" | "mysqldump" | "mongodump" | "mongoexport" | "sqldiff"
        | "mariadb-dump" => {
            walk.asks(name, &server(arguments));
            for (at, field) in arguments.iter().enumerate() {
                let value = arguments.get(at + 1).map_or("", String::as_str);
                if let Some(file) = field
                    .strip_prefix("--file=")
                    .or_else(|| field.strip_prefix("--out="))
                    .or_else(|| field.strip_prefix("--result-file="))
                {
                    walk.writes(file, weir_model::act::WriteHow::Change, Extent::Tree);
                } else if matches!(
                    &field[..],
                    "-f" | "--file" | "-o" | "--out" | "-r" | "--result-file"
                ) {
                    walk.writes(value, weir_model::act::WriteHow::Change, Extent::Tree);
                } else if matches!(&field[..], "-c" | "--clean")
                    || field.starts_with("--add-drop-database")
                {
                    walk.controls(&format!("{name} {field}"));
                }
            }
        }
        "dropdb" | "createdb" | "dropuser" | "createuser" | "pg_restore" | "mysqladmin"
        | "mongorestore" | "mongoimport" | "mysqlimport" | "pg_resetwal" | "vacuumdb"
        | "reindexdb" | "pgbench" | "pg_upgrade" => {
            walk.asks(name, &server(arguments));
            let looks = arguments.iter().any(|field| {
                matches!(
                    &field[..],
                    "status"
                        | "ping"
                        | "version"
                        | "processlist"
                        | "variables"
                        | "extended-status"
                        | "--list"
                        | "-l"
                )
            });
            if !looks {
                walk.controls(name);
            }
        }
        "pg_isready" => walk.asks(name, "*"),
        _ => {
            let (_, options) = SQL.iter().find(|(client, _)| *client == name)?;
            walk.sql(name, options, arguments, stdin);
        }
    }
    Some(Stream::Unknown)
}

/// The server that the arguments name; without one it is this machine.
fn server(arguments: &[String]) -> String {
    let mut fields = arguments.iter();
    while let Some(field) = fields.next() {
        if field == "-h" || field == "--host" {
            return fields.next().cloned().unwrap_or_default();
        }
        if let Some(host) = field.strip_prefix("--host=") {
            return host.to_owned();
        }
        if field.contains("://") {
            return field.clone();
        }
    }
    "localhost".to_owned()
}

impl Walk<'_> {
    fn sql(&mut self, name: &str, options: &[&str], arguments: &[String], stdin: &Stream) {
        let is_file = matches!(name, "sqlite3" | "sqlite" | "duckdb");
        if is_file {
            self.runs(name, RunKind::Known);
        } else {
            self.asks(name, &server(arguments));
        }
        let mut statements = Vec::new();
        let mut operands: Vec<&String> = Vec::new();
        let mut fields = arguments.iter();
        let mut tells = false;
        while let Some(field) = fields.next() {
            let (option, attached) = match field.split_once('=') {
                Some((option, value)) if option.starts_with("--") => {
                    (option, Some(value.to_owned()))
                }
                _ => (field.as_str(), None),
            };
            let glued = options.iter().find_map(|option| {
                field.strip_prefix(*option).filter(|rest| {
                    option.len() == 2 && !rest.is_empty() && !field.starts_with("--")
                })
            });
            if options.contains(&option) {
                statements.extend(attached.or_else(|| fields.next().cloned()));
            } else if let Some(text) = glued {
                statements.push(text.to_owned());
            } else if matches!(option, "-f" | "--file" | "-init" | "--init-command" | "-i" | "-cmd")
            {
                let file = attached.or_else(|| fields.next().cloned()).unwrap_or_default();
                self.reads(&file, Extent::One);
                self.opaque(&format!("`{name}` runs the statements of a file"));
            } else if matches!(option, "-o" | "--output" | "-L" | "--log-file") {
                let file = attached.or_else(|| fields.next().cloned()).unwrap_or_default();
                self.writes(&file, weir_model::act::WriteHow::Change, Extent::One);
            } else if option.starts_with('-') {
                tells |= matches!(
                    option,
                    "--version" | "-V" | "--help" | "-l" | "--list" | "-version" | "-?"
                );
                if option.len() == 2
                    && matches!(
                        option,
                        "-h" | "-U" | "-d" | "-p" | "-u" | "-P" | "-S" | "-D" | "-W" | "-v"
                    )
                    && !matches!(option, "-W" | "-p")
                {
                    fields.next();
                }
            } else {
                operands.push(field);
            }
        }
        if is_file {
            if let Some(file) = operands.first() {
                self.reads(&(*file).clone(), Extent::One);
            }
            statements.extend(operands.iter().skip(1).map(|text| (*text).clone()));
        }
        if let Stream::Text(text) = stdin {
            statements.push(text.clone());
        }
        if statements.is_empty() && !tells {
            self.opaque(&format!("`{name}` runs statements that are known only when it runs"));
        }
        for statement in statements {
            self.statements(
                name,
                &statement,
                is_file.then(|| operands.first().map(|file| (*file).clone())).flatten(),
            );
        }
    }

    fn statements(&mut self, name: &str, text: &str, file: Option<String>) {
        if is_unknown(text) {
            self.opaque(&format!("`{name}` runs statements that are known only when it runs"));
        }
        for statement in unmarked(text).split(';') {
            let lower = statement.trim().to_ascii_lowercase();
            let lower = lower.trim_start_matches('(');
            let Some(first) = lower.split_whitespace().next() else { continue };
            let words: Vec<&str> =
                lower.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
            let runs = [
                "\\!", ".shell", ".system", "\\copy", ".import", ".output", ".once", ".read",
                ".load", ".open", ".save", ".backup", ".restore", "\\o", "\\i", "\\w", "\\g",
                "source", "system", "\\.",
            ];
            let writes = [
                "delete",
                "update",
                "insert",
                "drop",
                "truncate",
                "alter",
                "into",
                "lo_import",
                "lo_export",
                "pg_read_file",
                "load_file",
                "outfile",
                "dumpfile",
                "load_extension",
                "copy",
                "grant",
                "revoke",
                "create",
                "writefile",
                "readfile",
                "pg_terminate_backend",
                "edit",
                "program",
            ];
            if runs.contains(&first)
                || first.starts_with("\\!")
                || lower.contains("\\!")
                || lower.contains("\n.")
            {
                self.opaque(&format!("`{name}` runs a command or writes a file: `{first}`"));
            } else if !LOOKS.split_whitespace().any(|known| known == first)
                || words.iter().any(|word| writes.contains(word))
            {
                match &file {
                    // A file of the work tree is changed, and nothing else.
                    Some(file)
                        if matches!(first, "insert" | "update" | "create")
                            && !words
                                .iter()
                                .any(|word| word.contains("file") || *word == "edit") =>
                    {
                        self.writes(file, weir_model::act::WriteHow::Change, Extent::One);
                    }
                    _ => self.controls(&format!("{name} {first}")),
                }
            }
        }
    }

    fn redis(&mut self, name: &str, arguments: &[String], stdin: &Stream) {
        self.asks(name, &server(arguments));
        let mut fields = arguments.iter().peekable();
        while let Some(field) = fields.next_if(|field| field.starts_with('-')) {
            if REDIS.split_whitespace().any(|known| known == field) {
                return;
            }
            if matches!(&field[..], "-h" | "-p" | "-a" | "-n" | "-u" | "-s" | "--user" | "--pass") {
                fields.next();
            } else if matches!(
                &field[..],
                "--eval" | "--pipe" | "--rdb" | "-x" | "-X" | "--functions-rdb"
            ) {
                self.opaque(&format!("`{name} {field}` does more than Weir knows"));
            }
        }
        let command = fields.next().map(|field| field.to_ascii_lowercase());
        let next = fields.next().map(|field| field.to_ascii_lowercase()).unwrap_or_default();
        match command.as_deref() {
            None if matches!(stdin, Stream::None) => {
                self.opaque(&format!("`{name}` waits for commands"))
            }
            None => {
                self.opaque(&format!("`{name}` gets commands that are known only when it runs"))
            }
            Some("config") if next == "get" => {}
            Some("client") if matches!(&next[..], "list" | "info" | "getname" | "id") => {}
            Some("cluster")
                if !matches!(
                    &next[..],
                    "info" | "nodes" | "slots" | "shards" | "myid" | "keyslot" | "countkeysinslot"
                ) =>
            {
                self.controls(&format!("{name} cluster {next}"));
            }
            Some(command) if REDIS.split_whitespace().any(|known| known == command) => {}
            Some(command) => self.controls(&format!("{name} {command}")),
        }
    }

    fn mongo(&mut self, name: &str, arguments: &[String], stdin: &Stream) {
        self.asks(name, &server(arguments));
        let at = arguments.iter().position(|field| field == "--eval");
        let given = at
            .and_then(|at| arguments.get(at + 1))
            .or_else(|| arguments.iter().find(|field| field.starts_with("--eval=")));
        let Some(code) = given else {
            if !arguments.iter().any(|field| field == "--version" || field == "--help") {
                let _ = stdin;
                self.opaque(&format!("`{name}` runs statements that are known only when it runs"));
            }
            return;
        };
        let lower = code.to_ascii_lowercase();
        let looks = [
            "find",
            "count",
            "show",
            "stats",
            "getcollection",
            "listdatabases",
            "aggregate",
            "explain",
            "status",
            "version",
            "printjson",
            "tojson",
            "getname",
            "distinct",
            "hello",
            "getindexes",
            "ping",
        ];
        let changes = [
            "drop",
            "delete",
            "remove",
            "insert",
            "update",
            "replace",
            "create",
            "rename",
            "shutdown",
            "$out",
            "$merge",
            "bulk",
            "findand",
            "findoneand",
            "eval",
            "load(",
            "require",
            "run(",
            "command(",
            "grant",
            "revoke",
            "kill",
            "compact",
            "reindex",
            "adduser",
            "changeuser",
        ];
        let is_admin = lower.contains("admincommand({ping")
            || lower.contains("runcommand({ping")
            || lower.contains("listdatabases");
        if is_unknown(code)
            || changes.iter().any(|word| lower.contains(word)) && !is_admin
            || !looks.iter().any(|word| lower.contains(word))
        {
            self.controls(&format!("{name} --eval"));
        }
    }
}
