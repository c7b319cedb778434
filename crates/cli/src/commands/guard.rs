//! `weir guard`

use crate::error::CommandError;
use crate::exit::Exit;
use crate::here::Here;
use crate::page::Page;
use crate::ui::Ui;
use clap::Subcommand;
use std::path::{Path, PathBuf};
use weir_model::{Lease, Position, Refusal};
use weir_server::wire::{
    Explanation, Ground, List, Policies, PolicyAnalysis, PolicyFile, PolicyFiles, PolicyTest,
    Proposal, Replayed,
};

/// Look at the policies that decide what agents may do
#[derive(Debug, Subcommand)]
pub(crate) enum GuardCommand {
    /// List the policies in force
    Policies,
    /// Explain a decision: which policy, by which facts, and what would change the answer
    Explain {
        /// The decision, as `weir agents` and `weir log` print it
        decision: Position,
        /// Of a batch of looks, which; counted from 0
        #[arg(long, default_value_t = 0)]
        look: usize,
    },
    /// Run the tests of the policies in this work tree
    Test(FolderArgs),
    /// Decide again what was asked, by the policies in a folder
    Replay {
        #[command(flatten)]
        folder: FolderArgs,
        /// Only what was asked since so long ago
        #[arg(long, value_name = "DURATION")]
        since: Option<Lease>,
    },
    /// Tell what the policies in a folder open and close, and which of them say nothing
    Analyze {
        #[command(flatten)]
        folder: FolderArgs,
        /// Prove by a solver what else would only have been tried; `cvc5` has to be installed where the server runs
        #[arg(long)]
        prove: bool,
    },
    /// Propose rules for what is always approved
    Proposals,
}

/// Said in the place of proofs.
const NO_SOLVER: &str = "No solver is installed where the server runs, so that nothing more was proved: install `cvc5` \
                         there, or name it in `CVC5`.";

/// Where the policies stand.
#[derive(Debug, clap::Args)]
pub(crate) struct FolderArgs {
    /// The folder with the policies
    #[arg(long = "policy", value_name = "FOLDER", default_value = ".weir/policy")]
    folder: PathBuf,
}

pub(crate) fn run(ui: &mut Ui, here: &Here, command: GuardCommand) -> Result<Exit, CommandError> {
    let weir = here.client()?;
    match command {
        GuardCommand::Policies => {
            let policies: Policies = weir.get("/v1/guard/policies")?;
            ui.answer(&policies, show_policies)?;
        }
        GuardCommand::Explain { decision, look } => {
            let path = format!("/v1/guard/decisions/{decision}?look={look}");
            let explanation: Explanation = weir.get(&path)?;
            ui.answer(&explanation, explain)?;
        }
        GuardCommand::Test(FolderArgs { folder }) => {
            let given = given(&folder)?;
            let ran: List<PolicyTest> = weir.post("/v1/guard/test", &given)?;
            let failed = ran.items.iter().filter(|one| !one.passed).count();
            ui.answer(&ran, |ran, page| {
                for one in ran.items.iter().filter(|one| !one.passed) {
                    page.line(format!("{}:{}: {}: {}", one.file, one.line, one.name, one.sentence));
                }
                page.line(format!("{} passed, {failed} failed", ran.items.len() - failed));
            })?;
            return Ok(if failed == 0 { Exit::Ok } else { Exit::NotPassed });
        }
        GuardCommand::Replay { folder: FolderArgs { folder }, since } => {
            let given = PolicyFiles { since, ..given(&folder)? };
            let replayed: Replayed = weir.post("/v1/guard/replay", &given)?;
            ui.answer(&replayed, |replayed, page| {
                for one in &replayed.items {
                    let (decision, session, what) = (one.decision, one.session, &one.what);
                    page.line(format!("{decision}  {session}  {} -> {}  {what}", one.old, one.new));
                    page.line(format!("      {}", one.why));
                }
                let (decided, changed) = (replayed.decided, replayed.changed);
                page.line(format!("{decided} decided again, {changed} otherwise"));
            })?;
        }
        GuardCommand::Analyze { folder: FolderArgs { folder }, prove } => {
            let given = PolicyFiles { prove, ..given(&folder)? };
            let found: PolicyAnalysis = weir.post("/v1/guard/analyze", &given)?;
            ui.answer(&found, |found, page| {
                for one in &found.items {
                    let known = if one.proved { "proved" } else { "tried, not proved" };
                    page.line(format!("{}  {}: {} ({known})", one.what, one.about, one.sentence));
                    if let Some(example) = &one.example {
                        page.line(format!("    such as: {example}"));
                    }
                }
                if found.items.is_empty() {
                    page.line("Nothing was found.");
                }
                match &found.solver {
                    Some(solver) => page.line(format!("What is proved was proved by {solver}.")),
                    None if prove => page.line(NO_SOLVER),
                    None => {}
                }
            })?;
        }
        GuardCommand::Proposals => {
            let proposals: List<Proposal> = weir.get("/v1/guard/proposals")?;
            ui.answer(&proposals, |proposals, page| {
                for one in &proposals.items {
                    let evidence: Vec<_> = one.evidence.iter().map(ToString::to_string).collect();
                    page.line(format!("{}: {} times, never refused", one.what, one.given));
                    page.line(format!("    {} asks; {}", one.policy, evidence.join(" ")));
                }
                if proposals.items.is_empty() {
                    page.line("Nothing is always approved.");
                }
            })?;
        }
    }
    Ok(Exit::Ok)
}

