//! Options as git reads them.

/// Whether a field is one of these options: exactly, with a value attached, as one of several letters behind
/// one dash, or cut short as git allows.
pub(super) fn is_option(field: &str, names: &[&str]) -> bool {
    names.iter().any(|name| {
        if let Some(letter) = name.strip_prefix('-').filter(|rest| rest.len() == 1) {
            return field.starts_with('-')
                && !field.starts_with("--")
                && field[1..].contains(letter);
        }
        let given = field.split('=').next().unwrap_or(field);
        given == *name || given.len() > 4 && given.starts_with("--") && name.starts_with(given)
    })
}

/// The file of patterns that `git grep` is given behind other letters: `-nf/etc/passwd`.
pub(super) fn patterns_of(field: &str) -> Option<&str> {
    let letters = field.strip_prefix('-').filter(|letters| !letters.starts_with(['-', 'f']))?;
    let (before, file) = letters.split_once('f')?;
    (!file.is_empty() && before.bytes().all(|b| b"aIivwEGPFnhHlLcopqz".contains(&b)))
        .then_some(file)
}

/// The values of an option that is given with a space, an equals sign or attached.
pub(super) fn values(fields: &[String], names: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = fields.iter();
    while let Some(field) = rest.next() {
        for name in names {
            if field == name {
                found.extend(rest.next().cloned());
                break;
            }
            let attached =
                field.strip_prefix(name).filter(|_| name.len() == 2 || field.contains('='));
            if let Some(value) = attached {
                found.push(value.trim_start_matches('=').to_owned());
                break;
            }
        }
    }
    found
}
