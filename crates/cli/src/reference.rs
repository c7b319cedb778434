//! `docs/cli.md`: the reference of every command, made from the code that reads the command line.

use crate::args::Args;
use crate::exit::Exit;
use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory as _};
use std::fmt::Write as _;

const HEAD: &str = "\
<!-- Made from the code by a test. To write it anew: UPDATE_CLI=1 cargo xtask test reference -->

# The command line

";

/// The whole document.
fn document() -> String {
    let mut weir = Args::command().term_width(100);
    weir.build();
    let mut text = HEAD.to_owned();
    text.push_str(&words(weir.get_long_about()));
    text.push_str("\n\n## Exit codes\n\n| code | meaning |\n|---|---|\n");
    for exit in Exit::ALL {
        let _ = writeln!(text, "| {} | {} |", exit as u8, exit.meaning());
    }
    text.push_str("\n## Options of every command\n\n");
    rows(&mut text, weir.get_arguments().filter(|arg| arg.is_global_set()));
    text.push_str("\n## Commands\n\n| command | |\n|---|---|\n");
    index(&mut text, &weir);
    section(&mut text, &mut weir);
    text
}

fn words(text: Option<&StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default().trim_end().to_owned()
}

fn visible(command: &Command) -> bool {
    !command.is_hide_set() && command.get_name() != "help"
}

fn name(command: &Command) -> &str {
    command.get_bin_name().unwrap_or_else(|| command.get_name())
}

fn index(text: &mut String, command: &Command) {
    for each in command.get_subcommands().filter(|each| visible(each)) {
        if each.has_subcommands() {
            index(text, each);
        } else {
            let anchor = name(each).replace(' ', "-");
            let about = words(each.get_about());
            let _ = writeln!(text, "| [`{}`](#{anchor}) | {about} |", name(each));
        }
    }
}

fn section(text: &mut String, command: &mut Command) {
    let names: Vec<String> = command
        .get_subcommands()
        .filter(|each| visible(each))
        .map(|each| each.get_name().to_owned())
        .collect();
    for each in names {
        let Some(command) = command.find_subcommand_mut(&each) else { continue };
        if command.has_subcommands() {
            section(text, command);
            continue;
        }
        let about = words(command.get_long_about().or(command.get_about()));
        let usage = command.render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ").trim();
        let _ = write!(text, "\n### {}\n\n{about}\n\n    {usage}\n", name(command));
        let own: Vec<&Arg> = command
            .get_arguments()
            .filter(|arg| !arg.is_global_set() && !arg.is_hide_set())
            .filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version"))
            .collect();
        if !own.is_empty() {
            text.push('\n');
            rows(text, own.into_iter());
        }
    }
}

/// A table of arguments.
fn rows<'a>(text: &mut String, args: impl Iterator<Item = &'a Arg>) {
    text.push_str("| | |\n|---|---|\n");
    for arg in args {
        let value = arg.get_value_names().unwrap_or_default().join(" ");
        let takes_value = arg.get_action().takes_values();
        let spelled = match (arg.get_short(), arg.get_long()) {
            (Some(short), Some(long)) => format!("-{short}, --{long}"),
            (None, Some(long)) => format!("--{long}"),
            (Some(short), None) => format!("-{short}"),
            (None, None) => String::new(),
        };
        let spelled = match (spelled.is_empty(), takes_value) {
            (true, _) => format!("<{value}>"),
            (false, true) => format!("{spelled} <{value}>"),
            (false, false) => spelled,
        };
        let mut help = words(arg.get_help());
        let defaults: Vec<_> =
            arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        if !defaults.is_empty() && takes_value {
            let _ = write!(help, " [default: {}]", defaults.join(" "));
        }
        let possible: Vec<_> = arg.get_possible_values();
        if !possible.is_empty() && takes_value {
            let names: Vec<_> = possible.iter().map(|value| value.get_name()).collect();
            let _ = write!(help, " [one of: {}]", names.join(", "));
        }
        if let Some(variable) = arg.get_env() {
            let _ = write!(help, " [env: {}]", variable.to_string_lossy());
        }
        let _ = writeln!(text, "| `{spelled}` | {} |", help.replace('|', "\\|"));
    }
}

#[test]
fn the_reference_is_the_committed_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md");
    let document = document();
    if std::env::var_os("UPDATE_CLI").is_some() {
        std::fs::write(path, &document).expect("docs/cli.md can be written");
    }
    let committed = std::fs::read_to_string(path).expect("docs/cli.md is committed");
    assert!(
        committed == document,
        "docs/cli.md is not what the code says: `UPDATE_CLI=1 cargo xtask test reference`"
    );
}

#[test]
fn the_help_reads_as_it_did() {
    let mut weir = Args::command().term_width(100);
    insta::assert_snapshot!("help", weir.render_help());
    insta::assert_snapshot!("help_long", weir.render_long_help());
    let task = weir.find_subcommand_mut("task").and_then(|task| task.find_subcommand_mut("claim"));
    let claim = task.expect("a command").clone().term_width(100).render_long_help();
    insta::assert_snapshot!("help_task_claim", claim);
}
