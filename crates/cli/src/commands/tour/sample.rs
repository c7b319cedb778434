//! The sample repository: stations along a river, what they read, and a check that takes a moment.

use super::stage::git;
use crate::error::CommandError;
use std::path::{Path, PathBuf};

const FILES: [(&str, &str); 9] = [
    (
        "README.md",
        "# River\n\nStations along a river, and the level each of them reads.\n\nStart with `stations.txt`.\n",
    ),
    ("stations.txt", "ash\nbirch\nelm\noak\n"),
    ("levels/ash.txt", "12\n"),
    ("levels/birch.txt", "7\n"),
    ("levels/elm.txt", "21\n"),
    ("levels/oak.txt", "15\n"),
    ("docs/reading.md", "# Reading a level\n\nA level is a whole number of centimetres.\n"),
    ("check.sh", CHECK),
    ("weir.toml", CONFIG),
];

const CHECK: &str = r#"# Every station has a level, every level is a whole number, and the stations are in order.
bad=0
LC_ALL=C sort -c stations.txt || bad=1
while read -r station; do
    file="levels/$station.txt"
    if ! test -f "$file"; then
        echo "$station has no level: $file is missing"
        bad=1
    elif ! grep -Eqx '[0-9]+' "$file"; then
        echo "$file is not a whole number"
        bad=1
    fi
done < stations.txt
test "$bad" -eq 0 && echo "every station has a level"
exit "$bad"
"#;

const CONFIG: &str = r#"# `weir init --print` shows all that can stand here.
trunk = "main"

[[check]]
name = "check"
run = "sh check.sh"
time_limit = "1m"
"#;

/// Makes the repository in `folder`, with one commit.
pub(super) fn make(folder: &Path) -> Result<PathBuf, CommandError> {
    let river = folder.join("river");
    for (name, text) in FILES {
        let path = river.join(name);
        let doing = || CommandError::doing(format!("write `{}`", path.display()));
        std::fs::create_dir_all(path.parent().unwrap_or(&river)).map_err(doing())?;
        std::fs::write(&path, text).map_err(doing())?;
    }
    git(&river, &["init", "--quiet", "--initial-branch=main"])?;
    git(&river, &["config", "user.name", "ann"])?;
    git(&river, &["config", "user.email", "ann@river.example"])?;
    git(&river, &["add", "."])?;
    git(&river, &["commit", "--quiet", "--message", "Four stations along a river"])?;
    Ok(river)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_configuration_is_one() {
        let config = weir_model::config::Config::parse(CONFIG).expect("well formed");
        assert_eq!(config.checks.len(), 1);
    }

    #[test]
    fn its_check_passes_and_fails_for_the_right_reasons() {
        let folder = tempfile::tempdir().expect("a folder");
        let river = make(folder.path()).expect("made");
        let check = || {
            let mut sh = std::process::Command::new("sh");
            let output = sh.arg("check.sh").current_dir(&river).output().expect("sh runs");
            (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
        };
        assert_eq!(check(), (true, "every station has a level\n".to_owned()));
        std::fs::write(river.join("stations.txt"), "ash\nbirch\nelm\noak\nwillow\n")
            .expect("write");
        assert_eq!(
            check(),
            (false, "willow has no level: levels/willow.txt is missing\n".to_owned())
        );
    }
}
