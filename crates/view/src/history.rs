//! What happened to the code: which commits changed a definition or a path, who wrote them, and what changes together.
//!
//! What a commit changed never changes, so it is read once, kept by the commit's name, and shared by everybody who asks;
//! what became of the definitions of a file is kept by the pair of its blobs. An answer is given in the time it is
//! allowed, and says where it stopped.

mod parts;

use crate::answer::{Author, Envelope, HistoryAnswer, PastCommit, Together};
use crate::ask::{Asked, Budget};
use crate::fact::extract;
use crate::symbol::{alike, symbols};
use crate::touched::Touch;
use bstr::{BStr, BString, ByteSlice as _};
use parts::{Parts, between};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use weir_git::{BlobId, Commit, CommitId, Error, Objects};
use weir_grammar::Language;

/// No more commits than these are looked at, the newest first.
pub const COMMITS_MAX: usize = 2_000;
/// A commit that changes more files than these says nothing of any of them: a new format, a moved folder.
const MASS: usize = 40;
/// A longer file's definitions are not compared.
const FILE_BYTES_MAX: u64 = 2 << 20;
/// The steps and comparisons that are kept; then all are forgotten, and read again when they are asked for.
const KEPT_MAX: usize = 50_000;
/// A commit counts half as much for who knows the code when it is so much older: half a year.
const HALF_LIFE_DAYS: f64 = 182.0;
/// More places of the same name are not followed.
const PLACES_MAX: usize = 5;
/// So many authors, and so many files that change together, are told.
const TOLD: usize = 8;

/// What commits changed, as far as anybody asked.
#[derive(Debug, Default)]
pub struct History {
    steps: Mutex<HashMap<CommitId, Arc<Step>>>,
    compared: Mutex<HashMap<Pair, Touches>>,
}

/// What differs between two states of a file, by name.
type Touches = Arc<Vec<(String, Touch)>>;

/// A file before and after, and as what it was read.
type Pair = (Option<BlobId>, Option<BlobId>, Option<Language>);

/// What a commit changed.
#[derive(Debug)]
struct Step {
    /// The files; none, when there are more than say anything.
    files: Vec<Changed>,
}

#[derive(Debug)]
struct Changed {
    path: BString,
    old: Option<BlobId>,
    new: Option<BlobId>,
}

/// What is followed backwards: a path, and a definition in it.
struct Followed {
    path: BString,
    symbol: Option<String>,
}

/// Commits, newest first, and why there are no more.
struct Walked {
    commits: Vec<(Commit, Arc<Step>)>,
    cut: Option<String>,
}

/// Of a definition or a path: who wrote it, and what changes together with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// The commits that changed it, newest first.
    pub commits: Vec<PastCommit>,
    /// Who wrote it, who knows it best first.
    pub authors: Vec<Author>,
    /// Files that change when it does.
    pub together: Vec<Together>,
    /// How many commits were looked at.
    pub looked: u32,
    /// Why not all of the history was.
    pub cut: Option<String>,
}

impl History {
    /// What happened to what is called `what`, or to what lies at that path.
    ///
    /// # Errors
    /// When git cannot be read.
    pub fn ask(
        &self,
        objects: &Objects,
        asked: &Asked<'_>,
        what: &str,
        mut budget: Budget,
        is_time_up: &dyn Fn() -> bool,
    ) -> Result<HistoryAnswer, Error> {
        let of = named(asked, what);
        let past = self.past(objects, asked, what, is_time_up)?;
        let mut envelope: Envelope = asked.envelope();
        let all = past.commits.len();
        let commits: Vec<PastCommit> = past
            .commits
            .into_iter()
            .take_while(|one| budget.takes(one.subject.len() + one.path.len() + 90))
            .collect();
        envelope.cut = match (commits.len() < all, past.cut) {
            (true, _) => {
                Some(format!("{} of {all} commits are shown: ask for more tokens", commits.len()))
            }
            (false, cut) => cut,
        };
        let alike = match of.is_empty() {
            true => alike(asked.pool, asked.view, what),
            false => Vec::new(),
        };
        let of = of.into_iter().map(|one| match one.symbol {
            Some(symbol) => format!("{symbol} in {}", one.path),
            None => one.path.to_string(),
        });
        let Past { authors, together, looked, .. } = past;
        Ok(HistoryAnswer { of: of.collect(), commits, authors, together, looked, alike, envelope })
    }

