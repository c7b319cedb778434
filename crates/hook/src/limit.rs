//! What a client cannot guarantee, and what meets it: said when it is attached, and never forgotten quietly.

use weir_model::act::Client;

/// A hole that no setting of ours closes in this client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What can happen.
    pub sentence: &'static str,
    /// What helps, or the wall that meets it.
    pub remedy: &'static str,
    /// Whether it was seen, or only read of.
    pub observed: bool,
}

const fn seen(sentence: &'static str, remedy: &'static str) -> Limit {
    Limit { sentence, remedy, observed: true }
}

const fn told(sentence: &'static str, remedy: &'static str) -> Limit {
    Limit { sentence, remedy, observed: false }
}

const PUSH: &str = "the git boundary decides every push again, whatever the client did";
const SANDBOX: &str = "run the session in the sandbox; the git boundary decides every push again";

/// What `client` cannot guarantee even when it is attached in the best way.
pub fn limits(client: Client) -> &'static [Limit] {
    match client {
        Client::Claude => CLAUDE,
        Client::Codex => CODEX,
        Client::Gemini => GEMINI,
        Client::Antigravity => ANTIGRAVITY,
        Client::Cursor => CURSOR,
        Client::Copilot => COPILOT,
        Client::OpenCode => OPENCODE,
    }
}

const CLAUDE: &[Limit] = &[
    seen(
        "a hook that ends well but prints something else than JSON lets the tool run, even with `onFailure`",
        "the hook program prints nothing else; `weir doctor` proves it with a canary",
    ),
    seen(
        "in bypass mode an agent can write `disableAllHooks` into the settings of its worktree by a shell command \
         and so turn hooks off while it runs",
        "the hook on changed settings keeps them on for the session; `weir attach claude --scope managed` cannot \
         be turned off",
    ),
    seen(
        "settings of a worktree that cannot be read are passed over without a word, and hooks with them",
        "`weir doctor` sees it; attach with `--scope managed`, where a broken file stops the client",
    ),
    seen(
        "`--setting-sources` and `--bare` leave out the hooks of a worktree",
        "attach with `--scope managed`",
    ),
    seen(
        "a hook on the start of a session cannot stop it",
        "its first tool call is decided like every other",
    ),
    told("files named with `@` in a prompt are read without a hook", SANDBOX),
    seen(
        "a client that is killed tells nothing about its end",
        "leases end by time, not by that message",
    ),
];

const CODEX: &[Limit] = &[
    seen(
        "a hook that takes too long lets the tool run, and says so nowhere; one that crashes or is missing is met by \
         the shell that runs it",
        "the hook program denies on its own, shorter deadline; the git boundary decides every push again",
    ),
    seen(
        "a hook whose digest is not the trusted one does not run, without a word: after any edit of `hooks.json`, \
         and when that file moves",
        "`weir doctor` compares; `weir attach codex --scope managed` needs no trust",
    ),
    seen(
        "`--disable hooks` turns hooks of users off",
        "attach with `--scope managed`, which pins the feature",
    ),
    seen(
        "it cannot pause for a person: an `ask` would let the tool run",
        "an approval is a denial first, and the same call is made again",
    ),
    seen(
        "what is typed into a program that runs already (`write_stdin`) comes to no hook when it fails, and was not \
         seen to come to one when it works",
        "start of the program is decided; keep its own sandbox on, and shells by policy",
    ),
    seen(
        "a patch given to a shell as `apply_patch <<EOF` comes as a shell command",
        "the command is analysed like any other",
    ),
    told(
        "tools that OpenAI hosts, such as the web search, come to no hook",
        "turn them off by requirement (`allowed_web_search_modes`)",
    ),
];

