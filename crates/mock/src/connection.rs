//! One client's connection: request after request, each answered by its script.

use std::io::{self, Write as _};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use provider::script::{Answer, FaultKind, Manners, Play, Prompt, Script, Step, Timed, asked};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use crate::answer::{self, ChatCall, Events};
use crate::http::{LAST_CHUNK, ReadError, Request, Socket, chunk, head};
use crate::ledger::{CallOutcome, ReceivedCall};
use crate::shared::Shared;

/// How much an unpaced script writes at once.
const BATCH: usize = 16 * 1024;
const JSON: &str = "application/json";
const STREAM: &str = "text/event-stream; charset=utf-8";

/// What becomes of the connection after an answer.
#[derive(Debug, PartialEq, Eq)]
enum After {
    /// The next request may come.
    KeepAlive,
    Close,
    Reset,
}

/// Serves a connection until it ends.
pub(crate) async fn serve(stream: TcpStream, number: u64, shared: Arc<Shared>) {
    let mut socket = Socket::new(stream);
    loop {
        let request = match socket.request().await {
            Ok(request) => request,
            Err(ReadError::Closed) => return,
            Err(ReadError::Bad(status, why)) => {
                let body = answer::failure(status, "bad_request", why).to_string();
                let answer = document(status, body.as_bytes(), false, &[]);
                // The client may be gone, which ends the connection as well.
                drop(socket.write(&answer, usize::MAX).await);
                return;
            }
        };
        match respond(&socket, number, &shared, request).await {
            After::KeepAlive => {}
            After::Close => return,
            After::Reset => {
                if let Err(error) = socket.reset() {
                    tracing::debug!(%error, "cannot reset a connection");
                }
                return;
            }
        }
    }
}

async fn respond(socket: &Socket, number: u64, shared: &Shared, request: Request) -> After {
    let keep_alive = request.keep_alive;
    let (status, body) = match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/v1/models" | "/models") => shared.list(request.fields),
        ("POST", path) if path.ends_with("/chat/completions") => {
            match ChatCall::parse(&request.body) {
                Some(call) => return chat(socket, number, shared, call, request).await,
                None => (400, failure(400, "bad_request", "`model` and `messages` are needed")),
            }
        }
        _ => (404, failure(404, "unknown_url", "there is no such address here")),
    };
    match socket.write(&document(status, &body, keep_alive, &[]), usize::MAX).await {
        Ok(()) if keep_alive => After::KeepAlive,
        _ => After::Close,
    }
}

fn failure(status: u16, code: &str, message: &str) -> Vec<u8> {
    answer::failure(status, code, message).to_string().into_bytes()
}

/// A whole answer of the given length.
fn document(status: u16, body: &[u8], keep_alive: bool, fields: &[(&str, String)]) -> Vec<u8> {
    let mut answer = head(status, JSON, Some(body.len()), keep_alive, fields);
    answer.extend_from_slice(body);
    answer
}

