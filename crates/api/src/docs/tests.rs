use super::*;
use crate::openapi::{openapi, operations as described};

#[test]
fn the_page_names_every_operation() {
    let document = openapi();
    let page = reference(&document);
    for (method, path, operation) in described(&document) {
        let id = operation.operation_id.as_deref().unwrap();
        assert!(page.contains(&format!("<article id=\"{id}\">")), "{id}");
        assert!(page.contains(&format!("href=\"#{id}\"")), "{id}");
        assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
        assert!(page.contains(&format!(">{method}</span>")), "{method}");
    }
}

#[test]
fn every_link_of_the_page_has_a_target() {
    let page = reference(&openapi());
    for link in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(page.contains(&format!("id=\"{link}\"")), "{link}");
    }
}

#[test]
fn the_page_needs_no_script_and_nothing_from_elsewhere() {
    let page = reference(&openapi());
    assert!(!page.contains("<script") && !page.contains("style=\""));
    assert!(!page.contains("src=") && !page.contains("href=\"http"));
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
}

#[test]
fn examples_are_filled_in() {
    let page = reference(&openapi());
    assert!(page.contains("Why is the sky blue?"));
    assert!(page.contains("ada@example.org"));
}

#[test]
fn text_cannot_become_markup() {
    let mut html = Html::default();
    html.text("<a href='x'>&\"").inline("a `<b>` c");
    let html = html.finish();
    assert_eq!(html, "&lt;a href=&#39;x&#39;&gt;&amp;&quot;a <code>&lt;b&gt;</code> c");
}
