//! What a plain name means in its own file: the innermost scope that defines it.

use crate::fact::{Definition, Fact, Kind, Use};
use weir_grammar::Language;

/// What a name without anything before it means where it is used: the definitions of the innermost scope that has any, of
/// those of its file that are `named` so. `None` when no scope around it has.
pub(super) fn lexical(
    fact: &Fact,
    language: Option<Language>,
    it: &Use,
    named: &[u32],
) -> Option<Vec<u32>> {
    if named.is_empty() {
        return None;
    }
    let mut scope = it.within;
    loop {
        let around = scope.and_then(|nth| fact.definitions.get(nth as usize));
        // The members of a type are not called by their names alone; in Python they are, in its body and nowhere deeper.
        let in_body = scope == it.within && language == Some(Language::Python);
        if around.is_none_or(|around| !around.kind.holds_members() || in_body) {
            let here = |nth: &&u32| {
                fact.definitions.get(**nth as usize).is_some_and(|found| {
                    found.within == scope
                        && found.kind != Kind::Implementation
                        && !is_property(found, language)
                })
            };
            let found: Vec<u32> = named.iter().filter(here).copied().collect();
            if !found.is_empty() {
                return Some(found);
            }
        }
        scope = around?.within;
    }
}

/// Whether definitions of one name in one scope are one thing: overloads stand side by side. Others may stand in functions
/// without a name, which are no scopes of ours; those of scripts are full of them.
pub(super) fn are_one(found: &[u32], language: Option<Language>) -> bool {
    !is_script(language) || found.windows(2).all(|pair| pair[0] + 1 == pair[1])
}

fn is_script(language: Option<Language>) -> bool {
    matches!(language, Some(Language::TypeScript | Language::Tsx | Language::JavaScript))
}

/// Whether a function is the value of an object's property: its name alone is not its.
pub(super) fn is_property(found: &Definition, language: Option<Language>) -> bool {
    let words = ["function", "async function", "export", "const ", "let ", "var ", "declare"];
    is_script(language)
        && found.kind == Kind::Function
        && !words.iter().any(|word| found.signature.starts_with(word))
}

/// Whether a definition stands in a function, and so means nothing outside of it. A member of a type that does is reached
/// through its values.
pub(super) fn is_local(fact: &Fact, nth: u32) -> bool {
    let Some(mut found) = fact.definitions.get(nth as usize) else { return false };
    while let Some(around) = found.within.and_then(|nth| fact.definitions.get(nth as usize)) {
        if matches!(around.kind, Kind::Function | Kind::Method) {
            return true;
        }
        if around.kind.holds_members() {
            return false;
        }
        found = around;
    }
    false
}

/// Whether a use stands in the type that a member is of, so that `self` is that.
pub(super) fn is_own(fact: &Fact, it: &Use, member: &Definition) -> bool {
    let definition = |nth: Option<u32>| fact.definitions.get(nth? as usize);
    let mut at = it.within;
    while let Some(found) = definition(at) {
        if found.kind.holds_members() {
            let Some(own) = definition(member.within) else { return false };
            let blocks = [found.kind, own.kind].contains(&Kind::Implementation);
            // Two classes of a file may have one name; a type and its implementations must.
            return if blocks { found.name == own.name } else { at == member.within };
        }
        at = found.within;
    }
    false
}

/// Whether a definition stands in a type, so that its name alone is not its.
pub(super) fn is_inner(fact: &Fact, definition: &Definition) -> bool {
    let around = definition.within.and_then(|nth| fact.definitions.get(nth as usize));
    around.is_some_and(|around| around.kind.holds_members())
}

/// Whether a use stands in what a macro of Rust's is made of. Its names are bound where it is expanded, and nobody can
/// tell where that is.
pub(super) fn is_bound_elsewhere(fact: &Fact, language: Option<Language>, it: &Use) -> bool {
    let mut at = it.within;
    while let Some(found) = at.and_then(|nth| fact.definitions.get(nth as usize)) {
        if found.kind == Kind::Macro {
            return language == Some(Language::Rust);
        }
        at = found.within;
    }
    false
}

/// Whether a use stands in a type.
pub(super) fn is_in_type(fact: &Fact, it: &Use) -> bool {
    let mut at = it.within;
    while let Some(found) = at.and_then(|nth| fact.definitions.get(nth as usize)) {
        if found.kind.holds_members() {
            return true;
        }
        at = found.within;
    }
    false
}

/// Whether a file defines a name once, so that a plain use of it there can mean nothing else. What an implementation is
/// of, it does not define.
pub(super) fn defines_once(fact: &Fact, name: &str) -> bool {
    let same = |found: &&Definition| found.name == name && found.kind != Kind::Implementation;
    fact.definitions.iter().filter(same).count() == 1
}
