(function_declaration name: (_) @name body: (_) @body) @function
(generator_function_declaration name: (_) @name body: (_) @body) @function
(class_declaration name: (_) @name body: (_) @body) @class
(class_body (method_definition name: (_) @name body: (_) @body) @method)
(object (method_definition name: (_) @name body: (_) @body) @function)
(object (pair key: (property_identifier) @name value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @function)
(variable_declarator name: (identifier) @name value: [(arrow_function body: (_) @body) (function_expression body: (_) @body) (generator_function body: (_) @body)]) @function
(variable_declarator name: (identifier) @name value: (class body: (_) @body)) @class
(program (lexical_declaration kind: "const" (variable_declarator name: (identifier) @name) @constant))
(program (lexical_declaration kind: "let" (variable_declarator name: (identifier) @name) @variable))
(program (variable_declaration (variable_declarator name: (identifier) @name) @variable))
(export_statement (lexical_declaration (variable_declarator name: (identifier) @name) @constant))
(export_statement (variable_declaration (variable_declarator name: (identifier) @name) @variable))
(program (expression_statement (assignment_expression
  left: (member_expression property: (property_identifier) @name)
  right: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @function))
(program (expression_statement (assignment_expression
  left: (member_expression
    object: (member_expression object: (_) @receiver property: (property_identifier) @aside)
    property: (property_identifier) @name)
  right: (function_expression body: (_) @body)) @method)
  (#eq? @aside "prototype"))

(lexical_declaration (variable_declarator)) @wrap
(variable_declaration (variable_declarator)) @wrap
(export_statement declaration: (_)) @export
(export_statement value: (_)) @export
(export_statement (export_clause (export_specifier name: (identifier) @exported)) .)
(assignment_expression
  left: (member_expression object: (identifier) @aside property: (property_identifier) @exported)
  (#eq? @aside "exports"))
(assignment_expression
  left: (member_expression
    object: (member_expression object: (identifier) @aside property: (property_identifier))
    property: (property_identifier) @exported)
  (#eq? @aside "module"))
(assignment_expression
  left: (member_expression object: (identifier) @aside)
  right: (object (shorthand_property_identifier) @exported)
  (#eq? @aside "module"))
(assignment_expression
  left: (member_expression object: (identifier) @aside)
  right: (object (pair value: (identifier) @exported))
  (#eq? @aside "module"))
(assignment_expression
  left: (member_expression object: (identifier) @aside)
  right: (identifier) @exported
  (#eq? @aside "module"))

(comment) @comment
(decorator) @attribute

(import_statement . (string) @from)
(import_statement (import_clause (identifier) @default @alias) source: (string) @from)
(import_statement (import_clause (namespace_import (identifier) @alias)) source: (string) @from)
(import_statement (import_clause (named_imports (import_specifier name: (_) @part !alias))) source: (string) @from)
(import_statement (import_clause (named_imports (import_specifier name: (_) @part alias: (_) @alias))) source: (string) @from)
(export_statement "*" @all source: (string) @from) @passed
(export_statement (namespace_export (_) @alias) source: (string) @from) @passed
(export_statement (export_clause (export_specifier name: (_) @part !alias)) source: (string) @from) @passed
(export_statement (export_clause (export_specifier name: (_) @part alias: (_) @alias)) source: (string) @from) @passed
(variable_declarator name: (identifier) @alias
  value: (call_expression function: (identifier) @aside arguments: (arguments . (string) @from .))
  (#eq? @aside "require"))
(variable_declarator name: (object_pattern (shorthand_property_identifier_pattern) @part)
  value: (call_expression function: (identifier) @aside arguments: (arguments . (string) @from .))
  (#eq? @aside "require"))
(variable_declarator name: (object_pattern (pair_pattern key: (property_identifier) @part value: (identifier) @alias))
  value: (call_expression function: (identifier) @aside arguments: (arguments . (string) @from .))
  (#eq? @aside "require"))
(expression_statement
  (call_expression function: (identifier) @aside arguments: (arguments . (string) @from .))
  (#eq? @aside "require"))
(call_expression function: (import) arguments: (arguments . (string) @from))

(call_expression function: (identifier) @call)
(call_expression function: (member_expression object: (_) @qualifier property: (_) @call))
(new_expression constructor: (identifier) @call)
(new_expression constructor: (member_expression object: (_) @qualifier property: (_) @call))
(decorator (identifier) @call)

(member_expression object: (_) @qualifier property: (property_identifier) @mention)
(arguments (identifier) @argument)
(pair value: (identifier) @argument)
(identifier) @word
(shorthand_property_identifier) @word

(arrow_function parameter: (identifier) @bound)
(catch_clause parameter: (identifier) @bound)
(statement_block (lexical_declaration (variable_declarator name: (identifier) @bound)))
(statement_block (variable_declaration (variable_declarator name: (identifier) @bound)))
(statement_block (lexical_declaration (variable_declarator name: (object_pattern (shorthand_property_identifier_pattern) @bound))))
(for_in_statement left: (identifier) @bound)
(array_pattern (identifier) @bound)
(pair_pattern value: (identifier) @bound)
