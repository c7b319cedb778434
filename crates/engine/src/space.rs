//! Opening a space: find the repository, take the lock, open the ledger, replay, and start what runs behind.

mod home;
mod keeper;

pub(crate) use home::make_private;
pub use home::write_private;

use crate::clock::{Entropy, SystemClock, SystemEntropy};
use crate::core::{Core, chain};
use crate::driver::Driver;
use crate::meet::trees::WORKTREES;
use crate::meet::view::Looker;
use crate::secret::Opens;
use crate::{Caller, Engine, Error, Failure, Inner, NewToken, Secret};
use home::Home;
use keeper::Keeper;
pub(crate) use keeper::replay;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;
use weir_git::{CommitId, Source, Trunk};
use weir_ledger::{Ledger, Loss, Opened, PostgresStore, Signer, SqliteStore};
use weir_model::event::guard::Role;
use weir_model::{Clock, PersonId, Position, Refusal};
use weir_review::propose::Proposal;

/// Where a space is, and how it is kept.
#[derive(Debug, Clone)]
pub struct Options {
    /// A folder in the user's repository.
    pub dir: PathBuf,
    /// The trunk, if it is not the one that would be found.
    pub trunk: Option<String>,
    /// Where Weir keeps what belongs to the space; `.git/weir` unless said.
    pub home: Option<PathBuf>,
    /// Where trees for sessions and checks are made; a folder in the user's cache unless said.
    pub trees: Option<PathBuf>,
    /// What keeps the ledger.
    pub store: Store,
    /// Whether changes are tested and landed here. A node that only serves says no.
    pub drive: bool,
    /// Go on without acknowledged records that the disk lost, if this is the last that is left, and record that.
    /// PostgreSQL keeps its own log.
    pub accept_loss: Option<Position>,
    /// A folder with the organization's policies, which the repository's can only make stricter.
    pub floor: Option<PathBuf>,
    /// How many folders of one worktree are watched for file events; those of one with more are looked through instead.
    pub watches_max: Option<usize>,
    /// What tells the time; the system's clock unless said.
    pub clock: Option<ClockSource>,
}

/// A clock to be used instead of the system's: tests bring one that they turn themselves.
#[derive(Clone)]
pub struct ClockSource(pub Arc<dyn Clock>);

impl std::fmt::Debug for ClockSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClockSource(…)")
    }
}

impl Options {
    /// The usual: everything under `.git/weir` of the repository around `dir`.
    pub fn here(dir: impl Into<PathBuf>) -> Self {
        let (trunk, home, trees, accept_loss) = (None, None, None, None);
        let (floor, watches_max, clock) = (None, None, None);
        let (dir, store, drive) = (dir.into(), Store::Embedded, true);
        Self { dir, trunk, home, trees, store, drive, accept_loss, floor, watches_max, clock }
    }
}

/// What keeps the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    /// SQLite and a folder of bodies, under the space's home.
    Embedded,
    /// PostgreSQL.
    Postgres {
        /// The database.
        url: String,
        /// The schema that holds this space alone.
        schema: String,
    },
}

/// An open space. Dropping it stops what runs behind, writes a snapshot and gives the lock back.
pub struct Space {
    engine: Engine,
    // In the order in which they stop.
    driver: Option<Driver>,
    keeper: Option<Keeper>,
    looker: Option<Looker>,
    _home: Home,
}

/// What was found on opening, for a person to read.
#[derive(Debug, Clone)]
pub struct Found {
    /// The user's repository.
    pub source: Source,
    /// Where Weir keeps what belongs to the space.
    pub home: PathBuf,
    /// The trunk's name.
    pub trunk: String,
    /// Where it stands.
    pub tip: String,
    /// Whether the space is new.
    pub is_new: bool,
    /// The last record.
    pub head: Position,
    /// The checks in force.
    pub checks: Vec<weir_model::config::Check>,
    /// Whether they are written down on the trunk.
    pub is_committed: bool,
    /// Why they were proposed, if they are not.
    pub proposals: Vec<Proposal>,
    /// The owner who signs in first.
    pub owner: PersonId,
    /// Where the owner's local token is kept.
    pub owner_token: PathBuf,
    /// What a reader should know: nothing to check, a crash that was recovered from, a clock that went back.
    pub notes: Vec<String>,
}

