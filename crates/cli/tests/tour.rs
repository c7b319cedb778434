//! The tour goes as its script says, and leaves what it promises.

mod support;

use serde_json::Value;
use support::Repo;

#[test]
fn the_tour_goes_as_it_should() {
    let repo = Repo::none();
    let folder = repo.beside("tour");
    let folder_text = folder.to_str().expect("UTF-8");
    let ran = repo.weir(&["tour", "--folder", folder_text, "--json"]).expect(0);
    let lines: Vec<Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let account = lines.last().expect("an account");
    let agents = account["agents"].as_array().expect("agents");
    let landed = agents.iter().filter(|agent| agent["landing"].is_string()).count();
    assert_eq!((agents.len(), landed), (8, 6), "{account:#}");
    // What is left is a repository that Weir starts in again, and a ledger that anybody can prove.
    let river = folder.join("river");
    let key = folder.join("ledger.key");
    let export = folder.join("ledger.export");
    let (key, export) = (key.to_str().expect("UTF-8"), export.to_str().expect("UTF-8"));
    repo.weir_in(&folder, &["audit", "verify", export, "--key", key], &[]).expect(0);
    repo.weir_in(&river, &["up", "--detach"], &[]).expect(0);
    let status = repo.weir_in(&river, &["status", "--json"], &[]).expect(0).document();
    repo.weir_in(&river, &["down"], &[]).expect(0);
    assert_eq!(status["counts"]["tasks_done"], 6);
    // A folder that is in use is not touched.
    let refusal = repo.weir(&["tour", "--folder", folder_text, "--json"]).expect(3).refusal();
    assert_eq!(refusal["code"], "tour.not_empty");
}
