//! What a definition is where it stands, and who can see it: what the words before its name tell.

use weir_grammar::Language;

use super::{Definition, Kind};

/// A function that stands in a type is a method, whatever its grammar calls it.
pub(super) fn kind(kind: Kind, around: Option<Kind>) -> Kind {
    match (kind, around) {
        (Kind::Function, Some(around)) if around.holds_members() => Kind::Method,
        (Kind::Variable, Some(around)) if around.holds_members() => Kind::Field,
        _ => kind,
    }
}

/// A definition, as far as it is known when this is asked.
pub(super) struct Around<'a> {
    pub(super) around: Option<&'a Definition>,
    pub(super) signature: &'a str,
    pub(super) name: &'a str,
    pub(super) kind: Kind,
    /// Whether the statement around it lets others see it.
    pub(super) said: bool,
}

/// Whether other files can see a definition, as far as the syntax tells.
pub(super) fn exported(language: Language, this: &Around<'_>) -> bool {
    let around = this.around;
    // What stands in a function is that function's.
    if around.is_some_and(|a| matches!(a.kind, Kind::Function | Kind::Method)) {
        return false;
    }
    let inherited = around.is_none_or(|around| around.exported);
    let has = |word: &str| words_before(this.signature, this.name).any(|found| found == word);
    match language {
        Language::Rust => {
            let handed_on = around.is_some_and(|around| {
                matches!(around.kind, Kind::Trait | Kind::Enum)
                    || (around.kind == Kind::Implementation && around.signature.contains(" for "))
            });
            matches!(this.kind, Kind::Implementation | Kind::Macro)
                || (handed_on && inherited)
                || has("pub")
        }
        Language::Python => {
            let hidden = this.name.starts_with('_') && !this.name.ends_with("__");
            inherited && !hidden
        }
        Language::TypeScript | Language::Tsx | Language::JavaScript => match around {
            None => this.said,
            Some(around) if matches!(around.kind, Kind::Module) => this.said || has("export"),
            Some(_) => inherited && !has("private") && !this.name.starts_with('#'),
        },
        Language::Go => {
            this.name.starts_with(char::is_uppercase) || this.kind == Kind::Implementation
        }
        Language::Java | Language::Kotlin | Language::Scala => inherited && !has("private"),
        Language::Swift => inherited && !has("private") && !has("fileprivate"),
        Language::CSharp => {
            let said = has("public") || has("internal") || has("protected");
            let open = around.is_none_or(|around| {
                matches!(around.kind, Kind::Module | Kind::Interface | Kind::Enum)
            });
            inherited && (said || (open && !has("private")))
        }
        Language::Php => inherited && !has("private"),
        Language::Ruby => inherited && !has("private"),
        Language::C | Language::Cpp => {
            let linked = matches!(this.kind, Kind::Function | Kind::Variable | Kind::Constant);
            inherited && !(linked && has("static"))
        }
        Language::Bash | Language::Sql => true,
    }
}

/// The words before a name, at most a dozen.
fn words_before<'a>(signature: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    signature
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '#')
        .filter(|word| !word.is_empty())
        .take_while(move |word| *word != name)
        .take(12)
}
