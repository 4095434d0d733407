//! P5: what is logged of bodies, and what never is.

use std::io::Write;
use std::sync::Mutex;

use super::*;

/// What is written to the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What is logged while an answer with these bytes is read.
async fn logged(body: &str) -> String {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    answer(vec![bytes(body)]).await;
    let written = log.0.lock().unwrap();
    String::from_utf8_lossy(&written).into_owned()
}

#[tokio::test(start_paused = true)]
async fn p5_what_is_not_understood_is_logged_without_content() {
    for body in [
        "data: {\"token\":{\"text\":\"canary\"}}\n\n",
        "data: {\"type\":\"delta\",\"delta\":\"canary\"}\n\n",
        "data: {\"message\":{\"content\":\"the canary sings\"},\"done\":false}\n\n",
        "{\"response\":\"canary\",\"done\":false}\n{\"response\":\"canary\",\"done\":true}\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"the canary\n\n",
        "data: canary\n\n",
        "data: an error of the canary\n\n",
        "The canary sings.",
        "[\"canary\"]",
        "{\"output\":[{\"content\":[{\"text\":\"canary\"}]}]}",
        "{\"error\":{\"input\":\"the canary\",\"code\":400}}",
        "event: error\ndata: {\"input\":\"the canary\n\n",
        "{\"error\":{\"message\":\"m\",\"metadata\":{\"raw\":\"{\\\"input\\\":\\\"canary\\\"}\"}}}",
        "{\"detail\":[{\"type\":\"missing\",\"msg\":\"Field required\",\"input\":\"canary\"}]}",
        "{\"error\":{\"message\":\"m\",\"failed_generation\":\"canary\"}}",
    ] {
        let log = logged(body).await;
        assert!(log.contains("WARN"), "{body}: {log}");
        assert!(!log.contains("canary"), "{body}: {log}");
    }
    for (body, words) in [
        ("data: {\"type\":\"response.created\",\"n\":7}\n\n", "response.created"),
        ("upstream connect error or disconnect/reset before headers", "upstream connect error"),
        ("<html><title>Sign in to the proxy</title>", "Sign in to the proxy"),
        ("{\"error\":{\"message\":\"No more hamsters\"}}", "No more hamsters"),
        ("data: {\"error\":\"No more hamsters\"}\n\n", "No more hamsters"),
    ] {
        let log = logged(body).await;
        assert!(log.contains(words), "{body}: {log}");
    }
}
