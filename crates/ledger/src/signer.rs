//! The keys of a ledger: the one that signs its checkpoints, and the one that anybody may hold.
//!
//! Both are texts in the C2SP form: `name+id+base64`, where the name is the origin of the checkpoints
//! (`weir/<space>`) and the id the first four bytes of `SHA-256(name || 0x0A || 0x01 || public key)`.
//! A secret never leaves [`Signer`]: its `Debug` shows the public key.

use crate::note;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Marks an Ed25519 key, in the id and in front of the key itself.
const ED25519: u8 = 1;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It is not a key, or its id does not belong to it.
    #[error("this is not a {0} key")]
    Malformed(&'static str),
    /// The name would break the lines that carry it.
    #[error("`{0}` cannot name a key: it must not be empty, nor hold a space or a plus sign")]
    BadName(String),
    /// Others than its owner may read the secret.
    #[error(
        "the key file {} may be read by others (mode {mode:03o}): run `chmod 600` on it, or replace it \
         if it may have been read already", path.display()
    )]
    TooOpen {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file could not be read or written.
    #[error("could not {doing} the key file {}", path.display())]
    File {
        /// `read`, `write`.
        doing: &'static str,
        /// The key file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system gave no randomness.
    #[error("could not draw a key: the system gave no randomness")]
    NoRandomness,
}

/// The public half: verifies checkpoints. Print it, publish it, give it to an auditor.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl VerifierKey {
    fn new(name: &str, key: VerifyingKey) -> Result<Self, KeyError> {
        if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
        {
            return Err(KeyError::BadName(name.escape_debug().to_string()));
        }
        let hash = Sha256::new().chain_update(name).chain_update([b'\n', ED25519]);
        let [a, b, c, d, ..]: [u8; 32] = hash.chain_update(key.as_bytes()).finalize().into();
        Ok(Self { name: name.to_owned(), id: [a, b, c, d], key })
    }

    /// The name of the key, which is the origin of its checkpoints.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Four bytes that tell this key from others of the same name.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// Name and id: enough to recognise a key, not enough to verify with.
    pub(crate) fn short(&self) -> String {
        format!("{}+{:08x}", self.name, u32::from_be_bytes(self.id))
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        // Strict: a signature has one spelling, and weak keys verify nothing.
        self.key.verify_strict(message, signature).is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.short(), encode(self.key.as_bytes()))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, id, bytes) = parts(text.trim()).ok_or(KeyError::Malformed("verifier"))?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::Malformed("verifier"))?;
        let key = Self::new(name, key)?;
        if key.id == id { Ok(key) } else { Err(KeyError::Malformed("verifier")) }
    }
}

/// The secret half: signs checkpoints.
pub struct Signer {
    secret: SigningKey,
    key: VerifierKey,
}

impl Signer {
    /// A new key in memory, for checkpoints of origin `name`.
    ///
    /// # Errors
    /// When the name cannot name a key, or the system gives no randomness.
    pub fn draw(name: &str) -> Result<Self, KeyError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| KeyError::NoRandomness)?;
        Self::from_seed(name, &seed)
    }

    fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let secret = SigningKey::from_bytes(seed);
        let key = VerifierKey::new(name, secret.verifying_key())?;
        Ok(Self { secret, key })
    }

    /// A new key, kept in a new file at `path` that only its owner may read, safe on disk on return.
    ///
    /// # Errors
    /// When the file exists already or cannot be written; see also [`Signer::draw`].
    pub fn create(path: &Path, name: &str) -> Result<Self, KeyError> {
        let signer = Self::draw(name)?;
        let text =
            format!("PRIVATE+KEY+{}+{}\n", signer.key.short(), encode(signer.secret.as_bytes()));
        let written = || -> io::Result<()> {
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            crate::sqlite::sync_folder_of(path)
        };
        written().map_err(|source| KeyError::File {
            doing: "write",
            path: path.to_owned(),
            source,
        })?;
        Ok(signer)
    }

    /// The key kept at `path`.
    ///
    /// # Errors
    /// When the file cannot be read, may be read by others, or holds no key.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::File { doing: "read", path: path.to_owned(), source };
        let mut file = File::open(path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::TooOpen { path: path.to_owned(), mode });
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        text.trim().parse()
    }

    /// The public half.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// A note over `text`, which is no checkpoint.
    ///
    /// # Panics
    /// When the text could pass for a checkpoint: its first line is the name of the key.
    pub fn sign_note(&self, text: &str) -> String {
        let first = text.lines().next().unwrap_or_default();
        assert_ne!(first, self.key.name(), "a note is no checkpoint");
        self.sign(text)
    }

    pub(crate) fn sign(&self, text: &str) -> String {
        note::write(text, &self.key, &self.secret.sign(text.as_bytes()))
    }
}

impl FromStr for Signer {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let malformed = || KeyError::Malformed("signing");
        let rest = text.strip_prefix("PRIVATE+KEY+").ok_or_else(malformed)?;
        let (name, id, seed) = parts(rest).ok_or_else(malformed)?;
        let signer = Self::from_seed(name, &seed)?;
        if signer.key.id == id { Ok(signer) } else { Err(malformed()) }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.key)
    }
}

fn encode(key: &[u8; 32]) -> String {
    let mut bytes = vec![ED25519];
    bytes.extend_from_slice(key);
    STANDARD.encode(bytes)
}

/// `name+id+base64` in three; the base64 may itself hold a plus sign.
fn parts(text: &str) -> Option<(&str, [u8; 4], [u8; 32])> {
    let (name, rest) = text.split_once('+')?;
    let (id, key) = rest.split_once('+')?;
    let digits = id.len() == 8 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let id = digits.then(|| u32::from_str_radix(id, 16).ok())??;
    let bytes = STANDARD.decode(key).ok()?;
    let (kind, key) = bytes.split_first()?;
    (*kind == ED25519).then(|| Some((name, id.to_be_bytes(), key.try_into().ok()?)))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_key_file_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        let made = Signer::create(&path, "weir/test").expect("created");
        assert_eq!(path.metadata().expect("there").mode() & 0o777, 0o600);
        assert_eq!(Signer::load(&path).expect("loaded").key(), made.key());
        assert!(matches!(Signer::create(&path, "weir/test"), Err(KeyError::File { .. })), "kept");

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("opened up");
        let error = Signer::load(&path).expect_err("too open").to_string();
        assert!(error.contains("may be read by others (mode 640)"), "{error}");
    }

    #[test]
    fn a_signer_shows_only_its_public_key() {
        let signer = Signer::draw("weir/test").expect("randomness");
        let shown = format!("{signer:?}");
        assert_eq!(shown, format!("Signer({})", signer.key()));
        assert!(!shown.contains(&encode(signer.secret.as_bytes())));
    }

    proptest! {
        #[test]
        fn a_printed_key_reads_back(seed in any::<[u8; 32]>(), name in "[a-z0-9./_-]{1,40}") {
            let signer = Signer::from_seed(&name, &seed).expect("a fine name");
            prop_assert_eq!(&signer.key().to_string().parse::<VerifierKey>().expect("printed"), signer.key());
        }

        #[test]
        fn no_text_makes_a_parser_panic(text in "(PRIVATE.KEY.)?.*") {
            let _ = text.parse::<VerifierKey>();
            let _ = text.parse::<Signer>();
        }
    }
}
