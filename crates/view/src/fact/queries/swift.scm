(class_declaration "class" name: (type_identifier) @name body: (_) @body) @class
(class_declaration "actor" name: (type_identifier) @name body: (_) @body) @class
(class_declaration "struct" name: (type_identifier) @name body: (_) @body) @struct
(class_declaration "enum" name: (type_identifier) @name body: (_) @body) @enum
(class_declaration "extension" name: (user_type (type_identifier) @name .) body: (_) @body) @implementation
(protocol_declaration name: (_) @name body: (_) @body) @interface
(function_declaration name: (simple_identifier) @name body: (_)? @body) @function
(protocol_function_declaration name: (simple_identifier) @name) @method
(init_declaration "init" @name body: (_)? @body) @method
(source_file (property_declaration name: (pattern bound_identifier: (_) @name)) @variable)
(class_body (property_declaration name: (pattern bound_identifier: (_) @name)) @field)
(enum_class_body (property_declaration name: (pattern bound_identifier: (_) @name)) @field)
(protocol_property_declaration name: (pattern bound_identifier: (_) @name)) @field
(associatedtype_declaration name: (_) @name) @alias_type
(typealias_declaration name: (type_identifier) @name) @alias_type
(enum_entry name: (_) @name) @variant

(comment) @comment
(multiline_comment) @comment
(attribute) @attribute

(import_declaration "import" @all (identifier) @from)

(call_expression . (simple_identifier) @call)
(call_expression . (navigation_expression target: (_) @qualifier suffix: (navigation_suffix suffix: (simple_identifier) @call)))
(constructor_expression constructed_type: (user_type (type_identifier) @call))
(user_type (type_identifier) @type .)
(user_type (type_identifier) @qualifier . (type_identifier) @type .)
(type_parameter (type_identifier) @bound)

(navigation_expression target: (_) @qualifier suffix: (navigation_suffix suffix: (simple_identifier) @mention))
(value_argument value: (simple_identifier) @argument)
(simple_identifier) @word

(parameter name: (simple_identifier) @bound)
(statements (property_declaration name: (pattern bound_identifier: (_) @bound)))
(lambda_parameter name: (simple_identifier) @bound)
(for_statement item: (pattern bound_identifier: (_) @bound))
