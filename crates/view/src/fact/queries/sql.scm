(create_table (object_reference name: (_) @name) (column_definitions) @body) @table
(create_table (object_reference name: (_) @name)) @table
(create_view (object_reference name: (_) @name)) @table
(create_materialized_view (object_reference name: (_) @name)) @table
(column_definitions (column_definition name: (_) @name) @field)
(create_function . (_) (object_reference name: (_) @name) (function_body) @body) @function
(create_function (object_reference name: (_) @name)) @function
(create_trigger (object_reference name: (_) @name) . (keyword_before)) @function
(create_index column: (identifier) @name) @constant
(create_type (object_reference name: (_) @name)) @alias_type
(create_sequence (object_reference name: (_) @name)) @variable
(create_schema (identifier) @name) @module

(comment) @comment
(marginalia) @comment

(invocation (object_reference schema: (_) @qualifier name: (_) @call))
(invocation (object_reference !schema name: (_) @call))
(object_reference schema: (_) @qualifier name: (_) @type)
(object_reference !schema name: (_) @type)
(field name: (identifier) @word)
