//! The table of arrows, and what is wrong with rooms that do not keep to it.

use crate::room::{self, Room};
use std::collections::{BTreeMap, BTreeSet};

/// What tests share, and the real clients that they drive; only tests may import them.
const FOR_TESTS: [&str; 2] = ["testkit", "clients"];

fn is_for_tests(room: &str) -> bool {
    FOR_TESTS.contains(&room)
}

/// Which room may import which.
pub(crate) struct Table {
    arrows: BTreeMap<&'static str, BTreeSet<&'static str>>,
    pillars: &'static [&'static str],
}

impl Table {
    pub(crate) fn new(
        arrows: &'static [(&'static str, &'static [&'static str])],
        pillars: &'static [&'static str],
    ) -> Self {
        let arrows = arrows.iter().map(|(room, below)| (*room, below.iter().copied().collect()));
        Self { arrows: arrows.collect(), pillars }
    }

    /// Every room that can be reached from `room` along the arrows.
    fn below(&self, room: &str) -> BTreeSet<&'static str> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<&str> = vec![room];
        while let Some(next) = open.pop() {
            for below in self.arrows.get(next).into_iter().flatten() {
                if reached.insert(*below) {
                    open.push(below);
                }
            }
        }
        reached
    }

    /// What is wrong with the arrows themselves.
    pub(crate) fn own_faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (room, direct) in &self.arrows {
            let below = self.below(room);
            for unknown in direct.iter().filter(|below| !self.arrows.contains_key(**below)) {
                faults.push(format!(
                    "an arrow runs from `{room}` to `{unknown}`, which no row names"
                ));
            }
            if below.contains(room) {
                faults.push(format!("the arrows run from `{room}` back to `{room}`"));
            }
            for other in self.pillars.iter().filter(|pillar| below.contains(**pillar)) {
                if self.pillars.contains(room) {
                    faults
                        .push(format!("the arrows lead from pillar `{room}` to pillar `{other}`"));
                }
            }
            for shared in FOR_TESTS.iter().filter(|shared| below.contains(**shared)) {
                faults.push(format!("`{room}` may import `{shared}`: only tests may"));
            }
        }
        faults
    }

    /// What is wrong with these rooms, each with the better way.
    pub(crate) fn faults_of(&self, rooms: &[Room]) -> Vec<String> {
        rooms.iter().flat_map(|room| self.faults_of_room(room)).collect()
    }

    fn faults_of_room(&self, room: &Room) -> Vec<String> {
        let name = room.folder.as_str();
        let mut faults = Vec::new();
        if room.package != format!("weir-{name}") {
            let package = &room.package;
            faults.push(format!("crates/{name} is called `{package}`: call it `weir-{name}`"));
        }
        if name == "cli" && room.binaries != ["weir", "weir-hook"] {
            faults.push("the programs of `weir-cli` are not called `weir` and `weir-hook`: name them in [[bin]]".into());
        }
        if !self.arrows.contains_key(name) {
            faults.push(format!(
                "`{name}` is no room of the design: put what it knows into the room that owns the idea, or \
                 give it a row in crates/testkit/tests/layers.rs and in docs/architecture.md"
            ));
            return faults;
        }
        let below = self.below(name);
        let own = |package: &str| package.strip_prefix("weir-").map(str::to_owned);
        for import in room.imports.iter().filter_map(|package| own(package)) {
            if !below.contains(import.as_str()) {
                faults.push(format!(
                    "`{name}` imports `{import}`: {}",
                    self.better_way(name, &import)
                ));
            }
        }
        for import in room.dev_imports.iter().filter_map(|package| own(package)) {
            if !below.contains(import.as_str()) && !is_for_tests(&import) {
                let way = self.better_way(name, &import);
                faults.push(format!("the tests of `{name}` import `{import}`: {way}"));
            }
        }
        faults
    }

    fn better_way(&self, room: &str, import: &str) -> String {
        let is_pillar = |name: &str| self.pillars.contains(&name);
        if is_for_tests(import) {
            "only tests may; move it to [dev-dependencies]".into()
        } else if !self.arrows.contains_key(import) {
            "that is no room of the design".into()
        } else if is_pillar(room) && is_pillar(import) {
            let meeting = "and let `engine` join the two in a file named after their meeting";
            format!("a pillar never imports another. Name what you need in `model`, {meeting}")
        } else if self.below(import).contains(room) {
            format!("`{import}` stands above `{room}`. Move the shared word down into `model`")
        } else {
            "no arrow leads there. Name what you need in `model`, and let `engine` bring it".into()
        }
    }
}

