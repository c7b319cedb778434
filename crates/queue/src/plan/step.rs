//! What is to be done now, each with the numbers that decided it.

use serde::{Deserialize, Serialize};
use std::fmt;
use weir_model::{CandidateId, RevisionId};

/// One thing to do. Steps are to be done in their order; one that cannot be done any more may be left out, for the
/// next plan starts from what is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Take a revision out of the queue.
    Eject(Eject),
    /// Put what this build holds on the trunk.
    Land {
        /// The build.
        build: CandidateId,
        /// What it holds, in its order.
        items: Vec<RevisionId>,
        /// Why.
        why: LandWhy,
    },
    /// End the runs of a build.
    Stop {
        /// The build.
        build: CandidateId,
        /// Why.
        why: StopWhy,
    },
    /// Run a build once more, also beside a run that has not ended.
    Again {
        /// The build.
        build: CandidateId,
        /// Why.
        why: AgainWhy,
    },
    /// Build the tip with these, in this order, and run it.
    Start {
        /// The revisions.
        items: Vec<RevisionId>,
        /// Why.
        why: StartWhy,
    },
}

/// Who leaves, and what proves it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Eject {
    /// The revision.
    pub revision: RevisionId,
    /// What is wrong with it.
    pub cause: Cause,
    /// The shortest build with it that fails.
    pub failing: CandidateId,
    /// What else that build holds: all of it passes without the revision. Empty: the tip alone.
    pub beside: Vec<RevisionId>,
    /// The build of `beside` that passed; none where that is the tip.
    pub passing: Option<CandidateId>,
    /// How many runs failed that nothing but this revision explains.
    pub fails: u32,
    /// The chance that a good revision fails as often by itself.
    pub false_chance: f64,
    /// The chance that it is good after all.
    pub good_chance: f64,
}

/// What is wrong with a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It fails by itself.
    Content,
    /// It passes by itself, and fails with others.
    Interaction {
        /// One of these, the likeliest first. Empty: with what landed since it passed.
        with: Vec<RevisionId>,
    },
}

/// Why a build lands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LandWhy {
    /// It passed, and holds every earlier revision that touches one of its own.
    Passed,
    /// It passed with and without each of these, which are undecided.
    Early {
        /// The undecided ones.
        past: Vec<RevisionId>,
    },
}

/// Why a build is stopped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopWhy {
    /// One of its revisions no longer waits.
    Gone {
        /// That one.
        revision: RevisionId,
    },
    /// It has passed already, or all that it would show is shown.
    Answered,
    /// Something that touches each of its revisions landed without it.
    Stale,
    /// It is hardly needed any more, and others need the worker.
    Unlikely {
        /// The chance that it is.
        chance: f64,
        /// The price of its worker.
        price: f64,
    },
}

/// Why a build runs once more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgainWhy {
    /// It failed, and nobody is ejected for a failure that was not repeated.
    Confirm {
        /// The revision under suspicion.
        suspect: RevisionId,
        /// How often it failed.
        fails: u32,
        /// The chance that the revision is good.
        good_chance: f64,
    },
    /// It failed, and more likely by chance than because of what it holds.
    Flake {
        /// The chance of that.
        chance: f64,
    },
    /// It runs, and a worker is idle: should this run fail by chance, the other will do.
    Hedge {
        /// The chance that the second run is needed.
        chance: f64,
        /// The price of its worker.
        price: f64,
    },
    /// Its runs so far said nothing.
    Void {
        /// How many did.
        voids: u32,
    },
}

/// Why a build is started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartWhy {
    /// The likeliest way for these to land.
    Likeliest {
        /// Those that are to land with it; what else it holds is expected to land before.
        targets: Vec<RevisionId>,
        /// The chance that it is needed and passes.
        chance: f64,
    },
    /// The way for one to land if others do not turn out as is likeliest.
    Otherwise {
        /// The one.
        target: RevisionId,
        /// Those that would not land.
        without: Vec<RevisionId>,
        /// The chance that it comes so, and passes.
        chance: f64,
        /// The price of its worker.
        price: f64,
    },
    /// Too much is undecided before them for any order to be likely: tested by themselves, so that what passes can
    /// land together.
    Screen {
        /// How many that touch them are undecided.
        undecided: u32,
        /// The chance that they pass.
        chance: f64,
    },
    /// Which revision is at fault in a build that failed.
    Probe {
        /// The build.
        of: CandidateId,
        /// How many revisions may be at fault.
        suspects: u32,
        /// The chance that the fault is in this part.
        chance: f64,
    },
    /// A revision under suspicion, by itself: is it at fault, or what it was built with?
    Alone {
        /// The chance that it is good.
        good_chance: f64,
    },
}

