//! A log made again from the stored messages, when the events themselves are gone.

use models::{message, response};
use schemas::event::Event;

use super::log::Log;
use super::render;

/// A valid sequence with the same content: every text in one delta.
pub(crate) fn log(row: &response::Model, rows: &[message::Model]) -> Log {
    let log = Log::new(row.message_id);
    log.append([Event::Created, Event::InProgress]);
    for done in render::output(rows) {
        let i = done.item.index;
        let has_part = !done.item.is_call();
        log.append([Event::ItemAdded { i, id: done.item.id, kind: done.item.kind }]);
        log.append(has_part.then_some(Event::PartAdded { i }));
        if !done.text.is_empty() {
            log.append([Event::Delta { i, s: done.text }]);
        }
        log.append(done.annotations.into_iter().map(|a| Event::Cited { i, a }));
        log.append([Event::TextDone { i }]);
        log.append(has_part.then_some(Event::PartDone { i }));
        log.append([Event::ItemDone { i, ok: done.complete }]);
    }
    if let Some(ending) = render::ending(row) {
        log.append(ending.error.clone().map(Event::Error));
        log.append([Event::Ended(ending)]);
    }
    log
}
