//! The pages: signing in, what a form must carry, and that nothing anybody wrote becomes markup.

use crate::support::{Answer, HOST, House, request};
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::json;

/// A browser: it has a cookie, and says where its forms come from.
struct Browser<'a> {
    house: &'a House,
    cookie: String,
}

impl<'a> Browser<'a> {
    /// Signs in by a link, as a person does.
    async fn new(house: &'a House) -> Self {
        let link = house.post("/v1/sign-in-links", json!({})).await.json();
        let path = link["url"].as_str().expect("a link").replace(&format!("http://{HOST}"), "");
        let nobody = Browser { house, cookie: String::new() };
        let asked = nobody.get(&path).await;
        assert_eq!(asked.status, StatusCode::OK, "{}", asked.text);
        assert!(asked.header("set-cookie").is_empty(), "looking uses nothing up");
        let signed = nobody.send(&path, "", Some("same-origin")).await;
        assert_eq!(signed.status, StatusCode::SEE_OTHER, "{}", signed.text);
        let cookie = signed.header("set-cookie").to_owned();
        for word in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="] {
            assert!(cookie.contains(word), "{cookie}");
        }
        let again = nobody.send(&path, "", Some("same-origin")).await;
        assert!(again.status.is_client_error(), "a link works once: {}", again.text);
        let cookie = cookie.split(';').next().expect("a pair").to_owned();
        Browser { house, cookie }
    }

    async fn get(&self, path: &str) -> Answer {
        let request = request(Method::GET, path).header(header::COOKIE, &self.cookie);
        self.house.send(request.body(Body::empty()).expect("a request")).await
    }

    async fn send(&self, path: &str, form: &str, site: Option<&str>) -> Answer {
        let mut request = request(Method::POST, path)
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        self.house.send(request.body(Body::from(form.to_owned())).expect("a request")).await
    }

    /// What forms on this browser's pages carry.
    async fn form_token(&self) -> String {
        let page = self.get("/").await.text;
        let after = page.split("name=\"form\" value=\"").nth(1).expect("a form");
        after.split('"').next().expect("a value").to_owned()
    }

    /// Fills a form in, as a person does.
    async fn fill(&self, path: &str, fields: &str) -> Answer {
        let form = format!("form={}&{fields}", self.form_token().await);
        self.send(path, &form, Some("same-origin")).await
    }
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_told_how() {
    let house = House::new();
    for path in ["/", "/show/T1"] {
        let page = house.ask("", Method::GET, path, None).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
        assert!(page.text.contains("weir sign-in-link"), "{}", page.text);
    }
}

#[tokio::test]
async fn an_empty_space_shows_the_first_steps_and_a_full_one_what_is_more() {
    let house = House::new();
    let browser = Browser::new(&house).await;
    let empty = browser.get("/").await;
    assert_eq!(empty.status, StatusCode::OK, "{}", empty.text);
    assert!(empty.text.contains("First steps") && empty.text.contains("Nothing waits."));
    let queue = browser.get("/queue").await;
    assert!(queue.text.contains("Nothing waits.") && queue.text.contains("Nothing has landed"));
    let unknown = browser.get("/queue/C1").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(unknown.text.contains("change.unknown"), "{}", unknown.text);
    for number in 0..130 {
        house.task(&format!("Task number {number}")).await;
    }
    let full = browser.get("/").await;
    assert!(!full.text.contains("First steps"));
    assert!(full.text.contains("and 105 more"), "{}", full.text);
    assert!(full.text.len() < 200_000, "a page stays a page: {} bytes", full.text.len());
}

