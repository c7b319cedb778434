//! What others are changing, beside what an answer shows.

use super::Touches;
use weir_view::answer::AlsoHere;
use weir_view::touched::Touched;

/// Sessions other than the one that asks, with what each touches.
pub(super) struct Others(pub(super) Vec<Other>);

pub(super) struct Other {
    pub(super) session: String,
    pub(super) agent: String,
    pub(super) task: Option<String>,
    pub(super) touched: Touches,
}

impl Others {
    /// Who touches one of these files; of its definitions, those that were named are told first.
    pub(super) fn of(&self, shown: &[(&str, &str)]) -> Vec<AlsoHere> {
        let mut paths: Vec<&str> = shown.iter().map(|(path, _)| *path).collect();
        paths.sort_unstable();
        paths.dedup();
        let of = |other: &Other, path: &str| {
            let touched = other.touched.get(path)?;
            let named = |one: &&Touched| shown.contains(&(path, one.name.as_str()));
            let (mut first, rest): (Vec<&Touched>, Vec<&Touched>) = touched.iter().partition(named);
            first.extend(rest);
            Some(other.told(path, first.into_iter()))
        };
        self.0
            .iter()
            .flat_map(|other| paths.iter().filter_map(move |path| of(other, path)))
            .collect()
    }

    /// Whether somebody touches this path.
    pub(super) fn has(&self, path: &str) -> bool {
        self.0.iter().any(|other| other.touched.contains_key(path))
    }

    pub(super) fn all(&self) -> Vec<AlsoHere> {
        let told = |other: &Other| {
            let paths = other.touched.iter();
            paths.map(|(path, touched)| other.told(path, touched.iter())).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(told).collect()
    }

    /// Who touches something of this name.
    pub(super) fn named(&self, name: &str) -> Vec<AlsoHere> {
        let last = name.rsplit([':', '.']).next().unwrap_or(name);
        let is_it = |one: &&Touched| one.name.rsplit([':', '.']).next() == Some(last);
        let mut found = Vec::new();
        for other in &self.0 {
            for (path, touched) in other.touched.iter() {
                if touched.iter().any(|one| is_it(&one)) {
                    found.push(other.told(path, touched.iter().filter(is_it)));
                }
            }
        }
        found
    }
}

impl Other {
    fn told<'a>(&self, path: &str, touched: impl Iterator<Item = &'a Touched>) -> AlsoHere {
        let symbols = touched.map(|one| format!("{} {}", one.touch.name(), one.name)).collect();
        let (session, agent, task) = (self.session.clone(), self.agent.clone(), self.task.clone());
        AlsoHere { session, agent, task, path: path.to_owned(), symbols }
    }
}
