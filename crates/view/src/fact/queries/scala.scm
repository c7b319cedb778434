(class_definition name: (_) @name body: (_)? @body) @class
(object_definition name: (_) @name body: (_)? @body) @class
(trait_definition name: (_) @name body: (_)? @body) @trait
(enum_definition name: (_) @name body: (_) @body) @enum
(simple_enum_case name: (_) @name) @variant
(full_enum_case name: (_) @name) @variant
(given_definition name: (_) @name body: (_)? @body) @constant
(function_definition name: (_) @name body: (_) @body) @function
(function_declaration name: (_) @name) @function
(compilation_unit (val_definition pattern: (identifier) @name) @constant)
(compilation_unit (var_definition pattern: (identifier) @name) @variable)
(template_body (val_definition pattern: (identifier) @name) @field)
(template_body (var_definition pattern: (identifier) @name) @field)
(template_body (val_declaration name: (identifier) @name) @field)
(class_parameter ["val" "var"] name: (identifier) @name) @field
(type_definition name: (_) @name) @alias_type
(package_object name: (_) @name body: (_) @body) @module

(comment) @comment
(block_comment) @comment
(annotation) @attribute

(call_expression function: (identifier) @call)
(call_expression function: (field_expression value: (_) @qualifier field: (_) @call))
(call_expression function: (generic_function function: (identifier) @call))
(call_expression function: (generic_function function: (field_expression value: (_) @qualifier field: (_) @call)))
(instance_expression . (type_identifier) @call)
(instance_expression . (generic_type type: (type_identifier) @call))
(type_identifier) @type
(stable_type_identifier (_) @qualifier . (type_identifier) @type)
(type_parameters name: (identifier) @bound)
(annotation name: (type_identifier) @type)

(field_expression value: (_) @qualifier field: (_) @mention)
(infix_expression operator: (identifier) @argument)
(arguments (identifier) @argument)
(identifier) @word

(parameter name: (identifier) @bound)
(block (val_definition pattern: (identifier) @bound))
(lambda_expression parameters: (identifier) @bound)
(bindings (binding name: (identifier) @bound))
(enumerator . (identifier) @bound)
(case_clause pattern: (identifier) @bound)

(import_declaration) @tree
