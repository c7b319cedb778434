(field_definition property: (_) @name) @field
(field_definition property: (_) @name value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @function

(class_heritage (identifier) @type)
(class_heritage (member_expression object: (_) @qualifier property: (_) @type))

(formal_parameters (identifier) @bound)
(formal_parameters (assignment_pattern left: (identifier) @bound))
(formal_parameters (object_pattern (shorthand_property_identifier_pattern) @bound))
