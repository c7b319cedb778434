//! Who uses a definition, and how that is known. Binding by name alone is said to be that; nothing is guessed further.

use crate::fact::{Definition, Import, Kind, Role, Use};
use crate::modules::{Manifests, Meant, folder_of};
use crate::pool::{At, Blob, BlobNo, Pool};
use crate::symbol::is_test;
use crate::tree::View;
use bstr::{BStr, ByteSlice as _};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
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
}

/// A definition that is asked about.
struct Target<'a> {
    path: &'a str,
    at: At,
    definition: &'a Definition,
    /// The type or module around it.
    container: Option<&'a str>,
}

/// How many hops an import is followed through files that pass it on.
const HOPS_MAX: usize = 6;

impl<'a> Graph<'a> {
    /// Of a view.
    pub fn new(pool: &'a Pool, view: &'a View, manifests: &'a Manifests) -> Self {
        Self { pool, view, manifests }
    }

    /// Who uses the definition `at`, which lies at `path`: what is known best first, then by path.
    pub fn users(&self, path: &BStr, at: At) -> Vec<Edge> {
        let Some(blob) = self.pool.blob(at.blob) else { return Vec::new() };
        let Some(definition) = blob.fact.definitions.get(at.nth as usize) else {
            return Vec::new();
        };
        let container = definition.within.and_then(|nth| blob.fact.definitions.get(nth as usize));
        let (path, container) = (path.to_str_lossy(), container.map(|found| found.name.as_str()));
        let target = Target { path: &path, at, definition, container };
        let mut edges = Vec::new();
        let mut known: HashMap<BlobNo, Option<Arc<Blob>>> = HashMap::new();
        for name in self.names(&target) {
            for used in self.pool.used(&name) {
                if !self.view.held().contains(used.blob) {
                    continue;
                }
                let from = known.entry(used.blob).or_insert_with(|| self.pool.blob(used.blob));
                let Some(from) = from.clone() else { continue };
                let Some(it) = from.fact.uses.get(used.nth as usize) else { continue };
                for file in self.view.paths_of(used.blob) {
                    let file = file.to_str_lossy();
                    edges.extend(self.edge(
                        &target,
                        &file,
                        &from,
                        it,
                        used,
                        name == definition.name,
                    ));
                }
            }
        }
        edges.sort_by(|a, b| (a.how, &a.path, a.line).cmp(&(b.how, &b.path, b.line)));
        edges.dedup_by(|a, b| (&a.path, a.line, &a.within) == (&b.path, b.line, &b.within));
        edges
    }

    /// The name of a definition, and what it is called where it is imported under another.
    fn names(&self, target: &Target<'_>) -> Vec<String> {
        let mut names = vec![target.definition.name.clone()];
        for alias in self.pool.aliases(&target.definition.name) {
            if !names.contains(&alias) {
                names.push(alias);
            }
        }
        names
    }

    fn edge(
        &self,
        target: &Target<'_>,
        file: &str,
        from: &Arc<Blob>,
        it: &Use,
        used: At,
        by_own_name: bool,
    ) -> Option<Edge> {
        let same_file = used.blob == target.at.blob && file == target.path;
        let definition = target.definition;
        // A definition does not use itself by being written down.
        if same_file && it.line == definition.lines.first && it.role == Role::Mention {
            return None;
        }
        let blob = self.pool.blob(target.at.blob)?;
        if from.language.is_some() && !speak_alike(from.language, blob.language) {
            return None;
        }
        let resolved = self.resolves(target, file, from, it, same_file);
        let how = match (resolved, by_own_name) {
            (true, _) => How::Import,
            (false, true) => How::Name,
            // Another name that does not lead here is another thing.
            (false, false) => return None,
        };
        if how == How::Name && self.leads_elsewhere(target, file, from, it) {
            return None;
        }
        Some(Edge {
            how,
            path: file.to_owned(),
            line: it.line,
            within: it.within.map(|nth| qualified(from, nth)),
            role: it.role,
            is_test: is_test(file),
            from: it.within.map(|nth| At { blob: used.blob, nth }),
        })
    }

