//! What Weir ships: the schema, and the set of policies that holds where a repository says nothing else.

/// The schema that every policy is held against.
pub const SCHEMA: &str = include_str!("weir.cedarschema");

/// The default set: names and texts, in the order people read them. A file of the same name in the
/// repository's folder of policies stands in for one of these.
pub const DEFAULT: [(&str, &str); 11] = [
    ("ordinary.cedar", include_str!("default/ordinary.cedar")),
    ("paths.cedar", include_str!("default/paths.cedar")),
    ("secrets.cedar", include_str!("default/secrets.cedar")),
    ("governance.cedar", include_str!("default/governance.cedar")),
    ("deletion.cedar", include_str!("default/deletion.cedar")),
    ("git.cedar", include_str!("default/git.cedar")),
    ("network.cedar", include_str!("default/network.cedar")),
    ("flow.cedar", include_str!("default/flow.cedar")),
    ("packages.cedar", include_str!("default/packages.cedar")),
    ("programs.cedar", include_str!("default/programs.cedar")),
    ("tools.cedar", include_str!("default/tools.cedar")),
];