impl Space {
    /// Opens the space around `options.dir`, or begins one. The user's checkout, index, branches and tracked files
    /// are not touched.
    ///
    /// # Errors
    /// `repo.*` and `trunk.*` when there is no repository that Weir can stand beside; `space.in_use` when another
    /// process has it; `config.malformed`; failures of disk, git or the ledger.
    pub fn open(options: &Options) -> Result<(Self, Found), Error> {
        let source = weir_git::inspect(&options.dir, options.trunk.as_deref())?;
        let place = options.home.clone().unwrap_or_else(|| source.home());
        let home = Home::take(&place)?;
        let trunk = Trunk::open_or_create(&source, home.folder(), &source.trunk.name)?;
        let mut notes = Vec::new();
        let imported = import(&source, &trunk, &mut notes)?;
        let rules = crate::rules::read(trunk.objects(), imported)?;

        let name = space_name(&source);
        let signer = signer(&home, &name)?;
        let store: Box<dyn weir_ledger::Store> = match &options.store {
            Store::Embedded => {
                let folder = home.folder().join("ledger");
                let opened = match options.accept_loss {
                    None => SqliteStore::open(&folder),
                    Some(left) => SqliteStore::open_after_loss(&folder, left, signer.key()),
                };
                Box::new(opened.map_err(store_failed)?)
            }
            Store::Postgres { url, schema } => {
                Box::new(PostgresStore::open(url, schema).map_err(store_failed)?)
            }
        };
        let (ledger, opened) = Ledger::open(store, signer)?;
        notes.extend(how_it_was_left(&opened));
        let standing = replay(&ledger, &mut notes)?;
        let wall = SystemClock::after(weir_model::Timestamp::default());
        if let Some(last) = opened.clock.filter(|last| wall.now() + Duration::from_secs(5) < *last)
        {
            notes.push(format!(
                "the clock is behind the last record, which is of {last}: time goes on from there"
            ));
        }
        let system = || ClockSource(Arc::new(SystemClock::after(standing.last)));
        let ClockSource(clock) = options.clock.clone().unwrap_or_else(system);
        let trees = match &options.trees {
            Some(folder) => folder.clone(),
            None => home::trees_for(ledger.key().name())?,
        };
        // Clients are given leave for it before there is a tree in it, and some take no folder that is not there.
        home::make_private(&trees.join(WORKTREES))?;
        let engine = Engine(Arc::new(Inner {
            core: Arc::new(Core::new(ledger, clock, standing)),
            trunk,
            entropy: Arc::new(SystemEntropy),
            rules: RwLock::new(rules.config.clone()),
            rules_at: Mutex::new(None),
            trees,
            remote: RwLock::new(String::new()),
            policies: crate::policies::Policies::new(options.floor.as_deref())?,
            tools: crate::tools::Tools::new(home.folder().to_owned()),
            looks: crate::meet::acts::Looks::default(),
            mounts: crate::meet::acts::Mounts::default(),
            seeing: crate::meet::view::Seeing::new(Some(home.folder()), options.watches_max),
            leaves: crate::meet::acts::Leaves::default(),
            proving: Mutex::default(),
            outlook: crate::outlook::Known::default(),
            tests: Mutex::default(),
        }));
        if let Some(loss) = opened.recovery.loss {
            // Before anything else is: with the next record the ledger forgets that there had been more.
            record_loss(&engine, loss)?;
        }
        let owner = found_space(&engine, &source, &name)?;
        engine.read_policies(imported)?;
        engine.read_tool_servers(imported);
        notes.extend(engine.tool_servers_fault().map(|fault| {
            format!("the tool servers on the trunk are not in force: {fault}; none is")
        }));
        notes.extend(engine.policies_fault().map(|fault| {
            format!(
                "the policies on the trunk are not in force: {fault}; those that Weir ships are"
            )
        }));
        let owner_token = ensure_owner_token(&engine, &home, owner)?;
        if rules.gate.checks.is_empty() {
            notes.push("no checks were found: what merges, lands. Write some into `weir.toml`: `weir init`".into());
        }
        let found = Found {
            home: home.folder().to_owned(),
            trunk: source.trunk.name.clone(),
            tip: imported.to_string(),
            is_new: opened.is_new,
            head: opened.head,
            is_committed: matches!(
                rules.gate.source,
                weir_model::event::queue::GateSource::Committed(_)
            ),
            checks: rules.gate.checks,
            proposals: rules.proposals,
            owner,
            owner_token,
            notes,
            source,
        };
        let keeper = Keeper::start(engine.clone(), options.store != Store::Embedded)?;
        let looker = Looker::start(engine.clone())?;
        let holder = match &options.store {
            // Whoever has the folder's lock is the only process here, so a lease that is found is of a dead one:
            // taken over as one's own, it need not run out first.
            Store::Embedded => "this machine".to_owned(),
            Store::Postgres { .. } => {
                format!("{}-{}", std::process::id(), short_random(&*engine.0.entropy)?)
            }
        };
        let driver = options.drive.then(|| Driver::start(engine.clone(), holder)).transpose()?;
        Ok((
            Self { engine, driver, keeper: Some(keeper), looker: Some(looker), _home: home },
            found,
        ))
    }

