//! Points in time and lengths of time, as the ledger keeps them: whole milliseconds, UTC.

use crate::Refusal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z. Written as RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the Unix epoch; what the calendar cannot name is pulled to its edge.
    pub fn from_millis(millis: i64) -> Self {
        // Whole seconds: the last one of the calendar is not all there.
        let (min, max) = (jiff::Timestamp::MIN.as_second() + 1, jiff::Timestamp::MAX.as_second());
        Self(millis.clamp(min * 1000, max * 1000))
    }

    /// Milliseconds since the Unix epoch.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// How long ago `earlier` was, zero if it is still to come.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, length: Duration) -> Self {
        let millis = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_add(millis))
    }
}

impl Add<Lease> for Timestamp {
    type Output = Self;
    fn add(self, lease: Lease) -> Self {
        self + lease.0
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, length: Duration) -> Self {
        let millis = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_sub(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => write!(f, "{at:.3}"),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let at: jiff::Timestamp = text.parse().map_err(|_| {
            Refusal::new("time.malformed", format!("`{text}` is not a point in time"))
                .hint("write it as RFC 3339, like `2026-11-22T14:00:00Z`")
        })?;
        Ok(Self(at.as_millisecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(input)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A length of time that somebody asks for: more than nothing, whole milliseconds, at most a year.
/// Written `90s`, `30m`, `2h`, `7d`, `250ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lease(Duration);

impl Lease {
    /// The longest length anybody gets: a year, past which a lease is no lease.
    pub const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

    /// A lease of `length`.
    ///
    /// # Errors
    /// `lease.out_of_range` when it is empty or longer than [`Lease::LONGEST`].
    pub fn new(length: Duration) -> Result<Self, Refusal> {
        if length.as_millis() == 0 || length > Self::LONGEST {
            return Err(Refusal::new(
                "lease.out_of_range",
                "a length of time must be between `1ms` and `366d`",
            ));
        }
        Ok(Self(length))
    }

    /// A lease of so many minutes, for constants.
    pub const fn minutes(minutes: u64) -> Self {
        assert!(minutes > 0 && minutes <= 366 * 24 * 60, "a lease is between a minute and a year");
        Self(Duration::from_secs(minutes * 60))
    }

    /// Its length.
    pub fn length(self) -> Duration {
        self.0
    }
}

/// Largest unit first, so that `Display` finds the shortest exact spelling.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let (unit, size) =
            UNITS.into_iter().find(|(_, size)| millis % size == 0).unwrap_or(("ms", 1));
        write!(f, "{}{unit}", millis / size)
    }
}

impl FromStr for Lease {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let malformed = || {
            Refusal::new("lease.malformed", format!("`{text}` is not a length of time"))
                .hint("write a number and a unit, like `90s`, `30m`, `2h` or `7d`")
        };
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| malformed())?;
        let (_, size) = UNITS.into_iter().find(|(name, _)| *name == unit).ok_or_else(malformed)?;
        let millis = number.checked_mul(size).ok_or_else(malformed)?;
        Self::new(Duration::from_millis(millis))
    }
}

impl Serialize for Lease {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Lease {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(input)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_spelled_in_rfc_3339() {
        let at: Timestamp = "2026-11-22T14:00:00.250Z".parse().expect("well formed");
        assert_eq!(at.to_string(), "2026-11-22T14:00:00.250Z");
        assert_eq!(
            "yesterday".parse::<Timestamp>().expect_err("not a time").code,
            "time.malformed"
        );
    }

    #[test]
    fn leases_are_read_in_every_unit_and_refused_beyond_their_bounds() {
        for text in ["250ms", "90s", "30m", "2h", "7d"] {
            assert_eq!(text.parse::<Lease>().expect(text).to_string(), text);
        }
        for text in ["", "5", "m", "-5m", "5 m", "1.5h", "99999999999999999999d"] {
            assert_eq!(text.parse::<Lease>().expect_err(text).code, "lease.malformed", "{text}");
        }
        for text in ["0s", "400d"] {
            assert_eq!(text.parse::<Lease>().expect_err(text).code, "lease.out_of_range", "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_printed_reads_back(millis in any::<i64>(), lease in 1u64..31_622_400_000) {
            let at = Timestamp::from_millis(millis);
            prop_assert_eq!(at.to_string().parse::<Timestamp>().expect("printed"), at);
            let lease = Lease::new(Duration::from_millis(lease)).expect("in range");
            prop_assert_eq!(lease.to_string().parse::<Lease>().expect("printed"), lease);
        }

        #[test]
        fn no_text_makes_a_parser_panic(text in ".*") {
            let _ = text.parse::<Timestamp>();
            let _ = text.parse::<Lease>();
        }

        #[test]
        fn arithmetic_stays_within_the_calendar(millis in any::<i64>(), length in any::<u64>()) {
            let at = Timestamp::from_millis(millis) + Duration::from_millis(length);
            prop_assert!(at >= Timestamp::from_millis(millis));
            let _ = at - Duration::from_millis(length);
        }
    }
}