    /// Whether the use leads to the target, by the scopes and imports that are written down.
    fn resolves(
        &self,
        target: &Target<'_>,
        file: &str,
        from: &Blob,
        it: &Use,
        same_file: bool,
    ) -> bool {
        let qualifier = it.qualifier.as_deref();
        let last = qualifier.map(last_part);
        let is_member =
            matches!(target.definition.kind, Kind::Method | Kind::Field | Kind::Variant);
        if is_member {
            let Some(container) = target.container else { return false };
            let own = matches!(last, Some("self" | "Self" | "this" | "cls" | "@"));
            if own {
                return same_file && container_of(from, it).is_some_and(|name| name == container);
            }
            // By its type: `Retry::next`, where `Retry` leads here.
            return last == Some(container)
                && (same_file && defines_once(from, container)
                    || self.imports_lead(target, file, from, container, qualifier));
        }
        if same_file && qualifier.is_none() {
            return defines_once(from, &target.definition.name);
        }
        if same_file && last == target.container && target.container.is_some() {
            return true;
        }
        self.imports_lead(target, file, from, &it.name, qualifier)
    }

    /// Whether `name`, with what stands before it, is brought in from the target's file.
    fn imports_lead(
        &self,
        target: &Target<'_>,
        file: &str,
        from: &Blob,
        name: &str,
        qualifier: Option<&str>,
    ) -> bool {
        let Some(language) = from.language else { return false };
        // The whole path may be written where it is used.
        if language == Language::Rust
            && let Some(path) = qualifier.filter(|path| path.contains("::") || is_rust_root(path))
            && let Some(files) = self.manifests.rust(file, path)
            && self.first(&files).is_some_and(|found| self.gives(&found, name, target, 0))
        {
            return true;
        }
        let local = qualifier.map_or(name, first_part);
        for import in &from.fact.imports {
            let called = import.alias.as_deref().or(import.name.as_deref());
            let whole = import.name.is_none();
            let called = match called {
                Some("*") => None,
                Some(called) => Some(called),
                None => Some(last_part(&import.from)),
            };
            let is_meant = match (called, qualifier) {
                (Some(called), None) => called == name && !whole,
                (Some(called), Some(_)) => called == local,
                // Everything is brought in.
                (None, None) => true,
                (None, Some(_)) => false,
            };
            if is_meant && self.import_leads(target, language, file, import, name, qualifier) {
                return true;
            }
        }
        // Files of one package need no import.
        let packaged = matches!(language, Language::Go | Language::Java | Language::Kotlin);
        packaged
            && qualifier.is_none()
            && folder_of(file) == folder_of(target.path)
            && self.defined_once_in_folder(target)
    }

    fn import_leads(
        &self,
        target: &Target<'_>,
        language: Language,
        file: &str,
        import: &Import,
        name: &str,
        qualifier: Option<&str>,
    ) -> bool {
        match self.manifests.meant(language, file, import) {
            Some(Meant::File(files)) => {
                let original = match (qualifier, import.name.as_deref()) {
                    (None, Some("*")) => name,
                    (None, Some(original)) => original,
                    (_, _) => name,
                };
                // What is named may be a module of its own: `from . import helpers`, `use crate::lane`.
                let module = import.name.as_deref().filter(|_| qualifier.is_some());
                if let Some(module) = module {
                    let longer = match language {
                        Language::Rust => format!("{}::{module}", import.from),
                        Language::Python if import.from.ends_with('.') => {
                            format!("{}{module}", import.from)
                        }
                        _ => format!("{}.{module}", import.from),
                    };
                    let longer = Import { from: longer, name: None, ..import.clone() };
                    if let Some(Meant::File(files)) = self.manifests.meant(language, file, &longer)
                        && self
                            .first(&files)
                            .is_some_and(|found| self.gives(&found, name, target, 0))
                    {
                        return true;
                    }
                }
                self.first(&files).is_some_and(|found| self.gives(&found, original, target, 0))
            }
            Some(Meant::Folder(folder)) => {
                let ours = folder_of(target.path);
                let is_it = match language {
                    Language::Go => ours == folder,
                    _ => ours == folder || ours.ends_with(&format!("/{folder}")),
                };
                is_it && self.defined_once_in_folder(target)
            }
            Some(Meant::Ending(path)) => {
                let stem = target.path.rsplit_once('.').map_or(target.path, |(stem, _)| stem);
                stem == path || stem.ends_with(&format!("/{path}"))
            }
            None => false,
        }
    }

