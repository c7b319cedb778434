//! How answers of the view look in a terminal.

use crate::page::Page;
use crate::words;
use weir_engine::view::{AlsoHere, Defined, Difference, Envelope, UsedAt};
use weir_server::wire::{
    Author, GrepAnswer, HistoryAnswer, ImpactAnswer, ImportAnswer, ImportedIndex, MapAnswer,
    OutlineAnswer, SearchAnswer, SymbolAnswer, Together, WhoAnswer,
};

pub(crate) fn searched(page: &mut Page, found: &SearchAnswer) {
    if found.hits.is_empty() {
        page.line("Nothing was found.");
    }
    for hit in &found.hits {
        page.heading(format!("{}:{}-{}", hit.path, hit.first, hit.last));
        if !hit.defines.is_empty() {
            page.line(format!("  defines {}", hit.defines.join(", ")));
        }
        if !hit.near.is_empty() {
            page.line(words::line(&format!("  says much the same: {}", hit.near.join(", "))));
        }
        if let Some(text) = &hit.text {
            page.block(text);
        }
    }
    envelope(page, &found.envelope);
}

pub(crate) fn grepped(page: &mut Page, found: &GrepAnswer) {
    if found.files.is_empty() {
        page.line("It stands nowhere.");
    }
    for file in &found.files {
        page.heading(&file.path);
        page.block(&file.text);
        if file.more {
            page.line("  and more of it in this file");
        }
    }
    envelope(page, &found.envelope);
}

pub(crate) fn symbols(page: &mut Page, found: &SymbolAnswer) {
    if found.symbols.is_empty() {
        nothing(page, &found.alike);
    }
    for one in &found.symbols {
        page.heading(format!("{} {}", one.kind, one.name));
        page.line(format!("  {}:{}-{}", one.path, one.first, one.last));
        if let Some(users) = one.users {
            page.line(match users.not_followed {
                0 => format!(
                    "  uses: {} by a compiler's index, {} by import or scope, {} by name only",
                    users.compiler, users.import, users.name
                ),
                many => {
                    format!("  uses: {many} of the name, not followed; `weir view impact` does")
                }
            });
            if users.refuted > 0 {
                let refuted = users.refuted;
                page.line(format!("  {refuted} more have the name, and a compiler knows better"));
            }
        }
        page.block(one.code.as_deref().unwrap_or(&one.signature));
    }
    found.since.iter().for_each(|one| difference(page, one));
    envelope(page, &found.envelope);
}

pub(crate) fn outline(page: &mut Page, found: &OutlineAnswer) {
    if found.files.is_empty() {
        page.line("No file lies there.");
    }
    for file in &found.files {
        page.heading(format!("{} ({} lines)", file.path, file.lines));
        file.symbols.iter().for_each(|one| page.line(line_of(one)));
    }
    envelope(page, &found.envelope);
}

pub(crate) fn impact(page: &mut Page, found: &ImpactAnswer) {
    if found.of.is_empty() && !found.alike.is_empty() {
        nothing(page, &found.alike);
    }
    for one in &found.of {
        page.line(format!("{} {} at {}:{}", one.kind, one.name, one.path, one.first));
    }
    if !found.touches.is_empty() {
        page.heading("Touched");
        found.touches.iter().for_each(|one| page.line(format!("  {one}")));
    }
    page.heading(format!("Used ({})", found.users.len()));
    uses(page, &found.users);
    page.heading(format!("Tests ({})", found.tests.len()));
    uses(page, &found.tests);
    for (what, names) in [
        ("Through others", &found.through),
        ("Owners", &found.owners),
        ("Open changes", &found.changes),
    ] {
        if !names.is_empty() {
            page.heading(what);
            names.iter().for_each(|name| page.line(format!("  {name}")));
        }
    }
    authors(page, &found.authors);
    match found.touches.is_empty() {
        true => together(page, "Changes with it", &found.together),
        false => together(page, "Usually changes with these, and does not here", &found.together),
    }
    for other in &found.meets {
        page.line(format!("{} touches the same: {}", other.change, other.touches.join(", ")));
    }
    found.since.iter().for_each(|one| difference(page, one));
    if found.same_name > 0 {
        page.line(format!(
            "{} other definitions have the same name: uses by name only may be theirs.",
            found.same_name
        ));
    }
    envelope(page, &found.envelope);
}

pub(crate) fn also_here(page: &mut Page, found: &WhoAnswer) {
    if found.here.is_empty() {
        page.line("Nobody is changing it.");
    }
    found.here.iter().for_each(|one| here(page, one));
    authors(page, &found.authors);
    envelope(page, &found.envelope);
}

pub(crate) fn history(page: &mut Page, found: &HistoryAnswer) {
    if found.of.is_empty() {
        nothing(page, &found.alike);
    }
    found.of.iter().for_each(|one| page.line(one));
    page.heading(format!("Commits ({} of {} looked at)", found.commits.len(), found.looked));
    for one in &found.commits {
        let day = one.at.get(..10).unwrap_or(&one.at);
        let how = one.how.as_deref().map(|how| format!(" {how}")).unwrap_or_default();
        let (commit, author, subject) = (super::short(&one.commit), &one.author, &one.subject);
        page.line(format!("  {commit} {day} {author}:{how} {subject}"));
    }
    authors(page, &found.authors);
    together(page, "Changes with it", &found.together);
    envelope(page, &found.envelope);
}

