//! Who uses a definition, and how that is known. Binding by name alone is said to be that; nothing is guessed further.

mod hit;
mod imports;
mod scope;
mod told;

use crate::compiled::{Compiled, Verdict};
use crate::fact::{Definition, Kind, Role, Use};
use crate::modules::{Manifests, folder_of};
use crate::pool::{At, Blob, BlobNo, Pool};
use crate::tree::View;
use bstr::{BStr, ByteSlice as _};
use hit::{Hit, Lying};
use imports::{Leads, last_part};
use roaring::RoaringBitmap;
use scope::{
    are_one, defines_once, is_bound_elsewhere, is_in_type, is_inner, is_local, is_own, is_property,
    lexical,
};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use told::Told;
use weir_grammar::Language;

/// How an edge is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// A compiler's index says so.
    Compiler,
    /// The name resolves: it is imported from there, or stands in the same scope.
    Import,
    /// The name is the same, and that is all.
    Name,
}

/// A use of a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// How it is known.
    pub how: How,
    /// The file.
    pub path: String,
    /// The line.
    pub line: u32,
    /// What it stands in: `Queue::push`; `None` at the top of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// How the name is used.
    pub role: Role,
    /// Whether the file is a test.
    pub is_test: bool,
    /// Where it stands, for who goes on from here.
    #[serde(skip)]
    pub from: Option<At>,
}

/// Answers about uses in one view. Made for a question, or kept for many.
pub struct Graph<'a> {
    pool: &'a Pool,
    view: &'a View,
    manifests: &'a Manifests,
    compiled: &'a [Arc<Compiled>],
    /// Where modules lead, by file and by what they are called there, as far as it was asked.
    modules: RefCell<HashMap<String, Modules>>,
    /// Where blobs lie, as far as it was asked.
    lying: RefCell<HashMap<BlobNo, Option<Rc<Lying<'a>>>>>,
    /// What has a name, by name and by blob, as far as it was asked.
    named: RefCell<HashMap<String, Rc<Named>>>,
}

/// Definitions of one name, by blob.
type Named = HashMap<BlobNo, Vec<u32>>;

/// Where the modules lead that a file names, by what it calls them; `None` where that is out of the repository.
type Modules = HashMap<String, Option<Rc<Leads>>>;

/// Who uses a definition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Used {
    /// The uses, those best known first, then by path.
    pub edges: Vec<Edge>,
    /// How many more have the name, of which a compiler's index says that they are uses of something else.
    pub refuted: u32,
}

/// How many uses are known, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Because a compiler's index says so.
    pub compiler: u32,
    /// Because the name resolves.
    pub import: u32,
    /// By name alone.
    pub name: u32,
    /// How many more have the name, of which a compiler's index says that they are uses of something else.
    pub refuted: u32,
}

/// A definition that is asked about.
struct Target<'a> {
    path: &'a str,
    at: At,
    blob: &'a Blob,
    definition: &'a Definition,
    /// The type or module around it.
    container: Option<&'a str>,
}

/// A use that may be one of it.
struct Using<'a> {
    from: &'a Blob,
    it: &'a Use,
    /// What its own file defines under that name.
    named: &'a [u32],
}

impl Target<'_> {
    /// Whether it is reached through a type.
    fn is_member(&self) -> bool {
        matches!(self.definition.kind, Kind::Method | Kind::Field | Kind::Variant)
    }

    /// Whether it is what its file exports by default.
    fn by_default(&self) -> bool {
        self.definition.signature.starts_with("export default")
    }

    /// What is imported to reach it: its own name, or that of its type.
    fn own_name(&self) -> Option<&str> {
        if self.is_member() { self.container } else { Some(&self.definition.name) }
    }
}

impl<'a> Graph<'a> {
    /// Of a view.
    pub fn new(pool: &'a Pool, view: &'a View, manifests: &'a Manifests) -> Self {
        Self {
            pool,
            view,
            manifests,
            compiled: &[],
            modules: RefCell::default(),
            lying: RefCell::default(),
            named: RefCell::default(),
        }
    }

    /// With what compilers' indexes say, the newest first.
    #[must_use]
    pub fn told_by(self, compiled: &'a [Arc<Compiled>]) -> Self {
        Self { compiled, ..self }
    }

