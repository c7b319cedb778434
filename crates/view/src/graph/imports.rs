//! Where an import leads: through modules, files that pass it on, and at last a type, to the definition that is asked about.

use super::{Graph, Target};
use crate::fact::{Import, Kind};
use crate::modules::{Meant, folder_of};
use crate::pool::Blob;
use bstr::BStr;
use std::rc::Rc;
use weir_grammar::Language;

/// Where a module leads in one view.
#[derive(Debug)]
pub(super) enum Leads {
    /// To the first of the files that it may be which the view has, if it has any.
    File(Option<String>),
    /// To all files of a folder.
    Folder(String),
    /// To a file whose path ends so.
    Ending(String),
}

/// How many hops an import is followed through files that pass it on.
const HOPS_MAX: usize = 6;

impl Graph<'_> {
    /// Whether `name`, with what stands before it, is brought in from the target's file.
    pub(super) fn imports_lead(
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
            && self.leads_to(language, file, path, name, target)
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
                None if language == Language::Python => Some(first_part(&import.from)),
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
        let by_dots = matches!(
            language,
            Language::Python | Language::TypeScript | Language::Tsx | Language::JavaScript
        );
        match self.meant(language, file, import).as_deref() {
            Some(Leads::File(found)) => {
                if let Some(path) = qualifier.filter(|_| by_dots) {
                    return self.leads_by(target, language, file, import, name, path);
                }
                let original = match (qualifier, import.name.as_deref()) {
                    (None, Some("*")) => name,
                    (None, Some(original)) => original,
                    (_, _) => name,
                };
                // What is named may be a module of its own: `use crate::lane`.
                if let Some(module) = import.name.as_deref().filter(|_| qualifier.is_some()) {
                    let from = format!("{}::{module}", import.from);
                    if self.leads_to(language, file, &from, name, target) {
                        return true;
                    }
                }
                // What a file exports by default is most often called by its own name.
                if original == "default" && Some(name) == target.own_name() {
                    return found.as_deref() == Some(target.path)
                        || self.gives_any(found.as_deref(), original, target);
                }
                self.gives_any(found.as_deref(), original, target)
            }
            Some(Leads::Folder(folder)) => {
                let ours = folder_of(target.path);
                let is_it = match language {
                    Language::Go => ours == folder,
                    _ => ours == folder || ours.ends_with(&format!("/{folder}")),
                };
                is_it && self.defined_once_in_folder(target)
            }
            Some(Leads::Ending(path)) => {
                let stem = target.path.rsplit_once('.').map_or(target.path, |(stem, _)| stem);
                stem == path || stem.ends_with(&format!("/{path}"))
            }
            None => false,
        }
    }

    /// Whether an import, and the names with dots before a use, lead to the target: through modules, and at last through
    /// its type.
    fn leads_by(
        &self,
        target: &Target<'_>,
        language: Language,
        file: &str,
        import: &Import,
        name: &str,
        path: &str,
    ) -> bool {
        let mut parts: Vec<&str> = path.split('.').collect();
        if language == Language::Python && import.name.is_none() && import.alias.is_none() {
            // `import a.b` is written out where it is used.
            let whole: Vec<&str> = import.from.split('.').collect();
            if !parts.starts_with(&whole) {
                return false;
            }
            parts.drain(..whole.len());
        } else {
            parts.remove(0);
        }
        if target.is_member() {
            match parts.pop() {
                Some(last) if last == name => {}
                Some(_) => return false,
                // What is imported is its type.
                None => {
                    let Some(original) = import.name.as_deref() else { return false };
                    return match self.meant(language, file, import).as_deref() {
                        Some(Leads::File(found)) => {
                            self.gives_any(found.as_deref(), original, target)
                        }
                        Some(Leads::Folder(_) | Leads::Ending(_)) | None => false,
                    };
                }
            }
        }
        let modules = import.name.as_deref().into_iter().chain(parts);
        let mut from = import.from.clone();
        for module in modules {
            if language != Language::Python {
                return false;
            }
            if !from.ends_with('.') {
                from.push('.');
            }
            from.push_str(module);
        }
        self.leads_to(language, file, &from, name, target)
    }

    /// Whether `name` in the module that is called so in a file is the target.
    fn leads_to(
        &self,
        language: Language,
        file: &str,
        module: &str,
        name: &str,
        target: &Target<'_>,
    ) -> bool {
        match self.module(language, file, module).as_deref() {
            Some(Leads::File(found)) => self.gives_any(found.as_deref(), name, target),
            Some(Leads::Folder(_) | Leads::Ending(_)) | None => false,
        }
    }

    /// Whether `name` in a file, if there is one, is the target.
    fn gives_any(&self, file: Option<&str>, name: &str, target: &Target<'_>) -> bool {
        file.is_some_and(|file| self.gives(file, name, target, 0))
    }

    /// What an import means in this view.
    fn meant(&self, language: Language, file: &str, import: &Import) -> Option<Rc<Leads>> {
        match language {
            // A class: what is imported belongs to its path.
            Language::Java | Language::Kotlin | Language::Scala => {
                let meant = self.manifests.meant(language, file, import)?;
                Some(Rc::new(self.leads(meant)))
            }
            _ => self.module(language, file, &import.from),
        }
    }

    /// What the module that is called so in a file means in this view: asked for every use, and found out once.
    fn module(&self, language: Language, file: &str, from: &str) -> Option<Rc<Leads>> {
        if let Some(known) = self.modules.borrow().get(file).and_then(|all| all.get(from)) {
            return known.clone();
        }
        let import =
            Import { from: from.to_owned(), name: None, alias: None, passed_on: false, line: 0 };
        let meant = self.manifests.meant(language, file, &import);
        let leads = meant.map(|meant| Rc::new(self.leads(meant)));
        let mut modules = self.modules.borrow_mut();
        modules.entry(file.to_owned()).or_default().insert(from.to_owned(), leads.clone());
        leads
    }

    fn leads(&self, meant: Meant) -> Leads {
        match meant {
            Meant::File(files) => {
                let is_there =
                    |file: &String| self.view.blob_at(BStr::new(file.as_str())).is_some();
                Leads::File(files.into_iter().find(is_there))
            }
            Meant::Folder(folder) => Leads::Folder(folder),
            Meant::Ending(path) => Leads::Ending(path),
        }
    }

    /// Whether `name` in `file` is the target: defined there, or passed on from where it is.
    fn gives(&self, file: &str, name: &str, target: &Target<'_>, hops: usize) -> bool {
        let by_default = name == "default" && target.by_default();
        let is_named =
            by_default || name == target.definition.name || Some(name) == target.container;
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
            match self.meant(language, file, import).as_deref() {
                Some(Leads::File(found)) => found
                    .as_deref()
                    .filter(|found| *found != file)
                    .is_some_and(|found| self.gives(found, original, target, hops + 1)),
                Some(Leads::Folder(_) | Leads::Ending(_)) | None => false,
            }
        })
    }
}

fn is_rust_root(path: &str) -> bool {
    matches!(path, "crate" | "self" | "super")
}

pub(super) fn last_part(path: &str) -> &str {
    path.rsplit(['.', ':', '/']).next().unwrap_or(path)
}

fn first_part(path: &str) -> &str {
    path.split(['.', ':', '/']).next().unwrap_or(path)
}
