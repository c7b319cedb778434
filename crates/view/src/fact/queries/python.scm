(function_definition name: (_) @name body: (_) @body) @function
(function_definition name: (_) @name body: (block . (expression_statement . (string) @doc)) @body) @function
(class_definition name: (_) @name body: (_) @body) @class
(class_definition name: (_) @name body: (block . (expression_statement . (string) @doc)) @body) @class
(module (expression_statement (assignment left: (identifier) @name) @variable))
(module (expression_statement (assignment left: (pattern_list (identifier) @name)) @variable))
(module (if_statement (block (expression_statement (assignment left: (identifier) @name) @variable))))
(module (try_statement (block (expression_statement (assignment left: (identifier) @name) @variable))))
(class_definition body: (block (expression_statement (assignment left: (identifier) @name) @field)))
(class_definition body: (block (expression_statement (assignment left: (identifier) @name) @field . (string)?)))
(type_alias_statement left: (type (identifier) @name)) @alias_type
(decorated_definition) @wrap

(comment) @comment
(decorator) @attribute

(import_statement name: (dotted_name) @from)
(import_statement name: (aliased_import name: (_) @from alias: (_) @alias))
(import_from_statement module_name: (_) @from name: (dotted_name) @part)
(import_from_statement module_name: (_) @from name: (aliased_import name: (_) @part alias: (_) @alias))
(import_from_statement module_name: (_) @from (wildcard_import) @all)
(future_import_statement "__future__" @from name: (dotted_name) @part)

(call function: (identifier) @call)
(call function: (attribute object: (_) @qualifier attribute: (_) @call))
(decorator (identifier) @call)
(decorator (attribute object: (_) @qualifier attribute: (_) @call))
(class_definition superclasses: (argument_list (identifier) @type))
(class_definition superclasses: (argument_list (attribute object: (_) @qualifier attribute: (_) @type)))
(class_definition superclasses: (argument_list (subscript value: (identifier) @type)))
(class_definition superclasses: (argument_list (keyword_argument value: (identifier) @type)))
(type (identifier) @type)
(type (attribute object: (_) @qualifier attribute: (_) @type))
(type (generic_type (identifier) @type))
(type (subscript value: (identifier) @type))
(type (subscript subscript: (identifier) @type))
(type (binary_operator (identifier) @type))
(type (string (string_content) @type))
(except_clause (identifier) @type)
(except_clause (as_pattern (identifier) @type))
(except_clause (tuple (identifier) @type))

(attribute object: (_) @qualifier attribute: (_) @mention)
(argument_list (identifier) @argument)
(keyword_argument value: (identifier) @argument)
(identifier) @word
(keyword_argument name: (identifier) @label)

(parameters (identifier) @bound)
(typed_parameter . (identifier) @bound)
(default_parameter name: (identifier) @bound)
(typed_default_parameter name: (identifier) @bound)
(list_splat_pattern (identifier) @bound)
(dictionary_splat_pattern (identifier) @bound)
(lambda_parameters (identifier) @bound)
(for_statement left: (identifier) @bound)
(for_in_clause left: (identifier) @bound)
(function_definition body: (block (expression_statement (assignment left: (identifier) @bound))))
(as_pattern_target (identifier) @bound)