    /// Who uses the definition `at`, which lies at `path`: what is known best first, then by path.
    pub fn users(&self, path: &BStr, at: At) -> Vec<Edge> {
        self.used(path, at).edges
    }

    /// The same, with how many were left out because a compiler knows better.
    pub fn used(&self, path: &BStr, at: At) -> Used {
        self.used_in(path, at, self.view.held())
    }

    /// The same of those that stand in one of these blobs.
    pub fn used_in(&self, path: &BStr, at: At, blobs: &RoaringBitmap) -> Used {
        self.used_as(path, at, blobs, How::Name)
    }

    /// How many uses the definition `at` has, which lies at `path`: a part of what it costs to tell them.
    pub fn count(&self, path: &BStr, at: At) -> Count {
        let (hits, refuted) = self.hits(path, at, self.view.held(), How::Name);
        let mut count = Count { refuted, ..Count::default() };
        for hit in hits {
            match hit.how {
                How::Compiler => count.compiler += 1,
                How::Import => count.import += 1,
                How::Name => count.name += 1,
            }
        }
        count
    }

    /// The uses that are known better than by name alone, which costs a part of what all do.
    pub fn resolved(&self, path: &BStr, at: At) -> Vec<Edge> {
        self.used_as(path, at, self.view.held(), How::Import).edges
    }

    /// The uses that stand in one of these blobs and are known at least so well.
    fn used_as(&self, path: &BStr, at: At, blobs: &RoaringBitmap, least: How) -> Used {
        let (hits, refuted) = self.hits(path, at, blobs, least);
        Used { edges: hits.iter().map(Hit::told).collect(), refuted }
    }

    /// The same as they are found, in the order in which they are told; and how many were refuted.
    fn hits(&self, path: &BStr, at: At, blobs: &RoaringBitmap, least: How) -> (Vec<Hit<'a>>, u32) {
        let Some(blob) = self.pool.blob(at.blob) else { return Default::default() };
        let Some(definition) = blob.fact.definitions.get(at.nth as usize) else {
            return Default::default();
        };
        let container = definition.within.and_then(|nth| blob.fact.definitions.get(nth as usize));
        let (path, container) = (path.to_str_lossy(), container.map(|found| found.name.as_str()));
        let target = Target { path: &path, at, blob: &blob, definition, container };
        let (mut hits, mut refuted) = (Vec::new(), 0);
        let told = Told::of(self.compiled, &blob, at.nth);
        for name in self.names(&target) {
            // Another name that does not lead here is another thing.
            let by_name = least == How::Name && name == definition.name;
            let named = self.named(&name);
            for used in self.pool.used(&name) {
                if !blobs.contains(used.blob) {
                    continue;
                }
                let Some(lying) = self.lying(used.blob) else { continue };
                let from = &lying.blob;
                let Some(it) = from.fact.uses.get(used.nth as usize) else { continue };
                let named = named.get(&used.blob).map_or(&[][..], Vec::as_slice);
                let using = Using { from, it, named };
                for (nth, file) in lying.files.iter().enumerate() {
                    let Some(how) = self.known(&target, file, &using, used, by_name) else {
                        continue;
                    };
                    let how = match told.says(from.id, it) {
                        Verdict::Confirmed => How::Compiler,
                        Verdict::Refuted => {
                            refuted += 1;
                            continue;
                        }
                        Verdict::Silent => how,
                    };
                    let (number, lying) = (used.blob, Rc::clone(&lying));
                    let (line, within, role) = (it.line, it.within, it.role);
                    hits.push(Hit { how, number, lying, file: nth, line, within, role });
                }
            }
        }
        let by_compiler = hits.iter().filter(|hit| hit.how == How::Compiler);
        let lines: HashSet<(&str, u32)> = by_compiler.map(|hit| (hit.path(), hit.line)).collect();
        let mut only_told = self.only_told(&told);
        only_told.retain(|hit| !lines.contains(&(hit.path(), hit.line)));
        hits.extend(only_told);
        hits.sort_by(|a, b| (a.how, a.path(), a.line).cmp(&(b.how, b.path(), b.line)));
        hits.dedup_by(|a, b| a.is_as(b));
        (hits, refuted)
    }

