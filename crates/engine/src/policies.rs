//! The policies in force: `.weir/policy/` as it stands on the trunk, over the organization's floor. Read from the
//! trunk and never from a work tree, so that no agent writes what it is judged by.

use crate::{Engine, Error, Failure};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use weir_git::{BStr, Blob, CommitId, Objects};
use weir_guard::policy::{Bundle, Fault};
use weir_model::Refusal;
use weir_model::event::act::Event as ActEvent;

/// Where a repository keeps its policies, and their tests below that.
pub(crate) const FOLDER: &str = ".weir/policy";
const TESTS: &str = ".weir/policy/tests";
/// A megabyte of rules is no rules.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// More files than this are no policies that people read.
const FILES_MAX: usize = 1_000;

/// The policies that judge, and the floor below them.
pub(crate) struct Policies {
    floor: Vec<(String, String)>,
    current: RwLock<Current>,
}

#[derive(Clone)]
struct Current {
    bundle: Arc<Bundle>,
    /// The commit that holds them; none for those that Weir ships.
    commit: Option<CommitId>,
    /// Why what stands on the trunk is not in force, when it is not.
    fault: Option<String>,
}

impl Policies {
    /// The policies that Weir ships, over the floor in `folder`, if there is one.
    ///
    /// # Errors
    /// `policy.malformed` for a floor that does not parse: nothing may start without it.
    pub(crate) fn new(floor: Option<&Path>) -> Result<Self, Error> {
        let floor = floor.map(floor_in).transpose()?.unwrap_or_default();
        let bundle = Bundle::parse(&[], &floor).map_err(|faults| malformed(&faults))?;
        let current = Current { bundle: Arc::new(bundle), commit: None, fault: None };
        Ok(Self { floor, current: RwLock::new(current) })
    }

    /// The policies in force.
    pub(crate) fn bundle(&self) -> Arc<Bundle> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).bundle)
    }

    /// Why what stands on the trunk is not in force, when it is not.
    pub(crate) fn fault(&self) -> Option<String> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).fault.clone()
    }

    pub(crate) fn parse(&self, files: &[(String, String)]) -> Result<Bundle, Error> {
        Ok(Bundle::parse(files, &self.floor).map_err(|faults| malformed(&faults))?)
    }
}

impl Engine {
    /// The policies in force.
    pub fn policies(&self) -> Arc<Bundle> {
        self.0.policies.bundle()
    }

    /// Why the policies on the trunk are not in force, when they are not.
    pub fn policies_fault(&self) -> Option<String> {
        self.0.policies.fault()
    }

    /// Takes the policies at `tip` into force and records when they are others. What does not parse changes nothing:
    /// the old ones stay.
    pub(crate) fn read_policies(&self, tip: CommitId) -> Result<(), Error> {
        let parsed = policy_files(self.trunk().objects(), tip)
            .and_then(|files| Ok((self.0.policies.parse(&files)?, files.is_empty())));
        let mut current = self.0.policies.current.write().unwrap_or_else(PoisonError::into_inner);
        match parsed {
            Ok((bundle, is_shipped)) => {
                let commit = (!is_shipped).then_some(tip);
                *current = Current { bundle: Arc::new(bundle), commit, fault: None };
            }
            Err(error) => {
                let fault = crate::core::chain(&error);
                tracing::error!(%tip, fault, "the policies on the trunk are not in force");
                current.fault = Some(fault);
            }
        }
        let Current { bundle, commit, .. } = current.clone();
        drop(current);
        self.record_policies(&bundle, commit)
    }

