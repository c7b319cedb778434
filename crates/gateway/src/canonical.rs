//! One spelling for one value: the JSON Canonicalization Scheme, RFC 8785.
//!
//! What is pinned is a digest, and a server may list the same tool with its members in another order, or a number
//! spelled otherwise. Neither is a change.

use serde_json::{Number, Value};

/// The bytes that stand for `value`, whoever wrote it.
pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    let mut out = String::new();
    write(value, &mut out);
    out.into_bytes()
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(&number_text(number)),
        Value::String(text) => string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            // By UTF-16 code units, as the scheme says: not the order of Unicode beyond the basic plane.
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (index, (name, member)) in members.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                string(name, out);
                out.push(':');
                write(member, out);
            }
            out.push('}');
        }
    }
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// A number as ECMAScript writes it: every number is a double, in the shortest digits that read back.
fn number_text(number: &Number) -> String {
    let double = number.as_f64().unwrap_or(f64::NAN);
    if double == 0.0 || !double.is_finite() {
        return "0".to_owned();
    }
    // The shortest digits and their exponent; only where the point goes is spelled otherwise.
    let shortest = format!("{:e}", double.abs());
    let count = shortest.split('e').next().map_or(0, |mantissa| mantissa.len().saturating_sub(2));
    // Of two that are as short and as near, the even one.
    let even = format!("{:.count$e}", double.abs());
    let scientific = if even.parse() == Ok(double.abs()) { even } else { shortest };
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if double < 0.0 { "-" } else { "" };
    format!("{sign}{}", placed(&digits, exponent + 1))
}

/// `0.digits × 10^point`, by the rules of ECMAScript's `Number::toString`.
fn placed(digits: &str, point: i32) -> String {
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
    match point {
        22.. | ..=-6 => {
            let (first, rest) = digits.split_at(1.min(digits.len()));
            let fraction = if rest.is_empty() { String::new() } else { format!(".{rest}") };
            let sign = if point > 0 { "+" } else { "-" };
            format!("{first}{fraction}e{sign}{}", (point - 1).abs())
        }
        _ if point >= count => format!("{digits}{}", zeros(point - count)),
        1.. => {
            let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
            format!("{whole}.{fraction}")
        }
        _ => format!("0.{}{digits}", zeros(-point)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn text(value: &Value) -> String {
        String::from_utf8(bytes(value)).expect("text")
    }

    #[test]
    fn numbers_are_spelled_as_ecmascript_spells_them() {
        // The table of RFC 8785, appendix B, by their bits.
        let rows: [(u64, &str); 20] = [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ];
        for (bits, expected) in rows {
            assert_eq!(text(&json!(f64::from_bits(bits))), expected);
        }
        assert_eq!(text(&json!(-3)), "-3");
        assert_eq!(text(&json!(u64::MAX)), "18446744073709552000");
    }

    #[test]
    fn members_stand_in_the_order_of_utf_16() {
        let value = json!({"\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7});
        assert_eq!(
            text(&value),
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}"
        );
        assert_eq!(text(&json!("\u{1}\u{8}\"\\/é")), "\"\\u0001\\b\\\"\\\\/é\"");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(number in any::<i32>(), name in ".*", text in ".*") {
            // Halves of halves: what every reader reads exactly.
            let number = f64::from(number) / 64.0;
            let value = json!({name: [number, text, null, true]});
            let written = bytes(&value);
            let back: Value = serde_json::from_slice(&written).expect("JSON");
            prop_assert_eq!(bytes(&back), written);
        }
    }
}
