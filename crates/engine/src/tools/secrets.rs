//! Secrets of tool servers: a file each, that only the user whom Weir runs as can read. Never in the ledger, which
//! forgets nothing.

use futures::future::BoxFuture;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use weir_gateway::Secrets;
use weir_model::Refusal;

/// Where secrets are, below the space's folder.
pub const SECRETS: &str = "private/secrets";
/// Longer is no secret but a file.
const BYTES_MAX: u64 = 64 << 10;

/// The secrets below this folder.
pub(super) struct Kept(pub(super) PathBuf);

impl Secrets for Kept {
    fn secret<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Option<String>> {
        Box::pin(async move {
            check_name(name).ok()?;
            let path = self.0.join(SECRETS).join(name);
            let read = tokio::task::spawn_blocking(move || read(&path)).await;
            match read {
                Ok(Ok(secret)) => secret,
                Ok(Err(why)) => {
                    tracing::warn!("the secret `{name}` is not used: {why}");
                    None
                }
                Err(_) => None,
            }
        })
    }
}

/// Whether a secret may be called so; then it is a plain name of a file, too.
///
/// # Errors
/// `secret.name`.
pub fn check_name(name: &str) -> Result<(), Refusal> {
    let good = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if (1..=64).contains(&name.len()) && name.chars().all(good) && !name.starts_with('.') {
        return Ok(());
    }
    let sentence = format!("no secret can be called `{}`", name.escape_debug());
    Err(Refusal::new("secret.name", sentence)
        .hint("a name is 1 to 64 letters, digits, `-`, `_` and `.`, and begins with no `.`"))
}

/// The secret in the file `path`, without the end of its line; none where there is no file.
fn read(path: &Path) -> Result<Option<String>, String> {
    let mut options = File::options();
    // What leads elsewhere is nobody's secret, and opening a pipe would wait.
    options.read(true).custom_flags(
        (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed(),
    );
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let found = file.metadata().map_err(|error| error.to_string())?;
    if !found.is_file() || found.len() > BYTES_MAX {
        return Err("it is no file, or a large one".to_owned());
    }
    if found.mode() & 0o077 != 0 {
        return Err("others can read it: set it anew".to_owned());
    }
    let mut text = String::new();
    file.take(BYTES_MAX).read_to_string(&mut text).map_err(|error| error.to_string())?;
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[tokio::test]
    async fn only_a_private_file_of_a_plain_name_is_a_secret() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join(SECRETS);
        std::fs::create_dir_all(&folder).expect("made");
        let write = |name: &str, mode: u32| {
            std::fs::write(folder.join(name), "s3cret-value\n").expect("written");
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(folder.join(name), mode).expect("set");
        };
        write("issues", 0o600);
        write("open", 0o644);
        symlink(folder.join("issues"), folder.join("link")).expect("a link");
        std::fs::create_dir(folder.join("folder")).expect("made");
        let kept = Kept(home.path().to_owned());
        assert_eq!(kept.secret("issues").await.as_deref(), Some("s3cret-value"));
        for name in ["open", "link", "folder", "none", "", ".", "..", "../secrets/issues", "a/b"] {
            assert_eq!(kept.secret(name).await, None, "{name}");
        }
    }
}
