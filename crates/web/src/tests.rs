use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use tower::ServiceExt as _;

use super::*;

/// Asks the site and returns status, headers and body.
async fn ask(
    site: &Site,
    method: Method,
    path: &str,
    headers: &[(header::HeaderName, &str)],
) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = site.clone().router().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    (head.status, head.headers, body.to_vec())
}

/// A client in a folder: what is embedded depends on the machine the tests are built on.
fn folder() -> (tempfile::TempDir, Site) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("assets")).unwrap();
    std::fs::write(folder.path().join("index.html"), "<p>page</p>").unwrap();
    std::fs::write(folder.path().join("assets/app-1a2b.js"), "run()").unwrap();
    std::fs::write(folder.path().join(".secret"), "secret").unwrap();
    let site = Site::folder(folder.path().to_owned()).unwrap();
    (folder, site)
}

const PAGE: [(header::HeaderName, &str); 1] = [(header::ACCEPT, "text/html,*/*;q=0.8")];

#[tokio::test]
async fn every_address_of_a_person_is_the_page() {
    let (_folder, site) = folder();
    for path in ["/", "/login", "/c/conv_1", "/settings/sessions", "/c/a?b=c.d"] {
        let (status, headers, body) = ask(&site, Method::GET, path, &PAGE).await;
        assert_eq!((status, body.as_slice()), (StatusCode::OK, &b"<p>page</p>"[..]), "{path}");
        assert_eq!(headers[header::CACHE_CONTROL], "no-cache");
        assert_eq!(headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"));
    }
}

#[tokio::test]
async fn what_is_no_page_and_no_file_is_missing() {
    let (_folder, site) = folder();
    for path in ["/assets/old-9f8e.js", "/robots.txt", "/assets/", "/c/x.png", "/.secret"] {
        let (status, ..) = ask(&site, Method::GET, path, &PAGE).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/../Cargo.toml", "//etc/passwd", "/assets/../.secret", "/%2e%2e/x"] {
        let (status, _, body) = ask(&site, Method::GET, path, &[]).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_FOUND, 0), "{path}");
    }
    let (status, ..) = ask(&site, Method::GET, "/login", &[(header::ACCEPT, "*/*")]).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "a program asks for no page");
    let (status, ..) = ask(&site, Method::POST, "/", &PAGE).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn names_with_a_hash_are_kept_for_ever_and_others_asked_for_again() {
    let (folder, site) = folder();
    let (status, headers, body) = ask(&site, Method::GET, "/assets/app-1a2b.js", &[]).await;
    assert_eq!((status, body.as_slice()), (StatusCode::OK, &b"run()"[..]));
    assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    assert_eq!(headers[header::CONTENT_TYPE], "text/javascript; charset=utf-8");

    let (_, headers, _) = ask(&site, Method::GET, "/", &PAGE).await;
    let tag = headers[header::ETAG].to_str().unwrap().to_owned();
    let known = [PAGE[0].clone(), (header::IF_NONE_MATCH, tag.as_str())];
    let (status, headers, body) = ask(&site, Method::GET, "/", &known).await;
    assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(headers[header::ETAG], tag);
    std::fs::write(folder.path().join("index.html"), "<p>new</p>").unwrap();
    let (status, _, body) = ask(&site, Method::GET, "/", &known).await;
    assert_eq!((status, body.as_slice()), (StatusCode::OK, &b"<p>new</p>"[..]));
}

#[test]
fn a_folder_without_a_page_is_refused_with_the_remedy() {
    let empty = tempfile::tempdir().unwrap();
    let error = Site::folder(empty.path().to_owned()).unwrap_err().to_string();
    assert!(error.contains("npm run build"), "{error}");
}

#[tokio::test]
async fn what_is_embedded_is_served_with_and_without_compression() {
    let site = Site::embedded();
    for file in FILES {
        let path = format!("/{}", file.path);
        let (status, headers, body) = ask(&site, Method::GET, &path, &[]).await;
        assert_eq!((status, body.as_slice()), (StatusCode::OK, &*file.bytes), "{path}");
        assert!(!headers.contains_key(header::CONTENT_ENCODING));
        assert_ne!(headers[header::CONTENT_TYPE], "application/octet-stream", "{path}");
        let Some(gzip) = file.gzip else { continue };
        assert_eq!(headers[header::VARY], "accept-encoding");
        let plain = headers[header::ETAG].clone();
        let accept = [(header::ACCEPT_ENCODING, "br, gzip;q=0.5")];
        let (_, headers, body) = ask(&site, Method::GET, &path, &accept).await;
        assert_eq!(headers[header::CONTENT_ENCODING], "gzip");
        assert_eq!(body, gzip);
        assert_ne!(headers[header::ETAG], plain, "two bodies have two tags");
        let refuse = [(header::ACCEPT_ENCODING, "br, gzip;q=0")];
        let (_, headers, _) = ask(&site, Method::GET, &path, &refuse).await;
        assert!(!headers.contains_key(header::CONTENT_ENCODING));
    }
    let (status, ..) = ask(&site, Method::HEAD, "/", &PAGE).await;
    assert_eq!(status, StatusCode::OK);
}
