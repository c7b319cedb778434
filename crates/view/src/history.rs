//! What happened to the code: which commits changed a definition or a path, who wrote them, and what changes together.
//!
//! What a commit changed never changes, so it is read once, kept by the commit's name, and shared by everybody who asks;
//! what became of the definitions of a file is kept by the pair of its blobs. An answer is given in the time it is
//! allowed, or of what was read before alone, and says where it stopped.

mod line;
mod parts;

use crate::answer::{Author, Envelope, HistoryAnswer, PastCommit, Together};
use crate::ask::{Asked, Budget};
use crate::fact::extract;
use crate::symbol::{alike, symbols};
use crate::touched::Touch;
use bstr::{BStr, BString, ByteSlice as _};
use line::Line;
use parts::{Parts, between};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
/// The heads whose commits are kept, the last that was asked for first: the tip, and what worktrees stand on.
const LINES_MAX: usize = 16;
/// More places of the same name are not followed.
const PLACES_MAX: usize = 5;
/// So many authors, and so many files that change together, are told.
const TOLD: usize = 8;

/// What commits changed, as far as anybody asked.
#[derive(Debug, Default)]
pub struct History {
    /// The commits before a head, where all of them were read.
    lines: Mutex<Vec<(CommitId, Arc<Line>)>>,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    path: BString,
    symbol: Option<String>,
}

/// From where history is had.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// What was not read before is read from git, until the time is up.
    Git(&'a Objects, &'a dyn Fn() -> bool),
    /// Only what was read before: nobody waits.
    Kept,
}

/// That something was not read before, and is not read now.
struct Unread;

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
    /// Whether there is more that was only not read yet.
    pub is_unread: bool,
}

/// Of which nothing was read yet.
const NOT_READ: &str = "it is being read: ask again for authors and for what changes together";

impl History {
    /// What happened to what is called `what`, or to what lies at that path.
    ///
    /// # Errors
    /// When git cannot be read.
    pub fn ask(
        &self,
        source: Source<'_>,
        asked: &Asked<'_>,
        what: &str,
        mut budget: Budget,
    ) -> Result<HistoryAnswer, Error> {
        let of = followed(asked, what);
        let past = self.past(source, asked.view.commit(), &of)?;
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

    /// What happened before `head` to what is followed, without words around it.
    ///
    /// # Errors
    /// When git cannot be read.
    pub fn past(
        &self,
        source: Source<'_>,
        head: CommitId,
        followed: &[Followed],
    ) -> Result<Past, Error> {
        if followed.is_empty() {
            return Ok(Past::default());
        }
        let Ok(line) = self.line(source, head)? else {
            let cut = Some(NOT_READ.to_owned());
            return Ok(Past { cut, is_unread: true, ..Past::default() });
        };
        let mut stopped: Option<u32> = None;
        let mut found: BTreeMap<u32, (BString, Option<Touch>)> = BTreeMap::new();
        for mut one in followed.iter().cloned() {
            let mut next = 0;
            while let Some((nth, (_, step))) =
                line.next(&one.path, next).and_then(|nth| Some((nth, line.get(nth)?)))
            {
                let place = one.path.clone();
                let touch = match source.is_time_up() {
                    true => Err(Unread),
                    false => self.changed(source, step, &mut one)?,
                };
                match touch {
                    Ok(touch) => {
                        if let Some(touch) = touch {
                            found.entry(nth).or_insert((place, touch));
                        }
                    }
                    Err(Unread) => {
                        stopped = Some(stopped.map_or(nth, |was| was.min(nth)));
                        break;
                    }
                }
                next = nth + 1;
            }
        }
        let changes: Vec<Change<'_>> = found
            .iter()
            .filter_map(|(nth, (path, touch))| {
                let (commit, step) = line.get(*nth)?;
                Some((commit, step, path, *touch))
            })
            .collect();
        let told = |(commit, _, path, touch): &Change<'_>| PastCommit {
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
            looked: line.len() as u32,
            // What was left unread comes first: who asks again is told more.
            cut: stopped.map(|nth| source.stopped_at(nth)).or_else(|| line.cut.clone()),
            is_unread: line.is_part || stopped.is_some(),
        })
    }

    /// Files that change when one of these does, before `head`, and are not among them.
    ///
    /// # Errors
    /// When git cannot be read.
    pub fn together(
        &self,
        source: Source<'_>,
        head: CommitId,
        paths: &BTreeSet<String>,
    ) -> Result<Past, Error> {
        let Ok(line) = self.line(source, head)? else {
            let cut = Some(NOT_READ.to_owned());
            return Ok(Past { cut, is_unread: true, ..Past::default() });
        };
        let own = |path: &BString| paths.contains(&*path.to_str_lossy());
        let changing = line.changing(paths.iter().map(String::as_str));
        let steps = changing.iter().filter_map(|nth| Some(line.get(*nth)?.1));
        let together = counted(steps, changing.len(), own);
        let looked = line.len() as u32;
        let (cut, is_unread) = (line.cut.clone(), line.is_part);
        Ok(Past { together, looked, cut, is_unread, ..Past::default() })
    }

    /// The commits before `head`.
    fn line(&self, source: Source<'_>, head: CommitId) -> Result<Result<Arc<Line>, Unread>, Error> {
        if let Some(line) = self.kept_line(head) {
            return Ok(Ok(line));
        }
        let Source::Git(objects, is_time_up) = source else { return Ok(Err(Unread)) };
        let listed = objects.commits(None, head, COMMITS_MAX)?;
        let mut cut =
            listed.more.then(|| format!("only the newest {COMMITS_MAX} commits were looked at"));
        let (mut commits, mut is_late) = (Vec::new(), false);
        for commit in listed.commits {
            if commit.parents.len() > 1 {
                continue;
            }
            if is_time_up() {
                (cut, is_late) = (Some(source.stopped_at(commits.len() as u32)), true);
                break;
            }
            // Where a clone is shallow, what came before is not here.
            let Ok(step) = self.step(objects, &commit) else {
                cut = Some(format!("what came before `{}` is not in this clone", commit.id));
                break;
            };
            commits.push((commit, step));
        }
        let line = Arc::new(Line::of(commits, cut, is_late));
        if !is_late {
            let mut lines = self.lines();
            lines.retain(|(known, _)| *known != head);
            lines.truncate(LINES_MAX - 1);
            lines.insert(0, (head, Arc::clone(&line)));
        }
        Ok(Ok(line))
    }

    fn kept_line(&self, head: CommitId) -> Option<Arc<Line>> {
        let mut lines = self.lines();
        let place = lines.iter().position(|(known, _)| *known == head)?;
        lines[..=place].rotate_right(1);
        lines.first().map(|(_, line)| Arc::clone(line))
    }

    fn lines(&self) -> MutexGuard<'_, Vec<(CommitId, Arc<Line>)>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
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
        source: Source<'_>,
        step: &Step,
        one: &mut Followed,
    ) -> Result<Result<Option<Option<Touch>>, Unread>, Error> {
        let own = step.files.iter().find(|file| file.path == one.path);
        let Some(symbol) = one.symbol.clone() else {
            if let Some(before) = own.and_then(|own| moved_from(step, own)) {
                one.path = before.path.clone();
            }
            return Ok(Ok(Some(None)));
        };
        let Some(own) = own else { return Ok(Ok(None)) };
        let before = moved_from(step, own);
        let old = before.map_or(own.old, |before| before.old);
        let Ok(touches) = self.compared(source, &one.path, old, own.new)? else {
            return Ok(Err(Unread));
        };
        let touch = touches.iter().find(|(name, _)| *name == symbol).map(|(_, touch)| *touch);
        if let Some(before) = before {
            one.path = before.path.clone();
        } else if touch == Some(Touch::Added) {
            // It may have come from another file, in the same commit.
            for file in step.files.iter().filter(|file| file.path != one.path && file.old.is_some())
            {
                let Ok(touches) = self.compared(source, &file.path, file.old, file.new)? else {
                    return Ok(Err(Unread));
                };
                if touches.contains(&(symbol.clone(), Touch::Removed)) {
                    one.path = file.path.clone();
                    break;
                }
            }
        }
        Ok(Ok(touch.map(Some)))
    }

    fn compared(
        &self,
        source: Source<'_>,
        path: &BString,
        old: Option<BlobId>,
        new: Option<BlobId>,
    ) -> Result<Result<Touches, Unread>, Error> {
        let language = Language::of(&path.to_str_lossy(), b"");
        let pair = (old, new, language);
        if let Some(found) = locked(&self.compared).get(&pair) {
            return Ok(Ok(Arc::clone(found)));
        }
        let Source::Git(objects, _) = source else { return Ok(Err(Unread)) };
        let parts = |blob: Option<BlobId>| {
            let read = blob.map(|blob| objects.blob(blob, FILE_BYTES_MAX)).transpose()?;
            let Some(weir_git::Blob::Whole(bytes)) = read else { return Ok(Parts::default()) };
            let text = String::from_utf8_lossy(&bytes);
            Ok::<_, Error>(Parts::of(&extract(language, &bytes), language, &text))
        };
        let found = Arc::new(between(&parts(old)?, &parts(new)?));
        keep(&self.compared, pair, &found);
        Ok(Ok(found))
    }
}

