//! How the OpenAPI document spells the enums of the model, which know nothing of it.

use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};

fn one_of(words: &[&str], description: &str) -> Schema {
    let object: Object = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words.iter().copied()))
        .description(Some(description))
        .build();
    Schema::Object(object)
}

/// A [`weir_model::event::guard::Role`].
pub fn role() -> Schema {
    one_of(&["owner", "member", "auditor"], "What a person may do in the space.")
}

/// A [`weir_model::event::guard::Right`].
pub fn right() -> Schema {
    one_of(
        &["read", "task", "claim", "approve", "admin", "run"],
        "One thing that a token may allow. `run` stands alone: for runners.",
    )
}

/// Some rights.
pub fn rights() -> Schema {
    let array = utoipa::openapi::schema::ArrayBuilder::new()
        .items(utoipa::openapi::RefOr::T(right()))
        .description(Some("What a token allows; the role of its person may allow less."));
    Schema::Array(array.build())
}

/// A [`weir_model::event::guard::TokenKind`].
pub fn usage() -> Schema {
    one_of(&["named", "browser"], "Where a token is used.")
}

/// A [`weir_model::event::queue::Verdict`].
pub fn verdict() -> Schema {
    one_of(
        &["passed", "failed", "timed_out", "broken"],
        "How a check ended. `broken` says nothing about the change: the check could not be run.",
    )
}

/// A [`weir_model::event::queue::Class`].
pub fn class() -> Schema {
    one_of(&["express", "high", "normal", "low"], "How urgent a change is.")
}

/// How far a landing is.
pub fn progress() -> Schema {
    one_of(
        &["started", "landed", "lost"],
        "`lost`: somebody else had moved the trunk, and nothing landed.",
    )
}
