(function_definition declarator: (function_declarator declarator: (identifier) @name) body: (_) @body) @function
(function_definition declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name)) body: (_) @body) @function
(function_definition declarator: (pointer_declarator declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name))) body: (_) @body) @function
(declaration declarator: (function_declarator declarator: (identifier) @name)) @function
(declaration declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name))) @function
(struct_specifier name: (type_identifier) @name body: (_) @body) @struct
(union_specifier name: (type_identifier) @name body: (_) @body) @struct
(enum_specifier name: (type_identifier) @name body: (_) @body) @enum
(enumerator name: (_) @name) @variant
(field_declaration declarator: (field_identifier) @name) @field
(field_declaration declarator: (pointer_declarator declarator: (field_identifier) @name)) @field
(field_declaration declarator: (array_declarator declarator: (field_identifier) @name)) @field
(field_declaration declarator: (function_declarator declarator: (parenthesized_declarator (pointer_declarator declarator: (field_identifier) @name)))) @field
(type_definition declarator: (type_identifier) @name) @alias_type
(type_definition declarator: (pointer_declarator declarator: (type_identifier) @name)) @alias_type
(type_definition declarator: (function_declarator declarator: (parenthesized_declarator (pointer_declarator declarator: (type_identifier) @name)))) @alias_type
(type_definition declarator: (function_declarator declarator: (type_identifier) @name)) @alias_type
(translation_unit (declaration declarator: (identifier) @name) @variable)
(translation_unit (declaration declarator: (array_declarator declarator: (identifier) @name)) @variable)
(translation_unit (declaration declarator: (pointer_declarator declarator: (identifier) @name)) @variable)
(translation_unit (declaration declarator: (init_declarator declarator: (identifier) @name)) @variable)
(translation_unit (declaration declarator: (init_declarator declarator: (array_declarator declarator: (identifier) @name))) @variable)
(translation_unit (declaration declarator: (init_declarator declarator: (pointer_declarator declarator: (identifier) @name))) @variable)
(preproc_def name: (_) @name) @macro
(preproc_function_def name: (_) @name) @macro

(comment) @comment

(preproc_include "#include" @all path: (_) @from)

(call_expression function: (identifier) @call)
(call_expression function: (field_expression argument: (_) @qualifier field: (field_identifier) @call))
(type_identifier) @type

(field_expression argument: (_) @qualifier field: (field_identifier) @mention)
(field_designator (field_identifier) @mention)
(argument_list (identifier) @argument)
(initializer_list (identifier) @argument)
(initializer_pair value: (identifier) @argument)
(preproc_ifdef name: (identifier) @word)
(identifier) @word

(parameter_declaration declarator: (identifier) @bound)
(parameter_declaration declarator: (pointer_declarator declarator: (identifier) @bound))
(compound_statement (declaration declarator: (identifier) @bound))
(compound_statement (declaration declarator: (init_declarator declarator: (identifier) @bound)))
(compound_statement (declaration declarator: (pointer_declarator declarator: (identifier) @bound)))
(compound_statement (declaration declarator: (init_declarator declarator: (pointer_declarator declarator: (identifier) @bound))))
(for_statement initializer: (declaration declarator: (init_declarator declarator: (identifier) @bound)))
(preproc_params (identifier) @bound)