impl Source<'_> {
    fn is_time_up(self) -> bool {
        match self {
            Self::Git(_, is_time_up) => is_time_up(),
            Self::Kept => false,
        }
    }

    /// Why no more than so many commits were looked at.
    fn stopped_at(self, seen: u32) -> String {
        let why = match self {
            Self::Git(..) => "for want of time: ask again for more",
            Self::Kept => "the others are being read: ask again for more",
        };
        format!("only the newest {seen} commits were looked at, {why}")
    }
}

/// What is meant by a name: a path, or the definitions that are called so.
pub fn followed(asked: &Asked<'_>, what: &str) -> Vec<Followed> {
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

/// A commit that changed something, where that was then, and how a definition was changed.
type Change<'a> = (&'a Commit, &'a Step, &'a BString, Option<Touch>);

/// Who wrote it: each commit counts, the more the newer it is beside the newest.
fn authors(changes: &[Change<'_>]) -> Vec<Author> {
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

/// Files that changed in the same commits.
fn together(changes: &[Change<'_>]) -> Vec<Together> {
    let own: Vec<&BString> = changes.iter().map(|(.., path, _)| *path).collect();
    let steps = changes.iter().map(|(_, step, ..)| *step);
    counted(steps, changes.len(), |path| own.contains(&path))
}

/// The files that so many commits changed more than once, for once is chance; those that are `own` not among them.
fn counted<'a>(
    steps: impl Iterator<Item = &'a Step>,
    of: usize,
    own: impl Fn(&BString) -> bool,
) -> Vec<Together> {
    let mut times: BTreeMap<&BString, u32> = BTreeMap::new();
    for file in steps.flat_map(|step| &step.files) {
        if file.new.is_some() && !own(&file.path) {
            *times.entry(&file.path).or_default() += 1;
        }
    }
    let mut all: Vec<_> = times.into_iter().filter(|(_, times)| *times > 1).collect();
    all.sort_by(|(one, a), (other, b)| b.cmp(a).then(one.cmp(other)));
    let told = all.into_iter().take(TOLD);
    let of = of as u32;
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
