//! The end of a response: stored first, seen by followers afterwards.

use std::sync::Arc;
use std::time::Duration;

use crud::responses::{Fence, FinalItem, Finish, GivenUp};
use crud::{CrudError, Db};
use models::MessageId;
use models::ending::FailureCode;
use models::message::MessageType;
use models::response::{self, ResponseStatus};
use models::word::OrUnknown;
use schemas::answer_data::AnswerData;
use schemas::event::{Ending, Event, Failure, ItemKind};
use schemas::stream::DoneItem;

use super::engine::Engine;
use super::generation::Generation;
use super::log::Log;
use super::sources::whole_annotations;
use super::{failures, stored};
use crate::error::Error;
use crate::rows;

/// How often the end of a response meets a row of the same number, or a connection that broke while
/// others did not, before it counts as one that cannot be stored.
pub(super) const ATTEMPTS: u32 = 10;
/// How often another error that waiting does not mend is tried again.
const DOUBTS: u32 = 3;
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What became of the attempt to store an end.
pub(super) enum Stored {
    Yes,
    /// As failed, without what could not be stored.
    Bare,
    /// The row is gone.
    Deleted,
    /// Not even that was possible; its conversation is free.
    Unfinished,
    /// Another server ended it, or will.
    Elsewhere,
}

/// Stores the end of a running response, however long the database is away, then shows it.
pub(crate) async fn finish(
    engine: &Arc<Engine>,
    generation: &Generation,
    ending: Ending,
    complete: bool,
) {
    // From here on checkpoints skip this response; wait for one that may hold it right now.
    drop(engine.checkpointing.lock().await);
    let log = &generation.log;
    let row = generation.row_now();
    let (stored, mut events) = store_patiently(engine, &row, log, ending.clone(), complete).await;
    match stored {
        Stored::Yes | Stored::Bare => {}
        Stored::Deleted => {
            let ending = Ending {
                status: ResponseStatus::Failed,
                reason: None,
                error: Some(what_was_deleted(engine, &generation.row).await),
                ..ending
            };
            events = closing(log, ending, false, || engine.context.new_id());
        }
        Stored::Unfinished => {
            log.close();
            finish_later(engine, row, log.clone(), ending);
            return;
        }
        Stored::Elsewhere => {
            log.close();
            return;
        }
    }
    #[cfg(feature = "kill-points")]
    crud::kill_point("end.committed");
    if let Some(Event::Ended(ending)) = events.last() {
        report(&generation.row, ending);
    }
    log.append(events);
}

/// Shows the end of a response of which nothing is stored.
pub(super) fn show(engine: &Engine, generation: &Generation, ending: Ending, complete: bool) {
    report(&generation.row, &ending);
    let events = closing(&generation.log, ending, complete, || engine.context.new_id());
    generation.log.append(events);
}

/// What followers of a response are told whose row is gone.
async fn what_was_deleted(engine: &Engine, row: &response::Model) -> Failure {
    match crud::conversations::find(&engine.db, row.user_id, row.conversation_id).await {
        Ok(Some(_)) => failures::message_deleted(),
        _ => failures::conversation_deleted(),
    }
}

/// The events that end a log: what closes open items, the error if there is one, the end.
pub(super) fn closing(
    log: &Log,
    ending: Ending,
    complete: bool,
    new_id: impl FnOnce() -> MessageId,
) -> Vec<Event> {
    let mut events = log.inspect(|transcript| transcript.close(complete, new_id));
    events.extend(ending.error.clone().map(Event::Error));
    events.push(Event::Ended(ending));
    events
}

/// Goes on trying to store an end whose row refuses even the barest one. Its place among what runs
/// is free meanwhile, and so is its conversation.
fn finish_later(engine: &Arc<Engine>, row: response::Model, log: Arc<Log>, ending: Ending) {
    let again = engine.clone();
    engine.tasks.spawn(async move {
        let work = |_| async {
            match store(&again, &row, &log, (ending.clone(), false), ATTEMPTS).await?.0 {
                Stored::Unfinished => Err(Error::internal("the response stays open")),
                _ => Ok(()),
            }
        };
        rows::see_to(&again.stopped, "end of an answer", vec![row.id], work).await;
    });
}

/// Stores an end, however long the database is away, and gives the events it ends with.
async fn store_patiently(
    engine: &Engine,
    row: &response::Model,
    log: &Log,
    ending: Ending,
    complete: bool,
) -> (Stored, Vec<Event>) {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let error = match store(engine, row, log, (ending.clone(), complete), attempt).await {
            Ok(stored) => return stored,
            Err(error) => {
                log.mark_doubtful();
                error
            }
        };
        tracing::warn!(
            response = %row.id, attempt, error = %crate::chain(&error),
            "storing the end of a response failed"
        );
        if engine.stopped.is_cancelled() {
            tracing::error!(response = %row.id, "the end of a response could not be stored");
            return (Stored::Elsewhere, Vec::new());
        }
        let pause = Duration::from_millis(100).saturating_mul(attempt);
        tokio::select! {
            () = tokio::time::sleep(pause.min(LONGEST_PAUSE)) => {}
            () = engine.stopped.cancelled() => {}
        }
    }
}

