(function_definition name: (_) @name body: (_) @body) @function
(method_declaration name: (_) @name body: (_)? @body) @method
(class_declaration name: (_) @name body: (_) @body) @class
(interface_declaration name: (_) @name body: (_) @body) @interface
(trait_declaration name: (_) @name body: (_) @body) @trait
(enum_declaration name: (_) @name body: (_) @body) @enum
(enum_case name: (_) @name) @variant
(const_declaration (const_element . (name) @name)) @constant
(property_declaration (property_element name: (variable_name (name) @name))) @field
(property_promotion_parameter name: (variable_name (name) @name)) @field
(namespace_definition name: (_) @name body: (_) @body) @module
(namespace_definition name: (_) @name .) @module
(function_call_expression function: (name) @aside arguments: (arguments . (argument (string (string_content) @name))) (#eq? @aside "define")) @constant

(comment) @comment
(attribute_list) @attribute

(namespace_use_declaration (namespace_use_clause . (qualified_name) @path !alias))
(namespace_use_declaration (namespace_use_clause . (name) @path !alias))
(namespace_use_declaration (namespace_use_clause . (qualified_name) @path alias: (_) @alias))
(namespace_use_declaration (namespace_use_clause . (name) @path alias: (_) @alias))
(namespace_use_declaration (namespace_name) @from body: (namespace_use_group (namespace_use_clause . (_) @path !alias)))
(namespace_use_declaration (namespace_name) @from body: (namespace_use_group (namespace_use_clause . (_) @path alias: (_) @alias)))
(require_expression "require" @all (string) @from)
(require_once_expression "require_once" @all (string) @from)
(include_expression "include" @all (string) @from)
(include_once_expression "include_once" @all (string) @from)

(function_call_expression function: (name) @call)
(function_call_expression function: (qualified_name prefix: (_) @qualifier (name) @call))
(function_call_expression function: (qualified_name . (name) @call))
(member_call_expression object: (_) @qualifier name: (name) @call)
(nullsafe_member_call_expression object: (_) @qualifier name: (name) @call)
(scoped_call_expression scope: (_) @qualifier name: (name) @call)
(object_creation_expression (name) @call)
(object_creation_expression (qualified_name prefix: (_) @qualifier (name) @call))
(attribute (name) @type)
(attribute (qualified_name prefix: (_) @qualifier (name) @type))
(named_type (name) @type)
(named_type (qualified_name prefix: (_) @qualifier (name) @type))
(base_clause (name) @type)
(base_clause (qualified_name prefix: (_) @qualifier (name) @type))
(class_interface_clause (name) @type)
(class_interface_clause (qualified_name prefix: (_) @qualifier (name) @type))
(use_declaration (name) @type)
(binary_expression operator: "instanceof" right: (name) @type)
(scoped_call_expression scope: (name) @mention)
(class_constant_access_expression (_) @qualifier (name) @mention .)
(class_constant_access_expression . (name) @mention)
(member_access_expression object: (_) @qualifier name: (name) @mention)
(scoped_property_access_expression scope: (_) @qualifier name: (variable_name (name) @mention))
(argument (string (string_content) @word))
(argument (name) @mention)