#[tokio::test]
async fn a_person_does_by_forms_what_they_may() {
    let house = House::new();
    let browser = Browser::new(&house).await;
    let fields = "title=Say+hello&text=With+care%0D%0AAnd+tests&paths=src%2F**+docs%2F&after=";
    let made = browser.fill("/act/task", fields).await;
    assert_eq!((made.status.as_u16(), made.header("location")), (303, "/show/T1"), "{}", made.text);
    let task = house.get("/v1/tasks/T1").await.json();
    assert_eq!(task["text"], json!("With care\nAnd tests"));
    assert_eq!(task["paths"], json!(["src/**", "docs/"]));

    let opened = browser.fill("/act/session", "agent=claude&length=2h").await;
    assert_eq!(opened.status, StatusCode::OK, "{}", opened.text);
    assert!(opened.text.contains("weir_s_") && opened.text.contains("claude mcp add"));
    let ended = browser.fill("/act/end/S1", "why=enough").await;
    assert_eq!(ended.header("location"), "/show/S1", "{}", ended.text);
    assert!(browser.get("/show/S1").await.text.contains("enough"));

    let withdrawn = browser.fill("/act/withdraw/T1", "").await;
    assert_eq!(withdrawn.header("location"), "/show/T1", "{}", withdrawn.text);
    let refused = browser.fill("/act/approve/C1.1", "").await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert!(refused.text.contains("change.unknown"), "{}", refused.text);
    let wrong = browser.fill("/act/task", "title=x&paths=%2Fetc").await;
    assert!(wrong.text.contains("paths.malformed"), "{}", wrong.text);
    let nothing = browser.fill("/act/task", "").await;
    assert!(nothing.text.contains("request.malformed"), "{}", nothing.text);

    let out = browser.fill("/sign-out", "").await;
    assert_eq!(out.status, StatusCode::SEE_OTHER, "{}", out.text);
    assert_eq!(browser.get("/").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_form_that_is_not_ours_does_nothing() {
    let house = House::new();
    let browser = Browser::new(&house).await;
    let other = Browser::new(&house).await;
    let (token, foreign) = (browser.form_token().await, other.form_token().await);
    let fields = "title=x&paths=**";
    let rows = [
        (format!("form={token}&{fields}"), Some("cross-site"), "origin.foreign"),
        (format!("form={token}&{fields}"), Some("same-site"), "origin.foreign"),
        (format!("form={token}&{fields}"), None, "form.foreign"),
        (format!("form={token}&{fields}"), Some("none"), "form.foreign"),
        (format!("form={foreign}&{fields}"), Some("same-origin"), "form.foreign"),
        (format!("form=&{fields}"), Some("same-origin"), "form.foreign"),
        (fields.to_owned(), Some("same-origin"), "form.foreign"),
    ];
    for (form, site, code) in rows {
        let answer = browser.send("/act/task", &form, site).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{form} {site:?}");
        assert!(answer.text.contains(code), "{form} {site:?}: {}", answer.text);
    }
    assert_eq!(house.get("/v1/tasks").await.json()["total"], json!(0));
    let form = format!("form={token}&{fields}");
    let with_token = request(Method::POST, "/act/task")
        .header(header::AUTHORIZATION, format!("Bearer {}", house.owner))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(form));
    let answer = house.send(with_token.expect("a request")).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "forms are for browsers");
}

#[tokio::test]
async fn nothing_that_is_written_becomes_markup() {
    let house = House::new();
    let browser = Browser::new(&house).await;
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=y> `<b>`";
    let task = json!({"title": evil, "text": evil, "paths": ["src/<i>*"]});
    assert_eq!(house.post("/v1/tasks", task).await.status, StatusCode::CREATED);
    house.post("/v1/sessions", json!({"agent": "<u>x</u>"})).await;
    for path in [
        "/",
        "/queue",
        "/queue/%3Cscript%3E",
        "/show/T1",
        "/show/S1",
        "/show/E6",
        "/show/P1",
        "/show/%3Cscript%3E",
    ] {
        let page = browser.get(path).await.text;
        for bad in ["<script>alert", "<img", "<b>`", "<i>*", "<u>x", "<script>"] {
            assert!(!page.contains(bad), "{path} has {bad}");
        }
    }
    assert!(browser.get("/show/T1").await.text.contains("&lt;script&gt;alert(1)"));
}

#[tokio::test]
async fn what_a_page_needs_is_kept_for_ever_and_named_after_its_content() {
    let house = House::new();
    let browser = Browser::new(&house).await;
    let page = browser.get("/").await.text;
    let names: Vec<&str> = page.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    for name in names {
        let asset = house.ask("", Method::GET, name, None).await;
        assert_eq!(asset.status, StatusCode::OK);
        assert!(asset.header("cache-control").contains("immutable"));
        let kind = asset.header("content-type");
        assert!(kind.starts_with("text/") || kind == "image/svg+xml", "{kind}");
    }
    assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains("onclick"));
    assert_eq!(house.ask("", Method::GET, "/assets/other.js", None).await.status, 404);
}