    /// The same without words around it, for an answer to something else.
    ///
    /// # Errors
    /// When git cannot be read.
    pub fn past(
        &self,
        objects: &Objects,
        asked: &Asked<'_>,
        what: &str,
        is_time_up: &dyn Fn() -> bool,
    ) -> Result<Past, Error> {
        let followed = named(asked, what);
        if followed.is_empty() {
            return Ok(Past::default());
        }
        let mut walked = self.walk(objects, asked.view.commit(), is_time_up)?;
        let mut found: BTreeMap<usize, (BString, Option<Touch>)> = BTreeMap::new();
        for mut one in followed {
            for (nth, (_, step)) in walked.commits.iter().enumerate() {
                if is_time_up() {
                    let seen =
                        format!("only the newest {nth} commits were looked at, for want of time");
                    walked.cut.get_or_insert(seen);
                    break;
                }
                let place = one.path.clone();
                if let Some(touch) = self.changed(objects, step, &mut one)? {
                    found.entry(nth).or_insert((place, touch));
                }
            }
        }
        let changes: Vec<(&Commit, &Step, &BString, Option<Touch>)> = found
            .iter()
            .map(|(nth, (path, touch))| {
                let (commit, step) = &walked.commits[*nth];
                (commit, &**step, path, *touch)
            })
            .collect();
        let told =
            |(commit, _, path, touch): &(&Commit, &Step, &BString, Option<Touch>)| PastCommit {
                commit: commit.id.to_string(),
                at: commit.author.at.to_string(),
                author: commit.author.person.name.clone(),
                subject: commit.subject.clone(),
                path: path.to_string(),
                how: touch.map(|touch| touch.name().to_owned()),
            };
        Ok(Past {
            commits: changes.iter().map(told).collect(),
            authors: authors(&changes),
            together: together(&changes),
            looked: walked.commits.len() as u32,
            cut: walked.cut,
        })
    }

    /// The commits before `head`, those that join two others not among them: what they bring was changed elsewhere.
    fn walk(
        &self,
        objects: &Objects,
        head: CommitId,
        is_time_up: &dyn Fn() -> bool,
    ) -> Result<Walked, Error> {
        let listed = objects.commits(None, head, COMMITS_MAX)?;
        let mut cut =
            listed.more.then(|| format!("only the newest {COMMITS_MAX} commits were looked at"));
        let mut commits = Vec::new();
        for commit in listed.commits {
            if commit.parents.len() > 1 {
                continue;
            }
            if is_time_up() {
                let seen = commits.len();
                cut = Some(format!(
                    "only the newest {seen} commits were looked at, for want of time: ask again for more"
                ));
                break;
            }
            // Where a clone is shallow, what came before is not here.
            let Ok(step) = self.step(objects, &commit) else {
                cut = Some(format!("what came before `{}` is not in this clone", commit.id));
                break;
            };
            commits.push((commit, step));
        }
        Ok(Walked { commits, cut })
    }

    fn step(&self, objects: &Objects, commit: &Commit) -> Result<Arc<Step>, Error> {
        if let Some(step) = locked(&self.steps).get(&commit.id) {
            return Ok(Arc::clone(step));
        }
        let before = commit.parents.first().map(|parent| objects.tree(*parent)).transpose()?;
        let changes = objects.changes(before, commit.tree, MASS)?;
        let changed = |file: weir_git::ChangedPath| Changed {
            old: file.old().and_then(|side| side.blob),
            new: file.new().and_then(|side| side.blob),
            path: file.path,
        };
        let files = match changes.more {
            true => Vec::new(),
            false => changes.paths.into_iter().map(changed).collect(),
        };
        let step = Arc::new(Step { files });
        keep(&self.steps, commit.id, &step);
        Ok(step)
    }

    /// Whether a commit changed what is followed, and how; it is then followed to where it was before.
    #[expect(clippy::option_option, reason = "changed or not, and of a path it is not said how")]
    fn changed(
        &self,
        objects: &Objects,
        step: &Step,
        one: &mut Followed,
    ) -> Result<Option<Option<Touch>>, Error> {
        let below = |path: &BString| {
            path.strip_prefix(one.path.as_slice()).is_some_and(|rest| rest.starts_with(b"/"))
        };
        let Some(symbol) = one.symbol.clone() else {
            let own = step.files.iter().find(|file| file.path == one.path);
            if let Some(before) = own.and_then(|own| moved_from(step, own)) {
                one.path = before.path.clone();
                return Ok(Some(None));
            }
            let is_changed = own.is_some() || step.files.iter().any(|file| below(&file.path));
            return Ok(is_changed.then_some(None));
        };
        let Some(own) = step.files.iter().find(|file| file.path == one.path) else {
            return Ok(None);
        };
        let before = moved_from(step, own);
        let old = before.map_or(own.old, |before| before.old);
        let touches = self.compared(objects, &one.path, old, own.new)?;
        let touch = touches.iter().find(|(name, _)| *name == symbol).map(|(_, touch)| *touch);
        if let Some(before) = before {
            one.path = before.path.clone();
        } else if touch == Some(Touch::Added) {
            // It may have come from another file, in the same commit.
            for file in step.files.iter().filter(|file| file.path != one.path && file.old.is_some())
            {
                let touches = self.compared(objects, &file.path, file.old, file.new)?;
                if touches.contains(&(symbol.clone(), Touch::Removed)) {
                    one.path = file.path.clone();
                    break;
                }
            }
        }
        Ok(touch.map(Some))
    }

