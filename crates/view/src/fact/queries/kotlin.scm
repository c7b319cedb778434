(class_declaration "class" name: (_) @name (class_body)? @body) @class
(class_declaration "interface" name: (_) @name (class_body)? @body) @interface
(class_declaration name: (_) @name (enum_class_body) @body) @enum
(object_declaration name: (_) @name (class_body)? @body) @class
(companion_object name: (identifier) @name (class_body)? @body) @class
(enum_entry . (identifier) @name) @variant
(function_declaration name: (_) @name (function_body)? @body) @function
(source_file (property_declaration (variable_declaration . (identifier) @name)) @variable)
(class_body (property_declaration (variable_declaration . (identifier) @name)) @field)
(class_parameter "val" (identifier) @name . (_)) @field
(class_parameter "var" (identifier) @name . (_)) @field
(type_alias type: (identifier) @name) @alias_type

(line_comment) @comment
(block_comment) @comment
(annotation) @attribute

(import (qualified_identifier) @path .)
(import (qualified_identifier) @path . (identifier) @alias)
(import (qualified_identifier) @path "*" @all)

(call_expression . (identifier) @call)
(call_expression . (navigation_expression (_) @qualifier . (identifier) @call .))
(constructor_invocation (user_type (identifier) @call .))
(user_type (identifier) @type .)
(user_type (identifier) @type . (type_arguments) .)
(user_type (identifier) @qualifier . (identifier) @type .)
(type_parameter (identifier) @bound)
(annotation (user_type (identifier) @type))

(navigation_expression (_) @qualifier . (identifier) @mention .)
(callable_reference (identifier) @mention .)
(value_argument (identifier) @argument .)
(identifier) @word

(parameter . (identifier) @bound)
(lambda_parameters (variable_declaration . (identifier) @bound))
(block (property_declaration (variable_declaration . (identifier) @bound)))
(for_statement (variable_declaration . (identifier) @bound))
