//! What others of this room ask of a place or a host: whether it keeps secrets, whether what it says can be trusted.

use super::host::HostFacts;
use super::place::PlaceFacts;
use super::scope::Scope;
use weir_model::act::Extent;

/// Whether a path keeps secrets, for this session. Absolute, links followed.
pub fn is_secret(path: &str, scope: &Scope) -> bool {
    PlaceFacts::of(path, Extent::One, scope).secret
}

/// Whether what a host or a tool server answers is of our own making: this machine, or Weir itself.
pub fn is_trusted(name: &str, scope: &Scope) -> bool {
    let facts = HostFacts::of(name);
    name == "weir"
        || facts.loopback
        || scope.entrances.iter().any(|own| !own.is_empty() && own == name)
}
