//! The names that policies mention, each where it can matter.

use std::collections::BTreeSet;

/// Names, by what they are of.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) places: BTreeSet<String>,
    pub(super) hosts: BTreeSet<String>,
    pub(super) programs: BTreeSet<String>,
    pub(super) settings: BTreeSet<String>,
    /// Remotes and refs.
    pub(super) remotes: BTreeSet<String>,
    /// Managers and packages.
    pub(super) packages: BTreeSet<String>,
    /// Servers and tools.
    pub(super) tools: BTreeSet<String>,
    pub(super) kinds: BTreeSet<String>,
    pub(super) controls: BTreeSet<String>,
    /// Agents, people, clients, sessions, modes, kinds of sub-agents.
    pub(super) who: BTreeSet<String>,
}

/// An analysis should take seconds: names beyond these are not tried.
const PLACES_MAX: usize = 150;
const NAMES_MAX: usize = 40;
const WHO_MAX: usize = 20;

impl Names {
    /// Takes the strings of a policy's scope and conditions. A pattern stands for something that it matches.
    pub(super) fn mine(&mut self, text: &str) {
        let mut parts = text.split('"');
        let mut literals = Vec::new();
        while let (Some(before), Some(literal)) = (parts.next(), parts.next()) {
            literals.push((before, literal));
        }
        let actions = literals.iter().filter(|(before, _)| before.ends_with("Action::"));
        let verbs: Vec<&str> = actions.map(|(_, verb)| *verb).collect();
        for (before, literal) in literals.into_iter().filter(|(_, literal)| literal.len() < 200) {
            self.take(before, &literal.replace('*', "x"), &verbs);
        }
    }

    fn take(&mut self, before: &str, literal: &str, verbs: &[&str]) {
        // Annotations are words for people.
        let annotation =
            before.trim_end_matches(|c: char| c == '(' || c.is_ascii_lowercase()).ends_with('@');
        if literal.is_empty() || annotation || before.ends_with("Action::") {
            return;
        }
        let of = before.strip_suffix("::").map(|before| {
            before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default()
        });
        let of_principal = |before: &str| {
            before.rsplit("&&").next().is_some_and(|near| near.contains("principal."))
        };
        let sets = match of {
            Some("Path" | "Folder") => vec![&mut self.places],
            Some("Host" | "Domain") => vec![&mut self.hosts],
            Some("Program") => vec![&mut self.programs],
            Some("Setting") => vec![&mut self.settings],
            Some("Remote") => vec![&mut self.remotes],
            Some("Manager") => vec![&mut self.packages],
            Some("Tool" | "Server") => vec![&mut self.tools],
            Some("Subagent") => vec![&mut self.kinds],
            Some("Control") => vec![&mut self.controls],
            Some(_) => vec![&mut self.who],
            None if of_principal(before) => vec![&mut self.who],
            None => self.of_verbs(verbs),
        };
        for set in sets {
            set.insert(literal.to_owned());
        }
    }

    /// What a string in a condition can be of, by the actions of its policy.
    fn of_verbs(&mut self, verbs: &[&str]) -> Vec<&mut BTreeSet<String>> {
        let any = verbs.is_empty();
        let has = |names: &[&str]| any || names.iter().any(|name| verbs.contains(name));
        let paths = ["read", "change", "write", "delete", "attributes", "link"];
        [
            (has(&paths), &mut self.places),
            (has(&["network", "fetch", "send"]), &mut self.hosts),
            (has(&["run"]), &mut self.programs),
            (has(&["git", "git_configure"]), &mut self.settings),
            (has(&["git", "git_push", "git_fetch"]), &mut self.remotes),
            (has(&["install"]), &mut self.packages),
            (has(&["call"]), &mut self.tools),
            (has(&["spawn"]), &mut self.kinds),
            (has(&["control"]), &mut self.controls),
        ]
        .into_iter()
        .filter_map(|(meets, set)| meets.then_some(set))
        .collect()
    }

    /// Leaves out what would take too long.
    pub(super) fn shorten(&mut self) {
        let keep = |set: &mut BTreeSet<String>, most: usize| {
            if let Some(first) = set.iter().nth(most).cloned() {
                set.split_off(&first);
            }
        };
        keep(&mut self.who, WHO_MAX);
        for set in [
            &mut self.hosts,
            &mut self.programs,
            &mut self.settings,
            &mut self.remotes,
            &mut self.packages,
            &mut self.tools,
            &mut self.kinds,
        ] {
            keep(set, NAMES_MAX);
        }
        // These cost one question each, and lists of them are long.
        keep(&mut self.places, PLACES_MAX);
        keep(&mut self.controls, PLACES_MAX);
    }
}
