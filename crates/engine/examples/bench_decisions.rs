//! Decisions: 1,000 policies, 10,000 entities, one thread; how long it takes to judge an act.
//!
//! `cargo xtask bench decisions` prints a Markdown table. A decision is everything from effects to ruling: facts
//! about the path or host, the request, the entities, the slice, the evaluation. Beside it, in the same run and on
//! the same acts, the same without slices: every policy evaluated for every question. Both must rule alike.

use std::time::{Duration, Instant};
use weir_guard::policy::{Bundle, Scope, ruling, ruling_by_all};
use weir_model::act::{
    Act, Answer, Client, Effect, Extent, GitOperation, Moment, RunKind, Tool, WriteHow,
};
use weir_model::{PathSet, Timestamp};

const POLICIES: usize = 1000;
const SESSIONS: usize = 1000;
const PATHS: usize = 8000;
const HOSTS: usize = 1000;
const DECISIONS: usize = 20_000;
/// The baseline is slower by far; so many give its 99th percentile well enough.
const BASELINE: usize = 2000;

fn main() {
    let started = Instant::now();
    let bundle = bundle();
    let load = started.elapsed();
    let text = bundle.to_text(Timestamp::from_millis(0), Timestamp::from_millis(1));
    let started = Instant::now();
    let sealed = Bundle::from_text(&text).expect("written a moment ago");
    let unseal = started.elapsed();
    assert_eq!(sealed.bundle.digest(), bundle.digest());

    let sessions: Vec<Scope> = (0..SESSIONS).map(session).collect();
    let mut random = Random(1);
    let acts: Vec<(usize, Vec<Effect>)> =
        (0..DECISIONS).map(|_| (random.below(SESSIONS), vec![effect(&mut random)])).collect();
    let commands: Vec<(usize, Vec<Effect>)> = (0..DECISIONS)
        .map(|_| (random.below(SESSIONS), (0..3).map(|_| effect(&mut random)).collect()))
        .collect();

    let policies = bundle.rules().count();
    let entities = SESSIONS + PATHS + HOSTS;
    println!("{policies} policies, {entities} entities besides their folders, domains and people.");
    println!(
        "Parse and validate: {:.0} ms; load a signed bundle: {:.0} ms.\n",
        ms(load),
        ms(unseal)
    );
    println!("| what | effects | decisions | p50 µs | p99 µs | max µs | a second |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let act = act();
    for (effects, all) in [(1, &acts), (3, &commands)] {
        let decide = |ask: &(usize, Vec<Effect>)| ruling(&bundle, &sessions[ask.0], &act, &ask.1);
        row("Weir: sliced", effects, &measured(all, decide));
        let by_all =
            |ask: &(usize, Vec<Effect>)| ruling_by_all(&bundle, &sessions[ask.0], &act, &ask.1);
        row("baseline: every policy evaluated", effects, &measured(&all[..BASELINE], by_all));
        let mut answers = [0_usize; 3];
        for ask in &all[..BASELINE] {
            let sliced = decide(ask);
            assert_eq!(sliced, by_all(ask), "a slice left something out");
            answers[match sliced.answer {
                Answer::Allow => 0,
                Answer::Ask => 1,
                Answer::Deny => 2,
            }] += 1;
        }
        let [allow, ask, deny] = answers;
        eprintln!("both ruled alike on {BASELINE}: {allow} allow, {ask} ask, {deny} deny");
    }
}

fn measured<A, R>(asks: &[A], decide: impl Fn(&A) -> R) -> Vec<Duration> {
    for ask in asks.iter().take(500) {
        std::hint::black_box(decide(ask));
    }
    let mut times = Vec::with_capacity(asks.len());
    for ask in asks {
        let started = Instant::now();
        std::hint::black_box(decide(ask));
        times.push(started.elapsed());
    }
    times
}

fn row(what: &str, effects: usize, times: &[Duration]) {
    let mut sorted = times.to_vec();
    sorted.sort();
    let at = |share: f64| us(sorted[((sorted.len() - 1) as f64 * share) as usize]);
    let total: Duration = times.iter().sum();
    let rate = times.len() as f64 / total.as_secs_f64();
    println!(
        "| {what} | {effects} | {} | {:.1} | {:.1} | {:.1} | {rate:.0} |",
        times.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The default set and an organization's own: rules about folders and hosts by name, about agents by name, and
/// about nobody in particular, six to two and a half to one and a half.
fn bundle() -> Bundle {
    let shipped = Bundle::shipped().rules().count();
    let mut own = String::new();
    for n in 0..POLICIES - shipped {
        let policy = match n % 20 {
            0..8 => format!(
                "forbid (principal, action in Action::\"change\", resource in Folder::\"services/s{n}\")\n\
                 unless {{ principal.agent == \"a{}\" || resource.build_output }};",
                n % 50
            ),
            8..12 => format!(
                "forbid (principal, action in Action::\"network\", resource in Domain::\"h{n}.example.org\")\n\
                 when {{ principal.subagent }};"
            ),
            12..17 => format!(
                "forbid (principal in Agent::\"a{n}\", action == Action::\"run\", resource)\n\
                 when {{ resource.kind != \"known\" }};"
            ),
            17 => format!(
                "forbid (principal, action in Action::\"change\", resource)\n\
                 when {{ resource.name like \"*.generated{n}.*\" && resource.inside_worktree }};"
            ),
            18 => format!(
                "forbid (principal, action == Action::\"read\", resource)\n\
                 when {{ resource.path like \"/srv/private{n}/*\" }};"
            ),
            _ => format!(
                "forbid (principal, action in [Action::\"run\", Action::\"network\", Action::\"git\"], resource)\n\
                 when {{ principal.agent == \"b{n}\" && context.effects > 100 }};"
            ),
        };
        let answer = if n % 3 == 0 { "@answer(\"ask\")\n" } else { "" };
        own.push_str(&format!("@id(\"own{n}\")\n{answer}{policy}\n\n"));
    }
    Bundle::parse(&[("own.cedar".to_owned(), own)], &[]).expect("valid")
}

fn session(n: usize) -> Scope {
    Scope {
        session: format!("S{n}"),
        parents: (0..n % 3).map(|up| format!("S{}", n + SESSIONS + up)).collect(),
        agent: format!("a{}", n % 1000),
        person: format!("p{}", n % 20),
        worktree: Some(format!("/home/dev/.cache/weir/trees/t{n}")),
        home: "/home/dev".to_owned(),
        mandate: vec![PathSet::new(["services/**", "src/**", "*.md"]).expect("patterns")],
        ..Scope::default()
    }
}

fn act() -> Act {
    Act {
        client: Some(Client::Claude),
        moment: Moment::BeforeTool,
        conversation: "c".to_owned(),
        subagent: None,
        call: None,
        cwd: "/home/dev".to_owned(),
        mode: None,
        tool: Tool::Shell { command: String::new() },
    }
}

/// What agents mostly do: reads before all, then edits and runs.
fn effect(random: &mut Random) -> Effect {
    let tree = format!("/home/dev/.cache/weir/trees/t{}", random.below(SESSIONS));
    let path = random.below(PATHS);
    let file = format!("{tree}/services/s{}/src/part{}/file{path}.rs", path % 1000, path % 7);
    match random.below(10) {
        0..4 => Effect::Reads { path: file, extent: Extent::One },
        4..7 => Effect::Writes { path: file, how: WriteHow::Change, extent: Extent::One },
        7 => Effect::Runs { program: "cargo".to_owned(), kind: RunKind::Project },
        8 => Effect::Git { operation: GitOperation::Record },
        _ => {
            let host = format!("api.h{}.example.org", random.below(HOSTS));
            Effect::Sends { host, carries: random.below(2) == 0 }
        }
    }
}

/// The same acts in every run: a multiplicative generator (Lehmer, modulus 2^31 - 1).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0 * 48271 % 0x7fff_ffff;
        self.0 as usize % n
    }
}