    /// The first of these files that the view has.
    fn first(&self, files: &[String]) -> Option<String> {
        files.iter().find(|file| self.view.blob_at(BStr::new(file.as_str())).is_some()).cloned()
    }

    /// Whether `name` in `file` is the target: defined there, or passed on from where it is.
    fn gives(&self, file: &str, name: &str, target: &Target<'_>, hops: usize) -> bool {
        let is_named = name == target.definition.name || Some(name) == target.container;
        if file == target.path && is_named {
            return true;
        }
        let number = self.view.blob_at(BStr::new(file));
        let Some(blob) = number.and_then(|number| self.pool.blob(number)) else { return false };
        let Some(language) = blob.language.filter(|_| hops < HOPS_MAX) else { return false };
        // Its own comes before what it passes on.
        if blob.fact.definitions.iter().any(|found| {
            found.within.is_none() && found.name == name && found.kind != Kind::Implementation
        }) {
            return false;
        }
        let passes = |import: &&Import| import.passed_on || language == Language::Python;
        blob.fact.imports.iter().filter(passes).any(|import| {
            let called = import.alias.as_deref().or(import.name.as_deref());
            let original = match called {
                Some("*") => name,
                Some(called) if called == name => import.name.as_deref().unwrap_or(name),
                _ => return false,
            };
            match self.manifests.meant(language, file, import) {
                Some(Meant::File(files)) => self
                    .first(&files)
                    .filter(|found| found != file)
                    .is_some_and(|found| self.gives(&found, original, target, hops + 1)),
                _ => false,
            }
        })
    }

    /// Whether a use that is the same by name is known to mean something else.
    fn leads_elsewhere(&self, target: &Target<'_>, file: &str, from: &Blob, it: &Use) -> bool {
        if it.qualifier.is_some() {
            return false;
        }
        let is_member =
            matches!(target.definition.kind, Kind::Method | Kind::Field | Kind::Variant);
        // A plain name that its own file defines, or brings in from elsewhere, is that.
        let own = file != target.path
            && from
                .fact
                .definitions
                .iter()
                .any(|found| found.within.is_none() && found.name == it.name);
        let imported = from.fact.imports.iter().any(|import| {
            let called = import.alias.as_deref().or(import.name.as_deref());
            called == Some(it.name.as_str())
        });
        !is_member && (own || imported)
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

fn is_rust_root(path: &str) -> bool {
    matches!(path, "crate" | "self" | "super")
}

fn last_part(path: &str) -> &str {
    path.rsplit(['.', ':', '/']).next().unwrap_or(path)
}

fn first_part(path: &str) -> &str {
    path.split(['.', ':', '/']).next().unwrap_or(path)
}

/// The type around a use.
fn container_of<'a>(blob: &'a Blob, it: &Use) -> Option<&'a str> {
    let mut within = it.within;
    while let Some(found) = within.and_then(|nth| blob.fact.definitions.get(nth as usize)) {
        match found.kind {
            Kind::Class
            | Kind::Struct
            | Kind::Enum
            | Kind::Interface
            | Kind::Trait
            | Kind::Implementation => return Some(&found.name),
            _ => within = found.within,
        }
    }
    None
}

/// Whether a file defines a name once, so that a plain use of it there can mean nothing else. What an implementation is
/// of, it does not define.
fn defines_once(blob: &Blob, name: &str) -> bool {
    let same = |found: &&Definition| found.name == name && found.kind != Kind::Implementation;
    blob.fact.definitions.iter().filter(same).count() == 1
}

fn qualified(blob: &Arc<Blob>, nth: u32) -> String {
    crate::symbol::symbol(blob, BStr::new(""), At { blob: 0, nth })
        .map(|symbol| symbol.qualified)
        .unwrap_or_default()
}
