//! pytest, where the repository configures it or asks for it; a `tests` folder alone may be anything.

use super::{Proposal, Root};
use toml::{Table, Value};

pub(super) fn propose(root: &Root<'_>) -> Option<Proposal> {
    let why = configured(root).or_else(|| required(root))?;
    Some(Proposal::new("pytest", "python3 -m pytest -q", why))
}

fn configured(root: &Root<'_>) -> Option<String> {
    // pytest takes these for its own by their names alone, however empty.
    let own = ["pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "conftest.py"];
    if let Some(name) = own.into_iter().find(|name| root.has(name)) {
        return Some(format!("there is a `{name}` at the root"));
    }
    let has_line = |file, section| root.text(file).is_some_and(|text| has_section(text, section));
    if has_line("setup.cfg", "[tool:pytest]") {
        return Some("`setup.cfg` configures pytest".to_owned());
    }
    if has_line("tox.ini", "[pytest]") {
        return Some("`tox.ini` configures pytest".to_owned());
    }
    let tool = root.toml("pyproject.toml").and_then(|project| table(&project, "tool").cloned())?;
    tool.contains_key("pytest").then(|| "`pyproject.toml` configures pytest".to_owned())
}

fn required(root: &Root<'_>) -> Option<String> {
    let is_list = |name: &str| name.starts_with("requirements") && name.ends_with(".txt");
    let names = root.0.iter().map(|(name, _)| *name);
    let list = names.filter(|name| is_list(name)).find(|name| {
        root.text(name).is_some_and(|text| text.lines().any(|line| is_pytest(line.trim())))
    });
    if let Some(name) = list {
        return Some(format!("`{}` asks for pytest", name.escape_debug()));
    }
    let project = root.toml("pyproject.toml")?;
    asks_for_pytest(&project).then(|| "`pyproject.toml` asks for pytest".to_owned())
}

fn has_section(text: &str, section: &str) -> bool {
    text.lines().any(|line| line.trim_end() == section)
}

/// The places where a project lists what it needs: its own standard ones, and Poetry's.
fn asks_for_pytest(project: &Table) -> bool {
    let own = table(project, "project");
    let extras = own.and_then(|own| table(own, "optional-dependencies"));
    let groups = table(project, "dependency-groups");
    let lists = own.and_then(|own| own.get("dependencies")).into_iter();
    let lists = lists.chain(extras.into_iter().chain(groups).flat_map(Table::values));
    let listed = lists.filter_map(Value::as_array).flatten().filter_map(Value::as_str);

    let poetry = table(project, "tool").and_then(|tool| table(tool, "poetry"));
    let poetry_groups = poetry.and_then(|poetry| table(poetry, "group"));
    let of_groups = poetry_groups.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    let tables = poetry.into_iter().chain(of_groups);
    let keyed = tables.flat_map(|holder| {
        ["dependencies", "dev-dependencies"].into_iter().filter_map(|key| table(holder, key))
    });
    listed.into_iter().any(is_pytest) || keyed.flat_map(Table::keys).any(|key| is_pytest(key))
}

fn table<'a>(holder: &'a Table, key: &str) -> Option<&'a Table> {
    holder.get(key)?.as_table()
}

/// Whether a requirement (PEP 508: a name, then extras, versions, markers) is for pytest itself.
/// A plug-in needs pytest, so it counts: nobody asks for `pytest-cov` without running pytest.
fn is_pytest(requirement: &str) -> bool {
    let ends_name = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.');
    let name = requirement.split(ends_name).next().unwrap_or_default();
    let lower = name.to_ascii_lowercase().replace('_', "-");
    lower == "pytest" || lower.starts_with("pytest-")
}
