//! How well search finds the files that a question means: `cargo xtask bench retrieval`.
//!
//! The questions are the development half of the public semble benchmark: ten repositories at pinned commits and 199
//! questions with the files that answer them, by default in `../shared/data/retrieval/semble-dev.json`; another file of
//! the same form may be named. The repositories are cloned into `--cache <folder>` (a temporary one otherwise), or read
//! from bare mirrors in `--mirrors <folder>`, called `<owner>+<name>/repo`. Only what lies under a repository's
//! `benchmark_root` is searched.
//!
//! The measure is NDCG@10 over files, a mean over questions and then over repositories. An answer is a list of files,
//! each counted once, where its best chunk stands. Files that answer a question gain 1, the benchmark's `secondary`
//! ones as much as its `relevant` ones, as the benchmark itself counts them; the ideal list has them all on top.
//!
//! `--ours` leaves the others out, `--wrong` prints the questions whose list is not ideal, `--only <name>` takes one repository, `--try <weight>=<number>`
//! sets a weight of the ranking, and `--sweep` shows what halving and doubling each of them changes: a weight that
//! matters only at one value has been fitted, and not found.

#[path = "bench_retrieval/baselines.rs"]
mod baselines;
#[path = "bench_retrieval/corpus.rs"]
mod corpus;
#[path = "bench_retrieval/weighing.rs"]
mod weighing;

use corpus::{Corpus, Question};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use weir_view::search::{Embedded, Meaning, Query, Weights};

const FILES: usize = 10;

#[derive(Default)]
struct Options {
    questions: Option<PathBuf>,
    mirrors: Option<PathBuf>,
    cache: Option<PathBuf>,
    only: Option<String>,
    ours: bool,
    wrong: bool,
    sweep: bool,
    weights: Weights,
}

fn main() {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(why) => return eprintln!("{why}"),
    };
    let temporary = tempfile::tempdir().expect("a folder");
    let questions = options
        .questions
        .clone()
        .unwrap_or_else(|| "../shared/data/retrieval/semble-dev.json".into());
    let cache = options.cache.clone().unwrap_or_else(|| temporary.path().to_owned());
    let read =
        corpus::read(&questions, options.mirrors.as_deref(), &cache, options.only.as_deref());
    let corpora = match read {
        Ok(corpora) => corpora,
        Err(why) => return eprintln!("Not measured: {why}"),
    };
    if options.sweep {
        return weighing::sweep(&corpora, &options.weights);
    }
    let mut table = Table::default();
    if !options.ours {
        table.rank("plain BM25, whole files", &corpora, |corpus, question| {
            baselines::bm25(corpus, &question.query)
        });
    }
    match baselines::ripgrep_is_there() {
        _ if options.ours => {}
        true => table.rank("ripgrep, word by word", &corpora, |corpus, question| {
            baselines::ripgrep(corpus, &question.query)
        }),
        false => println!(
            "ripgrep is not installed (`pip install ripgrep`, or your system's package): no row of it.\n"
        ),
    }
    table.rank("Weir, no model", &corpora, |corpus, question| {
        ours(corpus, question, &options.weights, None)
    });
    table.rank("Weir, with meaning", &corpora, |corpus, question| {
        ours(corpus, question, &options.weights, Some(&Embedded))
    });
    table.print(&corpora);
    if options.wrong {
        for corpus in &corpora {
            corpus
                .questions
                .iter()
                .for_each(|question| print_wrong(corpus, question, &options.weights));
        }
    }
}

fn options(arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut arguments = arguments;
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        let mut next = || arguments.next().ok_or_else(|| format!("`{argument}` takes a value"));
        match argument.as_str() {
            "--mirrors" => options.mirrors = Some(next()?.into()),
            "--cache" => options.cache = Some(next()?.into()),
            "--only" => options.only = Some(next()?),
            "--try" => weighing::set(&mut options.weights, &next()?)?,
            "--ours" => options.ours = true,
            "--wrong" => options.wrong = true,
            "--sweep" => options.sweep = true,
            other if other.starts_with('-') => {
                return Err(format!("`{other}` is no argument of this bench"));
            }
            path => options.questions = Some(path.into()),
        }
    }
    Ok(options)
}

/// The files that our search answers, the best first.
fn ours(
    corpus: &Corpus,
    question: &Question,
    weights: &Weights,
    meaning: Option<&dyn Meaning>,
) -> Vec<String> {
    let query = Query { text: &question.query, files_max: FILES, meaning };
    let found = corpus
        .index
        .search_weighing(&query, &corpus.view, weights)
        .expect("a question of the benchmark");
    found.hits.into_iter().map(|hit| hit.path).collect()
}