fn authors(page: &mut Page, authors: &[Author]) {
    if !authors.is_empty() {
        page.heading("Written by");
    }
    for Author { name, commits, percent, last } in authors {
        let day = last.get(..10).unwrap_or(last);
        page.line(format!("  {percent:>3} % {name} ({commits} commits, the last on {day})"));
    }
}

fn together(page: &mut Page, what: &str, files: &[Together]) {
    if !files.is_empty() {
        page.heading(what);
    }
    for Together { path, times, of } in files {
        page.line(format!("  {path} ({times} of {of} times)"));
    }
}

pub(crate) fn imported(page: &mut Page, taken: &ImportAnswer) {
    let ImportAnswer { tool, commit, files, unknown, otherwise, words } = taken;
    let commit = super::short(commit);
    page.line(format!("Imported what {tool} says of {files} files at {commit}: {words} words."));
    if *unknown > 0 {
        page.line(format!("  {unknown} of its documents are not in that commit."));
    }
    if *otherwise > 0 {
        page.line(format!("  {otherwise} were not indexed as they are there."));
    }
}

pub(crate) fn indexes(page: &mut Page, all: &[ImportedIndex]) {
    if all.is_empty() {
        page.line("No compiler's index was imported: `weir view import index.scip`");
    }
    for ImportedIndex { tool, commit, files, by, at } in all {
        let commit = super::short(commit);
        page.line(format!("  {tool}: {files} files at {commit}, imported by {by} at {at}"));
    }
}

pub(crate) fn map(page: &mut Page, found: &MapAnswer) {
    page.block(&found.text);
    envelope(page, &found.envelope);
}

fn nothing(page: &mut Page, alike: &[String]) {
    match alike {
        [] => page.line("Nothing is called so."),
        names => page.line(format!("Nothing is called so. Written alike: {}.", names.join(", "))),
    }
}

fn line_of(one: &Defined) -> String {
    format!("  {:>5}  {}", one.first, one.signature)
}

fn uses(page: &mut Page, uses: &[UsedAt]) {
    for UsedAt { how, path, line, within, role } in uses {
        let within = within.as_deref().map(|name| format!(" in {name}")).unwrap_or_default();
        page.line(format!("  {path}:{line}{within} ({role}, by {how})"));
    }
}

fn here(page: &mut Page, one: &AlsoHere) {
    let AlsoHere { session, agent, task, path, symbols, breaks } = one;
    let task = task.as_deref().map(|task| format!(" on {task}")).unwrap_or_default();
    let what = match symbols.as_slice() {
        [] => String::new(),
        names => format!(": {}", names.join(", ")),
    };
    page.line(format!("  {session} {agent}{task}  {path}{what}"));
    for broken in breaks {
        page.line(words::line(&format!("    ! {}", broken.sentence)));
    }
}

fn difference(page: &mut Page, one: &Difference) {
    let Difference { from, from_commit, to, to_commit, definitions, .. } = one;
    let (was, now) = (super::short(from_commit), super::short(to_commit));
    page.heading(format!("From {from} ({was}) to {to} ({now})"));
    for differs in definitions {
        let at = differs.now.as_ref().or(differs.was.as_ref());
        let at = at.map(|at| format!("{} at {}:{}", at.name, at.path, at.first));
        page.line(format!("  {} {}", differs.touch, at.unwrap_or_default()));
        if differs.touch == "reshaped" {
            let heads = [("was", &differs.was), ("now", &differs.now)];
            for (when, one) in heads {
                let head = one.as_ref().map(|one| one.signature.as_str()).unwrap_or_default();
                page.line(format!("    {when}  {head}"));
            }
        }
    }
    for (what, users) in [("users added", &one.users_added), ("users gone", &one.users_gone)] {
        if !users.is_empty() {
            page.line(format!("  {what}:"));
            uses(page, users);
        }
    }
    if [one.users_added.len(), one.users_gone.len(), definitions.len()] == [0; 3] {
        page.line("  Nothing differs.");
    }
    if let Some(cut) = &one.cut {
        page.line(format!("  cut: {cut}"));
    }
}

fn envelope(page: &mut Page, envelope: &Envelope) {
    let Envelope { commit, dirty, not_covered, cut, history, also_here, late } = envelope;
    if !also_here.is_empty() {
        page.heading("Also here, right now");
        also_here.iter().for_each(|one| here(page, one));
    }
    let dirty = match dirty {
        Some(files) => format!(", with {files} files edited in your worktree"),
        None => String::new(),
    };
    page.heading(format!("Seen at {}{dirty}", super::short(commit)));
    for one in not_covered {
        page.line(words::line(&format!("  not covered, {}", one.told())));
    }
    if let Some(cut) = cut {
        page.line(words::line(&format!("  cut: {cut}")));
    }
    if let Some(history) = history {
        page.line(words::line(&format!("  history: {history}")));
    }
    late.iter().for_each(|one| page.line(format!("  late: {one}")));
}
