//! Names of objects, typed by what they name: a tree can never be landed where a commit is meant.

use gix::ObjectId;
use std::fmt;
use std::str::FromStr;
use weir_model::Refusal;

macro_rules! object_id {
    ($(#[$doc:meta])* $name:ident, $code:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) ObjectId);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = Refusal;
            fn from_str(text: &str) -> Result<Self, Refusal> {
                let canonical = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                let id = ObjectId::from_hex(text.as_bytes()).ok().filter(|_| canonical);
                id.map(Self).ok_or_else(|| {
                    let sentence = concat!($what, " is named by 40 lower-case hexadecimal digits");
                    Refusal::new($code, sentence)
                })
            }
        }
    };
}

object_id!(
    /// The name of a commit.
    CommitId,
    "commit.malformed",
    "a commit"
);
object_id!(
    /// The name of a tree: the whole content of a revision, by hash.
    TreeId,
    "tree.malformed",
    "a tree"
);
object_id!(
    /// The name of the content of a file (or of the target of a symbolic link).
    BlobId,
    "blob.malformed",
    "a blob"
);

impl BlobId {
    /// How many bytes a name has.
    pub const BYTES: usize = 20;

    /// The bytes of the name.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The name that has these bytes.
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(ObjectId::from(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_is_printed_reads_back(bytes in any::<[u8; 20]>()) {
            let id = CommitId(ObjectId::from(bytes));
            prop_assert_eq!(id.to_string().parse::<CommitId>(), Ok(id));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "[0-9a-fA-F]{0,70}|.*") {
            if let Ok(id) = text.parse::<TreeId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