/// NDCG@10 of a list of files against those that answer.
fn ndcg(answer: &[String], relevant: &[String]) -> f64 {
    let gain = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
    let ranked = answer.iter().take(FILES).enumerate();
    let met: f64 =
        ranked.filter(|(_, path)| relevant.contains(path)).map(|(rank, _)| gain(rank)).sum();
    let ideal: f64 = (0..relevant.len().min(FILES)).map(gain).sum();
    if ideal == 0.0 { 0.0 } else { met / ideal }
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) =
        values.into_iter().fold((0.0, 0usize), |(sum, count), value| (sum + value, count + 1));
    sum / count.max(1) as f64
}

/// The mean over a repository's questions.
fn of_corpus(corpus: &Corpus, answer: &dyn Fn(&Question) -> Vec<String>) -> f64 {
    mean(corpus.questions.iter().map(|question| ndcg(&answer(question), &question.relevant)))
}

#[derive(Default)]
struct Table {
    rows: Vec<Row>,
}

struct Row {
    what: &'static str,
    by_corpus: Vec<f64>,
    by_category: Vec<(String, f64)>,
    p50: Duration,
}

impl Table {
    fn rank(
        &mut self,
        what: &'static str,
        corpora: &[Corpus],
        answer: impl Fn(&Corpus, &Question) -> Vec<String>,
    ) {
        let mut taken = Vec::new();
        let mut by_corpus = Vec::new();
        let mut judged: Vec<(String, f64)> = Vec::new();
        for corpus in corpora {
            let mut values = Vec::new();
            for question in &corpus.questions {
                let start = Instant::now();
                let files = answer(corpus, question);
                taken.push(start.elapsed());
                values.push(ndcg(&files, &question.relevant));
            }
            judged.extend(
                corpus
                    .questions
                    .iter()
                    .map(|question| question.category.clone())
                    .zip(values.iter().copied()),
            );
            by_corpus.push(mean(values));
        }
        taken.sort();
        let p50 = taken.get(taken.len() / 2).copied().unwrap_or_default();
        let of = |category: &str| {
            mean(judged.iter().filter(|(of, _)| of == category).map(|(_, value)| *value))
        };
        let by_category =
            CATEGORIES.iter().map(|category| ((*category).to_owned(), of(category))).collect();
        self.rows.push(Row { what, by_corpus, by_category, p50 });
    }

    fn print(&self, corpora: &[Corpus]) {
        let names: Vec<&str> = corpora.iter().map(|corpus| corpus.name.as_str()).collect();
        println!("| NDCG@10 | mean | {} | p50 |", names.join(" | "));
        println!("|---|---:|{}---:|", "---:|".repeat(names.len()));
        for row in &self.rows {
            let cells: Vec<String> =
                row.by_corpus.iter().map(|value| format!("{value:.3}")).collect();
            let mean = mean(row.by_corpus.iter().copied());
            println!("| {} | **{mean:.3}** | {} | {:.2?} |", row.what, cells.join(" | "), row.p50);
        }
        println!(
            "\n| NDCG@10, mean over questions | {} |\n|---|---:|---:|---:|",
            CATEGORIES.join(" | ")
        );
        for row in &self.rows {
            let cells: Vec<String> =
                row.by_category.iter().map(|(_, value)| format!("{value:.3}")).collect();
            println!("| {} | {} |", row.what, cells.join(" | "));
        }
        let (files, chunks) = corpora
            .iter()
            .fold((0, 0), |sum, corpus| (sum.0 + corpus.files.len(), sum.1 + corpus.chunks));
        let questions: usize = corpora.iter().map(|corpus| corpus.questions.len()).sum();
        println!(
            "\n{questions} questions, {} repositories, {files} files, {chunks} chunks.",
            corpora.len()
        );
    }
}

const CATEGORIES: [&str; 3] = ["symbol", "semantic", "architecture"];

fn print_wrong(corpus: &Corpus, question: &Question, weights: &Weights) {
    let query = Query { text: &question.query, files_max: FILES, meaning: Some(&Embedded) };
    let found = corpus
        .index
        .search_weighing(&query, &corpus.view, weights)
        .expect("a question of the benchmark");
    let files: Vec<String> = found.hits.iter().map(|hit| hit.path.clone()).collect();
    let value = ndcg(&files, &question.relevant);
    if value < 0.999 {
        println!("\n{value:.2} {} [{}] {}", corpus.name, question.category, question.query);
        for (rank, hit) in found.hits.iter().enumerate() {
            let is_relevant = question.relevant.contains(&hit.path);
            if rank < 4 || is_relevant {
                let mark = if is_relevant { '+' } else { ' ' };
                println!(
                    "  {mark}{} {:.2} {}:{}-{} {:?}",
                    rank + 1,
                    hit.score,
                    hit.path,
                    hit.lines.first,
                    hit.lines.last,
                    hit.why
                );
            }
        }
        question
            .relevant
            .iter()
            .filter(|path| !files.contains(path))
            .for_each(|path| println!("  - {path}"));
    }
}