/// Stores the end of a response: as it is; if that cannot be, as failed with what fits of the text;
/// if not even that, as failed without any. An error says that waiting may help.
pub(super) async fn store(
    engine: &Engine,
    row: &response::Model,
    log: &Log,
    (ending, complete): (Ending, bool),
    attempt: u32,
) -> Result<(Stored, Vec<Event>), CrudError> {
    let db = &engine.db;
    let new_id = || engine.context.new_id();
    let events = closing(log, ending.clone(), complete, new_id);
    let error = match store_once(db, row, log, &events, usize::MAX).await {
        Err(error) if is_hopeless(engine, &error, attempt).await => error,
        stored => return stored.map(|stored| (stored, events)),
    };
    tracing::error!(
        response = %row.id, conversation = %row.conversation_id, error = %crate::chain(&error),
        "the end of a response cannot be stored as it is"
    );
    metrics::counter!("chatapp_generation_ends_not_stored_total").increment(1);
    let failure = failures::not_stored();
    let ending = Ending {
        status: ResponseStatus::Failed,
        reason: None,
        error: Some(failure.clone()),
        ..ending
    };
    let events = closing(log, ending.clone(), false, new_id);
    match store_once(db, row, log, &events, db.longest_text().min(SURELY_FITS)).await {
        Err(error) if is_hopeless(engine, &error, attempt).await => {}
        stored => return stored.map(|stored| (stored, events)),
    }
    let end = GivenUp {
        id: row.id,
        conversation_id: row.conversation_id,
        fence: Some(Fence { server_id: row.server_id, epoch: row.epoch }),
        code: FailureCode::AnswerNotStored,
        message: failure.message,
        now: ending.at,
    };
    Ok((
        if crud::responses::give_up(db, end).await? { Stored::Bare } else { Stored::Unfinished },
        events,
    ))
}

/// What fits where nobody says what does, in bytes.
const SURELY_FITS: usize = 4 * 1024 * 1024;

/// Whether an end can never be stored as it was tried. A server that gets a packet above its limit
/// may cut the connection without a word; so what goes on breaking connections while the database
/// answers others counts as well.
async fn is_hopeless(engine: &Engine, error: &CrudError, attempt: u32) -> bool {
    match error {
        CrudError::Conflict(_) => attempt >= ATTEMPTS,
        CrudError::Unavailable(_) => {
            attempt >= ATTEMPTS && error.is_broken_connection() && engine.db.ping().await.is_ok()
        }
        CrudError::TooLarge => true,
        error => attempt >= DOUBTS && error.is_permanent(),
    }
}

/// One attempt, with at most `most` bytes of each text. Also used for responses that a dead server
/// left open.
async fn store_once(
    db: &Db,
    row: &response::Model,
    log: &Log,
    events: &[Event],
    most: usize,
) -> Result<Stored, CrudError> {
    let Some(Event::Ended(ending)) = events.last() else { return Ok(Stored::Elsewhere) };
    // A checkpoint whose answer got lost may have stored more than the log knows.
    if log.is_doubtful()
        && let Some(last_seq) = crud::engine::find_last_seq(db, row.id).await?
    {
        log.mark_stored_up_to(last_seq);
    }
    let (unstored, output) = log.preview(events);
    let last_seq = unstored.last().map_or(0, |run| run.last_seq);
    let mut items = final_items(output, &kept_data(db, row).await?);
    // What a response continues was stored before, so it fits.
    let most = most.max(log.earlier());
    for item in items.iter_mut().filter(|item| item.text.len() > most) {
        item.text.truncate(item.text.floor_char_boundary(most));
        item.is_complete = false;
    }
    let finish = Finish {
        response: ended_row(row, ending, last_seq),
        items,
        events: unstored.iter().map(|run| stored::run(row.id, run)).collect(),
        now: ending.at,
    };
    if crud::responses::finish(db, finish).await? {
        return Ok(Stored::Yes);
    }
    match crud::engine::find_response(db, row.id).await? {
        None => Ok(Stored::Deleted),
        // An earlier attempt did succeed, though its answer got lost.
        Some(found)
            if (found.server_id, found.epoch) == (row.server_id, row.epoch)
                && found.status.is_final() =>
        {
            Ok(Stored::Yes)
        }
        Some(_) => Ok(Stored::Elsewhere),
    }
}