struct Percent(f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = self.0 * 100.0;
        let digits = if percent >= 10.0 || percent == 0.0 { 0 } else { 2 };
        write!(f, "{percent:.digits$} %")
    }
}

fn list(items: &[RevisionId]) -> String {
    items.iter().map(|revision| format!("`{revision}`")).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eject(eject) => eject.fmt(f),
            Self::Land { build, items, why } => {
                write!(f, "land {} by `{build}`: {why}", list(items))
            }
            Self::Stop { build, why } => write!(f, "stop `{build}`: {why}"),
            Self::Again { build, why } => write!(f, "run `{build}` once more: {why}"),
            Self::Start { items, why } => write!(f, "build {}: {why}", list(items)),
        }
    }
}

impl fmt::Display for Eject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { revision, cause, failing, fails, false_chance, good_chance, .. } = self;
        write!(f, "eject `{revision}`: {cause}; `{failing}` is the shortest build with it that ")?;
        write!(f, "fails, what else it holds passes, and {fails} failures have no other reason ")?;
        let (by_chance, good) = (Percent(*false_chance), Percent(*good_chance));
        write!(f, "(a good one fails so in {by_chance} of cases; it is good with {good})")
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content => write!(f, "it fails by itself"),
            Self::Interaction { with } if with.is_empty() => {
                write!(f, "it passed, and fails with what landed since")
            }
            Self::Interaction { with } => write!(f, "it passes without {}, not with", list(with)),
        }
    }
}

impl fmt::Display for LandWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => write!(f, "it passed with all before it that touches it"),
            Self::Early { past } => {
                write!(f, "it passed with and without {}, still undecided", list(past))
            }
        }
    }
}

impl fmt::Display for StopWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone { revision } => write!(f, "`{revision}` no longer waits"),
            Self::Answered => write!(f, "what it would show is known"),
            Self::Stale => write!(f, "what landed since touches all it holds"),
            Self::Unlikely { chance, price } => {
                write!(f, "needed with {}, worth it from {} on", Percent(*chance), Percent(*price))
            }
        }
    }
}

impl fmt::Display for AgainWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Confirm { suspect, fails, good_chance } => {
                let good = Percent(*good_chance);
                let times = match fails {
                    1 => "once".to_owned(),
                    fails => format!("{fails} times"),
                };
                write!(f, "`{suspect}` failed {times}, and is good with {good}")
            }
            Self::Flake { chance } => write!(f, "it failed by chance with {}", Percent(*chance)),
            Self::Hedge { chance, price } => {
                let (chance, price) = (Percent(*chance), Percent(*price));
                write!(
                    f,
                    "needed with {chance} should the first run fail, worth it from {price} on"
                )
            }
            Self::Void { voids } => write!(f, "{voids} runs said nothing about it"),
        }
    }
}

impl fmt::Display for StartWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Likeliest { targets, chance } => {
                write!(f, "the likeliest way for {}, {}", list(targets), Percent(*chance))
            }
            Self::Otherwise { target, without, chance, price } => {
                let (chance, price) = (Percent(*chance), Percent(*price));
                match without.as_slice() {
                    [] => {
                        write!(f, "for `{target}`, should what it is tested with fail: {chance}, ")?
                    }
                    others => {
                        write!(f, "for `{target}` should {} not land: {chance}, ", list(others))?
                    }
                }
                write!(f, "worth it from {price} on")
            }
            Self::Screen { undecided, chance } => {
                let chance = Percent(*chance);
                write!(
                    f,
                    "by themselves, as {undecided} before them are undecided; passes with {chance}"
                )
            }
            Self::Probe { of, suspects, chance } => {
                let chance = Percent(*chance);
                write!(f, "which of {suspects} fails `{of}`: with {chance} one of these")
            }
            Self::Alone { good_chance } => {
                write!(
                    f,
                    "under suspicion, good with {}: does it fail by itself?",
                    Percent(*good_chance)
                )
            }
        }
    }
}
