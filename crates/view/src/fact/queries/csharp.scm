(class_declaration name: (_) @name body: (_)? @body) @class
(struct_declaration name: (_) @name body: (_)? @body) @struct
(record_declaration name: (_) @name body: (_)? @body) @class
(interface_declaration name: (_) @name body: (_) @body) @interface
(enum_declaration name: (_) @name body: (_)? @body) @enum
(enum_member_declaration name: (_) @name) @variant
(method_declaration name: (_) @name body: (_)? @body) @method
(constructor_declaration name: (_) @name body: (_)? @body) @method
(destructor_declaration name: (_) @name) @method
(local_function_statement name: (_) @name body: (_)? @body) @function
(property_declaration name: (_) @name accessors: (_)? @body) @field
(field_declaration (variable_declaration (variable_declarator name: (_) @name))) @field
(event_field_declaration (variable_declaration (variable_declarator name: (_) @name))) @field
(event_declaration name: (_) @name) @field
(delegate_declaration name: (_) @name) @alias_type
(namespace_declaration name: (_) @name body: (_) @body) @module
(file_scoped_namespace_declaration name: (_) @name) @module

(comment) @comment
(attribute_list) @attribute

(using_directive "using" @all . (identifier) @from .)
(using_directive "using" @all . (qualified_name) @from .)
(using_directive name: (identifier) @alias (_) @path .)

(invocation_expression function: (identifier) @call)
(invocation_expression function: (generic_name . (identifier) @call))
(invocation_expression function: (member_access_expression expression: (_) @qualifier name: (identifier) @call))
(invocation_expression function: (member_access_expression expression: (_) @qualifier name: (generic_name . (identifier) @call)))
(invocation_expression function: (member_access_expression "this" @qualifier name: (identifier) @call))
(invocation_expression function: (conditional_access_expression condition: (_) @qualifier (member_binding_expression name: (identifier) @call)))
(object_creation_expression type: (identifier) @call)
(object_creation_expression type: (generic_name . (identifier) @call))
(object_creation_expression type: (qualified_name qualifier: (_) @qualifier name: (identifier) @call))
(attribute name: (identifier) @type)
(base_list (identifier) @type)
(base_list (generic_name . (identifier) @type))
(base_list (qualified_name qualifier: (_) @qualifier name: (identifier) @type))
(_ type: (identifier) @type)
(_ type: (generic_name . (identifier) @type))
(_ type: (nullable_type type: (identifier) @type))
(_ type: (array_type type: (identifier) @type))
(_ returns: (identifier) @type)
(_ returns: (generic_name . (identifier) @type))
(_ type: (qualified_name qualifier: (_) @qualifier name: (identifier) @type))
(type_argument_list (identifier) @type)
(type_argument_list (generic_name . (identifier) @type))
(type_parameter name: (_) @bound)

(member_access_expression expression: (_) @qualifier name: (identifier) @mention)
(argument (identifier) @argument)
(identifier) @word

(parameter name: (identifier) @bound)
(local_declaration_statement (variable_declaration (variable_declarator name: (identifier) @bound)))
(foreach_statement left: (identifier) @bound)
(lambda_expression parameters: (implicit_parameter) @bound)
(declaration_pattern name: (identifier) @bound)
