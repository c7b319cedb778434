//! The words of the schema: verbs, sorts of things, values.

use std::fmt;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(in crate::policy) enum $name { $($variant),* }

        impl $name {
            /// All of them.
            pub(in crate::policy) const ALL: &[Self] = &[$(Self::$variant),*];

            /// As the schema spells it.
            pub(in crate::policy) fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }
    };
}

words! {
    /// What is done: the actions of the schema.
    Verb {
        Read "read", Write "write", Delete "delete", Attributes "attributes", Link "link", Run "run",
        Fetch "fetch", Send "send", GitLook "git_look", GitRecord "git_record", GitDiscard "git_discard",
        GitRewrite "git_rewrite", GitDrop "git_drop", GitSkipHooks "git_skip_hooks",
        GitConfigure "git_configure", GitFetch "git_fetch", GitPush "git_push", Install "install",
        Call "call", Spawn "spawn", Prompt "prompt", Control "control", Opaque "opaque",
    }
}

words! {
    /// What it is done to, or by: the entity types of the schema.
    Sort {
        Session "Session", Agent "Agent", Person "Person", Client "Client", Path "Path", Folder "Folder",
        Host "Host", Domain "Domain", Program "Program", Repository "Repository", Remote "Remote",
        Setting "Setting", Manager "Manager", Tool "Tool", Server "Server", Subagent "Subagent",
        Conversation "Conversation", Control "Control", Unknown "Unknown",
    }
}

impl Verb {
    /// The group of actions that it is in.
    pub(in crate::policy) fn group(self) -> Option<&'static str> {
        match self {
            Self::Write | Self::Delete | Self::Attributes | Self::Link => Some("change"),
            Self::Fetch | Self::Send => Some("network"),
            Self::GitLook
            | Self::GitRecord
            | Self::GitDiscard
            | Self::GitRewrite
            | Self::GitDrop
            | Self::GitSkipHooks
            | Self::GitConfigure
            | Self::GitFetch
            | Self::GitPush => Some("git"),
            Self::Read
            | Self::Run
            | Self::Install
            | Self::Call
            | Self::Spawn
            | Self::Prompt
            | Self::Control
            | Self::Opaque => None,
        }
    }
}

/// Something with attributes: an entity.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::policy) struct Thing {
    pub(in crate::policy) sort: Sort,
    pub(in crate::policy) id: String,
    /// All that it is in, not only the nearest.
    pub(in crate::policy) parents: Vec<(Sort, String)>,
    pub(in crate::policy) attributes: Vec<(&'static str, Value)>,
    pub(in crate::policy) tags: Vec<(String, String)>,
}

impl Thing {
    /// One that is in nothing.
    pub(in crate::policy) fn new(
        sort: Sort,
        id: &str,
        attributes: Vec<(&'static str, Value)>,
    ) -> Self {
        Self { sort, id: id.to_owned(), parents: Vec::new(), attributes, tags: Vec::new() }
    }

    /// An attribute.
    pub(in crate::policy) fn get(&self, name: &str) -> Option<&Value> {
        self.attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

/// What an attribute is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy) enum Value {
    /// A string.
    Text(String),
    /// A boolean.
    Yes(bool),
    /// A long.
    Number(i64),
    /// A set of strings.
    Texts(Vec<String>),
}

impl Value {
    /// A string.
    pub(in crate::policy) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// A count.
    pub(in crate::policy) fn count(count: usize) -> Self {
        Self::Number(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// A number that is never negative; beyond what Cedar counts, it stays at the most.
    pub(in crate::policy) fn number(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Yes(yes) => write!(f, "{yes}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Texts(texts) => f.write_str(&texts.join(", ")),
        }
    }
}
