//! Points in time as people say them.

use std::time::Duration;
use weir_model::Timestamp;

/// How long ago `at` was, or how long it still is until then: `now`, `3m ago`, `in 2h`.
pub(crate) fn relative(now: Timestamp, at: Timestamp) -> String {
    if at > now {
        // To the nearest: what was asked to live for 15 minutes must not read `in 14m`.
        let rest = at.since(now);
        return format!("in {}", length(rest + Duration::from_secs(unit(rest) / 2)));
    }
    match now.since(at) {
        short if short < Duration::from_secs(1) => "now".to_owned(),
        long => format!("{} ago", length(long)),
    }
}

/// A length in the unit that fits: `90s` is `1m`, and a second is the least.
pub(crate) fn length(length: Duration) -> String {
    let seconds = length.as_secs();
    match unit(length) {
        1 => format!("{}s", seconds.max(1)),
        MINUTE => format!("{}m", seconds / MINUTE),
        HOUR => format!("{}h", seconds / HOUR),
        _ => format!("{}d", seconds / DAY),
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The unit to tell a length in, in seconds.
fn unit(length: Duration) -> u64 {
    match length.as_secs() {
        0..MINUTE => 1,
        MINUTE..HOUR => MINUTE,
        // Two days of hours: "yesterday evening" is nearer to `30h` than to `1d`.
        HOUR..172_800 => HOUR,
        _ => DAY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        let now = Timestamp::from_millis(10_000_000_000);
        let rows = [
            (0, "now"),
            (-999, "now"),
            (-1_000, "1s ago"),
            (-59_999, "59s ago"),
            (-60_000, "1m ago"),
            (-3_600_000, "1h ago"),
            (-100_800_000, "28h ago"),
            (-172_800_000, "2d ago"),
            (1, "in 1s"),
            (20_000, "in 20s"),
            (899_000, "in 15m"),
            (7_199_000, "in 2h"),
            (28_799_000, "in 8h"),
            (7_775_999_000, "in 90d"),
        ];
        for (offset, expected) in rows {
            let at = Timestamp::from_millis(now.as_millis() + offset);
            assert_eq!(relative(now, at), expected, "{offset}");
        }
    }
}