    fn record_policies(&self, bundle: &Bundle, commit: Option<CommitId>) -> Result<(), Error> {
        let digest = bundle.digest();
        let policies = u32::try_from(bundle.rules().count()).unwrap_or(u32::MAX);
        let commit = commit.map(|commit| commit.to_string()).unwrap_or_default();
        self.0.core.run_blocking(weir_model::Actor::Weir, None, |folds, _| {
            let is_known = folds.acts.in_force().is_some_and(|known| known.bundle == digest);
            let set = ActEvent::PolicySet { bundle: digest, commit: commit.clone(), policies };
            let events = if is_known { Vec::new() } else { vec![set.into()] };
            Ok(crate::core::Decided::new(events, ()))
        })
    }

    /// Whether the policies at `commit` may be in force: they parse, hold to the schema, and pass their own tests.
    ///
    /// # Errors
    /// `policy.malformed` with file, line and column; `policy.test_failed` naming the case.
    pub(crate) fn judge_policies(&self, objects: &Objects, commit: CommitId) -> Result<(), Error> {
        let bundle = self.0.policies.parse(&policy_files(objects, commit)?)?;
        let tests = texts(objects, commit, TESTS, ".toml")?;
        let outcome = test(&bundle, &tests)?;
        match outcome.into_iter().find(|case| !case.passed) {
            None => Ok(()),
            Some(case) => {
                let (file, line, name) = (&case.file, case.line, &case.name);
                let sentence = format!("{file}:{line}: {name}: {}", case.sentence);
                Err(Refusal::new("policy.test_failed", sentence)
                    .hint("mend the policy or its test; `weir guard test` runs them in your tree")
                    .into())
            }
        }
    }
}

/// Runs the tests of policies.
///
/// # Errors
/// `policy.malformed` for a test that cannot be read.
pub(crate) fn test(
    bundle: &Bundle,
    tests: &[(String, String)],
) -> Result<Vec<weir_guard::policy::Outcome>, Error> {
    let analyse = |act: &weir_model::act::Act, scope: &weir_guard::policy::Scope| {
        // A test runs nowhere: its paths are taken as they are written.
        weir_guard::effects::of(
            act,
            &weir_guard::effects::place(scope, &act.cwd, &weir_guard::shell::NoFiles),
        )
    };
    let mut outcomes = Vec::new();
    for (name, text) in tests {
        let ran = weir_guard::policy::test(bundle, name, text, &analyse);
        outcomes.extend(ran.map_err(|faults| malformed(&faults))?);
    }
    Ok(outcomes)
}

/// The policies of the revision `commit`.
pub(crate) fn policy_files(
    objects: &Objects,
    commit: CommitId,
) -> Result<Vec<(String, String)>, Error> {
    texts(objects, commit, FOLDER, ".cedar")
}

fn texts(
    objects: &Objects,
    commit: CommitId,
    folder: &str,
    ending: &str,
) -> Result<Vec<(String, String)>, Error> {
    let mut files = Vec::new();
    for entry in objects.folder(commit, BStr::new(folder.as_bytes()))? {
        let bytes = entry.name.to_vec();
        if !bytes.ends_with(ending.as_bytes()) {
            continue;
        }
        let name = String::from_utf8(bytes).map_err(|bytes| {
            let name = String::from_utf8_lossy(bytes.as_bytes()).into_owned();
            let sentence = format!("`{folder}/{name}` has no name in UTF-8");
            Refusal::new("policy.malformed", sentence)
        })?;
        let path = format!("{folder}/{name}");
        if files.len() >= FILES_MAX {
            let sentence = format!("`{folder}` has more than {FILES_MAX} files");
            return Err(Refusal::new("policy.malformed", sentence).into());
        }
        let text = match objects.file(commit, BStr::new(path.as_bytes()), FILE_BYTES_MAX)? {
            Some(Blob::Whole(bytes)) => String::from_utf8(bytes)
                .map_err(|_| Refusal::new("policy.malformed", format!("`{path}` is not UTF-8")))?,
            Some(Blob::TooLarge { size }) => {
                let sentence = format!("`{path}` has {size} bytes, more than {FILE_BYTES_MAX}");
                return Err(Refusal::new("policy.malformed", sentence).into());
            }
            // A link could lead anywhere, and a policy that is silently not there allows.
            None => {
                let sentence = format!("`{path}` is not a file");
                return Err(Refusal::new("policy.malformed", sentence)
                    .hint("keep policies as plain files")
                    .into());
            }
        };
        files.push((name, text));
    }
    Ok(files)
}

