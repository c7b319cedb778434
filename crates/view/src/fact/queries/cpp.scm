(class_specifier name: (type_identifier) @name body: (_) @body) @class
(class_specifier name: (template_type name: (_) @name) body: (_) @body) @class
(struct_specifier name: (template_type name: (_) @name) body: (_) @body) @struct
(enum_specifier name: (qualified_identifier name: (_) @name) body: (_) @body) @enum
(namespace_definition name: (namespace_identifier) @name body: (_) @body) @module
(namespace_definition name: (nested_namespace_specifier) @name body: (_) @body) @module
(alias_declaration name: (_) @name) @alias_type
(concept_definition name: (_) @name) @trait
(template_declaration) @wrap

(function_definition declarator: (function_declarator declarator: [(identifier) (field_identifier) (destructor_name) (operator_name)] @name) [(default_method_clause) (delete_method_clause) (try_statement)]) @function
(function_definition declarator: (function_declarator declarator: [(field_identifier) (destructor_name) (operator_name)] @name) body: (_) @body) @method
(function_definition declarator: (reference_declarator (function_declarator declarator: [(identifier) (field_identifier) (operator_name)] @name)) body: (_) @body) @function
(function_definition declarator: (pointer_declarator declarator: (function_declarator declarator: (field_identifier) @name)) body: (_) @body) @method
(field_declaration declarator: (function_declarator declarator: [(field_identifier) (operator_name)] @name)) @method
(field_declaration declarator: (pointer_declarator declarator: (function_declarator declarator: (field_identifier) @name))) @method
(field_declaration declarator: (reference_declarator (function_declarator declarator: [(field_identifier) (operator_name)] @name))) @method
(field_declaration declarator: (reference_declarator (field_identifier) @name)) @field
(declaration declarator: (function_declarator declarator: (destructor_name) @name)) @method
(declaration declarator: (reference_declarator (function_declarator declarator: (identifier) @name))) @function

; A member that is defined outside of its class.
(function_definition
  declarator: (function_declarator declarator: (qualified_identifier
    scope: (_) @receiver name: [(identifier) (destructor_name) (operator_name)] @name))
  body: (_) @body) @method
(function_definition
  declarator: (function_declarator declarator: (qualified_identifier name: (qualified_identifier
    scope: (_) @receiver name: [(identifier) (destructor_name) (operator_name)] @name)))
  body: (_) @body) @method
(function_definition
  declarator: (pointer_declarator declarator: (function_declarator declarator: (qualified_identifier
    scope: (_) @receiver name: [(identifier) (operator_name)] @name)))
  body: (_) @body) @method
(function_definition
  declarator: (reference_declarator (function_declarator declarator: (qualified_identifier
    scope: (_) @receiver name: [(identifier) (operator_name)] @name)))
  body: (_) @body) @method
(declaration_list (declaration declarator: (init_declarator declarator: (identifier) @name)) @variable)
(declaration_list (declaration declarator: (identifier) @name) @variable)

(attribute_declaration) @attribute

(using_declaration "namespace" @all (_) @from)
(using_declaration "using" . (qualified_identifier) @path)

(call_expression function: (qualified_identifier scope: (_) @qualifier name: (identifier) @call))
(call_expression function: (qualified_identifier name: (qualified_identifier scope: (_) @qualifier name: (identifier) @call)))
(call_expression function: (qualified_identifier name: (qualified_identifier name: (qualified_identifier scope: (_) @qualifier name: (identifier) @call))))
(call_expression function: (qualified_identifier scope: (_) @qualifier name: (template_function name: (identifier) @call)))
(call_expression function: (qualified_identifier name: (qualified_identifier scope: (_) @qualifier name: (template_function name: (identifier) @call))))
(call_expression function: (template_function name: (identifier) @call))
(call_expression function: (field_expression argument: (_) @qualifier field: (template_method name: (_) @call)))
(new_expression type: (type_identifier) @call)
(new_expression type: (template_type name: (type_identifier) @call))
(new_expression type: (qualified_identifier scope: (_) @qualifier name: (type_identifier) @call))
(qualified_identifier scope: (_) @qualifier name: (type_identifier) @type)
(qualified_identifier scope: (_) @qualifier name: (template_type name: (_) @type))
(qualified_identifier scope: (_) @qualifier name: (identifier) @mention)
(type_parameter_declaration (type_identifier) @bound)
(field_initializer (field_identifier) @mention)

(parameter_declaration declarator: (reference_declarator (identifier) @bound))
(compound_statement (declaration declarator: (reference_declarator (identifier) @bound)))
(compound_statement (declaration declarator: (init_declarator declarator: (reference_declarator (identifier) @bound))))
(for_range_loop declarator: (identifier) @bound)
(for_range_loop declarator: (reference_declarator (identifier) @bound))

(field_declaration_list (access_specifier) @access)
