//! The branches, and what is true of each.

use crate::Options;
use crate::real::chance::Chance;
use std::path::Path;

/// What is true of a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Truth {
    /// It is right, alone and with all others, but for those that are made against it.
    Good,
    /// It breaks the program by itself.
    Broken,
    /// It writes the line that this other branch writes: git cannot merge both.
    Clashes(usize),
    /// It uses what this other branch takes away: each is right alone, and both together are not.
    Breaks(usize),
}

/// A branch: files that it writes, and a line of a shared file.
pub(crate) struct Branch {
    pub(crate) truth: Truth,
    files: Vec<(String, String)>,
    line: Option<(usize, usize, String)>,
    removes: Option<usize>,
}

/// All branches.
pub(crate) struct Plan {
    pub(crate) branches: Vec<Branch>,
    shared: usize,
    bases: usize,
}

/// Lines of a shared file that are written, so far apart that git merges them.
const SLOTS: usize = 50;
const APART: usize = 4;

impl Plan {
    /// So many branches, of which so many in a thousand clash or break, in an order by chance.
    pub(crate) fn new(chance: &mut Chance, options: &Options) -> Self {
        let total = options.changes;
        let clashes = total * options.conflicts / 1000;
        let breaks = total * options.breaks / 1000;
        let (broken, pairs) = (breaks / 2, breaks - breaks / 2);
        let good = total - clashes - broken - pairs;
        assert!(good >= clashes + pairs, "too few good branches for so many bad ones");
        let mut branches: Vec<Branch> = (0..good).map(Branch::good).collect();
        for other in 0..clashes {
            branches.push(Branch::clashing(branches.len(), other));
        }
        for other in 0..pairs {
            // Those that clash with nobody.
            let (at, other) = (branches.len(), clashes + other);
            branches[other].removes = Some(other);
            branches.push(Branch::using(at, other));
        }
        for _ in 0..broken {
            branches.push(Branch::broken(branches.len()));
        }
        let bases = clashes + pairs;
        let shared = total.div_ceil(SLOTS);
        Self { branches: shuffled(branches, chance), shared, bases }
    }

    /// What the repository holds before all of them.
    pub(crate) fn base(&self, options: &Options) -> Vec<(String, String)> {
        let mut files = vec![
            ("weir.toml".to_owned(), settings(options)),
            ("check.sh".to_owned(), check(options)),
        ];
        for number in 0..self.shared {
            let lines: String = (0..SLOTS * APART).map(|line| format!("line {line}\n")).collect();
            files.push((format!("shared/{number}.txt"), lines));
        }
        for number in 0..self.bases {
            files.push((format!("src/base{number}.txt"), format!("def base{number}\n")));
        }
        files
    }
}

impl Branch {
    fn good(number: usize) -> Self {
        let text = format!("def own{number}\nuse own{number}\n");
        Self {
            truth: Truth::Good,
            files: vec![(format!("src/own{number}.txt"), text)],
            line: Some((number / SLOTS, number % SLOTS, format!("written by {number}"))),
            removes: None,
        }
    }

    fn clashing(number: usize, other: usize) -> Self {
        let mut branch = Self::good(number);
        branch.truth = Truth::Clashes(other);
        branch.line = Some((other / SLOTS, other % SLOTS, format!("written by {number}")));
        branch
    }

    fn using(number: usize, other: usize) -> Self {
        let mut branch = Self::good(number);
        branch.truth = Truth::Breaks(other);
        branch.files[0].1 += &format!("use base{other}\n");
        branch
    }

    fn broken(number: usize) -> Self {
        let mut branch = Self::good(number);
        branch.truth = Truth::Broken;
        branch.files[0].1 += &format!("use nothing{number}\n");
        branch
    }

    /// Does the work of the branch in this tree.
    pub(crate) fn write(&self, tree: &Path) {
        for (name, text) in &self.files {
            std::fs::write(tree.join(name), text).expect("a file");
        }
        if let Some((file, slot, text)) = &self.line {
            let path = tree.join(format!("shared/{file}.txt"));
            let old = std::fs::read_to_string(&path).expect("a shared file");
            let lines = old.lines().enumerate().map(|(at, line)| match at == slot * APART {
                true => format!("{text}\n"),
                false => format!("{line}\n"),
            });
            std::fs::write(&path, lines.collect::<String>()).expect("a file");
        }
        if let Some(number) = self.removes {
            std::fs::remove_file(tree.join(format!("src/base{number}.txt"))).expect("a file");
        }
    }
}

/// Fisher and Yates; what branches know of each other by number moves with them.
fn shuffled(mut branches: Vec<Branch>, chance: &mut Chance) -> Vec<Branch> {
    let mut order: Vec<usize> = (0..branches.len()).collect();
    for at in (1..order.len()).rev() {
        let with = chance.below(at as u64 + 1);
        order.swap(at, usize::try_from(with).expect("below the length"));
    }
    let mut place = vec![0; order.len()];
    for (at, number) in order.iter().enumerate() {
        place[*number] = at;
    }
    for branch in &mut branches {
        branch.truth = match branch.truth {
            Truth::Clashes(other) => Truth::Clashes(place[other]),
            Truth::Breaks(other) => Truth::Breaks(place[other]),
            truth => truth,
        };
    }
    let mut places: Vec<Option<Branch>> = branches.into_iter().map(Some).collect();
    order.into_iter().filter_map(|number| places[number].take()).collect()
}

fn settings(options: &Options) -> String {
    let queue = match options.workers {
        0 => String::new(),
        workers => format!("[queue]\nworkers = {workers}\n\n"),
    };
    format!("{queue}[[check]]\nname = \"whole\"\nrun = \"sh check.sh\"\n")
}

/// Every use has a definition. Under the queue it takes its time, and fails now and then for nothing.
fn check(options: &Options) -> String {
    format!(
        "set -eu\n\
         if [ -n \"${{WEIR_CHECK:-}}\" ]; then\n\
         \tsleep {}\n\
         \tchance=$(od -An -N4 -tu4 /dev/urandom)\n\
         \tif [ $((chance % 1000)) -lt {} ]; then echo 'the network was away'; exit 1; fi\n\
         fi\n\
         cat src/*.txt | awk '$1==\"def\"{{d[$2]=1}} $1==\"use\"{{u[$2]=1}}\n\
         END {{for (x in u) if (!(x in d)) {{print \"use of \" x \" without def\"; bad=1}}; exit bad}}'\n",
        options.check_ms as f64 / 1000.0,
        options.flakes,
    )
}
