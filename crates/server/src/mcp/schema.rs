//! JSON schemas of tools, from the same description of our types that the OpenAPI document is made of.

use crate::wire::List;
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::{PartialSchema, ToSchema};

/// The schema of `T`, with all it refers to inside.
pub(super) fn of<T: PartialSchema + ToSchema>() -> Arc<Map<String, Value>> {
    let mut parts = Vec::new();
    T::schemas(&mut parts);
    let mut root = match to_json(&T::schema()) {
        Value::Object(root) => root,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    };
    let parts: Map<String, Value> =
        parts.iter().map(|(name, schema)| (name.clone(), to_json(schema))).collect();
    if !parts.is_empty() {
        root.insert("$defs".to_owned(), Value::Object(parts));
    }
    Arc::new(root)
}

/// The schema of a list of `T`. What is generic describes all but that which it is generic over.
pub(super) fn of_list<T: PartialSchema + ToSchema>() -> Arc<Map<String, Value>> {
    let mut root = Arc::unwrap_or_clone(of::<List<T>>());
    let parts = root.entry("$defs").or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(parts) = parts {
        parts.insert(T::name().into_owned(), to_json(&T::schema()));
    }
    Arc::new(root)
}

fn to_json(schema: &impl serde::Serialize) -> Value {
    let mut value = serde_json::to_value(schema).unwrap_or_default();
    adapt(&mut value);
    value
}

/// References point into the schema itself, and what only OpenAPI knows goes.
fn adapt(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("example");
            if let Some(Value::String(target)) = fields.get_mut("$ref") {
                *target = target.replace("#/components/schemas/", "#/$defs/");
            }
            fields.values_mut().for_each(adapt);
        }
        Value::Array(items) => items.iter_mut().for_each(adapt),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