    fn compared(
        &self,
        objects: &Objects,
        path: &BString,
        old: Option<BlobId>,
        new: Option<BlobId>,
    ) -> Result<Arc<Vec<(String, Touch)>>, Error> {
        let language = Language::of(&path.to_str_lossy(), b"");
        let pair = (old, new, language);
        if let Some(found) = locked(&self.compared).get(&pair) {
            return Ok(Arc::clone(found));
        }
        let parts = |blob: Option<BlobId>| {
            let read = blob.map(|blob| objects.blob(blob, FILE_BYTES_MAX)).transpose()?;
            let Some(weir_git::Blob::Whole(bytes)) = read else { return Ok(Parts::default()) };
            let text = String::from_utf8_lossy(&bytes);
            Ok::<_, Error>(Parts::of(&extract(language, &bytes), language, &text))
        };
        let found = Arc::new(between(&parts(old)?, &parts(new)?));
        keep(&self.compared, pair, &found);
        Ok(found)
    }
}

/// What is meant by a name: a path, or the definitions that are called so.
fn named(asked: &Asked<'_>, what: &str) -> Vec<Followed> {
    let path = what.trim_matches('/');
    let is_path = asked.view.blob_at(BStr::new(path)).is_some()
        || (path.contains('/') && asked.view.files().any(|(file, _)| is_below(file, path)));
    if is_path {
        return vec![Followed { path: path.into(), symbol: None }];
    }
    let found = symbols(asked.pool, asked.view, what).into_iter().take(PLACES_MAX);
    let mut followed: Vec<Followed> = Vec::new();
    for one in found {
        let same = |known: &Followed| {
            known.path == one.path && known.symbol.as_deref() == Some(&*one.qualified)
        };
        if !followed.iter().any(same) {
            followed.push(Followed { path: one.path.into(), symbol: Some(one.qualified) });
        }
    }
    followed
}

fn is_below(file: &BStr, folder: &str) -> bool {
    file.strip_prefix(folder.as_bytes()).is_some_and(|rest| rest.starts_with(b"/"))
}

/// The file that a new one was before, under another name: with the same bytes, or alone with its own name.
fn moved_from<'a>(step: &'a Step, own: &Changed) -> Option<&'a Changed> {
    if own.old.is_some() {
        return None;
    }
    let gone = || step.files.iter().filter(|file| file.new.is_none() && file.old.is_some());
    let name = |path: &BString| path.rsplit_str("/").next().map(<[u8]>::to_vec);
    let mut same_name = gone().filter(|file| name(&file.path) == name(&own.path));
    let alone = same_name.next().filter(|_| same_name.next().is_none());
    gone().find(|file| file.old == own.new).or(alone)
}

/// Who wrote it: each commit counts, the more the newer it is beside the newest.
fn authors(changes: &[(&Commit, &Step, &BString, Option<Touch>)]) -> Vec<Author> {
    let Some((newest, ..)) = changes.first() else { return Vec::new() };
    let newest = newest.author.at.as_millis();
    let mut all: Vec<(String, Author, f64)> = Vec::new();
    for (commit, ..) in changes {
        let person = &commit.author.person;
        let key = match person.email.is_empty() {
            true => person.name.to_lowercase(),
            false => person.email.to_lowercase(),
        };
        let days = newest.saturating_sub(commit.author.at.as_millis()) as f64 / 86_400_000.0;
        let weight = 0.5f64.powf(days.max(0.0) / HALF_LIFE_DAYS);
        match all.iter_mut().find(|(known, ..)| *known == key) {
            Some((_, author, sum)) => {
                author.commits += 1;
                *sum += weight;
            }
            None => {
                // The newest comes first: its name is the one that the person has now.
                let (name, last) = (person.name.clone(), commit.author.at.to_string());
                all.push((key, Author { name, commits: 1, percent: 0, last }, weight));
            }
        }
    }
    let whole: f64 = all.iter().map(|(.., weight)| weight).sum();
    all.sort_by(|(_, a, one), (_, b, other)| other.total_cmp(one).then(a.name.cmp(&b.name)));
    let told = all.into_iter().take(TOLD).map(|(_, author, weight)| Author {
        percent: (weight / whole * 100.0).round() as u32,
        ..author
    });
    told.collect()
}

/// Files that changed in the same commits, more than once: once is chance.
fn together(changes: &[(&Commit, &Step, &BString, Option<Touch>)]) -> Vec<Together> {
    let mut times: BTreeMap<&BString, u32> = BTreeMap::new();
    let own: Vec<&BString> = changes.iter().map(|(.., path, _)| *path).collect();
    for (_, step, ..) in changes {
        for file in
            step.files.iter().filter(|file| file.new.is_some() && !own.contains(&&file.path))
        {
            *times.entry(&file.path).or_default() += 1;
        }
    }
    let of = changes.len() as u32;
    let mut all: Vec<_> = times.into_iter().filter(|(_, times)| *times > 1).collect();
    all.sort_by(|(one, a), (other, b)| b.cmp(a).then(one.cmp(other)));
    let told = all.into_iter().take(TOLD);
    told.map(|(path, times)| Together { path: path.to_string(), times, of }).collect()
}

fn locked<T>(map: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Whoever broke off left nothing half done.
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep<K: std::hash::Hash + Eq, V>(map: &Mutex<HashMap<K, Arc<V>>>, key: K, value: &Arc<V>) {
    let mut map = locked(map);
    if map.len() >= KEPT_MAX {
        map.clear();
    }
    map.insert(key, Arc::clone(value));
}
