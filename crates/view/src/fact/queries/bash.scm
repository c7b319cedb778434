(function_definition name: (_) @name body: (_) @body) @function
(program (variable_assignment name: (variable_name) @name) @variable)
(program (declaration_command (variable_assignment name: (variable_name) @name)) @variable)

(comment) @comment

(command name: (command_name) @aside @all . argument: (_) @from (#any-of? @aside "source" "."))

(command name: (command_name (word) @call))
(command name: (command_name) @aside argument: (word) @word (#any-of? @aside "trap" "command" "type" "declare" "export" "run" "xargs"))
(expansion (variable_name) @word)
(simple_expansion (variable_name) @word)
