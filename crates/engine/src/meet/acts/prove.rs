//! Claims about policies are put to a solver, where one is installed.

use super::guard::Files;
use crate::error::io_failed;
use crate::{Engine, Error};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, TryLockError};
use std::time::{Duration, Instant};
use weir_guard::policy::{self, Claim, Finding};
use weir_model::Refusal;
use weir_sandbox::{Cancel, Ended, Spec};

/// An analysis, and by what its proofs were found.
#[derive(Debug, Clone)]
pub struct Proved {
    /// What was found; what was proved says so.
    pub findings: Vec<Finding>,
    /// The solver; none when none is installed, and then nothing was proved.
    pub solver: Option<String>,
}

/// Most claims take some hundredths of a second. What takes longer rarely ends.
const CLAIM_TIME: Duration = Duration::from_secs(10);
/// For all claims of one analysis: somebody waits.
const ALL_TIME: Duration = Duration::from_secs(60);
/// For a solver that finds no end, in KiB.
const MEMORY_MAX_KIB: u32 = 4 << 20;

impl Engine {
    /// What these policies mean, as [`Engine::analyze_policies`] finds it by trying; and of that, what a solver proves.
    ///
    /// # Errors
    /// `policy.malformed` with file, line and column; `policy.proving` while another is proved; failures of the disk.
    pub fn prove_policies(&self, files: &Files) -> Result<Proved, Error> {
        let (old, new) = (self.policies(), self.0.policies.parse(files)?);
        let _alone = match self.0.proving.try_lock() {
            Ok(alone) => alone,
            Err(TryLockError::Poisoned(alone)) => PoisonError::into_inner(alone),
            Err(TryLockError::WouldBlock) => {
                let sentence = "the proofs of another analysis are being searched for";
                return Err(Refusal::new("policy.proving", sentence)
                    .hint("ask again in a minute, or without proofs")
                    .into());
            }
        };
        let findings = policy::analyze(&old, &new);
        let Some(solver) = Solver::find() else {
            return Ok(Proved { findings, solver: None });
        };
        let folder = Folder::make(self)?;
        let until = Instant::now() + ALL_TIME;
        let mut tried = Vec::new();
        for claim in policy::claims(&old, &new, &findings) {
            let holds = solver.proves(&claim, &folder.0, until)?;
            tried.push((claim, holds));
        }
        Ok(Proved { findings: policy::proved(findings, tried), solver: Some(solver.name) })
    }
}

/// A program that decides statements in SMT-LIB.
struct Solver {
    program: OsString,
    name: String,
}

impl Solver {
    /// The one that `CVC5` names, or `cvc5` on the path; of whoever started this server, and nobody else.
    fn find() -> Option<Self> {
        let named = std::env::var_os("CVC5").filter(|program| !program.is_empty());
        let program = named.unwrap_or_else(|| "cvc5".into());
        let mut spec = Spec::exec(program.clone(), ["--version"], "/");
        spec.time_limit = CLAIM_TIME;
        let outcome = weir_sandbox::run(&spec, &Cancel::default()).ok()?;
        let said = String::from_utf8_lossy(&outcome.output.text).into_owned();
        let mut words = said.split_whitespace().skip_while(|word| *word != "version").skip(1);
        let version = words.next().filter(|_| outcome.how == Ended::Exited(0))?;
        Some(Self { program, name: format!("cvc5 {version}") })
    }

    /// Whether the claim holds, or why that is not known.
    fn proves(
        &self,
        claim: &Claim,
        folder: &Path,
        until: Instant,
    ) -> Result<Result<(), String>, Error> {
        if let Some(why) = &claim.given_up {
            return Ok(Err(why.clone()));
        }
        if claim.statements.is_empty() {
            // The compiler saw it by itself.
            return Ok(Ok(()));
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Err("there was no time left".to_owned()));
        }
        let file = folder.join("claim.smt2");
        std::fs::write(&file, claim.statements.concat())
            .map_err(io_failed(format!("write `{}`", file.display())))?;
        let line = format!("ulimit -v {MEMORY_MAX_KIB}; exec \"$SOLVER\" --lang smt \"$CLAIM\"");
        let spec = Spec::shell(line, folder).env("SOLVER", &self.program).env("CLAIM", &file);
        let spec = Spec { time_limit: left.min(CLAIM_TIME), ..spec };
        Ok(match weir_sandbox::run(&spec, &Cancel::default()) {
            Ok(outcome) if outcome.how == Ended::TimedOut => {
                Err("the solver found no end in time".to_owned())
            }
            Ok(outcome) => holds(&outcome.output.text, claim.statements.len()),
            Err(failure) => Err(crate::core::chain(&failure)),
        })
    }
}