    /// The engine of the space.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Where a person finds what runs here: read by a second start, and by the command line.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn announce(&self, url: &str) -> Result<(), Error> {
        self._home.announce(url)
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        self.driver.take();
        self.looker.take();
        self.keeper.take();
    }
}

/// Takes in what the user committed to the trunk's branch, if the trunk only has to move forward for it.
fn import(source: &Source, trunk: &Trunk, notes: &mut Vec<String>) -> Result<CommitId, Error> {
    let ours = trunk.tip()?;
    let theirs = source.trunk.tip;
    if ours == theirs || trunk.objects().contains(ours, theirs)? {
        return Ok(ours);
    }
    let name = trunk.name();
    if !trunk.objects().contains(theirs, ours)? {
        notes.push(format!(
            "your `{name}` and the trunk have gone apart; Weir stays with the trunk: `git pull weir {name}`"
        ));
        return Ok(ours);
    }
    // Borrowed objects must not be pruned under us.
    trunk.keep(theirs)?;
    match trunk.land(ours, theirs)? {
        weir_git::Landed::Landed => Ok(theirs),
        weir_git::Landed::Moved { actual } => Ok(actual),
    }
}

fn space_name(source: &Source) -> String {
    let folder = source.work_tree.as_deref().unwrap_or(&source.common_dir);
    let name = folder.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' })
        .collect();
    let plain = plain.trim_matches(['-', '.']).trim_end_matches(".git");
    if plain.is_empty() { "space".into() } else { plain.chars().take(40).collect() }
}

/// The key that signs the ledger's checkpoints: made once, kept where only its user can read it.
fn signer(home: &Home, name: &str) -> Result<Signer, Error> {
    let path = home.private().join("ledger.key");
    if !path.exists() && home.folder().join("ledger/ledger.db").exists() {
        let sentence = format!("the ledger's key `{}` is gone", path.display());
        return Err(Refusal::new("ledger.key_gone", sentence)
            .hint("put it back from a backup: without it nothing can be added to this ledger")
            .into());
    }
    let made = if path.exists() {
        Signer::load(&path)
    } else {
        // The name is part of every signature; the random part keeps two spaces of one name apart.
        Signer::create(&path, &format!("weir/{name}-{}", short_random(&SystemEntropy)?))
    };
    made.map_err(|error| Failure::Other(format!("the ledger's key: {}", chain(&error))).into())
}