fn show_policies(policies: &Policies, page: &mut Page) {
    page.pairs([
        ("bundle", policies.bundle.clone()),
        ("from", policies.commit.clone().unwrap_or_else(|| "Weir".to_owned())),
        ("fault", policies.fault.clone().unwrap_or_default()),
    ]);
    for rule in &policies.rules {
        page.line(format!("  {:<6} {:<11} {}", rule.answer, rule.layer, rule.name));
    }
}

fn explain(explanation: &Explanation, page: &mut Page) {
    page.heading(format!("{}  {}", explanation.decision, explanation.what));
    page.line(format!("{} by {}", explanation.answer, explanation.session));
    if !explanation.is_in_force {
        page.line("Other policies were in force then; this is what those of now say.");
    }
    let ground = |ground: &Ground| {
        let hint = ground.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        format!("  {} {}: {}{hint}", ground.answer, ground.policy, ground.sentence)
    };
    explanation.grounds.iter().for_each(|one| page.line(ground(one)));
    for one in &explanation.shadow {
        page.line(format!("  in shadow:{}", ground(one)));
    }
    for effect in &explanation.effects {
        page.heading(format!("{}: {}", effect.asks, effect.answer));
        effect.matched.iter().for_each(|policy| page.line(format!("  by {policy}")));
        effect.facts.iter().for_each(|fact| page.line(format!("  {fact}")));
    }
    if !explanation.changes.is_empty() {
        page.heading("What would change the answer");
        for change in &explanation.changes {
            page.line(format!("  {}: {}", change.what, change.answer));
        }
    }
}

/// The policies and their tests in a folder.
fn given(folder: &Path) -> Result<PolicyFiles, CommandError> {
    let files = texts(folder, "cedar")?;
    if files.is_empty() && !folder.is_dir() {
        let sentence = format!("there is no folder `{}`", folder.display());
        return Err(Refusal::new("policy.no_folder", sentence)
            .hint("name the one with the policies: `--policy FOLDER`")
            .into());
    }
    let tests = texts(&folder.join("tests"), "toml")?;
    Ok(PolicyFiles { files, tests, since: None, prove: false })
}

fn texts(folder: &Path, ending: &str) -> Result<Vec<PolicyFile>, CommandError> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_some_and(|found| found == ending) {
            let text = std::fs::read_to_string(&path)
                .map_err(CommandError::doing(format!("read `{}`", path.display())))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push(PolicyFile { name, text });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}
