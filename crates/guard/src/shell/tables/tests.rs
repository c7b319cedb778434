//! The tables are well formed, and options are read as programs read them.

use super::*;

#[test]
fn every_line_of_every_table_says_what_it_means() {
    for family in FAMILIES {
        for line in family.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        {
            let parts: Vec<&str> = line.split('|').collect();
            let [names, what, options] = parts[..] else { panic!("three parts: {line}") };
            assert!(!names.trim().is_empty(), "{line}");
            let words = "~ = > @first @long @any env net controls project foreign";
            for word in
                what.split_whitespace().filter(|word| !words.split(' ').any(|known| known == *word))
            {
                let word = word.trim_end_matches('*');
                assert!(
                    ["r", "R", "w", "W", "d", "a", "x", "n", "s", "c", "i", "p", "q", "!"]
                        .contains(&word),
                    "{line}"
                );
            }
            for option in options.split_whitespace() {
                assert!(option.starts_with(['-', '+']), "{option} in {line}");
            }
        }
    }
}

#[test]
fn options_are_sorted_as_programs_do() {
    let spec = Spec::read("x | r* | -abr% -o:w -n: -# --output:w --color? --recursive%");
    let sort = |text: &str| {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let sorted = spec.sort(&words);
        let options: Vec<String> = sorted
            .options
            .iter()
            .map(|(name, value, _)| format!("{name}={}", value.as_deref().unwrap_or("")))
            .collect();
        (options.join(" "), sorted.operands.join(" "), sorted.strange.join(" "))
    };
    let of = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
    assert_eq!(sort("-ab f"), of("-a= -b=", "f", ""));
    assert_eq!(sort("f -aofile g"), of("-a= -o=file", "f g", ""));
    assert_eq!(sort("-o file -- -a"), of("-o=file", "-a", ""));
    assert_eq!(sort("--out=file --recurs -5"), of("--output=file --recursive=", "", ""));
    assert_eq!(sort("-az f"), of("-a=", "f", "-az"));
    assert_eq!(sort("--colour --color"), of("--color=", "", "--colour"));
}
