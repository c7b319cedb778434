//! A repository of a few files, and an index of them.
#![allow(dead_code, reason = "each test uses a part of it")]

use bstr::BStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use weir_git::{CommitId, Trunk, inspect};
use weir_view::ask::{Asked, Budget};
use weir_view::compiled::{Compiled, Taken};
use weir_view::modules::Manifests;
use weir_view::pool::{Blob, Pool};
use weir_view::scip::Unreadable;
use weir_view::tree::{View, text_of};

pub(crate) struct Repository {
    _place: tempfile::TempDir,
    pub(crate) root: PathBuf,
    pub(crate) trunk: Trunk,
    pub(crate) pool: Pool,
}

pub(crate) fn git(dir: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.arg("-C").arg(dir).args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(arguments);
    let output = command.output().expect("git runs");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

impl Repository {
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let place = tempfile::tempdir().expect("a folder");
        let root = place.path().join("repo");
        std::fs::create_dir(&root).expect("made");
        git(&root, &["init", "-q", "-b", "main"]);
        git(&root, &["commit", "-q", "--allow-empty", "-m", "empty"]);
        let source = inspect(&root, None).expect("a repository");
        let trunk = Trunk::open_or_create(&source, &source.home(), "main").expect("a trunk");
        let repository = Self { _place: place, root, trunk, pool: Pool::default() };
        repository.commit("ann", "begin", files, &[]);
        repository
    }

    /// Writes files, removes others, and commits.
    pub(crate) fn commit(
        &self,
        author: &str,
        subject: &str,
        files: &[(&str, &str)],
        gone: &[&str],
    ) {
        for (path, text) in files {
            let path = self.root.join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        for path in gone {
            std::fs::remove_file(self.root.join(path)).expect("removed");
        }
        git(&self.root, &["add", "-A"]);
        let author = format!("--author={author} <{author}@example.org>");
        git(&self.root, &["commit", "-qm", subject, &author]);
    }

    pub(crate) fn tip(&self) -> CommitId {
        let tip: CommitId = git(&self.root, &["rev-parse", "HEAD"]).parse().expect("a commit");
        self.trunk.keep(tip).expect("kept");
        tip
    }

    pub(crate) fn ask<T>(
        &self,
        compiled: &[Arc<Compiled>],
        ask: impl FnOnce(&Asked<'_>) -> T,
    ) -> T {
        self.ask_of(&self.view(), compiled, ask)
    }

    /// The tip, as it is now.
    pub(crate) fn view(&self) -> View {
        View::of_commit(&self.pool, self.trunk.objects(), self.tip(), &|_| true).expect("seen")
    }

    pub(crate) fn ask_of<T>(
        &self,
        view: &View,
        compiled: &[Arc<Compiled>],
        ask: impl FnOnce(&Asked<'_>) -> T,
    ) -> T {
        let objects = self.trunk.objects();
        let text = |blob: &Blob| text_of(objects, blob).ok().map(Arc::<str>::from);
        let manifests = Manifests::read(view, |path: &BStr| {
            Some(text(&*self.pool.blob(view.blob_at(path)?)?)?.to_string())
        });
        let (pool, manifests) = (&self.pool, &manifests);
        ask(&Asked { pool, view, manifests, text: &text, compiled, meaning: None })
    }

    /// What an index says of the tip.
    pub(crate) fn compiled(&self, index: &[u8]) -> Result<(Compiled, Taken), Unreadable> {
        self.ask(&[], |asked| {
            let file = |path: &str| {
                let blob = asked.pool.blob(asked.view.blob_at(BStr::new(path))?)?;
                Some((blob.id, Arc::from((asked.text)(&blob)?.as_bytes())))
            };
            Compiled::read(index, "the tip", &file)
        })
    }

    /// Who uses what is called so: `path:line within how`.
    pub(crate) fn users(&self, name: &str, compiled: &[Arc<Compiled>]) -> Vec<String> {
        let answer = self.ask(compiled, |asked| asked.impact(name, Budget::new(None)));
        assert_eq!(answer.of.len(), 1, "{name}: {:?}", answer.alike);
        let shown = |used: &weir_view::answer::UsedAt| {
            let within = used.within.as_deref().unwrap_or("-");
            format!("{}:{} {within} {}", used.path, used.line, used.how)
        };
        answer.users.iter().chain(&answer.tests).map(shown).collect()
    }

    pub(crate) fn refuted(&self, name: &str, compiled: &[Arc<Compiled>]) -> u32 {
        let answer = self.ask(compiled, |asked| asked.symbol(name, Budget::new(None)));
        answer.symbols.first().and_then(|one| one.users).map_or(0, |users| users.refuted)
    }
}

/// A symbol in a document: line and columns from 0, and whether it is defined there.
pub(crate) type Place<'a> = (u32, u32, u32, &'a str, bool);

/// An index of these documents, in bytes.
pub(crate) fn index(tool: &str, documents: &[(&str, &[Place<'_>])]) -> Vec<u8> {
    let info = field(1, tool.as_bytes());
    let mut bytes = field(1, &field(2, &info));
    for (path, places) in documents {
        let mut document = field(1, path.as_bytes());
        for (line, first, end, symbol, defines) in *places {
            let mut range = Vec::new();
            [*line, *first, *end].into_iter().for_each(|number| varint(&mut range, number));
            let mut occurrence = field(1, &range);
            occurrence.extend(field(2, symbol.as_bytes()));
            occurrence.extend([3 << 3, u8::from(*defines)]);
            document.extend(field(2, &occurrence));
        }
        bytes.extend(field(2, &document));
    }
    bytes
}

fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    varint(&mut bytes, content.len() as u32);
    bytes.extend(content);
    bytes
}

fn varint(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}
