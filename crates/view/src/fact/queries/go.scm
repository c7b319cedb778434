(function_declaration name: (_) @name body: (_)? @body) @function
(method_declaration
  receiver: (parameter_list (parameter_declaration type: (_) @receiver))
  name: (_) @name body: (_)? @body) @method
(type_spec name: (_) @name type: (struct_type (field_declaration_list) @body)) @struct
(type_spec name: (_) @name type: (interface_type "{" @body)) @interface
(type_spec name: (_) @name) @alias_type
(type_alias name: (_) @name) @alias_type
(field_declaration name: (_) @name) @field
(interface_type (method_elem name: (_) @name) @method)
(source_file (const_declaration (const_spec name: (_) @name) @constant))
(source_file (var_declaration (var_spec name: (_) @name) @variable))
(source_file (var_declaration (var_spec_list (var_spec name: (_) @name) @variable)))
(type_declaration) @wrap
(const_declaration) @wrap
(var_declaration) @wrap

(comment) @comment

(import_spec !name path: (_) @from)
(import_spec name: [(package_identifier) (blank_identifier)] @alias path: (_) @from)
(import_spec name: (dot) @all path: (_) @from)

(call_expression function: (identifier) @call)
(call_expression function: (selector_expression operand: (_) @qualifier field: (_) @call))
(call_expression function: (type_instantiation_expression type: (type_identifier) @call))
(composite_literal type: (type_identifier) @call)
(composite_literal type: (qualified_type package: (_) @qualifier name: (_) @call))
(composite_literal type: (generic_type type: (type_identifier) @call))
(type_identifier) @type
(qualified_type package: (_) @qualifier name: (_) @type)
(type_parameter_declaration name: (_) @bound)

(selector_expression operand: (_) @qualifier field: (_) @mention)
(keyed_element key: (literal_element (identifier) @mention))
(argument_list (identifier) @argument)
(literal_element (identifier) @argument)
(identifier) @word

(parameter_declaration name: (identifier) @bound)
(variadic_parameter_declaration name: (identifier) @bound)
(short_var_declaration left: (expression_list (identifier) @bound))
(range_clause left: (expression_list (identifier) @bound))
(block (statement_list (var_declaration (var_spec name: (identifier) @bound))))
