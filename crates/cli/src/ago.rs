//! Points in time as people say them.

use std::time::Duration;
use weir_model::Timestamp;

/// How long ago `at` was, or how long it still is until then: `now`, `3m ago`, `in 2h`.
pub(crate) fn relative(now: Timestamp, at: Timestamp) -> String {
    if at > now {
        return format!("in {}", length(at.since(now)));
    }
    match now.since(at) {
        short if short < Duration::from_secs(1) => "now".to_owned(),
        long => format!("{} ago", length(long)),
    }
}

/// A length in its largest unit that fills at least once: `90s` is `1m`, and a second is the least.
pub(crate) fn length(length: Duration) -> String {
    const DAY: u64 = 24 * 3600;
    match length.as_secs() {
        0 => "1s".to_owned(),
        seconds @ 1..60 => format!("{seconds}s"),
        seconds @ 60..3600 => format!("{}m", seconds / 60),
        // Two days of hours: "yesterday evening" is nearer to `30h` than to `1d`.
        seconds @ 3600..172_800 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", seconds / DAY),
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
            (90_000, "in 1m"),
            (7_200_000, "in 2h"),
        ];
        for (offset, expected) in rows {
            let at = Timestamp::from_millis(now.as_millis() + offset);
            assert_eq!(relative(now, at), expected, "{offset}");
        }
    }
}
