(function_item name: (_) @name body: (_) @body) @function
(function_signature_item name: (_) @name) @function
(struct_item name: (_) @name body: (field_declaration_list) @body) @struct
(struct_item name: (_) @name) @struct
(union_item name: (_) @name body: (_) @body) @struct
(enum_item name: (_) @name body: (_) @body) @enum
(enum_variant name: (_) @name) @variant
(field_declaration name: (_) @name) @field
(trait_item name: (_) @name body: (_) @body) @trait
(impl_item type: (type_identifier) @name body: (_)? @body) @implementation
(impl_item type: (generic_type type: (type_identifier) @name) body: (_)? @body) @implementation
(impl_item type: (generic_type type: (scoped_type_identifier name: (_) @name)) body: (_)? @body) @implementation
(impl_item type: (scoped_type_identifier name: (_) @name) body: (_)? @body) @implementation
(impl_item type: (reference_type type: (type_identifier) @name) body: (_)? @body) @implementation
(impl_item type: (reference_type type: (generic_type type: (type_identifier) @name)) body: (_)? @body) @implementation
(impl_item type: (primitive_type) @name body: (_)? @body) @implementation
(type_item name: (_) @name) @alias_type
(associated_type name: (_) @name) @alias_type
(const_item name: (_) @name) @constant
(static_item name: (_) @name) @constant
(mod_item name: (_) @name body: (_) @body) @module
(mod_item name: (_) @name .) @module
(macro_definition name: (_) @name) @macro

(line_comment) @comment
(block_comment) @comment
(attribute_item) @attribute

(use_declaration) @tree
(extern_crate_declaration name: (_) @from)
(extern_crate_declaration name: (_) @from alias: (_) @alias)

(call_expression function: (identifier) @call)
(call_expression function: (scoped_identifier path: (_) @qualifier name: (_) @call))
(call_expression function: (scoped_identifier !path name: (_) @call))
(call_expression function: (field_expression value: (_) @qualifier field: (field_identifier) @call))
(call_expression function: (generic_function function: (identifier) @call))
(call_expression function: (generic_function function: (scoped_identifier path: (_) @qualifier name: (_) @call)))
(call_expression function: (generic_function function: (field_expression value: (_) @qualifier field: (field_identifier) @call)))
(macro_invocation macro: (identifier) @call)
(macro_invocation macro: (scoped_identifier path: (_) @qualifier name: (_) @call))
(struct_expression name: (type_identifier) @call)
(struct_expression name: (scoped_type_identifier path: (_) @qualifier name: (_) @call))
(attribute (identifier) @mention)
(attribute (scoped_identifier path: (_) @qualifier name: (_) @mention))

((attribute (identifier) @aside arguments: (token_tree (identifier) @label)) (#eq? @aside "derive"))

; In a macro's arguments there are only tokens: a name before a bracket is called.
(token_tree (identifier) @call . (token_tree . "("))
(token_tree (identifier) @qualifier . "::" . (identifier) @call . (token_tree . "("))
(token_tree "." @qualifier . (identifier) @call . (token_tree . "("))
(token_tree [(identifier) (self)] @qualifier . "." . (identifier) @call . (token_tree . "("))
(token_tree [(super) (crate)] @qualifier . "::" . (identifier) @call . (token_tree . "("))
(token_tree (identifier) @qualifier . "::" . (identifier) @mention)

(type_identifier) @type
(scoped_type_identifier path: (_) @qualifier name: (_) @type)
(type_parameter name: (_) @bound)

(scoped_identifier path: (_) @qualifier name: (identifier) @mention)
(field_expression value: (_) @qualifier field: (field_identifier) @mention)
(field_initializer field: (field_identifier) @mention)
(arguments (identifier) @argument)
(arguments (reference_expression value: (identifier) @argument))
(identifier) @word

(parameter pattern: (identifier) @bound)
(parameter pattern: (mut_pattern (identifier) @bound))
(closure_parameters (identifier) @bound)
(let_declaration pattern: (identifier) @bound)
(let_declaration pattern: (mut_pattern (identifier) @bound))
(for_expression pattern: (identifier) @bound)
(tuple_pattern (identifier) @bound)
(tuple_struct_pattern (identifier) @aside . (identifier) @bound)
(field_pattern name: (shorthand_field_identifier) @bound)
