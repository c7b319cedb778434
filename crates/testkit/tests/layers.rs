//! The walls of the house: who may import whom, and what keeps a pure room pure.
//!
//! The table below is the design's; the rooms are read from their manifests and sources. The checks
//! themselves are functions of plain values, and are tested on houses that were built wrong on purpose.

#[path = "layers/purity.rs"]
mod purity;
#[path = "layers/room.rs"]
mod room;
#[path = "layers/table.rs"]
mod table;

use room::Room;
use table::Table;

/// The arrows of the design: the room to the left may import the rooms to the right, and whatever these may
/// import. `view`, `memory` and `fleet` enter with their own issues.
const ARROWS: &[(&str, &[&str])] = &[
    ("cli", &["server", "courier"]),
    ("courier", &["hook"]),
    ("server", &["engine", "gateway", "hook"]),
    (
        "engine",
        &[
            "work", "view", "memory", "guard", "review", "queue", "flow", "fleet", "ledger", "git",
            "sandbox", "gateway",
        ],
    ),
    ("view", &["model", "git", "grammar", "meaning"]),
    ("grammar", &[]),
    ("meaning", &[]),
    ("fleet", &["model", "sandbox"]),
    ("work", &["model"]),
    ("memory", &["model"]),
    ("guard", &["model"]),
    ("hook", &["model"]),
    ("review", &["model"]),
    ("queue", &["model"]),
    ("flow", &["model"]),
    ("ledger", &["model"]),
    ("git", &["model"]),
    ("sandbox", &["model"]),
    ("gateway", &["model", "sandbox"]),
    ("testkit", &["model"]),
    ("clients", &[]),
    ("model", &[]),
];

/// None of these imports another, however the arrows run.
const PILLARS: &[&str] = &["work", "view", "memory", "guard", "review", "queue", "flow", "fleet"];

/// Rooms of deciders, words and dialects: no I/O, no clock, no randomness. The two pillars left out keep a
/// derived store and processes.
const PURE: &[&str] = &["model", "work", "memory", "guard", "hook", "review", "queue", "flow"];

#[test]
fn every_room_imports_only_what_stands_below_it() {
    let faults = Table::new(ARROWS, PILLARS).faults_of(&room::all());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_arrows_themselves_are_sound() {
    let faults = Table::new(ARROWS, PILLARS).own_faults();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn pure_rooms_are_pure() {
    let rooms = room::all();
    let pure: Vec<&Room> =
        rooms.iter().filter(|room| PURE.contains(&room.folder.as_str())).collect();
    let faults = purity::faults(&pure);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_chores_stand_outside_the_house() {
    let chores = room::read(&room::workspace().join("xtask"));
    let message = "`xtask` is built alone, before everything else: keep it without dependencies";
    assert!(chores.imports.is_empty() && chores.dev_imports.is_empty(), "{message}");
}