async fn chat(
    socket: &Socket,
    number: u64,
    shared: &Shared,
    call: ChatCall,
    request: Request,
) -> After {
    let ChatCall { model, messages, whole, stream, include_usage, max_tokens, parameters } = call;
    let pairs = messages.iter().map(|(role, content)| (role.as_str(), content.into()));
    let mut prompt = Prompt::new(pairs, max_tokens);
    prompt.options = asked(&parameters);
    let script = match shared.pushed() {
        Some(script) => Ok(script),
        None => answer::script(&model).map(|script| shared.tally.apply(&model, script)),
    };
    let count = messages.len();
    let manners = script.as_ref().map(|script| script.manners.clone()).unwrap_or_default();
    let pairs = messages.iter().map(|(role, content)| (role.as_str(), content.as_str()));
    let refusal = manners.refuse(pairs.clone());
    prompt.input_tokens = manners.count(pairs).unwrap_or(prompt.input_tokens);
    let id = shared.ledger.add(ReceivedCall {
        id: 0,
        connection: number,
        model: model.clone(),
        messages,
        whole_messages: whole,
        body_bytes: request.body.len(),
        authorization: request.authorization,
        fields: request.fields,
        parameters,
        chunks_sent: 0,
        outcome: CallOutcome::Running,
    });
    let mut guard = Ended { shared, id, outcome: CallOutcome::ClientClosed };
    let mut stage = Stage {
        socket,
        shared,
        id,
        model: &model,
        events: Events::new(id, &model),
        include_usage,
        keep_alive: request.keep_alive,
        step: usize::MAX,
        buffer: Vec::new(),
        unreported: 0,
        sent: 0,
        framing: Framing::Unsent,
        packer: manners.gzip.then(|| GzEncoder::new(Vec::new(), Compression::default())),
        manners,
    };
    stage.events.mind(&stage.manners);
    if let Some(refusal) = refusal {
        let body = failure(400, refusal.code, &refusal.message);
        let ended = stage.document(400, &body, &[]).await;
        guard.outcome = CallOutcome::Faulted;
        return match ended {
            Ok(_) if stage.keep_alive => After::KeepAlive,
            _ => After::Close,
        };
    }
    let ended = match script {
        Ok(script) => {
            let script = if stream { script } else { at_once(script) };
            stage.step = script.chunk_bytes.unwrap_or(usize::MAX);
            stage.play(script.play(&prompt)).await
        }
        Err(why) => {
            let body = failure(404, "model_not_found", &why);
            stage.document(404, &body, &[]).await
        }
    };
    let (outcome, after) = ended.unwrap_or((CallOutcome::ClientClosed, After::Close));
    guard.outcome = outcome;
    drop(guard);
    tracing::info!(
        call = id,
        connection = number,
        model,
        messages = count,
        outcome = outcome.as_str(),
        chunks_sent = stage.sent,
        "mock call"
    );
    if stage.keep_alive { after } else { close_at_least(after) }
}

fn close_at_least(after: After) -> After {
    if after == After::KeepAlive { After::Close } else { after }
}

/// The same script for a client that did not ask for a stream.
fn at_once(script: Script) -> Script {
    if script.fault.is_some() || matches!(script.answer, Answer::Steps(_)) {
        return script;
    }
    script.failing(FaultKind::Json, 0)
}

/// Records how a call ended, also when its connection's task is ended from outside.
struct Ended<'a> {
    shared: &'a Shared,
    id: u64,
    outcome: CallOutcome,
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.shared.ledger.update(self.id, |call| call.outcome = self.outcome);
    }
}

/// An answer being given.
struct Stage<'a> {
    socket: &'a Socket,
    shared: &'a Shared,
    id: u64,
    model: &'a str,
    events: Events,
    include_usage: bool,
    keep_alive: bool,
    /// How many bytes are written at a time.
    step: usize,
    /// To be written.
    buffer: Vec<u8>,
    /// Events in `buffer`.
    unreported: u64,
    /// Events written.
    sent: u64,
    framing: Framing,
    /// Packs the body.
    packer: Option<GzEncoder<Vec<u8>>>,
    manners: Manners,
}

/// How the body of a stream is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// Not at all so far.
    Unsent,
    /// In chunks that we frame.
    Chunked,
    /// As it is: the script puts bytes on the wire itself.
    Bare,
}

type Scene = io::Result<(CallOutcome, After)>;

