//! `chatapp import --from-database`.

use std::process::ExitCode;

use anyhow::bail;
use chatapp::cli::ImportArgs;
use chatapp::operator::Operator;
use crud::predecessor::Names;
use schemas::moving::{
    ConversationOutcome, MoveLine, MoveSummary, MovedConversation, MovedUser, UserOutcome,
};
use services::MoveOptions;

use super::{print, table};

/// Moves everything in from the database at `url`. What went as it should is only counted.
pub(crate) async fn run(
    operator: &Operator,
    url: &str,
    arguments: &ImportArgs,
    quiet: bool,
) -> anyhow::Result<ExitCode> {
    let ImportArgs { dry_run, json, moving, .. } = arguments;
    let names = Names { tables: moving.tables.clone(), columns: moving.columns.clone() };
    let options = MoveOptions {
        dry_run: *dry_run,
        email_domain: moving.email_domain.clone(),
        offset_minutes: moving.utc_offset,
        quiet,
    };
    let mut lines = operator.move_in(url, &names, options).await?;
    let mut is_whole = true;
    while let Some(line) = lines.recv().await {
        is_whole &= !is_left_out(&line);
        if *json {
            print(&serde_json::to_string(&line)?)?;
        } else if let Some(text) = said(&line) {
            print(&text)?;
        }
        if let MoveLine::Summary(MoveSummary { error: Some(error), .. }) = line {
            bail!("the move ended early: {error}; run it again for the rest");
        }
    }
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn is_left_out(line: &MoveLine) -> bool {
    match line {
        MoveLine::User(user) => user.reason.is_some(),
        MoveLine::Conversation(conversation) => conversation.reason.is_some(),
        MoveLine::Strays(_) => true,
        MoveLine::Summary(_) => false,
    }
}

fn said(line: &MoveLine) -> Option<String> {
    match line {
        MoveLine::User(user) => of_user(user),
        MoveLine::Conversation(conversation) => of_conversation(conversation),
        MoveLine::Strays(strays) => {
            Some(format!("{:<14} {} {}", "left out", strays.count, table::plain(&strays.reason)))
        }
        MoveLine::Summary(summary) => Some(of_all(summary)),
    }
}

fn of_user(user: &MovedUser) -> Option<String> {
    let who = match &user.email {
        Some(email) => format!("user {} {email}", user.source_id),
        None => format!("user {}", user.source_id),
    };
    if let Some(reason) = &user.reason {
        return Some(table::plain(&format!("{:<14} {who}: {reason}", "left out")));
    }
    let why = user.must_reset.filter(|_| user.outcome != UserOutcome::AlreadyThere)?;
    let text = format!("{:<14} {who}: the old password does not work here: {why}", "must reset");
    Some(table::plain(&text))
}

fn of_conversation(conversation: &MovedConversation) -> Option<String> {
    let outcome = match conversation.outcome {
        ConversationOutcome::Moved => "moved",
        ConversationOutcome::WouldMove => "would move",
        ConversationOutcome::Extended => "extended",
        ConversationOutcome::WouldExtend => "would extend",
        ConversationOutcome::AlreadyThere => "already there",
        ConversationOutcome::Empty => "empty",
        ConversationOutcome::LeftOut => "left out",
    };
    let is_plain = conversation.reason.is_none() && conversation.notes.is_empty();
    if is_plain
        || conversation.outcome == ConversationOutcome::AlreadyThere
            && conversation.reason.is_none()
    {
        return None;
    }
    let mut text = format!("{outcome:<14} conversation {}", conversation.source_id);
    if let Some(email) = &conversation.email {
        text = format!("{text} of {email}");
    }
    if let Some(reason) = &conversation.reason {
        let count = conversation.messages_left_out;
        text = format!("{text}: {reason} ({count} messages left out)");
    }
    text = table::plain(&text);
    for note in &conversation.notes {
        text = format!("{text}\n{:<14} {}: {}", "", note.count, note.message);
    }
    Some(text)
}

fn of_all(summary: &MoveSummary) -> String {
    let done = if summary.dry_run { "would be moved" } else { "moved" };
    let more = if summary.dry_run { "would be extended" } else { "extended" };
    format!(
        "users          {} {done}, {} already there, {} left out; {} must reset the password\n\
         conversations  {} {done}, {} {more}, {} already there, {} empty, {} left out\n\
         messages       {} {done}, {} left out",
        summary.users_moved,
        summary.users_already_there,
        summary.users_left_out,
        summary.users_to_reset,
        summary.conversations_moved,
        summary.conversations_extended,
        summary.conversations_already_there,
        summary.conversations_empty,
        summary.conversations_left_out,
        summary.messages_moved,
        summary.messages_left_out,
    )
}
