//! Tries to break what the decision core promises: stories as tables, and properties over histories in which builds
//! end in any order or without a verdict, changes come and are withdrawn, and others move the trunk.

#[path = "plan/house.rs"]
mod house;
#[path = "plan/stories.rs"]
mod stories;

use house::{House, Nature};
use proptest::prelude::*;
use weir_queue::plan::plan;

fn nature() -> impl Strategy<Value = Nature> {
    let counts = (1usize..28, 1u32..14, 0u64..1 << 48);
    let shares = (0.0..0.4f64, 0.0..0.2f64, 0.0..1.0f64, 0.0..0.3f64, 0.0..0.15f64);
    (counts, shares, any::<bool>(), 0.0..0.1f64).prop_map(
        |((changes, workers, seed), (bad, flake, touching, clash, void), all_touch, withdrawn)| {
            Nature {
                changes,
                workers,
                seed,
                bad,
                flake,
                touching,
                clash,
                void,
                all_touch,
                withdrawn,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever happens: the trunk stays good, what lands was tested with all that it must be, nobody leaves without
    /// proof, every wait has a reason, no worker is used twice, the same snapshot gives the same plan, and all ends.
    #[test]
    fn a_history_ends_and_every_step_of_it_is_right(nature in nature()) {
        let mut house = House::new(nature);
        // Some hundred steps a change are more than any takes: flakes and voids repeat, but not for ever.
        for _ in 0..400 * (nature.changes + 1) {
            if house.is_empty() {
                break;
            }
            let snapshot = house.snapshot().clone();
            let decided = plan(&snapshot);
            prop_assert_eq!(&decided, &plan(&snapshot), "the same snapshot gives the same plan");
            house.check(&decided)?;
            let moved = house.carry_out(&decided);
            if !moved {
                house.let_something_happen();
            }
        }
        let left: Vec<_> = house.snapshot().items.iter().map(|item| item.revision).collect();
        prop_assert!(house.is_empty(), "still waiting: {:?}\n{:#?}", left, plan(house.snapshot()));
    }

    /// Any snapshot has a plan, also one that no history leads to.
    #[test]
    fn nonsense_has_a_plan(seed in 0u64..1 << 48) {
        let snapshot = house::nonsense(seed);
        let decided = plan(&snapshot);
        prop_assert_eq!(decided.order.len(), snapshot.items.len());
    }
}