const GEMINI: &[Limit] = &[
    seen(
        "driven by an editor over the Agent Client Protocol, no hook on tools runs, not even a managed one",
        "a floor of rules is written beside the hooks and holds there; drive it headless under Weir, or in the \
         sandbox",
    ),
    seen(
        "a hook that takes too long lets the tool run; one that crashes is met by the shell that runs it",
        "the hook program denies on its own, shorter deadline",
    ),
    seen(
        "a user's settings can turn a hook off by its name, even a managed one",
        "`weir doctor` sees it; the git boundary decides every push again",
    ),
    seen(
        "its payloads name neither the call nor the sub-agent",
        "acts are joined by session and time; who pushed is told by the token",
    ),
    seen(
        "it cannot pause for a person",
        "an approval is a denial first, and the same call is made again",
    ),
    told(
        "rules of an administrator are passed over when their folder is not root's or others can write it",
        "`weir doctor` proves them with a canary",
    ),
];

const ANTIGRAVITY: &[Limit] = &[
    told(
        "nothing here was seen: the client cannot be had from a package registry",
        "prove the hook with `weir doctor` before you rely on it",
    ),
    told(
        "some releases read hooks from installed plugins only",
        "prove the hook with `weir doctor`; install it as a plugin if it stays silent",
    ),
    told("in print mode it names no workspace", SANDBOX),
    told(
        "it cannot be given other arguments for a call",
        "such a call is denied, and the reason says what to change",
    ),
    told(
        "how it is told a token for a tool server without writing it down is not known",
        "add Weir's tools by hand if you need them there",
    ),
];

const CURSOR: &[Limit] = &[
    told(
        "nothing here was seen: the client has no offline mode",
        "prove the hook with `weir doctor` before you rely on it",
    ),
    told(
        "an empty answer lets the tool run even with `failClosed`",
        "the hook program always answers",
    ),
    told(
        "before most tools it takes an `ask` for a yes",
        "there an approval is a denial first, and the same call is made again",
    ),
    told(
        "it tells the address of a tool server and not its name",
        "policies name the address, or let the tool gateway stand before it",
    ),
    told(
        "hooks that it takes from Claude Code's settings never fail closed",
        "attach it as `cursor`, not as `claude`",
    ),
];

const COPILOT: &[Limit] = &[
    seen(
        "a hook that takes too long lets the tool run, even one of an administrator",
        "the hook program denies on its own, shorter deadline",
    ),
    seen(
        "an answer that is not JSON lets the tool run",
        "the hook program prints nothing else; `weir doctor` proves it with a canary",
    ),
    seen(
        "an administrator's hook file that cannot be read is passed over",
        "`weir doctor` reads it",
    ),
    seen(
        "hooks of a worktree run only when the folder is trusted",
        "attach with `--scope user` or `managed`",
    ),
    seen(
        "where a tool server's name has a dash, nobody can tell it from the tool's",
        "name servers without dashes; the tool gateway knows both",
    ),
    seen("a sampling request of a tool server hangs a headless run", "the tool gateway makes none"),
];

const OPENCODE: &[Limit] = &[
    seen(
        "a plugin that fails while it is loaded is passed over, and `--pure` leaves all of them out",
        "`weir doctor` proves with a canary that it was loaded; keep deny rules in `/etc/opencode/opencode.json`",
    ),
    seen(
        "a plugin cannot answer for the person where it asks for permission",
        "an approval is a denial first, and the same call is made again",
    ),
    seen("of its own permission rules the last that fits wins, and `bash -c` slips by them", PUSH),
    told(
        "tools that a plugin or a `batch` calls may come to no hook of their own",
        "unknown tools are asked, never guessed safe",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_client_is_without_a_limit_and_each_has_a_remedy() {
        for client in Client::ALL {
            assert!(limits(client).len() > 2, "{client}");
            for limit in limits(client) {
                for text in [limit.sentence, limit.remedy] {
                    assert!(
                        !text.is_empty() && !text.ends_with('.') && !text.contains("  "),
                        "{text}"
                    );
                }
            }
        }
    }
}
