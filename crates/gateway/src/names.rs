//! What a tool is called before the agent: `server__tool`, unique over all servers, and short.
//!
//! Clients allow letters, digits, `_` and `-`, and 64 characters in all, some of which they use up for a prefix of
//! their own. A name that does not fit is cut and marked with a piece of its digest, so that two never become one.

use weir_model::Digest;

/// Between a server's name, which holds no `_`, and its tool's.
const BETWEEN: &str = "__";
/// A server's name is at most this long.
pub(crate) const SERVER_NAME_MAX: usize = 20;
/// What leaves Claude its `mcp__weir__` and Copilot its own prefix, below the 64 that both allow.
const NAME_MAX: usize = 48;
/// Eight hexadecimal digits: 32 bits, among the few hundred tools of one server.
const MARK: usize = 8;

/// The name that an agent sees for `tool` of `server`.
pub fn for_agent(server: &str, tool: &str) -> String {
    let room = NAME_MAX.saturating_sub(server.len() + BETWEEN.len());
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !tool.is_empty() && tool.len() <= room && tool.chars().all(good) {
        return format!("{server}{BETWEEN}{tool}");
    }
    let kept: String = tool.chars().map(|c| if good(c) { c } else { '_' }).collect();
    let kept: String = kept.chars().take(room.saturating_sub(MARK + 1)).collect();
    let digest = Digest::of(tool.as_bytes()).to_string();
    let mark = digest.get(..MARK).unwrap_or(&digest);
    format!("{server}{BETWEEN}{kept}_{mark}")
}

/// The server that a name belongs to.
pub(crate) fn server_of(name: &str) -> Option<&str> {
    name.split_once(BETWEEN).map(|(server, _)| server)
}

/// Whether this can be the name of a server in the registry: what [`server_of`] finds again in every name.
pub(crate) fn is_server_name(name: &str) -> bool {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=SERVER_NAME_MAX).contains(&name.len()) && name.chars().all(good)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_short_and_say_where_they_come_from() {
        let rows = [
            ("issues", "search", "issues__search"),
            ("issues", "search__all", "issues__search__all"),
            ("issues", "list issues", "issues__list_issues_"),
            ("issues", "müll", "issues__m_ll_"),
            ("issues", "", "issues___"),
            ("files", &"x".repeat(200), "files__xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx_"),
        ];
        for (server, tool, start) in rows {
            let name = for_agent(server, tool);
            assert!(name.starts_with(start), "{name}");
            assert!(name.len() <= NAME_MAX, "{name}");
        }
    }

    proptest! {
        #[test]
        fn every_name_fits_every_client_and_leads_back_to_its_server(
            server in "[a-z0-9-]{1,20}",
            tool in ".*",
        ) {
            prop_assert!(is_server_name(&server));
            let name = for_agent(&server, &tool);
            prop_assert!(name.len() <= NAME_MAX);
            prop_assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)));
            prop_assert_eq!(server_of(&name), Some(server.as_str()));
        }

        #[test]
        fn two_tools_have_two_names(one in ".{1,80}", other in ".{1,80}") {
            prop_assume!(one != other);
            prop_assert_ne!(for_agent("s", &one), for_agent("s", &other));
        }
    }
}