// A house built wrong on purpose, to see that each fault is seen.

const ARROWS: &[(&str, &[&str])] = &[
    ("cli", &["engine"]),
    ("engine", &["work", "queue", "ledger"]),
    ("work", &["model"]),
    ("queue", &["model"]),
    ("ledger", &["model"]),
    ("testkit", &["model"]),
    ("model", &[]),
];

fn small() -> Table {
    Table::new(ARROWS, &["work", "queue"])
}

fn room(folder: &str, dependencies: &str) -> Room {
    room::parse(folder, &format!("[package]\nname = \"weir-{folder}\"\n{dependencies}"))
}

#[test]
fn what_the_arrows_allow_is_no_fault() {
    let rows = [
        room("model", "[dependencies]\nserde = \"1\"\n"),
        room("engine", "[dependencies]\nweir-work.workspace = true\nweir-model.workspace = true\n"),
        room("work", "[dev-dependencies]\nweir-testkit.workspace = true\n"),
        room(
            "cli",
            "[[bin]]\nname = \"weir\"\n[[bin]]\nname = \"weir-hook\"\n[dependencies]\nweir-ledger.workspace = true\n",
        ),
    ];
    assert_eq!(small().faults_of(&rows), Vec::<String>::new());
}

#[test]
fn what_they_do_not_allow_is_a_fault_with_the_better_way() {
    let rows = [
        ("work", "[dependencies]\nweir-queue.workspace = true\n", "a pillar never imports another"),
        ("work", "[build-dependencies]\nweir-queue = {}\n", "a pillar never imports another"),
        ("work", "[dev-dependencies]\nweir-queue = {}\n", "the tests of `work` import `queue`"),
        ("work", "[target.'cfg(unix)'.dependencies]\nweir-queue = {}\n", "`work` imports `queue`"),
        ("work", "[dependencies]\nq = { package = \"weir-queue\" }\n", "`work` imports `queue`"),
        ("work", "[dependencies]\nweir-engine = {}\n", "`engine` stands above `work`"),
        ("work", "[dependencies]\nweir-ledger = {}\n", "no arrow leads there"),
        ("work", "[dependencies]\nweir-testkit = {}\n", "move it to [dev-dependencies]"),
        ("work", "[dependencies]\nweir-shed = {}\n", "that is no room of the design"),
        ("shed", "[dependencies]\nweir-model = {}\n", "`shed` is no room of the design"),
        ("cli", "[[bin]]\nname = \"wier\"\n", "are not called `weir`"),
        ("cli", "", "are not called `weir`"),
    ];
    for (folder, dependencies, expected) in rows {
        let faults = small().faults_of(&[room(folder, dependencies)]);
        assert_eq!(faults.len(), 1, "{folder}, {dependencies}: {faults:?}");
        assert!(faults[0].contains(expected), "{folder}, {dependencies}: {faults:?}");
    }
}

#[test]
fn a_room_bears_its_own_name() {
    let stranger = room::parse("work", "[package]\nname = \"weir-labour\"\n");
    let faults = small().faults_of(&[stranger]);
    assert_eq!(faults, ["crates/work is called `weir-labour`: call it `weir-work`"]);
}

#[test]
fn a_table_that_allows_too_much_is_a_fault() {
    let circle = Table::new(&[("a", &["b"]), ("b", &["a"])], &[]);
    assert_eq!(circle.own_faults().len(), 2);
    // Not a direct arrow, but one pillar reaches the other all the same.
    let joined =
        Table::new(&[("work", &["git"]), ("git", &["queue"]), ("queue", &[])], &["work", "queue"]);
    assert_eq!(joined.own_faults(), ["the arrows lead from pillar `work` to pillar `queue`"]);
    let loose = Table::new(&[("work", &["testkit", "shed"]), ("testkit", &[])], &["work"]);
    assert_eq!(
        loose.own_faults(),
        [
            "an arrow runs from `work` to `shed`, which no row names",
            "`work` may import `testkit`: only tests may",
        ]
    );
}