fn ended_row(row: &response::Model, ending: &Ending, last_seq: u64) -> response::Model {
    let tokens = ending.usage;
    let count = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let messages = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    response::Model {
        status: ending.status,
        incomplete_reason: ending.reason.clone(),
        finish_reason: ending.finish_reason.clone(),
        context_messages: ending.context.map(|context| messages(context.messages_sent)),
        context_omitted: ending.context.map(|context| messages(context.messages_omitted)),
        input_tokens: tokens.map(|tokens| count(tokens.input)),
        output_tokens: tokens.map(|tokens| count(tokens.output)),
        cached_tokens: tokens.map(|tokens| count(tokens.cached)),
        reasoning_tokens: tokens.map(|tokens| count(tokens.reasoning)),
        usage_estimated: tokens.is_some_and(|tokens| tokens.estimated),
        error_code: ending.error.as_ref().map(|error| error.code.clone()),
        error_message: ending.error.as_ref().map(|error| error.message.clone()),
        last_seq: count(last_seq),
        completed_at: Some(ending.at),
        updated_at: ending.at,
        ..row.clone()
    }
}

/// What the message of a response that continues another holds beside its text, also in a
/// conversation that is deleted: it may be restored.
pub(super) async fn kept_data(db: &Db, row: &response::Model) -> Result<AnswerData, CrudError> {
    if row.previous_response_id.is_none() {
        return Ok(AnswerData::default());
    }
    let rows = crud::messages::list_of_response(db, crud::engine::response(row)).await?;
    let message = rows.iter().find(|message| message.id == row.message_id);
    Ok(AnswerData::read(message.and_then(|message| message.data.as_deref())))
}

/// The output as it is stored: the pieces of an answer that calls have cut are one message again.
fn final_items(output: Vec<DoneItem>, kept: &AnswerData) -> Vec<FinalItem> {
    let answers = output.iter().filter(|done| done.item.kind == ItemKind::Message);
    let annotations =
        whole_annotations(answers.map(|done| (done.text.as_str(), done.annotations.as_slice())));
    let answer_data = AnswerData { annotations, ..kept.clone() }.stored();
    // Only what comes last can be cut off, but the answer goes as far as everything in it.
    let is_whole = output.iter().all(|done| done.complete);
    let mut items: Vec<FinalItem> = Vec::with_capacity(output.len());
    for DoneItem { item, text, complete, annotations: _ } in output {
        let (kind, data, is_complete) = match &item.kind {
            ItemKind::Message => (MessageType::Message, answer_data.clone(), is_whole),
            ItemKind::Reasoning => (MessageType::Reasoning, None, complete),
            ItemKind::FunctionCall(call) => {
                (MessageType::FunctionCall, serde_json::to_string(call).ok(), complete)
            }
        };
        let begun = items.iter_mut().find(|item| item.kind == MessageType::Message);
        match begun.filter(|_| kind == MessageType::Message) {
            Some(answer) => answer.text.push_str(&text),
            None => items.push(FinalItem { message_id: item.id, kind, text, data, is_complete }),
        }
    }
    items
}

fn report(row: &response::Model, ending: &Ending) {
    let tokens = ending.usage.unwrap_or_default();
    let took = ending.at.signed_duration_since(row.created_at).num_milliseconds();
    let code = ending.error.as_ref().map(|error| error.code.as_str());
    let reason = ending.reason.as_ref().map(OrUnknown::as_str);
    measure(row, ending, code);
    tracing::info!(
        response = %row.id, user = %row.user_id, provider = row.provider, model = row.model,
        status = ?ending.status, reason, code, input_tokens = tokens.input,
        output_tokens = tokens.output, estimated = tokens.estimated, took_ms = took,
        "response ended"
    );
}

/// Adds an end to the metrics.
fn measure(row: &response::Model, ending: &Ending, code: Option<&str>) {
    let status = match ending.status {
        ResponseStatus::Queued | ResponseStatus::InProgress => return,
        ResponseStatus::Completed => "completed",
        ResponseStatus::Incomplete => "incomplete",
        ResponseStatus::Failed => "failed",
        ResponseStatus::Cancelled => "cancelled",
    };
    metrics::counter!("chatapp_generations_total", "status" => status).increment(1);
    if let Some(code) = code {
        metrics::counter!("chatapp_generation_failures_total", "code" => code.to_owned())
            .increment(1);
    }
    let took = ending.at.signed_duration_since(row.created_at).to_std().unwrap_or_default();
    metrics::histogram!("chatapp_generation_seconds").record(took.as_secs_f64());
    let Some(tokens) = ending.usage else { return };
    for (kind, count) in [
        ("input", tokens.input),
        ("output", tokens.output),
        ("cached", tokens.cached),
        ("reasoning", tokens.reasoning),
    ] {
        let provider = row.provider.clone();
        metrics::counter!("chatapp_generation_tokens_total", "provider" => provider, "kind" => kind)
            .increment(count);
    }
}
