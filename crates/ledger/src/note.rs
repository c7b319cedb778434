//! Signed notes: text under an Ed25519 signature, in the C2SP form (<https://c2sp.org/signed-note>).
//!
//! Any tool that reads transparency logs can check them. A note is taken only in its one exact spelling:
//! text, an empty line, one signature line. So no byte of it can change unseen.

use crate::signer::VerifierKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signature;

/// What stands before the name in a signature line.
const DASH: &str = "\u{2014} ";

/// Why a note does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is not text, an empty line and one signature line.
    #[error("it is not a signed note")]
    Malformed,
    /// It is signed by another key.
    #[error("it is signed by `{found}`, not by the key `{expected}`")]
    OtherKey {
        /// The key we hold, as `name+id`.
        expected: String,
        /// The key it names, as `name+id`.
        found: String,
    },
    /// The signature does not fit the text.
    #[error("its signature does not fit its text")]
    BadSignature,
}

/// The note over `text`, given its signature.
pub(crate) fn write(text: &str, key: &VerifierKey, signature: &Signature) -> String {
    let mut signed = key.id().to_vec();
    signed.extend_from_slice(&signature.to_bytes());
    format!("{text}\n{DASH}{} {}\n", key.name(), STANDARD.encode(signed))
}

/// The text of `note`, if `key` signed exactly that.
///
/// # Errors
/// When it is not a note, or signed by another key, or changed since.
pub fn open<'a>(note: &'a str, key: &VerifierKey) -> Result<&'a str, NoteError> {
    let (text, line) = note.rsplit_once("\n\n").ok_or(NoteError::Malformed)?;
    let text = &note[..=text.len()]; // With the newline that ends its last line.
    let line = line.strip_prefix(DASH).and_then(|line| line.strip_suffix('\n'));
    let (name, signed) = line.and_then(|line| line.split_once(' ')).ok_or(NoteError::Malformed)?;
    let signed = STANDARD.decode(signed).map_err(|_| NoteError::Malformed)?;
    let (id, signature) = signed.split_first_chunk::<4>().ok_or(NoteError::Malformed)?;
    let signature = <&[u8; 64]>::try_from(signature).map_err(|_| NoteError::Malformed)?;
    if name != key.name() || *id != key.id() {
        let found = format!("{name}+{:08x}", u32::from_be_bytes(*id));
        return Err(NoteError::OtherKey { expected: key.short(), found });
    }
    let fits = key.verifies(text.as_bytes(), &Signature::from_bytes(signature));
    if fits { Ok(text) } else { Err(NoteError::BadSignature) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signer::Signer;
    use proptest::prelude::*;

    /// The example that the documentation of Go's `golang.org/x/mod/sumdb/note` publishes.
    const SKEY: &str =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                        then you don't know what your problem is.\n";
    const LINE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn notes_are_those_of_other_implementations() {
        let signer: Signer = SKEY.parse().expect("published key");
        assert_eq!(signer.key().to_string(), VKEY);
        let note = signer.sign(TEXT);
        assert_eq!(note, format!("{TEXT}\n{LINE}"));
        let key: VerifierKey = VKEY.parse().expect("published key");
        assert_eq!(open(&note, &key), Ok(TEXT));
    }

    #[test]
    fn a_note_of_another_key_says_whose_it_is() {
        let (ours, theirs) = (Signer::draw("weir/a"), Signer::draw("weir/b"));
        let (ours, theirs) = (ours.expect("randomness"), theirs.expect("randomness"));
        let note = theirs.sign("hello\n");
        let error = open(&note, ours.key()).expect_err("another key");
        assert!(matches!(error, NoteError::OtherKey { found, .. } if found.starts_with("weir/b+")));
    }

    proptest! {
        #[test]
        fn no_byte_of_a_note_can_change(at in any::<prop::sample::Index>(), flip in 1u8..=255) {
            let signer: Signer = SKEY.parse().expect("published key");
            let mut note = signer.sign("weir/x\n12\nroot\n").into_bytes();
            let at = at.index(note.len());
            note[at] ^= flip;
            let note = String::from_utf8_lossy(&note);
            prop_assert!(open(&note, signer.key()).is_err());
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "(.|\n|\u{2014}){0,200}") {
            let signer: Signer = SKEY.parse().expect("published key");
            prop_assert!(open(&text, signer.key()).is_err());
        }
    }
}