/// A solver answers each statement with one word on a line of its own.
fn holds(said: &[u8], statements: usize) -> Result<(), String> {
    let said = String::from_utf8_lossy(said);
    let words: Vec<&str> = said.lines().map(str::trim).collect();
    if words.len() == statements && words.iter().all(|word| *word == "unsat") {
        return Ok(());
    }
    Err(match words.iter().find(|word| **word != "unsat") {
        Some(&"sat") => "by the schema alone it could be otherwise".to_owned(),
        Some(&"unknown") => "the solver does not know".to_owned(),
        Some(other) => format!("the solver says `{}`", other.escape_debug()),
        None => "the solver did not answer everything".to_owned(),
    })
}

/// A folder for what solvers read; gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn make(engine: &Engine) -> Result<Self, Error> {
        let name = crate::space::short_random(&*engine.0.entropy)?;
        let folder = engine.trees().join("proofs").join(name);
        std::fs::create_dir_all(&folder)
            .map_err(io_failed(format!("make `{}`", folder.display())))?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left is small, and in a folder for such.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Field, MemoryStore};
    use weir_guard::policy::What;

    const OWN: &str = r#"
        @id("never") forbid (principal, action == Action::"read", resource)
        when { resource.name == "a" && resource.name like "b*" };
        @id("odd") forbid (principal, action == Action::"read", resource)
        when { resource.secret && resource.stream };
        @id("covered") forbid (principal, action == Action::"read", resource)
        when { resource.secret && resource.name == ".env" };
        @id("vain") permit (principal, action == Action::"git_skip_hooks", resource);
        @id("closed") forbid (principal, action == Action::"prompt", resource);
        @id("overflows") forbid (principal, action == Action::"spawn", resource)
        when { principal.tokens * 3 < principal.tokens };
        @id("hidden") permit (principal, action == Action::"run", resource)
        when { resource.name == "x" && principal.depth == 77 };
    "#;

    fn about<'f>(proved: &'f Proved, what: What, about: &str) -> Option<&'f Finding> {
        proved.findings.iter().find(|one| one.what == what && one.about == about)
    }

    /// Without a solver there is nothing to see here, and the test command says so.
    #[test]
    fn a_solver_proves_what_else_is_only_tried() {
        let field = Field::on(MemoryStore::default());
        let files = vec![("own.cedar".to_owned(), OWN.to_owned())];
        let proved = field.engine.prove_policies(&files).expect("analyzed");
        if proved.solver.is_none() {
            assert!(about(&proved, What::NotWider, "read").is_none());
            eprintln!("skipped: no solver is installed");
            return;
        }
        let holds = |what, name: &str| about(&proved, what, name).map(|one| one.proved);
        let all = &proved.findings;
        assert_eq!(holds(What::NeverMatches, "repository.never"), Some(true), "{all:#?}");
        // The facts of the schema are free: only Weir knows that no stream is a secret.
        assert_eq!(holds(What::NeverMatches, "repository.odd"), Some(false), "{all:#?}");
        assert_eq!(holds(What::Shadowed, "repository.covered"), Some(true), "{all:#?}");
        assert_eq!(holds(What::Contradicts, "repository.vain"), Some(true), "{all:#?}");
        assert_eq!(holds(What::AlwaysDenies, "prompt"), Some(true), "{all:#?}");
        assert_eq!(holds(What::NotWider, "read"), Some(true), "{all:#?}");
        assert_eq!(holds(What::NotWider, "write"), None, "it did not change: {all:#?}");
    }

    /// A hole that no question was tried at: the grid sees nothing wider, and the solver will not say so.
    #[test]
    fn a_proof_is_not_given_where_a_hole_was_only_missed() {
        let field = Field::on(MemoryStore::default());
        let shipped = policy::DEFAULT.iter().find(|(name, _)| *name == "secrets.cedar");
        let (_, text) = shipped.expect("it is shipped");
        let before = "action == Action::\"read\", resource)\nwhen { resource.secret };";
        for (condition, is_proved) in [
            ("resource.secret && !(principal.depth == 77 && resource.name like \"*q\")", false),
            ("resource.secret && (principal.depth == 77 || principal.depth != 77)", true),
        ] {
            let after = before.replace("resource.secret", condition);
            let files = vec![("secrets.cedar".to_owned(), text.replacen(before, &after, 1))];
            assert_ne!(files[0].1, *text);
            let proved = field.engine.prove_policies(&files).expect("analyzed");
            assert!(about(&proved, What::Wider, "read").is_none(), "{proved:#?}");
            let found = about(&proved, What::NotWider, "read").map(|one| one.proved);
            assert_eq!(found, proved.solver.as_ref().map(|_| is_proved), "{proved:#?}");
        }
    }

    #[test]
    fn only_a_plain_no_to_everything_is_a_proof() {
        assert_eq!(holds(b"unsat\nunsat\n", 2), Ok(()));
        for (said, statements) in [
            ("unsat\n", 2),
            ("unsat\nsat\n", 2),
            ("unknown\n", 1),
            ("", 1),
            ("unsat\nunsat\n", 1),
            ("(error \"no\")\nunsat\n", 1),
        ] {
            assert!(holds(said.as_bytes(), statements).is_err(), "{said}");
        }
    }
}
