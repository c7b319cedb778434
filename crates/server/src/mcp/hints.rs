//! Hints in an agent's words: where a hint names a command of the command line, the tool that does the same.
//!
//! Every other door shows a hint as the pillar wrote it, for whoever reads it there can type. An agent at this door
//! may have no shell of ours, and does what a hint says to the letter.

/// What a tool does that a command does, too: the command, the tool, and the argument that takes the command's own.
const TOOLS: [(&str, &str, &str); 9] = [
    ("task list", "task_list", ""),
    ("task next", "task_claim", ""),
    ("task claim", "task_claim", "task"),
    ("task release", "task_release", "task"),
    ("task show", "show", "id"),
    ("change show", "change_status", "change"),
    ("approval list", "approval_status", ""),
    ("show", "show", "id"),
    ("submit", "the `submit` command of your claim", ""),
];

/// A hint with tools in place of commands. A command that no tool stands for is for somebody at a terminal, and is
/// said to be.
pub(super) fn for_agents(hint: &str) -> String {
    let (mut said, mut rest) = (String::new(), hint);
    // Values stand in backticks.
    while let Some((before, (value, after))) =
        rest.split_once('`').and_then(|(before, value)| Some((before, value.split_once('`')?)))
    {
        said.push_str(before);
        match value.strip_prefix("weir ") {
            Some(command) => said.push_str(&in_tools(command)),
            None => said.extend(["`", value, "`"]),
        }
        rest = after;
    }
    said + rest
}

fn in_tools(command: &str) -> String {
    if command == "status" {
        return r#"`task_list` with `{"which":"open"}`"#.to_owned();
    }
    let found = TOOLS.iter().find_map(|(name, tool, argument)| {
        let rest = command.strip_prefix(name)?;
        let value = rest.trim_start();
        match (rest.is_empty(), *argument) {
            (true, _) => Some(spelled(tool)),
            (false, "") => None,
            (false, _) if value.len() == rest.len() || value.contains([' ', '-']) => None,
            (false, argument) => {
                let arguments = serde_json::json!({ argument: value });
                Some(format!("{} with `{arguments}`", spelled(tool)))
            }
        }
    });
    found.unwrap_or_else(|| format!("`weir {command}` (in a terminal: no tool does it)"))
}

/// A tool is a value; what is more than a name has its backticks already.
fn spelled(tool: &str) -> String {
    if tool.contains('`') { tool.to_owned() } else { format!("`{tool}`") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn commands_become_tools() {
        let rows = [
            ("list the tasks: `weir task list`", "list the tasks: `task_list`"),
            (
                "wait until 14:00, or take another: `weir task next`",
                "wait until 14:00, or take another: `task_claim`",
            ),
            ("claim it: `weir task claim T7`", r#"claim it: `task_claim` with `{"task":"T7"}`"#),
            (
                "bring it, or give it back: `weir task release T2`",
                r#"bring it, or give it back: `task_release` with `{"task":"T2"}`"#,
            ),
            ("see it: `weir show C1.2`", r#"see it: `show` with `{"id":"C1.2"}`"#),
            (
                "see what the others wait for: `weir status`",
                r#"see what the others wait for: `task_list` with `{"which":"open"}`"#,
            ),
            ("then `weir submit`, again", "then the `submit` command of your claim, again"),
            (
                "withdraw it first: `weir task withdraw T3`",
                "withdraw it first: `weir task withdraw T3` (in a terminal: no tool does it)",
            ),
            (
                "`weir task list --state done` and `weir up`",
                "`weir task list --state done` (in a terminal: no tool does it) and `weir up` (in a terminal: \
                 no tool does it)",
            ),
            // Git is what an agent brings its change with.
            (
                "push what is needed: `git push weir HEAD`",
                "push what is needed: `git push weir HEAD`",
            ),
            ("write it like `T12`", "write it like `T12`"),
            ("weir shows it", "weir shows it"),
            ("`weir showing`", "`weir showing` (in a terminal: no tool does it)"),
            ("", ""),
        ];
        for (hint, said) in rows {
            assert_eq!(for_agents(hint), said);
        }
    }

    /// The table and the tools cannot drift apart.
    #[test]
    fn every_tool_that_is_named_is_there() {
        let tools = super::super::tools::all();
        for (command, name, argument) in TOOLS.iter().filter(|(_, name, _)| !name.contains('`')) {
            let tool = tools.iter().find(|tool| tool.name == *name).expect(command);
            let fields = tool.input_schema["properties"].as_object().expect("fields");
            assert!(argument.is_empty() || fields.contains_key(*argument), "{command}: {argument}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_no_command_stays_as_it_is(words in "[a-z:;,T1-9 ]{0,40}", value in "[a-vx-z0-9. ]{0,20}") {
            let hint = format!("{words}`{value}`{words}");
            prop_assert_eq!(for_agents(&hint), hint);
        }

        #[test]
        fn no_hint_makes_it_panic(hint in "(`|weir |show |task |[^a-z]|\\PC){0,20}") {
            for_agents(&hint);
        }
    }
}
