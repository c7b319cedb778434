//! What the engine's own tests share: a space on a real repository, whose ledger is kept in memory and whose clock
//! is turned by hand. Nothing runs behind it, so that a test decides what happens when.

mod store;

pub(crate) use store::MemoryStore;

use crate::core::Core;
use crate::space::{found_space, replay};
use crate::{Caller, Engine, Error, Folds, Inner, NewSession, NewTask, SystemEntropy};
use std::sync::{Arc, Mutex, RwLock};
use tempfile::TempDir;
use weir_git::{CommitId, Trunk};
use weir_ledger::{Ledger, Signer, Store};
use weir_model::event::guard::Right;
use weir_model::{Actor, Lease, PathSet, PersonId, SessionId, TaskId, Timestamp};
use weir_testkit::{Repository, TurnedClock};

/// A space for a test.
pub(crate) struct Field {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<TurnedClock>,
    pub(crate) owner: Caller,
    pub(crate) repository: Repository,
    folder: TempDir,
}

impl Field {
    /// A new space in `store`, in which nothing has happened yet.
    pub(crate) fn on(store: impl Store) -> Self {
        Self::with(store, "[[check]]\nname = \"test\"\nrun = \"true\"\n")
    }

    /// The same, with rules of its own.
    pub(crate) fn with(store: impl Store, rules: &str) -> Self {
        let repository = Repository::with(&[("README.md", "a field\n"), ("weir.toml", rules)]);
        let folder = tempfile::tempdir().expect("a folder");
        Signer::create(&folder.path().join("key"), "weir/field").expect("a key");
        let clock = Arc::new(TurnedClock::at(Timestamp::from_millis(1_790_000_000_000)));
        Self::open(repository, folder, clock, store)
    }

    /// The space as another process finds it: from its store and its folder alone.
    pub(crate) fn restart(self, store: impl Store) -> Self {
        let Self { engine, clock, owner: _, repository, folder } = self;
        drop(engine);
        Self::open(repository, folder, clock, store)
    }

    fn open(
        repository: Repository,
        folder: TempDir,
        clock: Arc<TurnedClock>,
        store: impl Store,
    ) -> Self {
        let source = weir_git::inspect(repository.path(), Some("main")).expect("a repository");
        let trunk = Trunk::open_or_create(&source, folder.path(), "main").expect("a trunk");
        let signer = Signer::load(&folder.path().join("key")).expect("a key");
        let (ledger, _) = Ledger::open(Box::new(store), signer).expect("a ledger");
        let standing = replay(&ledger, &mut Vec::new()).expect("it can be read");
        let core = Core::new(ledger, Arc::clone(&clock) as _, standing);
        let engine = Engine(Arc::new(Inner {
            core: Arc::new(core),
            trunk,
            entropy: Arc::new(SystemEntropy),
            rules: RwLock::default(),
            rules_at: Mutex::default(),
            trees: folder.path().join("trees"),
            remote: RwLock::default(),
            policies: crate::policies::Policies::new(None).expect("those that Weir ships"),
            tools: crate::tools::Tools::new(folder.path().to_owned()),
            looks: crate::meet::acts::Looks::default(),
            mounts: crate::meet::acts::Mounts::default(),
            seeing: crate::meet::view::Seeing::new(None, None),
            leaves: crate::meet::acts::Leaves::default(),
            proving: Mutex::default(),
            outlook: crate::outlook::Known::default(),
            tests: Mutex::default(),
        }));
        let owner = person(found_space(&engine, &source, "field").expect("opened"));
        Self { engine, clock, owner, repository, folder }
    }

    /// A commit on the tip of the trunk that no ref of the trunk knows.
    pub(crate) fn commit(&self, path: &str, text: &str) -> CommitId {
        let trunk = self.engine.trunk().dir().display().to_string();
        self.repository.git(&["fetch", "-q", &trunk, "refs/heads/main"]);
        self.repository.git(&["checkout", "-q", "--detach", "FETCH_HEAD"]);
        self.repository.commit(path, &[(path, text)]).parse().expect("a commit")
    }

    /// A session of the owner's.
    pub(crate) async fn session(&self) -> Caller {
        self.session_of(&self.owner, Lease::minutes(8 * 60)).await.expect("opened")
    }

    pub(crate) async fn session_of(&self, by: &Caller, length: Lease) -> Result<Caller, Error> {
        let length = Some(length);
        let new = NewSession { agent: "agent".into(), paths: None, length };
        Ok(agent(self.engine.open_session(by, new).await?.session))
    }

    pub(crate) async fn task(&self, title: &str) -> Result<TaskId, Error> {
        self.engine.create_task(&self.owner, task(title)).await
    }

    /// What the ledger alone says.
    pub(crate) fn replayed(&self) -> Folds {
        replay(self.engine.ledger(), &mut Vec::new()).expect("it can be read").folds
    }
}

pub(crate) fn task(title: &str) -> NewTask {
    let (text, after, key) = (String::new(), vec![], None);
    NewTask { title: title.into(), text, paths: PathSet::everything(), after, key }
}

pub(crate) fn person(person: PersonId) -> Caller {
    let rights = [Right::Read, Right::Task, Right::Claim, Right::Approve, Right::Admin];
    Caller { actor: Actor::Person(person), rights: rights.into(), token: None }
}

pub(crate) fn agent(session: SessionId) -> Caller {
    let rights = [Right::Read, Right::Claim];
    Caller { actor: Actor::Session(session), rights: rights.into(), token: None }
}

/// The code of a refusal; a failure is told as what it is.
pub(crate) fn code<T>(result: &Result<T, Error>) -> String {
    match result {
        Ok(_) => "ok".into(),
        Err(Error::Refused(refusal)) => refusal.code.to_string(),
        Err(Error::Failed(failure)) => format!("failed: {failure}"),
    }
}
