(abstract_class_declaration name: (_) @name body: (_) @body) @class
(interface_declaration name: (_) @name body: (_) @body) @interface
(type_alias_declaration name: (_) @name) @alias_type
(enum_declaration name: (_) @name body: (_) @body) @enum
(enum_body name: (_) @name @variant)
(enum_body (enum_assignment name: (_) @name) @variant)
(function_signature name: (_) @name) @function
(class_body (method_signature name: (_) @name) @method)
(abstract_method_signature name: (_) @name) @method
(interface_body (method_signature name: (_) @name) @method)
(interface_body (property_signature name: (_) @name) @field)
(public_field_definition name: (_) @name) @field
(public_field_definition name: (_) @name value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @function
(required_parameter (accessibility_modifier) pattern: (identifier) @name) @field
(module name: (_) @name body: (_) @body) @module
(internal_module name: (_) @name body: (_) @body) @module
(ambient_declaration (lexical_declaration (variable_declarator name: (identifier) @name) @constant))
(ambient_declaration (variable_declaration (variable_declarator name: (identifier) @name) @variable))
(ambient_declaration) @export
(expression_statement (internal_module)) @wrap

(import_statement (import_require_clause (identifier) @alias source: (string) @from))

(class_heritage (extends_clause value: (identifier) @type))
(class_heritage (extends_clause value: (member_expression object: (_) @qualifier property: (_) @type)))
(type_identifier) @type
(nested_type_identifier module: (_) @qualifier name: (_) @type)
(type_parameter name: (_) @bound)

(required_parameter pattern: (identifier) @bound)
(required_parameter pattern: (object_pattern (shorthand_property_identifier_pattern) @bound))
(optional_parameter pattern: (identifier) @bound)
