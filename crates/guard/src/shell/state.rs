//! What a shell knows at one point of a command: variables, folders it may be in, functions.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::marks::UNKNOWN;
use super::syntax::Node;

/// How many folders a command may be in before we say that we do not know.
const FOLDERS_MAX: usize = 4;

/// What a shell knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    /// Variables that the command set: one value, or those of an array.
    pub(super) variables: BTreeMap<String, Vec<String>>,
    /// The folders it may be in: a `cd` may have failed. None means that nobody knows.
    pub(super) folders: Vec<String>,
    /// The folder before.
    pub(super) before: Option<String>,
    /// Functions, each with the bodies that it may have.
    pub(super) functions: BTreeMap<String, Vec<Rc<Node>>>,
    /// Aliases.
    pub(super) aliases: BTreeMap<String, String>,
    /// Symbolic links that the command made: from, to.
    pub(super) links: BTreeMap<String, String>,
    /// Programs that the command copied or linked to another place: where, and which.
    pub(super) copies: BTreeMap<String, String>,
    /// Files that the command wrote, with their text when it is known.
    pub(super) texts: BTreeMap<String, Option<Rc<str>>>,
    /// `$1` and on.
    pub(super) arguments: Vec<String>,
    /// Whether nothing behind this point runs.
    pub(super) ended: bool,
}

impl State {
    pub(super) fn new(folder: &str) -> Self {
        Self {
            variables: BTreeMap::new(),
            folders: vec![folder.to_owned()],
            before: None,
            functions: BTreeMap::new(),
            aliases: BTreeMap::new(),
            links: BTreeMap::new(),
            copies: BTreeMap::new(),
            texts: BTreeMap::new(),
            arguments: Vec::new(),
            ended: false,
        }
    }

    /// The folder it is in, when there is only one that it can be.
    pub(super) fn folder(&self) -> Option<&str> {
        match &self.folders[..] {
            [folder] => Some(folder),
            _ => None,
        }
    }

    /// What holds when either happened: of what differs, nothing is known.
    #[must_use]
    pub(super) fn or(self, other: Self) -> Self {
        if self == other || other.ended {
            return self;
        }
        if self.ended {
            return other;
        }
        let mut both = self;
        for (name, value) in &other.variables {
            if both.variables.get(name) != Some(value) {
                both.variables.insert(name.clone(), vec![UNKNOWN.to_string()]);
            }
        }
        for (name, value) in &mut both.variables {
            if !other.variables.contains_key(name) {
                *value = vec![UNKNOWN.to_string()];
            }
        }
        if both.folders.is_empty() || other.folders.is_empty() {
            both.folders.clear();
        } else {
            for folder in other.folders {
                if !both.folders.contains(&folder) {
                    both.folders.push(folder);
                }
            }
            if both.folders.len() > FOLDERS_MAX {
                both.folders.clear();
            }
        }
        if both.before != other.before {
            both.before = None;
        }
        for (name, bodies) in other.functions {
            let known = both.functions.entry(name).or_default();
            for body in bodies {
                if !known.contains(&body) && known.len() < FOLDERS_MAX {
                    known.push(body);
                }
            }
        }
        both.aliases.extend(other.aliases);
        both.links.extend(other.links);
        both.copies.extend(other.copies);
        for (path, text) in other.texts {
            match both.texts.get(&path) {
                Some(known) if *known == text => {}
                _ => {
                    both.texts.insert(path, None);
                }
            }
        }
        if both.arguments != other.arguments {
            both.arguments = vec![UNKNOWN.to_string()];
        }
        both
    }
}