impl Stage<'_> {
    async fn play(&mut self, play: Play) -> Scene {
        let began = Instant::now();
        for Timed { at, step } in play {
            let due = began + at;
            self.begin(&step);
            if Instant::now() < due {
                self.flush().await?;
                self.wait(Some(due)).await?;
            } else if self.buffer.len() >= BATCH {
                self.flush().await?;
            }
            if let Some(ended) = self.act(step).await? {
                return Ok(ended);
            }
        }
        // A script without steps is an empty stream.
        self.begin(&Step::Done);
        let after = if self.framing == Framing::Chunked {
            self.end_body()?;
            After::KeepAlive
        } else {
            After::Close
        };
        self.flush().await?;
        Ok((CallOutcome::Finished, after))
    }

    /// Sends the head of a stream before its first step, unless that step is an answer by itself.
    fn begin(&mut self, step: &Step) {
        if self.framing != Framing::Unsent {
            return;
        }
        match step {
            Step::Status { .. } | Step::Json { .. } | Step::Silent => {}
            Step::Wire(_) => self.framing = Framing::Bare,
            _ => {
                self.framing = Framing::Chunked;
                let kind = self.manners.content_type.as_deref().unwrap_or(STREAM);
                let packed = [("content-encoding", "gzip".to_owned())];
                let fields = if self.packer.is_some() { &packed[..] } else { &[] };
                self.buffer.extend(head(200, kind, None, self.keep_alive, fields));
            }
        }
    }

    /// Does one step; some end the answer.
    async fn act(&mut self, step: Step) -> io::Result<Option<(CallOutcome, After)>> {
        match step {
            Step::Text(text) => {
                let event = self.events.text(&text);
                self.event(&event);
            }
            Step::Reasoning(text) => {
                let event = self.events.reasoning(&text);
                self.event(&event);
            }
            Step::Call { id, name } => {
                let event = self.events.call(&id, &name);
                self.event(&event);
            }
            Step::Arguments(text) => {
                let event = self.events.arguments(&text);
                self.event(&event);
            }
            Step::Usage(Some(counts)) if self.include_usage => {
                let event = self.events.usage(counts);
                self.event(&event);
            }
            // The player waits by due times, and counts nobody asked for are left out.
            Step::Usage(_) | Step::Wait(_) => {}
            Step::Finish(ending) => {
                let event = self.events.finish(ending);
                self.event(&event);
            }
            Step::Done => self.event("data: [DONE]\n\n"),
            Step::Raw(bytes) => self.body(&bytes),
            Step::Wire(bytes) => {
                self.framing = Framing::Bare;
                self.buffer.extend_from_slice(&bytes);
            }
            Step::Garbage => self.event("data: {\"choices\": [ this is not JSON\n\n"),
            Step::Error => {
                let report = answer::failure(500, "server_error", "the script says so");
                self.event(&format!("data: {report}\n\n"));
                self.event("data: [DONE]\n\n");
                self.end_body()?;
                self.flush().await?;
                return Ok(Some((CallOutcome::Faulted, After::KeepAlive)));
            }
            Step::Truncate => {
                self.body(
                    b"data: {\"id\":\"chatcmpl-mock\",\"choices\":[{\"index\":0,\"delta\":{\"cont",
                );
                return self.leave(After::Close).await;
            }
            Step::Close => return self.leave(After::Close).await,
            Step::Reset => return self.leave(After::Reset).await,
            Step::Stall => {
                self.flush().await?;
                self.wait(None).await?;
                return Ok(Some((CallOutcome::ClientClosed, After::Close)));
            }
            Step::Silent => {
                self.flush().await?;
                self.socket.closed().await;
                return Ok(Some((CallOutcome::ClientClosed, After::Close)));
            }
            Step::Huge => return self.huge().await.map(Some),
            Step::Status { code, retry_after } => {
                let fields: Vec<_> = retry_after
                    .map(|seconds| ("retry-after", seconds.to_string()))
                    .into_iter()
                    .collect();
                let label = if code == 401 { "invalid_api_key" } else { "scripted" };
                let body = failure(code, label, "the script says so");
                return self.document(code, &body, &fields).await.map(Some);
            }
            Step::Json { reasoning, calls, text, usage, ending } => {
                let Self { id, model, .. } = self;
                let message = answer::message(&reasoning, &calls, &text);
                let mut body = answer::completion(*id, model, &message, ending, usage);
                if let (true, Some(choice)) = (
                    self.manners.beside,
                    body.pointer_mut("/choices/0").and_then(Value::as_object_mut),
                ) {
                    let piece = json!({"role": "assistant", "content": ""});
                    choice.insert("delta".to_owned(), piece);
                }
                let body = body.to_string().into_bytes();
                return self.document(200, &body, &[]).await.map(Some);
            }
        }
        Ok(None)
    }

    /// Sends what there is and goes.
    async fn leave(&mut self, after: After) -> io::Result<Option<(CallOutcome, After)>> {
        self.flush().await?;
        Ok(Some((CallOutcome::Faulted, after)))
    }

    /// Sends an endless line until the client has enough.
    async fn huge(&mut self) -> Scene {
        self.body(b"data: ");
        loop {
            self.body(&[b'x'; BATCH]);
            self.flush().await?;
        }
    }

    async fn document(&mut self, status: u16, body: &[u8], fields: &[(&str, String)]) -> Scene {
        let mut fields = fields.to_vec();
        let mut kind = JSON;
        let mut packed = None;
        if status == 200 {
            kind = self.manners.content_type.as_deref().unwrap_or(JSON);
            if let Some(mut packer) = self.packer.take() {
                packer.write_all(body)?;
                packed = Some(packer.finish()?);
                fields.push(("content-encoding", "gzip".to_owned()));
            }
        }
        let body = packed.as_deref().unwrap_or(body);
        self.buffer.extend(head(status, kind, Some(body.len()), self.keep_alive, &fields));
        if status == 200 && self.manners.half {
            self.buffer.extend(body.iter().take(body.len() / 2));
            self.flush().await?;
            return Ok((CallOutcome::Faulted, After::Close));
        }
        self.buffer.extend_from_slice(body);
        self.flush().await?;
        let outcome = if status == 200 { CallOutcome::Finished } else { CallOutcome::Faulted };
        Ok((outcome, After::KeepAlive))
    }

    /// Takes an event to be sent.
    fn event(&mut self, event: &str) {
        self.unreported += 1;
        self.body(event.as_bytes());
    }

    fn body(&mut self, bytes: &[u8]) {
        let mut packed = None;
        if let Some(packer) = &mut self.packer {
            // A vector takes whatever it is given.
            if packer.write_all(bytes).and_then(|()| packer.flush()).is_ok() {
                packed = Some(std::mem::take(packer.get_mut()));
            }
        }
        let bytes = packed.as_deref().unwrap_or(bytes);
        if self.framing == Framing::Chunked {
            chunk(&mut self.buffer, bytes);
        } else {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Takes the end of a framed body.
    fn end_body(&mut self) -> io::Result<()> {
        if let Some(packer) = self.packer.take() {
            chunk(&mut self.buffer, &packer.finish()?);
        }
        self.buffer.extend_from_slice(LAST_CHUNK);
        Ok(())
    }

    /// Waits until `due`, or for ever, with a comment now and then.
    async fn wait(&mut self, due: Option<Instant>) -> io::Result<()> {
        let every = self.manners.comments.filter(|_| self.framing == Framing::Chunked);
        loop {
            let comment = every.map(|every| Instant::now() + every);
            let next = match (due, comment) {
                (Some(due), Some(comment)) => due.min(comment),
                (Some(next), None) | (None, Some(next)) => next,
                (None, None) => {
                    self.socket.closed().await;
                    return Ok(());
                }
            };
            self.watched(sleep_until(next)).await?;
            if Some(next) == due {
                return Ok(());
            }
            self.body(b": keep-alive\n\n");
            self.flush().await?;
        }
    }

    /// Writes what is to be sent.
    async fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let buffer = std::mem::take(&mut self.buffer);
        let written = self.watched(self.socket.write(&buffer, self.step)).await;
        written??;
        self.buffer = buffer;
        self.buffer.clear();
        let sent = std::mem::take(&mut self.unreported);
        self.sent += sent;
        self.shared.ledger.update(self.id, |call| call.chunks_sent += sent);
        Ok(())
    }

    /// Waits for `work`, but not longer than the client stays.
    async fn watched<T>(&self, work: impl Future<Output = T>) -> io::Result<T> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = self.socket.closed() => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }
}
