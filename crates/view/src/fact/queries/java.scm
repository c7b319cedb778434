(class_declaration name: (_) @name body: (_) @body) @class
(record_declaration name: (_) @name body: (_) @body) @class
(interface_declaration name: (_) @name body: (_) @body) @interface
(annotation_type_declaration name: (_) @name body: (_) @body) @interface
(enum_declaration name: (_) @name body: (_) @body) @enum
(enum_constant name: (_) @name body: (_)? @body) @variant
(method_declaration name: (_) @name body: (_)? @body) @method
(annotation_type_element_declaration name: (_) @name) @method
(constructor_declaration name: (_) @name body: (_) @body) @method
(compact_constructor_declaration name: (_) @name body: (_) @body) @method
(field_declaration declarator: (variable_declarator name: (_) @name)) @field
(constant_declaration declarator: (variable_declarator name: (_) @name)) @constant

(line_comment) @comment
(block_comment) @comment
(annotation) @attribute
(marker_annotation) @attribute

(import_declaration (scoped_identifier) @path .)
(import_declaration (identifier) @path .)
(import_declaration (_) @path (asterisk) @all)

(method_invocation !object name: (_) @call)
(method_invocation object: (_) @qualifier name: (_) @call)
(object_creation_expression type: (type_identifier) @call)
(object_creation_expression type: (generic_type . (type_identifier) @call))
(object_creation_expression type: (scoped_type_identifier (_) @qualifier . (type_identifier) @call))
(method_reference (_) @qualifier (identifier) @mention .)
(annotation name: (identifier) @type)
(marker_annotation name: (identifier) @type)
(type_identifier) @type
(scoped_type_identifier (_) @qualifier . (type_identifier) @type)
(type_parameter (type_identifier) @bound)

(field_access object: (_) @qualifier field: (_) @mention)
(argument_list (identifier) @argument)
(element_value_pair key: (identifier) @aside)
(identifier) @word

(formal_parameter name: (identifier) @bound)
(catch_formal_parameter name: (identifier) @bound)
(local_variable_declaration declarator: (variable_declarator name: (identifier) @bound))
(enhanced_for_statement name: (identifier) @bound)
(lambda_expression parameters: (identifier) @bound)
(inferred_parameters (identifier) @bound)
