//! The view's facts on disk: whatever happened to them, and to the server that wrote them, no answer is another.

mod support;

use serde_json::Value;
use std::process::{Command, Stdio};
use std::time::Duration;
use support::Repo;

fn ask(repo: &Repo) -> Value {
    let found = ["view", "search", "where is a failed push tried again", "--json"];
    let mut told = vec![repo.weir(&found).expect(0).document()];
    for question in [["symbol", "retry_17"], ["impact", "retry_17"], ["outline", "src/m17.rs"]] {
        let args = [&["view"], &question[..], &["--json"]].concat();
        told.push(repo.weir(&args).expect(0).document());
    }
    Value::Array(told)
}

fn kill(repo: &Repo) {
    let running = std::fs::read(repo.dir.join(".git/weir/server.json")).expect("a server");
    let running: Value = serde_json::from_slice(&running).expect("JSON");
    let pid = running["pid"].to_string();
    assert!(Command::new("kill").args(["-9", &pid]).status().expect("run").success());
    while Command::new("kill").args(["-0", &pid]).output().expect("run").status.success() {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn facts_on_disk_outlive_kills_and_damage_and_change_no_answer() {
    let repo = Repo::empty();
    for nth in 0..240 {
        let text = format!(
            "use crate::m{}::retry_{};\n\n/// Tries a failed push again.\npub fn retry_{nth}(times: u32) -> \
             u32 {{\n    retry_{}(times + {nth})\n}}\n",
            nth + 1,
            nth + 1,
            nth + 1,
        );
        repo.write(&format!("src/m{nth}.rs"), &text.repeat(1 + nth % 5));
    }
    repo.commit("Begin");
    let facts = repo.dir.join(".git/weir/view/facts");
    for wait_ms in [0, 40, 90, 150, 230, 400] {
        repo.up();
        let mut asks = repo.command(&repo.dir, &["view", "symbol", "retry_3"], &[]);
        let mut asks = asks.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("run");
        std::thread::sleep(Duration::from_millis(wait_ms));
        kill(&repo);
        let _ = asks.wait();
    }
    repo.up();
    let after_kills = ask(&repo);
    repo.weir(&["down"]).expect(0);
    assert_eq!(
        after_kills[0]["hits"].as_array().map(Vec::is_empty),
        Some(false),
        "{after_kills:#}"
    );
    let good = std::fs::read(&facts).expect("it is kept");
    assert!(good.len() > 10_000, "{}", good.len());

    std::fs::remove_file(&facts).expect("thrown away");
    repo.up();
    assert_eq!(ask(&repo), after_kills, "as if it had been made at once");
    repo.weir(&["down"]).expect(0);

    for damage in 0..3 {
        let mut bad = good.clone();
        match damage {
            0 => bad.truncate(good.len() * 2 / 3),
            1 => bad.iter_mut().skip(100).step_by(997).for_each(|byte| *byte ^= 4),
            _ => bad = b"something else altogether, and long enough to have a head".to_vec(),
        }
        std::fs::write(&facts, bad).expect("written");
        repo.up();
        assert_eq!(ask(&repo), after_kills, "damaged: {damage}");
        repo.weir(&["down"]).expect(0);
    }
}
