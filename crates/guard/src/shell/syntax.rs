//! The shape of a shell command, as the grammar reads it and before anything is expanded.

use std::cell::OnceCell;
use std::rc::Rc;

/// A word: the pieces that stand beside each other without a blank.
pub(super) type Word = Vec<Part>;

/// A piece of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Text outside of quotes: braces, tildes and patterns in it are alive.
    Bare(String),
    /// Text in quotes, or behind a backslash.
    Quoted(String),
    /// Between double quotes.
    Double(Vec<Part>),
    /// `$name`, `${name...}`.
    Parameter(Box<Parameter>),
    /// `$(...)` and backticks.
    Command(Box<Node>),
    /// `$((...))`: what stands in it.
    Arithmetic(Vec<Part>),
    /// `<(...)`, or `>(...)`.
    Process {
        /// What runs at its other end.
        body: Box<Node>,
    },
}

/// A parameter and what is done to its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameter {
    /// The name: of a variable, a number, or one of `@*#?$!-`.
    pub(super) name: String,
    /// Between brackets, as in `${a[0]}`.
    pub(super) index: Option<Word>,
    /// What happens to it.
    pub(super) change: Change,
}

/// What `${name...}` does to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    None,
    /// `${#name}`: its length.
    Length,
    /// `${!name}`: the value of the variable that it names.
    Indirect,
    /// `:-`, `-`: another value when there is none; and `:=`, `=`, which also keep it.
    Default {
        /// The other value.
        word: Word,
        /// Whether the variable keeps it.
        keeps: bool,
    },
    /// `:+`, `+`: another value when there is one.
    Alternative(Word),
    /// `:start:length` with plain numbers.
    Slice {
        /// Where it begins.
        start: usize,
        /// How long it is.
        length: Option<usize>,
    },
    /// Anything else; the words in it are still read, for what they run.
    Other(Word),
}

/// A command of any shape, with its redirections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// What it is.
    pub(super) kind: Kind,
    /// Where its input and output go.
    pub(super) redirects: Vec<Redirect>,
}

/// The shapes of commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Assignments and words.
    Simple {
        /// Before the words.
        assigns: Vec<Assign>,
        /// The program and its arguments.
        words: Vec<Word>,
    },
    /// `a | b`.
    Pipeline(Vec<Node>),
    /// `a && b || c`: each with what joins it to the one before it.
    AndOr(Vec<(Join, Node)>),
    /// `a; b & c`.
    List(Vec<Node>),
    /// `( ... )`.
    Subshell(Box<Node>),
    /// `{ ...; }`.
    Group(Box<Node>),
    /// `if`: conditions and branches in their order, the `else` last.
    If {
        /// What is asked, and what follows.
        arms: Vec<(Node, Node)>,
        /// The branch when nothing held.
        otherwise: Option<Box<Node>>,
    },
    /// `while` and `until`.
    While {
        /// What is asked before each round.
        condition: Box<Node>,
        /// The round.
        body: Box<Node>,
    },
    /// `for` and `select`; without words, over the positional parameters.
    For {
        /// The variable.
        name: String,
        /// What it goes over.
        words: Option<Vec<Word>>,
        /// The round.
        body: Box<Node>,
    },
    /// `for ((...))`: the arithmetic, and the round.
    Count(Vec<Part>, Box<Node>),
    /// `case`: the word, and for each arm its patterns and its body.
    Case(Word, Vec<(Vec<Word>, Node)>),
    /// `name() ...`.
    Function(String, Rc<Node>),
    /// `[[ ... ]]`: its words.
    Test(Vec<Word>),
    /// `((...))`.
    Arithmetic(Vec<Part>),
}

/// What joins a command to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    /// Nothing does: it is the first.
    First,
    /// It runs when the one before succeeded.
    And,
    /// It runs when the one before failed.
    Or,
}

/// `name=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assign {
    /// The variable.
    pub(super) name: String,
    /// Between brackets.
    pub(super) index: Option<Word>,
    /// Whether it is `+=`.
    pub(super) appends: bool,
    /// The value: one word, or those of an array.
    pub(super) value: Value,
}

/// What is assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A word, not split.
    One(Word),
    /// `( ... )`.
    Many(Vec<Word>),
}

/// A redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redirect {
    /// The descriptor that is written before it.
    pub(super) descriptor: Option<u32>,
    /// What it does.
    pub(super) how: How,
    /// A file, a descriptor, or the text itself.
    pub(super) target: Word,
    /// The body of a here-document, once it was read.
    pub(super) body: Option<Rc<OnceCell<Word>>>,
}

/// What a redirection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// `<`.
    Read,
    /// `>`, `>>`, `>|`, `&>`, `&>>`, and `>&` with a file.
    Write,
    /// `<>`.
    Both,
    /// `<&`, `>&` with a descriptor.
    Copy,
    /// `<<<`: the target is the text.
    Text,
    /// `<<`, `<<-`: the body is the text.
    Body,
}