    fn named(&self, name: &str) -> Rc<Named> {
        if let Some(known) = self.named.borrow().get(name) {
            return Rc::clone(known);
        }
        let mut named = Named::new();
        for At { blob, nth } in self.pool.defined(name) {
            named.entry(blob).or_default().push(nth);
        }
        let named = Rc::new(named);
        self.named.borrow_mut().insert(name.to_owned(), Rc::clone(&named));
        named
    }

    fn lying(&self, number: BlobNo) -> Option<Rc<Lying<'a>>> {
        let lie = || {
            let files = self.view.paths_of(number).into_iter();
            let files = files.map(|file| file.to_str_lossy()).collect();
            Some(Rc::new(Lying { blob: self.pool.blob(number)?, files }))
        };
        self.lying.borrow_mut().entry(number).or_insert_with(lie).clone()
    }

    /// What a compiler knows of, whether names tell it or not.
    fn only_told(&self, told: &Told<'_>) -> Vec<Hit<'a>> {
        let mut hits = Vec::new();
        let numbered = told.uses().into_iter().flat_map(|(id, language, line)| {
            let numbers = self.pool.numbers(id, language).into_iter();
            numbers.map(move |number| (id, number, line))
        });
        for (id, number, line) in numbered.filter(|(_, no, _)| self.view.held().contains(*no)) {
            let Some(lying) = self.lying(number) else { continue };
            let blob = &lying.blob;
            let within = innermost(blob, line);
            let role = blob
                .fact
                .uses
                .iter()
                .filter(|it| it.line == line)
                .find_map(|it| (told.says(id, it) == Verdict::Confirmed).then_some(it.role));
            let role = role.unwrap_or(Role::Mention);
            hits.extend((0..lying.files.len()).map(|file| {
                let (how, lying) = (How::Compiler, Rc::clone(&lying));
                Hit { how, number, lying, file, line, within, role }
            }));
        }
        hits
    }

    /// The name of a definition, and what it is called where it is imported under another.
    fn names(&self, target: &Target<'_>) -> Vec<String> {
        let mut names = vec![target.definition.name.clone()];
        // What is exported by default is called as each who imports it likes.
        let by_default = target.by_default().then_some("default");
        let originals = [target.definition.name.as_str()].into_iter().chain(by_default);
        for alias in originals.flat_map(|original| self.pool.aliases(original)) {
            if !names.contains(&alias) {
                names.push(alias);
            }
        }
        names
    }

    /// How it is known that a use is one of the target, if it is.
    fn known(
        &self,
        target: &Target<'_>,
        file: &str,
        using: &Using<'_>,
        used: At,
        by_name: bool,
    ) -> Option<How> {
        let Using { from, it, .. } = *using;
        let same_file = used.blob == target.at.blob && file == target.path;
        let definition = target.definition;
        // A definition does not use itself by being written down.
        if same_file && it.line == definition.lines.first && it.role == Role::Mention {
            return None;
        }
        if from.language.is_some() && !speak_alike(from.language, target.blob.language) {
            return None;
        }
        let resolved = self.resolves(target, file, using, same_file);
        let how = match (resolved, by_name) {
            (true, _) => How::Import,
            (false, true) => How::Name,
            (false, false) => return None,
        };
        if how == How::Name && self.leads_elsewhere(target, file, using) {
            return None;
        }
        Some(how)
    }

    /// Whether the use leads to the target, by the scopes and imports that are written down.
    fn resolves(
        &self,
        target: &Target<'_>,
        file: &str,
        using: &Using<'_>,
        same_file: bool,
    ) -> bool {
        let Using { from, it, named } = *using;
        if is_bound_elsewhere(&from.fact, from.language, it) {
            return false;
        }
        let qualifier = it.qualifier.as_deref();
        let last = qualifier.map(last_part);
        if target.is_member() {
            let Some(container) = target.container else { return false };
            let own = matches!(last, Some("self" | "Self" | "this" | "cls" | "@"));
            if own {
                // In Rust a method is no value, and a field is not called.
                let fits = match (from.language, last, it.role, target.definition.kind) {
                    (Some(Language::Rust), Some("self"), Role::Mention, Kind::Method)
                    | (Some(Language::Rust), Some("self"), Role::Call, Kind::Field) => false,
                    (..) => true,
                };
                return fits && same_file && is_own(&from.fact, it, target.definition);
            }
            // By its type: `Retry::next`, where `Retry` leads here.
            return last == Some(container)
                && (same_file && defines_once(&from.fact, container)
                    || self.imports_lead(target, file, from, container, qualifier));
        }
        let own_name = it.name == target.definition.name;
        if qualifier.is_none() && is_property(target.definition, target.blob.language) {
            return false;
        }
        let is_plain = qualifier.is_none();
        let rust = from.language == Some(Language::Rust);
        if is_plain && rust && is_inner(&target.blob.fact, target.definition) {
            return false;
        }
        // Its own comes before what a file brings in.
        if is_plain && !same_file && lexical(&from.fact, from.language, it, named).is_some() {
            return false;
        }
        // What stands after `self.` is reached through a value.
        if rust && qualifier == Some("self") && is_in_type(&from.fact, it) {
            return false;
        }
        if same_file && qualifier.is_none() && own_name {
            return match lexical(&from.fact, from.language, it, named) {
                Some(found) => found.contains(&target.at.nth) && are_one(&found, from.language),
                None => defines_once(&from.fact, &target.definition.name),
            };
        }
        // What stands in a function is nobody else's.
        if is_local(&target.blob.fact, target.at.nth) {
            return false;
        }
        if same_file && own_name && last == target.container && target.container.is_some() {
            return true;
        }
        self.imports_lead(target, file, from, &it.name, qualifier)
    }

    /// Whether a use that is the same by name is known to mean something else.
    fn leads_elsewhere(&self, target: &Target<'_>, file: &str, using: &Using<'_>) -> bool {
        let Using { from, it, named } = *using;
        if is_bound_elsewhere(&from.fact, from.language, it) {
            return false;
        }
        if it.qualifier.is_some() {
            return !target.is_member() && is_local(&target.blob.fact, target.at.nth);
        }
        if is_property(target.definition, target.blob.language) {
            return true;
        }
        // A plain name that its own file defines, or brings in from elsewhere, is that.
        let own = match lexical(&from.fact, from.language, it, named) {
            Some(found) => file != target.path || !found.contains(&target.at.nth),
            None => is_local(&target.blob.fact, target.at.nth),
        };
        let imported = from.fact.imports.iter().any(|import| {
            let called = import.alias.as_deref().or(import.name.as_deref());
            called == Some(it.name.as_str())
        });
        !target.is_member() && (own || imported)
    }

    fn defined_once_in_folder(&self, target: &Target<'_>) -> bool {
        let folder = folder_of(target.path);
        let same = self.pool.defined(&target.definition.name).into_iter().filter(|at| {
            self.view.held().contains(at.blob)
                && self.pool.blob(at.blob).is_some_and(|blob| {
                    blob.fact.definitions.get(at.nth as usize).is_some_and(|found| {
                        found.within == target.definition.within || found.within.is_none()
                    })
                })
                && self
                    .view
                    .paths_of(at.blob)
                    .iter()
                    .any(|path| folder_of(&path.to_str_lossy()) == folder)
        });
        same.count() == 1
    }
}

/// The innermost definition around a line.
fn innermost(blob: &Blob, line: u32) -> Option<u32> {
    let all = (0..).zip(&blob.fact.definitions);
    let around = all.filter(|(_, it)| (it.lines.first..=it.lines.last).contains(&line));
    around.max_by_key(|(nth, it)| (it.lines.first, *nth)).map(|(nth, _)| nth)
}

/// Whether code of one can use what the other defines.
fn speak_alike(one: Option<Language>, other: Option<Language>) -> bool {
    let family = |language| match language {
        Language::TypeScript | Language::Tsx | Language::JavaScript => 1,
        Language::C | Language::Cpp => 2,
        Language::Java | Language::Kotlin | Language::Scala => 3,
        Language::Rust => 4,
        Language::Python => 5,
        Language::Go => 6,
        Language::CSharp => 7,
        Language::Ruby => 8,
        Language::Php => 9,
        Language::Swift => 10,
        Language::Bash => 11,
        Language::Sql => 12,
    };
    one.map(family) == other.map(family)
}
