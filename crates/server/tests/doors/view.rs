//! The view's doors: compilers' indexes, which people import and agents do not, and the history of what is asked about.

use crate::support::{Answer, House, request};
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::json;

/// What some compiler says of the file at `path`: that its first word is the definition of a symbol.
fn index(path: &str) -> Vec<u8> {
    let field = |number: u8, content: &[u8]| {
        [&[number << 3 | 2, u8::try_from(content.len()).expect("short")], content].concat()
    };
    let occurrence = [field(1, &[0, 0, 3]), field(2, b"t one."), vec![3 << 3, 1]].concat();
    let document = [field(1, path.as_bytes()), field(2, &occurrence)].concat();
    let tool = field(2, &field(1, b"scip-test"));
    [field(1, &tool), field(2, &document)].concat()
}

async fn import(house: &House, token: &str, query: &str, index: Vec<u8>) -> Answer {
    let path = format!("/v1/view/indexes{query}");
    let request = request(Method::POST, &path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/octet-stream");
    house.send(request.body(Body::from(index)).expect("a request")).await
}

#[tokio::test]
async fn people_import_what_compilers_say_and_agents_do_not() {
    let house = House::new();
    let (agent, auditor, member) = (
        house.agent("claude").await,
        house.person("aud", "auditor").await,
        house.person("mem", "member").await,
    );
    let whole = || index("src/lib.txt");
    let refused = import(&house, &agent, "", whole()).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (StatusCode::FORBIDDEN, "right.not_for_agents")
    );
    assert_eq!(import(&house, &auditor, "", whole()).await.code(), "right.not_in_role");
    assert_eq!(
        import(&house, &member, "", b"no index".to_vec()).await.code(),
        "view.index_unreadable"
    );
    let foreign = import(&house, &member, "", index("lib.txt")).await;
    assert_eq!(foreign.code(), "view.index_foreign");
    assert!(foreign.json()["hint"].as_str().expect("a hint").contains("--commit"));
    assert_eq!(import(&house, &member, "?commit=0123abcd", whole()).await.code(), "commit.unknown");
    assert_eq!(house.get("/v1/view/indexes").await.json(), json!([]), "nothing was kept");

    let taken = import(&house, &member, "", whole()).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
    assert_eq!(taken.json()["files"], json!(1), "{}", taken.text);
    // A field that nobody knows, of a mebibyte: an index may be longer than all else that is sent.
    let long = [whole(), vec![7 << 3 | 2, 0x80, 0x80, 0x40], vec![0; 1 << 20]].concat();
    let long = import(&house, &member, "", long).await;
    assert_eq!(long.status, StatusCode::OK, "{}", long.text);
    let below = import(&house, &member, "?root=src/", index("lib.txt")).await;
    assert_eq!(below.json()["files"], json!(1), "{}", below.text);
    let all = house.ask(&agent, Method::GET, "/v1/view/indexes", None).await.json();
    assert_eq!(all.as_array().map(Vec::len), Some(1), "the newer says all that the older did");
    assert_eq!(all[0]["tool"], json!("scip-test"));
    assert_eq!(all[0]["by"], json!("P3"), "{all}");
}

#[tokio::test]
async fn history_tells_commits_and_who_wrote_them() {
    let house = House::new();
    let agent = house.agent("claude").await;
    let told = house.ask(&agent, Method::GET, "/v1/view/history?what=src/lib.txt", None).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let told = told.json();
    assert_eq!(told["commits"][0]["subject"], json!("Begin"), "{told}");
    assert_eq!(told["authors"][0]["percent"], json!(100), "{told}");
    let impact = house.get("/v1/view/impact?what=src/lib.txt").await.json();
    assert_eq!(impact["authors"], told["authors"], "{impact}");
    let empty = house.get("/v1/view/history?what=").await;
    assert_eq!(empty.code(), "view.empty");
}