/// The organization's floor, from a folder of this machine.
fn floor_in(folder: &Path) -> Result<Vec<(String, String)>, Error> {
    let failed = |what: &Path, error: std::io::Error| {
        Failure::Other(format!("the policy floor `{}` cannot be read: {error}", what.display()))
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| failed(folder, error))? {
        let path = entry.map_err(|error| failed(folder, error))?.path();
        if path.extension().is_some_and(|ending| ending == "cedar") {
            let text = std::fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, text));
        }
    }
    if files.is_empty() {
        let sentence = format!("the policy floor `{}` has no `.cedar` file", folder.display());
        return Err(Refusal::new("policy.malformed", sentence)
            .hint("name the folder that holds the organization's policies")
            .into());
    }
    files.sort();
    Ok(files)
}

/// The first fault, and how many more there are.
pub(crate) fn malformed(faults: &[Fault]) -> Refusal {
    let first = faults.first().map(ToString::to_string).unwrap_or_default();
    let more = match faults.len() {
        0 | 1 => String::new(),
        more => format!(" (and {} more)", more - 1),
    };
    Refusal::new("policy.malformed", format!("{first}{more}"))
        .hint("the old policies stay in force; `weir guard test` shows all faults")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Field, MemoryStore};

    /// T26: what does not load is told, and changes nothing.
    #[tokio::test]
    async fn policies_that_do_not_parse_leave_the_old_ones_in_force() {
        let field = Field::on(MemoryStore::default());
        let shipped = field.engine.policies().digest();
        let land = |name: &str, text: &str| {
            let commit = field.commit(&format!("{FOLDER}/{name}"), text);
            field.engine.trunk().keep(commit).expect("kept");
            field.engine.read_policies(commit).expect("recorded");
            (field.engine.policies().digest(), field.engine.policies_fault())
        };
        let good = "@id(\"mine\")\n@reason(\"no\")\nforbid (principal, action == Action::\"spawn\", resource);\n";
        let (mine, fault) = land("a.cedar", good);
        assert!(mine != shipped && fault.is_none(), "{fault:?}");
        for (text, told) in [
            ("forbid (principal, action,", "a.cedar"),
            (
                "@id(\"x\")\n@reason(\"no\")\nforbid (principal, action, resource)\nwhen { resource.nowhere };\n",
                "a.cedar:",
            ),
        ] {
            let (now, fault) = land("a.cedar", text);
            assert_eq!(now, mine, "{text}");
            assert!(fault.is_some_and(|fault| fault.contains(told)), "{text}");
        }
        let recorded = field.replayed().acts.in_force().map(|known| known.bundle);
        assert_eq!(recorded, Some(mine), "and the record says the same");
        assert_eq!(land("a.cedar", good), (mine, None));
    }

    /// T26: nothing starts without the floor that it was told to stand on.
    #[test]
    fn a_floor_that_is_not_there_is_no_floor() {
        let folder = tempfile::tempdir().expect("a folder");
        let floor = |path: &Path| Policies::new(Some(path)).err().map(|error| error.to_string());
        assert!(floor(&folder.path().join("none")).is_some());
        assert!(floor(folder.path()).is_some(), "an empty one");
        std::fs::write(folder.path().join("a.cedar"), "forbid (principal").expect("written");
        assert!(floor(folder.path()).is_some(), "one that does not parse");
        std::fs::write(folder.path().join("a.cedar"), "@id(\"a\")\n@reason(\"no\")\nforbid (principal, action == Action::\"spawn\", resource);\n")
            .expect("written");
        assert_eq!(floor(folder.path()), None);
    }
}
