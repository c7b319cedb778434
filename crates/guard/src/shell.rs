//! What a shell command comes to: it is read by the grammar of a shell, walked through without running it, and
//! told as [`Effect`]s. Policies never see its text.
//!
//! Invariants, which `tests/threats_commands.rs` and `tests/spellings.rs` try to break: (1) another spelling of
//! an action (quotes, variables, wrappers, a shell in a shell) has the same effects; (2) what is not understood
//! (a name or a path that is known only when it runs, an option that a table does not list, code) is
//! [`Effect::Opaque`] or a run of [`RunKind::Foreign`], never nothing; (3) no input makes it panic, and time and
//! memory are bounded: by [`TEXT_MAX`], by nesting, and by the number of commands that are walked through.
//! Deliberately absent: files (they answer through [`Files`]), and any opinion about what may be done.
//!
//! Reading order: `syntax`, `reader`, `grammar` (the text); `expand`, `state`, `walk` (what it means); `path`,
//! `program` (what is named); `wrappers`, `builtins`, `code` and `tables` (what programs do).
//!
//! [`RunKind::Foreign`]: weir_model::act::RunKind

mod builtins;
mod code;
mod databases;
mod expand;
mod find;
mod git;
mod grammar;
mod hooks;
mod marks;
mod net;
mod packages;
mod path;
mod plain;
mod poison;
mod program;
mod reader;
mod scripts;
mod special;
mod state;
mod syntax;
mod tables;
mod targets;
mod verbs;
mod walk;
mod wrappers;

use weir_model::act::Effect;

/// The longest command that is read, in bytes. A program with a file in a here-document fits; what is longer is
/// one [`Effect::Opaque`].
pub const TEXT_MAX: usize = 256 * 1024;

/// Where a command is run.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The folder it starts in, absolute.
    pub cwd: &'a str,
    /// The home folder of whoever runs it, absolute.
    pub home: &'a str,
    /// The top of the work tree, absolute: programs below it are the project's.
    pub tree: &'a str,
    /// What is known of files.
    pub files: &'a dyn Files,
}

/// What the analysis wants to know of files. Every answer may be "not known".
pub trait Files {
    /// This absolute path with the symbolic links of every component that exists followed.
    fn real(&self, absolute: &str) -> String;
    /// What is there, when that is known.
    fn thing(&self, absolute: &str) -> Option<Thing>;
    /// The text of a script file, when it may be looked into.
    fn script(&self, absolute: &str) -> Option<String>;
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// Nothing.
    Nothing,
}

/// Knows nothing of any file: paths are taken as they are written.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn real(&self, absolute: &str) -> String {
        absolute.to_owned()
    }
    fn thing(&self, _: &str) -> Option<Thing> {
        None
    }
    fn script(&self, _: &str) -> Option<String> {
        None
    }
}

/// What a command comes to, in the order of its text, nothing twice.
pub fn effects(command: &str, place: &Place<'_>) -> Vec<Effect> {
    walk::Walk::over(command, place)
}

/// The simple commands in a command, for people: quoting undone, wrappers in their place, what cannot be seen
/// (control characters, invisible Unicode) escaped. A text that cannot be read is shown whole, escaped.
pub fn plainly(command: &str) -> Vec<String> {
    plain::plainly(command)
}