pub(crate) fn short_random(entropy: &dyn Entropy) -> Result<String, Error> {
    let mut bytes = [0; 4];
    entropy
        .fill(&mut bytes)
        .map_err(|why| Error::Failed(Failure::Other(format!("no randomness: {why}"))))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn store_failed(error: weir_ledger::StoreError) -> Error {
    weir_ledger::LedgerError::from(error).into()
}

/// What a person should know of how the last run left the ledger.
fn how_it_was_left(opened: &Opened) -> Option<String> {
    let Opened { head, recovery, .. } = opened;
    if let Some(loss) = recovery.loss {
        return Some(format!("{loss}; that is recorded, and what they decided did not happen"));
    }
    if recovery.unmarked {
        return Some(format!(
            "`ledger.mark` is missing or damaged, so that nothing says how far the ledger was acknowledged: if records \
             after {head} were lost, nobody would know. It is written anew with the next record"
        ));
    }
    let clean = "the last run did not end cleanly; all records up to";
    recovery.recovered.then(|| format!("{clean} {head} are here"))
}

/// Records what was lost, for those who look into the ledger. A fact: there is nothing to decide.
fn record_loss(engine: &Engine, loss: Loss) -> Result<(), Error> {
    let Loss { left, marked, root } = loss;
    let lost = weir_model::event::guard::Event::RecordsLost { left, marked, root };
    engine.0.core.run_blocking(Caller::weir().actor, None, |_, _| {
        Ok(crate::core::Decided::new(vec![lost.clone().into()], ()))
    })
}

/// Opens the space in the ledger if nobody has, and tells its first owner.
pub(crate) fn found_space(engine: &Engine, source: &Source, name: &str) -> Result<PersonId, Error> {
    if engine.read(|folds| folds.guard.space().is_none()) {
        let weir = Caller::weir();
        let owner = home::user_name(source);
        let command = weir_guard::Command::OpenSpace { name: name.to_owned(), owner };
        engine.0.core.run_blocking(weir.actor, None, |folds, ctx| {
            if folds.guard.space().is_some() {
                return Ok(crate::core::Decided::new(Vec::new(), ()));
            }
            let events = weir_guard::decide(&folds.guard, command.clone(), &weir, ctx)?;
            Ok(crate::core::Decided::new(
                events.into_iter().map(weir_model::Event::from).collect(),
                (),
            ))
        })?;
    }
    let owner = engine.read(|folds| {
        let mut people = folds.guard.people();
        people.find(|person| person.role == Role::Owner && !person.removed).map(|person| person.id)
    });
    owner.ok_or_else(|| Refusal::new("space.no_owner", "this space has no owner").into())
}

/// The token by which the command line on this machine speaks for the owner. A new one when the old is gone.
fn ensure_owner_token(engine: &Engine, home: &Home, owner: PersonId) -> Result<PathBuf, Error> {
    let path = home.private().join("owner.token");
    if let Some(text) = home.read_private(&path)?
        && engine.authenticate(text.trim()).is_ok()
    {
        return Ok(path);
    }
    let secret = Secret::draw(&*engine.0.entropy, Opens::Person)?;
    let new =
        NewToken { person: Some(owner), label: "this machine".into(), rights: None, lease: None };
    let command = crate::meet::people::token_command(engine, owner, &new, secret.hash());
    let weir = Caller::weir();
    engine.0.core.run_blocking(weir.actor, None, |folds, ctx| {
        let events = weir_guard::decide(&folds.guard, command.clone(), &weir, ctx)?;
        Ok(crate::core::Decided::new(events.into_iter().map(weir_model::Event::from).collect(), ()))
    })?;
    home.write_private(&path, secret.reveal())?;
    Ok(path)
}
