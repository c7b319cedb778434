//! What came out of a run.

/// What a policy made of a history.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// By change: from its arrival to its landing; none if it did not land. Of a good one that still waited in the
    /// end, for how long it did: at least so long.
    pub turnaround_ms: Vec<Option<u64>>,
    /// How many landed.
    pub landed: usize,
    /// How many were ejected and were bad, or clashed.
    pub rejected: usize,
    /// How many could not be merged, and went back.
    pub conflicts: usize,
    /// How many ejections hit a good change.
    pub false_ejections: usize,
    /// How many landings made the trunk bad. Must be none.
    pub escapes: usize,
    /// How many runs were started.
    pub builds: usize,
    /// How many of them were stopped.
    pub stopped: usize,
    /// Minutes of workers spent.
    pub worker_minutes: f64,
    /// The longest that a change waited until it landed or left.
    pub wait_max_ms: u64,
    /// How many still waited when the run was given up.
    pub unfinished: usize,
    /// How often the policy was asked.
    pub plans: usize,
    /// The largest number of changes that waited at once.
    pub waiting_max: usize,
}

/// The value below which this share of the known ones lies.
pub fn percentile_ms(values: &[Option<u64>], share: f64) -> u64 {
    let mut known: Vec<u64> = values.iter().copied().flatten().collect();
    if known.is_empty() {
        return 0;
    }
    known.sort_unstable();
    let rank = (share * known.len() as f64).ceil() as usize;
    known[rank.clamp(1, known.len()) - 1]
}
