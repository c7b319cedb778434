(module name: [(constant) @name (scope_resolution name: (_) @name)] body: (_)? @body) @module
(class name: [(constant) @name (scope_resolution name: (_) @name)] body: (_)? @body) @class
(method name: (_) @name body: (_)? @body) @function
(singleton_method object: (self) name: (_) @name body: (_)? @body) @method
(singleton_method object: (constant) @receiver name: (_) @name body: (_)? @body) @method
(assignment left: (constant) @name) @constant
(assignment left: (scope_resolution name: (constant) @name)) @constant
(alias name: (identifier) @name) @method
(call !receiver method: (identifier) @aside arguments: (argument_list (simple_symbol) @name) @field
  (#any-of? @aside "attr_reader" "attr_writer" "attr_accessor" "attribute" "has_many" "has_one" "belongs_to" "scope"))
(call !receiver method: (identifier) @aside arguments: (argument_list . (simple_symbol) @name) @method
  (#any-of? @aside "define_method" "alias_method" "delegate"))

(comment) @comment

(call !receiver method: (identifier) @aside @all arguments: (argument_list . (string (string_content) @from))
  (#any-of? @aside "require" "require_relative" "load"))

(call !receiver method: (identifier) @call)
(call receiver: (_) @qualifier method: (_) @call)
(superclass (constant) @type)
(superclass (scope_resolution scope: (_) @qualifier name: (_) @type))
(call !receiver method: (identifier) @aside arguments: (argument_list (constant) @type)
  (#any-of? @aside "include" "extend" "prepend"))
(scope_resolution scope: (_) @qualifier name: (constant) @mention)
(constant) @word
(identifier) @word
(argument_list (simple_symbol) @word)

(method_parameters (identifier) @bound)
(method_parameters (_ name: (identifier) @bound))
(block_parameters (identifier) @bound)
(assignment left: (identifier) @bound)

(body_statement (identifier) @access (#any-of? @access "private" "protected" "public"))
