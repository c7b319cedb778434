//! Connections: where the server is, how a session is set up, and the one that writes.

use super::rows;
use crate::store::{Group, Head, StoreError};
use postgres::error::SqlState;
use postgres::{Client, Config, NoTls, Statement};
use std::time::Duration;

/// The layout of the tables. A later release that changes it moves the schema forward, or refuses.
const LAYOUT: i32 = 1;

/// A node that hangs in the middle of a transaction holds the head; after this the server lets it go.
const IDLE_IN_TRANSACTION_MS: u32 = 30_000;

/// Where the ledger is.
pub(super) struct Server {
    config: Config,
    schema: String,
}

impl Server {
    pub(super) fn new(url: &str, schema: &str) -> Result<Self, StoreError> {
        let foreign = |found: &str| StoreError::Foreign {
            place: "the PostgreSQL ledger".into(),
            found: found.into(),
        };
        // Its name also goes where no parameter can: into the settings of the session.
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if !schema.bytes().all(plain)
            || !schema.starts_with(|c: char| c.is_ascii_lowercase())
            || schema.len() > 48
        {
            return Err(foreign("its schema must have a name of at most 48 of `a-z`, `0-9`, `_`"));
        }
        // Without the cause: it may repeat the password.
        let mut config: Config =
            url.parse().map_err(|_| foreign("its address is not understood"))?;
        let given = config.get_options().map(|given| format!("{given} ")).unwrap_or_default();
        // A commit is on the server's disk before it is acknowledged, whatever the server's default.
        config.options(&format!(
            "{given}-c search_path={schema} -c synchronous_commit=on \
             -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS}"
        ));
        config.application_name("weir-ledger");
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(10));
        }
        config.tcp_user_timeout(Duration::from_secs(30));
        Ok(Self { config, schema: schema.to_owned() })
    }

    pub(super) fn connect(&self) -> Result<Client, StoreError> {
        self.config.connect(NoTls).map_err(failed("connect to PostgreSQL"))
    }

    /// A connection that hears of appends.
    pub(super) fn listen(&self) -> Result<Client, StoreError> {
        let mut client = self.connect()?;
        let listen = format!("LISTEN weir_{}", self.schema);
        client.batch_execute(&listen).map_err(failed("listen for appends"))?;
        Ok(client)
    }

    /// A connection that tells of appends, and the server's number for it. What it says needs no disk.
    pub(super) fn speak(&self) -> Result<(Client, i32), StoreError> {
        let mut client = self.connect()?;
        let mut ask = || {
            client.batch_execute("SET synchronous_commit TO off")?;
            Ok(client.query_one("SELECT pg_backend_pid()", &[])?.get(0))
        };
        let pid = ask().map_err(failed("tell others of appends"))?;
        Ok((client, pid))
    }

    /// Makes the tables, or checks that they are ours.
    pub(super) fn prepare(&self) -> Result<(), StoreError> {
        let schema = &self.schema;
        let mut client = self.connect()?;
        let doing = "set up the ledger";
        let foreign =
            |found: String| StoreError::Foreign { place: format!("the schema `{schema}`"), found };
        let encoding: String =
            client.query_one("SHOW server_encoding", &[]).map_err(failed(doing))?.get(0);
        if encoding != "UTF8" {
            return Err(foreign(format!("its database is in {encoding}, and records are UTF-8")));
        }
        let mut made = client.transaction().map_err(failed(doing))?;
        // Two nodes may start at once; the second finds what the first made.
        made.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", &[schema])
            .map_err(failed(doing))?;
        let ask =
            "SELECT to_regnamespace($1) IS NOT NULL, to_regclass($1 || '.layout') IS NOT NULL,
                          EXISTS (SELECT FROM pg_tables WHERE schemaname = $1)";
        let found = made.query_one(ask, &[schema]).map_err(failed(doing))?;
        let (has_schema, has_layout, has_tables): (bool, bool, bool) =
            (found.get(0), found.get(1), found.get(2));
        if has_tables && !has_layout {
            return Err(foreign("it holds tables of something else".into()));
        }
        if !has_layout {
            let schema =
                if has_schema { String::new() } else { format!("CREATE SCHEMA {schema};") };
            let tables = format!("{schema} {}", include_str!("schema.sql"));
            made.batch_execute(&tables).map_err(failed(doing))?;
        }
        let layout: i32 =
            made.query_one("SELECT version FROM layout", &[]).map_err(failed(doing))?.get(0);
        if layout != LAYOUT {
            return Err(foreign(format!(
                "its layout is {layout} and this release reads {LAYOUT}; use the release that wrote it"
            )));
        }
        made.commit().map_err(failed(doing))
    }
}

/// The connection that writes, with its statement prepared.
pub(super) struct Link {
    pub(super) client: Client,
    write: Statement,
}

impl Link {
    pub(super) fn new(mut client: Client) -> Result<Self, StoreError> {
        let write = client.prepare(rows::WRITE).map_err(failed("prepare to write"))?;
        Ok(Self { client, write })
    }

    /// Begins a transaction, and gives the head, which nobody else can move until it ends.
    pub(super) fn begin(&mut self) -> Result<Option<Head>, StoreError> {
        let doing = "begin to write";
        match rows::begin(&mut self.client).map_err(failed(doing))? {
            Some(head) => head.map(Some),
            None => rows::lock_unfounded(&mut self.client).map_err(failed(doing))?.transpose(),
        }
    }

    pub(super) fn write(&mut self, group: &Group, is_first: bool) -> Result<(), StoreError> {
        let doing = "append records";
        rows::write_leases(&mut self.client, group).map_err(failed(doing))?;
        let Some(head) = &group.head else { return Ok(()) };
        if is_first {
            return rows::found(&mut self.client, head).map_err(failed(doing));
        }
        rows::write(&mut self.client, &self.write, group, head).map_err(failed(doing))
    }
}

pub(super) fn failed(doing: &'static str) -> impl FnOnce(postgres::Error) -> StoreError {
    move |error| {
        let code = error.code().cloned();
        if code == Some(SqlState::DISK_FULL) {
            StoreError::Full { doing, source: error.into() }
        } else if matches!(code, Some(SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED)) {
            let said =
                error.as_db_error().map(|said| said.message().to_owned()).unwrap_or_default();
            StoreError::damaged(format!("could not {doing}: {said}"))
        } else {
            StoreError::Failed { doing, source: error.into() }
        }
    }
}

/// The server answered, but only to say that it goes: what it was doing may have been done.
pub(super) fn is_leaving(error: &postgres::Error) -> bool {
    let leaving = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN];
    error.code().is_none_or(|code| leaving.contains(code))
}
